//! Numbers and check sum of the guard's own two records.

/// A number as the record holds it; one that it cannot hold is as large as can be.
pub fn clip(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

pub fn put(bytes: &mut [u8], at: usize, part: &[u8]) {
    for (to, from) in bytes.iter_mut().skip(at).zip(part) {
        *to = *from;
    }
}

pub fn put_words(bytes: &mut [u8], words: &[u32]) {
    for (to, from) in bytes.chunks_exact_mut(4).zip(words) {
        to.copy_from_slice(&from.to_le_bytes());
    }
}

pub fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let part = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(part.try_into().ok()?))
}

/// Writes the check sum of all before it into the last four bytes.
pub fn seal(bytes: &mut [u8]) {
    if let Some((body, sum)) = bytes.split_last_chunk_mut::<4>() {
        *sum = crc(body).to_le_bytes();
    }
}

/// The body of a record of this length whose check sum is right.
pub fn opened(bytes: &[u8], length: usize) -> Option<&[u8]> {
    let (body, sum) = bytes.get(..length)?.split_last_chunk::<4>()?;
    if u32::from_le_bytes(*sum) == crc(body) { Some(body) } else { None }
}

/// CRC-32 (polynomial 0xEDB88320, reflected), bit by bit: a table of its own would be one more thing to go wrong.
pub fn crc(bytes: &[u8]) -> u32 {
    let mut sum = u32::MAX;
    for byte in bytes {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            let odd = sum & 1 == 1;
            sum >>= 1;
            if odd {
                sum ^= 0xEDB8_8320;
            }
        }
    }
    !sum
}
