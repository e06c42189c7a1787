//! Clocks that lie: what a whole pump gives when an oscillator or a programmer does not tell the time.

mod bench;

use bench::*;
use orders::alarm::Level;
use orders::prescription::*;
use orders::{AlarmId, FlowRate, Instant, WallTime};

//= requirements/time.md#two-oscillators
//= type=test
//# When the oscillators differ by more than 20 %, the pump MUST go to the fall-back.
#[test]
fn an_oscillator_twice_too_fast_or_a_first_one_that_stopped_goes_to_the_fall_back_and_never_above_the_order() {
    for (first, second) in [(2000, 1000), (1000, 2000), (0, 1000)] {
        let mut bench = Bench::running(&morphine());
        bench.to("day 3 08:00");
        bench.oscillators(first, second);
        let mut watched = bench.now;
        // The first oscillator may not wake the pump any more: the second does, each minute.
        for _ in 0..24 * 60 {
            watched += MINUTE;
            bench.run_until(watched);
            let (raw, second) = (bench.raw(), bench.second());
            bench.pump.tick(raw, second);
            bench.settle();
        }
        assert!(bench.stands(AlarmId::ClockFailed), "{first} {second}");
        assert_eq!(bench.pump.level(), Level::FallBack);
        let moved = bench.moved_between(at("day 3 08:00"), bench.now);
        // Before the first comparison ten minutes of the fast one may have counted.
        assert!(moved <= 100_000 + 5_000, "{first} {second}: {moved} nL");
        assert!(moved >= 85_000, "{first} {second}: {moved} nL, a stop is no answer");
        let raw = bench.raw();
        assert!(bench.asks().is_err());
        assert!(bench.pump.clear_alarm(raw, AlarmId::ClockFailed, NURSE).is_err(), "a button mends no clock");
    }
}

//= requirements/guard.md#own-clock
//= type=test
//# While the second oscillator stands still, the guard MUST count time by the first, so that a dead clock leads to the fall-back and not to a cut.
#[test]
fn a_second_oscillator_that_died_leaves_a_baclofen_patient_on_the_fall_back_for_a_week_and_never_stopped() {
    for order in [baclofen(), morphine()] {
        let mut bench = Bench::running(&order);
        bench.to("day 3 08:00");
        bench.oscillators(1000, 0);
        bench.to("day 3 08:20");
        assert!(bench.stands(AlarmId::ClockFailed));
        let sounds = bench.sounds.len();
        bench.to("day 10 08:20");
        assert_eq!((bench.pump.level(), bench.pump.guard_cut()), (Level::FallBack, None));
        assert!(!bench.stands(AlarmId::OverDelivery));
        let moved = bench.moved_between(at("day 3 08:20"), bench.now);
        let ordered = 7 * order.fall_back.get();
        assert!(moved.abs_diff(ordered) <= 1_000, "{moved} nL of {ordered} nL");
        assert!(bench.sounds.len() > sounds + 7 * 24, "and it is heard all week");
    }
}

#[test]
fn an_oscillator_three_percent_off_gives_no_more_than_the_slower_one_says() {
    for (first, second) in [(1030, 1000), (1000, 1030), (970, 1000), (1000, 970)] {
        let mut bench = Bench::running(&morphine());
        bench.to("day 3 08:00");
        bench.oscillators(first, second);
        bench.to("day 5 08:00");
        assert!(bench.stands(AlarmId::ClocksDisagree), "{first} {second}");
        let moved = bench.moved_between(at("day 3 08:00"), bench.now);
        let most = 480_000 * first.min(second) / 1000;
        assert!(moved <= most + 1_000 && moved + 3_000 >= most, "{first} {second}: {moved} nL of {most}");
        assert!(bench.asks().is_err(), "no bolus on clocks that disagree");
    }
}

//= requirements/time.md#monotonic
//= type=test
//# Delivery, lockout and windows MUST run on the monotonic clock alone.
#[test]
fn a_programmers_clock_wrong_by_a_day_is_not_noticed_by_delivery_or_lockout() {
    let mut plain = Bench::running(&morphine());
    let mut set = Bench::running(&morphine());
    for bench in [&mut plain, &mut set] {
        bench.to("day 3 08:00").is_granted();
        bench.to("day 3 09:00");
    }
    for wrong in [DAY, 3 * DAY, 2 * DAY, 0] {
        let raw = set.raw();
        set.pump.set_wall(raw, WallTime::new(1_781_913_600_000 + wrong), NURSE).unwrap();
        set.settle();
        assert!(set.asks().is_err(), "no clock setting ends a lockout");
    }
    for bench in [&mut plain, &mut set] {
        bench.to("day 3 11:59");
        assert!(bench.asks().is_err());
        bench.to("day 3 12:01").is_granted();
        bench.to("day 4 08:00");
    }
    assert_eq!(plain.moved, set.moved, "stroke by stroke");
}

