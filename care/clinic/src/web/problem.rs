//! What went wrong, as an answer: what was wrong, with what value, and what to do.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::db::DbError;

/// An answer that is not what was asked for.
#[derive(Debug)]
pub enum Problem {
    /// Sign in first; then back to this place.
    SignIn {
        /// Where they wanted to go.
        then: String,
    },
    /// Not yours, and why.
    Refused(String),
    /// The record is another team's; the glass may be broken.
    Glass {
        /// Whose.
        patient: String,
    },
    /// There is none.
    NotFound(String),
    /// What was entered cannot be taken, and why.
    Entry(String),
    /// Something changed meanwhile, or it was done before.
    Conflict(String),
    /// Too often.
    TooMany {
        /// Until when, by the wall.
        until_ms: i64,
    },
    /// Too much at once.
    TooLarge {
        /// What is taken, bytes.
        most: usize,
    },
    /// Ours.
    Broken(String),
}

impl From<DbError> for Problem {
    fn from(why: DbError) -> Self {
        if why.is_conflict() {
            return Problem::Conflict("this was entered before".into());
        }
        Problem::Broken(why.to_string())
    }
}

impl Problem {
    /// The status of the answer.
    pub const fn status(&self) -> StatusCode {
        match self {
            Problem::SignIn { .. } => StatusCode::SEE_OTHER,
            Problem::Refused(_) | Problem::Glass { .. } => StatusCode::FORBIDDEN,
            Problem::NotFound(_) => StatusCode::NOT_FOUND,
            Problem::Entry(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Problem::Conflict(_) => StatusCode::CONFLICT,
            Problem::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Problem::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Problem::Broken(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Heading and words for people.
    pub fn words(&self) -> (&'static str, String) {
        match self {
            Problem::SignIn { .. } => ("Sign in", "Sign in first.".into()),
            Problem::Refused(why) => ("Not allowed", why.clone()),
            Problem::Glass { .. } => ("Not your patient", "You are not of this patient's care team.".into()),
            Problem::NotFound(what) => ("Not found", format!("There is no {what} here.")),
            Problem::Entry(why) => ("Not taken", why.clone()),
            Problem::Conflict(why) => ("Not done", why.clone()),
            Problem::TooMany { .. } => {
                ("Too many attempts", "Too many wrong passwords. Wait a quarter of an hour, or use a passkey.".into())
            }
            Problem::TooLarge { most } => ("Too large", format!("A file may have {} MB.", most / 1_000_000)),
            Problem::Broken(_) => (
                "Our fault",
                "Something failed in the service. Nothing of what you sent was kept; send it again in a minute.".into(),
            ),
        }
    }

    /// As JSON, for machines.
    pub fn for_machines(&self) -> Response {
        let (title, detail) = self.words();
        let body = serde_json::json!({ "title": title, "detail": detail, "status": self.status().as_u16() });
        let status = match self {
            Problem::SignIn { .. } => StatusCode::UNAUTHORIZED,
            other => other.status(),
        };
        let kind = HeaderValue::from_static("application/problem+json");
        (status, [(header::CONTENT_TYPE, kind)], body.to_string()).into_response()
    }
}
