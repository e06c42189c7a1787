//! The pump's end: a handful of contacts at once, who may open one, and why others are turned away.
//!
//! ```text
//!   free --PairHello, presence--> pairing --PairFinish, card--> open, proved
//!    |                                                             ^
//!    +--Hello of a known peer--> open, unproved --first sealed frame
//! ```
//!
//! A place falls free when its contact is over ([`crate::session::Over`]). A hello is a recording until a sealed frame proves otherwise: an unproved contact
//! lasts [`crate::limits::UNPROVED_MAX`], displaces nobody who is proved, and no message comes out of it. When it is proved, an earlier contact of the same peer ends.
//!
//! A contact's second handshake message is a function of what the pump was given, so a pairing keeps 80 bytes between its messages and works out the rest again.

use crate::budget::{Budget, Cost};
use crate::limits::{CONTACTS_MAX, HEADER_LEN, UNPROVED_MAX};
use crate::noise::{self, Binding, End, Entropy, Finished, Handshake, HandshakeFault, Material, Purpose};
use crate::peer::{CardSecret, Peer, Role, SecretKey, Serial};
use crate::session::{NotSent, PassedOver, Session};
use crate::wire::{HINT_LEN, Header, Kind, Malformed, SessionId, VERSION, noise_len};
use orders::{Duration, Instant};

/// Why a pump turned a frame away. Told in the clear, so a hint for people; a machine acts on it only by beginning again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turned {
    /// The pump speaks another version (told beside).
    Version,
    /// This is another pump.
    Serial,
    /// The peer is enrolled in another role.
    Role,
    /// No peer of this pump made this hello.
    UnknownPeer,
    /// Pairing needs presence at the skin.
    NoPresence,
    /// The radio's budget for today is used up.
    Budget,
    /// No place, or no fresh randomness yet: try again.
    Busy,
    /// A proved contact already has this number: choose another.
    NumberInUse,
    /// No contact of this number is open (any more): say hello again.
    NoContact,
    /// This pump takes no contact without cryptography.
    BenchRefused,
    /// The handshake failed: another card, another key, or altered on the way.
    NotAuthentic,
}

const TURNED: [(u8, Turned); 11] = [
    (1, Turned::Version),
    (2, Turned::Serial),
    (3, Turned::Role),
    (4, Turned::UnknownPeer),
    (5, Turned::NoPresence),
    (6, Turned::Budget),
    (7, Turned::Busy),
    (8, Turned::NumberInUse),
    (9, Turned::NoContact),
    (10, Turned::BenchRefused),
    (11, Turned::NotAuthentic),
];

impl Turned {
    /// The code on the wire.
    pub fn code(self) -> u8 {
        TURNED.iter().find(|(_, why)| *why == self).map_or(0, |(code, _)| *code)
    }

    /// The reason with this code.
    ///
    /// # Errors
    /// [`Malformed::Reason`] with the byte.
    pub fn from_code(code: u8) -> Result<Self, Malformed> {
        TURNED.iter().find(|(known, _)| *known == code).map(|(_, why)| *why).ok_or(Malformed::Reason { got: code })
    }
}

/// Who this pump is. The implant keeps it.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Its serial number.
    pub serial: Serial,
    /// Its device key.
    pub secret: SecretKey,
    /// The secret on its card.
    pub card: CardSecret,
}

/// What the pump knows and has at the moment a frame comes in.
pub struct Around<'a> {
    /// Who this pump is.
    pub identity: &'a Identity,
    /// Whom it knows, by place.
    pub peers: &'a [Option<Peer>],
    /// Whether presence was felt within [`crate::limits::PRESENCE_LASTS`].
    pub presence: bool,
    /// Fresh randomness, taken out if a handshake uses it.
    pub entropy: &'a mut Option<Entropy>,
    /// The radio's accounts.
    pub budget: &'a mut Budget,
}

/// The place of a contact in the table; good until the contact is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(u8);

impl Place {
    /// The place as a number, 0 to [`CONTACTS_MAX`] - 1.
    pub fn number(self) -> u8 {
        self.0
    }
}

/// What came of a frame.
#[derive(Debug)]
pub enum Heard<'f> {
    /// Nothing is done and nothing is sent.
    PassedOver(PassedOver),
    /// Turned away: send the first `answer` bytes of `out`.
    TurnedAway {
        /// Why.
        why: Turned,
        /// How many bytes to send; 0 if even that is over budget.
        answer: usize,
    },
    /// A handshake goes on: send the first so many bytes of `out`.
    Answer(usize),
    /// Someone with the card, at the skin, has paired. Keep the peer first (which fills its `place` in the table of peers), then name it with [`Sessions::name`].
    Paired {
        /// Where its contact stands.
        place: Place,
        /// The record to keep.
        peer: Peer,
    },
    /// An authentic message.
    Message {
        /// Where its contact stands.
        place: Place,
        /// The message.
        message: &'f [u8],
    },
}

