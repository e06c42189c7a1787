#![forbid(unsafe_code)]
//! A pump within reach: the devices in people's hands speak to it by this.
//!
//! Answers for the TCP carrier (a radio bridge or a virtual pump), for keys on disk, for opening a contact when one is
//! needed, for asking without ever asking twice, and for signing nothing but what the pump understood. Decides no dose and
//! knows no page: programmer, handset and command line are built on it. It blocks; a server calls it from a thread.
//!
//! - [`keys`]: the folder with this device's key, the pumps it has paired with, and clinicians' signing keys
//! - [`tcp`]: frames over a stream, with a deadline on every wait
//! - [`visit`]: one pump, contact by contact: reading, and asking until it is known what became of it
//! - [`program`]: propose, compare, sign, commit, read back
//! - [`words`]: what the pump answered, in its own words, with the clock that people read
//!
//! Terms. *Visit*: as long as a person stays with one pump; contacts open and end within it. *Settled*: it is known what
//! became of a request.

pub mod keys;
pub mod program;
pub mod tcp;
pub mod visit;
pub mod words;

pub use keys::{Clinician, Cover, KeyError, Keys};
pub use program::{Change, NotProgrammed, Proposed};
pub use visit::{NoAnswer, Patience, Settled, Visit};
