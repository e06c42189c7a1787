//! The desk: frames in, one reply out, and the pump asked in between.
//!
//! This file answers for who is heard (presence, the radio's budget, strangers) and for the way of a request: read it,
//! look for its id, admit it, act, keep the answer. What each request does stands in `asks`, what is told in `tell`.
//! A session holds nothing up: nothing here waits, and a frame that comes while a reply is on its way is not taken.

use orders::{AlarmId, Duration, Instant, Reason, Refusal, Refusals};
use pump::Pump;
use pump::alarms::Peer as By;
use pump::events::{Ask as Asked, Event};
use telemetry::budget::{Budget, Cost};
use telemetry::limits::PRESENCE_LASTS;
use telemetry::message::answer::{Ended, NotRead, Refused, Unknown};
use telemetry::message::permission::admit;
use telemetry::message::{Answer, Ask, Request, Stamp};
use telemetry::noise::Entropy;
use telemetry::peer::{Peer, Role};
use telemetry::session::{NotSent, PassedOver};
use telemetry::sessions::{Around, Heard, Identity, Place, Seals, Sessions, Turned};

use crate::asks;
use crate::implant::Provision;
use crate::io::Link;
use crate::people::{Kept, People};
use crate::proposals::{Nonces, Proposals};
use crate::slot::Bank;
use crate::tell;

/// Frames of nobody known, within [`REJECTED_WITHIN`], that are told as an alarm.
pub const REJECTED_MAX: u16 = 10;
/// How long such frames count, and how long the alarm lasts after the last of them.
pub const REJECTED_WITHIN: Duration = Duration::from_hours(1);
/// In the journal a clinician's key is peer 16 and up, in this role.
pub(crate) const CLINICIANS_FROM: u8 = 16;
/// See [`CLINICIANS_FROM`].
pub(crate) const CLINICIAN_ROLE: u8 = 16;

/// What is to be sent once everything before it is durable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reply {
    None,
    /// A whole frame.
    Frame {
        link: Link,
        length: usize,
    },
    /// A message still to be sealed; with `keep`, still to be stored.
    Message {
        link: Link,
        place: Place,
        length: usize,
        keep: Option<Keep>,
    },
    /// An answer that was kept lies in the store.
    Stored {
        link: Link,
        place: Place,
        peer: u8,
        bank: Bank,
        asked: bool,
    },
    /// Journal records are read one by one.
    Records {
        link: Link,
        place: Place,
        records: Records,
    },
}

/// An answer that is stored before it is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Keep {
    pub peer: u8,
    pub bank: Bank,
    pub kept: Kept,
}

/// Journal records on their way into an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Records {
    /// The number that was asked for.
    pub asked: u64,
    /// The number of the first record told.
    pub first: u32,
    /// How many are told, and how many are there already.
    pub count: u8,
    pub have: u8,
    /// Whether the read of the next one was asked for.
    pub waiting: bool,
}

/// What became of a reading.
#[expect(clippy::large_enum_variant, reason = "an answer lies in place: there is no allocation to box it with")]
pub(crate) enum Outcome {
    Told(Answer<'static>),
    /// Bytes of a message were written.
    Written(usize),
    Records(Records),
}

/// Why a request is refused, and whether the pump has written it down.
pub(crate) enum No {
    Noted(Refusals),
    New(Refusals),
}

impl From<Refusal> for No {
    fn from(refusal: Refusal) -> Self {
        No::New(refusal.into())
    }
}

/// Everything of the implant but its buffers and the order of its writes.
pub(crate) struct Desk {
    pub pump: Pump,
    pub identity: Identity,
    pub software: [u8; 3],
    pub image: [u8; 8],
    pub raw: u64,
    pub second_ms: u64,
    pub people: People,
    pub sessions: Sessions,
    pub budget: Budget,
    pub entropy: Option<Entropy>,
    pub nonces: Nonces,
    pub proposals: Proposals,
    pub reply: Reply,
    /// The peer whose id must be durable before what it asked for takes effect.
    pub mark: Option<u8>,
    /// Peers whose record is to be written, as bits, and whether the clinicians' is.
    pub peers_due: u8,
    pub clinicians_due: bool,
    /// Whether a contact may be open: its time-outs are looked at only then.
    pub contacts: bool,
    pub is_here: bool,
    pub here_last: Option<Instant>,
    /// The number of the contact whose opening was last written down, by place.
    greeted: [u32; telemetry::limits::CONTACTS_MAX],
    rejected: u16,
    rejected_at: Instant,
    budget_alarm: bool,
    /// The last journal record that was told, until its reader asks for the next.
    pub told_to: Option<u32>,
}

impl Desk {
    /// The parts are made where they will lie: what is made elsewhere and moved takes its room on the stack twice.
    pub fn new(provision: Provision) -> Self {
        let Provision { device, serial, secret, card, journal, software, image, bench } = provision;
        Self {
            pump: Pump::new(device, journal),
            identity: Identity { serial, secret, card },
            software,
            image,
            raw: 0,
            second_ms: 0,
            people: People::nobody(),
            sessions: Sessions::new(if bench { Seals::BenchToo } else { Seals::SealedOnly }),
            budget: Budget::full(Instant::ZERO),
            entropy: None,
            nonces: Nonces::new(),
            proposals: Proposals::none(),
            reply: Reply::None,
            mark: None,
            peers_due: 0,
            clinicians_due: false,
            contacts: false,
            is_here: false,
            here_last: None,
            greeted: [0; telemetry::limits::CONTACTS_MAX],
            rejected: 0,
            rejected_at: Instant::ZERO,
            budget_alarm: false,
            told_to: None,
        }
    }

