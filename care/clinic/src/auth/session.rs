//! A signed-in browser: a cookie of 256 random bits, of which only the hash is kept.

use crate::clock::{HOUR, MINUTE, wall_ms};
use crate::db::{Db, DbError, Tx};
use crate::{secret, values};

use super::{Person, Role};

/// Left alone for so long, a session is over: a ward's screen stands in the open.
pub const IDLE_LIMIT: i64 = 30 * MINUTE;
/// A session is over after a shift, whatever happens in it.
pub const WHOLE_LIMIT: i64 = 12 * HOUR;
/// How far behind the time of the last request may be written.
const SEEN_EVERY: i64 = MINUTE;

/// Begins a session and returns its cookie's value.
///
/// # Errors
/// [`DbError`].
pub async fn begin(tx: &mut Tx, staff_id: &str, agent: &str) -> Result<String, DbError> {
    let (cookie, now) = (secret::token(), wall_ms());
    let agent: String = agent.chars().take(120).collect();
    tx.run(
        "INSERT INTO session (hash, staff_id, form_token, made_ms, seen_ms, agent) VALUES ($1, $2, $3, $4, $4, $5)",
        values![secret::sha256(cookie.as_bytes()), staff_id, secret::token(), now, agent],
    )
    .await?;
    Ok(cookie)
}

/// Whose session a cookie is; `None` if it is nobody's, over, or its person's account has ended.
///
/// # Errors
/// [`DbError`].
pub async fn person(db: &Db, cookie: &str) -> Result<Option<Person>, DbError> {
    let (hash, now) = (secret::sha256(cookie.as_bytes()), wall_ms());
    let row = db
        .first(
            "SELECT staff.id, staff.name, staff.role, session.form_token, session.seen_ms
             FROM session JOIN staff ON staff.id = session.staff_id
             WHERE session.hash = $1 AND session.ended_ms IS NULL AND staff.is_active = 1
               AND session.seen_ms > $2 AND session.made_ms > $3",
            values![hash, now - IDLE_LIMIT, now - WHOLE_LIMIT],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let Some(role) = Role::of(&row.text(2)?) else { return Ok(None) };
    if row.number(4)? < now - SEEN_EVERY {
        let mut tx = db.begin().await?;
        tx.run("UPDATE session SET seen_ms = $2 WHERE hash = $1", values![hash, now]).await?;
        tx.commit_by_machine().await?;
    }
    Ok(Some(Person { id: row.text(0)?, name: row.text(1)?, role, form_token: row.text(3)?, session: hash.to_vec() }))
}

/// Ends one session.
///
/// # Errors
/// [`DbError`].
pub async fn end(tx: &mut Tx, session: &[u8]) -> Result<(), DbError> {
    tx.run("UPDATE session SET ended_ms = $2 WHERE hash = $1", values![session, wall_ms()]).await.map(drop)
}

/// Ends all sessions of a person.
///
/// # Errors
/// [`DbError`].
pub async fn end_all(tx: &mut Tx, staff_id: &str) -> Result<(), DbError> {
    let values = values![staff_id, wall_ms()];
    tx.run("UPDATE session SET ended_ms = $2 WHERE staff_id = $1 AND ended_ms IS NULL", values).await.map(drop)
}
