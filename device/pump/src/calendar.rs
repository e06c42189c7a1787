//! The day schedule against a wall clock that people set.
//!
//! This file answers for which flow a schedule gives at a time of the wall clock, and for what a setting of that clock
//! may not do: give a step twice. It leaves ramps, modes and everything monotonic to `program`.
//!
//! Terms. *Old clock*: the wall clock as it ran before the rule began, going on unseen. *Rule*: after a setting the lower
//! of the flows by the old and the new time runs, for a day and no longer.
//!
//! Why a day: as long as the rule runs, the flow is at most what the old clock would give; from the moment it ends, it
//! was at most what the new one gives. A window of a day or less holds the setting or the end of the rule, never
//! both, so it never holds more than one undisturbed clock gives in some such window. No step can run twice within 20 h,
//! and what is predicted for 24 h, with no regard to the clock, stays true through every setting. Why no longer: after a
//! day nothing of what ran by the old clock can come a second time, whether both clocks agree by then or not; a schedule
//! whose rates never meet would only run too low. A second setting under the rule keeps the oldest clock and begins the
//! day anew.

use orders::prescription::Schedule;
use orders::quantity::{DAY_MS, HOUR_MS};
use orders::{Duration, FlowRate, Instant, Permille, Volume, WallTime};

/// So long the lower of both runs: 20 h would keep a step from running twice, a day is the ceilings' longest window.
pub const RULE: Duration = Duration::from_hours(24);
const HALF_HOUR_MS: u64 = HOUR_MS / 2;
const WEEK_HALF_HOURS: u64 = 336;

/// A clock setting that still has its effect.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Setting {
    /// The old wall time less mono, in ms; `None` if there was none that was trusted.
    pub(crate) old: Option<i64>,
    /// When the clock was set last.
    pub(crate) since: Instant,
}

impl Setting {
    /// The clock is set, under a rule that may run already.
    pub fn after(before: Option<Self>, now: Instant, old: Option<WallTime>) -> Self {
        let offset = |wall: WallTime| i64::try_from(wall.get()).ok()?.checked_sub(i64::try_from(now.get()).ok()?);
        Self { old: before.map_or(old.and_then(offset), |rule| rule.old), since: now }
    }

    /// The flow under the rule.
    //= requirements/time.md#setting-the-clock
    //# A clock setting MUST NOT make a step of the day schedule run twice within 20 h, for the lower of the old and the new rate runs for a day after it.
    pub fn flow(&self, now: Instant, schedule: &Schedule, wall: WallTime) -> FlowRate {
        flow_at(schedule, wall).min(self.old_flow(now, schedule))
    }

    /// Whether the rule has done its work.
    //= requirements/time.md#setting-the-clock
    //# A clock setting MUST NOT lower the day schedule for longer than a day.
    pub fn is_over(&self, now: Instant) -> bool {
        now.since(self.since) >= RULE
    }

    /// The next time at which the flow under the rule may change for the old clock's sake, or the rule may end.
    pub fn next_change(&self, now: Instant) -> Option<Instant> {
        let half_hour = self.old_wall(now).map(|old| next_half_hour(now, old));
        [Some(self.since.after(RULE)), half_hour].into_iter().flatten().filter(|change| *change > now).min()
    }

    /// By the old clock; without one, the mean that ran while there was none.
    fn old_flow(&self, now: Instant, schedule: &Schedule) -> FlowRate {
        self.old_wall(now).map_or(lowest_mean(schedule), |old| flow_at(schedule, old))
    }

    fn old_wall(&self, now: Instant) -> Option<WallTime> {
        now.get().checked_add_signed(self.old?).map(WallTime::new)
    }
}

/// The flow at a time of the wall clock.
pub fn flow_at(schedule: &Schedule, wall: WallTime) -> FlowRate {
    schedule.flow(wall.weekday(), wall.half_hour())
}

/// The lowest 24-hour mean of any weekday set, rounded down.
//= requirements/time.md#no-trusted-wall-clock
//# Without a trusted wall clock the day schedule MUST run its lowest 24-hour mean.
pub fn lowest_mean(schedule: &Schedule) -> FlowRate {
    let mean = |flows: &[FlowRate]| flows.iter().fold(0u64, |sum, flow| sum.saturating_add(flow.get())) / 48;
    schedule.sets().map(|set| mean(&set.flows)).min().map_or(FlowRate::ZERO, FlowRate::new)
}

