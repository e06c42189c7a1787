//! The table of permissions, whole, and the sentences that it keeps.

#[path = "common/examples.rs"]
mod examples;

use std::fmt::Write;

use orders::Reason;
use telemetry::message::Ask;
use telemetry::message::permission::{Needs, admit, needs};
use telemetry::peer::Role;

#[test]
fn the_table_is_the_one_that_is_checked_in() {
    let mut text = String::from("What each role needs for each request. Printed by tests/permissions.rs.\n\n");
    let head = ["patient controller", "programmer", "home monitor", "emergency"];
    writeln!(text, "{:>3} {:<24}{:<20}{:<26}{:<14}{}", "", "", head[0], head[1], head[2], head[3]).unwrap();
    for (code, name) in Ask::ALL {
        let cells = Role::ALL.map(|role| match needs(role, *code) {
            Needs::Contact => "contact",
            Needs::Presence => "presence",
            Needs::PresenceThenCommit => "presence, then commit",
            Needs::PresenceAndSignature => "presence and signature",
            Needs::PresenceAndCard => "presence and card",
            Needs::Never => "-",
        });
        let line = format!("{code:>3} {name:<24}{:<20}{:<26}{:<14}{}", cells[0], cells[1], cells[2], cells[3]);
        writeln!(text, "{}", line.trim_end()).unwrap();
    }
    let kept = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/permissions.txt"));
    assert!(kept.is_ok_and(|kept| kept == text), "tests/permissions.txt should read:\n{text}");
}

//= requirements/telemetry.md#roles
//= type=test
//# The pump MUST refuse every request that the role of its peer does not hold, and a patient's controller holds only asking for a bolus, reading and silencing.
#[test]
fn a_patients_controller_asks_reads_and_silences_and_nothing_else() {
    for ask in examples::asks() {
        let may = admit(Role::PatientController, true, &ask);
        let is_theirs = ask.is_read() || matches!(ask, Ask::AskBolus(_) | Ask::Silence(_) | Ask::Acknowledge(_));
        match may {
            Ok(needs) => assert!(is_theirs && needs == Needs::Contact, "{ask:?}"),
            Err(refusal) => assert!(!is_theirs && refusal.reason == Reason::WrongRole, "{ask:?}"),
        }
    }
}

//= requirements/telemetry.md#presence
//= type=test
//# Without near-field presence in the last 60 s the pump MUST refuse a commit, a stop, an emergency, a refill, a ledger event and a clock setting.
#[test]
fn from_across_the_room_a_programmer_only_reads() {
    for ask in examples::asks() {
        let harmless = ask.is_read() || matches!(ask, Ask::Acknowledge(_));
        for role in [Role::Programmer, Role::Emergency, Role::HomeMonitor] {
            assert_eq!(admit(role, false, &ask).is_ok(), harmless, "{role:?} {ask:?}");
        }
    }
    let bolus = examples::asks().into_iter().find(|ask| matches!(ask, Ask::AskBolus(_))).unwrap();
    assert_eq!(admit(Role::Programmer, true, &bolus).unwrap_err().reason, Reason::WrongRole);
    let stop = examples::asks().into_iter().find(|ask| matches!(ask, Ask::Stop(_))).unwrap();
    assert_eq!(admit(Role::Programmer, false, &stop).unwrap_err().reason, Reason::NoPresence);
    assert_eq!(admit(Role::Programmer, true, &stop), Ok(Needs::Presence));
}

#[test]
fn a_home_monitor_changes_nothing_and_an_emergency_never_raises_a_dose() {
    for ask in examples::asks() {
        let read = ask.is_read() || matches!(ask, Ask::Acknowledge(_));
        assert_eq!(admit(Role::HomeMonitor, true, &ask).is_ok(), read);
        let lowers = matches!(ask, Ask::Stop(_) | Ask::Emergency(_) | Ask::Silence(_));
        assert_eq!(admit(Role::Emergency, true, &ask).is_ok(), read || lowers);
    }
}
