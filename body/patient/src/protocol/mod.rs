//! Protocol files: what is given to whom, and what is read when; and the rows that come out.
//!
//! Answers for: running a protocol and writing rows in long form. `reading` refuses every defect by file, line, value and
//! what would be right; `drawing` makes its picture. The physics is `body`'s.
//!
//! ```toml
//! species = "adult"
//! tip = "T10"                      # a level, or "28.4 cm"
//! drugs = ["morphine"]
//! seed = 7                         # with number: a person of the population
//! number = 3                       # or person = "elder", or person = "somebody.toml"; without any: the median
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

mod drawing;
mod reading;

use std::fmt::Write as _;

use crate::body::{Body, Site, Way};
use crate::effects::Felt;
use crate::person::Person;
use crate::sheet::BadInput;
use crate::time::Time;

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
    /// µg/min from then on, in place of the basal rate that was.
    Basal(f64),
    /// µg/min more (or less) from then on, beside the basal rate: a bolus that takes its time.
    Beside(f64),
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
    /// Runs it; rows are in order of time, site and quantity.
    ///
    /// # Errors
    /// Something that only shows in the running, such as cord asked for below the conus.
    pub fn run(&self) -> Result<Vec<Row>, BadInput> {
        let names: Vec<&str> = self.drugs.iter().map(String::as_str).collect();
        let mut body = Body::new(self.person.clone(), &names, self.tip)?;
        let mut rows = Vec::new();
        self.at_times(&mut body, &self.times, |body| {
            for sample in &self.samples {
                match sample {
                    Sample::Level { name, site } => self.levels(body, name, *site, &mut rows)?,
                    Sample::Effects => effects(body, &mut rows),
                }
            }
            Ok(())
        })?;
        Ok(rows)
    }

    /// Gives what is to be given and looks at the body at each of some rising times.
    fn at_times(
        &self,
        body: &mut Body,
        times: &[Time],
        mut look: impl FnMut(&mut Body) -> Result<(), BadInput>,
    ) -> Result<(), BadInput> {
        let mut rates = vec![(0.0, 0.0); self.drugs.len()];
        let mut next = self.gives.iter().peekable();
        for time in times {
            while let Some(give) = next.next_if(|give| give.at <= *time) {
                let (basal, beside) = &mut rates[give.drug];
                match give.what {
                    What::Mass(mass) => {
                        body.give_by(give.at, give.drug, give.way, mass)?;
                        continue;
                    }
                    What::Basal(rate) => *basal = rate,
                    What::Beside(rate) => *beside = (*beside + rate).max(0.0),
                }
                body.infuse(give.at, give.drug, give.way, *basal + *beside)?;
            }
            body.advance(*time)?;
            look(body)?;
        }
        Ok(())
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
    fn a_bolus_that_takes_its_time_comes_beside_the_basal_rate_and_ends() {
        let bolus = "[[give]]\nkind = \"pump bolus\"\ndrug = \"morphine\"\nstart = \"1 h\"\ndose = \"60 ug\"\nduration = \"30 min\"\n\n[sample]";
        let with = Protocol::read("p.toml", &GOOD.replace("[sample]", bolus)).unwrap();
        let without = Protocol::read("p.toml", GOOD).unwrap();
        let given = |protocol: &Protocol| {
            let mut body = Body::new(protocol.person.clone(), &["morphine", "bupivacaine"], protocol.tip).unwrap();
            protocol.at_times(&mut body, &protocol.times, |_| Ok(())).unwrap();
            body.balance(0).unwrap().given
        };
        assert!((given(&with) - given(&without) - 60.0).abs() < 1e-9, "{} {}", given(&with), given(&without));
    }

    #[test]
    fn a_preset_and_a_named_baricity_change_what_is_read() {
        let rows = |text: &str| csv(&Protocol::read("p.toml", text).unwrap().run().unwrap());
        let elder = GOOD.replace("seed = 7\nnumber = 3", "person = \"elder\"");
        assert_ne!(rows(&elder), rows(&GOOD.replace("seed = 7\nnumber = 3\n", "")));
        let heavy = GOOD.replace("posture = \"sitting\"", "posture = \"sitting\"\nbaricity = \"hyperbaric\"");
        assert_ne!(rows(&heavy), rows(GOOD));
    }

    #[test]
    fn its_picture_shows_every_drug_the_tip_and_what_is_felt() {
        let svg = Protocol::read("p.toml", GOOD).unwrap().picture().unwrap().svg();
        for word in ["morphine", "bupivacaine", "tip", "pain", "breathing", "C1", "L3", "5 mg"] {
            assert!(svg.contains(word), "{word}");
        }
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
            ("seed = 7\nnumber = 3", "person = \"nobody\"", 4, "elder"),
            ("seed = 7\nnumber = 3", "person = \"none.toml\"", 4, "a file that can be read"),
            ("number = 3", "person = \"elder\"", 5, "either"),
            ("posture = \"sitting\"", "posture = \"sitting\"\nbaricity = \"lead\"", 22, "hyperbaric"),
            ("start = \"0 h\"", "start = \"0 h\"\nevery = \"1 h\"", 11, "does not belong to an infusion"),
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
