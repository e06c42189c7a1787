//! Today: what wants somebody now, and the list of patients.

use pages::buttons::{Weight, link, submit};
use pages::icon::Icon;
use pages::panels::{Figure, figures, panel};
use pages::status::{Level, status};
use pages::table::{Column, Order, Table};
use pages::{Markup, html};

use crate::audit::Act;
use crate::auth::Permission as P;
use crate::clock::{DAY, HOUR};
use crate::web::door::encoded;
use crate::web::frame::{form, page};
use crate::web::{Answer, Asked, Problem, Sheet, go, parts};
use crate::{App, alarms, refills, values};

/// Rows in each part of the board.
const EACH: i64 = 12;
/// Rows on a page of the list.
const ON_A_PAGE: i64 = 50;

/// The board.
pub async fn today(asked: Asked) -> Answer {
    let app = &asked.app;
    let now = app.clock.now_ms();
    let unanswered = app
        .db
        .all(
            "SELECT alarm.id, alarm.priority, alarm.words, alarm.since_ms, alarm.ended_ms, alarm.acknowledged_ms, patient.name, patient.id, owner.name, NULL, alarm.next_rung_ms, alarm.rung
             FROM alarm JOIN patient ON patient.id = alarm.patient_id LEFT JOIN staff AS owner ON owner.id = alarm.owner_id
             WHERE alarm.acknowledged_ms IS NULL ORDER BY alarm.priority DESC, alarm.since_ms LIMIT $1",
            values![EACH],
        )
        .await?;
    let body = html! {
        h1 { "Today" }
        div id="counts" data-live="board alarms" { (counts(app, now).await?) }
        div id="unanswered-list" data-live="alarms" { (panel("Alarms unanswered", alarms::sight::table(&asked, &unanswered, "Alarms unanswered")?)) }
        div.columns {
            div id="due" data-live="board" { (panel("Refills due", refills_due(app, now).await?)) }
            div id="silent" data-live="board" { (panel("Pumps longest unheard", silent(app, now).await?)) }
            div id="stability" data-live="board" { (panel("Stability and replacement", expiries(app, now).await?)) }
            div id="tasks" data-live="board" { (panel("Tasks", tasks(&asked, now).await?)) }
        }
    };
    page(&asked, Sheet::new("Today", body)).await
}

async fn counts(app: &App, now: i64) -> Result<Markup, Problem> {
    let count = |sql: &'static str, values| async move { app.db.number(sql, values).await };
    let unanswered = count("SELECT COUNT(*) FROM alarm WHERE acknowledged_ms IS NULL", values![]).await?;
    let due = count(
        "SELECT COUNT(*) FROM pump_now WHERE refill_by_ms < $1 AND patient_id IS NOT NULL",
        values![now + 10 * DAY],
    )
    .await?;
    let silent =
        count("SELECT COUNT(*) FROM pump_now WHERE silent_after_ms < $1 AND patient_id IS NOT NULL", values![now])
            .await?;
    let pumps = count("SELECT COUNT(*) FROM pump_now WHERE patient_id IS NOT NULL", values![]).await?;
    let tasks = count("SELECT COUNT(*) FROM task WHERE done_ms IS NULL", values![]).await?;
    let figure = |label: &str, value: i64, bad: Level, note: &str| Figure {
        label: label.into(),
        value: html! { (value) },
        origin: None,
        note: html! { (note) },
        level: Some(if value == 0 { Level::Good } else { bad }),
    };
    let pumps_figure = Figure { level: None, ..figure("Pumps in patients", pumps, Level::Good, "followed here") };
    Ok(figures(
        app.words(),
        &[
            figure("Alarms unanswered", unanswered, Level::Danger, "each goes round until answered"),
            figure("Refills due in 10 days", due, Level::Caution, "by the refill-by date"),
            figure("Silent pumps", silent, Level::Caution, "not heard of in their time"),
            figure("Open tasks", tasks, Level::Notice, "for anybody of the team"),
            pumps_figure,
        ],
    ))
}

