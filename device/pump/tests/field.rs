//! The strong field: a scanner, a clasp, a magnet beside a stalled drive, and what is given when it has gone.

mod bench;

use bench::*;
use orders::alarm::Level;
use orders::{AlarmId, Drug, Mixture, Reason};
use pump::transitions::State;
use pump::windows::Window;

//= requirements/drive.md#strong-field
//= type=test
//# The pump MUST NOT command a stroke while a strong field is present.
//= requirements/drive.md#strong-field
//= type=test
//# A strong field that lasts over 20 minutes MUST raise an alarm.
//= requirements/drive.md#strong-field
//= type=test
//# When the strong field has gone, the pump MUST resume by itself.
#[test]
fn twenty_five_minutes_in_a_scanner_give_nothing_alarm_once_and_are_not_caught_up() {
    let mut bench = Bench::running(&morphine());
    bench.to("day 3 10:00");
    bench.field(true);
    let entered = bench.pump.strokes().commanded;
    bench.to("day 3 10:19");
    assert!(!bench.stands(AlarmId::StrongFieldLong));
    bench.is_refused(Reason::StrongField);
    bench.to("day 3 10:25");
    assert!(bench.stands(AlarmId::StrongFieldLong));
    assert_eq!(bench.pump.strokes().commanded, entered, "no stroke is commanded in the field");
    bench.field(false);
    bench.to("day 3 11:00");
    assert!(!bench.stands(AlarmId::StrongFieldLong) && !bench.stands(AlarmId::NoRecovery));
    assert_eq!(bench.pump.state(), State::Running);
    bench.to("day 3 18:00");
    let moved = bench.moved_between(at("day 3 10:25"), bench.now);
    assert!(moved <= 240_000 * 455 / 1440 + 500, "{moved} nL: the 25 minutes are not given later");
    assert!(!bench.stands(AlarmId::GapTooLong));
}

#[test]
fn a_field_in_the_middle_of_a_bolus_ends_it_and_it_counts_whole() {
    let mut bench = Bench::running(&morphine());
    bench.to("day 3 10:00").is_granted();
    bench.to("day 3 10:03");
    bench.field(true);
    bench.to("day 3 10:10");
    bench.field(false);
    let before = bench.now;
    bench.to("day 3 11:00");
    let moved = bench.moved_between(before, bench.now);
    assert!(moved <= 240_000 * 50 / 1440 + 500, "{moved} nL: the bolus does not go on");
    assert!(bench.is_refused(Reason::Lockout).is_some());
}

//= requirements/drive.md#recovered
//= type=test
//# The pump MUST call the drive recovered only after two consistent rotor checks.
#[test]
fn a_clasp_eight_hours_a_night_for_a_month_never_gives_more_than_the_hours_without_it() {
    let mut bench = Bench::running(&morphine());
    for day in 3..33 {
        bench.run_until(day * DAY + 22 * HOUR);
        bench.field(true);
        bench.run_until(day * DAY + 30 * HOUR);
        bench.field(false);
    }
    bench.run_until(33 * DAY + 22 * HOUR);
    let moved = bench.moved_between(3 * DAY + 22 * HOUR, bench.now);
    let ordered = 30 * 240_000 * 16 / 24;
    assert!(moved <= ordered + 500, "{moved} nL of {ordered} nL");
    assert!(moved >= ordered * 98 / 100, "{moved} nL of {ordered} nL");
    assert!(!bench.stands(AlarmId::OverDelivery) && !bench.stands(AlarmId::GapTooLong));
    assert_eq!(bench.pump.state(), State::Running);
}

