//! Restarts: what a pump that was off knows, and what it does with what it cannot know.

mod bench;

use bench::*;
use orders::prescription::Prescription;
use orders::{AlarmId, Drug, Duration, Mixture, Reason};
use pump::events::{Cause, Event};
use pump::transitions::State;
use pump::windows::Window;

/// Resets every 50 minutes for `hours`, asking for a bolus each time; the true times of those that were granted.
fn resets(bench: &mut Bench, hours: u64, counter_kept: bool) -> Vec<u64> {
    let end = bench.now + hours * HOUR;
    let mut granted = Vec::new();
    while bench.now < end {
        bench.run_until(bench.now + 50 * MINUTE);
        bench.restart(Cause::BrownOut, counter_kept);
        if bench.asks().is_ok() {
            granted.push(bench.now);
        }
    }
    granted
}

//= requirements/time.md#unknown-time
//= type=test
//# With an intact dose record, time the pump cannot know MUST count as nothing elapsed and nothing given.
#[test]
fn a_reset_every_50_minutes_neither_starves_boluses_nor_shortens_a_lockout() {
    for counter_kept in [true, false] {
        let mut bench = Bench::running(&morphine());
        bench.to("day 3 08:00");
        // Three restarts in a day are told and take no bolus; more do, so the story counts what came before that.
        let granted = resets(&mut bench, 72, counter_kept);
        assert!(granted.windows(2).all(|pair| pair[1] - pair[0] >= 4 * HOUR), "{counter_kept}: {granted:?}");
        assert!(bench.stands(AlarmId::ManyResets), "{counter_kept}");
        let basal = bench.moved_between(at("day 3 08:00"), bench.now);
        let ordered = 240_000 * 3 + 20_000 * granted.len() as u64;
        assert!(basal <= ordered + 500, "{counter_kept}: {basal} nL");
        assert!(basal >= ordered * 9 / 10 - 40_000, "{counter_kept}: {basal} nL: the resets starve the patient");
        assert!(!bench.stands(AlarmId::DoseRecordLost));
    }
}

//= requirements/time.md#lost-dose-record
//= type=test
//# When the dose record is lost, the pump MUST keep the basal on, keep patient boluses off for 24 h and raise a high alarm.
#[test]
fn a_lost_dose_record_keeps_baclofen_running_and_morphine_boluses_off_for_a_day() {
    for order in [baclofen(), morphine()] {
        let mut bench = Bench::running(&order);
        bench.to("day 3 08:00");
        bench.store.dose = [vec![0x55; 64], vec![0xAA; 64]];
        bench.restart(Cause::BrownOut, true);
        let lost_at = bench.now;
        assert!(bench.stands(AlarmId::DoseRecordLost));
        assert_eq!(bench.pump.state(), State::Running);
        for hour in [0, 6, 12, 23] {
            bench.run_until(lost_at + hour * HOUR);
            assert!(bench.asks().is_err(), "hour {hour}");
        }
        bench.run_until(lost_at + 24 * HOUR);
        let flow = bench.pump.flow().get();
        let moved = bench.moved_between(lost_at, bench.now);
        assert!(moved.abs_diff(flow) <= 1_000, "{moved} nL of {flow} nL: the basal went on");
        assert!(!bench.stands(AlarmId::CeilingByBasal));
        bench.run_until(lost_at + 26 * HOUR);
        assert!(!bench.stands(AlarmId::DoseRecordLost), "a day later it is over by itself");
    }
}

//= requirements/ladder.md#never-a-default-dose
//= type=test
//# When neither a verified order nor a verified fall-back remains, the pump MUST stop with the highest alarm.
#[test]
fn a_pump_that_lost_everything_is_stopped_and_loud_and_gives_no_dose_of_its_own() {
    let mut bench = Bench::running(&morphine());
    bench.to("day 3 08:00");
    for (_, content) in bench.store.parts.values_mut() {
        content.fill(0xA5);
    }
    bench.restart(Cause::BrownOut, true);
    assert_eq!(bench.pump.state(), State::Lost);
    assert!(bench.stands(AlarmId::StateLost));
    assert_eq!(bench.pump.alarms().iter().next().map(|id| id.priority()), Some(orders::Priority::High));
    let (moved, sounds) = (bench.moved.len(), bench.sounds.len());
    bench.to("day 6 08:00");
    assert_eq!(bench.moved.len(), moved, "47 hours later and at no other time does it give a dose nobody ordered");
    assert!(!bench.enabled);
    assert!(bench.sounds.len() > sounds + 3);
    bench.is_refused(Reason::StateLost);
}

