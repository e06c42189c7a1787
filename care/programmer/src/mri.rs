//! Before and after a scan: the pump stops in the field, and its return is believed only at the second look.

use orders::AlarmId;
use pages::buttons;
use pages::form::Problems;
use pages::panels::panel;
use pages::status::callout;
use pages::{Level, Markup, Words, html};
use telemetry::message::answer::Doing;

use crate::form::Fields;
use crate::reading::Reading;
use crate::session::Session;
use crate::show::{form, send};
use crate::web::{Answer, Fault, Programmer};

/// Least time between the two reads: the first has missed a recovery before.
const BETWEEN_MS: u64 = 5 * 60_000;

/// Alarms of a drive that stands.
const STANDING: [AlarmId; 4] =
    [AlarmId::Stall, AlarmId::StrongFieldLong, AlarmId::NoRecovery, AlarmId::UnconfirmedStrokes];

/// Whether a reading shows a drive that turns by its order.
fn stands_well(reading: &Reading) -> bool {
    let standing = reading.alarms.active.iter().any(|active| STANDING.contains(&active.alarm));
    reading.status.doing == Doing::Running && !standing
}

/// Before and after.
pub(crate) fn page(programmer: &Programmer, session: &mut Session, _: &Words, _: &Fields) -> Result<Answer, Fault> {
    if session.opened()?.reading.is_none() {
        session.read_pump()?;
    }
    Ok(Answer::Page("MRI", "/mri", body(programmer, session, html! {})?))
}

fn body(programmer: &Programmer, session: &Session, above: Markup) -> Result<Markup, Fault> {
    let open = session.open.as_ref().ok_or(Fault::NoFile)?;
    let reading = open.reading.as_ref().ok_or(Fault::NoFile)?;
    let order = reading.running.as_ref();
    Ok(html! {
        h1 { "MRI" }
        (above)
        (panel("Before", html! {
            @if !reading.alarms.active.is_empty() {
                (callout(Level::Caution, "Alarms are active", html! { p { "Clear or silence them before the scan: a pump that was alarming has stayed silent afterwards." } }))
            }
            ul {
                li { "Do not program a stop: it would hide a drive that does not come back." }
                li { "No drug is given in the field. Decide whether the patient can go without:" }
            }
            @if let Some(order) = order {
                ul { @for part in order.mixture.iter() { li { (part.drug.name()) ": "
                    @match programmer.formulary.entry(part.drug) {
                        Ok(entry) => { (entry.stop.words) @if let Some(onset) = &entry.stop.onset { " First signs from " (onset.value) " on." } }
                        Err(why) => (why),
                    } } } }
            }
            ul { li { "Somebody who can read the pump is at hand afterwards." } (buttons::print("Print for radiology")) }
        }))
        (panel("After", html! {
            @match open.scan {
                None => p { "Read the pump as soon as the patient is out of the field." },
                Some((at, well)) => p {
                    "First look " (orders::Duration::from_minutes(session.now_ms.saturating_sub(at) / 60_000)) " ago: "
                    @if well { "the drive turns. Look once more before it is believed." } @else { "the drive does not turn yet. Do not leave the patient." }
                },
            }
            (form(session, "/mri", html! { (send(if open.scan.is_none() { "First look" } else { "Second look" })) }))
        }))
    })
}

/// A look after the scan.
//= requirements/programmer.md#two-reads-after-a-scan
//# After a scan the programmer MUST interrogate twice before it says that the pump has recovered.
pub(crate) fn read(programmer: &Programmer, session: &mut Session, _: &Words, _: &Fields) -> Result<Answer, Fault> {
    session.read_pump()?;
    let now_ms = session.now_ms;
    let open = session.opened()?;
    let well = open.reading.as_ref().is_some_and(stands_well);
    let above = match open.scan {
        Some((_, true)) if !well => {
            open.scan = Some((now_ms, false));
            callout(
                Level::Danger,
                "It ran at the first look and does not now",
                html! { p { "Look at the patient, read again." } },
            )
        }
        Some((at, true)) if now_ms.saturating_sub(at) < BETWEEN_MS => {
            callout(Level::Notice, "Too soon for the second look", html! { p { "Wait five minutes from the first." } })
        }
        Some((_, true)) => {
            open.scan = None;
            callout(Level::Good, "The pump has recovered: two looks show the drive turning by its order", html! {})
        }
        Some((_, false)) | None => {
            open.scan = Some((now_ms, well));
            let level = if well { Level::Notice } else { Level::Danger };
            callout(
                level,
                if well { "First look: the drive turns" } else { "First look: the drive does not turn" },
                html! {},
            )
        }
    };
    let words = if well { "the drive turns" } else { "the drive does not turn" };
    session.did("looked-after-scan", words, None)?;
    let _ = Problems::default();
    Ok(Answer::Page("MRI", "/mri", body(programmer, session, above)?))
}
