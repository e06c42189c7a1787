//! The page of one patient.

use orders::Ledger;
use pages::bodymap::{Body, Site};
use pages::buttons::{Weight, link, submit};
use pages::fluid::{Fluid, Slug};
use pages::form::{Field, Kind, tick};
use pages::icon::Icon;
use pages::panels::{Figure, Origin, facts, figures, more, panel};
use pages::status::{Level, badge, callout, freshness, status};
use pages::table::{Column, Table};
use pages::{Markup, Quantity, html};
use serde_json::Value;

use super::{ORAL_MORPHINE, OTHER_MEDICINES, course};
use crate::auth::{Permission as P, Role};
use crate::clock::{DAY, HOUR};
use crate::db::Row;
use crate::web::frame::{form, page};
use crate::web::{Answer, Asked, Problem, Sheet, parts};
use crate::{App, board, refills, registry, told, values};

const WHO: &str = "SELECT id, record_number, name, born, sex, phone, stage, indication, goal, allergies, tip_level, pump_site, withdrawal_before, lives_alone, home_refill, baseline_pain_tenths FROM patient WHERE id = $1";
const NOW: &str = "SELECT pump, heard_ms, doing, flow_nl_per_day, reservoir_nl, reservoir_worst_nl, runs_low_ms, refill_by_ms, stability_ms, replace_by_ms, boluses_today, alarms, journal_next, records_held, order_number, order_text, ledger_text, battery_permille FROM pump_now WHERE patient_id = $1 ORDER BY heard_ms DESC";

/// The page.
pub async fn see(asked: Asked) -> Answer {
    let (app, id) = (&asked.app, asked.part("patient").to_owned());
    let who = app.db.first(WHO, values![&id]).await?.ok_or_else(|| Problem::NotFound("patient".into()))?;
    let now = app.db.first(NOW, values![&id]).await?;
    let pump = now.as_ref().map(|row| row.number(0)).transpose()?;
    let role = asked.me()?.role;
    let look = course::stretch(&asked);
    let name = who.text(2)?;
    let whose = html! { strong { (name) } " " span.meta { "born " (who.text(3)?) ", record " (who.text(1)?) @if let Some(pump) = pump { ", pump " (pump) } } };
    let body = html! {
        (pages::shell::heading(&name, html! { (badge(who.text(6)?)) " " (who.text(7)?) }, acts(&id, role, pump)))
        div id="now" data-live={ "patient-" (id) } { (now_panel(app, now.as_ref(), pump).await?) }
        section id="course" { h2 { "Course" }
            div id="course-live" data-live={ "patient-" (id) } { (course::course(app, &id, pump, who.number_or_none(15)?, &look).await?) }
        }
        div.columns {
            (who_panel(app, &who)?)
            @if let Some(now) = &now { (fluid_panel(app, now)?) }
            (visits_panel(&asked, &id, role, now.as_ref()).await?)
            (medicines_panel(&asked, &id, role, now.as_ref()).await?)
            (outcomes_panel(&asked, &id, role))
            (events_panel(&asked, &id, role).await?)
            (notes_panel(&asked, &id, role).await?)
            (files_panel(&asked, &id, role).await?)
            (devices_panel(app, &id).await?)
            (team_panel(&asked, &id, role).await?)
        }
    };
    page(&asked, Sheet { title: &name, whose, body }).await
}

fn acts(id: &str, role: Role, pump: Option<i64>) -> Markup {
    html! {
        @if role.may(P::Propose) && pump.is_some() { (link(Weight::Primary, &format!("/patients/{id}/orders/new"), Some(Icon::Edit), "Propose an order")) }
        (link(Weight::Plain, &format!("/patients/{id}/seen"), Some(Icon::Shield), "Who saw this"))
    }
}

