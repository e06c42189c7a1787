//! `cargo xtask test`: everything that must hold before a change lands, in order, with the question each step answers.
//!
//! Stops at the first step that fails, and says how to run that step alone. What is missing on the machine is fetched
//! first: cargo's own tools from crates.io, programs of the system from Debian where that is possible.

use std::collections::BTreeMap;
use std::time::Instant;

use crate::rooms::{self, DEVICE};
use crate::run::{self, Outcome, cargo, run};
use crate::{firmware, fuzz, size, soak, tidy, trace};

/// A step of the test.
pub struct Step {
    /// Its name on the command line.
    pub name: &'static str,
    /// The question it answers.
    pub asks: &'static str,
    /// What answers it.
    go: fn(&mut Context) -> Outcome,
}

/// What steps tell each other.
#[derive(Default)]
struct Context {
    /// Files with expected results, as they were before the tests ran.
    goldens: BTreeMap<String, String>,
    /// The closing lines of the test runner.
    closing: Vec<String>,
}

/// The steps in their order: what is quick and often wrong comes first.
pub const STEPS: &[Step] = &[
    Step { name: "tools", asks: "is everything here that the other steps call?", go: tools },
    Step {
        name: "fmt",
        asks: "is every file laid out as rustfmt lays it out?",
        go: |_| run(&mut cargo(&["fmt", "--all", "--check"])),
    },
    Step { name: "tidy", asks: "are the project's own rules kept?", go: |_| tidy::main(&[]) },
    Step { name: "clippy", asks: "has the compiler or clippy anything to say?", go: |_| clippy() },
    Step {
        name: "strict",
        asks: "is there a panic path or a lossy cast in the rooms that run in the body?",
        go: |_| strict(),
    },
    Step { name: "no_std", asks: "do the device rooms build without the standard library?", go: |_| no_std() },
    Step { name: "deny", asks: "may we use what we stand on: licences, bans, sources?", go: |_| deny() },
    Step { name: "tests", asks: "does every test pass?", go: tests },
    Step {
        name: "doctests",
        asks: "does every example in the documentation run?",
        go: |_| run(&mut cargo(&["test", "--quiet", "--doc", "--workspace"])),
    },
    Step {
        name: "trace",
        asks: "is every MUST sentence quoted as it stands, and the map up to date?",
        go: |_| trace::main(&["--check".to_owned()]),
    },
    Step { name: "goldens", asks: "did the tests leave the files of expected results as they were?", go: goldens },
    Step { name: "smoke", asks: "does each campaign hold for a few seconds?", go: |_| smoke() },
    Step {
        name: "firmware",
        asks: "does the image tell on the microcontroller what the host tells?",
        go: |_| firmware::smoke(),
    },
    Step { name: "size", asks: "how big is what runs in the body?", go: |_| size::main(&[]) },
];

/// Lints for what runs in the body, where a panic is a stopped pump. Tests may do what they like.
const STRICT: &[&str] = &[
    "clippy::unwrap_used",
    "clippy::expect_used",
    "clippy::indexing_slicing",
    "clippy::string_slice",
    "clippy::panic",
    "clippy::unreachable",
    "clippy::arithmetic_side_effects",
    "clippy::cast_possible_truncation",
    "clippy::cast_sign_loss",
    "clippy::cast_possible_wrap",
    "clippy::cast_lossless",
    "clippy::float_arithmetic",
];

/// Lints for the controller alone.
const STRICT_PUMP: &[&str] = &["clippy::wildcard_enum_match_arm", "clippy::match_wildcard_for_single_variants"];

/// A campaign that runs long elsewhere and for a few seconds here: where it lives, and its command. A campaign whose
/// place is not there yet is not run, and the step says so.
struct Campaign {
    name: &'static str,
    place: &'static str,
    go: fn() -> Outcome,
}

const CAMPAIGNS: &[Campaign] = &[
    Campaign { name: "a hundred worlds of chance", place: "bench/sim/examples/soak.rs", go: soak::smoke },
    Campaign {
        name: "fuzz, 5 s each target",
        place: "fuzz/Cargo.toml",
        go: || fuzz::main(&["--seconds".to_owned(), "5".to_owned()]),
    },
];

/// Runs all steps, or the named ones.
pub fn main(names: &[String]) -> Outcome {
    if let Some(unknown) = names.iter().find(|n| !STEPS.iter().any(|s| s.name == n.as_str())) {
        let known: Vec<&str> = STEPS.iter().map(|s| s.name).collect();
        return Err(format!("there is no step `{unknown}`; there are {}", known.join(", ")));
    }
    let wanted: Vec<&Step> = STEPS.iter().filter(|s| names.is_empty() || names.iter().any(|n| n == s.name)).collect();
    let mut context = Context { goldens: golden_files(), ..Context::default() };
    let begun = Instant::now();
    let mut times = Vec::new();
    for (number, step) in wanted.iter().enumerate() {
        println!("\n[{}/{}] {}: {}", number + 1, wanted.len(), step.name, step.asks);
        let started = Instant::now();
        (step.go)(&mut context)
            .map_err(|why| format!("{}: {why}\n  alone: cargo xtask test {}", step.name, step.name))?;
        let seconds = started.elapsed().as_secs_f64();
        println!("  {} holds, {seconds:.1} s", step.name);
        times.push(format!("{} {seconds:.1}", step.name));
    }
    println!("\nseconds: {}", times.join(", "));
    for line in &context.closing {
        println!("{line}");
    }
    println!("cargo xtask test: all {} steps hold, {:.0} s", wanted.len(), begun.elapsed().as_secs_f64());
    Ok(())
}

