//! Ordering: what a clinician proposes and commits: a prescription, a single bolus, a prime.
//!
//! It answers for taking an order whole or not at all, with the bridge, the guard's part and the fall-back that belong
//! to it. Whether the order may run is `judge`'s, whether both sides see the same fronts `prime_bridge`'s; signatures,
//! nonces and versions are checked before this (`implant`).

use orders::mixture::DRUGS_MAX;
use orders::plan::{BridgePlan, PrimePlan};
use orders::prescription::{Mode, PatientBolus};
use orders::{
    AlarmId, Drug, Duration, Field, FlowRate, Instant, Mass, Permille, Prescription, Reason, Refusal, Refusals, Volume,
};

use crate::alarms::Peer;
use crate::asking::Granted;
use crate::bolus::{Delivery, Source};
use crate::controller::{Bridging, Pump, Strokes};
use crate::events::{Ask, Event};
use crate::fall_back::FallBack;
use crate::fluids::highest_of;
use crate::guard::{NotArmed, OrderPart};
use crate::judge::{self, Judgement};
use crate::prime_bridge::{self, Answer, Bridge, Then};
use crate::reservoir::{Draw, Remaining};
use crate::transitions::State;

/// What the pump makes of a proposed order.
#[derive(Clone, PartialEq, Debug)]
pub struct Review {
    /// Its own totals and dates.
    pub judgement: Judgement,
    /// The bridge that will run, as both sides worked it out.
    pub bridge: Option<Bridge>,
}

impl Pump {
    /// Judges an order without taking it.
    ///
    /// # Errors
    /// Every reason for which it is refused.
    //= requirements/prescription.md#whole-or-not-at-all
    //# The pump MUST accept an order whole or refuse it whole with every reason.
    pub fn propose_order(
        &self,
        order: &Prescription,
        asked: Option<BridgePlan>,
        without: Option<u8>,
    ) -> Result<Review, Refusals> {
        let left = Remaining::of(&self.path);
        let mut judgement = judge::judge(order, &self.path.device, &self.path.reservoir_mixture(), left);
        judgement.outlook = self.outlook_with(self.now_latest(), order);
        let mut refusals = judgement.refusals.clone();
        if !self.verified {
            refusals.push(Refusal::plain(Reason::StateUnverified));
        }
        if self.order.is_some_and(|running| order.order_number <= running.order_number) {
            let running = self.order.map_or(0, |running| running.order_number);
            refusals.push(Refusal::of(Reason::StaleVersion, Field::OrderNumber, order.order_number, running));
        }
        let bridge = self.bridge_of(order, asked, without).unwrap_or_else(|refusal| {
            refusals.push(refusal);
            None
        });
        let in_path = self.path.highest();
        let counted = self.ceilings.drugs_with(order, |drug| !in_path.of(drug).is_zero()).unwrap_or_else(|refusal| {
            refusals.push(refusal);
            *self.ceilings.drugs()
        });
        for drug in in_path.drugs().filter(|drug| !counted.contains(&Some(*drug))) {
            // A drug that nobody ordered has no ceiling: its strokes would be charged to nothing.
            let held = u64::from(in_path.of(drug).get());
            refusals.push(Refusal::of(Reason::Disagreement, Field::DrugConcentration, 0, held).about(drug));
        }
        refusals.into_result()?;
        Ok(Review { judgement, bridge })
    }

    /// The bridge of an order, both sides compared; nothing where none is needed or a clinician typed to go without.
    fn bridge_of(
        &self,
        order: &Prescription,
        asked: Option<BridgePlan>,
        without: Option<u8>,
    ) -> Result<Option<Bridge>, Refusal> {
        let threshold = order.front_threshold;
        let Some(asked) = asked else {
            // Before the first start the path holds no drug that an old order could still give: that is a prime's work.
            let answer = match without {
                Some(reason) => Answer::Without { reason },
                None if self.state == State::Fresh => Answer::Planned,
                None => Answer::Nothing,
            };
            prime_bridge::check_answer(&self.path, answer, threshold)?;
            return Ok(None);
        };
        let running = self.order.as_ref().ok_or(Refusal::plain(Reason::BridgeWrong))?;
        let old = running.mixture.primary().ok_or(Refusal::plain(Reason::BridgeWrong))?;
        let in_path = self.path.fronts(FlowRate::ZERO, threshold);
        let held = in_path.iter().map(|front| front.old.concentration(old.drug)).max();
        let held = held.ok_or(Refusal::of(Reason::BridgeWrong, Field::BridgeVolume, asked.volume.get(), 0))?;
        let then = Then {
            flow: average_flow(order, self.path.device.minimum_rate),
            fastest: order.basal_highest(self.path.device.minimum_rate),
        };
        self.check_bridge_dose(&asked, running, order, held, old.drug)?;
        let dose = asked.flow.mass_rate(held);
        prime_bridge::check_bridge(&self.path, &asked, dose, old.drug, then, threshold).map(Some)
    }

