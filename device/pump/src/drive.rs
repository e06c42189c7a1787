//! The drive: from "step" to "it moved".
//!
//! This file answers for the stroke in flight, for what the rotor's silence means, for the strong field and for the
//! time without motion. Whether a stroke is allowed is told by the [`Permit`] that [`Drive::step`] consumes, when one is
//! due by the controller, what it charges by the ceilings. Nothing is ever given later because it was not given before.
//!
//! One rotor edge is one whole stroke. A stroke without its edge in time is *unconfirmed*: it stays charged, it is not
//! shown as delivered, and the count of unconfirmed strokes in a row decides what follows.
//!
//! ```text
//!              edge                     more than `restarts_max` unconfirmed in a row
//!  Turning ───────────▶ Turning      Turning ────────────────────────▶ Stalled
//!     │  ▲ two confirmed in a row                 (strokes of the order go on being tried)
//!     │  └────────────────────── Watching ◀── first confirmed ── Stalled
//!     │ field                       ▲ │ unconfirmed: the count of checks begins again
//!     └───────────▶ Field ──────────┘ │
//!                     ▲   field gone  │ field
//!                     └───────────────┘
//! ```
//!
//! No stroke is ever given before it is due: a drive is restarted, and checked after the field, with the strokes of the
//! order in their own time. A sensor that misses edges looks like a drive that stands still; strokes given early would then
//! be doses given early, and strokes held back would be withdrawal. What must survive a restart is in [`Kept`], what an
//! edge means that nobody commanded in `strays`.

mod kept;
mod strays;
#[cfg(test)]
mod tests;

use orders::{DeviceProfile, Duration, Instant, Volume};

use crate::bolus::Source;
use crate::ceilings::Permit;
pub use kept::Kept;
use strays::Strays;

/// Unconfirmed strokes in a row after which a bolus or a prime stops (architecture rule 6).
pub const FAST_STOPS_AT: u8 = 3;
/// A field longer than this is an alarm (PP-MEC-03).
pub const FIELD_LONG: Duration = Duration::from_minutes(20);
/// No two confirmed strokes this long after the field first went, or in the time of [`RECOVERY_STROKES`] where that is
/// longer, is an alarm; reported delays are 2 h to 24 h, so hear it early.
pub const RECOVERY_MAX: Duration = Duration::from_minutes(20);
/// Two strokes are a recovery, and the field may have gone just after one was due.
const RECOVERY_STROKES: u64 = 3;
/// A standstill longer than this makes over-infusion likelier (F9).
pub const STANDSTILL_LONG: Duration = Duration::from_hours(48);
/// Consecutive confirmed strokes that are a recovery.
const CHECKS: u8 = 2;
/// An edge this long after its stroke was given up is still that stroke's.
const LATE_MAX: Duration = Duration::from_minutes(1);

/// What the drive is like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// The last stroke that was expected to was confirmed.
    Turning,
    /// Too many strokes in a row without motion; since the first of them.
    Stalled {
        /// When the first of them was commanded.
        since: Instant,
    },
    /// In the strong field: no strokes.
    Field {
        /// When the field came.
        since: Instant,
    },
    /// After the field or a stall: basal alone, until two strokes in a row are confirmed.
    Watching {
        /// When watching began.
        since: Instant,
        /// How many were confirmed in a row.
        confirmed: u8,
    },
}

/// Why no stroke is commanded now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Held {
    /// One is in flight.
    InFlight,
    /// The drive needs its time between two strokes.
    TooSoon,
    /// The strong field holds the rotor.
    Field,
    /// The permit is for another volume than one stroke, or for another time.
    Permit,
    /// The permit is for a bolus or a prime, and the drive is not trusted with more than basal.
    Careful,
}

/// What the passing of time or of the field brought.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// The stroke in flight is given up as unconfirmed; so many in a row now.
    Unconfirmed {
        /// How many in a row.
        in_row: u8,
    },
    /// The drive is called stalled: an alarm.
    Stalled,
    /// The field has lasted long: an alarm.
    FieldLong,
    /// The drive has not turned again in time after the field: an alarm.
    NoRecovery,
    /// No motion for 48 h: an alarm that only a clinician clears.
    LongStandstill,
}

