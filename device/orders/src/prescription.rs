//! The prescription: what a clinician ordered, as one whole, versioned document.
//!
//! It holds flows and volumes, which the drive can do exactly; masses follow from the mixture without a division. It
//! checks its own fields against the bounds table and its own contradictions. Whether it may run on this pump, in this
//! fluid, under these ceilings is the pump's judgement.

use crate::bounds::Field;
use crate::mixture::{DRUGS_MAX, Mixture};
use crate::quantity::{Duration, FlowRate, Mass, Permille, Volume};
use crate::refusal::{Reason, Refusal, Refusals};

/// Half hours in a day: the grid of a day schedule.
pub const HALF_HOURS: usize = 48;
/// Most weekday sets in a schedule.
pub const DAY_SETS_MAX: usize = 3;

/// One day of a schedule, for some weekdays.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DaySet {
    /// Weekdays as bits, Monday the lowest.
    pub weekdays: u8,
    /// The flow of each half hour from midnight.
    pub flows: [FlowRate; HALF_HOURS],
}

/// A [`DaySet`] in half the room. A flow above what 32 bits hold, 4.29 L/day, lies far beyond its bounds and is held as
/// the most they hold, which lies as far beyond: it is refused all the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Held {
    weekdays: u8,
    nl_per_day: [u32; HALF_HOURS],
}

impl Held {
    const NOTHING: Self = Self { weekdays: 0, nl_per_day: [0; HALF_HOURS] };

    fn of(set: &DaySet) -> Self {
        let mut held = Self { weekdays: set.weekdays, ..Self::NOTHING };
        for (place, flow) in held.nl_per_day.iter_mut().zip(set.flows) {
            *place = u32::try_from(flow.get()).unwrap_or(u32::MAX);
        }
        held
    }

    fn steps(&self) -> impl Iterator<Item = FlowRate> + Clone + '_ {
        self.nl_per_day.iter().map(|flow| FlowRate::new(u64::from(*flow)))
    }

    fn set(&self) -> DaySet {
        let mut set = DaySet { weekdays: self.weekdays, flows: [FlowRate::ZERO; HALF_HOURS] };
        set.flows.iter_mut().zip(self.steps()).for_each(|(place, flow)| *place = flow);
        set
    }
}

/// A day schedule with one to three weekday sets that share out the week.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Schedule {
    /// The first ones; the others are nothing.
    held: [Held; DAY_SETS_MAX],
    count: u8,
}

impl Schedule {
    pub(crate) const EMPTY: Self = Self { held: [Held::NOTHING; DAY_SETS_MAX], count: 0 };

    /// The same day all week.
    pub fn every_day(flows: [FlowRate; HALF_HOURS]) -> Self {
        let mut schedule = Self::EMPTY;
        // The first of three: there is room.
        let _ = schedule.push(&DaySet { weekdays: 0x7f, flows });
        schedule
    }

    /// These sets; `None` if there are none or more than three.
    pub fn of(sets: &[DaySet]) -> Option<Self> {
        let mut schedule = Self::EMPTY;
        for set in sets {
            schedule.push(set)?;
        }
        Some(schedule).filter(|schedule| schedule.count > 0)
    }

    /// One set more; `None` if there are three.
    pub(crate) fn push(&mut self, set: &DaySet) -> Option<()> {
        *self.held.get_mut(usize::from(self.count))? = Held::of(set);
        self.count = self.count.saturating_add(1);
        Some(())
    }

    fn held(&self) -> impl Iterator<Item = &Held> {
        self.held.iter().take(usize::from(self.count))
    }

    /// The sets in their order.
    pub fn sets(&self) -> impl Iterator<Item = DaySet> {
        self.held().map(Held::set)
    }

    /// The flow of a weekday (Monday 0) and half hour; nothing outside the week.
    pub fn flow(&self, weekday: u8, half_hour: u8) -> FlowRate {
        let flow = self.of_day(weekday).and_then(|held| held.nl_per_day.get(usize::from(half_hour)));
        FlowRate::new(flow.map_or(0, |flow| u64::from(*flow)))
    }

    /// The flows of a weekday (Monday 0) by half hours; none outside the week.
    pub fn steps(&self, weekday: u8) -> impl Iterator<Item = FlowRate> + Clone {
        self.of_day(weekday).into_iter().flat_map(Held::steps)
    }