async fn refills_due(app: &App, now: i64) -> Result<Markup, Problem> {
    let rows = app
        .db
        .all(
            "SELECT patient.id, patient.name, refill_by_ms, (SELECT MIN(at_ms) FROM appointment WHERE appointment.patient_id = patient.id AND kind = 'refill' AND state = 'booked') AS booked
             FROM pump_now JOIN patient ON patient.id = pump_now.patient_id WHERE refill_by_ms < $1 ORDER BY refill_by_ms LIMIT $2",
            values![now + 45 * DAY, EACH],
        )
        .await?;
    let mut cells = Vec::new();
    for row in &rows {
        let (by, booked) = (row.number(2)?, row.number_or_none(3)?);
        cells.push(vec![
            html! { a href={ "/patients/" (row.text(0)?) } { (row.text(1)?) } },
            parts::due(app, Some(by), 10),
            refills::cover(app, by, booked),
        ]);
    }
    let columns = ["Patient", "Refill by", "Cover"].map(Column::words).to_vec();
    Ok(Table {
        caption: "Refills due".into(),
        quiet_caption: true,
        columns,
        rows: cells,
        empty: "No refill is due within 45 days.".into(),
    }
    .html(app.words()))
}

async fn silent(app: &App, now: i64) -> Result<Markup, Problem> {
    let sql = "SELECT patient.id, patient.name, heard_ms, silent_after_ms, doing FROM pump_now JOIN patient ON patient.id = patient_id ORDER BY heard_ms LIMIT $1";
    let mut cells = Vec::new();
    for row in &app.db.all(sql, values![6]).await? {
        let level = if row.number(3)? < now { status(Level::Caution, "silent") } else { status(Level::Good, "heard") };
        let doing = row.text(4)?;
        let doing = if doing == "running" { status(Level::Good, doing) } else { status(Level::Caution, doing) };
        cells.push(vec![
            html! { a href={ "/patients/" (row.text(0)?) } { (row.text(1)?) } },
            html! { (parts::when(app, row.number(2)?)) " " (level) },
            doing,
        ]);
    }
    let columns = ["Patient", "Last word", "Pump is"].map(Column::words).to_vec();
    Ok(Table {
        caption: "Pumps by their last word".into(),
        quiet_caption: true,
        columns,
        rows: cells,
        empty: "No pump has been heard of yet.".into(),
    }
    .html(app.words()))
}

async fn expiries(app: &App, now: i64) -> Result<Markup, Problem> {
    let mut cells = Vec::new();
    for (column, what, within) in [
        ("stability_ms", "drug keeps until", 30 * DAY),
        ("replace_by_ms", "battery lasts until (calculated)", 365 * DAY),
    ] {
        let sql = format!(
            "SELECT patient.id, patient.name, {column} FROM pump_now JOIN patient ON patient.id = patient_id WHERE {column} < $1 ORDER BY {column} LIMIT $2"
        );
        for row in &app.db.all(sql, values![now + within, EACH]).await? {
            cells.push(vec![
                html! { a href={ "/patients/" (row.text(0)?) } { (row.text(1)?) } },
                html! { (what) },
                parts::due(app, row.number_or_none(2)?, 14),
            ]);
        }
    }
    let columns = ["Patient", "What", "When"].map(Column::words).to_vec();
    Ok(Table {
        caption: "Stability and replacement".into(),
        quiet_caption: true,
        columns,
        rows: cells,
        empty: "No drug expires within 30 days and no battery within a year.".into(),
    }
    .html(app.words()))
}

async fn tasks(asked: &Asked, now: i64) -> Result<Markup, Problem> {
    let app = &asked.app;
    let sql = "SELECT task.id, task.words, task.due_ms, patient.id, patient.name, task.kind FROM task LEFT JOIN patient ON patient.id = patient_id WHERE done_ms IS NULL ORDER BY due_ms LIMIT $1";
    let may = asked.me()?.role.may(P::WriteRecord);
    let mut cells = Vec::new();
    for row in &app.db.all(sql, values![EACH]).await? {
        let due = row.number(2)?;
        let level = if due < now { Level::Caution } else { Level::Notice };
        cells.push(vec![
            html! { (row.text(1)?) },
            html! { @if let Some(id) = row.text_or_none(3)? { a href={ "/patients/" (id) } { (row.text(4)?) } } },
            html! { (status(level, row.text(5)?)) " " span.meta { "until " (parts::when(app, due)) } },
            html! { @if may { (form(asked, &format!("/tasks/{}/done", row.text(0)?), submit(Weight::Plain, None, "Done"))) } },
        ]);
    }
    let columns = ["Task", "Patient", "Due", ""].map(Column::words).to_vec();
    Ok(Table { caption: "Tasks".into(), quiet_caption: true, columns, rows: cells, empty: "Nothing is open.".into() }
        .html(app.words()))
}

