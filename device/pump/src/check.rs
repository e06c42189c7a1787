//! The check sum of every record but the guard's, which has its own: CRC-32 (ISO HDLC).
//!
//! One table for all of them. An image has little flash, and a record is short beside the time that its store takes: 1 KiB.
//! Ten years on a bench are four million dose records: there the table is the widest, 16 KiB. The sums are the same.

use crc::{CRC_32_ISO_HDLC, Crc, Table};

/// The table that this target has room for.
#[cfg(target_os = "none")]
pub type Width = Table<1>;
/// The table that this target has room for.
#[cfg(not(target_os = "none"))]
pub type Width = Table<16>;

/// The check sum.
pub static CRC: Crc<u32, Width> = Crc::<u32, Width>::new(&CRC_32_ISO_HDLC);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_image_and_a_bench_come_to_the_same_sum(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(CRC.checksum(&bytes), Crc::<u32, Table<1>>::new(&CRC_32_ISO_HDLC).checksum(&bytes));
            prop_assert_eq!(CRC.checksum(&bytes), Crc::<u32, Table<16>>::new(&CRC_32_ISO_HDLC).checksum(&bytes));
        }
    }
}
