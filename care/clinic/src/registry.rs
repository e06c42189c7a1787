//! Events under codes, and what they come to: the first page of a registry, and the formulary's page.

use pages::buttons::{Weight, link};
use pages::html;
use pages::icon::Icon;
use pages::panels::panel;
use pages::table::{Column, Table};

use crate::audit::{self, Act};
use crate::clock::DAY;
use crate::values;
use crate::web::frame::page;
use crate::web::{Answer, Asked, Sheet, file};

/// Why somebody has a pump.
pub const INDICATIONS: &[&str] = &[
    "failed back surgery",
    "neuropathic pain",
    "complex regional pain syndrome",
    "cancer pain",
    "post-herpetic neuralgia",
    "peripheral neuropathy",
    "mixed pain",
    "spasticity, spinal",
    "spasticity, cerebral",
    "severe chronic pain",
];
/// What it is because of.
pub const CATEGORIES: &[&str] = &["procedure", "device", "drug", "disease", "human"];
/// Which component.
pub const COMPONENTS: &[&str] = &["none", "pump", "catheter", "connector", "reservoir port", "software", "handset"];
/// What can be entered: the mission's lists of side effects and complications.
pub const TERMS: &[&str] = &[
    "nausea",
    "vomiting",
    "constipation",
    "itching",
    "sedation",
    "sweating",
    "dry mouth",
    "urinary retention",
    "fatigue",
    "confusion",
    "oedema",
    "slow breathing",
    "low mood",
    "loss of libido",
    "hormone deficiency",
    "falls",
    "dental problems",
    "headache",
    "new numbness",
    "new weakness",
    "new pain at the level of the tip",
    "infection, superficial",
    "infection, deep",
    "meningitis",
    "bleeding",
    "leak of spinal fluid",
    "seroma",
    "catheter dislocation",
    "catheter kink",
    "catheter leak",
    "catheter occlusion",
    "catheter disconnection",
    "mass at the catheter tip",
    "pump stall",
    "pump flipped",
    "pump moved",
    "battery exhausted",
    "pocket fill",
    "overfill",
    "overdose",
    "withdrawal",
    "volume discrepancy",
    "wrong concentration",
];
/// What raises the question of a mass at the tip.
pub const OF_THE_TIP: &[&str] =
    &["new numbness", "new weakness", "new pain at the level of the tip", "mass at the catheter tip"];
/// The mission's figure: so many of 181 complications were benign and of the drug, in percent.
const BENIGN_PUBLISHED: i64 = 32;
/// Cells below this are not told: few people are easily known.
const FEWEST: i64 = 5;

const BY_CATEGORY: &str = "SELECT category, COUNT(*), CAST(COALESCE(SUM(is_serious), 0) AS BIGINT), CAST(COALESCE(SUM(CASE WHEN grade <= 2 THEN 1 ELSE 0 END), 0) AS BIGINT), COUNT(DISTINCT patient_id) FROM adverse_event GROUP BY category ORDER BY COUNT(*) DESC";

