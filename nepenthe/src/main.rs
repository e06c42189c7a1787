#![forbid(unsafe_code)]
//! The one command: runs scenarios, judges orders.
//!
//! Answers for reading what was asked on the command line and for the exit code: 0 where all agreed, 1 where a judge or an
//! expectation did not, 2 where the question could not be understood.

mod check;
mod patient;
mod run;
mod table;
mod terminal;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "nepenthe",
    version,
    about = "The software of an implanted intrathecal drug pump, and a bench to try it on."
)]
struct Command {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Subcommand)]
enum What {
    /// Runs a scenario and tells the story
    Run {
        /// The scenario file
        scenario: PathBuf,
        /// In place of the scenario's seed
        #[arg(long)]
        seed: Option<u64>,
        /// One JSON object a line in place of text
        #[arg(long)]
        json: bool,
    },
    /// Judges an order: totals, flow, how long it lasts, and each reason for which a pump would refuse it
    Check {
        /// The order file
        order: PathBuf,
        /// The device profile
        #[arg(long)]
        device: PathBuf,
        /// What is filled, such as "18 mL"; the whole reservoir if left out
        #[arg(long)]
        filled: Option<String>,
    },
    /// Gives a protocol to the virtual patient: levels and effects as a table, the canal as a picture
    Patient {
        /// The protocol file
        protocol: PathBuf,
        /// Where the rows go, .csv or .parquet; to standard output if neither this nor --plot is there
        #[arg(long)]
        out: Option<PathBuf>,
        /// Where the picture goes, .svg
        #[arg(long)]
        plot: Option<PathBuf>,
    },
}

/// What the command can do, for whoever calls it with nothing.
const TELL: &str = "\
Nepenthe: the software of an implanted intrathecal drug pump, complete and open.
This is not a medical device. No regulator has reviewed it and it has never been in a person.

  nepenthe run SCENARIO.toml [--seed N] [--json]
      runs a course of events on a simulated pump, over the real secured messages, and tells it;
      ends with 1 if the auditor or an expectation disagrees
      for example: nepenthe run bench/sim/scenarios/first-day.toml

  nepenthe check ORDER.toml --device PROFILE.toml [--filled \"18 mL\"]
      judges an order as the pump would: totals of each drug, flows, days to the alarm, each refusal
      for example: nepenthe check bench/sim/orders/morphine.toml --device bench/sim/devices/reference-20.toml

  nepenthe patient PROTOCOL.toml [--out FILE.csv|.parquet] [--plot FILE.svg]
      gives a protocol to the virtual patient: levels at any place and what is felt, as a table and a picture
      for example: nepenthe patient body/patient/protocols/morphine-infusion.toml --plot canal.svg

  nepenthe help
";

/// Auditor, expectation or judge disagreed.
const DISAGREED: u8 = 1;
/// The question could not be understood.
const NOT_UNDERSTOOD: u8 = 2;

fn main() -> ExitCode {
    let agreed = match Command::parse().what {
        None => {
            print!("{TELL}");
            return ExitCode::SUCCESS;
        }
        Some(What::Run { scenario, seed, json }) => run::run(&scenario, seed, json),
        Some(What::Check { order, device, filled }) => check::check(&order, &device, filled.as_deref()),
        Some(What::Patient { protocol, out, plot }) => patient::run(&protocol, out.as_deref(), plot.as_deref()),
    };
    match agreed {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(DISAGREED),
        Err(why) => {
            eprintln!("{why}");
            ExitCode::from(NOT_UNDERSTOOD)
        }
    }
}
