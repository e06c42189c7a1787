//! The fluid path: what lies where between reservoir and catheter tip, moved stroke by stroke.
//!
//! Answers for: the pump's own ledger ([`orders::Ledger`] is the document), what the next stroke may let out of the tip,
//! where the fronts are, and what people declare: refill, rinse, aspiration, a new catheter, a wrong entry put right.
//! Leaves to [`crate::fronts`] the arithmetic of bands and mixtures, to [`crate::reservoir`] whether an entry can be
//! true, to [`crate::prime_bridge`] what follows for a prime or a bridge, to the ceilings what a charge means.
//!
//! Slug 0 is the reservoir, the last lies at the tip. A front that has passed the tip by its nominal place but not by
//! its trailing edge leaves the old fluid behind as a slug without volume: it may still show, and is charged. The sum of
//! all slugs is path + reservoir always. A stroke that no front's edge is near costs the same however full the ledger is.

use orders::ledger::SLUGS_MAX;
use orders::mixture::DRUGS_MAX;
use orders::{
    Concentration, DeviceProfile, Drug, Field, FlowRate, Ledger, Mass, Mixture, Permille, Reason, Refusal, Slug, Volume,
};

use crate::fronts::{self, Band, Highest, Leftovers};
use crate::reservoir::{self, Checked, Refill};

/// A boundary between two fluids, as volumes still to be moved until it is at the tip.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Front {
    /// Until the new fluid may show first.
    pub leading: Volume,
    /// Until plug flow has it at the tip.
    pub nominal: Volume,
    /// Until the old fluid has certainly gone.
    pub trailing: Volume,
    /// The fluid that comes.
    pub new: Mixture,
    /// The fluid that goes.
    pub old: Mixture,
}

/// The pump's ledger and what it needs to move it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FluidPath {
    pub(crate) device: DeviceProfile,
    pub(crate) ledger: Ledger,
    pub(crate) catheter: Volume,
    /// What was left in the reservoir at the last fill, and what it was.
    pub(crate) before_fill: Slug,
    /// Commanded since the last fill, whether confirmed or not.
    pub(crate) delivered: Volume,
    /// The part of it that no rotor edge confirmed.
    pub(crate) unconfirmed: Volume,
    /// What may be moved before anything changes at the tip.
    calm: Volume,
    /// What may be at the tip until then.
    tip: Highest,
    /// Flows up to here widen no front further.
    driven: FlowRate,
    /// Drugs that are no longer ordered.
    leftovers: Leftovers,
}

impl FluidPath {
    /// A pump as it comes: without drug, and in doubt until a catheter is declared and the reservoir filled.
    pub fn new(device: DeviceProfile, catheter: Volume) -> Self {
        let doubtful = |volume| Slug { doubt: true, ..Slug::sharp(nl(volume), Mixture::DRUG_FREE) };
        let mut ledger = Ledger::default();
        // Two of sixteen places: both pushes have room.
        let _ = ledger.slugs.push(doubtful(device.residual));
        let _ = ledger.slugs.push(doubtful(device.tubing.saturating_add(catheter)));
        Self::of_parts(device, ledger, catheter)
    }

    pub(crate) fn of_parts(device: DeviceProfile, ledger: Ledger, catheter: Volume) -> Self {
        let before_fill = Slug::sharp(0, Mixture::DRUG_FREE);
        let (delivered, unconfirmed, calm) = (Volume::ZERO, Volume::ZERO, Volume::ZERO);
        let (tip, driven) = (Highest::NONE, FlowRate::ZERO);
        let leftovers = [None; DRUGS_MAX];
        let mut path =
            Self { device, ledger, catheter, before_fill, delivered, unconfirmed, calm, tip, driven, leftovers };
        path.settle(FlowRate::ZERO);
        path
    }

    /// The document.
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The document's number: it rises with every change other than a stroke.
    pub const fn number(&self) -> u32 {
        self.ledger.number
    }

    /// Tubing and catheter.
    pub const fn path_volume(&self) -> Volume {
        self.device.tubing.saturating_add(self.catheter)
    }

    /// The catheter as declared.
    pub const fn catheter(&self) -> Volume {
        self.catheter
    }

