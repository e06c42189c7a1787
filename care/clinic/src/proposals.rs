//! Orders before they reach a pump: written here, checked by a second person, fetched by a programmer, signed at the skin.
//!
//! A proposal changes the order that the pump last told to run: the daily dose of the primary drug and the patient's
//! bolus. Old and new stand side by side with the day's total of every drug. The clinic signs nothing and sends nothing to
//! a pump; what it hands out is a document that a clinician at the skin proposes to the pump, which judges it anew.

use exchange::body::Order;
use exchange::value::Document;
use exchange::{Body, Envelope, Kind as From, Label, Source};
use orders::prescription::Mode;
use orders::{Duration, FlowRate, Prescription, Volume};
use pages::buttons::{Weight, submit};
use pages::form::{Field, Kind};
use pages::icon::Icon;
use pages::panels::{Change, changes, facts, panel};
use pages::status::{Level, callout, status};
use pages::table::{Column, Table};
use pages::{Markup, Quantity, html};
use serde_json::{Value, json};

use crate::audit::Act;
use crate::auth::Permission as P;
use crate::clock::{HOUR, MINUTE};
use crate::db::Row;
use crate::web::frame::{form, page};
use crate::web::{Answer, Asked, Problem, Sheet, file, go, parts};
use crate::{App, secret, told, values};

/// A rise beyond this share of the basal day is checked by a second person; so is every new bolus.
const RISE_CHECKED_PERCENT: u64 = 20;

/// What runs, as the pump last told: order, number, pump.
async fn runs(app: &App, patient: &str) -> Result<(Prescription, u64, i64), Problem> {
    let sql = "SELECT pump_now.pump, (SELECT body FROM pump_report WHERE pump_report.pump = pump_now.pump ORDER BY pump_ms DESC LIMIT 1) FROM pump_now WHERE patient_id = $1 ORDER BY heard_ms DESC";
    let nothing = || Problem::Conflict("The pump has told of no running order; begin at the programmer.".into());
    let row = app.db.first(sql, values![patient]).await?.ok_or_else(nothing)?;
    let report: Value = row.text_or_none(1)?.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let order: Document<Prescription> = serde_json::from_value(report["running"].clone()).map_err(|_| nothing())?;
    Ok((order.0, order.0.order_number, row.number(0)?))
}

/// The form.
pub async fn new(asked: Asked) -> Answer {
    let (app, me, patient) = (&asked.app, asked.me()?, asked.part("patient").to_owned());
    let (order, ..) = runs(app, &patient).await?;
    app.clock.hold(&format!("{} writes a proposal", me.name));
    let shown = told::order_of(&order);
    let primary = shown["daily"][0]["drug"].as_str().unwrap_or("drug").to_owned();
    let now = Quantity::mass_fg_per_day(shown["daily"][0]["basal_fg"].as_u64().unwrap_or(0));
    let body = html! {
        h1 { "Propose an order" }
        p { "Runs now: " strong { (shown["mixture"].as_str().unwrap_or("")) } ", " (shown["mode"].as_str().unwrap_or("")) ", " (primary) " " (now.html(app.words())) " basal." }
        @if !matches!(order.mode, Mode::Continuous(_)) { (callout(Level::Notice, "The proposal is a continuous rate", html! { p { "A day schedule is edited at the programmer." } })) }
        (form(&asked, &format!("/patients/{patient}/orders"), html! {
            (parts::field_with(app, Field { name: "mcg_per_day", label: &format!("New daily dose of {primary}"), unit: Some("mcg/day"), kind: Kind::Decimal, hint: Some("basal, for the whole day; 1 mg is 1000 mcg"), ..Field::default() }))
            (parts::field_with(app, Field { name: "bolus_mcg", label: "Patient bolus", unit: Some("mcg"), kind: Kind::Decimal, hint: Some("0 for none"), ..Field::default() }))
            (parts::field_with(app, Field { name: "bolus_minutes", label: "Given over", unit: Some("min"), kind: Kind::Whole, optional: true, ..Field::default() }))
            (parts::field_with(app, Field { name: "lockout_minutes", label: "Lockout, from start to start", unit: Some("min"), kind: Kind::Whole, optional: true, ..Field::default() }))
            (parts::field_with(app, Field { name: "allotment", label: "Most in 24 h", kind: Kind::Whole, optional: true, ..Field::default() }))
            (parts::field(app, "reason", "Why", Kind::Text))
            (submit(Weight::Primary, None, "Compare old and new"))
        }))
    };
    page(&asked, Sheet::new("Propose an order", body)).await
}

