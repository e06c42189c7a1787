//! Restart: every slot is read in its turn, and what proves itself is handed over.
//!
//! This file answers for the order of the reads and for choosing between two banks. What a loss means is decided by the
//! pump. Nothing is given and nothing is answered until the last slot was read.
//!
//! ```text
//!  dose A, B ─▶ commit A, B ─▶ status A, B ─▶ the four parts of its bank (─▶ of the other, if one failed)
//!  ─▶ guard state A, B ─▶ buckets ─▶ clinicians A, B ─▶ peers ─▶ answers ─▶ journal, from the status' number on
//! ```

use pump::events::Cause;
use pump::{Part, Pump};
use telemetry::limits::PEERS_MAX;
use telemetry::peer::Peer;

use crate::people::People;
use crate::slot::{BUCKETS, Bank, PEERS, Slot, open};
use crate::stores::Sequences;

const _: () = assert!(PEERS as usize == PEERS_MAX);

/// Records that may be missing or damaged in a row before the journal is over: as many as can wait unwritten.
const GAP_MAX: u32 = 32;

/// What a restart was told when it began.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Began {
    pub cause: Cause,
    pub counter_kept: bool,
    pub raw: u64,
    pub second_ms: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    Dose(Bank),
    Commit(Bank),
    Part(Part, Bank),
    Status(Bank),
    GuardState(Bank),
    Bucket(u8),
    Clinicians(Bank),
    Peer(u8, Bank),
    Answer(u8, Bank),
    /// The number looked for, and the one after the last that was found.
    Journal {
        number: u32,
        end: u32,
    },
    Done,
}

/// Where a restart has come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Restart {
    pub began: Began,
    step: Step,
    asked: bool,
    /// How many bytes of the first bank are held.
    held: usize,
    /// The bank of the commit's group; nothing if none was ever in force.
    group: Option<Bank>,
    /// Whether the other bank's parts are being read.
    is_other: bool,
    /// Slots that were written and do not prove themselves.
    pub damaged: u16,
}

/// The newer of two records that prove themselves.
fn newest<'a>(a: &'a [u8], b: &'a [u8]) -> Option<(u32, &'a [u8])> {
    match (open(a), open(b)) {
        (Some(a), Some(b)) => Some(if b.0 > a.0 { b } else { a }),
        (one, other) => one.or(other),
    }
}

impl Restart {
    pub const fn new(began: Began) -> Self {
        let step = Step::Dose(Bank::A);
        Self { began, step, asked: false, held: 0, group: None, is_other: false, damaged: 0 }
    }

    pub fn is_done(&self) -> bool {
        self.step == Step::Done
    }

    fn slot(&self, pump: &Pump) -> Option<Slot> {
        match self.step {
            Step::Dose(bank) => Some(Slot::Dose(bank)),
            Step::Commit(bank) => Some(Slot::Commit(bank)),
            Step::Part(part, bank) => Some(crate::stores::part_slot(part, bank)),
            Step::Status(bank) => Some(Slot::Status(bank)),
            Step::GuardState(bank) => Some(Slot::GuardState(bank)),
            Step::Bucket(place) => Some(Slot::Bucket(place)),
            Step::Clinicians(bank) => Some(Slot::Clinicians(bank)),
            Step::Peer(place, bank) => Some(Slot::Peer(place, bank)),
            Step::Answer(place, bank) => Some(Slot::Answer(place, bank)),
            Step::Journal { number, .. } => Some(Slot::Journal(pump.journal().slot(number))),
            Step::Done => None,
        }
    }

    /// The slot to be read next, once.
    pub fn want(&mut self, pump: &Pump) -> Option<Slot> {
        let slot = self.slot(pump).filter(|_| !self.asked)?;
        self.asked = true;
        Some(slot)
    }

    /// Takes what a slot holds; `first` keeps the first of two banks until the second was read. Whether this slot was
    /// asked for.
    //= requirements/selftest.md#checked-before-use
    //# Prescription, fall-back, guard part, ledger and dose record MUST be checked each time they are read from a store, and one that fails is not used.
    pub fn take(
        &mut self,
        slot: Slot,
        bytes: &[u8],
        first: &mut [u8],
        pump: &mut Pump,
        people: &mut People,
        sequences: &mut Sequences,
    ) -> bool {
        if !self.asked || self.slot(pump) != Some(slot) {
            return false;
        }
        self.asked = false;
        let is_own = !matches!(self.step, Step::Dose(_) | Step::Journal { .. });
        if is_own && !bytes.is_empty() && open(bytes).is_none() {
            self.damaged = self.damaged.saturating_add(1);
        }
        if self.is_first_bank() {
            self.held = hold(first, bytes);
            self.step = self.after();
            return true;
        }
        let held = first.get(..self.held).unwrap_or(&[]);
        self.hand_over(held, bytes, pump, people, sequences);
        self.advance(pump);
        true
    }

