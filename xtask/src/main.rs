#![forbid(unsafe_code)]
//! Every script of the project: `cargo xtask COMMAND`.
//!
//! One file per command. A command prints what it asks, and ends with 0 only if the answer is the wanted one.

mod bench;
mod browser;
mod firmware;
mod fuzz;
mod mutants;
mod rooms;
mod run;
mod size;
mod soak;
mod source;
mod test;
mod tidy;
mod trace;

use run::Outcome;

/// A command: its name, what it does in a line, and what does it.
struct Command {
    name: &'static str,
    usage: &'static str,
    about: &'static str,
    go: fn(&[String]) -> Outcome,
}

const COMMANDS: &[Command] = &[
    Command {
        name: "test",
        usage: "test [STEP..]",
        about: "everything that must hold before a change lands; or the named steps alone",
        go: test::main,
    },
    Command {
        name: "tidy",
        usage: "tidy",
        about: "the project's own rules: arrows between rooms, clocks, floats, lengths, words",
        go: tidy::main,
    },
    Command {
        name: "trace",
        usage: "trace [--check] [--allow-missing]",
        about: "writes requirements/trace.txt: where each MUST sentence is kept and shown; --check compares only",
        go: trace::main,
    },
    Command {
        name: "bench",
        usage: "bench [WHAT]",
        about: "how fast: prints the machine, then one line for each measurement",
        go: bench::main,
    },
    Command { name: "size", usage: "size", about: "how big: state, records, images", go: size::main },
    Command {
        name: "mutants",
        usage: "mutants [--shard K/N] [--list] [--kept] [--report] [ROOM..]",
        about: "changes the code and asks whether a test notices",
        go: mutants::main,
    },
    Command {
        name: "fuzz",
        usage: "fuzz [TARGET..] [--seconds N]",
        about: "throws bytes at every parser",
        go: fuzz::main,
    },
    Command {
        name: "browser",
        usage: "browser",
        about: "looks at the pages in a real browser: eyes, keyboards, screen readers, and the handset's stories",
        go: browser::main,
    },
    Command {
        name: "soak",
        usage: "soak [--seeds A..B] [--years N] [--worlds-only] [--laws-seed S]",
        about: "worlds of chance judged by the auditor, and every random test under a seed it has not had",
        go: soak::main,
    },
    Command {
        name: "firmware",
        usage: "firmware build|run [STORY]|test|size",
        about: "the image on the microcontroller: built, run in the emulator against the host, measured",
        go: firmware::main,
    },
    Command { name: "help", usage: "help", about: "this list", go: help },
];

fn main() -> std::process::ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let (name, rest) = match words.split_first() {
        Some((name, rest)) => (name.as_str(), rest),
        None => ("help", [].as_slice()),
    };
    let outcome = match COMMANDS.iter().find(|c| c.name == name.trim_start_matches('-')) {
        Some(command) => (command.go)(rest),
        None => Err(format!("there is no command `{name}`; `cargo xtask help` lists them")),
    };
    match outcome {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("cargo xtask {name}: {why}");
            std::process::ExitCode::FAILURE
        }
    }
}

fn help(_: &[String]) -> Outcome {
    println!("cargo xtask COMMAND\n");
    for command in COMMANDS {
        println!("  {}\n      {}", command.usage, command.about);
    }
    println!("\nSteps of `test`, in order:");
    for step in test::STEPS {
        println!("  {:<10} {}", step.name, step.asks);
    }
    Ok(())
}