    /// A bridge gives the dose of the order before or of the one after, or one between them.
    fn check_bridge_dose(
        &self,
        asked: &BridgePlan,
        running: &Prescription,
        order: &Prescription,
        held: orders::Concentration,
        drug: Drug,
    ) -> Result<(), Refusal> {
        let doses = [running, order].map(|of| {
            let concentration =
                if of.order_number == running.order_number { held } else { of.mixture.concentration(drug) };
            let highest = of.basal_highest(self.path.device.minimum_rate).mass_rate(concentration);
            (judge::lowest_flow(of, &self.path.device).mass_rate(concentration), highest)
        });
        let most = doses.iter().map(|(_, highest)| *highest).max().and_then(|dose| dose.flow_at(held));
        let least = doses.iter().map(|(lowest, _)| *lowest).min().and_then(|dose| dose.flow_at(held));
        // Each side rounds its flow: they may be one nL a day apart.
        let one = FlowRate::new(1);
        for (limit, is_beyond) in [
            (most, most.is_none_or(|most| asked.flow > most.saturating_add(one))),
            (least, least.is_some_and(|least| asked.flow.saturating_add(one) < least)),
        ] {
            if is_beyond {
                let limit = limit.map_or(0, FlowRate::get);
                return Err(Refusal::of(Reason::BridgeWrong, Field::BridgeFlow, asked.flow.get(), limit));
            }
        }
        Ok(())
    }

    /// Takes an order that was proposed, signed and is committed now.
    ///
    /// # Errors
    /// Every reason for which it is refused; the running order goes on as it was.
    //= requirements/prescription.md#whole-or-not-at-all
    //# A refused, abandoned or incomplete order MUST leave the running order as it was.
    pub fn commit_order(
        &mut self,
        raw: u64,
        order: &Prescription,
        asked: Option<BridgePlan>,
        without: Option<u8>,
        peer: Peer,
    ) -> Result<(), Refusals> {
        let now = self.now(raw);
        let review = self.propose_order(order, asked, without);
        let review = review.and_then(|review| self.check_free().map(|()| review).map_err(Refusals::from));
        let review = review.inspect_err(|refusals| {
            for refusal in refusals.iter() {
                self.note_refusal(now, Ask::Commit, refusal);
            }
        })?;
        let in_path = self.path.highest();
        self.ceilings.set_order(order, |drug| !in_path.of(drug).is_zero()).map_err(Refusals::from)?;
        let is_increase = self.order.is_none_or(|running| is_increase(&running, order, self.path.device.minimum_rate));
        let bridge = review.bridge;
        self.end_all(now, crate::events::Ending::Cancelled);
        self.end_bridge(now, crate::events::Ending::Cancelled);
        let Strokes { commanded: from, confirmed: confirmed_from, unconfirmed: _ } = self.strokes;
        self.bridging = bridge.map(|bridge| Bridging { bridge, from, confirmed_from });
        self.order = Some(*order);
        self.fall_back = Some(FallBack {
            flow: order.fall_back,
            day_max: order.fall_back.volume_ceil(Duration::from_hours(25)).saturating_add(self.path.device.stroke),
            highest: highest_of(&self.path),
        });
        self.program.start(now, order);
        self.know_leftovers();
        self.guard.set_part(self.guard_part(order, bridge.as_ref()));
        self.battery.set_worst_day(&self.path.device, worst_day(order, self.path.device.minimum_rate));
        if is_increase && self.state != State::Fresh {
            self.hold_boluses(now);
        }
        self.stored_anew();
        self.note(now, Event::OrderCommitted { order: order.order_number, author: order.author, peer });
        if let Some(bridge) = bridge {
            self.note(now, Event::BridgeStarted { volume: bridge.switch(), flow: bridge.plan.flow });
        }
        self.order_heals(now, peer);
        self.flow_changed(now);
        self.review(now);
        Ok(())
    }

