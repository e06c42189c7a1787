//! A chart of ours against what was published: lines are ours, boxes and dots are theirs.

use libm::log10;

use super::svg::Svg;
use super::{INK, INK_SOFT, RULE, axis};

/// Size of a chart and of its inner part, px.
const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 252.0;
const INNER: (f64, f64, f64, f64) = (58.0, 36.0, 446.0, 206.0);

/// Colours of our lines; what was published is in ink.
const LINES: [&str; 3] = ["#1f6f8b", "#a8322d", "#6b4a9c"];
/// Colour of a published band.
const BAND: &str = "#e3c770";
/// The same where it spans the whole height.
const BAND_OPEN: &str = "#f5ebcd";

/// One of our lines.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What it shows.
    pub name: String,
    /// Points, across rising.
    pub points: Vec<(f64, f64)>,
}

/// A published band: a value, or a time, or both, between two ends.
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    /// From and to across; the whole width where infinite.
    pub x: (f64, f64),
    /// From and to upwards; the whole height where infinite.
    pub y: (f64, f64),
}

/// A chart.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Chart {
    /// What lies across, with its unit.
    pub across: String,
    /// What goes up, with its unit.
    pub up: String,
    /// Whether up is by decades.
    pub is_log: bool,
    /// Ours.
    pub lines: Vec<Line>,
    /// Published ranges.
    pub bands: Vec<Band>,
    /// Published points: across, up, what.
    pub dots: Vec<(f64, f64, String)>,
    /// Our people, where a population is shown.
    pub crowd: Vec<(f64, f64)>,
}

/// Any range, for a band that is open on one axis.
pub const ANY: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);

/// Where a value lies on an axis, 0 to 1.
struct Scale {
    from: f64,
    to: f64,
    is_log: bool,
}

impl Scale {
    fn over(values: impl Iterator<Item = f64>, is_log: bool) -> Self {
        let seen = values.filter(|v| v.is_finite() && (!is_log || *v > 0.0));
        let (mut low, mut high) = seen.fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(v), h.max(v)));
        if low > high {
            (low, high) = (0.1, 1.0);
        }
        if is_log {
            // Four decades are enough to see where something is as good as gone.
            let high = libm::ceil(log10(high * 1.05));
            Self { from: libm::floor(log10(low)).max(high - 4.0), to: high, is_log }
        } else {
            let low = if low >= 0.0 { 0.0 } else { -axis::round_up(-low) };
            Self { from: low, to: axis::round_up(high.max(low + 1e-9)), is_log }
        }
    }

    fn share(&self, value: f64) -> f64 {
        let at = if self.is_log { log10(value.max(1e-300)) } else { value };
        ((at - self.from) / (self.to - self.from)).clamp(0.0, 1.0)
    }

    fn ticks(&self) -> Vec<f64> {
        if self.is_log {
            let count = (self.to - self.from) as u32;
            return (0..=count).map(|n| libm::pow(10.0, self.from + f64::from(n))).collect();
        }
        let step = axis::round_up((self.to - self.from) / 6.0);
        let first = libm::ceil(self.from / step);
        (0..16).map(|n| (first + f64::from(n)) * step).take_while(|v| *v <= self.to * (1.0 + 1e-9)).collect()
    }
}

