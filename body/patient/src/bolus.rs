//! A bolus injected by hand: it spreads by its volume and drifts by its weight; a pump's stroke does neither.
//!
//! Answers for: where along the canal an injected volume lies a moment after the needle. Baricity makes the true spread
//! nonlinear in dose; here it only sets the shape of the release, and transport stays linear.

use crate::body::Way;
use crate::drug::Drug;
use crate::neuraxis::Canal;
use crate::sheet::BadInput;

/// Least half width of an injection, cm: the jet and the needle's own stirring.
const WIDTH_MIN_CM: f64 = 1.0;
/// Half width for each cm of canal that the volume would fill. Assumed; the spread of Ruppen 2009 is met with it.
const WIDTH_PER_LENGTH: f64 = 0.9;
/// Density of CSF, g/mL at 37 C.
const CSF_DENSITY: f64 = 1.00045;
/// Most that an injection drifts, cm. Assumed.
const DRIFT_MAX_CM: f64 = 9.0;
/// Difference of density at which half of that is reached, g/mL. Assumed.
const DRIFT_HALF_DENSITY: f64 = 0.006;
/// Lowest place of the supine thoracic curve as a share of the canal: about T6.
const SUPINE_LOW: f64 = 0.62;

/// How the person lies or sits while it is given and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Posture {
    /// Upright: heavy fluid sinks to the sac's end, light fluid rises.
    Sitting,
    /// On the back: heavy fluid runs to the thoracic curve.
    Supine,
    /// On the side: no drift along the canal.
    Lateral,
}

impl Posture {
    /// The posture of this name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "sitting" => Some(Self::Sitting),
            "supine" => Some(Self::Supine),
            "lateral" => Some(Self::Lateral),
            _ => None,
        }
    }
}

/// Density of a solution of a drug, g/mL, from its level (µg/mL) and what else makes it heavy (glucose, g/mL).
pub fn density(drug: &Drug, level: f64, glucose: f64) -> f64 {
    drug.density_solvent * (1.0 + drug.density_slope * level * 1e-6) + 0.37 * glucose
}

/// Density, g/mL, of a solution whose baricity is named or given as density over that of CSF; none for anything else.
pub fn density_of_baricity(named: &str) -> Option<f64> {
    match named {
        // Glucose of 80 mg/mL; saline; water with drug.
        "hyperbaric" => Some(1.0265),
        "isobaric" => Some(CSF_DENSITY),
        "hypobaric" => Some(0.9945),
        other => other.parse::<f64>().ok().filter(|v| (0.9..1.2).contains(v)).map(|over| over * CSF_DENSITY),
    }
}

/// The way in of an injection at a place (cm): its volume in mL, its density in g/mL.
///
/// # Errors
/// A volume or density that is not a number above zero, or a place outside the canal.
pub fn by_hand(canal: &Canal, cm: f64, volume: f64, density: f64, posture: Posture) -> Result<Way, BadInput> {
    if !(volume.is_finite() && volume > 0.0) {
        return Err(BadInput::of_call("bolus volume", volume, "a volume above zero, mL"));
    }
    if !(density.is_finite() && density > 0.5) {
        return Err(BadInput::of_call("density", density, "g/mL of a watery solution"));
    }
    if !(cm.is_finite() && (0.0..=canal.length).contains(&cm)) {
        return Err(BadInput::of_call("place", cm, &format!("0 to {} cm from the sac's end", canal.length)));
    }
    let filled = WIDTH_PER_LENGTH * volume / canal.area.at(cm);
    let heavier = density - CSF_DENSITY;
    let drift = DRIFT_MAX_CM * heavier / (heavier.abs() + DRIFT_HALF_DENSITY);
    // What drifts leaves a trail as long as its way; on the side it has nowhere to run along the canal.
    let trail = if posture == Posture::Lateral { 0.0 } else { drift };
    let width = (WIDTH_MIN_CM * WIDTH_MIN_CM + filled * filled + trail * trail).sqrt();
    let to = match posture {
        Posture::Lateral => cm,
        Posture::Sitting => cm - drift,
        Posture::Supine => {
            let low = SUPINE_LOW * canal.length;
            // Towards the curve for heavy fluid, away from it for light, never past it.
            let towards = (low - cm).signum() * drift.min((low - cm).abs());
            cm + towards
        }
    };
    Ok(Way::Spread(to.clamp(0.0, canal.length), width))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::species::Species;

    fn place(density: f64, posture: Posture) -> (f64, f64) {
        let canal = Species::named("adult").unwrap().canal;
        match by_hand(&canal, 13.0, 3.0, density, posture).unwrap() {
            Way::Spread(cm, width) => (cm, width),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn heavy_fluid_sinks_and_light_fluid_rises() {
        assert!(place(1.02, Posture::Sitting).0 < 9.0);
        assert!(place(0.995, Posture::Sitting).0 > 13.5);
        assert!(place(1.02, Posture::Supine).0 > 17.0);
        assert_eq!(place(1.02, Posture::Lateral).0, 13.0);
    }

    #[test]
    fn a_larger_volume_spreads_farther_and_nonsense_is_refused() {
        let canal = Species::named("adult").unwrap().canal;
        let width = |volume| match by_hand(&canal, 13.0, volume, 1.0, Posture::Lateral).unwrap() {
            Way::Spread(_, width) => width,
            other => panic!("{other:?}"),
        };
        assert!(width(5.0) > width(0.5) && width(0.01) >= WIDTH_MIN_CM);
        for wrong in [0.0, -1.0, f64::NAN] {
            assert!(by_hand(&canal, 13.0, wrong, 1.0, Posture::Sitting).is_err());
            assert!(by_hand(&canal, 99.0, 1.0, 1.0, Posture::Sitting).is_err());
        }
        assert_eq!(Posture::named("standing"), None);
    }
}