    fn of_day(&self, weekday: u8) -> Option<&Held> {
        let bit = 1u8.checked_shl(u32::from(weekday)).unwrap_or(0);
        self.held().find(|held| held.weekdays & bit != 0)
    }

    /// Whether every day of the week is the same.
    pub fn is_one_day(&self) -> bool {
        self.held.first().is_some_and(|held| held.weekdays & 0x7f == 0x7f)
    }

    /// The highest flow of any step.
    pub fn highest(&self) -> FlowRate {
        self.held().flat_map(Held::steps).max().unwrap_or(FlowRate::ZERO)
    }

    /// What one weekday gives, rounded up to the nL.
    pub fn day_volume(&self, weekday: u8) -> Volume {
        let daily_sum = (0u8..48).fold(0u64, |sum, half_hour| sum.saturating_add(self.flow(weekday, half_hour).get()));
        Volume::new(daily_sum.div_ceil(48))
    }
}

/// How basal drug is given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(clippy::large_enum_variant, reason = "a schedule lies in place: there is no allocation to box it with")]
pub enum Mode {
    /// Only what keeps the rotor turning.
    MinimumRate,
    /// One flow all day.
    Continuous(FlowRate),
    /// By half hours of the day.
    Schedule(Schedule),
    /// A background flow, and boluses on a fixed interval.
    PeriodicBolus(PeriodicBolus),
}

/// A background flow with boluses on a fixed interval, which runs on the monotonic clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PeriodicBolus {
    /// Flow between and during boluses.
    pub background: FlowRate,
    /// Volume of one bolus.
    pub volume: Volume,
    /// Over how long it is given.
    pub duration: Duration,
    /// From the start of one to the start of the next.
    pub interval: Duration,
    /// From the start of the order to the first.
    pub first_after: Duration,
}

/// Extra doses that the patient may ask for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PatientBolus {
    /// Volume of one bolus.
    pub volume: Volume,
    /// Over how long it is given.
    pub duration: Duration,
    /// From the start of one to the start of the next.
    pub lockout: Duration,
    /// Most in any 24 h.
    pub allotment: u8,
}

/// The most of one drug in any hour, any four hours and any 24 hours, from every source.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Ceiling {
    /// Any rolling hour.
    pub hour: Mass,
    /// Any rolling four hours.
    pub four_hours: Mass,
    /// Any rolling 24 hours.
    pub day: Mass,
}

/// A titration over days: the ordered basal is scaled from a first share to a last one in equal steps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ramp {
    /// Share of the ordered basal before the first step.
    pub first: Permille,
    /// Share after the last step.
    pub last: Permille,
    /// How many steps.
    pub steps: u8,
    /// From one step to the next.
    pub interval: Duration,
}

impl Ramp {
    /// The share after `step` steps, rounded down; after the last step exactly the last share.
    pub fn share(&self, step: u8) -> Permille {
        if step >= self.steps {
            return self.last;
        }
        let done = u32::from(step);
        let left = u32::from(self.steps.saturating_sub(step));
        let weighted = u32::from(self.first.get())
            .saturating_mul(left)
            .saturating_add(u32::from(self.last.get()).saturating_mul(done));
        let share = weighted.checked_div(u32::from(self.steps)).unwrap_or(0);
        Permille::new(u16::try_from(share).unwrap_or(u16::MAX))
    }

    /// Whether it goes up.
    pub const fn is_upward(&self) -> bool {
        self.last.get() > self.first.get()
    }

    /// The higher of both ends.
    pub const fn highest(&self) -> Permille {
        if self.is_upward() { self.last } else { self.first }
    }
}

/// When patient boluses begin after a start or an increase.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BolusStart {
    /// After a day, as is usual.
    AfterADay,
    /// At once, by a clinician's typed decision with the code of the reason.
    AtOnce {
        /// The clinic's code of the reason.
        reason: u8,
    },
}

/// What the emergency does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EmergencyRate {
    /// Only what keeps the rotor turning.
    MinimumRate,
    /// The fall-back flow.
    FallBack,
}

/// What an emergency at the skin does and whether it ends by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EmergencyRule {
    /// The rate it goes to; never above the rate it found.
    pub rate: EmergencyRate,
    /// One per drug, in the mixture's order: after how long therapy with it may return by itself; `None`: never, so that
    /// the emergency stays and alarms again.
    pub returns_after: [Option<Duration>; DRUGS_MAX],
}

