//! Bodies: the data files of adult, child, dog and pig, read and checked.
//!
//! Answers for: the canal, the pulse's influence on dispersion and the breathing of a species. Calibrations of one
//! species are never used for another: a file says whose calibration it carries, and `drug` refuses what is missing.

use crate::levels::{Level, Levels};
use crate::neuraxis::{Canal, Curve};
use crate::sheet::{BadInput, Section, Sheet};
use crate::units::Kind;

/// Data files of the bodies, embedded.
const FILES: [(&str, &str); 4] = [
    ("adult", include_str!("../species/adult.toml")),
    ("child", include_str!("../species/child.toml")),
    ("dog", include_str!("../species/dog.toml")),
    ("pig", include_str!("../species/pig.toml")),
];

/// Breathing at rest and how it answers CO2.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Breathing {
    /// L/min.
    pub ventilation: f64,
    /// mmHg.
    pub rest_co2: f64,
    /// Power of the answer to CO2.
    pub feedback: f64,
    /// 1/min.
    pub elimination: f64,
    /// Between arterial and effect-site CO2, 1/min.
    pub equilibration: f64,
    /// Power of the drug's level.
    pub steepness: f64,
    /// Breaths per minute at rest.
    pub rate: f64,
}

/// A body.
#[derive(Debug, Clone, PartialEq)]
pub struct Species {
    /// As in its file.
    pub name: String,
    /// Whose calibrations of drugs it uses.
    pub calibration: String,
    /// kg.
    pub mass: f64,
    /// The canal.
    pub canal: Canal,
    /// Heart rate that the dispersion is for, beats/min.
    pub heart_rate: f64,
    /// Power of the heart rate in the dispersion.
    pub heart_rate_power: f64,
    /// Power of the stroke volume in the dispersion.
    pub stroke_power: f64,
    /// Heart rate asleep over awake.
    pub asleep: f64,
    /// Breathing, where the species has one.
    pub breathing: Option<Breathing>,
}

impl Species {
    /// The species of this name: adult, child, dog or pig.
    ///
    /// # Errors
    /// There is no such file, or the file lacks something.
    pub fn named(name: &str) -> Result<Self, BadInput> {
        let Some((known, text)) = FILES.iter().find(|(known, _)| *known == name) else {
            return Err(BadInput::of_call("species", name, "one of adult, child, dog, pig"));
        };
        Self::read(&format!("species/{known}.toml"), text)
    }

    /// Reads a species from a file's text.
    ///
    /// # Errors
    /// Whatever is missing, unknown or does not fit, with file, line, key, value and what would be right.
    pub fn read(file: &str, text: &str) -> Result<Self, BadInput> {
        let sheet = Sheet::parse(file, text)?;
        let top = sheet.top();
        top.only(&["name", "calibration", "body", "canal", "pulse", "breathing"])?;
        let body = top.section("body")?;
        body.only(&["mass"])?;
        let pulse = top.section("pulse")?;
        pulse.only(&["heart_rate", "heart_rate_power", "stroke_power", "asleep"])?;
        Ok(Self {
            name: top.text("name")?.into(),
            calibration: top.text("calibration")?.into(),
            mass: body.above_zero("mass", Kind::BodyMass)?,
            canal: canal(file, &top.section("canal")?)?,
            heart_rate: pulse.above_zero("heart_rate", Kind::HeartRate)?,
            heart_rate_power: pulse.above_zero("heart_rate_power", Kind::Share)?,
            stroke_power: pulse.above_zero("stroke_power", Kind::Share)?,
            asleep: pulse.above_zero("asleep", Kind::Share)?,
            breathing: top.section_if("breathing")?.as_ref().map(breathing).transpose()?,
        })
    }

    /// Factor on the dispersion for a heart rate (beats/min) and a stroke volume (share of the reference).
    ///
    /// # Errors
    /// A rate or share that is not a number above zero.
    pub fn pulse_factor(&self, heart_rate: f64, stroke: f64) -> Result<f64, BadInput> {
        for (key, value) in [("heart rate", heart_rate), ("stroke volume", stroke)] {
            if !(value.is_finite() && value > 0.0) {
                return Err(BadInput::of_call(key, value, "a number above zero"));
            }
        }
        Ok(libm::pow(heart_rate / self.heart_rate, self.heart_rate_power) * libm::pow(stroke, self.stroke_power))
    }

