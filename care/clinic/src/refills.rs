//! Refills: until when each pump is covered, who is booked when, and whom to call.
//!
//! The refill-by date is the earliest of what the pump says on its worst case, of how long the drug keeps and of the
//! clinic's longest interval, less a margin, and never on a day on which the clinic is closed. It is worked out anew
//! with every word from the pump. A patient whose booking lies after it, or who has none when it comes near, stands first
//! on the board, and an alarm goes to the person on call.

use jiff::civil::Date;
use pages::buttons::{Weight, submit};
use pages::form::Kind;
use pages::icon::Icon;
use pages::panels::panel;
use pages::status::{Level, status};
use pages::table::{Column, Table};
use pages::{Markup, html};

use crate::audit::Act;
use crate::clock::DAY;
use crate::db::{DbError, Tx};
use crate::web::frame::{form, page};
use crate::web::{Answer, Asked, Problem, Sheet, go, parts};
use crate::{App, alarms, secret, values};

/// Without a booking this long before the refill-by date somebody is called.
const BOOKED_BEFORE_DAYS: i64 = 10;

/// Works out until when a pump is covered, and keeps it.
///
/// # Errors
/// [`DbError`].
pub async fn work_out(tx: &mut Tx, app: &App, pump: i64, patient: &str) -> Result<(), DbError> {
    let sql = "SELECT runs_low_ms, stability_ms, order_text, heard_ms FROM pump_now WHERE pump = $1";
    let Some(row) = tx.first(sql, values![pump]).await? else { return Ok(()) };
    let before = tx.first("SELECT withdrawal_before FROM patient WHERE id = $1", values![patient]).await?;
    let withdraws = before.map(|row| row.is(0)).transpose()?.unwrap_or(false);
    let order = row.text(2)?;
    let filled =
        tx.first("SELECT MAX(at_ms) FROM pump_event WHERE pump = $1 AND kind = 'refill'", values![pump]).await?;
    let filled = filled.map(|row| row.number_or_none(0)).transpose()?.flatten();
    let rules = &app.config.refills;
    let margin = if withdraws || order.contains("baclofen") || order.contains("clonidine") {
        rules.margin_withdrawal_days
    } else {
        rules.margin_days
    };
    let longest = filled.map(|at| at + rules.interval_most_days * DAY);
    let earliest = [row.number_or_none(0)?, row.number_or_none(1)?, longest].into_iter().flatten().min();
    let closed = tx.all("SELECT day FROM closed_day", values![]).await?;
    let closed: Vec<String> = closed.iter().map(|row| row.text(0)).collect::<Result<_, _>>()?;
    let by = earliest.map(|at| open_day_at_latest(app, at - margin * DAY, &closed));
    tx.run("UPDATE pump_now SET refill_by_ms = $2 WHERE pump = $1", values![pump, by]).await.map(drop)
}

/// The last open day that is not after a moment, at its noon.
fn open_day_at_latest(app: &App, at_ms: i64, closed: &[String]) -> i64 {
    let mut day = app.day(at_ms);
    // A clinic that is never open would be a mistake of its set-up; two months are enough to see it.
    for _ in 0..60 {
        let weekday = day.weekday().to_monday_one_offset();
        if !app.config.refills.closed_weekdays.contains(&weekday) && !closed.contains(&day.to_string()) {
            break;
        }
        day = day.yesterday().unwrap_or(day);
    }
    noon(app, day)
}

fn noon(app: &App, day: Date) -> i64 {
    let noon = day.at(12, 0, 0, 0).to_zoned_datetime(app.zone.clone());
    noon.map_or(0, |noon| noon.timestamp().as_millisecond())
}

const COVER: &str = "SELECT patient.id, patient.name, patient.phone, pump_now.pump, pump_now.refill_by_ms, pump_now.runs_low_ms, pump_now.reservoir_nl, pump_now.heard_ms,
    (SELECT MIN(at_ms) FROM appointment WHERE appointment.patient_id = patient.id AND kind = 'refill' AND state = 'booked') AS booked,
    (SELECT MAX(at_ms) FROM outreach WHERE outreach.patient_id = patient.id) AS called, patient.home_refill, pump_now.stability_ms, pump_now.order_text
    FROM pump_now JOIN patient ON patient.id = pump_now.patient_id WHERE pump_now.refill_by_ms IS NOT NULL";

