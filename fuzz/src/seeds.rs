//! `cargo run --bin seeds`: writes `seeds/` anew from the files of expected results and from a pump's own records.
//!
//! Seeds are where mutation starts: one small input for each kind of thing a target reads. They are checked in, so
//! that a run without them is never needed; orders and devices in TOML lie in the bench and are taken from there.

use std::fs;
use std::path::{Path, PathBuf};

use fuzz::bench::{Bench, Store, baclofen, morphine};
use fuzz::stored::put;
use implant::{Action, Cause, Input, Link, host};
use telemetry::message::Request;

fn main() {
    let room = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let root = room.join("..");
    let seeds = room.join("seeds");
    let golden = root.join("device/telemetry/tests/golden/v1");
    for path in all(&golden, "hex") {
        let bytes = from_hex(&fs::read_to_string(&path).expect("a golden file"));
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        // An asker's record would come first: none of it.
        write(&seeds, "messages", &name, &bytes);
        if let Ok(Request { .. }) = Request::decode(&bytes)
            && name.contains("Propose")
        {
            write(&seeds, "messages", "asker-and-answer", &[&[16][..], &bytes].concat());
        }
    }
    for path in all(&root.join("device/orders/tests/golden"), "cbor") {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        write(&seeds, "documents", &name, &fs::read(&path).expect("a golden file"));
    }
    for (name, order) in [("order-morphine", morphine()), ("order-baclofen", baclofen())] {
        let mut buffer = [0u8; orders::Prescription::BYTES_MAX];
        let length = order.encode(&mut buffer).expect("an order fits");
        write(&seeds, "documents", name, &buffer[..length]);
    }
    let transcript = fs::read_to_string(root.join("device/telemetry/tests/interop/transcript.json")).expect("frames");
    let mut stream = Vec::new();
    for (name, frame) in frames(&transcript) {
        let length = u16::try_from(frame.len()).expect("a frame is short").to_le_bytes();
        let framed = [&length[..], &frame].concat();
        write(&seeds, "session", &name, &framed);
        stream.extend(framed);
    }
    write(&seeds, "wire", "a-contact", &stream);
    hosts(&seeds);
    stores(&seeds);
}

/// One message of each direction.
fn hosts(seeds: &Path) {
    let mut buffer = [0u8; host::MESSAGE_MAX];
    let inputs = [
        ("restart", Input::Restart { cause: Cause::PowerOn, counter_kept: true, second_ms: 5 }),
        ("bytes", Input::Bytes { link: Link(1), bytes: &[1, 2, 3] }),
        ("field", Input::Field { strong: true, second_ms: 7 }),
        ("entropy", Input::Entropy([9; 32])),
    ];
    for (name, input) in inputs {
        let length = host::write_input(1_000, &input, &mut buffer).expect("an input fits");
        write(seeds, "host", name, &buffer[..length]);
    }
    let out = host::Outgoing::Action(Action::DriveEnable(true));
    let length = host::write_outgoing(1_000, &out, &mut buffer).expect("an action fits");
    write(seeds, "host", "enable", &buffer[..length]);
}

/// What a pump's store holds on some days of its life.
fn stores(seeds: &Path) {
    let record = |name: &str, bench: &Bench| write(seeds, "stored", name, &image(&bench.store, bench.now));
    record("born", &Bench::new());
    let mut running = Bench::running(&morphine());
    record("just-started", &running);
    // The first day after a prime has none; by noon of the second the front has left the path.
    running.to("day 2 12:00");
    let granted = running.asks().is_ok();
    running.to("day 2 12:05");
    record(if granted { "in-a-bolus" } else { "refused" }, &running);
    running.to("day 3 09:00");
    record("a-day-later", &running);
    let mut other = Bench::running(&baclofen());
    other.to("day 2 03:00");
    record("baclofen", &other);
}

fn image(store: &Store, now: u64) -> Vec<u8> {
    let mut into = Vec::new();
    // Readings lose 16 bits on their way in, so that no input comes near the end of an integer.
    let reading = (now << 16).to_le_bytes();
    put(&mut into, 11, &[&reading[..], &reading, &[1, 1]].concat());
    put(&mut into, 128, &store.dose[0]);
    put(&mut into, 129, &store.dose[1]);
    if let Some(commit) = store.commit {
        put(&mut into, 3, &commit.to_le_bytes());
    }
    for ((part, _), (number, content)) in &store.parts {
        let seal = if *part == 2 { 128 } else { 0 };
        put(&mut into, seal + 4 + part, &[&number.to_le_bytes()[..], content].concat());
    }
    // A few are enough to begin from.
    for bucket in store.buckets.values().take(4) {
        put(&mut into, 2, bucket);
    }
    store.status.iter().flatten().for_each(|status| put(&mut into, 8, status));
    store.guard.iter().for_each(|guard| put(&mut into, 137, guard));
    let next = u32::try_from(store.journal.len()).expect("a short life");
    put(&mut into, 10, &next.to_le_bytes());
    into
}

fn all(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut all: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|end| end == extension)).collect();
    all.sort();
    all
}

fn from_hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// The `"name": "hex"` lines below `"frames"`.
fn frames(text: &str) -> Vec<(String, Vec<u8>)> {
    let lines = text.lines().skip_while(|line| !line.contains("\"frames\"")).skip(1);
    let lines = lines.take_while(|line| !line.trim_start().starts_with('}'));
    let parts = lines.map(|line| line.split('"').collect::<Vec<_>>());
    parts.filter_map(|parts| Some(((*parts.get(1)?).to_owned(), from_hex(parts.get(3)?)))).collect()
}

fn write(seeds: &Path, target: &str, name: &str, bytes: &[u8]) {
    let folder = seeds.join(target);
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join(name), bytes).expect("a file");
}
