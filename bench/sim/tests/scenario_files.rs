//! Scenario files: what reads, and what is said of what does not.

use std::path::{Path, PathBuf};

use orders::Reason;
use sim::scenario::act::{Act, Answered, Mishap, What, Who};
use sim::scenario::{self, Scenario};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

const HEAD: &str = "title = \"A day\"\nstart = \"2026-03-02 08:00\"\nuntil = \"day 2 08:00\"\n\
    device = \"../devices/reference-20.toml\"\norder = \"../orders/morphine.toml\"\n";

fn with(events: &str) -> Result<Scenario, String> {
    let text = format!("{HEAD}events = [\n{events}\n]\n");
    scenario::parse("day.toml", &text, &folder()).map_err(|why| why.to_string())
}

#[test]
fn every_scenario_of_the_folder_reads() {
    for path in scenario::in_folder(&folder()).unwrap() {
        let read = scenario::read(&path).unwrap_or_else(|why| panic!("{why}"));
        assert!(!read.title.is_empty(), "{}", path.display());
    }
}

#[test]
fn people_and_mishaps_are_read_in_order_of_time() {
    let day = with(
        "{ at = \"10:40\", patient = \"asks\", expect = \"refused: lockout\" },\n\
         { at = \"09:10\", patient = \"asks\", expect = \"granted\" },\n\
         { at = \"22:00\", magnet = \"comes\", for = \"8 h\" },",
    )
    .unwrap();
    let what: Vec<&What> = day.events.iter().map(|event| &event.what).collect();
    let asks = |expect| What::Person { who: Who::Patient, act: Act::Asks, is_present: false, expect: Some(expect) };
    assert_eq!(*what[0], asks(Answered::Yes));
    assert_eq!(*what[1], asks(Answered::No(Some(Reason::Lockout))));
    assert_eq!(*what[2], What::Mishap(Mishap::Field(orders::Duration::from_hours(8))));
    assert_eq!(day.events[0].at, (9 * 60 + 10) * 60_000);
}

#[test]
fn an_event_repeats_until_the_end_or_until_it_says() {
    let day = with("{ at = \"09:00\", every = \"4 h\", patient = \"asks\" },").unwrap();
    assert_eq!(day.events.len(), 6, "09:00 to 05:00");
    let day = with("{ at = \"09:00\", every = \"4 h\", until = \"17:00\", patient = \"asks\" },").unwrap();
    assert_eq!(day.events.len(), 3);
}

#[test]
fn what_is_wrong_is_told_with_line_field_value_and_what_would_be_right() {
    let cases = [
        ("{ at = \"9:10\", patient = \"asks\" },", "a time such as \"09:10\""),
        ("{ at = \"07:59\", patient = \"asks\" },", "is not between the start, 08:00, and the end, day 2 08:00"),
        ("{ patient = \"asks\" },", "at must be stated"),
        ("{ at = \"09:10\", patient = \"begs\" },", "there are \"asks\", \"holds the button\""),
        ("{ at = \"09:10\", patient = \"asks\", volume = \"1 mL\" },", "volume does not belong to it; it takes none"),
        ("{ at = \"09:10\", magnet = \"comes\" },", "for must be stated"),
        ("{ at = \"09:10\", magnet = \"comes\", for = \"8 mL\" },", "the unit must be one of days, h, min, s, ms"),
        ("{ at = \"09:10\", patient = \"asks\", nurse = \"pairs\" },", "both patient and nurse act"),
        ("{ at = \"09:10\" },", "nobody acts"),
        (
            "{ at = \"09:10\", patient = \"asks\", expect = \"refused: weather\" },",
            "\"weather\" is no reason of a refusal; there are: out of bounds",
        ),
        ("{ at = \"09:10\", patient = \"asks\", expect = \"maybe\" },", "\"granted\", \"done\", \"refused\""),
        ("{ at = \"09:10\", patient = \"asks\", every = \"1 ms\" },", "so short that there are over"),
        ("{ at = \"09:10\", patient = \"asks\", until = \"10:00\" },", "every must be stated"),
        (
            "{ at = \"09:10\", nurse = \"clears\", alarm = \"fire\" },",
            "\"fire\" is no alarm; there are: reservoir empty",
        ),
        ("{ at = \"09:10\", physician = \"orders\", order = \"none.toml\" },", "none.toml"),
        ("{ at = \"09:10\", oscillator = \"first runs\", rate = \"2/0\" },", "a fraction such as \"2/1\""),
        ("{ at = \"09:10\", patient = \"asks\", wish = 1 },", "unknown field `wish`"),
        ("{ at = \"09:10\", battery = \"browns out\", off = \"1 s\", expect = \"granted\" },", "only a person's act"),
    ];
    for (events, right) in cases {
        let why = with(events).expect_err(events);
        assert!(why.contains(right), "{events}\n{why}");
        assert!(why.contains("line 7") || why.contains("7 |"), "{events}\n{why}");
    }
}

#[test]
fn an_expectation_states_one_thing_and_knows_its_names() {
    let expect = |expect: &str| {
        let text = format!("{HEAD}expect = [ {expect} ]\n");
        scenario::parse("day.toml", &text, &folder()).map_err(|why| why.to_string())
    };
    assert_eq!(expect("{ alarm = \"reservoir low\", by = \"14:00\" }").unwrap().expects.len(), 1);
    assert!(expect("{ quiet = true, alarm = \"stall\" }").unwrap_err().contains("one expectation a line"));
    assert!(expect("{ by = \"14:00\" }").unwrap_err().contains("nothing is expected"));
    assert!(expect("{ finds = \"I13\" }").unwrap_err().contains("one of I1, I2"));
    assert!(expect("{ at_most = \"1 mL\" }").unwrap_err().contains("mg, mcg, ng"));
}
