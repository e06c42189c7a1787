//! The facts in a folder, each written down before it takes effect, so that a kill at any byte leaves a course that was.
//!
//! Folder:
//!
//! ```text
//!   made.json     what the maker gave; never changes                  (secret: readable by its owner alone)
//!   truth.json    body and state memory at a checkpoint, and the number of the log that follows it
//!   journal.bin   the journal flash at the same moment; later records are in the log as well
//!   log.N         one fact a line since the checkpoint: CRC-32 in hexadecimal, a blank, JSON
//!   lock          held while a process runs the pump
//! ```
//!
//! The last line may be torn: it did not happen. Any other line that does not prove itself is damage, and is told. A write
//! is durable against the end of the process, not against the end of the machine: nothing is synced between checkpoints.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use implant::Slot;
use serde::{Deserialize, Serialize};

use super::body::{Body, Fact};
use super::made::Made;
use crate::scenario::act::Mishap;
use crate::scenario::mishap_of;
use crate::store::{RECORD_BYTES, Stores};
use crate::terminals;

/// A checkpoint is made when the log has grown to this, bytes.
const LOG_MAX: u64 = 4 << 20;

const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);

/// One line.
#[derive(Serialize, Deserialize)]
struct Line {
    at: u64,
    #[serde(flatten)]
    fact: Fact,
}

/// What `truth.json` holds.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Checkpoint {
    truth: u32,
    log: u64,
    body: Body,
    /// The state memory: slot and content in hexadecimal.
    slots: BTreeMap<u16, String>,
}

/// The log of a pump, or of one that is kept nowhere.
pub struct Log {
    kept: Option<Kept>,
}

struct Kept {
    folder: PathBuf,
    number: u64,
    file: File,
    length: u64,
    /// Places of the journal that were written since the checkpoint.
    touched: Vec<u32>,
    /// Held as long as this lives.
    _lock: File,
}

/// What was found in a folder.
pub struct Found {
    /// What the maker gave.
    pub made: Made,
    /// What was true at the last fact.
    pub body: Body,
    /// The stores at the last fact.
    pub stores: Stores,
    /// To go on with.
    pub log: Log,
}

impl Log {
    /// Nothing is kept.
    pub const fn nowhere() -> Self {
        Self { kept: None }
    }

    /// In a folder, which is made if it is not there.
    ///
    /// # Errors
    /// What the file system says; `AlreadyExists` if a pump is kept there.
    pub fn begin(folder: &Path, made: &Made) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let lock = lock(folder)?;
        if folder.join("made.json").exists() {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "a pump is kept here already"));
        }
        let bytes = made.to_json().map_err(io::Error::other)?;
        replace(folder, "made.json", &bytes)?;
        let file = fresh(folder, 0)?;
        Ok(Self {
            kept: Some(Kept { folder: folder.into(), number: 0, file, length: 0, touched: Vec::new(), _lock: lock }),
        })
    }

    /// Writes a fact down.
    ///
    /// # Errors
    /// What the file system says; the fact must not take effect.
    pub fn append(&mut self, at: u64, fact: &Fact) -> io::Result<()> {
        let Some(kept) = &mut self.kept else { return Ok(()) };
        let json = serde_json::to_string(&LineOut { at, fact }).map_err(io::Error::other)?;
        let line = format!("{:08x} {json}\n", CRC.checksum(json.as_bytes()));
        kept.file.write_all(line.as_bytes())?;
        kept.length += line.len() as u64;
        if let Fact::Write { slot, .. } = fact
            && let Some(Slot::Journal(place)) = Slot::from_code(*slot)
        {
            kept.touched.push(place);
        }
        Ok(())
    }

    /// Whether it has grown enough for a checkpoint.
    pub fn is_long(&self) -> bool {
        self.kept.as_ref().is_some_and(|kept| kept.length >= LOG_MAX)
    }

    /// Keeps body and stores as they are and begins a new log.
    ///
    /// # Errors
    /// What the file system says; the log before is still good.
    pub fn checkpoint(&mut self, body: &Body, stores: &Stores) -> io::Result<()> {
        let Some(kept) = &mut self.kept else { return Ok(()) };
        kept.keep_journal(stores)?;
        let next = kept.number + 1;
        let file = fresh(&kept.folder, next)?;
        let slots = stores.slots().map(|(slot, content)| (slot, hex(content))).collect();
        let checkpoint = CheckpointOut { truth: 1, log: next, body, slots };
        let bytes = serde_json::to_vec(&checkpoint).map_err(io::Error::other)?;
        replace(&kept.folder, "truth.json", &bytes)?;
        let before = log_path(&kept.folder, kept.number);
        (kept.number, kept.file, kept.length) = (next, file, 0);
        kept.touched.clear();
        match fs::remove_file(before) {
            Err(why) if why.kind() != io::ErrorKind::NotFound => Err(why),
            _ => Ok(()),
        }
    }
}

