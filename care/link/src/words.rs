//! What the pump answered, in its own words, with the clock that people read.
//!
//! A refusal's words are those that the pump logs. "Not before" is an instant of the pump; where the pump trusts its wall
//! clock it is shown as a date and a time, else as how long from now.

use orders::{Instant, Refusal, WallTime};
use telemetry::message::answer::{Accepted, Doing, Extra, Refused, Status};
use telemetry::sessions::Turned;

use crate::visit::Settled;

/// The pump's two clocks at one moment: what is needed to show an instant of the pump to people.
#[derive(Debug, Clone, Copy)]
pub struct Clocks {
    /// The pump's instant.
    pub now: Instant,
    /// The wall clock at that instant; `None` while it is not trusted.
    pub wall: Option<WallTime>,
}

impl From<&Status> for Clocks {
    fn from(status: &Status) -> Self {
        Self { now: status.now, wall: status.wall }
    }
}

impl Clocks {
    /// An instant of the pump as people read it.
    pub fn show(&self, at: Instant) -> String {
        match self.wall {
            Some(wall) => {
                let later = at.since(self.now).get();
                let earlier = self.now.since(at).get();
                // Rounded up to the minute: never shown early.
                let wall = wall.get().saturating_add(later).saturating_sub(earlier).next_multiple_of(60_000);
                WallTime::new(wall).to_string()
            }
            None if at > self.now => {
                let span = at.since(self.now).get();
                let step = if span >= 60_000 { 60_000 } else { 1_000 };
                format!("{} from now", orders::Duration::new(span.next_multiple_of(step)))
            }
            None => at.to_string(),
        }
    }
}

/// A refusal, each reason a line, with "not before".
pub fn refused(refused: &Refused, clocks: Option<Clocks>) -> String {
    let clocks = clocks.unwrap_or(Clocks { now: refused.now, wall: None });
    let mut lines: Vec<String> = refused
        .reasons
        .iter()
        .map(|why| {
            let refusal = Refusal::from(why);
            let words = Refusal { not_before: None, ..refusal }.to_string();
            match refusal.not_before {
                Some(until) => format!("refused: {words}, not before {}", clocks.show(until)),
                None => format!("refused: {words}"),
            }
        })
        .collect();
    match refused.more {
        0 => {}
        more => lines.push(format!("and {more} more reasons")),
    }
    lines.join("\n")
}

/// What was accepted.
pub fn accepted(accepted: &Accepted) -> String {
    match (accepted.volume, accepted.duration) {
        (Some(volume), Some(over)) => format!("granted: {volume} over {over}"),
        (Some(volume), None) => format!("granted: {volume}"),
        (None, _) => "done".into(),
    }
}

/// What became of a request.
pub fn settled(settled: &Settled, clocks: Option<Clocks>) -> String {
    match settled {
        Settled::Accepted(done) => accepted(done),
        Settled::Proposal(_) => "understood; nothing changed: to be compared and signed".into(),
        Settled::Refused(why) => refused(why, clocks),
        Settled::NotRead { part, field } => {
            format!("the pump could not read the request (message {part}, field {field}); nothing was done")
        }
        Settled::Unknown { id } => format!(
            "not known yet: no answer came to request {id}, and it may have been done. Ask again: the same request goes \
             out under the same number, and the pump does it at most once"
        ),
        Settled::Unresolved { id, last, last_dose } => format!(
            "not known: the pump no longer holds its answer to request {id} (it has seen requests up to {last}; its last \
             dose is number {last_dose}). Compare its record with what was asked, then: nepenthe resolve {id}"
        ),
    }
}

/// The same where the pump's clock is not at hand.
pub fn settled_plainly(of: &Settled) -> String {
    settled(of, None)
}

/// Why a pump turned a device away, and what to do.
pub const fn turned(why: Turned) -> &'static str {
    match why {
        Turned::Version => "the pump speaks another version of the protocol; update this program",
        Turned::Serial => "this is another pump than the one that was paired with",
        Turned::Role => "the device is enrolled in another role",
        Turned::UnknownPeer => "the pump does not know this device; pair it, at the skin and with the card",
        Turned::NoPresence => "pairing needs the device held at the pump",
        Turned::Budget => "the radio's budget for today is used up; hold the device at the pump, or wait",
        Turned::Busy => "the pump is busy; try again",
        Turned::NumberInUse => "the contact's number was in use; try again",
        Turned::NoContact => "the pump knows nothing of this contact; say hello again",
        Turned::BenchRefused => "this pump takes no contact without cryptography",
        Turned::NotAuthentic => "the handshake failed: another card or another key than this pump's",
    }
}

/// Why drug is given or not.
pub const fn doing(doing: Doing) -> &'static str {
    match doing {
        Doing::Fresh => "not started",
        Doing::Running => "running",
        Doing::Stopped => "stopped",
        Doing::Resting => "stopped for long: minimum rate",
        Doing::Emergency => "emergency rate",
        Doing::Empty => "empty: nothing is given",
        Doing::Lost => "state lost: nothing is given",
    }
}

/// What is given on top of the basal.
pub const fn extra(extra: Extra) -> &'static str {
    match extra {
        Extra::PatientBolus => "patient bolus",
        Extra::SingleBolus => "single bolus",
        Extra::PeriodicBolus => "periodic bolus",
        Extra::Prime => "prime",
        Extra::Bridge => "bridge",
    }
}