    /// What is in the reservoir, nominally, with what cannot be drawn out.
    pub fn reservoir_volume(&self) -> Volume {
        volume_of(self.ledger.slugs.first())
    }

    /// What the reservoir holds.
    pub fn reservoir_mixture(&self) -> Mixture {
        self.ledger.slugs.first().map_or(Mixture::DRUG_FREE, |slug| slug.mixture)
    }

    /// Commanded since the last fill.
    pub const fn delivered(&self) -> Volume {
        self.delivered
    }

    /// The part of [`Self::delivered`] that was not confirmed.
    pub const fn unconfirmed(&self) -> Volume {
        self.unconfirmed
    }

    /// Whether anybody is sure of what lies where.
    pub fn in_doubt(&self) -> bool {
        self.ledger.in_doubt()
    }

    /// What is held here may be out of date: nobody is sure of any of it.
    pub(crate) fn doubt_all(&mut self) {
        self.ledger.slugs.iter_mut().for_each(|slug| slug.doubt = true);
        self.settle(self.driven);
    }

    /// The highest concentration of each drug in path or reservoir.
    pub fn highest(&self) -> Highest {
        highest_from(&self.ledger, 0)
    }

    /// Moves the ledger by one stroke, or by several at once. A stroke that was not confirmed counts as moved and, by
    /// widening every front's trailing side, as not moved.
    //= requirements/ledger.md#moved-by-every-stroke
    //# The pump MUST move the ledger by the volume of every stroke, and an unconfirmed stroke widens the front band by its volume, as moved and as not moved.
    pub fn stroke(&mut self, volume: Volume, confirmed: bool, flow: FlowRate) {
        let unconfirmed = if confirmed { Volume::ZERO } else { volume };
        if !(confirmed && flow <= self.driven && volume <= self.calm && self.slide(nl(volume))) {
            self.travel(volume, unconfirmed, flow);
        } else {
            self.calm = self.calm.saturating_sub(volume);
        }
        self.delivered = self.delivered.saturating_add(volume);
        self.unconfirmed = self.unconfirmed.saturating_add(unconfirmed);
    }

    /// The drug that leaves the tip with this volume, each drug at the highest concentration that may be there.
    //= requirements/ceilings.md#charge-at-the-tip
    //# The pump MUST charge every stroke to each drug's ceilings with the highest concentration inside the front band at the catheter tip.
    pub fn charge_at_tip(&self, volume: Volume, drugs: &[Option<Drug>; DRUGS_MAX]) -> [Mass; DRUGS_MAX] {
        let highest = if volume <= self.calm { self.tip } else { self.reach(volume) };
        drugs.map(|drug| drug.map_or(Mass::ZERO, |drug| volume.mass_at(highest.of(drug))))
    }

    /// The highest concentration of each drug that the next `volume` may let out of the tip.
    pub fn reach(&self, volume: Volume) -> Highest {
        //= requirements/ceilings.md#charge-at-the-tip
        //# While the ledger is in doubt, the pump MUST charge every stroke with the highest concentration in the path or the reservoir.
        if self.in_doubt() {
            return self.highest();
        }
        let mut from = self.ledger.slugs.len().saturating_sub(1);
        for (index, front) in self.boundaries(FlowRate::ZERO) {
            if front.leading < volume {
                from = from.min(index);
            }
        }
        highest_from(&self.ledger, from)
    }

    /// The fronts above a threshold, as they are if driven at `flow` from here, the nearest to the tip first.
    pub fn fronts(&self, flow: FlowRate, threshold: Permille) -> heapless::Vec<Front, SLUGS_MAX> {
        let is_front = |front: &Front| self.is_front(front, threshold);
        self.boundaries(flow).map(|(_, front)| front).filter(is_front).take(SLUGS_MAX).collect()
    }

    /// Whether a front above the order's threshold is in the path, or about to enter it.
    pub fn front_in_path(&self, threshold: Permille) -> bool {
        self.boundaries(FlowRate::ZERO).any(|(_, front)| self.is_front(&front, threshold))
    }

    fn is_front(&self, front: &Front, threshold: Permille) -> bool {
        fronts::is_front(&front.new, &front.old, threshold, &self.device, &self.leftovers)
    }

    /// From now on these drugs are no longer ordered; up to these concentrations their coming and going makes no front.
    pub fn set_leftovers(&mut self, leftovers: Leftovers) {
        self.leftovers = leftovers;
    }

