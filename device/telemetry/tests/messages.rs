//! Messages from nowhere, cut, altered and foreign: each an error that names message and field, none half read.

#[path = "common/examples.rs"]
mod examples;

use examples::*;
use orders::{Refusal, Refusals};
use proptest::prelude::*;
use telemetry::fuzz;
use telemetry::limits::MESSAGE_MAX;
use telemetry::message::answer::{Refused, Why};
use telemetry::message::{Answer, BadMessage, Request, Wrong};

fn encoded() -> Vec<Vec<u8>> {
    let mut buffer = [0u8; MESSAGE_MAX];
    let mut all: Vec<Vec<u8>> = Vec::new();
    for request in requests() {
        let len = request.encode(&mut buffer).unwrap();
        all.push(buffer[..len].to_vec());
    }
    for answer in answers() {
        let len = answer.encode(&mut buffer).unwrap();
        all.push(buffer[..len].to_vec());
    }
    all
}

#[test]
fn every_cut_of_every_message_is_refused() {
    for message in encoded() {
        for cut in 0..message.len() {
            assert!(Request::decode(&message[..cut]).is_err() && Answer::decode(&message[..cut]).is_err());
        }
    }
}

#[test]
fn an_error_names_the_message_and_the_field() {
    let stamp = [0x83, 0x19, 0x03, 0x85, 0x00, 0x48, 1, 2, 3, 4, 5, 6, 7, 8];
    let with = |rest: &[u8]| Request::decode(&[&[0x83][..], &stamp, rest].concat()).unwrap_err();
    let bad = |part, field, wrong| BadMessage { part, field, wrong };

    // A stop: {1: reason, 2: maximum}
    assert_eq!(with(&[0x18, 35, 0xA1, 0x01, 0x02]), bad(35, 2, Wrong::Missing));
    assert_eq!(with(&[0x18, 35, 0xA2, 0x01, 0x02, 0x02, 0x41, 0x00]), bad(35, 2, Wrong::Type));
    assert_eq!(with(&[0x18, 35, 0xA2, 0x01, 0x17, 0x02, 0x00]), bad(35, 1, Wrong::Value));
    assert_eq!(with(&[0x18, 35, 0xA3, 0x01, 0x02, 0x02, 0x00, 0x03, 0x00]), bad(35, 3, Wrong::Unknown));
    assert_eq!(with(&[0x18, 35, 0xA2, 0x02, 0x00, 0x01, 0x02]), bad(35, 1, Wrong::Missing));
    assert_eq!(with(&[0x18, 35, 0xA2, 0x01, 0x02, 0x01, 0x02]), bad(35, 1, Wrong::Unknown));
    assert_eq!(with(&[0x18, 35, 0xA2, 0x01, 0x02, 0x02, 0x00, 0x00]), bad(35, 0, Wrong::Trailing));
    assert_eq!(with(&[0x18, 99, 0xA0]), bad(99, 0, Wrong::Unknown));
    // A reading with a stamp, and a stop without one.
    assert_eq!(with(&[0x01, 0xA0]), bad(1, 255, Wrong::Unknown));
    let no_stamp = Request::decode(&[0x83, 0xF6, 0x18, 35, 0xA2, 0x01, 0x02, 0x02, 0x00]);
    assert_eq!(no_stamp, Err(bad(35, 255, Wrong::Missing)));
    // Which request it was can still be told.
    let unreadable = [&[0x83][..], &stamp, &[0x18, 35, 0xA0]].concat();
    assert_eq!(Request::id_of(&unreadable), Some(901));
}

#[test]
fn what_a_signature_covers_is_the_proposal_without_its_stamp() {
    let mut buffers = [[0u8; MESSAGE_MAX]; 2];
    let proposal = requests().into_iter().find(|request| request.ask.code() == 33).unwrap();
    let mut again = proposal.clone();
    again.stamp.as_mut().unwrap().id += 1;
    let subjects: Vec<Vec<u8>> = [proposal, again]
        .iter()
        .zip(&mut buffers)
        .map(|(request, buffer)| {
            let len = request.encode(buffer).unwrap();
            Request::subject(&buffer[..len]).unwrap().to_vec()
        })
        .collect();
    assert_eq!(subjects[0], subjects[1]);
    assert_eq!(subjects[0][..2], [0x18, 33]);
}

#[test]
fn a_refusal_crosses_the_link_with_every_number() {
    let mut refusals = Refusals::none();
    for (n, reason) in (0u64..).zip(orders::Reason::ALL.iter().take(14)) {
        let refusal = Refusal::of(*reason, orders::Field::BolusVolume, n, n + 1);
        let refusal = if n % 2 == 0 { refusal.about(orders::Drug::Morphine) } else { refusal };
        refusals.push(Refusal { not_before: Some(orders::Instant::new(n)), ..refusal });
    }
    let refused = Refused::of(5, orders::Instant::new(9), &refusals);
    assert_eq!((refused.reasons.len(), refused.more), (12, 2));
    for (why, refusal) in refused.reasons.iter().zip(refusals.iter()) {
        assert_eq!(Refusal::from(why), *refusal);
        assert_eq!(Why::from(refusal), *why);
    }
}

#[test]
fn the_longest_order_fits_a_proposal_and_the_fullest_journal_its_answer() {
    let order = vec![0xFF; orders::Prescription::BYTES_MAX];
    let mut proposal = requests().into_iter().find(|request| request.ask.code() == 33).unwrap();
    if let telemetry::message::Ask::Propose(propose) = &mut proposal.ask {
        propose.order = telemetry::message::Bytes(&order);
    }
    assert!(proposal.encode(&mut [0; MESSAGE_MAX]).is_some());
    let records = [0xFF; 56 * 32];
    let journal = telemetry::message::answer::Journal {
        asked: u64::MAX,
        first: u64::MAX,
        next: u64::MAX,
        records: telemetry::message::Bytes(&records),
    };
    assert!(Answer::Journal(journal).encode(&mut [0; MESSAGE_MAX]).is_some());
}

proptest! {
    #[test]
    fn no_bytes_make_a_message_that_means_something_else_when_written_again(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(fuzz::fuzz_message(&bytes));
        fuzz::fuzz_wire(&bytes);
    }

    #[test]
    fn nor_do_altered_messages(which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let all = encoded();
        let mut message = which.get(&all).clone();
        let at = at.index(message.len());
        message[at] = byte;
        prop_assert!(fuzz::fuzz_message(&message));
    }

    #[test]
    fn no_stream_brings_a_pump_to_hear_anything(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(fuzz::fuzz_session(&bytes));
    }

    #[test]
    fn no_record_and_no_answer_end_a_request_unanswered(record in proptest::collection::vec(any::<u8>(), 0..60), answer in proptest::collection::vec(any::<u8>(), 0..60)) {
        prop_assert!(fuzz::fuzz_asker(&record, &answer));
    }
}
