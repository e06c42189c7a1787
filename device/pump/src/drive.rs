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
//! *Restarts* and *checks* are strokes given early: a few restarts soon after the first silence, and checks after the
//! field if the basal rate is so low that its own strokes would take hours to show motion. Each needs its permit like
//! any stroke, and each is owed: [`Drive::repay`] swallows a later basal stroke for it, so that a magnet clasp that opens and
//! closes all night gives nothing on top. At most [`OWED_MAX`] can be owed, which bounds both.

use orders::{DeviceProfile, Duration, Instant, Volume};

use crate::bolus::Source;
use crate::ceilings::Permit;

/// Unconfirmed strokes in a row after which a bolus or a prime stops (architecture rule 6).
pub const FAST_STOPS_AT: u8 = 3;
/// A field longer than this is an alarm (PP-MEC-03).
pub const FIELD_LONG: Duration = Duration::from_minutes(20);
/// No two checks this long after the field first went is an alarm; reported delays are 2 h to 24 h, so hear it early.
pub const RECOVERY_MAX: Duration = Duration::from_minutes(20);
/// A standstill longer than this makes over-infusion likelier (F9).
pub const STANDSTILL_LONG: Duration = Duration::from_hours(48);
/// Most strokes given early and not yet repaid.
pub const OWED_MAX: u8 = 4;
/// Consecutive confirmed strokes that are a recovery.
const CHECKS: u8 = 2;
/// Between restarts: a particle or a film may need some seconds to move.
const RESTART_EVERY: Duration = Duration::from_secs(30);
/// Between checks after the field.
const CHECK_EVERY: Duration = Duration::from_minutes(5);
/// An edge this long after its stroke was given up is still that stroke's.
const LATE_MAX: Duration = Duration::from_minutes(1);
/// Edges without a permit outside the field within [`STRAY_SPAN`]: one knock, not a drive that runs.
const STRAY_MAX: u8 = 2;
const STRAY_SPAN: Duration = Duration::from_minutes(15);
/// After the field has gone the rotor may settle by an edge.
const SETTLE: Duration = Duration::from_minutes(1);

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
    /// After the field or a stall: careful strokes, until two in a row are confirmed.
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

/// What must survive a restart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Kept {
    /// The last confirmed motion.
    pub last_motion: Instant,
    /// Unconfirmed strokes in a row.
    pub in_row: u8,
    /// Strokes given early and not repaid.
    pub owed: u8,
    /// Whether a recovery from stall or field is still being waited for.
    pub is_recovering: bool,
    /// Whether the long standstill was seen and not cleared.
    pub is_long_standstill: bool,
}

impl Kept {
    /// Bytes in the record.
    pub const BYTES: usize = 12;

    /// The bytes; the record around them carries the check sum.
    pub fn encode(&self) -> [u8; Self::BYTES] {
        let [a, b, c, d, e, f, g, h] = self.last_motion.get().to_le_bytes();
        let (recovering, long) = (u8::from(self.is_recovering), u8::from(self.is_long_standstill));
        [a, b, c, d, e, f, g, h, self.in_row, self.owed, recovering, long]
    }

