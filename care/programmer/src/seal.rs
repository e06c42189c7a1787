//! Sealing: what lies on the disk says nothing to who finds the tablet.
//!
//! XChaCha20-Poly1305 under a random data key; the data key is wrapped, person by person, under a key that Argon2id makes of
//! the person's passphrase. The name of what is sealed is bound in, so that one file cannot be put in another's place.

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Bytes of a nonce, in front of what is sealed.
const NONCE: usize = 24;

/// A key of 32 bytes, wiped when it is let go.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Key(pub(crate) [u8; 32]);

/// Why something cannot be sealed or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unsealed {
    /// Another key, another name, or altered bytes.
    #[error("it does not open: the passphrase is wrong, or the file was altered")]
    Shut,
    /// The system gave no randomness, or the work was refused.
    #[error("{0}")]
    System(String),
}

/// So many random bytes.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Unsealed> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|why| Unsealed::System(format!("no randomness: {why}")))?;
    Ok(bytes)
}

impl Key {
    /// A fresh one.
    pub(crate) fn fresh() -> Result<Self, Unsealed> {
        random().map(Self)
    }

    /// What Argon2id makes of a passphrase: 19 MiB, two passes.
    pub(crate) fn of_passphrase(passphrase: &str, salt: &[u8; 16]) -> Result<Self, Unsealed> {
        let refused = |why: argon2::Error| Unsealed::System(why.to_string());
        let params = Params::new(19 * 1024, 2, 1, Some(32)).map_err(refused)?;
        let mut key = [0; 32];
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.as_bytes(), salt, &mut key)
            .map_err(refused)?;
        Ok(Self(key))
    }

    /// Seals bytes under a name.
    pub(crate) fn seal(&self, name: &str, bytes: &[u8]) -> Result<Vec<u8>, Unsealed> {
        let nonce: [u8; NONCE] = random()?;
        let cipher = XChaCha20Poly1305::new(&self.0.into());
        let sealed = cipher
            .encrypt(XNonce::from_slice(&nonce), Payload { msg: bytes, aad: name.as_bytes() })
            .map_err(|_| Unsealed::System("it is too long to be sealed".to_owned()))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what was sealed under this name.
    pub(crate) fn open(&self, name: &str, sealed: &[u8]) -> Result<Vec<u8>, Unsealed> {
        let (nonce, text) = sealed.split_at_checked(NONCE).ok_or(Unsealed::Shut)?;
        let cipher = XChaCha20Poly1305::new(&self.0.into());
        let opened = cipher.decrypt(XNonce::from_slice(nonce), Payload { msg: text, aad: name.as_bytes() });
        opened.map_err(|_| Unsealed::Shut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_by_its_key_and_name_alone_and_shows_nothing() {
        let (key, other) = (Key([7; 32]), Key([8; 32]));
        let sealed = key.seal("patient", b"Penelope Demo").unwrap();
        assert!(!sealed.windows(8).any(|part| part == b"Penelope"));
        assert_eq!(key.open("patient", &sealed).unwrap(), b"Penelope Demo");
        assert_eq!(other.open("patient", &sealed), Err(Unsealed::Shut));
        assert_eq!(key.open("another", &sealed), Err(Unsealed::Shut));
        let mut bent = sealed.clone();
        *bent.last_mut().unwrap() ^= 1;
        assert_eq!(key.open("patient", &bent), Err(Unsealed::Shut));
        assert_eq!(key.open("patient", &sealed[..5]), Err(Unsealed::Shut));
    }
}
