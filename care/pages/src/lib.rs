#![forbid(unsafe_code)]
//! The design that the three web faces share: clinic, programmer, handset.
//!
//! Every component is a function from plain values to [`maud::Markup`], made on the server; a page works without any
//! script, and the little script there is ([`assets`]) only makes it swifter. Styles and scripts come from files with
//! the hash of their content in their names, under a policy that allows nothing inline ([`headers`]).
//!
//! Knows nothing of ours: quantities come as integers in the units their names say, times as local milliseconds since
//! 1970, and the faces translate their own words ([`words::Catalogue`]) beside those that stand here.
//!
//! To see all of it: `cargo run -p pages --example gallery -- DIR`.

pub mod assets;
pub mod bodymap;
pub mod buttons;
pub mod chart;
pub mod code;
pub mod dialog;
pub mod fluid;
pub mod form;
pub mod headers;
pub mod icon;
pub mod moment;
pub mod panels;
pub mod prefs;
pub mod quantity;
pub mod schedule;
pub mod sheet;
pub mod shell;
pub mod status;
pub mod table;
pub mod ticks;
pub mod timeline;
pub mod words;

pub use maud::{Markup, PreEscaped, html};
pub use moment::Local;
pub use prefs::Prefs;
pub use quantity::{Quantity, Unit};
pub use status::Level;
pub use words::{Catalogue, Language, Words};
