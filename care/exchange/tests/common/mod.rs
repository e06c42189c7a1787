//! One document of each kind, about a pump that nobody has.

use exchange::body::*;
use exchange::value::Bytes;
use exchange::*;
use orders::mixture::{Component, DRUGS_MAX};
use orders::prescription::*;
use orders::*;

/// The device key that signs the examples. It opens nothing.
pub const SECRET: [u8; 32] = *b"an example device's signing key.";

pub fn at(minutes: u64) -> Label {
    Label { ms: 1_772_438_400_000 + minutes * 60_000, utc_offset_min: 60 }
}

pub fn source(kind: Kind, id: &str) -> Source {
    Source { kind, id: id.into() }
}

fn mixture() -> Mixture {
    let morphine = Component { drug: Drug::Morphine, concentration: Concentration::new(4_000_000) };
    let bupivacaine = Component { drug: Drug::Bupivacaine, concentration: Concentration::new(1_000_000) };
    Mixture::of(&[morphine, bupivacaine]).unwrap()
}

pub fn prescription() -> Prescription {
    let mut ceilings = [Ceiling::default(); DRUGS_MAX];
    for ceiling in ceilings.iter_mut().take(2) {
        *ceiling = Ceiling {
            hour: Mass::new(300_000_000_000),
            four_hours: Mass::new(600_000_000_000),
            day: Mass::new(1_600_000_000_000),
        };
    }
    Prescription {
        order_number: 4,
        author: 7,
        mixture: mixture(),
        mode: Mode::Continuous(FlowRate::new(250_000)),
        ramp: None,
        patient_bolus: Some(PatientBolus {
            volume: Volume::new(12_500),
            duration: Duration::from_minutes(10),
            lockout: Duration::from_hours(4),
            allotment: 4,
        }),
        bolus_start: BolusStart::AfterADay,
        ceilings,
        alarm_volume: Volume::new(2_000_000),
        alarm_days: 14,
        gap_limit: Duration::from_hours(24),
        front_threshold: Permille::new(50),
        fall_back: FlowRate::new(62_500),
        emergency: EmergencyRule { rate: EmergencyRate::MinimumRate, returns_after: EmergencyRule::STAYS },
        signatures: 2,
    }
}

fn ledger() -> Ledger {
    let mut ledger = Ledger { number: 9, ..Ledger::default() };
    ledger.slugs.push(Slug::sharp(17_500_000, mixture())).unwrap();
    ledger.slugs.push(Slug::sharp(375_000, mixture())).unwrap();
    ledger
}

