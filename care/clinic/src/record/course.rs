//! The course of a therapy: doses ordered and delivered, boluses, pain, alarms, refills, visits, events; from ten years to
//! an hour, each picture with its figures underneath.

use std::collections::BTreeMap;

use pages::chart::{Chart, Event, Reference, Series, Shape};
use pages::status::Level;
use pages::timeline::{Happening, Lane, Timeline, ZOOMS, zooms};
use pages::{Local, Markup, html};

use crate::clock::{DAY, HOUR};
use crate::web::{Asked, Problem};
use crate::{App, values};

/// What the review of trials that the mission names found: pain before and after, in tenths (7.6 and 3.0 of 10).
const PUBLISHED: (f64, f64) = (7.6, 3.0);
/// Most events in a lane: a picture of more says nothing.
const LANE_MOST: i64 = 400;

/// The stretch that is looked at.
pub struct Stretch {
    key: &'static str,
    from: i64,
    to: i64,
    bucket: i64,
}

/// Reads the stretch out of the address.
pub fn stretch(asked: &Asked) -> Stretch {
    let wanted = asked.query("zoom").unwrap_or("month");
    let (key, length) = ZOOMS.iter().find(|(key, _)| *key == wanted).unwrap_or(&ZOOMS[3]);
    let to = asked.query_number("until", asked.app.clock.now_ms());
    let bucket = match length / DAY {
        0..=7 => HOUR,
        8..=120 => DAY,
        121..=400 => 7 * DAY,
        _ => 30 * DAY,
    };
    Stretch { key, from: to - length, to, bucket }
}

/// Time line and charts.
///
/// # Errors
/// [`Problem`] if the database cannot be read.
pub async fn course(
    app: &App,
    patient: &str,
    pump: Option<i64>,
    baseline: Option<i64>,
    look: &Stretch,
) -> Result<Markup, Problem> {
    let href = |key: &str| format!("/patients/{patient}?zoom={key}#course");
    let back = look.to - (look.to - look.from) / 2;
    let on = look.to + (look.to - look.from) / 2;
    Ok(html! {
        div.row {
            (zooms(app.words(), look.key, &href))
            a.button.is-quiet href={ "/patients/" (patient) "?zoom=" (look.key) "&until=" (back) "#course" } { "Earlier" }
            @if on < app.clock.now_ms() + (look.to - look.from) / 2 { a.button.is-quiet href={ "/patients/" (patient) "?zoom=" (look.key) "&until=" (on) "#course" } { "Later" } }
        }
        (lanes(app, patient, pump, look).await?.html(app.words()))
        @if let Some(pump) = pump { (doses(app, pump, look).await?) }
        (outcomes(app, patient, baseline, look).await?)
    })
}

