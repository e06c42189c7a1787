//! The way in and out: password, passkey, provider; one's own account; the world's pace.

use pages::buttons::{Weight, link, submit};
use pages::form::Kind;
use pages::panels::panel;
use pages::status::{Level, callout};
use pages::table::{Column, Table};
use pages::{Markup, html};
use serde_json::json;

use super::frame::{form, page, set_session};
use super::{Answer, Asked, Problem, Sheet, go, parts};
use crate::audit::{self, Act};
use crate::auth::passkey::{self, Site};
use crate::auth::{Permission as P, Person, oidc, password, relation, session};
use crate::clock::{MINUTE, wall_ms};
use crate::db::Tx;
use crate::{App, secret, values};

/// How long a challenge is good.
const CHALLENGE_LASTS: i64 = 5 * MINUTE;

/// The page to sign in at.
pub async fn see(asked: Asked) -> Answer {
    if asked.person.is_some() {
        return Ok(go("/"));
    }
    let then = asked.query("then").unwrap_or("/").to_owned();
    let body = html! {
        h1 { "Sign in to " (asked.app.config.name) }
        @if asked.query("wrong").is_some() {
            (callout(Level::Caution, "Not signed in", html! { p { "Name and password do not belong together. After five wrong passwords a name is locked for a quarter of an hour." } }))
        }
        div.columns {
            (panel("With name and password", pages::form::form("/sign-in", html! {
                (pages::form::unseen("then", &then))
                (parts::field_with(&asked.app, pages::form::Field { name: "sign_in", label: "Sign-in name", autocomplete: Some("username webauthn"), longest: Some(80), ..Default::default() }))
                (parts::field_with(&asked.app, pages::form::Field { name: "password", label: "Password", kind: Kind::Password, autocomplete: Some("current-password"), ..Default::default() }))
                (submit(Weight::Primary, None, "Sign in"))
            })))
            (panel("Without a password", html! {
                p { "A passkey on this device or on a security key." }
                button.button type="button" data-passkey="sign-in" { "Sign in with a passkey" }
                p id="passkey-says" role="status" {}
                @if let Some(provider) = &asked.app.config.oidc { (link(Weight::Plain, "/oidc/begin", None, format!("Sign in with {}", provider.name))) }
            }))
            @if !asked.app.demo.is_empty() { (demo(&asked)) }
        }
    };
    page(&asked, Sheet::new("Sign in", body)).await
}

fn demo(asked: &Asked) -> Markup {
    panel(
        "This is a demo",
        html! {
            p { "All patients are made up; pumps and people are simulated. Sign in as one of:" }
            table.sign-ins {
                thead { tr { th scope="col" { "name" } th scope="col" { "password" } th scope="col" { "to" } } }
                tbody { @for one in &asked.app.demo { tr { th scope="row" { (one.sign_in) } td { code { (one.password) } } td { (one.role) } } } }
            }
        },
    )
}

/// A name and a password.
pub async fn sign_in(asked: Asked) -> Answer {
    let (name, password, from) =
        (asked.entry("sign_in").to_lowercase(), asked.entry("password").to_owned(), asked.from());
    let db = &asked.app.db;
    if let Some(until_ms) = password::locked_until(db, &name, &from).await? {
        return Err(Problem::TooMany { until_ms });
    }
    let row = db.first("SELECT id, password FROM staff WHERE sign_in = $1 AND is_active = 1", values![&name]).await?;
    let kept = row.as_ref().map(|row| row.text_or_none(1)).transpose()?.flatten();
    if !password::is_right(&password, kept.as_deref()).await {
        password::guessed_wrong(db, &name, &from).await?;
        let staff = row.map(|row| row.text(0)).transpose()?.unwrap_or_else(|| "-".into());
        let act = Act {
            staff_id: &staff,
            what: "sign-in refused",
            subject: &staff,
            detail: format!("wrong password, from {from}"),
        };
        audit::note(db, &asked.app.clock, act).await?;
        return Ok(go("/sign-in?wrong=1"));
    }
    let Some(row) = row else { return Ok(go("/sign-in?wrong=1")) };
    let then = Some(asked.entry("then")).filter(|then| then.starts_with('/') && !then.starts_with("//")).unwrap_or("/");
    enter(&asked, &row.text(0)?, "with a password", then).await
}

