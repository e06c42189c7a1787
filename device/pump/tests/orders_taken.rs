//! Orders as they come to a running pump: refused for all that is wrong, held at a stroke, ramped with a contact, and stopped by the factory.

#![allow(clippy::result_large_err, reason = "a story hands the pump's own answer on")]

mod bench;

use bench::*;
use orders::prescription::*;
use orders::{AlarmId, Duration, FlowRate, Permille, Reason, Refusals, Volume};

fn commit(bench: &mut Bench, order: &Prescription) -> Result<(), Refusals> {
    let raw = bench.raw();
    let answer = bench.pump.commit_order(raw, order, None, None, NURSE);
    bench.settle();
    answer
}

//= requirements/prescription.md#whole-or-not-at-all
//= type=test
//# The pump MUST accept an order whole or refuse it whole with every reason.
//= requirements/prescription.md#whole-or-not-at-all
//= type=test
//# A refused, abandoned or incomplete order MUST leave the running order as it was.
#[test]
fn an_order_with_five_things_wrong_is_refused_for_all_five_and_not_one_of_them_runs() {
    let mut bench = Bench::running(&morphine());
    bench.to("day 3 08:00");
    let mut wrong = morphine();
    wrong.order_number = 1; // not newer than what runs
    wrong.mode = Mode::Continuous(FlowRate::new(25_000_000)); // more than the drive gives, and than the ceilings
    wrong.alarm_volume = Volume::new(1_000_000); // below the residual
    wrong.fall_back = FlowRate::ZERO; // blank
    wrong.mixture = orders::Mixture::single(orders::Drug::Morphine, mg_per_ml(5)); // not what was filled
    wrong.ramp = Some(Ramp {
        first: Permille::new(500),
        last: Permille::new(1_001), // more than the whole
        steps: 2,
        interval: Duration::from_days(1),
    });
    let stored = bench.store.commit;
    let refusals = commit(&mut bench, &wrong).expect_err("refused");
    let reasons: Vec<Reason> = refusals.iter().map(|refusal| refusal.reason).collect();
    for reason in [
        Reason::StaleVersion,
        Reason::FactoryLimit,
        Reason::OutOfBounds,
        Reason::Missing,
        Reason::Disagreement,
        Reason::OverCeiling,
    ] {
        assert!(reasons.contains(&reason), "{reason:?} is not among {reasons:?}");
    }
    assert_eq!((bench.pump.order().copied(), bench.store.commit), (Some(morphine()), stored));
    bench.to("day 4 08:00");
    let moved = bench.moved_between(at("day 3 08:00"), bench.now);
    assert!(moved.abs_diff(240_000) <= 1_000, "{moved} nL: the running order runs on");
}

//= requirements/delivery.md#stroke-boundary
//= type=test
//# A change of mode or of rate MUST take effect at a stroke boundary.
#[test]
fn in_the_middle_of_a_stroke_an_order_is_told_to_wait_and_a_stop_lets_the_stroke_end() {
    let mut bench = Bench::running(&morphine());
    bench.to("day 3 08:00");
    bench.stalled = true;
    let counted = bench.pump.strokes();
    while bench.pump.strokes().commanded == counted.commanded {
        let next = bench.now + SECOND;
        bench.run_until(next);
    }
    // The stroke is on its way and not yet seen.
    let next = Prescription { order_number: 2, mode: Mode::Continuous(FlowRate::new(200_000)), ..morphine() };
    let refusals = commit(&mut bench, &next).expect_err("a stroke is on its way");
    assert!(refusals.iter().any(|refusal| refusal.reason == Reason::Busy), "{refusals:?}");
    let raw = bench.raw();
    bench.pump.stop(raw, 1, Duration::from_hours(1), NURSE).unwrap();
    bench.settle();
    assert!(bench.enabled, "the stroke is not cut in its middle");
    bench.run_until(bench.now + 5 * SECOND);
    assert!(!bench.enabled, "and after it the power is gone");
    assert_eq!(bench.pump.strokes().unconfirmed, counted.unconfirmed + 1, "it is counted, once");
    commit(&mut bench, &next).unwrap();
}

//= requirements/prescription.md#ramps
//= type=test
//# An upward step of an opioid ramp MUST wait for a contact recorded since the step before, while a downward ramp runs alone.
//= requirements/bolus.md#off-by-default
//= type=test
//# The pump MUST keep patient boluses off for 24 h after a start, a prime, an increase or a gap, unless a typed decision with its reason enables them earlier.
#[test]
fn an_increase_of_morphine_waits_for_the_nurses_call_and_keeps_boluses_off_for_a_day_after_it() {
    let mut order = Prescription { bolus_start: BolusStart::AfterADay, ..morphine() };
    order.ramp = Some(Ramp {
        first: Permille::new(500),
        last: Permille::new(1_000),
        steps: 2,
        interval: Duration::from_days(2),
    });
    let mut bench = Bench::running(&order);
    bench.to("day 3 07:30");
    assert_eq!(bench.pump.flow(), FlowRate::new(120_000));
    bench.to("day 6 08:00");
    assert_eq!(bench.pump.flow(), FlowRate::new(120_000), "due since a day, and nobody has called");
    assert!(bench.stands(AlarmId::RampHeld));
    bench.is_granted();
    bench.to("day 6 14:00");
    let raw = bench.raw();
    bench.pump.contact(raw, NURSE).unwrap();
    bench.settle();
    assert_eq!(bench.pump.flow(), FlowRate::new(180_000));
    bench.run_until(bench.now + MINUTE);
    assert!(!bench.stands(AlarmId::RampHeld));
    let not_before = bench.is_refused(Reason::BolusHold).unwrap();
    assert_eq!(not_before / MINUTE, at("day 7 14:00") / MINUTE);
    bench.to("day 7 14:01").is_granted();
    bench.to("day 8 13:00");
    assert_eq!(bench.pump.flow(), FlowRate::new(180_000), "the next step is two days after this one was taken");
    assert!(!bench.stands(AlarmId::RampHeld));
}

//= requirements/ceilings.md#factory-limits
//= type=test
//# The pump MUST refuse an order that exceeds a factory limit of its device profile, whoever signed it.
#[test]
fn the_factory_limit_of_a_day_holds_in_the_running_pump_too_where_the_orders_own_ceilings_are_wide() {
    let mut order = morphine();
    order.mode = Mode::Continuous(FlowRate::new(3_600_000));
    order.patient_bolus = None;
    order.ceilings[0] = Ceiling { hour: mcg(20_000), four_hours: mcg(50_000), day: mcg(100_000) };
    let mut bench = Bench::running(&order);
    bench.to("day 2 12:00");
    // 3.6 mL of basal a day; the factory allows 4 mL, whatever the drug.
    let raw = bench.raw();
    let refusals = bench.pump.propose_single(raw, Volume::new(600_000), Duration::from_hours(2)).expect_err("too much");
    assert!(refusals.iter().any(|refusal| refusal.drug.is_none() && refusal.value > refusal.limit), "{refusals:?}");
    bench.pump.propose_single(raw, Volume::new(100_000), Duration::from_hours(2)).unwrap();
    let mut more = order;
    more.order_number = 2;
    more.mode = Mode::Continuous(FlowRate::new(4_200_000));
    let refusals = commit(&mut bench, &more).expect_err("beyond the factory's day");
    assert!(refusals.iter().any(|refusal| refusal.reason == Reason::FactoryLimit), "{refusals:?}");
}
