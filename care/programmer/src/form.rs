//! What was typed, read exactly or told back in the very words with the reason why it cannot be taken.

use std::collections::BTreeMap;

use formulary::number::Written;
use pages::form::{Problem, Problems};

/// The fields of a form, as they were typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fields(pub(crate) BTreeMap<String, String>);

impl Fields {
    /// What stands in a field, without blanks around it; empty where it is not there.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |text| text.trim())
    }

    /// Whether a box is ticked.
    pub(crate) fn ticked(&self, name: &str) -> bool {
        self.text(name) == "yes"
    }

    /// Puts a text into a field.
    pub(crate) fn set(&mut self, name: impl Into<String>, text: impl Into<String>) {
        self.0.insert(name.into(), text.into());
    }
}

/// Reads a form and gathers what is wrong with it.
pub(crate) struct Reader<'a> {
    /// What was typed.
    pub(crate) fields: &'a Fields,
    /// What is wrong.
    pub(crate) problems: Problems,
}

impl<'a> Reader<'a> {
    /// Nothing is wrong yet.
    pub(crate) fn of(fields: &'a Fields) -> Self {
        Self { fields, problems: Problems::default() }
    }

    /// Notes what is wrong with a field.
    pub(crate) fn wrong(&mut self, name: &str, label: &str, why: impl Into<String>) {
        let value = self.fields.text(name).to_owned();
        self.problems.0.push(Problem {
            field: name.to_owned(),
            label: label.to_owned(),
            value,
            limit: None,
            why: why.into(),
        });
    }

    /// A text that must be there.
    pub(crate) fn needed(&mut self, name: &str, label: &str) -> Option<&'a str> {
        let text = self.fields.text(name);
        if text.is_empty() {
            self.wrong(name, label, "is blank; it must be filled in");
            return None;
        }
        Some(text)
    }

    /// A quantity with its unit that must be there.
    pub(crate) fn quantity<T: Written>(&mut self, name: &str, label: &str) -> Option<T> {
        let text = self.needed(name, label)?;
        match T::written(text) {
            Ok(value) => Some(value),
            Err(why) => {
                self.wrong(name, label, why.to_string());
                None
            }
        }
    }

    /// A quantity that may be left blank.
    pub(crate) fn optional<T: Written>(&mut self, name: &str, label: &str) -> Option<T> {
        if self.fields.text(name).is_empty() { None } else { self.quantity(name, label) }
    }

    /// A whole number that must be there.
    pub(crate) fn count<T: std::str::FromStr>(&mut self, name: &str, label: &str) -> Option<T> {
        let text = self.needed(name, label)?;
        let number = text.parse().ok();
        if number.is_none() {
            self.wrong(name, label, "is not a whole number that fits here");
        }
        number
    }

    /// A box that must be ticked.
    pub(crate) fn must_tick(&mut self, name: &str, label: &str, why: &str) -> bool {
        let ticked = self.fields.ticked(name);
        if !ticked {
            self.wrong(name, label, why);
        }
        ticked
    }

    /// Whether nothing is wrong.
    pub(crate) fn is_good(&self) -> bool {
        self.problems.0.is_empty()
    }
}
