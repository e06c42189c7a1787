//! The body that the drug reaches, and the person who feels it and takes up the handset.
//!
//! Answers for: each stroke going where it truly went, into the virtual patient's fluid, epidural space or skin; what was
//! felt while the story is told; and asking by the real handset when it hurts. It judges nothing: what it tells is of the
//! model, not of anybody. A drug that the model does not know is told as unknown, never as without effect.

use orders::Drug;
use orders::quantity::{DAY_MS, HOUR_MS};
use patient::body::{Body, Way};
use patient::drug::{Class, Drug as Known};
use patient::person::{Answer, Asker};
use patient::time::{MINUTE_MS, Time};

use super::{LOOK_EVERY, World};
use crate::plant::{DRUGS, Delivery, Place};
use crate::scenario::Scenario;
use crate::scenario::act::{Act, Who};
use crate::story::{Felt, Outcome, Told};

/// How often somebody notices how they feel: the step of the effects.
const FEEL_EVERY: u64 = 10 * MINUTE_MS;

/// A drop beside the sac lies within this half width, cm.
const EPIDURAL_WIDTH_CM: f64 = 2.0;

/// A stroke's mass in fg, in the body's µg.
const UG_PER_FG: f64 = 1e-9;

/// The body, and how it was so far.
pub(super) struct Flesh {
    /// None where no drug of the scenario is known to the model.
    body: Option<Body>,
    known: Vec<(Drug, usize, Known)>,
    unknown: Vec<Drug>,
    asker: Asker,
    has_handset: bool,
    /// The body's clock is ahead of the world's by this, ms: it begins at a midnight.
    ahead: u64,
    next: u64,
    wants_to_ask: bool,
    /// What the plant was last told of a granuloma; a larger one is a mishap's own.
    grown: f64,
    felt: Sums,
}

/// What is summed up over the looks of a story.
#[derive(Default)]
struct Sums {
    looks: u32,
    pain_without: f64,
    pain: f64,
    least: f64,
    most: f64,
    slowest: Option<(f64, u64)>,
    spasticity: f64,
    withdrawal: f64,
    asked: u32,
    given: u32,
}

impl Flesh {
    pub(super) fn new(scenario: &Scenario) -> Self {
        let mixtures = scenario.orders.iter().map(|(_, order)| order.prescription.mixture);
        let mut drugs: Vec<Drug> = Vec::new();
        for part in mixtures.flat_map(|mixture| mixture.iter().map(|part| part.drug).collect::<Vec<_>>()) {
            if !drugs.contains(&part) {
                drugs.push(part);
            }
        }
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        for drug in drugs {
            match Known::named(drug.name()) {
                Ok(found) => known.push((drug, known.len(), found)),
                Err(_) => unknown.push(drug),
            }
        }
        let names = known.iter().map(|(_, _, drug)| drug.clone()).collect();
        let person = &scenario.person;
        let body = if known.is_empty() { None } else { Body::with(person.person.clone(), names, person.tip_cm).ok() };
        let lead = scenario.lead();
        Self {
            body,
            known,
            unknown,
            asker: Asker::new(),
            has_handset: person.has_handset,
            ahead: scenario.from + lead.div_ceil(DAY_MS) * DAY_MS - lead,
            next: 0,
            wants_to_ask: false,
            grown: 0.0,
            felt: Sums::default(),
        }
    }

    /// Looks begin to count now.
    pub(super) fn forget(&mut self) {
        self.felt = Sums::default();
    }

    /// When the person is to feel again.
    pub(super) fn due(&self) -> Option<u64> {
        self.body.as_ref().map(|_| self.next)
    }

    /// Drug arrived somewhere.
    pub(super) fn takes(&mut self, delivery: &Delivery, places: &[Option<Drug>; DRUGS]) {
        let Some(body) = &mut self.body else { return };
        let at = Time { ms: (delivery.at + self.ahead).max(body.now().ms) };
        let tip = body.tip();
        for (place, fg) in places.iter().zip(delivery.mass_fg) {
            let found = self.known.iter().find(|(drug, ..)| Some(*drug) == *place);
            let Some((_, drug, _)) = found.filter(|_| fg > 0.0) else { continue };
            let mass = fg * UG_PER_FG;
            // A refusal would be of a time or a mass that cannot be; nothing is given then, and nothing is to be told.
            let _ = match delivery.place {
                Place::Intrathecal => {
                    body.infusate(*drug, 1e6 * mass / delivery.volume_nl);
                    body.give(at, *drug, mass).map(|_| ())
                }
                Place::Epidural => body.give_by(at, *drug, Way::Epidural(tip, EPIDURAL_WIDTH_CM), mass),
                Place::Subdural => body.give_by(at, *drug, Way::Subdural(tip), mass),
                Place::Pocket | Place::Lost => body.give_by(at, *drug, Way::Pocket, mass),
            };
        }
    }

