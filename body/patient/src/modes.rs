//! Exact propagation of one release through the neuraxis into the blood, from event to event.
//!
//! Answers for: the reduced model of one drug released at one place, its state, and what can be read of it. For input
//! that is constant over a span there is no time-step error. Every amount that leaves is integrated mode by mode; none
//! is computed as input minus stored. The tree comes from `neuraxis`, the basis from `krylov`.
//!
//! Terms: a *regime* (awake, asleep) is a tree with its own dispersion; all regimes share one basis. Modes `0..r` are
//! those of the neuraxis, the rest (one to three) those of the blood, made independent of the others by
//! `p_j = p~_j + sum_k alpha_jk z_k`.

use libm::expm1;

use crate::eigen;
use crate::krylov::{Basis, dot};
use crate::plasma::Disposition;
use crate::tree::Tree;

/// The reduced model of one drug released at one place; shared by all its states.
#[derive(Debug, Clone)]
pub struct Release {
    basis: Basis,
    root_weights: Vec<f64>,
    regimes: Vec<Regime>,
    blood: Disposition,
}

/// One regime of a release.
#[derive(Debug, Clone)]
pub struct Regime {
    /// Poles, 1/min, all below zero; those of the blood last.
    pub rate: Vec<f64>,
    /// What a unit given does to each mode.
    pub gain: Vec<f64>,
    /// Rows: modes of the neuraxis in coordinates of the basis.
    turn: eigen::Square,
    /// What each mode of the neuraxis sends into the blood, 1/min.
    to_blood: Vec<f64>,
    /// Rows: one for each mode of the blood, coefficients `alpha` on the modes of the neuraxis.
    alpha: Vec<Vec<f64>>,
}

/// Directions that the larger model of an error estimate has more.
const MORE: usize = 8;

/// A linear reading of the state: one coefficient for each mode.
pub type Reading = Vec<f64>;

/// The state of one release: what is where, and what has passed.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// Modes now.
    pub now: Vec<f64>,
    /// Integral of each mode since the beginning, unit times min.
    pub passed: Vec<f64>,
    /// Which regime the modes are in.
    pub regime: usize,
    /// All that was given, µg.
    pub given: f64,
}

/// What a span of constant length does to each mode.
#[derive(Debug, Clone)]
pub struct Span {
    /// `exp(rate t)`.
    decay: Vec<f64>,
    /// Integral of `exp(rate s)` over the span.
    once: Vec<f64>,
    /// Integral of that integral.
    twice: Vec<f64>,
}

impl Release {
    /// The reduced model for amounts `input` (summing to one) released in the given regimes.
    pub fn new(trees: &[Tree], input: &[f64], blood: &Disposition, rank: usize) -> Self {
        let basis = Basis::from_release(trees, input, rank);
        let root_weights = trees.first().map(Tree::root_weights).unwrap_or_default();
        let start: Vec<f64> = input.iter().zip(&root_weights).map(|(m, r)| m / r).collect();
        let parts: Vec<eigen::Eigen> = trees.iter().map(|tree| eigen::symmetric(&basis.project(tree))).collect();
        let poles: Vec<f64> = parts.iter().flat_map(|part| part.values.iter().map(|v| -v)).collect();
        let blood = blood.clone().kept_apart_from(&poles);
        let mut regimes = Vec::new();
        for (tree, part) in trees.iter().zip(parts) {
            let lost: Vec<f64> = tree.losses().iter().zip(&root_weights).map(|(l, r)| l * r).collect();
            let to_blood = turned(&part.vectors, &basis.coordinates(&lost));
            let gain = turned(&part.vectors, &basis.coordinates(&start));
            regimes.push(Regime::with_blood(part, gain, to_blood, &blood));
        }
        Self { basis, root_weights, regimes, blood }
    }

    /// A release straight into the blood.
    pub fn into_blood(blood: &Disposition) -> Self {
        let none = eigen::Eigen { values: Vec::new(), vectors: eigen::Square { n: 0, at: Vec::new() } };
        let mut regime = Regime::with_blood(none, Vec::new(), Vec::new(), blood);
        regime.gain.iter_mut().for_each(|g| *g = 1.0);
        Self {
            basis: Basis { vectors: Vec::new() },
            root_weights: Vec::new(),
            regimes: vec![regime],
            blood: blood.clone(),
        }
    }

