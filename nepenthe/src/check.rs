//! `nepenthe check`: an order judged as the pump would judge it, by the pump's own judge.

use std::fmt::Write;
use std::path::Path;

use orders::prescription::Mode;
use orders::{DeviceProfile, Duration, Prescription, Volume};
use pump::judge::{Judgement, judge};
use pump::reservoir::{Draw, Outlook, Remaining};
use sim::files::{device, order};

/// Judges an order and tells all of it; whether the pump would take it.
///
/// # Errors
/// The words for a file or a volume that cannot be read.
pub fn check(order_path: &Path, device_path: &Path, filled: Option<&str>) -> Result<bool, String> {
    let profile = device::read(device_path).map_err(|why| why.to_string())?;
    let read = order::read(order_path, &profile).map_err(|why| why.to_string())?;
    let filled = match filled {
        None => profile.reservoir,
        Some(text) => Volume::parse(text).map_err(|why| format!("--filled {text:?}: {why} (for example \"18 mL\")"))?,
    };
    if filled > profile.reservoir {
        return Err(format!(
            "--filled {filled}: the reservoir of {} holds {}",
            profile.model_name(),
            profile.reservoir
        ));
    }
    let (words, is_taken) = told(&read, &profile, filled);
    print!("{words}");
    Ok(is_taken)
}

/// The whole judgement in words, and whether the order would be taken.
pub fn told(read: &order::OrderFile, profile: &DeviceProfile, filled: Volume) -> (String, bool) {
    let order = &read.prescription;
    let judgement = judge(order, profile, &order.mixture, Remaining::full(filled));
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = tell(&mut out, read, profile, filled, &judgement);
    (out, judgement.refusals.is_empty())
}

fn tell(
    out: &mut String,
    read: &order::OrderFile,
    profile: &DeviceProfile,
    filled: Volume,
    judgement: &Judgement,
) -> std::fmt::Result {
    let order = &read.prescription;
    writeln!(
        out,
        "order {} for {}: {}",
        order.order_number,
        profile.model_name(),
        sim::story::text::mixture(&order.mixture)
    )?;
    for note in &read.notes {
        writeln!(out, "note: {note}")?;
    }
    writeln!(out, "\nper day, on the day that gives most")?;
    for total in &judgement.totals {
        let (basal, all) = (total.basal, total.all);
        if basal == all {
            writeln!(out, "  {:<14} {basal}", total.drug.name())?;
        } else {
            writeln!(out, "  {:<14} {basal} by basal alone, {all} with every bolus", total.drug.name())?;
        }
    }
    writeln!(out, "\nflow")?;
    flows(out, order, profile)?;
    writeln!(out, "\n{filled} filled, alarm at {}", order.alarm_volume)?;
    lasts(out, order, profile, filled, &judgement.outlook)?;
    if !judgement.cautions.is_empty() {
        writeln!(out, "\nworth a second look")?;
        judgement.cautions.iter().try_for_each(|caution| writeln!(out, "  {}", caution.words()))?;
    }
    if judgement.refusals.is_empty() {
        writeln!(out, "\nthe pump would take this order")
    } else {
        writeln!(out, "\nthe pump would refuse this order")?;
        judgement.refusals.iter().try_for_each(|refusal| writeln!(out, "  {refusal}"))?;
        match judgement.refusals.more() {
            0 => Ok(()),
            more => writeln!(out, "  and {more} more reasons"),
        }
    }
}

fn flows(out: &mut String, order: &Prescription, profile: &DeviceProfile) -> std::fmt::Result {
    let primary = order.mixture.primary();
    let mut line = |what: &str, flow: orders::FlowRate| match primary {
        Some(part) => {
            let dose = flow.mass_rate(part.concentration);
            writeln!(out, "  {what:<28} {flow} = {dose} of {}", part.drug.name())
        }
        None => writeln!(out, "  {what:<28} {flow}"),
    };
    match &order.mode {
        Mode::MinimumRate => line("minimum rate", profile.minimum_rate)?,
        Mode::Continuous(flow) => line("all day", *flow)?,
        Mode::PeriodicBolus(periodic) => line("background", periodic.background)?,
        Mode::Schedule(schedule) => {
            for set in schedule.sets() {
                let mut last = None;
                for (half_hour, flow) in (0u32..).zip(set.flows) {
                    if last != Some(flow) {
                        let (hours, minutes) = (half_hour / 2, half_hour % 2 * 30);
                        line(&format!("{} from {hours:02}:{minutes:02}", days(set.weekdays)), flow)?;
                        last = Some(flow);
                    }
                }
            }
        }
    }
    line("fall-back", order.fall_back)?;
    if let Mode::PeriodicBolus(periodic) = &order.mode {
        let dose = primary.map(|part| periodic.volume.mass_at(part.concentration));
        let dose = dose.map_or_else(String::new, |dose| format!(" = {dose}"));
        writeln!(
            out,
            "  {:<28} {}{dose} over {}, every {}",
            "periodic bolus", periodic.volume, periodic.duration, periodic.interval
        )?;
    }
    if let Some(bolus) = &order.patient_bolus {
        let dose = primary.map(|part| bolus.volume.mass_at(part.concentration));
        let dose = dose.map_or_else(String::new, |dose| format!(" = {dose}"));
        writeln!(
            out,
            "  {:<28} {}{dose} over {}, lockout {}, {} in 24 h",
            "patient bolus", bolus.volume, bolus.duration, bolus.lockout, bolus.allotment
        )?;
    }
    Ok(())
}

