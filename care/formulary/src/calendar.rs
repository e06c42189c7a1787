//! Days of the calendar, for dates that people keep: no time zones, no times of day.

use std::fmt;

use orders::WallTime;
use orders::quantity::DAY_MS;

/// A day, counted from 1970-01-01 in the Gregorian calendar.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Day(u32);

impl Day {
    /// The day so many days after 1970-01-01.
    pub const fn new(since_1970: u32) -> Self {
        Self(since_1970)
    }

    /// Days since 1970-01-01.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// Reads `2026-03-01`; `None` for anything else and for days that do not exist.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().split('-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || year.len() != 4 || month.len() != 2 || day.len() != 2 {
            return None;
        }
        let (year, month, day): (u32, u32, u32) = (year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
        if !(1970..=2400).contains(&year) || !(1..=12).contains(&month) || day == 0 {
            return None;
        }
        // Counted from March, so that the leap day is the last of its year.
        let (year_of_march, month_of_march) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let of_year = (153 * month_of_march + 2) / 5 + day - 1;
        let days = 365 * year_of_march + year_of_march / 4 - year_of_march / 100 + year_of_march / 400 + of_year;
        let found = Self(days - 719_468);
        (found.to_string() == text.trim()).then_some(found)
    }

    /// So many days later.
    #[must_use]
    pub const fn plus(self, days: u32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// So many days earlier.
    #[must_use]
    pub const fn minus(self, days: u32) -> Self {
        Self(self.0.saturating_sub(days))
    }

    /// Monday 0 to Sunday 6.
    pub const fn weekday(self) -> u8 {
        // 1970-01-01 was a Thursday; a remainder of seven fits.
        ((self.0 + 3) % 7) as u8
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = WallTime::new(u64::from(self.0).saturating_mul(DAY_MS)).to_string();
        f.write_str(shown.split(' ').next().unwrap_or_default())
    }
}

/// When a clinic is open.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenDays {
    /// Weekdays as bits, Monday the lowest.
    pub weekdays: u8,
    /// Days on which it is closed besides.
    pub closed: Vec<Day>,
}

impl OpenDays {
    /// Monday to Friday, no holiday.
    pub const WEEKDAYS: Self = Self { weekdays: 0b001_1111, closed: Vec::new() };

    /// Whether it is open.
    pub fn is_open(&self, day: Day) -> bool {
        self.weekdays & (1 << day.weekday()) != 0 && !self.closed.contains(&day)
    }

    /// The last open day not after this one, and not before `earliest`; `None` if it is closed all the time between.
    pub fn not_after(&self, day: Day, earliest: Day) -> Option<Day> {
        (earliest.get()..=day.get()).rev().map(Day::new).find(|day| self.is_open(*day))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_as_they_are_shown_and_days_that_do_not_exist_are_not() {
        for day in 0..100_000 {
            let day = Day::new(day);
            assert_eq!(Day::parse(&day.to_string()), Some(day));
        }
        for wrong in ["2026-02-29", "2026-13-01", "2026-04-31", "26-01-01", "2026-1-1", "2026-01-00", "soon"] {
            assert_eq!(Day::parse(wrong), None, "{wrong}");
        }
        // 2026-11-25 is a Wednesday.
        assert_eq!(Day::parse("2026-11-25").map(Day::weekday), Some(2));
    }

    #[test]
    fn a_weekend_and_a_holiday_are_pushed_to_the_day_before() {
        let open = OpenDays { closed: vec![Day::parse("2026-12-25").unwrap()], ..OpenDays::WEEKDAYS };
        let today = Day::parse("2026-11-25").unwrap();
        // Sunday 27 December: Saturday is closed, Friday is a holiday, so Thursday.
        assert_eq!(open.not_after(Day::parse("2026-12-27").unwrap(), today), Day::parse("2026-12-24"));
        assert_eq!(open.not_after(Day::parse("2026-11-22").unwrap(), today), None);
    }
}
