//! Devices: pumps, catheters, handsets, programmers, monitors; their history by component; patients taken out to a programmer.

use exchange::body::{Identifier, PatientFile};
use exchange::{Body, Envelope, Kind as From, Label, Source};
use pages::buttons::{Weight, submit};
use pages::form::{Field, Kind};
use pages::panels::{facts, panel};
use pages::status::{Level, status};
use pages::table::{Column, Table};
use pages::{Markup, html};

use crate::audit::{Act, hex};
use crate::auth::Permission as P;
use crate::clock::DAY;
use crate::db::Tx;
use crate::web::frame::{form, page};
use crate::web::{Answer, Asked, Problem, Sheet, file, go, parts};
use crate::{secret, told, values};

/// Kinds of devices.
pub const KINDS: &[&str] = &["pump", "catheter", "handset", "programmer", "monitor"];
/// For how long a patient's file may be away.
const AWAY_FOR: i64 = 3 * DAY;

/// All devices.
pub async fn list(asked: Asked) -> Answer {
    let app = &asked.app;
    let kind = asked.query("kind").filter(|kind| KINDS.contains(kind)).unwrap_or("");
    let search = format!("%{}%", asked.query("search").unwrap_or("").replace(['%', '_'], ""));
    let me = asked.me()?;
    let sql = "SELECT device.id, kind, model, serial, lot, udi, public_key, patient.name, patient.id, pump_now.doing, pump_now.heard_ms, pump_now.battery_permille
        FROM device LEFT JOIN device_use ON device_use.device_id = device.id AND device_use.until_ms IS NULL
        LEFT JOIN patient ON patient.id = device_use.patient_id
        LEFT JOIN pump_now ON kind = 'pump' AND CAST(pump_now.pump AS TEXT) = serial
        WHERE ($1 = '' OR kind = $1) AND (serial LIKE $2 OR model LIKE $2 OR lot LIKE $2) ORDER BY kind, serial LIMIT 200";
    let rows = app.db.all(sql, values![kind, search]).await?;
    // Who looks after devices sees no patient.
    let sees_patients = me.role.may(P::SeeBoards);
    let mut cells = Vec::new();
    for row in &rows {
        let whose = html! { @match row.text_or_none(8)? { Some(id) if sees_patients => a href={ "/patients/" (id) } { (row.text(7)?) }, Some(_) => "in use", None => "–" } };
        let state = html! { @if let Some(doing) = row.text_or_none(9)? { (status(if doing == "running" { Level::Good } else { Level::Caution }, doing)) " " span.meta { @if let Some(at) = row.number_or_none(10)? { (parts::when(app, at)) } } } };
        cells.push(vec![
            html! { a href={ "/devices/" (row.text(0)?) } { (row.text(3)?) } },
            html! { (row.text(1)?) },
            html! { (row.text(2)?) ", lot " (row.text(4)?) },
            whose,
            state,
        ]);
    }
    let table = Table {
        caption: "Devices".into(),
        quiet_caption: true,
        columns: ["Serial", "Kind", "Model", "With", "State"].map(Column::words).to_vec(),
        rows: cells,
        empty: "No device is entered.".into(),
    };
    let body = html! {
        h1 { "Devices" }
        (pages::form::search(app.words(), "/devices", "search", "Serial, model or lot", asked.query("search").unwrap_or("")))
        nav.filters aria-label="Kind" { a.button href="/devices" { "all" } @for one in KINDS { a.button href={ "/devices?kind=" (one) } aria-current=[(*one == kind).then_some("true")] { (one) } } }
        div id="devices" data-live="board" { (table.html(app.words())) }
        @if me.role.may(P::ManageDevices) {
            (panel("Enter a device", form(&asked, "/devices", html! {
                (parts::choose_word(app, "kind", "Kind", KINDS))
                (parts::field(app, "model", "Model", Kind::Text)) (parts::field(app, "serial", "Serial", Kind::Text))
                (parts::field(app, "lot", "Lot", Kind::Text)) (parts::field(app, "udi", "UDI", Kind::Text))
                (parts::field_with(app, Field { name: "public_key", label: "Public key of what it sends (Ed25519, hexadecimal)", optional: true, ..Field::default() }))
                (parts::field_with(app, Field { name: "journal_key", label: "Journal key, for a pump (hexadecimal)", hint: Some("opens and checks journal records, nothing else"), optional: true, ..Field::default() }))
                (parts::field_with(app, Field { name: "record_number", label: "Record number of the patient who has it", optional: true, ..Field::default() }))
                (submit(Weight::Primary, None, "Enter"))
            })))
        }
    };
    page(&asked, Sheet::new("Devices", body)).await
}

