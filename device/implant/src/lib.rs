#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]
#![expect(clippy::result_large_err, reason = "every reason of a refusal is carried in place: there is no allocation")]
//! Pump, telemetry and store protocol as one machine without a clock, a port or an allocator: what the bench proves is
//! what the image runs.
//!
//! The whole interface is `handle(now, Input)`, `poll(now)` until `None`, and `deadline()`: early is harmless, late may
//! only under-deliver. [`io`] says what goes in and out, [`slot`] what lies where in the stores, [`host`] how both
//! look as bytes. Inside, `implant` orders the actions, `restart` reads the stores back, `desk` hears frames, `asks`
//! does what is asked, `tell` answers readings; `people` and `proposals` are what is remembered for them.

#[cfg(test)]
extern crate std;

mod asks;
mod desk;
pub mod host;
pub mod implant;
pub mod io;
pub mod maker;
mod people;
pub mod proposals;
mod restart;
pub mod size;
pub mod slot;
mod stores;
mod tell;

pub use pump;

pub use desk::{REJECTED_MAX, REJECTED_WITHIN};
pub use implant::{ACTIONS_MAX, Implant, Provision};
pub use io::{Action, Cause, Input, Link};
pub use slot::{Bank, Slot};
