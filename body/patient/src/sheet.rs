//! A written sheet (a data file or a protocol) and what may be asked of it.
//!
//! Answers for: every value is read with its kind, and a wrong one is refused with file, line, key, value and what would
//! be right. A number of a data file carries unit, source and confidence; one that lacks any is refused. What the
//! numbers mean is left to `drug`, `species` and `protocol`.
//!
//! A data number is a table `{ value = 2.5, unit = "1/min", source = "...", confidence = "low" }`.
//! A protocol's quantity is a text `"2.5 mg/d"`.

use std::fmt;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::units::{self, Kind};

/// A value that was not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadInput {
    /// Which file, or what stood for one.
    pub file: String,
    /// Line in the file, from 1; 0 where the file as a whole is meant.
    pub line: usize,
    /// The key, with its sections.
    pub key: String,
    /// What was written.
    pub value: String,
    /// What would be right.
    pub want: String,
}

impl fmt::Display for BadInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {} = {}: want {}", self.file, self.line, self.key, self.value, self.want)
    }
}

impl std::error::Error for BadInput {}

impl BadInput {
    /// A refusal of something that stood in no file: a call of the library.
    pub fn of_call(key: &str, value: impl fmt::Display, want: &str) -> Self {
        Self { file: "call".into(), line: 0, key: key.into(), value: value.to_string(), want: want.into() }
    }
}

/// How far a number may be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// Read in the source.
    High,
    /// Recalled from literature, or derived from read numbers.
    Medium,
    /// Recalled with doubt, or assumed.
    Low,
}

/// A number of a data file, in the equations' unit, with where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Number {
    /// In the unit of `units`.
    pub value: f64,
    /// Publication, label or derivation.
    pub source: String,
    /// How far it may be trusted.
    pub confidence: Confidence,
}

/// A parsed file with its name.
#[derive(Debug)]
pub struct Sheet<'t> {
    file: String,
    text: &'t str,
    root: DeTable<'t>,
}

impl<'t> Sheet<'t> {
    /// Parses a file's text.
    ///
    /// # Errors
    /// The text is not TOML.
    pub fn parse(file: &str, text: &'t str) -> Result<Self, BadInput> {
        match DeTable::parse(text) {
            Ok(root) => Ok(Self { file: file.into(), text, root: root.into_inner() }),
            Err(error) => Err(BadInput {
                file: file.into(),
                line: error.span().map_or(0, |span| line_of(text, span.start)),
                key: "file".into(),
                value: error.message().to_owned(),
                want: "a TOML document".into(),
            }),
        }
    }

    /// The whole file as one section.
    pub fn top(&self) -> Section<'_> {
        Section { file: &self.file, text: self.text, path: String::new(), start: 0, table: &self.root }
    }
}

fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|b| *b == b'\n').count() + 1
}

/// One table of a sheet.
#[derive(Debug, Clone)]
pub struct Section<'s> {
    file: &'s str,
    text: &'s str,
    path: String,
    start: usize,
    table: &'s DeTable<'s>,
}

impl<'s> Section<'s> {
    /// A refusal of one key of this section.
    pub fn refuse(&self, key: &str, value: impl fmt::Display, want: impl fmt::Display) -> BadInput {
        let at = self.find(key).map_or(self.start, |v| v.span().start);
        BadInput {
            file: self.file.into(),
            line: line_of(self.text, at),
            key: self.full(key),
            value: value.to_string(),
            want: want.to_string(),
        }
    }

    fn full(&self, key: &str) -> String {
        if self.path.is_empty() { key.into() } else { format!("{}.{key}", self.path) }
    }

    fn find(&self, key: &str) -> Option<&'s Spanned<DeValue<'s>>> {
        self.table.iter().find(|(name, _)| name.get_ref().as_ref() == key).map(|(_, value)| value)
    }

    fn missing(&self, key: &str, want: impl fmt::Display) -> BadInput {
        self.refuse(key, "nothing", want)
    }

