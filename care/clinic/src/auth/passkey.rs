//! Passkeys: sign-in by a key that never leaves the person's device (W3C Web Authentication, level 2).
//!
//! Answers for reading what a browser hands back and for judging it: kind, challenge, origin, relying party, presence and
//! verification of the user, the counter, the signature. One algorithm is offered, ES256, which every authenticator has;
//! where a key was made (attestation) is not asked: any device that a member of staff enrols while signed in is theirs.
//! Challenges are made, kept and used up by the caller.

use minicbor::Decoder;
use minicbor::data::Type;
use p256::EncodedPoint;
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, VerifyingKey};
use serde::Deserialize;

use crate::secret;

/// Why a passkey was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// Bytes that are no such document.
    #[error("the browser's answer could not be read: {0}")]
    Unreadable(&'static str),
    /// For another purpose.
    #[error("the answer is for another purpose")]
    Kind,
    /// Not the challenge that was given.
    #[error("the answer is for another challenge")]
    Challenge,
    /// Made for another site.
    #[error("the answer was made for another site")]
    Site,
    /// Nobody touched the key, or it did not check who did.
    #[error("the key did not check who holds it")]
    NotVerified,
    /// Its counter went back: there may be two of it.
    #[error("the key's counter went back; it may have been copied")]
    Counter,
    /// The signature is wrong.
    #[error("the signature is wrong")]
    Signature,
}

use NotTaken::Unreadable;

/// The site whose keys are taken.
#[derive(Debug, Clone)]
pub struct Site {
    /// Scheme, host and port as a browser names them.
    pub origin: String,
    /// The host alone.
    pub host: String,
}

/// A key to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    /// Its id.
    pub id: Vec<u8>,
    /// The point, SEC 1 uncompressed, 65 bytes.
    pub public_key: Vec<u8>,
    /// Its counter.
    pub counter: u32,
}

#[derive(Deserialize)]
struct ClientData {
    r#type: String,
    challenge: String,
    origin: String,
}

fn client_data(site: &Site, json: &[u8], kind: &str, challenge: &[u8]) -> Result<(), NotTaken> {
    let data: ClientData = serde_json::from_slice(json).map_err(|_| Unreadable("its client data is not JSON"))?;
    if data.r#type != kind {
        return Err(NotTaken::Kind);
    }
    if secret::bytes(&data.challenge).is_none_or(|answered| !secret::same(&answered, challenge)) {
        return Err(NotTaken::Challenge);
    }
    if data.origin != site.origin { Err(NotTaken::Site) } else { Ok(()) }
}

/// What an authenticator says of itself (§6.1).
struct AuthData<'a> {
    flags: u8,
    counter: u32,
    rest: &'a [u8],
}

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const KEY_INCLUDED: u8 = 0x40;

fn auth_data<'a>(site: &Site, bytes: &'a [u8]) -> Result<AuthData<'a>, NotTaken> {
    let short = Unreadable("its authenticator data is too short");
    let (party, rest) = bytes.split_first_chunk::<32>().ok_or(short)?;
    let (flags, rest) = rest.split_first().ok_or(short)?;
    let (counter, rest) = rest.split_first_chunk::<4>().ok_or(short)?;
    if *party != secret::sha256(site.host.as_bytes()) {
        return Err(NotTaken::Site);
    }
    if flags & (USER_PRESENT | USER_VERIFIED) != USER_PRESENT | USER_VERIFIED {
        return Err(NotTaken::NotVerified);
    }
    Ok(AuthData { flags: *flags, counter: u32::from_be_bytes(*counter), rest })
}

/// Judges the answer to `navigator.credentials.create`.
///
/// # Errors
/// [`NotTaken`].
pub fn enrol(site: &Site, challenge: &[u8], client_json: &[u8], attestation: &[u8]) -> Result<NewKey, NotTaken> {
    client_data(site, client_json, "webauthn.create", challenge)?;
    let data = auth_data(site, attested(attestation).map_err(|_| Unreadable("its attestation is not CBOR"))?)?;
    if data.flags & KEY_INCLUDED == 0 {
        return Err(Unreadable("it names no key"));
    }
    let short = Unreadable("its key is cut short");
    let rest = data.rest.get(16..).ok_or(short)?;
    let (length, rest) = rest.split_first_chunk::<2>().ok_or(short)?;
    let (id, key) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length))).ok_or(short)?;
    let public_key =
        point(key).map_err(|_| Unreadable("its key is not CBOR"))?.ok_or(Unreadable("its key is not ES256"))?;
    VerifyingKey::from_sec1_bytes(&public_key).map_err(|_| Unreadable("its key is not on the curve"))?;
    Ok(NewKey { id: id.to_vec(), public_key, counter: data.counter })
}

/// Judges the answer to `navigator.credentials.get` and returns the key's counter now.
///
/// # Errors
/// [`NotTaken`].
pub fn assert(
    site: &Site,
    challenge: &[u8],
    key: (&[u8], u32),
    client_json: &[u8],
    auth: &[u8],
    signature: &[u8],
) -> Result<u32, NotTaken> {
    client_data(site, client_json, "webauthn.get", challenge)?;
    let data = auth_data(site, auth)?;
    let (public_key, counter) = key;
    let public_key = VerifyingKey::from_sec1_bytes(public_key).map_err(|_| NotTaken::Signature)?;
    let signature = Signature::from_der(signature).map_err(|_| NotTaken::Signature)?;
    let signed: Vec<u8> = auth.iter().copied().chain(secret::sha256(client_json)).collect();
    public_key.verify(&signed, &signature).map_err(|_| NotTaken::Signature)?;
    // Keys that do not count say 0 for ever.
    if (data.counter != 0 || counter != 0) && data.counter <= counter {
        return Err(NotTaken::Counter);
    }
    Ok(data.counter)
}

/// The authenticator data in an attestation object (§6.5.4).
fn attested(object: &[u8]) -> Result<&[u8], minicbor::decode::Error> {
    let mut decoder = Decoder::new(object);
    let entries = decoder.map()?.unwrap_or(0);
    for _ in 0..entries {
        if decoder.str()? == "authData" {
            return decoder.bytes();
        }
        decoder.skip()?;
    }
    Err(minicbor::decode::Error::message("no authData"))
}

/// The point of a COSE key (RFC 9053 §2.1); `None` if it is of another algorithm.
fn point(cose: &[u8]) -> Result<Option<Vec<u8>>, minicbor::decode::Error> {
    let mut decoder = Decoder::new(cose);
    let (mut algorithm, mut x, mut y) = (0, None, None);
    for _ in 0..decoder.map()?.unwrap_or(0) {
        let label = decoder.i64()?;
        match (label, decoder.datatype()?) {
            (3, _) => algorithm = decoder.i64()?,
            (-2, Type::Bytes) => x = Some(decoder.bytes()?),
            (-3, Type::Bytes) => y = Some(decoder.bytes()?),
            _ => decoder.skip()?,
        }
    }
    const ES256: i64 = -7;
    let (Some(x), Some(y)) = (x, y) else { return Ok(None) };
    if algorithm != ES256 || x.len() != 32 || y.len() != 32 {
        return Ok(None);
    }
    let point = EncodedPoint::from_affine_coordinates(x.into(), y.into(), false);
    Ok(Some(point.as_bytes().to_vec()))
}
