//! An order as it stands in the form: the words that were typed, and the order that they mean.
//!
//! Nothing typed is ever changed: what cannot be held exactly is refused, and where a dose becomes a flow that the drive can
//! do, the difference is told beside it. Flows may be typed as a dose of the primary drug or as a flow, boluses as a dose or
//! as a volume.

use orders::mixture::{Component, DRUGS_MAX};
use orders::prescription::{
    BolusStart, Ceiling, EmergencyRate, EmergencyRule, HALF_HOURS, Mode, PatientBolus, PeriodicBolus, Ramp, Schedule,
};
use orders::{Concentration, Drug, Duration, FlowRate, Mass, MassRate, Mixture, Permille, Prescription, Volume};
use telemetry::message::answer::Device;

use crate::form::{Fields, Reader};
use crate::show::{exact, exact_ml};

/// Steps that the schedule's form has at most.
pub(crate) const STEPS: usize = 48;

/// What the form means, with what rounding took away.
pub(crate) struct Meant {
    /// The order.
    pub(crate) order: Prescription,
    /// What is told of it.
    pub(crate) notes: Vec<String>,
}

/// The form of an order that runs: every number as it can be typed again without loss.
pub(crate) fn of_order(order: &Prescription) -> Fields {
    let mut fields = Fields::default();
    for (n, (part, ceiling)) in order.mixture.iter().zip(order.ceilings).enumerate() {
        fields.set(format!("drug{n}"), part.drug.name());
        fields.set(format!("strength{n}"), format!("{} mg/mL", exact(u64::from(part.concentration.get()), 6)));
        for (name, mass) in [("hour", ceiling.hour), ("four", ceiling.four_hours), ("day", ceiling.day)] {
            fields.set(format!("{name}{n}"), format!("{} mg", exact(mass.get(), 12)));
        }
        if let Some(Some(after)) = order.emergency.returns_after.get(n) {
            fields.set(format!("returns{n}"), after.to_string());
        }
    }
    let flow = |flow: FlowRate| format!("{} mL/day", exact(flow.get(), 6));
    let volume = |volume: Volume| format!("{} mL", exact_ml(volume));
    match &order.mode {
        Mode::MinimumRate => fields.set("mode", "minimum"),
        Mode::Continuous(rate) => {
            fields.set("mode", "continuous");
            fields.set("basal", flow(*rate));
        }
        // The running schedule stays whole, its weekday sets too, until somebody draws another.
        Mode::Schedule(_) => fields.set("mode", "keep"),
        Mode::PeriodicBolus(periodic) => {
            fields.set("mode", "periodic");
            fields.set("basal", flow(periodic.background));
            fields.set("periodic", volume(periodic.volume));
            fields.set("periodic-over", periodic.duration.to_string());
            fields.set("periodic-every", periodic.interval.to_string());
            fields.set("periodic-first", periodic.first_after.to_string());
        }
    }
    if let Some(bolus) = &order.patient_bolus {
        fields.set("bolus", volume(bolus.volume));
        fields.set("bolus-over", bolus.duration.to_string());
        fields.set("lockout", bolus.lockout.to_string());
        fields.set("allotment", bolus.allotment.to_string());
    }
    if let Some(ramp) = &order.ramp {
        fields.set("ramp-first", ramp.first.to_string());
        fields.set("ramp-last", ramp.last.to_string());
        fields.set("ramp-steps", ramp.steps.to_string());
        fields.set("ramp-every", ramp.interval.to_string());
    }
    fields.set("alarm", volume(order.alarm_volume));
    fields.set("alarm-days", order.alarm_days.to_string());
    fields.set("gap", order.gap_limit.to_string());
    fields.set("threshold", order.front_threshold.to_string());
    fields.set("fallback", flow(order.fall_back));
    fields.set("emergency", if order.emergency.rate == EmergencyRate::MinimumRate { "minimum" } else { "fallback" });
    fields.set("signatures", order.signatures.to_string());
    fields
}