/// Whether contacts without cryptography are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seals {
    /// Never: every implant.
    SealedOnly,
    /// Taken as well: a pump of the mass simulation.
    BenchToo,
}

enum Slot {
    Free,
    Pairing { id: SessionId, role: Role, since: Instant, ephemeral: Entropy, first: [u8; noise_len::PAIR_1] },
    Open { session: Session, peer: Option<u8> },
}

/// The pump's contacts.
pub struct Sessions {
    slots: [Slot; CONTACTS_MAX],
    seals: Seals,
}

/// A frame led to no contact: passed over in silence, or turned away with a reason.
enum No {
    Silent(PassedOver),
    Told(Turned),
}

impl From<PassedOver> for No {
    fn from(why: PassedOver) -> Self {
        No::Silent(why)
    }
}

impl From<HandshakeFault> for No {
    fn from(fault: HandshakeFault) -> Self {
        match fault {
            HandshakeFault::NotAuthentic => No::Told(Turned::NotAuthentic),
            HandshakeFault::Misused => No::Silent(PassedOver::Misused),
        }
    }
}

enum Yes {
    Answer(usize),
    Paired(Place, Peer),
    Message(Place, usize),
}

impl Sessions {
    /// No contact open.
    pub const fn new(seals: Seals) -> Self {
        Self { slots: [const { Slot::Free }; CONTACTS_MAX], seals }
    }

