#![cfg_attr(target_os = "none", no_std)]
#![deny(unsafe_op_in_unsafe_fn)]
//! What the image on the microcontroller is made of. It decides nothing: interrupts become inputs, actions become
//! registers.
//!
//! [`board`] says what a board must supply. [`ticks`], [`watchdog`] and [`kept`] are the parts that need no hardware and
//! are tried on any machine; [`fault`] and [`stack`] are those of the processor; each board has a module of its own.

pub mod board;
pub mod kept;
pub mod ticks;
pub mod watchdog;

#[cfg(target_os = "none")]
pub mod fault;
#[cfg(target_os = "none")]
pub mod stack;

#[cfg(all(target_os = "none", feature = "mps2-an386"))]
pub mod mps2_an386;
#[cfg(all(target_os = "none", feature = "mps2-an386"))]
pub use mps2_an386 as chosen;
