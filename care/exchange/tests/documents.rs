//! Documents between clinic, programmer and handset: read, signed, repeated, contradicted.

mod common;

use common::{SECRET, at, documents, source};
use exchange::arrival::Before;
use exchange::body::{Diary, DiaryEntry, Felt, Outcome};
use exchange::*;
use proptest::prelude::*;

fn diary(seq: u64, rating: u8, minutes: u64) -> Envelope {
    let entry = DiaryEntry { entry: Felt::Pain { rating }, at: at(minutes), pump_ms: None };
    Envelope::new(source(Kind::Handset, "h-17"), seq, 1_000, 4, Body::Diary(Diary { entries: vec![entry] }))
}

fn key() -> [u8; 32] {
    documents()[0].signature.unwrap().key.0
}

#[test]
fn a_document_signed_by_its_device_is_believed_and_one_altered_in_any_byte_is_not() {
    for document in documents() {
        document.verify(&key()).unwrap();
        let bytes = document.to_bytes().unwrap();
        // Every seventh byte: a whole document is long, and each signature check takes its time.
        for place in (0..bytes.len()).step_by(7) {
            let mut altered = bytes.clone();
            altered[place] ^= 1;
            let believed = Envelope::parse(&altered).is_ok_and(|altered| altered.verify(&key()).is_ok());
            assert!(!believed, "{} altered at byte {place}", document.body.kind());
        }
    }
}

#[test]
fn a_strangers_signature_and_none_at_all_are_told_apart() {
    let document = diary(41, 6, 0);
    assert_eq!(document.verify(&key()), Err(NotDocument::Unsigned));
    let strange = document.clone().signed(&[9; 32]).unwrap();
    assert!(matches!(strange.verify(&key()), Err(NotDocument::OtherKey { .. })));
    let mut moved = document.signed(&SECRET).unwrap();
    moved.pump = 1_001;
    assert_eq!(moved.verify(&key()), Err(NotDocument::Altered), "signed for one pump, sent for another");
}

//= requirements/clinic.md#answered-alike
//= type=test
//# A document that arrives again MUST get the answer it got before, in whatever order documents arrive.
#[test]
fn a_handset_in_a_tunnel_sends_41_and_42_the_wrong_way_round_and_twice_and_each_is_taken_once() {
    let mut kept = std::collections::BTreeMap::new();
    let mut taken = Vec::new();
    for document in [diary(42, 3, 5), diary(41, 6, 0), diary(42, 3, 5), diary(41, 6, 0)] {
        let name = (document.source.clone(), document.seq);
        match arrival(&document, kept.get(&name)).unwrap() {
            Arrival::New { fingerprint } => {
                taken.push(document.seq);
                kept.insert(name, Before { fingerprint, answer: Outcome::Taken });
            }
            Arrival::Again(answer) => assert_eq!(answer, Outcome::Taken),
            Arrival::Clash { .. } => panic!("nothing contradicts anything"),
        }
    }
    assert_eq!(taken, [42, 41]);
}

#[test]
fn another_document_under_a_used_number_does_nothing_and_shows() {
    let first = diary(41, 6, 0);
    let before = Before { fingerprint: first.fingerprint().unwrap(), answer: Outcome::Taken };
    let other = diary(41, 9, 0);
    let now = other.fingerprint().unwrap();
    assert_eq!(arrival(&other, Some(&before)), Ok(Arrival::Clash { first: before.fingerprint, now }));
    // The same one, signed with a new key after the handset was replaced, is a repeat.
    assert_eq!(arrival(&first.signed(&[3; 32]).unwrap(), Some(&before)), Ok(Arrival::Again(Outcome::Taken)));
}

//= requirements/clinic.md#never-merged
//= type=test
//# Two orders made apart MUST NOT be merged: what the pump runs stands and the other becomes a task.
#[test]
fn two_orders_written_for_order_3_meet_and_the_second_becomes_a_task() {
    assert_eq!(order_stands(3, 3), OrderStands::Yes);
    // The first was committed as order 4 at 10:00; the second, written at 09:50 in another room, arrives at 10:05.
    assert_eq!(order_stands(3, 4), OrderStands::Task { made_for: 3, runs: 4 });
}

