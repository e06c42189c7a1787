//! What to do in an emergency, for people who have never seen a pump.

use orders::{Drug, Mixture};

use crate::fields::{Fields, Unusable, Why};

/// One procedure.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Procedure {
    /// Its name, for addresses.
    pub name: String,
    /// What people look for.
    pub title: String,
    /// For which drugs; none for whatever is in the pump.
    pub drugs: Vec<Drug>,
    /// In this order.
    pub steps: Vec<String>,
    /// Where it comes from.
    pub source: String,
}

impl Procedure {
    pub(crate) fn read_all(place: &str, text: &str) -> Result<Vec<Self>, Unusable> {
        let mut fields = Fields::read(place, text)?;
        let procedures = fields.parts("procedure")?.into_iter().map(|mut part| {
            let names = part.texts("drugs")?;
            let drugs: Option<Vec<Drug>> = names.iter().map(|name| Drug::from_name(name)).collect();
            let why = || Why::Damaged(format!("`{}`: one of these is no drug", names.join(", ")));
            let drugs = drugs.ok_or_else(|| part.trouble("drugs", why()))?;
            let procedure = Self {
                name: part.text("name")?,
                title: part.text("title")?,
                drugs,
                steps: part.texts("steps")?,
                source: part.text("source")?,
            };
            part.end()?;
            Ok(procedure)
        });
        let procedures = procedures.collect::<Result<_, _>>()?;
        fields.end()?;
        Ok(procedures)
    }

    /// Whether it is about a fluid like this.
    pub fn is_about(&self, mixture: &Mixture) -> bool {
        self.drugs.is_empty() || self.drugs.iter().any(|drug| mixture.of_drug(*drug).is_some())
    }
}
