//! The device profile: what a pump of this model can do, as data. No such number is a constant of the code.

use crate::quantity::{Duration, FlowRate, Permille, Volume, mul_div_ceil};

/// How far a front spreads in the path at flows up to `flow_max`, as shares of the whole path's volume.
///
/// Taken from the dispersion of the tubing and catheter (plug flow with Taylor–Aris spread at basal rates, laminar
/// early breakthrough at priming rates), rounded outwards.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FrontBand {
    /// The band holds for flows up to here.
    pub flow_max: FlowRate,
    /// How much sooner than plug flow the new fluid may show, rounded up.
    pub lead: Permille,
    /// How much later than plug flow the old fluid may still show, rounded up.
    pub trail: Permille,
}

/// The cell and what draws on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BatteryProfile {
    /// Usable energy of a new cell, in mJ.
    pub capacity_mj: u64,
    /// One stroke, in µJ.
    pub stroke_uj: u64,
    /// Everything that never sleeps, in µW.
    pub idle_uw: u64,
    /// One tone, in µJ.
    pub tone_uj: u64,
    /// One contact by telemetry with its handshake, in µJ.
    pub contact_uj: u64,
    /// Loaded voltage at which the replacement indicator comes, in mV.
    pub indicator_mv: u16,
    /// Loaded voltage below which the end of service has come, in mV.
    pub end_mv: u16,
}

/// What a pump of one model can do and how well.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DeviceProfile {
    /// The model's name, ASCII, padded with zeros.
    pub model: [u8; 16],
    /// What one stroke moves, nominally.
    pub stroke: Volume,
    /// The drive's own time for one stroke; two strokes are never commanded closer together.
    pub stroke_time: Duration,
    /// How long a commanded stroke may stay unconfirmed by the rotor.
    pub stroke_timeout: Duration,
    /// Restarts of the drive that are tried before it is called stalled.
    pub restarts_max: u8,
    /// The flow that only keeps the rotor turning.
    pub minimum_rate: FlowRate,
    /// The highest flow the drive gives.
    pub flow_max: FlowRate,
    /// What the reservoir holds.
    pub reservoir: Volume,
    /// What cannot be drawn out of the reservoir.
    pub residual: Volume,
    /// Pump tubing from reservoir to catheter connector.
    pub tubing: Volume,
    /// Catheter volume per cm of implanted length.
    pub catheter_per_cm: Volume,
    /// How far the volume really moved may be from the nominal one.
    pub accuracy: Permille,
    /// How fronts spread, by flow, in rising order of flow.
    pub bands: [FrontBand; 3],
    /// Factory limit: most volume in one bolus.
    pub bolus_max: Volume,
    /// Factory limit: most volume in any hour, primes apart.
    pub hour_max: Volume,
    /// Factory limit: most volume in any 24 h, primes apart.
    pub day_max: Volume,
    /// Factory limit: most volume in one prime.
    pub prime_max: Volume,
    /// The cell.
    pub battery: BatteryProfile,
}

impl DeviceProfile {
    /// The reference pump with a 20 mL reservoir, as `device/pump/DEVICE.md` states it.
    pub const REFERENCE_20: Self = Self {
        model: *b"Nepenthe R20\0\0\0\0",
        stroke: Volume::new(500),
        stroke_time: Duration::new(1_000),
        stroke_timeout: Duration::new(2_000),
        restarts_max: 3,
        minimum_rate: FlowRate::new(6_000),
        flow_max: FlowRate::new(24_000_000),
        reservoir: Volume::new(20_000_000),
        residual: Volume::new(1_400_000),
        tubing: Volume::new(199_000),
        catheter_per_cm: Volume::new(2_200),
        accuracy: Permille::new(145),
        bands: [
            FrontBand { flow_max: FlowRate::new(1_000_000), lead: Permille::new(80), trail: Permille::new(80) },
            FrontBand { flow_max: FlowRate::new(4_000_000), lead: Permille::new(200), trail: Permille::new(200) },
            FrontBand { flow_max: FlowRate::new(28_800_000), lead: Permille::new(500), trail: Permille::new(500) },
        ],
        bolus_max: Volume::new(1_000_000),
        hour_max: Volume::new(1_000_000),
        day_max: Volume::new(4_000_000),
        prime_max: Volume::new(1_000_000),
        battery: BatteryProfile {
            capacity_mj: 12_000_000,
            stroke_uj: 4_000,
            idle_uw: 6,
            tone_uj: 30_000,
            contact_uj: 60_000,
            indicator_mv: 2_600,
            end_mv: 2_200,
        },
    };

    /// The reference pump with a 40 mL reservoir.
    pub const REFERENCE_40: Self =
        Self { model: *b"Nepenthe R40\0\0\0\0", reservoir: Volume::new(40_000_000), ..Self::REFERENCE_20 };

    /// The reservoir's content above what cannot be drawn out.
    pub const fn usable(&self) -> Volume {
        self.reservoir.saturating_sub(self.residual)
    }

    /// What the residual changes of a fill at most, as a share, rounded up: what was left is mixed into what is put in. Two
    /// fluids that differ by no more are fills of one and the same mixture, and between them there is no front.
    pub fn thinned(&self) -> Permille {
        let share = mul_div_ceil(self.residual.get(), 1000, self.reservoir.get()).unwrap_or(1000);
        Permille::new(u16::try_from(share).unwrap_or(1000))
    }

    /// The front band at a flow; the widest for flows beyond the table.
    pub fn band(&self, flow: FlowRate) -> FrontBand {
        let mut widest = FrontBand { flow_max: FlowRate::ZERO, lead: Permille::ZERO, trail: Permille::ZERO };
        for band in self.bands {
            widest = band;
            if flow <= band.flow_max {
                break;
            }
        }
        widest
    }

    /// The model's name.
    pub fn model_name(&self) -> &str {
        let end = self.model.iter().position(|byte| *byte == 0).unwrap_or(self.model.len());
        self.model.get(..end).and_then(|bytes| core::str::from_utf8(bytes).ok()).unwrap_or("?")
    }
}
