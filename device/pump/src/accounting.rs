//! Accounting: what became of each stroke, and of edges that no stroke explains.
//!
//! It answers for counting each stroke once, as moved where the question is "too much?" and as not moved where it is "too
//! little?", and for what the drive's events mean to alarms, boluses and bridges. What the drive is like is in `drive`.

use orders::alarm::Level;
use orders::{AlarmId, FlowRate, Instant, Volume};

use crate::bolus::{Delivery, Source};
use crate::ceilings::Ceilings;
use crate::controller::{Pump, Stroke};
use crate::drive::{Edge, Event as DriveEvent};
use crate::events::{Ending, Event, Mend};
use crate::reservoir::{Level as Left, Remaining};
use crate::transitions::State;

impl Pump {
    /// What the drive's time brought.
    pub(crate) fn drive_events(&mut self, now: Instant) {
        while let Some(event) = self.drive.tick(now) {
            self.drive_event(now, event);
        }
    }

    pub(crate) fn drive_event(&mut self, now: Instant, event: DriveEvent) {
        match event {
            DriveEvent::Unconfirmed { in_row } => {
                self.account(now, false);
                if in_row >= crate::drive::FAST_STOPS_AT {
                    self.stand(now, AlarmId::UnconfirmedStrokes);
                }
            }
            DriveEvent::Stalled => {
                self.note(now, Event::Stalled { unconfirmed: u16::from(self.drive.unconfirmed_in_row()) });
                self.stand(now, AlarmId::Stall);
            }
            DriveEvent::FieldLong => self.stand(now, AlarmId::StrongFieldLong),
            DriveEvent::NoRecovery => self.stand(now, AlarmId::NoRecovery),
            DriveEvent::LongStandstill => {
                self.note(now, Event::LongStandstill { still: now.since(self.drive.last_motion()) });
                self.stand(now, AlarmId::LongStandstill);
            }
        }
    }

    /// The rotor moved by one stroke.
    pub(crate) fn rotor_edge(&mut self, now: Instant) {
        match self.drive.edge(now) {
            Edge::Confirmed => {
                self.check_gap_at_motion(now);
                self.account(now, true);
            }
            Edge::Recovered => {
                self.check_gap_at_motion(now);
                self.account(now, true);
                self.note(now, Event::Recovered { still: self.drive.stood() });
                for id in [AlarmId::Stall, AlarmId::NoRecovery, AlarmId::StrongFieldLong, AlarmId::UnconfirmedStrokes] {
                    self.over(now, id);
                }
            }
            Edge::Late => self.note(now, Event::Mended { what: Mend::LateEdge, count: 1 }),
            Edge::Stray => self.stray(now),
            //= requirements/drive.md#further-than-permitted
            //# The pump MUST cut the drive when the rotor has moved further than permitted.
            Edge::Runaway => {
                self.stray(now);
                self.stand(now, AlarmId::OverDelivery);
            }
        }
    }

    /// The first motion after a standstill ends the gap: it is measured before the stroke counts as therapy.
    fn check_gap_at_motion(&mut self, now: Instant) {
        if self.level <= Level::BasalOnly {
            self.check_gap(now);
        }
    }

    /// The rotor moved and nobody asked: charged, and moved in the ledger as if in doubt.
    fn stray(&mut self, now: Instant) {
        let volume = self.path.device.stroke;
        let row = Ceilings::row(&self.charge_of(volume), volume);
        self.ceilings.charge_stray(&row);
        self.path.stroke(volume, false, self.driving());
        self.strokes.commanded = self.strokes.commanded.saturating_add(1);
        self.strokes.unconfirmed = self.strokes.unconfirmed.saturating_add(1);
        self.dirty.dose = true;
        self.note(now, Event::Mended { what: Mend::StrayEdge, count: 1 });
    }

    /// The flow at which fluid moves now, for the band of a front.
    fn driving(&self) -> FlowRate {
        let rate = |delivery: &Delivery| delivery.rate(self.path.device.stroke);
        [&self.extra, &self.periodic].into_iter().flatten().map(rate).fold(self.flow, FlowRate::saturating_add)
    }

