//! Giving: which flow runs now, which stroke is due next, and what became of it.
//!
//! It answers for the choice among the streams (prime or bolus, periodic bolus, basal) and for asking the ceilings before
//! each stroke. It never gives later what it did not give, for whatever holds the pump lets the accrual stand still, and
//! never earlier than it is due. What became of a stroke is in `accounting`.

use orders::alarm::Level;
use orders::mixture::DRUGS_MAX;
use orders::prescription::EmergencyRate;
use orders::{AlarmId, FlowRate, Instant, Mass, Volume};

use crate::bolus::{Delivery, Source};
use crate::ceilings::{Ceilings, Permit};
use crate::controller::{BUG_STEP, Pump, Stroke, Want};
use crate::events::{Ending, Event};
use crate::transitions::State;

impl Pump {
    /// The basal flow that state, ladder and order allow now.
    pub(crate) fn flow_now(&self, now: Instant) -> FlowRate {
        let by_level = self.flow_of_level(now);
        match self.state {
            State::Running => self.calling.map_or(by_level, |calling| by_level.min(calling.found)),
            State::Resting if self.level < Level::Cut => self.path.device.minimum_rate,
            //= requirements/ladder.md#emergency
            //# An emergency command MUST NOT raise the mass rate of any drug.
            State::Emergency => self.emergency_flow().min(by_level),
            State::Resting | State::Fresh | State::Stopped | State::Empty | State::Lost => FlowRate::ZERO,
        }
    }

    /// The flow that order and ladder allow a pump that runs.
    fn flow_of_level(&self, now: Instant) -> FlowRate {
        let minimum = self.path.device.minimum_rate;
        //= requirements/ladder.md#never-a-default-dose
        //# The pump MUST NOT deliver a rate that no accepted order contains.
        let ordered = match (&self.order, &self.bridging) {
            (None, _) => FlowRate::ZERO,
            (Some(_), Some(bridging)) => bridging.bridge.plan.flow,
            (Some(order), None) => self.program.flow(now, order, self.clocks.wall(now), minimum),
        };
        let fall_back = self.fall_back.map_or(FlowRate::ZERO, |fall_back| fall_back.flow);
        match self.level {
            Level::Full | Level::NoPatientBolus | Level::BasalOnly => ordered,
            Level::FallBack => fall_back,
            Level::Cut => FlowRate::ZERO,
        }
    }

    fn emergency_flow(&self) -> FlowRate {
        let found = self.calling.map_or(FlowRate::ZERO, |calling| calling.found);
        let rate = match self.order.as_ref().map(|order| order.emergency.rate) {
            Some(EmergencyRate::FallBack) => self.fall_back.map_or(FlowRate::ZERO, |fall_back| fall_back.flow),
            Some(EmergencyRate::MinimumRate) => self.path.device.minimum_rate,
            None => FlowRate::ZERO,
        };
        rate.min(found)
    }

    /// Whether the drive may have power at all. It is worked out anew each time and nothing of it is latched, so that
    /// whatever held the pump and has gone holds it no longer than until the next stroke is due.
    //= requirements/ladder.md#return-to-therapy
    //# From every state without a standing fault or a person's stop, the pump MUST return to therapy by itself within a stated time.
    //= requirements/drive.md#off-while-stopped
    //# The pump MUST keep the drive's enable off while it is stopped.
    pub(crate) fn may_have_power(&self) -> bool {
        let gives = match self.state {
            State::Running | State::Resting | State::Emergency => true,
            State::Fresh | State::Stopped => self.is_priming() || self.stroke.is_some(),
            State::Empty | State::Lost => self.stroke.is_some(),
        };
        gives && self.level < Level::Cut && self.guard.enabled() && self.is_sure_of_itself()
    }

    pub(crate) fn is_priming(&self) -> bool {
        self.extra.is_some_and(|extra| extra.source == Source::Prime)
    }

    /// The flow has to be worked out anew: state, ladder, order, ramp or clock changed.
    pub(crate) fn flow_changed(&mut self, now: Instant) {
        let flow = self.flow_now(now);
        if self.state == State::Running && self.calling.is_some_and(|calling| self.flow_of_level(now) <= calling.found)
        {
            // The order itself has come down to what the emergency found: from here it runs alone.
            self.calling = None;
            self.dirty.status = true;
        }
        let wall = self.clocks.wall(now);
        let change = self.order.as_ref().and_then(|order| self.program.next_change(now, order, wall));
        self.flow_until = change.unwrap_or(Instant::MAX);
        // Up to now the flow before counts; nothing does while the drive may not turn.
        self.count_ordered(now);
        if self.is_held() {
            self.basal.hold(now)
        } else {
            self.basal.accrue(now, flow)
        }
        self.basal.holds_until(self.flow_until);
        self.drive.pace(now, self.path.device.stroke.time_at(flow));
        if flow != self.flow {
            self.note(now, Event::FlowChanged { from: self.flow, to: flow });
            self.flow = flow;
            // The dates follow from the rate.
            self.review_at = now;
        }
    }

