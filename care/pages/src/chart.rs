//! Charts as SVG, made on the server: axes with units, a band for what is uncertain, lines that differ in dash and mark
//! as well as in colour, and behind each a table with the same numbers.
//!
//! Each chart is drawn twice, wide and narrow, so that its text keeps its size on a telephone; the style shows the one
//! that fits. The drawing is hidden from screen readers; the sentence and the table say it.

use std::fmt::Write as _;

use maud::{Markup, html};

use crate::moment::Local;
use crate::panels::more;
use crate::table::{Column, Table};
use crate::ticks;
use crate::words::{Safety, Words};

/// How a series is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Shape {
    /// A line from point to point.
    #[default]
    Line,
    /// A line that holds each value until the next: ordered rates.
    Steps,
    /// Single points: measurements.
    Points,
    /// Columns from the base: daily counts.
    Columns,
}

/// A series of values in time.
#[derive(Clone, Debug, Default)]
pub struct Series {
    /// Its name.
    pub name: String,
    /// How it is drawn.
    pub shape: Shape,
    /// Moments in rising order and values in the axis's unit; `None` breaks the line, for what nobody knows.
    pub values: Vec<(Local, Option<f64>)>,
}

/// A band of what is expected.
#[derive(Clone, Debug, Default)]
pub struct Band {
    /// Its name, with the share it covers: "expected, 5 to 95 %".
    pub name: String,
    /// Moment, lower edge, middle, upper edge.
    pub values: Vec<(Local, f64, f64, f64)>,
    /// Whether it comes from simulated people; then it says so.
    pub simulated: bool,
}

/// A value that the others are held against.
#[derive(Clone, Debug)]
pub struct Reference {
    /// Its name: "ceiling of 24 h".
    pub name: String,
    /// Its value.
    pub value: f64,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Event {
    /// When.
    pub at: Local,
    /// What.
    pub name: String,
}

/// A chart of values in time.
#[derive(Clone, Debug)]
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// The sentence that says what is to be seen.
    pub says: String,
    /// What the values are, and their unit.
    pub quantity: String,
    /// The unit's short writing.
    pub unit: String,
    /// From when.
    pub from: Local,
    /// Until when.
    pub to: Local,
    /// The range that is shown at least; a scale of pain is always 0 to 10.
    pub at_least: (f64, f64),
    /// Decimals in the table.
    pub places: u32,
    /// Expected bands, drawn below.
    pub bands: Vec<Band>,
    /// The series.
    pub series: Vec<Series>,
    /// Limits.
    pub references: Vec<Reference>,
    /// What happened.
    pub events: Vec<Event>,
}

/// The place of the drawing, in units of the view box, which are CSS pixels at the size it is shown.
#[derive(Clone, Copy)]
struct Frame {
    width: f64,
    height: f64,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    marks: u32,
}

const WIDE: Frame = Frame { width: 760.0, height: 280.0, left: 56.0, right: 16.0, top: 26.0, bottom: 34.0, marks: 9 };
const NARROW: Frame = Frame { width: 340.0, height: 240.0, left: 46.0, right: 10.0, top: 26.0, bottom: 34.0, marks: 4 };

/// A drawing in its frame.
struct Plot<'a> {
    chart: &'a Chart,
    frame: Frame,
    low: f64,
    high: f64,
}

impl Chart {
    /// The figure: sentence, drawing, legend, table.
    pub fn html(&self, words: &Words) -> Markup {
        html! {
            figure.chart {
                figcaption { span.chart-title { (self.title) } @if !self.says.is_empty() { span.chart-says { (self.says) } } }
                (self.draw(words, WIDE, "chart-wide"))
                (self.draw(words, NARROW, "chart-narrow"))
                (self.legend())
                @if self.bands.iter().any(|band| band.simulated) { p.chart-note { (words.say(Safety::SimulatedPopulation)) } }
                (more(words.say("chart-as-table"), self.table(words)))
            }
        }
    }