async fn now_panel(app: &App, now: Option<&Row>, pump: Option<i64>) -> Result<Markup, Problem> {
    let (Some(now), Some(pump)) = (now, pump) else {
        return Ok(callout(
            Level::Notice,
            "No pump has been heard of",
            html! { p { "The page fills once a pump of this patient has told something." } },
        ));
    };
    let heard = now.number(1)?;
    let order: Value = serde_json::from_str(&now.text(15)?).unwrap_or_default();
    let words = app.words();
    let day_ago = app.clock.now_ms() - DAY;
    let delivered = app.db.all("SELECT drug, CAST(SUM(delivered_fg) AS BIGINT), COUNT(*) FROM pump_hour WHERE pump = $1 AND ended_ms > $2 GROUP BY drug ORDER BY drug", values![pump, day_ago]).await?;
    let figure = |label: &str, value: Markup, origin: Option<Origin>, note: Markup, level: Option<Level>| Figure {
        label: label.into(),
        value,
        origin,
        note,
        level,
    };
    let doing = now.text(2)?;
    let at = || html! { (parts::when(app, heard)) };
    let mut all = vec![
        figure(
            "Pump",
            html! { (doing) },
            None,
            html! { "order " (now.number(14)?) ", " (order["mode"].as_str().unwrap_or("no order")) },
            Some(if doing == "running" { Level::Good } else { Level::Danger }),
        ),
        figure("Basal flow", parts::flow(now.number(3)?).html(words), Some(Origin::Delivered), at(), None),
    ];
    for drug in order["daily"].as_array().into_iter().flatten() {
        let name = drug["drug"].as_str().unwrap_or("");
        let fg = |key: &str| Quantity::mass_fg_per_day(drug[key].as_u64().unwrap_or(0));
        all.push(figure(
            &format!("{name}, ordered"),
            fg("basal_fg").html(words),
            Some(Origin::Ordered),
            html! { "with every bolus " (fg("all_fg").html(words)) },
            None,
        ));
    }
    for row in &delivered {
        let hours = row.number(2)?;
        all.push(figure(
            &format!("{}, last 24 h", row.text(0)?),
            parts::mass(row.number(1)?).html(words),
            Some(Origin::Delivered),
            html! { (hours) " of 24 hours told" },
            None,
        ));
    }
    let by = now.number_or_none(7)?;
    let low = by.is_some_and(|by| by < app.clock.now_ms());
    all.push(figure(
        "Reservoir",
        parts::volume(now.number(4)?).html(words),
        Some(Origin::Delivered),
        html! { "at worst " (parts::volume(now.number(5)?).html(words)) },
        None,
    ));
    all.push(figure(
        "Refill by",
        html! { @match by { Some(by) => (app.local(by).date_html(words)), None => "not known" } },
        Some(Origin::Calculated),
        html! { @if let Some(at) = now.number_or_none(6)? { "low at worst " (app.local(at).date_html(words)) } },
        Some(if low { Level::Danger } else { Level::Good }),
    ));
    all.push(figure(
        "Patient boluses, 24 h",
        html! { (now.number(10)?) @if let Some(most) = order["bolus"]["allotment"].as_u64() { " of " (most) } },
        Some(Origin::Delivered),
        at(),
        None,
    ));
    all.push(figure("Battery", html! { @match now.number_or_none(17)? { Some(left) => (Quantity::percent_hundredths(i128::from(left * 10)).html(words)), None => "–" } }, Some(Origin::Measured), html! { @if let Some(at) = now.number_or_none(9)? { "to " (app.local(at).date_html(words)) " at this use" } }, None));
    let gaps = told::gaps(&app.db, pump).await?;
    Ok(html! {
        (freshness(words, app.clock.now_ms() - heard, 24 * HOUR))
        (figures(words, &all))
        p { strong { (order["mixture"].as_str().unwrap_or("no drug")) } ". " (board::stop_words(order["mixture"].as_str().unwrap_or(""))) }
        @if !gaps.is_empty() {
            (callout(Level::Unknown, "The pump's journal has gaps here", html! { p { "Not in the clinic yet: records " @for (n, (first, last)) in gaps.iter().take(6).enumerate() { @if n > 0 { ", " } (first) "–" (last) } ". No dose is worked out for them." } }))
        } @else { p.meta { "Every record of the pump's journal is here: " (now.number(13)?) ", each with the pump's own tag checked." } }
    })
}

fn who_panel(app: &App, who: &Row) -> Result<Markup, Problem> {
    let level = who.text(10)?;
    let body =
        Body { pump: Site::of(&who.text(11)?), tip: share(&level).map(|share| (level.clone(), share)), entry: None };
    Ok(panel(
        "Who",
        html! {
            (facts(&[
                ("Goal".into(), html! { (who.text(8)?) }),
                ("Allergies".into(), html! { (who.text(9)?) }),
                ("Telephone".into(), html! { a href={ "tel:" (who.text(5)?) } { (who.text(5)?) } }),
                ("Sex".into(), html! { (who.text(4)?) }),
                ("To know".into(), html! {
                    @if who.is(12)? { (status(Level::Caution, "had a withdrawal before")) " " }
                    @if who.is(13)? { (status(Level::Caution, "lives alone")) " " }
                    @if who.is(14)? { (status(Level::Notice, "refilled at home")) }
                }),
            ]))
            (body.html(app.words()))
        },
    ))
}

