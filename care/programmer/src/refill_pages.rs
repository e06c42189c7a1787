//! The pages of a refill.

use exchange::Body;
use link::Settled;
use pages::buttons::{self, Weight};
use pages::form::{Choice, Problems, Question, tick};
use pages::panels::{facts, panel, steps};
use pages::status::callout;
use pages::{Level, Markup, Words, html};
use telemetry::message::Ask;

use crate::form::{Fields, Reader};
use crate::refill::{Around, Course, Next, Step, difference};
use crate::session::Session;
use crate::show::{self, form, line, mixture, send};
use crate::web::{Answer, Fault, Programmer};

/// What is known around a refill.
fn around<'a>(programmer: &'a Programmer, session: &'a Session) -> Result<Around<'a>, Fault> {
    let open = session.open.as_ref().ok_or(Fault::NoFile)?;
    let reading = open.reading.as_ref().ok_or_else(|| Fault::words("the pump was not read yet; read it first"))?;
    let today = u32::try_from(session.now_ms / 86_400_000).unwrap_or(u32::MAX);
    Ok(Around {
        formulary: &programmer.formulary,
        profile: open.profile()?,
        running: reading.running.as_ref(),
        reservoir: reading.status.reservoir,
        worst: reading.status.reservoir_worst,
        fluid: reading.ledger.slugs.first().map(|slug| slug.mixture).unwrap_or_default(),
        today: formulary::calendar::Day::new(today),
    })
}

/// The step that is on.
pub(crate) fn show(programmer: &Programmer, session: &mut Session, words: &Words, _: &Fields) -> Result<Answer, Fault> {
    let open = session.opened()?;
    open.identified.as_ref().ok_or(Fault::NotIdentified)?;
    if open.refill.is_none() {
        open.refill = Some(Course::begin());
        session.did("refill-begun", "step by step", None)?;
    }
    let body = body(programmer, session, words, &Fields::default(), &Problems::default())?;
    Ok(Answer::Page("Refill", "/refill", body))
}

/// Takes a step.
pub(crate) fn step(
    programmer: &Programmer,
    session: &mut Session,
    words: &Words,
    fields: &Fields,
) -> Result<Answer, Fault> {
    session.opened()?.identified.as_ref().ok_or(Fault::NotIdentified)?;
    let Some(mut course) = session.opened()?.refill.clone() else { return Ok(Answer::Go("/refill")) };
    let mut reader = Reader::of(fields);
    let next = course.take(&mut reader, &around(programmer, session)?, session.now_ms);
    let again = |session: &mut Session, problems: &Problems| {
        let body = body(programmer, session, words, fields, problems)?;
        Ok(Answer::Page("Refill", "/refill", body))
    };
    match next {
        Next::Again => {
            session.opened()?.refill = Some(course);
            again(session, &reader.problems)
        }
        Next::Stop(why) => stop(session, words, why),
        Next::Tell => tell(programmer, session, course),
        Next::Page if course.step == Step::Done => {
            session.did(
                "refill-finished",
                format!("next visit {}", course.booked.map_or_else(String::new, |day| day.to_string())),
                None,
            )?;
            session.opened()?.refill = Some(course);
            Ok(Answer::Go("/refill"))
        }
        Next::Page => {
            session.opened()?.refill = Some(course);
            Ok(Answer::Go("/refill"))
        }
    }
}

/// Nothing is injected; the pump is untouched and says so.
fn stop(session: &mut Session, _: &Words, why: &'static str) -> Result<Answer, Fault> {
    session.opened()?.refill = None;
    session.did("refill-stopped", why, None)?;
    let body = html! {
        h1 { "Stop. Do not inject." }
        (callout(Level::Danger, why, html! {
            p { "The pump has been told nothing and runs as before. If drug may lie under the skin, treat it as an overdose: aspirate the pocket, watch, call for help." }
        }))
        p { (buttons::link(Weight::Plain, "/emergency", None, "Emergency procedures")) " " (buttons::link(Weight::Plain, "/refill", None, "Begin anew")) }
    };
    Ok(Answer::Page("Stop", "/refill", body))
}

