//! A virtual pump on real sockets, run by the built command: what people can do with it, and what nobody can.

mod common;

use std::io::{Read, Write};
use std::net::TcpStream;

use common::*;
use link::{Settled, Visit, words};
use orders::Reason;
use serde_json::{Value, json};
use telemetry::message::{Ask, ask};

fn reasons(settled: Settled) -> Vec<Reason> {
    match settled {
        Settled::Refused(refused) => refused.reasons.iter().map(|why| why.reason).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_nurse_brings_a_new_pump_to_life_and_the_patients_second_request_is_refused_with_not_before() {
    let folder = folder("a-day-by-command");
    let (pump, said) = Process::start(&folder);
    assert!(said.contains("pump 1000 (Nepenthe R20) listens on"), "{said}");
    let (nurse, hand) = (folder.join("nurse"), folder.join("hand"));
    let (nurse, hand) = (nurse.to_str().unwrap(), hand.to_str().unwrap());
    let (device, order) = (path(DEVICE), path(ORDER));
    let (device, order) = (device.to_str().unwrap(), order.to_str().unwrap());
    let by_control = |words: &[&str]| {
        let (code, said) = nepenthe(&[&["pump-control", &pump.control], words].concat());
        assert_eq!(code, 0, "{said}");
        said
    };
    let by_nurse = |words: &[&str]| nepenthe(&[words, &["--keys", nurse]].concat());

    // 08:00: without the device at the skin there is no pairing, and without pairing nothing.
    let pair = ["pair", &pump.at, "--card", &pump.card, "--role", "programmer"];
    let (code, said) = by_nurse(&pair);
    assert_eq!((code, said.contains("pairing needs the device held at the pump")), (2, true), "{said}");
    assert!(nepenthe(&["interrogate", "--keys", nurse]).1.contains("0 pumps have been paired with"));

    by_control(&["presence", "on"]);
    assert_eq!(by_nurse(&pair).0, 0);
    assert_eq!(by_nurse(&["enrol", "--author", "7", "--card", &pump.card]).0, 0);
    assert_eq!(by_nurse(&["install", "--catheter", "0.176 mL"]).0, 0);
    for _ in 0..3 {
        let drawn: Value = serde_json::from_str(&by_control(&["draw-off"])).unwrap();
        by_control(&["fill", "18 mL", "--mixture", "4 mg/mL morphine"]);
        let drawn = format!("{} nL", drawn["drawn_off_nl"].as_f64().unwrap());
        let refill = ["refill", "--drawn-off", &drawn, "--filled", "18 mL", "--vials", "18 mL"];
        let (code, said) = by_nurse(&[&refill[..], &["--mixture", "4 mg/mL morphine"]].concat());
        assert_eq!(code, 0, "{said}");
    }
    assert_eq!(by_nurse(&["clock", "--set", "2026-03-02 08:00"]).0, 0);

    // Nobody signs by accident: without a terminal and without --yes the proposal lapses.
    let program = ["program", order, "--device", device, "--sign", "7"];
    let (code, said) = by_nurse(&program);
    assert_eq!((code, said.contains("not signed; nothing changed")), (1, true), "{said}");
    let (code, said) = by_nurse(&[&program[..], &["--yes"]].concat());
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("new 1 mg/day by basal alone, 1.2 mg/day with every bolus"), "{said}");
    assert!(said.contains("order 1 runs; read back, it is the one that was signed"), "{said}");
    assert_eq!(by_nurse(&["prime", "--device", device, "--sign", "7", "--yes"]).0, 0);
    assert_eq!(by_nurse(&["resume"]).0, 0);
    assert_eq!(nepenthe(&["pair", &pump.at, "--card", &pump.card, "--role", "patient", "--keys", hand]).0, 0);
    by_control(&["presence", "off"]);

    // Wednesday 08:00: the first request is granted, the second refused until noon, and one bolus was given.
    by_control(&["advance", "2 days"]);
    let before = pump.moved();
    let (code, said) = nepenthe(&["ask", "--keys", hand]);
    assert_eq!((code, said.as_str()), (0, "granted: 0.0125 mL over 10 min\n"));
    by_control(&["advance", "1 h"]);
    let (code, said) = nepenthe(&["ask", "--keys", hand]);
    assert_eq!((code, said.as_str()), (1, "refused: lockout, not before 2026-03-04 12:01\n"));
    // An hour of basal is 20.8 strokes, and the bolus 25.
    assert!((45..=47).contains(&(pump.moved() - before)), "{}", pump.moved() - before);

    let (code, said) = nepenthe(&["interrogate", "--json", "--keys", hand]);
    let read: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, &read["doing"], &read["boluses_24h"]), (0, &json!("running"), &json!(1)));
    assert!(nepenthe(&["alarms", "--keys", hand]).1.contains("no alarm"));
}

