//! The pages of alarms: the list, one alarm with all that became of it, and answering.

use pages::buttons::{Weight, submit};
use pages::icon::Icon;
use pages::panels::{facts, panel};
use pages::status::{Level, callout, status};
use pages::table::{Column, Table};
use pages::{Markup, html};

use super::step;
use crate::audit::Act;
use crate::db::Row;
use crate::web::frame::{form, page};
use crate::web::{Answer, Asked, Problem, Sheet, go, parts};
use crate::{App, values};

/// Most rows of the list.
const MOST: i64 = 200;

const LIST: &str = "SELECT alarm.id, alarm.priority, alarm.words, alarm.since_ms, alarm.ended_ms, alarm.acknowledged_ms,
    patient.name, patient.id, owner.name, told.name, alarm.next_rung_ms, alarm.rung
    FROM alarm JOIN patient ON patient.id = alarm.patient_id
    LEFT JOIN staff AS owner ON owner.id = alarm.owner_id
    LEFT JOIN staff AS told ON told.id = (SELECT staff_id FROM alarm_step WHERE alarm_id = alarm.id AND kind IN ('told', 'escalated') ORDER BY place DESC LIMIT 1)";

/// All alarms: unanswered first, the gravest first.
pub async fn list(asked: Asked) -> Answer {
    let show = asked.query("show").unwrap_or("open");
    let filter = match show {
        "unanswered" => "WHERE alarm.acknowledged_ms IS NULL",
        "all" => "",
        _ => "WHERE alarm.ended_ms IS NULL OR alarm.acknowledged_ms IS NULL",
    };
    let order =
        "ORDER BY CASE WHEN alarm.acknowledged_ms IS NULL THEN 0 ELSE 1 END, alarm.priority DESC, alarm.since_ms";
    let rows = asked.app.db.all(format!("{LIST} {filter} {order} LIMIT $1"), values![MOST]).await?;
    let filters = [("open", "Open"), ("unanswered", "Unanswered"), ("all", "All")];
    let body = html! {
        h1 { "Alarms" }
        nav.filters aria-label="Which alarms" {
            @for (key, word) in filters { a.button href={ "/alarms?show=" (key) } aria-current=[(key == show).then_some("true")] { (word) } }
        }
        div id="alarm-list" data-live="alarms" { (table(&asked, &rows, "Alarms, the gravest unanswered first")?) }
    };
    page(&asked, Sheet::new("Alarms", body)).await
}

/// A table of alarms.
pub fn table(asked: &Asked, rows: &[Row], caption: &str) -> Result<Markup, Problem> {
    let app = &asked.app;
    let may_answer = asked.person.as_ref().is_some_and(|person| person.role.may(crate::auth::Permission::AnswerAlarms));
    let mut cells = Vec::new();
    for row in rows {
        let id = row.text(0)?;
        let is_open = row.number_or_none(5)?.is_none();
        let answer = html! {
            @if is_open {
                (status(Level::Danger, "unanswered"))
                @if let Some(told) = row.text_or_none(9)? { span.meta { " told " (told) } }
                @if let Some(next) = row.number_or_none(10)? { span.meta { ", next person " (parts::when(app, next)) } }
            } @else { (status(Level::Good, "answered")) @if let Some(owner) = row.text_or_none(8)? { span.meta { " by " (owner) } } }
        };
        let act = html! {
            @if is_open && may_answer { (form(asked, &format!("/alarms/{id}/acknowledge"), submit(Weight::Primary, None, "I answer this"))) }
        };
        cells.push(vec![
            html! { a href={ "/alarms/" (id) } { (row.text(2)?) } },
            parts::priority(row.number(1)?),
            html! { a href={ "/patients/" (row.text(7)?) } { (row.text(6)?) } },
            parts::when(app, row.number(3)?),
            html! { @match row.number_or_none(4)? { Some(at) => { (status(Level::Off, "over")) " " span.meta { (parts::when(app, at)) } }, None => (status(Level::Caution, "stands")) } },
            answer,
            act,
        ]);
    }
    let columns = ["Alarm", "Priority", "Patient", "Since", "Cause", "Answer", ""].map(Column::words).to_vec();
    let table =
        Table { caption: caption.into(), quiet_caption: true, columns, rows: cells, empty: "No alarm is open.".into() };
    Ok(table.html(app.words()))
}

async fn find(app: &App, id: &str) -> Result<Row, Problem> {
    let row = app.db.first(format!("{LIST} WHERE alarm.id = $1"), values![id]).await?;
    row.ok_or_else(|| Problem::NotFound("alarm".into()))
}

