#![forbid(unsafe_code)]
//! What the one command is made of and other programs may use: a virtual pump on sockets, in a process of its own or in
//! theirs.

pub mod virtual_pump;
