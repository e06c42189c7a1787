//! The auditor's own ledger of fluid: what is in the reservoir, in the path, and what leaves the tip with each motion.
//!
//! Answers for plug flow in exact integers, moved by true rotor motion alone. It does not know dispersion: the pump must
//! be right with its front band added, so it is right here too. It does not ask where the fluid goes after the tip.
//!
//! Units: volume in picolitres (pL), concentration in picograms per millilitre (pg/mL), mass in zeptograms
//! (1 zg = 1 pL x 1 pg/mL, no division; 1 fg = 1,000,000 zg).

use std::collections::VecDeque;

/// Drugs a mixture holds at most.
pub const DRUGS: usize = 4;

/// Zeptograms in a femtogram.
pub const ZG_PER_FG: u128 = 1_000_000;

/// Picolitres in a nanolitre.
pub const PL_PER_NL: u64 = 1_000;

/// Concentration of each drug, pg/mL.
pub type Mixture = [u64; DRUGS];

/// A volume of one mixture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slug {
    /// Volume, pL.
    pub volume_pl: u64,
    /// What it holds, pg/mL.
    pub mixture: Mixture,
}

/// A mixture from concentrations in ng/mL, the unit of orders.
pub fn mixture_from_ng_per_ml(ng_per_ml: [u64; DRUGS]) -> Mixture {
    ng_per_ml.map(|c| c.saturating_mul(1_000))
}

/// Reservoir and path, as they truly are up to dispersion.
#[derive(Debug, Clone, Default)]
pub struct Fluid {
    reservoir: Option<Slug>,
    /// From the reservoir's outlet (back) to the tip (front).
    path: VecDeque<Slug>,
}

impl Fluid {
    /// Volume in the reservoir, pL.
    pub fn reservoir_pl(&self) -> u64 {
        self.reservoir.map_or(0, |s| s.volume_pl)
    }

    /// What the reservoir holds, pg/mL.
    pub fn reservoir_mixture(&self) -> Mixture {
        self.reservoir.map_or([0; DRUGS], |s| s.mixture)
    }

    /// The path from outlet to tip.
    pub fn path(&self) -> impl Iterator<Item = &Slug> {
        self.path.iter().rev()
    }

    /// Adds fluid to the reservoir and mixes it whole. Concentrations round to the nearest pg/mL.
    pub fn fill(&mut self, slug: Slug) {
        let old = self.reservoir.unwrap_or(Slug { volume_pl: 0, mixture: [0; DRUGS] });
        let volume_pl = old.volume_pl + slug.volume_pl;
        if volume_pl == 0 {
            return;
        }
        let mut mixture = [0; DRUGS];
        for (i, slot) in mixture.iter_mut().enumerate() {
            let mass = mass_zg(&old, i) + mass_zg(&slug, i);
            let whole = u128::from(volume_pl);
            *slot = ((mass + whole / 2) / whole) as u64;
        }
        self.reservoir = Some(Slug { volume_pl, mixture });
    }

    /// Draws fluid from the reservoir; more than there is leaves it empty.
    pub fn draw(&mut self, volume_pl: u64) {
        if let Some(r) = &mut self.reservoir {
            r.volume_pl = r.volume_pl.saturating_sub(volume_pl);
        }
    }

    /// States what the path holds, from the reservoir's outlet to the tip: at the operation, after a port aspiration.
    pub fn path_holds(&mut self, from_outlet_to_tip: &[Slug]) {
        self.path = from_outlet_to_tip.iter().rev().copied().filter(|s| s.volume_pl > 0).collect();
    }

    /// Moves one volume through: as much leaves at the tip, whose mass per drug in zg is returned.
    /// A reservoir that is empty pushes nothing that holds drug.
    pub fn push(&mut self, volume_pl: u64) -> [u64; DRUGS] {
        let mixture = match &mut self.reservoir {
            Some(r) if r.volume_pl > 0 => {
                r.volume_pl = r.volume_pl.saturating_sub(volume_pl);
                r.mixture
            }
            _ => [0; DRUGS],
        };
        match self.path.back_mut() {
            Some(last) if last.mixture == mixture => last.volume_pl += volume_pl,
            _ => self.path.push_back(Slug { volume_pl, mixture }),
        }
        let mut left = volume_pl;
        let mut out = [0; DRUGS];
        while left > 0 {
            let Some(tip) = self.path.front_mut() else { break };
            let part = left.min(tip.volume_pl);
            for (mass, c) in out.iter_mut().zip(tip.mixture) {
                *mass += part * c;
            }
            left -= part;
            tip.volume_pl -= part;
            if tip.volume_pl == 0 {
                self.path.pop_front();
            }
        }
        out
    }
}

fn mass_zg(slug: &Slug, drug: usize) -> u128 {
    u128::from(slug.volume_pl) * u128::from(slug.mixture[drug])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slug(nl: u64, ng_per_ml: u64) -> Slug {
        Slug { volume_pl: nl * PL_PER_NL, mixture: mixture_from_ng_per_ml([ng_per_ml, 0, 0, 0]) }
    }

    #[test]
    fn the_old_drug_leaves_the_tip_before_the_new_one() {
        let mut fluid = Fluid::default();
        fluid.fill(slug(20_000_000, 2_000_000));
        fluid.path_holds(&[slug(1_000, 1_000_000)]);

        // 1,000 nL of 1 mg/mL (1 ng/nL) lies in the path: two strokes of it, then the new drug at twice the strength.
        assert_eq!(fluid.push(500_000)[0], 500_000 * 1_000_000_000);
        assert_eq!(fluid.push(500_000)[0], 500_000 * 1_000_000_000);
        assert_eq!(fluid.push(500_000)[0], 500_000 * 2_000_000_000);
        assert_eq!(fluid.reservoir_pl(), 20_000_000_000 - 1_500_000);
    }

    #[test]
    fn a_stroke_across_a_front_takes_a_part_of_each() {
        let mut fluid = Fluid::default();
        fluid.fill(slug(1_000_000, 0));
        fluid.path_holds(&[slug(300, 0), slug(200, 1_000_000)]);
        assert_eq!(fluid.push(500_000)[0], 200_000 * 1_000_000_000);
        assert_eq!(fluid.push(500_000)[0], 0);
    }

    #[test]
    fn a_refill_over_a_residual_is_diluted_as_the_label_says() {
        // Physiology 4.3: 18.6 mL of 20 mg/mL over 1.4 mL of 10 mg/mL is 19.3 mg/mL.
        let mut fluid = Fluid::default();
        fluid.fill(slug(1_400_000, 10_000_000));
        fluid.fill(slug(18_600_000, 20_000_000));
        assert_eq!(fluid.reservoir_mixture()[0], 19_300_000_000);
    }

    #[test]
    fn a_dry_reservoir_pushes_no_drug() {
        let mut fluid = Fluid::default();
        fluid.fill(slug(500, 1_000_000));
        assert_eq!(fluid.push(500_000)[0], 500_000 * 1_000_000_000);
        assert_eq!(fluid.push(500_000)[0], 0);
    }
}
