//! What the pump is doing now, asking for a dose, and what became of it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use link::words;
use orders::Reason;
use pages::buttons::{self, Weight};
use pages::dialog::{Confirm, confirm_page};
use pages::icon::{Icon, icon};
use pages::moment::length;
use pages::status::{callout, freshness, status};
use pages::table::{Column, Table};
use pages::{Level, Local, Markup, Quantity, html};
use telemetry::message::answer::{Doing, Extra};

use super::{Cx, fields, first, go};
use crate::advice::Safety;
use crate::app::{App, LinkState};
use crate::asked::{Asked, Outcome, Press, Why};
use crate::practice::{ALLOTMENT, LOCKOUT_MS};
use crate::radio::Command;
use crate::seen::{LIMIT_MS, Seen};
use crate::store::random;

/// A dose as the pages speak of it, the pump's or the lesson's.
struct Dose {
    mass: Quantity,
    duration_ms: i64,
    left: u8,
    allotment: u8,
    /// The wait, ms; 0 for none.
    wait_ms: i64,
    /// The moment on the clock that people read.
    at: Option<Local>,
}

fn dose(cx: &Cx) -> Option<Dose> {
    let shared = cx.app.shared();
    if let Some(lesson) = shared.practice {
        let wait = lesson.last_ms.map_or(0, |last| (last + LOCKOUT_MS - cx.now_ms).max(0));
        let mass = Quantity::mass_fg(50_000_000_000);
        let left = ALLOTMENT.saturating_sub(lesson.given);
        return Some(Dose { mass, duration_ms: 600_000, left, allotment: ALLOTMENT, wait_ms: wait, at: None });
    }
    let seen = shared.seen.as_ref()?;
    let bolus = seen.bolus()?;
    let until = seen.status.bolus_not_before;
    Some(Dose {
        mass: Quantity::mass_fg(bolus.mass.get()),
        duration_ms: i64::try_from(bolus.duration_ms).unwrap_or(i64::MAX),
        left: bolus.left,
        allotment: bolus.allotment,
        wait_ms: until.map_or(0, |at| seen.until_ms(at, cx.now_ms)),
        at: until.and_then(|at| seen.wall(at)).and_then(|wall| i64::try_from(wall.get()).ok()).map(Local),
    })
}

pub(crate) async fn home(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let cx = Cx::of(&app, &headers);
    let (link, is_practice) = {
        let shared = app.shared();
        (shared.link.clone(), shared.practice.is_some())
    };
    if link == LinkState::NotPaired && !is_practice {
        return go("/pair");
    }
    let open = app.shared().book.last().filter(|asked| asked.is_open() && !is_practice).cloned();
    let seen = app.shared().seen.clone().filter(|_| !is_practice);
    let age = seen.as_ref().map(|seen| seen.age_ms(cx.now_ms));
    //= requirements/handset.md#age-of-what-it-shows
    //# The handset MUST show the age of what the pump said and grey it when it is older than its limit.
    let stale = age.is_some_and(|age| age > LIMIT_MS);
    let body = html! {
        div.stack.stale[stale] data-live="/" {
            (doing(&cx, seen.as_ref(), is_practice))
            @match &open {
                Some(asked) => (not_known(&cx, asked)),
                None => (act(&cx)),
            }
            @if let Some(age) = age { (freshness(&cx.words, age, LIMIT_MS)) }
            @if let LinkState::Failing { why } = &link { @if !is_practice { (callout(Level::Unknown, cx.say("link-failing"), html! { p { (cx.say("link-failing-means")) } p.small lang="en" dir="ltr" { (why) } })) } }
            @if let Some(seen) = &seen { (cover(&cx, seen)) }
            (ways(&cx))
        }
    };
    cx.page(&cx.say("place-now"), "/", body)
}

