//! `cargo xtask bench [WHAT]`: how fast, on which machine.
//!
//! A benchmark is a program of the workspace that prints its own lines; this file knows their names. Nothing here is a
//! gate: a figure belongs to the machine it was taken on, which is printed first.

use crate::run::{self, Outcome, cargo, run};

/// A benchmark: its name, what it measures, and the words that make cargo run it.
struct Bench {
    name: &'static str,
    about: &'static str,
    cargo: &'static [&'static str],
    /// Whether it counts instructions under valgrind.
    counts: bool,
}

/// One line for each benchmark.
const BENCHES: &[Bench] = &[
    Bench {
        name: "pump",
        about: "ten years of a day schedule through the message layer, with stores, guard and auditor",
        cargo: &["run", "--quiet", "--release", "-p", "sim", "--example", "decade"],
        counts: false,
    },
    Bench {
        name: "pump-sealed",
        about: "thirty days of the same with every contact sealed",
        cargo: &["run", "--quiet", "--release", "-p", "sim", "--example", "decade", "--", "sealed", "30"],
        counts: false,
    },
    Bench {
        name: "trumpet",
        about: "trumpet curves and the accuracy of 25 boluses, drawn to target/trumpet",
        cargo: &["run", "--quiet", "--release", "-p", "sim", "--example", "decade", "--", "trumpet", "target/trumpet"],
        counts: false,
    },
    Bench {
        name: "patient",
        about: "patient-years a second on one core, with sixteen sites and the effects every ten minutes",
        cargo: &["run", "--quiet", "--release", "-p", "patient", "--example", "bench"],
        counts: false,
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
        if bench.counts {
            run::need_program(&run::VALGRIND)?;
        }
        run(&mut cargo(bench.cargo))?;
    }
    Ok(())
}

/// Prints processor, cores and compiler.
fn machine() {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|l| l.strip_prefix("model name")).map(|l| l.trim_start_matches(['\t', ' ', ':']));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let compiler = run::output("rustc", &["--version"]).unwrap_or_default();
    println!("machine: {}, {cores} cores, {}", model.unwrap_or("processor unknown"), compiler.trim());
}
