//! Who is at the device: the first person, signing in, a further person, leaving.

use pages::buttons::{self, Weight};
use pages::form::{Problems, form as plain_form};
use pages::shell::{Face, Page};
use pages::status::callout;
use pages::{Level, Markup, Prefs, Words, html};

use crate::form::{Fields, Reader};
use crate::people::NotIn;
use crate::seal::{Key, random};
use crate::session::Session;
use crate::show::{form, line, secret, send};
use crate::vault::Vault;
use crate::web::{Answer, Fault, Programmer};

/// The page for whoever is not signed in.
pub(crate) fn stranger(programmer: &Programmer, words: &Words, why: &str) -> Markup {
    let is_first = programmer.people().people.is_empty();
    let none = Problems::default();
    let body = html! {
        h1 { @if is_first { "Set this programmer up" } @else { "Sign in" } }
        @if !why.is_empty() { (callout(Level::Danger, why, html! {})) }
        (plain_form(if is_first { "/first" } else { "/sign-in" }, html! {
            (line(words, &none, ("number", "Your number as orders name you", ""), ""))
            @if is_first { (line(words, &none, ("name", "Your name", ""), "")) }
            (secret(words, &none, "passphrase", "Passphrase"))
            @if is_first { p.hint { "Ten letters or more. It opens what lies on this device; nobody can give it back to you." } }
            (send(if is_first { "Set up" } else { "Sign in" }))
        }))
    };
    Page {
        face: Face::Programmer,
        title: "Sign in",
        prefs: Prefs::default(),
        places: &[],
        whose: html! {},
        corner: html! {},
        alarms: html! {},
        body,
        help: html! { "Not a medical device." },
        scripts: &[],
        styles: &[],
        manifest: None,
    }
    .html(words)
}

/// A session for whoever gives number and passphrase; the first person sets the device up.
pub(crate) fn enter(programmer: &Programmer, is_first: bool, fields: &Fields) -> Result<Session, Fault> {
    let mut people = programmer.people();
    let passphrase = fields.text("passphrase");
    let number = fields.text("number").parse().map_err(|_| NotIn::Wrong)?;
    if is_first {
        if !people.people.is_empty() {
            return Err(Fault::words("this device is set up already; sign in"));
        }
        people.add(
            &programmer.folder,
            (number, fields.text("name")),
            passphrase,
            &Key::fresh().map_err(NotIn::Seal)?,
        )?;
    }
    let (person, data) = people.open(number, passphrase)?;
    let token =
        || random::<16>().map(|bytes| bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}")));
    let (cookie, token) = (token().map_err(NotIn::Seal)?, token().map_err(NotIn::Seal)?);
    let now_ms = programmer.now_ms();
    let session = Session {
        cookie,
        token,
        turn: 0,
        person,
        vault: Vault::of(&programmer.folder, data),
        last_ms: now_ms,
        now_ms,
        patience: programmer.patience(),
        open: None,
    };
    session.outbox().verify()?;
    session.did("signed-in", "at the programmer", None)?;
    Ok(session)
}

/// Where one begins.
pub(crate) fn home(_: &Programmer, session: &mut Session, _: &Words, _: &Fields) -> Result<Answer, Fault> {
    Ok(Answer::Go(if session.open.is_some() { "/pump" } else { "/files" }))
}

/// Before leaving: what is half done is told.
//= requirements/programmer.md#not-committed
//# The programmer MUST warn before a session closes with a proposal that was not committed.
pub(crate) fn leave(_: &Programmer, session: &mut Session, _: &Words, _: &Fields) -> Result<Answer, Fault> {
    let unfinished = session.open.as_ref().and_then(crate::session::Open::unfinished);
    let body = html! {
        h1 { "Leave" }
        @if let Some(what) = unfinished {
            (callout(Level::Caution, what, html! { p { "If you leave now it is discarded. The pump does not know it." } }))
        }
        (form(session, "/leave", html! {
            (buttons::submit(if unfinished.is_some() { Weight::Grave } else { Weight::Primary }, None,
                if unfinished.is_some() { "Discard it and leave" } else { "Leave" }))
            (buttons::link(Weight::Plain, "/", None, "Stay"))
        }))
    };
    Ok(Answer::Page("Leave", "", body))
}

/// Leaves.
pub(crate) fn left(_: &Programmer, session: &mut Session, _: &Words, _: &Fields) -> Result<Answer, Fault> {
    session.close_file()?;
    session.did("signed-out", "at the programmer", None)?;
    session.cookie.clear();
    Ok(Answer::Go("/sign-in"))
}

/// Those who may sign in here.
pub(crate) fn people(
    programmer: &Programmer,
    session: &mut Session,
    words: &Words,
    _: &Fields,
) -> Result<Answer, Fault> {
    Ok(Answer::Page("People", "/files", people_page(programmer, session, words, &Problems::default())))
}

fn people_page(programmer: &Programmer, session: &Session, words: &Words, problems: &Problems) -> Markup {
    html! {
        h1 { "People on this device" }
        ul { @for person in &programmer.people().people { li { (person.number) " " (person.name) } } }
        h2 { "Take somebody in" }
        (problems.summary(words))
        (form(session, "/people", html! {
            (line(words, problems, ("number", "Number as orders name them", ""), ""))
            (line(words, problems, ("name", "Name", ""), ""))
            (secret(words, problems, "passphrase", "Their passphrase, typed by them"))
            (send("Take in"))
        }))
    }
}

/// Takes somebody in.
pub(crate) fn add(
    programmer: &Programmer,
    session: &mut Session,
    words: &Words,
    fields: &Fields,
) -> Result<Answer, Fault> {
    let mut form = Reader::of(fields);
    let (number, name) = (form.count("number", "Number"), form.needed("name", "Name"));
    if let (Some(number), Some(name)) = (number, name) {
        let added =
            programmer.people().add(&programmer.folder, (number, name), fields.text("passphrase"), session.vault.key());
        match added {
            Ok(()) => session.did("person-taken-in", format!("clinician {number}"), None)?,
            Err(why) => form.wrong("passphrase", "Passphrase", why.to_string()),
        }
    }
    if form.is_good() {
        Ok(Answer::Go("/people"))
    } else {
        Ok(Answer::Page("People", "/files", people_page(programmer, session, words, &form.problems)))
    }
}
