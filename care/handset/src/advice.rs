//! What an alarm or a symptom means to the person who has it, and what to do: decided here, said by the message files.
//!
//! Nothing here treats anybody. It says whom to reach and how soon, and errs on the early side.

use orders::{AlarmId, Drug};
use pages::Level;

pages::sentences! {
    /// The sentences of this face that safety hangs on: a catalogue without one of them in any language is not made.
    pub enum Safety {
        /// Where a dose is asked for.
        NeverForASleeper = "never-for-a-sleeper",
        /// While an outcome is unknown.
        DoNotAskAgain = "do-not-ask-again",
        /// After five minutes of it.
        CallNow = "unknown-call-now",
        /// With every refusal that has a time.
        PumpDecides = "pump-decides-when-you-ask",
        /// With every urgent advice.
        Emergency = "call-emergency",
        /// The pump is empty or stopped, by what its stop does.
        StopKills = "stop-is-an-emergency",
        /// A stop that ends in withdrawal that is unpleasant.
        StopWithdrawal = "stop-withdrawal",
        /// A stop that only ends relief.
        StopPain = "stop-pain",
        /// A stop that raises the blood pressure.
        StopPressure = "stop-pressure",
        /// Alarm: empty.
        DoEmpty = "do-empty",
        /// Alarm: nothing is given.
        DoNotGiven = "do-not-given",
        /// Alarm: perhaps too much.
        DoTooMuch = "do-too-much",
        /// Alarm: less than ordered.
        DoReduced = "do-reduced",
        /// Alarm: low.
        DoLow = "do-low",
        /// Alarm: a strong magnet.
        DoMagnet = "do-magnet",
        /// Alarm: the battery.
        DoBattery = "do-battery",
        /// Alarm: no extra doses.
        DoNoExtra = "do-no-extra",
        /// Alarm: tell the team.
        DoTell = "do-tell",
        /// Symptom: breathing, cannot be woken.
        FlagBreathing = "flag-breathing",
        /// Symptom: signs of withdrawal on baclofen.
        FlagBaclofen = "flag-baclofen",
        /// Symptom: mind and mood on ziconotide.
        FlagZiconotide = "flag-ziconotide",
        /// Symptom: signs of meningitis.
        FlagMeningitis = "flag-meningitis",
        /// Symptom: new weakness, numbness, bladder.
        FlagCord = "flag-cord",
        /// Symptom: the wound.
        FlagWound = "flag-wound",
        /// Symptom: thoughts of ending one's life.
        FlagSelfHarm = "flag-self-harm",
        /// Symptom: signs of withdrawal from opioids or clonidine.
        FlagWithdrawal = "flag-withdrawal",
        /// Symptom: drowsy, dizzy.
        FlagDrowsy = "flag-drowsy",
        /// After a scan, when the pump is not seen turning.
        ScanNotTurning = "scan-not-turning",
        /// After a scan, when it is.
        ScanTurning = "scan-turning",
    }
}

/// What a patient does about an alarm.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// Nothing is left.
    Empty,
    /// Nothing is given.
    NotGiven,
    /// Perhaps too much was given.
    TooMuch,
    /// Less than ordered is given.
    Reduced,
    /// The reservoir runs low, or a refill is due.
    Low,
    /// A strong magnetic field.
    Magnet,
    /// The battery.
    Battery,
    /// The steady dose goes on; extra doses are off.
    NoExtra,
    /// The team should know.
    Tell,
}

