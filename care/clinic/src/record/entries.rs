//! What people write into a record. Nothing is overwritten: a note is amended by another, a medicine ends and another begins.

use pages::buttons::{Weight, submit};
use pages::form::{Field, Kind, tick};
use pages::html;

use super::{ORAL_MORPHINE, OTHER_MEDICINES};
use crate::audit::Act;
use crate::clock::DAY;
use crate::db::{DbError, Tx};
use crate::web::frame::{form, page};
use crate::web::{Answer, Asked, Problem, Sheet, file, go, parts};
use crate::{alarms, board, registry, secret, values};

/// A note.
pub async fn note(asked: Asked) -> Answer {
    let (app, me, patient) = (&asked.app, asked.me()?, asked.part("patient").to_owned());
    let text = asked.text("text", 8_000)?;
    let mut tx = app.db.begin().await?;
    let id = secret::id();
    tx.run(
        "INSERT INTO note (id, patient_id, at_ms, staff_id, text) VALUES ($1, $2, $3, $4, $5)",
        values![&id, &patient, app.clock.now_ms(), &me.id, text],
    )
    .await?;
    app.done(
        tx,
        Act { staff_id: &me.id, what: "note written", subject: &patient, detail: id },
        &format!("patient-{patient}"),
    )
    .await?;
    Ok(go(&format!("/patients/{patient}")))
}

/// Ratings told at a visit.
pub async fn outcomes(asked: Asked) -> Answer {
    let (app, me, patient) = (&asked.app, asked.me()?, asked.part("patient").to_owned());
    let mut told = Vec::new();
    for item in ["pain", "sleep", "mood", "function"] {
        if !asked.entry(item).is_empty() {
            told.push((item, asked.decimal(item, 1, 0..=100)?));
        }
    }
    if told.is_empty() {
        return Err(Problem::Entry("No rating was entered.".into()));
    }
    let now = app.clock.now_ms();
    let mut tx = app.db.begin().await?;
    for (item, tenths) in &told {
        let values = values![secret::id(), &patient, now, *item, *tenths, &me.id];
        tx.run("INSERT INTO outcome (id, patient_id, at_ms, item, tenths, recall, told_by) VALUES ($1, $2, $3, $4, $5, 'now', $6)", values).await?;
    }
    let detail =
        told.iter().map(|(item, tenths)| format!("{item} {}", parts::tenths(*tenths))).collect::<Vec<_>>().join(", ");
    app.done(
        tx,
        Act { staff_id: &me.id, what: "outcomes entered", subject: &patient, detail },
        &format!("patient-{patient}"),
    )
    .await?;
    Ok(go(&format!("/patients/{patient}")))
}

/// A side effect or a complication.
pub async fn event(asked: Asked) -> Answer {
    let (app, me, patient) = (&asked.app, asked.me()?, asked.part("patient").to_owned());
    let (term, category, component) = (
        asked.one_of("term", registry::TERMS)?,
        asked.one_of("category", registry::CATEGORIES)?,
        asked.one_of("component", registry::COMPONENTS)?,
    );
    let (grade, action) = (asked.number("grade", 1..=5)?, asked.text("action", 300)?);
    let serious = asked.entry("serious") == "yes" || grade >= 4;
    let now = app.clock.now_ms();
    // A serious event of a device is reported within ten days (MDR art. 87, for a serious deterioration).
    let report_due = (serious && component != "none").then_some(now + 10 * DAY);
    let mut tx = app.db.begin().await?;
    tx.run(
        "INSERT INTO adverse_event (id, patient_id, began_ms, category, component, term, grade, is_serious, action, report_due_ms, made_by, made_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $3)",
        values![secret::id(), &patient, now, category, component, term, grade, serious, action, report_due, &me.id],
    )
    .await?;
    if let Some(due) = report_due {
        let words = format!("{term} of the {component}: report it to the authority");
        tx.run(
            "INSERT INTO task (id, patient_id, kind, words, due_ms, made_ms) VALUES ($1, $2, 'report', $3, $4, $5)",
            values![secret::id(), &patient, words, due, now],
        )
        .await?;
    }
    if registry::OF_THE_TIP.contains(&term) {
        alarms::ask_about_tip(
            &mut tx,
            now,
            &patient,
            &format!(
                "{term}: could there be a mass at the catheter tip? Consider MRI with contrast at the level of the tip"
            ),
        )
        .await?;
    }
    app.done(
        tx,
        Act {
            staff_id: &me.id,
            what: "event entered",
            subject: &patient,
            detail: format!("{term}, {category}, grade {grade}"),
        },
        &format!("board patient-{patient}"),
    )
    .await?;
    Ok(go(&format!("/patients/{patient}")))
}

