//! The map itself: one block per sentence, and what is missing in it.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::Trace;
use super::quotations::{Kind, Quotation};
use super::requirements::{Book, Sentence};

/// Rooms that are no crates: their sentences are kept by people.
const BY_PEOPLE: &str = "process";

/// Draws the map from the sentences and the quotations of them.
pub fn draw(book: &Book, quotations: &[Quotation], present: &[String], owed: &[&str], faults: Vec<String>) -> Trace {
    let mut trace =
        Trace { map: String::new(), faults, missing: Vec::new(), later: 0, sentences: book.sentences.len() };
    trace.map.push_str("# Where each sentence is kept and shown. Written by `cargo xtask trace`; do not edit.\n");
    for quotation in quotations.iter().filter(|q| !is_whole(q, book)) {
        let Quotation { file, line, anchor, text, .. } = quotation;
        trace.faults.push(format!("{file}:{line}: no such sentence in {anchor}: `{text}`"));
    }
    for sentence in &book.sentences {
        let of_it: Vec<&Quotation> = quotations.iter().filter(|q| quotes(q, sentence)).collect();
        block(&mut trace, sentence, &of_it, present);
        judge(&mut trace, sentence, &of_it, owed);
    }
    trace
}

/// Whether a quotation is this sentence, or has it among several.
fn quotes(quotation: &Quotation, sentence: &Sentence) -> bool {
    quotation.anchor == sentence.anchor && quotation.text.contains(&sentence.text)
}

/// Whether a quotation consists of whole sentences of its section in their order, and of nothing else.
fn is_whole(quotation: &Quotation, book: &Book) -> bool {
    let mut rest = quotation.text.as_str();
    for sentence in book.sentences.iter().filter(|s| s.anchor == quotation.anchor) {
        rest = rest.strip_prefix(sentence.text.as_str()).map_or(rest, str::trim_start);
    }
    rest.is_empty()
}

fn block(trace: &mut Trace, sentence: &Sentence, of_it: &[&Quotation], present: &[String]) {
    let lines: BTreeSet<String> = of_it.iter().map(|q| line(q)).collect();
    let hazards = sentence.hazards.iter().map(|h| format!("    hazard {h}"));
    let rooms = sentence.rooms.iter().map(|room| {
        let is_there = room == BY_PEOPLE || present.contains(room);
        format!("    room   {room}{}", if is_there { "" } else { " later" })
    });
    // Writing to a String cannot fail.
    let _ = writeln!(trace.map, "\n{}\n  {}", sentence.anchor, sentence.text);
    for line in lines.into_iter().chain(hazards).chain(rooms) {
        let _ = writeln!(trace.map, "{line}");
    }
}

fn line(q: &Quotation) -> String {
    match &q.kind {
        Kind::Kept => format!("    kept   {} {}", q.file, q.place),
        Kind::Shown => format!("    shown  {} {}", q.file, q.place),
        Kind::Exception(reason) => format!("    except {} {}: {reason}", q.file, q.place),
        Kind::Later(reason) => format!("    todo   {} {}: {reason}", q.file, q.place),
    }
}

fn judge(trace: &mut Trace, sentence: &Sentence, of_it: &[&Quotation], owed: &[&str]) {
    let keepers: BTreeSet<String> = of_it.iter().filter(|q| q.kind == Kind::Kept).map(|q| line(q)).collect();
    let is_shown = of_it.iter().any(|q| q.kind == Kind::Shown);
    let is_excepted = of_it.iter().any(|q| matches!(q.kind, Kind::Exception(_)));
    if keepers.len() > 1 {
        let places: Vec<String> = keepers.iter().map(|k| k.replace("kept", "").trim().to_owned()).collect();
        let (n, anchor, text) = (keepers.len(), &sentence.anchor, &sentence.text);
        trace.faults.push(format!("{anchor}: {n} keepers of `{text}`: {}", places.join("; ")));
    }
    let lacks = match (keepers.is_empty(), is_shown) {
        (false, true) => return,
        (true, true) => "no keeper",
        (false, false) => "no test",
        (true, false) => "no keeper and no test",
    };
    if !sentence.is_must() || is_excepted {
        return;
    }
    //= requirements/process.md#every-sentence-kept-and-shown
    //# The test run MUST fail when a sentence of a finished room has no line that keeps it or no test that shows it.
    if sentence.rooms.iter().any(|room| owed.contains(&room.as_str())) {
        trace.missing.push(format!("{}: {lacks}: `{}`", sentence.anchor, sentence.text));
    } else if sentence.rooms.iter().all(|room| room != BY_PEOPLE) {
        trace.later += 1;
    }
}
