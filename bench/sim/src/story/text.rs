//! A story as people read it: the time, who did what, the answer.

use std::fmt;

use implant::pump::events::Event;
use implant::pump::tones;
use orders::Mixture;
use telemetry::message::answer::{Doing, Status};

use super::{Felt, Line, Outcome, Reading, Told};
use crate::scenario::act::{Act, Expected, Mishap, Who};
use crate::scenario::when;

/// Width of the column that says who does what.
const WHO: usize = 32;

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (who, words) = told(&self.told);
        let at = when::show(self.at);
        let mut lines = words.lines();
        write!(f, "{at:<14} {who:<WHO$} {}", lines.next().unwrap_or(""))?;
        lines.try_for_each(|line| write!(f, "\n{:<14} {:<WHO$} {line}", "", ""))
    }
}

/// Left and right of a line.
pub(super) fn told(told: &Told) -> (String, String) {
    match told {
        Told::Begins { title, model, notes } => {
            let mut words = format!("{title} · {model}");
            notes.iter().for_each(|note| words.push_str(&format!("\nnote: {note}")));
            ("begins".into(), words)
        }
        Told::Acted { who, act, outcome } => (format!("{} {}", who.word(), doing(act)), self::outcome(outcome)),
        Told::Wrote(event) => ("pump".into(), event.to_string()),
        Told::Happened(what) => mishap(what),
        Told::Power { is_on } => ("supply".into(), if *is_on { "back" } else { "gone" }.into()),
        Told::Sounds { tone } => {
            let all = [tones::HIGH, tones::HIGH_DOUBLE, tones::MEDIUM, tones::MEDIUM_TRIPLE, tones::LOW];
            let length = all.iter().find(|one| one.code == *tone).map(|one| one.length());
            (
                "pump sounds".into(),
                length.map_or_else(|| format!("tone {tone}"), |length| format!("tone {tone}, {length}")),
            )
        }
        Told::Day { day, given, granted, refused } => {
            let given: Vec<String> = given.iter().map(|(drug, mass)| format!("{mass} of {}", drug.name())).collect();
            let given = if given.is_empty() { "no drug".into() } else { given.join(", ") };
            let boluses = match (granted, refused) {
                (0, 0) => String::new(),
                _ => format!("; boluses: {granted} granted, {refused} refused"),
            };
            (format!("total of day {day}"), format!("{given} left the tip{boluses}"))
        }
        Told::Person(felt) => ("patient, by the model".into(), person(felt)),
        Told::Ledger(ledger) => {
            let slugs: Vec<String> = ledger.slugs.iter().map(slug).collect();
            ("ledger, reservoir to tip".into(), slugs.join("\n"))
        }
        Told::Reservoir { truly, told } => {
            let words = match told {
                Some(told) => format!("{truly} truly, {told} as the pump counts"),
                None => format!("{truly} truly"),
            };
            ("reservoir".into(), words)
        }
        Told::Finding { words } => ("AUDITOR".into(), words.clone()),
        Told::NotMet { expect, found } => {
            (format!("EXPECTED, line {}", expect.line), format!("{}; {found}", expected(&expect.what)))
        }
        Told::OtherAnswer { line, expected, found } => {
            (format!("EXPECTED, line {line}"), format!("{expected}; the answer was {found}"))
        }
        Told::Ends { agreed: true, seed, .. } => ("ends".into(), format!("the auditor agrees (seed {seed})")),
        Told::Ends { agreed: false, seed, wrong } => {
            let version = env!("CARGO_PKG_VERSION");
            ("ends".into(), format!("{wrong} things are wrong (seed {seed}, version {version})"))
        }
    }
}

fn person(felt: &Felt) -> String {
    let (mean, least, most) = felt.pain;
    let mut words = format!(
        "pain {:.1} of 10 without drug, {mean:.1} with it ({least:.1} to {most:.1})\nslowest breathing {:.1} a minute, at {} ({:.1} without drug)",
        felt.pain_without,
        felt.slowest_breath.0,
        when::show(felt.slowest_breath.1),
        felt.breath_without
    );
    if let Some((without, with)) = felt.spasticity {
        words.push_str(&format!("\nspasticity {without:.1} of 4 without drug, {with:.1} with it"));
    }
    if felt.withdrawal >= 0.05 {
        words.push_str(&format!("\nwithdrawal up to {:.2}, of which 1 is severe", felt.withdrawal));
    }
    let (asked, given) = felt.boluses;
    words.push_str(&format!("\nboluses: asked for {asked}, given {given}"));
    for drug in &felt.unknown {
        words.push_str(&format!("\nnothing is known here of {}", drug.name()));
    }
    words
}

fn slug(slug: &orders::Slug) -> String {
    let volume = orders::Volume::new(u64::from(slug.volume_nl));
    let doubt = if slug.doubt { ", in doubt" } else { "" };
    format!("{volume} of {}{doubt}", mixture(&slug.mixture))
}

