//! Random numbers, texts of bytes, and comparing without telling how far two agree.

use sha2::{Digest, Sha256};

/// So many fresh random bytes.
///
/// # Panics
/// If the system has no randomness: nothing secret could be made, and nothing may go on as if it could.
pub fn fresh<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if let Err(why) = getrandom::fill(&mut bytes) {
        panic!("the system has no randomness: {why}");
    }
    bytes
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Bytes as text (base64url without padding, RFC 4648 §5).
pub fn text(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for part in bytes.chunks(3) {
        let all = part.iter().fold(0u32, |all, byte| all << 8 | u32::from(*byte)) << (8 * (3 - part.len()));
        for place in 0..=part.len() {
            let index = all >> (18 - 6 * place) & 63;
            out.push(char::from(ALPHABET[index as usize]));
        }
    }
    out
}

/// Text as bytes; both alphabets of RFC 4648 and padding are taken. `None` if it is no such text.
pub fn bytes(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut all, mut bits) = (0u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        let byte = match byte {
            b'+' => b'-',
            b'/' => b'_',
            other => other,
        };
        let index = ALPHABET.iter().position(|one| *one == byte)?;
        all = all << 6 | u32::try_from(index).ok()?;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push(u8::try_from(all >> bits & 0xff).ok()?);
        }
    }
    Some(out)
}

/// A new id: 120 random bits as text.
pub fn id() -> String {
    text(&fresh::<15>())
}

/// A new secret for a cookie or a link: 256 random bits as text.
pub fn token() -> String {
    text(&fresh::<32>())
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// HMAC with SHA-256 (RFC 2104), for the signature under a web hook.
pub fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0u8; 64];
    if key.len() > block.len() {
        block[..32].copy_from_slice(&sha256(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().into()
}

/// Whether two secrets are the same, in a time that tells nothing about where they differ.
pub fn same(one: &[u8], other: &[u8]) -> bool {
    let (one, other) = (sha256(one), sha256(other));
    one.iter().zip(other).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_text_are_those_of_the_standard() {
        // RFC 4648 §10.
        for (plain, encoded) in [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(text(plain.as_bytes()), encoded);
            assert_eq!(bytes(encoded).unwrap(), plain.as_bytes());
        }
        assert_eq!(bytes("-_8="), bytes("+/8"));
        assert_eq!(bytes("a b"), None);
    }

    #[test]
    fn the_signature_of_a_hook_is_that_of_the_standard() {
        // RFC 4231, test case 2.
        let tag = hmac(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(crate::audit::hex(&tag), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}
