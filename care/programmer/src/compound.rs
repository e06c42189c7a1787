//! The compounding sheet, and what a stronger or a weaker fluid would mean.

use formulary::admixture::{DailyDose, mixture};
use formulary::compounding::{SYRINGE_STEP, Stock, sheet};
use formulary::review::{Strictness, review_fluid};
use formulary::stability::{Fill, cap};
use formulary::tradeoff::{Wanted, panel as choices};
use orders::mixture::DRUGS_MAX;
use orders::{Concentration, Drug, FlowRate, MassRate, Volume};
use pages::form::{Choice, Problems, Question};
use pages::panels::panel;
use pages::status::callout;
use pages::table::{Column, Table};
use pages::{Level, Markup, Words, html};

use crate::form::{Fields, Reader};
use crate::session::Session;
use crate::show::{form, line, send};
use crate::web::{Answer, Fault, Programmer};

/// The form.
pub(crate) fn page(_: &Programmer, session: &mut Session, words: &Words, _: &Fields) -> Result<Answer, Fault> {
    Ok(Answer::Page(
        "Compounding",
        "/compound",
        body(session, words, &Fields::default(), &Problems::default(), html! {}),
    ))
}

fn body(session: &Session, words: &Words, fields: &Fields, problems: &Problems, below: Markup) -> Markup {
    let drugs: Vec<Choice> = Drug::ALL.iter().map(|drug| Choice::of(drug.name(), drug.name())).collect();
    let field = |name: &str, label: &str, hint: &str| line(words, problems, (name, label, hint), fields.text(name));
    html! {
        h1 { "Compounding" }
        (problems.summary(words))
        (form(session, "/compound", html! {
            @for n in 0..DRUGS_MAX {
                fieldset {
                    legend { "Drug " (n + 1) @if n == 0 { " (primary)" } }
                    (Question { name: &format!("drug{n}"), label: "Drug", choices: &drugs, value: fields.text(&format!("drug{n}")), optional: true, ..Default::default() }.select(words, problems))
                    (field(&format!("dose{n}"), "Dose in a day", "such as 4 mg/day"))
                    (field(&format!("stock{n}"), "At hand", "such as 25 mg/mL, or: powder"))
                }
            }
            (field("flow", "At a flow of", "such as 0.25 mL/day"))
            (field("fill", "Volume to be made", "such as 20 mL"))
            (send("Work it out"))
        }))
        (below)
    }
}

/// Works the sheet out.
pub(crate) fn work_out(
    programmer: &Programmer,
    session: &mut Session,
    words: &Words,
    fields: &Fields,
) -> Result<Answer, Fault> {
    let mut reader = Reader::of(fields);
    let (mut wanted, mut stocks) = (Vec::new(), Vec::new());
    for n in 0..DRUGS_MAX {
        let Some(drug) = Drug::from_name(fields.text(&format!("drug{n}"))) else { continue };
        let dose: Option<MassRate> = reader.quantity(&format!("dose{n}"), &format!("{}, dose", drug.name()));
        let stock = match fields.text(&format!("stock{n}")) {
            "powder" => Some(Stock::Powder),
            _ => reader.quantity(&format!("stock{n}"), &format!("{}, at hand", drug.name())).map(Stock::Solution),
        };
        if let (Some(dose), Some(stock)) = (dose, stock) {
            wanted.push(DailyDose { drug, dose });
            stocks.push((drug, stock));
        }
    }
    let (flow, fill): (Option<FlowRate>, Option<Volume>) =
        (reader.quantity("flow", "Flow"), reader.quantity("fill", "Volume"));
    let mut below = html! {};
    if let (Some(flow), Some(fill), true) = (flow, fill, reader.is_good()) {
        match mixture(&wanted, flow) {
            Ok(fluid) => match sheet(&programmer.formulary, &fluid, fill, &stocks, SYRINGE_STEP) {
                Ok(sheet) => {
                    let keeps = cap(&programmer.formulary, &fluid, Fill { is_diluted: true, ..Fill::default() });
                    below = html! {
                        (panel("Compounding sheet", html! { pre { (sheet) } p { "A second person checks it by hand." }
                            p { @match &keeps { Ok(cap) => { "Keeps " (cap.keeps) ": " (cap.by) }, Err(why) => (why) } } }))
                        @for finding in review_fluid(&programmer.formulary, &fluid, flow) {
                            (callout(if finding.strictness == Strictness::Hard { Level::Danger } else { Level::Caution }, finding.to_string(), html! {}))
                        }
                        (trade_off(programmer, session, words, &wanted, keeps.map(|cap| cap.keeps).ok()))
                    };
                }
                Err(why) => reader.wrong("fill", "Sheet", why.to_string()),
            },
            Err(why) => reader.wrong("drug0", "Mixture", why.to_string()),
        }
    }
    Ok(Answer::Page("Compounding", "/compound", body(session, words, fields, &reader.problems, below)))
}

/// What other concentrations of the primary drug would mean for this pump.
fn trade_off(
    programmer: &Programmer,
    session: &Session,
    words: &Words,
    doses: &[DailyDose],
    keeps: Option<orders::Duration>,
) -> Markup {
    let (Some(open), Some(primary), Some(keeps)) = (&session.open, doses.first(), keeps) else { return html! {} };
    let (Some(reading), Ok(profile)) = (&open.reading, open.profile()) else { return html! {} };
    let Ok(entry) = programmer.formulary.entry(primary.drug) else { return html! {} };
    let hard = entry.limits.concentration.hard.value.get();
    let strengths: Vec<Concentration> = (1..=5).map(|n| Concentration::new(hard / 5 * n)).collect();
    let wanted = Wanted {
        drug: primary.drug,
        dose: primary.dose,
        alarm: entry.alarm_volume.value,
        path: profile.tubing.saturating_add(reading.device.catheter.unwrap_or_default()),
        running: reading
            .ledger
            .slugs
            .last()
            .map(|slug| slug.mixture.concentration(primary.drug))
            .filter(|held| !held.is_zero()),
        keeps,
    };
    let Ok(all) = choices(&programmer.formulary, &profile, &wanted, &strengths) else { return html! {} };
    let heads = [
        "Concentration",
        "Flow",
        "Visits a year",
        "Wasted at each",
        "Cell, years",
        "Bridge",
        "One stroke",
        "Mass at the tip",
    ];
    let rows = all.iter().map(|choice| {
        vec![
            html! { (choice.concentration) },
            html! { (choice.flow) },
            html! { (choice.visits_a_year) @if choice.ends_by_age { " (by age)" } },
            html! { (choice.wasted) },
            html! { (choice.cell_days / 365) },
            html! { @match choice.bridge { Some(span) => (span), None => "none" } },
            html! { (choice.one_stroke) },
            html! { @if choice.tip_mass { "thought of from here on" } @else { "rarely" } },
        ]
    });
    let caption = format!("The same {} of {} at other concentrations", primary.dose, primary.drug.name());
    Table { caption, columns: heads.map(Column::words).to_vec(), rows: rows.collect(), ..Table::default() }.html(words)
}
