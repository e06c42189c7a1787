//! The implant's terminals: what each of its actions means for stores and plant, whoever runs the implant.
//!
//! Answers for the way from an action to a write, a stroke, a reading, for what a mishap does to the plant, and for the
//! plant that a device profile describes. The order of things, and who else hears of them, is the affair of `world` (with
//! people, air and an auditor) and of `virtual_pump` (with peers on sockets).

use implant::io::{Check, Reading};
use implant::pump::selftest;
use implant::{Action, Bank, Implant, Slot};
use orders::{DeviceProfile, Volume};

use crate::oscillator::Oscillator;
use crate::plant::{DriveSpec, PathSpec, Plant, PlantSpec};
use crate::scenario::act::Mishap;
use crate::store::{ERASED, PowerCut, RECORD_BYTES, Stores};

/// How long one frame keeps the pump's radio on, ms.
pub const FRAME_RADIO_MS: u64 = 4;

/// What one tone takes of the battery, as ms of sounding.
pub const TONE_MS: u64 = 1_000;

/// The span over which the oscillators are compared at a self-test, ms.
const CLOCKS_SPAN_MS: u64 = 600_000;

/// An action, once it no longer borrows the implant; bytes lie in the buffer given to [`next`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Do {
    /// Turn the drive by one stroke.
    Step,
    /// The drive's enable line.
    Enable(bool),
    /// Play the tone of this code.
    Sound(u8),
    /// Send the bytes by this carrier.
    Send(u8),
    /// Write the bytes to this slot.
    Write(Slot),
    /// Read this slot.
    Read(Slot),
    /// Give fresh randomness.
    Entropy,
    /// Take this reading.
    Check(Check),
}

/// What the implant wants done next, its bytes in `bytes`; `now` is the reading of its first oscillator.
pub fn next(implant: &mut Implant, now: u64, bytes: &mut Vec<u8>) -> Option<Do> {
    let mut keep = |from: &[u8]| {
        bytes.clear();
        bytes.extend_from_slice(from);
    };
    Some(match implant.poll(now)? {
        Action::Step => Do::Step,
        Action::DriveEnable(on) => Do::Enable(on),
        Action::Sound { tone } => Do::Sound(tone),
        Action::Send { link, bytes } => {
            keep(bytes);
            Do::Send(link.0)
        }
        Action::Write { slot, bytes } => {
            keep(bytes);
            Do::Write(slot)
        }
        Action::Read { slot } => Do::Read(slot),
        Action::WantEntropy => Do::Entropy,
        Action::Check(check) => Do::Check(check),
    })
}

/// The place in the state memory of one of the implant's slots.
fn store_slot(slot: Slot) -> u16 {
    let [kind, _, number, low] = slot.code().to_be_bytes();
    u16::from(kind) << 12 | u16::from(number) << 8 | u16::from(low)
}

/// Writes a slot or a record of the journal. A record of another length than the journal's is the implant's bug, not the
/// store's, and is not written.
///
/// # Errors
/// [`PowerCut`] if the stores' fuse blew.
pub fn write(stores: &mut Stores, slot: Slot, bytes: &[u8]) -> Result<(), PowerCut> {
    match slot {
        Slot::Journal(place) => match <&[u8; RECORD_BYTES]>::try_from(bytes) {
            Ok(record) => stores.write_record(place as usize, record),
            Err(_) => Ok(()),
        },
        _ => stores.write_slot(store_slot(slot), bytes),
    }
}

/// What a slot or a record of the journal holds; no bytes if it was never written.
pub fn read(stores: &Stores, slot: Slot) -> &[u8] {
    match slot {
        Slot::Journal(place) => match stores.read_record(place as usize) {
            Some(bytes) if bytes.iter().any(|byte| *byte != ERASED) => bytes,
            Some(_) | None => &[],
        },
        _ => stores.read_slot(store_slot(slot)),
    }
}

/// Both slots of the dose record fail.
pub fn lose_dose_record(stores: &mut Stores) {
    for bank in Bank::BOTH {
        stores.lose_slot(store_slot(Slot::Dose(bank)));
    }
}

