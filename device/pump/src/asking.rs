//! Asking for a bolus: every guard of a patient's request, each with its own reason.
//!
//! It answers for the list of guards and for the answer. The lockout, the allotment and the hold are in `bolus`, the
//! look ahead in `ceilings`, what the path holds in `fluid_path`.

use orders::alarm::Level;
use orders::mixture::DRUGS_MAX;
use orders::prescription::Mode;
use orders::{AlarmId, Drug, Duration, Instant, Mass, Prescription, Reason, Refusal, Refusals, Volume};

use crate::alarms::Peer;
use crate::bolus::{Delivery, Source};
use crate::calendar::Heaviest;
use crate::ceilings::Ceilings;
use crate::controller::Pump;
use crate::events::{Ask, Event};
use crate::fronts::Highest;
use crate::reservoir::Remaining;
use crate::transitions::State;
use crate::windows::{NOTHING, Row};

/// A bolus that has begun.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Granted {
    /// Its number: strictly rising over every dose on top of the basal.
    pub dose: u64,
    /// What will be given.
    pub volume: Volume,
    /// Over how long.
    pub duration: Duration,
}

impl Pump {
    /// A patient asks for a bolus.
    ///
    /// # Errors
    /// The reason of each guard that refused it; the latest not-before among them stands in each that time lifts.
    //= requirements/bolus.md#every-request-recorded
    //# The pump MUST record every request for a bolus with its asker and its answer, and the start, the delivered volume and the end of a granted one as events of their own.
    pub fn ask_bolus(&mut self, raw: u64, peer: Peer, request: u64) -> Result<Granted, Refusals> {
        let now = self.now(raw);
        self.note(now, Event::BolusAsked { source: Source::Patient, peer, request });
        let answer = self.judge_bolus(now);
        match answer {
            Ok((rule, delivery)) => {
                self.boluses.start(now, &rule);
                let hour = self.hours.open();
                hour.granted = hour.granted.saturating_add(1);
                Ok(self.begin_bolus(now, delivery))
            }
            Err(refusals) => {
                let hour = self.hours.open();
                hour.refused = hour.refused.saturating_add(1);
                self.refused_today = self.refused_today.saturating_add(1);
                self.review_at = now;
                for refusal in refusals.iter() {
                    self.note_refusal(now, Ask::Bolus, refusal);
                }
                Err(refusals)
            }
        }
    }

    pub(crate) fn note_refusal(&mut self, now: Instant, ask: Ask, refusal: &Refusal) {
        let wait = refusal.wait(now).unwrap_or(Duration::ZERO);
        let (reason, field, value) = (refusal.reason, refusal.field, refusal.value);
        self.note(now, Event::Refused { ask, reason, field, value, wait });
    }

    /// Begins a bolus that was granted.
    pub(crate) fn begin_bolus(&mut self, now: Instant, delivery: Delivery) -> Granted {
        let volume = delivery.volume(self.path.device.stroke);
        let (source, over) = (delivery.source, delivery.duration);
        self.note(now, Event::BolusAccepted { source, volume, over });
        self.note(now, Event::BolusStarted { source, volume });
        self.extra = Some(Delivery { missed_before: self.strokes.unconfirmed, ..delivery });
        // A bolus brings the refill nearer.
        self.review_at = now;
        self.last_dose = self.last_dose.saturating_add(1);
        (self.dirty.status, self.dirty.dose) = (true, true);
        Granted { dose: self.last_dose, volume, duration: over }
    }

