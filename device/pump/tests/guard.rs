//! Stories of the second watcher: what it counts, when it cuts, and what it does not take for a reason to cut.

use proptest::prelude::*;
use pump::guard::{Cut, Guard, NotArmed, OrderPart, Restart, StillCut};

const S: u64 = 1_000;
const MIN: u64 = 60 * S;
const H: u64 = 60 * MIN;

/// 0.25 mL a day in strokes of 500 nL, four boluses of 50 mcL: 0.5 mL in 25 hours, 0.1 mL in a quarter, 0.4 mL prime.
const PART: OrderPart =
    OrderPart { commit: 7, stroke_nl: 500, running_nl: 500_000, speed_nl: 100_000, prime_nl: 400_000 };

fn guard() -> Guard {
    let mut guard = Guard::new(0);
    guard.set_part(PART);
    guard
}

fn strokes(guard: &mut Guard, from_ms: u64, count: u64, every_ms: u64) {
    for index in 0..count {
        guard.command(from_ms + index * every_ms);
        guard.edge(from_ms + index * every_ms + 400);
    }
}

#[test]
fn without_an_order_part_the_drive_has_no_power() {
    assert!(!Guard::new(0).enabled());
    assert_eq!(Guard::new(0).cut(), None);
}

//= requirements/guard.md#running-volume
//= type=test
//# The guard MUST cut the drive's enable when the volume it has counted exceeds the running volume ceiling of its stored order part.
#[test]
fn a_controller_that_gives_too_much_in_a_day_is_cut_at_the_first_stroke_too_many() {
    let mut guard = guard();
    strokes(&mut guard, 0, 1_000, MIN);
    assert!(guard.enabled(), "the signed ceiling itself is allowed");
    strokes(&mut guard, 1_000 * MIN, 1, MIN);
    assert_eq!(guard.cut(), Some(Cut::RunningVolume));

    assert_eq!(guard.re_enable(17 * H, true, false), Err(StillCut::NotAllowed));
    assert_eq!(guard.re_enable(17 * H, false, true), Err(StillCut::NotAllowed));
    assert_eq!(guard.re_enable(17 * H, true, true), Err(StillCut::CauseStands));
    guard.tick(40 * H);
    assert!(!guard.enabled(), "time alone enables nothing");
    assert_eq!(guard.re_enable(40 * H, true, true), Ok(()));
    assert!(guard.enabled());
}

#[test]
fn ten_days_at_the_ordered_rate_cut_nothing() {
    let mut guard = guard();
    strokes(&mut guard, 0, 5_000, 172_800);
    assert!(guard.enabled());
    assert!(guard.running_strokes() >= 500 && guard.running_strokes() <= 521, "a day and at most an hour");
}

//= requirements/guard.md#over-speed
//= type=test
//# The guard MUST cut the drive's enable when more volume than its over-speed limit has moved within 15 minutes.
#[test]
fn a_drive_that_runs_away_is_cut_within_the_quarter_of_an_hour() {
    let mut guard = guard();
    strokes(&mut guard, 0, 200, S);
    assert!(guard.enabled());
    strokes(&mut guard, 200 * S, 1, S);
    assert_eq!(guard.cut(), Some(Cut::OverSpeed));

    let mut bolus_by_bolus = self::guard();
    for hour in 0..4 {
        strokes(&mut bolus_by_bolus, hour * H, 200, S);
    }
    assert!(bolus_by_bolus.enabled(), "four boluses an hour apart are the order");
}

//= requirements/guard.md#own-clock
//= type=test
//# The guard MUST take its time from the second oscillator alone, as long as that one counts at all.
#[test]
fn when_the_first_oscillator_runs_twice_too_fast_the_guard_still_counts_real_hours() {
    // The controller believes that two days passed while the second oscillator counted one.
    let mut guard = guard();
    strokes(&mut guard, 0, 1_001, 86_400);
    assert_eq!(guard.cut(), Some(Cut::RunningVolume));
}

#[test]
fn a_reading_that_goes_back_lets_no_time_pass() {
    let mut guard = guard();
    strokes(&mut guard, 10 * H, 100, MIN);
    guard.tick(0);
    guard.tick(23 * H);
    assert_eq!(guard.running_strokes(), 100);
    guard.tick(26 * H);
    assert_eq!(guard.running_strokes(), 0);
}

