//! Boluses in the running pump: who is refused and why, what is given, how it ends, and what did not happen.

mod bench;

use bench::*;
use orders::prescription::*;
use orders::{AlarmId, Drug, Duration, Field, FlowRate, Permille, Reason, Refusals, Volume};
use pump::bolus::Source;
use pump::events::{Ending, Event};

/// Ordered, confirmed and charged of the last bolus that ended, and how it ended.
fn last_end(bench: &Bench) -> (Source, u64, u64, u64, Ending) {
    let ended = bench.told().into_iter().rev().find_map(|event| match event {
        Event::BolusEnded { source, ordered, confirmed, charged, ending } => {
            Some((source, ordered.get(), confirmed.get(), charged.get(), ending))
        }
        _ => None,
    });
    ended.expect("a bolus ended")
}

fn reasons(refusals: &Refusals) -> Vec<Reason> {
    refusals.iter().map(|refusal| refusal.reason).collect()
}

/// Morphine with a lockout of one hour.
fn often(allotment: u8) -> Prescription {
    let mut order = morphine();
    if let Some(bolus) = &mut order.patient_bolus {
        (bolus.lockout, bolus.allotment) = (Duration::from_hours(1), allotment);
    }
    order.ceilings[0] = Ceiling { hour: mcg(90), four_hours: mcg(300), day: mcg(600) };
    order
}

//= requirements/bolus.md#allotment
//= type=test
//# The pump MUST refuse a patient bolus once as many as the order allots have started within the past 24 h.
#[test]
fn the_fourth_prescribed_bolus_comes_and_the_fifth_waits_for_the_first_to_be_a_day_old() {
    let mut bench = Bench::running(&morphine());
    for clock in ["day 3 08:00", "day 3 12:01", "day 3 16:02", "day 3 20:03"] {
        bench.to(clock).is_granted();
    }
    bench.to("day 4 00:30");
    let before = bench.now;
    let not_before = bench.is_refused(Reason::Allotment).expect("time alone lifts it");
    assert_eq!(not_before / MINUTE, at("day 4 08:00") / MINUTE);
    bench.to("day 4 01:30");
    assert!(bench.moved_between(before, bench.now) <= 10_500, "no more than an hour of basal moved");
    bench.run_until(not_before + 1).is_granted();
}

//= requirements/bolus.md#own-reason
//= type=test
//# The pump MUST answer a refused request with the reason of each guard that refused it and, when time alone lifts the refusal, the latest not-before among them.
#[test]
fn one_who_asks_too_soon_and_once_too_often_reads_both_reasons_and_the_later_time() {
    let mut bench = Bench::running(&often(2));
    bench.to("day 3 08:00").is_granted();
    bench.to("day 3 10:00").is_granted();
    bench.to("day 3 10:20");
    let refusals = bench.asks().expect_err("two of two were given");
    assert_eq!(reasons(&refusals), [Reason::Lockout, Reason::Allotment]);
    // The lockout alone would say 11:00; the first of two is a day old on the next day at 08:00.
    for refusal in refusals.iter() {
        assert_eq!(refusal.not_before.map(|until| until.get() / MINUTE), Some(at("day 4 08:00") / MINUTE));
    }
    assert_eq!(bench.pump.status(bench.raw()).extra, None);
}

