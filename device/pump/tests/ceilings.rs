//! Stories of the ceilings: what is charged, what is refused ahead of time, and what is never refused.
//!
//! A small bench stands in for the rest of the pump: it gives basal stroke by stroke, gives a bolus that was granted,
//! and keeps a list of every stroke for an exact judge of sliding windows. The drug is morphine at 1 mg/mL, so that
//! 1 nL holds 1 000 000 fg.

use orders::prescription::{BolusStart, Ceiling, EmergencyRate, EmergencyRule, Mode};
use orders::quantity::mul_div_floor;
use orders::{
    Concentration, DeviceProfile, Drug, Duration, FlowRate, Instant, Mass, Mixture, Permille, Prescription, Reason,
    Refusal, Volume,
};
use proptest::prelude::*;
use pump::bolus::Source;
use pump::ceilings::Ceilings;
use pump::windows::{NOTHING, Row, Window};

const DEVICE: DeviceProfile = DeviceProfile::REFERENCE_20;
const STROKE: Volume = DEVICE.stroke;
const MG_PER_ML: Concentration = Concentration::new(1_000_000);
const DAY: u64 = 86_400_000;

fn at(hours: u64, minutes: u64) -> Instant {
    Instant::ZERO.after(Duration::from_hours(hours)).after(Duration::from_minutes(minutes))
}

/// A volume of the fluid, in the lanes of its drug and of volume.
fn row(volume: Volume) -> Row {
    Ceilings::row(&[volume.mass_at(MG_PER_ML), Mass::ZERO, Mass::ZERO, Mass::ZERO], volume)
}

fn ceiling(hour: u64, four_hours: u64, day: u64) -> Ceiling {
    let mass = |nl| Volume::new(nl).mass_at(MG_PER_ML);
    Ceiling { hour: mass(hour), four_hours: mass(four_hours), day: mass(day) }
}

/// A ceiling that no test reaches.
const WIDE: u64 = 1_000_000_000;

fn order(drug: Drug, ceiling: Ceiling) -> Prescription {
    Prescription {
        order_number: 1,
        author: 7,
        mixture: Mixture::single(drug, MG_PER_ML),
        mode: Mode::MinimumRate,
        ramp: None,
        patient_bolus: None,
        bolus_start: BolusStart::AfterADay,
        ceilings: [ceiling, Ceiling::default(), Ceiling::default(), Ceiling::default()],
        alarm_volume: Volume::new(2_000_000),
        alarm_days: 7,
        gap_limit: Duration::from_hours(4),
        front_threshold: Permille::new(50),
        fall_back: FlowRate::new(50_000),
        emergency: EmergencyRule { rate: EmergencyRate::MinimumRate, returns_after: EmergencyRule::STAYS },
        signatures: 1,
    }
}

fn ceilings(limits: Ceiling) -> Ceilings {
    // The factory limits are tried apart; here they leave room.
    let roomy = DeviceProfile { hour_max: Volume::new(WIDE), day_max: Volume::new(WIDE), ..DEVICE };
    let mut ceilings = Ceilings::new(Instant::ZERO, &roomy);
    ceilings.set_order(&order(Drug::Morphine, limits), |_| false).unwrap();
    ceilings
}

/// The first lane's total of a window, in nL.
fn held(ceilings: &Ceilings, window: Window) -> u64 {
    ceilings.windows().total(window, 0) / u64::from(MG_PER_ML.get())
}

/// Basal, boluses and an exact memory of every stroke.
struct Bench {
    ceilings: Ceilings,
    flow: FlowRate,
    now: Instant,
    /// What basal has earned and not yet given, in nL × ms per day.
    earned: u64,
    strokes: Vec<Instant>,
}

impl Bench {
    fn new(limits: Ceiling, flow: u64) -> Self {
        let flow = FlowRate::new(flow);
        Self { ceilings: ceilings(limits), flow, now: Instant::ZERO, earned: 0, strokes: Vec::new() }
    }

    fn stroke(&mut self, source: Source) -> Result<(), Refusal> {
        self.ceilings.advance(self.now, |_| {});
        let permit = self.ceilings.authorize(self.now, STROKE, &row(STROKE), source)?;
        assert_eq!(permit.volume(), STROKE);
        self.strokes.push(self.now);
        Ok(())
    }

