//! The right patient before the right pump, and all that the pump tells on one page.

use link::Visit;
use orders::Duration;
use orders::quantity::HOUR_MS;
use pages::buttons::{self, Weight};
use pages::form::Problems;
use pages::panels::{Figure, Origin, facts, figures, panel};
use pages::status::callout;
use pages::{Level, Markup, Quantity, Words, html};
use telemetry::message::answer::Doing;

use crate::form::{Fields, Reader};
use crate::reading::Reading;
use crate::session::{Open, Session};
use crate::show::{self, form, line, send};
use crate::web::{Answer, Fault, Programmer};

/// A reading is fresh for so long.
const FRESH_MS: i64 = 5 * 60_000;

/// Asks for two identifiers.
pub(crate) fn identify(_: &Programmer, session: &mut Session, words: &Words, _: &Fields) -> Result<Answer, Fault> {
    session.opened()?;
    Ok(Answer::Page("Right patient", "/pump", identify_page(session, words, &Problems::default())?))
}

fn identify_page(session: &mut Session, words: &Words, problems: &Problems) -> Result<Markup, Fault> {
    let open = session.opened()?;
    let (asked, left): (Vec<String>, _) =
        (open.file.identifiers.iter().map(|i| i.what.clone()).collect(), open.left.clone());
    let cautions = open.file.cautions.clone();
    Ok(html! {
        h1 { "Right patient, right pump" }
        @if let Some(left) = left { (callout(Level::Caution, left, html! {})) }
        @for caution in &cautions { (callout(Level::Caution, caution, html! {})) }
        (problems.summary(words))
        p { "Ask the person; do not read it out. The pump's serial number is read by telemetry." }
        (form(session, "/identify", html! {
            @for what in &asked { (line(words, problems, (&format!("id-{what}"), what, ""), "")) }
            (send("Compare, and read the pump"))
        }))
        p { (buttons::link(Weight::Quiet, "/pump", None, "Only look at the pump")) }
    })
}

/// Compares person, file and pump.
pub(crate) fn identified(
    _: &Programmer,
    session: &mut Session,
    words: &Words,
    fields: &Fields,
) -> Result<Answer, Fault> {
    let mut reader = Reader::of(fields);
    session.read_pump()?;
    let open = session.opened()?;
    let answered = open.reading.as_ref().map_or(0, |reading| reading.device.serial);
    let asked = open.file.identifiers.iter().map(|known| known.what.clone());
    let typed: Vec<(String, String)> = asked
        .map(|what| {
            let value = fields.text(&format!("id-{what}")).to_owned();
            (what, value)
        })
        .collect();
    let compared = open.identify(&typed, answered);
    if let Err(why) = compared {
        session.did("identity-mismatch", &why, None)?;
        let first = session.opened()?.file.identifiers.first().map_or_else(String::new, |known| known.what.clone());
        reader.wrong(&format!("id-{first}"), "Identity", why);
        return Ok(Answer::Page("Right patient", "/pump", identify_page(session, words, &reader.problems)?));
    }
    session.did("identity-compared", "two identifiers and the serial number match", None)?;
    keep_reading(session)?;
    Ok(Answer::Go("/pump"))
}

/// Reads the pump anew.
pub(crate) fn read(_: &Programmer, session: &mut Session, _: &Words, _: &Fields) -> Result<Answer, Fault> {
    session.read_pump()?;
    keep_reading(session)?;
    Ok(Answer::Go("/pump"))
}

/// Puts what was read into the outbox.
pub(crate) fn keep_reading(session: &mut Session) -> Result<(), Fault> {
    let Some(open) = &session.open else { return Ok(()) };
    let Some(reading) = &open.reading else { return Ok(()) };
    let body = reading.document(session.outbox().label());
    session.outbox().put(body, (open.serial, reading.status.order))?;
    session.did("pump-interrogated", format!("order {} runs", reading.status.order), None)
}