/// When the wall clock begins its next half hour.
pub fn next_half_hour(now: Instant, wall: WallTime) -> Instant {
    let into = wall.get().checked_rem(HALF_HOUR_MS).unwrap_or(0);
    now.after(Duration::new(HALF_HOUR_MS.saturating_sub(into)))
}

/// The most that a schedule at a share gives in a span, wherever in the week the span lies; rounded up.
///
/// As a span of fixed length slides over the week, its volume changes linearly between the places where its begin or
/// its end meets a half hour, so the most is found at one of these.
pub fn highest_volume(schedule: &Schedule, share: Permille, span: Duration) -> Volume {
    let flow = |place: u64| {
        let place = place.checked_rem(WEEK_HALF_HOURS).unwrap_or(0);
        let weekday = u8::try_from(place / 48).unwrap_or(0);
        let half_hour = u8::try_from(place % 48).unwrap_or(0);
        u128::from(schedule.flow(weekday, half_hour).share_floor(share).get())
    };
    let whole = span.get() / HALF_HOUR_MS;
    let part = u128::from(span.get() % HALF_HOUR_MS);
    let sum_of = |places: u64| (0..places).fold(0u128, |sum, place| sum.saturating_add(flow(place)));
    let weeks = u128::from(whole / WEEK_HALF_HOURS).saturating_mul(sum_of(WEEK_HALF_HOURS));
    let halves = whole % WEEK_HALF_HOURS;
    let (mut sum, mut most) = (sum_of(halves), 0u128);
    for begin in 0..WEEK_HALF_HOURS {
        let after = begin.saturating_add(halves);
        let before = begin.saturating_add(WEEK_HALF_HOURS).saturating_sub(1);
        let beside = flow(after).max(flow(before)).saturating_mul(part);
        most = most.max(sum.saturating_mul(u128::from(HALF_HOUR_MS)).saturating_add(beside));
        sum = sum.saturating_add(flow(after)).saturating_sub(flow(begin));
    }
    let all = weeks.saturating_mul(u128::from(HALF_HOUR_MS)).saturating_add(most);
    Volume::new(u64::try_from(all.div_ceil(u128::from(DAY_MS))).unwrap_or(u64::MAX))
}

/// Spans of whole half hours that [`Heaviest`] knows: the longest window, the bucket it may be longer, and one more.
const SPANS: usize = 53;

/// The most that a schedule gives in any span of so many whole half hours, by their number: nL per day, summed.
///
/// Between two of them the most of a span lies on or below the straight line, because what each span gives changes
/// evenly while it grows by half an hour. So a few sums answer for every span whether there is room for the most it can
/// hold; [`highest_volume`] is exact and goes through the week for each.
#[derive(Clone, Debug)]
pub struct Heaviest {
    sums: [u64; SPANS],
}

impl Heaviest {
    /// Of a schedule: every sum that begins with some half hour of its week, or of its day if all days are alike.
    pub fn of(schedule: &Schedule) -> Self {
        let mut sums = [0u64; SPANS];
        let days = if schedule.is_one_day() { 1 } else { 7u8 };
        for weekday in 0..days {
            let after = |days: u8| schedule.steps(weekday.saturating_add(days).checked_rem(7).unwrap_or(0));
            let mut flows = [FlowRate::ZERO; 2 * SPANS];
            flows.iter_mut().zip(after(0).chain(after(1)).chain(after(2))).for_each(|(place, step)| *place = step);
            for steps in flows.windows(SPANS).take(48) {
                let mut sum = 0u64;
                for (most, step) in sums.iter_mut().zip(steps) {
                    *most = sum.max(*most);
                    sum = sum.saturating_add(step.get());
                }
            }
        }
        Self { sums }
    }

    /// Never less than [`highest_volume`] of the same schedule at the same share; `None` for a span that is too long.
    pub fn volume(&self, share: Permille, span: Duration) -> Option<Volume> {
        let whole = usize::try_from(span.get() / HALF_HOUR_MS).ok()?;
        let part = span.get() % HALF_HOUR_MS;
        let (less, more) = (*self.sums.get(whole)?, *self.sums.get(whole.checked_add(1)?)?);
        let less = less.checked_mul(HALF_HOUR_MS.saturating_sub(part))?;
        let sum = less.checked_add(more.checked_mul(part)?)?;
        Some(Volume::new(sum.div_ceil(DAY_MS)).share_ceil(share))
    }
}
