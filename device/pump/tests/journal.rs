//! Stories of the journal: what a reader can see when somebody or something has been at it.

use orders::{AlarmId, Drug, Duration, Instant, Mass, Volume, WallTime};
use proptest::prelude::*;
use pump::alarms::Peer;
use pump::bolus::Source;
use pump::events::{Ending, Event, PAYLOAD};
use pump::journal::{self, CAPACITY, Journal, Key, NotGenuine, RECORD, WORST_YEAR};

const KEY: Key = Key(*b"a journal's key!");

fn at(minutes: u64) -> Instant {
    Instant::ZERO.after(Duration::from_minutes(minutes))
}

/// A store of a few slots.
struct Ring {
    journal: Journal,
    slots: Vec<[u8; RECORD]>,
}

impl Ring {
    fn of(capacity: u32) -> Self {
        Self { journal: Journal::new(KEY, capacity), slots: vec![[0; RECORD]; capacity as usize] }
    }
    fn write(&mut self, minutes: u64, event: Event) {
        let noted = self.journal.note(at(minutes), &event);
        let write = self.journal.record(&noted);
        self.slots[write.slot as usize] = write.bytes;
    }
    fn read(&self, number: u32) -> Result<String, NotGenuine> {
        let record = self.journal.open(number, &self.slots[self.journal.slot(number) as usize])?;
        Ok(format!("{}: {}", record.at, record.event.unwrap()))
    }
}

#[test]
fn the_evening_of_a_bolus_reads_as_it_happened() {
    let mut ring = Ring::of(16);
    let volume = Volume::new(50_000);
    ring.write(1200, Event::BolusAsked { source: Source::Patient, peer: Peer(2), request: 41 });
    ring.write(1200, Event::BolusAccepted { source: Source::Patient, volume, over: Duration::from_minutes(10) });
    ring.write(1200, Event::BolusStarted { source: Source::Patient, volume });
    ring.write(
        1204,
        Event::BolusEnded {
            source: Source::Patient,
            ordered: volume,
            confirmed: Volume::new(20_000),
            charged: Volume::new(21_500),
            ending: Ending::Unconfirmed,
        },
    );
    ring.write(
        1260,
        Event::Hour {
            first: Some(Drug::Morphine),
            first_mass: Mass::new(250_000_000_000),
            second: None,
            second_mass: Mass::ZERO,
            unconfirmed: 3,
        },
    );
    let told: Vec<String> = (0..5).map(|number| ring.read(number).unwrap()).collect();
    assert_eq!(
        told,
        [
            "day 0 20:00:00: patient bolus asked for by peer 2, request 41",
            "day 0 20:00:00: patient bolus accepted: 0.05 mL over 10 min",
            "day 0 20:00:00: patient bolus started: 0.05 mL",
            "day 0 20:04:00: patient bolus cut: three strokes could not be confirmed: 0.02 mL of 0.05 mL confirmed, 0.0215 mL charged",
            "day 0 21:00:00: hour: morphine 250 mcg, no further drug 0 mcg; 3 strokes unconfirmed",
        ]
    );
}

//= requirements/journal.md#numbered-and-tagged
//= type=test
//# Every journal record MUST carry a running number and a keyed tag, so that a missing, an altered or a forged record shows.
#[test]
fn a_missing_an_altered_and_a_forged_record_show() {
    let mut ring = Ring::of(8);
    for minute in 0..6 {
        ring.write(minute, Event::AlarmRaised { id: AlarmId::Stall, count: 1 });
    }
    for byte in 0..RECORD {
        for bit in 0..8 {
            let mut altered = ring.slots[2];
            altered[byte] ^= 1 << bit;
            assert_eq!(ring.journal.open(2, &altered), Err(NotGenuine::Tag), "byte {byte} bit {bit}");
        }
    }
    // One taken out and another put in its place: the number betrays it.
    ring.slots[3] = ring.slots[4];
    assert_eq!(ring.read(3), Err(NotGenuine::Number));
    let mut other = Journal::new(Key([7; 16]), 8);
    let noted = other.note(at(0), &Event::FieldEntered {});
    let forged = other.record(&noted);
    assert_eq!(journal::open(&KEY, &forged.bytes), Err(NotGenuine::Tag));
    assert_eq!(ring.journal.open(5, &[0; RECORD]), Err(NotGenuine::Tag), "an empty slot");
}

