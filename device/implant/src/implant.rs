//! The machine: inputs to the parts that they concern, and one action after another out of them.
//!
//! This file answers for the order of actions, which is what makes a power cut at any byte harmless:
//!
//! ```text
//!  cut the drive ─▶ a peer's id, before what it asked for ─▶ what the pump wants written, in its order
//!  ─▶ clinicians, peers ─▶ the answer ─▶ send it ─▶ give the drive power ─▶ step ─▶ sound ─▶ ask for randomness
//! ```
//!
//! A stroke's own path touches nothing but the pump: two dose records and a step.
//!
//! # How much work an input makes
//!
//! After any input the machine comes to rest within [`ACTIONS_MAX`] actions. A restart reads each slot once and the
//! journal's newest records.

use orders::{DeviceProfile, Prescription, Reason, Refusal};
use pump::events::{Event, Mend};
use pump::journal::RECORD;
use pump::{Pump, Save, Want, journal};
use telemetry::budget::Budget;
use telemetry::limits::{HEADER_LEN, SEAL_LEN};
use telemetry::message::answer::Journal;
use telemetry::message::{Answer, Bytes};
use telemetry::noise::Entropy;
use telemetry::peer::{CardSecret, SecretKey, Serial};

use crate::desk::{Desk, Keep, Records, Reply, bit};
use crate::io::{Action, Input, Link};
use crate::people::ANSWER_HEAD;
use crate::restart::{Began, Restart};
use crate::slot::{Bank, HEAD, PEERS, Slot, open, seal};
use crate::stores::{Sequences, next, part_slot};

/// Most actions until [`Implant::poll`] has nothing more: the pump's queues (24 records, 6 buckets, 12 others), 8 of the
/// implant's own, and 32 journal records with their answer. A restart's reads come on top, once.
pub const ACTIONS_MAX: usize = 24 + 6 + 12 + 8 + 33;
/// Where a message begins in the reply's buffer, so that an answer can be sealed for the store around it.
const TEXT: usize = HEAD + ANSWER_HEAD;
/// The longest message of the pump's own: an order or as many journal records as one answer holds.
const MESSAGE_MAX: usize = 1_088;
pub(crate) const REPLY_MAX: usize = TEXT + MESSAGE_MAX;
/// The longest frame that is taken or sent, and the longest record that is written. The longest request is a proposal:
/// an order's document and under 128 bytes for all else. Longer frames of the protocol are for others.
pub(crate) const FRAME_MAX: usize = 1_216;
/// Journal records in one answer.
pub(crate) const RECORDS_MAX: u8 = 32;
/// Polls of the pump in one call: one, and one for each record that could not be written.
const TRIES: u8 = 8;

const _: () = assert!(Prescription::BYTES_MAX + 128 + HEADER_LEN + SEAL_LEN <= FRAME_MAX);
const _: () = assert!(MESSAGE_MAX + HEADER_LEN + SEAL_LEN <= FRAME_MAX && FRAME_MAX <= Slot::BYTES_MAX);
const _: () = assert!(Prescription::BYTES_MAX + 32 <= MESSAGE_MAX && RECORDS_MAX as usize * RECORD + 64 <= MESSAGE_MAX);
const _: () = assert!(pump::status::BYTES_MAX + HEAD <= FRAME_MAX);

/// What the maker gives a pump.
#[derive(Clone)]
pub struct Provision {
    /// The model.
    pub device: DeviceProfile,
    /// Its serial number.
    pub serial: Serial,
    /// Its device key.
    pub secret: SecretKey,
    /// The secret on the patient's card.
    pub card: CardSecret,
    /// The key of its journal's tags.
    pub journal: journal::Key,
    /// Version of its software.
    pub software: [u8; 3],
    /// The first bytes of its image's SHA-256.
    pub image: [u8; 8],
    /// Whether contacts without cryptography are taken: a pump of the mass simulation, never an implant.
    pub bench: bool,
}

// A handful of bytes are spared by keeping a restart elsewhere, and clarity lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// Nothing was heard yet.
    Dark,
    Reading(Restart),
    Ready,
}

/// What is done next; its bytes lie in a buffer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Deed {
    Step,
    Enable(bool),
    Sound(u8),
    Check(crate::io::Check),
    Read(Slot),
    WantEntropy,
    /// From the buffer of frames and records.
    Write(Slot, usize),
    Send(Link, usize),
    /// From the reply's buffer.
    WriteReply(Slot, usize),
    SendReply(Link, usize),
}

