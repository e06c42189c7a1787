//! A bench for stories: the pump, a rotor that turns when it is told to, a store that keeps what is written, a clock
//! that jumps from deadline to deadline. Clock times are of the first day unless a day is named.

#![allow(dead_code, clippy::result_large_err, reason = "each story uses its own part of the bench")]

use std::collections::BTreeMap;

use orders::mixture::DRUGS_MAX;
use orders::prescription::*;
use orders::*;
use pump::alarms::Peer;
use pump::events::Cause;
use pump::journal::Key;
use pump::reservoir::Refill;
use pump::selftest::{Check, Reading, cpu_answer};
use pump::tones::Tone;
use pump::{Part, Pump, Save, Want};

pub const NURSE: Peer = Peer(1);
pub const HANDSET: Peer = Peer(2);
pub const SECOND: u64 = 1_000;
pub const MINUTE: u64 = 60 * SECOND;
pub const HOUR: u64 = 60 * MINUTE;
pub const DAY: u64 = 24 * HOUR;

/// `"08:30"` or `"day 2 08:30"` as ms.
pub fn at(text: &str) -> u64 {
    let (day, clock) = match text.strip_prefix("day ") {
        Some(rest) => {
            let (day, clock) = rest.split_once(' ').expect("a day and a clock time");
            (day.parse::<u64>().expect("a day") - 1, clock)
        }
        None => (0, text),
    };
    let (hours, minutes) = clock.split_once(':').expect("a clock time");
    day * DAY + hours.parse::<u64>().expect("hours") * HOUR + minutes.parse::<u64>().expect("minutes") * MINUTE
}

pub fn mg_per_ml(mg: u32) -> Concentration {
    Concentration::new(mg * 1_000_000)
}

pub fn mcg(mcg: u64) -> Mass {
    Mass::new(mcg * 1_000_000_000)
}

/// Morphine at 1 mg/mL, 240 mcg/day, patient bolus 20 mcg over 10 min, lockout 4 h, four a day.
pub fn morphine() -> Prescription {
    let mut ceilings = [Ceiling::default(); DRUGS_MAX];
    ceilings[0] = Ceiling { hour: mcg(60), four_hours: mcg(120), day: mcg(400) };
    Prescription {
        order_number: 1,
        author: 7,
        mixture: Mixture::single(Drug::Morphine, mg_per_ml(1)),
        mode: Mode::Continuous(FlowRate::new(240_000)),
        ramp: None,
        patient_bolus: Some(PatientBolus {
            volume: Volume::new(20_000),
            duration: Duration::from_minutes(10),
            lockout: Duration::from_hours(4),
            allotment: 4,
        }),
        bolus_start: BolusStart::AtOnce { reason: 1 },
        ceilings,
        alarm_volume: Volume::new(2_000_000),
        alarm_days: 7,
        gap_limit: Duration::from_hours(24),
        front_threshold: Permille::new(50),
        fall_back: FlowRate::new(100_000),
        emergency: EmergencyRule { rate: EmergencyRate::MinimumRate, returns_after: EmergencyRule::STAYS },
        signatures: 1,
    }
}

/// Baclofen at 2 mg/mL, 350 mcg/day, no bolus.
pub fn baclofen() -> Prescription {
    let mut ceilings = [Ceiling::default(); DRUGS_MAX];
    ceilings[0] = Ceiling { hour: mcg(60), four_hours: mcg(150), day: mcg(480) };
    Prescription {
        mixture: Mixture::single(Drug::Baclofen, mg_per_ml(2)),
        mode: Mode::Continuous(FlowRate::new(175_000)),
        patient_bolus: None,
        bolus_start: BolusStart::AfterADay,
        ceilings,
        alarm_volume: Volume::new(4_000_000),
        alarm_days: 21,
        fall_back: FlowRate::new(150_000),
        ..morphine()
    }
}

