//! What every request passes, whatever it asks for.
//!
//! In this order: the body's limit, who asks, whether they may (the table of routes), whether a patient is theirs, whether a
//! form came from a page of ours; only then the handler. A route that is not in the table does not exist.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Instant;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::multipart::Multipart;
use axum::extract::{ConnectInfo, FromRequest, RawPathParams, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use axum::routing::on;

use super::asked::{Asked, Upload};
use super::problem::Problem;
use super::routes::{ROUTES, Route};
use super::{Answer, frame};
use crate::App;
use crate::audit::{self, Act};
use crate::auth::{Permission, Person, relation, session};

/// Most bytes of a form without a file.
const FORM_MOST: usize = 256 * 1024;
/// Most bytes of a file, and of a document from a device.
pub const FILE_MOST: usize = 12_000_000;

/// The whole service.
pub fn router(app: App) -> Router {
    let mut router = Router::new();
    for route in ROUTES {
        let filter = if route.is_get() { axum::routing::MethodFilter::GET } else { axum::routing::MethodFilter::POST };
        let handler = move |State(app): State<App>, parts: RawPathParams, request: Request| async move {
            let parts = parts.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            pass(route, app, parts, request).await
        };
        router = router.route(route.path, on(filter, handler));
    }
    router.fallback(nowhere).with_state(app)
}

async fn nowhere(State(app): State<App>, request: Request) -> Response {
    let problem = Problem::NotFound("page".into());
    let person = person(&app, request.headers()).await.ok().flatten();
    dressed(&app, frame::problem(&app, person.as_ref(), &problem), request.uri().path())
}

async fn pass(route: &'static Route, app: App, parts: BTreeMap<String, String>, request: Request) -> Response {
    let began = Instant::now();
    let path = request.uri().path().to_owned();
    let for_machines = route.path.starts_with("/api/");
    let person = person(&app, request.headers()).await.ok().flatten();
    let answer = admitted(route, &app, person.clone(), parts, request).await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(problem) => {
            if let Problem::Broken(why) = &problem {
                // The words of the database; no entries, no names.
                tracing::error!(route = route.path, why, "a request failed");
            }
            match &problem {
                _ if for_machines => problem.for_machines(),
                Problem::SignIn { then } => super::go(&format!("/sign-in?then={}", encoded(then))),
                _ => frame::problem(&app, person.as_ref(), &problem),
            }
        }
    };
    let spent = began.elapsed();
    app.metrics.answered(route.path, answer.status().as_u16(), spent);
    let role = person.as_ref().map_or("-", |person| person.role.word());
    let duration_ms = u64::try_from(spent.as_millis()).unwrap_or(u64::MAX);
    tracing::info!(route = route.path, status = answer.status().as_u16(), duration_ms, role, "answered");
    dressed(&app, answer, &path)
}

async fn admitted(
    route: &'static Route,
    app: &App,
    person: Option<Person>,
    parts: BTreeMap<String, String>,
    request: Request,
) -> Answer {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    if !matches!(route.needs, Permission::Open | Permission::Device) {
        let Some(person) = &person else {
            return Err(Problem::SignIn { then: if route.is_get() { path } else { "/".into() } });
        };
        if !person.role.may(route.needs) {
            let words = format!("Your role ({}) may not do this: {}.", person.role.word(), route.words);
            return Err(Problem::Refused(words));
        }
        if let Some(patient) = parts.get("patient") {
            theirs(app, route, person, patient).await?;
        }
    }
    let address = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let headers = request.headers().clone();
    let query = read_pairs(request.uri().query().unwrap_or(""));
    let mut asked = Asked {
        app: app.clone(),
        person,
        path,
        parts,
        query,
        form: BTreeMap::new(),
        upload: None,
        body: Bytes::new(),
        headers,
        address,
    };
    if !route.is_get() {
        take_body(route, &mut asked, request).await?;
    }
    (route.handler)(asked).await
}

/// Whether the patient is this person's, and that they looked is known.
async fn theirs(app: &App, route: &Route, person: &Person, patient: &str) -> Result<(), Problem> {
    if route.is_glass() {
        return Ok(());
    }
    let relation = relation::between(&app.db, person, patient).await?;
    let Some(relation) = relation else {
        return Err(Problem::Glass { patient: patient.to_owned() });
    };
    if route.is_get() {
        let detail = format!("{} ({relation:?})", route.words);
        let act = Act { staff_id: &person.id, what: "record seen", subject: patient, detail };
        audit::note(&app.db, &app.clock, act).await?;
    }
    Ok(())
}

