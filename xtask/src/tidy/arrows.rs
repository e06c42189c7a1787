//! Which room may depend on which, and what the guard and the auditor may know.
//!
//! The table is the one of ARCHITECTURE.md. A crate that is not in it is a finding as well: a new room says first
//! whom it knows.

use super::{Finding, Rust};
use crate::rooms::Room;
use crate::source::tokens;

/// A room, and the rooms it may depend on.
const ARROWS: &[(&str, &[&str])] = &[
    ("orders", &[]),
    ("pump", &["orders"]),
    ("telemetry", &["orders"]),
    ("implant", &["pump", "telemetry", "orders"]),
    ("firmware", &["implant"]),
    ("patient", &[]),
    ("preview", &["orders", "patient"]),
    ("auditor", &[]),
    ("sim", &["implant", "telemetry", "orders", "patient", "auditor"]),
    ("formulary", &["orders"]),
    ("exchange", &["orders"]),
    ("pages", &[]),
    ("link", &["telemetry", "orders"]),
    ("handset", &["telemetry", "link", "exchange", "orders", "pages"]),
    ("programmer", &["telemetry", "link", "formulary", "preview", "exchange", "orders", "pages"]),
    ("clinic", &["telemetry", "formulary", "exchange", "orders", "pages"]),
    (
        "nepenthe",
        &[
            "orders",
            "pump",
            "telemetry",
            "implant",
            "patient",
            "preview",
            "auditor",
            "sim",
            "formulary",
            "exchange",
            "pages",
            "link",
            "handset",
            "programmer",
            "clinic",
        ],
    ),
    ("python", &["sim", "patient"]),
    ("xtask", &[]),
];

/// What a room's tests may use besides. The device rooms are tried by the bench, not by each other.
const ARROWS_OF_TESTS: &[(&str, &[&str])] = &[("sim", &["pump"])];

/// Findings for every dependency of a room on another that the table does not have.
pub fn between(rooms: &[Room]) -> Vec<Finding> {
    let mut found = Vec::new();
    let ours = |name: &str| ARROWS.iter().any(|(room, _)| *room == name) || rooms.iter().any(|r| r.name == name);
    for room in rooms {
        let manifest = format!("{}/Cargo.toml", room.folder);
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == room.name) else {
            found.push(Finding::of(&manifest, format!("the room `{}` is not in the table of arrows", room.name)));
            continue;
        };
        let by_tests = ARROWS_OF_TESTS.iter().find(|(name, _)| *name == room.name).map_or(&[][..], |(_, more)| more);
        for (wanted, in_tests) in dependencies(&room.manifest) {
            let is_allowed = allowed.contains(&wanted.as_str()) || (in_tests && by_tests.contains(&wanted.as_str()));
            //= requirements/process.md#arrows
            //# The test run MUST fail on a dependency between rooms that the architecture does not draw.
            if ours(&wanted) && !is_allowed {
                let kind = if in_tests { "tests of " } else { "" };
                found.push(Finding::of(
                    &manifest,
                    format!("{kind}`{}` may not depend on `{wanted}`: no such arrow", room.name),
                ));
            }
        }
    }
    found
}

/// Names of all dependencies of a manifest, those of single targets as well, and whether only tests use them.
fn dependencies(manifest: &toml::Table) -> Vec<(String, bool)> {
    let mut all = Vec::new();
    let mut tables = vec![manifest];
    if let Some(targets) = manifest.get("target").and_then(|t| t.as_table()) {
        tables.extend(targets.values().filter_map(|t| t.as_table()));
    }
    for table in tables {
        for (section, in_tests) in [("dependencies", false), ("build-dependencies", false), ("dev-dependencies", true)]
        {
            let Some(entries) = table.get(section).and_then(|s| s.as_table()) else { continue };
            for (key, value) in entries {
                let renamed = value.get("package").and_then(|p| p.as_str());
                all.push((renamed.unwrap_or(key).to_owned(), in_tests));
            }
        }
    }
    all
}

/// Rooms whose source may name no other room of ours, whatever their manifests say: the judge and the flesh.
const ALONE: &[(&str, &str)] = &[("auditor", "bench/auditor/"), ("patient", "body/patient/")];

