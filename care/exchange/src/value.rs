//! Bytes, fluids, device documents and times as they stand in JSON.

use std::fmt;

use orders::mixture::Component;
use orders::{Concentration, Drug, Ledger, Mixture, Prescription};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bytes of a fixed number, in lower-case hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hex<const N: usize>(pub [u8; N]);

/// Bytes of any number, in lower-case hexadecimal.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Bytes(pub Vec<u8>);

fn to_hex(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Lower case only: one spelling for one value.
fn from_hex(text: &str) -> Result<Vec<u8>, String> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let digit = |letter: u8| match letter {
        b'0'..=b'9' => Some(letter - b'0'),
        b'a'..=b'f' => Some(letter - b'a' + 10),
        _ => None,
    };
    let bytes = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect::<Option<Vec<u8>>>();
    match (bytes, rest) {
        (Some(bytes), []) => Ok(bytes),
        _ => Err("pairs of the digits 0-9 a-f were expected".into()),
    }
}

impl<const N: usize> Serialize for Hex<N> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&to_hex(&self.0))
    }
}

impl<'de, const N: usize> Deserialize<'de> for Hex<N> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let bytes = from_hex(&String::deserialize(from)?).map_err(D::Error::custom)?;
        let length = bytes.len();
        let bytes = bytes.try_into().map_err(|_| D::Error::custom(format!("{length} bytes; {N} were expected")))?;
        Ok(Self(bytes))
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&to_hex(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from_hex(&String::deserialize(from)?).map(Self).map_err(D::Error::custom)
    }
}

impl<const N: usize> fmt::Debug for Hex<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

/// A document of the pump's own vocabulary, as its bytes; read by `orders`, so that what is signed is what was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Document<T>(pub T);

macro_rules! documents {
    ($($of:ty, $words:literal, $max:expr;)*) => { $(
        impl Serialize for Document<$of> {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                let mut bytes = vec![0; $max];
                let length = self.0.encode(&mut bytes);
                let length = length.ok_or_else(|| serde::ser::Error::custom(concat!($words, " does not fit its document")))?;
                to.serialize_str(&to_hex(&bytes[..length]))
            }
        }

        impl<'de> Deserialize<'de> for Document<$of> {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let bytes = from_hex(&String::deserialize(from)?).map_err(D::Error::custom)?;
                let read = <$of>::decode(&bytes);
                read.map(Self).map_err(|why| D::Error::custom(format!(concat!($words, " does not read: {:?}"), why)))
            }
        }
    )* };
}

documents! {
    Prescription, "the order", Prescription::BYTES_MAX;
    Ledger, "the ledger", Ledger::BYTES_MAX;
}

/// A fluid: each drug and its concentration, the primary first; empty for fluid without drug.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fluid(pub Mixture);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    drug: String,
    concentration_ng_per_ml: u32,
}

impl Serialize for Fluid {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let part =
            |part: Component| Part { drug: part.drug.name().into(), concentration_ng_per_ml: part.concentration.get() };
        to.collect_seq(self.0.iter().map(part))
    }
}

impl<'de> Deserialize<'de> for Fluid {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut parts = Vec::new();
        for part in Vec::<Part>::deserialize(from)? {
            let drug = Drug::from_name(&part.drug).ok_or_else(|| {
                let known: Vec<&str> = Drug::ALL.iter().map(|drug| drug.name()).collect();
                D::Error::custom(format!("drug {:?} is unknown; known are {}", part.drug, known.join(", ")))
            })?;
            parts.push(Component { drug, concentration: Concentration::new(part.concentration_ng_per_ml) });
        }
        let mixture = Mixture::of(&parts);
        mixture.map(Self).ok_or_else(|| D::Error::custom("a fluid has at most four drugs, each once and above 0 ng/mL"))
    }
}

/// What a clock of someone's own showed: ms since 1970, and how far that clock stood from UTC. A label: it is shown beside
/// what it belongs to, and has no order.
//= requirements/clinic.md#a-phones-time-is-a-label
//# A time from a phone MUST be kept as a label and never put records in order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// ms since 1970-01-01 00:00 UTC, as that clock believed.
    pub ms: u64,
    /// Minutes that its local time was ahead of UTC.
    pub utc_offset_min: i16,
}
