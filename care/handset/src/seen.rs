//! What the pump said in one contact, kept as the bytes it said it in, and read again when it is shown.

use std::time::Instant as Monotonic;

use link::{NoAnswer, Visit};
use orders::{AlarmId, Drug, Instant, Mass, Prescription, WallTime};
use serde::{Deserialize, Serialize};
use telemetry::message::answer::{Battery, Device, Doing, Status};
use telemetry::message::{Answer, Ask, ask};

use crate::advice::Kind;

/// Older than this, ms, what is shown is grey and says that it may have changed.
pub const LIMIT_MS: i64 = 15 * 60_000;

/// One contact, unopened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// The handset's own clock, ms since 1970 UTC.
    pub at_ms: i64,
    status: Vec<u8>,
    alarms: Vec<u8>,
    running: Vec<u8>,
    device: Vec<u8>,
    battery: Vec<u8>,
}

impl Reading {
    /// Reads the pump.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub fn take(visit: &mut Visit<'_>, at_ms: i64) -> Result<Reading, NoAnswer> {
        Ok(Reading {
            at_ms,
            status: visit.read(Ask::ReadStatus(ask::ReadStatus {}))?,
            alarms: visit.read(Ask::ReadAlarms(ask::ReadAlarms {}))?,
            running: visit.read(Ask::ReadPrescription(ask::ReadPrescription {}))?,
            device: visit.read(Ask::ReadDevice(ask::ReadDevice {}))?,
            battery: visit.read(Ask::ReadBattery(ask::ReadBattery {}))?,
        })
    }

    /// What it says; `None` if any part of it is not what was asked for.
    pub fn open(&self) -> Option<Seen> {
        let (Ok(Answer::Status(status)), Ok(Answer::Alarms(alarms)), Ok(Answer::Running(running))) =
            (Answer::decode(&self.status), Answer::decode(&self.alarms), Answer::decode(&self.running))
        else {
            return None;
        };
        let (Ok(Answer::Device(device)), Ok(Answer::Battery(battery))) =
            (Answer::decode(&self.device), Answer::decode(&self.battery))
        else {
            return None;
        };
        let order = match running.order {
            None => None,
            Some(bytes) => Some(Prescription::decode(bytes.0).ok()?),
        };
        let now = status.now;
        let alarms = alarms.active.iter().map(|one| ActiveAlarm {
            id: one.alarm,
            since: one.since,
            silenced: one.silenced_until.is_some_and(|until| until > now),
        });
        Some(Seen { at_ms: self.at_ms, heard: None, status, alarms: alarms.collect(), order, device, battery })
    }
}

/// An alarm that stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ActiveAlarm {
    /// Which.
    pub id: AlarmId,
    /// Since when, on the pump's clock.
    pub since: Instant,
    /// Whether its tone is silenced.
    pub silenced: bool,
}

/// What the pump said.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The handset's own clock, ms since 1970 UTC.
    pub at_ms: i64,
    /// The same moment on a clock that nobody sets; `None` after a restart of the handset.
    pub heard: Option<Monotonic>,
    /// State, rates, volumes.
    pub status: Status,
    /// The alarms that stand, the gravest first.
    pub alarms: Vec<ActiveAlarm>,
    /// The order that runs.
    pub order: Option<Prescription>,
    /// Which pump.
    pub device: Device,
    /// Its cell.
    pub battery: Battery,
}

/// The dose that may be asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bolus {
    /// The primary drug.
    pub drug: Drug,
    /// How much of it.
    pub mass: Mass,
    /// Over how long, ms.
    pub duration_ms: u64,
    /// How many in 24 h.
    pub allotment: u8,
    /// How many of them are left, as the pump counted.
    pub left: u8,
}

impl Seen {
    /// How old it is, ms. By the clock that nobody sets where there is one; a clock set back makes nothing young.
    pub fn age_ms(&self, now_ms: i64) -> i64 {
        match self.heard {
            Some(heard) => i64::try_from(heard.elapsed().as_millis()).unwrap_or(i64::MAX),
            None if now_ms >= self.at_ms => now_ms - self.at_ms,
            None => i64::MAX,
        }
    }

    /// The dose that may be asked for; `None` if none is ordered.
    pub fn bolus(&self) -> Option<Bolus> {
        let order = self.order.as_ref()?;
        let bolus = order.patient_bolus?;
        let part = order.mixture.primary()?;
        Some(Bolus {
            drug: part.drug,
            mass: bolus.volume.mass_at(part.concentration),
            duration_ms: bolus.duration.get(),
            allotment: bolus.allotment,
            left: bolus.allotment.saturating_sub(self.status.boluses),
        })
    }

    /// Whether the pump says that the steady dose goes on, and no alarm says otherwise.
    pub fn is_given(&self) -> bool {
        let says_otherwise = |one: &ActiveAlarm| Kind::of(one.id).stops_the_steady_dose();
        self.status.doing == Doing::Running && !self.alarms.iter().any(says_otherwise)
    }

    /// The drugs in the pump.
    pub fn drugs(&self) -> Vec<Drug> {
        self.order.iter().flat_map(|order| order.mixture.iter().map(|part| part.drug)).collect()
    }

    /// An instant of the pump on the clock that people read, rounded up to the minute: never shown early.
    pub fn wall(&self, at: Instant) -> Option<WallTime> {
        let wall = self.status.wall?;
        let later = at.since(self.status.now).get();
        let earlier = self.status.now.since(at).get();
        Some(WallTime::new(wall.get().saturating_add(later).saturating_sub(earlier).next_multiple_of(60_000)))
    }

    /// How long from the handset's now to an instant of the pump, ms; 0 if it has passed.
    pub fn until_ms(&self, at: Instant, now_ms: i64) -> i64 {
        let from_reading = i64::try_from(at.since(self.status.now).get()).unwrap_or(i64::MAX);
        from_reading.saturating_sub(self.age_ms(now_ms)).max(0)
    }
}
