//! Accounts, and the audit for people to read.

use pages::buttons::{Weight, link, submit};
use pages::form::{Field, Kind};
use pages::html;
use pages::panels::panel;
use pages::status::{Level, callout, status};
use pages::table::{Column, Table};

use crate::audit::{self, Act};
use crate::auth::{Role, password, session};
use crate::db::{Db, DbError, Tx};
use crate::web::frame::{form, page};
use crate::web::{Answer, Asked, Problem, Sheet, go, parts};
use crate::{secret, values};

/// An account to make.
#[derive(Debug, Clone)]
pub struct NewAccount<'a> {
    /// The sign-in name.
    pub sign_in: &'a str,
    /// The person's name.
    pub name: &'a str,
    /// The role.
    pub role: Role,
    /// Where alarms are mailed to.
    pub email: &'a str,
    /// What is kept of the password.
    pub password: Option<String>,
    /// The subject at the provider.
    pub single_sign_on: Option<&'a str>,
    /// The place in the ladder.
    pub on_call: Option<i64>,
}

/// Makes an account.
///
/// # Errors
/// [`DbError`].
pub async fn make(tx: &mut Tx, now: i64, account: &NewAccount<'_>) -> Result<String, DbError> {
    let id = secret::id();
    tx.run(
        "INSERT INTO staff (id, sign_in, name, role, email, password, single_sign_on, on_call, is_active, made_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9)",
        values![&id, account.sign_in.to_lowercase(), account.name, account.role.word(), account.email, account.password.clone(), account.single_sign_on, account.on_call, now],
    )
    .await?;
    Ok(id)
}

/// Whether anybody can administer this clinic.
///
/// # Errors
/// [`DbError`].
pub async fn has_administrator(db: &Db) -> Result<bool, DbError> {
    Ok(db.number("SELECT COUNT(*) FROM staff WHERE role = 'administrator' AND is_active = 1", values![]).await? > 0)
}

/// The list.
pub async fn list(asked: Asked) -> Answer {
    let app = &asked.app;
    let rows = app.db.all("SELECT staff.id, name, sign_in, role, on_call, is_active, email, (SELECT COUNT(*) FROM passkey WHERE staff_id = staff.id) FROM staff ORDER BY is_active DESC, role, name", values![]).await?;
    let mut cells = Vec::new();
    for row in &rows {
        let active = row.is(5)?;
        cells.push(vec![
            html! { (row.text(1)?) " " span.meta { (row.text(2)?) } },
            html! { (row.text(3)?) },
            html! { @match row.number_or_none(4)? { Some(place) => (place), None => "–" } },
            html! { (row.text(6)?) },
            html! { (row.number(7)?) },
            if active { status(Level::Good, "active") } else { status(Level::Off, "ended") },
            html! { @if active { (form(&asked, &format!("/staff/{}/end", row.text(0)?), submit(Weight::Grave, None, "End"))) } },
        ]);
    }
    let table = Table {
        caption: "Staff".into(),
        quiet_caption: true,
        columns: ["Name", "Role", "On call, place", "Mail", "Passkeys", "Account", ""].map(Column::words).to_vec(),
        rows: cells,
        empty: String::new(),
    };
    let roles: Vec<&str> = Role::ALL.iter().map(|role| role.word()).collect();
    let body = html! {
        h1 { "Staff" }
        (table.html(app.words()))
        (panel("New account", form(&asked, "/staff", html! {
            (parts::field(app, "name", "Name", Kind::Text)) (parts::field(app, "sign_in", "Sign-in name", Kind::Text))
            (parts::choose_word(app, "role", "Role", &roles)) (parts::field(app, "email", "Mail, for alarms", Kind::Email))
            (parts::field_with(app, Field { name: "password", label: "First password", hint: Some("12 characters or more; the person changes it"), kind: Kind::Password, optional: true, ..Field::default() }))
            (parts::field_with(app, Field { name: "single_sign_on", label: "Subject at the provider of sign-in", optional: true, ..Field::default() }))
            (parts::field_with(app, Field { name: "on_call", label: "Place in the ladder of alarms", hint: Some("1 is told first; empty: not on call"), kind: Kind::Whole, optional: true, ..Field::default() }))
            (submit(Weight::Primary, None, "Make the account"))
        })))
    };
    page(&asked, Sheet::new("Staff", body)).await
}

/// Makes an account.
pub async fn add(asked: Asked) -> Answer {
    let (app, me) = (&asked.app, asked.me()?);
    let roles: Vec<&str> = Role::ALL.iter().map(|role| role.word()).collect();
    let role =
        Role::of(asked.one_of("role", &roles)?).ok_or_else(|| Problem::Entry("There is no such role.".into()))?;
    let (name, sign_in, email) = (asked.text("name", 80)?, asked.text("sign_in", 80)?, asked.text("email", 120)?);
    let kept = match asked.entry("password") {
        "" => None,
        text => Some(password::keep(text).await.map_err(Problem::Entry)?),
    };
    let on_call = if asked.entry("on_call").is_empty() { None } else { Some(asked.number("on_call", 1..=99)?) };
    let subject = Some(asked.entry("single_sign_on")).filter(|subject| !subject.is_empty());
    let mut tx = app.db.begin().await?;
    let account = NewAccount {
        sign_in: &sign_in,
        name: &name,
        role,
        email: &email,
        password: kept,
        single_sign_on: subject,
        on_call,
    };
    let id = make(&mut tx, app.clock.now_ms(), &account).await?;
    app.done(
        tx,
        Act { staff_id: &me.id, what: "account made", subject: &id, detail: format!("{sign_in}, {}", role.word()) },
        "staff",
    )
    .await?;
    Ok(go("/staff"))
}

