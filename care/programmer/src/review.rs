//! What the pump understood beside what runs: compared, signed, committed, read back.

use exchange::body::{Commit, Order};
use exchange::{Body, Document, Hex};
use link::{Change as Asked, NotProgrammed, Settled, Visit};
use orders::Prescription;
use pages::buttons::{self, Weight};
use pages::form::{Problems, tick};
use pages::panels::{Change, changes, panel};
use pages::status::callout;
use pages::{Level, Markup, Words, html};
use telemetry::message::answer::Proposal;

use crate::draft;
use crate::form::{Fields, Reader};
use crate::session::{Observation, Open, Session, Waiting};
use crate::show::{self, form, line, percent, secret};
use crate::web::{Answer, Fault, Programmer};

/// Old beside new, and the signatures.
pub(crate) fn review(_: &Programmer, session: &mut Session, words: &Words, _: &Fields) -> Result<Answer, Fault> {
    Ok(Answer::Page("Review", "/order", review_page(session, words, &Problems::default())?))
}

//= requirements/programmer.md#side-by-side
//# The programmer MUST show running and proposed order side by side, with the pump's own totals in absolute and per cent, before a commit can be signed.
fn review_page(session: &mut Session, words: &Words, problems: &Problems) -> Result<Markup, Fault> {
    let session = &*session;
    let open = session.open.as_ref().ok_or(Fault::NoFile)?;
    let Some(waiting) = &open.waiting else { return Ok(html! { h1 { "Review" } p { "Nothing waits to be signed." } }) };
    let reading = open.reading.as_ref().ok_or(Fault::NoFile)?;
    let told = &waiting.proposed.told;
    let what = match &waiting.proposed.change {
        Asked::Order { order, .. } => format!("Order {} in place of order {}", order.order_number, told.running),
        Asked::Single { volume, over } => format!("One bolus of {volume} over {over}"),
        Asked::Prime(prime) => format!("A prime of {}", prime.volume),
    };
    let body = html! {
        h1 { (what) }
        p { "As the pump understood it. It takes a commit until " (reading.clocks().show(told.expires)) "." }
        (problems.summary(words))
        @if let Some(why) = &waiting.disagreement { (callout(Level::Danger, "Do not sign: two calculations differ", html! { p { (why) } })) }
        (changes(words, "Each drug in a day, as the pump works it out", &totals(told)))
        @if let Asked::Order { order, .. } = &waiting.proposed.change {
            (changes(words, "The whole order", &compare(reading.running.as_ref(), order, &reading.device)))
            p { (buttons::link(Weight::Plain, "/order/look", None, "Look at what it would do, in a simulated population")) }
        }
        @for note in &waiting.notes { (callout(Level::Notice, note, html! {})) }
        @if let Asked::Prime(prime) = &waiting.proposed.change { (early(open, prime)) }
        @if let Some(bridge) = &told.bridge { (bridge_panel(words, reading, bridge)) }
        @if !waiting.asks.is_empty() {
            (callout(Level::Caution, "Outside soft limits, with a reason", html! {
                ul { @for ask in &waiting.asks { li { (ask) } } } p { "Reason: " (waiting.soft_reason) }
            }))
        }
        (form(session, "/order/review", html! {
            @if waiting.large_step { (tick("large", "The change is larger than one step; I confirm it", false)) }
            (tick("presence", "The programmer is held at the pump", false))
            (secret(words, problems, "passphrase", &format!("Passphrase of {}, to sign", session.person.name)))
            @if told.signatures > 1 {
                (line(words, problems, ("second", "Number of the second clinician", "someone else, who has looked at this page"), ""))
                (secret(words, problems, "second-passphrase", "Their passphrase, to sign"))
            }
            (buttons::submit(Weight::Primary, None, "Sign and commit"))
            button.button type="submit" formaction="/order/drop" { "Do not send; discard" }
        }))
    };
    Ok(body)
}

fn totals(told: &Proposal) -> Vec<Change> {
    let change = |what: String, old: Option<orders::MassRate>, new: orders::MassRate| {
        let before = old.unwrap_or_default();
        let (more, less) = (new.saturating_sub(before), before.saturating_sub(new));
        let by = if less.is_zero() { format!("+{more}") } else { format!("−{less}") };
        Change {
            what,
            old: html! { @match old { Some(old) => (old), None => "not in it" } },
            new: html! { (new) },
            by: html! { (by) " (" (percent(before.get(), new.get())) ")" },
            changes: old != Some(new),
            level: (new > before).then_some(Level::Caution),
        }
    };
    let each = told.totals.iter().flat_map(|total| {
        let name = total.drug.name();
        [
            change(format!("{name}, basal only"), total.basal_before, total.basal),
            change(format!("{name}, with all boluses"), total.all_before, total.all),
        ]
    });
    each.collect()
}

