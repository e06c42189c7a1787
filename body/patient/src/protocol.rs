//! Protocol files: what is given to whom, and what is read when; and the rows that come out.
//!
//! Answers for: reading a protocol (TOML) with every defect refused by file, line, value and what would be right, running
//! it, and writing rows in long form. The physics is `body`'s.
//!
//! ```toml
//! species = "adult"
//! tip = "T10"                      # a level, or "28.4 cm"
//! drugs = ["morphine"]
//! seed = 7                         # with number: a person of the population; without: the median
//! number = 3
//!
//! [[give]]
//! kind = "infusion"                # infusion, pump bolus, hand bolus, epidural bolus, vein
//! drug = "morphine"
//! start = "0 h"
//! rate = "0.5 mg/d"                # or flow = "0.25 mL/d" with concentration = "2 mg/mL"
//!
//! [sample]
//! sites = ["csf L3", "csf C2", "cisternal", "cord T10", "plasma", "effects"]
//! every = "10 min"
//! until = "3 d"
//! ```

use std::fmt::Write as _;

use crate::body::{Body, Site, Way};
use crate::bolus::{self, Posture};
use crate::effects::Felt;
use crate::person::Person;
use crate::sheet::{BadInput, Section, Sheet};
use crate::time::Time;
use crate::units::Kind;

/// Rows that one protocol may write: a year of minutes at a dozen sites.
const ROWS_MAX: u64 = 8_000_000;

/// One thing given.
#[derive(Debug, Clone, PartialEq)]
struct Give {
    at: Time,
    drug: usize,
    way: Way,
    what: What,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum What {
    /// µg at once.
    Mass(f64),
    /// µg/min from then on.
    Rate(f64),
}

/// What a row reads.
#[derive(Debug, Clone, PartialEq)]
enum Sample {
    Level { name: String, site: Site },
    Effects,
}

/// A protocol, read and checked.
#[derive(Debug, Clone)]
pub struct Protocol {
    person: Person,
    drugs: Vec<String>,
    tip: f64,
    gives: Vec<Give>,
    samples: Vec<Sample>,
    times: Vec<Time>,
}

/// One row of output.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Minutes since the start.
    pub time_min: f64,
    /// Where, as the protocol names it.
    pub site: String,
    /// What: a drug's level or an effect.
    pub quantity: String,
    /// How much.
    pub value: f64,
    /// Its unit.
    pub unit: &'static str,
}

