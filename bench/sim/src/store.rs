//! The pump's two non-volatile stores, which power can leave at any byte.
//!
//! Answers for two kinds of memory as they behave: the *state memory* of small slots, written byte over byte (a cut leaves
//! new bytes before old ones), and the *journal flash* of 32-byte records, erased before it is written (a cut leaves new
//! bytes before erased ones). A *fuse* counts bytes and blows in the midst of a write. Both live on through restarts, and
//! can be kept in a folder so that a killed process finds them again.
//!
//! It knows nothing of what the bytes mean. Whether a torn record is seen as torn is the pump's affair.
//!
//! Folder: `state.bin` and `journal.bin`, each replaced as a whole by writing beside it, syncing and renaming, so that a
//! kill at any moment leaves the old or the new one.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Bytes of one journal record.
pub const RECORD_BYTES: usize = 32;

/// What erased flash reads as.
pub const ERASED: u8 = 0xff;

/// Most bytes of one slot of the state memory; a whole order is the largest thing in it.
pub const SLOT_BYTES_MAX: usize = 8_192;

/// The power went in the midst of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PowerCut;

/// Counts the bytes that may still be written before the power goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fuse {
    bytes_left: Option<u64>,
}

impl Fuse {
    /// How many of `wanted` bytes are written before it blows; all of them if it is not set.
    fn burn(&mut self, wanted: usize) -> usize {
        let Some(left) = &mut self.bytes_left else { return wanted };
        let written = (*left).min(wanted as u64);
        *left -= written;
        written as usize
    }

    fn is_blown(self) -> bool {
        self.bytes_left == Some(0)
    }
}

/// Both stores and the fuse before them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stores {
    slots: BTreeMap<u16, Vec<u8>>,
    journal: Vec<u8>,
    fuse: Fuse,
    bytes_written: u64,
}

impl Stores {
    /// Empty state memory and an erased journal of this many records.
    pub fn new(journal_records: usize) -> Self {
        Self {
            slots: BTreeMap::new(),
            journal: vec![ERASED; journal_records * RECORD_BYTES],
            fuse: Fuse::default(),
            bytes_written: 0,
        }
    }

    /// Sets the fuse: the power goes after this many more bytes. After 0 the next write writes nothing.
    pub const fn cut_after(&mut self, bytes: u64) {
        self.fuse = Fuse { bytes_left: Some(bytes) };
    }

    /// Power is back: the fuse is whole and set to nothing.
    pub const fn power_back(&mut self) {
        self.fuse = Fuse { bytes_left: None };
    }

    /// Writes one slot of the state memory.
    ///
    /// # Errors
    /// [`PowerCut`] if the fuse blew: the first bytes are new, the rest are as before. A write that ends with the last
    /// byte of the fuse is whole, and yet power is gone: the pump does not learn that it ended.
    ///
    /// # Panics
    /// If it is longer than [`SLOT_BYTES_MAX`]: the adapter is wrong, not the pump's luck.
    pub fn write_slot(&mut self, slot: u16, bytes: &[u8]) -> Result<(), PowerCut> {
        assert!(bytes.len() <= SLOT_BYTES_MAX, "slot {slot} holds at most {SLOT_BYTES_MAX} bytes");
        if self.fuse.is_blown() {
            return Err(PowerCut);
        }
        let written = self.fuse.burn(bytes.len());
        self.bytes_written += written as u64;
        let content = self.slots.entry(slot).or_default();
        if written == bytes.len() {
            content.clear();
            content.extend_from_slice(bytes);
        } else {
            if content.len() < bytes.len() {
                content.resize(bytes.len(), ERASED);
            }
            content[..written].copy_from_slice(&bytes[..written]);
        }
        self.outcome()
    }

    /// What a slot holds; empty if it was never written.
    pub fn read_slot(&self, slot: u16) -> &[u8] {
        self.slots.get(&slot).map_or(&[], Vec::as_slice)
    }

    /// Loses a slot: a memory cell that failed.
    pub fn lose_slot(&mut self, slot: u16) {
        self.slots.remove(&slot);
    }

