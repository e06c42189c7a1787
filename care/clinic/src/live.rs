//! What open pages are told: that something of a kind has changed, so that they ask again.
//!
//! No content goes this way, only kinds (`alarms`, `board`, `patient-…`): whoever listens asks for the page, and the page
//! knows what they may see. A connection that was lost goes on where it was by the number of the last event; where that is
//! too long ago, or of an earlier run of the service, everything is said to have changed.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use tokio::sync::broadcast;

/// How many events can be caught up with.
const REMEMBERED: usize = 2_048;
/// How often a silent connection is kept alive, s.
const HEARTBEAT_S: u64 = 20;

struct Past {
    next: u64,
    kinds: VecDeque<String>,
}

/// The feed.
pub struct Live {
    run: String,
    past: Mutex<Past>,
    now: broadcast::Sender<u64>,
}

impl Default for Live {
    fn default() -> Self {
        Self::new()
    }
}

impl Live {
    /// Nothing has happened yet.
    pub fn new() -> Self {
        let past = Mutex::new(Past { next: 0, kinds: VecDeque::new() });
        Self { run: crate::secret::id(), past, now: broadcast::channel(64).0 }
    }

    /// Tells that something of these kinds, separated by blanks, has changed.
    pub fn changed(&self, kinds: &str) {
        let mut past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        past.next += 1;
        past.kinds.push_back(kinds.to_owned());
        if past.kinds.len() > REMEMBERED {
            past.kinds.pop_front();
        }
        // Nobody may be listening.
        let _ = self.now.send(past.next);
    }

    /// What has changed since an event, and the newest event's name.
    fn since(&self, seen: Option<u64>) -> (String, String, u64) {
        let past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        let first = past.next - past.kinds.len() as u64;
        let kinds = match seen {
            Some(seen) if seen >= first && seen <= past.next => {
                let skip = usize::try_from(seen - first).unwrap_or(usize::MAX);
                let mut all: Vec<&str> = past.kinds.iter().skip(skip).flat_map(|kinds| kinds.split(' ')).collect();
                all.sort_unstable();
                all.dedup();
                all.join(" ")
            }
            Some(_) => "everything".to_owned(),
            None => String::new(),
        };
        (kinds, format!("{}-{}", self.run, past.next), past.next)
    }

    /// The stream for one page. `last` is the name of the event it saw last.
    pub fn stream(self: &Live, app: crate::App, last: &str) -> Response {
        let seen = last.rsplit_once('-').filter(|(run, _)| *run == self.run).and_then(|(_, n)| n.parse().ok());
        // Another run's number: everything may have changed.
        let seen = if last.is_empty() { None } else { Some(seen.unwrap_or(u64::MAX)) };
        let listener = self.now.subscribe();
        let begin = (app, listener, seen, true);
        let events = one_after_another(begin);
        let alive = KeepAlive::new().interval(Duration::from_secs(HEARTBEAT_S)).text("here");
        Sse::new(events).keep_alive(alive).into_response()
    }
}

type State = (crate::App, broadcast::Receiver<u64>, Option<u64>, bool);

/// Events one after another. At most one a second: what comes closer together is told together.
fn one_after_another(begin: State) -> impl futures_util::Stream<Item = Result<Event, Infallible>> {
    futures_util::stream::unfold(begin, |(app, mut listener, seen, is_first)| async move {
        if !is_first {
            match listener.recv().await {
                Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return None,
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let (kinds, name, next) = app.live.since(seen);
        while listener.try_recv().is_ok() {}
        let event = Event::default().id(name).event("changed").data(kinds);
        Some((Ok(event), (app, listener, Some(next), false)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_was_away_hears_once_what_changed_and_another_run_means_everything() {
        let live = Live::new();
        live.changed("alarms board");
        let (_, _, seen) = live.since(None);
        live.changed("board");
        live.changed("alarms patient-1");
        assert_eq!(live.since(Some(seen)).0, "alarms board patient-1");
        assert_eq!(live.since(Some(u64::MAX)).0, "everything");
        for _ in 0..REMEMBERED {
            live.changed("board");
        }
        assert_eq!(live.since(Some(seen)).0, "everything", "too long ago");
    }
}
