//! Files that people write: orders and device profiles in TOML, with quantities as people write them.
//!
//! A file is read whole or refused with the line, the field, the value and what would be right. Nothing is rounded
//! silently: where a dose becomes a flow that the drive can do, the difference is told ([`order::OrderFile::notes`]).

pub mod device;
pub mod order;

use serde::de::{Deserialize, Deserializer, Error as _};

/// Why a file cannot be used, ready to be shown.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum FileError {
    /// Not to be opened.
    #[error("{path}: {why}")]
    Open {
        /// Which file.
        path: String,
        /// What the system says.
        why: String,
    },
    /// Not TOML, an unknown or missing field, or a value that cannot be read.
    #[error("{path}: {why}")]
    Read {
        /// Which file.
        path: String,
        /// Line, field and what would be right.
        why: String,
    },
    /// Read, but it cannot mean an order or a device.
    #[error("{path}: {field}: {why}")]
    Meaning {
        /// Which file.
        path: String,
        /// Which field.
        field: String,
        /// What is wrong with which value, and what would be right.
        why: String,
    },
}

/// Reads a whole file as text.
///
/// # Errors
/// [`FileError::Open`].
pub fn text_of(path: &std::path::Path) -> Result<String, FileError> {
    std::fs::read_to_string(path)
        .map_err(|why| FileError::Open { path: path.display().to_string(), why: why.to_string() })
}

/// A quantity that a person wrote as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written<T>(pub T);

macro_rules! written {
    ($($quantity:ty, $example:literal;)*) => { $(
        impl<'de> Deserialize<'de> for Written<$quantity> {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = String::deserialize(from)?;
                <$quantity>::parse(&text)
                    .map(Written)
                    .map_err(|why| D::Error::custom(format!("{text:?}: {why} (for example {:?})", $example)))
            }
        }
    )* };
}

written! {
    orders::Mass, "0.25 mg";
    orders::MassRate, "240 mcg/day";
    orders::Volume, "20 mL";
    orders::FlowRate, "0.25 mL/day";
    orders::Concentration, "20 mg/mL";
    orders::Duration, "4 h";
    orders::Permille, "5 %";
}

/// Reads a mixture as it is shown: `4 mg/mL morphine, 1 mg/mL bupivacaine`; no text is fluid without drug.
///
/// # Errors
/// The part and what is wrong with it.
pub fn mixture(text: &str) -> Result<orders::Mixture, String> {
    let mut parts = Vec::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (concentration, name) = part.rsplit_once(' ').ok_or_else(|| {
            format!("{part:?}: a concentration and a drug were expected, such as \"4 mg/mL morphine\"")
        })?;
        let drug = orders::Drug::from_name(name).ok_or_else(|| unknown_drug(name))?;
        let concentration = orders::Concentration::parse(concentration)
            .map_err(|why| format!("{concentration:?}: {why} (for example \"4 mg/mL\")"))?;
        parts.push(orders::mixture::Component { drug, concentration });
    }
    orders::Mixture::of(&parts).ok_or_else(|| format!("{text:?}: at most four drugs, each named once"))
}

fn unknown_drug(name: &str) -> String {
    let names: Vec<_> = orders::Drug::ALL.iter().map(|drug| drug.name()).collect();
    format!("{name:?}: unknown drug; known are {}", names.join(", "))
}

/// A clock time `HH:MM` as minutes from midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClockTime {
    /// Minutes from midnight, 0 to 1439.
    pub minutes: u16,
}

impl ClockTime {
    /// Reads `08:30`.
    pub fn parse(text: &str) -> Option<Self> {
        let (hours, minutes) = text.split_once(':')?;
        if hours.len() != 2 || minutes.len() != 2 {
            return None;
        }
        let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
        (hours < 24 && minutes < 60).then_some(Self { minutes: hours * 60 + minutes })
    }
}

impl<'de> Deserialize<'de> for ClockTime {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text)
            .ok_or_else(|| D::Error::custom(format!("{text:?}: a clock time such as \"08:30\" was expected")))
    }
}

/// A drug by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DrugName(pub orders::Drug);

impl<'de> Deserialize<'de> for DrugName {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        orders::Drug::from_name(&text).map(DrugName).ok_or_else(|| D::Error::custom(unknown_drug(&text)))
    }
}
