//! The page around everything, and how quantities, fluids and answers are shown.

use link::Settled;
use link::words::{self, Clocks};
use orders::{Ledger, Mixture, Volume};
use pages::buttons::{self, Weight};
use pages::dialog::{Confirm, confirm};
use pages::fluid::{Fluid, Slug};
use pages::form::{Field, Kind, Problems, form as plain_form, unseen};
use pages::icon::Icon;
use pages::shell::{Face, Page, Place};
use pages::status::{AlarmBanner, alarm, callout};
use pages::{Level, Markup, Prefs, Words, html};

use crate::session::Session;

/// A form of this session: with its token and its turn.
pub(crate) fn form(session: &Session, action: &str, body: Markup) -> Markup {
    plain_form(
        action,
        html! {
            (unseen("token", &session.token))
            (unseen("turn", &session.turn.to_string()))
            (body)
        },
    )
}

/// A line to be typed into.
pub(crate) fn line(words: &Words, problems: &Problems, (name, label, hint): (&str, &str, &str), value: &str) -> Markup {
    let hint = Some(hint).filter(|hint| !hint.is_empty());
    Field { name, label, hint, value, optional: true, ..Field::default() }.html(words, problems)
}

/// A passphrase to be typed.
pub(crate) fn secret(words: &Words, problems: &Problems, name: &str, label: &str) -> Markup {
    Field { name, label, kind: Kind::Password, optional: true, autocomplete: Some("off"), ..Field::default() }
        .html(words, problems)
}

/// A button that sends.
pub(crate) fn send(label: &str) -> Markup {
    buttons::submit(Weight::Primary, None, label)
}

/// A fluid as people write it.
pub(crate) fn mixture(mixture: &Mixture) -> String {
    if mixture.is_empty() {
        return "fluid without drug".to_owned();
    }
    let parts: Vec<String> =
        mixture.iter().map(|part| format!("{} {}", part.concentration, part.drug.name())).collect();
    parts.join(", ")
}

/// The whole page.
pub(crate) fn page(session: &Session, words: &Words, title: &str, here: &str, body: Markup) -> Markup {
    let place = |href: &str, label: &str, sign| Place {
        href: href.to_owned(),
        label: label.to_owned(),
        sign,
        here: href == here,
        waiting: 0,
    };
    let mut places = vec![place("/files", "Files", Icon::Person)];
    if session.open.is_some() {
        places.extend([
            place("/pump", "Pump", Icon::Pump),
            place("/order", "Prescription", Icon::Edit),
            place("/compound", "Compounding", Icon::Take),
            place("/refill", "Refill", Icon::Refill),
            place("/install", "Implant and start", Icon::Add),
            place("/port", "Catheter port", Icon::Drop),
            place("/catheter", "Catheter evaluation", Icon::Search),
            place("/mri", "MRI", Icon::Magnet),
            place("/acts", "Other acts", Icon::Settings),
        ]);
    }
    let whose = html! {
        @if let Some(open) = &session.open {
            strong { (open.file.patient) } " "
            span.soft { @for known in &open.file.identifiers { (known.what) " " (known.value) " · " } "pump " (open.serial) }
        } @else { "no file is open" }
    };
    let corner = html! {
        span.soft { (session.person.name) }
        " " (buttons::link(Weight::Quiet, "/leave", Some(Icon::Close), "Leave"))
    };
    Page {
        face: Face::Programmer,
        title,
        prefs: Prefs::default(),
        places: &places,
        whose,
        corner,
        alarms: above(session, words),
        body,
        help: html! { "The pump decides what may run. Not a medical device." },
        scripts: &[],
        styles: &[],
        manifest: None,
    }
    .html(words)
}

/// What stands above every page: the way to the emergency, active alarms, an open request, observations under way.
fn above(session: &Session, words: &Words) -> Markup {
    let Some(open) = &session.open else { return html! {} };
    let readback = crate::emergency::readback(session);
    let token = [("token", session.token.as_str()), ("turn", &session.turn.to_string())];
    html! {
        (confirm(words, &Confirm {
            id: "emergency", ask: "Emergency: reduce to the emergency rate", sign: Some(Icon::Danger), weight: Weight::Grave,
            title: "Set the emergency rate now?", readback, proceed: "Set the emergency rate", leave: "Go back",
            action: "/emergency", unseen: &token,
        }))
        @if let Some(reading) = &open.reading {
            @if let Some(id) = reading.open_request {
                (callout(Level::Unknown, "What was asked earlier is not known yet", html! {
                    p { "Request " (id) " may have been done. Nothing else is sent before the pump has told." }
                    (ask_again(session))
                }))
            }
            @for active in &reading.alarms.active {
                (alarm(words, &AlarmBanner {
                    level: match active.alarm.priority() {
                        orders::Priority::High => Level::Danger,
                        orders::Priority::Medium => Level::Caution,
                        orders::Priority::Low => Level::Notice,
                    },
                    name: active.alarm.words(), since: &format!("since {}", reading.clocks().show(active.since)),
                    what_to_do: "", acts: html! {},
                }))
            }
        }
        @for watch in &open.watches {
            (callout(
                if watch.until_ms > session.now_ms { Level::Notice } else { Level::Good },
                html! { "Watch after " (watch.after) },
                html! { p {
                    @if watch.until_ms > session.now_ms {
                        "for " (orders::Duration::from_minutes((watch.until_ms - session.now_ms).div_ceil(60_000))) " more: "
                    } @else { "is over. Looked for: " }
                    (watch.signs.join(", "))
                } },
            ))
        }
    }
}