/// A medicine beside the pump begins, changes or ends.
pub async fn medicine(asked: Asked) -> Answer {
    let (app, me, patient) = (&asked.app, asked.me()?, asked.part("patient").to_owned());
    let names: Vec<&str> = ORAL_MORPHINE.iter().map(|(name, _)| *name).chain(OTHER_MEDICINES.iter().copied()).collect();
    let (drug, mcg) = (asked.one_of("drug", &names)?, asked.decimal("mg_per_day", 3, 0..=20_000_000)?);
    let now = app.clock.now_ms();
    let mut tx = app.db.begin().await?;
    tx.run(
        "UPDATE medication SET until_ms = $3 WHERE patient_id = $1 AND drug = $2 AND until_ms IS NULL",
        values![&patient, drug, now],
    )
    .await?;
    if mcg > 0 {
        tx.run("INSERT INTO medication (id, patient_id, drug, mcg_per_day, since_ms, made_by) VALUES ($1, $2, $3, $4, $5, $6)", values![secret::id(), &patient, drug, mcg, now, &me.id]).await?;
    }
    app.done(
        tx,
        Act {
            staff_id: &me.id,
            what: "medicine entered",
            subject: &patient,
            detail: format!("{drug}, {} mg/day", asked.entry("mg_per_day")),
        },
        &format!("patient-{patient}"),
    )
    .await?;
    Ok(go(&format!("/patients/{patient}")))
}

/// Kinds of files that are kept. What a browser would run is not among them.
const MEDIA: &[&str] =
    &["application/pdf", "image/png", "image/jpeg", "image/webp", "text/plain", "text/csv", "application/dicom"];

/// A file.
pub async fn attach(asked: Asked) -> Answer {
    let (app, me, patient) = (&asked.app, asked.me()?, asked.part("patient").to_owned());
    let upload = asked
        .upload
        .as_ref()
        .filter(|upload| !upload.bytes.is_empty())
        .ok_or_else(|| Problem::Entry("No file was chosen.".into()))?;
    if !MEDIA.contains(&upload.media_type.as_str()) {
        return Err(Problem::Entry(format!(
            "{:?} is of the kind {:?}; kept are: {}.",
            upload.name,
            upload.media_type,
            MEDIA.join(", ")
        )));
    }
    let name: String = upload.name.chars().filter(|c| !c.is_control()).take(120).collect();
    let mut tx = app.db.begin().await?;
    tx.run(
        "INSERT INTO attachment (id, patient_id, at_ms, staff_id, name, media_type, sha256, bytes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        values![secret::id(), &patient, app.clock.now_ms(), &me.id, &name, &upload.media_type, secret::sha256(&upload.bytes), upload.bytes.to_vec()],
    )
    .await?;
    app.done(
        tx,
        Act { staff_id: &me.id, what: "file attached", subject: &patient, detail: name },
        &format!("patient-{patient}"),
    )
    .await?;
    Ok(go(&format!("/patients/{patient}")))
}

/// A file back, as a file and never as a page.
pub async fn attachment(asked: Asked) -> Answer {
    let sql = "SELECT name, bytes, sha256 FROM attachment WHERE id = $1 AND patient_id = $2";
    let row = asked.app.db.first(sql, values![asked.part("attachment"), asked.part("patient")]).await?;
    let row = row.ok_or_else(|| Problem::NotFound("attachment".into()))?;
    let bytes = row.bytes(1)?;
    if secret::sha256(&bytes).to_vec() != row.bytes(2)? {
        return Err(Problem::Broken("an attachment does not have the hash it was kept with".into()));
    }
    Ok(file(&row.text(0)?, "application/octet-stream", bytes))
}

/// The form of a new patient.
pub async fn new(asked: Asked) -> Answer {
    let app = &asked.app;
    let sites = [
        ("abdomen-right", "Abdomen, right"),
        ("abdomen-left", "Abdomen, left"),
        ("flank-right", "Flank, right"),
        ("flank-left", "Flank, left"),
        ("none", "None yet"),
    ];
    let body = html! {
        h1 { "New patient" }
        (form(&asked, "/patients", html! {
            (parts::field(app, "record_number", "Record number", Kind::Text))
            (parts::field(app, "name", "Name", Kind::Text))
            (parts::field(app, "born", "Born", Kind::Date))
            (parts::choose_word(app, "sex", "Sex", &["female", "male", "other"]))
            (parts::field(app, "phone", "Telephone", Kind::Telephone))
            (parts::choose_word(app, "stage", "Stage", board::STAGES))
            (parts::choose_word(app, "indication", "Indication", registry::INDICATIONS))
            (parts::field(app, "goal", "What the patient wants to do again", Kind::Text))
            (parts::field(app, "allergies", "Allergies", Kind::Text))
            (parts::field_with(app, Field { name: "tip_level", label: "Level of the catheter tip", hint: Some("such as T10"), optional: true, ..Field::default() }))
            (parts::choose(app, "pump_site", "Place of the pump", &sites, "none"))
            (parts::field_with(app, Field { name: "baseline_pain", label: "Pain at the beginning, 0 to 10", kind: Kind::Decimal, optional: true, ..Field::default() }))
            (tick("withdrawal_before", "Had a withdrawal before", false))
            (tick("lives_alone", "Lives alone", false))
            (tick("home_refill", "Refilled at home", false))
            (submit(Weight::Primary, None, "Enter the patient"))
        }))
    };
    page(&asked, Sheet::new("New patient", body)).await
}

