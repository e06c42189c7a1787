//! What is in the reservoir and what is ordered: the same again, what is left of an old drug, and fluid nobody ordered.

#![allow(clippy::result_large_err, reason = "a story hands the pump's own answer on")]

mod bench;

use bench::*;
use orders::alarm::Level;
use orders::prescription::*;
use orders::*;
use pump::windows::Window;

fn single(drug: Drug, mg: u32) -> Mixture {
    Mixture::single(drug, mg_per_ml(mg))
}

/// The same dose of another drug at the same strength.
fn hydromorphone(number: u64) -> Prescription {
    Prescription { order_number: number, mixture: single(Drug::Hydromorphone, 1), ..morphine() }
}

fn commit(bench: &mut Bench, order: &Prescription, without: Option<u8>) -> Result<(), Refusals> {
    let raw = bench.raw();
    let answer = bench.pump.commit_order(raw, order, None, without, NURSE);
    bench.settle();
    answer
}

//= requirements/ledger.md#same-mixture-again
//= type=test
//# A refill of the mixture that was ordered and filled before MUST NOT make a front.
#[test]
fn a_second_and_a_third_refill_of_the_same_mixture_need_no_bridge_and_keep_no_bolus_off() {
    // The first fill lies on a residual without drug: 0.93 mg/mL. The second comes to 0.995, the third to 1.
    let mut bench = Bench::running(&morphine());
    for day in [30, 60, 90] {
        bench.run_until(day * DAY + 9 * HOUR);
        bench.is_granted();
        bench.run_until(day * DAY + 15 * HOUR);
        bench.fill(&morphine().mixture, 18_600_000);
        bench.is_granted();
        assert!(!bench.stands(AlarmId::MixtureUnordered), "day {day}");
        bench.run_until(day * DAY + 16 * HOUR);
        let next = Prescription { order_number: 1 + day, ..morphine() };
        commit(&mut bench, &next, None).unwrap();
        bench.run_until(day * DAY + 22 * HOUR);
        bench.is_granted();
    }
    assert_eq!(bench.pump.level(), Level::Full);
}

//= requirements/ledger.md#same-mixture-again
//= type=test
//# A refill of the mixture that was ordered and filled before MUST NOT make a front.
#[test]
fn what_is_left_of_the_drug_before_asks_for_no_bridge_at_the_next_refill_and_at_the_change_it_does() {
    let mut bench = Bench::running(&morphine());
    bench.to("day 20 09:00");
    bench.fill(&hydromorphone(2).mixture, 18_600_000);
    let refused = commit(&mut bench, &hydromorphone(2), None).expect_err("the old drug lies up to the tip");
    assert!(refused.iter().any(|refusal| refusal.reason == Reason::BridgeNeeded), "{refused:?}");
    commit(&mut bench, &hydromorphone(2), Some(1)).unwrap();
    bench.to("day 20 09:30").is_refused(Reason::FrontInPath);
    // Five days later the path holds hydromorphone with 7 % of morphine in it, and then a twentieth of that.
    bench.to("day 25 09:00");
    bench.is_granted();
    bench.to("day 40 09:00");
    bench.fill(&hydromorphone(3).mixture, 18_600_000);
    assert!(!bench.stands(AlarmId::MixtureUnordered));
    commit(&mut bench, &hydromorphone(3), None).unwrap();
    bench.is_granted();
    // Nothing of it goes uncounted all the same: the old drug's ceiling still counts the trace.
    assert!(bench.pump.charged(Drug::Morphine, Window::Day) > Mass::ZERO);
}

//= requirements/ledger.md#unordered-fluid
//= type=test
//# While the reservoir holds another mixture than the order, the pump MUST raise an alarm and refuse patient boluses.
//= requirements/ceilings.md#assumed-charges
//= type=test
//# When known charges refuse a basal stroke, the pump MUST raise a high alarm and take a step down the ladder.
#[test]
fn a_refill_twice_as_strong_without_its_order_is_told_at_once_and_never_passes_the_ceiling_of_a_day() {
    let mut bench = Bench::running(&morphine());
    bench.to("day 20 09:00");
    bench.fill(&single(Drug::Morphine, 2), 18_600_000);
    assert!(bench.stands(AlarmId::MixtureUnordered));
    bench.is_refused(Reason::AlarmActive);
    assert_eq!(bench.pump.flow(), FlowRate::new(240_000), "what is in the path is still the ordered drug");
    // 0.24 mL of 1.93 mg/mL would be 463 mcg a day; the order's ceiling is 400.
    let mut fell_back = None;
    for hour in 1..=5 * 24 {
        bench.run_until(19 * DAY + 9 * HOUR + hour * HOUR);
        assert!(bench.pump.charged(Drug::Morphine, Window::Day) <= mcg(400), "hour {hour}");
        if bench.stands(AlarmId::CeilingByBasal) && fell_back.is_none() {
            fell_back = Some(hour);
            assert_eq!(bench.pump.level(), Level::FallBack);
        }
    }
    assert!(fell_back.is_some_and(|hour| hour > 36), "{fell_back:?}: a day and a half to write the order");
    let told = bench.told().iter().filter(|event| matches!(event, pump::events::Event::Refused { .. })).count();
    assert!(told <= 6, "{told}: said once and not with every stroke");
    // The order comes.
    let mut right = Prescription { order_number: 2, mixture: single(Drug::Morphine, 2), ..morphine() };
    right.mode = Mode::Continuous(FlowRate::new(120_000));
    right.fall_back = FlowRate::new(50_000);
    if let Some(bolus) = &mut right.patient_bolus {
        bolus.volume = Volume::new(10_000);
    }
    commit(&mut bench, &right, None).unwrap();
    assert!(!bench.stands(AlarmId::MixtureUnordered) && !bench.stands(AlarmId::CeilingByBasal));
    assert_eq!((bench.pump.level(), bench.pump.flow()), (Level::Full, FlowRate::new(120_000)));
}

