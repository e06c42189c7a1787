//! Where one fluid ends and the next begins, and what may leave the tip meanwhile.
//!
//! Answers for: the band in which a front may lie at a flow, whether a change between two fluids is a front at all, the
//! highest concentration of each drug among several fluids, and how two fluids mix. All of it errs upwards: charges are
//! made with it. Which fluid lies where is the fluid path's affair.
//!
//! Terms. *Nominal place*: where plug flow would put a front. *Leading edge*: where the new fluid may show first.
//! *Trailing edge*: where the old fluid may show last.

use orders::mixture::{Component, DRUGS_MAX};
use orders::quantity::{mul_div_ceil, mul_div_floor};
use orders::{Concentration, DeviceProfile, Drug, Field, FlowRate, Mixture, Permille, Volume};

/// How far a front may lie from its nominal place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Band {
    /// Ahead of it.
    pub lead: Volume,
    /// Behind it.
    pub trail: Volume,
}

/// The band of a front driven at `flow` through a path of this volume, rounded outwards.
//= requirements/ledger.md#front-band
//# The pump MUST give each front the band that the device profile states for the rate at which the front is driven.
pub fn band(device: &DeviceProfile, path: Volume, flow: FlowRate) -> Band {
    let band = device.band(flow);
    Band { lead: path.share_ceil(band.lead), trail: path.share_ceil(band.trail) }
}

/// How far the old fluid may lag when a front that was driven at one flow is driven at a faster one.
///
/// `lead` tells which row of the profile the front has seen so far, because nothing but a row ever sets it; what else
/// has widened the trailing side (unconfirmed strokes) is kept. A lead that is no row's counts as none.
pub(crate) fn widened(device: &DeviceProfile, path: Volume, so_far: Band, flow: FlowRate) -> Band {
    let wanted = band(device, path, flow);
    if wanted.lead <= so_far.lead {
        return so_far;
    }
    let already = device
        .bands
        .iter()
        .find(|row| path.share_ceil(row.lead) == so_far.lead)
        .map_or(Volume::ZERO, |row| path.share_ceil(row.trail));
    let more = wanted.trail.saturating_sub(already);
    Band { lead: wanted.lead, trail: so_far.trail.saturating_add(more) }
}

/// What is left of drugs that no order names any more, each with the concentration up to which nobody need mind it.
pub type Leftovers = [Option<(Drug, Concentration)>; DRUGS_MAX];

/// The largest change of any drug from one fluid to the other, as a share of its higher concentration, rounded up.
pub fn change(one: &Mixture, other: &Mixture) -> Permille {
    change_but(one, other, &[None; DRUGS_MAX])
}

/// The same, with leftovers left out as long as they are weak on both sides.
fn change_but(one: &Mixture, other: &Mixture, leftovers: &Leftovers) -> Permille {
    let mut largest = Permille::ZERO;
    for component in one.iter().chain(other.iter()) {
        let (a, b) = (one.concentration(component.drug), other.concentration(component.drug));
        let is_leftover = |(drug, weak): &(Drug, Concentration)| *drug == component.drug && a.max(b) <= *weak;
        if leftovers.iter().flatten().any(is_leftover) {
            continue;
        }
        let (a, b) = (a.get(), b.get());
        let share = mul_div_ceil(u64::from(a.abs_diff(b)), 1000, u64::from(a.max(b))).unwrap_or(0);
        largest = largest.max(Permille::new(u16::try_from(share).unwrap_or(u16::MAX)));
    }
    largest
}

/// Whether a boundary between these two is a front: a drug changes by more than the order's threshold, and by more than
/// the residual makes two fills of one mixture differ.
//= requirements/ledger.md#same-mixture-again
//# A refill of the mixture that was ordered and filled before MUST NOT make a front.
pub fn is_front(
    one: &Mixture,
    other: &Mixture,
    threshold: Permille,
    device: &DeviceProfile,
    leftovers: &Leftovers,
) -> bool {
    change_but(one, other, leftovers) > threshold.max(device.thinned())
}

