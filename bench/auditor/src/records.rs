//! I5, I11 and I12: what the pump wrote and counts, against what the rotor did.
//!
//! Answers for counts and records. The bench counts commands and edges at the drive's own terminals; the pump's counts
//! come from its journal and its answers to an interrogation.

use crate::finding::{Findings, Invariant};
use std::collections::BTreeSet;

/// What the pump tells of its own counts at an interrogation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PumpTotals {
    /// Strokes the journal tells as confirmed by the rotor, since birth.
    pub confirmed_strokes: u64,
    /// Strokes the journal tells as commanded and not confirmed, since birth.
    pub unconfirmed_strokes: u64,
    /// Volume the pump says is in the reservoir, nL.
    pub reservoir_nl: u64,
    /// Volume declared to the pump as filled, the first filling included, nL.
    pub filled_nl: u64,
    /// Volume declared to the pump as drawn off, nL.
    pub drawn_nl: u64,
    /// Corrections of the reservoir that a clinician declared, nL, signed.
    pub corrected_nl: i64,
}

/// The edge of a motion comes with it, ms.
const EDGE_WITHIN_MS: u64 = 2_000;

#[derive(Debug, Clone, Default)]
pub(crate) struct Records {
    pub(crate) commanded: u64,
    pub(crate) moved: u64,
    pub(crate) edges: u64,
    /// Edges without a commanded motion: a pump that sees one cannot know that nothing moved, and counts it.
    stray: u64,
    /// Strokes that may have been counted and withheld.
    withheld: u64,
    /// When the last commanded motion was that has had no edge yet.
    unseen: Option<u64>,
    restarts: u64,
    /// What the pump counted too many at the last agreement, and how many restarts there had been.
    settled: (u64, u64),
    logged: BTreeSet<u32>,
}

impl Records {
    pub(crate) fn moved(&mut self, at: u64) {
        self.moved += 1;
        self.unseen = Some(at);
    }

    pub(crate) fn edge(&mut self, at: u64) {
        self.edges += 1;
        if self.unseen.take().is_none_or(|moved| at > moved + EDGE_WITHIN_MS) {
            self.stray += 1;
        }
    }

    pub(crate) fn restarted(&mut self) {
        self.restarts += 1;
    }

    pub(crate) fn alarm_logged(&mut self, alarm: u32) {
        self.logged.insert(alarm);
    }

    /// A stroke that was charged and recorded when the field came is not given; it stays counted.
    pub(crate) fn field_came(&mut self) {
        self.withheld += 1;
    }

    /// An alarm that has ended must be logged anew before it is heard again.
    pub(crate) fn alarm_ended(&mut self, alarm: u32) {
        self.logged.remove(&alarm);
    }

    pub(crate) fn alarm_heard(&self, at: u64, alarm: u32, findings: &mut Findings) {
        if !self.logged.contains(&alarm) {
            findings.add(
                Invariant::I11,
                at,
                "an alarm was heard that the journal does not hold",
                &[("alarm", i128::from(alarm))],
            );
        }
    }

    /// I5 at an interrogation.
    pub(crate) fn balance(&self, at: u64, told: PumpTotals, stroke_nl: u64, findings: &mut Findings) {
        let counted = told.confirmed_strokes + told.unconfirmed_strokes;
        let expected_nl = i128::from(told.filled_nl) - i128::from(told.drawn_nl) + i128::from(told.corrected_nl)
            - i128::from(counted) * i128::from(stroke_nl);
        // Below the residual the pump may still be stepped by nobody, so a negative volume is itself wrong.
        if expected_nl != i128::from(told.reservoir_nl) {
            findings.add(
                Invariant::I5,
                at,
                "the reservoir's decrement is not the strokes of the journal",
                &[
                    ("reservoir_nl", i128::from(told.reservoir_nl)),
                    ("expected_nl", expected_nl),
                    ("strokes", i128::from(counted)),
                ],
            );
        }
        if told.confirmed_strokes > self.edges {
            findings.add(
                Invariant::I5,
                at,
                "the journal confirms strokes that gave no edge",
                &[("confirmed", i128::from(told.confirmed_strokes)), ("edges", i128::from(self.edges))],
            );
        }
        if counted < self.moved {
            findings.add(
                Invariant::I5,
                at,
                "the rotor moved more commanded strokes than the journal holds",
                &[("counted", i128::from(counted)), ("moved", i128::from(self.moved))],
            );
        }
    }

    /// I12: the first count after a restart, or any later one.
    pub(crate) fn counted(&mut self, at: u64, counted: u64, findings: &mut Findings) {
        if counted < self.moved {
            findings.add(
                Invariant::I12,
                at,
                "after a restart the pump counts fewer strokes than the rotor moved",
                &[("counted", i128::from(counted)), ("moved", i128::from(self.moved))],
            );
        }
        // Every command counts, moved or not, and every edge without one; beyond that, one stroke for each restart since the
        // last agreement.
        let over = counted.saturating_sub(self.commanded + self.stray + self.withheld);
        let (over_before, restarts_before) = self.settled;
        let permitted = over_before + (self.restarts - restarts_before);
        if over > permitted {
            findings.add(
                Invariant::I12,
                at,
                "after a restart the pump counts more than one stroke too many",
                &[("counted", i128::from(counted)), ("commanded", i128::from(self.commanded))],
            );
        }
        self.settled = (over, self.restarts);
    }
}