/// Raises and ends the alarms of patients who are not covered.
///
/// # Errors
/// [`DbError`].
pub async fn hold_cover(app: &App) -> Result<(), DbError> {
    let now = app.clock.now_ms();
    let sql = format!(
        "SELECT id, pump, refill_by_ms, booked, standing FROM (SELECT covered.*, (SELECT COUNT(*) FROM alarm WHERE alarm.pump = covered.pump AND code = {code} AND ended_ms IS NULL) AS standing FROM ({COVER}) AS covered) AS held
         WHERE ((booked IS NULL AND refill_by_ms < $1) OR booked > refill_by_ms) AND standing = 0
            OR NOT ((booked IS NULL AND refill_by_ms < $1) OR booked > refill_by_ms) AND standing > 0",
        code = alarms::NOT_COVERED
    );
    let rows = app.db.all(sql, values![now + BOOKED_BEFORE_DAYS * DAY]).await?;
    for row in &rows {
        let (patient, pump, by) = (row.text(0)?, row.number(1)?, row.number(2)?);
        let mut tx = app.db.begin().await?;
        if row.number(4)? > 0 {
            alarms::over(&mut tx, now, pump, alarms::NOT_COVERED).await?;
        } else {
            let words = match row.number_or_none(3)? {
                Some(_) => "the refill is booked after the refill-by date: call the patient and book earlier",
                None => "no refill is booked and the refill-by date is near: call the patient and book",
            };
            let priority = if by < now + 3 * DAY { 3 } else { 2 };
            alarms::seen(
                &mut tx,
                now,
                &alarms::Seen {
                    patient: &patient,
                    pump: Some(pump),
                    code: alarms::NOT_COVERED,
                    priority,
                    words,
                    since_ms: now,
                },
            )
            .await?;
        }
        tx.commit_by_machine().await?;
    }
    if !rows.is_empty() {
        app.live.changed("alarms board");
    }
    Ok(())
}

/// How a patient's cover stands.
pub fn cover(app: &App, by: i64, booked: Option<i64>) -> Markup {
    let now = app.clock.now_ms();
    match booked {
        _ if by < now => status(Level::Danger, "overdue"),
        Some(booked) if booked > by => status(Level::Danger, "booked too late"),
        Some(_) => status(Level::Good, "covered"),
        None if by < now + BOOKED_BEFORE_DAYS * DAY => status(Level::Danger, "not booked"),
        None => status(Level::Notice, "not booked yet"),
    }
}

