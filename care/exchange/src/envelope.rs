//! The envelope around every document.
//!
//! ```text
//!  {"schema": 1, "source": {"kind": "handset", "id": "h-17"}, "seq": 41, "pump": 1000, "base_version": 3,
//!   "body": {"kind": "diary", ...}, "signature": {"key": "..64 digits..", "over": "..128 digits.."}}
//! ```
//!
//! What is signed: the domain below, then the canonical bytes of the envelope without its signature.

use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::body::Body;
use crate::canonical::{self, NotWhole};
use crate::value::Hex;

/// The version of this schema. A reader of another version refuses the document and says which it reads.
pub const SCHEMA: u32 = 1;

/// The longest document, bytes: a whole journal of 262,144 records takes several, fetched part by part.
pub const DOCUMENT_MAX: usize = 4 << 20;

/// Says what a signature is of, so that no other use of a key can be mistaken for it.
const DOMAIN: &[u8] = b"nepenthe exchange v1\0";

/// What kind of place a document comes from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The patient's controller.
    Handset,
    /// The clinician's programmer.
    Programmer,
    /// The device at the bedside.
    Monitor,
    /// The clinic.
    Clinic,
}

/// Who made a document.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// What it is.
    pub kind: Kind,
    /// Which one, 1 to 64 letters; given when it was enrolled and never to another.
    pub id: String,
}

/// Which device's key signed, and the signature. It says who sent the document, not that anybody ordered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// The device's Ed25519 public key.
    pub key: Hex<32>,
    /// The signature over the envelope's signing bytes.
    pub over: Hex<64>,
}

/// A document in its envelope.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Who made it.
    pub source: Source,
    /// Its number there, rising from 1.
    pub seq: u64,
    /// The serial number of the pump that it is about.
    pub pump: u64,
    /// The number of the order that its maker saw running; 0 for none.
    pub base_version: u64,
    /// What it says.
    pub body: Body,
    /// By which device it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
}

/// Why bytes are no document, or one that must not be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotDocument {
    /// Longer than any.
    #[error("{length} bytes; a document has at most {DOCUMENT_MAX}: send it in parts")]
    Long {
        /// How long.
        length: usize,
    },
    /// Of another version.
    #[error("schema {got}; this program reads schema {SCHEMA}: update the older of the two")]
    Schema {
        /// Which.
        got: u64,
    },
    /// Not JSON, an unknown or a missing field, or a value that is none.
    #[error("not a document: {why}")]
    Malformed {
        /// Field, value and place.
        why: String,
    },
    /// A fraction.
    #[error(transparent)]
    NotWhole(#[from] NotWhole),
    /// A field that says nothing.
    #[error("{field}: {value}: {expected}")]
    Field {
        /// Which.
        field: &'static str,
        /// What stands there.
        value: String,
        /// What would be right.
        expected: &'static str,
    },
    /// Nobody signed.
    #[error("the document is not signed; it must be signed by the device that sent it")]
    Unsigned,
    /// Someone else than was expected signed.
    #[error("the document is signed by the key {got:?}; the key enrolled for this source is another")]
    OtherKey {
        /// By which key.
        got: Hex<32>,
    },
    /// Altered after it was signed.
    #[error("the signature does not match the document: it was altered after it was signed, or signed as another")]
    Altered,
}

impl Envelope {
    /// A document not yet signed.
    pub const fn new(source: Source, seq: u64, pump: u64, base_version: u64, body: Body) -> Self {
        Self { schema: SCHEMA, source, seq, pump, base_version, body, signature: None }
    }

    /// Reads a document. That it was signed by the right device is [`Envelope::verify`]'s affair.
    ///
    /// # Errors
    /// [`NotDocument`].
    pub fn parse(bytes: &[u8]) -> Result<Self, NotDocument> {
        if bytes.len() > DOCUMENT_MAX {
            return Err(NotDocument::Long { length: bytes.len() });
        }
        let malformed = |why: serde_json::Error| NotDocument::Malformed { why: why.to_string() };
        let value: Value = serde_json::from_slice(bytes).map_err(malformed)?;
        // The version first: a document of tomorrow is not called malformed.
        match value.get("schema").and_then(Value::as_u64) {
            Some(schema) if schema == u64::from(SCHEMA) => {}
            Some(got) => return Err(NotDocument::Schema { got }),
            None => return Err(NotDocument::Malformed { why: "schema: missing, or not a number".into() }),
        }
        canonical::bytes(&value)?;
        // From the text and not from the value: a key that stands twice is an error there.
        let read: Self = serde_json::from_slice(bytes).map_err(malformed)?;
        read.check()?;
        Ok(read)
    }

    fn check(&self) -> Result<(), NotDocument> {
        let wrong = |field, value: String, expected| Err(NotDocument::Field { field, value, expected });
        let id = &self.source.id;
        if id.is_empty() || id.len() > 64 || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
            return wrong("source.id", format!("{id:?}"), "1 to 64 ASCII letters without blanks were expected");
        }
        if self.seq == 0 {
            return wrong("seq", "0".into(), "numbers rise from 1");
        }
        self.body.check()
    }

    /// The canonical document.
    ///
    /// # Errors
    /// [`NotDocument`] if a part of it has no document.
    pub fn to_bytes(&self) -> Result<Vec<u8>, NotDocument> {
        let value = serde_json::to_value(self).map_err(|why| NotDocument::Malformed { why: why.to_string() })?;
        Ok(canonical::bytes(&value)?)
    }

    /// What a device signs.
    ///
    /// # Errors
    /// As [`Envelope::to_bytes`].
    pub fn signing_bytes(&self) -> Result<Vec<u8>, NotDocument> {
        let unsigned = Self { signature: None, ..self.clone() }.to_bytes()?;
        Ok([DOMAIN, &unsigned].concat())
    }

    /// SHA-256 of what is signed: the same for a repeat, signed anew or not.
    ///
    /// # Errors
    /// As [`Envelope::to_bytes`].
    pub fn fingerprint(&self) -> Result<Hex<32>, NotDocument> {
        use sha2::Digest;
        Ok(Hex(sha2::Sha256::digest(self.signing_bytes()?).into()))
    }

    /// The same document, signed with a device's secret key.
    ///
    /// # Errors
    /// As [`Envelope::to_bytes`].
    pub fn signed(self, secret: &[u8; 32]) -> Result<Self, NotDocument> {
        let key = SigningKey::from_bytes(secret);
        let over = Hex(key.sign(&self.signing_bytes()?).to_bytes());
        let signature = Signature { key: Hex(key.verifying_key().to_bytes()), over };
        Ok(Self { signature: Some(signature), ..self })
    }

    /// Whether the device with this key signed exactly this.
    ///
    /// # Errors
    /// [`NotDocument::Unsigned`], [`NotDocument::OtherKey`], [`NotDocument::Altered`].
    pub fn verify(&self, key: &[u8; 32]) -> Result<(), NotDocument> {
        let signature = self.signature.as_ref().ok_or(NotDocument::Unsigned)?;
        if signature.key.0 != *key {
            return Err(NotDocument::OtherKey { got: signature.key });
        }
        let key = VerifyingKey::from_bytes(key).map_err(|_| NotDocument::OtherKey { got: signature.key })?;
        let over = ed25519_dalek::Signature::from_bytes(&signature.over.0);
        key.verify_strict(&self.signing_bytes()?, &over).map_err(|_| NotDocument::Altered)
    }
}
