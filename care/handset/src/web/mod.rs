//! The pages of the handset. A local app: it answers this device alone, under the name it was started with.

mod alarms;
mod card;
mod diary;
mod door;
mod more;
mod now;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use pages::assets::{self, Asset};
use pages::icon::{Icon, icon};
use pages::shell::{Face, Page, Place};
use pages::{Language, Markup, Prefs, Words, headers, html};

use crate::app::{App, now_ms};

/// Fields of a form; a name that came several times holds all its values.
pub(crate) type Fields = BTreeMap<String, Vec<String>>;

static OWN: LazyLock<Vec<Asset>> =
    LazyLock::new(|| vec![assets::asset("handset.js", include_bytes!("../../assets/handset.js"), assets::all())]);

/// Every page, for a handset that is reached under these names (`host:port`).
pub fn router(app: Arc<App>, hosts: Vec<String>) -> Router {
    let door = door::Door { app: Arc::clone(&app), hosts };
    Router::new()
        .route("/", get(now::home))
        .route("/ask", get(now::ask).post(now::pressed))
        .route("/asked", get(now::asked))
        .route("/log", get(now::log))
        .route("/alarms", get(alarms::list))
        .route("/alarms/silence", post(alarms::silence))
        .route("/diary", get(diary::page).post(diary::write))
        .route("/symptoms", get(diary::symptoms).post(diary::checked))
        .route("/scan", get(card::scan).post(card::scanned))
        .route("/team", get(card::team).post(card::told))
        .route("/card", get(card::card))
        .route("/travel", get(card::travel))
        .route("/more", get(more::menu))
        .route("/view", get(more::view).post(more::viewed))
        .route("/person", get(more::person).post(more::entered))
        .route("/pair", get(more::pair).post(more::paired))
        .route("/practice", post(more::practice))
        .route("/signals", get(more::signals))
        .route("/lock", post(more::lock))
        .route("/locked", get(more::locked).post(more::unlock))
        .route("/state.json", get(now::state))
        .route("/manifest.webmanifest", get(manifest))
        .route("/sw.js", get(worker))
        .route("/assets/{name}", get(asset))
        .fallback(nowhere)
        .layer(axum::middleware::from_fn_with_state(door, door::pass))
        .with_state(app)
}

/// One question of a browser: who asks, how they want to see, and when.
pub(crate) struct Cx {
    pub(crate) app: Arc<App>,
    pub(crate) words: Words,
    pub(crate) prefs: Prefs,
    pub(crate) now_ms: i64,
}

impl Cx {
    pub(crate) fn of(app: &Arc<App>, headers: &HeaderMap) -> Cx {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let prefs = Prefs::from_cookies(text(header::COOKIE));
        let language = prefs.language.unwrap_or_else(|| Language::negotiate(text(header::ACCEPT_LANGUAGE)));
        Cx { app: Arc::clone(app), words: app.catalogue.of(language).clone(), prefs, now_ms: now_ms() }
    }

    pub(crate) fn say(&self, key: impl AsRef<str>) -> String {
        self.words.say(key)
    }

    pub(crate) fn say_with(&self, key: impl AsRef<str>, values: &[(&str, pages::words::Value)]) -> String {
        self.words.say_with(key, values)
    }

    /// A page with the places below, and the gravest alarm above.
    pub(crate) fn page(&self, title: &str, here: &str, body: Markup) -> Response {
        self.page_of(title, here, alarms::banner(self), body, true)
    }

    /// A page with nothing around it: while the view is locked.
    pub(crate) fn bare(&self, title: &str, body: Markup) -> Response {
        self.page_of(title, "", html! {}, body, false)
    }

    fn page_of(&self, title: &str, here: &str, alarms: Markup, body: Markup, with_places: bool) -> Response {
        let waiting = self.app.shared().seen.as_ref().map_or(0, |seen| seen.alarms.len());
        let place = |href: &str, key: &str, sign, waiting: usize| Place {
            href: href.to_owned(),
            label: self.say(key),
            sign,
            here: href == here,
            waiting: u32::try_from(waiting).unwrap_or(0),
        };
        let places = [
            place("/", "place-now", Icon::Home, 0),
            place("/alarms", "place-alarms", Icon::Bell, waiting),
            place("/diary", "place-diary", Icon::Diary, 0),
            place("/team", "place-team", Icon::Phone, 0),
            place("/more", "place-more", Icon::Settings, 0),
        ];
        let is_practice = self.app.shared().practice.is_some();
        let body = html! {
            @if is_practice {
                div.callout.is-notice { (icon(Icon::Notice)) div.callout-text { p.callout-title { (self.say("practice-on")) } p { (self.say("practice-means")) }
                    form method="post" action="/practice" { (pages::form::unseen("do", "end")) (pages::buttons::submit(pages::buttons::Weight::Plain, None, self.say("practice-end"))) } } }
            }
            (body)
        };
        let scripts: Vec<String> = OWN.iter().map(|own| format!("{}{}", assets::FOLDER, own.hashed)).collect();
        let page = Page {
            face: Face::Handset,
            title,
            prefs: self.prefs,
            places: if with_places { &places } else { &[] },
            whose: html! {},
            corner: html! {},
            alarms,
            body,
            help: self.help(),
            scripts: &scripts,
            styles: &[],
            manifest: Some("/manifest.webmanifest"),
        };
        html_response(StatusCode::OK, page.html(&self.words))
    }