/// How far down the spine a level is: 0 for C1, 1 for S1.
fn share(level: &str) -> Option<f64> {
    let (part, number) = level.split_at_checked(1)?;
    let number: f64 = number.parse().ok()?;
    let above = match part {
        "C" => 0.0,
        "T" => 7.0,
        "L" => 19.0,
        "S" => 24.0,
        _ => return None,
    };
    Some(((above + number - 1.0) / 24.0).clamp(0.0, 1.0))
}

fn fluid_panel(app: &App, now: &Row) -> Result<Markup, Problem> {
    let hex: Option<String> = serde_json::from_str(&now.text(16)?).ok();
    let bytes = hex.map(|hex| {
        let digits: Vec<u32> = hex.chars().filter_map(|c| c.to_digit(16)).collect();
        digits
            .chunks(2)
            .map(|pair| u8::try_from(pair[0] << 4 | pair.get(1).unwrap_or(&0)).unwrap_or(0))
            .collect::<Vec<u8>>()
    });
    let Some(Ok(ledger)) = bytes.map(|bytes| Ledger::decode(&bytes)) else { return Ok(html! {}) };
    let mut fluids: Vec<String> = Vec::new();
    let mut slugs: Vec<Slug> = Vec::new();
    for slug in &ledger.slugs {
        let fluid = parts::mixture(&slug.mixture);
        let pattern = fluids.iter().position(|known| *known == fluid).unwrap_or_else(|| {
            fluids.push(fluid.clone());
            fluids.len() - 1
        });
        slugs.push(Slug {
            fluid,
            volume_nl: u64::from(slug.volume_nl),
            edge_nl: (u64::from(slug.edge_low_nl), u64::from(slug.edge_high_nl)),
            pattern,
            doubt: slug.doubt,
        });
    }
    if slugs.is_empty() {
        return Ok(html! {});
    }
    let reservoir = slugs.remove(0);
    let drawn = Fluid { reservoir, capacity_nl: 20_000_000, residual_nl: 500_000, tubing_nl: 250_000, path: slugs };
    Ok(panel(
        "What lies where",
        html! { (drawn.html(app.words())) p.meta { "The pump's own ledger, delivered, " (parts::when(app, now.number(1)?)) "." } },
    ))
}

async fn visits_panel(asked: &Asked, id: &str, role: Role, now: Option<&Row>) -> Result<Markup, Problem> {
    let app = &asked.app;
    let rows = app
        .db
        .all(
            "SELECT at_ms, kind, place, state FROM appointment WHERE patient_id = $1 ORDER BY at_ms DESC LIMIT 12",
            values![id],
        )
        .await?;
    let mut cells = Vec::new();
    let mut booked = None;
    for row in &rows {
        if row.text(3)? == "booked" && row.text(1)? == "refill" {
            booked = Some(row.number(0)?);
        }
        let state = row.text(3)?;
        let level = match state.as_str() {
            "booked" => Level::Notice,
            "done" => Level::Good,
            _ => Level::Off,
        };
        cells.push(vec![
            parts::when(app, row.number(0)?),
            html! { (row.text(1)?) ", " (row.text(2)?) },
            status(level, state),
        ]);
    }
    let by = now.map(|now| now.number_or_none(7)).transpose()?.flatten();
    let table = Table {
        caption: "Visits".into(),
        quiet_caption: true,
        columns: ["When", "What", "State"].map(Column::words).to_vec(),
        rows: cells,
        empty: "No visit yet.".into(),
    };
    let visits: Vec<&str> = refills::VISITS.to_vec();
    Ok(panel(
        "Visits",
        html! {
            @if let Some(by) = by { p { "Refill by " (parts::due(app, Some(by), 10)) " " (refills::cover(app, by, booked)) } }
            (table.html(app.words()))
            @if role.may(P::Book) {
                (more("Book a visit", form(asked, &format!("/patients/{id}/appointments"), html! {
                    (parts::choose_word(app, "kind", "What", &visits))
                    (parts::field(app, "at", "When", Kind::DateTime))
                    (parts::field(app, "place", "Where", Kind::Text))
                    (tick("known", "I know if it lies after the refill-by date", false))
                    (submit(Weight::Primary, Some(Icon::Calendar), "Book"))
                })))
                (more("Write down a call", form(asked, &format!("/patients/{id}/outreach"), html! {
                    (parts::choose_word(app, "how", "How", &["telephone", "letter", "message", "visit"]))
                    (parts::field(app, "outcome", "What came of it", Kind::Text))
                    (submit(Weight::Plain, Some(Icon::Phone), "Keep"))
                })))
            }
        },
    ))
}

