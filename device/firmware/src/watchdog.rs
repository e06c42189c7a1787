//! When the watchdog may be fed.
//!
//! The watchdog is a part of its own, with a clock of its own: not fed in time, it cuts the drive's enable and then
//! restarts the core. This file answers only for the question whether it may be fed; a board does the feeding.
//!
//! ```text
//!  owes nothing ── an input is taken ──▶ owes Inputs ── handled ──▶ owes Actions ── polled to the end ──▶ owes nothing
//!                                                                   └ a write begins ─▶ owes Stores ─ durable ┘
//! ```

/// Something that must come to its end before the watchdog is fed again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Task {
    /// An input was taken and is being handled.
    Inputs,
    /// The implant is being polled and its actions done.
    Actions,
    /// A record is being written.
    Stores,
}

impl Task {
    const fn bit(self) -> u8 {
        match self {
            Task::Inputs => 1,
            Task::Actions => 2,
            Task::Stores => 4,
        }
    }
}

/// How late a deadline may be met before a sleeper counts as lost, in ms: a handshake's work at the lowest core clock.
pub const LATE_MAX_MS: u64 = 2_000;

/// What every task has done since the watchdog was fed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    owed: u8,
    fed: Option<u64>,
}

impl Progress {
    /// A task has begun.
    pub fn owe(&mut self, task: Task) {
        self.owed |= task.bit();
    }

    /// It has come to its end.
    pub fn done(&mut self, task: Task) {
        self.owed &= !task.bit();
    }

    /// Whether the watchdog may be fed now, and if so, that it was: nothing is owed, the clock has gone on since the
    /// last time, and nobody sleeps beyond the deadline that the implant gave.
    //= requirements/firmware.md#watchdog
    //# The watchdog MUST be fed only when every task has made progress since the last time.
    pub fn feed(&mut self, now: u64, deadline: Option<u64>) -> bool {
        let has_clock = self.fed.is_none_or(|fed| now > fed);
        let is_lost = deadline.is_some_and(|deadline| now > deadline.saturating_add(LATE_MAX_MS));
        let may = self.owed == 0 && has_clock && !is_lost;
        if may {
            self.fed = Some(now);
        }
        may
    }
}

/// The window of a part that takes being fed too early for a fault as well as being fed too late, in ms.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    /// Sooner than this after the last time is a fault.
    pub open_ms: u64,
    /// Later than this is one.
    pub close_ms: u64,
}

/// What a windowed part makes of a feeding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Taken.
    Fed,
    /// Too early: a program that runs wild feeds all the time.
    Early,
    /// Too late.
    Late,
}

impl Window {
    /// The verdict on a feeding so long after the last.
    pub const fn judge(self, since_ms: u64) -> Verdict {
        match (since_ms < self.open_ms, since_ms > self.close_ms) {
            (true, _) => Verdict::Early,
            (false, true) => Verdict::Late,
            (false, false) => Verdict::Fed,
        }
    }

    /// When a sleeper is to wake for feeding: in the middle, as far from either fault as can be.
    pub const fn wake_ms(self) -> u64 {
        self.open_ms.midpoint(self.close_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    //= requirements/firmware.md#watchdog
    //= type=test
    //# The watchdog MUST be fed only when every task has made progress since the last time.
    fn a_task_that_hangs_starves_the_watchdog() {
        for task in [Task::Inputs, Task::Actions, Task::Stores] {
            let mut progress = Progress::default();
            assert!(progress.feed(0, None), "nothing is owed at the start");
            progress.owe(task);
            for now in 1..1_000 {
                assert!(!progress.feed(now, None), "{task:?} has not come to its end");
            }
            progress.done(task);
            assert!(progress.feed(1_000, None));
        }
    }

    #[test]
    fn two_tasks_hang_and_one_comes_free_but_that_is_not_enough() {
        let mut progress = Progress::default();
        progress.owe(Task::Actions);
        progress.owe(Task::Stores);
        progress.done(Task::Actions);
        assert!(!progress.feed(5, None));
    }

    #[test]
    fn a_clock_that_stands_still_starves_the_watchdog() {
        let mut progress = Progress::default();
        assert!(progress.feed(7, None));
        assert!(!progress.feed(7, None));
        assert!(!progress.feed(6, None));
        assert!(progress.feed(8, None));
    }

    #[test]
    fn who_sleeps_through_the_deadline_is_not_fed() {
        let mut progress = Progress::default();
        assert!(progress.feed(10_000, Some(9_000)), "a little late is a long handshake");
        assert!(!progress.feed(9_000 + LATE_MAX_MS + 1, Some(9_000)));
    }

    #[test]
    fn a_windowed_part_tells_early_from_late() {
        let window = Window { open_ms: 20_000, close_ms: 100_000 };
        assert_eq!(window.judge(19_999), Verdict::Early);
        assert_eq!(window.judge(20_000), Verdict::Fed);
        assert_eq!(window.judge(window.wake_ms()), Verdict::Fed);
        assert_eq!(window.judge(100_000), Verdict::Fed);
        assert_eq!(window.judge(100_001), Verdict::Late);
    }
}
