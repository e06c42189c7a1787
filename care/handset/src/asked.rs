//! The request for a dose, from the press to what became of it. On disk before anything is sent, and kept with its outcome,
//! so that a second press, a page that is sent again and a handset that was killed all find the same request.
//!
//! ```text
//!   press ─> Asking ─┬─> Granted
//!              │     ├─> Refused
//!              │     └─> NotSent        nothing left the handset
//!              └─> Unknown ─┬─> Granted / Refused     the pump answered later, under the same id
//!                           └─> Unresolved            the pump no longer holds its answer: a person must look
//! ```

use serde::{Deserialize, Serialize};

/// Requests that are remembered.
const KEPT: usize = 16;

/// After so long, ms, of not knowing, the handset says whom to call.
pub const CALL_AFTER_MS: i64 = 5 * 60_000;

/// A button that was down for longer, ms, is stuck or leant on: no press.
pub const HELD_MAX_MS: u64 = 5_000;

/// One reason of a refusal, as the pump gave it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Why {
    /// The reason's code.
    pub reason: u8,
    /// Before this, on the handset's clock (ms since 1970 UTC), the answer will be the same.
    pub not_before_ms: Option<i64>,
    /// The same on the clock that people read, local ms since 1970.
    pub not_before_wall: Option<u64>,
}

/// What became of a request.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Outcome {
    /// It is on its way.
    Asking,
    /// No answer came, and it may have been done.
    Unknown,
    /// The dose has begun.
    Granted {
        /// Volume, nL; `None` if the answer was found afterwards without it.
        volume_nl: Option<u64>,
        /// Over how long, ms.
        duration_ms: Option<u64>,
    },
    /// It was not given.
    Refused {
        /// Why.
        why: Vec<Why>,
    },
    /// Nothing left the handset; the words say why.
    NotSent {
        /// What was wrong.
        why: String,
    },
    /// The pump does not know any more.
    Unresolved {
        /// The id asked about.
        id: u64,
    },
}

/// A request.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Asked {
    /// What the page sent with it: a page that is sent again is the same request.
    pub token: String,
    /// When the button was pressed, ms since 1970 UTC.
    pub began_ms: i64,
    /// When the outcome was known.
    pub settled_ms: Option<i64>,
    /// The highest id that the pump had seen from this handset before; `None` until it was read.
    pub seen_before: Option<u64>,
    /// What became of it.
    pub outcome: Outcome,
}

impl Asked {
    /// Whether it is still open.
    pub const fn is_open(&self) -> bool {
        matches!(self.outcome, Outcome::Asking | Outcome::Unknown)
    }

    /// Whether so much time has passed without knowing that somebody should be called. A clock that was set back in the
    /// meantime does not lengthen the wait.
    pub fn is_to_call(&self, now_ms: i64) -> bool {
        self.is_open() && !(0..CALL_AFTER_MS).contains(&(now_ms - self.began_ms))
    }
}

/// The requests, the newest last.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Book {
    all: Vec<Asked>,
}

/// What a press is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Press {
    /// A new request, to be kept and sent.
    New,
    /// The request that is there already: nothing is sent.
    Again,
    /// The button was down too long: nothing is sent, and that is told.
    Held,
}

impl Book {
    /// The newest request.
    pub fn last(&self) -> Option<&Asked> {
        self.all.last()
    }

    /// All, the newest last.
    pub fn all(&self) -> &[Asked] {
        &self.all
    }

    /// Takes a press. While one request is open, or under a token that was used, every press is that request.
    //= requirements/handset.md#one-press-one-request
    //# The handset MUST turn repeated presses before an answer into one request with one id.
    pub fn press(&mut self, token: &str, held_ms: u64, now_ms: i64) -> Press {
        //= requirements/handset.md#one-press-one-request
        //# A button that stays pressed too long MUST be ignored and told.
        if held_ms > HELD_MAX_MS {
            return Press::Held;
        }
        let is_known = self.all.iter().any(|asked| asked.token == token);
        if is_known || self.last().is_some_and(Asked::is_open) {
            return Press::Again;
        }
        self.all.push(Asked {
            token: token.to_owned(),
            began_ms: now_ms,
            settled_ms: None,
            seen_before: None,
            outcome: Outcome::Asking,
        });
        if self.all.len() > KEPT {
            self.all.remove(0);
        }
        Press::New
    }

    /// Notes what the pump had seen before the newest request.
    pub fn note_before(&mut self, seen: u64) {
        if let Some(last) = self.all.last_mut() {
            last.seen_before = Some(seen);
        }
    }

    /// What became of the newest request, if it is still open.
    pub fn settle(&mut self, outcome: Outcome, now_ms: i64) {
        if let Some(last) = self.all.last_mut().filter(|last| last.is_open()) {
            last.outcome = outcome;
            last.settled_ms = (!last.is_open()).then_some(now_ms);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_780_000_000_000;

    //= requirements/handset.md#one-press-one-request
    //= type=test
    //# The handset MUST turn repeated presses before an answer into one request with one id.
    #[test]
    fn a_trembling_hand_asks_once() {
        let mut book = Book::default();
        assert_eq!(book.press("page-1", 80, NOON), Press::New);
        assert_eq!(book.press("page-1", 80, NOON + 80), Press::Again);
        assert_eq!(book.press("page-2", 80, NOON + 300), Press::Again, "another window, while the first is on its way");
        book.settle(Outcome::Unknown, NOON + 6_000);
        assert_eq!(book.press("page-3", 80, NOON + 60_000), Press::Again, "nobody knows yet: no second request");
        book.settle(Outcome::Granted { volume_nl: Some(12_500), duration_ms: Some(600_000) }, NOON + 90_000);
        assert_eq!(book.press("page-1", 80, NOON + 95_000), Press::Again, "the first page, sent again by the browser");
        assert_eq!(book.all().len(), 1);
        assert_eq!(book.press("page-4", 80, NOON + 14_400_000), Press::New);
    }

    //= requirements/handset.md#one-press-one-request
    //= type=test
    //# A button that stays pressed too long MUST be ignored and told.
    #[test]
    fn a_button_that_somebody_leans_on_asks_for_nothing_and_a_brief_press_afterwards_does() {
        let mut book = Book::default();
        assert_eq!(book.press("page-1", HELD_MAX_MS + 1, NOON), Press::Held);
        assert_eq!(book.last(), None);
        assert_eq!(book.press("page-1", HELD_MAX_MS, NOON + 9_000), Press::New);
    }

    //= requirements/handset.md#not-known-yet
    //= type=test
    //# After five minutes of not knowing the handset MUST say whom to call.
    #[test]
    fn after_five_minutes_of_not_knowing_somebody_is_to_be_called_even_if_the_clock_was_set_back() {
        let mut book = Book::default();
        book.press("page-1", 80, NOON);
        book.settle(Outcome::Unknown, NOON + 6_000);
        let asked = book.last().unwrap();
        assert!(!asked.is_to_call(NOON + CALL_AFTER_MS - 1));
        assert!(asked.is_to_call(NOON + CALL_AFTER_MS));
        assert!(asked.is_to_call(NOON - 3_600_000));
    }
}
