//! Many people under one course, eight side by side: what `body` does for one, for a cohort.
//!
//! Answers for: levels and outcomes of everybody at each time of the grid, chunk by chunk, so that whoever reduces them
//! needs never hold a year of minutes. The equations are those of `body` and `effects`, and a test holds one against the
//! other; what only a single story needs (a tip that moves, a granuloma, an exact balance) stays there. People do not know of
//! each other, and the answer does not depend on how many threads there are.
//!
//! `legs` finds the grid, `flow` moves one release by blocks of eight times, `feeling` steps eight people, `lanes` does the
//! arithmetic.

mod feeling;
mod flow;
pub mod lanes;
mod legs;

use rayon::prelude::*;

use crate::body::{ASLEEP, AWAKE, InBody, Site, Way};
use crate::drug::{Action, Drug};
use crate::person::{Flare, Person};
use crate::sheet::BadInput;
use crate::time::{DAY_MS, MINUTE_MS, Time};
use feeling::Feeling;
use flow::Flow;
use lanes::LANES;
use legs::{Leg, Walk};

/// What is handed over at a time: six hours, so that eight people stay in the cache.
const CHUNK_MS: u64 = 6 * 60 * MINUTE_MS;
/// Rows that the effects read for each drug.
const ACTS_AT: [Site; 3] = [Site::Target, Site::Cisternal, Site::Plasma];

/// What is given to everybody.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Given {
    /// When.
    pub at: Time,
    /// Number of the drug.
    pub drug: usize,
    /// By which way.
    pub way: Way,
    /// How much.
    pub amount: Amount,
}

/// How much is given.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Amount {
    /// µg at once.
    Mass(f64),
    /// µg/min from then on by this way.
    Rate(f64),
}

/// What may be read of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// VAS 0 to 10.
    Pain,
    /// 0 awake to 1 not rousable.
    Sedation,
    /// Breaths per minute.
    Breathing,
    /// Ashworth 0 to 4.
    Spasticity,
    /// Worst of any drug; 1 is severe.
    Withdrawal,
}

impl Outcome {
    fn needs(self) -> &'static [Action] {
        match self {
            Self::Pain => &[Action::Analgesia],
            Self::Sedation => &[Action::Sedation],
            Self::Breathing => &[Action::Respiration],
            Self::Spasticity => &[Action::Spasticity],
            Self::Withdrawal => &[],
        }
    }
}

/// A course for a cohort.
#[derive(Debug, Clone)]
pub struct Course {
    /// Drugs, each once.
    pub drugs: Vec<Drug>,
    /// Tip, cm from the sac's end.
    pub tip_cm: f64,
    /// What is given, in order of time.
    pub given: Vec<Given>,
    /// Levels that are read of each drug.
    pub sites: Vec<Site>,
    /// What else is read.
    pub outcomes: Vec<Outcome>,
    /// The end; whole steps of ten minutes.
    pub until: Time,
    /// Whether the grid has a minute's detail for an hour after each mass that is given.
    pub has_detail: bool,
}

/// Some hours of one person.
#[derive(Debug)]
pub struct Chunk<'c> {
    /// Number of the person in the list.
    pub person: usize,
    /// Times of the grid.
    pub times: &'c [Time],
    levels: &'c [f64],
    outcomes: &'c [f64],
    sites: usize,
}

impl Chunk<'_> {
    /// Levels of a drug at a site of the course, µg/mL, one for each time.
    pub fn level(&self, drug: usize, site: usize) -> &[f64] {
        self.row(self.levels, drug * (self.sites + ACTS_AT.len()) + site)
    }

    /// An outcome of the course, one value for each time.
    pub fn outcome(&self, outcome: usize) -> &[f64] {
        self.row(self.outcomes, outcome)
    }

    fn row<'r>(&self, rows: &'r [f64], row: usize) -> &'r [f64] {
        rows.get(row * self.times.len()..(row + 1) * self.times.len()).unwrap_or(&[])
    }
}

