//! Time: two oscillators in, one clock that only goes forward out, and the wall clock as a label on it.
//!
//! This file answers for what counts as elapsed. Nobody else in the pump sees a reading of an oscillator. It leaves
//! what is done about a disagreement (alarm, fall-back) to `controller`, and what a clock setting does to the day
//! schedule to `calendar`.
//!
//! Terms. *Readings*: the two oscillators' own counts of ms; they mean nothing but their differences. *Mono*: the pump's
//! delivery time, ms since its birth. *Span*: what is compared at a time; it ends with the first tick at which either
//! oscillator has counted ten minutes. *Standing*: what the last whole span showed.
//!
//! | in the last whole span | standing | mono follows |
//! |---|---|---|
//! | they differ by 2 % of the faster at most | agree | the first |
//! | by more than 2 % | disagree | whichever counted less, so only at ticks |
//! | by more than 20 % | failed | whichever counted less, so only at ticks |
//! | one of them did not count at all | failed | the other: what stands still measures nothing, and mono must not stop |
//!
//! When a disagreement shows, mono may already have counted the faster one. It then stands still until the slower one
//! has caught up, so that over the whole time the lesser count holds. What mono can be ahead by is bounded: between
//! ticks it follows a reading for an hour at most, and at a tick nothing is counted before it was compared.

use orders::{Duration, Instant, WallTime};

/// The comparison needs this much of the faster oscillator: 2 % of it are 12 s, far above any granularity of a counter.
pub const SPAN: Duration = Duration::from_minutes(10);
/// Without a tick mono follows the first oscillator this far; a reading beyond it waits for the second one's word.
pub const UNCOMPARED_MAX: Duration = Duration::from_hours(1);
/// More than this share of the faster one, in percent, is a disagreement.
const DISAGREE_PERCENT: u128 = 2;
/// More than this share of the faster one, in percent, is a failure.
const FAILED_PERCENT: u128 = 20;

/// What the two oscillators say of each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Agreement {
    /// Within 2 %.
    Agree,
    /// More than 2 % apart: the lesser counts, with an alarm.
    Disagree,
    /// More than 20 % apart: the fall-back.
    Failed,
    /// A reading lay before the one before it. It counted as nothing elapsed and is a fault.
    Regressed,
}

/// Which count mono follows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Counting {
    First,
    Second,
    Lesser,
}

/// Two oscillators and the clocks made of them.
#[derive(Clone, Debug)]
pub struct Clocks {
    /// Latest readings.
    first: u64,
    second: u64,
    /// What each has counted in the open span.
    first_ms: u64,
    second_ms: u64,
    /// What the first had counted in it at the latest tick.
    ticked_ms: u64,
    /// Mono where the open span began; behind `latest` while the slower one catches up.
    base: Instant,
    /// The latest mono that was told. It never goes back.
    latest: Instant,
    counting: Counting,
    standing: Agreement,
    /// A reading went back since the last tick.
    regressed: bool,
    agreement: Agreement,
    /// Wall time less mono, in ms; `None` while the wall clock is not trusted.
    wall: Option<i64>,
}

impl Clocks {
    /// Clocks at a restart, or at birth with `mono` nothing. `mono` comes from the dose record: what passed since it was
    /// written and cannot be known is not in it.
    pub const fn start(raw: u64, second: u64, mono: Instant) -> Self {
        Self {
            first: raw,
            second,
            first_ms: 0,
            second_ms: 0,
            ticked_ms: 0,
            base: mono,
            latest: mono,
            counting: Counting::First,
            standing: Agreement::Agree,
            regressed: false,
            agreement: Agreement::Agree,
            wall: None,
        }
    }

    /// What was known of the oscillators before a restart stands until they have been compared again.
    pub(crate) const fn keep_standing(&mut self, standing: Agreement) {
        self.counting = match standing {
            Agreement::Agree | Agreement::Regressed => Counting::First,
            Agreement::Disagree | Agreement::Failed => Counting::Lesser,
        };
        self.standing = standing;
        self.agreement = standing;
    }

    /// Both oscillators are read, `raw` being the first's. Ticks come at least every ten minutes; later ones only make
    /// the pump give less.
    pub fn tick(&mut self, raw: u64, second: u64) -> Agreement {
        self.read_first(raw);
        //= requirements/time.md#never-backwards
        //# An instant before the last one MUST count as no time elapsed and as a fault.
        match second.checked_sub(self.second) {
            Some(elapsed) => self.second_ms = self.second_ms.saturating_add(elapsed),
            None => self.regressed = true,
        }
        self.second = second;
        if self.first_ms.max(self.second_ms) >= SPAN.get() {
            self.compare();
        }
        self.ticked_ms = self.first_ms;
        self.latest = self.latest.max(self.counted());
        self.agreement = if self.regressed { Agreement::Regressed } else { self.standing };
        self.regressed = false;
        self.agreement
    }

