//! One event as it stands in a file: every field that any event can have, each read with its unit or refused with its line.
//!
//! Which fields belong to which act is the table's affair ([`super::verbs`]); here each is only read.

use orders::{Drug, Duration, Mass, Permille, Reason, Volume};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use super::act::Answered;
use super::when;
use crate::files::{DrugName, Written};

/// A time in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct At(pub u64);

impl<'de> Deserialize<'de> for At {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        when::parse(&text).map(At).ok_or_else(|| D::Error::custom(format!("{text:?}: {}", when::LIKE)))
    }
}

/// The name of one of a list, as people write it: `front in path` for `FrontInPath`.
pub(super) fn words_of(debug: &str) -> String {
    let mut words = String::new();
    for letter in debug.chars() {
        if letter.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}

/// Finds the one that a person named, or says which there are.
///
/// # Errors
/// The word, `what` it should have named, and all that there are.
pub fn named<T: Copy + std::fmt::Debug>(text: &str, what: &str, all: &[T]) -> Result<T, String> {
    let bare = |words: &str| words.replace([' ', '-'], "").to_ascii_lowercase();
    let found = all.iter().find(|one| bare(&format!("{one:?}")) == bare(text)).copied();
    found.ok_or_else(|| {
        let names: Vec<String> = all.iter().map(|one| words_of(&format!("{one:?}"))).collect();
        format!("{text:?} is no {what}; there are: {}", names.join(", "))
    })
}

/// `granted`, `done`, `refused`, `refused: lockout`, `unknown` or `turned away`.
#[derive(Debug, Clone, Copy)]
pub(super) struct ExpectedAnswer(pub Answered);

impl<'de> Deserialize<'de> for ExpectedAnswer {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let answered = match text.as_str() {
            "granted" | "done" => Answered::Yes,
            "refused" => Answered::No(None),
            "unknown" => Answered::Unknown,
            "turned away" => Answered::TurnedAway,
            _ => match text.strip_prefix("refused: ") {
                Some(reason) => {
                    Answered::No(Some(named(reason, "reason of a refusal", Reason::ALL).map_err(D::Error::custom)?))
                }
                None => {
                    return Err(D::Error::custom(format!(
                        "{text:?}: \"granted\", \"done\", \"refused\", \"refused: lockout\" (or another reason), \
                         \"unknown\" or \"turned away\" was expected"
                    )));
                }
            },
        };
        Ok(Self(answered))
    }
}

macro_rules! fields {
    ($($name:ident: $type:ty, $word:literal;)*) => {
        /// The fields of one event besides time, actor and expectation.
        #[derive(Deserialize, Debug, Default)]
        #[serde(deny_unknown_fields)]
        pub(super) struct Fields {
            pub at: Option<At>,
            pub every: Option<Written<Duration>>,
            pub until: Option<At>,
            pub expect: Option<ExpectedAnswer>,
            #[serde(default)]
            pub present: Option<bool>,
            pub patient: Option<String>,
            pub nurse: Option<String>,
            pub physician: Option<String>,
            pub colleague: Option<String>,
            pub helper: Option<String>,
            pub magnet: Option<String>,
            pub battery: Option<String>,
            pub radio: Option<String>,
            pub store: Option<String>,
            pub oscillator: Option<String>,
            pub drive: Option<String>,
            pub catheter: Option<String>,
            pub pump: Option<String>,
            $(#[serde(rename = $word)] pub $name: Option<$type>,)*
        }

        impl Fields {
            /// The words of the fields that are there and have not been taken.
            pub fn left(&self) -> Vec<&'static str> {
                let mut left = Vec::new();
                $(if self.$name.is_some() { left.push($word); })*
                left
            }
        }
    };
}

fields! {
    alarm: String, "alarm";
    lasts: Written<Duration>, "for";
    order: String, "order";
    volume: Written<Volume>, "volume";
    over: Written<Duration>, "over";
    allowance: Written<Mass>, "allowance";
    drawn_off: Written<Volume>, "drawn_off";
    filled: Written<Volume>, "filled";
    vials: Written<Volume>, "vials";
    weight: Written<Volume>, "weight";
    truly: Written<Volume>, "truly";
    needle: String, "needle";
    keeps: Written<Duration>, "keeps";
    reason: String, "reason";
    off_by: String, "off_by";
    level: String, "level";
    step: u8, "step";
    count: u32, "count";
    way: String, "way";
    by: Written<Duration>, "by";
    bytes: u32, "bytes";
    off: Written<Duration>, "off";
    rate: String, "rate";
    share: Written<Permille>, "share";
    place: String, "place";
    mohm_per_day: u64, "mohm_per_day";
    without_bridge: u8, "without_bridge";
    accepted_for: u8, "accepted_for";
    every_stroke: Written<Duration>, "every_stroke";
}

impl Fields {
    /// Who or what acts, and the verb.
    pub fn actor(&mut self) -> Result<(&'static str, String), String> {
        let all = [
            ("patient", self.patient.take()),
            ("nurse", self.nurse.take()),
            ("physician", self.physician.take()),
            ("colleague", self.colleague.take()),
            ("helper", self.helper.take()),
            ("magnet", self.magnet.take()),
            ("battery", self.battery.take()),
            ("radio", self.radio.take()),
            ("store", self.store.take()),
            ("oscillator", self.oscillator.take()),
            ("drive", self.drive.take()),
            ("catheter", self.catheter.take()),
            ("pump", self.pump.take()),
        ];
        let names = all.each_ref().map(|(name, _)| *name).join(", ");
        let mut acting = all.into_iter().filter_map(|(name, verb)| verb.map(|verb| (name, verb)));
        match (acting.next(), acting.next()) {
            (Some(one), None) => Ok(one),
            (None, _) => Err(format!("nobody acts: one of {names} was expected")),
            (Some((one, _)), Some((other, _))) => Err(format!("both {one} and {other} act: one event, one actor")),
        }
    }
}

/// One expectation of the whole course, as it stands in a file.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpectFields {
    pub from: Option<At>,
    pub until: Option<At>,
    pub by: Option<At>,
    pub alarm: Option<String>,
    pub no_alarm: Option<String>,
    pub quiet: Option<bool>,
    pub says: Option<String>,
    pub never_says: Option<String>,
    pub drug: Option<DrugName>,
    pub at_least: Option<Written<Mass>>,
    pub at_most: Option<Written<Mass>>,
    pub tip_never_above: Option<Written<orders::Concentration>>,
    pub finds: Option<String>,
}

impl ExpectFields {
    /// The drug that is meant: the one named, or the order's primary.
    pub fn drug_or(&self, primary: Option<Drug>) -> Result<Drug, String> {
        self.drug.map(|named| named.0).or(primary).ok_or_else(|| "drug: which drug is meant must be stated".into())
    }
}
