//! `nepenthe run`: a scenario as its story.

use std::io::Write;
use std::path::Path;

use sim::scenario;
use sim::world::{self, Options};

use crate::terminal::{Bar, Look, Terminal};

/// Runs a scenario, telling each line as it comes; whether auditor and expectations agreed.
///
/// # Errors
/// The words for a file that cannot be read.
pub fn run(path: &Path, seed: Option<u64>, json: bool) -> Result<bool, String> {
    let scenario = scenario::read(path).map_err(|why| why.to_string())?;
    let terminal = Terminal::of_output();
    let mut bar = Bar::new();
    let whole = scenario.until - scenario.from;
    let mut is_read = true;
    let story = world::run(&scenario, Options { seed, ..Options::AS_WRITTEN }, |line| {
        if !is_read {
            return;
        }
        bar.hide();
        let look = match (line.is_wrong(), line.is_notable()) {
            (true, _) => Look::Wrong,
            (false, true) => Look::Notable,
            (false, false) => Look::Plain,
        };
        let mut out = std::io::stdout().lock();
        let written = if json {
            writeln!(out, "{}", line.json())
        } else {
            writeln!(out, "{}", terminal.show(look, &line.to_string()))
        };
        // Whoever reads may stop reading; the run goes on, and its exit code stands.
        is_read &= written.is_ok();
        bar.show(line.at.saturating_sub(scenario.from), whole);
    });
    bar.hide();
    Ok(story.agreed())
}
