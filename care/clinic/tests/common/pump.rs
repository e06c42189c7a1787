//! What a pump's monitor sends: documents, signed.

use clinic::journal::{Opened, RECORD};
use exchange::body::{ActiveAlarm, BatteryTold, Interrogation, JournalPart, StatusTold};
use exchange::value::Document;
use exchange::{Body, Envelope, Hex, Kind, Label, Source};
use orders::mixture::Component;
use orders::prescription::{BolusStart, Ceiling, EmergencyRate, EmergencyRule, Mode};
use orders::{Concentration, Drug, Duration, FlowRate, Ledger, Mass, Mixture, Permille, Prescription, Slug, Volume};

use super::house::{DAY, HOUR, JOURNAL, MONITOR};

/// A record as this test's pump writes it: number, second, mcg of morphine delivered in the hour; tagged.
pub fn hour_record(number: u32, second: u32, mcg: u32) -> [u8; RECORD] {
    let mut record = [0; RECORD];
    record[..4].copy_from_slice(&number.to_le_bytes());
    record[4..8].copy_from_slice(&second.to_le_bytes());
    record[8..12].copy_from_slice(&mcg.to_le_bytes());
    let tag = telemetry::tag::JournalKey(JOURNAL).tag(&record[..24]);
    record[24..].copy_from_slice(&tag.to_le_bytes());
    record
}

/// The reader of such records.
pub fn read(record: &[u8; RECORD]) -> Option<Opened> {
    let word = |at: usize| u32::from_le_bytes(record[at..at + 4].try_into().unwrap());
    Some(Opened {
        number: u64::from(word(0)),
        pump_ms: u64::from(word(4)) * 1_000,
        kind: "hour",
        words: "an hour".into(),
        delivered_fg: vec![("morphine", u64::from(word(8)) * 1_000_000_000)],
        ..Opened::default()
    })
}

/// Morphine at 4 mg/mL, 1 mg a day, no bolus; at most 1.6 mg a day.
pub fn order(number: u64) -> Prescription {
    let mg = |thousandths: u64| Mass::new(thousandths * 1_000_000_000);
    let mut ceilings = [Ceiling::default(); orders::mixture::DRUGS_MAX];
    ceilings[0] = Ceiling { hour: mg(300), four_hours: mg(600), day: mg(1_600) };
    Prescription {
        order_number: number,
        author: 7,
        mixture: Mixture::of(&[Component { drug: Drug::Morphine, concentration: Concentration::new(4_000_000) }])
            .unwrap(),
        mode: Mode::Continuous(FlowRate::new(250_000)),
        ramp: None,
        patient_bolus: None,
        bolus_start: BolusStart::AfterADay,
        ceilings,
        alarm_volume: Volume::new(2_000_000),
        alarm_days: 14,
        gap_limit: Duration::from_days(1),
        front_threshold: Permille::new(50),
        fall_back: FlowRate::new(62_500),
        emergency: EmergencyRule { rate: EmergencyRate::MinimumRate, returns_after: EmergencyRule::STAYS },
        signatures: 1,
    }
}

/// What a pump tells; tests change what their story is about.
pub fn told(now_ms: u64, low_in_days: u64) -> Interrogation {
    let mut ledger = Ledger { number: 3, ..Ledger::default() };
    ledger.slugs.push(Slug::sharp(12_000_000, order(1).mixture)).unwrap();
    ledger.slugs.push(Slug::sharp(375_000, order(1).mixture)).unwrap();
    Interrogation {
        now_ms,
        wall_ms: None,
        heard: Label { ms: 1, utc_offset_min: 0 },
        status: StatusTold {
            doing: 2,
            level: 0,
            order: 1,
            flow_nl_per_day: 250_000,
            reservoir_nl: 12_000_000,
            reservoir_worst_nl: 11_000_000,
            refill_by_ms: Some(now_ms + low_in_days * DAY.unsigned_abs()),
            boluses_24h: 0,
            bolus_not_before_ms: None,
            last_dose: 0,
            journal_next: 0,
        },
        running: Some(Document(order(1))),
        ledger: Document(ledger),
        alarms: Vec::new(),
        battery: BatteryTold { loaded_mv: 2_900, used_mj: 1_000, capacity_mj: 12_000_000 },
        journal: JournalPart { first: 0, lost: 0, records: Vec::new() },
    }
}

/// With records of hours from a running number on.
pub fn with_hours(mut told: Interrogation, first: u32, count: u32, next: u64) -> Interrogation {
    let records = (first..first + count).map(|number| Hex(hour_record(number, (number + 1) * 3_600, 42))).collect();
    told.journal = JournalPart { first: u64::from(first), lost: 0, records };
    told.status.journal_next = next;
    told
}

/// With an alarm that stands.
pub fn with_alarm(mut told: Interrogation, alarm: orders::AlarmId) -> Interrogation {
    told.alarms.push(ActiveAlarm {
        code: alarm.code(),
        since_ms: told.now_ms - HOUR.unsigned_abs(),
        silenced_until_ms: None,
    });
    told
}

/// Signed by the monitor.
pub fn sent(seq: u64, body: Body) -> Vec<u8> {
    sent_as(seq, 1, body, &MONITOR)
}

/// Signed by some key, for some order.
pub fn sent_as(seq: u64, base: u64, body: Body, key: &[u8; 32]) -> Vec<u8> {
    let source = Source { kind: Kind::Monitor, id: "m-1".into() };
    Envelope::new(source, seq, 1_000, base, body).signed(key).unwrap().to_bytes().unwrap()
}

/// An interrogation on its way.
pub fn interrogation(seq: u64, told: Interrogation) -> Vec<u8> {
    sent(seq, Body::Interrogation(Box::new(told)))
}
