//! The diary, and the check of symptoms. What to do is shown before anything is sent.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use pages::buttons::{self, Weight};
use pages::chart::{Chart, Event, Series, Shape};
use pages::form::{self, Choice, Field, Kind, Problem, Problems, Question};
use pages::icon::Icon;
use pages::status::callout;
use pages::{Level, Local, Markup, html};

use super::{Cx, Fields, fields, first};
use crate::advice::{Advice, Safety, Symptom, Urgency, triage};
use crate::app::{App, offset_min};
use crate::diary::{Entry, NOTE_MAX};

const SCALE: [&str; 11] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"];
/// Days that the chart shows.
const DAYS: i64 = 28;

pub(crate) async fn page(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let cx = Cx::of(&app, &headers);
    let body = entry_form(&cx, &Fields::new(), &Problems::default());
    cx.page(&cx.say("place-diary"), "/diary", body)
}

fn scale(cx: &Cx, sent: &Fields, problems: &Problems, name: &str, required: bool) -> Markup {
    let choices = SCALE.map(|n| Choice::of(n, n));
    let label = cx.say(format!("diary-{name}"));
    let question = Question {
        name,
        label: &label,
        choices: &choices,
        value: first(sent, name),
        optional: !required,
        ..Question::default()
    };
    question.scale(&cx.words, problems, &cx.say(format!("diary-{name}-least")), &cx.say(format!("diary-{name}-most")))
}