/// The board of refills.
pub async fn list(asked: Asked) -> Answer {
    let app = &asked.app;
    let show = asked.query("show").unwrap_or("next");
    let now = app.clock.now_ms();
    //= requirements/clinic.md#covered-until
    //# A patient whose booked refill lies after the refill-by date MUST stand first on the board and be called.
    let order = "ORDER BY CASE WHEN booked > refill_by_ms OR refill_by_ms < $1 THEN 0 WHEN booked IS NULL AND refill_by_ms < $2 THEN 1 ELSE 2 END, refill_by_ms, id";
    let filter = match show {
        "call" => "WHERE booked > refill_by_ms OR refill_by_ms < $1 OR (booked IS NULL AND refill_by_ms < $2)",
        "home" => "WHERE home_refill = 1",
        _ => "",
    };
    let number = usize::try_from(asked.query_number("page", 1)).unwrap_or(1).max(1);
    let sql = format!("SELECT * FROM ({COVER}) AS covered {filter} {order} LIMIT 50 OFFSET $3");
    let from = i64::try_from((number - 1) * 50).unwrap_or(0);
    let rows = app.db.all(sql, values![now, now + BOOKED_BEFORE_DAYS * DAY, from]).await?;
    let mut cells = Vec::new();
    for row in &rows {
        let (id, by, booked) = (row.text(0)?, row.number(4)?, row.number_or_none(8)?);
        let call = html! { a href={ "tel:" (row.text(2)?) } { (row.text(2)?) } @if let Some(at) = row.number_or_none(9)? { " " span.meta { "called " (parts::when(app, at)) } } };
        cells.push(vec![
            html! { a href={ "/patients/" (id) } { (row.text(1)?) } @if row.is(10)? { " " span.badge { "at home" } } },
            cover(app, by, booked),
            parts::due(app, Some(by), BOOKED_BEFORE_DAYS),
            html! { @match booked { Some(at) => (parts::when(app, at)), None => "–" } },
            html! { @match row.number_or_none(5)? { Some(at) => (app.local(at).date_html(app.words())), None => "–" } },
            parts::number(app, parts::volume(row.number(6)?), pages::panels::Origin::Delivered, Some(row.number(7)?)),
            call,
        ]);
    }
    let columns = ["Patient", "Cover", "Refill by", "Booked", "Runs low (worst case)", "Reservoir", "Call"]
        .map(Column::words)
        .to_vec();
    let table = Table {
        caption: "Refills, whom to call first".into(),
        quiet_caption: true,
        columns,
        rows: cells,
        empty: "Nobody is to be called.".into(),
    };
    let closed = app.db.all("SELECT day, why FROM closed_day ORDER BY day", values![]).await?;
    let visits = app.db.all("SELECT appointment.at_ms, patient.name, patient.id, appointment.kind, appointment.place FROM appointment JOIN patient ON patient.id = patient_id WHERE state = 'booked' AND at_ms > $1 ORDER BY at_ms LIMIT 30", values![now - DAY]).await?;
    let mut calendar = Vec::new();
    for row in &visits {
        calendar.push(vec![
            parts::when(app, row.number(0)?),
            html! { a href={ "/patients/" (row.text(2)?) } { (row.text(1)?) } },
            html! { (row.text(3)?) },
            html! { (row.text(4)?) },
        ]);
    }
    let calendar = Table {
        caption: "Booked visits".into(),
        quiet_caption: true,
        columns: ["When", "Patient", "What", "Where"].map(Column::words).to_vec(),
        rows: calendar,
        empty: "Nothing is booked.".into(),
    };
    let shown = [("next", "All"), ("call", "To call"), ("home", "At home")];
    let body = html! {
        h1 { "Refills" }
        p { "The refill-by date is the earliest of: the pump's worst case, the drug's stability, " (app.config.refills.interval_most_days) " days; less " (app.config.refills.margin_days) " days (" (app.config.refills.margin_withdrawal_days) " where a stop may harm), and never on a closed day." }
        nav.filters aria-label="Which patients" { @for (key, word) in shown { a.button href={ "/refills?show=" (key) } aria-current=[(key == show).then_some("true")] { (word) } } }
        div id="refill-list" data-live="board" { (table.html(app.words())) }
        div.row { @if number > 1 { a.button href={ "/refills?show=" (show) "&page=" (number - 1) } { "Before" } } @if rows.len() == 50 { a.button href={ "/refills?show=" (show) "&page=" (number + 1) } { "Next" } } }
        div.columns {
            (panel("Calendar", html! { (calendar.html(app.words())) }))
            (panel("Closed days", html! {
                ul { @for row in &closed { li { (row.text(0)?) ": " (row.text(1)?) } } }
                @if asked.person.as_ref().is_some_and(|person| person.role.may(crate::auth::Permission::Book)) {
                    (form(&asked, "/refills/closed", html! { (parts::field(app, "day", "Day", Kind::Date)) (parts::field(app, "why", "Why", Kind::Text)) (submit(Weight::Plain, Some(Icon::Calendar), "Close this day")) }))
                }
            }))
        }
    };
    page(&asked, Sheet::new("Refills", body)).await
}

