//! Every sum that was worked out by hand in the clinical facts, section by section, reached again.

use formulary::admixture::{DailyDose, doses, flow, mixture};
use formulary::compounding::{CannotMake, SYRINGE_STEP, Stock, sheet};
use formulary::conversion::convert;
use formulary::discrepancy::{Colour, by_weight, judge, rotor_angle};
use formulary::interval::{Drain, full_reservoir, with_boluses};
use formulary::mixing::{mix, rinse_offered, rinses_needed};
use formulary::path::{catheter_volume, held_in, path_volume, unbridged};
use formulary::tradeoff::{Wanted, panel};
use formulary::{Formulary, number::Step, titration::Direction, titration::Proposal};
use orders::{Concentration, DeviceProfile, Drug, Duration, FlowRate, Mass, MassRate, Mixture, Permille, Volume};

const R20: DeviceProfile = DeviceProfile::REFERENCE_20;
const R40: DeviceProfile = DeviceProfile::REFERENCE_40;

fn ml(text: &str) -> Volume {
    Volume::parse(&format!("{text} mL")).unwrap()
}
fn mg_per_ml(text: &str) -> Concentration {
    Concentration::parse(&format!("{text} mg/mL")).unwrap()
}
fn per_day(text: &str) -> MassRate {
    MassRate::parse(&format!("{text}/day")).unwrap()
}
fn a_day(text: &str) -> FlowRate {
    FlowRate::parse(&format!("{text} mL/day")).unwrap()
}
fn morphine(text: &str) -> Mixture {
    Mixture::single(Drug::Morphine, mg_per_ml(text))
}
fn days(span: Option<Duration>) -> u64 {
    (span.unwrap().get() + 43_200_000) / 86_400_000
}
fn tenths_of_hours(span: Option<Duration>) -> u64 {
    (span.unwrap().get() + 180_000) / 360_000
}

#[test]
fn clinical_2_1_ten_microlitres_of_25_mg_per_ml_are_a_quarter_of_a_milligram() {
    let drug = held_in(Volume::parse("10 mcL").unwrap(), &morphine("25"));
    assert_eq!(drug, [(Drug::Morphine, Mass::parse("0.25 mg").unwrap())]);
}

#[test]
fn clinical_3_1_ziconotide_of_25_mcg_per_ml_at_the_least_flow_of_one_pump_gives_1_2_mcg_a_day() {
    let fluid = Mixture::single(Drug::Ziconotide, Concentration::parse("25 mcg/mL").unwrap());
    assert_eq!(doses(&fluid, a_day("0.048"))[0].dose, per_day("1.2 mcg"));
}

#[test]
fn clinical_3_6_five_milligrams_in_the_spine_are_60_to_1500_by_mouth_and_never_one_number() {
    let formulary = Formulary::shipped().unwrap();
    let band = convert(formulary.ratios(), "morphine intrathecal", "morphine by mouth", per_day("5 mg")).unwrap();
    assert_eq!((band.low, band.high), (per_day("60 mg"), per_day("1500 mg")));
    let told = "60 mg/day (by 12:1 (case report (PubMed 15055516), read)) to 1500 mg/day (by 300:1 (Krames (PubMed 15055516), read))";
    assert_eq!(band.to_string(), told);
}

#[test]
fn clinical_3_7_morphine_and_bupivacaine_4_mg_a_day_each_at_a_quarter_of_a_millilitre_are_16_mg_per_ml() {
    let wanted = [Drug::Morphine, Drug::Bupivacaine].map(|drug| DailyDose { drug, dose: per_day("4 mg") });
    let fluid = mixture(&wanted, a_day("0.25")).unwrap();
    assert!(fluid.iter().all(|component| component.concentration == mg_per_ml("16")));
    assert_eq!(flow(&fluid, per_day("4 mg")), Some(a_day("0.25")));
    assert_eq!(doses(&fluid, a_day("0.25")), wanted);
    // 20 mL: 320 mg of each; morphine from 25 mg/mL is 12.8 mL, bupivacaine must be weighed, 7.2 mL of saline.
    let formulary = Formulary::shipped().unwrap();
    let strong = Stock::Solution(mg_per_ml("25"));
    let stocks = [(Drug::Morphine, strong), (Drug::Bupivacaine, Stock::Powder)];
    let made = sheet(&formulary, &fluid, ml("20"), &stocks, SYRINGE_STEP).unwrap();
    let masses: Vec<_> = made.lines.iter().map(|line| (line.mass, line.draw)).collect();
    let all = Mass::parse("320 mg").unwrap();
    assert_eq!(masses, [(all, ml("12.8")), (all, Volume::ZERO)]);
    assert_eq!(made.diluent, ml("7.2"));
    // From what is sold, 7.5 mg/mL, it cannot be made.
    let weak = Stock::Solution(mg_per_ml("7.5"));
    let refused = sheet(&formulary, &fluid, ml("20"), &[stocks[0], (Drug::Bupivacaine, weak)], SYRINGE_STEP);
    assert!(matches!(refused, Err(CannotMake::TooWeak { drug: Drug::Bupivacaine, .. })));
}

