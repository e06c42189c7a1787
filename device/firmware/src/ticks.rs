//! A counter of few bits as a clock that never drifts.
//!
//! The hardware counter is started once and never written again: time is what it has counted. What is lost to rounding
//! is lost from the reading, not from the count, so that a reading is never more than one millisecond behind whatever
//! the number of readings before it.

/// A counter of `BITS` bits that goes up and wraps, carried on to 64 bits.
///
/// It must be read at least once each time it goes round.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counter<const BITS: u32> {
    last: u64,
}

impl<const BITS: u32> Counter<BITS> {
    const ROUND: u64 = 1 << BITS;

    /// A counter that begins at nothing.
    pub const fn new() -> Self {
        Self { last: 0 }
    }

    /// All that was counted, from what the hardware shows.
    pub fn extend(&mut self, shown: u32) -> u64 {
        let low = self.last % Self::ROUND;
        let shown = u64::from(shown) % Self::ROUND;
        let forward = if shown >= low { shown.saturating_sub(low) } else { (Self::ROUND - low).saturating_add(shown) };
        self.last = self.last.saturating_add(forward);
        self.last
    }
}

/// Whole milliseconds in so many ticks of this frequency, rounded down: a clock is never ahead of its oscillator.
pub fn ms(ticks: u64, hz: u32) -> u64 {
    let hz = u64::from(hz.max(1));
    // The remainder is below 2^32, so that a thousand of it fit.
    (ticks / hz).saturating_mul(1_000).saturating_add((ticks % hz) * 1_000 / hz)
}

/// Ticks after which so many milliseconds are surely over, rounded up: a sleeper is never woken too early to act.
pub fn ticks(ms: u64, hz: u32) -> u64 {
    let hz = u64::from(hz);
    (ms / 1_000).saturating_mul(hz).saturating_add(((ms % 1_000) * hz).div_ceil(1_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN_YEARS_S: u64 = 3_653 * 86_400;

    #[test]
    fn ten_years_of_readings_at_odd_times_lose_nothing() {
        for hz in [32_768u32, 25_000_000] {
            let mut counter = Counter::<24>::new();
            let (mut truth, mut step) = (0u64, 1u64);
            for _ in 0..1_000_000 {
                // Any step short of a whole round.
                step = step.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                truth += (step >> 40) % (1 << 24);
                assert_eq!(counter.extend(u32::try_from(truth % (1 << 24)).unwrap()), truth);
            }
            let end = TEN_YEARS_S * u64::from(hz);
            assert_eq!(ms(end, hz), TEN_YEARS_S * 1_000);
            assert_eq!(ms(end - 1, hz), TEN_YEARS_S * 1_000 - 1, "rounded down");
        }
    }

    #[test]
    fn a_sleeper_that_wakes_at_its_ticks_finds_its_millisecond_begun() {
        for hz in [32_768u32, 25_000_000] {
            for wanted in [0, 1, 2, 3, 999, 1_000, 1_001, 86_400_000, TEN_YEARS_S * 1_000 + 7] {
                assert_eq!(ms(ticks(wanted, hz), hz), wanted);
                assert!(wanted == 0 || ms(ticks(wanted, hz) - 1, hz) < wanted, "and not a tick later than need be");
            }
        }
    }

    #[test]
    fn a_counter_of_32_bits_wraps_as_well() {
        let mut counter = Counter::<32>::new();
        assert_eq!(counter.extend(u32::MAX), u64::from(u32::MAX));
        assert_eq!(counter.extend(4), u64::from(u32::MAX) + 5);
    }
}
