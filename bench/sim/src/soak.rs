//! Worlds of chance: a pump, its people and its mishaps drawn from one seed, to be judged by the auditor alone.
//!
//! Answers for what may happen and how often. A world expects nothing: whatever chance brings, the twelve invariants hold.
//! Which seeds run, and for how long, is the caller's affair: a few in the test run, thousands in a campaign.

use std::path::Path;

use orders::quantity::{DAY_MS, HOUR_MS, MINUTE_MS};
use orders::{Duration, Permille, Volume};
use telemetry::message::ask::{FillCheck, StopReason};

use crate::plant::Needle;
use crate::radio::{Mishap as Frame, Way};
use crate::rng::{Chance, Purpose, Seed};
use crate::scenario::act::{Act, Event, Fill, Mishap, What, Who};
use crate::scenario::{self, Scenario, when};

/// The orders that a world may run: one drug and two, with a bolus and without, even and by the day's hours, and a ramp.
const ORDERS: [&str; 5] =
    ["morphine", "baclofen-night", "hydromorphone-clonidine", "morphine-bupivacaine", "ziconotide-titration"];

/// Days of a world that is not to last for years.
const DAYS: u64 = 2;
/// Events in each day of such a world: so many that they meet.
const CROWDED: u64 = 24;
/// Events in each day of a world of years, besides what people do every day.
const SPARSE: u64 = 2;
/// A full reservoir lasts longer than this with any of the orders, days.
const REFILL_EVERY: u64 = 50;

/// The world of a seed: two crowded days, or so many years with visits and refills.
///
/// # Errors
/// What is wrong with the bench's own files; `sim` is the folder they lie in.
pub fn world(seed: u64, years: u64, sim: &Path) -> Result<Scenario, crate::files::FileError> {
    let mut chance = Seed(seed).stream(Purpose::Mishap);
    let order = ORDERS[usize::try_from(chance.below(ORDERS.len() as u64)).unwrap_or(0)];
    let device = if chance.happens(500_000) { 20 } else { 40 };
    let days = if years == 0 { DAYS } else { (years * 365).min(when::DAY_MAX - 1) };
    let text = format!(
        "title = \"A world of chance: {order}\"\nseed = {seed}\nstart = \"2026-03-02 06:00\"\nuntil = \"day {} 06:00\"\n\
         device = \"devices/reference-{device}.toml\"\norder = \"orders/{order}.toml\"\n\
         begins = {{ running = \"4 days\", reservoir = \"18 mL\" }}\n",
        days + 1
    );
    let mut world = scenario::parse("a world of chance", &text, sim)?;
    let times = days * if years == 0 { CROWDED } else { SPARSE };
    let mut wrong_until = 0;
    let mut times: Vec<u64> = (0..times).map(|_| chance.between(world.from, world.until - 1)).collect();
    times.sort_unstable();
    for at in times {
        // Of two oscillators that are wrong at once nobody can tell which; one at a time is what the pump answers for.
        let brought = happens(&mut chance, &world, at, at >= wrong_until);
        if let [_, Event { at: right, what: What::Mishap(Mishap::Oscillator { .. }), .. }] = brought.as_slice() {
            wrong_until = right + HOUR_MS;
        }
        world.events.extend(brought);
    }
    if years > 0 {
        lives_on(&mut chance, days, &mut world);
    }
    world.events.retain(|event| event.at < world.until);
    world.events.sort_by_key(|event| event.at);
    Ok(world)
}

/// What people do every day for years: a patient who asks, a nurse who comes when the reservoir runs low.
fn lives_on(chance: &mut Chance, days: u64, world: &mut Scenario) {
    for day in 0..days {
        let midnight = day * DAY_MS;
        for hour in [8, 13, 18, 22] {
            let at = midnight + hour * HOUR_MS + chance.below(2 * HOUR_MS);
            world.events.push(person(at, Who::Patient, Act::Asks));
        }
        if day % REFILL_EVERY == REFILL_EVERY - 1 {
            world.events.push(person(midnight + 11 * HOUR_MS, Who::Nurse, Act::Fills(refill())));
        }
    }
    world.events.retain(|event| event.at >= world.from);
}

