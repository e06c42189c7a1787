//! The clinic: people, devices, refills, alarms, outcomes and the audit of all of it.
//!
//! Answers for: the record that a clinic keeps, and who may see and do what. Leaves every change of what a pump gives to
//! the programmer at the patient's skin: no key that a pump accepts for more than its journal is ever in this room.
#![forbid(unsafe_code)]

pub mod audit;
pub mod auth;
pub mod clock;
pub mod config;
pub mod db;
pub mod secret;
