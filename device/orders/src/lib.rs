#![no_std]
#![forbid(unsafe_code)]
#![expect(clippy::result_large_err, reason = "every reason of a refusal is carried in place: there is no allocation")]
//! The vocabulary that pump, programmer, clinic and bench share.
//!
//! This room answers for what the words mean: quantities and their laws, the prescription and the bounds of its
//! fields, the device profile, refusals and alarms with their words, the fluid ledger as a document. It decides
//! nothing: whether an order may run, a bolus may be given or an alarm sounds is the pump's affair.
//!
//! Everything is integer, of fixed size and without allocation, so that the same type lies in the implant's memory,
//! in its store, on the wire and in a test.

#[cfg(test)]
extern crate std;

pub mod alarm;
pub mod bounds;
mod codec;
pub mod device;
pub mod ledger;
pub mod mixture;
pub mod plan;
pub mod prescription;
pub mod quantity;
pub mod refusal;
pub mod text;

pub use alarm::{AlarmId, Priority};
pub use bounds::Field;
pub use codec::Malformed;
pub use device::DeviceProfile;
pub use ledger::{Ledger, Slug};
pub use mixture::{Component, Drug, Mixture};
pub use prescription::Prescription;
pub use quantity::{Concentration, Duration, FlowRate, Instant, Mass, MassRate, Permille, Volume, WallTime};
pub use refusal::{Reason, Refusal, Refusals};