    /// The stroke on its way has ended: confirmed, or given up.
    //= requirements/drive.md#unconfirmed-strokes
    //# The pump MUST count an unconfirmed stroke as delivered in the ceilings and in the reservoir.
    pub(crate) fn account(&mut self, now: Instant, confirmed: bool) {
        let Some(stroke) = self.stroke.take() else { return };
        let volume = self.path.device.stroke;
        self.path.stroke(volume, confirmed, self.driving());
        if confirmed {
            self.strokes.confirmed = self.strokes.confirmed.saturating_add(1);
            self.count_confirmed(now, &stroke);
        } else {
            self.strokes.unconfirmed = self.strokes.unconfirmed.saturating_add(1);
            self.hours.unconfirmed = self.hours.unconfirmed.saturating_add(1);
        }
        self.count_delivery(now, stroke.source, confirmed);
        self.dirty.dose = true;
        if let Some(bridging) = self.bridging
            && self.bridged(&bridging) >= bridging.bridge.switch()
        {
            self.end_bridge(now, Ending::Whole);
        }
        if self.is_reservoir_due() {
            self.review(now);
        }
    }

    /// Whether this stroke has taken the reservoir to its residual or to the alarm volume: neither waits for the hour.
    fn is_reservoir_due(&self) -> bool {
        let alarm_volume = self.order.as_ref().map_or(Volume::ZERO, |order| order.alarm_volume);
        match Remaining::of(&self.path).level(&self.path.device, alarm_volume) {
            Left::Empty => true,
            Left::Low => !self.alarms.stands(AlarmId::ReservoirLow),
            Left::Enough => false,
        }
    }

    fn count_confirmed(&mut self, now: Instant, stroke: &Stroke) {
        //= requirements/drive.md#unconfirmed-strokes
        //# The pump MUST count an unconfirmed stroke as not delivered in the under-infusion watch and in every figure shown to people.
        let nl = self.path.device.stroke.get();
        self.today.confirmed_nl = self.today.confirmed_nl.saturating_add(nl);
        self.hours.masses.iter_mut().zip(stroke.charge).for_each(|(sum, mass)| *sum = sum.saturating_add(mass));
        let hour = self.hours.open();
        match stroke.source {
            Source::Basal => hour.basal = hour.basal.saturating_add(1),
            Source::Periodic | Source::Single | Source::Patient | Source::Prime => {
                hour.extra = hour.extra.saturating_add(1);
                // Only basal is measured against the basal that was ordered.
                self.today.confirmed_nl = self.today.confirmed_nl.saturating_sub(nl);
            }
        }
        if self.state == State::Running && self.level <= Level::BasalOnly {
            self.full_basal_at = now;
        }
    }

    fn count_delivery(&mut self, now: Instant, source: Source, confirmed: bool) {
        let delivery = match source {
            Source::Basal => return,
            Source::Periodic => self.periodic.as_mut(),
            Source::Single | Source::Patient | Source::Prime => self.extra.as_mut(),
        };
        let Some(delivery) = delivery else { return };
        if confirmed {
            delivery.confirmed = delivery.confirmed.saturating_add(1);
        } else {
            delivery.unconfirmed = delivery.unconfirmed.saturating_add(1);
        }
        let is_over = delivery.is_over();
        if is_over && source == Source::Periodic {
            self.end_periodic(now, Ending::Whole);
        } else if is_over {
            self.end_extra(now, Ending::Whole);
        }
    }

    /// What a bridge has moved so far: to a lower flow what may have moved, to a higher one what certainly has.
    pub(crate) fn bridged(&self, bridging: &crate::controller::Bridging) -> Volume {
        let strokes = if bridging.bridge.is_to_lower() {
            self.strokes.commanded.saturating_sub(bridging.from)
        } else {
            self.strokes.confirmed.saturating_sub(bridging.confirmed_from)
        };
        self.path.device.stroke.saturating_mul(u64::from(strokes))
    }
}
