//! `cargo xtask trace`: which code keeps each MUST sentence, and which test shows it.
//!
//! Answers for: `requirements/trace.txt` and for what is wrong with the map: quotations of sentences that do not
//! stand there, sentences nobody keeps or shows, hazards nobody answers.
//! Leaves to `requirements` the reading of the sentences and to `quotations` the reading of the code.
//!
//! Terms. A sentence is *kept* where code does what it says, and *shown* by a test or a scenario. A room is *owed now*
//! when its sentences must all be kept and shown; the others are counted.

mod map;
mod quotations;
mod requirements;

use std::fs;

use crate::rooms::{self, File};
use crate::run::Outcome;
use crate::source::Source;
pub use quotations::{Kind, Quotation};

/// The map, checked in, so that a lost limit is a red line in a review.
const MAP: &str = "requirements/trace.txt";

/// Rooms whose sentences must all be kept and shown. A room is added when its code is complete, and never taken away.
const OWED_NOW: &[&str] =
    &["xtask", "orders", "auditor", "telemetry", "implant", "pump", "formulary", "programmer", "handset"];

/// Where quotations may stand.
const SCANNED: &[&str] = &["device", "body", "bench", "care", "nepenthe", "python/src", "xtask/src", "xtask/tests"];

/// What the reading of the whole project gives.
pub struct Trace {
    /// The text of the map.
    pub map: String,
    /// What is wrong whatever stage the project is at.
    pub faults: Vec<String>,
    /// Sentences of owed rooms without a keeper or a test.
    pub missing: Vec<String>,
    /// How many sentences of other rooms are still without a keeper or a test.
    pub later: usize,
    /// How many sentences there are.
    pub sentences: usize,
}

/// Writes the map, or with `--check` only compares it.
pub fn main(words: &[String]) -> Outcome {
    let has = |word: &str| words.iter().any(|w| w == word);
    let trace = read();
    let path = rooms::root().join(MAP);
    let mut faults = trace.faults;
    if has("--check") {
        let checked_in = fs::read_to_string(&path).unwrap_or_default();
        if let Some(difference) = first_difference(&checked_in, &trace.map) {
            faults.push(format!("{MAP} is out of date ({difference}): run `cargo xtask trace` and look at the change"));
        }
    } else {
        fs::write(&path, &trace.map).map_err(|e| format!("{MAP}: {e}"))?;
    }
    if !has("--allow-missing") {
        faults.extend(trace.missing.iter().cloned());
    }
    for fault in &faults {
        println!("  {fault}");
    }
    println!(
        "  {} sentences; owed now in {} rooms: {} without keeper or test; in rooms not owed yet: {}",
        trace.sentences,
        OWED_NOW.len(),
        trace.missing.len(),
        trace.later
    );
    if faults.is_empty() { Ok(()) } else { Err(format!("{} faults in the trace", faults.len())) }
}

fn read() -> Trace {
    let root = rooms::root();
    let pages = rooms::files(&root, "requirements", &[".md"]);
    let mut files = Vec::new();
    for folder in SCANNED {
        files.extend(rooms::files(&root, folder, &[".rs"]));
    }
    files.extend(rooms::files(&root, "bench/sim/scenarios", &[".toml"]));
    let present: Vec<String> = rooms::rooms(&root).unwrap_or_default().into_iter().map(|r| r.name).collect();
    trace(&pages, &files, &present, OWED_NOW)
}

/// All quotations of the code that is there now, for those who ask where sentences are kept.
pub fn quoted() -> Vec<Quotation> {
    let root = rooms::root();
    let files = SCANNED.iter().flat_map(|folder| rooms::files(&root, folder, &[".rs"]));
    files.flat_map(|file| quotations::in_rust(&file.path, &Source::read(&file.text)).0).collect()
}

