//! Ceilings: whether this much more may be given, and the proof without which the drive does not turn.
//!
//! This file answers for the limits of every drug over one hour, four hours and a day, for the device's factory limits
//! in volume, for the look ahead before a bolus, and for the [`Permit`]. What a stroke holds at the tip it is told by
//! `fluid_path`; how much basal is to come by `program`.
//!
//! Terms. *Known* charges were made for strokes of this pump. *Assumed* charges stand for what cannot be known after a
//! lost dose record; they refuse boluses only. A *lane* belongs to one drug for as long as that drug is ordered, in the
//! path or in a window; the last lane counts volume.
//!
//! A charge is made when a stroke is authorised and never taken back: a stroke that was not confirmed counts.

use orders::mixture::DRUGS_MAX;
use orders::prescription::Ceiling;
use orders::{DeviceProfile, Drug, Duration, Field, Instant, Mass, Prescription, Reason, Refusal, Volume};

use crate::bolus::Source;
use crate::windows::{Closed, LANES, NOTHING, Row, VOLUME_LANE, Window, Windows, begin_of, bucket_of};

/// Proof that this volume was inside every limit when it was asked for.
///
/// Only [`Ceilings::authorize`] and [`Ceilings::authorize_prime`] make one. It cannot be copied, it expires, and the
/// drive consumes it: there is no other way to turn the motor.
///
/// ```compile_fail,E0599
/// fn twice(permit: pump::ceilings::Permit) -> [pump::ceilings::Permit; 2] {
///     [permit.clone(), permit]
/// }
/// ```
//= requirements/ceilings.md#permit
//# A permit MUST be made by the ceilings alone.
#[derive(Debug, PartialEq, Eq)]
pub struct Permit {
    volume: Volume,
    source: Source,
    until: Instant,
}

impl Permit {
    /// How much may move.
    pub const fn volume(&self) -> Volume {
        self.volume
    }

    /// Who asked for it.
    pub const fn source(&self) -> Source {
        self.source
    }

    /// Whether it may still be used.
    pub fn is_good(&self, now: Instant) -> bool {
        now <= self.until
    }
}

/// A permit not used by then is void: the windows have moved on.
const PERMIT_LASTS: Duration = Duration::from_secs(60);

/// Most candidate times that are tried for a not-before: every bucket of the windows, twice over.
const TRIES_MAX: u32 = 120;

/// The limit of one lane over each window, in the lane's unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Limits {
    hour: u64,
    four_hours: u64,
    day: u64,
}

impl Limits {
    const fn of(self, window: Window) -> u64 {
        match window {
            Window::Hour => self.hour,
            Window::FourHours => self.four_hours,
            Window::Day => self.day,
        }
    }

    const fn of_ceiling(ceiling: Ceiling) -> Self {
        Self { hour: ceiling.hour.get(), four_hours: ceiling.four_hours.get(), day: ceiling.day.get() }
    }
}

/// What a lost dose record stands for until a day has passed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Assumed {
    until: Instant,
    rows: [Row; 3],
}

/// A signed one-shot allowance for a prime.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Allowance {
    left: Row,
}

/// The limits in force and what has been charged to them.
#[derive(Clone, Debug)]
pub struct Ceilings {
    windows: Windows,
    drugs: [Option<Drug>; DRUGS_MAX],
    limits: [Limits; LANES],
    assumed: Option<Assumed>,
    prime: Option<Allowance>,
}

impl Ceilings {
    /// No drug may be given yet; volume only within the factory limits.
    pub fn new(now: Instant, device: &DeviceProfile) -> Self {
        let none = Limits { hour: 0, four_hours: 0, day: 0 };
        let mut limits = [none; LANES];
        if let Some(volume) = limits.get_mut(VOLUME_LANE) {
            let (hour, day) = (device.hour_max.get(), device.day_max.get());
            *volume = Limits { hour, four_hours: day, day };
        }
        Self { windows: Windows::new(now), drugs: [None; DRUGS_MAX], limits, assumed: None, prime: None }
    }

    /// The drug of each lane.
    pub const fn drugs(&self) -> &[Option<Drug>; DRUGS_MAX] {
        &self.drugs
    }

    /// What has been given.
    pub const fn windows(&self) -> &Windows {
        &self.windows
    }