/// The pump is told; it mixes, compares and answers.
fn tell(programmer: &Programmer, session: &mut Session, mut course: Course) -> Result<Answer, Fault> {
    let settled = session.change(Ask::Refill(course.ask()))?;
    let reading_clocks = session.opened()?.reading.as_ref().map(crate::reading::Reading::clocks);
    let (at, refusals) = match &settled {
        Settled::Accepted(done) => (Some(done.at.get()), Vec::new()),
        other => (None, vec![link::words::settled(other, reading_clocks)]),
    };
    let document = course.document(&around(programmer, session)?, session.person.number, at, refusals);
    let base = (session.opened()?.serial, session.opened()?.reading.as_ref().map_or(0, |reading| reading.status.order));
    session.outbox().put(Body::Refill(Box::new(document)), base)?;
    let words = link::words::settled(&settled, reading_clocks);
    session.did(if at.is_some() { "refill-told" } else { "refill-not-taken" }, words, None)?;
    if at.is_none() {
        let body = html! {
            h1 { "The pump has not taken the refill" }
            (show::settled(session, &settled, reading_clocks))
            p { (buttons::link(Weight::Plain, "/refill", None, "Back to the step")) }
        };
        return Ok(Answer::Page("Refill", "/refill", body));
    }
    // What the residual was is only known before the pump is read anew.
    let dates = course.work_out_dates(&around(programmer, session)?);
    if let Err(why) = dates {
        session.did("refill-date-not-known", why, None)?;
    }
    crate::review::watch(session, "the refill", &course.mixture, |entry| entry.watch.refill.value)?;
    let is_off = course.discrepancy.is_some_and(|told| told.colour != formulary::discrepancy::Colour::Green);
    course.go_on(session.now_ms);
    session.opened()?.refill = Some(course);
    session.read_after();
    //= requirements/programmer.md#catheter-evaluation
    //# A residual outside the tolerance or a loss of effect MUST open the catheter evaluation.
    Ok(Answer::Go(if is_off { "/catheter" } else { "/refill" }))
}

/// Ends it before its end.
pub(crate) fn abort(_: &Programmer, session: &mut Session, _: &Words, fields: &Fields) -> Result<Answer, Fault> {
    let why = fields.text("why").to_owned();
    if why.is_empty() {
        return Err(Fault::words("an abort says why; nothing was ended"));
    }
    let Some(course) = session.opened()?.refill.take() else { return Ok(Answer::Go("/pump")) };
    let told = course.step > Step::Filled;
    let about = format!(
        "at the step {}; the pump {}",
        course.step.name(),
        if told { "has taken the refill" } else { "was told nothing" }
    );
    session.did("refill-aborted", about, Some(why))?;
    Ok(Answer::Go("/pump"))
}

fn body(
    programmer: &Programmer,
    session: &Session,
    words: &Words,
    fields: &Fields,
    problems: &Problems,
) -> Result<Markup, Fault> {
    let around = around(programmer, session)?;
    let Some(course) = session.open.as_ref().and_then(|open| open.refill.as_ref()) else { return Ok(html! {}) };
    let names: Vec<String> = Step::ALL.iter().map(|step| step.name().to_owned()).collect();
    let at = Step::ALL.iter().position(|step| *step == course.step).unwrap_or(0);
    if course.step == Step::Done {
        return Ok(summary(session, course));
    }
    Ok(html! {
        h1 { "Refill" }
        (steps(words, &names, at))
        (problems.summary(words))
        (form(session, "/refill", html! {
            (panel(course.step.name(), asked(words, course, &around, fields, problems)))
            (send(if course.step == Step::Filled { "Tell the pump" } else { "Go on" }))
        }))
        (form(session, "/refill/abort", html! {
            (line(words, &Problems::default(), ("why", "End the refill here, because", ""), ""))
            (buttons::submit(Weight::Grave, None, "End the refill"))
        }))
    })
}

