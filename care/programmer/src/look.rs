//! A look before sending: what the order would do to a simulated population.

use link::Change as Asked;
use orders::Prescription;
use pages::buttons::{self, Weight};
use pages::status::callout;
use pages::table::{Column, Table};
use pages::{Level, Markup, Words, html};

use crate::form::Fields;
use crate::session::Session;
use crate::web::{Answer, Fault, Programmer};

/// What the order would do to a simulated population.
pub(crate) fn look(_: &Programmer, session: &mut Session, words: &Words, _: &Fields) -> Result<Answer, Fault> {
    let open = session.opened()?;
    let (Some(waiting), Some(reading)) = (&open.waiting, &open.reading) else { return Ok(Answer::Go("/order")) };
    let Asked::Order { order, .. } = &waiting.proposed.change else { return Ok(Answer::Go("/order/review")) };
    let body = html! {
        h1 { "Look before sending" }
        (expected(words, reading, order))
        p { (buttons::link(Weight::Plain, "/order/review", None, "Back to the review")) }
    };
    Ok(Answer::Page("Look before sending", "/order", body))
}

/// People in the population: enough for the ends of a band, few enough to wait for.
const PEOPLE: u64 = 60;

//= requirements/programmer.md#never-an-approval
//# A preview MUST say that it shows a simulated population and not this patient, and never approve an order.
fn expected(words: &Words, reading: &crate::reading::Reading, order: &Prescription) -> Markup {
    let fluid = reading.running.map_or(order.mixture, |running| running.mixture);
    let history: Vec<preview::Hour> = reading
        .hours
        .iter()
        .map(|hour| {
            let volume = hour.basal.saturating_add(hour.extra);
            Some(fluid.iter().map(|part| (part.drug, volume.mass_at(part.concentration))).collect())
        })
        .collect();
    let person = preview::Person::drawn("adult", 1, 0);
    let Ok(person) = person else { return callout(Level::Unknown, "No simulated person can be made", html! {}) };
    let question = preview::Question {
        current: reading.running.as_ref(),
        proposed: order,
        ledger: &reading.ledger,
        history: &history,
        now: reading.status.wall.unwrap_or_default(),
        person: &person,
        tip_cm: 25.0,
        seed: 1,
        people: PEOPLE,
    };
    let told = match preview::preview(&question) {
        Ok(told) => told,
        Err(why) => return callout(Level::Unknown, "There is no band to show", html! { p { (why) } }),
    };
    let at = |hours: u64| told.times_min.iter().position(|minute| *minute == hours * 60).unwrap_or(0);
    let hours = [0, 2, 6, 12, 24, 48, 72];
    let mut columns = vec![Column::words("Quantity")];
    columns.extend(hours.iter().map(|h| Column::words(format!("{h} h"))));
    let cell = |band: &preview::Band, n: usize| {
        let of = |all: &[f64]| all.get(n).copied().unwrap_or(f64::NAN);
        format!("{:.2} ({:.2} to {:.2})", of(&band.q50), of(&band.q05), of(&band.q95))
    };
    let rows = told.proposed.iter().map(|band| {
        let mut row = vec![html! { (band.quantity) " " (band.unit) }];
        row.extend(hours.iter().map(|h| html! { (cell(band, at(*h))) }));
        row
    });
    let table = Table {
        caption: "Expected: middle, and 5 to 95 of 100 people".to_owned(),
        columns,
        rows: rows.collect(),
        ..Table::default()
    };
    html! {
        (callout(Level::Notice, words.say(pages::words::Safety::SimulatedPopulation), html! {
            p { (told.label) ". It approves nothing." }
            @if told.unknown_hours > 0 { p { (told.unknown_hours) " hours of the last two weeks are not known; the bands are wider for it." } }
            @if !told.unknown.is_empty() { p { "Not in any band: " (told.unknown.iter().map(|drug| drug.name()).collect::<Vec<_>>().join(", ")) } }
        }))
        (table.html(words))
    }
}
