//! The world: an implant on its plant, people with their devices, and everything that goes wrong, moved from deadline to deadline.
//!
//! Answers for the order of events in true time, for passing actions and inputs between the implant and what truly is, for
//! power that goes at any byte of any write, and for telling the auditor the facts as they happen. It decides no dose: the
//! implant does, over the real messages, and the auditor judges what truly moved.
//!
//! - [`machine`]: the implant's terminals, its stores and its supply
//! - [`device`]: what people hold: keys, contact, and asking without asking twice
//! - [`people`]: what people do, as requests on the radio
//! - [`programming`]: orders, primes and boluses that are proposed, signed and committed
//! - [`judge`]: the facts for the auditor
//! - [`flesh`]: the body that the drug reaches, and the person who feels it
//! - [`ending`]: days, expectations, the end
//!
//! A person's act is talked through to its end while the rest of the world goes on around it; the next act waits.
//!
//! Terms. *True time*: ms since the world began; a scenario that begins with a running pump has its start later.

mod device;
mod ending;
mod flesh;
mod judge;
mod machine;
mod people;
mod programming;

use auditor::Auditor;
use orders::quantity::{DAY_MS, HOUR_MS};
use orders::{Drug, Prescription};
use telemetry::peer::{CardSecret, Serial};

use crate::oscillator::Oscillator;
use crate::plant::{DRUGS, Needle, Plant};
use crate::radio::{Air, Radio};
use crate::rng::{Chance, Purpose, Seed};
use crate::scenario::Scenario;
use crate::scenario::act::{Begins, Event, Mishap, What, Who};
use crate::store::Stores;
use crate::story::{Story, Told};
use crate::terminals;
use device::Device;
use judge::Judged;
use machine::Machine;

pub use machine::provision;

/// Whether contacts are sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seals {
    /// All of them, as every implant's.
    Sealed,
    /// Only pairing; the rest goes under the null seal of the bench.
    Null,
}

/// How to run a scenario.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// In place of the scenario's seed.
    pub seed: Option<u64>,
    /// Whether contacts are sealed.
    pub seals: Seals,
}

impl Options {
    /// Sealed, with the scenario's own seed.
    pub const AS_WRITTEN: Self = Self { seed: None, seals: Seals::Sealed };

    /// For the mass simulation: one seed in a hundred runs sealed.
    //= requirements/bench.md#real-messages
    //# The bench MUST ask the pump only by the real message layer, with one seed in a hundred through the sealed session.
    pub const fn of_many(seed: u64) -> Self {
        Self { seed: Some(seed), seals: if seed.is_multiple_of(100) { Seals::Sealed } else { Seals::Null } }
    }
}

/// How often the auditor looks and the pump is given battery and temperature, ms.
const LOOK_EVERY: u64 = HOUR_MS;

/// The world of one scenario.
pub struct World<'s> {
    scenario: &'s Scenario,
    seed: Seed,
    seals: Seals,
    now: u64,
    machine: Machine,
    plant: Plant,
    stores: Stores,
    radio: Radio,
    first: Oscillator,
    second: Oscillator,
    entropy: Chance,
    auditor: Auditor,
    judged: Judged,
    /// Which drug each of the plant's places stands for.
    drugs: [Option<Drug>; DRUGS],
    devices: [Device; Who::ALL.len()],
    /// How many devices have paired; the next one's place in the pump's table.
    paired: u8,
    /// Frames from the pump that await their device: link, bytes.
    inbox: std::collections::VecDeque<(u8, Vec<u8>)>,
    /// Mishaps that end by themselves: when, and what.
    ending: Vec<(u64, Ends)>,
    next_look: u64,
    next_day: u64,
    next_event: usize,
    running: Option<Prescription>,
    tally: ending::Tally,
    flesh: flesh::Flesh,
    story: Story,
}

/// What ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    Field,
    Power { counter_kept: bool },
}

