//! What the patient tells: pain, effects, sleep, mood, stress, activity, and what they were doing.

use exchange::body::{DiaryEntry, Felt};
use exchange::{Body, Label};
use serde::{Deserialize, Serialize};

use crate::advice::Symptom;

/// Longest note, bytes.
pub const NOTE_MAX: usize = 2_000;

/// One entry.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Entry {
    /// When it was entered, ms since 1970 UTC, by the handset's clock.
    pub at_ms: i64,
    /// Minutes by which local time was ahead of UTC.
    pub offset_min: i16,
    /// The pump's clock at that moment, where it was known.
    pub pump_ms: Option<u64>,
    /// 0 to 10.
    pub pain: Option<u8>,
    /// How well the night was, 0 to 10.
    pub sleep: Option<u8>,
    /// 0 to 10, 10 is good.
    pub mood: Option<u8>,
    /// 0 to 10, 10 is most.
    pub stress: Option<u8>,
    /// Minutes of movement.
    pub active_min: Option<u16>,
    /// What they were doing.
    pub doing: String,
    /// Words of [`Symptom`].
    pub symptoms: Vec<String>,
    /// Free words.
    pub note: String,
}

impl Entry {
    /// Local ms since 1970.
    pub fn local_ms(&self) -> i64 {
        self.at_ms + i64::from(self.offset_min) * 60_000
    }

    /// The symptoms in it.
    pub fn felt(&self) -> Vec<Symptom> {
        self.symptoms.iter().filter_map(|word| Symptom::of(word)).collect()
    }

    /// Whether it says anything.
    pub fn is_empty(&self) -> bool {
        *self == Entry { at_ms: self.at_ms, offset_min: self.offset_min, pump_ms: self.pump_ms, ..Entry::default() }
    }

    /// As the document that goes to the clinic.
    pub fn document(&self) -> Body {
        let at = Label { ms: u64::try_from(self.at_ms).unwrap_or(0), utc_offset_min: self.offset_min };
        let mut felt = Vec::new();
        felt.extend(self.pain.map(|rating| Felt::Pain { rating }));
        felt.extend(self.symptoms.iter().map(|word| Felt::Complaint { word: word.clone() }));
        let numbers = [("sleep", self.sleep), ("mood", self.mood), ("stress", self.stress)];
        let mut note: Vec<String> =
            numbers.iter().filter_map(|(name, value)| value.map(|v| format!("{name} {v}/10"))).collect();
        note.extend(self.active_min.map(|minutes| format!("active {minutes} min")));
        note.extend(
            [("doing", &self.doing), ("note", &self.note)]
                .iter()
                .filter(|(_, t)| !t.is_empty())
                .map(|(n, t)| format!("{n}: {t}")),
        );
        if !note.is_empty() {
            felt.push(Felt::Note { text: note.join("; ") });
        }
        let entries = felt.into_iter().map(|entry| DiaryEntry { entry, at, pump_ms: self.pump_ms }).collect();
        Body::Diary(exchange::body::Diary { entries })
    }
}

/// All entries, the newest last.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Diary {
    /// They.
    pub entries: Vec<Entry>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_leaves_as_a_document_and_says_nothing_that_was_not_entered() {
        let entry = Entry { pain: Some(6), symptoms: vec!["itch".to_owned()], sleep: Some(3), ..Entry::default() };
        let Body::Diary(diary) = entry.document() else { panic!("a diary") };
        let felt: Vec<&Felt> = diary.entries.iter().map(|one| &one.entry).collect();
        assert_eq!(
            felt,
            [
                &Felt::Pain { rating: 6 },
                &Felt::Complaint { word: "itch".to_owned() },
                &Felt::Note { text: "sleep 3/10".to_owned() }
            ]
        );
        assert!(Entry { at_ms: 5, ..Entry::default() }.is_empty() && !entry.is_empty());
    }
}
