//! The catheter port, and the evaluation of a catheter that may not bring the drug where it should.

use formulary::path::held_in;
use orders::Volume;
use pages::form::{Choice, Problems, Question, tick};
use pages::panels::panel;
use pages::status::callout;
use pages::{Level, Markup, Words, html};
use telemetry::message::Ask;
use telemetry::message::ask;

use crate::form::{Fields, Reader};
use crate::session::Session;
use crate::show::{self, form, line, send};
use crate::web::{Answer, Fault, Programmer};

/// What lies in the catheter, and the question what was drawn.
pub(crate) fn page(_: &Programmer, session: &mut Session, words: &Words, _: &Fields) -> Result<Answer, Fault> {
    let body = port_page(session, words, &Problems::default(), html! {})?;
    Ok(Answer::Page("Catheter port", "/port", body))
}

fn port_page(session: &mut Session, words: &Words, problems: &Problems, above: Markup) -> Result<Markup, Fault> {
    if session.opened()?.reading.is_none() {
        session.read_pump()?;
    }
    let session = &*session;
    let reading = session.open.as_ref().and_then(|open| open.reading.as_ref()).ok_or(Fault::NoFile)?;
    let catheter = reading.device.catheter.unwrap_or_default();
    let fluid = reading.ledger.slugs.last().map(|slug| slug.mixture).unwrap_or_default();
    let needles =
        [Choice::of("24", "24 G"), Choice::of("25", "25 G"), Choice::of("22", "22 G, the needle of the reservoir")];
    let fluids = [
        Choice::of("clear", "Clear spinal fluid"),
        Choice::of("nothing", "Nothing"),
        Choice::of("other", "Something else"),
    ];
    Ok(html! {
        h1 { "Catheter port" }
        (above)
        (problems.summary(words))
        (callout(Level::Danger, "Draw before anything goes in", html! {
            p { "The catheter holds " (catheter) ". Contrast or saline pushed in before it is drawn off would give at once:" }
            ul { @for (drug, mass) in held_in(catheter, &fluid) { li { (mass) " of " (drug.name()) } } }
        }))
        (form(session, "/port", html! {
            (Question { name: "needle", label: "Needle", choices: &needles, ..Default::default() }.radios(words, problems))
            (Question { name: "drawn-back", label: "What was drawn", choices: &fluids, ..Default::default() }.radios(words, problems))
            (line(words, problems, ("volume", "Volume drawn", "at least the catheter's, such as 1 mL"), ""))
            (tick("nothing-injected", "Nothing has been injected", false))
            (send("Tell the pump"))
        }))
        p { "Afterwards the catheter is empty of drug: prime it, on the page Implant and start." }
    })
}

/// Tells the pump what was drawn.
//= requirements/programmer.md#which-port
//# Before contrast or drug goes into the catheter port the programmer MUST ask for the volume drawn from it.
pub(crate) fn aspirate(_: &Programmer, session: &mut Session, words: &Words, fields: &Fields) -> Result<Answer, Fault> {
    let mut reader = Reader::of(fields);
    let volume: Option<Volume> = reader.quantity("volume", "Volume drawn");
    reader.must_tick(
        "nothing-injected",
        "Nothing injected",
        "if something was injected already, treat it as an overdose",
    );
    match reader.needed("needle", "Needle") {
        Some("24" | "25") | None => {}
        Some(_) => reader.wrong("needle", "Needle", "does not fit the catheter port; are you at the reservoir?"),
    }
    match reader.needed("drawn-back", "What was drawn") {
        Some("clear") | None => {}
        Some(_) => reader.wrong(
            "drawn-back",
            "What was drawn",
            "is not spinal fluid: do not inject; go on with the catheter evaluation",
        ),
    }
    let catheter = session.opened()?.reading.as_ref().and_then(|reading| reading.device.catheter).unwrap_or_default();
    if volume.is_some_and(|volume| volume < catheter) {
        reader.wrong(
            "volume",
            "Volume drawn",
            format!("is less than the catheter holds ({catheter}): drug is still in it"),
        );
    }
    let (Some(volume), true) = (volume, reader.is_good()) else {
        let body = port_page(session, words, &reader.problems, html! {})?;
        return Ok(Answer::Page("Catheter port", "/port", body));
    };
    let settled = session.change(Ask::CatheterPortAspiration(ask::CatheterPortAspiration { volume }))?;
    session.did("catheter-drawn-off", format!("{volume}: {}", link::words::settled_plainly(&settled)), None)?;
    session.read_after();
    let above = show::settled(session, &settled, None);
    let body = port_page(session, words, &Problems::default(), above)?;
    Ok(Answer::Page("Catheter port", "/port", body))
}

/// The steps of an evaluation.
const EVALUATION: [(&str, &str); 8] = [
    ("read", "Pump read: alarms, volume, what was delivered"),
    ("x-ray", "Plain X-ray of the whole system: it finds many causes"),
    ("refill", "Refilled with fresh drug, to exclude an error of compounding"),
    ("rotor", "Rotor pictured before and after a small bolus"),
    ("draw", "Catheter port drawn: at least the catheter's volume, clear"),
    ("contrast", "Contrast only after it could be drawn"),
    ("study", "Further study, if still unclear"),
    ("prime", "Catheter primed afterwards, therapy resumed"),
];

/// The evaluation's page.
pub(crate) fn catheter(_: &Programmer, session: &mut Session, words: &Words, _: &Fields) -> Result<Answer, Fault> {
    session.opened()?;
    Ok(Answer::Page("Catheter evaluation", "/catheter", catheter_page(session, words, &Problems::default())))
}

fn catheter_page(session: &Session, words: &Words, problems: &Problems) -> Markup {
    let causes = [
        "none found",
        "migration",
        "disconnection",
        "kink",
        "leak",
        "occlusion",
        "mass at the tip",
        "under the dura",
        "pump",
    ];
    let causes = causes.map(|cause| Choice::of(cause, cause));
    html! {
        h1 { "Catheter evaluation" }
        p { "Opened by a volume outside the tolerance, or by a loss of effect. That fluid cannot be drawn proves no occlusion; where it cannot be drawn nothing is injected." }
        (problems.summary(words))
        (form(session, "/catheter", html! {
            (panel("Done", html! { @for (name, words) in EVALUATION { (tick(name, words, false)) } }))
            (Question { name: "cause", label: "What was found", choices: &causes, ..Default::default() }.select(words, problems))
            (line(words, problems, ("note", "In words: volumes, pictures, what they show", ""), ""))
            (send("Keep what was found"))
        }))
    }
}

/// Keeps what was found.
pub(crate) fn found(_: &Programmer, session: &mut Session, words: &Words, fields: &Fields) -> Result<Answer, Fault> {
    let mut reader = Reader::of(fields);
    let cause = reader.needed("cause", "What was found");
    let Some(cause) = cause else {
        return Ok(Answer::Page("Catheter evaluation", "/catheter", catheter_page(session, words, &reader.problems)));
    };
    let done: Vec<&str> = EVALUATION.iter().map(|(name, _)| *name).filter(|name| fields.ticked(name)).collect();
    session.did("catheter-evaluated", format!("{cause}; done: {}; {}", done.join(", "), fields.text("note")), None)?;
    let refilling = session.opened()?.refill.is_some();
    Ok(Answer::Go(if refilling { "/refill" } else { "/pump" }))
}