/// Reads the order that the form means. `None` where something is wrong; what, stands in the reader.
pub(crate) fn meant(
    form: &mut Reader<'_>,
    running: Option<&Prescription>,
    (order_number, author): (u64, u32),
) -> Option<Meant> {
    let mut notes = Vec::new();
    let (mixture, ceilings, returns_after) = fluid(form)?;
    let primary = mixture.primary()?;
    let mode = mode(form, primary, running, &mut notes);
    let patient_bolus = bolus(form, primary, &mut notes);
    let ramp = ramp(form);
    let bolus_start = match form.fields.text("bolus-reason") {
        "" => BolusStart::AfterADay,
        _ => form
            .count("bolus-reason", "Reason why boluses begin at once")
            .map_or(BolusStart::AfterADay, |reason| BolusStart::AtOnce { reason }),
    };
    let rate = match form.fields.text("emergency") {
        "fallback" => EmergencyRate::FallBack,
        "minimum" => EmergencyRate::MinimumRate,
        _ => {
            form.wrong("emergency", "Emergency rate", "must be chosen: the minimum rate or the fall-back");
            EmergencyRate::MinimumRate
        }
    };
    let alarm_volume = form.quantity("alarm", "Alarm volume");
    let alarm_days = form.count("alarm-days", "Alarm days");
    let gap_limit = form.quantity("gap", "Gap limit");
    let front_threshold = form.quantity("threshold", "Front threshold");
    let fall_back = flow(form, "fallback", "Fall-back", primary, &mut notes);
    let signatures = form.count("signatures", "Signatures");
    if !form.is_good() {
        return None;
    }
    let order = Prescription {
        order_number,
        author,
        mixture,
        mode: mode?,
        ramp,
        patient_bolus,
        bolus_start,
        ceilings,
        alarm_volume: alarm_volume?,
        alarm_days: alarm_days?,
        gap_limit: gap_limit?,
        front_threshold: front_threshold?,
        fall_back: fall_back?,
        emergency: EmergencyRule { rate, returns_after },
        signatures: signatures?,
    };
    if let Err(refusals) = order.check() {
        for refusal in refusals.iter() {
            form.wrong("order", "Order", refusal.to_string());
        }
        return None;
    }
    Some(Meant { order, notes })
}

type Fluid = (Mixture, [Ceiling; DRUGS_MAX], [Option<Duration>; DRUGS_MAX]);

fn fluid(form: &mut Reader<'_>) -> Option<Fluid> {
    let mut parts = Vec::new();
    let (mut ceilings, mut returns) = ([Ceiling::default(); DRUGS_MAX], [None; DRUGS_MAX]);
    let mut is_whole = true;
    for n in 0..DRUGS_MAX {
        let named = form.fields.text(&format!("drug{n}")).to_owned();
        if named.is_empty() {
            continue;
        }
        let Some(drug) = Drug::from_name(&named) else {
            form.wrong(&format!("drug{n}"), "Drug", "is no drug that the pump can be told of");
            is_whole = false;
            continue;
        };
        let strength: Option<Concentration> =
            form.quantity(&format!("strength{n}"), &format!("{named}, concentration"));
        let mut mass = |name: &str, word: &str| {
            form.quantity::<Mass>(&format!("{name}{n}"), &format!("{named}, ceiling for {word}"))
        };
        let (hour, four, day) = (mass("hour", "1 h"), mass("four", "4 h"), mass("day", "24 h"));
        let back = form.optional(&format!("returns{n}"), &format!("{named}, return after an emergency"));
        let place = parts.len();
        match (strength, hour, four, day) {
            (Some(concentration), Some(hour), Some(four_hours), Some(day)) => {
                parts.push(Component { drug, concentration });
                if let (Some(ceiling), Some(returns)) = (ceilings.get_mut(place), returns.get_mut(place)) {
                    *ceiling = Ceiling { hour, four_hours, day };
                    *returns = back;
                }
            }
            _ => is_whole = false,
        }
    }
    let mixture = Mixture::of(&parts).filter(|mixture| !mixture.is_empty());
    if mixture.is_none() {
        form.wrong("drug0", "Drugs", "one to four different drugs are a mixture; the first is the primary drug");
    }
    mixture.filter(|_| is_whole).map(|mixture| (mixture, ceilings, returns))
}

/// A flow, typed as such or as a dose of the primary drug.
fn flow(
    form: &mut Reader<'_>,
    name: &str,
    label: &str,
    primary: Component,
    notes: &mut Vec<String>,
) -> Option<FlowRate> {
    let text = form.needed(name, label)?;
    if let Ok(flow) = FlowRate::parse(text) {
        return Some(flow);
    }
    match MassRate::parse(text) {
        Ok(dose) => {
            let flow = dose.flow_at(primary.concentration)?;
            let given = flow.mass_rate(primary.concentration);
            if given != dose {
                notes.push(format!("{label}: {text} is {flow}, which gives {} less", dose.saturating_sub(given)));
            }
            Some(flow)
        }
        Err(why) => {
            form.wrong(name, label, format!("{why}; or a flow in mL/day"));
            None
        }
    }
}

