//! The controller: one struct that holds the parts, and the turn of the wheel that moves them.
//!
//! It answers for the order of things: what time does, what an edge does, what is to be written before what is done.
//! What a part knows it leaves to the part: `transitions` says what the pump is doing, `giving` how much is due,
//! `ceilings` whether it may be given, `drive` and `guard` whether it moved, `review` which alarms stand, `ordering`,
//! `acts` and `fluids` what people may change.
//!
//! ```text
//!   tick ──▶ clocks ──▶ windows ──▶ drive events ──▶ review ──▶ a stroke is due?
//!                                                                 │ permit
//!   want ◀── save the dose record ◀───────────────────────────────┘
//!     │ durable
//!     ▼
//!   Step ──▶ rotor edge (or none in time) ──▶ account ──▶ save the dose record
//! ```
//!
//! Terms. *Raw* is the reading of the first oscillator's counter, *second* that of the other; *now* is the pump's own
//! time, which only `time` makes of them. A *want* is something to be done, and durable, before the next is asked for.

use heapless::{Deque, Vec};
use orders::alarm::Level;
use orders::{AlarmId, DeviceProfile, Duration, FlowRate, Instant, Mass, Prescription, Volume};

use crate::alarms::Alarms;
use crate::basal::Basal;
use crate::battery::Battery;
use crate::bolus::{Delivery, PatientBoluses, Source};
use crate::ceilings::{Ceilings, Permit};
use crate::drive::Drive;
use crate::events::Event;
use crate::fall_back::FallBack;
use crate::fluid_path::FluidPath;
use crate::guard::Guard;
use crate::journal::{self, Journal};
use crate::prime_bridge::Bridge;
use crate::program::Program;
use crate::restore::Stored;
use crate::selftest::{Check, Selftest};
use crate::time::Clocks;
use crate::tones::Tone;
use crate::transitions::State;
use crate::windows::Closed;

/// Journal records that may wait to be written; one turn writes at most a handful.
const RECORDS_WAITING: usize = 24;
/// Closed buckets that may wait: three windows, and a restart's worth beside.
const BUCKETS_WAITING: usize = 6;
/// Ticks come at least this often.
const COMPARE_EVERY: Duration = Duration::from_minutes(10);
/// Hours of totals that are held for people: fourteen days.
pub const HOURS: usize = 14 * 24;

/// A part of the group that takes effect together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// The prescription.
    Order,
    /// The fall-back.
    FallBack,
    /// The guard's share.
    Guard,
    /// The fluid ledger.
    Ledger,
}

/// Something to be written; its content comes from [`Pump::write`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Save {
    /// The dose record.
    Dose,
    /// A closed bucket.
    Bucket(Closed),
    /// A part of the group, under the next commit number.
    Part(Part),
    /// The commit number: from here the group is in force.
    Commit,
    /// State, alarms, boluses, battery.
    Status,
    /// What the guard has counted.
    GuardState,
}

/// Something to be done before the next is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Want {
    /// Write a record.
    Save(Save),
    /// Write a journal record to a place of its ring.
    Journal {
        /// The place.
        place: u32,
        /// The record.
        record: [u8; journal::RECORD],
    },
    /// Give the drive power, or take it away.
    Enable(bool),
    /// Turn the drive by one stroke.
    Step,
    /// Take a reading for a self-test and bring it to [`Pump::checked`].
    Check(Check),
    /// Play a tone.
    Sound(&'static Tone),
}

/// What is to be written, in the order in which it must be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Dirty {
    pub dose: bool,
    /// The parts of the group still to be written, then the switch; nothing when it is in force.
    pub group: Option<Part>,
    pub switch: bool,
    pub status: bool,
}

/// Strokes since the pump's birth.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Strokes {
    /// Commanded.
    pub commanded: u32,
    /// Confirmed by the rotor.
    pub confirmed: u32,
    /// Given up, or cut by a restart.
    pub unconfirmed: u32,
}

/// A stroke on its way: authorised, then commanded.
#[derive(Debug)]
pub(crate) struct Stroke {
    pub permit: Option<Permit>,
    pub source: Source,
    /// What it may hold at the tip.
    pub charge: [Mass; orders::mixture::DRUGS_MAX],
}

