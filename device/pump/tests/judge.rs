//! The judge before five orders as they are written in practice, and before the slips that have harmed people.
//!
//! Concentrations and doses are those of the clinical sheet 3.1 to 3.8; ceilings are worked out beside each.

use orders::prescription::*;
use orders::*;
use pump::daily::{self, Step};
use pump::judge::{Caution, Judgement, judge};
use pump::reservoir::Remaining;

const DEVICE: DeviceProfile = DeviceProfile::REFERENCE_20;
const ML: u64 = 1_000_000;

const fn mcg(amount: u64) -> Mass {
    Mass::new(amount * 1_000_000_000)
}

fn ceiling(hour: u64, four_hours: u64, day: u64) -> Ceiling {
    Ceiling { hour: mcg(hour), four_hours: mcg(four_hours), day: mcg(day) }
}

/// An order of these drugs, in mcg/mL, each with its ceilings in mcg.
fn order(drugs: &[(Drug, u32, Ceiling)], mode: Mode) -> Prescription {
    let component = |(drug, per_ml, _): &(Drug, u32, Ceiling)| Component {
        drug: *drug,
        concentration: Concentration::new(per_ml * 1000),
    };
    let components: Vec<Component> = drugs.iter().map(component).collect();
    let mut ceilings = [Ceiling::default(); 4];
    for (slot, (_, _, ceiling)) in ceilings.iter_mut().zip(drugs) {
        *slot = *ceiling;
    }
    Prescription {
        order_number: 1,
        author: 7,
        mixture: Mixture::of(&components).unwrap(),
        mode,
        ramp: None,
        patient_bolus: None,
        bolus_start: BolusStart::AfterADay,
        ceilings,
        alarm_volume: Volume::new(2 * ML),
        alarm_days: 14,
        gap_limit: Duration::from_hours(24),
        front_threshold: Permille::new(50),
        fall_back: FlowRate::new(50_000),
        emergency: EmergencyRule { rate: EmergencyRate::MinimumRate, returns_after: EmergencyRule::STAYS },
        signatures: 1,
    }
}

fn flow(nl_per_day: u64) -> Mode {
    Mode::Continuous(FlowRate::new(nl_per_day))
}

fn judged(order: &Prescription) -> Judgement {
    judge(order, &DEVICE, &order.mixture, Remaining::full(DEVICE.reservoir))
}

fn reasons(judgement: &Judgement) -> Vec<(Reason, Field)> {
    judgement.refusals.iter().map(|refusal| (refusal.reason, refusal.field)).collect()
}

fn mcg_per_day(amount: u64) -> MassRate {
    MassRate::new(amount * 1_000_000_000)
}

/// Whole days, to the nearest.
fn days(span: Option<Duration>) -> u64 {
    (span.unwrap().get() + 43_200_000) / 86_400_000
}

/// 4 mg/day of 20 mg/mL: 0.2 mL/day. An hour gives 167 mcg, and 14 with its bucket, and two strokes of 10: 201.
/// Four hours and a quarter: 708 + 20. Twenty-five hours: 4167 + 20.
fn morphine_alone() -> Prescription {
    order(&[(Drug::Morphine, 20_000, ceiling(300, 1_000, 5_000))], flow(200_000))
}

#[test]
fn morphine_alone_may_run_and_is_told_in_milligrams_a_day_and_days_of_reservoir() {
    let order = morphine_alone();
    let judgement = judged(&order);
    assert_eq!(reasons(&judgement), []);
    let total = judgement.totals[0];
    assert_eq!((total.basal, total.all), (mcg_per_day(4_000), mcg_per_day(4_000)));
    // (20 − 2) / 0.2 = 90 days; with 14.5 % more 78.6.
    assert_eq!((days(judgement.outlook.nominal), days(judgement.outlook.worst)), (90, 79));
    let step = Step { weekdays: 0x7f, from: 0, to: 48, flow: FlowRate::new(200_000) };
    assert_eq!(daily::steps(&order, DEVICE.minimum_rate).collect::<Vec<_>>(), [step]);
}

/// Both 16 mg/mL at 0.25 mL/day: 4 mg of each a day; a bolus of 25 mcL, 0.4 mg of each, four a day, lockout 4 h.
fn morphine_and_bupivacaine() -> Prescription {
    let bolus = PatientBolus {
        volume: Volume::new(25_000),
        duration: Duration::from_minutes(15),
        lockout: Duration::from_hours(4),
        allotment: 4,
    };
    let limits = ceiling(1_000, 2_000, 7_000);
    let drugs = [(Drug::Morphine, 16_000, limits), (Drug::Bupivacaine, 16_000, limits)];
    Prescription { patient_bolus: Some(bolus), ..order(&drugs, flow(250_000)) }
}

