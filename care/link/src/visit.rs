//! One pump, contact by contact: reading, and asking until it is known what became of it.
//!
//! A request is on disk before it is on the air. One whose answer did not come is *unknown*, never failed: until it is
//! settled the visit sends nothing that changes the pump but that same request, under the same id.

use std::io;
use std::time::{Duration, Instant as Wall};

use orders::{Instant, Ledger, Prescription};
use telemetry::asker::{Action, Asker, NotBegun, Outcome};
use telemetry::card::Card;
use telemetry::contact::{Contact, Opening, Told};
use telemetry::limits::FRAME_MAX;
use telemetry::message::answer::{Accepted, Alarms, Battery, Device, Journal, Proposal, Refused, Status};
use telemetry::message::{Answer, Ask, Request, ask};
use telemetry::noise::Entropy;
use telemetry::peer::Serial;
use telemetry::sessions::Turned;
use telemetry::wire::SessionId;

use crate::keys::{self, KeyError, Keys, Paired};
use crate::tcp::Tcp;
use crate::words;

/// How long and how often.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For one answer.
    pub answer: Duration,
    /// Tries before a person is told that there is no answer.
    pub tries: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self { answer: Duration::from_secs(2), tries: 3 }
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// Nothing listens there.
    #[error("{address}: {why}; is the pump within reach there?")]
    Connect {
        /// Where.
        address: String,
        /// What the system says.
        why: io::Error,
    },
    /// The stream broke.
    #[error("the stream to the pump broke: {0}")]
    Stream(#[from] io::Error),
    /// Nothing was heard in time.
    #[error("the pump did not answer within {} ms, {tries} times", answer.as_millis())]
    Silence {
        /// How long each wait was.
        answer: Duration,
        /// How often.
        tries: u32,
    },
    /// The pump, or someone who says so, turned us away.
    #[error("turned away: {}", words::turned(*.0))]
    TurnedAway(Turned),
    /// An answer that is none.
    #[error("the pump answered something else than was asked ({0})")]
    Other(&'static str),
    /// Our own keys.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The record of what was asked cannot be read.
    #[error(
        "the record of what was asked of pump {serial} is damaged ({why}); pair anew, after reading the pump's record"
    )]
    Record {
        /// Which pump.
        serial: u64,
        /// What is wrong.
        why: String,
    },
    /// The request was not begun.
    #[error("not asked: {0}")]
    NotBegun(&'static str),
    /// A request made earlier is still open.
    #[error(
        "request {id}, made earlier, is not known yet: it may have been done. Ask again when the pump is within reach; \
         nothing else is sent before that"
    )]
    Open {
        /// Its id.
        id: u64,
    },
}

/// What became of a request.
#[derive(Debug)]
pub enum Settled {
    /// Done; for a bolus, begun.
    Accepted(Accepted),
    /// Understood; to be compared and signed.
    Proposal(Box<Proposal>),
    /// Not done, for these reasons.
    Refused(Box<Refused>),
    /// The pump could not read it: message part and field.
    NotRead {
        /// Code of the part.
        part: u8,
        /// Number of the field.
        field: u8,
    },
    /// Not known yet. It may have been done; asking again under the same id tells.
    Unknown {
        /// Its id.
        id: u64,
    },
    /// The pump itself does not know any more: a person compares its record with what was asked.
    Unresolved {
        /// The id asked about.
        id: u64,
        /// The highest id that the pump has seen from this device.
        last: u64,
        /// The number of its last dose.
        last_dose: u64,
    },
}

/// One pump.
pub struct Visit<'k> {
    keys: &'k Keys,
    paired: Paired,
    patience: Patience,
    began: Wall,
    tcp: Option<(Tcp, Contact)>,
    asker: Asker,
    /// The last request that was settled, as it was sent: what a proposal's digest is of.
    settled: Vec<u8>,
}

