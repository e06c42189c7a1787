//! Round numbers for axes: times in the unit that people would say, values in steps of one, two or five.

use libm::{floor, log10, pow};

/// Steps of a time axis, min.
const STEPS_MIN: [f64; 19] = [
    5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 180.0, 240.0, 360.0, 720.0, 1440.0, 2880.0, 7200.0, 14_400.0, 43_200.0,
    86_400.0, 182_625.0, 365_250.0, 525_960.0,
];
/// Ticks that have room.
const TICKS_MAX: f64 = 9.0;

/// Ticks between two times, min, with their words.
pub fn times(from: f64, until: f64) -> Vec<(f64, String)> {
    let span = (until - from).max(1.0);
    let coarsest = floor(span / TICKS_MAX / 525_960.0 + 1.0) * 525_960.0;
    let step = STEPS_MIN.into_iter().find(|step| span / step <= TICKS_MAX).unwrap_or(coarsest);
    let first = floor(from / step + 0.999_999);
    (0..64)
        .map(|n| (first + f64::from(n)) * step)
        .take_while(|minute| *minute <= until + 1e-9)
        .map(|minute| (minute, time(minute, step)))
        .collect()
}

fn time(minute: f64, step: f64) -> String {
    let shown = |value: f64| {
        let text = format!("{value:.1}");
        text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
    };
    if minute == 0.0 {
        "0".into()
    } else if step >= 182_625.0 {
        format!("{} y", shown(minute / 525_960.0))
    } else if step >= 1440.0 {
        format!("{} d", shown(minute / 1440.0))
    } else if step >= 60.0 {
        format!("{} h", shown(minute / 60.0))
    } else {
        format!("{} min", shown(minute))
    }
}

/// The smallest of 1, 1.5, 2, 3, 5, 7 times a power of ten that is not below a value above zero.
pub fn round_up(value: f64) -> f64 {
    if !(value.is_finite() && value > 0.0) {
        return 1.0;
    }
    let power = pow(10.0, floor(log10(value)));
    [1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0]
        .into_iter()
        .map(|m| m * power)
        .find(|m| *m >= value * (1.0 - 1e-12))
        .unwrap_or(10.0 * power)
}

/// A number as people write it, three digits at most where that tells enough.
pub fn number(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 {
        return "0".into();
    }
    if !(1e-3..1e6).contains(&size) {
        return format!("{value:.0e}");
    }
    let digits = if size >= 100.0 { 0 } else { (2.0 - floor(log10(size))) as usize };
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_few_and_said_in_the_unit_that_people_use() {
        let words = |from, until| times(from, until).into_iter().map(|t| t.1).collect::<Vec<_>>();
        assert_eq!(words(0.0, 360.0), ["0", "1 h", "2 h", "3 h", "4 h", "5 h", "6 h"]);
        assert_eq!(words(0.0, 40.0).last().map(String::as_str), Some("40 min"));
        assert_eq!(words(0.0, 3.0 * 1440.0).last().map(String::as_str), Some("72 h"));
        assert_eq!(words(0.0, 10.0 * 525_960.0).len(), 6);
        for days in 1..4000 {
            assert!((2..=12).contains(&times(0.0, f64::from(days) * 1440.0).len()), "{days}");
        }
    }

    #[test]
    fn numbers_are_round() {
        assert_eq!([round_up(0.013), round_up(200.0), round_up(201.0), round_up(0.0)], [0.015, 200.0, 300.0, 1.0]);
        assert_eq!([number(0.02), number(12.34), number(500.0), number(2e-5)], ["0.02", "12.3", "500", "2e-5"]);
    }
}
