//! Acts: what people do to a running pump without changing its order.
//!
//! Who may do it, and that they hold the programmer at the skin, is checked before this (`telemetry`, `implant`).
//! What it does to the state is `transitions`' table.

use orders::alarm::Level;
use orders::bounds::Field;
use orders::{AlarmId, Duration, FlowRate, Instant, Priority, Reason, Refusal, WallTime};

use crate::alarms::{NotCleared, Peer};
use crate::controller::{Calling, Pump, Stopping};
use crate::events::{Ask, Event};
use crate::guard::StillCut;
use crate::transitions::{Event as Happening, State};

impl Pump {
    /// A clinician stops the pump. Before the first start this cancels the prime that runs.
    ///
    /// # Errors
    /// No reason, a maximum out of its bounds, or a state that does not allow it.
    //= requirements/delivery.md#stop-by-a-person
    //# A stop by a person MUST let the stroke in progress finish.
    pub fn stop(&mut self, raw: u64, reason: u8, maximum: Duration, peer: Peer) -> Result<(), Refusal> {
        let now = self.now(raw);
        //= requirements/ladder.md#stop
        //# The pump MUST refuse a stop that has no reason or no maximum duration.
        let asked = if reason == 0 || maximum.is_zero() {
            Err(Refusal::of(Reason::Missing, Field::StopMaximum, maximum.get(), Field::StopMaximum.bound().max))
        } else {
            Field::StopMaximum.check(maximum.get())
        };
        asked.map_err(|refusal| self.say(now, Ask::Stop, refusal))?;
        //= requirements/ledger.md#prime-allowance
        //# The pump MUST stop a prime at the next stroke boundary when it is cancelled.
        if self.is_priming() {
            self.end_extra(now, crate::events::Ending::Cancelled);
            if self.state == State::Fresh {
                // A pump that was never started has nothing else to stop.
                return Ok(());
            }
        }
        self.state.after(Happening::Stop).map_err(|refusal| self.say(now, Ask::Stop, refusal))?;
        let since = self.stopping.map_or(now, |stopping| stopping.since);
        self.stopping = Some(Stopping { since, maximum });
        self.note(now, Event::Stopped { reason, maximum, peer });
        self.happen(now, Happening::Stop);
        self.review(now);
        Ok(())
    }

    /// A clinician starts a committed order, or resumes it.
    ///
    /// # Errors
    /// No order, an empty reservoir, or a state that does not allow it.
    pub fn resume(&mut self, raw: u64, peer: Peer) -> Result<(), Refusal> {
        let now = self.now(raw);
        let _ = peer;
        let happening = match self.state {
            State::Fresh | State::Lost => Happening::Start,
            State::Running | State::Stopped | State::Resting | State::Emergency | State::Empty => Happening::Resume,
        };
        let checked = if self.order.is_none() || self.dirty.switch {
            Err(Refusal::plain(Reason::NoProposal))
        } else if self.path.reservoir_volume() <= self.path.device.residual {
            Err(Refusal::plain(Reason::ReservoirEmpty))
        } else {
            self.state.after(happening)
        };
        checked.map_err(|refusal| self.say(now, Ask::Stop, refusal))?;
        if happening == Happening::Start {
            self.full_basal_at = now;
            self.hold_boluses(now);
            for id in [AlarmId::StateLost, AlarmId::NotStarted] {
                self.over(now, id);
            }
            // A clinician who starts a lost pump has looked at it: the restriction ends with the start.
            let _ = self.alarms.clear(now, AlarmId::StateLost, peer);
            if let Some(order) = self.order {
                self.program.start(now, &order);
            }
            self.relevel(now);
        }
        self.happen(now, happening);
        self.check_gap(now);
        self.review(now);
        Ok(())
    }