/// The implant.
pub struct Implant {
    desk: Desk,
    phase: Phase,
    sequences: Sequences,
    /// A want of the pump that waits for a peer's mark.
    held: Option<Want>,
    entropy_asked: bool,
    frame: [u8; FRAME_MAX],
    reply: [u8; REPLY_MAX],
}

impl Implant {
    /// An implant as it leaves its maker, before its first restart.
    pub fn new(provision: Provision) -> Self {
        Self {
            desk: Desk::new(provision),
            phase: Phase::Dark,
            sequences: Sequences::default(),
            held: None,
            entropy_asked: false,
            frame: [0; FRAME_MAX],
            reply: [0; REPLY_MAX],
        }
    }

    /// The pump, to be read.
    pub const fn pump(&self) -> &Pump {
        &self.desk.pump
    }

    /// Takes an input. `now` is the reading of the first oscillator's counter in ms.
    ///
    /// # Errors
    /// [`Reason::StateUnverified`] before the restart was told and every slot read; [`Reason::Busy`] for a frame while a
    /// reply is on its way; [`Reason::Malformed`] for a frame longer than any, a slot that was not asked for, or a
    /// second restart.
    pub fn handle(&mut self, now: u64, input: Input) -> Result<(), Refusal> {
        match (&self.phase, input) {
            (Phase::Ready, Input::RotorEdge { second_ms }) => {
                self.at(now, second_ms);
                self.desk.pump.edge(now, second_ms);
                Ok(())
            }
            (Phase::Ready, Input::Tick { second_ms }) => {
                self.at(now, second_ms);
                self.desk.pump.tick(now, second_ms);
                self.desk.tick();
                Ok(())
            }
            (Phase::Ready, input) => self.rarely(now, input),
            (Phase::Dark, Input::Restart { cause, counter_kept, second_ms }) => {
                self.at(now, second_ms);
                self.phase = Phase::Reading(Restart::new(Began { cause, counter_kept, raw: now, second_ms }));
                Ok(())
            }
            (Phase::Reading(_), Input::Read { slot, bytes }) => self.restored(slot, bytes),
            (Phase::Reading(_), Input::Restart { .. }) => Err(Refusal::plain(Reason::Malformed)),
            (Phase::Dark | Phase::Reading(_), Input::Entropy(bytes)) => {
                self.entropy(bytes);
                Ok(())
            }
            (
                Phase::Dark | Phase::Reading(_),
                Input::Tick { .. }
                | Input::RotorEdge { .. }
                | Input::Bytes { .. }
                | Input::Presence(_)
                | Input::Battery { .. }
                | Input::Temperature { .. }
                | Input::Field { .. }
                | Input::Checked(_)
                | Input::Read { .. },
            ) => Err(Refusal::plain(Reason::StateUnverified)),
        }
    }

    fn at(&mut self, now: u64, second_ms: u64) {
        (self.desk.raw, self.desk.second_ms) = (now, second_ms);
    }

    #[inline(never)]
    fn rarely(&mut self, now: u64, input: Input) -> Result<(), Refusal> {
        self.desk.raw = now;
        let pump = &mut self.desk.pump;
        match input {
            Input::Bytes { link, bytes } => return self.hear(link, bytes),
            Input::Presence(is_here) => self.desk.presence(is_here),
            Input::Battery { loaded_mv } => pump.battery(now, loaded_mv),
            Input::Temperature { centi_celsius } => pump.temperature(now, centi_celsius),
            Input::Field { strong, second_ms } => {
                self.desk.second_ms = second_ms;
                pump.field(now, second_ms, strong);
            }
            Input::Checked(reading) => pump.checked(now, reading),
            Input::Entropy(bytes) => self.entropy(bytes),
            Input::Read { slot, bytes } => return self.read(slot, bytes),
            Input::Restart { .. } => return Err(Refusal::plain(Reason::Malformed)),
            // The two of the fast path are taken before this is called.
            Input::Tick { .. } | Input::RotorEdge { .. } => {}
        }
        Ok(())
    }

    fn entropy(&mut self, bytes: [u8; 32]) {
        self.entropy_asked = false;
        if self.desk.nonces.needs_key() {
            self.desk.nonces.set_key(&bytes);
        } else {
            self.desk.entropy = Some(Entropy(bytes));
        }
    }