fn trace(pages: &[File], files: &[File], present: &[String], owed: &[&str]) -> Trace {
    let mut faults = Vec::new();
    let book = requirements::read(pages, &mut faults);
    let mut quotations = Vec::new();
    for file in files {
        let (found, wrong) = if file.path.ends_with(".toml") {
            quotations::in_scenario(&file.path, &file.text)
        } else {
            quotations::in_rust(&file.path, &Source::read(&file.text))
        };
        quotations.extend(found);
        faults.extend(wrong);
    }
    map::draw(&book, &quotations, present, owed, faults)
}

/// The first line that is not the same, told with its number; nothing if the texts are equal.
fn first_difference(old: &str, new: &str) -> Option<String> {
    let (mut left, mut right) = (old.lines(), new.lines());
    for number in 1.. {
        match (left.next(), right.next()) {
            (None, None) => return (old != new).then(|| "the last line's end".to_owned()),
            (a, b) if a == b => {}
            (a, b) => {
                return Some(format!(
                    "line {number}: `{}` is now `{}`",
                    a.unwrap_or("-").trim(),
                    b.unwrap_or("-").trim()
                ));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# Boluses\n\nWords.\n\n## Lockout\n\nThe pump MUST wait.\nThe pump MUST count from its restart.\n\n*Why:* so.\n*Answers:* hazards.md#stacked-boluses\n*Room:* pump\n*Source:* a\n";
    const HAZARDS: &str = "# Hazards\n\n## Stacked boluses\n\nTwo at once.\n";
    const KEPT: &str = "impl Bolus {\n    fn ask() {\n        //= requirements/bolus.md#lockout\n        //# The pump MUST\n        //# wait.\n        wait();\n    }\n}\n";
    const SHOWN: &str =
        "//= requirements/bolus.md#lockout\n//= type=test\n//# The pump MUST wait.\n#[test]\nfn it_waits() {}\n";

    fn files(all: &[(&str, &str)]) -> Vec<File> {
        all.iter().map(|(path, text)| File { path: (*path).to_owned(), text: (*text).to_owned() }).collect()
    }

    fn pages() -> Vec<File> {
        files(&[("requirements/bolus.md", PAGE), ("requirements/hazards.md", HAZARDS)])
    }

    fn drawn(code: &[(&str, &str)], owed: &[&str]) -> Trace {
        trace(&pages(), &files(code), &["pump".to_owned()], owed)
    }

    #[test]
    fn a_sentence_is_told_with_its_keeper_its_test_its_hazard_and_its_room() {
        let trace = drawn(&[("device/pump/src/bolus.rs", KEPT), ("device/pump/tests/day.rs", SHOWN)], &[]);
        assert_eq!(trace.faults, Vec::<String>::new());
        let block = "bolus.md#lockout\n  The pump MUST wait.\n    kept   device/pump/src/bolus.rs Bolus::ask\n    shown  device/pump/tests/day.rs it_waits\n    hazard hazards.md#stacked-boluses\n    room   pump\n";
        assert!(trace.map.contains(block), "{}", trace.map);
        assert_eq!((trace.sentences, trace.later), (2, 1));
    }

    //= requirements/process.md#every-sentence-kept-and-shown
    //= type=test
    //# The test run MUST fail when a sentence of a finished room has no line that keeps it or no test that shows it.
    #[test]
    fn what_is_owed_now_must_have_keeper_and_test() {
        let trace = drawn(&[("device/pump/src/bolus.rs", KEPT)], &["pump"]);
        assert_eq!(trace.missing.len(), 2, "{:?}", trace.missing);
        assert!(trace.missing[0].contains("no test") && trace.missing[1].contains("no keeper and no test"));
    }

    #[test]
    fn a_quotation_that_does_not_stand_there_is_a_fault_wherever_the_change_was_made() {
        let wrong = KEPT.replace("wait.", "not wait.");
        assert!(drawn(&[("device/pump/src/bolus.rs", &wrong)], &[]).faults[0].contains("no such sentence"));
        let nowhere = KEPT.replace("#lockout", "#lookout");
        assert_eq!(drawn(&[("device/pump/src/bolus.rs", &nowhere)], &[]).faults.len(), 1);
        let in_a_string = format!("const A: &str = \"\n{wrong}\";\n");
        assert_eq!(drawn(&[("device/pump/src/bolus.rs", &in_a_string)], &[]).faults, Vec::<String>::new());
    }

    #[test]
    fn a_quotation_may_hold_several_whole_sentences_and_no_part_of_one() {
        let both = KEPT.replace("        //# wait.\n", "        //# wait. The pump MUST count from its restart.\n");
        let trace = drawn(&[("device/pump/src/bolus.rs", &both)], &[]);
        assert_eq!(trace.faults, Vec::<String>::new());
        assert_eq!(trace.map.matches("    kept   ").count(), 2);
        let part = both.replace("its restart.", "its");
        assert_eq!(drawn(&[("device/pump/src/bolus.rs", &part)], &[]).faults.len(), 1);
    }

    #[test]
    fn a_sentence_has_one_keeper() {
        let trace = drawn(&[("device/pump/src/a.rs", KEPT), ("device/pump/src/b.rs", KEPT)], &[]);
        assert_eq!(trace.faults.len(), 1);
        assert!(trace.faults[0].contains("2 keepers"));
    }

    #[test]
    fn a_test_quotation_that_stands_at_no_test_is_a_fault() {
        let code = SHOWN.replace("#[test]\n", "");
        assert!(drawn(&[("device/pump/src/a.rs", &code)], &[]).faults[0].contains("no test"));
    }

    //= requirements/process.md#every-sentence-kept-and-shown
    //= type=test
    //# The test run MUST fail when a hazard has no sentence that answers it.
    #[test]
    fn a_hazard_nobody_answers_and_a_sentence_that_answers_none_are_faults() {
        let page = PAGE.replace("*Answers:* hazards.md#stacked-boluses", "*Answers:* useful, not safety");
        let quiet = files(&[("requirements/bolus.md", &page), ("requirements/hazards.md", HAZARDS)]);
        assert!(trace(&quiet, &[], &[], &[]).faults[0].contains("no sentence answers"));
        let page = PAGE.replace("*Answers:* hazards.md#stacked-boluses\n", "");
        let silent = files(&[("requirements/bolus.md", &page)]);
        assert!(trace(&silent, &[], &[], &[]).faults[0].contains("answers no hazard"));
        let page = PAGE.replace("#stacked-boluses", "#stocked-boluses");
        let wrong = files(&[("requirements/bolus.md", &page), ("requirements/hazards.md", HAZARDS)]);
        assert_eq!(trace(&wrong, &[], &[], &[]).faults.len(), 2);
    }

    #[test]
    fn a_scenario_shows_a_sentence_and_an_exception_stands_with_its_reason() {
        let scenario = "#= requirements/bolus.md#lockout\n## The pump MUST wait.\n[day]\n";
        let exception = "//= requirements/bolus.md#lockout\n//= type=exception\n//= reason=nobody can tell\n//# The pump MUST count from its restart.\nfn f() {}\n";
        let code = [
            ("bench/sim/scenarios/day.toml", scenario),
            ("device/pump/src/a.rs", exception),
            ("device/pump/src/b.rs", KEPT),
        ];
        let trace = drawn(&code, &["pump"]);
        assert_eq!((trace.faults.len(), trace.missing.len()), (0, 0));
        assert!(trace.map.contains("    shown  bench/sim/scenarios/day.toml day\n"));
        assert!(trace.map.contains("    except device/pump/src/a.rs f: nobody can tell\n"));
        let unexplained = exception.replace("//= reason=nobody can tell\n", "");
        assert_eq!(drawn(&[("device/pump/src/a.rs", &unexplained)], &[]).faults.len(), 1);
    }

    #[test]
    fn a_change_of_the_map_is_told_at_its_first_line() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(first_difference("a\nb\n", "a\nc\n").as_deref(), Some("line 2: `b` is now `c`"));
        assert!(first_difference("a\n", "a\nb\n").is_some());
    }
}
