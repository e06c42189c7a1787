//! Boluses: the rules of a patient's request, and a bolus on its way.
//!
//! This file answers for the lockout, the allotment, the hold after a start and for the pace of a bolus in progress.
//! It leaves the ceilings to `ceilings`, fronts to `fluid_path` and what the state allows to `controller`.
//!
//! Terms: the *lockout* runs from the start of one patient bolus to the start of the next. The *allotment* is the most
//! that may start in any 24 h. The *hold* keeps patient boluses off for a day after a start, a prime, an increase or a
//! gap. A bolus is given as whole strokes, rounded down when it is granted, spread evenly over its duration; a stroke that
//! could not be given in its time is left out.

use orders::prescription::PatientBolus;
use orders::quantity::mul_div_ceil;
use orders::{Duration, FlowRate, Instant, Reason, Refusal, Volume};

use crate::basal::WAIT_MAX;
use crate::moment::Moment;

/// Most starts that can matter: the largest allotment the bounds table admits.
pub const STARTS_MAX: usize = 48;

/// A rolling day.
const DAY: Duration = Duration::from_days(1);
/// Over so long the boluses taken are averaged.
const FORTNIGHT: Duration = Duration::from_days(14);

/// What was asked for by whom, for the event that says so.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    /// By the order's basal program, a bridge, or a rate below it.
    Basal,
    /// By the order's interval.
    Periodic,
    /// Once, by a clinician.
    Single,
    /// By the patient.
    Patient,
    /// To fill tubing and catheter.
    Prime,
}

impl Source {
    /// Every source, in the order of the codes.
    pub const ALL: [Source; 5] = [Source::Basal, Source::Periodic, Source::Single, Source::Patient, Source::Prime];

    /// The code in records.
    pub const fn code(self) -> u8 {
        match self {
            Source::Basal => 0,
            Source::Periodic => 1,
            Source::Single => 2,
            Source::Patient => 3,
            Source::Prime => 4,
        }
    }

    /// The source of a code; `None` if none has it.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|source| source.code() == code)
    }

    /// What people read.
    pub const fn words(self) -> &'static str {
        match self {
            Source::Basal => "basal",
            Source::Periodic => "periodic bolus",
            Source::Single => "single bolus",
            Source::Patient => "patient bolus",
            Source::Prime => "priming bolus",
        }
    }
}

/// The starts of patient boluses and what they forbid.
#[derive(Clone, Debug)]
pub struct PatientBoluses {
    /// The latest starts, a ring; a moment of nothing is an empty place.
    starts: [Moment; STARTS_MAX],
    /// Where the next start goes.
    next: usize,
    /// Until when the lockout lasts.
    lockout_until: Instant,
    /// Until when boluses are held off.
    hold_until: Instant,
}

impl PatientBoluses {
    /// None given, none held.
    pub const fn none() -> Self {
        Self { starts: [Moment::ZERO; STARTS_MAX], next: 0, lockout_until: Instant::ZERO, hold_until: Instant::ZERO }
    }

    /// Until when the lockout lasts.
    pub const fn lockout_until(&self) -> Instant {
        self.lockout_until
    }

    /// Until when boluses are held off after a start, a prime, an increase or a gap.
    pub const fn hold_until(&self) -> Instant {
        self.hold_until
    }

    /// Restores the lockout from the dose record.
    pub fn restore_lockout(&mut self, until: Instant) {
        self.lockout_until = self.lockout_until.max(until);
    }

    /// Starts the hold; it never becomes shorter by this.
    pub fn hold(&mut self, now: Instant) {
        self.hold_until = self.hold_until.max(now.after(DAY));
    }

    /// Ends the hold, by a clinician's typed decision.
    pub fn release(&mut self) {
        self.hold_until = Instant::ZERO;
    }

    /// The reason of the hold, if it lasts.
    //= requirements/bolus.md#off-by-default
    //# The pump MUST keep patient boluses off for 24 h after a start, a prime, an increase or a gap, unless a typed decision with its reason enables them earlier.
    pub fn check_hold(&self, now: Instant) -> Result<(), Refusal> {
        if now < self.hold_until { Err(Refusal::until(Reason::BolusHold, self.hold_until)) } else { Ok(()) }
    }