/// `4 mg/mL morphine, 1 mg/mL bupivacaine`, or that there is no drug.
pub fn mixture(mixture: &Mixture) -> String {
    let parts: Vec<String> =
        mixture.iter().map(|part| format!("{} {}", part.concentration, part.drug.name())).collect();
    if parts.is_empty() { "fluid without drug".into() } else { parts.join(", ") }
}

/// What a person does, in words.
pub fn doing(act: &Act) -> String {
    match act {
        Act::Asks => "asks".into(),
        Act::HoldsButton { lasts } => format!("holds the button {lasts}"),
        Act::Silences { alarm, .. } => format!("silences: {}", alarm.words()),
        Act::Pairs => "pairs".into(),
        Act::EnrolsKey => "enrols the key".into(),
        Act::Interrogates => "interrogates".into(),
        Act::Installs { .. } => "tells of the catheter".into(),
        Act::Fills(fill) => format!("fills {}", fill.filled),
        Act::Rinses { volume } => format!("rinses with {volume}"),
        Act::AspiratesPort { volume } => format!("aspirates {volume}"),
        Act::TestsTone { .. } => "tests a tone".into(),
        Act::RecordsContact { step } => format!("records contact for step {step}"),
        Act::Orders { .. } => "orders".into(),
        Act::Proposes { .. } => "proposes".into(),
        Act::Commits => "commits".into(),
        Act::GivesBolus { volume, over } => format!("gives {volume} over {over}"),
        Act::Primes { .. } => "primes".into(),
        Act::Stops { lasts, .. } => format!("stops for {lasts}"),
        Act::Resumes => "resumes".into(),
        Act::SetsClock { off_by_ms: 0 } => "sets the clock".into(),
        Act::SetsClock { off_by_ms } => {
            let span = orders::Duration::new(off_by_ms.unsigned_abs());
            format!("sets the clock, {span} {}", if *off_by_ms < 0 { "slow" } else { "fast" })
        }
        Act::StepsUp { .. } => "lets therapy step up".into(),
        Act::Clears { alarm } => format!("clears: {}", alarm.words()),
        Act::CallsEmergency => "calls the emergency".into(),
        Act::Repeats => "repeats the request".into(),
        Act::Replays => "replays a recorded frame".into(),
        Act::SendsHalf => "sends half a message".into(),
    }
}

/// How it ended, in words.
pub fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Granted { volume, dose: Some((drug, mass)), over } => {
            format!("granted, {mass} of {} ({volume}) over {over}", drug.name())
        }
        Outcome::Granted { volume, dose: None, over } => format!("granted, {volume} over {over}"),
        Outcome::Done => "done".into(),
        Outcome::Read(reading) => read(reading),
        Outcome::Refused { reasons, more } => {
            let mut words: Vec<String> = reasons
                .iter()
                .map(|(refusal, until)| match until {
                    Some(until) => format!("refused: {refusal}, not before {}", when::show(*until)),
                    None => format!("refused: {refusal}"),
                })
                .collect();
            if *more > 0 {
                words.push(format!("and {more} more reasons"));
            }
            words.join("\n")
        }
        Outcome::Unknown => "no answer; whether it was done is not known".into(),
        Outcome::TurnedAway(why) => format!("turned away: {}", turned(*why)),
        Outcome::NotSigned(why) => format!("not signed: {why}"),
        Outcome::Failed(why) => (*why).into(),
    }
}

