//! Stories of alarms: what is heard, what is allowed, and what a button does not do.

use orders::alarm::Level;
use orders::{AlarmId, Duration, Instant, Priority};
use proptest::prelude::*;
use pump::alarms::{Alarms, Cleared, NotCleared, Peer};
use pump::tones;

const HANDSET: Peer = Peer(3);
const CLINICIAN: Peer = Peer(0);

fn at(hours: u64, minutes: u64) -> Instant {
    Instant::ZERO.after(Duration::from_minutes(hours * 60 + minutes))
}

/// Every tone between two moments, asked for each minute: minute, code, alarm.
fn heard(alarms: &mut Alarms, from: Instant, to: Instant) -> Vec<(u64, u8, Option<AlarmId>)> {
    let (mut now, mut tones) = (from, Vec::new());
    while now <= to {
        while let Some(sound) = alarms.sound(now) {
            tones.push((now.get() / 60_000, sound.tone.code, sound.alarm));
        }
        now = now.after(Duration::from_minutes(1));
    }
    tones
}

//= requirements/alarms.md#a-set
//= type=test
//# The pump MUST keep every alarm that stands and sound the tone of the highest priority among them.
#[test]
fn of_two_faults_at_once_the_worse_is_heard_and_both_have_to_be_mended() {
    let mut alarms = Alarms::default();
    alarms.raise(at(9, 0), AlarmId::ReservoirLow);
    alarms.raise(at(9, 0), AlarmId::Stall);
    let tones = heard(&mut alarms, at(9, 0), at(9, 5));
    assert!(tones.iter().all(|(_, _, of)| *of == Some(AlarmId::Stall)), "{tones:?}");
    assert_eq!(tones.len(), 6);
    assert_eq!(alarms.iter().collect::<Vec<_>>(), [AlarmId::Stall, AlarmId::ReservoirLow]);

    assert!(alarms.cause_gone(at(9, 6), AlarmId::Stall));
    assert_eq!(alarms.level(), Level::NoPatientBolus, "the low reservoir still forbids boluses");
    assert_eq!(heard(&mut alarms, at(9, 6), at(9, 7)), [(9 * 60 + 6, tones::MEDIUM.code, Some(AlarmId::ReservoirLow))]);
    assert!(alarms.cause_gone(at(9, 8), AlarmId::ReservoirLow));
    assert_eq!(alarms.level(), Level::Full);
    assert_eq!(alarms.deadline(), None);
}

//= requirements/alarms.md#repeats-and-escalates
//= type=test
//# The pump MUST repeat an alarm's tone, and escalate it as its catalogue entry says, until the alarm is acknowledged or its cause is gone.
#[test]
fn an_empty_pump_calls_each_minute_then_doubled_then_every_ten_minutes_until_somebody_comes() {
    let mut alarms = Alarms::default();
    assert!(alarms.raise(at(0, 0), AlarmId::ReservoirEmpty));
    let tones = heard(&mut alarms, at(0, 0), at(1, 0));
    let single = tones.iter().filter(|(_, code, _)| *code == tones::HIGH.code).count();
    let doubled: Vec<u64> = tones.iter().filter(|(_, code, _)| *code == tones::HIGH_DOUBLE.code).map(|t| t.0).collect();
    assert_eq!(single, 10);
    assert_eq!(doubled, [10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 29, 39, 49, 59]);

    alarms.acknowledge(at(1, 0), AlarmId::ReservoirEmpty, HANDSET);
    assert_eq!(heard(&mut alarms, at(1, 0), at(24, 59)), [], "somebody took note");
    assert_eq!(alarms.level(), Level::Cut, "and nothing else changed");
    assert_eq!(heard(&mut alarms, at(25, 0), at(25, 0)).len(), 1, "but it is still empty the next day");
}

//= requirements/alarms.md#silence-ends
//= type=test
//# A silence MUST end by itself after the catalogue's limit.
#[test]
fn a_silence_lasts_ten_minutes_for_a_high_and_a_night_for_a_medium_alarm() {
    let mut alarms = Alarms::default();
    alarms.raise(at(22, 0), AlarmId::ReservoirLow);
    alarms.silence(at(22, 0), Duration::from_hours(24));
    assert_eq!(heard(&mut alarms, at(22, 0), at(29, 59)), []);
    assert_eq!(heard(&mut alarms, at(30, 0), at(30, 0)).len(), 1);

    let mut alarms = Alarms::default();
    alarms.raise(at(22, 0), AlarmId::Stall);
    for press in 0..3 {
        alarms.silence(at(22, press), Duration::from_hours(24));
    }
    assert_eq!(heard(&mut alarms, at(22, 3), at(22, 11)), []);
    assert_eq!(heard(&mut alarms, at(22, 12), at(22, 12)).len(), 1, "the last press counts, not their sum");

    alarms.silence(at(22, 13), Duration::from_hours(24));
    alarms.raise(at(22, 14), AlarmId::ReservoirEmpty);
    let heard = heard(&mut alarms, at(22, 14), at(22, 14));
    assert_eq!(heard.len(), 1, "a new alarm is heard through the silence of an old one");
    assert_eq!(heard[0].2, Some(AlarmId::ReservoirEmpty));
}