//= requirements/ledger.md#unordered-fluid
//= type=test
//# The pump MUST NOT give a stroke that may hold a drug at the tip for which no order has set a ceiling.
#[test]
fn a_drug_that_nobody_ordered_is_told_at_the_refill_and_is_never_given() {
    let mut bench = Bench::running(&morphine());
    bench.to("day 20 09:00");
    let filled = bench.now;
    bench.fill(&single(Drug::Hydromorphone, 1), 18_600_000);
    assert!(bench.stands(AlarmId::MixtureUnordered) && !bench.stands(AlarmId::UnorderedDrug));
    bench.to("day 25 09:00");
    // 397 mcL of path less 8 % of it: so much of the old drug is certain.
    let moved = bench.moved_between(filled, bench.now);
    assert!((363_000..=365_500).contains(&moved), "{moved} nL");
    assert!(bench.stands(AlarmId::UnorderedDrug) && !bench.enabled);
    assert_eq!(bench.pump.alarms().iter().next(), Some(AlarmId::UnorderedDrug));
    let raw = bench.raw();
    assert!(bench.pump.clear_alarm(raw, AlarmId::UnorderedDrug, NURSE).is_err(), "a button orders no drug");
    bench.restart(pump::events::Cause::BrownOut, true);
    bench.to("day 26 09:00");
    assert_eq!(bench.moved_between(filled, bench.now), moved, "and a restart does not either");
    // A clinician orders it, and types that what is left of the old drug goes without a bridge.
    commit(&mut bench, &hydromorphone(2), Some(1)).unwrap();
    assert!(!bench.stands(AlarmId::UnorderedDrug) && !bench.stands(AlarmId::MixtureUnordered));
    let ordered = bench.now;
    bench.to("day 27 09:00");
    assert!(bench.moved_between(ordered, bench.now).abs_diff(240_000) <= 1_000);
    assert!(bench.pump.charged(Drug::Hydromorphone, Window::Day) > mcg(200));
}

//= requirements/reservoir.md#low
//= type=test
//# The pump MUST raise the low-reservoir alarm when the worst-case volume reaches the alarm volume, and the refill alarm the order's days before that.
#[test]
fn the_low_alarm_comes_with_the_stroke_that_reaches_its_volume_and_not_with_the_next_hour() {
    let mut bench = Bench::running(&baclofen());
    let mut last = None;
    while !bench.stands(AlarmId::ReservoirLow) {
        last = Some(bench.pump.status(bench.raw()).left.worst);
        let next = bench.now + 5 * MINUTE;
        bench.run_until(next);
    }
    let (before, after) = (last.unwrap(), bench.pump.status(bench.raw()).left.worst);
    assert!(before > baclofen().alarm_volume && after <= baclofen().alarm_volume, "{before} {after}");
    assert!(bench.stands(AlarmId::RefillSoon), "the order's 21 days before that");
}

//= requirements/delivery.md#periodic-bolus
//= type=test
//# The pump MUST say of a periodic bolus that a restart has cut what it gave, as of any other.
#[test]
fn a_periodic_bolus_that_a_restart_cuts_has_its_end_in_the_journal_and_claims_no_stroke_that_was_not_seen() {
    use pump::bolus::Source;
    use pump::events::{Cause, Ending, Event};
    let mut order = baclofen();
    order.mode = Mode::PeriodicBolus(PeriodicBolus {
        background: FlowRate::new(60_000),
        volume: Volume::new(20_000),
        duration: Duration::from_minutes(20),
        interval: Duration::from_hours(6),
        first_after: Duration::from_hours(1),
    });
    let mut bench = Bench::running(&order);
    // 09:00, 15:00, 21:00, ... the bolus of day 3 at 15:00 is cut in its middle, two of its strokes unseen.
    bench.to("day 3 15:05");
    bench.missed_edges = 2;
    bench.to("day 3 15:10");
    bench.restart(Cause::Watchdog, true);
    let ended = bench.told().into_iter().rev().find_map(|event| match event {
        Event::BolusEnded { source: Source::Periodic, ordered, confirmed, charged, ending: Ending::Restart } => {
            Some((ordered.get(), confirmed.get(), charged.get()))
        }
        _ => None,
    });
    let (ordered, confirmed, charged) = ended.expect("its end is told");
    assert_eq!(ordered, 20_000);
    assert!((9_500..=11_000).contains(&charged), "{charged}");
    assert_eq!(confirmed, charged - 1_000, "two strokes were not seen");
    let cut = bench.now;
    bench.to("day 3 20:50");
    assert!(bench.moved_between(cut, bench.now) <= 60_000 * 340 / 1440 + 1_000, "it is not resumed");
    bench.to("day 3 21:30");
    assert!(bench.moved_between(at("day 3 20:50"), bench.now) >= 20_000, "the next comes in its time");
}