/// The reading of a pump that has no fault.
pub fn healthy(check: Check) -> Reading {
    match check {
        Check::Cpu => Reading::Cpu(cpu_answer()),
        Check::Memory => Reading::Memory(0),
        Check::Program => Reading::Program(0xABCD, 0xABCD),
        Check::Stores => Reading::Stores(0),
        Check::Battery => Reading::Battery(2_900),
        Check::Watchdog => Reading::Watchdog(true),
        Check::Clocks => Reading::Clocks(600_000, 605_000),
        Check::Tone => Reading::Tone(1_000),
        Check::DriveOff => Reading::DriveOff(2),
        Check::DriveOn => Reading::DriveOn(8_000),
        Check::CutLine => Reading::CutLine(false),
        Check::Inputs => Reading::Inputs(0),
    }
}

/// What the store holds.
#[derive(Default, Clone)]
pub struct Store {
    pub dose: [Vec<u8>; 2],
    pub dose_next: usize,
    pub parts: BTreeMap<(u8, u32), (u32, Vec<u8>)>,
    pub commit: Option<u32>,
    pub buckets: BTreeMap<u8, Vec<u8>>,
    pub status: [Option<Vec<u8>>; 2],
    pub guard: Option<Vec<u8>>,
    pub journal: BTreeMap<u32, [u8; 32]>,
}

pub struct Bench {
    pub pump: Pump,
    pub store: Store,
    /// True time, ms.
    pub now: u64,
    /// The first oscillator's counter less true time; the second one's speed in thousandths.
    pub raw_offset: u64,
    pub first_permille: u64,
    pub second_permille: u64,
    first_from: (u64, u64),
    second_from: (u64, u64),
    pub enabled: bool,
    pub in_field: bool,
    pub stalled: bool,
    /// Edges that the sensor misses from now on.
    pub missed_edges: u32,
    /// Strokes that really moved, with their true times.
    pub moved: Vec<u64>,
    pub sounds: Vec<u64>,
    pub tones: Vec<&'static Tone>,
    /// Self-tests that were asked for; readings that are not healthy; checks that bring none.
    pub checks: Vec<(u64, Check)>,
    pub faulty: Vec<Reading>,
    pub mute_checks: Vec<Check>,
    /// No want is done any more after so many: the power is cut then.
    pub fuse: Option<u32>,
}

const KEY: [u8; 16] = [7; 16];
pub const DEVICE: DeviceProfile = DeviceProfile::REFERENCE_20;

fn part_index(part: Part) -> u8 {
    match part {
        Part::Order => 0,
        Part::FallBack => 1,
        Part::Guard => 2,
        Part::Ledger => 3,
    }
}

impl Bench {
    /// A pump that has had its first power at 00:00.
    pub fn new() -> Self {
        let mut bench = Self {
            pump: Pump::new(DEVICE, Key(KEY)),
            store: Store::default(),
            now: 0,
            raw_offset: 0,
            first_permille: 1000,
            second_permille: 1000,
            first_from: (0, 0),
            second_from: (0, 0),
            enabled: false,
            in_field: false,
            stalled: false,
            missed_edges: 0,
            moved: Vec::new(),
            sounds: Vec::new(),
            tones: Vec::new(),
            checks: Vec::new(),
            faulty: Vec::new(),
            mute_checks: Vec::new(),
            fuse: None,
        };
        bench.pump.restore_dose(&[], &[]);
        bench.pump.restore_commit(None);
        bench.pump.begin(0, 0, Cause::PowerOn, true);
        bench.settle();
        bench
    }

    /// A pump implanted, filled, primed by plan and started at 08:00 with an order; nothing in the path but its drug.
    pub fn running(order: &Prescription) -> Self {
        let mut bench = Self::new();
        bench.run_until(at("07:00"));
        let raw = bench.raw();
        bench.pump.installation(raw, Volume::new(198_000), &Mixture::DRUG_FREE).unwrap();
        bench.fill(&order.mixture, 18_600_000);
        bench.settle();
        let raw = bench.raw();
        bench.pump.commit_order(raw, order, None, None, NURSE).unwrap();
        bench.settle();
        bench.prime();
        bench.run_until(at("08:00"));
        let raw = bench.raw();
        bench.pump.set_wall(raw, WallTime::new(1_781_913_600_000 + bench.now), NURSE).unwrap();
        bench.pump.resume(raw, NURSE).unwrap();
        bench.settle();
        bench
    }