/// Lets somebody in.
pub async fn enter(asked: &Asked, staff_id: &str, how: &str, then: &str) -> Answer {
    let mut tx = asked.app.db.begin().await?;
    let cookie = session::begin(&mut tx, staff_id, asked.header("user-agent")).await?;
    let act = Act { staff_id, what: "signed in", subject: staff_id, detail: how.into() };
    audit::commit(tx, &asked.app.clock, act).await?;
    let mut answer = go(then);
    answer.headers_mut().append(axum::http::header::SET_COOKIE, set_session(&asked.app, &cookie, false));
    Ok(answer)
}

/// Ends the session.
pub async fn sign_out(asked: Asked) -> Answer {
    let me = asked.me()?;
    let mut tx = asked.app.db.begin().await?;
    session::end(&mut tx, &me.session).await?;
    audit::commit(
        tx,
        &asked.app.clock,
        Act { staff_id: &me.id, what: "signed out", subject: &me.id, detail: String::new() },
    )
    .await?;
    asked.app.clock.let_go(&me.name);
    let mut answer = go("/sign-in");
    answer.headers_mut().append(axum::http::header::SET_COOKIE, set_session(&asked.app, "", true));
    Ok(answer)
}

/// To where somebody's work is.
pub async fn start(asked: Asked) -> Answer {
    let role = asked.me()?.role;
    let places = [("/today", P::SeeBoards), ("/devices", P::SeeDevices), ("/staff", P::ManageStaff)];
    let place = places.iter().find(|(_, needs)| role.may(*needs)).map_or("/me", |(place, _)| place);
    Ok(go(place))
}

/// One's own account.
pub async fn me(asked: Asked) -> Answer {
    let me = asked.me()?;
    let sql = "SELECT label, made_ms, used_ms FROM passkey WHERE staff_id = $1 ORDER BY made_ms";
    let keys = asked.app.db.all(sql, values![&me.id]).await?;
    let sql = "SELECT agent, made_ms, seen_ms, hash FROM session WHERE staff_id = $1 AND ended_ms IS NULL AND seen_ms > $2 ORDER BY seen_ms DESC";
    let sessions = asked.app.db.all(sql, values![&me.id, wall_ms() - session::IDLE_LIMIT]).await?;
    let mut rows = Vec::new();
    for row in &sessions {
        let here = if row.bytes(3)? == me.session { " (this one)" } else { "" };
        rows.push(vec![
            html! { (row.text(0)?) (here) },
            parts::when(&asked.app, row.number(1)?),
            parts::when(&asked.app, row.number(2)?),
        ]);
    }
    let columns = vec![Column::words("Browser"), Column::words("Since"), Column::words("Last seen")];
    let sessions = Table { caption: "Open sessions".into(), columns, rows, ..Table::default() };
    let body = html! {
        h1 { (me.name) }
        p { "Role: " (me.role.word()) ". A session ends after 30 idle minutes and after 12 hours." }
        div.columns {
            (panel("Passkeys", html! {
                @if keys.is_empty() { p { "None yet. A passkey cannot be guessed or given away by mistake." } }
                ul { @for key in &keys { li { (key.text(0)?) ", enrolled " (parts::when(&asked.app, key.number(1)?)) @if let Some(used) = key.number_or_none(2)? { ", last used " (parts::when(&asked.app, used)) } } } }
                button.button type="button" data-passkey="enrol" data-token=(me.form_token) { "Enrol a passkey on this device" }
                p id="passkey-says" role="status" {}
            }))
            (panel("Password", form(&asked, "/me/password", html! {
                (parts::field_with(&asked.app, pages::form::Field { name: "old", label: "Password now", kind: Kind::Password, autocomplete: Some("current-password"), ..Default::default() }))
                (parts::field_with(&asked.app, pages::form::Field { name: "new", label: "New password", hint: Some("12 characters or more; length is what counts"), kind: Kind::Password, autocomplete: Some("new-password"), ..Default::default() }))
                (submit(Weight::Plain, None, "Change the password"))
            })))
            (panel("Sessions", html! {
                (sessions.html(asked.app.words()))
                (form(&asked, "/me/sessions/end", submit(Weight::Grave, None, "End all sessions")))
            }))
        }
    };
    page(&asked, Sheet::new("Account", body)).await
}

