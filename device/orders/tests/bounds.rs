//! Every field of a prescription beyond its bounds, and every way to leave one blank: refused by name, never mended.

use orders::mixture::{Component, DRUGS_MAX};
use orders::prescription::*;
use orders::text::TextError;
use orders::*;
use proptest::prelude::*;

/// Morphine at 1 mg/mL with a patient bolus, a ramp and an emergency that ends by itself.
fn order(mode: Mode) -> Prescription {
    let mcg = |mcg: u64| Mass::new(mcg * 1_000_000_000);
    let mut ceilings = [Ceiling::default(); DRUGS_MAX];
    ceilings[0] = Ceiling { hour: mcg(60), four_hours: mcg(120), day: mcg(400) };
    Prescription {
        order_number: 1,
        author: 7,
        mixture: Mixture::single(Drug::Morphine, Concentration::new(1_000_000)),
        mode,
        ramp: Some(Ramp {
            first: Permille::new(500),
            last: Permille::new(1000),
            steps: 5,
            interval: Duration::from_days(1),
        }),
        patient_bolus: Some(PatientBolus {
            volume: Volume::new(20_000),
            duration: Duration::from_minutes(10),
            lockout: Duration::from_hours(4),
            allotment: 4,
        }),
        bolus_start: BolusStart::AfterADay,
        ceilings,
        alarm_volume: Volume::new(2_000_000),
        alarm_days: 7,
        gap_limit: Duration::from_hours(24),
        front_threshold: Permille::new(50),
        fall_back: FlowRate::new(100_000),
        emergency: EmergencyRule {
            rate: EmergencyRate::MinimumRate,
            returns_after: [Some(Duration::from_hours(12)), None, None, None],
        },
        signatures: 1,
    }
}

fn continuous() -> Prescription {
    order(Mode::Continuous(FlowRate::new(240_000)))
}

fn every_day() -> Prescription {
    order(Mode::Schedule(Schedule::every_day([FlowRate::new(240_000); HALF_HOURS])))
}

fn periodic() -> PeriodicBolus {
    PeriodicBolus {
        background: FlowRate::new(6_000),
        volume: Volume::new(10_000),
        duration: Duration::from_minutes(10),
        interval: Duration::from_hours(4),
        first_after: Duration::from_hours(1),
    }
}

/// An order with this number in this field; `None` where the field's type cannot hold it.
type Put = fn(u64) -> Option<Prescription>;