impl Kind {
    /// Every kind.
    pub const ALL: &'static [Kind] = &[
        Kind::Empty,
        Kind::NotGiven,
        Kind::TooMuch,
        Kind::Reduced,
        Kind::Low,
        Kind::Magnet,
        Kind::Battery,
        Kind::NoExtra,
        Kind::Tell,
    ];

    /// The kind of an alarm.
    pub const fn of(alarm: AlarmId) -> Kind {
        match alarm {
            AlarmId::ReservoirEmpty => Kind::Empty,
            AlarmId::Stall | AlarmId::StateLost | AlarmId::StoppedLong | AlarmId::Stopped | AlarmId::NoRecovery => {
                Kind::NotGiven
            }
            AlarmId::NotStarted | AlarmId::LongStandstill | AlarmId::UnorderedDrug => Kind::NotGiven,
            AlarmId::OverDelivery => Kind::TooMuch,
            AlarmId::CommitMismatch
            | AlarmId::CeilingByBasal
            | AlarmId::ClockFailed
            | AlarmId::Bug
            | AlarmId::GapTooLong
            | AlarmId::Emergency
            | AlarmId::UnderInfusion => Kind::Reduced,
            AlarmId::ReservoirLow | AlarmId::RefillSoon | AlarmId::StabilityExpired => Kind::Low,
            AlarmId::StrongFieldLong => Kind::Magnet,
            AlarmId::EndOfService | AlarmId::ReplacementIndicator => Kind::Battery,
            AlarmId::DoseRecordLost
            | AlarmId::ManyResets
            | AlarmId::SelfTestFailed
            | AlarmId::ClocksDisagree
            | AlarmId::LedgerDoubt
            | AlarmId::Temperature
            | AlarmId::StoreFault
            | AlarmId::UnconfirmedStrokes
            | AlarmId::MixtureUnordered
            | AlarmId::ButtonStuck => Kind::NoExtra,
            AlarmId::BolusesRefused
            | AlarmId::RampHeld
            | AlarmId::VolumeDiscrepancy
            | AlarmId::Restarted
            | AlarmId::JournalLoss
            | AlarmId::WallClockUnset
            | AlarmId::RadioBudget
            | AlarmId::TelemetryRejected => Kind::Tell,
        }
    }

    /// The key of its name.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Empty => "alarm-empty",
            Kind::NotGiven => "alarm-not-given",
            Kind::TooMuch => "alarm-too-much",
            Kind::Reduced => "alarm-reduced",
            Kind::Low => "alarm-low",
            Kind::Magnet => "alarm-magnet",
            Kind::Battery => "alarm-battery",
            Kind::NoExtra => "alarm-no-extra",
            Kind::Tell => "alarm-tell",
        }
    }

    /// What to do.
    //= requirements/handset.md#alarms-explained
    //# The handset MUST tell each alarm of the pump by sound, vibration and words with what to do and whom to call, offline too.
    pub const fn what_to_do(self) -> Safety {
        match self {
            Kind::Empty => Safety::DoEmpty,
            Kind::NotGiven => Safety::DoNotGiven,
            Kind::TooMuch => Safety::DoTooMuch,
            Kind::Reduced => Safety::DoReduced,
            Kind::Low => Safety::DoLow,
            Kind::Magnet => Safety::DoMagnet,
            Kind::Battery => Safety::DoBattery,
            Kind::NoExtra => Safety::DoNoExtra,
            Kind::Tell => Safety::DoTell,
        }
    }

    /// Whether, while it stands, it cannot be said that the steady dose goes on.
    pub const fn stops_the_steady_dose(self) -> bool {
        matches!(self, Kind::Empty | Kind::NotGiven | Kind::TooMuch | Kind::Magnet)
    }

    /// Whether drug stops or falls, so that what a stop does to this patient must be said.
    pub const fn means_less_drug(self) -> bool {
        matches!(self, Kind::Empty | Kind::NotGiven | Kind::Reduced | Kind::Battery)
    }
}

/// How loud an alarm is on the page.
pub fn level(alarm: AlarmId) -> Level {
    match alarm.priority() {
        orders::Priority::High => Level::Danger,
        orders::Priority::Medium => Level::Caution,
        orders::Priority::Low => Level::Notice,
    }
}

