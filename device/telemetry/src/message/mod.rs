//! The messages, version 1: what stands inside a sealed frame.
//!
//! ```text
//!  request  [null, code, map]                          reads and acknowledgements
//!           [[id, last dose, nonce], code, map]        everything else
//!  answer   [code, map]
//! ```
//!
//! Look, then judge: here bytes become messages, or an error that names message and field. Documents (prescription, ledger) and journal records pass through
//! unopened; whether a request may be made is [`permission`]'s table, and whether it is right is the pump's affair.
//!
//! The bytes of version 1 are frozen by the golden files in `tests/golden/v1`.

pub mod answer;
pub mod ask;
pub mod codec;
pub mod permission;

use minicbor::encode::write::Cursor;
use minicbor::{Decoder, Encoder};

use codec::array_len;

pub use answer::Answer;
pub use ask::Ask;
pub use codec::{BadMessage, Bytes, Out, Part, Wire, Written, Wrong};

/// Length of a journal record, bytes.
pub const RECORD_LEN: usize = 32;
/// Journal records in one frame; 56 take 1,792 bytes.
pub const RECORDS_MAX: usize = 56;
/// Hours in one frame.
pub const HOURS_MAX: usize = answer::HOURS_MAX;

const _: () = assert!(RECORDS_MAX * RECORD_LEN + 64 <= crate::limits::MESSAGE_MAX);
const _: () = assert!(orders::Prescription::BYTES_MAX + 128 <= crate::limits::MESSAGE_MAX);
const _: () = assert!(orders::Ledger::BYTES_MAX + 64 <= crate::limits::MESSAGE_MAX);

/// What every request that may change something carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Strictly rising for one peer of one pump.
    pub id: u64,
    /// The number of the last dose that the asker saw.
    pub last_dose: u64,
    /// The nonce that the pump issued, from which it knows how old the request is.
    pub nonce: [u8; 8],
}

impl<'a> Wire<'a> for Stamp {
    fn put(&self, out: Out) -> Written {
        out.array(3)?;
        self.id.put(out)?;
        self.last_dose.put(out)?;
        self.nonce.put(out)
    }
    fn get(from: &mut Decoder<'a>) -> Result<Self, Wrong> {
        if array_len(from) != Some(3) {
            return Err(Wrong::Type);
        }
        Ok(Self { id: Wire::get(from)?, last_dose: Wire::get(from)?, nonce: Wire::get(from)? })
    }
}

/// The field number under which errors name the stamp.
pub const STAMP_FIELD: u8 = 255;

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// What is asked.
    pub ask: Ask<'a>,
    /// Present exactly when [`Ask::is_stamped`].
    pub stamp: Option<Stamp>,
}

impl<'a> Request<'a> {
    /// Writes the request; its length, or `None` if `buffer` is too small or the stamp does not fit the question.
    pub fn encode(&self, buffer: &mut [u8]) -> Option<usize> {
        if self.ask.is_stamped() != self.stamp.is_some() {
            return None;
        }
        let mut out = Encoder::new(Cursor::new(buffer));
        out.array(3).ok()?;
        match &self.stamp {
            Some(stamp) => stamp.put(&mut out).ok()?,
            None => out.null().map(|_| ()).ok()?,
        }
        out.u8(self.ask.code()).ok()?;
        self.ask.write(&mut out).ok()?;
        Some(out.into_writer().position())
    }

    /// Reads a request.
    ///
    /// # Errors
    /// [`BadMessage`], naming message and field.
    //= requirements/telemetry.md#yesterdays-bytes
    //# The bytes of version 1 MUST keep their meaning, as golden files fix them.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, BadMessage> {
        let mut from = Decoder::new(bytes);
        let (stamp, code) = read_head(&mut from)?;
        let ask = Ask::read(code, &mut from)?;
        match (ask.is_stamped(), stamp.is_some()) {
            (true, false) => return Err(BadMessage::of(code, STAMP_FIELD, Wrong::Missing)),
            (false, true) => return Err(BadMessage::of(code, STAMP_FIELD, Wrong::Unknown)),
            (true, true) | (false, false) => {}
        }
        end(code, bytes, &from)?;
        Ok(Self { ask, stamp })
    }

    /// The id in a request whose map does not read, so that it can be told which request was not read.
    pub fn id_of(bytes: &[u8]) -> Option<u64> {
        read_head(&mut Decoder::new(bytes)).ok()?.0.map(|stamp| stamp.id)
    }

    /// The part of an encoded request that a proposal's digest covers: the code and the map, without the stamp. See [`crate::sign::Terms::digest`].
    ///
    /// # Errors
    /// [`BadMessage`] if this is no request.
    pub fn subject(bytes: &'a [u8]) -> Result<&'a [u8], BadMessage> {
        let request = Self::decode(bytes)?;
        let mut from = Decoder::new(bytes);
        array_len(&mut from).ok_or(BadMessage::of(0, 0, Wrong::Type))?;
        from.skip().map_err(|_| BadMessage::of(0, STAMP_FIELD, Wrong::Type))?;
        bytes.get(from.position()..).ok_or(BadMessage::of(request.ask.code(), 0, Wrong::Type))
    }
}

fn read_head(from: &mut Decoder<'_>) -> Result<(Option<Stamp>, u8), BadMessage> {
    if array_len(from) != Some(3) {
        return Err(BadMessage::of(0, 0, Wrong::Type));
    }
    let stamp = match from.datatype() {
        Ok(minicbor::data::Type::Null) => from.null().map(|()| None).map_err(|_| Wrong::Type),
        Ok(_) | Err(_) => Stamp::get(from).map(Some),
    };
    let stamp = stamp.map_err(|wrong| BadMessage::of(0, STAMP_FIELD, wrong))?;
    let code = from.u8().map_err(|_| BadMessage::of(0, 0, Wrong::Type))?;
    Ok((stamp, code))
}

impl<'a> Answer<'a> {
    /// Writes the answer; its length, or `None` if `buffer` is too small.
    pub fn encode(&self, buffer: &mut [u8]) -> Option<usize> {
        let mut out = Encoder::new(Cursor::new(buffer));
        out.array(2).ok()?.u8(self.code()).ok()?;
        self.write(&mut out).ok()?;
        Some(out.into_writer().position())
    }

    /// Reads an answer.
    ///
    /// # Errors
    /// [`BadMessage`], naming message and field.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, BadMessage> {
        let mut from = Decoder::new(bytes);
        if array_len(&mut from) != Some(2) {
            return Err(BadMessage::of(0, 0, Wrong::Type));
        }
        let code = from.u8().map_err(|_| BadMessage::of(0, 0, Wrong::Type))?;
        let answer = Answer::read(code, &mut from)?;
        end(code, bytes, &from)?;
        Ok(answer)
    }
}

fn end(code: u8, bytes: &[u8], from: &Decoder<'_>) -> Result<(), BadMessage> {
    match from.position() == bytes.len() {
        true => Ok(()),
        false => Err(BadMessage::of(code, 0, Wrong::Trailing)),
    }
}