/// A bridge on its way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Bridging {
    pub bridge: Bridge,
    /// Strokes commanded since birth when it began.
    pub from: u32,
    /// Strokes confirmed since birth when it began.
    pub confirmed_from: u32,
}

/// A clinician's stop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Stopping {
    pub since: Instant,
    pub maximum: Duration,
}

/// An emergency called at the skin.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Calling {
    pub since: Instant,
    /// When it ends by itself, where the order says so.
    pub until: Option<Instant>,
    /// The flow it found, which it never exceeds.
    pub found: FlowRate,
}

/// What one hour gave.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct HourTotal {
    /// Strokes of basal that the rotor confirmed.
    pub basal: u16,
    /// Strokes of everything else that the rotor confirmed.
    pub extra: u16,
    /// Patient boluses begun.
    pub granted: u8,
    /// Patient boluses refused.
    pub refused: u8,
}

/// The totals of the open hour and of those before it.
#[derive(Clone, Debug)]
pub struct Hours {
    /// The number of the open hour since birth.
    pub number: u32,
    /// By hour, a ring: hour `n` lies at `n % HOURS`.
    pub ring: [HourTotal; HOURS],
    /// What the rotor confirmed of each lane's drug in the open hour.
    pub masses: [Mass; orders::mixture::DRUGS_MAX],
    /// Unconfirmed strokes in the open hour.
    pub unconfirmed: u8,
}

/// The pump.
pub struct Pump {
    /// Whether the stored state was verified since the last restart.
    pub(crate) verified: bool,
    pub(crate) clocks: Clocks,
    pub(crate) raw: u64,
    pub(crate) second_ms: u64,
    pub(crate) state: State,
    pub(crate) stopping: Option<Stopping>,
    pub(crate) calling: Option<Calling>,
    pub(crate) order: Option<Prescription>,
    pub(crate) fall_back: Option<FallBack>,
    /// Where the fall-back's day began, and how many strokes had been commanded then.
    pub(crate) fall_back_day: Option<(Instant, u32)>,
    pub(crate) commit: u32,
    pub(crate) level: Level,
    pub(crate) path: FluidPath,
    pub(crate) ceilings: Ceilings,
    pub(crate) program: Program,
    pub(crate) basal: Basal,
    pub(crate) boluses: PatientBoluses,
    pub(crate) periodic: Option<Delivery>,
    pub(crate) extra: Option<Delivery>,
    pub(crate) bridging: Option<Bridging>,
    pub(crate) last_dose: u64,
    pub(crate) drive: Drive,
    pub(crate) guard: Guard,
    pub(crate) alarms: Alarms,
    pub(crate) battery: Battery,
    pub(crate) selftest: Selftest,
    /// The check that was asked for and not answered yet, and when.
    pub(crate) asked: Option<(Check, Instant)>,
    pub(crate) journal: Journal,
    pub(crate) strokes: Strokes,
    pub(crate) stroke: Option<Stroke>,
    /// The flow that is given, and until when that stands.
    pub(crate) flow: FlowRate,
    pub(crate) flow_until: Instant,
    pub(crate) review_at: Instant,
    pub(crate) reviewed: Instant,
    /// When full basal was last confirmed: from here a gap is counted.
    pub(crate) full_basal_at: Instant,
    pub(crate) refused_today: u8,
    pub(crate) keeps_until: Option<Instant>,
    pub(crate) clock_waiting: Option<(Instant, orders::WallTime)>,
    pub(crate) today: Today,
    pub(crate) hours: Hours,
    pub(crate) dose_sequence: u32,
    pub(crate) dirty: Dirty,
    pub(crate) powered: bool,
    pub(crate) closed: Vec<Closed, BUCKETS_WAITING>,
    pub(crate) records: Deque<journal::Noted, RECORDS_WAITING>,
    pub(crate) stored: Option<Stored>,
}

/// What is counted by the day.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Today {
    /// The number of the day since birth.
    pub number: u32,
    /// What the order's basal came to, whether given or not.
    pub ordered_nl: u64,
    /// What the rotor confirmed of it.
    pub confirmed_nl: u64,
    pub restarts: u8,
}

