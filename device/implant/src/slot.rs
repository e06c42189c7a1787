//! The places in the two stores, and how a record in them proves itself.
//!
//! Fast state memory holds small slots that are written whole; the journal is a ring of 32-byte records. What must
//! survive a power cut has two banks, *A* and *B*: a record carries a sequence number and a CRC-32, the next one goes to
//! the other bank, and the newest whose check passes counts. A cut at any byte leaves the other bank.

use pump::check::CRC;

/// Two banks for a record that must survive a cut while it is written.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Bank {
    /// The first.
    A,
    /// The second.
    B,
}

impl Bank {
    /// Both.
    pub const BOTH: [Bank; 2] = [Bank::A, Bank::B];

    /// The bank of a sequence number: they alternate.
    pub const fn of(sequence: u32) -> Self {
        if sequence & 1 == 0 { Bank::A } else { Bank::B }
    }

    const fn index(self) -> u32 {
        match self {
            Bank::A => 0,
            Bank::B => 1,
        }
    }
}

/// Most peers a pump knows.
pub const PEERS: u8 = 6;
/// Closed buckets that are kept: 12 of five minutes, 16 of a quarter hour, 24 of an hour, and one spare each.
pub const BUCKETS: u8 = 55;

/// A place in a store.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Slot {
    /// The dose record.
    Dose(Bank),
    /// One closed bucket of the windows.
    Bucket(u8),
    /// The prescription.
    Order(Bank),
    /// The fall-back.
    FallBack(Bank),
    /// The guard's part of the order.
    Guard(Bank),
    /// The fluid ledger.
    Ledger(Bank),
    /// The number that prescription, fall-back, guard part and ledger share.
    Commit(Bank),
    /// State, alarms, boluses, reservoir, battery.
    Status(Bank),
    /// What the guard has counted.
    GuardState(Bank),
    /// A peer: its key, role and pairing secret.
    Peer(u8, Bank),
    /// A peer's last request and the answer it got.
    Answer(u8, Bank),
    /// The clinicians' keys.
    Clinicians(Bank),
    /// One record of the journal, by its place in the ring.
    Journal(u32),
}

impl Slot {
    /// Longest record of any slot.
    pub const BYTES_MAX: usize = 2_048;

    /// The code on the host's wire: kind in the high byte, number and bank below.
    pub const fn code(self) -> u32 {
        match self {
            Slot::Dose(bank) => 0x0100_0000 | bank.index(),
            Slot::Bucket(number) => 0x0200_0000 | number as u32,
            Slot::Order(bank) => 0x0300_0000 | bank.index(),
            Slot::FallBack(bank) => 0x0400_0000 | bank.index(),
            Slot::Guard(bank) => 0x0500_0000 | bank.index(),
            Slot::Ledger(bank) => 0x0600_0000 | bank.index(),
            Slot::Commit(bank) => 0x0700_0000 | bank.index(),
            Slot::Status(bank) => 0x0800_0000 | bank.index(),
            Slot::Peer(number, bank) => 0x0900_0000 | (number as u32) << 8 | bank.index(),
            Slot::Answer(number, bank) => 0x0a00_0000 | (number as u32) << 8 | bank.index(),
            Slot::Clinicians(bank) => 0x0b00_0000 | bank.index(),
            Slot::GuardState(bank) => 0x0d00_0000 | bank.index(),
            Slot::Journal(place) => 0x0c00_0000 | (place & 0x00ff_ffff),
        }
    }

    /// The slot of a code; `None` if there is no such place.
    pub fn from_code(code: u32) -> Option<Self> {
        let [kind, zero, number, low] = code.to_be_bytes();
        let banked = |slot: fn(Bank) -> Slot| match code & 0x00ff_ffff {
            0 => Some(slot(Bank::A)),
            1 => Some(slot(Bank::B)),
            _ => None,
        };
        let of_peer = |slot: fn(u8, Bank) -> Slot| match (zero == 0 && number < PEERS, low) {
            (true, 0) => Some(slot(number, Bank::A)),
            (true, 1) => Some(slot(number, Bank::B)),
            (true | false, _) => None,
        };
        match kind {
            0x01 => banked(Slot::Dose),
            0x02 => Some(Slot::Bucket(low)).filter(|_| (zero, number) == (0, 0) && low < BUCKETS),
            0x03 => banked(Slot::Order),
            0x04 => banked(Slot::FallBack),
            0x05 => banked(Slot::Guard),
            0x06 => banked(Slot::Ledger),
            0x07 => banked(Slot::Commit),
            0x08 => banked(Slot::Status),
            0x09 => of_peer(Slot::Peer),
            0x0a => of_peer(Slot::Answer),
            0x0b => banked(Slot::Clinicians),
            0x0d => banked(Slot::GuardState),
            0x0c => Some(Slot::Journal(code & 0x00ff_ffff)),
            _ => None,
        }
    }