impl Chart {
    /// The chart as an SVG document.
    pub fn svg(&self, title: &str) -> String {
        let (x0, y0, x1, y1) = INNER;
        let points = || self.lines.iter().flat_map(|line| &line.points).chain(&self.crowd);
        let theirs = || self.dots.iter();
        let xs = points().map(|p| p.0).chain(theirs().map(|d| d.0));
        let edges = self.bands.iter().flat_map(|band| [band.y.0, band.y.1]);
        let ys = points().map(|p| p.1).chain(theirs().map(|d| d.1)).chain(edges);
        let (mut sx, sy) = (Scale::over(xs.clone(), false), Scale::over(ys, self.is_log));
        // Time ends where the course ends.
        sx.to = xs.fold(f64::MIN, f64::max).max(sx.from + 1e-9);
        let x = |value: f64| x0 + sx.share(value) * (x1 - x0);
        let y = |value: f64| y1 - sy.share(value) * (y1 - y0);
        let mut svg = Svg::new(WIDTH);
        for band in &self.bands {
            let (left, right) = (x(band.x.0.max(sx.from)), x(band.x.1.min(sx.to)));
            let low = if band.y.0.is_finite() { y(band.y.0) } else { y1 };
            let high = if band.y.1.is_finite() { y(band.y.1) } else { y0 };
            svg.rect(
                left - 1.0,
                high,
                (right - left).max(0.0) + 2.0,
                (low - high).max(2.0),
                if band.y == ANY { BAND_OPEN } else { BAND },
            );
        }
        for tick in sx.ticks() {
            svg.line(x(tick), y1, x(tick), y1 + 4.0, INK_SOFT, 0.8);
            svg.text(x(tick), y1 + 16.0, 10.0, INK_SOFT, "middle", &axis::number(tick));
        }
        for tick in sy.ticks() {
            svg.line(x0, y(tick), x1, y(tick), RULE, 0.6);
            svg.text(x0 - 6.0, y(tick) + 3.5, 10.0, INK_SOFT, "end", &axis::number(tick));
        }
        for (px, py) in &self.crowd {
            svg.dot(x(*px), y(*py), 2.2, LINES[0], "");
        }
        for (line, colour) in self.lines.iter().zip(LINES) {
            let drawn: Vec<(f64, f64)> = line.points.iter().map(|(a, b)| (x(*a), y(*b))).collect();
            svg.polyline(&drawn, &format!("fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.8\""));
        }
        for (px, py, what) in &self.dots {
            svg.dot(x(*px), y(*py), 4.5, INK, what);
        }
        let mut at = x0 + 6.0;
        for (line, colour) in self.lines.iter().zip(LINES).filter(|(line, _)| !line.name.is_empty()) {
            svg.text(at, y0 - 9.0, 11.0, colour, "start", &line.name);
            at += 7.0 * line.name.chars().count() as f64 + 14.0;
        }
        svg.text(0.5 * (x0 + x1), HEIGHT - 10.0, 11.0, INK_SOFT, "middle", &self.across);
        svg.text(4.0, 12.0, 11.0, INK_SOFT, "start", &self.up);
        svg.end(HEIGHT, title)
    }
}

/// One row of a table of bands.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What.
    pub label: String,
    /// Ours.
    pub ours: f64,
    /// Band.
    pub band: (f64, f64),
    /// Published, where one number is.
    pub published: Option<f64>,
    /// Unit.
    pub unit: String,
}

/// Numbers against their bands, one under the other; each on an axis of its own.
pub fn rows(rows: &[Row], title: &str) -> String {
    const PITCH: f64 = 46.0;
    let (x0, x1) = (16.0, WIDTH - 16.0);
    let mut svg = Svg::new(WIDTH);
    let mut top = 6.0;
    for row in rows {
        let is_in = row.ours >= row.band.0 && row.ours <= row.band.1;
        let room = 0.6 * (row.band.1 - row.band.0).abs().max(1e-12);
        let seen = |v: f64| if v.is_finite() { v } else { row.band.1 };
        let low = (row.band.0 - room).min(seen(row.ours) - 0.1 * room);
        let high = (row.band.1 + room).max(seen(row.ours) + 0.1 * room);
        let x = |value: f64| x0 + ((value - low) / (high - low)).clamp(0.0, 1.0) * (x1 - x0);
        let unit = if row.unit == "1" { "" } else { &row.unit };
        let numbers = format!(
            "{} {unit} (band {} to {})",
            axis::number(row.ours),
            axis::number(row.band.0),
            axis::number(row.band.1)
        );
        svg.text(x0, top + 12.0, 12.0, INK, "start", &row.label).text(x1, top + 12.0, 11.0, INK_SOFT, "end", &numbers);
        svg.rect(x0, top + 24.0, x1 - x0, 2.0, RULE);
        svg.rect(x(row.band.0), top + 20.0, (x(row.band.1) - x(row.band.0)).max(2.0), 10.0, BAND);
        if let Some(published) = row.published {
            svg.line(x(published), top + 17.0, x(published), top + 33.0, INK, 2.0);
        }
        svg.dot(x(seen(row.ours)), top + 25.0, 5.5, if is_in { LINES[0] } else { LINES[1] }, "ours");
        top += PITCH;
    }
    svg.end(top, title)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_holds_ours_and_theirs_and_no_nonsense() {
        let line = Line { name: "ours".into(), points: (1..50).map(|n| (f64::from(n), 1e3 / f64::from(n))).collect() };
        let chart = Chart {
            across: "h".into(),
            up: "ng/mL".into(),
            is_log: true,
            lines: vec![line],
            bands: vec![Band { x: (4.0, 6.0), y: (100.0, 300.0) }, Band { x: (10.0, 12.0), y: ANY }],
            dots: vec![(5.0, 200.0, "published".into())],
            crowd: Vec::new(),
        };
        let svg = chart.svg("x");
        assert!(svg.contains("published") && !svg.contains("NaN") && !svg.contains("inf\""), "{svg}");
        let row = Row { label: "a".into(), ours: f64::NAN, band: (1.0, 2.0), published: Some(1.5), unit: "h".into() };
        assert!(!rows(&[row], "x").contains("=\"NaN"));
    }
}
