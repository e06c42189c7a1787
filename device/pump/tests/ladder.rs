//! The ladder: stops, emergencies and gaps, and who may go up again.

mod bench;

use bench::*;
use orders::alarm::Level;
use orders::mixture::Component;
use orders::prescription::*;
use orders::{AlarmId, Drug, Duration, FlowRate, Mixture, Reason, Volume};
use pump::transitions::State;

fn minimum() -> u64 {
    DEVICE.minimum_rate.get()
}

//= requirements/ladder.md#stop
//= type=test
//# The pump MUST refuse a stop that has no reason or no maximum duration.
#[test]
fn a_stop_without_reason_or_end_is_refused_and_therapy_goes_on() {
    let mut bench = Bench::running(&baclofen());
    bench.to("day 3 08:00");
    for (reason, maximum) in [(0, Duration::from_hours(1)), (1, Duration::ZERO)] {
        let raw = bench.raw();
        assert_eq!(bench.pump.stop(raw, reason, maximum, NURSE).map_err(|no| no.reason), Err(Reason::Missing));
    }
    assert_eq!(bench.pump.state(), State::Running);
    bench.to("day 4 08:00");
    assert!(bench.moved_between(at("day 3 08:00"), bench.now) >= 174_000);
}

//= requirements/ladder.md#stop
//= type=test
//# A stop that passes its maximum MUST raise a high alarm.
//= requirements/ladder.md#stop
//= type=test
//# At 47 h of a stop the pump MUST go to minimum rate if the order is verified and volume above the residual remains, and never out of an empty or a lost state.
//= requirements/drive.md#off-while-stopped
//= type=test
//# The pump MUST keep the drive's enable off while it is stopped.
#[test]
fn a_forgotten_stop_alarms_at_its_end_and_turns_at_the_minimum_rate_after_47_hours() {
    let mut bench = Bench::running(&baclofen());
    bench.to("day 3 08:00");
    let raw = bench.raw();
    bench.pump.stop(raw, 1, Duration::from_hours(4), NURSE).unwrap();
    bench.settle();
    let stopped = bench.moved.len();
    bench.to("day 3 11:50");
    assert!(!bench.stands(AlarmId::StoppedLong));
    assert!(!bench.enabled, "no power reaches a stopped drive");
    bench.to("day 3 12:10");
    assert!(bench.stands(AlarmId::StoppedLong));
    bench.to("day 5 06:50");
    assert_eq!(bench.moved.len(), stopped, "nothing before 47 h");
    bench.to("day 7 07:00");
    assert_eq!(bench.pump.state(), State::Resting);
    let moved = bench.moved_between(at("day 5 07:00"), bench.now);
    assert!(moved > 0 && moved <= minimum() * 2 + 500, "{moved} nL in two days");
}

//= requirements/ladder.md#stop
//= type=test
//# At 47 h of a stop the pump MUST go to minimum rate if the order is verified and volume above the residual remains, and never out of an empty or a lost state.
#[test]
fn forty_seven_hours_after_empty_there_is_still_nothing() {
    let mut bench = Bench::running(&baclofen());
    bench.to("day 3 08:00");
    let raw = bench.raw();
    let left = bench.pump.status(raw).left.nominal;
    bench.pump.aspirate(raw, Volume::new(left.get() - DEVICE.residual.get())).unwrap();
    bench.settle();
    assert_eq!(bench.pump.state(), State::Empty);
    assert!(bench.stands(AlarmId::ReservoirEmpty));
    let moved = bench.moved.len();
    bench.to("day 6 08:00");
    assert_eq!((bench.pump.state(), bench.moved.len()), (State::Empty, moved));
    assert!(!bench.enabled);
}

fn with_emergency(returns: Option<Duration>) -> Prescription {
    let returns_after = [returns, None, None, None];
    Prescription { emergency: EmergencyRule { rate: EmergencyRate::FallBack, returns_after }, ..morphine() }
}

//= requirements/ladder.md#emergency
//= type=test
//# An emergency command MUST NOT raise the mass rate of any drug.
//= requirements/ladder.md#emergency
//= type=test
//# The pump MUST return from an emergency by itself only where the order says so for every drug of its mixture, and never above the rate it found.
#[test]
fn an_emergency_goes_down_and_comes_back_only_where_the_order_says_so() {
    for returns in [None, Some(Duration::from_hours(4))] {
        let mut bench = Bench::running(&with_emergency(returns));
        bench.to("day 3 08:00");
        let found = bench.pump.flow();
        let raw = bench.raw();
        bench.pump.emergency(raw, HANDSET).unwrap();
        bench.settle();
        assert_eq!(bench.pump.flow(), FlowRate::new(100_000), "the fall-back, below the basal");
        assert!(bench.stands(AlarmId::Emergency));
        let sounds = bench.sounds.len();
        bench.to("day 3 11:50");
        assert!(bench.pump.flow() < found);
        bench.to("day 3 14:00");
        assert!(bench.sounds.len() > sounds, "it is told again");
        if returns.is_some() {
            assert_eq!((bench.pump.state(), bench.pump.flow()), (State::Running, found));
        } else {
            bench.to("day 5 08:00");
            assert_eq!(bench.pump.state(), State::Emergency, "nobody came");
        }
    }
}