/// A device as it is entered.
#[derive(Debug, Clone, Default)]
pub struct Entry<'a> {
    /// One of [`KINDS`].
    pub kind: &'a str,
    /// Model.
    pub model: &'a str,
    /// Serial.
    pub serial: &'a str,
    /// Lot.
    pub lot: &'a str,
    /// Unique device identifier.
    pub udi: &'a str,
    /// What it signs with.
    pub public_key: Option<Vec<u8>>,
    /// A pump's journal key.
    //= requirements/clinic.md#no-key-that-programs
    //# The clinic MUST NOT hold a key that a pump accepts for anything but reading its journal.
    pub journal_key: Option<Vec<u8>>,
    /// Who has it.
    pub patient: Option<&'a str>,
}

/// Enters a device, and that a patient has it from now on.
///
/// # Errors
/// [`Problem`].
pub async fn enter(tx: &mut Tx, now: i64, entry: &Entry<'_>) -> Result<String, Problem> {
    let id = secret::id();
    tx.run(
        "INSERT INTO device (id, kind, model, serial, lot, udi, public_key, detail, made_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, '', $8)",
        values![&id, entry.kind, entry.model, entry.serial, entry.lot, entry.udi, entry.public_key.clone(), now],
    )
    .await?;
    if let (Some(key), Ok(pump)) = (&entry.journal_key, entry.serial.parse::<i64>()) {
        tx.run("INSERT INTO journal_key (pump, bytes, made_ms) VALUES ($1, $2, $3)", values![pump, key.clone(), now])
            .await?;
    }
    if let Some(patient) = entry.patient {
        tx.run(
            "INSERT INTO device_use (id, device_id, patient_id, since_ms) VALUES ($1, $2, $3, $4)",
            values![secret::id(), &id, patient, now],
        )
        .await?;
        if entry.kind == "pump" {
            // A search by the pump's serial or its card finds the patient.
            tx.run("UPDATE patient SET search = search || ' ' || $2 WHERE id = $1", values![patient, entry.serial])
                .await?;
        }
    }
    Ok(id)
}

fn bytes_of(asked: &Asked, name: &str, length: usize) -> Result<Option<Vec<u8>>, Problem> {
    let text = asked.entry(name);
    if text.is_empty() {
        return Ok(None);
    }
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(16)).collect();
    let bytes = digits.filter(|digits| digits.len() == 2 * length);
    let bytes =
        bytes.ok_or_else(|| Problem::Entry(format!("“{name}” has to be {} hexadecimal digits.", 2 * length)))?;
    Ok(Some(bytes.chunks(2).map(|pair| u8::try_from(pair[0] << 4 | pair[1]).unwrap_or(0)).collect()))
}

/// Enters a device.
pub async fn add(asked: Asked) -> Answer {
    let (app, me) = (&asked.app, asked.me()?);
    let (model, serial, lot, udi) =
        (asked.text("model", 60)?, asked.text("serial", 40)?, asked.text("lot", 40)?, asked.text("udi", 120)?);
    let patient = match asked.entry("record_number") {
        "" => None,
        number => {
            let row = app.db.first("SELECT id FROM patient WHERE record_number = $1", values![number]).await?;
            Some(row.ok_or_else(|| Problem::Entry(format!("There is no record {number:?}.")))?.text(0)?)
        }
    };
    let entry = Entry {
        kind: asked.one_of("kind", KINDS)?,
        model: &model,
        serial: &serial,
        lot: &lot,
        udi: &udi,
        public_key: bytes_of(&asked, "public_key", 32)?,
        journal_key: bytes_of(&asked, "journal_key", 16)?,
        patient: patient.as_deref(),
    };
    let mut tx = app.db.begin().await?;
    let id = enter(&mut tx, app.clock.now_ms(), &entry).await?;
    app.done(
        tx,
        Act { staff_id: &me.id, what: "device entered", subject: &id, detail: format!("{} {serial}", entry.kind) },
        "board",
    )
    .await?;
    Ok(go(&format!("/devices/{id}")))
}