    /// Boluses rest for a day, unless the order's typed decision enables them at once. No decision shortens the day that
    /// follows a lost dose record.
    pub(crate) fn hold_boluses(&mut self, now: Instant) {
        use orders::prescription::BolusStart;
        match self.order.as_ref().map(|order| order.bolus_start) {
            Some(BolusStart::AtOnce { .. }) if self.alarms.stands(AlarmId::DoseRecordLost) => {}
            Some(BolusStart::AtOnce { reason }) => {
                self.boluses.release();
                self.note(now, Event::BolusesEnabled { reason, peer: Peer(0) });
            }
            Some(BolusStart::AfterADay) | None => self.boluses.hold(now),
        }
    }

    /// The emergency is called at the skin.
    ///
    /// # Errors
    /// Where nothing is given, it changes nothing.
    pub fn emergency(&mut self, raw: u64, peer: Peer) -> Result<(), Refusal> {
        let now = self.now(raw);
        let _ = peer;
        self.state.after(Happening::CallEmergency).map_err(|refusal| self.say(now, Ask::Emergency, refusal))?;
        let found = self.calling.map_or(self.flow, |calling| calling.found);
        //= requirements/ladder.md#emergency
        //# The pump MUST return from an emergency by itself only where the order says so for every drug of its mixture, and never above the rate it found.
        let after = self.order.as_ref().and_then(|order| order.emergency.returns(&order.mixture));
        self.calling = Some(Calling { since: now, until: after.map(|after| now.after(after)), found });
        self.note(now, Event::Emergency { is_on: true });
        self.happen(now, Happening::CallEmergency);
        self.review(now);
        Ok(())
    }

    /// A clinician goes up the ladder: every alarm whose cause was tested false, and that holds therapy below, ends.
    ///
    /// # Errors
    /// An alarm whose cause stands.
    //= requirements/ladder.md#steps-up
    //# A step up MUST need a clinician, unless its cause is in the list of self-healing causes and has been tested false.
    pub fn step_up(&mut self, raw: u64, level: u8, peer: Peer) -> Result<(), Refusal> {
        let now = self.now(raw);
        let was_cut = self.level == Level::Cut;
        self.re_enable(now, peer)?;
        if self.alarms.stands(AlarmId::GapTooLong) {
            // A clinician who steps up after a gap has decided that this patient may have the full dose again.
            self.full_basal_at = now;
            self.over(now, AlarmId::GapTooLong);
        }
        self.review(now);
        let mut held = None;
        for id in AlarmId::ALL.iter().copied().filter(|id| id.allows() as u8 > level) {
            match self.alarms.clear(now, id, peer) {
                Ok(()) => self.note(now, Event::AlarmCleared { id, peer }),
                Err(NotCleared::CauseStands) => held = Some(id),
                Err(NotCleared::NotStanding) => {}
            }
        }
        let was_low = self.level >= Level::FallBack;
        self.relevel(now);
        if was_low && !was_cut && self.level < Level::FallBack {
            // The same decision again: the days of the fall-back are behind this patient, and a clinician knows of them.
            self.full_basal_at = now;
        }
        if was_cut {
            // How long the drive was cut shows only now: a gap is a step of its own, for a clinician who has seen it.
            self.check_gap(now);
        }
        match held {
            Some(_) => Err(self.say(now, Ask::Clearing, Refusal::plain(Reason::AlarmActive))),
            None => Ok(()),
        }
    }

    /// Lets the drive have power again after the guard cut it.
    fn re_enable(&mut self, now: Instant, peer: Peer) -> Result<(), Refusal> {
        if self.guard.cut().is_none() {
            return Ok(());
        }
        match self.guard.re_enable(self.second_ms, true, true) {
            Ok(()) => {
                self.note(now, Event::GuardEnabled { peer });
                self.over(now, AlarmId::OverDelivery);
                Ok(())
            }
            Err(StillCut::CauseStands | StillCut::NotAllowed) => {
                Err(self.say(now, Ask::Clearing, Refusal::plain(Reason::AlarmActive)))
            }
        }
    }