async fn lanes(app: &App, patient: &str, pump: Option<i64>, look: &Stretch) -> Result<Timeline, Problem> {
    let moment = |app: &App, at: i64| app.local(at);
    let mut lanes = Vec::new();
    let alarms = app.db.all("SELECT since_ms, ended_ms, words, priority FROM alarm WHERE patient_id = $1 AND since_ms < $2 AND (ended_ms IS NULL OR ended_ms > $3) ORDER BY since_ms LIMIT $4", values![patient, look.to, look.from, LANE_MOST]).await?;
    let mut happenings = Vec::new();
    for row in &alarms {
        let to = row.number_or_none(1)?.unwrap_or(app.clock.now_ms());
        happenings.push(Happening {
            from: moment(app, row.number(0)?),
            to: Some(moment(app, to)),
            name: row.text(2)?,
            level: crate::web::parts::level_of(row.number(3)?),
        });
    }
    lanes.push(Lane { name: "Alarms".into(), happenings });
    if let Some(pump) = pump {
        for (name, kinds, level) in [
            ("Boluses", "'bolus'", Level::Good),
            ("Refused", "'refused'", Level::Caution),
            ("Orders", "'order', 'state'", Level::Notice),
            ("Refills", "'refill'", Level::Good),
            ("Drive and field", "'drive', 'field', 'restart'", Level::Caution),
        ] {
            let sql = format!(
                "SELECT at_ms, words FROM pump_event WHERE pump = $1 AND at_ms > $2 AND at_ms <= $3 AND kind IN ({kinds}) ORDER BY at_ms DESC LIMIT $4"
            );
            let mut happenings = Vec::new();
            for row in app.db.all(sql, values![pump, look.from, look.to, LANE_MOST]).await?.iter().rev() {
                happenings.push(Happening { from: moment(app, row.number(0)?), to: None, name: row.text(1)?, level });
            }
            lanes.push(Lane { name: name.into(), happenings });
        }
    }
    let people = [
        (
            "Visits",
            "SELECT at_ms, kind || ', ' || state FROM appointment WHERE patient_id = $1 AND at_ms > $2 AND at_ms <= $3 ORDER BY at_ms LIMIT $4",
            Level::Notice,
        ),
        (
            "Events",
            "SELECT began_ms, term FROM adverse_event WHERE patient_id = $1 AND began_ms > $2 AND began_ms <= $3 ORDER BY began_ms LIMIT $4",
            Level::Caution,
        ),
        (
            "Notes",
            "SELECT at_ms, SUBSTR(text, 1, 60) FROM note WHERE patient_id = $1 AND at_ms > $2 AND at_ms <= $3 ORDER BY at_ms LIMIT $4",
            Level::Off,
        ),
    ];
    for (name, sql, level) in people {
        let mut happenings = Vec::new();
        for row in &app.db.all(sql, values![patient, look.from, look.to, LANE_MOST]).await? {
            happenings.push(Happening { from: moment(app, row.number(0)?), to: None, name: row.text(1)?, level });
        }
        lanes.push(Lane { name: name.into(), happenings });
    }
    Ok(Timeline { title: "What happened".into(), from: app.local(look.from), to: app.local(look.to), lanes })
}

/// What the drive delivered of each drug beside what was ordered, as a rate a day.
async fn doses(app: &App, pump: i64, look: &Stretch) -> Result<Markup, Problem> {
    let sql = format!(
        "SELECT drug, ended_ms / {bucket} AS stretch, CAST(SUM(delivered_fg) AS BIGINT), COUNT(*) FROM pump_hour
         WHERE pump = $1 AND ended_ms > $2 AND ended_ms <= $3 GROUP BY drug, stretch ORDER BY drug, stretch",
        bucket = look.bucket
    );
    let mut drugs: BTreeMap<String, Vec<(i64, i64, i64)>> = BTreeMap::new();
    for row in &app.db.all(sql, values![pump, look.from, look.to]).await? {
        drugs.entry(row.text(0)?).or_default().push((row.number(1)?, row.number(2)?, row.number(3)?));
    }
    let orders = app.db.all("SELECT at_ms, words FROM pump_event WHERE pump = $1 AND kind = 'order' AND at_ms > $2 AND at_ms <= $3 ORDER BY at_ms LIMIT 20", values![pump, look.from, look.to]).await?;
    let mut events = Vec::new();
    for row in &orders {
        events.push(Event { at: app.local(row.number(0)?), name: row.text(1)? });
    }
    let now: serde_json::Value = app
        .db
        .first("SELECT order_text FROM pump_now WHERE pump = $1", values![pump])
        .await?
        .map(|row| row.text(0))
        .transpose()?
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default();
    Ok(html! {
        @for (drug, stretches) in &drugs {
            @let ordered = now["daily"].as_array().and_then(|all| all.iter().find(|one| one["drug"] == drug.as_str())).cloned().unwrap_or_default();
            (dose_chart(app, drug, stretches, &ordered, &events, look).html(app.words()))
        }
        @if drugs.is_empty() { p.meta { "No hour of this stretch was told by the pump." } }
    })
}

