//! Everything else: how to see and hear, whose handset it is, pairing, practice, and the locked view.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use pages::buttons::{self, Weight};
use pages::form::{self, Field, Kind, Problem, Problems};
use pages::icon::{Icon, icon};
use pages::status::callout;
use pages::{Level, Markup, Prefs, html};
use telemetry::card::Card;

use super::{Cx, Fields, fields, first, go};
use crate::app::App;
use crate::person::Person;
use crate::practice::Practice;
use crate::radio::Command;
use crate::store::random;

pub(crate) async fn menu(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let cx = Cx::of(&app, &headers);
    let way = |href: &str, sign, key: &str| html! { li { a href=(href) { (icon(sign)) span { (cx.say(key)) } (icon(Icon::Onward)) } } };
    let has_pin = app.shared().person.pin.is_some();
    let body = html! {
        h1 { (cx.say("place-more")) }
        ul.menu {
            (way("/card", Icon::Card, "card-title")) (way("/travel", Icon::Shield, "travel-title")) (way("/view", Icon::Settings, "view-title"))
            (way("/signals", Icon::Sound, "signals-title")) (way("/person", Icon::Person, "person-title")) (way("/pair", Icon::Pump, "pair-title"))
        }
        section.panel {
            h2 { (cx.say("practice-title")) } p { (cx.say("practice-means")) }
            form.row method="post" action="/practice" {
                button.button.is-primary type="submit" name="do" value="begin" { (cx.say("practice-begin")) }
                button.button type="submit" name="do" value="beep" { (cx.say("practice-beep")) }
            }
        }
        @if has_pin { form method="post" action="/lock" { (buttons::submit(Weight::Plain, Some(Icon::Shield), cx.say("lock"))) } }
    };
    cx.page(&cx.say("place-more"), "/more", body)
}

pub(crate) async fn view(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let cx = Cx::of(&app, &headers);
    let form = pages::prefs::preferences(&cx.words, &cx.prefs, "/view", "/more", true);
    cx.page(&cx.say("view-title"), "/more", html! { h1 { (cx.say("view-title")) } (form) })
}

pub(crate) async fn viewed(body: String) -> Response {
    let sent = fields(&body);
    let prefs = Prefs::from_form(|name| sent.get(name).and_then(|all| all.first()).map(String::as_str));
    let mut response = go("/view");
    if let Ok(cookie) = HeaderValue::from_str(&prefs.set_cookie()) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// Tones and vibrations to be learnt: each different to ear and hand.
pub(crate) async fn signals(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let cx = Cx::of(&app, &headers);
    let body = html! {
        h1 { (cx.say("signals-title")) }
        p { (cx.say("signals-explained")) }
        div.stack.needs-script {
            @for (signal, key) in [("granted", "signal-granted"), ("refused", "signal-refused"), ("error", "signal-error"), ("medium", "signal-medium"), ("high", "signal-high")] {
                button.button type="button" data-play=(signal) { (icon(Icon::Sound)) span { (cx.say(key)) } }
            }
        }
    };
    cx.page(&cx.say("signals-title"), "/more", body)
}

const FACTS: &[(&str, Kind)] = &[
    ("name", Kind::Text),
    ("born", Kind::Date),
    ("clinic", Kind::Text),
    ("day_phone", Kind::Telephone),
    ("night_phone", Kind::Telephone),
    ("emergency_phone", Kind::Telephone),
    ("side", Kind::Text),
    ("implanted", Kind::Date),
    ("scan_note", Kind::Text),
    ("booked", Kind::Text),
];

fn fact<'p>(person: &'p mut Person, name: &str) -> Option<&'p mut String> {
    Some(match name {
        "name" => &mut person.name,
        "born" => &mut person.born,
        "clinic" => &mut person.clinic,
        "day_phone" => &mut person.day_phone,
        "night_phone" => &mut person.night_phone,
        "emergency_phone" => &mut person.emergency_phone,
        "side" => &mut person.side,
        "implanted" => &mut person.implanted,
        "scan_note" => &mut person.scan_note,
        "booked" => &mut person.booked,
        _ => return None,
    })
}