    /// A clinician clears one alarm.
    ///
    /// # Errors
    /// Its cause stands, or it does not stand.
    pub fn clear_alarm(&mut self, raw: u64, id: AlarmId, peer: Peer) -> Result<(), Refusal> {
        let now = self.now(raw);
        self.review(now);
        if id == AlarmId::LongStandstill {
            self.drive.clear_standstill(now);
            self.over(now, id);
        }
        match self.alarms.clear(now, id, peer) {
            Ok(()) => {
                self.note(now, Event::AlarmCleared { id, peer });
                self.relevel(now);
                self.dirty.status = true;
                Ok(())
            }
            Err(NotCleared::CauseStands) => Err(self.say(now, Ask::Clearing, Refusal::plain(Reason::AlarmActive))),
            Err(NotCleared::NotStanding) => Err(self.say(now, Ask::Clearing, Refusal::plain(Reason::NoProposal))),
        }
    }

    /// Somebody took note of an alarm.
    pub fn acknowledge_alarm(&mut self, raw: u64, id: AlarmId, peer: Peer) {
        let now = self.now(raw);
        self.alarms.acknowledge(now, id, peer);
        self.note(now, Event::AlarmAcknowledged { id, peer });
        self.dirty.status = true;
    }

    /// Somebody asks for quiet: bounded, and for the alarms that stand now.
    pub fn silence(&mut self, raw: u64, wanted: Duration, peer: Peer) {
        let now = self.now(raw);
        self.alarms.silence(now, wanted);
        self.note(now, Event::Silenced { peer });
    }

    /// Plays the tone of each priority, as a part of the start's self-test: what was never heard is not known again.
    pub(crate) fn play_every_tone(&mut self) {
        for priority in [Priority::High, Priority::Medium, Priority::Low] {
            self.alarms.test_tone(priority);
        }
    }

    /// Plays a tone as it would be heard.
    //= requirements/alarms.md#test-tone
    //# The pump MUST sound the tone of each priority on request and at the start self-test.
    pub fn test_tone(&mut self, raw: u64, priority: Priority) {
        let now = self.now(raw);
        self.alarms.test_tone(priority);
        self.note(now, Event::TonePlayed { priority });
    }

    /// A clinician sets the wall clock: a label for people and the day schedule.
    ///
    /// # Errors
    /// During a bolus or a prime.
    pub fn set_wall(&mut self, raw: u64, wall: WallTime, peer: Peer) -> Result<(), Refusal> {
        let now = self.now(raw);
        if self.extra.is_some() || self.periodic.is_some() {
            return Err(self.say(now, Ask::Clock, Refusal::plain(Reason::ClockHeld)));
        }
        Field::Clock.check(wall.get()).map_err(|refusal| self.say(now, Ask::Clock, refusal))?;
        //= requirements/journal.md#order-by-number
        //# The setting of a clock MUST be a record of its own and change no other record.
        let before = self.clocks.wall(now).unwrap_or(WallTime::ZERO);
        self.note(now, Event::ClockSet { before, after: wall, peer });
        if self.bridging.is_some() {
            self.clock_waiting = Some((now, wall));
        } else {
            self.apply_wall(now, wall);
        }
        self.dirty.status = true;
        Ok(())
    }

    pub(crate) fn apply_wall(&mut self, now: Instant, wall: WallTime) {
        let before = self.clocks.wall(now);
        // Before the first start no step of a schedule has run that could run twice.
        if self.state != State::Fresh {
            self.program.clock_set(now, before, wall);
        }
        self.clocks.set_wall(now, wall);
        self.flow_changed(now);
        self.review_at = now;
    }

