//! The judge: whether an order may run on this pump with what lies in it, and what it comes to.
//!
//! Used by the pump when an order is proposed and by the `check` command at a desk. It answers for the limits that hold
//! of the order as a whole: the device's, the ceilings' (basal, whole allotment, one bucket and one stroke), the
//! reservoir's. It works out the totals that people compare, itself, from flows and concentrations.
//!
//! Terms. *Filled* is what the reservoir really holds, mixed with what was left in it; totals and ceilings use its
//! concentration where it is higher than the ordered one.

use heapless::Vec;
use orders::mixture::DRUGS_MAX;
use orders::prescription::{BolusStart, HALF_HOURS, Mode, PatientBolus, Schedule};
use orders::quantity::mul_div_ceil;
use orders::{
    Concentration, DeviceProfile, Drug, Duration, Field, FlowRate, MassRate, Mixture, Permille, Prescription, Reason,
    Refusal, Refusals, Volume,
};

use crate::reservoir::{Draw, Outlook, Remaining};
use crate::windows::Window;

/// The reservoir's concentration may differ from the ordered one by as much as a usual residual thins or strengthens
/// it; beyond that it is another drug, or it was not rinsed.
pub const CONCENTRATION_TOLERANCE: Permille = Permille::new(100);
/// An alarm volume that the sheet offers for baclofen; below it people have had withdrawal.
const BACLOFEN_ALARM: Volume = Volume::new(4_000_000);
/// A refill interval shorter than this is a burden that a higher concentration would lift.
const SHORT_INTERVAL: Duration = Duration::from_days(30);

/// What one drug comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Total {
    /// Which.
    pub drug: Drug,
    /// Basal only, on the day of the week that gives most.
    pub basal: MassRate,
    /// With every bolus that may be given.
    pub all: MassRate,
}

/// Something that is allowed and worth a second look.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Caution {
    /// Patient boluses begin at once, by a typed decision.
    BolusesAtOnce,
    /// An upward ramp of an opioid waits for a contact before each step.
    OpioidRamp,
    /// With baclofen an alarm at 4 mL is offered.
    LowAlarmForBaclofen,
    /// The reservoir will not last a month.
    ShortInterval,
    /// The fall-back gives more than the basal.
    FallBackAboveBasal,
    /// Boluses give more than the basal.
    BolusesAboveBasal,
}

impl Caution {
    /// What people read.
    pub const fn words(self) -> &'static str {
        match self {
            Self::BolusesAtOnce => "patient boluses begin at once, without the day's wait",
            Self::OpioidRamp => "each upward step of an opioid waits for a recorded contact with the patient",
            Self::LowAlarmForBaclofen => {
                "withdrawal with over 2 mL left has been seen with baclofen: an alarm at 4 mL is offered"
            }
            Self::ShortInterval => "the reservoir will not last 30 days: a higher concentration would spare visits",
            Self::FallBackAboveBasal => "the fall-back gives more than the basal",
            Self::BolusesAboveBasal => "boluses may give more in a day than the basal",
        }
    }
}

/// What an order comes to, and why it may not run.
#[derive(Clone, PartialEq, Debug)]
pub struct Judgement {
    /// Each reason for which it is refused; none if it may run.
    pub refusals: Refusals,
    /// What is worth a second look.
    pub cautions: Vec<Caution, 8>,
    /// Per drug, the primary first.
    pub totals: Vec<Total, DRUGS_MAX>,
    /// Until when the reservoir would last.
    pub outlook: Outlook,
}

/// Judges an order for a device whose reservoir holds `filled`, so much of it.
pub fn judge(order: &Prescription, device: &DeviceProfile, filled: &Mixture, left: Remaining) -> Judgement {
    let mut refusals = order.check().err().unwrap_or_default();
    check_device(order, device, &mut refusals);
    check_reservoir(order, device, filled, &mut refusals);
    check_ceilings(order, device, filled, &mut refusals);
    let draw = Draw::of(order, device.minimum_rate);
    let outlook = Outlook::of(left, order.alarm_volume, &draw, device.accuracy, None);
    let totals = order.mixture.iter().map(|component| total(order, device, filled, component.drug)).collect();
    Judgement { refusals, cautions: cautions(order, &draw, &outlook), totals, outlook }
}