fn person_form(cx: &Cx, person: &Person, problems: &Problems) -> Markup {
    let mut person = person.clone();
    let pin = cx.say("person-pin");
    let hint = cx.say("person-pin-hint");
    html! {
        h1 { (cx.say("person-title")) }
        (problems.summary(&cx.words))
        (form::form("/person", html! {
            @for (name, kind) in FACTS {
                @let label = cx.say(format!("person-{}", name.replace('_', "-")));
                @let value = fact(&mut person, name).cloned().unwrap_or_default();
                (Field { name, label: &label, kind: *kind, value: &value, optional: true, longest: Some(120), ..Field::default() }.html(&cx.words, problems))
            }
            (Field { name: "pin", label: &pin, hint: Some(&hint), kind: Kind::Password, optional: true, autocomplete: Some("new-password"), ..Field::default() }.html(&cx.words, problems))
            @if person.pin.is_some() { (form::tick("open", cx.say("person-pin-off"), false)) }
            (buttons::submit(Weight::Primary, None, cx.say("keep")))
        }))
    }
}

pub(crate) async fn person(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let cx = Cx::of(&app, &headers);
    let person = app.shared().person.clone();
    cx.page(&cx.say("person-title"), "/more", person_form(&cx, &person, &Problems::default()))
}

fn with_session(mut response: Response, session: &str) -> Response {
    let cookie = format!("{}={session}; Path=/; SameSite=Strict; HttpOnly", super::door::SESSION);
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// A new open view; the former one is closed.
fn open_view(app: &App) -> Option<String> {
    let fresh: [u8; 16] = random().ok()?;
    let session = fresh.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    app.shared().session = Some(session.clone());
    Some(session)
}

pub(crate) async fn entered(State(app): State<Arc<App>>, headers: HeaderMap, body: String) -> Response {
    let cx = Cx::of(&app, &headers);
    let sent = fields(&body);
    let mut person = app.shared().person.clone();
    for (name, _) in FACTS {
        if let Some(place) = fact(&mut person, name) {
            *place = first(&sent, name).trim().chars().take(120).collect();
        }
    }
    let pin = first(&sent, "pin");
    let changed = match (first(&sent, "open"), pin) {
        ("yes", _) => person.lock_with(""),
        (_, "") => Ok(()),
        (_, digits) => person.lock_with(digits),
    };
    if changed.is_err() {
        let problem = Problem {
            field: "pin".to_owned(),
            label: cx.say("person-pin"),
            limit: Some("4 – 12".to_owned()),
            why: cx.say("person-pin-wrong"),
            ..Problem::default()
        };
        return cx.page(&cx.say("person-title"), "/more", person_form(&cx, &person, &Problems(vec![problem])));
    }
    match app.change_person(person) {
        Ok(()) => {
            let response = go("/card");
            match open_view(&app) {
                Some(session) => with_session(response, &session),
                None => response,
            }
        }
        Err(why) => cx.page(
            &cx.say("person-title"),
            "/more",
            callout(Level::Danger, cx.say("diary-not-kept"), html! { p lang="en" { (why) } }),
        ),
    }
}

fn pair_form(cx: &Cx, sent: &Fields, problems: &Problems) -> Markup {
    let (address, card, hint) = (cx.say("pair-address"), cx.say("pair-card"), cx.say("pair-card-hint"));
    let known = cx.app.options.pump.clone().unwrap_or_default();
    let value = sent.get("address").and_then(|all| all.first()).map_or(known.as_str(), String::as_str);
    html! {
        h1 { (cx.say("pair-title")) }
        p { (cx.say("pair-explained")) }
        (problems.summary(&cx.words))
        (form::form("/pair", html! {
            (Field { name: "address", label: &address, value, ..Field::default() }.html(&cx.words, problems))
            (Field { name: "card", label: &card, hint: Some(&hint), value: first(sent, "card"), autocomplete: Some("off"), ..Field::default() }.html(&cx.words, problems))
            (buttons::submit(Weight::Primary, Some(Icon::Pump), cx.say("pair-proceed")))
        }))
        form method="post" action="/practice" { button.button type="submit" name="do" value="begin" { (cx.say("practice-begin")) } }
    }
}

pub(crate) async fn pair(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let cx = Cx::of(&app, &headers);
    cx.page(&cx.say("pair-title"), "/more", pair_form(&cx, &Fields::new(), &Problems::default()))
}

pub(crate) async fn paired(State(app): State<Arc<App>>, headers: HeaderMap, body: String) -> Response {
    let cx = Cx::of(&app, &headers);
    let sent = fields(&body);
    let title = cx.say("pair-title");
    let problem = |field: &str, key: &str, why: String| {
        Problems(vec![Problem { field: field.to_owned(), label: cx.say(key), why, ..Problem::default() }])
    };
    let card = match Card::parse(first(&sent, "card").trim()) {
        Ok(card) => card,
        Err(why) => {
            return cx.page(&title, "/more", pair_form(&cx, &sent, &problem("card", "pair-card", why.to_string())));
        }
    };
    let (reply, answer) = std::sync::mpsc::channel();
    app.tell(Command::Pair { address: first(&sent, "address").trim().to_owned(), card, reply });
    match super::now::wait_for(answer).await {
        Ok(()) => go("/"),
        Err(why) => cx.page(&title, "/more", pair_form(&cx, &sent, &problem("address", "pair-address", why))),
    }
}

pub(crate) async fn practice(State(app): State<Arc<App>>, body: String) -> Response {
    let sent = fields(&body);
    let mut shared = app.shared();
    match first(&sent, "do") {
        "begin" => shared.practice = Some(Practice::default()),
        "beep" => shared.practice = Some(Practice { beeps: true, ..Practice::default() }),
        _ => shared.practice = None,
    }
    let to = if shared.practice.is_some_and(|lesson| lesson.beeps) { "/alarms" } else { "/" };
    drop(shared);
    go(to)
}

pub(crate) async fn lock(State(app): State<Arc<App>>) -> Response {
    app.shared().session = None;
    go("/locked")
}

/// What anybody may see: that it is locked, that an alarm stands, whom to call. No drug, no dose, no name.
pub(crate) async fn locked(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let cx = Cx::of(&app, &headers);
    locked_page(&cx, &Problems::default())
}

fn locked_page(cx: &Cx, problems: &Problems) -> Response {
    let alarms = cx.app.shared().seen.as_ref().map_or(0, |seen| seen.alarms.len());
    let label = cx.say("locked-number");
    let body = html! {
        h1 { (cx.say("locked-title")) }
        @if alarms > 0 { (callout(Level::Danger, cx.say("locked-alarm"), cx.calls())) }
        (problems.summary(&cx.words))
        (form::form("/locked", html! {
            (Field { name: "pin", label: &label, kind: Kind::Password, autocomplete: Some("current-password"), ..Field::default() }.html(&cx.words, problems))
            (buttons::submit(Weight::Primary, None, cx.say("locked-open")))
        }))
    };
    cx.bare(&cx.say("locked-title"), body)
}

/// Wrong numbers before the view waits, and how long it waits then, ms; doubled with each further one.
const WRONG_MAX: u32 = 4;
const WAIT_MS: i64 = 30_000;

pub(crate) async fn unlock(State(app): State<Arc<App>>, headers: HeaderMap, body: String) -> Response {
    let cx = Cx::of(&app, &headers);
    let sent = fields(&body);
    let told = |why: String| {
        locked_page(
            &cx,
            &Problems(vec![Problem {
                field: "pin".to_owned(),
                label: cx.say("locked-number"),
                why,
                ..Problem::default()
            }]),
        )
    };
    let (person, wait) = {
        let shared = app.shared();
        (shared.person.clone(), shared.pin_not_before_ms - cx.now_ms)
    };
    if wait > 0 {
        let long = pages::moment::length(wait, &cx.words);
        return told(cx.say_with("locked-wait", &[("length", long.into())]));
    }
    let digits = first(&sent, "pin").to_owned();
    let opens = tokio::task::spawn_blocking(move || person.opens(&digits)).await.unwrap_or(false);
    if opens {
        app.shared().wrong_pins = 0;
        return match open_view(&app) {
            Some(session) => with_session(go("/"), &session),
            None => axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        };
    }
    let mut shared = app.shared();
    shared.wrong_pins += 1;
    if shared.wrong_pins > WRONG_MAX {
        let doubled = WAIT_MS << (shared.wrong_pins - WRONG_MAX).min(10);
        shared.pin_not_before_ms = cx.now_ms + doubled;
    }
    drop(shared);
    told(cx.say("locked-wrong"))
}
