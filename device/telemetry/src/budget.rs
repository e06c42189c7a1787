//! How much of the battery the radio may use in a day, whoever asks. Token accounts in integers, refilled by the monotonic clock.
//!
//! Without it anyone across the street could wake the pump until its battery is empty; with it the worst they reach is that the pump does not
//! answer from afar for a while. Delivery does not notice, and a clinician at the skin has an account of their own.

use crate::limits as l;
use orders::quantity::{DAY_MS, Duration, Instant};

/// What the radio does that costs energy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// Waking to listen.
    WakeUp,
    /// A handshake with nobody at the skin.
    Handshake,
    /// A handshake with presence at the skin.
    HandshakeAtSkin,
    /// One frame sent in a contact.
    Answer,
    /// One word to someone turned away, who may be anyone: an account of its own, so that junk does not use up the answers of others.
    TurnAway,
}

/// One account. Holds time instead of tokens: a token is worth a day divided by the daily number, so refilling needs no division and loses nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Account {
    /// What is in it, ms.
    held: u64,
    /// When it was last filled up.
    at: Instant,
    /// What it may hold, ms.
    most: u64,
    /// What one token takes, ms; a day divided by the daily number, rounded up: never more than that number a day.
    price: u64,
}

impl Account {
    const fn full(now: Instant, per_day: u32, burst: u32) -> Self {
        // Exact widenings, written with `as` because `From` is not const.
        #[allow(clippy::as_conversions)]
        let (per_day, burst) = (per_day as u64, burst as u64);
        let price = DAY_MS.div_ceil(if per_day == 0 { 1 } else { per_day });
        let most = price.saturating_mul(burst);
        Self { held: most, at: now, most, price }
    }

    fn fill(&mut self, now: Instant) {
        self.held = self.held.saturating_add(now.since(self.at).get()).min(self.most);
        self.at = self.at.max(now);
    }

    fn spend(&mut self, now: Instant) -> Result<(), Duration> {
        self.fill(now);
        match self.held.checked_sub(self.price) {
            Some(left) => {
                self.held = left;
                Ok(())
            }
            None => Err(Duration::new(self.price.saturating_sub(self.held))),
        }
    }
}

/// The radio's accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    wake_ups: Account,
    handshakes: Account,
    handshakes_at_skin: Account,
    answers: Account,
    turned_away: Account,
}

impl Budget {
    /// Full accounts: at birth and after a restart. (Restarts are counted elsewhere; each is worth at most one burst.)
    pub const fn full(now: Instant) -> Self {
        Self {
            wake_ups: Account::full(now, l::WAKE_UPS_PER_DAY, l::WAKE_UPS_BURST),
            handshakes: Account::full(now, l::HANDSHAKES_PER_DAY, l::HANDSHAKES_BURST),
            handshakes_at_skin: Account::full(now, l::HANDSHAKES_AT_SKIN_PER_DAY, l::HANDSHAKES_AT_SKIN_BURST),
            answers: Account::full(now, l::ANSWERS_PER_DAY, l::ANSWERS_BURST),
            turned_away: Account::full(now, l::TURNED_AWAY_PER_DAY, l::TURNED_AWAY_BURST),
        }
    }

    /// Takes what `cost` needs.
    ///
    /// # Errors
    /// How long until there is enough; nothing was taken.
    pub fn spend(&mut self, now: Instant, cost: Cost) -> Result<(), Duration> {
        match cost {
            Cost::WakeUp => self.wake_ups.spend(now),
            Cost::Handshake => self.handshakes.spend(now),
            Cost::HandshakeAtSkin => self.handshakes_at_skin.spend(now),
            Cost::Answer => self.answers.spend(now),
            Cost::TurnAway => self.turned_away.spend(now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Instant {
        Instant::new(ms)
    }

    #[test]
    fn a_day_of_hellos_from_across_the_street_gets_a_days_number_and_one_burst() {
        let mut budget = Budget::full(at(0));
        let answered = (0..DAY_MS).step_by(1_000).filter(|ms| budget.spend(at(*ms), Cost::Handshake).is_ok()).count();
        assert_eq!(answered, 48 + 12 - 1, "the first of the day's tokens is whole only half an hour in");

        // Nobody at the skin was kept out by it.
        assert_eq!(budget.spend(at(DAY_MS), Cost::HandshakeAtSkin), Ok(()));
    }

    #[test]
    fn an_empty_account_says_how_long_and_keeps_its_word() {
        let mut budget = Budget::full(at(0));
        for _ in 0..12 {
            assert_eq!(budget.spend(at(0), Cost::Handshake), Ok(()));
        }
        assert_eq!(budget.spend(at(10_000), Cost::Handshake), Err(Duration::new(1_790_000)));
        assert_eq!(budget.spend(at(1_799_999), Cost::Handshake), Err(Duration::new(1)));
        assert_eq!(budget.spend(at(1_800_000), Cost::Handshake), Ok(()));
    }

    #[test]
    fn a_clock_that_steps_back_fills_nothing() {
        let mut budget = Budget::full(at(DAY_MS));
        for _ in 0..12 {
            assert_eq!(budget.spend(at(DAY_MS), Cost::Handshake), Ok(()));
        }
        for back in [0, 1, DAY_MS - 1] {
            assert!(budget.spend(at(back), Cost::Handshake).is_err());
        }
        assert!(budget.spend(at(DAY_MS), Cost::Handshake).is_err());
    }
}