//= requirements/journal.md#says-what-it-lost
//= type=test
//# A full journal MUST say how many records it lost and since when.
#[test]
fn the_log_was_full_and_says_how_many_it_lost_and_since_when() {
    let mut ring = Ring::of(10);
    for minute in 0..10 {
        ring.write(minute, Event::Silenced { peer: Peer(1) });
    }
    assert_eq!(ring.journal.loss(), None, "full is not yet lossy");
    ring.journal.read_up_to(3, at(3));
    for minute in 10..20 {
        ring.write(minute, Event::Silenced { peer: Peer(1) });
    }
    let loss = ring.journal.loss().unwrap();
    assert_eq!((loss.count, loss.first, loss.since), (6, 4, at(3)));
    let record = journal::open(&KEY, &ring.journal.loss_record(at(20)).unwrap()).unwrap();
    assert_eq!(record.number, 9);
    assert_eq!(record.event.unwrap().to_string(), "the journal lost 6 records since day 0 00:03:00");
    assert_eq!(ring.journal.oldest(), 10);
    assert!(ring.read(10).is_ok() && ring.read(9) == Err(NotGenuine::Number));

    let (unread, read_at) = ring.journal.unread();
    let after = Journal::resume(KEY, 10, ring.journal.next(), unread, read_at);
    assert_eq!(after.loss(), Some(loss), "a restart does not make it forget");
    ring.journal.read_up_to(19, at(19));
    assert_eq!(ring.journal.loss(), None);
    ring.journal.read_up_to(5, at(5));
    assert_eq!(ring.journal.unread(), (20, at(19)), "an old acknowledgement takes nothing back");
}

//= requirements/journal.md#order-by-number
//= type=test
//# The setting of a clock MUST be a record of its own and change no other record.
#[test]
fn setting_the_clock_back_by_six_hours_changes_neither_the_order_nor_any_time() {
    let mut ring = Ring::of(8);
    ring.write(600, Event::FieldEntered {});
    let before = ring.slots.clone();
    let noon = WallTime::new(1_781_956_800_000);
    let morning = WallTime::new(1_781_935_200_000);
    ring.write(601, Event::ClockSet { before: noon, after: morning, peer: Peer(0) });
    ring.write(602, Event::FieldLeft { lasted: Duration::from_minutes(2) });
    assert_eq!(ring.slots[0], before[0]);
    assert_eq!(ring.read(1).unwrap(), "day 0 10:01:00: clock set from 2026-06-20 12:00 to 2026-06-20 06:00 by peer 0");
    assert_eq!(ring.read(2).unwrap(), "day 0 10:02:00: strong field gone after 2 min");
}

//= requirements/journal.md#a-year-fits
//= type=test
//# The journal's capacity MUST hold the events of the worst-case year that the device's specification states.
#[test]
fn a_worst_case_year_is_kept_whole() {
    assert_eq!(WORST_YEAR, 692 * 366);
    let mut journal = Journal::new(KEY, CAPACITY);
    for _ in 0..WORST_YEAR {
        journal.note(at(0), &Event::FieldEntered {});
    }
    assert_eq!(journal.loss(), None);
    assert_eq!(journal.oldest(), 0);
}

#[test]
fn the_tag_is_siphash_2_4_as_its_authors_publish_it() {
    // Key 00..0f and the first 8 bytes of their table: 0x93f5f5799a932462 for the message 00..07.
    use core::hash::Hasher;
    let key: [u8; 16] = core::array::from_fn(|index| index as u8);
    let mut hasher = siphasher::sip::SipHasher24::new_with_key(&key);
    hasher.write(&[0, 1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(hasher.finish(), 0x93f5_f579_9a93_2462);
}

#[test]
fn codes_are_unique() {
    let mut codes = Event::CODES.to_vec();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), Event::CODES.len());
}

proptest! {
    #[test]
    fn any_bytes_are_an_event_that_writes_the_same_bytes_again_or_none(code: u8, bytes: [u8; PAYLOAD]) {
        if let Some(event) = Event::read(code, &bytes) {
            prop_assert_eq!(event.code(), code);
            prop_assert_eq!(event.payload(), bytes);
            prop_assert!(!event.to_string().is_empty());
        }
    }

    #[test]
    fn any_bytes_in_a_slot_are_not_a_record(bytes: [u8; RECORD]) {
        prop_assert_eq!(journal::open(&KEY, &bytes), Err(NotGenuine::Tag));
    }
}
