//! Time of the virtual patient: whole milliseconds, so that ten years are ten chained years to the last bit.

use crate::units::DAY_MIN;

/// A moment, milliseconds since midnight of the first day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time {
    /// Milliseconds.
    pub ms: u64,
}

/// Milliseconds of a minute.
pub const MINUTE_MS: u64 = 60_000;
/// Milliseconds of a day.
pub const DAY_MS: u64 = 1440 * MINUTE_MS;

impl Time {
    /// The beginning.
    pub const START: Self = Self { ms: 0 };

    /// A moment given in minutes, to the nearest millisecond; none if it is negative, not finite or after 10⁶ years.
    pub fn from_minutes(minutes: f64) -> Option<Self> {
        let ms = (minutes * MINUTE_MS as f64).round();
        (ms.is_finite() && (0.0..3.2e16).contains(&ms)).then_some(Self { ms: ms as u64 })
    }

    /// Minutes since the beginning.
    pub fn minutes(self) -> f64 {
        self.ms as f64 / MINUTE_MS as f64
    }

    /// Minutes since midnight.
    pub fn minute_of_day(self) -> f64 {
        (self.ms % DAY_MS) as f64 / MINUTE_MS as f64
    }

    /// Number of the day, from 0.
    pub fn day(self) -> u64 {
        self.ms / DAY_MS
    }

    /// The next multiple of a step after this moment.
    pub fn next_multiple(self, step_ms: u64) -> Self {
        Self { ms: (self.ms / step_ms + 1) * step_ms }
    }

    /// Minutes from an earlier moment to this one; 0 if it is not earlier.
    pub fn since(self, earlier: Self) -> f64 {
        self.ms.saturating_sub(earlier.ms) as f64 / MINUTE_MS as f64
    }
}

/// Distance in minutes between two times of day, the short way round.
pub fn around_the_clock(a_min: f64, b_min: f64) -> f64 {
    let apart = (a_min - b_min).abs() % DAY_MIN;
    apart.min(DAY_MIN - apart)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_whole_milliseconds_and_nonsense_is_none() {
        assert_eq!(Time::from_minutes(0.5), Some(Time { ms: 30_000 }));
        for wrong in [-1.0, f64::NAN, f64::INFINITY, 1e15] {
            assert_eq!(Time::from_minutes(wrong), None);
        }
        assert_eq!(Time { ms: 600_000 }.next_multiple(600_000).ms, 1_200_000);
        assert!((around_the_clock(1430.0, 10.0) - 20.0).abs() < 1e-12);
    }
}
