//! A clinician at the programmer: the real router, the real telemetry, a virtual pump in this process.

mod bench;
mod stories;
