//! Codes for cameras (QR), drawn as one path.

use maud::{Markup, html};
use qrcodegen::{QrCode, QrCodeEcc};
use std::fmt::Write as _;

/// White modules around a code, without which cameras do not find it.
const QUIET: i32 = 4;

/// The text does not fit in a code.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{length} bytes do not fit in a code: shorten the text to 2300 bytes or less")]
pub struct TooLong {
    /// How long it is.
    pub length: usize,
}

/// A code that holds the text, with the sentence that says what it opens. Always dark on white: cameras fail on the
/// reverse.
///
/// # Errors
/// When the text is too long.
pub fn qr(text: &str, label: &str) -> Result<Markup, TooLong> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).map_err(|_too_long| TooLong { length: text.len() })?;
    let size = code.size();
    let mut path = String::new();
    for y in 0..size {
        let mut x = 0;
        while x < size {
            let begin = x;
            while x < size && code.get_module(x, y) {
                x += 1;
            }
            if x > begin {
                // Writing to a string cannot fail.
                let _ = write!(path, "M{} {}h{}v1h-{}z", begin + QUIET, y + QUIET, x - begin, x - begin);
            }
            x += 1;
        }
    }
    let whole = size + 2 * QUIET;
    Ok(html! {
        svg.code viewBox={ "0 0 " (whole) " " (whole) } role="img" aria-label=(label) shape-rendering="crispEdges" {
            rect width=(whole) height=(whole) fill="#fff" {}
            path d=(path) fill="#000" {}
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_one_path_on_white_and_a_text_too_long_is_an_error() {
        let drawn = qr("https://example.org/card/1", "Opens the card").unwrap().into_string();
        assert!(drawn.contains("role=\"img\"") && drawn.matches("<path").count() == 1);
        assert_eq!(qr(&"x".repeat(3000), "").unwrap_err(), TooLong { length: 3000 });
    }
}
