//! What pumps tell, and what else devices send: taken once, kept as it came, answered alike.
//!
//! A document is signed by the device that sent it; the device is enrolled here and its key stands in its entry. Everything
//! a document brings is kept in one transaction with the answer. Records of a journal go by the pump's own running number:
//! late, twice or out of order makes no difference, and what is missing shows as a gap. No dose is worked out here that no
//! pump reported.

use exchange::body::{AlarmNow, Felt, Interrogation, Outcome, Refill};
use exchange::{Arrival, Body, Envelope, OrderStands, arrival, order_stands};
use orders::prescription::Mode;
use orders::{AlarmId, Prescription};
use serde_json::json;

use crate::audit::{self, Act};
use crate::clock::{DAY, HOUR};
use crate::db::{Db, DbError, Tx};
use crate::web::{Answer, Asked, Problem, json as as_json, parts};
use crate::{App, alarms, journal, refills, secret, values};

/// A document arrives.
pub async fn arrives(asked: Asked) -> Answer {
    let (outcome, fingerprint) = take(&asked.app, &asked.body).await?;
    Ok(as_json(&json!({ "fingerprint": fingerprint, "outcome": outcome })))
}

/// Takes a document and returns what became of it, with its fingerprint.
///
/// # Errors
/// [`Problem`] if it is no document, of no enrolled device, or not signed by it; nothing was kept then.
pub async fn take(app: &App, bytes: &[u8]) -> Result<(Outcome, String), Problem> {
    let document = Envelope::parse(bytes).map_err(|why| Problem::Entry(why.to_string()))?;
    let source = format!(
        "{}:{}",
        serde_json::to_value(document.source.kind).unwrap_or_default().as_str().unwrap_or("device"),
        document.source.id
    );
    let device =
        app.db.first("SELECT public_key FROM device WHERE kind || ':' || serial = $1", values![&source]).await?;
    let key =
        device.map(|row| row.bytes_or_none(0)).transpose()?.flatten().and_then(|key| <[u8; 32]>::try_from(key).ok());
    let key = key.ok_or_else(|| Problem::Refused(format!("{source} is not enrolled in this clinic")))?;
    document.verify(&key).map_err(|why| Problem::Refused(why.to_string()))?;

    let mut tx = app.db.begin().await?;
    let sequence = number(document.seq);
    let before = tx
        .first(
            "SELECT fingerprint, answer FROM document WHERE source = $1 AND sequence = $2",
            values![&source, sequence],
        )
        .await?;
    let before = match before {
        Some(row) => serde_json::from_value(json!(row.text(0)?)).ok().zip(serde_json::from_str(&row.text(1)?).ok()),
        None => None,
    };
    let before = before.map(|(fingerprint, answer)| exchange::arrival::Before { fingerprint, answer });
    let fingerprint = match arrival(&document, before.as_ref()).map_err(|why| Problem::Entry(why.to_string()))? {
        Arrival::New { fingerprint } => fingerprint,
        Arrival::Again(outcome) => {
            return Ok((outcome, before.map(|one| format!("{:?}", one.fingerprint)).unwrap_or_default()));
        }
        Arrival::Clash { first, .. } => {
            return Err(Problem::Conflict(format!(
                "another document came before under {source} number {}: {first:?}",
                document.seq
            )));
        }
    };
    let mut taken = Taken { app, pump: number(document.pump), source: &source, patient: None, changed: Vec::new() };
    taken.patient = patient_of(&mut tx, taken.pump).await?;
    let outcome = taken.body(&mut tx, &document).await?;
    tx.run(
        "INSERT INTO document (source, sequence, pump, kind, fingerprint, answer, received_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        values![
            &source, sequence, taken.pump, document.body.kind(), format!("{fingerprint:?}"),
            serde_json::to_string(&outcome).unwrap_or_default(), app.clock.now_ms()
        ],
    )
    .await?;
    let changed = taken.changed.join(" ");
    tx.commit_by_machine().await?;
    app.metrics.documents.inc();
    if !changed.is_empty() {
        app.live.changed(&changed);
    }
    Ok((outcome, format!("{fingerprint:?}")))
}

fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

async fn patient_of(tx: &mut Tx, pump: i64) -> Result<Option<String>, DbError> {
    let sql = "SELECT patient_id FROM device_use JOIN device ON device.id = device_id
               WHERE kind = 'pump' AND serial = $1 AND until_ms IS NULL";
    tx.first(sql, values![pump.to_string()]).await?.map(|row| row.text(0)).transpose()
}

struct Taken<'a> {
    app: &'a App,
    pump: i64,
    source: &'a str,
    patient: Option<String>,
    changed: Vec<String>,
}

impl Taken<'_> {
    async fn body(&mut self, tx: &mut Tx, document: &Envelope) -> Result<Outcome, Problem> {
        let Some(patient) = self.patient.clone() else {
            return Ok(Outcome::Refused { why: format!("no patient of this clinic has the pump {}", document.pump) });
        };
        self.changed.push(format!("patient-{patient}"));
        let now = self.app.clock.now_ms();
        match &document.body {
            Body::Interrogation(told) => self.interrogation(tx, &patient, told).await?,
            Body::Diary(diary) => {
                for (place, one) in diary.entries.iter().enumerate() {
                    let (item, tenths) = match &one.entry {
                        Felt::Pain { rating } => ("pain", i64::from(*rating) * 10),
                        Felt::Spasm { rating } => ("spasm", i64::from(*rating) * 10),
                        Felt::Drowsy { rating } => ("drowsiness", i64::from(*rating) * 10),
                        Felt::Complaint { word } => {
                            self.complaint(tx, &patient, word).await?;
                            continue;
                        }
                        Felt::Note { text } => {
                            let task = values![
                                secret::id(),
                                &patient,
                                format!("message from the patient: {text}"),
                                now + DAY,
                                now
                            ];
                            tx.run("INSERT INTO task (id, patient_id, kind, words, due_ms, made_ms) VALUES ($1, $2, 'message', $3, $4, $5)", task).await?;
                            continue;
                        }
                    };
                    // The pump's clock where the handset was in contact; else now. A phone's own time orders nothing.
                    let at = match one.pump_ms {
                        Some(pump_ms) => self.moment(tx, number(pump_ms)).await?,
                        None => now + i64::try_from(place).unwrap_or(0),
                    };
                    tx.run(
                        "INSERT INTO outcome (id, patient_id, at_ms, item, tenths, recall, told_by) VALUES ($1, $2, $3, $4, $5, 'now', 'patient')",
                        values![secret::id(), &patient, at, item, tenths],
                    )
                    .await?;
                }
            }
            Body::Alarm(alarm) => {
                let since = self.moment(tx, number(alarm.since_ms)).await?;
                match (alarm.now, AlarmId::from_code(alarm.code)) {
                    (AlarmNow::Raised | AlarmNow::Silenced, Some(id)) => {
                        let seen = alarms::Seen {
                            patient: &patient,
                            pump: Some(self.pump),
                            code: i64::from(id.code()),
                            priority: id.priority() as i64,
                            words: id.words(),
                            since_ms: since,
                        };
                        alarms::seen(tx, now, &seen).await?;
                    }
                    (AlarmNow::Over, Some(id)) => alarms::over(tx, now, self.pump, i64::from(id.code())).await?,
                    (_, None) => {
                        return Ok(Outcome::Refused { why: format!("alarm code {} is not known here", alarm.code) });
                    }
                }
                self.changed.push("alarms board".into());
            }
            Body::Act(act) => {
                let detail = format!("{} at {}: {}", act.person, self.source, act.about);
                audit::write(
                    tx,
                    &self.app.clock,
                    Act { staff_id: &act.person, what: &act.verb, subject: &patient, detail },
                )
                .await?;
            }
            Body::Refill(refill) => self.refill(tx, &patient, refill).await?,
            Body::Order(_) | Body::Proposal(_) => {
                let runs = tx.first("SELECT order_number FROM pump_now WHERE pump = $1", values![self.pump]).await?;
                let runs = runs.map(|row| row.number(0)).transpose()?.unwrap_or(0);
                if let OrderStands::Task { made_for, runs } =
                    order_stands(document.base_version, u64::try_from(runs).unwrap_or(0))
                {
                    let words = format!(
                        "an order made for order {made_for} arrived; the pump runs order {runs}: look at both and write a new one if it is still wanted"
                    );
                    let task = values![secret::id(), &patient, words, now + DAY, now];
                    tx.run("INSERT INTO task (id, patient_id, kind, words, due_ms, made_ms) VALUES ($1, $2, 'order', $3, $4, $5)", task).await?;
                    self.changed.push("board".into());
                    return Ok(Outcome::Task { made_for, runs });
                }
            }
            Body::PatientFile(_) | Body::Acknowledgement(_) => {
                return Ok(Outcome::Refused {
                    why: format!("a {} is nothing that a clinic takes", document.body.kind()),
                });
            }
        }
        Ok(Outcome::Taken)
    }

    /// A moment of the pump's clock on the clinic's, by the last report.
    async fn moment(&self, tx: &mut Tx, pump_ms: i64) -> Result<i64, DbError> {
        let row = tx.first("SELECT heard_ms - pump_ms FROM pump_now WHERE pump = $1", values![self.pump]).await?;
        Ok(row.map(|row| row.number(0)).transpose()?.map_or_else(|| self.app.clock.now_ms(), |offset| offset + pump_ms))
    }

    async fn complaint(&self, tx: &mut Tx, patient: &str, word: &str) -> Result<(), DbError> {
        let now = self.app.clock.now_ms();
        tx.run(
            "INSERT INTO adverse_event (id, patient_id, began_ms, category, component, term, grade, is_serious, action, made_by, made_ms)
             VALUES ($1, $2, $3, 'drug', 'none', $4, 1, 0, 'none yet', 'patient', $3)",
            values![secret::id(), patient, now, word],
        )
        .await?;
        //= requirements/clinic.md#tip-in-sight
        //# A dose that rises without relief, a new neurological sign or a concentration above its limit MUST raise the question of a mass at the catheter tip.
        let is_neurological = ["new-weakness", "new-numbness", "new-pain", "bladder"].contains(&word);
        if is_neurological || self.rises_without_relief(tx, patient).await? {
            let words = format!(
                "{word}: could there be a mass at the catheter tip? Consider MRI with contrast at the level of the tip"
            );
            alarms::ask_about_tip(tx, now, patient, &words).await?;
        }
        Ok(())
    }

    /// Whether the day's delivered dose rose by a third in three months while pain did not fall.
    async fn rises_without_relief(&self, tx: &mut Tx, patient: &str) -> Result<bool, DbError> {
        let now = self.app.clock.now_ms();
        let mut sums = Vec::new();
        for (from, to) in [(now - 97 * DAY, now - 90 * DAY), (now - 7 * DAY, now)] {
            let row = tx.first("SELECT CAST(COALESCE(SUM(delivered_fg) / 1000000, 0) AS BIGINT) FROM pump_hour WHERE pump = $1 AND ended_ms > $2 AND ended_ms <= $3", values![self.pump, from, to]).await?;
            let pain = tx.first("SELECT CAST(AVG(tenths) AS BIGINT) FROM outcome WHERE patient_id = $1 AND item = 'pain' AND at_ms > $2 AND at_ms <= $3", values![patient, from, to]).await?;
            sums.push((
                row.map(|row| row.number(0)).transpose()?.unwrap_or(0),
                pain.map(|row| row.number_or_none(0)).transpose()?.flatten(),
            ));
        }
        let [(dose_then, pain_then), (dose_now, pain_now)] = sums[..] else { return Ok(false) };
        Ok(dose_then > 0
            && dose_now * 3 > dose_then * 4
            && pain_now.zip(pain_then).is_some_and(|(now, then)| now >= then))
    }

    async fn refill(&mut self, tx: &mut Tx, patient: &str, refill: &Refill) -> Result<(), DbError> {
        let Some(at_ms) = refill.at_ms else { return Ok(()) };
        let at = self.moment(tx, number(at_ms)).await?;
        let keeps = i64::try_from(refill.keeps_ms).unwrap_or(i64::MAX / 2);
        tx.run("UPDATE pump_now SET stability_ms = $2 WHERE pump = $1", values![self.pump, at + keeps]).await?;
        let sql = "UPDATE appointment SET state = 'done' WHERE patient_id = $1 AND kind = 'refill' AND state = 'booked' AND at_ms < $2";
        tx.run(sql, values![patient, at + DAY]).await?;
        refills::work_out(tx, self.app, self.pump, patient).await?;
        self.changed.push("board".into());
        Ok(())
    }

    async fn interrogation(&mut self, tx: &mut Tx, patient: &str, told: &Interrogation) -> Result<(), Problem> {
        let now = self.app.clock.now_ms();
        let offset = now - number(told.now_ms);
        self.records(tx, patient, told, offset).await?;
        let newest = tx.first("SELECT pump_ms FROM pump_now WHERE pump = $1", values![self.pump]).await?;
        if newest.map(|row| row.number(0)).transpose()?.is_some_and(|newest| newest >= number(told.now_ms)) {
            // A late report adds its records; what is newest stands.
            return Ok(());
        }
        let mut body = serde_json::to_value(told).unwrap_or_default();
        if let Some(body) = body.as_object_mut() {
            body.remove("journal");
        }
        let report = values![self.pump, number(told.now_ms), now, self.source, body.to_string()];
        tx.run("INSERT INTO pump_report (pump, pump_ms, received_ms, source, body) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING", report).await?;
        self.now(tx, patient, told, now, offset).await?;
        refills::work_out(tx, self.app, self.pump, patient).await?;
        let mut changed = alarms::told(tx, now, patient, self.pump, offset, &told.alarms).await?;
        changed |= alarms::over(tx, now, self.pump, alarms::SILENT).await.is_ok() && changed;
        if changed {
            self.changed.push("alarms".into());
        }
        self.changed.push("board".into());
        Ok(())
    }

    async fn now(
        &self,
        tx: &mut Tx,
        patient: &str,
        told: &Interrogation,
        now: i64,
        offset: i64,
    ) -> Result<(), DbError> {
        let status = &told.status;
        let held = tx.first("SELECT COUNT(*) FROM pump_record WHERE pump = $1", values![self.pump]).await?;
        let held = held.map(|row| row.number(0)).transpose()?.unwrap_or(0);
        let battery = i64::try_from(
            told.battery.capacity_mj.saturating_sub(told.battery.used_mj).saturating_mul(1_000)
                / told.battery.capacity_mj.max(1),
        )
        .unwrap_or(0);
        // At the mean use since birth; told as calculated.
        let lasts = u128::from(told.now_ms) * u128::from(told.battery.capacity_mj.saturating_sub(told.battery.used_mj))
            / u128::from(told.battery.used_mj.max(1));
        let replace_by = (told.now_ms > 30 * DAY.unsigned_abs())
            .then(|| now.saturating_add(i64::try_from(lasts).unwrap_or(i64::MAX / 4)))
            // Beyond ten years nothing of the kind lasts.
            .filter(|at| *at < now + 3_652 * DAY);
        let order = told.running.as_ref().map_or_else(|| json!({}), |order| order_of(&order.0));
        let ledger = serde_json::to_string(&told.ledger).unwrap_or_default();
        tx.run(
            "INSERT INTO pump_now (pump, patient_id, pump_ms, heard_ms, doing, flow_nl_per_day, reservoir_nl, reservoir_worst_nl,
                runs_low_ms, replace_by_ms, boluses_today, alarms, journal_next, records_held, order_number, order_text, ledger_text,
                battery_permille, silent_after_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
             ON CONFLICT (pump) DO UPDATE SET patient_id = excluded.patient_id, pump_ms = excluded.pump_ms, heard_ms = excluded.heard_ms,
                doing = excluded.doing, flow_nl_per_day = excluded.flow_nl_per_day, reservoir_nl = excluded.reservoir_nl,
                reservoir_worst_nl = excluded.reservoir_worst_nl, runs_low_ms = excluded.runs_low_ms, replace_by_ms = excluded.replace_by_ms,
                boluses_today = excluded.boluses_today, alarms = excluded.alarms, journal_next = excluded.journal_next,
                records_held = excluded.records_held, order_number = excluded.order_number, order_text = excluded.order_text,
                ledger_text = excluded.ledger_text, battery_permille = excluded.battery_permille, silent_after_ms = excluded.silent_after_ms",
            values![
                self.pump, patient, number(told.now_ms), now, doing_of(status.doing), number(status.flow_nl_per_day),
                number(status.reservoir_nl), number(status.reservoir_worst_nl), status.refill_by_ms.map(|at| offset + number(at)),
                replace_by, i64::from(status.boluses_24h), i64::try_from(told.alarms.len()).unwrap_or(0), number(status.journal_next),
                held, number(status.order), order.to_string(), ledger, battery, now + self.app.config.alarms.silent_hours * HOUR
            ],
        )
        .await
        .map(drop)
    }

    async fn records(&self, tx: &mut Tx, patient: &str, told: &Interrogation, offset: i64) -> Result<(), Problem> {
        let key = tx.first("SELECT bytes FROM journal_key WHERE pump = $1", values![self.pump]).await?;
        let key = key.map(|row| row.bytes(0)).transpose()?.and_then(|key| <[u8; 16]>::try_from(key).ok());
        let now = self.app.clock.now_ms();
        let mut forged = 0;
        for (place, record) in (told.journal.first..).zip(&told.journal.records) {
            let genuine = key.as_ref().is_some_and(|key| journal::is_genuine(key, &record.0));
            //= requirements/clinic.md#what-pumps-tell
            //# The clinic MUST keep what pumps tell append-only and once per pump and sequence.
            let kept = tx
                .run(
                    "INSERT INTO pump_record (pump, sequence, bytes, genuine, received_ms) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
                    values![self.pump, number(place), record.0, genuine, now],
                )
                .await?;
            if kept == 0 {
                continue;
            }
            if key.is_some() && !genuine {
                forged += 1;
                continue;
            }
            if let Some(opened) = journal::open(&record.0).filter(|opened| opened.number == place) {
                self.event(tx, &opened, offset).await?;
            }
        }
        if forged > 0 {
            let words = format!("{forged} journal records are not the pump's own; they are kept and not used");
            let seen = alarms::Seen {
                patient,
                pump: Some(self.pump),
                code: alarms::FORGED,
                priority: 2,
                words: &words,
                since_ms: now,
            };
            alarms::seen(tx, now, &seen).await?;
        }
        Ok(())
    }

    async fn event(&self, tx: &mut Tx, opened: &journal::Opened, offset: i64) -> Result<(), DbError> {
        let at = offset + number(opened.pump_ms);
        if opened.kind == "hour" {
            for (drug, fg) in &opened.delivered_fg {
                tx.run(
                    "INSERT INTO pump_hour (pump, sequence, drug, ended_ms, delivered_fg, unconfirmed) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
                    values![self.pump, number(opened.number), *drug, at, number(*fg), i64::from(opened.unconfirmed)],
                )
                .await?;
            }
            return Ok(());
        }
        tx.run(
            "INSERT INTO pump_event (pump, sequence, at_ms, kind, words, number_a, number_b) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
            values![self.pump, number(opened.number), at, opened.kind, &opened.words, opened.numbers.0, opened.numbers.1],
        )
        .await
        .map(drop)
    }
}

