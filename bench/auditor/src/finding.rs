//! What the auditor says when it disagrees: the invariant, the moment, the sentence, the numbers.
//!
//! Answers for the list of findings and its bound. Leaves it to the judges to decide what is one.
//! A finding is kept once per episode; the list holds at most [`FINDINGS_MAX`] and counts the rest, so that a pump that
//! is wrong at every stroke for ten years does not fill the memory and the story still says how often.

use std::fmt;

/// Most findings kept whole; the rest are counted. A reader acts on the first few.
pub const FINDINGS_MAX: usize = 1_000;

/// The twelve things that must hold after every step, whatever happened before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Invariant {
    /// Delivered dose in every sliding window.
    I1,
    /// Lockout and allotment of the patient bolus.
    I2,
    /// One request, at most one delivery.
    I3,
    /// An alarm that inhibits takes effect in the same step.
    I4,
    /// Journal, reservoir and rotor agree.
    I5,
    /// Only a confirmed order within the factory's limits runs.
    I6,
    /// The drive is enabled only while therapy is not stopped.
    I7,
    /// Time never runs backward or too fast.
    I8,
    /// Therapy resumes by itself.
    I9,
    /// A spoiled frame changes nothing.
    I10,
    /// An alarm is logged before it is heard.
    I11,
    /// A restart counts at most one stroke too many, and none too few.
    I12,
}

impl Invariant {
    /// All of them, in order.
    pub const ALL: [Invariant; 12] = [
        Self::I1,
        Self::I2,
        Self::I3,
        Self::I4,
        Self::I5,
        Self::I6,
        Self::I7,
        Self::I8,
        Self::I9,
        Self::I10,
        Self::I11,
        Self::I12,
    ];

    /// The sentence that must be true.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::I1 => {
                "What left the catheter tip in any sliding window is within the ceilings, whatever the pump believes."
            }
            Self::I2 => {
                "No two patient boluses start closer than the lockout, and none passes the allotment of 24 hours."
            }
            Self::I3 => "One request is carried out at most once, across restarts and lost replies.",
            Self::I4 => "While an alarm inhibits delivery, no more is delivered than its level of the ladder permits.",
            Self::I5 => "The journal's strokes, the reservoir's decrement and the rotor's motion agree.",
            Self::I6 => {
                "Only an order that was proposed, signed, confirmed with presence and is within the factory limits runs."
            }
            Self::I7 => "The drive is enabled and stepped only while therapy is not stopped.",
            Self::I8 => "The pump's time never decreases, survives a restart and never runs ahead of true time.",
            Self::I9 => "Unless stopped, empty, in a strong field or in a declared fault, therapy goes on and resumes.",
            Self::I10 => "A replayed, reordered, altered or truncated frame changes nothing.",
            Self::I11 => "Every alarm is in the journal before, or in the same commit as, it is heard.",
            Self::I12 => "Across a restart the pump counts at most one stroke too many and never one too few.",
        }
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// One disagreement between what happened and what must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which invariant was broken.
    pub invariant: Invariant,
    /// True time of the first moment it was broken, ms.
    pub at: u64,
    /// What happened, as a sentence.
    pub sentence: String,
    /// The numbers behind the sentence, each with its name and unit.
    pub numbers: Vec<(&'static str, i128)>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {} ms: {}", self.invariant, self.at, self.sentence)?;
        for (name, value) in &self.numbers {
            write!(f, " {name}={value}")?;
        }
        Ok(())
    }
}

/// The bounded list of findings.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    kept: Vec<Finding>,
    beyond: u64,
}

impl Findings {
    /// Adds one finding, or counts it when the list is full.
    //= requirements/bench.md#own-ledger
    //# The auditor MUST report a breach of each of its twelve invariants, with time, expected and found.
    pub(crate) fn add(
        &mut self,
        invariant: Invariant,
        at: u64,
        sentence: impl Into<String>,
        numbers: &[(&'static str, i128)],
    ) {
        if self.kept.len() < FINDINGS_MAX {
            self.kept.push(Finding { invariant, at, sentence: sentence.into(), numbers: numbers.to_vec() });
        } else {
            self.beyond += 1;
        }
    }

    /// The findings kept, in the order they were made.
    pub fn kept(&self) -> &[Finding] {
        &self.kept
    }

    /// How many more there were than are kept.
    pub const fn beyond(&self) -> u64 {
        self.beyond
    }

    /// True if nothing was found.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// The findings of one invariant.
    pub fn of(&self, invariant: Invariant) -> impl Iterator<Item = &Finding> {
        self.kept.iter().filter(move |f| f.invariant == invariant)
    }
}
