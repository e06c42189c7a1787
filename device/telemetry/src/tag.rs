//! The journal's keyed tag: SipHash-2-4 over a record, 64 bits, under a key that only the pump and its clinic hold.
//!
//! A missing record shows by its number, an altered or a forged one by its tag. The key opens nothing else: no session, no order.

use core::hash::Hasher;

use siphasher::sip::SipHasher24;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The key of one pump's journal, 128 bits. Wiped when dropped; never printed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct JournalKey(pub [u8; 16]);

impl core::fmt::Debug for JournalKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("JournalKey(not shown)")
    }
}

impl JournalKey {
    /// The tag of a record's bytes (all but the tag itself).
    pub fn tag(&self, record: &[u8]) -> u64 {
        let mut hasher = SipHasher24::new_with_key(&self.0);
        hasher.write(record);
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012), appendix A: key 00..0f, input 00..0e.
    #[test]
    fn the_tag_is_siphash_2_4_as_its_authors_print_it() {
        let key = JournalKey(core::array::from_fn(|i| i as u8));
        let input: [u8; 15] = core::array::from_fn(|i| i as u8);
        assert_eq!(key.tag(&input), 0xa129_ca61_49be_45e5);
    }
}
