//! What machines ask: whether the service lives and is ready, what it counts, how its interface is described; and the
//! reading interface.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::IntoResponse;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use serde_json::{Value, json};

use crate::auth::Permission;
use crate::web::routes::ROUTES;
use crate::web::{Answer, Asked, Problem, json as as_json};
use crate::{secret, values};

/// Labels of an answer: the route's pattern, never the address, which may hold an id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Answered {
    route: String,
    status: u16,
}

/// What is counted.
pub struct Metrics {
    registry: Registry,
    answers: Family<Answered, Counter>,
    seconds: Histogram,
    /// Documents taken from devices.
    pub documents: Counter,
    /// Messages taken by the other side.
    pub delivered: Counter,
    /// Tries that failed.
    pub undelivered: Counter,
    /// Turns of the clinic's own work that failed.
    pub failed_turns: Counter,
    unanswered: Gauge,
    silent: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Everything at zero.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("nepenthe");
        // From 1 ms to 16 s.
        let seconds = Histogram::new(exponential_buckets(0.001, 2.0, 15));
        let (answers, documents, delivered) =
            (Family::<Answered, Counter>::default(), Counter::default(), Counter::default());
        let (undelivered, failed_turns) = (Counter::default(), Counter::default());
        let (unanswered, silent) = (Gauge::default(), Gauge::default());
        registry.register("answers", "Answers by route and status", answers.clone());
        registry.register("answer_seconds", "Time to an answer, s", seconds.clone());
        registry.register("documents", "Documents taken from devices", documents.clone());
        registry.register("messages_delivered", "Messages delivered", delivered.clone());
        registry.register("messages_undelivered", "Tries to deliver that failed", undelivered.clone());
        registry.register("failed_turns", "Turns of the own work that failed", failed_turns.clone());
        registry.register("alarms_unanswered", "Alarms that nobody has answered", unanswered.clone());
        registry.register("pumps_silent", "Pumps not heard of in their time", silent.clone());
        Self { registry, answers, seconds, documents, delivered, undelivered, failed_turns, unanswered, silent }
    }

    /// Counts an answer.
    pub fn answered(&self, route: &str, status: u16, spent: Duration) {
        self.answers.get_or_create(&Answered { route: route.to_owned(), status }).inc();
        self.seconds.observe(spent.as_secs_f64());
    }
}

/// The process lives.
pub async fn health(_asked: Asked) -> Answer {
    Ok(as_json(&json!({ "alive": true, "version": env!("CARGO_PKG_VERSION") })))
}

/// It can work: the database answers.
pub async fn ready(asked: Asked) -> Answer {
    match asked.app.db.number("SELECT COUNT(*) FROM schema_version", values![]).await {
        Ok(_) => Ok(as_json(&json!({ "ready": true }))),
        Err(why) => {
            tracing::error!(why = %why, "not ready");
            Ok((StatusCode::SERVICE_UNAVAILABLE, as_json(&json!({ "ready": false }))).into_response())
        }
    }
}

/// Prometheus reads this: from this machine, or with the token.
pub async fn metrics(asked: Asked) -> Answer {
    let app = &asked.app;
    let token = asked.header("authorization").strip_prefix("Bearer ").unwrap_or("");
    let by_token =
        app.config.metrics_token.as_ref().is_some_and(|wanted| secret::same(token.as_bytes(), wanted.0.as_bytes()));
    if !by_token && !asked.address.is_some_and(|address| address.is_loopback()) {
        return Err(Problem::Refused("Metrics are read from this machine or with the token.".into()));
    }
    app.metrics
        .unanswered
        .set(app.db.number("SELECT COUNT(*) FROM alarm WHERE acknowledged_ms IS NULL", values![]).await?);
    app.metrics.silent.set(
        app.db
            .number(
                "SELECT COUNT(*) FROM pump_now WHERE silent_after_ms < $1 AND patient_id IS NOT NULL",
                values![app.clock.now_ms()],
            )
            .await?,
    );
    let mut text = String::new();
    encode(&mut text, &app.metrics.registry).map_err(|why| Problem::Broken(why.to_string()))?;
    let kind = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}

/// A file of the pages, under the name that holds its hash.
pub async fn asset(asked: Asked) -> Answer {
    let name = asked.part("name");
    let found =
        pages::assets::find(name).or_else(|| crate::web::frame::own_assets().iter().find(|own| own.hashed == name));
    let asset = found.ok_or_else(|| Problem::NotFound("file".into()))?;
    let kind = HeaderValue::from_static(asset.mime);
    Ok(([(header::CONTENT_TYPE, kind)], asset.bytes.clone()).into_response())
}