/// Runs a cohort on all cores. Each person has a sum of their own, begun by `begin` and grown by `add`, chunk after chunk;
/// the sums come back in the order of the people.
///
/// # Errors
/// A course that cannot be: out of order, a place outside a canal, a drug without calibration, an animal.
pub fn cohort<S: Send>(
    people: &[Person],
    course: &Course,
    begin: impl Fn(usize) -> S + Sync,
    add: impl Fn(&mut S, &Chunk<'_>) + Sync,
) -> Result<Vec<S>, BadInput> {
    course.check()?;
    let batches: Result<Vec<Vec<S>>, BadInput> = people
        .par_chunks(LANES)
        .enumerate()
        .map(|(n, eight)| {
            let mut sums: Vec<S> = (0..eight.len()).map(|lane| begin(n * LANES + lane)).collect();
            Batch::new(eight, course)?.run(n * LANES, &mut sums, &add);
            Ok(sums)
        })
        .collect();
    Ok(batches?.into_iter().flatten().collect())
}

impl Course {
    fn check(&self) -> Result<(), BadInput> {
        if self.given.windows(2).any(|pair| pair[0].at > pair[1].at) {
            return Err(BadInput::of_call("given", "out of order", "what is given in order of time"));
        }
        if self.drugs.is_empty()
            || self.drugs.iter().enumerate().any(|(n, d)| self.drugs[..n].iter().any(|o| o.name == d.name))
        {
            return Err(BadInput::of_call("drugs", self.drugs.len(), "at least one drug, each once"));
        }
        if !self.until.ms.is_multiple_of(10 * MINUTE_MS) {
            return Err(BadInput::of_call("until", self.until.minutes(), "whole steps of ten minutes"));
        }
        for given in &self.given {
            let (Amount::Mass(amount) | Amount::Rate(amount)) = given.amount;
            if given.drug >= self.drugs.len() || !(amount.is_finite() && amount >= 0.0) {
                return Err(BadInput::of_call(
                    "given",
                    format!("{given:?}"),
                    "a drug of the course and a finite amount, not negative",
                ));
            }
        }
        Ok(())
    }
}

/// One person's releases, one for each drug and way that is given.
struct Life {
    person: Person,
    flows: Vec<Flow>,
    /// Pain without drug or flares, by the minute of the day.
    wave: Vec<f64>,
    flares: (u64, Vec<Flare>),
}

struct Batch<'c> {
    course: &'c Course,
    lives: Vec<Life>,
    /// Drug and way of each flow, the same for everybody.
    ways: Vec<(usize, Way)>,
    feeling: Option<Feeling>,
    step_ms: Vec<u64>,
}

impl<'c> Batch<'c> {
    fn new(people: &[Person], course: &'c Course) -> Result<Self, BadInput> {
        let mut ways: Vec<(usize, Way)> = Vec::new();
        for given in &course.given {
            let way = if given.way == Way::Tip { Way::Point(course.tip_cm) } else { given.way };
            if !ways.contains(&(given.drug, way)) {
                ways.push((given.drug, way));
            }
        }
        let lives: Result<Vec<Life>, BadInput> = people.iter().map(|person| Life::new(person, course, &ways)).collect();
        let breathing = people.first().and_then(|person| person.species.breathing);
        let feeling = breathing.map(|breathing| Feeling::new(people, &course.drugs, breathing, &course.outcomes));
        if feeling.is_none() && !course.outcomes.is_empty() {
            return Err(BadInput::of_call("outcomes", "an animal", "levels only: effects are calibrated for man"));
        }
        Ok(Self {
            course,
            lives: lives?,
            ways,
            feeling: feeling.filter(|_| !course.outcomes.is_empty()),
            step_ms: Vec::new(),
        })
    }

    fn run<S>(mut self, first: usize, sums: &mut [S], add: &impl Fn(&mut S, &Chunk<'_>)) {
        let course = self.course;
        let mut walk = Walk::new(&course.given, course.has_detail);
        let rows = course.drugs.len() * (course.sites.len() + ACTS_AT.len());
        let (mut levels, mut outcomes): (Vec<Vec<f64>>, Vec<Vec<f64>>) =
            (vec![Vec::new(); LANES], vec![Vec::new(); LANES]);
        let mut from = Time::START;
        while from < course.until {
            let until = Time { ms: (from.ms + CHUNK_MS).min(course.until.ms) };
            let (legs, times) = walk.until(until);
            for (life, levels) in self.lives.iter_mut().zip(&mut levels) {
                levels.clear();
                levels.resize(rows * times.len(), 0.0);
                life.pass(course, &self.ways, from, &legs, levels, times.len());
            }
            self.feel(from, &times, &levels, &mut outcomes);
            for (lane, sum) in sums.iter_mut().enumerate() {
                let (levels, outcomes) = (&levels[lane], &outcomes[lane]);
                add(sum, &Chunk { person: first + lane, times: &times, levels, outcomes, sites: course.sites.len() });
            }
            from = until;
        }
    }

    /// Steps what eight people feel over the times of a chunk.
    fn feel(&mut self, from: Time, times: &[Time], levels: &[Vec<f64>], outcomes: &mut [Vec<f64>]) {
        let Some(feeling) = &mut self.feeling else { return };
        let (course, count) = (self.course, times.len());
        let wants_pain = course.outcomes.contains(&Outcome::Pain);
        let last = self.lives.len() - 1;
        outcomes.iter_mut().for_each(|rows| rows.resize(course.outcomes.len() * count, 0.0));
        self.step_ms.clear();
        let before = std::iter::once(&from).chain(times);
        self.step_ms.extend(times.iter().zip(before).map(|(now, before)| now.ms - before.ms));
        let per_drug = course.sites.len() + ACTS_AT.len();
        let mut at = vec![[lanes::all(0.0); 3]; course.drugs.len()];
        let mut read = vec![lanes::all(0.0); course.outcomes.len()];
        for (n, now) in times.iter().enumerate() {
            for (drug, at) in at.iter_mut().enumerate() {
                for (site, of_site) in at.iter_mut().enumerate() {
                    let place = (drug * per_drug + course.sites.len() + site) * count + n;
                    for (lane, level) in of_site.iter_mut().enumerate() {
                        *level = levels[lane.min(last)][place];
                    }
                }
            }
            feeling.step(self.step_ms[n] as f64 / MINUTE_MS as f64, &at);
            let mut pain = lanes::all(0.0);
            if wants_pain {
                for (lane, life) in self.lives.iter_mut().enumerate() {
                    pain[lane] = life.pain(*now);
                }
            }
            feeling.read_all(&course.outcomes, &pain, &mut read);
            for (row, of_all) in read.iter().enumerate() {
                for (values, value) in outcomes.iter_mut().zip(of_all) {
                    values[row * count + n] = *value;
                }
            }
        }
    }
}

impl Life {
    fn new(person: &Person, course: &Course, ways: &[(usize, Way)]) -> Result<Self, BadInput> {
        let mut drugs: Vec<InBody> = Vec::new();
        let canal = person.factors.canal(&person.species);
        let target = crate::body::target(&canal);
        for drug in &course.drugs {
            drugs.push(InBody::new(person, drug.clone(), target)?);
        }
        for site in &course.sites {
            crate::body::check_site(&person.species, *site)?;
        }
        let regime = if person.sleeps(Time::START) { ASLEEP } else { AWAKE };
        let mut flows = Vec::new();
        for (drug, way) in ways {
            crate::body::check_way(canal.length, *way)?;
            let release = drugs[*drug].release(*way);
            let sites = course.sites.iter().chain(&ACTS_AT);
            let readings: Vec<_> = sites.map(|site| drugs[*drug].readings(&release, *site, target)).collect();
            flows.push(Flow::new(release, &readings, regime));
        }
        let wave = (0..1440).map(|minute| person.pain_wave(f64::from(minute))).collect();
        Ok(Self { person: person.clone(), flows, wave, flares: (0, person.flares_around(0)) })
    }

