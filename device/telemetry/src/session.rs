//! One open contact, at either end: frames sealed under a rising counter, and when the contact is over.
//!
//! The counter of each frame stands in its header and is the cipher's nonce. The receiver takes counters that rise: a gap is lost frames and no
//! matter; a repeat, or one that comes late, is passed over and counted, and changes nothing. So loss, repetition and reordering can delay an
//! answer and never end a contact or repeat a request.
//!
//! `over` and `deadline` are functions of the `now` that they are given.

use clatter::crypto::cipher::ChaChaPoly;
use clatter::traits::Cipher;

use crate::limits::{CONTACT_MAX, FRAMES_MAX, HEADER_LEN, IDLE_MAX, MESSAGE_MAX, SEAL_LEN, UNPROVED_MAX};
use crate::noise::{End, Finished, HandshakeFault, SealKey};
use crate::peer::Role;
use crate::wire::{Header, Kind, Malformed, SessionId};
use orders::Instant;

/// Why a contact is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// Nothing authentic was heard for [`IDLE_MAX`].
    Idle,
    /// It has lasted [`CONTACT_MAX`].
    Long,
    /// The hello was answered, but nothing proved within [`UNPROVED_MAX`] that it was not a recording.
    Unproved,
    /// [`FRAMES_MAX`] frames one way.
    UsedUp,
}

/// Why a frame changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassedOver {
    /// It is no frame.
    Malformed(Malformed),
    /// Its counter is not above the last one taken: a repeat, or late.
    NotRising {
        /// What it says.
        got: u64,
        /// The last one taken.
        last: u64,
    },
    /// Altered on the way, or sealed by someone else.
    NotAuthentic,
    /// The contact that it belongs to is over.
    Over(Over),
    /// No contact of this number is open here.
    NoContact(SessionId),
    /// A kind that this end never takes, or not now.
    NotExpected(Kind),
    /// This end failed to do its own part; nothing was sent.
    Misused,
}

impl From<Malformed> for PassedOver {
    fn from(why: Malformed) -> Self {
        Self::Malformed(why)
    }
}

impl From<HandshakeFault> for PassedOver {
    fn from(fault: HandshakeFault) -> Self {
        match fault {
            HandshakeFault::NotAuthentic => Self::NotAuthentic,
            HandshakeFault::Misused => Self::Misused,
        }
    }
}

/// Why a message was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotSent {
    /// The contact is over.
    Over(Over),
    /// No contact stands in this place.
    NoContact,
    /// Longer than one frame carries.
    TooLong {
        /// How long it is.
        len: usize,
        /// [`MESSAGE_MAX`].
        most: usize,
    },
    /// `out` cannot hold the frame.
    NoRoom,
    /// The radio's budget is used up; see [`crate::budget`].
    Budget(orders::Duration),
}

/// How frames are closed.
enum Seal {
    /// ChaCha20-Poly1305 under the keys of the handshake.
    Keys { send: SealKey, take: SealKey },
    /// Nothing but a CRC-32 in the tag's place: for mass simulation, where a radio still garbles. A pump takes it only when it was built for the bench.
    Bench,
}

const BENCH_CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISCSI);

