//! One body, as its users see it: strokes in, levels and feelings out.

use patient::body::{Body, Site, Way};
use patient::person::{Answer, Asker, Person};
use patient::time::{DAY_MS, MINUTE_MS, Time};
use proptest::prelude::*;

fn at(minutes: u64) -> Time {
    Time { ms: minutes * MINUTE_MS }
}

fn with(drugs: &[&str]) -> Body {
    Body::new(Person::median("adult").unwrap(), drugs, 28.4).unwrap()
}

/// Strokes of 2 mcg every so many minutes, as of 0.5 µL of 4 mg/mL.
fn strokes(body: &mut Body, from_min: u64, to_min: u64, every_min: u64) {
    for minute in (from_min..to_min).step_by(usize::try_from(every_min).unwrap()) {
        body.give(at(minute), 0, 2.0).unwrap();
    }
}

#[test]
fn what_is_read_does_not_depend_on_how_often_anybody_reads() {
    let read_every = |minutes: u64| {
        let mut body = with(&["morphine"]);
        let probe = body.probe(0, Site::Csf(30.0)).unwrap();
        let mut next = minutes;
        for stroke in 0..40 {
            while next < stroke * 11 {
                body.advance(at(next)).unwrap();
                let _ = body.read(probe);
                next += minutes;
            }
            body.give(at(stroke * 11), 0, 2.0).unwrap();
        }
        body.give_by(at(500), 0, Way::Spread(13.0, 3.0), 100.0).unwrap();
        body.advance(at(1260)).unwrap();
        (body.read(probe).to_bits(), body.felt().unwrap().pain.to_bits())
    };
    assert_eq!(read_every(1), read_every(7));
    assert_eq!(read_every(1), read_every(60));
}

#[test]
fn ten_months_are_ten_chained_months_bit_for_bit() {
    let month = 30 * 1440;
    let mut whole = with(&["morphine"]);
    strokes(&mut whole, 0, 10 * month, 97);
    whole.advance(at(10 * month)).unwrap();
    let mut chained = with(&["morphine"]);
    for n in 0..10 {
        let first = (n * month).div_ceil(97) * 97;
        strokes(&mut chained, first, (n + 1) * month, 97);
        chained.advance(at((n + 1) * month)).unwrap();
        chained = chained.clone();
    }
    let (a, b) = (whole.level(0, Site::Csf(13.0)).unwrap(), chained.level(0, Site::Csf(13.0)).unwrap());
    assert_eq!(a.to_bits(), b.to_bits());
    assert_eq!(whole.felt(), chained.felt());
}

#[test]
fn a_day_of_morphine_relieves_and_spares_the_breath() {
    let mut body = with(&["morphine"]);
    let before = body.felt().unwrap();
    assert!(before.pain > 6.0 && before.breaths_per_min > 13.9);
    strokes(&mut body, 0, 7 * 1440, 10);
    body.advance(at(7 * 1440)).unwrap();
    let felt = body.felt().unwrap();
    assert!(felt.pain < before.pain - 1.0, "{felt:?}");
    assert!(felt.breaths_per_min > 10.0 && felt.withdrawal < 0.1 && felt.motor_block == 0.0, "{felt:?}");
}

#[test]
fn a_gross_overdose_by_hand_stops_the_breath_within_hours_and_not_at_once() {
    let mut body = with(&["morphine"]);
    body.give_by(at(60), 0, Way::Spread(13.0, 6.0), 20_000.0).unwrap();
    body.advance(at(65)).unwrap();
    assert!(body.felt().unwrap().breath > 0.7, "{:?}", body.felt());
    body.advance(at(60 + 480)).unwrap();
    let felt = body.felt().unwrap();
    assert!(felt.breath < 0.5 && felt.co2 > 80.0 && felt.sedation > 0.9, "{felt:?}");
}

#[test]
fn the_same_mass_is_felt_less_when_the_tip_has_slipped_down() {
    let relief = |tip: f64| {
        let mut body = Body::new(Person::median("adult").unwrap(), &["morphine"], 28.4).unwrap();
        body.move_tip(tip).unwrap();
        strokes(&mut body, 0, 5 * 1440, 10);
        body.advance(at(5 * 1440)).unwrap();
        body.felt().unwrap().relief
    };
    assert!(relief(28.4) > relief(3.0));
}

