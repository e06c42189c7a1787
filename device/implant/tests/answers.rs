//! What the pump answers to people who ask about itself, and what it does of its own when nobody asks.

mod bench;

use bench::*;
use implant::{Bank, Cause, Slot};
use orders::{AlarmId, Concentration, Drug, Duration, Instant, Mixture, Volume};
use pump::journal::{Key, open};
use telemetry::message::ask::*;
use telemetry::message::{Answer, Ask};
use telemetry::peer::Role;

fn read_alarms(bench: &mut Bench, talk: &mut Talk) -> Vec<(AlarmId, Option<Instant>)> {
    let heard = talk.reads(bench, Ask::ReadAlarms(ReadAlarms {})).expect("an answer");
    let Answer::Alarms(alarms) = heard.answer() else { panic!("{heard:?}") };
    alarms.active.iter().map(|one| (one.alarm, one.silenced_until)).collect()
}

/// What the journal in the store tells, in words, from a record on.
fn journal(bench: &Bench) -> Vec<String> {
    let records = bench.world.slots.iter().filter(|(code, _)| **code >> 24 == 0x0c);
    let opened = records.filter_map(|(_, bytes)| open(&Key([7; 16]), bytes.as_slice().try_into().ok()?).ok());
    opened.filter_map(|record| record.event.map(|event| event.to_string().to_lowercase())).collect()
}

#[test]
fn a_nurse_who_asks_for_the_self_tests_gets_them_at_once_and_therapy_goes_on() {
    let (mut bench, mut nurse, _) = visit(&morphine());
    bench.to("day 3 09:10");
    bench.presence(true);
    let before = journal(&bench).iter().filter(|words| words.contains("self-test")).count();
    let mut talk = nurse.greets(&mut bench).unwrap();
    nurse.asks(&mut bench, &mut talk, Ask::SelfTest(SelfTest {})).unwrap().accepted();
    bench.to("day 3 09:12");
    let told = journal(&bench).iter().filter(|words| words.contains("self-test")).count();
    assert_eq!(told - before, 8, "all that can be done while therapy runs; none that cuts or turns the drive");
    bench.to("day 3 10:10");
    let hour = bench.moved_between(at("day 3 09:10"), at("day 3 10:10"));
    assert!((9_500..=10_500).contains(&hour), "{hour} nL");
    assert!(!bench.implant.pump().alarms().stands(AlarmId::SelfTestFailed));
}

#[test]
fn an_alarm_is_quiet_for_as_long_as_was_asked_for_and_no_longer_than_its_kind_permits() {
    for (asked, quiet) in [(Duration::from_minutes(3), 3), (Duration::from_hours(9), 10)] {
        let (mut bench, mut nurse, mut handset) = visit(&morphine());
        bench.to("day 3 09:00");
        bench.world.held = true;
        bench.to("day 3 09:30");
        let mut talk = handset.greets(&mut bench).unwrap();
        assert!(read_alarms(&mut bench, &mut talk).contains(&(AlarmId::Stall, None)), "it sounds");
        let silence = Ask::Silence(Silence { alarm: AlarmId::Stall, duration: asked });
        handset.asks(&mut bench, &mut talk, silence).unwrap().accepted();
        let until = Instant::new(at("day 3 09:30") + quiet * MINUTE);
        let told = read_alarms(&mut bench, &mut talk);
        let (_, silenced) = told.iter().find(|(alarm, _)| *alarm == AlarmId::Stall).unwrap();
        assert_eq!(*silenced, Some(until), "{told:?}");
        let sounds = bench.world.sounds;
        bench.run_until(silenced.unwrap().get() - 1);
        assert_eq!(bench.world.sounds, sounds, "quiet");
        bench.to("day 3 09:55");
        assert!(bench.world.sounds > sounds, "and heard again");
        // A clinician at the skin takes note of it: that holds for a day.
        bench.presence(true);
        let mut talk = nurse.greets(&mut bench).unwrap();
        let silence = Ask::Silence(Silence { alarm: AlarmId::Stall, duration: asked });
        nurse.asks(&mut bench, &mut talk, silence).unwrap().accepted();
        let told = read_alarms(&mut bench, &mut talk);
        assert!(told.contains(&(AlarmId::Stall, Some(Instant::new(at("day 4 09:55"))))), "{told:?}");
    }
}

#[test]
fn how_long_therapy_lasts_is_told_as_a_date_that_comes_nearer_by_use() {
    let (mut bench, _, mut handset) = visit(&morphine());
    let mut told = |bench: &mut Bench| {
        let mut talk = handset.greets(bench).unwrap();
        let heard = talk.reads(bench, Ask::ReadBattery(ReadBattery {})).unwrap();
        let Answer::Battery(battery) = heard.answer() else { panic!("{heard:?}") };
        (battery.end_of_service.expect("a date"), battery.indicator)
    };
    let (first, indicator) = told(&mut bench);
    assert_eq!(indicator, None);
    let years = first.since(Instant::new(bench.world.now)).get() / DAY / 365;
    assert!((1..=10).contains(&years), "{years} years at the worst use");
    bench.to("day 9 08:00");
    let (later, _) = told(&mut bench);
    // At less than the worst use the date moves away, and never further than the days that passed.
    assert!(later > first && later.since(first) <= Duration::from_days(8), "{first:?} {later:?}");
}