fn tools(_: &mut Context) -> Outcome {
    run::need_program(&run::CC)?;
    run::need(&run::NEXTEST)?;
    run::need(&run::DENY)
}

fn clippy() -> Outcome {
    run(&mut cargo(&["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

fn strict() -> Outcome {
    for room in DEVICE {
        let of_pump = if *room == "pump" { STRICT_PUMP } else { &[] };
        let lints = STRICT.iter().chain(of_pump).flat_map(|lint| ["-D", lint]);
        let words = ["clippy", "--quiet", "--package", room, "--lib", "--no-deps", "--", "-D", "warnings"];
        run(&mut cargo(&words.into_iter().chain(lints).collect::<Vec<_>>()))?;
    }
    Ok(())
}

/// The target of the implant's processor, where its library is installed.
const IMPLANT_TARGET: &str = "thumbv7em-none-eabihf";

fn no_std() -> Outcome {
    let root = rooms::root();
    for room in DEVICE {
        let path = format!("device/{room}/src/lib.rs");
        let text = std::fs::read_to_string(root.join(&path)).map_err(|e| format!("{path}: {e}"))?;
        for mark in ["#![no_std]", "#![forbid(unsafe_code)]"] {
            if !text.lines().any(|line| line.trim() == mark) {
                return Err(format!("{path} lacks `{mark}`"));
            }
        }
    }
    let packages: Vec<&str> = DEVICE.iter().flat_map(|room| ["--package", room]).collect();
    let words = ["check", "--quiet", "--lib", "--no-default-features"];
    run(cargo(&words).args(&packages))?;
    let sysroot = run::output("rustc", &["--print", "sysroot"]).unwrap_or_default();
    let library = std::path::Path::new(sysroot.trim()).join("lib/rustlib").join(IMPLANT_TARGET);
    if library.is_dir() {
        return run(cargo(&words).args(&packages).args(["--target", IMPLANT_TARGET]));
    }
    println!("  checked for this machine; the library for {IMPLANT_TARGET} is not installed, so not for the implant's");
    Ok(())
}

fn deny() -> Outcome {
    run::need(&run::DENY)?;
    run(&mut cargo(&[
        "deny",
        "--log-level",
        "error",
        "check",
        "--hide-inclusion-graph",
        "bans",
        "licenses",
        "sources",
    ]))?;
    println!("  advisories were not asked: their list has to be fetched (`cargo deny check advisories`)");
    Ok(())
}

fn tests(context: &mut Context) -> Outcome {
    run::need(&run::NEXTEST)?;
    let mut command = cargo(&["nextest", "run", "--workspace", "--no-fail-fast", "--no-tests", "warn"]);
    context.closing = run::run_keeping(&mut command, |line| line.contains("tests run:"))?;
    Ok(())
}

/// Files of expected results: below `golden` or `snapshots`, and the printed tables beside the tests.
fn golden_files() -> BTreeMap<String, String> {
    let root = rooms::root();
    let ends = [".txt", ".snap", ".json", ".hex", ".svg", ".csv", ".bin", ".new"];
    let floors = ["device", "body", "bench", "care", "nepenthe", "docs"];
    let files = floors.iter().flat_map(|floor| rooms::files(&root, floor, &ends));
    files.map(|file| (file.path, file.text)).collect()
}

fn goldens(context: &mut Context) -> Outcome {
    let now = golden_files();
    let changed = now.iter().filter(|(path, text)| context.goldens.get(*path) != Some(*text)).map(|(path, _)| path);
    let lost = context.goldens.keys().filter(|path| !now.contains_key(*path));
    let waiting = now.keys().filter(|path| path.ends_with(".new"));
    let all: Vec<&str> = changed.chain(lost).chain(waiting).map(String::as_str).collect();
    if all.is_empty() {
        println!("  {} files are as they were", now.len());
        return Ok(());
    }
    Err(format!("tests wrote {}: look at the change and check it in, or mend the code", all.join(", ")))
}

fn smoke() -> Outcome {
    let root = rooms::root();
    for campaign in CAMPAIGNS {
        if root.join(campaign.place).exists() {
            println!("  {}", campaign.name);
            (campaign.go)()?;
        } else {
            println!("  {}: not run, there is no {} yet", campaign.name, campaign.place);
        }
    }
    Ok(())
}