    /// A row of these masses, one per lane of drugs, and this volume.
    pub fn row(masses: &[Mass; DRUGS_MAX], volume: Volume) -> Row {
        let mut row = NOTHING;
        for (lane, mass) in row.iter_mut().zip(masses) {
            *lane = mass.get();
        }
        if let Some(lane) = row.get_mut(VOLUME_LANE) {
            *lane = volume.get();
        }
        row
    }

    /// The drug of each lane as an order would have them. A drug that the order no longer names keeps its lane while
    /// `still_in_path` says so or a window holds any of it.
    ///
    /// # Errors
    /// [`Reason::TooManyDrugs`] if order, path and windows together hold more than four.
    pub fn drugs_with(
        &self,
        order: &Prescription,
        still_in_path: impl Fn(Drug) -> bool,
    ) -> Result<[Option<Drug>; DRUGS_MAX], Refusal> {
        let mut drugs = self.drugs;
        for (lane, drug) in drugs.iter_mut().enumerate() {
            let is_charged = Window::ALL.iter().any(|window| self.windows.total(*window, lane) > 0);
            if drug.is_some_and(|drug| order.mixture.of_drug(drug).is_none() && !is_charged && !still_in_path(drug)) {
                *drug = None;
            }
        }
        for component in order.mixture.iter().filter(|component| !self.drugs.contains(&Some(component.drug))) {
            let free = drugs.iter_mut().find(|lane| lane.is_none());
            *free.ok_or(Refusal::plain(Reason::TooManyDrugs))? = Some(component.drug);
        }
        Ok(drugs)
    }

    /// Takes the ceilings of an order; a drug that keeps its lane without being ordered keeps its old ceiling.
    ///
    /// # Errors
    /// As [`Self::drugs_with`]; nothing changed.
    pub fn set_order(&mut self, order: &Prescription, still_in_path: impl Fn(Drug) -> bool) -> Result<(), Refusal> {
        self.drugs = self.drugs_with(order, still_in_path)?;
        for (component, ceiling) in order.mixture.iter().zip(order.ceilings) {
            let lanes = self.drugs.iter().zip(&mut self.limits);
            for (_, limits) in lanes.filter(|(drug, _)| **drug == Some(component.drug)) {
                *limits = Limits::of_ceiling(ceiling);
            }
        }
        Ok(())
    }

    /// Moves the windows on; what closed goes to `keep`, to be stored.
    pub fn advance(&mut self, now: Instant, keep: impl FnMut(Closed)) {
        self.windows.advance(now, keep);
        if self.assumed.is_some_and(|assumed| now >= assumed.until) {
            self.assumed = None;
        }
    }

    /// Whether a bucket is over, so that [`Self::advance`] has something to do.
    pub fn is_bucket_over(&self, now: Instant) -> bool {
        self.windows.number() < bucket_of(now, Window::Hour)
    }

    /// Asks for one stroke of basal or bolus, charges it and gives the proof for it.
    ///
    /// # Errors
    /// The drug's window that it would pass, with what it would come to and the ceiling; nothing was charged.
    //= requirements/ceilings.md#rolling-windows
    //# The pump MUST charge every stroke except those of a prime, whatever asked for it, to each drug's ceilings over a rolling 1 h, 4 h and 24 h, in buckets of 5, 15 and 60 minutes.
    pub fn authorize(&mut self, now: Instant, volume: Volume, row: &Row, source: Source) -> Result<Permit, Refusal> {
        for window in Window::ALL {
            // A lane without drug holds nothing and has no ceiling; a lane with drug and no ceiling refuses.
            for (lane, more) in row.iter().enumerate().filter(|(_, more)| **more > 0) {
                let assumed = self.assumed_for(window, lane, source);
                let total = self.windows.total(window, lane).saturating_add(*more).saturating_add(assumed);
                let limit = self.limit(lane, window);
                if total > limit {
                    return Err(self.refusal(window, lane, total, limit));
                }
            }
        }
        self.windows.charge(row);
        Ok(Permit { volume, source, until: now.after(PERMIT_LASTS) })
    }

    /// Opens the allowance of a prime: apart from the running ceilings, once.
    pub fn allow_prime(&mut self, masses: &[Mass; DRUGS_MAX], volume: Volume) {
        self.prime = Some(Allowance { left: Self::row(masses, volume) });
    }