    /// Gives basal until then.
    fn run(&mut self, until: Instant) -> Result<(), Refusal> {
        let whole = STROKE.get() * DAY;
        while !self.flow.is_zero() {
            let wait = (whole - self.earned).div_ceil(self.flow.get());
            let due = self.now.after(Duration::new(wait));
            if due > until {
                break;
            }
            self.earned = self.earned + wait * self.flow.get() - whole;
            self.now = due;
            self.stroke(Source::Basal)?;
        }
        self.earned += until.since(self.now).get() * self.flow.get();
        self.now = until;
        self.ceilings.advance(until, |_| {});
        Ok(())
    }

    /// Whether a patient bolus would be granted now.
    fn ask(&self, volume: u64, duration: Duration) -> Result<(), Refusal> {
        let (now, flow, earned) = (self.now, self.flow, self.earned);
        let planned = |from: Instant, to: Instant| {
            // Basal strokes due after `now` up to any instant are known exactly.
            let due = |then: Instant| (earned + then.since(now).get() * flow.get()) / (STROKE.get() * DAY);
            row(STROKE.saturating_mul(due(to) - due(from)))
        };
        self.ceilings.predict(now, duration, &row(Volume::new(volume)), &planned)
    }

    /// Gives a bolus evenly, with the basal beside it.
    fn give(&mut self, volume: u64, duration: Duration) -> Result<(), Refusal> {
        let strokes = volume / STROKE.get();
        let start = self.now;
        for stroke in 0..strokes {
            let share = mul_div_floor(duration.get(), stroke, strokes).unwrap();
            self.run(start.after(Duration::new(share)))?;
            self.stroke(Source::Patient)?;
        }
        self.run(start.after(duration))
    }

    /// The most that any exact sliding window of a span held, in nL.
    fn most_in(&self, span: Duration) -> u64 {
        let mut first = 0;
        let mut most = 0;
        for (index, end) in self.strokes.iter().enumerate() {
            while self.strokes[first].after(span) <= *end {
                first += 1;
            }
            most = most.max(index + 1 - first);
        }
        u64::try_from(most).unwrap() * STROKE.get()
    }
}

/// The most a window can come to with its part bucket: basal, every bolus that may touch it, one stroke.
fn worst(window: Window, flow: u64, bolus: u64, duration: Duration, lockout: Duration, allotment: u64) -> u64 {
    let span = window.bucket().saturating_mul(u64::from(window.closed()) + 1);
    let touching = span.saturating_add(duration).get();
    let days_whole = touching / DAY;
    let rest = (touching % DAY).div_ceil(lockout.get()).min(allotment);
    let boluses = touching.div_ceil(lockout.get()).min(days_whole * allotment + rest);
    FlowRate::new(flow).volume_ceil(span).get() + STROKE.get() + boluses * bolus
}

//= requirements/ceilings.md#rolling-windows
//= type=test
//# The pump MUST charge every stroke except those of a prime, whatever asked for it, to each drug's ceilings over a rolling 1 h, 4 h and 24 h, in buckets of 5, 15 and 60 minutes.
#[test]
fn basal_periodic_single_and_patient_strokes_share_one_ceiling_and_a_prime_has_its_own() {
    let mut ceilings = ceilings(ceiling(2_000, 5_000, 5_000));
    // 08:00: one stroke from each source fills the hour.
    ceilings.advance(at(8, 0), |_| {});
    for source in [Source::Basal, Source::Periodic, Source::Single, Source::Patient] {
        assert!(ceilings.authorize(at(8, 0), STROKE, &row(STROKE), source).is_ok(), "{source:?}");
    }
    for window in Window::ALL {
        assert_eq!(held(&ceilings, window), 2_000);
    }
    for source in [Source::Basal, Source::Periodic, Source::Single, Source::Patient] {
        let refusal = ceilings.authorize(at(8, 0), STROKE, &row(STROKE), source).unwrap_err();
        assert_eq!((refusal.reason, refusal.limit), (Reason::Ceiling1h, 2_000 * 1_000_000), "{source:?}");
    }
    // What was refused was not charged.
    assert_eq!(held(&ceilings, Window::Day), 2_000);
    // A prime has no door until an allowance opens one, and what it gives is charged to that alone.
    assert_eq!(
        ceilings.authorize_prime(at(8, 0), STROKE, &row(STROKE)).unwrap_err(),
        Refusal::plain(Reason::NoProposal)
    );
    let two = STROKE.saturating_mul(2);
    ceilings.allow_prime(&[two.mass_at(MG_PER_ML), Mass::ZERO, Mass::ZERO, Mass::ZERO], two);
    for _ in 0..2 {
        let permit = ceilings.authorize_prime(at(8, 0), STROKE, &row(STROKE)).unwrap();
        assert_eq!(permit.source(), Source::Prime);
    }
    assert_eq!(ceilings.authorize_prime(at(8, 0), STROKE, &row(STROKE)).unwrap_err().reason, Reason::Disagreement);
    assert_eq!(held(&ceilings, Window::Day), 2_000);
    ceilings.end_prime();
    assert!(ceilings.authorize_prime(at(8, 0), STROKE, &row(STROKE)).is_err());
}

