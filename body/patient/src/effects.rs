//! What drugs do to a person: relief and harm from levels at cord, cisterns and blood.
//!
//! Answers for: the delay of each site, how drugs act together, tolerance, withdrawal and a granuloma at the tip. Levels
//! come from `body`, constants from `drug`. All constants for man are thin: priors of a population, not predictions.
//!
//! Terms: *strength* `U` is a level over that of half effect; drugs of one action add their strengths.

use libm::exp;

use crate::breathing::Chest;
use crate::drug::{Action, Class, Drug, Tolerance, Withdrawal};
use crate::species::Breathing;

/// Most that pain can be relieved.
pub(crate) const RELIEF_MAX: f64 = 0.85;
/// Most that spasticity can be relieved.
pub(crate) const SPASTICITY_RELIEF_MAX: f64 = 0.9;
/// How much an opioid and a local anaesthetic or an alpha-2 agonist do beyond their sum.
pub(crate) const INTERACTION: f64 = 0.5;
/// Mean arterial pressure at rest, mmHg.
const PRESSURE_REST: f64 = 92.0;
/// Most that drugs lower it, mmHg.
const PRESSURE_FALL_MAX: f64 = 40.0;
/// Points of pain that full withdrawal of an opioid adds.
pub(crate) const HYPERALGESIA: f64 = 3.0;
/// Points of spasticity that full withdrawal of baclofen adds.
pub(crate) const REBOUND_SPASTICITY: f64 = 2.0;
/// mmHg that full withdrawal of clonidine adds; half of it for the others.
const REBOUND_PRESSURE: f64 = 45.0;
/// Shrinking of a granuloma, 1/min: half in a week.
const GRANULOMA_SHRINKS: f64 = std::f64::consts::LN_2 / (7.0 * 1440.0);
/// What clonidine leaves of a granuloma's growth.
const CLONIDINE_PROTECTS: f64 = 0.3;
/// Part of the cord's uptake that a full granuloma takes away.
const GRANULOMA_SHIELDS: f64 = 0.6;
/// A granuloma of this size occludes the catheter.
pub const GRANULOMA_OCCLUDES: f64 = 0.8;

/// Levels of one drug where it acts, µg/mL.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Levels {
    /// At the target dermatomes of the cord, as CSF level at rest with it.
    pub cord: f64,
    /// In the cisterns.
    pub cisternal: f64,
    /// In plasma.
    pub plasma: f64,
}

/// One drug at work.
#[derive(Debug, Clone, PartialEq)]
struct AtWork {
    class: Class,
    is_clonidine: bool,
    half: Vec<(Action, [f64; 3], f64)>,
    strength: [f64; 10],
    tolerance: Option<Tolerance>,
    fast: f64,
    slow: f64,
    withdrawal: Option<Withdrawal>,
    adapted: f64,
    withdrawn: f64,
    granuloma: Option<(f64, f64)>,
    infusate: f64,
    /// How far each site, tolerance and adaptation follow in a step of so many minutes; steps seldom change.
    step_min: f64,
    shares: Vec<f64>,
}

/// A person's sensitivity, as factors on strength; 1 is the median.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sensitivity {
    /// To relief of pain and spasticity.
    pub relief: f64,
    /// To depression of breathing and sedation.
    pub depression: f64,
    /// To everything else.
    pub side_effects: f64,
    /// Factor on how much tolerance grows.
    pub tolerance: f64,
}

impl Sensitivity {
    /// The median person.
    pub const MEDIAN: Self = Self { relief: 1.0, depression: 1.0, side_effects: 1.0, tolerance: 1.0 };
}

/// What a person feels and shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Felt {
    /// Pain, VAS 0 to 10.
    pub pain: f64,
    /// Relief of pain, 0 to 1.
    pub relief: f64,
    /// 0 awake to 1 not rousable.
    pub sedation: f64,
    /// Breath over breath at rest.
    pub breath: f64,
    /// Breaths per minute.
    pub breaths_per_min: f64,
    /// mmHg.
    pub co2: f64,
    /// Ashworth 0 to 4.
    pub spasticity: f64,
    /// Bromage 0 to 3.
    pub motor_block: f64,
    /// Mean arterial pressure, mmHg.
    pub pressure: f64,
    /// 0 to 10.
    pub nausea: f64,
    /// 0 to 10.
    pub itching: f64,
    /// 0 to 1.
    pub retention: f64,
    /// 0 to 1.
    pub constipation: f64,
    /// Worst withdrawal of any drug, 0 upwards; 1 is severe.
    pub withdrawal: f64,
    /// Granuloma at the tip, 0 to 1.
    pub granuloma: f64,
}