/// A dose as a flow, rounded down; the concentration is the primary drug's.
fn flow_of(mcg_thousandths: i64, ng_per_ml: u32) -> u64 {
    // thousandths of mcg are ng; ng / (ng/mL) = mL, ×10⁶ = nL.
    u64::try_from(i128::from(mcg_thousandths) * 1_000_000 / i128::from(ng_per_ml.max(1))).unwrap_or(0)
}

/// Writes the proposal, unless the order's own bounds refuse it.
pub async fn propose(asked: Asked) -> Answer {
    let (app, me, patient) = (&asked.app, asked.me()?, asked.part("patient").to_owned());
    let (old, base, pump) = runs(app, &patient).await?;
    let primary = old.mixture.primary().ok_or_else(|| Problem::Conflict("The running order has no drug.".into()))?;
    let dose = asked.decimal("mcg_per_day", 3, 1..=100_000_000)?;
    let bolus = asked.decimal("bolus_mcg", 3, 0..=100_000_000)?;
    let reason = asked.text("reason", 500)?;
    let mut new = old;
    new.order_number = base.saturating_add(1);
    new.mode = Mode::Continuous(FlowRate::new(flow_of(dose, primary.concentration.get())));
    new.ramp = None;
    new.patient_bolus = None;
    if bolus > 0 {
        let minutes = |name, most| {
            asked.number(name, 1..=most).map(|minutes| Duration::new(u64::try_from(minutes * MINUTE).unwrap_or(0)))
        };
        new.patient_bolus = Some(orders::prescription::PatientBolus {
            volume: Volume::new(flow_of(bolus, primary.concentration.get())),
            duration: minutes("bolus_minutes", 240)?,
            lockout: minutes("lockout_minutes", 24 * 60)?,
            allotment: u8::try_from(asked.number("allotment", 1..=48)?).unwrap_or(48),
        });
    }
    if let Err(refusals) = new.check() {
        let all: Vec<String> = refusals.iter().map(ToString::to_string).collect();
        return Err(Problem::Entry(format!("The pump would refuse this order: {}.", all.join("; "))));
    }
    let (before, after) = (told::order_of(&old), told::order_of(&new));
    for (place, one) in after["daily"].as_array().into_iter().flatten().enumerate() {
        let ceiling = new.ceilings.get(place).map_or(0, |ceiling| ceiling.day.get());
        if one["all_fg"].as_u64().unwrap_or(u64::MAX) > ceiling {
            let shown = |fg: u64| Quantity::mass_fg(fg).text(pages::Language::English);
            return Err(Problem::Entry(format!(
                "{}: {} a day with every bolus lies above the order's ceiling of {}: the pump would refuse it.",
                one["drug"].as_str().unwrap_or(""),
                shown(one["all_fg"].as_u64().unwrap_or(0)),
                shown(ceiling)
            )));
        }
    }
    let basal = |order: &Value| order["daily"][0]["basal_fg"].as_u64().unwrap_or(0);
    let rises = basal(&after).saturating_mul(100) > basal(&before).saturating_mul(100 + RISE_CHECKED_PERCENT);
    let new_bolus = after["bolus"] != before["bolus"] && !after["bolus"].is_null();
    let (id, now) = (secret::id(), app.clock.now_ms());
    let text = json!({ "old": before, "new": after, "document": Document(new) });
    let state = if rises || new_bolus { "waits for a check" } else { "ready" };
    let mut tx = app.db.begin().await?;
    // One at a time: an older one that never reached the pump is set aside by the newer.
    tx.run("UPDATE proposal SET state = 'set aside', settled_ms = $2, settled_words = 'a newer one was written' WHERE patient_id = $1 AND state IN ('waits for a check', 'ready')", values![&patient, now]).await?;
    tx.run(
        "INSERT INTO proposal (id, patient_id, pump, made_by, made_ms, base_order, order_text, reason, checks_wanted, state) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        values![&id, &patient, pump, &me.id, now, i64::try_from(base).unwrap_or(0), text.to_string(), &reason, rises || new_bolus, state],
    )
    .await?;
    app.done(
        tx,
        Act { staff_id: &me.id, what: "order proposed", subject: &patient, detail: format!("{id}: {reason}") },
        &format!("board orders patient-{patient}"),
    )
    .await?;
    app.clock.let_go(&format!("{} writes a proposal", me.name));
    Ok(go(&format!("/patients/{patient}/orders/{id}")))
}