/// The word of what a pump is doing, by the protocol's code.
pub const fn doing_of(code: u8) -> &'static str {
    match code {
        1 => "never started",
        2 => "running",
        3 => "stopped",
        4 => "resting at the minimum rate",
        5 => "at the emergency rate",
        6 => "empty",
        7 => "lost its state",
        _ => "unknown",
    }
}

/// What pages need of an order.
pub fn order_of(order: &Prescription) -> serde_json::Value {
    let (mode, flows): (&str, Vec<u64>) = match &order.mode {
        Mode::MinimumRate => ("minimum rate", Vec::new()),
        Mode::Continuous(flow) => ("continuous", vec![flow.get()]),
        Mode::Schedule(schedule) => ("day schedule", (0..48).map(|half| schedule.flow(0, half).get()).collect()),
        Mode::PeriodicBolus(periodic) => ("periodic bolus", vec![periodic.background.get()]),
    };
    let basal = flows.iter().sum::<u64>() / u64::try_from(flows.len().max(1)).unwrap_or(1);
    let periodic = match &order.mode {
        Mode::PeriodicBolus(periodic) => {
            periodic.volume.get().saturating_mul(86_400_000) / periodic.interval.get().max(1)
        }
        _ => 0,
    };
    let basal = basal + periodic;
    let bolus = order.patient_bolus.as_ref();
    let on_top = bolus.map_or(0, |bolus| bolus.volume.get().saturating_mul(u64::from(bolus.allotment)));
    let daily: Vec<_> = order
        .mixture
        .iter()
        .map(|part| {
            let of = |nl: u64| nl.saturating_mul(u64::from(part.concentration.get()));
            json!({ "drug": part.drug.name(), "concentration_ng_per_ml": part.concentration.get(), "basal_fg": of(basal), "all_fg": of(basal + on_top), "bolus_fg": bolus.map(|bolus| of(bolus.volume.get())) })
        })
        .collect();
    json!({
        "mixture": parts::mixture(&order.mixture), "mode": mode, "flows_nl_per_day": flows, "daily": daily,
        "alarm_volume_nl": order.alarm_volume.get(),
        "bolus": bolus.map(|bolus| json!({ "volume_nl": bolus.volume.get(), "duration_ms": bolus.duration.get(), "lockout_ms": bolus.lockout.get(), "allotment": bolus.allotment })),
    })
}

