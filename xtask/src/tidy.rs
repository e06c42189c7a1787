//! `cargo xtask tidy`: the project's own rules, which no compiler knows.
//!
//! Answers for: running every rule over every file it concerns and printing each finding with its place.
//! Each rule is a function from text to findings, in a file of its own kind below `tidy/`, with tests that show it
//! fire and stay quiet.

mod arrows;
mod code;
mod shape;
mod words;

use crate::rooms::{self, File};
use crate::run::Outcome;
use crate::source::Source;

/// Something that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file, from the root.
    pub file: String,
    /// The line, counted from 1; 0 for the file as a whole.
    pub line: usize,
    /// What is wrong and what to do instead.
    pub what: String,
}

impl Finding {
    /// A finding at a line counted from 0.
    pub fn at(file: &str, line: usize, what: impl Into<String>) -> Finding {
        Finding { file: file.to_owned(), line: line + 1, what: what.into() }
    }

    /// A finding about a whole file.
    pub fn of(file: &str, what: impl Into<String>) -> Finding {
        Finding { file: file.to_owned(), line: 0, what: what.into() }
    }
}

/// A Rust file with its reading.
pub struct Rust {
    /// Path and text.
    pub file: File,
    /// What was read in it.
    pub source: Source,
}

impl Rust {
    fn new(file: File) -> Rust {
        let source = Source::read(&file.text);
        Rust { file, source }
    }

    /// Whether the whole file is a test or a benchmark.
    pub fn is_test_file(&self) -> bool {
        ["/tests/", "/benches/", "/tests.rs"].iter().any(|part| self.file.path.contains(part))
    }
}

/// Prints every finding; an error if there is one.
pub fn main(_: &[String]) -> Outcome {
    let findings = findings()?;
    for finding in &findings {
        match finding.line {
            0 => println!("  {}: {}", finding.file, finding.what),
            line => println!("  {}:{line}: {}", finding.file, finding.what),
        }
    }
    match findings.len() {
        0 => {
            println!("  tidy: nothing to say");
            Ok(())
        }
        n => Err(format!("{n} {} to put right", if n == 1 { "thing" } else { "things" })),
    }
}

fn findings() -> Result<Vec<Finding>, String> {
    let root = rooms::root();
    let rooms = rooms::rooms(&root)?;
    let rust: Vec<Rust> = rooms::files(&root, "", &[".rs"]).into_iter().map(Rust::new).collect();
    let known = std::fs::read_to_string(root.join(shape::LONG)).unwrap_or_default();

    let mut found = arrows::between(&rooms);
    for file in &rust {
        found.extend(arrows::guard_and_judges(file));
        found.extend(code::floats(file));
        found.extend(code::clocks(file));
        found.extend(code::wildcards(file));
        found.extend(code::commented_out(file));
        found.extend(code::unfinished(file));
        found.extend(code::unsafe_code(file));
        found.extend(shape::long_file(file));
    }
    found.extend(shape::long_functions(&rust, &known));
    for room in &rooms {
        found.extend(shape::dead_files(room, &rust));
        found.extend(code::forbids_unsafe(room, &rust));
    }
    let texts = [".rs", ".md", ".toml", ".txt", ".sh", ".py", ".js", ".css", ".html", ".sql", ".ftl", ".json", "/run"];
    for file in rooms::files(&root, "", &texts) {
        found.extend(words::of_the_house(&file));
        found.extend(words::of_others(&file));
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
pub(crate) fn rust(path: &str, text: &str) -> Rust {
    Rust::new(File { path: path.to_owned(), text: text.to_owned() })
}