/// Every field of the table that a prescription has, and how a number gets into it.
const FIELDS: &[(Field, Put)] = &[
    (Field::OrderNumber, |n| Some(Prescription { order_number: n, ..continuous() })),
    (Field::Author, |n| Some(Prescription { author: n.try_into().ok()?, ..continuous() })),
    (Field::DrugConcentration, |n| {
        let concentration = Concentration::new(n.try_into().ok()?);
        Some(Prescription { mixture: Mixture::single(Drug::Morphine, concentration), ..continuous() })
    }),
    (Field::BasalFlow, |n| Some(order(Mode::Continuous(FlowRate::new(n))))),
    (Field::BasalFlow, |n| {
        let mut flows = [FlowRate::new(240_000); HALF_HOURS];
        flows[47] = FlowRate::new(u64::from(u32::try_from(n).ok()?));
        Some(order(Mode::Schedule(Schedule::every_day(flows))))
    }),
    (Field::Weekdays, |n| {
        let flows = [FlowRate::new(240_000); HALF_HOURS];
        Some(order(Mode::Schedule(Schedule::of(&[DaySet { weekdays: n.try_into().ok()?, flows }])?)))
    }),
    (Field::BasalFlow, |n| {
        Some(order(Mode::PeriodicBolus(PeriodicBolus { background: FlowRate::new(n), ..periodic() })))
    }),
    (Field::PeriodicVolume, |n| {
        Some(order(Mode::PeriodicBolus(PeriodicBolus { volume: Volume::new(n), ..periodic() })))
    }),
    (Field::PeriodicDuration, |n| {
        Some(order(Mode::PeriodicBolus(PeriodicBolus { duration: Duration::new(n), ..periodic() })))
    }),
    (Field::PeriodicInterval, |n| {
        Some(order(Mode::PeriodicBolus(PeriodicBolus { interval: Duration::new(n), ..periodic() })))
    }),
    (Field::PeriodicFirst, |n| {
        Some(order(Mode::PeriodicBolus(PeriodicBolus { first_after: Duration::new(n), ..periodic() })))
    }),
    (Field::BolusVolume, |n| with_bolus(|bolus| bolus.volume = Volume::new(n))),
    (Field::BolusDuration, |n| with_bolus(|bolus| bolus.duration = Duration::new(n))),
    (Field::BolusLockout, |n| with_bolus(|bolus| bolus.lockout = Duration::new(n))),
    (Field::BolusAllotment, |n| {
        let allotment = n.try_into().ok()?;
        with_bolus(|bolus| bolus.allotment = allotment)
    }),
    (Field::CeilingHour, |n| with_ceiling(|ceiling| ceiling.hour = Mass::new(n))),
    (Field::CeilingFourHours, |n| with_ceiling(|ceiling| ceiling.four_hours = Mass::new(n))),
    (Field::CeilingDay, |n| with_ceiling(|ceiling| ceiling.day = Mass::new(n))),
    (Field::AlarmVolume, |n| Some(Prescription { alarm_volume: Volume::new(n), ..continuous() })),
    (Field::AlarmDays, |n| Some(Prescription { alarm_days: n.try_into().ok()?, ..continuous() })),
    (Field::GapLimit, |n| Some(Prescription { gap_limit: Duration::new(n), ..continuous() })),
    (Field::FrontThreshold, |n| {
        Some(Prescription { front_threshold: Permille::new(n.try_into().ok()?), ..continuous() })
    }),
    (Field::FallBack, |n| Some(Prescription { fall_back: FlowRate::new(n), ..continuous() })),
    (Field::EmergencyReturn, |n| {
        let emergency =
            EmergencyRule { returns_after: [Some(Duration::new(n)), None, None, None], ..continuous().emergency };
        Some(Prescription { emergency, ..continuous() })
    }),
    (Field::Signatures, |n| Some(Prescription { signatures: n.try_into().ok()?, ..continuous() })),
    (Field::RampSteps, |n| {
        let steps = n.try_into().ok()?;
        with_ramp(|ramp| ramp.steps = steps)
    }),
    (Field::RampInterval, |n| with_ramp(|ramp| ramp.interval = Duration::new(n))),
    (Field::RampShare, |n| {
        let share = Permille::new(n.try_into().ok()?);
        with_ramp(|ramp| ramp.first = share)
    }),
    (Field::RampShare, |n| {
        let share = Permille::new(n.try_into().ok()?);
        with_ramp(|ramp| ramp.last = share)
    }),
];

fn with_bolus(change: impl Fn(&mut PatientBolus)) -> Option<Prescription> {
    let mut order = continuous();
    change(order.patient_bolus.as_mut()?);
    Some(order)
}

fn with_ceiling(change: impl Fn(&mut Ceiling)) -> Option<Prescription> {
    let mut order = continuous();
    change(&mut order.ceilings[0]);
    Some(order)
}

fn with_ramp(change: impl Fn(&mut Ramp)) -> Option<Prescription> {
    let mut order = continuous();
    change(order.ramp.as_mut()?);
    Some(order)
}

fn bytes(order: &Prescription) -> Vec<u8> {
    let mut buffer = [0u8; Prescription::BYTES_MAX];
    let length = order.encode(&mut buffer).expect("an order fits");
    buffer[..length].to_vec()
}

#[track_caller]
fn refused(order: &Prescription) -> Refusals {
    order.check().expect_err("the order was taken")
}

#[track_caller]
fn is_refused(order: &Prescription, reason: Reason, field: Field) {
    let refusals = refused(order);
    assert!(refusals.iter().any(|one| one.reason == reason && one.field == field), "{refusals:?}");
}

#[test]
fn an_order_with_every_field_within_its_bounds_is_taken() {
    for order in [continuous(), every_day(), order(Mode::PeriodicBolus(periodic())), order(Mode::MinimumRate)] {
        assert_eq!(order.check(), Ok(()));
    }
    for (field, put) in FIELDS {
        let bound = field.bound();
        for most in [bound.min, bound.max] {
            let Some(order) = put(most) else { continue };
            let named = order.check().err().and_then(|all| {
                all.iter().find(|one| one.field == *field && one.reason == Reason::OutOfBounds).copied()
            });
            assert_eq!(named, None, "{field:?} at its bound is out of bounds");
        }
    }
}