#[test]
fn no_presence_a_wrong_role_and_a_strangers_key_move_nothing_and_the_journal_says_so() {
    let (folder, pump, bed) = at_the_bed("nobody-may");
    let before = pump.truth();

    // The patient's own device may not stop; the nurse's not from across the room.
    let stop = || Ask::Stop(ask::Stop { reason: ask::StopReason::Other, maximum: orders::Duration::from_hours(1) });
    let mut patient = visit(&bed.patient, &pump);
    let mut nurse = visit(&bed.nurse, &pump);
    assert_eq!(reasons(patient.ask(stop()).unwrap()), [Reason::WrongRole]);
    assert_eq!(reasons(nurse.ask(stop()).unwrap()), [Reason::NoPresence]);

    // At the skin, an order signed by a key that the pump never enrolled.
    pump.presence(true);
    let order = sim::files::order::read(&path(ORDER), &profile()).unwrap().prescription;
    let proposed = nurse.propose_order(order, &profile(), None).unwrap();
    let stranger = bed.nurse.clinician(8).unwrap();
    let why = nurse.commit(&proposed, &[&stranger]).unwrap_err().to_string();
    assert_eq!(why, "refused: a clinician's signature is missing or wrong");
    assert_eq!(nurse.status().unwrap().order, 1, "order 1 runs on");

    // Another card of the same pump's number, with its check in order: no pairing.
    let mut other = bed.card.clone();
    other.secret.0[0] ^= 1;
    let keys = link::Keys::open_or_make(&folder.join("thief"), telemetry::peer::Role::Programmer).unwrap();
    let why = Visit::pair(&pump.at, &keys, &other, QUICK).err().unwrap().to_string();
    assert!(why.contains("another card or another key"), "{why}");
    assert!(keys.pump(None).is_err(), "and nothing was kept");

    assert_eq!(pump.truth()["strokes"], before["strokes"]);
    assert_eq!(pump.truth()["given"], before["given"]);
    let refused = refusals_in_the_journal(&folder, &mut nurse);
    for reason in [Reason::WrongRole, Reason::NoPresence, Reason::BadSignature] {
        assert!(refused.contains(&reason), "the journal has no {reason:?}: {refused:?}");
    }
}

#[test]
fn an_order_for_two_signatures_runs_with_two_clinicians_and_not_with_one_nor_with_one_twice() {
    let (_, pump, bed) = at_the_bed("two-sign");
    pump.presence(true);
    let mut nurse = visit(&bed.nurse, &pump);
    let (first, second) = (bed.nurse.clinician(7).unwrap(), bed.nurse.clinician(8).unwrap());
    done(nurse.enrol(&second, &bed.card).unwrap());
    let mut order = sim::files::order::read(&path(ORDER), &profile()).unwrap().prescription;
    order.signatures = 2;
    let proposed = nurse.propose_order(order, &profile(), None).unwrap();
    assert_eq!(proposed.told.signatures, 2);
    let why = nurse.commit(&proposed, &[&first]).unwrap_err().to_string();
    assert!(why.contains("asks for 2 signatures and 1 signing keys were given"), "{why}");
    let why = nurse.commit(&proposed, &[&first, &first]).unwrap_err().to_string();
    assert_eq!(why, "refused: a clinician's signature is missing or wrong");
    assert_eq!(nurse.status().unwrap().order, 1, "order 1 runs on");
    done(nurse.commit(&proposed, &[&first, &second]).unwrap());
    assert_eq!(nurse.status().unwrap().order, 2);
}

fn refusals_in_the_journal(folder: &std::path::Path, visit: &mut Visit<'_>) -> Vec<Reason> {
    let made: Value = serde_json::from_slice(&std::fs::read(folder.join("pump/made.json")).unwrap()).unwrap();
    let key: [u8; 16] = serde_json::from_value(made["journal"].clone()).unwrap();
    let (key, mut refused) = (pump::journal::Key(key), Vec::new());
    let read = |_, _, records: &[u8]| {
        for record in records.as_chunks::<32>().0 {
            let event = pump::journal::open(&key, record).expect("the pump's own tag").event;
            if let Some(pump::events::Event::Refused { reason, .. }) = event {
                refused.push(reason);
            }
        }
    };
    visit.journal(0, read).unwrap();
    refused
}

