//! Implant and start: pairing, who may sign, what was implanted, the prime.

use formulary::path::catheter_volume;
use link::{Keys, Visit};
use orders::{DeviceProfile, Mixture};
use pages::buttons::{self, Weight};
use pages::form::Problems;
use pages::panels::panel;
use pages::status::callout;
use pages::{Level, Markup, Words, html};
use telemetry::card::Card;
use telemetry::message::Ask;
use telemetry::message::ask;

use crate::form::{Fields, Reader};
use crate::session::{Open, Session, Waiting};
use crate::show::{self, form, line, secret, send};
use crate::web::{Answer, Fault, Programmer};

/// The steps.
pub(crate) fn page(_: &Programmer, session: &mut Session, words: &Words, _: &Fields) -> Result<Answer, Fault> {
    session.opened()?;
    Ok(Answer::Page("Implant and start", "/install", page_body(session, words, &Problems::default(), html! {})))
}

fn page_body(session: &Session, words: &Words, problems: &Problems, above: Markup) -> Markup {
    html! {
        h1 { "Implant and start" }
        (above)
        (problems.summary(words))
        ol {
            li { "Who may sign is enrolled." }
            li { "What was implanted is told to the pump." }
            li { (buttons::link(Weight::Plain, "/refill", None, "The first fill")) }
            li { (buttons::link(Weight::Plain, "/order", None, "The order")) }
            li { "The prime. The patient is watched after it." }
            li { "Therapy is started, on the page that follows the signature or under Other acts." }
        }
        (panel("Who may sign", html! {
            p { "The pump takes a clinician's key with the implant card at hand." }
            (form(session, "/install/enrol", html! {
                (line(words, problems, ("card", "Text of the implant card", "NEP1-…"), ""))
                (secret(words, problems, "passphrase", &format!("Passphrase of {}", session.person.name)))
                (send("Enrol my key in the pump"))
            }))
        }))
        (panel("What was implanted", html! {
            (form(session, "/install", html! {
                (line(words, problems, ("spinal", "Spinal piece as trimmed, mm", "a number"), ""))
                (line(words, problems, ("pump-piece", "Pump piece as trimmed, mm", "0 for a catheter of one piece"), ""))
                (line(words, problems, ("tip", "Level of the tip", "such as T10"), ""))
                (send("Tell the pump"))
            }))
        }))
        (panel("Prime", html! {
            p { "Brings the running order's fluid to the tip. It is proposed and shown with the dose that may arrive early before anybody signs." }
            (form(session, "/install/prime", html! { (send("Propose the prime")) }))
        }))
    }
}

/// Tells the pump what was implanted.
pub(crate) fn install(_: &Programmer, session: &mut Session, words: &Words, fields: &Fields) -> Result<Answer, Fault> {
    let mut reader = Reader::of(fields);
    let pieces = [reader.count::<u32>("spinal", "Spinal piece"), reader.count::<u32>("pump-piece", "Pump piece")];
    let tip = reader.needed("tip", "Level of the tip").unwrap_or_default().to_owned();
    let ([Some(spinal), Some(pump_piece)], true) = (pieces, reader.is_good()) else {
        return Ok(Answer::Page(
            "Implant and start",
            "/install",
            page_body(session, words, &reader.problems, html! {}),
        ));
    };
    let profile: DeviceProfile = session.opened()?.profile()?;
    let length = spinal.saturating_add(pump_piece);
    let catheter = catheter_volume(&profile, length);
    let settled = session.change(Ask::Installation(ask::Installation { catheter, path: Mixture::DRUG_FREE }))?;
    let told = format!("catheter {length} mm, {catheter}, tip at {tip}: {}", link::words::settled_plainly(&settled));
    session.did("installation-told", &told, None)?;
    session.read_after();
    let above = html! { p { (told) } (show::settled(session, &settled, None)) };
    Ok(Answer::Page("Implant and start", "/install", page_body(session, words, &Problems::default(), above)))
}

fn card(reader: &mut Reader<'_>) -> Option<Card> {
    let text = reader.needed("card", "Implant card")?;
    match Card::parse(text) {
        Ok(card) => Some(card),
        Err(why) => {
            // The text pairs with the pump: it is not shown again.
            reader.problems.0.push(pages::form::Problem {
                field: "card".into(),
                label: "Implant card".into(),
                why: why.to_string(),
                ..Default::default()
            });
            None
        }
    }
}

