//! Nonces that the pump issued and proposals that wait for their signatures.
//!
//! This file answers for how long both are good and for the terms a digest stands under. At most one order waits, and
//! two small proposals beside it: a newer one takes the place of the one that would expire first. What a proposal
//! means, and whether it may take effect, is the pump's affair.

use orders::mixture::DRUGS_MAX;
use orders::plan::{BridgePlan, PrimePlan};
use orders::{Drug, Duration, Instant, Mass, Prescription, Reason, Refusal, Volume};
use telemetry::sign::Digest;
use telemetry::tag::JournalKey;

/// How long a request that carries a nonce is good: a wish, not a memory.
pub const NONCE_LASTS: Duration = Duration::from_secs(30);
/// How long a proposal waits for its signatures: two people read the same page.
pub const PROPOSAL_LASTS: Duration = Duration::from_minutes(15);
/// Nonces that are remembered.
const NONCES: usize = 8;
/// Proposals that wait: an order and two others.
const WAITING: usize = 3;

#[derive(Clone, Copy)]
struct Nonce {
    value: [u8; 8],
    peer: u8,
    at: Instant,
}

/// The nonces that were issued lately, and the key that makes them.
pub(crate) struct Nonces {
    key: Option<JournalKey>,
    drawn: u64,
    issued: [Option<Nonce>; NONCES],
    next: usize,
}

impl Nonces {
    pub const fn new() -> Self {
        Self { key: None, drawn: 0, issued: [None; NONCES], next: 0 }
    }

    /// Whether randomness is needed before a nonce can be made.
    pub const fn needs_key(&self) -> bool {
        self.key.is_none()
    }

    pub fn set_key(&mut self, fresh: &[u8; 32]) {
        let [key @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = *fresh;
        self.key = Some(JournalKey(key));
    }

    /// Eight bytes that were never drawn before and that nobody can tell beforehand.
    fn draw(&mut self) -> Option<[u8; 8]> {
        self.drawn = self.drawn.checked_add(1)?;
        self.key.as_ref().map(|key| key.tag(&self.drawn.to_le_bytes()).to_le_bytes())
    }

    /// For a proposal.
    pub fn draw_long(&mut self) -> Option<[u8; 16]> {
        let (first, second) = (self.draw()?, self.draw()?);
        let mut both = [0u8; 16];
        both.iter_mut().zip(first.into_iter().chain(second)).for_each(|(to, from)| *to = from);
        Some(both)
    }

    pub fn issue(&mut self, now: Instant, peer: u8) -> Option<[u8; 8]> {
        let value = self.draw()?;
        if let Some(place) = self.issued.get_mut(self.next) {
            *place = Some(Nonce { value, peer, at: now });
        }
        self.next = self.next.saturating_add(1).checked_rem(NONCES).unwrap_or(0);
        Some(value)
    }

    //= requirements/telemetry.md#expiry
    //# The pump MUST refuse a request whose expiry on the pump's own clock has passed or whose nonce the pump did not issue.
    pub fn check(&self, now: Instant, peer: u8, value: [u8; 8]) -> Result<(), Refusal> {
        let issued = self.issued.iter().flatten().find(|nonce| nonce.value == value && nonce.peer == peer);
        match issued {
            Some(nonce) if now.since(nonce.at) <= NONCE_LASTS && now >= nonce.at => Ok(()),
            Some(_) | None => Err(Refusal::plain(Reason::Expired)),
        }
    }
}

/// What is proposed.
#[derive(Clone, Copy)]
pub(crate) enum What {
    /// The order that is held beside.
    Order {
        bridge: Option<BridgePlan>,
        without: Option<u8>,
    },
    Single {
        volume: Volume,
        duration: Duration,
    },
    Prime {
        plan: PrimePlan,
        allowance: [Option<(Drug, Mass)>; DRUGS_MAX],
    },
}

/// A proposal and the terms that its digest names.
#[derive(Clone, Copy)]
pub(crate) struct Proposal {
    pub digest: Digest,
    pub running: u64,
    pub ledger: u32,
    pub expires: Instant,
    pub what: What,
}

/// The proposals that wait.
pub(crate) struct Proposals {
    waiting: [Option<Proposal>; WAITING],
    order: Option<Prescription>,
}

impl Proposals {
    pub const fn none() -> Self {
        Self { waiting: [None; WAITING], order: None }
    }

    pub fn add_order(&mut self, proposal: Proposal, order: &Prescription) {
        for place in &mut self.waiting {
            if place.is_some_and(|waiting| matches!(waiting.what, What::Order { .. })) {
                *place = None;
            }
        }
        self.order = Some(*order);
        self.add(proposal);
    }

    pub fn add(&mut self, proposal: Proposal) {
        // A free place sorts before every taken one.
        let first = self.waiting.iter_mut().min_by_key(|place| place.map(|waiting| waiting.expires));
        if let Some(place) = first {
            *place = Some(proposal);
        }
    }

    /// The proposal of a digest, if it may still be committed under what runs now.
    pub fn find(&self, now: Instant, digest: Digest, running: u64, ledger: u32) -> Result<Proposal, Refusal> {
        let found = self.waiting.iter().flatten().find(|waiting| waiting.digest == digest);
        let proposal = found.ok_or(Refusal::plain(Reason::NoProposal))?;
        if now >= proposal.expires {
            return Err(Refusal::plain(Reason::Expired));
        }
        if proposal.running != running {
            return Err(Refusal::plain(Reason::StaleVersion));
        }
        if proposal.ledger != ledger {
            return Err(Refusal::plain(Reason::StaleLedger));
        }
        Ok(*proposal)
    }

    pub const fn order(&self) -> Option<&Prescription> {
        self.order.as_ref()
    }

    pub fn void(&mut self) {
        *self = Self::none();
    }
}
