//! The withdrawal clock: from the last drug at the tip to the first signs, drug by drug.

use orders::Duration;

use crate::entry::DrugEntry;

/// Where the clock stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// A stop of this drug does nothing of its own.
    None,
    /// First signs at the earliest in so long.
    Before(Duration),
    /// First signs may come any time; at the latest in so long.
    Possible(Duration),
    /// They are there, or nobody has seen them.
    Expected,
}

/// Where the clock of a drug stands when none of it has arrived for so long.
pub fn phase(entry: &DrugEntry, without: Duration) -> Phase {
    let (Some(onset), Some(latest)) = (&entry.stop.onset, &entry.stop.latest) else {
        return Phase::None;
    };
    if let Some(left) = onset.value.checked_sub(without).filter(|left| !left.is_zero()) {
        Phase::Before(left)
    } else if let Some(left) = latest.value.checked_sub(without).filter(|left| !left.is_zero()) {
        Phase::Possible(left)
    } else {
        Phase::Expected
    }
}
