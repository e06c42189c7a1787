//! Refusals: a request not granted, with its reason. Expected, logged, and shown in the same words everywhere.

use core::fmt;

use heapless::Vec;

use crate::bounds::Field;
use crate::mixture::Drug;
use crate::quantity::{Duration, Instant};

/// Most reasons one answer carries; further ones are counted.
pub const REASONS_MAX: usize = 12;

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $words:literal;)*) => {
        /// Why something was refused. The codes are part of the format and never change.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u8)]
        pub enum Reason { $($(#[$doc])* $name = $code,)* }

        impl Reason {
            /// Every reason, in the order of the codes.
            pub const ALL: &'static [Reason] = &[$(Reason::$name,)*];

            /// The words the pump logs and every page shows.
            pub const fn words(self) -> &'static str {
                match self { $(Reason::$name => $words,)* }
            }
        }
    };
}

reasons! {
    /// A field is outside its bounds.
    OutOfBounds = 1, "outside its bounds";
    /// A field that must be stated is blank.
    Missing = 2, "must be stated";
    /// Two fields contradict each other.
    Contradiction = 3, "contradicts another field";
    /// The document is not one of ours, or is damaged.
    Malformed = 4, "the document is damaged or of another version";
    /// Basal, whole allotment, one bucket and one stroke exceed a ceiling.
    OverCeiling = 5, "basal with every allotted bolus would pass the ceiling";
    /// The device cannot do it or its factory limit forbids it.
    FactoryLimit = 6, "beyond the limit of the device";
    /// The pump, path and new fluid would hold more than four drugs at once.
    TooManyDrugs = 7, "more than four drugs would be in pump and path at once";

    /// Patient bolus: the order has none.
    BolusNotOrdered = 10, "no patient bolus is ordered";
    /// Patient bolus: within the lockout.
    Lockout = 11, "lockout";
    /// Patient bolus: every allotted bolus of the last 24 h was given.
    Allotment = 12, "all boluses of the last 24 h have been given";
    /// A ceiling would be passed within the hour.
    Ceiling1h = 13, "the ceiling for one hour would be passed";
    /// A ceiling would be passed within four hours.
    Ceiling4h = 14, "the ceiling for four hours would be passed";
    /// A ceiling would be passed within 24 hours.
    Ceiling24h = 15, "the ceiling for 24 hours would be passed";
    /// Boluses are off for a day after a start, a prime, an increase or a gap.
    BolusHold = 16, "boluses are off for a day after a start, a prime, an increase or a gap";
    /// A bolus is being given.
    BolusRunning = 17, "a bolus is being given";
    /// A prime is being given.
    PrimeRunning = 18, "the catheter is being primed";
    /// A bridge is being given.
    BridgeRunning = 19, "the old drug is being run out";
    /// A front of old and new fluid is in the path.
    FrontInPath = 20, "a change of drug is on its way through the catheter";
    /// The pump is stopped.
    Stopped = 21, "the pump is stopped";
    /// The reservoir is low.
    ReservoirLow = 22, "the reservoir is low";
    /// The reservoir is empty.
    ReservoirEmpty = 23, "the reservoir is empty";
    /// An alarm that inhibits boluses is active.
    AlarmActive = 24, "an alarm is active";
    /// The drive is stalled or in doubt.
    DriveFault = 25, "the drive did not turn as it should";
    /// The pump is in a strong magnetic field.
    StrongField = 26, "the pump is in a strong magnetic field";
    /// The battery has reached the end of service.
    EndOfService = 27, "the battery has reached its end of service";
    /// The oscillators disagree or the wall clock is not trusted.
    ClockUntrusted = 28, "the pump's clocks disagree";
    /// A self-test is running or state is not yet verified after a restart.
    StateUnverified = 29, "the pump is checking itself";
    /// The dose record was lost: boluses are off for 24 h.
    DoseRecordLost = 30, "the record of earlier doses was lost";
    /// The pump is on its minimum rate or fall-back rate.
    Degraded = 31, "the pump is running at reduced therapy";
    /// The button was held too long.
    ButtonStuck = 32, "the button has been held too long";

    /// No near-field presence in the last minute.
    NoPresence = 40, "the programmer must be held at the pump";
    /// A clinician's signature is missing or wrong.
    BadSignature = 41, "a clinician's signature is missing or wrong";
    /// This role may not ask for it.
    WrongRole = 42, "this device may not ask for that";
    /// The request's number was used before with another request.
    Replayed = 43, "the request was made before";
    /// The nonce has expired or was never issued.
    Expired = 44, "the request has expired";
    /// The pump runs another version than the asker saw.
    StaleVersion = 45, "the pump's order has changed since it was read";
    /// The fluid ledger has changed since the asker read it.
    StaleLedger = 46, "the fluid ledger has changed since it was read";
    /// A newer dose exists than the asker saw.
    StaleDose = 47, "a newer dose has been given since the pump was read";
    /// There is no such proposal.
    NoProposal = 48, "there is no such proposal";
    /// The serial number or patient is another's.
    WrongPump = 49, "this is another pump";
    /// Another act is under way.
    Busy = 50, "another act is under way";
    /// The peer table or a queue is full.
    Full = 51, "no room is left";
    /// The store did not take the record.
    StoreFault = 52, "the store did not take the record";
    /// A digest, volume or front that both sides compute differs.
    Disagreement = 53, "pump and programmer do not agree";

    /// More would be filled than the reservoir holds.
    Overfill = 60, "more than the reservoir holds";
    /// Drawn-off and expected volume disagree beyond accuracy.
    VolumeDiscrepancy = 61, "drawn-off and expected volume disagree";
    /// Entered volume and vials or weight disagree.
    VialMismatch = 62, "the volume entered and the vials or the weight disagree";
    /// A prime was armed in the last 24 h.
    PrimeRepeated = 63, "a prime was given in the last 24 h";
    /// The prime's volume is not what the path needs.
    PrimeVolume = 64, "the prime's volume does not fit the path";
    /// Concentration changed and no bridge was ordered.
    BridgeNeeded = 65, "the concentration changes and no bridge is ordered";
    /// The bridge's volume or rate is not right.
    BridgeWrong = 66, "the bridge does not fit the path";
    /// The stop is longer than may be.
    StopTooLong = 67, "a stop this long may not be ordered";
    /// Out of an empty or lost state nothing starts by itself.
    StateLost = 68, "the pump's state was lost; a clinician must start it";
    /// A ramp step needs a recorded contact.
    ContactNeeded = 69, "an increase needs a recorded contact with the patient";
    /// The clock may not be set now.
    ClockHeld = 70, "the clock may not be set during a bolus or a prime";
    /// Therapy was interrupted for longer than the order's gap limit.
    GapTooLong = 71, "therapy was interrupted for longer than the order allows to resume at full dose";
}

impl Reason {
    /// The code in documents and for support by telephone.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The reason of a code; `None` if no reason has it.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.code() == code)
    }
}

