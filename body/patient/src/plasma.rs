//! Blood: what leaves the neuraxis, spread over one to three compartments and eliminated from the central one.
//!
//! Answers for: the answer of the central amount to a unit given into it, as a sum of falling exponentials. The cascade
//! behind the neuraxis is made in `modes`. Nothing returns from blood to the neuraxis: levels there are a thousandth.

use libm::{acos, cos};

/// Compartments in volumes (mL) and clearances (mL/min); a person's, not per kg.
#[derive(Debug, Clone, PartialEq)]
pub struct Compartments {
    /// Central volume, mL.
    pub volume: f64,
    /// Elimination, mL/min.
    pub clearance: f64,
    /// Peripheral compartments: volume (mL) and clearance between (mL/min); at most two.
    pub peripheral: Vec<(f64, f64)>,
}

/// One falling exponential of the central amount after a unit: `share * exp(-rate t)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Term {
    /// 1/min.
    pub rate: f64,
    /// Shares sum to one.
    pub share: f64,
}

/// Central amount after a unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Disposition {
    /// One to three terms.
    pub terms: Vec<Term>,
    /// Central volume, mL.
    pub volume: f64,
}

impl Compartments {
    /// Poles and shares in closed form.
    pub fn disposition(&self) -> Disposition {
        let k10 = self.clearance / self.volume;
        let into: Vec<f64> = self.peripheral.iter().map(|(_, q)| q / self.volume).collect();
        let back: Vec<f64> = self.peripheral.iter().map(|(v, q)| q / v).collect();
        let total: f64 = k10 + into.iter().sum::<f64>();
        let rates = match (back.as_slice(), into.as_slice()) {
            ([], _) => vec![k10],
            ([k21], _) => two_roots(total + k21, k10 * k21),
            ([k21, k31, ..], [k12, k13, ..]) => three_roots(
                total + k21 + k31,
                k10 * k21 + k10 * k31 + k21 * k31 + k12 * k31 + k13 * k21,
                k10 * k21 * k31,
            ),
            _ => vec![k10],
        };
        let share = |n: usize, rate: f64| {
            let above: f64 = back.iter().map(|k| k - rate).product();
            let others = rates.iter().enumerate().filter(|(m, _)| *m != n);
            above / others.map(|(_, other)| other - rate).product::<f64>()
        };
        let terms = rates.iter().enumerate().map(|(n, rate)| Term { rate: *rate, share: share(n, *rate) }).collect();
        Disposition { terms, volume: self.volume }
    }
}

impl Disposition {
    /// Elimination from the central compartment, 1/min, such that all that comes in goes out in the end.
    pub fn elimination(&self) -> f64 {
        1.0 / self.terms.iter().map(|t| t.share / t.rate).sum::<f64>()
    }

    /// The same blood behind a depot that gives up its drug at a rate, 1/min: central amount after a unit put there.
    pub fn after_depot(&self, rate: f64) -> Self {
        let poles: Vec<f64> = self.terms.iter().map(|t| t.rate).collect();
        let depot = Self { terms: vec![Term { rate, share: 0.0 }], volume: self.volume }.kept_apart_from(&poles);
        let rate = depot.terms.first().map_or(rate, |t| t.rate);
        let mut terms: Vec<Term> =
            self.terms.iter().map(|t| Term { rate: t.rate, share: t.share * rate / (rate - t.rate) }).collect();
        let of_depot = -terms.iter().map(|t| t.share).sum::<f64>();
        terms.push(Term { rate, share: of_depot });
        Self { terms, volume: self.volume }
    }

    /// Moves rates a hair away from those given, so that no divided difference is taken of equal numbers.
    pub fn kept_apart_from(mut self, rates: &[f64]) -> Self {
        for term in &mut self.terms {
            for _ in 0..rates.len() {
                let too_near = |r: &f64| (r - term.rate).abs() < APART * term.rate;
                if !rates.iter().any(too_near) {
                    break;
                }
                term.rate *= 1.0 + 2.0 * APART;
            }
        }
        self
    }
}

/// Least relative distance of a plasma pole from a pole of the neuraxis. The constants are known to some percent.
const APART: f64 = 1e-6;

