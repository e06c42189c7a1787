//! The cell: how much energy is left, by measured use and by its voltage under load, and what that means.
//!
//! This file answers for the estimate and for its stages. What a stage does to therapy is the catalogue's (the alarms
//! `ReplacementIndicator` and `EndOfService`) and, at the very end, [`Battery::may_step`]. The cell itself, what a stroke, a
//! tone or a contact costs, is data of the device profile.
//!
//! ```text
//!  new ── Good ──▶ Indicator ── 90 days of the order's worst use ──▶ End ── 7 days ──▶ Spent ── 14 days of alarm ──▶ dead
//!                  full therapy goes on                             fall-back         no stroke
//! ```
//!
//! Two witnesses, and the worse one is believed. *Use*: every stroke, tone and contact is charged, and all that never
//! sleeps by the clock. *Voltage under load*: a film inside the cell makes it weak long before its energy is used (cells did
//! so in 2009 to 2011), and only the load shows it. A stage never goes back by itself.

use orders::device::BatteryProfile;
use orders::{AlarmId, DeviceProfile, Duration, Instant, Permille, Volume};

/// From indicator to end of service, at worst-case use.
pub const WARNING: Duration = Duration::from_days(90);
/// From end of service to the last stroke, at worst-case use.
const LAST: Duration = Duration::from_days(7);
/// From the last stroke to silence: for so long the highest alarm still sounds.
const ALARM: Duration = Duration::from_days(14);
/// High tones of a day that nobody answers: twenty in the first twenty minutes, then six an hour.
const TONES_PER_DAY: u64 = 20 + 24 * 6;
/// Contacts of a day at most: one an hour.
const CONTACTS_PER_DAY: u64 = 24;
/// Measured use may be wrong by so much of the capacity, in thousandths.
const DOUBT: u64 = 30;
/// Readings under load in a row that are believed: a single dip is a spark of radio or a cold start of the drive.
const READINGS: u8 = 3;

/// How near the end is. The codes are stored and never change.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
#[repr(u8)]
pub enum Stage {
    /// Nothing to be planned.
    #[default]
    Good = 0,
    /// Plan the replacement; full therapy goes on.
    Indicator = 1,
    /// The cell can no longer carry full therapy.
    End = 2,
    /// Only the alarm is left.
    Spent = 3,
}

impl Stage {
    const ALL: [Stage; 4] = [Stage::Good, Stage::Indicator, Stage::End, Stage::Spent];

    /// The alarm of this stage, whose catalogue entry says what may still be given.
    pub const fn alarm(self) -> Option<AlarmId> {
        match self {
            Stage::Good => None,
            //= requirements/power.md#replacement-indicator
            //# The replacement indicator MUST NOT change what the pump gives.
            Stage::Indicator => {
                const { assert!(AlarmId::ReplacementIndicator.allows() as u8 == orders::alarm::Level::Full as u8) };
                Some(AlarmId::ReplacementIndicator)
            }
            //= requirements/power.md#end-of-service
            //# At end of service the pump MUST run its fall-back with patient boluses off and a high alarm.
            Stage::End | Stage::Spent => Some(AlarmId::EndOfService),
        }
    }
}

/// The estimate.
#[derive(Clone, Debug)]
pub struct Battery {
    profile: BatteryProfile,
    /// Used so far, in nJ (1 µW for 1 ms is 1 nJ: no division, no remainder).
    used_nj: u64,
    at: Instant,
    stage: Stage,
    /// Energy left at which each stage begins, in nJ.
    indicator_nj: u64,
    end_nj: u64,
    spent_nj: u64,
    /// Readings in a row at or below the indicator's and the end's voltage.
    low: u8,
    lower: u8,
    loaded_mv: u16,
}

impl Battery {
    /// Bytes of the stored estimate.
    pub const BYTES: usize = 9;

    /// A new cell, with an order that gives at most so much in a day.
    pub fn new(now: Instant, device: &DeviceProfile, worst_day: Volume) -> Self {
        let mut battery = Self {
            profile: device.battery,
            used_nj: 0,
            at: now,
            stage: Stage::Good,
            indicator_nj: 0,
            end_nj: 0,
            spent_nj: 0,
            low: 0,
            lower: 0,
            loaded_mv: u16::MAX,
        };
        battery.set_worst_day(device, worst_day);
        battery
    }

    /// The estimate after a restart. Time that the pump cannot know costs nothing here; the voltage tells.
    pub fn restore(now: Instant, device: &DeviceProfile, worst_day: Volume, bytes: &[u8; Self::BYTES]) -> Option<Self> {
        let (used, stage) = bytes.split_first_chunk::<8>()?;
        let stage = Stage::ALL.into_iter().find(|known| stage == [*known as u8])?;
        let mut battery = Self { used_nj: u64::from_le_bytes(*used), stage, ..Self::new(now, device, Volume::ZERO) };
        battery.set_worst_day(device, worst_day);
        Some(battery)
    }

    /// The bytes of the estimate; the record around them carries the check sum.
    pub fn encode(&self) -> [u8; Self::BYTES] {
        let [a, b, c, d, e, f, g, h] = self.used_nj.to_le_bytes();
        [a, b, c, d, e, f, g, h, self.stage as u8]
    }