    /// Up to which concentration a drug that is no longer ordered is a leftover; nothing for any other drug.
    pub(crate) fn leftover_of(&self, drug: Drug) -> Option<Concentration> {
        self.leftovers.iter().flatten().find(|(of, _)| *of == drug).map(|(_, weak)| *weak)
    }

    /// The first drug that the next `volume` may let out of the tip and that none of these lanes counts.
    pub fn uncounted_at_tip(&self, volume: Volume, drugs: &[Option<Drug>; DRUGS_MAX]) -> Option<Drug> {
        let highest = if volume <= self.calm { self.tip } else { self.reach(volume) };
        highest.drugs().find(|drug| !drugs.contains(&Some(*drug)))
    }

    /// What may still be moved at this flow until a front's new fluid may show; `None` without a front.
    pub fn leading_edge(&self, flow: FlowRate, threshold: Permille) -> Option<Volume> {
        self.fronts(flow, threshold).iter().map(|front| front.leading).min()
    }

    /// What must be moved at this flow until every front's old fluid has gone; `None` without a front.
    pub fn trailing_edge(&self, flow: FlowRate, threshold: Permille) -> Option<Volume> {
        self.fronts(flow, threshold).iter().map(|front| front.trailing).max()
    }

    /// Every boundary between different fluids with the index of its new fluid, the nearest to the tip first.
    fn boundaries(&self, flow: FlowRate) -> impl Iterator<Item = (usize, Front)> + '_ {
        let slugs = &self.ledger.slugs;
        let path = self.path_volume();
        let mut nominal = Volume::ZERO;
        (0..slugs.len().saturating_sub(1)).rev().filter_map(move |index| {
            let (new, old) = (slugs.get(index)?, slugs.get(index.saturating_add(1))?);
            nominal = nominal.saturating_add(volume_of(Some(old)));
            if new.mixture == old.mixture {
                return None;
            }
            let so_far = Band { lead: edge(new.edge_low_nl), trail: edge(new.edge_high_nl) };
            // What has reached the tip spreads no more: only the part that has yet to pass counts.
            let now = if nominal.is_zero() { so_far } else { fronts::widened(&self.device, path, so_far, flow) };
            let leading = nominal.saturating_sub(now.lead);
            let trailing = nominal.saturating_add(now.trail);
            Some((index, Front { leading, nominal, trailing, new: new.mixture, old: old.mixture }))
        })
    }

    /// The quick way: the reservoir's fluid goes on into a path that already begins with it, and the tip's fluid is
    /// more than enough. False, and nothing done, where that is not so.
    fn slide(&mut self, volume: u32) -> bool {
        let last = self.ledger.slugs.len().saturating_sub(1);
        let (Some(reservoir), Some(first), Some(tip)) =
            (self.ledger.slugs.first(), self.ledger.slugs.get(1), self.ledger.slugs.get(last))
        else {
            return false;
        };
        let same = reservoir.mixture == first.mixture && reservoir.doubt == first.doubt;
        let (Some(reservoir), Some(tip)) = (reservoir.volume_nl.checked_sub(volume), tip.volume_nl.checked_sub(volume))
        else {
            return false;
        };
        let Some(grown) = first.volume_nl.checked_add(volume).filter(|_| same) else { return false };
        self.set_volume(0, reservoir);
        if last > 1 {
            self.set_volume(1, grown);
            self.set_volume(last, tip);
        }
        true
    }

    fn set_volume(&mut self, index: usize, volume: u32) {
        if let Some(slug) = self.ledger.slugs.get_mut(index) {
            slug.volume_nl = volume;
        }
    }

    /// The whole way: fronts widen, fluid enters from the reservoir, fluid leaves at the tip.
    fn travel(&mut self, volume: Volume, unconfirmed: Volume, flow: FlowRate) {
        let path = self.path_volume();
        let last = self.ledger.slugs.len().saturating_sub(1);
        for slug in self.ledger.slugs.iter_mut().take(last).skip(1) {
            let so_far = Band { lead: edge(slug.edge_low_nl), trail: edge(slug.edge_high_nl) };
            let now = fronts::widened(&self.device, path, so_far, flow);
            slug.edge_low_nl = nl(now.lead);
            slug.edge_high_nl = nl(now.trail.saturating_add(unconfirmed));
        }
        let taken = volume.get().min(self.reservoir_volume().get());
        let reservoir = self.ledger.slugs.first().copied().unwrap_or(Slug::sharp(0, Mixture::DRUG_FREE));
        self.set_volume(0, reservoir.volume_nl.saturating_sub(nl(Volume::new(taken))));
        self.enter(Volume::new(taken), reservoir.mixture, reservoir.doubt, unconfirmed, flow);
        // More than was there: what entered is not fluid of ours, and nobody knows what it is.
        let missing = volume.saturating_sub(Volume::new(taken));
        self.enter(missing, Mixture::DRUG_FREE, true, unconfirmed, flow);
        self.leave(volume);
        self.settle(flow);
    }

    fn enter(&mut self, volume: Volume, mixture: Mixture, doubt: bool, unconfirmed: Volume, flow: FlowRate) {
        if volume.is_zero() {
            return;
        }
        if let Some(first) = self.ledger.slugs.get_mut(1)
            && first.mixture == mixture
            && first.doubt == doubt
        {
            first.volume_nl = first.volume_nl.saturating_add(nl(volume));
            return;
        }
        let band = fronts::band(&self.device, self.path_volume(), flow);
        let (edge_low_nl, edge_high_nl) = (nl(band.lead), nl(band.trail.saturating_add(unconfirmed)));
        self.insert(1, Slug { volume_nl: nl(volume), mixture, edge_low_nl, edge_high_nl, doubt });
    }

    /// Fluid leaves the tip; a front whose trailing edge has passed takes the old fluid with it.
    fn leave(&mut self, volume: Volume) {
        let mut left = volume;
        let mut gone_after = None;
        let mut place = self.ledger.slugs.len();
        while place > 1 {
            place = place.saturating_sub(1);
            let is_tip = place.saturating_add(1) == self.ledger.slugs.len();
            let Some(slug) = self.ledger.slugs.get_mut(place) else { break };
            if !is_tip && !left.is_zero() {
                // Of the volume moved, `left` went after this slug's front had its nominal place at the tip.
                let high = edge(slug.edge_high_nl).saturating_sub(left);
                slug.edge_high_nl = nl(high);
                if high.is_zero() {
                    gone_after = Some(place);
                }
            }
            let out = left.get().min(u64::from(slug.volume_nl));
            slug.volume_nl = slug.volume_nl.saturating_sub(nl(Volume::new(out)));
            left = left.saturating_sub(Volume::new(out));
        }
        if let Some(place) = gone_after {
            self.ledger.slugs.truncate(place.saturating_add(1));
        }
    }

    /// Puts a slug in, joining two others first where there is no room.
    pub(crate) fn insert(&mut self, index: usize, slug: Slug) {
        if self.ledger.slugs.is_full() {
            self.join_smallest();
        }
        let index = index.min(self.ledger.slugs.len());
        // There is room: a join has just made it.
        let _ = self.ledger.slugs.insert(index, slug);
    }

    /// Joins the two touching slugs of the path that hold least, with the worst of both.
    //= requirements/ledger.md#merged-slugs
    //# Slugs that are merged for want of room MUST be charged at the higher concentration of each drug.
    fn join_smallest(&mut self) {
        let sizes = self.ledger.slugs.windows(2).enumerate().skip(1);
        let size = |pair: &[Slug]| pair.iter().fold(0u64, |sum, slug| sum.saturating_add(u64::from(slug.volume_nl)));
        let Some((index, _)) = sizes.min_by_key(|(_, pair)| size(pair)) else { return };
        let tipward = self.ledger.slugs.remove(index.saturating_add(1));
        if let Some(slug) = self.ledger.slugs.get_mut(index) {
            // Never more than four drugs in one ledger, so the worst of two always is a mixture.
            slug.mixture = fronts::worst_of(&slug.mixture, &tipward.mixture).unwrap_or(slug.mixture);
            slug.edge_low_nl = tipward.edge_low_nl.max(slug.edge_low_nl.saturating_sub(tipward.volume_nl));
            slug.edge_high_nl = tipward.edge_high_nl.max(slug.edge_high_nl);
            slug.volume_nl = slug.volume_nl.saturating_add(tipward.volume_nl);
            slug.doubt |= tipward.doubt;
        }
    }

    /// Works out anew what is at the tip and how far away the next change is.
    pub(crate) fn settle(&mut self, flow: FlowRate) {
        self.tip = self.reach(Volume::new(1));
        let mut calm = Volume::MAX;
        let mut behind = Volume::ZERO;
        for index in (0..self.ledger.slugs.len().saturating_sub(1)).rev() {
            behind = behind.saturating_add(volume_of(self.ledger.slugs.get(index.saturating_add(1))));
            // The next change is a leading edge that arrives or, once it has, the nominal place.
            let lead = self.boundary_lead(index);
            let next = if behind > lead { behind.saturating_sub(lead) } else { behind };
            if index > 0 || !self.begins_as_reservoir() {
                calm = calm.min(next);
            }
        }
        self.calm = calm;
        self.driven = self.device.band(flow).flow_max;
    }

    /// The lead that the front of slug `index` has, or will have as soon as it moves.
    fn boundary_lead(&self, index: usize) -> Volume {
        let so_far = self.ledger.slugs.get(index).map_or(Volume::ZERO, |slug| edge(slug.edge_low_nl));
        so_far.max(fronts::band(&self.device, self.path_volume(), FlowRate::ZERO).lead)
    }

    fn begins_as_reservoir(&self) -> bool {
        let mut first_two = self.ledger.slugs.iter().take(2).map(|slug| slug.mixture);
        first_two.next() == first_two.next()
    }

    /// The next number of the document, after a change that is not a stroke.
    pub(crate) fn changed(&mut self) {
        self.ledger.number = self.ledger.number.saturating_add(1);
        self.settle(FlowRate::ZERO);
        self.driven = FlowRate::ZERO;
    }

    /// Refuses a fluid with which pump and path would hold more than four drugs.
    pub(crate) fn check_drugs(&self, mixture: &Mixture) -> Result<(), Refusal> {
        let mut all = self.highest();
        all.raise(mixture);
        let count = u64::try_from(all.drugs().count()).unwrap_or(u64::MAX);
        let most = u64::try_from(DRUGS_MAX).unwrap_or(0);
        if count > most { Err(Refusal::of(Reason::TooManyDrugs, Field::Drugs, count, most)) } else { Ok(()) }
    }

    /// The reservoir is emptied and filled: see [`reservoir::check`] for what is refused.
    ///
    /// # Errors
    /// What [`reservoir::check`] refuses; more than four drugs in pump and path.
    pub fn refill(&mut self, entry: &Refill) -> Result<Checked, Refusal> {
        let checked = reservoir::check(self, entry)?;
        self.check_drugs(&entry.mixture)?;
        let old = self.reservoir_mixture();
        //= requirements/ledger.md#declared-events
        //# After a refill the ledger MUST hold the new drug mixed with the volume that was left.
        let mixture = fronts::mixed(&entry.mixture, entry.filled, &old, checked.left)
            .ok_or(Refusal::plain(Reason::TooManyDrugs))?;
        let whole = checked.left.saturating_add(entry.filled);
        self.before_fill = Slug::sharp(nl(checked.left), old);
        if let Some(reservoir) = self.ledger.slugs.first_mut() {
            *reservoir = Slug::sharp(nl(whole), mixture);
        }
        (self.delivered, self.unconfirmed) = (Volume::ZERO, Volume::ZERO);
        self.changed();
        Ok(checked)
    }
}

fn highest_from(ledger: &Ledger, from: usize) -> Highest {
    ledger.slugs.iter().skip(from).fold(Highest::NONE, |mut highest, slug| {
        highest.raise(&slug.mixture);
        highest
    })
}

pub(crate) fn volume_of(slug: Option<&Slug>) -> Volume {
    slug.map_or(Volume::ZERO, |slug| Volume::new(u64::from(slug.volume_nl)))
}

fn edge(nl: u32) -> Volume {
    Volume::new(u64::from(nl))
}

/// The ledger's word for a volume. All volumes of a pump lie below 4.29 L; one that does not is as large as can be.
pub(crate) fn nl(volume: Volume) -> u32 {
    u32::try_from(volume.get()).unwrap_or(u32::MAX)
}