proptest! {
    //= requirements/prescription.md#within-its-bounds
    //= type=test
    //# A value outside its bounds MUST be refused with the field, the value and the limit, and never changed to a nearer one.
    #[test]
    fn a_value_beyond_its_bounds_is_refused_with_field_value_and_limit_and_stays_as_it_was(
        (field, put) in proptest::sample::select(FIELDS), random: u64, near in 1u64..50, above: bool, is_near: bool,
    ) {
        let bound = field.bound();
        let beyond = match above {
            true if is_near => bound.max.checked_add(near),
            true => random.checked_rem(u64::MAX - bound.max).and_then(|more| bound.max.checked_add(more + 1)),
            false if is_near => bound.min.checked_sub(near),
            false => random.checked_rem(bound.min),
        };
        prop_assume!(beyond.is_some());
        let value = beyond.unwrap();
        let order = put(value);
        prop_assume!(order.is_some());
        let order = order.unwrap();
        let before = bytes(&order);
        let refusals = order.check().expect_err("taken");
        let limit = if above { bound.max } else { bound.min };
        let is_named = |one: &Refusal| {
            let is_blank = value == 0 && one.reason == Reason::Missing;
            one.field == field && one.value == value
                && (is_blank || (one.reason == Reason::OutOfBounds && one.limit == limit))
        };
        prop_assert!(refusals.iter().any(is_named), "{:?} {}: {:?}", field, value, refusals);
        // Whoever reads the refused document reads the wrong value in it, not a nearer one.
        prop_assert_eq!(bytes(&order), &before[..]);
        if value > 0 || field != Field::DrugConcentration {
            prop_assert_eq!(Prescription::decode(&before), Ok(order));
        }
        for one in refusals.iter().filter(|one| is_named(one)) {
            prop_assert!(one.to_string().starts_with(field.word()), "{}", one);
        }
    }

    //= requirements/ceilings.md#exact-arithmetic
    //= type=test
    //# Mass MUST be the exact product of whole nanolitres and whole nanograms per millilitre, in femtograms.
    #[test]
    fn a_mass_is_the_exact_product_wherever_volume_and_concentration_have_a_meaning(
        volume in 0..=Field::FillVolume.bound().max, concentration in 0u32..=100_000_000,
    ) {
        let mass = Volume::new(volume).mass_at(Concentration::new(concentration));
        prop_assert_eq!(u128::from(mass.get()), u128::from(volume) * u128::from(concentration));
    }

    //= requirements/ceilings.md#exact-arithmetic
    //= type=test
    //# A quantity that does not fit its integer MUST become a refusal, never a wrapped or a saturated number.
    #[test]
    fn a_quantity_that_cannot_be_held_is_refused_as_text_and_in_a_document(whole in 18_446_744_073_710u64..) {
        let [mass, flow, concentration] = ["mg", "000000 mL/day", "mg/mL"].map(|unit| format!("{whole}{unit}"));
        prop_assert_eq!(Mass::parse(&mass), Err(TextError::TooLarge));
        prop_assert_eq!(FlowRate::parse(&flow), Err(TextError::TooLarge));
        prop_assert_eq!(Concentration::parse(&concentration), Err(TextError::TooLarge));
        // The author's number is 32 bits long: a longer one is not cut down to them.
        let sound = bytes(&continuous());
        let mut longer = sound[..3].to_vec();
        prop_assert_eq!(sound[3], 7);
        longer.push(0x1b);
        longer.extend_from_slice(&whole.to_be_bytes());
        longer.extend_from_slice(&sound[4..]);
        prop_assert_eq!(Prescription::decode(&longer), Err(Malformed::At(Field::Author)));
    }
}

