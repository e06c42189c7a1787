//! The schema and how it grows: numbered texts that both engines take, each followed once by the engine's own guards.
//!
//! The migrations are portable; what is not (triggers that forbid changing what is append-only) stands in one file per
//! engine and is laid anew after every migration, so that it always fits the newest tables.

use super::{Db, DbError, Engine};
use crate::values;

/// Every migration, in order. A published one is never changed; the next one mends it.
const MIGRATIONS: &[(i64, &str)] = &[(1, include_str!("../../migrations/0001_clinic.sql"))];

const GUARDS_SQLITE: &str = include_str!("../../migrations/guards.sqlite.sql");
const GUARDS_POSTGRES: &str = include_str!("../../migrations/guards.postgres.sql");

/// A number that only this program locks in PostgreSQL while it brings up the schema.
const PG_LOCK: &str = "SELECT pg_advisory_xact_lock(7205)";

/// Brings the schema to the newest version, in one transaction.
///
/// # Errors
/// [`DbError::Newer`] if the database is of a newer program; [`DbError::Refused`].
pub(super) async fn bring_up(db: &Db) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    if db.engine() == Engine::Postgres {
        tx.all(PG_LOCK, values![]).await?;
    }
    tx.run("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT PRIMARY KEY)", values![]).await?;
    let found = tx.first("SELECT MAX(version) FROM schema_version", values![]).await?;
    let found = found.map(|row| row.number_or_none(0)).transpose()?.flatten().unwrap_or(0);
    let known = MIGRATIONS.last().map_or(0, |(version, _)| *version);
    if found > known {
        return Err(DbError::Newer { found, known });
    }
    for (version, text) in MIGRATIONS.iter().filter(|(version, _)| *version > found) {
        for statement in statements(text) {
            tx.run(statement, values![]).await?;
        }
        tx.run("INSERT INTO schema_version (version) VALUES ($1)", values![*version]).await?;
    }
    if found < known {
        let guards = match db.engine() {
            Engine::Sqlite => GUARDS_SQLITE,
            Engine::Postgres => GUARDS_POSTGRES,
        };
        for statement in guards.split("\n\n").map(str::trim).filter(|text| !text.is_empty()) {
            tx.run(statement, values![]).await?;
        }
    }
    // Where the chain of the audit begins; bytes are written differently in the two engines' texts.
    let begin = values![0, Vec::<u8>::new()];
    tx.run("INSERT INTO audit_head (one, sequence, hash) VALUES (1, $1, $2) ON CONFLICT DO NOTHING", begin).await?;
    tx.commit_by_machine().await
}

/// The statements of a migration: each ends with a semicolon at the end of a line.
fn statements(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(";\n")
        .map(|part| {
            let lines: Vec<&str> = part.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
            lines.join("\n").trim().to_owned()
        })
        .filter(|part| !part.is_empty())
}
