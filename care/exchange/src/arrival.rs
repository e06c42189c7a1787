//! What becomes of a document that arrives: whether it is new, and whether an order in it may stand.
//!
//! Pure judgements over what the receiver has kept. The receiver keeps, for each (source, seq), the fingerprint and the
//! answer it gave, in the same step as the document's effects; then arrival order does not matter, and a repeat is a repeat.

use crate::body::Outcome;
use crate::envelope::{Envelope, NotDocument};
use crate::value::Hex;

/// What was kept of a document that came before under the same source and seq.
#[derive(Clone, PartialEq, Debug)]
pub struct Before {
    /// Its fingerprint.
    pub fingerprint: Hex<32>,
    /// The answer it got.
    pub answer: Outcome,
}

/// What an arriving document is.
#[derive(Clone, PartialEq, Debug)]
pub enum Arrival {
    /// It was never here: take it, and keep its answer with its fingerprint.
    New {
        /// To be kept.
        fingerprint: Hex<32>,
    },
    /// It came before: give this answer again and do nothing else.
    Again(Outcome),
    /// Another document came before under the same number: nothing is done, and a person is told.
    Clash {
        /// What came first.
        first: Hex<32>,
        /// What came now.
        now: Hex<32>,
    },
}

/// Judges a document against what was kept under its source and seq.
///
/// # Errors
/// [`NotDocument`] if it has no fingerprint.
//= requirements/clinic.md#answered-alike
//# A document that arrives again MUST get the answer it got before, in whatever order documents arrive.
pub fn arrival(document: &Envelope, before: Option<&Before>) -> Result<Arrival, NotDocument> {
    let fingerprint = document.fingerprint()?;
    Ok(match before {
        None => Arrival::New { fingerprint },
        Some(before) if before.fingerprint == fingerprint => Arrival::Again(before.answer.clone()),
        Some(before) => Arrival::Clash { first: before.fingerprint, now: fingerprint },
    })
}

/// Whether an order may go on its way to the pump.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OrderStands {
    /// It was made for what runs.
    Yes,
    /// It was made for another order than the one that runs: that one stands, and this becomes a task for a person.
    Task {
        /// The order that it was made for; 0 for none.
        made_for: u64,
        /// The order that runs; 0 for none.
        runs: u64,
    },
}

/// Judges an order's base version against the order that the pump last told to run.
//= requirements/clinic.md#never-merged
//# Two orders made apart MUST NOT be merged: what the pump runs stands and the other becomes a task.
pub const fn order_stands(base_version: u64, runs: u64) -> OrderStands {
    if base_version == runs { OrderStands::Yes } else { OrderStands::Task { made_for: base_version, runs } }
}