//= requirements/guard.md#every-edge
//= type=test
//# The guard MUST charge every rotor edge the driver tells, commanded or not.
//# Edges without a command MUST cut the drive's enable only if they persist after the strong field has gone.
#[test]
fn a_magnet_that_rocks_the_rotor_is_charged_and_does_not_end_therapy() {
    let mut guard = guard();
    guard.field(9 * H, true);
    for index in 0..10 {
        guard.edge(9 * H + index * S);
    }
    guard.field(9 * H + MIN, false);
    guard.edge(9 * H + MIN + 20 * S);
    guard.edge(12 * H);
    guard.edge(12 * H + S);
    assert!(guard.enabled(), "ten edges in the field, one while it settles, one knock");
    assert_eq!(guard.running_strokes(), 13, "and all of them are charged");
    guard.edge(12 * H + 2 * S);
    assert_eq!(guard.cut(), Some(Cut::Uncommanded), "the rotor goes on by itself");
}

#[test]
fn a_drive_that_turns_without_any_command_is_cut_at_the_third_edge() {
    let mut guard = guard();
    guard.command(0);
    guard.edge(400);
    for index in 0..3 {
        guard.edge(5 * MIN + index * S);
    }
    assert_eq!(guard.cut(), Some(Cut::Uncommanded));
}

#[test]
fn two_knocks_a_day_are_never_taken_for_a_runaway() {
    let mut guard = guard();
    for day in 0..30 {
        guard.edge(day * 24 * H);
        guard.edge(day * 24 * H + S);
    }
    assert!(guard.enabled());
}

//= requirements/guard.md#prime-armed-once
//= type=test
//# A prime volume MUST be armed at most once in 24 h, used once, and lapse two hours after it was armed.
#[test]
fn a_prime_is_armed_once_a_day_used_once_and_lapses_after_two_hours() {
    let mut guard = guard();
    assert_eq!(guard.arm_prime(9 * H, 400_500), Err(NotArmed::TooMuch));
    assert_eq!(guard.arm_prime(9 * H, 400_000), Ok(()));
    strokes(&mut guard, 9 * H, 800, S);
    assert!(guard.enabled());
    assert_eq!((guard.prime_left(), guard.running_strokes()), (0, 0), "the prime stands apart from the running volume");
    strokes(&mut guard, 10 * H, 201, S);
    assert_eq!(guard.cut(), Some(Cut::OverSpeed), "what comes after it does not");

    let mut forgotten = self::guard();
    assert_eq!(forgotten.arm_prime(9 * H, 200_000), Ok(()));
    assert_eq!(forgotten.arm_prime(9 * H + MIN, 200_000), Err(NotArmed::ArmedToday));
    forgotten.tick(11 * H);
    assert_eq!(forgotten.prime_left(), 0, "lapsed");
    assert_eq!(forgotten.arm_prime(33 * H - 1, 200_000), Err(NotArmed::ArmedToday));
    assert_eq!(forgotten.arm_prime(33 * H, 200_000), Ok(()));
}

#[test]
fn a_restart_is_no_way_around_the_cut_the_prime_or_the_count() {
    let mut before = guard();
    assert_eq!(before.arm_prime(H, 400_000), Ok(()));
    before.disarm_prime();
    strokes(&mut before, H, 300, MIN);
    let stored = before.encode(5_300);
    assert!(!before.store_due());
    // Ten more strokes and ten minutes, then the lights go out; the drive's record knows of the strokes.
    let mut after = Guard::restore(
        &stored,
        Some(PART),
        Restart { second_ms: 6 * H + 10 * MIN, counter_kept: true, strokes: Some(5_310) },
    );
    assert_eq!(after.running_strokes(), 310);
    assert_eq!(after.arm_prime(7 * H, 1_000), Err(NotArmed::ArmedToday));
    strokes(&mut after, 7 * H, 150, 20 * S);
    strokes(&mut after, 9 * H, 150, 20 * S);
    strokes(&mut after, 11 * H, 391, 20 * S);
    assert_eq!(after.cut(), Some(Cut::RunningVolume));

    let stored = after.encode(6_000);
    let again = Guard::restore(&stored, Some(PART), Restart { second_ms: 0, counter_kept: false, strokes: Some(0) });
    assert_eq!(again.cut(), Some(Cut::RunningVolume));
    assert!(!again.enabled());
}