    fn range(&self) -> (f64, f64) {
        let bands = self.bands.iter().flat_map(|b| b.values.iter().flat_map(|v| [v.1, v.3]));
        let lines = self.series.iter().flat_map(|s| s.values.iter().filter_map(|v| v.1));
        let limits = self.references.iter().map(|r| r.value);
        let all = bands.chain(lines).chain(limits).filter(|v| v.is_finite());
        let (low, high) = all.fold(self.at_least, |(low, high), v| (low.min(v), high.max(v)));
        let marks = ticks::round(low, high, 5);
        (marks.first().copied().unwrap_or(low), marks.last().copied().unwrap_or(high))
    }

    fn draw(&self, words: &Words, frame: Frame, class: &str) -> Markup {
        let (low, high) = self.range();
        let plot = Plot { chart: self, frame, low, high };
        html! {
            svg class={ "plot " (class) } viewBox={ "0 0 " (frame.width) " " (frame.height) } aria-hidden="true" focusable="false" {
                (plot.axes(words))
                @for (n, band) in self.bands.iter().enumerate() { (plot.band(n, band)) }
                @for limit in &self.references { (plot.reference(limit)) }
                @for event in &self.events { (plot.event(event)) }
                @for (n, series) in self.series.iter().enumerate() { (plot.series(n, series)) }
            }
        }
    }

    fn legend(&self) -> Markup {
        html! {
            ul.legend {
                @for (n, series) in self.series.iter().enumerate() {
                    li { svg.key viewBox="0 0 28 12" aria-hidden="true" {
                        @match series.shape {
                            Shape::Columns => rect class={ "column c" (n % 4) } x="8" y="1" width="10" height="11" {},
                            Shape::Points => (dot(n, 14.0, 6.0)),
                            Shape::Line | Shape::Steps => { path class={ "line c" (n % 4) } d="M1 6H27" {} (dot(n, 14.0, 6.0)) }
                        }
                    } (series.name) }
                }
                @for (n, band) in self.bands.iter().enumerate() {
                    li { svg.key viewBox="0 0 28 12" aria-hidden="true" { rect class={ "band c" (n % 4) } x="1" y="1" width="26" height="10" {} path class={ "middle c" (n % 4) } d="M1 6H27" {} } (band.name) }
                }
                @for limit in &self.references {
                    li { svg.key viewBox="0 0 28 12" aria-hidden="true" { path.limit d="M1 6H27" {} } (limit.name) }
                }
            }
        }
    }

    fn table(&self, words: &Words) -> Markup {
        let language = words.language();
        let show = |v: f64| ticks::number(v, self.places, language);
        let mut columns = vec![Column::words(words.say("chart-when"))];
        columns.extend(self.series.iter().map(|s| Column::numbers(s.name.clone(), self.unit.clone())));
        columns.extend(self.bands.iter().map(|b| Column::numbers(b.name.clone(), self.unit.clone())));
        if !self.events.is_empty() {
            columns.push(Column::words(words.say("chart-events")));
        }
        let mut moments: Vec<Local> = self.series.iter().flat_map(|s| s.values.iter().map(|v| v.0)).collect();
        moments.extend(self.bands.iter().flat_map(|b| b.values.iter().map(|v| v.0)));
        moments.extend(self.events.iter().map(|e| e.at));
        moments.sort_unstable();
        moments.dedup();
        let rows = moments.into_iter().map(|at| {
            let mut row = vec![at.html(words)];
            for series in &self.series {
                let value = series.values.iter().find(|v| v.0 == at).and_then(|v| v.1);
                row.push(html! { @if let Some(v) = value { (show(v)) } @else { "–" } });
            }
            for band in &self.bands {
                let value = band.values.iter().find(|v| v.0 == at);
                row.push(html! { @if let Some((_, low, middle, high)) = value { (show(*low)) " – " strong { (show(*middle)) } " – " (show(*high)) } @else { "–" } });
            }
            if !self.events.is_empty() {
                let names: Vec<&str> = self.events.iter().filter(|e| e.at == at).map(|e| e.name.as_str()).collect();
                row.push(html! { (names.join("; ")) });
            }
            row
        });
        let caption = format!("{}, {}", self.title, self.quantity);
        Table { caption, quiet_caption: true, columns, rows: rows.collect(), empty: words.say("chart-empty") }
            .html(words)
    }
}

