//! A body with drugs in it: what is given, time passed, and what can be read.
//!
//! Answers for: the order of events. The state moves only at events and at whole steps of the effects (ten minutes; one
//! minute for an hour after a bolus by hand), so what is read does not depend on how often anybody reads: one-, seven-
//! and sixty-minute readings agree, and ten years are ten chained years bit for bit.
//!
//! Every way in (the tip, a needle at a level, the epidural space, blood) is a small model of its own; being linear, they
//! add up. A stroke costs one span and one addition.

use crate::drug::Drug;
use crate::effects::{Effects, Felt, GRANULOMA_OCCLUDES, Levels};
use crate::modes::{Reading, Release, Span, State};
use crate::neuraxis::{CELLS, Canal, Neuraxis};
use crate::person::{Flare, Person};
use crate::plasma::{Disposition, Term};
use crate::sheet::BadInput;
use crate::species::Species;
use crate::time::{MINUTE_MS, Time};

/// Directions of the small models; see `krylov`.
pub const RANK: usize = 36;

/// Step of the effects.
const STEP_MS: u64 = 10 * MINUTE_MS;
/// Step of the effects for an hour after a bolus by hand.
const DETAIL_STEP_MS: u64 = MINUTE_MS;
/// Length of the lumbosacral enlargement above the conus, cm.
const ENLARGEMENT_CM: f64 = 8.0;
/// Least mass outside the tip that the effects are stepped closely for, µg: a stroke that went astray is none.
const DETAIL_MASS: f64 = 10.0;
/// How long the short steps last.
const DETAIL_MS: u64 = 60 * MINUTE_MS;

/// Spans kept ready for each way in; strokes come at few distances, and what is not kept is worked out anew.
const SPANS_KEPT: usize = 64;

/// Regimes of every release.
pub(crate) const AWAKE: usize = 0;
pub(crate) const ASLEEP: usize = 1;

/// A way in for drug.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Way {
    /// Strokes at the catheter's tip.
    Tip,
    /// Strokes or a drip into CSF at a place, cm.
    Point(f64),
    /// A release into CSF around a place, cm, with a half width, cm.
    Spread(f64, f64),
    /// A release into the epidural space around a place, cm, with a half width, cm.
    Epidural(f64, f64),
    /// A release between the membranes around a place, cm.
    Subdural(f64),
    /// Under the skin, where a pump lies.
    Pocket,
    /// Into a vein.
    Blood,
}

/// Half width of what lies between the membranes, cm: a little fluid there runs along many segments. Assumed.
const SUBDURAL_WIDTH_CM: f64 = 9.0;
/// Taken up from under the skin, 1/min: half of it in forty minutes. Assumed for every drug.
const POCKET_RATE: f64 = 0.0173;

/// A place to read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Site {
    /// CSF at a place, cm.
    Csf(f64),
    /// Cord at a place, cm.
    Cord(f64),
    /// Epidural space at a place, cm, as CSF level at rest with it.
    Epidural(f64),
    /// Cisterns.
    Cisternal,
    /// Plasma.
    Plasma,
    /// Cord at the target dermatomes, as CSF level at rest with it.
    Target,
}

/// A site made ready to be read often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    drug: usize,
    at: usize,
}

/// Where drug has gone, µg.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Balance {
    /// Given into the body.
    pub given: f64,
    /// In neuraxis and blood.
    pub stored: f64,
    /// Eliminated from the blood.
    pub eliminated: f64,
}

#[derive(Debug, Clone)]
struct Inflow {
    way: Way,
    release: Release,
    state: State,
    rate: f64,
    /// One reading for each probe and regime.
    readings: Vec<Vec<Reading>>,
    kept: Vec<Option<(u64, usize, Span)>>,
}

#[derive(Debug, Clone)]
pub(crate) struct InBody {
    drug: Drug,
    axis: Neuraxis,
    blood: Disposition,
    partition: f64,
    inflows: Vec<Inflow>,
    sites: Vec<Site>,
    /// Probes of the effects: target, cisterns, plasma.
    effect_probes: [usize; 3],
}

/// A person with drugs.
#[derive(Debug, Clone)]
pub struct Body {
    person: Person,
    drugs: Vec<InBody>,
    effects: Option<Effects>,
    tip: f64,
    target: (f64, f64),
    at: Time,
    now: Time,
    detail_until: Time,
    effects_at: Time,
    /// Flares of a day, kept because feelings are asked for often.
    flares: (u64, Vec<Flare>),
}

