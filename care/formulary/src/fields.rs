//! Reading a drug's file: each value is taken by name, and what nobody took is refused.

use orders::text::TextError;

use crate::number::{Confidence, Sourced, Written};

/// Why an entry, or a part of it, cannot be used: where, and what is wrong.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{place}: {why}")]
pub struct Unusable {
    /// The file and the field.
    pub place: String,
    /// What is wrong there.
    pub why: Why,
}

/// What is wrong with an entry.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Why {
    /// A field is not there.
    #[error("is missing")]
    Missing,
    /// A field that no entry has.
    #[error("is not a field of an entry; is it misspelt?")]
    Unknown,
    /// Not TOML, or a value of another kind.
    #[error("cannot be read: {0}")]
    Damaged(String),
    /// Not the quantity that belongs there.
    #[error("`{text}`: {error}")]
    Quantity {
        /// What stands there.
        text: String,
        /// What is wrong with it.
        error: TextError,
    },
    /// A number without a source.
    #[error("has no source; state where the number comes from")]
    NoSource,
    /// A number without a confidence.
    #[error("has no confidence; state read, computed, recalled-high, recalled-medium, recalled-low or policy")]
    NoConfidence,
    /// A guess that would serve as a limit.
    #[error("is of low confidence and serves as a limit; a reviewer must put their name to it")]
    Unreviewed,
    /// A soft limit beyond the hard one, or a band that is upside down.
    #[error("the soft limit lies beyond the hard one, or the low end above the high one")]
    UpsideDown,
    /// Nobody signed it, or nobody who is trusted.
    #[error("is not signed by anyone who may release entries here")]
    Unsigned,
    /// An edition before the one in use.
    #[error("edition {offered} is older than edition {in_use}, which is in use")]
    Older {
        /// The edition offered.
        offered: u32,
        /// The edition in use.
        in_use: u32,
    },
}

impl Unusable {
    pub(crate) fn at(place: impl Into<String>, why: Why) -> Self {
        Self { place: place.into(), why }
    }
}

/// A table of a file whose fields are taken out one by one.
pub(crate) struct Fields {
    place: String,
    left: toml::Table,
}

impl Fields {
    pub(crate) fn read(place: &str, text: &str) -> Result<Self, Unusable> {
        let left = text
            .parse()
            .map_err(|why: toml::de::Error| Unusable::at(place, Why::Damaged(why.message().trim().to_owned())))?;
        Ok(Self { place: place.to_owned(), left })
    }

    pub(crate) fn trouble(&self, key: &str, why: Why) -> Unusable {
        Unusable::at(self.inner(key), why)
    }

    fn inner(&self, key: &str) -> String {
        let gap = if self.place.ends_with(".toml") { ": " } else { "." };
        format!("{}{gap}{key}", self.place)
    }

    fn take(&mut self, key: &str) -> Result<toml::Value, Unusable> {
        self.left.remove(key).ok_or_else(|| self.trouble(key, Why::Missing))
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.left.contains_key(key)
    }

    pub(crate) fn text(&mut self, key: &str) -> Result<String, Unusable> {
        match self.take(key)? {
            toml::Value::String(text) if !text.trim().is_empty() => Ok(text),
            _ => Err(self.trouble(key, Why::Damaged("a text was expected".to_owned()))),
        }
    }

    pub(crate) fn count(&mut self, key: &str) -> Result<u32, Unusable> {
        let value = self.take(key)?.as_integer().and_then(|n| u32::try_from(n).ok());
        value.ok_or_else(|| self.trouble(key, Why::Damaged("a whole number was expected".to_owned())))
    }

    pub(crate) fn texts(&mut self, key: &str) -> Result<Vec<String>, Unusable> {
        let value = self.take(key)?;
        let texts = value.as_array().and_then(|all| all.iter().map(|t| t.as_str().map(str::to_owned)).collect());
        texts.ok_or_else(|| self.trouble(key, Why::Damaged("a list of texts was expected".to_owned())))
    }

    pub(crate) fn part(&mut self, key: &str) -> Result<Fields, Unusable> {
        match self.take(key)? {
            toml::Value::Table(left) => Ok(Fields { place: self.inner(key), left }),
            _ => Err(self.trouble(key, Why::Damaged("a table was expected".to_owned()))),
        }
    }

    /// The tables of a list; none if the list is not there.
    pub(crate) fn parts(&mut self, key: &str) -> Result<Vec<Fields>, Unusable> {
        let list = match self.left.remove(key) {
            None => return Ok(Vec::new()),
            Some(toml::Value::Array(list)) => list,
            Some(_) => return Err(self.trouble(key, Why::Damaged("a list was expected".to_owned()))),
        };
        let part = |(number, value)| match value {
            toml::Value::Table(left) => Ok(Fields { place: format!("{}[{number}]", self.inner(key)), left }),
            _ => Err(self.trouble(key, Why::Damaged("a list of tables was expected".to_owned()))),
        };
        list.into_iter().enumerate().map(part).collect()
    }

    /// This table as one number with its source.
    pub(crate) fn number<T: Written>(mut self) -> Result<Sourced<T>, Unusable> {
        let text = self.text("value")?;
        let value = T::written(&text)
            .map_err(|error| Unusable::at(self.place.clone(), Why::Quantity { text: text.clone(), error }))?;
        //= requirements/formulary.md#every-number-has-a-source
        //# Every number of a drug MUST carry its source and its confidence.
        let source = self.text("source").map_err(|_| Unusable::at(self.place.clone(), Why::NoSource))?;
        let word = self.text("confidence").unwrap_or_default();
        let confidence =
            Confidence::of_word(&word).ok_or_else(|| Unusable::at(self.place.clone(), Why::NoConfidence))?;
        let reviewer = if self.has("reviewer") { Some(self.text("reviewer")?) } else { None };
        self.end()?;
        Ok(Sourced { value, source, confidence, reviewer })
    }

    pub(crate) fn sourced<T: Written>(&mut self, key: &str) -> Result<Sourced<T>, Unusable> {
        self.part(key)?.number()
    }

    pub(crate) fn sourced_if_there<T: Written>(&mut self, key: &str) -> Result<Option<Sourced<T>>, Unusable> {
        if self.has(key) { self.sourced(key).map(Some) } else { Ok(None) }
    }

    /// A number that serves as a limit.
    pub(crate) fn limit<T: Written>(&mut self, key: &str) -> Result<Sourced<T>, Unusable> {
        let number: Sourced<T> = self.sourced(key)?;
        //= requirements/formulary.md#every-number-has-a-source
        //# A number of low confidence MUST NOT serve as a limit without a reviewer's name.
        if number.confidence == Confidence::RecalledLow && number.reviewer.is_none() {
            return Err(self.trouble(key, Why::Unreviewed));
        }
        Ok(number)
    }

    /// Refuses what nobody has taken: a misspelt field is not a missing one.
    pub(crate) fn end(self) -> Result<(), Unusable> {
        match self.left.keys().next() {
            None => Ok(()),
            Some(key) => Err(self.trouble(key, Why::Unknown)),
        }
    }
}