//= requirements/bolus.md#every-request-recorded
//= type=test
//# The pump MUST record every request for a bolus with its asker and its answer, and the start, the delivered volume and the end of a granted one as events of their own.
#[test]
fn a_granted_and_a_refused_request_stand_in_the_journal_each_with_its_answer() {
    let mut bench = Bench::running(&morphine());
    bench.to("day 3 09:00");
    let before = bench.told().len();
    bench.is_granted();
    bench.to("day 3 09:30");
    bench.is_refused(Reason::Lockout);
    let told = bench.told().split_off(before);
    let asked = |event: &&Event| matches!(event, Event::BolusAsked { source: Source::Patient, peer: HANDSET, .. });
    assert_eq!(told.iter().filter(asked).count(), 2);
    let whole = Volume::new(20_000);
    let has = |wanted: Event| told.contains(&wanted);
    let over = Duration::from_minutes(10);
    assert!(has(Event::BolusAccepted { source: Source::Patient, volume: whole, over }));
    assert!(has(Event::BolusStarted { source: Source::Patient, volume: whole }));
    let (ordered, confirmed, charged, ending) = (whole, whole, whole, Ending::Whole);
    assert!(has(Event::BolusEnded { source: Source::Patient, ordered, confirmed, charged, ending }));
    assert!(told.iter().any(|event| matches!(event, Event::Refused { reason: Reason::Lockout, .. })));
}

//= requirements/bolus.md#forbidden-by-state
//= type=test
//# The pump MUST refuse a patient bolus while the order has none, the mode is Stopped, a restart is not yet verified, or a standing alarm or the ladder forbids it.
#[test]
fn nobody_gets_a_bolus_from_a_stopped_pump_from_an_order_without_one_or_in_a_strong_field() {
    let mut bench = Bench::running(&morphine());
    bench.to("day 3 09:00");
    let raw = bench.raw();
    bench.pump.stop(raw, 1, Duration::from_hours(4), NURSE).unwrap();
    bench.settle();
    assert_eq!(bench.is_refused(Reason::Stopped), None, "time alone does not start it again");
    let raw = bench.raw();
    bench.pump.resume(raw, NURSE).unwrap();
    bench.settle();
    bench.field(true);
    bench.is_refused(Reason::StrongField);
    bench.field(false);
    bench.to("day 3 12:00").is_granted();

    let mut bench = Bench::running(&baclofen());
    bench.to("day 3 09:00");
    bench.is_refused(Reason::BolusNotOrdered);
    let before = bench.now;
    bench.to("day 3 10:00");
    assert!(bench.moved_between(before, bench.now) <= 8_000, "nothing came on top of the basal");

    let mut unverified = pump::Pump::new(DEVICE, pump::journal::Key([7; 16]));
    let refusals = unverified.ask_bolus(0, HANDSET, 1).unwrap_err();
    assert!(reasons(&refusals).contains(&Reason::StateUnverified));
}

//= requirements/bolus.md#one-at-a-time
//= type=test
//# The pump MUST refuse a patient bolus while another bolus, a bridge or a prime is running.
#[test]
fn no_patient_bolus_comes_while_a_clinicians_single_bolus_runs_and_the_basal_goes_on_afterwards() {
    let mut bench = Bench::running(&often(4));
    bench.to("day 3 09:00");
    let raw = bench.raw();
    bench.pump.commit_single(raw, Volume::new(10_000), Duration::from_minutes(20), NURSE, 1).unwrap();
    bench.settle();
    bench.to("day 3 09:10");
    let not_before = bench.is_refused(Reason::BolusRunning).expect("it ends by itself");
    assert_eq!(not_before / MINUTE, at("day 3 09:20") / MINUTE);
    bench.to("day 3 09:30");
    assert_eq!(last_end(&bench), (Source::Single, 10_000, 10_000, 10_000, Ending::Whole));
    bench.is_granted();
}

//= requirements/bolus.md#prior-mode-returns
//= type=test
//# When a single bolus ends, the pump MUST return to the mode that ran before it.
//= requirements/bolus.md#basal-untouched
//= type=test
//# A bolus MUST leave the basal program and its carried remainder as they were.
#[test]
fn after_a_single_bolus_the_basal_of_before_runs_and_a_day_holds_both_to_the_stroke() {
    let mut bench = Bench::running(&morphine());
    bench.to("day 3 09:00");
    let (before, flow) = (bench.now, bench.pump.flow());
    let raw = bench.raw();
    bench.pump.commit_single(raw, Volume::new(10_000), Duration::from_minutes(20), NURSE, 1).unwrap();
    bench.settle();
    bench.to("day 4 09:00");
    assert_eq!(bench.pump.flow(), flow);
    let moved = bench.moved_between(before, bench.now);
    assert!(moved.abs_diff(250_000) <= 500, "{moved} nL: 240 of basal and 10 of the bolus");
}

