//! The one thread that speaks with the pump. It reads at intervals, asks what pages tell it to ask, and goes on asking for a
//! request whose outcome is not known until it is. It also hands waiting documents to the clinic.

use std::sync::Weak;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant as Monotonic};

use exchange::Label;
use exchange::body::{Acknowledgement, Alarm, AlarmNow};
use exchange::{Body, Envelope};
use link::{Keys, NoAnswer, Settled, Visit};
use orders::AlarmId;
use telemetry::card::Card;
use telemetry::message::answer::{Ended, Refused};
use telemetry::message::{Answer, Ask, ask};

use crate::app::{App, LinkState, Shared, now_ms, offset_min};
use crate::asked::{Outcome, Why};
use crate::seen::{Reading, Seen};

/// While an outcome is not known, ms between two tries.
const PURSUE_MS: u64 = 2_000;
/// How long the pump is asked to silence a tone, ms; it sets its own bound.
const SILENCE_MS: u64 = 3_600_000;
/// Longest answer of the clinic that is read, bytes.
const ANSWER_MAX: u64 = 1 << 20;

/// What pages tell the radio.
#[derive(Debug)]
pub enum Command {
    /// Read the pump now; the answer says how it went.
    Read(Sender<Result<(), String>>),
    /// A request was kept: send it.
    Ask,
    /// Silence an alarm's tone in the pump.
    Silence(AlarmId, Sender<Result<(), String>>),
    /// Pair with the pump of a card.
    Pair {
        /// Where it is.
        address: String,
        /// Its card.
        card: Card,
        /// How it went.
        reply: Sender<Result<(), String>>,
    },
    /// Documents wait.
    Send,
    /// End.
    Stop,
}

/// Runs until told to stop, or the handset is gone.
pub fn run(app: &Weak<App>, keys: Keys, inbox: &Receiver<Command>) {
    let mut visit: Option<Visit<'_>> = None;
    let mut is_first = true;
    loop {
        let Some(strong) = app.upgrade() else { return };
        if visit.is_none() {
            visit = open(&strong, &keys);
        }
        if is_first {
            is_first = false;
            recover(&strong, visit.as_mut());
            regular(&strong, visit.as_mut());
        }
        let wait = if strong.shared().book.last().is_some_and(|asked| asked.is_open()) {
            PURSUE_MS
        } else {
            strong.options.every_ms
        };
        drop(strong);
        let command = inbox.recv_timeout(Duration::from_millis(wait));
        let Some(strong) = app.upgrade() else { return };
        match command {
            Ok(Command::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            Ok(Command::Read(reply)) => {
                let told = read(&strong, visit.as_mut());
                // Whoever asked may have gone.
                let _ = reply.send(told);
            }
            Ok(Command::Ask) => ask_bolus(&strong, visit.as_mut()),
            Ok(Command::Silence(alarm, reply)) => {
                let told = silence(&strong, visit.as_mut(), alarm);
                let _ = reply.send(told);
            }
            Ok(Command::Pair { address, card, reply }) => {
                let told = match Visit::pair(&address, &keys, &card, strong.options.patience) {
                    Ok(paired) => {
                        visit = Some(paired);
                        read(&strong, visit.as_mut())
                    }
                    Err(why) => Err(why.to_string()),
                };
                let _ = reply.send(told);
            }
            Ok(Command::Send) => send_waiting(&strong),
            Err(RecvTimeoutError::Timeout) => regular(&strong, visit.as_mut()),
        }
    }
}

fn open<'k>(app: &App, keys: &'k Keys) -> Option<Visit<'k>> {
    match Visit::to(keys, None, app.options.pump.as_deref(), app.options.patience) {
        Ok(visit) => Some(visit),
        Err(NoAnswer::Keys(_)) => {
            app.shared().link = LinkState::NotPaired;
            None
        }
        Err(why) => {
            app.shared().link = LinkState::Failing { why: why.to_string() };
            None
        }
    }
}

/// What is done from time to time.
fn regular(app: &App, visit: Option<&mut Visit<'_>>) {
    let Some(visit) = visit else { return };
    if visit.open_request().is_some() {
        pursue(app, visit);
    }
    // A failure stands in the link's state, which pages show.
    let _ = read(app, Some(visit));
    send_waiting(app);
}

fn not_paired() -> String {
    "no pump was paired with this handset; pair it with the card".to_owned()
}