/// Roots of `x^2 - sum x + product`, larger first.
fn two_roots(sum: f64, product: f64) -> Vec<f64> {
    let larger = 0.5 * (sum + (sum * sum - 4.0 * product).max(0.0).sqrt());
    vec![larger, product / larger]
}

/// Roots of `x^3 - a x^2 + b x - c`, all real for compartments, larger first; polished by Newton steps.
fn three_roots(a: f64, b: f64, c: f64) -> Vec<f64> {
    let third = a / 3.0;
    let p = b - a * third;
    let q = third * (b - 2.0 * third * third) - c;
    let radius = 2.0 * (-p / 3.0).max(0.0).sqrt();
    let angle = if p == 0.0 { 0.0 } else { acos((3.0 * q / (p * radius)).clamp(-1.0, 1.0)) / 3.0 };
    let mut roots: Vec<f64> =
        (0..3).map(|k| third + radius * cos(angle - 2.0 * std::f64::consts::PI * f64::from(k) / 3.0)).collect();
    for root in &mut roots {
        for _ in 0..3 {
            let value = ((*root - a) * *root + b) * *root - c;
            let slope = (3.0 * *root - 2.0 * a) * *root + b;
            if slope != 0.0 {
                *root -= value / slope;
            }
        }
    }
    roots.sort_by(|x, y| y.total_cmp(x));
    roots
}

#[cfg(test)]
mod tests {
    use super::*;
    use libm::exp;

    fn morphine() -> Compartments {
        let v = 17_500.0;
        Compartments {
            volume: v,
            clearance: 0.0705 * v,
            peripheral: vec![(0.1273 / 0.02596 * v, 0.1273 * v), (0.01826 / 0.001633 * v, 0.01826 * v)],
        }
    }

    #[test]
    fn shares_sum_to_one_and_all_comes_out_in_the_end() {
        for peripheral in 0..=2 {
            let mut body = morphine();
            body.peripheral.truncate(peripheral);
            let found = body.disposition();
            assert_eq!(found.terms.len(), peripheral + 1);
            assert!((found.terms.iter().map(|t| t.share).sum::<f64>() - 1.0).abs() < 1e-12);
            assert!((found.elimination() - 0.0705).abs() < 1e-12, "{}", found.elimination());
            assert!(found.terms.iter().all(|t| t.rate > 0.0 && t.share > 0.0));
        }
    }

    #[test]
    fn the_closed_form_follows_the_differential_equation() {
        let body = morphine();
        let found = body.disposition();
        let mut amounts = [1.0_f64, 0.0, 0.0];
        let dt = 1e-4;
        for _ in 0..300_000 {
            let [a, b, c] = amounts;
            let (one, two) = (0.1273 * a - 0.02596 * b, 0.01826 * a - 0.001633 * c);
            amounts = [a - dt * (0.0705 * a + one + two), b + dt * one, c + dt * two];
        }
        let exact: f64 = found.terms.iter().map(|t| t.share * exp(-t.rate * 30.0)).sum();
        assert!((amounts[0] / exact - 1.0).abs() < 1e-4);
    }

    #[test]
    fn from_a_depot_blood_fills_slowly_and_all_of_it_is_eliminated_in_the_end() {
        let (blood, depot) = (morphine().disposition(), morphine().disposition().after_depot(0.0173));
        let amount = |d: &Disposition, t: f64| d.terms.iter().map(|term| term.share * exp(-term.rate * t)).sum::<f64>();
        assert!(amount(&depot, 0.0).abs() < 1e-12 && amount(&depot, 1.0) < 0.1 * amount(&blood, 1.0));
        assert!((depot.elimination() / blood.elimination() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_pole_that_would_fall_on_another_is_moved_a_hair() {
        let one = Compartments { volume: 1.0, clearance: 0.5, peripheral: Vec::new() }.disposition();
        let moved = one.clone().kept_apart_from(&[0.5]);
        assert_ne!(moved.terms[0].rate, 0.5);
        assert!((moved.terms[0].rate / 0.5 - 1.0).abs() < 1e-5);
        assert_eq!(one.clone().kept_apart_from(&[0.4]), one);
    }
}
