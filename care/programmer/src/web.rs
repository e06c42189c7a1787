//! The routes, one session, and what every answer carries.
//!
//! Answers for who is heard: one person at a time, signed in, with the cookie and the form's token of this session; a form
//! of an older page does nothing. Work on a pump blocks and runs on a thread of its own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use formulary::Formulary;
use link::visit::{NoAnswer, Patience};
use pages::{Catalogue, Language, Words, assets, headers};

use crate::form::Fields;
use crate::outbox::NotSent;
use crate::people::{NotIn, People};
use crate::session::Session;
use crate::vault::NotKept;
use crate::{
    compound, edit, emergency, files, install, look, mri, other_acts, port, pump_page, refill_pages, review, show,
    sign_in,
};

/// The device's own clock: local ms since 1970.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// After so long without anything asked for the session closes by itself.
pub(crate) const IDLE: Duration = Duration::from_secs(10 * 60);

/// Most bytes of a form: a patient file with room.
const FORM_MAX: usize = 4 << 20;

/// The name of the cookie.
const COOKIE: &str = "visit";

/// Why a page cannot be shown as asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// No file is open.
    #[error("no patient file is open")]
    NoFile,
    /// The person was not compared with the file.
    #[error("two identifiers of the person and the pump's serial number must be compared before anything is changed")]
    NotIdentified,
    /// The pump.
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
    /// The disk.
    #[error(transparent)]
    Kept(#[from] NotKept),
    /// The outbox.
    #[error(transparent)]
    Sent(#[from] NotSent),
    /// A person.
    #[error(transparent)]
    Person(#[from] NotIn),
    /// Anything else, in words.
    #[error("{0}")]
    Words(String),
}

impl Fault {
    /// A fault in words.
    pub(crate) fn words(words: &str) -> Self {
        Self::Words(words.to_owned())
    }
}

/// What is answered.
pub(crate) enum Answer {
    /// A page with its title; the address of the place it belongs to.
    Page(&'static str, &'static str, pages::Markup),
    /// Another page.
    Go(&'static str),
    /// A file to be kept.
    File(&'static str, String),
}

/// A page's work.
type Handler = fn(&Programmer, &mut Session, &Words, &Fields) -> Result<Answer, Fault>;

/// The programmer.
pub struct Programmer {
    pub(crate) folder: PathBuf,
    pub(crate) formulary: Formulary,
    pub(crate) people: Mutex<People>,
    session: Mutex<Option<Session>>,
    catalogue: Catalogue,
    clock: Clock,
    patience: Patience,
}

impl Programmer {
    /// The programmer that is kept in a folder.
    ///
    /// # Errors
    /// What of its files cannot be read, in words.
    pub fn open(folder: &Path, clock: Clock, patience: Patience) -> Result<Arc<Self>, String> {
        Ok(Arc::new(Self {
            folder: folder.to_owned(),
            formulary: Formulary::shipped().map_err(|why| why.to_string())?,
            people: Mutex::new(People::read(folder).map_err(|why| why.to_string())?),
            session: Mutex::new(None),
            catalogue: Catalogue::new(&[], &[]).map_err(|why| why.to_string())?,
            clock,
            patience,
        }))
    }

    fn session(&self) -> MutexGuard<'_, Option<Session>> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those who may sign in.
    pub(crate) fn people(&self) -> MutexGuard<'_, People> {
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The device's clock.
    pub(crate) fn now_ms(&self) -> u64 {
        (self.clock)()
    }

    /// How long a pump is waited for.
    pub(crate) const fn patience(&self) -> Patience {
        self.patience
    }
}

/// Every address: what shows a page, and what takes a form.
const ROUTES: &[(&str, Option<Handler>, Option<Handler>)] = &[
    ("/", Some(sign_in::home), None),
    ("/leave", Some(sign_in::leave), Some(sign_in::left)),
    ("/people", Some(sign_in::people), Some(sign_in::add)),
    ("/files", Some(files::list), None),
    ("/files/open", None, Some(files::open)),
    ("/files/close", None, Some(files::close)),
    ("/files/take", None, Some(files::take)),
    ("/files/make", None, Some(files::make)),
    ("/files/export", Some(files::export), None),
    ("/identify", Some(pump_page::identify), Some(pump_page::identified)),
    ("/pump", Some(pump_page::pump), Some(pump_page::read)),
    ("/pursue", None, Some(pump_page::pursue)),
    ("/order", Some(edit::edit), Some(edit::propose)),
    ("/order/keep", None, Some(edit::keep)),
    ("/order/drop", None, Some(edit::discard)),
    ("/order/review", Some(review::review), Some(review::sign)),
    ("/order/look", Some(look::look), None),
    ("/compound", Some(compound::page), Some(compound::work_out)),
    ("/refill", Some(refill_pages::show), Some(refill_pages::step)),
    ("/refill/abort", None, Some(refill_pages::abort)),
    ("/emergency", Some(emergency::page), Some(emergency::call)),
    ("/install", Some(install::page), Some(install::install)),
    ("/install/pair", Some(install::pair_page), Some(install::pair)),
    ("/install/enrol", None, Some(install::enrol)),
    ("/install/prime", None, Some(install::prime)),
    ("/port", Some(port::page), Some(port::aspirate)),
    ("/catheter", Some(port::catheter), Some(port::found)),
    ("/mri", Some(mri::page), Some(mri::read)),
    ("/acts", Some(other_acts::page), Some(other_acts::act)),
    ("/acts/explant", Some(other_acts::explant), Some(other_acts::carry)),
];

/// The router, for a server or a test.
pub fn router(programmer: Arc<Programmer>) -> Router {
    Router::new()
        .route("/assets/{name}", axum::routing::get(asset))
        .fallback(answer)
        .layer(DefaultBodyLimit::max(FORM_MAX))
        .with_state(programmer)
}

/// Serves until the process ends.
///
/// # Errors
/// What the system says.
pub async fn serve(address: SocketAddr, programmer: Arc<Programmer>) -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind(address).await?;
    axum::serve(listener, router(programmer)).await
}

async fn asset(axum::extract::Path(name): axum::extract::Path<String>) -> Response {
    match assets::find(&name) {
        Some(asset) => {
            let mut response = asset.bytes.clone().into_response();
            put(&mut response, headers::ASSET);
            put(&mut response, &[("content-type", asset.mime)]);
            response
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn put(response: &mut Response, all: &[(&'static str, &str)]) {
    for (name, value) in all {
        if let Ok(value) = header::HeaderValue::from_str(value) {
            response.headers_mut().insert(*name, value);
        }
    }
}

async fn answer(
    State(programmer): State<Arc<Programmer>>,
    method: Method,
    uri: Uri,
    from: HeaderMap,
    body: Bytes,
) -> Response {
    let work = move || programmer.respond(&method, &uri, &from, &body);
    match tokio::task::spawn_blocking(work).await {
        Ok(response) => response,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

impl Programmer {
    fn respond(&self, method: &Method, uri: &Uri, from: &HeaderMap, body: &[u8]) -> Response {
        if !is_for_this_machine(from) {
            return StatusCode::MISDIRECTED_REQUEST.into_response();
        }
        let words = self.catalogue.of(Language::English);
        let path = uri.path();
        let is_post = *method == Method::POST;
        let text =
            if is_post { String::from_utf8_lossy(body).into_owned() } else { uri.query().unwrap_or_default().into() };
        let fields = Fields(unquoted(&text));
        let mut place = self.session();
        if let Err(why) = self.close_if_idle(&mut place) {
            return self.finish(sign_in::stranger(self, words, &why.to_string()), None);
        }
        if path == "/sign-in" || path == "/first" {
            if !is_post {
                return self.finish(sign_in::stranger(self, words, ""), None);
            }
            return match sign_in::enter(self, path == "/first", &fields) {
                Ok(session) => {
                    let cookie = format!("{COOKIE}={}; HttpOnly; SameSite=Strict; Path=/", session.cookie);
                    *place = Some(session);
                    self.finish(go("/files"), Some(&cookie))
                }
                Err(why) => self.finish(sign_in::stranger(self, words, &why.to_string()), None),
            };
        }
        let Some(session) = place.as_mut().filter(|session| has_cookie(from, &session.cookie)) else {
            return self.finish(go("/sign-in"), None);
        };
        session.now_ms = self.now_ms();
        session.last_ms = session.now_ms;
        let route = ROUTES.iter().find(|(known, ..)| *known == path);
        let handler = match route {
            Some((_, get, post)) => {
                if is_post {
                    *post
                } else {
                    *get
                }
            }
            None => None,
        };
        let Some(handler) = handler else {
            return self.finish(
                (StatusCode::NOT_FOUND, show::fault(session, words, "there is no such page")).into_response(),
                None,
            );
        };
        if is_post && fields.text("token") != session.token {
            let why = "the form does not belong to this session; nothing was done";
            return self.finish((StatusCode::FORBIDDEN, show::fault(session, words, why)).into_response(), None);
        }
        if is_post && fields.text("turn") != session.turn.to_string() {
            let why = "the page was out of date: something was done since it was shown. Nothing was done by this form";
            return self.finish((StatusCode::CONFLICT, show::fault(session, words, why)).into_response(), None);
        }
        if is_post {
            session.turn += 1;
        }
        let result = handler(self, session, words, &fields);
        let response = self.shown(session, words, result);
        if session.cookie.is_empty() {
            *place = None;
        }
        self.finish(response, None)
    }

    fn shown(&self, session: &mut Session, words: &Words, result: Result<Answer, Fault>) -> Response {
        match result {
            Ok(Answer::Page(title, here, body)) => show::page(session, words, title, here, body).into_response(),
            Ok(Answer::Go(to)) => go(to),
            Ok(Answer::File(name, text)) => {
                let mut response = text.into_response();
                put(&mut response, &[("content-disposition", &format!("attachment; filename=\"{name}\""))]);
                response
            }
            Err(Fault::NoFile) => go("/files"),
            Err(Fault::NotIdentified) => go("/identify"),
            Err(why) => {
                (StatusCode::UNPROCESSABLE_ENTITY, show::fault(session, words, &why.to_string())).into_response()
            }
        }
    }

    //= requirements/programmer.md#right-patient
    //# A session of the programmer MUST hold one patient and close by itself when it is idle.
    fn close_if_idle(&self, place: &mut Option<Session>) -> Result<(), Fault> {
        let now_ms = self.now_ms();
        if let Some(session) = place.as_mut().filter(|session| session.is_idle(now_ms, IDLE)) {
            session.now_ms = now_ms;
            let closed = session.close_file();
            *place = None;
            closed?;
        }
        Ok(())
    }

    fn finish(&self, response: impl IntoResponse, cookie: Option<&str>) -> Response {
        let mut response = response.into_response();
        put(&mut response, headers::PAGE);
        if let Some(cookie) = cookie {
            put(&mut response, &[("set-cookie", cookie)]);
        }
        response
    }
}

/// See other: a page that is asked for again does nothing again.
fn go(to: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, to.to_owned())]).into_response()
}

fn has_cookie(from: &HeaderMap, wanted: &str) -> bool {
    let cookies = from.get(header::COOKIE).and_then(|cookies| cookies.to_str().ok()).unwrap_or_default();
    !wanted.is_empty() && cookies.split(';').any(|one| one.trim().split_once('=') == Some((COOKIE, wanted)))
}

/// Whether the browser was sent here by a name of this machine: a page from elsewhere that has its own name point here is
/// not answered.
fn is_for_this_machine(from: &HeaderMap) -> bool {
    let Some(host) = from.get(header::HOST) else { return true };
    let host = host.to_str().unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    ["127.0.0.1", "localhost", "[::1]"].contains(&name)
}

/// Fields of a form or a query.
fn unquoted(text: &str) -> BTreeMap<String, String> {
    let decode = |part: &str| {
        let mut bytes = Vec::with_capacity(part.len());
        let mut rest = part.bytes();
        while let Some(byte) = rest.next() {
            let hex = |digit: Option<u8>| digit.and_then(|digit| char::from(digit).to_digit(16));
            match byte {
                b'+' => bytes.push(b' '),
                b'%' => match (hex(rest.next()), hex(rest.next())) {
                    (Some(high), Some(low)) => bytes.push(u8::try_from(high * 16 + low).unwrap_or(b'?')),
                    _ => bytes.push(b'%'),
                },
                other => bytes.push(other),
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).map(|(n, v)| (decode(n), decode(v))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_from_elsewhere_that_points_its_own_name_here_is_not_answered() {
        let named = |host: &str| HeaderMap::from_iter([(header::HOST, host.parse().unwrap())]);
        for ours in ["127.0.0.1:7710", "localhost:7710", "[::1]:7710", "localhost"] {
            assert!(is_for_this_machine(&named(ours)), "{ours}");
        }
        for theirs in ["evil.example:7710", "127.0.0.1.evil.example", "localhost.evil.example:7710"] {
            assert!(!is_for_this_machine(&named(theirs)), "{theirs}");
        }
    }

    #[test]
    fn a_form_reads_as_it_was_typed() {
        let fields = unquoted("dose=0.25+mL%2Fday&name=J%C3%B6rg%20%26&blank=&alone");
        let told: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(told, [("alone", ""), ("blank", ""), ("dose", "0.25 mL/day"), ("name", "Jörg &")]);
    }
}
