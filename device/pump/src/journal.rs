//! The journal: the pump's own word on what happened, in records that show when one is missing, altered or forged.
//!
//! This file answers for the record (number, time, event, tag) and for the ring's arithmetic: which slot a record goes
//! to, which is the oldest, what was lost unread. The bytes lie in a store that somebody else writes; what is worth an
//! event is the controller's affair; the events are in `events`.
//!
//! ```text
//!  0        4        8    9                    24               32
//!  | number | second | code |  payload (15)    | tag: SipHash-2-4 of the 24 bytes before it |
//! ```
//!
//! A gap in the numbers is a missing record, a wrong tag an altered or forged one. Whether the newest were cut off is
//! told by the next number, which stands in the pump's status. The key is the journal's own and opens nothing else.
//! Time is the pump's own seconds since birth; the wall clock is an event, so setting it changes no record.
//!
//! # How much is kept
//!
//! [`CAPACITY`] holds a worst-case year, unread: the largest allotment with all of it taken, and as many requests
//! refused; see [`WORST_YEAR`] for the sum. 8 MiB of store at 32 bytes a record.

use core::hash::Hasher;

use orders::{Duration, Instant};
use siphasher::sip::SipHasher24;

use crate::events::{Event, PAYLOAD};

/// Bytes of a record.
pub const RECORD: usize = 32;
/// Bytes of it before the tag.
const BODY: usize = RECORD - 8;

/// An event with its number and time, and no tag yet.
pub type Noted = [u8; BODY];

/// Records in the ring of the reference pump.
pub const CAPACITY: u32 = 262_144;

/// Records of a worst-case day, by what writes them.
const WORST_DAY: [(u32, &str); 8] = [
    (24 * 2, "hourly totals of four drugs"),
    (48 * 4, "48 patient boluses: asked, accepted, started, ended"),
    (48 * 2, "48 requests refused: asked, refused"),
    (96 * 2, "96 steps of the schedule or ends of a periodic bolus, each with what followed"),
    (24 * 2 + 8, "self-tests: processor and memory each hour, eight others"),
    (12 * 3, "twelve alarms: up, noted, over"),
    (24 * 2, "an hourly contact: session, interrogation"),
    (24, "restarts, stalls, fields, faults mended, refill and programming"),
];

/// Records of a worst-case year: 692 a day, 253 272 in 366 days.
pub const WORST_YEAR: u32 = {
    let (mut sum, mut rest): (u32, &[(u32, &str)]) = (0, &WORST_DAY);
    while let [(records, _), after @ ..] = rest {
        sum = sum.saturating_add(*records);
        rest = after;
    }
    sum.saturating_mul(366)
};

//= requirements/journal.md#a-year-fits
//# The journal's capacity MUST hold the events of the worst-case year that the device's specification states.
const _: () = assert!(WORST_YEAR <= CAPACITY);

/// The key of the tags, 128 bits.
#[derive(Clone)]
pub struct Key(pub [u8; 16]);

/// A record that was read and whose tag is right.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Record {
    /// Its running number.
    pub number: u32,
    /// When it was written, in whole seconds.
    pub at: Instant,
    /// What happened; `None` if this version does not know the event.
    pub event: Option<Event>,
}

/// Why bytes are not a record of this journal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotGenuine {
    /// The tag is wrong: altered, forged, torn, or of another pump.
    Tag,
    /// The tag is right and the number is not the one that belongs there.
    Number,
}

/// A record to be written, and where.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Write {
    /// Slot in the ring.
    pub slot: u32,
    /// The record's number.
    pub number: u32,
    /// The record.
    pub bytes: [u8; RECORD],
}

/// What was overwritten before anybody read it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Loss {
    /// How many records.
    pub count: u32,
    /// The number of the first of them.
    pub first: u32,
    /// When the last record before them was written: nothing is missing up to here.
    pub since: Instant,
}

/// The ring's arithmetic and the key.
#[derive(Clone)]
pub struct Journal {
    pub(crate) key: Key,
    capacity: u32,
    /// The number of the next record.
    next: u32,
    /// The first number that nobody has read, and when the one before it was written.
    unread: u32,
    read_at: Instant,
}

impl Journal {
    /// An empty journal with so many slots.
    pub const fn new(key: Key, capacity: u32) -> Self {
        Self { key, capacity, next: 0, unread: 0, read_at: Instant::ZERO }
    }

    /// The journal after a restart: the next number, found from the newest genuine record, and how far it was read.
    pub const fn resume(key: Key, capacity: u32, next: u32, unread: u32, read_at: Instant) -> Self {
        Self { key, capacity, next, unread, read_at }
    }