    /// Takes one whole frame. `out` needs [`crate::limits::FRAME_MAX`] bytes.
    pub fn hear<'f>(
        &mut self,
        now: Instant,
        around: &mut Around<'_>,
        frame: &'f mut [u8],
        out: &mut [u8],
    ) -> Heard<'f> {
        self.expire(now);
        let (session, result) = match Header::read(frame) {
            Ok(header) => (header.session, self.hear_frame(now, around, header, frame, out)),
            Err(Malformed::Version { .. }) => (SessionId(0), Err(No::Told(Turned::Version))),
            Err(why) => (SessionId(0), Err(No::Silent(why.into()))),
        };
        match result {
            Ok(Yes::Answer(len)) => Heard::Answer(len),
            Ok(Yes::Paired(place, peer)) => Heard::Paired { place, peer },
            Ok(Yes::Message(place, len)) => {
                let message = frame.get(HEADER_LEN..HEADER_LEN.saturating_add(len)).unwrap_or(&[]);
                Heard::Message { place, message }
            }
            Err(No::Silent(why)) => Heard::PassedOver(why),
            Err(No::Told(why)) => Heard::TurnedAway { why, answer: turn_away(now, around, session, why, out) },
        }
    }

    fn hear_frame(
        &mut self,
        now: Instant,
        around: &mut Around<'_>,
        header: Header,
        frame: &mut [u8],
        out: &mut [u8],
    ) -> Result<Yes, No> {
        match header.kind {
            Kind::Sealed => self.hear_sealed(now, header, frame),
            Kind::Hello => self.hear_hello(now, around, header, frame, out),
            Kind::PairHello => self.hear_pair_hello(now, around, header, frame, out),
            Kind::PairFinish => self.hear_pair_finish(now, around, header, frame),
            Kind::BenchHello => self.hear_bench_hello(now, around, header, frame, out),
            Kind::PairAnswer | Kind::HelloAnswer | Kind::Turned | Kind::BenchAnswer => {
                Err(PassedOver::NotExpected(header.kind).into())
            }
        }
    }

    #[inline(never)]
    fn hear_sealed(&mut self, now: Instant, header: Header, frame: &mut [u8]) -> Result<Yes, No> {
        let mut found = None;
        for (number, slot) in (0u8..).zip(&mut self.slots) {
            if let Slot::Open { session, peer } = slot
                && session.id() == header.session
            {
                let was_proved = session.is_proved();
                let len = session.take(now, frame)?.len();
                found = Some((Place(number), len, peer.filter(|_| !was_proved)));
            }
        }
        let (place, len, newly_proved) = found.ok_or(No::Told(Turned::NoContact))?;
        if let Some(peer) = newly_proved {
            self.end_others_of(peer, place);
        }
        Ok(Yes::Message(place, len))
    }

    #[inline(never)]
    fn hear_hello(
        &mut self,
        now: Instant,
        around: &mut Around<'_>,
        header: Header,
        frame: &[u8],
        out: &mut [u8],
    ) -> Result<Yes, No> {
        let claim = Claim::read(frame, around.identity.serial)?;
        let (hint, message) = claim.rest.split_at_checked(HINT_LEN).ok_or(PassedOver::Misused)?;
        let serial = around.identity.serial;
        let (number, peer) = (0u8..)
            .zip(around.peers)
            .find_map(|(number, peer)| {
                peer.as_ref().filter(|p| noise::hint_matches(&p.psk, serial, message, hint)).map(|p| (number, p))
            })
            .ok_or(No::Told(Turned::UnknownPeer))?;
        if peer.role != claim.role {
            return Err(No::Told(Turned::Role));
        }
        let place = self.place_for(header.session)?;
        let ephemeral = handshake_may_begin(now, around)?;
        let binding = Binding { purpose: Purpose::Contact, role: claim.role, serial, session: header.session };
        let material = Material {
            end: End::Pump,
            own: &around.identity.secret,
            other: Some(&peer.public),
            psk: &peer.psk,
            ephemeral,
        };
        let mut handshake = Handshake::begin(&binding, material)?;
        handshake.read(message)?;
        let mut answer = [0u8; noise_len::CONTACT_2];
        handshake.write(&mut answer)?;
        let keys = handshake.finish()?;
        let session = Session::sealed(now, header.session, claim.role, End::Pump, keys, false);
        let len = write_frame(Kind::HelloAnswer, header.session, &answer, out)?;
        self.put(place, Slot::Open { session, peer: Some(number) });
        Ok(Yes::Answer(len))
    }

    #[inline(never)]
    fn hear_pair_hello(
        &mut self,
        now: Instant,
        around: &mut Around<'_>,
        header: Header,
        frame: &[u8],
        out: &mut [u8],
    ) -> Result<Yes, No> {
        let claim = Claim::read(frame, around.identity.serial)?;
        if !around.presence {
            return Err(No::Told(Turned::NoPresence));
        }
        let first = <[u8; noise_len::PAIR_1]>::try_from(claim.rest).map_err(|_| PassedOver::Misused)?;
        let place = self.place_for(header.session)?;
        let ephemeral = handshake_may_begin(now, around)?;
        let again = Entropy(ephemeral.0);
        let mut answer = [0u8; noise_len::PAIR_2];
        begin_pairing(around.identity, claim.role, header.session, ephemeral, &first, &mut answer)?;
        let len = write_frame(Kind::PairAnswer, header.session, &answer, out)?;
        let slot = Slot::Pairing { id: header.session, role: claim.role, since: now, ephemeral: again, first };
        self.put(place, slot);
        Ok(Yes::Answer(len))
    }

    #[inline(never)]
    fn hear_pair_finish(
        &mut self,
        now: Instant,
        around: &mut Around<'_>,
        header: Header,
        frame: &[u8],
    ) -> Result<Yes, No> {
        if !around.presence {
            return Err(No::Told(Turned::NoPresence));
        }
        let (number, role, ephemeral, first) = (0u8..)
            .zip(&self.slots)
            .find_map(|(number, slot)| match slot {
                Slot::Pairing { id, role, ephemeral, first, .. } if *id == header.session => {
                    Some((number, *role, Entropy(ephemeral.0), *first))
                }
                Slot::Free | Slot::Pairing { .. } | Slot::Open { .. } => None,
            })
            .ok_or(No::Told(Turned::NoContact))?;
        spend_handshake(now, around)?;
        let mut answer = [0u8; noise_len::PAIR_2];
        let mut handshake = begin_pairing(around.identity, role, header.session, ephemeral, &first, &mut answer)?;
        // A finish that fails leaves the pairing as it was: the true one may still come.
        //= requirements/telemetry.md#pairing
        //# The pump MUST pair a peer only with presence and the card's 128-bit secret.
        handshake.read(frame.get(HEADER_LEN..).unwrap_or(&[]))?;
        let keys = handshake.finish()?;
        let peer = enrolment(&keys, role);
        let session = Session::sealed(now, header.session, role, End::Pump, keys, true);
        self.put(Place(number), Slot::Open { session, peer: None });
        Ok(Yes::Paired(Place(number), peer))
    }

    #[inline(never)]
    fn hear_bench_hello(
        &mut self,
        now: Instant,
        around: &mut Around<'_>,
        header: Header,
        frame: &[u8],
        out: &mut [u8],
    ) -> Result<Yes, No> {
        if self.seals == Seals::SealedOnly {
            return Err(No::Told(Turned::BenchRefused));
        }
        let claim = Claim::read(frame, around.identity.serial)?;
        let &[number] = claim.rest else { return Err(PassedOver::Misused.into()) };
        let peer = around.peers.get(usize::from(number)).and_then(Option::as_ref);
        let peer = peer.ok_or(No::Told(Turned::UnknownPeer))?;
        if peer.role != claim.role {
            return Err(No::Told(Turned::Role));
        }
        let place = self.place_for(header.session)?;
        spend_handshake(now, around)?;
        let session = Session::bench(now, header.session, claim.role, false);
        let len = write_frame(Kind::BenchAnswer, header.session, &[], out)?;
        self.put(place, Slot::Open { session, peer: Some(number) });
        Ok(Yes::Answer(len))
    }

    /// A place for a new contact: that of an unproved one of the same number, a free one, or the oldest unproved one.
    fn place_for(&self, id: SessionId) -> Result<Place, No> {
        let mut best: Option<(u8, Place)> = None;
        let mut oldest: Option<(Instant, Place)> = None;
        for (number, slot) in (0u8..).zip(&self.slots) {
            let place = Place(number);
            let (theirs, proved, since) = match slot {
                Slot::Free => {
                    best = best.or(Some((1, place)));
                    continue;
                }
                Slot::Pairing { id, since, .. } => (*id, false, *since),
                Slot::Open { session, .. } => (session.id(), session.is_proved(), session.opened()),
            };
            if theirs == id {
                return if proved { Err(No::Told(Turned::NumberInUse)) } else { Ok(place) };
            }
            if !proved && oldest.is_none_or(|(at, _)| since < at) {
                oldest = Some((since, place));
            }
        }
        let place = best.map(|(_, place)| place).or(oldest.map(|(_, place)| place));
        place.ok_or(No::Told(Turned::Busy))
    }

    fn put(&mut self, place: Place, slot: Slot) {
        if let Some(at) = self.slots.get_mut(usize::from(place.0)) {
            *at = slot;
        }
    }

    fn end_others_of(&mut self, peer: u8, but: Place) {
        for (number, slot) in (0u8..).zip(&mut self.slots) {
            if number != but.0 && matches!(slot, Slot::Open { peer: Some(other), .. } if *other == peer) {
                *slot = Slot::Free;
            }
        }
    }

    /// Seals a message to whoever stands at `place`; the frame's length in `out`.
    ///
    /// # Errors
    /// [`NotSent`]; nothing is to be sent.
    pub fn send(
        &mut self,
        now: Instant,
        around: &mut Around<'_>,
        place: Place,
        message: &[u8],
        out: &mut [u8],
    ) -> Result<usize, NotSent> {
        match self.slots.get_mut(usize::from(place.0)) {
            Some(Slot::Open { session, .. }) => {
                // A hello alone gets no message: it may be a recording.
                if !session.is_proved() {
                    return Err(NotSent::NoContact);
                }
                if let Some(why) = session.over(now) {
                    return Err(NotSent::Over(why));
                }
                spend_answer(now, around, Cost::Answer).map_err(NotSent::Budget)?;
                session.send(now, message, out)
            }
            Some(Slot::Free | Slot::Pairing { .. }) | None => Err(NotSent::NoContact),
        }
    }

    /// The contact at `place` and the place of its peer in the table of peers, `None` between pairing and [`Sessions::name`].
    pub fn at(&self, place: Place) -> Option<(&Session, Option<u8>)> {
        match self.slots.get(usize::from(place.0))? {
            Slot::Open { session, peer } => Some((session, *peer)),
            Slot::Free | Slot::Pairing { .. } => None,
        }
    }

    /// Tells at which place in the table of peers a newly paired one was kept.
    pub fn name(&mut self, place: Place, number: u8) {
        if let Some(Slot::Open { peer, .. }) = self.slots.get_mut(usize::from(place.0)) {
            *peer = Some(number);
        }
        self.end_others_of(number, place);
    }

    /// Ends the contact at `place`.
    pub fn end(&mut self, place: Place) {
        self.put(place, Slot::Free);
    }

    /// Ends every contact of a peer: it was revoked, or its place was given to another.
    pub fn end_peer(&mut self, number: u8) {
        for slot in &mut self.slots {
            if matches!(slot, Slot::Open { peer: Some(other), .. } if *other == number) {
                *slot = Slot::Free;
            }
        }
    }

    /// Frees the places of contacts that are over.
    //= requirements/telemetry.md#never-holds-up-delivery
    //# A session MUST end at its time-outs, whatever the other end does.
    pub fn expire(&mut self, now: Instant) {
        for slot in &mut self.slots {
            let over = match slot {
                Slot::Free => false,
                Slot::Pairing { since, .. } => now.since(*since) >= UNPROVED_MAX,
                Slot::Open { session, .. } => session.over(now).is_some(),
            };
            if over {
                *slot = Slot::Free;
            }
        }
    }

    /// When [`Sessions::expire`] will next have something to do. Early is harmless; late keeps a place, and keys, a little longer.
    pub fn deadline(&self) -> Option<Instant> {
        let each = self.slots.iter().filter_map(|slot| match slot {
            Slot::Free => None,
            Slot::Pairing { since, .. } => Some(since.after(UNPROVED_MAX)),
            Slot::Open { session, .. } => Some(session.deadline()),
        });
        each.min()
    }
}

