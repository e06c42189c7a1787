//! The catalogue of alarms and the tones that follow from it.

use orders::alarm::Level;
use orders::{AlarmId, Duration, Priority};
use pump::tones::sounding;

//= requirements/alarms.md#one-catalogue
//= type=test
//# Every alarm MUST take its priority, tone, repetition and restriction from one catalogue.
#[test]
fn every_alarm_has_its_row_and_what_it_sounds_like_and_inhibits_follows_from_it() {
    for id in AlarmId::ALL {
        let sounds = sounding(id.priority());
        assert!(sounds.stages.iter().all(|stage| stage.every > Duration::ZERO), "{id:?} never repeats");
        assert!(sounds.silence_max > Duration::ZERO, "{id:?}");
        assert!(!id.words().is_empty() && id.words().is_ascii(), "{id:?}");
        assert_eq!(AlarmId::from_code(id.code()), Some(*id), "one row for each code");
        // What takes basal away is never mild.
        assert!(id.allows() < Level::FallBack || id.priority() == Priority::High, "{id:?}");
    }
}