//= requirements/ladder.md#restart
//= type=test
//# More than the stated number of restarts in a day MUST raise an alarm.
#[test]
fn many_restarts_of_a_day_are_an_alarm_and_one_is_told_for_an_hour() {
    let mut bench = Bench::running(&morphine());
    bench.to("day 3 08:00");
    bench.restart(Cause::Watchdog, true);
    assert!(bench.stands(AlarmId::Restarted) && !bench.stands(AlarmId::ManyResets));
    bench.to("day 3 10:30");
    assert!(!bench.stands(AlarmId::Restarted), "told, and over by itself");
    for _ in 0..3 {
        bench.restart(Cause::Watchdog, true);
    }
    assert!(bench.stands(AlarmId::ManyResets));
    assert!(bench.asks().is_err());
    assert_eq!(bench.pump.state(), State::Running, "basal goes on");
}

//= requirements/alarms.md#through-a-restart
//= type=test
//# Standing alarms and their restrictions MUST survive a restart.
#[test]
fn a_restart_silences_nothing_and_lifts_no_restriction() {
    let mut bench = Bench::running(&morphine());
    bench.to("day 3 08:00");
    let raw = bench.raw();
    bench.pump.raise(raw, AlarmId::Bug);
    bench.pump.raise(raw, AlarmId::StoreFault);
    bench.settle();
    let raw = bench.raw();
    bench.pump.silence(raw, Duration::from_hours(1), HANDSET);
    bench.settle();
    let level = bench.pump.level();
    let sounds = bench.sounds.len();
    bench.restart(Cause::BrownOut, false);
    assert!(bench.stands(AlarmId::Bug) && bench.stands(AlarmId::StoreFault));
    assert_eq!(bench.pump.level(), level);
    assert!(bench.sounds.len() > sounds, "heard again at once");
}

#[test]
fn strokes_that_moved_unseen_are_not_given_again_after_a_power_cut() {
    for cut_after in [0, 1, 2] {
        let mut bench = Bench::running(&morphine());
        bench.to("day 3 08:00");
        let before = bench.moved.len();
        // The sensor misses three edges while the rotor turns.
        bench.missed_edges = 3;
        bench.run_until(bench.now + 10 * MINUTE);
        bench.run_until(bench.now + cut_after * MINUTE);
        bench.restart(Cause::BrownOut, true);
        bench.to("day 3 09:00");
        let moved = bench.moved.len() - before;
        assert!(moved <= 20, "{moved} strokes in an hour that may have twenty");
        assert!(moved >= 17, "{moved}: the basal goes on");
    }
}

#[test]
fn while_the_clocks_were_known_to_disagree_nothing_counts_as_elapsed_without_power() {
    for (first, second) in [(1300, 1000), (1000, 700), (1050, 1000)] {
        let mut bench = Bench::running(&morphine());
        bench.to("day 3 08:00");
        bench.oscillators(first, second);
        bench.to("day 3 09:00");
        let (raw, told) = (bench.raw(), bench.now);
        let before = bench.pump.now(raw);
        bench.restart(Cause::BrownOut, true);
        let raw = bench.raw();
        assert!(bench.pump.now(raw) <= before, "{first} {second}: the wrong oscillator is not asked what passed");
        assert_eq!(bench.now, told);
        assert!(bench.asks().is_err());
    }
}

