//! Orders, single boluses and primes: proposed, compared, signed, committed.
//!
//! Answers for a clinician who signs only what the pump understood: the digest is worked out here from the request as it
//! was sent and the pump's terms, and where it differs nothing is signed. The signing keys never leave their hands.

use orders::{Duration, Ledger, Mass, Prescription, Reason, Refusal, Volume};
use telemetry::message::{Answer, Ask, Bytes, ask};
use telemetry::programming::{self, Path};
use telemetry::sign;

use super::World;
use super::device::Signed;
use super::people::Settled;
use crate::scenario::act::Who;
use crate::story::Outcome;

/// What was proposed.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "a handful of them exist at a time")]
pub(super) enum Proposed {
    /// An order.
    Order(Prescription),
    /// A single bolus.
    Single { volume: Volume, over: Duration },
    /// A prime.
    Prime { leading: Volume },
}

impl World<'_> {
    /// The clinician's number, as orders name it.
    pub(super) fn author(&self, who: Who) -> u32 {
        let ordering = self.scenario.orders[0].1.prescription.author;
        match who {
            Who::Physician => ordering,
            Who::Patient | Who::Nurse | Who::Colleague | Who::Helper => ordering + 1 + who as u32,
        }
    }

    pub(super) fn proposes(&mut self, who: Who, order: usize, without_bridge: Option<u8>) -> Outcome {
        let status = match self.status(who) {
            Ok(status) => status,
            Err(why) => return why,
        };
        let mut prescription = self.scenario.orders[order].1.prescription;
        // Orders are numbered by whoever programs: rising for one pump.
        prescription.order_number = prescription.order_number.max(status.order + 1);
        prescription.author = self.author(who);
        let mut bytes = [0u8; Prescription::BYTES_MAX];
        let Some(length) = prescription.encode(&mut bytes) else {
            return Outcome::Failed("the order does not fit its document");
        };
        let bridge = match without_bridge {
            Some(_) => None,
            None => self.bridge_for(who, &prescription),
        };
        let propose = ask::Propose {
            order: Bytes(&bytes[..length]),
            running: status.order,
            ledger: status.ledger,
            bridge,
            without_bridge,
        };
        self.propose(who, Ask::Propose(propose), Proposed::Order(prescription))
    }

    pub(super) fn gives_bolus(&mut self, who: Who, volume: Volume, over: Duration) -> Outcome {
        let single = Ask::SingleBolus(ask::SingleBolus { volume, duration: over });
        match self.propose(who, single, Proposed::Single { volume, over }) {
            Outcome::Done => self.commits(who),
            other => other,
        }
    }

    pub(super) fn primes(&mut self, who: Who, volume: Option<Volume>, allowance: Option<Mass>) -> Outcome {
        let order = &self.scenario.orders[0].1.prescription;
        let Some(ledger) = self.ledger(who) else { return Outcome::Failed("the pump did not tell its ledger") };
        let Some(mut prime) = self.path(&ledger).prime(order) else {
            return Outcome::Failed("there is no front to bring to the tip");
        };
        prime.volume = volume.unwrap_or(prime.volume);
        if let (Some(mass), Some(primary)) = (allowance, prime.allowance.first_mut()) {
            primary.mass = mass;
        }
        let leading = prime.leading;
        let prime = Ask::Prime(prime);
        match self.propose(who, prime, Proposed::Prime { leading }) {
            Outcome::Done => self.commits(who),
            other => other,
        }
    }

    /// Proposes; keeps what is to be signed.
    fn propose(&mut self, who: Who, ask: Ask<'_>, what: Proposed) -> Outcome {
        let proposal = match self.ask(who, ask) {
            Settled::Proposal(proposal) => proposal,
            Settled::Accepted(_) => return Outcome::NotSigned("the pump took a proposal as if it were signed"),
            Settled::Not(outcome) => return outcome,
        };
        let now = self.now;
        let device = self.device(who);
        let Some(digest) = programming::understood(device.serial, &device.repeated, &proposal) else {
            return Outcome::NotSigned("the pump's digest is of something else than was proposed");
        };
        device.signed = Some(Signed { digest, signatures: proposal.signatures, what });
        self.auditor.order_proposed(now, digest.0);
        self.judged.proposed.push(what);
        Outcome::Done
    }

    /// Signs and commits what was proposed last.
    pub(super) fn commits(&mut self, who: Who) -> Outcome {
        let Some(signed) = self.device(who).signed.clone() else {
            return Outcome::Refused { reasons: vec![(Refusal::plain(Reason::NoProposal), None)], more: 0 };
        };
        let first = sign::sign(&self.device(who).signing, signed.digest);
        let other = if who == Who::Colleague { Who::Physician } else { Who::Colleague };
        let second = (signed.signatures > 1).then(|| sign::sign(&self.device(other).signing, signed.digest).into());
        let commit = ask::Commit { digest: signed.digest, first: first.into(), second };
        match self.ask(who, Ask::Commit(commit)) {
            Settled::Accepted(_) => {
                self.device(who).signed = None;
                self.committed(&signed);
                Outcome::Done
            }
            Settled::Proposal(_) => Outcome::NotSigned("the pump answered a commit with a proposal"),
            Settled::Not(outcome) => outcome,
        }
    }
}

impl World<'_> {
    /// The pump's ledger, as it tells it.
    fn ledger(&mut self, who: Who) -> Option<Ledger> {
        let answer = self.read(who, Ask::ReadLedger(ask::ReadLedger {})).ok()?;
        match Answer::decode(&answer) {
            Ok(Answer::Fluid(fluid)) => Ledger::decode(fluid.ledger.0).ok(),
            Ok(_) | Err(_) => None,
        }
    }

    fn path<'a>(&'a self, ledger: &'a Ledger) -> Path<'a> {
        Path { ledger, device: &self.scenario.device, catheter: self.scenario.catheter }
    }

    /// The bridge that an order of another mixture needs.
    fn bridge_for(&mut self, who: Who, order: &Prescription) -> Option<ask::Bridge> {
        let running = self.running.filter(|running| running.mixture != order.mixture)?;
        let ledger = self.ledger(who)?;
        self.path(&ledger).bridge(&running, order)
    }
}