impl EmergencyRule {
    /// No drug returns by itself.
    pub const STAYS: [Option<Duration>; DRUGS_MAX] = [None; DRUGS_MAX];

    /// After how long this mixture returns by itself: the longest wait of any of its drugs, and never if one of them must
    /// not. A mixture comes back as a whole, so that its most dangerous drug decides.
    pub fn returns(&self, mixture: &Mixture) -> Option<Duration> {
        let mut longest = None;
        for (_, after) in mixture.iter().zip(self.returns_after) {
            longest = longest.max(Some(after?));
        }
        longest
    }
}

/// What a clinician ordered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Prescription {
    /// Strictly rising for one pump.
    pub order_number: u64,
    /// The clinician who ordered it.
    pub author: u32,
    /// What is, or will be, in the reservoir, the primary drug first.
    pub mixture: Mixture,
    /// How basal is given.
    pub mode: Mode,
    /// Titration of the basal, if any.
    pub ramp: Option<Ramp>,
    /// Extra doses, if any.
    pub patient_bolus: Option<PatientBolus>,
    /// When they begin.
    pub bolus_start: BolusStart,
    /// One per drug, in the mixture's order.
    pub ceilings: [Ceiling; DRUGS_MAX],
    /// Volume at which the low-reservoir alarm sounds.
    pub alarm_volume: Volume,
    /// Days before the worst-case date of that volume at which the refill alarm sounds.
    pub alarm_days: u8,
    /// Longest interruption after which full basal resumes by itself.
    pub gap_limit: Duration,
    /// Share of a change at which a front begins and ends.
    pub front_threshold: Permille,
    /// The flow of last resort.
    pub fall_back: FlowRate,
    /// What the emergency does.
    pub emergency: EmergencyRule,
    /// One, or two where a second clinician must sign.
    pub signatures: u8,
}

impl Prescription {
    /// The highest basal flow the order can reach, periodic boluses apart; ramps never go above it.
    pub fn basal_highest(&self, minimum_rate: FlowRate) -> FlowRate {
        match self.mode {
            Mode::MinimumRate => minimum_rate,
            Mode::Continuous(flow) => flow,
            Mode::Schedule(schedule) => schedule.highest(),
            Mode::PeriodicBolus(periodic) => periodic.background,
        }
    }

    /// The order number's neighbours aside, every field against its bounds and against the others.
    ///
    /// # Errors
    /// Every field that is out of bounds, blank or contradicted, with value and limit.
    //= requirements/prescription.md#shape
    //# An order MUST be refused unless it names who ordered it, one to four drugs with exactly one primary, at most 48 half-hour-aligned steps and at most three weekday sets.
    pub fn check(&self) -> Result<(), Refusals> {
        //= requirements/prescription.md#times-that-fit
        //# An order MUST be refused if its lockout is shorter than its patient bolus lasts or if a periodic bolus does not fit into its interval.
        let mut refusals = Refusals::none();
        refusals.note(Field::OrderNumber.check(self.order_number));
        refusals.note(Field::Author.check(u64::from(self.author)));
        self.check_mixture(&mut refusals);
        self.check_mode(&mut refusals);
        if let Some(bolus) = &self.patient_bolus {
            refusals.note(Field::BolusVolume.check(bolus.volume.get()));
            refusals.note(Field::BolusDuration.check(bolus.duration.get()));
            refusals.note(Field::BolusLockout.check(bolus.lockout.get()));
            refusals.note(Field::BolusAllotment.check(u64::from(bolus.allotment)));
            if bolus.lockout < bolus.duration {
                refusals.push(Refusal::of(
                    Reason::Contradiction,
                    Field::BolusLockout,
                    bolus.lockout.get(),
                    bolus.duration.get(),
                ));
            }
        }
        if let Some(ramp) = &self.ramp {
            refusals.note(Field::RampSteps.check(u64::from(ramp.steps)));
            refusals.note(Field::RampInterval.check(ramp.interval.get()));
            refusals.note(Field::RampShare.check(u64::from(ramp.first.get())));
            refusals.note(Field::RampShare.check(u64::from(ramp.last.get())));
        }
        //= requirements/prescription.md#nothing-left-blank
        //# An order MUST be refused if its fall-back, its alarm volume, its gap limit or any drug's ceiling is blank.
        refusals.note(Field::AlarmVolume.check(self.alarm_volume.get()));
        refusals.note(Field::AlarmDays.check(u64::from(self.alarm_days)));
        refusals.note(Field::GapLimit.check(self.gap_limit.get()));
        refusals.note(Field::FrontThreshold.check(u64::from(self.front_threshold.get())));
        if self.fall_back.is_zero() {
            refusals.push(Refusal::of(Reason::Missing, Field::FallBack, 0, 0));
        } else {
            refusals.note(Field::FallBack.check(self.fall_back.get()));
        }
        for (drug, after) in self.emergency.returns_after.into_iter().enumerate() {
            let Some(after) = after else { continue };
            refusals.note(Field::EmergencyReturn.check(after.get()));
            if drug >= self.mixture.len() {
                refusals.push(Refusal::of(Reason::Contradiction, Field::EmergencyReturn, after.get(), 0));
            }
        }
        refusals.note(Field::Signatures.check(u64::from(self.signatures)));
        refusals.into_result()
    }