    /// A whole new order by a clinician mends what only an order can mend.
    fn order_heals(&mut self, now: Instant, peer: Peer) {
        self.full_basal_at = now;
        if self.state == State::Running {
            self.calling = None;
        }
        for id in [AlarmId::GapTooLong, AlarmId::CommitMismatch, AlarmId::CeilingByBasal, AlarmId::UnorderedDrug] {
            self.over(now, id);
            if self.alarms.clear(now, id, peer).is_ok() {
                self.note(now, Event::AlarmCleared { id, peer });
            }
        }
        self.relevel(now);
    }

    /// No order is changed under a bolus, a prime or a stroke on its way.
    fn check_free(&self) -> Result<(), Refusal> {
        //= requirements/delivery.md#stroke-boundary
        //# A change of mode or of rate MUST take effect at a stroke boundary.
        if self.stroke.is_some() || self.dirty.switch {
            return Err(Refusal::plain(Reason::Busy));
        }
        match &self.extra {
            Some(extra) if extra.source == Source::Prime => Err(Refusal::plain(Reason::PrimeRunning)),
            Some(_) | None => Ok(()),
        }
    }

    /// The guard's share: the volume that the ceilings allow at the weakest concentration in order, path or reservoir,
    /// with an eighth more, so that the guard never cuts what the ceilings grant and cuts little above it.
    fn guard_part(&self, order: &Prescription, bridge: Option<&Bridge>) -> OrderPart {
        let stroke = self.path.device.stroke;
        let mut day = self.path.device.day_max;
        let mut hour = self.path.device.hour_max;
        for (component, ceiling) in order.mixture.iter().zip(order.ceilings) {
            let weakest = self
                .weakest(component.drug)
                .map_or(component.concentration, |weakest| weakest.min(component.concentration));
            day = day.min(ceiling.day.volume_at(weakest).unwrap_or(day));
            hour = hour.min(ceiling.hour.volume_at(weakest).unwrap_or(hour));
        }
        if let Some(bridge) = bridge {
            day = day.max(bridge.plan.flow.volume_ceil(Duration::from_days(1)));
        }
        let with_margin = |volume: Volume, parts: u64| {
            let more = Volume::new(volume.get().div_ceil(parts));
            volume.saturating_add(more).saturating_add(stroke.saturating_mul(2))
        };
        let nl = |volume: Volume| u32::try_from(volume.get()).unwrap_or(u32::MAX);
        OrderPart {
            commit: self.commit.wrapping_add(1),
            stroke_nl: nl(stroke),
            // A 25th hour may stand in the guard's window: a twenty-fourth and an eighth are a sixth.
            running_nl: nl(with_margin(day, 6)),
            // All that an hour may hold can fall into its first 16 minutes.
            speed_nl: nl(with_margin(hour, 8)),
            prime_nl: nl(self.path.device.prime_max),
        }
    }

    /// The weakest concentration of a drug wherever it is in path or reservoir.
    fn weakest(&self, drug: Drug) -> Option<orders::Concentration> {
        let slugs = self.path.ledger().slugs.iter();
        slugs.filter_map(|slug| slug.mixture.of_drug(drug)).min()
    }

    /// Judges a single bolus without giving it.
    ///
    /// # Errors
    /// Each reason for which it is refused.
    pub fn propose_single(&mut self, raw: u64, volume: Volume, duration: Duration) -> Result<Delivery, Refusals> {
        let now = self.now(raw);
        let mut refusals = Refusals::none();
        refusals.note(Field::SingleVolume.check(volume.get()));
        refusals.note(Field::SingleDuration.check(duration.get()));
        if volume > self.path.device.bolus_max {
            let (asked, limit) = (volume.get(), self.path.device.bolus_max.get());
            refusals.push(Refusal::of(Reason::FactoryLimit, Field::SingleVolume, asked, limit));
        }
        match self.state {
            State::Running => {}
            State::Fresh | State::Stopped | State::Resting => refusals.push(Refusal::plain(Reason::Stopped)),
            State::Emergency => refusals.push(Refusal::plain(Reason::Degraded)),
            State::Empty => refusals.push(Refusal::plain(Reason::ReservoirEmpty)),
            State::Lost => refusals.push(Refusal::plain(Reason::StateLost)),
        }
        self.note_drive(&mut refusals);
        refusals.note(self.check_one_at_a_time());
        refusals.note(self.check_rate(volume, duration));
        let delivery = Delivery::of(Source::Single, now, volume, duration, self.path.device.stroke);
        match (delivery, &self.order) {
            (Some(delivery), Some(order)) => refusals.note(self.check_ahead(now, order, &delivery)),
            (None, _) | (_, None) => refusals.push(Refusal::plain(Reason::NoProposal)),
        }
        refusals.into_result()?;
        delivery.ok_or(Refusal::plain(Reason::NoProposal).into())
    }