fn dose_chart(
    app: &App,
    drug: &str,
    stretches: &[(i64, i64, i64)],
    ordered: &serde_json::Value,
    events: &[Event],
    look: &Stretch,
) -> Chart {
    let whole = look.bucket / HOUR;
    let largest = stretches.iter().map(|(_, fg, hours)| fg / hours.max(&1) * 24).max().unwrap_or(0);
    let (per_unit, unit) = if largest >= 1_000_000_000_000 { (1e12, "mg/day") } else { (1e9, "mcg/day") };
    let mut values: Vec<(Local, Option<f64>)> = Vec::new();
    let mut before = None;
    for (stretch, fg, hours) in stretches {
        // Hours that no record tells about leave a gap in the line.
        if before.is_some_and(|before| stretch - before > 1) {
            values.push((app.local((stretch - 1) * look.bucket), None));
        }
        before = Some(*stretch);
        let enough = *hours * 4 >= whole * 3 || *stretch == look.to / look.bucket;
        let rate = *fg as f64 / (*hours).max(1) as f64 * 24.0 / per_unit;
        values.push((app.local(stretch * look.bucket), enough.then_some(rate)));
    }
    let reference =
        |key: &str, name: &str| ordered[key].as_f64().map(|fg| Reference { name: name.into(), value: fg / per_unit });
    let references = [reference("basal_fg", "ordered now, basal"), reference("all_fg", "with every bolus")]
        .into_iter()
        .flatten()
        .collect();
    Chart {
        title: format!("Dose of {drug}"),
        says: "Delivered, as the pump's drive counted it hour by hour; the line breaks where no record tells.".into(),
        quantity: format!("{drug} delivered"),
        unit: unit.into(),
        from: app.local(look.from),
        to: app.local(look.to),
        at_least: (0.0, 0.1),
        places: 2,
        bands: Vec::new(),
        series: vec![Series { name: "delivered".into(), shape: Shape::Steps, values }],
        references,
        events: events.to_vec(),
    }
}

/// What the patient told, against the beginning and against what is published.
async fn outcomes(app: &App, patient: &str, baseline: Option<i64>, look: &Stretch) -> Result<Markup, Problem> {
    let sql = format!(
        "SELECT item, at_ms / {bucket} AS stretch, CAST(AVG(tenths) AS BIGINT) FROM outcome WHERE patient_id = $1 AND at_ms > $2 AND at_ms <= $3 GROUP BY item, stretch ORDER BY item, stretch",
        bucket = look.bucket
    );
    let mut items: BTreeMap<String, Vec<(Local, Option<f64>)>> = BTreeMap::new();
    for row in &app.db.all(sql, values![patient, look.from, look.to]).await? {
        items
            .entry(row.text(0)?)
            .or_default()
            .push((app.local(row.number(1)? * look.bucket), Some(row.number(2)? as f64 / 10.0)));
    }
    let pain = items.remove("pain").unwrap_or_default();
    let mut references = vec![
        Reference { name: "published before: 7.6".into(), value: PUBLISHED.0 },
        Reference { name: "published after: 3.0".into(), value: PUBLISHED.1 },
    ];
    if let Some(baseline) = baseline {
        references.push(Reference { name: "own baseline".into(), value: baseline as f64 / 10.0 });
    }
    let chart = |title: &str, says: &str, series: Vec<Series>, references: Vec<Reference>| Chart {
        title: title.into(),
        says: says.into(),
        quantity: "rating".into(),
        unit: "0 to 10".into(),
        from: app.local(look.from),
        to: app.local(look.to),
        at_least: (0.0, 10.0),
        places: 1,
        bands: Vec::new(),
        series,
        references,
        events: Vec::new(),
    };
    let others: Vec<Series> =
        items.into_iter().map(|(name, values)| Series { name, shape: Shape::Line, values }).collect();
    Ok(html! {
        (chart("Pain", "As the patient told it; 0 is none, 10 the worst. Beside it the review of trials of intrathecal pumps: 7.6 before and 3.0 after.", vec![Series { name: "pain".into(), shape: Shape::Line, values: pain }], references).html(app.words()))
        @if !others.is_empty() { (chart("Sleep, mood, function", "Higher is better for sleep, mood and function.", others, Vec::new()).html(app.words())) }
    })
}
