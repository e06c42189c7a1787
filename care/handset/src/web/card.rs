//! The card for strangers, the sheet for travelling, the check after a scan, and the message to the team.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use orders::AlarmId;
use pages::buttons::{self, Weight};
use pages::form::{self, Field, Kind, Problems};
use pages::icon::Icon;
use pages::panels::facts;
use pages::sheet::{card as wallet, sheet};
use pages::status::callout;
use pages::{Language, Level, Local, Markup, Quantity, html};
use telemetry::message::answer::Doing;

use super::{Cx, fields, first};
use crate::advice::{Safety, if_it_stops};
use crate::app::{App, offset_min};
use crate::diary::Entry;
use crate::person::Person;
use crate::seen::Seen;

/// The text in the card's code: all that an emergency room needs, readable without an account, a server or a network.
//= requirements/handset.md#card-for-strangers
//# The card's code MUST open what an emergency room needs without an account and without the clinic.
fn code_text(cx: &Cx, person: &Person, seen: &Seen) -> String {
    let english = cx.app.catalogue.of(Language::English);
    let mut lines = vec![
        "IMPLANTED INTRATHECAL DRUG PUMP".to_owned(),
        format!("{} born {}", person.name, person.born),
        format!("{} serial {} side {}", model(seen), seen.device.serial, person.side),
    ];
    for (name, concentration, daily) in drugs(seen) {
        lines.push(format!(
            "{name} {}, {} basal",
            concentration.text(Language::English),
            daily.text(Language::English)
        ));
    }
    lines.extend(
        if_it_stops(&seen.drugs()).into_iter().map(|(drug, says)| format!("{}: {}", drug.name(), english.say(says))),
    );
    lines.push(format!("{} {} {}", person.clinic, person.day_phone, person.night_phone));
    lines.push("Simulation; not a medical device".to_owned());
    lines.join("\n").replace('\u{a0}', " ")
}

