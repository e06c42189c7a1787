//! What the auditor is told of orders and devices: plain numbers, worked out by whoever wrote the order, not by the pump.
//!
//! Answers for the shape of these numbers and for the factory check of an order. Leaves clocks and day schedules to the
//! bench, which tells the flow bounds again whenever a step of the schedule begins.

use crate::finding::{Findings, Invariant};
use crate::fluid::{DRUGS, Mixture};

/// Milliseconds in an hour.
pub const HOUR_MS: u64 = 3_600_000;

/// Milliseconds in a day.
pub const DAY_MS: u64 = 24 * HOUR_MS;

/// The windows of the ceilings: 1 h, 4 h and 24 h.
pub const CEILING_SPANS_MS: [u64; 3] = [HOUR_MS, 4 * HOUR_MS, DAY_MS];

/// Rules of the patient bolus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BolusRule {
    /// Volume of one bolus, nL.
    pub volume_nl: u64,
    /// How long one bolus takes, ms.
    pub duration_ms: u64,
    /// From the start of one patient bolus to the start of the next, ms.
    pub lockout_ms: u64,
    /// Most patient boluses that may start in any 24 hours.
    pub allotment: u32,
}

/// The order in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Ceiling of each drug in the windows of [`CEILING_SPANS_MS`], fg; `None` where the drug is not in the mixture.
    pub ceilings_fg: [Option<[u64; 3]>; DRUGS],
    /// The least basal flow this order gives at the present step, nL/day.
    pub flow_low_nl_per_day: u64,
    /// The most basal flow this order gives at the present step, nL/day.
    pub flow_high_nl_per_day: u64,
    /// Flow of the fall-back, the third level of the ladder, nL/day.
    pub fall_back_nl_per_day: u64,
    /// The patient bolus, if the order has one.
    pub bolus: Option<BolusRule>,
}

/// The device and how closely it can be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device {
    /// Nominal volume of one stroke, nL.
    pub stroke_nl: u64,
    /// How far a true stroke may be from nominal, parts per million. Ceilings hold for nominal strokes; the true mass may
    /// pass them by this and no more. Zero judges strictly.
    pub accuracy_ppm: u64,
    /// How far the pump's time may be from true time, parts per million.
    pub clock_ppm: u64,
    /// Strokes in a row without motion at which a fault must be declared.
    pub stall_strokes: u64,
    /// Within what time an oscillator that has begun to run wrong must be noticed, ms: while one is wrong, and no longer,
    /// pump time may be ahead or behind by as much.
    pub clock_watch_ms: u64,
    /// Within what time therapy must have resumed when nothing holds it, ms.
    pub resume_within_ms: u64,
    /// Most basal flow any order may have, nL/day.
    pub factory_flow_nl_per_day: u64,
    /// Most volume the rotor may move in any 15 minutes, nL.
    pub factory_quarter_hour_nl: u64,
    /// Most volume the rotor may move in any 24 hours, nL.
    pub factory_day_nl: u64,
}

impl Order {
    /// Judges the order itself: within the factory's limits, and no drug in the reservoir without its ceilings.
    pub(crate) fn judge(&self, at: u64, device: &Device, reservoir: Mixture, findings: &mut Findings) {
        if self.flow_high_nl_per_day > device.factory_flow_nl_per_day {
            findings.add(
                Invariant::I6,
                at,
                "an order above the factory's flow limit is in force",
                &[
                    ("flow_nl_per_day", i128::from(self.flow_high_nl_per_day)),
                    ("limit_nl_per_day", i128::from(device.factory_flow_nl_per_day)),
                ],
            );
        }
        for (drug, (ceiling, concentration)) in self.ceilings_fg.iter().zip(reservoir).enumerate() {
            if ceiling.is_none() && concentration > 0 {
                findings.add(
                    Invariant::I6,
                    at,
                    "an order is in force that leaves a drug of the reservoir without a ceiling",
                    &[("drug", drug as i128)],
                );
            }
        }
    }
}
