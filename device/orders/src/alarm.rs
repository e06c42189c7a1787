//! The alarms: every condition the pump can raise, its priority by harm and onset, and what it inhibits.
//!
//! The catalogue is data. Which of them are active, what sounds and what may clear them is the pump's affair.

/// How much harm comes how soon if nobody acts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Priority {
    /// Somebody should know at the next contact.
    Low = 1,
    /// A clinician must act within days.
    Medium = 2,
    /// Therapy has stopped, will stop soon, or may be too much.
    High = 3,
}

/// The steps of the degradation ladder; a higher step allows less.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[repr(u8)]
pub enum Level {
    /// Everything that is ordered.
    #[default]
    Full = 0,
    /// Basal, periodic boluses and ramps; no patient bolus.
    NoPatientBolus = 1,
    /// The last verified basal; no bolus of any kind and no upward step.
    BasalOnly = 2,
    /// The fall-back rate, if it is verified; else nothing.
    FallBack = 3,
    /// The drive's energy is cut.
    Cut = 4,
}

macro_rules! alarms {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $priority:ident, $level:ident, $words:literal;)*) => {
        /// A condition that the pump tells people about. The codes are part of the format and never change.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u8)]
        pub enum AlarmId { $($(#[$doc])* $name = $code,)* }

        impl AlarmId {
            /// Every alarm, in the order of the codes.
            pub const ALL: &'static [AlarmId] = &[$(AlarmId::$name,)*];

            /// How loud it is.
            pub const fn priority(self) -> Priority {
                match self { $(AlarmId::$name => Priority::$priority,)* }
            }

            /// The most that may be given while its cause lasts.
            pub const fn allows(self) -> Level {
                match self { $(AlarmId::$name => Level::$level,)* }
            }

            /// The words that log and pages show.
            pub const fn words(self) -> &'static str {
                match self { $(AlarmId::$name => $words,)* }
            }
        }
    };
}

//= requirements/alarms.md#one-catalogue
//# Every alarm MUST take its priority, tone, repetition and restriction from one catalogue.
alarms! {
    /// Volume is at the residual: nothing more is given.
    ReservoirEmpty = 0, High, Cut, "the reservoir is empty; the pump has stopped";
    /// The drive does not turn.
    Stall = 1, High, NoPatientBolus, "the drive does not turn; no drug is delivered";
    /// The cell can no longer carry therapy.
    EndOfService = 2, High, FallBack, "the battery is at its end of service";
    /// More moved than was commanded or allowed.
    OverDelivery = 3, High, Cut, "more may have been delivered than was ordered; the drive is cut off";
    /// State or store could not be trusted after a restart.
    StateLost = 4, High, Cut, "the pump lost its state; it has stopped until a clinician starts it";
    /// Prescription, fall-back, guard part and ledger do not belong together.
    CommitMismatch = 5, High, FallBack, "the stored order is not whole; the lower rate runs";
    /// The record of earlier doses was lost.
    DoseRecordLost = 6, High, NoPatientBolus, "the record of earlier doses was lost; no boluses for 24 h";
    /// Basal would have passed a ceiling on known charges.
    CeilingByBasal = 7, High, FallBack, "basal alone reached a ceiling; the pump runs its fall-back rate";
    /// The pump has been stopped for long.
    StoppedLong = 8, High, Full, "the pump has been stopped for long";
    /// The strong field lasts.
    StrongFieldLong = 9, High, NoPatientBolus, "the pump has been in a strong field for over 20 minutes";
    /// The drive did not turn again after the strong field.
    NoRecovery = 10, High, NoPatientBolus, "the drive has not turned again after the strong field";
    /// The oscillators differ by more than a fifth.
    ClockFailed = 11, High, FallBack, "the pump's clocks have failed; it runs its fall-back rate";
    /// More restarts today than may be.
    ManyResets = 12, High, NoPatientBolus, "the pump has restarted too often today";
    /// A self-test failed.
    SelfTestFailed = 13, High, BasalOnly, "a self-test failed";
    /// A programming error was found in the controller.
    Bug = 14, High, FallBack, "the controller found a fault in itself; it runs its fall-back rate";
    /// Therapy was interrupted beyond the order's gap limit.
    GapTooLong = 15, High, FallBack, "therapy was interrupted for long; a clinician must restart the full dose";
    /// The emergency rate runs.
    Emergency = 16, High, FallBack, "the emergency rate runs";
    /// A drug that no order names may leave the tip: it has no ceiling.
    UnorderedDrug = 17, High, Cut, "a drug that no order names is at the catheter's tip; the pump gives nothing";

    /// Volume is at the alarm volume.
    ReservoirLow = 32, Medium, NoPatientBolus, "the reservoir is low";
    /// Plan the replacement.
    ReplacementIndicator = 33, Medium, Full, "the pump should be replaced within 90 days";
    /// A clinician's stop runs.
    Stopped = 34, Medium, Full, "the pump is stopped";
    /// The drug in the reservoir is too old.
    StabilityExpired = 35, Medium, Full, "the drug in the reservoir is past its time";
    /// The ceiling or allotment was asked for again and again.
    BolusesRefused = 36, Medium, Full, "many boluses have been asked for and refused";
    /// The oscillators differ by more than 2 %.
    ClocksDisagree = 37, Medium, NoPatientBolus, "the pump's clocks disagree";
    /// What lies where in the path is in doubt.
    LedgerDoubt = 38, Medium, NoPatientBolus, "what lies in pump and catheter is in doubt";
    /// A ramp waits for a recorded contact.
    RampHeld = 39, Medium, Full, "an increase waits for contact with the patient";
    /// Drawn-off and expected volume disagreed at a refill.
    VolumeDiscrepancy = 40, Medium, Full, "drawn-off and expected volume disagreed";
    /// A stop or stall longer than 48 h: over-infusion is likelier now.
    LongStandstill = 41, Medium, Full, "the drive stood still for over 48 h; check the volume soon";
    /// Temperature out of the body's range.
    Temperature = 42, Medium, NoPatientBolus, "the temperature is outside the body's range";
    /// The second bank of the state memory is damaged.
    StoreFault = 43, Medium, NoPatientBolus, "a part of the pump's memory is damaged";
    /// An order is proposed or the pump is set up but therapy was not started.
    NotStarted = 44, Medium, Full, "therapy was programmed but not started";
    /// Some strokes could not be confirmed.
    UnconfirmedStrokes = 45, Medium, NoPatientBolus, "some strokes could not be confirmed";
    /// The days left are few.
    RefillSoon = 46, Medium, Full, "a refill is due within days";
    /// A day's confirmed volume fell short of the order beyond accuracy.
    UnderInfusion = 47, Medium, Full, "less was delivered in the last day than was ordered";

    /// The reservoir holds another drug or another strength than the running order.
    MixtureUnordered = 48, Medium, NoPatientBolus, "the reservoir holds another mixture than the order; a new order is needed";

    /// The pump restarted.
    Restarted = 64, Low, Full, "the pump restarted";
    /// The journal lost records.
    JournalLoss = 65, Low, Full, "the journal was full and has lost records";
    /// The wall clock is not set.
    WallClockUnset = 66, Low, Full, "the clock is not set; the day schedule runs its lowest mean";
    /// The radio's daily energy is used up.
    RadioBudget = 67, Low, Full, "the day's energy for telemetry is used up";
    /// Forged or damaged frames were seen.
    TelemetryRejected = 68, Low, Full, "messages that were not genuine have been rejected";
    /// The handset's button is stuck.
    ButtonStuck = 69, Low, NoPatientBolus, "the handset's button has been held too long";
}

impl AlarmId {
    /// The code in documents.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The alarm of a code; `None` if none has it.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|alarm| alarm.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_fit_a_set_of_128() {
        for (index, alarm) in AlarmId::ALL.iter().enumerate() {
            assert!(alarm.code() < 128);
            assert_eq!(AlarmId::from_code(alarm.code()), Some(*alarm));
            assert!(AlarmId::ALL[index + 1..].iter().all(|other| other.code() != alarm.code()));
        }
    }

    #[test]
    fn what_stops_therapy_or_may_be_too_much_is_high() {
        for alarm in AlarmId::ALL {
            if alarm.allows() >= Level::FallBack {
                assert_eq!(alarm.priority(), Priority::High, "{alarm:?}");
            }
        }
    }
}
