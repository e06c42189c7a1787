#![forbid(unsafe_code)]
//! What a prescription would do, before it is given: expected bands over a simulated population.
//!
//! Answers for: one pure function. The same question gives the same bands to the bit, at any number of threads. What was
//! given in the last two weeks goes in, and where nobody knows it, each simulated person had something else: not knowing
//! widens the band. `giving` works out what reaches the tip, `bands` sorts the people.
//!
//! It approves nothing and is never green: the bands are of a model of a population, not of this patient ([`LABEL`]).

mod bands;
mod giving;

use orders::{Drug, Ledger, Mass, Prescription, WallTime};
use patient::body::{Body, Probe, Site};
use patient::drug::{Action, Drug as Known};
use patient::time::{DAY_MS, MINUTE_MS, Time};
use rayon::prelude::*;

pub use bands::Band;
pub use patient::person::Person;

/// What stands beside every band.
pub const LABEL: &str = "simulated population, not this patient";

/// Hours of history that are looked at: two weeks.
pub const HISTORY_HOURS: usize = 14 * 24;
/// How far the bands reach, and how far apart their points are.
pub const AHEAD_MIN: u64 = 72 * 60;
/// Minutes between two points.
pub const STEP_MIN: u64 = 30;
/// Most people; the bands of a few hundred do not change any more.
pub const PEOPLE_MAX: u64 = 10_000;

/// What the pump gave in one hour, drug by drug; `None` where nobody knows.
pub type Hour = Option<Vec<(Drug, Mass)>>;

/// What is asked.
#[derive(Debug, Clone)]
pub struct Question<'a> {
    /// The order that runs, if one does.
    pub current: Option<&'a Prescription>,
    /// The order that is thought of.
    pub proposed: &'a Prescription,
    /// What lies from reservoir to tip when it would begin.
    pub ledger: &'a Ledger,
    /// Hourly totals of at most the last 14 days, the last hour last. Hours before the first are not known.
    pub history: &'a [Hour],
    /// The wall's clock now, for the day schedule and for sleep.
    pub now: WallTime,
    /// What is known of the person: body, pain and spasticity without drug. How they differ inside is drawn.
    pub person: &'a Person,
    /// Where the tip lies, cm from the sac's end.
    pub tip_cm: f64,
    /// Seed of the population.
    pub seed: u64,
    /// How many people.
    pub people: u64,
}

/// The answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// What stands beside every band: [`LABEL`].
    pub label: &'static str,
    /// Minutes from now.
    pub times_min: Vec<u64>,
    /// If the proposed order ran from now on.
    pub proposed: Vec<Band>,
    /// If the current order went on; empty without one.
    pub unchanged: Vec<Band>,
    /// Drugs of either order that the model does not know: their effect is in no band.
    pub unknown: Vec<Drug>,
    /// Hours of the last 14 days that nobody knows.
    pub unknown_hours: usize,
}

