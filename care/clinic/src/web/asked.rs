//! A request as handlers see it: who asks, for what, with which entries.
//!
//! An entry that is missing or cannot be read is refused with its name and its value; nothing is guessed and no number is
//! made to fit.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::RangeInclusive;

use axum::body::Bytes;
use axum::http::HeaderMap;

use super::problem::Problem;
use crate::App;
use crate::auth::Person;

/// A file that came with a form.
#[derive(Debug, Clone)]
pub struct Upload {
    /// Its name, as the sender calls it.
    pub name: String,
    /// What it says it is.
    pub media_type: String,
    /// Its bytes.
    pub bytes: Bytes,
}

/// A request.
pub struct Asked {
    /// The clinic.
    pub app: App,
    /// Who asks, if signed in.
    pub person: Option<Person>,
    /// The path as it came.
    pub path: String,
    /// The parts of the path that have names.
    pub parts: BTreeMap<String, String>,
    /// What stands behind the question mark.
    pub query: BTreeMap<String, String>,
    /// The form's entries.
    pub form: BTreeMap<String, String>,
    /// The form's file.
    pub upload: Option<Upload>,
    /// The body as it came, where it is no form.
    pub body: Bytes,
    /// Headers.
    pub headers: HeaderMap,
    /// From where.
    pub address: Option<IpAddr>,
}

impl Asked {
    /// Who asks.
    ///
    /// # Errors
    /// [`Problem::SignIn`] if nobody is signed in; routes that ask for a permission never get here without.
    pub fn me(&self) -> Result<&Person, Problem> {
        self.person.as_ref().ok_or_else(|| Problem::SignIn { then: self.path.clone() })
    }

    /// A named part of the path; the router made sure that it is there.
    pub fn part(&self, name: &str) -> &str {
        self.parts.get(name).map_or("", String::as_str)
    }

    /// An entry behind the question mark, if it is there and not empty.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// A number behind the question mark, or another.
    pub fn query_number(&self, name: &str, otherwise: i64) -> i64 {
        self.query(name).and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    }

    /// A form's entry; empty if it is missing.
    pub fn entry(&self, name: &str) -> &str {
        self.form.get(name).map_or("", |value| value.trim())
    }

    /// A form's entry that must be filled in, of so many characters at most.
    ///
    /// # Errors
    /// [`Problem::Entry`] with its name.
    pub fn text(&self, name: &str, most: usize) -> Result<String, Problem> {
        let value = self.entry(name);
        match value.chars().count() {
            0 => Err(Problem::Entry(format!("“{name}” is empty: fill it in."))),
            length if length > most => {
                Err(Problem::Entry(format!("“{name}” has {length} characters; {most} are the most.")))
            }
            _ => Ok(value.to_owned()),
        }
    }

    /// A form's whole number within bounds. Outside of them it is refused, never made to fit.
    ///
    /// # Errors
    /// [`Problem::Entry`] with name, value and bounds.
    pub fn number(&self, name: &str, bounds: RangeInclusive<i64>) -> Result<i64, Problem> {
        let value = self.entry(name);
        let (low, high) = bounds.clone().into_inner();
        value.parse().ok().filter(|number| bounds.contains(number)).ok_or_else(|| {
            Problem::Entry(format!("“{name}” is {value:?}; it has to be a whole number from {low} to {high}."))
        })
    }

    /// A form's decimal number, in tenths, thousandths or the like: `4.5` with one place is 45.
    ///
    /// # Errors
    /// [`Problem::Entry`] with name, value and bounds.
    pub fn decimal(&self, name: &str, places: u32, bounds: RangeInclusive<i64>) -> Result<i64, Problem> {
        let value = self.entry(name);
        decimal(value, places).filter(|number| bounds.contains(number)).ok_or_else(|| {
            let scale = 10i64.pow(places);
            let show = |number: &i64| format!("{}.{:0width$}", number / scale, number % scale, width = places as usize);
            Problem::Entry(format!(
                "“{name}” is {value:?}; it has to be a number from {} to {} with at most {places} decimal places.",
                show(bounds.start()),
                show(bounds.end())
            ))
        })
    }

    /// A form's entry that must be one of some words.
    ///
    /// # Errors
    /// [`Problem::Entry`] with name, value and the words.
    pub fn one_of<'w>(&self, name: &str, words: &[&'w str]) -> Result<&'w str, Problem> {
        let value = self.entry(name);
        words
            .iter()
            .find(|word| **word == value)
            .copied()
            .ok_or_else(|| Problem::Entry(format!("“{name}” is {value:?}; it has to be one of: {}.", words.join(", "))))
    }

    /// A form's date and time in the clinic's zone (`2027-03-04T09:30`), as ms since 1970.
    ///
    /// # Errors
    /// [`Problem::Entry`] with name and value.
    pub fn moment(&self, name: &str) -> Result<i64, Problem> {
        let value = self.entry(name);
        let wrong = || Problem::Entry(format!("“{name}” is {value:?}; it has to be a date and a time."));
        let local: jiff::civil::DateTime = value.parse().map_err(|_| wrong())?;
        let zoned = local.to_zoned_datetime(self.app.zone.clone()).map_err(|_| wrong())?;
        Ok(zoned.timestamp().as_millisecond())
    }

    /// A form's day.
    ///
    /// # Errors
    /// [`Problem::Entry`] with name and value.
    pub fn day(&self, name: &str) -> Result<jiff::civil::Date, Problem> {
        let value = self.entry(name);
        value.parse().map_err(|_| Problem::Entry(format!("“{name}” is {value:?}; it has to be a date.")))
    }

    /// A header's text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
    }

    /// From where, as text for the lock-out.
    pub fn from(&self) -> String {
        self.address.map_or_else(|| "unknown".into(), |address| address.to_string())
    }
}

/// `4.5` with one place is 45; `None` for anything that is not exactly so.
fn decimal(text: &str, places: u32) -> Option<i64> {
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, part) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(part) || part.len() > places as usize {
        return None;
    }
    let scaled = format!("{whole}{part:0<width$}", width = places as usize);
    scaled.parse::<i64>().ok().map(|number| sign * number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_is_read_exactly_or_not_at_all() {
        assert_eq!(decimal("4.5", 1), Some(45));
        assert_eq!(decimal("4,5", 1), Some(45));
        assert_eq!(decimal("4", 3), Some(4_000));
        assert_eq!(decimal("-0.5", 1), Some(-5));
        for wrong in ["", ".5", "4.55", "4 .5", "1e3", "∞"] {
            assert_eq!(decimal(wrong, 1), None, "{wrong}");
        }
    }
}
