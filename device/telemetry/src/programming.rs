//! What an asker works out for itself before and after the pump answers: where the fronts lie in the path, the bridge and
//! the prime that follow from them, and whether the digest to be signed is of what was sent.
//!
//! The pump works out the same and refuses what differs from its own; a digest of anything else must not be signed.

use orders::mixture::DRUGS_MAX;
use orders::{DeviceProfile, FlowRate, Ledger, Mixture, Permille, Prescription, Volume};

use crate::message::Request;
use crate::message::answer::Proposal;
use crate::message::ask::{Allowance, Bridge, Prime};
use crate::peer::Serial;
use crate::sign::{Digest, Terms};

/// The flow at which the reference pump primes: `device/pump/DEVICE.md` states it, 12 mL/day.
pub const PRIME_FLOW: FlowRate = FlowRate::new(12_000_000);

/// Fronts in a path: one between each two slugs.
const FRONTS_MAX: usize = orders::ledger::SLUGS_MAX;

/// The pump's fluid and what it is in, as far as an asker knows both.
#[derive(Clone, Copy, Debug)]
pub struct Path<'a> {
    /// The ledger, as read.
    pub ledger: &'a Ledger,
    /// The pump's profile.
    pub device: &'a DeviceProfile,
    /// The catheter, as installed.
    pub catheter: Volume,
}

/// A change of fluid on its way to the tip: volume until it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Front {
    /// To its middle, nL.
    pub nominal: Volume,
    /// To the leading edge of its band, nL.
    pub leading: Volume,
    /// To the trailing edge, nL.
    pub trailing: Volume,
}

/// Whether a drug changes by more than the threshold from one fluid to the other.
fn is_front(one: &Mixture, other: &Mixture, threshold: Permille) -> bool {
    one.iter().chain(other.iter()).any(|part| {
        let (a, b) = (one.concentration(part.drug).get(), other.concentration(part.drug).get());
        let change = u64::from(a.abs_diff(b)).saturating_mul(1_000);
        change > u64::from(a.max(b)).saturating_mul(u64::from(threshold.get()))
    })
}

impl Path<'_> {
    /// The fronts between reservoir and tip, the nearest to the tip first, driven at this flow.
    pub fn fronts(&self, flow: FlowRate, threshold: Permille) -> heapless::Vec<Front, FRONTS_MAX> {
        let band = self.device.band(flow);
        let path = self.device.tubing.saturating_add(self.catheter);
        // What the residual makes of two fills of one mixture is no front.
        let threshold = threshold.max(self.device.thinned());
        let mut fronts = heapless::Vec::new();
        let mut from_tip = 0u64;
        let slugs = self.ledger.slugs.iter().rev();
        for (old, new) in slugs.clone().zip(slugs.skip(1)) {
            from_tip = from_tip.saturating_add(u64::from(old.volume_nl));
            if is_front(&old.mixture, &new.mixture, threshold) {
                let nominal = Volume::new(from_tip);
                let (low, high) = (u64::from(new.edge_low_nl), u64::from(new.edge_high_nl));
                let lead = path.share_ceil(band.lead).max(Volume::new(low));
                let trail = path.share_ceil(band.trail).max(Volume::new(high));
                let (leading, trailing) = (nominal.saturating_sub(lead), nominal.saturating_add(trail));
                // As many as there are slugs at most: it always fits.
                let _ = fronts.push(Front { nominal, leading, trailing });
            }
        }
        fronts
    }

    /// The bridge that an order of another mixture needs: the old fluid is run out at the flow of the order that runs, from
    /// the first front to the last. `None` if the mixture stays or no front lies in the path.
    pub fn bridge(&self, running: &Prescription, proposed: &Prescription) -> Option<Bridge> {
        if running.mixture == proposed.mixture {
            return None;
        }
        let minimum = self.device.minimum_rate;
        let flow = running.basal_highest(minimum);
        let fronts = self.fronts(flow.max(proposed.basal_highest(minimum)), proposed.front_threshold);
        let volume = fronts.iter().map(|front| front.nominal).max()?;
        let leading = fronts.iter().map(|front| front.leading).min()?;
        let trailing = fronts.iter().map(|front| front.trailing).max()?;
        Some(Bridge { volume, flow, leading, trailing })
    }

    /// The prime that brings the nearest front of this order's fluid to the tip, allowed what that volume holds of each
    /// drug up to the leading edge. `None` if there is no front to bring.
    pub fn prime(&self, order: &Prescription) -> Option<Prime> {
        let front = *self.fronts(PRIME_FLOW, order.front_threshold).first()?;
        let mut allowance: heapless::Vec<Allowance, DRUGS_MAX> = heapless::Vec::new();
        for part in order.mixture.iter() {
            let mass = front.leading.mass_at(part.concentration);
            // A mixture holds as many drugs as fit.
            let _ = allowance.push(Allowance { drug: part.drug, mass });
        }
        Some(Prime { volume: front.nominal, allowance, leading: front.leading, trailing: front.trailing })
    }
}

/// The digest that the pump asks to have signed, if it is of this request as it was sent, of this pump and of the terms
/// told beside it; `None` if it is of anything else, and then it must not be signed.
pub fn understood(serial: Serial, request: &[u8], proposal: &Proposal) -> Option<Digest> {
    let terms = Terms {
        serial,
        running_version: proposal.running,
        ledger_number: proposal.ledger,
        nonce: proposal.nonce,
        expiry_ms: proposal.expires.get(),
    };
    let ours = Request::subject(request).ok().map(|subject| terms.digest(subject))?;
    (ours == proposal.digest).then_some(ours)
}