impl Body {
    /// A person who has had no drug, with a catheter whose tip lies at `tip` (cm from the sac's end).
    ///
    /// # Errors
    /// A drug is unknown, given twice, or has no calibration for the species; the tip lies outside the canal.
    pub fn new(person: Person, drugs: &[&str], tip: f64) -> Result<Self, BadInput> {
        let known: Result<Vec<Drug>, BadInput> = drugs.iter().map(|name| Drug::named(name)).collect();
        Self::with(person, known?, tip)
    }

    /// As [`Body::new`], for drugs that come from elsewhere than the files of this crate.
    ///
    /// # Errors
    /// As for [`Body::new`].
    pub fn with(person: Person, drugs: Vec<Drug>, tip: f64) -> Result<Self, BadInput> {
        let canal = person.factors.canal(&person.species);
        if !(tip.is_finite() && (0.0..=canal.length).contains(&tip)) {
            return Err(BadInput::of_call("tip", tip, &format!("0 to {} cm from the sac's end", canal.length)));
        }
        let mut body = Self {
            person,
            drugs: Vec::new(),
            effects: None,
            tip,
            target: target(&canal),
            at: Time::START,
            now: Time::START,
            detail_until: Time::START,
            effects_at: Time::START,
            flares: (0, Vec::new()),
        };
        body.flares = (0, body.person.flares_around(0));
        for (n, drug) in drugs.iter().enumerate() {
            if drugs[..n].iter().any(|other| other.name == drug.name) {
                return Err(BadInput::of_call("drug", &drug.name, "each drug once"));
            }
            body.drugs.push(InBody::new(&body.person, drug.clone(), body.target)?);
        }
        if let Some(breathing) = body.person.species.breathing {
            body.effects = Some(Effects::new(&drugs, breathing, body.person.sensitivity, body.person.spasticity));
        }
        Ok(body)
    }

    /// The person.
    pub fn person(&self) -> &Person {
        &self.person
    }

    /// Now.
    pub fn now(&self) -> Time {
        self.now
    }

    /// The number of a drug, in the order they were named.
    pub fn drug(&self, name: &str) -> Option<usize> {
        self.drugs.iter().position(|d| d.drug.name == name)
    }

    /// Where the tip lies, cm from the sac's end.
    pub fn tip(&self) -> f64 {
        self.tip
    }

    /// The tip has moved within the canal; what is given from now on enters there.
    ///
    /// # Errors
    /// The place lies outside the canal.
    pub fn move_tip(&mut self, tip: f64) -> Result<(), BadInput> {
        let length = self.person.species.canal.length;
        if !(tip.is_finite() && (0.0..=length).contains(&tip)) {
            return Err(BadInput::of_call("tip", tip, &format!("0 to {length} cm from the sac's end")));
        }
        self.tip = tip;
        Ok(())
    }

    /// A pump's stroke at the tip, µg. Answers what entered the body: nothing once a granuloma occludes the catheter.
    ///
    /// # Errors
    /// The time lies before now, the drug is not there, or the mass is negative or not finite.
    pub fn give(&mut self, now: Time, drug: usize, mass: f64) -> Result<f64, BadInput> {
        if self.effects.as_ref().is_some_and(|e| e.granuloma() > GRANULOMA_OCCLUDES) {
            self.advance(now)?;
            return Ok(0.0);
        }
        self.give_by(now, drug, Way::Tip, mass)?;
        Ok(mass)
    }

    /// A mass at once by some way, µg.
    ///
    /// # Errors
    /// As for [`Body::give`]; a place outside the canal.
    pub fn give_by(&mut self, now: Time, drug: usize, way: Way, mass: f64) -> Result<(), BadInput> {
        self.check(drug, mass, "mass")?;
        let inflow = self.inflow(drug, way)?;
        self.settle(now)?;
        let is_stroke = matches!(way, Way::Tip | Way::Point(_));
        if !is_stroke && mass >= DETAIL_MASS {
            self.detail_until = Time { ms: now.ms + DETAIL_MS };
        }
        let flow = &mut self.drugs[drug].inflows[inflow];
        flow.state.give(flow.release.regime(flow.state.regime), mass);
        Ok(())
    }