    /// Passes the legs of a chunk and fills the levels, row by row.
    fn pass(
        &mut self,
        course: &Course,
        ways: &[(usize, Way)],
        from: Time,
        legs: &[Leg],
        levels: &mut [f64],
        count: usize,
    ) {
        let per_drug = (course.sites.len() + ACTS_AT.len()) * count;
        for (flow, (drug, way)) in self.flows.iter_mut().zip(ways) {
            let rows = &mut levels[drug * per_drug..(drug + 1) * per_drug];
            let (mut at, mut place) = (from.ms, 0);
            for leg in legs {
                match *leg {
                    Leg::Give(number) => {
                        let given = &course.given[number];
                        let by = if given.way == Way::Tip { Way::Point(course.tip_cm) } else { given.way };
                        match given.amount {
                            _ if (given.drug, by) != (*drug, *way) => {}
                            Amount::Mass(mass) => flow.give(mass),
                            Amount::Rate(rate) => flow.set_rate(rate),
                        }
                    }
                    Leg::Part { ms, is_on_grid: false } => {
                        flow.pass(ms, 1, &mut [], 0, 0);
                        at += ms;
                    }
                    Leg::Part { ms, is_on_grid: true } => {
                        flow.pass(ms, 1, rows, count, place);
                        (at, place) = (at + ms, place + 1);
                        turn(&self.person, flow, at);
                    }
                    Leg::Run { step_ms, count: steps } => {
                        let mut left = steps;
                        while left > 0 {
                            // Up to the next falling asleep or waking, which lie on the grid.
                            let to = next_turn(&self.person, at);
                            let part = ((to - at).div_ceil(step_ms)).clamp(1, left);
                            flow.pass(step_ms, part as usize, rows, count, place);
                            (at, place, left) = (at + part * step_ms, place + part as usize, left - part);
                            turn(&self.person, flow, at);
                        }
                    }
                }
            }
        }
    }

    fn pain(&mut self, now: Time) -> f64 {
        if self.flares.0 != now.day() {
            self.flares = (now.day(), self.person.flares_around(now.day()));
        }
        let minute = now.minute_of_day();
        let wave = self.wave[(minute as usize).min(self.wave.len() - 1)];
        let flare = self.flares.1.iter().map(|flare| flare.height(minute)).fold(0.0, f64::max);
        (wave + flare).clamp(0.0, 10.0)
    }
}

fn turn(person: &Person, flow: &mut Flow, at_ms: u64) {
    flow.turn_to(if person.sleeps(Time { ms: at_ms }) { ASLEEP } else { AWAKE });
}

/// The next time after this one at which the person falls asleep or wakes, ms.
fn next_turn(person: &Person, at_ms: u64) -> u64 {
    let (from, to) = person.character.sleeps_min;
    let midnight = at_ms / DAY_MS * DAY_MS;
    let candidates =
        [from, to].into_iter().flat_map(|minute| [0, DAY_MS].map(|day| midnight + day + minute * MINUTE_MS));
    candidates.filter(|at| *at > at_ms).min().unwrap_or(u64::MAX)
}
