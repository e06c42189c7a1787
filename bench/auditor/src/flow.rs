//! I3, I4 and I9 by volume: never more than ordered flow plus what was asked for once; never long less than ordered.
//!
//! Answers for volume in nominal strokes, because the pump can count nothing else. Over every window at once: an excess
//! grows with each stroke and drains at the highest flow the order (or the level of the ladder) permits, never below
//! zero; it is the largest surplus of any window that ends now. The shortfall is kept the same way, of what was commanded
//! against the lowest flow; commands that bring no edge are judged by their number in a row. Each request that was asked opens a credit of one bolus, once; excess beyond two strokes is paid from credits,
//! and what a credit still holds when its time is over pays what it left standing: it was given on that request.
//!
//! Unit `u`: nL x ms of a day x parts per million, so that flow in nL/day times ms times a clock's tolerance needs no
//! division. 1 nL = 86,400,000,000,000 u.

use crate::finding::{Findings, Invariant};
use crate::order::{DAY_MS, Device, Order};
use std::collections::VecDeque;

const PPM: u128 = 1_000_000;

const U_PER_NL: u128 = DAY_MS as u128 * PPM;

/// Strokes that may be ahead of the ordered flow: one of the carried remainder, one at the edge of a change.
const AHEAD_STROKES: u128 = 2;

/// Strokes that may be behind besides the time to resume: one of the carried remainder, one at the edge of a change, one
/// that a prime or a field took the place of.
const BEHIND_STROKES: u128 = 3;

/// The ladder's levels, from full therapy to the drive cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Level {
    /// Full therapy.
    #[default]
    Full,
    /// No patient bolus begins.
    NoPatientBolus,
    /// The last verified basal only.
    BasalOnly,
    /// The fall-back rate.
    FallBack,
    /// No motion.
    DriveCut,
}

/// Why therapy need not go on just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// A clinician stopped it.
    Stopped,
    /// The reservoir is at its residual.
    Empty,
    /// A strong magnetic field stops the rotor.
    StrongField,
    /// A fault was declared with an alarm.
    Fault,
}

#[derive(Debug, Clone, Copy)]
struct Credit {
    key: (u64, u64),
    left_u: u128,
    until: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct Flow {
    last: u64,
    low: u64,
    high: u64,
    fall_back: u64,
    level: Level,
    level_since: u64,
    holds: [bool; 4],
    excess_u: u128,
    behind_u: u128,
    behind_told: bool,
    /// What may be ahead besides, by an oscillator that runs wrong and may not have been noticed.
    unnoticed_u: u128,
    /// Commands in a row that brought no edge.
    silent: u64,
    credits: VecDeque<Credit>,
}

impl Flow {
    pub(crate) fn new() -> Self {
        Self {
            last: 0,
            low: 0,
            high: 0,
            fall_back: 0,
            level: Level::Full,
            level_since: 0,
            holds: [false; 4],
            excess_u: 0,
            behind_u: 0,
            behind_told: false,
            unnoticed_u: 0,
            silent: 0,
            credits: VecDeque::new(),
        }
    }

    pub(crate) fn order(&mut self, at: u64, order: &Order, device: &Device, findings: &mut Findings) {
        self.look(at, device, findings);
        self.low = order.flow_low_nl_per_day;
        self.high = order.flow_high_nl_per_day;
        self.fall_back = order.fall_back_nl_per_day;
    }

    pub(crate) fn level(&mut self, at: u64, level: Level, device: &Device, findings: &mut Findings) {
        self.look(at, device, findings);
        if level >= Level::BasalOnly {
            self.credits.clear();
        }
        self.level = level;
        self.level_since = at;
        self.excess_u = 0;
    }

    pub(crate) fn hold(&mut self, at: u64, hold: Hold, on: bool, device: &Device, findings: &mut Findings) {
        self.look(at, device, findings);
        self.holds[hold as usize] = on;
        self.behind_u = 0;
        self.behind_told = false;
    }

    /// An oscillator begins or ceases to run wrong: until that must have been noticed, flow may follow it.
    pub(crate) fn oscillator_wrong(&mut self, at: u64, on: bool, device: &Device, findings: &mut Findings) {
        self.look(at, device, findings);
        self.unnoticed_u = if on { u128::from(self.high) * u128::from(device.clock_watch_ms) * PPM } else { 0 };
    }

    /// Opens or prolongs the credit of one request; the volume counts once.
    pub(crate) fn asked(&mut self, key: (u64, u64), volume_nl: u64, until: u64, first: bool) {
        if first {
            self.credits.push_back(Credit { key, left_u: u128::from(volume_nl) * U_PER_NL, until });
        } else if let Some(credit) = self.credits.iter_mut().find(|c| c.key == key) {
            credit.until = credit.until.max(until);
        }
    }