/// What a check finds at true time `now`: the cell and the oscillators as they truly are, the rest as in a pump whose
/// circuits are sound.
pub fn reading(check: Check, plant: &mut Plant, now: u64, first: &Oscillator, second: &Oscillator) -> Reading {
    match check {
        Check::Cpu => Reading::Cpu(selftest::cpu_answer()),
        Check::Memory => Reading::Memory(0),
        Check::Program => Reading::Program(1, 1),
        Check::Stores => Reading::Stores(0),
        Check::Battery => Reading::Battery(u16::try_from(plant.loaded_mv(now)).unwrap_or(u16::MAX)),
        Check::Watchdog => Reading::Watchdog(true),
        Check::Clocks => {
            let from = now.saturating_sub(CLOCKS_SPAN_MS);
            let counted = |one: &Oscillator| one.ticks(from + CLOCKS_SPAN_MS).saturating_sub(one.ticks(from));
            Reading::Clocks(counted(first), counted(second))
        }
        Check::Tone => Reading::Tone(1_000),
        Check::DriveOff => Reading::DriveOff(2),
        Check::DriveOn => Reading::DriveOn(8_000),
        Check::CutLine => Reading::CutLine(false),
        Check::Inputs => Reading::Inputs(0),
    }
}

/// What this mishap does to drive, path, pocket and cell; nothing for those that happen elsewhere.
pub fn befalls(plant: &mut Plant, now: u64, mishap: &Mishap) {
    match *mishap {
        Mishap::Film { mohm_per_day } => plant.battery.film(now, mohm_per_day),
        Mishap::Drains { left } => {
            let cell = plant.spec().cell;
            let now_nc = u128::from(plant.battery.left_ppm()) * u128::from(cell.capacity_nc) / 1_000_000;
            let then_nc = u128::from(left.get()) * u128::from(cell.capacity_nc) / 1_000;
            plant.battery.draw(u64::try_from(now_nc.saturating_sub(then_nc)).unwrap_or(u64::MAX));
        }
        Mishap::Stall(lasts) => plant.drive().stall_until(now.saturating_add(lasts.get())),
        Mishap::MissEdges(count) => plant.drive().lose_edges(count),
        Mishap::PhantomEdges(count) => {
            let at: Vec<u64> = (1..=u64::from(count)).map(|n| now + n * 1_000).collect();
            plant.drive().phantom_edges(&at);
        }
        Mishap::RunFree { every, lasts } => plant.drive().run_free_from(now, now + lasts.get(), every.get()),
        Mishap::Tip(place) => plant.complications.tip = place,
        Mishap::Disconnects => plant.complications.is_disconnected = true,
        Mishap::Leaks(share) => plant.complications.leak = f64::from(share.get()) / 1_000.0,
        Mishap::Occludes(share) => plant.complications.patency = f64::from(share.get()) / 1_000.0,
        Mishap::Granuloma(share) => plant.complications.granuloma = f64::from(share.get()) / 1_000.0,
        Mishap::Flips => plant.complications.is_flipped = true,
        Mishap::Field(_)
        | Mishap::BrownOut { .. }
        | Mishap::Frames { .. }
        | Mishap::BadAir { .. }
        | Mishap::StoreCut { .. }
        | Mishap::DoseRecordLost
        | Mishap::Oscillator { .. } => {}
    }
}

/// The plant that a device of this profile makes with a catheter of this volume.
pub fn plant_spec(device: &DeviceProfile, catheter: Volume) -> PlantSpec {
    let drive =
        DriveSpec { stroke_nl: device.stroke.get(), stroke_ms: device.stroke_time.get() / 5, ..DriveSpec::NOMINAL };
    let path =
        PathSpec { tubing_nl: device.tubing.get() as f64, catheter_nl: catheter.get() as f64, ..PathSpec::REFERENCE };
    PlantSpec {
        drive,
        path,
        capacity_nl: device.reservoir.get() as f64,
        residual_nl: device.residual.get() as f64,
        ..PlantSpec::REFERENCE
    }
}
