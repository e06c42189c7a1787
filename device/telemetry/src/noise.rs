//! The two handshakes, by the `clatter` crate, with 25519, ChaChaPoly and SHA256. Nothing cryptographic is invented here.
//!
//! ```text
//!  pairing   XXpsk3   psk = HKDF-SHA256(card's 128 bits, serial)   asker and pump learn each other's keys
//!  contact   KKpsk0   psk = what pairing left                      two messages, forward secrecy for each contact
//! ```
//!
//! The prologue binds version, purpose, role, serial and session number: whoever reads any of them differently fails to shake hands.
//!
//! The ephemeral key is given by the caller ([`Entropy`]), never drawn here: the crate's own generator is barred by [`GivenKeysOnly`], which refuses to
//! make keys, so a missing ephemeral is an error and never a constant.

use clatter::bytearray::{ByteArray, SensitiveByteArray};
use clatter::crypto::cipher::ChaChaPoly;
use clatter::crypto::dh::X25519;
use clatter::crypto::hash::Sha256 as NoiseSha256;
use clatter::error::{DhError, DhResult, HandshakeError};
use clatter::handshakepattern::{HandshakePattern, noise_kk_psk0, noise_xx_psk3};
use clatter::rand_core::{CryptoRng, Error as RngError, RngCore};
use clatter::traits::{CryptoComponent, Dh, Handshaker, Rng};
use clatter::{KeyPair, NqHandshakeCore};
use hkdf::Hkdf;
use hkdf::hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::peer::{CardSecret, Psk, PublicKey, Role, SecretKey, Serial};
use crate::wire::{HINT_LEN, SessionId, VERSION};

/// 32 fresh random bytes, good for one handshake. Not to be copied, wiped when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Entropy(pub [u8; 32]);

/// Whether a handshake pairs or opens a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// XXpsk3.
    Pairing,
    /// KKpsk0.
    Contact,
}

/// What both ends must read alike for a handshake to succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Pairing or contact.
    pub purpose: Purpose,
    /// In which role the asker speaks.
    pub role: Role,
    /// To which pump.
    pub serial: Serial,
    /// In which contact.
    pub session: SessionId,
}

const PROLOGUE_DOMAIN: [u8; 14] = *b"nepenthe link\0";
/// Length of [`Binding::prologue`].
pub const PROLOGUE_LEN: usize = PROLOGUE_DOMAIN.len() + 1 + 1 + 1 + 8 + 4;

impl Binding {
    /// The Noise prologue: domain, version, purpose (1 pairing, 2 contact), role, serial, session; integers little-endian.
    pub fn prologue(&self) -> [u8; PROLOGUE_LEN] {
        let purpose = match self.purpose {
            Purpose::Pairing => 1,
            Purpose::Contact => 2,
        };
        let mut out = [0u8; PROLOGUE_LEN];
        let one = [VERSION, purpose, self.role.code()];
        let serial = self.serial.0.to_le_bytes();
        let session = self.session.0.to_le_bytes();
        let all = PROLOGUE_DOMAIN.iter().chain(&one).chain(&serial).chain(&session);
        for (place, byte) in out.iter_mut().zip(all) {
            *place = *byte;
        }
        out
    }
}

/// Why a handshake did not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandshakeFault {
    /// The message is not from whom it should be, or not whole, or about something else.
    NotAuthentic,
    /// Ours: called out of turn or with too small a buffer. Nothing was sent.
    Misused,
}

impl From<HandshakeError> for HandshakeFault {
    fn from(error: HandshakeError) -> Self {
        match error {
            HandshakeError::Cipher(_) | HandshakeError::Dh(_) | HandshakeError::InvalidMessage => Self::NotAuthentic,
            // With an empty room for payloads, a message longer than its pattern's is one that we never send.
            HandshakeError::BufferTooSmall => Self::NotAuthentic,
            _ => Self::Misused,
        }
    }
}

/// X25519 that works with the keys it is given, makes none, and refuses a shared secret of zeros (a peer's key of small order).
#[derive(Clone)]
pub(crate) struct GivenKeysOnly;