/// What the drive can do and the factory allows.
//= requirements/prescription.md#possible-for-the-device
//# The pump MUST refuse an order with a step, a ramp or a bolus outside the flow range of its device profile.
fn check_device(order: &Prescription, device: &DeviceProfile, refusals: &mut Refusals) {
    let highest = order.basal_highest(device.minimum_rate);
    for flow in [highest, order.fall_back] {
        if flow > device.flow_max {
            refusals.push(Refusal::of(Reason::FactoryLimit, Field::BasalFlow, flow.get(), device.flow_max.get()));
        }
    }
    let ramped = order.ramp.map_or(Permille::new(1000), |ramp| ramp.share(0).min(ramp.last));
    let lowest = lowest_flow(order, device).share_floor(ramped);
    if !lowest.is_zero() && lowest < device.minimum_rate {
        refusals.push(Refusal::of(Reason::FactoryLimit, Field::BasalFlow, lowest.get(), device.minimum_rate.get()));
    }
    let boluses = [
        order.patient_bolus.map(|bolus| (Field::BolusVolume, bolus.volume, bolus.duration)),
        periodic(order).map(|(volume, duration, _)| (Field::PeriodicVolume, volume, duration)),
    ];
    for (field, volume, duration) in boluses.into_iter().flatten() {
        //= requirements/ceilings.md#factory-limits
        //# The pump MUST refuse an order that exceeds a factory limit of its device profile, whoever signed it.
        if volume > device.bolus_max {
            refusals.push(Refusal::of(Reason::FactoryLimit, field, volume.get(), device.bolus_max.get()));
        }
        let rate = mul_div_ceil(volume.get(), Duration::from_days(1).get(), duration.get()).unwrap_or(u64::MAX);
        let rate = rate.saturating_add(highest.get());
        if rate > device.flow_max.get() {
            refusals.push(Refusal::of(Reason::FactoryLimit, Field::BasalFlow, rate, device.flow_max.get()));
        }
    }
}

/// The lowest basal flow that is not a pause.
pub(crate) fn lowest_flow(order: &Prescription, device: &DeviceProfile) -> FlowRate {
    match &order.mode {
        Mode::MinimumRate => device.minimum_rate,
        Mode::Continuous(flow) => *flow,
        Mode::Schedule(schedule) => {
            let steps = schedule.sets().flat_map(|set| set.flows);
            steps.filter(|flow| !flow.is_zero()).min().unwrap_or(FlowRate::ZERO)
        }
        Mode::PeriodicBolus(periodic) => periodic.background,
    }
}

/// Volume, duration and interval of the periodic bolus, if one is ordered.
fn periodic(order: &Prescription) -> Option<(Volume, Duration, Duration)> {
    match &order.mode {
        Mode::PeriodicBolus(periodic) => Some((periodic.volume, periodic.duration, periodic.interval)),
        Mode::MinimumRate | Mode::Continuous(_) | Mode::Schedule(_) => None,
    }
}

fn check_reservoir(order: &Prescription, device: &DeviceProfile, filled: &Mixture, refusals: &mut Refusals) {
    //= requirements/prescription.md#alarm-volume
    //# An order MUST be refused unless its alarm volume lies above the worst-case residual.
    let worst_residual = device.residual.saturating_add(device.residual.share_ceil(device.accuracy));
    if order.alarm_volume <= worst_residual {
        let (asked, limit) = (order.alarm_volume.get(), worst_residual.get());
        refusals.push(Refusal::of(Reason::OutOfBounds, Field::AlarmVolume, asked, limit));
    }
    for component in order.mixture.iter() {
        let (ordered, held) = (component.concentration, filled.concentration(component.drug));
        if !is_as_ordered(ordered, held) {
            let (ordered, held) = (u64::from(ordered.get()), u64::from(held.get()));
            let refusal = Refusal::of(Reason::Disagreement, Field::DrugConcentration, ordered, held);
            refusals.push(refusal.about(component.drug));
        }
    }
}