    pub fn now(&mut self) -> Instant {
        self.pump.now(self.raw)
    }

    /// Whether anything but the pump has something to do.
    pub fn is_busy(&self) -> bool {
        self.reply != Reply::None || self.peers_due != 0 || self.clinicians_due
    }

    /// Near-field presence came or went.
    pub fn presence(&mut self, is_here: bool) {
        if self.is_here || is_here {
            self.here_last = Some(self.now());
        }
        self.is_here = is_here;
    }

    /// Whether presence was felt lately.
    pub fn present(&mut self) -> bool {
        let now = self.now();
        self.is_here || self.here_last.is_some_and(|last| now.since(last) < PRESENCE_LASTS)
    }

    /// Takes the frame in `frame`; a reply, if there is one, lies in `out`: a frame from its beginning, a message after
    /// `head` bytes.
    #[inline(never)]
    pub fn hear(&mut self, link: Link, frame: &mut [u8], out: &mut [u8], head: usize) {
        let now = self.now();
        let presence = self.present();
        if !presence && !is_sealed(frame) && self.budget.spend(now, Cost::WakeUp).is_err() {
            return self.over_budget();
        }
        let mut around = Around {
            identity: &self.identity,
            peers: &self.people.peers,
            presence,
            entropy: &mut self.entropy,
            budget: &mut self.budget,
        };
        self.contacts = true;
        match self.sessions.hear(now, &mut around, frame, out) {
            Heard::PassedOver(PassedOver::NotAuthentic) => self.rejected(now),
            // Noise on the air, a repeat, a contact that is over: nothing to say and nothing to do.
            Heard::PassedOver(_) => {}
            Heard::TurnedAway { why, answer } => {
                self.turned_away(now, why);
                if answer > 0 {
                    self.reply = Reply::Frame { link, length: answer };
                }
            }
            Heard::Answer(length) => {
                self.budget_is_back();
                self.reply = Reply::Frame { link, length };
            }
            Heard::Paired { place, peer } => self.paired(place, peer),
            Heard::Message { place, message } => {
                let Some(text) = out.get_mut(head..) else { return };
                self.message(link, place, message, text);
            }
        }
    }

    fn turned_away(&mut self, now: Instant, why: Turned) {
        match why {
            Turned::Budget => self.over_budget(),
            Turned::UnknownPeer | Turned::Role | Turned::NoPresence | Turned::BenchRefused | Turned::NotAuthentic => {
                self.rejected(now);
            }
            // Mistakes and crossings of honest devices.
            Turned::Version | Turned::Serial | Turned::Busy | Turned::NumberInUse | Turned::NoContact => {}
        }
    }

    fn rejected(&mut self, now: Instant) {
        self.rejected = self.rejected.saturating_add(1);
        self.rejected_at = now;
        // Written down at the first and at each tenth: a stranger must not fill the journal.
        if self.rejected == 1 || self.rejected.is_multiple_of(REJECTED_MAX) {
            self.pump.log(self.raw, Event::SessionFailed { count: self.rejected });
        }
        if self.rejected == REJECTED_MAX {
            self.pump.raise(self.raw, AlarmId::TelemetryRejected);
        }
    }

