//! The second engine: the whole tree, step by step, by TR-BDF2.
//!
//! Answers for: coefficients that change with time (the tree may be another one at each step), and a check of `modes` by
//! other means. It has a time-step error, cannot jump from event to event and is some hundred times slower. What is lost
//! is summed with the weights of the scheme itself, so mass is conserved here too.

use crate::krylov::dot;
use crate::plasma::Disposition;
use crate::tree::Tree;

/// Where the trapezoidal part of a step ends.
const GAMMA: f64 = 2.0 - std::f64::consts::SQRT_2;

/// The state of the second engine.
#[derive(Debug, Clone, PartialEq)]
pub struct Implicit {
    /// Amounts over the roots of their weights.
    y: Vec<f64>,
    root_weights: Vec<f64>,
    blood: Disposition,
    /// Central amount, in its exponential parts, before their shares.
    terms: Vec<f64>,
    /// All that went into the blood, µg.
    pub lost: f64,
}

impl Implicit {
    /// An empty body.
    pub fn new(tree: &Tree, blood: &Disposition) -> Self {
        let terms = vec![0.0; blood.terms.len()];
        let root_weights = tree.root_weights();
        Self { y: vec![0.0; tree.len()], root_weights, blood: blood.clone(), terms, lost: 0.0 }
    }

    /// Gives a mass at once, spread as `input` says (amounts that sum to one).
    pub fn give(&mut self, input: &[f64], mass: f64) {
        let parts = self.y.iter_mut().zip(input).zip(&self.root_weights);
        parts.for_each(|((y, m), r)| *y += mass * m / r);
    }

    /// One step of some minutes, with a constant rate of giving (µg/min). The tree may differ from step to step but
    /// must keep its weights.
    pub fn step(&mut self, tree: &Tree, input: &[f64], minutes: f64, rate: f64) {
        let a = 0.5 * GAMMA * minutes;
        let (c1, c0) = (1.0 / (GAMMA * (2.0 - GAMMA)), (1.0 - GAMMA) * (1.0 - GAMMA) / (GAMMA * (2.0 - GAMMA)));
        let solver = tree.shifted(1.0 / a);
        let given: Vec<f64> = input.iter().zip(&self.root_weights).map(|(m, r)| rate * m / r).collect();
        let lost: Vec<f64> = tree.losses().iter().zip(&self.root_weights).map(|(l, r)| l * r).collect();
        let start = self.y.clone();
        let change = tree.apply(&start);
        let mut middle: Vec<f64> = (0..start.len()).map(|k| start[k] / a + change[k] + 2.0 * given[k]).collect();
        solver.solve(&mut middle);
        let mut end: Vec<f64> = (0..start.len()).map(|k| (c1 * middle[k] - c0 * start[k]) / a + given[k]).collect();
        solver.solve(&mut end);
        let (l0, l1, l2) = (dot(&lost, &start), dot(&lost, &middle), dot(&lost, &end));
        self.lost += a * (c1 * (l0 + l1) + l2);
        for (part, term) in self.terms.iter_mut().zip(&self.blood.terms) {
            let (old, k) = (*part, 1.0 + a * term.rate);
            let half = (old + a * (l0 + l1 - term.rate * old)) / k;
            *part = (c1 * half - c0 * old + a * l2) / k;
        }
        self.y = end;
    }

    /// Reads a weighted sum of the amounts.
    pub fn read(&self, of_amounts: &[f64]) -> f64 {
        of_amounts.iter().zip(&self.y).zip(&self.root_weights).map(|((l, y), r)| l * y * r).sum()
    }

    /// Plasma level, µg/mL.
    pub fn plasma(&self) -> f64 {
        let central: f64 = self.terms.iter().zip(&self.blood.terms).map(|(part, term)| term.share * part).sum();
        central / self.blood.volume
    }

    /// All that is in the neuraxis, µg.
    pub fn stored(&self) -> f64 {
        dot(&self.y, &self.root_weights)
    }
}
