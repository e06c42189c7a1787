//! The choice of a concentration: what a stronger fluid saves in visits, and what it costs.

use orders::quantity::mul_div_floor;
use orders::{Concentration, DeviceProfile, Drug, Duration, FlowRate, Mass, MassRate, Volume};

use crate::fields::Unusable;
use crate::interval::Drain;
use crate::library::Formulary;

/// What the panel is drawn for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// The primary drug.
    pub drug: Drug,
    /// Its dose in a day, boluses as they are expected.
    pub dose: MassRate,
    /// The alarm volume.
    pub alarm: Volume,
    /// Tubing and catheter.
    pub path: Volume,
    /// What the fluid in the path holds now; none in a new system.
    pub running: Option<Concentration>,
    /// How long the fluid keeps.
    pub keeps: Duration,
}

/// What one concentration would mean.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Choice {
    /// Which.
    pub concentration: Concentration,
    /// The flow that gives the dose, rounded down.
    pub flow: FlowRate,
    /// From fill to fill, by volume at the pump's fastest or by stability, rounded down.
    pub interval: Duration,
    /// Whether it is the stability that ends it.
    pub ends_by_age: bool,
    /// Visits in a year of 365 days, rounded up.
    pub visits_a_year: u32,
    /// Fluid drawn off and thrown away at each visit: at least the alarm volume, more where age ends it.
    pub wasted: Volume,
    /// The life of a new cell at this flow, rounded down to days.
    pub cell_days: u64,
    /// Whether a mass at the tip is thought of from here on.
    pub tip_mass: bool,
    /// How long the old fluid would have to be run out; none where it is the same or the system is new.
    pub bridge: Option<Duration>,
    /// The smallest change of dose: one stroke.
    pub one_stroke: Mass,
}

/// What each of these concentrations would mean. One whose flow the device does not give, or which passes the drug's
/// hard limit, is left out.
///
/// # Errors
/// The drug cannot be used here.
pub fn panel(
    formulary: &Formulary,
    device: &DeviceProfile,
    wanted: &Wanted,
    concentrations: &[Concentration],
) -> Result<Vec<Choice>, Unusable> {
    let entry = formulary.entry(wanted.drug)?;
    let hard = entry.limits.concentration.hard.value;
    let tip_mass_from = entry.tip_mass_from.as_ref().map(|from| from.value);
    let choice = |concentration: &Concentration| {
        let concentration = *concentration;
        let flow = wanted.dose.flow_at(concentration)?;
        if flow < device.minimum_rate || flow > device.flow_max || concentration > hard {
            return None;
        }
        let drain = Drain { now: device.reservoir, alarm: wanted.alarm, flow };
        let by_volume = drain.lasts_at_worst(device.accuracy)?;
        let interval = by_volume.min(wanted.keeps);
        let given = flow.volume_floor(interval);
        let bridge = wanted
            .running
            .filter(|held| *held != concentration)
            .and_then(|held| wanted.path.time_at(wanted.dose.flow_at(held)?));
        Some(Choice {
            concentration,
            flow,
            interval,
            ends_by_age: wanted.keeps < by_volume,
            visits_a_year: visits(interval),
            wasted: device.reservoir.saturating_sub(given),
            cell_days: cell_days(device, flow),
            tip_mass: tip_mass_from.is_some_and(|from| concentration >= from),
            bridge,
            one_stroke: device.stroke.mass_at(concentration),
        })
    };
    Ok(concentrations.iter().filter_map(choice).collect())
}

fn visits(interval: Duration) -> u32 {
    let year = Duration::from_days(365).get();
    let visits = year.div_ceil(interval.get().max(1));
    u32::try_from(visits).unwrap_or(u32::MAX)
}

/// The life of a new cell at a flow without tones and with one contact a day, rounded down to days.
pub fn cell_days(device: &DeviceProfile, flow: FlowRate) -> u64 {
    let cell = &device.battery;
    let strokes = flow.get().div_ceil(device.stroke.get().max(1));
    let day_uj = strokes
        .saturating_mul(cell.stroke_uj)
        .saturating_add(cell.idle_uw.saturating_mul(86_400))
        .saturating_add(cell.contact_uj);
    mul_div_floor(cell.capacity_mj, 1000, day_uj).unwrap_or(0)
}
