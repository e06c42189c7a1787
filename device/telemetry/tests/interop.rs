//! Both ends of the link against a transcript that another implementation, in another language, wrote down: see `interop/transcript.py`.

mod common;

use std::collections::HashMap;

use common::*;
use telemetry::contact::{Contact, Told};
use telemetry::limits::FRAME_MAX;
use telemetry::noise::Entropy;
use telemetry::peer::Role;

#[derive(serde::Deserialize)]
struct Transcript {
    contact_psk: String,
    frames: HashMap<String, String>,
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn a_pairing_and_a_contact_have_the_bytes_that_python_gives_them() {
    let text = include_str!("interop/transcript.json");
    let transcript: Transcript = serde_json::from_str(text).unwrap();
    let frame = |name: &str| unhex(&transcript.frames[name]);
    let mut pump = PumpEnd::new();
    pump.presence = true;
    let mut out = [0u8; FRAME_MAX];
    let opening = opening(7, Role::PatientController);

    let (mut contact, len) =
        Contact::pair(s(0), opening, &handset(), SERIAL, &card(), Entropy([0x51; 32]), &mut out).unwrap();
    assert_eq!(out[..len], frame("pair_hello"));
    let answer = pump.hears_with(s(0), &frame("pair_hello"), &mut Some(Entropy([0x52; 32])));
    assert_eq!(answer, Did::Answered(frame("pair_answer")));
    let mut pair_answer = frame("pair_answer");
    let told = contact.hear(s(0), &mut pair_answer, &mut out);
    let Told::Paired { pump: known, send } = told else { panic!("{told:?}") };
    assert_eq!(out[..send], frame("pair_finish"));
    assert_eq!(known.psk.0, *unhex(&transcript.contact_psk));
    let Did::Paired(place) = pump.hears(s(0), &frame("pair_finish")) else { panic!() };
    assert_eq!(pump.peers[0].as_ref().unwrap().psk.0, known.psk.0);
    assert_eq!(asks(&mut contact, s(0), b"who are you"), frame("pair_question"));
    assert_eq!(pump.hears(s(0), &frame("pair_question")), Did::Heard(place, b"who are you".to_vec()));
    assert_eq!(pump.says(s(0), place, b"your pump"), frame("pair_reply"));
    assert_eq!(reads(&mut contact, s(0), &frame("pair_reply")), Some(b"your pump".to_vec()));
    pump.sessions.end(place);

    let (mut contact, len) = Contact::open(s(9), opening, &handset(), &known, Entropy([0x61; 32]), &mut out).unwrap();
    assert_eq!(out[..len], frame("hello"));
    let answer = pump.hears_with(s(9), &frame("hello"), &mut Some(Entropy([0x62; 32])));
    assert_eq!(answer, Did::Answered(frame("hello_answer")));
    opens(&mut contact, s(9), &frame("hello_answer"));
    assert_eq!(asks(&mut contact, s(9), b"status"), frame("question_1"));
    let Did::Heard(place, _) = pump.hears(s(9), &frame("question_1")) else { panic!() };
    assert_eq!(pump.says(s(9), place, b"fine"), frame("reply_1"));
    assert_eq!(reads(&mut contact, s(9), &frame("reply_1")), Some(b"fine".to_vec()));
    assert_eq!(asks(&mut contact, s(9), b"still?"), frame("question_2"));
}
