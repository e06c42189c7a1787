//! Days of a basal program: clocks that are set, titrations that wait, intervals that nothing moves.

use orders::mixture::Drug;
use orders::prescription::{
    BolusStart, Ceiling, EmergencyRate, EmergencyRule, HALF_HOURS, Mode, PeriodicBolus, Prescription, Ramp, Schedule,
};
use orders::{Concentration, Duration, FlowRate, Instant, Mass, Mixture, Permille, Volume, WallTime};
use proptest::prelude::*;
use pump::calendar::{Heaviest, highest_volume, lowest_mean};
use pump::program::{Program, daily_upper};

const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;
const MINIMUM: FlowRate = FlowRate::new(6_000);
/// Monday 2026-11-23, 00:00.
const MONDAY: u64 = 1_795_392_000_000;

fn order(drug: Drug, mode: Mode, ramp: Option<Ramp>) -> Prescription {
    Prescription {
        order_number: 1,
        author: 1,
        mixture: Mixture::single(drug, Concentration::new(1_000_000)),
        mode,
        ramp,
        patient_bolus: None,
        bolus_start: BolusStart::AfterADay,
        ceilings: [Ceiling { hour: Mass::new(1), four_hours: Mass::new(1), day: Mass::new(1) }; 4],
        alarm_volume: Volume::new(4_000_000),
        alarm_days: 7,
        gap_limit: Duration::from_hours(24),
        front_threshold: Permille::new(50),
        fall_back: FlowRate::new(100_000),
        emergency: EmergencyRule { rate: EmergencyRate::MinimumRate, returns_after: EmergencyRule::STAYS },
        signatures: 1,
    }
}

const DAY_FLOW: FlowRate = FlowRate::new(240_000);
const NIGHT_FLOW: FlowRate = FlowRate::new(960_000);

/// The night dose runs from 22:00 to 02:00.
fn with_a_night() -> Schedule {
    let mut flows = [DAY_FLOW; HALF_HOURS];
    flows[..4].fill(NIGHT_FLOW);
    flows[44..].fill(NIGHT_FLOW);
    Schedule::every_day(flows)
}

fn hhmm(text: &str) -> u64 {
    let (hour, minute) = text.split_once(':').unwrap();
    hour.parse::<u64>().unwrap() * HOUR + minute.parse::<u64>().unwrap() * 60_000
}

/// A pump with a wall clock; its true time is what no setting moves, and begins on a Monday at midnight.
struct Bench {
    program: Program,
    order: Prescription,
    now: u64,
    wall: Option<u64>,
    /// Flow of each true minute.
    given: Vec<u64>,
}

impl Bench {
    fn new(order: Prescription) -> Self {
        let mut program = Program::default();
        program.start(Instant::ZERO, &order);
        Self { program, order, now: 0, wall: Some(MONDAY), given: Vec::new() }
    }

    fn wall_now(&self) -> Option<WallTime> {
        self.wall.map(|offset| WallTime::new(offset + self.now))
    }

    fn flow(&mut self) -> FlowRate {
        let now = Instant::new(self.now);
        self.program.advance(now, &self.order);
        self.program.flow(now, &self.order, self.wall_now(), MINIMUM)
    }

    /// Runs to a true time of a day, minute by minute.
    fn to(&mut self, day: u64, clock: &str) -> &mut Self {
        let until = day * DAY + hhmm(clock);
        while self.now < until {
            let flow = self.flow();
            self.given.push(flow.get());
            self.now += 60_000;
        }
        self
    }

    /// The clock is turned by so many minutes.
    fn turn(&mut self, minutes: i64) -> &mut Self {
        let old = self.wall_now();
        self.wall = self.wall.map(|offset| offset.saturating_add_signed(minutes * 60_000));
        self.program.clock_set(Instant::new(self.now), old, self.wall_now().unwrap());
        self
    }

    /// True minutes of the night dose from one true time to another.
    fn night_minutes(&self, from: (u64, &str), to: (u64, &str)) -> usize {
        let place = |(day, clock): (u64, &str)| usize::try_from((day * DAY + hhmm(clock)) / 60_000).unwrap();
        self.given[place(from)..place(to)].iter().filter(|flow| **flow == NIGHT_FLOW.get()).count()
    }
}

