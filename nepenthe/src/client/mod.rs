//! The devices in people's hands, on the command line: pairing, reading, asking, programming.
//!
//! Answers for words and exit codes: 0 done, 1 refused or not signed, 2 not understood or nobody reached, 3 not known yet.

mod acts;
mod program;
mod read;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use link::words::{self, Clocks};
use link::{KeyError, Keys, NoAnswer, NotProgrammed, Patience, Settled, Visit, keys};
use telemetry::card::Card;

/// Which device speaks, and to which pump.
#[derive(Args, Clone)]
pub struct With {
    /// The folder with this device's keys
    #[arg(long, env = "NEPENTHE_KEYS", default_value = "nepenthe-keys")]
    keys: PathBuf,
    /// Which pump, where this device knows several
    #[arg(long)]
    serial: Option<u64>,
    /// Where the pump is reached now, in place of where it was paired
    #[arg(long)]
    at: Option<String>,
    /// How long to wait for one answer, ms
    #[arg(long, default_value_t = 2_000)]
    wait_ms: u64,
    /// Tries before there is no answer
    #[arg(long, default_value_t = 3)]
    tries: u32,
}

/// What a device can do.
#[derive(Subcommand)]
pub enum What {
    /// Pairs this device with a pump: needs the device held at the pump, and the patient's card
    Pair {
        /// Where the pump is reached
        address: String,
        /// The card's text, or a file that holds it
        #[arg(long)]
        card: String,
        /// What the device is: patient, programmer, monitor or emergency
        #[arg(long)]
        role: String,
        #[command(flatten)]
        with: With,
    },
    /// Enrols a clinician's signing key, made here if there is none: needs presence and the card
    Enrol {
        /// The clinician's number, as orders name it
        #[arg(long)]
        author: u32,
        /// The card's text, or a file that holds it
        #[arg(long)]
        card: String,
        #[command(flatten)]
        with: With,
    },
    /// Tells the pump what was implanted
    Install {
        /// The catheter's volume as trimmed, such as "0.176 mL"
        #[arg(long)]
        catheter: String,
        #[command(flatten)]
        with: With,
    },
    /// Reads the pump: status, order, fluid, alarms, battery
    Interrogate {
        /// As JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        with: With,
    },
    /// Asks for a patient bolus
    Ask {
        #[command(flatten)]
        with: With,
    },
    /// Proposes an order, shows what the pump understood, signs and commits it
    Program(program::Order),
    /// Primes tubing and catheter with the running order's fluid
    Prime(program::Prime),
    /// Gives one bolus by a clinician
    Give(program::Give),
    /// Tells the pump of a refill
    Refill(acts::Refill),
    /// Stops therapy, for at most so long
    Stop {
        /// Why: overdose, procedure, access, adverse effect, end of therapy or other
        #[arg(long)]
        reason: String,
        /// For at most so long, such as "4 h"
        #[arg(long = "for")]
        lasts: String,
        #[command(flatten)]
        with: With,
    },
    /// Ends a stop or an emergency: the running order goes on
    Resume {
        #[command(flatten)]
        with: With,
    },
    /// The emergency rate, now; it never raises a dose
    Emergency {
        #[command(flatten)]
        with: With,
    },
    /// Sets the clock that people read, in the patient's local time
    Clock {
        /// Such as "2026-03-02 08:00"
        #[arg(long)]
        set: String,
        #[command(flatten)]
        with: With,
    },
    /// Shows the active alarms, the gravest first
    Alarms {
        #[command(flatten)]
        with: With,
    },
    /// Silences an alarm's tone for a while; its cause stays
    Silence {
        /// Which, in the words of `alarms`
        alarm: String,
        /// For how long; the pump sets a bound
        #[arg(long = "for", default_value = "1 h")]
        lasts: String,
        #[command(flatten)]
        with: With,
    },
    /// Clears an alarm whose cause has gone
    Clear {
        /// Which, in the words of `alarms`
        alarm: String,
        #[command(flatten)]
        with: With,
    },
    /// Goes on asking for a request whose outcome is not known; with a number: a person has read what became of it
    Resolve {
        /// The number of a request that the pump no longer answers for
        id: Option<u64>,
        #[command(flatten)]
        with: With,
    },
}

/// How a command ended.
pub enum Ended {
    /// Done.
    Done,
    /// The pump or a person said no.
    Refused,
    /// It may have been done.
    Unknown,
}

/// Why a command did not even begin, in words.
pub struct NotBegun(String);

impl<T: std::fmt::Display> From<T> for NotBegun {
    fn from(why: T) -> Self {
        Self(why.to_string())
    }
}

type Done = Result<Ended, NotBegun>;