/// A volume, typed as such or as a dose of the primary drug.
fn volume(
    form: &mut Reader<'_>,
    name: &str,
    label: &str,
    primary: Component,
    notes: &mut Vec<String>,
) -> Option<Volume> {
    let text = form.needed(name, label)?;
    if let Ok(volume) = Volume::parse(text) {
        return Some(volume);
    }
    match Mass::parse(text) {
        Ok(dose) => {
            let volume = dose.volume_at(primary.concentration)?;
            let given = volume.mass_at(primary.concentration);
            if given != dose {
                notes.push(format!("{label}: {text} is {volume}, which gives {} less", dose.saturating_sub(given)));
            }
            Some(volume)
        }
        Err(why) => {
            form.wrong(name, label, format!("{why}; or a volume in mL"));
            None
        }
    }
}

fn mode(
    form: &mut Reader<'_>,
    primary: Component,
    running: Option<&Prescription>,
    notes: &mut Vec<String>,
) -> Option<Mode> {
    match form.fields.text("mode") {
        "minimum" => Some(Mode::MinimumRate),
        "continuous" => flow(form, "basal", "Basal", primary, notes).map(Mode::Continuous),
        "schedule" => schedule(form, primary, notes).map(Mode::Schedule),
        "keep" if running.is_some() => running.map(|order| order.mode),
        "periodic" => {
            let background = flow(form, "basal", "Basal between boluses", primary, notes);
            let volume = volume(form, "periodic", "Periodic bolus", primary, notes);
            let duration = form.quantity("periodic-over", "Periodic bolus, over");
            let interval = form.quantity("periodic-every", "Periodic bolus, every");
            let first_after = form.quantity("periodic-first", "First periodic bolus after");
            Some(Mode::PeriodicBolus(PeriodicBolus {
                background: background?,
                volume: volume?,
                duration: duration?,
                interval: interval?,
                first_after: first_after?,
            }))
        }
        _ => {
            form.wrong("mode", "Mode", "must be chosen");
            None
        }
    }
}

/// The steps that were typed: minutes from midnight and the rate in mcg/h of the primary drug, as a number.
pub(crate) fn steps(fields: &Fields) -> Vec<(String, String)> {
    let step = |n: usize| {
        let (from, rate) = (fields.text(&format!("from-{n}")), fields.text(&format!("rate-{n}")));
        (!from.is_empty() || !rate.is_empty()).then(|| (from.to_owned(), rate.to_owned()))
    };
    (0..STEPS).map_while(step).collect()
}

fn schedule(form: &mut Reader<'_>, primary: Component, notes: &mut Vec<String>) -> Option<Schedule> {
    let typed = steps(form.fields);
    if typed.is_empty() {
        form.wrong("from-0", "Schedule", "has no step; add one that begins at 00:00");
        return None;
    }
    let mut flows = [FlowRate::ZERO; HALF_HOURS];
    let mut last = None;
    for (n, (from, rate)) in typed.iter().enumerate() {
        let half_hour =
            half_hour(from).filter(|at| if n == 0 { *at == 0 } else { last.is_some_and(|last| *at > last) });
        let Some(half_hour) = half_hour else {
            form.wrong(
                &format!("from-{n}"),
                "Schedule",
                "begins on a half hour, the first step at 00:00, each later than the one before",
            );
            return None;
        };
        let dose = match MassRate::parse(&format!("{rate} mcg/h")) {
            Ok(dose) => dose,
            Err(why) => {
                form.wrong(&format!("rate-{n}"), "Schedule", why.to_string());
                return None;
            }
        };
        let flow = dose.flow_at(primary.concentration)?;
        let short = dose.saturating_sub(flow.mass_rate(primary.concentration));
        if !short.is_zero() {
            notes.push(format!("Schedule, from {from}: {rate} mcg/h is {flow}, which gives {short} less"));
        }
        flows.iter_mut().skip(half_hour).for_each(|at| *at = flow);
        last = Some(half_hour);
    }
    Some(Schedule::every_day(flows))
}

fn half_hour(text: &str) -> Option<usize> {
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute): (usize, usize) = (hour.parse().ok()?, minute.get(..2)?.parse().ok()?);
    (hour < 24 && minute.is_multiple_of(30) && minute < 60).then_some(hour * 2 + minute / 30)
}

fn bolus(form: &mut Reader<'_>, primary: Component, notes: &mut Vec<String>) -> Option<PatientBolus> {
    let names = ["bolus", "bolus-over", "lockout", "allotment"];
    if names.iter().all(|name| form.fields.text(name).is_empty()) {
        return None;
    }
    let volume = volume(form, "bolus", "Patient bolus", primary, notes);
    let duration = form.quantity("bolus-over", "Patient bolus, over");
    let lockout = form.quantity("lockout", "Lockout, start to start");
    let allotment = form.count("allotment", "Boluses in 24 h");
    Some(PatientBolus { volume: volume?, duration: duration?, lockout: lockout?, allotment: allotment? })
}

