//! The form of an order: filled in, kept as it was typed, held against the formulary, proposed to the pump.

use formulary::path::{After, Bridge};
use formulary::review::{About, Admitted, Context, Strictness, admit};
use link::{NotProgrammed, Proposed, Visit};
use orders::{DeviceProfile, Drug, Duration, Prescription};
use pages::form::{Choice, Problems, Question, tick};
use pages::panels::panel;
use pages::schedule::{Day, Step};
use pages::status::callout;
use pages::{Level, Markup, Quantity, Unit, Words, html};

use crate::draft::{self, Meant};
use crate::form::{Fields, Reader};
use crate::session::{Open, Session, Waiting};
use crate::show::{form, line, mixture, send};
use crate::web::{Answer, Fault, Programmer};

/// The form of the order.
pub(crate) fn edit(_: &Programmer, session: &mut Session, words: &Words, _: &Fields) -> Result<Answer, Fault> {
    let open = session.opened()?;
    if open.waiting.is_some() {
        return Ok(Answer::Go("/order/review"));
    }
    let fields = match (&open.draft, open.reading.as_ref().and_then(|reading| reading.running.as_ref())) {
        (Some(draft), _) => draft.clone(),
        (None, Some(running)) => draft::of_order(running),
        (None, None) => Fields::default(),
    };
    Ok(Answer::Page("Prescription", "/order", edit_page(session, words, &fields, &Problems::default(), &[])))
}

fn edit_page(session: &Session, words: &Words, fields: &Fields, problems: &Problems, asks: &[String]) -> Markup {
    let field = |name: &str, label: &str, hint: &str| line(words, problems, (name, label, hint), fields.text(name));
    let modes: [Choice; 5] = [
        Choice::of("continuous", "Continuous"),
        Choice::of("schedule", "Day schedule, drawn below"),
        Choice::of("periodic", "Periodic bolus over a basal"),
        Choice::of("minimum", "Minimum rate"),
        Choice::of("keep", "The schedule that runs, as it is"),
    ];
    let rates = [Choice::of("minimum", "Minimum rate"), Choice::of("fallback", "Fall-back")];
    html! {
        h1 { "Prescription" }
        (problems.summary(words))
        p { "Write each number with its unit, such as 0.25 mL/day, 4 mg/day, 0.3 mg, 20 min. Nothing typed is changed: what cannot be meant is refused." }
        (form(session, "/order", html! {
            @for n in 0..orders::mixture::DRUGS_MAX { (drug(words, problems, fields, n)) }
            (panel("Basal", html! {
                (Question { name: "mode", label: "Mode", choices: &modes, value: fields.text("mode"), ..Default::default() }.radios(words, problems))
                (field("basal", "Basal", "dose of the primary drug or flow, such as 4 mg/day or 0.25 mL/day"))
                (schedule(words, problems, fields))
                (field("periodic", "Periodic bolus", "dose or volume"))
                (field("periodic-over", "given over", ""))
                (field("periodic-every", "every", ""))
                (field("periodic-first", "the first after", ""))
            }))
            (panel("Patient bolus", html! {
                (field("bolus", "One bolus", "dose or volume; all blank for none"))
                (field("bolus-over", "given over", ""))
                (field("lockout", "Lockout, from start to start", ""))
                (field("allotment", "At most in 24 h", "a number"))
                (field("bolus-reason", "Begin at once, for the reason with this code", "blank: after a day"))
            }))
            (panel("Ramp", html! {
                (field("ramp-first", "From", "share of the basal; all blank for none"))
                (field("ramp-last", "To", ""))
                (field("ramp-steps", "In so many steps", "a number"))
                (field("ramp-every", "One step every", ""))
            }))
            (panel("If something happens", html! {
                (field("alarm", "Alarm volume", "4 mL is offered for baclofen, 2 mL else"))
                (field("alarm-days", "Refill alarm so many days before", "a number"))
                (field("gap", "Longest gap after which full basal resumes", ""))
                (field("threshold", "A change of so much is a front", "5 % is usual"))
                (field("fallback", "Fall-back", "dose or flow"))
                (Question { name: "emergency", label: "Emergency rate", choices: &rates, value: fields.text("emergency"), ..Default::default() }.radios(words, problems))
                (field("signatures", "Signatures needed", "1 or 2"))
            }))
            (panel("Why", html! {
                (field("reason", "Why this order", ""))
                (field("without-bridge", "The fluid changes without a bridge, for the reason with this code", "blank: with the bridge"))
                @if !asks.is_empty() {
                    (callout(Level::Caution, "Outside soft limits", html! { ul { @for ask in asks { li { (ask) } } } }))
                    (field("soft-reason", "Why outside these limits", ""))
                    (tick("soft-confirm", "I have looked at each of them and confirm them", fields.ticked("soft-confirm")))
                }
            }))
            (send("Propose to the pump"))
            button.button type="submit" formaction="/order/keep" { "Keep the draft" }
            button.button type="submit" formaction="/order/drop" { "Discard the draft" }
        }))
    }
}

