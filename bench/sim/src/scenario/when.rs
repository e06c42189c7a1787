//! Times in a scenario: `09:10`, `09:10:30`, `day 2 09:10`, and the date and clock at which the pump's first day begins.
//!
//! Times are counted from midnight of day 1, so that a story reads as a calendar and not as a stopwatch.

use orders::WallTime;
use orders::quantity::{DAY_MS, HOUR_MS, MINUTE_MS};

/// The last day that a scenario may name: a decade and its leap days.
pub const DAY_MAX: u64 = 3_660;

/// What a time must look like, for the words of an error.
pub const LIKE: &str = "a time such as \"09:10\", \"09:10:30\" or \"day 2 09:10\" was expected";

/// Milliseconds from midnight of day 1 for `09:10`, `09:10:30` or `day 2 09:10`; `None` if it is none of them.
pub fn parse(text: &str) -> Option<u64> {
    let (day, clock) = match text.strip_prefix("day ") {
        Some(rest) => rest.split_once(' ')?,
        None => ("1", text),
    };
    let day: u64 = digits(day)?;
    if !(1..=DAY_MAX).contains(&day) {
        return None;
    }
    Some((day - 1) * DAY_MS + clock_ms(clock)?)
}

fn clock_ms(text: &str) -> Option<u64> {
    let mut parts = text.split(':');
    let (hours, minutes) = (two_digits(parts.next()?)?, two_digits(parts.next()?)?);
    let seconds = match parts.next() {
        Some(seconds) => two_digits(seconds)?,
        None => 0,
    };
    let fits = parts.next().is_none() && hours < 24 && minutes < 60 && seconds < 60;
    fits.then_some(hours * HOUR_MS + minutes * MINUTE_MS + seconds * 1_000)
}

fn two_digits(text: &str) -> Option<u64> {
    if text.len() == 2 { digits(text) } else { None }
}

fn digits(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

/// `2026-03-02 08:00` as the midnight that it follows and the milliseconds since then; `None` if it is no such date.
pub fn date(text: &str) -> Option<(WallTime, u64)> {
    let (date, clock) = text.split_once(' ')?;
    let mut parts = date.split('-').map(digits);
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() || !(1970..=2199).contains(&year) || !(1..=12).contains(&month) {
        return None;
    }
    let days_in_month = match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    };
    if !(1..=days_in_month).contains(&day) {
        return None;
    }
    Some((WallTime::new(days(year, month, day) * DAY_MS), clock_ms(clock)?))
}

/// Days from 1970-01-01 to a date of the Gregorian calendar from then on.
const fn days(year: u64, month: u64, day: u64) -> u64 {
    // Years begin in March, so that the leap day is the last one.
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year / 400, year % 400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// A time of a scenario as people read it: the clock alone on day 1, the day before it afterwards; seconds where there are any.
pub fn show(ms: u64) -> String {
    let (day, of_day) = (ms / DAY_MS + 1, ms % DAY_MS);
    let (hours, minutes, seconds) = (of_day / HOUR_MS, of_day % HOUR_MS / MINUTE_MS, of_day % MINUTE_MS / 1_000);
    let mut text = if day == 1 { String::new() } else { format!("day {day} ") };
    text.push_str(&format!("{hours:02}:{minutes:02}"));
    if seconds > 0 {
        text.push_str(&format!(":{seconds:02}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_shown_alike() {
        for text in ["09:10", "00:00", "23:59:59", "day 2 09:10", "day 3650 12:30:05"] {
            assert_eq!(parse(text).map(show).as_deref(), Some(text));
        }
        for wrong in [
            "9:10",
            "24:00",
            "10:60",
            "day 0 10:00",
            "day 4000 10:00",
            "day 2",
            "10",
            "10:00:00:00",
            "ab:cd",
            "day  2 10:00",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        for text in ["2026-03-02 08:00", "2000-02-29 00:00", "1970-01-01 23:59", "2100-12-31 10:00"] {
            let (midnight, ms) = date(text).unwrap();
            assert_eq!(WallTime::new(midnight.get() + ms).to_string(), text);
        }
        for wrong in ["2026-02-29 08:00", "2100-02-29 08:00", "2026-13-01 08:00", "2026-03-02", "26-03-02 08:00"] {
            assert_eq!(date(wrong), None, "{wrong}");
        }
        assert_eq!(date("2026-03-02 08:00").unwrap().0.weekday(), 0, "a Monday");
    }
}