//= requirements/alarms.md#clearing-is-not-mending
//= type=test
//# Clearing an alarm MUST NOT lift its restriction before its cause has been tested false.
#[test]
fn a_button_mends_nothing() {
    let mut alarms = Alarms::default();
    alarms.raise(at(8, 0), AlarmId::OverDelivery);
    assert_eq!(alarms.clear(at(8, 1), AlarmId::OverDelivery, CLINICIAN), Err(NotCleared::CauseStands));
    alarms.silence(at(8, 1), Duration::from_hours(24));
    alarms.acknowledge(at(8, 1), AlarmId::OverDelivery, CLINICIAN);
    assert_eq!(alarms.level(), Level::Cut);

    assert!(!alarms.cause_gone(at(9, 0), AlarmId::OverDelivery), "it does not heal by itself");
    assert_eq!(alarms.level(), Level::Cut);
    assert_eq!(heard(&mut alarms, at(9, 0), at(40, 0)), [], "nor does it go on sounding");
    alarms.raise(at(41, 0), AlarmId::OverDelivery);
    assert_eq!(alarms.clear(at(41, 1), AlarmId::OverDelivery, CLINICIAN), Err(NotCleared::CauseStands));
    alarms.cause_gone(at(42, 0), AlarmId::OverDelivery);
    assert_eq!(alarms.clear(at(42, 1), AlarmId::OverDelivery, CLINICIAN), Ok(()));
    assert_eq!(alarms.level(), Level::Full);
    assert_eq!(alarms.clear(at(42, 2), AlarmId::OverDelivery, CLINICIAN), Err(NotCleared::NotStanding));
}

//= requirements/alarms.md#history-of-an-alarm
//= type=test
//# Every alarm MUST keep its first and last time, its count, who acknowledged it and why it was cleared.
#[test]
fn the_next_nurse_sees_that_it_was_the_third_stall_and_who_knew_of_it() {
    let mut alarms = Alarms::default();
    for hour in [3, 9, 15] {
        alarms.raise(at(hour, 0), AlarmId::Stall);
        alarms.raise(at(hour, 2), AlarmId::Stall);
        alarms.acknowledge(at(hour, 4), AlarmId::Stall, HANDSET);
        alarms.cause_gone(at(hour, 5), AlarmId::Stall);
    }
    let entry = alarms.history()[0];
    assert_eq!((entry.first(), entry.last(), entry.count), (at(3, 0), at(15, 5), 3));
    assert_eq!((entry.acknowledged_by, entry.cleared), (Some(HANDSET), Some(Cleared::CauseGone)));
}

//= requirements/alarms.md#test-tone
//= type=test
//# The pump MUST sound the tone of each priority on request and at the start self-test.
#[test]
fn the_tones_can_be_played_to_the_patient_and_never_hide_an_alarm() {
    let mut alarms = Alarms::default();
    for priority in [Priority::Low, Priority::High, Priority::Medium] {
        alarms.test_tone(priority);
    }
    assert_eq!(
        heard(&mut alarms, at(0, 0), at(0, 0)),
        [(0, tones::HIGH.code, None), (0, tones::MEDIUM.code, None), (0, tones::LOW.code, None)]
    );
    alarms.raise(at(1, 0), AlarmId::Stall);
    alarms.test_tone(Priority::Low);
    assert_eq!(alarms.sound(at(1, 0)).and_then(|sound| sound.alarm), Some(AlarmId::Stall));
    assert_eq!(alarms.level(), Level::NoPatientBolus);
}

//= requirements/ladder.md#lowest-rung-wins
//= type=test
//# The pump MUST run on the lowest rung that any standing cause asks for, from the step in which the cause is seen, with an alarm for each step down.
#[test]
fn whatever_order_causes_come_in_the_worst_decides() {
    let mut alarms = Alarms::default();
    for (id, level) in [
        (AlarmId::Restarted, Level::Full),
        (AlarmId::SelfTestFailed, Level::BasalOnly),
        (AlarmId::Temperature, Level::BasalOnly),
        (AlarmId::ClockFailed, Level::FallBack),
        (AlarmId::StateLost, Level::Cut),
        (AlarmId::Stall, Level::Cut),
    ] {
        alarms.raise(at(1, 0), id);
        assert_eq!(alarms.level(), level, "{id:?}");
    }
}

