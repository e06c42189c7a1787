//! The asker's end of one contact: programmer, patient controller, home monitor, emergency.
//!
//! ```text
//!   pair  --> pairing  --PairAnswer--> open (the pump has yet to answer a sealed frame)
//!   open  --> greeting --HelloAnswer--> open
//! ```
//!
//! A frame that does not fit changes nothing: the handshake waits for the true one until [`crate::limits::UNPROVED_MAX`].

use crate::limits::{HEADER_LEN, UNPROVED_MAX};
use crate::noise::{self, Binding, End, Entropy, Handshake, HandshakeFault, Material, Purpose};
use crate::peer::{CardSecret, Psk, PublicKey, Role, SecretKey, Serial};
use crate::session::{NotSent, Over, PassedOver, Session};
use crate::sessions::Turned;
use crate::wire::{Header, Kind, Malformed, SessionId, noise_len};
use orders::Instant;

/// What an asker keeps of a pump that it has paired with.
#[derive(Clone, Debug)]
pub struct KnownPump {
    /// Which pump.
    pub serial: Serial,
    /// Its device key.
    pub public: PublicKey,
    /// What pairing left.
    pub psk: Psk,
}

/// What came of a frame.
#[derive(Debug)]
pub enum Told<'f> {
    /// It changed nothing.
    PassedOver(PassedOver),
    /// The pump, or someone who says so, turned us away. Not authentic: tell people, try again, conclude nothing.
    TurnedAway {
        /// The reason given.
        why: Turned,
        /// The version that the pump says it speaks.
        version: u8,
    },
    /// The contact is open.
    Open,
    /// Paired: keep the pump, send the first so many bytes of `out`; the contact is open.
    Paired {
        /// What to keep.
        pump: KnownPump,
        /// How many bytes to send.
        send: usize,
    },
    /// An authentic message.
    Message(&'f [u8]),
}

// A handshake is larger than a session; an asker has one contact at a time and no heap to move it to.
#[allow(clippy::large_enum_variant)]
enum State {
    Pairing { handshake: Handshake, serial: Serial },
    Greeting(Handshake),
    BenchGreeting,
    Open(Session),
}

/// One contact with one pump.
pub struct Contact {
    id: SessionId,
    role: Role,
    began: Instant,
    state: State,
}

/// How an asker names itself and its contact.
#[derive(Clone, Copy, Debug)]
pub struct Opening {
    /// A number for the contact, drawn at random so that it meets no other.
    pub id: SessionId,
    /// In which role it speaks.
    pub role: Role,
}

impl Contact {
    /// Begins a pairing with the pump whose card was read. Returns the contact and how many bytes of `out` to send.
    ///
    /// # Errors
    /// [`HandshakeFault::Misused`] if `out` is too small.
    pub fn pair(
        now: Instant,
        opening: Opening,
        secret: &SecretKey,
        serial: Serial,
        card: &CardSecret,
        ephemeral: Entropy,
        out: &mut [u8],
    ) -> Result<(Self, usize), HandshakeFault> {
        let Opening { id, role } = opening;
        let binding = Binding { purpose: Purpose::Pairing, role, serial, session: id };
        let psk = noise::pairing_psk(card, serial);
        let material = Material { end: End::Asker, own: secret, other: None, psk: &psk, ephemeral };
        let mut handshake = Handshake::begin(&binding, material)?;
        let mut first = [0u8; noise_len::PAIR_1];
        handshake.write(&mut first)?;
        let header = Header { kind: Kind::PairHello, session: id, counter: 0 };
        let parts: [&[u8]; 3] = [&[role.code()], &serial.0.to_le_bytes(), &first];
        let len = header.frame(&parts, out).ok_or(HandshakeFault::Misused)?;
        Ok((Self { id, role, began: now, state: State::Pairing { handshake, serial } }, len))
    }

    /// Says hello to a pump that was paired with. Returns the contact and how many bytes of `out` to send.
    ///
    /// # Errors
    /// [`HandshakeFault::Misused`] if `out` is too small.
    pub fn open(
        now: Instant,
        opening: Opening,
        secret: &SecretKey,
        pump: &KnownPump,
        ephemeral: Entropy,
        out: &mut [u8],
    ) -> Result<(Self, usize), HandshakeFault> {
        let Opening { id, role } = opening;
        let binding = Binding { purpose: Purpose::Contact, role, serial: pump.serial, session: id };
        let material = Material { end: End::Asker, own: secret, other: Some(&pump.public), psk: &pump.psk, ephemeral };
        let mut handshake = Handshake::begin(&binding, material)?;
        let mut first = [0u8; noise_len::CONTACT_1];
        handshake.write(&mut first)?;
        let hint = noise::hint(&pump.psk, pump.serial, &first);
        let header = Header { kind: Kind::Hello, session: id, counter: 0 };
        let parts: [&[u8]; 4] = [&[role.code()], &pump.serial.0.to_le_bytes(), &hint, &first];
        let len = header.frame(&parts, out).ok_or(HandshakeFault::Misused)?;
        Ok((Self { id, role, began: now, state: State::Greeting(handshake) }, len))
    }

