//! Who may sign in on this device: names and numbers in the open, everything else wrapped under each one's passphrase.

use std::path::Path;

use link::Clinician;
use serde::{Deserialize, Serialize};

use crate::seal::{Key, Unsealed, random};
use crate::vault::{self, NotKept};

/// Letters a passphrase has at least.
pub(crate) const PASSPHRASE_MIN: usize = 10;

/// One person.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Person {
    /// The clinician's number, as orders name it.
    pub(crate) number: u32,
    /// The name, for pages.
    pub(crate) name: String,
    salt: [u8; 16],
    /// The data key under this person's key.
    data: Vec<u8>,
    /// The signing key's secret under this person's key: nobody else on this device can sign with it.
    signing: Vec<u8>,
}

/// Everybody.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct People {
    /// One for each person, in the order they came.
    pub(crate) people: Vec<Person>,
}

/// Why a person is not taken in, or cannot sign in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotIn {
    /// The number is used already.
    #[error("number {0} belongs to somebody else on this device")]
    Taken(u32),
    /// Too short.
    #[error("a passphrase has at least {PASSPHRASE_MIN} letters")]
    Short,
    /// No such person, or another passphrase. Which of both is not told.
    #[error("the number or the passphrase is not right")]
    Wrong,
    /// Sealing.
    #[error(transparent)]
    Seal(#[from] Unsealed),
    /// The disk.
    #[error(transparent)]
    Kept(#[from] NotKept),
}

impl People {
    /// Those in this folder; nobody before the first.
    pub(crate) fn read(folder: &Path) -> Result<Self, NotKept> {
        vault::read_plain(&folder.join("people.json")).map(Option::unwrap_or_default)
    }

    /// Takes somebody in and keeps it.
    pub(crate) fn add(
        &mut self,
        folder: &Path,
        (number, name): (u32, &str),
        passphrase: &str,
        data: &Key,
    ) -> Result<(), NotIn> {
        if self.people.iter().any(|person| person.number == number) {
            return Err(NotIn::Taken(number));
        }
        if passphrase.chars().count() < PASSPHRASE_MIN {
            return Err(NotIn::Short);
        }
        let salt = random()?;
        let own = Key::of_passphrase(passphrase, &salt)?;
        let signing = Key::fresh()?;
        self.people.push(Person {
            number,
            name: name.trim().to_owned(),
            salt,
            data: own.seal("data", &data.0)?,
            signing: own.seal("signing", &signing.0)?,
        });
        vault::write_plain(&folder.join("people.json"), self)?;
        Ok(())
    }

    fn own_key(&self, number: u32, passphrase: &str) -> Result<(&Person, Key), NotIn> {
        let person = self.people.iter().find(|person| person.number == number).ok_or(NotIn::Wrong)?;
        Ok((person, Key::of_passphrase(passphrase, &person.salt)?))
    }

    /// The person and the data key that the passphrase opens.
    pub(crate) fn open(&self, number: u32, passphrase: &str) -> Result<(Person, Key), NotIn> {
        let (person, own) = self.own_key(number, passphrase)?;
        let data = own.open("data", &person.data).map_err(|_| NotIn::Wrong)?;
        let data: [u8; 32] = data.try_into().map_err(|_| NotIn::Wrong)?;
        Ok((person.clone(), Key(data)))
    }

    /// The key that signs for this person. Asked for anew at each signature, and kept nowhere.
    pub(crate) fn signing_key(&self, number: u32, passphrase: &str) -> Result<Clinician, NotIn> {
        let (person, own) = self.own_key(number, passphrase)?;
        let secret = own.open("signing", &person.signing).map_err(|_| NotIn::Wrong)?;
        let secret: [u8; 32] = secret.try_into().map_err(|_| NotIn::Wrong)?;
        Ok(Clinician::of(number, secret))
    }
}
