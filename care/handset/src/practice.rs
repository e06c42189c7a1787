//! Practice: the same pages without a pump. Nothing is sent, nothing is given, nothing is kept.

use crate::asked::{Outcome, Why};
use orders::Reason;

/// The practice pump's lockout, ms: short, so that one lesson shows a dose, a refusal and the next dose.
pub const LOCKOUT_MS: i64 = 60_000;
/// Doses in a lesson.
pub const ALLOTMENT: u8 = 4;

/// A lesson.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Practice {
    /// Doses given in it.
    pub given: u8,
    /// When the last began, ms since 1970 UTC.
    pub last_ms: Option<i64>,
    /// Whether an alarm is being rehearsed.
    pub beeps: bool,
}

impl Practice {
    /// Asks the practice pump.
    pub fn ask(&mut self, now_ms: i64, offset_min: i16) -> Outcome {
        if self.given >= ALLOTMENT {
            let why = Why { reason: Reason::Allotment.code(), not_before_ms: None, not_before_wall: None };
            return Outcome::Refused { why: vec![why] };
        }
        match self.last_ms.map(|last| last + LOCKOUT_MS) {
            Some(until) if until > now_ms => {
                let wall = u64::try_from(until + i64::from(offset_min) * 60_000).ok();
                Outcome::Refused {
                    why: vec![Why {
                        reason: Reason::Lockout.code(),
                        not_before_ms: Some(until),
                        not_before_wall: wall.map(|wall| wall.next_multiple_of(60_000)),
                    }],
                }
            }
            Some(_) | None => {
                self.given += 1;
                self.last_ms = Some(now_ms);
                Outcome::Granted { volume_nl: Some(12_500), duration_ms: Some(600_000) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lesson_shows_a_dose_a_refusal_with_its_time_and_the_next_dose() {
        let mut lesson = Practice::default();
        assert!(matches!(lesson.ask(0, 0), Outcome::Granted { .. }));
        let Outcome::Refused { why } = lesson.ask(10_000, 0) else { panic!("refused") };
        assert_eq!((why[0].reason, why[0].not_before_ms), (Reason::Lockout.code(), Some(60_000)));
        assert!(matches!(lesson.ask(60_000, 0), Outcome::Granted { .. }));
        assert_eq!(lesson.given, 2);
    }
}