#[test]
fn clinical_3_7_what_is_left_strengthens_a_weaker_fill_by_7_percent_and_a_rinse_is_offered() {
    let (old, new) = (morphine("20"), morphine("10"));
    let mixed = mix((&old, ml("1.4")), (&new, ml("18.6")));
    assert_eq!((mixed[0].mixed, mixed[0].change()), (mg_per_ml("10.7"), 70));
    assert!(rinse_offered(&mixed));
    assert_eq!(rinses_needed((&old, ml("1.4")), (&new, ml("18.6")), ml("18.6")), Some(1));
}

#[test]
fn physiology_4_3_what_is_left_weakens_a_stronger_fill_by_3_5_percent_and_no_rinse_is_offered() {
    let mixed = mix((&morphine("10"), ml("1.4")), (&morphine("20"), ml("18.6")));
    assert_eq!((mixed[0].mixed, mixed[0].change()), (mg_per_ml("19.3"), -35));
    assert!(!rinse_offered(&mixed));
}

#[test]
fn clinical_3_8_tubing_and_90_cm_of_catheter_hold_0_397_ml() {
    assert_eq!(path_volume(&R20, 900), ml("0.397"));
}

#[test]
fn clinical_3_8_without_a_bridge_20_to_10_doubles_the_dose_for_a_day_and_10_to_20_halves_it_for_two() {
    let without = unbridged(ml("0.397"), mg_per_ml("20"), mg_per_ml("10"), a_day("0.4"));
    assert_eq!((without.given, without.ordered), (per_day("8 mg"), per_day("4 mg")));
    assert_eq!(tenths_of_hours(without.lasts), 238);
    let without = unbridged(ml("0.397"), mg_per_ml("10"), mg_per_ml("20"), a_day("0.2"));
    assert_eq!((without.given, without.ordered), (per_day("2 mg"), per_day("4 mg")));
    assert_eq!(tenths_of_hours(without.lasts), 476);
}

#[test]
fn clinical_3_8_90_cm_of_catheter_hold_3_96_mg_of_morphine_or_396_mcg_of_baclofen() {
    let catheter = catheter_volume(&R20, 900);
    assert_eq!(held_in(catheter, &morphine("20")), [(Drug::Morphine, Mass::parse("3.96 mg").unwrap())]);
    let baclofen = Mixture::single(Drug::Baclofen, Concentration::parse("2000 mcg/mL").unwrap());
    assert_eq!(held_in(catheter, &baclofen), [(Drug::Baclofen, Mass::parse("396 mcg").unwrap())]);
}

#[test]
fn clinical_3_9_the_table_of_days_to_the_alarm() {
    let flows = ["0.1", "0.2", "0.25", "0.3", "0.5", "0.75", "1"].map(a_day);
    let nominal = |device: &DeviceProfile| flows.map(|flow| days(full_reservoir(device, ml("2"), flow)));
    let fast = |device: &DeviceProfile| {
        flows.map(|flow| {
            let drain = Drain { now: device.reservoir, alarm: ml("2"), flow };
            days(drain.lasts_at_worst(Permille::new(145)))
        })
    };
    assert_eq!(nominal(&R20), [180, 90, 72, 60, 36, 24, 18]);
    assert_eq!(fast(&R20), [157, 79, 63, 52, 31, 21, 16]);
    assert_eq!(nominal(&R40), [380, 190, 152, 127, 76, 51, 38]);
    assert_eq!(fast(&R40), [332, 166, 133, 111, 66, 44, 33]);
    // Without a reserve: 20 mL at 0.5 mL/day are 40 days, at 1 mL/day 20.
    let without = ["0.5", "1"].map(|flow| days(full_reservoir(&R20, Volume::ZERO, a_day(flow))));
    assert_eq!(without, [40, 20]);
}