fn asked(words: &Words, course: &Course, around: &Around<'_>, fields: &Fields, problems: &Problems) -> Markup {
    let field = |name: &str, label: &str, hint: &str| line(words, problems, (name, label, hint), fields.text(name));
    let choose = |name: &str, label: &str, choices: &[Choice]| {
        Question { name, label, choices, value: fields.text(name), ..Default::default() }.radios(words, problems)
    };
    let yes_no = [Choice::of("no", "No"), Choice::of("yes", "Yes")];
    let fluids = [
        Choice::of("expected", "The reservoir's fluid"),
        Choice::of("spinal fluid", "Clear like spinal fluid"),
        Choice::of("nothing", "Nothing"),
        Choice::of("blood", "Blood"),
    ];
    match course.step {
        Step::Symptoms => choose(
            "symptoms",
            "Signs of too much or too little drug, infection, new numbness or weakness, falls?",
            &yes_no,
        ),
        Step::Drug => html! {
            p { "Read it off the vials. The order says: " @match around.running { Some(order) => (mixture(&order.mixture)), None => "nothing yet" } }
            @for n in 0..2 { (vial(words, problems, fields, n)) }
            (pages::panels::more("A third and a fourth drug", html! { @for n in 2..4 { (vial(words, problems, fields, n)) } }))
            (field("pharmacy", "How long it keeps, by the pharmacy", "blank: by the formulary"))
            (tick("other", "It is other than the running order, and that is meant", fields.ticked("other")))
        },
        Step::Port => html! {
            p { "Draw back before anything is injected." }
            (choose("port", "In which port is the needle?", &[Choice::of("reservoir", "Reservoir port"), Choice::of("catheter", "Catheter port")]))
            (choose("needle", "Which needle?", &[Choice::of("22", "22 G, non-coring"), Choice::of("24", "24 G"), Choice::of("25", "25 G")]))
            (choose("drawn-back", "What was drawn back?", &fluids))
            (field("attempts", "Attempts at the port", "a number"))
            (field("port-note", "Note for the next time", "depth, angle, scar"))
        },
        Step::DrawnOff => drawn_off(words, course, around, fields, problems),
        Step::FirstFive => html! {
            @let words_of_rinse = course.rinse_words(around);
            @if !words_of_rinse.is_empty() { (callout(Level::Notice, "A rinse is offered", html! { p { (words_of_rinse) } })) }
            p { "Inject 5 mL, then draw back." }
            (choose("second-draw-back", "What was drawn back?", &fluids))
            (choose("pain", "Does it hurt?", &yes_no))
            (choose("swelling", "Does it swell?", &yes_no))
            (choose("resistance", "Does it resist?", &yes_no))
        },
        Step::Filled => html! {
            p { "At most " (around.profile.reservoir.saturating_sub(course.left(around))) " fits. Type what was injected; nothing is filled in for you." }
            (field("filled", "Filled in all", "mL"))
            (field("vials", "Sum of the vials", "mL; or by weight:"))
            (field("vials-before", "Syringes full, mg", ""))
            (field("vials-after", "Syringes empty, mg", ""))
        },
        Step::NextVisit => html! {
            @match &course.by {
                Some(by) => p { "Last safe day " strong { (by.latest) } ", preferred " strong { (by.preferred) } ". Decided by: " (by.by) "." },
                None => p { "The last safe day follows once an order runs; book a day all the same." },
            }
            @if course.is_other { (callout(Level::Caution, "The fluid is other than the order's", html! { p { "Edit and send the order before the new fluid reaches the tip. " (buttons::link(Weight::Plain, "/order", None, "To the order")) } })) }
            (field("visit", "Next visit, booked before the patient leaves", "such as 2027-03-01"))
        },
        Step::Watched => tick(
            "watched",
            "The patient was watched to the end of the time above, and is well",
            fields.ticked("watched"),
        ),
        Step::Done => html! {},
    }
}

fn drawn_off(words: &Words, course: &Course, around: &Around<'_>, fields: &Fields, problems: &Problems) -> Markup {
    let field = |name: &str, label: &str, hint: &str| line(words, problems, (name, label, hint), fields.text(name));
    html! {
        p { "Expected: " (around.reservoir.saturating_sub(around.profile.residual)) ", from "
            (around.worst.saturating_sub(around.profile.residual)) " on within the pump's accuracy." }
        @if let Some(told) = course.discrepancy.filter(|told| told.colour != formulary::discrepancy::Colour::Green) {
            (callout(Level::Danger, difference(&told), html! {}))
            (pages::form::unseen("compared", "yes"))
            (field("accepted", "Why it is accepted (the clinic's code)", "a number"))
        }
        (field("drawn", "Drawn off", "mL; or by weight:"))
        (field("drawn-before", "Syringe with the fluid, mg", ""))
        (field("drawn-after", "Syringe empty, mg", ""))
        (tick("emptied", "It was drawn until nothing more came", fields.ticked("emptied")))
    }
}

fn vial(words: &Words, problems: &Problems, fields: &Fields, n: usize) -> Markup {
    let field = |name: String, label: &str, hint: &str| line(words, problems, (&name, label, hint), fields.text(&name));
    html! {
        fieldset {
            legend { "Drug " (n + 1) }
            (field(format!("drug{n}"), "Drug", "as on the label"))
            (field(format!("strength{n}"), "Concentration", "mg/mL or mcg/mL"))
            (field(format!("lot{n}"), "Lot", ""))
            (field(format!("expiry{n}"), "Expiry", "such as 2027-03-01"))
        }
    }
}

fn summary(session: &Session, course: &Course) -> Markup {
    let fact = |name: &str, value: String| (name.to_owned(), html! { (value) });
    let day = |day: Option<formulary::calendar::Day>| day.map_or_else(|| "—".to_owned(), |day| day.to_string());
    let all = [
        fact("Filled", format!("{} of {}", course.filled, mixture(&course.mixture))),
        fact("Drawn off", course.drawn_off.to_string()),
        fact("Lots", course.lots.join("; ")),
        fact("Keeps", course.keeps.as_ref().map_or_else(|| "—".to_owned(), |cap| format!("{}: {}", cap.keeps, cap.by))),
        fact("Last safe day", day(course.by.as_ref().map(|by| by.latest))),
        fact("Next visit", day(course.booked)),
        fact("Port", course.port.clone()),
        fact("By", session.person.name.clone()),
    ];
    html! {
        h1 { "Refill done" }
        (facts(&all))
        p { "Call at once if breathing is slow, if you cannot be woken easily, or if the pump beeps." }
        (buttons::print("Print for the patient"))
        (form(session, "/refill/abort", html! {
            (pages::form::unseen("why", "finished"))
            (buttons::submit(Weight::Plain, None, "Close the refill"))
        }))
    }
}
