//! Quantities as people write and read them: `0.25 mg`, `240 mcg/day`, `20 mg/mL`, `every`-less durations like `4 h`.
//!
//! Reading is exact or refused: a number that the unit cannot hold without rounding is an error, never a near-by
//! number. An unknown unit is an error with the word in it. Writing follows ISMP: a leading zero, no trailing zero,
//! "mcg" for micrograms, "mL" for millilitres, and never a rate without its time.

use core::fmt;

use crate::quantity::{Concentration, Duration, FlowRate, Instant, Mass, MassRate, Permille, Volume, WallTime};
use crate::quantity::{DAY_MS, HOUR_MS, MINUTE_MS};

/// Why a text is not the quantity asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TextError {
    /// No number where one was expected.
    NoNumber,
    /// More digits than can be held.
    TooLarge,
    /// Finer than the smallest amount of this quantity that can be held.
    TooFine,
    /// The unit does not belong to this quantity; the units that do.
    Unit {
        /// The units that would be right.
        expected: &'static str,
    },
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoNumber => f.write_str("a number was expected, such as 0.25"),
            Self::TooLarge => f.write_str("the number is too large to be held"),
            Self::TooFine => f.write_str("the number has more decimals than this quantity can hold"),
            Self::Unit { expected } => write!(f, "the unit must be one of {expected}"),
        }
    }
}

/// A unit's word and how many of the held unit it is.
type Units = &'static [(&'static str, u64)];

//= requirements/ceilings.md#exact-arithmetic
//# A quantity that does not fit its integer MUST become a refusal, never a wrapped or a saturated number.
fn parse(text: &str, units: Units, expected: &'static str) -> Result<u64, TextError> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end).ok_or(TextError::NoNumber)?;
    let unit = unit.trim();
    let factor = units.iter().find(|(word, _)| *word == unit).ok_or(TextError::Unit { expected })?.1;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || (number.contains('.') && fraction.is_empty()) || fraction.contains('.') {
        return Err(TextError::NoNumber);
    }
    let whole: u64 = whole.parse().map_err(|_| TextError::TooLarge)?;
    let mut held = whole.checked_mul(factor).ok_or(TextError::TooLarge)?;
    let mut digit_factor = factor;
    for digit in fraction.bytes() {
        let digit = u64::from(digit.saturating_sub(b'0'));
        if digit_factor % 10 != 0 {
            if digit == 0 {
                continue;
            }
            return Err(TextError::TooFine);
        }
        digit_factor /= 10;
        held = held.checked_add(digit.saturating_mul(digit_factor)).ok_or(TextError::TooLarge)?;
    }
    Ok(held)
}

const MASSES: Units = &[("mg", 1_000_000_000_000), ("mcg", 1_000_000_000), ("ng", 1_000_000)];
const VOLUMES: Units = &[("mL", 1_000_000), ("mcL", 1_000), ("nL", 1)];
const CONCENTRATIONS: Units = &[("mg/mL", 1_000_000), ("mcg/mL", 1_000), ("ng/mL", 1)];
const MASS_RATES: Units = &[
    ("mg/day", 1_000_000_000_000),
    ("mcg/day", 1_000_000_000),
    ("ng/day", 1_000_000),
    ("mg/h", 24_000_000_000_000),
    ("mcg/h", 24_000_000_000),
];
const FLOWS: Units = &[("mL/day", 1_000_000), ("mcL/day", 1_000), ("nL/day", 1), ("mcL/h", 24_000)];
const DURATIONS: Units =
    &[("days", DAY_MS), ("day", DAY_MS), ("d", DAY_MS), ("h", HOUR_MS), ("min", MINUTE_MS), ("s", 1000), ("ms", 1)];
const SHARES: Units = &[("%", 10), ("permille", 1)];