impl Pump {
    /// A pump that has verified nothing: it gives nothing and refuses everything until [`Pump::begin`].
    pub fn new(device: DeviceProfile, journal_key: journal::Key) -> Self {
        let zero = Instant::ZERO;
        Self {
            verified: false,
            clocks: Clocks::start(0, 0, zero),
            raw: 0,
            second_ms: 0,
            state: State::Fresh,
            stopping: None,
            calling: None,
            order: None,
            fall_back: None,
            fall_back_day: None,
            commit: 0,
            level: Level::Full,
            path: FluidPath::new(device, Volume::ZERO),
            ceilings: Ceilings::new(zero, &device),
            program: Program::default(),
            basal: Basal::new(zero),
            boluses: PatientBoluses::none(),
            periodic: None,
            extra: None,
            bridging: None,
            last_dose: 0,
            drive: Drive::new(zero, &device),
            guard: Guard::new(0),
            alarms: Alarms::default(),
            battery: Battery::new(zero, &device, device.day_max),
            selftest: Selftest::start(zero, device.battery),
            asked: None,
            journal: Journal::new(journal_key, journal::CAPACITY),
            strokes: Strokes::default(),
            stroke: None,
            flow: FlowRate::ZERO,
            flow_until: zero,
            review_at: zero,
            reviewed: zero,
            full_basal_at: zero,
            refused_today: 0,
            keeps_until: None,
            clock_waiting: None,
            today: Today::default(),
            hours: Hours {
                number: 0,
                ring: [HourTotal::default(); HOURS],
                masses: [Mass::ZERO; orders::mixture::DRUGS_MAX],
                unconfirmed: 0,
            },
            dose_sequence: 0,
            dirty: Dirty::default(),
            powered: false,
            closed: Vec::new(),
            records: Deque::new(),
            stored: Some(Stored::default()),
        }
    }

    /// The pump's own time.
    pub fn now(&mut self, raw: u64) -> Instant {
        self.clocks.now(raw)
    }

    /// Time passed. Early is harmless, late may only under-deliver; the work is bounded.
    pub fn tick(&mut self, raw: u64, second_ms: u64) {
        if !self.verified {
            return;
        }
        let now = self.read_clocks(raw, second_ms);
        if self.ceilings.is_bucket_over(now) {
            let closed = &mut self.closed;
            let mut dropped = false;
            self.ceilings.advance(now, |bucket| dropped |= closed.push(bucket).is_err());
            if dropped {
                self.bug(now, BUG_BUCKETS);
            }
        }
        self.drive_events(now);
        self.review_checks(now);
        if now >= self.review_at {
            self.review(now);
        }
        self.give(now);
    }

    /// The rotor passed an edge: one whole stroke has moved.
    pub fn edge(&mut self, raw: u64, second_ms: u64) {
        if !self.verified {
            return;
        }
        let now = self.read_clocks(raw, second_ms);
        self.guard.edge(second_ms);
        self.rotor_edge(now);
        if !self.guard.enabled() {
            self.review(now);
        }
        self.give(now);
    }

    fn read_clocks(&mut self, raw: u64, second_ms: u64) -> Instant {
        let before = self.clocks.agreement();
        let agreement = self.clocks.tick(raw, second_ms);
        (self.raw, self.second_ms) = (raw, second_ms);
        self.guard.clocks(second_ms, raw);
        //= requirements/time.md#monotonic
        //# Delivery, lockout and windows MUST run on the monotonic clock alone.
        let now = self.clocks.now(raw);
        if agreement != before {
            self.review_at = now;
            // What elapses after a record is counted by the first oscillator: a record must not span two standings.
            self.dirty.dose = true;
        }
        now
    }

    /// The reading of the first oscillator at which a moment of the pump's own time comes, for a deadline of others.
    pub const fn reading_at(&self, at: Instant) -> u64 {
        self.clocks.raw_of(at)
    }

    /// When [`Pump::tick`] should be called next, as a reading of the first oscillator's counter.
    pub fn deadline(&self) -> Option<u64> {
        if !self.verified {
            return None;
        }
        let mut next = self.review_at;
        // Both oscillators are compared at ticks: these come often enough for the clocks to be believed between them.
        next = next.min(self.clocks.latest().after(COMPARE_EVERY));
        let mut not_after = |at: Option<Instant>| next = at.map_or(next, |at| next.min(at));
        not_after(self.next_stroke());
        not_after(self.drive.deadline());
        not_after(self.alarms.deadline());
        not_after(self.check_due());
        Some(self.clocks.raw_of(next))
    }

