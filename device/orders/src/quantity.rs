//! Quantities: what may be added to what, and which way each conversion rounds.
//!
//! | quantity | held as | shown as | laws |
//! |---|---|---|---|
//! | [`Volume`] | nL | mL, or mcL below 0.01 mL | volume ± volume; × concentration = mass, exact |
//! | [`Concentration`] | ng/mL | mg/mL or mcg/mL | never added |
//! | [`Mass`] | fg | mg, mcg below 1 mg | mass ± mass; ÷ concentration = volume, rounded **down** |
//! | [`FlowRate`] | nL/day | mL/day | × duration = volume, rounding named at the call |
//! | [`MassRate`] | fg/day | mg/day, mcg/day | flow × concentration, exact |
//! | [`Duration`] | ms | h, min, s | duration ± duration |
//! | [`Instant`] | ms since the pump's birth | — | instant − instant = duration |
//! | [`WallTime`] | ms of local time since 1970 | date and clock | a label for people and the day schedule |
//!
//! 1 nL × 1 ng/mL = 1 fg, so a mass never needs a division. Additions come in two kinds. `saturating_*` is for upper
//! bounds: a sum that saturates is above every ceiling there is and is refused. `checked_*` is for everything else.
//! There is no plain `+`.

/// Milliseconds in one day.
pub const DAY_MS: u64 = 86_400_000;
/// Milliseconds in one hour.
pub const HOUR_MS: u64 = 3_600_000;
/// Milliseconds in one minute.
pub const MINUTE_MS: u64 = 60_000;

