//! Stories of the stroke machine.

use super::*;
use crate::ceilings::Ceilings;
use crate::windows::NOTHING;
use std::vec::Vec;

const DEVICE: DeviceProfile = DeviceProfile::REFERENCE_20;

fn at(hours: u64, minutes: u64, seconds: u64) -> Instant {
    Instant::ZERO.after(Duration::from_secs((hours * 60 + minutes) * 60 + seconds))
}
fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
fn events(drive: &mut Drive, now: Instant) -> Vec<Event> {
    let mut told = Vec::new();
    while let Some(event) = drive.tick(now) {
        told.push(event);
    }
    assert!(told.len() <= 5);
    told
}
fn moved(drive: &mut Drive, now: Instant) -> Edge {
    drive.command(now).unwrap();
    drive.edge(now.after(Duration::new(700)))
}
fn silent(drive: &mut Drive, now: Instant) -> Vec<Event> {
    drive.command(now).unwrap();
    events(drive, now.after(s(3)))
}

//= requirements/ceilings.md#permit
//= type=test
//# The drive MUST NOT be stepped without consuming one permit for each stroke.
#[test]
fn a_permit_turns_the_drive_once_for_one_stroke_and_in_its_time() {
    let mut ceilings = Ceilings::new(at(8, 0, 0), &DEVICE);
    let mut permit = |volume, source| ceilings.authorize(at(8, 0, 0), volume, &NOTHING, source).unwrap();
    let mut drive = Drive::new(at(8, 0, 0), &DEVICE);
    let double = permit(Volume::new(1_000), Source::Basal);
    assert_eq!(drive.step(at(8, 0, 0), double), Err(Held::Permit));
    let old = permit(DEVICE.stroke, Source::Basal);
    assert_eq!(drive.step(at(8, 30, 0), old), Err(Held::Permit));
    assert!(!drive.is_in_flight());
    for stroke in 0..3 {
        let right = permit(DEVICE.stroke, Source::Patient);
        assert_eq!(drive.step(at(8, 0, 10 * stroke), right), Ok(()));
        events(&mut drive, at(8, 0, 10 * stroke + 3));
    }
    let bolus = permit(DEVICE.stroke, Source::Patient);
    assert_eq!(drive.step(at(8, 0, 40), bolus), Err(Held::Careful), "the fourth stroke of a bolus is not given");
    let basal = permit(DEVICE.stroke, Source::Basal);
    assert_eq!(drive.step(at(8, 0, 40), basal), Ok(()), "and basal is still tried");
}

//= requirements/drive.md#confirmed-by-the-rotor
//= type=test
//# The pump MUST hold a commanded stroke as unconfirmed unless the rotor edges of the device profile arrive within the profile's time.
#[test]
fn a_stroke_is_confirmed_by_its_edge_in_time_and_by_nothing_else() {
    let mut drive = Drive::new(at(8, 0, 0), &DEVICE);
    assert_eq!(moved(&mut drive, at(8, 0, 0)), Edge::Confirmed);
    assert_eq!(drive.command(at(8, 0, 0)), Err(Held::TooSoon));

    drive.command(at(8, 3, 0)).unwrap();
    assert_eq!(drive.command(at(8, 3, 1)), Err(Held::InFlight));
    assert_eq!(events(&mut drive, at(8, 3, 2)), []);
    assert_eq!(events(&mut drive, at(8, 3, 3)), [Event::Unconfirmed { in_row: 1 }]);
    assert_eq!(drive.edge(at(8, 3, 5)), Edge::Late);
    assert_eq!(drive.unconfirmed_in_row(), 1, "the late edge changes no count");
    assert_eq!(drive.edge(at(8, 3, 6)), Edge::Stray, "and only one edge is that stroke's");
    assert_eq!(drive.last_motion(), at(8, 0, 0).after(Duration::new(700)));
}

