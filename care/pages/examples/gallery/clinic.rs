//! Pages of the clinic.

use pages::bodymap::{Body, Site};
use pages::buttons::{self, Weight};
use pages::chart::{Band, Chart, Event, Reference, Series, Shape};
use pages::form::{self, Field, Kind, Problem, Problems, Question};
use pages::icon::Icon;
use pages::panels::{Figure, Origin, facts, figures, panel, panel_with};
use pages::shell::{Face, heading};
use pages::status::{AlarmBanner, alarm, badge, callout, status};
use pages::table::{Column, Order, Table, empty, pages};
use pages::timeline::{Happening, Lane, Timeline, zooms};
use pages::{Level, Local, Markup, Quantity, Unit, Words, html};

use crate::Shown;

pub const PAGES: &[Shown] = &[
    Shown { name: "clinic-refills", face: Face::Clinic, title: "Refills", alarms, body: refills },
    Shown { name: "clinic-patient", face: Face::Clinic, title: "Patients", alarms: |_| html! {}, body: patient },
    Shown { name: "clinic-form", face: Face::Clinic, title: "New patient", alarms: |_| html! {}, body: form_page },
    Shown { name: "clinic-empty", face: Face::Clinic, title: "Alarms", alarms: |_| html! {}, body: nothing },
    Shown { name: "clinic-sheet", face: Face::Clinic, title: "Orders", alarms: |_| html! {}, body: paper },
];

fn alarms(words: &Words) -> Markup {
    alarm(
        words,
        &AlarmBanner {
            level: Level::Danger,
            name: "Demo, Telemachus: the drive does not turn",
            since: "since 14:06, nobody has answered for 12 min",
            what_to_do: "No drug is delivered. On baclofen a stop is an emergency: call the patient now and bring him in.",
            acts: html! { (buttons::link(Weight::Primary, "#", Some(Icon::Phone), "I take this")) (buttons::link(Weight::Plain, "#", None, "Hand over")) },
        },
    )
}

/// Five pumps, the nearest to dry first.
fn due_rows(words: &Words) -> Vec<Vec<Markup>> {
    let row = |name: &str, left: u64, days: i128, by: Local, level: Level, word: &str, booked: &str| {
        vec![
            html! { a href="#" { (name) } },
            html! { (Quantity::volume_nl(left).places(1).number(words.language())) },
            html! { (days) },
            html! { (by.date_html(words)) },
            status(level, word),
            html! { (booked) },
        ]
    };
    vec![
        row("Demo, Telemachus", 2_100_000, 2, Local::at(2026, 11, 27, 0, 0), Level::Danger, "Not booked", "–"),
        row(
            "Demo, Eurycleia",
            4_350_000,
            9,
            Local::at(2026, 12, 4, 0, 0),
            Level::Caution,
            "Booked on the last day",
            "4 Dec, 09:30",
        ),
        row(
            "Demo, Penelope",
            9_820_000,
            31,
            Local::at(2026, 12, 26, 0, 0),
            Level::Good,
            "Booked in time",
            "14 Dec, 11:00",
        ),
        row(
            "Demo, Laertes",
            12_000_000,
            38,
            Local::at(2027, 1, 2, 0, 0),
            Level::Unknown,
            "Not heard of for 12 days",
            "18 Dec, 08:00",
        ),
        row(
            "Demo, Eumaeus",
            18_300_000,
            74,
            Local::at(2027, 2, 7, 0, 0),
            Level::Good,
            "Booked in time",
            "26 Jan, 10:00",
        ),
    ]
}

