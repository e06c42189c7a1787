//! Whether a person has to do with a patient: by the care team, or by breaking the glass.

use crate::clock::{HOUR, wall_ms};
use crate::db::{Db, DbError, Tx};
use crate::{secret, values};

use super::Person;

/// How long a broken glass stays broken.
pub const GLASS_OPEN_FOR: i64 = 4 * HOUR;
/// A reason shorter than this says nothing.
pub const REASON_LEAST: usize = 10;

/// Why a person may open a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// Of the care team.
    CareTeam,
    /// With a reason, for some hours, and reviewed afterwards.
    BrokenGlass,
}

/// What a person has to do with a patient; `None`: nothing, or there is no such patient.
///
/// # Errors
/// [`DbError`].
pub async fn between(db: &Db, person: &Person, patient_id: &str) -> Result<Option<Relation>, DbError> {
    let values = values![patient_id, &person.id];
    let team = db.first("SELECT 1 FROM care_team WHERE patient_id = $1 AND staff_id = $2", values.clone()).await?;
    if team.is_some() {
        return Ok(Some(Relation::CareTeam));
    }
    let values = values![patient_id, &person.id, wall_ms()];
    let glass = db
        .first("SELECT 1 FROM break_glass WHERE patient_id = $1 AND staff_id = $2 AND until_wall_ms > $3", values)
        .await?;
    Ok(glass.map(|_| Relation::BrokenGlass))
}

/// Breaks the glass.
///
/// # Errors
/// [`DbError`].
pub async fn break_glass(
    tx: &mut Tx,
    now_ms: i64,
    person: &Person,
    patient_id: &str,
    reason: &str,
) -> Result<(), DbError> {
    tx.run(
        "INSERT INTO break_glass (id, patient_id, staff_id, reason, at_ms, until_wall_ms) VALUES ($1, $2, $3, $4, $5, $6)",
        values![secret::id(), patient_id, &person.id, reason, now_ms, wall_ms() + GLASS_OPEN_FOR],
    )
    .await
    .map(drop)
}