    /// Closes the credit of a request that was refused.
    pub(crate) fn refused(&mut self, key: (u64, u64)) {
        self.credits.retain(|c| c.key != key);
    }

    pub(crate) const fn level_now(&self) -> Level {
        self.level
    }

    /// Brings both sums to `at` and judges the shortfall.
    pub(crate) fn look(&mut self, at: u64, device: &Device, findings: &mut Findings) {
        let elapsed = u128::from(at.saturating_sub(self.last));
        self.last = self.last.max(at);
        if elapsed == 0 {
            return;
        }
        let (high, low) = match self.level {
            Level::Full | Level::NoPatientBolus | Level::BasalOnly => (self.high, self.low),
            Level::FallBack => (self.fall_back, self.fall_back.min(self.low)),
            Level::DriveCut => (0, 0),
        };
        let ppm = u128::from(device.clock_ppm);
        let drained = u128::from(high) * elapsed * (PPM + ppm);
        self.excess_u = self.excess_u.saturating_sub(drained);
        if self.holds.contains(&true) {
            return;
        }
        self.behind_u += u128::from(low) * elapsed * PPM.saturating_sub(ppm);
        let most = u128::from(low) * u128::from(device.resume_within_ms) * PPM + BEHIND_STROKES * stroke_u(device);
        if self.behind_u > most && !self.behind_told {
            self.behind_told = true;
            findings.add(
                Invariant::I9,
                at,
                "therapy that nothing holds is behind the order",
                &[("behind_nl", nl(self.behind_u)), ("permitted_nl", nl(most))],
            );
        }
    }

    /// One stroke was commanded; whether it moves is seen later.
    pub(crate) fn commanded(&mut self, at: u64, device: &Device, findings: &mut Findings) {
        self.look(at, device, findings);
        self.behind_u = self.behind_u.saturating_sub(stroke_u(device));
        self.behind_told = false;
        // The stroke that is being commanded may move yet.
        if self.silent == device.stall_strokes + 1 && !self.holds.contains(&true) {
            findings.add(
                Invariant::I9,
                at,
                "strokes go on without motion and no fault was declared",
                &[("strokes", i128::from(self.silent)), ("permitted", i128::from(device.stall_strokes))],
            );
        }
        self.silent += 1;
    }

    /// An edge came, true or false: the pump cannot call the drive silent.
    pub(crate) const fn edge(&mut self) {
        self.silent = 0;
    }

    /// The pump restarted: the stroke that was cut off is lost, and silence is counted anew.
    pub(crate) fn restarted(&mut self, device: &Device) {
        self.silent = 0;
        self.behind_u = self.behind_u.saturating_sub(stroke_u(device));
    }

    /// One commanded stroke that truly moved.
    pub(crate) fn stroke(&mut self, at: u64, device: &Device, findings: &mut Findings) {
        self.look(at, device, findings);
        let stroke = stroke_u(device);
        self.close_credits(at);
        self.excess_u += stroke;
        // The stroke under way when the drive is cut may end.
        let ahead = if self.level == Level::DriveCut { stroke } else { AHEAD_STROKES * stroke + self.unnoticed_u };
        for credit in self.credits.iter_mut().filter(|c| c.until >= at) {
            let need = self.excess_u.saturating_sub(ahead);
            let paid = need.min(credit.left_u);
            credit.left_u -= paid;
            self.excess_u -= paid;
        }
        if self.excess_u > ahead {
            let (invariant, sentence) = if self.level >= Level::BasalOnly {
                (Invariant::I4, "more was delivered than the level of the ladder permits")
            } else {
                (Invariant::I3, "more was delivered than the ordered flow and every request carried out once")
            };
            findings.add(
                invariant,
                at,
                sentence,
                &[
                    ("ahead_nl", nl(self.excess_u)),
                    ("permitted_nl", nl(ahead)),
                    ("level", self.level as i128),
                    ("level_since_ms", i128::from(self.level_since)),
                ],
            );
            self.excess_u = 0;
        }
    }

    /// Credits whose time is over pay what is left standing, once; strokes that come later are not theirs.
    fn close_credits(&mut self, at: u64) {
        let left: u128 = self.credits.iter().filter(|c| c.until < at).map(|c| c.left_u).sum();
        self.excess_u = self.excess_u.saturating_sub(left);
        self.credits.retain(|c| c.until >= at && c.left_u > 0);
    }
}

fn stroke_u(device: &Device) -> u128 {
    u128::from(device.stroke_nl) * U_PER_NL
}

/// Whole nanolitres of `u`, rounded down.
fn nl(u: u128) -> i128 {
    (u / U_PER_NL) as i128
}
