//! Persons by name, and persons in a file.
//!
//! Answers for: a handful of presets that stand for kinds of people, and a file of the same form for one's own. What a file
//! does not state is the median. The factors of the presets are assumptions of this project, for trying things out.

use crate::person::Person;
use crate::sheet::{BadInput, Section, Sheet};
use crate::units::Kind;

/// Files of the presets, embedded.
const FILES: [(&str, &str); 5] = [
    ("median", include_str!("../persons/median.toml")),
    ("elder", include_str!("../persons/elder.toml")),
    ("slow-mixing", include_str!("../persons/slow-mixing.toml")),
    ("fast-mixing", include_str!("../persons/fast-mixing.toml")),
    ("sensitive", include_str!("../persons/sensitive.toml")),
];

/// Names of the presets.
pub fn names() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(name, _)| *name)
}

/// The preset of this name, in a body of this species.
///
/// # Errors
/// There is no such preset or species.
pub fn named(name: &str, species: &str) -> Result<Person, BadInput> {
    let Some((known, text)) = FILES.iter().find(|(known, _)| *known == name) else {
        let all: Vec<&str> = names().collect();
        return Err(BadInput::of_call("person", name, &format!("one of {}, or a .toml file", all.join(", "))));
    };
    read(&format!("persons/{known}.toml"), text, species)
}

/// Reads a person from a file's text.
///
/// # Errors
/// Whatever is unknown or does not fit, with file, line, key, value and what would be right.
pub fn read(file: &str, text: &str, species: &str) -> Result<Person, BadInput> {
    let sheet = Sheet::parse(file, text)?;
    let top = sheet.top();
    top.only(&["what", "mass", "pain", "spasticity", "factors", "sensitivity"])?;
    top.text("what")?;
    let mut person = Person::median(species)?;
    if let Some(mass) = top.quantity_if("mass", Kind::BodyMass)? {
        if mass <= 0.0 {
            return Err(top.refuse("mass", mass, "a mass above zero"));
        }
        person.species.mass = mass;
    }
    for (key, most, of) in [("pain", 10.0, &mut person.pain.mean), ("spasticity", 4.0, &mut person.spasticity)] {
        if let Some(points) = top.quantity_if(key, Kind::Points)? {
            if points > most {
                return Err(top.refuse(key, points, format!("0 to {most} points")));
            }
            *of = points;
        }
    }
    let f = &mut person.factors;
    factors(
        &top,
        "factors",
        &mut [
            ("volume", &mut f.volume),
            ("dispersion", &mut f.dispersion),
            ("loss", &mut f.loss),
            ("cranial", &mut f.cranial),
            ("clearance", &mut f.clearance),
            ("uptake", &mut f.uptake),
        ],
    )?;
    let s = &mut person.sensitivity;
    factors(
        &top,
        "sensitivity",
        &mut [
            ("relief", &mut s.relief),
            ("depression", &mut s.depression),
            ("side_effects", &mut s.side_effects),
            ("tolerance", &mut s.tolerance),
        ],
    )?;
    Ok(person)
}

/// Factors on the median that a section may state.
fn factors(top: &Section<'_>, name: &str, into: &mut [(&str, &mut f64)]) -> Result<(), BadInput> {
    let Some(part) = top.section_if(name)? else { return Ok(()) };
    let known: Vec<&str> = into.iter().map(|(key, _)| *key).collect();
    part.only(&known)?;
    for (key, value) in into.iter_mut().filter(|(key, _)| part.has(key)) {
        **value = part.factor(key)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_read_and_only_the_median_is_the_median() {
        let median = Person::median("adult").unwrap();
        for name in names() {
            let person = named(name, "adult").unwrap_or_else(|refusal| panic!("{refusal}"));
            assert_eq!(person == median, name == "median", "{name}");
        }
        assert!(named("nobody", "adult").unwrap_err().to_string().contains("elder"));
    }

    #[test]
    fn a_factor_that_is_none_is_refused_with_its_line() {
        for (wrong, line) in [("volume = 0", 3), ("volume = -1", 3), ("volume = nan", 3), ("width = 1", 3)] {
            let told = read("p.toml", &format!("what = \"x\"\n[factors]\n{wrong}\n"), "adult").unwrap_err();
            assert_eq!((told.line, told.file.as_str()), (line, "p.toml"), "{told}");
        }
        assert_eq!(read("p.toml", "what = \"x\"\npain = \"11 points\"\n", "adult").unwrap_err().line, 2);
    }
}
