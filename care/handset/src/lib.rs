#![forbid(unsafe_code)]
//! The patient's controller: a local app that asks the pump, tells what it says, and reminds.
//!
//! Answers for one request being one request, for saying "not known yet" as long as that is so, for alarms in words with
//! what to do and whom to call, and for everything that is to reach the clinic being kept until it has. Decides no limit:
//! the pump does, and is quoted. Works with the clinic unreachable; with the pump unreachable it shows how old what it
//! shows is.
//!
//! - [`radio`]: the one thread that speaks with the pump
//! - [`seen`]: what the pump said, and when
//! - [`asked`]: the request for a dose, from the press to what became of it
//! - [`advice`]: what an alarm or a symptom means and what to do
//! - [`diary`], [`outbox`]: what the patient tells, and what is still to be sent
//! - [`store`]: all of it on disk, encrypted
//! - [`web`]: the pages
//!
//! Terms. *Reading*: what one contact told. *Practice*: the same pages without a pump.

pub mod advice;
pub mod app;
pub mod asked;
pub mod diary;
pub mod outbox;
pub mod person;
pub mod practice;
pub mod radio;
pub mod seen;
pub mod store;
pub mod tongue;
pub mod web;

pub use app::{App, NotStarted, Options};