    /// Lets the basal accrue up to now at the flow that has run; nothing accrues while the drive may not turn.
    pub(crate) fn accrue(&mut self, now: Instant) {
        if self.is_held() { self.basal.hold(now) } else { self.basal.accrue(now, self.flow) }
    }

    fn is_held(&self) -> bool {
        !self.may_have_power() || self.is_in_field() || self.is_priming()
    }

    pub(crate) fn is_in_field(&self) -> bool {
        matches!(self.drive.state(), crate::drive::State::Field { .. })
    }

    /// Looks whether a stroke is due, and if so asks for it: at most one, and only when none is on its way.
    pub(crate) fn give(&mut self, now: Instant) {
        if now >= self.flow_until {
            self.take_ramp_steps(now);
            self.flow_changed(now);
        }
        self.accrue(now);
        if self.stroke.is_some() || !self.may_have_power() || self.drive.ready(now).is_err() {
            return;
        }
        self.start_periodic(now);
        self.leave_out_late(now);
        //= requirements/bolus.md#basal-untouched
        //# A bolus MUST leave the basal program and its carried remainder as they were.
        if let Some(source) = self.due_bolus(now) {
            return self.authorize(now, source);
        }
        //= requirements/drive.md#in-its-own-time
        //# The pump MUST NOT give a stroke before it is due, not to restart a drive and not to check one after a strong field.
        if self.basal.due(self.path.device.stroke) {
            self.basal.take(self.path.device.stroke);
            self.authorize(now, Source::Basal);
        }
    }

    /// Strokes of a bolus that were not given in their time are left out.
    fn leave_out_late(&mut self, now: Instant) {
        let late = |delivery: &mut Option<Delivery>| {
            delivery.as_mut().is_some_and(|delivery| delivery.leave_out_late(now) && delivery.is_over())
        };
        let (extra, periodic) = (late(&mut self.extra), late(&mut self.periodic));
        if extra {
            self.end_extra(now, Ending::Whole);
        }
        if periodic {
            self.end_periodic(now, Ending::Whole);
        }
    }

    fn due_bolus(&mut self, now: Instant) -> Option<Source> {
        if self.drive.is_careful() {
            self.end_extra(now, Ending::Unconfirmed);
            self.end_periodic(now, Ending::Unconfirmed);
            return None;
        }
        let is_due =
            |delivery: &Option<Delivery>| delivery.as_ref().and_then(Delivery::due).is_some_and(|due| due <= now);
        if is_due(&self.extra) {
            return self.extra.map(|extra| extra.source);
        }
        if is_due(&self.periodic) { Some(Source::Periodic) } else { None }
    }

    /// Whether a periodic bolus may start: one at a time, at full therapy, by a drive that is trusted with it.
    fn may_start_periodic(&self) -> bool {
        let is_free = self.periodic.is_none() && self.extra.is_none() && self.bridging.is_none();
        is_free
            && self.state == State::Running
            && self.level <= Level::NoPatientBolus
            && !self.is_in_field()
            && !self.drive.is_careful()
    }

    /// Starts the periodic bolus whose time has come; while a bolus, a prime or a bridge runs it waits.
    fn start_periodic(&mut self, now: Instant) {
        let Some(order) = &self.order else { return };
        if !self.may_start_periodic() || self.program.periodic_due(order).is_none_or(|due| due > now) {
            return;
        }
        if let orders::prescription::Mode::PeriodicBolus(periodic) = order.mode {
            self.program.periodic_started(now, order);
            let stroke = self.path.device.stroke;
            let missed_before = self.strokes.unconfirmed;
            self.periodic = Delivery::of(Source::Periodic, now, periodic.volume, periodic.duration, stroke)
                .map(|delivery| Delivery { missed_before, ..delivery });
            self.review_at = now;
            self.last_dose = self.last_dose.saturating_add(1);
            self.dirty.status = true;
            self.note(now, Event::BolusStarted { source: Source::Periodic, volume: periodic.volume });
        }
    }

    /// Asks the ceilings for one stroke. What they grant is charged, and turns the drive once it is written down.
    fn authorize(&mut self, now: Instant, source: Source) {
        if source == Source::Basal && !self.is_within_fall_back(now) {
            return self.refused_stroke(now, source);
        }
        //= requirements/ledger.md#unordered-fluid
        //# The pump MUST NOT give a stroke that may hold a drug at the tip for which no order has set a ceiling.
        if self.is_unordered_at_tip() {
            return self.stand(now, AlarmId::UnorderedDrug);
        }
        let volume = self.path.device.stroke;
        let charge = self.charge_of(volume);
        let row = Ceilings::row(&charge, volume);
        let permit = match source {
            Source::Prime => self.ceilings.authorize_prime(now, volume, &row),
            Source::Basal | Source::Periodic | Source::Single | Source::Patient => {
                self.ceilings.authorize(now, volume, &row, source)
            }
        };
        match permit {
            Ok(permit) => {
                self.stroke = Some(Stroke { permit: Some(permit), source, charge });
                self.count_commanded(source);
                if let Some(attempt) = self.drive.attempt() {
                    self.note(now, Event::RestartTried { attempt });
                }
                self.dirty.dose = true;
            }
            Err(refusal) => {
                // Said once: while the alarm stands the next strokes are refused for the same reason.
                if source != Source::Basal || !self.alarms.stands(AlarmId::CeilingByBasal) {
                    let ask = crate::events::Ask::Bolus;
                    let (reason, field, value) = (refusal.reason, refusal.field, refusal.value);
                    self.note(now, Event::Refused { ask, reason, field, value, wait: orders::Duration::ZERO });
                }
                self.refused_stroke(now, source);
            }
        }
    }