    /// Gives a single bolus; afterwards the mode that ran goes on, as it never stopped.
    ///
    /// # Errors
    /// Each reason for which it is refused.
    //= requirements/bolus.md#prior-mode-returns
    //# When a single bolus ends, the pump MUST return to the mode that ran before it.
    pub fn commit_single(
        &mut self,
        raw: u64,
        volume: Volume,
        duration: Duration,
        peer: Peer,
        request: u64,
    ) -> Result<Granted, Refusals> {
        let now = self.now(raw);
        self.note(now, Event::BolusAsked { source: Source::Single, peer, request });
        match self.propose_single(raw, volume, duration) {
            Ok(delivery) => Ok(self.begin_bolus(now, delivery)),
            Err(refusals) => {
                for refusal in refusals.iter() {
                    self.note_refusal(now, Ask::Bolus, refusal);
                }
                Err(refusals)
            }
        }
    }

    /// What a clinician's bolus or a prime needs of the drive and the ladder: a bolus that could not turn the drive now
    /// would turn it later.
    fn note_drive(&self, refusals: &mut Refusals) {
        if !self.verified {
            refusals.push(Refusal::plain(Reason::StateUnverified));
        }
        if self.level > orders::alarm::Level::NoPatientBolus || !self.guard.enabled() {
            refusals.push(Refusal::plain(Reason::Degraded));
        }
        if self.is_in_field() {
            refusals.push(Refusal::plain(Reason::StrongField));
        } else if self.drive.is_careful() {
            refusals.push(Refusal::plain(Reason::DriveFault));
        }
    }

    /// What a prime of the path as it lies comes to.
    ///
    /// # Errors
    /// No order, or no front to bring to the tip.
    pub fn prime_plan(&self) -> Result<PrimePlan, Refusal> {
        let order = self.order.as_ref().ok_or(Refusal::plain(Reason::NoProposal))?;
        prime_bridge::prime_plan(&self.path, PRIME_FLOW, order.front_threshold)
    }

    /// The upper bound of the drug that a prime may let out of the tip.
    pub fn prime_allowance(&self, plan: &PrimePlan) -> [Option<(Drug, Mass)>; DRUGS_MAX] {
        let drugs = self.ceilings.drugs();
        let masses = prime_bridge::prime_mass(&self.path, plan, drugs);
        let mut allowance = [None; DRUGS_MAX];
        for ((place, drug), mass) in allowance.iter_mut().zip(drugs).zip(masses) {
            *place = drug.map(|drug| (drug, mass));
        }
        allowance
    }

    /// Judges a prime without giving it: the volume to the front's leading edge is fast, the rest runs at basal.
    ///
    /// # Errors
    /// The path's volume or the allowance does not fit, or something else runs.
    pub fn propose_prime(
        &self,
        asked: &PrimePlan,
        allowance: &[Option<(Drug, Mass)>; DRUGS_MAX],
    ) -> Result<PrimePlan, Refusals> {
        let mut refusals = Refusals::none();
        refusals.note(self.check_one_at_a_time());
        let Some(order) = &self.order else {
            refusals.push(Refusal::plain(Reason::NoProposal));
            return Err(refusals);
        };
        match self.state {
            State::Fresh | State::Running | State::Stopped => {}
            State::Resting => refusals.push(Refusal::plain(Reason::Stopped)),
            State::Emergency => refusals.push(Refusal::plain(Reason::Degraded)),
            State::Empty => refusals.push(Refusal::plain(Reason::ReservoirEmpty)),
            State::Lost => refusals.push(Refusal::plain(Reason::StateLost)),
        }
        self.note_drive(&mut refusals);
        if asked.leading > self.path.device.prime_max {
            let (asked, limit) = (asked.leading.get(), self.path.device.prime_max.get());
            refusals.push(Refusal::of(Reason::FactoryLimit, Field::PrimeVolume, asked, limit));
        }
        let plan = prime_bridge::check_prime(&self.path, asked, allowance, PRIME_FLOW, order.front_threshold);
        let plan = plan.map_err(|refusal| {
            refusals.push(refusal);
        });
        refusals.into_result()?;
        plan.map_err(|()| Refusal::plain(Reason::PrimeVolume).into())
    }

