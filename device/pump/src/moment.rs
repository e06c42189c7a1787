//! An instant in five bytes, for tables of them: pump time since birth in whole ms, up to 34 years.

use orders::Instant;

/// The most that five bytes hold.
const MOST: u64 = 0xff_ffff_ffff;

/// An instant of a pump's life. One that lies beyond 34 years is held as the last there is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Moment([u8; 5]);

impl Moment {
    /// The moment of a pump's birth.
    pub const ZERO: Self = Self([0; 5]);

    /// In five bytes.
    pub const fn of(at: Instant) -> Self {
        let held = if at.get() < MOST { at.get() } else { MOST };
        let [low @ .., _, _, _] = held.to_le_bytes();
        Self(low)
    }

    /// As it is counted with.
    pub const fn instant(self) -> Instant {
        let [a, b, c, d, e] = self.0;
        Instant::new(u64::from_le_bytes([a, b, c, d, e, 0, 0, 0]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use orders::Duration;

    #[test]
    fn every_millisecond_of_thirty_four_years_comes_back_and_a_later_one_never_as_an_earlier() {
        for days in [0, 1, 3_650, 34 * 365] {
            let at = Instant::ZERO.after(Duration::from_days(days)).after(Duration::new(7));
            assert_eq!(Moment::of(at).instant(), at);
        }
        assert_eq!(Moment::of(Instant::MAX).instant(), Instant::new(MOST));
    }
}
