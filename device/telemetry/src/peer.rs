//! Who may speak to a pump: roles, keys, and the record that a pump keeps of each peer. Plain data; the implant stores it.

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::wire::Malformed;

/// What kind of device a peer is; what it may ask hangs on this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The patient's own device: reads, asks for a bolus, silences.
    PatientController,
    /// The clinician's device: programs, with presence and signatures.
    Programmer,
    /// A device at the bedside that reads and carries the journal.
    HomeMonitor,
    /// Whoever stands beside the patient with the card: may stop or lower, never raise.
    Emergency,
}

impl Role {
    /// All roles, in the order of their codes.
    pub const ALL: [Role; 4] = [Role::PatientController, Role::Programmer, Role::HomeMonitor, Role::Emergency];

    /// The code on the wire.
    pub const fn code(self) -> u8 {
        match self {
            Role::PatientController => 1,
            Role::Programmer => 2,
            Role::HomeMonitor => 3,
            Role::Emergency => 4,
        }
    }

    /// The role with this code.
    ///
    /// # Errors
    /// [`Malformed::Role`] with the byte.
    pub fn from_code(code: u8) -> Result<Self, Malformed> {
        Role::ALL.into_iter().find(|role| role.code() == code).ok_or(Malformed::Role { got: code })
    }
}

/// A pump's serial number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial(pub u64);

/// An X25519 public key: which device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PublicKey(pub [u8; 32]);

/// An X25519 secret key. Wiped when dropped; never printed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SecretKey(pub [u8; 32]);

/// The secret that pairing left with both ends, mixed into every later contact. Wiped when dropped; never printed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Psk(pub [u8; 32]);

/// The 128 bits printed on the implant card. Wiped when dropped; never printed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct CardSecret(pub [u8; 16]);

macro_rules! never_printed {
    ($($secret:ident),*) => {$(
        impl core::fmt::Debug for $secret {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(concat!(stringify!($secret), "(not shown)"))
            }
        }
    )*};
}
never_printed!(SecretKey, Psk, CardSecret);

/// What a pump keeps of one peer.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Which device it is.
    pub public: PublicKey,
    /// What it may ask.
    pub role: Role,
    /// What pairing left.
    pub psk: Psk,
    /// The highest request id that it has used, 0 before the first.
    pub request_id_last: u64,
    /// What people call it, UTF-8, padded with zeros; all zeros until a programmer names it.
    pub label: [u8; 16],
}

impl Peer {
    /// Length of [`Peer::to_bytes`].
    pub const BYTES: usize = 1 + 32 + 32 + 8 + 16;

    /// The record for the store: role, key, secret, last id (little-endian), label.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0u8; Self::BYTES];
        let id = self.request_id_last.to_le_bytes();
        let role = [self.role.code()];
        let all = role.iter().chain(&self.public.0).chain(&self.psk.0).chain(&id).chain(&self.label);
        for (place, byte) in bytes.iter_mut().zip(all) {
            *place = *byte;
        }
        bytes
    }

    /// Reads the record back.
    ///
    /// # Errors
    /// [`Malformed::TooShort`] or [`Malformed::TooLong`] for another length, [`Malformed::Role`] for no role.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        let wrong = match bytes.len() < Self::BYTES {
            true => Malformed::TooShort { len: bytes.len(), need: Self::BYTES },
            false => Malformed::TooLong { len: bytes.len(), most: Self::BYTES },
        };
        let (&[role], rest) = bytes.split_first_chunk::<1>().ok_or(wrong)?;
        let (public, rest) = rest.split_first_chunk::<32>().ok_or(wrong)?;
        let (psk, rest) = rest.split_first_chunk::<32>().ok_or(wrong)?;
        let (id, rest) = rest.split_first_chunk::<8>().ok_or(wrong)?;
        let label = <[u8; 16]>::try_from(rest).map_err(|_| wrong)?;
        Ok(Self {
            public: PublicKey(*public),
            role: Role::from_code(role)?,
            psk: Psk(*psk),
            request_id_last: u64::from_le_bytes(*id),
            label,
        })
    }
}