#[test]
fn a_reset_every_fifty_minutes_for_a_week_neither_cuts_a_right_order_nor_hides_a_wrong_one() {
    for (every_ms, is_right) in [(172_800, true), (80_000, false)] {
        let (mut guard, mut given, mut now) = (guard(), 0u32, 0u64);
        for _ in 0..(7 * 24 * 60 / 50) {
            for _ in 0..(50 * MIN / every_ms) {
                now += every_ms;
                guard.command(now);
                guard.edge(now);
                given += 1;
                if guard.store_due() {
                    let _stored = guard.encode(given);
                }
            }
            let stored = guard.encode(given);
            let restart = Restart { second_ms: now, counter_kept: true, strokes: Some(given) };
            guard = Guard::restore(&stored, Some(PART), restart);
        }
        assert_eq!(guard.enabled(), is_right);
    }
}

#[test]
fn a_state_that_cannot_be_read_is_cut_and_an_unreadable_part_is_no_order() {
    let mut stored = guard().encode(0);
    stored[40] ^= 1;
    let lost = Guard::restore(&stored, Some(PART), Restart { second_ms: 0, counter_kept: true, strokes: None });
    assert_eq!(lost.cut(), Some(Cut::StateLost));

    let mut part = PART.encode();
    assert_eq!(OrderPart::decode(&part), Some(PART));
    part[9] ^= 0x40;
    assert_eq!(OrderPart::decode(&part), None);
    assert_eq!(OrderPart::decode(&part[..20]), None);
}

/// What the windows should hold, from the list of all strokes.
fn counted(edges: &[u64], now: u64, span: u64) -> u64 {
    edges.iter().filter(|at| **at + span > now).count() as u64
}

proptest! {
    #[test]
    fn the_running_count_is_never_below_24_h_of_edges_and_never_above_25_h(
        gaps in proptest::collection::vec(prop_oneof![0..5 * MIN, 0..4 * H, 0..30 * H], 1..200)
    ) {
        let mut guard = Guard::new(0);
        let (mut now, mut edges) = (0u64, Vec::new());
        for gap in gaps {
            now += gap;
            guard.command(now);
            guard.edge(now);
            edges.push(now);
            let held = u64::from(guard.running_strokes());
            prop_assert!(held >= counted(&edges, now, 24 * H));
            prop_assert!(held <= counted(&edges, now, 25 * H));
        }
    }

    #[test]
    fn a_stored_state_comes_back_as_it_was(count in 0u64..300, gap in 1_000u64..900_000) {
        let mut guard = guard();
        strokes(&mut guard, 0, count, gap);
        let cut = guard.cut();
        let bytes = guard.encode(0);
        let back = Guard::restore(&bytes, Some(PART), Restart { second_ms: count * gap, counter_kept: true, strokes: None });
        guard.tick(count * gap);
        prop_assert_eq!(back.running_strokes(), guard.running_strokes());
        prop_assert_eq!(back.cut(), cut);
    }
}

//= requirements/guard.md#own-clock
//= type=test
//# While the second oscillator stands still, the guard MUST count time by the first, so that a dead clock leads to the fall-back and not to a cut.
#[test]
fn with_a_dead_clock_of_its_own_it_still_holds_the_signed_volume_of_a_day_and_no_less() {
    // 500 strokes in 24 h by the first oscillator, for ten days; the second stands at 01:00.
    let mut guard = guard();
    guard.clocks(H, H);
    for stroke in 0..5_000u64 {
        let first = H + stroke * 172_800;
        guard.clocks(H, first);
        guard.command(H);
        guard.clocks(H, first + 400);
        guard.edge(H);
        assert!(guard.enabled(), "day {}", first / (24 * H));
    }
    // A controller that gives four times as much is cut within the day all the same.
    let from = H + 5_000 * 172_800;
    let mut given = 0;
    while guard.enabled() {
        guard.clocks(H, from + given * 43_200);
        guard.command(H);
        guard.edge(H);
        given += 1;
    }
    assert_eq!(guard.cut(), Some(Cut::RunningVolume));
    assert!(given <= 1_000, "{given} strokes");
}

