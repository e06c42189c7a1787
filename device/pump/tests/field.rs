//! The strong field: a scanner, a clasp, a magnet beside a stalled drive, and what is given when it has gone.

mod bench;

use bench::*;
use orders::{AlarmId, Reason};
use pump::transitions::State;

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
