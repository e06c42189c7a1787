//! A pump's end and an asker's end on one table, and the words in which the stories are told.
#![allow(dead_code, reason = "each test binary uses its part")]

use orders::Instant;
use telemetry::budget::Budget;
use telemetry::contact::{Contact, KnownPump, Opening, Told};
use telemetry::limits::{FRAME_MAX, PEERS_MAX};
use telemetry::noise::{self, Entropy};
use telemetry::peer::{CardSecret, Peer, Psk, Role, SecretKey, Serial};
use telemetry::session::NotSent;
use telemetry::sessions::{Around, Heard, Identity, Place, Seals, Sessions, Turned};
use telemetry::wire::SessionId;

pub const SERIAL: Serial = Serial(0x4E50_0000_0000_0001);
pub const HANDSET_SECRET: SecretKeyBytes = [0x11; 32];
pub const PUMP_SECRET: SecretKeyBytes = [0x22; 32];
pub const CARD: [u8; 16] = *b"card of a person";
pub type SecretKeyBytes = [u8; 32];

pub fn s(seconds: u64) -> Instant {
    Instant::new(seconds * 1_000)
}

pub fn handset() -> SecretKey {
    SecretKey(HANDSET_SECRET)
}

pub fn card() -> CardSecret {
    CardSecret(CARD)
}

pub fn opening(id: u32, role: Role) -> Opening {
    Opening { id: SessionId(id), role }
}

/// A pump with its table of peers; randomness is a counter, so every run is alike.
pub struct PumpEnd {
    pub identity: Identity,
    pub sessions: Sessions,
    pub peers: [Option<Peer>; PEERS_MAX],
    pub budget: Budget,
    pub presence: bool,
    pub draws: u8,
}

/// What the pump's end did, with its own copy of the bytes.
#[derive(Debug, PartialEq)]
pub enum Did {
    PassedOver,
    TurnedAway(Turned, Vec<u8>),
    Answered(Vec<u8>),
    Paired(Place),
    Heard(Place, Vec<u8>),
}

impl PumpEnd {
    pub fn new() -> Self {
        Self::with(Seals::SealedOnly)
    }

    pub fn with(seals: Seals) -> Self {
        Self {
            identity: Identity { serial: SERIAL, secret: SecretKey(PUMP_SECRET), card: card() },
            sessions: Sessions::new(seals),
            peers: [const { None }; PEERS_MAX],
            budget: Budget::full(s(0)),
            presence: false,
            draws: 0x80,
        }
    }

    /// A pump that already knows the handset, at place 0, in `role`, and what the handset keeps of it.
    pub fn that_knows_the_handset_as(role: Role) -> (Self, KnownPump) {
        let mut pump = Self::new();
        let psk = Psk([0x33; 32]);
        pump.peers[0] = Some(Peer {
            public: noise::public(&handset()),
            role,
            psk: psk.clone(),
            request_id_last: 0,
            label: [0; 16],
        });
        let known = KnownPump { serial: SERIAL, public: noise::public(&pump.identity.secret), psk };
        (pump, known)
    }

    pub fn hears(&mut self, now: Instant, frame: &[u8]) -> Did {
        self.draws = self.draws.wrapping_add(1);
        let mut entropy = Some(Entropy([self.draws; 32]));
        self.hears_with(now, frame, &mut entropy)
    }

    pub fn hears_with(&mut self, now: Instant, frame: &[u8], entropy: &mut Option<Entropy>) -> Did {
        let mut frame = frame.to_vec();
        let mut out = [0u8; FRAME_MAX];
        let mut around = Around {
            identity: &self.identity,
            peers: &self.peers,
            presence: self.presence,
            entropy,
            budget: &mut self.budget,
        };
        match self.sessions.hear(now, &mut around, &mut frame, &mut out) {
            Heard::PassedOver(_) => Did::PassedOver,
            Heard::TurnedAway { why, answer } => Did::TurnedAway(why, out[..answer].to_vec()),
            Heard::Answer(len) => Did::Answered(out[..len].to_vec()),
            Heard::Message { place, message } => Did::Heard(place, message.to_vec()),
            Heard::Paired { place, peer } => {
                self.peers[0] = Some(peer);
                self.sessions.name(place, 0);
                Did::Paired(place)
            }
        }
    }

    pub fn says(&mut self, now: Instant, place: Place, message: &[u8]) -> Vec<u8> {
        let mut out = [0u8; FRAME_MAX];
        let len = self.tries_to_say(now, place, message, &mut out).unwrap();
        out[..len].to_vec()
    }

    pub fn tries_to_say(
        &mut self,
        now: Instant,
        place: Place,
        message: &[u8],
        out: &mut [u8],
    ) -> Result<usize, NotSent> {
        let mut around = Around {
            identity: &self.identity,
            peers: &self.peers,
            presence: self.presence,
            entropy: &mut None,
            budget: &mut self.budget,
        };
        self.sessions.send(now, &mut around, place, message, out)
    }
}

/// Says hello.
pub fn hello(now: Instant, id: u32, role: Role, pump: &KnownPump) -> (Contact, Vec<u8>) {
    let mut out = [0u8; FRAME_MAX];
    let ephemeral = Entropy([id as u8; 32]);
    let (contact, len) = Contact::open(now, opening(id, role), &handset(), pump, ephemeral, &mut out).unwrap();
    (contact, out[..len].to_vec())
}

/// The asker takes a frame that opens the contact.
pub fn opens(contact: &mut Contact, now: Instant, frame: &[u8]) {
    let mut frame = frame.to_vec();
    let told = contact.hear(now, &mut frame, &mut [0; FRAME_MAX]);
    assert!(matches!(told, Told::Open), "{told:?}");
}

/// The asker sends a message.
pub fn asks(contact: &mut Contact, now: Instant, message: &[u8]) -> Vec<u8> {
    let mut out = [0u8; FRAME_MAX];
    let len = contact.send(now, message, &mut out).unwrap();
    out[..len].to_vec()
}

/// What the asker reads in a frame.
pub fn reads(contact: &mut Contact, now: Instant, frame: &[u8]) -> Option<Vec<u8>> {
    let mut frame = frame.to_vec();
    match contact.hear(now, &mut frame, &mut [0; FRAME_MAX]) {
        Told::Message(message) => Some(message.to_vec()),
        Told::PassedOver(_) | Told::TurnedAway { .. } | Told::Open | Told::Paired { .. } => None,
    }
}

/// An open contact, proved by a first question.
pub fn open_contact(now: Instant, role: Role) -> (PumpEnd, Contact, Place) {
    let (mut pump, known) = PumpEnd::that_knows_the_handset_as(role);
    let (mut contact, first) = hello(now, 7, role, &known);
    let Did::Answered(answer) = pump.hears(now, &first) else { panic!("no answer") };
    opens(&mut contact, now, &answer);
    let question = asks(&mut contact, now, b"first");
    let Did::Heard(place, _) = pump.hears(now, &question) else { panic!("not heard") };
    (pump, contact, place)
}