    /// The order changed: so much is the most it gives in a day, boluses and all. More use brings the indicator
    /// nearer, at once if need be.
    pub fn set_worst_day(&mut self, device: &DeviceProfile, worst_day: Volume) {
        // One stroke more than fits, for the part of a stroke that is carried over.
        let strokes = worst_day.strokes_floor(device.stroke).saturating_add(1);
        let stroke_nj = self.profile.stroke_uj.saturating_mul(1000);
        let idle_nj = self.profile.idle_uw.saturating_mul(Duration::from_days(1).get());
        let tones_nj = self.profile.tone_uj.saturating_mul(1000).saturating_mul(TONES_PER_DAY);
        let contacts_nj = self.profile.contact_uj.saturating_mul(1000).saturating_mul(CONTACTS_PER_DAY);
        let alarm_day = idle_nj.saturating_add(tones_nj);
        let day = alarm_day.saturating_add(contacts_nj).saturating_add(strokes.saturating_mul(stroke_nj));
        let doubt = self.capacity_nj().saturating_mul(DOUBT).div_ceil(1000);
        self.spent_nj = days(ALARM).saturating_mul(alarm_day).saturating_add(stroke_nj).saturating_add(doubt);
        self.end_nj = self.spent_nj.saturating_add(days(LAST).saturating_mul(day));
        //= requirements/power.md#replacement-indicator
        //# The replacement indicator MUST come at least 90 days before end of service at worst-case use.
        self.indicator_nj = self.end_nj.saturating_add(days(WARNING).saturating_mul(day));
        self.judge();
    }

    /// Time passed.
    pub fn tick(&mut self, now: Instant) {
        let elapsed = now.since(self.at);
        self.at = self.at.max(now);
        self.spend(self.profile.idle_uw.saturating_mul(elapsed.get()));
    }

    /// The drive was energised for a stroke, whether it moved or not.
    pub fn stroke(&mut self) {
        self.spend(self.profile.stroke_uj.saturating_mul(1000));
    }

    /// A tone was played.
    pub fn tone(&mut self) {
        self.spend(self.profile.tone_uj.saturating_mul(1000));
    }

    /// A contact by telemetry was opened.
    pub fn contact(&mut self) {
        self.spend(self.profile.contact_uj.saturating_mul(1000));
    }

    /// The voltage while the drive was energised, in mV.
    pub fn loaded(&mut self, millivolts: u16) {
        self.loaded_mv = millivolts;
        let is_low = millivolts <= self.profile.indicator_mv;
        let is_lower = millivolts <= self.profile.end_mv;
        self.low = if is_low { self.low.saturating_add(1) } else { 0 };
        self.lower = if is_lower { self.lower.saturating_add(1) } else { 0 };
        self.judge();
    }

    /// How near the end is, by the worse of the two witnesses.
    pub const fn stage(&self) -> Stage {
        self.stage
    }

    /// Whether the cell can still finish a stroke and sound the alarm after it.
    pub fn may_step(&self) -> bool {
        self.stage < Stage::Spent
    }

    /// The energy left by measured use, as a share of the capacity, rounded down.
    pub fn left(&self) -> Permille {
        let share = self.left_nj().saturating_mul(1000).checked_div(self.capacity_nj()).unwrap_or(0);
        Permille::new(u16::try_from(share).unwrap_or(1000))
    }

    /// How long therapy lasts at the order's worst use: by measured use, and by the voltage's word no longer than it warns
    /// beforehand. Nothing once its end has come.
    pub fn service_left(&self) -> Duration {
        // The indicator's distance from the end is so many days of the worst use.
        let nj = self.indicator_nj.saturating_sub(self.end_nj).max(1);
        let left = u128::from(self.left_nj().saturating_sub(self.end_nj)).saturating_mul(u128::from(WARNING.get()));
        let by_use = Duration::new(u64::try_from(left.checked_div(u128::from(nj)).unwrap_or(0)).unwrap_or(u64::MAX));
        match self.stage {
            Stage::Good => by_use,
            Stage::Indicator => by_use.min(WARNING),
            Stage::End | Stage::Spent => Duration::ZERO,
        }
    }

    /// The last voltage under load, in mV; `None` before the first.
    pub const fn loaded_mv(&self) -> Option<u16> {
        if self.loaded_mv == u16::MAX { None } else { Some(self.loaded_mv) }
    }

    fn capacity_nj(&self) -> u64 {
        self.profile.capacity_mj.saturating_mul(1_000_000)
    }

    fn left_nj(&self) -> u64 {
        self.capacity_nj().saturating_sub(self.used_nj)
    }

    fn spend(&mut self, nanojoules: u64) {
        self.used_nj = self.used_nj.saturating_add(nanojoules);
        self.judge();
    }

    fn judge(&mut self) {
        //= requirements/power.md#measured-energy
        //# The pump MUST estimate the energy left from measured use and from the voltage under load.
        let left = self.left_nj();
        let by_use = if left <= self.spent_nj {
            Stage::Spent
        } else if left <= self.end_nj {
            Stage::End
        } else if left <= self.indicator_nj {
            Stage::Indicator
        } else {
            Stage::Good
        };
        let by_voltage = if self.lower >= READINGS {
            Stage::End
        } else if self.low >= READINGS {
            Stage::Indicator
        } else {
            Stage::Good
        };
        self.stage = self.stage.max(by_use).max(by_voltage);
    }
}

const fn days(span: Duration) -> u64 {
    match span.get().checked_div(Duration::from_days(1).get()) {
        Some(days) => days,
        None => 0,
    }
}