macro_rules! quantity {
    ($(#[$doc:meta])* $name:ident($raw:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name($raw);

        impl $name {
            /// Nothing of it.
            pub const ZERO: Self = Self(0);
            /// The largest that can be held; as an upper bound it is above every limit.
            pub const MAX: Self = Self(<$raw>::MAX);

            /// From the raw number, in the unit of the type.
            pub const fn new(raw: $raw) -> Self {
                Self(raw)
            }

            /// The raw number, in the unit of the type.
            pub const fn get(self) -> $raw {
                self.0
            }

            /// Whether there is nothing of it.
            pub const fn is_zero(self) -> bool {
                self.0 == 0
            }
        }
    };
}

macro_rules! additive {
    ($name:ident) => {
        impl $name {
            /// The sum, or `None` if it cannot be held.
            pub const fn checked_add(self, other: Self) -> Option<Self> {
                match self.0.checked_add(other.0) {
                    Some(raw) => Some(Self(raw)),
                    None => None,
                }
            }

            /// The sum as an upper bound.
            pub const fn saturating_add(self, other: Self) -> Self {
                Self(self.0.saturating_add(other.0))
            }

            /// The difference, or `None` if it would be below nothing.
            pub const fn checked_sub(self, other: Self) -> Option<Self> {
                match self.0.checked_sub(other.0) {
                    Some(raw) => Some(Self(raw)),
                    None => None,
                }
            }

            /// The difference, nothing at least.
            pub const fn saturating_sub(self, other: Self) -> Self {
                Self(self.0.saturating_sub(other.0))
            }

            /// So many of it, as an upper bound.
            pub const fn saturating_mul(self, times: u64) -> Self {
                Self(self.0.saturating_mul(times))
            }
        }
    };
}

quantity! {
    /// A volume of fluid, in nL.
    Volume(u64)
}
quantity! {
    /// A concentration, in ng/mL. 20 mg/mL is 20 000 000.
    Concentration(u32)
}
quantity! {
    /// A mass of drug, in fg. 1 mg is 10¹² fg.
    Mass(u64)
}
quantity! {
    /// A flow, in nL per day. 0.25 mL/day is 250 000.
    FlowRate(u64)
}
quantity! {
    /// A mass of drug per day, in fg per day.
    MassRate(u64)
}
quantity! {
    /// A span of time, in ms.
    Duration(u64)
}
quantity! {
    /// A moment, in ms since the pump's birth on the clock that is never set.
    Instant(u64)
}
quantity! {
    /// Local time as people read it, in ms since 1970-01-01 00:00. Set by a clinician; never used to time a lockout,
    /// a window or a delivery.
    WallTime(u64)
}
quantity! {
    /// A share in thousandths.
    Permille(u16)
}

additive!(Volume);
additive!(Mass);
additive!(FlowRate);
additive!(MassRate);
additive!(Duration);

impl Volume {
    /// The mass of drug in this volume: exact, no division. Saturates only for values that no bounds table admits.
    //= requirements/ceilings.md#exact-arithmetic
    //# Mass MUST be the exact product of whole nanolitres and whole nanograms per millilitre, in femtograms.
    pub const fn mass_at(self, concentration: Concentration) -> Mass {
        Mass(self.0.saturating_mul(concentration.0 as u64))
    }

    /// This share of the volume, rounded up.
    pub const fn share_ceil(self, share: Permille) -> Self {
        Self(self.0.saturating_mul(share.0 as u64).div_ceil(1000))
    }

    /// This share of the volume, rounded down.
    pub const fn share_floor(self, share: Permille) -> Self {
        match self.0.saturating_mul(share.0 as u64).checked_div(1000) {
            Some(raw) => Self(raw),
            None => Self(0),
        }
    }

    /// How long this volume takes at a flow, rounded up; `None` at no flow.
    pub fn time_at(self, flow: FlowRate) -> Option<Duration> {
        mul_div_ceil(self.0, DAY_MS, flow.0).map(Duration)
    }

    /// The whole strokes in this volume, rounded down.
    pub const fn strokes_floor(self, stroke: Volume) -> u64 {
        match self.0.checked_div(stroke.0) {
            Some(strokes) => strokes,
            None => 0,
        }
    }
}

impl Mass {
    /// The volume that holds this mass, rounded **down**; `None` where there is no drug in the fluid.
    pub const fn volume_at(self, concentration: Concentration) -> Option<Volume> {
        match self.0.checked_div(concentration.0 as u64) {
            Some(raw) => Some(Volume(raw)),
            None => None,
        }
    }
}

impl MassRate {
    /// The flow that gives this rate, rounded **down**; `None` where there is no drug in the fluid.
    pub const fn flow_at(self, concentration: Concentration) -> Option<FlowRate> {
        match self.0.checked_div(concentration.0 as u64) {
            Some(raw) => Some(FlowRate(raw)),
            None => None,
        }
    }
}

impl FlowRate {
    /// The mass per day of a drug at this flow: exact.
    pub const fn mass_rate(self, concentration: Concentration) -> MassRate {
        MassRate(self.0.saturating_mul(concentration.0 as u64))
    }

    /// The volume of a span at this flow, rounded down.
    pub fn volume_floor(self, span: Duration) -> Volume {
        Volume(mul_div_floor(self.0, span.0, DAY_MS).unwrap_or(u64::MAX))
    }

    /// The volume of a span at this flow, rounded up: the upper bound.
    pub fn volume_ceil(self, span: Duration) -> Volume {
        Volume(mul_div_ceil(self.0, span.0, DAY_MS).unwrap_or(u64::MAX))
    }

    /// This share of the flow, rounded down.
    pub const fn share_floor(self, share: Permille) -> Self {
        match self.0.saturating_mul(share.0 as u64).checked_div(1000) {
            Some(raw) => Self(raw),
            None => Self(0),
        }
    }
}

impl Duration {
    /// So many seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1000))
    }
    /// So many minutes.
    pub const fn from_minutes(minutes: u64) -> Self {
        Self(minutes.saturating_mul(MINUTE_MS))
    }
    /// So many hours.
    pub const fn from_hours(hours: u64) -> Self {
        Self(hours.saturating_mul(HOUR_MS))
    }
    /// So many days.
    pub const fn from_days(days: u64) -> Self {
        Self(days.saturating_mul(DAY_MS))
    }
}

impl Instant {
    /// The moment a span later; saturates 584 million years on.
    pub const fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// The moment a span earlier, birth at the earliest.
    pub const fn before(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(span.0))
    }

    /// How long after `earlier` this is; nothing if it is not after.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }
}

impl WallTime {
    /// The time a span later.
    pub const fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// The half hour of the day, 0 to 47.
    pub const fn half_hour(self) -> u8 {
        ((self.0 % DAY_MS) / (30 * MINUTE_MS)) as u8
    }

    /// The day of the week, Monday 0 to Sunday 6. 1970-01-01 was a Thursday.
    pub const fn weekday(self) -> u8 {
        ((self.0 / DAY_MS).saturating_add(3) % 7) as u8
    }
}

/// `a × b ÷ c` rounded down, through 128 bits; `None` if `c` is nothing or the answer cannot be held.
pub fn mul_div_floor(a: u64, b: u64, c: u64) -> Option<u64> {
    let product = u128::from(a).checked_mul(u128::from(b))?;
    u64::try_from(product.checked_div(u128::from(c))?).ok()
}

/// `a × b ÷ c` rounded up, through 128 bits; `None` if `c` is nothing or the answer cannot be held.
pub fn mul_div_ceil(a: u64, b: u64, c: u64) -> Option<u64> {
    if c == 0 {
        return None;
    }
    let product = u128::from(a).checked_mul(u128::from(b))?;
    u64::try_from(product.div_ceil(u128::from(c))).ok()
}
