//! What a pump tells.

use orders::{AlarmId, Drug, Duration, Field, FlowRate, Instant, MassRate, Reason, Refusal, Volume, WallTime};

use crate::message::ask::Bridge;
use crate::message::codec::{Bytes, Wire, Wrong, codes, messages, part};
use crate::message::{Out, Written};
use crate::sign::Digest;

/// Hours in one answer: 9 totals of at most 11 bytes each, 16 times.
pub const HOURS_MAX: usize = 16;
/// Answers that a pump keeps for one peer.
pub const ANSWERS_MAX: usize = 8;
/// Alarms in one answer: room for all there are.
pub const ALARMS_MAX: usize = 48;

const _: () = assert!(AlarmId::ALL.len() <= ALARMS_MAX);

codes! {
    /// Why drug is given or not.
    Doing {
        /// Never started.
        Fresh = 1,
        /// Therapy by the order.
        Running = 2,
        /// Stopped by a clinician.
        Stopped = 3,
        /// Stopped for long: the minimum rate.
        Resting = 4,
        /// The emergency rate.
        Emergency = 5,
        /// At the residual: nothing is given.
        Empty = 6,
        /// State was lost: nothing is given.
        Lost = 7,
    }
}
codes! {
    /// What is being given on top of the basal.
    Extra {
        /// A patient bolus.
        PatientBolus = 1,
        /// A single bolus by a clinician.
        SingleBolus = 2,
        /// A periodic bolus.
        PeriodicBolus = 3,
        /// A prime.
        Prime = 4,
        /// A bridge.
        Bridge = 5,
    }
}
part! {
    /// How far something on top of the basal has come.
    210 Progress {
        /// What it is.
        1 => what: Extra,
        /// What was ordered, nL.
        2 => ordered: Volume,
        /// What the drive has given of it, nL.
        3 => delivered: Volume,
    }
}
part! {
    /// State, rates, volumes and numbers at this moment.
    1 Status {
        /// The pump's clock.
        1 => now: Instant,
        /// The clock that people read; left out while it is not trusted.
        2 => wall: Option<WallTime>,
        /// Why drug is given or not.
        3 => doing: Doing,
        /// The step of the degradation ladder, as the vocabulary numbers it.
        4 => level: u8,
        /// The number of the order that runs; 0 for none.
        5 => order: u64,
        /// The number of the ledger.
        6 => ledger: u32,
        /// The number of the last dose on top of the basal that was begun.
        7 => last_dose: u64,
        /// The basal flow now, nL/day.
        8 => flow: FlowRate,
        /// What is being given on top of it.
        9 => extra: Option<Progress>,
        /// Volume in the reservoir, nominal, nL.
        10 => reservoir: Volume,
        /// The same if the drive moved the most that its accuracy allows, nL.
        11 => reservoir_worst: Volume,
        /// The latest day for a refill, on the worst case.
        12 => refill_by: Option<Instant>,
        /// Patient boluses begun in the last 24 h.
        13 => boluses: u8,
        /// Before this a patient bolus will be refused; left out where time alone changes nothing or none is needed.
        14 => bolus_not_before: Option<Instant>,
        /// How many alarms are active.
        15 => alarms: u8,
        /// The number that the next journal record will have.
        16 => journal_next: u64,
        /// The highest id seen from this peer.
        17 => request_last: u64,
        /// The step of the ramp that runs; left out without a ramp.
        18 => ramp_step: Option<u8>,
    }
}
part! {
    /// The running prescription.
    2 Running<'a> {
        /// Its document; left out when none runs.
        1 => order: Option<Bytes<'a>>,
    }
}
part! {
    /// The fluid ledger.
    3 Fluid<'a> {
        /// Its document.
        1 => ledger: Bytes<'a>,
    }
}
part! {
    /// Journal records, unopened.
    4 Journal<'a> {
        /// The number asked for.
        1 => asked: u64,
        /// The number of the first record here: above `asked` if earlier ones are lost.
        2 => first: u64,
        /// The number that the next record to be written will have.
        3 => next: u64,
        /// Records of 32 bytes, one after another.
        4 => records: Bytes<'a>,
    }
}
part! {
    /// One active alarm.
    211 ActiveAlarm {
        /// Which.
        1 => alarm: AlarmId,
        /// Since when.
        2 => since: Instant,
        /// Until when its tone is silenced; left out if it is not.
        3 => silenced_until: Option<Instant>,
    }
}
part! {
    /// The active alarms, the gravest first.
    5 Alarms {
        /// All of them.
        1 => active: heapless::Vec<ActiveAlarm, ALARMS_MAX>,
    }
}
part! {
    /// The cell.
    6 Battery {
        /// Voltage under load, mV.
        1 => loaded_mv: u16,
        /// Energy used since birth, mJ.
        2 => used_mj: u64,
        /// Energy that was in it, mJ.
        3 => capacity_mj: u64,
        /// Since when the replacement indicator shows; left out before.
        4 => indicator: Option<Instant>,
        /// Until when therapy lasts at worst-case use.
        5 => end_of_service: Option<Instant>,
    }
}
part! {
    /// Which pump this is.
    7 Device {
        /// Its serial number.
        1 => serial: u64,
        /// Its model, ASCII, padded with zeros.
        2 => model: [u8; 16],
        /// Version of its software: major, minor, patch.
        3 => software: [u8; 3],
        /// Version of this protocol.
        4 => protocol: u8,
        /// What one stroke moves, nominally, nL.
        5 => stroke: Volume,
        /// What the reservoir holds, nL.
        6 => reservoir: Volume,
        /// What cannot be drawn out of it, nL.
        7 => residual: Volume,
        /// Pump tubing, nL.
        8 => tubing: Volume,
        /// The catheter as installed, nL; left out before.
        9 => catheter: Option<Volume>,
        /// The first 8 bytes of the SHA-256 of the image.
        10 => image: [u8; 8],
    }
}
codes! {
    /// How a request ended.
    Ended {
        /// It was done.
        Accepted = 1,
        /// It was not done.
        Refused = 2,
    }
}
part! {
    /// One answer that the pump keeps.
    212 Kept {
        /// The request's id.
        1 => id: u64,
        /// How it ended.
        2 => ended: Ended,
        /// The first reason of a refusal.
        3 => reason: Option<Reason>,
        /// When.
        4 => at: Instant,
    }
}
part! {
    /// The answers kept for this peer, the newest first.
    8 Answers {
        /// All of them.
        1 => kept: heapless::Vec<Kept, ANSWERS_MAX>,
        /// The highest id seen from this peer.
        2 => last: u64,
        /// The number of the last dose on top of the basal.
        3 => last_dose: u64,
    }
}
part! {
    /// What one hour gave, as the drive counted it.
    213 Hour {
        /// Whole hours since the pump's birth.
        1 => hour: u32,
        /// Basal, nL.
        2 => basal: Volume,
        /// Everything else, nL.
        3 => extra: Volume,
        /// Patient boluses begun.
        4 => granted: u8,
        /// Patient boluses refused.
        5 => refused: u8,
    }
}
part! {
    /// Hourly totals.
    9 Hours {
        /// In rising order; hours that the pump no longer holds are missing.
        1 => hours: heapless::Vec<Hour, HOURS_MAX>,
    }
}
part! {
    /// A nonce and how long a request that carries it is good.
    10 Nonce {
        /// The nonce.
        1 => nonce: [u8; 8],
        /// The pump's clock now.
        2 => now: Instant,
        /// Until when, on the pump's clock.
        3 => expires: Instant,
    }
}
part! {
    /// Done; or, for a patient bolus, begun.
    32 Accepted {
        /// The request's id.
        1 => id: u64,
        /// When.
        2 => at: Instant,
        /// The number of the dose that it began.
        3 => dose: Option<u64>,
        /// What will be given, nL.
        4 => volume: Option<Volume>,
        /// Over how long, ms.
        5 => duration: Option<Duration>,
    }
}
part! {
    /// What one drug comes to.
    214 Total {
        /// Which.
        1 => drug: Drug,
        /// Per day, basal only, fg.
        2 => basal: MassRate,
        /// Per day with every bolus allowed, fg.
        3 => all: MassRate,
        /// The same of the order that runs: basal only. Left out when it has not this drug.
        4 => basal_before: Option<MassRate>,
        /// And with every bolus allowed.
        5 => all_before: Option<MassRate>,
    }
}
part! {
    /// What the pump understood of a proposal, for people to compare and clinicians to sign.
    33 Proposal {
        /// The request's id.
        1 => id: u64,
        /// What is to be signed.
        2 => digest: Digest,
        /// The nonce in it.
        3 => nonce: [u8; 16],
        /// Until when a commit is taken, on the pump's clock.
        4 => expires: Instant,
        /// The order that runs, which the digest names; 0 for none.
        5 => running: u64,
        /// The ledger that the digest names.
        6 => ledger: u32,
        /// The pump's own totals, drug by drug.
        7 => totals: heapless::Vec<Total, 4>,
        /// The bridge, as the pump worked it out.
        8 => bridge: Option<Bridge>,
        /// How many clinicians must sign.
        9 => signatures: u8,
    }
}
part! {
    /// One reason of a refusal.
    215 Why {
        /// Why.
        1 => reason: Reason,
        /// About which field; left out for the request as a whole.
        2 => field: Option<Field>,
        /// What was asked, in the field's unit.
        3 => value: Option<u64>,
        /// What the limit is, in the field's unit.
        4 => limit: Option<u64>,
        /// Before which the answer will be the same.
        5 => not_before: Option<Instant>,
        /// About which drug, where it is about one.
        6 => drug: Option<Drug>,
    }
}
part! {
    /// Not done, and why.
    34 Refused {
        /// The request's id; 0 for one that carries none.
        1 => id: u64,
        /// The reasons.
        2 => reasons: heapless::Vec<Why, { orders::refusal::REASONS_MAX }>,
        /// How many more there are.
        3 => more: u16,
        /// The pump's clock now.
        4 => now: Instant,
    }
}
part! {
    /// An old id whose answer the pump no longer holds. It was not executed now.
    35 Unknown {
        /// The id asked about.
        1 => id: u64,
        /// The highest id seen from this peer.
        2 => last: u64,
        /// The number of the last dose on top of the basal.
        3 => last_dose: u64,
    }
}
part! {
    /// The request could not be read; nothing was done.
    36 NotRead {
        /// The code of the message or part.
        1 => part: u8,
        /// The field's number.
        2 => field: u8,
        /// What was wrong: 1 missing, 2 type, 3 value, 4 unknown, 5 trailing.
        3 => wrong: Wrong,
        /// The request's id, if that much could be read.
        4 => id: Option<u64>,
    }
}