/// What a rotor edge meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Edge {
    /// The stroke in flight has moved.
    Confirmed,
    /// It has moved, and with it the drive is recovered: stall and field alarms are tested false.
    Recovered,
    /// A stroke that was given up has moved after all. It stays unconfirmed in every count.
    Late,
    /// Nobody commanded it; charged by the guard, and by the ceilings as an unconfirmed stroke.
    Stray,
    /// Nobody commanded it, and it goes on: evidence of over-delivery, the drive must be cut.
    Runaway,
}

/// The stroke machine.
#[derive(Clone, Debug)]
pub struct Drive {
    stroke: Volume,
    stroke_time: Duration,
    timeout: Duration,
    restarts_max: u8,
    state: State,
    in_flight: Option<Instant>,
    /// When the last stroke was commanded, and when the last one was given up, if its edge may still come.
    commanded: Option<Instant>,
    given_up: Option<Instant>,
    in_row: u8,
    /// When the first of the unconfirmed strokes in a row was commanded.
    silent_since: Option<Instant>,
    last_motion: Instant,
    /// How long the rotor had stood still when it first moved again, until the recovery is told.
    stood: Duration,
    /// The time from one stroke of the running flow to the next; nothing at no flow.
    pace: Option<Duration>,
    /// From here a standstill is counted: the last motion, or a clinician's check after it.
    still_from: Instant,
    /// When the field first went in this episode, and what has been told of the episode.
    field_gone: Option<Instant>,
    told_field: bool,
    told_recovery: bool,
    told_standstill: bool,
    told_stall: bool,
    strays: Strays,
}

impl Drive {
    /// A drive that has just turned.
    pub fn new(now: Instant, device: &DeviceProfile) -> Self {
        Self {
            stroke: device.stroke,
            stroke_time: device.stroke_time,
            timeout: device.stroke_timeout,
            restarts_max: device.restarts_max,
            state: State::Turning,
            in_flight: None,
            commanded: None,
            given_up: None,
            in_row: 0,
            silent_since: None,
            last_motion: now,
            stood: Duration::ZERO,
            pace: None,
            still_from: now,
            field_gone: None,
            told_field: false,
            told_recovery: false,
            told_standstill: false,
            told_stall: false,
            strays: Strays::none(),
        }
    }

    /// The drive after a restart. A stroke that was in flight is unconfirmed: it may or may not have moved.
    pub fn restore(now: Instant, device: &DeviceProfile, kept: Kept, was_in_flight: bool) -> Self {
        let state = if kept.is_recovering { State::Watching { since: now, confirmed: 0 } } else { State::Turning };
        Self {
            state,
            in_row: kept.in_row.saturating_add(u8::from(was_in_flight)),
            silent_since: if kept.in_row > 0 || was_in_flight { Some(now) } else { None },
            last_motion: kept.last_motion,
            still_from: kept.last_motion,
            field_gone: if kept.is_recovering { Some(now) } else { None },
            told_standstill: kept.is_long_standstill,
            ..Self::new(now, device)
        }
    }

    /// What must survive a restart.
    pub fn kept(&self) -> Kept {
        Kept {
            last_motion: self.last_motion,
            in_row: self.in_row,
            is_recovering: self.state != State::Turning,
            is_long_standstill: self.told_standstill,
        }
    }

    /// What the drive is like.
    pub const fn state(&self) -> State {
        self.state
    }

    /// Unconfirmed strokes in a row.
    pub const fn unconfirmed_in_row(&self) -> u8 {
        self.in_row
    }

    /// Whether a bolus or a prime must stop, or may not begin: only basal is given to a drive that is not trusted.
    pub fn is_careful(&self) -> bool {
        self.in_row >= FAST_STOPS_AT || self.state != State::Turning
    }

    /// The last confirmed motion: from here a gap in therapy is counted.
    pub const fn last_motion(&self) -> Instant {
        self.last_motion
    }

    /// When the strong field came, while it is here.
    pub const fn field_since(&self) -> Option<Instant> {
        match self.state {
            State::Field { since } => Some(since),
            State::Turning | State::Stalled { .. } | State::Watching { .. } => None,
        }
    }

    /// The earliest moment for the next stroke: two are never closer than the drive's own time.
    pub fn ready_at(&self) -> Instant {
        self.commanded.map_or(Instant::ZERO, |at| at.after(self.stroke_time))
    }

    /// Whether a stroke is in flight.
    pub const fn is_in_flight(&self) -> bool {
        self.in_flight.is_some()
    }

