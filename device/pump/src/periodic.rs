//! Boluses on a fixed interval: when the next one starts, on the clock that is never set.
//!
//! The interval runs from the real start of one to the start of the next, so it is never shorter than ordered. One that
//! could not be given in its time is not made up for: the next comes where it would have come anyway.

use orders::prescription::{Mode, PeriodicBolus};
use orders::quantity::DAY_MS;
use orders::{Duration, Instant, Prescription, Volume};

/// A periodic bolus may start this late, after a patient's bolus or a short fault; later it is left out.
const LATE_MAX: Duration = Duration::from_hours(1);

/// When the next periodic bolus starts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PeriodicState {
    /// Nothing while the order has none.
    pub(crate) next: Option<Instant>,
    /// When the last one started, by whatever order.
    pub(crate) last: Option<Instant>,
}

impl PeriodicState {
    /// The order begins.
    //= requirements/delivery.md#periodic-bolus
    //# A periodic bolus MUST NOT start before its interval has passed since the one before it, whatever order was committed in between.
    pub fn start(&mut self, now: Instant, order: &Prescription) {
        self.next = rule(order).map(|periodic| {
            let first = now.after(periodic.first_after);
            self.last.map_or(first, |last| first.max(last.after(periodic.interval)))
        });
    }

    /// When the next is due; not after now if it is due. `None` if the order has none.
    pub fn due(&self, order: &Prescription) -> Option<Instant> {
        rule(order).and(self.next)
    }

    /// One starts now.
    //= requirements/time.md#periodic-interval
    //# Periodic boluses MUST keep their monotonic interval across a clock setting.
    pub fn started(&mut self, now: Instant, order: &Prescription) {
        self.next = rule(order).map(|periodic| now.after(periodic.interval));
        self.last = Some(now);
    }

    /// Leaves out what was not given in its time.
    pub fn advance(&mut self, now: Instant, order: &Prescription) {
        let (Some(periodic), Some(next)) = (rule(order), self.next) else { return };
        let late_max = LATE_MAX.get().min(periodic.interval.get() / 2);
        let late = now.since(next).get();
        if late > late_max {
            let intervals = late.checked_div(periodic.interval.get()).unwrap_or(0).saturating_add(1);
            self.next = Some(next.after(Duration::new(periodic.interval.get().saturating_mul(intervals))));
        }
    }

    /// What may be given in a span, as an upper bound: each that may start in it and one that may still run, whole.
    pub fn upper_volume(&self, from: Instant, to: Instant, order: &Prescription) -> Volume {
        let (Some(periodic), Some(next)) = (rule(order), self.next) else { return Volume::ZERO };
        let first = next.max(from);
        let starts = if first > to {
            0
        } else {
            to.since(first).get().checked_div(periodic.interval.get()).unwrap_or(u64::MAX).saturating_add(1)
        };
        let last_end = next.before(periodic.interval).after(periodic.duration);
        let running = u64::from(last_end > from);
        periodic.volume.saturating_mul(starts.saturating_add(running))
    }

    /// The most in any 24 h.
    pub fn daily_upper(order: &Prescription) -> Volume {
        let Some(periodic) = rule(order) else { return Volume::ZERO };
        if periodic.interval.is_zero() {
            return Volume::MAX;
        }
        periodic.volume.saturating_mul(DAY_MS.div_ceil(periodic.interval.get()))
    }
}

fn rule(order: &Prescription) -> Option<PeriodicBolus> {
    match order.mode {
        Mode::PeriodicBolus(periodic) => Some(periodic),
        Mode::MinimumRate | Mode::Continuous(_) | Mode::Schedule(_) => None,
    }
}
