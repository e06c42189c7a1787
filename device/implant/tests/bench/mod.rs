//! A bench for stories: one implant, two stores, a rotor that turns when it is told to, a clock that jumps from deadline
//! to deadline, and devices that speak to it. The power can be cut at any byte of any write.

#![allow(dead_code, clippy::result_large_err, reason = "each story uses its own part of the bench")]

use std::collections::BTreeMap;

use implant::host::{MESSAGE_MAX, Outgoing, write_input, write_outgoing};
use implant::{ACTIONS_MAX, Action, Cause, Implant, Input, Link, Provision};
use orders::mixture::DRUGS_MAX;
use orders::prescription::*;
use orders::*;
use pump::journal::Key;
use pump::selftest::{Check, Reading};
use telemetry::contact::{Contact, KnownPump, Opening, Told};
use telemetry::limits::FRAME_MAX;
use telemetry::message::answer::{Accepted, Proposal};
use telemetry::message::ask::*;
use telemetry::message::{Answer, Ask, Bytes, Request, Stamp};
use telemetry::noise::Entropy;
use telemetry::peer::{CardSecret, Role, SecretKey, Serial};
use telemetry::sign::{Digest, card_proof, public, sign};
use telemetry::wire::SessionId;

pub const SECOND: u64 = 1_000;
pub const MINUTE: u64 = 60 * SECOND;
pub const HOUR: u64 = 60 * MINUTE;
pub const DAY: u64 = 24 * HOUR;
pub const SERIAL: Serial = Serial(77);
pub const CARD: [u8; 16] = *b"card of a person";
pub const PHYSICIAN: [u8; 32] = [0x71; 32];
pub const PHARMACIST: [u8; 32] = [0x72; 32];
pub const DEVICE: DeviceProfile = DeviceProfile::REFERENCE_20;

/// `"08:30"` or `"day 2 08:30"` as ms.
pub fn at(text: &str) -> u64 {
    let (day, clock) = match text.strip_prefix("day ") {
        Some(rest) => {
            let (day, clock) = rest.split_once(' ').unwrap();
            (day.parse::<u64>().unwrap() - 1, clock)
        }
        None => (0, text),
    };
    let (hours, minutes) = clock.split_once(':').unwrap();
    day * DAY + hours.parse::<u64>().unwrap() * HOUR + minutes.parse::<u64>().unwrap() * MINUTE
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
        mixture: Mixture::single(Drug::Morphine, Concentration::new(1_000_000)),
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

/// Where the power goes: at which write, and how many bytes of it still reach the store.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    pub write: u64,
    pub bytes: usize,
}

/// The write in which the power went: what lay in the slot before, and what was to lie there.
#[derive(Clone, Debug)]
pub struct Torn {
    pub slot: u32,
    pub old: Vec<u8>,
    pub new: Vec<u8>,
}

impl Torn {
    /// The slot after so many bytes.
    pub fn after(&self, bytes: usize) -> Vec<u8> {
        let torn = bytes.min(self.new.len());
        [&self.new[..torn], self.old.get(torn..).unwrap_or_default()].concat()
    }
}

fn provision() -> Provision {
    Provision {
        device: DEVICE,
        serial: SERIAL,
        secret: SecretKey([0x22; 32]),
        card: CardSecret(CARD),
        journal: Key([7; 16]),
        software: [0, 1, 0],
        image: [9; 8],
        bench: true,
    }
}

#[derive(Clone)]
pub struct World {
    /// What lies in the stores, by slot.
    pub slots: BTreeMap<u32, Vec<u8>>,
    pub now: u64,
    /// When the rotor passes its edge.
    pub edge: Option<u64>,
    pub enabled: bool,
    /// Whether something holds the rotor.
    pub held: bool,
    /// Strokes that really moved.
    pub moved: Vec<u64>,
    pub sent: Vec<(Link, Vec<u8>)>,
    pub sounds: u32,
    pub writes: u64,
    pub cut: Option<Cut>,
    pub torn: Option<Torn>,
    pub is_dark: bool,
    pub draws: u8,
    /// What was done since the stores were last watched, in words.
    pub log: Vec<String>,
    /// Every input and every action as bytes, for who wants to tell the same on another machine.
    pub trace: Option<Vec<u8>>,
}

