//! Acts that are done or refused at once: stop, resume, clock, alarms, contact, rinse, devices; and the end of therapy.

use formulary::titration::taper;
use orders::{AlarmId, Duration, MassRate, Permille, Volume, WallTime};
use pages::form::{Choice, Problems, Question, unseen};
use pages::panels::panel;
use pages::status::callout;
use pages::{Level, Markup, Words, html};
use telemetry::message::Ask;
use telemetry::message::answer::Doing;
use telemetry::message::ask::{self, PortAct, StopReason};

use crate::form::{Fields, Reader};
use crate::session::Session;
use crate::show::{self, form, line, send};
use crate::web::{Answer, Fault, Programmer};

/// The forms.
pub(crate) fn page(_: &Programmer, session: &mut Session, words: &Words, _: &Fields) -> Result<Answer, Fault> {
    session.opened()?;
    Ok(Answer::Page("Other acts", "/acts", body(session, words, &Problems::default(), html! {})))
}

fn body(session: &Session, words: &Words, problems: &Problems, above: Markup) -> Markup {
    let field = |name: &str, label: &str, hint: &str| line(words, problems, (name, label, hint), "");
    let alarms: Vec<(String, &str)> =
        AlarmId::ALL.iter().map(|alarm| (alarm.code().to_string(), alarm.words())).collect();
    let alarms: Vec<Choice> = alarms.iter().map(|(code, words)| Choice::of(code, words)).collect();
    let alarm = || {
        Question { name: "alarm", label: "Alarm", choices: &alarms, optional: true, ..Default::default() }
            .select(words, problems)
    };
    let reasons: Vec<Choice> = REASONS.iter().map(|(word, words, _)| Choice::of(word, words)).collect();
    let act = |name: &str, title: &str, asked: Markup| {
        panel(
            title.to_owned(),
            form(
                session,
                "/acts",
                html! {
                    (unseen("act", name)) (asked) (send(title))
                },
            ),
        )
    };
    html! {
        h1 { "Other acts" }
        (above)
        (problems.summary(words))
        (act("stop", "Stop the pump", html! {
            (Question { name: "reason", label: "Why", choices: &reasons, ..Default::default() }.radios(words, problems))
            (field("for", "For at most", "such as 4 h; at 47 h the minimum rate begins"))
        }))
        (act("resume", "Start or resume therapy", html! { p { "By the order that the pump holds. Starts therapy the first time, and ends a stop or an emergency." } }))
        (act("clock", "Set the pump's clock", html! { p { "To this device's clock: " (WallTime::new(session.now_ms)) } }))
        (act("tone", "Sound an alarm's tone, so that the patient knows it", alarm()))
        (act("silence", "Silence an alarm", html! { (alarm()) (field("for", "For", "such as 1 h")) }))
        (act("clear", "Clear an alarm whose cause has gone", alarm()))
        (act("contact", "Record that somebody has seen the patient, for a ramp's next step", field("step", "Step", "a number")))
        (act("rinse", "Tell of a rinse at the reservoir", field("volume", "Volume rinsed with the reservoir's own new fluid", "mL")))
        (act("name", "Name a handset that has paired", html! { (field("place", "Place in the pump's table", "a number")) (field("label", "Name", "at most 16 letters")) }))
        (act("revoke", "Revoke a lost handset", html! { (field("place", "Place in the pump's table", "a number")) (field("label", "Its name, so that the wrong one is not revoked", "")) }))
        p { (pages::buttons::link(pages::buttons::Weight::Plain, "/acts/explant", None, "Replacement, explant, end of therapy")) }
    }
}

const REASONS: [(&str, &str, StopReason); 6] = [
    ("overdose", "Signs of too much drug", StopReason::Overdose),
    ("procedure", "A procedure: imaging, surgery", StopReason::Procedure),
    ("access", "Reservoir or catheter is about to be opened", StopReason::Access),
    ("adverse", "An adverse effect other than an overdose", StopReason::AdverseEffect),
    ("end", "Therapy is being ended", StopReason::EndOfTherapy),
    ("other", "Something else, in the clinic's record", StopReason::Other),
];

fn label(reader: &mut Reader<'_>) -> Option<[u8; 16]> {
    let text = reader.needed("label", "Name")?;
    let mut label = [0; 16];
    match label.get_mut(..text.len()) {
        Some(room) => {
            room.copy_from_slice(text.as_bytes());
            Some(label)
        }
        None => {
            reader.wrong("label", "Name", "has more than 16 letters");
            None
        }
    }
}

