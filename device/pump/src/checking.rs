//! Checking: the self-tests in the turn of the wheel.
//!
//! It answers for asking for the checks that are due, one at a time, for what a reading means to therapy, and for a
//! check that nobody answers. Which checks there are, when each is due and what passes is in `selftest`; whoever
//! drives the pins takes the readings.
//!
//! After a start every check is due, and the drive has no power before all have run. Later checks come between two
//! strokes, never during one: the drive's own currents are then told apart from a fault's.

use orders::{AlarmId, Duration, Instant};

use crate::controller::Pump;
use crate::events::Event;
use crate::selftest::{Check, Reading};

/// A check takes seconds; one that brings no reading in this time has failed and is asked for again.
pub const ANSWER_MAX: Duration = Duration::from_minutes(1);

impl Pump {
    /// The next check to be asked for, once.
    pub(crate) fn want_check(&mut self, now: Instant) -> Option<Check> {
        if self.stroke.is_some() || self.asked.is_some() {
            return None;
        }
        let check = self.selftest.poll(now)?;
        self.asked = Some((check, now));
        Some(check)
    }

    /// Somebody asks for the self-tests: those that can be done while therapy runs begin now, and the journal tells each.
    pub fn test_itself(&mut self, raw: u64) {
        let now = self.now(raw);
        self.selftest.ask(now);
    }

    /// A reading came for a check that was asked for, or for one that was done unasked.
    pub fn checked(&mut self, raw: u64, reading: Reading) {
        if !self.verified {
            return;
        }
        let now = self.now(raw);
        let check = reading.check();
        if self.asked.is_some_and(|(asked, _)| asked == check) {
            self.asked = None;
        }
        if let Reading::Battery(loaded_mv) = reading {
            self.battery.loaded(loaded_mv);
            self.review_at = now;
        }
        // Up to now the drive was held, or was not: what it may do from here is another matter.
        self.accrue(now);
        let is_first = self.selftest.is_owed(check);
        let passed = self.selftest.report(now, reading);
        self.note(now, Event::SelfTest { check, passed });
        if is_first && check == Check::Tone {
            self.play_every_tone();
        }
        self.weigh(now);
        self.give(now);
    }

    /// What the checks as a whole mean: the alarm, and with it the rung.
    //= requirements/selftest.md#at-start
    //# A self-test that fails MUST take the pump to the rung of its catalogue entry and raise its alarm.
    fn weigh(&mut self, now: Instant) {
        if self.selftest.has_failed() {
            self.stand(now, AlarmId::SelfTestFailed);
        } else if !self.selftest.is_any_owed() {
            self.over(now, AlarmId::SelfTestFailed);
        }
    }

    /// A check that nobody answers: the pump is no surer of itself than by one that failed.
    pub(crate) fn review_checks(&mut self, now: Instant) {
        let Some((check, asked)) = self.asked else { return };
        if now < asked.after(ANSWER_MAX) {
            return;
        }
        self.asked = None;
        self.note(now, Event::SelfTest { check, passed: false });
        self.stand(now, AlarmId::SelfTestFailed);
    }

    /// When a check is to be asked for, or given up.
    pub(crate) fn check_due(&self) -> Option<Instant> {
        match self.asked {
            Some((_, asked)) => Some(asked.after(ANSWER_MAX)),
            None if self.stroke.is_some() => None,
            None => self.selftest.deadline(),
        }
    }

    /// Whether the self-tests allow the drive to have power.
    pub(crate) fn is_sure_of_itself(&self) -> bool {
        self.selftest.may_step()
    }
}
