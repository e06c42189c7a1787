//! `cargo xtask mutants [--shard K/N] [--list] [--kept] [--report] [ROOM..]`: changes the code and asks whether a test
//! notices.
//!
//! Answers for: running cargo-mutants over the rooms that decide a dose, and telling apart the mutants in functions
//! that keep a MUST sentence, of which none may survive. `--list` only lists; `--kept` takes only those functions;
//! `--shard K/N` runs part K of N, counted from 0; `--report` adds up what `target/mutants` holds and writes `docs/mutants.md`.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;

use crate::rooms;
use crate::run::{self, Outcome, cargo};
use crate::trace::{self, Kind};

/// The rooms asked when nobody names one.
const ROOMS: &[&str] = &["orders", "pump", "implant"];
/// Where outcomes are kept between runs, one folder per shard.
const OUTCOMES: &str = "target/mutants";
/// The summary that is checked in.
const REPORT: &str = "docs/mutants.md";
/// What became of a mutant, and the file of cargo-mutants that lists those.
const FATES: &[(&str, &str)] = &[
    ("caught", "caught.txt"),
    ("missed", "missed.txt"),
    ("timed out", "timeout.txt"),
    ("did not build", "unviable.txt"),
];

/// What the words of the command line ask for.
#[derive(Default)]
struct Wanted {
    shard: Option<String>,
    list: bool,
    kept: bool,
    report: bool,
    rooms: Vec<String>,
}

/// Runs, lists or reports.
pub fn main(words: &[String]) -> Outcome {
    let wanted = read(words)?;
    if wanted.report {
        return report();
    }
    run::need(&run::MUTANTS)?;
    let kept = functions_that_keep();
    if wanted.list {
        return list(&wanted, &kept);
    }
    run::need(&run::NEXTEST)?;
    let of = wanted.shard.as_ref().map_or_else(|| "whole".to_owned(), |shard| shard.replace('/', "-of-"));
    let what = if wanted.kept { "kept" } else { "all" };
    let folder = format!("{OUTCOMES}/{}-{what}-{of}", wanted.rooms.join("-"));
    fs::create_dir_all(rooms::root().join(&folder)).map_err(|e| format!("{folder}: {e}"))?;
    let mut command = cargo(&["mutants", "--test-tool", "nextest", "--output", &folder, "--no-shuffle", "--jobs", "1"]);
    for room in &wanted.rooms {
        command.args(["--package", room]);
    }
    if let Some(shard) = &wanted.shard {
        command.args(["--shard", shard]);
    }
    if wanted.kept {
        let of_rooms = kept.iter().filter(|(file, _)| wanted.rooms.iter().any(|room| is_of(file, room)));
        command.args(of_rooms.map(|(file, function)| format!("--re={}", pattern(file, function))));
    }
    // The exit code says whether any survived or ran out of time: so does the summary, which names them.
    let outcome = run::run(&mut command);
    if outcomes().iter().all(|(_, mutants)| mutants.is_empty()) {
        return outcome.map_err(|_| "cargo mutants tried nothing: do the tests pass as they stand?".to_owned());
    }
    summary()
}

/// Whether a file is of a room's own code.
fn is_of(file: &str, room: &str) -> bool {
    file.contains(&format!("/{room}/src/"))
}

fn read(words: &[String]) -> Result<Wanted, String> {
    let mut wanted = Wanted::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--shard" => wanted.shard = Some(words.next().ok_or("--shard needs K/N")?.clone()),
            "--list" => wanted.list = true,
            "--kept" => wanted.kept = true,
            "--report" => wanted.report = true,
            option if option.starts_with('-') => return Err(format!("there is no option `{option}`")),
            room => wanted.rooms.push(room.to_owned()),
        }
    }
    if wanted.rooms.is_empty() {
        wanted.rooms = ROOMS.iter().map(|r| (*r).to_owned()).collect();
    }
    Ok(wanted)
}

/// File and name of each function in which a sentence is kept.
fn functions_that_keep() -> BTreeSet<(String, String)> {
    let kept = trace::quoted().into_iter().filter(|q| q.kind == Kind::Kept);
    kept.map(|q| (q.file, q.place)).collect()
}

/// A regular expression for the mutants of one function, as cargo-mutants writes them.
fn pattern(file: &str, function: &str) -> String {
    format!("{}:.*\\b{}\\b", file.replace('.', "\\."), function)
}

/// Whether a line of cargo-mutants speaks of a function that keeps a sentence.
fn is_kept(mutant: &str, kept: &BTreeSet<(String, String)>) -> bool {
    let file = mutant.split(':').next().unwrap_or_default();
    kept.iter().any(|(of, function)| of == file && names(mutant, function))
}

fn names(mutant: &str, function: &str) -> bool {
    mutant.match_indices(function).any(|(at, found)| {
        let is_edge = |c: Option<char>| c.is_none_or(|c| !(c.is_alphanumeric() || c == '_'));
        let (before, rest) = mutant.split_at(at);
        is_edge(before.chars().next_back()) && is_edge(rest.chars().nth(found.chars().count()))
    })
}

