//! What a board must supply: the contract of each driver.
//!
//! A board owns the hardware by name and decides nothing. Every function says what the implant relies on; a port is
//! complete when the program `bringup` ends well on it and the stories tell on it what they tell on the host.

use implant::{Action, Cause, Input, Provision};

use crate::kept::Kept;
use crate::watchdog::Progress;

/// Something that happened, and when.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// The first oscillator's reading, in ms.
    pub now: u64,
    /// What.
    pub input: Input<'a>,
}

/// A board.
pub trait Board: Sized {
    /// Most milliseconds between two feedings of the watchdog.
    const FEED_WITHIN_MS: u64;

    /// Takes the hardware: drive line and enable line low before anything else, then counters and watchdog started.
    /// Called once; a second call is a bug and may panic.
    fn take() -> Self;

    /// The first oscillator's reading in ms: runs on while the core sleeps, goes only forward, is never set, and is at
    /// most 1 ms behind the oscillator. Where a battery keeps the counter, it runs on through restarts.
    fn now(&mut self) -> u64;

    /// What the last run left behind, once; nothing after power was gone.
    fn last_words(&mut self) -> Option<Kept>;

    /// What the maker gave: from memory that no update and no store can reach.
    fn provision(&mut self) -> Provision;

    /// Proves at each start that a watchdog which is not fed cuts the drive's enable by itself: sets the enable line,
    /// lets the watchdog's first stage run out, and says whether the line was low then. The drive line stays low
    /// throughout.
    fn cut_off_works(&mut self) -> bool;

    /// Why the machine began anew and how its counters stand: the implant's first input.
    fn restarted(&mut self, last: Option<Kept>) -> Event<'_>;

    /// Does an action to its end. After a write returns, the record is durable: power may go at any moment later and
    /// the record is read back whole. The drive line is worked only for [`Action::Step`], the enable line only for
    /// [`Action::DriveEnable`]; the two share no register that one store could set together. A read is answered, by
    /// no bytes if the place was never written; so is a wish for randomness, from a source whose health was tested.
    fn perform(&mut self, now: u64, action: Action<'_>) -> Option<Input<'_>>;

    /// Sleeps until an input or until the deadline, whichever is first, and feeds the watchdog when the progress allows.
    /// A deadline that is reached is [`Input::Tick`]. Inputs come in the order in which they happened, none is lost while the
    /// core is awake, and each carries the time at which it happened.
    fn sleep(&mut self, deadline: Option<u64>, progress: &mut Progress) -> Event<'_>;
}

/// The cause that the implant is told, from what the program left behind and what the supply's supervisor saw.
pub fn cause(last: Option<Kept>, supply: Cause) -> Cause {
    last.map_or(supply, |kept| kept.end.cause())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kept::End;

    #[test]
    fn the_programs_own_last_words_say_more_than_the_supply() {
        let kept = Kept { end: End::Watchdog, place: 0, detail: 0 };
        assert_eq!(cause(Some(kept), Cause::BrownOut), Cause::Watchdog);
        assert_eq!(cause(None, Cause::BrownOut), Cause::BrownOut);
    }
}
