//! An interrogation: all that a pump tells of itself at one moment.

use exchange::body::{ActiveAlarm, BatteryTold, Interrogation, JournalPart, StatusTold};
use exchange::{Body, Document, Hex, Label};
use link::Visit;
use link::visit::NoAnswer;
use link::words::Clocks;
use orders::{Ledger, Prescription, Volume};
use telemetry::message::answer::{Alarms, Battery, Device, Hour, Status};
use telemetry::message::{Answer, Ask, RECORD_LEN, ask};

/// Hours that are looked at: two weeks.
const HOURS: u32 = 14 * 24;

/// All that was told.
pub(crate) struct Reading {
    /// When, ms of the device's clock.
    pub(crate) at_ms: u64,
    /// Which pump.
    pub(crate) device: Device,
    /// How it stands.
    pub(crate) status: Status,
    /// What runs, by its own word.
    pub(crate) running: Option<Prescription>,
    /// What lies where.
    pub(crate) ledger: Ledger,
    /// What alarms.
    pub(crate) alarms: Alarms,
    /// The cell.
    pub(crate) battery: Battery,
    /// What each hour gave, rising.
    pub(crate) hours: Vec<Hour>,
    /// The request made earlier whose outcome is not known.
    pub(crate) open_request: Option<u64>,
    /// Where the journal was read from.
    pub(crate) journal_from: u64,
    /// Journal records as they came, unopened: the clinic holds the key to them.
    pub(crate) journal: Vec<[u8; RECORD_LEN]>,
    /// How many records the pump has lost before those.
    pub(crate) journal_lost: u64,
    /// The number of the first of them.
    pub(crate) journal_first: u64,
}

impl Reading {
    /// Reads a pump.
    pub(crate) fn of(visit: &mut Visit<'_>, journal_from: u64, at_ms: u64) -> Result<Self, NoAnswer> {
        let device = visit.device()?;
        let status = visit.status()?;
        let (running, ledger) = (visit.running()?, visit.ledger()?);
        let (alarms, battery) = (visit.alarms()?, visit.battery()?);
        let hours = hours(visit, &status)?;
        let (mut journal, mut journal_lost, mut journal_first) = (Vec::new(), 0, journal_from);
        visit.journal(journal_from, |lost, first, records| {
            journal_lost += lost;
            if journal.is_empty() {
                journal_first = first;
            }
            journal.extend(records.as_chunks::<RECORD_LEN>().0.iter().copied());
        })?;
        Ok(Self {
            at_ms,
            device,
            status,
            running,
            ledger,
            alarms,
            battery,
            hours,
            open_request: visit.open_request().map(|(id, _)| id),
            journal_from,
            journal,
            journal_lost,
            journal_first,
        })
    }

    /// The pump's clocks.
    pub(crate) fn clocks(&self) -> Clocks {
        Clocks::from(&self.status)
    }

    /// As a document for the clinic.
    pub(crate) fn document(&self, heard: Label) -> Body {
        let status = &self.status;
        let told = StatusTold {
            doing: status.doing as u8,
            level: status.level,
            order: status.order,
            flow_nl_per_day: status.flow.get(),
            reservoir_nl: status.reservoir.get(),
            reservoir_worst_nl: status.reservoir_worst.get(),
            refill_by_ms: status.refill_by.map(orders::Instant::get),
            boluses_24h: status.boluses,
            bolus_not_before_ms: status.bolus_not_before.map(orders::Instant::get),
            last_dose: status.last_dose,
            journal_next: status.journal_next,
        };
        let alarm = |active: &telemetry::message::answer::ActiveAlarm| ActiveAlarm {
            code: active.alarm.code(),
            since_ms: active.since.get(),
            silenced_until_ms: active.silenced_until.map(orders::Instant::get),
        };
        // What was written after the status was told belongs to the next reading.
        let held = status.journal_next.saturating_sub(self.journal_first);
        let records = self.journal.iter().take(usize::try_from(held).unwrap_or(0)).map(|record| Hex(*record)).collect();
        Body::Interrogation(Box::new(Interrogation {
            now_ms: status.now.get(),
            wall_ms: status.wall.map(orders::WallTime::get),
            heard,
            status: told,
            running: self.running.map(Document),
            ledger: Document(self.ledger.clone()),
            alarms: self.alarms.active.iter().map(alarm).collect(),
            battery: BatteryTold {
                loaded_mv: self.battery.loaded_mv,
                used_mj: self.battery.used_mj,
                capacity_mj: self.battery.capacity_mj,
            },
            journal: JournalPart { first: self.journal_first, lost: self.journal_lost, records },
        }))
    }

    /// What the hours of the last so many hold: volume given, boluses granted, boluses refused, and for how many hours
    /// anything is held.
    pub(crate) fn last(&self, hours: usize) -> (Volume, u32, u32, usize) {
        let part = self.hours.iter().rev().take(hours);
        part.fold((Volume::ZERO, 0, 0, 0), |(volume, granted, refused, count), hour| {
            let volume = volume.saturating_add(hour.basal).saturating_add(hour.extra);
            (volume, granted + u32::from(hour.granted), refused + u32::from(hour.refused), count + 1)
        })
    }
}

fn hours(visit: &mut Visit<'_>, status: &Status) -> Result<Vec<Hour>, NoAnswer> {
    let now = u32::try_from(status.now.get() / 3_600_000).unwrap_or(u32::MAX);
    let (mut from, mut hours) = (now.saturating_sub(HOURS), Vec::new());
    while from < now {
        let most = u8::try_from(telemetry::message::HOURS_MAX).unwrap_or(u8::MAX);
        let bytes = visit.read(Ask::ReadHours(ask::ReadHours { from, most }))?;
        let Ok(Answer::Hours(part)) = Answer::decode(&bytes) else {
            return Err(NoAnswer::Other("its hourly totals were asked for"));
        };
        let Some(last) = part.hours.last().map(|hour| hour.hour) else { break };
        hours.extend(part.hours.iter().filter(|hour| hour.hour < now).cloned());
        from = last.saturating_add(1).max(from.saturating_add(1));
    }
    Ok(hours)
}