/// The trace that was found by machine in an open pump: limit = a full window of basal and two and a half boluses,
/// start at 1:00, boluses at 1:40, 2:20 and 3:00. The past window is not yet full of basal, so each seems to fit.
//= requirements/ceilings.md#predicted-to-its-end
//= type=test
//# The pump MUST accept a commanded delivery only if, in every window that holds any part of it up to 24 h past its end, what was given, is in progress and is scheduled stays within every ceiling.
#[test]
fn a_bolus_that_basal_alone_would_carry_over_the_limit_two_hours_later_is_refused_now() {
    // 6 nL/h × 1000; a window of 4 h with its part bucket is 4 h 15 min: 25 500 nL of basal and 2.5 boluses.
    let (basal, bolus, limit) = (144_000, 1_000, 28_000);
    let duration = Duration::from_minutes(5);
    let mut bench = Bench::new(ceiling(WIDE, limit, WIDE), basal);
    bench.now = at(1, 0);
    bench.run(at(1, 40)).unwrap();
    assert_eq!(bench.ask(bolus, duration), Ok(()));
    bench.give(bolus, duration).unwrap();
    bench.run(at(2, 20)).unwrap();
    assert_eq!(bench.ask(bolus, duration), Ok(()));
    bench.give(bolus, duration).unwrap();

    bench.run(at(3, 0)).unwrap();
    let past = held(&bench.ceilings, Window::FourHours);
    assert!(past + bolus <= limit, "the past window alone would have let it pass: {past} nL");
    let refusal = bench.ask(bolus, duration).unwrap_err();
    assert_eq!(refusal.reason, Reason::Ceiling4h);
    assert!(refusal.value > refusal.limit);

    // The basal runs on for a day and no stroke of it is refused.
    bench.run(at(27, 0)).unwrap();
    assert!(bench.most_in(Duration::from_hours(4)) <= limit);
}

#[test]
fn a_bolus_that_fits_now_is_refused_for_the_periodic_bolus_that_is_due_in_three_hours() {
    let ceilings = ceilings(ceiling(WIDE, 30_000, WIDE));
    let nothing = |_: Instant, _: Instant| NOTHING;
    let ask = |planned: &dyn Fn(Instant, Instant) -> Row| {
        ceilings.predict(at(0, 0), Duration::from_minutes(10), &row(Volume::new(20_000)), planned)
    };
    assert_eq!(ask(&nothing), Ok(()));
    // 11 000 nL at 3:00, and then no more.
    let due = |from: Instant, to: Instant| {
        if from <= at(3, 0) && at(3, 0) < to { row(Volume::new(11_000)) } else { NOTHING }
    };
    let refusal = ask(&due).unwrap_err();
    assert_eq!((refusal.reason, refusal.limit), (Reason::Ceiling4h, 30_000 * 1_000_000));
    // Once the periodic bolus lies behind in its own window there is room again.
    assert!(refusal.not_before.is_some_and(|then| then > at(3, 0)), "{refusal:?}");
}

#[test]
fn the_factory_limit_in_volume_stands_above_an_order_without_drug_in_reach_of_its_ceilings() {
    let tight = DeviceProfile { hour_max: Volume::new(1_000), ..DEVICE };
    let mut ceilings = Ceilings::new(Instant::ZERO, &tight);
    ceilings.set_order(&order(Drug::Morphine, ceiling(WIDE, WIDE, WIDE)), |_| false).unwrap();
    for _ in 0..2 {
        assert!(ceilings.authorize(at(0, 0), STROKE, &row(STROKE), Source::Basal).is_ok());
    }
    let refusal = ceilings.authorize(at(0, 0), STROKE, &row(STROKE), Source::Basal).unwrap_err();
    assert_eq!((refusal.reason, refusal.value, refusal.limit), (Reason::Ceiling1h, 1_500, 1_000));
}

#[test]
fn a_drug_without_an_order_is_not_given() {
    let mut ceilings = Ceilings::new(Instant::ZERO, &DEVICE);
    let refusal = ceilings.authorize(at(0, 0), STROKE, &row(STROKE), Source::Basal).unwrap_err();
    assert_eq!((refusal.reason, refusal.limit), (Reason::Ceiling1h, 0));
    assert_eq!(held(&ceilings, Window::Day), 0);
}