//= requirements/prescription.md#own-totals
//= type=test
//# The pump MUST work out the 24 h totals of every drug itself, basal only and with all boluses, for the running and the proposed order.
#[test]
fn morphine_with_bupivacaine_is_told_with_all_boluses_for_both_drugs() {
    let order = morphine_and_bupivacaine();
    let judgement = judged(&order);
    assert_eq!(reasons(&judgement), []);
    for (total, drug) in judgement.totals.iter().zip([Drug::Morphine, Drug::Bupivacaine]) {
        // 4 mg of basal and 4 × 0.4 mg.
        assert_eq!((total.drug, total.basal, total.all), (drug, mcg_per_day(4_000), mcg_per_day(5_600)));
    }
    // 18 / 0.25 = 72; 18 / 0.35 = 51.4; 18 / 0.40075 = 44.9.
    let outlook = judgement.outlook;
    assert_eq!((days(outlook.nominal), days(outlook.all), days(outlook.worst)), (72, 51, 45));
}

//= requirements/ceilings.md#order-within-its-ceilings
//= type=test
//# The pump MUST refuse a proposed order whose basal, whole allotment, one bucket and one stroke together exceed any of its ceilings.
#[test]
fn a_ceiling_that_would_keep_the_fourth_bolus_from_the_patient_is_refused_when_proposed() {
    // 5.6 mg a day are ordered: a ceiling of 5.6 mg leaves no room for the part bucket and the stroke.
    let mut order = morphine_and_bupivacaine();
    order.ceilings[1].day = mcg(5_600);
    let judgement = judged(&order);
    assert_eq!(reasons(&judgement), [(Reason::OverCeiling, Field::CeilingDay)]);
    assert!(
        judgement.refusals.iter().all(|refusal| refusal.limit == mcg(5_600).get() && refusal.value > refusal.limit)
    );
    // And an hour with one bolus: 0.4 mg, with 65 minutes of basal 0.18 mg, and two strokes of 8 mcg: 0.597 mg.
    let mut order = morphine_and_bupivacaine();
    order.ceilings[0].hour = mcg(500);
    assert_eq!(reasons(&judged(&order)), [(Reason::OverCeiling, Field::CeilingHour)]);
}

/// 2 mg/mL: 0.15 mL/day by day (300 mcg/day), 0.3 mL/day from 22:00 to 06:00 (600 mcg/day).
fn baclofen_by_night() -> Prescription {
    let mut flows = [FlowRate::new(150_000); HALF_HOURS];
    for (half_hour, flow) in flows.iter_mut().enumerate() {
        if !(12..44).contains(&half_hour) {
            *flow = FlowRate::new(300_000);
        }
    }
    let mode = Mode::Schedule(Schedule::every_day(flows));
    let baclofen = order(&[(Drug::Baclofen, 2_000, ceiling(50, 140, 600))], mode);
    Prescription { alarm_volume: Volume::new(4 * ML), gap_limit: Duration::from_hours(48), ..baclofen }
}

#[test]
fn baclofen_with_a_night_step_is_told_step_by_step_and_by_day() {
    let order = baclofen_by_night();
    let judgement = judged(&order);
    assert_eq!(reasons(&judgement), []);
    // 8 h at 600 + 16 h at 300 mcg/day: 200 + 200 = 400 mcg.
    assert_eq!(judgement.totals[0].basal, mcg_per_day(400));
    let step = |from, to, flow| Step { weekdays: 0x7f, from, to, flow: FlowRate::new(flow) };
    let night_day_night = [step(0, 12, 300_000), step(12, 44, 150_000), step(44, 48, 300_000)];
    assert_eq!(daily::steps(&order, DEVICE.minimum_rate).collect::<Vec<_>>(), night_day_night);
    // (20 − 4) mL at 0.2 mL/day: 80 days; at the fast end 69.9.
    assert_eq!((days(judgement.outlook.nominal), days(judgement.outlook.worst)), (80, 70));
    assert!(!judgement.cautions.contains(&Caution::LowAlarmForBaclofen));
    let low = Prescription { alarm_volume: Volume::new(2 * ML), ..order };
    assert!(judged(&low).cautions.contains(&Caution::LowAlarmForBaclofen));
}