#[test]
fn a_person_in_pain_asks_is_relieved_and_asks_less() {
    let person = Person::drawn("adult", 3, 9).unwrap();
    let asked = |grants: bool| {
        let mut body = Body::new(person.clone(), &["morphine", "bupivacaine"], 28.4).unwrap();
        let mut asker = Asker::new();
        let mut asked = 0;
        for n in 1..6 * 24 * 4 {
            let now = at(n * 10);
            body.advance(now).unwrap();
            if asker.asks(&person, now, body.felt().unwrap().pain) {
                asked += 1;
                let answer = if grants { Answer::Granted } else { Answer::Refused };
                asker.told(&person, now, answer);
                if grants {
                    body.give(now, 0, 150.0).unwrap();
                    body.give(now, 1, 500.0).unwrap();
                }
            }
        }
        asked
    };
    assert!(asked(true) < asked(false), "{} {}", asked(true), asked(false));
}

#[test]
fn nonsense_is_refused_and_nothing_changes() {
    let mut body = with(&["morphine"]);
    body.give(at(100), 0, 5.0).unwrap();
    for wrong in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(body.give(at(101), 0, wrong).is_err());
        assert!(body.give_by(at(101), 0, Way::Point(wrong), 1.0).is_err());
        assert!(body.infuse(at(101), 0, Way::Tip, wrong).is_err());
        assert!(body.probe(0, Site::Csf(wrong)).is_err() && body.move_tip(wrong).is_err());
    }
    assert!(body.give(at(101), 3, 1.0).is_err(), "no such drug");
    assert!(body.give(at(99), 0, 1.0).is_err() && body.advance(at(1)).is_err(), "the past");
    assert!(body.give_by(at(101), 0, Way::Epidural(13.0, 0.0), 1.0).is_err());
    assert!(body.probe(0, Site::Cord(10.0)).is_err(), "no cord below the conus");
    assert!(Body::new(Person::median("adult").unwrap(), &["morphine"], 80.0).is_err());
    assert!(Body::new(Person::median("adult").unwrap(), &["morphine", "morphine"], 20.0).is_err());
    assert!(Body::new(Person::median("pig").unwrap(), &["ziconotide"], 20.0).is_err());
    let told = Body::new(Person::median("adult").unwrap(), &["tea"], 20.0).unwrap_err();
    assert!(told.to_string().contains("tea"), "{told}");
    assert_eq!(body.now(), at(100));
    assert!((body.balance(0).unwrap().given - 5.0).abs() < 1e-12);
}

#[test]
fn an_animal_has_levels_but_no_feelings_and_no_human_blood() {
    let mut dog = Body::new(Person::median("dog").unwrap(), &["ziconotide"], 10.0).unwrap();
    dog.infuse(Time::START, 0, Way::Tip, 1.0 / 60.0).unwrap();
    dog.advance(Time { ms: DAY_MS }).unwrap();
    assert!(dog.level(0, Site::Csf(10.0)).unwrap() > 0.0);
    assert!(dog.felt().is_none() && dog.probe(0, Site::Plasma).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn mass_is_conserved_over_all_ways_in(
        seed in 0..1000_u64,
        gives in prop::collection::vec((1..3000_u64, 0..5_u8, 0.0..59.0_f64, 0.0..500.0_f64), 1..25),
    ) {
        let mut body = Body::new(Person::drawn("adult", seed, 1).unwrap(), &["baclofen"], 25.0).unwrap();
        let mut now = 0;
        for (after, kind, place, mass) in gives {
            now += after;
            match kind {
                0 => { body.give(at(now), 0, mass).unwrap(); }
                1 => body.give_by(at(now), 0, Way::Spread(place, 4.0), mass).unwrap(),
                2 => body.give_by(at(now), 0, Way::Epidural(place, 3.0), mass).unwrap(),
                3 => body.give_by(at(now), 0, Way::Blood, mass).unwrap(),
                _ => body.infuse(at(now), 0, Way::Tip, mass / 100.0).unwrap(),
            }
            let sum = body.balance(0).unwrap();
            prop_assert!((sum.stored + sum.eliminated - sum.given).abs() <= 1e-10 * sum.given, "{sum:?}");
        }
    }
}
