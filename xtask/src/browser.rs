//! `cargo xtask browser`: the pages in a real browser, asked by axe and by stories.
//!
//! Answers for fetching what a browser run needs where it is missing: chromium from Debian, the two node packages from
//! their lock file. The stories themselves are scripts beside the rooms they are about.

use std::path::Path;
use std::process::Command;

use crate::rooms;
use crate::run::{self, Outcome, SystemProgram, cargo, run};

const NODE: SystemProgram = SystemProgram { program: "node", package: "nodejs", why: "runs the browser stories" };
const NPM: SystemProgram =
    SystemProgram { program: "npm", package: "npm", why: "fetches the browser stories' packages" };
const CHROMIUM: SystemProgram =
    SystemProgram { program: "chromium", package: "chromium", why: "shows the pages to the browser stories" };

/// The folder of the harness.
const HARNESS: &str = "care/pages/browser";

/// Stories besides the gallery: script, run with the folder of photographs as its argument.
const STORIES: &[&str] = &["care/handset/browser/stories.mjs"];

/// Writes the gallery, looks at every page of it, and plays the stories. Photographs are left in `target/browser`.
pub fn main(words: &[String]) -> Outcome {
    if let Some(word) = words.first() {
        return Err(format!("browser takes no words, and was given `{word}`"));
    }
    for program in [NODE, NPM, CHROMIUM] {
        run::need_program(&program)?;
    }
    let root = rooms::root();
    let harness = root.join(HARNESS);
    if !is_fetched(&harness) {
        run(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&harness))?;
    }
    let gallery = root.join("target/browser/gallery");
    let photographs = root.join("target/browser/photographs");
    run(cargo(&["run", "--quiet", "--package", "pages", "--example", "gallery", "--"]).arg(&gallery))?;
    run(node(&format!("{HARNESS}/gallery.mjs")).arg(&gallery).arg(&photographs))?;
    run(&mut cargo(&["build", "--quiet", "--package", "nepenthe"]))?;
    for story in STORIES {
        run(node(story).arg(&photographs))?;
    }
    Ok(())
}

fn node(script: &str) -> Command {
    let mut command = Command::new("node");
    command.arg(script).current_dir(rooms::root());
    command
}

/// Whether what lies there is what the lock file names.
fn is_fetched(harness: &Path) -> bool {
    let time = |path: &Path| std::fs::metadata(path).and_then(|meta| meta.modified()).ok();
    let (lock, fetched) =
        (time(&harness.join("package-lock.json")), time(&harness.join("node_modules/.package-lock.json")));
    matches!((lock, fetched), (Some(lock), Some(fetched)) if fetched >= lock)
}