pub struct Bench {
    pub implant: Implant,
    pub world: World,
}

impl Bench {
    /// A pump that has had its first power at 00:00.
    pub fn new() -> Self {
        let world = World {
            slots: BTreeMap::new(),
            now: 0,
            edge: None,
            enabled: false,
            held: false,
            moved: Vec::new(),
            sent: Vec::new(),
            sounds: 0,
            writes: 0,
            cut: None,
            torn: None,
            is_dark: false,
            draws: 0,
            log: Vec::new(),
            trace: None,
        };
        Self::wake(world, Cause::PowerOn)
    }

    /// The same, and all of it written down.
    pub fn traced() -> Self {
        let Self { mut world, .. } = Self::new();
        world =
            World { slots: BTreeMap::new(), writes: 0, draws: 0, log: Vec::new(), trace: Some(Vec::new()), ..world };
        Self::wake(world, Cause::PowerOn)
    }

    /// Power comes to what the stores hold.
    pub fn wake(world: World, cause: Cause) -> Self {
        Self::wake_until(world, cause, None)
    }

    /// The same, and it goes again at a write, counted from here.
    pub fn wake_until(mut world: World, cause: Cause, cut: Option<Cut>) -> Self {
        (world.is_dark, world.edge, world.enabled, world.cut) = (false, None, false, cut);
        (world.writes, world.torn) = (0, None);
        let mut bench = Self { implant: Implant::new(provision()), world };
        let (now, second_ms) = (bench.world.now, bench.world.now);
        bench.world.writes_down(b'N', &provision().to_bytes().unwrap());
        let input = Input::Restart { cause, counter_kept: true, second_ms };
        bench.world.hears(&input);
        bench.implant.handle(now, input).unwrap();
        bench.settle();
        bench
    }

    pub fn restart(self, cause: Cause) -> Self {
        Self::wake(self.world, cause)
    }

    pub fn input(&mut self, input: Input) {
        if !self.world.is_dark {
            self.world.hears(&input);
            self.implant.handle(self.world.now, input).unwrap();
            self.settle();
        }
    }

    /// Does what the implant wants until it rests or the power goes.
    pub fn settle(&mut self) {
        let mut done = 0;
        loop {
            if self.world.is_dark {
                return;
            }
            let mut read = None;
            match self.implant.poll(self.world.now) {
                None => {
                    let sleep = Outgoing::Sleep(self.implant.deadline());
                    return self.world.says(&sleep);
                }
                Some(action) => {
                    self.world.says(&Outgoing::Action(action));
                    match action {
                        Action::Read { slot } => read = Some(slot),
                        Action::WantEntropy => {
                            self.world.draws = self.world.draws.wrapping_add(1);
                            self.answer(Input::Entropy([self.world.draws; 32]));
                        }
                        Action::Check(check) => {
                            self.answer(Input::Checked(healthy(check)));
                            done += 1;
                        }
                        Action::Step
                        | Action::DriveEnable(_)
                        | Action::Sound { .. }
                        | Action::Send { .. }
                        | Action::Write { .. } => {
                            self.world.does(&action);
                            done += 1;
                        }
                    }
                }
            }
            if let Some(slot) = read {
                let bytes = self.world.slots.get(&slot.code()).cloned().unwrap_or_default();
                self.answer(Input::Read { slot, bytes: &bytes });
            }
            assert!(done <= ACTIONS_MAX, "the implant never rests: {:?}", &self.world.log[self.world.log.len() - 20..]);
        }
    }

    /// Gives what the implant has asked for.
    fn answer(&mut self, input: Input) {
        self.world.hears(&input);
        self.implant.handle(self.world.now, input).unwrap();
    }

