//! `kill -9` in the midst of what a virtual pump does, and the pump that comes back.

mod common;

use std::io::Write;
use std::net::TcpStream;

use common::*;
use link::{Patience, Settled};
use orders::Reason;
use serde_json::json;
use sim::virtual_pump::VirtualPump;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// True volume in the reservoir less the pump's own count of it, nL: what the pump counts as given and was not.
fn counted_more(truth: &serde_json::Value, counted_nl: u64) -> f64 {
    truth["reservoir"]["volume_nl"].as_f64().unwrap() - counted_nl as f64
}

//= requirements/bench.md#killed-and-back
//= type=test
//# A virtual pump that is killed at any moment MUST come back with its state and with the time that has passed.
#[test]
fn killed_when_the_answer_was_lost_the_pump_answers_the_same_request_again_and_gives_one_bolus() {
    let (folder, pump, bed) = at_the_bed("killed-before-the-answer");
    let short = Patience { answer: Duration::from_secs(2), tries: 1 };
    let mut hasty = link::Visit::to(&bed.patient, None, Some(&pump.at), short).unwrap();
    hasty.status().unwrap();

    // 08:00: the request arrives, its answer does not. (The two answers before it arrive twice, which is no matter.)
    pump.tell(json!({"radio": "repeats", "way": "from the pump", "count": 2})).unwrap();
    pump.tell(json!({"radio": "loses", "way": "from the pump"})).unwrap();
    let settled = hasty.ask(bolus()).unwrap();
    let Settled::Unknown { id } = settled else { panic!("{settled:?}") };

    // 08:05: half of the bolus is given; the process is killed.
    pump.advance("5 min");
    let moved = pump.moved();
    pump.kill();
    let (pump, said) = Process::start(&folder);
    assert!(said.contains("found in"), "{said}");
    assert_eq!(pump.moved(), moved, "what truly was given is known");
    assert_eq!(pump.truth()["true_ms"], json!(2 * 86_400_000_u64 + 300_000));

    // The handset, started anew, asks again under the same number and hears that it was granted.
    let mut patient = visit(&bed.patient, &pump);
    assert_eq!(patient.open_request().map(|(id, _)| id), Some(id));
    let Err(link::NoAnswer::Open { .. }) = patient.ask(bolus()) else { panic!("nothing new before it is known") };
    let Settled::Accepted(accepted) = patient.pursue().unwrap() else { panic!("it was granted") };
    assert_eq!(accepted.id, id);

    // It is not given again and not resumed: ten minutes later there is basal alone, and one bolus on record.
    pump.advance("10 min");
    assert!(pump.moved() - moved <= 4, "{} strokes in ten minutes of basal", pump.moved() - moved);
    let status = patient.status().unwrap();
    assert_eq!((status.boluses, status.extra), (1, None));
    let Settled::Refused(refused) = patient.ask(bolus()).unwrap() else { panic!("the lockout stands") };
    assert!(refused.reasons.iter().any(|why| why.reason == Reason::Lockout));
    assert!(counted_more(&pump.truth(), status.reservoir.get()).abs() <= 500.0);
}

#[test]
fn killed_again_and_again_while_weeks_go_by_it_gives_nothing_twice_and_forgets_nothing() {
    let (folder, mut pump, bed) = at_the_bed("killed-again-and-again");
    let mut at_least = pump.truth()["true_ms"].as_u64().unwrap();
    for kills in 1..=8 {
        // Time is set going by a week, and nobody waits for the answer: the kill comes in the midst of it.
        let mut control = TcpStream::connect(&pump.control).unwrap();
        writeln!(control, "{}", json!({"advance": "7 days"})).unwrap();
        if kills % 2 == 0 {
            // Every other time its own output says that it has begun: a tone, since therapy went on.
            pump.truth();
        }
        pump.kill();
        (pump, _) = Process::start(&folder);
        let truth = pump.truth();
        let now = truth["true_ms"].as_u64().unwrap();
        assert!(now >= at_least, "time went back from {at_least} to {now}");
        at_least = now;
        let status = visit(&bed.patient, &pump).status().unwrap();
        assert_eq!(status.order, 1);
        // A stroke that was commanded and broken off is counted as given: at most one for each kill.
        let more = counted_more(&truth, status.reservoir.get());
        assert!(
            (-0.5..=500.0 * f64::from(kills) + 0.5).contains(&more),
            "kill {kills}: the pump counts {more} nL more"
        );
        // The handset's budget for hellos from afar fills again within hours.
        pump.advance("6 h");
        at_least += 6 * 3_600_000;
    }
}

