//! The compounding sheet: what is drawn from which stock, what is weighed, and how much diluent fills it up.
//!
//! Masses are exact. Stock volumes are rounded **down** to what a syringe can show, so that the fluid is never stronger
//! than ordered; by how much it is weaker is told.

use std::fmt;

use orders::{Concentration, Drug, Mass, Mixture, Permille, Volume};

use crate::library::Formulary;

/// What is at hand of one drug.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stock {
    /// A solution of this strength.
    Solution(Concentration),
    /// Powder, or a concentrate made for it: weighed, taken as filling no volume.
    Powder,
}

/// One drug's line of the sheet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// Which drug.
    pub drug: Drug,
    /// Its strength in the fluid, as ordered.
    pub ordered: Concentration,
    /// What must be in the whole fluid: exact.
    pub mass: Mass,
    /// From what.
    pub stock: Stock,
    /// How much to draw; nothing of a powder.
    pub draw: Volume,
    /// How much weaker than ordered the fluid is for what the syringe cannot show, rounded up.
    pub weaker: Permille,
}

/// A fluid made ready to be filled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sheet {
    /// How much fluid.
    pub volume: Volume,
    /// The drugs, the primary first.
    pub lines: Vec<Line>,
    /// What fills it up: saline 0.9 % without preservative.
    pub diluent: Volume,
    /// What the pharmacist should know, each with its source.
    pub notes: Vec<(String, String)>,
}

/// Why a fluid cannot be made so.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CannotMake {
    /// Nothing at hand of a drug.
    #[error("{}: no stock is named; state the strength of the solution, or powder", .0.name())]
    NoStock(Drug),
    /// A stock weaker than the fluid.
    #[error("{}: {needed} cannot be made from a stock of {stock}; it must be compounded from powder or a concentrate", .drug.name())]
    TooWeak {
        /// Which drug.
        drug: Drug,
        /// What the fluid needs.
        needed: Concentration,
        /// What is at hand.
        stock: Concentration,
    },
    /// The stocks together are more than the fluid.
    #[error("the stocks take {stocks} and the whole fluid is {volume}: {} too much", stocks.saturating_sub(*volume))]
    NoRoom {
        /// What the stocks take.
        stocks: Volume,
        /// The fluid.
        volume: Volume,
    },
}

/// The finest that a syringe shows: 0.01 mL.
pub const SYRINGE_STEP: Volume = Volume::new(10_000);

/// Works a sheet out.
///
/// # Errors
/// [`CannotMake`].
pub fn sheet(
    formulary: &Formulary,
    mixture: &Mixture,
    volume: Volume,
    stocks: &[(Drug, Stock)],
    step: Volume,
) -> Result<Sheet, CannotMake> {
    let mut lines = Vec::new();
    let mut notes = Vec::new();
    for component in mixture.iter() {
        let drug = component.drug;
        let stock = stocks.iter().find(|(of, _)| *of == drug).map(|(_, stock)| *stock);
        let stock = stock.ok_or(CannotMake::NoStock(drug))?;
        lines.push(line(drug, component.concentration, volume, stock, step)?);
        if let Ok(entry) = formulary.entry(drug) {
            notes.extend(entry.notes.iter().cloned());
        }
    }
    let drawn = lines.iter().fold(Volume::ZERO, |sum, line| sum.saturating_add(line.draw));
    let diluent = volume.checked_sub(drawn).ok_or(CannotMake::NoRoom { stocks: drawn, volume })?;
    Ok(Sheet { volume, lines, diluent, notes })
}

fn line(drug: Drug, ordered: Concentration, volume: Volume, stock: Stock, step: Volume) -> Result<Line, CannotMake> {
    let mass = volume.mass_at(ordered);
    let Stock::Solution(strength) = stock else {
        return Ok(Line { drug, ordered, mass, stock, draw: Volume::ZERO, weaker: Permille::ZERO });
    };
    let too_weak = CannotMake::TooWeak { drug, needed: ordered, stock: strength };
    if strength < ordered {
        return Err(too_weak);
    }
    let exact = mass.volume_at(strength).ok_or(too_weak)?;
    let draw = Volume::new(step.get().saturating_mul(exact.strokes_floor(step)));
    let missing = mass.saturating_sub(draw.mass_at(strength));
    let weaker = orders::quantity::mul_div_ceil(missing.get(), 1000, mass.get()).unwrap_or(0);
    Ok(Line { drug, ordered, mass, stock, draw, weaker: Permille::new(u16::try_from(weaker).unwrap_or(u16::MAX)) })
}

impl fmt::Display for Sheet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} of fluid", self.volume)?;
        for Line { drug, ordered, mass, stock, draw, weaker } in &self.lines {
            write!(f, "  {:<14} {ordered}, {mass} in all: ", drug.name())?;
            match stock {
                Stock::Solution(strength) => write!(f, "draw {draw} of {strength}")?,
                Stock::Powder => f.write_str("weigh it as powder or take a concentrate made for it")?,
            }
            if !weaker.is_zero() {
                write!(f, " (up to {weaker} weaker than ordered: a syringe shows no less)")?;
            }
            writeln!(f)?;
        }
        writeln!(f, "  {:<14} {} of saline 0.9 % without preservative", "diluent", self.diluent)?;
        self.notes.iter().try_for_each(|(words, source)| writeln!(f, "  {words} ({source})"))
    }
}