fn bodies() -> Vec<Body> {
    let order = || Document(prescription());
    let signed = SignedBy { key: Hex([7; 8]), signature: Hex([0x5a; 64]) };
    vec![
        Body::PatientFile(Box::new(PatientFile {
            patient: "P-0001".into(),
            identifiers: vec![
                Identifier { what: "born".into(), value: "1900-01-01".into() },
                Identifier { what: "hospital number".into(), value: "000-EXAMPLE".into() },
            ],
            model: "Nepenthe R20".into(),
            catheter_nl: Some(176_000),
            running: Some(order()),
            ledger: Some(Document(ledger())),
            heard_at_ms: Some(345_600_000),
            journal_next: 812,
            cautions: vec!["allergic to clonidine".into()],
            checked_out_by: "nurse-2".into(),
            checked_out: at(0),
            until: at(1_440),
        })),
        Body::Order(Box::new(Order {
            prescription: order(),
            written_by: "physician-7".into(),
            reason: "pain 7 of 10 at the last three visits".into(),
            without_bridge: None,
            written: at(5),
            commit: Some(Commit {
                digest: Hex([0xd1; 32]),
                signatures: vec![signed, SignedBy { key: Hex([8; 8]), signature: Hex([0xa5; 64]) }],
                at_ms: 345_900_000,
                number: 4,
            }),
        })),
        Body::Proposal(Box::new(Proposal {
            proposed: ProposedWhat::Single { volume_nl: 20_000, over_ms: 600_000 },
            subject: Bytes(vec![0x18, 0x25, 0xa0]),
            digest: Hex([0xd1; 32]),
            nonce: Hex([0x11; 16]),
            expires_ms: 346_500_000,
            ledger: 9,
            totals: vec![Total {
                drug: "morphine".into(),
                basal_fg_per_day: 1_000_000_000_000,
                all_fg_per_day: 1_200_000_000_000,
                basal_before_fg_per_day: Some(900_000_000_000),
                all_before_fg_per_day: None,
            }],
            signatures_needed: 2,
            signatures: vec![signed],
        })),
        Body::Interrogation(Box::new(Interrogation {
            now_ms: 345_600_000,
            wall_ms: Some(1_772_442_000_000),
            heard: at(0),
            status: StatusTold {
                doing: 2,
                level: 0,
                order: 4,
                flow_nl_per_day: 250_000,
                reservoir_nl: 17_500_000,
                reservoir_worst_nl: 17_355_000,
                refill_by_ms: Some(4_000_000_000),
                boluses_24h: 1,
                bolus_not_before_ms: Some(346_000_000),
                last_dose: 3,
                journal_next: 814,
            },
            running: Some(order()),
            ledger: Document(ledger()),
            alarms: vec![ActiveAlarm { code: 3, since_ms: 345_000_000, silenced_until_ms: None }],
            battery: BatteryTold { loaded_mv: 3_129, used_mj: 7_000, capacity_mj: 12_000_000 },
            journal: JournalPart { first: 812, lost: 0, records: vec![Hex([1; 32]), Hex([2; 32])] },
        })),
        Body::Diary(Diary {
            entries: vec![
                DiaryEntry { entry: Felt::Pain { rating: 6 }, at: at(30), pump_ms: Some(347_400_000) },
                DiaryEntry { entry: Felt::Complaint { word: "itch".into() }, at: at(31), pump_ms: None },
                DiaryEntry { entry: Felt::Note { text: "worse after the stairs".into() }, at: at(32), pump_ms: None },
            ],
        }),
        Body::Alarm(Alarm { code: 3, now: AlarmNow::Silenced, since_ms: 345_000_000, heard: at(1) }),
        Body::Acknowledgement(Acknowledgement {
            answers: vec![
                Answered {
                    source: source(Kind::Handset, "h-17"),
                    seq: 41,
                    fingerprint: Hex([0xf0; 32]),
                    outcome: Outcome::Taken,
                },
                Answered {
                    source: source(Kind::Programmer, "p-2"),
                    seq: 5,
                    fingerprint: Hex([0xf1; 32]),
                    outcome: Outcome::Task { made_for: 3, runs: 4 },
                },
                Answered {
                    source: source(Kind::Monitor, "m-1"),
                    seq: 2,
                    fingerprint: Hex([0xf2; 32]),
                    outcome: Outcome::Refused { why: "no such pump; enrol the monitor anew".into() },
                },
            ],
        }),
        Body::Act(Act {
            person: "physician-7".into(),
            verb: "order-signed".into(),
            about: "order 4 of pump 1000".into(),
            reason: Some("titration".into()),
            at: at(6),
            before: Some(Hex([0xf3; 32])),
        }),
        Body::Refill(Box::new(Refill {
            drawn_off_nl: 2_100_000,
            expected_nl: 2_080_000,
            filled_nl: 18_000_000,
            fluid: Fluid(mixture()),
            check: RefillCheck::Vials,
            checked_nl: 18_000_000,
            lots: vec!["LOT-EXAMPLE-1".into()],
            keeps_ms: 15_552_000_000,
            emptied: true,
            accepted_for: None,
            by: vec!["nurse-2".into(), "physician-7".into()],
            at_ms: Some(345_700_000),
            refusals: vec![],
        })),
    ]
}

/// One of each, signed.
pub fn documents() -> Vec<Envelope> {
    let from = source(Kind::Programmer, "p-2");
    let sealed = |(seq, body): (u64, Body)| Envelope::new(from.clone(), seq, 1_000, 3, body).signed(&SECRET).unwrap();
    (1..).zip(bodies()).map(sealed).collect()
}
