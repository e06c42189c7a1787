//! Stored records, as a store may hand them over after any mishap: the pump restores them, begins, and runs.
//!
//! Laws. Nothing panics and the pump comes to rest. Nothing moves unless some record holds a whole order or a fall-back.
//! What moves is no more than the highest flow and the periodic boluses that any of them contains, and never more in a
//! day than the device's own limit. Every record that the pump then wants to write fits.
//!
//! The bytes: kind u8, length u16, content; and so on. Kind + 128 gives the content the check sum it should have, for
//! bytes from nowhere never have it.
//!
//! | kind | record | content |
//! |---|---|---|
//! | 0, 1 | dose record, slot A and B | as stored |
//! | 2 | closed bucket | as stored |
//! | 3 | commit | number u32 |
//! | 4, 5, 6, 7 | order, fall-back, guard part, ledger | number u32, as stored |
//! | 8 | status | as stored |
//! | 9 | guard state | as stored |
//! | 10 | journal | next number u32 |
//! | 11 | what happened | raw u64, second u64, counter kept u8, edges come u8 |

use orders::prescription::Mode;
use orders::{DeviceProfile, Duration, FlowRate, Prescription, Volume};
use pump::events::Cause;
use pump::fall_back::FallBack;
use pump::journal::Key;
use pump::{Part, Pump, Save, Want};

use crate::bench::healthy;

const DEVICE: DeviceProfile = DeviceProfile::REFERENCE_20;
/// Longest record that the store takes.
pub const RECORD_MAX: usize = 2_048;
/// How often the pump is called after it began: some hours of therapy.
const TURNS: usize = 300;
/// Most wants in one turn.
const WANTS: usize = 200;
/// Strokes beyond the exact volume: a carried remainder, one that waits, and one given early to see the drive turn.
const STROKES_BEYOND: u64 = 4;
/// The check sum of dose record and guard.
const CHECK: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);

/// One record of the input.
struct Record {
    kind: u8,
    content: Vec<u8>,
}

fn records(mut bytes: &[u8]) -> Vec<Record> {
    let mut all = Vec::new();
    while let [kind, low, high, rest @ ..] = bytes {
        let length = usize::from(u16::from_le_bytes([*low, *high])).min(rest.len());
        let (content, after) = rest.split_at(length);
        let mut content = content.to_vec();
        // The number of a part is the store's, not the record's.
        let from = if (4..8).contains(&(kind & 127)) { 4 } else { 0 };
        if kind & 128 != 0 && content.len() >= from + 4 {
            let body = content.len() - 4;
            let sum = CHECK.checksum(&content[from..body]).to_le_bytes();
            content[body..].copy_from_slice(&sum);
        }
        all.push(Record { kind: kind & 127, content });
        bytes = after;
    }
    all
}

/// Appends a record to an input; the other way round than reading.
pub fn put(into: &mut Vec<u8>, kind: u8, content: &[u8]) {
    let length = u16::try_from(content.len()).expect("a record is short");
    into.push(kind);
    into.extend_from_slice(&length.to_le_bytes());
    into.extend_from_slice(content);
}

fn number(content: &[u8], at: usize) -> u64 {
    let bytes = content.get(at..at + 8).unwrap_or(&[]);
    bytes.try_into().map_or(0, u64::from_le_bytes)
}

fn short(content: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = content.split_first_chunk::<4>()?;
    Some((u32::from_le_bytes(*number), rest))
}

/// What the orders and fall-backs among the records contain at most.
#[derive(Default)]
struct Contained {
    any: bool,
    flow: FlowRate,
    periodic: Option<(Volume, Duration)>,
}

impl Contained {
    fn of(records: &[Record]) -> Self {
        let mut contained = Self::default();
        for record in records {
            let Some((_, content)) = short(&record.content) else { continue };
            if record.kind == 4
                && let Ok(order) = Prescription::decode(content)
                && order.check().is_ok()
            {
                contained.any = true;
                contained.flow = contained.flow.max(order.basal_highest(DEVICE.minimum_rate)).max(DEVICE.minimum_rate);
                if let Mode::PeriodicBolus(periodic) = order.mode {
                    let (volume, interval) = contained.periodic.unwrap_or((Volume::ZERO, Duration::MAX));
                    contained.periodic = Some((volume.max(periodic.volume), interval.min(periodic.interval)));
                }
            }
            if record.kind == 5
                && let Some(fall_back) = FallBack::decode(content)
            {
                contained.any = true;
                contained.flow = contained.flow.max(fall_back.flow).max(DEVICE.minimum_rate);
            }
        }
        contained
    }