fn symptom_boxes(cx: &Cx, sent: &Fields, all: &[Symptom]) -> Markup {
    let names: Vec<(&'static str, String)> =
        all.iter().map(|one| (one.word(), cx.say(format!("symptom-{}", one.word())))).collect();
    let choices: Vec<Choice<'_>> = names.iter().map(|(word, name)| Choice::of(word, name)).collect();
    let taken: Vec<&str> = sent.get("symptom").map(|all| all.iter().map(String::as_str).collect()).unwrap_or_default();
    let label = cx.say("symptoms-question");
    form::checkboxes(
        &cx.words,
        &Problems::default(),
        &Question { name: "symptom", label: &label, choices: &choices, ..Question::default() },
        &taken,
    )
}

fn entry_form(cx: &Cx, sent: &Fields, problems: &Problems) -> Markup {
    let (doing, note, active) = (cx.say("diary-doing"), cx.say("diary-note"), cx.say("diary-active"));
    html! {
        h1 { (cx.say("place-diary")) }
        (problems.summary(&cx.words))
        (form::form("/diary", html! {
            (scale(cx, sent, problems, "pain", true))
            (symptom_boxes(cx, sent, Symptom::ALL))
            (Field { name: "doing", label: &doing, value: first(sent, "doing"), optional: true, longest: Some(200), ..Field::default() }.html(&cx.words, problems))
            (pages::panels::more(cx.say("diary-more"), html! { div.stack {
                (scale(cx, sent, problems, "sleep", false)) (scale(cx, sent, problems, "mood", false)) (scale(cx, sent, problems, "stress", false))
                (Field { name: "active", label: &active, unit: Some("min"), kind: Kind::Whole, value: first(sent, "active"), optional: true, ..Field::default() }.html(&cx.words, problems))
                (Field { name: "note", label: &note, kind: Kind::Lines, value: first(sent, "note"), optional: true, longest: Some(2_000), ..Field::default() }.html(&cx.words, problems))
            } }))
            (buttons::submit(Weight::Primary, Some(Icon::Diary), cx.say("keep")))
        }))
        (history(cx))
    }
}

/// The last four weeks.
fn history(cx: &Cx) -> Markup {
    let entries = cx.app.shared().diary.entries.clone();
    if entries.is_empty() {
        return html! {};
    }
    let now = cx.now_ms + i64::from(offset_min()) * 60_000;
    let from = Local(now - DAYS * pages::moment::DAY_MS);
    let recent: Vec<&Entry> = entries.iter().filter(|entry| entry.local_ms() >= from.0).collect();
    let values =
        recent.iter().filter_map(|entry| Some((Local(entry.local_ms()), Some(f64::from(entry.pain?))))).collect();
    let events = recent.iter().filter(|entry| !entry.symptoms.is_empty()).map(|entry| {
        let names: Vec<String> = entry.felt().iter().map(|one| cx.say(format!("symptom-{}", one.word()))).collect();
        Event { at: Local(entry.local_ms()), name: names.join(", ") }
    });
    let chart = Chart {
        title: cx.say("diary-history"),
        says: String::new(),
        quantity: cx.say("diary-pain"),
        unit: "0 – 10".to_owned(),
        from,
        to: Local(now),
        at_least: (0.0, 10.0),
        places: 0,
        bands: vec![],
        series: vec![Series { name: cx.say("diary-pain"), shape: Shape::Line, values }],
        references: vec![],
        events: events.collect(),
    };
    html! { section.panel { (chart.html(&cx.words)) } }
}

fn rating(cx: &Cx, sent: &Fields, name: &str, required: bool, problems: &mut Problems) -> Option<u8> {
    let text = first(sent, name);
    let read = text.parse::<u8>().ok().filter(|n| *n <= 10);
    if (read.is_none() && !text.is_empty()) || (required && text.is_empty()) {
        problems.0.push(problem(cx, name, text, "0 – 10"));
    }
    read
}

fn problem(cx: &Cx, name: &str, value: &str, limit: &str) -> Problem {
    Problem {
        field: name.to_owned(),
        label: cx.say(format!("diary-{name}")),
        value: value.to_owned(),
        limit: Some(limit.to_owned()),
        why: if value.is_empty() { cx.say("form-missing") } else { cx.say("form-not-a-number") },
    }
}

fn read(cx: &Cx, sent: &Fields) -> (Entry, Problems) {
    let mut problems = Problems::default();
    let text = |name: &str| {
        let mut text = first(sent, name).trim().to_owned();
        // A browser holds the field to this; what comes longer was not typed here.
        while text.len() > NOTE_MAX {
            text.pop();
        }
        text
    };
    let active = first(sent, "active");
    let active_min = active.parse::<u16>().ok().filter(|n| *n <= 1440);
    if active_min.is_none() && !active.is_empty() {
        problems.0.push(problem(cx, "active", active, "0 – 1440 min"));
    }
    let symptoms =
        sent.get("symptom").map(|all| all.iter().filter(|word| Symptom::of(word).is_some()).cloned().collect());
    let entry = Entry {
        at_ms: cx.now_ms,
        offset_min: offset_min(),
        pump_ms: cx.app.shared().seen.as_ref().map(|seen| seen.status.now.get()),
        pain: rating(cx, sent, "pain", true, &mut problems),
        sleep: rating(cx, sent, "sleep", false, &mut problems),
        mood: rating(cx, sent, "mood", false, &mut problems),
        stress: rating(cx, sent, "stress", false, &mut problems),
        active_min,
        doing: text("doing"),
        symptoms: symptoms.unwrap_or_default(),
        note: text("note"),
    };
    (entry, problems)
}

pub(crate) async fn write(State(app): State<Arc<App>>, headers: HeaderMap, body: String) -> Response {
    let cx = Cx::of(&app, &headers);
    let sent = fields(&body);
    let (entry, problems) = read(&cx, &sent);
    let advice = advised(&cx, &entry.felt());
    if !problems.0.is_empty() {
        return cx.page(&cx.say("place-diary"), "/diary", html! { (advice) (entry_form(&cx, &sent, &problems)) });
    }
    let kept = if app.shared().practice.is_some() { Ok(()) } else { app.write(entry) };
    let body = html! {
        (advice)
        @match &kept {
            Ok(()) => { h1 { (cx.say("diary-kept")) } p { (waiting(&cx)) } },
            Err(why) => { (callout(Level::Danger, cx.say("diary-not-kept"), html! { p lang="en" dir="ltr" { (why) } })) (entry_form(&cx, &sent, &Problems::default())) }
        }
        (history(&cx))
        (buttons::link(Weight::Plain, "/", Some(Icon::Home), cx.say("back-home")))
    };
    cx.page(&cx.say("place-diary"), "/diary", body)
}

/// How much waits for the clinic.
pub(crate) fn waiting(cx: &Cx) -> String {
    let n = cx.app.shared().outbox.waiting().len();
    cx.say_with("outbox-waiting", &[("n", n.into())])
}

/// What the symptoms mean on this pump's drugs, the gravest first.
pub(crate) fn advised(cx: &Cx, symptoms: &[Symptom]) -> Markup {
    let drugs = cx.app.shared().seen.as_ref().map(|seen| seen.drugs()).unwrap_or_default();
    // Where it is not known what the pump holds, it is judged as if it held everything.
    let drugs = if drugs.is_empty() { orders::Drug::ALL.to_vec() } else { drugs };
    let all = triage(symptoms, &drugs);
    html! { @for advice in &all { (told(cx, advice)) } }
}

fn told(cx: &Cx, advice: &Advice) -> Markup {
    let (level, key) = match advice.urgency {
        Urgency::Emergency => (Level::Danger, "urgency-emergency"),
        Urgency::Now => (Level::Danger, "urgency-now"),
        Urgency::Today => (Level::Caution, "urgency-today"),
        Urgency::Noted => (Level::Notice, "urgency-noted"),
    };
    html! { (callout(level, cx.say(key), html! { p { (cx.say(advice.says)) } @if advice.urgency == Urgency::Emergency { p { strong { (cx.say(Safety::Emergency)) } } } (cx.calls()) })) }
}

pub(crate) async fn symptoms(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let cx = Cx::of(&app, &headers);
    cx.page(&cx.say("way-symptoms"), "/", symptom_form(&cx, &Fields::new()))
}

fn symptom_form(cx: &Cx, sent: &Fields) -> Markup {
    html! {
        h1 { (cx.say("way-symptoms")) }
        p { (cx.say("symptoms-explained")) }
        (form::form("/symptoms", html! { (symptom_boxes(cx, sent, Symptom::ALL)) (buttons::submit(Weight::Primary, Some(Icon::Heart), cx.say("symptoms-check"))) }))
    }
}

pub(crate) async fn checked(State(app): State<Arc<App>>, headers: HeaderMap, body: String) -> Response {
    let cx = Cx::of(&app, &headers);
    let sent = fields(&body);
    let felt: Vec<Symptom> =
        sent.get("symptom").iter().flat_map(|all| all.iter().filter_map(|word| Symptom::of(word))).collect();
    let advice = advised(&cx, &felt);
    let is_quiet = advice.0.is_empty();
    // The advice stands whatever becomes of the entry.
    let entry = Entry {
        at_ms: cx.now_ms,
        offset_min: offset_min(),
        symptoms: felt.iter().map(|one| one.word().to_owned()).collect(),
        ..Entry::default()
    };
    let kept = if felt.is_empty() || app.shared().practice.is_some() { Ok(()) } else { app.write(entry) };
    let body = html! {
        (advice)
        @if is_quiet { (callout(Level::Notice, cx.say("symptoms-quiet"), html! { p { (cx.say("symptoms-quiet-means")) } (cx.calls()) })) }
        @match &kept { Ok(()) => p { (waiting(&cx)) }, Err(why) => (callout(Level::Caution, cx.say("diary-not-kept"), html! { p lang="en" dir="ltr" { (why) } })) }
        (symptom_form(&cx, &sent))
    };
    cx.page(&cx.say("way-symptoms"), "/", body)
}