/// Reads the pump and keeps what it said.
fn read(app: &App, visit: Option<&mut Visit<'_>>) -> Result<(), String> {
    let visit = visit.ok_or_else(not_paired)?;
    match Reading::take(visit, now_ms()) {
        Ok(reading) => {
            let seen = reading.open().ok_or("the pump's answers do not belong together; read it again")?;
            app.store.keep("reading", &reading).map_err(|why| why.to_string())?;
            let mut shared = app.shared();
            shared.link = LinkState::Good;
            tell_alarms(app, &mut shared, &seen);
            shared.seen = Some(Seen { heard: Some(Monotonic::now()), ..seen });
            Ok(())
        }
        Err(why) => {
            let mut shared = app.shared();
            shared.link = LinkState::Failing { why: why.to_string() };
            //= requirements/handset.md#alarms-explained
            //# A silence on the handset MUST end by itself and end at once when the link is lost.
            shared.quiet_until_ms = None;
            Err(why.to_string())
        }
    }
}

/// Alarms that stand and alarms that are over go to the clinic, each once.
fn tell_alarms(app: &App, shared: &mut Shared, seen: &Seen) {
    let now: Vec<(u8, u64)> = seen.alarms.iter().map(|one| (one.id.code(), one.since.get())).collect();
    let heard = Label { ms: u64::try_from(now_ms()).unwrap_or(0), utc_offset_min: offset_min() };
    let begun = now.iter().filter(|one| !shared.alarms_told.contains(one)).map(|one| (*one, AlarmNow::Raised));
    let over = shared.alarms_told.iter().filter(|one| !now.contains(one)).map(|one| (*one, AlarmNow::Over));
    let changed: Vec<((u8, u64), AlarmNow)> = begun.chain(over).collect();
    if changed.is_empty() {
        return;
    }
    // A new alarm is heard again whatever was silenced before.
    if changed.iter().any(|(_, now)| *now == AlarmNow::Raised) {
        shared.quiet_until_ms = None;
    }
    for ((code, since_ms), now) in changed {
        let alarm = Body::Alarm(Alarm { code, now, since_ms, heard });
        if app.post(shared, alarm).is_err() {
            // Told again at the next reading: what the clinic was told is only kept when all of it waits.
            return;
        }
    }
    if app.store.keep("alarms-told", &now).is_ok() {
        shared.alarms_told = now;
    }
}

/// Sends the request that was kept.
fn ask_bolus(app: &App, visit: Option<&mut Visit<'_>>) {
    let Some(visit) = visit else { return settle(app, Outcome::NotSent { why: not_paired() }) };
    let before = match visit.status() {
        Ok(status) => status.request_last,
        Err(why) => return settle(app, Outcome::NotSent { why: why.to_string() }),
    };
    if let Err(why) = app.change_book(|book| book.note_before(before)) {
        return settle(app, Outcome::NotSent { why: why.to_string() });
    }
    let settled = visit.ask(Ask::AskBolus(ask::AskBolus {}));
    became(app, visit, settled);
    // What the dose changed is seen at once; a failure stands in the link's state.
    let _ = read(app, Some(visit));
}

/// Goes on asking for what was left open.
//= requirements/handset.md#not-known-yet
//# While an outcome is unknown the handset MUST say that it is not known yet and that one must not ask again, and keep asking the pump itself.
fn pursue(app: &App, visit: &mut Visit<'_>) {
    let is_bolus = visit.open_request().is_some_and(|(_, code)| code == Ask::AskBolus(ask::AskBolus {}).code());
    let settled = visit.pursue();
    if is_bolus {
        became(app, visit, settled);
    }
}

fn became(app: &App, visit: &mut Visit<'_>, settled: Result<Settled, NoAnswer>) {
    let outcome = match settled {
        Ok(Settled::Accepted(done)) => {
            Outcome::Granted { volume_nl: done.volume.map(|v| v.get()), duration_ms: done.duration.map(|d| d.get()) }
        }
        Ok(Settled::Refused(refused)) => Outcome::Refused { why: reasons(visit, &refused) },
        Ok(Settled::NotRead { part, field }) => {
            Outcome::NotSent { why: format!("the pump could not read the request (message {part}, field {field})") }
        }
        Ok(Settled::Unresolved { id, .. }) => Outcome::Unresolved { id },
        Ok(Settled::Unknown { .. } | Settled::Proposal(_)) => Outcome::Unknown,
        // Once something may be on its way it is unknown; the visit knows whether it is.
        Err(why) if visit.open_request().is_none() => Outcome::NotSent { why: why.to_string() },
        Err(_) => Outcome::Unknown,
    };
    settle(app, outcome);
}

fn settle(app: &App, outcome: Outcome) {
    if app.change_book(|book| book.settle(outcome, now_ms())).is_err() {
        // It stays open on disk and in sight: the next try, or the next start, settles it.
        app.shared().link = LinkState::Failing { why: "the handset's memory cannot be written".to_owned() };
    }
}

