//! What the journal of a running pump holds: every change with its event, every hour with its drug, and what it lost.

mod bench;

use bench::*;
use orders::prescription::*;
use orders::{AlarmId, Drug, Duration, FlowRate, Volume, WallTime};
use pump::events::{Cause, Event};
use pump::journal::CAPACITY;

/// What should be there, and whether an event is it.
type Written = (&'static str, fn(&Event) -> bool);

//= requirements/journal.md#what-is-written-down
//= type=test
//# The pump MUST write a journal event for every change of order, mode, rung, alarm, clock or peer, every restart, every self-test, every refusal and every fault mended without an alarm.
#[test]
fn a_day_on_which_everything_happens_is_told_event_by_event() {
    let mut bench = Bench::running(&morphine());
    bench.to("day 3 08:00");
    let next = Prescription { order_number: 2, mode: Mode::Continuous(FlowRate::new(200_000)), ..morphine() };
    let raw = bench.raw();
    bench.pump.commit_order(raw, &next, None, None, NURSE).unwrap();
    bench.settle();
    let raw = bench.raw();
    bench.pump.stop(raw, 3, Duration::from_hours(1), NURSE).unwrap();
    bench.settle();
    bench.is_refused(orders::Reason::Stopped);
    let raw = bench.raw();
    bench.pump.resume(raw, NURSE).unwrap();
    bench.pump.raise(raw, AlarmId::ButtonStuck);
    bench.settle();
    let raw = bench.raw();
    bench.pump.cause_gone(raw, AlarmId::ButtonStuck);
    bench.pump.set_wall(raw, WallTime::new(1_790_000_000_000), NURSE).unwrap();
    bench.pump.log(raw, Event::PeerRemoved { peer: HANDSET });
    bench.settle();
    let (raw, second) = (bench.raw(), bench.second());
    bench.pump.edge(raw, second);
    bench.settle();
    bench.restart(Cause::Watchdog, true);
    let told = bench.told();
    let expected: [Written; 13] = [
        ("order", |e| matches!(e, Event::OrderCommitted { order: 2, author: 7, peer: NURSE })),
        ("flow", |e| matches!(e, Event::FlowChanged { to, .. } if to.get() == 200_000)),
        ("stop", |e| matches!(e, Event::Stopped { reason: 3, peer: NURSE, .. })),
        ("mode", |e| matches!(e, Event::StateChanged { to: pump::transitions::State::Stopped, .. })),
        ("refusal", |e| matches!(e, Event::Refused { reason: orders::Reason::Stopped, .. })),
        ("alarm", |e| matches!(e, Event::AlarmRaised { id: AlarmId::ButtonStuck, .. })),
        ("rung", |e| matches!(e, Event::LevelChanged { to: orders::alarm::Level::NoPatientBolus, .. })),
        ("healed", |e| matches!(e, Event::AlarmHealed { id: AlarmId::ButtonStuck })),
        ("clock", |e| matches!(e, Event::ClockSet { peer: NURSE, .. })),
        ("peer", |e| matches!(e, Event::PeerRemoved { peer: HANDSET })),
        ("stray", |e| matches!(e, Event::Mended { what: pump::events::Mend::StrayEdge, .. })),
        ("restart", |e| matches!(e, Event::Restarted { cause: Cause::Watchdog, .. })),
        ("self-test", |e| matches!(e, Event::SelfTest { passed: true, .. })),
    ];
    for (what, is) in expected {
        assert!(told.iter().any(is), "{what} is not written down: {told:#?}");
    }
}

//= requirements/journal.md#what-is-written-down
//= type=test
//# The pump MUST write to the journal each hour what was delivered in it of each drug.
#[test]
fn each_hour_tells_what_it_gave_of_the_drug_and_together_they_tell_the_day() {
    let mut bench = Bench::running(&morphine());
    bench.to("day 3 00:00");
    let before = bench.told().len();
    let from = bench.now;
    bench.to("day 4 00:01");
    let hours: Vec<u64> = bench.told()[before..]
        .iter()
        .filter_map(|event| match event {
            Event::Hour { first: Some(Drug::Morphine), first_mass, .. } => Some(first_mass.get()),
            _ => None,
        })
        .collect();
    assert!((24..=25).contains(&hours.len()), "{}", hours.len());
    // 0.93 mg/mL after the first fill: 930 fg of morphine in each nanolitre.
    let moved = bench.moved_between(from, bench.now) * 930_000;
    assert!(hours.iter().sum::<u64>().abs_diff(moved) <= 15_000 * 930_000, "{hours:?} {moved}");
}

//= requirements/journal.md#says-what-it-lost
//= type=test
//# A full journal MUST say how many records it lost and since when.
#[test]
fn a_journal_that_nobody_read_until_it_was_full_is_a_low_alarm_that_stops_nothing_and_ends_when_it_is_read() {
    let mut bench = Bench::running(&baclofen());
    bench.to("day 3 08:00");
    for number in 0..=CAPACITY {
        let raw = bench.raw();
        bench.pump.log(raw, Event::Interrogated { peer: HANDSET });
        // Two dozen may wait to be written; the last ones are enough for this story.
        if number % 16 == 0 {
            bench.settle();
            bench.store.journal.clear();
        }
    }
    bench.settle();
    bench.to("day 3 10:00");
    assert!(bench.stands(AlarmId::JournalLoss));
    let loss = bench.pump.journal().loss();
    assert!(loss.is_some(), "it says that it lost records");
    assert_eq!(bench.pump.level(), orders::alarm::Level::Full);
    bench.to("day 4 08:00");
    let moved = bench.moved_between(at("day 3 08:00"), bench.now);
    assert!(moved.abs_diff(175_000) <= 1_000, "{moved} nL");
    let (raw, next) = (bench.raw(), bench.pump.journal().next());
    bench.pump.journal_read(raw, next);
    bench.settle();
    assert!(!bench.stands(AlarmId::JournalLoss));
}

/// An order that is judged by what this patient really takes and by how long the drug still keeps.
#[test]
fn the_dates_of_a_proposed_order_follow_the_boluses_taken_and_the_day_the_drug_no_longer_keeps() {
    let mut bench = Bench::running(&morphine());
    for day in 3..17 {
        bench.run_until(day * DAY + 8 * HOUR);
        bench.is_granted();
    }
    bench.run_until(17 * DAY + 7 * HOUR);
    let next = Prescription { order_number: 2, ..morphine() };
    let outlook = bench.pump.propose_order(&next, None, None).unwrap().judgement.outlook;
    let (alone, average, all) = (outlook.nominal.unwrap(), outlook.average.unwrap(), outlook.all.unwrap());
    assert!(all < average && average < alone, "one bolus a day, and not none and not four: {outlook:?}");
    // 240 mcL of basal and 20 of bolus a day.
    let left = bench.pump.status(bench.raw()).left.nominal.saturating_sub(Volume::new(2_000_000));
    let days = left.get() / 260_000;
    assert!((average.get() / DAY).abs_diff(days) <= 1, "{} days", average.get() / DAY);
    // Filled at 07:00 of the first day to keep 90 days: on day 86 four are left, however much there is.
    bench.run_until(50 * DAY);
    bench.fill(&morphine().mixture, 18_600_000);
    bench.run_until(136 * DAY);
    let outlook = bench.pump.propose_order(&next, None, None);
    let refill_by = outlook.map(|review| review.judgement.outlook.refill_by);
    assert!(refill_by.is_ok_and(|by| by.is_some_and(|by| by <= Duration::from_days(4))));
}
