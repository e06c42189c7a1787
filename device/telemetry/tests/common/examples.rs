//! One example of every message, each field with a value of its own.
#![allow(dead_code, reason = "each test binary uses its part")]

use heapless::Vec;
use orders::{
    AlarmId, Component, Concentration, Drug, Duration, Field, FlowRate, Instant, Mass, MassRate, Mixture, Reason,
    Volume, WallTime,
};
use telemetry::message::answer::*;
use telemetry::message::ask::*;
use telemetry::message::{Answer, Ask, Bytes, Request, Stamp, Wrong};
use telemetry::sign::{ClinicianKey, Digest, KeyId};

fn mixture() -> Mixture {
    Mixture::of(&[
        Component { drug: Drug::Morphine, concentration: Concentration::new(20_000_000) },
        Component { drug: Drug::Bupivacaine, concentration: Concentration::new(10_000_000) },
    ])
    .unwrap()
}

fn volume(nl: u64) -> Volume {
    Volume::new(nl)
}

fn at(ms: u64) -> Instant {
    Instant::new(ms)
}

const fn hours(hours: u64) -> Duration {
    Duration::from_hours(hours)
}

fn bridge() -> Bridge {
    Bridge {
        volume: volume(250_000),
        flow: FlowRate::new(480_000),
        leading: volume(239_000),
        trailing: volume(281_000),
    }
}

fn signed_by(byte: u8) -> SignedBy {
    SignedBy { key: KeyId([byte; 8]), signature: [byte; 64] }
}

const LABEL: [u8; 16] = *b"blue tablet\0\0\0\0\0";

fn list<T: Clone, const N: usize>(items: &[T]) -> Vec<T, N> {
    Vec::from_slice(items).unwrap()
}

/// Every question.
pub fn asks() -> std::vec::Vec<Ask<'static>> {
    let allowance = Allowance { drug: Drug::Morphine, mass: Mass::new(400_000_000_000) };
    vec![
        Ask::ReadStatus(ReadStatus {}),
        Ask::ReadPrescription(ReadPrescription {}),
        Ask::ReadLedger(ReadLedger {}),
        Ask::ReadJournal(ReadJournal { from: 70_000, most: 56 }),
        Ask::ReadAlarms(ReadAlarms {}),
        Ask::ReadBattery(ReadBattery {}),
        Ask::ReadDevice(ReadDevice {}),
        Ask::ReadAnswers(ReadAnswers {}),
        Ask::ReadHours(ReadHours { from: 8_760, most: 16 }),
        Ask::ReadNonce(ReadNonce {}),
        Ask::AskBolus(AskBolus {}),
        Ask::Propose(Propose {
            order: Bytes(b"the order's document"),
            running: 11,
            ledger: 42,
            bridge: Some(bridge()),
            without_bridge: Some(2),
        }),
        Ask::Commit(Commit { digest: Digest([0xD1; 32]), first: signed_by(0xA1), second: Some(signed_by(0xB2)) }),
        Ask::Stop(Stop { reason: StopReason::Procedure, maximum: hours(4) }),
        Ask::Resume(Resume {}),
        Ask::SingleBolus(SingleBolus { volume: volume(50_000), duration: Duration::from_minutes(30) }),
        Ask::Prime(Prime {
            volume: volume(250_000),
            allowance: list(&[allowance]),
            leading: volume(125_000),
            trailing: volume(375_000),
        }),
        Ask::Refill(Refill {
            drawn_off: volume(3_100_000),
            filled: volume(20_000_000),
            mixture: mixture(),
            check: FillCheck::Weight,
            checked: volume(19_900_000),
            stability: Duration::from_days(90),
            emptied: true,
            reason: Some(3),
        }),
        Ask::RinseOrAspirate(RinseOrAspirate {
            act: PortAct::Rinse,
            volume: volume(10_000_000),
            fluid: Some(Mixture::DRUG_FREE),
        }),
        Ask::CatheterPortAspiration(CatheterPortAspiration { volume: volume(1_500_000) }),
        Ask::Installation(Installation { catheter: volume(178_000), path: Mixture::DRUG_FREE }),
        Ask::SetClock(SetClock { wall: WallTime::new(1_795_000_000_000) }),
        Ask::Silence(Silence { alarm: AlarmId::ReservoirLow, duration: hours(12) }),
        Ask::ToneTest(ToneTest { alarm: AlarmId::ReservoirEmpty }),
        Ask::SelfTest(SelfTest {}),
        Ask::EnrolPeer(EnrolPeer { place: 3, label: LABEL }),
        Ask::RevokePeer(RevokePeer { place: 3, label: LABEL }),
        Ask::EnrolClinician(EnrolClinician { key: ClinicianKey([0xC4; 32]), author: 77, proof: [0xCA; 16] }),
        Ask::RevokeClinician(RevokeClinician { key: KeyId([0xA1; 8]) }),
        Ask::ContactRecorded(ContactRecorded { step: 2 }),
        Ask::ClearAlarm(ClearAlarm { alarm: AlarmId::Stall }),
        Ask::StepUp(StepUp { level: 1 }),
        Ask::Emergency(Emergency {}),
        Ask::Acknowledge(Acknowledge { id: 900 }),
    ]
}

/// The stamp of every stamped example.
pub const STAMP: Stamp = Stamp { id: 901, last_dose: 1_234, nonce: *b"a nonce!" };

