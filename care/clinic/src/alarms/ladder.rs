//! The ladder: an unanswered alarm goes to the next person after its time, and round again, until somebody answers.
//!
//! Times are the clinic's. The first person is told when the alarm arrives. After everybody was told once, the waits grow,
//! to a day at most; nobody is ever told less than once a day while an alarm is unanswered.

use crate::clock::{DAY, MINUTE};
use crate::db::{DbError, Tx};
use crate::{App, secret, values};

use super::{SILENT, Seen, seen, step};

/// Alarms taken on at one turn.
const AT_ONCE: i64 = 200;

/// Tells the next person of every alarm whose time has come. Returns how many were told.
///
/// # Errors
/// [`DbError`].
pub async fn turn(app: &App) -> Result<usize, DbError> {
    let now = app.clock.now_ms();
    let due = app
        .db
        .all(
            "SELECT alarm.id FROM alarm WHERE acknowledged_ms IS NULL AND next_rung_ms <= $1 ORDER BY priority DESC, next_rung_ms LIMIT $2",
            values![now, AT_ONCE],
        )
        .await?;
    if due.is_empty() {
        return Ok(0);
    }
    let people = app
        .db
        .all(
            "SELECT id, name, email FROM staff WHERE on_call IS NOT NULL AND is_active = 1 ORDER BY on_call, id",
            values![],
        )
        .await?;
    for row in &due {
        let mut tx = app.db.begin().await?;
        climb(app, &mut tx, &row.text(0)?, &people, now).await?;
        tx.commit_by_machine().await?;
    }
    app.live.changed("alarms board");
    Ok(due.len())
}

async fn climb(app: &App, tx: &mut Tx, alarm: &str, people: &[crate::db::Row], now: i64) -> Result<(), DbError> {
    // Somebody may have answered since the list was made.
    let sql = "SELECT priority, words, rung, patient_id FROM alarm WHERE id = $1 AND acknowledged_ms IS NULL AND next_rung_ms <= $2";
    let Some(row) = tx.first(sql, values![alarm, now]).await? else { return Ok(()) };
    let (priority, words, rung) = (row.number(0)?, row.text(1)?, row.number(2)?);
    let minutes = match priority {
        3 => app.config.alarms.high_minutes,
        2 => app.config.alarms.medium_minutes,
        _ => app.config.alarms.low_minutes,
    };
    let round = rung / i64::try_from(people.len().max(1)).unwrap_or(1);
    let wait = (minutes * MINUTE).saturating_mul(1 << round.clamp(0, 10)).min((minutes * MINUTE).max(DAY));
    //= requirements/clinic.md#escalates-until-answered
    //# An alarm MUST go to the next person after its time until someone acknowledges it.
    tx.run("UPDATE alarm SET rung = rung + 1, next_rung_ms = $2 WHERE id = $1", values![alarm, now + wait]).await?;
    let place = usize::try_from(rung).unwrap_or(0).checked_rem(people.len());
    let Some(person) = place.and_then(|place| people.get(place)) else {
        return step(tx, now, alarm, "nobody", None, "nobody is on call: put somebody on call under Staff").await;
    };
    let (id, name, email) = (person.text(0)?, person.text(1)?, person.text(2)?);
    let kind = if rung == 0 { "told" } else { "escalated" };
    step(tx, now, alarm, kind, Some(&id), &format!("to {name}")).await?;
    let title = format!(
        "{} alarm: {words}",
        ["", "Low", "Medium", "High"].get(usize::try_from(priority).unwrap_or(0)).unwrap_or(&"")
    );
    // No name and no drug leaves the clinic; who answers signs in and reads.
    let body = format!(
        "{title}\n\nOpen it and answer: {}/alarms/{alarm}\nIf nobody answers within {minutes} minutes, the next person is told.\n",
        app.config.origin()
    );
    let mut targets: Vec<(&str, String)> = Vec::new();
    if app.config.smtp.is_some() && !email.is_empty() {
        targets.push(("mail", email));
    }
    targets.extend(app.config.hooks.iter().map(|hook| ("hook", hook.url.clone())));
    for (channel, target) in targets {
        tx.run(
            "INSERT INTO message (id, alarm_id, staff_id, channel, target, title, body, made_ms, due_wall_ms, tries) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0)",
            values![secret::id(), alarm, &id, channel, target, &title, &body, now],
        )
        .await?;
    }
    Ok(())
}

/// Makes an alarm of every pump that should have been heard of and was not.
///
/// # Errors
/// [`DbError`].
pub async fn listen_for_silence(app: &App) -> Result<(), DbError> {
    let now = app.clock.now_ms();
    let silent = app
        .db
        .all(
            "SELECT pump_now.pump, pump_now.patient_id, heard_ms FROM pump_now
             WHERE silent_after_ms <= $1 AND patient_id IS NOT NULL
               AND NOT EXISTS (SELECT 1 FROM alarm WHERE alarm.pump = pump_now.pump AND code = $2 AND ended_ms IS NULL)",
            values![now, SILENT],
        )
        .await?;
    for row in silent {
        let mut tx = app.db.begin().await?;
        let (pump, patient, heard) = (row.number(0)?, row.text(1)?, row.number(2)?);
        let words =
            format!("nothing was heard from the pump for {} h: call the patient", app.config.alarms.silent_hours);
        //= requirements/clinic.md#escalates-until-answered
        //# A pump that should have been heard of and was not MUST become an alarm itself.
        seen(
            &mut tx,
            now,
            &Seen { patient: &patient, pump: Some(pump), code: SILENT, priority: 2, words: &words, since_ms: heard },
        )
        .await?;
        tx.commit_by_machine().await?;
        app.live.changed("alarms board");
    }
    Ok(())
}