#[test]
fn a_restart_neither_silences_an_alarm_nor_lifts_its_restriction() {
    let mut alarms = Alarms::default();
    alarms.raise(at(8, 0), AlarmId::OverDelivery);
    alarms.raise(at(8, 0), AlarmId::RefillSoon);
    alarms.cause_gone(at(8, 5), AlarmId::RefillSoon);
    alarms.acknowledge(at(8, 6), AlarmId::OverDelivery, HANDSET);
    let mut bytes = [0u8; Alarms::BYTES_MAX];
    let length = alarms.encode(&mut bytes).unwrap();
    let mut after = Alarms::decode(at(8, 7), &bytes[..length]).unwrap();
    assert_eq!(after.level(), Level::Cut);
    assert_eq!((after.history()[0].count, after.history()[0].acknowledged_by), (1, Some(HANDSET)));
    assert_eq!(after.history()[1].cleared, Some(Cleared::CauseGone));
    assert_eq!(heard(&mut after, at(8, 7), at(8, 7)).len(), 1);
    for short in 0..length {
        assert_eq!(Alarms::decode(at(8, 7), &bytes[..short]), None);
    }
}

#[test]
fn every_alarm_of_the_catalogue_can_stand_at_once_and_none_is_lost_from_the_set() {
    let mut alarms = Alarms::default();
    for id in AlarmId::ALL {
        assert!(alarms.raise(at(1, 0), *id));
    }
    assert!(AlarmId::ALL.iter().all(|id| alarms.stands(*id)));
    assert_eq!(alarms.iter().count(), AlarmId::ALL.len());
    assert_eq!(alarms.level(), Level::Cut);
    let first = alarms.sound(at(1, 0)).unwrap();
    assert_eq!(first.alarm, Some(AlarmId::ReservoirEmpty), "as bad, as old: the order of the catalogue");
}

proptest! {
    #[test]
    fn the_level_is_always_that_of_the_worst_standing_and_a_high_alarm_is_never_quiet_for_long(
        acts in proptest::collection::vec((0usize..AlarmId::ALL.len(), 0u8..4, 0u64..20), 1..80)
    ) {
        let (mut alarms, mut now) = (Alarms::default(), at(0, 0));
        for (index, act, minutes) in acts {
            now = now.after(Duration::from_minutes(minutes));
            let id = AlarmId::ALL[index];
            match act {
                0 | 1 => { alarms.raise(now, id); }
                2 => { alarms.cause_gone(now, id); }
                _ => alarms.silence(now, Duration::from_hours(24)),
            }
            let worst = AlarmId::ALL.iter().filter(|id| alarms.stands(**id)).map(|id| id.allows()).max();
            prop_assert_eq!(alarms.level(), worst.unwrap_or_default());
            let mut bytes = [0u8; Alarms::BYTES_MAX];
            let length = alarms.encode(&mut bytes).unwrap();
            prop_assert_eq!(Alarms::decode(now, &bytes[..length]).unwrap().bits(), alarms.bits());
        }
        let is_loud = alarms.history().iter().any(|entry| {
            entry.cleared.is_none() && entry.id.priority() == Priority::High && !alarms.is_mended(entry.id)
        });
        let tones = heard(&mut alarms, now, now.after(Duration::from_minutes(20)));
        prop_assert!(!is_loud || tones.iter().any(|(_, _, of)| of.is_some_and(|id| id.priority() == Priority::High)));
    }
}

mod bench;

//= requirements/alarms.md#silence-ends
//= type=test
//# A silence MUST end by itself after the catalogue's limit.
#[test]
fn a_pump_that_was_silenced_is_heard_again_ten_minutes_later_though_nobody_did_anything() {
    let mut bench = bench::Bench::running(&bench::morphine());
    bench.to("day 3 08:00");
    let raw = bench.raw();
    bench.pump.raise(raw, orders::AlarmId::Bug);
    bench.settle();
    bench.to("day 3 08:05");
    let raw = bench.raw();
    bench.pump.silence(raw, orders::Duration::from_hours(8), bench::HANDSET);
    bench.settle();
    let (heard, silenced) = (bench.sounds.len(), bench.now);
    bench.run_until(silenced + 10 * bench::MINUTE - bench::SECOND);
    assert_eq!(bench.sounds.len(), heard, "quiet, though not for the night that was asked for");
    bench.run_until(silenced + 10 * bench::MINUTE + bench::SECOND);
    assert_eq!(bench.sounds.len(), heard + 1, "and heard again");
}