fn drug(words: &Words, problems: &Problems, fields: &Fields, n: usize) -> Markup {
    let field = |name: String, label: &str, hint: &str| line(words, problems, (&name, label, hint), fields.text(&name));
    let drugs: Vec<Choice> = Drug::ALL.iter().map(|drug| Choice::of(drug.name(), drug.name())).collect();
    let name = format!("drug{n}");
    let asked = Question {
        name: &name,
        label: "Drug",
        choices: &drugs,
        value: fields.text(&name),
        optional: true,
        ..Default::default()
    };
    panel(
        html! { "Drug " (n + 1) @if n == 0 { " (primary)" } },
        html! {
            (asked.select(words, problems))
            (field(format!("strength{n}"), "Concentration", "mg/mL or mcg/mL"))
            (field(format!("hour{n}"), "Most in 1 h", "mg or mcg"))
            (field(format!("four{n}"), "Most in 4 h", ""))
            (field(format!("day{n}"), "Most in 24 h", ""))
            (field(format!("returns{n}"), "After an emergency it returns by itself after", "blank: never"))
        },
    )
}

fn schedule(words: &Words, problems: &Problems, fields: &Fields) -> Markup {
    let typed = draft::steps(fields);
    let step = |(from, rate): &(String, String)| {
        let (hour, minute) = from.split_once(':').unwrap_or(("0", "0"));
        let from_min = hour.parse().unwrap_or(0u32) * 60 + minute.parse().unwrap_or(0u32);
        let (whole, part) = rate.split_once('.').unwrap_or((rate, ""));
        let value = format!("{whole}{part}").parse().unwrap_or(0i128);
        let scale = u32::try_from(part.len()).unwrap_or(0);
        Step { from_min, rate: Quantity { value, scale, places: scale, unit: Unit::MicrogramPerHour } }
    };
    let mut steps: Vec<Step> = typed.iter().map(step).collect();
    if steps.is_empty() {
        steps.push(Step { from_min: 0, rate: Quantity::whole(0, Unit::MicrogramPerHour) });
    }
    let hours = |n: usize| {
        steps.get(n + 1).map_or(1440, |next| next.from_min).saturating_sub(steps.get(n).map_or(0, |s| s.from_min))
    };
    let total: i128 = steps
        .iter()
        .enumerate()
        .map(|(n, s)| s.rate.value * 1000 / 10i128.pow(s.rate.scale) * i128::from(hours(n)) / 60)
        .sum();
    let total = Quantity { value: total, scale: 3, places: 2, unit: Unit::MicrogramPerDay };
    Day { name: "Day schedule, mcg/h of the primary drug", steps: &steps, before: &[], total }.editor(words, problems)
}

