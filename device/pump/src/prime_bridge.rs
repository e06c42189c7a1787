//! Prime and bridge, worked out from the ledger and compared with what the asker worked out.
//!
//! Answers for: how much is primed and how much of that fast, the most drug that may leave the tip meanwhile, when a
//! bridge changes its flow, and that a change of drug without a bridge is seen. Leaves it to the controller to run them,
//! to the guard to arm the prime's volume once in 24 h, to the formulary to work out the other side.
//!
//! ```text
//!                    volume moved ->   leading edge      nominal      trailing edge
//! prime                     fast ......|  basal from here
//! bridge to a lower flow    old flow ..|  new flow from here
//! bridge to a higher flow   old flow ....................................|  new flow
//! ```

use orders::mixture::DRUGS_MAX;
use orders::plan::{BridgePlan, PrimePlan};
use orders::{Drug, Duration, Field, FlowRate, Mass, MassRate, Mixture, Permille, Reason, Refusal, Volume};

use crate::fluid_path::FluidPath;

/// What a prime at `flow` needs: to the front that is nearest to the tip.
///
/// # Errors
/// No front above the threshold: there is nothing to prime. Beyond the device's flow or its factory limit.
pub fn prime_plan(path: &FluidPath, flow: FlowRate, threshold: Permille) -> Result<PrimePlan, Refusal> {
    let device = &path.device;
    if flow > device.flow_max {
        let (asked, limit) = (flow.get(), device.flow_max.get());
        return Err(Refusal::of(Reason::FactoryLimit, Field::BasalFlow, asked, limit));
    }
    let fronts = path.fronts(flow, threshold);
    let Some(front) = fronts.first() else {
        return Err(Refusal::of(Reason::PrimeVolume, Field::PrimeVolume, 0, 0));
    };
    if front.nominal > device.prime_max {
        let (needed, limit) = (front.nominal.get(), device.prime_max.get());
        return Err(Refusal::of(Reason::FactoryLimit, Field::PrimeVolume, needed, limit));
    }
    Ok(PrimePlan { volume: front.nominal, leading: front.leading, trailing: front.trailing })
}

/// The most of each drug that may leave the tip while the fast part of a prime is moved.
pub fn prime_mass(path: &FluidPath, plan: &PrimePlan, drugs: &[Option<Drug>; DRUGS_MAX]) -> [Mass; DRUGS_MAX] {
    path.charge_at_tip(plan.leading, drugs)
}

/// Whether what the asker worked out for a prime is what the pump works out, and the signed allowance covers it.
///
/// # Errors
/// A volume or an edge that differs, with both numbers; a drug of which more may leave the tip than was signed for.
pub fn check_prime(
    path: &FluidPath,
    asked: &PrimePlan,
    allowance: &[Option<(Drug, Mass)>; DRUGS_MAX],
    flow: FlowRate,
    threshold: Permille,
) -> Result<PrimePlan, Refusal> {
    Field::PrimeVolume.check(asked.volume.get())?;
    let ours = prime_plan(path, flow, threshold)?;
    if asked.volume != ours.volume {
        let (asked, ours) = (asked.volume.get(), ours.volume.get());
        return Err(Refusal::of(Reason::PrimeVolume, Field::PrimeVolume, asked, ours));
    }
    same_edge(asked.leading, ours.leading)?;
    same_edge(asked.trailing, ours.trailing)?;
    for drug in path.reach(ours.leading).drugs() {
        let signed = allowance.iter().flatten().find(|(of, _)| *of == drug).map_or(Mass::ZERO, |(_, mass)| *mass);
        let [most, ..] = prime_mass(path, &ours, &[Some(drug), None, None, None]);
        if most > signed {
            return Err(Refusal::of(Reason::OverCeiling, Field::PrimeAllowance, most.get(), signed.get()).about(drug));
        }
    }
    Ok(ours)
}

