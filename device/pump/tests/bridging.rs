//! Fronts in the running pump: bridges from 10 to 20 mg/mL and back, primes, missed edges at a front, refills.

#![allow(clippy::result_large_err, reason = "a story hands the pump's own answer on")]

mod bench;

use bench::*;
use orders::plan::BridgePlan;
use orders::prescription::*;
use orders::*;
use pump::bolus::Source;
use pump::events::{Ending, Event};
use pump::reading::Extra;
use pump::reservoir::Refill;
use pump::transitions::State;

/// Morphine, 4 mg a day, at 10 or 20 mg/mL, with a bolus of 0.2 mg.
fn four_mg(mg: u32, number: u64) -> Prescription {
    let mut order = morphine();
    order.order_number = number;
    order.mixture = Mixture::single(Drug::Morphine, mg_per_ml(mg));
    order.mode = Mode::Continuous(FlowRate::new(4_000_000 / u64::from(mg)));
    order.fall_back = FlowRate::new(2_000_000 / u64::from(mg));
    order.ceilings[0] = Ceiling { hour: mcg(900), four_hours: mcg(2_000), day: mcg(6_000) };
    if let Some(bolus) = &mut order.patient_bolus {
        bolus.volume = Volume::new(200_000 / u64::from(mg));
    }
    order
}

/// 199 mcL of tubing and 198 of catheter are 397; 8 % of them lie before and behind a front that moves at basal.
fn plan(flow: u64) -> BridgePlan {
    let nl = Volume::new;
    BridgePlan { volume: nl(397_000), leading: nl(365_240), trailing: nl(428_760), flow: FlowRate::new(flow) }
}

/// At 09:00 on day 4 the reservoir is washed and filled with the other strength; the old one lies up to the tip.
fn changed(old: u32, new: u32) -> Bench {
    let mut bench = Bench::running(&four_mg(old, 1));
    bench.to("day 4 09:00");
    let raw = bench.raw();
    let mixture = four_mg(new, 2).mixture;
    let drawn = bench.pump.status(raw).left.nominal.saturating_sub(DEVICE.residual);
    bench.pump.aspirate(raw, drawn).unwrap();
    for _ in 0..30 {
        bench.settle();
        let raw = bench.raw();
        bench.pump.rinse(raw, Volume::new(18_000_000), &mixture, Volume::new(18_000_000)).unwrap();
    }
    bench.settle();
    bench.fill(&mixture, 18_600_000);
    // It was empty for a moment: a clinician starts it again.
    let raw = bench.raw();
    bench.pump.resume(raw, NURSE).unwrap();
    bench.settle();
    bench
}

fn commit(bench: &mut Bench, order: &Prescription, plan: Option<BridgePlan>) -> Result<(), Refusals> {
    let raw = bench.raw();
    let answer = bench.pump.commit_order(raw, order, plan, None, NURSE);
    bench.settle();
    answer
}

/// What really moved until the flow is another, in nL.
fn moved_until_change(bench: &mut Bench) -> u64 {
    let (from, flow) = (bench.now, bench.pump.flow());
    while bench.pump.flow() == flow {
        assert!(bench.now < from + 5 * DAY, "the flow never changes");
        let next = bench.now + 10 * SECOND;
        bench.run_until(next);
    }
    bench.moved_between(from, bench.now)
}

//= requirements/ledger.md#bridge-edges
//= type=test
//# A bridge MUST change to a lower rate at the leading edge of the front and to a higher rate only after its trailing edge.
//= requirements/bolus.md#front-in-the-path
//= type=test
//# The pump MUST refuse a patient bolus while a front above the order's front threshold lies in the path.
#[test]
fn from_20_to_10_mg_per_ml_the_low_flow_runs_until_the_strong_drug_has_gone_and_no_bolus_meanwhile() {
    let mut bench = changed(20, 10);
    commit(&mut bench, &four_mg(10, 2), Some(plan(200_000))).unwrap();
    assert_eq!(bench.pump.flow(), FlowRate::new(200_000));
    let refusals = bench.asks().expect_err("a bridge runs");
    let has = |reason| refusals.iter().any(|refusal| refusal.reason == reason);
    assert!(has(Reason::BridgeRunning) && has(Reason::FrontInPath), "{refusals:?}");
    assert!(matches!(bench.pump.status(bench.raw()).extra, Some((Extra::Bridge, _, _))));
    let moved = moved_until_change(&mut bench);
    assert!((428_760..=429_500).contains(&moved), "{moved} nL");
    assert_eq!(bench.pump.flow(), FlowRate::new(400_000));
    assert_eq!(bench.pump.status(bench.raw()).extra, None);
}

