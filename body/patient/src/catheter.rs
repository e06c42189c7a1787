//! The catheter: what the pump pushes in comes out later, its fronts blurred.
//!
//! Answers for: mass at the tip for every volume moved, by plug flow with Taylor's and Aris' dispersion. Fronts between
//! slugs carry their own blur, which grows with time and with the square of the flow; at basal flow plug flow is right to
//! a twentieth, during a prime it is not, and drug comes out before the prime ends. One drug; mixtures have one each.
//!
//! Also the reservoir: a refill mixes with what could not be drawn off.

use libm::{erfc, exp};

use crate::sheet::BadInput;

/// Diffusion of a small drug in water at 37 C, cm²/s.
const MOLECULAR_CM2_S: f64 = 6e-6;
/// Inner section of a catheter of 0.0022 mL/cm, cm².
const SECTION_CM2: f64 = 0.0022;
/// A front this many blurs past the tip is through.
const THROUGH: f64 = 9.0;

/// A front between two levels on its way to the tip.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Front {
    /// Volume still to move until its middle is at the tip, mL; negative once past.
    to_tip: f64,
    /// Square of its blur, mL².
    blur_squared: f64,
    /// Rise of the level across it, µg/mL.
    rise: f64,
    /// What it has let out beyond the level ahead of it, µg.
    let_out: f64,
}

/// A filled catheter.
#[derive(Debug, Clone, PartialEq)]
pub struct Catheter {
    volume: f64,
    ahead: f64,
    inlet: f64,
    fronts: Vec<Front>,
}

/// Taylor-Aris dispersion at a flow (mL/min), cm²/min.
pub fn taylor_aris(flow: f64) -> f64 {
    let speed_cm_s = flow / 60.0 / SECTION_CM2;
    let radius = (SECTION_CM2 / std::f64::consts::PI).sqrt();
    let peclet = speed_cm_s * radius / MOLECULAR_CM2_S;
    60.0 * MOLECULAR_CM2_S * (1.0 + peclet * peclet / 48.0)
}

impl Catheter {
    /// A catheter of this volume (mL), filled with one level (µg/mL).
    ///
    /// # Errors
    /// A volume that is not above zero or a level below zero.
    pub fn filled(volume: f64, level: f64) -> Result<Self, BadInput> {
        if !(volume.is_finite() && volume > 0.0) {
            return Err(BadInput::of_call("catheter volume", volume, "a volume above zero, mL"));
        }
        if !(level.is_finite() && level >= 0.0) {
            return Err(BadInput::of_call("level", level, "a level not below zero, ug/mL"));
        }
        Ok(Self { volume, ahead: level, inlet: level, fronts: Vec::new() })
    }

    /// From now on, fluid of this level enters (µg/mL).
    ///
    /// # Errors
    /// A level that is negative or not finite.
    pub fn enters(&mut self, level: f64) -> Result<(), BadInput> {
        if !(level.is_finite() && level >= 0.0) {
            return Err(BadInput::of_call("level", level, "a level not below zero, ug/mL"));
        }
        if level != self.inlet {
            let rise = level - self.inlet;
            self.fronts.push(Front { to_tip: self.volume, blur_squared: 0.0, rise, let_out: 0.0 });
            self.inlet = level;
        }
        Ok(())
    }

    /// Moves a volume (mL) within some minutes; answers the mass that leaves the tip, µg.
    ///
    /// # Errors
    /// A volume below zero or a time not above zero.
    pub fn moves(&mut self, volume: f64, minutes: f64) -> Result<f64, BadInput> {
        if !(volume.is_finite() && volume >= 0.0 && minutes.is_finite() && minutes > 0.0) {
            return Err(BadInput::of_call("moved", format!("{volume} mL in {minutes} min"), "a volume and a time"));
        }
        let grown = 2.0 * taylor_aris(volume / minutes) * SECTION_CM2 * SECTION_CM2 * minutes;
        let mut mass = self.ahead * volume;
        for front in &mut self.fronts {
            front.to_tip -= volume;
            front.blur_squared += grown;
            let blur = front.blur_squared.sqrt();
            let by_now = front.rise * blur * ramp(-front.to_tip / blur);
            mass += by_now - front.let_out;
            front.let_out = by_now;
        }
        let ahead = &mut self.ahead;
        self.fronts.retain(|front| {
            let is_through = front.to_tip < -THROUGH * front.blur_squared.sqrt();
            if is_through {
                *ahead += front.rise;
            }
            !is_through
        });
        Ok(mass)
    }

