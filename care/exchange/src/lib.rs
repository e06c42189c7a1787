#![forbid(unsafe_code)]
//! The documents that clinic, programmer and handset pass each other.
//!
//! Answers for what a document looks like, for the bytes that are signed, for a repeat being answered alike, and for orders
//! made apart never being merged. Opens no file and no port, decides no dose, and holds no key that can program a pump: an
//! envelope's signature says which device sent it, never that a clinician ordered.
//!
//! - [`envelope`]: {schema, source, seq, pump, base_version, body, signature}, reading and writing
//! - [`canonical`]: the one spelling of a document, of which signatures and fingerprints are made
//! - [`body`]: what can stand inside: patient file, order, proposal, interrogation, diary, alarm, acknowledgement, act, refill
//! - [`arrival`]: whether a document is new, came before, or contradicts one that came before
//! - [`value`]: bytes, fluids and times as they stand in JSON
//!
//! Terms. *Source*: who made a document, a device or a clinic. *Seq*: its number there, rising; (source, seq) names a
//! document for good. *Base version*: the number of the order that its maker saw running; 0 for none. *Label*: a time that
//! someone's own clock showed; it is shown and never sorted by. Quantities are whole numbers with their unit in the name.

pub mod arrival;
pub mod body;
pub mod canonical;
pub mod envelope;
pub mod value;

pub use arrival::{Arrival, OrderStands, arrival, order_stands};
pub use body::Body;
pub use envelope::{DOCUMENT_MAX, Envelope, Kind, NotDocument, SCHEMA, Signature, Source};
pub use value::{Document, Fluid, Hex, Label};