//= requirements/delivery.md#ordered-rate
//= type=test
//# The pump MUST deliver at each time the basal rate that the order's mode, day schedule, weekday set and ramp give for that time.
#[test]
fn a_week_of_a_schedule_gives_each_half_hour_its_flow() {
    let weekend = orders::prescription::DaySet { weekdays: 0b110_0000, flows: [FlowRate::new(7); HALF_HOURS] };
    let mut flows = [FlowRate::ZERO; HALF_HOURS];
    for (flow, half_hour) in flows.iter_mut().zip(1_000..) {
        *flow = FlowRate::new(half_hour);
    }
    let week = orders::prescription::DaySet { weekdays: 0b001_1111, flows };
    let mut bench = Bench::new(order(Drug::Baclofen, Mode::Schedule(Schedule::of(&[week, weekend]).unwrap()), None));
    bench.to(7, "00:00");
    for (minute, flow) in bench.given.iter().enumerate() {
        let (day, half_hour) = (minute / 1_440, minute % 1_440 / 30);
        let expected = if day >= 5 { 7 } else { 1_000 + u64::try_from(half_hour).unwrap() };
        assert_eq!(*flow, expected, "day {day}, half hour {half_hour}");
    }
    // The minimum rate and a plain flow need no clock.
    let mut bench = Bench::new(order(Drug::Baclofen, Mode::MinimumRate, None));
    bench.wall = None;
    assert_eq!(bench.flow(), MINIMUM);
    bench.order.mode = Mode::Continuous(DAY_FLOW);
    assert_eq!(bench.flow(), DAY_FLOW);
    assert_eq!(bench.program.next_change(Instant::ZERO, &bench.order, None), None);
}

//= requirements/time.md#setting-the-clock
//= type=test
//# A clock setting MUST NOT make a step of the day schedule run twice within 20 h, for the lower of the old and the new rate runs for a day after it.
#[test]
fn a_clock_set_back_six_hours_after_the_night_dose_gives_no_second_one() {
    let mut bench = Bench::new(order(Drug::Baclofen, Mode::Schedule(with_a_night()), None));
    bench.to(1, "03:00");
    assert_eq!(bench.night_minutes((0, "12:00"), (1, "03:00")), 240);
    bench.turn(-360); // Tuesday 03:00 becomes Monday 21:00
    bench.to(2, "03:00");
    assert_eq!(bench.night_minutes((1, "03:00"), (2, "03:00")), 0, "04:00 on is 22:00 by the new clock: not again");
    // From Wednesday 04:00, 22:00 by the new clock, it is given once a day as ordered.
    bench.to(4, "03:00");
    assert_eq!(bench.night_minutes((2, "03:00"), (3, "03:00")), 240);
    assert_eq!(bench.night_minutes((3, "03:00"), (4, "03:00")), 240);
    assert!(!bench.program.is_clock_rule_running());
}

//= requirements/time.md#setting-the-clock
//= type=test
//# A clock setting MUST NOT lower the day schedule for longer than a day.
#[test]
fn a_schedule_whose_rates_never_meet_runs_low_for_a_day_and_not_longer() {
    // Half of the day high, half low, and a clock wrong by twelve hours: old and new never agree.
    let mut flows = [DAY_FLOW; HALF_HOURS];
    flows[..24].fill(NIGHT_FLOW);
    let mut bench = Bench::new(order(Drug::Baclofen, Mode::Schedule(Schedule::every_day(flows)), None));
    bench.to(1, "06:00").turn(720);
    bench.to(4, "06:00");
    assert_eq!(bench.night_minutes((1, "06:00"), (2, "06:00")), 0, "a day of the lower of both");
    assert_eq!(bench.night_minutes((2, "06:00"), (3, "06:00")), 720, "and then the new clock's own");
    assert_eq!(bench.night_minutes((3, "06:00"), (4, "06:00")), 720);
}

