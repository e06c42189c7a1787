//! What eight people feel, step by step: the equations of `effects` and `breathing`, side by side.
//!
//! Only what the wanted outcomes need is worked out. There is no granuloma here: it would close the catheter, and what is
//! given to a batch is given.

use super::Outcome;
use super::lanes::{LANES, Lanes, all, both, each, exp, pow};
use crate::breathing::DEPRESSION_MAX;
use crate::drug::{Action, Class, Drug};
use crate::effects::{HYPERALGESIA, INTERACTION, REBOUND_SPASTICITY, RELIEF_MAX, SPASTICITY_RELIEF_MAX};
use crate::person::Person;
use crate::species::Breathing;

/// Levels of one drug where it acts, µg/mL: cord at the target, cisterns, plasma.
pub type LevelsOf = [Lanes; 3];

/// An action of a drug.
#[derive(Debug, Clone)]
struct Acting {
    action: Action,
    /// One over the level of half effect at each site.
    inverse: [f64; 3],
    delay: f64,
    share: f64,
    strength: Lanes,
}

/// A drug at work in eight people.
#[derive(Debug, Clone)]
struct AtWork {
    class: Class,
    actions: Vec<Acting>,
    /// Rate, gain, share in a step.
    fast: (f64, f64, f64),
    slow: (f64, f64, f64),
    tolerance: [Lanes; 2],
    /// Rate, strength, share in a step; nothing without withdrawal.
    adaptation: Option<(f64, f64, f64)>,
    adapted: Lanes,
    withdrawn: Lanes,
}

/// Eight people.
#[derive(Debug, Clone)]
pub struct Feeling {
    drugs: Vec<AtWork>,
    breathing: Breathing,
    has_chest: bool,
    arterial: Lanes,
    effect_site: Lanes,
    breath: Lanes,
    relief: Lanes,
    depression: Lanes,
    gets_used: Lanes,
    spasticity: Lanes,
    step_min: f64,
}

impl Feeling {
    /// People without drug; those missing to eight are the last one again.
    pub fn new(people: &[Person], drugs: &[Drug], breathing: Breathing, wanted: &[Outcome]) -> Self {
        let of = |read: fn(&Person) -> f64| -> Lanes {
            std::array::from_fn(|n| people.get(n.min(people.len().saturating_sub(1))).map_or(1.0, read))
        };
        let needs = |action: Action| wanted.iter().any(|outcome| outcome.needs().contains(&action));
        Self {
            drugs: drugs.iter().map(|drug| AtWork::new(drug, needs)).collect(),
            breathing,
            has_chest: needs(Action::Respiration),
            arterial: all(breathing.rest_co2),
            effect_site: all(breathing.rest_co2),
            breath: all(1.0),
            relief: of(|p| p.sensitivity.relief),
            depression: of(|p| p.sensitivity.depression),
            gets_used: of(|p| p.sensitivity.tolerance),
            spasticity: of(|p| p.spasticity),
            step_min: 0.0,
        }
    }

    /// Passes some minutes at constant levels, one entry for each drug.
    pub fn step(&mut self, minutes: f64, levels: &[LevelsOf]) {
        if self.step_min.to_bits() != minutes.to_bits() {
            self.step_min = minutes;
            self.drugs.iter_mut().for_each(|drug| drug.set_step(minutes));
        }
        pulp::Arch::new().dispatch(Stepping { feeling: self, minutes, levels });
    }

    #[inline(always)]
    fn total(&self, action: Action) -> Lanes {
        let mut sum = all(0.0);
        for drug in &self.drugs {
            if let Some(acting) = drug.actions.iter().find(|acting| acting.action == action) {
                sum = both(&sum, &drug.felt(acting), |a, b| a + b);
            }
        }
        sum
    }

