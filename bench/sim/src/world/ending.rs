//! What is counted along the way, each day's totals, and how a run ends: expectations, the auditor's word, the ledger.

use implant::pump::events::Event;
use orders::{AlarmId, Drug, Mass, Priority, Volume};

use super::World;
use crate::plant::{Delivery, Place};
use crate::scenario::act::{Act, Answered, Expect, Expected, Who};
use crate::scenario::when;
use crate::story::{Outcome, Told, text};

/// Findings told one by one; the rest are counted.
const FINDINGS_TOLD: usize = 20;

/// What is counted.
#[derive(Default)]
pub(super) struct Tally {
    day: u64,
    /// Mass that left the tip since the day began, fg.
    given_fg: [f64; crate::plant::DRUGS],
    granted_today: u32,
    refused_today: u32,
    alarms: Vec<(u64, AlarmId)>,
    said: Vec<(u64, String)>,
    /// For each expectation: mass that left the tip in its time, fg, or the most concentrated fluid, ng/mL.
    measured: Vec<f64>,
    wrong: u64,
}

impl Tally {
    /// Days begin to count now.
    pub(super) fn forget(&mut self) {
        *self = Self { wrong: self.wrong, ..Self::default() };
    }

    pub(super) const fn granted(&mut self) {
        self.granted_today += 1;
    }

    pub(super) const fn refused(&mut self) {
        self.refused_today += 1;
    }
}