    /// Names of all keys, in the file's order.
    pub fn keys(&self) -> Vec<&'s str> {
        self.table.iter().map(|(name, _)| name.get_ref().as_ref()).collect()
    }

    /// Whether the key is there.
    pub fn has(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    /// Refuses any key that is not in the list: a misspelt name must not pass for an absent one.
    ///
    /// # Errors
    /// A key that is not in the list.
    pub fn only(&self, known: &[&str]) -> Result<(), BadInput> {
        match self.keys().into_iter().find(|key| !known.contains(key)) {
            Some(key) => Err(self.refuse(key, "an unknown key", format!("one of {}", known.join(", ")))),
            None => Ok(()),
        }
    }

    /// A section below this one.
    ///
    /// # Errors
    /// It is not there, or is not a table.
    pub fn section(&self, key: &str) -> Result<Section<'s>, BadInput> {
        self.section_if(key)?.ok_or_else(|| self.missing(key, "a section of this name"))
    }

    /// A section below this one, or none.
    ///
    /// # Errors
    /// It is there but is not a table.
    pub fn section_if(&self, key: &str) -> Result<Option<Section<'s>>, BadInput> {
        let Some(value) = self.find(key) else { return Ok(None) };
        let table = value.get_ref().as_table().ok_or_else(|| self.refuse(key, shown(value), "a section"))?;
        Ok(Some(self.below(key.into(), value.span().start, table)))
    }

    /// The tables of an array `[[key]]`; none if the key is absent.
    ///
    /// # Errors
    /// The key is something else.
    pub fn sections(&self, key: &str) -> Result<Vec<Section<'s>>, BadInput> {
        let Some(value) = self.find(key) else { return Ok(Vec::new()) };
        let list = value.get_ref().as_array().ok_or_else(|| self.refuse(key, shown(value), "a list of sections"))?;
        let mut all = Vec::new();
        for (n, item) in list.iter().enumerate() {
            let table = item.get_ref().as_table().ok_or_else(|| self.refuse(key, shown(item), "a list of sections"))?;
            all.push(self.below(format!("{key}[{n}]"), item.span().start, table));
        }
        Ok(all)
    }

    fn below(&self, key: String, start: usize, table: &'s DeTable<'s>) -> Section<'s> {
        Section { file: self.file, text: self.text, path: self.full(&key), start, table }
    }

    /// A text.
    ///
    /// # Errors
    /// It is not there, or is not a text.
    pub fn text(&self, key: &str) -> Result<&'s str, BadInput> {
        self.text_if(key)?.ok_or_else(|| self.missing(key, "a text"))
    }

    /// A text, or none.
    ///
    /// # Errors
    /// It is there but is not a text.
    pub fn text_if(&self, key: &str) -> Result<Option<&'s str>, BadInput> {
        let Some(value) = self.find(key) else { return Ok(None) };
        value.get_ref().as_str().map(Some).ok_or_else(|| self.refuse(key, shown(value), "a text in quotes"))
    }

    /// The texts of a list.
    ///
    /// # Errors
    /// The key is absent, is not a list, or an entry is not a text.
    pub fn texts(&self, key: &str) -> Result<Vec<&'s str>, BadInput> {
        let value = self.find(key).ok_or_else(|| self.missing(key, "a list of texts"))?;
        let list = value.get_ref().as_array().ok_or_else(|| self.refuse(key, shown(value), "a list of texts"))?;
        let read = |item: &'s Spanned<DeValue<'s>>| item.get_ref().as_str();
        let all: Option<Vec<&'s str>> = list.iter().map(read).collect();
        all.ok_or_else(|| self.refuse(key, shown(value), "a list of texts"))
    }

    /// A whole number that is not negative.
    ///
    /// # Errors
    /// It is absent, negative or not a whole number.
    pub fn whole(&self, key: &str) -> Result<u64, BadInput> {
        let value = self.find(key).ok_or_else(|| self.missing(key, "a whole number"))?;
        let read = value.get_ref().as_integer().and_then(|n| u64::from_str_radix(n.as_str(), n.radix()).ok());
        read.ok_or_else(|| self.refuse(key, shown(value), "a whole number that is not negative"))
    }

    /// A bare factor above zero.
    ///
    /// # Errors
    /// It is absent, or not a finite number above zero.
    pub fn factor(&self, key: &str) -> Result<f64, BadInput> {
        let value = self.find(key).ok_or_else(|| self.missing(key, "a factor"))?;
        let found = plain(value.get_ref()).filter(|v| v.is_finite() && *v > 0.0);
        found.ok_or_else(|| self.refuse(key, shown(value), "a finite number above zero"))
    }

    /// A data number with unit, source and confidence.
    ///
    /// # Errors
    /// It is absent, not finite, of an unknown or unfit unit, or has no source or confidence.
    pub fn number(&self, key: &str, kind: Kind) -> Result<Number, BadInput> {
        self.number_if(key, kind)?.ok_or_else(|| {
            let written = kind.written_in();
            self.missing(key, format!("{{ value, unit, source, confidence }} with a unit of {written}"))
        })
    }

    /// A data number, or none.
    ///
    /// # Errors
    /// As for [`Section::number`], but absence is no error.
    pub fn number_if(&self, key: &str, kind: Kind) -> Result<Option<Number>, BadInput> {
        let Some(section) = self.section_if(key)? else { return Ok(None) };
        section.only(&["value", "unit", "source", "confidence"])?;
        let value = section.find("value").ok_or_else(|| section.missing("value", "a number"))?;
        let bare = plain(value.get_ref())
            .filter(|v| v.is_finite())
            .ok_or_else(|| section.refuse("value", shown(value), "a finite number"))?;
        let converted = section.converted("unit", bare, kind)?;
        let (source, confidence) = section.provenance()?;
        Ok(Some(Number { value: converted, source, confidence }))
    }

    /// A data curve: points of two kinds with one source and confidence.
    ///
    /// # Errors
    /// It is absent, or a part of it is wrong as for [`Section::number`].
    pub fn curve(&self, key: &str, across: Kind, up: Kind) -> Result<Vec<(f64, f64)>, BadInput> {
        let part = self.section(key)?;
        part.only(&["x_unit", "y_unit", "source", "confidence", "points"])?;
        part.provenance()?;
        let list = part.find("points").and_then(|v| v.get_ref().as_array());
        let list = list.ok_or_else(|| part.missing("points", "a list of [x, y]"))?;
        let mut points = Vec::new();
        for item in list.iter() {
            let pair = item.get_ref().as_array().filter(|pair| pair.len() == 2);
            let read = |n: usize| pair.and_then(|p| plain(p.get(n)?.get_ref())).filter(|v| v.is_finite());
            let (Some(x), Some(y)) = (read(0), read(1)) else {
                return Err(part.refuse("points", shown(item), "pairs [x, y] of finite numbers"));
            };
            points.push((part.converted("x_unit", x, across)?, part.converted("y_unit", y, up)?));
        }
        Ok(points)
    }

    /// Data numbers under names, with one unit, source and confidence: `{ unit, source, confidence, at = { a = 1 } }`.
    ///
    /// # Errors
    /// It is absent, or a part of it is wrong as for [`Section::number`].
    pub fn named_numbers(&self, key: &str, kind: Kind) -> Result<Vec<(&'s str, f64)>, BadInput> {
        let part = self.section(key)?;
        part.only(&["unit", "source", "confidence", "at"])?;
        part.provenance()?;
        let at = part.section("at")?;
        let mut found = Vec::new();
        for (name, value) in at.table {
            let bare = plain(value.get_ref()).filter(|v| v.is_finite());
            let name = name.get_ref().as_ref();
            let bare = bare.ok_or_else(|| at.refuse(name, shown(value), "a finite number"))?;
            found.push((name, part.converted("unit", bare, kind)?));
        }
        Ok(found)
    }

    fn converted(&self, unit_key: &str, bare: f64, kind: Kind) -> Result<f64, BadInput> {
        let unit = self.text(unit_key)?;
        units::in_equations(bare, unit, kind).map_err(|refusal| self.refuse(unit_key, unit, refusal))
    }

    fn provenance(&self) -> Result<(String, Confidence), BadInput> {
        let source = self.text("source")?;
        if source.trim().is_empty() {
            return Err(self.refuse("source", "nothing", "where the number comes from"));
        }
        let confidence = match self.text("confidence")? {
            "high" => Confidence::High,
            "medium" => Confidence::Medium,
            "low" => Confidence::Low,
            other => return Err(self.refuse("confidence", other, "high, medium or low")),
        };
        Ok((source.into(), confidence))
    }

    /// A data number that must be above zero.
    ///
    /// # Errors
    /// As for [`Section::number`], or it is zero or below.
    pub fn above_zero(&self, key: &str, kind: Kind) -> Result<f64, BadInput> {
        let number = self.number(key, kind)?.value;
        if number > 0.0 { Ok(number) } else { Err(self.refuse(key, number, "a number above zero")) }
    }

    /// A data number that may be zero but not below.
    ///
    /// # Errors
    /// As for [`Section::number`], or it is below zero.
    pub fn not_below_zero(&self, key: &str, kind: Kind) -> Result<f64, BadInput> {
        let number = self.number(key, kind)?.value;
        if number >= 0.0 { Ok(number) } else { Err(self.refuse(key, number, "a number not below zero")) }
    }

    /// A data number that may be absent, which stands for the number given; not below zero.
    ///
    /// # Errors
    /// It is there and wrong.
    pub fn not_below_zero_or(&self, key: &str, kind: Kind, absent: f64) -> Result<f64, BadInput> {
        if self.has(key) { self.not_below_zero(key, kind) } else { Ok(absent) }
    }

    /// A protocol's quantity, written `"2.5 mg/d"`, not below zero.
    ///
    /// # Errors
    /// It is absent, not a text, not a finite number, negative, or its unit is unknown or does not fit.
    pub fn quantity(&self, key: &str, kind: Kind) -> Result<f64, BadInput> {
        let text = self.text(key)?;
        self.quantity_of(key, text, kind)
    }

    /// A protocol's quantity, or none.
    ///
    /// # Errors
    /// As for [`Section::quantity`], but absence is no error.
    pub fn quantity_if(&self, key: &str, kind: Kind) -> Result<Option<f64>, BadInput> {
        if self.has(key) { self.quantity(key, kind).map(Some) } else { Ok(None) }
    }

    /// Reads a text of this key as a quantity.
    ///
    /// # Errors
    /// As for [`Section::quantity`].
    pub fn quantity_of(&self, key: &str, text: &str, kind: Kind) -> Result<f64, BadInput> {
        let want = || format!("a number and a unit of {}", kind.written_in());
        let (number, unit) = text.trim().split_once(' ').ok_or_else(|| self.refuse(key, text, want()))?;
        let bare: f64 = number.parse().map_err(|_| self.refuse(key, text, want()))?;
        if !bare.is_finite() || bare < 0.0 {
            return Err(self.refuse(key, text, "a finite number that is not negative"));
        }
        units::in_equations(bare, unit.trim(), kind).map_err(|refusal| self.refuse(key, text, refusal))
    }
}

