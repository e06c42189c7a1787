//! The ledger of version 1, tied by files: its bytes and its JSON are one document, and stay so.
//!
//! A change of either file is a change of the format. To see what the code writes now, run the tests with
//! `GOLDEN_WRITE=1`, and then read the difference.

use std::path::PathBuf;

use orders::{Component, Concentration, Drug, Ledger, Mixture, Slug};

fn mixture(parts: &[(Drug, u32)]) -> Mixture {
    let components: Vec<Component> = parts
        .iter()
        .map(|(drug, concentration)| Component { drug: *drug, concentration: Concentration::new(*concentration) })
        .collect();
    Mixture::of(&components).expect("a mixture")
}

fn ledger(number: u32, slugs: &[Slug]) -> Ledger {
    let mut ledger = Ledger { number, ..Ledger::default() };
    for slug in slugs {
        ledger.slugs.push(*slug).expect("at most sixteen");
    }
    ledger
}

/// What each pair of files tells.
fn documents() -> [(&'static str, Ledger); 4] {
    let morphine = |ng_per_ml| mixture(&[(Drug::Morphine, ng_per_ml)]);
    let new = Slug { doubt: true, ..Slug::sharp(1_400_000, Mixture::DRUG_FREE) };
    let catheter = Slug { doubt: true, ..Slug::sharp(397_000, Mixture::DRUG_FREE) };
    // 1.4 mL of 20 mg/mL under 18.6 mL of 10: 10.7; 100 µL of it have entered, 297 µL of the old are before the tip.
    let front = Slug { edge_low_nl: 31_760, edge_high_nl: 32_260, ..Slug::sharp(100_000, morphine(10_700_000)) };
    let after = [Slug::sharp(19_900_000, morphine(10_700_000)), front, Slug::sharp(297_000, morphine(20_000_000))];
    let four = mixture(&[
        (Drug::Hydromorphone, 10_000_000),
        (Drug::Bupivacaine, 20_000_000),
        (Drug::Clonidine, 500_000),
        (Drug::Ziconotide, 2_500),
    ]);
    let step = |volume_nl, place: u32| Slug {
        edge_low_nl: 198_500,
        edge_high_nl: 198_500 + place,
        doubt: place % 2 == 1,
        ..Slug::sharp(volume_nl, four)
    };
    let full: Vec<Slug> = (0..16).map(|place| step(24_812 + place, place)).collect();
    [
        ("new-pump", ledger(0, &[new, catheter])),
        ("after-refill", ledger(7, &after)),
        ("four-drugs-sixteen-slugs", ledger(u32::MAX, &full)),
        ("nothing", ledger(1, &[])),
    ]
}

fn file(name: &str, extension: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("ledger-{name}.{extension}"))
}

fn bytes(ledger: &Ledger) -> Vec<u8> {
    let mut buffer = [0u8; Ledger::BYTES_MAX];
    let length = ledger.encode(&mut buffer).expect("fits");
    buffer[..length].to_vec()
}

fn json(ledger: &Ledger) -> String {
    let mut text = String::new();
    ledger.write_json(&mut text).expect("a string takes everything");
    text
}

/// The ledger that a JSON text tells, read by nothing of ours.
fn read_json(text: &str) -> Ledger {
    let value: serde_json::Value = serde_json::from_str(text).expect("JSON");
    assert_eq!(value["ledger"], 1);
    let number = |value: &serde_json::Value| u32::try_from(value.as_u64().expect("a number")).expect("32 bits");
    let slugs: Vec<Slug> = value["slugs"]
        .as_array()
        .expect("slugs")
        .iter()
        .map(|slug| {
            let parts: Vec<(Drug, u32)> = slug["mixture"]
                .as_array()
                .expect("drugs")
                .iter()
                .map(|part| {
                    let drug = Drug::from_name(part["drug"].as_str().expect("a name")).expect("a drug");
                    (drug, number(&part["concentration_ng_per_ml"]))
                })
                .collect();
            Slug {
                volume_nl: number(&slug["volume_nl"]),
                mixture: mixture(&parts),
                edge_low_nl: number(&slug["edge_low_nl"]),
                edge_high_nl: number(&slug["edge_high_nl"]),
                doubt: slug["doubt"].as_bool().expect("yes or no"),
            }
        })
        .collect();
    ledger(number(&value["number"]), &slugs)
}

//= requirements/ledger.md#whole-path
//= type=test
//# A ledger MUST read back unchanged from its bytes and from its JSON.
#[test]
fn yesterdays_ledgers_still_mean_the_same_as_bytes_and_as_json() {
    for (name, ledger) in documents() {
        if std::env::var_os("GOLDEN_WRITE").is_some() {
            std::fs::write(file(name, "cbor"), bytes(&ledger)).expect("written");
            std::fs::write(file(name, "json"), json(&ledger)).expect("written");
        }
        let kept_bytes = std::fs::read(file(name, "cbor")).expect("a golden file");
        let kept_json = std::fs::read_to_string(file(name, "json")).expect("a golden file");
        assert_eq!(bytes(&ledger), kept_bytes, "{name}");
        assert_eq!(json(&ledger), kept_json, "{name}");
        assert_eq!(Ledger::decode(&kept_bytes).as_ref(), Ok(&ledger), "{name}");
        assert_eq!(read_json(&kept_json), ledger, "{name}");
    }
}

#[test]
fn a_golden_ledger_cut_short_or_changed_in_version_is_refused() {
    for (name, ledger) in documents() {
        let whole = bytes(&ledger);
        for cut in 0..whole.len() {
            assert!(Ledger::decode(&whole[..cut]).is_err(), "{name} cut at {cut}");
        }
        let mut later = whole.clone();
        later[1] = 2;
        assert!(Ledger::decode(&later).is_err(), "{name} of a later version");
    }
}

#[test]
fn the_sum_of_a_ledger_is_all_its_slugs_and_one_slug_in_doubt_puts_it_in_doubt() {
    let [(_, new), (_, after), (_, full), (_, nothing)] = documents();
    assert_eq!([&new, &after, &nothing].map(|ledger| ledger.total().get()), [1_797_000, 20_297_000, 0]);
    assert_eq!([&new, &after, &full, &nothing].map(Ledger::in_doubt), [true, false, true, false]);
}
