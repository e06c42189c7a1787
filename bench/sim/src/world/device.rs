//! What a person holds: its keys, its contact with the pump, and the asking end that never asks twice.
//!
//! Answers for one device's state. What is said is `people`'s affair; how long to wait for an answer stands here.

use orders::Instant;
use telemetry::asker::Asker;
use telemetry::contact::{Contact, KnownPump, Opening, Told};
use telemetry::limits::FRAME_MAX;
use telemetry::noise::Entropy;
use telemetry::peer::{CardSecret, SecretKey, Serial};
use telemetry::sessions::Turned;
use telemetry::wire::SessionId;

use super::{Seals, World};
use crate::radio::Way;
use crate::rng::Chance;
use crate::scenario::act::Who;

/// How long a device waits for an answer on the radio, ms.
const ANSWER_WAIT: u64 = 2_000;

/// How often a device says hello before it gives up.
const HELLOS: u32 = 4;

/// A commit that was signed and not yet sent.
#[derive(Clone)]
pub(super) struct Signed {
    pub digest: telemetry::sign::Digest,
    pub signatures: u8,
    pub what: super::programming::Proposed,
}

/// One device in one hand.
pub(super) struct Device {
    pub who: Who,
    /// Its link on the radio.
    pub link: u8,
    secret: SecretKey,
    pub serial: Serial,
    pub card: CardSecret,
    /// The clinician's signing key; never leaves the hand.
    pub signing: [u8; 32],
    pub pump: Option<KnownPump>,
    /// Its place in the pump's table of peers.
    pub place: u8,
    contact: Option<Contact>,
    contacts: u32,
    pub asker: Asker,
    /// The last frame that carried a message, as recorded by whoever listens.
    pub recorded: Vec<u8>,
    /// The last request that was settled, for one who repeats it and for what was signed.
    pub repeated: Vec<u8>,
    pub signed: Option<Signed>,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoAnswer {
    /// Nothing was heard in time.
    Silence,
    /// The pump turned the device away.
    TurnedAway(Turned),
    /// The device has never paired.
    NotPaired,
}

impl Device {
    pub(super) fn new(who: Who, serial: Serial, card: CardSecret, chance: &mut Chance) -> Self {
        let mut draw = || {
            let mut bytes = [0u8; 32];
            chance.fill(&mut bytes);
            bytes
        };
        let (secret, signing) = (SecretKey(draw()), draw());
        let link = Who::ALL.iter().position(|one| *one == who).unwrap_or(0);
        Self {
            who,
            link: u8::try_from(link).unwrap_or(0),
            secret,
            serial,
            card,
            signing,
            pump: None,
            place: 0,
            contact: None,
            contacts: 0,
            asker: Asker::after(0),
            recorded: Vec::new(),
            repeated: Vec::new(),
            signed: None,
        }
    }

    /// A number for the next contact that meets no other of this world.
    fn opening(&mut self) -> Opening {
        self.contacts += 1;
        Opening { id: SessionId(u32::from(self.link) << 24 | self.contacts), role: self.who.role() }
    }
}

impl World<'_> {
    pub(super) fn device(&mut self, who: Who) -> &mut Device {
        &mut self.devices[Who::ALL.iter().position(|one| *one == who).unwrap_or(0)]
    }

    fn fresh(&mut self) -> Entropy {
        let mut bytes = [0u8; 32];
        self.entropy.fill(&mut bytes);
        Entropy(bytes)
    }

    /// Pairs the device with the pump.
    pub(super) fn pair(&mut self, who: Who) -> Result<(), NoAnswer> {
        let now = Instant::new(self.now);
        let ephemeral = self.fresh();
        let device = self.device(who);
        let opening = device.opening();
        let mut out = [0u8; FRAME_MAX];
        let begun = Contact::pair(now, opening, &device.secret, device.serial, &device.card, ephemeral, &mut out);
        let Ok((contact, length)) = begun else { return Err(NoAnswer::Silence) };
        device.contact = Some(contact);
        let link = device.link;
        self.radio.send(self.now, Way::ToPump, link, &out[..length]);
        self.await_open(who)?;
        let place = self.paired;
        self.paired += 1;
        self.device(who).place = place;
        Ok(())
    }

