//! An order held against what is known of its drugs: what asks for a reason, and what is not saved.
//!
//! Answers for the limits of the drug entries. The bounds of the format are `orders`' affair, the ceilings and what the
//! device can do are the pump's, and neither is asked here.

use std::fmt;

use orders::{Component, Drug, Duration, FlowRate, MassRate, Mixture, Permille, Prescription};

use crate::entry::{DrugEntry, Limits};
use crate::fields::Unusable;
use crate::library::Formulary;
use crate::number::Sourced;
use crate::totals::DayTotals;

/// What a finding is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum About {
    /// The concentration in the fluid.
    Concentration,
    /// The day's dose with every allotted bolus.
    Daily,
    /// One patient bolus.
    Bolus,
    /// The lockout.
    Lockout,
    /// The rise from the dose before.
    Step,
    /// The fall from the dose before.
    StepDown,
    /// The time since the last rise.
    StepInterval,
    /// Where the infusion begins.
    Start,
    /// The drug cannot be used here.
    Entry,
}

impl About {
    /// What people call it.
    pub const fn word(self) -> &'static str {
        match self {
            About::Concentration => "concentration",
            About::Daily => "daily dose with every allotted bolus",
            About::Bolus => "patient bolus",
            About::Lockout => "lockout",
            About::Step => "increase",
            About::StepDown => "decrease",
            About::StepInterval => "time since the last increase",
            About::Start => "starting dose",
            About::Entry => "drug entry",
        }
    }
}

/// Whether a finding can be answered with a reason.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Strictness {
    /// With a typed reason and a second confirmation.
    Soft,
    /// Not at all.
    Hard,
}

/// One limit that an order passes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// Whether a reason will do.
    pub strictness: Strictness,
    /// Of which drug.
    pub drug: Drug,
    /// What is passed.
    pub about: About,
    /// What the order says, with its unit.
    pub value: String,
    /// The limit with its unit, its source and its confidence; or why there is none.
    pub limit: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { drug, about, value, limit, .. } = self;
        match about {
            About::Entry => write!(f, "{}: not to be used here: {limit}", drug.name()),
            _ => write!(f, "{}: {}: {value}, limit {limit}", drug.name(), about.word()),
        }
    }
}

/// What is known beside the order.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The order that runs; none before a first start.
    pub running: Option<&'a Prescription>,
    /// The flow that only keeps the rotor turning.
    pub minimum_rate: FlowRate,
    /// How long ago the dose was last raised; none if nobody knows or it never was.
    pub since_increase: Option<Duration>,
}

/// An order that passes no hard limit, with what it passes of the soft ones. Only [`admit`] makes one, and only this
/// is saved or sent.
#[derive(Clone, PartialEq, Debug)]
pub struct Admitted {
    order: Prescription,
    asks: Vec<Finding>,
}

impl Admitted {
    /// The order.
    pub const fn order(&self) -> &Prescription {
        &self.order
    }

    /// The soft limits that it passes: each needs a typed reason and a second confirmation.
    pub fn asks(&self) -> &[Finding] {
        &self.asks
    }
}

/// Holds an order against the formulary.
///
/// # Errors
/// Every finding, if one of them is hard: the order is not saved.
pub fn admit(formulary: &Formulary, order: &Prescription, context: &Context) -> Result<Admitted, Vec<Finding>> {
    let findings = review(formulary, order, context);
    if findings.iter().any(|finding| finding.strictness == Strictness::Hard) {
        return Err(findings);
    }
    Ok(Admitted { order: *order, asks: findings })
}

/// Every limit that an order passes, the hard ones first.
pub fn review(formulary: &Formulary, order: &Prescription, context: &Context) -> Vec<Finding> {
    let mut found = Vec::new();
    let totals = DayTotals::of(order, context.minimum_rate);
    for component in order.mixture.iter() {
        match formulary.entry(component.drug) {
            Ok(entry) => {
                of_fluid(entry, component, &totals, &mut found);
                of_bolus(entry, order, &totals, &mut found);
                of_change(entry, component, &totals, context, &mut found);
            }
            Err(unusable) => found.push(unusable_drug(component.drug, &unusable)),
        }
    }
    found.sort_by_key(|finding| std::cmp::Reverse(finding.strictness));
    found
}

/// The limits on concentration and daily dose that a fluid passes at a flow, before there is an order; the hard first.
pub fn review_fluid(formulary: &Formulary, mixture: &Mixture, flow: FlowRate) -> Vec<Finding> {
    let mut found = Vec::new();
    let totals = DayTotals { basal: flow, with_boluses: flow };
    for component in mixture.iter() {
        match formulary.entry(component.drug) {
            Ok(entry) => of_fluid(entry, component, &totals, &mut found),
            Err(unusable) => found.push(unusable_drug(component.drug, &unusable)),
        }
    }
    found.sort_by_key(|finding| std::cmp::Reverse(finding.strictness));
    found
}