fn ramp(form: &mut Reader<'_>) -> Option<Ramp> {
    let names = ["ramp-first", "ramp-last", "ramp-steps", "ramp-every"];
    if names.iter().all(|name| form.fields.text(name).is_empty()) {
        return None;
    }
    let first: Option<Permille> = form.quantity("ramp-first", "Ramp, from");
    let last = form.quantity("ramp-last", "Ramp, to");
    let steps = form.count("ramp-steps", "Ramp, steps");
    let interval = form.quantity("ramp-every", "Ramp, every");
    Some(Ramp { first: first?, last: last?, steps: steps?, interval: interval? })
}

/// An order line by line, for reading and for comparing.
pub(crate) fn lines(order: &Prescription, device: &Device) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    let mut line = |name: &str, value: String| all.push((name.to_owned(), value));
    let minimum = crate::session::profile_of(device).map_or(FlowRate::ZERO, |profile| profile.minimum_rate);
    let totals = formulary::totals::DayTotals::of(order, minimum);
    line("Mixture", crate::show::mixture(&order.mixture));
    line("Mode", mode_words(&order.mode));
    for part in order.mixture.iter() {
        let name = part.drug.name();
        line(&format!("{name} per day, basal"), totals.basal_of(part).to_string());
        line(&format!("{name} per day, with all boluses"), totals.most_of(part).to_string());
    }
    for (part, ceiling) in order.mixture.iter().zip(order.ceilings) {
        let words = format!("{} in 1 h, {} in 4 h, {} in 24 h", ceiling.hour, ceiling.four_hours, ceiling.day);
        line(&format!("{} ceilings", part.drug.name()), words);
    }
    line(
        "Patient bolus",
        order.patient_bolus.map_or_else(
            || "none".to_owned(),
            |bolus| {
                let doses: Vec<String> = order
                    .mixture
                    .iter()
                    .map(|c| format!("{} {}", bolus.volume.mass_at(c.concentration), c.drug.name()))
                    .collect();
                format!("{} ({}) over {}", bolus.volume, doses.join(", "), bolus.duration)
            },
        ),
    );
    line(
        "Lockout, start to start",
        order.patient_bolus.map_or_else(|| "—".to_owned(), |bolus| bolus.lockout.to_string()),
    );
    line("Boluses in 24 h", order.patient_bolus.map_or_else(|| "—".to_owned(), |bolus| bolus.allotment.to_string()));
    line(
        "Ramp",
        order.ramp.map_or_else(
            || "none".to_owned(),
            |ramp| format!("{} to {} in {} steps, every {}", ramp.first, ramp.last, ramp.steps, ramp.interval),
        ),
    );
    line("Alarm volume", order.alarm_volume.to_string());
    line("Alarm days", format!("{} days before", order.alarm_days));
    line("Gap limit", order.gap_limit.to_string());
    line("Front threshold", order.front_threshold.to_string());
    let dose = order
        .mixture
        .primary()
        .map(|part| format!(" ({} {})", order.fall_back.mass_rate(part.concentration), part.drug.name()));
    line("Fall-back", format!("{}{}", order.fall_back, dose.unwrap_or_default()));
    line(
        "Emergency",
        match order.emergency.rate {
            EmergencyRate::MinimumRate => "minimum rate".to_owned(),
            EmergencyRate::FallBack => "fall-back".to_owned(),
        },
    );
    line("Signatures", order.signatures.to_string());
    all
}

fn mode_words(mode: &Mode) -> String {
    match mode {
        Mode::MinimumRate => "minimum rate".to_owned(),
        Mode::Continuous(flow) => format!("continuous, {flow}"),
        Mode::Schedule(schedule) => {
            let volumes: Vec<_> = (0..7).map(|day| schedule.day_volume(day)).collect();
            let (least, most) =
                (volumes.iter().min().copied().unwrap_or_default(), volumes.iter().max().copied().unwrap_or_default());
            let times = match schedule.sets().count() {
                1 => "every day".to_owned(),
                sets => format!("{sets} kinds of day"),
            };
            if least == most {
                format!("schedule, {times}, {most} a day")
            } else {
                format!("schedule, {times}, {least} to {most} a day")
            }
        }
        Mode::PeriodicBolus(periodic) => format!(
            "{} and {} over {} every {}",
            periodic.background, periodic.volume, periodic.duration, periodic.interval
        ),
    }
}