    /// The reason of the lockout, if it lasts.
    //= requirements/bolus.md#lockout
    //# The pump MUST refuse a patient bolus until the lockout has passed since the previous patient bolus started.
    pub fn check_lockout(&self, now: Instant) -> Result<(), Refusal> {
        if now < self.lockout_until { Err(Refusal::until(Reason::Lockout, self.lockout_until)) } else { Ok(()) }
    }

    /// The reason of the allotment, if it is used up: not before the oldest of them is a day old.
    //= requirements/bolus.md#allotment
    //# The pump MUST refuse a patient bolus once as many as the order allots have started within the past 24 h.
    pub fn check_allotment(&self, now: Instant, allotment: u8) -> Result<(), Refusal> {
        let recent = self.recent(now);
        if recent < allotment {
            return Ok(());
        }
        // The start that must be a day old is the one that many back: younger ones fill the allotment by themselves.
        let back = usize::from(allotment);
        let place = self.next.saturating_add(STARTS_MAX).saturating_sub(back).checked_rem(STARTS_MAX).unwrap_or(0);
        let oldest = self.starts.get(place).map_or(now, |start| start.instant());
        Err(Refusal::until(Reason::Allotment, oldest.after(DAY)))
    }

    /// How many started within the past 24 h.
    pub fn recent(&self, now: Instant) -> u8 {
        let recent = self.starts().filter(|start| now < start.after(DAY)).count();
        u8::try_from(recent).unwrap_or(u8::MAX)
    }

    /// How many were taken a day over the last fortnight, as far back as the starts are known, in thousandths, rounded up.
    pub fn average_milli(&self, now: Instant) -> u32 {
        let known = if self.starts().count() < STARTS_MAX { Instant::ZERO } else { self.starts().min().unwrap_or(now) };
        let window = now.since(known).min(FORTNIGHT).max(DAY);
        let taken = self.starts().filter(|start| now.since(*start) < window).count();
        let taken = u64::try_from(taken).unwrap_or(u64::MAX).saturating_mul(1000);
        let milli = mul_div_ceil(taken, DAY.get(), window.get()).unwrap_or(u64::MAX);
        u32::try_from(milli).unwrap_or(u32::MAX)
    }

    /// A patient bolus starts now. It counts whole from here on, however it ends.
    //= requirements/bolus.md#allotment
    //# The pump MUST count a bolus that was cut short as a whole one, for the lockout and for the allotment.
    pub fn start(&mut self, now: Instant, rule: &PatientBolus) {
        if let Some(place) = self.starts.get_mut(self.next) {
            // An instant of nothing marks an empty place; a bolus in the first millisecond of a life is moved by one.
            *place = Moment::of(now.max(Instant::new(1)));
        }
        self.next = self.next.saturating_add(1).checked_rem(STARTS_MAX).unwrap_or(0);
        self.lockout_until = now.after(rule.lockout.max(rule.duration));
    }

    /// The starts with the ring's place, for the record.
    pub fn starts(&self) -> impl Iterator<Item = Instant> + '_ {
        let (new, old) = self.starts.split_at_checked(self.next).unwrap_or((&[], &self.starts));
        old.iter().chain(new).map(|start| start.instant()).filter(|start| !start.is_zero())
    }

    /// Restores starts and hold from the record, the oldest first.
    pub fn restore(&mut self, hold_until: Instant, starts: impl Iterator<Item = Instant>) {
        self.hold_until = hold_until;
        for start in starts {
            if let Some(place) = self.starts.get_mut(self.next) {
                *place = Moment::of(start);
            }
            self.next = self.next.saturating_add(1).checked_rem(STARTS_MAX).unwrap_or(0);
        }
    }
}