#[test]
fn summer_time_that_begins_or_ends_in_the_night_dose_moves_it_and_neither_doubles_nor_drops_it() {
    for minutes in [60, -60] {
        let mut bench = Bench::new(order(Drug::Baclofen, Mode::Schedule(with_a_night()), None));
        bench.to(1, "01:00").turn(minutes);
        bench.to(4, "12:00");
        for day in 0..4 {
            let night = bench.night_minutes((day, "12:00"), (day + 1, "12:00"));
            assert!((180..=240).contains(&night), "{minutes}: night {day} has {night} min");
        }
        assert_eq!(bench.night_minutes((3, "12:00"), (4, "12:00")), 240);
    }
}

#[test]
fn a_traveller_who_sets_the_clock_again_and_again_gets_no_more_than_at_home() {
    let mut bench = Bench::new(order(Drug::Morphine, Mode::Schedule(with_a_night()), None));
    // Home, 8 h west, back, and to the east; each before the last had its effect.
    bench.to(1, "04:00").turn(-480);
    bench.to(1, "12:00").turn(480);
    bench.to(1, "15:00").turn(-300);
    bench.to(3, "04:00");
    assert!(bench.night_minutes((0, "23:00"), (1, "19:00")) <= 240);
    assert!(bench.night_minutes((1, "02:00"), (2, "03:00")) <= 240);
    assert!(bench.night_minutes((2, "00:00"), (3, "00:00")) <= 240);
}

//= requirements/time.md#no-trusted-wall-clock
//= type=test
//# Without a trusted wall clock the day schedule MUST run its lowest 24-hour mean.
#[test]
fn a_clock_lost_at_night_does_not_freeze_the_night_dose() {
    let weekend = orders::prescription::DaySet { weekdays: 0b110_0000, flows: [FlowRate::new(300_000); HALF_HOURS] };
    let night = with_a_night().sets().next().unwrap();
    let week = orders::prescription::DaySet { weekdays: 0b001_1111, ..night };
    let schedule = Schedule::of(&[week, weekend]).unwrap();
    let mut bench = Bench::new(order(Drug::Baclofen, Mode::Schedule(schedule), None));
    bench.to(0, "23:00");
    assert_eq!(bench.flow(), NIGHT_FLOW);
    bench.wall = None;
    // The week's mean is 360 000; the weekend's is lower.
    assert_eq!(bench.flow(), FlowRate::new(300_000));
    bench.to(1, "23:00");
    assert_eq!(bench.night_minutes((0, "23:00"), (1, "23:00")), 0);
    // 23:00 by a clock set anew: for a day not above the mean that ran, and no night dose at once.
    bench.wall = Some(MONDAY);
    bench.program.clock_set(Instant::new(bench.now), None, WallTime::new(MONDAY + bench.now));
    assert_eq!(bench.flow(), FlowRate::new(300_000));
    bench.to(2, "12:00");
    assert_eq!(bench.flow(), DAY_FLOW);
    bench.to(2, "23:30");
    assert_eq!(bench.flow(), NIGHT_FLOW);
}

//= requirements/prescription.md#ramps
//= type=test
//# An upward step of an opioid ramp MUST wait for a contact recorded since the step before, while a downward ramp runs alone.
#[test]
fn morphine_goes_up_only_after_somebody_has_seen_the_patient() {
    let up = Ramp { first: Permille::new(500), last: Permille::new(1_000), steps: 2, interval: Duration::from_days(2) };
    let mut bench = Bench::new(order(Drug::Morphine, Mode::Continuous(FlowRate::new(200_000)), Some(up)));
    assert_eq!(bench.flow(), FlowRate::new(100_000));
    // Day 2: the step is due, nobody has called. It waits, day after day.
    bench.to(5, "00:00");
    assert_eq!(bench.flow(), FlowRate::new(100_000));
    assert!(bench.program.ramp_waits(Instant::new(bench.now), &bench.order));
    // Day 5: the nurse calls. The step is taken, and only this one.
    bench.program.contact(Instant::new(bench.now));
    assert_eq!(bench.flow(), FlowRate::new(150_000));
    assert!(!bench.program.ramp_waits(Instant::new(bench.now), &bench.order));
    // The next is due two days after the real step, and needs a contact of its own.
    bench.to(6, "23:59");
    assert!(!bench.program.ramp_waits(Instant::new(bench.now), &bench.order));
    bench.to(9, "00:00");
    assert_eq!(bench.flow(), FlowRate::new(150_000));
    assert!(bench.program.ramp_waits(Instant::new(bench.now), &bench.order));
    bench.program.contact(Instant::new(bench.now));
    bench.to(9, "00:01");
    assert_eq!(bench.flow(), FlowRate::new(200_000));
    bench.to(30, "00:00");
    assert!(!bench.program.ramp_waits(Instant::new(bench.now), &bench.order), "after the last step nothing waits");
}