/// Keeps the form as it is typed: a step of the schedule is added or taken, nothing is sent.
pub(crate) fn keep(_: &Programmer, session: &mut Session, _: &Words, fields: &Fields) -> Result<Answer, Fault> {
    let mut kept = fields.clone();
    let mut steps = draft::steps(fields);
    if fields.ticked("add") {
        steps.push((String::new(), "0".to_owned()));
    }
    if let Some(n) = (0..draft::STEPS).find(|n| fields.ticked(&format!("take-{n}"))) {
        steps.remove(n.min(steps.len().saturating_sub(1)));
    }
    kept.0.retain(|name, _| {
        !["from-", "rate-", "take-", "add", "token", "turn"].iter().any(|part| name.starts_with(part))
    });
    for (n, (from, rate)) in steps.into_iter().enumerate() {
        kept.set(format!("from-{n}"), from);
        kept.set(format!("rate-{n}"), rate);
    }
    session.opened()?.draft = Some(kept);
    Ok(Answer::Go("/order"))
}

/// Throws the draft, or what waits for signatures, away.
pub(crate) fn discard(_: &Programmer, session: &mut Session, _: &Words, _: &Fields) -> Result<Answer, Fault> {
    let open = session.opened()?;
    let what = open.unfinished().unwrap_or("nothing was open");
    (open.draft, open.waiting) = (None, None);
    session.did("edit-discarded", what, None)?;
    Ok(Answer::Go("/order"))
}

/// What the form asks for beside the order itself.
struct Asking {
    meant: Meant,
    reason: String,
    without_bridge: Option<u8>,
    running: Option<Prescription>,
    profile: DeviceProfile,
}

/// Reads the form, holds it against the formulary and proposes it to the pump.
pub(crate) fn propose(
    programmer: &Programmer,
    session: &mut Session,
    words: &Words,
    fields: &Fields,
) -> Result<Answer, Fault> {
    if fields.ticked("add") || (0..draft::STEPS).any(|n| fields.ticked(&format!("take-{n}"))) {
        return keep(programmer, session, words, fields);
    }
    let open = session.opened()?;
    open.identified.as_ref().ok_or(Fault::NotIdentified)?;
    let mut kept = fields.clone();
    kept.0.retain(|name, _| name != "token" && name != "turn");
    open.draft = Some(kept);
    // What is compared is what runs now, not what ran when the page was opened.
    session.read_pump()?;
    let mut reader = Reader::of(fields);
    let again = |session: &Session, problems: &Problems, asks: &[String]| {
        Ok(Answer::Page("Prescription", "/order", edit_page(session, words, fields, problems, asks)))
    };
    let Some(asking) = read(session, &mut reader)? else { return again(session, &reader.problems, &[]) };
    let context = Context {
        running: asking.running.as_ref(),
        minimum_rate: asking.profile.minimum_rate,
        since_increase: since_increase(session)?,
    };
    let Some(admitted) = held(programmer, &mut reader, &asking.meant.order, &context) else {
        return again(session, &reader.problems, &[]);
    };
    let asks: Vec<String> = admitted.asks().iter().map(ToString::to_string).collect();
    //= requirements/programmer.md#limits-with-reasons
    //# A value outside a soft limit MUST need a typed reason and a second confirmation, which are logged.
    let soft_reason = if asks.is_empty() {
        ""
    } else {
        reader.must_tick("soft-confirm", "Confirmation", "each limit that is passed must be confirmed");
        reader.needed("soft-reason", "Why outside these limits").unwrap_or_default()
    };
    if !reader.is_good() {
        return again(session, &reader.problems, &asks);
    }
    put_to_the_pump(session, asking, &admitted, soft_reason)
}

/// The order that the form means, with its reason. `None` where something is wrong; what, stands in the reader.
fn read(session: &mut Session, reader: &mut Reader<'_>) -> Result<Option<Asking>, Fault> {
    let author = session.person.number;
    let open = session.opened()?;
    let profile = open.profile()?;
    let running = open.reading.as_ref().and_then(|reading| reading.running);
    let number = running.map_or(0, |order| order.order_number) + 1;
    let reason = reader.needed("reason", "Why this order").unwrap_or_default().to_owned();
    let without_bridge = match reader.fields.text("without-bridge") {
        "" => None,
        _ => reader.count("without-bridge", "Without a bridge"),
    };
    let meant = draft::meant(reader, running.as_ref(), (number, author)).filter(|_| reader.is_good());
    Ok(meant.map(|meant| Asking { meant, reason, without_bridge, running, profile }))
}

