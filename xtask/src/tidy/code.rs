//! What code may not say: floats and wildcards where doses are decided, clocks outside their rooms, unsafe code,
//! code in comments, and code that is not finished.

use super::{Finding, Rust};
use crate::rooms::{DEVICE, Room};
use crate::source::tokens;

/// Where a clock of the machine may be read. Everything else is told what time it is.
const CLOCKS: &[&str] = &[
    "device/firmware/",
    "bench/sim/src/world",
    // Benchmarks: they measure this machine, and nothing of the world.
    "bench/sim/examples/",
    "nepenthe/",
    "care/link/",
    "care/clinic/",
    "care/handset/",
    "care/programmer/",
    "xtask/",
];

/// Where `unsafe` may stand, each block with its argument.
const UNSAFE: &[&str] = &["device/firmware/"];

/// Integers alone in the rooms that run in the body: a dose is a whole number of femtograms.
pub fn floats(rust: &Rust) -> Vec<Finding> {
    let path = rust.file.path.as_str();
    if !DEVICE.iter().any(|room| path.starts_with(&format!("device/{room}/src/"))) {
        return Vec::new();
    }
    each_line(rust, |code| {
        let word = tokens(code).find(|t| matches!(*t, "f32" | "f64"));
        let literal = has_float_literal(code).then_some("a number with a point");
        word.or(literal).map(|what| format!("{what}: this room holds integers only"))
    })
}

fn has_float_literal(code: &str) -> bool {
    let chars: Vec<char> = code.chars().collect();
    (1..chars.len().saturating_sub(1)).any(|n| {
        let digit = |at: usize| chars.get(at).is_some_and(char::is_ascii_digit);
        if chars.get(n) != Some(&'.') || !digit(n - 1) || !digit(n + 1) {
            return false;
        }
        // `pair.0.1` is a field of a field.
        let start = (0..n).rev().find(|&at| !chars.get(at).is_some_and(|c| c.is_alphanumeric() || *c == '_'));
        start.is_none_or(|at| chars.get(at) != Some(&'.'))
    })
}

/// A clock read outside the rooms that may.
pub fn clocks(rust: &Rust) -> Vec<Finding> {
    if CLOCKS.iter().any(|room| rust.file.path.starts_with(room)) {
        return Vec::new();
    }
    each_line(rust, |code| {
        let clock = ["Instant::now", "SystemTime", "std::time::Instant", "Zoned::now", "Timestamp::now"];
        let read = clock.iter().find(|c| code.contains(**c))?;
        Some(format!("`{read}`: this room is told what time it is"))
    })
}

