//! The emergency: two actions from any page, what they do, and what to do for the patient.

use pages::buttons;
use pages::status::callout;
use pages::{Level, Markup, Words, html};
use telemetry::message::Ask;
use telemetry::message::ask;

use crate::form::Fields;
use crate::session::Session;
use crate::show;
use crate::web::{Answer, Fault, Programmer};

/// What the second action says before it is done: whom it is about, which drugs, what their stop does.
//= requirements/programmer.md#emergency-in-two-actions
//# The programmer MUST reach minimum rate or the fall-back in two actions from any page, the second naming the drug and what its stop does.
pub(crate) fn readback(session: &Session) -> Markup {
    let Some(open) = &session.open else { return html! {} };
    let order = open.reading.as_ref().and_then(|reading| reading.running.as_ref());
    let formulary = formulary::Formulary::shipped().ok();
    html! {
        p { strong { (open.file.patient) } @for known in &open.file.identifiers { ", " (known.what) " " (known.value) } ", pump " (open.serial) }
        @match order {
            Some(order) => {
                p { @match order.emergency.rate {
                    orders::prescription::EmergencyRate::MinimumRate => "The pump goes to its minimum rate.",
                    orders::prescription::EmergencyRate::FallBack => "The pump goes to its fall-back rate.",
                } " It never goes above the rate that runs." }
                @for part in order.mixture.iter() {
                    @if let Some(entry) = formulary.as_ref().and_then(|all| all.entry(part.drug).ok()) {
                        p { strong { (part.drug.name()) ": " } (entry.stop.words) }
                    }
                }
            }
            None => p { "The pump was not read. It goes to the rate that its order says for an emergency, never above the rate that runs." },
        }
        p { strong { "Drug already given acts for up to 24 h; this does not treat an overdose." } }
    }
}

/// Calls it.
pub(crate) fn call(programmer: &Programmer, session: &mut Session, words: &Words, _: &Fields) -> Result<Answer, Fault> {
    // It never raises a dose, and the contact is sealed to this very pump: here the read-back stands for the comparison.
    let settled = session.with_pump(|visit, _| Ok(visit.ask(Ask::Emergency(ask::Emergency {}))?))?;
    session.did("emergency-called", link::words::settled_plainly(&settled), None)?;
    let read = session.read_pump();
    let clocks = session.opened()?.reading.as_ref().map(crate::reading::Reading::clocks);
    let body = html! {
        h1 { "Emergency" }
        (show::settled(session, &settled, clocks))
        @if let Err(why) = &read { (callout(Level::Unknown, "The pump could not be read afterwards", html! { p { (why) } })) }
        (what_to_do(programmer, session))
    };
    let _ = words;
    Ok(Answer::Page("Emergency", "", body))
}

/// The procedures, at any time.
pub(crate) fn page(programmer: &Programmer, session: &mut Session, _: &Words, _: &Fields) -> Result<Answer, Fault> {
    let body = html! { h1 { "Emergency procedures" } (what_to_do(programmer, session)) };
    Ok(Answer::Page("Emergency procedures", "", body))
}

fn what_to_do(programmer: &Programmer, session: &Session) -> Markup {
    let order =
        session.open.as_ref().and_then(|open| open.reading.as_ref()).and_then(|reading| reading.running.as_ref());
    let fluid = order.map(|order| order.mixture);
    let fits = |procedure: &&formulary::emergency::Procedure| fluid.is_none_or(|fluid| procedure.is_about(&fluid));
    html! {
        p { strong { "Drug already given acts for up to 24 h; this does not treat an overdose." } }
        @if let Some(order) = order {
            h2 { "The withdrawal clock from now" }
            ul { @for part in order.mixture.iter() { li { (part.drug.name()) ": "
                @match programmer.formulary.entry(part.drug) {
                    Ok(entry) => {
                        @match (&entry.stop.onset, &entry.stop.latest) {
                            (Some(onset), Some(latest)) => { "first signs after " (onset.value) " to " (latest.value) ". " }
                            _ => { "no withdrawal. " }
                        }
                        (entry.stop.words)
                    }
                    Err(why) => (why),
                }
            } } }
        }
        @for procedure in programmer.formulary.procedures().iter().filter(fits) {
            section.panel {
                h2 { (procedure.title) }
                ol { @for step in &procedure.steps { li { (step) } } }
                p.hint { "From: " (procedure.source) }
            }
        }
        (buttons::print("Print for the emergency room"))
    }
}
