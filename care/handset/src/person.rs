//! Whose handset it is: what stands on the card, whom to call, and what locks the view.

use argon2::Argon2;
use serde::{Deserialize, Serialize};

use crate::store::random;

/// What the patient or the team has entered.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Person {
    /// Name.
    pub name: String,
    /// Date of birth, as entered: 1961-03-04.
    pub born: String,
    /// The clinic's name.
    pub clinic: String,
    /// Its number by day.
    pub day_phone: String,
    /// Its number by night.
    pub night_phone: String,
    /// The number of the emergency service here.
    pub emergency_phone: String,
    /// On which side the pump lies.
    pub side: String,
    /// When it was implanted.
    pub implanted: String,
    /// What a radiographer must know.
    pub scan_note: String,
    /// The booked refill.
    pub booked: String,
    /// What the number that opens the view is told by; `None` leaves it open.
    pub pin: Option<Pin>,
}

/// A number that opens the view, as it is kept: never as it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Pin {
    salt: [u8; 16],
    hash: [u8; 32],
}

fn hash(digits: &str, salt: &[u8; 16]) -> Option<[u8; 32]> {
    let mut out = [0; 32];
    Argon2::default().hash_password_into(digits.as_bytes(), salt, &mut out).ok().map(|()| out)
}

/// Why a number cannot lock the view.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("4 to 12 digits are needed")]
pub struct NotAPin;

impl Person {
    /// The number to call now: by night the night number, where there is one.
    pub fn phone(&self) -> &str {
        if self.night_phone.is_empty() { &self.day_phone } else { &self.night_phone }
    }

    /// Locks the view with this number; an empty one opens it for good.
    ///
    /// # Errors
    /// [`NotAPin`]: nothing changed.
    pub fn lock_with(&mut self, digits: &str) -> Result<(), NotAPin> {
        if digits.is_empty() {
            self.pin = None;
            return Ok(());
        }
        if !(4..=12).contains(&digits.len()) || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(NotAPin);
        }
        let salt = random().map_err(|_| NotAPin)?;
        self.pin = Some(Pin { salt, hash: hash(digits, &salt).ok_or(NotAPin)? });
        Ok(())
    }

    /// Whether this number opens the view.
    pub fn opens(&self, digits: &str) -> bool {
        self.pin.is_none_or(|pin| hash(digits, &pin.salt) == Some(pin.hash))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_number_opens_and_none_is_kept_as_it_is() {
        let mut person = Person::default();
        assert!(person.opens(""));
        assert_eq!(person.lock_with("12"), Err(NotAPin));
        person.lock_with("4711").unwrap();
        assert!(person.opens("4711") && !person.opens("4712") && !person.opens(""));
        assert!(!serde_json::to_string(&person).unwrap().contains("4711"));
    }
}
