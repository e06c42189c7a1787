//! Every scenario of the folder is a test, and worlds of chance are judged by the auditor.

use std::path::{Path, PathBuf};

use orders::Duration;
use sim::rng::{Purpose, Seed};
use sim::scenario::act::{Act, Event, Mishap, What, Who};
use sim::scenario::{self, Scenario};
use sim::world::{self, Options, Seals};

const MINUTE: u64 = 60_000;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

fn read(name: &str) -> Scenario {
    scenario::read(&folder().join(name)).unwrap_or_else(|why| panic!("{why}"))
}

//= requirements/bench.md#the-verdict-counts
//= type=test
//# A run in which the auditor disagrees MUST end with a failing exit code and print the seed and the version.
//= requirements/bench.md#every-recall
//= type=test
//# The bench MUST be able to bring each mishap of the recall list that a pump, its plant or its people can show.
#[test]
fn in_every_scenario_of_the_folder_auditor_and_expectations_agree() {
    let mut wrong = Vec::new();
    for path in scenario::in_folder(&folder()).unwrap() {
        let story = world::run(&read(path.file_name().unwrap().to_str().unwrap()), Options::AS_WRITTEN, |_| {});
        if !story.agreed() {
            wrong.push(format!("{}\n{}", path.display(), story.text()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

//= requirements/bench.md#same-seed-same-year
//= type=test
//# The same scenario and seed MUST give the same course to the byte, on every machine.
#[test]
fn the_same_seed_tells_the_same_story_to_the_byte() {
    let day = read("first-day.toml");
    let told = |seed| world::run(&day, Options { seed: Some(seed), seals: Seals::Sealed }, |_| {}).json();
    assert_eq!(told(3), told(3));
    assert_ne!(told(3), told(4), "the seed is in the story's last line");
}

//= requirements/bench.md#real-messages
//= type=test
//# The bench MUST ask the pump only by the real message layer, with one seed in a hundred through the sealed session.
#[test]
fn under_the_null_seal_the_same_day_is_told() {
    let day = read("first-day.toml");
    let told = |seals| {
        let story = world::run(&day, Options { seed: Some(5), seals }, |_| {});
        assert!(story.agreed(), "{}", story.text());
        story.text()
    };
    assert_eq!(told(Seals::Sealed), told(Seals::Null));
    assert_eq!(Options::of_many(200).seals, Seals::Sealed);
    assert_eq!((1..100).filter(|seed| Options::of_many(*seed).seals == Seals::Sealed).count(), 0);
}

/// What was not expected is told: an expectation that cannot be met makes the run fail and names its line.
#[test]
fn an_expectation_that_is_not_met_ends_the_run_badly_and_names_its_line() {
    let text = std::fs::read_to_string(folder().join("first-day.toml")).unwrap();
    let text =
        text.replace("\"refused: lockout\"", "\"granted\"").replace("at_most = \"300 mcg\"", "at_most = \"3 mcg\"");
    let story = world::run(&scenario::parse("bad.toml", &text, &folder()).unwrap(), Options::AS_WRITTEN, |_| {});
    assert!(!story.agreed());
    let told = story.text();
    assert!(told.contains("EXPECTED, line") && told.contains("at most 3 mcg of morphine"), "{told}");
    assert!(told.contains("things are wrong (seed 0, version 0.1.0)"), "{told}");
}

fn mishap(chance: &mut sim::rng::Chance) -> What {
    let off = Duration::new(chance.between(1, 20_000));
    let person = |who, act| What::Person { who, act, is_present: false, expect: None };
    match chance.below(7) {
        0 => What::Mishap(Mishap::BrownOut { off, counter_kept: chance.happens(800_000) }),
        1 => What::Mishap(Mishap::StoreCut { after_bytes: chance.below(400), off }),
        2 => What::Mishap(Mishap::Field(Duration::new(chance.between(MINUTE, 90 * MINUTE)))),
        3 => What::Mishap(Mishap::BadAir { lost: orders::Permille::new(u16::try_from(chance.below(300)).unwrap()) }),
        4 => What::Mishap(Mishap::Stall(Duration::new(chance.between(MINUTE, 60 * MINUTE)))),
        5 => person(Who::Nurse, Act::Interrogates),
        _ => person(Who::Patient, Act::Asks),
    }
}

//= requirements/bench.md#stores-cut-anywhere
//= type=test
//# The bench MUST be able to cut the power at every byte of every write.
#[test]
fn worlds_of_chance_with_cuts_resets_fields_stalls_and_bad_air_are_judged_right() {
    for seed in 1..=4 {
        let mut day = read("asked-too-soon.toml");
        day.expects.clear();
        let mut chance = Seed(seed).stream(Purpose::Mishap);
        day.events = (0..24)
            .map(|_| {
                let at = chance.between(day.from, day.until - 1);
                Event { line: 0, at, what: mishap(&mut chance) }
            })
            .collect();
        day.events.sort_by_key(|event| event.at);
        let story = world::run(&day, Options::of_many(seed), |_| {});
        assert!(story.agreed(), "seed {seed}\n{}", story.text());
    }
}
