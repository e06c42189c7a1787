//! What people do, as requests over the radio, and what they make of the answers.
//!
//! Answers for the acts of patient, nurse, physician, colleague and helper, and for what they truly do with needles. A
//! request without an answer is asked again under the same id, never anew; a person who gives up tells that the outcome is
//! not known.

use orders::{Ledger, Mixture, Volume, WallTime};
use telemetry::asker::{self, Action};
use telemetry::message::answer::{Accepted, Proposal};
use telemetry::message::ask::{self, PortAct};
use telemetry::message::{Answer, Ask, Request};
use telemetry::sign;

use super::World;
use super::device::NoAnswer;
use crate::plant::{Aspiration, DRUGS, Needle};
use crate::scenario::act::{Act, Answered, Fill, Who};
use crate::story::{Outcome, Reading, Told};

/// How often a device sends a request again before the person gives up.
const TRIES: u32 = 5;

/// A person at the button presses it once in this time, ms.
const PRESS_EVERY: u64 = 3_000;

/// Between two acts of setting up, ms: longer than a contact stays open in silence.
const BETWEEN_ACTS: u64 = 125_000;

/// A syringe is read to this, nL.
const SYRINGE_NL: f64 = 10_000.0;

/// How a request was settled.
pub(super) enum Settled {
    /// Done.
    Accepted(Accepted),
    /// Understood, to be signed.
    Proposal(Box<Proposal>),
    /// Not done, or not known.
    Not(Outcome),
}

impl From<NoAnswer> for Outcome {
    fn from(why: NoAnswer) -> Self {
        match why {
            NoAnswer::Silence => Outcome::Unknown,
            NoAnswer::TurnedAway(why) => Outcome::TurnedAway(why),
            NoAnswer::NotPaired => Outcome::Failed("the device has not paired with this pump"),
        }
    }
}

