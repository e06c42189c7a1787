//! The implant card: which pump, and the secret that pairs with it, as text that a QR code carries and a person can type.
//!
//! ```text
//!   NEP1-1000-00112233-44556677-8899aabb-ccddeeff-3f2a
//!        |    |                                   |
//!        |    128 bits, hexadecimal, in fours     CRC-16 over serial and secret
//!        serial, decimal
//! ```
//!
//! Whoever has the text and can come near the skin can pair. It is shown only where a person asked for the card.

use core::fmt;

use crc::{CRC_16_IBM_SDLC, Crc, Table};

use crate::peer::{CardSecret, Serial};

const CRC: Crc<u16, Table<1>> = Crc::<u16, Table<1>>::new(&CRC_16_IBM_SDLC);

/// What the text begins with: this format, version 1.
const MARK: &str = "NEP1";

/// A card.
#[derive(Clone, Debug)]
pub struct Card {
    /// Which pump.
    pub serial: Serial,
    /// What pairs with it.
    pub secret: CardSecret,
}

/// Why a text is no card. Never holds a part of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotCard {
    /// It does not begin as a card of this version does.
    Mark,
    /// The serial is no number.
    Serial,
    /// The secret is not 32 hexadecimal digits.
    Secret,
    /// The check does not match: a digit was mistyped.
    Check,
}

impl fmt::Display for NotCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NotCard::Mark => "it does not begin with NEP1-; read the text under the card's QR code",
            NotCard::Serial => "the part after NEP1- is not the pump's serial number",
            NotCard::Secret => "the secret is not four groups of eight digits 0-9 a-f",
            NotCard::Check => "the last four digits do not match the rest: one was mistyped",
        })
    }
}

impl core::error::Error for NotCard {}

impl Card {
    fn check(&self) -> u16 {
        let mut digest = CRC.digest();
        digest.update(&self.serial.0.to_le_bytes());
        digest.update(&self.secret.0);
        digest.finalize()
    }

    /// Reads the text; blanks around it and the case of letters do not matter.
    ///
    /// # Errors
    /// [`NotCard`].
    pub fn parse(text: &str) -> Result<Self, NotCard> {
        let mut parts = text.trim().split('-');
        if !parts.next().is_some_and(|mark| mark.eq_ignore_ascii_case(MARK)) {
            return Err(NotCard::Mark);
        }
        let serial = parts.next().and_then(digits).ok_or(NotCard::Serial)?;
        let mut secret = 0u128;
        for _ in 0..4 {
            let group = parts.next().and_then(|group| hexadecimal(group, 8)).ok_or(NotCard::Secret)?;
            secret = secret << 32 | u128::from(group);
        }
        let check = parts.next().and_then(|group| hexadecimal(group, 4)).ok_or(NotCard::Check)?;
        let card = Self { serial: Serial(serial), secret: CardSecret(secret.to_be_bytes()) };
        match parts.next().is_none() && u64::from(card.check()) == check {
            true => Ok(card),
            false => Err(NotCard::Check),
        }
    }
}

/// `str::parse` would take a sign.
fn digits(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn hexadecimal(text: &str, length: usize) -> Option<u64> {
    let is_right = text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_right.then(|| u64::from_str_radix(text, 16).ok()).flatten()
}

impl fmt::Display for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{MARK}-{}", self.serial.0)?;
        for group in self.secret.0.as_chunks::<4>().0 {
            write!(f, "-{:08x}", u32::from_be_bytes(*group))?;
        }
        write!(f, "-{:04x}", self.check())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    const CARD: Card = Card { serial: Serial(1_000), secret: CardSecret(*b"sixteen letters.") };

    #[test]
    fn a_card_read_from_its_own_text_is_the_same_card() {
        let text = CARD.to_string();
        for read in [text.clone(), text.to_uppercase(), std::format!("  {text}\n")] {
            let card = Card::parse(&read).unwrap();
            assert_eq!((card.serial, card.secret.0), (CARD.serial, CARD.secret.0));
        }
    }

    #[test]
    fn one_digit_mistyped_anywhere_is_no_card() {
        let text = CARD.to_string();
        for (place, letter) in text.char_indices() {
            let other = if letter == '7' { "8" } else { "7" };
            let mut wrong = text.clone();
            wrong.replace_range(place..=place, other);
            assert!(Card::parse(&wrong).is_err(), "{wrong}");
        }
        assert_eq!(Card::parse("").unwrap_err(), NotCard::Mark);
        assert_eq!(Card::parse("NEP1-+1").unwrap_err(), NotCard::Serial);
        assert_eq!(Card::parse("NEP1-1-0").unwrap_err(), NotCard::Secret);
        assert_eq!(Card::parse(&(text + "-0")).unwrap_err(), NotCard::Check);
    }

    #[test]
    fn its_secret_is_shown_by_nothing_but_its_own_text() {
        assert!(!std::format!("{CARD:?}").contains("7369"));
    }
}
