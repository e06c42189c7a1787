//! Rust source as the checks see it: lines with strings blanked and comments set apart, and the functions among them.
//!
//! Answers for: what is code, what is comment, which function a line stands in, what is a test.
//! Leaves to the rules in `tidy` and to `trace` what to make of it. This is a reader of layout, not a compiler:
//! it knows strings, characters, comments, attributes, braces, `fn`, `impl`, `trait` and `mod`, and no macros.
//!
//! Terms. *Code* of a line: its text without comments and without what stands inside quotation marks.
//! *Owner* of a function: the type its `impl` or `trait` block names.

/// One line of a source file.
#[derive(Debug, Default, Clone)]
pub struct Line {
    /// What the compiler reads, with the inside of strings and characters removed.
    pub code: String,
    /// What follows `//`, without the two slashes; the text of a block comment is preceded by a blank.
    pub comment: Option<String>,
    /// Whether the line stands inside a test: a `#[cfg(test)]` module or a function marked as a test.
    pub in_test: bool,
}

impl Line {
    /// The comment of a line that has no code, unless it is documentation.
    pub fn plain_comment(&self) -> Option<&str> {
        let comment = self.comment.as_deref()?;
        let is_doc = comment.starts_with('/') || comment.starts_with('!');
        (self.code.trim().is_empty() && !is_doc).then_some(comment)
    }
}

/// A function with a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The type of the `impl` or `trait` block around it, if there is one.
    pub owner: Option<String>,
    /// First line of its attributes, counted from 0.
    pub from: usize,
    /// The line of the word `fn`, counted from 0.
    pub head: usize,
    /// The line of its closing brace, counted from 0.
    pub to: usize,
    /// Marked `#[test]` or the like.
    pub is_test: bool,
}

impl Function {
    /// `Owner::name`, or the name alone.
    pub fn title(&self) -> String {
        match &self.owner {
            Some(owner) => format!("{owner}::{}", self.name),
            None => self.name.clone(),
        }
    }

    /// Lines from the word `fn` to the closing brace, both counted.
    pub fn length(&self) -> usize {
        self.to - self.head + 1
    }
}

/// A `mod name;` that names another file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// The inline modules around it, then its own name.
    pub path: Vec<String>,
    /// The line it stands on, counted from 0.
    pub line: usize,
}

/// A source file, read.
#[derive(Debug, Default)]
pub struct Source {
    /// Its lines in order.
    pub lines: Vec<Line>,
    /// Its functions in order of their closing braces.
    pub functions: Vec<Function>,
    /// Its modules that live in other files.
    pub outlines: Vec<Outline>,
}

impl Source {
    /// Reads a whole file's text.
    pub fn read(text: &str) -> Source {
        let mut source = Source { lines: split(text), ..Source::default() };
        Walk::default().over(&mut source);
        source
    }

    /// The innermost function whose attributes, head or body include this line.
    pub fn function_at(&self, line: usize) -> Option<&Function> {
        self.functions.iter().filter(|f| f.from <= line && line <= f.to).max_by_key(|f| f.from)
    }
}

/// Where the reader stands between two characters.
enum Place {
    Code,
    LineComment,
    BlockComment(usize),
    /// In a string; `Some(n)` for a raw one closed by n hashes.
    Text(Option<usize>),
}

fn split(text: &str) -> Vec<Line> {
    let chars: Vec<char> = text.chars().collect();
    let mut lines = vec![Line::default()];
    let mut place = Place::Code;
    let mut i = 0;
    while let Some(&c) = chars.get(i) {
        let next = chars.get(i + 1).copied();
        if c == '\n' {
            if matches!(place, Place::LineComment) {
                place = Place::Code;
            }
            lines.push(Line::default());
            i += 1;
            continue;
        }
        let Some(line) = lines.last_mut() else { break };
        match place {
            Place::LineComment => line.comment.get_or_insert_default().push(c),
            Place::BlockComment(depth) => match (c, next) {
                ('*', Some('/')) => {
                    place = if depth == 1 { Place::Code } else { Place::BlockComment(depth - 1) };
                    i += 1;
                }
                ('/', Some('*')) => {
                    place = Place::BlockComment(depth + 1);
                    i += 1;
                }
                _ => line.comment.get_or_insert_with(|| " ".to_owned()).push(c),
            },
            Place::Text(None) if c == '\\' => i += usize::from(next != Some('\n')),
            Place::Text(hashes) => {
                if c == '"' && closes(&chars, i, hashes.unwrap_or(0)) {
                    line.code.push('"');
                    i += hashes.unwrap_or(0);
                    place = Place::Code;
                }
            }
            Place::Code => match (c, next) {
                ('/', Some('/')) => {
                    line.comment.get_or_insert_default();
                    place = Place::LineComment;
                    i += 1;
                }
                ('/', Some('*')) => {
                    place = Place::BlockComment(1);
                    i += 1;
                }
                ('"', _) => {
                    place = Place::Text(raw_hashes(&mut line.code));
                    line.code.push('"');
                }
                ('\'', _) => {
                    let skip = character_length(&chars, i);
                    line.code.push_str(if skip > 1 { "''" } else { "'" });
                    i += skip - 1;
                }
                _ => line.code.push(c),
            },
        }
        i += 1;
    }
    lines
}

