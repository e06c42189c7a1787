//! Sums over every sliding window, exactly, at a cost per stroke that does not grow with the window.
//!
//! Answers for the sum in each half-open window `(t - span, t]`. A sum over a window can only be largest at the moment of
//! a stroke, so judging at each stroke judges every position of the window. One queue of strokes is shared; each window
//! keeps where it begins and its running sums, in integers, so nothing drifts over ten years.

use crate::fluid::DRUGS;
use std::collections::VecDeque;

/// What one stroke brought to the tip.
#[derive(Debug, Clone, Copy)]
struct Stroke {
    at: u64,
    volume_pl: u64,
    mass_zg: [u64; DRUGS],
}

/// The running sums of one window.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sums {
    /// Length of the window, ms.
    pub span_ms: u64,
    /// Volume within it, pL.
    pub volume_pl: u64,
    /// Mass of each drug within it, zg.
    pub mass_zg: [u128; DRUGS],
    /// Number, since the beginning, of the first stroke still inside.
    first: u64,
    /// When that one leaves.
    leaves: u64,
}

/// Several windows over one course of strokes.
#[derive(Debug, Clone)]
pub struct Windows {
    strokes: VecDeque<Stroke>,
    /// Number, since the beginning, of the first stroke still in the queue.
    dropped: u64,
    sums: Vec<Sums>,
    /// Drugs up to here have been in a stroke; what never was costs nothing.
    drugs: usize,
}

impl Windows {
    /// Windows of these lengths in ms, in this order; the longest decides what is kept.
    pub fn new(spans_ms: &[u64]) -> Self {
        let sums = spans_ms.iter().map(|&span_ms| Sums { span_ms, leaves: u64::MAX, ..Sums::default() }).collect();
        Self { strokes: VecDeque::new(), dropped: 0, sums, drugs: 0 }
    }

    /// Adds one stroke and lets what has grown too old fall out of each window. Times never decrease.
    pub fn add(&mut self, at: u64, volume_pl: u64, mass_zg: [u64; DRUGS]) {
        self.strokes.push_back(Stroke { at, volume_pl, mass_zg });
        let held = mass_zg.iter().rposition(|mass| *mass > 0).map_or(0, |last| last + 1);
        self.drugs = self.drugs.max(held);
        for sums in &mut self.sums {
            sums.volume_pl += volume_pl;
            sums.leaves = sums.leaves.min(at + sums.span_ms);
            for (sum, mass) in sums.mass_zg[..self.drugs].iter_mut().zip(mass_zg) {
                *sum += u128::from(mass);
            }
        }
        self.slide(at);
    }

    /// Moves every window's end to `now` without a stroke.
    pub fn slide(&mut self, now: u64) {
        let drugs = self.drugs;
        let mut oldest = self.dropped + self.strokes.len() as u64;
        for sums in &mut self.sums {
            while sums.leaves <= now {
                let inside = (sums.first - self.dropped) as usize;
                // What leaves is there: `leaves` was taken from it.
                let stroke = &self.strokes[inside];
                sums.volume_pl -= stroke.volume_pl;
                for (sum, mass) in sums.mass_zg[..drugs].iter_mut().zip(stroke.mass_zg) {
                    *sum -= u128::from(mass);
                }
                sums.first += 1;
                sums.leaves = self.strokes.get(inside + 1).map_or(u64::MAX, |next| next.at + sums.span_ms);
            }
            oldest = oldest.min(sums.first);
        }
        while self.dropped < oldest {
            self.strokes.pop_front();
            self.dropped += 1;
        }
    }

    /// The sums, in the order the spans were given.
    pub fn sums(&self) -> &[Sums] {
        &self.sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stroke_leaves_the_window_exactly_one_span_later() {
        let mut windows = Windows::new(&[3_600_000]);
        windows.add(1_000, 500, [7, 0, 0, 0]);
        windows.slide(3_600_999);
        assert_eq!(windows.sums()[0].mass_zg[0], 7);
        windows.slide(3_601_000);
        assert_eq!(windows.sums()[0].mass_zg[0], 0);
        assert_eq!(windows.sums()[0].volume_pl, 0);
    }

    #[test]
    fn every_running_sum_equals_the_sum_counted_afresh() {
        let spans = [1_000, 17, 250];
        let mut windows = Windows::new(&spans);
        let mut all: Vec<(u64, u64)> = Vec::new();
        // A fixed linear congruence stands for an arbitrary course; the law must hold for any.
        let (mut x, mut at) = (12_345_u64, 0);
        for _ in 0..3_000 {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            at += (x >> 33) % 40;
            let mass = (x >> 40) % 1_000;
            windows.add(at, mass, [mass, 2 * mass, 0, 0]);
            all.push((at, mass));
            for (sums, span) in windows.sums().iter().zip(spans) {
                let afresh: u64 = all.iter().filter(|(t, _)| t + span > at).map(|(_, m)| m).sum();
                assert_eq!(sums.volume_pl, afresh);
                assert_eq!(sums.mass_zg[1], u128::from(2 * afresh));
            }
        }
    }
}
