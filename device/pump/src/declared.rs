//! What people do to the fluid path other than letting the pump run, and how its state is kept.
//!
//! Answers for: rinse, aspiration from reservoir and catheter port, a catheter implanted or trimmed, a wrong entry put
//! right, and the ledger's snapshot with the strokes since. Leaves refills to [`crate::fluid_path`] and
//! [`crate::reservoir`], presence and signatures to the controller, CRC and slots to the store.

use orders::{DeviceProfile, Field, FlowRate, Ledger, Mixture, Reason, Refusal, Slug, Volume};

use crate::fluid_path::{FluidPath, nl};
use crate::fronts;

/// Length of the snapshot's head: version, two counts of strokes, catheter, two sums since the fill, one length.
const HEAD: usize = 1 + 8 + 8 + 4 + 8 + 8 + 2;
/// The snapshot's version.
const VERSION: u8 = 1;

/// Strokes since the pump's birth, as the dose record counts them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StrokeCount {
    /// Commanded.
    pub commanded: u64,
    /// The part of them that no rotor edge confirmed.
    pub unconfirmed: u64,
}

impl FluidPath {
    /// Longest snapshot.
    pub const BYTES_MAX: usize = HEAD + Ledger::BYTES_MAX + 72;

    /// Fluid is put into the reservoir and drawn out again, to wash the old drug out.
    ///
    /// # Errors
    /// More than the reservoir holds, more drawn off than is there, or more than four drugs.
    //= requirements/ledger.md#declared-events
    //# The pump MUST refuse a refill, rinse, aspiration or correction whose volumes the ledger cannot hold.
    pub fn rinse(&mut self, filled: Volume, mixture: &Mixture, drawn_off: Volume) -> Result<(), Refusal> {
        Field::FillVolume.check(filled.get())?;
        let there = self.reservoir_volume();
        let whole = there.saturating_add(filled);
        let capacity = self.device.reservoir;
        if whole > capacity {
            let room = capacity.saturating_sub(there);
            return Err(Refusal::of(Reason::Overfill, Field::FillVolume, filled.get(), room.get()));
        }
        let left = whole.checked_sub(drawn_off).ok_or_else(|| drawn_too_much(drawn_off, whole))?;
        self.check_drugs(mixture)?;
        let washed = fronts::mixed(&self.reservoir_mixture(), there, mixture, filled)
            .ok_or(Refusal::plain(Reason::TooManyDrugs))?;
        if let Some(reservoir) = self.ledger.slugs.first_mut() {
            reservoir.volume_nl = nl(left);
            reservoir.mixture = washed;
        }
        self.restart_count();
        Ok(())
    }

    /// Fluid is drawn off and none put in.
    ///
    /// # Errors
    /// More than is there.
    pub fn aspirate_reservoir(&mut self, drawn_off: Volume) -> Result<(), Refusal> {
        Field::DrawnOff.check(drawn_off.get())?;
        let there = self.reservoir_volume();
        let left = there.checked_sub(drawn_off).ok_or_else(|| drawn_too_much(drawn_off, there))?;
        if let Some(reservoir) = self.ledger.slugs.first_mut() {
            reservoir.volume_nl = nl(left);
        }
        self.restart_count();
        Ok(())
    }

