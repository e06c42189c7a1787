//! What goes wrong between the reservoir and the cord: the complications of catheter, pocket and refill.
//!
//! Answers for where a volume truly goes once the rotor has moved it, and for what a person at the port finds. Leaves the
//! rotor to `drive` and the fluid to `path`. Each row of physiology 4.5's table of faults can be made from these.
//!
//! Terms. *Place*: where drug ends up. *Patency*: the part of a stroke that the path lets through, 0 to 1; a peristaltic
//! drive goes on stepping against an occlusion and gives its edges, so the reservoir keeps what did not pass.

use serde::{Deserialize, Serialize};

/// Where drug ends up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Place {
    /// The cerebrospinal fluid: where it should.
    Intrathecal,
    /// Outside the sac: about a tenth of the effect.
    Epidural,
    /// Between the membranes.
    Subdural,
    /// Under the skin at the pump.
    Pocket,
    /// Tissue along the catheter; only a trace in plasma.
    Lost,
}

/// Where a needle truly puts what was meant for the reservoir.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Needle {
    /// The reservoir's port.
    Reservoir,
    /// Beside the port: under the skin.
    Pocket,
    /// The catheter's port: straight into the catheter.
    CatheterPort,
}

/// What a person finds who aspirates at the catheter's port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aspiration {
    /// Fluid comes freely.
    Free,
    /// It comes slowly: a tip in scar or granuloma, or out of the sac.
    Hard,
    /// Nothing comes.
    Fails,
    /// Air comes: the catheter ends nowhere.
    Air,
}

/// Above this much granuloma nothing passes (physiology 4.6: it occludes at G > 0.8).
pub const GRANULOMA_OCCLUDES: f64 = 0.8;

/// Above this much granuloma aspiration is hard while infusion still passes.
pub const GRANULOMA_HARD: f64 = 0.4;

/// Over-infusion per part of overfill: 10 % too much volume gives 20 % too much flow. No source gives the slope; cautious.
pub const OVERFILL_GAIN: f64 = 2.0;

/// The complications in force. The default is none.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Complications {
    /// Where the tip lies.
    pub tip: Place,
    /// Whether the catheter has come off the pump.
    pub is_disconnected: bool,
    /// Part of each stroke lost at the connector, 0 to 1.
    pub leak: f64,
    /// What a kink or clot lets through, 0 (nothing) to 1.
    pub patency: f64,
    /// Size of a granuloma at the tip, 0 to 1.
    pub granuloma: f64,
    /// Whether the pump lies upside down: no needle finds its port, no field reaches its coil well.
    pub is_flipped: bool,
}

impl Default for Complications {
    fn default() -> Self {
        Self {
            tip: Place::Intrathecal,
            is_disconnected: false,
            leak: 0.0,
            patency: 1.0,
            granuloma: 0.0,
            is_flipped: false,
        }
    }
}

impl Complications {
    /// What part of a stroke's volume truly passes, 0 to 1.
    pub fn passes(&self) -> f64 {
        // A disconnected catheter no longer resists: what is beyond it does not matter.
        if self.is_disconnected {
            return 1.0;
        }
        let by_granuloma = if self.granuloma > GRANULOMA_OCCLUDES { 0.0 } else { 1.0 };
        self.patency.clamp(0.0, 1.0) * by_granuloma
    }

    /// What part of the volume that passes is lost at the connector, 0 to 1.
    pub const fn lost_at_connector(&self) -> f64 {
        if self.is_disconnected { 1.0 } else { self.leak.clamp(0.0, 1.0) }
    }

    /// What an aspiration at the catheter's port finds.
    pub fn aspiration(&self) -> Aspiration {
        if self.is_disconnected || self.leak >= 0.5 {
            Aspiration::Air
        } else if self.passes() <= 0.0 {
            Aspiration::Fails
        } else if self.granuloma > GRANULOMA_HARD || self.patency < 0.5 || self.tip != Place::Intrathecal {
            Aspiration::Hard
        } else {
            Aspiration::Free
        }
    }

    /// Whether a needle finds the port.
    pub const fn port_is_found(&self) -> bool {
        !self.is_flipped
    }
}

/// By what factor an overfilled reservoir pushes more through the drive; 1 within the capacity.
pub fn overfill_factor(volume_nl: f64, capacity_nl: f64) -> f64 {
    let over = (volume_nl / capacity_nl - 1.0).max(0.0);
    1.0 + OVERFILL_GAIN * over
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_of_the_table_of_faults_is_found_at_the_port_as_it_says() {
        let none = Complications::default();
        let rows = [
            (none, Aspiration::Free, 1.0),
            (Complications { patency: 0.0, ..none }, Aspiration::Fails, 0.0),
            (Complications { is_disconnected: true, ..none }, Aspiration::Air, 1.0),
            (Complications { tip: Place::Epidural, ..none }, Aspiration::Hard, 1.0),
            (Complications { granuloma: 0.6, ..none }, Aspiration::Hard, 1.0),
            (Complications { granuloma: 0.9, ..none }, Aspiration::Fails, 0.0),
        ];
        for (complications, aspiration, passes) in rows {
            assert_eq!(complications.aspiration(), aspiration, "{complications:?}");
            assert_eq!(complications.passes(), passes, "{complications:?}");
        }
        assert!(!Complications { is_flipped: true, ..none }.port_is_found());
        assert!(none.port_is_found());
    }

    #[test]
    fn a_full_reservoir_pushes_nothing_more_and_an_overfilled_one_does() {
        assert_eq!(overfill_factor(20e6, 20e6), 1.0);
        assert!((overfill_factor(22e6, 20e6) - 1.2).abs() < 1e-12);
    }
}
