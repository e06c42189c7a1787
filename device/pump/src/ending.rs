//! How boluses, primes and bridges end, and what is said of them.

use orders::{Instant, Volume};

use crate::bolus::{Delivery, Source};
use crate::controller::Pump;
use crate::events::{Ending, Event};

impl Pump {
    /// Ends the patient bolus, single bolus or prime on its way, if there is one.
    //= requirements/bolus.md#cut-short
    //# When a fault, an alarm or a stop forbids boluses, the pump MUST end the running bolus and report the volume that the rotor confirmed.
    pub(crate) fn end_extra(&mut self, now: Instant, ending: Ending) {
        let Some(extra) = self.extra.take() else { return };
        self.say_ended(now, &extra, ending);
        if extra.source == Source::Prime {
            self.ceilings.end_prime();
            self.guard.disarm_prime();
            self.boluses.hold(now);
            self.flow_changed(now);
            // A restart replays the strokes since a snapshot at one flow: the fast ones stay on this side of it.
            self.stored_anew();
        }
        self.dirty.status = true;
    }

    /// Ends the periodic bolus on its way, if there is one.
    pub(crate) fn end_periodic(&mut self, now: Instant, ending: Ending) {
        if let Some(periodic) = self.periodic.take() {
            self.say_ended(now, &periodic, ending);
            self.dirty.status = true;
        }
    }

    fn say_ended(&mut self, now: Instant, delivery: &Delivery, ending: Ending) {
        let stroke = self.path.device.stroke;
        let charged = stroke.saturating_mul(u64::from(delivery.commanded));
        self.note(
            now,
            Event::BolusEnded {
                source: delivery.source,
                ordered: delivery.volume(stroke),
                confirmed: delivery.delivered(stroke),
                charged,
                ending,
            },
        );
    }

    /// Ends a bridge; a clock setting that waited for it takes effect.
    pub(crate) fn end_bridge(&mut self, now: Instant, ending: Ending) {
        if self.bridging.take().is_none() {
            return;
        }
        self.note(now, Event::BridgeEnded { ending });
        self.dirty.status = true;
        //= requirements/time.md#setting-the-clock
        //# A clock setting during a bridge MUST take effect after the bridge.
        if let Some((at, wall)) = self.clock_waiting.take() {
            self.apply_wall(now, wall.after(now.since(at)));
        }
        self.flow_changed(now);
    }

    /// Everything on top of the basal ends.
    pub(crate) fn end_all(&mut self, now: Instant, ending: Ending) {
        self.end_extra(now, ending);
        self.end_periodic(now, ending);
    }

    /// What is left of boluses in progress.
    pub(crate) fn in_progress(&self) -> Volume {
        let stroke = self.path.device.stroke;
        let left = |delivery: &Option<Delivery>| delivery.map_or(Volume::ZERO, |delivery| delivery.left(stroke));
        left(&self.extra).saturating_add(left(&self.periodic))
    }
}
