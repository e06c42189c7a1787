//! A story as JSON, one object a line: the same events, with numbers in their held units in the names.

use serde_json::{Value, json};

use super::text::told;
use super::{Line, Outcome, Told};
use crate::scenario::when;

impl Line {
    /// The line as one JSON object.
    pub fn json(&self) -> Value {
        let (who, words) = told(&self.told);
        let mut object = json!({
            "at_ms": self.at,
            "at": when::show(self.at),
            "kind": kind(&self.told),
            "who": who,
            "words": words,
        });
        if let (Some(object), Value::Object(more)) = (object.as_object_mut(), details(&self.told)) {
            object.extend(more);
        }
        object
    }
}

const fn kind(told: &Told) -> &'static str {
    match told {
        Told::Begins { .. } => "begins",
        Told::Acted { .. } => "acted",
        Told::Wrote(_) => "wrote",
        Told::Happened(_) => "happened",
        Told::Power { .. } => "power",
        Told::Sounds { .. } => "sounds",
        Told::Day { .. } => "day",
        Told::Person(_) => "person",
        Told::Ledger(_) => "ledger",
        Told::Reservoir { .. } => "reservoir",
        Told::Finding { .. } => "finding",
        Told::NotMet { .. } => "not_met",
        Told::OtherAnswer { .. } => "other_answer",
        Told::Ends { .. } => "ends",
    }
}

fn details(told: &Told) -> Value {
    match told {
        Told::Acted { who, outcome, .. } => {
            let mut value = json!({ "actor": who.word(), "outcome": outcome_kind(outcome) });
            if let (Some(object), Value::Object(more)) = (value.as_object_mut(), outcome_details(outcome)) {
                object.extend(more);
            }
            value
        }
        Told::Wrote(event) => json!({ "code": event.code() }),
        Told::Power { is_on } => json!({ "is_on": is_on }),
        Told::Sounds { tone } => json!({ "tone": tone }),
        Told::Day { day, given, granted, refused } => {
            let given: Vec<Value> =
                given.iter().map(|(drug, mass)| json!({ "drug": drug.name(), "mass_fg": mass.get() })).collect();
            json!({ "day": day, "given": given, "boluses_granted": granted, "boluses_refused": refused })
        }
        Told::Person(felt) => json!({
            "pain_without": felt.pain_without,
            "pain_mean": felt.pain.0,
            "pain_least": felt.pain.1,
            "pain_most": felt.pain.2,
            "breath_slowest_per_min": felt.slowest_breath.0,
            "breath_slowest_at_ms": felt.slowest_breath.1,
            "withdrawal_worst": felt.withdrawal,
            "boluses_asked": felt.boluses.0,
            "boluses_given": felt.boluses.1,
        }),
        Told::Ledger(ledger) => {
            let mut text = String::new();
            // Writing to a string cannot fail; a document that does not read back is left out.
            let _ = ledger.write_json(&mut text);
            json!({ "ledger": serde_json::from_str::<Value>(&text).unwrap_or(Value::Null) })
        }
        Told::Reservoir { truly, told } => json!({ "truly_nl": truly.get(), "told_nl": told.map(orders::Volume::get) }),
        Told::NotMet { expect, .. } => json!({ "line": expect.line }),
        Told::OtherAnswer { line, .. } => json!({ "line": line }),
        Told::Ends { agreed, seed, wrong } => {
            json!({ "agreed": agreed, "seed": seed, "wrong": wrong, "version": env!("CARGO_PKG_VERSION") })
        }
        Told::Begins { .. } | Told::Happened(_) | Told::Finding { .. } => json!({}),
    }
}

const fn outcome_kind(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Granted { .. } => "granted",
        Outcome::Done => "done",
        Outcome::Read(_) => "read",
        Outcome::Refused { .. } => "refused",
        Outcome::Unknown => "unknown",
        Outcome::TurnedAway(_) => "turned_away",
        Outcome::NotSigned(_) => "not_signed",
        Outcome::Failed(_) => "failed",
    }
}

fn outcome_details(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Granted { volume, dose, over } => json!({
            "volume_nl": volume.get(),
            "drug": dose.map(|(drug, _)| drug.name()),
            "mass_fg": dose.map(|(_, mass)| mass.get()),
            "duration_ms": over.get(),
        }),
        Outcome::Refused { reasons, more } => {
            let reasons: Vec<Value> = reasons
                .iter()
                .map(|(refusal, until)| {
                    json!({
                        "reason": refusal.reason.code(),
                        "words": refusal.to_string(),
                        "not_before_ms": until,
                    })
                })
                .collect();
            json!({ "reasons": reasons, "more": more })
        }
        Outcome::Read(reading) => json!({
            "reservoir_nl": reading.status.reservoir.get(),
            "flow_nl_per_day": reading.status.flow.get(),
            "order": reading.status.order,
            "alarms": reading.alarms.iter().flat_map(|alarms| &alarms.active)
                .map(|active| active.alarm.code()).collect::<Vec<_>>(),
        }),
        Outcome::Done | Outcome::Unknown | Outcome::TurnedAway(_) | Outcome::NotSigned(_) | Outcome::Failed(_) => {
            json!({})
        }
    }
}
