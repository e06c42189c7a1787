//! What all pages have in common: places, who is signed in, how time goes, unanswered alarms on top.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use pages::buttons::{Weight, link, submit, submit_as};
use pages::icon::Icon;
use pages::shell::{Face, Page, Place};
use pages::status::{Level, callout, status};
use pages::{Markup, Prefs, html};

use super::asked::Asked;
use super::problem::Problem;
use super::{Answer, door};
use crate::App;
use crate::auth::{Permission as P, Person};
use crate::clock::PACES;
use crate::values;

/// Our own style and script, beside those of all faces.
pub static STYLE: &str = include_str!("../../assets/clinic.css");
/// See [`STYLE`].
pub static SCRIPT: &str = include_str!("../../assets/clinic.js");

/// The two files of the clinic under their hashed names.
pub fn own_assets() -> &'static [pages::assets::Asset; 2] {
    use std::sync::LazyLock;
    static OWN: LazyLock<[pages::assets::Asset; 2]> = LazyLock::new(|| {
        [
            pages::assets::asset("clinic.css", STYLE.as_bytes(), pages::assets::all()),
            pages::assets::asset("clinic.js", SCRIPT.as_bytes(), pages::assets::all()),
        ]
    });
    &OWN
}

/// A page before it stands in its frame.
pub struct Sheet<'a> {
    /// The title of window and page.
    pub title: &'a str,
    /// Whose page it is, if a patient's.
    pub whose: Markup,
    /// The content with its first heading.
    pub body: Markup,
}

impl<'a> Sheet<'a> {
    /// A page of nobody in particular.
    pub fn new(title: &'a str, body: Markup) -> Self {
        Self { title, whose: html! {}, body }
    }
}

/// The session's cookie. Where browsers come by TLS its name binds it to this host and to TLS.
pub fn session_cookie(app: &App) -> &'static str {
    if app.config.is_https() { "__Host-nepenthe" } else { "nepenthe" }
}

/// The `Set-Cookie` of a session.
pub fn set_session(app: &App, value: &str, is_over: bool) -> HeaderValue {
    let secure = if app.config.is_https() { "; Secure" } else { "" };
    let age = if is_over { "; Max-Age=0" } else { "" };
    let text = format!("{}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{age}", session_cookie(app));
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

/// A cookie's value.
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|all| all.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(own, _)| *own == name).map(|(_, value)| value.to_owned())
}

fn prefs(headers: &HeaderMap) -> Prefs {
    Prefs::from_cookies(headers.get(header::COOKIE).and_then(|value| value.to_str().ok()).unwrap_or(""))
}

const PLACES: &[(&str, &str, Icon, P)] = &[
    ("/today", "Today", Icon::Home, P::SeeBoards),
    ("/alarms", "Alarms", Icon::Bell, P::SeeBoards),
    ("/refills", "Refills", Icon::Refill, P::SeeBoards),
    ("/patients", "Patients", Icon::Person, P::SeeBoards),
    ("/orders", "Orders", Icon::Edit, P::SeeBoards),
    ("/devices", "Devices", Icon::Pump, P::SeeDevices),
    ("/registry", "Registry", Icon::Diary, P::SeeBoards),
    ("/staff", "Staff", Icon::Settings, P::ManageStaff),
    ("/audit", "Audit", Icon::Shield, P::SeeAudit),
];

/// What waits: alarms unanswered, and of those the high ones.
async fn waiting(app: &App) -> (i64, i64) {
    let sql = "SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN priority = 3 THEN 1 ELSE 0 END), 0) AS BIGINT) FROM alarm
               WHERE ended_ms IS NULL AND acknowledged_ms IS NULL";
    match app.db.first(sql, values![]).await {
        Ok(Some(row)) => (row.number(0).unwrap_or(0), row.number(1).unwrap_or(0)),
        // The page stands without the count; its own question will tell what is wrong.
        Ok(None) | Err(_) => (0, 0),
    }
}

/// The page in its frame.
pub async fn page(asked: &Asked, sheet: Sheet<'_>) -> Answer {
    let (all, high) = match asked.person.as_ref().is_some_and(|person| person.role.may(P::SeeBoards)) {
        true => waiting(&asked.app).await,
        false => (0, 0),
    };
    let here = asked.path.split('?').next().unwrap_or("/");
    Ok(framed(&asked.app, asked.person.as_ref(), prefs(&asked.headers), here, sheet, (all, high)))
}