/// Stretches of running numbers that a pump has used and the clinic has not: first and last of each.
///
/// # Errors
/// [`DbError`].
//= requirements/clinic.md#what-pumps-tell
//# The clinic MUST show gaps and never work out a dose that no pump reported.
pub async fn gaps(db: &Db, pump: i64) -> Result<Vec<(i64, i64)>, DbError> {
    let rows = db
        .all(
            "SELECT sequence, following FROM (SELECT sequence, LEAD(sequence) OVER (ORDER BY sequence) AS following FROM pump_record WHERE pump = $1) AS walked
             WHERE following > sequence + 1 ORDER BY sequence LIMIT 50",
            values![pump],
        )
        .await?;
    let mut all = Vec::new();
    let ends = db.first("SELECT MIN(sequence), MAX(sequence) FROM pump_record WHERE pump = $1", values![pump]).await?;
    let next = db.number("SELECT journal_next FROM pump_now WHERE pump = $1", values![pump]).await?;
    let (first, last) = match ends {
        Some(row) => (row.number_or_none(0)?, row.number_or_none(1)?),
        None => (None, None),
    };
    if let Some(first) = first.filter(|first| *first > 0) {
        all.push((0, first - 1));
    }
    for row in rows {
        all.push((row.number(0)? + 1, row.number(1)? - 1));
    }
    let after = last.map_or(0, |last| last + 1);
    if after < next {
        all.push((after, next - 1));
    }
    Ok(all)
}
