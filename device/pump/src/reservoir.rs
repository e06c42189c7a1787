//! The reservoir: how much is left, for how long, and whether what a refill entered can be true.
//!
//! Answers for: nominal and worst-case volume, low and empty, the dates that follow, and the checks of a refill's
//! entry. Leaves the ledger's change to [`crate::fluid_path`], booking margins and holidays to the clinic.
//!
//! Terms. *Nominal*: by strokes counted. *Worst case*: if the pump has moved more by its whole accuracy. *Residual*: what
//! cannot be drawn out. Volumes are of the whole content, the residual included.

use orders::prescription::Mode;
use orders::quantity::{mul_div_ceil, mul_div_floor};
use orders::{DeviceProfile, Duration, Field, FlowRate, Mixture, Permille, Prescription, Reason, Refusal, Volume};

use crate::fluid_path::{FluidPath, volume_of};
use crate::fronts;

/// Drawn off and expected may differ by this much before a clinician must give a reason, whatever was delivered
/// (clinical 4.4: evaluate beyond 2 mL).
pub const DISCREPANCY_MAX: Volume = Volume::new(2_000_000);
/// What the reading of a 20 mL syringe may be wrong by: a smaller difference says nothing.
pub const READING_ERROR: Volume = Volume::new(500_000);
/// What of the vials may have been thrown away; filled can never be more than the vials held.
pub const VIAL_WASTE_MAX: Volume = Volume::new(2_000_000);

/// How much is left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Remaining {
    /// By strokes counted.
    pub nominal: Volume,
    /// If the pump has moved more than that by its whole accuracy.
    pub worst: Volume,
}

/// What the volume left allows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Level {
    /// Above the alarm volume even in the worst case.
    Enough,
    /// In the worst case at the alarm volume.
    Low,
    /// Nominally at the residual: nothing more is given, before air is.
    Empty,
}

impl Remaining {
    /// A reservoir just filled.
    pub const fn full(volume: Volume) -> Self {
        Self { nominal: volume, worst: volume }
    }

    /// What is left of a path's reservoir.
    //= requirements/reservoir.md#two-volumes
    //# The pump MUST reduce the nominal and the worst-case volume with every stroke.
    pub fn of(path: &FluidPath) -> Self {
        let nominal = path.reservoir_volume();
        let more = path.delivered().share_ceil(path.device.accuracy);
        Self { nominal, worst: nominal.saturating_sub(more) }
    }

    /// Where it stands.
    pub fn level(&self, device: &DeviceProfile, alarm_volume: Volume) -> Level {
        //= requirements/reservoir.md#empty
        //# The pump MUST stop, with the highest alarm, when the nominal volume reaches the residual.
        if self.nominal <= device.residual {
            Level::Empty
        } else if self.worst <= alarm_volume {
            Level::Low
        } else {
            Level::Enough
        }
    }
}

/// What a day draws from the reservoir.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Draw {
    /// Basal and periodic boluses, averaged.
    pub basal: FlowRate,
    /// One patient bolus; nothing where none is ordered.
    pub bolus: Volume,
    /// Most of them in 24 h.
    pub allotment: u8,
    /// How many a day were really taken, in thousandths; nothing where nobody knows.
    pub average_milli: Option<u32>,
}

impl Draw {
    /// What an order draws: its basal averaged over the week, periodic boluses with it, and the boluses it allots.
    pub fn of(order: &Prescription, minimum_rate: FlowRate) -> Self {
        let basal = match &order.mode {
            Mode::MinimumRate => minimum_rate,
            Mode::Continuous(flow) => *flow,
            Mode::Schedule(schedule) => {
                let week = (0..7).fold(Volume::ZERO, |sum, day| sum.saturating_add(schedule.day_volume(day)));
                FlowRate::new(week.get().div_ceil(7))
            }
            Mode::PeriodicBolus(periodic) => {
                let day = Duration::from_days(1).get();
                let boluses = mul_div_ceil(periodic.volume.get(), day, periodic.interval.get()).unwrap_or(u64::MAX);
                periodic.background.saturating_add(FlowRate::new(boluses))
            }
        };
        let bolus = order.patient_bolus.map_or(Volume::ZERO, |bolus| bolus.volume);
        let allotment = order.patient_bolus.map_or(0, |bolus| bolus.allotment);
        Self { basal, bolus, allotment, average_milli: None }
    }