impl Plot<'_> {
    fn x(&self, at: Local) -> f64 {
        let length = (self.chart.to.0 - self.chart.from.0).max(1) as f64;
        let share = (at.0 - self.chart.from.0) as f64 / length;
        self.frame.left + share.clamp(0.0, 1.0) * (self.frame.width - self.frame.left - self.frame.right)
    }

    fn y(&self, value: f64) -> f64 {
        let share = (value - self.low) / (self.high - self.low);
        self.frame.height - self.frame.bottom - share * (self.frame.height - self.frame.top - self.frame.bottom)
    }

    fn axes(&self, words: &Words) -> Markup {
        let frame = self.frame;
        let marks = ticks::round(self.low, self.high, 5);
        let step = if let [a, b, ..] = marks[..] { b - a } else { 1.0 };
        let end = frame.width - frame.right;
        let base = frame.height - frame.bottom;
        html! {
            text.axis-name x="2" y="14" { (self.chart.quantity) ", " (self.chart.unit) }
            @for mark in &marks {
                path.grid d=(format!("M{:.1} {:.1}H{end:.1}", frame.left, self.y(*mark))) {}
                text.mark-y x=(frame.left - 7.0) y=(format!("{:.1}", self.y(*mark) + 4.5)) { (ticks::label(*mark, step, words.language())) }
            }
            path.base d=(format!("M{:.1} {base:.1}H{end:.1}", frame.left)) {}
            @for (at, name) in ticks::times(self.chart.from, self.chart.to, frame.marks, words) {
                path.tick d=(format!("M{:.1} {base:.1}v5", self.x(at))) {}
                text.mark-x x=(format!("{:.1}", self.x(at))) y=(format!("{:.1}", base + 20.0)) { (name) }
            }
        }
    }

    fn band(&self, n: usize, band: &Band) -> Markup {
        let mut edge = String::new();
        let mut middle = String::new();
        for (i, (at, low, mid, _)) in band.values.iter().enumerate() {
            line(&mut edge, i == 0, self.x(*at), self.y(*low));
            line(&mut middle, i == 0, self.x(*at), self.y(*mid));
        }
        for (at, _, _, high) in band.values.iter().rev() {
            line(&mut edge, false, self.x(*at), self.y(*high));
        }
        html! {
            @if !edge.is_empty() { path class={ "band c" (n % 4) } d={ (edge) "z" } {} path class={ "middle c" (n % 4) } d=(middle) {} }
        }
    }

    fn reference(&self, limit: &Reference) -> Markup {
        let end = self.frame.width - self.frame.right;
        let y = self.y(limit.value);
        html! {
            path.limit d=(format!("M{:.1} {y:.1}H{end:.1}", self.frame.left)) {}
            text.limit-name x=(end) y=(format!("{:.1}", y - 5.0)) { (limit.name) }
        }
    }

    fn event(&self, event: &Event) -> Markup {
        let x = self.x(event.at);
        html! { g.event { title { (event.name) } path d=(format!("M{x:.1} {:.1}V{:.1}", self.frame.top - 4.0, self.frame.height - self.frame.bottom)) {} path.event-flag d=(format!("M{x:.1} {:.1}l7 4l-7 4z", self.frame.top - 6.0)) {} } }
    }

    fn series(&self, n: usize, series: &Series) -> Markup {
        let mut path = String::new();
        let mut begins = true;
        let mut last_y = None;
        for (at, value) in &series.values {
            let Some(value) = value else {
                begins = true;
                continue;
            };
            let (x, y) = (self.x(*at), self.y(*value));
            if let Some(before) = last_y.filter(|_| series.shape == Shape::Steps && !begins) {
                line(&mut path, false, x, before);
            }
            line(&mut path, begins, x, y);
            begins = false;
            last_y = Some(y);
        }
        let points: Vec<(f64, f64)> =
            series.values.iter().filter_map(|(at, v)| v.map(|v| (self.x(*at), self.y(v)))).collect();
        let room = self.frame.width / 14.0;
        let dots = series.shape == Shape::Points || (series.shape == Shape::Line && (points.len() as f64) < room);
        let bar = ((self.frame.width - self.frame.left) / (points.len().max(1) as f64) * 0.62).clamp(2.0, 22.0);
        html! {
            @if series.shape == Shape::Columns {
                @for (x, y) in &points { rect class={ "column c" (n % 4) } x=(format!("{:.1}", x - bar / 2.0)) y=(format!("{y:.1}")) width=(format!("{bar:.1}")) height=(format!("{:.1}", (self.y(self.low) - y).max(0.0))) {} }
            } @else {
                @if series.shape != Shape::Points { path class={ "line c" (n % 4) } d=(path) {} }
                @if dots { @for (x, y) in &points { (dot(n, *x, *y)) } }
            }
        }
    }
}