async fn medicines_panel(asked: &Asked, id: &str, role: Role, now: Option<&Row>) -> Result<Markup, Problem> {
    let app = &asked.app;
    let rows = app.db.all("SELECT drug, mcg_per_day, since_ms FROM medication WHERE patient_id = $1 AND until_ms IS NULL ORDER BY drug", values![id]).await?;
    let (mut cells, mut sum) = (Vec::new(), 0);
    for row in &rows {
        let (drug, mcg) = (row.text(0)?, row.number(1)?);
        let factor = ORAL_MORPHINE.iter().find(|(name, _)| *name == drug).map(|(_, factor)| *factor);
        let oral = factor.map(|factor| mcg * factor / 100);
        sum += oral.unwrap_or(0);
        let dose = Quantity::mass_fg_per_day(u64::try_from(mcg).unwrap_or(0).saturating_mul(1_000_000_000));
        cells.push(vec![html! { (drug) }, parts::number(app, dose, Origin::Ordered, None), html! { @match oral { Some(mcg) => (Quantity::mass_fg_per_day(u64::try_from(mcg).unwrap_or(0) * 1_000_000_000).html(app.words())), None => "–" } }, parts::when(app, row.number(2)?)]);
    }
    let order: Value =
        now.map(|now| now.text(15)).transpose()?.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let morphine = order["daily"]
        .as_array()
        .and_then(|all| all.iter().find(|one| one["drug"] == "morphine"))
        .and_then(|one| one["basal_fg"].as_u64());
    let table = Table {
        caption: "Medicines".into(),
        quiet_caption: true,
        columns: ["Medicine", "Dose", "Oral morphine equivalent", "Since"].map(Column::words).to_vec(),
        rows: cells,
        empty: "No medicine is entered.".into(),
    };
    let names: Vec<&str> = ORAL_MORPHINE.iter().map(|(name, _)| *name).chain(OTHER_MEDICINES.iter().copied()).collect();
    let fg = |fg: u64| Quantity::mass_fg_per_day(fg);
    Ok(panel(
        "Medicines beside the pump",
        html! {
            (table.html(app.words()))
            p { "Systemic opioids: " (parts::number(app, fg(u64::try_from(sum).unwrap_or(0) * 1_000_000_000), Origin::Calculated, None)) " of oral morphine (CDC 2022 factors, recalled)." }
            @if let Some(morphine) = morphine {
                p { "Intrathecal morphine: " (parts::number(app, fg(morphine), Origin::Ordered, None)) ". Published ratios oral to intrathecal run from 12 to 300, so this stands for anything from " (fg(morphine.saturating_mul(12)).html(app.words())) " to " (fg(morphine.saturating_mul(300)).html(app.words())) " by mouth. Never convert by one number." }
            }
            @if role.may(P::WriteRecord) {
                (more("Enter a medicine", form(asked, &format!("/patients/{id}/medicines"), html! {
                    (parts::choose_word(app, "drug", "Medicine", &names))
                    (parts::field_with(app, Field { name: "mg_per_day", label: "Dose a day", unit: Some("mg/day"), kind: Kind::Decimal, hint: Some("0 ends it"), ..Field::default() }))
                    (submit(Weight::Plain, None, "Keep"))
                })))
            }
        },
    ))
}

fn outcomes_panel(asked: &Asked, id: &str, role: Role) -> Markup {
    let app = &asked.app;
    html! { @if role.may(P::WriteRecord) {
        (panel("Outcomes", html! {
            p { "Entered at a visit; what the patient enters on the handset arrives by itself." }
            (form(asked, &format!("/patients/{id}/outcomes"), html! {
                @for (name, label) in [("pain", "Pain now, 0 to 10"), ("sleep", "Sleep, 0 to 10, 10 best"), ("mood", "Mood, 0 to 10, 10 best"), ("function", "Function, 0 to 10, 10 best")] {
                    (parts::field_with(app, Field { name, label, kind: Kind::Decimal, optional: true, ..Field::default() }))
                }
                (submit(Weight::Plain, None, "Keep"))
            }))
        }))
    } }
}