    /// Time passed: contacts end at their time-outs, and an alarm of the radio's heals.
    pub fn tick(&mut self) {
        if self.contacts {
            let now = self.now();
            self.sessions.expire(now);
            self.contacts = self.sessions.deadline().is_some();
        }
        if self.rejected == 0 {
            return;
        }
        let now = self.now();
        if now.since(self.rejected_at) >= REJECTED_WITHIN {
            self.rejected = 0;
            self.pump.cause_gone(self.raw, AlarmId::TelemetryRejected);
        }
    }

    /// When [`Desk::tick`] has something to do: a contact's time-out, or the end of an alarm of the radio's.
    pub fn deadline(&self) -> Option<Instant> {
        let contacts = if self.contacts { self.sessions.deadline() } else { None };
        let quiet = (self.rejected > 0).then(|| self.rejected_at.after(REJECTED_WITHIN));
        [contacts, quiet].into_iter().flatten().min()
    }

    fn over_budget(&mut self) {
        if !self.budget_alarm {
            self.budget_alarm = true;
            self.pump.log(self.raw, Event::RadioBudget { contacts: 0 });
            self.pump.raise(self.raw, AlarmId::RadioBudget);
        }
    }

    fn budget_is_back(&mut self) {
        if self.budget_alarm {
            self.budget_alarm = false;
            self.pump.cause_gone(self.raw, AlarmId::RadioBudget);
        }
    }

    /// Somebody at the skin with the card has paired.
    #[inline(never)]
    fn paired(&mut self, place: Place, peer: Peer) {
        let Some(number) = self.people.place_of(&peer) else {
            self.note(Asked::Peers, &Refusal::plain(Reason::Full));
            self.sessions.end(place);
            return;
        };
        self.pump.log(self.raw, Event::PeerEnrolled { peer: By(number), role: peer.role.code() });
        self.people.forget_answers(number);
        if let Some(slot) = self.people.peer_mut(number) {
            *slot = Some(peer);
        }
        self.peers_due |= bit(number);
        self.sessions.name(place, number);
    }

    #[inline(never)]
    fn message(&mut self, link: Link, place: Place, message: &[u8], text: &mut [u8]) {
        let Some((session, Some(peer))) = self.sessions.at(place) else { return };
        let (role, id) = (session.role(), session.id().0);
        if let Some(greeted) = self.greeted.get_mut(usize::from(place.number()))
            && *greeted != id
        {
            *greeted = id;
            self.pump.contact_made();
            self.pump.log(self.raw, Event::SessionOpened { peer: By(peer) });
        }
        let request = match Request::decode(message) {
            Ok(request) => request,
            Err(bad) => {
                let id = Request::id_of(message);
                let answer = Answer::NotRead(NotRead { part: bad.part, field: bad.field, wrong: bad.wrong, id });
                self.reply = told(link, place, &answer, text, None);
                return;
            }
        };
        self.reply = match request.stamp {
            None => self.reading(link, place, peer, role, &request.ask, text),
            Some(stamp) => self.stamped(link, place, (peer, role), &request, stamp, message, text),
        };
    }

    #[inline(never)]
    fn reading(&mut self, link: Link, place: Place, peer: u8, role: Role, ask: &Ask, text: &mut [u8]) -> Reply {
        let presence = self.present();
        let outcome = match admit(role, presence, ask) {
            Ok(_) => tell::tell(self, peer, ask, text),
            Err(refusal) => {
                self.note(Asked::Other, &refusal);
                let now = self.now();
                Some(Outcome::Told(Answer::Refused(Refused::of(0, now, &refusal.into()))))
            }
        };
        match outcome {
            Some(Outcome::Told(answer)) => told(link, place, &answer, text, None),
            Some(Outcome::Written(length)) => Reply::Message { link, place, length, keep: None },
            Some(Outcome::Records(records)) => Reply::Records { link, place, records },
            None => Reply::None,
        }
    }

