//! The facts for the auditor: what is ordered, what holds, what the pump wrote down.
//!
//! Answers for telling them in order of true time, from what people truly did and what truly happened. Where only the
//! pump can know (its level on the ladder, that it began a bolus it was asked for) its journal is the source, as the
//! auditor's own contract says; amounts come from the orders that people signed, never from the pump.

use std::collections::BTreeSet;

use auditor::{Answer, BolusRule, Commit, Device, Hold, Level};
use implant::pump::bolus::Source;
use implant::pump::events::Event;
use implant::pump::transitions::State;
use orders::alarm::Level as Rung;
use orders::prescription::Mode;
use orders::quantity::{DAY_MS, HOUR_MS, MINUTE_MS};
use orders::{AlarmId, DeviceProfile, FlowRate, Prescription, Volume, WallTime};
use telemetry::asker;
use telemetry::message;

use super::World;
use super::device::Signed;
use super::programming::Proposed;
use crate::story::{Told, text};

/// How far the pump's oscillators may be wrong together, parts per million: below what the pump itself must notice.
const CLOCK_PPM: u64 = 20_000;

/// Within what time the two oscillators are compared: `device/pump/DEVICE.md` states it, ms.
const CLOCK_WATCH_MS: u64 = 10 * MINUTE_MS;

/// After a clock setting the pump runs the lower of both rates: for a day, and at most for two, ms.
const CLOCK_SETTLES_MS: u64 = 49 * HOUR_MS;

/// While fluid changes a bridge may run the old flow, at most this long, ms.
const BRIDGE_MAX_MS: u64 = 4 * DAY_MS;

/// Conditions that are a declared fault: therapy need not go on as ordered while they last.
const FAULTS: [AlarmId; 12] = [
    AlarmId::Stall,
    AlarmId::NoRecovery,
    AlarmId::OverDelivery,
    AlarmId::StateLost,
    AlarmId::CommitMismatch,
    AlarmId::CeilingByBasal,
    AlarmId::ClockFailed,
    AlarmId::ClocksDisagree,
    AlarmId::EndOfService,
    AlarmId::GapTooLong,
    AlarmId::Bug,
    AlarmId::Emergency,
];

/// What the judge's clerk remembers.
#[derive(Default)]
pub(super) struct Judged {
    /// Everything that was proposed.
    pub proposed: Vec<Proposed>,
    /// The patient's request that was sent last.
    pub asked: Option<auditor::RequestId>,
    faults: BTreeSet<u8>,
    /// Alarms of which the journal has a record.
    logged: BTreeSet<u8>,
    /// What was in the reservoir by people's word, with the strokes up to then put back, nL; `None` until it is read.
    declared_nl: Option<u64>,
    /// State and rung as they were told last.
    state: Option<State>,
    level: Option<Rung>,
    is_dark: bool,
    /// How wrong the wall clock was set, ms, and when; `None` before it is set.
    clock: Option<(i64, u64)>,
    /// The order before, while its fluid may still be on its way, and until when.
    before: Option<(Prescription, u64)>,
    ordered: u64,
}

/// The auditor's device: what the profile states, in the auditor's numbers.
pub(super) fn device(device: &DeviceProfile) -> Device {
    Device {
        stroke_nl: device.stroke.get(),
        accuracy_ppm: u64::from(device.accuracy.get()) * 1_000,
        clock_ppm: CLOCK_PPM,
        stall_strokes: u64::from(device.restarts_max) + 1,
        clock_watch_ms: CLOCK_WATCH_MS,
        resume_within_ms: 20 * MINUTE_MS,
        factory_flow_nl_per_day: device.flow_max.get(),
        factory_quarter_hour_nl: device.hour_max.get(),
        factory_day_nl: device.day_max.get() + device.prime_max.get(),
    }
}