/// Another password; every other session ends.
pub async fn change_password(asked: Asked) -> Answer {
    let me = asked.me()?;
    let row = asked.app.db.first("SELECT password FROM staff WHERE id = $1", values![&me.id]).await?;
    let kept = row.map(|row| row.text_or_none(0)).transpose()?.flatten();
    if kept.is_some() && !password::is_right(asked.entry("old"), kept.as_deref()).await {
        password::guessed_wrong(&asked.app.db, &me.id, &asked.from()).await?;
        return Err(Problem::Entry("The password now is not the right one; nothing was changed.".into()));
    }
    let kept = password::keep(asked.entry("new")).await.map_err(Problem::Entry)?;
    let mut tx = asked.app.db.begin().await?;
    tx.run("UPDATE staff SET password = $2 WHERE id = $1", values![&me.id, kept]).await?;
    session::end_all(&mut tx, &me.id).await?;
    audit::commit(
        tx,
        &asked.app.clock,
        Act { staff_id: &me.id, what: "password changed", subject: &me.id, detail: String::new() },
    )
    .await?;
    Ok(go("/sign-in"))
}

/// Ends every session of one's own.
pub async fn end_sessions(asked: Asked) -> Answer {
    let me = asked.me()?;
    let mut tx = asked.app.db.begin().await?;
    session::end_all(&mut tx, &me.id).await?;
    audit::commit(
        tx,
        &asked.app.clock,
        Act { staff_id: &me.id, what: "sessions ended", subject: &me.id, detail: String::new() },
    )
    .await?;
    Ok(go("/sign-in"))
}

fn site(app: &App) -> Site {
    Site { origin: app.config.origin(), host: app.config.host() }
}

/// Makes a challenge and keeps it for a while.
pub async fn challenge(app: &App, purpose: &str, staff_id: Option<&str>, body: &str) -> Result<[u8; 32], Problem> {
    let challenge = secret::fresh::<32>();
    let mut tx = app.db.begin().await?;
    tx.run("DELETE FROM challenge WHERE until_ms < $1", values![wall_ms()]).await?;
    tx.run(
        "INSERT INTO challenge (hash, purpose, staff_id, body, until_ms) VALUES ($1, $2, $3, $4, $5)",
        values![secret::sha256(&challenge), purpose, staff_id, body, wall_ms() + CHALLENGE_LASTS],
    )
    .await?;
    tx.commit_by_machine().await?;
    Ok(challenge)
}

/// Uses up a challenge: for whom it was made, and what was kept with it. Each is good once.
pub async fn use_up(tx: &mut Tx, purpose: &str, challenge: &[u8]) -> Result<(Option<String>, String), Problem> {
    let sql = "DELETE FROM challenge WHERE hash = $1 AND purpose = $2 AND until_ms > $3 RETURNING staff_id, body";
    let row = tx.first(sql, values![secret::sha256(challenge), purpose, wall_ms()]).await?;
    let row = row.ok_or_else(|| Problem::Refused("This took too long, or was done before. Begin again.".into()))?;
    Ok((row.text_or_none(0)?, row.text(1)?))
}

fn sent(asked: &Asked, name: &str) -> Result<Vec<u8>, Problem> {
    let value: serde_json::Value = serde_json::from_slice(&asked.body).unwrap_or_default();
    let bytes = value.get(name).and_then(|value| value.as_str()).and_then(secret::bytes);
    bytes.ok_or_else(|| Problem::Entry(format!("“{name}” is missing or no base64url text.")))
}

