#![no_std]
#![forbid(unsafe_code)]
#![expect(clippy::result_large_err, reason = "every reason of a refusal is carried in place: there is no allocation")]
//! The controller: everything that decides a dose.
//!
//! No clock, no I/O, no allocation: the pump is a function of time and events. Start at [`controller`] for how
//! it turns, at [`transitions`] for what it can be doing.

#[cfg(test)]
extern crate std;

mod accounting;
mod acts;
pub mod alarms;
pub mod asking;
pub mod basal;
pub mod battery;
pub mod bolus;
pub mod calendar;
pub mod ceilings;
pub mod check;
mod checking;
pub mod controller;
pub mod daily;
pub mod declared;
pub mod dose_record;
pub mod drive;
mod ending;
pub mod events;
pub mod fall_back;
pub mod fluid_path;
mod fluids;
pub mod fronts;
mod giving;
pub mod guard;
pub mod journal;
pub mod judge;
mod moment;
pub mod ordering;
pub mod periodic;
pub mod prime_bridge;
pub mod program;
pub mod ramp;
pub mod reading;
pub mod reservoir;
mod restore;
mod review;
pub mod selftest;
pub mod status;
pub mod time;
pub mod tones;
pub mod transitions;
pub mod windows;

pub use controller::{Part, Pump, Save, Want};