/// A bolus on its way: so many strokes, evenly over a duration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Delivery {
    /// Who asked for it.
    pub source: Source,
    /// When it began.
    pub started: Instant,
    /// Over how long.
    pub duration: Duration,
    /// Strokes in all.
    pub strokes: u32,
    /// Strokes commanded so far.
    pub commanded: u32,
    /// Strokes the rotor confirmed so far.
    pub confirmed: u32,
    /// Unconfirmed strokes in it.
    pub unconfirmed: u8,
    /// Unconfirmed strokes since the pump's birth when it began.
    pub missed_before: u32,
    /// Strokes left out because their time had passed.
    pub left_out: u32,
}

impl Delivery {
    /// A bolus of a volume over a duration, rounded down to whole strokes; `None` if that is none at all.
    pub fn of(source: Source, now: Instant, volume: Volume, duration: Duration, stroke: Volume) -> Option<Self> {
        let strokes = u32::try_from(volume.strokes_floor(stroke)).ok().filter(|strokes| *strokes > 0)?;
        let none = Self {
            source,
            started: now,
            duration,
            strokes,
            commanded: 0,
            confirmed: 0,
            unconfirmed: 0,
            missed_before: 0,
            left_out: 0,
        };
        Some(none)
    }

    /// When the next stroke is due; `None` when all have been commanded or left out.
    pub fn due(&self) -> Option<Instant> {
        if self.is_over() {
            return None;
        }
        let share = mul_div_ceil(self.duration.get(), u64::from(self.passed()), u64::from(self.strokes.max(1)))?;
        Some(self.started.after(Duration::new(share)))
    }

    /// Leaves out every stroke whose time passed longer ago than a stroke may wait for the drive: what was not given in
    /// its time is not given later. Whether any was.
    pub fn leave_out_late(&mut self, now: Instant) -> bool {
        let before = self.left_out;
        while self.due().is_some_and(|due| now.since(due) > WAIT_MAX) {
            self.left_out = self.left_out.saturating_add(1);
        }
        self.left_out > before
    }

    /// Strokes whose time has passed: commanded or left out.
    const fn passed(&self) -> u32 {
        self.commanded.saturating_add(self.left_out)
    }

    /// Whether every stroke has been commanded or left out.
    pub const fn is_over(&self) -> bool {
        self.passed() >= self.strokes
    }

    /// When the last stroke is due, and the bolus with it.
    pub const fn end(&self) -> Instant {
        self.started.after(self.duration)
    }

    /// The flow at which it moves, rounded up.
    pub fn rate(&self, stroke: Volume) -> FlowRate {
        let day = Duration::from_days(1).get();
        let rate = orders::quantity::mul_div_ceil(self.volume(stroke).get(), day, self.duration.get());
        FlowRate::new(rate.unwrap_or(u64::MAX))
    }

    /// What is left of it.
    pub const fn left(&self, stroke: Volume) -> Volume {
        stroke.saturating_mul(self.strokes.saturating_sub(self.passed()) as u64)
    }

    /// All of it.
    pub const fn volume(&self, stroke: Volume) -> Volume {
        stroke.saturating_mul(self.strokes as u64)
    }

