//! The dose record: what must be known after any loss of power to give nothing twice, in 64 bytes.
//!
//! It is written before each stroke and again once the stroke is confirmed or given up, into the older of two slots.
//! This file answers for its bytes and for which slot is believed. What a loss means (windows filled, boluses off) is
//! decided by `controller`, what the buckets mean by `windows`.
//!
//! | bytes | what |
//! |---|---|
//! | 0–3 | sequence, rising by one with each writing |
//! | 4–9 | mono, ms since birth |
//! | 10–13 | reading of the first oscillator, the lower 32 bits |
//! | 14–37 | charges of the open 5-minute bucket, 6 bytes for each channel, fg |
//! | 38–39 | strokes charged in the open bucket |
//! | 40–43 | what remains of the lockout, ms |
//! | 44–51 | strokes commanded and confirmed since birth |
//! | 52 | a person's stop, the format's number, a stroke in flight, the source of a bolus in progress or an emergency |
//! | 53–54 | strokes left of that bolus |
//! | 55–59 | remainder of the basal, nL·ms per day |
//! | 60–63 | check sum over all before (CRC-32, ISO HDLC) |
//!
//! Two numbers follow from others and are not stored: the open bucket is the one in which mono lies, and what was
//! commanded, is neither confirmed nor in flight, is unconfirmed.

use orders::{Duration, Instant, Mass};

use crate::check::CRC;

/// Bytes of the record.
//= requirements/journal.md#small-and-double
//# The dose record MUST hold the open buckets and the remaining lockout in at most 64 bytes.
pub const BYTES: usize = 64;
/// Where the check sum stands.
const BODY: usize = 60;
/// Length of the bucket that is open.
const BUCKET: Duration = Duration::from_minutes(5);
/// The format's number. It is never 0 or 7, so that neither an erased nor a zeroed slot can have it.
const FORMAT: u8 = 1;
/// In the flags: no bolus is in progress.
const NO_BOLUS: u8 = 0b111;
/// In the flags, in the place of a bolus, which an emergency has ended: the emergency runs.
const EMERGENCY: u8 = 0b110;
/// In the flags: a person's stop runs.
const STOPPED: u8 = 0b1000_0000;

/// What a person has taken away, which no loss of another record may give back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Held {
    /// A clinician's stop, the minimum rate after its 47th hour with it.
    Stopped,
    /// The emergency, called at the skin.
    Emergency,
}

/// What the two slots of the dose record hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DoseRecord {
    /// Rises by one with each writing. Ten years at the highest flow of the bounds table, two writings for each stroke,
    /// need a tenth of what it holds: it never starts again.
    pub sequence: u32,
    /// Delivery time at the writing. The windows have been brought up to it.
    pub mono: Instant,
    /// The first oscillator at the writing, see [`DoseRecord::reading`].
    pub raw: u32,
    /// What is charged in the open 5-minute bucket, by channel.
    pub open: [Mass; 4],
    /// Strokes charged in the open bucket.
    pub open_strokes: u16,
    /// What remains of the lockout.
    pub lockout_left: Duration,
    /// Strokes commanded since birth, the one in flight with them.
    pub commanded: u32,
    /// Strokes that the rotor confirmed since birth.
    pub confirmed: u32,
    /// A stroke was about to be commanded and is not yet confirmed or given up.
    pub in_flight: bool,
    /// The bolus in progress: the code of its source, below 6, and the strokes left of it.
    pub bolus: Option<(u8, u16)>,
    /// The stop or emergency that runs.
    pub held: Option<Held>,
    /// What the basal has accrued and not given, in nL·ms per day.
    pub remainder: u64,
}

/// What the two slots say together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Neither slot was ever written: the pump is being born.
    Never,
    /// The newest record whose check passes.
    Intact(DoseRecord),
    /// Something was written and nothing can be read.
    Lost,
}

impl DoseRecord {
    /// A reading of the first oscillator as the record keeps it: what elapses after is told apart for 49 days, and
    /// beyond them as less than it was.
    pub fn reading(raw: u64) -> u32 {
        u32::try_from(raw & u64::from(u32::MAX)).unwrap_or(0)
    }

    /// What the first oscillator counted since the writing, if its counter ran on through the restart.
    pub fn elapsed(&self, raw: u64) -> Duration {
        Duration::new(u64::from(Self::reading(raw).wrapping_sub(self.raw)))
    }

    /// The number of the open 5-minute bucket, counted from birth.
    pub fn epoch(&self) -> u32 {
        let epoch = self.mono.get().checked_div(BUCKET.get()).unwrap_or(0);
        u32::try_from(epoch).unwrap_or(u32::MAX)
    }

    /// Strokes that were given up without the rotor's word; the one in flight is not yet among them.
    pub fn unconfirmed(&self) -> u32 {
        self.commanded.saturating_sub(self.confirmed).saturating_sub(u32::from(self.in_flight))
    }