    /// Closes it; what is left of it is gone.
    pub fn end_prime(&mut self) {
        self.prime = None;
    }

    /// Asks for one stroke of a prime and gives the proof for it.
    ///
    /// # Errors
    /// [`Reason::NoProposal`] without an allowance, [`Reason::Disagreement`] if it is used up; nothing was charged.
    pub fn authorize_prime(&mut self, now: Instant, volume: Volume, row: &Row) -> Result<Permit, Refusal> {
        //= requirements/ledger.md#prime-allowance
        //# The pump MUST prime only within a signed one-shot allowance in milligrams, charged by the upper bound of the mass.
        let allowance = self.prime.as_mut().ok_or(Refusal::plain(Reason::NoProposal))?;
        for (left, more) in allowance.left.iter().zip(row) {
            if more > left {
                return Err(Refusal::of(Reason::Disagreement, Field::PrimeAllowance, *more, *left));
            }
        }
        for (left, more) in allowance.left.iter_mut().zip(row) {
            *left = left.saturating_sub(*more);
        }
        Ok(Permit { volume, source: Source::Prime, until: now.after(PERMIT_LASTS) })
    }

    /// Looks ahead: whether a bolus that starts now and ends by `end` leaves every window that holds any part of it
    /// inside its ceilings, with all that is scheduled or in progress beside it.
    ///
    /// `planned` bounds from above what else will be given between two instants.
    ///
    /// # Errors
    /// The first window that would be passed, with the time before which the same request does not fit.
    //= requirements/ceilings.md#predicted-to-its-end
    //# The pump MUST accept a commanded delivery only if, in every window that holds any part of it up to 24 h past its end, what was given, is in progress and is scheduled stays within every ceiling.
    pub fn predict(
        &self,
        now: Instant,
        duration: Duration,
        bolus: &Row,
        planned: &dyn Fn(Instant, Instant) -> Row,
    ) -> Result<(), Refusal> {
        let Err((_, mut refusal)) = self.fits_at(now, now, duration, bolus, planned) else { return Ok(()) };
        refusal.not_before = self.not_before(now, duration, bolus, planned);
        Err(refusal)
    }

    /// Whether [`Self::predict`] grants it, without a word on when it would.
    pub fn fits(
        &self,
        now: Instant,
        duration: Duration,
        bolus: &Row,
        planned: &dyn Fn(Instant, Instant) -> Row,
    ) -> bool {
        self.fits_at(now, now, duration, bolus, planned).is_ok()
    }

    /// The first beginning of a bucket at which the same bolus fits; nothing if it never does.
    //= requirements/ceilings.md#not-before-is-never-early
    //# A refusal by a ceiling MUST name the drug, the window and a time before which the same request does not fit, and that time is never too early.
    fn not_before(
        &self,
        now: Instant,
        duration: Duration,
        bolus: &Row,
        planned: &dyn Fn(Instant, Instant) -> Row,
    ) -> Option<Instant> {
        let mut at = now;
        for _ in 0..TRIES_MAX {
            let Err((window, _)) = self.fits_at(now, at, duration, bolus, planned) else { return Some(at) };
            at = begin_of(bucket_of(at, window).saturating_add(1), window);
        }
        None
    }

    /// Whether a bolus fits that is seen from `now` and starts at `start`; if not, the window that it would pass.
    fn fits_at(
        &self,
        now: Instant,
        start: Instant,
        duration: Duration,
        bolus: &Row,
        planned: &dyn Fn(Instant, Instant) -> Row,
    ) -> Result<(), (Window, Refusal)> {
        let end = start.after(duration);
        for window in Window::ALL {
            let open = bucket_of(now, window);
            let first = bucket_of(start, window);
            // The last window that holds a part of the bolus ends one window after the bolus does.
            let last = bucket_of(end, window).saturating_add(window.closed());
            for number in first..=last {
                let from = begin_of(number.saturating_sub(window.closed()), window).max(now);
                let to = begin_of(number.saturating_add(1), window);
                let to_come = planned(from, to);
                for (lane, more) in bolus.iter().enumerate().filter(|(_, more)| **more > 0) {
                    let given = self.windows.remaining(window, lane, number.saturating_sub(open));
                    let assumed = self.assumed_for(window, lane, Source::Patient);
                    let to_come = to_come.get(lane).copied().unwrap_or(u64::MAX);
                    let total = given.saturating_add(assumed).saturating_add(to_come).saturating_add(*more);
                    let limit = self.limit(lane, window);
                    if total > limit {
                        return Err((window, self.refusal(window, lane, total, limit)));
                    }
                }
            }
        }
        Ok(())
    }

