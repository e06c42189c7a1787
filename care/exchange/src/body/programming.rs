//! Orders on their way, what pumps answered to them, and refills.

use orders::Prescription;
use serde::{Deserialize, Serialize};

use crate::envelope::NotDocument;
use crate::value::{Bytes, Document, Fluid, Hex, Label};

/// A clinician's signature under a pump's digest. (An envelope's own signature is a device's, and orders nothing.)
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedBy {
    /// The first 8 bytes of SHA-256 of the clinician's public key.
    pub key: Hex<8>,
    /// Ed25519 over the digest.
    pub signature: Hex<64>,
}

/// An order as a clinician wrote it. A pump runs it only after a proposal of its own was signed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// The whole of it.
    pub prescription: Document<Prescription>,
    /// The clinic's name for whoever wrote it.
    pub written_by: String,
    /// Why, in the clinic's words.
    pub reason: String,
    /// The clinic's code for why the fluid changes without a bridge, where a clinician has decided so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without_bridge: Option<u8>,
    /// What the writer's clock showed.
    pub written: Label,
    /// What became of it at the pump, once that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<Commit>,
}

impl Order {
    pub(crate) fn check(&self) -> Result<(), NotDocument> {
        match self.reason.trim().is_empty() {
            true => Err(NotDocument::Field {
                field: "reason",
                value: "blank".into(),
                expected: "an order says why it was written",
            }),
            false => Ok(()),
        }
    }
}

/// That a pump took an order: what was signed, and by whom.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commit {
    /// What was signed.
    pub digest: Hex<32>,
    /// By one clinician, or two.
    pub signatures: Vec<SignedBy>,
    /// The pump's clock when it took it, ms.
    pub at_ms: u64,
    /// The number under which it runs.
    pub number: u64,
}

/// What was proposed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ProposedWhat {
    /// An order.
    Order {
        /// It.
        prescription: Box<Document<Prescription>>,
    },
    /// One bolus by a clinician.
    Single {
        /// How much, nL.
        volume_nl: u64,
        /// Over how long, ms.
        over_ms: u64,
    },
    /// A prime.
    Prime {
        /// How much, nL.
        volume_nl: u64,
    },
}

/// What one drug comes to, as the pump worked it out; per day, fg.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Total {
    /// Which.
    pub drug: String,
    /// By basal alone.
    pub basal_fg_per_day: u64,
    /// With every bolus that is allowed.
    pub all_fg_per_day: u64,
    /// The same of the order that ran; left out when it had not this drug.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basal_before_fg_per_day: Option<u64>,
    /// And with every bolus.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all_before_fg_per_day: Option<u64>,
}

/// What a pump answered to a proposal.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proposal {
    /// What was proposed.
    pub proposed: ProposedWhat,
    /// The request as it was sent, code and map: what the digest covers besides the terms.
    pub subject: Bytes,
    /// What is to be signed.
    pub digest: Hex<32>,
    /// The nonce in it.
    pub nonce: Hex<16>,
    /// Until when the pump takes a commit, ms of its clock.
    pub expires_ms: u64,
    /// The ledger that the digest names.
    pub ledger: u32,
    /// The pump's own totals.
    pub totals: Vec<Total>,
    /// How many clinicians must sign.
    pub signatures_needed: u8,
    /// The signatures gathered so far.
    pub signatures: Vec<SignedBy>,
}

/// How a filled volume was checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefillCheck {
    /// The sum of the vials.
    Vials,
    /// Syringes weighed before and after.
    Weight,
}

/// A refill as it was entered at the bed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refill {
    /// Drawn off, nL.
    pub drawn_off_nl: u64,
    /// What the pump expected to be drawn off, nL.
    pub expected_nl: u64,
    /// Filled in, nL.
    pub filled_nl: u64,
    /// What it is.
    pub fluid: Fluid,
    /// How the volume was checked.
    pub check: RefillCheck,
    /// What that gave, nL.
    pub checked_nl: u64,
    /// Lot numbers of what was filled.
    pub lots: Vec<String>,
    /// How long it keeps, ms.
    pub keeps_ms: u64,
    /// Whether it was drawn until nothing more came.
    pub emptied: bool,
    /// The clinic's code for why a discrepancy was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_for: Option<u8>,
    /// The clinic's name for whoever did it, and for whoever watched.
    pub by: Vec<String>,
    /// The pump's clock when it took it, ms; left out if it refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_ms: Option<u64>,
    /// The pump's words where it refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refusals: Vec<String>,
}
