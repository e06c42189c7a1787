//! What is still to reach the clinic: numbered, kept until the clinic has said of each that it was taken.
//!
//! A repeat is harmless there, for the number is the same. A request for a dose is never in here.

use exchange::body::{Acknowledgement, Outcome};
use exchange::{Body, Envelope, Kind, Source};
use serde::{Deserialize, Serialize};

/// Documents that wait at most; beyond it the oldest diary entry would be lost, so nothing more is taken and it is said.
pub const WAITING_MAX: usize = 2_000;

/// The documents that wait.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Outbox {
    /// The number that the last one got.
    last: u64,
    waiting: Vec<Envelope>,
    /// What the clinic did not take, with its words: a person looks at it.
    pub refused: Vec<(u64, String)>,
}

/// No room is left.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{WAITING_MAX} documents wait to be sent and none has left: look at the connection to the clinic")]
pub struct Full;

impl Outbox {
    /// Numbers a document and lets it wait.
    ///
    /// # Errors
    /// [`Full`]: it was not taken.
    //= requirements/handset.md#never-queued
    //# A request for a bolus MUST NOT wait in a queue.
    pub fn put(&mut self, handset: &str, pump: u64, base_version: u64, body: Body) -> Result<u64, Full> {
        // `Body` has no request for a bolus: what the pump is asked goes over the link at once or not at all.
        if self.waiting.len() >= WAITING_MAX {
            return Err(Full);
        }
        self.last += 1;
        let source = Source { kind: Kind::Handset, id: handset.to_owned() };
        self.waiting.push(Envelope::new(source, self.last, pump, base_version, body));
        Ok(self.last)
    }

    /// What waits, the oldest first.
    pub fn waiting(&self) -> &[Envelope] {
        &self.waiting
    }

    /// Takes out what the clinic has answered; what it says of others is passed over.
    pub fn answered(&mut self, answers: &Acknowledgement) {
        for answer in &answers.answers {
            let Some(at) = self.waiting.iter().position(|one| one.source == answer.source && one.seq == answer.seq)
            else {
                continue;
            };
            let is_it = self.waiting.get(at).and_then(|one| one.fingerprint().ok()) == Some(answer.fingerprint);
            if !is_it {
                continue;
            }
            self.waiting.remove(at);
            if let Outcome::Refused { why } = &answer.outcome {
                self.refused.push((answer.seq, why.clone()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use exchange::body::Answered;

    fn diary(pain: u8) -> Body {
        crate::diary::Entry { pain: Some(pain), ..crate::diary::Entry::default() }.document()
    }

    //= requirements/handset.md#never-queued
    //= type=test
    //# A request for a bolus MUST NOT wait in a queue.
    #[test]
    fn what_waits_are_documents_and_none_of_them_can_ask_for_a_dose() {
        let mut outbox = Outbox::default();
        outbox.put("h-1", 1000, 3, diary(5)).unwrap();
        let text = serde_json::to_string(outbox.waiting()).unwrap();
        assert!(text.contains("\"kind\":\"diary\"") && !text.contains("bolus"));
    }

    #[test]
    fn each_document_leaves_when_it_was_taken_and_an_answer_to_another_takes_none() {
        let mut outbox = Outbox::default();
        for pain in 1..=3 {
            outbox.put("h-1", 1000, 3, diary(pain)).unwrap();
        }
        let answer = |seq: usize, of: usize| Answered {
            source: outbox.waiting()[seq].source.clone(),
            seq: outbox.waiting()[seq].seq,
            fingerprint: outbox.waiting()[of].fingerprint().unwrap(),
            outcome: Outcome::Taken,
        };
        let second = Acknowledgement { answers: vec![answer(1, 1)] };
        let mixed_up = Acknowledgement { answers: vec![answer(0, 2)] };
        outbox.answered(&second);
        outbox.answered(&second);
        outbox.answered(&mixed_up);
        let left: Vec<u64> = outbox.waiting().iter().map(|one| one.seq).collect();
        assert_eq!(left, [1, 3]);
        assert_eq!(outbox.put("h-1", 1000, 3, diary(4)), Ok(4), "numbers go on rising");
    }
}