    /// Every slot of the state memory.
    pub fn state_memory() -> impl Iterator<Item = Slot> {
        let banked: [fn(Bank) -> Slot; 9] = [
            Slot::Dose,
            Slot::Commit,
            Slot::Order,
            Slot::FallBack,
            Slot::Guard,
            Slot::Ledger,
            Slot::Status,
            Slot::GuardState,
            Slot::Clinicians,
        ];
        let buckets = (0..BUCKETS).map(Slot::Bucket);
        let peers = (0..PEERS).flat_map(|number| Bank::BOTH.map(|bank| Slot::Peer(number, bank)));
        let answers = (0..PEERS).flat_map(|number| Bank::BOTH.map(|bank| Slot::Answer(number, bank)));
        banked.into_iter().flat_map(|slot| Bank::BOTH.map(slot)).chain(buckets).chain(peers).chain(answers)
    }
}

/// Sequence number and check before every record's content.
pub const HEAD: usize = 8;

/// Puts sequence number and check before a content that lies at `HEAD..HEAD + length` of the buffer; the record's whole
/// length, or `None` if the buffer is too short.
pub fn seal(buffer: &mut [u8], sequence: u32, length: usize) -> Option<usize> {
    let whole = HEAD.checked_add(length)?;
    buffer.get_mut(..4)?.copy_from_slice(&sequence.to_le_bytes());
    let mut digest = CRC.digest();
    digest.update(buffer.get(..4)?);
    digest.update(buffer.get(HEAD..whole)?);
    let check = digest.finalize();
    buffer.get_mut(4..HEAD)?.copy_from_slice(&check.to_le_bytes());
    Some(whole)
}

/// The sequence number and content of a record; `None` if it is empty, torn or altered.
pub fn open(record: &[u8]) -> Option<(u32, &[u8])> {
    let (head, content) = record.split_at_checked(HEAD)?;
    let (sequence, check) = head.split_at_checked(4)?;
    let mut digest = CRC.digest();
    digest.update(sequence);
    digest.update(content);
    let check = u32::from_le_bytes(check.try_into().ok()?);
    if digest.finalize() != check {
        return None;
    }
    Some((u32::from_le_bytes(sequence.try_into().ok()?), content))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn every_place_has_its_own_code() {
        let mut codes: Vec<u32> = Slot::state_memory().map(Slot::code).collect();
        codes.push(Slot::Journal(70_000).code());
        for (index, code) in codes.iter().enumerate() {
            assert_eq!(Slot::from_code(*code).map(Slot::code), Some(*code));
            assert!(!codes[..index].contains(code), "{code:x} twice");
        }
        assert_eq!(Slot::from_code(0x0100_0002), None);
        assert_eq!(Slot::from_code(0x0900_0600), None);
        // One place, one code: bits that mean nothing are not passed over.
        assert_eq!(Slot::from_code(0x0201_0000), None);
        assert_eq!(Slot::from_code(0x097a_0100), None);
        assert_eq!(Slot::from_code(0), None);
    }

    #[test]
    fn a_record_cut_at_any_byte_or_altered_in_any_bit_is_no_record() {
        let mut buffer = [0u8; 64];
        buffer[HEAD..HEAD + 5].copy_from_slice(b"drops");
        let whole = seal(&mut buffer, 7, 5).unwrap();
        assert_eq!(open(&buffer[..whole]), Some((7, b"drops".as_slice())));
        for cut in 0..whole {
            assert_eq!(open(&buffer[..cut]), None, "cut at {cut}");
        }
        for bit in 0..whole * 8 {
            let mut altered = buffer;
            altered[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open(&altered[..whole]), None, "bit {bit}");
        }
    }
}