//= requirements/prescription.md#shape
//= type=test
//# An order MUST be refused unless it names who ordered it, one to four drugs with exactly one primary, at most 48 half-hour-aligned steps and at most three weekday sets.
#[test]
fn an_order_of_another_shape_is_refused() {
    is_refused(&Prescription { author: 0, ..continuous() }, Reason::OutOfBounds, Field::Author);
    is_refused(&Prescription { mixture: Mixture::DRUG_FREE, ..continuous() }, Reason::OutOfBounds, Field::Drugs);
    let five: Vec<Component> =
        Drug::ALL[..5].iter().map(|drug| Component { drug: *drug, concentration: Concentration::new(1_000) }).collect();
    assert_eq!(Mixture::of(&five), None, "five drugs");
    assert_eq!(Mixture::of(&[five[0], five[0]]), None, "one drug twice: which of both is the primary?");
    assert_eq!(Mixture::of(&five[..4]).and_then(|four| four.primary()), Some(five[0]), "the first is the primary");
    let day = DaySet { weekdays: 1, flows: [FlowRate::new(1_000); HALF_HOURS] };
    assert_eq!(Schedule::of(&[day; 4]), None, "four weekday sets");
    assert_eq!(Schedule::of(&[]), None);
    let week = Schedule::of(&[day, DaySet { weekdays: 0x7f, ..day }]).unwrap();
    is_refused(&order(Mode::Schedule(week)), Reason::Contradiction, Field::Weekdays);
    let short = Schedule::of(&[day, DaySet { weekdays: 0x3e, ..day }]).unwrap();
    is_refused(&order(Mode::Schedule(short)), Reason::Missing, Field::Weekdays);
    // A document with a 49th step, or a set with 47, is none.
    let sound = bytes(&every_day());
    let steps = sound.windows(2).position(|pair| pair == [0x98, 48]).expect("an array of 48");
    for count in [47, 49] {
        let mut other = sound.clone();
        other[steps + 1] = count;
        assert_eq!(Prescription::decode(&other), Err(Malformed::At(Field::BasalFlow)), "{count} steps");
    }
}

//= requirements/prescription.md#nothing-left-blank
//= type=test
//# An order MUST be refused if its fall-back, its alarm volume, its gap limit or any drug's ceiling is blank.
#[test]
fn an_order_that_leaves_a_limit_blank_is_refused_by_the_name_of_the_limit() {
    is_refused(&Prescription { fall_back: FlowRate::ZERO, ..continuous() }, Reason::Missing, Field::FallBack);
    is_refused(&Prescription { alarm_volume: Volume::ZERO, ..continuous() }, Reason::OutOfBounds, Field::AlarmVolume);
    for (blank, field) in [(0, Field::CeilingHour), (1, Field::CeilingFourHours), (2, Field::CeilingDay)] {
        let order = with_ceiling(|ceiling| {
            let place = [&mut ceiling.hour, &mut ceiling.four_hours, &mut ceiling.day].into_iter().nth(blank);
            *place.unwrap() = Mass::ZERO;
        });
        is_refused(&order.unwrap(), Reason::Missing, field);
    }
    let two = [(Drug::Morphine, 1_000_000), (Drug::Bupivacaine, 2_000_000)]
        .map(|(drug, held)| Component { drug, concentration: Concentration::new(held) });
    let second_blank = Prescription { mixture: Mixture::of(&two).unwrap(), ..continuous() };
    is_refused(&second_blank, Reason::Missing, Field::CeilingDay);
    // In a document nothing stands for a blank: where the gap limit belongs, null is not one.
    let sound = bytes(&continuous());
    let gap = [0x1a, 0x05, 0x26, 0x5c, 0x00];
    let at = sound.windows(5).rposition(|five| five == gap).expect("24 h in ms");
    let blank = [&sound[..at], &[0xf6], &sound[at + 5..]].concat();
    assert_eq!(Prescription::decode(&blank), Err(Malformed::At(Field::GapLimit)));
}

//= requirements/prescription.md#times-that-fit
//= type=test
//# An order MUST be refused if its lockout is shorter than its patient bolus lasts or if a periodic bolus does not fit into its interval.
#[test]
fn times_that_do_not_fit_into_each_other_are_refused() {
    let short = with_bolus(|bolus| {
        (bolus.duration, bolus.lockout) = (Duration::from_minutes(30), Duration::from_minutes(29));
    });
    is_refused(&short.unwrap(), Reason::Contradiction, Field::BolusLockout);
    let equal = with_bolus(|bolus| {
        (bolus.duration, bolus.lockout) = (Duration::from_minutes(30), Duration::from_minutes(30));
    });
    assert_eq!(equal.unwrap().check(), Ok(()));
    let long =
        PeriodicBolus { duration: Duration::from_minutes(31), interval: Duration::from_minutes(30), ..periodic() };
    is_refused(&order(Mode::PeriodicBolus(long)), Reason::Contradiction, Field::PeriodicDuration);
}