/// In words: what the pump is doing.
fn doing(cx: &Cx, seen: Option<&Seen>, is_practice: bool) -> Markup {
    let (level, key) = match seen.map(|seen| seen.status.doing) {
        _ if is_practice => (Level::Good, "doing-running"),
        None => (Level::Unknown, "doing-not-read"),
        Some(Doing::Running) if seen.is_some_and(|seen| !seen.is_given()) => (Level::Danger, "doing-alarm"),
        Some(Doing::Running) if seen.is_some_and(|seen| seen.status.level >= 3) => (Level::Caution, "doing-reduced"),
        Some(Doing::Running) => (Level::Good, "doing-running"),
        Some(Doing::Fresh) => (Level::Off, "doing-fresh"),
        Some(Doing::Stopped) => (Level::Caution, "doing-stopped"),
        Some(Doing::Resting) => (Level::Caution, "doing-resting"),
        Some(Doing::Emergency) => (Level::Caution, "doing-emergency"),
        Some(Doing::Empty) => (Level::Danger, "doing-empty"),
        Some(Doing::Lost) => (Level::Danger, "doing-lost"),
    };
    let extra = seen.and_then(|seen| seen.status.extra.as_ref());
    html! {
        div.heading { div { h1 { (cx.say(key)) } } }
        div.row {
            (status(level, cx.say(format!("{key}-short"))))
            @if let Some(extra) = extra {
                @let key = match extra.what { Extra::PatientBolus => "extra-patient-bolus", Extra::SingleBolus => "extra-single-bolus", Extra::PeriodicBolus => "extra-periodic-bolus", Extra::Prime => "extra-prime", Extra::Bridge => "extra-bridge" };
                @let share = extra.delivered.get().saturating_mul(100).checked_div(extra.ordered.get()).unwrap_or(0);
                (status(Level::Notice, cx.say_with(key, &[("percent", share.to_string().into())])))
            }
        }
    }
}

/// The one large act, open or closed, with the budget below it.
fn act(cx: &Cx) -> Markup {
    let Some(dose) = dose(cx) else { return html! { p.soft { (cx.say("no-extra-dose-ordered")) } } };
    let given = dose.allotment.saturating_sub(dose.left);
    let left = [("left", u64::from(dose.left).into()), ("of", u64::from(dose.allotment).into())];
    html! {
        a.act.is-closed[dose.wait_ms > 0 || dose.left == 0] href="/ask" {
            (icon(if dose.wait_ms > 0 { Icon::Clock } else { Icon::Drop }))
            span { (cx.say("ask-for-a-dose")) }
            @if dose.wait_ms > 0 { small { (wait(cx, dose.at, dose.wait_ms)) } }
            small { (cx.say_with("left-today", &left)) }
        }
        p.budget role="img" aria-label=(cx.say_with("left-today", &left)) {
            @for n in 0..dose.allotment.min(12) { i.is-given[n < given] {} }
        }
    }
}

/// `not before 14:20, in 1 h 5 min`.
fn wait(cx: &Cx, at: Option<Local>, ms: i64) -> String {
    let long = length(ms, &cx.words);
    match at {
        Some(at) => cx.say_with("not-before-at", &[("time", at.time().into()), ("length", long.into())]),
        None => cx.say_with("not-before-in", &[("length", long.into())]),
    }
}

fn cover(cx: &Cx, seen: &Seen) -> Markup {
    let until =
        seen.status.refill_by.and_then(|at| seen.wall(at)).and_then(|wall| i64::try_from(wall.get()).ok()).map(Local);
    let days = seen.status.refill_by.map(|at| seen.until_ms(at, cx.now_ms) / pages::moment::DAY_MS);
    let level = match days {
        Some(days) if days < 3 => Level::Danger,
        Some(days) if days < 14 => Level::Caution,
        Some(_) => Level::Good,
        None => Level::Unknown,
    };
    let booked = cx.app.shared().person.booked.clone();
    html! {
        section.panel {
            h2 { (cx.say("cover-title")) }
            div { (status(level, match (until, days) {
                (Some(until), _) => cx.say_with("cover-until", &[("date", until.date(&cx.words).into())]),
                (None, Some(days)) => cx.say_with("cover-days", &[("n", u64::try_from(days).unwrap_or(0).into())]),
                (None, None) => cx.say("cover-unknown"),
            })) }
            p { @if booked.is_empty() { (cx.say("cover-not-booked")) } @else { (cx.say_with("cover-booked", &[("when", booked.into())])) } }
        }
    }
}

fn ways(cx: &Cx) -> Markup {
    let way = |href: &str, sign, key: &str| html! { li { a href=(href) { (icon(sign)) span { (cx.say(key)) } (icon(Icon::Onward)) } } };
    html! {
        ul.menu {
            (way("/alarms", Icon::Sound, "way-beeping")) (way("/diary", Icon::Diary, "way-diary")) (way("/symptoms", Icon::Heart, "way-symptoms"))
            (way("/log", Icon::Clock, "log-title")) (way("/scan", Icon::Magnet, "way-scan")) (way("/card", Icon::Card, "way-card"))
        }
    }
}