    /// Whether a stroke could be commanded now: to be asked before a permit is, since a permit is spent when made.
    ///
    /// # Errors
    /// [`Held`].
    pub fn ready(&self, now: Instant) -> Result<(), Held> {
        //= requirements/drive.md#strong-field
        //# The pump MUST NOT command a stroke while a strong field is present.
        if matches!(self.state, State::Field { .. }) {
            return Err(Held::Field);
        }
        if self.in_flight.is_some() {
            return Err(Held::InFlight);
        }
        //= requirements/drive.md#in-its-own-time
        //# The pump MUST go on trying a drive that does not turn with the strokes of the order, each in its own time.
        match self.commanded {
            Some(at) if now < at.after(self.stroke_time) => Err(Held::TooSoon),
            Some(_) | None => Ok(()),
        }
    }

    /// Commands one stroke. The permit is gone in any case.
    ///
    /// # Errors
    /// [`Held`]; nothing is commanded.
    pub fn step(&mut self, now: Instant, permit: Permit) -> Result<(), Held> {
        if permit.volume() != self.stroke || !permit.is_good(now) {
            return Err(Held::Permit);
        }
        //= requirements/drive.md#three-unconfirmed-strokes
        //# A bolus or a prime MUST stop after three unconfirmed strokes.
        if permit.source() != Source::Basal && self.is_careful() {
            return Err(Held::Careful);
        }
        self.command(now)
    }

    fn command(&mut self, now: Instant) -> Result<(), Held> {
        self.ready(now)?;
        self.in_flight = Some(now);
        self.commanded = Some(now);
        self.given_up = None;
        Ok(())
    }

    /// The number of the restart that the next stroke is, if the drive is silent and not yet called stalled.
    pub fn attempt(&self) -> Option<u8> {
        //= requirements/drive.md#stall
        //# The pump MUST try to restart a stalled drive no more often than the device profile allows, and log each attempt.
        let is_silent = self.state == State::Turning && self.in_row > 0;
        if is_silent && self.in_row <= self.restarts_max { Some(self.in_row) } else { None }
    }

    /// From now on the order gives a stroke so often; not at all at no flow.
    pub fn pace(&mut self, now: Instant, pace: Option<Duration>) {
        if self.pace.is_none() && pace.is_some() {
            // Nothing was tried while nothing was due: from here a recovery can be expected.
            self.field_gone = self.field_gone.map(|_| now);
        }
        self.pace = pace;
    }

    /// When a recovery from the field is overdue; nothing while none is waited for or no stroke is due.
    fn recovery_due(&self) -> Option<Instant> {
        let strokes = self.pace?.saturating_mul(RECOVERY_STROKES);
        self.field_gone.filter(|_| !self.told_recovery).map(|gone| gone.after(strokes.max(RECOVERY_MAX)))
    }

    /// How long the rotor had stood still before it recovered.
    pub const fn stood(&self) -> Duration {
        self.stood
    }

    /// The rotor passed an edge.
    pub fn edge(&mut self, now: Instant) -> Edge {
        if matches!(self.state, State::Field { .. }) {
            return Edge::Stray;
        }
        //= requirements/drive.md#confirmed-by-the-rotor
        //# The pump MUST hold a commanded stroke as unconfirmed unless the rotor edges of the device profile arrive within the profile's time.
        match self.in_flight {
            Some(since) if now.since(since) <= self.timeout => {
                self.in_flight = None;
                self.confirmed(now)
            }
            Some(_) | None => self.edge_without_stroke(now),
        }
    }

    fn confirmed(&mut self, now: Instant) -> Edge {
        let still = now.since(self.last_motion);
        (self.last_motion, self.still_from) = (now, now);
        (self.in_row, self.silent_since) = (0, None);
        // The first motion ends the standstill, the second tells of it.
        self.stood = if self.state == State::Turning { Duration::ZERO } else { self.stood.max(still) };
        let confirmed = match self.state {
            State::Turning => return Edge::Confirmed,
            State::Stalled { .. } => 1,
            State::Watching { confirmed, .. } => confirmed.saturating_add(1),
            State::Field { .. } => 0,
        };
        //= requirements/drive.md#recovered
        //# The pump MUST call the drive recovered only after two consistent rotor checks.
        if confirmed >= CHECKS {
            self.state = State::Turning;
            self.field_gone = None;
            (self.told_field, self.told_recovery, self.told_stall) = (false, false, false);
            return Edge::Recovered;
        }
        let since = match self.state {
            State::Watching { since, .. } => since,
            State::Turning | State::Stalled { .. } | State::Field { .. } => now,
        };
        self.state = State::Watching { since, confirmed };
        Edge::Confirmed
    }

