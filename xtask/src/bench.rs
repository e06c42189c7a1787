//! `cargo xtask bench [WHAT]`: how fast, on which machine.
//!
//! A benchmark is a program of the workspace that prints its own lines; this file knows their names. Nothing here is a
//! gate: a figure belongs to the machine it was taken on, which is printed first.

use crate::run::{self, Outcome, cargo, run};

/// A benchmark: its name, what it measures, and what runs it.
struct Bench {
    name: &'static str,
    about: &'static str,
    go: fn() -> Outcome,
}

/// One line for each benchmark.
const BENCHES: &[Bench] = &[
    Bench {
        name: "pump",
        about: "ten years of a day schedule through the message layer, with stores, guard and auditor; 30 days sealed",
        go: pump,
    },
    Bench {
        name: "trumpet",
        about: "trumpet curves and the accuracy of 25 boluses, drawn to target/trumpet",
        go: || {
            let example = ["run", "--quiet", "--release", "-p", "sim", "--example", "decade"];
            run(cargo(&example).args(["--", "trumpet", "target/trumpet"]))
        },
    },
    Bench {
        name: "patient",
        about: "patient-years a second on one core, with sixteen sites and the effects every ten minutes",
        go: || run(&mut cargo(&["run", "--quiet", "--release", "-p", "patient", "--example", "bench"])),
    },
];

/// Runs the named benchmark, or all.
pub fn main(words: &[String]) -> Outcome {
    machine();
    let wanted = words.first();
    let chosen: Vec<&Bench> = BENCHES.iter().filter(|b| wanted.is_none_or(|w| w == b.name)).collect();
    if chosen.is_empty() {
        let names: Vec<&str> = BENCHES.iter().map(|b| b.name).collect();
        return Err(format!("no such benchmark; there are: {}", names.join(", ")));
    }
    for bench in chosen {
        println!("{}: {}", bench.name, bench.about);
        (bench.go)()?;
    }
    Ok(())
}

/// Ten years in the open, thirty days sealed: time, and instructions by the difference of two lengths, so that what comes
/// before the first day is in neither.
fn pump() -> Outcome {
    run::need_program(&run::VALGRIND)?;
    run(&mut cargo(&["build", "--quiet", "--profile", "bench", "-p", "sim", "--example", "decade"]))?;
    for (kind, shorter, longer, whole) in [("", "30", "90", "3650"), ("sealed", "10", "20", "30")] {
        let words = |days: &'static str| [kind, days].into_iter().filter(|word| !word.is_empty());
        let told = run::output(DECADE, &words(whole).collect::<Vec<_>>());
        let told = told.ok_or("the auditor does not agree, or the pump stopped: run the example by itself")?;
        let (less, more) =
            (counted(&words(shorter).collect::<Vec<_>>())?, counted(&words(longer).collect::<Vec<_>>())?);
        let each = more.0.saturating_sub(less.0) / more.1.saturating_sub(less.1).max(1);
        println!("{}, {each} instructions/stroke", told.lines().next().unwrap_or_default());
    }
    Ok(())
}

/// Where cargo's profile `bench` puts the example.
const DECADE: &str = "target/release/examples/decade";

/// Instructions and strokes of one run.
fn counted(words: &[&str]) -> Result<(u64, u64), String> {
    let valgrind = ["--tool=callgrind", "--callgrind-out-file=/dev/null", "--log-fd=1", DECADE];
    let told = run::output("valgrind", &[&valgrind, words].concat()).ok_or("valgrind could not run the example")?;
    let after = |mark: &str| told.split_once(mark)?.1.split_whitespace().next()?.parse().ok();
    let before = |mark: &str| told.split_once(mark)?.0.split_whitespace().next_back()?.parse().ok();
    match (after("Collected : "), before(" strokes,")) {
        (Some(instructions), Some(strokes)) => Ok((instructions, strokes)),
        _ => Err(format!("no count of instructions or strokes in what valgrind told:\n{told}")),
    }
}

/// Prints processor, cores and compiler.
fn machine() {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|l| l.strip_prefix("model name")).map(|l| l.trim_start_matches(['\t', ' ', ':']));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let compiler = run::output("rustc", &["--version"]).unwrap_or_default();
    println!("machine: {}, {cores} cores, {}", model.unwrap_or("processor unknown"), compiler.trim());
}
