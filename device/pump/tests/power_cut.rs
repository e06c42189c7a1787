//! The power goes at every single thing the pump wants done: a commit, a bolus and a stroke, cut anywhere.

mod bench;

use bench::*;
use orders::prescription::{Mode, Prescription};
use orders::{AlarmId, Duration, FlowRate, Volume};
use pump::events::Cause;
use pump::transitions::State;

/// The next order: a little less, so that what runs tells which one was taken.
fn less() -> Prescription {
    Prescription { order_number: 2, mode: Mode::Continuous(FlowRate::new(200_000)), ..morphine() }
}

/// Runs what `act` sets going with the power cut after `fuse` wants; whether it was cut at all.
fn cut(bench: &mut Bench, fuse: u32, act: impl Fn(&mut Bench)) -> bool {
    bench.fuse = Some(fuse);
    act(bench);
    bench.settle();
    let was_cut = bench.fuse == Some(0);
    bench.restart(Cause::BrownOut, true);
    was_cut
}

//= requirements/journal.md#after-a-power-cut
//= type=test
//# After a power cut at any byte of any write, the implant MUST neither give anything twice nor forget an order, a charge or an answer that it had confirmed.
//= requirements/ladder.md#one-commit
//= type=test
//# When commit numbers do not match, the pump MUST run the lower of the mass rates that could be meant.
//= requirements/ladder.md#never-a-default-dose
//= type=test
//# The pump MUST NOT deliver a rate that no accepted order contains.
#[test]
fn a_commit_cut_anywhere_leaves_one_whole_order_and_nothing_between() {
    let mut started = Bench::running(&morphine());
    started.to("day 3 08:00");
    let (mut old, mut new) = (0, 0);
    for fuse in 0.. {
        let mut bench = started.clone_by_store();
        let was_cut = cut(&mut bench, fuse, |bench| {
            let raw = bench.raw();
            bench.pump.commit_order(raw, &less(), None, None, NURSE).unwrap();
        });
        assert_eq!(bench.pump.state(), State::Running, "cut at {fuse}");
        assert!(!bench.stands(AlarmId::CommitMismatch) && !bench.stands(AlarmId::StateLost), "cut at {fuse}");
        match bench.pump.flow().get() {
            240_000 => old += 1,
            200_000 => new += 1,
            other => panic!("cut at {fuse}: {other} nL/day was never ordered"),
        }
        if !was_cut {
            break;
        }
    }
    assert!(old > 3 && new > 1, "{old} {new}");
}

//= requirements/journal.md#one-stroke-of-doubt
//= type=test
//# A restart at any moment of a stroke MUST count at most one stroke too many and never one too few.
#[test]
fn a_bolus_cut_anywhere_is_neither_repeated_nor_forgotten_and_every_stroke_is_counted() {
    let mut started = Bench::running(&morphine());
    started.to("day 3 08:00");
    for fuse in 0..120 {
        let mut bench = started.clone_by_store();
        let (counted, moved) = (bench.pump.strokes().commanded, bench.moved.len());
        bench.fuse = Some(fuse);
        let was_granted = bench.asks().is_ok();
        assert!(was_granted);
        let end = bench.now + 5 * MINUTE;
        while bench.fuse != Some(0) && bench.now < end {
            bench.run_until((bench.now + SECOND).min(end));
        }
        bench.restart(Cause::BrownOut, true);
        let counts = u64::from(bench.pump.strokes().commanded - counted);
        let strokes = (bench.moved.len() - moved) as u64;
        assert!((strokes..=strokes + 1).contains(&counts), "cut at {fuse}: {strokes} moved, {counts} counted");
        let before = bench.now;
        bench.run_until(before + 30 * MINUTE);
        let after = bench.moved_between(before, bench.now);
        assert!(after <= 240_000 * 30 / 1440 + 500, "cut at {fuse}: {after} nL, the bolus went on");
        if strokes > 2 {
            assert!(bench.asks().is_err(), "cut at {fuse}: what had begun counts for the lockout");
        }
    }
}

type Act = fn(&mut Bench);

/// What a nurse does in a visit, each cut at every single want.
//= requirements/journal.md#after-a-power-cut
//= type=test
//# After a power cut at any byte of any write, the implant MUST neither give anything twice nor forget an order, a charge or an answer that it had confirmed.
#[test]
fn a_refill_a_stop_a_resuming_and_a_clock_cut_between_any_two_records_leave_what_was_or_what_is_to_be() {
    let mut started = Bench::running(&morphine());
    started.to("day 20 08:00");
    let mut stopped = started.clone_by_store();
    let raw = stopped.raw();
    stopped.pump.stop(raw, 1, Duration::from_hours(4), NURSE).unwrap();
    stopped.settle();
    let before = started.pump.status(started.raw()).left.nominal;
    let acts: [(&str, &Bench, Act); 4] = [
        ("refill", &started, |bench| {
            let raw = bench.raw();
            let drawn = bench.pump.status(raw).left.nominal.saturating_sub(DEVICE.residual);
            let entry = pump::reservoir::Refill {
                drawn_off: drawn,
                emptied: true,
                filled: Volume::new(18_600_000),
                vial_sum: Volume::new(18_600_000),
                mixture: morphine().mixture,
                reason: None,
            };
            bench.pump.refill(raw, &entry, Duration::from_days(90), NURSE).unwrap();
        }),
        ("stop", &started, |bench| {
            let raw = bench.raw();
            bench.pump.stop(raw, 1, Duration::from_hours(4), NURSE).unwrap();
        }),
        ("resume", &stopped, |bench| {
            let raw = bench.raw();
            bench.pump.resume(raw, NURSE).unwrap();
        }),
        ("clock", &started, |bench| {
            let raw = bench.raw();
            bench.pump.set_wall(raw, orders::WallTime::new(1_790_000_000_000), NURSE).unwrap();
        }),
    ];
    for (name, from, act) in acts {
        for fuse in 0.. {
            let mut bench = from.clone_by_store();
            let was_cut = cut(&mut bench, fuse, act);
            let (raw, state) = (bench.raw(), bench.pump.state());
            let left = bench.pump.status(raw).left.nominal;
            assert!(!bench.stands(AlarmId::CommitMismatch) && !bench.stands(AlarmId::StateLost), "{name} {fuse}");
            assert!(matches!(state, State::Running | State::Stopped), "{name} {fuse}: {state:?}");
            let filled = Volume::new(20_000_000);
            assert!(left == filled || left == before, "{name} {fuse}: {left} is neither before nor after");
            if !was_cut {
                assert_eq!((left == filled, state == State::Stopped), (name == "refill", name == "stop"), "{name}");
                break;
            }
            assert!(fuse < 200, "{name} is never done");
        }
    }
}