messages! {
    /// What a pump tells.
    Answer<'a> {
        /// State at this moment.
        Status,
        /// The running prescription.
        Running<'a>,
        /// The ledger.
        Fluid<'a>,
        /// Journal records.
        Journal<'a>,
        /// The active alarms.
        Alarms,
        /// The cell.
        Battery,
        /// Device and versions.
        Device,
        /// Answers kept.
        Answers,
        /// Hourly totals.
        Hours,
        /// A nonce.
        Nonce,
        /// Done.
        Accepted,
        /// What a proposal comes to.
        Proposal,
        /// Not done.
        Refused,
        /// No longer known.
        Unknown,
        /// Not read.
        NotRead,
    }
}

const WRONGS: [(u8, Wrong); 5] =
    [(1, Wrong::Missing), (2, Wrong::Type), (3, Wrong::Value), (4, Wrong::Unknown), (5, Wrong::Trailing)];

impl<'a> Wire<'a> for Wrong {
    fn put(&self, out: Out) -> Written {
        WRONGS.iter().find(|(_, wrong)| wrong == self).map_or(0, |(code, _)| *code).put(out)
    }
    fn get(from: &mut minicbor::Decoder<'a>) -> Result<Self, Wrong> {
        let code = <u8 as Wire>::get(from)?;
        WRONGS.iter().find(|(known, _)| *known == code).map(|(_, wrong)| *wrong).ok_or(Wrong::Value)
    }
}