const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

fn days(bits: u8) -> String {
    match bits {
        0x7f => "every day".into(),
        0x1f => "workdays".into(),
        0x60 => "weekend".into(),
        _ => {
            let named = WEEKDAYS.iter().enumerate().filter(|(day, _)| bits >> day & 1 == 1);
            named.map(|(_, name)| *name).collect::<Vec<_>>().join(" ")
        }
    }
}

fn lasts(
    out: &mut String,
    order: &Prescription,
    profile: &DeviceProfile,
    filled: Volume,
    outlook: &Outlook,
) -> std::fmt::Result {
    // What a person will take nobody knows at a desk: half of the allotment stands for the average.
    let draw = Draw::of(order, profile.minimum_rate);
    let half = draw.taken(u32::from(draw.allotment) * 500);
    let average = Outlook::of(Remaining::full(filled), order.alarm_volume, &half, profile.accuracy, None).average;
    let mut line = |what: &str, span: Option<Duration>| {
        writeln!(out, "  {what:<44} {}", span.map_or_else(|| "never".into(), whole_days))
    };
    line("to the alarm, basal alone, nominal", outlook.nominal)?;
    if order.patient_bolus.is_some() {
        line("to the alarm, half of the boluses, nominal", average)?;
        line("to the alarm, all boluses, nominal", outlook.all)?;
    }
    line("to the alarm, basal alone, worst accuracy", outlook.basal_worst)?;
    line("refill by: all boluses and worst accuracy", outlook.refill_by)
}

/// Days as a calendar needs them: whole ones, rounded down.
fn whole_days(span: Duration) -> String {
    match span.get() / orders::quantity::DAY_MS {
        0 => "less than a day".into(),
        1 => "1 day".into(),
        days => format!("{days} days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(name: &str) -> String {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bench/sim/orders").join(name);
        std::fs::read_to_string(path).unwrap()
    }

    fn judged(text: &str) -> (String, bool) {
        let profile = DeviceProfile::REFERENCE_20;
        told(&order::parse("order.toml", text, &profile).unwrap(), &profile, Volume::new(18_000_000))
    }

    #[test]
    fn a_right_order_is_told_with_its_totals_flows_and_days() {
        let (words, is_taken) = judged(&sample("morphine.toml"));
        assert!(is_taken, "{words}");
        assert!(words.contains("1 mg/day by basal alone, 1.2 mg/day with every bolus"), "{words}");
        assert!(words.contains("0.25 mL/day = 1 mg/day of morphine"), "{words}");
        // 16 mL above the alarm at 0.25 mL a day; with 14.5 % more and four boluses of 12.5 mcL, 0.34 mL a day.
        assert!(words.contains("basal alone, nominal           64 days"), "{words}");
        assert!(words.contains("worst accuracy    46 days"), "{words}");
    }

    #[test]
    fn every_sample_order_would_be_taken_by_the_reference_pump() {
        for name in
            ["morphine", "morphine-bupivacaine", "baclofen-night", "ziconotide-titration", "hydromorphone-clonidine"]
        {
            let (words, is_taken) = judged(&sample(&format!("{name}.toml")));
            assert!(is_taken, "{name}: {words}");
        }
    }

    #[test]
    fn once_a_day_entered_as_once_an_hour_is_refused_with_what_it_comes_to() {
        let hourly = "basal = { mode = \"periodic-bolus\", background = \"0.5 mg/day\", bolus = \"60 mcg\", \
            duration = \"10 min\", every = \"1 h\", first_after = \"0 s\" }";
        let (words, is_taken) =
            judged(&sample("morphine.toml").replace("basal = { mode = \"continuous\", dose = \"1 mg/day\" }", hourly));
        assert!(!is_taken);
        assert!(words.contains("1.94 mg/day"), "{words}");
        assert!(words.contains("ceiling for 24 h: basal with every allotted bolus would pass the ceiling"), "{words}");
    }
}