#[derive(Serialize)]
struct LineOut<'a> {
    at: u64,
    #[serde(flatten)]
    fact: &'a Fact,
}

#[derive(Serialize)]
struct CheckpointOut<'a> {
    truth: u32,
    log: u64,
    body: &'a Body,
    slots: BTreeMap<u16, String>,
}

impl Kept {
    fn keep_journal(&mut self, stores: &Stores) -> io::Result<()> {
        let mut file =
            OpenOptions::new().create(true).truncate(false).write(true).open(self.folder.join("journal.bin"))?;
        for place in &self.touched {
            if let Some(record) = stores.read_record(*place as usize) {
                file.seek(SeekFrom::Start(u64::from(*place) * RECORD_BYTES as u64))?;
                file.write_all(record)?;
            }
        }
        file.sync_data()
    }
}

/// What is kept in a folder, up to the last whole fact.
///
/// # Errors
/// What the file system says, or `InvalidData` with what is wrong where.
pub fn open(folder: &Path, journal_records: usize) -> io::Result<Found> {
    let lock = lock(folder)?;
    let read =
        |name: &str| fs::read(folder.join(name)).map_err(|why| io::Error::new(why.kind(), format!("{name}: {why}")));
    let made = Made::from_json(&read("made.json")?).map_err(|why| damaged(&format!("made.json: {why}")))?;
    let mut stores = Stores::new(journal_records);
    let (number, mut body) = match read("truth.json") {
        Ok(bytes) => {
            let found: Checkpoint =
                serde_json::from_slice(&bytes).map_err(|why| damaged(&format!("truth.json: {why}")))?;
            if found.truth != 1 {
                return Err(damaged(&format!("truth.json: version {}; this program reads version 1", found.truth)));
            }
            for (slot, content) in &found.slots {
                let content = bytes_of(content).ok_or_else(|| damaged(&format!("truth.json: slot {slot}")))?;
                let _ = stores.write_slot(*slot, &content);
            }
            (found.log, found.body)
        }
        // Killed before the first checkpoint: all of it is in the log.
        Err(why) if why.kind() == io::ErrorKind::NotFound => (0, Body::new(&made)),
        Err(why) => return Err(why),
    };
    load_journal(folder, &mut stores)?;
    let path = log_path(folder, number);
    let (good, touched) = replay(&path, &mut body, &mut stores)?;
    let file = OpenOptions::new().create(true).truncate(false).write(true).read(true).open(&path)?;
    file.set_len(good)?;
    let mut file = file;
    file.seek(SeekFrom::End(0))?;
    let kept = Kept { folder: folder.into(), number, file, length: good, touched, _lock: lock };
    Ok(Found { made, body, stores, log: Log { kept: Some(kept) } })
}

fn load_journal(folder: &Path, stores: &mut Stores) -> io::Result<()> {
    let bytes = match fs::read(folder.join("journal.bin")) {
        Ok(bytes) => bytes,
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(why) => return Err(why),
    };
    for (place, record) in bytes.as_chunks::<RECORD_BYTES>().0.iter().enumerate() {
        // What was never written lies in the file's holes as zeros.
        if record.iter().any(|byte| *byte != 0) {
            let _ = stores.write_record(place, record);
        }
    }
    Ok(())
}

