//! Reads a protocol: what is missing, unknown or does not fit is refused with file, line, key, value and what would be
//! right; nothing is filled in.

use super::{Give, Protocol, ROWS_MAX, Sample, What};
use crate::body::{Body, Site, Way};
use crate::bolus::{self, Posture};
use crate::person::Person;
use crate::presets;
use crate::sheet::{BadInput, Section, Sheet};
use crate::time::Time;
use crate::units::Kind;

impl Protocol {
    /// Reads a protocol from a file's text.
    ///
    /// # Errors
    /// Whatever is missing, unknown or does not fit, with file, line, key, value and what would be right.
    pub fn read(file: &str, text: &str) -> Result<Self, BadInput> {
        let sheet = Sheet::parse(file, text)?;
        let top = sheet.top();
        top.only(&["species", "seed", "number", "tip", "drugs", "give", "sample", "pain", "spasticity", "person"])?;
        let person = person(&top, file)?;
        let drugs: Vec<String> = top.texts("drugs")?.into_iter().map(str::to_owned).collect();
        if drugs.is_empty() {
            return Err(top.refuse("drugs", "none", "at least one drug"));
        }
        let tip = place(&top, "tip", top.text("tip")?, &person)?;
        let mut all = Vec::new();
        for section in top.sections("give")? {
            gives(&section, &person, &drugs, &mut all)?;
        }
        if all.is_empty() {
            return Err(top.refuse("give", "nothing", "at least one [[give]]: this protocol never gives"));
        }
        all.sort_by_key(|give| give.at);
        let part = top.section("sample")?;
        let (samples, times) = samples(&part, &person)?;
        let names: Vec<&str> = drugs.iter().map(String::as_str).collect();
        // Whatever the drugs lack for this body is refused here, with the protocol's own key.
        Body::new(person.clone(), &names, tip).map_err(|refusal| top.refuse("drugs", names.join(", "), refusal))?;
        Ok(Self { person, drugs, tip, gives: all, samples, times })
    }
}

fn person(top: &Section<'_>, file: &str) -> Result<Person, BadInput> {
    let species = top.text("species")?;
    let wrong = |refusal: BadInput| top.refuse("species", species, refusal.want);
    let is_drawn = top.has("seed") || top.has("number");
    let mut person = match top.text_if("person")? {
        Some(name) if is_drawn => {
            return Err(top.refuse("person", name, "either person, or seed with number: both are stated"));
        }
        Some(name) if name.ends_with(".toml") => {
            let path = std::path::Path::new(file).parent().unwrap_or(std::path::Path::new("")).join(name);
            let text = std::fs::read_to_string(&path)
                .map_err(|why| top.refuse("person", path.display(), format!("a file that can be read: {why}")))?;
            presets::read(&path.display().to_string(), &text, species)?
        }
        Some(name) => presets::named(name, species).map_err(|refusal| top.refuse("person", name, refusal.want))?,
        None if is_drawn => Person::drawn(species, top.whole("seed")?, top.whole("number")?).map_err(wrong)?,
        None => Person::median(species).map_err(wrong)?,
    };
    if let Some(pain) = top.quantity_if("pain", Kind::Points)? {
        if pain > 10.0 {
            return Err(top.refuse("pain", pain, "0 to 10 points"));
        }
        person.pain.mean = pain;
    }
    if let Some(points) = top.quantity_if("spasticity", Kind::Points)? {
        if points > 4.0 {
            return Err(top.refuse("spasticity", points, "0 to 4 points"));
        }
        person.spasticity = points;
    }
    Ok(person)
}

fn place(section: &Section<'_>, key: &str, text: &str, person: &Person) -> Result<f64, BadInput> {
    let canal = &person.species.canal;
    let found = canal.levels.read(text).filter(|cm| *cm <= canal.length);
    found.ok_or_else(|| {
        section.refuse(
            key,
            text,
            format!("a level C1 to S2, or \"0 cm\" to \"{} cm\" from the sac's end", canal.length),
        )
    })
}

fn moment(section: &Section<'_>, key: &str) -> Result<Time, BadInput> {
    let minutes = section.quantity(key, Kind::Time)?;
    Time::from_minutes(minutes).ok_or_else(|| section.refuse(key, minutes, "a time of this life"))
}

