//! Stories of orders, gaps and bookings held against the formulary.

use formulary::calendar::{Day, OpenDays};
use formulary::conversion::{NoBand, convert};
use formulary::gap::{RestartDose, interruption, restart};
use formulary::interval::{Booking, Drain, NoDay, refill_by};
use formulary::review::{About, Context, Strictness, admit, review};
use formulary::stability::{Cap, Fill, NoCap, cap};
use formulary::titration::{Caution, cautions, taper};
use formulary::withdrawal::{Phase, phase};
use formulary::{DrugEntry, Formulary};
use orders::prescription::{BolusStart, Ceiling, EmergencyRate, EmergencyRule, Mode, PatientBolus};
use orders::{Component, Concentration, Drug, Duration, FlowRate, MassRate, Mixture, Permille, Prescription, Volume};

fn formulary() -> Formulary {
    Formulary::shipped().unwrap()
}
fn entry(drug: Drug) -> DrugEntry {
    formulary().entry(drug).unwrap().clone()
}
fn rate(text: &str) -> MassRate {
    MassRate::parse(text).unwrap()
}
fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}
fn fluid(parts: &[(Drug, &str)]) -> Mixture {
    let component =
        |(drug, text): &(Drug, &str)| Component { drug: *drug, concentration: Concentration::parse(text).unwrap() };
    Mixture::of(&parts.iter().map(component).collect::<Vec<_>>()).unwrap()
}

fn order(mixture: Mixture, flow: &str) -> Prescription {
    Prescription {
        order_number: 1,
        author: 7,
        mixture,
        mode: Mode::Continuous(FlowRate::parse(flow).unwrap()),
        ramp: None,
        patient_bolus: None,
        bolus_start: BolusStart::AfterADay,
        ceilings: [Ceiling::default(); 4],
        alarm_volume: Volume::new(2_000_000),
        alarm_days: 14,
        gap_limit: Duration::from_hours(24),
        front_threshold: Permille::new(50),
        fall_back: FlowRate::new(50_000),
        emergency: EmergencyRule { rate: EmergencyRate::MinimumRate, returns_after: [None; 4] },
        signatures: 1,
    }
}

fn context(running: Option<&Prescription>) -> Context<'_> {
    Context { running, minimum_rate: FlowRate::new(6_000), since_increase: None }
}

//= requirements/formulary.md#hard-and-soft-limits
//= type=test
//# A drug entry MUST state hard and soft limits for concentration, daily dose, bolus, lockout and step, and what lies outside a hard one is not saved.
#[test]
fn an_order_beyond_a_hard_limit_is_not_admitted_and_one_beyond_a_soft_limit_asks_for_a_reason() {
    // 16 mg/day of 20 mg/mL: above the consensus of 15, below the 20 beyond which nothing is saved.
    let (before, unusual) = (
        order(fluid(&[(Drug::Morphine, "20 mg/mL")]), "0.75 mL/day"),
        order(fluid(&[(Drug::Morphine, "20 mg/mL")]), "0.8 mL/day"),
    );
    let admitted = admit(&formulary(), &unusual, &context(Some(&before))).unwrap();
    let told: Vec<_> = admitted.asks().iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "morphine: daily dose with every allotted bolus: 16 mg/day, limit 15 mg/day (PACC 2012 and 2017, recalled-high)"
        ]
    );
    assert_eq!(admitted.order(), &unusual, "nothing in it was changed");

    // 21 mg/day, and 30 mg/mL of it.
    let impossible = order(fluid(&[(Drug::Morphine, "30 mg/mL")]), "0.7 mL/day");
    let findings = admit(&formulary(), &impossible, &context(Some(&before))).unwrap_err();
    let hard: Vec<_> = findings.iter().filter(|f| f.strictness == Strictness::Hard).map(|f| f.about).collect();
    assert_eq!(hard, [About::Concentration, About::Daily]);
}

#[test]
fn every_bolus_of_the_day_counts_and_so_does_each_drug_that_comes_along() {
    // 0.5 mL/day basal and eight boluses of 0.1 mL: 1.3 mL/day of 16 mg/mL bupivacaine is 20.8 mg.
    let mixture = fluid(&[(Drug::Morphine, "1 mg/mL"), (Drug::Bupivacaine, "16 mg/mL")]);
    let bolus = PatientBolus {
        volume: Volume::new(100_000),
        duration: Duration::from_minutes(20),
        lockout: Duration::from_minutes(30),
        allotment: 8,
    };
    let with = Prescription { patient_bolus: Some(bolus), ..order(mixture, "0.5 mL/day") };
    let running = order(mixture, "0.5 mL/day");
    let found = review(&formulary(), &with, &context(Some(&running)));
    let told: Vec<_> = found.iter().map(|f| (f.strictness, f.drug, f.about)).collect();
    assert_eq!(
        told,
        [
            (Strictness::Hard, Drug::Bupivacaine, About::Daily),
            (Strictness::Soft, Drug::Morphine, About::Lockout),
            (Strictness::Soft, Drug::Bupivacaine, About::Lockout),
        ]
    );
    assert_eq!(found[0].value, "20.8 mg/day");
}

