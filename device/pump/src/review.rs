//! Review: which conditions are true, and so which alarms stand and how far down the ladder therapy runs.
//!
//! It answers for testing every cause, from the figures and not from the alarm, and for what a step down ends. The set
//! of alarms, their sound and which of them heal by themselves is in `alarms`.

use orders::alarm::Level;
use orders::quantity::HOUR_MS;
use orders::{AlarmId, Drug, Duration, Instant, Volume};

use crate::battery::Stage;
use crate::controller::{Calling, HourTotal, Hours, Pump, Today};
use crate::events::{Ending, Event};
use crate::reservoir::{self, Remaining};
use crate::time::Agreement;
use crate::transitions::{Event as Happening, State};

/// From here a stop becomes the minimum rate, if there is an order to rest on.
pub const STOP_BECOMES_MINIMUM: Duration = Duration::from_hours(47);
/// Refused patient boluses in an hour that are a signal to the clinic.
const REFUSED_MANY: u8 = 6;
/// So long a restart is told of.
const RESTART_TOLD: Duration = Duration::from_hours(1);
/// Restarts in a day that are an alarm.
pub const RESTARTS_MANY: u8 = 3;

//= requirements/ladder.md#no-further-than-boluses
//# Faults of telemetry, handset, journal or clock setting MUST NOT take the pump past no boluses.
const _: () = {
    const OUTSIDE: [AlarmId; 6] = [
        AlarmId::RadioBudget,
        AlarmId::TelemetryRejected,
        AlarmId::ButtonStuck,
        AlarmId::JournalLoss,
        AlarmId::WallClockUnset,
        AlarmId::StoreFault,
    ];
    let [a, b, c, d, e, f] = OUTSIDE;
    let most = Level::NoPatientBolus as u8;
    assert!(a.allows() as u8 <= most && b.allows() as u8 <= most && c.allows() as u8 <= most);
    assert!(d.allows() as u8 <= most && e.allows() as u8 <= most && f.allows() as u8 <= most);
};

impl Pump {
    /// A cause is true: its alarm stands, is written down once, and takes therapy down.
    pub(crate) fn stand(&mut self, now: Instant, id: AlarmId) {
        if self.alarms.raise(now, id) {
            let entry = self.alarms.history().iter().find(|entry| entry.id == id);
            let count = entry.map_or(1, |entry| entry.count);
            self.note(now, Event::AlarmRaised { id, count });
            self.dirty.status = true;
            self.relevel(now);
        }
    }

    /// A cause was tested false.
    pub(crate) fn over(&mut self, now: Instant, id: AlarmId) {
        if self.alarms.stands(id) && self.alarms.cause_gone(now, id) {
            self.note(now, Event::AlarmHealed { id });
            self.dirty.status = true;
            self.relevel(now);
        }
    }

    fn test(&mut self, now: Instant, id: AlarmId, is_true: bool) {
        if is_true { self.stand(now, id) } else { self.over(now, id) }
    }

    /// The lowest rung that any standing cause asks for runs, from this step on.
    //= requirements/ladder.md#lowest-rung-wins
    //# The pump MUST run on the lowest rung that any standing cause asks for, from the step in which the cause is seen, with an alarm for each step down.
    pub(crate) fn relevel(&mut self, now: Instant) {
        let level = self.alarms.level();
        if level == self.level {
            return;
        }
        self.note(now, Event::LevelChanged { from: self.level, to: level });
        self.level = level;
        let is_patients = self.extra.is_some_and(|extra| extra.source == crate::bolus::Source::Patient);
        match level {
            Level::Full => {}
            Level::NoPatientBolus if is_patients => self.end_extra(now, Ending::Inhibited),
            Level::NoPatientBolus => {}
            Level::BasalOnly | Level::FallBack | Level::Cut => self.end_all(now, Ending::Inhibited),
        }
        self.dirty.status = true;
        self.flow_changed(now);
    }

    /// Tests every cause that figures can tell, and does what time alone brings.
    pub(crate) fn review(&mut self, now: Instant) {
        self.count_ordered(now);
        self.close_day(now);
        self.take_ramp_steps(now);
        self.close_hour(now);
        self.review_clocks(now);
        self.review_reservoir(now);
        self.review_state(now);
        self.review_device(now);
        self.review_at = self.next_review(now);
    }

