//! The basal's account: what has accrued at the ordered flow and not yet been given as a stroke.
//!
//! This file answers for the exact sum and for what late calls lose. Which flow holds is `program`'s answer; whether a
//! stroke may be given is `ceilings`'.
//!
//! Terms. *Carried*: accrued and not given, in nL·ms per day, so that flow × time needs no division; one stroke is
//! its volume × the ms of a day. *Due*: at least one stroke is carried. *Late*: a span at whose end the flow is another
//! than at its beginning, or a due stroke that nobody took; lateness only ever loses volume.

use orders::quantity::DAY_MS;
use orders::{Duration, FlowRate, Instant, Volume};

/// A due stroke may wait this long for the drive, which gives one stroke at a time with all its restarts; what accrues
/// meanwhile stays exact. What accrues beyond is lost: it would be given later, and on top.
pub(crate) const WAIT_MAX: Duration = Duration::from_secs(10);

/// What has accrued and not been given.
#[derive(Clone, Debug)]
pub struct Basal {
    /// In nL·ms per day.
    carried: u64,
    /// Up to when it has accrued.
    at: Instant,
    /// The flow that held at `at`.
    flow: FlowRate,
    /// Until when that flow is known to hold.
    holds_until: Instant,
}

impl Basal {
    /// Nothing accrued; nothing accrues before the first [`Basal::accrue`].
    pub const fn new(now: Instant) -> Self {
        Self { carried: 0, at: now, flow: FlowRate::ZERO, holds_until: now }
    }

    /// Continues with a remainder from the dose record; nothing accrued since it was written.
    pub const fn restore(&mut self, remainder: u64, now: Instant) {
        *self = Self { carried: remainder, at: now, flow: FlowRate::ZERO, holds_until: now };
    }

    /// What is accrued and not given, for the dose record.
    pub const fn remainder(&self) -> u64 {
        self.carried
    }

    /// Time has passed up to `now`, where `flow` holds. As far as the flow before was known to hold it counts; over
    /// the rest of the span the lower of both, for nobody saw when it changed.
    pub fn accrue(&mut self, now: Instant, flow: FlowRate) {
        let known = self.holds_until.min(now).since(self.at);
        let unknown = now.since(self.holds_until.max(self.at));
        self.add(self.flow, known);
        self.add(self.flow.min(flow), unknown);
        self.settle(now, flow);
    }

    /// The flow accrued last is known to hold until then: the program's next change.
    pub fn holds_until(&mut self, change: Instant) {
        self.holds_until = change.max(self.at);
    }

    /// Time passes and nothing accrues: stopped, stalled, held or in a strong field.
    //= requirements/delivery.md#no-catch-up
    //# The pump MUST NOT give later what it did not give while it was stopped, stalled, held, without power or called late.
    pub fn hold(&mut self, now: Instant) {
        self.settle(now, FlowRate::ZERO);
    }

    /// Whether a stroke has accrued.
    pub const fn due(&self, stroke: Volume) -> bool {
        self.carried >= whole(stroke)
    }

    /// A due stroke is given: it is taken out of the account. Of what lies beyond it no more stays than accrues while a
    /// due stroke waits for the drive.
    //= requirements/delivery.md#carried-remainder
    //# The pump MUST carry the remainder of every rate, so that ten years of any rate end within one stroke of the exact volume.
    pub fn take(&mut self, stroke: Volume) {
        let beyond = self.carried.saturating_sub(whole(stroke));
        let waiting = self.flow.get().saturating_mul(WAIT_MAX.get());
        self.carried = beyond.min(waiting).min(whole(stroke));
    }

    /// When the next stroke will have accrued at this flow, rounded up to the ms; `None` at no flow.
    pub fn next_due(&self, flow: FlowRate, stroke: Volume) -> Option<Instant> {
        if self.due(stroke) {
            return Some(self.at);
        }
        if flow.is_zero() {
            return None;
        }
        let missing = whole(stroke).saturating_sub(self.carried);
        Some(self.at.after(Duration::new(missing.div_ceil(flow.get()))))
    }

    /// Up to when time has been counted.
    pub const fn at(&self) -> Instant {
        self.at
    }

    fn add(&mut self, flow: FlowRate, span: Duration) {
        // Ten years at the highest flow of the bounds table fill half of what this holds.
        self.carried = self.carried.saturating_add(flow.get().saturating_mul(span.get()));
    }

    fn settle(&mut self, now: Instant, flow: FlowRate) {
        self.at = self.at.max(now);
        self.flow = flow;
        self.holds_until = self.at;
    }
}