    /// Primes: fast to the leading edge of the front's band, once, within the signed allowance.
    ///
    /// # Errors
    /// Each reason for which it is refused; nothing is armed.
    //= requirements/ledger.md#prime-allowance
    //# The pump MUST run a prime fast only to the leading edge of the front band and at basal from there.
    pub fn commit_prime(
        &mut self,
        raw: u64,
        second_ms: u64,
        asked: &PrimePlan,
        allowance: &[Option<(Drug, Mass)>; DRUGS_MAX],
        peer: Peer,
    ) -> Result<Granted, Refusals> {
        let now = self.now(raw);
        let proposed = self.propose_prime(asked, allowance);
        let plan = proposed.and_then(|plan| {
            let duration = plan.leading.time_at(PRIME_FLOW).unwrap_or(Duration::ZERO);
            let delivery = Delivery::of(Source::Prime, now, plan.leading, duration, self.path.device.stroke);
            let delivery = delivery.ok_or(Refusals::from(Refusal::plain(Reason::PrimeVolume)))?;
            let armed = self.guard.arm_prime(second_ms, u32::try_from(plan.leading.get()).unwrap_or(u32::MAX));
            armed.map(|()| (plan, delivery)).map_err(|why| Refusals::from(not_armed(why)))
        });
        let (plan, delivery) = plan.inspect_err(|refusals| {
            for refusal in refusals.iter() {
                self.note_refusal(now, Ask::Prime, refusal);
            }
        })?;
        let masses = self.ceilings.drugs().map(|drug| {
            let allowed = allowance.iter().flatten().find(|(of, _)| Some(*of) == drug);
            allowed.map_or(Mass::ZERO, |(_, mass)| *mass)
        });
        self.ceilings.allow_prime(&masses, plan.leading);
        self.note(now, Event::PrimeArmed { volume: plan.leading, peer });
        self.stored_anew();
        let granted = self.begin_bolus(now, delivery);
        self.flow_changed(now);
        Ok(granted)
    }
}

/// The flow of a prime: half of what the reference drive gives at most.
pub const PRIME_FLOW: FlowRate = FlowRate::new(12_000_000);

fn not_armed(why: NotArmed) -> Refusal {
    match why {
        NotArmed::ArmedToday => Refusal::plain(Reason::PrimeRepeated),
        NotArmed::TooMuch => Refusal::plain(Reason::PrimeVolume),
        NotArmed::Disabled => Refusal::plain(Reason::DriveFault),
    }
}

/// The flow of an order over its week, rounded up: whether a bridge leads to a lower or a higher rate. Its highest step
/// would make a weaker day with one strong hour look like the higher rate, and the stronger fluid would then be driven at
/// the flow of the weaker until its front has wholly passed.
fn average_flow(order: &Prescription, minimum_rate: FlowRate) -> FlowRate {
    let share = order.ramp.map_or(Permille::new(1000), |ramp| ramp.share(0));
    match &order.mode {
        Mode::MinimumRate => minimum_rate,
        Mode::Continuous(flow) => flow.share_floor(share),
        Mode::PeriodicBolus(periodic) => periodic.background.share_floor(share),
        Mode::Schedule(_) => Draw::of(order, minimum_rate).basal.share_floor(share),
    }
}

/// Most volume of a day: the highest basal, every allotted and every periodic bolus.
pub(crate) fn worst_day(order: &Prescription, minimum_rate: FlowRate) -> Volume {
    let day = Duration::from_days(1);
    let basal = order.basal_highest(minimum_rate).volume_ceil(day);
    let allotted = |bolus: PatientBolus| bolus.volume.saturating_mul(u64::from(bolus.allotment));
    let boluses = order.patient_bolus.map_or(Volume::ZERO, allotted);
    let periodic = match order.mode {
        Mode::PeriodicBolus(periodic) => {
            let times = day.get().div_ceil(periodic.interval.get().max(1));
            periodic.volume.saturating_mul(times)
        }
        Mode::MinimumRate | Mode::Continuous(_) | Mode::Schedule(_) => Volume::ZERO,
    };
    basal.saturating_add(boluses).saturating_add(periodic)
}

/// Whether any drug may come to more in a day, or in one bolus, than before.
fn is_increase(running: &Prescription, order: &Prescription, minimum_rate: FlowRate) -> bool {
    order.mixture.iter().any(|component| {
        let day =
            |order: &Prescription| worst_day(order, minimum_rate).mass_at(order.mixture.concentration(component.drug));
        let bolus = |order: &Prescription| {
            let volume = order.patient_bolus.map_or(Volume::ZERO, |bolus| bolus.volume);
            volume.mass_at(order.mixture.concentration(component.drug))
        };
        day(order) > day(running) || bolus(order) > bolus(running)
    })
}