    /// The record as it is stored. What a field cannot hold is stored as the most it holds; charges, strokes and the
    /// lockout are refused long before.
    pub fn encode(&self) -> [u8; BYTES] {
        let mut bytes = [0u8; BYTES];
        let (stop, no_bolus) = match self.held {
            None => (0, NO_BOLUS),
            Some(Held::Stopped) => (STOPPED, NO_BOLUS),
            Some(Held::Emergency) => (0, EMERGENCY),
        };
        let source = self.bolus.map_or(no_bolus, |(source, _)| source.min(NO_BOLUS));
        let flags = stop | FORMAT << 4 | u8::from(self.in_flight) << 3 | source;
        put::<0, 4>(&mut bytes, u64::from(self.sequence));
        put::<4, 6>(&mut bytes, self.mono.get());
        put::<10, 4>(&mut bytes, u64::from(self.raw));
        let [first, second, third, fourth] = self.open;
        put::<14, 6>(&mut bytes, first.get());
        put::<20, 6>(&mut bytes, second.get());
        put::<26, 6>(&mut bytes, third.get());
        put::<32, 6>(&mut bytes, fourth.get());
        put::<38, 2>(&mut bytes, u64::from(self.open_strokes));
        put::<40, 4>(&mut bytes, self.lockout_left.get());
        put::<44, 4>(&mut bytes, u64::from(self.commanded));
        put::<48, 4>(&mut bytes, u64::from(self.confirmed));
        put::<52, 1>(&mut bytes, u64::from(flags));
        put::<53, 2>(&mut bytes, self.bolus.map_or(0, |(_, left)| u64::from(left)));
        put::<55, 5>(&mut bytes, self.remainder);
        if let Some((body, sum)) = bytes.split_last_chunk_mut::<4>() {
            *sum = CRC.checksum(body).to_le_bytes();
        }
        bytes
    }

    /// The record that was stored; `None` if its check fails or it contradicts itself.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let body = bytes.get(..BODY)?;
        let sum = <[u8; 4]>::try_from(bytes.get(BODY..)?).ok()?;
        if CRC.checksum(body) != u32::from_le_bytes(sum) {
            return None;
        }
        let mut from = Reader { rest: body };
        let sequence = from.small::<4>()?;
        let mono = Instant::new(from.take::<6>()?);
        let raw = from.small::<4>()?;
        let mut open = [Mass::ZERO; 4];
        for mass in &mut open {
            *mass = Mass::new(from.take::<6>()?);
        }
        let open_strokes = u16::try_from(from.take::<2>()?).ok()?;
        let lockout_left = Duration::new(from.take::<4>()?);
        let commanded = from.small::<4>()?;
        let confirmed = from.small::<4>()?;
        let flags = u8::try_from(from.take::<1>()?).ok()?;
        let left = u16::try_from(from.take::<2>()?).ok()?;
        let remainder = from.take::<5>()?;
        let in_flight = flags & 0b1000 != 0;
        let source = flags & NO_BOLUS;
        let bolus = if matches!(source, NO_BOLUS | EMERGENCY) { None } else { Some((source, left)) };
        let held = match (flags & STOPPED != 0, source) {
            (true, _) => Some(Held::Stopped),
            (false, EMERGENCY) => Some(Held::Emergency),
            (false, _) => None,
        };
        if flags >> 4 & 0b111 != FORMAT || commanded.checked_sub(confirmed)? < u32::from(in_flight) {
            return None;
        }
        Some(Self {
            sequence,
            mono,
            raw,
            open,
            open_strokes,
            lockout_left,
            commanded,
            confirmed,
            in_flight,
            bolus,
            held,
            remainder,
        })
    }
}

/// The newest record of two slots whose check passes.
//= requirements/journal.md#small-and-double
//# The implant MUST use the newest of the two slots whose check passes and never a slot whose check fails.
pub fn choose(a: &[u8], b: &[u8]) -> Verdict {
    match (DoseRecord::decode(a), DoseRecord::decode(b)) {
        (Some(a), Some(b)) => Verdict::Intact(if a.sequence >= b.sequence { a } else { b }),
        (Some(only), None) | (None, Some(only)) => Verdict::Intact(only),
        (None, None) if is_unwritten(a) && is_unwritten(b) => Verdict::Never,
        (None, None) => Verdict::Lost,
    }
}

/// Whether a slot is as the store came: erased to ones, empty, or zeroed.
fn is_unwritten(slot: &[u8]) -> bool {
    slot.iter().all(|byte| *byte == 0xff) || slot.iter().all(|byte| *byte == 0)
}

/// Writes a number to its place, the lowest byte first. Place and length are known when this is compiled, so that a
/// record, which is written twice a stroke, costs no more than its bytes.
fn put<const AT: usize, const N: usize>(bytes: &mut [u8; BYTES], number: u64) {
    let bits = u32::try_from(N).unwrap_or(8).saturating_mul(8);
    let most = u64::MAX.checked_shr(64u32.saturating_sub(bits)).unwrap_or(u64::MAX);
    let number = number.min(most).to_le_bytes();
    if let (Some(place), Some(number)) = (bytes.get_mut(AT..AT.saturating_add(N)), number.get(..N)) {
        place.copy_from_slice(number);
    }
}