/// Does what was asked.
pub fn run(what: &What) -> ExitCode {
    let ended = match what {
        What::Pair { address, card, role, with } => acts::pair(address, card, role, with),
        What::Enrol { author, card, with } => acts::enrol(*author, card, with),
        What::Install { catheter, with } => acts::install(catheter, with),
        What::Interrogate { json, with } => read::interrogate(*json, with),
        What::Ask { with } => acts::ask_bolus(with),
        What::Program(order) => program::order(order),
        What::Prime(prime) => program::prime(prime),
        What::Give(give) => program::give(give),
        What::Refill(refill) => acts::refill(refill),
        What::Stop { reason, lasts, with } => acts::stop(reason, lasts, with),
        What::Resume { with } => acts::resume(with),
        What::Emergency { with } => acts::emergency(with),
        What::Clock { set, with } => acts::clock(set, with),
        What::Alarms { with } => read::alarms(with),
        What::Silence { alarm, lasts, with } => acts::silence(alarm, lasts, with),
        What::Clear { alarm, with } => acts::clear(alarm, with),
        What::Resolve { id, with } => acts::resolve(*id, with),
    };
    match ended {
        Ok(Ended::Done) => ExitCode::SUCCESS,
        Ok(Ended::Refused) => ExitCode::from(crate::DISAGREED),
        Ok(Ended::Unknown) => ExitCode::from(NOT_KNOWN),
        Err(NotBegun(why)) => {
            eprintln!("{why}");
            ExitCode::from(crate::NOT_UNDERSTOOD)
        }
    }
}

/// It is not known whether the pump has done it.
const NOT_KNOWN: u8 = 3;

impl With {
    fn keys(&self) -> Result<Keys, KeyError> {
        Keys::open(&self.keys)
    }

    fn patience(&self) -> Patience {
        Patience { answer: Duration::from_millis(self.wait_ms), tries: self.tries.max(1) }
    }

    fn visit<'k>(&self, keys: &'k Keys) -> Result<Visit<'k>, NoAnswer> {
        Visit::to(keys, self.serial, self.at.as_deref(), self.patience())
    }
}

/// The card's text, or the text in the file of that name.
fn card(given: &str) -> Result<Card, String> {
    let path = Path::new(given);
    let text = if path.is_file() {
        std::fs::read_to_string(path).map_err(|why| format!("{given}: {why}"))?
    } else {
        given.to_owned()
    };
    // The text itself is a secret, so the error does not repeat it.
    Card::parse(&text).map_err(|why| format!("--card: {why}"))
}

/// Tells what became of a request.
fn told(settled: &Settled, clocks: Option<Clocks>) -> Ended {
    let words = words::settled(settled, clocks);
    match settled {
        Settled::Accepted(_) | Settled::Proposal(_) => {
            println!("{words}");
            Ended::Done
        }
        Settled::Refused(_) | Settled::NotRead { .. } => {
            println!("{words}");
            Ended::Refused
        }
        Settled::Unknown { .. } | Settled::Unresolved { .. } => {
            eprintln!("{words}");
            Ended::Unknown
        }
    }
}

fn not_programmed(why: NotProgrammed, clocks: Clocks) -> Done {
    match why {
        NotProgrammed::Settled(settled) => Ok(told(&settled, Some(clocks))),
        NotProgrammed::OtherDigest | NotProgrammed::Signatures { .. } | NotProgrammed::ReadBackDiffers => {
            eprintln!("{why}");
            Ok(Ended::Refused)
        }
        NotProgrammed::NoAnswer(_)
        | NotProgrammed::TooLong
        | NotProgrammed::OtherModel { .. }
        | NotProgrammed::NotInstalled
        | NotProgrammed::NoFront
        | NotProgrammed::NoOrder => Err(why.into()),
    }
}

/// Settles what was left open earlier before anything new is asked; `Some` if the command is over with that.
///
/// Where the open request is of the same kind as what is asked now, its answer is the answer: it is not asked twice.
fn settle_earlier(visit: &mut Visit<'_>, code: u8) -> Result<Option<Ended>, NoAnswer> {
    let Some((id, open)) = visit.open_request() else { return Ok(None) };
    eprintln!("request {id}, made earlier, has no answer yet; asking again under the same number");
    let settled = visit.pursue()?;
    let clocks = visit.status().ok().map(|status| Clocks::from(&status));
    let ended = told(&settled, clocks);
    Ok(match ended {
        Ended::Unknown => Some(ended),
        Ended::Done | Ended::Refused if open == code => Some(ended),
        Ended::Done | Ended::Refused => None,
    })
}

/// Whose keys, for words.
fn role(keys: &Keys) -> &'static str {
    keys::role_word(keys.role)
}
