//! Fluids: what people declare about reservoir and path, and what follows for alarms, boluses and dates.
//!
//! What an entry does to the ledger, and whether it can be true, is in `fluid_path`, `declared` and `reservoir`. Each
//! event of the ledger is stored as a commit of its own, with the order, fall-back and guard part that go with it.

use orders::mixture::{Component, DRUGS_MAX};
use orders::{AlarmId, Concentration, Drug, Duration, Mixture, Prescription, Reason, Refusal, Volume};

use crate::alarms::Peer;
use crate::controller::{Part, Pump};
use crate::events::{Ask, Event};
use crate::judge;
use crate::ordering::worst_day;
use crate::reservoir::{Checked, Draw, Outlook, Refill, Remaining};
use crate::transitions::Event as Happening;

/// What a ledger event was, as the journal numbers it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Rinse = 1,
    Aspiration = 2,
    PortAspiration = 3,
    Installation = 4,
    Correction = 5,
}

impl Pump {
    /// A clinician refilled the reservoir.
    ///
    /// # Errors
    /// A volume that cannot be true, more than the reservoir holds, or a discrepancy without a reason; nothing changed.
    pub fn refill(&mut self, raw: u64, entry: &Refill, keeps: Duration, peer: Peer) -> Result<Checked, Refusal> {
        let now = self.now(raw);
        let free = self.check_fluid_free();
        let fields = orders::Field::Stability.check(keeps.get());
        let checked = free.and(fields).and_then(|()| self.path.refill(entry));
        let checked = checked.map_err(|refusal| self.say(now, Ask::Refill, refusal))?;
        let (expected, drawn, filled) = (checked.discrepancy.expected, entry.drawn_off, entry.filled);
        self.note(now, Event::Refilled { expected, drawn, filled, peer });
        self.keeps_until = Some(now.after(keeps));
        if checked.discrepancy.needs_reason() {
            self.stand(now, AlarmId::VolumeDiscrepancy);
        } else {
            self.over(now, AlarmId::VolumeDiscrepancy);
        }
        self.stored_anew();
        for id in [AlarmId::ReservoirEmpty, AlarmId::ReservoirLow, AlarmId::StabilityExpired, AlarmId::RefillSoon] {
            self.over(now, id);
        }
        // Clearing needs the cause tested false, which a filled reservoir is.
        let _ = self.alarms.clear(now, AlarmId::ReservoirEmpty, peer);
        self.relevel(now);
        if self.path.reservoir_volume() > self.path.device.residual {
            self.happen(now, Happening::Refill);
        }
        self.review(now);
        Ok(checked)
    }

    /// The reservoir was filled and drawn off again with another fluid.
    ///
    /// # Errors
    /// A volume that the ledger cannot hold; nothing changed.
    pub fn rinse(&mut self, raw: u64, filled: Volume, mixture: &Mixture, drawn_off: Volume) -> Result<(), Refusal> {
        let done = self.check_fluid_free().and_then(|()| self.path.rinse(filled, mixture, drawn_off));
        self.changed(raw, Kind::Rinse, filled, done)
    }

    /// The reservoir was drawn off and not filled.
    ///
    /// # Errors
    /// More than it holds above the residual; nothing changed.
    pub fn aspirate(&mut self, raw: u64, drawn_off: Volume) -> Result<(), Refusal> {
        let done = self.check_fluid_free().and_then(|()| self.path.aspirate_reservoir(drawn_off));
        self.changed(raw, Kind::Aspiration, drawn_off, done)
    }

    /// The catheter was aspirated through its port.
    ///
    /// # Errors
    /// A volume out of its bounds; nothing changed.
    pub fn aspirate_port(&mut self, raw: u64, volume: Volume) -> Result<(), Refusal> {
        let done = self.check_fluid_free().and_then(|()| self.path.aspirate_port(volume));
        self.changed(raw, Kind::PortAspiration, volume, done)
    }

    /// A catheter was implanted or trimmed, and holds this.
    ///
    /// # Errors
    /// A volume out of its bounds; nothing changed.
    pub fn installation(&mut self, raw: u64, catheter: Volume, filled_with: &Mixture) -> Result<(), Refusal> {
        let done = self.check_fluid_free().and_then(|()| self.path.installation(catheter, filled_with));
        self.changed(raw, Kind::Installation, catheter, done)
    }

    /// A wrong entry was found: what was really filled, and of what.
    ///
    /// # Errors
    /// A volume that the ledger cannot hold; nothing changed.
    pub fn correct_entry(&mut self, raw: u64, filled: Volume, mixture: &Mixture) -> Result<(), Refusal> {
        let done = self.check_fluid_free().and_then(|()| self.path.correct_entry(filled, mixture));
        self.changed(raw, Kind::Correction, filled, done)
    }