//= requirements/drive.md#in-its-own-time
//= type=test
//# The pump MUST NOT give a stroke before it is due, not to restart a drive and not to check one after a strong field.
//= requirements/drive.md#in-its-own-time
//= type=test
//# The pump MUST go on trying a drive that does not turn with the strokes of the order, each in its own time.
//= requirements/drive.md#unconfirmed-strokes
//= type=test
//# The pump MUST count an unconfirmed stroke as delivered in the ceilings and in the reservoir.
//= requirements/drive.md#unconfirmed-strokes
//= type=test
//# The pump MUST count an unconfirmed stroke as not delivered in the under-infusion watch and in every figure shown to people.
//= requirements/delivery.md#under-infusion
//= type=test
//# When the confirmed volume of a day falls short of the ordered volume by more than the accuracy of the device profile, the pump MUST raise the under-infusion alarm.
#[test]
fn a_hundred_edges_missed_at_a_front_hold_no_baclofen_back_give_none_early_and_are_shown_to_nobody_as_given() {
    let mut bench = Bench::running(&baclofen());
    bench.to("day 4 23:30");
    let mixture = Mixture::single(Drug::Baclofen, mg_per_ml(2));
    bench.fill(&mixture, 17_000_000);
    let (from, began) = (bench.moved.len(), bench.now);
    let before = bench.pump.status(bench.raw()).left.nominal;
    let shown = bench.pump.strokes().confirmed;
    bench.missed_edges = 100;
    // 175 mcL a day: a stroke every 4 min 7 s. The drive turns; nobody sees it.
    bench.to("day 4 23:44");
    assert!(bench.stands(AlarmId::UnconfirmedStrokes) && !bench.stands(AlarmId::Stall), "after three strokes");
    bench.to("day 4 23:50");
    assert!(bench.stands(AlarmId::Stall), "after four, and loudly");
    bench.run_until(began + 100 * 247 * SECOND);
    let moved = &bench.moved[from..];
    assert!(moved.len() >= 99, "{} strokes of 100: therapy was held back", moved.len());
    let closest = moved.windows(2).map(|pair| pair[1] - pair[0]).min().unwrap();
    assert!(closest >= 246 * SECOND, "{closest} ms: two strokes are never closer than the order has them");
    let volume = 500 * moved.len() as u64;
    let after = bench.pump.status(bench.raw()).left.nominal;
    assert_eq!(before.get() - after.get(), volume, "for the reservoir they count as given");
    let charged = bench.pump.charged(Drug::Baclofen, Window::Day);
    assert!(charged >= mcg(320) && charged <= mcg(370), "{charged:?}: and for the ceilings");
    assert_eq!(bench.pump.strokes().confirmed, shown, "nobody is shown one of them");
    let last = bench.pump.hour_number();
    let hours = (last - 5..last).map(|hour| bench.pump.hour(hour).unwrap().basal);
    assert_eq!(hours.sum::<u16>(), 0);
    // The sensor works again: two confirmed strokes end it.
    bench.run_until(bench.now + 20 * MINUTE);
    assert!(!bench.stands(AlarmId::Stall) && !bench.stands(AlarmId::UnconfirmedStrokes));
    bench.to("day 6 00:10");
    assert!(bench.stands(AlarmId::UnderInfusion), "too little may have been given: somebody should know");
    assert_eq!((bench.pump.state(), bench.pump.level()), (State::Running, Level::Full));
    assert!(!bench.stands(AlarmId::OverDelivery) && !bench.stands(AlarmId::GapTooLong));
}

/// A pump that was alarming when the scanner came once stayed silent and still until somebody interrogated it (F11).
//= requirements/drive.md#strong-field
//= type=test
//# When the strong field has gone, the pump MUST resume by itself.
#[test]
fn a_pump_that_alarms_in_the_scanner_comes_back_by_itself_and_goes_on_alarming() {
    let mut bench = Bench::running(&baclofen());
    bench.to("day 3 10:00");
    let raw = bench.raw();
    bench.pump.raise(raw, AlarmId::StoreFault);
    bench.settle();
    bench.field(true);
    bench.to("day 3 10:45");
    assert!(bench.stands(AlarmId::StrongFieldLong) && bench.stands(AlarmId::StoreFault));
    bench.field(false);
    let sounds = bench.sounds.len();
    bench.to("day 3 12:45");
    assert!(!bench.stands(AlarmId::StrongFieldLong) && bench.stands(AlarmId::StoreFault));
    let moved = bench.moved_between(at("day 3 10:45"), bench.now);
    assert!(moved.abs_diff(175_000 * 2 / 24) <= 1_000, "{moved} nL in two hours, with nobody there");
    assert!(bench.sounds.len() > sounds, "the alarm of before is still heard");
}

//= requirements/drive.md#recovered
//= type=test
//# When the drive has not recovered within the stated time after a strong field has gone, the pump MUST raise an alarm.
#[test]
fn a_drive_that_sticks_in_the_scanner_is_told_half_an_hour_later_and_gives_nothing_on_top_when_it_comes_free() {
    use pump::events::Event;
    let mut bench = Bench::running(&morphine());
    bench.to("day 3 10:00");
    bench.field(true);
    bench.to("day 3 10:15");
    bench.stalled = true;
    bench.field(false);
    bench.to("day 3 10:36");
    assert!(bench.stands(AlarmId::NoRecovery) && bench.stands(AlarmId::Stall));
    bench.to("day 3 16:00");
    bench.stalled = false;
    let free = bench.now;
    bench.to("day 3 16:30");
    assert!(!bench.stands(AlarmId::NoRecovery) && !bench.stands(AlarmId::Stall));
    let moved = bench.moved_between(free, bench.now);
    assert!(moved <= 5_500, "{moved} nL in half an hour: nothing is made up for");
    // The journal tells it in its order, with the whole standstill.
    let told = bench.told();
    let place = |is: fn(&Event) -> bool| told.iter().position(is).unwrap();
    let (came, went) =
        (place(|e| matches!(e, Event::FieldEntered {})), place(|e| matches!(e, Event::FieldLeft { .. })));
    let stalled = place(|e| matches!(e, Event::Stalled { .. }));
    let back = place(
        |e| matches!(e, Event::Recovered { still } if still.get() > 6 * HOUR && still.get() < 6 * HOUR + 5 * MINUTE),
    );
    assert!(came < went && went < stalled && stalled < back);
}
