//! Whom the pump knows: peers with their last request ids and kept answers, clinicians with their keys.
//!
//! This file answers for the tables and for their records in the store. Who may be enrolled is decided where the
//! request is served. Terms. *Owner*: a tag that ties a kept answer to the pairing it was given in, so that the answers
//! of a peer that was revoked are nobody's. *Kept*: what the pump remembers of an answer that lies in the store.

use orders::{Instant, Reason};
use telemetry::limits::{CLINICIANS_MAX, PEERS_MAX};
use telemetry::message::answer::Ended;
use telemetry::peer::Peer;
use telemetry::sign::{ClinicianKey, KeyId};
use telemetry::tag::JournalKey;

use crate::slot::Bank;

/// A clinician whose signature carries a commit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Clinician {
    pub key: ClinicianKey,
    /// The number by which orders name this person.
    pub author: u32,
}

/// What is remembered of an answer that lies in the store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Kept {
    pub id: u64,
    pub ended: Ended,
    pub reason: Option<Reason>,
    pub at: Instant,
}

/// Before the message in an answer's record: owner, id, how it ended, why, when.
pub(crate) const ANSWER_HEAD: usize = 8 + 8 + 1 + 1 + 8;
/// Bytes of one clinician in the store.
const CLINICIAN: usize = 32 + 4;

/// The tables.
pub(crate) struct People {
    pub peers: [Option<Peer>; PEERS_MAX],
    pub clinicians: [Option<Clinician>; CLINICIANS_MAX],
    /// Answers in the store, by peer and bank.
    kept: [[Option<Kept>; 2]; PEERS_MAX],
}

impl People {
    pub const fn nobody() -> Self {
        Self { peers: [const { None }; PEERS_MAX], clinicians: [None; CLINICIANS_MAX], kept: [[None; 2]; PEERS_MAX] }
    }

    pub fn peer(&self, place: u8) -> Option<&Peer> {
        self.peers.get(usize::from(place))?.as_ref()
    }

    pub fn peer_mut(&mut self, place: u8) -> Option<&mut Option<Peer>> {
        self.peers.get_mut(usize::from(place))
    }

    /// Where a device that has just paired is kept: where it was known already, else the first free place.
    pub fn place_of(&self, new: &Peer) -> Option<u8> {
        let known = self.peers.iter().position(|peer| peer.as_ref().is_some_and(|peer| peer.public == new.public));
        let place = known.or_else(|| self.peers.iter().position(Option::is_none))?;
        u8::try_from(place).ok()
    }

    /// The highest request id that a peer has used.
    pub fn id_last(&self, place: u8) -> u64 {
        let marked = self.peer(place).map_or(0, |peer| peer.request_id_last);
        self.kept(place).map(|(_, kept)| kept.id).fold(marked, u64::max)
    }

    /// The answers kept for a peer, with where they lie.
    pub fn kept(&self, place: u8) -> impl Iterator<Item = (Bank, &Kept)> {
        let both = self.kept.get(usize::from(place)).map_or([].as_slice(), |both| both.as_slice());
        Bank::BOTH.into_iter().zip(both).filter_map(|(bank, kept)| kept.as_ref().map(|kept| (bank, kept)))
    }

    pub fn kept_answer(&self, place: u8, id: u64) -> Option<Bank> {
        self.kept(place).find(|(_, kept)| kept.id == id).map(|(bank, _)| bank)
    }

    /// Where the next answer goes: never over the newest, so that a write that is cut loses nothing but itself.
    pub fn answer_bank(&self, place: u8) -> Bank {
        match self.kept(place).max_by_key(|(_, kept)| kept.id) {
            Some((Bank::A, _)) => Bank::B,
            Some((Bank::B, _)) | None => Bank::A,
        }
    }

    pub fn keep(&mut self, place: u8, bank: Bank, kept: Option<Kept>) {
        let both = self.kept.get_mut(usize::from(place));
        let slot = both.and_then(|both| match bank {
            Bank::A => both.first_mut(),
            Bank::B => both.last_mut(),
        });
        if let Some(slot) = slot {
            *slot = kept;
        }
    }