    /// Hands over what proves itself: of two banks the newer.
    fn hand_over(
        &mut self,
        held: &[u8],
        bytes: &[u8],
        pump: &mut Pump,
        people: &mut People,
        sequences: &mut Sequences,
    ) {
        match self.step {
            //= requirements/journal.md#one-stroke-of-doubt
            //# A restart at any moment of a stroke MUST count at most one stroke too many and never one too few.
            Step::Dose(_) => pump.restore_dose(held, bytes),
            //= requirements/ladder.md#one-commit
            //# Prescription, fall-back, guard part and ledger MUST take effect together by one record that switches their commit number.
            Step::Commit(_) => {
                let number = newest(held, bytes).map(|(number, _)| number);
                pump.restore_commit(number);
                self.group = number.map(Bank::of);
            }
            Step::Part(part, _) => {
                if let Some((number, content)) = open(bytes) {
                    pump.restore_part(part, number, content);
                }
            }
            //= requirements/alarms.md#through-a-restart
            //# Standing alarms and their restrictions MUST survive a restart.
            Step::Status(_) => {
                let mut read = [open(held), open(bytes)];
                read.sort_unstable_by_key(|one| one.map(|(number, _)| number));
                for (number, content) in read.into_iter().flatten() {
                    sequences.status = number;
                    pump.restore_status(content);
                }
            }
            Step::GuardState(_) => {
                if let Some((number, content)) = newest(held, bytes) {
                    sequences.guard_state = number;
                    pump.restore_guard_state(content);
                }
            }
            Step::Bucket(_) => {
                if let Some((_, content)) = open(bytes) {
                    pump.restore_bucket(content);
                }
            }
            Step::Clinicians(_) => {
                if let Some((number, content)) = newest(held, bytes) {
                    sequences.clinicians = number;
                    people.read_clinicians(content);
                }
            }
            Step::Peer(place, _) => {
                if let Some((number, content)) = newest(held, bytes) {
                    sequences.set_peer(place, number);
                    people.peer_mut(place).into_iter().for_each(|peer| *peer = Peer::from_bytes(content).ok());
                }
            }
            Step::Answer(place, bank) => {
                let kept = open(bytes).and_then(|(_, content)| people.read_answer(place, content));
                people.keep(place, bank, kept.map(|(kept, _)| kept));
            }
            Step::Journal { number, end } => {
                let genuine = bytes.try_into().is_ok_and(|record| pump.journal().open(number, record).is_ok());
                let end = if genuine { number.saturating_add(1) } else { end };
                self.step = Step::Journal { number, end };
            }
            Step::Done => {}
        }
    }

    /// The next step, with the turns that depend on what was read.
    fn advance(&mut self, pump: &mut Pump) {
        self.step = self.after();
        if let Step::Journal { number: 0, end: 0 } = self.step {
            let next = pump.status_journal_next();
            self.step = Step::Journal { number: next, end: next };
        }
        if let (Step::GuardState(Bank::A), false) = (self.step, self.is_other)
            && let Some(group) = self.group
            && pump.is_group_broken()
        {
            self.is_other = true;
            self.step = Step::Part(Part::Order, other(group));
        }
        if let Step::Journal { number, end } = self.step
            && number.saturating_sub(end) >= GAP_MAX
        {
            pump.restore_journal(end);
            self.step = Step::Done;
        }
    }

    fn is_first_bank(&self) -> bool {
        matches!(
            self.step,
            Step::Dose(Bank::A)
                | Step::Commit(Bank::A)
                | Step::Status(Bank::A)
                | Step::GuardState(Bank::A)
                | Step::Clinicians(Bank::A)
                | Step::Peer(_, Bank::A)
        )
    }

    fn after(&self) -> Step {
        let next_place = |place: u8| place.checked_add(1).filter(|next| *next < PEERS);
        match self.step {
            Step::Dose(Bank::A) => Step::Dose(Bank::B),
            Step::Dose(Bank::B) => Step::Commit(Bank::A),
            Step::Commit(Bank::A) => Step::Commit(Bank::B),
            Step::Commit(Bank::B) => Step::Status(Bank::A),
            Step::Status(Bank::A) => Step::Status(Bank::B),
            // The status tells the strokes where the dose record cannot, and the ledger moves by them.
            Step::Status(Bank::B) => Step::Part(Part::Order, self.group.unwrap_or(Bank::A)),
            Step::Part(Part::Order, bank) => Step::Part(Part::FallBack, bank),
            Step::Part(Part::FallBack, bank) => Step::Part(Part::Guard, bank),
            Step::Part(Part::Guard, bank) => Step::Part(Part::Ledger, bank),
            // Without a commit both banks are shown: something may have been written and lost.
            Step::Part(Part::Ledger, Bank::A) if self.group.is_none() => Step::Part(Part::Order, Bank::B),
            Step::Part(Part::Ledger, _) => Step::GuardState(Bank::A),
            Step::GuardState(Bank::A) => Step::GuardState(Bank::B),
            Step::GuardState(Bank::B) => Step::Bucket(0),
            Step::Bucket(place) => match place.checked_add(1).filter(|next| *next < BUCKETS) {
                Some(next) => Step::Bucket(next),
                None => Step::Clinicians(Bank::A),
            },
            Step::Clinicians(Bank::A) => Step::Clinicians(Bank::B),
            Step::Clinicians(Bank::B) => Step::Peer(0, Bank::A),
            Step::Peer(place, Bank::A) => Step::Peer(place, Bank::B),
            Step::Peer(place, Bank::B) => {
                next_place(place).map_or(Step::Answer(0, Bank::A), |n| Step::Peer(n, Bank::A))
            }
            Step::Answer(place, Bank::A) => Step::Answer(place, Bank::B),
            Step::Answer(place, Bank::B) => match next_place(place) {
                Some(next) => Step::Answer(next, Bank::A),
                None => Step::Journal { number: 0, end: 0 },
            },
            Step::Journal { number, end } => match number.checked_add(1) {
                Some(number) => Step::Journal { number, end },
                None => Step::Done,
            },
            Step::Done => Step::Done,
        }
    }
}

fn other(bank: Bank) -> Bank {
    match bank {
        Bank::A => Bank::B,
        Bank::B => Bank::A,
    }
}

fn hold(first: &mut [u8], bytes: &[u8]) -> usize {
    match first.get_mut(..bytes.len()) {
        Some(place) => {
            place.copy_from_slice(bytes);
            bytes.len()
        }
        None => 0,
    }
}
