//! Sign-in at the hospital's own provider (OpenID Connect, authorization code with PKCE).
//!
//! The code is changed for the identity token by a direct call to the provider over TLS; where that is so, the standard
//! takes the connection itself as proof of who issued the token (Core 1.0 §3.1.3.7, item 6), and no signature is checked.
//! So the provider must be reached by `https`, this machine apart. Who the subject is here, an administrator has entered.

use std::time::Duration;

use serde_json::Value;

use crate::clock::{SECOND, wall_ms};
use crate::config::Oidc;
use crate::secret;
use crate::web::door::encoded;

/// How long the provider may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A sign-in under way.
pub struct Pending {
    authorization: String,
    token: String,
    verifier: String,
    nonce: String,
    client_id: String,
    redirect: String,
}

impl Pending {
    /// What is kept until the person comes back.
    pub fn keep(&self) -> String {
        format!("{}\n{}\n{}", self.token, self.verifier, self.nonce)
    }

    /// Where the person goes.
    pub fn address(&self, state: &str) -> String {
        let challenge = secret::text(&secret::sha256(self.verifier.as_bytes()));
        let join = if self.authorization.contains('?') { '&' } else { '?' };
        format!(
            "{}{join}response_type=code&scope=openid&code_challenge_method=S256&client_id={}&redirect_uri={}&state={state}&nonce={}&code_challenge={challenge}",
            self.authorization,
            encoded(&self.client_id),
            encoded(&self.redirect),
            self.nonce
        )
    }
}

fn redirect(origin: &str) -> String {
    format!("{origin}/oidc/return")
}

/// `https`, or this machine.
fn is_safe(address: &str) -> bool {
    let local = ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"];
    address.starts_with("https://") || local.iter().any(|start| address.starts_with(start))
}

async fn call(
    work: impl FnOnce(&ureq::Agent) -> Result<String, ureq::Error> + Send + 'static,
) -> Result<Value, String> {
    let done = tokio::task::spawn_blocking(move || {
        let agent: ureq::Agent = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).build().into();
        work(&agent).map_err(|why| format!("the provider of sign-in did not answer: {why}"))
    });
    let text = done.await.map_err(|why| why.to_string())??;
    serde_json::from_str(&text).map_err(|why| format!("the provider of sign-in answered no JSON: {why}"))
}

/// Asks the provider where people sign in.
///
/// # Errors
/// In words.
pub async fn begin(provider: &Oidc, origin: &str) -> Result<Pending, String> {
    let issuer = provider.issuer.trim_end_matches('/').to_owned();
    if !is_safe(&issuer) {
        return Err(format!("the provider's address {issuer:?} is not https"));
    }
    let address = format!("{issuer}/.well-known/openid-configuration");
    let told = call(move |agent| agent.get(&address).call()?.body_mut().read_to_string()).await?;
    let text = |name: &str| {
        let value = told.get(name).and_then(Value::as_str).filter(|value| is_safe(value));
        value.map(str::to_owned).ok_or_else(|| format!("the provider tells no safe {name}"))
    };
    if told.get("issuer").and_then(Value::as_str).map(|told| told.trim_end_matches('/')) != Some(issuer.as_str()) {
        return Err("the provider calls itself something else than it is configured here".into());
    }
    Ok(Pending {
        authorization: text("authorization_endpoint")?,
        token: text("token_endpoint")?,
        verifier: secret::token(),
        nonce: secret::token(),
        client_id: provider.client_id.clone(),
        redirect: redirect(origin),
    })
}

/// Changes the code for the identity and returns the subject.
///
/// # Errors
/// In words.
pub async fn finish(provider: &Oidc, origin: &str, kept: &str, code: &str) -> Result<String, String> {
    let mut parts = kept.split('\n').map(str::to_owned);
    let (Some(token), Some(verifier), Some(nonce)) = (parts.next(), parts.next(), parts.next()) else {
        return Err("what was kept of this sign-in does not read".into());
    };
    let form: Vec<(String, String)> = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", &redirect(origin)),
        ("client_id", &provider.client_id),
        ("client_secret", &provider.client_secret.0),
        ("code_verifier", &verifier),
    ]
    .iter()
    .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
    .collect();
    let told = call(move |agent| agent.post(&token).send_form(form)?.body_mut().read_to_string()).await?;
    let token = told.get("id_token").and_then(Value::as_str).ok_or("the provider gave no identity")?;
    let claims = token.split('.').nth(1).and_then(secret::bytes).ok_or("the identity does not read")?;
    let claims: Value = serde_json::from_slice(&claims).map_err(|_| "the identity does not read")?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or("");
    let is_for_us = match claims.get("aud") {
        Some(Value::String(aud)) => *aud == provider.client_id,
        Some(Value::Array(all)) => all.len() == 1 && all.iter().all(|aud| *aud == provider.client_id.as_str()),
        _ => false,
    };
    if text("iss").trim_end_matches('/') != provider.issuer.trim_end_matches('/') || !is_for_us {
        return Err("the identity is from or for somebody else".into());
    }
    if !secret::same(text("nonce").as_bytes(), nonce.as_bytes()) {
        return Err("the identity is of another sign-in".into());
    }
    if claims.get("exp").and_then(Value::as_i64).is_none_or(|until| until * SECOND < wall_ms()) {
        return Err("the identity has run out".into());
    }
    match text("sub") {
        "" => Err("the identity names nobody".into()),
        subject => Ok(subject.to_owned()),
    }
}
