//! Propose, compare, sign, commit, read back.
//!
//! Answers for a clinician who signs only what the pump understood: the digest is worked out here from the request as it
//! was sent, and where it differs from the pump's nothing is signed. After the commit the running order is read back and
//! compared byte for byte.

use orders::{DeviceProfile, Duration, Prescription, Volume};
use telemetry::message::answer::{Proposal, Status};
use telemetry::message::ask::{self, Prime};
use telemetry::message::{Ask, Bytes};
use telemetry::programming::{self, Path};
use telemetry::sign::Digest;

use crate::keys::Clinician;
use crate::visit::{NoAnswer, Settled, Visit};

/// Why nothing was programmed, or that it is not known.
#[derive(Debug, thiserror::Error)]
pub enum NotProgrammed {
    /// No answer.
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
    /// The order does not fit its document.
    #[error("the order does not fit its document")]
    TooLong,
    /// The profile is of another model than the pump.
    #[error("the pump is a {pump}, the device profile is of a {profile}; take the profile of this pump")]
    OtherModel {
        /// What the pump tells.
        pump: String,
        /// What the profile says.
        profile: String,
    },
    /// The catheter was never told to the pump.
    #[error("the pump does not know its catheter yet; tell it what was implanted first (nepenthe install)")]
    NotInstalled,
    /// No front is there to be primed to the tip.
    #[error("there is no front to bring to the tip: the path holds what the reservoir holds")]
    NoFront,
    /// No order runs whose fluid would be primed.
    #[error("no order runs; program the order first, then prime")]
    NoOrder,
    /// The pump's digest is of something else.
    #[error("NOT SIGNED: the pump's digest is of something else than was proposed; nothing changed")]
    OtherDigest,
    /// Too few signatures.
    #[error("the order asks for {need} signatures and {have} signing keys were given; nothing changed")]
    Signatures {
        /// How many it takes.
        need: u8,
        /// How many there are.
        have: usize,
    },
    /// Refused, unread, or not known.
    #[error("{}", crate::words::settled_plainly(.0))]
    Settled(Box<Settled>),
    /// What runs is not what was signed.
    #[error("ALARM: the pump runs another order than the one that was signed; look at the patient and read the pump")]
    ReadBackDiffers,
}

/// What is to be changed.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant, reason = "one exists at a time")]
pub enum Change {
    /// An order.
    Order {
        /// The whole of it.
        order: Prescription,
        /// The clinic's code for why the fluid changes without a bridge, where a clinician has decided so.
        without_bridge: Option<u8>,
    },
    /// One bolus by a clinician.
    Single {
        /// How much.
        volume: Volume,
        /// Over how long.
        over: Duration,
    },
    /// A prime.
    Prime(Prime),
}

/// What the pump understood, compared and ready to be signed.
#[derive(Debug)]
pub struct Proposed {
    /// The change.
    pub change: Change,
    /// The pump's answer: totals, bridge, how many signatures, until when.
    pub told: Proposal,
    /// The pump's clock when it was proposed.
    pub before: Status,
    digest: Digest,
}

impl Visit<'_> {
    /// Proposes an order for what runs now. Its number is raised above the running one's, its bridge worked out.
    ///
    /// # Errors
    /// [`NotProgrammed`]; nothing changed.
    pub fn propose_order(
        &mut self,
        mut order: Prescription,
        profile: &DeviceProfile,
        without_bridge: Option<u8>,
    ) -> Result<Proposed, NotProgrammed> {
        let catheter = self.catheter(profile)?;
        let status = self.status()?;
        let running = self.running()?;
        let ledger = self.ledger()?;
        order.order_number = order.order_number.max(status.order.saturating_add(1));
        let path = Path { ledger: &ledger, device: profile, catheter };
        let bridge = match (&running, without_bridge) {
            (Some(running), None) => path.bridge(running, &order),
            (_, Some(_)) | (None, None) => None,
        };
        let mut bytes = [0; Prescription::BYTES_MAX];
        let length = order.encode(&mut bytes).ok_or(NotProgrammed::TooLong)?;
        let propose = Ask::Propose(ask::Propose {
            order: Bytes(&bytes[..length]),
            running: status.order,
            ledger: ledger.number,
            bridge,
            without_bridge,
        });
        self.propose(propose, Change::Order { order, without_bridge }, status)
    }

    /// Proposes one bolus.
    ///
    /// # Errors
    /// [`NotProgrammed`]; nothing changed.
    pub fn propose_bolus(&mut self, volume: Volume, over: Duration) -> Result<Proposed, NotProgrammed> {
        let status = self.status()?;
        let single = Ask::SingleBolus(ask::SingleBolus { volume, duration: over });
        self.propose(single, Change::Single { volume, over }, status)
    }

    /// Proposes the prime that brings the running order's fluid to the tip.
    ///
    /// # Errors
    /// [`NotProgrammed`]; nothing changed.
    pub fn propose_prime(&mut self, profile: &DeviceProfile) -> Result<Proposed, NotProgrammed> {
        let catheter = self.catheter(profile)?;
        let status = self.status()?;
        let order = self.running()?.ok_or(NotProgrammed::NoOrder)?;
        let ledger = self.ledger()?;
        let path = Path { ledger: &ledger, device: profile, catheter };
        let prime = path.prime(&order).ok_or(NotProgrammed::NoFront)?;
        self.propose(Ask::Prime(prime.clone()), Change::Prime(prime), status)
    }

    fn catheter(&mut self, profile: &DeviceProfile) -> Result<Volume, NotProgrammed> {
        let device = self.device()?;
        if device.model != profile.model {
            let name = String::from_utf8_lossy(&device.model);
            return Err(NotProgrammed::OtherModel {
                pump: name.trim_end_matches('\0').into(),
                profile: profile.model_name().into(),
            });
        }
        device.catheter.ok_or(NotProgrammed::NotInstalled)
    }

    fn propose(&mut self, ask: Ask<'_>, change: Change, before: Status) -> Result<Proposed, NotProgrammed> {
        let told = match self.ask(ask)? {
            Settled::Proposal(told) => *told,
            other => return Err(NotProgrammed::Settled(Box::new(other))),
        };
        let digest = programming::understood(self.serial(), self.settled_request(), &told);
        Ok(Proposed { change, digest: digest.ok_or(NotProgrammed::OtherDigest)?, told, before })
    }

    /// Signs what was compared and commits it; reads a new order back.
    ///
    /// # Errors
    /// [`NotProgrammed`]. If it is [`Settled::Unknown`] the commit may have been done: pursue it.
    pub fn commit(&mut self, proposed: &Proposed, signing: &[&Clinician]) -> Result<Settled, NotProgrammed> {
        let need = proposed.told.signatures.max(1);
        let too_few = || NotProgrammed::Signatures { need, have: signing.len() };
        let first = signing.first().ok_or_else(too_few)?;
        let second = match need {
            1 => None,
            _ => Some(signing.get(1).ok_or_else(too_few)?),
        };
        let commit = ask::Commit {
            digest: proposed.digest,
            first: first.sign(proposed.digest).into(),
            second: second.map(|by| by.sign(proposed.digest).into()),
        };
        let settled = self.ask(Ask::Commit(commit))?;
        if let (Settled::Accepted(_), Change::Order { order, .. }) = (&settled, &proposed.change)
            && self.running()?.as_ref() != Some(order)
        {
            return Err(NotProgrammed::ReadBackDiffers);
        }
        match settled {
            Settled::Accepted(_) => Ok(settled),
            other => Err(NotProgrammed::Settled(Box::new(other))),
        }
    }
}
