//! How much memory the state takes, against what it may take.

use pump::Pump;
use pump::alarms::Alarms;
use pump::ceilings::Ceilings;
use pump::controller::Hours;
use pump::fluid_path::FluidPath;
use pump::guard::Guard;
use telemetry::sessions::Sessions;

use crate::implant::{FRAME_MAX, Implant, REPLY_MAX};
use crate::people::People;
use crate::proposals::{Nonces, Proposals};

/// All of the state, the pump's with it, without the stack.
pub const STATE: usize = size_of::<Implant>();
/// The most that it should take.
pub const STATE_MAX: usize = 16 * 1024;

const PUMP_PARTS: usize = size_of::<FluidPath>()
    + size_of::<Ceilings>()
    + size_of::<Hours>()
    + size_of::<Alarms>()
    + size_of::<Guard>()
    + size_of::<Option<orders::Prescription>>();

/// The parts, each with its bytes.
pub const fn parts() -> [(&'static str, usize); 13] {
    [
        ("pump: order", size_of::<Option<orders::Prescription>>()),
        ("pump: fluid path", size_of::<FluidPath>()),
        ("pump: ceilings and their windows", size_of::<Ceilings>()),
        ("pump: totals of 14 days", size_of::<Hours>()),
        ("pump: alarms", size_of::<Alarms>()),
        ("pump: guard", size_of::<Guard>()),
        ("pump: everything else", size_of::<Pump>().saturating_sub(PUMP_PARTS)),
        ("contacts", size_of::<Sessions>()),
        ("peers, clinicians, answers", size_of::<People>()),
        ("proposals", size_of::<Proposals>()),
        ("nonces", size_of::<Nonces>()),
        ("buffer: a frame or a record", FRAME_MAX),
        ("buffer: a reply", REPLY_MAX),
    ]
}