fn bench_tag(header: &[u8], plain: &[u8]) -> [u8; SEAL_LEN] {
    let mut digest = BENCH_CRC.digest();
    digest.update(header);
    digest.update(plain);
    let [a, b, c, d] = digest.finalize().to_le_bytes();
    [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
}

impl Seal {
    /// Closes the first `len` bytes of `body`, which has room for the tag behind them.
    fn close(&self, header: &Header, body: &mut [u8], len: usize) -> Option<usize> {
        let whole = len.checked_add(SEAL_LEN)?;
        let body = body.get_mut(..whole)?;
        let bytes = header.bytes();
        match self {
            Seal::Keys { send, .. } => ChaChaPoly::encrypt_in_place(send, header.counter, &bytes, body, len).ok(),
            Seal::Bench => {
                let (plain, tag) = body.split_at_mut_checked(len)?;
                tag.copy_from_slice(&bench_tag(&bytes, plain));
                Some(whole)
            }
        }
    }

    /// Opens `body` in place; the length of what was in it.
    fn open(&self, header: &Header, body: &mut [u8]) -> Option<usize> {
        let len = body.len().checked_sub(SEAL_LEN)?;
        let whole = body.len();
        let bytes = header.bytes();
        match self {
            Seal::Keys { take, .. } => ChaChaPoly::decrypt_in_place(take, header.counter, &bytes, body, whole).ok(),
            Seal::Bench => {
                let (plain, tag) = body.split_at_checked(len)?;
                (bench_tag(&bytes, plain) == *tag).then_some(len)
            }
        }
    }
}

/// One open contact.
pub struct Session {
    id: SessionId,
    role: Role,
    seal: Seal,
    /// Counter of the last frame sent.
    sent: u64,
    /// Counter of the last frame taken.
    taken: u64,
    opened: Instant,
    /// When something authentic was last heard.
    heard: Instant,
    /// Whether the other end has shown that it holds the contact's keys, not only a recording.
    proved: bool,
    passed_over: u32,
}

impl Session {
    pub(crate) fn sealed(now: Instant, id: SessionId, role: Role, end: End, keys: Finished, proved: bool) -> Self {
        let seal = match end {
            End::Asker => Seal::Keys { send: keys.to_pump, take: keys.to_asker },
            End::Pump => Seal::Keys { send: keys.to_asker, take: keys.to_pump },
        };
        Self::open_with(now, id, role, seal, proved)
    }

    pub(crate) fn bench(now: Instant, id: SessionId, role: Role, proved: bool) -> Self {
        Self::open_with(now, id, role, Seal::Bench, proved)
    }

    fn open_with(now: Instant, id: SessionId, role: Role, seal: Seal, proved: bool) -> Self {
        Self { id, role, seal, sent: 0, taken: 0, opened: now, heard: now, proved, passed_over: 0 }
    }

    /// The contact's number on air.
    pub fn id(&self) -> SessionId {
        self.id
    }
    /// The role in which the asker speaks.
    pub fn role(&self) -> Role {
        self.role
    }
    /// When the contact was opened.
    pub fn opened(&self) -> Instant {
        self.opened
    }
    /// Whether the other end has proved that it is there now.
    pub fn is_proved(&self) -> bool {
        self.proved
    }
    /// How many frames of this contact changed nothing.
    pub fn passed_over(&self) -> u32 {
        self.passed_over
    }

    /// Whether the contact is over at `now`, and why.
    pub fn over(&self, now: Instant) -> Option<Over> {
        let at_least = |since: Instant, most: orders::Duration| now.since(since) >= most;
        if !self.proved && at_least(self.opened, UNPROVED_MAX) {
            return Some(Over::Unproved);
        }
        if at_least(self.heard, IDLE_MAX) {
            return Some(Over::Idle);
        }
        if at_least(self.opened, CONTACT_MAX) {
            return Some(Over::Long);
        }
        (self.sent >= FRAMES_MAX || self.taken >= FRAMES_MAX).then_some(Over::UsedUp)
    }

    /// When the contact will be over if nothing more is heard.
    pub fn deadline(&self) -> Instant {
        let by_rule = self.heard.after(IDLE_MAX).min(self.opened.after(CONTACT_MAX));
        match self.proved {
            true => by_rule,
            false => by_rule.min(self.opened.after(UNPROVED_MAX)),
        }
    }

    /// Seals `message` into a frame in `out`; its length.
    ///
    /// # Errors
    /// [`NotSent`]; the counter has then not moved.
    pub fn send(&mut self, now: Instant, message: &[u8], out: &mut [u8]) -> Result<usize, NotSent> {
        if let Some(why) = self.over(now) {
            return Err(NotSent::Over(why));
        }
        if message.len() > MESSAGE_MAX {
            return Err(NotSent::TooLong { len: message.len(), most: MESSAGE_MAX });
        }
        let counter = self.sent.checked_add(1).ok_or(NotSent::Over(Over::UsedUp))?;
        let header = Header { kind: Kind::Sealed, session: self.id, counter };
        header.frame(&[message], out).ok_or(NotSent::NoRoom)?;
        let body = out.get_mut(HEADER_LEN..).ok_or(NotSent::NoRoom)?;
        let len = self.seal.close(&header, body, message.len()).ok_or(NotSent::NoRoom)?;
        self.sent = counter;
        Ok(len.saturating_add(HEADER_LEN))
    }

    /// Opens a sealed frame of this contact in place; the message in it.
    ///
    /// # Errors
    /// [`PassedOver`]; the contact is then as it was, but for its count of such frames.
    pub fn take<'f>(&mut self, now: Instant, frame: &'f mut [u8]) -> Result<&'f [u8], PassedOver> {
        let taken = self.try_take(now, frame);
        if taken.is_err() {
            self.passed_over = self.passed_over.saturating_add(1);
        }
        let len = taken?;
        Ok(frame.get(HEADER_LEN..HEADER_LEN.saturating_add(len)).unwrap_or(&[]))
    }

    fn try_take(&mut self, now: Instant, frame: &mut [u8]) -> Result<usize, PassedOver> {
        let header = Header::read(frame)?;
        if header.kind != Kind::Sealed {
            return Err(PassedOver::NotExpected(header.kind));
        }
        if header.session != self.id {
            return Err(PassedOver::NoContact(header.session));
        }
        if let Some(why) = self.over(now) {
            return Err(PassedOver::Over(why));
        }
        //= requirements/telemetry.md#sealed-frames
        //# A frame whose counter was seen before MUST have no effect, and a gap in the counters leaves the session open.
        if header.counter <= self.taken {
            return Err(PassedOver::NotRising { got: header.counter, last: self.taken });
        }
        if header.counter > FRAMES_MAX {
            return Err(PassedOver::Over(Over::UsedUp));
        }
        let body = frame.get_mut(HEADER_LEN..).unwrap_or(&mut []);
        //= requirements/telemetry.md#sealed-frames
        //# The implant MUST NOT act on bytes that are not one whole, sealed frame of an open session.
        let len = self.seal.open(&header, body).ok_or(PassedOver::NotAuthentic)?;
        self.taken = header.counter;
        self.heard = self.heard.max(now);
        self.proved = true;
        Ok(len)
    }
}