/// One device and its history.
pub async fn one(asked: Asked) -> Answer {
    let (app, id, me) = (&asked.app, asked.part("device").to_owned(), asked.me()?);
    let row = app
        .db
        .first("SELECT kind, model, serial, lot, udi, public_key, made_ms FROM device WHERE id = $1", values![&id])
        .await?;
    let row = row.ok_or_else(|| Problem::NotFound("device".into()))?;
    let uses = app.db.all("SELECT device_use.id, patient.name, patient.id, since_ms, until_ms, ended_why FROM device_use JOIN patient ON patient.id = patient_id WHERE device_id = $1 ORDER BY since_ms", values![&id]).await?;
    let sees = me.role.may(P::SeeBoards);
    let mut cells = Vec::new();
    for one in &uses {
        let end = html! { @match one.number_or_none(4)? { Some(at) => { (parts::when(app, at)) ": " (one.text_or_none(5)?.unwrap_or_default()) }, None => (status(Level::Good, "in use")) } };
        cells.push(vec![
            html! { @if sees { a href={ "/patients/" (one.text(2)?) } { (one.text(1)?) } } @else { "a patient" } },
            parts::when(app, one.number(3)?),
            end,
        ]);
    }
    let uses_table = Table {
        caption: "History".into(),
        quiet_caption: true,
        columns: ["With", "From", "Until"].map(Column::words).to_vec(),
        rows: cells,
        empty: "Never in use.".into(),
    };
    let (kind, serial) = (row.text(0)?, row.text(2)?);
    let heading = format!("{kind} {serial}");
    let is_used = uses.iter().any(|one| matches!(one.number_or_none(4), Ok(None)));
    let body = html! {
        h1 { (heading) }
        (facts(&[
            ("Model".into(), html! { (row.text(1)?) }), ("Lot".into(), html! { (row.text(3)?) }), ("UDI".into(), html! { span.hash { (row.text(4)?) } }),
            ("Signs with".into(), html! { @match row.bytes_or_none(5)? { Some(key) => span.hash { (hex(&key)) }, None => "nothing: it sends nothing by itself" } }),
            ("Entered".into(), parts::when(app, row.number(6)?)),
        ]))
        (panel("History", html! { (uses_table.html(app.words())) }))
        @if kind == "pump" { (pump_panel(&asked, &serial).await?) }
        @if is_used && me.role.may(P::ManageDevices) {
            (panel("End its use", form(&asked, &format!("/devices/{id}/end"), html! {
                (parts::choose_word(app, "why", "Why", &["replaced, battery", "replaced, defect", "explanted, no longer needed", "explanted, infection", "lost", "patient died"]))
                (submit(Weight::Grave, None, "End the use"))
            })))
        }
    };
    page(&asked, Sheet::new(&heading, body)).await
}

async fn pump_panel(asked: &Asked, serial: &str) -> Result<Markup, Problem> {
    let app = &asked.app;
    let pump: i64 = serial.parse().unwrap_or(-1);
    let gaps = told::gaps(&app.db, pump).await?;
    let counts = app.db.first("SELECT COUNT(*), CAST(COALESCE(SUM(1 - genuine), 0) AS BIGINT), MIN(sequence), MAX(sequence) FROM pump_record WHERE pump = $1", values![pump]).await?;
    let events = app
        .db
        .all(
            "SELECT at_ms, kind, words, sequence FROM pump_event WHERE pump = $1 ORDER BY sequence DESC LIMIT 60",
            values![pump],
        )
        .await?;
    let mut cells = Vec::new();
    for row in &events {
        cells.push(vec![html! { (row.number(3)?) }, parts::when(app, row.number(0)?), html! { (row.text(2)?) }]);
    }
    let table = Table {
        caption: "The pump's own words, newest first".into(),
        columns: vec![Column::numbers("Record", ""), Column::words("When"), Column::words("What")],
        rows: cells,
        empty: "No record is here.".into(),
        ..Table::default()
    };
    Ok(panel(
        "Journal",
        html! {
            @if let Some(counts) = counts {
                p { (counts.number(0)?) " records are here; " (counts.number(1)?) " without the pump's own tag." }
            }
            @if gaps.is_empty() { p { (status(Level::Good, "no gap")) } }
            @else { p { (status(Level::Unknown, "gaps")) @for (first, last) in gaps.iter().take(12) { " " (first) "–" (last) } } }
            (table.html(app.words()))
        },
    ))
}

/// The use of a device ends.
pub async fn end(asked: Asked) -> Answer {
    let (app, me, id) = (&asked.app, asked.me()?, asked.part("device").to_owned());
    let why = asked.text("why", 100)?;
    let now = app.clock.now_ms();
    let mut tx = app.db.begin().await?;
    let ended = tx.all("UPDATE device_use SET until_ms = $2, ended_why = $3 WHERE device_id = $1 AND until_ms IS NULL RETURNING patient_id", values![&id, now, &why]).await?;
    if ended.is_empty() {
        return Err(Problem::Conflict("Nobody uses it.".into()));
    }
    let serial = tx.first("SELECT serial FROM device WHERE id = $1 AND kind = 'pump'", values![&id]).await?;
    if let Some(pump) = serial.map(|row| row.text(0)).transpose()?.and_then(|serial| serial.parse::<i64>().ok()) {
        tx.run("UPDATE pump_now SET patient_id = NULL WHERE pump = $1", values![pump]).await?;
    }
    app.done(tx, Act { staff_id: &me.id, what: "device's use ended", subject: &id, detail: why }, "board").await?;
    Ok(go(&format!("/devices/{id}")))
}