/// The pump's reasons with their times on the clocks that people have.
fn reasons(visit: &mut Visit<'_>, refused: &Refused) -> Vec<Why> {
    let wall = visit.status().ok().and_then(|status| Some((status.now, status.wall?)));
    let here = now_ms();
    let told = refused.reasons.iter().map(|why| {
        let until = why.not_before;
        let ms = until.map(|at| here.saturating_add(i64::try_from(at.since(refused.now).get()).unwrap_or(i64::MAX)));
        let wall = until.zip(wall).map(|(at, (now, wall))| {
            let shown = wall.get().saturating_add(at.since(now).get()).saturating_sub(now.since(at).get());
            shown.next_multiple_of(60_000)
        });
        Why { reason: why.reason.code(), not_before_ms: ms, not_before_wall: wall }
    });
    told.collect()
}

/// After a start: what became of a request that was open when the handset died.
fn recover(app: &App, visit: Option<&mut Visit<'_>>) {
    let Some(last) = app.shared().book.last().cloned().filter(|asked| asked.is_open()) else { return };
    let Some(visit) = visit else { return };
    if visit.open_request().is_some() {
        settle(app, Outcome::Unknown);
        return pursue(app, visit);
    }
    // Either nothing had left, or the answer had come and was not written down. The pump keeps its answers.
    let Some(before) = last.seen_before else {
        return settle(app, Outcome::NotSent { why: "the handset was switched off before it asked".to_owned() });
    };
    settle(app, Outcome::Unknown);
    if let Some(outcome) = visit.read(Ask::ReadAnswers(ask::ReadAnswers {})).ok().and_then(|bytes| kept(&bytes, before))
    {
        settle(app, outcome);
    }
}

fn kept(bytes: &[u8], before: u64) -> Option<Outcome> {
    let Ok(Answer::Answers(answers)) = Answer::decode(bytes) else { return None };
    if answers.last <= before {
        return Some(Outcome::NotSent { why: "the handset was switched off before it asked".to_owned() });
    }
    let kept = answers.kept.iter().find(|kept| kept.id > before);
    Some(match kept.map(|kept| (kept.ended, kept.reason)) {
        Some((Ended::Accepted, _)) => Outcome::Granted { volume_nl: None, duration_ms: None },
        Some((Ended::Refused, reason)) => Outcome::Refused {
            why: reason
                .map(|reason| Why { reason: reason.code(), not_before_ms: None, not_before_wall: None })
                .into_iter()
                .collect(),
        },
        None => Outcome::Unresolved { id: answers.last },
    })
}

fn silence(app: &App, visit: Option<&mut Visit<'_>>, alarm: AlarmId) -> Result<(), String> {
    let visit = visit.ok_or_else(not_paired)?;
    let duration = orders::Duration::new(SILENCE_MS);
    let told = match visit.ask(Ask::Silence(ask::Silence { alarm, duration })) {
        Ok(Settled::Accepted(_)) => Ok(()),
        Ok(other) => Err(link::words::settled_plainly(&other)),
        Err(why) => Err(why.to_string()),
    };
    let _ = read(app, Some(visit));
    told
}

/// Hands the waiting documents to the clinic, the oldest first, until one is not taken.
fn send_waiting(app: &App) {
    let Some(address) = app.options.clinic.clone() else { return };
    loop {
        let Some(document) = app.shared().outbox.waiting().first().cloned() else { return };
        let Some(answers) = send(&address, &document) else { return };
        let mut shared = app.shared();
        let before = shared.outbox.waiting().len();
        let mut outbox = shared.outbox.clone();
        outbox.answered(&answers);
        if outbox.waiting().len() == before || app.store.keep("outbox", &outbox).is_err() {
            return;
        }
        shared.outbox = outbox;
    }
}

/// One document to the clinic; its answer, if one came.
fn send(address: &str, document: &Envelope) -> Option<Acknowledgement> {
    let bytes = document.to_bytes().ok()?;
    let config = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(10))).build();
    let agent: ureq::Agent = config.into();
    let request = agent.post(address).content_type("application/json");
    let mut response = request.send(&bytes[..]).ok()?;
    let answer = response.body_mut().with_config().limit(ANSWER_MAX).read_to_vec().ok()?;
    match Envelope::parse(&answer).ok()?.body {
        Body::Acknowledgement(answers) => Some(answers),
        Body::PatientFile(_)
        | Body::Order(_)
        | Body::Proposal(_)
        | Body::Interrogation(_)
        | Body::Diary(_)
        | Body::Alarm(_)
        | Body::Act(_)
        | Body::Refill(_) => None,
    }
}
