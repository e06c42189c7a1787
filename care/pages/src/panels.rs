//! Panels, key figures, lists of facts, and what was beside what will be.

use maud::{Markup, Render, html};

use crate::icon::{Icon, icon};
use crate::status::Level;
use crate::words::Words;

/// A part of a page with a heading.
pub fn panel(title: impl Render, body: impl Render) -> Markup {
    html! { section.panel { h2 { (title) } (body) } }
}

/// A part of a page with a heading and something that acts on it.
pub fn panel_with(title: impl Render, acts: impl Render, body: impl Render) -> Markup {
    html! { section.panel { div.panel-head { h2 { (title) } div.row { (acts) } } (body) } }
}

/// Whether a number was ordered, delivered, measured or calculated. A number without it is half a number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Origin {
    /// Asked for by a clinician.
    Ordered,
    /// Counted by the drive.
    Delivered,
    /// Seen by a person or a sensor.
    Measured,
    /// Worked out from the others.
    Calculated,
}

impl Origin {
    /// Its word.
    pub fn word(self, words: &Words) -> String {
        words.say(match self {
            Origin::Ordered => "origin-ordered",
            Origin::Delivered => "origin-delivered",
            Origin::Measured => "origin-measured",
            Origin::Calculated => "origin-calculated",
        })
    }
}

/// One large number with what it is.
#[derive(Clone, Debug)]
pub struct Figure {
    /// What it is.
    pub label: String,
    /// The number with its unit, or a word.
    pub value: Markup,
    /// How it came about; `None` for a word.
    pub origin: Option<Origin>,
    /// A line below: since when, of how much.
    pub note: Markup,
    /// How it stands; `None` when it is only told.
    pub level: Option<Level>,
}

/// Key figures in a row that breaks where it must.
pub fn figures(words: &Words, all: &[Figure]) -> Markup {
    html! {
        dl.figures {
            @for figure in all {
                div class={ "figure-key " (figure.level.map_or("", Level::class)) } {
                    dt { @if let Some(level) = figure.level { (icon(level.icon())) } span { (figure.label) } }
                    dd.figure-value { (figure.value) }
                    dd.figure-note { @if let Some(origin) = figure.origin { span.origin { (origin.word(words)) } " " } (figure.note) }
                }
            }
        }
    }
}

/// Facts as pairs of name and value.
pub fn facts(all: &[(String, Markup)]) -> Markup {
    html! { dl.facts { @for (name, value) in all { div { dt { (name) } dd { (value) } } } } }
}

/// One line of a comparison.
#[derive(Clone, Debug)]
pub struct Change {
    /// What it is.
    pub what: String,
    /// What it was.
    pub old: Markup,
    /// What it will be.
    pub new: Markup,
    /// How much that is, absolute and in percent. Empty where nothing changes.
    pub by: Markup,
    /// Whether it changes.
    pub changes: bool,
    /// How the change stands: a rise beyond a limit is a caution or worse.
    pub level: Option<Level>,
}

/// What was beside what will be, line by line; lines that stay are quiet.
pub fn changes(words: &Words, caption: &str, all: &[Change]) -> Markup {
    let many = all.iter().filter(|change| change.changes).count();
    html! {
        div.table-frame role="region" aria-label=(caption) tabindex="0" {
            table.changes {
                caption { (caption) " " span.badge { (words.say_with("changes-count", &[("n", many.into())])) } }
                thead { tr { th scope="col" { (words.say("changes-what")) } th scope="col" { (words.say("changes-old")) } th scope="col" { (words.say("changes-new")) } th scope="col" { (words.say("changes-by")) } } }
                tbody {
                    @for change in all {
                        tr.stays[!change.changes] {
                            th scope="row" { (change.what) }
                            td data-head=(words.say("changes-old")) { (change.old) }
                            td data-head=(words.say("changes-new")) { @if change.changes { (icon(Icon::Onward)) strong { (change.new) } } @else { (change.new) } }
                            td class=(change.level.map_or("", Level::class)) data-head=(words.say("changes-by")) {
                                @if change.changes { @if let Some(level) = change.level { (icon(level.icon())) } (change.by) } @else { (words.say("changes-none")) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Steps of an act in order, with the one that is on.
pub fn steps(words: &Words, names: &[String], now: usize) -> Markup {
    html! {
        ol.steps aria-label=(words.say_with("steps-label", &[("n", (now + 1).into()), ("of", names.len().into())])) {
            @for (n, name) in names.iter().enumerate() {
                li.is-done[n < now] aria-current=[(n == now).then_some("step")] {
                    span.step-mark { @if n < now { (icon(Icon::Good)) } @else { (n + 1) } }
                    span { (name) @if n < now { span.hidden { " (" (words.say("steps-done")) ")" } } }
                }
            }
        }
    }
}

/// A part that opens.
pub fn more(title: impl Render, body: impl Render) -> Markup {
    html! { details.more { summary { (icon(Icon::Down)) span { (title) } } div { (body) } } }
}
