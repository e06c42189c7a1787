//! The whole machine, printed: a change of any transition is a change of `tests/transitions.txt`.

use std::fmt::Write as _;

use pump::transitions::{Event, State};

//= requirements/delivery.md#one-mode
//= type=test
//# Exactly one mode MUST be active at any time, chosen by one closed table of states and inputs.
#[test]
fn every_state_answers_every_event_as_the_checked_in_table_says() {
    let mut table = String::new();
    for state in State::ALL {
        for event in Event::ALL {
            let after = match state.after(event) {
                Ok(next) => format!("{next:?}"),
                Err(refusal) => format!("refused: {refusal}"),
            };
            writeln!(table, "{:<10} {:<14} {after}", format!("{state:?}"), format!("{event:?}")).unwrap();
        }
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/transitions.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, &table).unwrap();
    }
    assert_eq!(table, std::fs::read_to_string(path).unwrap(), "run with UPDATE_GOLDEN=1 if the change is meant");
}

#[test]
fn no_event_but_a_start_leads_out_of_a_lost_state_and_none_but_a_refill_out_of_an_empty_one() {
    for event in Event::ALL {
        if event != Event::Start {
            assert!(!matches!(State::Lost.after(event), Ok(next) if next != State::Lost), "{event:?}");
        }
        if !matches!(event, Event::Refill | Event::LoseState) {
            assert!(!matches!(State::Empty.after(event), Ok(next) if next != State::Empty), "{event:?}");
        }
    }
}