#[test]
fn a_night_step_is_judged_by_the_four_hours_of_the_night_and_not_by_the_days_mean() {
    // 4.25 h at 600 mcg/day are 106 mcg: the mean of 400 mcg/day would have been 71.
    let mut order = baclofen_by_night();
    order.ceilings[0].four_hours = mcg(100);
    assert_eq!(reasons(&judged(&order)), [(Reason::OverCeiling, Field::CeilingFourHours)]);
}

#[test]
fn a_schedule_that_gives_the_same_all_day_is_judged_like_one_flow() {
    // An hour and its bucket: 65 min × 4 mg/day = 181 mcg, and two strokes of 10 mcg: 201 mcg.
    let even = Mode::Schedule(Schedule::every_day([FlowRate::new(200_000); HALF_HOURS]));
    for mode in [flow(200_000), even] {
        let mut order = Prescription { mode, ..morphine_alone() };
        order.ceilings[0].hour = mcg(202);
        assert_eq!(reasons(&judged(&order)), []);
        order.ceilings[0].hour = mcg(200);
        assert_eq!(reasons(&judged(&order)), [(Reason::OverCeiling, Field::CeilingHour)]);
    }
}

#[test]
fn weekdays_and_weekend_are_told_apart() {
    let week = DaySet { weekdays: 0x1f, flows: [FlowRate::new(200_000); HALF_HOURS] };
    let weekend = DaySet { weekdays: 0x60, flows: [FlowRate::new(240_000); HALF_HOURS] };
    let mode = Mode::Schedule(Schedule::of(&[week, weekend]).unwrap());
    let order = Prescription { mode, ..morphine_alone() };
    let told: Vec<_> = daily::days(&order, DEVICE.minimum_rate)
        .map(|day| (day.weekdays, day.masses(Concentration::new(20_000_000)).all))
        .collect();
    assert_eq!(told, [(0x1f, mcg(4_000)), (0x60, mcg(4_800))]);
    // The total that is judged is the heaviest day's.
    assert_eq!(judged(&order).totals[0].basal, mcg_per_day(4_800));
}

/// 25 mcg/mL undiluted: 2.4 mcg/day is 0.096 mL/day; raised in four weekly steps from a half of it.
fn ziconotide_slowly() -> Prescription {
    let ramp =
        Ramp { first: Permille::new(500), last: Permille::new(1000), steps: 4, interval: Duration::from_days(7) };
    let ziconotide = order(&[(Drug::Ziconotide, 25, ceiling(1, 1, 3))], flow(96_000));
    Prescription { ramp: Some(ramp), ..ziconotide }
}

#[test]
fn ziconotide_is_raised_slowly_and_told_at_the_end_of_its_ramp() {
    let judgement = judged(&ziconotide_slowly());
    assert_eq!(reasons(&judgement), []);
    assert_eq!(judgement.totals[0].all, MassRate::new(2_400_000_000));
    assert!(!judgement.cautions.contains(&Caution::OpioidRamp), "ziconotide is no opioid");
    // 18 mL at 0.096 mL/day are 187 days: far more than the drug keeps, which is why the clinic's date is earlier.
    assert!(days(judgement.outlook.nominal) > 180);
}

/// Hydromorphone 10 mg/mL and clonidine 500 mcg/mL at 0.2 mL/day: 2 mg and 100 mcg a day.
fn hydromorphone_and_clonidine() -> Prescription {
    let hydromorphone = (Drug::Hydromorphone, 10_000, ceiling(150, 500, 2_500));
    let clonidine = (Drug::Clonidine, 500, ceiling(8, 25, 125));
    order(&[hydromorphone, clonidine], flow(200_000))
}

#[test]
fn hydromorphone_with_clonidine_is_told_for_both_in_their_fixed_ratio() {
    let judgement = judged(&hydromorphone_and_clonidine());
    assert_eq!(reasons(&judgement), []);
    let told: Vec<_> = judgement.totals.iter().map(|total| (total.drug, total.all)).collect();
    assert_eq!(told, [(Drug::Hydromorphone, mcg_per_day(2_000)), (Drug::Clonidine, mcg_per_day(100))]);
    // The clonidine's own ceiling holds the whole mixture back.
    let mut tight = hydromorphone_and_clonidine();
    tight.ceilings[1].day = mcg(100);
    assert_eq!(reasons(&judged(&tight)), [(Reason::OverCeiling, Field::CeilingDay)]);
}