    /// Writes one record of the journal at a place; the place is erased first.
    ///
    /// # Errors
    /// [`PowerCut`] if the fuse blew: the first bytes are new, the rest is erased. Before the first byte nothing is erased.
    pub fn write_record(&mut self, place: usize, record: &[u8; RECORD_BYTES]) -> Result<(), PowerCut> {
        if self.fuse.is_blown() {
            return Err(PowerCut);
        }
        let written = self.fuse.burn(RECORD_BYTES);
        self.bytes_written += written as u64;
        let range = place * RECORD_BYTES..(place + 1) * RECORD_BYTES;
        if let Some(cells) = self.journal.get_mut(range) {
            cells.fill(ERASED);
            cells[..written].copy_from_slice(&record[..written]);
        }
        self.outcome()
    }

    /// What a place of the journal holds; `None` beyond its end.
    pub fn read_record(&self, place: usize) -> Option<&[u8]> {
        self.journal.get(place * RECORD_BYTES..(place + 1) * RECORD_BYTES)
    }

    /// Every slot that was ever written, and what it holds.
    pub fn slots(&self) -> impl Iterator<Item = (u16, &[u8])> {
        self.slots.iter().map(|(slot, content)| (*slot, content.as_slice()))
    }

    /// How many records the journal has place for.
    pub fn journal_records(&self) -> usize {
        self.journal.len() / RECORD_BYTES
    }

    /// Turns over one bit of a slot: a cell that decayed. Nothing happens beyond the slot's end.
    pub fn decay_slot(&mut self, slot: u16, byte: usize, bit: u8) {
        if let Some(b) = self.slots.get_mut(&slot).and_then(|s| s.get_mut(byte)) {
            *b ^= 1 << (bit & 7);
        }
    }

    /// Turns over one bit of the journal.
    pub fn decay_journal(&mut self, byte: usize, bit: u8) {
        if let Some(b) = self.journal.get_mut(byte) {
            *b ^= 1 << (bit & 7);
        }
    }

    /// Bytes written since birth, for wear and for placing cuts.
    pub const fn bytes_written(&self) -> u64 {
        self.bytes_written
    }

    const fn outcome(&self) -> Result<(), PowerCut> {
        match self.fuse.bytes_left {
            Some(0) => Err(PowerCut),
            Some(_) | None => Ok(()),
        }
    }
}

/// Keeping the stores in a folder.
impl Stores {
    /// Writes the state memory to a folder, which is made if it is not there.
    ///
    /// # Errors
    /// What the file system says.
    pub fn save_state(&self, folder: &Path) -> io::Result<()> {
        let mut bytes = Vec::new();
        for (slot, content) in &self.slots {
            bytes.extend_from_slice(&slot.to_le_bytes());
            bytes.extend_from_slice(&(content.len() as u32).to_le_bytes());
            bytes.extend_from_slice(content);
        }
        replace(folder, "state.bin", &bytes)
    }

    /// Writes the journal to a folder, which is made if it is not there.
    ///
    /// # Errors
    /// What the file system says.
    pub fn save_journal(&self, folder: &Path) -> io::Result<()> {
        replace(folder, "journal.bin", &self.journal)
    }

    /// Reads the stores from a folder; a file that is not there is an empty store of `journal_records`.
    ///
    /// # Errors
    /// What the file system says, or `InvalidData` with the reason if a file is not one of ours.
    pub fn load(folder: &Path, journal_records: usize) -> io::Result<Self> {
        let mut stores = Self::new(journal_records);
        if let Some(bytes) = read_if_there(&folder.join("state.bin"))? {
            stores.slots = slots_from(&bytes).ok_or_else(|| wrong("state.bin ends within a slot"))?;
        }
        if let Some(bytes) = read_if_there(&folder.join("journal.bin"))? {
            if bytes.len() != stores.journal.len() {
                return Err(wrong("journal.bin has another size than this pump's journal"));
            }
            stores.journal = bytes;
        }
        Ok(stores)
    }
}

fn slots_from(mut bytes: &[u8]) -> Option<BTreeMap<u16, Vec<u8>>> {
    let mut slots = BTreeMap::new();
    while !bytes.is_empty() {
        let (slot, rest) = bytes.split_first_chunk::<2>()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let (content, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        slots.insert(u16::from_le_bytes(*slot), content.to_vec());
        bytes = rest;
    }
    Some(slots)
}

fn replace(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let beside = folder.join(format!("{name}.new"));
    let mut file = File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, folder.join(name))?;
    // The new name is durable only once the folder is.
    File::open(folder)?.sync_all()
}

