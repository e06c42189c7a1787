//! Bytes on air: what a frame is. Looks, then judges; knows no keys and no time.
//!
//! ```text
//!  byte   0        1      2..6          6..14          14..
//!        version  kind   session (LE)  counter (LE)   body
//! ```
//!
//! [`Packet`] only looks: its accessors read the bytes that are there. [`Header::judge`] sheds what version 1 does not know, and says which byte it was.
//! The whole header is authenticated with the body of a sealed frame, so nothing in it can be changed unseen.
//! On a stream each frame stands behind its length as u16, little-endian; see [`crate::deframe`].

use crate::limits::{FRAME_MAX, HEADER_LEN, SEAL_LEN};

/// The version of the link that this crate speaks.
pub const VERSION: u8 = 1;

/// Lengths of the Noise messages, fixed by the patterns: 32 for each key, 16 for each tag.
pub mod noise_len {
    /// `-> psk, e, es, ss`
    pub const CONTACT_1: usize = 32 + 16;
    /// `<- e, ee, se`
    pub const CONTACT_2: usize = 32 + 16;
    /// `-> e`
    pub const PAIR_1: usize = 32 + 16;
    /// `<- e, ee, s, es`
    pub const PAIR_2: usize = 32 + 32 + 16 + 16;
    /// `-> s, se, psk`
    pub const PAIR_3: usize = 32 + 16 + 16;
}

/// What a frame is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Asker to pump: pairing, first message. Body: role, serial, Noise.
    PairHello,
    /// Pump to asker: pairing, second message. Body: Noise.
    PairAnswer,
    /// Asker to pump: pairing, third message. Body: Noise.
    PairFinish,
    /// Asker to pump: a contact, first message. Body: role, serial, hint, Noise.
    Hello,
    /// Pump to asker: a contact, second message. Body: Noise.
    HelloAnswer,
    /// Either way: a message under the contact's seal.
    Sealed,
    /// Pump to asker: why a hello or a frame led to nothing. Not authentic, so a hint for people and no more. Body: reason, version.
    Turned,
    /// Asker to pump: a contact without cryptography, for the bench. Body: role, serial, the peer's place.
    BenchHello,
    /// Pump to asker: the answer to it. No body.
    BenchAnswer,
}

/// Codes on the wire. The order of the enum is not protocol; this table is.
const KINDS: [(u8, Kind, Body); 9] = [
    (0x01, Kind::PairHello, Body::Exactly(1 + 8 + noise_len::PAIR_1)),
    (0x02, Kind::PairAnswer, Body::Exactly(noise_len::PAIR_2)),
    (0x03, Kind::PairFinish, Body::Exactly(noise_len::PAIR_3)),
    (0x04, Kind::Hello, Body::Exactly(1 + 8 + HINT_LEN + noise_len::CONTACT_1)),
    (0x05, Kind::HelloAnswer, Body::Exactly(noise_len::CONTACT_2)),
    (0x06, Kind::Sealed, Body::AtLeast(SEAL_LEN)),
    (0x07, Kind::Turned, Body::Exactly(2)),
    (0x70, Kind::BenchHello, Body::Exactly(1 + 8 + 1)),
    (0x71, Kind::BenchAnswer, Body::Exactly(0)),
];

/// Bytes of the hint by which a pump finds the peer that says hello.
pub const HINT_LEN: usize = 8;

/// What a kind's body may measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Body {
    Exactly(usize),
    AtLeast(usize),
}

impl Kind {
    /// The code on the wire.
    pub fn code(self) -> u8 {
        // Every kind stands in the table (a test walks it); 0 is no kind's code.
        KINDS.iter().find(|(_, kind, _)| *kind == self).map_or(0, |(code, ..)| *code)
    }

    /// Whether this kind belongs to a handshake or stands outside a contact: its counter is zero.
    fn is_uncounted(self) -> bool {
        self != Kind::Sealed
    }
}