//= requirements/prescription.md#own-totals
//= type=test
//# The pump MUST work out the 24 h totals of every drug itself, basal only and with all boluses, for the running and the proposed order.
#[test]
fn a_daily_bolus_entered_as_hourly_is_refused_by_the_ceiling_and_told_as_1440_mcg_a_day() {
    // 60 mcg of morphine at 2 mg/mL is 30 mcL. Background 6 mcL/day: 12 mcg.
    let every = |interval| {
        let mode = Mode::PeriodicBolus(PeriodicBolus {
            background: FlowRate::new(6_000),
            volume: Volume::new(30_000),
            duration: Duration::from_minutes(10),
            interval,
            first_after: Duration::from_hours(1),
        });
        order(&[(Drug::Morphine, 2_000, ceiling(100, 100, 160))], mode)
    };
    let daily_bolus = every(Duration::from_hours(24));
    assert_eq!(reasons(&judged(&daily_bolus)), []);
    assert_eq!(judged(&daily_bolus).totals[0].all, mcg_per_day(72));
    let hourly = every(Duration::from_hours(1));
    let judgement = judged(&hourly);
    assert!(reasons(&judgement).contains(&(Reason::OverCeiling, Field::CeilingDay)));
    assert_eq!(judgement.totals[0].all, mcg_per_day(1_452));
    let told: Vec<_> = daily::days(&hourly, DEVICE.minimum_rate)
        .map(|day| (day.periodic, day.masses(Concentration::new(2_000_000)).unasked))
        .collect();
    assert_eq!(told, [(Volume::new(720_000), mcg(1_452))]);
}

//= requirements/prescription.md#diluted-refill
//= type=test
//# Totals and ceilings after a refill MUST use the mixed concentration at the largest residual.
#[test]
fn after_a_weaker_refill_the_stronger_residual_counts_in_totals_and_ceilings() {
    // 1.4 mL of 20 mg/mL under 18.6 mL of 10: 10.7 mg/mL; 0.4 mL/day give 4.28 mg and not 4.
    let mixed = Mixture::single(Drug::Morphine, Concentration::new(10_700_000));
    let order = order(&[(Drug::Morphine, 10_000, ceiling(300, 1_000, 4_400))], flow(400_000));
    let full = Remaining::full(DEVICE.reservoir);
    assert_eq!(reasons(&judge(&order, &DEVICE, &order.mixture, full)), []);
    let judgement = judge(&order, &DEVICE, &mixed, full);
    assert_eq!(judgement.totals[0].all, mcg_per_day(4_280));
    // 25 h of it: 4.458 mg.
    assert_eq!(reasons(&judgement), [(Reason::OverCeiling, Field::CeilingDay)]);
}

//= requirements/ceilings.md#factory-limits
//= type=test
//# The pump MUST refuse an order that exceeds a factory limit of its device profile, whoever signed it.
//= requirements/prescription.md#possible-for-the-device
//= type=test
//# The pump MUST refuse an order with a step, a ramp or a bolus outside the flow range of its device profile.
#[test]
fn what_the_device_cannot_do_is_refused_whatever_the_ceilings_say() {
    let wide = ceiling(100_000, 200_000, 400_000);
    let judge_flow = |nl_per_day| reasons(&judged(&order(&[(Drug::Morphine, 1_000, wide)], flow(nl_per_day))));
    assert_eq!(judge_flow(6_000), []);
    assert_eq!(judge_flow(5_999), [(Reason::FactoryLimit, Field::BasalFlow)]);
    assert_eq!(
        judge_flow(4_500_000),
        [(Reason::FactoryLimit, Field::BasalFlow); 1],
        "4.5 mL/day are above the day's 4"
    );
    let bolus = PatientBolus {
        volume: Volume::new(1_000_001),
        duration: Duration::from_hours(2),
        lockout: Duration::from_hours(24),
        allotment: 1,
    };
    let large = Prescription { patient_bolus: Some(bolus), ..order(&[(Drug::Morphine, 1_000, wide)], flow(100_000)) };
    assert!(reasons(&judged(&large)).contains(&(Reason::FactoryLimit, Field::BolusVolume)));
}

//= requirements/prescription.md#alarm-volume
//= type=test
//# An order MUST be refused unless its alarm volume lies above the worst-case residual.
#[test]
fn an_alarm_volume_that_would_come_with_the_stop_is_refused() {
    // 1.4 mL of residual and 14.5 % of it are 1.603 mL.
    let late = Prescription { alarm_volume: Volume::new(1_603_000), ..morphine_alone() };
    assert_eq!(reasons(&judged(&late)), [(Reason::OutOfBounds, Field::AlarmVolume)]);
    let in_time = Prescription { alarm_volume: Volume::new(1_603_001), ..morphine_alone() };
    assert!(!reasons(&judged(&in_time)).contains(&(Reason::OutOfBounds, Field::AlarmVolume)));
}
