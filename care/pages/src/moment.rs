//! Days and times as people read them: local, 24 hours, the month in words so that no order of day and month is guessed.
//!
//! A moment is local milliseconds since 1970, as the pump's wall clock counts; which zone that is, is the caller's matter.

use maud::{Markup, html};

use crate::words::{Language, Words};

/// ms in a minute.
pub const MINUTE_MS: i64 = 60_000;
/// ms in an hour.
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
/// ms in a day.
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// A local moment, ms since 1970-01-01 00:00.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Local(pub i64);

/// A moment taken apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Civil {
    /// The year.
    pub year: i64,
    /// 1 to 12.
    pub month: u32,
    /// 1 to 31.
    pub day: u32,
    /// 0 to 23.
    pub hour: u32,
    /// 0 to 59.
    pub minute: u32,
    /// 0 for Monday to 6.
    pub weekday: u32,
}

impl Local {
    /// A day at a time.
    pub fn at(year: i64, month: u32, day: u32, hour: u32, minute: u32) -> Local {
        let days = days_from_civil(year, month, day);
        Local(days * DAY_MS + i64::from(hour) * HOUR_MS + i64::from(minute) * MINUTE_MS)
    }

    /// Taken apart.
    pub fn civil(self) -> Civil {
        let days = self.0.div_euclid(DAY_MS);
        let minutes = self.0.rem_euclid(DAY_MS) / MINUTE_MS;
        let (year, month, day) = civil_from_days(days);
        let small = |n: i64| u32::try_from(n).unwrap_or(0);
        // 1970-01-01 was a Thursday.
        let weekday = small((days + 3).rem_euclid(7));
        Civil { year, month, day, hour: small(minutes / 60), minute: small(minutes % 60), weekday }
    }

    /// `14:20`.
    pub fn time(self) -> String {
        let civil = self.civil();
        format!("{:02}:{:02}", civil.hour, civil.minute)
    }

    /// `2026-11-25T14:20`, for machines and form fields.
    pub fn iso(self) -> String {
        let c = self.civil();
        format!("{:04}-{:02}-{:02}T{:02}:{:02}", c.year, c.month, c.day, c.hour, c.minute)
    }

    /// `25 Nov 2026`.
    pub fn date(self, words: &Words) -> String {
        let civil = self.civil();
        let month = words.say(format!("month-{}", civil.month));
        words.say_with(
            "date",
            &[("day", civil.day.to_string().into()), ("month", month.into()), ("year", civil.year.to_string().into())],
        )
    }

    /// `25 Nov`.
    pub fn day(self, words: &Words) -> String {
        let civil = self.civil();
        let month = words.say(format!("month-{}", civil.month));
        words.say_with("day-month", &[("day", civil.day.to_string().into()), ("month", month.into())])
    }

    /// `Wednesday`.
    pub fn weekday(self, words: &Words) -> String {
        words.say(format!("weekday-{}", self.civil().weekday))
    }

    /// `25 Nov 2026, 14:20`.
    pub fn text(self, words: &Words) -> String {
        format!("{}{} {}", self.date(words), comma(words.language()), self.time())
    }

    /// As a `time` element with the whole moment, showing date and time.
    pub fn html(self, words: &Words) -> Markup {
        html! { time.when datetime=(self.iso()) { (self.text(words)) } }
    }

    /// As a `time` element that shows the date.
    pub fn date_html(self, words: &Words) -> Markup {
        html! { time.when datetime=(self.iso()) { (self.date(words)) } }
    }
}

const fn comma(language: Language) -> &'static str {
    match language {
        Language::English | Language::German => ",",
        Language::Arabic => "،",
    }
}

/// A length of time in words, in its two largest units: `1 h 5 min`, `3 days`. Rounded up to whole minutes, so that a
/// wait told is never too short.
pub fn length(ms: i64, words: &Words) -> String {
    let minutes = ms.max(0).div_euclid(MINUTE_MS) + i64::from(ms.max(0).rem_euclid(MINUTE_MS) > 0);
    let (days, hours, left) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    let one = |key: &str, n: i64| words.say_with(key, &[("n", u64::try_from(n).unwrap_or(0).into())]);
    match (days, hours, left) {
        (0, 0, n) => one("length-minutes", n),
        (0, h, 0) => one("length-hours", h),
        (0, h, n) => format!("{} {}", one("length-hours", h), one("length-minutes", n)),
        (d, 0, _) => one("length-days", d),
        // Beyond two days the hours say nothing to anybody.
        (d, _, _) if d >= 3 => one("length-days", d),
        (d, h, _) => format!("{} {}", one("length-days", d), one("length-hours", h)),
    }
}

/// How old something is: `just now`, `3 minutes ago`.
pub fn age(ms: i64, words: &Words) -> String {
    if ms < MINUTE_MS {
        return words.say("age-now");
    }
    words.say_with("age", &[("length", length(ms - ms.rem_euclid(MINUTE_MS), words).into())])
}

/// Days since 1970 of a day of the Gregorian calendar (H. Hinnant, "chrono-compatible low-level date algorithms").
fn days_from_civil(year: i64, month: u32, day: u32) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month = i64::from(month);
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// And back, from the same source.
fn civil_from_days(days: i64) -> (i64, u32, u32) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let small = |n: i64| u32::try_from(n).unwrap_or(1);
    (year, small(month), small(day))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalogue;

    #[test]
    fn days_come_back_as_they_went_in_over_leap_years_and_centuries() {
        for (year, month, day) in [(1969, 12, 31), (1970, 1, 1), (2000, 2, 29), (2026, 11, 25), (2100, 3, 1)] {
            let civil = Local::at(year, month, day, 23, 59).civil();
            assert_eq!((civil.year, civil.month, civil.day, civil.hour, civil.minute), (year, month, day, 23, 59));
        }
        assert_eq!(Local::at(2026, 11, 25, 0, 0).civil().weekday, 2);
    }

    #[test]
    fn a_day_is_written_so_that_nobody_guesses_which_number_is_the_month() {
        let all = Catalogue::new(&[], &[]).unwrap();
        let moment = Local::at(2026, 3, 4, 9, 5);
        assert_eq!(moment.text(all.of(Language::English)), "4 Mar 2026, 09:05");
        assert_eq!(moment.text(all.of(Language::German)), "4. März 2026, 09:05");
        assert_eq!(moment.iso(), "2026-03-04T09:05");
    }

    #[test]
    fn a_wait_is_never_told_too_short() {
        let all = Catalogue::new(&[], &[]).unwrap();
        let words = all.of(Language::English);
        assert_eq!(length(65 * MINUTE_MS - 59_000, words), "1 h 5 min");
        assert_eq!(length(1, words), "1 min");
        assert_eq!(length(26 * HOUR_MS, words), "1 day 2 h");
        assert_eq!(length(12 * DAY_MS + HOUR_MS, words), "12 days");
        assert_eq!(age(59_999, words), "just now");
        assert_eq!(age(3 * MINUTE_MS + 59_000, words), "3 min ago");
    }
}