/// Every question as a request.
pub fn requests() -> std::vec::Vec<Request<'static>> {
    asks().into_iter().map(|ask| Request { stamp: ask.is_stamped().then_some(STAMP), ask }).collect()
}

/// Every answer.
pub fn answers() -> std::vec::Vec<Answer<'static>> {
    let progress = Progress { what: Extra::PatientBolus, ordered: volume(10_000), delivered: volume(4_500) };
    let status = Status {
        now: at(86_400_000),
        wall: Some(WallTime::new(1_795_000_000_000)),
        doing: Doing::Running,
        level: 1,
        order: 11,
        ledger: 42,
        last_dose: 1_234,
        flow: FlowRate::new(250_000),
        extra: Some(progress),
        reservoir: volume(17_500_000),
        reservoir_worst: volume(17_100_000),
        refill_by: Some(at(5_000_000_000)),
        boluses: 3,
        bolus_not_before: Some(at(90_000_000)),
        alarms: 2,
        journal_next: 70_123,
        request_last: 901,
        ramp_step: Some(4),
    };
    let alarm = |alarm, silenced_until| ActiveAlarm { alarm, since: at(80_000_000), silenced_until };
    let kept = |id, ended, reason| Kept { id, ended, reason, at: at(86_000_000) };
    let hour = |hour| Hour { hour, basal: volume(10_416), extra: volume(10_000), granted: 1, refused: 2 };
    let total = Total {
        drug: Drug::Morphine,
        basal: MassRate::new(5_000_000_000_000),
        all: MassRate::new(5_800_000_000_000),
        basal_before: Some(MassRate::new(4_800_000_000_000)),
        all_before: Some(MassRate::new(5_600_000_000_000)),
    };
    let new_drug = Total {
        drug: Drug::Bupivacaine,
        basal: MassRate::new(2_500_000_000_000),
        all: MassRate::new(2_900_000_000_000),
        basal_before: None,
        all_before: None,
    };
    let why = Why {
        reason: Reason::OutOfBounds,
        field: Some(Field::BolusLockout),
        value: Some(600_000),
        limit: Some(900_000),
        not_before: None,
        drug: None,
    };
    let lockout = Why {
        reason: Reason::Lockout,
        field: None,
        value: None,
        limit: None,
        not_before: Some(at(90_000_000)),
        drug: None,
    };
    vec![
        Answer::Status(status),
        Answer::Running(Running { order: Some(Bytes(b"the order's document")) }),
        Answer::Fluid(Fluid { ledger: Bytes(b"the ledger's document") }),
        Answer::Journal(Journal {
            asked: 70_000,
            first: 70_010,
            next: 70_123,
            records: Bytes(b"one record of thirty-two bytes..and another of thirty-two bytes."),
        }),
        Answer::Alarms(Alarms {
            active: list(&[alarm(AlarmId::Stall, None), alarm(AlarmId::ReservoirLow, Some(at(120_000_000)))]),
        }),
        Answer::Battery(Battery {
            loaded_mv: 2_950,
            used_mj: 1_234_567,
            capacity_mj: 9_000_000,
            indicator: None,
            end_of_service: Some(at(300_000_000_000)),
        }),
        Answer::Device(Device {
            serial: 0x4E50_0000_0000_0001,
            model: *b"Nepenthe R20\0\0\0\0",
            software: [1, 2, 3],
            protocol: 1,
            stroke: volume(500),
            reservoir: volume(20_000_000),
            residual: volume(1_400_000),
            tubing: volume(199_000),
            catheter: Some(volume(178_000)),
            image: [0xEE; 8],
        }),
        Answer::Answers(Answers {
            kept: list(&[kept(901, Ended::Refused, Some(Reason::Lockout)), kept(900, Ended::Accepted, None)]),
            last: 901,
            last_dose: 1_234,
        }),
        Answer::Hours(Hours { hours: list(&[hour(8_760), hour(8_762)]) }),
        Answer::Nonce(Nonce { nonce: *b"a nonce!", now: at(86_400_000), expires: at(86_430_000) }),
        Answer::Accepted(Accepted {
            id: 901,
            at: at(86_400_000),
            dose: Some(1_235),
            volume: Some(volume(10_000)),
            duration: Some(Duration::from_minutes(10)),
        }),
        Answer::Proposal(Proposal {
            id: 901,
            digest: Digest([0xD1; 32]),
            nonce: [0x9C; 16],
            expires: at(86_700_000),
            running: 11,
            ledger: 42,
            totals: list(&[total, new_drug]),
            bridge: Some(bridge()),
            signatures: 2,
        }),
        Answer::Refused(Refused { id: 901, reasons: list(&[why, lockout]), more: 0, now: at(86_400_000) }),
        Answer::Unknown(Unknown { id: 17, last: 901, last_dose: 1_234 }),
        Answer::NotRead(NotRead { part: 35, field: 1, wrong: Wrong::Value, id: Some(901) }),
    ]
}

/// The name of a message's golden file.
pub fn name(what: &str, code: u8, all: &[(u8, &str)]) -> String {
    let (_, name) = all.iter().find(|(known, _)| *known == code).unwrap();
    format!("{what}-{code:02}-{name}.hex")
}

/// Bytes as hex, 32 to a line.
pub fn hex(bytes: &[u8]) -> String {
    let lines = bytes.chunks(32).map(|line| line.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    lines.map(|line| line + "\n").collect()
}

/// Hex as bytes, white space aside.
pub fn unhex(text: &str) -> std::vec::Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}