/// Runs a scenario to its end, telling each line as it comes, and returns the whole story.
//= requirements/bench.md#same-seed-same-year
//# The same scenario and seed MUST give the same course to the byte, on every machine.
pub fn run(scenario: &Scenario, options: Options, mut tell: impl FnMut(&crate::story::Line)) -> Story {
    let mut world = World::new(scenario, options);
    let mut told = 0;
    world.begin();
    loop {
        for line in world.story.lines.iter().skip(told) {
            tell(line);
        }
        told = world.story.lines.len();
        if !world.go_on() {
            break;
        }
    }
    world.finish();
    for line in world.story.lines.iter().skip(told) {
        tell(line);
    }
    world.story
}

impl<'s> World<'s> {
    fn new(scenario: &'s Scenario, options: Options) -> Self {
        let seed = Seed(options.seed.unwrap_or(scenario.seed));
        let device = scenario.device;
        let spec = terminals::plant_spec(&device, scenario.catheter);
        let mut drift = seed.stream(Purpose::Oscillator);
        let mut error = || i32::try_from(drift.around(20_000)).unwrap_or(0);
        let (serial, card) = (Serial(seed.0.wrapping_add(1_000)), card(seed));
        let mut people = seed.stream(Purpose::People);
        Self {
            scenario,
            seed,
            seals: options.seals,
            now: 0,
            machine: Machine::new(provision(scenario.device, serial, card.clone(), options.seals)),
            plant: Plant::new(spec, seed),
            stores: Stores::new(machine::JOURNAL_RECORDS),
            radio: Radio::new(Air { delay_most_ms: 3, ..Air::CLEAR }, seed),
            first: Oscillator::new(error(), 0),
            second: Oscillator::new(error(), 0),
            entropy: seed.stream(Purpose::Entropy),
            auditor: Auditor::new(judge::device(&device)),
            judged: Judged::default(),
            drugs: [None; DRUGS],
            devices: Who::ALL.map(|who| Device::new(who, serial, card.clone(), &mut people)),
            paired: 0,
            inbox: std::collections::VecDeque::new(),
            ending: Vec::new(),
            next_look: 0,
            next_day: scenario.lead() + DAY_MS,
            next_event: 0,
            running: None,
            tally: ending::Tally::default(),
            flesh: flesh::Flesh::new(scenario),
            story: Story::default(),
        }
    }

    /// ms from midnight of day 1; a running pump's time before it counts as midnight.
    fn shown(&self) -> u64 {
        self.scenario.shown_ms(self.now).unwrap_or(0)
    }

    /// Whether the scenario itself has begun; what was before is not told.
    fn is_telling(&self) -> bool {
        self.now >= self.scenario.lead()
    }

    fn tell(&mut self, told: Told) {
        if self.is_telling() {
            self.story.tell(self.shown(), told);
        }
    }

    /// The place of a drug among the plant's, given to it when it first appears; `None` for a fifth.
    fn place_of(&mut self, drug: Drug) -> Option<usize> {
        let place = self.drugs.iter().position(|held| *held == Some(drug) || held.is_none())?;
        self.drugs[place] = Some(drug);
        Some(place)
    }

    fn concentrations(&mut self, mixture: &orders::Mixture) -> [u64; DRUGS] {
        let mut all = [0; DRUGS];
        for part in mixture.iter() {
            if let Some(place) = self.place_of(part.drug) {
                all[place] = u64::from(part.concentration.get());
            }
        }
        all
    }

    fn begin(&mut self) {
        let scenario = self.scenario;
        // As implanted: what no needle reaches is without drug, and so is the path.
        let residual = scenario.device.residual;
        self.plant.fill(0, Needle::Reservoir, residual.get() as f64, [0.0; DRUGS]);
        self.auditor.filled(residual.get(), [0; DRUGS]);
        let path = scenario.device.tubing.get() + scenario.catheter.get();
        self.auditor.path_holds(&[(path, [0; DRUGS])]);
        self.auditor.hold(0, auditor::Hold::Empty, true);
        self.power_on(implant::Cause::PowerOn, false);
        if let Begins::Running { reservoir, .. } = scenario.begins {
            self.set_up(reservoir);
        }
        self.advance_until(scenario.lead());
        // What was given before is not of these days.
        self.tally.forget();
        self.flesh.forget();
        let notes = scenario.orders.iter().flat_map(|(_, order)| order.notes.clone()).collect();
        let model = scenario.device.model_name().to_string();
        self.tell(Told::Begins { title: scenario.title.clone(), model, notes });
    }

