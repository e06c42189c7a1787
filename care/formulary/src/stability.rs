//! How long a fluid keeps in the reservoir: the strictest of its drugs, of the mixture, and of what the pharmacy says.

use orders::{Drug, Duration, Mixture};

use crate::fields::{Fields, Unusable};
use crate::library::Formulary;
use crate::number::Sourced;

/// What is known of whole mixtures.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MixtureKeeps {
    measured: Vec<(Vec<Drug>, Sourced<Duration>)>,
    other: Sourced<Duration>,
}

impl MixtureKeeps {
    pub(crate) fn read(place: &str, text: &str) -> Result<Self, Unusable> {
        let mut fields = Fields::read(place, text)?;
        let other = fields.limit("other")?;
        let measured = fields.parts("mixture")?.into_iter().map(|mut part| {
            let names = part.texts("drugs")?;
            let drugs: Option<Vec<Drug>> = names.iter().map(|name| Drug::from_name(name)).collect();
            let why = || crate::fields::Why::Damaged(format!("`{}`: one of these is no drug", names.join(", ")));
            let drugs = drugs.ok_or_else(|| part.trouble("drugs", why()))?;
            Ok((sorted(drugs), part.number()?))
        });
        let measured = measured.collect::<Result<_, _>>()?;
        fields.end()?;
        Ok(Self { measured, other })
    }

    /// What is stated of exactly these drugs together.
    fn of(&self, drugs: &[Drug]) -> Option<&Sourced<Duration>> {
        self.measured.iter().find(|(of, _)| of == drugs).map(|(_, keeps)| keeps)
    }
}

fn sorted(mut drugs: Vec<Drug>) -> Vec<Drug> {
    drugs.sort_unstable();
    drugs
}

/// What else is known of a fill.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Fill {
    /// Whether it is the first of a new pump.
    pub is_first: bool,
    /// Whether a drug was diluted from the strength that is sold.
    pub is_diluted: bool,
    /// What the pharmacy that made it says.
    pub pharmacy: Option<Duration>,
}

/// How long a fill keeps.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cap {
    /// How long.
    pub keeps: Duration,
    /// By what, in words with the source.
    pub by: String,
}

/// Why nobody can say how long a fill keeps.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoCap {
    /// A fluid without drug has no end.
    #[error("there is no drug in it")]
    NoDrug,
    /// The drug cannot be used here.
    #[error(transparent)]
    Entry(#[from] Unusable),
    /// Ziconotide loses strength in mixtures, by how much depends on the other drug.
    #[error("nobody has stated how long ziconotide keeps in this mixture; the pharmacy must state it")]
    PharmacyMustSay,
}

/// The strictest of all that is stated of a fill.
///
/// # Errors
/// [`NoCap`].
pub fn cap(formulary: &Formulary, mixture: &Mixture, fill: Fill) -> Result<Cap, NoCap> {
    let mut stated: Vec<Cap> = Vec::new();
    for component in mixture.iter() {
        let keeps = &formulary.entry(component.drug)?.keeps;
        let by_dilution = keeps.diluted.as_ref().filter(|_| fill.is_diluted).unwrap_or(&keeps.undiluted);
        let by_first = keeps.first_fill.as_ref().filter(|_| fill.is_first);
        for keeps in [Some(by_dilution), by_first].into_iter().flatten() {
            stated.push(Cap { keeps: keeps.value, by: format!("{}: {keeps}", component.drug.name()) });
        }
    }
    if mixture.len() > 1 {
        let drugs = sorted(mixture.iter().map(|c| c.drug).collect());
        let measured = formulary.mixtures().of(&drugs);
        if measured.is_none() && drugs.contains(&Drug::Ziconotide) && fill.pharmacy.is_none() {
            return Err(NoCap::PharmacyMustSay);
        }
        let keeps = measured.unwrap_or(&formulary.mixtures().other);
        stated.push(Cap { keeps: keeps.value, by: format!("the mixture: {keeps}") });
    }
    if let Some(keeps) = fill.pharmacy {
        stated.push(Cap { keeps, by: "what the pharmacy states".to_owned() });
    }
    stated.into_iter().min_by_key(|cap| cap.keeps).ok_or(NoCap::NoDrug)
}
