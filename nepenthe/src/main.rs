#![forbid(unsafe_code)]
//! The one command: runs scenarios, judges orders, works out sheets, runs a virtual pump, and speaks with one.
//!
//! Answers for reading what was asked on the command line and for the exit code: 0 where all agreed or was done, 1 where a
//! judge, an expectation or a pump said no, 2 where the question could not be understood or nobody was reached, 3 where it
//! is not known whether a pump has done what was asked.

mod check;
mod client;
mod clinic;
mod compound;
mod control;
mod handset;
mod patient;
mod programmer;
mod pump;
mod run;
mod table;
mod terminal;
mod validate;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "nepenthe",
    after_long_help = TELL,
    version,
    about = "The software of an implanted intrathecal drug pump, and a bench to try it on."
)]
struct Command {
    #[command(flatten)]
    at: clinic::Where,
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
    /// Works out a compounding sheet: concentrations, what to draw, what to fill up with, and the limits passed
    Compound(compound::Args),
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
    /// Serves the clinician's programmer to a browser on this machine
    Programmer(programmer::Args),
    /// Runs a virtual pump: the real implant in a simulated body, on a port of this machine
    Pump(pump::Args),
    /// Hands, needles, mishaps and time of a virtual pump, and what truly is
    PumpControl(control::Args),
    /// The patient's handset as a local app
    Handset(handset::Args),
    #[command(flatten)]
    Client(client::What),
    #[command(flatten)]
    Clinic(clinic::What),
    /// Runs the virtual patient against published numbers and says which are met
    Validate {
        /// Writes a page with a plot for each target into this folder
        #[arg(long)]
        html: Option<PathBuf>,
    },
}

/// Examples, for whoever asks for help.
const TELL: &str = "\
This is not a medical device. No regulator has reviewed it and it has never been in a person.

  nepenthe [--data DIR] [--listen ADDR] [--no-browser]
      opens a demo clinic in the browser: simulated pumps in made-up patients; nepenthe serve runs one for production

  nepenthe run SCENARIO.toml [--seed N] [--json]
      runs a course of events on a simulated pump, over the real secured messages, and tells it;
      ends with 1 if the auditor or an expectation disagrees
      for example: nepenthe run bench/sim/scenarios/first-day.toml

  nepenthe check ORDER.toml --device PROFILE.toml [--filled \"18 mL\"]
      judges an order as the pump would: totals of each drug, flows, days to the alarm, each refusal
      for example: nepenthe check bench/sim/orders/morphine.toml --device bench/sim/devices/reference-20.toml

  nepenthe compound \"morphine=4 mg/day\" \"bupivacaine=4 mg/day\" --flow \"0.25 mL/day\" --fill \"20 mL\"
          --stock \"morphine=25 mg/mL\" --stock bupivacaine=powder
      works out a compounding sheet with its limits and their sources, and how long the fluid keeps

  nepenthe patient PROTOCOL.toml [--out FILE.csv|.parquet] [--plot FILE.svg]
      gives a protocol to the virtual patient: levels at any place and what is felt, as a table and a picture
      for example: nepenthe patient body/patient/protocols/morphine-infusion.toml --plot canal.svg

  nepenthe programmer --listen 127.0.0.1:7710 --data DIR
      the clinician's programmer, in a browser: read, edit, sign, refill, emergency; no clinic needed

  nepenthe pump --device PROFILE.toml [--listen 127.0.0.1:7701] [--control 127.0.0.1:7702] [--state DIR] [--speed 60]
      runs a virtual pump that can be paired with, programmed and asked; killed, it comes back as it was
  nepenthe pump-control 127.0.0.1:7702 presence on
      a hand at the skin; also: truth, advance \"3 h\", draw-off, fill \"18 mL\" --mixture \"4 mg/mL morphine\",
      drive stalls --for \"14 min\", and every other mishap of a scenario

  nepenthe pair 127.0.0.1:7701 --card TEXT --role programmer --keys DIR
  nepenthe interrogate | ask | program ORDER.toml | refill | stop | resume | clock | alarms | silence ...
      the devices in people's hands, with their own keys; nepenthe help tells all of them

  nepenthe handset [--pump 127.0.0.1:7701] [--listen 127.0.0.1:7711] [--data DIR]
      the patient's handset in the browser: asks for a dose, explains alarms, keeps a diary and a card; with practice

  nepenthe validate [--html FOLDER]
      the virtual patient against 25 published numbers, each with its band; those that are missed say why

  nepenthe help
";

/// Auditor, expectation, judge or pump disagreed.
const DISAGREED: u8 = 1;
/// The question could not be understood, or nobody was reached.
const NOT_UNDERSTOOD: u8 = 2;

fn main() -> ExitCode {
    let Command { at, what } = Command::parse();
    let agreed = match what {
        None => at.demo().map(|()| true),
        Some(What::Clinic(what)) => clinic::run(&what),
        Some(What::Run { scenario, seed, json }) => run::run(&scenario, seed, json),
        Some(What::Check { order, device, filled }) => check::check(&order, &device, filled.as_deref()),
        Some(What::Validate { html }) => validate::run(html.as_deref()),
        Some(What::Compound(args)) => compound::run(&args),
        Some(What::Patient { protocol, out, plot }) => patient::run(&protocol, out.as_deref(), plot.as_deref()),
        Some(What::Programmer(args)) => programmer::run(&args).map(|()| true),
        Some(What::Pump(args)) => pump::run(&args).map(|()| true),
        Some(What::PumpControl(args)) => control::run(&args),
        Some(What::Handset(args)) => handset::run(&args).map(|()| true),
        Some(What::Client(what)) => return client::run(&what),
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