#[test]
fn garbage_on_the_port_impossible_lengths_and_a_peer_that_stops_in_mid_frame_hold_nobody_up() {
    let (_, pump, bed) = at_the_bed("a-noisy-port");
    let mut patient = visit(&bed.patient, &pump);
    let mut nurse = visit(&bed.nurse, &pump);
    patient.status().unwrap();

    // A frame of noise is no frame; the stream stays, for its next one may be.
    let mut noise = TcpStream::connect(&pump.at).unwrap();
    for length in [14_u16, 200, 2_048] {
        noise.write_all(&length.to_le_bytes()).unwrap();
        noise.write_all(&vec![0xa5; usize::from(length)]).unwrap();
    }
    // Lengths that no frame has end the stream.
    for length in [0_u16, 13, 2_049, u16::MAX] {
        let mut peer = TcpStream::connect(&pump.at).unwrap();
        peer.write_all(&length.to_le_bytes()).unwrap();
        let mut rest = Vec::new();
        // Closed, or reset where bytes were still on their way.
        if peer.read_to_end(&mut rest).is_ok() {
            assert_eq!(rest, b"", "length {length}");
        }
    }
    // One that begins a frame and says no more, and one that reads nothing.
    let mut half = TcpStream::connect(&pump.at).unwrap();
    half.write_all(&[100, 0, 1, 2, 3]).unwrap();

    // Meanwhile both others are answered, in turn, each in its own contact.
    for _ in 0..5 {
        assert_eq!(patient.status().unwrap().order, 1);
        assert!(!nurse.ledger().unwrap().in_doubt());
    }
    assert!(matches!(patient.ask(bolus()).unwrap(), Settled::Accepted(_)));
    drop((noise, half));
}

#[test]
fn more_peers_than_there_are_places_are_put_out_and_those_inside_stay() {
    let (_, pump, bed) = at_the_bed("a-crowd");
    let mut patient = visit(&bed.patient, &pump);
    patient.status().unwrap();
    let mut crowd: Vec<TcpStream> = (0..40).map(|_| TcpStream::connect(&pump.at).unwrap()).collect();
    let last = crowd.last_mut().unwrap();
    assert!(matches!(last.read(&mut [0; 1]), Ok(0) | Err(_)), "the last of forty is put out");
    assert_eq!(patient.status().unwrap().order, 1);
}

#[test]
fn what_is_wrong_on_the_second_port_is_told_with_what_would_be_right_and_changes_nothing() {
    let folder = folder("wrong-words");
    let (pump, _) = Process::start(&folder);
    let before = pump.truth();
    let wrong = [
        (json!({"drive": "dances"}), "\"stalls\""),
        (json!({"drive": "stalls"}), "for must be stated"),
        (json!({"drive": "stalls", "for": "14 mL"}), "the unit must be one of"),
        (json!({"presence": "perhaps"}), "\"on\" or \"off\" was expected"),
        (json!({"speed": 1e9}), "a whole number from 0 to 100000"),
        (json!({"advance": 3}), "a span such as \"3 h\""),
        (json!({"needle": "fills", "volume": "18 mL", "mixture": "4 mg/mL aspirin"}), "known are morphine"),
        (json!({"needle": "fills", "mixture": "4 mg/mL morphine"}), "volume must be stated"),
        (json!({"patient": "asks"}), "people act by their own devices"),
        (json!([1]), "one JSON object"),
    ];
    for (command, words) in wrong {
        let why = pump.tell(command.clone()).unwrap_err();
        assert!(why.contains(words), "{command}: {why}");
    }
    assert_eq!(pump.truth(), before);
}

//= requirements/bench.md#second-port
//= type=test
//# Presence, magnet and mishaps MUST reach a virtual pump only by its second loopback port.
#[test]
fn nobody_holds_a_magnet_to_a_pump_over_a_network() {
    let device = path(DEVICE);
    let (code, said) =
        nepenthe(&["pump", "--device", device.to_str().unwrap(), "--listen", "127.0.0.1:0", "--control", "0.0.0.0:0"]);
    assert_eq!(code, 2);
    assert!(said.contains("--control 0.0.0.0:0") && said.contains("loopback"), "{said}");

    // And on the first port a command of the second is a frame of an impossible length: nothing comes of it.
    let folder = folder("first-port");
    let (pump, _) = Process::start(&folder);
    let mut peer = TcpStream::connect(&pump.at).unwrap();
    peer.write_all(b"{\"presence\": \"on\"}\n").unwrap();
    let _ = peer.read(&mut [0; 1]);
    assert_eq!(pump.truth()["presence"], json!(false));
}

#[test]
fn a_device_whose_keys_others_can_read_says_so_and_sends_nothing() {
    let (folder, _pump, bed) = at_the_bed("open-keys");
    drop(bed);
    let key = folder.join("patient/device.json");
    #[cfg(unix)]
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let keys = folder.join("patient");
    let (code, said) = nepenthe(&["ask", "--keys", keys.to_str().unwrap()]);
    assert_eq!((code, said.contains("chmod 600")), (2, true), "{said}");
}

#[test]
fn a_refusal_is_shown_in_the_words_of_the_pump() {
    let (_, pump, bed) = at_the_bed("words");
    let mut patient = visit(&bed.patient, &pump);
    let clocks = words::Clocks::from(&patient.status().unwrap());
    assert!(matches!(patient.ask(bolus()).unwrap(), Settled::Accepted(_)));
    pump.advance("1 h");
    let settled = patient.ask(bolus()).unwrap();
    assert_eq!(words::settled(&settled, Some(clocks)), "refused: lockout, not before 2026-03-04 12:01");
    assert_eq!(words::settled(&settled, None), "refused: lockout, not before 3 h from now");
}