fn list(wanted: &Wanted, kept: &BTreeSet<(String, String)>) -> Outcome {
    let packages = wanted.rooms.iter().flat_map(|room| ["--package", room.as_str()]);
    let words: Vec<&str> = ["mutants", "--list"].into_iter().chain(packages).collect();
    let all = run::output("cargo", &words).ok_or("`cargo mutants --list` failed")?;
    let (of_must, others): (Vec<&str>, Vec<&str>) = all.lines().partition(|line| is_kept(line, kept));
    println!("in lines that a MUST quotes: {}", of_must.len());
    of_must.iter().for_each(|line| println!("  {line}"));
    println!("elsewhere: {}", others.len());
    if !wanted.kept {
        others.iter().for_each(|line| println!("  {line}"));
    }
    Ok(())
}

/// Mutants by their fate, over all shards that have run, without double ones.
fn outcomes() -> Vec<(&'static str, BTreeSet<String>)> {
    let folder = rooms::root().join(OUTCOMES);
    let shards: Vec<_> = fs::read_dir(folder).map(|d| d.flatten().map(|e| e.path()).collect()).unwrap_or_default();
    let of_fate = |file: &str| {
        let texts = shards.iter().filter_map(|s| fs::read_to_string(s.join("mutants.out").join(file)).ok());
        texts.flat_map(|t| t.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
    };
    FATES.iter().map(|(fate, file)| (*fate, of_fate(file))).collect()
}

/// The table of fates room by room, for mutants in functions that keep a sentence and for the others, and every survivor.
fn told() -> String {
    let kept = functions_that_keep();
    let outcomes = outcomes();
    let mut text = String::from(
        "| room | functions | caught | missed | timed out | did not build | caught of those that built |\n|---|---|---|---|---|---|---|\n",
    );
    for room in ROOMS {
        for (name, wants_kept) in [("that keep a MUST", true), ("others", false)] {
            let is_meant = |mutant: &&String| is_of(mutant, room) && is_kept(mutant, &kept) == wants_kept;
            let counts: Vec<usize> =
                outcomes.iter().map(|(_, mutants)| mutants.iter().filter(is_meant).count()).collect();
            // Writing to a String cannot fail.
            let _ = writeln!(text, "| {room} | {name} | {} |", row(&counts));
        }
    }
    let survivors = outcomes.iter().find(|(fate, _)| *fate == "missed").map(|(_, m)| m.clone()).unwrap_or_default();
    let _ = writeln!(text, "\nSurvivors: {}", survivors.len());
    for survivor in &survivors {
        let mark = if is_kept(survivor, &kept) { " **keeps a MUST**" } else { "" };
        let _ = writeln!(text, "- `{survivor}`{mark}");
    }
    text
}

/// Counts by fate, and the share that was caught; a mutant that ran out of time was noticed.
fn row(counts: &[usize]) -> String {
    let [caught, missed, timed_out, unviable] = *counts else { return String::new() };
    let (noticed, built) = (caught + timed_out, caught + missed + timed_out);
    let tenths = (noticed * 1000).checked_div(built);
    let share = tenths.map_or_else(|| "not run".to_owned(), |tenths| format!("{}.{} %", tenths / 10, tenths % 10));
    format!("{caught} | {missed} | {timed_out} | {unviable} | {share}")
}

fn summary() -> Outcome {
    let path = rooms::root().join(OUTCOMES).join("summary.md");
    let text = told();
    println!("{text}");
    fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))
}

fn report() -> Outcome {
    let path = rooms::root().join(REPORT);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|e| format!("docs: {e}"))?;
    }
    let head = "# Which changes of the code no test notices\n\nWritten by `cargo xtask mutants --report` from the last runs of `cargo xtask mutants`.\n\n";
    fs::write(&path, format!("{head}{}", told())).map_err(|e| format!("{REPORT}: {e}"))?;
    println!("  {REPORT} written");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mutant_belongs_to_a_sentence_if_its_function_keeps_one() {
        let kept = BTreeSet::from([("device/pump/src/bolus.rs".to_owned(), "Bolus::ask".to_owned())]);
        assert!(is_kept("device/pump/src/bolus.rs:12:5: replace Bolus::ask -> bool with true", &kept));
        assert!(is_kept("device/pump/src/bolus.rs:14:9: replace < with == in Bolus::ask", &kept));
        assert!(!is_kept("device/pump/src/bolus.rs:14:9: replace < with == in Bolus::ask_again", &kept));
        assert!(!is_kept("device/pump/src/drive.rs:14:9: replace < with == in Bolus::ask", &kept));
    }

    #[test]
    fn the_share_that_was_caught_leaves_out_what_did_not_build_and_says_when_nothing_ran() {
        assert_eq!(row(&[8, 1, 1, 5]), "8 | 1 | 1 | 5 | 90.0 %");
        assert_eq!(row(&[0, 0, 0, 3]), "0 | 0 | 0 | 3 | not run");
        assert!(
            is_of("device/pump/src/drive/kept.rs:1:1: replace", "pump") && !is_of("device/implant/src/io.rs", "pump")
        );
    }

    #[test]
    fn the_words_of_the_command_line_are_understood_or_refused() {
        let words = ["--shard", "1/4", "pump"].map(str::to_owned);
        let wanted = read(&words).unwrap();
        assert_eq!((wanted.shard.as_deref(), wanted.rooms), (Some("1/4"), vec!["pump".to_owned()]));
        assert!(read(&["--shard".to_owned()]).is_err());
        assert!(read(&["--shart".to_owned()]).is_err());
    }
}