impl Protocol {
    /// Reads a protocol from a file's text.
    ///
    /// # Errors
    /// Whatever is missing, unknown or does not fit, with file, line, key, value and what would be right.
    pub fn read(file: &str, text: &str) -> Result<Self, BadInput> {
        let sheet = Sheet::parse(file, text)?;
        let top = sheet.top();
        top.only(&["species", "seed", "number", "tip", "drugs", "give", "sample", "pain", "spasticity"])?;
        let person = person(&top)?;
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

    /// Runs it; rows are in order of time, site and quantity.
    ///
    /// # Errors
    /// Something that only shows in the running, such as cord asked for below the conus.
    pub fn run(&self) -> Result<Vec<Row>, BadInput> {
        let names: Vec<&str> = self.drugs.iter().map(String::as_str).collect();
        let mut body = Body::new(self.person.clone(), &names, self.tip)?;
        let mut rows = Vec::new();
        let mut next = self.gives.iter().peekable();
        for time in &self.times {
            while let Some(give) = next.next_if(|give| give.at <= *time) {
                match give.what {
                    What::Mass(mass) => body.give_by(give.at, give.drug, give.way, mass)?,
                    What::Rate(rate) => body.infuse(give.at, give.drug, give.way, rate)?,
                }
            }
            body.advance(*time)?;
            for sample in &self.samples {
                match sample {
                    Sample::Level { name, site } => self.levels(&mut body, name, *site, &mut rows)?,
                    Sample::Effects => effects(&body, &mut rows),
                }
            }
        }
        Ok(rows)
    }

    fn levels(&self, body: &mut Body, name: &str, site: Site, rows: &mut Vec<Row>) -> Result<(), BadInput> {
        for (drug, quantity) in self.drugs.iter().enumerate() {
            let value = body.level(drug, site)? * 1000.0;
            let (site, quantity) = (name.to_owned(), quantity.clone());
            rows.push(Row { time_min: body.now().minutes(), site, quantity, value, unit: "ng/mL" });
        }
        Ok(())
    }

    /// The drugs, in the order of the protocol.
    pub fn drugs(&self) -> &[String] {
        &self.drugs
    }

    /// The person.
    pub fn person(&self) -> &Person {
        &self.person
    }

    /// The tip, cm from the sac's end.
    pub fn tip(&self) -> f64 {
        self.tip
    }
}

fn person(top: &Section<'_>) -> Result<Person, BadInput> {
    let species = top.text("species")?;
    let wrong = |refusal: BadInput| top.refuse("species", species, refusal.want);
    let mut person = if top.has("seed") || top.has("number") {
        Person::drawn(species, top.whole("seed")?, top.whole("number")?).map_err(wrong)?
    } else {
        Person::median(species).map_err(wrong)?
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
            let rate = amount(section, ("rate", Kind::MassRate), ("flow", Kind::Flow))?;
            push(start, Way::Tip, What::Rate(rate));
            if section.has("stop") {
                let stop = moment(section, "stop")?;
                if stop <= start {
                    return Err(section.refuse("stop", stop.minutes(), "a time after start"));
                }
                push(stop, Way::Tip, What::Rate(0.0));
            }
            Ok(())
        }
        "pump bolus" | "hand bolus" | "epidural bolus" | "vein" => {
            let mass = amount(section, ("dose", Kind::Mass), ("volume", Kind::Volume))?;
            let way = way(section, kind, person, name, mass)?;
            for at in repeats(section, start)? {
                push(at, way, What::Mass(mass));
            }
            Ok(())
        }
        other => Err(section.refuse("kind", other, "infusion, pump bolus, hand bolus, epidural bolus or vein")),
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
            let density = match section.quantity_if("density", Kind::Density)? {
                Some(density) => density,
                None if volume > 0.0 => bolus::density(&known, mass / volume, 0.0),
                None => return Err(section.refuse("volume", volume, "a volume above zero")),
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

/// An effect's name, its unit and how it is read.
type Effect = (&'static str, &'static str, fn(&Felt) -> f64);

/// Every effect that a row can tell.
const EFFECTS: [Effect; 13] = [
    ("pain", "points of 10", |f| f.pain),
    ("sedation", "1", |f| f.sedation),
    ("breathing", "breaths/min", |f| f.breaths_per_min),
    ("carbon dioxide", "mmHg", |f| f.co2),
    ("spasticity", "points of 4", |f| f.spasticity),
    ("motor block", "points of 3", |f| f.motor_block),
    ("blood pressure", "mmHg", |f| f.pressure),
    ("nausea", "points of 10", |f| f.nausea),
    ("itching", "points of 10", |f| f.itching),
    ("urinary retention", "1", |f| f.retention),
    ("constipation", "1", |f| f.constipation),
    ("withdrawal", "1", |f| f.withdrawal),
    ("granuloma", "1", |f| f.granuloma),
];

fn effects(body: &Body, rows: &mut Vec<Row>) {
    let Some(felt) = body.felt() else { return };
    for (quantity, unit, read) in EFFECTS {
        rows.push(Row {
            time_min: body.now().minutes(),
            site: "effects".into(),
            quantity: quantity.into(),
            value: read(&felt),
            unit,
        });
    }
}

/// Rows as CSV with a head.
pub fn csv(rows: &[Row]) -> String {
    let mut text = String::from("time_min,site,quantity,value,unit\n");
    for row in rows {
        let _ = writeln!(text, "{},{},{},{:e},{}", row.time_min, row.site, row.quantity, row.value, row.unit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"species = "adult"
tip = "T10"
drugs = ["morphine", "bupivacaine"]
seed = 7
number = 3

[[give]]
kind = "infusion"
drug = "morphine"
start = "0 h"
flow = "0.25 mL/d"
concentration = "2 mg/mL"

[[give]]
kind = "hand bolus"
drug = "bupivacaine"
start = "2 h"
dose = "5 mg"
volume = "2 mL"
level = "L3"
posture = "sitting"

[sample]
sites = ["csf L3", "cisternal", "cord T10", "plasma", "effects"]
every = "30 min"
until = "6 h"
"#;

    #[test]
    fn a_protocol_runs_and_its_rows_are_long_and_the_same_each_time() {
        let run = || csv(&Protocol::read("p.toml", GOOD).unwrap().run().unwrap());
        let text = run();
        assert_eq!(text, run());
        assert_eq!(text.lines().count(), 1 + 13 * (4 * 2 + 13));
        assert!(text.contains("360,csf L3,morphine,") && text.contains("effects,pain,"), "{text}");
        let block = |at: &str| {
            let line = text.lines().find(|l| l.starts_with(at)).unwrap();
            line.split(',').nth(3).unwrap().parse::<f64>().unwrap()
        };
        assert!(block("90,csf L3,bupivacaine") == 0.0 && block("150,csf L3,bupivacaine") > 1000.0);
    }

    #[test]
    fn each_defect_is_refused_with_its_line_and_what_would_be_right() {
        let wrong = [
            ("\"T10\"\n", "\"T13\"\n", 2, "a level C1 to S2"),
            ("\"T10\"\n", "\"99 cm\"\n", 2, "a level C1 to S2"),
            ("\"adult\"", "\"cat\"", 1, "adult"),
            ("[\"morphine\", \"bup", "[\"tea\", \"bup", 9, "one of tea"),
            ("\"0.25 mL/d\"", "\"0.25 mL\"", 11, "does not fit"),
            ("\"0.25 mL/d\"", "\"-0.25 mL/d\"", 11, "not negative"),
            ("\"0.25 mL/d\"", "\"nan mL/d\"", 11, "not negative"),
            ("\"2 mg/mL\"", "\"2 grain/mL\"", 12, "mg/mL"),
            ("\"sitting\"", "\"dancing\"", 21, "supine"),
            ("\"hand bolus\"", "\"potion\"", 15, "hand bolus"),
            ("\"2 mL\"", "\"0 mL\"", 19, "above zero"),
            ("\"cord T10\"", "\"cord L4\"", 24, "conus"),
            ("\"cisternal\"", "\"liver\"", 24, "cisternal"),
            ("\"30 min\"", "\"0 min\"", 25, "rows"),
            ("dose = ", "does = ", 18, "one of"),
        ];
        for (from, to, line, want) in wrong {
            let told = Protocol::read("p.toml", &GOOD.replacen(from, to, 1)).unwrap_err();
            assert!(told.line == line && told.to_string().contains(want), "{to}: {told}");
        }
        let never = GOOD.replace("[[give]]", "[[sample.x]]");
        assert!(Protocol::read("p.toml", &never).unwrap_err().to_string().contains("give"));
        let dog = GOOD.replace("\"adult\"", "\"dog\"").replace("seed = 7\nnumber = 3\n", "");
        assert!(Protocol::read("p.toml", &dog).is_err());
    }
}
