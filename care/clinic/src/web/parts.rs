//! Small things that many pages show, over the components that all faces share.

use pages::form::{Choice, Field, Kind, Problems, Question};
use pages::panels::Origin;
use pages::status::{Level, status};
use pages::{Markup, Quantity, html};

use crate::App;
use crate::clock::DAY;

/// A number with its unit, what kind of number it is, and when it was told.
//= requirements/clinic.md#what-kind-of-number
//# A number on a page MUST stand with its unit, its time and whether it was ordered, delivered, measured or calculated.
pub fn number(app: &App, quantity: Quantity, origin: Origin, at_ms: Option<i64>) -> Markup {
    let words = app.words();
    html! {
        (quantity.html(words)) " "
        span.kind { (origin.word(words)) @if let Some(at) = at_ms { ", " (app.local(at).html(words)) } }
    }
}

/// nL as a volume.
pub fn volume(nl: i64) -> Quantity {
    Quantity::volume_nl(u64::try_from(nl).unwrap_or(0))
}

/// nL a day as a flow.
pub fn flow(nl_per_day: i64) -> Quantity {
    Quantity::flow_nl_per_day(u64::try_from(nl_per_day).unwrap_or(0))
}

/// fg as a mass.
pub fn mass(fg: i64) -> Quantity {
    Quantity::mass_fg(u64::try_from(fg).unwrap_or(0))
}

/// A moment.
pub fn when(app: &App, at_ms: i64) -> Markup {
    app.local(at_ms).html(app.words())
}

/// A moment that may not be known.
pub fn when_or(app: &App, at_ms: Option<i64>, otherwise: &str) -> Markup {
    html! { @match at_ms { Some(at) => (when(app, at)), None => (otherwise) } }
}

/// A day, how far it is, and how that stands: past is a danger, within `soon_days` a caution.
pub fn due(app: &App, at_ms: Option<i64>, soon_days: i64) -> Markup {
    let Some(at) = at_ms else { return status(Level::Unknown, "not known") };
    let left = at - app.clock.now_ms();
    let (level, word) = match left {
        left if left < 0 => (Level::Danger, format!("{} overdue", days(-left))),
        left if left < soon_days * DAY => (Level::Caution, format!("in {}", days(left))),
        left => (Level::Good, format!("in {}", days(left))),
    };
    html! { (app.local(at).date_html(app.words())) " " (status(level, word)) }
}

/// `1 day`, `12 days`.
pub fn days(ms: i64) -> String {
    match ms / DAY {
        1 => "1 day".into(),
        n => format!("{n} days"),
    }
}

/// Tenths as a decimal: 45 is `4.5`.
pub fn tenths(value: i64) -> String {
    pages::quantity::decimal(i128::from(value), 1, 1, pages::Language::English)
}

/// How an alarm's priority is shown.
pub fn priority(level: i64) -> Markup {
    match level {
        3 => status(Level::Danger, "high"),
        2 => status(Level::Caution, "medium"),
        _ => status(Level::Notice, "low"),
    }
}

/// The level of a priority.
pub const fn level_of(priority: i64) -> Level {
    match priority {
        3 => Level::Danger,
        2 => Level::Caution,
        _ => Level::Notice,
    }
}

/// A field that must be filled in.
pub fn field(app: &App, name: &str, label: &str, kind: Kind) -> Markup {
    Field { name, label, kind, ..Field::default() }.html(app.words(), &Problems::default())
}

/// A field with a hint, a value and a unit.
pub fn field_with(app: &App, field: Field<'_>) -> Markup {
    field.html(app.words(), &Problems::default())
}

/// A list to choose from, each value with its word.
pub fn choose(app: &App, name: &str, label: &str, words: &[(&str, &str)], value: &str) -> Markup {
    let choices: Vec<Choice<'_>> = words.iter().map(|(value, word)| Choice::of(value, word)).collect();
    let question = Question { name, label, choices: &choices, value, ..Question::default() };
    question.select(app.words(), &Problems::default())
}

/// A list of words to choose from.
pub fn choose_word(app: &App, name: &str, label: &str, words: &[&str]) -> Markup {
    let pairs: Vec<(&str, &str)> = words.iter().map(|word| (*word, *word)).collect();
    choose(app, name, label, &pairs, "")
}

/// `drug concentration + …` of a mixture.
pub fn mixture(mixture: &orders::Mixture) -> String {
    let parts: Vec<String> = mixture
        .iter()
        .map(|part| {
            let concentration = Quantity::concentration_ng_per_ml(u64::from(part.concentration.get()));
            format!("{} {}", part.drug.name(), concentration.text(pages::Language::English))
        })
        .collect();
    if parts.is_empty() { "no drug".into() } else { parts.join(" + ") }
}
