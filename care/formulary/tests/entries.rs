//! Drug entries: what is refused, and that one bad entry takes down its drug and nothing else.

use std::collections::BTreeMap;

use ed25519_dalek::{Signer, SigningKey};
use formulary::{DrugEntry, Formulary, Submitted, Trust, signing_bytes};
use orders::Drug;

const MORPHINE: &str = include_str!("../data/morphine.toml");
const ROPIVACAINE: &str = include_str!("../data/ropivacaine.toml");

fn refused(drug: Drug, text: &str) -> String {
    DrugEntry::read(drug, text).unwrap_err().to_string()
}

fn changed(from: &str, to: &str) -> String {
    assert!(MORPHINE.contains(from), "{from}");
    MORPHINE.replacen(from, to, 1)
}

#[test]
fn all_that_is_shipped_reads_but_for_the_drug_that_nobody_has_reviewed() {
    let formulary = Formulary::shipped().unwrap();
    for drug in Drug::ALL {
        match formulary.entry(drug) {
            Ok(entry) => {
                assert_eq!((entry.drug, drug == Drug::Ropivacaine), (drug, false));
                assert!(!entry.marketed.is_empty() && !entry.watch.signs.is_empty());
            }
            Err(why) => assert_eq!(
                (drug, why.to_string().as_str()),
                (
                    Drug::Ropivacaine,
                    "ropivacaine.toml: limits.concentration.soft: is of low confidence and serves as a limit; a reviewer must put their name to it"
                )
            ),
        }
    }
    assert!(formulary.procedures().len() >= 9 && !formulary.ratios().is_empty());
    assert!(formulary.procedures().iter().all(|procedure| !procedure.steps.is_empty()));
}

//= requirements/formulary.md#every-number-has-a-source
//= type=test
//# Every number of a drug MUST carry its source and its confidence.
#[test]
fn a_number_without_source_confidence_or_unit_is_refused_with_its_place() {
    let soft = r#"soft = { value = "20 mg/mL", source = "PACC 2012 and 2017", confidence = "recalled-high" }"#;
    let told = |to: &str| refused(Drug::Morphine, &changed(soft, to));
    assert_eq!(
        told(r#"soft = { value = "20 mg/mL", confidence = "read" }"#),
        "morphine.toml: limits.concentration.soft: has no source; state where the number comes from"
    );
    assert_eq!(
        told(r#"soft = { value = "20 mg/mL", source = "a panel" }"#),
        "morphine.toml: limits.concentration.soft: has no confidence; state read, computed, recalled-high, recalled-medium, recalled-low or policy"
    );
    assert_eq!(
        told(r#"soft = { value = "20", source = "a panel", confidence = "read" }"#),
        "morphine.toml: limits.concentration.soft: `20`: the unit must be one of mg/mL, mcg/mL, ng/mL"
    );
    assert!(told(r#"soft = { value = "20 mg/mL", source = "  ", confidence = "read" }"#).contains("has no source"));
    assert!(told("soft = 20").contains("a table was expected"));
}

//= requirements/formulary.md#every-number-has-a-source
//= type=test
//# A number of low confidence MUST NOT serve as a limit without a reviewer's name.
#[test]
fn a_guess_is_no_limit_until_somebody_puts_their_name_to_it() {
    assert!(refused(Drug::Ropivacaine, ROPIVACAINE).contains("a reviewer must put their name to it"));
    let named = ROPIVACAINE.replace(r#""recalled-low" }"#, r#""recalled-low", reviewer = "A. Reviewer" }"#);
    let entry = DrugEntry::read(Drug::Ropivacaine, &named).unwrap();
    assert_eq!(entry.limits.daily.soft.reviewer.as_deref(), Some("A. Reviewer"));
    assert!(entry.limits.daily.soft.to_string().ends_with("recalled-low, reviewed by A. Reviewer)"));
}

//= requirements/formulary.md#hard-and-soft-limits
//= type=test
//# A drug entry MUST state hard and soft limits for concentration, daily dose, bolus, lockout and step, and what lies outside a hard one is not saved.
#[test]
fn an_entry_without_one_of_its_limits_is_refused_and_so_is_one_with_its_limits_turned_round() {
    for limit in ["concentration", "daily", "bolus", "lockout", "step"] {
        let renamed = changed(&format!("[limits.{limit}]"), &format!("[limits.other_{limit}]"));
        let told = refused(Drug::Morphine, &renamed);
        assert_eq!(told, format!("morphine.toml: limits.{limit}: is missing"));
    }
    let told = refused(Drug::Morphine, &changed("soft = { value = \"15 mg/day\"", "soft = { value = \"25 mg/day\""));
    assert!(told.starts_with("morphine.toml: limits.daily.soft: the soft limit lies beyond the hard one"), "{told}");
    // Of a lockout the lower is the stricter.
    let told = refused(Drug::Morphine, &changed("soft = { value = \"1 h\"", "soft = { value = \"5 min\""));
    assert!(told.starts_with("morphine.toml: limits.lockout.soft"), "{told}");
}

#[test]
fn a_misspelt_field_is_told_and_not_passed_over() {
    let told = refused(Drug::Morphine, &changed("edition = 1", "edition = 1\nediton = 2"));
    assert_eq!(told, "morphine.toml: editon: is not a field of an entry; is it misspelt?");
    let told = refused(Drug::Hydromorphone, MORPHINE);
    assert_eq!(
        told,
        "hydromorphone.toml: drug: cannot be read: it is about `morphine` and was given for hydromorphone"
    );
}

//= requirements/formulary.md#missing-means-refused
//= type=test
//# A drug entry that is missing, damaged, unsigned or older than the one in use MUST refuse what depends on it.
#[test]
fn an_entry_that_is_unsigned_damaged_or_older_takes_down_its_drug_and_no_other() {
    let reviewer = SigningKey::from_bytes(&[7; 32]);
    let stranger = SigningKey::from_bytes(&[8; 32]);
    let trust = Trust { reviewers: vec![reviewer.verifying_key()], in_use: BTreeMap::from([(Drug::Morphine, 4)]) };
    let with = |text: &str, signature: Option<[u8; 64]>| {
        let submitted = Submitted { drug: Drug::Morphine, text, signature };
        Formulary::shipped().unwrap().with_entries(&[submitted], &trust)
    };
    let signed = |text: &str, key: &SigningKey| Some(key.sign(&signing_bytes(Drug::Morphine, text)).to_bytes());
    let fourth = changed("edition = 1", "edition = 4");

    let good = with(&fourth, signed(&fourth, &reviewer));
    assert_eq!(good.entry(Drug::Morphine).unwrap().edition, 4);

    let damaged = changed("edition = 1", "edition = ");
    let third = changed("edition = 1", "edition = 3");
    for (bad, word) in [
        (with(&fourth, None), "is not signed"),
        (with(&fourth, signed(&fourth, &stranger)), "is not signed"),
        (with(&fourth, signed(MORPHINE, &reviewer)), "is not signed"),
        (with(&damaged, signed(&damaged, &reviewer)), "cannot be read"),
        (with(&third, signed(&third, &reviewer)), "edition 3 is older than edition 4"),
    ] {
        let why = bad.entry(Drug::Morphine).unwrap_err().to_string();
        assert!(why.contains(word), "{why}");
        assert!(bad.entry(Drug::Baclofen).is_ok(), "what is about morphine says nothing of baclofen");
    }
}