impl World<'_> {
    /// A commit was answered with yes.
    pub(super) fn committed(&mut self, signed: &Signed) {
        let valid = match &signed.what {
            Proposed::Order(order) => order.check().is_ok(),
            Proposed::Single { .. } | Proposed::Prime { .. } => true,
        };
        let commit = Commit {
            digest: signed.digest.0,
            signatures: signed.signatures,
            signatures_needed: signed.signatures,
            presence: true,
            valid,
        };
        self.auditor.order_committed(self.now, commit);
        if let Proposed::Order(order) = signed.what {
            self.auditor.order_running(self.now, signed.digest.0);
            self.in_force(order);
        }
    }

    /// An order is in force from now on.
    fn in_force(&mut self, order: Prescription) {
        if self.running == Some(order) {
            return;
        }
        if let Some(before) = self.running.replace(order).filter(|before| before.mixture != order.mixture) {
            self.judged.before = Some((before, self.now + BRIDGE_MAX_MS));
        }
        self.schedule_step();
    }

    pub(super) fn clock_was_set(&mut self, off_by_ms: i64) {
        self.judged.clock = Some((off_by_ms, self.now));
        self.schedule_step();
    }

    /// Tells the auditor the order's flows around now.
    pub(super) fn schedule_step(&mut self) {
        let Some(order) = self.running else { return };
        let (mut low, mut high) = self.flows(&order);
        if let Some((before, until)) = self.judged.before {
            if self.now < until {
                let (old_low, old_high) = self.flows(&before);
                (low, high) = (low.min(old_low), high.max(old_high));
            } else {
                self.judged.before = None;
            }
        }
        let mut ceilings_fg = [None; auditor::fluid::DRUGS];
        let both = self.judged.before.map(|(before, _)| before).into_iter().chain([order]);
        for order in both {
            for (part, ceiling) in order.mixture.iter().zip(order.ceilings) {
                if let Some(place) = self.place_of(part.drug) {
                    ceilings_fg[place] = Some([ceiling.hour.get(), ceiling.four_hours.get(), ceiling.day.get()]);
                }
            }
        }
        let bolus = order.patient_bolus.map(|bolus| BolusRule {
            volume_nl: bolus.volume.get(),
            duration_ms: bolus.duration.get(),
            lockout_ms: bolus.lockout.get(),
            allotment: u32::from(bolus.allotment),
        });
        let told = auditor::Order {
            ceilings_fg,
            flow_low_nl_per_day: low.get(),
            flow_high_nl_per_day: high.get(),
            fall_back_nl_per_day: order.fall_back.get(),
            bolus,
        };
        self.auditor.order(self.now, told);
    }

    /// The least and the most basal flow that the order may have from a little before now until the next look.
    fn flows(&self, order: &Prescription) -> (FlowRate, FlowRate) {
        let minimum = self.scenario.device.minimum_rate;
        let (low, high) = match order.mode {
            Mode::MinimumRate => (minimum, minimum),
            Mode::Continuous(flow) => (flow, flow),
            Mode::PeriodicBolus(periodic) => (periodic.background, periodic.background),
            Mode::Schedule(schedule) => {
                let all = || schedule.sets().flat_map(|set| set.flows);
                match self.judged.clock {
                    Some((off_by, at)) if self.now > at + CLOCK_SETTLES_MS || at < self.scenario.lead() => {
                        let wall = self.scenario.wall(self.now).get().saturating_add_signed(off_by);
                        let around =
                            (0..8u64).map(|n| WallTime::new(wall.saturating_sub(5 * MINUTE_MS) + n * 10 * MINUTE_MS));
                        let flows: Vec<FlowRate> =
                            around.map(|wall| schedule.flow(wall.weekday(), wall.half_hour())).collect();
                        bounds(flows.into_iter())
                    }
                    Some(_) | None => bounds(all()),
                }
            }
        };
        match order.ramp {
            None => (low, high),
            Some(ramp) => {
                let (least, most) = if ramp.is_upward() { (ramp.first, ramp.last) } else { (ramp.last, ramp.first) };
                (low.share_floor(least), high.share_floor(most))
            }
        }
    }

    /// The pump wrote this into its journal.
    pub(super) fn wrote(&mut self, event: Event) {
        self.tally_wrote(&event);
        if text::is_told(&event) {
            self.tell(Told::Wrote(event));
        }
        match event {
            Event::OrderCommitted { order, .. } => {
                let committed = self.judged.proposed.iter().rev().find_map(|what| match what {
                    Proposed::Order(one) if one.order_number == order => Some(*one),
                    _ => None,
                });
                if let Some(order) = committed {
                    self.in_force(order);
                }
            }
            Event::BolusStarted { source: Source::Patient, .. } => {
                if let Some(id) = self.judged.asked {
                    self.auditor.bolus_granted_now(self.now, id);
                }
            }
            Event::BolusStarted { source: Source::Single, .. } => self.single_began(),
            Event::BolusStarted { source: Source::Periodic, .. } => self.periodic_began(),
            Event::PrimeArmed { .. } => self.prime_armed(),
            Event::LevelChanged { to, .. } => self.level_is(to),
            Event::StateChanged { to, .. } => self.state_is(to),
            Event::AlarmRaised { id, .. } => {
                self.auditor.alarm_logged(u32::from(id.code()));
                self.judged.logged.insert(id.code());
                if id == AlarmId::WallClockUnset {
                    self.judged.clock = None;
                    self.schedule_step();
                }
                if FAULTS.contains(&id) {
                    self.judged.faults.insert(id.code());
                    self.fault_holds();
                }
            }
            Event::AlarmHealed { id } | Event::AlarmCleared { id, .. } => {
                self.auditor.alarm_ended(u32::from(id.code()));
                if self.judged.faults.remove(&id.code()) {
                    self.fault_holds();
                }
            }
            _ => {}
        }
    }

    fn level_is(&mut self, to: Rung) {
        if self.judged.level.replace(to) == Some(to) {
            return;
        }
        let level = match to {
            Rung::Full => Level::Full,
            Rung::NoPatientBolus => Level::NoPatientBolus,
            Rung::BasalOnly => Level::BasalOnly,
            Rung::FallBack => Level::FallBack,
            Rung::Cut => Level::DriveCut,
        };
        self.auditor.level(self.now, level);
    }

    fn state_is(&mut self, to: State) {
        if self.judged.state.replace(to) == Some(to) {
            return;
        }
        let is_empty = matches!(to, State::Empty | State::Lost | State::Resting | State::Fresh);
        self.auditor.hold(self.now, Hold::Stopped, to == State::Stopped);
        self.auditor.hold(self.now, Hold::Empty, is_empty);
    }

    /// After a restart the pump is read anew: what it wrote into its journal in its last moment and had not yet made
    /// durable has not come about, and nobody was told that it had.
    pub(super) fn read_anew(&mut self) {
        let Some(pump) = self.machine.pump() else { return };
        let (state, level) = (pump.state(), pump.level());
        let number = pump.order().map(|order| order.order_number);
        let standing: Vec<AlarmId> = pump.alarms().iter().collect();
        self.state_is(state);
        self.level_is(level);
        self.count_strokes();
        let running = self.running.map(|order| order.order_number);
        let known = self.judged.proposed.iter().rev().find_map(|what| match what {
            Proposed::Order(order) if Some(order.order_number) == number => Some(*order),
            Proposed::Order(_) | Proposed::Single { .. } | Proposed::Prime { .. } => None,
        });
        if let Some(order) = known.filter(|_| running != number) {
            self.in_force(order);
        }
        // An alarm that stands again has its record in the journal, before the one that said it was over.
        for id in standing.iter().filter(|id| self.judged.logged.contains(&id.code())) {
            self.auditor.alarm_logged(u32::from(id.code()));
        }
        self.judged.faults = standing.iter().filter(|id| FAULTS.contains(id)).map(|id| id.code()).collect();
        self.fault_holds();
    }

    /// What the pump counts, against what the rotor did and what people declared.
    pub(super) fn count_strokes(&mut self) {
        let Some(pump) = self.machine.pump() else { return };
        let strokes = pump.strokes();
        let reservoir = Volume::new(pump.ledger().slugs.first().map_or(0, |slug| u64::from(slug.volume_nl)));
        let (commanded, confirmed) = (u64::from(strokes.commanded), u64::from(strokes.confirmed));
        // In the midst of a stroke the counts are not yet of one moment.
        if commanded > confirmed + u64::from(strokes.unconfirmed) {
            return;
        }
        self.auditor.strokes_counted(self.now, commanded);
        let stroke = self.scenario.device.stroke.get();
        // Below the residual the pump counts nothing more, and a fill that is on its way is not declared yet.
        if let Some(declared_nl) = self.judged.declared_nl.filter(|_| reservoir > self.scenario.device.residual) {
            let told = auditor::PumpTotals {
                confirmed_strokes: confirmed,
                unconfirmed_strokes: commanded.saturating_sub(confirmed),
                reservoir_nl: reservoir.get(),
                filled_nl: declared_nl,
                ..auditor::PumpTotals::default()
            };
            self.auditor.totals_read(self.now, told);
        }
        self.judged.declared_nl.get_or_insert(reservoir.get() + commanded * stroke);
    }

    /// People changed what is in the reservoir and told the pump: from here the strokes alone empty it.
    pub(super) fn reservoir_declared(&mut self) {
        self.judged.declared_nl = None;
        self.count_strokes();
    }

    /// What a frame from outside could change: order, ledger, boluses, and what the pump is doing.
    pub(super) fn programmed(&self) -> auditor::Digest {
        let mut digest = [0; 32];
        let Some(pump) = self.machine.pump() else { return digest };
        let order = pump.order().map_or(0, |order| order.order_number);
        let numbers = [order, u64::from(pump.ledger().number), pump.last_dose(), pump.state() as u64];
        for (place, number) in digest.chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        digest
    }

    fn fault_holds(&mut self) {
        let holds = self.judged.is_dark || !self.judged.faults.is_empty();
        self.auditor.hold(self.now, Hold::Fault, holds);
    }

    pub(super) fn power_lost(&mut self) {
        self.judged.is_dark = true;
        self.fault_holds();
    }

    pub(super) fn power_came(&mut self) {
        self.judged.is_dark = false;
        self.auditor.restarted(self.now);
        // Whether it is still stopped is read once it has read its stores.
        if self.judged.state.take() == Some(State::Stopped) {
            self.auditor.hold(self.now, Hold::Stopped, false);
        }
        self.fault_holds();
    }

    fn single_began(&mut self) {
        let single = self.judged.proposed.iter().rev().find_map(|what| match what {
            Proposed::Single { volume, over } => Some((*volume, *over)),
            Proposed::Order(_) | Proposed::Prime { .. } => None,
        });
        if let Some((volume, over)) = single {
            self.volume_ordered(volume.get(), over.get());
        }
    }

    fn periodic_began(&mut self) {
        if let Some(Mode::PeriodicBolus(periodic)) = self.running.map(|order| order.mode) {
            self.volume_ordered(periodic.volume.get(), periodic.duration.get());
        }
    }

    fn volume_ordered(&mut self, volume_nl: u64, over_ms: u64) {
        self.judged.ordered += 1;
        let until = self.now + over_ms + over_ms / 10 + 10 * MINUTE_MS;
        self.auditor.volume_ordered(self.now, until, self.judged.ordered, volume_nl);
    }

    fn prime_armed(&mut self) {
        let prime = self.judged.proposed.iter().rev().find_map(|what| match what {
            Proposed::Prime { leading } => Some(*leading),
            Proposed::Order(_) | Proposed::Single { .. } => None,
        });
        let Some(volume) = prime else { return };
        let mut mass_fg = [0; auditor::fluid::DRUGS];
        for part in self.scenario.orders[0].1.prescription.mixture.iter() {
            if let Some(place) = self.place_of(part.drug) {
                mass_fg[place] = volume.mass_at(part.concentration).get();
            }
        }
        self.auditor.prime_allowed(self.now, self.now + 2 * HOUR_MS, volume.get(), mass_fg);
    }

    /// An answer to a patient's request was heard.
    pub(super) fn bolus_answered(&mut self, id: (u64, u64), outcome: &asker::Outcome<'_>) {
        let answer = match outcome {
            asker::Outcome::Accepted(message::Answer::Accepted(accepted)) => {
                self.tally.granted();
                Answer::Granted { start_pump_ms: accepted.at.get() }
            }
            asker::Outcome::Refused(message::Answer::Refused(refused)) => {
                self.tally.refused();
                let reason = refused.reasons.first().map_or(0, |why| u16::from(why.reason.code()));
                Answer::Refused { reason }
            }
            asker::Outcome::Accepted(_)
            | asker::Outcome::Refused(_)
            | asker::Outcome::Unknown
            | asker::Outcome::Unresolved { .. } => return,
        };
        self.auditor.bolus_answered(self.now, id, answer);
    }
}

fn bounds(flows: impl Iterator<Item = FlowRate>) -> (FlowRate, FlowRate) {
    flows.fold((FlowRate::MAX, FlowRate::ZERO), |(low, high), flow| (low.min(flow), high.max(flow)))
}