fn compare(
    running: Option<&Prescription>,
    order: &Prescription,
    device: &telemetry::message::answer::Device,
) -> Vec<Change> {
    let before = running.map(|running| draft::lines(running, device)).unwrap_or_default();
    let line = |(what, new): (String, String)| {
        let old = before.iter().find(|(name, _)| *name == what).map_or("—", |(_, value)| value);
        let changes = old != new;
        let old = html! { (old) };
        Change { what, old, new: html! { (new) }, by: html! { @if changes { "changed" } }, changes, level: None }
    };
    draft::lines(order, device).into_iter().map(line).collect()
}

fn bridge_panel(words: &Words, reading: &crate::reading::Reading, bridge: &telemetry::message::ask::Bridge) -> Markup {
    let time = bridge.volume.time_at(bridge.flow).map_or_else(|| "—".to_owned(), |time| time.to_string());
    panel(
        "The bridge runs the old fluid out first",
        html! {
            p { (bridge.volume) " at " (bridge.flow) ": " (time) " by plug flow. The new fluid may show from " (bridge.leading)
                " on, the old one is gone after " (bridge.trailing) "." }
            (show::fluid(words, &reading.ledger, &reading.device))
        },
    )
}

//= requirements/programmer.md#early-dose-shown
//# Before a prime the programmer MUST show the worst-case dose that may arrive early and the time to watch.
fn early(open: &Open, prime: &telemetry::message::ask::Prime) -> Markup {
    let order = open.reading.as_ref().and_then(|reading| reading.running.as_ref());
    let Some(order) = order else { return html! {} };
    let early = prime.volume.saturating_sub(prime.leading);
    let basal = order.basal_highest(orders::FlowRate::ZERO);
    let uncertain = prime.trailing.saturating_sub(prime.leading).time_at(basal);
    callout(
        Level::Caution,
        "What may arrive early",
        html! {
            p { "The front is moved fast for " (prime.leading) " and then at basal. At worst this may arrive before plug flow would have it there:" }
            ul { @for part in order.mixture.iter() { li { (early.mass_at(part.concentration)) " of " (part.drug.name()) } } }
            p { @match uncertain {
                Some(span) => { "What arrives is uncertain for " (span) " after the fast part. Watch the patient for all of that time." }
                None => "No basal flows after it."
            } }
        },
    )
}

/// Signs, commits, reads back.
pub(crate) fn sign(
    programmer: &Programmer,
    session: &mut Session,
    words: &Words,
    fields: &Fields,
) -> Result<Answer, Fault> {
    let mut reader = Reader::of(fields);
    let (need, large, disagrees) = {
        let open = session.opened()?;
        open.identified.as_ref().ok_or(Fault::NotIdentified)?;
        let Some(waiting) = &open.waiting else { return Ok(Answer::Go("/order")) };
        (waiting.proposed.told.signatures, waiting.large_step, waiting.disagreement.clone())
    };
    if let Some(why) = disagrees {
        reader.wrong("passphrase", "Not signed", why);
    }
    //= requirements/programmer.md#side-by-side
    //# A change larger than the formulary's limit for one step MUST ask for a further confirmation.
    if large {
        reader.must_tick("large", "Large change", "a change larger than one step must be confirmed by itself");
    }
    reader.must_tick("presence", "Presence", "the programmer must be held at the pump");
    let mut keys = Vec::new();
    {
        let people = programmer.people();
        match people.signing_key(session.person.number, fields.text("passphrase")) {
            Ok(key) => keys.push(key),
            Err(why) => reader.wrong("passphrase", "Signature", why.to_string()),
        }
        if need > 1 {
            let second: u32 = reader.count("second", "Second clinician").unwrap_or(0);
            if second == session.person.number {
                reader.wrong("second", "Second clinician", "is the same person; another one must look and sign");
            } else {
                match people.signing_key(second, fields.text("second-passphrase")) {
                    Ok(key) => keys.push(key),
                    Err(why) => reader.wrong("second-passphrase", "Second signature", why.to_string()),
                }
            }
        }
    }
    if !reader.is_good() {
        return Ok(Answer::Page("Review", "/order", review_page(session, words, &reader.problems)?));
    }
    let waiting = session.opened()?.waiting.take().ok_or(Fault::NoFile)?;
    let outcome = session.with_pump(|visit: &mut Visit<'_>, _: &mut Open| {
        Ok(visit.commit(&waiting.proposed, &keys.iter().collect::<Vec<_>>()))
    });
    committed(session, words, &waiting, outcome?)
}

