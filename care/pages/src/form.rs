//! Forms: every field with its label, its hint, its unit, and what was wrong with it. Nothing that was typed is lost:
//! a form that comes back shows the very text that was sent, beside the reason why it cannot be taken.

use maud::{Markup, Render, html};

use crate::icon::{Icon, icon};
use crate::words::Words;

/// What is wrong with one field.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Problem {
    /// The field's name.
    pub field: String,
    /// Its label, for the list at the head of the form.
    pub label: String,
    /// What was typed.
    pub value: String,
    /// The limit with its unit, where there is one.
    pub limit: Option<String>,
    /// Why it cannot be taken, and what would be.
    pub why: String,
}

/// All that is wrong with a form.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// What is wrong with a field.
    pub fn of(&self, field: &str) -> Option<&Problem> {
        self.0.iter().find(|problem| problem.field == field)
    }

    /// The list at the head of the form, each entry a link to its field. Empty when nothing is wrong.
    pub fn summary(&self, words: &Words) -> Markup {
        html! {
            @if !self.0.is_empty() {
                div.problems role="alert" tabindex="-1" data-focus="" {
                    h2 { (icon(Icon::Danger)) span { (words.say_with("form-problems", &[("n", self.0.len().into())])) } }
                    ul {
                        @for problem in &self.0 {
                            li { a href={ "#" (problem.field) } { (problem.label) } ": " (told(words, problem)) }
                        }
                    }
                }
            }
        }
    }
}

fn told(words: &Words, problem: &Problem) -> Markup {
    html! {
        @if !problem.value.is_empty() { span.problem-value { (words.say_with("form-you-entered", &[("value", problem.value.as_str().into())])) } " " }
        span.problem-why { (problem.why) }
        @if let Some(limit) = &problem.limit { " " span.problem-limit { (words.say_with("form-limit", &[("limit", limit.as_str().into())])) } }
    }
}

/// What is typed into a field.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Kind {
    /// A line of text.
    #[default]
    Text,
    /// A number with decimals, shown with the keypad for it.
    Decimal,
    /// A whole number.
    Whole,
    /// A day.
    Date,
    /// A time of day.
    Time,
    /// A day and a time.
    DateTime,
    /// A password.
    Password,
    /// A mail address.
    Email,
    /// A telephone number.
    Telephone,
    /// Several lines.
    Lines,
}

impl Kind {
    const fn input(self) -> (&'static str, Option<&'static str>) {
        match self {
            // A number field would drop what it cannot read and turn with the wheel; text with a keypad loses nothing.
            Kind::Text | Kind::Lines => ("text", None),
            Kind::Decimal => ("text", Some("decimal")),
            Kind::Whole => ("text", Some("numeric")),
            Kind::Date => ("date", None),
            Kind::Time => ("time", None),
            Kind::DateTime => ("datetime-local", None),
            Kind::Password => ("password", None),
            Kind::Email => ("email", None),
            Kind::Telephone => ("tel", None),
        }
    }
}

/// A field that is typed into.
#[derive(Clone, Copy, Debug, Default)]
pub struct Field<'a> {
    /// Its name in the form, which is its id too.
    pub name: &'a str,
    /// What it asks for.
    pub label: &'a str,
    /// What helps to answer: where the number stands, what is usual.
    pub hint: Option<&'a str>,
    /// What stands behind it.
    pub unit: Option<&'a str>,
    /// What is typed.
    pub kind: Kind,
    /// What it holds.
    pub value: &'a str,
    /// Whether it may stay blank.
    pub optional: bool,
    /// What browsers may fill in (`autocomplete`).
    pub autocomplete: Option<&'a str>,
    /// Most characters it takes.
    pub longest: Option<u32>,
}