    /// What is to be written or cut, before anything is sent, played or turned.
    pub fn wants_save(&mut self) -> Option<Want> {
        if !self.verified {
            return None;
        }
        if self.powered && !self.may_have_power() {
            self.powered = false;
            return Some(Want::Enable(false));
        }
        // A closed bucket before the dose record that no longer holds it: a cut between both counts it still.
        if let Some(bucket) = self.closed.pop() {
            return Some(Want::Save(Save::Bucket(bucket)));
        }
        if self.dirty.dose {
            self.dirty.dose = false;
            self.dose_sequence = self.dose_sequence.wrapping_add(1);
            return Some(Want::Save(Save::Dose));
        }
        self.wants_more()
    }

    /// The rarer wants, apart from the stroke's own path.
    fn wants_more(&mut self) -> Option<Want> {
        if let Some(part) = self.dirty.group {
            self.dirty.group = match part {
                Part::Order => Some(Part::FallBack),
                Part::FallBack => Some(Part::Guard),
                Part::Guard => Some(Part::Ledger),
                Part::Ledger => None,
            };
            return Some(Want::Save(Save::Part(part)));
        }
        if self.dirty.switch && self.dirty.status {
            // What belongs to the order beside its parts (bridge, ramp, hold) is written before it is in force.
            self.dirty.status = false;
            return Some(Want::Save(Save::Status));
        }
        if self.dirty.switch {
            self.dirty.switch = false;
            return Some(Want::Save(Save::Commit));
        }
        if let Some(noted) = self.records.pop_front() {
            let write = self.journal.record(&noted);
            return Some(Want::Journal { place: write.slot, record: write.bytes });
        }
        if self.dirty.status {
            self.dirty.status = false;
            return Some(Want::Save(Save::Status));
        }
        if self.guard.store_due() {
            return Some(Want::Save(Save::GuardState));
        }
        None
    }

    /// Everything that is wanted, saves first. A step comes only when nothing is left to be written.
    pub fn want(&mut self, raw: u64) -> Option<Want> {
        self.wants_save().or_else(|| self.wants_act(raw))
    }

    /// What is to be done once [`Self::wants_save`] has nothing more.
    pub fn wants_act(&mut self, raw: u64) -> Option<Want> {
        if !self.verified {
            return None;
        }
        let now = self.clocks.now(raw);
        if let Some(check) = self.want_check(now) {
            return Some(Want::Check(check));
        }
        if !self.powered && self.may_have_power() {
            self.powered = true;
            return Some(Want::Enable(true));
        }
        if let Some(permit) = self.stroke.as_mut().and_then(|stroke| stroke.permit.take()) {
            return self.step(now, permit);
        }
        let sound = self.alarms.sound(now)?;
        self.battery.tone();
        Some(Want::Sound(sound.tone))
    }

    //= requirements/journal.md#what-is-written-down
    //# The pump MUST write a journal event for every change of order, mode, rung, alarm, clock or peer, every restart, every self-test, every refusal and every fault mended without an alarm.
    /// Writes an event down. If too many wait, the number stays empty: the gap shows as a loss.
    pub(crate) fn note(&mut self, now: Instant, event: Event) {
        let noted = self.journal.note(now, &event);
        if self.records.push_back(noted).is_err() {
            self.alarms.raise(now, AlarmId::JournalLoss);
        }
    }

    /// The implant's own events.
    pub fn log(&mut self, raw: u64, event: Event) {
        let now = self.now(raw);
        self.note(now, event);
    }

    /// A broken invariant becomes the safe state, never a crash.
    pub(crate) fn bug(&mut self, now: Instant, site: u16) {
        self.note(now, Event::Bug { site });
        self.stand(now, AlarmId::Bug);
    }
}

/// Sites of [`Event::Bug`], as they stand in journals.
pub(crate) const BUG_BUCKETS: u16 = 1;
pub(crate) const BUG_STEP: u16 = 2;