/// The highest concentration of every drug there is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Highest([Concentration; Drug::ALL.len()]);

impl Default for Highest {
    fn default() -> Self {
        Self::NONE
    }
}

impl Highest {
    /// No drug at all.
    pub const NONE: Self = Self([Concentration::ZERO; Drug::ALL.len()]);

    /// Of one fluid.
    pub fn of_mixture(mixture: &Mixture) -> Self {
        let mut highest = Self::NONE;
        highest.raise(mixture);
        highest
    }

    /// Takes a further fluid in.
    pub fn raise(&mut self, mixture: &Mixture) {
        for component in mixture.iter() {
            for (slot, drug) in self.0.iter_mut().zip(Drug::ALL) {
                if drug == component.drug {
                    *slot = (*slot).max(component.concentration);
                }
            }
        }
    }

    /// Of a drug; nothing where it is absent.
    pub fn of(&self, drug: Drug) -> Concentration {
        let place = usize::from(drug.code().saturating_sub(1));
        self.0.get(place).copied().unwrap_or(Concentration::ZERO)
    }

    /// The drugs that are present.
    pub fn drugs(&self) -> impl Iterator<Item = Drug> + '_ {
        Drug::ALL.into_iter().filter(|drug| !self.of(*drug).is_zero())
    }
}

/// The worst of both: every drug of either at its higher concentration; the first fluid's order comes first.
///
/// `None` if that would be more than four drugs.
pub fn worst_of(one: &Mixture, other: &Mixture) -> Option<Mixture> {
    blend(one, other, |a, b| a.max(b))
}

/// What two volumes make together, each drug's concentration rounded up. A trace below the least concentration that
/// has a meaning in an order is none: otherwise no drug that was ever in the pump would leave it.
///
/// `None` if that would be more than four drugs.
pub fn mixed(one: &Mixture, volume: Volume, other: &Mixture, other_volume: Volume) -> Option<Mixture> {
    let whole = volume.saturating_add(other_volume);
    if whole.is_zero() {
        return worst_of(one, other);
    }
    blend(one, other, |a, b| {
        // At most 100 mL at 100 mg/mL each: 2 × 10¹⁶, far inside u64.
        let mass = volume.mass_at(a).saturating_add(other_volume.mass_at(b));
        let concentration = mass.get().div_ceil(whole.get());
        if concentration < Field::DrugConcentration.bound().min {
            return Concentration::ZERO;
        }
        Concentration::new(u32::try_from(concentration).unwrap_or(u32::MAX))
    })
}

fn blend(
    one: &Mixture,
    other: &Mixture,
    of: impl Fn(Concentration, Concentration) -> Concentration,
) -> Option<Mixture> {
    let mut components: heapless::Vec<Component, DRUGS_MAX> = heapless::Vec::new();
    for Component { drug, .. } in one.iter().chain(other.iter()) {
        if components.iter().any(|seen| seen.drug == drug) {
            continue;
        }
        let concentration = of(one.concentration(drug), other.concentration(drug));
        if !concentration.is_zero() {
            components.push(Component { drug, concentration }).ok()?;
        }
    }
    Mixture::of(&components)
}