    /// Whether the next stroke may hold a drug that nobody counts. Without any order its own fall-back record bounds it.
    pub(crate) fn is_unordered_at_tip(&self) -> bool {
        self.order.is_some() && self.path.uncounted_at_tip(self.path.device.stroke, self.ceilings.drugs()).is_some()
    }

    /// Whether one stroke more stays within what the fall-back may give in a day; true while it does not run.
    fn is_within_fall_back(&mut self, now: Instant) -> bool {
        let (Level::FallBack, Some(fall_back)) = (self.level, &self.fall_back) else {
            self.fall_back_day = None;
            return true;
        };
        let commanded = self.strokes.commanded;
        let is_today = |(since, _): &(Instant, u32)| now.since(*since) < orders::Duration::from_days(1);
        let (since, from) = self.fall_back_day.filter(is_today).unwrap_or((now, commanded));
        self.fall_back_day = Some((since, from));
        let strokes = u64::from(commanded.saturating_sub(from)).saturating_add(1);
        //= requirements/ladder.md#fall-back
        //# The pump MUST hold the fall-back's volume ceiling while the fall-back runs.
        self.path.device.stroke.saturating_mul(strokes) <= fall_back.day_max
    }

    fn refused_stroke(&mut self, now: Instant, source: Source) {
        match source {
            //= requirements/ceilings.md#assumed-charges
            //# When known charges refuse a basal stroke, the pump MUST raise a high alarm and take a step down the ladder.
            Source::Basal => self.stand(now, AlarmId::CeilingByBasal),
            Source::Periodic => self.end_periodic(now, Ending::Inhibited),
            Source::Single | Source::Patient | Source::Prime => self.end_extra(now, Ending::Inhibited),
        }
    }

    /// What one stroke may hold at the tip. While the fall-back runs on a ledger in doubt, its own record counts too.
    pub(crate) fn charge_of(&self, volume: Volume) -> [Mass; DRUGS_MAX] {
        let drugs = self.ceilings.drugs();
        let mut charge = self.path.charge_at_tip(volume, drugs);
        if let (Level::FallBack, Some(fall_back)) = (self.level, &self.fall_back)
            && self.path.in_doubt()
        {
            let worst = fall_back.charge(volume, drugs);
            charge.iter_mut().zip(worst).for_each(|(mass, worst)| *mass = (*mass).max(worst));
        }
        charge
    }

    fn count_commanded(&mut self, source: Source) {
        self.strokes.commanded = self.strokes.commanded.saturating_add(1);
        let delivery = match source {
            Source::Basal => None,
            Source::Periodic => self.periodic.as_mut(),
            Source::Single | Source::Patient | Source::Prime => self.extra.as_mut(),
        };
        if let Some(delivery) = delivery {
            delivery.commanded = delivery.commanded.saturating_add(1);
        }
    }

    /// Turns the drive; the permit is gone.
    //= requirements/ceilings.md#permit
    //# The drive MUST NOT be stepped without consuming one permit for each stroke.
    pub(crate) fn step(&mut self, now: Instant, permit: Permit) -> Option<Want> {
        match self.drive.step(now, permit) {
            Ok(()) => {
                self.guard.command(self.second_ms);
                self.battery.stroke();
                Some(Want::Step)
            }
            // The field came, or the permit grew old, between the record and the step: charged and not given.
            Err(crate::drive::Held::Field | crate::drive::Held::Permit | crate::drive::Held::Careful) => {
                self.account(now, false);
                self.wants_save()
            }
            Err(crate::drive::Held::InFlight | crate::drive::Held::TooSoon) => {
                self.bug(now, BUG_STEP);
                self.account(now, false);
                self.wants_save()
            }
        }
    }

    /// When a stroke will be due next.
    pub(crate) fn next_stroke(&self) -> Option<Instant> {
        if !self.may_have_power() || self.is_in_field() || self.stroke.is_some() {
            return Some(self.flow_until);
        }
        let mut next = self.flow_until;
        let mut not_after = |at: Option<Instant>| next = at.map_or(next, |at| next.min(at));
        if !self.is_priming() {
            not_after(self.basal.next_due(self.flow, self.path.device.stroke));
        }
        not_after(self.extra.as_ref().and_then(Delivery::due));
        not_after(self.periodic.as_ref().and_then(Delivery::due));
        if let Some(order) = self.order.as_ref().filter(|_| self.may_start_periodic()) {
            not_after(self.program.periodic_due(order));
        }
        // Two strokes are never closer than the drive's own time.
        Some(next.max(self.drive.ready_at()))
    }
}