fn committed(
    session: &mut Session,
    words: &Words,
    waiting: &Waiting,
    outcome: Result<Settled, NotProgrammed>,
) -> Result<Answer, Fault> {
    let before = session.opened()?.reading.as_ref().map(crate::reading::Reading::clocks);
    let (told, is_done) = match &outcome {
        Ok(settled) => (show::settled(session, settled, before), true),
        //= requirements/programmer.md#read-back
        //# After a commit the programmer MUST read the running order back and raise an alarm on any difference.
        Err(NotProgrammed::ReadBackDiffers) => {
            (callout(Level::Danger, NotProgrammed::ReadBackDiffers.to_string(), html! {}), false)
        }
        Err(NotProgrammed::Settled(settled)) => (show::settled(session, settled, before), false),
        Err(why) => (callout(Level::Danger, why.to_string(), html! {}), false),
    };
    let verb = if is_done { "order-committed" } else { "commit-not-done" };
    let about = outcome.as_ref().map_or_else(ToString::to_string, link::words::settled_plainly);
    session.did(verb, about, Some(waiting.reason.clone()))?;
    if is_done {
        keep_order(session, waiting)?;
        after(session, waiting)?;
        session.opened()?.draft = None;
    }
    // Reading may fail where the commit's answer was lost as well; what is known is shown all the same.
    let read = session.read_pump();
    let doing = session.opened()?.reading.as_ref().map(|reading| reading.status.doing);
    let body = html! {
        h1 { @if is_done { "The pump has it" } @else { "Not committed, or not known" } }
        (told)
        @if is_done && read.is_ok() { p { "Read back: what runs is what was signed." } }
        @if let Some(doing) = doing.filter(|_| is_done) { (crate::other_acts::start(session, doing)) }
        @if let Some(reading) = session.opened()?.reading.as_ref().filter(|_| is_done) { (show::fluid(words, &reading.ledger, &reading.device)) }
        p { (buttons::link(Weight::Plain, "/pump", None, "To the pump")) }
    };
    Ok(Answer::Page("Sent", "/order", body))
}

fn keep_order(session: &mut Session, waiting: &Waiting) -> Result<(), Fault> {
    let Asked::Order { order, without_bridge } = &waiting.proposed.change else { return Ok(()) };
    let label = session.outbox().label();
    let told = &waiting.proposed.told;
    let document = Order {
        prescription: Document(*order),
        written_by: session.person.number.to_string(),
        reason: waiting.reason.clone(),
        without_bridge: *without_bridge,
        written: label,
        commit: Some(Commit {
            digest: Hex(told.digest.0),
            signatures: Vec::new(),
            at_ms: waiting.proposed.before.now.get(),
            number: order.order_number,
        }),
    };
    let pump = (session.opened()?.serial, told.running);
    session.outbox().put(Body::Order(Box::new(document)), pump)?;
    Ok(())
}

/// Who must be watched after it, and how long.
fn after(session: &mut Session, waiting: &Waiting) -> Result<(), Fault> {
    let raised =
        waiting.proposed.told.totals.iter().any(|total| total.basal_before.is_none_or(|before| total.basal > before));
    let (mixture, what) = match &waiting.proposed.change {
        Asked::Order { order, .. } => (order.mixture, "an increase"),
        Asked::Prime(_) => {
            let reading = session.opened()?.reading.as_ref();
            (reading.and_then(|reading| reading.running).map(|order| order.mixture).unwrap_or_default(), "a prime")
        }
        Asked::Single { .. } => return Ok(()),
    };
    if !raised && what == "an increase" {
        return Ok(());
    }
    if raised {
        let serial = session.opened()?.serial;
        session.vault.write(&format!("raised/{serial}"), &session.now_ms)?;
    }
    watch(session, what, &mixture, |entry| entry.watch.increase.value)
}

/// Runs an observation timer with the signs of every drug in a fluid.
//= requirements/programmer.md#needle-in-the-reservoir
//# After a prime or a refill the programmer MUST run an observation timer with the signs to watch for.
pub(crate) fn watch(
    session: &mut Session,
    after: &str,
    mixture: &orders::Mixture,
    span: impl Fn(&formulary::DrugEntry) -> orders::Duration,
) -> Result<(), Fault> {
    let formulary = formulary::Formulary::shipped().map_err(|why| Fault::Words(why.to_string()))?;
    let entries: Vec<_> = mixture.iter().filter_map(|part| formulary.entry(part.drug).ok()).collect();
    let longest = entries.iter().map(|entry| span(entry)).max().unwrap_or(orders::Duration::from_minutes(30));
    let until_ms = session.now_ms + longest.get();
    let signs = entries.iter().flat_map(|entry| entry.watch.signs.iter().cloned()).collect();
    session.opened()?.watches.push(Observation { after: after.to_owned(), until_ms, signs });
    Ok(())
}
