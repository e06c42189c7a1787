//! Records of a pump's journal, opened with the key that opens nothing else.
//!
//! Answers for keeping that key and for the shape of an opened record. How a record's bytes become an event and its words is
//! the pump's own knowledge; this room does not know the pump. The program that joins both hands the reader in
//! ([`set_reader`]), so that what is shown here are the pump's own words. Without a reader records are kept unopened.

use std::sync::OnceLock;

use telemetry::tag::JournalKey;

/// Bytes of a record.
pub const RECORD: usize = 32;
/// Of these, what the tag covers.
const TAGGED: usize = 24;

/// A record that was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Opened {
    /// Its running number.
    pub number: u64,
    /// When it was written, ms of the pump's clock.
    pub pump_ms: u64,
    /// What kind of event, as [`KINDS`] names them.
    pub kind: &'static str,
    /// The pump's own words.
    pub words: String,
    /// Two numbers of the event, by its kind: volumes in nL, an alarm's code.
    pub numbers: (Option<i64>, Option<i64>),
    /// What was delivered in the hour that ended, fg by drug; only of the kind `hour`.
    pub delivered_fg: Vec<(&'static str, u64)>,
    /// Strokes of that hour that could not be confirmed.
    pub unconfirmed: u8,
}

/// The kinds of events that pages tell apart.
pub const KINDS: &[&str] = &[
    "hour", "bolus", "refused", "order", "flow", "state", "alarm", "drive", "field", "restart", "refill", "battery",
    "other",
];

/// Reads a record whose tag is right; `None` if its event means nothing to this version.
pub type Reader = fn(&[u8; RECORD]) -> Option<Opened>;

static READER: OnceLock<Reader> = OnceLock::new();

/// Hands the reader in, once at the start.
pub fn set_reader(reader: Reader) {
    // A second one is the same.
    let _ = READER.set(reader);
}

/// Whether a record is the pump's own.
pub fn is_genuine(key: &[u8; 16], record: &[u8; RECORD]) -> bool {
    let (body, tag) = record.split_at(TAGGED);
    JournalKey(*key).tag(body).to_le_bytes() == *tag
}

/// Opens a record.
pub fn open(record: &[u8; RECORD]) -> Option<Opened> {
    READER.get().and_then(|reader| reader(record))
}