/// What a stop of these drugs does, the gravest first; empty when none of them does harm by stopping.
pub fn if_it_stops(drugs: &[Drug]) -> Vec<(Drug, Safety)> {
    let mut all: Vec<(Drug, Safety)> = drugs
        .iter()
        .map(|drug| {
            let says = match drug {
                Drug::Baclofen => Safety::StopKills,
                Drug::Morphine | Drug::Hydromorphone | Drug::Fentanyl | Drug::Sufentanil => Safety::StopWithdrawal,
                Drug::Clonidine => Safety::StopPressure,
                Drug::Bupivacaine | Drug::Ropivacaine | Drug::Ziconotide => Safety::StopPain,
            };
            (*drug, says)
        })
        .collect();
    all.sort_by_key(|(_, says)| *says);
    all
}

macro_rules! symptoms {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// Something a patient can feel.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Symptom { $($(#[$doc])* $name,)* }
        impl Symptom {
            /// Every symptom, in the order in which they are asked.
            pub const ALL: &'static [Symptom] = &[$(Symptom::$name,)*];
            /// In forms and documents.
            pub const fn word(self) -> &'static str {
                match self { $(Symptom::$name => $word,)* }
            }
            /// The one of a word.
            pub fn of(word: &str) -> Option<Symptom> {
                Symptom::ALL.iter().copied().find(|symptom| symptom.word() == word)
            }
        }
    };
}

symptoms! {
    /// Slow or hard breathing.
    Breathing = "breathing",
    /// Cannot be woken or hardly.
    HardToWake = "hard-to-wake",
    /// Very drowsy.
    Drowsy = "drowsy",
    /// Confused, sees or hears what is not there.
    Confusion = "confusion",
    /// Low mood.
    LowMood = "low-mood",
    /// Thoughts of ending one's life.
    SelfHarm = "self-harm",
    /// Itching.
    Itch = "itch",
    /// Stiffer, more spasms.
    Stiffness = "stiffness",
    /// Fever.
    Fever = "fever",
    /// Stiff neck with headache.
    StiffNeck = "stiff-neck",
    /// Headache that is worse upright.
    Headache = "headache",
    /// New weakness.
    Weakness = "new-weakness",
    /// New numbness or tingling.
    Numbness = "numbness",
    /// Cannot pass water, or cannot hold it.
    Bladder = "bladder",
    /// The wound is red, warm, swollen or leaks.
    Wound = "wound",
    /// Sweating.
    Sweating = "sweating",
    /// Sickness.
    Nausea = "nausea",
    /// Constipation.
    Constipation = "constipation",
    /// Dry mouth.
    DryMouth = "dry-mouth",
    /// Fell.
    Fall = "fall",
    /// Less desire.
    Desire = "desire",
    /// Trouble with teeth.
    Teeth = "teeth",
}

/// How soon somebody must look.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Urgency {
    /// Kept for the next visit.
    Noted,
    /// The team, today.
    Today,
    /// The team or its night number, now.
    Now,
    /// The emergency number, now.
    Emergency,
}

/// One advice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Advice {
    /// How soon.
    pub urgency: Urgency,
    /// What is said.
    pub says: Safety,
}