/// Everything on one page.
pub(crate) fn pump(programmer: &Programmer, session: &mut Session, words: &Words, _: &Fields) -> Result<Answer, Fault> {
    if session.opened()?.reading.is_none() {
        session.read_pump()?;
    }
    let now_ms = session.now_ms;
    let is_identified = session.opened()?.identified.is_some();
    let open = session.opened()?;
    let reading = open.reading.as_ref().ok_or(Fault::NoFile)?;
    let body = html! {
        h1 { "Pump " (reading.device.serial) }
        @if !is_identified {
            (callout(Level::Caution, "Nothing can be changed yet", html! { p { "Compare the person with the file first. " (buttons::link(Weight::Plain, "/identify", None, "Compare")) } }))
        }
        (pages::status::freshness(words, i64::try_from(now_ms.saturating_sub(reading.at_ms)).unwrap_or(i64::MAX), FRESH_MS))
        @if open.file.until.ms < now_ms {
            (callout(Level::Caution, "The file is past the time for which it was checked out", html! { p { "The clinic may know more by now. Take it in anew where you can." } }))
        }
        (gap(programmer, reading))
        (figures(words, &told(words, reading)))
        (panel("What runs now, by the pump's own word", running(reading)))
        (panel("Delivered against ordered", delivered(reading)))
        (panel("What lies where", show::fluid(words, &reading.ledger, &reading.device)))
        (panel("Since the last visit", since(reading)))
    };
    let body = html! { (body) (form(session, "/pump", html! { (send("Read the pump again")) })) };
    Ok(Answer::Page("Pump", "/pump", body))
}

fn told(words: &Words, reading: &Reading) -> Vec<Figure> {
    let status = &reading.status;
    let figure = |label: &str, value: Markup, origin, note: Markup, level| Figure {
        label: label.to_owned(),
        value,
        origin,
        note,
        level,
    };
    let running = match status.doing {
        Doing::Running => Level::Good,
        Doing::Fresh | Doing::Stopped | Doing::Resting => Level::Caution,
        Doing::Emergency | Doing::Empty | Doing::Lost => Level::Danger,
    };
    let cell = reading.battery.used_mj.saturating_mul(100) / reading.battery.capacity_mj.max(1);
    let (_, granted, refused, _) = reading.last(24);
    vec![
        figure(
            "State",
            html! { (link::words::doing(status.doing)) },
            None,
            html! { "order " (status.order) },
            Some(running),
        ),
        figure(
            "Flow now",
            Quantity::flow_nl_per_day(status.flow.get()).html(words),
            Some(Origin::Ordered),
            html! {},
            None,
        ),
        figure(
            "Reservoir",
            Quantity::volume_nl(status.reservoir.get()).html(words),
            Some(Origin::Calculated),
            html! { "at worst " (Quantity::volume_nl(status.reservoir_worst.get()).html(words)) },
            None,
        ),
        figure(
            "Refill by",
            html! { @match status.refill_by { Some(by) => (reading.clocks().show(by)), None => "not known" } },
            Some(Origin::Calculated),
            html! { "every bolus taken, the pump at its fastest" },
            None,
        ),
        figure(
            "Alarms",
            html! { (reading.alarms.active.len()) },
            None,
            html! {},
            Some(if reading.alarms.active.is_empty() { Level::Good } else { Level::Danger }),
        ),
        figure(
            "Battery",
            html! { (reading.battery.loaded_mv) " mV" },
            Some(Origin::Measured),
            html! { (cell) " % used" },
            None,
        ),
        figure(
            "Boluses, last 24 h",
            html! { (granted) " given" },
            Some(Origin::Delivered),
            html! { (granted + refused) " asked for, " (refused) " refused" },
            None,
        ),
    ]
}

fn running(reading: &Reading) -> Markup {
    let Some(order) = &reading.running else { return html! { p { "No order runs." } } };
    let rows = crate::draft::lines(order, &reading.device);
    html! { (facts(&rows.into_iter().map(|(name, value)| (name, html! { (value) })).collect::<Vec<_>>())) }
}