/// A mark whose shape differs from series to series: disc, square, diamond, triangle.
fn dot(n: usize, x: f64, y: f64) -> Markup {
    let d = match n % 4 {
        0 => format!("M{:.1} {y:.1}a3.4 3.4 0 1 0 6.8 0a3.4 3.4 0 1 0-6.8 0z", x - 3.4),
        1 => format!("M{:.1} {:.1}h6.4v6.4h-6.4z", x - 3.2, y - 3.2),
        2 => format!("M{x:.1} {:.1}l4.4 4.4l-4.4 4.4l-4.4-4.4z", y - 4.4),
        _ => format!("M{x:.1} {:.1}l4.4 7.4h-8.8z", y - 4.4),
    };
    html! { path class={ "dot c" (n % 4) } d=(d) {} }
}

fn line(path: &mut String, begins: bool, x: f64, y: f64) {
    // Writing to a string cannot fail.
    let _ = write!(path, "{}{x:.1} {y:.1}", if begins { 'M' } else { 'L' });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Catalogue, Language};

    fn pain() -> Chart {
        let day = |n: u32| Local::at(2026, 11, n, 12, 0);
        Chart {
            title: "Pain".to_owned(),
            says: String::new(),
            quantity: "pain".to_owned(),
            unit: "0 to 10".to_owned(),
            from: day(1),
            to: day(9),
            at_least: (0.0, 10.0),
            places: 0,
            bands: vec![],
            series: vec![Series {
                name: "entered".to_owned(),
                shape: Shape::Line,
                values: vec![(day(2), Some(7.0)), (day(3), None), (day(4), Some(3.0))],
            }],
            references: vec![],
            events: vec![Event { at: day(3), name: "dose raised".to_owned() }],
        }
    }

    #[test]
    fn a_day_that_nobody_told_about_breaks_the_line_and_is_a_dash_in_the_table() {
        let all = Catalogue::new(&[], &[]).unwrap();
        let html = pain().html(all.of(Language::English)).into_string();
        let drawn = html.split("class=\"line c0\" d=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        assert_eq!(drawn.matches('M').count(), 2, "two pieces: {drawn}");
        assert!(html.contains("–") && html.contains("dose raised"));
    }

    #[test]
    fn a_scale_of_pain_is_always_whole() {
        assert_eq!(pain().range(), (0.0, 10.0));
    }

    #[test]
    fn a_band_of_simulated_people_says_that_it_is_not_this_patient() {
        let all = Catalogue::new(&[], &[]).unwrap();
        let words = all.of(Language::English);
        let mut chart = pain();
        assert!(!chart.html(words).into_string().contains(&words.say(Safety::SimulatedPopulation)));
        let at = Local::at(2026, 11, 2, 0, 0);
        chart.bands = vec![Band { name: "expected".to_owned(), values: vec![(at, 1.0, 2.0, 3.0)], simulated: true }];
        assert!(chart.html(words).into_string().contains(&words.say(Safety::SimulatedPopulation)));
    }
}
