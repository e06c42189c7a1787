//! One table of every field that a person can fill in: its word, its unit, its bounds.
//!
//! From it come the checks, the words of refusals, later the hints of forms and the generators of tests. These are the
//! bounds of what the format can mean; what is safe for a drug, a device or a patient is narrower and is decided
//! elsewhere (formulary, device profile, ceilings).

use core::fmt;

use crate::quantity::{Concentration, Duration, FlowRate, Mass, Permille, Volume};
use crate::refusal::{Reason, Refusal};

/// How a field's number is to be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// A plain number.
    Count,
    /// [`Volume`].
    Volume,
    /// [`Concentration`].
    Concentration,
    /// [`Mass`].
    Mass,
    /// [`FlowRate`].
    Flow,
    /// [`Duration`].
    Time,
    /// [`Permille`].
    Share,
}

impl Unit {
    /// The number in this unit, ready to be shown.
    pub const fn of(self, raw: u64) -> Shown {
        Shown { unit: self, raw }
    }
}

/// A number with its unit, for people.
#[derive(Clone, Copy)]
pub struct Shown {
    unit: Unit,
    raw: u64,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.unit {
            Unit::Count => write!(f, "{}", self.raw),
            Unit::Volume => Volume::new(self.raw).fmt(f),
            Unit::Concentration => Concentration::new(u32::try_from(self.raw).unwrap_or(u32::MAX)).fmt(f),
            Unit::Mass => Mass::new(self.raw).fmt(f),
            Unit::Flow => FlowRate::new(self.raw).fmt(f),
            Unit::Time => Duration::new(self.raw).fmt(f),
            Unit::Share => Permille::new(u16::try_from(self.raw).unwrap_or(u16::MAX)).fmt(f),
        }
    }
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    /// What people call it.
    pub word: &'static str,
    /// How its number is read.
    pub unit: Unit,
    /// The least that has a meaning.
    pub min: u64,
    /// The most that has a meaning.
    pub max: u64,
}

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident = $code:literal: $word:literal, $unit:ident, $min:expr, $max:expr;)*) => {
        /// A field that a person can fill in. The codes are part of the format and never change.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u8)]
        pub enum Field { $($(#[$doc])* $name = $code,)* }

        impl Field {
            /// Every field, in the order of the codes.
            pub const ALL: &'static [Field] = &[$(Field::$name,)*];

            /// The field's row.
            pub const fn bound(self) -> Bound {
                match self { $(Field::$name => Bound { word: $word, unit: Unit::$unit, min: $min, max: $max },)* }
            }
        }
    };
}

const MINUTE: u64 = 60_000;
const HOUR: u64 = 3_600_000;
const DAY: u64 = 86_400_000;
const ML: u64 = 1_000_000;
const MG: u64 = 1_000_000_000_000;

fields! {
    /// The request as a whole.
    Request = 0: "request", Count, 0, u64::MAX;
    /// The order's number, strictly rising for one pump.
    OrderNumber = 1: "order number", Count, 1, u64::MAX - 1;
    /// The clinician's number.
    Author = 2: "ordering clinician", Count, 1, 0xffff_ffff;
    /// Drugs in the mixture.
    Drugs = 3: "drugs in the mixture", Count, 1, 4;
    /// A drug's concentration, 10 ng/mL to 100 mg/mL.
    DrugConcentration = 4: "concentration", Concentration, 10, 100_000_000;
    /// A basal flow; nothing is a rate like any other in a schedule's step.
    BasalFlow = 5: "basal flow", Flow, 0, 28_800_000;
    /// Weekday sets in a schedule.
    DaySets = 6: "weekday sets", Count, 1, 3;
    /// The weekdays of a set, as bits from Monday.
    Weekdays = 7: "weekdays of a set", Count, 1, 127;
    /// Volume of one periodic bolus.
    PeriodicVolume = 8: "periodic bolus", Volume, 500, 2 * ML;
    /// Duration of one periodic bolus.
    PeriodicDuration = 9: "duration of the periodic bolus", Time, MINUTE, 12 * HOUR;
    /// Interval of the periodic bolus, start to start.
    PeriodicInterval = 10: "interval of the periodic bolus", Time, 30 * MINUTE, 7 * DAY;
    /// Volume of one patient bolus.
    BolusVolume = 11: "patient bolus", Volume, 500, 2 * ML;
    /// Duration of one patient bolus.
    BolusDuration = 12: "duration of the patient bolus", Time, MINUTE, 2 * HOUR;
    /// Lockout, from the start of one patient bolus to the start of the next.
    BolusLockout = 13: "lockout", Time, 15 * MINUTE, DAY;
    /// Most patient boluses in any 24 h.
    BolusAllotment = 14: "boluses in 24 h", Count, 1, 48;
    /// A drug's ceiling for one hour.
    CeilingHour = 15: "ceiling for 1 h", Mass, 1, 100 * MG;
    /// A drug's ceiling for four hours.
    CeilingFourHours = 16: "ceiling for 4 h", Mass, 1, 200 * MG;
    /// A drug's ceiling for 24 hours.
    CeilingDay = 17: "ceiling for 24 h", Mass, 1, 400 * MG;
    /// The volume at which the low-reservoir alarm sounds.
    AlarmVolume = 18: "low-reservoir alarm", Volume, ML / 2, 10 * ML;
    /// The longest interruption after which full basal resumes by itself.
    GapLimit = 19: "gap limit", Time, 0, 7 * DAY;
    /// The share of a change at which a front begins and ends.
    FrontThreshold = 20: "front threshold", Share, 5, 200;
    /// The flow of last resort.
    FallBack = 21: "fall-back flow", Flow, 1, 28_800_000;
    /// How long an emergency lasts before it returns, where the order says so.
    EmergencyReturn = 22: "return from emergency", Time, HOUR, 3 * DAY;
    /// Signatures the order asks for.
    Signatures = 23: "signatures", Count, 1, 2;
    /// Steps of a ramp.
    RampSteps = 24: "steps of the ramp", Count, 1, 60;
    /// Time between steps of a ramp.
    RampInterval = 25: "time between ramp steps", Time, 6 * HOUR, 30 * DAY;
    /// The share of the ordered basal at a ramp's first or last step.
    RampShare = 26: "share of the ordered basal", Share, 0, 1000;
    /// Volume of a single bolus.
    SingleVolume = 27: "single bolus", Volume, 500, 2 * ML;
    /// Duration of a single bolus.
    SingleDuration = 28: "duration of the single bolus", Time, MINUTE, 12 * HOUR;
    /// Volume of a prime.
    PrimeVolume = 29: "priming bolus", Volume, 500, 2 * ML;
    /// Drug that the prime may give, for each drug.
    PrimeAllowance = 30: "drug the prime may give", Mass, 0, 400 * MG;
    /// Longest stop.
    StopMaximum = 31: "longest stop", Time, MINUTE, 47 * HOUR;
    /// Volume filled at a refill.
    FillVolume = 32: "volume filled", Volume, 0, 100 * ML;
    /// Volume drawn off at a refill.
    DrawnOff = 33: "volume drawn off", Volume, 0, 100 * ML;
    /// Volume of the catheter as trimmed.
    CatheterVolume = 34: "catheter volume", Volume, 10_000, ML;
    /// Sum of the vials, or of the weighed syringes.
    VialSum = 35: "sum of the vials", Volume, 0, 100 * ML;
    /// Volume aspirated from the catheter port.
    Aspirated = 36: "volume aspirated", Volume, 0, 10 * ML;
    /// Bridge volume, as the asker worked it out.
    BridgeVolume = 37: "bridge volume", Volume, 0, 2 * ML;
    /// Bridge flow, as the asker worked it out.
    BridgeFlow = 38: "bridge flow", Flow, 0, 28_800_000;
    /// Days that the reservoir's fluid keeps.
    Stability = 39: "days the drug keeps", Time, DAY, 400 * DAY;
    /// The wall clock.
    Clock = 40: "wall clock", Count, 1, u64::MAX;
    /// Volume in pump and path.
    PathVolume = 41: "volume of the path", Volume, 1, 2 * ML;
    /// A count of strokes.
    Strokes = 42: "strokes", Count, 0, u64::MAX;
    /// A mass of drug given or to be given.
    Dose = 43: "dose", Mass, 0, u64::MAX;
    /// A span of time in an answer.
    Span = 44: "time", Time, 0, u64::MAX;
    /// First periodic bolus, after the order starts.
    PeriodicFirst = 45: "time to the first periodic bolus", Time, 0, 7 * DAY;
    /// Days before the worst-case date at which the refill alarm sounds.
    AlarmDays = 46: "days before the low-reservoir date", Count, 1, 30;
}

impl Field {
    /// The code in documents.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The field of a code; `None` if no field has it.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|field| field.code() == code)
    }

    /// What people call it.
    pub const fn word(self) -> &'static str {
        self.bound().word
    }

    /// How its number is read.
    pub const fn unit(self) -> Unit {
        self.bound().unit
    }

    /// Refuses a value outside the bounds, with the bound that was passed.
    //= requirements/prescription.md#within-its-bounds
    //# A value outside its bounds MUST be refused with the field, the value and the limit, and never changed to a nearer one.
    pub const fn check(self, value: u64) -> Result<(), Refusal> {
        let bound = self.bound();
        if value < bound.min {
            return Err(Refusal::of(Reason::OutOfBounds, self, value, bound.min));
        }
        if value > bound.max {
            return Err(Refusal::of(Reason::OutOfBounds, self, value, bound.max));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn every_field_takes_its_bounds_and_refuses_what_lies_beyond() {
        for field in Field::ALL.iter().copied() {
            let bound = field.bound();
            assert!(bound.min <= bound.max, "{field:?}");
            assert_eq!(field.check(bound.min), Ok(()));
            assert_eq!(field.check(bound.max), Ok(()));
            if let Some(above) = bound.max.checked_add(1) {
                assert_eq!(field.check(above), Err(Refusal::of(Reason::OutOfBounds, field, above, bound.max)));
            }
            if let Some(below) = bound.min.checked_sub(1) {
                assert_eq!(field.check(below), Err(Refusal::of(Reason::OutOfBounds, field, below, bound.min)));
            }
            assert_eq!(Field::from_code(field.code()), Some(field));
        }
    }

    #[test]
    fn a_refusal_names_field_value_and_limit_with_their_units() {
        let refusal = Field::BolusLockout.check(600_000).unwrap_err();
        assert_eq!(refusal.to_string(), "lockout: outside its bounds: 10 min, limit 15 min");
    }
}