//= requirements/ladder.md#stop-survives
//= type=test
//# A stop by a person and an emergency MUST outlast the loss of the status as well as the loss of the dose record.
#[test]
fn a_stop_outlasts_the_loss_of_either_record_and_what_is_lost_with_it_is_an_alarm_at_once() {
    for counter_kept in [true, false] {
        for lost in ["status", "dose record"] {
            let mut bench = Bench::running(&morphine());
            bench.to("day 3 08:00");
            let raw = bench.raw();
            bench.pump.stop(raw, 1, Duration::from_hours(4), NURSE).unwrap();
            bench.settle();
            bench.to("day 3 10:00");
            match lost {
                "status" => bench.store.status = [None, None],
                _ => bench.store.dose = [vec![0x55; 64], vec![0xAA; 64]],
            }
            let moved = bench.moved.len();
            bench.restart(Cause::BrownOut, counter_kept);
            assert_eq!(bench.pump.state(), State::Stopped, "{lost}");
            bench.to("day 3 11:00");
            assert_eq!(bench.moved.len(), moved, "{lost}: nothing is given to a patient whose pump was stopped");
            assert!(!bench.enabled);
            assert_eq!(bench.stands(AlarmId::StoppedLong), lost == "status", "its end is not known any more");
            assert!(bench.stands(if lost == "status" { AlarmId::CommitMismatch } else { AlarmId::DoseRecordLost }));
            // A stop is no place to be forgotten in: 47 hours after it began the rotor turns at the minimum rate.
            bench.to("day 5 11:00");
            assert_eq!(bench.pump.state(), State::Resting, "{lost} {counter_kept}");
        }
    }
}

//= requirements/ladder.md#stop-survives
//= type=test
//# A stop by a person and an emergency MUST outlast the loss of the status as well as the loss of the dose record.
#[test]
fn an_emergency_called_at_the_skin_is_not_undone_by_a_lost_status_and_gives_no_more_than_before() {
    let mut bench = Bench::running(&morphine());
    bench.to("day 3 08:00");
    let raw = bench.raw();
    bench.pump.emergency(raw, HANDSET).unwrap();
    bench.to("day 3 09:00");
    let slowed = bench.pump.flow();
    bench.store.status = [None, None];
    bench.restart(Cause::BrownOut, true);
    assert_eq!(bench.pump.state(), State::Emergency);
    assert!(bench.pump.flow() <= slowed && !bench.pump.flow().is_zero());
    assert!(bench.stands(AlarmId::Emergency));
    bench.to("day 4 09:00");
    assert_eq!(bench.pump.state(), State::Emergency, "it stays until somebody acts");
}

#[test]
fn a_record_written_between_two_ticks_does_not_count_the_time_before_it_twice() {
    let mut bench = Bench::running(&morphine());
    bench.to("day 3 08:00");
    // Half way to the next stroke a nurse stops the pump, and the power goes.
    bench.now += 85_000;
    let raw = bench.raw();
    bench.pump.stop(raw, 1, Duration::from_hours(4), NURSE).unwrap();
    bench.settle();
    let told = bench.pump.now(raw);
    bench.restart(Cause::BrownOut, true);
    let raw = bench.raw();
    assert!(bench.pump.now(raw).since(told) <= Duration::from_secs(2), "{:?}", bench.pump.now(raw).since(told));
}

/// A drug change was committed and its front still lay in the path when the power went: the old drug's ceiling was once lost with it,
/// and every stroke that held a trace of it refused.
//= requirements/ladder.md#restart
//= type=test
//# The pump MUST keep the cause of every restart and show it at the next interrogation.
#[test]
fn a_restart_with_two_drugs_in_the_path_keeps_the_old_ones_ceiling_and_refuses_no_stroke() {
    let mut bench = Bench::running(&morphine());
    bench.to("day 10 09:00");
    let mixture = Mixture::single(Drug::Hydromorphone, mg_per_ml(1));
    bench.fill(&mixture, 18_600_000);
    let order = Prescription { order_number: 2, mixture, ..morphine() };
    let raw = bench.raw();
    bench.pump.commit_order(raw, &order, None, Some(1), NURSE).unwrap();
    bench.to("day 10 15:00");
    for counter_kept in [true, false] {
        bench.restart(Cause::Watchdog, counter_kept);
        let from = bench.now;
        bench.run_until(from + 3 * HOUR);
        let moved = bench.moved_between(from, bench.now);
        assert!(moved.abs_diff(30_000) <= 1_000, "{moved} nL");
        assert!(!bench.stands(AlarmId::CeilingByBasal) && !bench.stands(AlarmId::UnorderedDrug));
        assert!(bench.pump.charged(Drug::Morphine, Window::Day) > mcg(50), "the old drug is still counted");
    }
    let causes = bench.told().into_iter().filter_map(|event| match event {
        Event::Restarted { cause, .. } => Some(cause),
        _ => None,
    });
    assert_eq!(causes.collect::<Vec<_>>(), [Cause::PowerOn, Cause::Watchdog, Cause::Watchdog]);
}
