//! I7 and I8: the drive's enable line and the pump's time, as measured at the terminals.
//!
//! Answers for the enable line against the state of therapy, and for ticks against true time.

use crate::finding::{Findings, Invariant};
use crate::order::Device;

/// How long the enable line may outlast a stop: the stroke under way ends, ms.
pub const ENABLE_AFTER_STOP_MAX_MS: u64 = 2_000;

#[derive(Debug, Clone, Default)]
pub(crate) struct Terminals {
    enabled: bool,
    stopped_since: Option<u64>,
    told: bool,
    /// Anchor and last reading of pump time: (true ms, pump ms).
    first: Option<(u64, u64)>,
    last_pump: u64,
    ahead_told: bool,
    /// Until when an oscillator may have been wrong without being noticed, or lagged behind; the far future while one is.
    doubt_until: u64,
    /// Whether an oscillator was ever wrong.
    was_wrong: bool,
}

/// Slack of one reading against true time, ms: rounding of both, one wake-up, and the 2 s for which a device waits while an
/// answer is on its way.
const TICK_SLACK_MS: u64 = 3_000;

impl Terminals {
    pub(crate) fn enable(&mut self, at: u64, on: bool, findings: &mut Findings) {
        self.enabled = on;
        self.look(at, findings);
    }

    pub(crate) fn stopped(&mut self, at: u64, stopped: bool, findings: &mut Findings) {
        // A stop that is over is judged up to its last moment.
        self.look(at, findings);
        self.told = false;
        self.stopped_since = stopped.then(|| self.stopped_since.unwrap_or(at));
    }

    pub(crate) fn commanded(&mut self, at: u64, findings: &mut Findings) {
        if let Some(since) = self.stopped_since {
            findings.add(
                Invariant::I7,
                at,
                "a stroke was commanded while therapy was stopped",
                &[("stopped_since_ms", i128::from(since))],
            );
        }
    }

    pub(crate) fn look(&mut self, at: u64, findings: &mut Findings) {
        if let Some(since) = self.stopped_since
            && self.enabled
            && !self.told
            && at > since + ENABLE_AFTER_STOP_MAX_MS
        {
            self.told = true;
            findings.add(
                Invariant::I7,
                at,
                "the drive stayed enabled while therapy was stopped",
                &[("stopped_since_ms", i128::from(since))],
            );
        }
    }

    /// An oscillator begins or ceases to run wrong. It may take a watch of the slower one, twice as
    /// long by the right one, to be noticed, and as long again to be believed.
    pub(crate) fn oscillator_wrong(&mut self, at: u64, on: bool, device: &Device) {
        self.was_wrong = true;
        self.doubt_until = if on { u64::MAX } else { at + 4 * device.clock_watch_ms };
    }

    /// After a restart, time that no store holds counts as not elapsed: what was told of it is taken back.
    /// One that was ever found wrong is compared anew.
    pub(crate) fn restarted(&mut self, at: u64, device: &Device) {
        self.last_pump = 0;
        if self.was_wrong {
            self.doubt_until = self.doubt_until.max(at + 2 * device.clock_watch_ms);
        }
    }

    pub(crate) fn tick(&mut self, at: u64, pump_ms: u64, device: &Device, findings: &mut Findings) {
        if pump_ms < self.last_pump {
            findings.add(
                Invariant::I8,
                at,
                "the pump's time went backward",
                &[("before_ms", i128::from(self.last_pump)), ("now_ms", i128::from(pump_ms))],
            );
            self.first = None;
        }
        self.last_pump = pump_ms;
        if self.doubt_until < at && std::mem::take(&mut self.doubt_until) > 0 {
            // What was ahead has been waited for by now, and what lagged has caught up: judged anew from here.
            self.first = None;
        }
        let (from, pump_from) = *self.first.get_or_insert((at, pump_ms));
        let passed = u128::from(at.saturating_sub(from));
        // Ahead by one watch, and behind by another where the judging began.
        let watched = if self.doubt_until > 0 { 2 * u128::from(device.clock_watch_ms) } else { 0 };
        let most =
            passed * (1_000_000 + u128::from(device.clock_ppm)) / 1_000_000 + u128::from(TICK_SLACK_MS) + watched;
        let is_ahead = u128::from(pump_ms.saturating_sub(pump_from)) > most;
        if is_ahead && !self.ahead_told {
            findings.add(
                Invariant::I8,
                at,
                "the pump's time ran ahead of true time",
                &[("pump_ms", i128::from(pump_ms - pump_from)), ("true_ms", passed as i128)],
            );
        }
        self.ahead_told = is_ahead;
        // Time the pump lost must not become a reserve that hides a clock running ahead: the anchor moves along.
        if u128::from(pump_ms.saturating_sub(pump_from)) <= passed {
            self.first = Some((at, pump_ms));
        }
    }
}