fn turned(why: telemetry::sessions::Turned) -> String {
    let mut words = String::new();
    for letter in format!("{why:?}").chars() {
        if letter.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}

fn read(reading: &Reading) -> String {
    let Status { doing, flow, reservoir, order, .. } = &reading.status;
    let doing = match doing {
        Doing::Fresh => "not started",
        Doing::Running => "running",
        Doing::Stopped => "stopped",
        Doing::Resting => "stopped for long, minimum rate",
        Doing::Emergency => "emergency rate",
        Doing::Empty => "empty",
        Doing::Lost => "state lost, stopped",
    };
    let mut words = format!("{doing}, order {order}, {flow}, {reservoir} in the reservoir");
    let alarms = reading.alarms.iter().flat_map(|alarms| &alarms.active);
    let active: Vec<&str> = alarms.map(|active| active.alarm.words()).collect();
    if active.is_empty() {
        words.push_str(", no alarm");
    }
    active.iter().for_each(|alarm| words.push_str(&format!("\nalarm: {alarm}")));
    words
}

fn mishap(what: &Mishap) -> (String, String) {
    let (who, words) = match what {
        Mishap::Field(lasts) => ("magnet", format!("a strong field for {lasts}")),
        Mishap::BrownOut { off, counter_kept: true } => ("battery", format!("browns out for {off}")),
        Mishap::BrownOut { off, counter_kept: false } => ("battery", format!("fails for {off}, the counters are lost")),
        Mishap::Film { mohm_per_day } => ("battery", format!("a film grows, {mohm_per_day} mOhm a day")),
        Mishap::Drains { left } => ("battery", format!("{left} is left")),
        Mishap::Frames { mishap, count, .. } => ("radio", format!("{mishap:?} for {count} frames").to_lowercase()),
        Mishap::BadAir { lost } => ("radio", format!("{lost} of the frames are lost")),
        Mishap::StoreCut { after_bytes, .. } => ("store", format!("power will go after {after_bytes} more bytes")),
        Mishap::DoseRecordLost => ("store", "both slots of the dose record are lost".into()),
        Mishap::Oscillator { is_second, numerator, denominator } => {
            let which = if *is_second { "second" } else { "first" };
            ("oscillator", format!("the {which} one runs at {numerator}/{denominator} of its rate"))
        }
        Mishap::Stall(lasts) => ("drive", format!("is stuck for {lasts}")),
        Mishap::MissEdges(count) => ("drive", format!("the sensor will miss {count} edges")),
        Mishap::PhantomEdges(count) => ("drive", format!("{count} edges without motion")),
        Mishap::RunFree { every, lasts } => ("drive", format!("turns by itself, a stroke each {every} for {lasts}")),
        Mishap::Tip(place) => ("catheter", format!("the tip slips: {place:?}").to_lowercase()),
        Mishap::Disconnects => ("catheter", "comes off the pump".into()),
        Mishap::Leaks(share) => ("catheter", format!("{share} leaks at the connector")),
        Mishap::Occludes(share) => ("catheter", format!("lets {share} through")),
        Mishap::Granuloma(share) => ("catheter", format!("a granuloma, {share}")),
        Mishap::Flips => ("pump", "lies upside down".into()),
    };
    (who.into(), words)
}

/// What was expected, in words.
pub fn expected(what: &Expected) -> String {
    match what {
        Expected::Alarm(alarm) => format!("the alarm: {}", alarm.words()),
        Expected::NoAlarm(alarm) => format!("no alarm: {}", alarm.words()),
        Expected::Quiet => "no alarm above low priority".into(),
        Expected::Says(words) => format!("the journal to say {words:?}"),
        Expected::NeverSays(words) => format!("the journal never to say {words:?}"),
        Expected::AtLeast(drug, mass) => format!("at least {mass} of {}", drug.name()),
        Expected::AtMost(drug, mass) => format!("at most {mass} of {}", drug.name()),
        Expected::TipNeverAbove(drug, most) => format!("never above {most} of {} at the tip", drug.name()),
        Expected::Finds(invariant) => format!("the auditor to find a breach of {invariant}"),
    }
}

/// Whether what the pump wrote down belongs in the story: what a person would want to be told of the day.
pub fn is_told(event: &Event) -> bool {
    match event {
        Event::BolusEnded { .. }
        | Event::StateChanged { .. }
        | Event::LevelChanged { .. }
        | Event::AlarmRaised { .. }
        | Event::AlarmHealed { .. }
        | Event::FlowChanged { .. }
        | Event::Stalled { .. }
        | Event::Recovered { .. }
        | Event::FieldEntered {}
        | Event::FieldLeft { .. }
        | Event::LongStandstill { .. }
        | Event::GuardCut { .. }
        | Event::GuardEnabled { .. }
        | Event::BridgeStarted { .. }
        | Event::BridgeEnded { .. }
        | Event::Restarted { .. }
        | Event::SelfTest { passed: false, .. }
        | Event::ClocksDiffer { .. }
        | Event::Emergency { .. }
        | Event::RampStep { .. }
        | Event::Bug { .. }
        | Event::Lost { .. } => true,
        Event::BolusStarted { source, .. } => !matches!(source, implant::pump::bolus::Source::Patient),
        Event::Hour { .. }
        | Event::BolusAsked { .. }
        | Event::BolusAccepted { .. }
        | Event::Refused { .. }
        | Event::OrderProposed { .. }
        | Event::OrderCommitted { .. }
        | Event::Stopped { .. }
        | Event::AlarmCleared { .. }
        | Event::AlarmAcknowledged { .. }
        | Event::Silenced { .. }
        | Event::TonePlayed { .. }
        | Event::RestartTried { .. }
        | Event::PrimeArmed { .. }
        | Event::SelfTest { passed: true, .. }
        | Event::ClockSet { .. }
        | Event::PeerEnrolled { .. }
        | Event::PeerRemoved { .. }
        | Event::SessionOpened { .. }
        | Event::SessionFailed { .. }
        | Event::Interrogated { .. }
        | Event::Refilled { .. }
        | Event::LedgerChanged { .. }
        | Event::Temperature { .. }
        | Event::Battery { .. }
        | Event::Updated { .. }
        | Event::ContactRecorded { .. }
        | Event::BolusesEnabled { .. }
        | Event::Mended { .. }
        | Event::RadioBudget { .. } => false,
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