impl CryptoComponent for GivenKeysOnly {
    fn name() -> &'static str {
        X25519::name()
    }
}

impl Dh for GivenKeysOnly {
    type PrivateKey = SensitiveByteArray<[u8; 32]>;
    type PubKey = [u8; 32];
    type Output = SensitiveByteArray<[u8; 32]>;

    fn genkey_rng<R: Rng>(_: &mut R) -> DhResult<KeyPair<Self::PubKey, Self::PrivateKey>> {
        Err(DhError::KeyGeneration)
    }

    fn pubkey(key: &Self::PrivateKey) -> Self::PubKey {
        X25519::pubkey(key)
    }

    fn dh(key: &Self::PrivateKey, public: &Self::PubKey) -> DhResult<Self::Output> {
        let shared = X25519::dh(key, public)?;
        // All bytes are read whatever they are, so that the time taken tells nothing.
        match shared.as_slice().iter().fold(0, |any, byte| any | byte) {
            0 => Err(DhError::KeyGeneration),
            _ => Ok(shared),
        }
    }
}

/// Fills the place of a generator in the crate's types. [`GivenKeysOnly`] never asks it for anything.
#[derive(Clone, Default)]
pub(crate) struct NoGenerator;

impl RngCore for NoGenerator {
    fn next_u32(&mut self) -> u32 {
        0
    }
    fn next_u64(&mut self) -> u64 {
        0
    }
    fn fill_bytes(&mut self, place: &mut [u8]) {
        place.fill(0);
    }
    fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), RngError> {
        Err(core::num::NonZeroU32::MIN.into())
    }
}

impl CryptoRng for NoGenerator {}

type Core = NqHandshakeCore<GivenKeysOnly, ChaChaPoly, NoiseSha256, NoGenerator>;

/// A key of the open contact.
pub(crate) type SealKey = SensitiveByteArray<[u8; 32]>;

/// What a finished handshake leaves.
pub(crate) struct Finished {
    /// Seals what the asker sends.
    pub to_pump: SealKey,
    /// Seals what the pump sends.
    pub to_asker: SealKey,
    /// The other end's key, as it proved it.
    pub other: PublicKey,
    /// For the contacts to come, if this was a pairing.
    pub contact_psk: Psk,
}

/// A handshake under way.
#[derive(Clone)]
pub(crate) struct Handshake(Core);

/// Which end of the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Begins.
    Asker,
    /// Answers.
    Pump,
}

/// What one end brings to a handshake.
pub(crate) struct Material<'a> {
    pub end: End,
    pub own: &'a SecretKey,
    /// Known beforehand in a contact; learned in a pairing.
    pub other: Option<&'a PublicKey>,
    pub psk: &'a Psk,
    pub ephemeral: Entropy,
}

impl Handshake {
    pub(crate) fn begin(binding: &Binding, material: Material<'_>) -> Result<Self, HandshakeFault> {
        let pattern = match binding.purpose {
            Purpose::Pairing => noise_xx_psk3(),
            Purpose::Contact => noise_kk_psk0(),
        };
        Self::begin_with(pattern, &binding.prologue(), material)
    }

    fn begin_with(pattern: HandshakePattern, prologue: &[u8], material: Material<'_>) -> Result<Self, HandshakeFault> {
        let Material { end, own, other, psk, ephemeral } = material;
        let initiator = matches!(end, End::Asker);
        let own = key_pair(&own.0);
        let ephemeral = key_pair(&ephemeral.0);
        let other = other.map(|key| key.0);
        let mut core = Core::new(pattern, prologue, initiator, Some(own), Some(ephemeral), other, None)?;
        core.push_psk(&psk.0);
        Ok(Self(core))
    }

    /// Writes the next message, without payload.
    pub(crate) fn write(&mut self, out: &mut [u8]) -> Result<usize, HandshakeFault> {
        Ok(self.0.write_message(&[], out)?)
    }

    /// Reads the next message, which must have no payload. After an error the handshake cannot go on; whoever must survive a forged message keeps a copy.
    pub(crate) fn read(&mut self, message: &[u8]) -> Result<(), HandshakeFault> {
        self.0.read_message(message, &mut []).map(|_| ()).map_err(HandshakeFault::from)
    }