#[test]
fn once_a_day_entered_as_once_an_hour_is_refused_before_it_leaves_the_form() {
    // 60 mcg each morning at 2000 mcg/mL beside 240 mcg a day; given hourly it is 1440 mcg/day more.
    let mixture = fluid(&[(Drug::Baclofen, "2000 mcg/mL")]);
    let (running, hourly) = (order(mixture, "0.15 mL/day"), order(mixture, "0.84 mL/day"));
    let found = admit(&formulary(), &hourly, &context(Some(&running))).unwrap_err();
    let told: Vec<_> = found.iter().map(ToString::to_string).collect();
    assert!(
        told[0].starts_with("baclofen: increase: 300 mcg/day to 1.68 mg/day (+460.0 %), limit 40 % of the dose before"),
        "{told:?}"
    );
    assert!(
        told[1].starts_with("baclofen: daily dose with every allotted bolus: 1.68 mg/day, limit 1 mg/day"),
        "{told:?}"
    );
}

#[test]
fn a_first_dose_above_the_starting_range_and_a_second_rise_too_soon_ask_for_reasons() {
    let one = fluid(&[(Drug::Morphine, "10 mg/mL")]);
    let found = review(&formulary(), &order(one, "0.06 mL/day"), &context(None));
    assert_eq!(found.iter().map(|f| f.about).collect::<Vec<_>>(), [About::Start]);
    let (running, more) = (order(one, "0.1 mL/day"), order(one, "0.12 mL/day"));
    let since = |hours| Context { since_increase: Some(Duration::from_hours(hours)), ..context(Some(&running)) };
    let told = |hours| review(&formulary(), &more, &since(hours)).first().map(|f| (f.strictness, f.about));
    assert_eq!(told(11), Some((Strictness::Hard, About::StepInterval)));
    assert_eq!(told(23), Some((Strictness::Soft, About::StepInterval)));
    assert_eq!(told(24), None);
    // Going down needs no interval; baclofen going down by more than a fifth is asked about.
    assert_eq!(review(&formulary(), &order(one, "0.05 mL/day"), &since(1)), []);
    let baclofen = fluid(&[(Drug::Baclofen, "2000 mcg/mL")]);
    let (running, half) = (order(baclofen, "0.2 mL/day"), order(baclofen, "0.1 mL/day"));
    let found = review(&formulary(), &half, &context(Some(&running)));
    assert_eq!(found.iter().map(|f| f.about).collect::<Vec<_>>(), [About::StepDown]);
}

//= requirements/formulary.md#missing-means-refused
//= type=test
//# A drug entry that is missing, damaged, unsigned or older than the one in use MUST refuse what depends on it.
#[test]
fn an_order_with_a_drug_that_has_no_usable_entry_is_not_admitted() {
    let mixture = fluid(&[(Drug::Morphine, "10 mg/mL"), (Drug::Ropivacaine, "5 mg/mL")]);
    let found = admit(&formulary(), &order(mixture, "0.03 mL/day"), &context(None)).unwrap_err();
    assert_eq!(
        (found[0].strictness, found[0].drug, found[0].about),
        (Strictness::Hard, Drug::Ropivacaine, About::Entry)
    );
    assert!(found[0].to_string().starts_with("ropivacaine: not to be used here: ropivacaine.toml"));
    assert!(matches!(cap(&formulary(), &mixture, Fill::default()), Err(NoCap::Entry(_))));
}

//= requirements/formulary.md#bands-never-a-number
//= type=test
//# A conversion between routes MUST show a band and fill in nothing.
#[test]
fn a_pair_with_one_published_ratio_or_none_gives_no_number_at_all() {
    let formulary = formulary();
    let dose = rate("10 mg/day");
    let told = |from: &str, to: &str| convert(formulary.ratios(), from, to, dose);
    assert!(matches!(told("morphine by vein", "morphine intrathecal"), Err(NoBand::OneOnly { .. })));
    assert!(matches!(told("morphine intrathecal", "fentanyl intrathecal"), Err(NoBand::Unknown { .. })));
    let band = told("morphine intrathecal", "hydromorphone intrathecal").unwrap();
    assert!(band.low < band.high && band.high == rate("2 mg/day"));
}