    /// Goes on to the next event of the scenario and does it; false when none is left.
    fn go_on(&mut self) -> bool {
        let scenario: &'s Scenario = self.scenario;
        let Some(Event { line, at, what }) = scenario.events.get(self.next_event) else {
            return false;
        };
        self.next_event += 1;
        self.live_until(scenario.true_ms(*at));
        match what {
            What::Person { who, act, is_present, expect } => self.person(*line, *who, act, *is_present, *expect),
            What::Mishap(mishap) => {
                self.tell(Told::Happened(*mishap));
                self.mishap(*mishap);
            }
        }
        true
    }

    /// Lets time pass up to a true time; nothing that is due before is left undone.
    fn advance_until(&mut self, until: u64) {
        while self.advance(until) {}
    }

    /// Goes to the next moment at which something is due, `until` at the latest; false once `until` is reached.
    fn advance(&mut self, until: u64) -> bool {
        self.settle();
        if self.now >= until {
            return false;
        }
        let ending = self.ending.iter().map(|(at, _)| *at).min();
        let look = Some(self.next_look.min(self.next_day));
        let due = [self.machine_due(), self.plant.deadline(), self.radio.deadline(), ending, look, self.flesh.due()];
        let next = due.into_iter().flatten().min().unwrap_or(until).clamp(self.now, until);
        // What is due now and was not done by settling would hold time still.
        self.now = if next == self.now { self.now + 1 } else { next };
        self.plant_moves();
        self.frames_arrive();
        self.mishaps_end();
        if self.now >= self.next_look {
            self.next_look = self.now + LOOK_EVERY;
            self.look();
        }
        if self.now >= self.next_day {
            self.next_day += DAY_MS;
            self.day_ends();
        }
        self.flesh_lives();
        self.machine_ticks();
        self.settle();
        self.now < until
    }

    fn mishaps_end(&mut self) {
        let now = self.now;
        let over: Vec<Ends> = self.ending.iter().filter(|(at, _)| *at <= now).map(|(_, what)| *what).collect();
        self.ending.retain(|(at, _)| *at > now);
        for what in over {
            match what {
                // Another magnet may still be there.
                Ends::Field if self.ending.iter().any(|(_, what)| *what == Ends::Field) => {}
                Ends::Field => self.field(false),
                Ends::Power { counter_kept } => {
                    self.stores.power_back();
                    self.tell(Told::Power { is_on: true });
                    self.power_on(implant::Cause::BrownOut, counter_kept);
                }
            }
        }
    }

    //= requirements/bench.md#every-recall
    //# The bench MUST be able to bring each mishap of the recall list that a pump, its plant or its people can show.
    fn mishap(&mut self, mishap: Mishap) {
        let now = self.now;
        match mishap {
            Mishap::Field(lasts) => {
                self.field(true);
                self.ending.push((now + lasts.get(), Ends::Field));
            }
            Mishap::BrownOut { off, counter_kept } => self.power_off(off.get(), counter_kept),
            Mishap::Frames { way, mishap, count } => {
                (0..count).for_each(|_| self.radio.order_next(way, mishap));
            }
            Mishap::BadAir { lost } => {
                let ppm = u32::from(lost.get()) * 1_000;
                self.radio.set_air(Air { lost_ppm: ppm, repeated_ppm: ppm, delay_most_ms: 40, ..Air::CLEAR });
            }
            Mishap::StoreCut { after_bytes, off } => {
                self.stores.cut_after(after_bytes);
                self.machine.off_after_cut = off.get();
            }
            Mishap::DoseRecordLost => terminals::lose_dose_record(&mut self.stores),
            Mishap::Oscillator { is_second, numerator, denominator } => {
                let which = if is_second { &mut self.second } else { &mut self.first };
                which.run_at(now, numerator, denominator);
                self.auditor.oscillator_wrong(now, numerator != denominator);
            }
            _ => terminals::befalls(&mut self.plant, now, &mishap),
        }
    }
}

/// The secret on this world's implant card.
fn card(seed: Seed) -> CardSecret {
    let mut secret = [0u8; 16];
    seed.numbered(Purpose::People, 1).fill(&mut secret);
    CardSecret(secret)
}