//= requirements/ledger.md#bridge-edges
//= type=test
//# A bridge MUST change to a lower rate at the leading edge of the front and to a higher rate only after its trailing edge.
#[test]
fn from_10_to_20_mg_per_ml_the_flow_falls_when_the_strong_drug_may_first_show() {
    let mut bench = changed(10, 20);
    commit(&mut bench, &four_mg(20, 2), Some(plan(400_000))).unwrap();
    assert_eq!(bench.pump.flow(), FlowRate::new(400_000));
    let moved = moved_until_change(&mut bench);
    assert!((365_240..=366_000).contains(&moved), "{moved} nL");
    assert_eq!(bench.pump.flow(), FlowRate::new(200_000));
    // The old drug still shows: no bolus until the trailing edge has passed.
    bench.is_refused(Reason::FrontInPath);
}

/// One strong hour a day does not make a weaker day the higher rate.
//= requirements/ledger.md#bridge-edges
//= type=test
//# A bridge MUST change to a lower rate at the leading edge of the front and to a higher rate only after its trailing edge.
#[test]
fn a_schedule_with_one_fast_hour_is_led_to_by_its_mean_so_that_the_stronger_drug_never_meets_the_old_flow() {
    let mut bench = changed(10, 20);
    let mut flows = [FlowRate::new(180_000); HALF_HOURS];
    flows[44..46].fill(FlowRate::new(600_000));
    let order = Prescription { mode: Mode::Schedule(Schedule::every_day(flows)), ..four_mg(20, 2) };
    commit(&mut bench, &order, Some(plan(400_000))).unwrap();
    let moved = moved_until_change(&mut bench);
    assert!((365_240..=366_000).contains(&moved), "{moved} nL: at the leading edge, not 63 mcL of 20 mg/mL later");
}

#[test]
fn edges_that_are_missed_during_a_bridge_move_the_higher_flow_back_by_as_much_and_no_less() {
    let mut bench = changed(20, 10);
    commit(&mut bench, &four_mg(10, 2), Some(plan(200_000))).unwrap();
    let next = bench.now + 6 * HOUR;
    let before = bench.moved.len();
    bench.run_until(next);
    bench.missed_edges = 100;
    let so_far = u64::try_from(bench.moved.len() - before).unwrap() * 500;
    let rest = moved_until_change(&mut bench);
    // 100 strokes moved and were not seen: 50 mcL more until what certainly moved has passed the trailing edge.
    assert!((478_760..=479_500).contains(&(so_far + rest)), "{} nL", so_far + rest);
    assert_eq!(bench.pump.strokes().unconfirmed, 100);
}

//= requirements/ledger.md#bridge-asked-for
//= type=test
//# The pump MUST refuse an order that lets a front above the front threshold reach the tip without its bridge or a typed decision to go without.
//= requirements/ledger.md#both-sides-agree
//= type=test
//# The pump MUST refuse a bridge or a prime unless both edges equal those that the asker worked out.
//= requirements/prescription.md#whole-or-not-at-all
//= type=test
//# A refused, abandoned or incomplete order MUST leave the running order as it was.
#[test]
fn without_its_bridge_or_with_a_wrong_one_the_order_is_refused_and_the_running_one_goes_on() {
    let mut bench = changed(20, 10);
    let order = four_mg(10, 2);
    let right = plan(200_000);
    let wrong = [
        (None, Reason::BridgeNeeded),
        (Some(BridgePlan { volume: Volume::new(200_000), ..right }), Reason::BridgeWrong),
        (Some(BridgePlan { leading: Volume::new(397_000), ..right }), Reason::Disagreement),
        (Some(BridgePlan { trailing: Volume::new(397_000), ..right }), Reason::Disagreement),
        // The new flow in the old drug: twice the dose.
        (Some(plan(400_000)), Reason::BridgeWrong),
        (Some(plan(20_000)), Reason::BridgeWrong),
    ];
    let before = (bench.pump.flow(), bench.pump.order().copied(), bench.store.commit);
    for (plan, reason) in wrong {
        let refusals = commit(&mut bench, &order, plan).expect_err("a wrong bridge");
        assert_eq!(refusals.iter().map(|refusal| refusal.reason).collect::<Vec<_>>(), [reason], "{plan:?}");
        assert_eq!((bench.pump.flow(), bench.pump.order().copied(), bench.store.commit), before);
        assert_eq!(bench.pump.status(bench.raw()).extra, None);
    }
    commit(&mut bench, &order, Some(right)).unwrap();
}