#[test]
fn a_catheter_that_was_filled_with_drug_holds_it_in_the_ledger_and_one_of_saline_does_not() {
    let drug = Mixture::single(Drug::Morphine, Concentration::new(1_000_000));
    for path in [Mixture::DRUG_FREE, drug] {
        let mut bench = Bench::new();
        bench.to("07:00");
        bench.presence(true);
        let mut nurse = Device::new(Role::Programmer, 0);
        let mut talk = nurse.pairs(&mut bench);
        let installed = Ask::Installation(Installation { catheter: Volume::new(198_000), path });
        nurse.asks(&mut bench, &mut talk, installed).unwrap().accepted();
        let slugs = &bench.implant.pump().ledger().slugs;
        let outside: Vec<(u32, Mixture)> = slugs.iter().skip(1).map(|slug| (slug.volume_nl, slug.mixture)).collect();
        assert_eq!(outside.iter().map(|(volume, _)| volume).sum::<u32>(), 397_000);
        assert!(outside.iter().all(|(_, mixture)| *mixture == path), "{outside:?}");
        assert_eq!(slugs[0].mixture, Mixture::DRUG_FREE, "the reservoir was not filled");
    }
}

#[test]
fn a_contact_left_lying_ends_at_its_time_out_though_nothing_else_wakes_the_pump() {
    let (mut bench, _, mut handset) = visit(&morphine());
    bench.to("day 3 09:10");
    let _talk = handset.greets(&mut bench).unwrap();
    let begun = bench.world.now;
    let due = bench.implant.deadline().expect("a deadline");
    assert!(due <= begun + 2 * MINUTE, "{} ms", due - begun);
    bench.to("day 3 09:13");
    // Every place is free again: as many contacts can be opened as on the first day.
    for _ in 0..telemetry::limits::CONTACTS_MAX {
        assert!(handset.greets(&mut bench).is_some());
    }
}

//= requirements/alarms.md#written-before-heard
//= type=test
//# The pump MUST write an alarm to the journal before it sounds it.
#[test]
fn an_alarm_is_in_the_store_before_it_is_heard() {
    let (mut bench, ..) = visit(&morphine());
    bench.to("day 3 09:00");
    bench.world.held = true;
    bench.world.log.clear();
    bench.to("day 3 09:30");
    let log = &bench.world.log;
    let sound = log.iter().position(|words| words == "sound").expect("a stall is heard");
    let step = log[..sound].iter().rposition(|words| words == "step").unwrap_or(0);
    assert!(log[step..sound].iter().any(|words| words.starts_with("write Journal")), "{:?}", &log[step..=sound]);
    // And at the byte: with the power gone in that very record nothing has sounded.
    let (mut bench, ..) = visit(&morphine());
    bench.to("day 3 09:00");
    bench.world.held = true;
    bench.world.log.clear();
    let writes = log[..sound].iter().filter(|words| words.starts_with("write")).count() as u64;
    bench.world.cut = Some(Cut { write: bench.world.writes + writes - 1, bytes: 31 });
    let sounds = bench.world.sounds;
    bench.to("day 3 09:30");
    assert!(bench.world.is_dark);
    assert_eq!(bench.world.sounds, sounds);
}

//= requirements/selftest.md#checked-before-use
//= type=test
//# Prescription, fall-back, guard part, ledger and dose record MUST be checked each time they are read from a store, and one that fails is not used.
#[test]
fn a_part_with_one_wrong_bit_is_not_used_and_its_loss_is_told() {
    let (mut bench, ..) = visit(&morphine());
    bench.to("day 3 09:10");
    let parts: [fn(Bank) -> Slot; 5] = [Slot::Order, Slot::FallBack, Slot::Guard, Slot::Ledger, Slot::Dose];
    for part in parts {
        for both in [false, true] {
            let mut world = bench.world.clone();
            let slots = [part(Bank::A).code(), part(Bank::B).code()];
            let newest =
                slots.into_iter().max_by_key(|code| world.slots.get(code).map(|bytes| bytes[..4].to_vec())).unwrap();
            for code in slots.into_iter().filter(|code| both || *code == newest) {
                if let Some(byte) = world.slots.get_mut(&code).and_then(|bytes| bytes.last_mut()) {
                    *byte ^= 0x10;
                }
            }
            let woken = Bench::wake(world, Cause::BrownOut);
            let pump = woken.implant.pump();
            let told = pump.alarms().stands(AlarmId::CommitMismatch) || pump.alarms().stands(AlarmId::DoseRecordLost);
            let is_dose = part(Bank::A) == Slot::Dose(Bank::A);
            assert_eq!(told, both || !is_dose, "{:?} {both}: the other slot of the dose record serves", part(Bank::A));
            let order = pump.order().map(|order| order.order_number);
            assert!(part(Bank::A) != Slot::Order(Bank::A) || order.is_none(), "an order that fails its check runs");
            assert!(is_dose || pump.flow() <= morphine().fall_back, "{:?}: {:?}", part(Bank::A), pump.flow());
        }
    }
}