const ONE: &str = "SELECT proposal.id, proposal.state, proposal.order_text, proposal.reason, proposal.made_ms, author.name, proposal.made_by, checker.name, proposal.checked_ms, proposal.base_order, proposal.checks_wanted, patient.name, patient.id, proposal.pump, proposal.settled_words
    FROM proposal JOIN patient ON patient.id = proposal.patient_id JOIN staff AS author ON author.id = proposal.made_by LEFT JOIN staff AS checker ON checker.id = proposal.checked_by";

fn state_of(state: &str) -> Markup {
    let level = match state {
        "ready" => Level::Good,
        "waits for a check" => Level::Caution,
        "sent back" => Level::Danger,
        _ => Level::Off,
    };
    status(level, state)
}

/// All that are under way.
pub async fn list(asked: Asked) -> Answer {
    let app = &asked.app;
    let rows = app.db.all(format!("{ONE} ORDER BY CASE proposal.state WHEN 'waits for a check' THEN 0 WHEN 'ready' THEN 1 ELSE 2 END, proposal.made_ms DESC LIMIT 100"), values![]).await?;
    let mut cells = Vec::new();
    for row in &rows {
        let text: Value = serde_json::from_str(&row.text(2)?).unwrap_or_default();
        let fg = |which: &str| {
            Quantity::mass_fg_per_day(text[which]["daily"][0]["basal_fg"].as_u64().unwrap_or(0)).html(app.words())
        };
        cells.push(vec![
            html! { a href={ "/patients/" (row.text(12)?) "/orders/" (row.text(0)?) } { (row.text(11)?) } },
            state_of(&row.text(1)?),
            html! { (text["new"]["daily"][0]["drug"].as_str().unwrap_or("")) ": " (fg("old")) " → " (fg("new")) },
            html! { (row.text(5)?) ", " (parts::when(app, row.number(4)?)) },
            html! { (row.text_or_none(7)?.unwrap_or_else(|| "–".into())) },
        ]);
    }
    let table = Table {
        caption: "Proposed orders".into(),
        quiet_caption: true,
        columns: ["Patient", "State", "Change of the basal day", "Written by", "Checked by"]
            .map(Column::words)
            .to_vec(),
        rows: cells,
        empty: "No order is under way. One is proposed from a patient's page.".into(),
    };
    let body = html! { h1 { "Orders" } div id="orders" data-live="orders" { (table.html(app.words())) } };
    page(&asked, Sheet::new("Orders", body)).await
}

async fn find(asked: &Asked) -> Result<Row, Problem> {
    let values = values![asked.part("order"), asked.part("patient")];
    let row = asked.app.db.first(format!("{ONE} WHERE proposal.id = $1 AND proposal.patient_id = $2"), values).await?;
    row.ok_or_else(|| Problem::NotFound("order".into()))
}

