//! The clinician's signature under a commit: what is signed, by whom, and the proof that it was.
//!
//! A session key says which device speaks; it is no clinician's key. An order becomes the running one only with an Ed25519 signature over a digest that
//! ties it to this pump, to what runs now, to the state of the fluid, and to a nonce and a time that the pump itself gave: a signature given before
//! another change, for another pump or yesterday signs something else.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use hkdf::hmac::{Hmac, Mac};
use sha2::{Digest as _, Sha256};

use crate::noise::pairing_psk;
use crate::peer::{CardSecret, Serial};

/// Says what the digest is of, so that no other use of the same key can be mistaken for it.
const DOMAIN: &[u8] = b"nepenthe commit v1\0";

/// What a commit is tied to besides the order's own bytes. Told by the pump in its answer to a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Which pump.
    pub serial: Serial,
    /// The version of the order that runs now, which this one replaces.
    pub running_version: u64,
    /// The number of the ledger that the proposal was judged on.
    pub ledger_number: u32,
    /// 128 bits that the pump drew for this proposal.
    pub nonce: [u8; 16],
    /// Until when the pump takes the commit, ms on the pump's own clock.
    pub expiry_ms: u64,
}

/// SHA-256 over the domain, the terms (integers little-endian, in the order of the struct) and the proposal's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest(pub [u8; 32]);

impl Terms {
    /// The digest that a clinician signs. `subject` is the proposal as it was sent, code and map ([`crate::message::Request::subject`]), with the order in it.
    /// The fields before it have fixed lengths, so no two inputs read alike.
    pub fn digest(&self, subject: &[u8]) -> Digest {
        let mut hash = Sha256::new();
        hash.update(DOMAIN);
        hash.update(self.serial.0.to_le_bytes());
        hash.update(self.running_version.to_le_bytes());
        hash.update(self.ledger_number.to_le_bytes());
        hash.update(self.nonce);
        hash.update(self.expiry_ms.to_le_bytes());
        hash.update(subject);
        Digest(hash.finalize().into())
    }
}

/// A clinician's public key as the pump keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClinicianKey(pub [u8; 32]);

/// Names a clinician's key: the first eight bytes of its SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyId(pub [u8; 8]);

impl ClinicianKey {
    /// The key's name.
    pub fn id(&self) -> KeyId {
        let hash: [u8; 32] = Sha256::digest(self.0).into();
        let [a, b, c, d, e, f, g, h, ..] = hash;
        KeyId([a, b, c, d, e, f, g, h])
    }
}

/// One signature and whose it claims to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignatureBy {
    /// The key it claims.
    pub key: KeyId,
    /// Ed25519 over the digest.
    pub signature: [u8; 64],
}

/// How many signatures the order says it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needed {
    /// One clinician.
    One,
    /// Two different clinicians.
    Two,
}

/// Why signatures do not carry a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsigned {
    /// Fewer than the order takes.
    TooFew {
        /// Signatures that came.
        got: u8,
        /// Signatures that it takes.
        need: u8,
    },
    /// A key that this pump does not know.
    UnknownKey(KeyId),
    /// The same clinician twice.
    SameKeyTwice(KeyId),
    /// The signature is not that key's over this digest.
    NotTheirs(KeyId),
    /// The pump keeps a key that is no key: its own record is at fault.
    BadKeyKept(KeyId),
}

/// Proof that enough clinicians signed this digest. Only [`verify`] makes one.
#[derive(Debug, PartialEq, Eq)]
pub struct Signed {
    digest: Digest,
    first: KeyId,
    second: Option<KeyId>,
}

impl Signed {
    /// What was signed.
    pub fn digest(&self) -> Digest {
        self.digest
    }
    /// Who signed, and who signed second where it took two.
    pub fn by(&self) -> (KeyId, Option<KeyId>) {
        (self.first, self.second)
    }
}