/// A page that only says what was wrong.
pub(crate) fn fault(session: &Session, words: &Words, why: &str) -> Markup {
    let is_open = why.contains("is not known yet");
    let body = html! {
        h1 { "This could not be done" }
        (callout(Level::Danger, why, html! {}))
        @if is_open { (ask_again(session)) }
        p { (buttons::link(Weight::Plain, if session.open.is_some() { "/pump" } else { "/files" }, None, "Go back")) }
    };
    page(session, words, "This could not be done", "", body)
}

/// The way out of not knowing.
pub(crate) fn ask_again(session: &Session) -> Markup {
    form(session, "/pursue", html! { (send("Ask the pump what became of it")) })
}

/// What became of a request, with the way on.
pub(crate) fn settled(session: &Session, settled: &Settled, clocks: Option<Clocks>) -> Markup {
    let told = words::settled(settled, clocks);
    match settled {
        Settled::Accepted(_) => callout(Level::Good, told, html! {}),
        Settled::Unknown { .. } => html! {
            (callout(Level::Unknown, "Not known yet", html! { p { (told) } }))
            (ask_again(session))
        },
        Settled::Unresolved { .. } => callout(Level::Unknown, "Not known", html! { p { (told) } }),
        Settled::Proposal(_) | Settled::Refused(_) | Settled::NotRead { .. } => {
            callout(Level::Danger, "The pump refused", html! { p { (told) } })
        }
    }
}

/// The ledger drawn.
pub(crate) fn fluid(words: &Words, ledger: &Ledger, told: &telemetry::message::answer::Device) -> Markup {
    let mut known: Vec<Mixture> = Vec::new();
    let mut slug = |slug: &orders::Slug| {
        let pattern = known.iter().position(|mixture| *mixture == slug.mixture).unwrap_or_else(|| {
            known.push(slug.mixture);
            known.len() - 1
        });
        Slug {
            fluid: mixture(&slug.mixture),
            volume_nl: u64::from(slug.volume_nl),
            edge_nl: (u64::from(slug.edge_low_nl), u64::from(slug.edge_high_nl)),
            pattern,
            doubt: slug.doubt,
        }
    };
    let Some((reservoir, path)) = ledger.slugs.split_first() else { return html! {} };
    Fluid {
        reservoir: slug(reservoir),
        capacity_nl: told.reservoir.get(),
        residual_nl: told.residual.get(),
        tubing_nl: told.tubing.get(),
        path: path.iter().map(slug).collect(),
    }
    .html(words)
}

/// A change in percent with one decimal, signed; a word from nothing.
pub(crate) fn percent(before: u64, after: u64) -> String {
    let (sign, by) = if after >= before { ('+', after - before) } else { ('−', before - after) };
    match orders::quantity::mul_div_floor(by, 2000, before) {
        Some(twice) => {
            let permille = twice.div_ceil(2);
            format!("{sign}{}.{} %", permille / 10, permille % 10)
        }
        None => "new".to_owned(),
    }
}

/// A volume exactly, in mL, as it can be typed again without loss.
pub(crate) fn exact_ml(volume: Volume) -> String {
    exact(volume.get(), 6)
}

/// A number with so many decimals, none of them lost and none of them a trailing zero.
pub(crate) fn exact(raw: u64, decimals: u32) -> String {
    let one = 10u64.pow(decimals);
    let (whole, part) = (raw / one, raw % one);
    if part == 0 {
        return whole.to_string();
    }
    let part = format!("{part:0width$}", width = usize::try_from(decimals).unwrap_or(0));
    format!("{whole}.{}", part.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_form_shows_can_be_typed_again_without_loss() {
        for nl in [0, 1, 500, 18_600_000, 123_456_789] {
            assert_eq!(Volume::parse(&format!("{} mL", exact_ml(Volume::new(nl)))), Ok(Volume::new(nl)));
        }
    }

    #[test]
    fn a_change_is_told_with_its_sign_and_one_decimal() {
        assert_eq!(percent(240, 360), "+50.0 %");
        assert_eq!(percent(360, 240), "−33.3 %");
        assert_eq!((percent(0, 5), percent(5, 5)), ("new".to_owned(), "+0.0 %".to_owned()));
    }
}