#[test]
fn a_baclofen_taper_and_an_opioid_taper_run_alone() {
    let down =
        Ramp { first: Permille::new(1_000), last: Permille::new(250), steps: 3, interval: Duration::from_days(1) };
    for drug in [Drug::Baclofen, Drug::Morphine] {
        let mut bench = Bench::new(order(drug, Mode::Continuous(FlowRate::new(200_000)), Some(down)));
        for (day, flow) in [(0, 200_000), (1, 150_000), (2, 100_000), (3, 50_000), (9, 50_000)] {
            bench.to(day, "00:00");
            assert_eq!(bench.flow(), FlowRate::new(flow), "{drug:?} day {day}");
            assert!(!bench.program.ramp_waits(Instant::new(bench.now), &bench.order));
        }
        // Called late by days it is where it should be.
        let mut bench = Bench::new(order(drug, Mode::Continuous(FlowRate::new(200_000)), Some(down)));
        bench.now = 2 * DAY;
        assert_eq!(bench.flow(), FlowRate::new(100_000));
    }
}

fn every_six_hours() -> Mode {
    Mode::PeriodicBolus(PeriodicBolus {
        background: FlowRate::new(24_000),
        volume: Volume::new(50_000),
        duration: Duration::from_minutes(10),
        interval: Duration::from_hours(6),
        first_after: Duration::from_hours(1),
    })
}

//= requirements/time.md#periodic-interval
//= type=test
//# Periodic boluses MUST keep their monotonic interval across a clock setting.
#[test]
fn six_hours_between_boluses_stay_six_hours_whatever_the_clock_says() {
    let mut bench = Bench::new(order(Drug::Morphine, every_six_hours(), None));
    let mut starts = Vec::new();
    for minute in 0..3 * 1_440u64 {
        bench.now = minute * 60_000;
        if minute % 500 == 0 {
            bench.turn(if minute % 1_000 == 0 { -600 } else { 555 });
        }
        bench.flow();
        if bench.program.periodic_due(&bench.order).is_some_and(|due| due <= Instant::new(bench.now)) {
            bench.program.periodic_started(Instant::new(bench.now), &bench.order);
            starts.push(minute / 60);
        }
    }
    assert_eq!(starts, [1, 7, 13, 19, 25, 31, 37, 43, 49, 55, 61, 67]);
}

//= requirements/delivery.md#periodic-bolus
//= type=test
//# A periodic bolus MUST NOT start before its interval has passed since the one before it, whatever order was committed in between.
#[test]
fn an_order_committed_an_hour_after_a_bolus_brings_the_next_one_no_nearer() {
    let mut bench = Bench::new(order(Drug::Morphine, every_six_hours(), None));
    let due = |bench: &Bench| bench.program.periodic_due(&bench.order).unwrap().get() / HOUR;
    bench.program.periodic_started(Instant::new(HOUR), &bench.order); // 01:00
    bench.program.start(Instant::new(2 * HOUR), &bench.order); // 02:00: "first after one hour"
    assert_eq!(due(&bench), 7, "07:00 as before, and not 03:00");
    // An order in between that has none forgets nothing.
    bench.order.mode = Mode::Continuous(DAY_FLOW);
    bench.program.start(Instant::new(3 * HOUR), &bench.order);
    assert_eq!(bench.program.periodic_due(&bench.order), None);
    bench.order.mode = every_six_hours();
    bench.program.start(Instant::new(4 * HOUR), &bench.order);
    assert_eq!(due(&bench), 7);
    bench.program.start(Instant::new(20 * HOUR), &bench.order);
    assert_eq!(due(&bench), 21, "long after the last one the order's own wait holds");
}