/// What a hello claims in the clear.
struct Claim<'a> {
    role: Role,
    rest: &'a [u8],
}

impl<'a> Claim<'a> {
    /// Reads role and serial from the front of a hello's body, and holds the serial against the pump's own.
    fn read(frame: &'a [u8], serial: Serial) -> Result<Self, No> {
        let body = frame.get(HEADER_LEN..).unwrap_or(&[]);
        let (role, rest) = body.split_first().ok_or(PassedOver::Misused)?;
        let role = Role::from_code(*role).map_err(PassedOver::Malformed)?;
        let (theirs, rest) = rest.split_first_chunk::<8>().ok_or(PassedOver::Misused)?;
        // The version was judged with the header; here no contact is opened at all, so nothing can be asked in one.
        //= requirements/telemetry.md#same-pump-same-language
        //# The pump MUST refuse every request but a read from a peer that names another serial or another version of the protocol.
        if Serial(u64::from_le_bytes(*theirs)) != serial {
            return Err(No::Told(Turned::Serial));
        }
        Ok(Self { role, rest })
    }
}

fn begin_pairing(
    identity: &Identity,
    role: Role,
    session: SessionId,
    ephemeral: Entropy,
    first: &[u8],
    answer: &mut [u8],
) -> Result<Handshake, HandshakeFault> {
    let binding = Binding { purpose: Purpose::Pairing, role, serial: identity.serial, session };
    let psk = noise::pairing_psk(&identity.card, identity.serial);
    let material = Material { end: End::Pump, own: &identity.secret, other: None, psk: &psk, ephemeral };
    let mut handshake = Handshake::begin(&binding, material)?;
    handshake.read(first)?;
    handshake.write(answer)?;
    Ok(handshake)
}