    pub fn fill(&mut self, mixture: &Mixture, filled: u64) {
        let raw = self.raw();
        let expected = self.pump.status(raw).left.nominal.saturating_sub(DEVICE.residual);
        let entry = Refill {
            drawn_off: expected,
            emptied: true,
            filled: Volume::new(filled),
            vial_sum: Volume::new(filled),
            mixture: *mixture,
            reason: None,
        };
        self.pump.refill(raw, &entry, Duration::from_days(90), NURSE).unwrap();
        self.settle();
    }

    /// Primes as both sides plan it, with an allowance that covers it.
    pub fn prime(&mut self) {
        let raw = self.raw();
        let plan = self.pump.prime_plan().unwrap();
        let allowance = self.pump.prime_allowance(&plan);
        let second = self.second();
        self.pump.commit_prime(raw, second, &plan, &allowance, NURSE).unwrap();
        self.settle();
        while self.pump.status(self.raw()).extra.is_some() {
            let next = self.now + MINUTE;
            self.run_until(next);
        }
    }

    pub fn raw(&self) -> u64 {
        self.first_from.1 + (self.now - self.first_from.0) * self.first_permille / 1000
    }

    pub fn second(&self) -> u64 {
        self.second_from.1 + (self.now - self.second_from.0) * self.second_permille / 1000
    }

    /// From now on the oscillators run at these speeds, in thousandths.
    pub fn oscillators(&mut self, first: u64, second: u64) {
        (self.first_from, self.second_from) = ((self.now, self.raw()), (self.now, self.second()));
        (self.first_permille, self.second_permille) = (first, second);
    }

    /// Lets time pass to a moment, from deadline to deadline.
    pub fn run_until(&mut self, end: u64) -> &mut Self {
        let mut turns = 0u32;
        while self.now < end {
            let raw = self.raw();
            let due = self.pump.deadline().unwrap_or(u64::MAX);
            let wait = if self.first_permille == 0 {
                u64::MAX
            } else {
                due.saturating_sub(raw).saturating_mul(1000).div_ceil(self.first_permille)
            };
            self.now = self.now.saturating_add(wait.max(1)).min(end);
            self.pump.tick(self.raw(), self.second());
            self.settle();
            turns += 1;
            assert!(turns < 3_000_000, "the pump never rests");
        }
        self
    }

    pub fn to(&mut self, text: &str) -> &mut Self {
        self.run_until(at(text))
    }

    /// Does what the pump wants until it rests.
    pub fn settle(&mut self) {
        for _ in 0..2_000 {
            if self.fuse == Some(0) {
                return;
            }
            let Some(want) = self.pump.want(self.raw()) else { return };
            if let Some(left) = &mut self.fuse {
                *left -= 1;
            }
            self.do_it(want);
        }
        panic!("the pump wants without end");
    }

    fn do_it(&mut self, want: Want) {
        match want {
            Want::Enable(on) => self.enabled = on,
            Want::Step => self.step(),
            Want::Sound(tone) => {
                self.sounds.push(self.now);
                self.tones.push(tone);
            }
            Want::Check(check) => self.check(check),
            Want::Journal { place, record } => {
                self.store.journal.insert(place, record);
            }
            Want::Save(save) => self.save(save),
        }
    }

    fn check(&mut self, check: Check) {
        self.checks.push((self.now, check));
        let reading = self.faulty.iter().find(|reading| reading.check() == check).copied().unwrap_or(healthy(check));
        if !self.mute_checks.contains(&check) {
            self.pump.checked(self.raw(), reading);
        }
    }

    fn step(&mut self) {
        assert!(self.enabled, "the drive was stepped without power");
        let moves = !self.in_field && !self.stalled;
        if !moves {
            return;
        }
        self.moved.push(self.now);
        if self.missed_edges > 0 {
            self.missed_edges -= 1;
            return;
        }
        self.now += 200;
        self.pump.edge(self.raw(), self.second());
    }

