//! The two oscillators of the pump, as they truly run.
//!
//! Answers for the map between true time and an oscillator's ticks, in whole numbers and both ways. Leaves to the pump to
//! find out that they differ. An oscillator has an error in parts per billion, a drift of that error per day, and mishaps:
//! it may run at a false factor from a moment on, or stand still.
//!
//! Terms. *Tick*: one ms as this oscillator counts it. *True time*: ms of the bench.

use serde::{Deserialize, Serialize};

/// Milliseconds in a day.
const DAY_MS: u64 = 86_400_000;

/// A rate of exactly one tick per ms, in parts per billion.
const RIGHT: i64 = 1_000_000_000;

/// 128 bits as text: readers of JSON hold fewer.
mod wide {
    use serde::de::{Deserialize, Deserializer, Error};
    use serde::ser::Serializer;

    pub fn serialize<S: Serializer>(number: &u128, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(number)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u128, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// An oscillator. Ticks never decrease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Oscillator {
    /// True time of the anchor.
    from_ms: u64,
    /// Billionths of a tick at the anchor.
    #[serde(with = "wide")]
    from_nano: u128,
    /// Error against true time, parts per billion, without mishap.
    error_ppb: i64,
    /// Change of the error, parts per billion per day.
    drift_ppb_per_day: i64,
    /// Mishap: rate = right rate x numerator / denominator.
    factor: (u32, u32),
}

impl Oscillator {
    /// An oscillator started at true time 0 with this error and drift, parts per billion (and per day).
    pub const fn new(error_ppb: i32, drift_ppb_per_day: i32) -> Self {
        Self {
            from_ms: 0,
            from_nano: 0,
            error_ppb: error_ppb as i64,
            drift_ppb_per_day: drift_ppb_per_day as i64,
            factor: (1, 1),
        }
    }

    /// Ticks counted at a true time, rounded down. Before the last mishap it answers as at that mishap.
    pub fn ticks(&self, true_ms: u64) -> u64 {
        (self.nano(true_ms) / RIGHT as u128) as u64
    }

    /// The first true ms at which at least this many ticks are counted; `None` if it stands still before.
    pub fn true_ms(&self, ticks: u64) -> Option<u64> {
        let wanted = u128::from(ticks) * RIGHT as u128;
        if self.nano(self.from_ms) >= wanted {
            return Some(self.from_ms);
        }
        if self.factor.0 == 0 {
            return None;
        }
        // Ticks rise with time, so halving finds the first; the span doubles until it holds the answer.
        let mut span = 1_u64;
        while self.nano(self.from_ms.checked_add(span)?) < wanted {
            span = span.checked_mul(2)?;
        }
        let (mut low, mut high) = (self.from_ms + span / 2, self.from_ms + span);
        while low + 1 < high {
            let middle = low + (high - low) / 2;
            if self.nano(middle) < wanted {
                low = middle;
            } else {
                high = middle;
            }
        }
        Some(high)
    }

    /// From a true time on it runs at `numerator / denominator` of its right rate: (2, 1) is twice too fast, (0, 1) stops.
    pub fn run_at(&mut self, true_ms: u64, numerator: u32, denominator: u32) {
        self.anchor(true_ms);
        self.factor = (numerator, denominator.max(1));
    }

    /// From a true time on it stands still.
    pub fn stop(&mut self, true_ms: u64) {
        self.run_at(true_ms, 0, 1);
    }

    /// From a true time on it runs rightly again, from the tick it has.
    pub fn recover(&mut self, true_ms: u64) {
        self.run_at(true_ms, 1, 1);
    }

    /// Loses its count at a true time and begins at `ticks`: a supply that failed. Only this makes a count go back.
    pub fn set(&mut self, true_ms: u64, ticks: u64) {
        self.anchor(true_ms);
        self.from_nano = u128::from(ticks) * RIGHT as u128;
    }

    fn anchor(&mut self, true_ms: u64) {
        let true_ms = true_ms.max(self.from_ms);
        let nano = self.nano(true_ms);
        // The error has drifted by now; a day's part that is not whole rounds toward zero.
        let days_x_drift = i128::from(self.drift_ppb_per_day) * i128::from(true_ms - self.from_ms) / i128::from(DAY_MS);
        self.error_ppb = self.error_ppb.saturating_add(days_x_drift as i64);
        self.from_ms = true_ms;
        self.from_nano = nano;
    }

    /// Billionths of a tick at a true time: the integral of the drifting rate, rounded down, never below the anchor.
    fn nano(&self, true_ms: u64) -> u128 {
        let elapsed = i128::from(true_ms.saturating_sub(self.from_ms));
        let steady = elapsed * i128::from(RIGHT + self.error_ppb);
        let drifted = i128::from(self.drift_ppb_per_day) * elapsed * elapsed / (2 * i128::from(DAY_MS));
        let ran = (steady + drifted) * i128::from(self.factor.0) / i128::from(self.factor.1);
        self.from_nano + u128::try_from(ran).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn twenty_ppm_fast_is_1728_ms_a_day() {
        assert_eq!(Oscillator::new(20_000, 0).ticks(DAY_MS), DAY_MS + 1_728);
        assert_eq!(Oscillator::new(-20_000, 0).ticks(DAY_MS), DAY_MS - 1_728);
    }

    #[test]
    fn drift_adds_up_with_the_square_of_time() {
        // 1,000 ppb a day: after 10 days the rate is 10 ppm off, on the mean 5 ppm: 4,320 ms.
        assert_eq!(Oscillator::new(0, 1_000).ticks(10 * DAY_MS), 10 * DAY_MS + 4_320);
    }

    #[test]
    fn twice_too_fast_for_an_hour_then_stopped_then_right() {
        let mut oscillator = Oscillator::new(0, 0);
        oscillator.run_at(1_000, 2, 1);
        assert_eq!(oscillator.ticks(3_601_000), 1_000 + 7_200_000);
        oscillator.stop(3_601_000);
        assert_eq!(oscillator.ticks(9_000_000), 7_201_000);
        assert_eq!(oscillator.true_ms(7_201_001), None);
        oscillator.recover(9_000_000);
        assert_eq!(oscillator.ticks(9_000_005), 7_201_005);
        oscillator.set(9_000_010, 0);
        assert_eq!(oscillator.ticks(9_000_011), 1);
    }

    proptest! {
        #[test]
        fn ticks_never_go_back_and_the_way_back_is_the_first_moment(
            error in -50_000_i32..50_000, drift in -200_i32..200, a in 0_u64..400_000_000_000, step in 0_u64..10_000_000,
            numerator in 1_u32..5, denominator in 1_u32..5,
        ) {
            let mut oscillator = Oscillator::new(error, drift);
            prop_assert!(oscillator.ticks(a) <= oscillator.ticks(a + step));
            oscillator.run_at(a, numerator, denominator);
            let ticks = oscillator.ticks(a + step);
            let back = oscillator.true_ms(ticks).unwrap();
            prop_assert!(back <= a + step);
            prop_assert!(oscillator.ticks(back) >= ticks);
            prop_assert!(back == a || oscillator.ticks(back - 1) < ticks);
        }
    }
}
