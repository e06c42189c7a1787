//! I2, I3 and I10: what was asked, what was answered, and that a spoiled frame moved nothing.
//!
//! Answers for identity and spacing of patient boluses as heard on the radio and read in the journal. Volume is judged
//! in `flow`. Times of starts are the pump's own ticks, because the lockout is defined in them.

use crate::finding::{Findings, Invariant};
use crate::order::{BolusRule, DAY_MS};
use std::collections::{BTreeMap, BTreeSet};

/// A request of one peer: the peer and its strictly rising number.
pub type RequestId = (u64, u64);

/// What the pump answered to a request for a patient bolus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Granted; the bolus starts at this reading of the pump's monotonic time, ms.
    Granted {
        /// Start in pump time, ms.
        start_pump_ms: u64,
    },
    /// Refused, for the reason with this number.
    Refused {
        /// The pump's number of the reason.
        reason: u16,
    },
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Requests {
    asked: BTreeSet<RequestId>,
    answers: BTreeMap<RequestId, Answer>,
    recorded: BTreeMap<RequestId, u64>,
    /// Starts in pump time, with the request and the rule in force when it was first known.
    starts: BTreeMap<(u64, RequestId), BolusRule>,
}

impl Requests {
    /// Notes a request; true the first time.
    pub(crate) fn asked(&mut self, id: RequestId) -> bool {
        self.asked.insert(id)
    }

    /// Notes an answer and judges it against the one heard before.
    pub(crate) fn answered(
        &mut self,
        at: u64,
        id: RequestId,
        answer: Answer,
        rule: Option<BolusRule>,
        findings: &mut Findings,
    ) {
        match self.answers.insert(id, answer) {
            Some(before) if before != answer => findings.add(
                Invariant::I3,
                at,
                "one request was answered in two ways",
                &[("peer", i128::from(id.0)), ("id", i128::from(id.1))],
            ),
            Some(_) => {}
            None => {
                if let Answer::Granted { start_pump_ms } = answer {
                    self.start(at, start_pump_ms, id, rule, findings);
                }
            }
        }
    }

    /// Notes a bolus start found in the journal under a record number; reading the same record again is harmless.
    pub(crate) fn recorded(
        &mut self,
        at: u64,
        id: RequestId,
        record: u64,
        start_pump_ms: u64,
        rule: Option<BolusRule>,
        findings: &mut Findings,
    ) {
        match self.recorded.insert(id, record) {
            Some(before) if before != record => findings.add(
                Invariant::I3,
                at,
                "the journal holds two starts of one request",
                &[("peer", i128::from(id.0)), ("id", i128::from(id.1)), ("record", i128::from(record))],
            ),
            Some(_) => {}
            None => {
                if !matches!(self.answers.get(&id), Some(Answer::Granted { .. })) {
                    self.start(at, start_pump_ms, id, rule, findings);
                }
            }
        }
    }

    fn start(&mut self, at: u64, start_pump_ms: u64, id: RequestId, rule: Option<BolusRule>, findings: &mut Findings) {
        let Some(rule) = rule else {
            findings.add(
                Invariant::I2,
                at,
                "a patient bolus was granted although the order has none",
                &[("peer", i128::from(id.0)), ("id", i128::from(id.1))],
            );
            return;
        };
        let key = (start_pump_ms, id);
        let before = self.starts.range(..key).next_back().map(|(k, r)| (k.0, *r));
        let after = self.starts.range(key..).next().map(|(k, r)| (k.0, *r));
        let neighbours = [before.map(|(t, _)| start_pump_ms - t), after.map(|(t, _)| t - start_pump_ms)];
        // A bolus heard of late may lie before another: whichever is the later one had to wait.
        let lockouts = [rule.lockout_ms, after.map_or(0, |(_, r)| r.lockout_ms)];
        for (apart, lockout) in neighbours.into_iter().zip(lockouts) {
            if let Some(apart) = apart.filter(|a| *a < lockout) {
                findings.add(
                    Invariant::I2,
                    at,
                    "two patient boluses started closer than the lockout",
                    &[("apart_ms", i128::from(apart)), ("lockout_ms", i128::from(lockout)), ("id", i128::from(id.1))],
                );
            }
        }
        self.starts.insert(key, rule);
        let from = start_pump_ms.saturating_sub(DAY_MS - 1);
        let in_day = self.starts.range((from, (0, 0))..=key).count();
        if in_day > rule.allotment as usize {
            findings.add(
                Invariant::I2,
                at,
                "more patient boluses started in 24 hours than the allotment",
                &[("boluses", in_day as i128), ("allotment", i128::from(rule.allotment))],
            );
        }
        // A bolus two days old in pump time can no longer be within any lockout or day that is still judged.
        self.starts = self.starts.split_off(&(start_pump_ms.saturating_sub(2 * DAY_MS), (0, 0)));
    }
}