    /// The ledger is not changed under a bolus, a prime or a stroke.
    fn check_fluid_free(&self) -> Result<(), Refusal> {
        if !self.verified {
            return Err(Refusal::plain(Reason::StateUnverified));
        }
        if self.stroke.is_some() {
            return Err(Refusal::plain(Reason::Busy));
        }
        match (&self.extra, &self.periodic) {
            (None, None) => Ok(()),
            (Some(_), _) | (_, Some(_)) => Err(Refusal::plain(Reason::BolusRunning)),
        }
    }

    fn changed(&mut self, raw: u64, kind: Kind, volume: Volume, done: Result<(), Refusal>) -> Result<(), Refusal> {
        let now = self.now(raw);
        done.map_err(|refusal| self.say(now, Ask::Ledger, refusal))?;
        self.note(now, Event::LedgerChanged { kind: kind as u8, number: self.path.number(), volume });
        self.stored_anew();
        self.review(now);
        Ok(())
    }

    /// The group is written under the next commit number.
    pub(crate) fn stored_anew(&mut self) {
        self.commit = self.commit.wrapping_add(1);
        self.dirty.group = Some(Part::Order);
        self.dirty.switch = true;
        (self.dirty.status, self.dirty.dose) = (true, true);
        if let Some(part) = self.guard.part() {
            self.guard.set_part(crate::guard::OrderPart { commit: self.commit, ..part });
        }
        if let Some(fall_back) = &mut self.fall_back {
            fall_back.highest = highest_of(&self.path);
        }
    }

    /// Drugs that the order no longer names and that path or windows still hold: each may be so weak that a whole day of it
    /// stays within a tenth of the ceiling it was last ordered under. Then its going needs no bridge and keeps no bolus off.
    pub(crate) fn know_leftovers(&mut self) {
        let mut leftovers = [None; DRUGS_MAX];
        if let Some(order) = &self.order {
            let day = worst_day(order, self.path.device.minimum_rate);
            for (leftover, lane) in leftovers.iter_mut().zip(self.ceilings.lanes()) {
                let lane = lane.filter(|(drug, _)| order.mixture.of_drug(*drug).is_none());
                *leftover = lane.and_then(|(drug, ceiling)| {
                    let weak = orders::quantity::mul_div_floor(ceiling.day.get(), 1, day.get().saturating_mul(10))?;
                    Some((drug, Concentration::new(u32::try_from(weak).unwrap_or(u32::MAX))))
                });
            }
        }
        self.path.set_leftovers(leftovers);
    }

    /// Whether what the reservoir holds is what the order names: each of its drugs within the tolerance, and no other but
    /// what is left of a drug that was ordered before.
    pub(crate) fn is_mixture_ordered(&self) -> bool {
        let Some(order) = &self.order else { return true };
        let held = self.path.reservoir_mixture();
        let is_known = |drug: Drug| self.ceilings.drugs().contains(&Some(drug));
        order
            .mixture
            .iter()
            .all(|component| judge::is_as_ordered(component.concentration, held.concentration(component.drug)))
            && held.iter().all(|component| is_known(component.drug) && !self.is_strong_leftover(order, &component))
    }

    fn is_strong_leftover(&self, order: &Prescription, held: &Component) -> bool {
        let weak = self.path.leftover_of(held.drug);
        order.mixture.of_drug(held.drug).is_none() && weak.is_none_or(|weak| held.concentration > weak)
    }

    /// Until when the reservoir lasts; nothing before an order runs.
    pub fn outlook(&self, now: orders::Instant) -> Option<Outlook> {
        self.order.as_ref().map(|order| self.outlook_with(now, order))
    }

    /// Until when it would last with an order: by the boluses that are really taken, and as long as the drug keeps.
    pub(crate) fn outlook_with(&self, now: orders::Instant, order: &Prescription) -> Outlook {
        let draw = Draw::of(order, self.path.device.minimum_rate).taken(self.boluses.average_milli(now));
        let keeps = self.keeps_until.map(|until| until.since(now));
        Outlook::of(Remaining::of(&self.path), order.alarm_volume, &draw, self.path.device.accuracy, keeps)
    }
}

/// The highest concentration of each drug in path or reservoir; of more than four drugs, the first four.
pub(crate) fn highest_of(path: &crate::fluid_path::FluidPath) -> [Option<(orders::Drug, orders::Concentration)>; 4] {
    let highest = path.highest();
    let mut held = [None; 4];
    held.iter_mut().zip(highest.drugs()).for_each(|(place, drug)| *place = Some((drug, highest.of(drug))));
    held
}