    fn review_clocks(&mut self, now: Instant) {
        //= requirements/time.md#two-oscillators
        //# When the oscillators differ by more than 20 %, the pump MUST go to the fall-back.
        let agreement = self.clocks.agreement();
        self.test(now, AlarmId::ClockFailed, agreement == Agreement::Failed);
        self.test(now, AlarmId::ClocksDisagree, matches!(agreement, Agreement::Disagree | Agreement::Regressed));
        let needs_wall =
            self.order.as_ref().is_some_and(|order| matches!(order.mode, orders::prescription::Mode::Schedule(_)));
        self.test(now, AlarmId::WallClockUnset, needs_wall && self.clocks.wall(now).is_none());
    }

    fn review_reservoir(&mut self, now: Instant) {
        let left = Remaining::of(&self.path);
        let alarm_volume = self.order.as_ref().map_or(Volume::ZERO, |order| order.alarm_volume);
        let level = left.level(&self.path.device, alarm_volume);
        let was_filled = !self.path.delivered().is_zero() || self.order.is_some();
        match level {
            reservoir::Level::Empty if was_filled && self.state != State::Fresh => {
                self.happen(now, Happening::ReachResidual);
                self.stand(now, AlarmId::ReservoirEmpty);
            }
            reservoir::Level::Empty => {}
            reservoir::Level::Low | reservoir::Level::Enough => self.over(now, AlarmId::ReservoirEmpty),
        }
        //= requirements/reservoir.md#low
        //# The pump MUST raise the low-reservoir alarm when the worst-case volume reaches the alarm volume, and the refill alarm the order's days before that.
        let is_started = self.state != State::Fresh;
        self.test(now, AlarmId::ReservoirLow, is_started && level != reservoir::Level::Enough);
        let days = self.order.as_ref().map_or(0, |order| order.alarm_days);
        let soon = self.outlook(now).and_then(|outlook| outlook.refill_by);
        let is_soon = soon.is_some_and(|left| left <= Duration::from_days(u64::from(days)));
        self.test(now, AlarmId::RefillSoon, is_started && is_soon);
        let is_old = self.keeps_until.is_some_and(|until| now >= until);
        self.test(now, AlarmId::StabilityExpired, is_old);
        self.test(now, AlarmId::LedgerDoubt, is_started && self.path.in_doubt());
        //= requirements/ledger.md#unordered-fluid
        //# While the reservoir holds another mixture than the order, the pump MUST raise an alarm and refuse patient boluses.
        self.test(now, AlarmId::MixtureUnordered, is_started && !self.is_mixture_ordered());
        self.test(now, AlarmId::UnorderedDrug, is_started && self.is_unordered_at_tip());
    }