/// The button that starts therapy, where the pump holds an order and gives nothing by it.
pub(crate) fn start(session: &Session, doing: Doing) -> Markup {
    let gives = match doing {
        Doing::Running | Doing::Emergency => true,
        Doing::Fresh | Doing::Stopped | Doing::Resting | Doing::Empty | Doing::Lost => false,
    };
    html! {
        @if !gives {
            (callout(Level::Caution, html! { "It gives nothing yet: " (link::words::doing(doing)) }, form(session, "/acts", html! {
                (unseen("act", "resume")) (send("Start therapy"))
            })))
        }
    }
}

/// What was asked for, from the form.
fn asked(reader: &mut Reader<'_>, session: &Session) -> Option<Ask<'static>> {
    let alarm = |reader: &mut Reader<'_>| {
        let code: Option<u8> = reader.count("alarm", "Alarm");
        code.and_then(AlarmId::from_code)
    };
    Some(match reader.fields.text("act") {
        "stop" => {
            let word = reader.needed("reason", "Why").unwrap_or_default();
            let reason = REASONS.iter().find(|(known, ..)| *known == word).map(|(.., reason)| *reason);
            let maximum: Option<Duration> = reader.quantity("for", "For at most");
            Ask::Stop(ask::Stop { reason: reason?, maximum: maximum? })
        }
        "resume" => Ask::Resume(ask::Resume {}),
        "clock" => Ask::SetClock(ask::SetClock { wall: WallTime::new(session.now_ms) }),
        "tone" => Ask::ToneTest(ask::ToneTest { alarm: alarm(reader)? }),
        "silence" => {
            let duration = reader.quantity("for", "For");
            Ask::Silence(ask::Silence { alarm: alarm(reader)?, duration: duration? })
        }
        "clear" => Ask::ClearAlarm(ask::ClearAlarm { alarm: alarm(reader)? }),
        "contact" => Ask::ContactRecorded(ask::ContactRecorded { step: reader.count("step", "Step")? }),
        "rinse" => {
            let volume: Option<Volume> = reader.quantity("volume", "Volume");
            let course = session.open.as_ref().and_then(|open| open.refill.as_ref());
            let Some(fluid) = course.map(|course| course.mixture).filter(|mixture| !mixture.is_empty()) else {
                reader.wrong(
                    "volume",
                    "Rinse",
                    "belongs to a refill under way: the new drug must have been read off its vials first",
                );
                return None;
            };
            Ask::RinseOrAspirate(ask::RinseOrAspirate { act: PortAct::Rinse, volume: volume?, fluid: Some(fluid) })
        }
        "name" => {
            let place = reader.count("place", "Place");
            Ask::EnrolPeer(ask::EnrolPeer { place: place?, label: label(reader)? })
        }
        "revoke" => {
            let place = reader.count("place", "Place");
            Ask::RevokePeer(ask::RevokePeer { place: place?, label: label(reader)? })
        }
        _ => return None,
    })
}

/// Does one of them.
pub(crate) fn act(_: &Programmer, session: &mut Session, words: &Words, fields: &Fields) -> Result<Answer, Fault> {
    let mut reader = Reader::of(fields);
    let ask = asked(&mut reader, session).filter(|_| reader.is_good());
    let Some(ask) = ask else {
        return Ok(Answer::Page("Other acts", "/acts", body(session, words, &reader.problems, html! {})));
    };
    let settled = session.change(ask)?;
    let verb = format!("pump-{}", fields.text("act"));
    session.did(&verb, link::words::settled_plainly(&settled), None)?;
    session.read_after();
    let clocks = session.opened()?.reading.as_ref().map(crate::reading::Reading::clocks);
    let above = show::settled(session, &settled, clocks);
    Ok(Answer::Page("Other acts", "/acts", body(session, words, &Problems::default(), above)))
}

/// Replacement, explant, end of therapy.
pub(crate) fn explant(
    programmer: &Programmer,
    session: &mut Session,
    words: &Words,
    fields: &Fields,
) -> Result<Answer, Fault> {
    session.opened()?;
    let body = explant_page(programmer, session, words, fields, &Problems::default(), html! {});
    Ok(Answer::Page("End of therapy", "/acts", body))
}