    /// Lets time pass to a moment.
    pub fn run_until(&mut self, end: u64) -> &mut Self {
        let mut idle = 0;
        while self.world.now < end && !self.world.is_dark {
            let due = self.implant.deadline().unwrap_or(u64::MAX);
            let edge = self.world.edge.unwrap_or(u64::MAX);
            let next = due.min(edge).min(end);
            idle = if next <= self.world.now { idle + 1 } else { 0 };
            assert!(idle < 50, "time stands still at {}", self.world.now);
            self.world.now = self.world.now.max(next);
            let second_ms = self.world.now;
            if self.world.edge.is_some_and(|edge| edge <= self.world.now) {
                self.world.edge = None;
                self.input(Input::RotorEdge { second_ms });
            } else {
                self.input(Input::Tick { second_ms });
            }
        }
        self
    }

    pub fn to(&mut self, text: &str) -> &mut Self {
        self.run_until(at(text))
    }

    pub fn presence(&mut self, is_here: bool) {
        self.input(Input::Presence(is_here));
    }

    /// nL moved between two moments.
    pub fn moved_between(&self, from: u64, to: u64) -> u64 {
        let strokes = self.world.moved.iter().filter(|at| (from..to).contains(*at)).count() as u64;
        strokes * DEVICE.stroke.get()
    }

    /// Gives a frame to the pump; what it sends back by the same link.
    pub fn hears(&mut self, link: Link, frame: &[u8]) -> Vec<Vec<u8>> {
        self.world.sent.clear();
        self.input(Input::Bytes { link, bytes: frame });
        self.world.sent.drain(..).filter(|(by, _)| *by == link).map(|(_, bytes)| bytes).collect()
    }
}

/// The reading of a pump that has no fault.
pub fn healthy(check: Check) -> Reading {
    match check {
        Check::Cpu => Reading::Cpu(pump::selftest::cpu_answer()),
        Check::Memory => Reading::Memory(0),
        Check::Program => Reading::Program(7, 7),
        Check::Stores => Reading::Stores(0),
        Check::Battery => Reading::Battery(2_900),
        Check::Watchdog => Reading::Watchdog(true),
        Check::Clocks => Reading::Clocks(600_000, 600_000),
        Check::Tone => Reading::Tone(1_000),
        Check::DriveOff => Reading::DriveOff(2),
        Check::DriveOn => Reading::DriveOn(8_000),
        Check::CutLine => Reading::CutLine(false),
        Check::Inputs => Reading::Inputs(0),
    }
}

impl World {
    fn writes_down(&mut self, kind: u8, bytes: &[u8]) {
        if let Some(trace) = &mut self.trace {
            trace.push(kind);
            trace.extend_from_slice(bytes);
        }
    }

    fn hears(&mut self, input: &Input) {
        let mut buffer = [0u8; MESSAGE_MAX];
        let length = write_input(self.now, input, &mut buffer).unwrap();
        self.writes_down(b'I', &buffer[..length]);
    }

    fn says(&mut self, outgoing: &Outgoing) {
        let mut buffer = [0u8; MESSAGE_MAX];
        let length = write_outgoing(self.now, outgoing, &mut buffer).unwrap();
        self.writes_down(b'O', &buffer[..length]);
    }

    fn does(&mut self, action: &Action) {
        match action {
            Action::Step => {
                assert!(self.enabled, "the drive was stepped without power");
                assert!(self.edge.is_none(), "two strokes at once");
                self.moved.push(self.now);
                // A rotor that is held has no edge to pass.
                self.edge = Some(self.now + 200).filter(|_| !self.held);
                self.log.push("step".into());
            }
            Action::DriveEnable(on) => {
                self.enabled = *on;
                self.log.push(format!("power {on}"));
            }
            Action::Sound { .. } => {
                self.sounds += 1;
                self.log.push("sound".into());
            }
            Action::Send { link, bytes } => {
                self.sent.push((*link, bytes.to_vec()));
                self.log.push("send".into());
            }
            Action::Write { slot, bytes } => {
                self.log.push(format!("write {slot:?}"));
                let held = self.slots.entry(slot.code()).or_default();
                match self.cut {
                    Some(cut) if cut.write == self.writes => {
                        let torn = Torn { slot: slot.code(), old: held.clone(), new: bytes.to_vec() };
                        *held = torn.after(cut.bytes);
                        self.torn = Some(torn);
                        self.is_dark = true;
                    }
                    Some(_) | None => *held = bytes.to_vec(),
                }
                self.writes += 1;
            }
            Action::Read { .. } | Action::WantEntropy | Action::Check(_) => unreachable!("answered before"),
        }
    }
}