    /// Fluid is drawn out of the catheter port: the patient's own fluid enters at the tip, what lay in the catheter
    /// moves towards the port and is drawn off. The tubing between pump and port keeps what it holds.
    ///
    /// # Errors
    /// Nothing drawn off, or more than a syringe there can hold.
    pub fn aspirate_port(&mut self, volume: Volume) -> Result<(), Refusal> {
        Field::Aspirated.check(volume.get())?;
        if volume.is_zero() {
            return Err(Refusal::of(Reason::Missing, Field::Aspirated, 0, 0));
        }
        let moved = Volume::new(volume.get().min(self.catheter.get()));
        let tubing = self.device.tubing;
        let slugs = core::mem::take(&mut self.ledger.slugs);
        // From the reservoir on: the tubing stays, then `moved` is drawn off, the rest of the catheter stays.
        let (mut keep, mut drop) = (tubing, moved);
        // Drawn by hand, fast: the widest band there is, on each front that moved.
        let band = fronts::band(&self.device, self.path_volume(), self.device.flow_max);
        for (index, slug) in slugs.iter().enumerate() {
            if index == 0 {
                self.insert(0, *slug);
                continue;
            }
            let kept = u64::from(slug.volume_nl).min(keep.get());
            let after = u64::from(slug.volume_nl).saturating_sub(kept);
            let dropped = after.min(drop.get());
            keep = keep.saturating_sub(Volume::new(kept));
            drop = drop.saturating_sub(Volume::new(dropped));
            let stays = kept.saturating_add(after.saturating_sub(dropped));
            if stays > 0 {
                let (low, high) = (slug.edge_low_nl.max(nl(band.lead)), slug.edge_high_nl.max(nl(band.trail)));
                let volume_nl = nl(Volume::new(stays));
                let last = self.ledger.slugs.len();
                self.insert(last, Slug { volume_nl, edge_low_nl: low, edge_high_nl: high, ..*slug });
            }
        }
        let last = self.ledger.slugs.len();
        self.insert(last, Slug::sharp(nl(moved), Mixture::DRUG_FREE));
        self.changed();
        Ok(())
    }

    /// A catheter is implanted, or trimmed anew: it holds what it was filled with, the patient's own fluid or a drug. The
    /// tubing keeps what it holds; in a new pump, where that was only doubted, it holds the same as the catheter.
    ///
    /// # Errors
    /// A volume no catheter has.
    pub fn installation(&mut self, catheter: Volume, filled_with: &Mixture) -> Result<(), Refusal> {
        Field::CatheterVolume.check(catheter.get())?;
        let mut keep = u64::from(nl(self.device.tubing));
        let slugs = core::mem::take(&mut self.ledger.slugs);
        let never_filled = slugs.iter().all(|slug| slug.mixture.is_empty());
        for (index, slug) in slugs.iter().enumerate() {
            let kept = if index == 0 { u64::from(slug.volume_nl) } else { u64::from(slug.volume_nl).min(keep) };
            if index > 0 {
                keep = keep.saturating_sub(kept);
            }
            if index == 0 || kept > 0 {
                let last = self.ledger.slugs.len();
                let doubt = slug.doubt && !never_filled;
                let mixture = if index > 0 && never_filled { *filled_with } else { slug.mixture };
                self.insert(last, Slug { volume_nl: nl(Volume::new(kept)), mixture, doubt, ..*slug });
            }
        }
        let last = self.ledger.slugs.len();
        self.insert(last, Slug::sharp(nl(catheter), *filled_with));
        self.catheter = catheter;
        self.changed();
        Ok(())
    }

    /// The last refill's entry was wrong: this much of this fluid was filled. What has come out of the reservoir since is
    /// in doubt and, until it has left the tip, is held to be the worse of both.
    ///
    /// # Errors
    /// More than the reservoir holds, or more than four drugs.
    pub fn correct_entry(&mut self, filled: Volume, mixture: &Mixture) -> Result<(), Refusal> {
        Field::FillVolume.check(filled.get())?;
        let left = Volume::new(u64::from(self.before_fill.volume_nl));
        let whole = left.saturating_add(filled);
        if whole > self.device.reservoir {
            let room = self.device.reservoir.saturating_sub(left);
            return Err(Refusal::of(Reason::Overfill, Field::FillVolume, filled.get(), room.get()));
        }
        self.check_drugs(mixture)?;
        let believed = self.reservoir_mixture();
        let worst = fronts::mixed(mixture, filled, &self.before_fill.mixture, left)
            .and_then(|truth| fronts::worst_of(&truth, &believed))
            .ok_or(Refusal::plain(Reason::TooManyDrugs))?;
        for slug in self.ledger.slugs.iter_mut().filter(|slug| slug.mixture == believed) {
            slug.mixture = worst;
            slug.doubt = true;
        }
        if let Some(reservoir) = self.ledger.slugs.first_mut() {
            // Counted out beyond what was in: it is dry, which is what the alarm must say.
            reservoir.volume_nl = nl(whole.saturating_sub(self.delivered));
        }
        self.changed();
        Ok(())
    }

