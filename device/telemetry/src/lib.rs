#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::as_conversions
    )
)]
//! How a pump is asked and told: wire, secured session, messages; both ends, without a clock, a port or an allocator.
//!
//! From the outside in:
//!
//! - [`wire`]: bytes become a frame, or an error that names the byte that was wrong. Makes no judgement about who sent it.
//! - [`noise`]: the two handshakes, by the `clatter` crate: pairing with the card's secret, and every later contact.
//! - [`session`]: one open contact: sealed frames under a rising counter, and when the contact is over.
//! - [`sessions`]: the pump's end: a handful of contacts at once, and what may be answered to whom.
//! - [`contact`]: the other end: programmer, patient controller, home monitor, emergency.
//! - [`message`]: what can be asked and told, byte by byte, and who may ask it.
//! - [`asker`]: asking without ever asking twice: three outcomes, kept over a restart.
//! - [`journal`]: fetching the journal from a running number on, and seeing what is missing.
//! - [`budget`]: how much of the battery the radio may use in a day, whoever asks.
//! - [`programming`]: what an asker works out before it proposes, and compares before anybody signs.
//! - [`card`]: the implant card as text.
//! - [`sign`]: the clinician's signature under a commit.
//! - [`tag`]: the journal's keyed tag.
//! - [`fuzz`]: doors for bytes from nowhere.
//!
//! What this crate leaves to others: whether a dose is right (`pump`), keeping peers and answers over the pump's restart (`implant`), and
//! randomness: whoever calls supplies 32 fresh bytes for each handshake ([`noise::Entropy`]).
//!
//! Terms. *Pump*: the responder, always. *Asker*: whoever speaks to it. *Contact*: from one handshake to its end. *Hello*: the first
//! message of a contact; it can be recorded and sent again by anyone, so nothing is done on its word.

#[cfg(test)]
extern crate std;

pub mod asker;
pub mod budget;
pub mod card;
pub mod contact;
pub mod deframe;
pub mod fuzz;
pub mod journal;
pub mod limits;
pub mod message;
pub mod noise;
pub mod peer;
pub mod programming;
pub mod session;
pub mod sessions;
pub mod sign;
pub mod tag;
pub mod wire;
