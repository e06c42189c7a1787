//! Eight people side by side are eight people one by one.

use patient::batch::{Amount, Course, Given, Outcome, cohort};
use patient::body::{Body, Site, Way};
use patient::drug::Drug;
use patient::person::Person;
use patient::time::{DAY_MS, MINUTE_MS, Time};

const SITES: [Site; 4] = [Site::Csf(13.0), Site::Csf(40.0), Site::Cisternal, Site::Plasma];
const OUTCOMES: [Outcome; 5] =
    [Outcome::Pain, Outcome::Sedation, Outcome::Breathing, Outcome::Spasticity, Outcome::Withdrawal];

fn at(minutes: u64) -> Time {
    Time { ms: minutes * MINUTE_MS }
}

/// Four days: an infusion of three drugs, a hand bolus and strokes at odd times, and a stop.
fn course() -> Course {
    let give = |minutes, drug, way, amount| Given { at: at(minutes), drug, way, amount };
    let hand = Way::Spread(13.0, 3.0);
    Course {
        drugs: ["morphine", "bupivacaine", "baclofen"].map(|name| Drug::named(name).unwrap()).to_vec(),
        tip_cm: 28.4,
        given: vec![
            give(0, 0, Way::Tip, Amount::Rate(0.5)),
            give(0, 1, Way::Tip, Amount::Rate(3.0)),
            give(7, 2, Way::Tip, Amount::Rate(0.2)),
            give(333, 0, hand, Amount::Mass(200.0)),
            give(1000, 0, Way::Tip, Amount::Mass(40.0)),
            give(1440, 1, hand, Amount::Mass(2500.0)),
            give(2881, 2, Way::Tip, Amount::Rate(0.0)),
        ],
        sites: SITES.to_vec(),
        outcomes: OUTCOMES.to_vec(),
        until: Time { ms: 4 * DAY_MS },
        has_detail: true,
    }
}

/// Time, levels and outcomes of one person at each time of the grid.
type Seen = Vec<(Time, Vec<f64>)>;

fn by_batch(people: &[Person], course: &Course) -> Vec<Seen> {
    let seen = cohort(
        people,
        course,
        |_| Seen::new(),
        |seen: &mut Seen, chunk| {
            for (n, time) in chunk.times.iter().enumerate() {
                let levels = (0..course.drugs.len()).flat_map(|drug| (0..SITES.len()).map(move |site| (drug, site)));
                let levels = levels.map(|(drug, site)| chunk.level(drug, site)[n]);
                seen.push((*time, levels.chain((0..OUTCOMES.len()).map(|row| chunk.outcome(row)[n])).collect()));
            }
        },
    );
    seen.unwrap()
}

fn by_body(person: &Person, course: &Course, times: &[Time]) -> Seen {
    let mut body = Body::with(person.clone(), course.drugs.clone(), course.tip_cm).unwrap();
    let mut next = course.given.iter().peekable();
    let mut seen = Seen::new();
    for time in times {
        while let Some(given) = next.next_if(|given| given.at < *time) {
            match given.amount {
                Amount::Mass(mass) => {
                    body.give_by(given.at, given.drug, given.way, mass).unwrap();
                    body.look_closely(given.at).unwrap();
                }
                Amount::Rate(rate) => body.infuse(given.at, given.drug, given.way, rate).unwrap(),
            }
        }
        body.advance(*time).unwrap();
        let mut values = Vec::new();
        for drug in 0..course.drugs.len() {
            values.extend(SITES.map(|site| body.level(drug, site).unwrap()));
        }
        let felt = body.felt().unwrap();
        values.extend([felt.pain, felt.sedation, felt.breaths_per_min, felt.spasticity, felt.withdrawal]);
        seen.push((*time, values));
    }
    seen
}

#[test]
fn eleven_people_side_by_side_are_eleven_people_one_by_one() {
    let people: Vec<Person> = (0..11).map(|n| Person::drawn("adult", 4, n).unwrap()).collect();
    let course = course();
    let together = by_batch(&people, &course);
    assert_eq!(together.len(), 11);
    for (person, together) in people.iter().zip(&together) {
        let times: Vec<Time> = together.iter().map(|(time, _)| *time).collect();
        assert_eq!(times.last(), Some(&course.until));
        let alone = by_body(person, &course, &times);
        let mut top = vec![0.0_f64; alone[0].1.len()];
        for (_, values) in &alone {
            top.iter_mut().zip(values).for_each(|(top, value)| *top = top.max(value.abs()));
        }
        for ((time, ours), (_, theirs)) in together.iter().zip(&alone) {
            for (row, ((a, b), top)) in ours.iter().zip(theirs).zip(&top).enumerate() {
                assert!(
                    (a - b).abs() <= 1e-9 * top,
                    "person {} at {} min, row {row}: {a} {b}",
                    person.number,
                    time.minutes()
                );
            }
        }
    }
}

#[test]
fn the_answer_does_not_depend_on_how_many_threads_there_are() {
    let people: Vec<Person> = (0..19).map(|n| Person::drawn("adult", 4, n).unwrap()).collect();
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let bits =
            |seen: Seen| seen.iter().flat_map(|(_, values)| values.iter().map(|v| v.to_bits())).collect::<Vec<_>>();
        pool.install(|| by_batch(&people, &course())).into_iter().map(bits).collect::<Vec<_>>()
    };
    let one = with(1);
    assert_eq!(one, with(2));
    assert_eq!(one, with(7));
}

#[test]
fn a_course_that_cannot_be_is_refused() {
    let people = [Person::median("adult").unwrap()];
    let refused = |course: Course| cohort(&people, &course, |_| (), |(), _| ()).unwrap_err().to_string();
    let mut wrong = course();
    wrong.given.reverse();
    assert!(refused(wrong).contains("order of time"));
    for amount in [-1.0, f64::NAN, f64::INFINITY] {
        let mut wrong = course();
        wrong.given[0].amount = Amount::Rate(amount);
        assert!(refused(wrong).contains("finite"));
    }
    assert!(refused(Course { tip_cm: 99.0, ..course() }).contains("99"));
    assert!(refused(Course { until: at(5), ..course() }).contains("ten minutes"));
    assert!(refused(Course { sites: vec![Site::Cord(2.0)], ..course() }).contains("cord begins"));
    let pig = [Person::median("pig").unwrap()];
    let course = Course { drugs: vec![Drug::named("baclofen").unwrap()], given: vec![], sites: vec![], ..course() };
    assert!(cohort(&pig, &course, |_| (), |(), _| ()).unwrap_err().to_string().contains("animal"));
}