//= requirements/time.md#lost-dose-record
//= type=test
//# When the dose record is lost, the pump MUST fill the windows with basal and allotment as assumed charges.
//= requirements/ceilings.md#assumed-charges
//= type=test
//# The pump MUST count assumed charges against boluses only.
#[test]
fn after_a_lost_dose_record_boluses_are_refused_for_a_day_and_no_basal_stroke_is() {
    let (basal, bolus, duration) = (144_000, 10_000, Duration::from_minutes(10));
    let mut bench = Bench::new(ceiling(40_000, 80_000, 200_000), basal);
    // Each window is taken as full of what the order gives at most in it: here, up to its ceiling.
    let full = [40_000, 80_000, 200_000].map(|nl| row(Volume::new(nl)));
    bench.ceilings.assume(at(0, 0), full);
    for hour in [0, 1, 5, 12, 23] {
        bench.run(at(hour, 30)).unwrap();
        assert!(bench.ask(bolus, duration).is_err(), "{hour}:30");
        assert!(bench.ceilings.authorize(bench.now, STROKE, &row(STROKE), Source::Patient).is_err());
    }
    bench.run(at(24, 1)).unwrap();
    assert_eq!(bench.ask(bolus, duration), Ok(()));
    // What people are told was given is what was given, without what was assumed.
    assert!(bench.ceilings.given(Drug::Morphine, Window::Day).get() <= 150_000 * 1_000_000);
}

#[test]
fn a_drug_that_was_given_keeps_its_lane_and_its_old_ceiling_until_it_has_left_path_and_windows() {
    let mut ceilings = ceilings(ceiling(1_000, 2_000, 2_000));
    assert!(ceilings.authorize(at(0, 0), STROKE, &row(STROKE), Source::Basal).is_ok());
    ceilings.set_order(&order(Drug::Baclofen, ceiling(WIDE, WIDE, WIDE)), |_| false).unwrap();
    assert_eq!(ceilings.drugs(), &[Some(Drug::Morphine), Some(Drug::Baclofen), None, None]);
    // Morphine that still leaves the tip is held to morphine's ceiling.
    assert!(ceilings.authorize(at(0, 1), STROKE, &row(STROKE), Source::Basal).is_ok());
    assert!(ceilings.authorize(at(0, 2), STROKE, &row(STROKE), Source::Basal).is_err());
    // Two days on its windows are empty, but some of it is in the path.
    ceilings.advance(at(48, 0), |_| {});
    ceilings.set_order(&order(Drug::Baclofen, ceiling(WIDE, WIDE, WIDE)), |drug| drug == Drug::Morphine).unwrap();
    assert_eq!(ceilings.drugs()[0], Some(Drug::Morphine));
    ceilings.set_order(&order(Drug::Baclofen, ceiling(WIDE, WIDE, WIDE)), |_| false).unwrap();
    assert_eq!(ceilings.drugs(), &[None, Some(Drug::Baclofen), None, None]);
}

#[test]
fn a_fifth_drug_is_refused_and_the_four_keep_their_lanes() {
    let mut ceilings = Ceilings::new(Instant::ZERO, &DEVICE);
    let wide = ceiling(WIDE, WIDE, WIDE);
    for drug in [Drug::Morphine, Drug::Bupivacaine, Drug::Clonidine, Drug::Baclofen] {
        ceilings.set_order(&order(drug, wide), |_| true).unwrap();
    }
    let four = *ceilings.drugs();
    let refusal = ceilings.set_order(&order(Drug::Ziconotide, wide), |_| true).unwrap_err();
    assert_eq!(refusal, Refusal::plain(Reason::TooManyDrugs));
    assert_eq!(ceilings.drugs(), &four);
}

#[test]
fn a_permit_is_void_a_minute_later() {
    let mut ceilings = ceilings(ceiling(WIDE, WIDE, WIDE));
    let permit = ceilings.authorize(at(8, 0), STROKE, &row(STROKE), Source::Basal).unwrap();
    assert!(permit.is_good(at(8, 1)));
    assert!(!permit.is_good(at(8, 2)));
}

