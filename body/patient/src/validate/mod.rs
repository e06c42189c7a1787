//! Published numbers against the model.
//!
//! Answers for: what each study measured, what the model says, and whether it lies in the band. A miss is told as a
//! miss, with a sentence why. `model` puts one release on the bench, `quantities` repeats the studies on it, `trials`
//! those that need a person, and `targets` has the list with the bands; `courses` draws ours against theirs, `html` is
//! the page. Rates of the plant and its faults are judged by the bench, and come in from there.

pub mod courses;
pub mod html;
pub mod model;
pub mod quantities;
pub mod targets;
pub mod trials;

use std::fmt::Write as _;

use crate::sheet::BadInput;
use model::Model;
use targets::{ALL, Group, Target};

/// One number of a target against its band.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// What it is.
    pub label: &'static str,
    /// What the model says.
    pub ours: f64,
    /// The band, ends included.
    pub band: (f64, f64),
    /// What was published, where one number was.
    pub published: Option<f64>,
    /// Unit of all.
    pub unit: &'static str,
}

impl Check {
    /// A number of ours and its band, ends included.
    pub const fn of(label: &'static str, ours: f64, low: f64, high: f64, unit: &'static str) -> Self {
        Self { label, ours, band: (low, high), published: None, unit }
    }

    /// What was published.
    pub const fn published(self, value: f64) -> Self {
        Self { published: Some(value), ..self }
    }

    /// Whether it lies in the band.
    pub fn met(&self) -> bool {
        self.ours >= self.band.0 && self.ours <= self.band.1
    }
}

/// A target with what the model says.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The target.
    pub target: Target,
    /// Its numbers; none where the body cannot be judged by it.
    pub checks: Vec<Check>,
}

impl Outcome {
    /// Whether every number lies in its band. What was not judged is not met.
    pub fn met(&self) -> bool {
        !self.checks.is_empty() && self.checks.iter().all(Check::met)
    }
}

/// Runs every target; `of_the_plant` brings what the bench found, by the name of the target.
///
/// # Errors
/// A data file is wrong.
pub fn run(of_the_plant: &[(&str, Vec<Check>)]) -> Result<Vec<Outcome>, BadInput> {
    let model = Model::of_files()?;
    let judged = |target: &Target| match target.group {
        Group::Body => (target.run)(&model),
        Group::Plant => {
            let found = of_the_plant.iter().find(|(name, _)| *name == target.name);
            Ok(found.map(|(_, checks)| checks.clone()).unwrap_or_default())
        }
    };
    ALL.iter().map(|target| Ok(Outcome { target: *target, checks: judged(target)? })).collect()
}

/// The report in text; its last line is `targets met: N/25`.
pub fn report(outcomes: &[Outcome]) -> String {
    let mut text = String::from("A model of a population, not of any one patient. Bands are published spreads.\n");
    for (group, head) in [(Group::Body, "\nThe body\n"), (Group::Plant, "\nPlant and incidents\n")] {
        text.push_str(head);
        for outcome in outcomes.iter().filter(|o| o.target.group == group) {
            tell(&mut text, outcome);
        }
    }
    let met = outcomes.iter().filter(|o| o.met()).count();
    let _ = writeln!(text, "\ntargets met: {met}/{}", outcomes.len());
    text
}

fn tell(text: &mut String, outcome: &Outcome) {
    let target = &outcome.target;
    let verdict = match (outcome.checks.is_empty(), outcome.met()) {
        (true, _) => "not judged here",
        (false, true) => "met",
        (false, false) => "MISSED",
    };
    let fitted = if target.fitted { "used in the fit" } else { "predicted" };
    let _ = writeln!(text, "{:<4} {verdict:<16} {} [{}; {fitted}]", target.name, target.what, target.source);
    for check in &outcome.checks {
        let mark = if check.met() { ' ' } else { '!' };
        let (low, high) = check.band;
        let _ = writeln!(
            text,
            "   {mark} {}: ours {} {} (band {} to {}{})",
            check.label,
            shown(check.ours),
            check.unit,
            shown(low),
            shown(high),
            check.published.map_or_else(String::new, |value| format!(", published {}", shown(value)))
        );
    }
    if !outcome.met() {
        for (head, words) in [("why", target.why), ("tried", target.tried)] {
            if !words.is_empty() {
                let _ = writeln!(text, "     {head}: {words}");
            }
        }
    }
}

fn shown(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 {
        "0".into()
    } else if !(1e-3..1e5).contains(&size) {
        format!("{value:.1e}")
    } else if size >= 100.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.3}")
    }
}