    /// Whether effects are calibrated for it: man only.
    pub fn has_effects(&self) -> bool {
        self.breathing.is_some()
    }
}

fn canal(file: &str, part: &Section<'_>) -> Result<Canal, BadInput> {
    part.only(&[
        "length",
        "area",
        "conus",
        "cord_area",
        "dispersion",
        "net_flow",
        "cisterns",
        "cranial_clearance",
        "levels",
    ])?;
    Ok(Canal {
        length: part.above_zero("length", Kind::Length)?,
        area: curve(part, "area", Kind::Area)?,
        conus: part.above_zero("conus", Kind::Length)?,
        cord_area: part.above_zero("cord_area", Kind::Area)?,
        dispersion: curve(part, "dispersion", Kind::Dispersion)?,
        net_flow: part.number("net_flow", Kind::Flow)?.value,
        cisterns: part.above_zero("cisterns", Kind::Volume)?,
        cranial_clearance: part.above_zero("cranial_clearance", Kind::Flow)?,
        levels: levels(file, part)?,
    })
}

fn curve(part: &Section<'_>, key: &str, kind: Kind) -> Result<Curve, BadInput> {
    let points = part.curve(key, Kind::Length, kind)?;
    let rises = points.windows(2).all(|w| w[0].0 < w[1].0);
    if points.len() < 2 || !rises || points.iter().any(|(_, y)| *y <= 0.0) {
        return Err(part.refuse(key, format!("{points:?}"), "two or more points, rising, with values above zero"));
    }
    Ok(Curve { points })
}

fn levels(file: &str, part: &Section<'_>) -> Result<Levels, BadInput> {
    let known = part.named_numbers("levels", Kind::Length)?;
    let mut found = Vec::new();
    for (name, cm) in known {
        let level = Level::named(name).ok_or_else(|| part.refuse("levels", name, "a vertebral level, S2 to C1"))?;
        found.push((level, cm));
    }
    Levels::from_known(file, &found)
}

fn breathing(part: &Section<'_>) -> Result<Breathing, BadInput> {
    part.only(&["ventilation", "rest_co2", "feedback", "elimination", "equilibration", "steepness", "rate"])?;
    Ok(Breathing {
        ventilation: part.above_zero("ventilation", Kind::Ventilation)?,
        rest_co2: part.above_zero("rest_co2", Kind::Pressure)?,
        feedback: part.above_zero("feedback", Kind::Share)?,
        elimination: part.above_zero("elimination", Kind::Rate)?,
        equilibration: part.above_zero("equilibration", Kind::Rate)?,
        steepness: part.above_zero("steepness", Kind::Share)?,
        rate: part.above_zero("rate", Kind::Rate)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_body_is_read_and_the_adult_holds_what_was_measured() {
        for (name, _) in FILES {
            let body = Species::named(name).unwrap_or_else(|refusal| panic!("{refusal}"));
            assert!(body.canal.conus < body.canal.length, "{name}");
        }
        let adult = Species::named("adult").unwrap();
        let below = |cm: f64| {
            (0..6000).map(|n| adult.canal.area.at((f64::from(n) + 0.5) * 0.01)).take((cm * 100.0) as usize).sum::<f64>()
                * 0.01
        };
        assert!((below(60.0) - 97.0).abs() < 3.0, "{}", below(60.0));
        assert!((below(24.3) - 49.9).abs() < 5.0, "{}", below(24.3));
    }

    #[test]
    fn a_faster_heart_mixes_more_and_none_is_refused() {
        let adult = Species::named("adult").unwrap();
        assert!((adult.pulse_factor(140.0, 1.0).unwrap() - 2.0).abs() < 1e-12);
        assert!((adult.pulse_factor(70.0, 2.0).unwrap() - 4.0).abs() < 1e-12);
        assert!(adult.pulse_factor(0.0, 1.0).is_err() && adult.pulse_factor(70.0, f64::NAN).is_err());
    }

    #[test]
    fn a_level_that_does_not_exist_or_a_curve_that_turns_back_is_refused() {
        let text = FILES[0].1;
        let told = Species::read("s.toml", &text.replace("T12 =", "T13 =")).unwrap_err();
        assert!(told.to_string().contains("T13"), "{told}");
        let told = Species::read("s.toml", &text.replace("[2.0, ", "[7.0, ")).unwrap_err();
        assert!(told.to_string().contains("area") && told.line > 1, "{told}");
    }
}