#[test]
fn a_leap_of_the_first_oscillator_beside_a_dead_second_one_empties_no_window() {
    let mut guard = guard();
    guard.clocks(H, H);
    strokes(&mut guard, H, 1_000, 0);
    assert_eq!(guard.cut(), Some(Cut::OverSpeed));
    let mut leaping = guard_with(900);
    let before = leaping.running_strokes();
    for leap in 1..=6u64 {
        leaping.clocks(H + 400, H + leap * 24 * H);
    }
    assert_eq!(leaping.running_strokes(), before, "six days by a clock that leaps are an hour at most");
    // The second one counts again: the first is forgotten.
    leaping.clocks(2 * H, 400 * H);
    assert_eq!(leaping.running_strokes(), before);
}

/// A guard that has seen so many strokes, slowly, up to one hour.
fn guard_with(count: u64) -> Guard {
    let mut guard = guard();
    let every = H / count;
    for index in 0..count {
        // Too fast for the order: only the count matters here.
        guard.set_part(OrderPart { speed_nl: 1_000_000, ..PART });
        guard.command(index * every);
        guard.edge(index * every);
    }
    guard.clocks(H + 400, H);
    guard
}

mod bench;

/// A rotor that a magnet or a broken driver turns: so many edges that nobody commanded, one each second.
fn turns_by_itself(bench: &mut bench::Bench, edges: u32) {
    for _ in 0..edges {
        bench.now += bench::SECOND;
        let (raw, second) = (bench.raw(), bench.second());
        bench.pump.edge(raw, second);
        bench.settle();
    }
}

//= requirements/ladder.md#over-delivery-cuts
//= type=test
//# Evidence of over-delivery MUST take the pump to the lowest rung and cut the drive, also in the middle of a stroke.
#[test]
fn in_the_whole_pump_a_runaway_is_cut_at_the_third_edge_and_stays_cut_through_a_restart() {
    let mut bench = bench::Bench::running(&bench::morphine());
    bench.to("day 3 08:00");
    turns_by_itself(&mut bench, 2);
    assert!(bench.enabled && !bench.stands(orders::AlarmId::OverDelivery), "a knock");
    turns_by_itself(&mut bench, 1);
    assert!(!bench.enabled);
    assert_eq!(bench.pump.guard_cut(), Some(Cut::Uncommanded));
    assert_eq!(bench.pump.level(), orders::alarm::Level::Cut);
    let moved = bench.moved.len();
    bench.restart(pump::events::Cause::BrownOut, false);
    bench.to("day 4 08:00");
    assert!(bench.stands(orders::AlarmId::OverDelivery) && !bench.enabled);
    assert_eq!(bench.moved.len(), moved);
    let raw = bench.raw();
    bench.pump.step_up(raw, 0, bench::NURSE).unwrap();
    bench.settle();
    bench.to("day 4 09:00");
    assert!(bench.enabled, "a clinician has looked at it");
}

//= requirements/guard.md#over-speed
//= type=test
//# The guard MUST cut the drive's enable when more volume than its over-speed limit has moved within 15 minutes.
#[test]
fn a_magnet_that_turns_the_rotor_too_far_cuts_the_drive_though_a_field_excuses_a_few_edges() {
    let mut bench = bench::Bench::running(&bench::morphine());
    bench.to("day 3 08:00");
    bench.field(true);
    turns_by_itself(&mut bench, 20);
    assert_eq!(bench.pump.guard_cut(), None, "the magnet rocks it: charged, and no reason to end therapy");
    turns_by_itself(&mut bench, 200);
    assert_eq!(bench.pump.guard_cut(), Some(Cut::OverSpeed));
    bench.field(false);
    bench.to("day 3 09:00");
    assert!(!bench.enabled && bench.stands(orders::AlarmId::OverDelivery));
}