//= requirements/clinic.md#a-phones-time-is-a-label
//= type=test
//# A time from a phone MUST be kept as a label and never put records in order.
#[test]
fn a_phone_two_days_ahead_keeps_its_entries_in_the_order_of_their_numbers() {
    let (later, earlier) = (diary(2, 5, 0), diary(1, 7, 2 * 1_440));
    let mut all = [later, earlier];
    // A label has no order: `all.sort_by_key(|one| one.entries[0].at)` does not compile.
    all.sort_by_key(|document| (document.source.clone(), document.seq));
    assert_eq!(all.map(|document| document.seq), [1, 2]);
}

#[test]
fn what_is_wrong_is_told_with_field_value_and_what_would_be_right() {
    let good = String::from_utf8(diary(41, 6, 0).to_bytes().unwrap()).unwrap();
    let told = |from: &str, to: &str| {
        let text = good.replace(from, to);
        assert_ne!(text, good, "{from} is not there");
        Envelope::parse(text.as_bytes()).unwrap_err().to_string()
    };
    assert_eq!(told("\"rating\":6", "\"rating\":11"), "pain: 11: 0 to 10 was expected");
    assert!(told("\"rating\":6", "\"rating\":6.5").starts_with("6.5: whole numbers of 64 bits only"));
    assert!(told("\"schema\":1", "\"schema\":2").contains("schema 2; this program reads schema 1"));
    assert!(told("\"seq\":41", "\"seq\":0").contains("numbers rise from 1"));
    assert!(told("\"seq\":41", "\"seq\":41,\"urgent\":true").contains("unknown field `urgent`"));
    assert!(told("\"seq\":41", "\"seq\":41,\"seq\":42").contains("duplicate field `seq`"));
    assert!(told("\"h-17\"", "\"\"").contains("source.id"));
    assert!(told("\"kind\":\"diary\"", "\"kind\":\"rumour\"").contains("rumour"));
    assert!(Envelope::parse(b"").is_err());
    let long = vec![b' '; DOCUMENT_MAX + 1];
    assert!(matches!(Envelope::parse(&long), Err(NotDocument::Long { .. })));
}

#[test]
fn an_order_inside_a_document_is_read_by_the_pumps_own_vocabulary() {
    let document = documents().into_iter().find(|document| document.body.kind() == "order").unwrap();
    let Body::Order(order) = &document.body else { panic!("an order") };
    assert_eq!(order.prescription.0, common::prescription());
    let text = String::from_utf8(document.to_bytes().unwrap()).unwrap();
    let at = text.find("\"prescription\":\"").unwrap() + 16;
    let cut = format!("{}{}", &text[..at], &text[at + 2..]);
    let why = Envelope::parse(cut.as_bytes()).unwrap_err().to_string();
    assert!(why.contains("the order does not read"), "{why}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: proptest::test_runner::RngSeed::Fixed(7), ..ProptestConfig::default() })]

    #[test]
    fn any_note_in_any_script_comes_back_as_it_was_under_one_fingerprint(
        text in "\\PC{0,200}|[\\x00-\\x1f\"\\\\]{0,40}", seq in 1_u64.., pump in any::<u64>(), base in any::<u64>(), offset in any::<i16>(),
    ) {
        let at = Label { ms: seq, utc_offset_min: offset };
        let body = Body::Diary(Diary { entries: vec![DiaryEntry { entry: Felt::Note { text }, at, pump_ms: Some(base) }] });
        let document = Envelope::new(source(Kind::Handset, "h"), seq, pump, base, body).signed(&SECRET).unwrap();
        let read = Envelope::parse(&document.to_bytes().unwrap()).unwrap();
        prop_assert_eq!(read.fingerprint(), document.fingerprint());
        prop_assert!(read.verify(&key()).is_ok());
        prop_assert_eq!(&read, &document);
        // Written with blanks by someone else it is the same document.
        let pretty = serde_json::to_vec_pretty(&document).unwrap();
        prop_assert_eq!(Envelope::parse(&pretty).unwrap().to_bytes(), document.to_bytes());
    }

    #[test]
    fn no_bytes_at_all_bring_a_reader_out_of_step(bytes in proptest::collection::vec(any::<u8>(), 0..300), place in 0_usize..2_000) {
        let _ = Envelope::parse(&bytes);
        let mut document = documents()[3].to_bytes().unwrap();
        let place = place % document.len();
        document.splice(place..place, bytes);
        let _ = Envelope::parse(&document);
    }
}
