//! What reaches the tip: the last two weeks as far as anybody knows, and what an order would give from now on.
//!
//! Terms. *Habit*: what one simulated person does where nobody knows: how much of the unknown they had, and how many of the
//! boluses that they may have they ask for.

use orders::prescription::Mode;
use orders::quantity::DAY_MS;
use orders::{Drug, Prescription, WallTime};
use patient::draw::{Draw, Purpose};
use patient::drug::Drug as Known;
use patient::time::MINUTE_MS;

use crate::{AHEAD_MIN, HISTORY_HOURS, Question};

/// Half an hour, the grid of a day schedule.
const STEP_MS: u64 = 30 * MINUTE_MS;
/// µg of a nL of a ng/mL.
const UG: f64 = 1e-9;
/// When the first bolus of a day is asked for, ms after midnight, and over how long the others are spread.
const MORNING_MS: u64 = 8 * 60 * MINUTE_MS;
const WAKING_MS: u64 = 14 * 60 * MINUTE_MS;

/// One thing given.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Given {
    /// ms after the beginning.
    pub after_ms: u64,
    /// Number of the drug.
    pub drug: usize,
    /// What.
    pub what: What,
}

/// How it is given.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum What {
    /// From then on, µg/min.
    Rate(f64),
    /// At once, µg.
    Mass(f64),
}

/// What one person does where nobody knows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Habit {
    /// Share that they had of the most that an unknown hour could have given.
    had: f64,
    /// Share of the allotment that they ask for.
    asks: f64,
}

impl Habit {
    /// The habit of a person of a population.
    pub fn of(seed: u64, number: u64) -> Self {
        let mut draw = Draw::of(seed, number, Purpose::Requests, u64::from(u32::MAX));
        Self { had: draw.share(), asks: draw.share() }
    }
}

/// What an order gives at most in a minute, µg of each drug: highest basal with all boluses spread over the day.
fn most(order: &Prescription, known: &[(Drug, Known)]) -> Vec<f64> {
    let bolus = order.patient_bolus.map_or(0, |bolus| bolus.volume.get() * u64::from(bolus.allotment));
    let periodic = match order.mode {
        Mode::PeriodicBolus(periodic) => {
            let times = DAY_MS.checked_div(periodic.interval.get()).unwrap_or(0);
            periodic.volume.get() * times
        }
        Mode::MinimumRate | Mode::Continuous(_) | Mode::Schedule(_) => 0,
    };
    let daily = order.basal_highest(orders::FlowRate::ZERO).get() + bolus + periodic;
    let of = |drug: Drug| daily as f64 / 1440.0 * f64::from(order.mixture.concentration(drug).get()) * UG;
    known.iter().map(|(drug, _)| of(*drug)).collect()
}

/// The last two weeks, hour by hour. What nobody knows is a share of the most that could have been given, another one for
/// each person.
pub fn before(question: &Question<'_>, known: &[(Drug, Known)], habit: &Habit) -> Vec<Given> {
    let most = most(question.current.unwrap_or(question.proposed), known);
    let missing = HISTORY_HOURS - question.history.len();
    let mut all = Vec::new();
    let mut rates = vec![f64::NAN; known.len()];
    for hour in 0..HISTORY_HOURS {
        let told = hour.checked_sub(missing).and_then(|at| question.history.get(at)).and_then(Option::as_ref);
        for (drug, (name, _)) in known.iter().enumerate() {
            let rate = match told {
                Some(given) => {
                    let mass: f64 = given.iter().filter(|(of, _)| of == name).map(|(_, mass)| mass.get() as f64).sum();
                    mass * UG / 60.0
                }
                None => habit.had * most[drug],
            };
            if rate.to_bits() != rates[drug].to_bits() {
                all.push(Given { after_ms: hour as u64 * 60 * MINUTE_MS, drug, what: What::Rate(rate) });
                rates[drug] = rate;
            }
        }
    }
    all
}

/// What lies between reservoir and tip, being pushed out.
struct Path {
    /// Tip last: volume in nL and concentration of each drug in ng/mL.
    slugs: Vec<(f64, Vec<f64>)>,
}

