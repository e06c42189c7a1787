//! Virtual pumps inside another program, as the clinic's demo runs them.

mod common;

use std::sync::mpsc;

use common::*;
use nepenthe::virtual_pump::{Host, Options, Speed};
use serde_json::json;

#[test]
fn two_pumps_in_one_process_go_at_one_speed_and_each_is_asked_by_its_own_devices() {
    let speed = Speed::of(0);
    let (tell, heard) = mpsc::channel();
    let start = |name: &str| {
        let tell = tell.clone();
        let told = move |at: u64, words: &str| drop(tell.send((at, words.to_owned())));
        let host = Host::start(&Options::new(path(DEVICE)), &speed, Box::new(told)).unwrap();
        let folder = folder(name);
        let bed = commission(&folder, &host.telemetry.to_string(), &host.card.to_string(), &|c| host.command(c));
        (host, bed)
    };
    let (one, one_bed) = start("in-process-one");
    let (other, other_bed) = start("in-process-other");
    assert_ne!(one.card.serial, other.card.serial);
    assert!(heard.try_iter().any(|(_, words)| words.contains("priming bolus given whole")));

    // The first one's patient asks; the other's pump gives nothing for it.
    let (before, other_before) = (one.truth().unwrap(), other.truth().unwrap());
    let mut visit = link::Visit::to(&one_bed.patient, None, None, QUICK).unwrap();
    done(visit.ask(bolus()).unwrap());
    one.command(json!({"advance": "10 min"})).unwrap();
    assert_ne!(one.truth().unwrap()["strokes"], before["strokes"]);
    assert_eq!(other.truth().unwrap()["strokes"], other_before["strokes"]);
    let mut stranger = link::Visit::to(&other_bed.patient, None, Some(&one.telemetry.to_string()), QUICK).unwrap();
    let why = stranger.status().unwrap_err().to_string();
    assert!(why.contains("another pump"), "{why}");

    speed.set(3_600);
    for host in [&one, &other] {
        assert_eq!(host.command(json!({"time": "tell"})).unwrap()["speed"], json!(3_600));
    }
    speed.set(0);
    one.stop().unwrap();
    speed.set(60);
    assert_eq!(other.command(json!({"time": "tell"})).unwrap()["speed"], json!(60));
    other.stop().unwrap();
}