fn closes(chars: &[char], quote: usize, hashes: usize) -> bool {
    (1..=hashes).all(|n| chars.get(quote + n) == Some(&'#'))
}

/// If the code so far ends in `r##` or `br#`, takes the prefix away and says how many hashes close the string.
fn raw_hashes(code: &mut String) -> Option<usize> {
    let bare = code.trim_end_matches('#');
    let hashes = code.len() - bare.len();
    let before = bare.strip_suffix('r')?;
    let before = before.strip_suffix('b').or_else(|| before.strip_suffix('c')).unwrap_or(before);
    if before.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
        return None;
    }
    code.truncate(before.len());
    Some(hashes)
}

/// How many characters a literal such as `'x'` or `'\n'` has; 1 for the mark of a lifetime.
fn character_length(chars: &[char], quote: usize) -> usize {
    match (chars.get(quote + 1), chars.get(quote + 2)) {
        (Some('\\'), _) => {
            let end = (quote + 3..quote + 14).find(|&n| chars.get(n) == Some(&'\''));
            end.map_or(1, |n| n - quote + 1)
        }
        (Some(_), Some('\'')) => 3,
        _ => 1,
    }
}

/// What a pair of braces belongs to.
enum Block {
    Function { name: String, from: usize, head: usize, is_test: bool },
    Owner(String),
    Module { name: String, is_test: bool },
    Other,
}

/// A head read so far, waiting for its brace or semicolon.
struct Head {
    words: Vec<String>,
    from: usize,
    line: usize,
    attributes: String,
    nesting: usize,
}

/// The walk over the tokens of a file.
#[derive(Default)]
struct Walk {
    blocks: Vec<Block>,
    head: Option<Head>,
    attributes: String,
    attributes_from: Option<usize>,
    attribute_depth: usize,
    previous: String,
}

impl Walk {
    fn over(mut self, source: &mut Source) {
        for number in 0..source.lines.len() {
            let code = source.lines.get(number).map(|l| l.code.clone()).unwrap_or_default();
            let before = self.in_test();
            for token in tokens(&code) {
                self.take(token, number, source);
            }
            if let Some(line) = source.lines.get_mut(number) {
                line.in_test = before || self.in_test();
            }
        }
    }

    fn in_test(&self) -> bool {
        self.blocks.iter().any(|b| match b {
            Block::Function { is_test, .. } | Block::Module { is_test, .. } => *is_test,
            Block::Owner(_) | Block::Other => false,
        })
    }

    fn take(&mut self, token: &str, line: usize, source: &mut Source) {
        let previous = std::mem::replace(&mut self.previous, token.to_owned());
        if self.attribute_depth > 0 {
            self.attributes.push_str(token);
            match token {
                "[" => self.attribute_depth += 1,
                "]" => self.attribute_depth -= 1,
                _ => {}
            }
            return;
        }
        if token == "[" && (previous == "#") && self.head.is_none() {
            self.attribute_depth = 1;
            self.attributes_from.get_or_insert(line);
            return;
        }
        if let Some(head) = &mut self.head {
            match token {
                "(" | "[" => head.nesting += 1,
                ")" | "]" => head.nesting = head.nesting.saturating_sub(1),
                "{" | ";" if head.nesting == 0 => return self.finish_head(token == "{", source),
                _ => {}
            }
            head.words.push(token.to_owned());
            // `fn(u8)` is a type and `impl Trait` inside a function's head never gets here.
            if head.words.len() == 2 && head.words.first().is_some_and(|w| w == "fn") && token == "(" {
                self.head = None;
            }
            return;
        }
        match token {
            "fn" | "impl" | "trait" | "mod" if !(token == "impl" && inside_expression(&previous)) => {
                let from = self.attributes_from.take().unwrap_or(line);
                let attributes = std::mem::take(&mut self.attributes);
                self.head = Some(Head { words: vec![token.to_owned()], from, line, attributes, nesting: 0 });
            }
            "{" => {
                self.forget_attributes();
                self.blocks.push(Block::Other);
            }
            "}" => self.close(line, source),
            ";" | "," => self.forget_attributes(),
            _ => {}
        }
    }

    fn forget_attributes(&mut self) {
        self.attributes.clear();
        self.attributes_from = None;
    }