    /// From now on, a constant rate by some way, µg/min; zero stops it.
    ///
    /// # Errors
    /// As for [`Body::give_by`].
    pub fn infuse(&mut self, now: Time, drug: usize, way: Way, rate: f64) -> Result<(), BadInput> {
        self.check(drug, rate, "rate")?;
        let inflow = self.inflow(drug, way)?;
        self.settle(now)?;
        self.drugs[drug].inflows[inflow].rate = rate;
        Ok(())
    }

    /// Short steps of the effects for an hour from now: after a bolus, or when something went wrong.
    ///
    /// # Errors
    /// The time lies before now.
    pub fn look_closely(&mut self, now: Time) -> Result<(), BadInput> {
        self.advance(now)?;
        self.detail_until = Time { ms: now.ms + DETAIL_MS };
        Ok(())
    }

    /// Tells the level of the fluid at the tip, µg/mL; it drives the granuloma.
    pub fn infusate(&mut self, drug: usize, level: f64) {
        if let Some(effects) = self.effects.as_mut() {
            effects.infusate(drug, level);
        }
    }

    fn check(&self, drug: usize, amount: f64, key: &str) -> Result<(), BadInput> {
        if drug >= self.drugs.len() {
            return Err(BadInput::of_call("drug", drug, "a drug of this body"));
        }
        if !(amount.is_finite() && amount >= 0.0) {
            return Err(BadInput::of_call(key, amount, "a finite number that is not negative"));
        }
        Ok(())
    }

    /// Passes time. Readings and effects are then those of this moment.
    ///
    /// # Errors
    /// The time lies before now.
    pub fn advance(&mut self, now: Time) -> Result<(), BadInput> {
        if now < self.now {
            return Err(BadInput::of_call("time", now.minutes(), "a time that is not before now"));
        }
        loop {
            let step = if self.at < self.detail_until { DETAIL_STEP_MS } else { STEP_MS };
            let next = self.at.next_multiple(step);
            if next > now {
                break;
            }
            self.pass(next);
            self.step_effects(next);
        }
        self.now = now;
        Ok(())
    }

    /// Passes time and moves the state there: only where something is given.
    fn settle(&mut self, now: Time) -> Result<(), BadInput> {
        self.advance(now)?;
        self.pass(now);
        Ok(())
    }

    fn pass(&mut self, to: Time) {
        let ms = to.ms - self.at.ms;
        if ms == 0 {
            return;
        }
        for drug in &mut self.drugs {
            drug.inflows.iter_mut().for_each(|inflow| inflow.pass(ms));
        }
        self.at = to;
    }

    fn step_effects(&mut self, at: Time) {
        let asleep = if self.person.sleeps(at) { ASLEEP } else { AWAKE };
        for drug in &mut self.drugs {
            drug.inflows.iter_mut().for_each(|flow| flow.release.turn_to(&mut flow.state, asleep));
        }
        let Some(effects) = self.effects.as_mut() else { return };
        let levels: Vec<Levels> = self.drugs.iter().map(InBody::levels).collect();
        effects.step(at.since(self.effects_at), &levels);
        self.effects_at = at;
        if self.flares.0 != at.day() {
            self.flares = (at.day(), self.person.flares_around(at.day()));
        }
    }

    /// What is felt now; none for animals, whose effects nobody has calibrated.
    pub fn felt(&self) -> Option<Felt> {
        let effects = self.effects.as_ref()?;
        let pain = if self.flares.0 == self.now.day() {
            self.person.pain_with(self.now, &self.flares.1)
        } else {
            self.person.pain_without(self.now)
        };
        Some(effects.felt(pain))
    }

    /// The effects at work.
    pub fn effects(&self) -> Option<&Effects> {
        self.effects.as_ref()
    }

    /// Makes a site ready to be read often.
    ///
    /// # Errors
    /// The drug is not there, the place lies outside the canal, cord is asked for below the conus, or blood of an animal.
    pub fn probe(&mut self, drug: usize, site: Site) -> Result<Probe, BadInput> {
        self.check(drug, 0.0, "drug")?;
        check_site(&self.person.species, site)?;
        Ok(Probe { drug, at: self.drugs[drug].site(site, self.target) })
    }