    /// Level at the tip now, µg/mL.
    pub fn tip_level(&self) -> f64 {
        let risen = |f: &Front| f.rise * 0.5 * erfc(f.to_tip / (2.0 * f.blur_squared).sqrt().max(1e-300));
        self.ahead + self.fronts.iter().map(risen).sum::<f64>()
    }
}

/// Integral of the normal distribution from far below to `z`.
fn ramp(z: f64) -> f64 {
    z * 0.5 * erfc(-z / std::f64::consts::SQRT_2) + exp(-0.5 * z * z) / (2.0 * std::f64::consts::PI).sqrt()
}

/// Level in the reservoir after a refill on top of what could not be drawn off, µg/mL.
///
/// # Errors
/// Negative or no volumes.
pub fn mixed(old_level: f64, residual: f64, new_level: f64, filled: f64) -> Result<f64, BadInput> {
    let all = [old_level, residual, new_level, filled];
    if all.iter().any(|v| !v.is_finite() || *v < 0.0) || residual + filled <= 0.0 {
        return Err(BadInput::of_call("refill", format!("{all:?}"), "levels and volumes that are not negative"));
    }
    Ok((old_level * residual + new_level * filled) / (residual + filled))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Volume of 80 cm.
    const VOLUME: f64 = 0.176;

    /// Moves a new drug of level one up to the nominal end; blur in cm and what came early, in µL at that level.
    fn prime(flow_per_day: f64) -> (f64, f64) {
        let flow = flow_per_day / 1440.0;
        let mut tube = Catheter::filled(VOLUME, 0.0).unwrap();
        tube.enters(1.0).unwrap();
        let steps = 1000;
        let early: f64 =
            (0..steps).map(|_| tube.moves(VOLUME / f64::from(steps), VOLUME / flow / f64::from(steps)).unwrap()).sum();
        (tube.fronts[0].blur_squared.sqrt() / SECTION_CM2, early * 1000.0)
    }

    #[test]
    fn fronts_blur_and_drug_comes_early_as_the_theory_says() {
        for (flow, blur, early) in [(0.1, 1.4, 1.3), (0.5, 1.2, 1.0), (1.0, 1.5, 1.3), (24.0, 7.0, 6.2)] {
            let found = prime(flow);
            assert!((found.0 / blur - 1.0).abs() < 0.06 && (found.1 / early - 1.0).abs() < 0.08, "{flow}: {found:?}");
        }
    }

    #[test]
    fn a_refill_is_diluted_by_the_residual() {
        assert!((mixed(10.0, 1.4, 20.0, 18.6).unwrap() - 19.3).abs() < 1e-12);
        assert!(mixed(10.0, -1.0, 20.0, 1.0).is_err() && mixed(1.0, 0.0, 1.0, 0.0).is_err());
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(Catheter::filled(0.0, 1.0).is_err() && Catheter::filled(0.2, f64::NAN).is_err());
        let mut tube = Catheter::filled(0.2, 1.0).unwrap();
        assert!(tube.enters(-1.0).is_err() && tube.moves(-0.1, 1.0).is_err() && tube.moves(0.1, 0.0).is_err());
    }

    proptest! {
        #[test]
        fn nothing_is_lost_on_the_way(levels in prop::collection::vec((0.0..50.0_f64, 0.0..0.4_f64, 1.0..3000.0_f64), 1..12)) {
            let mut tube = Catheter::filled(VOLUME, 3.0).unwrap();
            let (mut given, mut out) = (3.0 * VOLUME, 0.0);
            for (level, volume, minutes) in levels {
                tube.enters(level).unwrap();
                for _ in 0..4 {
                    given += level * volume / 4.0;
                    out += tube.moves(volume / 4.0, minutes / 4.0).unwrap();
                }
            }
            // Rinse with water: all comes out.
            tube.enters(0.0).unwrap();
            for _ in 0..400 {
                out += tube.moves(0.05, 60.0).unwrap();
            }
            prop_assert!((out / given - 1.0).abs() < 1e-9, "{out} of {given}");
            prop_assert!(tube.tip_level().abs() < 1e-9);
        }
    }
}