//= requirements/delivery.md#no-catch-up
//= type=test
//# The pump MUST NOT give later what it did not give while it was stopped, stalled, held, without power or called late.
#[test]
fn a_periodic_bolus_missed_in_a_long_stop_is_left_out_and_the_next_comes_in_its_time() {
    let mut bench = Bench::new(order(Drug::Baclofen, every_six_hours(), None));
    let due = |bench: &Bench| bench.program.periodic_due(&bench.order).unwrap().get() / HOUR;
    bench.now = HOUR + 30 * 60_000; // half an hour late: still given, and the interval runs from there
    bench.flow();
    assert_eq!(due(&bench), 1);
    bench.now = 15 * HOUR; // stopped until 15:00: those of 01:00, 07:00 and 13:00 are gone
    bench.flow();
    assert_eq!(due(&bench), 19);
}

#[test]
fn what_is_stored_goes_on_as_if_nothing_had_been() {
    let mut bench = Bench::new(order(Drug::Baclofen, Mode::Schedule(with_a_night()), None));
    let fresh = bench.program;
    assert_eq!(Program::decode(&fresh.encode()), Some(fresh));
    bench.to(1, "03:00").turn(-360);
    bench.program.contact(Instant::new(bench.now));
    bench.order.mode = every_six_hours();
    bench.program.start(Instant::new(bench.now), &bench.order);
    let kept = bench.program;
    assert_eq!(Program::decode(&kept.encode()), Some(kept));
    assert!(kept.is_clock_rule_running());
    let mut other = kept.encode();
    other[0] = 1;
    assert_eq!(Program::decode(&other), None);
}

#[test]
fn the_most_of_a_span_is_found_wherever_in_the_week_it_lies() {
    let schedule = with_a_night();
    let whole = Permille::new(1_000);
    assert_eq!(highest_volume(&schedule, whole, Duration::from_hours(4)), Volume::new(160_000));
    assert_eq!(highest_volume(&schedule, whole, Duration::from_hours(5)), Volume::new(170_000));
    assert_eq!(highest_volume(&schedule, whole, Duration::from_minutes(15)), Volume::new(10_000));
    assert_eq!(highest_volume(&schedule, whole, Duration::from_days(1)), Volume::new(360_000));
    assert_eq!(highest_volume(&schedule, whole, Duration::from_days(15)), Volume::new(15 * 360_000));
    assert_eq!(highest_volume(&schedule, Permille::new(500), Duration::from_days(1)), Volume::new(180_000));
    assert_eq!(lowest_mean(&schedule), FlowRate::new(360_000));
    let periodic = order(Drug::Baclofen, every_six_hours(), None);
    assert_eq!(daily_upper(&periodic, MINIMUM), Volume::new(24_000 + 4 * 50_000));
}