/// How long ago this device last saw the dose raised.
fn since_increase(session: &Session) -> Result<Option<Duration>, Fault> {
    let serial = session.open.as_ref().map_or(0, |open| open.serial);
    let raised: Option<u64> = session.vault.read(&format!("raised/{serial}"))?;
    Ok(raised.map(|at| Duration::new(session.now_ms.saturating_sub(at))))
}

/// The order, if no hard limit stands against it; what does, is in the reader.
fn held(
    programmer: &Programmer,
    reader: &mut Reader<'_>,
    order: &Prescription,
    context: &Context<'_>,
) -> Option<Admitted> {
    match admit(&programmer.formulary, order, context) {
        Ok(admitted) => Some(admitted),
        Err(findings) => {
            for finding in &findings {
                let word = match finding.strictness {
                    Strictness::Hard => "Not allowed",
                    Strictness::Soft => "Needs a reason",
                };
                reader.wrong("order", word, finding.to_string());
            }
            None
        }
    }
}

/// Proposes; the pump answers with what it understood, and nothing has changed.
fn put_to_the_pump(
    session: &mut Session,
    asking: Asking,
    admitted: &Admitted,
    soft_reason: &str,
) -> Result<Answer, Fault> {
    let Asking { meant, reason, without_bridge, profile, .. } = asking;
    let order = *admitted.order();
    let asks: Vec<String> = admitted.asks().iter().map(ToString::to_string).collect();
    let is_step = |about: About| matches!(about, About::Step | About::StepDown | About::Start);
    let large_step = admitted.asks().iter().any(|ask| is_step(ask.about));
    let proposed = session.with_pump(|visit: &mut Visit<'_>, _: &mut Open| {
        visit.propose_order(order, &profile, without_bridge).map_err(not_programmed)
    });
    let proposed = match proposed {
        Ok(proposed) => proposed,
        Err(why) => {
            session.did("proposal-refused", why.to_string(), Some(reason))?;
            return Err(why);
        }
    };
    let open = session.opened()?;
    let disagreement = disagreement(open, &profile, &order, &proposed);
    let logged = (!asks.is_empty()).then(|| format!("{soft_reason} ({})", asks.join("; ")));
    let soft_reason = soft_reason.to_owned();
    open.waiting = Some(Waiting { proposed, reason, notes: meant.notes, soft_reason, asks, large_step, disagreement });
    session.did("order-proposed", format!("order {}: {}", order.order_number, mixture(&order.mixture)), logged)?;
    Ok(Answer::Go("/order/review"))
}

fn not_programmed(why: NotProgrammed) -> Fault {
    Fault::Words(why.to_string())
}

/// The bridge worked out a second time, from the ledger by the formulary, against the one that the pump told.
fn disagreement(open: &Open, profile: &DeviceProfile, order: &Prescription, proposed: &Proposed) -> Option<String> {
    let reading = open.reading.as_ref()?;
    let told = proposed.told.bridge.as_ref()?;
    let running = reading.running.as_ref()?;
    let primary = running.mixture.primary()?;
    let held = reading.ledger.slugs.iter().skip(1).map(|slug| slug.mixture.concentration(primary.drug)).max()?;
    let dose = told.flow.mass_rate(held);
    let then = After::even(order.basal_highest(profile.minimum_rate));
    let ours = Bridge::of(&reading.ledger, profile, (primary.drug, dose), then, order.front_threshold)?;
    let same =
        ours.plan.volume == told.volume && ours.plan.leading == told.leading && ours.plan.trailing == told.trailing;
    (!same).then(|| {
        format!(
            "the pump bridges {} ({} to {}), the formulary works out {} ({} to {})",
            told.volume, told.leading, told.trailing, ours.plan.volume, ours.plan.leading, ours.plan.trailing
        )
    })
}