impl Mass {
    /// Reads `0.25 mg`, `240 mcg` or `50 ng`.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        parse(text, MASSES, "mg, mcg, ng").map(Self::new)
    }
}
impl Volume {
    /// Reads `20 mL`, `500 mcL` or `500 nL`.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        parse(text, VOLUMES, "mL, mcL, nL").map(Self::new)
    }
}
impl Concentration {
    /// Reads `20 mg/mL`, `500 mcg/mL` or `500 ng/mL`.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let held = parse(text, CONCENTRATIONS, "mg/mL, mcg/mL, ng/mL")?;
        u32::try_from(held).map(Self::new).map_err(|_| TextError::TooLarge)
    }
}
impl MassRate {
    /// Reads `4 mg/day`, `240 mcg/day` or `10 mcg/h`.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        parse(text, MASS_RATES, "mg/day, mcg/day, ng/day, mg/h, mcg/h").map(Self::new)
    }
}
impl FlowRate {
    /// Reads `0.25 mL/day` or `10 mcL/h`.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        parse(text, FLOWS, "mL/day, mcL/day, nL/day, mcL/h").map(Self::new)
    }
}
impl Duration {
    /// Reads `4 h`, `20 min`, `2 days` or `90 s`.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        parse(text, DURATIONS, "days, h, min, s, ms").map(Self::new)
    }
}
impl Permille {
    /// Reads `5 %` or `50 permille`.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let held = parse(text, SHARES, "%, permille")?;
        u16::try_from(held).map(Self::new).map_err(|_| TextError::TooLarge)
    }
}

/// Writes `raw / factor` with up to nine decimals, a leading zero and no trailing zero.
fn decimal(f: &mut fmt::Formatter<'_>, raw: u64, factor: u64) -> fmt::Result {
    let whole = raw.checked_div(factor).unwrap_or(0);
    write!(f, "{whole}")?;
    let mut rest = raw.checked_rem(factor).unwrap_or(0);
    let mut place = factor / 10;
    let mut point = true;
    while rest > 0 && place > 0 {
        if point {
            f.write_str(".")?;
            point = false;
        }
        let digit = rest.checked_div(place).unwrap_or(0);
        write!(f, "{digit}")?;
        rest = rest.checked_rem(place).unwrap_or(0);
        place /= 10;
    }
    Ok(())
}

/// Rounds to the nearest multiple, for people's eyes only; nothing that is shown is ever counted with.
fn shown(raw: u64, step: u64) -> u64 {
    raw.saturating_add(step / 2).checked_div(step).unwrap_or(0).saturating_mul(step)
}

const MCG_FG: u64 = 1_000_000_000;
const MG_FG: u64 = 1_000_000_000_000;

fn mass(f: &mut fmt::Formatter<'_>, raw: u64, per: &str) -> fmt::Result {
    if raw >= MG_FG {
        decimal(f, shown(raw, MCG_FG), MG_FG)?;
        write!(f, " mg{per}")
    } else if raw == 0 || raw >= 10 * MCG_FG {
        decimal(f, shown(raw, MCG_FG / 100), MCG_FG)?;
        write!(f, " mcg{per}")
    } else {
        decimal(f, shown(raw, MCG_FG / 10_000), MCG_FG)?;
        write!(f, " mcg{per}")
    }
}

impl fmt::Display for Mass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        mass(f, self.get(), "")
    }
}
impl fmt::Display for MassRate {
    //= requirements/prescription.md#units-for-people
    //# Every quantity shown to people MUST carry its unit, and every rate whether it is per hour or per day.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        mass(f, self.get(), "/day")
    }
}
impl fmt::Display for Volume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.get() < 10_000 && self.get() > 0 {
            decimal(f, self.get(), 1000)?;
            f.write_str(" mcL")
        } else {
            decimal(f, shown(self.get(), 100), 1_000_000)?;
            f.write_str(" mL")
        }
    }
}
impl fmt::Display for FlowRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        decimal(f, self.get(), 1_000_000)?;
        f.write_str(" mL/day")
    }
}
impl fmt::Display for Concentration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.get() >= 1_000_000 {
            decimal(f, u64::from(self.get()), 1_000_000)?;
            f.write_str(" mg/mL")
        } else {
            decimal(f, u64::from(self.get()), 1_000)?;
            f.write_str(" mcg/mL")
        }
    }
}
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.get();
        if ms == 0 {
            return f.write_str("0 s");
        }
        let days = ms / DAY_MS;
        let parts = [
            (days, "day", "days"),
            (ms % DAY_MS / HOUR_MS, "h", "h"),
            (ms % HOUR_MS / MINUTE_MS, "min", "min"),
            (ms % MINUTE_MS / 1000, "s", "s"),
            (ms % 1000, "ms", "ms"),
        ];
        let mut gap = "";
        for (count, one, many) in parts {
            if count > 0 {
                write!(f, "{gap}{count} {}", if count == 1 { one } else { many })?;
                gap = " ";
            }
        }
        Ok(())
    }
}
impl fmt::Display for Permille {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        decimal(f, u64::from(self.get()), 10)?;
        f.write_str(" %")
    }
}
impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.get();
        write!(
            f,
            "day {} {:02}:{:02}:{:02}",
            ms / DAY_MS,
            ms % DAY_MS / HOUR_MS,
            ms % HOUR_MS / MINUTE_MS,
            ms % MINUTE_MS / 1000
        )
    }
}
impl fmt::Display for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.get();
        let (year, month, day) = civil(ms / DAY_MS);
        write!(f, "{year:04}-{month:02}-{day:02} {:02}:{:02}", ms % DAY_MS / HOUR_MS, ms % HOUR_MS / MINUTE_MS)
    }
}