/// Reads the numbers one after the other.
struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<u64> {
        let (bytes, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        let mut wide = [0u8; 8];
        *wide.first_chunk_mut::<N>()? = *bytes;
        Some(u64::from_le_bytes(wide))
    }

    fn small<const N: usize>(&mut self) -> Option<u32> {
        u32::try_from(self.take::<N>()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(sequence: u32) -> DoseRecord {
        DoseRecord {
            sequence,
            mono: Instant::new(315_360_000_000),
            raw: 0xffff_fff0,
            open: [Mass::new(100_000_000_000_000), Mass::new(1), Mass::ZERO, Mass::new(7)],
            open_strokes: 12,
            lockout_left: Duration::from_hours(3),
            commanded: 1_000_000,
            confirmed: 999_990,
            in_flight: true,
            bolus: Some((3, 40)),
            held: None,
            remainder: 43_200_000_000,
        }
    }

    #[test]
    fn what_was_stored_is_read_again_and_what_follows_from_it() {
        let stored = record(7);
        let read = DoseRecord::decode(&stored.encode()).unwrap();
        assert_eq!(read, stored);
        assert_eq!(read.epoch(), 1_051_200);
        assert_eq!(read.unconfirmed(), 9);
        // The counter's lower half has wrapped since: 32 ms have passed, not 49 days less than nothing.
        assert_eq!(read.elapsed(0x1_0000_0010), Duration::new(32));
    }

    //= requirements/journal.md#small-and-double
    //= type=test
    //# The implant MUST use the newest of the two slots whose check passes and never a slot whose check fails.
    #[test]
    fn a_record_torn_at_any_byte_leaves_the_one_before_it_in_charge() {
        let (before, after) = (record(7), record(8));
        let (kept, old, new) = (before.encode(), record(6).encode(), after.encode());
        for written in 0..BYTES {
            let mut torn = old;
            torn[..written].copy_from_slice(&new[..written]);
            let expected = if torn == new { after } else { before };
            assert_eq!(choose(&kept, &torn), Verdict::Intact(expected), "{written} bytes written");
            assert_eq!(choose(&torn, &kept), Verdict::Intact(expected), "{written} bytes written");
            // Over an erased slot as well.
            let mut torn = [0xff; BYTES];
            torn[..written].copy_from_slice(&new[..written]);
            assert_eq!(choose(&kept, &torn), Verdict::Intact(before), "{written} bytes written");
        }
        assert_eq!(choose(&kept, &new), Verdict::Intact(after));
    }

    #[test]
    fn one_flipped_bit_anywhere_is_never_believed() {
        let bytes = record(7).encode();
        for bit in 0..BYTES * 8 {
            let mut flipped = bytes;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(DoseRecord::decode(&flipped), None, "bit {bit}");
            assert_eq!(choose(&flipped, &[0xff; BYTES]), Verdict::Lost, "lost is not the same as never written");
        }
    }

    #[test]
    fn a_store_fresh_from_the_factory_is_told_from_one_that_lost_its_record() {
        assert_eq!(choose(&[0xff; BYTES], &[0xff; BYTES]), Verdict::Never);
        assert_eq!(choose(&[], &[]), Verdict::Never);
        assert_eq!(choose(&[0; BYTES], &[0xff; BYTES]), Verdict::Never);
        assert_eq!(choose(&[1; BYTES], &[0xff; BYTES]), Verdict::Lost);
        assert_eq!(choose(&record(7).encode()[..63], &[]), Verdict::Lost);
    }

    #[test]
    fn a_record_that_confirms_more_than_it_commanded_is_not_believed() {
        let more = DoseRecord { confirmed: 1_000_001, in_flight: false, ..record(1) };
        assert_eq!(DoseRecord::decode(&more.encode()), None);
    }

    proptest! {
        //= requirements/journal.md#small-and-double
        //= type=test
        //# The dose record MUST hold the open buckets and the remaining lockout in at most 64 bytes.
        #[test]
        fn every_record_comes_back_whole(
            sequence: u32, mono in 0u64..1 << 48, raw: u32, open in proptest::array::uniform4(0u64..1 << 48),
            open_strokes: u16, lockout: u32, confirmed in 0u32..u32::MAX - 100, unconfirmed in 0u32..99,
            in_flight: bool, bolus in proptest::option::of((0u8..6, any::<u16>())), remainder in 0u64..1 << 40,
            held in proptest::sample::select(&[None, Some(Held::Stopped), Some(Held::Emergency)]),
        ) {
            // An emergency has ended every bolus.
            let bolus = bolus.filter(|_| held != Some(Held::Emergency));
            let stored = DoseRecord {
                sequence, mono: Instant::new(mono), raw, open: open.map(Mass::new), open_strokes,
                lockout_left: Duration::new(u64::from(lockout)),
                commanded: confirmed + unconfirmed + u32::from(in_flight), confirmed, in_flight, bolus, held, remainder,
            };
            let bytes = stored.encode();
            prop_assert!(bytes.len() <= 64);
            prop_assert_eq!(DoseRecord::decode(&bytes), Some(stored));
            prop_assert_eq!(stored.unconfirmed(), unconfirmed);
        }
    }
}