//= requirements/bolus.md#basal-untouched
//= type=test
//# The pump MUST refuse a bolus whose rate and the basal together exceed the greatest flow of the device profile.
#[test]
fn a_bolus_faster_than_the_drive_is_refused_with_both_numbers() {
    let mut bench = Bench::running(&morphine());
    bench.to("day 3 09:00");
    // 30 mcL in a minute is 43.2 mL a day.
    let raw = bench.raw();
    let refusals = bench.pump.propose_single(raw, Volume::new(30_000), Duration::from_minutes(1)).unwrap_err();
    let rate = refusals.iter().find(|refusal| refusal.reason == Reason::FactoryLimit).unwrap();
    assert_eq!((rate.field, rate.value, rate.limit), (Field::BasalFlow, 43_440_000, 24_000_000));
}

#[test]
fn a_single_bolus_or_a_prime_asked_for_in_the_field_does_not_come_after_it() {
    let mut bench = Bench::running(&morphine());
    bench.to("day 3 09:00").field(true);
    let raw = bench.raw();
    let asked = bench.pump.commit_single(raw, Volume::new(10_000), Duration::from_minutes(20), NURSE, 1);
    assert!(reasons(&asked.unwrap_err()).contains(&Reason::StrongField));
    bench.to("day 3 09:10").field(false);
    let before = bench.now;
    bench.to("day 3 11:10");
    assert!(bench.moved_between(before, bench.now) <= 20_500, "two hours of basal");
}

//= requirements/bolus.md#cut-short
//= type=test
//# When a fault, an alarm or a stop forbids boluses, the pump MUST end the running bolus and report the volume that the rotor confirmed.
//= requirements/bolus.md#allotment
//= type=test
//# The pump MUST count a bolus that was cut short as a whole one, for the lockout and for the allotment.
#[test]
fn a_bolus_cut_by_a_stop_the_field_or_a_stalled_drive_is_told_as_what_the_rotor_confirmed_and_never_resumed() {
    // Forty strokes in ten minutes, one every 15 s: 16 until 09:04, the first at once.
    for cut in ["stop", "field", "stall"] {
        let mut bench = Bench::running(&morphine());
        bench.to("day 3 09:00").is_granted();
        bench.run_until(at("day 3 09:04") - SECOND);
        match cut {
            "stop" => {
                let raw = bench.raw();
                bench.pump.stop(raw, 1, Duration::from_minutes(10), NURSE).unwrap();
                bench.settle();
            }
            "field" => bench.field(true),
            _ => bench.stalled = true,
        }
        bench.to("day 3 09:05");
        let (source, ordered, confirmed, charged, ending) = last_end(&bench);
        assert_eq!((source, ordered, confirmed), (Source::Patient, 20_000, 8_000), "{cut}");
        let (unmoved, why) = match cut {
            "stop" => (0, Ending::Cancelled),
            "field" => (0, Ending::Inhibited),
            _ => (3 * 500, Ending::Inhibited),
        };
        // Of three strokes that did not move one may have been the basal's.
        assert!((8_000 + unmoved - unmoved.min(500)..=8_000 + unmoved).contains(&charged), "{cut}: {charged}");
        assert_eq!(ending, why, "{cut}");
        bench.stalled = false;
        if cut == "stop" {
            let raw = bench.raw();
            bench.pump.resume(raw, NURSE).unwrap();
            bench.settle();
        } else {
            bench.field(false);
        }
        let before = bench.now;
        bench.to("day 3 10:05");
        assert!(bench.moved_between(before, bench.now) <= 11_500, "{cut}: the rest of the bolus came");
        assert_eq!(bench.is_refused(Reason::Lockout).map(|at| at / MINUTE), Some(at("day 3 13:00") / MINUTE), "{cut}");
    }
}

