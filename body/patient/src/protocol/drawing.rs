//! A protocol as a picture: the whole canal over the whole time, whatever the file samples.

use super::{EFFECTS, Give, Protocol, What};
use crate::body::{Body, Probe, Site, Way};
use crate::picture::{Curve, Mark, Picture, Series, Strip, axis};
use crate::sheet::BadInput;
use crate::time::Time;

/// Columns and rows of the heat.
const COLUMNS: u64 = 180;
const ROWS: u32 = 74;
/// Curves that have room.
const CURVES_MAX: usize = 5;
/// Marks that are drawn; a protocol may give ten thousand times.
const MARKS_MAX: usize = 60;

impl Protocol {
    /// Draws it, from the start to the last time that it samples.
    ///
    /// # Errors
    /// As for [`Protocol::run`].
    pub fn picture(&self) -> Result<Picture, BadInput> {
        let names: Vec<&str> = self.drugs.iter().map(String::as_str).collect();
        let mut body = Body::new(self.person.clone(), &names, self.tip)?;
        let last = self.times.iter().map(|t| t.ms).max().unwrap_or(0).max(60_000);
        let times: Vec<Time> = (0..=COLUMNS).map(|n| Time { ms: last * n / COLUMNS }).collect();
        let canal = self.person.factors.canal(&self.person.species);
        let places: Vec<f64> = (0..ROWS).map(|n| (f64::from(n) + 0.5) / f64::from(ROWS) * canal.length).collect();
        let mut probes: Vec<(Vec<Probe>, Probe)> = Vec::new();
        for drug in 0..names.len() {
            let along: Result<Vec<Probe>, BadInput> =
                places.iter().map(|cm| body.probe(drug, Site::Csf(*cm))).collect();
            probes.push((along?, body.probe(drug, Site::Cisternal)?));
        }
        let strip = |drug: &String| Strip { drug: drug.clone(), levels: Vec::new(), cisternal: Vec::new() };
        let mut strips: Vec<Strip> = self.drugs.iter().map(strip).collect();
        let mut felt: Vec<Vec<f64>> = vec![Vec::new(); EFFECTS.len()];
        self.at_times(&mut body, &times, |body| {
            for (strip, (along, cisternal)) in strips.iter_mut().zip(&probes) {
                strip.levels.push(along.iter().map(|probe| 1000.0 * body.read(*probe)).collect());
                strip.cisternal.push(1000.0 * body.read(*cisternal));
            }
            if let Some(now) = body.felt() {
                felt.iter_mut().zip(EFFECTS).for_each(|(values, (_, _, read))| values.push(read(&now)));
            }
            Ok(())
        })?;
        let (times_min, marks) = (times.iter().map(|t| t.minutes()).collect(), self.marks(last));
        let (title, subtitle) = self.titles(&canal.levels.nearest(self.tip).to_string());
        let curves = curves(felt);
        Ok(Picture { title, subtitle, canal, tip: self.tip, times_min, places_cm: places, strips, curves, marks })
    }

    fn titles(&self, level: &str) -> (String, String) {
        let who = match (self.person.seed, self.person.number) {
            (0, 0) => self.person.species.name.clone(),
            (seed, number) => format!("{}, person {number} of population {seed}", self.person.species.name),
        };
        let title = format!("{} along the spinal canal, tip at {level}", self.drugs.join(" and "));
        (title, format!("{who} · a model of a population, not of any one patient"))
    }

    fn marks(&self, last: u64) -> Vec<Mark> {
        let ends = |from: usize, give: &Give| {
            let next = self.gives[from + 1..].iter().find(|g| {
                g.drug == give.drug
                    && matches!(
                        (g.what, give.what),
                        (What::Basal(_), What::Basal(_)) | (What::Beside(_), What::Beside(_))
                    )
            });
            next.map_or(last, |g| g.at.ms.min(last))
        };
        let mut marks = Vec::new();
        for (n, give) in self.gives.iter().enumerate().filter(|(_, give)| give.at.ms <= last) {
            let drug = if self.drugs.len() > 1 { format!(" {}", self.drugs[give.drug]) } else { String::new() };
            let (until, what) = match give.what {
                What::Mass(mass) => (give.at.ms, format!("{}{drug}{}", mass_words(mass), by(give.way))),
                What::Basal(rate) if rate > 0.0 => (ends(n, give), format!("{}/d{drug}", mass_words(rate * 1440.0))),
                What::Beside(rate) if rate > 0.0 => {
                    let until = ends(n, give);
                    let minutes = (until - give.at.ms) as f64 / 60_000.0;
                    (until, format!("{}{drug} in {} min", mass_words(rate * minutes), axis::number(minutes)))
                }
                What::Basal(_) | What::Beside(_) => continue,
            };
            marks.push(Mark { from_min: give.at.minutes(), until_min: until as f64 / 60_000.0, what });
        }
        marks.truncate(MARKS_MAX);
        marks
    }
}

fn by(way: Way) -> &'static str {
    match way {
        Way::Tip | Way::Point(_) => "",
        Way::Spread(..) => " by hand",
        Way::Epidural(..) => " epidural",
        Way::Subdural(_) => " subdural",
        Way::Pocket => " under the skin",
        Way::Blood => " into a vein",
    }
}

fn mass_words(micrograms: f64) -> String {
    if micrograms >= 1000.0 {
        format!("{} mg", axis::number(micrograms / 1000.0))
    } else {
        format!("{} mcg", axis::number(micrograms))
    }
}

/// Effects that move, those first that move most against their scale.
fn curves(felt: Vec<Vec<f64>>) -> Vec<Curve> {
    let range = |unit: &str, values: &[f64]| -> (f64, f64) {
        let most = values.iter().copied().fold(0.0, f64::max);
        match unit {
            "points of 10" => (0.0, 10.0),
            "points of 4" => (0.0, 4.0),
            "points of 3" => (0.0, 3.0),
            "breaths/min" => (0.0, most.max(16.0)),
            "mmHg" => (20.0, axis::round_up(most.max(100.0) * 0.99).max(100.0)),
            _ => (0.0, 1.0),
        }
    };
    let mut found: Vec<(f64, usize, Curve)> = Vec::new();
    for (n, (values, (name, unit, _))) in felt.into_iter().zip(EFFECTS).enumerate().filter(|(_, (v, _))| !v.is_empty())
    {
        let range = range(unit, &values);
        let (low, high) = values.iter().fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(*v), high.max(*v)));
        let moved = (high - low) / (range.1 - range.0);
        let series = vec![Series { name: String::new(), values, band: None }];
        // Pain and breathing are always shown: relief and the first harm are why anybody looks.
        let first = if matches!(name, "pain" | "breathing") { 10.0 } else { 0.0 };
        found.push((first + moved, n, Curve { name: name.into(), unit: unit.into(), range, series }));
    }
    found.retain(|(weight, ..)| *weight > 0.03);
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found.truncate(CURVES_MAX);
    found.sort_by_key(|(_, n, _)| *n);
    found.into_iter().map(|(_, _, curve)| curve).collect()
}
