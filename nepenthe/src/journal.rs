//! A pump's records in the pump's own words, for a clinic that holds the journal's key and does not know the pump.

use clinic::journal::{Opened, RECORD};
use pump::events::{Event, PAYLOAD};

/// Where things stand in a record: number, second, code, the event's own bytes.
const NUMBER: usize = 4;
const SECOND: usize = 8;

/// Reads a record whose tag was found right.
pub fn read(record: &[u8; RECORD]) -> Option<Opened> {
    let number = u32::from_le_bytes(record.first_chunk::<NUMBER>().copied()?);
    let second = u32::from_le_bytes(record.get(NUMBER..SECOND)?.try_into().ok()?);
    let code = *record.get(SECOND)?;
    let payload: &[u8; PAYLOAD] = record.get(SECOND + 1..SECOND + 1 + PAYLOAD)?.try_into().ok()?;
    let event = Event::read(code, payload)?;
    let mut opened = Opened {
        number: u64::from(number),
        pump_ms: u64::from(second) * 1_000,
        kind: kind(&event),
        words: event.to_string(),
        ..Opened::default()
    };
    let whole = |value: u64| i64::try_from(value).ok();
    match event {
        Event::Hour { first, first_mass, second, second_mass, unconfirmed } => {
            let both = [(first, first_mass), (second, second_mass)];
            opened.delivered_fg = both.iter().filter_map(|(drug, mass)| Some(((*drug)?.name(), mass.get()))).collect();
            opened.unconfirmed = unconfirmed;
        }
        Event::BolusEnded { ordered, confirmed, .. } => opened.numbers = (whole(ordered.get()), whole(confirmed.get())),
        Event::Refilled { drawn, filled, .. } => opened.numbers = (whole(drawn.get()), whole(filled.get())),
        Event::AlarmRaised { id, .. } | Event::AlarmHealed { id } | Event::AlarmCleared { id, .. } => {
            opened.numbers = (Some(i64::from(id.code())), None);
        }
        _ => {}
    }
    Some(opened)
}

/// The clinic's word for a kind of event.
const fn kind(event: &Event) -> &'static str {
    match event {
        Event::Hour { .. } => "hour",
        Event::BolusEnded { .. } => "bolus",
        Event::Refused { .. } => "refused",
        Event::OrderCommitted { .. }
        | Event::BridgeStarted { .. }
        | Event::BridgeEnded { .. }
        | Event::PrimeArmed { .. }
        | Event::RampStep { .. } => "order",
        Event::FlowChanged { .. } => "flow",
        Event::StateChanged { .. } | Event::Stopped { .. } | Event::LevelChanged { .. } | Event::Emergency { .. } => {
            "state"
        }
        Event::AlarmRaised { .. } | Event::AlarmHealed { .. } | Event::AlarmCleared { .. } => "alarm",
        Event::Stalled { .. } | Event::Recovered { .. } | Event::LongStandstill { .. } | Event::GuardCut { .. } => {
            "drive"
        }
        Event::FieldEntered {} | Event::FieldLeft { .. } => "field",
        Event::Restarted { .. } => "restart",
        Event::Refilled { .. } => "refill",
        Event::Battery { .. } => "battery",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use orders::{Instant, Volume};
    use pump::journal::{Journal, Key};

    #[test]
    fn what_the_pump_wrote_reads_here_in_its_own_words_and_tags_agree() {
        let key = [7u8; 16];
        let mut journal = Journal::new(Key(key), 16);
        let event = Event::Refilled {
            expected: Volume::new(2_000_000),
            drawn: Volume::new(2_100_000),
            filled: Volume::new(18_000_000),
            peer: pump::alarms::Peer(2),
        };
        let noted = journal.note(Instant::new(90_000), &event);
        let record = journal.record(&noted).bytes;
        assert!(clinic::journal::is_genuine(&key, &record));
        assert!(!clinic::journal::is_genuine(&[8; 16], &record));
        let opened = read(&record).unwrap();
        assert_eq!((opened.number, opened.pump_ms, opened.kind), (0, 90_000, "refill"));
        assert_eq!(opened.words, event.to_string());
        assert_eq!(opened.numbers, (Some(2_100_000), Some(18_000_000)));
    }

    #[test]
    fn every_code_of_the_pump_has_a_kind_that_the_clinic_knows() {
        for code in Event::CODES {
            if let Some(event) = Event::read(*code, &[0; PAYLOAD]) {
                assert!(clinic::journal::KINDS.contains(&kind(&event)), "{event}");
            }
        }
    }
}