/// The number that names a contact on the air, chosen by the asker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u32);

/// What was wrong with a frame's bytes. Nothing was done on its account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// Fewer bytes than a header, or than the length in front of them said.
    TooShort {
        /// How many there were.
        len: usize,
        /// How many it takes.
        need: usize,
    },
    /// More bytes than a frame may have.
    TooLong {
        /// How many there were.
        len: usize,
        /// How many there may be: [`FRAME_MAX`].
        most: usize,
    },
    /// Byte 0 is not a version we speak.
    Version {
        /// What it says.
        got: u8,
    },
    /// Byte 1 is no kind of frame.
    Kind {
        /// What it says.
        got: u8,
    },
    /// A body of a length that its kind cannot have.
    BodyLength {
        /// The kind in question.
        kind: Kind,
        /// How long it was.
        len: usize,
        /// How long it must be, or must be at least for [`Kind::Sealed`].
        need: usize,
    },
    /// A handshake frame with a counter other than zero.
    CounterNotZero {
        /// The kind in question.
        kind: Kind,
        /// What it says.
        got: u64,
    },
    /// A sealed frame with counter zero: counters begin at one.
    CounterZero,
    /// A role byte that is no role.
    Role {
        /// What it says.
        got: u8,
    },
    /// A reason byte that is no reason.
    Reason {
        /// What it says.
        got: u8,
    },
}

/// Bytes, looked at and not judged.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a>(&'a [u8]);

impl<'a> Packet<'a> {
    /// Takes bytes that are at least a header and at most a frame; the accessors below then have something to read.
    ///
    /// # Errors
    /// [`Malformed::TooShort`], [`Malformed::TooLong`].
    pub fn look(bytes: &'a [u8]) -> Result<Self, Malformed> {
        if bytes.len() < HEADER_LEN {
            return Err(Malformed::TooShort { len: bytes.len(), need: HEADER_LEN });
        }
        if bytes.len() > FRAME_MAX {
            return Err(Malformed::TooLong { len: bytes.len(), most: FRAME_MAX });
        }
        Ok(Self(bytes))
    }

    fn field<const N: usize>(self, at: usize) -> [u8; N] {
        self.0.get(at..).and_then(|rest| rest.first_chunk::<N>()).copied().unwrap_or([0; N])
    }

    /// Byte 0.
    pub fn version(self) -> u8 {
        u8::from_le_bytes(self.field(0))
    }
    /// Byte 1.
    pub fn kind(self) -> u8 {
        u8::from_le_bytes(self.field(1))
    }
    /// Bytes 2 to 5.
    pub fn session(self) -> u32 {
        u32::from_le_bytes(self.field(2))
    }
    /// Bytes 6 to 13.
    pub fn counter(self) -> u64 {
        u64::from_le_bytes(self.field(6))
    }
    /// All that follows the header.
    pub fn body(self) -> &'a [u8] {
        self.0.get(HEADER_LEN..).unwrap_or(&[])
    }
}

/// A header that makes sense. Its body has a length that its kind may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// What the frame is for.
    pub kind: Kind,
    /// The contact it belongs to.
    pub session: SessionId,
    /// Rising from one in sealed frames, zero in all others.
    pub counter: u64,
}

impl Header {
    /// Judges what a packet says.
    ///
    /// # Errors
    /// The first byte, from the left, that version 1 does not know; then the body's length.
    pub fn judge(packet: Packet<'_>) -> Result<Self, Malformed> {
        if packet.version() != VERSION {
            return Err(Malformed::Version { got: packet.version() });
        }
        let Some((_, kind, body)) = KINDS.iter().find(|(code, ..)| *code == packet.kind()).copied() else {
            return Err(Malformed::Kind { got: packet.kind() });
        };
        let counter = packet.counter();
        if kind.is_uncounted() && counter != 0 {
            return Err(Malformed::CounterNotZero { kind, got: counter });
        }
        if !kind.is_uncounted() && counter == 0 {
            return Err(Malformed::CounterZero);
        }
        let len = packet.body().len();
        let (fits, need) = match body {
            Body::Exactly(need) => (len == need, need),
            Body::AtLeast(need) => (len >= need, need),
        };
        if !fits {
            return Err(Malformed::BodyLength { kind, len, need });
        }
        Ok(Self { kind, session: SessionId(packet.session()), counter })
    }