    /// Notes an event under the next number; it counts as written.
    pub fn note(&mut self, now: Instant, event: &Event) -> Noted {
        let number = self.next;
        self.next = self.next.saturating_add(1);
        body(number, now, event)
    }

    /// The record of what was noted, when its turn to be written has come.
    pub fn record(&self, noted: &Noted) -> Write {
        let [a, b, c, d, ..] = *noted;
        let number = u32::from_le_bytes([a, b, c, d]);
        Write { slot: self.slot(number), number, bytes: seal(&self.key, noted) }
    }

    /// Where a record lies.
    pub fn slot(&self, number: u32) -> u32 {
        number.checked_rem(self.capacity).unwrap_or(0)
    }

    /// The number of the next record.
    pub const fn next(&self) -> u32 {
        self.next
    }

    /// The number of the oldest record that the ring still holds.
    pub const fn oldest(&self) -> u32 {
        self.next.saturating_sub(self.capacity)
    }

    /// The first number that nobody has read, and when the one before it was written; both are to be stored.
    pub const fn unread(&self) -> (u32, Instant) {
        (self.unread, self.read_at)
    }

    /// A reader has all records up to this one, which was written then.
    pub fn read_up_to(&mut self, number: u32, at: Instant) {
        let unread = number.saturating_add(1).min(self.next);
        if unread > self.unread {
            self.unread = unread;
            self.read_at = at;
        }
    }

    /// What was lost unread, if anything. It is known as long as nobody has read past it.
    pub fn loss(&self) -> Option<Loss> {
        //= requirements/journal.md#says-what-it-lost
        //# A full journal MUST say how many records it lost and since when.
        let count = self.oldest().saturating_sub(self.unread);
        if count == 0 { None } else { Some(Loss { count, first: self.unread, since: self.read_at }) }
    }

    /// The record that stands in for what was lost, with the number of the last lost one: a reader who asks for a lost
    /// number gets this, and goes on with the oldest.
    pub fn loss_record(&self, now: Instant) -> Option<[u8; RECORD]> {
        let loss = self.loss()?;
        let event = Event::Lost { count: loss.count, since: loss.since };
        Some(seal(&self.key, &body(self.oldest().saturating_sub(1), now, &event)))
    }

    /// Reads the record that should lie in the slot of a number.
    ///
    /// # Errors
    /// [`NotGenuine`].
    pub fn open(&self, number: u32, bytes: &[u8; RECORD]) -> Result<Record, NotGenuine> {
        let record = open(&self.key, bytes)?;
        if record.number == number { Ok(record) } else { Err(NotGenuine::Number) }
    }
}

fn body(number: u32, now: Instant, event: &Event) -> Noted {
    let mut bytes = [0u8; BODY];
    let second = u32::try_from(now.get() / 1000).unwrap_or(u32::MAX);
    let head = number.to_le_bytes().into_iter().chain(second.to_le_bytes()).chain([event.code()]);
    bytes.iter_mut().zip(head.chain(event.payload())).for_each(|(to, from)| *to = from);
    bytes
}

fn seal(key: &Key, body: &Noted) -> [u8; RECORD] {
    let mut bytes = [0u8; RECORD];
    //= requirements/journal.md#numbered-and-tagged
    //# Every journal record MUST carry a running number and a keyed tag, so that a missing, an altered or a forged record shows.
    let sum = tag(key, body).to_le_bytes();
    bytes.iter_mut().zip(body.iter().chain(&sum)).for_each(|(to, from)| *to = *from);
    bytes
}

fn tag(key: &Key, body: &[u8]) -> u64 {
    let mut hasher = SipHasher24::new_with_key(&key.0);
    hasher.write(body);
    hasher.finish()
}

/// Reads a record wherever it was found, as a clinic does that holds the journal's key.
///
/// # Errors
/// [`NotGenuine::Tag`].
pub fn open(key: &Key, bytes: &[u8; RECORD]) -> Result<Record, NotGenuine> {
    let (body, sum) = bytes.split_last_chunk::<8>().ok_or(NotGenuine::Tag)?;
    if u64::from_le_bytes(*sum) != tag(key, body) {
        return Err(NotGenuine::Tag);
    }
    let (number, rest) = body.split_first_chunk::<4>().ok_or(NotGenuine::Tag)?;
    let (second, rest) = rest.split_first_chunk::<4>().ok_or(NotGenuine::Tag)?;
    let (code, rest) = rest.split_first().ok_or(NotGenuine::Tag)?;
    let payload: &[u8; PAYLOAD] = rest.first_chunk().ok_or(NotGenuine::Tag)?;
    Ok(Record {
        number: u32::from_le_bytes(*number),
        at: Instant::ZERO.after(Duration::from_secs(u64::from(u32::from_le_bytes(*second)))),
        event: Event::read(*code, payload),
    })
}
