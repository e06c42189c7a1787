#![forbid(unsafe_code)]
//! The room of preview.
