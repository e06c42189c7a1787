//! Days of a patient with a pump: what was given, what was refused, and what did not happen.

mod bench;

use bench::*;
use orders::{AlarmId, Reason};
use pump::events::Cause;
use pump::transitions::State;

#[test]
fn first_day_implanted_primed_started_and_nothing_alarming() {
    let mut bench = Bench::running(&morphine());
    let started = bench.now;
    bench.to("day 2 08:00");
    let moved = bench.moved_between(started, bench.now);
    assert!((239_500..=240_500).contains(&moved), "{moved} nL instead of 240 mcL");
    assert_eq!(bench.pump.state(), State::Running);
    assert_eq!(bench.pump.strokes().unconfirmed, 0);
    let high: Vec<_> = bench.pump.alarms().iter().filter(|id| id.priority() > orders::Priority::Low).collect();
    assert_eq!(high, []);
}

#[test]
fn a_second_request_inside_the_lockout_is_refused_and_nothing_is_delivered() {
    let mut bench = Bench::running(&morphine());
    bench.to("day 3 09:10").is_granted();
    bench.to("day 3 09:30");
    let before = bench.now;
    bench.to("day 3 10:40");
    let not_before = bench.is_refused(Reason::Lockout);
    assert_eq!(not_before.map(|at| at / MINUTE), Some(at("day 3 13:10") / MINUTE));
    bench.to("day 3 11:40");
    let moved = bench.moved_between(before, bench.now);
    let basal = 240_000 * (bench.now - before) / DAY;
    assert!(moved.abs_diff(basal) <= 500, "{moved} nL moved where basal alone is {basal} nL");
    bench.to("day 3 13:10").run_until(at("day 3 13:10") + SECOND).is_granted();
}

#[test]
fn the_pump_resets_during_a_bolus_and_neither_repeats_nor_forgets_it() {
    let mut bench = Bench::running(&morphine());
    bench.to("day 3 09:10").is_granted();
    bench.to("day 3 09:14");
    let before = bench.moved.len();
    bench.restart(Cause::BrownOut, true);
    bench.to("day 3 09:40");
    let basal = bench.moved.len() - before;
    assert!(basal <= 10, "{basal} strokes after the reset: the bolus went on");
    assert!(bench.is_refused(Reason::Lockout).is_some());
    assert_eq!(bench.pump.status(bench.raw()).boluses, 1);
    assert!(bench.stands(AlarmId::Restarted));
}
