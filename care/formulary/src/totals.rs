//! What an order gives in a day, at most: basal alone and with every bolus it allows.
//!
//! The pump works out its own totals and is asked for them before anything is signed; these are the formulary's, for
//! the form while it is being filled in.

use orders::prescription::Mode;
use orders::quantity::{DAY_MS, mul_div_ceil};
use orders::{Component, FlowRate, MassRate, Prescription};

/// The most that a day of an order moves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DayTotals {
    /// Basal, periodic boluses in it, on the weekday that gives most; rounded up.
    pub basal: FlowRate,
    /// With every allotted patient bolus.
    pub with_boluses: FlowRate,
}

impl DayTotals {
    /// Of an order on a device with this minimum rate.
    pub fn of(order: &Prescription, minimum_rate: FlowRate) -> Self {
        let basal = match &order.mode {
            Mode::MinimumRate => minimum_rate,
            Mode::Continuous(flow) => *flow,
            Mode::Schedule(schedule) => {
                let days = (0..7).map(|weekday| schedule.day_volume(weekday));
                FlowRate::new(days.max().unwrap_or_default().get())
            }
            Mode::PeriodicBolus(periodic) => {
                let boluses = mul_div_ceil(1, DAY_MS, periodic.interval.get()).unwrap_or(u64::MAX);
                let volume = periodic.volume.saturating_mul(boluses);
                periodic.background.saturating_add(FlowRate::new(volume.get()))
            }
        };
        let boluses = order.patient_bolus.map_or(0, |b| b.volume.saturating_mul(u64::from(b.allotment)).get());
        Self { basal, with_boluses: basal.saturating_add(FlowRate::new(boluses)) }
    }

    /// What this gives of a drug in a day, basal alone.
    pub fn basal_of(&self, component: Component) -> MassRate {
        self.basal.mass_rate(component.concentration)
    }

    /// What this gives of a drug in a day with every allotted bolus.
    pub fn most_of(&self, component: Component) -> MassRate {
        self.with_boluses.mass_rate(component.concentration)
    }
}