    /// Mono at a reading of the first oscillator. A reading before the last one counts as nothing elapsed, and the next
    /// tick says so.
    pub fn now(&mut self, raw: u64) -> Instant {
        self.read_first(raw);
        if self.is_compared() {
            self.latest = self.latest.max(self.counted());
        }
        self.latest
    }

    /// The latest reading of the first oscillator; mono was told at it or lags behind it.
    pub const fn reading(&self) -> u64 {
        self.first
    }

    /// The latest mono that was told.
    pub const fn latest(&self) -> Instant {
        self.latest
    }

    /// The earliest reading of the first oscillator at which `mono` may be reached, for a deadline. While only ticks move
    /// mono it is a guess that lies ahead of the latest tick: the tick itself is what wakes the pump, and no reading taken
    /// for something else may put it off.
    pub const fn raw_of(&self, mono: Instant) -> u64 {
        match self.counting {
            Counting::First if self.is_compared() => {
                let ahead = mono.since(self.base).get().saturating_sub(self.first_ms);
                self.first.saturating_add(ahead)
            }
            Counting::First | Counting::Second | Counting::Lesser => {
                let since_tick = self.first_ms.saturating_sub(self.ticked_ms);
                let ahead = mono.since(self.latest).get();
                // One that is overdue comes at once, and never at a reading that has been.
                let soonest = self.first.saturating_add(if ahead > 0 { 1 } else { 0 });
                let guess = self.first.saturating_sub(since_tick).saturating_add(ahead);
                if guess > soonest { guess } else { soonest }
            }
        }
    }

    /// What the last tick said.
    pub const fn agreement(&self) -> Agreement {
        self.agreement
    }

    /// What people's clocks show; `None` while that is not trusted.
    pub fn wall(&self, now: Instant) -> Option<WallTime> {
        now.get().checked_add_signed(self.wall?).map(WallTime::new)
    }

    /// The wall clock is set. A time that cannot be held leaves it untrusted.
    pub fn set_wall(&mut self, now: Instant, wall: WallTime) {
        self.wall = difference(wall.get(), now.get());
    }

    /// Wall time less mono, in ms, for the record.
    pub const fn wall_offset(&self) -> Option<i64> {
        self.wall
    }

    /// Restores what the record held. Only for a restart at which mono lost nothing: else the wall clock is behind.
    pub const fn restore_wall(&mut self, offset: Option<i64>) {
        self.wall = offset;
    }

    /// The wall clock is no longer trusted, until it is set.
    pub const fn distrust_wall(&mut self) {
        self.wall = None;
    }

    /// Whether the last tick is near enough to believe the first oscillator until the next.
    const fn is_compared(&self) -> bool {
        self.first_ms.saturating_sub(self.ticked_ms) <= UNCOMPARED_MAX.get()
    }

    fn read_first(&mut self, raw: u64) {
        match raw.checked_sub(self.first) {
            Some(elapsed) => self.first_ms = self.first_ms.saturating_add(elapsed),
            None => self.regressed = true,
        }
        // A counter that went back stays there: from here it counts on.
        self.first = raw;
    }

    /// Mono by the count that the standing lets it follow.
    const fn counted(&self) -> Instant {
        let lesser = if self.first_ms < self.second_ms { self.first_ms } else { self.second_ms };
        let elapsed = match self.counting {
            Counting::First => self.first_ms,
            Counting::Second => self.second_ms,
            Counting::Lesser => lesser,
        };
        self.base.after(Duration::new(elapsed))
    }

    /// A span has ended: what it shows, and what it counts.
    //= requirements/time.md#two-oscillators
    //# When the oscillators differ by more than 2 %, delivery and windows MUST use whichever counts less elapsed time for them, with an alarm.
    fn compare(&mut self) {
        let (slower, faster) = (self.first_ms.min(self.second_ms), self.first_ms.max(self.second_ms));
        let apart = u128::from(faster.saturating_sub(slower)).saturating_mul(100);
        let percent = |share: u128| u128::from(faster).saturating_mul(share);
        if slower == 0 {
            self.standing = Agreement::Failed;
            let alone = if self.first_ms == 0 { Counting::Second } else { Counting::First };
            // The span in which the count changes hands gives nothing: it might have been a leap.
            if alone == self.counting {
                let alone_ms = Duration::new(faster.min(UNCOMPARED_MAX.get()));
                self.latest = self.latest.max(self.base.after(alone_ms));
            }
            self.counting = alone;
            self.base = self.latest;
        } else if apart > percent(DISAGREE_PERCENT) {
            let is_failed = apart > percent(FAILED_PERCENT);
            self.standing = if is_failed { Agreement::Failed } else { Agreement::Disagree };
            self.counting = Counting::Lesser;
            self.base = self.counted();
        } else {
            self.base = self.counted();
            self.standing = Agreement::Agree;
            self.counting = Counting::First;
        }
        self.first_ms = 0;
        self.second_ms = 0;
    }
}

