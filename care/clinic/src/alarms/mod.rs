//! Alarms: each goes from person to person until somebody answers, and what became of it is kept step by step.
//!
//! Answers for what an alarm is here and how it begins, is answered and ends. Who is told when is [`ladder`]'s affair,
//! what people see of it is in [`sight`]. Acknowledging one silences nobody's record: every step stays.

pub mod ladder;
pub mod sight;

use exchange::body::ActiveAlarm;
use orders::AlarmId;

use crate::clock::{DAY, wall_ms};
use crate::db::{DbError, Tx};
use crate::{secret, values};

/// The clinic's own alarms have codes above the pumps'.
/// Nothing was heard from a pump for too long.
pub const SILENT: i64 = 200;
/// Records that are not the pump's own.
pub const FORGED: i64 = 201;
/// The refill is booked too late, or not at all.
pub const NOT_COVERED: i64 = 202;

/// An alarm as it was seen.
pub struct Seen<'a> {
    /// Whose.
    pub patient: &'a str,
    /// Of which pump.
    pub pump: Option<i64>,
    /// Its code.
    pub code: i64,
    /// 3 high, 2 medium, 1 low.
    pub priority: i64,
    /// What it says.
    pub words: &'a str,
    /// Since when.
    pub since_ms: i64,
}

/// Takes note of an alarm that stands; whether it is new here. It goes to the first person at once.
///
/// # Errors
/// [`DbError`].
pub async fn seen(tx: &mut Tx, now: i64, alarm: &Seen<'_>) -> Result<bool, DbError> {
    let open = tx
        .first(
            "SELECT id FROM alarm WHERE patient_id = $1 AND code = $2 AND ended_ms IS NULL AND (pump = $3 OR (pump IS NULL AND $3 IS NULL))",
            values![alarm.patient, alarm.code, alarm.pump],
        )
        .await?;
    if let Some(open) = open {
        tx.run("UPDATE alarm SET seen_last_ms = $2 WHERE id = $1", values![open.text(0)?, now]).await?;
        return Ok(false);
    }
    let id = secret::id();
    tx.run(
        "INSERT INTO alarm (id, patient_id, pump, code, priority, words, since_ms, seen_first_ms, seen_last_ms, rung, next_rung_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, 0, $8)",
        values![&id, alarm.patient, alarm.pump, alarm.code, alarm.priority, alarm.words, alarm.since_ms, now],
    )
    .await?;
    step(tx, now, &id, "raised", None, alarm.words).await?;
    Ok(true)
}

/// Writes what became of an alarm.
///
/// # Errors
/// [`DbError`].
pub async fn step(
    tx: &mut Tx,
    now: i64,
    alarm: &str,
    kind: &str,
    staff: Option<&str>,
    words: &str,
) -> Result<(), DbError> {
    let place = tx.first("SELECT COUNT(*) FROM alarm_step WHERE alarm_id = $1", values![alarm]).await?;
    let place = place.map(|row| row.number(0)).transpose()?.unwrap_or(0);
    tx.run(
        "INSERT INTO alarm_step (id, alarm_id, place, at_ms, wall_ms, kind, staff_id, words) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        values![secret::id(), alarm, place, now, wall_ms(), kind, staff, words],
    )
    .await
    .map(drop)
}

/// An alarm's cause is gone. What was unanswered stays unanswered: somebody still has to know.
///
/// # Errors
/// [`DbError`].
pub async fn over(tx: &mut Tx, now: i64, pump: i64, code: i64) -> Result<(), DbError> {
    let sql = "UPDATE alarm SET ended_ms = $3 WHERE pump = $1 AND code = $2 AND ended_ms IS NULL RETURNING id";
    for row in tx.all(sql, values![pump, code, now]).await? {
        step(tx, now, &row.text(0)?, "ended", None, "the cause is gone").await?;
    }
    Ok(())
}

/// Holds the alarms that a pump told against those that stand here; whether anything changed.
///
/// # Errors
/// [`DbError`].
pub async fn told(
    tx: &mut Tx,
    now: i64,
    patient: &str,
    pump: i64,
    offset: i64,
    active: &[ActiveAlarm],
) -> Result<bool, DbError> {
    let mut changed = false;
    for alarm in active {
        let Some(id) = AlarmId::from_code(alarm.code) else { continue };
        let since_ms = offset + i64::try_from(alarm.since_ms).unwrap_or(0);
        let alarm = Seen {
            patient,
            pump: Some(pump),
            code: i64::from(id.code()),
            priority: id.priority() as i64,
            words: id.words(),
            since_ms,
        };
        changed |= seen(tx, now, &alarm).await?;
    }
    let sql = "SELECT code FROM alarm WHERE pump = $1 AND ended_ms IS NULL AND code < $2";
    for row in tx.all(sql, values![pump, SILENT]).await? {
        let code = row.number(0)?;
        if !active.iter().any(|alarm| i64::from(alarm.code) == code) {
            over(tx, now, pump, code).await?;
            changed = true;
        }
    }
    // It was heard from.
    let silent = tx
        .first("SELECT 1 FROM alarm WHERE pump = $1 AND code = $2 AND ended_ms IS NULL", values![pump, SILENT])
        .await?;
    if silent.is_some() {
        over(tx, now, pump, SILENT).await?;
        changed = true;
    }
    Ok(changed)
}

/// Asks a physician whether there may be a mass at the catheter tip; once while the question stands.
///
/// # Errors
/// [`DbError`].
pub async fn ask_about_tip(tx: &mut Tx, now: i64, patient: &str, words: &str) -> Result<(), DbError> {
    let open = tx
        .first("SELECT 1 FROM task WHERE patient_id = $1 AND kind = 'tip' AND done_ms IS NULL", values![patient])
        .await?;
    if open.is_some() {
        return Ok(());
    }
    let values = values![secret::id(), patient, words, now + 2 * DAY, now];
    tx.run("INSERT INTO task (id, patient_id, kind, words, due_ms, made_ms) VALUES ($1, $2, 'tip', $3, $4, $5)", values)
        .await
        .map(drop)
}