    /// A request was answered.
    pub(super) fn asked(&mut self, outcome: &Outcome) {
        self.felt.asked += 1;
        let answer = match outcome {
            Outcome::Granted { .. } => {
                self.felt.given += 1;
                Answer::Granted
            }
            Outcome::Refused { .. } => Answer::Refused,
            _ => Answer::Silence,
        };
        if let Some(body) = &self.body {
            self.asker.told(body.person(), body.now(), answer);
        }
    }

    /// How it was, if anybody felt anything.
    pub(super) fn tells(&self, scenario: &Scenario) -> Option<Felt> {
        let (sums, body) = (&self.felt, self.body.as_ref()?);
        let slowest = sums.slowest?;
        let looks = f64::from(sums.looks.max(1));
        let is_spastic = self.known.iter().any(|(_, _, drug)| drug.class == Class::GabaB);
        Some(Felt {
            pain_without: sums.pain_without / looks,
            pain: (sums.pain / looks, sums.least, sums.most),
            slowest_breath: (slowest.0, scenario.shown_ms(slowest.1).unwrap_or(0)),
            breath_without: body.person().species.breathing.map_or(0.0, |chest| chest.rate),
            spasticity: is_spastic.then_some((body.person().spasticity, sums.spasticity / looks)),
            withdrawal: sums.withdrawal,
            boluses: (sums.asked, sums.given),
            unknown: self.unknown.clone(),
        })
    }
}

impl World<'_> {
    /// Lets time pass up to a true time, in which the person may ask for a bolus.
    pub(super) fn live_until(&mut self, until: u64) {
        while self.advance(until) {
            if std::mem::take(&mut self.flesh.wants_to_ask) {
                let outcome = self.act(Who::Patient, &Act::Asks);
                self.flesh.asked(&outcome);
                self.tell(Told::Acted { who: Who::Patient, act: Act::Asks, outcome });
            }
        }
    }

    /// The person feels, if it is time.
    pub(super) fn flesh_lives(&mut self) {
        let is_telling = self.is_telling();
        let Flesh { body: Some(body), next, ahead, felt, asker, wants_to_ask, has_handset, grown, .. } =
            &mut self.flesh
        else {
            return;
        };
        if self.now < *next {
            return;
        }
        let at = Time { ms: self.now + *ahead };
        *next = self.now + FEEL_EVERY - at.ms % FEEL_EVERY;
        let Some(now) = body.advance(at).ok().and_then(|()| body.felt()) else { return };
        if is_telling {
            felt.looks += 1;
            felt.pain_without += body.person().pain_without(at);
            felt.pain += now.pain;
            felt.least = if felt.looks == 1 { now.pain } else { felt.least.min(now.pain) };
            felt.most = felt.most.max(now.pain);
            felt.spasticity += now.spasticity;
            felt.withdrawal = felt.withdrawal.max(now.withdrawal);
            if felt.slowest.is_none_or(|(least, _)| now.breaths_per_min < least) {
                felt.slowest = Some((now.breaths_per_min, self.now));
            }
            *wants_to_ask |= *has_handset && asker.asks(body.person(), at, now.pain);
        }
        // What has grown at the tip closes the plant's catheter as well.
        let held = &mut self.plant.complications.granuloma;
        if *held <= *grown {
            *held = now.granuloma;
        }
        *grown = now.granuloma;
    }

    /// Drug that lies in the reservoir decays, each beside what lies there with it.
    pub(super) fn drug_decays(&mut self) {
        let (known, held) = (&self.flesh.known, self.plant.reservoir().concentrations);
        let there = self.drugs.iter().zip(held).filter(|(_, level)| *level > 0.0);
        let names: Vec<&str> = there.filter_map(|(drug, _)| drug.map(Drug::name)).collect();
        let kept = self.drugs.map(|place| {
            let found = known.iter().find(|(drug, ..)| Some(*drug) == place);
            found.map_or(1.0, |(_, _, drug)| libm::exp(-drug.decay_beside(&names) * (LOOK_EVERY / MINUTE_MS) as f64))
        });
        self.plant.decay(kept);
    }
}

const _: () = assert!(LOOK_EVERY == HOUR_MS, "decay is worked out at each look");
