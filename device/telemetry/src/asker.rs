//! Asking without ever asking twice.
//!
//! A request that may change something has three outcomes: accepted, refused with its reasons, **unknown**. Unknown is never "failed": the pump may have begun
//! the dose and the answer been lost. While it is unknown the only things sent are reads and the same request again, byte for byte under the same
//! id, which the pump executes at most once and answers from its record.
//!
//! ```text
//!            ask               (kept, sent)                     answer
//!   free ----------> keeping --------------> open ------------------------------> settled --> free
//!                                             |  ^                                   ^      (report, keep, acknowledge)
//!                                   lost link |  | again                             |
//!                                             v  |      pump: unknown                |
//!                                           unknown ------------------> unresolved --+ a person has read the record
//! ```
//!
//! The intent is on disk before the first byte is on air ([`Action::Keep`] completes before the next `poll`), so the machine survives its own restart:
//! [`Asker::restore`] comes back in *unknown* and asks again under the same id.

use crate::limits::MESSAGE_MAX;
use crate::message::answer::Answers;
use crate::message::ask::Acknowledge;
use crate::message::{Answer, Ask, BadMessage, Request, Stamp};

/// Version byte of the kept record.
const RECORD_VERSION: u8 = 1;
/// Bytes of the kept record before the request: version 1, stage 1, last id 8, acknowledgement owed 8.
const RECORD_HEAD: usize = 18;
/// The longest kept record, bytes.
pub const RECORD_MAX: usize = RECORD_HEAD + MESSAGE_MAX;

/// How a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nothing is open.
    Free,
    /// To be kept before it is sent.
    Keeping,
    /// Kept; to be sent.
    Sending,
    /// Sent; waiting for the answer.
    Open,
    /// Sent, and the answer did not come, or we were restarted.
    Unknown,
    /// The pump itself does not know any more: a person must read its record.
    Unresolved,
}

/// What the caller does next, completing each before it polls again.
#[derive(Debug, PartialEq, Eq)]
pub enum Action<'a> {
    /// Put these bytes where they survive a power cut, in place of the last ones.
    Keep(&'a [u8]),
    /// Send this message in an open contact; if there is none, open one first, or call [`Asker::link_lost`].
    Send(&'a [u8]),
}

/// How a request ended, or that it is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// The pump did it, or answered the proposal.
    Accepted(Answer<'a>),
    /// The pump did not do it.
    Refused(Answer<'a>),
    /// Nobody has said: the request may have been done.
    Unknown,
    /// The pump no longer holds its answer. Compare `last_dose` and the journal with what was asked; then [`Asker::resolved_by_a_person`].
    Unresolved {
        /// The highest id that the pump has seen from us.
        last: u64,
        /// The number of its last dose.
        last_dose: u64,
    },
}

/// Why a request was not begun. Nothing was kept or sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotBegun {
    /// Another request is open, or its outcome is not known.
    OutcomeOpen {
        /// Its id.
        id: u64,
    },
    /// This question only reads (or acknowledges) and needs no id: see [`Asker::may_read`].
    NotStamped,
    /// It does not fit one message.
    TooLong,
    /// Ids are used up. (2^64 of them.)
    NoIds,
}

/// Why a kept record is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadRecord {
    /// Another length than it can have.
    Length {
        /// How many bytes there were.
        len: usize,
    },
    /// Of another version.
    Version {
        /// What it says.
        got: u8,
    },
    /// No such stage.
    Stage {
        /// What it says.
        got: u8,
    },
    /// The request in it does not read, or is not the one that its head names.
    Request,
}

/// The asking end of one pump.
pub struct Asker {
    stage: Stage,
    /// The id of the last request begun.
    last_id: u64,
    /// An id whose answer was read and not yet acknowledged; 0 for none.
    owed: u64,
    /// Whether the kept record is behind.
    keep_due: bool,
    /// Whether the acknowledgement is to be sent.
    acknowledge_due: bool,
    /// The kept record: head, then the open request's bytes.
    record: heapless::Vec<u8, RECORD_MAX>,
    /// The acknowledgement, while it is being sent.
    short: [u8; 24],
}

