//! Conversion between routes and drugs: a band of what is published, never one number, and nothing is filled in.

use std::fmt;

use orders::MassRate;
use orders::quantity::{mul_div_ceil, mul_div_floor};

use crate::fields::{Fields, Unusable, Why};
use crate::number::{Confidence, Sourced, Written};

/// So much of one for so much of the other, by weight.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Weights {
    /// Of the first.
    pub from: u32,
    /// Of the second.
    pub to: u32,
}

impl fmt::Display for Weights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.from, self.to)
    }
}

impl Written for Weights {
    fn written(text: &str) -> Result<Self, orders::text::TextError> {
        let number = |part: &str| part.parse::<u32>().ok().filter(|n| *n > 0);
        let parts = text.split_once(':').and_then(|(from, to)| Some((number(from)?, number(to)?)));
        parts.map(|(from, to)| Self { from, to }).ok_or(orders::text::TextError::NoNumber)
    }
}

/// One published ratio.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ratio {
    /// Drug and route.
    pub from: String,
    /// Drug and route.
    pub to: String,
    /// How much of one for how much of the other.
    pub weights: Sourced<Weights>,
}

impl Ratio {
    pub(crate) fn read_all(place: &str, text: &str) -> Result<Vec<Self>, Unusable> {
        let mut fields = Fields::read(place, text)?;
        let ratios = fields.parts("ratio")?.into_iter().map(|mut part| {
            let (from, to) = (part.text("from")?, part.text("to")?);
            let weights: Sourced<Weights> = part.number()?;
            if weights.confidence == Confidence::RecalledLow && weights.reviewer.is_none() {
                return Err(Unusable::at(format!("{place}: {from} to {to}"), Why::Unreviewed));
            }
            Ok(Self { from, to, weights })
        });
        let ratios = ratios.collect::<Result<_, _>>()?;
        fields.end()?;
        Ok(ratios)
    }
}

/// A dose by another route, as far apart as the sources are.
///
/// It has two ends and no middle. It is shown; a clinician types the dose that is chosen, and which ratio was used is
/// kept with it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DoseBand {
    /// The lowest of what the sources give, rounded down.
    pub low: MassRate,
    /// The highest, rounded up.
    pub high: MassRate,
    /// The ratio at the low end.
    pub low_by: Ratio,
    /// The ratio at the high end.
    pub high_by: Ratio,
}

/// Why there is no band.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoBand {
    /// Nothing published is held here.
    #[error("no published ratio from {from} to {to} is held here")]
    Unknown {
        /// Drug and route.
        from: String,
        /// Drug and route.
        to: String,
    },
    /// One number is no band.
    #[error("only one ratio from {from} to {to} is held here; one number is not shown")]
    OneOnly {
        /// Drug and route.
        from: String,
        /// Drug and route.
        to: String,
    },
}

/// What a dose corresponds to, by the ratios published for this pair, read in either direction.
///
/// # Errors
/// [`NoBand`].
//= requirements/formulary.md#bands-never-a-number
//# A conversion between routes MUST show a band and fill in nothing.
pub fn convert(ratios: &[Ratio], from: &str, to: &str, dose: MassRate) -> Result<DoseBand, NoBand> {
    let turned = |ratio: &Ratio| {
        let Weights { from: a, to: b } = ratio.weights.value;
        if ratio.from == from && ratio.to == to {
            Some((a, b))
        } else if ratio.from == to && ratio.to == from {
            Some((b, a))
        } else {
            None
        }
    };
    let mut fitting: Vec<(u32, u32, &Ratio)> =
        ratios.iter().filter_map(|ratio| turned(ratio).map(|(a, b)| (a, b, ratio))).collect();
    fitting.sort_by_key(|(a, b, _)| u64::from(*b) * 1_000_000 / u64::from(*a));
    let (from, to) = (from.to_owned(), to.to_owned());
    let (Some(least), Some(most)) = (fitting.first(), fitting.last()) else {
        return Err(NoBand::Unknown { from, to });
    };
    if least.2.weights.value == most.2.weights.value {
        return Err(NoBand::OneOnly { from, to });
    }
    let low = mul_div_floor(dose.get(), u64::from(least.1), u64::from(least.0)).unwrap_or(0);
    let high = mul_div_ceil(dose.get(), u64::from(most.1), u64::from(most.0)).unwrap_or(u64::MAX);
    Ok(DoseBand {
        low: MassRate::new(low),
        high: MassRate::new(high),
        low_by: least.2.clone(),
        high_by: most.2.clone(),
    })
}

impl fmt::Display for DoseBand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { low, high, low_by, high_by } = self;
        write!(f, "{low} (by {}) to {high} (by {})", low_by.weights, high_by.weights)
    }
}