    /// What the rotor confirmed of it.
    pub const fn delivered(&self, stroke: Volume) -> Volume {
        stroke.saturating_mul(self.confirmed as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: u64, minutes: u64) -> Instant {
        Instant::ZERO.after(Duration::from_hours(hours)).after(Duration::from_minutes(minutes))
    }

    const RULE: PatientBolus = PatientBolus {
        volume: Volume::new(20_000),
        duration: Duration::from_minutes(10),
        lockout: Duration::from_hours(4),
        allotment: 3,
    };

    //= requirements/bolus.md#lockout
    //= type=test
    //# The pump MUST refuse a patient bolus until the lockout has passed since the previous patient bolus started.
    #[test]
    fn the_lockout_counts_from_start_to_start() {
        let mut boluses = PatientBoluses::none();
        boluses.start(at(8, 0), &RULE);
        assert_eq!(boluses.check_lockout(at(11, 59)), Err(Refusal::until(Reason::Lockout, at(12, 0))));
        assert_eq!(boluses.check_lockout(at(12, 0)), Ok(()));
    }

    //= requirements/bolus.md#allotment
    //= type=test
    //# The pump MUST refuse a patient bolus once as many as the order allots have started within the past 24 h.
    #[test]
    fn the_fourth_of_three_allotted_waits_until_the_first_is_a_day_old() {
        let mut boluses = PatientBoluses::none();
        for hour in [8, 13, 18] {
            assert_eq!(boluses.check_allotment(at(hour, 0), 3), Ok(()));
            boluses.start(at(hour, 0), &RULE);
        }
        assert_eq!(boluses.check_allotment(at(23, 0), 3), Err(Refusal::until(Reason::Allotment, at(32, 0))));
        assert_eq!(boluses.check_allotment(at(31, 59), 3), Err(Refusal::until(Reason::Allotment, at(32, 0))));
        assert_eq!(boluses.check_allotment(at(32, 0), 3), Ok(()));
        // An order with a smaller allotment looks at the later starts: two of the last day leave none of one.
        assert_eq!(boluses.check_allotment(at(33, 0), 1), Err(Refusal::until(Reason::Allotment, at(42, 0))));
    }

    //= requirements/bolus.md#allotment
    //= type=test
    //# The pump MUST count a bolus that was cut short as a whole one, for the lockout and for the allotment.
    #[test]
    fn a_bolus_that_was_cut_short_has_started_and_counts_whole() {
        let mut boluses = PatientBoluses::none();
        boluses.start(at(8, 0), &RULE);
        let cut = Delivery {
            commanded: 3,
            ..Delivery::of(Source::Patient, at(8, 0), RULE.volume, RULE.duration, Volume::new(500)).unwrap()
        };
        assert!(!cut.is_over());
        assert!(boluses.check_lockout(at(9, 0)).is_err());
        assert_eq!(boluses.recent(at(9, 0)), 1);
    }

    //= requirements/bolus.md#off-by-default
    //= type=test
    //# The pump MUST keep patient boluses off for 24 h after a start, a prime, an increase or a gap, unless a typed decision with its reason enables them earlier.
    #[test]
    fn boluses_are_off_for_a_day_after_a_start_and_a_second_cause_never_shortens_that() {
        let mut boluses = PatientBoluses::none();
        boluses.hold(at(8, 0));
        assert_eq!(boluses.check_hold(at(31, 59)), Err(Refusal::until(Reason::BolusHold, at(32, 0))));
        boluses.hold(at(7, 0));
        assert_eq!(boluses.check_hold(at(31, 59)), Err(Refusal::until(Reason::BolusHold, at(32, 0))));
        assert_eq!(boluses.check_hold(at(32, 0)), Ok(()));
        boluses.hold(at(40, 0));
        boluses.release();
        assert_eq!(boluses.check_hold(at(40, 0)), Ok(()));
    }

    #[test]
    fn a_bolus_is_spread_evenly_and_ends_with_its_duration() {
        let mut bolus =
            Delivery::of(Source::Patient, at(8, 0), Volume::new(20_900), Duration::from_minutes(10), Volume::new(500))
                .unwrap();
        assert_eq!(bolus.strokes, 41, "rounded down to whole strokes");
        let mut last = None;
        while let Some(due) = bolus.due() {
            assert!(last.is_none_or(|last| last < due));
            last = Some(due);
            bolus.commanded += 1;
        }
        assert!(last.is_some_and(|last| last < bolus.end()));
        assert!(
            Delivery::of(Source::Patient, at(8, 0), Volume::new(499), Duration::from_minutes(10), Volume::new(500))
                .is_none()
        );
    }

    #[test]
    fn what_was_started_is_known_again_after_a_restart() {
        let mut boluses = PatientBoluses::none();
        for hour in 0..60 {
            boluses.start(at(hour * 4 + 1, 0), &RULE);
        }
        let mut restored = PatientBoluses::none();
        restored.restore(boluses.hold_until(), boluses.starts());
        let now = at(60 * 4, 0);
        assert_eq!(restored.recent(now), boluses.recent(now));
        assert_eq!(restored.check_allotment(now, 3), boluses.check_allotment(now, 3));
    }
}