fn framed(
    app: &App,
    person: Option<&Person>,
    prefs: Prefs,
    here: &str,
    sheet: Sheet<'_>,
    (all, high): (i64, i64),
) -> Response {
    let words = app.words();
    let places: Vec<Place> = PLACES
        .iter()
        .filter(|(_, _, _, needs)| person.is_some_and(|person| person.role.may(*needs)))
        .map(|(href, label, sign, _)| Place {
            href: (*href).into(),
            label: (*label).into(),
            sign: *sign,
            here: here == *href || here.starts_with(&format!("{href}/")),
            waiting: if *href == "/alarms" { u32::try_from(all).unwrap_or(0) } else { 0 },
        })
        .collect();
    let alarms = html! {
        div id="unanswered" data-live="alarms" {
            @if high > 0 && here != "/alarms" {
                a.strip.is-danger href="/alarms" {
                    (status(Level::Danger, if high == 1 { "1 high alarm is unanswered".to_owned() } else { format!("{high} high alarms are unanswered") }))
                    span { "Answer" }
                }
            }
        }
    };
    let own = own_assets();
    let address = |asset: &pages::assets::Asset| format!("{}{}", pages::assets::FOLDER, asset.hashed);
    let page = Page {
        face: Face::Clinic,
        title: sheet.title,
        prefs,
        places: &places,
        whose: sheet.whose,
        corner: corner(app, person),
        alarms,
        body: html! { (pace(app, person, here)) (sheet.body) },
        help: html! { p { "Not a medical device: no regulator has reviewed it. Figures from pumps are what the pump told, with the time it told them." } },
        scripts: &[address(&own[1])],
        styles: &[address(&own[0])],
        manifest: None,
    };
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    ([(header::CONTENT_TYPE, kind)], page.html(words).into_string()).into_response()
}

fn corner(app: &App, person: Option<&Person>) -> Markup {
    html! {
        div.row.corner-row {
            span.now title="the clinic's time" { (app.local(app.clock.now_ms()).html(app.words())) }
            @if let Some(person) = person {
                a href="/me" { (person.name) } " " span.badge { (person.role.word()) }
                form method="post" action="/sign-out" { (token(person)) (submit(Weight::Quiet, None, "Sign out")) }
            } @else { a href="/sign-in" { "Sign in" } }
        }
    }
}

/// How a simulated world's time goes, where everybody sees it.
fn pace(app: &App, person: Option<&Person>, here: &str) -> Markup {
    let Some(pace) = app.clock.pace() else { return html! {} };
    html! {
        div.pace id="pace" data-live="pace" {
            span.pace-title { "Demo: simulated pumps and people. Time runs " strong { "×" (pace.now) } }
            @if let Some(person) = person {
                form.row method="post" action="/pace" {
                    (token(person)) (pages::form::unseen("back", here))
                    @for one in PACES {
                        (submit_as(if one == pace.chosen { Weight::Primary } else { Weight::Plain }, "pace", &one.to_string(), format!("×{one}")))
                    }
                }
            }
            @if let Some(who) = &pace.held_by {
                (status(Level::Notice, format!("held at ×1 while {who}; it goes on at ×{} afterwards, or after two idle minutes", pace.chosen)))
            }
        }
    }
}

/// What every form of a signed-in person carries.
pub fn token(person: &Person) -> Markup {
    pages::form::unseen("form_token", &person.form_token)
}

/// A form of this person.
pub fn form(asked: &Asked, action: &str, body: Markup) -> Markup {
    pages::form::form(action, html! { @if let Some(person) = &asked.person { (token(person)) } (body) })
}

/// A problem as a page.
pub fn problem(app: &App, person: Option<&Person>, problem: &Problem) -> Response {
    let (title, words) = problem.words();
    let body = html! {
        h1 { (title) }
        @match problem {
            Problem::Glass { patient } => {
                (callout(Level::Caution, words, html! {
                    p { "You may open the record for four hours if care needs it. Your reason is kept, the patient's team is told, and it is reviewed." }
                }))
                (pages::form::form(&format!("/patients/{}/break-glass", door::encoded(patient)), html! {
                    @if let Some(person) = person { (token(person)) }
                    (pages::form::Field { name: "reason", label: "Why do you need this record?", kind: pages::form::Kind::Lines, longest: Some(500), ..Default::default() }.html(app.words(), &pages::form::Problems::default()))
                    (submit(Weight::Grave, Some(Icon::Shield), "Break the glass"))
                }))
            }
            _ => {
                (callout(Level::Caution, title, html! { p { (words) } }))
                p { "Going back keeps what you entered." }
                div.row { (link(Weight::Plain, "/", Some(Icon::Home), "To the start")) }
            }
        }
    };
    let mut answer = framed(app, person, Prefs::default(), "", Sheet::new(title, body), (0, 0));
    *answer.status_mut() = match problem {
        Problem::SignIn { .. } => axum::http::StatusCode::UNAUTHORIZED,
        other => other.status(),
    };
    answer
}