/// Whether what the reservoir holds of a drug is what was ordered, within the tolerance.
pub(crate) fn is_as_ordered(ordered: Concentration, held: Concentration) -> bool {
    let tolerance = u64::from(ordered.get()).saturating_mul(u64::from(CONCENTRATION_TOLERANCE.get())).div_ceil(1000);
    u64::from(ordered.get().abs_diff(held.get())) <= tolerance
}

/// The concentration that counts: the higher of what is ordered and what the reservoir really holds.
//= requirements/prescription.md#diluted-refill
//# Totals and ceilings after a refill MUST use the mixed concentration at the largest residual.
fn counted(order: &Prescription, filled: &Mixture, drug: Drug) -> Concentration {
    order.mixture.concentration(drug).max(filled.concentration(drug))
}

//= requirements/ceilings.md#order-within-its-ceilings
//# The pump MUST refuse a proposed order whose basal, whole allotment, one bucket and one stroke together exceed any of its ceilings.
fn check_ceilings(order: &Prescription, device: &DeviceProfile, filled: &Mixture, refusals: &mut Refusals) {
    for window in Window::ALL {
        let volume = window_volume(order, device, window);
        for (component, ceiling) in order.mixture.iter().zip(order.ceilings) {
            let (field, limit) = match window {
                Window::Hour => (Field::CeilingHour, ceiling.hour),
                Window::FourHours => (Field::CeilingFourHours, ceiling.four_hours),
                Window::Day => (Field::CeilingDay, ceiling.day),
            };
            let mass = volume.mass_at(counted(order, filled, component.drug));
            if !limit.is_zero() && mass > limit {
                let refusal = Refusal::of(Reason::OverCeiling, field, mass.get(), limit.get());
                refusals.push(refusal.about(component.drug));
            }
        }
        let (field, limit) = match window {
            Window::Hour => (Field::BasalFlow, device.hour_max),
            Window::FourHours | Window::Day => (Field::BasalFlow, device.day_max),
        };
        if volume > limit {
            refusals.push(Refusal::of(Reason::FactoryLimit, field, volume.get(), limit.get()));
        }
    }
}

/// The most volume that the windows will ever count at once: a window and the bucket it may be longer, every bolus that
/// may start in it or still run, and one stroke.
pub fn window_volume(order: &Prescription, device: &DeviceProfile, window: Window) -> Volume {
    let span = window.bucket().saturating_mul(u64::from(window.closed()).saturating_add(1));
    let mut volume = basal_volume(order, device, span).saturating_add(device.stroke.saturating_mul(2));
    if let Some(bolus) = order.patient_bolus {
        volume = volume.saturating_add(bolus.volume.saturating_mul(starts(&bolus, span)));
    }
    if let Some((each, duration, interval)) = periodic(order) {
        let times = span.saturating_add(duration).get().checked_div(interval.get()).unwrap_or(0).saturating_add(1);
        volume = volume.saturating_add(each.saturating_mul(times));
    }
    volume
}

/// Most patient boluses of which any part may fall into a span.
fn starts(bolus: &PatientBolus, span: Duration) -> u64 {
    let day = Duration::from_days(1);
    let by_lockout = |span: Duration| {
        let span = span.saturating_add(bolus.duration);
        span.get().checked_div(bolus.lockout.get()).unwrap_or(0).saturating_add(1)
    };
    let allotment = u64::from(bolus.allotment);
    let beyond = span.saturating_add(bolus.duration).saturating_sub(day);
    let extra = if beyond.is_zero() { 0 } else { by_lockout(beyond).min(allotment) };
    by_lockout(span).min(allotment.saturating_add(extra))
}

/// Most basal in any span of this length, rounded up.
fn basal_volume(order: &Prescription, device: &DeviceProfile, span: Duration) -> Volume {
    let share = order.ramp.map_or(Permille::new(1000), |ramp| ramp.highest());
    match &order.mode {
        Mode::Schedule(schedule) => heaviest_span(schedule, span).share_ceil(share),
        Mode::MinimumRate | Mode::Continuous(_) | Mode::PeriodicBolus(_) => {
            order.basal_highest(device.minimum_rate).volume_ceil(span).share_ceil(share)
        }
    }
}