impl World<'_> {
    /// Drug arrived somewhere.
    pub(super) fn delivered(&mut self, delivery: Delivery) {
        self.flesh.takes(&delivery, &self.drugs);
        if delivery.place == Place::Pocket {
            return;
        }
        for (sum, mass) in self.tally.given_fg.iter_mut().zip(delivery.mass_fg) {
            *sum += mass;
        }
        let scenario = self.scenario;
        self.tally.measured.resize(scenario.expects.len(), 0.0);
        let Some(shown) = scenario.shown_ms(delivery.at).filter(|_| self.is_telling()) else { return };
        let drugs = self.drugs;
        let mass_of = |drug: Drug| {
            let place = drugs.iter().position(|held| *held == Some(drug));
            place.map_or(0.0, |place| delivery.mass_fg[place])
        };
        for (measured, expect) in self.tally.measured.iter_mut().zip(&scenario.expects) {
            if shown < expect.from || shown >= expect.until {
                continue;
            }
            match expect.what {
                Expected::AtLeast(drug, _) | Expected::AtMost(drug, _) => *measured += mass_of(drug),
                Expected::TipNeverAbove(drug, _) => *measured = measured.max(mass_of(drug) / delivery.volume_nl),
                Expected::Alarm(_)
                | Expected::NoAlarm(_)
                | Expected::Quiet
                | Expected::Says(_)
                | Expected::NeverSays(_)
                | Expected::Finds(_) => {}
            }
        }
    }

    /// The pump wrote something down.
    pub(super) fn tally_wrote(&mut self, event: &Event) {
        if !self.is_telling() {
            return;
        }
        let shown = self.shown();
        if let Event::AlarmRaised { id, .. } = event {
            self.tally.alarms.push((shown, *id));
        }
        let is_asked = self
            .scenario
            .expects
            .iter()
            .any(|expect| matches!(expect.what, Expected::Says(_) | Expected::NeverSays(_)));
        if is_asked {
            self.tally.said.push((shown, event.to_string().to_lowercase()));
        }
    }

    /// A day is over: what truly left the tip in it.
    pub(super) fn day_ends(&mut self) {
        self.tally.day += 1;
        let given = std::mem::take(&mut self.tally.given_fg);
        let given = self
            .drugs
            .iter()
            .zip(given)
            .filter_map(|(drug, fg)| drug.map(|drug| (drug, Mass::new(libm::round(fg) as u64))));
        let given = given.collect();
        let (granted, refused) = (self.tally.granted_today, self.tally.refused_today);
        (self.tally.granted_today, self.tally.refused_today) = (0, 0);
        self.tell(Told::Day { day: self.tally.day, given, granted, refused });
    }

    pub(super) fn other_answer(&mut self, line: usize, expect: Option<Answered>, outcome: &Outcome) {
        self.tally.wrong += 1;
        let expected = match expect {
            None => "that it can be done".into(),
            Some(Answered::Yes) => "done or granted".into(),
            Some(Answered::No(None)) => "refused".into(),
            Some(Answered::No(Some(reason))) => format!("refused: {}", reason.words()),
            Some(Answered::Unknown) => "no answer".into(),
            Some(Answered::TurnedAway) => "turned away".into(),
        };
        self.tell(Told::OtherAnswer { line, expected, found: text::outcome(outcome) });
    }

    /// The set-up of a running pump failed; told as soon as there is a story.
    pub(super) fn not_set_up(&mut self, who: Who, act: &Act, outcome: &Outcome) {
        self.tally.wrong += 1;
        let at = self.scenario.from;
        let expected = format!("{} {}, before the start: done", who.word(), text::doing(act));
        self.story.tell(at, Told::OtherAnswer { line: 0, expected, found: text::outcome(outcome) });
    }

    /// Runs to the end and judges.
    pub(super) fn finish(&mut self) {
        let scenario = self.scenario;
        self.live_until(scenario.lasts());
        let part_of_a_day = self.tally.given_fg.iter().any(|mass| *mass > 0.0);
        if part_of_a_day {
            self.day_ends();
        }
        if let Some(felt) = self.flesh.tells(scenario) {
            self.tell(Told::Person(Box::new(felt)));
        }
        let reader =
            [Who::Nurse, Who::Physician, Who::Patient].into_iter().find(|who| self.device(*who).pump.is_some());
        let mut told = None;
        if let Some(reader) = reader
            && let Outcome::Read(reading) = self.reads_all(reader)
        {
            told = Some(reading.status.reservoir);
            if let Some(ledger) = reading.ledger {
                self.tell(Told::Ledger(Box::new(ledger)));
            }
        }
        let truly = Volume::new(libm::round(self.plant.reservoir().volume_nl) as u64);
        self.tell(Told::Reservoir { truly, told });
        self.auditor.look(self.now);
        self.judge_findings();
        for (place, expect) in scenario.expects.iter().enumerate() {
            if let Some(found) = self.not_met(place, expect) {
                self.tally.wrong += 1;
                self.tell(Told::NotMet { expect: Box::new(expect.clone()), found });
            }
        }
        let (wrong, seed) = (self.tally.wrong, self.seed.0);
        //= requirements/bench.md#the-verdict-counts
        //# A run in which the auditor disagrees MUST end with a failing exit code and print the seed and the version.
        self.tell(Told::Ends { agreed: wrong == 0, seed, wrong });
    }

    fn judge_findings(&mut self) {
        let expected: Vec<&str> = self
            .scenario
            .expects
            .iter()
            .filter_map(|expect| match expect.what {
                Expected::Finds(invariant) => Some(invariant),
                _ => None,
            })
            .collect();
        let findings = self.auditor.findings();
        let beyond = findings.beyond();
        let lead = self.scenario.lead();
        let mut told: Vec<String> = Vec::new();
        for finding in findings.kept() {
            if !expected.contains(&finding.invariant.to_string().as_str()) {
                let at = self.scenario.shown_ms(finding.at).map_or_else(String::new, when::show);
                let before = if finding.at < lead { " before the start" } else { "" };
                let numbers: Vec<String> =
                    finding.numbers.iter().map(|(name, value)| format!("{name}={value}")).collect();
                told.push(format!("{} at {at}{before}: {} {}", finding.invariant, finding.sentence, numbers.join(" ")));
            }
        }
        let wrong = told.len() as u64 + beyond;
        self.tally.wrong += wrong;
        let more = told.len().saturating_sub(FINDINGS_TOLD) as u64 + beyond;
        for words in told.into_iter().take(FINDINGS_TOLD) {
            self.tell(Told::Finding { words });
        }
        if more > 0 {
            self.tell(Told::Finding { words: format!("and {more} more") });
        }
    }

    /// What was found where it is not what was expected.
    fn not_met(&self, place: usize, expect: &Expect) -> Option<String> {
        let within = |at: &u64| (expect.from..expect.until).contains(at);
        let alarms = || self.tally.alarms.iter().filter(|(at, _)| within(at));
        let measured = self.tally.measured.get(place).copied().unwrap_or(0.0);
        let mass = Mass::new(libm::round(measured) as u64);
        match &expect.what {
            Expected::Alarm(alarm) => {
                let raised: Vec<&str> = alarms().map(|(_, one)| one.words()).collect();
                let none = alarms().all(|(_, one)| one != alarm);
                none.then(|| {
                    if raised.is_empty() {
                        "no alarm came".into()
                    } else {
                        format!("there were: {}", raised.join("; "))
                    }
                })
            }
            Expected::NoAlarm(alarm) => {
                alarms().find(|(_, one)| one == alarm).map(|(at, _)| format!("it came at {}", when::show(*at)))
            }
            Expected::Quiet => alarms()
                .find(|(_, one)| one.priority() > Priority::Low)
                .map(|(at, one)| format!("at {}: {}", when::show(*at), one.words())),
            Expected::Says(words) => {
                let words = words.to_lowercase();
                let is_said = self.tally.said.iter().any(|(at, said)| within(at) && said.contains(&words));
                (!is_said).then(|| "it does not".into())
            }
            Expected::NeverSays(words) => {
                let words = words.to_lowercase();
                let said = self.tally.said.iter().find(|(at, said)| within(at) && said.contains(&words));
                said.map(|(at, said)| format!("at {}: {said}", when::show(*at)))
            }
            Expected::AtLeast(_, least) => (mass < *least).then(|| format!("{mass} left the tip")),
            Expected::AtMost(_, most) => (mass > *most).then(|| format!("{mass} left the tip")),
            // ng/mL are whole; a part in a million is the plant's rounding.
            Expected::TipNeverAbove(_, most) => {
                let is_above = measured > f64::from(most.get()) * 1.000_001;
                is_above.then(|| format!("{measured:.0} ng/mL left the tip"))
            }
            Expected::Finds(invariant) => {
                let is_found = self.auditor.findings().kept().iter().any(|one| one.invariant.to_string() == *invariant);
                (!is_found).then(|| "it found none".into())
            }
        }
    }
}
