//! Quotations of MUST sentences in code and in scenarios.
//!
//! In Rust, line comments: `//= requirements/page.md#anchor`, then if wanted `//= type=test|exception|todo` and
//! `//= reason=...`, then one or more lines `//# text` that are joined by a blank. In a scenario: `#= requirements/...`
//! and `## text`.

use crate::source::Source;

/// What a quotation claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// The code here does what the sentence says.
    Kept,
    /// The test here shows it.
    Shown,
    /// We do not keep it, for this reason.
    Exception(String),
    /// We do not keep it yet, for this reason.
    Later(String),
}

/// A quotation and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quotation {
    /// The file, from the root.
    pub file: String,
    /// The line of its mark, counted from 1.
    pub line: usize,
    /// The function around or below it, or what else it stands at.
    pub place: String,
    /// `bolus.md#lockout`.
    pub anchor: String,
    /// The words quoted, joined.
    pub text: String,
    /// What it claims.
    pub kind: Kind,
}

/// A quotation of which the mark has been read and the words are coming.
struct Open {
    anchor: String,
    line: usize,
    kind: Option<String>,
    reason: String,
    text: Vec<String>,
}

impl Open {
    /// Takes a line after the mark: `type=`, `reason=`; anything else is a fault.
    fn mark(&mut self, words: &str, place: &str) -> Result<(), String> {
        if let Some(kind) = words.strip_prefix("type=") {
            self.kind = Some(kind.trim().to_owned());
        } else if let Some(reason) = words.strip_prefix("reason=") {
            self.reason = reason.trim().to_owned();
        } else {
            return Err(format!("{place}: `{words}` is neither a page, a type nor a reason"));
        }
        Ok(())
    }

    fn kind(&self, place: &str) -> Result<Kind, String> {
        match (self.kind.as_deref(), self.reason.is_empty()) {
            (None, _) => Ok(Kind::Kept),
            (Some("test"), _) => Ok(Kind::Shown),
            (Some("exception"), false) => Ok(Kind::Exception(self.reason.clone())),
            (Some("todo"), false) => Ok(Kind::Later(self.reason.clone())),
            (Some("exception" | "todo"), true) => Err(format!("{place}: an exception needs its `reason=`")),
            (Some(other), _) => Err(format!("{place}: there is no type `{other}`")),
        }
    }
}

/// The quotations of a Rust file, and what is wrong with them.
pub fn in_rust(file: &str, source: &Source) -> (Vec<Quotation>, Vec<String>) {
    let marks = source.lines.iter().map(|line| line.plain_comment());
    let (opened, mut faults) = read(file, marks, '=', '#');
    let mut found = Vec::new();
    for open in opened {
        let at = format!("{file}:{}", open.line);
        let target = first_code_after(source, open.line);
        let function = target.and_then(|line| source.function_at(line));
        let is_test = function.is_some_and(|f| f.is_test);
        let place = function.map(|f| f.title()).or_else(|| target.map(|line| item_at(source, line)));
        match open.kind(&at) {
            Ok(Kind::Shown) if !is_test => faults.push(format!("{at}: says type=test and stands at no test")),
            Ok(kind) => found.push(Quotation {
                file: file.to_owned(),
                line: open.line,
                place: place.unwrap_or_else(|| "the file".to_owned()),
                anchor: open.anchor,
                text: open.text.join(" "),
                kind,
            }),
            Err(fault) => faults.push(fault),
        }
    }
    (found, faults)
}

/// The quotations of a scenario: each says that this scenario shows the sentence.
pub fn in_scenario(file: &str, text: &str) -> (Vec<Quotation>, Vec<String>) {
    let (opened, faults) = read(file, text.lines().map(|line| line.trim().strip_prefix('#')), '=', '#');
    let name = file.rsplit('/').next().unwrap_or(file).trim_end_matches(".toml");
    let quotation = |open: Open| Quotation {
        file: file.to_owned(),
        line: open.line,
        place: name.to_owned(),
        anchor: open.anchor,
        text: open.text.join(" "),
        kind: Kind::Shown,
    };
    (opened.into_iter().map(quotation).collect(), faults)
}

/// Reads comments line by line. A line that is no comment, or a plain one, ends a quotation.
fn read<'a>(
    file: &str,
    comments: impl Iterator<Item = Option<&'a str>>,
    mark: char,
    words: char,
) -> (Vec<Open>, Vec<String>) {
    let (mut done, mut faults, mut open) = (Vec::new(), Vec::new(), None::<Open>);
    let mut end = |open: Option<Open>, faults: &mut Vec<String>| match open {
        Some(open) if open.text.is_empty() => {
            faults.push(format!("{file}:{}: names a sentence and quotes none", open.line))
        }
        Some(open) => done.push(open),
        None => {}
    };
    for (number, comment) in comments.enumerate() {
        let place = format!("{file}:{}", number + 1);
        let text = comment.unwrap_or_default();
        if let Some(rest) = text.strip_prefix(mark).map(str::trim) {
            if let Some(anchor) = rest.strip_prefix("requirements/") {
                end(open.take(), &mut faults);
                let anchor = anchor.to_owned();
                open = Some(Open { anchor, line: number + 1, kind: None, reason: String::new(), text: Vec::new() });
            } else {
                let marked = open.as_mut().map_or_else(
                    || Err(format!("{place}: `{rest}` stands alone: the page comes first")),
                    |open| open.mark(rest, &place),
                );
                faults.extend(marked.err());
            }
        } else if let (Some(rest), Some(open)) = (text.strip_prefix(words), open.as_mut()) {
            open.text.push(rest.trim().to_owned());
        } else {
            end(open.take(), &mut faults);
        }
    }
    end(open.take(), &mut faults);
    (done, faults)
}

/// The first line with code after the quotation's mark.
fn first_code_after(source: &Source, mark: usize) -> Option<usize> {
    (mark..source.lines.len()).find(|&n| source.lines.get(n).is_some_and(|l| !l.code.trim().is_empty()))
}

/// What an item is called that is no function: the word after `const`, `struct` and the like.
fn item_at(source: &Source, from: usize) -> String {
    let kinds = ["const", "static", "struct", "enum", "type", "trait", "impl", "mod"];
    let lines = source.lines.iter().skip(from).take(8);
    let words: Vec<&str> = lines.flat_map(|l| crate::source::tokens(&l.code)).collect();
    let named = words.windows(2).find(|w| w.first().is_some_and(|kind| kinds.contains(kind)));
    named.and_then(|w| w.get(1)).map_or_else(|| "the file".to_owned(), |name| (*name).to_owned())
}