/// All drugs at work in one person.
#[derive(Debug, Clone, PartialEq)]
pub struct Effects {
    drugs: Vec<AtWork>,
    chest: Chest,
    sensitivity: Sensitivity,
    spasticity_rest: f64,
    granuloma: f64,
}

impl Effects {
    /// A person without drug; spasticity at rest in Ashworth points.
    pub fn new(drugs: &[Drug], breathing: Breathing, sensitivity: Sensitivity, spasticity_rest: f64) -> Self {
        let drugs = drugs.iter().map(AtWork::new).collect();
        Self { drugs, chest: Chest::new(breathing), sensitivity, spasticity_rest, granuloma: 0.0 }
    }

    /// Tells what level the fluid at the tip has (µg/mL); it drives the granuloma.
    pub fn infusate(&mut self, drug: usize, level: f64) {
        if let Some(at_work) = self.drugs.get_mut(drug) {
            at_work.infusate = level;
        }
    }

    /// Passes some minutes at constant levels, one entry for each drug.
    pub fn step(&mut self, minutes: f64, levels: &[Levels]) {
        let shield = 1.0 - GRANULOMA_SHIELDS * self.granuloma;
        for (drug, at) in self.drugs.iter_mut().zip(levels) {
            drug.follow(minutes, at, shield, self.sensitivity.tolerance);
        }
        let breath = self.total(Action::Respiration) * self.sensitivity.depression;
        self.chest.step(minutes, breath);
        self.grow(minutes);
    }

    fn grow(&mut self, minutes: f64) {
        let protects = self.drugs.iter().any(|d| d.is_clonidine && d.infusate > 0.0);
        let factor = if protects { CLONIDINE_PROTECTS } else { 1.0 };
        for drug in &self.drugs {
            if let Some((half, growth)) = drug.granuloma.filter(|_| drug.infusate > 0.0) {
                let ratio = drug.infusate / half;
                let drive = factor * growth * ratio * ratio / (1.0 + ratio * ratio);
                self.granuloma += drive * minutes * (1.0 - self.granuloma);
            }
        }
        self.granuloma = (self.granuloma * (1.0 - GRANULOMA_SHRINKS * minutes)).clamp(0.0, 1.0);
    }

    /// Strength of one action over all drugs, tolerance taken off.
    pub fn total(&self, action: Action) -> f64 {
        self.drugs.iter().map(|drug| drug.felt(action)).sum()
    }

    /// Tolerance of one drug: factor on the level that is needed.
    pub fn tolerance(&self, drug: usize) -> f64 {
        self.drugs.get(drug).map_or(1.0, |d| d.fast * d.slow)
    }

    /// Withdrawal of one drug.
    pub fn withdrawal(&self, drug: usize) -> f64 {
        self.drugs.get(drug).map_or(0.0, |d| d.withdrawn)
    }

    /// How much the answer to CO2 is depressed, 0 to 1.
    pub fn depression(&self) -> f64 {
        self.chest.depression(self.total(Action::Respiration) * self.sensitivity.depression)
    }

    /// The granuloma at the tip, 0 to 1.
    pub fn granuloma(&self) -> f64 {
        self.granuloma
    }

    fn analgesia(&self) -> f64 {
        let of = |class: fn(Class) -> bool| -> f64 {
            self.drugs.iter().filter(|d| class(d.class)).map(|d| d.felt(Action::Analgesia)).sum()
        };
        let (opioid, other) = (of(|c| c == Class::Opioid), of(|c| c != Class::Opioid));
        let helped = of(|c| matches!(c, Class::LocalAnaesthetic | Class::Alpha2));
        (opioid + other + INTERACTION * (opioid * helped).sqrt()) * self.sensitivity.relief
    }