fn plain(value: &DeValue<'_>) -> Option<f64> {
    if let Some(float) = value.as_float() {
        return float.as_str().parse().ok();
    }
    let whole = value.as_integer()?;
    if whole.radix() == 10 { whole.as_str().parse().ok() } else { None }
}

fn shown(value: &Spanned<DeValue<'_>>) -> String {
    let value = value.get_ref();
    if let Some(text) = value.as_str() {
        return format!("\"{text}\"");
    }
    if let Some(number) = value.as_float() {
        return number.as_str().to_owned();
    }
    if let Some(number) = value.as_integer() {
        return number.as_str().to_owned();
    }
    format!("a {}", value.type_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str =
        "# head\n[transport]\nloss = { value = 2.7e-3, unit = \"1/min\", source = \"fit\", confidence = \"low\" }\n";

    fn loss_of(text: &str) -> Result<Number, BadInput> {
        Sheet::parse("drug.toml", text)?.top().section("transport")?.number("loss", Kind::Rate)
    }

    #[test]
    fn a_number_is_read_with_its_source_and_confidence() {
        let read = loss_of(GOOD).unwrap();
        assert_eq!(read, Number { value: 2.7e-3, source: "fit".into(), confidence: Confidence::Low });
    }

    #[test]
    fn each_defect_is_told_with_file_line_key_value_and_what_would_be_right() {
        let wrong = [
            ("\"1/min\"", "\"1/fortnight\"", "unit = 1/fortnight", "1/min"),
            ("\"1/min\"", "\"mL\"", "unit = mL", "does not fit"),
            (", source = \"fit\"", "", "source = nothing", "a text"),
            ("\"fit\"", "\" \"", "source = nothing", "where the number comes from"),
            ("\"low\"", "\"sure\"", "confidence = sure", "high, medium or low"),
            ("2.7e-3", "nan", "value = nan", "a finite number"),
            ("2.7e-3", "\"2\"", "value = \"2\"", "a finite number"),
            ("source", "sauce", "sauce = an unknown key", "source"),
        ];
        for (from, to, what, want) in wrong {
            let told = loss_of(&GOOD.replacen(from, to, 1)).unwrap_err().to_string();
            assert!(told.starts_with("drug.toml:3: transport.loss."), "{told}");
            assert!(told.contains(what) && told.contains(want), "{told}");
        }
    }

    #[test]
    fn what_is_not_toml_is_told_with_its_line() {
        let told = Sheet::parse("a.toml", "x = 1\ny = = 2\n").unwrap_err();
        assert_eq!((told.file.as_str(), told.line), ("a.toml", 2));
    }

    #[test]
    fn a_quantity_of_a_protocol_is_refused_when_it_is_negative_endless_or_of_another_kind() {
        let text = "rate = \"1.44 mg/d\"\na = \"-1 mg/d\"\nb = \"inf mg/d\"\nc = \"1 mL\"\nd = \"1\"\ne = 1\n";
        let sheet = Sheet::parse("p.toml", text).unwrap();
        assert!((sheet.top().quantity("rate", Kind::MassRate).unwrap() - 1.0).abs() < 1e-15);
        for (key, line) in [("a", 2), ("b", 3), ("c", 4), ("d", 5), ("e", 6)] {
            assert_eq!(sheet.top().quantity(key, Kind::MassRate).unwrap_err().line, line);
        }
    }
}
