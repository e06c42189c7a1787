//! Stories of the cell: how early it says so, and what a weak cell cannot hide.

use orders::alarm::Level;
use orders::{AlarmId, DeviceProfile, Duration, Instant, Priority, Volume};
use proptest::prelude::*;
use pump::battery::{Battery, Stage};

const DEVICE: DeviceProfile = DeviceProfile::REFERENCE_20;

fn day(days: u64) -> Instant {
    Instant::ZERO.after(Duration::from_days(days))
}

/// One day of use: strokes, tones, contacts.
fn live(battery: &mut Battery, days: u64, strokes: u64, tones: u64, contacts: u64) {
    battery.tick(day(days));
    (0..strokes).for_each(|_| battery.stroke());
    (0..tones).for_each(|_| battery.tone());
    (0..contacts).for_each(|_| battery.contact());
}

/// The days on which each stage was reached at the worst use of an order.
fn worst_life(worst_day: Volume) -> [u64; 3] {
    let mut battery = Battery::new(day(0), &DEVICE, worst_day);
    let strokes = worst_day.strokes_floor(DEVICE.stroke);
    let mut reached = [0u64; 3];
    for today in 1..6_000 {
        live(&mut battery, today, strokes, 164, 24);
        for (index, stage) in [Stage::Indicator, Stage::End, Stage::Spent].into_iter().enumerate() {
            if battery.stage() >= stage && reached[index] == 0 {
                reached[index] = today;
            }
        }
        if battery.stage() == Stage::Spent {
            break;
        }
    }
    reached
}

//= requirements/power.md#replacement-indicator
//= type=test
//# The replacement indicator MUST come at least 90 days before end of service at worst-case use.
#[test]
fn from_the_indicator_to_the_end_there_are_ninety_days_even_if_every_bolus_is_taken_and_every_alarm_sounds() {
    for microlitres in [6u64, 250, 450, 1_000, 4_000] {
        let [indicator, end, spent] = worst_life(Volume::new(microlitres * 1000));
        assert!(end - indicator >= 90, "{microlitres} mcL a day: {indicator} to {end}");
        assert!(spent - end >= 7, "{microlitres} mcL a day: {end} to {spent}");
        assert!(indicator > 30, "and it is not simply always on");
    }
}

//= requirements/power.md#replacement-indicator
//= type=test
//# The replacement indicator MUST NOT change what the pump gives.
#[test]
fn the_indicator_takes_no_therapy_away() {
    assert_eq!(AlarmId::ReplacementIndicator.allows(), Level::Full);
    let mut battery = Battery::new(day(0), &DEVICE, Volume::new(250_000));
    (0..3).for_each(|_| battery.loaded(2_550));
    assert_eq!(battery.stage(), Stage::Indicator);
    assert!(battery.may_step());
}

//= requirements/power.md#measured-energy
//= type=test
//# The pump MUST estimate the energy left from measured use and from the voltage under load.
#[test]
fn a_film_in_the_cell_shows_under_load_years_before_its_energy_is_used() {
    let mut battery = Battery::new(day(0), &DEVICE, Volume::new(250_000));
    for today in 1..900 {
        live(&mut battery, today, 500, 0, 1);
        battery.loaded(2_900);
    }
    assert_eq!(battery.stage(), Stage::Good);
    battery.loaded(2_400);
    battery.loaded(2_400);
    battery.loaded(2_880);
    assert_eq!(battery.stage(), Stage::Good, "two dips are not a film");
    (0..3).for_each(|_| battery.loaded(2_400));
    assert_eq!(battery.stage(), Stage::Indicator);
    assert!(battery.left().get() > 700, "use alone would not have told");
    (0..3).for_each(|_| battery.loaded(2_150));
    assert_eq!(battery.stage(), Stage::End);
    (0..9).for_each(|_| battery.loaded(2_900));
    assert_eq!(battery.stage(), Stage::End, "a cell that was weak under load is not believed again");
    assert!(battery.may_step(), "the fall-back still runs");
}

