//! After an interruption: what the drug's rule says about going on.

use orders::{Duration, FlowRate, MassRate, Volume};

use crate::entry::{AfterGap, DrugEntry};

/// What may be given when therapy begins again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RestartDose {
    /// The gap was short: the dose before may go on.
    AsBefore(MassRate),
    /// Inside this range, chosen and typed by a clinician; the dose before is not offered.
    Between {
        /// The lower end.
        low: MassRate,
        /// The upper end; never above the dose before.
        high: MassRate,
    },
}

/// A restart as the drug's rule has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Restart {
    /// What may be given.
    pub dose: RestartDose,
    /// Whether the interruption itself is an emergency by now.
    pub is_emergency: bool,
    /// How long people watch after it.
    pub watch: Duration,
    /// The rule in one sentence.
    pub words: String,
    /// Where the range or the limit of the gap is stated.
    pub source: String,
}

/// What the rule of a drug says after a gap, given the daily dose before it.
//= requirements/formulary.md#restart-per-drug
//# A restart after a gap MUST follow the rule of its drug for the length of the gap.
pub fn restart(entry: &DrugEntry, gap: Duration, before: MassRate) -> Restart {
    let rule = &entry.gap;
    let withdrawing = entry.stop.may_kill && entry.stop.onset.as_ref().is_some_and(|onset| gap >= onset.value);
    if gap <= rule.within.value {
        return Restart {
            dose: RestartDose::AsBefore(before),
            is_emergency: withdrawing,
            watch: entry.watch.increase.value,
            words: if withdrawing {
                rule.words.clone()
            } else {
                "The gap was short: the dose before may go on.".to_owned()
            },
            source: rule.within.to_string(),
        };
    }
    let (low, high) = (entry.start.low.value.min(before), entry.start.high.value.min(before));
    Restart {
        dose: RestartDose::Between { low, high },
        is_emergency: withdrawing || rule.beyond == AfterGap::RestoreAtOnce,
        watch: entry.watch.start.value,
        words: rule.words.clone(),
        source: entry.start.high.to_string(),
    }
}

/// What was really given of late, from hourly totals.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Interruption {
    /// How long, up to now, less than a tenth of what was ordered has been delivered.
    pub lasts: Duration,
    /// What was delivered meanwhile.
    pub delivered: Volume,
    /// Whether it began before the first of these hours: then it is longer than this.
    pub at_least: bool,
}

/// The interruption that reaches up to now, from the volumes of past hours, the latest last. Nothing if the last hour
/// was whole.
pub fn interruption(hours: &[Volume], ordered: FlowRate) -> Interruption {
    let enough = Volume::new(ordered.get() / 240);
    let short = hours.iter().rev().take_while(|given| **given < enough);
    let (count, delivered) =
        short.fold((0u64, Volume::ZERO), |(count, sum), given| (count + 1, sum.saturating_add(*given)));
    let at_least = count > 0 && count == u64::try_from(hours.len()).unwrap_or(u64::MAX);
    Interruption { lasts: Duration::from_hours(count), delivered, at_least }
}
