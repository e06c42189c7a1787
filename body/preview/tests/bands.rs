//! What a clinician is shown before sending: bands, wider where less is known, the same each time.

use orders::prescription::{BolusStart, Ceiling, EmergencyRate, EmergencyRule, Mode};
use orders::{
    Concentration, Drug, Duration, FlowRate, Ledger, Mass, Mixture, Permille, Prescription, Slug, Volume, WallTime,
};
use patient::person::Person;
use preview::{Band, HISTORY_HOURS, Hour, LABEL, Preview, Question, Refusal, preview};

const MCG: u64 = 1_000_000_000;

fn order(number: u64, drug: Drug, nl_per_day: u64) -> Prescription {
    let mut ceilings = [Ceiling::default(); 4];
    ceilings[0] = Ceiling { hour: Mass::new(60 * MCG), four_hours: Mass::new(120 * MCG), day: Mass::new(900 * MCG) };
    Prescription {
        order_number: number,
        author: 7,
        mixture: Mixture::single(drug, Concentration::new(1_000_000)),
        mode: Mode::Continuous(FlowRate::new(nl_per_day)),
        ramp: None,
        patient_bolus: None,
        bolus_start: BolusStart::AfterADay,
        ceilings,
        alarm_volume: Volume::new(2_000_000),
        alarm_days: 7,
        gap_limit: Duration::from_hours(24),
        front_threshold: Permille::new(50),
        fall_back: FlowRate::new(100_000),
        emergency: EmergencyRule { rate: EmergencyRate::MinimumRate, returns_after: [None; 4] },
        signatures: 1,
    }
}

fn ledger(slugs: &[(u32, Mixture)]) -> Ledger {
    let slugs = slugs.iter().map(|(volume, mixture)| Slug::sharp(*volume, *mixture)).collect();
    Ledger { number: 1, slugs }
}

/// Morphine of 1 mg/mL all the way, and two weeks of the same every hour.
fn known(mcg_per_day: u64) -> Vec<Hour> {
    vec![Some(vec![(Drug::Morphine, Mass::new(mcg_per_day * MCG / 24))]); HISTORY_HOURS]
}

fn ask(current: Option<&Prescription>, proposed: &Prescription, history: &[Hour], people: u64) -> Preview {
    let person = Person::median("adult").unwrap();
    let lies = ledger(&[(18_000_000, proposed.mixture), (375_000, proposed.mixture)]);
    let now = WallTime::new(20_000 * 86_400_000 + 10 * 3_600_000);
    let question =
        Question { current, proposed, ledger: &lies, history, now, person: &person, tip_cm: 28.4, seed: 9, people };
    preview(&question).unwrap()
}

fn band<'p>(bands: &'p [Band], name: &str) -> &'p Band {
    bands.iter().find(|band| band.quantity == name).unwrap_or_else(|| panic!("no {name}"))
}

#[test]
fn twice_the_dose_is_shown_as_more_relief_and_slower_breath_beside_what_would_go_on() {
    let (now, twice) = (order(1, Drug::Morphine, 240_000), order(2, Drug::Morphine, 480_000));
    let shown = ask(Some(&now), &twice, &known(240), 40);
    assert_eq!((shown.label, shown.unknown_hours, shown.times_min.last()), (LABEL, 0, Some(&4320)));
    let last = |bands: &[Band], name: &str| *band(bands, name).q50.last().unwrap();
    assert!(last(&shown.proposed, "pain") < last(&shown.unchanged, "pain") - 0.3);
    assert!(last(&shown.proposed, "breathing") < last(&shown.unchanged, "breathing") - 0.2);
    let level = |bands: &[Band]| last(bands, "morphine at the tip");
    assert!((level(&shown.proposed) / level(&shown.unchanged) - 2.0).abs() < 0.05);
    for band in shown.proposed.iter().chain(&shown.unchanged) {
        let ordered = band.q05.iter().zip(&band.q50).zip(&band.q95).all(|((low, mid), high)| low <= mid && mid <= high);
        assert!(ordered && band.q50.len() == shown.times_min.len() && !band.unit.is_empty(), "{}", band.quantity);
    }
    // At the beginning both are the same person: nothing has been given yet.
    assert_eq!(band(&shown.proposed, "pain").q50[0], band(&shown.unchanged, "pain").q50[0]);
}