    fn review_state(&mut self, now: Instant) {
        self.test(now, AlarmId::Stopped, matches!(self.state, State::Stopped | State::Resting));
        if let Some(stopping) = self.stopping {
            let lasted = now.since(stopping.since);
            //= requirements/ladder.md#stop
            //# A stop that passes its maximum MUST raise a high alarm.
            self.test(now, AlarmId::StoppedLong, lasted >= stopping.maximum);
            let has_volume = self.path.reservoir_volume() > self.path.device.residual;
            //= requirements/ladder.md#stop
            //# At 47 h of a stop the pump MUST go to minimum rate if the order is verified and volume above the residual remains, and never out of an empty or a lost state.
            if self.state == State::Stopped && lasted >= STOP_BECOMES_MINIMUM && self.order.is_some() && has_volume {
                self.happen(now, Happening::StopExpired);
            }
        } else {
            self.over(now, AlarmId::StoppedLong);
        }
        //= requirements/ladder.md#emergency
        //# An emergency from which the pump does not return MUST alarm again until someone acts.
        self.test(now, AlarmId::Emergency, self.state == State::Emergency);
        if self.calling.and_then(|calling| calling.until).is_some_and(|until| now >= until) {
            self.happen(now, Happening::EmergencyEnds);
        }
        let waits = self.order.as_ref().is_some_and(|order| self.program.ramp_waits(now, order));
        self.test(now, AlarmId::RampHeld, waits);
        self.test(now, AlarmId::NotStarted, self.state == State::Fresh && self.order.is_some());
        self.test(now, AlarmId::BolusesRefused, self.refused_today >= REFUSED_MANY);
        //= requirements/ladder.md#restart
        //# More than the stated number of restarts in a day MUST raise an alarm.
        self.test(now, AlarmId::ManyResets, self.today.restarts > RESTARTS_MANY);
        if self.alarms.stands(AlarmId::DoseRecordLost) && self.boluses.check_hold(now).is_ok() {
            self.over(now, AlarmId::DoseRecordLost);
        }
        if self.drive.unconfirmed_in_row() == 0 {
            self.over(now, AlarmId::UnconfirmedStrokes);
        }
        let restarted = self.alarms.history().iter().find(|entry| entry.id == AlarmId::Restarted);
        if restarted.is_none_or(|entry| now.since(entry.last()) >= RESTART_TOLD) {
            self.over(now, AlarmId::Restarted);
        }
        if self.journal.loss().is_some() {
            self.stand(now, AlarmId::JournalLoss);
        }
    }

    fn review_device(&mut self, now: Instant) {
        //= requirements/ladder.md#over-delivery-cuts
        //# Evidence of over-delivery MUST take the pump to the lowest rung and cut the drive, also in the middle of a stroke.
        if let Some(cause) = self.guard.cut() {
            if !self.alarms.stands(AlarmId::OverDelivery) || self.alarms.is_mended(AlarmId::OverDelivery) {
                self.note(now, Event::GuardCut { cause, strokes: self.guard.running_strokes() });
            }
            self.stand(now, AlarmId::OverDelivery);
        }
        self.battery.tick(now);
        let stage = self.battery.stage();
        self.test(now, AlarmId::ReplacementIndicator, stage != Stage::Good);
        self.test(now, AlarmId::EndOfService, matches!(stage, Stage::End | Stage::Spent));
    }

    /// Something that may change the state, and what follows from it.
    pub(crate) fn happen(&mut self, now: Instant, happening: Happening) {
        let Ok(next) = self.state.after(happening) else { return };
        if next == self.state {
            return;
        }
        self.note(now, Event::StateChanged { from: self.state, to: next });
        self.state = next;
        // A stop stands in the dose record too, and there first.
        self.dirty.dose = true;
        match next {
            State::Running => {
                self.stopping = None;
                // What returns by itself does not pass the rate it found; a person's resuming ends that too.
                let by_itself = happening == Happening::EmergencyEnds;
                self.calling = self.calling.filter(|_| by_itself).map(|calling| Calling { until: None, ..calling });
                self.check_gap(now);
            }
            State::Resting | State::Fresh => self.calling = None,
            State::Stopped | State::Empty | State::Lost => {
                self.calling = None;
                self.end_all(now, if next == State::Empty { Ending::Empty } else { Ending::Cancelled });
            }
            State::Emergency => self.end_all(now, Ending::Inhibited),
        }
        self.dirty.status = true;
        self.flow_changed(now);
        self.review_at = now;
    }

    /// An interruption longer than the order allows does not end at full dose.
    //= requirements/ladder.md#gap
    //# After an interruption longer than the order's gap limit, the pump MUST resume at the fall-back with an alarm and not at full basal.
    pub(crate) fn check_gap(&mut self, now: Instant) {
        let Some(order) = &self.order else { return };
        if self.state != State::Running || self.full_basal_at == Instant::ZERO {
            return;
        }
        // One stroke's own interval is no interruption.
        let stroke = self.path.device.stroke.time_at(self.flow).unwrap_or(Duration::ZERO);
        let gap = now.since(self.full_basal_at);
        if gap > order.gap_limit.saturating_add(stroke) {
            self.boluses.hold(now);
            self.stand(now, AlarmId::GapTooLong);
        }
    }

