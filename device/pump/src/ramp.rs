//! A titration on its way: which step it has reached and what it waits for.
//!
//! It runs on the monotonic clock, so no clock setting moves a step. A step up of a mixture with an opioid waits for a
//! contact recorded since the step before: somebody has seen how the patient breathes. Steps down run alone, for a taper
//! must not wait for a visit that never comes.

use orders::prescription::Ramp;
use orders::{Instant, Permille, Prescription};

/// How far the ramp of the running order is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RampState {
    /// Steps taken.
    pub(crate) step: u8,
    /// When the last was taken, or the order began.
    pub(crate) since: Instant,
    /// The latest recorded contact.
    pub(crate) contact: Option<Instant>,
}

impl RampState {
    /// The order begins, before its first step. A contact is needed anew.
    pub const fn start(now: Instant) -> Self {
        Self { step: 0, since: now, contact: None }
    }

    /// Somebody has seen or spoken to the patient.
    pub fn contact(&mut self, now: Instant) {
        self.contact = Some(now);
    }

    /// The share of the ordered basal now; all of it without a ramp.
    pub fn share(&self, order: &Prescription) -> Permille {
        order.ramp.map_or(Permille::new(1000), |ramp| ramp.share(self.step))
    }

    /// When the next step is due by time alone; `None` if there is none.
    pub fn next_due(&self, order: &Prescription) -> Option<Instant> {
        order.ramp.filter(|ramp| self.step < ramp.steps).map(|ramp| self.since.after(ramp.interval))
    }

    /// Whether a step is due and held for want of a contact.
    //= requirements/prescription.md#ramps
    //# An upward step of an opioid ramp MUST wait for a contact recorded since the step before, while a downward ramp runs alone.
    pub fn waits(&self, now: Instant, order: &Prescription) -> bool {
        let is_watched = order.ramp.is_some_and(|ramp| ramp.is_upward()) && order.mixture.has_opioid();
        let is_seen = self.contact.is_some_and(|contact| contact > self.since);
        is_watched && !is_seen && self.next_due(order).is_some_and(|due| due <= now)
    }

    /// Takes the steps that are due: upward one at a time, its interval counted from when it was really taken;
    /// downward every one that time has reached.
    pub fn advance(&mut self, now: Instant, order: &Prescription) {
        let Some(ramp) = order.ramp else { return };
        for _ in 0..ramp.steps {
            let Some(due) = self.next_due(order).filter(|due| *due <= now) else { return };
            if self.waits(now, order) {
                return;
            }
            self.step = self.step.saturating_add(1);
            self.since = if ramp.is_upward() { now } else { due };
        }
    }

    /// The highest share that can hold at any time up to `to`, contacts assumed.
    pub fn highest_share(&self, to: Instant, order: &Prescription) -> Permille {
        let Some(ramp) = order.ramp.filter(Ramp::is_upward) else { return self.share(order) };
        let Some(due) = self.next_due(order).filter(|due| *due <= to) else { return self.share(order) };
        let more = to.since(due).get().checked_div(ramp.interval.get()).map_or(u64::MAX, |more| more.saturating_add(1));
        ramp.share(self.step.saturating_add(u8::try_from(more).unwrap_or(u8::MAX)))
    }
}