impl Path {
    /// Pushes a volume (nL) out of the tip: µg of each drug.
    fn push(&mut self, mut volume: f64, drugs: usize) -> Vec<f64> {
        let mut out = vec![0.0; drugs];
        while volume > 0.0 {
            let Some((left, levels)) = self.slugs.last_mut() else { break };
            let part = volume.min(*left);
            out.iter_mut().zip(levels.iter()).for_each(|(out, level)| *out += part * level * UG);
            *left -= part;
            volume -= part;
            if *left <= 0.0 {
                self.slugs.pop();
            }
        }
        out
    }
}

/// What an order gives from now on, as it comes out of the tip.
pub fn ahead(order: &Prescription, question: &Question<'_>, known: &[(Drug, Known)], habit: &Habit) -> Vec<Given> {
    let of = |slug: &orders::Slug| {
        let levels = known.iter().map(|(drug, _)| f64::from(slug.mixture.concentration(*drug).get()));
        (f64::from(slug.volume_nl), levels.collect())
    };
    let mut path = Path { slugs: question.ledger.slugs.iter().map(of).collect() };
    let mut all = Vec::new();
    let mut rates = vec![f64::NAN; known.len()];
    let mut boluses = boluses(order, question.now, habit).into_iter().peekable();
    for step in 0..AHEAD_MIN * MINUTE_MS / STEP_MS {
        let after_ms = step * STEP_MS;
        let is_new = question.current.is_none_or(|current| current.order_number != order.order_number);
        let flow = flow(order, WallTime::new(question.now.get() + after_ms), after_ms, is_new) as f64;
        let masses = path.push(flow * STEP_MS as f64 / DAY_MS as f64, known.len());
        for (drug, mass) in masses.into_iter().enumerate() {
            let rate = mass / (STEP_MS / MINUTE_MS) as f64;
            if rate.to_bits() != rates[drug].to_bits() {
                all.push(Given { after_ms, drug, what: What::Rate(rate) });
                rates[drug] = rate;
            }
        }
        while let Some((at, volume)) = boluses.next_if(|(at, _)| *at < after_ms + STEP_MS) {
            for (drug, mass) in path.push(volume, known.len()).into_iter().enumerate().filter(|(_, mass)| *mass > 0.0) {
                all.push(Given { after_ms: at, drug, what: What::Mass(mass) });
            }
        }
    }
    all
}

/// The basal flow at a time, nL/day. A ramp takes each step on its day, as if every contact it waits for were recorded; the
/// ramp of an order that runs already has ended.
fn flow(order: &Prescription, wall: WallTime, after_ms: u64, is_new: bool) -> u64 {
    let share = order.ramp.map_or(1.0, |ramp| {
        let step = if is_new { after_ms / ramp.interval.get().max(1) } else { u64::MAX };
        f64::from(ramp.share(u8::try_from(step).unwrap_or(u8::MAX)).get()) / 1000.0
    });
    let whole = match order.mode {
        Mode::MinimumRate => 0,
        Mode::Continuous(flow) => flow.get(),
        Mode::Schedule(schedule) => schedule.flow(wall.weekday(), wall.half_hour()).get(),
        Mode::PeriodicBolus(periodic) => periodic.background.get(),
    };
    (whole as f64 * share) as u64
}

/// Boluses in order of time: ms from now and nL; those of the order, and those that this person asks for by day.
fn boluses(order: &Prescription, now: WallTime, habit: &Habit) -> Vec<(u64, f64)> {
    let mut all = Vec::new();
    let until = AHEAD_MIN * MINUTE_MS;
    if let Mode::PeriodicBolus(periodic) = order.mode
        && periodic.interval.get() > 0
    {
        let mut at = periodic.first_after.get();
        while at < until {
            all.push((at, periodic.volume.get() as f64));
            at += periodic.interval.get();
        }
    }
    if let Some(bolus) = order.patient_bolus {
        let times = (habit.asks * (f64::from(bolus.allotment) + 1.0)) as u64;
        let times = times.min(u64::from(bolus.allotment));
        let apart = bolus.lockout.get().max(WAKING_MS / times.max(1));
        let midnight = now.get() % DAY_MS;
        for day in 0..=until / DAY_MS {
            let asked =
                (0..times).map(|n| day * DAY_MS + MORNING_MS + n * apart).take_while(|at| *at < (day + 1) * DAY_MS);
            let ahead = asked.filter_map(|at| at.checked_sub(midnight)).filter(|at| *at < until);
            all.extend(ahead.map(|at| (at, bolus.volume.get() as f64)));
        }
    }
    all.sort_by_key(|(at, _)| *at);
    all
}