/// Takes a patient out to a programmer: the file goes with the person, the clinic knows who has it and until when.
pub async fn check_out(asked: Asked) -> Answer {
    let (app, me, patient) = (&asked.app, asked.me()?, asked.part("patient").to_owned());
    let programmer = asked.text("programmer", 40)?;
    let device =
        app.db.first("SELECT id FROM device WHERE kind = 'programmer' AND serial = $1", values![&programmer]).await?;
    let device = device.ok_or_else(|| Problem::Entry(format!("There is no programmer {programmer:?}.")))?.text(0)?;
    let sql = "SELECT record_number, born, name, allergies, withdrawal_before, lives_alone, pump_now.pump, pump_now.order_number, pump_now.pump_ms,
               (SELECT body FROM pump_report WHERE pump_report.pump = pump_now.pump ORDER BY pump_ms DESC LIMIT 1),
               (SELECT COALESCE(MAX(sequence) + 1, 0) FROM pump_record WHERE pump_record.pump = pump_now.pump)
               FROM patient JOIN pump_now ON pump_now.patient_id = patient.id WHERE patient.id = $1";
    let row = app
        .db
        .first(sql, values![&patient])
        .await?
        .ok_or_else(|| Problem::Conflict("No pump of this patient has been heard of.".into()))?;
    let report: serde_json::Value =
        row.text_or_none(9)?.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let now = app.clock.now_ms();
    let label = |ms: i64| Label {
        ms: u64::try_from(ms).unwrap_or(0),
        utc_offset_min: i16::try_from((app.local(ms).0 - ms) / 60_000).unwrap_or(0),
    };
    let mut cautions = vec![format!("allergies: {}", row.text(3)?)];
    if row.is(4)? {
        cautions.push("had a withdrawal before".into());
    }
    if row.is(5)? {
        cautions.push("lives alone".into());
    }
    let unsigned = |column: usize| row.number(column).map(|number| u64::try_from(number).unwrap_or(0));
    let identifier = |what: &str, value: String| Identifier { what: what.into(), value };
    let out = PatientFile {
        patient: row.text(0)?,
        identifiers: vec![
            identifier("name", row.text(2)?),
            identifier("born", row.text(1)?),
            identifier("record number", row.text(0)?),
        ],
        model: "NEPENTHE".into(),
        catheter_nl: None,
        running: serde_json::from_value(report["running"].clone()).ok(),
        ledger: serde_json::from_value(report["ledger"].clone()).ok(),
        heard_at_ms: Some(unsigned(8)?),
        journal_next: unsigned(10)?,
        cautions,
        checked_out_by: me.name.clone(),
        checked_out: label(now),
        until: label(now + AWAY_FOR),
    };
    let mut tx = app.db.begin().await?;
    let number = tx.first("INSERT INTO setting (name, text) VALUES ('document', '1') ON CONFLICT (name) DO UPDATE SET text = CAST(CAST(setting.text AS BIGINT) + 1 AS TEXT) RETURNING text", values![]).await?;
    let number = number.map(|row| row.text(0)).transpose()?.and_then(|text| text.parse().ok()).unwrap_or(1);
    tx.run("UPDATE check_out SET ended_ms = $2 WHERE patient_id = $1 AND ended_ms IS NULL", values![&patient, now])
        .await?;
    tx.run(
        "INSERT INTO check_out (id, device_id, patient_id, staff_id, at_ms, until_ms) VALUES ($1, $2, $3, $4, $5, $6)",
        values![secret::id(), &device, &patient, &me.id, now, now + AWAY_FOR],
    )
    .await?;
    let source = Source { kind: From::Clinic, id: "clinic".into() };
    let document = Envelope::new(source, number, unsigned(6)?, unsigned(7)?, Body::PatientFile(Box::new(out)));
    let bytes = document.to_bytes().map_err(|why| Problem::Broken(why.to_string()))?;
    app.done(
        tx,
        Act {
            staff_id: &me.id,
            what: "patient checked out",
            subject: &patient,
            detail: format!("to programmer {programmer}"),
        },
        &format!("patient-{patient}"),
    )
    .await?;
    Ok(file(&format!("patient-file-{}.json", row.text(0)?), "application/json", bytes))
}