impl World<'_> {
    /// A person acts, and what is expected of the answer is compared.
    pub(super) fn person(&mut self, line: usize, who: Who, act: &Act, is_present: bool, expect: Option<Answered>) {
        if is_present {
            self.input(implant::Input::Presence(true));
        }
        let outcome = self.act(who, act);
        if is_present {
            self.input(implant::Input::Presence(false));
        }
        let is_as_expected = match (expect, &outcome) {
            (None, outcome) => !matches!(outcome, Outcome::Failed(_)),
            (Some(Answered::Yes), Outcome::Granted { .. } | Outcome::Done | Outcome::Read(_)) => true,
            (Some(Answered::No(None)), Outcome::Refused { .. }) => true,
            (Some(Answered::No(Some(reason))), Outcome::Refused { reasons, .. }) => {
                reasons.iter().any(|(refusal, _)| refusal.reason == reason)
            }
            (Some(Answered::Unknown), Outcome::Unknown) | (Some(Answered::TurnedAway), Outcome::TurnedAway(_)) => true,
            (Some(_), _) => false,
        };
        if matches!(act, Act::Asks) {
            self.flesh.asked(&outcome);
        }
        self.tell(Told::Acted { who, act: act.clone(), outcome: outcome.clone() });
        if !is_as_expected {
            self.other_answer(line, expect, &outcome);
        }
    }

    /// Does one act.
    pub(super) fn act(&mut self, who: Who, act: &Act) -> Outcome {
        match act {
            Act::Asks => self.simply(who, Ask::AskBolus(ask::AskBolus {})),
            Act::HoldsButton { lasts } => self.holds_button(who, lasts.get()),
            Act::Silences { alarm, lasts } => {
                self.simply(who, Ask::Silence(ask::Silence { alarm: *alarm, duration: *lasts }))
            }
            Act::Pairs => match self.pair(who) {
                Ok(()) => Outcome::Done,
                Err(why) => why.into(),
            },
            Act::EnrolsKey => self.enrols(who),
            Act::Interrogates => self.reads_all(who),
            Act::Installs { catheter } => self.installs(who, *catheter),
            Act::Fills(fill) => self.fills(who, fill),
            Act::Rinses { volume } => self.rinses(who, *volume),
            Act::AspiratesPort { volume } => self.aspirates(who, *volume),
            Act::TestsTone { alarm } => self.simply(who, Ask::ToneTest(ask::ToneTest { alarm: *alarm })),
            Act::RecordsContact { step } => {
                self.simply(who, Ask::ContactRecorded(ask::ContactRecorded { step: *step }))
            }
            Act::Orders { order, without_bridge } => match self.proposes(who, *order, *without_bridge) {
                Outcome::Done => self.commits(who),
                other => other,
            },
            Act::Proposes { order } => self.proposes(who, *order, None),
            Act::Commits => self.commits(who),
            Act::GivesBolus { volume, over } => self.gives_bolus(who, *volume, *over),
            Act::Primes { volume, allowance } => self.primes(who, *volume, *allowance),
            Act::Stops { reason, lasts } => self.simply(who, Ask::Stop(ask::Stop { reason: *reason, maximum: *lasts })),
            Act::Resumes => self.simply(who, Ask::Resume(ask::Resume {})),
            Act::SetsClock { off_by_ms } => self.sets_clock(who, *off_by_ms),
            Act::StepsUp { level } => self.simply(who, Ask::StepUp(ask::StepUp { level: *level as u8 })),
            Act::Clears { alarm } => self.simply(who, Ask::ClearAlarm(ask::ClearAlarm { alarm: *alarm })),
            Act::CallsEmergency => self.simply(who, Ask::Emergency(ask::Emergency {})),
            Act::Repeats => self.repeats(who),
            Act::Replays => {
                let recorded = self.device(who).recorded.clone();
                self.send_raw(who, &recorded);
                Outcome::Unknown
            }
            Act::SendsHalf => {
                let recorded = self.device(who).recorded.clone();
                self.send_raw(who, recorded.get(..recorded.len() / 2).unwrap_or(&[]));
                Outcome::Unknown
            }
        }
    }

    /// A request that is done or refused and needs no signature.
    fn simply(&mut self, who: Who, ask: Ask<'_>) -> Outcome {
        match self.ask(who, ask) {
            Settled::Accepted(accepted) => self.accepted(&accepted),
            Settled::Proposal(_) => Outcome::NotSigned("the pump answered with a proposal"),
            Settled::Not(outcome) => outcome,
        }
    }

    fn accepted(&self, accepted: &Accepted) -> Outcome {
        let Some(volume) = accepted.volume else { return Outcome::Done };
        let primary = self.running.as_ref().and_then(|order| order.mixture.primary());
        Outcome::Granted {
            volume,
            dose: primary.map(|part| (part.drug, volume.mass_at(part.concentration))),
            over: accepted.duration.unwrap_or(orders::Duration::ZERO),
        }
    }

    /// Asks a question that only reads, again and again if it must.
    pub(super) fn read(&mut self, who: Who, ask: Ask<'static>) -> Result<Vec<u8>, NoAnswer> {
        let mut bytes = [0u8; 64];
        let length = Request { ask, stamp: None }.encode(&mut bytes).unwrap_or(0);
        let mut why = NoAnswer::Silence;
        for _ in 0..TRIES {
            match self.exchange(who, &bytes[..length]) {
                Ok(answer) => return Ok(answer),
                Err(no) => why = no,
            }
        }
        Err(why)
    }

    /// Asks for something that may change the pump; asks on under the same id until it is settled or the person gives up.
    pub(super) fn ask(&mut self, who: Who, ask: Ask<'_>) -> Settled {
        if self.device(who).asker.open().is_some() {
            let earlier = self.pursue(who);
            if let Some((id, _)) = self.device(who).asker.open() {
                match earlier {
                    Settled::Not(Outcome::Unknown) => self.device(who).asker.resolved_by_a_person(id),
                    _ => return earlier,
                }
                if self.device(who).asker.open().is_some() {
                    return Settled::Not(Outcome::Unknown);
                }
            }
        }
        let status = match self.status(who) {
            Ok(status) => status,
            Err(why) => return Settled::Not(why),
        };
        let nonce = match self.nonce(who) {
            Ok(nonce) => nonce,
            Err(why) => return Settled::Not(why),
        };
        let is_bolus = matches!(ask, Ask::AskBolus(_));
        match self.device(who).asker.ask(ask, status.last_dose, nonce) {
            Ok(id) if is_bolus => {
                let peer = u64::from(self.device(who).link);
                self.auditor.bolus_asked(self.now, (peer, id));
                self.judged.asked = Some((peer, id));
            }
            Ok(_) => {}
            Err(_) => return Settled::Not(Outcome::Failed("the device could not put the request into one message")),
        }
        self.pursue(who)
    }

    /// Sends what the asker wants sent until its open request is settled.
    fn pursue(&mut self, who: Who) -> Settled {
        let mut outcome = Settled::Not(Outcome::Unknown);
        for _ in 0..TRIES {
            self.device(who).asker.again();
            while let Some(message) = self.next_message(who) {
                let answer = match self.exchange(who, &message) {
                    Ok(answer) => answer,
                    Err(why) => {
                        self.device(who).asker.link_lost();
                        if let (NoAnswer::TurnedAway(_), true) = (why, self.device(who).asker.open().is_some()) {
                            outcome = Settled::Not(why.into());
                        }
                        break;
                    }
                };
                if let Some(settled) = self.heard(who, &answer) {
                    self.device(who).repeated = message;
                    outcome = settled;
                }
            }
            if self.device(who).asker.open().is_none() {
                break;
            }
        }
        outcome
    }

    fn next_message(&mut self, who: Who) -> Option<Vec<u8>> {
        loop {
            match self.device(who).asker.poll()? {
                Action::Keep(_) => {}
                Action::Send(message) => return Some(message.to_vec()),
            }
        }
    }

    fn heard(&mut self, who: Who, answer: &[u8]) -> Option<Settled> {
        let device = self.device(who);
        let peer = u64::from(device.link);
        let open = device.asker.open().map(|(id, request)| (id, matches!(request.ask, Ask::AskBolus(_))));
        let outcome = device.asker.hear(answer).ok()??;
        let (id, is_bolus) = open?;
        if is_bolus {
            self.bolus_answered((peer, id), &outcome);
        }
        Some(match outcome {
            asker::Outcome::Accepted(Answer::Accepted(accepted)) => Settled::Accepted(accepted),
            asker::Outcome::Accepted(Answer::Proposal(proposal)) => Settled::Proposal(Box::new(proposal)),
            asker::Outcome::Accepted(_) => Settled::Not(Outcome::Failed("the pump answered something else")),
            asker::Outcome::Refused(refused) => Settled::Not(self.refused(&refused)),
            asker::Outcome::Unknown | asker::Outcome::Unresolved { .. } => Settled::Not(Outcome::Unknown),
        })
    }

    fn refused(&self, answer: &Answer<'_>) -> Outcome {
        let Answer::Refused(refused) = answer else {
            return Outcome::Failed("the pump could not read the request");
        };
        let reasons = refused.reasons.iter().map(|why| {
            let until = why.not_before.and_then(|until| self.scenario.shown_ms(self.true_of(refused.now, until)));
            (orders::Refusal { not_before: None, ..why.into() }, until)
        });
        Outcome::Refused { reasons: reasons.collect(), more: refused.more }
    }

    /// The pump's status, which the auditor hears as well.
    pub(super) fn status(&mut self, who: Who) -> Result<telemetry::message::answer::Status, Outcome> {
        let answer = self.read(who, Ask::ReadStatus(ask::ReadStatus {})).map_err(Outcome::from)?;
        match Answer::decode(&answer) {
            Ok(Answer::Status(status)) => {
                self.auditor.tick(self.now, status.now.get());
                Ok(status)
            }
            Ok(Answer::Refused(_)) | Ok(_) | Err(_) => Err(Outcome::Failed("the pump did not tell its status")),
        }
    }

    fn nonce(&mut self, who: Who) -> Result<[u8; 8], Outcome> {
        let answer = self.read(who, Ask::ReadNonce(ask::ReadNonce {})).map_err(Outcome::from)?;
        match Answer::decode(&answer) {
            Ok(Answer::Nonce(nonce)) => Ok(nonce.nonce),
            Ok(_) | Err(_) => Err(Outcome::Failed("the pump did not issue a nonce")),
        }
    }

    /// Reads status, alarms and ledger.
    pub(super) fn reads_all(&mut self, who: Who) -> Outcome {
        let status = match self.status(who) {
            Ok(status) => status,
            Err(why) => return why,
        };
        let alarms = self.read(who, Ask::ReadAlarms(ask::ReadAlarms {})).ok();
        let alarms = alarms.and_then(|answer| match Answer::decode(&answer) {
            Ok(Answer::Alarms(alarms)) => Some(alarms),
            Ok(_) | Err(_) => None,
        });
        self.count_strokes();
        for active in alarms.iter().flat_map(|alarms| &alarms.active) {
            self.auditor.alarm_heard(self.now, u32::from(active.alarm.code()));
        }
        let ledger = self.read(who, Ask::ReadLedger(ask::ReadLedger {})).ok();
        let ledger = ledger.and_then(|answer| match Answer::decode(&answer) {
            Ok(Answer::Fluid(fluid)) => Ledger::decode(fluid.ledger.0).ok(),
            Ok(_) | Err(_) => None,
        });
        Outcome::Read(Box::new(Reading { status, alarms, ledger }))
    }

    fn holds_button(&mut self, who: Who, lasts: u64) -> Outcome {
        let until = self.now + lasts;
        let mut last = Outcome::Unknown;
        while self.now < until {
            last = self.simply(who, Ask::AskBolus(ask::AskBolus {}));
            self.advance_until(self.now + PRESS_EVERY);
        }
        last
    }

    fn enrols(&mut self, who: Who) -> Outcome {
        let nonce = match self.nonce(who) {
            Ok(nonce) => nonce,
            Err(why) => return why,
        };
        let author = self.author(who);
        let device = self.device(who);
        let key = sign::public(&device.signing);
        // The proof is over the nonce of this very request, so it is drawn once and used for both.
        let proof = sign::card_proof(&device.card, device.serial, &nonce, &key, author);
        let enrol = Ask::EnrolClinician(ask::EnrolClinician { key, author, proof });
        if device.asker.ask(enrol, 0, nonce).is_err() {
            return Outcome::Failed("another request is open");
        }
        match self.pursue(who) {
            Settled::Accepted(_) => Outcome::Done,
            Settled::Proposal(_) => Outcome::NotSigned("the pump answered with a proposal"),
            Settled::Not(outcome) => outcome,
        }
    }

    fn installs(&mut self, who: Who, catheter: Option<Volume>) -> Outcome {
        let scenario = self.scenario;
        let catheter = catheter.unwrap_or(scenario.catheter);
        self.simply(who, Ask::Installation(ask::Installation { catheter, path: Mixture::DRUG_FREE }))
    }

    //= requirements/bench.md#what-was-truly-put-in
    //# The plant MUST hold what was truly put into it, whatever the pump was told.
    fn fills(&mut self, who: Who, fill: &Fill) -> Outcome {
        let Some((drawn, _)) = self.plant.draw_off() else {
            return Outcome::Failed("the needle does not find the port");
        };
        self.auditor.drawn_off(libm::round(drawn) as u64);
        let order = fill.order.unwrap_or(0);
        let mixture = self.scenario.orders[order].1.prescription.mixture;
        let held = self.concentrations(&mixture);
        let truly = fill.truly.unwrap_or(fill.filled);
        if fill.needle == Needle::Reservoir {
            self.auditor.filled(truly.get(), held);
        }
        self.plant.fill(self.now, fill.needle, truly.get() as f64, held.map(|c| c as f64));
        self.plant_moves();
        let read = libm::round(drawn / SYRINGE_NL) * SYRINGE_NL;
        let refill = ask::Refill {
            drawn_off: fill.drawn_off.unwrap_or(Volume::new(read as u64)),
            filled: fill.filled,
            mixture,
            check: fill.check,
            checked: fill.checked.unwrap_or(fill.filled),
            stability: fill.keeps,
            emptied: true,
            reason: fill.reason,
        };
        let outcome = self.simply(who, Ask::Refill(refill));
        self.reservoir_declared();
        outcome
    }

    fn rinses(&mut self, who: Who, volume: Volume) -> Outcome {
        self.plant.fill(self.now, Needle::Reservoir, volume.get() as f64, [0.0; DRUGS]);
        self.auditor.filled(volume.get(), [0; DRUGS]);
        let Some((drawn, _)) = self.plant.draw_off() else {
            return Outcome::Failed("the needle does not find the port");
        };
        self.auditor.drawn_off(libm::round(drawn) as u64);
        let fluid = Some(Mixture::DRUG_FREE);
        let outcome =
            self.simply(who, Ask::RinseOrAspirate(ask::RinseOrAspirate { act: PortAct::Rinse, volume, fluid }));
        self.reservoir_declared();
        outcome
    }

    fn aspirates(&mut self, who: Who, volume: Volume) -> Outcome {
        let (found, _) = self.plant.aspirate(volume.get() as f64);
        if matches!(found, Aspiration::Fails | Aspiration::Air) {
            return Outcome::Failed("no fluid comes out of the catheter's port");
        }
        let held = self.running.map_or([0; DRUGS], |order| self.concentrations(&order.mixture));
        let (tubing, catheter) = (self.scenario.device.tubing.get(), self.scenario.catheter.get());
        self.auditor.path_holds(&[(tubing, held), (catheter, [0; DRUGS])]);
        self.simply(who, Ask::CatheterPortAspiration(ask::CatheterPortAspiration { volume }))
    }

    fn sets_clock(&mut self, who: Who, off_by_ms: i64) -> Outcome {
        let right = self.scenario.wall(self.now).get();
        let wall = WallTime::new(right.saturating_add_signed(off_by_ms));
        let outcome = self.simply(who, Ask::SetClock(ask::SetClock { wall }));
        if outcome == Outcome::Done {
            self.clock_was_set(off_by_ms);
        }
        outcome
    }

    /// The same request once more, byte for byte.
    fn repeats(&mut self, who: Who) -> Outcome {
        let request = self.device(who).repeated.clone();
        let mut heard = Err(NoAnswer::Silence);
        for _ in 0..TRIES {
            heard = self.exchange(who, &request);
            if heard.is_ok() {
                break;
            }
        }
        let answer = match heard {
            Ok(answer) => answer,
            Err(why) => return why.into(),
        };
        match Answer::decode(&answer) {
            Ok(Answer::Accepted(accepted)) => self.accepted(&accepted),
            Ok(Answer::Proposal(_)) => Outcome::Done,
            Ok(refused @ Answer::Refused(_)) => self.refused(&refused),
            Ok(_) | Err(_) => Outcome::Unknown,
        }
    }

    /// A pump that runs since a while: paired, enrolled, filled, its clock set, its order running.
    pub(super) fn set_up(&mut self, reservoir: Volume) {
        let fill = Fill {
            drawn_off: None,
            filled: reservoir,
            checked: None,
            check: ask::FillCheck::Vials,
            truly: None,
            needle: Needle::Reservoir,
            order: None,
            keeps: orders::Duration::from_days(180),
            reason: None,
        };
        // Filled and drawn off twice before: what no needle reaches would thin the first filling.
        let most = self.scenario.device.usable();
        let rinse = Fill { filled: most, ..fill };
        let acts = [
            (Who::Patient, Act::Pairs),
            (Who::Helper, Act::Pairs),
            (Who::Nurse, Act::Pairs),
            (Who::Nurse, Act::Installs { catheter: None }),
            (Who::Nurse, Act::Fills(rinse)),
            (Who::Nurse, Act::Fills(rinse)),
            (Who::Nurse, Act::Fills(fill)),
            (Who::Colleague, Act::Pairs),
            (Who::Colleague, Act::EnrolsKey),
            (Who::Physician, Act::Pairs),
            (Who::Physician, Act::EnrolsKey),
            (Who::Physician, Act::SetsClock { off_by_ms: 0 }),
            (Who::Physician, Act::Orders { order: 0, without_bridge: None }),
            (Who::Physician, Act::Primes { volume: None, allowance: None }),
            (Who::Physician, Act::Resumes),
        ];
        for (who, act) in acts {
            self.input(implant::Input::Presence(true));
            let outcome = self.act(who, &act);
            self.input(implant::Input::Presence(false));
            if !matches!(outcome, Outcome::Done) {
                self.not_set_up(who, &act, &outcome);
            }
            // Each takes its time; the devices before have put their contacts down by then.
            self.hang_up(who);
            self.advance_until(self.now + BETWEEN_ACTS);
        }
    }
}