    /// A contact with the patient was recorded: the next upward step of an opioid ramp may come.
    ///
    /// # Errors
    /// No ramp runs.
    pub fn contact(&mut self, raw: u64, peer: Peer) -> Result<(), Refusal> {
        let now = self.now(raw);
        if self.order.is_none_or(|order| order.ramp.is_none()) {
            return Err(self.say(now, Ask::Other, Refusal::plain(Reason::NoProposal)));
        }
        self.program.contact(now);
        self.note(now, Event::ContactRecorded { peer });
        self.dirty.status = true;
        self.take_ramp_steps(now);
        self.flow_changed(now);
        self.review_at = now;
        Ok(())
    }

    /// Takes the steps of a ramp whose time has come.
    pub(crate) fn take_ramp_steps(&mut self, now: Instant) {
        let Some(order) = self.order else { return };
        let before = self.program.ramp_step();
        self.program.advance(now, &order);
        let step = self.program.ramp_step();
        if let (true, Some(ramp)) = (step != before, order.ramp) {
            self.note(now, Event::RampStep { step, share: ramp.share(step) });
            if ramp.is_upward() {
                self.hold_boluses(now);
            }
            self.dirty.status = true;
            self.review_at = now;
        }
    }

    /// The strong field came or went.
    pub fn field(&mut self, raw: u64, second_ms: u64, strong: bool) {
        if !self.verified {
            return;
        }
        self.tick(raw, second_ms);
        let now = self.now(raw);
        self.guard.field(second_ms, strong);
        let was_in = self.is_in_field();
        let since = self.drive.field_since().unwrap_or(now);
        self.basal.hold(now);
        if let Some(event) = self.drive.field(now, strong) {
            self.drive_event(now, event);
        }
        if strong && !was_in {
            self.note(now, Event::FieldEntered {});
            self.end_all(now, crate::events::Ending::Inhibited);
        } else if !strong && was_in {
            self.note(now, Event::FieldLeft { lasted: now.since(since) });
            self.check_gap(now);
        }
        self.dirty.status = true;
        self.give(now);
    }

    /// The cell was measured under load.
    pub fn battery(&mut self, raw: u64, loaded_mv: u16) {
        self.battery.loaded(loaded_mv);
        self.review_at = self.now(raw);
    }

    /// The temperature was measured, in hundredths of a degree Celsius.
    pub fn temperature(&mut self, raw: u64, centi_celsius: i16) {
        let now = self.now(raw);
        let is_wrong = !BODY.contains(&centi_celsius);
        if is_wrong != self.alarms.stands(AlarmId::Temperature) {
            let tenths = u16::try_from(centi_celsius.max(0)).unwrap_or(0) / 10;
            self.note(now, Event::Temperature { tenths });
        }
        //= requirements/power.md#temperature
        //# A temperature outside the body's range MUST raise an alarm and forbid patient boluses while it lasts.
        if is_wrong { self.stand(now, AlarmId::Temperature) } else { self.over(now, AlarmId::Temperature) }
    }

    /// An alarm of the implant's own: its store, its radio.
    pub fn raise(&mut self, raw: u64, id: AlarmId) {
        let now = self.now(raw);
        self.stand(now, id);
    }

    /// Its cause was tested false.
    pub fn cause_gone(&mut self, raw: u64, id: AlarmId) {
        let now = self.now(raw);
        self.over(now, id);
    }

    /// A contact by telemetry took its energy.
    pub fn contact_made(&mut self) {
        self.battery.contact();
    }

    /// Writes a refusal down and gives it back.
    pub(crate) fn say(&mut self, now: Instant, ask: Ask, refusal: Refusal) -> Refusal {
        self.note_refusal(now, ask, &refusal);
        refusal
    }

    /// The flow that runs now.
    pub const fn flow(&self) -> FlowRate {
        self.flow
    }

    /// When the emergency was called, if it lasts.
    pub fn emergency_since(&self) -> Option<Instant> {
        self.calling.filter(|_| self.state == State::Emergency).map(|calling| calling.since)
    }
}

/// A body's range in hundredths of a degree, 35 to 40 °C (safety facts PP-MEC-05).
const BODY: core::ops::RangeInclusive<i16> = 3_500..=4_000;