/// A day on which the clinic is closed: every date is worked out anew.
pub async fn close_day(asked: Asked) -> Answer {
    let (app, me) = (&asked.app, asked.me()?);
    let (day, why) = (asked.day("day")?, asked.text("why", 100)?);
    let mut tx = app.db.begin().await?;
    tx.run(
        "INSERT INTO closed_day (day, why) VALUES ($1, $2) ON CONFLICT (day) DO UPDATE SET why = excluded.why",
        values![day.to_string(), &why],
    )
    .await?;
    for row in tx.all("SELECT pump, patient_id FROM pump_now WHERE patient_id IS NOT NULL", values![]).await? {
        work_out(&mut tx, app, row.number(0)?, &row.text(1)?).await?;
    }
    app.done(
        tx,
        Act { staff_id: &me.id, what: "day closed", subject: "calendar", detail: format!("{day}: {why}") },
        "board",
    )
    .await?;
    Ok(go("/refills"))
}

/// What can be booked.
pub const VISITS: &[&str] = &["refill", "wound and pump review", "follow-up", "MRI", "replacement"];

/// Books a visit. A refill after the refill-by date is refused unless somebody says that they know.
pub async fn book(asked: Asked) -> Answer {
    let (app, me, patient) = (&asked.app, asked.me()?, asked.part("patient").to_owned());
    let (kind, at, place) = (asked.one_of("kind", VISITS)?, asked.moment("at")?, asked.text("place", 80)?);
    let now = app.clock.now_ms();
    if at < now {
        return Err(Problem::Entry(format!("“at” is {:?}; a visit is booked for later than now.", asked.entry("at"))));
    }
    let day = app.day(at);
    let closed = app.db.first("SELECT why FROM closed_day WHERE day = $1", values![day.to_string()]).await?;
    if closed.is_some() || app.config.refills.closed_weekdays.contains(&day.weekday().to_monday_one_offset()) {
        let why = closed
            .map(|row| row.text(0))
            .transpose()?
            .unwrap_or_else(|| "a weekday on which it is always closed".into());
        return Err(Problem::Entry(format!("On {day} the clinic is closed ({why}). Choose another day.")));
    }
    let by = app.db.number("SELECT refill_by_ms FROM pump_now WHERE patient_id = $1", values![&patient]).await?;
    if kind == "refill" && by > 0 && at > by + DAY / 2 && asked.entry("known") != "yes" {
        return Err(Problem::Entry(format!(
            "{day} lies after the refill-by date {}. Book earlier, or tick that you know it: the patient then stands first on the board and is called.",
            app.day(by)
        )));
    }
    let mut tx = app.db.begin().await?;
    if kind == "refill" {
        tx.run(
            "UPDATE appointment SET state = 'moved' WHERE patient_id = $1 AND kind = 'refill' AND state = 'booked'",
            values![&patient],
        )
        .await?;
    }
    tx.run(
        "INSERT INTO appointment (id, patient_id, kind, at_ms, place, state, made_by, made_ms) VALUES ($1, $2, $3, $4, $5, 'booked', $6, $7)",
        values![secret::id(), &patient, kind, at, &place, &me.id, now],
    )
    .await?;
    let detail = format!("{kind} on {} at {place}", app.local(at).iso());
    app.done(
        tx,
        Act { staff_id: &me.id, what: "visit booked", subject: &patient, detail },
        &format!("board patient-{patient}"),
    )
    .await?;
    Ok(go(&format!("/patients/{patient}")))
}

/// A patient was called, or one tried.
pub async fn outreach(asked: Asked) -> Answer {
    let (app, me, patient) = (&asked.app, asked.me()?, asked.part("patient").to_owned());
    let how = asked.one_of("how", &["telephone", "letter", "message", "visit"])?;
    let outcome = asked.text("outcome", 300)?;
    let mut tx = app.db.begin().await?;
    tx.run(
        "INSERT INTO outreach (id, patient_id, at_ms, staff_id, how, outcome) VALUES ($1, $2, $3, $4, $5, $6)",
        values![secret::id(), &patient, app.clock.now_ms(), &me.id, how, &outcome],
    )
    .await?;
    app.done(
        tx,
        Act { staff_id: &me.id, what: "patient contacted", subject: &patient, detail: format!("{how}: {outcome}") },
        &format!("board patient-{patient}"),
    )
    .await?;
    Ok(go(&format!("/patients/{patient}")))
}