fn refills(words: &Words) -> Markup {
    let table = Table {
        caption: "Pumps by the latest day on which they must be refilled".to_owned(),
        quiet_caption: false,
        columns: vec![
            Column::words("Patient").sorts("?sort=patient", None),
            Column::numbers("Left", "mL").sorts("?sort=left", None),
            Column::numbers("Days", "worst case").sorts("?sort=days", Some(Order::Rising)),
            Column::words("Refill by").sorts("?sort=by", None),
            Column::words("Stands"),
            Column::words("Booked"),
        ],
        rows: due_rows(words),
        empty: String::new(),
    };
    html! {
        (heading("Refills", "112 pumps, 5 of them shown", html! { (buttons::link(Weight::Primary, "#", Some(Icon::Add), "Book")) (buttons::print("Print")) }))
        (form::search(words, "#", "q", "Patient, pump or telephone number", ""))
        (figures(words, &[
            figure("Dry within 3 days", Quantity::whole(1, Unit::One).html(words), None, html! { "must not be 1 tonight" }, Some(Level::Danger)),
            figure("Due within 14 days", Quantity::whole(7, Unit::One).html(words), Some(Origin::Calculated), html! { "all boluses taken" }, Some(Level::Caution)),
            figure("Places this week", Quantity::whole(4, Unit::One).html(words), None, html! { "of 22" }, None),
        ]))
        (table.html(words))
        (pages(words, 6, 23, &|n| format!("?page={n}")))
    }
}

fn figure(label: &str, value: Markup, origin: Option<Origin>, note: Markup, level: Option<Level>) -> Figure {
    Figure { label: label.to_owned(), value, origin, note, level }
}

/// Noon of a day after the first of September.
fn day(n: i64) -> Local {
    Local(Local::at(2026, 9, 1, 12, 0).0 + n * 86_400_000)
}

/// How far a day's value lies from its trend, within half of `a` either way.
fn wave(n: i64, a: f64) -> f64 {
    a * ((n * 37 % 11) as f64 / 10.0 - 0.5)
}

/// Pain of three months, with six days nobody entered and the band that was expected.
fn pain_chart() -> Chart {
    let pain = (0..86).map(|n| {
        let told = !(31..=36).contains(&n);
        (day(n), told.then_some((7.4 - n as f64 * 0.05 + wave(n, 1.8)).round()))
    });
    let expected = (0..86).step_by(5).map(|n| {
        let middle = 7.2 - n as f64 * 0.045;
        (day(n), middle - 1.6, middle, middle + 1.7)
    });
    Chart {
        title: "Pain".to_owned(),
        says: "From 7.6 before to 3.4 in the last two weeks.".to_owned(),
        quantity: "pain".to_owned(),
        unit: "0 to 10".to_owned(),
        from: day(0),
        to: day(86),
        at_least: (0.0, 10.0),
        places: 0,
        bands: vec![Band { name: "expected, 5 to 95 %".to_owned(), values: expected.collect(), simulated: true }],
        series: vec![Series { name: "entered by the patient".to_owned(), shape: Shape::Line, values: pain.collect() }],
        references: vec![],
        events: vec![
            Event { at: day(14), name: "dose raised to 240 mcg/day".to_owned() },
            Event { at: day(55), name: "refill".to_owned() },
        ],
    }
}

