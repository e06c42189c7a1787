//! Pages of the handset.

use pages::form::{self, Choice, Problems, Question};
use pages::icon::{Icon, icon};
use pages::shell::Face;
use pages::status::{AlarmBanner, alarm, callout, freshness, status};
use pages::words::Safety;
use pages::{Level, Markup, Words, html};

use crate::Shown;

pub const PAGES: &[Shown] = &[
    Shown { name: "handset-now", face: Face::Handset, title: "Now", alarms: |_| html! {}, body: now },
    Shown { name: "handset-wait", face: Face::Handset, title: "Now", alarms: beeping, body: wait },
    Shown { name: "handset-diary", face: Face::Handset, title: "Diary", alarms: |_| html! {}, body: diary },
];

fn now(words: &Words) -> Markup {
    html! {
        h1 { "Your pump is working" }
        (status(Level::Good, "It gives your medicine by itself"))
        a.act href="#" { (icon(Icon::Drop)) span { "Ask for a dose" } small { "3 of 5 left today" } }
        p.budget role="img" aria-label="2 of 5 given" { i.is-given {} i.is-given {} i {} i {} i {} }
        (freshness(words, 65_000, 900_000))
        ul.menu {
            li { a href="#" { (icon(Icon::Bell)) span { "My pump is beeping" } (icon(Icon::Onward)) } }
            li { a href="#" { (icon(Icon::Heart)) span { "How I feel" } (icon(Icon::Onward)) } }
            li { a href="#" { (icon(Icon::Magnet)) span { "I had a scan" } (icon(Icon::Onward)) } }
        }
    }
}

fn beeping(words: &Words) -> Markup {
    alarm(
        words,
        &AlarmBanner {
            level: Level::Caution,
            name: "The reservoir is low",
            since: "since 09:12",
            what_to_do: "Your medicine lasts until Saturday. Call your team today.",
            acts: html! { a.button.is-primary href="tel:0300000417" { (icon(Icon::Phone)) span { "Call" } } },
        },
    )
}

fn wait(words: &Words) -> Markup {
    html! {
        h1 { "Not yet" }
        div.act.is-closed { (icon(Icon::Clock)) span { "at 14:20" } small { "in 1 h 5 min" } }
        (callout(Level::Unknown, words.say(Safety::NotKnownYet), html! { p { "The handset keeps asking the pump." } }))
        (freshness(words, 3_600_000, 900_000))
    }
}

fn diary(words: &Words) -> Markup {
    let numbers: Vec<String> = (0..=10).map(|n| n.to_string()).collect();
    let choices: Vec<Choice<'_>> = numbers.iter().map(|n| Choice::of(n, n)).collect();
    let effects = [
        Choice::of("itch", "Itching"),
        Choice { value: "drowsy", label: "Drowsy", hint: Some("falls asleep in a talk") },
    ];
    html! {
        h1 { "Diary" }
        (form::form("#", html! {
            (Question { name: "pain", label: "Pain now", choices: &choices, value: "4", ..Question::default() }.scale(words, &Problems::default(), "none", "the worst"))
            (form::checkboxes(words, &Problems::default(), &Question { name: "effects", label: "Anything else?", choices: &effects, ..Question::default() }, &["itch"]))
            (pages::buttons::submit(pages::buttons::Weight::Primary, None, "Keep"))
        }))
    }
}