/// Why there is no preview.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// People outside 1 to [`PEOPLE_MAX`].
    People(u64),
    /// More history than is looked at, in hours.
    History(usize),
    /// The model knows none of the drugs.
    NoDrug(Vec<Drug>),
    /// The virtual patient refuses: tip, species or drug.
    Body(String),
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::People(n) => write!(f, "{n} people: 1 to {PEOPLE_MAX} were expected"),
            Self::History(n) => write!(f, "{n} hours of history: at most {HISTORY_HOURS} were expected"),
            Self::NoDrug(drugs) => {
                let names: Vec<&str> = drugs.iter().map(|drug| drug.name()).collect();
                write!(f, "nothing is known here of {}: no band can be shown", names.join(", "))
            }
            Self::Body(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Refusal {}

/// Works out the bands.
///
/// # Errors
/// Nobody to draw, too long a history, or a body that cannot be made.
pub fn preview(question: &Question<'_>) -> Result<Preview, Refusal> {
    if !(1..=PEOPLE_MAX).contains(&question.people) {
        return Err(Refusal::People(question.people));
    }
    if question.history.len() > HISTORY_HOURS {
        return Err(Refusal::History(question.history.len()));
    }
    let (known, unknown) = drugs(question);
    if known.is_empty() {
        return Err(Refusal::NoDrug(unknown));
    }
    let quantities = bands::quantities(&known);
    let lives: Result<Vec<Life>, Refusal> =
        (0..question.people).into_par_iter().map(|number| live(question, &known, &quantities, number)).collect();
    let lives = lives?;
    let of = |read: fn(&Life) -> &Vec<Vec<f64>>| bands::of(&quantities, lives.iter().map(read));
    let known_hours = question.history.iter().filter(|hour| hour.is_some()).count();
    Ok(Preview {
        label: LABEL,
        times_min: (0..=AHEAD_MIN / STEP_MIN).map(|n| n * STEP_MIN).collect(),
        proposed: of(|life| &life.proposed),
        unchanged: if question.current.is_some() { of(|life| &life.unchanged) } else { Vec::new() },
        unknown,
        unknown_hours: HISTORY_HOURS - known_hours,
    })
}

/// Drugs of both orders and of the history, those that the model knows first.
fn drugs(question: &Question<'_>) -> (Vec<(Drug, Known)>, Vec<Drug>) {
    let orders = question.current.into_iter().chain([question.proposed]);
    let ordered = orders.flat_map(|order| order.mixture.iter().map(|part| part.drug).collect::<Vec<_>>());
    let lying =
        question.ledger.slugs.iter().flat_map(|slug| slug.mixture.iter().map(|part| part.drug).collect::<Vec<_>>());
    let given = question.history.iter().flatten().flatten().map(|(drug, _)| *drug);
    let mut all: Vec<Drug> = Vec::new();
    for drug in ordered.chain(lying).chain(given) {
        if !all.contains(&drug) {
            all.push(drug);
        }
    }
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for drug in all {
        match Known::named(drug.name()) {
            Ok(found) => known.push((drug, found)),
            Err(_) => unknown.push(drug),
        }
    }
    (known, unknown)
}

/// One simulated person: each quantity at each time, under both orders.
struct Life {
    proposed: Vec<Vec<f64>>,
    unchanged: Vec<Vec<f64>>,
}

fn live(
    question: &Question<'_>,
    known: &[(Drug, Known)],
    quantities: &[bands::Quantity],
    number: u64,
) -> Result<Life, Refusal> {
    let told = |why: patient::sheet::BadInput| Refusal::Body(why.to_string());
    let drawn = Person::drawn("adult", question.seed, number).map_err(told)?;
    let like = question.person;
    // What is known of the person stays; what nobody can see inside is drawn.
    let person = Person {
        species: like.species.clone(),
        pain: patient::person::Pain { mean: like.pain.mean, ..drawn.pain },
        spasticity: like.spasticity,
        ..drawn
    };
    let habit = giving::Habit::of(question.seed, number);
    let drugs: Vec<Known> = known.iter().map(|(_, drug)| drug.clone()).collect();
    let mut body = Body::with(person, drugs, question.tip_cm).map_err(told)?;
    let probes: Result<Vec<Probe>, _> =
        (0..known.len()).map(|drug| body.probe(drug, Site::Csf(question.tip_cm))).collect();
    let probes = probes.map_err(told)?;
    // The body's first midnight lies a day before the history, so that no time is before its beginning.
    let now = Time { ms: 15 * DAY_MS + question.now.get() % DAY_MS };
    let before = giving::before(question, known, &habit);
    let begun = Time { ms: now.ms - HISTORY_HOURS as u64 * 60 * MINUTE_MS };
    run(&mut body, begun, now, &before, |_| {}).map_err(told)?;
    let mut ahead = |order: &Prescription| -> Result<Vec<Vec<f64>>, Refusal> {
        let mut body = body.clone();
        let given = giving::ahead(order, question, known, &habit);
        let mut values = vec![Vec::new(); quantities.len()];
        run(&mut body, now, Time { ms: now.ms + AHEAD_MIN * MINUTE_MS }, &given, |body| {
            for (into, quantity) in values.iter_mut().zip(quantities) {
                into.push(quantity.read(body, &probes));
            }
        })
        .map_err(told)?;
        Ok(values)
    };
    let proposed = ahead(question.proposed)?;
    let unchanged = question.current.map_or(Ok(Vec::new()), &mut ahead)?;
    Ok(Life { proposed, unchanged })
}

/// Gives what is to be given and looks every half hour, both ends included.
fn run(
    body: &mut Body,
    from: Time,
    until: Time,
    given: &[giving::Given],
    mut look: impl FnMut(&Body),
) -> Result<(), patient::sheet::BadInput> {
    let mut next = given.iter().peekable();
    let steps = (until.ms - from.ms) / (STEP_MIN * MINUTE_MS);
    for step in 0..=steps {
        let at = Time { ms: from.ms + step * STEP_MIN * MINUTE_MS };
        while let Some(give) = next.next_if(|give| from.ms + give.after_ms <= at.ms) {
            let then = Time { ms: from.ms + give.after_ms };
            match give.what {
                giving::What::Rate(rate) => body.infuse(then, give.drug, patient::body::Way::Tip, rate)?,
                giving::What::Mass(mass) => body.give(then, give.drug, mass).map(|_| ())?,
            }
        }
        body.advance(at)?;
        look(body);
    }
    Ok(())
}

/// Whether a drug acts in some way.
pub(crate) fn acts(known: &[(Drug, Known)], action: Action) -> bool {
    known.iter().any(|(_, drug)| drug.potency(action).is_some())
}
