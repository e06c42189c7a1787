//! A figure of the body, front and back, on which the pump's place and side, the catheter and places of pain are shown.
//!
//! Left and right are the patient's, as clinicians mean them, and both views are lettered so.

use maud::{Markup, html};

use crate::words::Words;

/// A place for the pump.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Site {
    /// Right lower quadrant of the abdomen.
    AbdomenRight,
    /// Left lower quadrant of the abdomen.
    AbdomenLeft,
    /// Right flank.
    FlankRight,
    /// Left flank.
    FlankLeft,
}

impl Site {
    /// All of them.
    pub const ALL: &'static [Site] = &[Site::AbdomenRight, Site::AbdomenLeft, Site::FlankRight, Site::FlankLeft];

    /// In forms.
    pub const fn value(self) -> &'static str {
        match self {
            Site::AbdomenRight => "abdomen-right",
            Site::AbdomenLeft => "abdomen-left",
            Site::FlankRight => "flank-right",
            Site::FlankLeft => "flank-left",
        }
    }

    /// The one of a value.
    pub fn of(value: &str) -> Option<Site> {
        Site::ALL.iter().copied().find(|site| site.value() == value)
    }

    /// Its name.
    pub fn name(self, words: &Words) -> String {
        words.say(format!("site-{}", self.value()))
    }

    /// Its centre on the front view; the patient's right is on the viewer's left.
    const fn front(self) -> (f64, f64) {
        match self {
            Site::AbdomenRight => (64.0, 122.0),
            Site::AbdomenLeft => (86.0, 122.0),
            Site::FlankRight => (56.0, 108.0),
            Site::FlankLeft => (94.0, 108.0),
        }
    }
}

/// What is shown on the figure.
#[derive(Clone, Debug)]
pub struct Body {
    /// Where the pump lies.
    pub pump: Option<Site>,
    /// The level of the catheter's tip, such as "T10", and how far down the spine it is: 0 for C1, 1 for S1.
    pub tip: Option<(String, f64)>,
    /// The level at which the catheter enters, likewise.
    pub entry: Option<(String, f64)>,
}

/// Half a body's outline, from the top of the head down its left edge as drawn; the other half is its mirror.
const HALF: &str = "M75 8c-9 0-14 6-14 14 0 7 3 12 7 15v7c-8 3-20 4-24 11-4 8-6 28-8 44-1 9-4 17-6 24-1 4 3 6 5 2 4-8 8-17 10-27l5-26c1 14 1 27-1 41-2 12-2 22-1 34 1 16 4 30 4 44 0 12-1 24 1 33h-5c-3 0-4 4 0 4h13c2 0 3-2 2-5-1-11 3-24 4-38 1-13 4-28 8-43";

impl Body {
    /// The figure with its sentence.
    pub fn html(&self, words: &Words) -> Markup {
        html! {
            figure.body-map {
                div.body-views {
                    (self.front(words))
                    (self.back(words))
                }
                figcaption {
                    @if let Some(site) = self.pump { p { (words.say("body-pump")) ": " strong { (site.name(words)) } } }
                    @if let Some((level, _)) = &self.tip { p { (words.say("body-tip")) ": " strong dir="ltr" { (level) } } }
                    @if let Some((level, _)) = &self.entry { p { (words.say("body-entry")) ": " strong dir="ltr" { (level) } } }
                }
            }
        }
    }

    fn outline() -> Markup {
        html! {
            path.body-half d=(HALF) {}
            path.body-half d=(HALF) transform="translate(150 0) scale(-1 1)" {}
        }
    }

    fn front(&self, words: &Words) -> Markup {
        html! {
            svg.body-view viewBox="0 0 150 270" aria-hidden="true" {
                (Body::outline())
                text.body-side x="14" y="44" { (words.say("body-right")) }
                text.body-side x="136" y="44" { (words.say("body-left")) }
                @if let Some(site) = self.pump {
                    @let (x, y) = site.front();
                    circle.body-pump cx=(x) cy=(y) r="10" {}
                    circle.body-port cx=(x) cy=(y) r="2.600" {}
                }
                text.body-name x="75" y="266" { (words.say("body-front")) }
            }
        }
    }

    fn back(&self, words: &Words) -> Markup {
        let y = |share: f64| 38.0 + share.clamp(0.0, 1.0) * 98.0;
        html! {
            svg.body-view viewBox="0 0 150 270" aria-hidden="true" {
                (Body::outline())
                text.body-side x="14" y="44" { (words.say("body-left")) }
                text.body-side x="136" y="44" { (words.say("body-right")) }
                path.body-spine d=(format!("M75 {:.0}V{:.0}", y(0.0), y(1.0))) {}
                @if let (Some((_, tip)), Some((_, entry))) = (&self.tip, &self.entry) {
                    path.body-catheter d=(format!("M75 {:.1}V{:.1}", y(*tip), y(*entry))) {}
                    @if let Some(site) = self.pump {
                        @let (x, down) = site.front();
                        // Seen from behind the sides change.
                        path.body-catheter d=(format!("M75 {:.1}C{:.1} {:.1} {:.1} {:.1} {:.1} {down:.1}", y(*entry), 75.0, y(*entry) + 12.0, 150.0 - x, down - 12.0, 150.0 - x)) {}
                        circle.body-pump.is-behind cx=(150.0 - x) cy=(down) r="10" {}
                    }
                }
                @if let Some((level, at)) = &self.tip { circle.body-tip cx="75" cy=(format!("{:.1}", y(*at))) r="3" {} text.body-level x="82" y=(format!("{:.1}", y(*at) + 4.0)) { (level) } }
                @if let Some((level, at)) = &self.entry { text.body-level x="82" y=(format!("{:.1}", y(*at) + 4.0)) { (level) } }
                text.body-name x="75" y="266" { (words.say("body-back")) }
            }
        }
    }
}

/// A choice of the place and side, as answers beside the figure.
pub fn choose(words: &Words, problems: &crate::form::Problems, name: &str, chosen: Option<Site>) -> Markup {
    let names: Vec<(Site, String)> = Site::ALL.iter().map(|site| (*site, site.name(words))).collect();
    let choices: Vec<crate::form::Choice<'_>> =
        names.iter().map(|(site, name)| crate::form::Choice::of(site.value(), name)).collect();
    let label = words.say("body-pump");
    let question = crate::form::Question {
        name,
        label: &label,
        choices: &choices,
        value: chosen.map_or("", Site::value),
        ..crate::form::Question::default()
    };
    html! {
        div.split {
            (question.radios(words, problems))
            (Body { pump: chosen, tip: None, entry: None }.html(words))
        }
    }
}