    /// So many were really taken, in thousandths a day. Never more than the order allots: another order allowed them.
    pub fn taken(self, milli: u32) -> Self {
        Self { average_milli: Some(milli.min(u32::from(self.allotment).saturating_mul(1000))), ..self }
    }

    /// So many thousandths of a bolus a day on top of the basal, rounded up.
    fn with(&self, boluses_milli: u64) -> FlowRate {
        let boluses = self.bolus.get().saturating_mul(boluses_milli).div_ceil(1000);
        self.basal.saturating_add(FlowRate::new(boluses))
    }
}

/// How long until the alarm volume is reached; `None` where nothing is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Outlook {
    /// Basal alone, nominally.
    pub nominal: Option<Duration>,
    /// With the boluses that were taken on average, nominally; nothing where nobody knows how many.
    pub average: Option<Duration>,
    /// With every allotted bolus, nominally.
    pub all: Option<Duration>,
    /// Basal alone, if the pump moves more by its whole accuracy.
    pub basal_worst: Option<Duration>,
    /// With every allotted bolus and the whole accuracy.
    pub worst: Option<Duration>,
    /// The latest moment to refill: the worst case, or the day the drug no longer keeps, whichever comes first.
    pub refill_by: Option<Duration>,
}

impl Outlook {
    /// From what is left, what a day draws and how long the drug still keeps.
    //= requirements/reservoir.md#refill-by
    //# The refill-by date MUST assume the worst-case volume and every allotted bolus, worked out anew at each change of rate and each start of a bolus.
    pub fn of(left: Remaining, alarm_volume: Volume, draw: &Draw, accuracy: Permille, keeps: Option<Duration>) -> Self {
        let nominal = left.nominal.saturating_sub(alarm_volume);
        let worst_volume = left.worst.saturating_sub(alarm_volume);
        let all = draw.with(u64::from(draw.allotment).saturating_mul(1000));
        let worst = lasts(worst_volume, faster(all, accuracy));
        let refill_by = match (worst, keeps) {
            (Some(worst), Some(keeps)) => Some(worst.min(keeps)),
            (one, other) => one.or(other),
        };
        Self {
            nominal: lasts(nominal, draw.basal),
            average: draw.average_milli.and_then(|milli| lasts(nominal, draw.with(u64::from(milli)))),
            all: lasts(nominal, all),
            basal_worst: lasts(worst_volume, faster(draw.basal, accuracy)),
            worst,
            refill_by,
        }
    }
}

/// A flow as the pump gives it at the fast end of its accuracy, rounded up.
fn faster(flow: FlowRate, accuracy: Permille) -> FlowRate {
    let more = flow.get().saturating_mul(u64::from(accuracy.get())).div_ceil(1000);
    flow.saturating_add(FlowRate::new(more))
}

/// How long a volume lasts, rounded down: a date is never later than the fluid.
fn lasts(volume: Volume, flow: FlowRate) -> Option<Duration> {
    mul_div_floor(volume.get(), orders::quantity::DAY_MS, flow.get()).map(Duration::new)
}

/// What was entered at a refill. Nothing of it has a default.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Refill {
    /// Drawn out of the reservoir.
    pub drawn_off: Volume,
    /// Whether it was drawn until nothing more came.
    pub emptied: bool,
    /// Put in.
    pub filled: Volume,
    /// The vials' sum, or the weighed syringes'.
    pub vial_sum: Volume,
    /// What was put in, as labelled.
    pub mixture: Mixture,
    /// The clinic's code for why a discrepancy was accepted, once a clinician has looked at it.
    pub reason: Option<u8>,
}

