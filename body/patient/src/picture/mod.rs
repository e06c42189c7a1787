//! The spinal canal as a picture: a drug's level along the neuraxis over time, and what is felt under it.
//!
//! Answers for: one SVG without scripts, fonts or files of its own, the same bytes for the same numbers, so that a
//! command, a report and a page can all show it. `canal` draws the body and the heat, `curves` the effects, `chart` ours
//! against theirs, `axis` finds round numbers, `svg` writes. What the numbers are is left to whoever fills a [`Picture`].

pub mod axis;
mod canal;
pub mod chart;
pub mod curves;
pub mod svg;

use crate::neuraxis::Canal;
use svg::Svg;

pub use curves::{Curve, Series};

/// Width of every picture, px.
pub const WIDTH: f64 = 960.0;
/// Where time begins and ends, px.
pub(crate) const TIME: (f64, f64) = (132.0, 868.0);

/// Colour of words, of lesser words, and of lines behind.
pub(crate) const INK: &str = "#1c2733";
pub(crate) const INK_SOFT: &str = "#5b6874";
pub(crate) const RULE: &str = "#d9dfe4";

/// Levels of one drug along the canal over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Strip {
    /// Its name.
    pub drug: String,
    /// One row for each time, one entry for each place, ng/mL in CSF.
    pub levels: Vec<Vec<f64>>,
    /// One entry for each time, ng/mL in the cisterns.
    pub cisternal: Vec<f64>,
}

/// Something given, marked at its time.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// When it begins, min.
    pub from_min: f64,
    /// When it ends, min; the same for what is given at once.
    pub until_min: f64,
    /// What, in a few words.
    pub what: String,
}

/// All that is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// What it shows, in one line.
    pub title: String,
    /// For whom and from what, in one line.
    pub subtitle: String,
    /// The canal, for its shape and its levels.
    pub canal: Canal,
    /// Tip, cm from the sac's end.
    pub tip: f64,
    /// Times, min, rising evenly.
    pub times_min: Vec<f64>,
    /// Places, cm from the sac's end, rising evenly.
    pub places_cm: Vec<f64>,
    /// One for each drug.
    pub strips: Vec<Strip>,
    /// What is felt.
    pub curves: Vec<Curve>,
    /// What was given.
    pub marks: Vec<Mark>,
}

/// Where a time lies, px.
pub(crate) fn across(times_min: &[f64], minute: f64) -> f64 {
    let (from, until) = (times_min.first().copied().unwrap_or(0.0), times_min.last().copied().unwrap_or(1.0));
    let share = if until > from { (minute - from) / (until - from) } else { 0.0 };
    TIME.0 + share.clamp(0.0, 1.0) * (TIME.1 - TIME.0)
}

impl Picture {
    /// The picture as an SVG document.
    pub fn svg(&self) -> String {
        let mut svg = Svg::new(WIDTH);
        svg.text(20.0, 30.0, 17.0, INK, "start", &self.title).text(20.0, 49.0, 12.0, INK_SOFT, "start", &self.subtitle);
        let mut top = canal::marks(&mut svg, self, 66.0);
        for (n, strip) in self.strips.iter().enumerate() {
            top = canal::strip(&mut svg, self, strip, n, top);
        }
        let curves_top = top;
        for curve in &self.curves {
            top = curves::panel(&mut svg, &self.times_min, curve, top);
        }
        self.time_axis(&mut svg, curves_top, top);
        svg.end(top + 44.0, &self.title)
    }

    fn time_axis(&self, svg: &mut Svg, from: f64, to: f64) {
        let span = (self.times_min.first().copied().unwrap_or(0.0), self.times_min.last().copied().unwrap_or(1.0));
        for (minute, label) in axis::times(span.0, span.1) {
            let x = across(&self.times_min, minute);
            svg.line(x, from - 8.0, x, to + 4.0, RULE, 0.6).text(x, to + 18.0, 11.0, INK_SOFT, "middle", &label);
        }
        svg.text(0.5 * (TIME.0 + TIME.1), to + 36.0, 11.0, INK_SOFT, "middle", "time since the start");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::species::Species;

    fn picture() -> Picture {
        let times: Vec<f64> = (0..24).map(|n| f64::from(n) * 30.0).collect();
        let places: Vec<f64> = (0..30).map(|n| 1.0 + 2.0 * f64::from(n)).collect();
        let level = |t: f64, cm: f64| 1000.0 * (-(cm - 28.0).abs() / 6.0).exp() * (t / 720.0);
        let levels = times.iter().map(|t| places.iter().map(|cm| level(*t, *cm)).collect()).collect();
        let cisternal = times.iter().map(|t| t / 30.0).collect();
        Picture {
            title: "Morphine <at> T10".into(),
            subtitle: "median adult".into(),
            canal: Species::named("adult").unwrap().canal,
            tip: 28.4,
            strips: vec![Strip { drug: "morphine".into(), levels, cisternal }],
            curves: vec![Curve {
                name: "pain".into(),
                unit: "of 10".into(),
                range: (0.0, 10.0),
                series: vec![Series { name: String::new(), values: vec![7.0; 24], band: None }],
            }],
            marks: vec![Mark { from_min: 0.0, until_min: 690.0, what: "1 mg/d".into() }],
            times_min: times,
            places_cm: places,
        }
    }

    #[test]
    fn the_same_numbers_are_the_same_bytes_and_words_cannot_break_the_document() {
        let svg = picture().svg();
        assert_eq!(svg, picture().svg());
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n") && svg.contains("Morphine &lt;at&gt; T10"));
        for word in ["T10", "C1", "L3", "cisterns", "ng/mL", "pain", "tip"] {
            assert!(svg.contains(word), "{word}");
        }
        assert!(!svg.contains("NaN") && !svg.contains("inf") && !svg.contains("<script"));
    }

    #[test]
    fn a_picture_without_any_drug_in_it_is_still_a_picture() {
        let mut empty = picture();
        empty.strips[0].levels.iter_mut().flatten().for_each(|level| *level = 0.0);
        empty.strips[0].cisternal.iter_mut().for_each(|level| *level = 0.0);
        let svg = empty.svg();
        assert!(!svg.contains("NaN") && svg.len() < picture().svg().len());
    }
}