//= requirements/formulary.md#restart-per-drug
//= type=test
//# A restart after a gap MUST follow the rule of its drug for the length of the gap.
#[test]
fn after_two_months_dry_morphine_restarts_as_a_first_dose_and_the_old_one_is_not_offered() {
    let told = restart(&entry(Drug::Morphine), Duration::from_days(60), rate("12 mg/day"));
    let RestartDose::Between { low, high } = told.dose else { panic!("the old dose was offered") };
    assert_eq!((low, high), (rate("0.1 mg/day"), rate("0.5 mg/day")));
    assert_eq!((told.watch, told.is_emergency), (Duration::from_hours(24), false));
    // A few hours are no gap of that kind.
    let short = restart(&entry(Drug::Morphine), Duration::from_hours(6), rate("12 mg/day"));
    assert_eq!(short.dose, RestartDose::AsBefore(rate("12 mg/day")));
    // Who had less than the starting range gets no more than before.
    let little = restart(&entry(Drug::Morphine), Duration::from_days(60), rate("0.2 mg/day"));
    assert_eq!(little.dose, RestartDose::Between { low: rate("0.1 mg/day"), high: rate("0.2 mg/day") });
}

//= requirements/formulary.md#restart-per-drug
//= type=test
//# A restart after a gap MUST follow the rule of its drug for the length of the gap.
#[test]
fn after_a_day_without_baclofen_the_stop_is_the_emergency_and_ziconotide_minds_nothing() {
    let told = restart(&entry(Drug::Baclofen), Duration::from_hours(24), rate("400 mcg/day"));
    assert!(told.is_emergency && told.words.contains("restore"));
    assert_eq!(told.dose, RestartDose::AsBefore(rate("400 mcg/day")));
    let long = restart(&entry(Drug::Baclofen), Duration::from_days(5), rate("400 mcg/day"));
    assert!(long.is_emergency && matches!(long.dose, RestartDose::Between { .. }));
    let told = restart(&entry(Drug::Ziconotide), Duration::from_days(5), rate("4 mcg/day"));
    assert_eq!((told.dose, told.is_emergency), (RestartDose::AsBefore(rate("4 mcg/day")), false));
}

#[test]
fn the_withdrawal_clock_runs_per_drug() {
    let at = |drug, hours| phase(&entry(drug), Duration::from_hours(hours));
    assert_eq!(at(Drug::Baclofen, 2), Phase::Before(Duration::from_hours(4)));
    assert_eq!(at(Drug::Baclofen, 6), Phase::Possible(Duration::from_hours(42)));
    assert_eq!(at(Drug::Morphine, 6), Phase::Before(Duration::from_hours(6)));
    assert_eq!(at(Drug::Morphine, 48), Phase::Expected);
    assert_eq!(at(Drug::Ziconotide, 480), Phase::None);
}

#[test]
fn a_gap_is_read_off_the_hours_that_were_delivered() {
    let (full, none) = (Volume::new(10_000), Volume::new(400));
    let hours = [&[full; 10][..], &[none; 30][..]].concat();
    let gap = interruption(&hours, FlowRate::new(240_000));
    assert_eq!((gap.lasts, gap.delivered, gap.at_least), (Duration::from_hours(30), Volume::new(12_000), false));
    assert!(interruption(&[none; 5], FlowRate::new(240_000)).at_least);
    assert_eq!(interruption(&[none, full], FlowRate::new(240_000)).lasts, Duration::ZERO);
}

fn booking<'a>(cap: &'a Cap, mixture: &'a Mixture, open: &'a OpenDays) -> Booking<'a> {
    // 20 mL at 0.25 mL/day to 2 mL: 72 days, at the pump's fastest 62.9.
    let drain = Drain { now: Volume::new(20_000_000), alarm: Volume::new(2_000_000), flow: FlowRate::new(250_000) };
    let today = day("2026-11-25");
    Booking { today, drain, accuracy: Permille::new(145), cap, policy: None, mixture, had_withdrawal: false, open }
}