fn unusable_drug(drug: Drug, why: &Unusable) -> Finding {
    let limit = why.to_string();
    Finding { strictness: Strictness::Hard, drug, about: About::Entry, value: String::new(), limit }
}

fn of_fluid(entry: &DrugEntry, component: Component, totals: &DayTotals, found: &mut Vec<Finding>) {
    let Limits { concentration, daily, .. } = &entry.limits;
    let drug = entry.drug;
    let strength = component.concentration;
    held(drug, About::Concentration, strength, &concentration.soft, &concentration.hard, |v, l| v > l, found);
    held(drug, About::Daily, totals.most_of(component), &daily.soft, &daily.hard, |v, l| v > l, found);
}

fn of_bolus(entry: &DrugEntry, order: &Prescription, totals: &DayTotals, found: &mut Vec<Finding>) {
    let Some(bolus) = order.patient_bolus else { return };
    let Limits { bolus: share, lockout, .. } = &entry.limits;
    // Where basal only keeps the rotor turning, the boluses are the day.
    let day =
        if matches!(order.mode, orders::prescription::Mode::MinimumRate) { totals.with_boluses } else { totals.basal };
    let part = orders::quantity::mul_div_ceil(bolus.volume.get(), 1000, day.get()).unwrap_or(u64::MAX);
    let part = Permille::new(u16::try_from(part).unwrap_or(u16::MAX));
    held(entry.drug, About::Bolus, part, &share.soft, &share.hard, |v, l| v > l, found);
    held(entry.drug, About::Lockout, bolus.lockout, &lockout.soft, &lockout.hard, |v, l| v < l, found);
}

fn of_change(entry: &DrugEntry, component: Component, totals: &DayTotals, context: &Context, found: &mut Vec<Finding>) {
    let drug = entry.drug;
    let new = totals.basal_of(component);
    let before = context.running.and_then(|running| {
        let old = running.mixture.iter().find(|c| c.drug == drug)?;
        Some(DayTotals::of(running, context.minimum_rate).basal_of(old))
    });
    let Some(before) = before.filter(|rate| !rate.is_zero()) else {
        let start = &entry.start.high;
        if new > start.value {
            found.push(finding(Strictness::Soft, drug, About::Start, new, start));
        }
        return;
    };
    if new > before {
        let (rise, step) = (new.saturating_sub(before), &entry.limits.step);
        let value = Change { before, new };
        if rise > step.hard.value.of(before) {
            found.push(finding(Strictness::Hard, drug, About::Step, value, &step.hard));
        } else if rise > step.soft.value.of(before) {
            found.push(finding(Strictness::Soft, drug, About::Step, value, &step.soft));
        }
        if let Some(since) = context.since_increase {
            let interval = &entry.limits.step_interval;
            held(drug, About::StepInterval, since, &interval.soft, &interval.hard, |v, l| v < l, found);
        }
    }
    if let Some(down) = &entry.limits.step_down
        && before.saturating_sub(new) > down.value.of(before)
    {
        found.push(finding(Strictness::Soft, drug, About::StepDown, Change { before, new }, down));
    }
}

/// A change as people read it: from, to, and by how much of the former.
struct Change {
    before: MassRate,
    new: MassRate,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { before, new } = self;
        let (sign, by) =
            if new >= before { ('+', new.saturating_sub(*before)) } else { ('−', before.saturating_sub(*new)) };
        let share = orders::quantity::mul_div_ceil(by.get(), 1000, before.get()).unwrap_or(u64::MAX);
        write!(f, "{before} to {new} ({sign}{}.{} %)", share / 10, share % 10)
    }
}

fn held<T: Copy + fmt::Display>(
    drug: Drug,
    about: About,
    value: T,
    soft: &Sourced<T>,
    hard: &Sourced<T>,
    is_beyond: impl Fn(T, T) -> bool,
    found: &mut Vec<Finding>,
) {
    if is_beyond(value, hard.value) {
        found.push(finding(Strictness::Hard, drug, about, value, hard));
    } else if is_beyond(value, soft.value) {
        found.push(finding(Strictness::Soft, drug, about, value, soft));
    }
}

fn finding<T: fmt::Display>(
    strictness: Strictness,
    drug: Drug,
    about: About,
    value: impl fmt::Display,
    limit: &Sourced<T>,
) -> Finding {
    Finding { strictness, drug, about, value: value.to_string(), limit: limit.to_string() }
}