fn patient(words: &Words) -> Markup {
    let chart = pain_chart();
    let dose = Chart {
        title: "Drug in any 24 h".to_owned(),
        says: "Ordered, and as the drive counted it.".to_owned(),
        quantity: "morphine".to_owned(),
        unit: "mcg".to_owned(),
        from: day(0),
        to: day(86),
        at_least: (0.0, 300.0),
        places: 0,
        bands: vec![],
        series: vec![
            Series {
                name: "ordered".to_owned(),
                shape: Shape::Steps,
                values: vec![(day(0), Some(180.0)), (day(14), Some(240.0)), (day(86), Some(240.0))],
            },
            Series {
                name: "delivered".to_owned(),
                shape: Shape::Points,
                values: (1..86)
                    .step_by(3)
                    .map(|n| (day(n), Some(if n < 14 { 181.0 } else { 238.0 } + wave(n, 26.0))))
                    .collect(),
            },
        ],
        references: vec![Reference { name: "ceiling of 24 h, 320 mcg".to_owned(), value: 320.0 }],
        events: vec![],
    };
    html! {
        (heading("Penelope Demo", "last heard of 6 minutes ago through the handset", buttons::link(Weight::Primary, "#", Some(Icon::Edit), "Propose an order")))
        (figures(words, &[
            figure("Basal", Quantity::mass_fg_per_day(240_000_000_000).html(words), Some(Origin::Ordered), html! { "order 7 of 15 Sep" }, None),
            figure("Last 24 h", Quantity::mass_fg(257_910_000_000).html(words), Some(Origin::Delivered), html! { "1 bolus of 5" }, Some(Level::Good)),
            figure("Reservoir", Quantity::volume_nl(9_820_000).places(1).html(words), Some(Origin::Calculated), html! { "refill by 26 Dec" }, Some(Level::Good)),
            figure("Battery", html! { "6 years" }, Some(Origin::Measured), html! { (Quantity { value: 2_89, scale: 2, places: 2, unit: Unit::Volt }.html(words)) }, Some(Level::Good)),
        ]))
        (panel("Relief", chart.html(words)))
        (panel("Dose", dose.html(words)))
        (panel_with("Course", zooms(words, "year", &|key| format!("?zoom={key}")), course(words)))
        div.split {
            (panel("Pump", html! {
                (Body { pump: Some(Site::AbdomenLeft), tip: Some(("T10".to_owned(), 0.63)), entry: Some(("L3".to_owned(), 0.9)) }.html(words))
            }))
            (panel("Device", facts(&[
                ("Model".to_owned(), html! { "Nepenthe R20" }),
                ("Serial number".to_owned(), html! { span dir="ltr" { "NP-20-000417" } }),
                ("Implanted".to_owned(), Local::at(2024, 5, 2, 0, 0).date_html(words)),
                ("Catheter".to_owned(), html! { "trimmed to " (Quantity::whole(71, Unit::Centimetre).html(words)) ", " (Quantity::volume_nl(156_000).html(words)) }),
                ("Drug".to_owned(), html! { "morphine " (Quantity::concentration_ng_per_ml(1_000_000).html(words)) " " (badge("primary")) }),
            ])))
        }
        (callout(Level::Notice, "Scan planned on 3 Dec", html! { p { "The pump stops in the magnet and goes on by itself. Read it twice afterwards." } }))
    }
}

fn course(words: &Words) -> Markup {
    let at = |month, day| Local::at(2026, month, day, 10, 0);
    let moment = |from, name: &str, level| Happening { from, to: None, name: name.to_owned(), level };
    let stretch = |from, to, name: &str, level| Happening { from, to: Some(to), name: name.to_owned(), level };
    Timeline {
        title: "One year".to_owned(),
        from: at(1, 1),
        to: Local::at(2027, 1, 1, 0, 0),
        lanes: vec![
            Lane {
                name: "Therapy".to_owned(),
                happenings: vec![
                    stretch(at(1, 1), at(6, 20), "150 mcg/day", Level::Notice),
                    stretch(at(6, 20), at(6, 22), "stopped", Level::Off),
                    stretch(at(6, 22), at(9, 15), "180 mcg/day", Level::Notice),
                    stretch(at(9, 15), at(11, 25), "240 mcg/day", Level::Notice),
                ],
            },
            Lane {
                name: "Alarms".to_owned(),
                happenings: vec![
                    moment(at(3, 4), "reservoir low", Level::Caution),
                    moment(at(6, 20), "drive does not turn", Level::Danger),
                    moment(at(6, 22), "clocks disagree", Level::Unknown),
                ],
            },
            Lane {
                name: "Visits".to_owned(),
                happenings: vec![
                    moment(at(3, 5), "refill", Level::Good),
                    moment(at(6, 22), "revision", Level::Good),
                    moment(at(9, 15), "refill", Level::Good),
                    moment(at(12, 14), "booked", Level::Off),
                ],
            },
        ],
    }
    .html(words)
}