//= requirements/ladder.md#emergency
//= type=test
//# The pump MUST return from an emergency by itself only where the order says so for every drug of its mixture, and never above the rate it found.
//= requirements/ladder.md#emergency
//= type=test
//# An emergency from which the pump does not return MUST alarm again until someone acts.
#[test]
fn baclofen_comes_back_by_itself_and_with_morphine_beside_it_only_when_both_may() {
    let both = Mixture::of(&[
        Component { drug: Drug::Morphine, concentration: mg_per_ml(1) },
        Component { drug: Drug::Baclofen, concentration: mg_per_ml(1) },
    ])
    .unwrap();
    let (soon, late) = (Some(Duration::from_hours(4)), Some(Duration::from_hours(12)));
    for (morphine_returns, baclofen_returns, back_by) in
        [(None, soon, None), (soon, None, None), (soon, late, Some("day 3 20:10")), (None, None, None)]
    {
        let mut order = Prescription { mixture: both, ..morphine() };
        order.ceilings[1] = order.ceilings[0];
        order.emergency.returns_after = [morphine_returns, baclofen_returns, None, None];
        let mut bench = Bench::running(&order);
        bench.to("day 3 08:00");
        let raw = bench.raw();
        bench.pump.emergency(raw, HANDSET).unwrap();
        bench.to("day 3 19:50");
        assert_eq!(bench.pump.state(), State::Emergency, "not before the slower of both: {morphine_returns:?}");
        bench.to(back_by.unwrap_or("day 6 08:00"));
        if back_by.is_some() {
            assert_eq!(bench.pump.state(), State::Running);
            continue;
        }
        assert_eq!(bench.pump.state(), State::Emergency);
        // Somebody took note of it and did nothing: a day later it is heard again, and so on until somebody acts.
        let raw = bench.raw();
        bench.pump.acknowledge_alarm(raw, AlarmId::Emergency, NURSE);
        bench.settle();
        let quiet = bench.sounds.len();
        bench.to("day 7 07:50");
        assert_eq!(bench.sounds.len(), quiet, "quiet, as was asked for");
        bench.to("day 7 09:00");
        assert!(bench.sounds.len() > quiet, "and then heard again");
        let raw = bench.raw();
        bench.pump.resume(raw, NURSE).unwrap();
        bench.settle();
        assert!(!bench.stands(AlarmId::Emergency));
    }
}

#[test]
fn an_emergency_called_on_a_stopped_pump_starts_nothing() {
    let mut bench = Bench::running(&with_emergency(None));
    bench.to("day 3 08:00");
    let raw = bench.raw();
    bench.pump.stop(raw, 1, Duration::from_hours(4), NURSE).unwrap();
    let raw = bench.raw();
    assert!(bench.pump.emergency(raw, HANDSET).is_err());
    bench.settle();
    let moved = bench.moved.len();
    bench.to("day 3 20:00");
    assert_eq!(bench.moved.len(), moved);
}

//= requirements/ladder.md#gap
//= type=test
//# After an interruption longer than the order's gap limit, the pump MUST resume at the fall-back with an alarm and not at full basal.
#[test]
fn a_drive_that_turns_again_after_two_days_does_not_begin_with_the_full_dose() {
    for (hours, is_gap) in [(20, false), (48, true)] {
        let mut bench = Bench::running(&morphine());
        bench.to("day 3 08:00");
        bench.stalled = true;
        bench.run_until(at("day 3 08:00") + hours * HOUR);
        assert!(bench.stands(AlarmId::Stall));
        bench.stalled = false;
        bench.run_until(at("day 3 08:00") + (hours + 2) * HOUR);
        assert!(!bench.stands(AlarmId::Stall), "it turns");
        assert_eq!(bench.stands(AlarmId::GapTooLong), is_gap, "{hours} h");
        let before = bench.now;
        bench.run_until(before + 24 * HOUR);
        let moved = bench.moved_between(before, bench.now);
        let flow = if is_gap { 100_000 } else { 240_000 };
        assert!(moved.abs_diff(flow) <= 1_000, "{hours} h: {moved} nL");
        if is_gap {
            assert_eq!(bench.pump.level(), Level::FallBack);
            let raw = bench.raw();
            bench.pump.step_up(raw, 0, NURSE).unwrap();
            bench.settle();
            assert_eq!(bench.pump.flow(), FlowRate::new(240_000), "a clinician steps up");
        }
    }
}