#[test]
fn an_edge_that_arrives_after_the_time_but_before_the_tick_confirms_nothing() {
    let mut drive = Drive::new(at(8, 0, 0), &DEVICE);
    drive.command(at(8, 0, 0)).unwrap();
    assert_eq!(drive.edge(at(8, 0, 3)), Edge::Stray);
    assert_eq!(events(&mut drive, at(8, 0, 3)), [Event::Unconfirmed { in_row: 1 }]);
}

//= requirements/drive.md#three-unconfirmed-strokes
//= type=test
//# A bolus or a prime MUST stop after three unconfirmed strokes.
//= requirements/drive.md#stall
//= type=test
//# The pump MUST raise the stall alarm when the device profile's number of strokes in a row pass without motion.
//# The pump MUST try to restart a stalled drive no more often than the device profile allows, and log each attempt.
#[test]
fn a_silent_drive_is_restarted_three_times_with_the_orders_own_strokes_then_called_stalled_and_tried_on() {
    let mut drive = Drive::new(at(8, 0, 0), &DEVICE);
    assert_eq!(drive.attempt(), None);
    silent(&mut drive, at(8, 0, 0));
    for attempt in 1..=3u8 {
        assert_eq!(drive.attempt(), Some(attempt));
        assert_eq!(drive.is_careful(), attempt == 3, "a bolus stops at the third");
        let told = silent(&mut drive, at(8, 3 * u64::from(attempt), 0));
        assert_eq!(told.contains(&Event::Stalled), attempt == 3);
    }
    assert_eq!(drive.attempt(), None, "what is tried now is therapy and no restart");
    assert_eq!(drive.state(), State::Stalled { since: at(8, 0, 0) });
    assert_eq!(drive.ready(at(8, 12, 0)), Ok(()), "the order's strokes go on being tried");

    assert_eq!(silent(&mut drive, at(9, 0, 0)), [Event::Unconfirmed { in_row: 5 }], "stalled is said once");
    assert_eq!(moved(&mut drive, at(10, 0, 0)), Edge::Confirmed, "one stroke is not yet a recovery");
    assert!(drive.is_careful());
    assert_eq!(moved(&mut drive, at(10, 3, 0)), Edge::Recovered);
    assert_eq!((drive.state(), drive.is_careful()), (State::Turning, false));
    assert_eq!(drive.stood(), Duration::new(7_200_700), "the two hours, not the three minutes of the check");
}

#[test]
fn a_hundred_missed_edges_leave_the_order_running_and_are_counted_as_unconfirmed() {
    let mut drive = Drive::new(at(0, 0, 0), &DEVICE);
    let mut unconfirmed = 0;
    for stroke in 0..100 {
        let told = silent(&mut drive, at(1, 3 * stroke, 0));
        unconfirmed += told.iter().filter(|event| matches!(event, Event::Unconfirmed { .. })).count();
    }
    assert_eq!(unconfirmed, 100);
    moved(&mut drive, at(7, 0, 0));
    assert_eq!(moved(&mut drive, at(7, 3, 0)), Edge::Recovered);
}

//= requirements/drive.md#strong-field
//= type=test
//# The pump MUST NOT command a stroke while a strong field is present.
//# A strong field that lasts over 20 minutes MUST raise an alarm.
//# When the strong field has gone, the pump MUST resume by itself.
//= requirements/drive.md#recovered
//= type=test
//# The pump MUST call the drive recovered only after two consistent rotor checks.
#[test]
fn a_scan_of_forty_minutes_holds_alarms_and_comes_back_by_itself() {
    let mut drive = Drive::new(at(9, 0, 0), &DEVICE);
    drive.command(at(9, 0, 0)).unwrap();
    assert_eq!(drive.field(at(9, 0, 1), true), Some(Event::Unconfirmed { in_row: 1 }));
    assert_eq!(drive.edge(at(9, 0, 1)), Edge::Stray, "in the field an edge proves nothing");
    assert_eq!(drive.command(at(9, 10, 0)), Err(Held::Field));
    assert_eq!(events(&mut drive, at(9, 20, 1)), []);
    assert_eq!(events(&mut drive, at(9, 20, 2)), [Event::FieldLong]);
    assert_eq!(drive.field(at(9, 40, 0), false), None);
    assert_eq!(events(&mut drive, at(9, 42, 0)), []);

    assert!(drive.is_careful(), "basal only, no bolus");
    assert_eq!(moved(&mut drive, at(9, 43, 0)), Edge::Confirmed);
    assert_eq!(silent(&mut drive, at(9, 46, 0)), [Event::Unconfirmed { in_row: 1 }]);
    assert_eq!(moved(&mut drive, at(9, 49, 0)), Edge::Confirmed, "the count began again");
    assert_eq!(moved(&mut drive, at(9, 52, 0)), Edge::Recovered);
    assert_eq!(events(&mut drive, at(11, 0, 0)), []);
}