/// Lets every fact of a log happen again; the length of its whole lines, and the places of the journal written.
fn replay(path: &Path, body: &mut Body, stores: &mut Stores) -> io::Result<(u64, Vec<u32>)> {
    let mut text = Vec::new();
    match File::open(path) {
        Ok(mut file) => drop(file.read_to_end(&mut text)?),
        Err(why) if why.kind() == io::ErrorKind::NotFound => {}
        Err(why) => return Err(why),
    }
    let (mut good, mut touched) = (0, Vec::new());
    let mut rest = text.as_slice();
    let mut number = 0;
    while !rest.is_empty() {
        number += 1;
        let end = rest.iter().position(|byte| *byte == b'\n');
        let whole = end.and_then(|end| line_of(&rest[..end]));
        let Some((end, line)) = end.zip(whole) else {
            let is_last = end.is_none_or(|end| end + 1 == rest.len());
            if is_last {
                break;
            }
            return Err(damaged(&format!("{}: line {number} does not match its check", path.display())));
        };
        body.take(line.at, &line.fact);
        if let Some(place) = take(stores, &line.fact).1 {
            touched.push(place);
        }
        good += end as u64 + 1;
        rest = &rest[end + 1..];
    }
    Ok((good, touched))
}

/// What a fact does to the stores; whether the power went in the midst of it, and the place of the journal it wrote.
pub(super) fn take(stores: &mut Stores, fact: &Fact) -> (bool, Option<u32>) {
    match fact {
        Fact::Write { slot, bytes } => {
            let Some((slot, bytes)) = Slot::from_code(*slot).zip(bytes_of(bytes)) else { return (false, None) };
            let is_cut = terminals::write(stores, slot, &bytes).is_err();
            (is_cut, if let Slot::Journal(place) = slot { Some(place) } else { None })
        }
        Fact::PowerComes { .. } => {
            stores.power_back();
            (false, None)
        }
        Fact::Mishap { what } => {
            match mishap_of(what) {
                Ok(Mishap::StoreCut { after_bytes, .. }) => stores.cut_after(after_bytes),
                Ok(Mishap::DoseRecordLost) => terminals::lose_dose_record(stores),
                Ok(_) | Err(_) => {}
            }
            (false, None)
        }
        _ => (false, None),
    }
}

fn line_of(bytes: &[u8]) -> Option<Line> {
    let (check, json) = bytes.split_at_checked(9)?;
    let check = u32::from_str_radix(std::str::from_utf8(check).ok()?.strip_suffix(' ')?, 16).ok()?;
    if CRC.checksum(json) != check {
        return None;
    }
    serde_json::from_slice(json).ok()
}

fn log_path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("log.{number}"))
}

fn fresh(folder: &Path, number: u64) -> io::Result<File> {
    secret(OpenOptions::new().create(true).truncate(true).write(true)).open(log_path(folder, number))
}

/// Readable by its owner alone: it holds keys.
fn secret(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

fn replace(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let beside = folder.join(format!("{name}.new"));
    let mut file = secret(OpenOptions::new().create(true).truncate(true).write(true)).open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, folder.join(name))?;
    // The new name is durable only once the folder is.
    File::open(folder)?.sync_all()
}

fn lock(folder: &Path) -> io::Result<File> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(folder.join("lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(io::Error::new(
            io::ErrorKind::WouldBlock,
            "another process runs the pump that is kept here; end it first, or choose another folder",
        )),
        Err(fs::TryLockError::Error(why)) => Err(why),
    }
}

fn damaged(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn bytes_of(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().as_chunks::<2>();
    if !pairs.1.is_empty() {
        return None;
    }
    let digit = |letter: u8| char::from(letter).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    pairs.0.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}