//= requirements/alarms.md#a-set
//= type=test
//# The pump MUST keep every alarm that stands and sound the tone of the highest priority among them.
//= requirements/ladder.md#lowest-rung-wins
//= type=test
//# The pump MUST run on the lowest rung that any standing cause asks for, from the step in which the cause is seen, with an alarm for each step down.
//= requirements/power.md#temperature
//= type=test
//# A temperature outside the body's range MUST raise an alarm and forbid patient boluses while it lasts.
#[test]
fn of_two_faults_the_worse_is_heard_and_both_have_to_be_mended() {
    let mut bench = Bench::running(&morphine());
    bench.to("day 3 08:00");
    let raw = bench.raw();
    bench.pump.temperature(raw, 4_200);
    bench.settle();
    assert_eq!(bench.pump.level(), Level::NoPatientBolus);
    let raw = bench.raw();
    bench.pump.raise(raw, AlarmId::Bug);
    assert_eq!(bench.pump.level(), Level::FallBack, "from that step on");
    bench.settle();
    assert_eq!(bench.pump.alarms().iter().next(), Some(AlarmId::Bug));
    assert!(bench.stands(AlarmId::Temperature));
    let raw = bench.raw();
    bench.pump.cause_gone(raw, AlarmId::Bug);
    bench.pump.clear_alarm(raw, AlarmId::Bug, NURSE).unwrap();
    assert_eq!(bench.pump.level(), Level::NoPatientBolus, "the milder one still stands");
    bench.is_refused(Reason::AlarmActive);
    let raw = bench.raw();
    bench.pump.temperature(raw, 3_700);
    assert_eq!(bench.pump.level(), Level::Full);
}

//= requirements/ladder.md#fall-back
//= type=test
//# The pump MUST hold the fall-back's volume ceiling while the fall-back runs.
#[test]
fn a_fall_back_whose_rate_was_damaged_upward_is_held_by_its_own_volume_ceiling() {
    let mut bench = Bench::running(&morphine());
    bench.to("day 3 08:00");
    let raw = bench.raw();
    bench.pump.raise(raw, AlarmId::Bug);
    bench.settle();
    for ((part, _), (_, content)) in &mut bench.store.parts {
        if *part == 1 {
            content[8..16].copy_from_slice(&20_000u64.to_le_bytes());
        }
    }
    bench.restart(pump::events::Cause::BrownOut, true);
    assert_eq!(bench.pump.level(), Level::FallBack);
    let before = bench.now;
    bench.run_until(before + 23 * HOUR);
    let moved = bench.moved_between(before, bench.now);
    assert!((19_000..=20_000).contains(&moved), "{moved} nL of 20 000 nL");
    assert!(bench.stands(AlarmId::CeilingByBasal), "and it is told");
}

//= requirements/ladder.md#no-further-than-boluses
//= type=test
//# Faults of telemetry, handset, journal or clock setting MUST NOT take the pump past no boluses.
#[test]
fn a_broken_phone_a_full_journal_and_a_lost_clock_all_at_once_leave_baclofen_running_to_the_stroke() {
    let mut bench = Bench::running(&baclofen());
    bench.to("day 3 08:00");
    for id in [
        AlarmId::RadioBudget,
        AlarmId::TelemetryRejected,
        AlarmId::ButtonStuck,
        AlarmId::JournalLoss,
        AlarmId::WallClockUnset,
        AlarmId::StoreFault,
    ] {
        let raw = bench.raw();
        bench.pump.raise(raw, id);
        bench.settle();
        assert!(bench.pump.level() <= Level::NoPatientBolus, "{id:?}");
    }
    bench.to("day 5 08:00");
    let moved = bench.moved_between(at("day 3 08:00"), bench.now);
    assert!(moved.abs_diff(350_000) <= 1_000, "{moved} nL in two days");
}

//= requirements/ladder.md#steps-up
//= type=test
//# A step up MUST need a clinician, unless its cause is in the list of self-healing causes and has been tested false.
#[test]
fn a_fault_that_is_over_waits_for_a_clinician_and_a_stall_that_is_over_waits_for_nobody() {
    let mut bench = Bench::running(&morphine());
    bench.to("day 3 08:00");
    let raw = bench.raw();
    bench.pump.raise(raw, AlarmId::Bug);
    bench.settle();
    let raw = bench.raw();
    assert!(bench.pump.step_up(raw, Level::Full as u8, NURSE).is_err(), "its cause stands");
    assert_eq!(bench.pump.level(), Level::FallBack);
    let raw = bench.raw();
    bench.pump.cause_gone(raw, AlarmId::Bug);
    bench.to("day 4 11:00");
    assert_eq!(bench.pump.level(), Level::FallBack, "a day after it was over");
    let raw = bench.raw();
    bench.pump.step_up(raw, Level::Full as u8, NURSE).unwrap();
    bench.settle();
    assert_eq!((bench.pump.level(), bench.pump.flow()), (Level::Full, FlowRate::new(240_000)));

    bench.to("day 4 12:00");
    assert!(!bench.stands(AlarmId::GapTooLong), "a day at the fall-back is no gap that a clinician has to clear twice");
    bench.stalled = true;
    bench.to("day 4 12:20");
    assert!(bench.stands(AlarmId::Stall));
    bench.stalled = false;
    bench.to("day 4 12:30");
    assert_eq!(bench.pump.level(), Level::Full, "by itself, after two strokes that were seen");
}