    #[inline(never)]
    fn hear(&mut self, link: Link, bytes: &[u8]) -> Result<(), Refusal> {
        if self.desk.reply != Reply::None {
            return Err(Refusal::plain(Reason::Busy));
        }
        let frame = self.frame.get_mut(..bytes.len()).ok_or(Refusal::plain(Reason::Malformed))?;
        frame.copy_from_slice(bytes);
        self.desk.hear(link, frame, &mut self.reply, TEXT);
        Ok(())
    }

    #[inline(never)]
    fn restored(&mut self, slot: Slot, bytes: &[u8]) -> Result<(), Refusal> {
        let Self { desk, phase: Phase::Reading(restart), sequences, frame, .. } = self else {
            return Err(Refusal::plain(Reason::Malformed));
        };
        if !restart.take(slot, bytes, frame, &mut desk.pump, &mut desk.people, sequences) {
            return Err(Refusal::plain(Reason::Malformed));
        }
        if restart.is_done() {
            let Restart { began, damaged, .. } = *restart;
            desk.pump.begin(began.raw, began.second_ms, began.cause, began.counter_kept);
            let now = desk.now();
            desk.budget = Budget::full(now);
            if damaged > 0 {
                desk.pump.log(began.raw, Event::Mended { what: Mend::StoreSlot, count: damaged });
            }
            self.phase = Phase::Ready;
        }
        Ok(())
    }

    /// Takes what a slot holds that an answer needs.
    #[inline(never)]
    fn read(&mut self, slot: Slot, bytes: &[u8]) -> Result<(), Refusal> {
        let Self { desk, reply, .. } = self;
        match &mut desk.reply {
            Reply::Stored { link, place, peer, bank, asked: true } if slot == Slot::Answer(*peer, *bank) => {
                let (link, place, peer) = (*link, *place, *peer);
                let read = open(bytes).and_then(|(_, content)| desk.people.read_answer(peer, content));
                let written = read.and_then(|(_, message)| {
                    reply.get_mut(TEXT..)?.get_mut(..message.len())?.copy_from_slice(message);
                    Some(message.len())
                });
                // An answer that cannot be read is not made up: the asker hears nothing and asks for the record.
                desk.reply = written.map_or(Reply::None, |length| Reply::Message { link, place, length, keep: None });
                Ok(())
            }
            Reply::Records { records, .. } if records.waiting && slot == record_slot(&desk.pump, records) => {
                let at = TEXT.saturating_add(usize::from(records.have).saturating_mul(RECORD));
                if let Some(place) = reply.get_mut(at..).and_then(|rest| rest.get_mut(..RECORD)) {
                    // A record that was never written reads as zeros, and its tag as wrong.
                    place.fill(0);
                    place.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
                }
                records.have = records.have.saturating_add(1);
                records.waiting = false;
                Ok(())
            }
            Reply::None
            | Reply::Frame { .. }
            | Reply::Message { .. }
            | Reply::Stored { .. }
            | Reply::Records { .. } => Err(Refusal::plain(Reason::Malformed)),
        }
    }

    /// When a tick should come next, as a reading of the first oscillator; `None` before the restart is over. Early is
    /// harmless; late may only under-deliver.
    pub fn deadline(&self) -> Option<u64> {
        let pump = self.desk.pump.deadline()?;
        let desk = self.desk.deadline().map(|at| self.desk.pump.reading_at(at));
        Some(desk.map_or(pump, |desk| desk.min(pump)))
    }

