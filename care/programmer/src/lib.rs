#![forbid(unsafe_code)]
//! The clinician's programmer: a local app that shows a pump, proposes, has people sign, and works with no clinic in reach.
//!
//! Answers for the pages and forms of a visit, for the right patient before the right pump, for limits that are asked about
//! before anything is sent, for keys and patient files that lie sealed, and for a record of what people did.
//! Refuses to know what a dose does and whether it may run: the pump decides, the formulary knows, people sign.
//!
//! ```text
//!   browser -- web (routes, one session, one patient) -- work pages -- link -- pump
//!                     |                                      |
//!                  people, vault, outbox (sealed)       formulary
//! ```
//!
//! Terms. *Visit*: one patient, one pump, from opening the file to closing it. *Act*: what a person did, kept in the outbox
//! in a chain. *Draft*: an order as it stands in the form, in the very words that were typed.

mod compound;
mod draft;
mod edit;
mod emergency;
mod files;
mod form;
mod install;
mod look;
mod mri;
mod other_acts;
mod outbox;
mod people;
mod port;
mod pump_page;
mod reading;
mod refill;
mod refill_pages;
mod review;
mod seal;
mod session;
mod show;
mod sign_in;
mod vault;
mod web;

pub use web::{Clock, Programmer, router, serve};