    /// How far the small model may be off, estimated by a larger one: the largest difference over the given readings of
    /// amounts, 5 min to a day after a unit at once, over the highest of them at that time.
    pub fn estimated_error(trees: &[Tree], input: &[f64], blood: &Disposition, rank: usize, of: &[Vec<f64>]) -> f64 {
        let (small, large) = (Self::new(trees, input, blood, rank), Self::new(trees, input, blood, rank + MORE));
        let mut worst = 0.0_f64;
        for minutes in [5.0, 15.0, 60.0, 240.0, 1440.0] {
            let levels = |release: &Self| -> Vec<f64> {
                let regime = release.regime(0);
                let mut state = release.empty();
                state.give(regime, 1.0);
                state.pass(regime, &regime.span(minutes), minutes, 0.0);
                of.iter().map(|amounts| state.read(&release.reading(0, amounts))).collect()
            };
            let (a, b) = (levels(&small), levels(&large));
            let top = b.iter().fold(0.0_f64, |top, level| top.max(level.abs()));
            worst = a.iter().zip(&b).map(|(a, b)| (a - b).abs() / top).fold(worst, f64::max);
        }
        worst
    }

    /// Modes in all.
    pub fn modes(&self) -> usize {
        self.basis.rank() + self.blood.terms.len()
    }

    /// A regime.
    pub fn regime(&self, regime: usize) -> &Regime {
        &self.regimes[regime.min(self.regimes.len() - 1)]
    }

    /// How many regimes.
    pub fn regimes(&self) -> usize {
        self.regimes.len()
    }

    /// An empty state.
    pub fn empty(&self) -> State {
        State { now: vec![0.0; self.modes()], passed: vec![0.0; self.modes()], regime: 0, given: 0.0 }
    }

    /// Reads a weighted sum of the amounts of the tree, in one regime.
    pub fn reading(&self, regime: usize, of_amounts: &[f64]) -> Reading {
        let weighted: Vec<f64> = of_amounts.iter().zip(&self.root_weights).map(|(l, r)| l * r).collect();
        let mut row = turned(&self.regime(regime).turn, &self.basis.coordinates(&weighted));
        row.resize(self.modes(), 0.0);
        row
    }

    /// Reads a weighted sum of the terms of the central amount of blood, in one regime.
    fn of_blood(&self, regime: usize, weights: impl Fn(usize) -> f64) -> Reading {
        let mut row = vec![0.0; self.modes()];
        let r = self.basis.rank();
        for (j, alpha) in self.regime(regime).alpha.iter().enumerate() {
            let weight = weights(j);
            row[r + j] = weight;
            row.iter_mut().zip(alpha).for_each(|(c, a)| *c += weight * a);
        }
        row
    }

    /// Reads the plasma level, µg/mL.
    pub fn plasma(&self, regime: usize) -> Reading {
        self.of_blood(regime, |j| self.blood.terms[j].share / self.blood.volume)
    }

    /// Reads all that is stored, neuraxis and blood, µg.
    pub fn stored(&self, regime: usize) -> Reading {
        let elimination = self.blood.elimination();
        let blood = self.of_blood(regime, |j| elimination * self.blood.terms[j].share / self.blood.terms[j].rate);
        let neuraxis = self.reading(regime, &vec![1.0; self.root_weights.len()]);
        neuraxis.iter().zip(blood).map(|(a, b)| a + b).collect()
    }

    /// On the integrals: all that was eliminated from the blood, µg.
    pub fn eliminated(&self, regime: usize) -> Reading {
        let elimination = self.blood.elimination();
        self.of_blood(regime, |j| elimination * self.blood.terms[j].share)
    }

    /// On the integrals: all that went from the neuraxis into the blood, µg.
    pub fn lost_to_blood(&self, regime: usize) -> Reading {
        let mut row = self.regime(regime).to_blood.clone();
        row.resize(self.modes(), 0.0);
        row
    }