//= requirements/formulary.md#not-older-than-its-stability
//= type=test
//# A refill-by date MUST NOT lie after the stability of any drug of the mixture.
#[test]
fn a_refill_is_booked_for_the_worst_of_volume_age_and_policy_and_on_a_day_that_is_open() {
    let (formulary, morphine) = (formulary(), fluid(&[(Drug::Morphine, "16 mg/mL")]));
    let keeps = cap(&formulary, &morphine, Fill::default()).unwrap();
    let open = OpenDays::WEEKDAYS;
    // Day 62 is Tuesday 26 January; a week before is Tuesday the 19th.
    let by = refill_by(&formulary, &booking(&keeps, &morphine, &open)).unwrap();
    assert_eq!((by.latest, by.preferred), (day("2027-01-26"), day("2027-01-19")));
    assert!(by.by.contains("at its fastest"));
    // Who has been through a withdrawal gets two weeks; so does whoever has baclofen.
    let careful = Booking { had_withdrawal: true, ..booking(&keeps, &morphine, &open) };
    assert_eq!(refill_by(&formulary, &careful).unwrap().preferred, day("2027-01-12"));
    // Ziconotide in a new pump ends after 14 days: 9 December, a Wednesday; the 8th and 9th are closed.
    let ziconotide = fluid(&[(Drug::Ziconotide, "25 mcg/mL")]);
    let first = cap(&formulary, &ziconotide, Fill { is_first: true, ..Fill::default() }).unwrap();
    let closed = OpenDays { closed: vec![day("2026-12-09"), day("2026-12-08")], ..OpenDays::WEEKDAYS };
    let by = refill_by(&formulary, &booking(&first, &ziconotide, &closed)).unwrap();
    assert_eq!((by.latest, by.preferred), (day("2026-12-07"), day("2026-12-02")));
    assert!(by.by.contains("keeps so long"));
    // A clinic that is never open is told, and no date is made up.
    let never = OpenDays { weekdays: 0, closed: Vec::new() };
    assert!(matches!(refill_by(&formulary, &booking(&first, &ziconotide, &never)), Err(NoDay::Closed(_))));
}

#[test]
fn a_mixture_keeps_as_long_as_its_strictest_part_and_ziconotide_in_one_needs_the_pharmacys_word() {
    let formulary = formulary();
    let keeps =
        |parts: &[(Drug, &str)], fill| cap(&formulary, &fluid(parts), fill).map(|cap| cap.keeps.get() / 86_400_000);
    let usual = Fill::default();
    assert_eq!(keeps(&[(Drug::Baclofen, "2000 mcg/mL")], usual), Ok(180));
    assert_eq!(keeps(&[(Drug::Baclofen, "1000 mcg/mL"), (Drug::Morphine, "2 mg/mL")], usual), Ok(30));
    assert_eq!(keeps(&[(Drug::Hydromorphone, "2 mg/mL"), (Drug::Bupivacaine, "4 mg/mL")], usual), Ok(90));
    assert_eq!(keeps(&[(Drug::Ziconotide, "25 mcg/mL")], Fill { is_diluted: true, ..usual }), Ok(40));
    let together = [(Drug::Ziconotide, "2 mcg/mL"), (Drug::Morphine, "2 mg/mL")];
    assert_eq!(keeps(&together, usual), Err(NoCap::PharmacyMustSay));
    let stated = Fill { pharmacy: Some(Duration::from_days(20)), ..usual };
    assert_eq!(keeps(&together, stated), Ok(20));
    // The pharmacy can shorten, not lengthen.
    let generous = Fill { pharmacy: Some(Duration::from_days(400)), ..usual };
    assert_eq!(keeps(&[(Drug::Morphine, "2 mg/mL")], generous), Ok(90));
}

#[test]
fn an_increase_is_told_to_be_too_much_or_too_soon_and_a_taper_reaches_its_end() {
    let ziconotide = entry(Drug::Ziconotide);
    let told = cautions(&ziconotide, rate("2.4 mcg/day"), rate("3.6 mcg/day"), Some(Duration::from_days(3)));
    assert!(matches!(told[..], [Caution::TooMuch { .. }, Caution::TooSoon { .. }]), "{told:?}");
    assert_eq!(cautions(&ziconotide, rate("2.4 mcg/day"), rate("2.8 mcg/day"), Some(Duration::from_days(8))), []);
    assert_eq!(cautions(&ziconotide, rate("2.4 mcg/day"), rate("2.8 mcg/day"), None), [Caution::LastUnknown]);
    assert_eq!(cautions(&ziconotide, rate("2.4 mcg/day"), rate("1 mcg/day"), None), []);
    let doses = taper(rate("4 mg/day"), Permille::new(250), rate("1 mg/day")).unwrap();
    assert_eq!(
        doses.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["4 mg/day", "3 mg/day", "2.25 mg/day", "1.688 mg/day", "1.266 mg/day", "1 mg/day"]
    );
    assert_eq!(taper(rate("4 mg/day"), Permille::ZERO, rate("1 mg/day")), None);
}
