//! `cargo xtask soak [--seeds A..B] [--years N] [--worlds-only] [--laws-seed S]`: the campaign of chance.
//!
//! Two halves. Worlds: random pumps, people and mishaps, a seed each, judged by the auditor alone. Laws: every test that asks
//! random questions, under a seed that the test run does not have (that one is fixed in `.cargo/config.toml`). A failure
//! prints the seed and the words that repeat it.

use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::rooms;
use crate::run::{self, Outcome, cargo};

/// Worlds when nobody says which.
const SEEDS: &str = "1..1001";
/// Worlds of the test run: seconds.
const SMOKE: &str = "1..101";
/// What the rooms have that ask random questions.
const ASKS: &str = "proptest";

/// What the words of the command line ask for.
struct Wanted {
    seeds: String,
    years: String,
    laws: bool,
    laws_seed: Option<String>,
}

/// Runs both halves.
pub fn main(words: &[String]) -> Outcome {
    let wanted = read(words)?;
    worlds(&wanted)?;
    if wanted.laws { laws(wanted.laws_seed) } else { Ok(()) }
}

/// A hundred worlds: the laws are in the test run already.
pub fn smoke() -> Outcome {
    worlds(&Wanted { seeds: SMOKE.to_owned(), years: "0".to_owned(), laws: false, laws_seed: None })
}

fn read(words: &[String]) -> Result<Wanted, String> {
    let mut wanted = Wanted { seeds: SEEDS.to_owned(), years: "0".to_owned(), laws: true, laws_seed: None };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut value = || words.next().cloned().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--seeds" => wanted.seeds = value()?,
            "--years" => wanted.years = value()?,
            "--laws-seed" => wanted.laws_seed = Some(value()?),
            "--worlds-only" => wanted.laws = false,
            other => {
                return Err(format!(
                    "there is no `{other}`; there are --seeds A..B, --years N, --worlds-only, --laws-seed S"
                ));
            }
        }
    }
    let whole = |text: &str| text.parse::<u64>().ok();
    let range = wanted.seeds.split_once("..").and_then(|(from, to)| whole(from).zip(whole(to)));
    if range.is_none_or(|(from, to)| from >= to) {
        return Err(format!(
            "--seeds {}: a range such as 1..101 was expected; the last one is not in it",
            wanted.seeds
        ));
    }
    if whole(&wanted.years).is_none_or(|years| years > 10) {
        return Err(format!("--years {}: 0 (two days) to 10 were expected", wanted.years));
    }
    if let Some(seed) = wanted.laws_seed.as_ref().filter(|seed| whole(seed).is_none()) {
        return Err(format!("--laws-seed {seed}: a whole number was expected"));
    }
    Ok(wanted)
}

fn worlds(wanted: &Wanted) -> Outcome {
    let words = [
        "run",
        "--quiet",
        "--package",
        "sim",
        "--example",
        "soak",
        "--",
        "--seeds",
        &wanted.seeds,
        "--years",
        &wanted.years,
    ];
    run::run(&mut cargo(&words))
        .map_err(|_| "a world was not judged right; the lines above say which seed and how to repeat it".to_owned())
}

/// Packages with tests that ask random questions.
fn packages() -> BTreeSet<String> {
    let all = rooms::rooms(&rooms::root()).unwrap_or_default();
    let asks = |room: &rooms::Room| room.manifest.get("dev-dependencies").is_some_and(|of| of.get(ASKS).is_some());
    all.into_iter().filter(asks).map(|room| room.name).collect()
}

fn laws(seed: Option<String>) -> Outcome {
    run::need(&run::NEXTEST)?;
    let by_clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |now| now.as_secs()).to_string();
    let seed = seed.unwrap_or_else(by_clock);
    let packages = packages();
    println!("  laws of {} under seed {seed}", packages.iter().cloned().collect::<Vec<_>>().join(", "));
    let mut command = cargo(&["nextest", "run", "--no-fail-fast", "--status-level", "fail"]);
    command.args(packages.iter().flat_map(|package| ["--package", package]));
    command.env("PROPTEST_RNG_SEED", &seed);
    run::run(&mut command).map_err(|why| format!("{why}\n  again: cargo xtask soak --seeds 1..2 --laws-seed {seed}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[&str]) -> Result<Wanted, String> {
        read(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn the_words_of_a_campaign_are_understood_or_refused_with_what_would_be_right() {
        let wanted = of(&["--seeds", "5..6", "--years", "1", "--worlds-only"]).unwrap();
        assert_eq!((wanted.seeds.as_str(), wanted.years.as_str(), wanted.laws), ("5..6", "1", false));
        for (words, right) in [
            (["--seeds", "6..6"], "such as 1..101"),
            (["--seeds", "six"], "such as 1..101"),
            (["--years", "11"], "0 (two days) to 10"),
            (["--laws-seed", "x"], "a whole number"),
            (["--seed", "1"], "there are --seeds A..B"),
        ] {
            let why = of(&words).err().unwrap();
            assert!(why.contains(right) && (why.contains(words[1]) || why.contains(words[0])), "{why}");
        }
        assert!(of(&["--years"]).is_err());
    }

    #[test]
    fn the_rooms_whose_tests_ask_at_random_are_found() {
        let found = packages();
        assert!(
            ["orders", "pump", "telemetry", "sim", "patient"].iter().all(|room| found.contains(*room)),
            "{found:?}"
        );
        assert!(!found.contains("auditor"));
    }
}