impl Asker {
    /// For a pump just paired with, or one whose record here was lost: goes on above the highest id that the pump has seen from us
    /// (in its status; 0 after pairing).
    pub fn after(last_id: u64) -> Self {
        Self {
            stage: Stage::Free,
            last_id,
            owed: 0,
            keep_due: false,
            acknowledge_due: false,
            record: heapless::Vec::new(),
            short: [0; 24],
        }
    }

    /// From the last record kept. A request that was open is unknown now, whether or not it had been sent.
    ///
    /// # Errors
    /// [`BadRecord`].
    pub fn restore(bytes: &[u8]) -> Result<Self, BadRecord> {
        let length = BadRecord::Length { len: bytes.len() };
        let (head, request) = bytes.split_first_chunk::<RECORD_HEAD>().ok_or(length)?;
        let [version, stage, rest @ ..] = *head;
        if version != RECORD_VERSION {
            return Err(BadRecord::Version { got: version });
        }
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = rest;
        let last_id = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
        let owed = u64::from_le_bytes([i, j, k, l, m, n, o, p]);
        let stage = match stage {
            0 => Stage::Free,
            1 => Stage::Unknown,
            2 => Stage::Unresolved,
            got => return Err(BadRecord::Stage { got }),
        };
        let open_id = Request::decode(request).ok().and_then(|request| request.stamp).map(|stamp| stamp.id);
        match stage {
            Stage::Free if request.is_empty() => {}
            Stage::Unknown | Stage::Unresolved if open_id == Some(last_id) => {}
            Stage::Free | Stage::Keeping | Stage::Sending | Stage::Open | Stage::Unknown | Stage::Unresolved => {
                return Err(BadRecord::Request);
            }
        }
        let record = heapless::Vec::from_slice(bytes).map_err(|_| length)?;
        let short = [0; 24];
        Ok(Self { stage, last_id, owed, keep_due: false, acknowledge_due: owed != 0, record, short })
    }

    /// Begins a request. `last_dose` and `nonce` are what the pump last told.
    ///
    /// # Errors
    /// [`NotBegun`].
    pub fn ask(&mut self, ask: Ask<'_>, last_dose: u64, nonce: [u8; 8]) -> Result<u64, NotBegun> {
        //= requirements/telemetry.md#unknown-is-an-outcome
        //# The asking end MUST report a request without an answer as unknown, never as failed, and send only a query or the same id until it is known.
        if self.stage != Stage::Free {
            return Err(NotBegun::OutcomeOpen { id: self.last_id });
        }
        if !ask.is_stamped() {
            return Err(NotBegun::NotStamped);
        }
        let id = self.last_id.checked_add(1).ok_or(NotBegun::NoIds)?;
        let request = Request { ask, stamp: Some(Stamp { id, last_dose, nonce }) };
        let mut bytes = [0u8; MESSAGE_MAX];
        let len = request.encode(&mut bytes).ok_or(NotBegun::TooLong)?;
        self.last_id = id;
        self.stage = Stage::Keeping;
        self.keep(bytes.get(..len).unwrap_or(&[]));
        Ok(id)
    }

    /// Whether a reading may be sent now: always. It needs no id and no record.
    pub const fn may_read(&self) -> bool {
        true
    }

