//! The pages of `requirements/`: sentences under headings, what they answer, and whose they are.
//!
//! A heading is a name; under it stand sentences with MUST, SHOULD or MAY, each on a line of its own, then lines that
//! begin with `*Why:*`, `*Answers:*`, `*Room:*` and `*Source:*`. Other prose under a heading is left alone.

use crate::rooms::File;

/// Pages that hold no sentences.
const NO_SENTENCES: &[&str] = &["README.md", "mission.md", "answers.md", "hazards.md", "what-went-wrong.md"];

/// Whose a sentence can be.
const ROOMS: &[&str] = &[
    "orders",
    "pump",
    "telemetry",
    "implant",
    "sim",
    "auditor",
    "xtask",
    "formulary",
    "exchange",
    "programmer",
    "handset",
    "clinic",
    "pages",
    "preview",
    "patient",
    "nepenthe",
    "firmware",
    "process",
];

/// What a sentence says that answers no hazard.
const USEFUL: &str = "useful, not safety";

/// A sentence and what is said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// `bolus.md#lockout`.
    pub anchor: String,
    /// The whole line.
    pub text: String,
    /// Anchors of hazards, each with its page.
    pub hazards: Vec<String>,
    /// Whose it is.
    pub rooms: Vec<String>,
}

impl Sentence {
    /// Whether it says MUST; SHOULD and MAY are owed to nobody.
    pub fn is_must(&self) -> bool {
        says(&self.text, &["MUST"])
    }
}

/// All pages, read.
#[derive(Debug, Default)]
pub struct Book {
    /// The sentences, by page and in the order of the page.
    pub sentences: Vec<Sentence>,
    /// The anchors of all hazards.
    pub hazards: Vec<String>,
}

/// Reads the pages; what is wrong in them is added to `faults`.
pub fn read(pages: &[File], faults: &mut Vec<String>) -> Book {
    let mut book = Book::default();
    for page in pages {
        let name = page.path.strip_prefix("requirements/").unwrap_or(&page.path);
        if name == "hazards.md" {
            let headings = page.text.lines().filter_map(|l| l.strip_prefix("## "));
            book.hazards = headings.map(|h| format!("{name}#{}", slug(h))).collect();
        }
        if !NO_SENTENCES.contains(&name) {
            read_page(name, &page.text, &mut book, faults);
        }
    }
    for sentence in &book.sentences {
        for hazard in sentence.hazards.iter().filter(|h| !book.hazards.contains(h)) {
            let fault = format!("{}: answers `{hazard}`, which is no hazard", sentence.anchor);
            if !faults.contains(&fault) {
                faults.push(fault);
            }
        }
    }
    for hazard in &book.hazards {
        //= requirements/process.md#every-sentence-kept-and-shown
        //# The test run MUST fail when a hazard has no sentence that answers it.
        if !book.sentences.iter().any(|s| s.hazards.contains(hazard)) {
            faults.push(format!("{hazard}: no sentence answers this hazard"));
        }
    }
    book
}

fn read_page(name: &str, text: &str, book: &mut Book, faults: &mut Vec<String>) {
    for section in text.split("\n## ").skip(1) {
        let (heading, body) = section.split_once('\n').unwrap_or((section, ""));
        let anchor = format!("{name}#{}", slug(heading));
        if book.sentences.iter().any(|s| s.anchor == anchor) {
            faults.push(format!("{anchor}: this heading stands twice"));
        }
        let field = |key: &str| {
            let line = body.lines().find_map(|l| l.trim().strip_prefix(key));
            line.map(|l| l.trim().trim_end_matches('.').to_owned()).unwrap_or_default()
        };
        let answers = field("*Answers:*");
        let (rooms, hazards) = (parts(&field("*Room:*")), parts(&answers));
        let texts: Vec<&str> =
            body.lines().map(str::trim).filter(|l| !l.starts_with(['*', '#', '>', '|']) && is_sentence(l)).collect();
        if texts.is_empty() {
            continue;
        }
        if answers.is_empty() {
            faults.push(format!("{anchor}: answers no hazard and is not marked `{USEFUL}`"));
        }
        if rooms.is_empty() {
            faults.push(format!("{anchor}: says not whose it is (`*Room:*`)"));
        }
        for room in rooms.iter().filter(|r| !ROOMS.contains(&r.as_str())) {
            faults.push(format!("{anchor}: there is no room `{room}`"));
        }
        let hazards = if answers == USEFUL { Vec::new() } else { hazards };
        for text in texts {
            let sentence = Sentence {
                anchor: anchor.clone(),
                text: text.to_owned(),
                hazards: hazards.clone(),
                rooms: rooms.clone(),
            };
            book.sentences.push(sentence);
        }
    }
}

fn parts(list: &str) -> Vec<String> {
    list.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

fn is_sentence(line: &str) -> bool {
    says(line, &["MUST", "SHOULD", "MAY"])
}

fn says(line: &str, words: &[&str]) -> bool {
    line.split(|c: char| !c.is_alphanumeric()).any(|word| words.contains(&word))
}

/// The anchor of a heading: small letters and digits, a hyphen for each blank.
pub fn slug(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect::<String>().to_lowercase()
}