    /// What the order's basal came to since this was asked last, for the watch on under-infusion.
    pub(crate) fn count_ordered(&mut self, now: Instant) {
        let span = now.since(self.reviewed);
        self.reviewed = now;
        let ordered = self.flow.volume_floor(span).get();
        self.today.ordered_nl = self.today.ordered_nl.saturating_add(ordered);
    }

    /// Each day, whether what was confirmed of the basal is what was ordered.
    fn close_day(&mut self, now: Instant) {
        let day = u32::try_from(now.get() / (24 * HOUR_MS)).unwrap_or(u32::MAX);
        if day == self.today.number {
            return;
        }
        //= requirements/delivery.md#under-infusion
        //# When the confirmed volume of a day falls short of the ordered volume by more than the accuracy of the device profile, the pump MUST raise the under-infusion alarm.
        let short = self.today.ordered_nl.saturating_sub(self.today.confirmed_nl);
        let tolerance = Volume::new(self.today.ordered_nl)
            .share_ceil(self.path.device.accuracy)
            .saturating_add(self.path.device.stroke);
        self.test(now, AlarmId::UnderInfusion, short > tolerance.get());
        self.today = Today { number: day, ..Today::default() };
        self.dirty.status = true;
    }

    /// Each hour, what was delivered in it of each drug.
    //= requirements/journal.md#what-is-written-down
    //# The pump MUST write to the journal each hour what was delivered in it of each drug.
    fn close_hour(&mut self, now: Instant) {
        let hour = u32::try_from(now.get() / HOUR_MS).unwrap_or(u32::MAX);
        if hour == self.hours.number {
            return;
        }
        let unconfirmed = self.hours.unconfirmed;
        let mut told = heapless::Vec::<(Option<Drug>, orders::Mass), 4>::new();
        for (drug, mass) in self.ceilings.drugs().iter().zip(self.hours.masses) {
            if drug.is_some() && !mass.is_zero() {
                // Four lanes, four places.
                let _ = told.push((*drug, mass));
            }
        }
        for pair in told.chunks(2) {
            let (first, first_mass) = pair.first().copied().unwrap_or((None, orders::Mass::ZERO));
            let (second, second_mass) = pair.get(1).copied().unwrap_or((None, orders::Mass::ZERO));
            self.note(now, Event::Hour { first, first_mass, second, second_mass, unconfirmed });
        }
        self.hours.turn(hour);
        self.refused_today = 0;
        self.dirty.status = true;
    }

    fn next_review(&self, now: Instant) -> Instant {
        let hour = Duration::new(HOUR_MS);
        let into = now.get().checked_rem(HOUR_MS).unwrap_or(0);
        let mut next = Instant::new(now.get().saturating_sub(into)).after(hour);
        let mut sooner = |at: Instant| {
            if at > now {
                next = next.min(at);
            }
        };
        if let Some(stopping) = self.stopping {
            sooner(stopping.since.after(stopping.maximum));
            sooner(stopping.since.after(STOP_BECOMES_MINIMUM));
        }
        if let Some(until) = self.calling.and_then(|calling| calling.until) {
            sooner(until);
        }
        if self.alarms.stands(AlarmId::DoseRecordLost) {
            sooner(self.boluses.hold_until());
        }
        next
    }
}

impl Hours {
    /// The open hour.
    pub(crate) fn open(&mut self) -> &mut HourTotal {
        let place = usize::try_from(self.number).unwrap_or(0).checked_rem(self.ring.len()).unwrap_or(0);
        let [first, rest @ ..] = &mut self.ring;
        match place.checked_sub(1).and_then(|place| rest.get_mut(place)) {
            Some(hour) => hour,
            None => first,
        }
    }

    /// Opens another hour; those that were passed over held nothing.
    fn turn(&mut self, hour: u32) {
        let passed = hour.saturating_sub(self.number).min(u32::try_from(self.ring.len()).unwrap_or(u32::MAX));
        for step in 1..=passed {
            self.number = hour.saturating_sub(passed).saturating_add(step);
            *self.open() = HourTotal::default();
        }
        self.number = hour;
        self.masses = Default::default();
        self.unconfirmed = 0;
    }
}
