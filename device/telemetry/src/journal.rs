//! Fetching a pump's journal, number by number: what came, what is missing, what comes next. The records stay unopened.
//!
//! The place reached is plain data; whoever keeps the records keeps it with them, in one step, so that a cut between two answers neither loses nor
//! doubles a record.

use crate::message::ask::ReadJournal;
use crate::message::{Ask, RECORD_LEN, RECORDS_MAX, answer};

/// How far a journal has been fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sync {
    next: u64,
}

/// What an answer brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fetched<'a> {
    /// Numbers that the pump no longer holds: from the first wanted to below `first`. Zero most of the time.
    pub lost: u64,
    /// The number of the first record.
    pub first: u64,
    /// The records, [`RECORD_LEN`] bytes each.
    pub records: &'a [u8],
    /// Whether the pump holds more.
    pub more: bool,
}

/// Why an answer was not taken; the place reached is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncFault {
    /// It answers another question, sent earlier or by someone else.
    OtherQuestion {
        /// What it answers.
        asked: u64,
        /// What was wanted.
        wanted: u64,
    },
    /// It is no whole number of records, or more of them than there can be.
    Ragged {
        /// How many bytes came.
        len: usize,
    },
    /// Its numbers contradict each other: records from before the first wanted, or beyond the next to be written.
    Contradiction,
}

impl Sync {
    /// Goes on at this number; 0 for a journal never fetched.
    pub const fn from(next: u64) -> Self {
        Self { next }
    }

    /// The first number not yet fetched: to be kept with the records.
    pub const fn next(&self) -> u64 {
        self.next
    }

    /// The question to ask.
    pub fn question(&self) -> Ask<'static> {
        Ask::ReadJournal(ReadJournal { from: self.next, most: u8::try_from(RECORDS_MAX).unwrap_or(u8::MAX) })
    }

    /// Takes an answer. An answer heard twice is taken once.
    ///
    /// # Errors
    /// [`SyncFault`].
    pub fn take<'a>(&mut self, answer: &answer::Journal<'a>) -> Result<Fetched<'a>, SyncFault> {
        if answer.asked != self.next {
            return Err(SyncFault::OtherQuestion { asked: answer.asked, wanted: self.next });
        }
        let len = answer.records.0.len();
        if !len.is_multiple_of(RECORD_LEN) || len > RECORDS_MAX.saturating_mul(RECORD_LEN) {
            return Err(SyncFault::Ragged { len });
        }
        let count = u64::try_from(len / RECORD_LEN).unwrap_or(u64::MAX);
        let lost = answer.first.checked_sub(self.next).ok_or(SyncFault::Contradiction)?;
        let next = answer.first.checked_add(count).ok_or(SyncFault::Contradiction)?;
        if next > answer.next {
            return Err(SyncFault::Contradiction);
        }
        self.next = next;
        Ok(Fetched { lost, first: answer.first, records: answer.records.0, more: next < answer.next })
    }
}
