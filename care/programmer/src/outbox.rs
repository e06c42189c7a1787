//! What was done and heard, for the clinic: documents numbered without a gap, acts chained each to the one before.
//!
//! Nothing leaves by itself: a person exports a file and brings back what the clinic answered. Documents that the clinic has
//! taken are purged, and with the last one of a pump its patient file.

use exchange::body::{Act, Outcome};
use exchange::{Body, Envelope, Hex, Kind, Label, NotDocument, Source};
use serde::{Deserialize, Serialize};

use crate::vault::{NotKept, Vault};

/// How far the numbers have come, and where the chain of acts ends.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    seq: u64,
    act: Option<Hex<32>>,
    /// What the device calls itself.
    id: String,
}

/// Why something is not in the outbox.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotSent {
    /// The disk.
    #[error(transparent)]
    Kept(#[from] NotKept),
    /// The document.
    #[error(transparent)]
    Document(#[from] NotDocument),
    /// A number or an act of the chain is missing or was altered.
    #[error("the record of this device is broken at document {0}: it is missing or was altered. Tell the clinic")]
    Broken(u64),
}

/// A person did something.
pub(crate) struct Did<'a> {
    /// Who: the clinician's number.
    pub(crate) person: u32,
    /// A verb of the audit.
    pub(crate) verb: &'a str,
    /// In words, without anything that names the patient.
    pub(crate) about: String,
    /// Why, where a reason was asked for.
    pub(crate) reason: Option<String>,
    /// The pump, and the order that was seen to run; nothing where no pump is meant.
    pub(crate) pump: (u64, u64),
}

/// The outbox of a vault.
pub(crate) struct Outbox<'a> {
    vault: &'a Vault,
    now_ms: u64,
}

impl<'a> Outbox<'a> {
    /// The outbox at this moment of the device's clock.
    pub(crate) const fn of(vault: &'a Vault, now_ms: u64) -> Self {
        Self { vault, now_ms }
    }

    /// What the device's own clock shows.
    pub(crate) const fn label(&self) -> Label {
        Label { ms: self.now_ms, utc_offset_min: 0 }
    }

    fn state(&self) -> Result<State, NotSent> {
        if let Some(state) = self.vault.read::<State>("outbox-state")? {
            return Ok(state);
        }
        let id = crate::seal::random::<6>().map_err(|why| NotKept::Seal { path: "outbox-state".to_owned(), why })?;
        let id = id.iter().fold("programmer-".to_owned(), |id, byte| format!("{id}{byte:02x}"));
        Ok(State { id, ..State::default() })
    }

    /// Keeps a document; its number.
    pub(crate) fn put(&self, body: Body, (pump, base): (u64, u64)) -> Result<u64, NotSent> {
        let mut state = self.state()?;
        state.seq += 1;
        let is_act = matches!(body, Body::Act(_));
        let source = Source { kind: Kind::Programmer, id: state.id.clone() };
        let envelope = Envelope::new(source, state.seq, pump, base, body);
        if is_act {
            state.act = Some(envelope.fingerprint()?);
        }
        // The document first: a kill between leaves a number that is written again, never one that is missing.
        self.vault.write(&name(state.seq), &envelope)?;
        self.vault.write("outbox-state", &state)?;
        Ok(state.seq)
    }

    /// Keeps an act.
    pub(crate) fn act(&self, did: Did<'_>) -> Result<u64, NotSent> {
        let before = self.state()?.act;
        let act = Act {
            person: did.person.to_string(),
            verb: did.verb.to_owned(),
            about: did.about,
            reason: did.reason,
            at: self.label(),
            before,
        };
        self.put(Body::Act(act), did.pump)
    }

    /// All that waits, in order.
    pub(crate) fn waiting(&self) -> Result<Vec<Envelope>, NotSent> {
        let names = self.vault.names("outbox")?;
        let read = |file: &String| Ok(self.vault.read::<Envelope>(&format!("outbox/{file}"))?);
        names.iter().filter_map(|file| read(file).transpose()).collect()
    }

    /// Whether what waits is without a gap and every act follows the one before.
    pub(crate) fn verify(&self) -> Result<(), NotSent> {
        let waiting = self.waiting()?;
        let state = self.state()?;
        let first = waiting.first().map_or(state.seq + 1, |envelope| envelope.seq);
        let mut before: Option<Option<Hex<32>>> = None;
        for (expected, envelope) in (first..).zip(&waiting) {
            if envelope.seq != expected {
                return Err(NotSent::Broken(expected));
            }
            if let Body::Act(act) = &envelope.body {
                if before.is_some_and(|before| before != act.before) {
                    return Err(NotSent::Broken(envelope.seq));
                }
                before = Some(Some(envelope.fingerprint()?));
            }
        }
        let last = waiting.last().map_or(state.seq, |envelope| envelope.seq);
        if last != state.seq || before.is_some_and(|before| before != state.act) {
            return Err(NotSent::Broken(state.seq));
        }
        Ok(())
    }

    /// All that waits as one file: a document a line.
    pub(crate) fn export(&self) -> Result<String, NotSent> {
        let mut text = String::new();
        for envelope in self.waiting()? {
            text += &String::from_utf8_lossy(&envelope.to_bytes()?);
            text.push('\n');
        }
        Ok(text)
    }

    /// What the clinic answered: documents that it has taken are purged, and the files of pumps of which none waits any
    /// more. How many documents went, and what was refused.
    pub(crate) fn answered(&self, envelope: &Envelope) -> Result<(usize, Vec<String>), NotSent> {
        let Body::Acknowledgement(acknowledgement) = &envelope.body else { return Ok((0, Vec::new())) };
        let id = self.state()?.id;
        let (mut taken, mut refused) = (0, Vec::new());
        let mut pumps = Vec::new();
        for answer in acknowledgement.answers.iter().filter(|answer| answer.source.id == id) {
            let Some(kept) = self.vault.read::<Envelope>(&name(answer.seq))? else { continue };
            if kept.fingerprint()? != answer.fingerprint {
                refused.push(format!("document {}: the clinic answered for another text of it", answer.seq));
                continue;
            }
            match &answer.outcome {
                Outcome::Taken | Outcome::Task { .. } => {
                    self.vault.remove(&name(answer.seq))?;
                    pumps.push(kept.pump);
                    taken += 1;
                }
                Outcome::Refused { why } => refused.push(format!("document {}: {why}", answer.seq)),
            }
        }
        let waiting = self.waiting()?;
        for pump in pumps.into_iter().filter(|pump| waiting.iter().all(|envelope| envelope.pump != *pump)) {
            self.vault.remove(&format!("files/{pump}"))?;
        }
        Ok((taken, refused))
    }
}

fn name(seq: u64) -> String {
    format!("outbox/{seq:010}")
}