/// A rate or dose, directly or as flow or volume times concentration.
fn amount(section: &Section<'_>, direct: (&str, Kind), by: (&str, Kind)) -> Result<f64, BadInput> {
    if section.has(direct.0) && section.has(by.0) && direct.0 == "rate" {
        return Err(section.refuse(by.0, "both", format!("either {} or {} with concentration", direct.0, by.0)));
    }
    if section.has(direct.0) {
        return section.quantity(direct.0, direct.1);
    }
    if !section.has(by.0) {
        let want = format!("{} or {} with concentration", direct.0, by.0);
        return Err(section.refuse(direct.0, "nothing", want));
    }
    Ok(section.quantity(by.0, by.1)? * section.quantity("concentration", Kind::Concentration)?)
}

fn gives(section: &Section<'_>, person: &Person, drugs: &[String], all: &mut Vec<Give>) -> Result<(), BadInput> {
    section.only(&[
        "kind",
        "drug",
        "start",
        "stop",
        "rate",
        "flow",
        "concentration",
        "dose",
        "volume",
        "level",
        "posture",
        "density",
        "baricity",
        "duration",
        "every",
        "times",
    ])?;
    let name = section.text("drug")?;
    let drug = drugs.iter().position(|known| known == name);
    let drug = drug.ok_or_else(|| section.refuse("drug", name, format!("one of {}", drugs.join(", "))))?;
    let start = moment(section, "start")?;
    let kind = section.text("kind")?;
    let mut push = |at: Time, way: Way, what: What| all.push(Give { at, drug, way, what });
    match kind {
        "infusion" => {
            foreign(
                section,
                "an infusion",
                &["dose", "volume", "level", "posture", "density", "baricity", "duration", "every", "times"],
            )?;
            let rate = amount(section, ("rate", Kind::MassRate), ("flow", Kind::Flow))?;
            push(start, Way::Tip, What::Basal(rate));
            if section.has("stop") {
                let stop = moment(section, "stop")?;
                if stop <= start {
                    return Err(section.refuse("stop", stop.minutes(), "a time after start"));
                }
                push(stop, Way::Tip, What::Basal(0.0));
            }
            Ok(())
        }
        "pump bolus" | "hand bolus" | "epidural bolus" | "vein" => {
            foreign(section, "a bolus", &["rate", "flow", "stop"])?;
            let mass = amount(section, ("dose", Kind::Mass), ("volume", Kind::Volume))?;
            let way = way(section, kind, person, name, mass)?;
            let lasts = if section.has("duration") { moment(section, "duration")? } else { Time::START };
            if lasts > Time::START && kind != "pump bolus" {
                return Err(section.refuse("duration", lasts.minutes(), "only a pump bolus takes its time"));
            }
            for at in repeats(section, start)? {
                if lasts > Time::START {
                    let rate = mass / lasts.minutes();
                    push(at, way, What::Beside(rate));
                    push(Time { ms: at.ms.saturating_add(lasts.ms) }, way, What::Beside(-rate));
                } else {
                    push(at, way, What::Mass(mass));
                }
            }
            Ok(())
        }
        other => Err(section.refuse("kind", other, "infusion, pump bolus, hand bolus, epidural bolus or vein")),
    }
}

/// Refuses a key that another kind of giving has: it would be read by nobody.
fn foreign(section: &Section<'_>, kind: &str, keys: &[&str]) -> Result<(), BadInput> {
    match keys.iter().find(|key| section.has(key)) {
        Some(key) => Err(section.refuse(key, "a key of another kind", format!("{key} does not belong to {kind}"))),
        None => Ok(()),
    }
}

fn repeats(section: &Section<'_>, start: Time) -> Result<Vec<Time>, BadInput> {
    if !section.has("every") && !section.has("times") {
        return Ok(vec![start]);
    }
    let (every, times) = (moment(section, "every")?, section.whole("times")?);
    if every == Time::START || times == 0 || times > 100_000 {
        return Err(section.refuse("times", times, "1 to 100000 times, every more than nothing"));
    }
    Ok((0..times).map(|n| Time { ms: start.ms.saturating_add(n.saturating_mul(every.ms)) }).collect())
}

