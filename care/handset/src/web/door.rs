//! What stands before every page: only this device's own pages come in, and a locked view shows nothing.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use pages::headers;

use crate::app::App;

/// The cookie of an opened view.
pub(crate) const SESSION: &str = "open";

#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) app: Arc<App>,
    pub(crate) hosts: Vec<String>,
}

/// Puts headers on an answer, in place of those of the same name.
pub(crate) fn put(into: &mut HeaderMap, all: &'static [(&'static str, &'static str)]) {
    for (name, value) in all {
        into.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
}

/// Lets a question through, or not.
pub(crate) async fn pass(State(door): State<Door>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let mut response = match refused(&door, &request) {
        Some(response) => response,
        None => next.run(request).await,
    };
    if !path.starts_with(pages::assets::FOLDER) {
        put(response.headers_mut(), headers::PAGE);
    }
    response
}

fn refused(door: &Door, request: &Request) -> Option<Response> {
    let text = |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    // Another name that leads here is another's page that wants to read ours.
    let host = text(header::HOST).unwrap_or_default();
    if !door.hosts.iter().any(|known| known == host) {
        return Some((StatusCode::MISDIRECTED_REQUEST, "this handset answers its own address only").into_response());
    }
    if request.method() != Method::GET && request.method() != Method::HEAD {
        let own = text(header::ORIGIN).map(|origin| origin.strip_prefix("http://").unwrap_or(origin) == host);
        let site = text(HeaderName::from_static("sec-fetch-site"));
        if own == Some(false) || site.is_some_and(|site| site != "same-origin") || (own.is_none() && site.is_none()) {
            return Some((StatusCode::FORBIDDEN, "this was not sent by the handset's own page").into_response());
        }
    }
    let path = request.uri().path();
    let is_open = path.starts_with(pages::assets::FOLDER)
        || matches!(path, "/locked" | "/sw.js" | "/manifest.webmanifest" | "/state.json");
    let shared = door.app.shared();
    if is_open || shared.person.pin.is_none() {
        return None;
    }
    let cookies = text(header::COOKIE).unwrap_or_default();
    let session = cookies.split(';').filter_map(|one| one.trim().split_once('=')).find(|(name, _)| *name == SESSION);
    match (session, &shared.session) {
        (Some((_, given)), Some(open)) if given == open => None,
        _ => Some(super::go("/locked")),
    }
}