/// A patient to enter.
#[derive(Debug, Clone, Default)]
pub struct NewPatient {
    /// The hospital's number.
    pub record_number: String,
    /// The name.
    pub name: String,
    /// ISO date.
    pub born: String,
    /// `female`, `male`, `other`.
    pub sex: String,
    /// Telephone.
    pub phone: String,
    /// One of [`board::STAGES`].
    pub stage: String,
    /// One of [`registry::INDICATIONS`].
    pub indication: String,
    /// What the patient wants to do again.
    pub goal: String,
    /// Allergies.
    pub allergies: String,
    /// Level of the tip, such as T10; empty before.
    pub tip_level: String,
    /// Place of the pump as the body map names it, or `none`.
    pub pump_site: String,
    /// Had a withdrawal before.
    pub withdrawal_before: bool,
    /// Lives alone.
    pub lives_alone: bool,
    /// Refilled at home.
    pub home_refill: bool,
    /// Pain at the beginning, tenths.
    pub baseline_pain_tenths: Option<i64>,
}

/// Enters a patient with a first member of the team; the new id.
///
/// # Errors
/// [`DbError`].
pub async fn enter(tx: &mut Tx, now: i64, new: &NewPatient, team: &str) -> Result<String, DbError> {
    let id = secret::id();
    let search = format!("{} {}", new.name.to_lowercase(), new.record_number.to_lowercase());
    tx.run(
        "INSERT INTO patient (id, record_number, name, born, sex, phone, stage, indication, goal, allergies, tip_level, pump_site, withdrawal_before, lives_alone, home_refill, baseline_pain_tenths, search, made_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
        values![
            &id, &new.record_number, &new.name, &new.born, &new.sex, &new.phone, &new.stage, &new.indication, &new.goal, &new.allergies,
            &new.tip_level, &new.pump_site, new.withdrawal_before, new.lives_alone, new.home_refill, new.baseline_pain_tenths, search, now
        ],
    )
    .await?;
    tx.run("INSERT INTO care_team (patient_id, staff_id, since_ms) VALUES ($1, $2, $3)", values![&id, team, now])
        .await?;
    Ok(id)
}

/// Enters a patient; whoever does is of the team.
pub async fn admit(asked: Asked) -> Answer {
    let (app, me) = (&asked.app, asked.me()?);
    let sexes = ["female", "male", "other"];
    let sites = ["abdomen-right", "abdomen-left", "flank-right", "flank-left", "none"];
    let new = NewPatient {
        record_number: asked.text("record_number", 40)?,
        name: asked.text("name", 120)?,
        born: asked.day("born")?.to_string(),
        sex: asked.one_of("sex", &sexes)?.into(),
        phone: asked.text("phone", 40)?,
        stage: asked.one_of("stage", board::STAGES)?.into(),
        indication: asked.one_of("indication", registry::INDICATIONS)?.into(),
        goal: asked.text("goal", 300)?,
        allergies: asked.text("allergies", 300)?,
        tip_level: asked.entry("tip_level").into(),
        pump_site: asked.one_of("pump_site", &sites)?.into(),
        withdrawal_before: asked.entry("withdrawal_before") == "yes",
        lives_alone: asked.entry("lives_alone") == "yes",
        home_refill: asked.entry("home_refill") == "yes",
        baseline_pain_tenths: if asked.entry("baseline_pain").is_empty() {
            None
        } else {
            Some(asked.decimal("baseline_pain", 1, 0..=100)?)
        },
    };
    let mut tx = app.db.begin().await?;
    let id = enter(&mut tx, app.clock.now_ms(), &new, &me.id).await?;
    app.done(tx, Act { staff_id: &me.id, what: "patient entered", subject: &id, detail: new.record_number }, "board")
        .await?;
    Ok(go(&format!("/patients/{id}")))
}

/// Somebody joins the team.
pub async fn join_team(asked: Asked) -> Answer {
    let (app, me, patient) = (&asked.app, asked.me()?, asked.part("patient").to_owned());
    let sign_in = asked.text("sign_in", 80)?.to_lowercase();
    let row = app.db.first("SELECT id FROM staff WHERE sign_in = $1 AND is_active = 1", values![&sign_in]).await?;
    let staff = row.ok_or_else(|| Problem::Entry(format!("Nobody here signs in as {sign_in:?}.")))?.text(0)?;
    let mut tx = app.db.begin().await?;
    tx.run(
        "INSERT INTO care_team (patient_id, staff_id, since_ms) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        values![&patient, &staff, app.clock.now_ms()],
    )
    .await?;
    app.done(
        tx,
        Act { staff_id: &me.id, what: "joined the team", subject: &patient, detail: sign_in },
        &format!("patient-{patient}"),
    )
    .await?;
    Ok(go(&format!("/patients/{patient}")))
}