fn schedules() -> impl Strategy<Value = Schedule> {
    let flows = || {
        proptest::array::uniform32(0u64..8).prop_map(|rough| {
            let mut flows = [FlowRate::ZERO; HALF_HOURS];
            for (place, flow) in flows.iter_mut().enumerate() {
                *flow = FlowRate::new(rough[place * 2 / 3] * 48_000);
            }
            flows
        })
    };
    (flows(), flows(), any::<bool>()).prop_map(|(week, weekend, has_weekend)| {
        let set = |weekdays, flows| orders::prescription::DaySet { weekdays, flows };
        if has_weekend {
            Schedule::of(&[set(0b001_1111, week), set(0b110_0000, weekend)]).unwrap()
        } else {
            Schedule::every_day(week)
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// The law behind the rule of clock settings.
    #[test]
    fn however_the_clock_is_set_no_day_holds_more_than_a_day_of_one_clock(
        schedule in schedules(),
        settings in proptest::collection::vec((0u64..120, -2_880i64..2_880), 0..5),
    ) {
        let mut bench = Bench::new(order(Drug::Baclofen, Mode::Schedule(schedule), None));
        let mut settings = settings;
        settings.sort_unstable();
        bench.wall = Some(MONDAY + 30 * DAY);
        for (hour, minutes) in settings {
            bench.to(0, &format!("{hour}:17")).turn(minutes);
        }
        bench.to(8, "00:00");
        for hours in [1usize, 4, 20, 24] {
            let most = highest_volume(&schedule, Permille::new(1_000), Duration::from_hours(hours as u64));
            let mut sum: u64 = bench.given[..hours * 60].iter().sum();
            for end in hours * 60..bench.given.len() {
                prop_assert!(sum.div_ceil(1_440) <= most.get(), "{hours} h before minute {end}");
                sum = sum + bench.given[end] - bench.given[end - hours * 60];
            }
        }
    }

    #[test]
    fn the_quick_bound_of_a_span_is_never_below_the_most_and_is_exact_for_whole_half_hours(
        schedule in schedules(), minutes in 0u64..26 * 60, share in 0u16..2_000,
    ) {
        let heaviest = Heaviest::of(&schedule);
        let (share, span) = (Permille::new(share), Duration::from_minutes(minutes));
        let bound = heaviest.volume(share, span).unwrap();
        prop_assert!(bound >= highest_volume(&schedule, share, span));
        let (all, whole) = (Permille::new(1_000), Duration::from_minutes(minutes / 30 * 30));
        prop_assert_eq!(heaviest.volume(all, whole), Some(highest_volume(&schedule, all, whole)));
        prop_assert_eq!(heaviest.volume(all, Duration::from_days(3)), None);
    }

    #[test]
    fn the_flow_changes_only_where_the_program_said_it_may(
        schedule in schedules(), at in 0u64..DAY, minutes in -1_440i64..1_440,
    ) {
        let mut bench = Bench::new(order(Drug::Baclofen, Mode::Schedule(schedule), None));
        bench.wall = Some(MONDAY + 30 * DAY);
        bench.now = at;
        bench.turn(minutes);
        for _ in 0..60 {
            let flow = bench.flow();
            let now = Instant::new(bench.now);
            let change = bench.program.next_change(now, &bench.order, bench.wall_now()).unwrap();
            prop_assert!(change > now);
            bench.now = change.get() - 1;
            prop_assert_eq!(bench.flow(), flow);
            bench.now = change.get();
        }
    }

    #[test]
    fn the_upper_bound_holds_for_ramps_and_periodic_boluses(
        first in 0u16..1_000, last in 0u16..1_000, steps in 1u8..6, from in 0u64..9 * DAY, span in 1u64..3 * DAY,
    ) {
        let ramp = Ramp {
            first: Permille::new(first), last: Permille::new(last), steps, interval: Duration::from_days(1),
        };
        let mut bench = Bench::new(order(Drug::Ziconotide, every_six_hours(), Some(ramp)));
        let step = 60_000;
        let mut given = 0u128;
        let mut bound = None;
        while bench.now < from + span {
            let flow = bench.flow();
            if bound.is_none() && bench.now >= from {
                let to = Instant::new(bench.now + span);
                bound = Some((to, bench.program.upper_volume(Instant::new(bench.now), to, &bench.order, MINIMUM)));
            }
            if bench.program.periodic_due(&bench.order).is_some_and(|due| due.get() <= bench.now) {
                bench.program.periodic_started(Instant::new(bench.now), &bench.order);
                given += if bound.is_some() { 50_000 * u128::from(DAY) } else { 0 };
            }
            if bound.is_some_and(|(to, _)| bench.now + step <= to.get()) {
                given += u128::from(flow.get()) * u128::from(step);
            }
            bench.now += step;
        }
        if let Some((_, bound)) = bound {
            prop_assert!(given <= u128::from(bound.get()) * u128::from(DAY));
        }
    }
}
