//! Pages of the programmer.

use pages::buttons::{self, Weight};
use pages::dialog::{Confirm, confirm};
use pages::fluid::{Fluid, Slug};
use pages::form::{Problem, Problems};
use pages::icon::Icon;
use pages::panels::{Change, changes, panel, steps};
use pages::schedule::{Day, Step};
use pages::shell::{Face, heading};
use pages::status::callout;
use pages::{Level, Markup, Quantity, Unit, Words, html};

use crate::Shown;

pub const PAGES: &[Shown] = &[
    Shown {
        name: "programmer-review",
        face: Face::Programmer,
        title: "Prescription",
        alarms: |_| html! {},
        body: review,
    },
    Shown {
        name: "programmer-schedule",
        face: Face::Programmer,
        title: "Schedule",
        alarms: |_| html! {},
        body: schedule,
    },
];

fn slug(fluid: &str, volume_nl: u64, edge_nl: (u64, u64), pattern: usize) -> Slug {
    Slug { fluid: fluid.to_owned(), volume_nl, edge_nl, pattern, doubt: false }
}

fn review(words: &Words) -> Markup {
    let mass = |fg| Quantity::mass_fg_per_day(fg).html(words);
    let change = |what: &str, old: Markup, new: Markup, by: &str, level: Option<Level>| Change {
        what: what.to_owned(),
        old,
        new,
        by: html! { (by) },
        changes: !by.is_empty(),
        level,
    };
    let fluid = Fluid {
        reservoir: slug("morphine 20 mg/mL", 14_200_000, (0, 0), 1),
        capacity_nl: 20_000_000,
        residual_nl: 1_000_000,
        tubing_nl: 220_000,
        path: vec![
            slug("morphine 20 mg/mL", 130_000, (0, 0), 1),
            Slug { doubt: true, ..slug("morphine 10 mg/mL", 214_000, (21_000, 34_000), 0) },
            slug("saline", 32_000, (6_000, 6_000), 2),
        ],
    };
    html! {
        (heading("Review before it is sent", "order 8 against order 7, which runs", html! {}))
        (steps(words, &["Read".to_owned(), "Edit".to_owned(), "Review".to_owned(), "Sign".to_owned(), "Sent".to_owned()], 2))
        (callout(Level::Caution, "The day's total rises by a half", html! { p { "Watch the patient for 24 h after the change. The pump has worked out the same total." } }))
        (changes(words, "Prescription", &[
            change("Morphine per day, basal", mass(240_000_000_000), mass(360_000_000_000), "+120 mcg/day (+50 %)", Some(Level::Caution)),
            change("Morphine per day, with all boluses", mass(340_000_000_000), mass(480_000_000_000), "+140 mcg/day (+41 %)", Some(Level::Caution)),
            change("Patient bolus", Quantity::mass_fg(20_000_000_000).html(words), Quantity::mass_fg(24_000_000_000).html(words), "+4 mcg (+20 %)", Some(Level::Notice)),
            change("Lockout", html! { "4 h" }, html! { "4 h" }, "", None),
            change("Alarm volume", html! { "2 mL" }, html! { "2 mL" }, "", None),
        ]))
        (panel("Where the change is", fluid.html(words)))
        div.row {
            (confirm(words, &Confirm {
                id: "send", ask: "Send to the pump", sign: Some(Icon::Onward), weight: Weight::Primary,
                title: "Send order 8 to pump NP-20-000417?",
                readback: html! { p { "Basal rises from " strong { (mass(240_000_000_000)) } " to " strong { (mass(360_000_000_000)) } ". A bridge of " (Quantity::volume_nl(214_000).html(words)) " runs first, for 21 h 24 min." } },
                proceed: "Send the order", leave: "Back to the review", action: "#", unseen: &[("token", "1")],
            }))
            (confirm(words, &Confirm {
                id: "stop", ask: "Stop the pump", sign: Some(Icon::Danger), weight: Weight::Grave,
                title: "Stop the pump for 24 h?", readback: html! { p { "No drug is given. After 47 h at most the minimum rate begins by itself." } },
                proceed: "Stop the pump", leave: "Let it run", action: "#", unseen: &[],
            }))
            (buttons::link(Weight::Quiet, "#", None, "Back"))
        }
    }
}

fn schedule(words: &Words) -> Markup {
    let step = |from_min, value| Step {
        from_min,
        rate: Quantity { value, scale: 1, places: 1, unit: Unit::MicrogramPerHour },
    };
    let steps = [step(0, 80), step(300, 165), step(540, 100), step(1080, 125), step(1320, 80)];
    let before = [step(0, 90), step(480, 110)];
    let day = Day {
        name: "Every day",
        steps: &steps,
        before: &before,
        total: Quantity { value: 2_487, scale: 1, places: 1, unit: Unit::MicrogramPerDay },
    };
    let problems = Problems(vec![Problem {
        field: "rate-1".to_owned(),
        label: "Rate 2".to_owned(),
        value: "16,5x".to_owned(),
        limit: Some("0.4 to 1000 mcg/h".to_owned()),
        why: "is not a number".to_owned(),
    }]);
    html! {
        (heading("Schedule of the day", "", html! {}))
        (problems.summary(words))
        form.form method="post" action="#" novalidate {
            (panel("Every day", day.editor(words, &problems)))
            div.row { (buttons::submit(Weight::Primary, None, "Go on to the review")) }
        }
    }
}