#[test]
fn clinical_3_9_three_milligrams_a_day_with_no_some_and_all_boluses_last_60_52_and_43_days() {
    // 3 mg/day of 10 mg/mL is 0.3 mL/day; a bolus of 0.3 mg is 0.03 mL.
    let lasts = |tenths| {
        let flow = with_boluses(a_day("0.3"), ml("0.03"), tenths);
        days(Drain { now: ml("20"), alarm: ml("2"), flow }.lasts())
    };
    assert_eq!([0, 15, 40].map(lasts), [60, 52, 43]);
}

#[test]
fn clinical_3_9_a_drive_of_2_5_mcl_moves_0_05_mg_of_20_mg_per_ml() {
    let formulary = Formulary::shipped().unwrap();
    let device = DeviceProfile { stroke: Volume::parse("2.5 mcL").unwrap(), ..R20 };
    let wanted = Wanted {
        drug: Drug::Morphine,
        dose: per_day("4 mg"),
        alarm: ml("2"),
        path: ml("0.397"),
        running: Some(mg_per_ml("10")),
        keeps: Duration::from_days(90),
    };
    let choices = panel(&formulary, &device, &wanted, &["10", "20", "30"].map(mg_per_ml)).unwrap();
    // 30 mg/mL is beyond what morphine may have and is not offered.
    assert_eq!(choices.len(), 2);
    let strong = &choices[1];
    assert_eq!(strong.one_stroke, Mass::parse("0.05 mg").unwrap());
    // 0.2 mL/day would last 79 days to the alarm at the pump's fastest; 365 / 78.6 = 4.6 visits a year.
    assert_eq!((days(Some(strong.interval)), strong.visits_a_year, strong.ends_by_age), (79, 5, false));
    assert!(strong.tip_mass && !choices[0].tip_mass);
    // Running out 10 mg/mL at 4 mg/day takes 23.8 h; staying at 10 mg/mL nothing.
    assert_eq!((tenths_of_hours(strong.bridge), choices[0].bridge), (238, None));
}

#[test]
fn clinical_4_4_three_drawn_off_volumes_and_their_colours() {
    let drawn = |drawn_off| judge(ml("20"), ml("7.5"), ml(drawn_off), Permille::new(145), false);
    let over = drawn("5.2");
    assert_eq!((over.ratio, over.less_left, over.colour), (Some(1184), ml("2.3"), Colour::Red));
    let right = drawn("7.1");
    assert_eq!((right.ratio, right.colour), (Some(1032), Colour::Green));
    let under = drawn("9.9");
    assert_eq!((under.ratio, under.more_left, under.colour), (Some(808), ml("2.4"), Colour::Red));
    // The same green with symptoms is looked at.
    assert_eq!(judge(ml("20"), ml("7.5"), ml("7.1"), Permille::new(145), true).colour, Colour::Amber);
}

#[test]
fn clinical_4_4_a_syringe_weighed_before_and_after_tells_its_volume() {
    assert_eq!(by_weight(34_500, 15_900, 1000), Some(ml("18.6")));
    assert_eq!(by_weight(15_900, 34_500, 1000), None, "it cannot have become heavier by emptying");
}

#[test]
fn clinical_4_5_a_bolus_of_a_quarter_turn_turns_the_rotor_by_90_degrees() {
    assert_eq!(rotor_angle(Volume::new(4_000), Volume::new(16_000)), Some(90));
    assert_eq!(rotor_angle(Volume::new(36_000), Volume::new(16_000)), Some(90));
}

#[test]
fn clinical_8_e_02_60_mcg_every_hour_are_1440_mcg_a_day_and_the_review_says_so() {
    let hourly = MassRate::parse("60 mcg/h").unwrap();
    assert_eq!(hourly, per_day("1440 mcg"));
    let once = Proposal::of(per_day("240 mcg"), Step::Rate(hourly), Direction::Up, mg_per_ml("2")).unwrap();
    assert_eq!((once.given, once.change()), (per_day("1680 mcg"), Some(6000)));
}

#[test]
fn clinical_3_3_a_rate_per_hour_is_not_taken_for_one_per_day() {
    // 0.5 mL/h where mL/day was meant stands in print: 24 times too much.
    assert!(FlowRate::parse("0.5 mL/h").is_err() && FlowRate::parse("0.5").is_err());
}