    /// Turns the state into another regime: the same amounts, other modes.
    pub fn turn_to(&self, state: &mut State, regime: usize) {
        let regime = regime.min(self.regimes.len() - 1);
        if regime == state.regime {
            return;
        }
        let (old, new) = (self.regime(state.regime), self.regime(regime));
        for modes in [&mut state.now, &mut state.passed] {
            let r = self.basis.rank();
            let mut out = turned(&new.turn, &turned_back(&old.turn, &modes[..r]));
            for j in 0..self.blood.terms.len() {
                let amount = modes[r + j] + dot(&old.alpha[j], &modes[..r]);
                out.push(amount - dot(&new.alpha[j], &out[..r]));
            }
            *modes = out;
        }
        state.regime = regime;
    }
}

impl Regime {
    fn with_blood(part: eigen::Eigen, mut gain: Vec<f64>, to_blood: Vec<f64>, blood: &Disposition) -> Self {
        let mut rate = part.values;
        let poles = rate.clone();
        let mut alpha = Vec::new();
        for term in &blood.terms {
            let row: Vec<f64> = to_blood.iter().zip(&poles).map(|(q, pole)| q / (pole + term.rate)).collect();
            rate.push(-term.rate);
            gain.push(-dot(&row, &gain[..poles.len()]));
            alpha.push(row);
        }
        Self { rate, gain, turn: part.vectors, to_blood, alpha }
    }

    /// Makes ready to step by a span of minutes.
    pub fn span(&self, minutes: f64) -> Span {
        let mut span = Span { decay: Vec::new(), once: Vec::new(), twice: Vec::new() };
        for rate in &self.rate {
            let x = rate * minutes;
            let growth = expm1(x);
            span.decay.push(1.0 + growth);
            span.once.push(if x == 0.0 { minutes } else { growth / rate });
            span.twice.push(minutes * minutes * second(x, growth));
        }
        span
    }
}

/// `(exp(x) - 1 - x) / x^2`, by its series where the difference would lose digits.
fn second(x: f64, growth: f64) -> f64 {
    if x.abs() > 0.5 {
        return (growth - x) / (x * x);
    }
    let mut sum = 0.0;
    for n in (2..18).rev() {
        sum = (1.0 + sum * x) / f64::from(n);
    }
    // Horner gives sum over n >= 2 of x^(n-2) * (1 / (2 * 3 ... n)).
    sum
}

impl State {
    /// Gives a mass at once, µg.
    pub fn give(&mut self, regime: &Regime, mass: f64) {
        self.now.iter_mut().zip(&regime.gain).for_each(|(z, g)| *z += g * mass);
        self.given += mass;
    }

    /// Passes a span with a constant rate of giving, µg/min.
    pub fn pass(&mut self, regime: &Regime, span: &Span, minutes: f64, rate: f64) {
        let modes = self.now.iter_mut().zip(&mut self.passed).zip(&regime.gain);
        let spans = span.decay.iter().zip(&span.once).zip(&span.twice);
        if rate == 0.0 {
            for (((z, sum), _), ((decay, once), _)) in modes.zip(spans) {
                *sum += once * *z;
                *z *= decay;
            }
            return;
        }
        for (((z, sum), gain), ((decay, once), twice)) in modes.zip(spans) {
            let u = gain * rate;
            *sum += once * *z + twice * u;
            *z = decay * *z + once * u;
        }
        self.given += rate * minutes;
    }

    /// Reads now.
    pub fn read(&self, reading: &Reading) -> f64 {
        dot(reading, &self.now)
    }

    /// Reads the integral since the beginning.
    pub fn read_passed(&self, reading: &Reading) -> f64 {
        dot(reading, &self.passed)
    }
}

fn turned(rows: &eigen::Square, v: &[f64]) -> Vec<f64> {
    (0..rows.n).map(|k| dot(&rows.at[k * rows.n..(k + 1) * rows.n], v)).collect()
}

fn turned_back(rows: &eigen::Square, modes: &[f64]) -> Vec<f64> {
    let n = rows.n;
    let mut out = vec![0.0; n];
    for (k, z) in modes.iter().enumerate() {
        out.iter_mut().zip(&rows.at[k * n..(k + 1) * n]).for_each(|(o, v)| *o += z * v);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_series_and_the_difference_agree_where_they_meet() {
        for x in [-0.5_f64, -0.4999, -0.3, 0.5] {
            let direct = (expm1(x) - x) / (x * x);
            assert!((second(x, expm1(x)) / direct - 1.0).abs() < 1e-14, "{x}");
        }
        assert_eq!(second(0.0, 0.0), 0.5);
    }
}
