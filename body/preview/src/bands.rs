//! What is shown, and where a population lies.

use orders::Drug;
use patient::body::{Body, Probe};
use patient::drug::{Action, Drug as Known};
use patient::effects::Felt;

use crate::acts;

/// One quantity over time: one in twenty below the low line, one in twenty above the high one.
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    /// What.
    pub quantity: String,
    /// In what unit.
    pub unit: &'static str,
    /// 5th of 100, for each time.
    pub q05: Vec<f64>,
    /// The middle.
    pub q50: Vec<f64>,
    /// 95th of 100.
    pub q95: Vec<f64>,
}

/// A quantity that can be read.
#[derive(Debug, Clone)]
pub struct Quantity {
    name: String,
    unit: &'static str,
    from: From,
}

#[derive(Debug, Clone, Copy)]
enum From {
    Felt(fn(&Felt) -> f64),
    /// Of a drug, by its number, in CSF at the tip.
    Level(usize),
}

impl Quantity {
    fn felt(name: &str, unit: &'static str, read: fn(&Felt) -> f64) -> Self {
        Self { name: name.into(), unit, from: From::Felt(read) }
    }

    /// Reads it now; not a number where nobody feels anything.
    pub fn read(&self, body: &Body, probes: &[Probe]) -> f64 {
        match self.from {
            From::Felt(read) => body.felt().as_ref().map_or(f64::NAN, read),
            From::Level(drug) => probes.get(drug).map_or(f64::NAN, |probe| 1000.0 * body.read(*probe)),
        }
    }
}

/// What these drugs can change.
pub fn quantities(known: &[(Drug, Known)]) -> Vec<Quantity> {
    let mut all = Vec::new();
    let mut felt = |is_shown: bool, name, unit, read| {
        if is_shown {
            all.push(Quantity::felt(name, unit, read));
        }
    };
    felt(acts(known, Action::Analgesia), "pain", "points of 10", |f| f.pain);
    felt(acts(known, Action::Spasticity), "spasticity", "points of 4", |f| f.spasticity);
    felt(true, "breathing", "breaths/min", |f| f.breaths_per_min);
    felt(true, "sedation", "1", |f| f.sedation);
    felt(acts(known, Action::MotorBlock), "motor block", "points of 3", |f| f.motor_block);
    felt(acts(known, Action::Pressure), "blood pressure", "mmHg", |f| f.pressure);
    felt(known.iter().any(|(_, drug)| drug.withdrawal.is_some()), "withdrawal", "1", |f| f.withdrawal);
    for (number, (drug, _)) in known.iter().enumerate() {
        all.push(Quantity { name: format!("{} at the tip", drug.name()), unit: "ng/mL", from: From::Level(number) });
    }
    all
}

/// The bands of some lives: each a row for each quantity, an entry for each time.
pub fn of<'l>(quantities: &[Quantity], lives: impl Iterator<Item = &'l Vec<Vec<f64>>>) -> Vec<Band> {
    let lives: Vec<&Vec<Vec<f64>>> = lives.collect();
    let mut bands = Vec::new();
    for (row, quantity) in quantities.iter().enumerate() {
        let times = lives.first().and_then(|life| life.get(row)).map_or(0, Vec::len);
        let mut band = Band {
            quantity: quantity.name.clone(),
            unit: quantity.unit,
            q05: Vec::new(),
            q50: Vec::new(),
            q95: Vec::new(),
        };
        for time in 0..times {
            let mut values: Vec<f64> = lives.iter().filter_map(|life| life.get(row)?.get(time).copied()).collect();
            values.sort_by(f64::total_cmp);
            band.q05.push(quantile(&values, 0.05));
            band.q50.push(quantile(&values, 0.50));
            band.q95.push(quantile(&values, 0.95));
        }
        bands.push(band);
    }
    bands
}

/// The value below which a share of rising values lies, straight between neighbours.
fn quantile(values: &[f64], share: f64) -> f64 {
    let at = share * (values.len().max(1) - 1) as f64;
    let low = values.get(at as usize).copied().unwrap_or(f64::NAN);
    let high = values.get(at as usize + 1).copied().unwrap_or(low);
    low + (at - (at as usize) as f64) * (high - low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_neighbours_and_one_person_is_their_own_band() {
        assert_eq!(quantile(&[1.0, 2.0, 3.0], 0.5), 2.0);
        assert_eq!(quantile(&[1.0, 2.0], 0.5), 1.5);
        assert_eq!([quantile(&[7.0], 0.05), quantile(&[7.0], 0.95)], [7.0, 7.0]);
    }
}