//= requirements/drive.md#recovered
//= type=test
//# When the drive has not recovered within the stated time after a strong field has gone, the pump MUST raise an alarm.
#[test]
fn a_drive_that_does_not_turn_after_the_scan_alarms_within_the_half_hour_and_is_still_tried() {
    let mut drive = Drive::new(at(9, 0, 0), &DEVICE);
    drive.pace(at(9, 0, 0), Some(s(180)));
    drive.field(at(9, 0, 0), true);
    drive.field(at(9, 15, 0), false);
    let mut told = Vec::new();
    for stroke in 0..6u64 {
        told.extend(silent(&mut drive, at(9, 17 + 3 * stroke, 0)));
    }
    assert!(told.contains(&Event::Stalled) && !told.contains(&Event::NoRecovery), "09:32: {told:?}");
    assert_eq!(events(&mut drive, at(9, 35, 0)), []);
    assert_eq!(drive.deadline(), Some(at(9, 35, 0).after(Duration::new(1))));
    assert_eq!(events(&mut drive, at(9, 35, 1)), [Event::NoRecovery]);
    assert_eq!(moved(&mut drive, at(15, 0, 0)), Edge::Confirmed);
    assert_eq!(moved(&mut drive, at(15, 3, 0)), Edge::Recovered, "six hours later it turns, and says so");
}

#[test]
fn at_a_stroke_every_quarter_of_an_hour_a_recovery_is_waited_for_as_long_as_three_strokes_take() {
    let mut drive = Drive::new(at(9, 0, 0), &DEVICE);
    drive.pace(at(9, 0, 0), Some(s(900)));
    drive.field(at(9, 0, 0), true);
    drive.field(at(9, 10, 0), false);
    assert_eq!(events(&mut drive, at(9, 55, 0)), [], "20 minutes would be less than two strokes");
    assert_eq!(events(&mut drive, at(9, 55, 1)), [Event::NoRecovery]);

    // A pause of the schedule: nothing is due, so that nothing can show motion, and no alarm says that none came.
    let mut paused = Drive::new(at(9, 0, 0), &DEVICE);
    paused.field(at(9, 0, 0), true);
    paused.field(at(9, 10, 0), false);
    assert_eq!(events(&mut paused, at(15, 0, 0)), []);
    paused.pace(at(15, 0, 0), Some(s(180)));
    assert_eq!(events(&mut paused, at(15, 20, 0)), []);
    assert_eq!(events(&mut paused, at(15, 20, 1)), [Event::NoRecovery]);
}

#[test]
fn a_field_that_flaps_does_not_hide_that_the_drive_never_turned() {
    let mut drive = Drive::new(at(9, 0, 0), &DEVICE);
    drive.pace(at(9, 0, 0), Some(s(180)));
    let mut told = Vec::new();
    for round in 0..10 {
        drive.field(at(9, 10 * round, 0), true);
        drive.field(at(9, 10 * round + 5, 0), false);
        told.extend(events(&mut drive, at(9, 10 * round + 9, 0)));
    }
    assert_eq!(told, [Event::NoRecovery]);
}