#[test]
fn what_nobody_knows_widens_the_band() {
    let now = order(1, Drug::Morphine, 400_000);
    let (told, untold) = (ask(Some(&now), &now, &known(400), 40), ask(Some(&now), &now, &[], 40));
    assert_eq!((told.unknown_hours, untold.unknown_hours), (0, HISTORY_HOURS));
    let first = |shown: &Preview| {
        let pain = band(&shown.proposed, "morphine at the tip");
        (pain.q95[0] - pain.q05[0]) / pain.q50[0]
    };
    assert!(first(&untold) > 1.3 * first(&told), "{} {}", first(&untold), first(&told));
}

#[test]
fn the_same_question_has_the_same_answer_at_any_number_of_threads() {
    let now = order(1, Drug::Morphine, 240_000);
    let answer = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| ask(None, &now, &known(240)[..100], 12))
    };
    let one = answer(1);
    assert_eq!(one, answer(2));
    assert_eq!(one, answer(7));
    assert!(one.unchanged.is_empty() && one.unknown_hours == HISTORY_HOURS - 100);
}

#[test]
fn a_weak_slug_in_the_catheter_shows_as_a_dip_before_the_new_drug_arrives() {
    let proposed = order(2, Drug::Morphine, 240_000);
    let person = Person::median("adult").unwrap();
    // 120 µL of water before the tip: half a day at 0.24 mL/day.
    let lies = ledger(&[(18_000_000, proposed.mixture), (120_000, Mixture::DRUG_FREE)]);
    let history = known(240);
    let now = WallTime::new(20_000 * 86_400_000);
    let question = Question {
        current: Some(&proposed),
        proposed: &proposed,
        ledger: &lies,
        history: &history,
        now,
        person: &person,
        tip_cm: 28.4,
        seed: 9,
        people: 10,
    };
    let level = band(&preview(&question).unwrap().proposed, "morphine at the tip").q50.clone();
    assert!(level[22] < 0.3 * level[0], "11 h of water: {} of {}", level[22], level[0]);
    assert!(level[48] > 0.7 * level[0], "and then the drug again");
}

#[test]
fn a_stop_of_baclofen_shows_spasticity_and_withdrawal() {
    let now = order(1, Drug::Baclofen, 350_000);
    let history = vec![Some(vec![(Drug::Baclofen, Mass::new(350 * MCG / 24))]); HISTORY_HOURS];
    let stop = Prescription { mode: Mode::MinimumRate, order_number: 2, ..now };
    let shown = ask(Some(&now), &stop, &history, 20);
    let last = |name: &str| {
        (*band(&shown.proposed, name).q50.last().unwrap(), *band(&shown.unchanged, name).q50.last().unwrap())
    };
    let (withdrawal, spasticity) = (last("withdrawal"), last("spasticity"));
    assert!(
        withdrawal.0 > 0.2 && withdrawal.1 < 0.05 && spasticity.0 > spasticity.1 + 1.0,
        "{withdrawal:?} {spasticity:?}"
    );
}

#[test]
fn a_question_that_cannot_be_answered_is_refused_and_an_unknown_drug_is_never_without_effect() {
    let person = Person::median("adult").unwrap();
    let proposed = order(1, Drug::Morphine, 240_000);
    let lies = ledger(&[(1_000_000, proposed.mixture)]);
    let good = Question {
        current: None,
        proposed: &proposed,
        ledger: &lies,
        history: &[],
        now: WallTime::new(0),
        person: &person,
        tip_cm: 28.4,
        seed: 1,
        people: 5,
    };
    assert_eq!(preview(&Question { people: 0, ..good.clone() }), Err(Refusal::People(0)));
    let long = vec![None; HISTORY_HOURS + 1];
    assert_eq!(preview(&Question { history: &long, ..good.clone() }), Err(Refusal::History(337)));
    assert!(
        matches!(preview(&Question { tip_cm: 99.0, ..good.clone() }), Err(Refusal::Body(why)) if why.contains("99"))
    );
    let other = order(1, Drug::Ropivacaine, 240_000);
    let lies = ledger(&[(1_000_000, other.mixture)]);
    let refused = preview(&Question { proposed: &other, ledger: &lies, ..good.clone() });
    assert_eq!(refused, Err(Refusal::NoDrug(vec![Drug::Ropivacaine])));
    assert!(refused.unwrap_err().to_string().contains("ropivacaine"));
    let both = Mixture::of(&[
        orders::Component { drug: Drug::Morphine, concentration: Concentration::new(1_000_000) },
        orders::Component { drug: Drug::Ropivacaine, concentration: Concentration::new(2_000_000) },
    ]);
    let mixed = Prescription { mixture: both.unwrap(), ..proposed };
    assert_eq!(preview(&Question { proposed: &mixed, ..good }).unwrap().unknown, [Drug::Ropivacaine]);
}
