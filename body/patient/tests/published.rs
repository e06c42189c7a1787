//! The published numbers that take no population: each in its band, or known to be missed. The whole list, with the
//! populations, is printed by the validation report.

use patient::validate::model::Model;
use patient::validate::targets::ALL;

/// Targets that the model misses; the report says why. One that is met must be taken off, one that is lost must be seen.
const MISSED: &[&str] = &["V7", "V10"];
/// Targets that need a population or the bench.
const ELSEWHERE: &[&str] = &["V15", "V21", "V22", "V23", "V24"];

#[test]
fn every_target_is_in_its_band_but_for_those_that_are_told_as_missed() {
    let model = Model::of_files().unwrap();
    for target in ALL.iter().filter(|t| !ELSEWHERE.contains(&t.name)) {
        let checks = (target.run)(&model).unwrap();
        let met = !checks.is_empty() && checks.iter().all(|c| c.met());
        assert_eq!(met, !MISSED.contains(&target.name), "{} {checks:?}", target.name);
        assert!(met || !target.why.is_empty(), "{} is missed and does not say why", target.name);
    }
}
