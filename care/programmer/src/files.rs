//! Patient files on this device, and the files that stand in for the clinic: in, and out.

use exchange::body::{Identifier, PatientFile};
use exchange::{Body, Envelope, Label};
use pages::buttons::{self, Weight};
use pages::form::Problems;
use pages::status::callout;
use pages::table::{Column, Table};
use pages::{Level, Markup, Words, html};
use serde::{Deserialize, Serialize};

use crate::form::{Fields, Reader};
use crate::session::{Open, Session};
use crate::show::{form, line, send};
use crate::web::{Answer, Fault, Programmer};

/// A patient file as it is kept here.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kept {
    /// The pump.
    pub(crate) serial: u64,
    /// The patient.
    pub(crate) file: PatientFile,
}

fn all(session: &Session) -> Result<Vec<Kept>, Fault> {
    let names = session.vault.names("files")?;
    let read = |name: &String| Ok(session.vault.read::<Kept>(&format!("files/{name}"))?);
    names.iter().filter_map(|name| read(name).transpose()).collect()
}

/// The files, and what waits for the clinic.
pub(crate) fn list(_: &Programmer, session: &mut Session, words: &Words, _: &Fields) -> Result<Answer, Fault> {
    let body = list_page(session, words, &Problems::default(), html! {})?;
    Ok(Answer::Page("Files", "/files", body))
}

fn list_page(session: &Session, words: &Words, problems: &Problems, above: Markup) -> Result<Markup, Fault> {
    let files = all(session)?;
    let waiting = session.outbox().waiting()?.len();
    let rows = files.iter().map(|kept| {
        let identifiers: Vec<String> =
            kept.file.identifiers.iter().map(|i| format!("{} {}", i.what, i.value)).collect();
        vec![
            html! { (kept.file.patient) },
            html! { (identifiers.join(", ")) },
            html! { (kept.serial) },
            html! { (form(session, "/files/open", html! {
                (pages::form::unseen("serial", &kept.serial.to_string()))
                (buttons::submit(Weight::Plain, None, html! { "Open" span.hidden { " " (kept.file.patient) } }))
            })) },
        ]
    });
    let table = Table {
        caption: "Checked out to this device".to_owned(),
        columns: ["Patient", "Identifiers", "Pump", "Visit"].map(Column::words).to_vec(),
        rows: rows.collect(),
        empty: "Take a file in from the clinic, or make one here.".to_owned(),
        ..Table::default()
    };
    Ok(html! {
        h1 { "Files" }
        (above)
        (problems.summary(words))
        (table.html(words))
        @if session.open.is_some() {
            (form(session, "/files/close", html! { (buttons::submit(Weight::Plain, None, "Close the open file")) }))
        }
        h2 { "From and to the clinic" }
        p { (waiting) " documents wait for the clinic. " (buttons::link(Weight::Plain, "/files/export", None, "Export them")) }
        (form(session, "/files/take", html! {
            (pages::form::Field { name: "document", label: "Documents from the clinic: patient files, or its answers", kind: pages::form::Kind::Lines,
                optional: true, ..Default::default() }.html(words, problems))
            (send("Take in"))
        }))
        h2 { "A file made here" }
        p.hint { "Where no clinic is in reach. The clinic sees that it was made on this device." }
        (form(session, "/files/make", html! {
            (line(words, problems, ("patient", "Name", ""), ""))
            (line(words, problems, ("born", "Born", "such as 1961-03-04"), ""))
            (line(words, problems, ("record", "Record number", ""), ""))
            (line(words, problems, ("serial", "Serial number of the pump", "on the implant card"), ""))
            (send("Make the file"))
        }))
        p { (buttons::link(Weight::Plain, "/people", None, "People on this device")) " "
            (buttons::link(Weight::Plain, "/install/pair", None, "Pair with a pump")) }
    })
}

