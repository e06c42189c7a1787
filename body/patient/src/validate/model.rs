//! A body on the bench: one release, one curve, no person. What the published numbers are compared with.

use crate::drug::Drug;
use crate::krylov::dot;
use crate::modes::Release;
use crate::neuraxis::{CELLS, Neuraxis};
use crate::sheet::BadInput;
use crate::species::Species;

/// Bodies and drugs as the files have them, or as a fit has changed them.
#[derive(Debug, Clone)]
pub struct Model {
    /// Adult.
    pub adult: Species,
    /// Dog.
    pub dog: Species,
    /// Pig.
    pub pig: Species,
    /// Drugs that targets ask for.
    pub drugs: Vec<Drug>,
}

/// The course of one drug after one release.
#[derive(Debug, Clone)]
pub struct Course {
    axis: Neuraxis,
    release: Release,
}

/// Where to read a course.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum At {
    /// CSF at a place, cm.
    Csf(f64),
    /// Cisterns.
    Cisternal,
    /// Plasma.
    Plasma,
    /// Target dermatomes of the cord over a partition of one.
    Cord(f64, f64),
    /// Part of what is in CSF and cord between two places, of what is stored in all.
    Held(f64, f64),
}

/// How drug is let in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Let {
    /// By strokes at a place, cm.
    Point(f64),
    /// Spread around a place, cm, by a half width, cm.
    Spread(f64, f64),
    /// Epidural, around a place, cm, by a half width, cm.
    Epidural(f64, f64),
}

impl Model {
    /// As the files have it.
    ///
    /// # Errors
    /// A file is wrong.
    pub fn of_files() -> Result<Self, BadInput> {
        let drugs: Result<Vec<Drug>, BadInput> = crate::drug::names().map(Drug::named).collect();
        let (adult, dog, pig) = (Species::named("adult")?, Species::named("dog")?, Species::named("pig")?);
        Ok(Self { adult, dog, pig, drugs: drugs? })
    }

    /// A drug.
    ///
    /// # Errors
    /// It is not there.
    pub fn drug(&self, name: &str) -> Result<&Drug, BadInput> {
        let found = self.drugs.iter().find(|d| d.name == name);
        found.ok_or_else(|| BadInput::of_call("drug", name, "a drug of the model"))
    }

    /// Where a level lies in a species.
    ///
    /// # Errors
    /// No such level.
    pub fn place(species: &Species, level: &str) -> Result<f64, BadInput> {
        let found = species.canal.levels.read(level);
        found.ok_or_else(|| BadInput::of_call("level", level, "a vertebral level"))
    }

    /// The course of a drug in a species at a factor on the dispersion.
    ///
    /// # Errors
    /// No calibration.
    pub fn course(&self, species: &Species, drug: &str, by: Let, factor: f64) -> Result<Course, BadInput> {
        let drug = self.drug(drug)?;
        let axis = Neuraxis::new(&species.canal, drug.exchange(species)?, &[factor], CELLS);
        let input = match by {
            Let::Point(cm) => axis.point(cm),
            Let::Spread(cm, width) => axis.spread(cm, width),
            Let::Epidural(cm, width) => axis.epidural_spread(cm, width).unwrap_or_else(|| axis.spread(cm, width)),
        };
        let release = Release::new(&axis.trees, &input, &drug.disposition(species.mass), crate::body::RANK);
        Ok(Course { axis, release })
    }
}

impl Course {
    fn reading(&self, at: At) -> Vec<f64> {
        match at {
            At::Csf(cm) => self.release.reading(0, &self.axis.csf(cm)),
            At::Cisternal => self.release.reading(0, &self.axis.cisternal()),
            At::Plasma => self.release.plasma(0),
            At::Cord(from, to) => self.release.reading(0, &self.axis.cord(from, to)),
            At::Held(from, to) => self.release.reading(0, &self.axis.held(from, to)),
        }
    }

    /// Level some minutes after a unit at once.
    pub fn bolus(&self, minutes: f64, at: At) -> f64 {
        let span = self.release.regime(0).span(minutes);
        let mut state = self.release.empty();
        state.give(self.release.regime(0), 1.0);
        state.pass(self.release.regime(0), &span, minutes, 0.0);
        dot(&self.reading(at), &state.now)
    }

    /// Level some minutes after the start of an infusion of one unit a minute that lasts some minutes.
    pub fn infusion(&self, lasts: f64, minutes: f64, at: At) -> f64 {
        let regime = self.release.regime(0);
        let mut state = self.release.empty();
        let during = minutes.min(lasts);
        state.pass(regime, &regime.span(during), during, 1.0);
        if minutes > lasts {
            state.pass(regime, &regime.span(minutes - lasts), minutes - lasts, 0.0);
        }
        dot(&self.reading(at), &state.now)
    }

    /// Level at rest for an infusion of one unit a minute.
    pub fn at_rest(&self, at: At) -> f64 {
        self.infusion(1e6, 1e6, at)
    }

    /// Area under the level after a unit, to the end, unit per mL times min.
    pub fn area(&self, at: At) -> f64 {
        // The area after a unit at once is the level at rest of a unit a minute.
        self.at_rest(at)
    }

    /// Time and height of the highest level after a unit at once, looked for every minute.
    pub fn peak(&self, at: At, within_min: u32) -> (f64, f64) {
        highest((1..=within_min).map(|n| (f64::from(n), self.bolus(f64::from(n), at))))
    }

    /// Half-life between two times after a unit at once, min.
    pub fn half_life(&self, from: f64, to: f64, at: At) -> f64 {
        (to - from) * std::f64::consts::LN_2 / libm::log(self.bolus(from, at) / self.bolus(to, at))
    }
}

/// Time and height of the highest of some levels.
pub fn highest(levels: impl Iterator<Item = (f64, f64)>) -> (f64, f64) {
    levels.fold((0.0, f64::MIN), |best, now| if now.1 > best.1 { now } else { best })
}
