//! Chance, from one seed, in streams by purpose.
//!
//! Answers for reproducible draws: the same seed gives the same world on every machine, and a draw more for one purpose
//! moves no other purpose. Draws are whole numbers, so no rounding of a processor enters the course of events; the two
//! that return `f64` serve the plant's truth alone.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

/// What chance is drawn for. Each has its own stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Tolerance, stalls and edges of the drive.
    Drive,
    /// Loss, delay and corruption of frames.
    Radio,
    /// Drift and jitter of the oscillators.
    Oscillator,
    /// The moment of a power cut.
    Power,
    /// Errors of compounding and of fills.
    Fill,
    /// Temperature of the body.
    Temperature,
    /// Entropy handed to the pump.
    Entropy,
    /// What people do and when.
    People,
    /// Which mishaps happen and when.
    Mishap,
    /// Parameters of the patient.
    Patient,
}

/// The seed of one world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seed(pub u64);

impl Seed {
    /// The stream of one purpose, from its beginning.
    pub fn stream(self, purpose: Purpose) -> Chance {
        self.numbered(purpose, 0)
    }

    /// The stream of one purpose and one of several bearers of it (a second radio, the third pump).
    pub fn numbered(self, purpose: Purpose, number: u32) -> Chance {
        let mut rng = ChaCha8Rng::seed_from_u64(self.0);
        rng.set_stream(((purpose as u64) << 32) | u64::from(number));
        Chance { rng }
    }
}

/// One stream of chance. It can be kept and goes on where it was.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(into = "Place", from = "Place")]
pub struct Chance {
    rng: ChaCha8Rng,
}

/// Where a stream is, to be kept.
#[derive(Serialize, Deserialize)]
struct Place {
    seed: [u8; 32],
    stream: u64,
    /// 32-bit words drawn so far.
    drawn: u64,
}

impl From<Chance> for Place {
    fn from(chance: Chance) -> Self {
        let drawn = u64::try_from(chance.rng.get_word_pos()).unwrap_or(u64::MAX);
        Self { seed: chance.rng.get_seed(), stream: chance.rng.get_stream(), drawn }
    }
}

impl From<Place> for Chance {
    fn from(place: Place) -> Self {
        let mut rng = ChaCha8Rng::from_seed(place.seed);
        rng.set_stream(place.stream);
        rng.set_word_pos(u128::from(place.drawn));
        Self { rng }
    }
}

impl Chance {
    /// Any 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.rng.next_u64()
    }

    /// A whole number below `end`, each as likely as the other; 0 if `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        if end == 0 {
            return 0;
        }
        // The numbers above the last whole multiple of `end` are drawn again, so that none is favoured.
        let last = u64::MAX - (u64::MAX % end + 1) % end;
        loop {
            let bits = self.bits();
            if bits <= last {
                return bits % end;
            }
        }
    }

    /// A whole number from `low` to `high`, both included; `low` if they are the wrong way round.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low).saturating_add(1))
    }

    /// A signed whole number from `-most` to `most`.
    pub fn around(&mut self, most: u32) -> i64 {
        self.below(2 * u64::from(most) + 1) as i64 - i64::from(most)
    }

    /// True with a probability in parts per million. No draw is made for 0 and for all.
    pub fn happens(&mut self, ppm: u32) -> bool {
        match ppm {
            0 => false,
            1_000_000.. => true,
            ppm => self.below(1_000_000) < u64::from(ppm),
        }
    }

    /// Fills with bytes.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        self.rng.fill_bytes(bytes);
    }

    /// A number from 0 to below 1, for the plant's truth.
    pub fn unit(&mut self) -> f64 {
        // 53 bits are what an f64 holds exactly.
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// About normal, mean 0 and deviation 1, within -6 and 6: twelve even draws, no logarithm whose last bit a machine
    /// may choose.
    pub fn bell(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_that_was_kept_goes_on_where_it_was() {
        let mut chance = Seed(3).numbered(Purpose::Drive, 2);
        (0..5).for_each(|_| assert_ne!(chance.bits(), 0));
        let kept = serde_json::to_string(&chance).unwrap();
        let mut found: Chance = serde_json::from_str(&kept).unwrap();
        assert_eq!(
            (0..20).map(|_| found.bits()).collect::<Vec<_>>(),
            (0..20).map(|_| chance.bits()).collect::<Vec<_>>()
        );
    }

    #[test]
    fn the_same_seed_gives_the_same_course_and_another_purpose_another() {
        let draw = |seed, purpose| {
            let mut chance = Seed(seed).stream(purpose);
            [chance.bits(), chance.bits(), chance.bits()]
        };
        assert_eq!(draw(7, Purpose::Radio), draw(7, Purpose::Radio));
        assert_ne!(draw(7, Purpose::Radio), draw(7, Purpose::Drive));
        assert_ne!(draw(7, Purpose::Radio), draw(8, Purpose::Radio));
    }

    #[test]
    fn these_first_numbers_of_a_seed_never_change() {
        let mut chance = Seed(2026).stream(Purpose::Drive);
        let first: Vec<u64> = (0..6).map(|_| chance.below(1_000)).collect();
        assert_eq!(first, FIRST_OF_2026);
    }

    /// Written down once; a change means that every recorded world becomes another.
    const FIRST_OF_2026: [u64; 6] = [791, 691, 764, 902, 816, 61];

    #[test]
    fn draws_keep_their_bounds_and_their_odds() {
        let mut chance = Seed(1).stream(Purpose::Mishap);
        let mut hits = 0;
        let mut bell = (0.0, 0.0);
        for _ in 0..20_000 {
            assert!(chance.below(3) < 3);
            assert!((5..=9).contains(&chance.between(5, 9)));
            assert!((-4..=4).contains(&chance.around(4)));
            hits += u32::from(chance.happens(250_000));
            let b = chance.bell();
            bell = (bell.0 + b, bell.1 + b * b);
        }
        assert!((4_700..5_300).contains(&hits), "{hits}");
        assert!((bell.0 / 20_000.0).abs() < 0.03 && (bell.1 / 20_000.0 - 1.0).abs() < 0.05);
        assert_eq!(chance.below(0), 0);
        assert!(!chance.happens(0));
        assert!(chance.happens(1_000_000));
        assert_eq!(chance.between(9, 5), 9);
    }
}