/// The civil date of a day counted from 1970-01-01 in the Gregorian calendar.
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days.saturating_add(719_468);
    let era = shifted / 146_097;
    let of_era = shifted % 146_097;
    let year_of_era =
        of_era.saturating_sub(of_era / 1460).saturating_add(of_era / 36_524).saturating_sub(of_era / 146_096) / 365;
    let days_before = year_of_era.saturating_mul(365).saturating_add(year_of_era / 4).saturating_sub(year_of_era / 100);
    let of_year = of_era.saturating_sub(days_before);
    let shifted_month = of_year.saturating_mul(5).saturating_add(2) / 153;
    let day = of_year.saturating_sub(shifted_month.saturating_mul(153).saturating_add(2) / 5).saturating_add(1);
    let month = if shifted_month < 10 { shifted_month.saturating_add(3) } else { shifted_month.saturating_sub(9) };
    let year = year_of_era.saturating_add(era.saturating_mul(400)).saturating_add(u64::from(month <= 2));
    (year, month, day)
}

macro_rules! debug_as_display {
    ($($name:ident),*) => { $(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }
    )* };
}
debug_as_display!(Mass, MassRate, Volume, FlowRate, Concentration, Duration, Permille, Instant, WallTime);

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn what_people_write_is_read_exactly() {
        assert_eq!(Mass::parse("0.25 mg"), Ok(Mass::new(250_000_000_000)));
        assert_eq!(MassRate::parse("240 mcg/day"), Ok(MassRate::new(240_000_000_000)));
        assert_eq!(Concentration::parse("20 mg/mL"), Ok(Concentration::new(20_000_000)));
        assert_eq!(FlowRate::parse("0.25 mL/day"), Ok(FlowRate::new(250_000)));
        assert_eq!(Duration::parse("4 h"), Ok(Duration::from_hours(4)));
        assert_eq!(Permille::parse("14.5 %"), Ok(Permille::new(145)));
    }

    #[test]
    fn what_cannot_be_held_is_refused_and_never_rounded() {
        assert_eq!(Volume::parse("0.0000001 mL"), Err(TextError::TooFine));
        assert_eq!(Volume::parse("1.0000000 mL"), Ok(Volume::new(1_000_000)));
        assert_eq!(Mass::parse("99999999999 mg"), Err(TextError::TooLarge));
        for wrong in ["", "mg", ".5 mg", "5. mg", "1..2 mg", "-1 mg"] {
            assert!(Mass::parse(wrong).is_err(), "{wrong:?} was read as a mass");
        }
    }

    #[test]
    fn a_unit_of_another_quantity_is_refused_with_the_units_that_would_do() {
        assert_eq!(Mass::parse("5 mL"), Err(TextError::Unit { expected: "mg, mcg, ng" }));
        assert!(FlowRate::parse("0.5 mL/h").is_err(), "mL/h for mL/day is a 24-fold slip");
        assert!(Mass::parse("5 ug").is_err() && Mass::parse("5 µg").is_err());
    }

    #[test]
    fn what_is_shown_has_a_leading_zero_and_no_trailing_zero() {
        assert_eq!(Mass::new(250_000_000_000).to_string(), "250 mcg");
        assert_eq!(Mass::new(1_500_000_000_000).to_string(), "1.5 mg");
        assert_eq!(MassRate::new(240_000_000_000).to_string(), "240 mcg/day");
        assert_eq!(Volume::new(500).to_string(), "0.5 mcL");
        assert_eq!(Volume::new(20_000_000).to_string(), "20 mL");
        assert_eq!(Duration::from_minutes(250).to_string(), "4 h 10 min");
        assert_eq!(WallTime::new(1_781_913_600_000).to_string(), "2026-06-20 00:00");
        assert_eq!(WallTime::new(951_782_400_000).to_string(), "2000-02-29 00:00");
    }
}
