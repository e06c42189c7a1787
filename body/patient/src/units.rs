//! The units that data files and protocols may write, and the one unit of each kind that the equations use.
//!
//! Answers for: turning a written number with its unit into cm, min, mL, µg, kg. It refuses a unit it does not know and
//! a unit that does not fit; it never guesses. It leaves to `sheet` where the number stood.

use std::fmt;

/// What kind of quantity a number is. Two numbers of different kinds are never mixed up silently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A part of a whole or a ratio.
    Share,
    /// cm.
    Length,
    /// cm².
    Area,
    /// mL.
    Volume,
    /// min.
    Time,
    /// 1/min.
    Rate,
    /// cm²/min.
    Dispersion,
    /// mL/min, of fluid or of clearance.
    Flow,
    /// µg of drug.
    Mass,
    /// µg/min of drug.
    MassRate,
    /// µg/mL.
    Concentration,
    /// kg of body.
    BodyMass,
    /// mL per kg of body.
    VolumePerBodyMass,
    /// mL/min per kg of body.
    FlowPerBodyMass,
    /// mmHg.
    Pressure,
    /// L/min of breath.
    Ventilation,
    /// Beats per minute.
    HeartRate,
    /// g/mol.
    MolarMass,
    /// g/mL.
    Density,
    /// Points of a clinical scale.
    Points,
}

/// Day in minutes.
pub const DAY_MIN: f64 = 1440.0;
/// Year in minutes, of 365.25 days.
pub const YEAR_MIN: f64 = 365.25 * DAY_MIN;

/// Every unit that may be written: its name, its kind, and how many of the equations' unit it is.
const UNITS: &[(&str, Kind, f64)] = &[
    ("1", Kind::Share, 1.0),
    ("%", Kind::Share, 0.01),
    ("cm", Kind::Length, 1.0),
    ("mm", Kind::Length, 0.1),
    ("m", Kind::Length, 100.0),
    ("cm2", Kind::Area, 1.0),
    ("mm2", Kind::Area, 0.01),
    ("mL", Kind::Volume, 1.0),
    ("uL", Kind::Volume, 1e-3),
    ("L", Kind::Volume, 1e3),
    ("s", Kind::Time, 1.0 / 60.0),
    ("min", Kind::Time, 1.0),
    ("h", Kind::Time, 60.0),
    ("d", Kind::Time, DAY_MIN),
    ("1/s", Kind::Rate, 60.0),
    ("1/min", Kind::Rate, 1.0),
    ("1/h", Kind::Rate, 1.0 / 60.0),
    ("1/d", Kind::Rate, 1.0 / DAY_MIN),
    ("1/y", Kind::Rate, 1.0 / YEAR_MIN),
    ("cm2/min", Kind::Dispersion, 1.0),
    ("cm2/s", Kind::Dispersion, 60.0),
    ("mL/min", Kind::Flow, 1.0),
    ("mL/h", Kind::Flow, 1.0 / 60.0),
    ("mL/d", Kind::Flow, 1.0 / DAY_MIN),
    ("uL/h", Kind::Flow, 1e-3 / 60.0),
    ("L/min", Kind::Flow, 1e3),
    ("L/h", Kind::Flow, 1e3 / 60.0),
    ("ug", Kind::Mass, 1.0),
    ("mcg", Kind::Mass, 1.0),
    ("ng", Kind::Mass, 1e-3),
    ("mg", Kind::Mass, 1e3),
    ("g", Kind::Mass, 1e6),
    ("ug/min", Kind::MassRate, 1.0),
    ("ug/h", Kind::MassRate, 1.0 / 60.0),
    ("mcg/h", Kind::MassRate, 1.0 / 60.0),
    ("mg/h", Kind::MassRate, 1e3 / 60.0),
    ("ug/d", Kind::MassRate, 1.0 / DAY_MIN),
    ("mcg/d", Kind::MassRate, 1.0 / DAY_MIN),
    ("mg/d", Kind::MassRate, 1e3 / DAY_MIN),
    ("ug/mL", Kind::Concentration, 1.0),
    ("mcg/mL", Kind::Concentration, 1.0),
    ("ng/mL", Kind::Concentration, 1e-3),
    ("mg/mL", Kind::Concentration, 1e3),
    ("kg", Kind::BodyMass, 1.0),
    ("mL/kg", Kind::VolumePerBodyMass, 1.0),
    ("L/kg", Kind::VolumePerBodyMass, 1e3),
    ("mL/min/kg", Kind::FlowPerBodyMass, 1.0),
    ("L/h/kg", Kind::FlowPerBodyMass, 1e3 / 60.0),
    ("mmHg", Kind::Pressure, 1.0),
    ("L/min of breath", Kind::Ventilation, 1.0),
    ("beats/min", Kind::HeartRate, 1.0),
    ("g/mol", Kind::MolarMass, 1.0),
    ("g/mL", Kind::Density, 1.0),
    ("points", Kind::Points, 1.0),
];

impl Kind {
    /// The units that a number of this kind may be written in, for the answer to a wrong one.
    pub fn written_in(self) -> String {
        let names: Vec<&str> = UNITS.iter().filter(|(_, kind, _)| *kind == self).map(|(name, _, _)| *name).collect();
        names.join(", ")
    }
}

/// Why a unit was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnitRefusal {
    /// Nobody knows this unit.
    Unknown {
        /// Units that would be right.
        want: String,
    },
    /// The unit is known, but of another kind of quantity.
    DoesNotFit {
        /// Units that would be right.
        want: String,
    },
}

impl fmt::Display for UnitRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { want } => write!(f, "unknown unit; one of {want}"),
            Self::DoesNotFit { want } => write!(f, "the unit does not fit; one of {want}"),
        }
    }
}

/// The number in the equations' unit.
///
/// # Errors
/// The unit is not known, or is of another kind than wanted.
pub fn in_equations(number: f64, unit: &str, kind: Kind) -> Result<f64, UnitRefusal> {
    match UNITS.iter().find(|(name, of, _)| *name == unit && *of == kind) {
        Some((_, _, factor)) => Ok(number * factor),
        None if UNITS.iter().any(|(name, _, _)| *name == unit) => {
            Err(UnitRefusal::DoesNotFit { want: kind.written_in() })
        }
        None => Err(UnitRefusal::Unknown { want: kind.written_in() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_of_micrograms_is_micrograms_per_minute() {
        assert!((in_equations(1.44, "mg/d", Kind::MassRate).unwrap() - 1.0).abs() < 1e-15);
        assert!((in_equations(30.0, "mL/h", Kind::Flow).unwrap() - 0.5).abs() < 1e-15);
        assert_eq!(in_equations(2.0, "mg/mL", Kind::Concentration), Ok(2000.0));
    }

    #[test]
    fn an_unknown_unit_is_never_taken_for_another() {
        let unknown = in_equations(1.0, "grains", Kind::Mass).unwrap_err();
        assert!(matches!(&unknown, UnitRefusal::Unknown { want } if want.contains("mg")), "{unknown}");
        let unfit = in_equations(1.0, "mg/mL", Kind::Mass).unwrap_err();
        assert!(matches!(unfit, UnitRefusal::DoesNotFit { .. }), "{unfit}");
    }

    #[test]
    fn no_unit_is_listed_twice_for_one_kind() {
        for (n, (name, kind, factor)) in UNITS.iter().enumerate() {
            assert!(*factor > 0.0);
            assert!(!UNITS[n + 1..].iter().any(|(other, of, _)| other == name && of == kind), "{name}");
        }
    }
}