    /// Reads a level now, µg/mL.
    pub fn read(&self, probe: Probe) -> f64 {
        let drug = &self.drugs[probe.drug];
        let ms = self.now.ms - self.at.ms;
        drug.inflows.iter().map(|flow| flow.read_after(probe.at, ms)).sum()
    }

    /// Reads a level now, µg/mL, once.
    ///
    /// # Errors
    /// As for [`Body::probe`].
    pub fn level(&mut self, drug: usize, site: Site) -> Result<f64, BadInput> {
        let probe = self.probe(drug, site)?;
        Ok(self.read(probe))
    }

    /// Where a drug has gone, at the last event or step.
    pub fn balance(&self, drug: usize) -> Option<Balance> {
        let drug = self.drugs.get(drug)?;
        let mut sum = Balance { given: 0.0, stored: 0.0, eliminated: 0.0 };
        for flow in &drug.inflows {
            let regime = flow.state.regime;
            sum.given += flow.state.given;
            sum.stored += flow.state.read(&flow.release.stored(regime));
            sum.eliminated += flow.state.read_passed(&flow.release.eliminated(regime));
        }
        Some(sum)
    }

    /// The inflow of this way, made if it is new.
    fn inflow(&mut self, drug: usize, way: Way) -> Result<usize, BadInput> {
        let way = if way == Way::Tip { Way::Point(self.tip) } else { way };
        check_way(self.person.species.canal.length, way)?;
        let target = self.target;
        let asleep = self.person.sleeps(self.now);
        self.drugs[drug].inflow(way, target, if asleep { ASLEEP } else { AWAKE })
    }
}

/// The enlargement that serves legs and pelvis, where pain and spasticity of most implanted people come from.
pub(crate) fn target(canal: &Canal) -> (f64, f64) {
    (canal.conus, (canal.conus + ENLARGEMENT_CM).min(canal.length))
}

/// Refuses a site that this body has not, or that nobody has calibrated.
pub(crate) fn check_site(species: &Species, site: Site) -> Result<(), BadInput> {
    let canal = &species.canal;
    let inside = |cm: f64| cm.is_finite() && (0.0..=canal.length).contains(&cm);
    match site {
        Site::Csf(cm) | Site::Cord(cm) | Site::Epidural(cm) if !inside(cm) => {
            Err(BadInput::of_call("site", cm, &format!("0 to {} cm", canal.length)))
        }
        Site::Cord(cm) if cm <= canal.conus => {
            Err(BadInput::of_call("site", cm, &format!("cord begins above {} cm", canal.conus)))
        }
        Site::Plasma if !species.has_effects() => {
            Err(BadInput::of_call("site", "plasma", "CSF or cord: blood is calibrated for man only"))
        }
        Site::Csf(_) | Site::Cord(_) | Site::Epidural(_) | Site::Cisternal | Site::Plasma | Site::Target => Ok(()),
    }
}

/// Refuses a way in whose place lies outside the canal.
pub(crate) fn check_way(length: f64, way: Way) -> Result<(), BadInput> {
    if let Way::Point(cm) | Way::Spread(cm, _) | Way::Epidural(cm, _) | Way::Subdural(cm) = way
        && !(cm.is_finite() && (0.0..=length).contains(&cm))
    {
        return Err(BadInput::of_call("place", cm, &format!("0 to {length} cm from the sac's end")));
    }
    if let Way::Spread(_, width) | Way::Epidural(_, width) = way
        && !(width.is_finite() && width > 0.0)
    {
        return Err(BadInput::of_call("width", width, "a number above zero"));
    }
    Ok(())
}

impl InBody {
    pub(crate) fn new(person: &Person, drug: Drug, target: (f64, f64)) -> Result<Self, BadInput> {
        let exchange = person.factors.exchange(drug.exchange(&person.species)?);
        let asleep = person.species.pulse_factor(person.species.heart_rate * person.species.asleep, 1.0)?;
        let axis = Neuraxis::new(&person.factors.canal(&person.species), &exchange, &[1.0, asleep], CELLS);
        let blood = drug.disposition(person.species.mass);
        let terms = blood.terms.iter().map(|t| Term { rate: t.rate * person.factors.clearance, ..*t }).collect();
        let partition = exchange.cord_partition;
        let blood = Disposition { terms, ..blood };
        let mut made =
            Self { drug, axis, blood, partition, inflows: Vec::new(), sites: Vec::new(), effect_probes: [0; 3] };
        made.effect_probes = [Site::Target, Site::Cisternal, Site::Plasma].map(|site| made.site(site, target));
        Ok(made)
    }

