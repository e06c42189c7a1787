//! What can stand in an envelope.
//!
//! Each body is whole in itself: it can be read years later without the ones around it. A field that is not there is not
//! known; none has a default.

mod patient;
mod programming;
mod told;

use serde::{Deserialize, Serialize};

use crate::envelope::NotDocument;
use crate::value::{Hex, Label};

pub use patient::{Diary, DiaryEntry, Felt, Identifier, PatientFile};
pub use programming::{Commit, Order, Proposal, ProposedWhat, Refill, RefillCheck, SignedBy, Total};
pub use told::{ActiveAlarm, Alarm, AlarmNow, BatteryTold, Interrogation, JournalPart, StatusTold};

use crate::envelope::Source;

/// The body of a document, by its kind.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Body {
    /// A patient's file, checked out of the clinic so that a programmer can work without it.
    PatientFile(Box<PatientFile>),
    /// An order that a clinician has written, with the clinicians' signatures gathered so far.
    Order(Box<Order>),
    /// What a pump answered to a proposal: to be compared, signed, committed.
    Proposal(Box<Proposal>),
    /// What a pump told: status, ledger, alarms, battery, and its journal unopened.
    Interrogation(Box<Interrogation>),
    /// What a patient felt.
    Diary(Diary),
    /// An alarm of a pump, as somebody heard it.
    Alarm(Alarm),
    /// What became of documents that were sent.
    Acknowledgement(Acknowledgement),
    /// What a person did: for the audit.
    Act(Act),
    /// A refill, as it was entered and as the pump answered.
    Refill(Box<Refill>),
}

/// Answers to documents, each for itself.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acknowledgement {
    /// One for each document.
    pub answers: Vec<Answered>,
}

/// The answer to one document.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answered {
    /// Who had sent it.
    pub source: Source,
    /// Under which number.
    pub seq: u64,
    /// Its fingerprint: a sender can see that its own was meant.
    pub fingerprint: Hex<32>,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a document.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Outcome {
    /// Taken, and durable before this was said.
    Taken,
    /// Not taken: what was wrong and what to do.
    Refused {
        /// In words.
        why: String,
    },
    /// Taken as a task for a person: it was made for another order than the one that runs.
    Task {
        /// The order that it was made for.
        made_for: u64,
        /// The order that runs.
        runs: u64,
    },
}

/// What a person did.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Act {
    /// Who: the clinic's name for the person.
    pub person: String,
    /// What, as a verb of the audit: `order-signed`, `pump-interrogated`, `file-opened`.
    pub verb: String,
    /// What it was done to, in words; no name and no identifier of a patient.
    pub about: String,
    /// Why, where a reason was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the device's own clock showed.
    pub at: Label,
    /// Fingerprint of the source's act before this one: a missing or altered one shows. None for its first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Hex<32>>,
}

impl Body {
    /// The kind's word in JSON.
    pub const fn kind(&self) -> &'static str {
        match self {
            Body::PatientFile(_) => "patient-file",
            Body::Order(_) => "order",
            Body::Proposal(_) => "proposal",
            Body::Interrogation(_) => "interrogation",
            Body::Diary(_) => "diary",
            Body::Alarm(_) => "alarm",
            Body::Acknowledgement(_) => "acknowledgement",
            Body::Act(_) => "act",
            Body::Refill(_) => "refill",
        }
    }

    pub(crate) fn check(&self) -> Result<(), NotDocument> {
        match self {
            Body::PatientFile(file) => file.check(),
            Body::Diary(diary) => diary.check(),
            Body::Interrogation(interrogation) => interrogation.check(),
            Body::Order(order) => order.check(),
            Body::Proposal(_) | Body::Alarm(_) | Body::Acknowledgement(_) | Body::Refill(_) => Ok(()),
            Body::Act(act) => check_word("act.verb", &act.verb),
        }
    }
}

/// A word of a closed list that the receiver knows: letters, digits and hyphens.
fn check_word(field: &'static str, word: &str) -> Result<(), NotDocument> {
    let is_word = !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    match is_word && word.len() <= 64 {
        true => Ok(()),
        false => Err(NotDocument::Field {
            field,
            value: format!("{word:?}"),
            expected: "a word of lower-case letters, digits and hyphens was expected",
        }),
    }
}
