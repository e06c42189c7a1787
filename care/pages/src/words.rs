//! What pages say, in the languages they say it.
//!
//! Messages stand in Fluent files, one per language and room. A catalogue is put together once from the files of this
//! crate and of the face; [`Catalogue::gaps`] tells what a language lacks, and the tests of every face ask it. A
//! sentence that people's safety hangs on is a variant of an enum made by [`sentences!`], so that it cannot be
//! misspelt, and a catalogue that lacks one in any language is not made at all.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use fluent_syntax::ast;

/// A language that the faces speak.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Language {
    /// English, which every other falls back to.
    #[default]
    English,
    /// German.
    German,
    /// Arabic, written from right to left.
    Arabic,
}

impl Language {
    /// Every language.
    pub const ALL: &'static [Language] = &[Language::English, Language::German, Language::Arabic];

    /// Its tag (BCP 47).
    pub const fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::German => "de",
            Language::Arabic => "ar",
        }
    }

    /// Its own name, as its speakers write it.
    pub const fn name(self) -> &'static str {
        match self {
            Language::English => "English",
            Language::German => "Deutsch",
            Language::Arabic => "العربية",
        }
    }

    /// `ltr` or `rtl`, as HTML wants it.
    pub const fn direction(self) -> &'static str {
        match self {
            Language::English | Language::German => "ltr",
            Language::Arabic => "rtl",
        }
    }

    /// The language of a tag; the part after a hyphen does not matter.
    pub fn from_tag(tag: &str) -> Option<Language> {
        let main = tag.trim().split(['-', '_']).next().unwrap_or_default();
        Language::ALL.iter().copied().find(|language| language.tag().eq_ignore_ascii_case(main))
    }

    /// The best of ours for an `Accept-Language` header: the highest weight wins, the earlier at equal weight.
    pub fn negotiate(accept: &str) -> Language {
        let mut best: Option<(f32, Language)> = None;
        for part in accept.split(',') {
            let (tag, rest) = part.split_once(';').unwrap_or((part, ""));
            let weight = rest.trim().strip_prefix("q=").map_or(1.0, |q| q.trim().parse().unwrap_or(0.0));
            if let Some(language) = Language::from_tag(tag).filter(|_| weight > best.map_or(0.0, |(w, _)| w)) {
                best = Some((weight, language));
            }
        }
        best.map_or(Language::English, |(_, language)| language)
    }
}

/// A value put into a message.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// Text, already in the reader's writing.
    Text(String),
    /// A count, which decides singular and plural.
    Count(u64),
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}
impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text)
    }
}
impl From<u64> for Value {
    fn from(count: u64) -> Value {
        Value::Count(count)
    }
}
impl From<u32> for Value {
    fn from(count: u32) -> Value {
        Value::Count(count.into())
    }
}
impl From<usize> for Value {
    fn from(count: usize) -> Value {
        Value::Count(u64::try_from(count).unwrap_or(u64::MAX))
    }
}

/// Sentences that people's safety hangs on: an enum of keys, all of which [`Catalogue::new`] wants in every language.
#[macro_export]
macro_rules! sentences {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$doc:meta])* $variant:ident = $key:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        $vis enum $name { $($(#[$doc])* $variant,)* }
        impl $name {
            /// The keys of all of them.
            pub const KEYS: &'static [&'static str] = &[$($key,)*];
            /// Its key in the message files.
            pub const fn key(self) -> &'static str {
                match self { $($name::$variant => $key,)* }
            }
        }
        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.key()
            }
        }
    };
}

sentences! {
    /// The sentences of the shared design that people's safety hangs on.
    pub enum Safety {
        /// On every page.
        NotADevice = "not-a-medical-device",
        /// The state of a request of which no answer has come.
        NotKnownYet = "not-known-yet",
        /// Beside every expected band.
        SimulatedPopulation = "simulated-population",
        /// What is shown is older than it may be.
        MayBeOld = "may-be-old",
    }
}

/// The messages of one language.
#[derive(Clone)]
pub struct Words {
    language: Language,
    own: Arc<FluentBundle<FluentResource>>,
    english: Arc<FluentBundle<FluentResource>>,
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Words").field("language", &self.language).finish_non_exhaustive()
    }
}

impl Words {
    /// The language.
    pub const fn language(&self) -> Language {
        self.language
    }

    /// The message of a key; in English where the language lacks it, and the key itself in marks where nobody has it.
    pub fn say(&self, key: impl AsRef<str>) -> String {
        self.say_with(key, &[])
    }

