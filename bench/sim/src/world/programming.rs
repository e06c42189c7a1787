//! Orders, single boluses and primes: proposed, compared, signed, committed.
//!
//! Answers for a clinician who signs only what the pump understood: the digest is worked out here from the request as it
//! was sent and the pump's terms, and where it differs nothing is signed. The signing keys never leave their hands.

use orders::{Duration, FlowRate, Ledger, Mass, Mixture, Permille, Prescription, Reason, Refusal, Volume};
use telemetry::message::{Answer, Ask, Bytes, Request, ask};
use telemetry::sign::{self, Terms};

use super::World;
use super::device::Signed;
use super::people::Settled;
use crate::scenario::act::Who;
use crate::story::Outcome;

/// The flow at which the pump primes: `device/pump/DEVICE.md` states it, 12 mL/day.
const PRIME_FLOW: FlowRate = FlowRate::new(12_000_000);

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
        let scenario = self.scenario;
        let threshold = scenario.orders[0].1.prescription.front_threshold;
        let Some(front) = self.fronts(who, PRIME_FLOW, threshold).into_iter().next() else {
            return Outcome::Failed("there is no front to bring to the tip");
        };
        let volume = volume.unwrap_or(front.nominal);
        let mixture = scenario.orders[0].1.prescription.mixture;
        let mut allowances = heapless::Vec::new();
        for (place, part) in mixture.iter().enumerate() {
            let held = front.leading.mass_at(part.concentration);
            let mass = if place == 0 { allowance.unwrap_or(held) } else { held };
            if allowances.push(ask::Allowance { drug: part.drug, mass }).is_err() {
                return Outcome::Failed("more than four drugs");
            }
        }
        let (leading, trailing) = (front.leading, front.trailing);
        let prime = Ask::Prime(ask::Prime { volume, allowance: allowances, leading, trailing });
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
        let terms = Terms {
            serial: device.serial,
            running_version: proposal.running,
            ledger_number: proposal.ledger,
            nonce: proposal.nonce,
            expiry_ms: proposal.expires.get(),
        };
        let ours = Request::subject(&device.repeated).map(|subject| terms.digest(subject));
        if ours != Ok(proposal.digest) {
            return Outcome::NotSigned("the pump's digest is of something else than was proposed");
        }
        device.signed = Some(Signed { digest: proposal.digest, signatures: proposal.signatures, what });
        self.auditor.order_proposed(now, proposal.digest.0);
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

/// A front, as the programmer works it out from the pump's ledger and the device's profile.
struct Front {
    nominal: Volume,
    leading: Volume,
    trailing: Volume,
}

/// Whether a drug changes by more than the order's threshold from one fluid to the other.
fn is_front(one: &Mixture, other: &Mixture, threshold: Permille) -> bool {
    one.iter().chain(other.iter()).any(|part| {
        let (a, b) = (one.concentration(part.drug).get(), other.concentration(part.drug).get());
        u64::from(a.abs_diff(b)) * 1_000 > u64::from(a.max(b)) * u64::from(threshold.get())
    })
}

impl World<'_> {
    /// Reads the ledger and finds its fronts, the nearest to the tip first, driven at this flow.
    fn fronts(&mut self, who: Who, flow: FlowRate, threshold: Permille) -> Vec<Front> {
        let answer = self.read(who, Ask::ReadLedger(ask::ReadLedger {})).unwrap_or_default();
        let ledger = match Answer::decode(&answer) {
            Ok(Answer::Fluid(fluid)) => Ledger::decode(fluid.ledger.0).unwrap_or_default(),
            Ok(_) | Err(_) => return Vec::new(),
        };
        let (scenario, band) = (self.scenario, self.scenario.device.band(flow));
        let path = scenario.device.tubing.saturating_add(scenario.catheter);
        let (mut fronts, mut from_tip) = (Vec::new(), 0u64);
        // What the residual makes of two fills of one mixture is no front.
        let threshold = threshold.max(scenario.device.thinned());
        let slugs: Vec<_> = ledger.slugs.iter().rev().collect();
        for pair in slugs.windows(2) {
            let (old, new) = (pair[0], pair[1]);
            from_tip += u64::from(old.volume_nl);
            if is_front(&old.mixture, &new.mixture, threshold) {
                let nominal = Volume::new(from_tip);
                let (low, high) = (u64::from(new.edge_low_nl), u64::from(new.edge_high_nl));
                let lead = path.share_ceil(band.lead).max(Volume::new(low));
                let trail = path.share_ceil(band.trail).max(Volume::new(high));
                let (leading, trailing) = (nominal.saturating_sub(lead), nominal.saturating_add(trail));
                fronts.push(Front { nominal, leading, trailing });
            }
        }
        fronts
    }

    /// The bridge that an order of another mixture needs: the old fluid is run out at the flow of the order that runs, from
    /// the first front to the last.
    fn bridge_for(&mut self, who: Who, order: &Prescription) -> Option<ask::Bridge> {
        let running = self.running.filter(|running| running.mixture != order.mixture)?;
        let minimum = self.scenario.device.minimum_rate;
        let flow = running.basal_highest(minimum);
        let fronts = self.fronts(who, flow.max(order.basal_highest(minimum)), order.front_threshold);
        let volume = fronts.iter().map(|front| front.nominal).max()?;
        let leading = fronts.iter().map(|front| front.leading).min()?;
        let trailing = fronts.iter().map(|front| front.trailing).max()?;
        Some(ask::Bridge { volume, flow, leading, trailing })
    }
}
