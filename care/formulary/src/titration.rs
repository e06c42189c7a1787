//! The next dose: old dose and step, made deliverable, with what it is in per cent.

use orders::quantity::mul_div_floor;
use orders::{Concentration, Duration, FlowRate, MassRate, Permille};

use crate::entry::DrugEntry;
use crate::number::Step;

/// A proposed dose, worked out for a clinician to look at. Nothing is filled in with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Proposal {
    /// The dose before.
    pub before: MassRate,
    /// What the step would make of it.
    pub wanted: MassRate,
    /// The flow that the drive can do, rounded **down** to whole nL/day.
    pub flow: FlowRate,
    /// What that flow gives: exact, and never above `wanted`.
    pub given: MassRate,
}

/// Which way a dose goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// More.
    Up,
    /// Less.
    Down,
}

impl Proposal {
    /// The dose after one step at a concentration; `None` where there is no drug in the fluid.
    pub fn of(before: MassRate, step: Step, direction: Direction, fluid: Concentration) -> Option<Self> {
        let by = step.of(before);
        let wanted = match direction {
            Direction::Up => before.checked_add(by)?,
            Direction::Down => before.saturating_sub(by),
        };
        let flow = wanted.flow_at(fluid)?;
        Some(Self { before, wanted, flow, given: flow.mass_rate(fluid) })
    }

    /// The change in permille of the dose before, rounded towards nothing; `None` from nothing.
    pub fn change(&self) -> Option<i64> {
        let (more, less) = (self.given.saturating_sub(self.before), self.before.saturating_sub(self.given));
        let share = |by: MassRate| {
            let permille = mul_div_floor(by.get(), 1000, self.before.get())?;
            i64::try_from(permille).ok()
        };
        if less.is_zero() { share(more) } else { share(less).map(|by| -by) }
    }
}

/// What speaks against an increase now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Caution {
    /// More than one step.
    TooMuch {
        /// The most that is usual.
        usual: Step,
        /// Where that is stated.
        source: String,
    },
    /// Too soon after the last.
    TooSoon {
        /// How long ago it was.
        since: Duration,
        /// How long is usual.
        usual: Duration,
        /// Where that is stated.
        source: String,
    },
    /// Nobody knows when the last was.
    LastUnknown,
}

/// What speaks against going from `before` to `new`, `since` the last increase.
pub fn cautions(entry: &DrugEntry, before: MassRate, new: MassRate, since: Option<Duration>) -> Vec<Caution> {
    let mut found = Vec::new();
    if new <= before {
        return found;
    }
    let step = &entry.limits.step.soft;
    if new.saturating_sub(before) > step.value.of(before) {
        found.push(Caution::TooMuch { usual: step.value, source: step.source.clone() });
    }
    let interval = &entry.limits.step_interval.soft;
    match since {
        None => found.push(Caution::LastUnknown),
        Some(since) if since < interval.value => {
            let (usual, source) = (interval.value, interval.source.clone());
            found.push(Caution::TooSoon { since, usual, source });
        }
        Some(_) => {}
    }
    found
}

/// A taper: the doses of its steps down to `last`, each `share` below the one before, rounded **down**.
///
/// `None` if sixty steps do not reach it: a share of nothing gets nowhere.
pub fn taper(from: MassRate, share: Permille, last: MassRate) -> Option<Vec<MassRate>> {
    let mut doses = vec![from];
    while doses.last().is_some_and(|dose| *dose > last) {
        if doses.len() > 60 {
            return None;
        }
        let dose = *doses.last()?;
        doses.push(dose.saturating_sub(Step::Share(share).of(dose)).max(last));
    }
    Some(doses)
}
