//! What is felt, as small curves that share the canal's time.

use super::svg::{Svg, through};
use super::{INK, INK_SOFT, RULE, TIME, across, axis};

/// Colours of the series of one panel: the first is the main one.
pub const COLOURS: [&str; 4] = ["#a8322d", "#1f6f8b", "#6b4a9c", "#4d7c2a"];

/// Height of a panel's inner part, px.
const HEIGHT: f64 = 58.0;
/// Height of a panel with the room under it, px.
const PITCH: f64 = 76.0;

/// One line of a panel.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its name; empty where it stands alone.
    pub name: String,
    /// One value for each time.
    pub values: Vec<f64>,
    /// A band around it, low and high for each time.
    pub band: Option<Vec<(f64, f64)>>,
}

/// A panel: one quantity over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// What.
    pub name: String,
    /// Unit.
    pub unit: String,
    /// Low and high end of the axis.
    pub range: (f64, f64),
    /// Lines, main one first.
    pub series: Vec<Series>,
}

impl Curve {
    /// The place of a value between the ends, 0 to 1.
    fn share(&self, value: f64) -> f64 {
        let (low, high) = self.range;
        if high > low && value.is_finite() { ((value - low) / (high - low)).clamp(0.0, 1.0) } else { 0.0 }
    }
}

/// Draws a panel and answers where the next begins.
pub(crate) fn panel(svg: &mut Svg, times: &[f64], curve: &Curve, top: f64) -> f64 {
    let (above, below) = (top + 6.0, top + 6.0 + HEIGHT);
    let y = |value: f64| below - curve.share(value) * HEIGHT;
    for value in [curve.range.0, 0.5 * (curve.range.0 + curve.range.1), curve.range.1] {
        svg.line(TIME.0, y(value), TIME.1, y(value), RULE, 0.6);
    }
    svg.text(20.0, above + 24.0, 12.5, INK, "start", &curve.name)
        .text(20.0, above + 40.0, 11.0, INK_SOFT, "start", if curve.unit == "1" { "of 1" } else { &curve.unit })
        .text(TIME.0 - 7.0, below, 10.0, INK_SOFT, "end", &axis::number(curve.range.0))
        .text(TIME.0 - 7.0, above + 7.0, 10.0, INK_SOFT, "end", &axis::number(curve.range.1));
    for (series, colour) in curve.series.iter().zip(COLOURS).rev() {
        if let Some(band) = &series.band {
            let up = times.iter().zip(band).map(|(t, (low, _))| (across(times, *t), y(*low)));
            let down = times.iter().zip(band).rev().map(|(t, (_, high))| (across(times, *t), y(*high)));
            let around: Vec<(f64, f64)> = up.chain(down).collect();
            svg.path(&format!("{}Z", through(&around)), &format!("fill=\"{colour}\" fill-opacity=\"0.16\""));
        }
        let line: Vec<(f64, f64)> = times.iter().zip(&series.values).map(|(t, v)| (across(times, *t), y(*v))).collect();
        svg.polyline(
            &line,
            &format!("fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.8\" stroke-linejoin=\"round\""),
        );
    }
    ends(svg, curve, y);
    top + PITCH
}

/// The last value of each series, beside its end, apart enough to be read.
fn ends(svg: &mut Svg, curve: &Curve, y: impl Fn(f64) -> f64) {
    let mut ends: Vec<(f64, String, &str)> = curve
        .series
        .iter()
        .zip(COLOURS)
        .filter_map(|(series, colour)| {
            let last = *series.values.last()?;
            // Less than a line is wide is nothing.
            let is_seen = last.abs() > 5e-3 * (curve.range.1 - curve.range.0);
            let words = format!("{} {}", axis::number(if is_seen { last } else { 0.0 }), series.name);
            Some((y(last) + 4.0, words.trim().to_owned(), colour))
        })
        .collect();
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut free = f64::MIN;
    for (at, words, colour) in ends {
        let at = at.max(free);
        svg.text(TIME.1 + 8.0, at, 11.0, colour, "start", &words);
        free = at + 12.0;
    }
}