fn model(seen: &Seen) -> String {
    let bytes: Vec<u8> = seen.device.model.iter().copied().take_while(|byte| *byte != 0).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Each drug with its concentration and what the flow now gives of it in a day.
fn drugs(seen: &Seen) -> Vec<(&'static str, Quantity, Quantity)> {
    let parts = seen.order.iter().flat_map(|order| order.mixture.iter());
    parts
        .map(|part| {
            let daily = seen.status.flow.mass_rate(part.concentration).get();
            (
                part.drug.name(),
                Quantity::concentration_ng_per_ml(part.concentration.get().into()),
                Quantity::mass_fg_per_day(daily),
            )
        })
        .collect()
}

fn read_on(cx: &Cx, seen: &Seen) -> String {
    Local(seen.at_ms + i64::from(offset_min()) * 60_000).text(&cx.words)
}

fn front(cx: &Cx, person: &Person, seen: Option<&Seen>) -> Markup {
    let mut lines = vec![
        (cx.say("card-name"), html! { (person.name) " · " (person.born) }),
        (
            cx.say("card-clinic"),
            html! { (person.clinic) " " bdi dir="ltr" { (person.day_phone) @if !person.night_phone.is_empty() { " / " (person.night_phone) } } },
        ),
        (cx.say("card-side"), html! { (person.side) @if !person.implanted.is_empty() { " · " (person.implanted) } }),
    ];
    if let Some(seen) = seen {
        lines.insert(1, (cx.say("card-pump"), html! { bdi dir="ltr" { (model(seen)) ", " (seen.device.serial) } }));
        for (name, concentration, daily) in drugs(seen) {
            lines.push((
                cx.say("card-drug"),
                html! { bdi lang="en" { (name) } " " (concentration.html(&cx.words)) ", " (daily.html(&cx.words)) },
            ));
        }
    }
    facts(&lines)
}

pub(crate) async fn card(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let cx = Cx::of(&app, &headers);
    let (person, seen) = {
        let shared = app.shared();
        (shared.person.clone(), shared.seen.clone())
    };
    let body = html! {
        h1 { (cx.say("card-title")) }
        @if person.name.is_empty() { (callout(Level::Caution, cx.say("card-incomplete"), html! { (buttons::link(Weight::Plain, "/person", Some(Icon::Edit), cx.say("person-title"))) })) }
        (wallet(&cx.say("card-title"), html! { h2 { (cx.say("card-i-have")) } (front(&cx, &person, seen.as_ref())) }))
        @if let Some(seen) = &seen {
            @for (drug, says) in if_it_stops(&seen.drugs()) { (callout(Level::Danger, html! { bdi lang="en" { (drug.name()) } }, html! { p { (cx.say(says)) } })) }
            @match pages::code::qr(&code_text(&cx, &person, seen), &cx.say("card-code")) {
                Ok(code) => { div { (code) p.small { (cx.say("card-code")) " " (cx.say_with("card-read", &[("date", read_on(&cx, seen).into())])) } } },
                Err(why) => p { (why) },
            }
        }
        div.row { (buttons::print(cx.say("print"))) (buttons::link(Weight::Plain, "/travel", Some(Icon::Onward), cx.say("travel-title"))) (buttons::link(Weight::Plain, "/person", Some(Icon::Edit), cx.say("person-title"))) }
    };
    cx.page(&cx.say("card-title"), "/more", body)
}

pub(crate) async fn travel(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let cx = Cx::of(&app, &headers);
    let (person, seen) = {
        let shared = app.shared();
        (shared.person.clone(), shared.seen.clone())
    };
    let printed = Local(cx.now_ms + i64::from(offset_min()) * 60_000).text(&cx.words);
    let body = html! {
        (sheet(&cx.words, &cx.say("travel-title"), html! { strong { (person.name) } br; (person.born) }, &printed, html! {
            @for language in Language::ALL {
                @let words = cx.app.catalogue.of(*language);
                section lang=(language.tag()) dir=(language.direction()) { h2 { (words.say("card-i-have")) } p { (words.say("travel-guards")) } p { (words.say("travel-scan")) } }
            }
            (front(&cx, &person, seen.as_ref()))
            section { h2 { (cx.say("travel-limits")) } ul { @for key in ["travel-flight", "travel-height", "travel-diving", "travel-heat", "travel-clock", "travel-carry"] { li { (cx.say(key)) } } } }
            @if !person.scan_note.is_empty() { p { strong { (cx.say("person-scan-note")) } ": " (person.scan_note) } }
        }))
        div.row { (buttons::print(cx.say("print"))) (buttons::link(Weight::Plain, "/card", Some(Icon::Card), cx.say("card-title"))) }
    };
    cx.page(&cx.say("travel-title"), "/more", body)
}

pub(crate) async fn scan(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let cx = Cx::of(&app, &headers);
    let body = html! {
        h1 { (cx.say("way-scan")) }
        p { (cx.say("scan-explained")) }
        (form::form("/scan", html! { (buttons::submit(Weight::Primary, Some(Icon::Again), cx.say("scan-read"))) }))
    };
    cx.page(&cx.say("way-scan"), "/", body)
}

/// Whether what was read says that the drive turns and the magnet is gone.
fn turns(seen: &Seen) -> bool {
    let still = [AlarmId::Stall, AlarmId::NoRecovery, AlarmId::StrongFieldLong, AlarmId::UnconfirmedStrokes];
    seen.status.doing == Doing::Running && !seen.alarms.iter().any(|one| still.contains(&one.id))
}

pub(crate) async fn scanned(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let cx = Cx::of(&app, &headers);
    //= requirements/handset.md#after-a-scan
    //# The handset MUST read the pump twice after a scan before it says that the pump reports turning.
    let mut told = Vec::new();
    for _ in 0..2 {
        let read = super::now::read_now(&app).await;
        told.push(read.map(|()| app.shared().seen.clone()));
    }
    let twice: Vec<&Seen> = told.iter().filter_map(|one| one.as_ref().ok().and_then(Option::as_ref)).collect();
    let title = cx.say("way-scan");
    let verdict = match twice[..] {
        [first, second] if turns(first) && turns(second) && second.at_ms >= first.at_ms => {
            callout(Level::Good, cx.say(Safety::ScanTurning), html! { p { (cx.say("scan-turning-means")) } })
        }
        [_, _] => callout(Level::Danger, cx.say(Safety::ScanNotTurning), cx.calls()),
        _ => callout(
            Level::Unknown,
            cx.say("scan-unread"),
            html! { p { (cx.say(Safety::ScanNotTurning)) } (cx.calls()) },
        ),
    };
    let body = html! { h1 { (title) } (verdict) (form::form("/scan", buttons::submit(Weight::Plain, Some(Icon::Again), cx.say("scan-again")))) };
    cx.page(&title, "/", body)
}

pub(crate) async fn team(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let cx = Cx::of(&app, &headers);
    let body = team_form(&cx, "", &Problems::default());
    cx.page(&cx.say("place-team"), "/team", body)
}

fn team_form(cx: &Cx, text: &str, problems: &Problems) -> Markup {
    let label = cx.say("team-message");
    let seen = cx.app.shared().seen.clone();
    html! {
        h1 { (cx.say("place-team")) }
        (cx.calls())
        p { (cx.say("team-explained")) }
        (problems.summary(&cx.words))
        (form::form("/team", html! {
            (Field { name: "text", label: &label, kind: Kind::Lines, value: text, longest: Some(1_500), ..Field::default() }.html(&cx.words, problems))
            @if let Some(seen) = &seen { (pages::panels::more(cx.say("team-snapshot"), html! { p lang="en" dir="ltr" { (super::now::snapshot(seen)) } })) }
            (buttons::submit(Weight::Primary, Some(Icon::Message), cx.say("team-keep")))
        }))
        p.soft { (super::diary::waiting(cx)) }
        @for (_, why) in cx.app.shared().outbox.refused.iter().rev().take(3) { (callout(Level::Caution, cx.say("outbox-refused"), html! { p lang="en" dir="ltr" { (why) } })) }
    }
}

pub(crate) async fn told(State(app): State<Arc<App>>, headers: HeaderMap, body: String) -> Response {
    let cx = Cx::of(&app, &headers);
    let sent = fields(&body);
    let text = first(&sent, "text").trim();
    let title = cx.say("place-team");
    if text.is_empty() || text.len() > 6_000 {
        let why = if text.is_empty() { cx.say("form-missing") } else { cx.say("form-too-long") };
        let problem = form::Problem {
            field: "text".to_owned(),
            label: cx.say("team-message"),
            value: String::new(),
            limit: None,
            why,
        };
        return cx.page(&title, "/team", team_form(&cx, text, &Problems(vec![problem])));
    }
    let seen = app.shared().seen.clone();
    let snapshot = seen.as_ref().map(super::now::snapshot).unwrap_or_default();
    let entry = Entry {
        at_ms: cx.now_ms,
        offset_min: offset_min(),
        pump_ms: seen.as_ref().map(|seen| seen.status.now.get()),
        note: format!("to the team: {text} [{snapshot}]").chars().take(1_900).collect(),
        ..Entry::default()
    };
    let kept = if app.shared().practice.is_some() { Ok(()) } else { app.write(entry) };
    let body = match kept {
        Ok(()) => {
            html! { h1 { (cx.say("team-kept")) } p { (cx.say("team-kept-means")) } p { (super::diary::waiting(&cx)) } (cx.calls()) }
        }
        Err(why) => {
            html! { (callout(Level::Danger, cx.say("diary-not-kept"), html! { p lang="en" dir="ltr" { (why) } })) (team_form(&cx, text, &Problems::default())) }
        }
    };
    cx.page(&title, "/team", body)
}
