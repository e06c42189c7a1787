//! The store's bookkeeping: under which sequence and in which bank the next record goes.

use pump::Part;
use telemetry::limits::PEERS_MAX;

use crate::slot::{Bank, Slot};

/// The sequence of the newest record of each kind that the implant numbers itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Sequences {
    pub status: u32,
    pub guard_state: u32,
    pub clinicians: u32,
    peers: [u32; PEERS_MAX],
}

impl Sequences {
    pub fn set_peer(&mut self, place: u8, sequence: u32) {
        if let Some(one) = self.peers.get_mut(usize::from(place)) {
            *one = sequence;
        }
    }

    pub fn next_peer(&mut self, place: u8) -> u32 {
        self.peers.get_mut(usize::from(place)).map_or(0, next)
    }
}

/// Counts on. A store wears out long before the number does.
pub(crate) fn next(sequence: &mut u32) -> u32 {
    *sequence = sequence.saturating_add(1);
    *sequence
}

/// Where a part of the group lies.
pub(crate) const fn part_slot(part: Part, bank: Bank) -> Slot {
    match part {
        Part::Order => Slot::Order(bank),
        Part::FallBack => Slot::FallBack(bank),
        Part::Guard => Slot::Guard(bank),
        Part::Ledger => Slot::Ledger(bank),
    }
}
