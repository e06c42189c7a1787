#![forbid(unsafe_code)]
//! Every component on pages as the faces use them, written as files: `cargo run -p pages --example gallery -- DIR`.
//!
//! The browser run photographs them and asks axe about them; the people in them are made up.

mod clinic;
mod handset;
mod programmer;

use std::path::{Path, PathBuf};

use pages::icon::Icon;
use pages::shell::{Face, Page, Place};
use pages::{Catalogue, Language, Markup, Prefs, Words, assets, headers, html};

/// A page of the gallery.
pub struct Shown {
    /// Its file's name, without the language.
    pub name: &'static str,
    /// Whose page it is.
    pub face: Face,
    /// Its title.
    pub title: &'static str,
    /// What is above it.
    pub alarms: fn(&Words) -> Markup,
    /// What is in it.
    pub body: fn(&Words) -> Markup,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        return Err("which folder? cargo run -p pages --example gallery -- DIR".into());
    };
    let catalogue = Catalogue::new(&[], &[])?;
    std::fs::create_dir_all(folder.join("assets"))?;
    for asset in assets::all() {
        std::fs::write(folder.join("assets").join(&asset.hashed), &asset.bytes)?;
    }
    let mut names = Vec::new();
    for shown in clinic::PAGES.iter().chain(programmer::PAGES).chain(handset::PAGES) {
        for language in Language::ALL {
            names.push(write(&folder, shown, catalogue.of(*language))?);
        }
    }
    // What the browser run needs to know: the pages and the headers they are served with.
    std::fs::write(folder.join("pages.txt"), names.join("\n"))?;
    let lines: Vec<String> = headers::PAGE.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    std::fs::write(folder.join("headers.txt"), lines.join("\n"))?;
    println!("{} pages in {}", names.len(), folder.display());
    Ok(())
}

fn write(folder: &Path, shown: &Shown, words: &Words) -> std::io::Result<String> {
    let place = |label: &str, sign, waiting| Place {
        href: "#".to_owned(),
        label: label.to_owned(),
        sign,
        here: label == shown.title || label == "Now",
        waiting,
    };
    let places = match shown.face {
        Face::Clinic => vec![
            place("Today", Icon::Home, 0),
            place("Patients", Icon::Person, 0),
            place("Refills", Icon::Refill, 3),
            place("Alarms", Icon::Bell, 1),
            place("Orders", Icon::Edit, 2),
            place("Outcomes", Icon::Heart, 0),
        ],
        Face::Programmer => vec![
            place("Pump", Icon::Pump, 0),
            place("Prescription", Icon::Edit, 0),
            place("Refill", Icon::Refill, 0),
            place("Events", Icon::Clock, 0),
        ],
        Face::Handset => vec![
            place("Now", Icon::Home, 0),
            place("Diary", Icon::Diary, 0),
            place("Team", Icon::Message, 1),
            place("Card", Icon::Card, 0),
        ],
    };
    let whose = match shown.face {
        Face::Handset => html! {},
        Face::Clinic | Face::Programmer => html! {
            strong { "Demo, Penelope" } " " span.soft { "born 4 Mar 1961 · pump NP-20-000417 · abdomen, left" }
        },
    };
    let page = Page {
        face: shown.face,
        title: shown.title,
        prefs: Prefs::default(),
        places: &places,
        whose,
        corner: html! { a.button.is-quiet href="#" { (pages::icon::icon(Icon::Settings)) span.hidden { "Preferences" } } },
        alarms: (shown.alarms)(words),
        body: (shown.body)(words),
        help: html! { a href="#" { "Help and numbers to call" } },
        scripts: &[],
        styles: &[],
        manifest: None,
    };
    let name = format!("{}.{}.html", shown.name, words.language().tag());
    std::fs::write(folder.join(&name), page.html(words).into_string())?;
    Ok(name)
}