impl<'k> Visit<'k> {
    /// Pairs this device with the pump of a card, by the card's secret and with presence at the skin, and keeps what
    /// pairing left.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub fn pair(address: &str, keys: &'k Keys, card: &Card, patience: Patience) -> Result<Self, NoAnswer> {
        let began = Wall::now();
        let mut out = [0; FRAME_MAX];
        let mut tcp = connect(address, patience)?;
        let opening = opening(keys)?;
        let fresh = Entropy(keys::fresh()?);
        let begun = Contact::pair(Instant::ZERO, opening, &keys.secret, card.serial, &card.secret, fresh, &mut out);
        let (mut contact, length) = begun.map_err(|_| NoAnswer::NotBegun("the pairing could not be begun"))?;
        tcp.send(&out[..length])?;
        let until = began + patience.answer;
        while let Some(mut frame) = tcp.receive(until)? {
            match contact.hear(since(began), &mut frame, &mut out) {
                Told::Paired { pump, send } => {
                    tcp.send(&out[..send])?;
                    let paired = Paired { pump, address: address.into() };
                    let asker = Asker::after(0);
                    let mut visit =
                        Self { keys, paired, patience, began, tcp: Some((tcp, contact)), asker, settled: Vec::new() };
                    // Only a sealed answer proves that it was this pump's card: nothing is kept before, so that a wrong
                    // card spoils no pairing that was there.
                    visit.status()?;
                    keys.keep_pump(&visit.paired.pump, address)?;
                    return Ok(visit);
                }
                Told::TurnedAway { why, .. } => return Err(NoAnswer::TurnedAway(why)),
                Told::PassedOver(_) | Told::Open | Told::Message(_) => {}
            }
        }
        Err(NoAnswer::Silence { answer: patience.answer, tries: 1 })
    }

    /// A visit to a pump that was paired with. Nothing is sent yet. `address` in place of where it was paired.
    ///
    /// # Errors
    /// [`NoAnswer::Keys`], [`NoAnswer::Record`].
    pub fn to(
        keys: &'k Keys,
        serial: Option<u64>,
        address: Option<&str>,
        patience: Patience,
    ) -> Result<Self, NoAnswer> {
        let mut paired = keys.pump(serial)?;
        if let Some(address) = address {
            paired.address = address.into();
        }
        let serial = paired.pump.serial;
        let asker = match keys.asked(serial)? {
            Some(record) => {
                Asker::restore(&record).map_err(|why| NoAnswer::Record { serial: serial.0, why: format!("{why:?}") })?
            }
            None => Asker::after(0),
        };
        Ok(Self { keys, paired, patience, began: Wall::now(), tcp: None, asker, settled: Vec::new() })
    }

    /// Which pump.
    pub fn serial(&self) -> Serial {
        self.paired.pump.serial
    }

    /// Ends the contact; the next question opens another.
    pub fn hang_up(&mut self) {
        self.tcp = None;
    }

    fn open(&mut self) -> Result<(), NoAnswer> {
        let now = since(self.began);
        if self.tcp.as_ref().is_some_and(|(_, contact)| contact.is_open(now)) {
            return Ok(());
        }
        self.tcp = None;
        let mut out = [0; FRAME_MAX];
        let mut tcp = connect(&self.paired.address, self.patience)?;
        let fresh = Entropy(keys::fresh()?);
        let begun = Contact::open(now, opening(self.keys)?, &self.keys.secret, &self.paired.pump, fresh, &mut out);
        let (mut contact, length) = begun.map_err(|_| NoAnswer::NotBegun("the contact could not be begun"))?;
        tcp.send(&out[..length])?;
        let until = Wall::now() + self.patience.answer;
        while let Some(mut frame) = tcp.receive(until)? {
            match contact.hear(since(self.began), &mut frame, &mut out) {
                Told::Open => {
                    self.tcp = Some((tcp, contact));
                    return Ok(());
                }
                Told::TurnedAway { why, .. } => return Err(NoAnswer::TurnedAway(why)),
                Told::PassedOver(_) | Told::Paired { .. } | Told::Message(_) => {}
            }
        }
        Err(self.silence())
    }

    fn silence(&self) -> NoAnswer {
        NoAnswer::Silence { answer: self.patience.answer, tries: self.patience.tries }
    }

    /// Sends one message in an open contact and waits for one that answers.
    fn exchange(&mut self, message: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        self.open()?;
        let answer = self.exchange_open(message);
        if answer.is_err() {
            // A pump that restarted knows nothing of the contact: the next try says hello again.
            self.tcp = None;
        }
        answer
    }

    fn exchange_open(&mut self, message: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        let (began, patience) = (self.began, self.patience);
        let silence = || NoAnswer::Silence { answer: patience.answer, tries: patience.tries };
        let Some((tcp, contact)) = &mut self.tcp else { return Err(silence()) };
        let mut out = [0; FRAME_MAX];
        let length = contact.send(since(began), message, &mut out);
        let length = length.map_err(|_| NoAnswer::NotBegun("the message does not fit one frame"))?;
        tcp.send(&out[..length])?;
        let until = Wall::now() + patience.answer;
        while let Some(mut frame) = tcp.receive(until)? {
            match contact.hear(since(began), &mut frame, &mut out) {
                Told::Message(answer) => return Ok(answer.to_vec()),
                Told::TurnedAway { why, .. } => return Err(NoAnswer::TurnedAway(why)),
                Told::PassedOver(_) | Told::Open | Told::Paired { .. } => {}
            }
        }
        Err(silence())
    }

    /// Asks a question that only reads, again if it must; the answer's bytes.
    ///
    /// # Errors
    /// [`NoAnswer`]. That nothing listens, and that the pump turns us away, is told at once.
    pub fn read(&mut self, ask: Ask<'_>) -> Result<Vec<u8>, NoAnswer> {
        let mut bytes = [0; 64];
        let length = Request { ask, stamp: None }.encode(&mut bytes);
        let length = length.ok_or(NoAnswer::NotBegun("this request may change the pump; it is not read"))?;
        let mut tries = 1;
        loop {
            match self.exchange(&bytes[..length]) {
                Err(NoAnswer::Silence { .. } | NoAnswer::Stream(_)) if tries < self.patience.tries => tries += 1,
                // A pump that restarted has forgotten the contact that we thought was open.
                Err(NoAnswer::TurnedAway(Turned::NoContact | Turned::Busy | Turned::NumberInUse))
                    if tries < self.patience.tries =>
                {
                    tries += 1;
                }
                other => return other,
            }
        }
    }
}

