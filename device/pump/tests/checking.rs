//! Self-tests of a whole pump: what is held until they have run, and what a failure means for therapy.

mod bench;

use bench::*;
use orders::AlarmId;
use orders::alarm::Level;
use pump::events::Cause;
use pump::selftest::{Check, Reading};
use pump::tones::test_tone;

fn failing(check: Check) -> Reading {
    match check {
        Check::Cpu => Reading::Cpu(1),
        Check::Memory => Reading::Memory(1),
        Check::Program => Reading::Program(1, 2),
        Check::Stores => Reading::Stores(1),
        Check::Battery => Reading::Battery(1_000),
        Check::Watchdog => Reading::Watchdog(false),
        Check::Clocks => Reading::Clocks(600_000, 0),
        Check::Tone => Reading::Tone(0),
        Check::DriveOff => Reading::DriveOff(900),
        Check::DriveOn => Reading::DriveOn(0),
        Check::CutLine => Reading::CutLine(true),
        Check::Inputs => Reading::Inputs(1),
    }
}

//= requirements/selftest.md#at-start
//= type=test
//# The pump MUST NOT command a stroke after a start before the start self-test has passed.
#[test]
fn no_stroke_after_a_restart_before_every_check_has_answered() {
    for mute in Check::ALL {
        let mut bench = Bench::running(&morphine());
        bench.to("day 2 09:00");
        bench.mute_checks = vec![mute];
        bench.restart(Cause::Watchdog, true);
        let before = bench.moved.len();
        bench.to("day 2 13:00");
        assert_eq!(bench.moved.len(), before, "{mute:?} has not answered");
        assert!(!bench.enabled, "{mute:?}");
        assert!(bench.stands(AlarmId::SelfTestFailed), "{mute:?}: a check that nobody answers is told");

        bench.mute_checks.clear();
        bench.to("day 2 14:00");
        assert!(bench.moved.len() > before, "{mute:?} was asked for again, and therapy came back");
        let moved = bench.moved_between(at("day 2 13:05"), at("day 2 14:00"));
        assert!(moved <= 240_000 * 55 / 1440 + 500, "{moved} nL: nothing was caught up");
    }
}

//= requirements/selftest.md#at-start
//= type=test
//# A self-test that fails MUST take the pump to the rung of its catalogue entry and raise its alarm.
#[test]
fn a_check_that_fails_is_told_and_leaves_basal_unless_the_drive_itself_is_in_doubt() {
    for check in Check::ALL {
        let mut bench = Bench::running(&morphine());
        bench.to("day 2 09:00");
        bench.faulty = vec![failing(check)];
        bench.restart(Cause::Watchdog, true);
        let before = bench.now;
        bench.to("day 2 12:00");
        assert!(bench.stands(AlarmId::SelfTestFailed), "{check:?}");
        assert!(bench.pump.level() >= Level::BasalOnly, "{check:?}");
        assert!(bench.asks().is_err(), "{check:?}");
        let moved = bench.moved_between(before, bench.now);
        if check.forbids_drive() {
            assert_eq!(moved, 0, "{check:?}");
        } else {
            assert!(moved > 0, "{check:?}: a mute pump still gives its basal");
        }

        // A button mends nothing.
        let raw = bench.raw();
        assert!(bench.pump.clear_alarm(raw, AlarmId::SelfTestFailed, NURSE).is_err(), "{check:?}");
        bench.faulty.clear();
        bench.to("day 2 14:00");
        let raw = bench.raw();
        let battery_died = check == Check::Battery;
        assert_eq!(bench.stands(AlarmId::EndOfService), battery_died, "{check:?}");
        assert_eq!(bench.pump.clear_alarm(raw, AlarmId::SelfTestFailed, NURSE), Ok(()), "{check:?}: tested again");
        assert!(bench.moved_between(at("day 2 13:00"), at("day 2 14:00")) > 0, "{check:?}");
    }
}

#[test]
fn memory_that_breaks_in_the_night_cuts_the_drive_within_the_hour() {
    let mut bench = Bench::running(&morphine());
    bench.to("day 2 03:10");
    bench.faulty = vec![failing(Check::Memory)];
    bench.to("day 2 04:15");
    assert!(bench.stands(AlarmId::SelfTestFailed));
    let before = bench.moved.len();
    bench.to("day 2 09:00");
    assert_eq!(bench.moved.len(), before);
    assert!(!bench.enabled);
}

//= requirements/selftest.md#again-and-again
//= type=test
//# The pump MUST repeat its periodic self-tests within their stated interval.
#[test]
fn in_a_month_every_check_that_therapy_allows_runs_each_day_and_none_that_turns_or_cuts_the_drive() {
    let mut bench = Bench::running(&morphine());
    let started = bench.now;
    bench.to("day 31 08:00");
    let days = 30;
    let times = |check| bench.checks.iter().filter(|(when, ran)| *ran == check && *when > started).count();
    for check in [Check::Cpu, Check::Memory] {
        assert!((days * 24 - 1..=days * 24 + 1).contains(&times(check)), "{check:?} {}", times(check));
    }
    for check in [Check::Program, Check::Stores, Check::Battery, Check::Clocks, Check::DriveOff, Check::Inputs] {
        assert!((days - 1..=days + 1).contains(&times(check)), "{check:?} {}", times(check));
    }
    for check in [Check::Watchdog, Check::Tone, Check::DriveOn, Check::CutLine] {
        assert_eq!(times(check), 0, "{check:?}");
    }
    assert!(!bench.stands(AlarmId::SelfTestFailed));
}

//= requirements/alarms.md#test-tone
//= type=test
//# The pump MUST sound the tone of each priority on request and at the start self-test.
#[test]
fn at_the_start_each_tone_is_heard_and_each_again_when_a_nurse_asks() {
    let mut bench = Bench::new();
    let all = [orders::Priority::High, orders::Priority::Medium, orders::Priority::Low];
    for priority in all {
        assert!(bench.tones.contains(&test_tone(priority)), "{priority:?} at the start");
    }
    bench.to("00:30");
    for priority in all {
        bench.tones.clear();
        let raw = bench.raw();
        bench.pump.test_tone(raw, priority);
        bench.settle();
        assert_eq!(bench.tones, [test_tone(priority)], "that one and no other");
    }
}