/// The guard imports nothing of the crate it guards, nor the vocabulary it is to be independent of; the auditor and
/// the virtual patient import nothing of ours.
pub fn guard_and_judges(rust: &Rust) -> Vec<Finding> {
    let path = rust.file.path.as_str();
    let is_guard = path == "device/pump/src/guard.rs" || path.starts_with("device/pump/src/guard/");
    let alone = ALONE.iter().find(|(_, folder)| path.starts_with(folder)).map(|(room, _)| *room);
    let mut found = Vec::new();
    for (number, line) in rust.source.lines.iter().enumerate() {
        for word in imported(&line.code) {
            let is_ours = ARROWS.iter().any(|(room, _)| *room == word);
            //= requirements/guard.md#stands-alone
            //# The guard MUST NOT import anything of the controller, the ceilings or the quantity arithmetic.
            if is_guard && !line.in_test && (is_ours || matches!(word, "crate" | "super")) {
                found.push(Finding::at(path, number, format!("the guard may not know `{word}`: it judges alone")));
            }
            //= requirements/bench.md#depends-on-nothing-of-ours
            //# The auditor and the virtual patient MUST NOT import anything of the pump or of its vocabulary.
            if alone.is_some_and(|room| is_ours && room != word) {
                found.push(Finding::at(
                    path,
                    number,
                    format!("this room may not know `{word}`: it knows nothing of ours"),
                ));
            }
        }
    }
    found
}

/// The words of a line that begin a path or follow `use` or `extern crate`.
fn imported(code: &str) -> Vec<&str> {
    let words: Vec<&str> = tokens(code).collect();
    let begins = |n: usize| words.get(n + 1) == Some(&":") && words.get(n + 2) == Some(&":");
    let follows = |n: usize| n > 0 && matches!(words.get(n - 1), Some(&"use" | &"crate"));
    let named = words.iter().enumerate().filter(|(n, word)| **word != ":" && (begins(*n) || follows(*n)));
    named.map(|(_, word)| *word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::rust;

    fn room(name: &str, manifest: &str) -> Room {
        Room { name: name.to_owned(), folder: format!("somewhere/{name}"), manifest: manifest.parse().unwrap() }
    }

    //= requirements/process.md#arrows
    //= type=test
    //# The test run MUST fail on a dependency between rooms that the architecture does not draw.
    #[test]
    fn an_arrow_in_the_table_passes_and_any_other_is_told() {
        let good = room("pump", "[dependencies]\norders = { workspace = true }\nheapless = \"0.9\"\n");
        assert_eq!(between(&[good]), []);
        let bad = room(
            "pump",
            "[dependencies.telemetry]\nworkspace = true\n[target.'cfg(unix)'.dependencies]\nx = { package = \"sim\" }\n",
        );
        let told: Vec<_> = between(&[bad]).into_iter().map(|f| f.what).collect();
        assert_eq!(told.len(), 2);
        assert!(told[0].contains("may not depend on `telemetry`") && told[1].contains("`sim`"));
    }

    #[test]
    fn tests_of_a_device_room_may_use_no_other_room_either() {
        assert_eq!(between(&[room("orders", "[dev-dependencies]\npump.workspace = true\n")]).len(), 1);
        assert_eq!(between(&[room("orders", "[dev-dependencies]\nproptest.workspace = true\n")]), []);
    }

    #[test]
    fn a_room_nobody_has_thought_about_is_told() {
        assert_eq!(between(&[room("attic", "")]).len(), 1);
    }

    //= requirements/guard.md#stands-alone
    //= type=test
    //# The guard MUST NOT import anything of the controller, the ceilings or the quantity arithmetic.
    #[test]
    fn the_guard_knows_neither_its_crate_nor_the_vocabulary() {
        let path = "device/pump/src/guard.rs";
        for line in ["use crate::limits;", "use orders::quantity::Volume;", "let a = super::x();", "use orders as o;"] {
            assert_eq!(guard_and_judges(&rust(path, line)).len(), 1, "{line}");
        }
        let quiet = "//! Not crate::ceiling.\npub(crate) struct Guard;\nuse core::cmp::min;\n#[cfg(test)]\nmod tests {\n    use super::*;\n}\n";
        assert_eq!(guard_and_judges(&rust(path, quiet)), []);
        assert_eq!(guard_and_judges(&rust("device/pump/src/drive.rs", "use crate::limits;")), []);
    }

    //= requirements/bench.md#depends-on-nothing-of-ours
    //= type=test
    //# The auditor and the virtual patient MUST NOT import anything of the pump or of its vocabulary.
    #[test]
    fn the_auditor_and_the_patient_know_nobody() {
        assert_eq!(guard_and_judges(&rust("body/patient/src/csf.rs", "use orders::quantity::Volume;")).len(), 1);
        assert_eq!(guard_and_judges(&rust("bench/auditor/src/lib.rs", "use pump::drive;")).len(), 1);
        assert_eq!(guard_and_judges(&rust("bench/auditor/src/lib.rs", "use crate::ledger;\nuse std::fmt;")), []);
    }
}
