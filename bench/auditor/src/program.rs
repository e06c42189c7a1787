//! I6: what was proposed, confirmed and runs.
//!
//! Answers for the path of an order to the pump, as the bench saw it happen: propose, sign, confirm with presence, run.
//! The bench checks signatures with its own keys and tells how many were valid and by whom; here they are counted.

use crate::finding::{Findings, Invariant};
use std::collections::BTreeMap;

/// A digest of a whole order; equal digests are equal orders.
pub type Digest = [u8; 32];

/// A confirmation as the bench saw it sent and answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Commit {
    /// The order's digest.
    pub digest: Digest,
    /// Different clinicians whose signature over it is valid.
    pub signatures: u8,
    /// Signatures that this order needs.
    pub signatures_needed: u8,
    /// Near-field presence within the last 60 s, truly.
    pub presence: bool,
    /// Whether the bench finds the whole document valid: its check sum, its bounds and relations.
    pub valid: bool,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Program {
    proposed: BTreeMap<Digest, u64>,
    /// The order that may run.
    confirmed: Option<Digest>,
    running: Option<Digest>,
}

impl Program {
    pub(crate) fn proposed(&mut self, at: u64, digest: Digest) {
        self.proposed.insert(digest, at);
    }

    /// A commit that the pump answered with yes. Any commit voids every other proposal.
    pub(crate) fn committed(&mut self, at: u64, commit: Commit, findings: &mut Findings) {
        let Commit { digest, signatures, signatures_needed, presence, valid } = commit;
        let mut wrong = |sentence: &str| {
            findings.add(
                Invariant::I6,
                at,
                sentence,
                &[("signatures", i128::from(signatures)), ("signatures_needed", i128::from(signatures_needed))],
            );
        };
        if !valid {
            wrong("the pump committed an order that is not valid");
        }
        if !presence {
            wrong("the pump committed an order without presence");
        }
        if signatures < signatures_needed.max(1) {
            wrong("the pump committed an order that lacks a signature");
        }
        if !self.proposed.contains_key(&digest) {
            wrong("the pump committed an order that was never proposed, or whose proposal another commit had voided");
        }
        self.proposed.clear();
        self.confirmed = Some(digest);
    }

    pub(crate) fn running(&mut self, at: u64, digest: Digest, findings: &mut Findings) {
        if self.running == Some(digest) && self.confirmed == Some(digest) {
            return;
        }
        if self.confirmed != Some(digest) {
            findings.add(Invariant::I6, at, "an order runs that is not the one confirmed last", &[]);
        }
        self.running = Some(digest);
    }
}
