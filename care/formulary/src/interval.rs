//! How long a fill lasts, and by which day it must be renewed.
//!
//! Three people with one order: nobody asks for a bolus, some are asked for, all are taken. And two pumps: one that gives
//! what it counts, and one that gives as much more as its accuracy allows. Booked is for the worst of all.

use orders::quantity::{DAY_MS, mul_div_floor};
use orders::{DeviceProfile, Drug, Duration, FlowRate, Mixture, Permille, Volume};

use crate::calendar::{Day, OpenDays};
use crate::fields::Unusable;
use crate::library::Formulary;
use crate::stability::Cap;

/// How much is left above the alarm, and what empties it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Drain {
    /// What is in the reservoir now.
    pub now: Volume,
    /// Where the alarm sounds.
    pub alarm: Volume,
    /// What the order moves in a day, averaged over its schedule.
    pub flow: FlowRate,
}

impl Drain {
    /// Time until the alarm, rounded down; `None` if nothing flows.
    pub fn lasts(&self) -> Option<Duration> {
        let above = self.now.saturating_sub(self.alarm);
        mul_div_floor(above.get(), DAY_MS, self.flow.get()).map(Duration::new)
    }

    /// The same with a pump that gives more than it counts by its whole accuracy.
    pub fn lasts_at_worst(&self, accuracy: Permille) -> Option<Duration> {
        let above = self.now.saturating_sub(self.alarm);
        let per_thousand = 1000 + u64::from(accuracy.get());
        let fast = self.flow.get().checked_mul(per_thousand)?;
        mul_div_floor(above.get(), DAY_MS.checked_mul(1000)?, fast).map(Duration::new)
    }
}

/// The flow with so many patient boluses a day, given in tenths: 15 is one and a half a day. Rounded up.
pub fn with_boluses(basal: FlowRate, bolus: Volume, tenths_a_day: u32) -> FlowRate {
    let boluses = bolus.saturating_mul(u64::from(tenths_a_day)).get().div_ceil(10);
    basal.saturating_add(FlowRate::new(boluses))
}

/// What a booking is worked out from.
#[derive(Clone, Debug)]
pub struct Booking<'a> {
    /// Today: the day of the fill.
    pub today: Day,
    /// What drains the reservoir with every allotted bolus taken.
    pub drain: Drain,
    /// How far the pump may be off.
    pub accuracy: Permille,
    /// How long the fluid keeps.
    pub cap: &'a Cap,
    /// The clinic's longest interval.
    pub policy: Option<Duration>,
    /// What is in it.
    pub mixture: &'a Mixture,
    /// Whether this patient has had a withdrawal before.
    pub had_withdrawal: bool,
    /// When the clinic is open.
    pub open: &'a OpenDays,
}

/// Days that a refill may be booked on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefillBy {
    /// The last safe day on which the clinic is open.
    pub latest: Day,
    /// With the margin taken off: book here.
    pub preferred: Day,
    /// What decided it, in words.
    pub by: String,
}

/// Why there is no day.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoDay {
    /// A drug that cannot be used here.
    #[error(transparent)]
    Entry(#[from] Unusable),
    /// The clinic is closed from today to the last safe day.
    #[error("the clinic is closed on every day up to {0}, the last safe one")]
    Closed(Day),
}

/// The days of a booking.
///
/// # Errors
/// [`NoDay`].
pub fn refill_by(formulary: &Formulary, booking: &Booking) -> Result<RefillBy, NoDay> {
    //= requirements/formulary.md#not-older-than-its-stability
    //# A refill-by date MUST NOT lie after the stability of any drug of the mixture.
    let mut ends = vec![(booking.cap.keeps, format!("the fluid keeps so long ({})", booking.cap.by))];
    if let Some(lasts) = booking.drain.lasts_at_worst(booking.accuracy) {
        ends.push((lasts, "the alarm volume, every bolus taken and the pump at its fastest".to_owned()));
    }
    if let Some(policy) = booking.policy {
        ends.push((policy, "the clinic's longest interval".to_owned()));
    }
    let (soonest, by) = ends.into_iter().min_by_key(|(lasts, _)| *lasts).unwrap_or_default();
    let last_safe = booking.today.plus(days_floor(soonest));
    let margin = days_ceil(margin(formulary, booking.mixture, booking.had_withdrawal)?);
    let latest = booking.open.not_after(last_safe, booking.today).ok_or(NoDay::Closed(last_safe))?;
    let wished = last_safe.minus(margin).max(booking.today);
    let preferred = booking.open.not_after(wished, booking.today).unwrap_or(latest);
    Ok(RefillBy { latest, preferred, by })
}

/// The widest margin of the drugs; a former withdrawal asks for at least baclofen's.
fn margin(formulary: &Formulary, mixture: &Mixture, had_withdrawal: bool) -> Result<Duration, Unusable> {
    let mut widest = Duration::ZERO;
    let careful = had_withdrawal.then_some(Drug::Baclofen);
    for drug in mixture.iter().map(|c| c.drug).chain(careful) {
        widest = widest.max(formulary.entry(drug)?.margin.value);
    }
    Ok(widest)
}

/// Whole days in a span, rounded down.
pub fn days_floor(span: Duration) -> u32 {
    u32::try_from(span.get() / DAY_MS).unwrap_or(u32::MAX)
}

fn days_ceil(span: Duration) -> u32 {
    u32::try_from(span.get().div_ceil(DAY_MS)).unwrap_or(u32::MAX)
}

/// How long a fill of the whole reservoir lasts until the alarm at a flow, rounded down; `None` at no flow.
pub fn full_reservoir(device: &DeviceProfile, alarm: Volume, flow: FlowRate) -> Option<Duration> {
    Drain { now: device.reservoir, alarm, flow }.lasts()
}