//= requirements/prescription.md#units-for-people
//= type=test
//# Every quantity shown to people MUST carry its unit, and every rate whether it is per hour or per day.
#[test]
fn every_quantity_that_people_see_carries_its_unit_at_every_size() {
    fn ends(shown: impl std::fmt::Display, units: &[&str]) {
        let shown = shown.to_string();
        let (_, unit) = shown.rsplit_once(' ').unwrap_or_else(|| panic!("{shown:?} is a bare number"));
        assert!(units.contains(&unit), "{shown:?}");
    }
    for size in 0..64 {
        let raw = 1u64 << size;
        for raw in [raw - 1, raw] {
            ends(Mass::new(raw), &["mg", "mcg"]);
            ends(MassRate::new(raw), &["mg/day", "mcg/day"]);
            ends(Volume::new(raw), &["mL", "mcL"]);
            ends(FlowRate::new(raw), &["mL/day"]);
            ends(Duration::new(raw), &["day", "days", "h", "min", "s", "ms"]);
        }
        ends(Concentration::new(u32::try_from(raw).unwrap_or(u32::MAX)), &["mg/mL", "mcg/mL"]);
        ends(Permille::new(u16::try_from(raw).unwrap_or(u16::MAX)), &["%"]);
    }
}

#[test]
fn a_refusal_about_a_drug_names_it_and_the_larger_pump_differs_in_reservoir_and_name_alone() {
    let plain = Refusal::of(Reason::OverCeiling, Field::Request, 2, 1);
    let about = plain.about(Drug::Clonidine);
    assert_eq!((about.drug, Refusal { drug: None, ..about }), (Some(Drug::Clonidine), plain));
    assert!(about.to_string().starts_with("clonidine: ") && !plain.to_string().contains("clonidine"));
    let (small, large) = (DeviceProfile::REFERENCE_20, DeviceProfile::REFERENCE_40);
    assert_eq!((small.model_name(), large.model_name()), ("Nepenthe R20", "Nepenthe R40"));
    assert_eq!((small.reservoir.get(), large.reservoir.get()), (20_000_000, 40_000_000));
    assert_eq!(DeviceProfile { reservoir: small.reservoir, model: small.model, ..large }, small);
}

#[test]
fn the_longest_order_there_can_be_fits_the_buffer_that_is_kept_for_it() {
    let (volume, duration, flow) = (Volume::new(u64::MAX), Duration::new(u64::MAX), FlowRate::new(u64::MAX));
    let mass = Mass::new(u64::MAX);
    let day = DaySet { weekdays: u8::MAX, flows: [flow; HALF_HOURS] };
    let drug = |drug| Component { drug, concentration: Concentration::new(u32::MAX) };
    let drugs = [Drug::Morphine, Drug::Bupivacaine, Drug::Clonidine, Drug::Baclofen].map(drug);
    let longest = Prescription {
        order_number: u64::MAX,
        author: u32::MAX,
        mixture: Mixture::of(&drugs).unwrap(),
        mode: Mode::Schedule(Schedule::of(&[day; 3]).unwrap()),
        ramp: Some(Ramp {
            first: Permille::new(u16::MAX),
            last: Permille::new(u16::MAX),
            steps: u8::MAX,
            interval: duration,
        }),
        patient_bolus: Some(PatientBolus { volume, duration, lockout: duration, allotment: u8::MAX }),
        bolus_start: BolusStart::AtOnce { reason: u8::MAX },
        ceilings: [Ceiling { hour: mass, four_hours: mass, day: mass }; 4],
        alarm_volume: volume,
        alarm_days: u8::MAX,
        gap_limit: duration,
        front_threshold: Permille::new(u16::MAX),
        fall_back: flow,
        emergency: EmergencyRule { rate: EmergencyRate::MinimumRate, returns_after: [Some(duration); 4] },
        signatures: u8::MAX,
    };
    let mut buffer = [0u8; Prescription::BYTES_MAX];
    let length = longest.encode(&mut buffer).expect("it fits");
    assert!(length + 32 > Prescription::BYTES_MAX, "{length} bytes: more is kept for it than it needs");
}