fn refill() -> Fill {
    Fill {
        drawn_off: None,
        filled: Volume::new(18_000_000),
        checked: None,
        check: FillCheck::Vials,
        truly: None,
        needle: Needle::Reservoir,
        order: None,
        keeps: Duration::from_days(180),
        // Strokes that a cut left in doubt add up: the nurse has looked and goes on.
        reason: Some(3),
    }
}

const fn person(at: u64, who: Who, act: Act) -> Event {
    let is_present = !matches!(who, Who::Patient);
    Event { line: 0, at, what: What::Person { who, act, is_present, expect: None } }
}

const fn mishap(at: u64, mishap: Mishap) -> Event {
    Event { line: 0, at, what: What::Mishap(mishap) }
}

/// One thing that chance brings, with what ends it.
fn happens(chance: &mut Chance, world: &Scenario, at: u64, clocks_are_right: bool) -> Vec<Event> {
    let off = Duration::new(chance.between(1, 20_000));
    let later = at + chance.between(MINUTE_MS, 4 * HOUR_MS);
    let share = |chance: &mut Chance, most| Permille::new(u16::try_from(chance.below(most)).unwrap_or(0));
    let one = match chance.below(16) {
        0 => Mishap::BrownOut { off, counter_kept: chance.happens(800_000) },
        1 | 2 => Mishap::StoreCut { after_bytes: chance.below(400), off },
        3 => Mishap::Field(Duration::new(chance.between(MINUTE_MS, 90 * MINUTE_MS))),
        4 => Mishap::BadAir { lost: share(chance, 300) },
        5 => Mishap::Stall(Duration::new(chance.between(MINUTE_MS, 60 * MINUTE_MS))),
        6 => Mishap::MissEdges(u32::try_from(chance.between(1, 3)).unwrap_or(1)),
        7 => Mishap::PhantomEdges(1),
        8 => frames(chance),
        9 if clocks_are_right => {
            let (is_second, (numerator, denominator)) = (chance.happens(500_000), rate(chance));
            let right = Mishap::Oscillator { is_second, numerator: 1, denominator: 1 };
            return vec![mishap(at, Mishap::Oscillator { is_second, numerator, denominator }), mishap(later, right)];
        }
        10 => return vec![person(at, Who::Nurse, Act::Interrogates)],
        11 => {
            let stops = Act::Stops { reason: StopReason::Procedure, lasts: Duration::from_hours(6) };
            return vec![person(at, Who::Physician, stops), person(later, Who::Physician, Act::Resumes)];
        }
        12 => {
            let off_by_ms = i64::try_from(chance.below(24)).unwrap_or(0) * 3_600_000 - 12 * 3_600_000;
            let right = person(later, Who::Physician, Act::SetsClock { off_by_ms: 0 });
            return vec![person(at, Who::Physician, Act::SetsClock { off_by_ms }), right];
        }
        13 => {
            let step = u8::try_from((at - world.from) / (7 * DAY_MS)).unwrap_or(0);
            return vec![person(at, Who::Nurse, Act::RecordsContact { step })];
        }
        _ => return vec![person(at, Who::Patient, Act::Asks)],
    };
    vec![mishap(at, one)]
}

fn rate(chance: &mut Chance) -> (u32, u32) {
    let rates = [(101, 100), (99, 100), (21, 20), (19, 20), (3, 2), (1, 2)];
    rates[usize::try_from(chance.below(rates.len() as u64)).unwrap_or(0)]
}

fn frames(chance: &mut Chance) -> Mishap {
    let way = if chance.happens(500_000) { Way::ToPump } else { Way::FromPump };
    let byte = usize::try_from(chance.below(200)).unwrap_or(0);
    let mishap = match chance.below(5) {
        0 => Frame::Lose,
        1 => Frame::Repeat,
        2 => Frame::Delay(chance.between(1, 3_000)),
        3 => Frame::CutTo(byte),
        _ => Frame::Alter(byte),
    };
    Mishap::Frames { way, mishap, count: u32::try_from(chance.between(1, 4)).unwrap_or(1) }
}
