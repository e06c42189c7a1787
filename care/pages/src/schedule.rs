//! The day's schedule drawn as steps over 24 hours, and edited: by fields with the keyboard, and, where the script runs,
//! by dragging a step's top or border. Dragging only writes into the fields.

use maud::{Markup, html};

use crate::form::Problems;
use crate::icon::{Icon, icon};
use crate::quantity::{Quantity, Unit, decimal};
use crate::ticks;
use crate::words::Words;

/// Minutes in a day.
const DAY_MIN: u32 = 1440;

/// A step of the day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// Minutes after midnight at which it begins.
    pub from_min: u32,
    /// What runs from then, `value` × 10^-`scale` of the day's unit.
    pub rate: Quantity,
}

/// A day's schedule beside the one it may replace.
#[derive(Clone, Debug)]
pub struct Day<'a> {
    /// What it is called: "every day", "Saturday and Sunday".
    pub name: &'a str,
    /// The steps in order, the first at midnight.
    pub steps: &'a [Step],
    /// The steps that run now; empty to draw one schedule alone.
    pub before: &'a [Step],
    /// The total of the day, as the caller worked it out.
    pub total: Quantity,
}

/// The value of a step as a number for drawing.
fn value(step: &Step) -> f64 {
    step.rate.value as f64 / 10f64.powi(i32::try_from(step.rate.scale).unwrap_or(0))
}

/// `06:30`.
fn clock(minutes: u32) -> String {
    format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60)
}

const LEFT: f64 = 52.0;
const TOP: f64 = 24.0;
const BASE: f64 = 176.0;