fn form_page(words: &Words) -> Markup {
    let problem = |field: &str, label: &str, value: &str, limit: Option<&str>, why: &str| Problem {
        field: field.to_owned(),
        label: label.to_owned(),
        value: value.to_owned(),
        limit: limit.map(str::to_owned),
        why: why.to_owned(),
    };
    let problems = Problems(vec![
        problem("born", "Date of birth", "2061-03-04", None, "lies in the future"),
        problem(
            "length",
            "Catheter as implanted",
            "710",
            Some("20 to 120 cm"),
            "is longer than any catheter; millimetres?",
        ),
    ]);
    let field = |name, label, kind, value| Field { name, label, kind, value, ..Field::default() };
    let sides = [
        pages::form::Choice::of("baclofen", "Spasticity"),
        pages::form::Choice { value: "pain", label: "Pain", hint: Some("cancer or not") },
    ];
    html! {
        (heading("New patient", "", html! {}))
        (pages::panels::steps(words, &["Person".to_owned(), "Pump".to_owned(), "Team".to_owned()], 1))
        (problems.summary(words))
        (form::form("#", html! {
            (field("name", "Name", Kind::Text, "Demo, Nausicaa").html(words, &problems))
            (field("born", "Date of birth", Kind::Date, "2061-03-04").html(words, &problems))
            (Field { unit: Some("cm"), hint: Some("After trimming, as in the operation record."), ..field("length", "Catheter as implanted", Kind::Decimal, "710") }.html(words, &problems))
            (Question { name: "drug", label: "Indication", choices: &sides, value: "pain", ..Question::default() }.radios(words, &problems))
            (pages::bodymap::choose(words, &problems, "site", Some(Site::AbdomenRight)))
            (Question { name: "clinic", label: "Treated at", choices: &sides, ..Question::default() }.select(words, &problems))
            (Field { optional: true, ..field("note", "Note", Kind::Lines, "Hard to find the port; use the angle on the photograph.") }.html(words, &problems))
            (form::tick("shown", "The dummy pump was shown and held", true))
            div.row { (buttons::submit(Weight::Primary, None, "Keep and go on")) (buttons::link(Weight::Quiet, "#", None, "Leave without keeping")) }
        }))
    }
}

fn nothing(words: &Words) -> Markup {
    html! {
        (heading("Alarms", "none is active", html! {}))
        (empty(Icon::Bell, "No alarm is active", "The last one was answered yesterday at 16:20 after 4 minutes.", buttons::link(Weight::Plain, "#", None, "All alarms so far")))
        (Table { caption: "Answered today".to_owned(), empty: "Nothing was answered today.".to_owned(), ..Table::default() }.html(words))
        div.row { @for level in Level::ALL { (status(*level, words.say(level.key()))) } }
        @for level in Level::ALL { (callout(*level, words.say(level.key()), html! { p { "A message that stays until its cause is gone, with " a href="#" { "a link" } "." } })) }
        div.row { (buttons::submit(Weight::Primary, None, "Primary")) (buttons::submit(Weight::Plain, Some(Icon::Again), "Plain")) (buttons::submit(Weight::Grave, Some(Icon::Danger), "Grave")) (buttons::submit(Weight::Quiet, None, "Quiet")) }
        div.row { @for sign in Icon::ALL { (pages::icon::icon(*sign)) } }
        (panel("Preferences", pages::prefs::preferences(words, &pages::Prefs::default(), "#", "/", true)))
    }
}

fn paper(words: &Words) -> Markup {
    html! {
        (pages::sheet::sheet(words, "Summary for the emergency room", html! { strong { "Penelope Demo" } br; "born 4 Mar 1961" }, "25 Nov 2026, 14:20", html! {
            (callout(Level::Danger, "If the pump stops", html! { p { "Withdrawal within a day. Give oral baclofen, call the clinic: 030 000 0417." } }))
            (facts(&[
                ("Drug".to_owned(), html! { "baclofen " (Quantity::concentration_ng_per_ml(2_000_000).html(words)) }),
                ("Per day".to_owned(), html! { (Quantity::mass_fg_per_day(312_500_000_000).html(words)) ", ordered 15 Sep 2026" }),
                ("Refill by".to_owned(), Local::at(2026, 12, 26, 0, 0).date_html(words)),
            ]))
            div.split {
                (pages::sheet::card("Card, front", html! { h2 { "I have an implanted pump" } (facts(&[("Name".to_owned(), html! { "Penelope Demo" }), ("Pump".to_owned(), html! { "Nepenthe R20, NP-20-000417" }), ("Clinic".to_owned(), html! { "030 000 0417" })])) }))
                @if let Ok(code) = pages::code::qr("https://clinic.example/card/7f3a91c2", "Opens what an emergency room needs") { (code) }
            }
        }))
        div.row { (buttons::print("Print")) }
    }
}