/// Old and new side by side.
pub async fn one(asked: Asked) -> Answer {
    let (app, me, row) = (&asked.app, asked.me()?, find(&asked).await?);
    let text: Value = serde_json::from_str(&row.text(2)?).unwrap_or_default();
    let (id, patient, state) = (row.text(0)?, row.text(12)?, row.text(1)?);
    if matches!(state.as_str(), "waits for a check" | "ready") {
        app.clock.hold(&format!("{} looks at a proposal", me.name));
    }
    let words = app.words();
    let line = |what: String, old: u64, new: u64, show: &dyn Fn(u64) -> Markup| {
        let percent = (old > 0).then(|| (i128::from(new) - i128::from(old)) * 10_000 / i128::from(old));
        let sign = if new >= old { "+" } else { "−" };
        let by = html! { (sign) (show(new.abs_diff(old))) @if let Some(percent) = percent { " (" (sign) (Quantity::percent_hundredths(percent.abs()).html(words)) ")" } };
        let level = percent.filter(|percent| *percent > 2_000).map(|_| Level::Caution);
        Change { what, old: show(old), new: show(new), by, changes: old != new, level }
    };
    let mass = |fg: u64| Quantity::mass_fg_per_day(fg).html(words);
    let mut all = Vec::new();
    for (place, drug) in text["new"]["daily"].as_array().into_iter().flatten().enumerate() {
        let name = drug["drug"].as_str().unwrap_or("");
        let value = |which: &str, key: &str| text[which]["daily"][place][key].as_u64().unwrap_or(0);
        all.push(line(format!("{name}, basal a day"), value("old", "basal_fg"), value("new", "basal_fg"), &mass));
        all.push(line(
            format!("{name}, a day with every bolus"),
            value("old", "all_fg"),
            value("new", "all_fg"),
            &mass,
        ));
        all.push(line(format!("{name}, one bolus"), value("old", "bolus_fg"), value("new", "bolus_fg"), &|fg| {
            Quantity::mass_fg(fg).html(words)
        }));
    }
    let bolus = |which: &str, key: &str| text[which]["bolus"][key].as_u64().unwrap_or(0);
    let minutes = |ms: u64| html! { (ms / MINUTE.unsigned_abs()) " min" };
    all.push(line("Lockout".into(), bolus("old", "lockout_ms"), bolus("new", "lockout_ms"), &minutes));
    all.push(line(
        "Boluses in 24 h, most".into(),
        bolus("old", "allotment"),
        bolus("new", "allotment"),
        &|n| html! { (n) },
    ));
    let runs_now = app.db.number("SELECT order_number FROM pump_now WHERE pump = $1", values![row.number(13)?]).await?;
    let stale = runs_now != row.number(9)?;
    let own = row.text(6)? == me.id;
    let waits = state == "waits for a check";
    let body = html! {
        h1 { "Proposed order for " (row.text(11)?) }
        (facts(&[
            ("State".into(), html! { (state_of(&state)) @if let Some(words) = row.text_or_none(14)? { " " (words) } }),
            ("Written by".into(), html! { (row.text(5)?) ", " (parts::when(app, row.number(4)?)) }),
            ("Why".into(), html! { (row.text(3)?) }),
            ("Checked by".into(), html! { @match row.text_or_none(7)? { Some(name) => { (name) ", " (parts::when_or(app, row.number_or_none(8)?, "")) }, None => "nobody yet" } }),
            ("Made for order".into(), html! { (row.number(9)?) @if stale { " " (status(Level::Danger, format!("the pump now runs order {runs_now}"))) } }),
        ]))
        (changes(words, "Running beside proposed, with the day's totals", &all))
        (callout(Level::Notice, "Nothing is sent from here", html! { p { "A programmer fetches the order; the pump judges it again, and a clinician signs at the skin. What the pump runs always wins." } }))
        @if waits && me.role.may(P::SecondCheck) {
            @if own { (callout(Level::Notice, "You wrote it", html! { p { "Another person has to check it." } })) }
            @else {
                (panel("Second check", form(&asked, &format!("/patients/{patient}/orders/{id}/check"), html! {
                    (parts::field_with(app, Field { name: "mcg_per_day", label: "Type the new daily dose that you checked", unit: Some("mcg/day"), kind: Kind::Decimal, ..Field::default() }))
                    (submit(Weight::Primary, Some(Icon::Good), "I checked it: ready"))
                })))
            }
            (panel("Send it back", form(&asked, &format!("/patients/{patient}/orders/{id}/return"), html! { (parts::field(app, "why", "Why", Kind::Text)) (submit(Weight::Plain, None, "Send it back")) })))
        }
        @if state == "ready" && !stale && me.role.may(P::CheckOut) {
            (form(&asked, &format!("/patients/{patient}/orders/{id}/fetch"), submit(Weight::Primary, Some(Icon::Card), "Fetch it for the programmer")))
        }
    };
    page(&asked, Sheet::new("Proposed order", body)).await
}

