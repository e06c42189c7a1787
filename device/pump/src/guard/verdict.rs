//! The guard's few words: why it cut, why it refused, and what a restart tells it.

/// Why the guard cut the drive. The codes are stored and never change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cut {
    /// More moved in a day than the order part allows.
    RunningVolume,
    /// More moved in a quarter of an hour than the order part allows.
    OverSpeed,
    /// The rotor goes on turning though nobody commands it.
    Uncommanded,
    /// The guard's own stored state could not be read.
    StateLost,
}

impl Cut {
    /// The code in the stored state and in the journal; nothing is 0.
    pub const fn code(self) -> u8 {
        match self {
            Self::RunningVolume => 1,
            Self::OverSpeed => 2,
            Self::Uncommanded => 3,
            Self::StateLost => 4,
        }
    }

    /// The cause of a code; `None` if no cause has it.
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::RunningVolume),
            2 => Some(Self::OverSpeed),
            3 => Some(Self::Uncommanded),
            4 => Some(Self::StateLost),
            _ => None, // not ours: a byte read back from a store
        }
    }
}

/// Why a prime was not armed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotArmed {
    /// A prime was armed in the last 24 h of the second oscillator.
    ArmedToday,
    /// More than the order part allows one prime, or it allows none.
    TooMuch,
    /// The drive is cut, or there is no order part.
    Disabled,
}

/// Why the drive was not enabled again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StillCut {
    /// Nobody with a clinician's key asked, or not at the patient.
    NotAllowed,
    /// The excess has not yet left the windows: the cause was tested and still stands.
    CauseStands,
}

/// What a restart knows about the time and the strokes since the state was stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Restart {
    /// The second oscillator's reading now, in ms.
    pub second_ms: u64,
    /// Whether its counter ran on through the restart. If not, nothing has elapsed.
    pub counter_kept: bool,
    /// Strokes that the dose record counts since birth, if it was not lost. What lies beyond its count when the guard's
    /// state was stored has moved since and is charged now.
    pub strokes: Option<u32>,
}
