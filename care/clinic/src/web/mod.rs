//! Requests and answers.
//!
//! - [`routes`]: every route with what it asks for, in one table
//! - [`door`]: what every request passes: who asks, whether they may, whether a form is ours; and what every answer carries
//! - [`asked`]: a request as handlers see it; [`problem`]: an answer that is not what was asked for
//! - [`frame`]: what all pages have in common; [`parts`]: small things that many pages show
//! - [`sign_in`]: the way in and out

pub mod asked;
pub mod door;
pub mod frame;
pub mod parts;
pub mod problem;
pub mod routes;
pub mod sign_in;

pub use asked::Asked;
pub use door::router;
pub use frame::Sheet;
pub use problem::Problem;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// What a handler answers.
pub type Answer = Result<Response, Problem>;

/// Go there: the answer to a form, so that going back or again sends nothing twice.
pub fn go(to: &str) -> Response {
    let to = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
}

/// JSON.
pub fn json(value: &serde_json::Value) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], value.to_string()).into_response()
}

/// A file to keep.
pub fn file(name: &str, media_type: &'static str, bytes: impl Into<axum::body::Body>) -> Response {
    let plain: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')).collect();
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{plain}\""));
    let disposition = disposition.unwrap_or(HeaderValue::from_static("attachment"));
    let kind = HeaderValue::from_static(media_type);
    ([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, disposition)], bytes.into()).into_response()
}
