//! Messages on their way out: mail and web hooks.
//!
//! A message lies in the database until it was taken by the other side; a failure is tried again, later each time. It is
//! sent at least once: whoever receives a hook twice sees its id twice. No message names a patient or a drug.

use std::time::Duration;

use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use crate::audit::hex;
use crate::clock::{MINUTE, SECOND, wall_ms};
use crate::config::{Smtp, SmtpSecurity};
use crate::db::{DbError, Row};
use crate::{App, alarms, secret, values};

/// How long the other side may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Tries before a message is given up; the alarm itself goes on to the next person all the same.
const TRIES: i64 = 8;
/// Messages at one turn.
const AT_ONCE: i64 = 20;

/// Sends what is due.
///
/// # Errors
/// [`DbError`].
pub async fn turn(app: &App) -> Result<(), DbError> {
    let sql = "SELECT id, alarm_id, channel, target, title, body, tries, staff_id FROM message WHERE due_wall_ms <= $1 ORDER BY due_wall_ms LIMIT $2";
    for row in app.db.all(sql, values![wall_ms(), AT_ONCE]).await? {
        let sent = send(app, &row).await;
        let (id, tries) = (row.text(0)?, row.number(6)? + 1);
        let mut tx = app.db.begin().await?;
        match &sent {
            Ok(()) => {
                let sql =
                    "UPDATE message SET due_wall_ms = NULL, sent_ms = $2, tries = $3, failed_why = NULL WHERE id = $1";
                tx.run(sql, values![&id, app.clock.now_ms(), tries]).await?;
                app.metrics.delivered.inc();
            }
            Err(why) => {
                let again = (tries < TRIES).then(|| wall_ms() + ((5 * SECOND) << tries.min(10)).min(30 * MINUTE));
                tx.run(
                    "UPDATE message SET due_wall_ms = $2, tries = $3, failed_why = $4 WHERE id = $1",
                    values![&id, again, tries, why],
                )
                .await?;
                app.metrics.undelivered.inc();
            }
        }
        if let Some(alarm) = row.text_or_none(1)? {
            let staff = row.text_or_none(7)?;
            let (kind, words) = match &sent {
                Ok(()) => ("delivered", format!("by {} to {}", row.text(2)?, row.text(3)?)),
                Err(why) => ("not delivered", format!("by {} to {}, try {tries}: {why}", row.text(2)?, row.text(3)?)),
            };
            alarms::step(&mut tx, app.clock.now_ms(), &alarm, kind, staff.as_deref(), &words).await?;
        }
        tx.commit_by_machine().await?;
        app.live.changed("alarms");
    }
    Ok(())
}

async fn send(app: &App, row: &Row) -> Result<(), String> {
    let text = |column: usize| row.text(column).map_err(|why| why.to_string());
    match text(2)?.as_str() {
        "mail" => {
            let smtp = app.config.smtp.as_ref().ok_or("no mail server is set up")?;
            mail(smtp, &text(3)?, &text(4)?, text(5)?).await
        }
        "hook" => {
            let target = text(3)?;
            let hook =
                app.config.hooks.iter().find(|hook| hook.url == target).ok_or("this web hook is no longer set up")?;
            let body = serde_json::json!({ "id": text(0)?, "alarm": text(1)?, "title": text(4)?, "open": format!("{}/alarms/{}", app.config.origin(), text(1)?) });
            post(&hook.url, &hook.secret.0, body.to_string()).await
        }
        other => Err(format!("{other:?} is no way to deliver")),
    }
}

/// Sends one mail.
async fn mail(smtp: &Smtp, to: &str, title: &str, body: String) -> Result<(), String> {
    let mailbox = |text: &str| text.parse::<Mailbox>().map_err(|why| format!("{text:?} is no mail address: {why}"));
    let message = Message::builder()
        .from(mailbox(&smtp.from)?)
        .to(mailbox(to)?)
        .subject(title)
        .body(body)
        .map_err(|why| why.to_string())?;
    let tls = || TlsParameters::new(smtp.host.clone()).map_err(|why| why.to_string());
    let tls = match smtp.security {
        SmtpSecurity::Tls => Tls::Wrapper(tls()?),
        SmtpSecurity::StartTls => Tls::Required(tls()?),
        SmtpSecurity::None => Tls::None,
    };
    let mut way = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&smtp.host)
        .port(smtp.port)
        .tls(tls)
        .timeout(Some(PATIENCE));
    if let Some(user) = &smtp.user {
        way = way.credentials(Credentials::new(user.clone(), smtp.password.0.clone()));
    }
    way.build().send(message).await.map(drop).map_err(|why| why.to_string())
}

/// Posts one hook, signed.
async fn post(url: &str, key: &str, body: String) -> Result<(), String> {
    let signature = format!("sha256={}", hex(&secret::hmac(key.as_bytes(), body.as_bytes())));
    let url = url.to_owned();
    let done = tokio::task::spawn_blocking(move || {
        let agent: ureq::Agent = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).build().into();
        let post =
            agent.post(&url).header("content-type", "application/json").header("x-nepenthe-signature", &signature);
        post.send(body).map(drop).map_err(|why| why.to_string())
    });
    done.await.map_err(|why| why.to_string())?
}
