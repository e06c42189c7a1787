//! Words: the one name a thing has here, and words that have no place in the project.
//!
//! The second list is written turned by thirteen letters, so that it does not find itself.

use super::Finding;
use crate::rooms::File;
use crate::source::tokens;

/// In the rooms of device and bench: a word that is not used, and the one that is.
const HOUSE: &[(&str, &str)] = &[
    ("Medication", "Mixture"),
    ("Cooldown", "Lockout"),
    ("cooldown", "lockout"),
    ("KVO", "MinimumRate"),
    ("PTM", "PatientBolus"),
    ("Leftover", "Residual"),
    ("NextFill", "RefillBy"),
    ("LowBattery", "ReplacementIndicator"),
    ("MaxDose", "Ceiling"),
    ("max_dose", "ceiling"),
    ("MaxCount", "Allotment"),
    ("max_count", "allotment"),
    ("TestCase", "Scenario"),
    ("Purge", "PrimingBolus"),
];

/// Endings of a type's name that say nothing about what it does.
const EMPTY_ENDINGS: &[&str] = &["Manager", "Handler", "Util", "Utils", "Helper"];

/// Names of tools that write text.
const TOOLS: &[&str] = &[
    "pynhqr",
    "naguebcvp",
    "bcranv",
    "pungtcg",
    "pbcvybg",
    "yyz",
    "yyzf",
    "fhontrag",
    "fhontragf",
    "trzvav",
    "qrrcfrrx",
    "zvfgeny",
];

/// Parts of texts that tell of one machine: absolute folders and hosts of registries.
const PLACES: &[&str] =
    &["/jbex/", "/ebbg/", "negvsnpgbel", "wsebt", "cebkl.tbynat.bet", "cbjrerq ol nv", "ynathntr zbqry"];

/// Findings for words the house has another word for, in the rooms where doses are decided and tried.
pub fn of_the_house(file: &File) -> Vec<Finding> {
    if !(file.path.starts_with("device/") || file.path.starts_with("bench/")) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        for word in tokens(line) {
            if let Some((_, better)) = HOUSE.iter().find(|(bad, _)| *bad == word) {
                found.push(Finding::at(&file.path, number, format!("`{word}`: we say `{better}`")));
            }
            let ending = EMPTY_ENDINGS.iter().find(|end| word.ends_with(*end) && word.len() > end.len());
            if let Some(end) = ending.filter(|_| word.starts_with(char::is_uppercase)) {
                found.push(Finding::at(&file.path, number, format!("`{word}`: `{end}` does not say what it does")));
            }
        }
    }
    found
}

/// Findings for words that tell how or where the project was written instead of what it is.
pub fn of_others(file: &File) -> Vec<Finding> {
    let mut found = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        let lower = line.to_lowercase();
        let tool = tokens(&lower).find(|word| TOOLS.contains(&turned(word).as_str()));
        let place = PLACES.iter().map(|p| turned(p)).find(|p| stands_alone(&lower, p));
        if let Some(word) = tool.map(str::to_owned).or(place) {
            found.push(Finding::at(&file.path, number, format!("`{word}` has no place in the project")));
        }
    }
    found
}

/// Whether the text has this part, and not as the middle of a longer path such as `docs/x/y`.
fn stands_alone(text: &str, part: &str) -> bool {
    text.match_indices(part).any(|(at, _)| {
        let before = text.get(..at).and_then(|t| t.chars().next_back());
        before.is_none_or(|c| !(c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '}')))
    })
}

/// Turned by thirteen letters; the same again turns back.
fn turned(text: &str) -> String {
    let turn = |c: char| match c {
        'a'..='m' => char::from_u32(u32::from(c) + 13).unwrap_or(c),
        'n'..='z' => char::from_u32(u32::from(c) - 13).unwrap_or(c),
        _ => c,
    };
    text.chars().map(turn).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn a_word_the_house_has_another_for_is_told_with_the_other() {
        let found = of_the_house(&file("device/pump/src/a.rs", "struct Cooldown; // as Medication"));
        let told: Vec<_> = found.iter().map(|f| f.what.as_str()).collect();
        assert_eq!(told, ["`Cooldown`: we say `Lockout`", "`Medication`: we say `Mixture`"]);
        assert_eq!(of_the_house(&file("device/pump/src/a.rs", "struct DoseManager;")).len(), 1);
        assert_eq!(of_the_house(&file("device/pump/src/a.rs", "struct MedicationList; // through the plug")), []);
        assert_eq!(of_the_house(&file("care/clinic/src/a.rs", "struct Cooldown;")), []);
    }

    #[test]
    fn words_without_a_place_here_are_told_everywhere() {
        for word in TOOLS.iter().chain(PLACES) {
            assert_eq!(of_others(&file("README.md", &format!("by {}.", turned(word)))).len(), 1, "{word}");
        }
        for quiet in ["homework/1", "docs/work/plan", "the lymph", "see https://github.com/rust-lang/crates.io-index"] {
            assert_eq!(of_others(&file("README.md", quiet)), [], "{quiet}");
        }
    }
}