async fn events_panel(asked: &Asked, id: &str, role: Role) -> Result<Markup, Problem> {
    let app = &asked.app;
    let rows = app.db.all("SELECT began_ms, category, component, term, grade, is_serious, ended_ms, action FROM adverse_event WHERE patient_id = $1 ORDER BY began_ms DESC LIMIT 20", values![id]).await?;
    let mut cells = Vec::new();
    for row in &rows {
        let serious = if row.is(5)? { status(Level::Danger, "serious") } else { status(Level::Notice, "not serious") };
        cells.push(vec![html! { (row.text(3)?) " " span.meta { (row.text(7)?) } }, html! { (row.text(1)?) ", " (row.text(2)?) }, html! { "grade " (row.number(4)?) " " (serious) }, html! { (parts::when(app, row.number(0)?)) @if let Some(at) = row.number_or_none(6)? { " to " (parts::when(app, at)) } }]);
    }
    let table = Table {
        caption: "Side effects and complications".into(),
        quiet_caption: true,
        columns: ["What", "Of", "Grade", "When"].map(Column::words).to_vec(),
        rows: cells,
        empty: "None is entered.".into(),
    };
    Ok(panel(
        "Side effects and complications",
        html! {
            (table.html(app.words()))
            @if role.may(P::WriteRecord) {
                (more("Enter an event", form(asked, &format!("/patients/{id}/events"), html! {
                    (parts::choose_word(app, "term", "What", registry::TERMS))
                    (parts::choose_word(app, "category", "Because of", registry::CATEGORIES))
                    (parts::choose_word(app, "component", "Component", registry::COMPONENTS))
                    (parts::field_with(app, Field { name: "grade", label: "Grade", hint: Some("CTCAE: 1 mild, 2 moderate, 3 severe, 4 life-threatening, 5 death"), kind: Kind::Whole, ..Field::default() }))
                    (tick("serious", "Serious", false))
                    (parts::field(app, "action", "What was done", Kind::Text))
                    (submit(Weight::Plain, None, "Keep"))
                })))
            }
        },
    ))
}

async fn notes_panel(asked: &Asked, id: &str, role: Role) -> Result<Markup, Problem> {
    let app = &asked.app;
    let rows = app.db.all("SELECT note.at_ms, staff.name, note.text FROM note JOIN staff ON staff.id = staff_id WHERE patient_id = $1 ORDER BY note.at_ms DESC LIMIT 20", values![id]).await?;
    let mut notes = Vec::new();
    for row in &rows {
        notes.push(html! { div.note { p { (row.text(2)?) } span.meta { (row.text(1)?) ", " (parts::when(app, row.number(0)?)) } } });
    }
    Ok(panel(
        "Notes",
        html! {
            @if notes.is_empty() { p.meta { "No note yet." } }
            @for note in notes { (note) }
            @if role.may(P::WriteRecord) {
                (form(asked, &format!("/patients/{id}/notes"), html! { (parts::field(app, "text", "New note", Kind::Lines)) (submit(Weight::Plain, None, "Keep the note")) }))
            }
        },
    ))
}

async fn files_panel(asked: &Asked, id: &str, role: Role) -> Result<Markup, Problem> {
    let app = &asked.app;
    let rows = app
        .db
        .all(
            "SELECT id, name, at_ms, LENGTH(bytes) FROM attachment WHERE patient_id = $1 ORDER BY at_ms DESC LIMIT 20",
            values![id],
        )
        .await?;
    let mut files = Vec::new();
    for row in &rows {
        files.push(html! { li { a href={ "/patients/" (id) "/attachments/" (row.text(0)?) } { (row.text(1)?) } " " span.meta { (row.number(3)? / 1_000) " kB, " (parts::when(app, row.number(2)?)) } } });
    }
    let token = asked.me()?.form_token.clone();
    Ok(panel(
        "Attachments",
        html! {
            ul { @for file in files { (file) } }
            @if role.may(P::WriteRecord) {
                form.form method="post" enctype="multipart/form-data" action={ "/patients/" (id) "/attachments" } {
                    (pages::form::unseen("form_token", &token))
                    label for="file" { "Image or document, 12 MB at most" }
                    input id="file" type="file" name="file" required;
                    (submit(Weight::Plain, None, "Attach"))
                }
            }
        },
    ))
}