/// Ends an account and its sessions; what the person did stays.
pub async fn end(asked: Asked) -> Answer {
    let (app, me, id) = (&asked.app, asked.me()?, asked.part("staff").to_owned());
    if id == me.id {
        return Err(Problem::Refused("Nobody ends the account they are signed in with.".into()));
    }
    let mut tx = app.db.begin().await?;
    if tx.run("UPDATE staff SET is_active = 0, on_call = NULL WHERE id = $1 AND is_active = 1", values![&id]).await?
        == 0
    {
        return Err(Problem::NotFound("such account".into()));
    }
    session::end_all(&mut tx, &id).await?;
    app.done(tx, Act { staff_id: &me.id, what: "account ended", subject: &id, detail: String::new() }, "staff").await?;
    Ok(go("/staff"))
}

/// The audit, newest first, and who broke the glass.
pub async fn audit_page(asked: Asked) -> Answer {
    let app = &asked.app;
    let before = asked.query_number("before", i64::MAX);
    let lines = audit::newest(&app.db, asked.query("subject"), before, 100).await?;
    let names = app.db.all("SELECT id, name FROM staff", values![]).await?;
    let names: std::collections::BTreeMap<String, String> =
        names.iter().map(|row| Ok((row.text(0)?, row.text(1)?))).collect::<Result<_, Problem>>()?;
    let who = |id: &str| names.get(id).cloned().unwrap_or_else(|| id.to_owned());
    let rows = lines
        .iter()
        .map(|line| {
            vec![
                html! { (line.sequence) },
                parts::when(app, line.at_ms),
                html! { (who(&line.staff_id)) },
                html! { (line.what) },
                html! { span.hash { (line.subject) } },
                html! { (line.detail) },
            ]
        })
        .collect();
    let columns = vec![
        Column::numbers("Line", ""),
        Column::words("When"),
        Column::words("Who"),
        Column::words("What"),
        Column::words("Of"),
        Column::words("More"),
    ];
    let table =
        Table { caption: "Acts, newest first".into(), columns, rows, empty: "Nothing yet.".into(), ..Table::default() };
    let glass = app.db.all("SELECT break_glass.id, staff_id, patient_id, reason, at_ms FROM break_glass WHERE reviewed_ms IS NULL ORDER BY at_ms", values![]).await?;
    let mut broken = Vec::new();
    for row in &glass {
        broken.push(vec![
            html! { (who(&row.text(1)?)) },
            parts::when(app, row.number(4)?),
            html! { (row.text(3)?) },
            form(&asked, &format!("/glass/{}/reviewed", row.text(0)?), submit(Weight::Plain, None, "Reviewed")),
        ]);
    }
    let broken = Table {
        caption: "Broken glass, to review".into(),
        columns: ["Who", "When", "Why", ""].map(Column::words).to_vec(),
        rows: broken,
        empty: "Nothing to review.".into(),
        ..Table::default()
    };
    let verdict = if asked.query("verify").is_some() { Some(audit::verify(&app.db).await?) } else { None };
    let body = html! {
        h1 { "Audit" }
        @if let Some(verdict) = verdict {
            @match verdict.wrong {
                Some(wrong) => (callout(Level::Danger, "The chain is broken", html! { p { (wrong) "; " (verdict.lines) " lines before it agree." } })),
                None => (callout(Level::Good, "The chain agrees", html! { p { (verdict.lines) " lines from the first to the last. Head: " span.hash { (verdict.head) } } })),
            }
        } @else { (link(Weight::Plain, "/audit?verify=1", None, "Walk the whole chain")) }
        (broken.html(app.words()))
        (table.html(app.words()))
        @if let Some(last) = lines.last() { (link(Weight::Quiet, &format!("/audit?before={}", last.sequence), None, "Earlier")) }
    };
    page(&asked, Sheet::new("Audit", body)).await
}

/// Somebody has looked at why the glass was broken.
pub async fn glass_reviewed(asked: Asked) -> Answer {
    let (app, me, id) = (&asked.app, asked.me()?, asked.part("glass").to_owned());
    let mut tx = app.db.begin().await?;
    let sql = "UPDATE break_glass SET reviewed_by = $2, reviewed_ms = $3 WHERE id = $1 AND reviewed_ms IS NULL AND staff_id <> $2";
    if tx.run(sql, values![&id, &me.id, app.clock.now_ms()]).await? == 0 {
        return Err(Problem::Conflict("It was reviewed before, or it is your own.".into()));
    }
    app.done(tx, Act { staff_id: &me.id, what: "broken glass reviewed", subject: &id, detail: String::new() }, "audit")
        .await?;
    Ok(go("/audit"))
}
