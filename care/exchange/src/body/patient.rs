//! What is known of a patient, and what a patient tells.

use orders::{Ledger, Prescription};
use serde::{Deserialize, Serialize};

use crate::body::check_word;
use crate::envelope::NotDocument;
use crate::value::{Document, Label};

/// Something that tells one patient from another: a hospital's number, a date of birth.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identifier {
    /// What it is.
    pub what: String,
    /// What it says.
    pub value: String,
}

/// A patient's file as it was checked out: enough to stand at a bed with no network.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PatientFile {
    /// The clinic's number of the patient.
    pub patient: String,
    /// At least two identifiers, to be compared with the person.
    pub identifiers: Vec<Identifier>,
    /// The pump's model.
    pub model: String,
    /// The catheter as trimmed and installed, nL; left out before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catheter_nl: Option<u64>,
    /// The order that ran when the pump was last heard of; left out when none did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running: Option<Document<Prescription>>,
    /// The ledger that it told then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger: Option<Document<Ledger>>,
    /// The pump's own clock at that moment, ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard_at_ms: Option<u64>,
    /// The first number of its journal that the clinic has not.
    pub journal_next: u64,
    /// Things to know before a drug is chosen, one a line, in the clinic's words.
    pub cautions: Vec<String>,
    /// Who has checked it out.
    pub checked_out_by: String,
    /// What the clinic's clock showed then.
    pub checked_out: Label,
    /// When it must be back or checked out anew.
    pub until: Label,
}

impl PatientFile {
    pub(crate) fn check(&self) -> Result<(), NotDocument> {
        if self.identifiers.len() < 2 {
            return Err(NotDocument::Field {
                field: "identifiers",
                value: format!("{} of them", self.identifiers.len()),
                expected: "two are compared with the person before anything is changed",
            });
        }
        Ok(())
    }
}

/// What was felt or noted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "felt", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Felt {
    /// Pain, 0 to 10.
    Pain {
        /// Numeric rating.
        rating: u8,
    },
    /// Spasm, 0 to 4 (Penn frequency).
    Spasm {
        /// Rating.
        rating: u8,
    },
    /// Drowsiness, 0 to 3, as the patient or a carer sees it.
    Drowsy {
        /// Rating.
        rating: u8,
    },
    /// A named complaint.
    Complaint {
        /// A word: `itch`, `nausea`, `new-weakness`.
        word: String,
    },
    /// Free words.
    Note {
        /// They.
        text: String,
    },
}

/// One entry of a diary.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiaryEntry {
    /// What was felt.
    pub entry: Felt,
    /// What the handset's own clock showed when it was entered.
    pub at: Label,
    /// The pump's clock, ms, where the handset was in contact at that moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pump_ms: Option<u64>,
}

/// Entries of a diary, in the order in which they were entered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Diary {
    /// They.
    pub entries: Vec<DiaryEntry>,
}

/// Longest note, bytes.
const NOTE_MAX: usize = 4_000;

impl Diary {
    pub(crate) fn check(&self) -> Result<(), NotDocument> {
        let within = |field, rating: u8, most: u8, expected| match rating <= most {
            true => Ok(()),
            false => Err(NotDocument::Field { field, value: rating.to_string(), expected }),
        };
        self.entries.iter().try_for_each(|entry| match &entry.entry {
            Felt::Pain { rating } => within("pain", *rating, 10, "0 to 10 was expected"),
            Felt::Spasm { rating } => within("spasm", *rating, 4, "0 to 4 was expected"),
            Felt::Drowsy { rating } => within("drowsy", *rating, 3, "0 to 3 was expected"),
            Felt::Complaint { word } => check_word("complaint", word),
            Felt::Note { text } if text.len() > NOTE_MAX => Err(NotDocument::Field {
                field: "note",
                value: format!("{} bytes", text.len()),
                expected: "at most 4,000 bytes were expected; make two notes of it",
            }),
            Felt::Note { .. } => Ok(()),
        })
    }
}