fn explant_page(
    programmer: &Programmer,
    session: &Session,
    words: &Words,
    fields: &Fields,
    problems: &Problems,
    above: Markup,
) -> Markup {
    let order =
        session.open.as_ref().and_then(|open| open.reading.as_ref()).and_then(|reading| reading.running.as_ref());
    let field = |name: &str, label: &str, hint: &str| line(words, problems, (name, label, hint), fields.text(name));
    html! {
        h1 { "Replacement, explant, end of therapy" }
        (above)
        (problems.summary(words))
        @if let Some(order) = order { @for part in order.mixture.iter() { @if let Ok(entry) = programmer.formulary.entry(part.drug) {
            (callout(if entry.stop.may_kill { Level::Danger } else { Level::Notice }, part.drug.name(), html! { p { (entry.stop.words) } }))
        } } }
        (panel("A taper to look at", html! {
            p { "Each dose is typed into an order of its own; nothing here runs by itself." }
            (form(session, "/acts/explant", html! {
                (unseen("act", "taper"))
                (field("from", "From", "such as 4 mg/day"))
                (field("share", "Each step down by", "such as 20 %"))
                (field("last", "Down to", "such as 0.5 mg/day"))
                (send("Work it out"))
            }))
        }))
        (panel("Therapy goes on in a new pump", html! {
            p { "The order is put, as a draft, into the file of the new pump; it is reviewed, proposed and signed there like any other." }
            (form(session, "/acts/explant", html! {
                (unseen("act", "carry"))
                (field("serial", "Serial number of the new pump", "its file must lie on this device"))
                (send("Carry the order over"))
            }))
        }))
        (panel("Drug that was destroyed", html! {
            (form(session, "/acts/explant", html! {
                (unseen("act", "destroyed"))
                (field("volume", "Volume", "mL"))
                (field("witness", "Witness", ""))
                (send("Keep it"))
            }))
        }))
    }
}

/// Works out a taper, carries an order over, or keeps what was destroyed.
pub(crate) fn carry(
    programmer: &Programmer,
    session: &mut Session,
    words: &Words,
    fields: &Fields,
) -> Result<Answer, Fault> {
    let mut reader = Reader::of(fields);
    let above = match fields.text("act") {
        "taper" => {
            let (from, share, last) = (
                reader.quantity::<MassRate>("from", "From"),
                reader.quantity::<Permille>("share", "Each step"),
                reader.quantity::<MassRate>("last", "Down to"),
            );
            match (from, share, last) {
                (Some(from), Some(share), Some(last)) => match taper(from, share, last) {
                    Some(doses) => html! { ol { @for dose in doses { li { (dose) } } } },
                    None => callout(Level::Danger, "These steps do not reach the end", html! {}),
                },
                _ => html! {},
            }
        }
        "carry" => carried(session, &mut reader)?,
        _ => {
            let volume: Option<Volume> = reader.quantity("volume", "Volume");
            let witness = reader.needed("witness", "Witness").map(str::to_owned);
            if let (Some(volume), Some(witness)) = (volume, witness) {
                session.did("drug-destroyed", format!("{volume}, witness {witness}"), None)?;
            }
            html! {}
        }
    };
    let body = explant_page(programmer, session, words, fields, &reader.problems, above);
    Ok(Answer::Page("End of therapy", "/acts", body))
}

fn carried(session: &mut Session, reader: &mut Reader<'_>) -> Result<Markup, Fault> {
    let serial: Option<u64> = reader.count("serial", "Serial number");
    let order = session.opened()?.reading.as_ref().and_then(|reading| reading.running);
    let (Some(serial), Some(order)) = (serial, order) else { return Ok(html! {}) };
    let kept: Option<crate::files::Kept> = session.vault.read(&format!("files/{serial}"))?;
    if kept.is_none() {
        reader.wrong("serial", "Serial number", "has no file on this device; make or take it in first");
        return Ok(html! {});
    }
    let draft = crate::draft::of_order(&order);
    session.vault.write(&format!("carried/{serial}"), &draft.0)?;
    session.did("order-carried-over", format!("to pump {serial}, as a draft"), None)?;
    Ok(callout(Level::Good, format!("The order waits as a draft for pump {serial}."), html! {}))
}
