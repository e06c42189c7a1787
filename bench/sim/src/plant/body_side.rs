//! The pocket in which the pump lies: its temperature.
//!
//! Answers for the temperature of the pocket over time: a day's wave, fever, a hot bath, a winter outdoors. Its effect on
//! flow is the drive's own affair; a peristaltic drive has none that counts here.

use crate::rng::{Purpose, Seed};
use serde::{Deserialize, Serialize};

/// Milliseconds in a day.
const DAY_MS: u64 = 86_400_000;

/// The wave of a day, 0.01 degC up and down from the mean: the body's own, about half a degree.
const WAVE: i64 = 25;

/// One event that warms or cools the pocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Event {
    from: u64,
    until: u64,
    by: i32,
}

/// The pocket's temperature.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Pocket {
    mean: i32,
    /// Shift of the day's wave, ms.
    shift: u64,
    seed: Seed,
    events: Vec<Event>,
}

impl Pocket {
    /// A pocket with this mean temperature in 0.01 degC; the hour of its wave comes from the seed.
    pub fn new(mean_centi_c: i32, seed: Seed) -> Self {
        let shift = seed.stream(Purpose::Temperature).below(DAY_MS);
        Self { mean: mean_centi_c, shift, seed, events: Vec::new() }
    }

    /// From `from` until `until` the pocket is warmer (colder, if negative) by this, 0.01 degC.
    pub fn event(&mut self, from: u64, until: u64, by_centi_c: i32) {
        self.events.push(Event { from, until, by: by_centi_c });
    }

    /// Temperature at true time `now`, 0.01 degC: wave, events, and a tenth of a degree of flutter by the minute.
    pub fn centi_c(&self, now: u64) -> i32 {
        // A triangle wave: whole numbers, and nobody can tell it from a sine at a quarter of a degree.
        let phase = ((now + self.shift) % DAY_MS) as i64;
        let half = DAY_MS as i64 / 2;
        let wave = WAVE - 2 * WAVE * (phase - half).abs() / half;
        let minute = u32::try_from(now / 60_000 % u64::from(u32::MAX)).unwrap_or(0);
        let flutter = self.seed.numbered(Purpose::Temperature, minute.saturating_add(1)).around(5);
        let events: i32 = self.events.iter().filter(|e| e.from <= now && now < e.until).map(|e| e.by).sum();
        self.mean + events + (wave + flutter) as i32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quiet_day_stays_within_half_a_degree_and_returns_to_itself() {
        let pocket = Pocket::new(3_650, Seed(3));
        let day: Vec<i32> = (0..1_440).map(|m| pocket.centi_c(m * 60_000)).collect();
        assert!(day.iter().all(|t| (3_620..=3_680).contains(t)));
        assert!(day.iter().max().unwrap() - day.iter().min().unwrap() > 40);
        assert_eq!(pocket.centi_c(77), pocket.clone().centi_c(77));
    }

    #[test]
    fn a_fever_and_a_hot_bath_add_up_and_end() {
        let mut pocket = Pocket::new(3_650, Seed(3));
        let quiet = pocket.centi_c(10_000);
        pocket.event(5_000, 20_000, 250);
        pocket.event(9_000, 11_000, 100);
        assert_eq!(pocket.centi_c(10_000), quiet + 350);
        assert_eq!(pocket.centi_c(20_000), Pocket::new(3_650, Seed(3)).centi_c(20_000));
    }
}
