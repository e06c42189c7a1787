//! Passwords: argon2id, and how long a guesser waits.
//!
//! Guesses are counted by name and by address, whether the name exists or not, and a name that does not exist takes as
//! long to refuse as one that does.

use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::clock::{MINUTE, wall_ms};
use crate::db::{Db, DbError};
use crate::{secret, values};

/// Memory in KiB, passes, lanes: the floor that OWASP names for argon2id.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);
/// Shortest password. Length is what counts; nothing else is asked of it.
pub const LENGTH_LEAST: usize = 12;
/// Longest; argon2 takes more, a request should not.
const LENGTH_MOST: usize = 256;

/// Wrong passwords for one name before it is locked.
pub const GUESSES_BY_NAME: i64 = 5;
/// From one address, whatever names: a ward shares one.
const GUESSES_BY_ADDRESS: i64 = 40;
/// For how long guesses count, and so how long a lock lasts.
const GUESSES_COUNT_FOR: i64 = 15 * MINUTE;

/// Each hashing takes 19 MiB; a crowd of guessers must not take the machine.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

fn derive(password: &str, salt: &[u8], (memory, passes, lanes): (u32, u32, u32)) -> Option<[u8; 32]> {
    let params = Params::new(memory, passes, lanes, Some(32)).ok()?;
    let mut out = [0u8; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(password.as_bytes(), salt, &mut out)
        .ok()?;
    Some(out)
}

async fn on_the_side<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let _turn = AT_ONCE.acquire().await.ok()?;
    tokio::task::spawn_blocking(work).await.ok()
}

/// What is kept of a password: cost, salt and hash.
///
/// # Errors
/// In words, if it is too short or too long.
pub async fn keep(password: &str) -> Result<String, String> {
    let length = password.chars().count();
    if length < LENGTH_LEAST || password.len() > LENGTH_MOST {
        return Err(format!("a password has {LENGTH_LEAST} to {LENGTH_MOST} characters, this one has {length}"));
    }
    let (password, salt) = (password.to_owned(), secret::fresh::<16>());
    let hash = on_the_side(move || derive(&password, &salt, COST)).await.flatten();
    let hash = hash.ok_or("the password could not be hashed")?;
    let (memory, passes, lanes) = COST;
    Ok(format!("argon2id${memory},{passes},{lanes}${}${}", secret::text(&salt), secret::text(&hash)))
}

/// Whether a password is the one that was kept. With nothing kept it is not, and takes as long.
pub async fn is_right(password: &str, kept: Option<&str>) -> bool {
    let parts = kept.and_then(read);
    let is_kept = parts.is_some();
    let (cost, salt, hash) = parts.unwrap_or((COST, vec![0; 16], vec![0; 32]));
    let password: String = password.chars().take(LENGTH_MOST).collect();
    let found = on_the_side(move || derive(&password, &salt, cost)).await.flatten();
    is_kept && found.is_some_and(|found| secret::same(&found, &hash))
}

type Kept = ((u32, u32, u32), Vec<u8>, Vec<u8>);

fn read(kept: &str) -> Option<Kept> {
    let mut parts = kept.split('$');
    if parts.next()? != "argon2id" {
        return None;
    }
    let mut cost = parts.next()?.split(',').map(|part| part.parse().ok());
    let cost = (cost.next()??, cost.next()??, cost.next()??);
    Some((cost, secret::bytes(parts.next()?)?, secret::bytes(parts.next()?)?))
}

/// Until when (by the wall) no password is looked at for this name from this address; `None` if it may be tried.
///
/// # Errors
/// [`DbError`].
pub async fn locked_until(db: &Db, sign_in: &str, address: &str) -> Result<Option<i64>, DbError> {
    let since = wall_ms() - GUESSES_COUNT_FOR;
    for (column, value, most) in [("sign_in", sign_in, GUESSES_BY_NAME), ("address", address, GUESSES_BY_ADDRESS)] {
        let sql = format!("SELECT COUNT(*), MAX(at_ms) FROM failed_sign_in WHERE {column} = $1 AND at_ms > $2");
        if let Some(row) = db.first(sql, values![value, since]).await?
            && row.number(0)? >= most
        {
            return Ok(Some(row.number(1)? + GUESSES_COUNT_FOR));
        }
    }
    Ok(None)
}

/// Counts a wrong guess.
///
/// # Errors
/// [`DbError`].
pub async fn guessed_wrong(db: &Db, sign_in: &str, address: &str) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    let now = wall_ms();
    tx.run("DELETE FROM failed_sign_in WHERE at_ms < $1", values![now - 24 * 4 * GUESSES_COUNT_FOR]).await?;
    tx.run(
        "INSERT INTO failed_sign_in (id, sign_in, address, at_ms) VALUES ($1, $2, $3, $4)",
        values![secret::id(), sign_in, address, now],
    )
    .await?;
    tx.commit_by_machine().await
}