/// What runs after a bridge.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Then {
    /// The order's flow over its week: whether it is the lower or the higher rate.
    pub flow: FlowRate,
    /// Its fastest step: how far fronts may spread.
    pub fastest: FlowRate,
}

impl Then {
    /// One flow all day.
    pub const fn even(flow: FlowRate) -> Self {
        Self { flow, fastest: flow }
    }
}

/// What the fluid in the path asks for: the plan of its bridge, and which flow runs when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bridge {
    /// What both sides compare.
    pub plan: BridgePlan,
    /// The flow afterwards.
    pub then: FlowRate,
}

impl Bridge {
    /// What must have moved when the flow changes.
    //= requirements/ledger.md#bridge-edges
    //# A bridge MUST change to a lower rate at the leading edge of the front and to a higher rate only after its trailing edge.
    pub fn switch(&self) -> Volume {
        if self.is_to_lower() { self.plan.leading } else { self.plan.trailing }
    }

    /// Whether the flow falls: then it falls when the new fluid may show first.
    pub fn is_to_lower(&self) -> bool {
        self.then < self.plan.flow
    }

    /// The flow after so much has moved.
    pub fn flow_after(&self, moved: Volume) -> FlowRate {
        if moved < self.switch() { self.plan.flow } else { self.then }
    }

    /// How long plug flow takes, rounded up; `None` at no flow.
    pub fn nominal_time(&self) -> Option<Duration> {
        self.plan.volume.time_at(self.plan.flow)
    }

    /// How long the old flow runs, rounded up; `None` at no flow.
    pub fn time(&self) -> Option<Duration> {
        self.switch().time_at(self.plan.flow)
    }
}

/// The bridge that gives `dose` of `drug`, a drug of the old fluid, until the new fluid is at the tip, and what runs
/// `then`.
///
/// Several fronts are bridged as one: from the leading edge of the first to the trailing edge of the last, at the flow
/// for the strongest of the old fluids.
///
/// # Errors
/// No front above the threshold; a drug that is not in the old fluid; a flow the device does not give.
pub fn bridge_plan(
    path: &FluidPath,
    dose: MassRate,
    drug: Drug,
    then: Then,
    threshold: Permille,
) -> Result<Bridge, Refusal> {
    let seen = path.fronts(FlowRate::ZERO, threshold);
    let strongest = seen.iter().map(|front| front.old.concentration(drug)).max();
    let Some(flow) = strongest.and_then(|concentration| dose.flow_at(concentration)) else {
        return Err(Refusal::of(Reason::BridgeWrong, Field::BridgeVolume, 0, 0));
    };
    let device = &path.device;
    for flow in [flow, then.fastest] {
        if flow > device.flow_max {
            let (asked, limit) = (flow.get(), device.flow_max.get());
            return Err(Refusal::of(Reason::FactoryLimit, Field::BridgeFlow, asked, limit));
        }
    }
    if flow < device.minimum_rate {
        let (asked, limit) = (flow.get(), device.minimum_rate.get());
        return Err(Refusal::of(Reason::FactoryLimit, Field::BridgeFlow, asked, limit));
    }
    let fronts = path.fronts(flow.max(then.fastest), threshold);
    let volume = fronts.iter().map(|front| front.nominal).max().unwrap_or(Volume::ZERO);
    let leading = fronts.iter().map(|front| front.leading).min().unwrap_or(Volume::ZERO);
    let trailing = fronts.iter().map(|front| front.trailing).max().unwrap_or(Volume::ZERO);
    Ok(Bridge { plan: BridgePlan { volume, leading, trailing, flow }, then: then.flow })
}