/// The most that a week which goes round gives in any span, rounded up.
///
/// What a span gives changes evenly between the moments at which its begin or its end meets a step, so that the most is
/// given by one that begins with a step or ends with one.
fn heaviest_span(schedule: &Schedule, span: Duration) -> Volume {
    let half_hour = Duration::from_minutes(30).get();
    let whole = usize::try_from(span.get().checked_div(half_hour).unwrap_or(0)).unwrap_or(HALF_HOURS);
    let rest = span.get().checked_rem(half_hour).unwrap_or(0);
    let week = (0..7u8).flat_map(|day| (0..48u8).map(move |half| schedule.flow(day, half).get()));
    let mut heaviest = 0u64;
    for start in 0..HALF_HOURS.saturating_mul(7) {
        // One step before, the whole steps, one step after.
        let mut steps = week.clone().cycle().skip(start);
        let before = steps.next().unwrap_or(0);
        let middle = steps.by_ref().take(whole).fold(0u64, u64::saturating_add);
        let after = steps.next().unwrap_or(0);
        let sum = middle.saturating_mul(half_hour).saturating_add(before.max(after).saturating_mul(rest));
        heaviest = heaviest.max(sum);
    }
    Volume::new(heaviest.div_ceil(Duration::from_days(1).get()))
}

/// The pump's own total of one drug.
//= requirements/prescription.md#own-totals
//# The pump MUST work out the 24 h totals of every drug itself, basal only and with all boluses, for the running and the proposed order.
pub fn total(order: &Prescription, device: &DeviceProfile, filled: &Mixture, drug: Drug) -> Total {
    let concentration = counted(order, filled, drug);
    let share = order.ramp.map_or(Permille::new(1000), |ramp| ramp.highest());
    let day = match &order.mode {
        Mode::Schedule(schedule) => {
            let heaviest = (0..7).map(|weekday| schedule.day_volume(weekday)).max().unwrap_or(Volume::ZERO);
            FlowRate::new(heaviest.get())
        }
        Mode::MinimumRate | Mode::Continuous(_) | Mode::PeriodicBolus(_) => order.basal_highest(device.minimum_rate),
    };
    let periodic = periodic(order).map_or(0, |(volume, _, interval)| {
        let times = Duration::from_days(1).get().div_ceil(interval.get().max(1));
        volume.get().saturating_mul(times)
    });
    let basal = FlowRate::new(Volume::new(day.get()).share_ceil(share).get().saturating_add(periodic));
    let boluses = order.patient_bolus.map_or(0, |bolus| bolus.volume.get().saturating_mul(u64::from(bolus.allotment)));
    let all = basal.saturating_add(FlowRate::new(boluses));
    Total { drug, basal: basal.mass_rate(concentration), all: all.mass_rate(concentration) }
}

fn cautions(order: &Prescription, draw: &Draw, outlook: &Outlook) -> Vec<Caution, 8> {
    let boluses = order.patient_bolus.map_or(0, |bolus| bolus.volume.get().saturating_mul(u64::from(bolus.allotment)));
    let has_baclofen = order.mixture.of_drug(Drug::Baclofen).is_some();
    let is_up = order.ramp.is_some_and(|ramp| ramp.is_upward());
    [
        (
            Caution::BolusesAtOnce,
            order.patient_bolus.is_some() && matches!(order.bolus_start, BolusStart::AtOnce { .. }),
        ),
        (Caution::OpioidRamp, is_up && order.mixture.has_opioid()),
        (Caution::LowAlarmForBaclofen, has_baclofen && order.alarm_volume < BACLOFEN_ALARM),
        (Caution::ShortInterval, outlook.worst.is_some_and(|worst| worst < SHORT_INTERVAL)),
        (Caution::FallBackAboveBasal, order.fall_back > draw.basal),
        (Caution::BolusesAboveBasal, boluses > draw.basal.get()),
    ]
    .into_iter()
    .filter(|(_, applies)| *applies)
    .map(|(caution, _)| caution)
    .collect()
}