/// What a set of symptoms means on these drugs, the gravest first; each sentence once. Empty: nothing that cannot wait.
//= requirements/handset.md#red-flags
//# A diary or symptom entry that names a red flag of the running drug MUST show at once what to do, before anything is sent.
pub fn triage(symptoms: &[Symptom], drugs: &[Drug]) -> Vec<Advice> {
    let on = |drug: Drug| drugs.contains(&drug);
    let has = |symptom: Symptom| symptoms.contains(&symptom);
    let opioid = drugs.iter().any(|drug| drug.is_opioid());
    let mut all: Vec<Advice> = Vec::new();
    let mut say = |urgency, says| {
        if !all.iter().any(|advice| advice.says == says) {
            all.push(Advice { urgency, says });
        }
    };
    if has(Symptom::Breathing) || has(Symptom::HardToWake) {
        say(Urgency::Emergency, Safety::FlagBreathing);
    }
    if has(Symptom::SelfHarm) {
        say(Urgency::Emergency, Safety::FlagSelfHarm);
    }
    if has(Symptom::StiffNeck) && (has(Symptom::Fever) || has(Symptom::Headache)) {
        say(Urgency::Emergency, Safety::FlagMeningitis);
    }
    let withdrawing = [Symptom::Itch, Symptom::Stiffness, Symptom::Fever, Symptom::Confusion, Symptom::Numbness];
    if on(Drug::Baclofen) && withdrawing.into_iter().any(has) {
        say(Urgency::Now, Safety::FlagBaclofen);
    }
    if on(Drug::Ziconotide) && (has(Symptom::Confusion) || has(Symptom::LowMood)) {
        say(Urgency::Now, Safety::FlagZiconotide);
    }
    if has(Symptom::Weakness) || has(Symptom::Numbness) || has(Symptom::Bladder) {
        say(Urgency::Now, Safety::FlagCord);
    }
    if has(Symptom::Drowsy) || has(Symptom::Confusion) {
        say(if opioid { Urgency::Now } else { Urgency::Today }, Safety::FlagDrowsy);
    }
    if has(Symptom::Wound) || has(Symptom::Fever) || has(Symptom::StiffNeck) {
        say(Urgency::Now, Safety::FlagWound);
    }
    if (opioid || on(Drug::Clonidine)) && has(Symptom::Sweating) {
        say(Urgency::Today, Safety::FlagWithdrawal);
    }
    all.sort_by_key(|advice| std::cmp::Reverse(advice.urgency));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    //= requirements/handset.md#red-flags
    //= type=test
    //# A diary or symptom entry that names a red flag of the running drug MUST show at once what to do, before anything is sent.
    #[test]
    fn itching_is_a_nuisance_on_morphine_and_may_be_the_first_sign_of_death_on_baclofen() {
        assert_eq!(triage(&[Symptom::Itch], &[Drug::Morphine]), []);
        let on_baclofen = triage(&[Symptom::Itch], &[Drug::Baclofen]);
        assert_eq!(on_baclofen, [Advice { urgency: Urgency::Now, says: Safety::FlagBaclofen }]);
    }

    #[test]
    fn confusion_on_ziconotide_is_for_now_and_slow_breathing_comes_before_everything() {
        let all = triage(&[Symptom::Confusion, Symptom::Breathing], &[Drug::Ziconotide]);
        assert_eq!(all[0], Advice { urgency: Urgency::Emergency, says: Safety::FlagBreathing });
        assert!(all.contains(&Advice { urgency: Urgency::Now, says: Safety::FlagZiconotide }));
    }

    #[test]
    fn what_can_wait_is_kept_and_says_nothing() {
        let quiet = [Symptom::Constipation, Symptom::DryMouth, Symptom::Desire, Symptom::Teeth];
        assert_eq!(triage(&quiet, &Drug::ALL), []);
    }

    //= requirements/handset.md#alarms-explained
    //= type=test
    //# The handset MUST tell each alarm of the pump by sound, vibration and words with what to do and whom to call, offline too.
    #[test]
    fn every_alarm_of_the_pump_has_a_name_and_says_what_to_do_in_every_language() {
        let catalogue = crate::tongue::catalogue().unwrap();
        for alarm in AlarmId::ALL {
            let kind = Kind::of(*alarm);
            for language in pages::Language::ALL {
                let words = catalogue.of(*language);
                assert!(words.has(kind.name()) && words.has(kind.what_to_do().key()), "{alarm:?} in {language:?}");
            }
        }
    }

    #[test]
    fn what_a_stop_does_is_said_drug_by_drug_and_baclofen_comes_first() {
        let says: Vec<Safety> = if_it_stops(&[Drug::Morphine, Drug::Baclofen]).into_iter().map(|(_, s)| s).collect();
        assert_eq!(says, [Safety::StopKills, Safety::StopWithdrawal]);
    }
}