/// Implanted and filled at 07:00, the order committed and not started.
fn unprimed() -> Bench {
    let mut bench = Bench::new();
    bench.to("07:00");
    let raw = bench.raw();
    bench.pump.installation(raw, Volume::new(198_000), &Mixture::DRUG_FREE).unwrap();
    bench.fill(&morphine().mixture, 18_600_000);
    commit(&mut bench, &morphine(), None).unwrap();
    bench
}

fn primes(bench: &mut Bench) -> Result<(), Refusals> {
    let (raw, second) = (bench.raw(), bench.second());
    let plan = bench.pump.prime_plan()?;
    let allowance = bench.pump.prime_allowance(&plan);
    let answer = bench.pump.commit_prime(raw, second, &plan, &allowance, NURSE);
    bench.settle();
    answer.map(|_| ())
}

//= requirements/ledger.md#prime-allowance
//= type=test
//# The pump MUST run a prime fast only to the leading edge of the front band and at basal from there.
//= requirements/ledger.md#prime-allowance
//= type=test
//# The pump MUST stop a prime at the next stroke boundary when it is cancelled.
#[test]
fn a_right_prime_runs_to_the_leading_edge_once_and_a_cancelled_one_is_not_begun_again_that_day() {
    let mut bench = unprimed();
    let plan = bench.pump.prime_plan().unwrap();
    assert_eq!((plan.volume, plan.leading), (Volume::new(397_000), Volume::new(198_500)));
    primes(&mut bench).unwrap();
    bench.to("07:40");
    assert_eq!(bench.moved_between(0, bench.now), 198_500);
    assert!(!bench.enabled, "nothing turns until it is started");
    let again = primes(&mut bench).expect_err("the drug may show at the tip: nothing is left to be moved fast");
    assert!(again.iter().any(|refusal| refusal.reason == Reason::PrimeVolume), "{again:?}");

    let mut bench = unprimed();
    primes(&mut bench).unwrap();
    bench.to("07:05");
    let raw = bench.raw();
    bench.pump.stop(raw, 1, Duration::from_hours(1), NURSE).unwrap();
    bench.settle();
    let moved = bench.moved.len();
    assert!(moved < 397);
    bench.to("09:00");
    assert_eq!(bench.moved.len(), moved);
    assert_eq!(bench.pump.state(), State::Fresh);
    let again = primes(&mut bench).expect_err("a second one in the same day");
    assert!(again.iter().any(|refusal| refusal.reason == Reason::PrimeRepeated), "{again:?}");
    bench.to("day 2 08:00");
    primes(&mut bench).unwrap();
}

#[test]
fn a_prime_whose_drive_is_silent_stops_after_three_strokes() {
    let mut bench = unprimed();
    bench.stalled = true;
    primes(&mut bench).unwrap();
    bench.to("07:10");
    assert_eq!(bench.pump.status(bench.raw()).extra, None);
    assert_eq!(bench.pump.strokes().unconfirmed, 3);
    assert!(bench.stands(AlarmId::UnconfirmedStrokes));
    bench.to("08:00");
    assert_eq!(bench.pump.strokes().commanded, 3);
}