    /// The message of a key with values in it.
    pub fn say_with(&self, key: impl AsRef<str>, values: &[(&str, Value)]) -> String {
        let key = key.as_ref();
        let mut args = FluentArgs::new();
        for (name, value) in values {
            let value = match value {
                Value::Text(text) => FluentValue::from(text.clone()),
                Value::Count(count) => FluentValue::from(*count),
            };
            args.set((*name).to_owned(), value);
        }
        for bundle in [&self.own, &self.english] {
            let pattern = bundle.get_message(key).and_then(|message| message.value());
            if let Some(pattern) = pattern {
                return bundle.format_pattern(pattern, Some(&args), &mut Vec::new()).into_owned();
            }
        }
        format!("⟨{key}⟩")
    }

    /// Whether the language itself has the key.
    pub fn has(&self, key: &str) -> bool {
        self.own.has_message(key)
    }
}

/// Why a catalogue could not be made.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unusable {
    /// A file of messages does not read.
    #[error("the {language:?} messages do not read: {what}")]
    Unreadable {
        /// Whose.
        language: Language,
        /// What the parser says.
        what: String,
    },
    /// A sentence that safety hangs on is missing.
    #[error("{language:?} lacks the safety sentence `{key}`: translate it before the face can start")]
    SafetyMissing {
        /// Whose.
        language: Language,
        /// Which.
        key: String,
    },
}

/// Something that a language lacks or says with other values than English does.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Gap {
    /// Whose.
    pub language: Language,
    /// The message.
    pub key: String,
    /// What is wrong.
    pub what: String,
}

/// The messages of all languages.
#[derive(Clone, Debug)]
pub struct Catalogue {
    words: BTreeMap<Language, Words>,
    /// For each language the keys with the names of the values in them.
    keys: BTreeMap<Language, BTreeMap<String, BTreeSet<String>>>,
}

const OWN: [(Language, &str); 3] = [
    (Language::English, include_str!("../messages/en.ftl")),
    (Language::German, include_str!("../messages/de.ftl")),
    (Language::Arabic, include_str!("../messages/ar.ftl")),
];

impl Catalogue {
    /// The messages of this crate with those of a face, which win where both have a key.
    ///
    /// # Errors
    /// When a file does not read, or a language lacks a safety sentence of this crate or one of `safety`.
    pub fn new(face: &[(Language, &str)], safety: &[&str]) -> Result<Catalogue, Unusable> {
        let mut bundles = BTreeMap::new();
        let mut keys = BTreeMap::new();
        for language in Language::ALL.iter().copied() {
            let mut bundle = FluentBundle::new_concurrent(vec![langid(language)]);
            // Marks around inserted values keep numbers and names whole inside text that runs the other way.
            bundle.set_use_isolating(language.direction() == "rtl");
            let mut known = BTreeMap::new();
            for (_, text) in OWN.iter().chain(face).filter(|(of, _)| *of == language) {
                let resource =
                    FluentResource::try_new((*text).to_owned()).map_err(|(_, errors)| Unusable::Unreadable {
                        language,
                        what: errors.first().map_or_else(String::new, ToString::to_string),
                    })?;
                known.extend(resource.entries().filter_map(key_and_values));
                bundle.add_resource_overriding(resource);
            }
            for key in Safety::KEYS.iter().chain(safety) {
                if !bundle.has_message(key) {
                    return Err(Unusable::SafetyMissing { language, key: (*key).to_owned() });
                }
            }
            bundles.insert(language, Arc::new(bundle));
            keys.insert(language, known);
        }
        let english = bundles.get(&Language::English).cloned();
        let words = bundles
            .into_iter()
            .filter_map(|(language, own)| Some((language, Words { language, own, english: english.clone()? })));
        Ok(Catalogue { words: words.collect(), keys })
    }

    /// The messages of a language.
    pub fn of(&self, language: Language) -> &Words {
        // `new` made one for every language; the first is English.
        self.words.get(&language).or_else(|| self.words.values().next()).expect("a catalogue has every language")
    }

    /// What other languages lack against English, have too much, or say with other values. Empty when all is well.
    pub fn gaps(&self) -> Vec<Gap> {
        let empty = BTreeMap::new();
        let english = self.keys.get(&Language::English).unwrap_or(&empty);
        let mut gaps = Vec::new();
        for (language, own) in self.keys.iter().filter(|(language, _)| **language != Language::English) {
            for (key, values) in english {
                match own.get(key) {
                    None => gaps.push(Gap { language: *language, key: key.clone(), what: "is missing".to_owned() }),
                    Some(theirs) if theirs != values => gaps.push(Gap {
                        language: *language,
                        key: key.clone(),
                        what: format!("has the values {theirs:?}, English has {values:?}"),
                    }),
                    Some(_) => {}
                }
            }
            let more = own.keys().filter(|key| !english.contains_key(*key));
            gaps.extend(more.map(|key| Gap {
                language: *language,
                key: key.clone(),
                what: "is not in English".to_owned(),
            }));
        }
        gaps
    }
}

