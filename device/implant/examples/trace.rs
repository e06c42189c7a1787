//! Tells a story on this machine and writes down every input and every action as bytes, so that the same can be told
//! on the image: `cargo xtask firmware run` does. `trace STORY FILE`; the stories are `week` and `year`.
//!
//! ```text
//!  N provision   a life begins: the implant as its maker left it, and what its stores hold
//!  I message     an input    ┐ as `implant::host` has them, with their length
//!  O message     an action   ┘ or that it sleeps
//! ```

use std::error::Error;

#[path = "../tests/bench/mod.rs"]
mod bench;

use bench::*;
use implant::{Cause, Input};
use orders::prescription::Mode;
use orders::{FlowRate, Prescription, Reason};
use telemetry::message::ask::*;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [story, file] = &words[..] else { return Err("say which story and which file".into()) };
    let bench = match story.as_str() {
        "week" => week(),
        "year" => year(),
        other => return Err(format!("there is no story `{other}`: week, year").into()),
    };
    Ok(std::fs::write(file, bench.world.trace.unwrap_or_default())?)
}

/// A visit, a patient bolus, a stall near a magnet, a power cut in the midst of a bolus, another order, an hour in a
/// scanner, a refill.
fn week() -> Bench {
    let (mut bench, mut nurse, mut handset) = visited(Bench::traced(), &morphine());
    bench.to("day 3 09:10");
    let mut talk = handset.opens(&mut bench);
    handset.asks(&mut bench, &mut talk, Ask::AskBolus(AskBolus {})).unwrap().accepted();
    bench.to("day 3 11:00");
    let mut talk = handset.opens(&mut bench);
    let again = handset.asks(&mut bench, &mut talk, Ask::AskBolus(AskBolus {})).unwrap();
    assert_eq!(again.reason(), Reason::Lockout);

    // A clasp that holds the rotor and is too weak to be felt as a field; then it is taken off.
    bench.to("day 3 21:00");
    bench.world.held = true;
    bench.to("day 3 22:30");
    bench.world.held = false;

    bench.to("day 4 10:00");
    let mut talk = handset.opens(&mut bench);
    handset.asks(&mut bench, &mut talk, Ask::AskBolus(AskBolus {})).unwrap().accepted();
    bench.to("day 4 10:04");
    bench.world.cut = Some(Cut { write: bench.world.writes, bytes: 17 });
    bench.to("day 4 10:06");
    assert!(bench.world.is_dark, "the power went in the midst of the bolus");
    bench.world.now += 90 * SECOND;
    let mut bench = bench.restart(Cause::BrownOut);

    bench.to("day 5 08:00");
    bench.input(Input::Battery { loaded_mv: 2_790 });
    bench.input(Input::Temperature { centi_celsius: 3_710 });
    let second_ms = bench.world.now;
    bench.input(Input::Field { strong: true, second_ms });
    bench.to("day 5 09:00");
    let second_ms = bench.world.now;
    bench.input(Input::Field { strong: false, second_ms });

    bench.to("day 6 09:00");
    bench.presence(true);
    let mut talk = nurse.opens(&mut bench);
    let order = Prescription { order_number: 2, mode: Mode::Continuous(FlowRate::new(180_000)), ..morphine() };
    let (document, running, ledger) = propose(&bench, &order);
    let both = [Some(PHYSICIAN), Some(PHARMACIST)];
    nurse.proposes(&mut bench, &mut talk, proposal(&document, running, ledger), both).unwrap().accepted();
    let filled = refill(&bench, 18_000_000);
    nurse.asks(&mut bench, &mut talk, filled).unwrap().accepted();
    bench.presence(false);
    bench.to("day 8 00:00");
    bench
}

/// A year of one order, in which nothing happens but basal, and a bolus every other day.
fn year() -> Bench {
    let (mut bench, _, mut handset) = visited(Bench::traced(), &morphine());
    for day in 1..70 {
        bench.run_until(day * DAY + 10 * HOUR);
        if day > 2 && day % 2 == 0 {
            let mut talk = handset.opens(&mut bench);
            handset.asks(&mut bench, &mut talk, Ask::AskBolus(AskBolus {})).unwrap().accepted();
        }
    }
    bench
}