/// An order in which every number stands in proportion: flow in nL/day, bolus in nL, lockout, allotment.
fn orders() -> impl Strategy<Value = (u64, u64, Duration, Duration, u64)> {
    (6_000u64..1_500_000, 1u64..100, 1u64..60, 15u64..600, 1u64..8).prop_map(
        |(flow, strokes, minutes, lockout, allotment)| {
            let duration = Duration::from_minutes(minutes.min(lockout));
            (flow, strokes * STROKE.get(), duration, Duration::from_minutes(lockout), allotment)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_fourth_prescribed_bolus_comes(
        (flow, bolus, duration, lockout, allotment) in orders(),
        waits in proptest::collection::vec(0u64..400, 24),
        begin in 0u64..1440,
    ) {
        // The ceilings are the least that hold a full window of basal, every bolus that may touch it, and one stroke.
        let [hour, four_hours, day] =
            Window::ALL.map(|window| worst(window, flow, bolus, duration, lockout, allotment));
        let mut bench = Bench::new(ceiling(hour, four_hours.max(hour), day.max(four_hours)), flow);
        bench.now = at(0, begin);
        let mut starts: Vec<Instant> = Vec::new();
        for wait in waits {
            // Half of the requests come as soon as lockout and allotment let them.
            let late = wait.saturating_sub(200);
            let mut next = starts.last().map_or(bench.now, |last| last.after(lockout));
            if let Some(back) = starts.len().checked_sub(usize::try_from(allotment).unwrap()) {
                next = next.max(starts[back].after(Duration::from_days(1)));
            }
            let next = next.max(bench.now).after(Duration::from_minutes(late));
            if next > at(24 * 4, 0) {
                break;
            }
            prop_assert_eq!(bench.run(next), Ok(()));
            prop_assert_eq!(bench.ask(bolus, duration), Ok(()), "bolus {} at {}", starts.len() + 1, next);
            starts.push(next);
            prop_assert_eq!(bench.give(bolus, duration), Ok(()));
        }
        prop_assert_eq!(bench.run(bench.now.after(Duration::from_days(1))), Ok(()));
    }

    //= requirements/ceilings.md#not-before-is-never-early
    //= type=test
    //# A refusal by a ceiling MUST name the drug, the window and a time before which the same request does not fit, and that time is never too early.
    #[test]
    fn what_is_granted_never_passes_a_ceiling_and_at_the_time_named_a_refused_bolus_is_granted(
        (flow, bolus, duration, _, _) in orders(),
        waits in proptest::collection::vec(0u64..240, 1..24),
        boluses in 1u64..4,
        begin in 0u64..1440,
    ) {
        // Room for the basal and a few boluses: patients who ask often meet the limit.
        let [hour, four_hours, day] = [Window::Hour, Window::FourHours, Window::Day].map(|window| {
            let span = window.bucket().saturating_mul(u64::from(window.closed()) + 1);
            FlowRate::new(flow).volume_ceil(span).get() + STROKE.get() + boluses * bolus
        });
        let limits = ceiling(hour, four_hours, day);
        let mut bench = Bench::new(limits, flow);
        bench.now = at(0, begin);
        for wait in waits {
            prop_assert_eq!(bench.run(bench.now.after(Duration::from_minutes(wait))), Ok(()));
            let Err(refusal) = bench.ask(bolus, duration) else {
                prop_assert_eq!(bench.give(bolus, duration), Ok(()));
                continue;
            };
            prop_assert_eq!(refusal.drug, Some(Drug::Morphine));
            prop_assert!(matches!(refusal.reason, Reason::Ceiling1h | Reason::Ceiling4h | Reason::Ceiling24h));
            let then = refusal.not_before;
            prop_assert!(then.is_some_and(|then| then > bench.now), "one bolus alone fits: {:?}", refusal);
            prop_assert_eq!(bench.run(then.unwrap()), Ok(()));
            prop_assert_eq!(bench.ask(bolus, duration), Ok(()));
        }
        prop_assert_eq!(bench.run(bench.now.after(Duration::from_days(1))), Ok(()));
        for (span, limit) in [(1, hour), (4, four_hours), (24, day)] {
            prop_assert!(bench.most_in(Duration::from_hours(span)) <= limit);
        }
    }
}

//= requirements/ceilings.md#permit
//= type=test
//# A permit MUST be made by the ceilings alone.
#[test]
fn a_permit_is_written_out_in_one_file_and_only_its_two_askings_make_one() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    let mut makers = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().chain(std::fs::read_dir(format!("{folder}/drive")).unwrap()) {
        let path = entry.unwrap().path();
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let lines =
            text.lines().filter(|line| line.contains("Permit {") && !line.contains("impl") && !line.contains("struct"));
        makers.extend(lines.map(|_| path.file_name().unwrap().to_owned()));
    }
    assert_eq!(makers, ["ceilings.rs", "ceilings.rs"], "one for the running ceilings, one for a prime's allowance");
}