    fn levels(&self) -> Levels {
        let [cord, cisternal, plasma] =
            self.effect_probes.map(|at| self.inflows.iter().map(|flow| flow.read_after(at, 0)).sum());
        Levels { cord, cisternal, plasma }
    }

    fn site(&mut self, site: Site, target: (f64, f64)) -> usize {
        if let Some(at) = self.sites.iter().position(|known| *known == site) {
            return at;
        }
        self.sites.push(site);
        let mut inflows = std::mem::take(&mut self.inflows);
        for flow in &mut inflows {
            flow.readings.push(self.readings(&flow.release, site, target));
        }
        self.inflows = inflows;
        self.sites.len() - 1
    }

    pub(crate) fn readings(&self, release: &Release, site: Site, target: (f64, f64)) -> Vec<Reading> {
        let tree = match site {
            Site::Csf(cm) => Some(self.axis.csf(cm)),
            Site::Cord(cm) => Some(self.axis.cord(cm, cm)),
            Site::Epidural(cm) => Some(self.axis.epidural(cm)),
            Site::Cisternal => Some(self.axis.cisternal()),
            Site::Target => {
                let cord = self.axis.cord(target.0, target.1);
                Some(cord.iter().map(|c| c / self.partition).collect())
            }
            Site::Plasma => None,
        };
        let read = |regime| match &tree {
            Some(of_amounts) => release.reading(regime, of_amounts),
            None => release.plasma(regime),
        };
        (0..release.regimes()).map(read).collect()
    }

    /// The small model of what is let in by this way.
    pub(crate) fn release(&self, way: Way) -> Release {
        let input = match way {
            Way::Tip | Way::Blood | Way::Pocket => None,
            Way::Point(cm) => Some(self.axis.point(cm)),
            Way::Spread(cm, width) => Some(self.axis.spread(cm, width)),
            Way::Epidural(cm, width) => self.axis.epidural_spread(cm, width),
            // It leaves for fluid and blood as epidural drug does, from a longer stretch.
            Way::Subdural(cm) => self.axis.epidural_spread(cm, SUBDURAL_WIDTH_CM),
        };
        match input {
            Some(input) => Release::new(&self.axis.trees, &input, &self.blood, RANK),
            None if way == Way::Pocket => Release::into_blood(&self.blood.after_depot(POCKET_RATE)),
            None => Release::into_blood(&self.blood),
        }
    }

    fn inflow(&mut self, way: Way, target: (f64, f64), regime: usize) -> Result<usize, BadInput> {
        if let Some(at) = self.inflows.iter().position(|flow| flow.way == way) {
            return Ok(at);
        }
        let release = self.release(way);
        let mut state = release.empty();
        release.turn_to(&mut state, regime);
        let readings = self.sites.iter().map(|site| self.readings(&release, *site, target)).collect();
        self.inflows.push(Inflow { way, release, state, rate: 0.0, readings, kept: vec![None; SPANS_KEPT] });
        Ok(self.inflows.len() - 1)
    }
}

impl Inflow {
    fn pass(&mut self, ms: u64) {
        let (regime, minutes) = (self.state.regime, ms as f64 / MINUTE_MS as f64);
        let slot = ((ms.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize + regime) % SPANS_KEPT;
        let entry = &mut self.kept[slot];
        if entry.as_ref().is_none_or(|(of, at, _)| *of != ms || *at != regime) {
            *entry = Some((ms, regime, self.release.regime(regime).span(minutes)));
        }
        if let Some((_, _, span)) = entry {
            self.state.pass(self.release.regime(regime), span, minutes, self.rate);
        }
    }

    fn read_after(&self, probe: usize, ms: u64) -> f64 {
        let reading = &self.readings[probe][self.state.regime];
        if ms == 0 {
            return self.state.read(reading);
        }
        let (regime, minutes) = (self.release.regime(self.state.regime), ms as f64 / MINUTE_MS as f64);
        let mut then = self.state.clone();
        then.pass(regime, &regime.span(minutes), minutes, self.rate);
        then.read(reading)
    }
}
