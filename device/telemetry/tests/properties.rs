//! Laws of the link that hold for all bytes: what is altered, cut, repeated or out of order changes nothing.

mod common;

use common::*;
use proptest::prelude::*;
use telemetry::deframe::{Deframer, prefix};
use telemetry::peer::{Peer, Psk, PublicKey, Role};
use telemetry::wire::Header;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    //= requirements/telemetry.md#sealed-frames
    //= type=test
    //# The implant MUST NOT act on bytes that are not one whole, sealed frame of an open session.
    #[test]
    fn any_flipped_bit_of_a_sealed_frame_leaves_the_pump_as_it_was(message in proptest::collection::vec(any::<u8>(), 0..80), bit in any::<prop::sample::Index>()) {
        let (mut pump, mut contact, place) = open_contact(s(0), Role::Programmer);
        let frame = asks(&mut contact, s(1), &message);
        let mut altered = frame.clone();
        let bit = bit.index(altered.len() * 8);
        altered[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(!matches!(pump.hears(s(1), &altered), Did::Heard(..) | Did::Answered(_) | Did::Paired(_)));
        prop_assert_eq!(pump.hears(s(1), &frame), Did::Heard(place, message));
    }

    #[test]
    fn any_cut_of_a_sealed_frame_leaves_the_pump_as_it_was(message in proptest::collection::vec(any::<u8>(), 0..80), cut in any::<prop::sample::Index>()) {
        let (mut pump, mut contact, place) = open_contact(s(0), Role::Programmer);
        let frame = asks(&mut contact, s(1), &message);
        prop_assert_eq!(pump.hears(s(1), &frame[..cut.index(frame.len())]), Did::PassedOver);
        prop_assert_eq!(pump.hears(s(1), &frame), Did::Heard(place, message));
    }

    #[test]
    fn any_flipped_bit_of_a_hello_opens_nothing_and_the_true_one_still_does(bit in any::<prop::sample::Index>()) {
        let (mut pump, known) = PumpEnd::that_knows_the_handset_as(Role::PatientController);
        let (_, first) = hello(s(0), 7, Role::PatientController, &known);
        let mut altered = first.clone();
        let bit = bit.index(altered.len() * 8);
        altered[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(matches!(pump.hears(s(0), &altered), Did::PassedOver | Did::TurnedAway(..)));
        prop_assert_eq!(pump.sessions.deadline(), None);
        prop_assert!(matches!(pump.hears(s(0), &first), Did::Answered(_)));
    }

    #[test]
    fn any_flipped_bit_of_the_answer_to_a_hello_leaves_the_asker_waiting_for_the_true_one(bit in any::<prop::sample::Index>()) {
        let (mut pump, known) = PumpEnd::that_knows_the_handset_as(Role::PatientController);
        let (mut contact, first) = hello(s(0), 7, Role::PatientController, &known);
        let Did::Answered(answer) = pump.hears(s(0), &first) else { panic!() };
        let mut altered = answer.clone();
        let bit = bit.index(altered.len() * 8);
        altered[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(reads(&mut contact, s(0), &altered).is_none());
        prop_assert!(!contact.is_open(s(0)));
        opens(&mut contact, s(0), &answer);
    }

    #[test]
    fn whatever_the_radio_does_each_message_is_heard_at_most_once_and_in_order(order in proptest::collection::vec(0usize..12, 0..40)) {
        let (mut pump, mut contact, _) = open_contact(s(0), Role::Programmer);
        let frames: Vec<_> = (0..12u8).map(|n| asks(&mut contact, s(1), &[n])).collect();
        let mut heard = Vec::new();
        for frame in order {
            if let Did::Heard(_, message) = pump.hears(s(1), &frames[frame]) {
                heard.push(message[0]);
            }
        }
        prop_assert!(heard.is_sorted_by(|earlier, later| earlier < later), "{:?}", heard);
    }

    #[test]
    fn no_bytes_at_all_bring_the_pump_out_of_step(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let (mut pump, mut contact, place) = open_contact(s(0), Role::Programmer);
        prop_assert!(!matches!(pump.hears(s(1), &bytes), Did::Heard(..) | Did::Answered(_) | Did::Paired(_)));
        let frame = asks(&mut contact, s(1), b"still there");
        prop_assert_eq!(pump.hears(s(1), &frame), Did::Heard(place, b"still there".to_vec()));
    }

    #[test]
    fn a_header_reads_back_as_it_was_written_or_says_why_not(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        if let Ok(header) = Header::read(&bytes) {
            prop_assert_eq!(&header.bytes()[..], &bytes[..14]);
        }
    }

    #[test]
    fn frames_come_out_of_a_stream_whole_however_it_is_split(lengths in proptest::collection::vec(14usize..2_049, 1..6), splits in proptest::collection::vec(1usize..700, 1..60)) {
        let frames: Vec<Vec<u8>> = lengths.iter().enumerate().map(|(n, len)| vec![n as u8; *len]).collect();
        let stream: Vec<u8> = frames.iter().flat_map(|frame| [&prefix(frame.len()).unwrap()[..], frame].concat()).collect();
        let mut deframer = Deframer::new();
        let (mut got, mut at, mut splits) = (Vec::new(), 0, splits.iter().cycle());
        while at < stream.len() {
            let end = (at + splits.next().unwrap()).min(stream.len());
            let mut bytes = &stream[at..end];
            while let Some(frame) = deframer.take(&mut bytes).unwrap() {
                got.push(frame.to_vec());
            }
            prop_assert!(bytes.is_empty());
            at = end;
        }
        prop_assert_eq!(got, frames);
    }

    #[test]
    fn a_peers_record_reads_back_as_it_was_kept(public in any::<[u8; 32]>(), psk in any::<[u8; 32]>(), id in any::<u64>(), label in any::<[u8; 16]>(), role in 0usize..4, cut in 0usize..Peer::BYTES) {
        let peer = Peer { public: PublicKey(public), role: Role::ALL[role], psk: Psk(psk), request_id_last: id, label };
        let bytes = peer.to_bytes();
        let back = Peer::from_bytes(&bytes).unwrap();
        prop_assert_eq!((back.public, back.role, back.psk.0, back.request_id_last, back.label), (peer.public, peer.role, peer.psk.0, id, label));
        prop_assert!(Peer::from_bytes(&bytes[..cut]).is_err());
    }
}

#[test]
fn a_stream_that_told_an_impossible_length_stays_broken() {
    for bad in [[0u8, 0], [13, 0], [1, 8], [255, 255]] {
        let mut deframer = Deframer::new();
        let mut bytes = &bad[..];
        let why = deframer.take(&mut bytes).unwrap_err();
        let mut more = &[14u8, 0, 1, 2, 3][..];
        assert_eq!(deframer.take(&mut more).unwrap_err(), why);
    }
}
