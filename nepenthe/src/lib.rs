#![forbid(unsafe_code)]
//! What the one command is made of and other programs may use: a virtual pump on sockets, in a process of its own or in
//! theirs; the demo clinic; a pump's records in its own words for a clinic.

pub mod demo;
pub mod journal;
pub mod virtual_pump;
