//! What the implant is told and what it wants done.
//!
//! Every action is completed, in order, before the next poll; a write is durable when the implant is polled again.
//! `now` is the reading of the first oscillator's counter in ms, which a battery keeps through restarts unless the
//! restart says otherwise. Readings of the second oscillator come with the inputs that are timed by it.

use crate::slot::Slot;

pub use pump::events::Cause;
pub use pump::selftest::{Check, Reading};

/// A way into the pump: which of the carriers of frames something came by.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Link(pub u8);

/// Something that happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Input<'a> {
    /// The machine has begun anew; nothing else is taken before this.
    Restart {
        /// Why.
        cause: Cause,
        /// Whether the counters ran on since the last stored record.
        counter_kept: bool,
        /// The second oscillator's reading, in ms.
        second_ms: u64,
    },
    /// Time passed: asked for by [`crate::Implant::deadline`]; more often is harmless.
    Tick {
        /// The second oscillator's reading, in ms.
        second_ms: u64,
    },
    /// The rotor passed an edge: one whole stroke has moved.
    RotorEdge {
        /// The second oscillator's reading, in ms.
        second_ms: u64,
    },
    /// Bytes of one frame came in.
    Bytes {
        /// By which carrier.
        link: Link,
        /// The frame.
        bytes: &'a [u8],
    },
    /// Near-field presence came or went.
    Presence(bool),
    /// The cell was measured under load.
    Battery {
        /// Its loaded voltage, in mV.
        loaded_mv: u16,
    },
    /// The temperature was measured.
    Temperature {
        /// In hundredths of a degree Celsius.
        centi_celsius: i16,
    },
    /// The strong field came or went.
    Field {
        /// Whether it is here.
        strong: bool,
        /// The second oscillator's reading, in ms.
        second_ms: u64,
    },
    /// A reading for a self-test, as asked for by [`Action::Check`] or unasked.
    Checked(Reading),
    /// Fresh randomness for the next handshake.
    Entropy([u8; 32]),
    /// What a slot holds, as asked for by [`Action::Read`]; no bytes if it was never written.
    Read {
        /// Which.
        slot: Slot,
        /// What lies there.
        bytes: &'a [u8],
    },
}

/// Something to be done before the next poll.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action<'a> {
    /// Turn the drive by one stroke.
    Step,
    /// Give the drive power, or take it away.
    DriveEnable(bool),
    /// Play a tone of `pump::tones` by its code.
    Sound {
        /// The tone's code.
        tone: u8,
    },
    /// Take a reading for a self-test; answered by [`Input::Checked`]. After a restart the drive waits for all of them.
    Check(Check),
    /// Send one frame.
    Send {
        /// By which carrier.
        link: Link,
        /// The frame.
        bytes: &'a [u8],
    },
    /// Write a slot.
    Write {
        /// Which.
        slot: Slot,
        /// What.
        bytes: &'a [u8],
    },
    /// Read a slot; answered by [`Input::Read`].
    Read {
        /// Which.
        slot: Slot,
    },
    /// Fresh randomness is needed; answered by [`Input::Entropy`].
    WantEntropy,
}
