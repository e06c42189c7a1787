//! A course of events, from an hour to ten years: lanes of stretches and moments over one axis of time.

use maud::{Markup, html};

use crate::moment::{DAY_MS, HOUR_MS, Local};
use crate::panels::more;
use crate::status::Level;
use crate::table::{Column, Table};
use crate::ticks;
use crate::words::Words;

/// Something that lasted, or happened at a moment.
#[derive(Clone, Debug)]
pub struct Happening {
    /// From when.
    pub from: Local,
    /// Until when; `None` for a moment.
    pub to: Option<Local>,
    /// What.
    pub name: String,
    /// How it stands.
    pub level: Level,
}

/// One kind of happening.
#[derive(Clone, Debug)]
pub struct Lane {
    /// Its name.
    pub name: String,
    /// What happened.
    pub happenings: Vec<Happening>,
}

/// A course of events.
#[derive(Clone, Debug)]
pub struct Timeline {
    /// What it shows.
    pub title: String,
    /// From when.
    pub from: Local,
    /// Until when.
    pub to: Local,
    /// The lanes, the first on top.
    pub lanes: Vec<Lane>,
}

/// The stretches that the page offers: key and length.
pub const ZOOMS: &[(&str, i64)] = &[
    ("hour", HOUR_MS),
    ("day", DAY_MS),
    ("week", 7 * DAY_MS),
    ("month", 30 * DAY_MS),
    ("quarter", 91 * DAY_MS),
    ("year", 365 * DAY_MS),
    ("ten-years", 3652 * DAY_MS),
];

/// Links that show another stretch; `now` is the key of the one that is shown.
pub fn zooms(words: &Words, now: &str, href: &dyn Fn(&str) -> String) -> Markup {
    html! {
        nav.zooms aria-label=(words.say("zoom")) {
            @for (key, _) in ZOOMS { a href=(href(key)) aria-current=[(*key == now).then_some("true")] { (words.say(format!("zoom-{key}"))) } }
        }
    }
}

const LANE: f64 = 38.0;
const HEAD: f64 = 4.0;
const FOOT: f64 = 30.0;

impl Timeline {
    /// The figure with its table.
    pub fn html(&self, words: &Words) -> Markup {
        html! {
            figure.chart.timeline {
                figcaption { span.chart-title { (self.title) } }
                (self.draw(words, 760.0, 9, "chart-wide"))
                (self.draw(words, 340.0, 4, "chart-narrow"))
                (more(words.say("chart-as-table"), self.table(words)))
            }
        }
    }

    fn draw(&self, words: &Words, width: f64, marks: u32, class: &str) -> Markup {
        let height = HEAD + self.lanes.len() as f64 * LANE + FOOT;
        let base = height - FOOT;
        let x = |at: Local| {
            let share = (at.0 - self.from.0) as f64 / (self.to.0 - self.from.0).max(1) as f64;
            8.0 + share.clamp(0.0, 1.0) * (width - 16.0)
        };
        html! {
            svg class={ "plot " (class) } viewBox={ "0 0 " (width) " " (height) } aria-hidden="true" focusable="false" {
                @for (at, name) in ticks::times(self.from, self.to, marks, words) {
                    path.grid d=(format!("M{:.1} {HEAD}V{:.1}", x(at), base + 4.0)) {}
                    text.mark-x x=(format!("{:.1}", x(at))) y=(format!("{:.1}", base + 20.0)) { (name) }
                }
                @for (n, lane) in self.lanes.iter().enumerate() {
                    @let top = HEAD + n as f64 * LANE;
                    text.lane-name x="8" y=(format!("{:.1}", top + 12.0)) { (lane.name) }
                    path.lane d=(format!("M8 {:.1}H{:.1}", top + 26.0, width - 8.0)) {}
                    @for one in lane.happenings.iter().filter(|one| one.from <= self.to && one.to.unwrap_or(one.from) >= self.from) {
                        g class={ "happening " (one.level.class()) } {
                            title { (one.name) ", " (one.from.text(words)) }
                            @if let Some(to) = one.to { rect x=(format!("{:.1}", x(one.from))) y=(format!("{:.1}", top + 19.0)) width=(format!("{:.1}", (x(to) - x(one.from)).max(3.0))) height="14" rx="3" {} }
                            @else { path d=(moment(one.level, x(one.from), top + 26.0)) {} }
                        }
                    }
                }
                path.base d=(format!("M8 {base:.1}H{:.1}", width - 8.0)) {}
            }
        }
    }

    fn table(&self, words: &Words) -> Markup {
        let mut all: Vec<(&Lane, &Happening)> =
            self.lanes.iter().flat_map(|lane| lane.happenings.iter().map(move |one| (lane, one))).collect();
        all.sort_by_key(|(_, one)| one.from);
        let rows = all.into_iter().map(|(lane, one)| {
            vec![
                one.from.html(words),
                html! { @if let Some(to) = one.to { (to.html(words)) } @else { "–" } },
                html! { (lane.name) },
                crate::status::status(one.level, &one.name),
            ]
        });
        let columns =
            ["chart-from", "chart-to", "chart-kind", "chart-what"].map(|key| Column::words(words.say(key))).to_vec();
        Table {
            caption: self.title.clone(),
            quiet_caption: true,
            columns,
            rows: rows.collect(),
            empty: words.say("chart-empty"),
        }
        .html(words)
    }
}

/// A mark of a shape of its own for each level.
fn moment(level: Level, x: f64, y: f64) -> String {
    match level {
        Level::Danger => format!("M{:.1} {:.1}h5.4l3.8 3.8v5.4l-3.8 3.8h-5.4l-3.8-3.8v-5.4z", x - 2.7, y - 6.5),
        Level::Caution => format!("M{x:.1} {:.1}l7 12.400h-14z", y - 7.4),
        Level::Unknown => format!("M{x:.1} {:.1}l6.600 6.600l-6.600 6.600l-6.600-6.600z", y - 6.6),
        Level::Off => format!("M{:.1} {:.1}h11v11h-11z", x - 5.5, y - 5.5),
        Level::Good | Level::Notice => {
            format!("M{:.1} {y:.1}a5.400 5.400 0 1 0 10.800 0a5.400 5.400 0 1 0-10.800 0z", x - 5.4)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Catalogue, Language};

    #[test]
    fn what_lies_outside_is_not_drawn_but_stands_in_the_table() {
        let all = Catalogue::new(&[], &[]).unwrap();
        let at = |day| Local::at(2026, 11, day, 0, 0);
        let one = |day, name: &str| Happening { from: at(day), to: None, name: name.to_owned(), level: Level::Caution };
        let line = Timeline {
            title: "Alarms".to_owned(),
            from: at(10),
            to: at(20),
            lanes: vec![Lane { name: "Pump".to_owned(), happenings: vec![one(15, "low"), one(2, "before")] }],
        };
        let html = line.html(all.of(Language::English)).into_string();
        assert_eq!(html.matches("<title>").count(), 2, "once wide, once narrow");
        assert!(html.contains("before"));
    }
}