    /// A request that may change something: by its id first, then by who asks, then by the pump.
    #[expect(clippy::too_many_arguments, reason = "who asks, what, by which way, and where the answer goes")]
    #[inline(never)]
    fn stamped(
        &mut self,
        link: Link,
        place: Place,
        (peer, role): (u8, Role),
        request: &Request,
        stamp: Stamp,
        message: &[u8],
        text: &mut [u8],
    ) -> Reply {
        let last = self.people.id_last(peer);
        //= requirements/telemetry.md#rising-ids
        //# The pump MUST execute a request only when its id is higher than every id that it has seen from that peer.
        if stamp.id <= last {
            //= requirements/telemetry.md#rising-ids
            //# The pump MUST answer a repeated id with the stored answer.
            if let Some(bank) = self.people.kept_answer(peer, stamp.id) {
                return Reply::Stored { link, place, peer, bank, asked: false };
            }
            //= requirements/telemetry.md#rising-ids
            //# The pump MUST answer an old id whose answer it no longer holds with unknown, the last id and the last dose.
            let answer = Answer::Unknown(Unknown { id: stamp.id, last, last_dose: self.pump.last_dose() });
            return told(link, place, &answer, text, None);
        }
        let now = self.now();
        let (answer, ended, reason) = match self.judged(peer, role, request, stamp, message) {
            Ok(answer) => (answer, Ended::Accepted, None),
            Err(no) => {
                let refusals = self.noted(asks::kind(&request.ask), no);
                let reason = refusals.iter().next().map(|refusal| refusal.reason);
                (Answer::Refused(Refused::of(stamp.id, now, &refusals)), Ended::Refused, reason)
            }
        };
        if ended == Ended::Accepted {
            self.mark = Some(peer);
        }
        if let Some(Some(peer)) = self.people.peer_mut(peer) {
            peer.request_id_last = stamp.id;
        }
        //= requirements/telemetry.md#answer-stored-first
        //# The implant MUST store the answer with the acceptance before the first stroke and keep it until its peer has acknowledged it.
        let kept = Kept { id: stamp.id, ended, reason, at: now };
        let keep = Keep { peer, bank: self.people.answer_bank(peer), kept };
        told(link, place, &answer, text, Some(keep))
    }

    #[inline(never)]
    fn judged(
        &mut self,
        peer: u8,
        role: Role,
        request: &Request,
        stamp: Stamp,
        message: &[u8],
    ) -> Result<Answer<'static>, No> {
        let now = self.now();
        let presence = self.present();
        admit(role, presence, &request.ask)?;
        self.nonces.check(now, peer, stamp.nonce)?;
        asks::act(self, peer, request, stamp, message)
    }

    /// Writes refusals down that the pump has not written.
    fn noted(&mut self, ask: Asked, no: No) -> Refusals {
        match no {
            No::Noted(refusals) => refusals,
            No::New(refusals) => {
                refusals.iter().for_each(|refusal| self.note(ask, refusal));
                refusals
            }
        }
    }

    pub fn note(&mut self, ask: Asked, refusal: &Refusal) {
        let now = self.now();
        let wait = refusal.wait(now).unwrap_or(Duration::ZERO);
        let (reason, field, value) = (refusal.reason, refusal.field, refusal.value);
        self.pump.log(self.raw, Event::Refused { ask, reason, field, value, wait });
    }

    /// Seals a message into `out`; its length, or `None` if it may not be sent (any more).
    pub fn seal(&mut self, place: Place, message: &[u8], out: &mut [u8]) -> Option<usize> {
        let now = self.now();
        let presence = self.present();
        let mut around = Around {
            identity: &self.identity,
            peers: &self.people.peers,
            presence,
            entropy: &mut self.entropy,
            budget: &mut self.budget,
        };
        match self.sessions.send(now, &mut around, place, message, out) {
            Ok(length) => Some(length),
            Err(NotSent::Budget(_)) => {
                self.over_budget();
                None
            }
            Err(NotSent::Over(_) | NotSent::NoContact | NotSent::TooLong { .. } | NotSent::NoRoom) => None,
        }
    }
}

/// A peer's bit in [`Desk::peers_due`].
pub(crate) fn bit(place: u8) -> u8 {
    1u8.checked_shl(u32::from(place)).unwrap_or(0)
}

fn is_sealed(frame: &[u8]) -> bool {
    frame.get(1).is_some_and(|kind| *kind == telemetry::wire::Kind::Sealed.code())
}

fn told(link: Link, place: Place, answer: &Answer, text: &mut [u8], keep: Option<Keep>) -> Reply {
    match answer.encode(text) {
        Some(length) => Reply::Message { link, place, length, keep },
        None => Reply::None,
    }
}