/// The read-back before a request: what would be given, how many are left, and who may ask.
pub(crate) async fn ask(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let cx = Cx::of(&app, &headers);
    let is_practice = app.shared().practice.is_some();
    if !is_practice && app.shared().book.last().is_some_and(Asked::is_open) {
        return go("/asked");
    }
    let Some(dose) = dose(&cx) else { return go("/") };
    let Ok(token) =
        random::<16>().map(|bytes| bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}")))
    else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let left = [("left", u64::from(dose.left).into()), ("of", u64::from(dose.allotment).into())];
    let readback = html! {
        p.figure-value { (dose.mass.spelled(&cx.words)) }
        p { (cx.say_with("over", &[("length", length(dose.duration_ms, &cx.words).into())])) }
        p { (cx.say_with("left-today", &left)) }
        @if dose.wait_ms > 0 { p { strong { (wait(&cx, dose.at, dose.wait_ms)) } " " (cx.say(Safety::PumpDecides)) } }
    };
    let title = cx.say("ask-title");
    let (proceed, leave) = (cx.say("ask-proceed"), cx.say("ask-leave"));
    let act = Confirm {
        id: "ask",
        ask: "",
        sign: Some(Icon::Drop),
        weight: Weight::Primary,
        title: &title,
        readback,
        proceed: &proceed,
        leave: &leave,
        action: "/ask",
        unseen: &[("token", &token), ("held", "")],
    };
    //= requirements/handset.md#only-the-patient-asks
    //# The handset MUST say, where a dose is asked for, that nobody asks for a patient who sleeps, and allow no proxy by default.
    let body = html! { (confirm_page(&act, "/")) (callout(Level::Caution, cx.say("only-you-ask"), html! { p { (cx.say(Safety::NeverForASleeper)) } })) };
    cx.page(&title, "/", body)
}

pub(crate) async fn pressed(State(app): State<Arc<App>>, headers: HeaderMap, body: String) -> Response {
    let cx = Cx::of(&app, &headers);
    let sent = fields(&body);
    let token = first(&sent, "token").to_owned();
    if token.len() != 32 {
        return go("/ask");
    }
    // Without the script nobody measures it; the pump's own lockout stands all the same.
    let held: u64 = first(&sent, "held").parse().unwrap_or(0);
    {
        let mut shared = app.shared();
        if let Some(lesson) = &mut shared.practice {
            let outcome = lesson.ask(cx.now_ms, crate::app::offset_min());
            drop(shared);
            return outcome_page(&cx, &outcome, None);
        }
    }
    match app.press(&token, held) {
        Ok(Press::New | Press::Again) => go("/asked"),
        Ok(Press::Held) => held_page(&cx),
        Err(why) => cx.page(
            &cx.say("not-sent"),
            "/",
            callout(Level::Danger, cx.say("not-sent"), html! { p lang="en" { (why) } (cx.calls()) }),
        ),
    }
}

/// The button was leant on: nothing was asked for.
fn held_page(cx: &Cx) -> Response {
    let title = cx.say("not-sent");
    let body = html! {
        div.stack data-signal="error" {
            h1 { (title) }
            (callout(Level::Caution, cx.say("reason-32"), html! { p { (cx.say("press-briefly")) } }))
            (buttons::link(Weight::Primary, "/ask", Some(Icon::Again), cx.say("try-again")))
        }
    };
    cx.page(&title, "/", body)
}

pub(crate) async fn asked(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let cx = Cx::of(&app, &headers);
    let Some(asked) = app.shared().book.last().cloned() else { return go("/") };
    match asked.is_open() {
        true => {
            let body = html! { div.stack data-live="/asked" { (not_known(&cx, &asked)) } noscript { meta http-equiv="refresh" content="3"; } };
            cx.page(&cx.say("asking"), "/", body)
        }
        false => outcome_page(&cx, &asked.outcome, Some(&asked)),
    }
}

