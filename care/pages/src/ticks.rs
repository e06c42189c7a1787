//! Where the marks of an axis stand: round numbers for values, whole minutes to whole years for time.

use crate::moment::{DAY_MS, HOUR_MS, Local, MINUTE_MS};
use crate::quantity::decimal;
use crate::words::{Language, Words};

/// Marks at round numbers (1, 2, 5 times a power of ten) that cover `low..=high` with about `wanted` steps.
/// Returns the marks in rising order, the first at or below `low`, the last at or above `high`.
pub fn round(low: f64, high: f64, wanted: u32) -> Vec<f64> {
    if !(low.is_finite() && high.is_finite() && high > low) {
        return vec![low, low + 1.0];
    }
    let rough = (high - low) / f64::from(wanted.max(1));
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].iter().map(|m| m * power).find(|step| *step >= rough * 0.999).unwrap_or(power);
    let first = (low / step).floor();
    let mut marks = Vec::new();
    let mut n = 0.0;
    loop {
        let mark = (first + n) * step;
        marks.push(mark);
        if mark >= high - step * 1e-9 || marks.len() > 50 {
            return marks;
        }
        n += 1.0;
    }
}

/// A mark's number as people write it, with as many decimals as the step needs.
pub fn label(value: f64, step: f64, language: Language) -> String {
    let places = if step >= 1.0 || step <= 0.0 { 0 } else { (-step.log10().floor()).clamp(0.0, 9.0) as u32 };
    number(value, places, language)
}

/// A measured number with at most so many decimals.
pub fn number(value: f64, places: u32, language: Language) -> String {
    let scaled = value * 10f64.powi(i32::try_from(places).unwrap_or(0));
    // A float beyond 2^53 has no decimals to lose; `as` saturates.
    decimal(scaled.round() as i128, places, places, language)
}

/// The steps between marks of time, the shortest first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// So many ms, within a day.
    Within(i64),
    /// So many days.
    Days(i64),
    /// So many months, at their first.
    Months(u32),
    /// So many years, at their first.
    Years(i64),
}

const STEPS: &[(Step, i64)] = &[
    (Step::Within(5 * MINUTE_MS), 5 * MINUTE_MS),
    (Step::Within(10 * MINUTE_MS), 10 * MINUTE_MS),
    (Step::Within(30 * MINUTE_MS), 30 * MINUTE_MS),
    (Step::Within(HOUR_MS), HOUR_MS),
    (Step::Within(2 * HOUR_MS), 2 * HOUR_MS),
    (Step::Within(4 * HOUR_MS), 4 * HOUR_MS),
    (Step::Within(6 * HOUR_MS), 6 * HOUR_MS),
    (Step::Within(12 * HOUR_MS), 12 * HOUR_MS),
    (Step::Days(1), DAY_MS),
    (Step::Days(2), 2 * DAY_MS),
    (Step::Days(7), 7 * DAY_MS),
    (Step::Days(14), 14 * DAY_MS),
    (Step::Months(1), 30 * DAY_MS),
    (Step::Months(2), 61 * DAY_MS),
    (Step::Months(3), 91 * DAY_MS),
    (Step::Months(6), 183 * DAY_MS),
    (Step::Years(1), 365 * DAY_MS),
    (Step::Years(2), 730 * DAY_MS),
    (Step::Years(5), 1826 * DAY_MS),
];

/// The step that puts at most `most` marks on a stretch of time.
pub fn step(length_ms: i64, most: u32) -> Step {
    let fits = STEPS.iter().find(|(_, ms)| length_ms / ms <= i64::from(most));
    fits.map_or(Step::Years(10), |(step, _)| *step)
}

/// The marks from `from` to `to` with their labels: times within days, days within months, months, years.
pub fn times(from: Local, to: Local, most: u32, words: &Words) -> Vec<(Local, String)> {
    let step = step(to.0 - from.0, most);
    let mut marks = Vec::new();
    let mut at = first(from, step);
    while at.0 <= to.0 && marks.len() < 200 {
        if at.0 >= from.0 {
            marks.push((at, name(at, step, words)));
        }
        at = next(at, step);
    }
    marks
}

fn first(from: Local, step: Step) -> Local {
    let civil = from.civil();
    match step {
        Step::Within(ms) => {
            let day = from.0.div_euclid(DAY_MS) * DAY_MS;
            Local(day + (from.0 - day).div_euclid(ms) * ms)
        }
        Step::Days(days) if days % 7 == 0 => {
            let monday = from.0.div_euclid(DAY_MS) - i64::from(civil.weekday);
            Local(monday * DAY_MS)
        }
        Step::Days(_) => Local(from.0.div_euclid(DAY_MS) * DAY_MS),
        Step::Months(months) => Local::at(civil.year, (civil.month - 1) / months * months + 1, 1, 0, 0),
        Step::Years(years) => Local::at(civil.year.div_euclid(years) * years, 1, 1, 0, 0),
    }
}

fn next(at: Local, step: Step) -> Local {
    let civil = at.civil();
    match step {
        Step::Within(ms) => Local(at.0 + ms),
        Step::Days(days) => Local(at.0 + days * DAY_MS),
        Step::Months(months) => {
            let month = civil.month - 1 + months;
            Local::at(civil.year + i64::from(month / 12), month % 12 + 1, 1, 0, 0)
        }
        Step::Years(years) => Local::at(civil.year + years, 1, 1, 0, 0),
    }
}

fn name(at: Local, step: Step, words: &Words) -> String {
    let civil = at.civil();
    match step {
        Step::Within(_) if civil.hour == 0 && civil.minute == 0 => at.day(words),
        Step::Within(_) => at.time(),
        Step::Days(_) => at.day(words),
        Step::Months(_) if civil.month == 1 => civil.year.to_string(),
        Step::Months(_) => words.say(format!("month-{}", civil.month)),
        Step::Years(_) => civil.year.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalogue;

    #[test]
    fn marks_are_round_and_cover_what_is_drawn() {
        assert_eq!(round(0.0, 9.3, 5), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert!((round(0.0, 0.24, 4).last().unwrap() - 0.3).abs() < 1e-12);
        assert_eq!(label(0.3, 0.1, Language::English), "0.3");
        assert_eq!(label(2.0, 0.5, Language::German), "2");
        assert_eq!(round(3.0, 3.0, 4), [3.0, 4.0]);
    }

    #[test]
    fn an_hour_is_marked_by_minutes_and_ten_years_by_years() {
        let all = Catalogue::new(&[], &[]).unwrap();
        let words = all.of(Language::English);
        let from = Local::at(2026, 11, 25, 14, 3);
        let hour: Vec<_> = times(from, Local(from.0 + HOUR_MS), 7, words).into_iter().map(|(_, n)| n).collect();
        assert_eq!(hour, ["14:10", "14:20", "14:30", "14:40", "14:50", "15:00"]);
        let years: Vec<_> = times(from, Local::at(2036, 11, 25, 0, 0), 10, words).into_iter().map(|(_, n)| n).collect();
        assert_eq!((years.first().map(String::as_str), years.len()), (Some("2027"), 10));
    }
}