//= requirements/bolus.md#above-the-reserve
//= type=test
//# The pump MUST refuse a patient bolus that would take the worst-case volume below the alarm volume.
#[test]
fn at_the_reserve_the_basal_goes_on_and_no_bolus_is_given() {
    let mut bench = Bench::running(&morphine());
    bench.to("day 2 09:00");
    // 1.2 mL on top of a residual of 1.4 mL; the alarm volume is 2 mL.
    bench.fill(&morphine().mixture, 1_200_000);
    bench.to("day 3 09:00");
    let left = bench.pump.status(bench.raw()).left;
    assert!(left.worst < left.nominal);
    // 20 mcL and their 14.5 % pass the line once less than 22.9 mcL are above it; 240 mcL a day are 274.8 at worst.
    let room = left.worst.get() - 2_000_000;
    bench.run_until(at("day 3 09:00") + (room - 15_000) * DAY / 274_800);
    assert!(!bench.stands(AlarmId::ReservoirLow));
    bench.is_refused(Reason::ReservoirLow);
    let before = bench.now;
    bench.run_until(before + 6 * HOUR);
    assert!(bench.stands(AlarmId::ReservoirLow));
    assert!(bench.moved_between(before, bench.now).abs_diff(60_000) <= 500, "the basal, and only the basal");
}

//= requirements/bolus.md#off-by-default
//= type=test
//# The pump MUST keep patient boluses off for 24 h after a start, a prime, an increase or a gap, unless a typed decision with its reason enables them earlier.
#[test]
fn boluses_rest_for_a_day_after_the_start_and_again_after_an_increase_and_not_after_a_decrease() {
    let order = Prescription { bolus_start: BolusStart::AfterADay, ..morphine() };
    let mut bench = Bench::running(&order);
    bench.to("09:00");
    assert_eq!(bench.is_refused(Reason::BolusHold).map(|at| at / MINUTE), Some(at("day 2 08:00") / MINUTE));
    bench.to("day 3 09:00").is_granted();
    bench.to("day 3 14:00");
    let less = Prescription { order_number: 2, mode: Mode::Continuous(FlowRate::new(200_000)), ..order };
    let raw = bench.raw();
    bench.pump.commit_order(raw, &less, None, None, NURSE).unwrap();
    bench.settle();
    bench.is_granted();
    bench.to("day 3 15:00");
    let raw = bench.raw();
    bench.pump.commit_order(raw, &Prescription { order_number: 3, ..order }, None, None, NURSE).unwrap();
    bench.settle();
    assert_eq!(bench.is_refused(Reason::BolusHold).map(|at| at / MINUTE), Some(at("day 4 15:00") / MINUTE));
}

//= requirements/ceilings.md#predicted-to-its-end
//= type=test
//# The pump MUST accept a commanded delivery only if, in every window that holds any part of it up to 24 h past its end, what was given, is in progress and is scheduled stays within every ceiling.
#[test]
fn a_single_bolus_that_fits_now_and_not_with_the_ramp_to_come_is_refused_now() {
    // 150 mcg a day now, 300 after the next step at 20:00; the day's ceiling is 340.
    let mut order = baclofen();
    order.mode = Mode::Continuous(FlowRate::new(150_000));
    order.ramp =
        Some(Ramp { first: Permille::new(500), last: Permille::new(1000), steps: 1, interval: Duration::from_days(3) });
    order.fall_back = FlowRate::new(100_000);
    order.ceilings[0] = Ceiling { hour: mcg(80), four_hours: mcg(150), day: mcg(340) };
    let mut bench = Bench::running(&order);
    bench.to("day 3 20:00");
    let raw = bench.raw();
    let (volume, over) = (Volume::new(30_000), Duration::from_minutes(30));
    let refusals = bench.pump.propose_single(raw, volume, over).unwrap_err();
    let refusal = refusals.iter().next().unwrap();
    assert_eq!((refusal.reason, refusal.drug), (Reason::Ceiling24h, Some(Drug::Baclofen)));
    assert!(refusal.to_string().starts_with("baclofen: "), "{refusal}");
    // On the first day, far from the step, the same fits: what refuses is what is to come.
    let mut bench = Bench::running(&order);
    bench.to("day 1 20:00");
    let raw = bench.raw();
    bench.pump.propose_single(raw, volume, over).unwrap();
}