//= requirements/ledger.md#prime-allowance
//= type=test
//# The pump MUST prime only within a signed one-shot allowance in milligrams, charged by the upper bound of the mass.
#[test]
fn a_prime_of_drug_needs_milligrams_that_were_signed_for() {
    // The old drug lies up to the tip, 18.6 mL of 20 mg/mL on a residual of 1.4 mL: 198.5 mcL of it would be pushed out.
    let mut bench = changed(20, 10);
    let (raw, second) = (bench.raw(), bench.second());
    let plan = bench.pump.prime_plan().unwrap();
    let mut allowance = bench.pump.prime_allowance(&plan);
    assert_eq!(allowance[0], Some((Drug::Morphine, Mass::new(3_692_100_000_000))));
    allowance[0] = Some((Drug::Morphine, Mass::new(3_692_099_999_999)));
    let refusals = bench.pump.commit_prime(raw, second, &plan, &allowance, NURSE).unwrap_err();
    let refusal = refusals.iter().next().unwrap();
    assert_eq!((refusal.reason, refusal.drug), (Reason::OverCeiling, Some(Drug::Morphine)));
    let before = bench.now;
    bench.to("day 4 10:00");
    assert!(bench.moved_between(before, bench.now) <= 9_000, "nothing but basal moved");
}

//= requirements/reservoir.md#overfill
//= type=test
//# The pump MUST refuse a fill that with what remained exceeds the capacity of the device profile.
//= requirements/reservoir.md#expected-against-drawn-off
//= type=test
//# When the difference is outside the tolerance, the pump MUST NOT complete the refill until a clinician has given a reason.
#[test]
fn a_refill_meant_for_a_40_ml_pump_and_one_that_does_not_add_up_are_refused_and_nothing_changes() {
    let mut bench = Bench::running(&morphine());
    bench.to("day 10 09:00");
    let before = bench.pump.status(bench.raw()).left;
    let expected = before.nominal.saturating_sub(DEVICE.residual);
    let right = Refill {
        drawn_off: expected,
        emptied: true,
        filled: Volume::new(18_600_000),
        vial_sum: Volume::new(18_600_000),
        mixture: morphine().mixture,
        reason: None,
    };
    let forty = Volume::new(38_600_000);
    let missing = Volume::new(expected.get() - 2_500_000);
    let entries = [
        (Refill { filled: forty, vial_sum: forty, ..right }, Reason::Overfill),
        (Refill { drawn_off: missing, ..right }, Reason::VolumeDiscrepancy),
    ];
    for (entry, reason) in entries {
        let raw = bench.raw();
        let refusal = bench.pump.refill(raw, &entry, Duration::from_days(90), NURSE).unwrap_err();
        bench.settle();
        assert_eq!(refusal.reason, reason);
        assert_eq!(bench.pump.status(bench.raw()).left, before);
    }
    let raw = bench.raw();
    let entry = Refill { drawn_off: missing, reason: Some(3), ..right };
    let checked = bench.pump.refill(raw, &entry, Duration::from_days(90), NURSE).unwrap();
    assert_eq!(checked.discrepancy.difference, Volume::new(2_500_000));
    assert!(bench.stands(AlarmId::VolumeDiscrepancy), "a reason was given, and it is still to be looked into");
}