    /// The keys, when all messages have passed.
    //= requirements/telemetry.md#mutual-keys
    //# A session MUST open only when both ends have proved device keys that are not revoked, and stays secret from one who learns those keys later.
    pub(crate) fn finish(self) -> Result<Finished, HandshakeFault> {
        let other = PublicKey(self.0.get_remote_static().ok_or(HandshakeFault::Misused)?);
        let state = self.0.get_state();
        let contact_psk = contact_psk(state.get_chaining_key().as_slice(), state.get_hash().as_slice());
        let ciphers = self.0.finalize()?.take();
        let (to_pump, _) = ciphers.initiator_to_responder.take();
        let (to_asker, _) = ciphers.responder_to_initiator.take();
        Ok(Finished { to_pump, to_asker, other, contact_psk })
    }
}

fn key_pair(secret: &[u8; 32]) -> KeyPair<[u8; 32], SensitiveByteArray<[u8; 32]>> {
    let secret = SensitiveByteArray::new(*secret);
    KeyPair { public: GivenKeysOnly::pubkey(&secret), secret }
}

/// The public half of a device's key.
pub fn public(secret: &SecretKey) -> PublicKey {
    PublicKey(key_pair(&secret.0).public)
}

fn expand(salt: &[u8], secret: &[u8], info: &[u8]) -> Psk {
    let mut out = [0u8; 32];
    // 32 bytes is one block of SHA-256: the only error, asking for more than 255 blocks, cannot occur; were it to, the
    // all-zero secret would match no peer's.
    let _ = Hkdf::<Sha256>::new(Some(salt), secret).expand(info, &mut out);
    Psk(out)
}

/// The psk of a pairing: HKDF-SHA256, salt = serial (little-endian), key = the card's 128 bits.
pub fn pairing_psk(card: &CardSecret, serial: Serial) -> Psk {
    expand(&serial.0.to_le_bytes(), &card.0, b"nepenthe pairing v1")
}

/// The psk that a pairing leaves for the contacts to come: HKDF-SHA256, salt = handshake hash, key = the final chaining key, which holds all three
/// Diffie-Hellman results and the card's secret. Whoever learns the card's secret later does not learn this.
fn contact_psk(chaining_key: &[u8], handshake_hash: &[u8]) -> Psk {
    expand(handshake_hash, chaining_key, b"nepenthe contact v1")
}

/// By this a pump finds which peer says hello without telling a bystander who it is, and turns strangers away before any costly arithmetic:
/// the first 8 bytes of HMAC-SHA256(psk, domain, serial, the hello's ephemeral key).
pub(crate) fn hint(psk: &Psk, serial: Serial, noise_message: &[u8]) -> [u8; HINT_LEN] {
    hint_mac(psk, serial, noise_message).map_or([0; HINT_LEN], |mac| {
        let [a, b, c, d, e, f, g, h, ..]: [u8; 32] = mac.finalize().into_bytes().into();
        [a, b, c, d, e, f, g, h]
    })
}

/// Whether a hello's hint was made with this psk, in constant time.
pub(crate) fn hint_matches(psk: &Psk, serial: Serial, noise_message: &[u8], hint: &[u8]) -> bool {
    hint.len() == HINT_LEN
        && hint_mac(psk, serial, noise_message).is_some_and(|mac| mac.verify_truncated_left(hint).is_ok())
}

fn hint_mac(psk: &Psk, serial: Serial, noise_message: &[u8]) -> Option<Hmac<Sha256>> {
    let ephemeral = noise_message.get(..32)?;
    // HMAC takes keys of any length; the error type is that of the trait.
    let mut mac = Hmac::<Sha256>::new_from_slice(&psk.0).ok()?;
    mac.update(b"nepenthe hint v1\0");
    mac.update(&serial.0.to_le_bytes());
    mac.update(ephemeral);
    Some(mac)
}

#[cfg(test)]
#[path = "noise_vectors.rs"]
mod vectors;
