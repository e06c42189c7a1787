//! `cargo xtask size`: how big is what runs in the body, part by part.
//!
//! A room that has something to measure brings a test or an example that prints it; this file knows their names and
//! runs those that are there.

use crate::rooms;
use crate::run::{Outcome, cargo, run};

/// A program that prints sizes: the file that shows it is there, and the words that make cargo run it.
struct Measure {
    about: &'static str,
    place: &'static str,
    cargo: &'static [&'static str],
}

const MEASURES: &[Measure] = &[Measure {
    about: "the implant's state, part by part",
    place: "device/implant/examples/size.rs",
    cargo: &["run", "--quiet", "--package", "implant", "--example", "size"],
}];

/// Prints every size that can be measured now.
pub fn main(_: &[String]) -> Outcome {
    for measure in MEASURES {
        if rooms::root().join(measure.place).is_file() {
            println!("  {}:", measure.about);
            run(&mut cargo(measure.cargo))?;
        } else {
            println!("  {}: not measured, there is no {} yet", measure.about, measure.place);
        }
    }
    Ok(())
}
