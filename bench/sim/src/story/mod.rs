//! The story of a run: typed events with their times, rendered late as text or as one JSON object a line.
//!
//! Answers for what is told and how it reads. A refusal is told in the pump's own words, and what the pump wrote down is
//! told as its journal says it. It leaves to the world what happens and to the auditor whether it was right.

mod json;
pub mod text;

use implant::pump::events::Event;
use orders::{Drug, Duration, Ledger, Mass, Refusal, Volume};
use telemetry::message::answer::{Alarms, Status};
use telemetry::sessions::Turned;

use crate::scenario::act::{Act, Expect, Mishap, Who};

/// How an act ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// A dose was granted.
    Granted {
        /// Its volume.
        volume: Volume,
        /// Of the primary drug.
        dose: Option<(Drug, Mass)>,
        /// Over how long.
        over: Duration,
    },
    /// Done.
    Done,
    /// Read.
    Read(Box<Reading>),
    /// Refused: each reason, and the true time before which it stands.
    Refused {
        /// The reasons, without their time.
        reasons: Vec<(Refusal, Option<u64>)>,
        /// How many more.
        more: u16,
    },
    /// No answer came; whether it was done is not known.
    Unknown,
    /// The pump took no contact.
    TurnedAway(Turned),
    /// The person did not go on: the pump's answer was not what was asked for.
    NotSigned(&'static str),
    /// The device could not do it.
    Failed(&'static str),
}

/// What an interrogation found.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// State, rates and numbers.
    pub status: Status,
    /// Active alarms.
    pub alarms: Option<Alarms>,
    /// The pump's ledger.
    pub ledger: Option<Ledger>,
}

/// How it was for a person. Of the model, not of anybody.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Felt {
    /// Pain that they would have had without any drug, mean over the time, of 10.
    pub pain_without: f64,
    /// Pain that they had: mean, least and most, of 10.
    pub pain: (f64, f64, f64),
    /// Breaths a minute at the slowest, and when, ms from midnight of day 1.
    pub slowest_breath: (f64, u64),
    /// Breaths a minute without drug.
    pub breath_without: f64,
    /// Spasticity without drug and the mean with it, of 4; where a drug acts on it.
    pub spasticity: Option<(f64, f64)>,
    /// Worst withdrawal; 1 is severe.
    pub withdrawal: f64,
    /// Boluses that they asked for, and that were given.
    pub boluses: (u32, u32),
    /// Drugs that the model does not know.
    pub unknown: Vec<Drug>,
}

/// What is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// A scenario begins.
    Begins {
        /// Its title.
        title: String,
        /// The pump.
        model: String,
        /// What was rounded while the orders were read.
        notes: Vec<String>,
    },
    /// A person acted.
    Acted {
        /// Who.
        who: Who,
        /// What.
        act: Act,
        /// How it ended.
        outcome: Outcome,
    },
    /// The pump wrote down.
    Wrote(Event),
    /// Something went wrong.
    Happened(Mishap),
    /// The supply came or went.
    Power {
        /// Whether it is there.
        is_on: bool,
    },
    /// The pump sounds: the first of a series of tones.
    Sounds {
        /// The tone's code.
        tone: u8,
    },
    /// A day, or what was left of one, ended: what truly left the tip.
    Day {
        /// The day's number, from 1.
        day: u64,
        /// Drug by drug.
        given: Vec<(Drug, Mass)>,
        /// Patient boluses granted.
        granted: u32,
        /// Patient boluses refused.
        refused: u32,
    },
    /// How it was for the person, over what was told.
    Person(Box<Felt>),
    /// What the pump believes lies where, at the end.
    Ledger(Box<Ledger>),
    /// What truly lies in the reservoir at the end.
    Reservoir {
        /// Truly.
        truly: Volume,
        /// As the pump says.
        told: Option<Volume>,
    },
    /// The auditor disagrees.
    Finding {
        /// Its sentence and numbers.
        words: String,
    },
    /// An expectation was not met.
    NotMet {
        /// What was expected.
        expect: Box<Expect>,
        /// What was found.
        found: String,
    },
    /// An answer was not the one expected.
    OtherAnswer {
        /// Line in the file.
        line: usize,
        /// What was expected.
        expected: String,
        /// What came.
        found: String,
    },
    /// The run is over.
    Ends {
        /// Whether auditor and expectations agreed.
        agreed: bool,
        /// The seed.
        seed: u64,
        /// Findings and expectations not met.
        wrong: u64,
    },
}

/// One line of a story.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// ms from midnight of day 1.
    pub at: u64,
    /// What.
    pub told: Told,
}

/// A story.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Story {
    /// Its lines, in order of time.
    pub lines: Vec<Line>,
}

impl Story {
    /// Adds a line.
    pub fn tell(&mut self, at: u64, told: Told) {
        self.lines.push(Line { at, told });
    }

    /// Whether auditor and expectations agreed; false for a story without an end.
    pub fn agreed(&self) -> bool {
        matches!(self.lines.last(), Some(Line { told: Told::Ends { agreed: true, .. }, .. }))
    }

    /// The whole as text.
    pub fn text(&self) -> String {
        self.lines.iter().map(|line| format!("{line}\n")).collect()
    }

    /// The whole as JSON, one object a line.
    pub fn json(&self) -> String {
        self.lines.iter().map(|line| format!("{}\n", line.json())).collect()
    }
}

impl Line {
    /// Whether something is wrong.
    pub const fn is_wrong(&self) -> bool {
        matches!(
            self.told,
            Told::Finding { .. } | Told::NotMet { .. } | Told::OtherAnswer { .. } | Told::Ends { agreed: false, .. }
        )
    }

    /// Whether it is an alarm, a refusal or a mishap: for a person to look at.
    pub fn is_notable(&self) -> bool {
        match &self.told {
            Told::Wrote(Event::AlarmRaised { .. }) | Told::Happened(_) | Told::Power { is_on: false } => true,
            Told::Acted { outcome, .. } => {
                matches!(
                    outcome,
                    Outcome::Refused { .. } | Outcome::Unknown | Outcome::TurnedAway(_) | Outcome::NotSigned(_)
                )
            }
            _ => false,
        }
    }
}