    /// The peer has read and kept every answer up to this request.
    pub fn acknowledge(&mut self, place: u8, id: u64) {
        let last = self.id_last(place);
        for bank in Bank::BOTH {
            if self.kept(place).any(|(other, kept)| other == bank && kept.id <= id) {
                self.keep(place, bank, None);
            }
        }
        // What was forgotten was still asked.
        if let Some(Some(peer)) = self.peer_mut(place) {
            peer.request_id_last = last;
        }
    }

    pub fn forget_answers(&mut self, place: u8) {
        for bank in Bank::BOTH {
            self.keep(place, bank, None);
        }
    }

    /// The tag of a place's pairing; nothing if nobody is there.
    pub fn owner(&self, place: u8) -> Option<[u8; 8]> {
        let psk = self.peer(place)?.psk.0;
        let (key, rest) = psk.split_first_chunk::<16>()?;
        Some(JournalKey(*key).tag(rest).to_le_bytes())
    }

    /// The head of an answer's record.
    pub fn answer_head(&self, place: u8, kept: &Kept) -> Option<[u8; ANSWER_HEAD]> {
        let mut head = [0u8; ANSWER_HEAD];
        let reason = kept.reason.map_or(0, Reason::code);
        let (id, at) = (kept.id.to_le_bytes(), kept.at.get().to_le_bytes());
        let all = self.owner(place)?.into_iter().chain(id).chain([kept.ended.code(), reason]).chain(at);
        head.iter_mut().zip(all).for_each(|(to, from)| *to = from);
        Some(head)
    }

    /// Reads an answer's record back; `None` if it is not of this pairing.
    pub fn read_answer<'a>(&self, place: u8, content: &'a [u8]) -> Option<(Kept, &'a [u8])> {
        let (owner, rest) = content.split_first_chunk::<8>()?;
        if Some(*owner) != self.owner(place) {
            return None;
        }
        let (id, rest) = rest.split_first_chunk::<8>()?;
        let (&[ended, reason], rest) = rest.split_first_chunk::<2>()?;
        let (at, message) = rest.split_first_chunk::<8>()?;
        let kept = Kept {
            id: u64::from_le_bytes(*id),
            ended: Ended::from_code(ended)?,
            reason: Reason::from_code(reason),
            at: Instant::new(u64::from_le_bytes(*at)),
        };
        Some((kept, message))
    }

    pub fn keys(&self) -> [Option<ClinicianKey>; CLINICIANS_MAX] {
        self.clinicians.map(|clinician| clinician.map(|clinician| clinician.key))
    }

    /// The number by which orders name the holder of a key.
    pub fn author_of(&self, key: KeyId) -> Option<u32> {
        self.clinicians.iter().flatten().find(|clinician| clinician.key.id() == key).map(|clinician| clinician.author)
    }

    /// Writes the clinicians' record; its length.
    pub fn write_clinicians(&self, out: &mut [u8]) -> Option<usize> {
        let mut length = 0usize;
        for (clinician, place) in self.clinicians.iter().flatten().zip(out.chunks_exact_mut(CLINICIAN)) {
            let bytes = clinician.key.0.into_iter().chain(clinician.author.to_le_bytes());
            place.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
            length = length.checked_add(CLINICIAN)?;
        }
        Some(length)
    }

    pub fn read_clinicians(&mut self, content: &[u8]) {
        self.clinicians = [None; CLINICIANS_MAX];
        for (slot, bytes) in self.clinicians.iter_mut().zip(content.chunks_exact(CLINICIAN)) {
            let Some((key, author)) = bytes.split_first_chunk::<32>() else { continue };
            let Ok(author) = <[u8; 4]>::try_from(author) else { continue };
            *slot = Some(Clinician { key: ClinicianKey(*key), author: u32::from_le_bytes(author) });
        }
    }
}
