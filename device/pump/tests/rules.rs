//! Laws of the whole pump over days of anything: whoever asks for whatever, and whatever fails, these hold.
//!
//! The judge here is the test's own and exact: it keeps each stroke that really moved with its moment, and looks at
//! every window that ends with one. It knows nothing of the pump's buckets, ledger or permits.

#![allow(clippy::result_large_err, reason = "a story hands the pump's own answer on")]

mod bench;

use std::collections::VecDeque;

use bench::*;
use orders::prescription::*;
use orders::{Duration, FlowRate, Volume};
use proptest::prelude::*;
use pump::events::Cause;
use pump::transitions::State;

/// What may happen to a pump on a day.
#[derive(Clone, Copy, Debug)]
enum Happens {
    Asks,
    Single { strokes: u64, minutes: u64 },
    Order { basal: u64, bolus: u64, lockout_hours: u64 },
    Stop,
    Resume,
    Field { minutes: u64 },
    Stall { minutes: u64 },
    Missed { edges: u32 },
    Refill,
    Restart { counter_kept: bool },
    CalledLate { minutes: u64 },
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        6 => Just(Happens::Asks),
        2 => (1u64..60, 1u64..60).prop_map(|(strokes, minutes)| Happens::Single { strokes, minutes }),
        1 => (60_000u64..400_000, 5_000u64..40_000, 1u64..8)
            .prop_map(|(basal, bolus, lockout_hours)| Happens::Order { basal, bolus, lockout_hours }),
        1 => Just(Happens::Stop),
        2 => Just(Happens::Resume),
        1 => (1u64..90).prop_map(|minutes| Happens::Field { minutes }),
        1 => (1u64..90).prop_map(|minutes| Happens::Stall { minutes }),
        1 => (1u32..6).prop_map(|edges| Happens::Missed { edges }),
        1 => Just(Happens::Refill),
        1 => any::<bool>().prop_map(|counter_kept| Happens::Restart { counter_kept }),
        1 => (1u64..120).prop_map(|minutes| Happens::CalledLate { minutes }),
    ]
}

/// The test's own account: moments of strokes that moved, and of patient boluses that began.
#[derive(Default)]
struct Judge {
    seen: usize,
    windows: [VecDeque<u64>; 3],
    last_bolus: Option<(u64, u64)>,
}

const SPANS: [u64; 3] = [HOUR, 4 * HOUR, DAY];

impl Judge {
    /// Looks at what moved since it looked last. Drug at 1 mg/mL at most: a stroke of 500 nL holds at most 500 ng.
    fn looks(&mut self, bench: &Bench, ceiling: &Ceiling) -> Result<(), TestCaseError> {
        let limits = [ceiling.hour, ceiling.four_hours, ceiling.day].map(|mass| mass.get() / 500_000_000);
        for moment in bench.moved.get(self.seen..).unwrap_or_default() {
            for ((window, span), limit) in self.windows.iter_mut().zip(SPANS).zip(limits) {
                window.push_back(*moment);
                while window.front().is_some_and(|first| first + span <= *moment) {
                    window.pop_front();
                }
                // The mixture in the reservoir is at most as strong as it was ordered, so this many strokes may move.
                prop_assert!(window.len() as u64 <= limit * 1_000 / 930 + 1, "{} strokes in {span} ms", window.len());
            }
        }
        self.seen = bench.moved.len();
        Ok(())
    }
}