    fn finish_head(&mut self, has_body: bool, source: &mut Source) {
        let Some(head) = self.head.take() else { return };
        let word = |n: usize| head.words.get(n).cloned().unwrap_or_default();
        let marked = head.attributes.contains("cfg(test)");
        let block = match word(0).as_str() {
            "fn" => Block::Function {
                name: word(1),
                from: head.from,
                head: head.line,
                is_test: marked || is_test_attribute(&head.attributes),
            },
            "mod" => Block::Module { name: word(1), is_test: marked },
            "trait" => Block::Owner(word(1)),
            _ => Block::Owner(owner_of(&head.words)),
        };
        if has_body {
            self.blocks.push(block);
        } else if let Block::Module { name, .. } = block {
            let around = self.blocks.iter().filter_map(|b| match b {
                Block::Module { name, .. } => Some(name.clone()),
                _ => None,
            });
            source.outlines.push(Outline { path: around.chain([name]).collect(), line: head.line });
        }
    }

    fn close(&mut self, line: usize, source: &mut Source) {
        self.forget_attributes();
        if let Some(Block::Function { name, from, head, is_test }) = self.blocks.pop() {
            let owner = self.blocks.iter().rev().find_map(|b| match b {
                Block::Owner(name) => Some(name.clone()),
                _ => None,
            });
            source.functions.push(Function { name, owner, from, head, to: line, is_test });
        }
    }
}

/// `-> impl Trait`, `: impl Trait`, `<impl Trait`: a type, not a block.
fn inside_expression(previous: &str) -> bool {
    matches!(previous, ">" | ":" | "<" | "(" | "," | "&" | "=" | "+")
}

fn is_test_attribute(attributes: &str) -> bool {
    ["test]", "test(", "rstest"].iter().any(|mark| attributes.contains(mark)) && !attributes.contains("cfg(not(test))")
}

/// The type an `impl` block is about: the last word before its generics, after `for` if there is one.
fn owner_of(words: &[String]) -> String {
    let mut depth = 0_usize;
    let mut name = String::new();
    for word in words.iter().skip(1) {
        match word.as_str() {
            "<" => depth += 1,
            ">" => depth = depth.saturating_sub(1),
            "where" if depth == 0 => break,
            "for" if depth == 0 => name.clear(),
            other if depth == 0 && other.starts_with(|c: char| c.is_alphabetic()) => name = other.to_owned(),
            _ => {}
        }
    }
    name
}

/// Words and single signs of a line of code.
pub fn tokens(code: &str) -> impl Iterator<Item = &str> {
    let mut rest = code;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        let first = rest.chars().next()?;
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let length = if is_word(first) { rest.find(|c| !is_word(c)).unwrap_or(rest.len()) } else { first.len_utf8() };
        let (token, after) = rest.split_at(length);
        rest = after;
        Some(token)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_strings_and_comments_is_no_code() {
        let source = Source::read(
            "let a = \"// no comment\"; // yes, \"one\"\nlet b = r#\"fn f() {\"#; let c = '\"'; /* x */ d();",
        );
        let line = &source.lines[0];
        assert_eq!(line.code, "let a = \"\"; ");
        assert_eq!(line.comment.as_deref(), Some(" yes, \"one\""));
        assert_eq!(source.lines[1].code, "let b = \"\"; let c = '';  d();");
        assert!(source.functions.is_empty());
    }

    #[test]
    fn a_function_knows_its_owner_its_lines_and_whether_it_is_a_test() {
        let text = "impl<T: Ord> Clock for Wall<T> {\n    /// Says.\n    #[inline]\n    fn tell(&self, f: fn(u8) -> [u8; 2]) -> impl Fn() {\n        if x { 'a: loop {} }\n    }\n}\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn it_tells() {}\n}\n";
        let source = Source::read(text);
        let titles: Vec<_> = source.functions.iter().map(|f| (f.title(), f.from, f.head, f.to, f.is_test)).collect();
        assert_eq!(titles, [("Wall::tell".to_owned(), 2, 3, 5, false), ("it_tells".to_owned(), 9, 10, 10, true)]);
        assert!(!source.lines[3].in_test);
        assert!(source.lines[10].in_test);
        assert_eq!(source.function_at(2).map(|f| f.name.as_str()), Some("tell"));
        assert_eq!(source.function_at(6), None);
    }

    #[test]
    fn modules_in_other_files_are_told_with_what_surrounds_them() {
        let source = Source::read("mod a;\npub mod b {\n    pub mod c;\n}\n");
        let paths: Vec<_> = source.outlines.iter().map(|o| o.path.join("/")).collect();
        assert_eq!(paths, ["a", "b/c"]);
    }

    #[test]
    fn a_character_that_is_a_quotation_mark_or_a_lifetime_opens_no_string() {
        let source = Source::read("fn f<'a>(x: &'a str) { g('\\'', '\\u{1F600}', b'\"'); } // end");
        assert_eq!(source.functions.len(), 1);
        assert_eq!(source.lines[0].comment.as_deref(), Some(" end"));
    }
}