impl Day<'_> {
    fn most(&self) -> f64 {
        let most = self.steps.iter().chain(self.before).map(value).fold(0.0, f64::max);
        ticks::round(0.0, if most > 0.0 { most } else { 1.0 }, 4).last().copied().unwrap_or(1.0)
    }

    /// The drawing with its legend.
    pub fn html(&self, words: &Words) -> Markup {
        html! {
            figure.chart.schedule {
                figcaption { span.chart-title { (self.name) } span.chart-says { (words.say("schedule-total")) " " (self.total.html(words)) } }
                (self.draw(words, 760.0, 3, "chart-wide"))
                (self.draw(words, 340.0, 6, "chart-narrow"))
                @if !self.before.is_empty() {
                    ul.legend {
                        li { svg.key viewBox="0 0 28 12" aria-hidden="true" { rect class="area" x="1" y="1" width="26" height="10" {} } (words.say("changes-new")) }
                        li { svg.key viewBox="0 0 28 12" aria-hidden="true" { path.before d="M1 6H27" {} } (words.say("changes-old")) }
                    }
                }
            }
        }
    }

    fn draw(&self, words: &Words, width: f64, every: u32, class: &str) -> Markup {
        let most = self.most();
        let end = width - 12.0;
        let x = |minutes: u32| LEFT + f64::from(minutes.min(DAY_MIN)) / f64::from(DAY_MIN) * (end - LEFT);
        let y = |value: f64| BASE - value / most * (BASE - TOP);
        let unit = self.steps.first().map_or("", |step| step.rate.unit.short());
        let marks = ticks::round(0.0, most, 4);
        let step = if let [a, b, ..] = marks[..] { b - a } else { 1.0 };
        let path = |steps: &[Step]| {
            let mut d = String::new();
            for (n, one) in steps.iter().enumerate() {
                let to = steps.get(n + 1).map_or(DAY_MIN, |next| next.from_min);
                d.push_str(&format!(
                    "{}{:.1} {:.1}H{:.1}",
                    if n == 0 { "M" } else { "L" },
                    x(one.from_min),
                    y(value(one)),
                    x(to)
                ));
            }
            d
        };
        let outline = path(self.steps);
        html! {
            svg class={ "plot " (class) } viewBox={ "0 0 " (width) " 206" } aria-hidden="true" focusable="false" data-schedule="" data-left=(LEFT) data-right=(end) data-top=(TOP) data-base=(BASE) data-most=(most) {
                text.axis-name x="2" y="14" { (unit) }
                @for mark in &marks {
                    path.grid d=(format!("M{LEFT} {:.1}H{end}", y(*mark))) {}
                    text.mark-y x=(LEFT - 7.0) y=(format!("{:.1}", y(*mark) + 4.5)) { (ticks::label(*mark, step, words.language())) }
                }
                @if !outline.is_empty() {
                    path.area d=(format!("{outline}V{BASE}H{LEFT}z")) {}
                    path.outline d=(outline) {}
                }
                @if !self.before.is_empty() { path.before d=(path(self.before)) {} }
                path.base d=(format!("M{LEFT} {BASE}H{end}")) {}
                @for hour in (0..=24u32).filter(|hour| hour % every == 0) {
                    path.tick d=(format!("M{:.1} {BASE}v5", x(hour * 60))) {}
                    text.mark-x x=(format!("{:.1}", x(hour * 60))) y=(BASE + 20.0) { (format!("{hour:02}")) }
                }
                @for (n, one) in self.steps.iter().enumerate() {
                    @let to = self.steps.get(n + 1).map_or(DAY_MIN, |next| next.from_min);
                    rect.handle data-step=(n) x=(format!("{:.1}", x(one.from_min))) y=(format!("{:.1}", y(value(one)) - 8.0)) width=(format!("{:.1}", x(to) - x(one.from_min))) height="16" {}
                }
            }
        }
    }

    /// The editor: the drawing, a row of fields for each step, and a button that adds one. Fields are named
    /// `from-0`, `rate-0`, ...; `add` and `take-N` are sent by the buttons.
    pub fn editor(&self, words: &Words, problems: &Problems) -> Markup {
        let unit = self.steps.first().map_or(Unit::One, |step| step.rate.unit);
        html! {
            div.schedule-editor {
                (self.html(words))
                p.hint.needs-script { (words.say("schedule-drag")) }
                table.steps-table {
                    caption { (words.say("schedule-steps")) }
                    thead { tr { th scope="col" { (words.say("schedule-from")) } th scope="col" { (words.say("schedule-rate")) " " span.head-unit dir="ltr" { (unit.short()) } } th scope="col" { span.hidden { (words.say("schedule-take")) } } } }
                    tbody { @for (n, step) in self.steps.iter().enumerate() { (row(words, problems, n, step)) } }
                }
                div.row { button.button type="submit" name="add" value="yes" formnovalidate { (icon(Icon::Add)) span { (words.say("schedule-add")) } } }
            }
        }
    }
}

fn row(words: &Words, problems: &Problems, n: usize, step: &Step) -> Markup {
    let (from, rate) = (format!("from-{n}"), format!("rate-{n}"));
    let typed = decimal(step.rate.value, step.rate.scale, step.rate.scale, words.language());
    let told = |name: &str| problems.of(name).map(|problem| problem.value.clone());
    let wrong = problems.of(&from).or_else(|| problems.of(&rate));
    html! {
        tr {
            td { input id=(from) name=(from) type="time" step="1800" aria-label={ (words.say("schedule-from")) " " (n + 1) } value=(told(&from).unwrap_or_else(|| clock(step.from_min))) readonly[n == 0] aria-invalid=[problems.of(&from).map(|_| "true")] data-from=(n); }
            td { input id=(rate) name=(rate) type="text" inputmode="decimal" dir="ltr" aria-label={ (words.say("schedule-rate")) " " (n + 1) } value=(told(&rate).unwrap_or(typed)) aria-invalid=[problems.of(&rate).map(|_| "true")] data-rate=(n);
                @if let Some(problem) = wrong { p.problem { (icon(Icon::Danger)) span { (problem.why) @if let Some(limit) = &problem.limit { " " (limit) } } } } }
            td { @if n > 0 { button.button.is-quiet type="submit" name={ "take-" (n) } value="yes" formnovalidate aria-label={ (words.say("schedule-take")) " " (clock(step.from_min)) } { (icon(Icon::Close)) } } }
        }
    }
}