    /// What to do next; `None` when there is nothing. Bounded: at most four actions follow any one call.
    pub fn poll(&mut self) -> Option<Action<'_>> {
        if self.keep_due {
            self.keep_due = false;
            if self.stage == Stage::Keeping {
                self.stage = Stage::Sending;
            }
            return Some(Action::Keep(&self.record));
        }
        if self.stage == Stage::Sending {
            self.stage = Stage::Open;
            return self.record.get(RECORD_HEAD..).map(Action::Send);
        }
        if self.acknowledge_due {
            self.acknowledge_due = false;
            let request = Request { ask: Ask::Acknowledge(Acknowledge { id: self.owed }), stamp: None };
            let len = request.encode(&mut self.short)?;
            return self.short.get(..len).map(Action::Send);
        }
        None
    }

    /// The contact was lost, or no answer came in time. An open request is unknown from now on.
    pub fn link_lost(&mut self) {
        if matches!(self.stage, Stage::Open | Stage::Sending) {
            self.stage = Stage::Unknown;
        }
    }

    /// A contact is open again: sends an unknown request once more, the same bytes under the same id, and an acknowledgement that is owed.
    pub fn again(&mut self) {
        if matches!(self.stage, Stage::Unknown | Stage::Open) {
            self.stage = Stage::Sending;
        }
        self.acknowledge_due = self.owed != 0;
    }

    /// The request whose outcome is open: its id, and the request itself.
    pub fn open(&self) -> Option<(u64, Request<'_>)> {
        if self.stage == Stage::Free {
            return None;
        }
        let request = Request::decode(self.record.get(RECORD_HEAD..)?).ok()?;
        Some((self.last_id, request))
    }

    /// What is known of the open request without an answer; `None` when none is open.
    pub fn outcome(&self) -> Option<Outcome<'static>> {
        match self.stage {
            Stage::Free => None,
            Stage::Keeping | Stage::Sending | Stage::Open | Stage::Unknown => Some(Outcome::Unknown),
            Stage::Unresolved => Some(Outcome::Unresolved { last: 0, last_dose: 0 }),
        }
    }

    /// Takes a message from the pump. `Ok(None)` if it settles nothing that is open: a reading's answer, or one heard before.
    ///
    /// The caller keeps the outcome before it polls; then the answer is acknowledged, and the pump may forget it.
    ///
    /// # Errors
    /// [`BadMessage`]; the request stays as it was.
    pub fn hear<'m>(&mut self, message: &'m [u8]) -> Result<Option<Outcome<'m>>, BadMessage> {
        let answer = Answer::decode(message)?;
        if let Answer::Answers(answers) = &answer {
            self.hear_kept(answers);
        }
        let is_ours = self.stage != Stage::Free && answer.settles() == Some(self.last_id);
        if !is_ours {
            return Ok(None);
        }
        if let Answer::Unknown(unknown) = &answer {
            // The pump has seen a later id, or forgot this one's answer: it may have been done. Only a person can tell, from the record.
            let outcome = Outcome::Unresolved { last: unknown.last, last_dose: unknown.last_dose };
            self.stage = Stage::Unresolved;
            self.keep_again();
            return Ok(Some(outcome));
        }
        self.owed = self.last_id;
        self.acknowledge_due = true;
        self.settle();
        Ok(Some(match answer {
            Answer::Refused(_) | Answer::NotRead(_) => Outcome::Refused(answer),
            _ => Outcome::Accepted(answer),
        }))
    }

    /// A person has read in the pump's record what became of a request that the pump no longer answers for. Does nothing for any other.
    pub fn resolved_by_a_person(&mut self, id: u64) {
        if self.stage == Stage::Unresolved && id == self.last_id {
            self.settle();
        }
    }

    /// The pump answers an acknowledgement with the answers that it still keeps; what is not among them it has forgotten.
    fn hear_kept(&mut self, answers: &Answers) {
        if self.owed != 0 && answers.kept.iter().all(|kept| kept.id != self.owed) {
            self.owed = 0;
            self.acknowledge_due = false;
            self.keep_again();
        }
    }

    fn settle(&mut self) {
        self.stage = Stage::Free;
        self.keep(&[]);
    }

    fn keep_again(&mut self) {
        let mut bytes = [0u8; MESSAGE_MAX];
        let request = self.record.get(RECORD_HEAD..).unwrap_or(&[]);
        let len = request.len();
        if let Some(place) = bytes.get_mut(..len) {
            place.copy_from_slice(request);
        }
        self.keep(bytes.get(..len).unwrap_or(&[]));
    }

    /// Writes the record anew. What was open when a record is read back is unknown, so the record knows only three stages.
    fn keep(&mut self, request: &[u8]) {
        let stage = match self.stage {
            Stage::Free => 0,
            Stage::Keeping | Stage::Sending | Stage::Open | Stage::Unknown => 1,
            Stage::Unresolved => 2,
        };
        self.record.clear();
        // RECORD_MAX holds the head and the longest message, so neither can fail.
        let _ = self.record.extend_from_slice(&[RECORD_VERSION, stage]);
        let _ = self.record.extend_from_slice(&self.last_id.to_le_bytes());
        let _ = self.record.extend_from_slice(&self.owed.to_le_bytes());
        let _ = self.record.extend_from_slice(request);
        self.keep_due = true;
    }
}