//= requirements/drive.md#further-than-permitted
//= type=test
//# The pump MUST cut the drive when the rotor has moved further than permitted.
#[test]
fn a_rotor_that_turns_without_permits_must_be_cut_at_the_third_edge() {
    let mut drive = Drive::new(at(9, 0, 0), &DEVICE);
    moved(&mut drive, at(9, 0, 0));
    assert_eq!(drive.edge(at(9, 1, 0)), Edge::Stray);
    assert_eq!(drive.edge(at(9, 1, 1)), Edge::Stray);
    assert_eq!(drive.edge(at(9, 1, 2)), Edge::Runaway);
    let mut knocked = Drive::new(at(9, 0, 0), &DEVICE);
    for hour in 9..40 {
        assert_eq!(knocked.edge(at(hour, 0, 0)), Edge::Stray, "a knock an hour is no runaway");
    }
}

//= requirements/drive.md#long-standstill
//= type=test
//# A stop or a stall of more than 48 h MUST leave an alarm standing that asks for a check of the volume, until a clinician clears it.
#[test]
fn after_48_hours_without_motion_the_flag_stands_through_restart_and_recovery() {
    let mut drive = Drive::new(at(0, 0, 0), &DEVICE);
    moved(&mut drive, at(0, 0, 0));
    assert_eq!(events(&mut drive, at(48, 0, 0)), []);
    assert!(drive.deadline().is_some_and(|due| due <= at(48, 0, 1)));
    assert_eq!(events(&mut drive, at(48, 0, 1)), [Event::LongStandstill]);
    moved(&mut drive, at(49, 0, 0));
    let kept = Kept::decode(&drive.kept().encode()).unwrap();
    assert!(kept.is_long_standstill);
    let mut after = Drive::restore(at(50, 0, 0), &DEVICE, kept, false);
    assert_eq!(events(&mut after, at(50, 0, 0)), [], "said once");
    after.clear_standstill(at(51, 0, 0));
    assert!(!after.kept().is_long_standstill);
}

#[test]
fn a_restart_in_the_middle_of_a_stroke_or_a_recovery_forgets_neither() {
    let mut drive = Drive::new(at(9, 0, 0), &DEVICE);
    drive.field(at(9, 0, 0), true);
    let kept = drive.kept();
    let mut after = Drive::restore(at(9, 5, 0), &DEVICE, kept, true);
    assert_eq!(after.unconfirmed_in_row(), 1);
    assert!(after.is_careful());
    moved(&mut after, at(9, 6, 0));
    assert_eq!(moved(&mut after, at(9, 9, 0)), Edge::Recovered);
}

proptest::proptest! {
    #[test]
    fn whatever_happens_two_confirmed_strokes_outside_the_field_end_in_turning(
        acts in proptest::collection::vec((0u8..5, 1u64..1_000), 0..200)
    ) {
        let (mut drive, mut now) = (Drive::new(at(0, 0, 0), &DEVICE), at(0, 0, 0));
        let (mut commanded, mut settled) = (0u32, 0u32);
        for (act, seconds) in acts {
            now = now.after(s(seconds));
            match act {
                0 => settled += u32::from(drive.field(now, seconds % 2 == 0).is_some()),
                1 => { settled += u32::from(matches!(drive.edge(now), Edge::Confirmed | Edge::Recovered)); }
                2 | 3 => { commanded += u32::from(drive.command(now).is_ok()); }
                _ => {}
            }
            settled += events(&mut drive, now).iter().filter(|event| matches!(event, Event::Unconfirmed { .. })).count() as u32;
            // Each stroke is confirmed or unconfirmed, once.
            proptest::prop_assert_eq!(commanded, settled + u32::from(drive.is_in_flight()));
        }
        drive.field(now, false);
        now = now.after(s(10));
        events(&mut drive, now);
        for _ in 0..2 {
            now = now.after(s(10));
            moved(&mut drive, now);
        }
        proptest::prop_assert_eq!(drive.state(), State::Turning);
        proptest::prop_assert!(!drive.is_careful());
    }
}