fn days_of(steps: &[(u64, Happens)]) -> Result<(), TestCaseError> {
    let mut order = morphine();
    let mut bench = Bench::running(&order);
    let mut judge = Judge { seen: bench.moved.len(), ..Judge::default() };
    bench.to("day 3 08:00");
    for (minutes, happens) in steps {
        let (next, before, moved) = (bench.now + minutes * MINUTE, bench.now, bench.moved.len());
        bench.run_until(next);
        // Never more than the basal and one bolus, whatever was held back before.
        let most = 400_000 * (bench.now - before) / DAY + 40_000 + 60 * 500 + 5 * 500;
        let given = u64::try_from(bench.moved.len() - moved).unwrap() * 500;
        prop_assert!(given <= most, "{given} nL in {minutes} minutes before {happens:?}");
        judge.looks(&bench, &order.ceilings[0])?;
        let raw = bench.raw();
        match *happens {
            Happens::Asks => {
                let lockout = order.patient_bolus.map_or(0, |bolus| bolus.lockout.get());
                let at = bench.now;
                if bench.asks().is_ok() {
                    if let Some((last, lockout)) = judge.last_bolus {
                        prop_assert!(at >= last + lockout, "{} ms after the last", at - last);
                    }
                    judge.last_bolus = Some((at, lockout));
                }
            }
            Happens::Single { strokes, minutes } => {
                let (volume, over) = (Volume::new(strokes * 500), Duration::from_minutes(minutes));
                let _ = bench.pump.commit_single(raw, volume, over, NURSE, 1);
            }
            Happens::Order { basal, bolus, lockout_hours } => {
                let mut next = order;
                next.order_number += 1;
                next.mode = Mode::Continuous(FlowRate::new(basal));
                if let Some(rule) = &mut next.patient_bolus {
                    (rule.volume, rule.lockout) = (Volume::new(bolus), Duration::from_hours(lockout_hours));
                }
                if bench.pump.commit_order(raw, &next, None, None, NURSE).is_ok() {
                    order = next;
                }
            }
            Happens::Stop => {
                let _ = bench.pump.stop(raw, 1, Duration::from_hours(4), NURSE);
            }
            Happens::Resume => {
                let _ = bench.pump.resume(raw, NURSE);
            }
            Happens::Field { minutes } => {
                bench.field(true);
                let (still, until) = (bench.moved.len(), bench.now + minutes * MINUTE);
                bench.run_until(until);
                prop_assert_eq!(bench.moved.len(), still, "a stroke in the field");
                bench.field(false);
            }
            Happens::Stall { minutes } => {
                bench.stalled = true;
                let until = bench.now + minutes * MINUTE;
                bench.run_until(until);
                bench.stalled = false;
            }
            Happens::Missed { edges } => bench.missed_edges = edges,
            Happens::Refill => {
                let mixture = order.mixture;
                if bench.pump.status(raw).extra.is_none() {
                    bench.fill(&mixture, 18_600_000);
                }
            }
            Happens::Restart { counter_kept } => bench.restart(Cause::BrownOut, counter_kept),
            Happens::CalledLate { minutes } => {
                let still = bench.moved.len();
                bench.now += minutes * MINUTE;
                bench.pump.tick(bench.raw(), bench.second());
                bench.settle();
                prop_assert!(bench.moved.len() <= still + 4, "a late call gave {} strokes", bench.moved.len() - still);
            }
        }
        bench.settle();
        // For ten minutes, or until the 47 hours of the stop are over and the rotor is turned again.
        for _ in 0..10 {
            let (stopped, still, until) = (bench.pump.state() == State::Stopped, bench.moved.len(), bench.now + MINUTE);
            bench.run_until(until);
            if stopped && bench.pump.state() == State::Stopped {
                prop_assert!(bench.moved.len() <= still, "a stopped pump gave");
            }
        }
    }
    bench.run_until(bench.now + DAY);
    judge.looks(&bench, &order.ceilings[0])?;
    // A day later, with nothing in its way and nobody having stopped it, it gives what its rung allows.
    let (from, flow) = (bench.now, bench.pump.flow().get());
    bench.run_until(from + 6 * HOUR);
    let left_alone = bench.pump.state() == State::Running && bench.pump.flow().get() == flow;
    if left_alone && !bench.pump.alarms().stands(orders::AlarmId::CeilingByBasal) {
        let given = bench.moved_between(from, bench.now);
        prop_assert!(flow > 0 && given + 1_500 >= flow / 4, "{given} nL in six hours at {flow} nL a day");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 200, ..ProptestConfig::default() })]

    //= requirements/ceilings.md#rolling-windows
    //= type=test
    //# The pump MUST charge every stroke except those of a prime, whatever asked for it, to each drug's ceilings over a rolling 1 h, 4 h and 24 h, in buckets of 5, 15 and 60 minutes.
    //= requirements/delivery.md#no-catch-up
    //= type=test
    //# The pump MUST NOT give later what it did not give while it was stopped, stalled, held, without power or called late.
    //= requirements/ladder.md#return-to-therapy
    //= type=test
    //# From every state without a standing fault or a person's stop, the pump MUST return to therapy by itself within a stated time.
    #[test]
    fn whatever_happens_no_window_passes_its_ceiling_no_lockout_is_cut_short_and_nothing_is_made_up_for(
        steps in proptest::collection::vec((1u64..600, happens()), 1..40),
    ) {
        days_of(&steps)?;
    }
}

/// The last look at this stopped pump reaches over its 47th hour, where the minimum rate begins.
#[test]
fn a_stop_that_ends_in_the_minimum_rate_at_47_hours_gives_nothing_before() {
    use Happens::*;
    let steps = [
        (389, CalledLate { minutes: 47 }),
        (72, Missed { edges: 1 }),
        (286, Stop),
        (216, Asks),
        (530, Restart { counter_kept: false }),
        (89, Asks),
        (230, Asks),
        (242, Asks),
        (320, Stall { minutes: 1 }),
        (125, Asks),
        (147, Field { minutes: 49 }),
        (440, Asks),
        (66, Single { strokes: 28, minutes: 28 }),
        (134, Asks),
        (102, Single { strokes: 30, minutes: 26 }),
    ];
    days_of(&steps).unwrap();
}
