#![forbid(unsafe_code)]
//! The doors: each takes any bytes, and panics where a law of the project does not hold.
//!
//! One function for each target below `targets/`, so that a crash can be repeated by a plain test as well. What a law
//! is stands at each door. Bytes that mean something to start from lie below `seeds/`; `cargo run --bin seeds` writes
//! them anew from the files of expected results.

/// The pump's own bench of stories: what its store holds on some days, and how a healthy pump answers its checks.
#[path = "../../device/pump/tests/bench/mod.rs"]
pub mod bench;
pub mod stored;

use implant::host;
use orders::{DeviceProfile, Ledger, Prescription};
use telemetry::fuzz as telemetry_doors;

pub use stored::stored;

/// A stream of frames and their headers: reading ends, whatever comes.
pub fn wire(bytes: &[u8]) {
    telemetry_doors::fuzz_wire(bytes);
}

/// A stream of frames to a pump that knows one peer: nothing that nobody sealed comes out of it.
pub fn session(bytes: &[u8]) {
    assert!(telemetry_doors::fuzz_session(bytes), "bytes from nowhere were taken for an authentic message");
}

/// A request or an answer, and an asker's kept record: what is read and written again means the same, and an open
/// request ends only by its own answer.
pub fn messages(bytes: &[u8]) {
    assert!(telemetry_doors::fuzz_message(bytes), "a message changed its meaning when it was written again");
    let split = bytes.first().map_or(0, |first| usize::from(*first)).min(bytes.len());
    let (record, answer) = bytes.split_at(split);
    assert!(telemetry_doors::fuzz_asker(record, answer), "an open request ended without an answer of its own");
}

/// An order or a ledger: there is one way to write it, and what breaks its bounds is refused with a reason.
pub fn documents(bytes: &[u8]) {
    if let Ok(order) = Prescription::decode(bytes) {
        let mut again = [0u8; Prescription::BYTES_MAX];
        let length = order.encode(&mut again).expect("what was read can be written");
        assert_eq!(&again[..length], bytes, "an order can be written in two ways");
        if let Err(refusals) = order.check() {
            assert!(!refusals.is_empty(), "an order was refused without a reason");
            for refusal in refusals.iter() {
                assert!(!refusal.to_string().is_empty(), "a refusal without words");
            }
        }
    }
    if let Ok(ledger) = Ledger::decode(bytes) {
        let mut again = [0u8; Ledger::BYTES_MAX];
        let length = ledger.encode(&mut again).expect("what was read can be written");
        assert_eq!(&again[..length], bytes, "a ledger can be written in two ways");
        let mut json = String::new();
        ledger.write_json(&mut json).expect("a text takes all");
    }
}

/// What implant and plant say to each other: a message that reads is written as the same bytes.
pub fn host(bytes: &[u8]) {
    let Ok(Some(length)) = host::message_length(bytes) else { return };
    let Some(message) = bytes.get(..length) else { return };
    let mut again = [0u8; host::MESSAGE_MAX];
    if let Ok((now, input)) = host::read_input(message) {
        let length = host::write_input(now, &input, &mut again).expect("what was read can be written");
        assert_eq!(&again[..length], message, "an input can be written in two ways");
    }
    if let Ok((now, outgoing)) = host::read_outgoing(message) {
        let length = host::write_outgoing(now, &outgoing, &mut again).expect("what was read can be written");
        assert_eq!(&again[..length], message, "an action can be written in two ways");
    }
}

/// An order and a device as people write them: read whole, or refused in words that name the file.
pub fn files(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match sim::files::order::parse("order.toml", text, &DeviceProfile::REFERENCE_20) {
        Ok(order) => {
            let mut buffer = [0u8; Prescription::BYTES_MAX];
            let length = order.prescription.encode(&mut buffer).expect("an order that was read can be written");
            assert_eq!(Prescription::decode(&buffer[..length]), Ok(order.prescription), "an order changed its meaning");
        }
        Err(why) => assert!(why.to_string().starts_with("order.toml: "), "{why}"),
    }
    match sim::files::device::parse("device.toml", text) {
        Ok(device) => assert!(!device.stroke.is_zero() && device.residual < device.reservoir, "{device:?}"),
        Err(why) => assert!(why.to_string().starts_with("device.toml: "), "{why}"),
    }
}

/// A scenario as people write it: read, or refused in words that say where it went wrong.
pub fn scenarios(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    // A scenario names the files of its order and its device: whatever else lies on this machine is not to be read.
    if text.contains("../..") || text.contains("\"/") || text.contains("'/") {
        return;
    }
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../bench/sim/scenarios");
    if let Err(why) = sim::scenario::parse("scenario.toml", text, &folder) {
        assert!(why.to_string().contains(": "), "a refusal without a place: {why}");
    }
}
