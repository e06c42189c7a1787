//! The fall-back: what runs when the prescription cannot be trusted any more, in its own small record.
//!
//! It is a clinician's rate, never a default. The record stands apart from the prescription so that damage to one
//! leaves the other, and carries what is needed to run it within bounds: the most volume of a day and the highest
//! concentration that was anywhere in path or reservoir.

use orders::mixture::DRUGS_MAX;
use orders::{Concentration, Drug, Duration, Field, FlowRate, Mass, Volume};

/// No drive moves more at once.
const STROKE_MOST: Volume = Volume::new(10_000);

/// The flow of last resort and its bounds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FallBack {
    /// The flow.
    pub flow: FlowRate,
    /// Most volume in 24 h while it runs.
    pub day_max: Volume,
    /// The highest concentration of each drug in path or reservoir when it was stored.
    pub highest: [Option<(Drug, Concentration)>; DRUGS_MAX],
}

impl FallBack {
    /// Bytes of the record without the store's seal; with it at most 48.
    pub const BYTES: usize = 8 + 8 + DRUGS_MAX * 5;

    /// The bytes; the store's seal is the implant's.
    //= requirements/ladder.md#fall-back
    //# The fall-back MUST stand with its rate, its volume ceiling and the highest concentration in path or reservoir in its own checked two-slot record of at most 48 bytes.
    pub fn encode(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0u8; Self::BYTES];
        let highest = self.highest.iter().flat_map(|entry| {
            let (code, concentration) = entry.map_or((0, 0), |(drug, held)| (drug.code(), held.get()));
            let [a, b, c, d] = concentration.to_le_bytes();
            [code, a, b, c, d]
        });
        let numbers = self.flow.get().to_le_bytes().into_iter().chain(self.day_max.get().to_le_bytes());
        bytes.iter_mut().zip(numbers.chain(highest)).for_each(|(byte, value)| *byte = value);
        bytes
    }

    /// From the bytes; `None` if they mean nothing.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (flow, rest) = bytes.split_first_chunk::<8>()?;
        let (day_max, rest) = rest.split_first_chunk::<8>()?;
        let mut highest = [None; DRUGS_MAX];
        if rest.len() != DRUGS_MAX * 5 {
            return None;
        }
        for (entry, bytes) in highest.iter_mut().zip(rest.chunks_exact(5)) {
            let (code, concentration) = bytes.split_first()?;
            if *code != 0 {
                let held = u32::from_le_bytes(concentration.try_into().ok()?);
                *entry = Some((Drug::from_code(*code)?, Concentration::new(held)));
            }
        }
        let flow = FlowRate::new(u64::from_le_bytes(*flow));
        let day_max = Volume::new(u64::from_le_bytes(*day_max));
        // No order has ever been accepted with another flow, and the ceiling follows from it within an hour and a stroke.
        let most = flow.volume_ceil(Duration::from_days(2)).saturating_add(STROKE_MOST);
        let is_possible = Field::FallBack.check(flow.get()).is_ok() && day_max <= most;
        is_possible.then_some(Self { flow, day_max, highest })
    }

    /// The mass rate of a drug at its worst, for choosing the lower of two.
    pub fn worst_rate(&self) -> u64 {
        let most = self.highest.iter().flatten().map(|(_, held)| self.flow.mass_rate(*held).get()).max();
        most.unwrap_or(self.flow.get())
    }

    /// What one stroke holds at most of each of these drugs.
    pub fn charge(&self, volume: Volume, drugs: &[Option<Drug>; DRUGS_MAX]) -> [Mass; DRUGS_MAX] {
        drugs.map(|drug| {
            let held = self.highest.iter().flatten().find(|(of, _)| Some(*of) == drug).map(|(_, held)| *held);
            held.map_or(Mass::ZERO, |held| volume.mass_at(held))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    //= requirements/ladder.md#fall-back
    //= type=test
    //# The fall-back MUST stand with its rate, its volume ceiling and the highest concentration in path or reservoir in its own checked two-slot record of at most 48 bytes.
    #[test]
    fn it_reads_back_and_fits_48_bytes_with_its_seal() {
        let fall_back = FallBack {
            flow: FlowRate::new(62_500),
            day_max: Volume::new(70_000),
            highest: [Some((Drug::Morphine, Concentration::new(20_000_000))), None, None, None],
        };
        assert_eq!(FallBack::decode(&fall_back.encode()), Some(fall_back));
        const { assert!(FallBack::BYTES + 8 <= 48) };
        let mut altered = fall_back.encode();
        altered[16] = 200;
        assert_eq!(FallBack::decode(&altered), None);
        assert_eq!(FallBack::decode(&altered[..20]), None);
    }

    #[test]
    fn a_record_with_a_flow_that_no_order_can_have_is_none() {
        let right = FallBack { flow: FlowRate::new(62_500), day_max: Volume::new(70_000), highest: [None; 4] };
        for (flow, day_max) in [(0, 0), (28_800_001, 70_000), (u64::MAX, 70_000), (62_500, u64::MAX), (62_500, 135_001)]
        {
            let wrong = FallBack { flow: FlowRate::new(flow), day_max: Volume::new(day_max), ..right };
            assert_eq!(FallBack::decode(&wrong.encode()), None, "{flow} {day_max}");
        }
        assert_eq!(FallBack::decode(&right.encode()), Some(right));
    }
}
