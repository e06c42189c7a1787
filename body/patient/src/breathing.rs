//! Breathing: drug depresses it, carbon dioxide drives it back.
//!
//! The indirect model of Bouillon 2003: `V = V0 (1 - E) (Pe / P0)^F`, `dPa/dt = kel (P0 - V/V0 Pa)`,
//! `dPe/dt = ke0 (Pa - Pe)`, with `E = U^g / (1 + U^g)` and `U` the drug's level over that of half depression.

use libm::{exp, pow};

use crate::species::Breathing;

/// Longest step that follows the equations as they stand; longer ones relax to where they lead.
pub(crate) const STEP_MAX_MIN: f64 = 1.0;

/// More depression than this is a stop of breathing; the equations have no rest there.
pub(crate) const DEPRESSION_MAX: f64 = 0.9999;

/// A chest at work.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Chest {
    constants: Breathing,
    /// Arterial CO2, mmHg.
    pub arterial: f64,
    /// CO2 where breathing is driven, mmHg.
    pub effect_site: f64,
    /// Breath over breath at rest.
    pub share: f64,
}

impl Chest {
    /// At rest.
    pub fn new(constants: Breathing) -> Self {
        Self { constants, arterial: constants.rest_co2, effect_site: constants.rest_co2, share: 1.0 }
    }

    /// Depression for a level over that of half depression.
    pub fn depression(&self, strength: f64) -> f64 {
        let strength = strength.max(0.0);
        // The published power is 1.25, which is two square roots.
        let power = if self.constants.steepness == 1.25 {
            strength * strength.sqrt().sqrt()
        } else {
            pow(strength, self.constants.steepness)
        };
        (power / (1.0 + power)).min(DEPRESSION_MAX)
    }

    /// Passes some minutes at a constant strength of drug.
    pub fn step(&mut self, minutes: f64, strength: f64) {
        let left = 1.0 - self.depression(strength);
        let c = &self.constants;
        if minutes > STEP_MAX_MIN {
            // Levels change slowly against minutes: breathing follows to where the equations rest.
            let rest = self.rest(left);
            let follow = exp(-c.elimination * rest * (1.0 + c.feedback) * minutes);
            let target = c.rest_co2 / rest;
            self.arterial = target + (self.arterial - target) * follow;
            self.effect_site = self.arterial;
        } else {
            let share = left * pow(self.effect_site / c.rest_co2, c.feedback);
            let pull = exp(-c.elimination * share * minutes);
            let target = c.rest_co2 / share.max(1e-9);
            let before = self.arterial;
            self.arterial = target + (before - target) * pull;
            let mean = 0.5 * (before + self.arterial);
            self.effect_site = mean + (self.effect_site - mean) * exp(-c.equilibration * minutes);
        }
        self.share = left * pow(self.effect_site / c.rest_co2, c.feedback);
    }

    /// Share of breath at rest where drug and CO2 balance.
    fn rest(&self, left: f64) -> f64 {
        if left == 1.0 { 1.0 } else { pow(left, 1.0 / (1.0 + self.constants.feedback)) }
    }

    /// Breath per minute, L/min.
    pub fn ventilation(&self) -> f64 {
        self.constants.ventilation * self.share
    }

    /// Breaths per minute: depth is taken as kept, as opioids slow before they flatten.
    pub fn rate(&self) -> f64 {
        self.constants.rate * self.share
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::species::Species;

    fn chest() -> Chest {
        Chest::new(Species::named("adult").unwrap().breathing.unwrap())
    }

    #[test]
    fn without_drug_nothing_changes() {
        let mut chest = chest();
        for _ in 0..1000 {
            chest.step(1.0, 0.0);
        }
        assert!((chest.share - 1.0).abs() < 1e-12 && (chest.arterial - 42.4).abs() < 1e-9);
    }

    #[test]
    fn a_step_of_drug_falls_deep_and_comes_back_part_of_the_way() {
        let mut chest = chest();
        let mut lowest = 1.0_f64;
        for _ in 0..6000 {
            chest.step(0.01, 1.0);
            lowest = lowest.min(chest.share);
        }
        let rest = pow(0.5, 1.0 / 5.30);
        assert!(lowest < 0.52 && (chest.share / rest - 1.0).abs() < 1e-3, "{lowest}, {}", chest.share);
        let mut slow = self::chest();
        for _ in 0..12 {
            slow.step(10.0, 1.0);
        }
        assert!((slow.share / rest - 1.0).abs() < 1e-3);
    }
}