    fn check_mixture(&self, refusals: &mut Refusals) {
        let drugs = u64::try_from(self.mixture.len()).unwrap_or(u64::MAX);
        refusals.note(Field::Drugs.check(drugs));
        for (component, ceiling) in self.mixture.iter().zip(self.ceilings) {
            refusals.note(Field::DrugConcentration.check(u64::from(component.concentration.get())));
            for (field, mass) in [
                (Field::CeilingHour, ceiling.hour),
                (Field::CeilingFourHours, ceiling.four_hours),
                (Field::CeilingDay, ceiling.day),
            ] {
                if mass.is_zero() {
                    refusals.push(Refusal::of(Reason::Missing, field, 0, 0));
                } else {
                    refusals.note(field.check(mass.get()));
                }
            }
            if ceiling.hour > ceiling.four_hours {
                let (value, limit) = (ceiling.hour.get(), ceiling.four_hours.get());
                refusals.push(Refusal::of(Reason::Contradiction, Field::CeilingHour, value, limit));
            }
            if ceiling.four_hours > ceiling.day {
                let (value, limit) = (ceiling.four_hours.get(), ceiling.day.get());
                refusals.push(Refusal::of(Reason::Contradiction, Field::CeilingFourHours, value, limit));
            }
        }
    }

    fn check_mode(&self, refusals: &mut Refusals) {
        match &self.mode {
            Mode::MinimumRate => {}
            Mode::Continuous(flow) => {
                if flow.is_zero() {
                    refusals.push(Refusal::of(Reason::Missing, Field::BasalFlow, 0, 0));
                }
                refusals.note(Field::BasalFlow.check(flow.get()));
            }
            Mode::Schedule(schedule) => {
                let mut seen = 0u8;
                for set in schedule.sets() {
                    refusals.note(Field::Weekdays.check(u64::from(set.weekdays)));
                    if seen & set.weekdays != 0 {
                        let twice = u64::from(seen & set.weekdays);
                        refusals.push(Refusal::of(Reason::Contradiction, Field::Weekdays, twice, 0));
                    }
                    seen |= set.weekdays;
                    if let Some(flow) = set.flows.iter().find(|flow| Field::BasalFlow.check(flow.get()).is_err()) {
                        refusals.note(Field::BasalFlow.check(flow.get()));
                    }
                }
                if seen != 0x7f {
                    refusals.push(Refusal::of(Reason::Missing, Field::Weekdays, u64::from(seen), 0x7f));
                }
            }
            Mode::PeriodicBolus(periodic) => {
                refusals.note(Field::BasalFlow.check(periodic.background.get()));
                refusals.note(Field::PeriodicVolume.check(periodic.volume.get()));
                refusals.note(Field::PeriodicDuration.check(periodic.duration.get()));
                refusals.note(Field::PeriodicInterval.check(periodic.interval.get()));
                refusals.note(Field::PeriodicFirst.check(periodic.first_after.get()));
                if periodic.duration > periodic.interval {
                    refusals.push(Refusal::of(
                        Reason::Contradiction,
                        Field::PeriodicDuration,
                        periodic.duration.get(),
                        periodic.interval.get(),
                    ));
                }
            }
        }
    }
}