fn way(section: &Section<'_>, kind: &str, person: &Person, drug: &str, mass: f64) -> Result<Way, BadInput> {
    match kind {
        "vein" => Ok(Way::Blood),
        "epidural bolus" => {
            let volume = section.quantity("volume", Kind::Volume)?;
            let cm = place(section, "level", section.text("level")?, person)?;
            // An epidural millilitre covers about half a segment to either side.
            Ok(Way::Epidural(cm, 1.5 + 0.6 * volume))
        }
        "hand bolus" => {
            let volume = section.quantity("volume", Kind::Volume)?;
            let cm = place(section, "level", section.text("level")?, person)?;
            let named = section.text("posture")?;
            let posture =
                Posture::named(named).ok_or_else(|| section.refuse("posture", named, "sitting, supine or lateral"))?;
            let known = crate::drug::Drug::named(drug).map_err(|refusal| section.refuse("drug", drug, refusal.want))?;
            let density = match (section.quantity_if("density", Kind::Density)?, section.text_if("baricity")?) {
                (Some(_), Some(both)) => {
                    return Err(section.refuse("baricity", both, "either density or baricity: both are stated"));
                }
                (Some(density), None) => density,
                (None, Some(named)) => bolus::density_of_baricity(named).ok_or_else(|| {
                    section.refuse(
                        "baricity",
                        named,
                        "hyperbaric, isobaric, hypobaric, or a density over that of CSF such as \"1.02\"",
                    )
                })?,
                (None, None) if volume > 0.0 => bolus::density(&known, mass / volume, 0.0),
                (None, None) => return Err(section.refuse("volume", volume, "a volume above zero")),
            };
            let canal = person.factors.canal(&person.species);
            bolus::by_hand(&canal, cm, volume, density, posture)
                .map_err(|refusal| section.refuse("volume", volume, refusal.want))
        }
        _ => Ok(Way::Tip),
    }
}

fn samples(part: &Section<'_>, person: &Person) -> Result<(Vec<Sample>, Vec<Time>), BadInput> {
    part.only(&["sites", "every", "until", "at"])?;
    let mut found = Vec::new();
    for text in part.texts("sites")? {
        found.push(sample(part, text, person)?);
    }
    if found.is_empty() {
        return Err(part.refuse("sites", "none", "at least one site"));
    }
    let mut times = Vec::new();
    if part.has("at") {
        for text in part.texts("at")? {
            let minutes = part.quantity_of("at", text, Kind::Time)?;
            let time = Time::from_minutes(minutes).ok_or_else(|| part.refuse("at", text, "a time of this life"))?;
            times.push(time);
        }
    }
    if part.has("every") {
        let (every, until) = (moment(part, "every")?, moment(part, "until")?);
        let rows = until.ms.checked_div(every.ms).map(|n| n.saturating_mul(found.len() as u64));
        if rows.is_none_or(|n| n > ROWS_MAX) {
            return Err(part.refuse("every", every.minutes(), format!("a step that makes at most {ROWS_MAX} rows")));
        }
        times.extend((0..=until.ms / every.ms).map(|n| Time { ms: n * every.ms }));
    }
    if times.is_empty() {
        return Err(part.refuse("every", "nothing", "every with until, or at = [times]"));
    }
    times.sort();
    times.dedup();
    Ok((found, times))
}

fn sample(part: &Section<'_>, text: &str, person: &Person) -> Result<Sample, BadInput> {
    let want = "\"csf L3\", \"cord T10\", \"epidural L3\", \"cisternal\", \"plasma\", \"target\" or \"effects\"";
    let site = match text.split_once(' ') {
        Some(("csf", level)) => Site::Csf(place(part, "sites", level, person)?),
        Some(("cord", level)) => {
            let cm = place(part, "sites", level, person)?;
            if cm <= person.species.canal.conus {
                return Err(part.refuse("sites", text, "a level above the conus: the cord ends there"));
            }
            Site::Cord(cm)
        }
        Some(("epidural", level)) => Site::Epidural(place(part, "sites", level, person)?),
        Some(_) => return Err(part.refuse("sites", text, want)),
        None => match text {
            "cisternal" => Site::Cisternal,
            "plasma" if person.species.has_effects() => Site::Plasma,
            "plasma" => return Err(part.refuse("sites", text, "CSF or cord: blood is calibrated for man only")),
            "target" => Site::Target,
            "effects" if person.species.has_effects() => return Ok(Sample::Effects),
            "effects" => return Err(part.refuse("sites", text, "levels: effects are calibrated for man only")),
            _ => return Err(part.refuse("sites", text, want)),
        },
    };
    Ok(Sample::Level { name: text.into(), site })
}