/// One alarm and all that became of it. Who opens it has seen it.
pub async fn one(asked: Asked) -> Answer {
    let (app, id) = (&asked.app, asked.part("alarm").to_owned());
    let row = find(app, &id).await?;
    let me = asked.me()?;
    let seen = app
        .db
        .first("SELECT 1 FROM alarm_step WHERE alarm_id = $1 AND kind = 'seen' AND staff_id = $2", values![&id, &me.id])
        .await?;
    if seen.is_none() {
        let mut tx = app.db.begin().await?;
        step(&mut tx, app.clock.now_ms(), &id, "seen", Some(&me.id), &format!("by {}", me.name)).await?;
        app.done(tx, Act { staff_id: &me.id, what: "alarm seen", subject: &id, detail: row.text(2)? }, "alarms")
            .await?;
    }
    let steps = app
        .db
        .all("SELECT kind, at_ms, words FROM alarm_step WHERE alarm_id = $1 ORDER BY place", values![&id])
        .await?;
    let sent = app
        .db
        .all(
            "SELECT channel, target, sent_ms, tries, failed_why FROM message WHERE alarm_id = $1 ORDER BY made_ms",
            values![&id],
        )
        .await?;
    let mut told = Vec::new();
    for step in &steps {
        told.push(vec![html! { (step.text(0)?) }, parts::when(app, step.number(1)?), html! { (step.text(2)?) }]);
    }
    let mut messages = Vec::new();
    for one in &sent {
        let state = match (one.number_or_none(2)?, one.text_or_none(4)?) {
            (Some(at), _) => html! { (status(Level::Good, "delivered")) " " (parts::when(app, at)) },
            (None, Some(why)) => html! { (status(Level::Caution, format!("try {}: {why}", one.number(3)?))) },
            (None, None) => status(Level::Unknown, "on its way"),
        };
        messages.push(vec![html! { (one.text(0)?) }, html! { (one.text(1)?) }, state]);
    }
    let is_open = row.number_or_none(5)?.is_none();
    let columns = |all: [&str; 3]| all.map(Column::words).to_vec();
    let steps = Table {
        caption: "What became of it".into(),
        columns: columns(["Step", "When", "Who and what"]),
        rows: told,
        ..Table::default()
    };
    let messages = Table {
        caption: "Messages".into(),
        columns: columns(["By", "To", "State"]),
        rows: messages,
        empty: "No mail server and no web hook is set up.".into(),
        ..Table::default()
    };
    let body = html! {
        h1 { (row.text(2)?) }
        div id="alarm-one" data-live="alarms" {
            (facts(&[
                ("Priority".into(), parts::priority(row.number(1)?)),
                ("Patient".into(), html! { a href={ "/patients/" (row.text(7)?) } { (row.text(6)?) } }),
                ("Since".into(), parts::when(app, row.number(3)?)),
                ("Cause".into(), html! { @match row.number_or_none(4)? { Some(at) => { "gone " (parts::when(app, at)) }, None => "stands" } }),
                ("Owner".into(), html! { (row.text_or_none(8)?.unwrap_or_else(|| "nobody".into())) }),
            ]))
            @if is_open { (callout(Level::Danger, "Unanswered", html! { @if let Some(next) = row.number_or_none(10)? { p { "The next person is told " (parts::when(app, next)) "." } } })) }
            (panel("Steps", steps.html(app.words())))
            (panel("Messages", messages.html(app.words())))
        }
        @if me.role.may(crate::auth::Permission::AnswerAlarms) {
            (panel("Answer", html! {
                @if is_open { (form(&asked, &format!("/alarms/{id}/acknowledge"), html! {
                    (parts::field_with(app, pages::form::Field { name: "words", label: "What I do about it", optional: true, longest: Some(500), ..Default::default() }))
                    (submit(Weight::Primary, Some(Icon::Bell), "I answer this alarm"))
                })) } @else { (form(&asked, &format!("/alarms/{id}/hand-on"), html! {
                    (parts::field(app, "words", "Why it goes on to the next person", pages::form::Kind::Text))
                    (submit(Weight::Plain, None, "Hand it on: it escalates again"))
                })) }
            }))
        }
    };
    page(&asked, Sheet::new("Alarm", body)).await
}

/// Somebody answers: it stops going round, and is theirs.
pub async fn acknowledge(asked: Asked) -> Answer {
    let (app, me, id) = (&asked.app, asked.me()?, asked.part("alarm").to_owned());
    let now = app.clock.now_ms();
    let mut tx = app.db.begin().await?;
    let sql = "UPDATE alarm SET acknowledged_by = $2, acknowledged_ms = $3, owner_id = $2, next_rung_ms = NULL WHERE id = $1 AND acknowledged_ms IS NULL";
    if tx.run(sql, values![&id, &me.id, now]).await? == 0 {
        drop(tx);
        let row = find(app, &id).await?;
        return Err(Problem::Conflict(format!(
            "{} answered it before you.",
            row.text_or_none(8)?.unwrap_or_else(|| "Somebody".into())
        )));
    }
    let words = if asked.entry("words").is_empty() {
        format!("by {}", me.name)
    } else {
        format!("by {}: {}", me.name, asked.entry("words"))
    };
    step(&mut tx, now, &id, "acknowledged", Some(&me.id), &words).await?;
    app.done(tx, Act { staff_id: &me.id, what: "alarm acknowledged", subject: &id, detail: words }, "alarms board")
        .await?;
    Ok(go(&format!("/alarms/{id}")))
}

/// The owner gives it back to the ladder.
pub async fn hand_on(asked: Asked) -> Answer {
    let (app, me, id) = (&asked.app, asked.me()?, asked.part("alarm").to_owned());
    let (now, words) = (app.clock.now_ms(), asked.text("words", 500)?);
    let mut tx = app.db.begin().await?;
    let sql = "UPDATE alarm SET acknowledged_by = NULL, acknowledged_ms = NULL, owner_id = NULL, next_rung_ms = $2 WHERE id = $1 AND acknowledged_ms IS NOT NULL";
    if tx.run(sql, values![&id, now]).await? == 0 {
        return Err(Problem::Conflict("It is nobody's yet, or there is no such alarm.".into()));
    }
    step(&mut tx, now, &id, "handed on", Some(&me.id), &format!("by {}: {words}", me.name)).await?;
    app.done(tx, Act { staff_id: &me.id, what: "alarm handed on", subject: &id, detail: words }, "alarms board")
        .await?;
    Ok(go(&format!("/alarms/{id}")))
}