    /// Looks and judges in one step.
    ///
    /// # Errors
    /// As [`Packet::look`] and [`Header::judge`].
    pub fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        Self::judge(Packet::look(bytes)?)
    }

    /// The header as it goes on air.
    pub fn bytes(&self) -> [u8; HEADER_LEN] {
        let s = self.session.0.to_le_bytes();
        let c = self.counter.to_le_bytes();
        let ([s0, s1, s2, s3], [c0, c1, c2, c3, c4, c5, c6, c7]) = (s, c);
        [VERSION, self.kind.code(), s0, s1, s2, s3, c0, c1, c2, c3, c4, c5, c6, c7]
    }

    /// Writes header and body parts one after another.
    ///
    /// Returns the frame's length, or `None` if `out` cannot hold it or a frame may not be so long.
    pub fn frame(&self, parts: &[&[u8]], out: &mut [u8]) -> Option<usize> {
        let mut len = put(out, 0, &self.bytes())?;
        for part in parts {
            len = put(out, len, part)?;
        }
        (len <= FRAME_MAX).then_some(len)
    }
}

fn put(out: &mut [u8], at: usize, bytes: &[u8]) -> Option<usize> {
    let end = at.checked_add(bytes.len())?;
    out.get_mut(at..end)?.copy_from_slice(bytes);
    Some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_one_code_of_its_own() {
        for (code, kind, _) in KINDS {
            assert_ne!(code, 0);
            assert_eq!(kind.code(), code);
            assert_eq!(KINDS.iter().filter(|(other, ..)| *other == code).count(), 1);
        }
    }

    #[test]
    fn a_frame_says_which_byte_was_wrong() {
        let header = Header { kind: Kind::Sealed, session: SessionId(7), counter: 1 };
        let mut good = [0u8; 64];
        let len = header.frame(&[&[0xAA; 20]], &mut good).unwrap();
        let good = &good[..len];
        assert_eq!(Header::read(good), Ok(header));

        assert_eq!(Header::read(&good[..13]), Err(Malformed::TooShort { len: 13, need: 14 }));
        assert_eq!(Header::read(&[0; 2_049]), Err(Malformed::TooLong { len: 2_049, most: 2_048 }));
        let with = |at: usize, value: u8| {
            let mut bad = std::vec::Vec::from(good);
            bad[at] = value;
            Header::read(&bad)
        };
        assert_eq!(with(0, 2), Err(Malformed::Version { got: 2 }));
        assert_eq!(with(1, 0), Err(Malformed::Kind { got: 0 }));
        assert_eq!(with(1, 0x55), Err(Malformed::Kind { got: 0x55 }));
        assert_eq!(with(6, 0), Err(Malformed::CounterZero));
        assert_eq!(with(1, 0x05), Err(Malformed::CounterNotZero { kind: Kind::HelloAnswer, got: 1 }));
        assert_eq!(Header::read(&good[..29]), Err(Malformed::BodyLength { kind: Kind::Sealed, len: 15, need: 16 }));
    }

    #[test]
    fn a_frame_that_does_not_fit_is_not_begun_twice() {
        let header = Header { kind: Kind::Sealed, session: SessionId(7), counter: 1 };
        assert_eq!(header.frame(&[&[0; 20]], &mut [0; 33]), None);
        assert_eq!(header.frame(&[&[0; 2_035]], &mut [0; 4_096]), None);
        assert_eq!(header.frame(&[&[0; 2_034]], &mut [0; 4_096]), Some(2_048));
    }
}
