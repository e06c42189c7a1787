//! The audit: every act of a person, in a chain in which a changed, a missing or a moved line shows.
//!
//! A line's hash covers its own content and the hash of the line before. The newest hash stands beside the chain, so that
//! lines cut off at the end show as well, as long as whoever cuts cannot also write that; keep a printed head elsewhere to
//! hold against it. Rows cannot be changed through the database either: guards of the schema refuse.

use minicbor::Encoder;
use sha2::{Digest, Sha256};

use crate::clock::{Clock, wall_ms};
use crate::db::{Db, DbError, Tx};
use crate::values;

/// What a person did.
#[derive(Debug, Clone)]
pub struct Act<'a> {
    /// Who, by the staff's id; `-` for somebody who is not signed in.
    pub staff_id: &'a str,
    /// What, as a verb and a noun: `alarm acknowledged`.
    pub what: &'a str,
    /// To whom or what, by its id.
    pub subject: &'a str,
    /// The rest, for people.
    pub detail: String,
}

/// A line as it lies in the chain.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its running number, from 1.
    pub sequence: i64,
    /// When, by the wall.
    pub wall_ms: i64,
    /// When, by the clinic's clock.
    pub at_ms: i64,
    /// Who.
    pub staff_id: String,
    /// What.
    pub what: String,
    /// To whom or what.
    pub subject: String,
    /// The rest.
    pub detail: String,
}

/// What a walk along the chain found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Lines that agree, from the first on.
    pub lines: i64,
    /// The newest hash, as hexadecimal digits.
    pub head: String,
    /// What is wrong first, in words.
    pub wrong: Option<String>,
}

fn hash(previous: &[u8], line: &Line) -> [u8; 32] {
    let mut bytes = Vec::with_capacity(256);
    let mut encoder = Encoder::new(&mut bytes);
    let written = encoder
        .array(7)
        .and_then(|e| e.i64(line.sequence))
        .and_then(|e| e.i64(line.wall_ms))
        .and_then(|e| e.i64(line.at_ms))
        .and_then(|e| e.str(&line.staff_id))
        .and_then(|e| e.str(&line.what))
        .and_then(|e| e.str(&line.subject))
        .and_then(|e| e.str(&line.detail))
        .map(drop);
    // Writing to memory has no way to fail.
    debug_assert!(written.is_ok());
    Sha256::new().chain_update(previous).chain_update(&bytes).finalize().into()
}

/// Writes an act's line into an open transaction.
///
/// # Errors
/// [`DbError`].
pub async fn write(tx: &mut Tx, clock: &Clock, act: Act<'_>) -> Result<(), DbError> {
    // Raising the number first takes the row's lock: acts form one chain, whoever does them at once.
    let head =
        tx.first("UPDATE audit_head SET sequence = sequence + 1 WHERE one = 1 RETURNING sequence, hash", values![]);
    let head = head.await?.ok_or(DbError::NoRow)?;
    let previous = head.bytes(1)?;
    let line = Line {
        sequence: head.number(0)?,
        wall_ms: wall_ms(),
        at_ms: clock.now_ms(),
        staff_id: act.staff_id.to_owned(),
        what: act.what.to_owned(),
        subject: act.subject.to_owned(),
        detail: act.detail,
    };
    let hash = hash(&previous, &line);
    tx.run(
        "INSERT INTO audit (sequence, wall_ms, at_ms, staff_id, act, subject, detail, previous, hash)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        values![
            line.sequence,
            line.wall_ms,
            line.at_ms,
            line.staff_id,
            line.what,
            line.subject,
            line.detail,
            previous,
            hash
        ],
    )
    .await?;
    tx.run("UPDATE audit_head SET hash = $1 WHERE one = 1", values![hash]).await?;
    Ok(())
}

/// Commits a person's act together with its line: both are there afterwards, or neither.
///
/// # Errors
/// [`DbError`]; then nothing happened.
pub async fn commit(mut tx: Tx, clock: &Clock, act: Act<'_>) -> Result<(), DbError> {
    //= requirements/clinic.md#acts-of-people
    //# Every act of a person MUST be in a chained audit before its answer is given.
    write(&mut tx, clock, act).await?;
    tx.commit_by_machine().await
}

/// Writes the line of an act that changes nothing but is to be known: somebody looked.
///
/// # Errors
/// [`DbError`].
pub async fn note(db: &Db, clock: &Clock, act: Act<'_>) -> Result<(), DbError> {
    commit(db.begin().await?, clock, act).await
}

/// Lines, the newest first; of one subject if one is named.
///
/// # Errors
/// [`DbError`].
pub async fn newest(db: &Db, subject: Option<&str>, before: i64, most: i64) -> Result<Vec<Line>, DbError> {
    let rows = db
        .all(
            "SELECT sequence, wall_ms, at_ms, staff_id, act, subject, detail FROM audit
             WHERE sequence < $1 AND (CAST($2 AS TEXT) IS NULL OR subject = $2) ORDER BY sequence DESC LIMIT $3",
            values![before, subject, most],
        )
        .await?;
    rows.iter().map(line).collect()
}

fn line(row: &crate::db::Row) -> Result<Line, DbError> {
    Ok(Line {
        sequence: row.number(0)?,
        wall_ms: row.number(1)?,
        at_ms: row.number(2)?,
        staff_id: row.text(3)?,
        what: row.text(4)?,
        subject: row.text(5)?,
        detail: row.text(6)?,
    })
}

/// Lines read at once while the chain is walked.
const STRETCH: i64 = 5_000;

/// Walks the whole chain from its beginning.
///
/// # Errors
/// [`DbError`] if the database cannot be read; what is wrong with the chain is in the verdict.
pub async fn verify(db: &Db) -> Result<Verdict, DbError> {
    let (mut lines, mut previous) = (0i64, Vec::new());
    let wrong = |lines, previous: &[u8], words: String| Verdict { lines, head: hex(previous), wrong: Some(words) };
    loop {
        let rows = db
            .all(
                "SELECT sequence, wall_ms, at_ms, staff_id, act, subject, detail, previous, hash FROM audit
                 WHERE sequence > $1 ORDER BY sequence LIMIT $2",
                values![lines, STRETCH],
            )
            .await?;
        if rows.is_empty() {
            break;
        }
        for row in &rows {
            let read = line(row)?;
            if read.sequence != lines + 1 {
                return Ok(wrong(lines, &previous, format!("line {} is missing", lines + 1)));
            }
            if row.bytes(7)? != previous {
                return Ok(wrong(lines, &previous, format!("line {} does not follow the one before", read.sequence)));
            }
            let hash = hash(&previous, &read);
            if row.bytes(8)? != hash {
                return Ok(wrong(lines, &previous, format!("line {} was changed", read.sequence)));
            }
            (lines, previous) = (read.sequence, hash.to_vec());
        }
    }
    let head = db.first("SELECT sequence, hash FROM audit_head", values![]).await?.ok_or(DbError::NoRow)?;
    if head.number(0)? != lines || head.bytes(1)? != previous {
        let words = format!("the chain ends at line {lines}, its head names line {}", head.number(0)?);
        return Ok(wrong(lines, &previous, words));
    }
    Ok(Verdict { lines, head: hex(&previous), wrong: None })
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