#[test]
fn periodic_boluses_come_at_their_interval_and_one_that_met_a_patients_bolus_waits_for_its_end() {
    let mut order = often(4);
    order.mode = Mode::PeriodicBolus(PeriodicBolus {
        background: FlowRate::new(24_000),
        volume: Volume::new(10_000),
        duration: Duration::from_minutes(5),
        interval: Duration::from_hours(6),
        first_after: Duration::from_hours(6),
    });
    let mut bench = Bench::running(&order);
    bench.to("day 3 09:00");
    let starts = |bench: &Bench| {
        bench
            .told()
            .iter()
            .filter(|event| matches!(event, Event::BolusStarted { source: Source::Periodic, .. }))
            .count()
    };
    // Started at 08:00 on day 1, the first after six hours: eight in two days.
    assert_eq!(starts(&bench), 8);
    let moved = bench.moved_between(at("day 2 09:00"), at("day 3 09:00"));
    assert!(moved.abs_diff(64_000) <= 500, "{moved} nL");
    // One is due at 14:00; at 13:55 the patient asks and gets ten minutes.
    bench.to("day 9 13:55").is_granted();
    bench.to("day 9 14:03");
    assert_eq!(starts(&bench), 32, "two extra doses at once");
    bench.to("day 9 14:07");
    assert_eq!(starts(&bench), 33);
}

//= requirements/delivery.md#no-catch-up
//= type=test
//# The pump MUST NOT give later what it did not give while it was stopped, stalled, held, without power or called late.
#[test]
fn a_bolus_that_is_called_three_minutes_late_leaves_out_what_was_due_meanwhile() {
    let mut bench = Bench::running(&morphine());
    bench.to("day 3 09:00").is_granted();
    bench.to("day 3 09:02");
    let before = bench.moved.len();
    bench.now += 3 * MINUTE;
    bench.pump.tick(bench.raw(), bench.second());
    bench.settle();
    bench.run_until(at("day 3 09:05") + 10 * SECOND);
    assert!(bench.moved.len() - before <= 3, "twelve strokes were missed and are not made up for");
    bench.to("day 3 09:20");
    let (_, ordered, confirmed, _, _) = last_end(&bench);
    assert_eq!((ordered, confirmed), (20_000, 20_000 - 12 * 500));
}

//= requirements/delivery.md#stop-by-a-person
//= type=test
//# A stop by a person MUST let the stroke in progress finish.
#[test]
fn a_stroke_that_was_asked_for_when_the_clinician_stops_is_finished_and_none_follows() {
    let mut bench = Bench::running(&morphine());
    bench.to("day 3 09:00");
    let next = bench.moved.len();
    while bench.pump.strokes().commanded as usize == next {
        bench.now = bench.pump.deadline().unwrap().max(bench.now + 1);
        bench.pump.tick(bench.raw(), bench.second());
    }
    let raw = bench.raw();
    bench.pump.stop(raw, 1, Duration::from_hours(1), NURSE).unwrap();
    bench.settle();
    assert_eq!(bench.moved.len(), next + 1);
    assert!(!bench.enabled, "the drive has no power once the stroke is over");
    assert_eq!(bench.pump.strokes().unconfirmed, 0);
    bench.to("day 3 09:50");
    assert_eq!(bench.moved.len(), next + 1);
}