/// The page.
pub async fn see(asked: Asked) -> Answer {
    let app = &asked.app;
    let db = &app.db;
    let count =
        |number: i64| if number > 0 && number < FEWEST { format!("fewer than {FEWEST}") } else { number.to_string() };
    let events = db.all(BY_CATEGORY, values![]).await?;
    let (mut all, mut benign) = (0, 0);
    let mut by_category = Vec::new();
    for row in &events {
        all += row.number(1)?;
        if row.text(0)? == "drug" {
            benign = row.number(3)?;
        }
        by_category.push(vec![
            html! { (row.text(0)?) },
            html! { (count(row.number(1)?)) },
            html! { (count(row.number(2)?)) },
            html! { (count(row.number(4)?)) },
        ]);
    }
    let mut by_term = Vec::new();
    for row in &db.all("SELECT term, component, COUNT(*) FROM adverse_event GROUP BY term, component ORDER BY COUNT(*) DESC, term LIMIT 40", values![]).await? {
        by_term.push(vec![html! { (row.text(0)?) }, html! { (row.text(1)?) }, html! { (count(row.number(2)?)) }]);
    }
    let mut by_indication = Vec::new();
    for row in &db.all("SELECT indication, COUNT(*), CAST(AVG(baseline_pain_tenths) AS BIGINT) FROM patient GROUP BY indication ORDER BY COUNT(*) DESC", values![]).await? {
        by_indication.push(vec![html! { (row.text(0)?) }, html! { (count(row.number(1)?)) }, html! { @match row.number_or_none(2)? { Some(tenths) => (crate::web::parts::tenths(tenths)), None => "–" } }]);
    }
    let month = app.clock.now_ms() - 30 * DAY;
    let pain = db.first("SELECT CAST(AVG(tenths) AS BIGINT), COUNT(DISTINCT patient_id) FROM outcome WHERE item = 'pain' AND at_ms > $1", values![month]).await?;
    let before = db
        .number(
            "SELECT CAST(AVG(baseline_pain_tenths) AS BIGINT) FROM patient WHERE baseline_pain_tenths IS NOT NULL",
            values![],
        )
        .await?;
    let table = |caption: &str, columns: &[&str], rows| Table {
        caption: caption.into(),
        quiet_caption: true,
        columns: columns.iter().map(|head| Column::words(*head)).collect(),
        rows,
        empty: "Nothing is entered yet.".into(),
    };
    let body = html! {
        (pages::shell::heading("Registry", html! { "Events and outcomes of everybody followed here. Groups of fewer than five are not told." }, link(Weight::Plain, "/registry.csv", Some(Icon::Print), "CSV")))
        @if let Some(pain) = pain { p { "Pain: " strong { (crate::web::parts::tenths(before)) } " before (mean of baselines), " strong { (pain.number_or_none(0)?.map_or_else(|| "–".into(), crate::web::parts::tenths)) } " in the last 30 days (" (pain.number(1)?) " patients). Published: 7.6 before, 3.0 after." } }
        p { "Of " (all) " events, " (if all > 0 { benign * 100 / all } else { 0 }) " % are mild or moderate and of the drug; published: " (BENIGN_PUBLISHED) " % of 181." }
        div.columns {
            (panel("By cause", html! { (table("By cause", &["Cause", "Events", "Serious", "Patients"], by_category).html(app.words())) }))
            (panel("By event", html! { (table("By event", &["Event", "Component", "Count"], by_term).html(app.words())) }))
            (panel("By indication", html! { (table("By indication", &["Indication", "Patients", "Pain before, mean"], by_indication).html(app.words())) }))
        }
    };
    page(&asked, Sheet::new("Registry", body)).await
}

/// Every event without who it was: pseudonym, code, grade.
pub async fn csv(asked: Asked) -> Answer {
    let (app, me) = (&asked.app, asked.me()?);
    let rows = app.db.all("SELECT patient_id, began_ms, category, component, term, grade, is_serious FROM adverse_event ORDER BY began_ms, id", values![]).await?;
    let mut text = String::from("patient,day,cause,component,event,grade,serious\r\n");
    for row in &rows {
        let pseudonym = &audit::hex(&crate::secret::sha256(row.text(0)?.as_bytes()))[..12];
        text.push_str(&format!(
            "{pseudonym},{},{},{},\"{}\",{},{}\r\n",
            app.day(row.number(1)?),
            row.text(2)?,
            row.text(3)?,
            row.text(4)?.replace('"', "\"\""),
            row.number(5)?,
            row.number(6)?
        ));
    }
    audit::note(
        &app.db,
        &app.clock,
        Act {
            staff_id: &me.id,
            what: "registry exported",
            subject: "registry",
            detail: format!("{} events", rows.len()),
        },
    )
    .await?;
    Ok(file("registry.csv", "text/csv; charset=utf-8", text))
}
