//! How long files and functions may be, and whether anybody reads them.
//!
//! Lengths are a ratchet: what is long already is listed with its length and may shrink; what is new may not be long.

use std::collections::BTreeSet;

use super::{Finding, Rust};
use crate::rooms::Room;

/// The list of functions that are long already: path, name and length, one a line.
pub const LONG: &str = "xtask/long-functions.txt";

/// Lines a function may have: what a reader holds on one screen.
const FUNCTION_LINES_MAX: usize = 70;
/// Lines a file may have, tests not counted, before its head must say why: `//! Long because: ...`.
const FILE_LINES_MAX: usize = 600;

/// Functions above the measure that are not in the list of old ones, and entries of the list that are out of date.
pub fn long_functions(rust: &[Rust], known: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut left: BTreeSet<&str> =
        known.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')).collect();
    for file in rust.iter().filter(|r| !r.is_test_file()) {
        for function in file.source.functions.iter().filter(|f| f.length() > FUNCTION_LINES_MAX) {
            if file.source.lines.get(function.head).is_some_and(|line| line.in_test) || function.is_test {
                continue;
            }
            let name = format!("{} {}", file.file.path, function.title());
            let listed = left.iter().copied().find(|l| l.rsplit_once(' ').is_some_and(|(entry, _)| entry == name));
            let allowed = listed.and_then(|l| l.rsplit_once(' ')).and_then(|(_, n)| n.parse::<usize>().ok());
            if let Some(entry) = listed {
                left.remove(entry);
            }
            if function.length() > allowed.unwrap_or(FUNCTION_LINES_MAX) {
                let what =
                    format!("`{}` has {} lines, {FUNCTION_LINES_MAX} are allowed", function.title(), function.length());
                found.push(Finding::at(&file.file.path, function.head, what));
            }
        }
    }
    found.extend(
        left.into_iter().map(|entry| Finding::of(LONG, format!("`{entry}` is long no more: take it off the list"))),
    );
    found
}

/// A long file that does not say why.
pub fn long_file(rust: &Rust) -> Option<Finding> {
    let lines = rust.source.lines.iter().filter(|l| !l.in_test).count();
    let says_why = rust.source.lines.iter().filter_map(|l| l.comment.as_deref()).any(|c| {
        let reason = c.strip_prefix('!').and_then(|c| c.trim().strip_prefix("Long because:"));
        reason.is_some_and(|r| !r.trim().is_empty())
    });
    let is_long = lines > FILE_LINES_MAX && !rust.is_test_file() && !says_why;
    is_long.then(|| Finding::of(&rust.file.path, format!("{lines} lines: split it, or say `//! Long because: ...`")))
}

/// Files below `src` that no `mod` leads to.
pub fn dead_files(room: &Room, rust: &[Rust]) -> Vec<Finding> {
    let src = format!("{}/src/", room.folder);
    let inside: Vec<&Rust> = rust.iter().filter(|r| r.file.path.starts_with(&src)).collect();
    let mut alive: BTreeSet<String> = BTreeSet::new();
    let mut next: Vec<String> = inside
        .iter()
        .map(|r| r.file.path.clone())
        .filter(|path| {
            let rest = path.strip_prefix(&src).unwrap_or_default();
            matches!(rest, "lib.rs" | "main.rs") || rest.starts_with("bin/") || names_as_root(room, path)
        })
        .collect();
    while let Some(path) = next.pop() {
        if !alive.insert(path.clone()) {
            continue;
        }
        if let Some(file) = inside.iter().find(|r| r.file.path == path) {
            next.extend(leads_to(file));
        }
    }
    let dead = inside.iter().filter(|r| !alive.contains(&r.file.path));
    dead.map(|r| Finding::of(&r.file.path, "no `mod` leads here: a dead file")).collect()
}

fn names_as_root(room: &Room, path: &str) -> bool {
    let targets = ["bin", "lib", "test", "example", "bench"].iter().filter_map(|kind| room.manifest.get(*kind));
    let tables = targets.flat_map(|t| t.as_array().cloned().unwrap_or_else(|| vec![t.clone()]));
    let mut paths = tables.filter_map(|t| t.get("path").and_then(|p| p.as_str()).map(str::to_owned));
    paths.any(|p| format!("{}/{p}", room.folder) == path)
}

/// The files that the modules of this one may live in, and those it includes.
fn leads_to(rust: &Rust) -> Vec<String> {
    let path = &rust.file.path;
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = name.trim_end_matches(".rs");
    let is_index = matches!(stem, "lib" | "main" | "mod") || folder.ends_with("/bin");
    let base = if is_index { folder.to_owned() } else { format!("{folder}/{stem}") };
    let mut paths = Vec::new();
    for outline in &rust.source.outlines {
        let inner = outline.path.join("/");
        paths.push(format!("{base}/{inner}.rs"));
        paths.push(format!("{base}/{inner}/mod.rs"));
    }
    for line in rust.file.text.lines() {
        let named = ["include!(\"", "#[path = \""].iter().find_map(|mark| line.split_once(mark));
        if let Some((_, rest)) = named {
            paths.push(format!("{folder}/{}", rest.split('"').next().unwrap_or_default()));
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::rust;

    fn function(lines: usize) -> String {
        format!("fn f() {{\n{}}}\n", "    g();\n".repeat(lines - 2))
    }

    #[test]
    fn a_function_newly_long_is_told_and_a_listed_one_may_shrink_but_not_grow() {
        let file = [rust("a.rs", &function(71))];
        assert_eq!(long_functions(&file, "").len(), 1);
        assert_eq!(long_functions(&file, "# old ones\na.rs f 80\n"), []);
        assert_eq!(long_functions(&[rust("a.rs", &function(81))], "a.rs f 80\n").len(), 1);
        assert_eq!(long_functions(&[rust("a.rs", &function(70))], ""), []);
        assert_eq!(long_functions(&[rust("a.rs", &function(70))], "a.rs f 80\n").len(), 1);
        assert_eq!(long_functions(&[rust("a.rs", &format!("#[test]\n{}", function(90)))], ""), []);
    }

    #[test]
    fn a_long_file_says_why() {
        let long = "x();\n".repeat(601);
        assert!(long_file(&rust("a/src/a.rs", &long)).is_some());
        assert!(long_file(&rust("a/src/a.rs", &format!("//! Long because: one table.\n{long}"))).is_none());
        assert!(long_file(&rust("a/src/a.rs", &format!("#[cfg(test)]\nmod tests {{\n{long}}}\n"))).is_none());
        assert!(long_file(&rust("a/tests/a.rs", &long)).is_none());
    }

    #[test]
    fn a_file_that_no_module_names_is_dead() {
        let room = Room { name: "a".to_owned(), folder: "a".to_owned(), manifest: toml::Table::new() };
        let files = [
            rust("a/src/lib.rs", "mod b;\nmod d { mod e; }\n#[path = \"odd.rs\"]\nmod f;\n"),
            rust("a/src/b.rs", "mod c;\n"),
            rust("a/src/b/c.rs", ""),
            rust("a/src/d/e.rs", ""),
            rust("a/src/odd.rs", ""),
            rust("a/src/c.rs", ""),
        ];
        let dead: Vec<_> = dead_files(&room, &files).into_iter().map(|f| f.file).collect();
        assert_eq!(dead, ["a/src/c.rs"]);
    }
}