fn langid(language: Language) -> unic_langid::LanguageIdentifier {
    language.tag().parse().unwrap_or_default()
}

fn key_and_values(entry: &ast::Entry<&str>) -> Option<(String, BTreeSet<String>)> {
    let ast::Entry::Message(message) = entry else { return None };
    let mut values = BTreeSet::new();
    message.value.iter().for_each(|pattern| values_of(pattern, &mut values));
    Some((message.id.name.to_owned(), values))
}

fn values_of(pattern: &ast::Pattern<&str>, into: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        let ast::PatternElement::Placeable { expression } = element else { continue };
        match expression {
            ast::Expression::Inline(inline) => value_of(inline, into),
            ast::Expression::Select { selector, variants } => {
                value_of(selector, into);
                variants.iter().for_each(|variant| values_of(&variant.value, into));
            }
        }
    }
}

fn value_of(inline: &ast::InlineExpression<&str>, into: &mut BTreeSet<String>) {
    if let ast::InlineExpression::VariableReference { id } = inline {
        into.insert(id.name.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_says_what_english_says_with_the_same_values() {
        assert_eq!(Catalogue::new(&[], &[]).unwrap().gaps(), []);
    }

    #[test]
    fn a_face_whose_german_lacks_a_safety_sentence_is_not_made() {
        let face = [(Language::English, "stop = Stop now\n"), (Language::Arabic, "stop = توقف\n")];
        let missing = Catalogue::new(&face, &["stop"]).unwrap_err();
        assert_eq!(missing, Unusable::SafetyMissing { language: Language::German, key: "stop".to_owned() });
        assert!(missing.to_string().contains("`stop`"));
    }

    #[test]
    fn a_translation_that_drops_a_value_is_told() {
        let face = [
            (Language::English, "left = { $n } left\nplain = so\n"),
            (Language::German, "left = noch übrig\n"),
            (Language::Arabic, "left = { $n } متبق\nplain = هكذا\nextra = x\n"),
        ];
        let gaps = Catalogue::new(&face, &[]).unwrap().gaps();
        let told: Vec<_> = gaps.iter().map(|g| (g.language.tag(), g.key.as_str())).collect();
        assert_eq!(told, [("de", "left"), ("de", "plain"), ("ar", "extra")]);
    }

    #[test]
    fn a_file_that_does_not_read_is_an_error_and_no_half_catalogue() {
        let made = Catalogue::new(&[(Language::English, "= nothing")], &[]);
        assert!(matches!(made, Err(Unusable::Unreadable { language: Language::English, .. })));
    }

    #[test]
    fn plurals_follow_each_language() {
        let face = [
            (Language::English, "doses = { $n ->\n    [one] one dose\n   *[other] { $n } doses\n}\n"),
            (Language::German, "doses = { $n ->\n    [one] eine Dosis\n   *[other] { $n } Dosen\n}\n"),
            (
                Language::Arabic,
                "doses = { $n ->\n    [two] جرعتان\n    [few] { $n } جرعات\n   *[other] { $n } جرعة\n}\n",
            ),
        ];
        let all = Catalogue::new(&face, &[]).unwrap();
        let say = |language, n: u64| all.of(language).say_with("doses", &[("n", n.into())]);
        assert_eq!(say(Language::English, 1), "one dose");
        assert_eq!(say(Language::German, 3), "3 Dosen");
        assert_eq!(say(Language::Arabic, 2), "جرعتان");
    }

    #[test]
    fn the_browser_s_wish_is_weighed() {
        assert_eq!(Language::negotiate("fr, de-AT;q=0.8, en;q=0.5"), Language::German);
        assert_eq!(Language::negotiate("en;q=0.1, ar-EG"), Language::Arabic);
        assert_eq!(Language::negotiate("xx;q=nonsense, *"), Language::English);
    }

    #[test]
    fn a_key_that_nobody_has_is_seen_and_not_blank() {
        assert_eq!(Catalogue::new(&[], &[]).unwrap().of(Language::German).say("no-such"), "⟨no-such⟩");
    }
}