/// Opens a file; whichever was open is closed first.
pub(crate) fn open(_: &Programmer, session: &mut Session, _: &Words, fields: &Fields) -> Result<Answer, Fault> {
    let serial = fields.text("serial");
    let kept: Option<Kept> = session.vault.read(&format!("files/{serial}"))?;
    let kept = kept.ok_or_else(|| Fault::words("there is no such file on this device"))?;
    session.close_file()?;
    let left = session.vault.read(&format!("left/{serial}"))?;
    session.vault.remove(&format!("left/{serial}"))?;
    let carried = session.vault.read(&format!("carried/{serial}"))?;
    session.vault.remove(&format!("carried/{serial}"))?;
    session.open = Some(Open { draft: carried.map(Fields), ..Open::of(kept.serial, kept.file, left) });
    session.did("file-opened", "a visit began", None)?;
    Ok(Answer::Go("/identify"))
}

/// Closes the open file.
pub(crate) fn close(_: &Programmer, session: &mut Session, _: &Words, _: &Fields) -> Result<Answer, Fault> {
    session.close_file()?;
    Ok(Answer::Go("/files"))
}

/// Takes documents in: one a line.
pub(crate) fn take(_: &Programmer, session: &mut Session, words: &Words, fields: &Fields) -> Result<Answer, Fault> {
    let mut reader = Reader::of(fields);
    let mut told = Vec::new();
    for (number, line) in fields.text("document").lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match Envelope::parse(line.trim().as_bytes()) {
            Ok(envelope) => told.push(taken(session, envelope)?),
            Err(why) => reader.wrong("document", &format!("Line {}", number + 1), why.to_string()),
        }
    }
    let above = html! { @for words in &told { (callout(Level::Notice, words, html! {})) } };
    Ok(Answer::Page("Files", "/files", list_page(session, words, &reader.problems, above)?))
}

fn taken(session: &mut Session, envelope: Envelope) -> Result<String, Fault> {
    let (refused, pump) = (session.outbox().answered(&envelope)?, envelope.pump);
    match envelope.body {
        Body::PatientFile(file) => {
            let name = format!("files/{pump}");
            let patient = file.patient.clone();
            session.vault.write(&name, &Kept { serial: pump, file: *file })?;
            session.did("file-taken-in", format!("of pump {pump}"), None)?;
            Ok(format!("The file of {patient} lies here, sealed."))
        }
        Body::Acknowledgement(_) => {
            let (count, refused) = refused;
            let kept = if refused.is_empty() { String::new() } else { format!(" Not taken: {}.", refused.join("; ")) };
            Ok(format!("The clinic has taken {count} documents; they are purged here.{kept}"))
        }
        other => Ok(format!("A document of the kind {} is not for a programmer; it was not taken.", other.kind())),
    }
}

/// Makes a file where no clinic is in reach.
pub(crate) fn make(_: &Programmer, session: &mut Session, words: &Words, fields: &Fields) -> Result<Answer, Fault> {
    let mut reader = Reader::of(fields);
    let patient = reader.needed("patient", "Name").map(str::to_owned);
    let born = reader.needed("born", "Born");
    let record = reader.needed("record", "Record number");
    let serial: Option<u64> = reader.count("serial", "Serial number");
    let (Some(patient), Some(born), Some(record), Some(serial), true) =
        (patient, born, record, serial, reader.is_good())
    else {
        return Ok(Answer::Page("Files", "/files", list_page(session, words, &reader.problems, html! {})?));
    };
    let now = Label { ms: session.now_ms, utc_offset_min: 0 };
    let identifier = |what: &str, value: &str| Identifier { what: what.to_owned(), value: value.to_owned() };
    let file = PatientFile {
        patient,
        identifiers: vec![identifier("born", born), identifier("record", record)],
        model: String::new(),
        catheter_nl: None,
        running: None,
        ledger: None,
        heard_at_ms: None,
        journal_next: 0,
        cautions: Vec::new(),
        checked_out_by: session.person.number.to_string(),
        checked_out: now,
        until: Label { ms: now.ms + 7 * 86_400_000, ..now },
    };
    session.vault.write(&format!("files/{serial}"), &Kept { serial, file })?;
    session.did("file-made", format!("of pump {serial}, on this device"), None)?;
    Ok(Answer::Go("/files"))
}

/// Everything that waits for the clinic, as a file.
pub(crate) fn export(_: &Programmer, session: &mut Session, _: &Words, _: &Fields) -> Result<Answer, Fault> {
    session.outbox().verify()?;
    Ok(Answer::File("programmer.jsonl", session.outbox().export()?))
}
