//! What the maker gives a pump, as bytes: how a bench hands it to an image, and how it lies in a part's own memory.
//!
//! ```text
//!  0       16       24       56     72        88         91       99       100
//!  | model | serial | secret | card | journal | software | image | bench |
//! ```
//!
//! The model's name chooses one of the profiles that the software knows; its numbers are not carried, because a profile
//! belongs to the software that was tried with it.

use orders::DeviceProfile;
use pump::journal;
use telemetry::peer::{CardSecret, SecretKey, Serial};

use crate::implant::Provision;

/// Bytes of a provision.
pub const PROVISION: usize = 100;
/// The models this software knows.
const MODELS: [DeviceProfile; 2] = [DeviceProfile::REFERENCE_20, DeviceProfile::REFERENCE_40];

/// Takes the next bytes.
fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk::<N>()?;
    *rest = tail;
    Some(*head)
}

impl Provision {
    /// The bytes; `None` if the model is not one that the software knows, number by number.
    pub fn to_bytes(&self) -> Option<[u8; PROVISION]> {
        if !MODELS.contains(&self.device) {
            return None;
        }
        let mut bytes = [0; PROVISION];
        let mut rest = bytes.as_mut_slice();
        for part in [
            self.device.model.as_slice(),
            &self.serial.0.to_le_bytes(),
            &self.secret.0,
            &self.card.0,
            &self.journal.0,
            &self.software,
            &self.image,
            &[u8::from(self.bench)],
        ] {
            let (place, after) = rest.split_at_mut_checked(part.len())?;
            place.copy_from_slice(part);
            rest = after;
        }
        Some(bytes)
    }

    /// What the bytes say; `None` if they are too few or too many, or name a model that the software does not know.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let model = take::<16>(&mut rest)?;
        let device = MODELS.into_iter().find(|known| known.model == model)?;
        let provision = Self {
            device,
            serial: Serial(u64::from_le_bytes(take(&mut rest)?)),
            secret: SecretKey(take(&mut rest)?),
            card: CardSecret(take(&mut rest)?),
            journal: journal::Key(take(&mut rest)?),
            software: take(&mut rest)?,
            image: take(&mut rest)?,
            bench: match take(&mut rest)? {
                [0] => false,
                [1] => true,
                [_] => return None,
            },
        };
        rest.is_empty().then_some(provision)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_maker_gives_comes_back_and_an_unknown_model_does_not() {
        let given = Provision {
            device: DeviceProfile::REFERENCE_40,
            serial: Serial(77),
            secret: SecretKey([1; 32]),
            card: CardSecret([2; 16]),
            journal: journal::Key([3; 16]),
            software: [0, 1, 0],
            image: [4; 8],
            bench: true,
        };
        let bytes = given.to_bytes().unwrap();
        let back = Provision::from_bytes(&bytes).unwrap();
        assert_eq!(back.to_bytes(), Some(bytes));
        assert_eq!((back.serial, back.device), (given.serial, given.device));
        assert!(Provision::from_bytes(&bytes[..99]).is_none());
        let mut other = bytes;
        other[0] ^= 1;
        assert!(Provision::from_bytes(&other).is_none());
        other = bytes;
        other[99] = 2;
        assert!(Provision::from_bytes(&other).is_none());
        let changed = Provision { device: DeviceProfile { restarts_max: 9, ..given.device }, ..given };
        assert!(changed.to_bytes().is_none(), "a profile that the software was not tried with");
    }
}