/// `_ =>` in the controller: a new state must be thought about everywhere. Where the match is on something that is not
/// our enum, the line says so: `// not ours: why`.
pub fn wildcards(rust: &Rust) -> Vec<Finding> {
    let path = rust.file.path.as_str();
    if !path.starts_with("device/pump/src/") {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (number, line) in rust.source.lines.iter().enumerate() {
        let words: Vec<&str> = tokens(&line.code).collect();
        let is_arm = |n: usize| {
            let starts = n == 0 || matches!(words.get(n - 1), Some(&"{" | &"," | &"}" | &"|"));
            let arrow = words.get(n + 1) == Some(&"=") && words.get(n + 2) == Some(&">");
            starts && (arrow || words.get(n + 1) == Some(&"if"))
        };
        let has_wildcard = (0..words.len()).any(|n| words.get(n) == Some(&"_") && is_arm(n));
        let reason = line.comment.as_deref().and_then(|c| c.trim().strip_prefix("not ours:"));
        if has_wildcard && !line.in_test && reason.is_none_or(|r| r.trim().is_empty()) {
            found.push(Finding::at(path, number, "`_ =>`: name every case, or say `// not ours: why`"));
        }
    }
    found
}

/// Code that somebody put into a comment to keep it.
pub fn commented_out(rust: &Rust) -> Vec<Finding> {
    let looks = |(number, line): (usize, &crate::source::Line)| {
        let text = line.plain_comment()?.trim();
        looks_like_code(text).then(|| Finding::at(&rust.file.path, number, "code in a comment: take it out"))
    };
    rust.source.lines.iter().enumerate().filter_map(looks).collect()
}

/// Prose may end in a semicolon and begin with `if` or `return`; only what no sentence looks like counts.
fn looks_like_code(text: &str) -> bool {
    let first = text.split([' ', '(']).next().unwrap_or_default();
    let opens = ["if", "for", "while", "match", "fn", "pub", "impl", "struct", "enum", "loop", "mod", "}", "else"];
    let block = text.ends_with('{') && opens.contains(&first);
    let call = text.strip_suffix(");").is_some_and(|t| t.split('(').next().is_some_and(|name| !name.contains(' ')));
    let assignment = text.ends_with(';') && text.contains(" = ");
    let import = text.ends_with(';') && (first == "pub" || (first == "use" && text.contains("::")));
    let alone = matches!(text, "}" | "};" | "})" | "});" | "},");
    let macros = ["#[", "assert!(", "assert_eq!("].iter().any(|start| text.starts_with(start));
    alone || block || call || assignment || import || macros
}

/// Work that was left for later. Each mark is written here in two halves, so that this list does not find itself.
pub fn unfinished(rust: &Rust) -> Vec<Finding> {
    let macros = [concat!("to", "do"), concat!("unimple", "mented"), concat!("d", "bg")];
    let marks = [concat!("FIX", "ME"), concat!("TO", "DO"), concat!("X", "XX"), concat!("HA", "CK")];
    let mut found = each_line(rust, |code| {
        let words: Vec<&str> = tokens(code).collect();
        let called = words.windows(2).find(|w| macros.contains(&w[0]) && w[1] == "!").map(|w| format!("`{}!`", w[0]));
        let skipped = words.windows(3).any(|w| w == ["#", "[", "ignore"]).then(|| "a test that is skipped".to_owned());
        called.or(skipped).map(|what| format!("{what}: finish it or leave it out"))
    });
    for (number, line) in rust.source.lines.iter().enumerate() {
        let comment = line.comment.as_deref().unwrap_or_default();
        if let Some(mark) = tokens(comment).find(|word| marks.contains(word)) {
            found.push(Finding::at(&rust.file.path, number, format!("{mark}: finish it or leave it out")));
        }
    }
    found
}

/// `unsafe` outside the rooms that may.
pub fn unsafe_code(rust: &Rust) -> Vec<Finding> {
    if UNSAFE.iter().any(|room| rust.file.path.starts_with(room)) {
        return Vec::new();
    }
    each_line(rust, |code| tokens(code).any(|t| t == "unsafe").then(|| "unsafe code: only the firmware may".to_owned()))
}

/// Every crate but the firmware forbids unsafe code in so many words.
pub fn forbids_unsafe(room: &Room, rust: &[Rust]) -> Vec<Finding> {
    let folder = format!("{}/", room.folder);
    if UNSAFE.contains(&folder.as_str()) {
        return Vec::new();
    }
    let is_root = |path: &str| {
        let inside = path.strip_prefix(&folder).unwrap_or_default();
        matches!(inside, "src/lib.rs" | "src/main.rs")
            || (inside.starts_with("src/bin/") && inside.matches('/').count() == 2)
    };
    let lacks = |r: &&Rust| !r.source.lines.iter().any(|l| l.code.trim() == "#![forbid(unsafe_code)]");
    let roots = rust.iter().filter(|r| is_root(&r.file.path)).filter(lacks);
    roots.map(|r| Finding::of(&r.file.path, "lacks `#![forbid(unsafe_code)]`")).collect()
}

fn each_line(rust: &Rust, rule: impl Fn(&str) -> Option<String>) -> Vec<Finding> {
    let lines = rust.source.lines.iter().enumerate();
    lines.filter_map(|(n, line)| rule(&line.code).map(|what| Finding::at(&rust.file.path, n, what))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::rust;

    #[test]
    fn floats_are_told_in_the_body_and_nowhere_else() {
        let text = "let a: f64 = b;\nlet c = 0.5;\nlet d = pair.0.1;\nlet e = \"f64\"; // f32\nlet f = 1..2;\n";
        let lines = |path| floats(&rust(path, text)).iter().map(|f| f.line).collect::<Vec<_>>();
        assert_eq!(lines("device/pump/src/drive.rs"), [1, 2]);
        assert!(lines("body/patient/src/lib.rs").is_empty());
        assert!(lines("device/pump/tests/oracle.rs").is_empty());
    }

    #[test]
    fn a_clock_is_read_only_in_its_rooms() {
        let text = "let now = Instant::now();\n// Instant::now\nfn f(now: Instant) {}\n";
        assert_eq!(clocks(&rust("device/pump/src/drive.rs", text)).len(), 1);
        assert_eq!(clocks(&rust("bench/sim/src/plant.rs", text)).len(), 1);
        assert_eq!(clocks(&rust("bench/sim/src/world.rs", text)), []);
    }

    #[test]
    fn a_wildcard_arm_needs_its_reason() {
        let text = "match x {\n    A => 1,\n    _ => 2,\n    _ if y => 3,\n    _ => 4, // not ours: a byte\n    Ok(_) => 5,\n    _ => 6, // not ours:\n}\n";
        let lines: Vec<_> = wildcards(&rust("device/pump/src/a.rs", text)).iter().map(|f| f.line).collect();
        assert_eq!(lines, [3, 4, 7]);
        assert_eq!(wildcards(&rust("device/orders/src/a.rs", text)), []);
        assert_eq!(
            wildcards(&rust(
                "device/pump/src/a.rs",
                "#[cfg(test)]\nmod tests {\n    fn f() { match x { _ => {} } }\n}"
            )),
            []
        );
    }

    #[test]
    fn code_in_comments_is_told_and_prose_is_not() {
        for code in ["let x = 3;", "drive.step(permit);", "}", "if late {", "#[test]", "assert!(x)", "rate = 3;"] {
            assert_eq!(commented_out(&rust("a.rs", &format!("// {code}"))).len(), 1, "{code}");
        }
        for prose in ["Counts once;", "if the pump stops (see above);", "let nobody in", "## a } b", "for each slug:"] {
            assert_eq!(commented_out(&rust("a.rs", &format!("// {prose}"))), [], "{prose}");
        }
        assert_eq!(commented_out(&rust("a.rs", "/// let x = 3;\nlet x = 3; // x = 3;")), []);
    }

    #[test]
    fn unfinished_work_is_told() {
        let marks = [concat!("to", "do!()"), concat!("d", "bg!(x)"), concat!("// FIX", "ME: later"), "#[ignore]"];
        for mark in marks {
            assert_eq!(unfinished(&rust("a.rs", mark)).len(), 1, "{mark}");
        }
        assert_eq!(unfinished(&rust("a.rs", "let todo = list; // what is to be done\n\"dbg!\"")), []);
    }

    #[test]
    fn unsafe_code_is_for_the_firmware() {
        assert_eq!(unsafe_code(&rust("device/pump/src/a.rs", "unsafe { x() }")).len(), 1);
        assert_eq!(unsafe_code(&rust("device/pump/src/a.rs", "#![forbid(unsafe_code)] // no unsafe")), []);
        assert_eq!(unsafe_code(&rust("device/firmware/src/a.rs", "unsafe { x() }")), []);
    }

    #[test]
    fn every_root_of_a_crate_forbids_it() {
        let room = Room { name: "pump".to_owned(), folder: "device/pump".to_owned(), manifest: toml::Table::new() };
        let files = [
            rust("device/pump/src/lib.rs", "#![no_std]\n"),
            rust("device/pump/src/bin/a.rs", "#![forbid(unsafe_code)]\n"),
            rust("device/pump/src/drive.rs", ""),
        ];
        let found: Vec<_> = forbids_unsafe(&room, &files).into_iter().map(|f| f.file).collect();
        assert_eq!(found, ["device/pump/src/lib.rs"]);
    }
}