fn enrolment(keys: &Finished, role: Role) -> Peer {
    Peer { public: keys.other, role, psk: keys.contact_psk.clone(), request_id_last: 0, label: [0; 16] }
}

fn spend_handshake(now: Instant, around: &mut Around<'_>) -> Result<(), No> {
    let cost = if around.presence { Cost::HandshakeAtSkin } else { Cost::Handshake };
    around.budget.spend(now, cost).map_err(|_: Duration| No::Told(Turned::Budget))
}

//= requirements/telemetry.md#radio-budget
//# When the daily energy budget for wake-ups and handshakes is spent, the implant MUST answer only a peer with presence.
fn spend_answer(now: Instant, around: &mut Around<'_>, cost: Cost) -> Result<(), Duration> {
    if around.presence { Ok(()) } else { around.budget.spend(now, cost) }
}

fn handshake_may_begin(now: Instant, around: &mut Around<'_>) -> Result<Entropy, No> {
    if around.entropy.is_none() {
        return Err(No::Told(Turned::Busy));
    }
    spend_handshake(now, around)?;
    around.entropy.take().ok_or(No::Told(Turned::Busy))
}

fn write_frame(kind: Kind, session: SessionId, body: &[u8], out: &mut [u8]) -> Result<usize, No> {
    let header = Header { kind, session, counter: 0 };
    header.frame(&[body], out).ok_or(No::Silent(PassedOver::Misused))
}

fn turn_away(now: Instant, around: &mut Around<'_>, session: SessionId, why: Turned, out: &mut [u8]) -> usize {
    if spend_answer(now, around, Cost::TurnAway).is_err() {
        return 0;
    }
    let header = Header { kind: Kind::Turned, session, counter: 0 };
    header.frame(&[&[why.code(), VERSION]], out).unwrap_or(0)
}