/// A challenge for whoever holds a passkey.
pub async fn passkey_challenge(asked: Asked) -> Answer {
    let challenge = challenge(&asked.app, "passkey", None, "").await?;
    Ok(super::json(&json!({ "challenge": secret::text(&challenge), "host": asked.app.config.host() })))
}

/// A passkey's answer.
pub async fn passkey_sign_in(asked: Asked) -> Answer {
    let (id, challenge) = (sent(&asked, "id")?, sent(&asked, "challenge")?);
    let (client, auth, signature) = (sent(&asked, "client")?, sent(&asked, "auth")?, sent(&asked, "signature")?);
    let mut tx = asked.app.db.begin().await?;
    use_up(&mut tx, "passkey", &challenge).await?;
    let sql = "SELECT passkey.staff_id, public_key, counter FROM passkey JOIN staff ON staff.id = staff_id WHERE passkey.id = $1 AND is_active = 1";
    let Some(row) = tx.first(sql, values![id.clone()]).await? else {
        tx.commit_by_machine().await?;
        return Err(Problem::Refused("This passkey is not known here.".into()));
    };
    let (staff, key) = (row.text(0)?, row.bytes(1)?);
    let counter = u32::try_from(row.number(2)?).unwrap_or(u32::MAX);
    let counter = passkey::assert(&site(&asked.app), &challenge, (&key, counter), &client, &auth, &signature);
    let counter = match counter {
        Ok(counter) => counter,
        Err(why) => {
            let act =
                Act { staff_id: &staff, what: "sign-in refused", subject: &staff, detail: format!("passkey: {why}") };
            audit::commit(tx, &asked.app.clock, act).await?;
            return Err(Problem::Refused(why.to_string()));
        }
    };
    tx.run(
        "UPDATE passkey SET counter = $2, used_ms = $3 WHERE id = $1",
        values![id, i64::from(counter), asked.app.clock.now_ms()],
    )
    .await?;
    tx.commit_by_machine().await?;
    let answer = enter(&asked, &staff, "with a passkey", "/").await?;
    let mut told = super::json(&json!({ "go": "/" }));
    if let Some(cookie) = answer.headers().get(axum::http::header::SET_COOKIE) {
        told.headers_mut().insert(axum::http::header::SET_COOKIE, cookie.clone());
    }
    Ok(told)
}

/// A challenge to enrol a passkey.
pub async fn enrol_challenge(asked: Asked) -> Answer {
    let me = asked.me()?;
    let challenge = challenge(&asked.app, "enrol", Some(&me.id), "").await?;
    Ok(super::json(
        &json!({ "challenge": secret::text(&challenge), "host": asked.app.config.host(), "person": me.id, "name": me.name }),
    ))
}

/// Enrols a passkey.
pub async fn enrol(asked: Asked) -> Answer {
    let me = asked.me()?;
    let (challenge, client, attestation) =
        (sent(&asked, "challenge")?, sent(&asked, "client")?, sent(&asked, "attestation")?);
    let mut tx = asked.app.db.begin().await?;
    let (whose, _) = use_up(&mut tx, "enrol", &challenge).await?;
    if whose.as_deref() != Some(me.id.as_str()) {
        return Err(Problem::Refused("This challenge was made for somebody else.".into()));
    }
    let key = passkey::enrol(&site(&asked.app), &challenge, &client, &attestation)
        .map_err(|why| Problem::Refused(why.to_string()))?;
    let label: String = asked.header("user-agent").chars().take(60).collect();
    tx.run(
        "INSERT INTO passkey (id, staff_id, public_key, counter, label, made_ms) VALUES ($1, $2, $3, $4, $5, $6)",
        values![key.id, &me.id, key.public_key, i64::from(key.counter), label, asked.app.clock.now_ms()],
    )
    .await?;
    audit::commit(
        tx,
        &asked.app.clock,
        Act { staff_id: &me.id, what: "passkey enrolled", subject: &me.id, detail: String::new() },
    )
    .await?;
    Ok(super::json(&json!({ "enrolled": true })))
}