    /// Says hello without cryptography, as the peer at place `number`: mass simulation only; an implant turns it away.
    ///
    /// # Errors
    /// [`HandshakeFault::Misused`] if `out` is too small.
    pub fn open_on_the_bench(
        now: Instant,
        opening: Opening,
        serial: Serial,
        number: u8,
        out: &mut [u8],
    ) -> Result<(Self, usize), HandshakeFault> {
        let Opening { id, role } = opening;
        let header = Header { kind: Kind::BenchHello, session: id, counter: 0 };
        let parts: [&[u8]; 3] = [&[role.code()], &serial.0.to_le_bytes(), &[number]];
        let len = header.frame(&parts, out).ok_or(HandshakeFault::Misused)?;
        Ok((Self { id, role, began: now, state: State::BenchGreeting }, len))
    }

    /// The contact's number on air.
    pub fn id(&self) -> SessionId {
        self.id
    }

    /// Whether messages can be sent now.
    pub fn is_open(&self, now: Instant) -> bool {
        matches!(&self.state, State::Open(session) if session.over(now).is_none())
    }

    /// Whether the contact is over at `now`, and why.
    pub fn over(&self, now: Instant) -> Option<Over> {
        match &self.state {
            State::Open(session) => session.over(now),
            State::Pairing { .. } | State::Greeting(_) | State::BenchGreeting => {
                (now.since(self.began) >= UNPROVED_MAX).then_some(Over::Unproved)
            }
        }
    }

    /// Takes one whole frame.
    pub fn hear<'f>(&mut self, now: Instant, frame: &'f mut [u8], out: &mut [u8]) -> Told<'f> {
        let header = match Header::read(frame) {
            Ok(header) => header,
            Err(why) => return Told::PassedOver(why.into()),
        };
        if header.kind == Kind::Turned {
            return self.turned(header, frame);
        }
        if header.session != self.id {
            return Told::PassedOver(PassedOver::NoContact(header.session));
        }
        if let Some(why) = self.over(now) {
            return Told::PassedOver(PassedOver::Over(why));
        }
        let body = frame.get(HEADER_LEN..).unwrap_or(&[]);
        let progress = match (&mut self.state, header.kind) {
            (State::Open(session), Kind::Sealed) => {
                return match session.take(now, frame) {
                    Ok(message) => Told::Message(message),
                    Err(why) => Told::PassedOver(why),
                };
            }
            (State::Pairing { handshake, serial }, Kind::PairAnswer) => {
                paired(now, self.id, self.role, *serial, handshake, body, out)
            }
            (State::Greeting(handshake), Kind::HelloAnswer) => greeted(now, self.id, self.role, handshake, body),
            (State::BenchGreeting, Kind::BenchAnswer) => {
                Ok((Session::bench(now, self.id, self.role, true), Told::Open))
            }
            (_, kind) => return Told::PassedOver(PassedOver::NotExpected(kind)),
        };
        match progress {
            Ok((session, told)) => {
                self.state = State::Open(session);
                told
            }
            Err(why) => Told::PassedOver(why.into()),
        }
    }

    /// Reads why we were turned away. A pump that cannot read our version cannot read our number either, and answers to number 0.
    fn turned(&self, header: Header, frame: &[u8]) -> Told<'static> {
        if header.session != self.id && header.session != SessionId(0) {
            return Told::PassedOver(PassedOver::NoContact(header.session));
        }
        let Some(&[code, version]) = frame.get(HEADER_LEN..).and_then(|body| body.first_chunk::<2>()) else {
            return Told::PassedOver(
                Malformed::TooShort { len: frame.len(), need: HEADER_LEN.saturating_add(2) }.into(),
            );
        };
        match Turned::from_code(code) {
            Ok(why) => Told::TurnedAway { why, version },
            Err(why) => Told::PassedOver(why.into()),
        }
    }

    /// Seals `message` into a frame in `out`; its length.
    ///
    /// # Errors
    /// [`NotSent`]; nothing is to be sent.
    pub fn send(&mut self, now: Instant, message: &[u8], out: &mut [u8]) -> Result<usize, NotSent> {
        match &mut self.state {
            State::Open(session) => session.send(now, message, out),
            State::Pairing { .. } | State::Greeting(_) | State::BenchGreeting => Err(NotSent::NoContact),
        }
    }
}

fn greeted(
    now: Instant,
    id: SessionId,
    role: Role,
    handshake: &Handshake,
    body: &[u8],
) -> Result<(Session, Told<'static>), HandshakeFault> {
    // On a copy: a forged answer must not spoil the true one's turn.
    let mut handshake = handshake.clone();
    handshake.read(body)?;
    Ok((Session::sealed(now, id, role, End::Asker, handshake.finish()?, true), Told::Open))
}

fn paired(
    now: Instant,
    id: SessionId,
    role: Role,
    serial: Serial,
    handshake: &Handshake,
    body: &[u8],
    out: &mut [u8],
) -> Result<(Session, Told<'static>), HandshakeFault> {
    let mut handshake = handshake.clone();
    handshake.read(body)?;
    let mut third = [0u8; noise_len::PAIR_3];
    handshake.write(&mut third)?;
    let header = Header { kind: Kind::PairFinish, session: id, counter: 0 };
    let send = header.frame(&[&third], out).ok_or(HandshakeFault::Misused)?;
    let keys = handshake.finish()?;
    let pump = KnownPump { serial, public: keys.other, psk: keys.contact_psk.clone() };
    Ok((Session::sealed(now, id, role, End::Asker, keys, true), Told::Paired { pump, send }))
}