async fn person(app: &App, headers: &HeaderMap) -> Result<Option<Person>, Problem> {
    match frame::cookie(headers, frame::session_cookie(app)) {
        Some(cookie) => Ok(session::person(&app.db, &cookie).await?),
        None => Ok(None),
    }
}

async fn take_body(route: &Route, asked: &mut Asked, request: Request) -> Result<(), Problem> {
    let kind = asked.header("content-type").to_owned();
    if kind.starts_with("multipart/form-data") {
        take_parts(asked, request).await?;
    } else {
        let most = if route.needs == Permission::Device { FILE_MOST } else { FORM_MOST };
        let body = axum::body::to_bytes(request.into_body(), most).await;
        let body = body.map_err(|_| Problem::TooLarge { most })?;
        if kind.starts_with("application/x-www-form-urlencoded") {
            asked.form = read_pairs(std::str::from_utf8(&body).unwrap_or(""));
        }
        asked.body = body;
    }
    // A device signs what it sends; everything else comes from a page of ours or not at all.
    if route.needs == Permission::Device {
        return Ok(());
    }
    let foreign = || Problem::Refused("This form did not come from a page of this clinic. Open the page again.".into());
    let origin = asked.header("origin");
    if !origin.is_empty() && origin != asked.app.config.origin() && !same_host(origin, asked.header("host")) {
        return Err(foreign());
    }
    if matches!(asked.header("sec-fetch-site"), "cross-site" | "same-site") {
        return Err(foreign());
    }
    if let Some(person) = &asked.person {
        let token = match asked.form.get("form_token") {
            Some(token) => token.clone(),
            None => asked.header("x-form-token").to_owned(),
        };
        if !crate::secret::same(token.as_bytes(), person.form_token.as_bytes()) {
            return Err(foreign());
        }
    }
    Ok(())
}

fn same_host(origin: &str, host: &str) -> bool {
    origin.split_once("://").is_some_and(|(_, from)| from == host)
}

async fn take_parts(asked: &mut Asked, request: Request) -> Result<(), Problem> {
    let unreadable = |_| Problem::Entry("The form could not be read. Send it again.".into());
    let (head, body) = request.into_parts();
    let body =
        axum::body::to_bytes(body, FILE_MOST + FORM_MOST).await.map_err(|_| Problem::TooLarge { most: FILE_MOST })?;
    let request = Request::from_parts(head, Body::from(body));
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|_| Problem::Entry("The form could not be read.".into()))?;
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        let name = field.name().unwrap_or("").to_owned();
        match field.file_name().map(str::to_owned) {
            Some(file_name) => {
                let media_type = field.content_type().unwrap_or("application/octet-stream").to_owned();
                let bytes = field.bytes().await.map_err(unreadable)?;
                asked.upload = Some(Upload { name: file_name, media_type, bytes });
            }
            None => {
                let text = field.text().await.map_err(unreadable)?;
                asked.form.insert(name, text);
            }
        }
    }
    Ok(())
}

/// Name and value pairs of a form or a query. A name that stands twice has its last value.
fn read_pairs(text: &str) -> BTreeMap<String, String> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        })
        .collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
                match (digit(rest.next()), digit(rest.next())) {
                    (Some(high), Some(low)) => u8::try_from(high << 4 | low).unwrap_or(b'?'),
                    _ => b'?',
                }
            }
            other => other,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Text as a part of an address.
pub fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

/// The headers that every answer has.
fn dressed(app: &App, mut answer: Response, path: &str) -> Response {
    let all = if path.starts_with(pages::assets::FOLDER) { pages::headers::ASSET } else { pages::headers::PAGE };
    let headers = answer.headers_mut();
    for (name, value) in all {
        headers.entry(HeaderName::from_static(name)).or_insert(HeaderValue::from_static(value));
    }
    if app.config.is_https() {
        let year = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    answer.into_response()
}

impl Route {
    /// Whether it only reads.
    pub fn is_get(&self) -> bool {
        self.method == Method::GET
    }

    /// Whether it is the one by which a patient becomes somebody's for some hours.
    fn is_glass(&self) -> bool {
        self.path.ends_with("/break-glass")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_form_sends_comes_back_as_it_was_typed() {
        let pairs = read_pairs("name=J%C3%BCrgen+%26+Co&empty=&flag");
        assert_eq!(pairs["name"], "Jürgen & Co");
        assert_eq!((pairs["empty"].as_str(), pairs["flag"].as_str()), ("", ""));
        assert_eq!(decoded(&encoded("/a?b=ü %")), "/a?b=ü %");
    }
}