/// A pump's folder as a kill would have left it after so many bytes of its log.
fn cut(folder: &Path, log: &Path, bytes: &[u8], into: &Path) -> PathBuf {
    std::fs::create_dir_all(into).unwrap();
    for file in ["made.json", "truth.json", "journal.bin"] {
        std::fs::copy(folder.join(file), into.join(file)).unwrap();
    }
    std::fs::write(into.join(log.file_name().unwrap()), bytes).unwrap();
    into.into()
}

fn open(folder: &Path) -> VirtualPump {
    VirtualPump::open(folder, 0, Box::new(|bytes| bytes.fill(0x5a))).unwrap()
}

#[test]
fn cut_at_any_byte_of_its_log_it_comes_back_with_at_most_one_stroke_too_many_in_its_counts() {
    let (folder, process, bed) = at_the_bed("cut-at-any-byte");
    assert!(matches!(visit(&bed.patient, &process).ask(bolus()).unwrap(), Settled::Accepted(_)));
    process.advance("5 min");
    process.kill();
    let kept = folder.join("pump");
    let logs = std::fs::read_dir(&kept).unwrap().map(|file| file.unwrap().path());
    let log = logs.into_iter().find(|path| path.file_name().unwrap().to_string_lossy().starts_with("log.")).unwrap();
    let bytes = std::fs::read(&log).unwrap();

    // The last of it: the bolus, asked for, accepted, half given; at the ends of lines and in the midst of them.
    let ends: Vec<usize> = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
    let mut cuts: Vec<usize> = ends.iter().rev().take(160).copied().collect();
    cuts.extend(ends.iter().rev().take(160).step_by(7).map(|end| end - 9));
    let mut doses = std::collections::BTreeSet::new();
    for at in cuts {
        let folder = cut(&kept, &log, &bytes[..at], &folder.join("cut"));
        let found = open(&folder);
        let counted = found.pump().expect("its supply is back").ledger().slugs[0].volume_nl;
        let more = counted_more(&found.truth(), u64::from(counted));
        assert!((-0.5..=500.5).contains(&more), "cut at {at}: the pump counts {more} nL more");
        doses.insert(found.pump().unwrap().last_dose());
        std::fs::remove_dir_all(folder.clone()).unwrap();
    }
    assert_eq!(doses.len(), 2, "some cuts came before the bolus was accepted, the others know of it: {doses:?}");
}

#[test]
fn damage_in_the_midst_of_a_log_is_told_and_never_passed_over() {
    let (folder, process, _bed) = at_the_bed("damaged-log");
    process.kill();
    let kept = folder.join("pump");
    let log = std::fs::read_dir(&kept).unwrap().map(|file| file.unwrap().path());
    let log = log.into_iter().find(|path| path.file_name().unwrap().to_string_lossy().starts_with("log.")).unwrap();
    let mut bytes = std::fs::read(&log).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&log, bytes).unwrap();
    let device = path(DEVICE);
    let kept = kept.to_str().unwrap().to_owned();
    let (code, said) =
        nepenthe(&["pump", "--device", device.to_str().unwrap(), "--listen", "127.0.0.1:0", "--state", &kept]);
    assert_eq!((code, said.contains("does not match its check")), (2, true), "{said}");
}

#[test]
fn one_pump_is_run_by_one_process_and_keeps_the_profile_it_was_made_of() {
    let folder = folder("one-process");
    let (pump, _) = Process::start(&folder);
    let (device, kept) = (path(DEVICE), folder.join("pump"));
    let other = path("bench/sim/devices/reference-40.toml");
    let start = |device: &Path| {
        let args = ["pump", "--listen", "127.0.0.1:0", "--state", kept.to_str().unwrap(), "--device"];
        nepenthe(&[&args[..], &[device.to_str().unwrap()]].concat())
    };
    let (code, said) = start(&device);
    assert_eq!((code, said.contains("another process runs the pump")), (2, true), "{said}");
    pump.kill();
    let (code, said) = start(&other);
    assert_eq!((code, said.contains("was made of another profile")), (2, true), "{said}");
}