/// A device that speaks to the pump.
#[derive(Clone)]
pub struct Device {
    pub role: Role,
    pub link: Link,
    pub secret: [u8; 32],
    pub known: Option<KnownPump>,
    /// Its place in the pump's table, for contacts of the bench.
    pub place: u8,
    pub id: u64,
    number: u32,
}

/// A contact of a device.
pub struct Talk {
    pub contact: Contact,
    pub link: Link,
}

impl Device {
    pub fn new(role: Role, link: u8) -> Self {
        let secret = [0x30 + link; 32];
        Self { role, link: Link(link), secret, known: None, place: link, id: 0, number: u32::from(link) << 16 }
    }

    fn opening(&mut self) -> Opening {
        self.number += 1;
        Opening { id: SessionId(self.number), role: self.role }
    }

    /// Pairs at the skin with the card.
    pub fn pairs(&mut self, bench: &mut Bench) -> Talk {
        self.tries_to_pair(bench).expect("an answer to the pairing")
    }

    /// The same, with a pump that may go dark; nothing if the device was not told that it has paired.
    pub fn tries_to_pair(&mut self, bench: &mut Bench) -> Option<Talk> {
        let mut out = [0u8; FRAME_MAX];
        let (opening, now) = (self.opening(), Instant::new(bench.world.now));
        let (secret, card) = (SecretKey(self.secret), CardSecret(CARD));
        let (mut contact, length) =
            Contact::pair(now, opening, &secret, SERIAL, &card, Entropy([self.place + 90; 32]), &mut out).unwrap();
        let mut answer = bench.hears(self.link, &out[..length]).pop()?;
        let Told::Paired { pump, send } = contact.hear(now, &mut answer, &mut out) else { panic!("not paired") };
        assert_eq!(bench.hears(self.link, &out[..send]), Vec::<Vec<u8>>::new());
        self.known = Some(pump);
        // The pump is sent the last word and answers nothing; a reading shows that it has taken it.
        let mut talk = Talk { contact, link: self.link };
        if bench.world.is_dark || talk.reads(bench, Ask::ReadStatus(ReadStatus {})).is_none() {
            return None;
        }
        Some(talk)
    }

    /// Says hello over the secured link.
    pub fn opens(&mut self, bench: &mut Bench) -> Talk {
        let mut out = [0u8; FRAME_MAX];
        let (opening, now) = (self.opening(), Instant::new(bench.world.now));
        let known = self.known.clone().unwrap();
        let fresh = Entropy([self.number as u8; 32]);
        let (mut contact, length) =
            Contact::open(now, opening, &SecretKey(self.secret), &known, fresh, &mut out).unwrap();
        let mut answer = bench.hears(self.link, &out[..length]).pop().expect("an answer to the hello");
        assert!(matches!(contact.hear(now, &mut answer, &mut out), Told::Open));
        Talk { contact, link: self.link }
    }

    /// Says hello without cryptography.
    pub fn greets(&mut self, bench: &mut Bench) -> Option<Talk> {
        let mut out = [0u8; FRAME_MAX];
        let (opening, now) = (self.opening(), Instant::new(bench.world.now));
        let (mut contact, length) = Contact::open_on_the_bench(now, opening, SERIAL, self.place, &mut out).unwrap();
        let mut answer = bench.hears(self.link, &out[..length]).pop()?;
        matches!(contact.hear(now, &mut answer, &mut out), Told::Open).then_some(Talk { contact, link: self.link })
    }

