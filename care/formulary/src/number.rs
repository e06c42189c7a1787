//! A number with its source: nothing in a drug's file is a number alone.

use std::fmt;

use orders::text::TextError;
use orders::{Concentration, Duration, FlowRate, Mass, MassRate, Permille, Volume};

/// How sure one may be of a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Confidence {
    /// Read in a copy of the source itself; the source's statement, not a verified truth.
    Read,
    /// Worked out from numbers that are stated.
    Computed,
    /// Known of the source, not read in it; hardly in doubt.
    RecalledHigh,
    /// Known of the source, not read in it.
    RecalledMedium,
    /// Known by hearsay.
    RecalledLow,
    /// Not a fact but a choice, which a clinic may make otherwise.
    Policy,
}

impl Confidence {
    /// Every confidence, the surest first.
    pub const ALL: [Confidence; 6] = [
        Confidence::Read,
        Confidence::Computed,
        Confidence::RecalledHigh,
        Confidence::RecalledMedium,
        Confidence::RecalledLow,
        Confidence::Policy,
    ];

    /// The word in files and on pages.
    pub const fn word(self) -> &'static str {
        match self {
            Confidence::Read => "read",
            Confidence::Computed => "computed",
            Confidence::RecalledHigh => "recalled-high",
            Confidence::RecalledMedium => "recalled-medium",
            Confidence::RecalledLow => "recalled-low",
            Confidence::Policy => "policy",
        }
    }

    /// The confidence of a word; `None` if no confidence has it.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|confidence| confidence.word() == word)
    }
}

/// A value with where it comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// Where it is stated, in words that lead there.
    pub source: String,
    /// How sure one may be.
    pub confidence: Confidence,
    /// Who put their name to a number of low confidence.
    pub reviewer: Option<String>,
}

impl<T: fmt::Display> fmt::Display for Sourced<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, {}", self.value, self.source, self.confidence.word())?;
        match &self.reviewer {
            Some(name) => write!(f, ", reviewed by {name})"),
            None => f.write_str(")"),
        }
    }
}

/// A value that stands in a file as text with its unit.
pub trait Written: Sized {
    /// Reads it exactly, or says what would be right.
    ///
    /// # Errors
    /// [`TextError`]: no number, a unit of another quantity, finer or larger than can be held.
    fn written(text: &str) -> Result<Self, TextError>;
}

macro_rules! written {
    ($($quantity:ty),*) => { $(
        impl Written for $quantity {
            fn written(text: &str) -> Result<Self, TextError> {
                <$quantity>::parse(text)
            }
        }
    )* };
}
written!(Mass, MassRate, Volume, Concentration, FlowRate, Duration, Permille);

/// The size of one change of dose.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// A share of the dose before.
    Share(Permille),
    /// So much per day, whatever the dose before.
    Rate(MassRate),
}

impl Written for Step {
    fn written(text: &str) -> Result<Self, TextError> {
        if text.ends_with('%') { Permille::parse(text).map(Self::Share) } else { MassRate::parse(text).map(Self::Rate) }
    }
}

impl Step {
    /// The most that a dose may change by, rounded down.
    pub fn of(self, before: MassRate) -> MassRate {
        match self {
            Step::Share(share) => {
                let part = orders::quantity::mul_div_floor(before.get(), u64::from(share.get()), 1000);
                MassRate::new(part.unwrap_or(u64::MAX))
            }
            Step::Rate(rate) => rate,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Share(share) => write!(f, "{share} of the dose before"),
            Step::Rate(rate) => rate.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_a_share_of_the_dose_or_a_dose_and_its_unit_says_which() {
        let four = MassRate::parse("4 mg/day").unwrap();
        assert_eq!(Step::written("30 %").unwrap().of(four), MassRate::parse("1.2 mg/day").unwrap());
        assert_eq!(Step::written("0.5 mcg/day").unwrap().of(four), MassRate::parse("0.5 mcg/day").unwrap());
        assert!(Step::written("0.5 mcg").is_err() && Step::written("30").is_err());
    }

    #[test]
    fn what_is_shown_of_a_number_says_where_it_comes_from() {
        let number = Sourced {
            value: Concentration::parse("20 mg/mL").unwrap(),
            source: "a panel".to_owned(),
            confidence: Confidence::RecalledLow,
            reviewer: Some("A. Reviewer".to_owned()),
        };
        assert_eq!(number.to_string(), "20 mg/mL (a panel, recalled-low, reviewed by A. Reviewer)");
    }
}
