//! The one spelling of a document: keys in the order of their bytes, no blanks, whole numbers, the fewest escapes.
//!
//! Whoever reads a document and writes it again, in any language, arrives at the same bytes; so a signature and a
//! fingerprint outlive every hop. (RFC 8785 without fractions: a fraction has more than one spelling, and no document of
//! ours has one.)

use serde_json::Value;
use sha2::{Digest, Sha256};

/// A fraction, or a whole number that 64 bits do not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{number}: whole numbers of 64 bits only; a quantity is told in its smallest unit")]
pub struct NotWhole {
    /// The number.
    pub number: String,
}

/// The bytes of a document.
///
/// # Errors
/// [`NotWhole`].
pub fn bytes(document: &Value) -> Result<Vec<u8>, NotWhole> {
    let mut out = String::new();
    write(document, &mut out)?;
    Ok(out.into_bytes())
}

/// SHA-256 of those bytes: what tells a repeat from another document.
///
/// # Errors
/// [`NotWhole`].
pub fn fingerprint(document: &Value) -> Result<[u8; 32], NotWhole> {
    bytes(document).map(|bytes| Sha256::digest(bytes).into())
}

fn write(value: &Value, out: &mut String) -> Result<(), NotWhole> {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) if number.is_u64() || number.is_i64() => out.push_str(&number.to_string()),
        Value::Number(number) => return Err(NotWhole { number: number.to_string() }),
        Value::String(text) => string(text, out),
        Value::Array(items) => {
            out.push('[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                write(item, out)?;
            }
            out.push(']');
        }
        Value::Object(fields) => {
            // Whether the map keeps an order of its own is the affair of whoever built it.
            let mut sorted: Vec<_> = fields.iter().collect();
            sorted.sort_unstable_by(|(a, _), (b, _)| a.as_bytes().cmp(b.as_bytes()));
            out.push('{');
            for (place, (name, field)) in sorted.into_iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                string(name, out);
                out.push(':');
                write(field, out)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

fn string(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{9}' => out.push_str("\\t"),
            '\u{a}' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\u{d}' => out.push_str("\\r"),
            control if control < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(control))),
            plain => out.push(plain),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn two_spellings_of_one_document_are_the_same_bytes() {
        let one: Value = serde_json::from_str(r#"{ "b": [1, -2], "a": "\u00e9\n", "c": null }"#).unwrap();
        let other: Value = serde_json::from_str("{\"c\":null,\"a\":\"é\\n\",\"b\":[1,-2]}").unwrap();
        assert_eq!(bytes(&one), bytes(&other));
        assert_eq!(bytes(&one).unwrap(), "{\"a\":\"é\\n\",\"b\":[1,-2],\"c\":null}".as_bytes());
    }

    #[test]
    fn a_fraction_has_no_spelling_and_is_told() {
        let why = bytes(&json!({"dose_mg": 0.5})).unwrap_err().to_string();
        assert!(why.starts_with("0.5: whole numbers"), "{why}");
    }
}
