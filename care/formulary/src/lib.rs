#![forbid(unsafe_code)]
//! What is known of the drugs, with the source of each number, and the arithmetic that people check.
//!
//! Answers for: the drug entries ([`entry`], their files in `data/`), the limits that an order is held against
//! ([`review`]), and the sums that a nurse, a pharmacist or a physician would otherwise do on paper: admixture and
//! compounding, what the residual does to a fill, prime and bridge, titration, conversion between routes, how long a
//! fill lasts and keeps, what to do after a gap and in an emergency.
//! Refuses to know: what runs in a pump. It shares the vocabulary of `orders` with the pump and no arithmetic, so that
//! a prime or a bridge that both work out alike was worked out twice.
//!
//! Nothing here approves a dose. Whole numbers throughout; each division says which way it rounds.
//!
//! Terms. *Entry*: all that is stated of one drug. *Soft limit*: passed only with a reason. *Hard limit*: not passed.
//! *Band*: the lowest and the highest of what sources state; never one number between them.

pub mod admixture;
pub mod calendar;
pub mod compounding;
pub mod conversion;
pub mod discrepancy;
pub mod emergency;
pub mod entry;
mod fields;
pub mod gap;
pub mod interval;
mod library;
pub mod mixing;
pub mod number;
pub mod path;
pub mod review;
pub mod stability;
pub mod titration;
pub mod totals;
pub mod tradeoff;
pub mod withdrawal;

pub use entry::DrugEntry;
pub use fields::Unusable;
pub use library::{Formulary, Submitted, Trust, signing_bytes};
pub use number::{Confidence, Sourced};