/// Expected against drawn off.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Discrepancy {
    /// What should have come out.
    pub expected: Volume,
    /// What came out.
    pub drawn_off: Volume,
    /// Delivered really over delivered by count, in thousandths, rounded to the nearest; `None` if nothing was.
    pub ratio: Option<u32>,
    /// How far both are apart.
    pub difference: Volume,
    /// What they may be apart by accuracy.
    pub tolerance: Volume,
    /// Further apart than the device's accuracy allows.
    pub beyond_accuracy: bool,
    /// Further apart than 2 mL.
    pub beyond_volume: bool,
}

impl Discrepancy {
    /// From what was expected, what came and what was delivered by count since the fill.
    //= requirements/reservoir.md#expected-against-drawn-off
    //# The pump MUST tell expected and drawn-off volume and their difference with its tolerance at every refill.
    pub fn of(expected: Volume, drawn_off: Volume, delivered: Volume, accuracy: Permille) -> Self {
        let difference = Volume::new(expected.get().abs_diff(drawn_off.get()));
        // Less came out than expected: more was delivered than counted.
        let really = delivered.saturating_add(expected).saturating_sub(drawn_off);
        let tolerance = delivered.share_floor(accuracy).max(READING_ERROR);
        Self {
            expected,
            drawn_off,
            ratio: fronts::share(really, delivered),
            difference,
            tolerance,
            beyond_accuracy: difference > tolerance,
            beyond_volume: difference > DISCREPANCY_MAX,
        }
    }

    /// Whether a clinician must give a reason before the refill is taken.
    pub const fn needs_reason(&self) -> bool {
        self.beyond_accuracy || self.beyond_volume
    }

    /// What may be told apart by both rules, the smaller.
    pub fn limit(&self) -> Volume {
        self.tolerance.min(DISCREPANCY_MAX)
    }
}

/// A refill's entry that can be true.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Checked {
    /// Expected against drawn off.
    pub discrepancy: Discrepancy,
    /// What was left in the reservoir when it was filled.
    pub left: Volume,
}

/// Whether a refill's entry can be true for this pump.
///
/// # Errors
/// A field out of its bounds; vials that do not fit what was filled; more than the reservoir holds; drawn-off and
/// expected volume apart beyond tolerance, until a reason is given.
//= requirements/reservoir.md#both-volumes
//# The pump MUST NOT set its reservoir volume without the drawn-off volume, the filled volume and an authenticated clinician.
pub fn check(path: &FluidPath, entry: &Refill) -> Result<Checked, Refusal> {
    Field::DrawnOff.check(entry.drawn_off.get())?;
    Field::FillVolume.check(entry.filled.get())?;
    Field::VialSum.check(entry.vial_sum.get())?;
    let wasted = entry.vial_sum.checked_sub(entry.filled);
    if wasted.is_none_or(|wasted| wasted > VIAL_WASTE_MAX) {
        let (filled, vials) = (entry.filled.get(), entry.vial_sum.get());
        return Err(Refusal::of(Reason::VialMismatch, Field::FillVolume, filled, vials));
    }
    let there = volume_of(path.ledger.slugs.first());
    let residual = path.device.residual;
    let undrawn = there.saturating_sub(entry.drawn_off);
    let left = if entry.emptied { residual } else { undrawn.max(residual) };
    let room = path.device.reservoir.saturating_sub(left);
    //= requirements/reservoir.md#overfill
    //# The pump MUST refuse a fill that with what remained exceeds the capacity of the device profile.
    if entry.filled > room {
        return Err(Refusal::of(Reason::Overfill, Field::FillVolume, entry.filled.get(), room.get()));
    }
    let expected = there.saturating_sub(residual);
    let discrepancy = Discrepancy::of(expected, entry.drawn_off, path.delivered(), path.device.accuracy);
    //= requirements/reservoir.md#expected-against-drawn-off
    //# When the difference is outside the tolerance, the pump MUST NOT complete the refill until a clinician has given a reason.
    if discrepancy.needs_reason() && entry.reason.is_none() {
        let (drawn, expected) = (entry.drawn_off.get(), expected.get());
        return Err(Refusal::of(Reason::VolumeDiscrepancy, Field::DrawnOff, drawn, expected));
    }
    Ok(Checked { discrepancy, left })
}