/// One refusal: what, why, with which value and against which limit.
///
/// `value` and `limit` are in the held unit of `field`. `wait` is how long from the answer until the pump could say
/// yes if nothing else happens; the pump decides again when it is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// About which field.
    pub field: Field,
    /// What was asked, in the field's unit.
    pub value: u64,
    /// What the limit is, in the field's unit.
    pub limit: u64,
    /// The pump's instant before which the answer will be the same.
    pub not_before: Option<Instant>,
    /// About which drug, where it is about one.
    pub drug: Option<Drug>,
}

impl Refusal {
    /// A refusal that needs no numbers.
    pub const fn plain(reason: Reason) -> Self {
        Self { reason, field: Field::Request, value: 0, limit: 0, not_before: None, drug: None }
    }

    /// A refusal about a field, with the value and the limit in the field's unit.
    pub const fn of(reason: Reason, field: Field, value: u64, limit: u64) -> Self {
        Self { reason, field, value, limit, not_before: None, drug: None }
    }

    /// A refusal that will stand until an instant of the pump.
    pub const fn until(reason: Reason, not_before: Instant) -> Self {
        Self { reason, field: Field::Request, value: 0, limit: 0, not_before: Some(not_before), drug: None }
    }

    /// The same refusal, about one drug.
    pub const fn about(self, drug: Drug) -> Self {
        Self { drug: Some(drug), ..self }
    }

    /// How long after `now` the answer may change; `None` where time alone changes nothing.
    pub fn wait(&self, now: Instant) -> Option<Duration> {
        self.not_before.map(|until| until.since(now))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(drug) = self.drug {
            write!(f, "{}: ", drug.name())?;
        }
        match self.field {
            Field::Request => f.write_str(self.reason.words())?,
            _ => {
                let unit = self.field.unit();
                write!(f, "{}: {}: {}", self.field.word(), self.reason.words(), unit.of(self.value))?;
                if self.limit > 0 {
                    write!(f, ", limit {}", unit.of(self.limit))?;
                }
            }
        }
        match self.not_before {
            Some(until) => write!(f, ", not before {until}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}({self})", self.reason)
    }
}

/// Every reason for which a document was refused.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Refusals {
    list: Vec<Refusal, REASONS_MAX>,
    more: u16,
}

impl Refusals {
    /// No reason yet.
    pub const fn none() -> Self {
        Self { list: Vec::new(), more: 0 }
    }

    /// Adds a reason. Past twelve one of a new kind takes the place of the last that stands for a kind told already, so that
    /// none is hidden behind many of another; what has no place is counted.
    pub fn push(&mut self, refusal: Refusal) {
        let Err(refusal) = self.list.push(refusal) else { return };
        self.more = self.more.saturating_add(1);
        let times = |reason| self.list.iter().filter(|told| told.reason == reason).count();
        let place = self.list.iter().rposition(|told| times(told.reason) > 1).filter(|_| times(refusal.reason) == 0);
        if let Some(told) = place.and_then(|place| self.list.get_mut(place)) {
            *told = refusal;
        }
    }

    /// Adds the reason if the check failed.
    pub fn note(&mut self, check: Result<(), Refusal>) {
        if let Err(refusal) = check {
            self.push(refusal);
        }
    }

    /// The reasons, in the order they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Refusal> {
        self.list.iter()
    }

    /// How many there are beyond those listed.
    pub const fn more(&self) -> u16 {
        self.more
    }

    /// Whether nothing was refused.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// `Ok` if nothing was refused.
    pub fn into_result(self) -> Result<(), Self> {
        if self.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl From<Refusal> for Refusals {
    fn from(refusal: Refusal) -> Self {
        let mut refusals = Self::none();
        refusals.push(refusal);
        refusals
    }
}
