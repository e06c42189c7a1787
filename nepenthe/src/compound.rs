//! `nepenthe compound`: a compounding sheet for doses, a flow and a fill.

use clap::Parser;
use formulary::Formulary;
use formulary::admixture::{DailyDose, doses, mixture};
use formulary::compounding::{SYRINGE_STEP, Stock, sheet};
use formulary::review::{Strictness, review_fluid};
use formulary::stability::{Fill, cap};
use orders::{Concentration, Drug, FlowRate, MassRate, Volume};

/// What is to be made.
#[derive(Parser)]
pub struct Args {
    /// Doses, the primary drug first, such as "morphine=4 mg/day"
    #[arg(required = true)]
    doses: Vec<String>,
    /// The flow that gives them, such as "0.25 mL/day"
    #[arg(long)]
    flow: String,
    /// How much fluid, such as "20 mL"
    #[arg(long)]
    fill: String,
    /// What is at hand of each drug, such as "morphine=25 mg/mL" or "bupivacaine=powder"
    #[arg(long)]
    stock: Vec<String>,
}

/// Works a sheet out and prints it; whether it passes no hard limit.
///
/// # Errors
/// The words for what cannot be read or made.
pub fn run(args: &Args) -> Result<bool, String> {
    let (words, is_allowed) = told(args)?;
    print!("{words}");
    Ok(is_allowed)
}

fn told(args: &Args) -> Result<(String, bool), String> {
    let formulary = Formulary::shipped().map_err(|why| why.to_string())?;
    let wanted = args.doses.iter().map(|text| {
        let (drug, dose) = named(text)?;
        Ok(DailyDose { drug, dose: MassRate::parse(dose).map_err(|why| format!("{text:?}: {why}"))? })
    });
    let wanted = wanted.collect::<Result<Vec<_>, String>>()?;
    let stocks = args.stock.iter().map(|text| match named(text)? {
        (drug, "powder") => Ok((drug, Stock::Powder)),
        (drug, strength) => {
            Ok((drug, Stock::Solution(Concentration::parse(strength).map_err(|why| format!("{text:?}: {why}"))?)))
        }
    });
    let stocks = stocks.collect::<Result<Vec<_>, String>>()?;
    let flow = FlowRate::parse(&args.flow).map_err(|why| format!("--flow {:?}: {why}", args.flow))?;
    let fill = Volume::parse(&args.fill).map_err(|why| format!("--fill {:?}: {why}", args.fill))?;

    let fluid = mixture(&wanted, flow).map_err(|why| why.to_string())?;
    let mut words = sheet(&formulary, &fluid, fill, &stocks, SYRINGE_STEP).map_err(|why| why.to_string())?.to_string();
    for (asked, given) in wanted.iter().zip(doses(&fluid, flow)).filter(|(asked, given)| asked.dose != given.dose) {
        let short = asked.dose.saturating_sub(given.dose);
        words += &format!("{}: {} less than asked, for whole ng/mL\n", asked.drug.name(), short);
    }
    match cap(&formulary, &fluid, Fill { is_diluted: true, ..Fill::default() }) {
        Ok(cap) => words += &format!("keeps {}: {}\n", cap.keeps, cap.by),
        Err(why) => words += &format!("keeps: {why}\n"),
    }
    let findings = review_fluid(&formulary, &fluid, flow);
    for finding in &findings {
        let strictness = match finding.strictness {
            Strictness::Soft => "needs a reason",
            Strictness::Hard => "not allowed",
        };
        words += &format!("{strictness}: {finding}\n");
    }
    words += "A second person checks this sheet by hand. Not a medical device.\n";
    Ok((words, findings.iter().all(|finding| finding.strictness == Strictness::Soft)))
}

fn named(text: &str) -> Result<(Drug, &str), String> {
    let example = "for example \"morphine=4 mg/day\"";
    let (name, rest) = text.split_once('=').ok_or_else(|| format!("{text:?}: no `=` in it ({example})"))?;
    let drug =
        Drug::from_name(name.trim()).ok_or_else(|| format!("{text:?}: no drug is called {name:?} ({example})"))?;
    Ok((drug, rest.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(doses: &[&str], flow: &str, stock: &[&str]) -> Args {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Args { doses: owned(doses), flow: flow.to_owned(), fill: "20 mL".to_owned(), stock: owned(stock) }
    }

    #[test]
    fn the_sheet_of_the_worked_admixture_says_what_to_draw_and_how_long_it_keeps() {
        let doses = ["morphine=4 mg/day", "bupivacaine=4 mg/day"];
        let (words, is_allowed) =
            told(&args(&doses, "0.25 mL/day", &["morphine=25 mg/mL", "bupivacaine=powder"])).unwrap();
        assert!(is_allowed, "{words}");
        assert!(words.contains("16 mg/mL, 320 mg in all: draw 12.8 mL of 25 mg/mL"), "{words}");
        assert!(words.contains("diluent        7.2 mL of saline"), "{words}");
        assert!(words.contains("keeps 90 days"), "{words}");
    }

    #[test]
    fn what_passes_a_hard_limit_is_told_and_ends_with_a_no() {
        let (words, is_allowed) = told(&args(&["morphine=21 mg/day"], "1 mL/day", &["morphine=25 mg/mL"])).unwrap();
        assert!(!is_allowed && words.contains("not allowed: morphine: daily dose"), "{words}");
        let why = told(&args(&["morphine=4 mg"], "1 mL/day", &[])).unwrap_err();
        assert!(why.contains("the unit must be one of mg/day"), "{why}");
        let why = told(&args(&["aspirin=4 mg/day"], "1 mL/day", &[])).unwrap_err();
        assert!(why.contains("no drug is called \"aspirin\""), "{why}");
    }
}
