//! "My pump is beeping": each alarm by name, with what to do and whom to call.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use orders::AlarmId;
use pages::buttons::{self, Weight};
use pages::icon::Icon;
use pages::moment::age;
use pages::status::{AlarmBanner, alarm, callout, freshness};
use pages::table::empty;
use pages::{Level, Markup, html};

use super::{Cx, fields, first, go};
use crate::advice::{Kind, if_it_stops, level};
use crate::app::App;
use crate::radio::Command;
use crate::seen::{ActiveAlarm, LIMIT_MS};

/// How long the handset's own sound is off, ms.
const QUIET_MS: i64 = 10 * 60_000;

/// The gravest alarm, above every page.
pub(crate) fn banner(cx: &Cx) -> Markup {
    let (gravest, more) = {
        let shared = cx.app.shared();
        let all = shared.seen.as_ref().filter(|_| shared.practice.is_none()).map_or(&[][..], |seen| &seen.alarms);
        (all.first().copied(), all.len().saturating_sub(1))
    };
    let Some(one) = gravest.filter(|one| level(one.id) >= Level::Caution) else { return html! {} };
    html! {
        (told(cx, one, true))
        @if more > 0 { p.more-alarms { a href="/alarms" { (cx.say_with("more-alarms", &[("n", more.into())])) } } }
    }
}

fn told(cx: &Cx, one: ActiveAlarm, short: bool) -> Markup {
    let kind = Kind::of(one.id);
    let seen = cx.app.shared().seen.clone();
    let since_ms = seen.as_ref().map_or(0, |seen| {
        i64::try_from(seen.status.now.since(one.since).get()).unwrap_or(0).saturating_add(seen.age_ms(cx.now_ms))
    });
    let drugs = seen.as_ref().map(|seen| seen.drugs()).unwrap_or_default();
    let stops = if kind.means_less_drug() { if_it_stops(&drugs) } else { Vec::new() };
    let (name, since, what) = (cx.say(kind.name()), age(since_ms, &cx.words), cx.say(kind.what_to_do()));
    let acts = html! {
        @if !short || level(one.id) == Level::Danger { (cx.calls()) }
        @if !short {
            // What a stop does is said without naming the drug: this may be read over a shoulder.
            @for (_, says) in &stops { p { strong { (cx.say(*says)) } } }
            form method="post" action="/alarms/silence" data-once="" {
                (pages::form::unseen("alarm", &one.id.code().to_string()))
                (buttons::submit(Weight::Plain, Some(Icon::Sound), if one.silenced { cx.say("silence-again") } else { cx.say("silence") }))
            }
            p.small { (cx.say("pump-s-words")) " " span lang="en" dir="ltr" { (one.id.words()) } }
        } @else { (buttons::link(Weight::Plain, "/alarms", None, cx.say("what-to-do"))) }
    };
    alarm(&cx.words, &AlarmBanner { level: level(one.id), name: &name, since: &since, what_to_do: &what, acts })
}

pub(crate) async fn list(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let cx = Cx::of(&app, &headers);
    if app.shared().practice.is_some_and(|lesson| lesson.beeps) {
        let rehearsed = ActiveAlarm { id: AlarmId::ReservoirLow, since: orders::Instant::ZERO, silenced: false };
        return cx.page(
            &cx.say("place-alarms"),
            "/alarms",
            html! { h1 { (cx.say("way-beeping")) } (told(&cx, rehearsed, false)) },
        );
    }
    // Read now: who asks wants to know what is, not what was. A failure is shown as the age of what is shown.
    let read = super::now::read_now(&app).await;
    let seen = app.shared().seen.clone();
    let body = html! {
        h1 { (cx.say("way-beeping")) }
        @if let Err(why) = &read { (callout(Level::Unknown, cx.say("link-failing"), html! { p { (cx.say("beeping-unread")) } p.small lang="en" dir="ltr" { (why) } (cx.calls()) })) }
        @match &seen {
            Some(seen) => {
                @for one in &seen.alarms { (told(&cx, *one, false)) }
                @if seen.alarms.is_empty() { (empty(Icon::Bell, &cx.say("no-alarm"), cx.say("no-alarm-means"), html! {})) }
                (freshness(&cx.words, seen.age_ms(cx.now_ms), LIMIT_MS))
            },
            None => {}
        }
    };
    let title = cx.say("place-alarms");
    cx.page_without_banner(&title, "/alarms", body)
}

pub(crate) async fn silence(State(app): State<Arc<App>>, headers: HeaderMap, body: String) -> Response {
    let cx = Cx::of(&app, &headers);
    let sent = fields(&body);
    {
        let mut shared = app.shared();
        shared.quiet_until_ms = Some(cx.now_ms + QUIET_MS);
        if let Some(lesson) = &mut shared.practice {
            lesson.beeps = false;
            return {
                drop(shared);
                go("/alarms")
            };
        }
    }
    let Some(alarm) = first(&sent, "alarm").parse().ok().and_then(AlarmId::from_code) else { return go("/alarms") };
    let (reply, answer) = std::sync::mpsc::channel();
    app.tell(Command::Silence(alarm, reply));
    match super::now::wait_for(answer).await {
        Ok(()) => go("/alarms"),
        Err(why) => {
            let title = cx.say("not-silenced");
            cx.page(&title, "/alarms", html! { h1 { (title) } (callout(Level::Caution, cx.say("not-silenced-means"), html! { p.small lang="en" dir="ltr" { (why) } })) (cx.calls()) })
        }
    }
}

impl Cx {
    /// A page that tells of the alarms itself.
    fn page_without_banner(&self, title: &str, here: &str, body: Markup) -> Response {
        self.page_of(title, here, html! {}, body, true)
    }
}