/// Checks the signatures under a digest against the clinicians that the pump knows. Every signature that came must be good, also one more than needed.
///
/// # Errors
/// [`Unsigned`], the first thing found.
pub fn verify(
    known: &[Option<ClinicianKey>],
    digest: Digest,
    first: Option<SignatureBy>,
    second: Option<SignatureBy>,
    needed: Needed,
) -> Result<Signed, Unsigned> {
    let got = u8::from(first.is_some()).saturating_add(u8::from(second.is_some()));
    let need = match needed {
        Needed::One => 1,
        Needed::Two => 2,
    };
    let Some(first) = first.filter(|_| got >= need) else { return Err(Unsigned::TooFew { got, need }) };
    //= requirements/telemetry.md#signed-commit
    //# Where the order asks for two signatures, the pump MUST refuse a commit without those of two different clinicians.
    if let Some(second) = second.filter(|second| second.key == first.key) {
        return Err(Unsigned::SameKeyTwice(second.key));
    }
    //= requirements/telemetry.md#signed-commit
    //# The pump MUST refuse a commit without a valid Ed25519 signature by an enrolled clinician over that digest.
    verify_one(known, digest, first)?;
    if let Some(second) = second {
        verify_one(known, digest, second)?;
    }
    Ok(Signed { digest, first: first.key, second: second.map(|by| by.key) })
}

fn verify_one(known: &[Option<ClinicianKey>], digest: Digest, by: SignatureBy) -> Result<(), Unsigned> {
    let key = known.iter().flatten().find(|key| key.id() == by.key).ok_or(Unsigned::UnknownKey(by.key))?;
    let key = VerifyingKey::from_bytes(&key.0).map_err(|_| Unsigned::BadKeyKept(by.key))?;
    key.verify_strict(&digest.0, &Signature::from_bytes(&by.signature)).map_err(|_| Unsigned::NotTheirs(by.key))
}

/// Proof that the card is at hand when a clinician's key is enrolled: the first 16 bytes of HMAC-SHA256 under the pairing psk (which needs the card's
/// secret) over a domain, the request's nonce, the key and the clinician's number. A recorded one is good for its own request alone.
pub fn card_proof(card: &CardSecret, serial: Serial, nonce: &[u8; 8], key: &ClinicianKey, author: u32) -> [u8; 16] {
    let proof = card_mac(card, serial, nonce, key, author).map(|mac| <[u8; 32]>::from(mac.finalize().into_bytes()));
    proof.and_then(|proof| proof.first_chunk::<16>().copied()).unwrap_or([0; 16])
}

/// The pump's side, in constant time.
pub fn card_proof_holds(
    card: &CardSecret,
    serial: Serial,
    nonce: &[u8; 8],
    key: &ClinicianKey,
    author: u32,
    proof: &[u8; 16],
) -> bool {
    card_mac(card, serial, nonce, key, author).is_some_and(|mac| mac.verify_truncated_left(proof).is_ok())
}

fn card_mac(
    card: &CardSecret,
    serial: Serial,
    nonce: &[u8; 8],
    key: &ClinicianKey,
    author: u32,
) -> Option<Hmac<Sha256>> {
    // HMAC takes keys of any length; the error type is that of the trait.
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(&pairing_psk(card, serial).0).ok()?;
    mac.update(b"nepenthe enrol clinician v1\0");
    mac.update(nonce);
    mac.update(&key.0);
    mac.update(&author.to_le_bytes());
    Some(mac)
}

/// The clinician's side: signs a digest with a secret key's 32 bytes. The key stays with its owner's device; the pump and the clinic never hold one.
pub fn sign(secret: &[u8; 32], digest: Digest) -> SignatureBy {
    let key = SigningKey::from_bytes(secret);
    SignatureBy { key: public(secret).id(), signature: key.sign(&digest.0).to_bytes() }
}

/// The public half of a clinician's secret key.
pub fn public(secret: &[u8; 32]) -> ClinicianKey {
    ClinicianKey(SigningKey::from_bytes(secret).verifying_key().to_bytes())
}