/// `a` less `b`; `None` if it cannot be held.
fn difference(a: u64, b: u64) -> Option<i64> {
    i64::try_from(a).ok()?.checked_sub(i64::try_from(b).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MINUTE: u64 = 60_000;
    const HOUR: u64 = 3_600_000;

    /// Two oscillators that run at so many thousandths of the true speed, read every true minute.
    struct Bench {
        clocks: Clocks,
        first: u64,
        second: u64,
        speed: (u64, u64),
    }

    impl Bench {
        fn new() -> Self {
            let (first, second) = (7_000_000, 123);
            Self { clocks: Clocks::start(first, second, Instant::ZERO), first, second, speed: (1000, 1000) }
        }

        fn minutes(&mut self, minutes: u64) -> Agreement {
            for _ in 0..minutes {
                self.first += MINUTE * self.speed.0 / 1000;
                self.second += MINUTE * self.speed.1 / 1000;
                self.clocks.tick(self.first, self.second);
            }
            self.clocks.agreement()
        }

        fn mono(&self) -> u64 {
            self.clocks.latest().get()
        }
    }

    #[test]
    fn two_that_agree_count_exactly_what_the_first_counts() {
        let mut bench = Bench::new();
        bench.speed = (1000, 985);
        assert_eq!(bench.minutes(24 * 60), Agreement::Agree);
        assert_eq!(bench.mono(), 24 * HOUR);
        assert_eq!(bench.clocks.now(bench.first + 1234).get(), 24 * HOUR + 1234);
        assert_eq!(bench.clocks.raw_of(Instant::new(25 * HOUR)), bench.first + HOUR);
    }

    //= requirements/time.md#two-oscillators
    //= type=test
    //# When the oscillators differ by more than 2 %, delivery and windows MUST use whichever counts less elapsed time for them, with an alarm.
    #[test]
    fn an_oscillator_three_percent_fast_or_slow_never_counts_more_than_the_slower_one() {
        for speed in [(1030, 1000), (1000, 1030), (970, 1000), (1000, 970)] {
            let mut bench = Bench::new();
            bench.speed = speed;
            // 00:10: the first span of ten minutes of the faster one shows it. Before, nothing could.
            assert_eq!(bench.minutes(10), Agreement::Disagree, "{speed:?}");
            bench.minutes(24 * 60 - 10);
            let lesser = 24 * HOUR * speed.0.min(speed.1) / 1000;
            assert_eq!(bench.clocks.agreement(), Agreement::Disagree);
            assert_eq!(bench.mono(), lesser, "{speed:?}");
        }
    }

    #[test]
    fn a_first_oscillator_twice_too_fast_gains_no_minute_once_it_was_compared() {
        let mut bench = Bench::new();
        bench.minutes(60);
        bench.speed = (2000, 1000);
        // 01:05: ten minutes of the fast one are five of the other. They were counted, and are now waited for.
        assert_eq!(bench.minutes(5), Agreement::Failed);
        let at = bench.mono();
        assert!(at <= HOUR + 10 * MINUTE);
        bench.minutes(2);
        assert_eq!(bench.mono(), at, "01:07: it stands still");
        bench.minutes(53);
        assert_eq!(bench.mono(), 2 * HOUR, "02:00 is 02:00");
        // Between ticks the fast one moves nothing.
        assert_eq!(bench.clocks.now(bench.first + 30_000).get(), 2 * HOUR);
        // Both right again: after one whole span they agree.
        bench.speed = (1000, 1000);
        assert_eq!(bench.minutes(20), Agreement::Agree);
        assert_eq!(bench.mono(), 2 * HOUR + 20 * MINUTE);
    }

    #[test]
    fn a_second_oscillator_at_half_speed_halves_what_counts_and_never_adds() {
        let mut bench = Bench::new();
        bench.speed = (1000, 500);
        assert_eq!(bench.minutes(120), Agreement::Failed);
        assert_eq!(bench.mono(), HOUR);
    }

    #[test]
    fn one_that_stands_still_fails_and_the_pump_goes_on_with_the_other() {
        for (speed, lost) in [((0, 1000), 20 * MINUTE), ((1000, 0), 0)] {
            let mut bench = Bench::new();
            bench.minutes(60);
            bench.speed = speed;
            assert_eq!(bench.minutes(10), Agreement::Failed, "{speed:?}");
            bench.minutes(170);
            assert_eq!(bench.clocks.agreement(), Agreement::Failed);
            let mono = bench.mono();
            assert!(mono <= 4 * HOUR && mono >= 4 * HOUR - lost, "{speed:?}: {mono}");
        }
    }

    //= requirements/time.md#never-backwards
    //= type=test
    //# An instant before the last one MUST count as no time elapsed and as a fault.
    #[test]
    fn a_reading_that_goes_back_counts_as_nothing_and_is_said() {
        let mut bench = Bench::new();
        bench.minutes(60);
        assert_eq!(bench.clocks.tick(bench.first - 30 * MINUTE, bench.second + MINUTE), Agreement::Regressed);
        assert_eq!(bench.mono(), HOUR);
        // It is said once; the counter counts on from where it went.
        assert_ne!(bench.clocks.tick(bench.first - 29 * MINUTE, bench.second + 2 * MINUTE), Agreement::Regressed);
        assert_eq!(bench.mono(), HOUR + MINUTE);
    }

    #[test]
    fn a_reading_that_goes_back_between_ticks_takes_nothing_back_and_the_next_tick_says_it() {
        let mut clocks = Clocks::start(1_000, 0, Instant::ZERO);
        assert_eq!(clocks.now(6_000), Instant::new(5_000));
        assert_eq!(clocks.now(2_000), Instant::new(5_000));
        assert_eq!(clocks.now(3_000), Instant::new(6_000));
        assert_eq!(clocks.tick(3_000, 6_000), Agreement::Regressed);
        assert_eq!(clocks.latest(), Instant::new(6_000));
    }

    #[test]
    fn a_leap_of_years_in_one_counter_counts_nothing() {
        let mut bench = Bench::new();
        bench.minutes(60);
        let leap = 1 << 40;
        assert_eq!(bench.clocks.now(bench.first + leap).get(), HOUR);
        bench.first += leap;
        assert_eq!(bench.minutes(1), Agreement::Failed);
        assert_eq!(bench.mono(), HOUR + MINUTE);
        assert_eq!(bench.minutes(60), Agreement::Agree);
        assert_eq!(bench.mono(), 2 * HOUR + MINUTE);
        // And in the other one.
        bench.second += leap;
        assert_eq!(bench.minutes(1), Agreement::Failed);
        assert_eq!(bench.minutes(60), Agreement::Agree);
        assert_eq!(bench.mono(), 3 * HOUR + 2 * MINUTE);
    }

    #[test]
    fn setting_the_wall_clock_moves_no_delivery_time() {
        let mut bench = Bench::new();
        bench.minutes(60);
        let now = bench.clocks.latest();
        assert_eq!(bench.clocks.wall(now), None);
        bench.clocks.set_wall(now, WallTime::new(1_800_000_000_000));
        assert_eq!(bench.clocks.latest(), now);
        bench.minutes(30);
        let later = bench.clocks.latest();
        assert_eq!(bench.clocks.wall(later), Some(WallTime::new(1_800_000_000_000 + 30 * MINUTE)));
        let kept = bench.clocks.wall_offset();
        bench.clocks.distrust_wall();
        assert_eq!(bench.clocks.wall(later), None);
        bench.clocks.restore_wall(kept);
        assert_eq!(bench.clocks.wall(now), Some(WallTime::new(1_800_000_000_000)));
        assert_eq!(bench.mono(), 90 * MINUTE);
    }

    proptest! {
        #[test]
        fn mono_never_goes_back_and_never_passes_the_first_while_nothing_regresses(
            steps in proptest::collection::vec((0u64..900_000, 0u64..900_000, any::<bool>()), 1..200)
        ) {
            let (mut first, mut second) = (0, 0);
            let mut clocks = Clocks::start(0, 0, Instant::ZERO);
            let mut before = Instant::ZERO;
            for (of_first, of_second, is_tick) in steps {
                first += of_first;
                second += of_second;
                if is_tick { clocks.tick(first, second); } else { clocks.now(first); }
                prop_assert!(clocks.latest() >= before);
                prop_assert!(clocks.latest().get() <= first.max(second));
                // A deadline is never late: before the reading told, the moment is not reached.
                let soon = clocks.latest().after(Duration::new(1_000));
                let reading = clocks.raw_of(soon);
                prop_assert!(reading > first);
                prop_assert!(clocks.counting != Counting::First || clocks.clone().now(reading - 1) < soon);
                before = clocks.latest();
            }
        }
    }
}