/// While nobody knows: that it is so, that one does not ask again, and after five minutes whom to call.
fn not_known(cx: &Cx, asked: &Asked) -> Markup {
    let since = (cx.now_ms - asked.began_ms).max(0);
    html! {
        @if asked.outcome == Outcome::Asking {
            div.act.is-closed role="status" { (icon(Icon::Again)) span { (cx.say("asking")) } small { (cx.say(Safety::DoNotAskAgain)) } }
        } @else {
            div.act.is-closed role="status" { (icon(Icon::Unknown)) span { (cx.say("not-known-title")) } small { (cx.say_with("since", &[("length", length(since, &cx.words).into())])) } }
            (callout(Level::Unknown, cx.say(pages::words::Safety::NotKnownYet), html! { p { (cx.say("handset-keeps-asking")) } p { strong { (cx.say(Safety::DoNotAskAgain)) } } }))
        }
        //= requirements/handset.md#not-known-yet
        //# After five minutes of not knowing the handset MUST say whom to call.
        @if asked.is_to_call(cx.now_ms) { (callout(Level::Danger, cx.say(Safety::CallNow), cx.calls())) }
    }
}

fn outcome_page(cx: &Cx, outcome: &Outcome, asked: Option<&Asked>) -> Response {
    let (title, body) = match outcome {
        Outcome::Granted { duration_ms, .. } => {
            let mass = dose(cx).map(|dose| dose.mass.spelled(&cx.words));
            let long = duration_ms.and_then(|ms| i64::try_from(ms).ok()).map(|ms| length(ms, &cx.words));
            let title = cx.say("granted");
            let body = html! {
                h1 { (title) }
                (callout(Level::Good, cx.say("granted-title"), html! {
                    @if let Some(mass) = mass { p { (mass) @if let Some(long) = long { " " (cx.say_with("over", &[("length", long.into())])) } } }
                    p { (cx.say("granted-means")) }
                }))
            };
            (title, body)
        }
        Outcome::Refused { why } => {
            let title = cx.say("refused");
            let body = html! {
                h1 { (title) }
                @for one in why { (refusal(cx, one)) }
                @if why.is_empty() { (callout(Level::Notice, cx.say("refused-without-reason"), html! {})) }
                @if cx.app.shared().seen.as_ref().is_some_and(Seen::is_given) { p { (cx.say("steady-goes-on")) } }
            };
            (title, body)
        }
        Outcome::NotSent { why } => {
            let title = cx.say("not-sent");
            (
                title.clone(),
                html! { h1 { (title) } (callout(Level::Caution, cx.say("not-sent-means"), html! { p.small lang="en" dir="ltr" { (why) } })) (buttons::link(Weight::Primary, "/ask", Some(Icon::Again), cx.say("try-again"))) },
            )
        }
        Outcome::Unresolved { .. } | Outcome::Asking | Outcome::Unknown => {
            let title = cx.say("not-known-title");
            (
                title.clone(),
                html! { h1 { (title) } (callout(Level::Danger, cx.say(Safety::CallNow), html! { p { (cx.say("unresolved-means")) } (cx.calls()) })) },
            )
        }
    };
    let when =
        asked.and_then(|asked| asked.settled_ms).map(|ms| pages::moment::age((cx.now_ms - ms).max(0), &cx.words));
    let signal = match outcome {
        Outcome::Granted { .. } => "granted",
        Outcome::Refused { .. } => "refused",
        Outcome::NotSent { .. } | Outcome::Unresolved { .. } | Outcome::Asking | Outcome::Unknown => "error",
    };
    let fresh = asked.is_none_or(|asked| asked.settled_ms.is_some_and(|ms| (cx.now_ms - ms).abs() < 10_000));
    let body = html! { div.stack data-signal=[fresh.then_some(signal)] { (body) @if let Some(when) = when { p.soft { (when) } } (buttons::link(Weight::Plain, "/", Some(Icon::Home), cx.say("back-home"))) } };
    cx.page(&title, "/", body)
}

/// One reason in words, with the pump's own words below, and when the answer may change.
//= requirements/handset.md#the-pumps-own-words
//# The handset MUST show a refusal in the pump's reason and its not-before, and decide no limit itself.
fn refusal(cx: &Cx, why: &Why) -> Markup {
    let reason = Reason::from_code(why.reason);
    let key = format!("reason-{}", why.reason);
    let plain = if cx.words.has(&key) { cx.say(&key) } else { cx.say("reason-other") };
    let at = why.not_before_wall.and_then(|wall| i64::try_from(wall).ok()).map(Local);
    html! {
        (callout(Level::Notice, plain, html! {
            @if let Some(ms) = why.not_before_ms {
                p { strong { (wait(cx, at, ms - cx.now_ms)) } }
                p { (cx.say(Safety::PumpDecides)) }
            }
            @if let Some(reason) = reason { p.small { (cx.say("pump-s-words")) " " span lang="en" dir="ltr" { (reason.words()) } } }
        }))
    }
}