impl From<&Refusal> for Why {
    fn from(refusal: &Refusal) -> Self {
        let about = refusal.field != Field::Request;
        Self {
            reason: refusal.reason,
            field: about.then_some(refusal.field),
            value: about.then_some(refusal.value),
            limit: about.then_some(refusal.limit),
            not_before: refusal.not_before,
            drug: refusal.drug,
        }
    }
}

impl From<&Why> for Refusal {
    fn from(why: &Why) -> Self {
        Self {
            reason: why.reason,
            field: why.field.unwrap_or(Field::Request),
            value: why.value.unwrap_or(0),
            limit: why.limit.unwrap_or(0),
            not_before: why.not_before,
            drug: why.drug,
        }
    }
}

impl Refused {
    /// The answer for these refusals.
    pub fn of(id: u64, now: Instant, refusals: &orders::Refusals) -> Self {
        let mut reasons = heapless::Vec::new();
        let mut more = refusals.more();
        for refusal in refusals.iter() {
            if reasons.push(Why::from(refusal)).is_err() {
                more = more.saturating_add(1);
            }
        }
        Self { id, reasons, more, now }
    }
}

impl Answer<'_> {
    /// The request that this answers, for answers that settle one.
    pub fn settles(&self) -> Option<u64> {
        match self {
            Answer::Accepted(accepted) => Some(accepted.id),
            Answer::Proposal(proposal) => Some(proposal.id),
            Answer::Refused(refused) => Some(refused.id),
            Answer::Unknown(unknown) => Some(unknown.id),
            Answer::NotRead(not_read) => not_read.id,
            Answer::Status(_)
            | Answer::Running(_)
            | Answer::Fluid(_)
            | Answer::Journal(_)
            | Answer::Alarms(_)
            | Answer::Battery(_)
            | Answer::Device(_)
            | Answer::Answers(_)
            | Answer::Hours(_)
            | Answer::Nonce(_) => None,
        }
    }
}