/// Whether what the asker worked out for a bridge is what the pump works out.
///
/// # Errors
/// Volume, flow or an edge that differs, with both numbers; see [`bridge_plan`].
pub fn check_bridge(
    path: &FluidPath,
    asked: &BridgePlan,
    dose: MassRate,
    drug: Drug,
    then: Then,
    threshold: Permille,
) -> Result<Bridge, Refusal> {
    Field::BridgeVolume.check(asked.volume.get())?;
    Field::BridgeFlow.check(asked.flow.get())?;
    let ours = bridge_plan(path, dose, drug, then, threshold)?;
    if asked.volume != ours.plan.volume {
        let (asked, ours) = (asked.volume.get(), ours.plan.volume.get());
        return Err(Refusal::of(Reason::BridgeWrong, Field::BridgeVolume, asked, ours));
    }
    if asked.flow != ours.plan.flow {
        let (asked, ours) = (asked.flow.get(), ours.plan.flow.get());
        return Err(Refusal::of(Reason::BridgeWrong, Field::BridgeFlow, asked, ours));
    }
    same_edge(asked.leading, ours.plan.leading)?;
    same_edge(asked.trailing, ours.plan.trailing)?;
    Ok(ours)
}

/// What would come out of the tip without a bridge.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unbridged {
    /// The drug whose dose would be furthest from the ordered one.
    pub drug: Drug,
    /// What the old fluid gives at the new flow.
    pub rate: MassRate,
    /// What the new fluid gives at it.
    pub ordered: MassRate,
    /// For how long, rounded up; `None` at no flow.
    pub lasts: Option<Duration>,
}

/// What would come out of the tip if the new flow ran from now on; `None` without a front above the threshold.
pub fn unbridged(path: &FluidPath, new_flow: FlowRate, threshold: Permille) -> Option<Unbridged> {
    let fronts = path.fronts(new_flow, threshold);
    let front = fronts.iter().max_by_key(|front| front.nominal)?;
    let first = fronts.first()?;
    let drug = most_changed(&front.new, &first.old)?;
    Some(Unbridged {
        drug,
        rate: new_flow.mass_rate(first.old.concentration(drug)),
        ordered: new_flow.mass_rate(front.new.concentration(drug)),
        lasts: front.nominal.time_at(new_flow),
    })
}

fn most_changed(new: &Mixture, old: &Mixture) -> Option<Drug> {
    let single = |drug: Drug, of: &Mixture| Mixture::single(drug, of.concentration(drug));
    let drugs = new.iter().chain(old.iter()).map(|component| component.drug);
    drugs.max_by_key(|drug| crate::fronts::change(&single(*drug, new), &single(*drug, old)))
}

/// How a front above the threshold is met.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// Nothing was said about it.
    Nothing,
    /// With a bridge or a prime that was checked.
    Planned,
    /// A clinician typed that it goes without, with the clinic's code of the reason.
    Without {
        /// The clinic's code of the reason.
        reason: u8,
    },
}

/// Refuses an order with which a front would reach the tip and nobody has said how.
///
/// # Errors
/// [`Reason::BridgeNeeded`], with the volume until the front is at the tip.
//= requirements/ledger.md#bridge-asked-for
//# The pump MUST refuse an order that lets a front above the front threshold reach the tip without its bridge or a typed decision to go without.
pub fn check_answer(path: &FluidPath, answer: Answer, threshold: Permille) -> Result<(), Refusal> {
    match answer {
        Answer::Planned | Answer::Without { reason: _ } => Ok(()),
        Answer::Nothing => match path.fronts(FlowRate::ZERO, threshold).iter().map(|front| front.nominal).max() {
            None => Ok(()),
            Some(needed) => Err(Refusal::of(Reason::BridgeNeeded, Field::BridgeVolume, 0, needed.get())),
        },
    }
}

//= requirements/ledger.md#both-sides-agree
//# The pump MUST refuse a bridge or a prime unless both edges equal those that the asker worked out.
fn same_edge(asked: Volume, ours: Volume) -> Result<(), Refusal> {
    if asked == ours {
        Ok(())
    } else {
        Err(Refusal::of(Reason::Disagreement, Field::PathVolume, asked.get(), ours.get()))
    }
}