/// What the patient asked for so far, and what the pump answered each time.
pub(crate) async fn log(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let cx = Cx::of(&app, &headers);
    let all = app.shared().book.all().to_vec();
    let offset = i64::from(crate::app::offset_min()) * 60_000;
    let rows = all.iter().rev().map(|asked| {
        let (level, word) = match &asked.outcome {
            Outcome::Granted { .. } => (Level::Good, cx.say("granted")),
            Outcome::Refused { why } => {
                let key = why.first().map(|why| format!("reason-{}", why.reason)).filter(|key| cx.words.has(key));
                (Level::Notice, cx.say(key.as_deref().unwrap_or("refused")))
            }
            Outcome::NotSent { .. } => (Level::Off, cx.say("not-sent")),
            Outcome::Asking | Outcome::Unknown | Outcome::Unresolved { .. } => {
                (Level::Unknown, cx.say("not-known-title"))
            }
        };
        vec![Local(asked.began_ms + offset).html(&cx.words), status(level, word)]
    });
    let title = cx.say("log-title");
    let columns = ["log-when", "log-answer"].map(|key| Column::words(cx.say(key))).to_vec();
    let table = Table {
        caption: title.clone(),
        quiet_caption: true,
        columns,
        rows: rows.collect(),
        empty: cx.say("log-empty"),
    };
    cx.page(&title, "/", html! { h1 { (title) } (table.html(&cx.words)) })
}

/// What the script watches: whether something sounds, and a number that changes when the page should be read again.
pub(crate) async fn state(State(app): State<Arc<App>>) -> Response {
    let now = crate::app::now_ms();
    let shared = app.shared();
    let gravest = shared.seen.as_ref().and_then(|seen| seen.alarms.iter().find(|one| !one.silenced)).map(|one| one.id);
    let rehearsed = shared.practice.is_some_and(|lesson| lesson.beeps);
    let quiet = shared.quiet_until_ms.is_some_and(|until| until > now);
    let sounds = match gravest.map(orders::AlarmId::priority) {
        _ if quiet => "none",
        _ if rehearsed => "medium",
        Some(orders::Priority::High) => "high",
        Some(orders::Priority::Medium) => "medium",
        Some(orders::Priority::Low) | None => "none",
    };
    let last = shared.book.last();
    let open = last.is_some_and(Asked::is_open);
    let call = last.is_some_and(|asked| asked.is_to_call(now));
    let settled = last.and_then(|asked| asked.settled_ms);
    let alarms = shared.seen.as_ref().map_or(0, |seen| seen.alarms.len());
    let failing = matches!(shared.link, LinkState::Failing { .. });
    let doses =
        shared.seen.as_ref().map(|seen| (seen.status.last_dose, seen.status.doing, seen.status.extra.is_some()));
    let mark = format!("{open}-{call}-{settled:?}-{doses:?}-{alarms}-{failing}");
    let body = serde_json::json!({"sounds": sounds, "open": open, "mark": mark});
    ([(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

/// Reads the pump now, and waits for how it went.
pub(crate) async fn read_now(app: &Arc<App>) -> Result<(), String> {
    let (reply, answer) = std::sync::mpsc::channel();
    app.tell(Command::Read(reply));
    wait_for(answer).await
}

/// Waits for the radio's answer without holding up other pages.
pub(crate) async fn wait_for(answer: std::sync::mpsc::Receiver<Result<(), String>>) -> Result<(), String> {
    let waited = tokio::task::spawn_blocking(move || answer.recv_timeout(std::time::Duration::from_secs(60))).await;
    match waited {
        Ok(Ok(told)) => told,
        Ok(Err(_)) | Err(_) => Err("the pump did not answer within a minute".to_owned()),
    }
}

/// What the pump is doing, in its own words: for messages to the team.
pub(crate) fn snapshot(seen: &Seen) -> String {
    let status = &seen.status;
    let alarms: Vec<&str> = seen.alarms.iter().map(|one| one.id.words()).collect();
    format!(
        "pump {}: {}; order {}; basal {}; reservoir {} (worst case {}); boluses in 24 h: {}; alarms: {}",
        seen.device.serial,
        words::doing(status.doing),
        status.order,
        status.flow,
        status.reservoir,
        status.reservoir_worst,
        status.boluses,
        if alarms.is_empty() { "none".to_owned() } else { alarms.join("; ") },
    )
}