    //= requirements/bolus.md#own-reason
    //# The pump MUST answer a refused request with the reason of each guard that refused it and, when time alone lifts the refusal, the latest not-before among them.
    fn judge_bolus(&self, now: Instant) -> Result<(orders::prescription::PatientBolus, Delivery), Refusals> {
        let mut refusals = Refusals::none();
        self.note_state(&mut refusals);
        let Some((order, rule)) = self.order.as_ref().and_then(|order| Some((order, order.patient_bolus?))) else {
            refusals.push(Refusal::plain(Reason::BolusNotOrdered));
            return Err(refusals);
        };
        refusals.note(self.boluses.check_hold(now));
        refusals.note(self.boluses.check_lockout(now));
        refusals.note(self.boluses.check_allotment(now, rule.allotment));
        refusals.note(self.check_one_at_a_time());
        //= requirements/bolus.md#front-in-the-path
        //# The pump MUST refuse a patient bolus while a front above the order's front threshold lies in the path.
        if self.path.front_in_path(order.front_threshold) {
            refusals.push(Refusal::plain(Reason::FrontInPath));
        }
        let delivery = Delivery::of(Source::Patient, now, rule.volume, rule.duration, self.path.device.stroke);
        let Some(delivery) = delivery else {
            refusals.push(Refusal::plain(Reason::BolusNotOrdered));
            return Err(refusals);
        };
        refusals.note(self.check_reserve(order, delivery.volume(self.path.device.stroke)));
        refusals.note(self.check_rate(delivery.volume(self.path.device.stroke), rule.duration));
        refusals.note(self.check_ahead(now, order, &delivery));
        match refusals.into_result() {
            Ok(()) => Ok((rule, delivery)),
            Err(refusals) => Err(with_latest(refusals)),
        }
    }

    /// What state, drive and alarms forbid.
    //= requirements/bolus.md#forbidden-by-state
    //# The pump MUST refuse a patient bolus while the order has none, the mode is Stopped, a restart is not yet verified, or a standing alarm or the ladder forbids it.
    fn note_state(&self, refusals: &mut Refusals) {
        if !self.verified {
            refusals.push(Refusal::plain(Reason::StateUnverified));
        }
        match self.state {
            State::Running => {}
            State::Fresh | State::Stopped | State::Resting => refusals.push(Refusal::plain(Reason::Stopped)),
            State::Emergency => refusals.push(Refusal::plain(Reason::Degraded)),
            State::Empty => refusals.push(Refusal::plain(Reason::ReservoirEmpty)),
            State::Lost => refusals.push(Refusal::plain(Reason::StateLost)),
        }
        if self.is_in_field() {
            refusals.push(Refusal::plain(Reason::StrongField));
        } else if self.drive.is_careful() {
            refusals.push(Refusal::plain(Reason::DriveFault));
        }
        if self.level == Level::Full {
            return;
        }
        let named = [
            (AlarmId::ReservoirLow, Reason::ReservoirLow),
            (AlarmId::DoseRecordLost, Reason::DoseRecordLost),
            (AlarmId::ClocksDisagree, Reason::ClockUntrusted),
            (AlarmId::ClockFailed, Reason::ClockUntrusted),
            (AlarmId::EndOfService, Reason::EndOfService),
            (AlarmId::ButtonStuck, Reason::ButtonStuck),
        ];
        let before = refusals.iter().count();
        for (_, reason) in named.into_iter().filter(|(id, _)| self.alarms.stands(*id)) {
            refusals.push(Refusal::plain(reason));
        }
        if refusals.iter().count() == before {
            refusals.push(Refusal::plain(Reason::AlarmActive));
        }
    }

    //= requirements/bolus.md#one-at-a-time
    //# The pump MUST refuse a patient bolus while another bolus, a bridge or a prime is running.
    pub(crate) fn check_one_at_a_time(&self) -> Result<(), Refusal> {
        let running = [&self.extra, &self.periodic].into_iter().flatten().next();
        match (running, &self.bridging) {
            (Some(delivery), _) if delivery.source == Source::Prime => Err(Refusal::plain(Reason::PrimeRunning)),
            (Some(delivery), _) => Err(Refusal::until(Reason::BolusRunning, delivery.end())),
            (None, Some(_)) => Err(Refusal::plain(Reason::BridgeRunning)),
            (None, None) => Ok(()),
        }
    }

