//! The report as one page that needs nothing else: no script, no font, no file beside it.

use std::fmt::Write as _;

use super::model::Model;
use super::targets::Group;
use super::{Outcome, courses};
use crate::picture::chart;
use crate::picture::svg::escaped;
use crate::sheet::BadInput;

const STYLE: &str = "\
body{font:15px/1.5 system-ui,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;color:#1c2733;background:#f3f5f7;margin:0}
main{max-width:1000px;margin:0 auto;padding:24px 16px 64px}
h1{font-size:26px;margin:8px 0}h2{font-size:19px;margin:36px 0 8px}h3{font-size:15px;margin:0 0 2px}
.card{background:#fff;border:1px solid #d9dfe4;border-radius:8px;padding:14px 16px;margin:12px 0;break-inside:avoid}
.pair{display:flex;flex-wrap:wrap;gap:12px;align-items:flex-start}.pair svg,.wide svg{max-width:100%;height:auto}
.soft{color:#5b6874;font-size:13px;margin:0}.verdict{float:right;font-size:13px;font-weight:600;padding:1px 9px;border-radius:9px}
.met{background:#dcefe3;color:#14532d}.missed{background:#f7dedb;color:#7f1d1d}.open{background:#e6eaee;color:#39444f}
table{border-collapse:collapse;width:100%;font-size:13px}td,th{text-align:left;padding:3px 8px;border-bottom:1px solid #e6eaee}
nav a{margin-right:10px;color:#1f6f8b}";

/// The page; `canal` is a picture of the canal to begin with, as SVG, or empty.
///
/// # Errors
/// A data file is wrong.
pub fn page(outcomes: &[Outcome], canal: &str) -> Result<String, BadInput> {
    let model = Model::of_files()?;
    let met = outcomes.iter().filter(|outcome| outcome.met()).count();
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>The virtual patient against published numbers</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style></head>\n<body><main>\n\
         <h1>The virtual patient against published numbers</h1>\n\
         <p>Targets met: <b>{met} of {}</b>. Bands are published spreads; a mark in them is the published value. \
         A model of a population, not of any one patient, and no advice on doses.</p>\n",
        outcomes.len()
    );
    if !canal.is_empty() {
        let _ = writeln!(html, "<div class=\"card wide\">{canal}</div>");
    }
    html.push_str("<nav>");
    for outcome in outcomes {
        let name = outcome.target.name;
        let _ = write!(html, "<a href=\"#{name}\">{name}</a>");
    }
    html.push_str("</nav>\n");
    for (group, head) in [(Group::Body, "The body"), (Group::Plant, "Plant and incidents, from the bench")] {
        let _ = writeln!(html, "<h2>{head}</h2>");
        for outcome in outcomes.iter().filter(|outcome| outcome.target.group == group) {
            card(&mut html, outcome, &model)?;
        }
    }
    html.push_str("</main></body></html>\n");
    Ok(html)
}

fn card(html: &mut String, outcome: &Outcome, model: &Model) -> Result<(), BadInput> {
    let target = &outcome.target;
    let (class, verdict) = match (outcome.checks.is_empty(), outcome.met()) {
        (true, _) => ("open", "not judged"),
        (false, true) => ("met", "met"),
        (false, false) => ("missed", "missed"),
    };
    let fitted = if target.fitted { "used in the fit" } else { "predicted" };
    let _ = writeln!(
        html,
        "<div class=\"card\" id=\"{}\"><span class=\"verdict {class}\">{verdict}</span><h3>{} {}</h3>\
         <p class=\"soft\">{} · {fitted}</p>",
        target.name,
        target.name,
        escaped(target.what),
        escaped(target.source)
    );
    if !outcome.met() {
        for (head, words) in [("Why", target.why), ("Tried", target.tried)] {
            if !words.is_empty() {
                let _ = writeln!(html, "<p>{head}: {}.</p>", escaped(words));
            }
        }
    }
    let rows: Vec<chart::Row> = outcome
        .checks
        .iter()
        .map(|check| chart::Row {
            label: check.label.into(),
            ours: check.ours,
            band: check.band,
            published: check.published,
            unit: check.unit.into(),
        })
        .collect();
    html.push_str("<div class=\"pair\">");
    if let Some(chart) = courses::chart(target.name, model)? {
        html.push_str(&chart.svg(target.what));
    }
    if !rows.is_empty() {
        html.push_str(&chart::rows(&rows, target.what));
    }
    html.push_str("</div></div>\n");
    Ok(())
}