/// A task is done.
pub async fn task_done(asked: Asked) -> Answer {
    let (app, me, id) = (&asked.app, asked.me()?, asked.part("task").to_owned());
    let mut tx = app.db.begin().await?;
    let sql = "UPDATE task SET done_by = $2, done_ms = $3 WHERE id = $1 AND done_ms IS NULL RETURNING words";
    let Some(row) = tx.first(sql, values![&id, &me.id, app.clock.now_ms()]).await? else {
        return Err(Problem::Conflict("It was done before.".into()));
    };
    app.done(tx, Act { staff_id: &me.id, what: "task done", subject: &id, detail: row.text(0)? }, "board").await?;
    Ok(go("/today"))
}

/// The ways the list can be sorted: name, column, words at the head.
const SORTS: &[(&str, &str, &str)] = &[
    ("name", "patient.name", "Patient"),
    ("stage", "patient.stage", "Stage"),
    ("pump", "pump_now.pump", "Pump"),
    ("refill", "pump_now.refill_by_ms", "Refill by"),
    ("heard", "pump_now.heard_ms", "Last word"),
];

/// Words that people use for a pump; each finds everybody who has one.
const SYNONYMS: &[&str] = &[
    "pain pump",
    "intrathecal pump",
    "morphine pump",
    "baclofen pump",
    "drug pump",
    "itb",
    "idds",
    "intrathecal drug delivery system",
    "pump",
];

/// Stages of a patient's way.
pub const STAGES: &[&str] =
    &["referred", "assessed", "trial", "awaiting implant", "implanted", "followed", "weaning", "explanted", "declined"];

/// All patients, to be searched, sorted, filtered.
//= requirements/clinic.md#found-at-admission
//# A search by name, serial or card MUST show that a patient has a pump, what is in it and what its stop does.
pub async fn patients(asked: Asked) -> Answer {
    let app = &asked.app;
    let search = asked.query("search").unwrap_or("").to_lowercase();
    let stage = asked.query("stage").filter(|stage| STAGES.contains(stage)).unwrap_or("");
    let sort = asked.query("sort").unwrap_or("name").to_owned();
    let (key, falling) = sort.strip_prefix('-').map_or((sort.as_str(), false), |key| (key, true));
    let (key, column, _) = SORTS.iter().find(|(name, ..)| *name == key).unwrap_or(&SORTS[0]);
    let number = asked.query_number("page", 1).max(1);
    let mut filter = String::from("WHERE 1 = 1");
    let mut values = values![];
    if !stage.is_empty() {
        values.push(stage.into());
        filter.push_str(&format!(" AND patient.stage = ${}", values.len()));
    }
    // A card's text begins with its format and the serial: `NEP1-1000-…`.
    let wanted = search.strip_prefix("nep1-").and_then(|rest| rest.split('-').next()).unwrap_or(&search).to_owned();
    if SYNONYMS.contains(&wanted.as_str()) {
        filter.push_str(" AND pump_now.pump IS NOT NULL");
    } else {
        for word in wanted.split_whitespace().take(6) {
            values.push(format!("%{}%", word.replace(['%', '_'], "")).into());
            filter.push_str(&format!(" AND patient.search LIKE ${}", values.len()));
        }
    }
    let join = "FROM patient LEFT JOIN pump_now ON pump_now.patient_id = patient.id";
    let count = app.db.number(format!("SELECT COUNT(*) {join} {filter}"), values.clone()).await?;
    let place = values.len();
    values.extend([ON_A_PAGE.into(), ((number - 1) * ON_A_PAGE).into()]);
    let order = format!(
        "ORDER BY CASE WHEN {column} IS NULL THEN 1 ELSE 0 END, {column} {}, patient.id",
        if falling { "DESC" } else { "ASC" }
    );
    let sql = format!(
        "SELECT patient.id, patient.name, patient.born, patient.record_number, patient.stage, patient.indication, pump_now.pump, pump_now.order_text, pump_now.refill_by_ms, pump_now.heard_ms, pump_now.doing
         {join} {filter} {order} LIMIT ${} OFFSET ${}", place + 1, place + 2
    );
    let rows = app.db.all(sql, values).await?;
    let href = |sort: &str, page: i64| {
        format!("/patients?search={}&stage={}&sort={sort}&page={page}", encoded(&search), encoded(stage))
    };
    let mut cells = Vec::new();
    for row in &rows {
        cells.push(patient_row(app, row)?);
    }
    let mut columns = Vec::new();
    for (name, _, head) in SORTS {
        let sorted = (name == key).then_some(if falling { Order::Falling } else { Order::Rising });
        let next = if name == key && !falling { format!("-{name}") } else { (*name).to_owned() };
        columns.push(Column::words(*head).sorts(href(&next, 1), sorted));
    }
    columns.push(Column::words("In the pump, and what its stop does"));
    let table = Table {
        caption: "Patients".into(),
        quiet_caption: true,
        columns,
        rows: cells,
        empty: "Nobody is found. Search by name, record number, pump serial or card.".into(),
    };
    let pages_count = usize::try_from((count + ON_A_PAGE - 1) / ON_A_PAGE).unwrap_or(1);
    let page_number = usize::try_from(number).unwrap_or(1);
    let body = html! {
        (pages::shell::heading("Patients", html! { (count) " found" }, html! { @if asked.me()?.role.may(P::AdmitPatients) { (link(Weight::Primary, "/patients/new", Some(Icon::Add), "New patient")) } }))
        (pages::form::search(app.words(), "/patients", "search", "Name, record number, pump serial, card, or “pain pump”", asked.query("search").unwrap_or("")))
        nav.filters aria-label="Stage" {
            a.button href={ "/patients?search=" (encoded(&search)) } aria-current=[stage.is_empty().then_some("true")] { "all" }
            @for one in STAGES { a.button href={ "/patients?search=" (encoded(&search)) "&stage=" (encoded(one)) } aria-current=[(*one == stage).then_some("true")] { (one) } }
        }
        (table.html(app.words()))
        (pages::table::pages(app.words(), page_number, pages_count, &|page| href(&sort, i64::try_from(page).unwrap_or(1))))
    };
    page(&asked, Sheet::new("Patients", body)).await
}

