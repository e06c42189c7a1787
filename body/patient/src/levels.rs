//! Vertebral levels and places along the canal.
//!
//! Answers for: the names C1 to S2, their order, and the place in cm from the sac's end where a species has them. Levels
//! that a species' file does not give lie evenly between those that it does.

use std::fmt;

use crate::sheet::BadInput;

/// Names in order from the sac's end (S2) to the head (C1).
const NAMES: [&str; 26] = [
    "S2", "S1", "L5", "L4", "L3", "L2", "L1", "T12", "T11", "T10", "T9", "T8", "T7", "T6", "T5", "T4", "T3", "T2",
    "T1", "C7", "C6", "C5", "C4", "C3", "C2", "C1",
];

/// A vertebral level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Level(u8);

impl Level {
    /// The level of this name.
    pub fn named(name: &str) -> Option<Self> {
        let at = NAMES.iter().position(|known| *known == name)?;
        u8::try_from(at).ok().map(Self)
    }

    /// All levels from the sac's end to the head.
    pub fn all() -> impl Iterator<Item = Self> {
        (0u8..).zip(NAMES).map(|(n, _)| Self(n))
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        NAMES[usize::from(self.0)]
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where the levels of one body lie, cm from the sac's end.
#[derive(Debug, Clone, PartialEq)]
pub struct Levels {
    at: [f64; 26],
}

impl Levels {
    /// Fills the levels between those given, which must rise from S2 to C1.
    ///
    /// # Errors
    /// The first or last level is missing, or the places do not rise.
    pub fn from_known(file: &str, known: &[(Level, f64)]) -> Result<Self, BadInput> {
        let refuse = |value: String, want: &str| BadInput {
            file: file.into(),
            line: 0,
            key: "canal.levels".into(),
            value,
            want: want.into(),
        };
        let mut given = known.to_vec();
        given.sort_by_key(|(level, _)| *level);
        let ends = (given.first().map(|k| k.0.name()), given.last().map(|k| k.0.name()));
        if ends != (Some("S2"), Some("C1")) {
            return Err(refuse(format!("{} to {}", ends.0.unwrap_or("-"), ends.1.unwrap_or("-")), "S2 and C1 given"));
        }
        let mut at = [0.0; 26];
        for pair in given.windows(2) {
            let ((low, from), (high, to)) = (pair[0], pair[1]);
            if to <= from {
                return Err(refuse(format!("{low} {from} cm, {high} {to} cm"), "places that rise from S2 to C1"));
            }
            for n in low.0..=high.0 {
                let share = f64::from(n - low.0) / f64::from(high.0 - low.0);
                at[usize::from(n)] = from + share * (to - from);
            }
        }
        Ok(Self { at })
    }

    /// Where a level lies, cm from the sac's end.
    pub fn place(&self, level: Level) -> f64 {
        self.at[usize::from(level.0)]
    }

    /// The level nearest to a place.
    pub fn nearest(&self, cm: f64) -> Level {
        let apart = |level: &Level| (self.place(*level) - cm).abs();
        Level::all().min_by(|a, b| apart(a).total_cmp(&apart(b))).unwrap_or(Level(0))
    }

    /// Reads a written place: a level's name, or centimetres from the sac's end.
    pub fn read(&self, text: &str) -> Option<f64> {
        if let Some(level) = Level::named(text.trim()) {
            return Some(self.place(level));
        }
        let cm: f64 = text.trim().strip_suffix(" cm")?.parse().ok()?;
        (cm.is_finite() && cm >= 0.0 && cm <= self.place(Level(25)) + 2.0).then_some(cm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn human() -> Levels {
        let known = [("S2", 0.0), ("L5", 6.0), ("L1", 20.0), ("C1", 59.0)];
        Levels::from_known("t", &known.map(|(n, at)| (Level::named(n).unwrap(), at))).unwrap()
    }

    #[test]
    fn levels_between_known_ones_lie_evenly() {
        let levels = human();
        assert_eq!(levels.read("S1"), Some(3.0));
        assert_eq!(levels.read("L3"), Some(13.0));
        assert_eq!(levels.nearest(13.4).name(), "L3");
        assert_eq!(levels.read("12.5 cm"), Some(12.5));
    }

    #[test]
    fn a_level_that_does_not_exist_is_no_place() {
        for wrong in ["L6", "T13", "C0", "l3", "", "-2 cm", "99 cm", "nan cm", "12"] {
            assert_eq!(human().read(wrong), None, "{wrong}");
        }
        let gone = Levels::from_known("t", &[(Level::named("S2").unwrap(), 0.0)]).unwrap_err();
        assert!(gone.to_string().contains("S2 and C1"), "{gone}");
    }
}