/// Baclofen with three times as much from 22:00 to 02:00.
fn night() -> Prescription {
    let mut flows = [FlowRate::new(120_000); HALF_HOURS];
    flows[44..].fill(FlowRate::new(360_000));
    flows[..4].fill(FlowRate::new(360_000));
    Prescription { mode: Mode::Schedule(Schedule::every_day(flows)), ..baclofen() }
}

//= requirements/time.md#no-trusted-wall-clock
//= type=test
//# Without a trusted wall clock the day schedule MUST run its lowest 24-hour mean.
#[test]
fn a_pump_whose_clock_was_lost_at_night_runs_its_mean_and_freezes_no_night_step_through_the_day() {
    let mut bench = Bench::running(&night());
    // The bench's wall clock began at midnight with the pump.
    bench.to("day 3 23:00");
    assert_eq!(bench.pump.flow(), FlowRate::new(360_000));
    bench.restart(pump::events::Cause::BrownOut, false);
    assert_eq!(bench.pump.flow(), FlowRate::new(160_000));
    assert!(bench.stands(AlarmId::WallClockUnset) && bench.pump.level() == Level::Full);
    let lost = bench.now;
    bench.to("day 4 23:00");
    let moved = bench.moved_between(lost, bench.now);
    assert!(moved.abs_diff(160_000) <= 1_000, "{moved} nL: a day's dose, neither a day of night nor nothing");
}

//= requirements/time.md#setting-the-clock
//= type=test
//# A clock setting MUST NOT make a step of the day schedule run twice within 20 h, for the lower of the old and the new rate runs for a day after it.
#[test]
fn a_traveller_who_flies_west_after_the_night_dose_gets_it_again_the_next_night_and_not_the_same() {
    let mut bench = Bench::running(&night());
    bench.to("day 4 03:00");
    let (raw, wall) = (bench.raw(), bench.pump.status(bench.raw()).wall.unwrap());
    bench.pump.set_wall(raw, WallTime::new(wall.get() - 6 * HOUR), NURSE).unwrap();
    bench.settle();
    let landed = bench.now;
    bench.run_until(landed + DAY);
    let first = bench.moved_between(landed, bench.now);
    assert!(first.abs_diff(120_000) <= 1_000, "{first} nL: 22:00 comes again and brings nothing");
    bench.run_until(landed + 2 * DAY);
    let second = bench.moved_between(landed + DAY, bench.now);
    assert!(second.abs_diff(160_000) <= 1_000, "{second} nL: from then on the night is where the traveller is");
}

#[test]
fn readings_taken_for_something_else_do_not_put_off_the_tick_that_alone_moves_time() {
    let mut bench = Bench::running(&morphine());
    bench.to("day 3 08:00");
    bench.oscillators(1050, 1000);
    bench.to("day 3 09:00");
    assert!(bench.stands(AlarmId::ClocksDisagree));
    let raw = bench.raw();
    bench.pump.stop(raw, 1, orders::Duration::from_hours(4), NURSE).unwrap();
    bench.settle();
    // Stopped: nothing but the comparison wakes it, while the temperature is measured each minute.
    let begun = bench.now;
    let (mut due, mut ticks) = (bench.pump.deadline().unwrap(), 0);
    for _ in 0..60 {
        bench.now += MINUTE;
        let raw = bench.raw();
        if raw >= due {
            bench.pump.tick(raw, bench.second());
            ticks += 1;
        }
        bench.pump.temperature(raw, 3_700);
        bench.settle();
        due = bench.pump.deadline().unwrap();
    }
    assert!(ticks >= 5, "{ticks} ticks in an hour");
    let raw = bench.raw();
    assert!(bench.pump.now(raw).since(Instant::ZERO).get() + 12 * MINUTE >= begun + HOUR, "the clock stands still");
}
