//! What the maker gave a pump: its model, number, keys and the card that goes with the patient.

use implant::Provision;
use implant::pump::journal;
use orders::{DeviceProfile, Volume};
use serde::{Deserialize, Serialize};
use telemetry::card::Card;
use telemetry::peer::{CardSecret, SecretKey, Serial};

use crate::files::{self, FileError};

/// The version that a virtual pump tells.
const SOFTWARE: [u8; 3] = [0, 1, 0];

/// What the maker gave a pump.
#[derive(Clone)]
pub struct Made {
    /// The model.
    pub device: DeviceProfile,
    /// The profile as it stood in its file.
    profile: String,
    /// The catheter's volume, as trimmed.
    pub catheter: Volume,
    /// Its serial number.
    pub serial: Serial,
    secret: [u8; 32],
    card: [u8; 16],
    /// The key of its journal's tags.
    pub journal: journal::Key,
}

/// As it is kept.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    made: u32,
    profile: String,
    catheter_nl: u64,
    serial: u64,
    secret: [u8; 32],
    card: [u8; 16],
    journal: [u8; 16],
}

impl Made {
    /// A new pump of the model in this device file, with a catheter trimmed to so many cm and keys of its own.
    ///
    /// # Errors
    /// What is wrong with the profile; `path` is for its words.
    pub fn new(
        path: &str,
        profile: &str,
        catheter_cm: u64,
        serial: Serial,
        entropy: &mut super::Randomness,
    ) -> Result<Self, FileError> {
        let device = files::device::parse(path, profile)?;
        let (mut secret, mut card, mut journal) = ([0; 32], [0; 16], [0; 16]);
        entropy(&mut secret);
        entropy(&mut card);
        entropy(&mut journal);
        let catheter = Volume::new(device.catheter_per_cm.get().saturating_mul(catheter_cm));
        Ok(Self { device, profile: profile.into(), catheter, serial, secret, card, journal: journal::Key(journal) })
    }

    /// The card that goes with the patient.
    pub fn card(&self) -> Card {
        Card { serial: self.serial, secret: CardSecret(self.card) }
    }

    /// Whether it was made of this profile.
    pub fn is_of(&self, device: &DeviceProfile) -> bool {
        self.device == *device
    }

    pub(super) fn provision(&self) -> Provision {
        Provision {
            device: self.device,
            serial: self.serial,
            secret: SecretKey(self.secret),
            card: CardSecret(self.card),
            journal: self.journal.clone(),
            software: SOFTWARE,
            image: *b"virtual ",
            bench: false,
        }
    }

    pub(super) fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec_pretty(&Kept {
            made: 1,
            profile: self.profile.clone(),
            catheter_nl: self.catheter.get(),
            serial: self.serial.0,
            secret: self.secret,
            card: self.card,
            journal: self.journal.0,
        })
    }

    pub(super) fn from_json(bytes: &[u8]) -> Result<Self, String> {
        let kept: Kept = serde_json::from_slice(bytes).map_err(|why| why.to_string())?;
        if kept.made != 1 {
            return Err(format!("version {}; this program reads version 1", kept.made));
        }
        let device = files::device::parse("profile", &kept.profile).map_err(|why| why.to_string())?;
        Ok(Self {
            device,
            profile: kept.profile,
            catheter: Volume::new(kept.catheter_nl),
            serial: Serial(kept.serial),
            secret: kept.secret,
            card: kept.card,
            journal: journal::Key(kept.journal),
        })
    }
}