/// The description of the interface for machines, made from the same table as the routes.
pub fn description() -> Value {
    let mut paths = serde_json::Map::new();
    for route in ROUTES
        .iter()
        .filter(|route| route.path.starts_with("/api/") || matches!(route.path, "/health" | "/ready" | "/metrics"))
    {
        let parameters: Vec<Value> = route
            .path
            .split('/')
            .filter_map(|part| part.strip_prefix('{').and_then(|part| part.strip_suffix('}')))
            .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
            .collect();
        let mut act = json!({
            "summary": route.words,
            "parameters": parameters,
            "responses": { "200": { "description": "done" }, "401": { "description": "sign in first" }, "403": { "description": "not allowed" }, "422": { "description": "an entry cannot be taken; the answer says which and why" } },
            "security": match route.needs { Permission::Open => json!([]), Permission::Device => json!([{ "signed": [] }]), _ => json!([{ "session": [] }]) },
        });
        if route.needs == Permission::Device {
            act["requestBody"] = json!({ "required": true, "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Envelope" } } } });
        }
        let method = if route.is_get() { "get" } else { "post" };
        let entry = paths.entry(route.path).or_insert_with(|| json!({}));
        entry[method] = act;
    }
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Nepenthe clinic", "version": env!("CARGO_PKG_VERSION"), "description": "What devices send and what other systems read. Nothing here changes what a pump gives. Not a medical device." },
        "paths": paths,
        "components": {
            "securitySchemes": {
                "session": { "type": "apiKey", "in": "cookie", "name": "nepenthe" },
                "signed": { "type": "apiKey", "in": "header", "name": "x-signed-body", "description": "No header: the document itself carries the device's Ed25519 signature" },
            },
            "schemas": {
                "Envelope": {
                    "type": "object", "additionalProperties": false, "required": ["schema", "source", "seq", "pump", "base_version", "body", "signature"],
                    "properties": {
                        "schema": { "const": 1 },
                        "source": { "type": "object", "required": ["kind", "id"], "properties": { "kind": { "enum": ["handset", "programmer", "monitor", "clinic"] }, "id": { "type": "string", "maxLength": 64 } } },
                        "seq": { "type": "integer", "minimum": 1 }, "pump": { "type": "integer" }, "base_version": { "type": "integer" },
                        "body": { "type": "object", "required": ["kind"], "properties": { "kind": { "enum": ["interrogation", "diary", "alarm", "act", "refill", "order", "proposal"] } } },
                        "signature": { "type": "object", "required": ["key", "over"], "properties": { "key": { "type": "string" }, "over": { "type": "string" } } },
                    },
                },
            },
        },
    })
}

/// [`description`] as an answer.
pub async fn openapi(_asked: Asked) -> Answer {
    Ok(as_json(&description()))
}

/// Patients with their pumps, for reading systems.
pub async fn api_patients(asked: Asked) -> Answer {
    let after = asked.query("after").unwrap_or("").to_owned();
    let sql = "SELECT patient.id, record_number, stage, indication, pump, heard_ms, refill_by_ms, doing FROM patient LEFT JOIN pump_now ON patient_id = patient.id WHERE patient.id > $1 ORDER BY patient.id LIMIT 500";
    let mut all = Vec::new();
    for row in &asked.app.db.all(sql, values![after]).await? {
        all.push(json!({ "id": row.text(0)?, "record_number": row.text(1)?, "stage": row.text(2)?, "indication": row.text(3)?, "pump": row.number_or_none(4)?, "heard_ms": row.number_or_none(5)?, "refill_by_ms": row.number_or_none(6)?, "doing": row.text_or_none(7)? }));
    }
    let next = (all.len() == 500).then(|| all.last().map(|one| one["id"].clone())).flatten();
    Ok(as_json(&json!({ "patients": all, "after": next })))
}

/// One patient's pump as it last told, and what it delivered by the hour.
pub async fn api_patient(asked: Asked) -> Answer {
    let (app, id) = (&asked.app, asked.part("patient"));
    let row = app
        .db
        .first(
            "SELECT pump, heard_ms, doing, reservoir_nl, refill_by_ms, order_text FROM pump_now WHERE patient_id = $1",
            values![id],
        )
        .await?;
    let Some(row) = row else { return Ok(as_json(&json!({ "pump": null }))) };
    let pump = row.number(0)?;
    let since = asked.query_number("since_ms", app.clock.now_ms() - 7 * crate::clock::DAY);
    let mut hours = Vec::new();
    for hour in &app.db.all("SELECT drug, ended_ms, delivered_fg, unconfirmed FROM pump_hour WHERE pump = $1 AND ended_ms > $2 ORDER BY ended_ms LIMIT 5000", values![pump, since]).await? {
        hours.push(json!({ "drug": hour.text(0)?, "ended_ms": hour.number(1)?, "delivered_fg": hour.number(2)?, "unconfirmed_strokes": hour.number(3)? }));
    }
    let gaps = crate::told::gaps(&app.db, pump).await?;
    let order: Value = serde_json::from_str(&row.text(5)?).unwrap_or_default();
    Ok(as_json(
        &json!({ "pump": pump, "heard_ms": row.number(1)?, "doing": row.text(2)?, "reservoir_nl": row.number(3)?, "refill_by_ms": row.number_or_none(4)?, "order": order, "hours": hours, "gaps": gaps }),
    ))
}

/// Open alarms.
pub async fn api_alarms(asked: Asked) -> Answer {
    let sql = "SELECT id, patient_id, pump, code, priority, words, since_ms, acknowledged_ms FROM alarm WHERE ended_ms IS NULL OR acknowledged_ms IS NULL ORDER BY priority DESC, since_ms LIMIT 1000";
    let mut all = Vec::new();
    for row in &asked.app.db.all(sql, values![]).await? {
        all.push(json!({ "id": row.text(0)?, "patient": row.text(1)?, "pump": row.number_or_none(2)?, "code": row.number(3)?, "priority": row.number(4)?, "words": row.text(5)?, "since_ms": row.number(6)?, "acknowledged_ms": row.number_or_none(7)? }));
    }
    Ok(as_json(&json!({ "alarms": all })))
}