//= requirements/power.md#end-of-service
//= type=test
//# At end of service the pump MUST run its fall-back with patient boluses off and a high alarm.
#[test]
fn at_the_end_of_service_the_fall_back_runs_and_the_alarm_is_high() {
    let alarm = Stage::End.alarm().unwrap();
    assert_eq!((alarm, alarm.allows(), alarm.priority()), (AlarmId::EndOfService, Level::FallBack, Priority::High));
    assert_eq!(Stage::Indicator.alarm(), Some(AlarmId::ReplacementIndicator));
    let mut battery = Battery::new(day(0), &DEVICE, Volume::new(250_000));
    (0..3).for_each(|_| battery.loaded(2_200));
    assert_eq!(battery.stage(), Stage::End);
    assert!(battery.may_step(), "the fall-back needs its strokes");
}

#[test]
fn after_the_last_stroke_the_alarm_sounds_for_two_weeks() {
    let mut battery = Battery::new(day(0), &DEVICE, Volume::new(450_000));
    let mut today = 0;
    while battery.may_step() {
        today += 1;
        live(&mut battery, today, 900, 164, 24);
    }
    for later in 1..=14 {
        live(&mut battery, today + later, 0, 164, 0);
        assert!(battery.left().get() > 0, "day {later} after the last stroke");
    }
}

#[test]
fn a_larger_order_brings_the_indicator_at_once_if_its_ninety_days_are_no_longer_there() {
    let mut battery = Battery::new(day(0), &DEVICE, Volume::new(250_000));
    let mut today = 0;
    while battery.left().get() > 250 {
        today += 1;
        live(&mut battery, today, 500, 0, 0);
    }
    assert_eq!(battery.stage(), Stage::Good);
    battery.set_worst_day(&DEVICE, Volume::new(4_000_000));
    assert_eq!(battery.stage(), Stage::Indicator);
    battery.set_worst_day(&DEVICE, Volume::new(250_000));
    assert_eq!(battery.stage(), Stage::Indicator, "and a smaller one does not take it back");
}

#[test]
fn a_restart_forgets_neither_use_nor_stage() {
    let mut battery = Battery::new(day(0), &DEVICE, Volume::new(250_000));
    live(&mut battery, 400, 200_000, 0, 0);
    (0..3).for_each(|_| battery.loaded(2_500));
    let worst = Volume::new(250_000);
    let after = Battery::restore(day(400), &DEVICE, worst, &battery.encode()).unwrap();
    assert_eq!((after.left(), after.stage()), (battery.left(), Stage::Indicator));
    let mut damaged = battery.encode();
    damaged[8] = 9;
    assert!(Battery::restore(day(400), &DEVICE, worst, &damaged).is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn at_whatever_worst_use_an_order_may_have_there_are_ninety_days(nanolitres in 0u64..4_000_000) {
        let [indicator, end, _] = worst_life(Volume::new(nanolitres));
        prop_assert!(end >= indicator + 90, "{} to {}", indicator, end);
    }
}

mod bench;

//= requirements/power.md#replacement-indicator
//= type=test
//# The replacement indicator MUST NOT change what the pump gives.
//= requirements/power.md#end-of-service
//= type=test
//# At end of service the pump MUST run its fall-back with patient boluses off and a high alarm.
#[test]
fn a_cell_that_weakens_is_told_three_months_ahead_and_at_its_end_leaves_the_fall_back() {
    use orders::Reason;
    let mut bench = bench::Bench::running(&bench::morphine());
    bench.to("day 3 08:00");
    let weakens = |bench: &mut bench::Bench, loaded_mv| {
        for _ in 0..3 {
            let raw = bench.raw();
            bench.pump.battery(raw, loaded_mv);
            bench.settle();
        }
        bench.run_until(bench.now + bench::MINUTE);
    };
    weakens(&mut bench, 2_550);
    assert!(bench.stands(AlarmId::ReplacementIndicator));
    assert_eq!(bench.pump.level(), Level::Full);
    bench.is_granted();
    // Ninety days later full therapy has gone on all the time.
    let told = bench.now;
    bench.run_until(told + 60 * bench::DAY);
    assert_eq!(bench.pump.level(), Level::Full);
    let moved = bench.moved_between(told, bench.now);
    assert!(moved >= 60 * 240_000 - 1_000, "{moved} nL");
    weakens(&mut bench, 2_150);
    assert!(bench.stands(AlarmId::EndOfService));
    assert_eq!((bench.pump.level(), bench.pump.flow()), (Level::FallBack, orders::FlowRate::new(100_000)));
    bench.is_refused(Reason::EndOfService);
}
