//! Other programs: started, watched, and found missing.
//!
//! Answers for: running a program in the project's root with its output passed through, and fetching the few tools the
//! commands need. Leaves to each command which tools those are.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use crate::rooms;

/// Done, or a sentence that says what went wrong.
pub type Outcome = Result<(), String>;

/// A tool that is built from crates.io when it is missing.
pub struct Tool {
    /// The word after `cargo`.
    pub subcommand: &'static str,
    /// The package that holds it.
    pub package: &'static str,
    /// The version this project was tried with.
    pub version: &'static str,
}

/// Licences, bans and sources of the crates we stand on.
pub const DENY: Tool = Tool { subcommand: "deny", package: "cargo-deny", version: "0.20.2" };
/// Runs the tests, each in a process of its own.
pub const NEXTEST: Tool = Tool { subcommand: "nextest", package: "cargo-nextest", version: "0.9.143" };
/// Changes the code and asks whether a test notices.
pub const MUTANTS: Tool = Tool { subcommand: "mutants", package: "cargo-mutants", version: "27.1.0" };

/// A program of the system, the Debian package that brings it, and why it is needed.
pub struct SystemProgram {
    /// What is called.
    pub program: &'static str,
    /// What brings it.
    pub package: &'static str,
    /// What would not work without it.
    pub why: &'static str,
}

/// The compiler and linker that crates with C parts call, and that every Rust program is linked by.
pub const CC: SystemProgram = SystemProgram { program: "cc", package: "build-essential", why: "links every program" };
/// Counts instructions for `bench`.
pub const VALGRIND: SystemProgram =
    SystemProgram { program: "valgrind", package: "valgrind", why: "counts instructions for the benchmarks" };
/// The compiler of the fuzzing engine, which is C++.
pub const CXX: SystemProgram = SystemProgram { program: "c++", package: "g++", why: "builds the fuzzing engine" };

/// `cargo` with these words, in the root of the project.
pub fn cargo(words: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.args(words).current_dir(rooms::root());
    command
}

/// Runs a program with its output passed through; any exit but 0 is an error that repeats the command.
pub fn run(command: &mut Command) -> Outcome {
    say(command);
    let status = command.status().map_err(|e| format!("{}: {e}", told(command)))?;
    if status.success() { Ok(()) } else { Err(format!("`{}` ended with {status}", told(command))) }
}

/// Runs a program, passes its error output through line by line, and returns the lines for which `keep` holds.
pub fn run_keeping(command: &mut Command, keep: fn(&str) -> bool) -> Result<Vec<String>, String> {
    say(command);
    let mut child = command.stderr(Stdio::piped()).spawn().map_err(|e| format!("{}: {e}", told(command)))?;
    let mut kept = Vec::new();
    if let Some(stderr) = child.stderr.take() {
        for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).into_owned();
            eprintln!("{line}");
            if keep(&line) {
                kept.push(line);
            }
        }
    }
    let status = child.wait().map_err(|e| format!("{}: {e}", told(command)))?;
    if status.success() { Ok(kept) } else { Err(format!("`{}` ended with {status}", told(command))) }
}

/// What a program prints; nothing when it cannot be run.
pub fn output(program: &str, words: &[&str]) -> Option<String> {
    let output = Command::new(program).args(words).current_dir(rooms::root()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn say(command: &Command) {
    println!("  $ {}", told(command));
    // A closed pipe must not stop the step: its verdict is the exit code.
    let _ = std::io::stdout().flush();
}

fn told(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|w| w.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// Builds a tool if `cargo` does not know it. Built lightly optimised: a tool that runs for seconds need not take
/// minutes to build. Its build folder stays below `target`, so that an interrupted build goes on where it stopped.
pub fn need(tool: &Tool) -> Outcome {
    if output("cargo", &[tool.subcommand, "--version"]).is_some() {
        return Ok(());
    }
    println!("  cargo {} is missing: building {} {} (some minutes, once)", tool.subcommand, tool.package, tool.version);
    let mut install = cargo(&["install", "--locked", tool.package, "--version", tool.version]);
    install.env("CARGO_TARGET_DIR", rooms::root().join("target/tools"));
    install.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1").env("CARGO_PROFILE_RELEASE_LTO", "off");
    install.env("CARGO_PROFILE_RELEASE_DEBUG", "0").env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    run(&mut install)
}

/// Asks Debian for a program that is missing, where that is possible; elsewhere says which package would bring it.
pub fn need_program(wanted: &SystemProgram) -> Outcome {
    let found = |program: &str| {
        let paths = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&paths).any(|folder| folder.join(program).is_file())
    };
    if found(wanted.program) {
        return Ok(());
    }
    let missing = format!("`{}` is missing ({}); Debian's package is `{}`", wanted.program, wanted.why, wanted.package);
    println!("  {missing}");
    if !found("apt-get") || output("id", &["-u"]).is_none_or(|id| id.trim() != "0") {
        return Err(format!("{missing}: install it and run this again"));
    }
    run(Command::new("apt-get").arg("update").arg("-qq"))?;
    run(Command::new("apt-get").args(["install", "-y", "-qq", "--no-install-recommends", wanted.package]))
}