/// The share that `part` is of `whole`, rounded to the nearest thousandth, for people; `None` of nothing.
pub fn share(part: Volume, whole: Volume) -> Option<u32> {
    let twice = mul_div_floor(part.get(), 2000, whole.get())?;
    u32::try_from(twice.saturating_add(1) / 2).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEVICE: DeviceProfile = DeviceProfile::REFERENCE_20;
    const PATH: Volume = Volume::new(397_000);

    fn morphine(mg_per_ml: u32) -> Mixture {
        Mixture::single(Drug::Morphine, Concentration::new(mg_per_ml * 1_000_000))
    }

    //= requirements/ledger.md#front-band
    //= type=test
    //# The pump MUST give each front the band that the device profile states for the rate at which the front is driven.
    #[test]
    fn a_front_is_narrow_at_basal_and_half_the_path_wide_when_primed() {
        // 8 % of 397 µL = 31.76 µL; 50 % = 198.5 µL.
        let basal = band(&DEVICE, PATH, FlowRate::new(200_000));
        assert_eq!(basal, Band { lead: Volume::new(31_760), trail: Volume::new(31_760) });
        let primed = band(&DEVICE, PATH, FlowRate::new(24_000_000));
        assert_eq!(primed, Band { lead: Volume::new(198_500), trail: Volume::new(198_500) });
    }

    #[test]
    fn a_front_that_is_driven_faster_widens_and_keeps_what_missed_strokes_added() {
        // Basal band 31.76 µL and 50 µL of unconfirmed strokes behind it; then a prime: 198.5 + 50 behind.
        let so_far = Band { lead: Volume::new(31_760), trail: Volume::new(81_760) };
        let primed = widened(&DEVICE, PATH, so_far, FlowRate::new(24_000_000));
        assert_eq!(primed, Band { lead: Volume::new(198_500), trail: Volume::new(248_500) });
        // Slower again: it does not narrow.
        assert_eq!(widened(&DEVICE, PATH, primed, FlowRate::new(200_000)), primed);
    }

    #[test]
    fn a_change_below_the_threshold_is_no_front_and_one_above_it_is() {
        // 20 to 19.3 mg/mL is 3.5 %; 20 to 10 is 50 %; a drug that appears is 100 %.
        let diluted = Mixture::single(Drug::Morphine, Concentration::new(19_300_000));
        assert_eq!(change(&morphine(20), &diluted), Permille::new(35));
        let is_front = |one: &Mixture, other: &Mixture| is_front(one, other, Permille::new(50), &DEVICE, &[None; 4]);
        assert!(!is_front(&morphine(20), &diluted));
        assert!(is_front(&morphine(20), &morphine(10)));
        // The first fill of a pump is thinned by 7 %, the second by next to nothing: 18.6 and 19.902 mg/mL.
        let fill = |tenths: u32| Mixture::single(Drug::Morphine, Concentration::new(tenths * 1_000));
        assert_eq!((change(&fill(18_600), &fill(19_902)), DEVICE.thinned()), (Permille::new(66), Permille::new(70)));
        assert!(!is_front(&fill(18_600), &fill(19_902)));
        assert_eq!(change(&Mixture::DRUG_FREE, &morphine(10)), Permille::new(1000));
        assert_eq!(change(&morphine(10), &morphine(10)), Permille::ZERO);
    }

    #[test]
    fn the_residual_raises_a_weaker_fill_by_seven_percent_and_is_rounded_up() {
        // (1.4 mL × 20 + 18.6 mL × 10) / 20 mL = 214 / 20 = 10.7 mg/mL.
        let mix = mixed(&morphine(20), Volume::new(1_400_000), &morphine(10), Volume::new(18_600_000));
        assert_eq!(mix.map(|m| m.concentration(Drug::Morphine)), Some(Concentration::new(10_700_000)));
        // 1 nL of 20 and 2 nL of 10 mg/mL: 13.333333… is charged as 13 333 334 ng/mL.
        let mix = mixed(&morphine(20), Volume::new(1), &morphine(10), Volume::new(2));
        assert_eq!(mix.map(|m| m.concentration(Drug::Morphine)), Some(Concentration::new(13_333_334)));
    }

    #[test]
    fn five_drugs_do_not_mix() {
        let of = |drugs: &[Drug]| {
            let mut all = heapless::Vec::<Component, 4>::new();
            for drug in drugs {
                all.push(Component { drug: *drug, concentration: Concentration::new(1000) }).unwrap();
            }
            Mixture::of(&all).unwrap()
        };
        let three = of(&[Drug::Morphine, Drug::Bupivacaine, Drug::Clonidine]);
        assert!(worst_of(&three, &of(&[Drug::Baclofen])).is_some());
        assert!(worst_of(&three, &of(&[Drug::Baclofen, Drug::Fentanyl])).is_none());
    }
}