fn delivered(reading: &Reading) -> Markup {
    let Some(order) = &reading.running else { return html! { p { "No order runs." } } };
    let profile = crate::session::profile_of(&reading.device).ok();
    let minimum = profile.map_or(orders::FlowRate::ZERO, |profile| profile.minimum_rate);
    let basal = formulary::totals::DayTotals::of(order, minimum).basal;
    let row = |hours: usize| {
        let (volume, granted, _, count) = reading.last(hours);
        let ordered = basal.volume_floor(Duration::from_hours(u64::try_from(count).unwrap_or(0)));
        (hours, count, volume, ordered, granted)
    };
    html! {
        table {
            caption.hidden { "Delivered against ordered" }
            thead { tr { th { "Last" } th { "Delivered" } th { "Ordered basal, at most" } th { "Boluses begun" } } }
            tbody { @for (hours, count, volume, ordered, granted) in [row(24), row(72), row(336)] {
                tr { th scope="row" { (hours) " h" @if count < hours { " (" (count) " held)" } }
                    td { (volume) } td { (ordered) } td { (granted) } }
            } }
        }
    }
}

fn since(reading: &Reading) -> Markup {
    html! {
        p { (reading.journal.len()) " new records in the pump's journal, from number " (reading.journal_first) "."
            @if reading.journal_lost > 0 { " " (reading.journal_lost) " earlier ones are lost." } }
        p.hint { "They travel unopened: the clinic holds the key to them." }
    }
}

/// What an interruption means, drug by drug; nothing where there was none.
//= requirements/programmer.md#gap-shown
//# After a gap the programmer MUST show what was really delivered and offer the formulary's restart, never the old dose.
pub(crate) fn gap(programmer: &Programmer, reading: &Reading) -> Markup {
    let Some(order) = &reading.running else { return html! {} };
    let Ok(profile) = crate::session::profile_of(&reading.device) else { return html! {} };
    let basal = formulary::totals::DayTotals::of(order, profile.minimum_rate);
    let hours: Vec<_> = reading.hours.iter().map(|hour| hour.basal.saturating_add(hour.extra)).collect();
    let gap = formulary::gap::interruption(&hours, basal.basal);
    if gap.lasts < Duration::new(2 * HOUR_MS) {
        return html! {};
    }
    let at_least = if gap.at_least { "at least " } else { "" };
    html! {
        (callout(Level::Danger, html! { "Therapy has been interrupted for " (at_least) (gap.lasts) },
            html! {
                p { "Really delivered in that time: " (gap.delivered) "." }
                @for part in order.mixture.iter() {
                    @if let Ok(entry) = programmer.formulary.entry(part.drug) {
                        @let told = formulary::gap::restart(entry, gap.lasts, basal.basal_of(part));
                        p { strong { (part.drug.name()) ": " } (told.words) " "
                            @match told.dose {
                                formulary::gap::RestartDose::AsBefore(dose) => { "Dose before: " (dose) "." }
                                formulary::gap::RestartDose::Between { low, high } => { "Restart between " (low) " and " (high) "; type the dose you choose." }
                            }
                            " Watch for " (told.watch) ". (" (told.source) ")"
                            @if told.is_emergency { " " strong { "This interruption is an emergency." } }
                        }
                    }
                }
            }))
    }
}

/// What became of a request whose answer did not come.
pub(crate) fn pursue(_: &Programmer, session: &mut Session, _: &Words, _: &Fields) -> Result<Answer, Fault> {
    let settled = session.with_pump(|visit: &mut Visit<'_>, _: &mut Open| Ok(visit.pursue()?))?;
    session.did("request-settled", link::words::settled_plainly(&settled), None)?;
    session.read_after();
    let clocks = session.opened()?.reading.as_ref().map(Reading::clocks);
    let body = html! {
        h1 { "What became of it" }
        (show::settled(session, &settled, clocks))
        p { (buttons::link(Weight::Plain, "/pump", None, "To the pump")) }
    };
    Ok(Answer::Page("What became of it", "/pump", body))
}