async fn devices_panel(app: &App, id: &str) -> Result<Markup, Problem> {
    let rows = app.db.all("SELECT device.id, kind, model, serial, lot, since_ms, device_use.until_ms, ended_why FROM device_use JOIN device ON device.id = device_id WHERE patient_id = $1 ORDER BY since_ms DESC", values![id]).await?;
    let out = app.db.all("SELECT device.serial, staff.name, at_ms, check_out.until_ms FROM check_out JOIN device ON device.id = check_out.device_id JOIN staff ON staff.id = check_out.staff_id WHERE patient_id = $1 AND ended_ms IS NULL", values![id]).await?;
    let mut cells = Vec::new();
    for row in &rows {
        let state = match row.number_or_none(6)? {
            Some(at) => {
                html! { (status(Level::Off, "until")) " " (parts::when(app, at)) " " (row.text_or_none(7)?.unwrap_or_default()) }
            }
            None => status(Level::Good, "in use"),
        };
        cells.push(vec![
            html! { a href={ "/devices/" (row.text(0)?) } { (row.text(1)?) " " (row.text(3)?) } },
            html! { (row.text(2)?) ", lot " (row.text(4)?) },
            parts::when(app, row.number(5)?),
            state,
        ]);
    }
    let mut away = Vec::new();
    for row in &out {
        away.push(html! { p { (status(Level::Notice, "checked out")) " to programmer " (row.text(0)?) " by " (row.text(1)?) ", until " (parts::when(app, row.number(3)?)) } });
    }
    let table = Table {
        caption: "Devices".into(),
        quiet_caption: true,
        columns: ["Device", "Model", "Since", "State"].map(Column::words).to_vec(),
        rows: cells,
        empty: "No device yet.".into(),
    };
    Ok(panel("Devices, by component", html! { (table.html(app.words())) @for one in away { (one) } }))
}

async fn team_panel(asked: &Asked, id: &str, role: Role) -> Result<Markup, Problem> {
    let app = &asked.app;
    let rows = app.db.all("SELECT staff.name, staff.role FROM care_team JOIN staff ON staff.id = staff_id WHERE patient_id = $1 ORDER BY staff.name", values![id]).await?;
    let mut team = Vec::new();
    for row in &rows {
        team.push(html! { li { (row.text(0)?) " " (badge(row.text(1)?)) } });
    }
    let programmers =
        app.db.all("SELECT serial FROM device WHERE kind = 'programmer' ORDER BY serial", values![]).await?;
    let programmers: Vec<String> = programmers.iter().map(|row| row.text(0)).collect::<Result<_, _>>()?;
    let programmers: Vec<&str> = programmers.iter().map(String::as_str).collect();
    Ok(panel(
        "Care team",
        html! {
            ul { @for one in team { (one) } }
            @if role.may(P::AdmitPatients) { (form(asked, &format!("/patients/{id}/team"), html! { (parts::field(app, "sign_in", "Add by sign-in name", Kind::Text)) (submit(Weight::Plain, None, "Add to the team")) })) }
            @if role.may(P::CheckOut) && !programmers.is_empty() {
                (more("Check out to a programmer", form(asked, &format!("/patients/{id}/check-out"), html! { (parts::choose_word(app, "programmer", "Programmer", &programmers)) (submit(Weight::Plain, Some(Icon::Card), "Check out and fetch the file")) })))
            }
        },
    ))
}

/// Who has opened this record, and what they did.
pub async fn seen(asked: Asked) -> Answer {
    let (app, id) = (&asked.app, asked.part("patient").to_owned());
    let lines = crate::audit::newest(&app.db, Some(&id), i64::MAX, 200).await?;
    let names = app.db.all("SELECT id, name FROM staff", values![]).await?;
    let names: std::collections::BTreeMap<String, String> =
        names.iter().map(|row| Ok((row.text(0)?, row.text(1)?))).collect::<Result<_, Problem>>()?;
    let rows = lines
        .iter()
        .map(|line| {
            vec![
                parts::when(app, line.at_ms),
                html! { (names.get(&line.staff_id).map_or(line.staff_id.as_str(), String::as_str)) },
                html! { (line.what) },
                html! { (line.detail) },
            ]
        })
        .collect();
    let table = Table {
        caption: "Who saw and did what".into(),
        quiet_caption: true,
        columns: ["When", "Who", "What", "More"].map(Column::words).to_vec(),
        rows,
        empty: "Nobody yet.".into(),
    };
    let body = html! { h1 { "Who saw this record" } (table.html(app.words())) (link(Weight::Plain, &format!("/patients/{id}"), Some(Icon::Back), "To the record")) };
    page(&asked, Sheet::new("Who saw this record", body)).await
}