    /// Opens a contact, unless one is open.
    pub(super) fn open(&mut self, who: Who) -> Result<(), NoAnswer> {
        let seals = self.seals;
        let mut why = NoAnswer::Silence;
        for _ in 0..HELLOS {
            let now = Instant::new(self.now);
            if self.device(who).contact.as_ref().is_some_and(|contact| contact.is_open(now)) {
                return Ok(());
            }
            let ephemeral = self.fresh();
            let device = self.device(who);
            let opening = device.opening();
            let Some(pump) = &device.pump else { return Err(NoAnswer::NotPaired) };
            let mut out = [0u8; FRAME_MAX];
            let begun = match seals {
                Seals::Sealed => Contact::open(now, opening, &device.secret, pump, ephemeral, &mut out),
                Seals::Null => Contact::open_on_the_bench(now, opening, pump.serial, device.place, &mut out),
            };
            let Ok((contact, length)) = begun else { return Err(NoAnswer::Silence) };
            device.contact = Some(contact);
            let link = device.link;
            self.radio.send(self.now, Way::ToPump, link, &out[..length]);
            match self.await_open(who) {
                Ok(()) => return Ok(()),
                Err(no) => why = no,
            }
        }
        Err(why)
    }

    /// The device puts its contact down.
    pub(super) fn hang_up(&mut self, who: Who) {
        self.device(who).contact = None;
    }

    fn await_open(&mut self, who: Who) -> Result<(), NoAnswer> {
        let until = self.now + ANSWER_WAIT;
        let mut out = [0u8; FRAME_MAX];
        while let Some(mut frame) = self.await_frame(who, until) {
            let now = Instant::new(self.now);
            let device = self.device(who);
            let Some(contact) = &mut device.contact else { break };
            match contact.hear(now, &mut frame, &mut out) {
                Told::Open => return Ok(()),
                Told::Paired { pump, send } => {
                    device.pump = Some(pump);
                    device.asker = Asker::after(0);
                    let link = device.link;
                    self.radio.send(self.now, Way::ToPump, link, &out[..send]);
                    return Ok(());
                }
                Told::TurnedAway { why, .. } => {
                    device.contact = None;
                    return Err(NoAnswer::TurnedAway(why));
                }
                Told::PassedOver(_) | Told::Message(_) => {}
            }
        }
        self.hang_up(who);
        Err(NoAnswer::Silence)
    }

    /// The next frame for a device, while the world goes on; `None` if none came before `until`.
    fn await_frame(&mut self, who: Who, until: u64) -> Option<Vec<u8>> {
        let link = self.device(who).link;
        loop {
            if let Some(place) = self.inbox.iter().position(|(to, _)| *to == link) {
                return self.inbox.remove(place).map(|(_, frame)| frame);
            }
            if self.now >= until {
                return None;
            }
            self.advance(until);
        }
    }

    /// Sends one message in an open contact and waits for one that answers.
    pub(super) fn exchange(&mut self, who: Who, message: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        self.open(who)?;
        let link = self.device(who).link;
        // What came after an earlier question was given up answers nothing now.
        self.inbox.retain(|(to, _)| *to != link);
        let now = Instant::new(self.now);
        let device = self.device(who);
        let mut out = [0u8; FRAME_MAX];
        let sent = device.contact.as_mut().map(|contact| contact.send(now, message, &mut out));
        let Some(Ok(length)) = sent else {
            self.hang_up(who);
            return Err(NoAnswer::Silence);
        };
        device.recorded = out[..length].to_vec();
        self.radio.send(self.now, Way::ToPump, link, &out[..length]);
        let until = self.now + ANSWER_WAIT;
        while let Some(mut frame) = self.await_frame(who, until) {
            let now = Instant::new(self.now);
            let Some(contact) = &mut self.device(who).contact else { break };
            match contact.hear(now, &mut frame, &mut out) {
                Told::Message(answer) => return Ok(answer.to_vec()),
                Told::TurnedAway { why, .. } => {
                    self.hang_up(who);
                    return Err(NoAnswer::TurnedAway(why));
                }
                Told::PassedOver(_) | Told::Open | Told::Paired { .. } => {}
            }
        }
        // A pump that restarted knows nothing of the contact: the next try says hello again.
        self.hang_up(who);
        Err(NoAnswer::Silence)
    }

    /// Sends bytes that are no part of any contact, and lets the world go on for a while.
    pub(super) fn send_raw(&mut self, who: Who, bytes: &[u8]) {
        let link = self.device(who).link;
        self.radio.send(self.now, Way::ToPump, link, bytes);
        self.advance_until(self.now + ANSWER_WAIT);
        self.inbox.retain(|(to, _)| *to != link);
    }
}