    /// What is felt now, by a person who without drug would have this pain (VAS 0 to 10).
    pub fn felt(&self, pain_without: f64) -> Felt {
        let s = &self.sensitivity;
        let side = |action: Action| self.total(action) * s.side_effects;
        let rebound =
            |class: Class| self.drugs.iter().filter(|d| d.class == class).map(|d| d.withdrawn).fold(0.0, f64::max);
        let (opioid, baclofen, clonidine) = (rebound(Class::Opioid), rebound(Class::GabaB), rebound(Class::Alpha2));
        let relief = RELIEF_MAX * steep(self.analgesia());
        let spasticity_relief = SPASTICITY_RELIEF_MAX * steep(self.total(Action::Spasticity) * s.relief);
        let sedation = self.total(Action::Sedation) * s.depression;
        let motor = squared(squared(side(Action::MotorBlock)));
        let fall = PRESSURE_FALL_MAX * level(side(Action::Pressure));
        Felt {
            pain: (pain_without * (1.0 - relief) + HYPERALGESIA * opioid).min(10.0),
            relief,
            sedation: level(squared(sedation)),
            breath: self.chest.share,
            breaths_per_min: self.chest.rate(),
            co2: self.chest.arterial,
            spasticity: (self.spasticity_rest * (1.0 - spasticity_relief) + REBOUND_SPASTICITY * baclofen).min(4.0),
            motor_block: 3.0 * level(motor),
            pressure: PRESSURE_REST - fall + REBOUND_PRESSURE * (clonidine + 0.5 * (opioid + baclofen)),
            nausea: 10.0 * level(side(Action::Nausea)),
            itching: 10.0 * level(side(Action::Itching)),
            retention: level(side(Action::Retention)),
            constipation: level(side(Action::Constipation)),
            withdrawal: opioid.max(baclofen).max(clonidine),
            granuloma: self.granuloma,
        }
    }
}

impl AtWork {
    fn new(drug: &Drug) -> Self {
        let inverse = |half: Option<f64>| half.map_or(0.0, |h| 1.0 / h);
        let half = drug.actions.iter().map(|(action, p)| {
            let inverses = [inverse(p.half_cord), inverse(p.half_cisternal), inverse(p.half_plasma)];
            (*action, inverses, p.delay)
        });
        Self {
            class: drug.class,
            is_clonidine: drug.class == Class::Alpha2,
            half: half.collect(),
            strength: [0.0; 10],
            tolerance: drug.tolerance,
            fast: 1.0,
            slow: 1.0,
            withdrawal: drug.withdrawal,
            adapted: 0.0,
            withdrawn: 0.0,
            granuloma: drug.granuloma,
            infusate: 0.0,
            step_min: 0.0,
            shares: Vec::new(),
        }
    }

    /// Works out how far everything follows in a step.
    fn set_step(&mut self, minutes: f64) {
        let sites = self.half.iter().map(|(_, _, delay)| *delay);
        let tolerance = self.tolerance.map_or([0.0; 2], |t| [t.fast_rate, t.slow_rate]);
        let adaptation = self.withdrawal.map_or(0.0, |w| w.adaptation);
        let rates = sites.chain(tolerance).chain([adaptation]);
        self.shares = rates.map(|rate| 1.0 - exp(-rate * minutes)).collect();
        self.step_min = minutes;
    }

    fn follow(&mut self, minutes: f64, at: &Levels, shield: f64, tolerance_factor: f64) {
        if self.step_min != minutes {
            self.set_step(minutes);
        }
        for ((action, half, _), share) in self.half.iter().zip(&self.shares) {
            let drive = at.cord * shield * half[0] + at.cisternal * half[1] + at.plasma * half[2];
            let strength = &mut self.strength[*action as usize];
            *strength += share * (drive - *strength);
        }
        let main = if self.class == Class::GabaB { Action::Spasticity } else { Action::Analgesia };
        let effect = level(self.strength[main as usize]);
        let &[.., fast_share, slow_share, adapted_share] = self.shares.as_slice() else { return };
        if let Some(t) = &self.tolerance {
            let fast = 1.0 + t.fast_gain * tolerance_factor * effect;
            let slow = 1.0 + t.slow_gain * tolerance_factor * effect;
            self.fast += fast_share * (fast - self.fast);
            self.slow += slow_share * (slow - self.slow);
        }
        if let Some(w) = &self.withdrawal {
            self.adapted += adapted_share * (effect - self.adapted);
            self.withdrawn = w.strength * (self.adapted - effect).max(0.0);
        }
    }

    /// Strength with tolerance taken off, where the body gets used to it.
    fn felt(&self, action: Action) -> f64 {
        let strength = self.strength[action as usize];
        if action.gets_used_to() { strength / (self.fast * self.slow) } else { strength }
    }
}