    /// After a lost dose record: the windows are taken as full of what the order gives at most, for a day.
    //= requirements/time.md#lost-dose-record
    //# When the dose record is lost, the pump MUST fill the windows with basal and allotment as assumed charges.
    pub fn assume(&mut self, now: Instant, per_window: [Row; 3]) {
        self.assumed = Some(Assumed { until: now.after(Duration::from_days(1)), rows: per_window });
    }

    //= requirements/ceilings.md#assumed-charges
    //# The pump MUST count assumed charges against boluses only.
    fn assumed_for(&self, window: Window, lane: usize, source: Source) -> u64 {
        match (source, &self.assumed) {
            (Source::Basal | Source::Prime, _) | (_, None) => 0,
            (Source::Periodic | Source::Single | Source::Patient, Some(assumed)) => {
                assumed.rows.get(usize::from(window.code())).and_then(|row| row.get(lane)).copied().unwrap_or(u64::MAX)
            }
        }
    }

    fn limit(&self, lane: usize, window: Window) -> u64 {
        self.limits.get(lane).map_or(0, |limits| limits.of(window))
    }

    /// What has been charged in a window of a drug.
    pub fn given(&self, drug: Drug, window: Window) -> Mass {
        let lane = self.drugs.iter().position(|lane| *lane == Some(drug));
        Mass::new(lane.map_or(0, |lane| self.windows.total(window, lane)))
    }

    /// Builds the charges anew after a restart: the lanes and the open bucket. The limits follow with the order.
    pub fn restore(&mut self, drugs: [Option<Drug>; DRUGS_MAX], number: u32, open: Row) {
        (self.drugs, self.windows) = (drugs, Windows::begin_restore(number, open));
    }

    /// Puts a stored bucket back.
    pub fn put_back(&mut self, closed: &Closed) {
        self.windows.put_back(closed);
    }

    /// The drug and ceiling of each lane after a restart, once the status was read: a drug that is no longer ordered and
    /// still in the path keeps its ceiling, else every stroke that holds it would be refused and it would never leave.
    pub fn restore_lanes(&mut self, lanes: &[Option<(Drug, Ceiling)>; DRUGS_MAX]) {
        for ((drug, limits), lane) in self.drugs.iter_mut().zip(&mut self.limits).zip(lanes) {
            *drug = lane.map(|(drug, _)| drug);
            if let Some((_, ceiling)) = lane {
                *limits = Limits::of_ceiling(*ceiling);
            }
        }
    }

    /// The drug and ceiling of each lane, for the record.
    pub fn lanes(&self) -> [Option<(Drug, Ceiling)>; DRUGS_MAX] {
        let mut lanes = [None; DRUGS_MAX];
        for ((lane, drug), limits) in lanes.iter_mut().zip(self.drugs).zip(self.limits) {
            let mass = |window| Mass::new(limits.of(window));
            let (hour, four_hours, day) = (mass(Window::Hour), mass(Window::FourHours), mass(Window::Day));
            *lane = drug.map(|drug| (drug, Ceiling { hour, four_hours, day }));
        }
        lanes
    }

    /// The rotor moved though nobody asked: charged, whatever the ceilings say.
    pub fn charge_stray(&mut self, row: &Row) {
        self.windows.charge(row);
    }

    fn refusal(&self, window: Window, lane: usize, total: u64, limit: u64) -> Refusal {
        let reason = match window {
            Window::Hour => Reason::Ceiling1h,
            Window::FourHours => Reason::Ceiling4h,
            Window::Day => Reason::Ceiling24h,
        };
        let field = if lane == VOLUME_LANE { Field::SingleVolume } else { Field::Dose };
        let drug = self.drugs.get(lane).copied().flatten();
        Refusal { drug, ..Refusal::of(reason, field, total, limit) }
    }
}
