//! What is left in a reservoir thins or strengthens what is filled in.

use orders::{Component, Concentration, Drug, Mixture, Permille, Volume};

/// Above this change of any drug a rinse is offered: 5 %.
pub const RINSE_FROM: Permille = Permille::new(50);

/// One drug of a fill, as it was filled and as it is after mixing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mixed {
    /// Which.
    pub drug: Drug,
    /// In what lay there before.
    pub before: Concentration,
    /// In what was filled.
    pub filled: Concentration,
    /// In the reservoir afterwards, rounded to the nearest ng/mL.
    pub mixed: Concentration,
}

impl Mixed {
    /// By how much it differs from what was filled, in permille of that, rounded to nearest. Of a drug that was not
    /// filled at all: how much of what was there before is left.
    pub fn change(&self) -> i64 {
        let filled = i64::from(self.filled.get());
        let whole = if filled == 0 { i64::from(self.before.get()) } else { filled };
        let difference = i64::from(self.mixed.get()) - filled;
        let half = if difference < 0 { -whole / 2 } else { whole / 2 };
        (1000 * difference + half).checked_div(whole).unwrap_or(0)
    }
}

/// Every drug of a fill and of the residual under it.
pub fn mix(residual: (&Mixture, Volume), fill: (&Mixture, Volume)) -> Vec<Mixed> {
    let whole = residual.1.saturating_add(fill.1);
    let mut drugs: Vec<Drug> = fill.0.iter().map(|c| c.drug).collect();
    drugs.extend(residual.0.iter().map(|c| c.drug).filter(|drug| fill.0.of_drug(*drug).is_none()));
    let of = |drug| {
        let (before, filled) = (residual.0.concentration(drug), fill.0.concentration(drug));
        let mass = residual.1.mass_at(before).saturating_add(fill.1.mass_at(filled));
        let nearest = mass.get().saturating_add(whole.get() / 2).checked_div(whole.get()).unwrap_or(0);
        Mixed { drug, before, filled, mixed: Concentration::new(u32::try_from(nearest).unwrap_or(u32::MAX)) }
    };
    drugs.into_iter().map(of).collect()
}

/// The fluid that results, the fill's primary drug first; `None` if there would be more than four drugs.
pub fn fluid(residual: (&Mixture, Volume), fill: (&Mixture, Volume)) -> Option<Mixture> {
    let mixed = mix(residual, fill);
    let parts = mixed.iter().filter(|m| !m.mixed.is_zero());
    let parts: Vec<_> = parts.map(|m| Component { drug: m.drug, concentration: m.mixed }).collect();
    Mixture::of(&parts)
}

/// Whether any drug differs so much from what was filled that a rinse is offered first.
pub fn rinse_offered(mixed: &[Mixed]) -> bool {
    mixed.iter().any(|m| m.change().unsigned_abs() > u64::from(RINSE_FROM.get()))
}

/// How often a rinse with so much of the new fluid is needed until a last fill differs by no more than 5 %; `None` if
/// ten are not enough.
pub fn rinses_needed(residual: (&Mixture, Volume), rinse: (&Mixture, Volume), fill: Volume) -> Option<u8> {
    let mut left = *residual.0;
    for rinses in 0..=10 {
        let mut mixed = mix((&left, residual.1), (rinse.0, fill));
        // Of a drug that is washed out, what counts is what lay there before the first rinse.
        mixed.iter_mut().for_each(|m| m.before = residual.0.concentration(m.drug));
        if !rinse_offered(&mixed) {
            return Some(rinses);
        }
        left = fluid((&left, residual.1), rinse)?;
    }
    None
}
