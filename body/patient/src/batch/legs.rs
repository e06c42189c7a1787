//! The grid of a course: whole steps of ten minutes or of one, and the moments between at which something is given.
//!
//! The same for everybody, so that eight people can be stepped side by side; who sleeps when is their own affair.

use super::{Amount, Given};
use crate::time::{MINUTE_MS, Time};

/// Step of the effects, and the short one for an hour after something is given at once.
const STEP_MS: u64 = 10 * MINUTE_MS;
const DETAIL_STEP_MS: u64 = MINUTE_MS;
const DETAIL_MS: u64 = 60 * MINUTE_MS;

/// A stretch of the course.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leg {
    /// Something is given: its number in the list.
    Give(usize),
    /// A part of a step; whether its end is on the grid.
    Part { ms: u64, is_on_grid: bool },
    /// Whole steps.
    Run { step_ms: u64, count: u64 },
}

/// A cursor over the course.
#[derive(Debug, Clone)]
pub struct Walk<'g> {
    given: &'g [Given],
    next: usize,
    at: u64,
    detail_until: u64,
    has_detail: bool,
}

impl<'g> Walk<'g> {
    /// From the start; what is given must be in order of time.
    pub fn new(given: &'g [Given], has_detail: bool) -> Self {
        Self { given, next: 0, at: 0, detail_until: 0, has_detail }
    }

    /// Legs up to a time on the grid of ten minutes, and the times on the grid that they reach.
    pub fn until(&mut self, until: Time) -> (Vec<Leg>, Vec<Time>) {
        let (mut legs, mut times) = (Vec::new(), Vec::new());
        while self.at < until.ms {
            let due = self.given.get(self.next).map_or(u64::MAX, |given| given.at.ms);
            if due <= self.at {
                if self.has_detail && matches!(self.given[self.next].amount, Amount::Mass(_)) {
                    self.detail_until = self.at + DETAIL_MS;
                }
                legs.push(Leg::Give(self.next));
                self.next += 1;
                continue;
            }
            let is_close = self.at < self.detail_until;
            let step = if is_close { DETAIL_STEP_MS } else { STEP_MS };
            let stop = due.min(until.ms).min(if is_close { self.detail_until } else { u64::MAX });
            let count = if self.at.is_multiple_of(step) { (stop - self.at) / step } else { 0 };
            if count > 0 {
                legs.push(Leg::Run { step_ms: step, count });
                times.extend((1..=count).map(|n| Time { ms: self.at + n * step }));
                self.at += count * step;
                continue;
            }
            let next = (self.at / step + 1) * step;
            let to = next.min(due);
            legs.push(Leg::Part { ms: to - self.at, is_on_grid: to == next });
            if to == next {
                times.push(Time { ms: to });
            }
            self.at = to;
        }
        (legs, times)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::Way;

    #[test]
    fn whole_steps_run_together_and_what_is_given_between_parts_them() {
        let give = |minutes: u64| Given {
            at: Time { ms: minutes * MINUTE_MS },
            drug: 0,
            way: Way::Tip,
            amount: Amount::Mass(1.0),
        };
        let given = [give(0), give(25)];
        let (legs, times) = Walk::new(&given, false).until(Time { ms: 60 * MINUTE_MS });
        let minutes: Vec<u64> = times.iter().map(|t| t.ms / MINUTE_MS).collect();
        assert_eq!(minutes, [10, 20, 30, 40, 50, 60]);
        let part = |minutes: u64, is_on_grid| Leg::Part { ms: minutes * MINUTE_MS, is_on_grid };
        let run = |count| Leg::Run { step_ms: STEP_MS, count };
        assert_eq!(legs, [Leg::Give(0), run(2), part(5, false), Leg::Give(1), part(5, true), run(3)]);
        let (_, times) = Walk::new(&given[1..], true).until(Time { ms: 120 * MINUTE_MS });
        assert_eq!(times.len(), 2 + 60 + 4, "a minute's detail from 25 to 85, ten minutes before and after");
    }
}
