//! What pumps tell, as somebody heard it. Times are ms of the pump's own clock.

use orders::{Ledger, Prescription};
use serde::{Deserialize, Serialize};

use crate::envelope::NotDocument;
use crate::value::{Document, Hex, Label};

/// A pump's status at one moment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusTold {
    /// Why drug is given or not: the protocol's code.
    pub doing: u8,
    /// The step of the degradation ladder.
    pub level: u8,
    /// The order that runs; 0 for none.
    pub order: u64,
    /// The basal flow now, nL/day.
    pub flow_nl_per_day: u64,
    /// Volume in the reservoir, nominal, nL.
    pub reservoir_nl: u64,
    /// The same at the worst accuracy, nL.
    pub reservoir_worst_nl: u64,
    /// The latest moment for a refill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refill_by_ms: Option<u64>,
    /// Patient boluses begun in the last 24 h.
    pub boluses_24h: u8,
    /// Before this a patient bolus will be refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bolus_not_before_ms: Option<u64>,
    /// The number of the last dose on top of the basal.
    pub last_dose: u64,
    /// The number that the next journal record will have.
    pub journal_next: u64,
}

/// One active alarm.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActiveAlarm {
    /// Its code.
    pub code: u8,
    /// Since when.
    pub since_ms: u64,
    /// Until when its tone is silenced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silenced_until_ms: Option<u64>,
}

/// The cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatteryTold {
    /// Voltage under load, mV.
    pub loaded_mv: u16,
    /// Energy used since birth, mJ.
    pub used_mj: u64,
    /// Energy that was in it, mJ.
    pub capacity_mj: u64,
}

/// Records of a pump's journal, as it told them: nobody on the way can open or make one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalPart {
    /// The number of the first record here.
    pub first: u64,
    /// How many before it the pump no longer held.
    pub lost: u64,
    /// The records, of 32 bytes each.
    pub records: Vec<Hex<32>>,
}

/// Everything that a pump told in one visit.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interrogation {
    /// The pump's clock at that moment.
    pub now_ms: u64,
    /// The clock that people read, ms since 1970 in local time; left out while it is not trusted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wall_ms: Option<u64>,
    /// What the hearer's own clock showed.
    pub heard: Label,
    /// Its status.
    pub status: StatusTold,
    /// The order that runs; left out when none does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running: Option<Document<Prescription>>,
    /// The fluid ledger.
    pub ledger: Document<Ledger>,
    /// The active alarms, the gravest first.
    pub alarms: Vec<ActiveAlarm>,
    /// The cell.
    pub battery: BatteryTold,
    /// The journal from where the hearer had left off.
    pub journal: JournalPart,
}

impl Interrogation {
    pub(crate) fn check(&self) -> Result<(), NotDocument> {
        let count = u64::try_from(self.journal.records.len()).unwrap_or(u64::MAX);
        let end = self.journal.first.checked_add(count);
        match end.is_some_and(|end| end <= self.status.journal_next) {
            true => Ok(()),
            false => Err(NotDocument::Field {
                field: "journal",
                value: format!("{count} records from number {}", self.journal.first),
                expected: "the records must end before status.journal_next",
            }),
        }
    }
}

/// Whether an alarm stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlarmNow {
    /// It stands.
    Raised,
    /// It was silenced, and stands.
    Silenced,
    /// It is over.
    Over,
}

/// An alarm, as somebody heard it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alarm {
    /// Its code.
    pub code: u8,
    /// Whether it stands.
    pub now: AlarmNow,
    /// Since when, by the pump's clock.
    pub since_ms: u64,
    /// What the hearer's own clock showed.
    pub heard: Label,
}
