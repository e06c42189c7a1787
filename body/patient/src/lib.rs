#![forbid(unsafe_code)]
//! The virtual patient: drug from the catheter tip to relief and harm.
//!
//! Answers for: where a drug is after it was given into the canal, and what a person then feels. It depends on nothing of
//! ours and has its own units (cm, min, mL, µg, kg), so that a mistake of the pump cannot cancel itself out here.
//!
//! From the data to the answer: `sheet` and `units` read what people wrote; `drug` and `species` hold the numbers with
//! their sources; `neuraxis` cuts the canal into cells and `tree` solves them; `krylov` and `modes` make that small and
//! exact in time; `plasma` is the blood. `body` puts strokes in and lets levels and feelings be read; `effects`,
//! `breathing` and `person` are who feels them. `batch` runs cohorts, eight people side by
//! side. `catheter` and `bolus` are the ways in, `protocol` what a file asks for,
//! `picture` how it looks, `validate` the published numbers against all of it.
//!
//! This is a model of a population and predicts nothing for any one patient.

pub mod batch;
pub mod body;
pub mod bolus;
pub mod breathing;
pub mod catheter;
pub mod draw;
pub mod drug;
pub mod effects;
pub mod eigen;
pub mod implicit;
pub mod krylov;
pub mod levels;
pub mod modes;
pub mod neuraxis;
pub mod person;
pub mod picture;
pub mod plasma;
pub mod presets;
pub mod protocol;
pub mod sheet;
pub mod species;
pub mod time;
pub mod tree;
pub mod units;
pub mod validate;