    #[inline(always)]
    fn breathe(&mut self, minutes: f64) {
        let c = self.breathing;
        let strength = both(&self.total(Action::Respiration), &self.depression, |u, s| (u * s).max(0.0));
        let power =
            if c.steepness == 1.25 { each(&strength, |u| u * u.sqrt().sqrt()) } else { pow(&strength, c.steepness) };
        let left = each(&power, |p| 1.0 - (p / (1.0 + p)).min(DEPRESSION_MAX));
        if minutes > crate::breathing::STEP_MAX_MIN {
            let rest = pow(&left, 1.0 / (1.0 + c.feedback));
            let follow = exp(&each(&rest, |r| -c.elimination * r * (1.0 + c.feedback) * minutes));
            let target = each(&rest, |r| c.rest_co2 / r);
            let off = both(&self.arterial, &target, |pa, to| pa - to);
            self.arterial = both(&target, &both(&off, &follow, |o, f| o * f), |to, o| to + o);
            self.effect_site = self.arterial;
        } else {
            let share = both(&left, &driven(&self.effect_site, &c), |l, o| l * o);
            let pull = exp(&each(&share, |s| -c.elimination * s * minutes));
            let target = each(&share, |s| c.rest_co2 / s.max(1e-9));
            let before = self.arterial;
            let off = both(&before, &target, |pa, to| pa - to);
            self.arterial = both(&target, &both(&off, &pull, |o, p| o * p), |to, o| to + o);
            let mean = both(&before, &self.arterial, |a, b| 0.5 * (a + b));
            let follow = libm::exp(-c.equilibration * minutes);
            self.effect_site = both(&mean, &self.effect_site, |m, pe| m + (pe - m) * follow);
        }
        self.breath = both(&left, &driven(&self.effect_site, &c), |l, o| l * o);
    }

    /// Some outcomes now; `pain` is what each would feel without drug.
    pub fn read_all(&self, outcomes: &[Outcome], pain: &Lanes, into: &mut [Lanes]) {
        pulp::Arch::new().dispatch(Reading { feeling: self, outcomes, pain, into });
    }

    #[inline(always)]
    fn read(&self, outcome: Outcome, pain: &Lanes) -> Lanes {
        match outcome {
            Outcome::Pain => {
                let relieved = both(pain, &self.pain_relief(), |p, r| p * (1.0 - r));
                both(&relieved, &self.worst(|c| c == Class::Opioid), |p, w| (p + HYPERALGESIA * w).min(10.0))
            }
            Outcome::Sedation => {
                let u = both(&self.total(Action::Sedation), &self.depression, |u, s| u * s);
                each(&u, |u| u * u / (1.0 + u * u))
            }
            Outcome::Breathing => each(&self.breath, |share| self.breathing.rate * share),
            Outcome::Spasticity => {
                let u = both(&self.total(Action::Spasticity), &self.relief, |u, s| u * s);
                let left = each(&u, |u| 1.0 - SPASTICITY_RELIEF_MAX * steep(u));
                let rest = both(&self.spasticity, &left, |s, l| s * l);
                both(&rest, &self.worst(|c| c == Class::GabaB), |s, w| (s + REBOUND_SPASTICITY * w).min(4.0))
            }
            Outcome::Withdrawal => self.worst(|c| matches!(c, Class::Opioid | Class::GabaB | Class::Alpha2)),
        }
    }

    #[inline(always)]
    fn pain_relief(&self) -> Lanes {
        let (mut opioid, mut other, mut helped) = (all(0.0), all(0.0), all(0.0));
        for drug in &self.drugs {
            let Some(acting) = drug.actions.iter().find(|acting| acting.action == Action::Analgesia) else { continue };
            let felt = drug.felt(acting);
            let into = if drug.class == Class::Opioid { &mut opioid } else { &mut other };
            *into = both(into, &felt, |a, b| a + b);
            if matches!(drug.class, Class::LocalAnaesthetic | Class::Alpha2) {
                helped = both(&helped, &felt, |a, b| a + b);
            }
        }
        let mut u = both(&opioid, &other, |a, b| a + b);
        u = both(&u, &both(&opioid, &helped, |a, b| INTERACTION * (a * b).sqrt()), |a, b| a + b);
        both(&u, &self.relief, |u, s| RELIEF_MAX * steep(u * s))
    }

    #[inline(always)]
    fn worst(&self, class: fn(Class) -> bool) -> Lanes {
        let of = self.drugs.iter().filter(|drug| class(drug.class));
        of.fold(all(0.0), |worst, drug| both(&worst, &drug.withdrawn, f64::max))
    }
}

/// A step that is compiled for each kind of vectors.
struct Stepping<'f> {
    feeling: &'f mut Feeling,
    minutes: f64,
    levels: &'f [LevelsOf],
}

impl pulp::WithSimd for Stepping<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        for (drug, at) in self.feeling.drugs.iter_mut().zip(self.levels) {
            drug.follow(at, &self.feeling.gets_used);
        }
        if self.feeling.has_chest {
            self.feeling.breathe(self.minutes);
        }
    }
}

