//! What each drug's concentration must be so that one flow gives all their doses, and the other way round.

use orders::{Component, Concentration, Drug, FlowRate, MassRate, Mixture};

/// A dose that a fluid is to give.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DailyDose {
    /// Which drug.
    pub drug: Drug,
    /// How much of it in a day.
    pub dose: MassRate,
}

/// Why no fluid gives these doses.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoFluid {
    /// No flow, so no dose.
    #[error("at a flow of 0 mL/day nothing is given")]
    NoFlow,
    /// More than four drugs, one named twice, or one without a dose.
    #[error("one to four different drugs, each with a dose, make a mixture")]
    NoMixture,
    /// Stronger than the format holds.
    #[error("{}: {dose} at {flow} would need more than {}", .drug.name(), Concentration::MAX)]
    TooStrong {
        /// Which drug.
        drug: Drug,
        /// Its dose.
        dose: MassRate,
        /// The flow.
        flow: FlowRate,
    },
}

/// The concentrations at which `flow` gives these doses, the primary drug first. Each is rounded **down** to whole
/// ng/mL: what is given then is never more than what was asked ([`doses`] tells it exactly).
///
/// # Errors
/// [`NoFluid`].
pub fn mixture(wanted: &[DailyDose], flow: FlowRate) -> Result<Mixture, NoFluid> {
    if wanted.is_empty() {
        return Err(NoFluid::NoMixture);
    }
    let mut components = Vec::with_capacity(wanted.len());
    for DailyDose { drug, dose } in wanted.iter().copied() {
        let needed = dose.get().checked_div(flow.get()).ok_or(NoFluid::NoFlow)?;
        let needed = u32::try_from(needed).map_err(|_| NoFluid::TooStrong { drug, dose, flow })?;
        components.push(Component { drug, concentration: Concentration::new(needed) });
    }
    Mixture::of(&components).ok_or(NoFluid::NoMixture)
}

/// The flow at which a fluid gives a dose of its primary drug, rounded **down** to whole nL/day; `None` without drug.
pub fn flow(mixture: &Mixture, primary: MassRate) -> Option<FlowRate> {
    primary.flow_at(mixture.primary()?.concentration)
}

/// What a flow gives of each drug in a day: exact.
pub fn doses(mixture: &Mixture, flow: FlowRate) -> Vec<DailyDose> {
    mixture.iter().map(|c| DailyDose { drug: c.drug, dose: flow.mass_rate(c.concentration) }).collect()
}