impl Field<'_> {
    /// The field, with what is wrong with it.
    pub fn html(&self, words: &Words, problems: &Problems) -> Markup {
        let problem = problems.of(self.name);
        let described = described_by(self.name, self.hint.is_some(), problem.is_some());
        let (input, keypad) = self.kind.input();
        html! {
            div.field.has-problem[problem.is_some()] {
                (head(words, self.name, self.label, self.hint, self.optional))
                @if let Some(problem) = problem { (wrong(words, problem)) }
                div.control {
                    @if self.kind == Kind::Lines {
                        textarea id=(self.name) name=(self.name) rows="4" required[!self.optional] aria-describedby=[described] aria-invalid=[problem.map(|_| "true")] maxlength=[self.longest] { (self.value) }
                    } @else {
                        input id=(self.name) name=(self.name) type=(input) inputmode=[keypad] value=(self.value) required[!self.optional]
                            autocomplete=[self.autocomplete] aria-describedby=[described] aria-invalid=[problem.map(|_| "true")] maxlength=[self.longest]
                            dir=[keypad.map(|_| "ltr")];
                    }
                    @if let Some(unit) = self.unit { span.unit dir="ltr" { (unit) } }
                }
            }
        }
    }
}

fn head(words: &Words, name: &str, label: &str, hint: Option<&str>, optional: bool) -> Markup {
    html! {
        label for=(name) { (label) @if optional { " " span.optional { (words.say("form-optional")) } } }
        @if let Some(hint) = hint { p.hint id={ (name) "-hint" } { (hint) } }
    }
}

fn wrong(words: &Words, problem: &Problem) -> Markup {
    html! { p.problem id={ (problem.field) "-problem" } { (icon(Icon::Danger)) span { (told(words, problem)) } } }
}

fn described_by(name: &str, hint: bool, problem: bool) -> Option<String> {
    match (hint, problem) {
        (false, false) => None,
        (true, false) => Some(format!("{name}-hint")),
        (false, true) => Some(format!("{name}-problem")),
        (true, true) => Some(format!("{name}-hint {name}-problem")),
    }
}

/// One of several answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice<'a> {
    /// What is sent.
    pub value: &'a str,
    /// What is read.
    pub label: &'a str,
    /// A line below it.
    pub hint: Option<&'a str>,
}

impl<'a> Choice<'a> {
    /// An answer without a line below it.
    pub const fn of(value: &'a str, label: &'a str) -> Choice<'a> {
        Choice { value, label, hint: None }
    }
}

/// A question with several answers of which one is taken.
#[derive(Clone, Copy, Debug, Default)]
pub struct Question<'a> {
    /// Its name in the form.
    pub name: &'a str,
    /// What is asked.
    pub label: &'a str,
    /// What helps to answer.
    pub hint: Option<&'a str>,
    /// The answers.
    pub choices: &'a [Choice<'a>],
    /// The one that is taken; empty for none.
    pub value: &'a str,
    /// Whether it may stay unanswered.
    pub optional: bool,
}

impl Question<'_> {
    /// As a list that opens: for more answers than fit on a screen.
    pub fn select(&self, words: &Words, problems: &Problems) -> Markup {
        let problem = problems.of(self.name);
        let described = described_by(self.name, self.hint.is_some(), problem.is_some());
        html! {
            div.field.has-problem[problem.is_some()] {
                (head(words, self.name, self.label, self.hint, self.optional))
                @if let Some(problem) = problem { (wrong(words, problem)) }
                div.control {
                    select id=(self.name) name=(self.name) required[!self.optional] aria-describedby=[described] aria-invalid=[problem.map(|_| "true")] {
                        option value="" selected[self.value.is_empty()] { (words.say("form-choose")) }
                        @for choice in self.choices { option value=(choice.value) selected[choice.value == self.value] { (choice.label) } }
                    }
                }
            }
        }
    }

    /// All answers in sight, one can be taken.
    pub fn radios(&self, words: &Words, problems: &Problems) -> Markup {
        self.set(words, problems, "radio", &|value| value == self.value)
    }

    /// All answers in sight in a row, as for a scale of pain. The first and last label stand below the ends.
    pub fn scale(&self, words: &Words, problems: &Problems, least: &str, most: &str) -> Markup {
        let problem = problems.of(self.name);
        html! {
            fieldset.field.scale.has-problem[problem.is_some()] {
                (self.legend(words))
                @if let Some(problem) = problem { (wrong(words, problem)) }
                div.scale-row {
                    @for (n, choice) in self.choices.iter().enumerate() {
                        label.scale-step {
                            input id=[(n == 0).then_some(self.name)] type="radio" name=(self.name) value=(choice.value) checked[choice.value == self.value] required[!self.optional];
                            span { (choice.label) }
                        }
                    }
                }
                div.scale-ends { span { (least) } span { (most) } }
            }
        }
    }

    fn legend(&self, words: &Words) -> Markup {
        html! {
            legend { (self.label) @if self.optional { " " span.optional { (words.say("form-optional")) } } }
            @if let Some(hint) = self.hint { p.hint { (hint) } }
        }
    }

    fn set(&self, words: &Words, problems: &Problems, kind: &str, taken: &dyn Fn(&str) -> bool) -> Markup {
        let problem = problems.of(self.name);
        html! {
            fieldset.field.has-problem[problem.is_some()] {
                (self.legend(words))
                @if let Some(problem) = problem { (wrong(words, problem)) }
                div.choices {
                    @for (n, choice) in self.choices.iter().enumerate() {
                        label.choice {
                            input id=[(n == 0).then_some(self.name)] type=(kind) name=(self.name) value=(choice.value) checked[taken(choice.value)] required[kind == "radio" && !self.optional];
                            span.choice-text { span.choice-label { (choice.label) } @if let Some(hint) = choice.hint { span.hint { (hint) } } }
                        }
                    }
                }
            }
        }
    }
}