    /// The next thing to be done, in order; a write is durable when this is called again. Until `None`, within
    /// [`ACTIONS_MAX`] calls.
    //= requirements/delivery.md#bounded-work
    //# After any input the implant MUST come to rest within a stated number of actions.
    pub fn poll(&mut self, now: u64) -> Option<Action<'_>> {
        self.desk.raw = self.desk.raw.max(now);
        let deed = match &mut self.phase {
            Phase::Ready => self.deed(now)?,
            Phase::Reading(restart) => Deed::Read(restart.want(&self.desk.pump)?),
            Phase::Dark => return None,
        };
        Some(match deed {
            Deed::Step => Action::Step,
            Deed::Enable(on) => Action::DriveEnable(on),
            Deed::Sound(tone) => Action::Sound { tone },
            Deed::Check(check) => Action::Check(check),
            Deed::Read(slot) => Action::Read { slot },
            Deed::WantEntropy => Action::WantEntropy,
            Deed::Write(slot, length) => Action::Write { slot, bytes: self.frame.get(..length)? },
            Deed::Send(link, length) => Action::Send { link, bytes: self.frame.get(..length)? },
            Deed::WriteReply(slot, length) => Action::Write { slot, bytes: self.reply.get(..length)? },
            Deed::SendReply(link, length) => Action::Send { link, bytes: self.reply.get(..length)? },
        })
    }

    //= requirements/journal.md#after-a-power-cut
    //# After a power cut at any byte of any write, the implant MUST neither give anything twice nor forget an order, a charge or an answer that it had confirmed.
    fn deed(&mut self, now: u64) -> Option<Deed> {
        for _ in 0..TRIES {
            //= requirements/alarms.md#written-before-heard
            //# The pump MUST write an alarm to the journal before it sounds it.
            let want = if self.held.is_some() { self.held.take() } else { self.desk.pump.wants_save() };
            if self.desk.mark.is_some() && !matches!(want, Some(Want::Enable(_))) {
                self.held = want;
                if let Some(deed) = self.desk.mark.take().and_then(|peer| self.write_peer(peer)) {
                    return Some(deed);
                }
                continue;
            }
            if let Some(want) = want {
                match self.act(want) {
                    Some(deed) => return Some(deed),
                    None => continue,
                }
            }
            //= requirements/telemetry.md#never-holds-up-delivery
            //# A session MUST NOT delay, stop or change a delivery by being open, idle, cut off or absent.
            if self.desk.is_busy() {
                match self.own() {
                    Some(deed) => return Some(deed),
                    // Sealing or giving up may have given the pump something to write.
                    None => continue,
                }
            }
            if let Some(want) = self.desk.pump.wants_act(now) {
                match self.act(want) {
                    Some(deed) => return Some(deed),
                    None => continue,
                }
            }
            return self.randomness();
        }
        None
    }

    fn randomness(&mut self) -> Option<Deed> {
        let is_needed = self.desk.entropy.is_none() || self.desk.nonces.needs_key();
        if !is_needed || self.entropy_asked {
            return None;
        }
        self.entropy_asked = true;
        Some(Deed::WantEntropy)
    }

    /// Does what the pump wants; `None` if its record could not be made, which is an alarm.
    fn act(&mut self, want: Want) -> Option<Deed> {
        match want {
            Want::Step => Some(Deed::Step),
            Want::Enable(on) => Some(Deed::Enable(on)),
            Want::Sound(tone) => Some(Deed::Sound(tone.code)),
            Want::Check(check) => Some(Deed::Check(check)),
            Want::Journal { place, record } => {
                self.frame.get_mut(..record.len())?.copy_from_slice(&record);
                Some(Deed::Write(Slot::Journal(place), record.len()))
            }
            Want::Save(save) => {
                let deed = self.save(save);
                if deed.is_none() {
                    self.desk.pump.raise(self.desk.raw, orders::AlarmId::StoreFault);
                }
                deed
            }
        }
    }

    //= requirements/journal.md#dose-record-first
    //# The implant MUST write the dose record durably before each stroke and again once the stroke is confirmed or given up.
    fn save(&mut self, save: Save) -> Option<Deed> {
        if save == Save::Dose {
            let length = self.desk.pump.write(save, &mut self.frame)?;
            // The record begins with its sequence: both slots in turn.
            let bank = self.frame.first().map(|low| Bank::of(u32::from(*low)))?;
            return Some(Deed::Write(Slot::Dose(bank), length));
        }
        let length = self.desk.pump.write(save, self.frame.get_mut(HEAD..)?)?;
        let commit = self.desk.pump.commit_number();
        let (slot, sequence) = match save {
            Save::Dose => return None,
            Save::Part(part) => (part_slot(part, Bank::of(commit)), commit),
            Save::Commit => (Slot::Commit(Bank::of(commit)), commit),
            Save::Bucket(closed) => (Slot::Bucket(closed.place()), 0),
            Save::Status => {
                let sequence = next(&mut self.sequences.status);
                (Slot::Status(Bank::of(sequence)), sequence)
            }
            Save::GuardState => {
                let sequence = next(&mut self.sequences.guard_state);
                (Slot::GuardState(Bank::of(sequence)), sequence)
            }
        };
        seal(&mut self.frame, sequence, length).map(|whole| Deed::Write(slot, whole))
    }

    /// The implant's own writes, then its reply. `None` if there is nothing (any more).
    #[inline(never)]
    fn own(&mut self) -> Option<Deed> {
        if self.desk.clinicians_due {
            self.desk.clinicians_due = false;
            let length = self.desk.people.write_clinicians(self.frame.get_mut(HEAD..)?)?;
            let sequence = next(&mut self.sequences.clinicians);
            let whole = seal(&mut self.frame, sequence, length)?;
            return Some(Deed::Write(Slot::Clinicians(Bank::of(sequence)), whole));
        }
        if let Some(place) = (0..PEERS).find(|place| self.desk.peers_due & bit(*place) != 0) {
            return self.write_peer(place);
        }
        match self.desk.reply {
            Reply::None => None,
            Reply::Frame { link, length } => {
                self.desk.reply = Reply::None;
                Some(Deed::SendReply(link, length))
            }
            Reply::Message { link, place, length, keep } => {
                if let Some(keep) = keep {
                    self.desk.reply = Reply::Message { link, place, length, keep: None };
                    return self.write_answer(keep, length);
                }
                self.desk.reply = Reply::None;
                let message = self.reply.get(TEXT..)?.get(..length)?;
                let whole = self.desk.seal(place, message, &mut self.frame)?;
                Some(Deed::Send(link, whole))
            }
            Reply::Stored { link, place, peer, bank, asked: false } => {
                self.desk.reply = Reply::Stored { link, place, peer, bank, asked: true };
                Some(Deed::Read(Slot::Answer(peer, bank)))
            }
            // A store that was asked and told nothing holds nothing up.
            Reply::Stored { asked: true, .. } => {
                self.desk.reply = Reply::None;
                None
            }
            Reply::Records { link, place, records } => self.next_record(link, place, records),
        }
    }

    fn write_peer(&mut self, place: u8) -> Option<Deed> {
        self.desk.peers_due &= !bit(place);
        let length = match self.desk.people.peer(place) {
            Some(peer) => {
                let bytes = peer.to_bytes();
                self.frame.get_mut(HEAD..)?.get_mut(..bytes.len())?.copy_from_slice(&bytes);
                bytes.len()
            }
            // Nobody: an empty record.
            None => 0,
        };
        let sequence = self.sequences.next_peer(place);
        let whole = seal(&mut self.frame, sequence, length)?;
        Some(Deed::Write(Slot::Peer(place, Bank::of(sequence)), whole))
    }

    fn write_answer(&mut self, keep: Keep, length: usize) -> Option<Deed> {
        let head = self.desk.people.answer_head(keep.peer, &keep.kept)?;
        self.reply.get_mut(HEAD..TEXT)?.copy_from_slice(&head);
        let whole = seal(&mut self.reply, 0, ANSWER_HEAD.checked_add(length)?)?;
        self.desk.people.keep(keep.peer, keep.bank, Some(keep.kept));
        Some(Deed::WriteReply(Slot::Answer(keep.peer, keep.bank), whole))
    }

    /// Asks for the next record of an answer, or makes the answer of those that are there.
    #[inline(never)]
    fn next_record(&mut self, link: Link, place: telemetry::sessions::Place, mut records: Records) -> Option<Deed> {
        if records.waiting {
            // A store that was asked and told nothing holds nothing up.
            self.desk.reply = Reply::None;
            return None;
        }
        let number = records.first.saturating_add(u32::from(records.have));
        if records.have == 0 && number < self.desk.pump.journal().oldest() {
            let now = self.desk.now();
            let record = self.desk.pump.journal().loss_record(now)?;
            self.reply.get_mut(TEXT..)?.get_mut(..RECORD)?.copy_from_slice(&record);
            records.have = 1;
        }
        if records.have < records.count {
            records.waiting = true;
            self.desk.reply = Reply::Records { link, place, records };
            return Some(Deed::Read(record_slot(&self.desk.pump, &records)));
        }
        self.desk.reply = Reply::None;
        self.desk.told_to = Some(records.first.saturating_add(u32::from(records.count)).saturating_sub(1));
        let told = self.reply.get(TEXT..)?.get(..usize::from(records.count).checked_mul(RECORD)?)?;
        let answer = Answer::Journal(Journal {
            asked: records.asked,
            first: u64::from(records.first),
            next: u64::from(self.desk.pump.journal().next()),
            records: Bytes(told),
        });
        let length = answer.encode(&mut self.frame)?;
        self.reply.get_mut(TEXT..)?.get_mut(..length)?.copy_from_slice(self.frame.get(..length)?);
        let message = self.reply.get(TEXT..)?.get(..length)?;
        let whole = self.desk.seal(place, message, &mut self.frame)?;
        Some(Deed::Send(link, whole))
    }
}

fn record_slot(pump: &Pump, records: &Records) -> Slot {
    Slot::Journal(pump.journal().slot(records.first.saturating_add(u32::from(records.have))))
}