    /// What was delivered is counted from here: the reservoir's volume has just been changed by hand.
    fn restart_count(&mut self) {
        let reservoir = self.reservoir_volume();
        self.before_fill = Slug::sharp(nl(reservoir), self.reservoir_mixture());
        (self.delivered, self.unconfirmed) = (Volume::ZERO, Volume::ZERO);
        self.changed();
    }

    /// Writes the whole state with the strokes counted so far; how many bytes, or `None` if `buffer` is too small.
    pub fn encode(&self, strokes: StrokeCount, buffer: &mut [u8]) -> Option<usize> {
        let (head, rest) = buffer.split_at_mut_checked(HEAD)?;
        let length = self.ledger.encode(rest)?;
        let mut put = Put { left: head };
        put.bytes(&[VERSION])?;
        put.bytes(&strokes.commanded.to_le_bytes())?;
        put.bytes(&strokes.unconfirmed.to_le_bytes())?;
        put.bytes(&nl(self.catheter).to_le_bytes())?;
        put.bytes(&self.delivered.get().to_le_bytes())?;
        put.bytes(&self.unconfirmed.get().to_le_bytes())?;
        put.bytes(&u16::try_from(length).ok()?.to_le_bytes())?;
        let mut before = Ledger::default();
        before.slugs.push(self.before_fill).ok()?;
        let more = before.encode(rest.get_mut(length..)?)?;
        HEAD.checked_add(length)?.checked_add(more)
    }

    /// Reads a snapshot and moves it by the strokes since, at the highest flow they may have had; `None` for bytes that
    /// are no snapshot of this device, or that know of more strokes than have been given.
    pub fn decode(device: DeviceProfile, bytes: &[u8], strokes: StrokeCount, flow: FlowRate) -> Option<Self> {
        let mut from = Take { left: bytes };
        if from.bytes::<1>()? != [VERSION] {
            return None;
        }
        let commanded = u64::from_le_bytes(from.bytes()?);
        let unconfirmed = u64::from_le_bytes(from.bytes()?);
        let catheter = Volume::new(u64::from(u32::from_le_bytes(from.bytes()?)));
        let delivered = Volume::new(u64::from_le_bytes(from.bytes()?));
        let missed = Volume::new(u64::from_le_bytes(from.bytes()?));
        let length = usize::from(u16::from_le_bytes(from.bytes()?));
        let (ledger, before) = from.left.split_at_checked(length)?;
        let (ledger, before) = (Ledger::decode(ledger).ok()?, Ledger::decode(before).ok()?);
        let path: u64 = ledger.slugs.iter().skip(1).map(|slug| u64::from(slug.volume_nl)).sum();
        if path != device.tubing.saturating_add(catheter).get() {
            return None;
        }
        let mut restored = Self::of_parts(device, ledger, catheter);
        restored.before_fill = *before.slugs.first()?;
        (restored.delivered, restored.unconfirmed) = (delivered, missed);
        let since = strokes.commanded.checked_sub(commanded)?;
        let missed = strokes.unconfirmed.checked_sub(unconfirmed)?;
        let confirmed = since.checked_sub(missed)?;
        restored.stroke(device.stroke.saturating_mul(confirmed), true, flow);
        if missed > 0 {
            restored.stroke(device.stroke.saturating_mul(missed), false, flow);
        }
        Some(restored)
    }
}

fn drawn_too_much(drawn_off: Volume, there: Volume) -> Refusal {
    Refusal::of(Reason::VolumeDiscrepancy, Field::DrawnOff, drawn_off.get(), there.get())
}

struct Put<'a> {
    left: &'a mut [u8],
}

impl Put<'_> {
    fn bytes(&mut self, bytes: &[u8]) -> Option<()> {
        let (here, rest) = core::mem::take(&mut self.left).split_at_mut_checked(bytes.len())?;
        here.copy_from_slice(bytes);
        self.left = rest;
        Some(())
    }
}

struct Take<'a> {
    left: &'a [u8],
}

impl Take<'_> {
    fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (here, rest) = self.left.split_at_checked(N)?;
        self.left = rest;
        here.try_into().ok()
    }
}