    /// Whom to call, the same on every page.
    fn help(&self) -> Markup {
        let person = self.app.shared().person.clone();
        html! { @if !person.phone().is_empty() { (self.call(person.phone(), "call-team")) } }
    }

    /// A button that calls.
    pub(crate) fn call(&self, number: &str, key: &str) -> Markup {
        let digits: String = number.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
        html! { @if !digits.is_empty() { a.button.is-primary href={ "tel:" (digits) } { (icon(Icon::Phone)) span { (self.say(key)) " " bdi dir="ltr" { (number) } } } } }
    }

    /// The team's number and the emergency's, as far as they were entered.
    pub(crate) fn calls(&self) -> Markup {
        let person = self.app.shared().person.clone();
        html! {
            div.row {
                (self.call(person.phone(), "call-team")) (self.call(&person.emergency_phone, "call-emergency-number"))
                @if person.phone().is_empty() && person.emergency_phone.is_empty() { p { (self.say("no-number-entered")) } }
            }
        }
    }
}

pub(crate) fn html_response(status: StatusCode, markup: Markup) -> Response {
    (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], markup.into_string()).into_response()
}

pub(crate) fn go(to: &str) -> Response {
    Redirect::to(to).into_response()
}

/// The fields of a form's body.
pub(crate) fn fields(body: &str) -> Fields {
    let mut fields = Fields::new();
    for pair in body.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        fields.entry(decoded(name)).or_default().push(decoded(value));
    }
    fields
}

/// The first value of a field; empty if it was not sent.
pub(crate) fn first<'f>(fields: &'f Fields, name: &str) -> &'f str {
    fields.get(name).and_then(|values| values.first()).map_or("", String::as_str)
}

/// A part of a form's body as it was typed.
fn decoded(part: &str) -> String {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits: Vec<u8> = rest.clone().take(2).collect();
                match std::str::from_utf8(&digits)
                    .ok()
                    .and_then(|d| u8::from_str_radix(d, 16).ok())
                    .filter(|_| digits.len() == 2)
                {
                    Some(byte) => {
                        bytes.push(byte);
                        rest.nth(1);
                    }
                    None => bytes.push(b'%'),
                }
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn asset(Path(name): Path<String>) -> Response {
    let own = OWN.iter().find(|own| own.hashed == name);
    match own.or_else(|| assets::find(&name)) {
        Some(asset) => {
            let mut response = ([(header::CONTENT_TYPE, asset.mime)], asset.bytes.clone()).into_response();
            door::put(response.headers_mut(), headers::ASSET);
            response
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn manifest() -> Response {
    let text = serde_json::json!({
        "name": "Nepenthe", "short_name": "Nepenthe", "start_url": "/", "display": "standalone",
        "background_color": "#f7f5f0", "theme_color": "#0b5570",
        "icons": [{"src": assets::href("icon.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"}],
    });
    ([(header::CONTENT_TYPE, "application/manifest+json")], text.to_string()).into_response()
}

/// The service worker keeps styles, scripts and the page that says that the app is not running. It never keeps a page with
/// numbers and never sends anything later.
async fn worker() -> Response {
    let mut kept: Vec<String> = assets::all().iter().map(|one| format!("{}{}", assets::FOLDER, one.hashed)).collect();
    kept.extend(OWN.iter().map(|own| format!("{}{}", assets::FOLDER, own.hashed)));
    let list = serde_json::to_string(&kept).unwrap_or_default();
    let text = include_str!("../../assets/sw.js").replace("[/*kept*/]", &list);
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], text).into_response()
}

async fn nowhere(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let cx = Cx::of(&app, &headers);
    let mut response = cx.page(
        &cx.say("nowhere"),
        "",
        html! { h1 { (cx.say("nowhere")) } a.button href="/" { (cx.say("back-home")) } },
    );
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// Listens and answers until the process ends.
///
/// # Errors
/// What the system says of the address.
pub async fn serve(app: Arc<App>, listen: &str, ready: impl FnOnce(std::net::SocketAddr)) -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind(listen).await?;
    let at = listener.local_addr()?;
    ready(at);
    let hosts = vec![at.to_string(), format!("localhost:{}", at.port())];
    axum::serve(listener, router(app, hosts)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_it_was_typed_whatever_the_script() {
        let read = fields("note=50%25+%D8%A3%D9%84%D9%85&symptom=itch&symptom=fever&broken=%4&empty=");
        assert_eq!(first(&read, "note"), "50% ألم");
        assert_eq!(read["symptom"], ["itch", "fever"]);
        assert_eq!((first(&read, "broken"), first(&read, "empty"), first(&read, "absent")), ("%4", "", ""));
    }
}
