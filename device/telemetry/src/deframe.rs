//! Frames out of a stream of bytes: length as u16, little-endian, then the frame. Tolerates any split; judges only the length.
//!
//! A stream that once told an impossible length cannot be trusted to tell where the next frame begins: it stays broken, and its owner closes it.

use crate::limits::{FRAME_MAX, HEADER_LEN};
use crate::wire::Malformed;

/// Bytes of the length in front of a frame.
pub const PREFIX_LEN: usize = 2;

/// Gathers the bytes of one stream into frames.
pub struct Deframer {
    prefix: [u8; PREFIX_LEN],
    frame: [u8; FRAME_MAX],
    /// Bytes gathered so far, prefix included.
    have: usize,
    broken: Option<Malformed>,
}

impl Default for Deframer {
    fn default() -> Self {
        Self::new()
    }
}

impl Deframer {
    /// At the beginning of a stream.
    pub const fn new() -> Self {
        Self { prefix: [0; PREFIX_LEN], frame: [0; FRAME_MAX], have: 0, broken: None }
    }

    /// Whether no frame has begun: the stream may rest here as long as it likes.
    pub const fn is_between(&self) -> bool {
        self.have == 0
    }

    /// Takes bytes from the front of `bytes` until a frame is whole or none are left. Call again until it returns `Ok(None)`.
    ///
    /// # Errors
    /// A length that no frame can have; from then on always the same.
    pub fn take(&mut self, bytes: &mut &[u8]) -> Result<Option<&mut [u8]>, Malformed> {
        if let Some(why) = self.broken {
            return Err(why);
        }
        while self.have < PREFIX_LEN {
            let Some((first, rest)) = bytes.split_first() else { return Ok(None) };
            if let Some(place) = self.prefix.get_mut(self.have) {
                *place = *first;
            }
            self.have = self.have.saturating_add(1);
            *bytes = rest;
        }
        let want = usize::from(u16::from_le_bytes(self.prefix));
        if let Err(why) = judge_length(want) {
            self.broken = Some(why);
            return Err(why);
        }
        let got = self.have.saturating_sub(PREFIX_LEN);
        let missing = want.saturating_sub(got);
        let (now, later) = bytes.split_at_checked(missing).unwrap_or((*bytes, &[]));
        let end = got.saturating_add(now.len());
        // `end <= want <= FRAME_MAX`, so the place is always there.
        if let Some(place) = self.frame.get_mut(got..end) {
            place.copy_from_slice(now);
        }
        *bytes = later;
        if end < want {
            self.have = self.have.saturating_add(now.len());
            return Ok(None);
        }
        self.have = 0;
        Ok(self.frame.get_mut(..want))
    }
}

/// The length to put in front of a frame.
///
/// # Errors
/// A length that no frame can have.
pub fn prefix(frame_len: usize) -> Result<[u8; PREFIX_LEN], Malformed> {
    judge_length(frame_len)?;
    let len = u16::try_from(frame_len).map_err(|_| Malformed::TooLong { len: frame_len, most: FRAME_MAX })?;
    Ok(len.to_le_bytes())
}

fn judge_length(len: usize) -> Result<(), Malformed> {
    if len < HEADER_LEN {
        return Err(Malformed::TooShort { len, need: HEADER_LEN });
    }
    if len > FRAME_MAX {
        return Err(Malformed::TooLong { len, most: FRAME_MAX });
    }
    Ok(())
}