    /// From the bytes; `None` if they mean nothing.
    pub fn decode(bytes: &[u8; Self::BYTES]) -> Option<Self> {
        let (motion, rest) = bytes.split_first_chunk::<8>()?;
        match *rest {
            [in_row, owed, recovering @ 0..=1, long @ 0..=1] if owed <= OWED_MAX => Some(Self {
                last_motion: Instant::new(u64::from_le_bytes(*motion)),
                in_row,
                owed,
                is_recovering: recovering == 1,
                is_long_standstill: long == 1,
            }),
            _ => None, // not ours: bytes read back from a store
        }
    }
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
    restarts: u8,
    owed: u8,
    last_motion: Instant,
    /// From here a standstill is counted: the last motion, or a clinician's check after it.
    still_from: Instant,
    /// When the field first went in this episode, and what has been told of the episode.
    field_gone: Option<Instant>,
    told_field: bool,
    told_recovery: bool,
    told_standstill: bool,
    told_stall: bool,
    stray: u8,
    stray_since: Instant,
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
            restarts: 0,
            owed: 0,
            last_motion: now,
            still_from: now,
            field_gone: None,
            told_field: false,
            told_recovery: false,
            told_standstill: false,
            told_stall: false,
            stray: 0,
            stray_since: Instant::ZERO,
        }
    }

    /// The drive after a restart. A stroke that was in flight is unconfirmed: it may or may not have moved.
    pub fn restore(now: Instant, device: &DeviceProfile, kept: Kept, was_in_flight: bool) -> Self {
        let state = if kept.is_recovering { State::Watching { since: now, confirmed: 0 } } else { State::Turning };
        Self {
            state,
            in_row: kept.in_row.saturating_add(u8::from(was_in_flight)),
            silent_since: if kept.in_row > 0 || was_in_flight { Some(now) } else { None },
            owed: kept.owed,
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
            owed: self.owed,
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

    /// When a restart of the silent drive may be commanded, if one may at all; its number for the log.
    pub fn restart(&self) -> Option<(Instant, u8)> {
        //= requirements/drive.md#stall
        //# The pump MUST try to restart a stalled drive no more often than the device profile allows, and log each attempt.
        let may = self.state == State::Turning && self.in_row > 0 && self.restarts < self.restarts_max;
        let at = self.commanded.unwrap_or(Instant::ZERO).after(RESTART_EVERY);
        if may && self.in_flight.is_none() && self.owed < OWED_MAX {
            Some((at, self.restarts.saturating_add(1)))
        } else {
            None
        }
    }

    /// When a check after field or stall may be commanded, if no stroke of the order came in the meantime.
    pub fn check(&self) -> Option<Instant> {
        match self.state {
            State::Watching { since, .. } if self.in_flight.is_none() && self.owed < OWED_MAX => {
                Some(self.commanded.map_or(since, |at| at.max(since)).after(CHECK_EVERY))
            }
            State::Watching { .. } | State::Turning | State::Stalled { .. } | State::Field { .. } => None,
        }
    }

    /// The stroke just commanded was a restart or a check, given early: one of the order's will be swallowed for it.
    pub fn owe(&mut self) {
        self.owed = self.owed.saturating_add(1).min(OWED_MAX);
        if self.state == State::Turning && self.in_row > 0 {
            self.restarts = self.restarts.saturating_add(1);
        }
    }

    /// A basal stroke is due. Returns whether it was given early already and is only taken from the accrual now.
    pub fn repay(&mut self) -> bool {
        let owes = self.owed > 0;
        self.owed = self.owed.saturating_sub(1);
        owes
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
        (self.last_motion, self.still_from) = (now, now);
        (self.in_row, self.restarts, self.silent_since) = (0, 0, None);
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
        if self.field_gone.is_some_and(|gone| now.since(gone) < SETTLE) {
            return Edge::Stray;
        }
        if now.since(self.stray_since) >= STRAY_SPAN {
            self.stray = 0;
        }
        if self.stray == 0 {
            self.stray_since = now;
        }
        self.stray = self.stray.saturating_add(1);
        if self.stray > STRAY_MAX { Edge::Runaway } else { Edge::Stray }
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
        if !self.told_recovery && self.field_gone.is_some_and(|gone| now.since(gone) > RECOVERY_MAX) {
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
        let timeout = self.in_flight.map(|since| since.after(self.timeout));
        let field = match self.state {
            State::Field { since } if !self.told_field => Some(since.after(FIELD_LONG)),
            State::Field { .. } | State::Turning | State::Stalled { .. } | State::Watching { .. } => None,
        };
        let recovery = if self.told_recovery { None } else { self.field_gone.map(|gone| gone.after(RECOVERY_MAX)) };
        let standstill = if self.told_standstill { None } else { Some(self.still_from.after(STANDSTILL_LONG)) };
        [timeout, field, recovery, standstill].into_iter().flatten().min().map(|at| at.after(MOMENT))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ceilings::Ceilings;
    use crate::windows::NOTHING;
    use std::vec::Vec;

    const DEVICE: DeviceProfile = DeviceProfile::REFERENCE_20;

    fn at(hours: u64, minutes: u64, seconds: u64) -> Instant {
        Instant::ZERO.after(Duration::from_secs((hours * 60 + minutes) * 60 + seconds))
    }
    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }
    fn events(drive: &mut Drive, now: Instant) -> Vec<Event> {
        let mut told = Vec::new();
        while let Some(event) = drive.tick(now) {
            told.push(event);
        }
        assert!(told.len() <= 5);
        told
    }
    fn moved(drive: &mut Drive, now: Instant) -> Edge {
        drive.command(now).unwrap();
        drive.edge(now.after(Duration::new(700)))
    }
    fn silent(drive: &mut Drive, now: Instant) -> Vec<Event> {
        drive.command(now).unwrap();
        events(drive, now.after(s(3)))
    }

    #[test]
    fn a_permit_turns_the_drive_once_for_one_stroke_and_in_its_time() {
        let mut ceilings = Ceilings::new(at(8, 0, 0), &DEVICE);
        let mut permit = |volume, source| ceilings.authorize(at(8, 0, 0), volume, &NOTHING, source).unwrap();
        let mut drive = Drive::new(at(8, 0, 0), &DEVICE);
        let double = permit(Volume::new(1_000), Source::Basal);
        assert_eq!(drive.step(at(8, 0, 0), double), Err(Held::Permit));
        let old = permit(DEVICE.stroke, Source::Basal);
        assert_eq!(drive.step(at(8, 30, 0), old), Err(Held::Permit));
        assert!(!drive.is_in_flight());
        for stroke in 0..3 {
            let right = permit(DEVICE.stroke, Source::Patient);
            assert_eq!(drive.step(at(8, 0, 10 * stroke), right), Ok(()));
            events(&mut drive, at(8, 0, 10 * stroke + 3));
        }
        let bolus = permit(DEVICE.stroke, Source::Patient);
        assert_eq!(drive.step(at(8, 0, 40), bolus), Err(Held::Careful), "the fourth stroke of a bolus is not given");
        let basal = permit(DEVICE.stroke, Source::Basal);
        assert_eq!(drive.step(at(8, 0, 40), basal), Ok(()), "and basal is still tried");
    }

    //= requirements/drive.md#confirmed-by-the-rotor
    //= type=test
    //# The pump MUST hold a commanded stroke as unconfirmed unless the rotor edges of the device profile arrive within the profile's time.
    #[test]
    fn a_stroke_is_confirmed_by_its_edge_in_time_and_by_nothing_else() {
        let mut drive = Drive::new(at(8, 0, 0), &DEVICE);
        assert_eq!(moved(&mut drive, at(8, 0, 0)), Edge::Confirmed);
        assert_eq!(drive.command(at(8, 0, 0)), Err(Held::TooSoon));

        drive.command(at(8, 3, 0)).unwrap();
        assert_eq!(drive.command(at(8, 3, 1)), Err(Held::InFlight));
        assert_eq!(events(&mut drive, at(8, 3, 2)), []);
        assert_eq!(events(&mut drive, at(8, 3, 3)), [Event::Unconfirmed { in_row: 1 }]);
        assert_eq!(drive.edge(at(8, 3, 5)), Edge::Late);
        assert_eq!(drive.unconfirmed_in_row(), 1, "the late edge changes no count");
        assert_eq!(drive.edge(at(8, 3, 6)), Edge::Stray, "and only one edge is that stroke's");
        assert_eq!(drive.last_motion(), at(8, 0, 0).after(Duration::new(700)));
    }

    #[test]
    fn an_edge_that_arrives_after_the_time_but_before_the_tick_confirms_nothing() {
        let mut drive = Drive::new(at(8, 0, 0), &DEVICE);
        drive.command(at(8, 0, 0)).unwrap();
        assert_eq!(drive.edge(at(8, 0, 3)), Edge::Stray);
        assert_eq!(events(&mut drive, at(8, 0, 3)), [Event::Unconfirmed { in_row: 1 }]);
    }

    //= requirements/drive.md#three-unconfirmed-strokes
    //= type=test
    //# A bolus or a prime MUST stop after three unconfirmed strokes.
    //= requirements/drive.md#stall
    //= type=test
    //# The pump MUST raise the stall alarm when the device profile's number of strokes in a row pass without motion.
    //# The pump MUST try to restart a stalled drive no more often than the device profile allows, and log each attempt.
    #[test]
    fn a_silent_drive_is_restarted_three_times_then_called_stalled_and_nothing_is_caught_up() {
        let mut drive = Drive::new(at(8, 0, 0), &DEVICE);
        assert_eq!(drive.restart(), None);
        silent(&mut drive, at(8, 0, 0));
        for attempt in 1..=3u64 {
            let (due, number) = drive.restart().unwrap();
            assert_eq!((due, u64::from(number)), (at(8, 0, 30 * attempt), attempt));
            assert_eq!(drive.is_careful(), attempt == 3, "a bolus stops at the third");
            drive.command(due).unwrap();
            drive.owe();
            let told = events(&mut drive, due.after(s(3)));
            assert_eq!(told.contains(&Event::Stalled), attempt == 3);
        }
        assert_eq!(drive.restart(), None, "no further restart");
        assert_eq!(drive.state(), State::Stalled { since: at(8, 0, 0) });
        for _ in 0..3 {
            assert!(drive.repay(), "the order's next three strokes were given early");
        }
        assert!(!drive.repay());

        assert_eq!(silent(&mut drive, at(9, 0, 0)), [Event::Unconfirmed { in_row: 5 }], "stalled is said once");
        assert_eq!(moved(&mut drive, at(10, 0, 0)), Edge::Confirmed, "one stroke is not yet a recovery");
        assert!(drive.is_careful());
        assert_eq!(moved(&mut drive, at(10, 3, 0)), Edge::Recovered);
        assert_eq!((drive.state(), drive.is_careful()), (State::Turning, false));
    }

    #[test]
    fn a_hundred_missed_edges_leave_the_order_running_and_are_counted_as_unconfirmed() {
        let mut drive = Drive::new(at(0, 0, 0), &DEVICE);
        let mut unconfirmed = 0;
        for stroke in 0..100 {
            let told = silent(&mut drive, at(1, 3 * stroke, 0));
            unconfirmed += told.iter().filter(|event| matches!(event, Event::Unconfirmed { .. })).count();
        }
        assert_eq!(unconfirmed, 100);
        moved(&mut drive, at(7, 0, 0));
        assert_eq!(moved(&mut drive, at(7, 3, 0)), Edge::Recovered);
    }

    //= requirements/drive.md#strong-field
    //= type=test
    //# The pump MUST NOT command a stroke while a strong field is present.
    //# A strong field that lasts over 20 minutes MUST raise an alarm.
    //# When the strong field has gone, the pump MUST resume by itself.
    //= requirements/drive.md#recovered
    //= type=test
    //# The pump MUST call the drive recovered only after two consistent rotor checks.
    #[test]
    fn a_scan_of_forty_minutes_holds_alarms_and_comes_back_by_itself() {
        let mut drive = Drive::new(at(9, 0, 0), &DEVICE);
        drive.command(at(9, 0, 0)).unwrap();
        assert_eq!(drive.field(at(9, 0, 1), true), Some(Event::Unconfirmed { in_row: 1 }));
        assert_eq!(drive.edge(at(9, 0, 1)), Edge::Stray, "in the field an edge proves nothing");
        assert_eq!(drive.command(at(9, 10, 0)), Err(Held::Field));
        assert_eq!(events(&mut drive, at(9, 20, 1)), []);
        assert_eq!(events(&mut drive, at(9, 20, 2)), [Event::FieldLong]);
        assert_eq!(drive.field(at(9, 40, 0), false), None);
        assert_eq!(events(&mut drive, at(9, 42, 0)), []);

        assert!(drive.is_careful(), "basal only, no bolus");
        assert_eq!(drive.check(), Some(at(9, 45, 0)));
        assert_eq!(moved(&mut drive, at(9, 43, 0)), Edge::Confirmed);
        assert_eq!(silent(&mut drive, at(9, 46, 0)), [Event::Unconfirmed { in_row: 1 }]);
        assert_eq!(moved(&mut drive, at(9, 49, 0)), Edge::Confirmed, "the count began again");
        assert_eq!(moved(&mut drive, at(9, 52, 0)), Edge::Recovered);
        assert_eq!(events(&mut drive, at(11, 0, 0)), []);
    }

    #[test]
    fn a_drive_that_does_not_turn_after_the_scan_alarms_within_the_half_hour_and_is_still_tried() {
        let mut drive = Drive::new(at(9, 0, 0), &DEVICE);
        drive.field(at(9, 0, 0), true);
        drive.field(at(9, 15, 0), false);
        let mut told = Vec::new();
        for check in 0..4u64 {
            let due = drive.check().unwrap();
            assert_eq!(due, at(9, 20 + 5 * check, 0));
            drive.command(due).unwrap();
            drive.owe();
            told.extend(events(&mut drive, due.after(s(3))));
        }
        assert_eq!(drive.check(), None, "four early strokes are the most");
        assert!(told.contains(&Event::Stalled));
        assert_eq!(events(&mut drive, at(9, 35, 1)), []);
        assert!(told.contains(&Event::NoRecovery), "{told:?}");
        assert_eq!(moved(&mut drive, at(15, 0, 0)), Edge::Confirmed);
        assert_eq!(moved(&mut drive, at(15, 3, 0)), Edge::Recovered, "six hours later it turns, and says so");
    }

    #[test]
    fn a_magnet_clasp_eight_hours_a_night_neither_sticks_nor_gives_anything_on_top() {
        let mut drive = Drive::new(at(0, 0, 0), &DEVICE);
        let (mut given, mut due) = (0u64, 0u64);
        for night in 0..30 {
            // The clasp opens for six minutes each hour; at other times of the night the rotor is held.
            for hour in 22..30 {
                let hour = night * 24 + hour;
                drive.field(at(hour, 0, 0), true);
                events(&mut drive, at(hour, 54, 0));
                drive.field(at(hour, 54, 0), false);
                if let Some(check) = drive.check().filter(|check| *check < at(hour + 1, 0, 0)) {
                    moved(&mut drive, check);
                    drive.owe();
                    given += 1;
                }
            }
            for stroke in 0..320 {
                due += 1;
                if !drive.repay() {
                    moved(&mut drive, at(night * 24 + 30, 3 * stroke, 0));
                    given += 1;
                }
            }
            assert_eq!(drive.state(), State::Turning, "each morning it is itself again");
            assert!(given <= due + u64::from(OWED_MAX), "{given} given, {due} due");
        }
    }

    #[test]
    fn a_field_that_flaps_does_not_hide_that_the_drive_never_turned() {
        let mut drive = Drive::new(at(9, 0, 0), &DEVICE);
        let mut told = Vec::new();
        for round in 0..10 {
            drive.field(at(9, 10 * round, 0), true);
            drive.field(at(9, 10 * round + 5, 0), false);
            told.extend(events(&mut drive, at(9, 10 * round + 9, 0)));
        }
        assert_eq!(told, [Event::NoRecovery]);
    }

    //= requirements/drive.md#further-than-permitted
    //= type=test
    //# The pump MUST cut the drive when the rotor has moved further than permitted.
    #[test]
    fn a_rotor_that_turns_without_permits_must_be_cut_at_the_third_edge() {
        let mut drive = Drive::new(at(9, 0, 0), &DEVICE);
        moved(&mut drive, at(9, 0, 0));
        assert_eq!(drive.edge(at(9, 1, 0)), Edge::Stray);
        assert_eq!(drive.edge(at(9, 1, 1)), Edge::Stray);
        assert_eq!(drive.edge(at(9, 1, 2)), Edge::Runaway);
        let mut knocked = Drive::new(at(9, 0, 0), &DEVICE);
        for hour in 9..40 {
            assert_eq!(knocked.edge(at(hour, 0, 0)), Edge::Stray, "a knock an hour is no runaway");
        }
    }

    //= requirements/drive.md#long-standstill
    //= type=test
    //# A stop or a stall of more than 48 h MUST leave an alarm standing that asks for a check of the volume, until a clinician clears it.
    #[test]
    fn after_48_hours_without_motion_the_flag_stands_through_restart_and_recovery() {
        let mut drive = Drive::new(at(0, 0, 0), &DEVICE);
        moved(&mut drive, at(0, 0, 0));
        assert_eq!(events(&mut drive, at(48, 0, 0)), []);
        assert!(drive.deadline().is_some_and(|due| due <= at(48, 0, 1)));
        assert_eq!(events(&mut drive, at(48, 0, 1)), [Event::LongStandstill]);
        moved(&mut drive, at(49, 0, 0));
        let kept = Kept::decode(&drive.kept().encode()).unwrap();
        assert!(kept.is_long_standstill);
        let mut after = Drive::restore(at(50, 0, 0), &DEVICE, kept, false);
        assert_eq!(events(&mut after, at(50, 0, 0)), [], "said once");
        after.clear_standstill(at(51, 0, 0));
        assert!(!after.kept().is_long_standstill);
    }

    #[test]
    fn a_restart_in_the_middle_of_a_stroke_or_a_recovery_forgets_neither() {
        let mut drive = Drive::new(at(9, 0, 0), &DEVICE);
        drive.field(at(9, 0, 0), true);
        let kept = drive.kept();
        let mut after = Drive::restore(at(9, 5, 0), &DEVICE, kept, true);
        assert_eq!(after.unconfirmed_in_row(), 1);
        assert!(after.is_careful());
        moved(&mut after, at(9, 6, 0));
        assert_eq!(moved(&mut after, at(9, 9, 0)), Edge::Recovered);
    }

    proptest::proptest! {
        #[test]
        fn whatever_happens_two_confirmed_strokes_outside_the_field_end_in_turning(
            acts in proptest::collection::vec((0u8..5, 1u64..1_000), 0..200)
        ) {
            let (mut drive, mut now) = (Drive::new(at(0, 0, 0), &DEVICE), at(0, 0, 0));
            let (mut commanded, mut settled) = (0u32, 0u32);
            for (act, seconds) in acts {
                now = now.after(s(seconds));
                match act {
                    0 => settled += u32::from(drive.field(now, seconds % 2 == 0).is_some()),
                    1 => { settled += u32::from(matches!(drive.edge(now), Edge::Confirmed | Edge::Recovered)); }
                    2 | 3 => { commanded += u32::from(drive.command(now).is_ok()); }
                    _ => {}
                }
                settled += events(&mut drive, now).iter().filter(|event| matches!(event, Event::Unconfirmed { .. })).count() as u32;
                // Each stroke is confirmed or unconfirmed, once.
                proptest::prop_assert_eq!(commanded, settled + u32::from(drive.is_in_flight()));
            }
            drive.field(now, false);
            now = now.after(s(10));
            events(&mut drive, now);
            for _ in 0..2 {
                now = now.after(s(10));
                moved(&mut drive, now);
            }
            proptest::prop_assert_eq!(drive.state(), State::Turning);
            proptest::prop_assert!(!drive.is_careful());
        }
    }
}