    /// The hello of a contact, sealed or without cryptography; how many bytes of `out` to send.
    pub fn hello(&mut self, now: Instant, sealed: bool, out: &mut [u8]) -> (Contact, usize) {
        let opening = self.opening();
        if !sealed {
            return Contact::open_on_the_bench(now, opening, SERIAL, self.place, out).unwrap();
        }
        let known = self.known.clone().unwrap();
        let fresh = Entropy([self.number as u8; 32]);
        Contact::open(now, opening, &SecretKey(self.secret), &known, fresh, out).unwrap()
    }

    /// A nonce from the pump, put under the next id with the last dose that the pump tells.
    pub fn stamp(&mut self, bench: &mut Bench, talk: &mut Talk) -> Option<Stamp> {
        let Answer::Nonce(told) = talk.reads(bench, Ask::ReadNonce(ReadNonce {}))?.answer() else { return None };
        let Answer::Status(status) = talk.reads(bench, Ask::ReadStatus(ReadStatus {}))?.answer() else { return None };
        self.id += 1;
        Some(Stamp { id: self.id, last_dose: status.last_dose, nonce: told.nonce })
    }

    /// Asks for something new.
    pub fn asks(&mut self, bench: &mut Bench, talk: &mut Talk, ask: Ask) -> Option<Heard> {
        let stamp = self.stamp(bench, talk)?;
        talk.says(bench, &encoded(&Request { ask, stamp: Some(stamp) }))
    }

    /// Proposes and has it signed by these.
    pub fn proposes(
        &mut self,
        bench: &mut Bench,
        talk: &mut Talk,
        ask: Ask,
        signers: [Option<[u8; 32]>; 2],
    ) -> Option<Heard> {
        let told = self.asks(bench, talk, ask)?.proposal();
        self.asks(bench, talk, commit(told.digest, signers))
    }
}

pub fn commit(digest: Digest, [first, second]: [Option<[u8; 32]>; 2]) -> Ask<'static> {
    let of = |secret: [u8; 32]| SignedBy::from(sign(&secret, digest));
    Ask::Commit(Commit { digest, first: of(first.unwrap()), second: second.map(of) })
}

pub fn encoded(request: &Request) -> Vec<u8> {
    let mut out = [0u8; 2_018];
    let length = request.encode(&mut out).unwrap();
    out[..length].to_vec()
}

/// A message from the pump.
#[derive(Clone, PartialEq, Debug)]
pub struct Heard(pub Vec<u8>);

impl Heard {
    pub fn answer(&self) -> Answer<'_> {
        Answer::decode(&self.0).unwrap()
    }
    pub fn accepted(&self) -> Accepted {
        match self.answer() {
            Answer::Accepted(accepted) => accepted,
            other => panic!("{other:?}"),
        }
    }
    pub fn proposal(&self) -> Proposal {
        match self.answer() {
            Answer::Proposal(proposal) => proposal,
            other => panic!("{other:?}"),
        }
    }
    pub fn reason(&self) -> Reason {
        match self.answer() {
            Answer::Refused(refused) => refused.reasons[0].reason,
            other => panic!("{other:?}"),
        }
    }
}

impl Talk {
    /// The frame of a message.
    pub fn seals(&mut self, bench: &Bench, message: &[u8]) -> Vec<u8> {
        let mut out = [0u8; FRAME_MAX];
        let length = self.contact.send(Instant::new(bench.world.now), message, &mut out).unwrap();
        out[..length].to_vec()
    }

    pub fn says(&mut self, bench: &mut Bench, message: &[u8]) -> Option<Heard> {
        let frame = self.seals(bench, message);
        let answer = bench.hears(self.link, &frame).pop()?;
        self.hears(bench, &answer)
    }

    pub fn hears(&mut self, bench: &Bench, frame: &[u8]) -> Option<Heard> {
        let (mut frame, mut out) = (frame.to_vec(), [0u8; FRAME_MAX]);
        match self.contact.hear(Instant::new(bench.world.now), &mut frame, &mut out) {
            Told::Message(message) => Some(Heard(message.to_vec())),
            _ => None,
        }
    }

    pub fn reads(&mut self, bench: &mut Bench, ask: Ask) -> Option<Heard> {
        self.says(bench, &encoded(&Request { ask, stamp: None }))
    }
}