    fn save(&mut self, save: Save) {
        let mut buffer = [0u8; 1400];
        let length = self.pump.write(save, &mut buffer).expect("the record fits");
        let content = buffer[..length].to_vec();
        match save {
            Save::Dose => {
                let next = self.store.dose_next;
                self.store.dose[next] = content;
                self.store.dose_next = 1 - next;
            }
            Save::Bucket(closed) => {
                self.store.buckets.insert(closed.place(), content);
            }
            Save::Part(part) => {
                let number = self.pump.commit_number();
                self.store.parts.insert((part_index(part), number & 1), (number, content));
            }
            Save::Commit => self.store.commit = Some(self.pump.commit_number()),
            Save::Status => self.store.status = [self.store.status[1].take(), Some(content)],
            Save::GuardState => self.store.guard = Some(content),
        }
    }

    /// The power goes and comes back: the pump knows what the store holds.
    pub fn restart(&mut self, cause: Cause, counter_kept: bool) {
        self.fuse = None;
        let mut pump = Pump::new(DEVICE, Key(KEY));
        pump.restore_dose(&self.store.dose[0], &self.store.dose[1]);
        pump.restore_commit(self.store.commit);
        for status in self.store.status.iter().flatten() {
            pump.restore_status(status);
        }
        for content in self.store.buckets.values() {
            pump.restore_bucket(content);
        }
        let parts = [Part::Order, Part::FallBack, Part::Guard, Part::Ledger];
        let bank = self.store.commit.unwrap_or(0) & 1;
        for bank in [bank, 1 - bank] {
            if bank != self.store.commit.unwrap_or(0) & 1 && !pump.is_group_broken() {
                continue;
            }
            for part in parts {
                if let Some((number, content)) = self.store.parts.get(&(part_index(part), bank)) {
                    pump.restore_part(part, *number, content);
                }
            }
        }
        if let Some(guard) = &self.store.guard {
            pump.restore_guard_state(guard);
        }
        let mut next = pump.status_journal_next();
        while self.store.journal.contains_key(&next) {
            next += 1;
        }
        pump.restore_journal(next);
        if !counter_kept {
            (self.first_from, self.second_from) = ((self.now, 0), (self.now, 0));
        }
        self.enabled = false;
        pump.begin(self.raw(), self.second(), cause, counter_kept);
        self.pump = pump;
        self.settle();
    }

    /// Another bench at the same moment, its pump begun anew from the same store.
    pub fn clone_by_store(&self) -> Self {
        let mut other = Self::new();
        (other.store, other.now) = (self.store.clone(), self.now);
        (other.first_from, other.second_from) = (self.first_from, self.second_from);
        (other.moved, other.in_field, other.stalled) = (self.moved.clone(), self.in_field, self.stalled);
        other.restart(Cause::PowerOn, true);
        other
    }

    /// Every event that the journal holds, in its order.
    pub fn told(&self) -> Vec<pump::events::Event> {
        let records = self.store.journal.values();
        records.filter_map(|record| pump::journal::open(&Key(KEY), record).ok()?.event).collect()
    }

    /// Volume that really moved between two true times, in nL.
    pub fn moved_between(&self, from: u64, to: u64) -> u64 {
        let strokes = self.moved.iter().filter(|moment| (from..to).contains(moment)).count();
        u64::try_from(strokes).unwrap() * DEVICE.stroke.get()
    }

    pub fn asks(&mut self) -> Result<pump::asking::Granted, Refusals> {
        let raw = self.raw();
        let answer = self.pump.ask_bolus(raw, HANDSET, 1);
        self.settle();
        answer
    }

    #[track_caller]
    pub fn is_granted(&mut self) {
        if let Err(refusals) = self.asks() {
            panic!("refused: {refusals:?}");
        }
    }

    #[track_caller]
    pub fn is_refused(&mut self, reason: Reason) -> Option<u64> {
        match self.asks() {
            Ok(granted) => panic!("granted: {granted:?}"),
            Err(refusals) => {
                let refusal = refusals.iter().find(|refusal| refusal.reason == reason);
                let refusal = refusal.unwrap_or_else(|| panic!("not for {reason:?}: {refusals:?}"));
                refusal.not_before.map(Instant::get)
            }
        }
    }

    pub fn stands(&self, id: AlarmId) -> bool {
        self.pump.alarms().stands(id)
    }

    pub fn field(&mut self, strong: bool) {
        self.in_field = strong;
        self.pump.field(self.raw(), self.second(), strong);
        self.settle();
    }
}
