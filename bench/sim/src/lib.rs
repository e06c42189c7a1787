#![forbid(unsafe_code)]
//! The bench: implant, plant, people and a world that goes wrong.

pub mod files;
pub mod oscillator;
pub mod plant;
pub mod radio;
pub mod rng;
pub mod scenario;
pub mod soak;
pub mod store;
pub mod story;
pub mod terminals;
pub mod virtual_pump;
pub mod world;