    //= requirements/bolus.md#above-the-reserve
    //# The pump MUST refuse a patient bolus that would take the worst-case volume below the alarm volume.
    fn check_reserve(&self, order: &Prescription, volume: Volume) -> Result<(), Refusal> {
        let more = volume.saturating_add(volume.share_ceil(self.path.device.accuracy));
        let left = Remaining::of(&self.path).worst.saturating_sub(more);
        if left < order.alarm_volume {
            let (left, limit) = (left.get(), order.alarm_volume.get());
            return Err(Refusal::of(Reason::ReservoirLow, orders::Field::AlarmVolume, left, limit));
        }
        Ok(())
    }

    //= requirements/bolus.md#basal-untouched
    //# The pump MUST refuse a bolus whose rate and the basal together exceed the greatest flow of the device profile.
    pub(crate) fn check_rate(&self, volume: Volume, duration: Duration) -> Result<(), Refusal> {
        let day = Duration::from_days(1);
        let rate = orders::quantity::mul_div_ceil(volume.get(), day.get(), duration.get()).unwrap_or(u64::MAX);
        let basal = self.order.as_ref().map_or(0, |order| order.basal_highest(self.path.device.minimum_rate).get());
        let (rate, limit) = (rate.saturating_add(basal), self.path.device.flow_max.get());
        if rate > limit {
            return Err(Refusal::of(Reason::FactoryLimit, orders::Field::BasalFlow, rate, limit));
        }
        Ok(())
    }

    /// The look ahead: given, in progress and scheduled, with this bolus, in every window that holds any part of it.
    ///
    /// Where there is room for the quick bound of what is scheduled there is room for the exact one; only where there is
    /// not does the exact one decide, and say from when.
    pub(crate) fn check_ahead(&self, now: Instant, order: &Prescription, delivery: &Delivery) -> Result<(), Refusal> {
        let highest = self.path.highest();
        let bolus = self.row_at(&highest, delivery.volume(self.path.device.stroke));
        let heaviest = match &order.mode {
            Mode::Schedule(schedule) => Some(Heaviest::of(schedule)),
            Mode::MinimumRate | Mode::Continuous(_) | Mode::PeriodicBolus(_) => None,
        };
        if let Some(heaviest) = &heaviest {
            let planned = |from: Instant, to: Instant| self.planned(Some(heaviest), from, to, order, &highest);
            if self.ceilings.fits(now, delivery.duration, &bolus, &planned) {
                return Ok(());
            }
        }
        let planned = |from: Instant, to: Instant| self.planned(None, from, to, order, &highest);
        self.ceilings.predict(now, delivery.duration, &bolus, &planned)
    }

    /// The most that order, bridge and a bolus in progress may charge between two instants.
    fn planned(
        &self,
        heaviest: Option<&Heaviest>,
        from: Instant,
        to: Instant,
        order: &Prescription,
        highest: &Highest,
    ) -> Row {
        if to <= from {
            return NOTHING;
        }
        let scheduled = self.program.upper_volume_by(heaviest, from, to, order, self.path.device.minimum_rate);
        let bridge = self.bridging.as_ref().map(|bridging| bridging.bridge.plan.flow);
        let bridged = bridge.map_or(Volume::ZERO, |flow| flow.volume_ceil(to.since(from)));
        // Strokes are whole: one more than the rate says may fall into any span.
        let volume = scheduled.max(bridged).saturating_add(self.path.device.stroke).saturating_add(self.in_progress());
        self.row_at(highest, volume)
    }

    fn row_at(&self, highest: &Highest, volume: Volume) -> Row {
        let mass = |drug: Drug| volume.mass_at(highest.of(drug));
        let masses: [Mass; DRUGS_MAX] = self.ceilings.drugs().map(|drug| drug.map_or(Mass::ZERO, mass));
        Ceilings::row(&masses, volume)
    }
}

/// The latest not-before of all, in each that time lifts; none if one of them is not lifted by time.
fn with_latest(refusals: Refusals) -> Refusals {
    let latest = refusals.iter().filter_map(|refusal| refusal.not_before).max();
    let mut answered = Refusals::none();
    for refusal in refusals.iter() {
        let not_before = refusal.not_before.and(latest);
        answered.push(Refusal { not_before, ..*refusal });
    }
    answered
}