/// What a pump tells, read and understood.
impl Visit<'_> {
    /// State, rates, volumes and numbers at this moment.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub fn status(&mut self) -> Result<Status, NoAnswer> {
        match Answer::decode(&self.read(Ask::ReadStatus(ask::ReadStatus {}))?) {
            Ok(Answer::Status(status)) => Ok(status),
            Ok(_) | Err(_) => Err(NoAnswer::Other("its status was asked for")),
        }
    }

    /// The order that runs; `None` before the first.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub fn running(&mut self) -> Result<Option<Prescription>, NoAnswer> {
        match Answer::decode(&self.read(Ask::ReadPrescription(ask::ReadPrescription {}))?) {
            Ok(Answer::Running(running)) => match running.order.map(|order| Prescription::decode(order.0)) {
                None => Ok(None),
                Some(Ok(order)) => Ok(Some(order)),
                Some(Err(_)) => Err(NoAnswer::Other("its order does not read")),
            },
            Ok(_) | Err(_) => Err(NoAnswer::Other("its order was asked for")),
        }
    }

    /// The fluid ledger.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub fn ledger(&mut self) -> Result<Ledger, NoAnswer> {
        match Answer::decode(&self.read(Ask::ReadLedger(ask::ReadLedger {}))?) {
            Ok(Answer::Fluid(fluid)) => {
                Ledger::decode(fluid.ledger.0).map_err(|_| NoAnswer::Other("its ledger does not read"))
            }
            Ok(_) | Err(_) => Err(NoAnswer::Other("its ledger was asked for")),
        }
    }

    /// The active alarms.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub fn alarms(&mut self) -> Result<Alarms, NoAnswer> {
        match Answer::decode(&self.read(Ask::ReadAlarms(ask::ReadAlarms {}))?) {
            Ok(Answer::Alarms(alarms)) => Ok(alarms),
            Ok(_) | Err(_) => Err(NoAnswer::Other("its alarms were asked for")),
        }
    }

    /// Serial number, model, volumes, versions.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub fn device(&mut self) -> Result<Device, NoAnswer> {
        match Answer::decode(&self.read(Ask::ReadDevice(ask::ReadDevice {}))?) {
            Ok(Answer::Device(device)) => Ok(device),
            Ok(_) | Err(_) => Err(NoAnswer::Other("its model was asked for")),
        }
    }

    /// The cell.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub fn battery(&mut self) -> Result<Battery, NoAnswer> {
        match Answer::decode(&self.read(Ask::ReadBattery(ask::ReadBattery {}))?) {
            Ok(Answer::Battery(battery)) => Ok(battery),
            Ok(_) | Err(_) => Err(NoAnswer::Other("its battery was asked for")),
        }
    }

    /// The journal from a running number on, unopened, `RECORD_LEN` bytes a record: what came, and where to go on. `told`
    /// hears each part: the numbers lost before it, its first number, its records.
    ///
    /// # Errors
    /// [`NoAnswer`]; what `told` heard is good.
    pub fn journal(&mut self, from: u64, mut told: impl FnMut(u64, u64, &[u8])) -> Result<u64, NoAnswer> {
        let mut sync = telemetry::journal::Sync::from(from);
        loop {
            let bytes = self.read(sync.question())?;
            let Ok(Answer::Journal(part)) = Answer::decode(&bytes) else {
                return Err(NoAnswer::Other("its journal was asked for"));
            };
            let is_empty = part.records.0.is_empty();
            let part: Journal<'_> = part;
            let fetched = sync.take(&part).map_err(|_| NoAnswer::Other("its journal contradicts itself"))?;
            told(fetched.lost, fetched.first, fetched.records);
            if !fetched.more || is_empty {
                return Ok(sync.next());
            }
        }
    }

    fn nonce(&mut self) -> Result<[u8; 8], NoAnswer> {
        match Answer::decode(&self.read(Ask::ReadNonce(ask::ReadNonce {}))?) {
            Ok(Answer::Nonce(nonce)) => Ok(nonce.nonce),
            Ok(_) | Err(_) => Err(NoAnswer::Other("a nonce was asked for")),
        }
    }
}

