//! The handset's words.

use pages::words::Unusable;
use pages::{Catalogue, Language};

use crate::advice::Safety;

const OWN: [(Language, &str); 3] = [
    (Language::English, include_str!("../messages/en.ftl")),
    (Language::German, include_str!("../messages/de.ftl")),
    (Language::Arabic, include_str!("../messages/ar.ftl")),
];

/// The messages of all languages.
///
/// # Errors
/// When a file does not read or a safety sentence is missing in any language.
pub fn catalogue() -> Result<Catalogue, Unusable> {
    Catalogue::new(&OWN, Safety::KEYS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_language_lacks_anything_that_english_says() {
        assert_eq!(catalogue().unwrap().gaps(), []);
    }
}