/// Enrols the signing key of whoever is signed in.
pub(crate) fn enrol(
    programmer: &Programmer,
    session: &mut Session,
    words: &Words,
    fields: &Fields,
) -> Result<Answer, Fault> {
    session.opened()?.identified.as_ref().ok_or(Fault::NotIdentified)?;
    let mut reader = Reader::of(fields);
    let card = card(&mut reader);
    let key = programmer.people().signing_key(session.person.number, fields.text("passphrase"));
    if let Err(why) = &key {
        reader.wrong("passphrase", "Passphrase", why.to_string());
    }
    let (Some(card), Ok(key), true) = (card, key, reader.is_good()) else {
        return Ok(Answer::Page(
            "Implant and start",
            "/install",
            page_body(session, words, &reader.problems, html! {}),
        ));
    };
    let settled = session.with_pump(|visit: &mut Visit<'_>, _: &mut Open| Ok(visit.enrol(&key, &card)?))?;
    session.did(
        "clinician-enrolled",
        format!("clinician {}: {}", key.author, link::words::settled_plainly(&settled)),
        None,
    )?;
    let above = show::settled(session, &settled, None);
    Ok(Answer::Page("Implant and start", "/install", page_body(session, words, &Problems::default(), above)))
}

/// Proposes the prime.
pub(crate) fn prime(_: &Programmer, session: &mut Session, _: &Words, _: &Fields) -> Result<Answer, Fault> {
    session.opened()?.identified.as_ref().ok_or(Fault::NotIdentified)?;
    session.read_pump()?;
    let proposed = session.with_pump(|visit: &mut Visit<'_>, open: &mut Open| {
        visit.propose_prime(&open.profile()?).map_err(|why| Fault::Words(why.to_string()))
    })?;
    let volume = match &proposed.change {
        link::Change::Prime(prime) => prime.volume.to_string(),
        link::Change::Order { .. } | link::Change::Single { .. } => String::new(),
    };
    session.opened()?.waiting = Some(Waiting {
        proposed,
        reason: "prime of tubing and catheter".to_owned(),
        notes: Vec::new(),
        soft_reason: String::new(),
        asks: Vec::new(),
        large_step: false,
        disagreement: None,
    });
    session.did("prime-proposed", volume, None)?;
    Ok(Answer::Go("/order/review"))
}

/// The page that pairs.
pub(crate) fn pair_page(_: &Programmer, session: &mut Session, words: &Words, _: &Fields) -> Result<Answer, Fault> {
    Ok(Answer::Page("Pair with a pump", "/files", pair_body(session, words, &Problems::default(), html! {})))
}

fn pair_body(session: &Session, words: &Words, problems: &Problems, above: Markup) -> Markup {
    html! {
        h1 { "Pair with a pump" }
        (above)
        (problems.summary(words))
        p { "With the implant card, and the programmer held at the pump." }
        (form(session, "/install/pair", html! {
            (line(words, problems, ("address", "Where the pump is reached", "such as 127.0.0.1:7701"), ""))
            (line(words, problems, ("card", "Text of the implant card", "NEP1-…"), ""))
            (send("Pair"))
        }))
    }
}

/// Pairs.
pub(crate) fn pair(_: &Programmer, session: &mut Session, words: &Words, fields: &Fields) -> Result<Answer, Fault> {
    let mut reader = Reader::of(fields);
    let (address, card) = (reader.needed("address", "Address").map(str::to_owned), card(&mut reader));
    let (Some(address), Some(card), true) = (address, card, reader.is_good()) else {
        return Ok(Answer::Page("Pair with a pump", "/files", pair_body(session, words, &reader.problems, html! {})));
    };
    let keys: Keys = session.keys()?;
    let serial = Visit::pair(&address, &keys, &card, session.patience)?.serial().0;
    session.did("pump-paired", format!("pump {serial}"), None)?;
    let above = callout(Level::Good, format!("Paired with pump {serial}."), html! {});
    Ok(Answer::Page("Pair with a pump", "/files", pair_body(session, words, &Problems::default(), above)))
}