pub fn propose(bench: &Bench, order: &Prescription) -> (Vec<u8>, u64, u32) {
    let mut document = [0u8; Prescription::BYTES_MAX];
    let length = order.encode(&mut document).unwrap();
    let running = bench.implant.pump().order().map_or(0, |order| order.order_number);
    (document[..length].to_vec(), running, bench.implant.pump().ledger().number)
}

pub fn proposal(document: &[u8], running: u64, ledger: u32) -> Ask<'_> {
    Ask::Propose(Propose { order: Bytes(document), running, ledger, bridge: None, without_bridge: None })
}

pub fn refill(bench: &Bench, filled: u64) -> Ask<'static> {
    let mut reader = bench.implant.pump().ledger().slugs.iter();
    let there = reader.next().map_or(0, |slug| u64::from(slug.volume_nl));
    refill_of(there.saturating_sub(DEVICE.residual.get()), filled)
}

pub fn refill_of(drawn_off: u64, filled: u64) -> Ask<'static> {
    let volume = Volume::new(filled);
    Ask::Refill(Refill {
        drawn_off: Volume::new(drawn_off),
        filled: volume,
        mixture: morphine().mixture,
        check: FillCheck::Vials,
        checked: volume,
        stability: Duration::from_days(90),
        emptied: true,
        reason: None,
    })
}

/// A visit at 07:00: paired, enrolled, implanted, filled, ordered, primed, started at 08:00; the programmer is 0 and the
/// handset 1.
pub fn visit(order: &Prescription) -> (Bench, Device, Device) {
    visited(Bench::new(), order)
}

/// The same on a bench that is there.
pub fn visited(mut bench: Bench, order: &Prescription) -> (Bench, Device, Device) {
    bench.to("07:00");
    bench.presence(true);
    let (mut nurse, mut handset) = (Device::new(Role::Programmer, 0), Device::new(Role::PatientController, 1));
    let mut talk = nurse.pairs(&mut bench);
    handset.pairs(&mut bench);
    for (secret, author) in [(PHYSICIAN, 7), (PHARMACIST, 8)] {
        let stamp = nurse.stamp(&mut bench, &mut talk).unwrap();
        let key = public(&secret);
        let proof = card_proof(&CardSecret(CARD), SERIAL, &stamp.nonce, &key, author);
        let ask = Ask::EnrolClinician(EnrolClinician { key, author, proof });
        talk.says(&mut bench, &encoded(&Request { ask, stamp: Some(stamp) })).unwrap().accepted();
    }
    let installed = Ask::Installation(Installation { catheter: Volume::new(198_000), path: Mixture::DRUG_FREE });
    nurse.asks(&mut bench, &mut talk, installed).unwrap().accepted();
    let filled = refill(&bench, 18_600_000);
    nurse.asks(&mut bench, &mut talk, filled).unwrap().accepted();
    let (document, running, ledger) = propose(&bench, order);
    let both = [Some(PHYSICIAN), Some(PHARMACIST)];
    nurse.proposes(&mut bench, &mut talk, proposal(&document, running, ledger), both).unwrap().accepted();
    let plan = bench.implant.pump().prime_plan().unwrap();
    let allowance = bench.implant.pump().prime_allowance(&plan);
    let allowance = allowance.iter().flatten().map(|(drug, mass)| Allowance { drug: *drug, mass: *mass }).collect();
    let prime = Ask::Prime(Prime { volume: plan.volume, allowance, leading: plan.leading, trailing: plan.trailing });
    nurse.proposes(&mut bench, &mut talk, prime, both).unwrap().accepted();
    bench.to("08:00");
    bench.presence(true);
    let mut talk = nurse.opens(&mut bench);
    let clock = Ask::SetClock(SetClock { wall: WallTime::new(1_781_913_600_000 + bench.world.now) });
    nurse.asks(&mut bench, &mut talk, clock).unwrap().accepted();
    nurse.asks(&mut bench, &mut talk, Ask::Resume(Resume {})).unwrap().accepted();
    bench.presence(false);
    (bench, nurse, handset)
}