/// Off to the provider.
pub async fn oidc_begin(asked: Asked) -> Answer {
    let provider = asked.app.config.oidc.clone().ok_or_else(|| Problem::NotFound("provider of sign-in".into()))?;
    let pending = oidc::begin(&provider, &asked.app.config.origin()).await.map_err(Problem::Refused)?;
    let kept = challenge(&asked.app, "oidc", None, &pending.keep()).await?;
    Ok(go(&pending.address(&secret::text(&kept))))
}

/// And back from there.
pub async fn oidc_return(asked: Asked) -> Answer {
    let provider = asked.app.config.oidc.clone().ok_or_else(|| Problem::NotFound("provider of sign-in".into()))?;
    let refused = || Problem::Refused("The provider did not let you in.".into());
    let state = asked.query("state").and_then(secret::bytes).ok_or_else(refused)?;
    let code = asked.query("code").ok_or_else(refused)?.to_owned();
    let mut tx = asked.app.db.begin().await?;
    let (_, kept) = use_up(&mut tx, "oidc", &state).await?;
    tx.commit_by_machine().await?;
    let subject = oidc::finish(&provider, &asked.app.config.origin(), &kept, &code).await.map_err(Problem::Refused)?;
    let sql = "SELECT id FROM staff WHERE single_sign_on = $1 AND is_active = 1";
    let Some(row) = asked.app.db.first(sql, values![subject]).await? else {
        return Err(Problem::Refused(
            "The provider knows you; this clinic has no account for you. Ask its administrator.".into(),
        ));
    };
    enter(&asked, &row.text(0)?, "by the provider", "/").await
}

/// Breaks the glass: the record opens, the team hears of it.
pub async fn break_glass(asked: Asked) -> Answer {
    let me: &Person = asked.me()?;
    let patient = asked.part("patient").to_owned();
    let reason = asked.text("reason", 500)?;
    if reason.chars().count() < relation::REASON_LEAST {
        return Err(Problem::Entry(format!(
            "The reason {reason:?} says too little: it is read by the team and by the administrator."
        )));
    }
    if asked.app.db.first("SELECT 1 FROM patient WHERE id = $1", values![&patient]).await?.is_none() {
        return Err(Problem::NotFound("patient".into()));
    }
    let now = asked.app.clock.now_ms();
    let mut tx = asked.app.db.begin().await?;
    relation::break_glass(&mut tx, now, me, &patient, &reason).await?;
    let words = format!("{} ({}) opened this record without being of the team: {reason}", me.name, me.role.word());
    tx.run(
        "INSERT INTO task (id, patient_id, kind, words, due_ms, made_ms) VALUES ($1, $2, 'glass', $3, $4, $5)",
        values![secret::id(), &patient, words, now + crate::clock::DAY, now],
    )
    .await?;
    let act = Act { staff_id: &me.id, what: "glass broken", subject: &patient, detail: reason };
    asked.app.done(tx, act, "board").await?;
    Ok(go(&format!("/patients/{patient}")))
}

/// Chooses the pace of a simulated world.
pub async fn pace(asked: Asked) -> Answer {
    let me = asked.me()?;
    let pace = asked.number("pace", 1..=3_600)?;
    if !asked.app.clock.choose(pace) {
        return Err(Problem::Entry(format!(
            "The pace {pace} is not one of 1, 60 and 3600, or this clinic lives in real time."
        )));
    }
    let act = Act { staff_id: &me.id, what: "pace chosen", subject: "world", detail: format!("×{pace}") };
    audit::note(&asked.app.db, &asked.app.clock, act).await?;
    asked.app.live.changed("pace");
    let back = asked.entry("back");
    Ok(go(if back.starts_with('/') && !back.starts_with("//") { back } else { "/" }))
}

/// The feed for open pages.
pub async fn live(asked: Asked) -> Answer {
    let last = asked.header("last-event-id").to_owned();
    Ok(asked.app.live.stream(asked.app.clone(), &last))
}
