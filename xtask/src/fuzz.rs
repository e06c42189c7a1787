//! `cargo xtask fuzz [TARGET..] [--seconds N]`: bytes thrown at every parser, each target for N seconds.
//!
//! The targets live in a workspace of their own, `fuzz/`, because they need an engine that nothing else needs. They are
//! laid out as cargo-fuzz lays them out and can be run by it; here they are built with the same flags directly, so that
//! a fresh machine need not build that tool first. No sanitizer: our own code has no unsafe block to watch, and the
//! stable compiler can build it so. A crash is kept under `fuzz/artifacts`; the program with that file as its only word
//! repeats it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::rooms;
use crate::run::{self, Outcome, cargo, run};

/// Seconds for each target when nobody says otherwise.
const SECONDS: &str = "30";
/// The most bytes of one input: the longest document with room to spare.
const LENGTH_MAX: usize = 16_384;

/// Where the programs are built, apart from the others: every crate in them carries counters.
const TARGET_DIR: &str = "target/fuzz";
/// The program that writes the seeds, which is no target.
const SEEDS: &str = "seeds";
/// Seeds that lie where they are used.
const SEEDS_ELSEWHERE: &[(&str, &str)] =
    &[("files", "bench/sim/orders"), ("files", "bench/sim/devices"), ("scenarios", "bench/sim/scenarios")];

/// What puts the engine's counters into every branch and comparison.
const COUNTERS: &[&str] = &[
    "--cfg fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Cllvm-args=-sanitizer-coverage-stack-depth",
    "-Ccodegen-units=1",
];

/// Runs the named targets, or all.
pub fn main(words: &[String]) -> Outcome {
    let fuzz = rooms::root().join("fuzz");
    if !fuzz.join("Cargo.toml").is_file() {
        return Err("there is no fuzz/Cargo.toml: nothing to run".to_owned());
    }
    let mut seconds = SECONDS.to_owned();
    let mut named = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == "--seconds" {
            seconds = words.next().ok_or("--seconds needs a number")?.clone();
        } else {
            named.push(word.clone());
        }
    }
    let seconds: u32 = seconds.parse().map_err(|_| format!("`{seconds}` is no number of seconds"))?;
    let all = targets(&fuzz)?;
    if let Some(unknown) = named.iter().find(|n| !all.contains(n)) {
        return Err(format!("there is no target `{unknown}`; there are {}", all.join(", ")));
    }
    run::need_program(&run::CXX)?;
    let built = build(&all)?;
    for target in all.iter().filter(|t| named.is_empty() || named.contains(t)) {
        campaign(&built, target, seconds)?;
    }
    Ok(())
}

/// Builds every target with counters in its branches; where the programs lie.
fn build(targets: &[String]) -> Result<PathBuf, String> {
    let about = run::output("rustc", &["-vV"]).ok_or("rustc does not tell its version")?;
    let triple = about.lines().find_map(|line| line.strip_prefix("host: ")).ok_or("rustc does not tell its host")?;
    // With a target named, build scripts and macros are built without the counters.
    let words = ["build", "--quiet", "--release", "--manifest-path", "fuzz/Cargo.toml", "--target", triple];
    let mut command = cargo(&words);
    command.args(["--target-dir", TARGET_DIR]).args(targets.iter().flat_map(|target| ["--bin", target]));
    command.env("RUSTFLAGS", COUNTERS.join(" "));
    run(&mut command)?;
    Ok(rooms::root().join(TARGET_DIR).join(triple).join("release"))
}

/// Runs one target: from its seeds and from what earlier runs found worth keeping.
fn campaign(built: &Path, target: &str, seconds: u32) -> Outcome {
    let fuzz = rooms::root().join("fuzz");
    let (corpus, artifacts) = (fuzz.join("corpus").join(target), fuzz.join("artifacts").join(target));
    for folder in [&corpus, &artifacts] {
        std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    }
    let folders = SEEDS_ELSEWHERE.iter().filter(|(of, _)| *of == target).map(|(_, folder)| rooms::root().join(folder));
    let folders = folders.chain([fuzz.join("seeds").join(target)]).filter(|folder| folder.is_dir());
    let mut command = Command::new(built.join(target));
    command.current_dir(rooms::root()).arg(&corpus).args(folders);
    command.args([format!("-max_total_time={seconds}"), format!("-max_len={LENGTH_MAX}")]);
    command.arg(format!("-artifact_prefix={}/", artifacts.display()));
    command.args(["-timeout=20", "-print_final_stats=1", "-verbosity=0"]);
    run(&mut command).map_err(|why| format!("{target}: {why}"))
}

/// The names of the targets: the `[[bin]]` entries of the manifest.
fn targets(fuzz: &Path) -> Result<Vec<String>, String> {
    let text = std::fs::read_to_string(fuzz.join("Cargo.toml")).map_err(|e| format!("fuzz/Cargo.toml: {e}"))?;
    let manifest: toml::Table = text.parse().map_err(|e| format!("fuzz/Cargo.toml: {e}"))?;
    let bins = manifest.get("bin").and_then(|b| b.as_array()).cloned().unwrap_or_default();
    let names = bins.iter().filter_map(|b| b.get("name")?.as_str().map(str::to_owned));
    Ok(names.filter(|name| name != SEEDS).collect())
}