//= requirements/reservoir.md#empty
//= type=test
//# The pump MUST stop, with the highest alarm, when the nominal volume reaches the residual.
//= requirements/reservoir.md#low
//= type=test
//# The pump MUST raise the low-reservoir alarm when the worst-case volume reaches the alarm volume, and the refill alarm the order's days before that.
#[test]
fn low_then_empty_then_refilled_and_only_a_clinician_starts_it_again() {
    let mut bench = Bench::running(&morphine());
    bench.to("day 2 09:00");
    // 2.5 mL above the residual: 1.9 mL above the alarm volume of 2 mL, 7.8 days at 240 mcL; 80 more in boluses.
    bench.fill(&morphine().mixture, 2_500_000);
    assert!(bench.stands(AlarmId::RefillSoon), "seven days are less than what 320 mcL and 14.5 % a day leave");
    bench.to("day 8 09:00");
    assert!(!bench.stands(AlarmId::ReservoirLow));
    while !bench.stands(AlarmId::ReservoirLow) {
        let next = bench.now + 10 * MINUTE;
        bench.run_until(next);
    }
    let left = bench.pump.status(bench.raw()).left;
    assert!((1_995_000..=2_000_000).contains(&left.worst.get()), "{left:?}");
    assert_eq!(bench.pump.flow(), FlowRate::new(240_000), "the basal goes on");
    while bench.pump.state() == State::Running {
        let next = bench.now + HOUR;
        bench.run_until(next);
    }
    assert_eq!(bench.pump.state(), State::Empty);
    assert!(bench.stands(AlarmId::ReservoirEmpty) && !bench.enabled);
    let left = bench.pump.status(bench.raw()).left.nominal;
    assert!(left <= DEVICE.residual && DEVICE.residual.saturating_sub(left) < DEVICE.stroke, "{left:?}");
    let (before, still) = (bench.now, bench.moved.len());
    bench.run_until(before + DAY);
    assert_eq!(bench.moved.len(), still);
    bench.fill(&morphine().mixture, 18_600_000);
    assert_eq!(bench.pump.state(), State::Stopped);
    bench.run_until(before + DAY + HOUR);
    assert_eq!(bench.moved.len(), still, "a filled pump waits for a clinician");
    let raw = bench.raw();
    bench.pump.resume(raw, NURSE).unwrap();
    bench.settle();
    bench.run_until(before + DAY + 3 * HOUR);
    assert!(bench.moved.len() > still);
}

#[test]
fn an_order_that_does_not_name_a_drug_of_the_reservoir_is_refused_and_says_which() {
    let mut bench = Bench::new();
    bench.to("07:00");
    let raw = bench.raw();
    bench.pump.installation(raw, Volume::new(198_000), &Mixture::DRUG_FREE).unwrap();
    let of = |drug, mg| mixture::Component { drug, concentration: mg_per_ml(mg) };
    let both = Mixture::of(&[of(Drug::Morphine, 1), of(Drug::Bupivacaine, 5)]).unwrap();
    bench.fill(&both, 18_600_000);
    let refusals = commit(&mut bench, &morphine(), None).unwrap_err();
    let refusal = refusals.iter().next().unwrap();
    assert_eq!((refusal.reason, refusal.drug), (Reason::Disagreement, Some(Drug::Bupivacaine)));
    assert_eq!(bench.pump.order(), None);
}

#[test]
fn a_cancelled_prime_says_what_it_gave() {
    let mut bench = unprimed();
    primes(&mut bench).unwrap();
    bench.to("07:05");
    let raw = bench.raw();
    bench.pump.stop(raw, 1, Duration::from_hours(1), NURSE).unwrap();
    bench.settle();
    let key = pump::journal::Key([7; 16]);
    let records = bench.store.journal.values();
    let ended = records.rev().find_map(|record| match pump::journal::open(&key, record).ok()?.event? {
        Event::BolusEnded { source: Source::Prime, ordered, confirmed, ending, .. } => {
            Some((ordered.get(), confirmed.get(), ending))
        }
        _ => None,
    });
    let moved = u64::try_from(bench.moved.len()).unwrap() * 500;
    assert_eq!(ended, Some((198_500, moved, Ending::Cancelled)));
}

//= requirements/time.md#setting-the-clock
//= type=test
//# A clock setting during a bridge MUST take effect after the bridge.
#[test]
fn a_clock_set_while_a_bridge_runs_waits_for_its_end_and_loses_no_minute_of_the_wait() {
    let mut bench = changed(20, 10);
    commit(&mut bench, &four_mg(10, 2), Some(plan(200_000))).unwrap();
    let raw = bench.raw();
    let before = bench.pump.status(raw).wall.unwrap();
    let set = WallTime::new(before.get() + 5 * HOUR);
    bench.pump.set_wall(raw, set, NURSE).unwrap();
    bench.settle();
    let (at, raw) = (bench.now, bench.raw());
    assert_eq!(bench.pump.status(raw).wall, Some(before), "not under the bridge");
    moved_until_change(&mut bench);
    let (raw, waited) = (bench.raw(), bench.now - at);
    assert!(waited > DAY);
    assert_eq!(bench.pump.status(raw).wall, Some(WallTime::new(set.get() + waited)));
}