    fn most(&self, elapsed: Duration) -> Volume {
        if !self.any {
            return Volume::ZERO;
        }
        let periodic = self.periodic.map_or(Volume::ZERO, |(volume, interval)| {
            volume.saturating_mul(elapsed.get() / interval.get().max(1) + 1)
        });
        let beyond = DEVICE.stroke.saturating_mul(STROKES_BEYOND);
        self.flow.volume_ceil(elapsed).saturating_add(periodic).saturating_add(beyond)
    }
}

/// See the head of this file.
pub fn stored(bytes: &[u8]) {
    restored(&records(bytes));
}

/// The pump that these records make, after some hours, and what it has moved.
fn restored(records: &[Record]) -> (Pump, Volume) {
    let of = |kind: u8| records.iter().filter(move |record| record.kind == kind);
    let first = |kind: u8| of(kind).next().map_or(&[][..], |record| &record.content);
    let happened = first(11);
    // Readings near the end of their integer belong to no pump that any of us will see.
    let (raw, second) = (number(happened, 0) >> 16, number(happened, 8) >> 16);
    let counter_kept = happened.get(16).is_none_or(|byte| *byte & 1 == 1);
    let edges_come = happened.get(17).is_none_or(|byte| *byte & 1 == 1);

    let mut pump = Pump::new(DEVICE, Key([7; 16]));
    pump.restore_dose(first(0), first(1));
    pump.restore_commit(short(first(3)).map(|(number, _)| number));
    for bucket in of(2) {
        pump.restore_bucket(&bucket.content);
    }
    for (kind, part) in [(4, Part::Order), (5, Part::FallBack), (6, Part::Guard), (7, Part::Ledger)] {
        for record in of(kind) {
            if let Some((number, content)) = short(&record.content) {
                pump.restore_part(part, number, content);
            }
        }
    }
    of(8).for_each(|status| pump.restore_status(&status.content));
    of(9).for_each(|state| pump.restore_guard_state(&state.content));
    if let Some((next, _)) = short(first(10)) {
        pump.restore_journal(next);
    }
    pump.begin(raw, second, Cause::PowerOn, counter_kept);
    let moved = run(&mut pump, raw, second, edges_come, &Contained::of(records));
    (pump, moved)
}

fn run(pump: &mut Pump, raw: u64, second: u64, edges_come: bool, contained: &Contained) -> Volume {
    let (begun, mut now) = (raw, raw);
    let mut moved = Volume::ZERO;
    let mut is_bridging = false;
    for _ in 0..TURNS {
        let mut rests = false;
        for _ in 0..WANTS {
            let Some(want) = pump.want(now) else {
                rests = true;
                break;
            };
            match want {
                Want::Save(save) => written(pump, save),
                Want::Step => {
                    is_bridging |= pump.status(now).extra.is_some();
                    moved = moved.saturating_add(DEVICE.stroke);
                    if edges_come {
                        now += 200;
                        pump.edge(now, second + (now - begun));
                    }
                }
                Want::Check(check) => pump.checked(now, healthy(check)),
                Want::Journal { .. } | Want::Enable(_) | Want::Sound(_) => {}
            }
        }
        assert!(rests, "the pump wants without end");
        let elapsed = Duration::new(now - begun);
        assert!(contained.any || moved.is_zero(), "{moved} moved, and no record holds an order or a fall-back");
        // A bridge's flow stands in the status, not in an order: its ceiling is the device's.
        let most = contained.most(elapsed);
        assert!(is_bridging || moved <= most, "{moved} in {elapsed}: the records contain {most}");
        if elapsed > Duration::from_days(1) {
            return moved;
        }
        let most = DEVICE.day_max.saturating_add(DEVICE.stroke);
        assert!(moved <= most, "{moved} in {elapsed}: the device allows {most} a day");
        let Some(next) = pump.deadline() else { return moved };
        if next > now.saturating_add(Duration::from_days(1).get()) {
            return moved;
        }
        now = next.max(now + 1);
        pump.tick(now, second + (now - begun));
    }
    moved
}

fn written(pump: &mut Pump, save: Save) {
    let mut buffer = [0u8; RECORD_MAX];
    assert!(pump.write(save, &mut buffer).is_some(), "{save:?} does not fit");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_from_a_running_pump_makes_the_pump_give_and_one_from_a_new_pump_does_not() {
        let moved = |bytes: &[u8]| {
            let records = records(bytes);
            restored(&records).1
        };
        assert_eq!(moved(include_bytes!("../seeds/stored/born")), Volume::ZERO);
        assert!(moved(include_bytes!("../seeds/stored/just-started")) > Volume::ZERO);
    }
}