    fn edge_without_stroke(&mut self, now: Instant) -> Edge {
        if self.given_up.take().is_some_and(|at| now.since(at) <= LATE_MAX) {
            return Edge::Late;
        }
        if let State::Watching { since, .. } = self.state {
            // A rotor that moves by itself is not consistent.
            self.state = State::Watching { since, confirmed: 0 };
        }
        if self.strays.edge(now, self.field_gone) { Edge::Runaway } else { Edge::Stray }
    }

    /// The strong field came or went. A stroke in flight when it comes is unconfirmed.
    pub fn field(&mut self, now: Instant, is_strong: bool) -> Option<Event> {
        let is_in_field = matches!(self.state, State::Field { .. });
        if is_strong == is_in_field {
            return None;
        }
        if !is_strong {
            //= requirements/drive.md#strong-field
            //# When the strong field has gone, the pump MUST resume by itself.
            self.state = State::Watching { since: now, confirmed: 0 };
            self.field_gone = self.field_gone.or(Some(now));
            self.told_field = false;
            return None;
        }
        let given_up = self.in_flight.is_some().then(|| self.give_up(now));
        self.state = State::Field { since: now };
        given_up
    }

    /// Time passed. One event at a time; to be asked again until `None`, at most five times.
    pub fn tick(&mut self, now: Instant) -> Option<Event> {
        if self.in_flight.is_some_and(|since| now.since(since) > self.timeout) {
            return Some(self.give_up(now));
        }
        //= requirements/drive.md#stall
        //# The pump MUST raise the stall alarm when the device profile's number of strokes in a row pass without motion.
        if self.in_row > self.restarts_max && !self.told_stall && !matches!(self.state, State::Field { .. }) {
            self.state = State::Stalled { since: self.silent_since.unwrap_or(now) };
            self.told_stall = true;
            return Some(Event::Stalled);
        }
        match self.state {
            //= requirements/drive.md#strong-field
            //# A strong field that lasts over 20 minutes MUST raise an alarm.
            State::Field { since } if !self.told_field && now.since(since) > FIELD_LONG => {
                self.told_field = true;
                return Some(Event::FieldLong);
            }
            State::Field { .. } | State::Turning | State::Stalled { .. } | State::Watching { .. } => {}
        }
        //= requirements/drive.md#recovered
        //# When the drive has not recovered within the stated time after a strong field has gone, the pump MUST raise an alarm.
        if self.recovery_due().is_some_and(|due| now > due) {
            self.told_recovery = true;
            return Some(Event::NoRecovery);
        }
        //= requirements/drive.md#long-standstill
        //# A stop or a stall of more than 48 h MUST leave an alarm standing that asks for a check of the volume, until a clinician clears it.
        if !self.told_standstill && now.since(self.still_from) > STANDSTILL_LONG {
            self.told_standstill = true;
            return Some(Event::LongStandstill);
        }
        None
    }

    /// A clinician has checked the volume after a long standstill. It is flagged again after 48 more hours.
    pub fn clear_standstill(&mut self, now: Instant) {
        self.told_standstill = false;
        self.still_from = now;
    }

    fn give_up(&mut self, now: Instant) -> Event {
        let since = self.in_flight.take().unwrap_or(now);
        self.given_up = Some(now);
        self.silent_since = self.silent_since.or(Some(since));
        self.in_row = self.in_row.saturating_add(1);
        if let State::Watching { since, .. } = self.state {
            self.state = State::Watching { since, confirmed: 0 };
        }
        Event::Unconfirmed { in_row: self.in_row }
    }

    /// When [`Drive::tick`] should be asked next. Early is harmless.
    pub fn deadline(&self) -> Option<Instant> {
        const MOMENT: Duration = Duration::new(1);
        let mut next = if self.told_standstill { None } else { Some(self.still_from.after(STANDSTILL_LONG)) };
        let mut not_after = |at: Instant| next = Some(next.map_or(at, |next| next.min(at)));
        if let Some(since) = self.in_flight {
            not_after(since.after(self.timeout));
        }
        match self.state {
            State::Field { since } if !self.told_field => not_after(since.after(FIELD_LONG)),
            State::Field { .. } | State::Turning | State::Stalled { .. } | State::Watching { .. } => {}
        }
        if let Some(due) = self.recovery_due() {
            not_after(due);
        }
        next.map(|at| at.after(MOMENT))
    }
}