/// One stroke in the unit of the account.
const fn whole(stroke: Volume) -> u64 {
    stroke.get().saturating_mul(DAY_MS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STROKE: Volume = Volume::new(500);
    const HOUR: u64 = 3_600_000;

    fn nl_day(flow: u64) -> FlowRate {
        FlowRate::new(flow)
    }

    /// Gives every stroke when it is due; how many until `end`.
    fn run(basal: &mut Basal, flow: FlowRate, end: Instant) -> u64 {
        let mut strokes = 0;
        while let Some(due) = basal.next_due(flow, STROKE) {
            if due > end {
                break;
            }
            basal.accrue(due, flow);
            assert!(basal.due(STROKE));
            basal.take(STROKE);
            strokes += 1;
        }
        basal.accrue(end, flow);
        strokes
    }

    //= requirements/delivery.md#carried-remainder
    //= type=test
    //# The pump MUST carry the remainder of every rate, so that ten years of any rate end within one stroke of the exact volume.
    #[test]
    fn ten_years_of_any_rate_end_within_one_stroke_of_the_exact_volume() {
        let ten_years = Instant::ZERO.after(Duration::from_days(3_653));
        for flow in [1, 7, 6_000, 48_001, 250_000, 333_333] {
            let mut basal = Basal::new(Instant::ZERO);
            basal.accrue(Instant::ZERO, nl_day(flow));
            let strokes = run(&mut basal, nl_day(flow), ten_years);
            let exact = u128::from(flow) * 3_653;
            let given = u128::from(strokes) * 500;
            assert!(given <= exact && exact < given + 500, "{flow}: {given} of {exact}");
            // To the last nL·ms: what was not given is carried.
            assert_eq!(given * u128::from(DAY_MS) + u128::from(basal.remainder()), exact * u128::from(DAY_MS));
        }
    }

    //= requirements/delivery.md#no-catch-up
    //= type=test
    //# The pump MUST NOT give later what it did not give while it was stopped, stalled, held, without power or called late.
    #[test]
    fn six_hours_called_late_give_one_stroke_and_not_what_was_missed() {
        let mut basal = Basal::new(Instant::ZERO);
        basal.accrue(Instant::ZERO, nl_day(240_000)); // 08:00, 20 strokes an hour
        basal.accrue(Instant::new(6 * HOUR), nl_day(240_000)); // 14:00
        assert!(basal.due(STROKE));
        basal.take(STROKE);
        assert!(!basal.due(STROKE));
        let next = basal.next_due(nl_day(240_000), STROKE).unwrap().since(Instant::new(6 * HOUR));
        assert!(next >= Duration::new(180_000 - 10_000), "the next comes after three minutes as ever: {next:?}");
        // Held from 14:00 to 20:00: nothing at all accrues.
        let before = basal.remainder();
        basal.hold(Instant::new(12 * HOUR));
        basal.accrue(Instant::new(12 * HOUR), nl_day(240_000));
        assert_eq!(basal.remainder(), before);
    }

    #[test]
    fn a_basal_stroke_that_waits_for_a_bolus_stroke_is_not_lost() {
        let flow = nl_day(24_000_000);
        let mut basal = Basal::new(Instant::ZERO);
        basal.accrue(Instant::ZERO, flow);
        let mut strokes = 0;
        // Due every 1.8 s, taken every 2 s and at once after: an hour is 2000 strokes.
        for second in (0..3_600).step_by(2) {
            basal.accrue(Instant::new(second * 1_000), flow);
            while basal.due(STROKE) {
                basal.take(STROKE);
                strokes += 1;
            }
        }
        assert!((1_997..=2_000).contains(&strokes), "{strokes}");
    }

    #[test]
    fn a_change_seen_late_counts_the_lower_flow_and_a_known_one_counts_exactly() {
        let (high, low) = (nl_day(1_000), nl_day(100));
        for (first, then) in [(high, low), (low, high)] {
            let mut basal = Basal::new(Instant::ZERO);
            basal.accrue(Instant::ZERO, first);
            basal.accrue(Instant::new(HOUR), then);
            assert_eq!(basal.remainder(), 100 * HOUR, "nobody knows when it changed");

            let mut basal = Basal::new(Instant::ZERO);
            basal.accrue(Instant::ZERO, first);
            basal.holds_until(Instant::new(HOUR / 2));
            basal.accrue(Instant::new(HOUR), then);
            assert_eq!(basal.remainder(), first.get() * HOUR / 2 + 100 * HOUR / 2);
        }
    }

    #[test]
    fn a_restart_keeps_the_remainder_and_adds_nothing_for_the_time_without_power() {
        let mut basal = Basal::new(Instant::ZERO);
        basal.accrue(Instant::ZERO, nl_day(1_000));
        basal.accrue(Instant::new(HOUR), nl_day(1_000));
        let kept = basal.remainder();
        let mut after = Basal::new(Instant::ZERO);
        after.restore(kept, Instant::new(9 * HOUR));
        after.accrue(Instant::new(10 * HOUR), nl_day(1_000));
        assert_eq!(after.remainder(), kept);
    }

    proptest! {
        #[test]
        fn however_late_it_is_called_no_more_is_given_than_the_flows_allow(
            calls in proptest::collection::vec((1u64..20_000_000, 0u64..30_000_000), 1..80)
        ) {
            let mut basal = Basal::new(Instant::ZERO);
            let (mut at, mut before, mut most, mut given) = (0u64, 0u64, 0u128, 0u128);
            for (span, flow) in calls {
                at += span;
                basal.accrue(Instant::new(at), FlowRate::new(flow));
                most += u128::from(before) * u128::from(span);
                before = flow;
                if basal.due(STROKE) {
                    basal.take(STROKE);
                    given += u128::from(whole(STROKE));
                }
                prop_assert!(given + u128::from(basal.remainder()) <= most);
            }
        }
    }
}