fn read_if_there(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}

fn wrong(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_cut_leaves_new_bytes_before_old_ones_in_the_state_memory() {
        let mut stores = Stores::new(0);
        stores.write_slot(1, b"oldoldold").unwrap();
        stores.cut_after(4);
        assert_eq!(stores.write_slot(1, b"newnewnew"), Err(PowerCut));
        assert_eq!(stores.read_slot(1), b"newnldold");
    }

    #[test]
    fn a_cut_leaves_new_bytes_before_erased_ones_in_the_journal() {
        let mut stores = Stores::new(2);
        stores.write_record(1, &[7; 32]).unwrap();
        stores.cut_after(3);
        assert_eq!(stores.write_record(1, &[9; 32]), Err(PowerCut));
        let torn = stores.read_record(1).unwrap();
        assert_eq!(&torn[..3], [9; 3]);
        assert!(torn[3..].iter().all(|b| *b == ERASED));
        assert_eq!(stores.read_record(2), None);
    }

    #[test]
    fn after_the_cut_nothing_is_written_until_power_is_back() {
        let mut stores = Stores::new(1);
        stores.write_slot(1, b"kept").unwrap();
        stores.write_record(0, &[5; 32]).unwrap();
        stores.cut_after(0);
        assert_eq!(stores.write_slot(1, b"gone"), Err(PowerCut));
        assert_eq!(stores.write_record(0, &[6; 32]), Err(PowerCut));
        assert_eq!(stores.read_slot(1), b"kept");
        assert_eq!(stores.read_record(0).unwrap(), [5; 32]);
        stores.power_back();
        stores.write_slot(1, b"back").unwrap();
        assert_eq!(stores.read_slot(1), b"back");
    }

    #[test]
    fn a_cell_that_decays_changes_one_bit_and_a_lost_slot_is_empty() {
        let mut stores = Stores::new(1);
        stores.write_slot(3, &[0, 0]).unwrap();
        stores.decay_slot(3, 1, 7);
        stores.decay_slot(3, 9, 0);
        stores.decay_journal(0, 0);
        assert_eq!(stores.read_slot(3), [0, 128]);
        assert_eq!(stores.read_record(0).unwrap()[0], 0xfe);
        stores.lose_slot(3);
        assert_eq!(stores.read_slot(3), b"");
    }

    #[test]
    fn a_killed_process_finds_what_it_saved() {
        let folder = std::env::temp_dir().join(format!("nepenthe-store-{}", std::process::id()));
        let mut stores = Stores::new(4);
        stores.write_slot(1, b"dose record").unwrap();
        stores.write_slot(500, b"").unwrap();
        stores.write_record(3, &[4; 32]).unwrap();
        stores.save_state(&folder).unwrap();
        stores.save_journal(&folder).unwrap();
        // A file half written beside the real one is what a kill leaves; it is not read.
        fs::write(folder.join("state.bin.new"), b"half").unwrap();

        let found = Stores::load(&folder, 4).unwrap();
        assert_eq!(found.read_slot(1), b"dose record");
        assert_eq!(found.read_record(3), stores.read_record(3));
        assert!(Stores::load(&folder, 5).is_err());
        fs::write(folder.join("state.bin"), [1, 0, 9]).unwrap();
        assert!(Stores::load(&folder, 4).is_err());
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(Stores::load(&folder, 4).unwrap(), Stores::new(4));
    }

    proptest! {
        #[test]
        fn every_byte_of_a_torn_slot_is_an_old_or_a_new_one(
            old in proptest::collection::vec(any::<u8>(), 0..80), new in proptest::collection::vec(any::<u8>(), 1..80),
            cut in 0_u64..90,
        ) {
            let mut stores = Stores::new(0);
            stores.write_slot(1, &old).unwrap();
            stores.cut_after(cut);
            let outcome = stores.write_slot(1, &new);
            let got = stores.read_slot(1).to_vec();
            prop_assert_eq!(outcome.is_err(), cut <= new.len() as u64);
            if cut >= new.len() as u64 {
                prop_assert_eq!(got, new);
            } else {
                for (i, b) in got.iter().enumerate() {
                    let expected = if (i as u64) < cut { new[i] } else { old.get(i).copied().unwrap_or(ERASED) };
                    prop_assert_eq!(*b, expected);
                }
            }
        }
    }
}