/// A second person has checked it, and types the dose that was checked.
pub async fn check(asked: Asked) -> Answer {
    let (app, me, row) = (&asked.app, asked.me()?, find(&asked).await?);
    let (id, patient) = (row.text(0)?, row.text(12)?);
    //= requirements/clinic.md#second-check
    //# An order that asks for a second check MUST wait for it, and nobody checks an order of his own.
    if row.text(6)? == me.id {
        return Err(Problem::Refused("You wrote this order; another person has to check it.".into()));
    }
    if row.text(1)? != "waits for a check" {
        return Err(Problem::Conflict(format!("It {} by now.", row.text(1)?)));
    }
    let text: Value = serde_json::from_str(&row.text(2)?).unwrap_or_default();
    let typed = asked.decimal("mcg_per_day", 3, 1..=100_000_000)?;
    let ordered = text["new"]["daily"][0]["basal_fg"].as_u64().unwrap_or(0);
    // The drive's flow is whole nL a day, so the order may lie a thousandth below what was typed first.
    if u64::try_from(typed).unwrap_or(0).saturating_mul(1_000_000).abs_diff(ordered) > ordered / 1_000 {
        return Err(Problem::Entry(
            "The dose you typed is not the dose of the order. Look again at the new day's total.".into(),
        ));
    }
    let mut tx = app.db.begin().await?;
    let sql = "UPDATE proposal SET state = 'ready', checked_by = $2, checked_ms = $3 WHERE id = $1 AND state = 'waits for a check' AND made_by <> $2";
    if tx.run(sql, values![&id, &me.id, app.clock.now_ms()]).await? == 0 {
        return Err(Problem::Conflict("It changed meanwhile.".into()));
    }
    app.done(tx, Act { staff_id: &me.id, what: "order checked", subject: &patient, detail: id.clone() }, "orders")
        .await?;
    app.clock.let_go(&format!("{} looks at a proposal", me.name));
    Ok(go(&format!("/patients/{patient}/orders/{id}")))
}

/// It is sent back.
pub async fn send_back(asked: Asked) -> Answer {
    let (app, me, row) = (&asked.app, asked.me()?, find(&asked).await?);
    let (id, patient, why) = (row.text(0)?, row.text(12)?, asked.text("why", 300)?);
    let mut tx = app.db.begin().await?;
    let sql = "UPDATE proposal SET state = 'sent back', settled_ms = $2, settled_words = $3 WHERE id = $1 AND state = 'waits for a check'";
    if tx.run(sql, values![&id, app.clock.now_ms(), format!("by {}: {why}", me.name)]).await? == 0 {
        return Err(Problem::Conflict("It changed meanwhile.".into()));
    }
    app.done(
        tx,
        Act { staff_id: &me.id, what: "order sent back", subject: &patient, detail: format!("{id}: {why}") },
        "orders",
    )
    .await?;
    app.clock.let_go(&format!("{} looks at a proposal", me.name));
    Ok(go(&format!("/patients/{patient}/orders/{id}")))
}

/// The document for the programmer.
pub async fn fetch(asked: Asked) -> Answer {
    let (app, me, row) = (&asked.app, asked.me()?, find(&asked).await?);
    if row.text(1)? != "ready" {
        return Err(Problem::Conflict(format!("It is not ready: {}.", row.text(1)?)));
    }
    let text: Value = serde_json::from_str(&row.text(2)?).unwrap_or_default();
    let prescription =
        serde_json::from_value(text["document"].clone()).map_err(|why| Problem::Broken(why.to_string()))?;
    let now = app.clock.now_ms();
    let written = Label {
        ms: u64::try_from(row.number(4)?).unwrap_or(0),
        utc_offset_min: i16::try_from((app.local(now).0 - now) / MINUTE).unwrap_or(0),
    };
    let order = Order {
        prescription,
        written_by: row.text(5)?,
        reason: row.text(3)?,
        without_bridge: None,
        written,
        commit: None,
    };
    let unsigned = |column: usize| row.number(column).map(|number| u64::try_from(number).unwrap_or(0));
    let source = Source { kind: From::Clinic, id: "clinic".into() };
    let number = u64::try_from(now / (HOUR / 3_600)).unwrap_or(1);
    let document = Envelope::new(source, number, unsigned(13)?, unsigned(9)?, Body::Order(Box::new(order)));
    let bytes = document.to_bytes().map_err(|why| Problem::Broken(why.to_string()))?;
    let (id, patient) = (row.text(0)?, row.text(12)?);
    let tx = app.db.begin().await?;
    app.done(tx, Act { staff_id: &me.id, what: "order fetched", subject: &patient, detail: id.clone() }, "orders")
        .await?;
    Ok(file(&format!("order-{id}.json"), "application/json", bytes))
}
