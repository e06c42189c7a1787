//! One day of an order, told for people: which flow runs from when to when, and what each weekday set comes to.
//!
//! Answers for what a person reads before an order is signed. Leaves to [`crate::judge`] whether the order may run, to
//! [`crate::program`] which flow runs now.

use orders::prescription::{HALF_HOURS, Mode};
use orders::quantity::mul_div_ceil;
use orders::{Concentration, Duration, FlowRate, Mass, Prescription, Volume};

/// A stretch of a day with one flow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// The weekdays it holds for, as bits from Monday.
    pub weekdays: u8,
    /// Its first half hour.
    pub from: u8,
    /// The half hour at which it has ended.
    pub to: u8,
    /// The flow.
    pub flow: FlowRate,
}

/// What the days of one weekday set come to, in volume; a mass follows by [`DayVolumes::masses`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DayVolumes {
    /// The weekdays, as bits from Monday.
    pub weekdays: u8,
    /// Basal alone, rounded up.
    pub basal: Volume,
    /// The most periodic boluses that any 24 h hold.
    pub periodic: Volume,
    /// Every allotted patient bolus.
    pub patient: Volume,
}

/// The masses of one drug on a day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DayMasses {
    /// Basal alone.
    pub basal: Mass,
    /// Basal with periodic boluses: what is given if nobody asks.
    pub unasked: Mass,
    /// With every allotted patient bolus.
    pub all: Mass,
}

impl DayVolumes {
    /// Of a drug at this concentration.
    pub fn masses(&self, concentration: Concentration) -> DayMasses {
        let unasked = self.basal.saturating_add(self.periodic);
        DayMasses {
            basal: self.basal.mass_at(concentration),
            unasked: unasked.mass_at(concentration),
            all: unasked.saturating_add(self.patient).mass_at(concentration),
        }
    }
}

/// Each weekday set of an order; all the week is one set where there is no schedule. Ramps aside.
pub fn days(order: &Prescription, minimum_rate: FlowRate) -> impl Iterator<Item = DayVolumes> + '_ {
    let periodic = match &order.mode {
        Mode::PeriodicBolus(periodic) => {
            let most = Duration::from_days(1).get().checked_div(periodic.interval.get()).unwrap_or(0);
            let whole = periodic.interval.saturating_mul(most) == Duration::from_days(1);
            periodic.volume.saturating_mul(if whole { most } else { most.saturating_add(1) })
        }
        Mode::MinimumRate | Mode::Continuous(_) | Mode::Schedule(_) => Volume::ZERO,
    };
    let patient =
        order.patient_bolus.map_or(Volume::ZERO, |bolus| bolus.volume.saturating_mul(u64::from(bolus.allotment)));
    sets(order, minimum_rate).map(move |(weekdays, flows)| {
        let sum = flows.iter().fold(0u64, |sum, flow| sum.saturating_add(flow.get()));
        let basal = Volume::new(mul_div_ceil(sum, 1, 48).unwrap_or(u64::MAX));
        DayVolumes { weekdays, basal, periodic, patient }
    })
}

/// Each stretch of one flow, set by set, in the order of the day. Ramps and boluses aside.
pub fn steps(order: &Prescription, minimum_rate: FlowRate) -> impl Iterator<Item = Step> + '_ {
    sets(order, minimum_rate).flat_map(|(weekdays, flows)| {
        (0u8..48).filter_map(move |from| {
            let at = |half_hour: u8| flows.get(usize::from(half_hour)).copied();
            let flow = at(from)?;
            if from > 0 && at(from.saturating_sub(1)) == Some(flow) {
                return None;
            }
            let to = (from..48).find(|half_hour| at(*half_hour) != Some(flow)).unwrap_or(48);
            Some(Step { weekdays, from, to, flow })
        })
    })
}

fn sets(order: &Prescription, minimum_rate: FlowRate) -> impl Iterator<Item = (u8, [FlowRate; HALF_HOURS])> + '_ {
    let schedule = match &order.mode {
        Mode::Schedule(schedule) => Some(schedule),
        Mode::MinimumRate | Mode::Continuous(_) | Mode::PeriodicBolus(_) => None,
    };
    let even = schedule.is_none().then(|| (0x7f, [order.basal_highest(minimum_rate); HALF_HOURS]));
    schedule.into_iter().flat_map(|schedule| schedule.sets()).map(|set| (set.weekdays, set.flows)).chain(even)
}