fn patient_row(app: &App, row: &crate::db::Row) -> Result<Vec<Markup>, Problem> {
    let order: serde_json::Value =
        row.text_or_none(7)?.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let mixture = order["mixture"].as_str().unwrap_or("").to_owned();
    let heard = row.number_or_none(9)?;
    let fresh = heard.is_some_and(|heard| heard > app.clock.now_ms() - 48 * HOUR);
    Ok(vec![
        html! { a href={ "/patients/" (row.text(0)?) } { (row.text(1)?) } " " span.meta { "born " (row.text(2)?) ", " (row.text(3)?) } },
        html! { span.badge { (row.text(4)?) } " " span.meta { (row.text(5)?) } },
        html! { @match row.number_or_none(6)? { Some(pump) => { "pump " (pump) " " @if let Some(doing) = row.text_or_none(10)? { (status(if doing == "running" { Level::Good } else { Level::Caution }, doing)) } }, None => "no pump" } },
        html! { @match row.number_or_none(8)? { Some(at) => (parts::due(app, Some(at), 10)), None => "–" } },
        html! { @match heard { Some(at) => { (status(if fresh { Level::Good } else { Level::Caution }, if fresh { "heard" } else { "old" })) " " (parts::when(app, at)) }, None => "–" } },
        html! { @if mixture.is_empty() { "–" } @else { (mixture) ". " span.meta { (stop_words(&mixture)) } } },
    ])
}

/// What the stop of a mixture does: the gravest of its drugs.
pub fn stop_words(mixture: &str) -> &'static str {
    if mixture.contains("baclofen") {
        "A stop can kill within days: rebound spasticity, fever, organ failure. Restore at once."
    } else if mixture.contains("clonidine") {
        "A stop raises the blood pressure, with an opioid withdrawal besides if there is one."
    } else if ["morphine", "hydromorphone", "fentanyl", "sufentanil"].iter().any(|drug| mixture.contains(drug)) {
        "A stop brings withdrawal in 12 to 48 h. After a gap never restart at full dose: tolerance is lost."
    } else if mixture.contains("ziconotide") {
        "A stop brings no withdrawal; pain returns."
    } else {
        "No harm of a stop is known here: ask the pain team."
    }
}