/// A question of which several answers may be taken.
pub fn checkboxes(words: &Words, problems: &Problems, question: &Question<'_>, taken: &[&str]) -> Markup {
    Question { optional: true, ..*question }.set(words, problems, "checkbox", &|value| taken.contains(&value))
}

/// One thing to agree to or to have done.
pub fn tick(name: &str, label: impl Render, ticked: bool) -> Markup {
    html! { label.choice { input id=(name) type="checkbox" name=(name) value="yes" checked[ticked]; span.choice-text { span.choice-label { (label) } } } }
}

/// A value that goes with the form unseen, such as the token that makes a repeat harmless.
pub fn unseen(name: &str, value: &str) -> Markup {
    html! { input type="hidden" name=(name) value=(value); }
}

/// A form that changes something. The script sends it once however often it is pressed; the server must take a repeat
/// as one all the same, by the token in it.
pub fn form(action: &str, body: impl Render) -> Markup {
    html! { form.form method="post" action=(action) novalidate data-once="" { (body) } }
}

/// A box to search in, above what it searches.
pub fn search(words: &Words, action: &str, name: &str, label: &str, value: &str) -> Markup {
    html! {
        form.search role="search" method="get" action=(action) {
            label.hidden for={ "search-" (name) } { (label) }
            (icon(Icon::Search))
            input id={ "search-" (name) } type="search" name=(name) value=(value) placeholder=(label) autocomplete="off";
            button.button type="submit" { (words.say("search")) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Catalogue, Language};

    #[test]
    fn a_form_that_comes_back_keeps_what_was_typed_and_tells_value_limit_and_reason() {
        let all = Catalogue::new(&[], &[]).unwrap();
        let words = all.of(Language::English);
        let problems = Problems(vec![Problem {
            field: "rate".to_owned(),
            label: "Rate".to_owned(),
            value: "12,5 <b>".to_owned(),
            limit: Some("24 mL/day".to_owned()),
            why: "is not a number".to_owned(),
        }]);
        let field = Field { name: "rate", label: "Rate", value: "12,5 <b>", kind: Kind::Decimal, ..Field::default() };
        let html = field.html(words, &problems).into_string();
        assert!(html.contains("value=\"12,5 &lt;b&gt;\"") && html.contains("aria-invalid=\"true\""));
        assert!(html.contains("aria-describedby=\"rate-problem\"") && html.contains("24 mL/day"));
        assert!(problems.summary(words).into_string().contains("href=\"#rate\""));
        assert_eq!(Problems::default().summary(words).into_string(), "");
    }

    #[test]
    fn a_number_is_typed_as_text_so_that_no_browser_drops_or_turns_it() {
        let all = Catalogue::new(&[], &[]).unwrap();
        let field = Field { name: "dose", label: "Dose", kind: Kind::Decimal, ..Field::default() };
        let html = field.html(all.of(Language::English), &Problems::default()).into_string();
        assert!(html.contains("inputmode=\"decimal\"") && !html.contains("type=\"number\""));
    }
}
