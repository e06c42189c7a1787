//! Randomness that is the same on every machine and at any number of threads.
//!
//! Answers for: a stream of its own for each person and purpose, reached at random, so that no draw depends on the order
//! of others. ChaCha with eight rounds and `libm` only.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What a stream is for. The number is part of every published result: never reuse one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Body and sensitivity.
    Body = 1,
    /// Character: rhythm, patience, diary.
    Character = 2,
    /// Flares of pain, by day.
    Flares = 3,
    /// Requests at the handset, by day.
    Requests = 4,
    /// Diary entries, by day.
    Diary = 5,
    /// Appointments, by number.
    Appointments = 6,
    /// Side effects by hazard.
    Hazards = 7,
    /// How hand boluses spread.
    Boluses = 8,
}

/// A stream of draws.
#[derive(Debug, Clone)]
pub struct Draw {
    stream: ChaCha8Rng,
}

impl Draw {
    /// The stream of one person for one purpose and one day (or number).
    pub fn of(seed: u64, person: u64, purpose: Purpose, day: u64) -> Self {
        let mut key = [0_u8; 32];
        for (n, word) in [seed, person, purpose as u64, day].iter().enumerate() {
            key[n * 8..n * 8 + 8].copy_from_slice(&word.to_le_bytes());
        }
        Self { stream: ChaCha8Rng::from_seed(key) }
    }

    /// Even between 0 and 1, never either.
    pub fn share(&mut self) -> f64 {
        ((self.stream.next_u64() >> 11) as f64 + 0.5) / 9_007_199_254_740_992.0
    }

    /// Normal with mean 0 and deviation 1.
    pub fn normal(&mut self) -> f64 {
        let (a, b) = (self.share(), self.share());
        (-2.0 * libm::log(a)).sqrt() * libm::cos(2.0 * std::f64::consts::PI * b)
    }

    /// Whether something of this probability happens.
    pub fn happens(&mut self, probability: f64) -> bool {
        self.share() < probability
    }

    /// Time to the next of events that come at this rate.
    pub fn wait(&mut self, rate: f64) -> f64 {
        -libm::log(self.share()) / rate
    }
}

/// Factor of a log-normal quantity with median one, for a coefficient of variation and a normal deviate.
pub fn log_normal(cv: f64, deviate: f64) -> f64 {
    libm::exp(libm::log(1.0 + cv * cv).sqrt() * deviate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_and_other_persons_draw_others() {
        let first = |person, day| Draw::of(7, person, Purpose::Flares, day).share().to_bits();
        assert_eq!(first(3, 9), first(3, 9));
        assert_ne!(first(3, 9), first(4, 9));
        assert_ne!(first(3, 9), first(3, 10));
    }

    #[test]
    fn normals_have_their_mean_and_deviation() {
        let mut draw = Draw::of(1, 1, Purpose::Body, 0);
        let all: Vec<f64> = (0..20_000).map(|_| draw.normal()).collect();
        let mean = all.iter().sum::<f64>() / 2e4;
        let square = all.iter().map(|x| x * x).sum::<f64>() / 2e4;
        assert!(mean.abs() < 0.02 && (square - 1.0).abs() < 0.03, "{mean} {square}");
    }
}