/// A reading that is compiled for each kind of vectors.
struct Reading<'f> {
    feeling: &'f Feeling,
    outcomes: &'f [Outcome],
    pain: &'f Lanes,
    into: &'f mut [Lanes],
}

impl pulp::WithSimd for Reading<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        for (into, outcome) in self.into.iter_mut().zip(self.outcomes) {
            *into = self.feeling.read(*outcome, self.pain);
        }
    }
}

/// How CO2 drives breath, over rest.
#[inline(always)]
fn driven(site: &Lanes, c: &Breathing) -> Lanes {
    pow(&each(site, |co2| co2 / c.rest_co2), c.feedback)
}

#[inline(always)]
fn steep(u: f64) -> f64 {
    let power = u * u.max(0.0).sqrt();
    power / (1.0 + power)
}

impl AtWork {
    fn new(drug: &Drug, needs: impl Fn(Action) -> bool) -> Self {
        let inverse = |half: Option<f64>| half.map_or(0.0, |h| 1.0 / h);
        // What tolerance and withdrawal follow is needed in any case.
        let main = main_action(drug.class);
        let actions = drug.actions.iter().filter(|(action, _)| *action == main || needs(*action));
        let acting = actions.map(|(action, p)| Acting {
            action: *action,
            inverse: [inverse(p.half_cord), inverse(p.half_cisternal), inverse(p.half_plasma)],
            delay: p.delay,
            share: 0.0,
            strength: all(0.0),
        });
        let tolerance = |read: fn(&crate::drug::Tolerance) -> (f64, f64)| {
            drug.tolerance.as_ref().map_or((0.0, 0.0, 0.0), |t| (read(t).0, read(t).1, 0.0))
        };
        Self {
            class: drug.class,
            actions: acting.collect(),
            fast: tolerance(|t| (t.fast_rate, t.fast_gain)),
            slow: tolerance(|t| (t.slow_rate, t.slow_gain)),
            tolerance: [all(1.0); 2],
            adaptation: drug.withdrawal.map(|w| (w.adaptation, w.strength, 0.0)),
            adapted: all(0.0),
            withdrawn: all(0.0),
        }
    }

    fn set_step(&mut self, minutes: f64) {
        let share = |rate: f64| 1.0 - libm::exp(-rate * minutes);
        self.actions.iter_mut().for_each(|acting| acting.share = share(acting.delay));
        self.fast.2 = share(self.fast.0);
        self.slow.2 = share(self.slow.0);
        if let Some((rate, _, in_step)) = &mut self.adaptation {
            *in_step = share(*rate);
        }
    }

    #[inline(always)]
    fn follow(&mut self, at: &LevelsOf, gets_used: &Lanes) {
        let main = main_action(self.class);
        let mut effect = all(0.0);
        for acting in &mut self.actions {
            let [cord, cisternal, plasma] = acting.inverse;
            for (lane, strength) in acting.strength.iter_mut().enumerate() {
                let drive = at[0][lane] * cord + at[1][lane] * cisternal + at[2][lane] * plasma;
                *strength += acting.share * (drive - *strength);
            }
            if acting.action == main {
                effect = each(&acting.strength, |u| u / (1.0 + u));
            }
        }
        for (held, (_, gain, share)) in self.tolerance.iter_mut().zip([self.fast, self.slow]) {
            for ((held, effect), used) in held.iter_mut().zip(&effect).zip(gets_used) {
                *held += share * (1.0 + gain * used * effect - *held);
            }
        }
        if let Some((_, strength, share)) = self.adaptation {
            for ((adapted, withdrawn), effect) in self.adapted.iter_mut().zip(&mut self.withdrawn).zip(&effect) {
                *adapted += share * (effect - *adapted);
                *withdrawn = strength * (*adapted - effect).max(0.0);
            }
        }
    }

    #[inline(always)]
    fn felt(&self, acting: &Acting) -> Lanes {
        if !acting.action.gets_used_to() {
            return acting.strength;
        }
        let needed = both(&self.tolerance[0], &self.tolerance[1], |a, b| a * b);
        both(&acting.strength, &needed, |u, n| u / n)
    }
}

fn main_action(class: Class) -> Action {
    if class == Class::GabaB { Action::Spasticity } else { Action::Analgesia }
}

const _: () = assert!(LANES == 8, "eight numbers of 64 bits are one line of cache");
