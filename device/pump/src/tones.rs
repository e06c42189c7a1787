//! Tones: what an implant can make a person hear, as data.
//!
//! This file answers for the patterns, how often each comes, when it escalates and how long people may have quiet.
//! Which alarm sounds is the affair of `alarms`; turning notes into current is the driver's.
//!
//! | what | taken from |
//! |---|---|
//! | two classes that can be told apart: a two-tone of 3 s, a single tone of 1 s | intrathecal pumps in use, programming guides |
//! | 4 tones each minute for 10 min, then 4 double tones each minute for 10 min | implanted insulin pump, severe alarm |
//! | then every 10 min for high, every hour for medium | intrathecal pumps in use, default intervals |
//! | pitches between 300 Hz and 1000 Hz; tones of 125 ms to 250 ms for low and medium bursts | IEC 60601-1-8 |
//!
//! What IEC 60601-1-8 says of harmonics and bursts a few seconds apart binds the handset, which mirrors every alarm;
//! a transducer under the skin on a cell for ten years cannot do it.

use orders::{Duration, Priority};

/// One sound and the silence after it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Note {
    /// Pitch, in Hz.
    pub hz: u16,
    /// How long it sounds.
    pub on: Duration,
    /// How long it is quiet afterwards.
    pub off: Duration,
}

/// A pattern of notes, played so many times in a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tone {
    /// Its number for drivers and logs; never changes.
    pub code: u8,
    /// The notes of one time.
    pub notes: &'static [Note],
    /// How often they are played.
    pub times: u8,
}

/// How a standing alarm sounds from some time after it began.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stage {
    /// From so long after the sound began.
    pub from: Duration,
    /// What is played.
    pub tone: &'static Tone,
    /// How long from the start of one to the start of the next.
    pub every: Duration,
}

/// How alarms of one priority are made heard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sounding {
    /// The stages in the order of their time; the first begins at once and the last goes on.
    pub stages: &'static [Stage],
    /// Longest quiet that a person may ask for while nobody has taken note.
    pub silence_max: Duration,
    /// How long after somebody took note it sounds again, if the cause still stands.
    pub again_after: Duration,
}

const fn note(hz: u16, on_ms: u64, off_ms: u64) -> Note {
    Note { hz, on: Duration::new(on_ms), off: Duration::new(off_ms) }
}

/// High: high and low in turn, 3 s in all.
pub const HIGH: Tone = Tone { code: 1, notes: &[note(880, 200, 175), note(660, 200, 175)], times: 4 };
/// High that nobody answered: each tone doubled, so that it is not the sound one has got used to.
pub const HIGH_DOUBLE: Tone = Tone {
    code: 2,
    notes: &[note(880, 150, 75), note(880, 150, 175), note(660, 150, 75), note(660, 150, 175)],
    times: 4,
};
/// Medium: one tone of 1 s.
pub const MEDIUM: Tone = Tone { code: 3, notes: &[note(660, 1000, 0)], times: 1 };
/// Medium that nobody answered: three beeps.
pub const MEDIUM_TRIPLE: Tone = Tone { code: 4, notes: &[note(660, 250, 250)], times: 3 };
/// Low: one beep.
pub const LOW: Tone = Tone { code: 5, notes: &[note(440, 250, 0)], times: 1 };

const HIGH_SOUNDING: Sounding = Sounding {
    stages: &[
        Stage { from: Duration::ZERO, tone: &HIGH, every: Duration::from_minutes(1) },
        Stage { from: Duration::from_minutes(10), tone: &HIGH_DOUBLE, every: Duration::from_minutes(1) },
        Stage { from: Duration::from_minutes(20), tone: &HIGH_DOUBLE, every: Duration::from_minutes(10) },
    ],
    silence_max: Duration::from_minutes(10),
    again_after: Duration::from_hours(24),
};
const MEDIUM_SOUNDING: Sounding = Sounding {
    stages: &[
        Stage { from: Duration::ZERO, tone: &MEDIUM, every: Duration::from_hours(1) },
        Stage { from: Duration::from_days(1), tone: &MEDIUM_TRIPLE, every: Duration::from_minutes(30) },
    ],
    silence_max: Duration::from_hours(8),
    again_after: Duration::from_days(7),
};
const LOW_SOUNDING: Sounding = Sounding {
    stages: &[Stage { from: Duration::ZERO, tone: &LOW, every: Duration::from_days(1) }],
    silence_max: Duration::from_days(1),
    again_after: Duration::from_days(30),
};

/// How alarms of a priority are made heard.
pub const fn sounding(priority: Priority) -> &'static Sounding {
    match priority {
        Priority::High => &HIGH_SOUNDING,
        Priority::Medium => &MEDIUM_SOUNDING,
        Priority::Low => &LOW_SOUNDING,
    }
}

/// What is played as the test tone of a priority: exactly what its alarm would play first.
pub const fn test_tone(priority: Priority) -> &'static Tone {
    match priority {
        Priority::High => &HIGH,
        Priority::Medium => &MEDIUM,
        Priority::Low => &LOW,
    }
}

impl Sounding {
    /// The stage that holds so long after the sound began.
    pub fn stage(&self, sounded: Duration) -> Option<&'static Stage> {
        self.stages.iter().rev().find(|stage| stage.from <= sounded)
    }
}

impl Tone {
    /// How long it takes to play.
    pub fn length(&self) -> Duration {
        let once =
            self.notes.iter().fold(Duration::ZERO, |sum, note| sum.saturating_add(note.on).saturating_add(note.off));
        once.saturating_mul(u64::from(self.times))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Priority; 3] = [Priority::High, Priority::Medium, Priority::Low];

    #[test]
    fn a_patient_can_tell_the_classes_apart_by_length_and_number() {
        assert_eq!(HIGH.length(), Duration::from_secs(3));
        assert_eq!(MEDIUM.length(), Duration::from_secs(1));
        assert!(LOW.length() < MEDIUM.length());
        for tone in [HIGH, HIGH_DOUBLE, MEDIUM, MEDIUM_TRIPLE, LOW] {
            assert!(tone.notes.iter().all(|note| (300..=1000).contains(&note.hz)), "{tone:?}");
        }
    }

    #[test]
    fn every_priority_sounds_at_once_and_never_falls_silent_or_overlaps_itself() {
        for priority in ALL {
            let sounding = sounding(priority);
            assert_eq!(sounding.stages[0].from, Duration::ZERO);
            assert!(sounding.stages.windows(2).all(|pair| pair[0].from < pair[1].from));
            assert!(sounding.stages.iter().all(|stage| stage.tone.length() < stage.every));
            assert_eq!(sounding.stages[0].tone, test_tone(priority), "the test plays what will be heard");
        }
    }

    #[test]
    fn the_worse_it_is_the_more_often_it_sounds_and_the_shorter_quiet_lasts() {
        for pair in ALL.windows(2) {
            let (worse, milder) = (sounding(pair[0]), sounding(pair[1]));
            assert!(worse.stages.iter().all(|stage| milder.stages.iter().all(|mild| stage.every < mild.every)));
            assert!(worse.silence_max < milder.silence_max && worse.again_after < milder.again_after);
        }
        assert_eq!(sounding(Priority::High).silence_max, Duration::from_minutes(10));
    }
}