/// Asking for something that may change the pump.
impl Visit<'_> {
    /// The request made earlier whose outcome is not known: its id and the code of its message.
    pub fn open_request(&self) -> Option<(u64, u8)> {
        self.asker.open().map(|(id, request)| (id, request.ask.code()))
    }

    /// The last request that was settled, as it was sent.
    pub fn settled_request(&self) -> &[u8] {
        &self.settled
    }

    /// Asks, and asks on under the same id until it is settled or patience ends.
    ///
    /// # Errors
    /// [`NoAnswer`] if nothing was asked; once a request is on its way every end of it is a [`Settled`].
    /// [`NoAnswer::Open`] while an earlier request is open: see [`Visit::pursue`].
    pub fn ask(&mut self, ask: Ask<'_>) -> Result<Settled, NoAnswer> {
        if let Some((id, _)) = self.open_request() {
            return Err(NoAnswer::Open { id });
        }
        let status = self.status()?;
        let nonce = self.nonce()?;
        self.begin(ask, status.last_dose, status.request_last, nonce)?;
        self.pursue()
    }

    /// Enrols a clinician's key, with proof that the card is at hand.
    ///
    /// # Errors
    /// As [`Visit::ask`].
    pub fn enrol(&mut self, clinician: &crate::Clinician, card: &Card) -> Result<Settled, NoAnswer> {
        if let Some((id, _)) = self.open_request() {
            return Err(NoAnswer::Open { id });
        }
        let status = self.status()?;
        let nonce = self.nonce()?;
        let (key, author) = (clinician.public(), clinician.author);
        // The proof is over the nonce of this very request.
        let proof = telemetry::sign::card_proof(&card.secret, card.serial, &nonce, &key, author);
        let enrol = Ask::EnrolClinician(ask::EnrolClinician { key, author, proof });
        self.begin(enrol, status.last_dose, status.request_last, nonce)?;
        self.pursue()
    }

    fn begin(&mut self, ask: Ask<'_>, last_dose: u64, seen: u64, nonce: [u8; 8]) -> Result<(), NoAnswer> {
        // Where the record on disk was lost, ids go on above the highest that the pump has seen.
        let mut forgotten = Asker::after(seen);
        if self.keys.asked(self.serial())?.is_none() {
            std::mem::swap(&mut self.asker, &mut forgotten);
        }
        self.asker.ask(ask, last_dose, nonce).map(|_| ()).map_err(|why| match why {
            NotBegun::OutcomeOpen { id } => NoAnswer::Open { id },
            NotBegun::NotStamped => NoAnswer::NotBegun("this only reads"),
            NotBegun::TooLong => NoAnswer::NotBegun("it does not fit one message"),
            NotBegun::NoIds => NoAnswer::NotBegun("all numbers are used up; pair anew"),
        })
    }

    /// Sends the open request until it is settled or patience ends. Call it as well for one that was left open earlier:
    /// the pump does at most once what carries the same id.
    ///
    /// # Errors
    /// [`NoAnswer::Keys`] if the record cannot be kept: then nothing was sent. [`NoAnswer::NotBegun`] if none is open.
    pub fn pursue(&mut self) -> Result<Settled, NoAnswer> {
        let Some((id, _)) = self.open_request() else { return Err(NoAnswer::NotBegun("no request is open")) };
        let mut settled = Settled::Unknown { id };
        for _ in 0..self.patience.tries {
            self.asker.again();
            while let Some(message) = self.next_message()? {
                let Ok(answer) = self.exchange(&message) else {
                    self.asker.link_lost();
                    break;
                };
                if let Some(now) = self.heard(id, &answer) {
                    self.settled = message;
                    settled = now;
                }
            }
            if !matches!(settled, Settled::Unknown { .. }) {
                break;
            }
        }
        // The record as it stands now, before anybody hears of it.
        while self.next_message()?.is_some() {}
        Ok(settled)
    }

    /// A person has read in the pump's record what became of a request that the pump no longer answers for.
    ///
    /// # Errors
    /// [`NoAnswer::Keys`].
    pub fn resolved_by_a_person(&mut self, id: u64) -> Result<(), NoAnswer> {
        self.asker.resolved_by_a_person(id);
        while self.next_message()?.is_some() {}
        Ok(())
    }

    //= requirements/programmer.md#intent-kept
    //# The programmer MUST store a request and its id before sending it.
    fn next_message(&mut self) -> Result<Option<Vec<u8>>, NoAnswer> {
        let serial = self.serial();
        loop {
            match self.asker.poll() {
                None => return Ok(None),
                Some(Action::Keep(record)) => self.keys.keep_asked(serial, record)?,
                Some(Action::Send(message)) => return Ok(Some(message.to_vec())),
            }
        }
    }

    fn heard(&mut self, id: u64, answer: &[u8]) -> Option<Settled> {
        Some(match self.asker.hear(answer).ok()?? {
            Outcome::Accepted(Answer::Accepted(accepted)) => Settled::Accepted(accepted),
            Outcome::Accepted(Answer::Proposal(proposal)) => Settled::Proposal(Box::new(proposal)),
            Outcome::Refused(Answer::Refused(refused)) => Settled::Refused(Box::new(refused)),
            Outcome::Refused(Answer::NotRead(not)) => Settled::NotRead { part: not.part, field: not.field },
            Outcome::Unresolved { last, last_dose } => Settled::Unresolved { id, last, last_dose },
            Outcome::Accepted(_) | Outcome::Refused(_) | Outcome::Unknown => return None,
        })
    }
}

fn connect(address: &str, patience: Patience) -> Result<Tcp, NoAnswer> {
    Tcp::connect(address, patience.answer).map_err(|why| NoAnswer::Connect { address: address.into(), why })
}

fn opening(keys: &Keys) -> Result<Opening, NoAnswer> {
    let [a, b, c, d, ..] = keys::fresh()?;
    Ok(Opening { id: SessionId(u32::from_le_bytes([a, b, c, d])), role: keys.role })
}

/// The contact's own clock: ms since the visit began.
fn since(began: Wall) -> Instant {
    Instant::new(u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX))
}
