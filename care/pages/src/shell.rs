//! The page around everything: what it is called, whose it is, where one can go, and that this is no medical device.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::assets::href;
use crate::icon::{Icon, icon, mark};
use crate::prefs::Prefs;
use crate::words::{Safety, Words};

/// Which of the three a page belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Face {
    /// The clinic's service.
    Clinic,
    /// The clinician's programmer.
    Programmer,
    /// The patient's handset: one column, large, one act.
    Handset,
}

impl Face {
    const fn class(self) -> &'static str {
        match self {
            Face::Clinic => "face-clinic",
            Face::Programmer => "face-programmer",
            Face::Handset => "face-handset",
        }
    }
    const fn key(self) -> &'static str {
        match self {
            Face::Clinic => "face-clinic",
            Face::Programmer => "face-programmer",
            Face::Handset => "face-handset",
        }
    }
}

/// A place one can go to.
#[derive(Clone, Debug)]
pub struct Place {
    /// Where.
    pub href: String,
    /// What it is called.
    pub label: String,
    /// Its icon.
    pub sign: Icon,
    /// Whether this page is it.
    pub here: bool,
    /// How many things wait there; 0 for none.
    pub waiting: u32,
}

/// A page.
#[derive(Clone, Debug)]
pub struct Page<'a> {
    /// Which face.
    pub face: Face,
    /// The title of window and page.
    pub title: &'a str,
    /// How the person wants to see.
    pub prefs: Prefs,
    /// Where one can go.
    pub places: &'a [Place],
    /// Whose page it is: the patient with their identifying facts, or the person who is signed in. Stays in sight.
    pub whose: Markup,
    /// Links of the person: preferences, leave.
    pub corner: Markup,
    /// Above everything else: active alarms.
    pub alarms: Markup,
    /// The page's own content, with its own first heading.
    pub body: Markup,
    /// Where help is, the same on every page.
    pub help: Markup,
    /// Further scripts of the face, addresses of assets.
    pub scripts: &'a [String],
    /// Further styles of the face.
    pub styles: &'a [String],
    /// The address of the manifest that makes it installable, if it is.
    pub manifest: Option<&'a str>,
}

/// The settings htmx starts with: no history of pages that hold patients' data, only our own origin.
const HTMX: &str = r#"{"history":false,"mode":"same-origin","includeIndicatorCSS":false}"#;

impl Page<'_> {
    /// The whole document.
    pub fn html(&self, words: &Words) -> Markup {
        let language = words.language();
        html! {
            (DOCTYPE)
            html lang=(language.tag()) dir=(language.direction()) class=(self.face.class())
                data-theme=(self.prefs.theme.value()) data-text=(self.prefs.text.value())
                data-contrast=(self.prefs.contrast.value()) data-hand=(self.prefs.hand.value()) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover";
                    meta name="color-scheme" content="light dark";
                    meta name="htmx-config" content=(PreEscaped(HTMX.replace('"', "&quot;")));
                    title { (self.title) " · Nepenthe" }
                    link rel="icon" type="image/svg+xml" href=(href("icon.svg"));
                    link rel="preload" as="font" type="font/woff2" crossorigin href=(href("atkinson-latin.woff2"));
                    link rel="stylesheet" href=(href("pages.css"));
                    @for style in self.styles { link rel="stylesheet" href=(style); }
                    @if let Some(manifest) = self.manifest { link rel="manifest" href=(manifest); }
                    script src=(href("htmx.js")) defer {}
                    script src=(href("hx-sse.js")) defer {}
                    script src=(href("pages.js")) defer {}
                    @for script in self.scripts { script src=(script) defer {} }
                }
                body {
                    a.skip href="#main" { (words.say("skip")) }
                    (self.head(words))
                    div.alarms id="alarms" aria-live="assertive" { (self.alarms) }
                    div.frame {
                        @if !self.places.is_empty() { (self.nav(words)) }
                        main id="main" tabindex="-1" { (self.body) }
                    }
                    footer.foot { div { (self.help) } p { "Nepenthe · " (words.say(self.face.key())) } }
                    div.hidden id="spoken" role="status" aria-live="polite" {}
                }
            }
        }
    }

    fn head(&self, words: &Words) -> Markup {
        html! {
            header.top {
                p.banner role="note" { (icon(Icon::Notice)) span { (words.say(Safety::NotADevice)) } }
                div.head {
                a.brand href="/" { (mark()) span.brand-name { "Nepenthe" } span.brand-face { (words.say(self.face.key())) } }
                div.whose { (self.whose) }
                div.corner { (self.corner) }
                }
            }
        }
    }

    fn nav(&self, words: &Words) -> Markup {
        html! {
            nav.places aria-label=(words.say("places")) {
                ul {
                    @for place in self.places {
                        li {
                            a href=(place.href) aria-current=[place.here.then_some("page")] {
                                (icon(place.sign)) span.place-label { (place.label) }
                                @if place.waiting > 0 { span.waiting { (place.waiting) span.hidden { " " (words.say("waiting")) } } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The first heading of a page, with what acts on the whole of it.
pub fn heading(title: impl maud::Render, below: impl maud::Render, acts: impl maud::Render) -> Markup {
    html! { div.heading { div { h1 { (title) } div.heading-below { (below) } } div.row { (acts) } } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Catalogue, Language};

    fn page<'a>() -> Page<'a> {
        Page {
            face: Face::Clinic,
            title: "Refills",
            prefs: Prefs::default(),
            places: &[],
            whose: html! {},
            corner: html! {},
            alarms: html! {},
            body: html! { h1 { "Refills" } },
            help: html! {},
            scripts: &[],
            styles: &[],
            manifest: None,
        }
    }

    #[test]
    fn every_page_in_every_language_says_that_this_is_no_medical_device() {
        let all = Catalogue::new(&[], &[]).unwrap();
        for language in Language::ALL {
            let words = all.of(*language);
            assert!(page().html(words).into_string().contains(&words.say(Safety::NotADevice)));
        }
    }

    #[test]
    fn arabic_runs_from_right_to_left() {
        let all = Catalogue::new(&[], &[]).unwrap();
        assert!(page().html(all.of(Language::Arabic)).into_string().contains("lang=\"ar\" dir=\"rtl\""));
    }

    #[test]
    fn nothing_stands_inline_that_the_policy_would_drop() {
        let all = Catalogue::new(&[], &[]).unwrap();
        let html = page().html(all.of(Language::English)).into_string();
        assert!(!html.contains(" style=") && !html.contains("<style") && !html.contains("onclick"));
        assert!(!html.contains("<script>") && !html.contains("http"));
    }
}