/// Half at one, full far above.
fn level(strength: f64) -> f64 {
    strength / (1.0 + strength)
}

/// As `level`, steeper: power 1.5, which needs no more than a square root.
fn steep(strength: f64) -> f64 {
    level(strength * strength.max(0.0).sqrt())
}

fn squared(x: f64) -> f64 {
    x * x
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::species::Species;

    fn person(names: &[&str]) -> Effects {
        let drugs: Vec<Drug> = names.iter().map(|n| Drug::named(n).unwrap()).collect();
        let breathing = Species::named("adult").unwrap().breathing.unwrap();
        Effects::new(&drugs, breathing, Sensitivity::MEDIAN, 3.0)
    }

    fn hours(person: &mut Effects, hours: u32, levels: &[Levels]) {
        (0..hours * 6).for_each(|_| person.step(10.0, levels));
    }

    #[test]
    fn without_drug_pain_is_pain_and_nothing_else_is_wrong() {
        let mut one = person(&["morphine", "baclofen", "clonidine"]);
        hours(&mut one, 48, &[Levels::default(); 3]);
        let felt = one.felt(7.6);
        assert_eq!((felt.pain, felt.spasticity, felt.withdrawal), (7.6, 3.0, 0.0));
        assert!((felt.breath - 1.0).abs() < 1e-12 && felt.sedation == 0.0 && felt.pressure == PRESSURE_REST);
    }

    #[test]
    fn morphine_at_the_cord_relieves_and_in_the_cisterns_depresses() {
        let mut one = person(&["morphine"]);
        hours(&mut one, 12, &[Levels { cord: 1.2, ..Levels::default() }]);
        let felt = one.felt(7.6);
        assert!(felt.pain < 4.5 && felt.breath > 0.99, "{felt:?}");
        let mut other = person(&["morphine"]);
        hours(&mut other, 12, &[Levels { cisternal: 1.2, ..Levels::default() }]);
        let felt = other.felt(7.6);
        assert!(felt.breath < 0.8 && felt.co2 > 50.0 && felt.pain > 7.5, "{felt:?}");
    }

    #[test]
    fn a_stop_of_baclofen_is_felt_within_days_and_passes() {
        let mut one = person(&["baclofen"]);
        hours(&mut one, 24 * 30, &[Levels { cord: 0.4, ..Levels::default() }]);
        let before = one.felt(0.0);
        assert!(before.spasticity < 1.5 && before.withdrawal < 0.05, "{before:?}");
        let mut worst = (0, 0.0_f64);
        for hour in 1..240 {
            hours(&mut one, 1, &[Levels::default()]);
            let now = one.felt(0.0).withdrawal;
            if now > worst.1 {
                worst = (hour, now);
            }
        }
        assert!((12..=72).contains(&worst.0) && worst.1 > 0.4, "{worst:?}");
        assert!(one.felt(0.0).withdrawal < 0.1);
    }

    #[test]
    fn tolerance_grows_over_months_and_a_granuloma_at_high_level_in_days() {
        let mut one = person(&["morphine"]);
        hours(&mut one, 24 * 365, &[Levels { cord: 1.2, ..Levels::default() }]);
        assert!(one.tolerance(0) > 1.5, "{}", one.tolerance(0));
        one.infusate(0, 25_000.0);
        hours(&mut one, 24 * 14, &[Levels::default()]);
        assert!(one.granuloma() > 0.5, "{}", one.granuloma());
        one.infusate(0, 0.0);
        hours(&mut one, 24 * 21, &[Levels::default()]);
        assert!(one.granuloma() < 0.15);
    }

    #[test]
    fn bupivacaine_helps_morphine_beyond_the_sum() {
        let at = Levels { cord: 0.6, ..Levels::default() };
        let la = Levels { cord: 5.0, ..Levels::default() };
        let mut both = person(&["morphine", "bupivacaine"]);
        hours(&mut both, 24, &[at, la]);
        let mut alone = person(&["morphine", "bupivacaine"]);
        hours(&mut alone, 24, &[at, Levels::default()]);
        let mut other = person(&["morphine", "bupivacaine"]);
        hours(&mut other, 24, &[Levels::default(), la]);
        assert!(both.felt(8.0).relief > alone.felt(8.0).relief + other.felt(8.0).relief - 0.05);
        assert!(both.felt(8.0).motor_block < 0.1);
    }
}
