//! What of the drive must survive a restart, and its bytes in the status record.

use orders::Instant;

/// What must survive a restart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Kept {
    /// The last confirmed motion.
    pub last_motion: Instant,
    /// Unconfirmed strokes in a row.
    pub in_row: u8,
    /// Whether a recovery from stall or field is still being waited for.
    pub is_recovering: bool,
    /// Whether the long standstill was seen and not cleared.
    pub is_long_standstill: bool,
}

impl Kept {
    /// Bytes in the record.
    pub const BYTES: usize = 11;

    /// The bytes; the record around them carries the check sum.
    pub fn encode(&self) -> [u8; Self::BYTES] {
        let [a, b, c, d, e, f, g, h] = self.last_motion.get().to_le_bytes();
        let (recovering, long) = (u8::from(self.is_recovering), u8::from(self.is_long_standstill));
        [a, b, c, d, e, f, g, h, self.in_row, recovering, long]
    }

    /// From the bytes; `None` if they mean nothing.
    pub fn decode(bytes: &[u8; Self::BYTES]) -> Option<Self> {
        let (motion, rest) = bytes.split_first_chunk::<8>()?;
        match *rest {
            [in_row, recovering @ 0..=1, long @ 0..=1] => Some(Self {
                last_motion: Instant::new(u64::from_le_bytes(*motion)),
                in_row,
                is_recovering: recovering == 1,
                is_long_standstill: long == 1,
            }),
            _ => None, // not ours: bytes read back from a store
        }
    }
}
