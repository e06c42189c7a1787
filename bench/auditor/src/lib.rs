#![forbid(unsafe_code)]
//! The independent judge of a pump.
//!
//! Answers for twelve invariants over what truly happened. It is told facts by the bench (rotor motion, what was truly
//! put in, what was heard on the radio, what was read out) and never asks the pump. It shares no line with the
//! controller: its own ledger, its own windows, its own arithmetic; it depends on nothing but the standard library.
//!
//! It leaves to the bench: to tell the truth, in order of true time; and to stop the run on a finding.
//!
//! Terms. *True time*: ms of the bench's clock. *Pump time*: what the pump's monotonic time reads. *Motion*: the rotor
//! turned by one stroke, or a part of it, with or without a command. *Edge*: the signal the pump sees of it.
//! *Finding*: a moment at which an [`Invariant`] did not hold.
//!
//! ```
//! use auditor::{Auditor, Device};
//! let device = Device {
//!     stroke_nl: 500, accuracy_ppm: 0, clock_ppm: 20_000, clock_watch_ms: 600_000, stall_strokes: 4,
//!     resume_within_ms: 1_200_000,
//!     factory_flow_nl_per_day: 24_000_000, factory_quarter_hour_nl: 300_000, factory_day_nl: 24_000_000,
//! };
//! let mut auditor = Auditor::new(device);
//! auditor.alarm_heard(1_000, 7);
//! assert_eq!(auditor.findings().kept()[0].to_string(),
//!     "I11 at 1000 ms: an alarm was heard that the journal does not hold alarm=7");
//! ```

mod dose;
mod finding;
mod flow;
pub mod fluid;
pub mod iec;
mod order;
mod program;
mod records;
mod requests;
mod terminals;
pub mod window;

pub use finding::{FINDINGS_MAX, Finding, Findings, Invariant};
pub use flow::{Hold, Level};
pub use order::{BolusRule, CEILING_SPANS_MS, DAY_MS, Device, HOUR_MS, Order};
pub use program::{Commit, Digest};
pub use records::PumpTotals;
pub use requests::{Answer, RequestId};
pub use terminals::ENABLE_AFTER_STOP_MAX_MS;

use dose::Dose;
use flow::Flow;
use fluid::{DRUGS, Fluid, PL_PER_NL, Slug, ZG_PER_FG};
use program::Program;
use records::Records;
use requests::Requests;
use terminals::Terminals;

/// After a bolus was asked for, how long its delivery may begin late, ms: the proposal's expiry and the radio's retries.
const BOLUS_LATE_MAX_MS: u64 = 600_000;

/// The judge: its ledger, its windows, and what it found.
//= requirements/bench.md#own-ledger
//# The auditor MUST keep its own account of what left the tip from rotor motion and true contents alone.
#[derive(Debug, Clone)]
pub struct Auditor {
    device: Device,
    order: Option<Order>,
    fluid: Fluid,
    dose: Dose,
    flow: Flow,
    requests: Requests,
    program: Program,
    records: Records,
    terminals: Terminals,
    delivered_zg: [u128; DRUGS],
    findings: Findings,
}

/// What is put in and ordered.
impl Auditor {
    /// A judge of one device that has delivered nothing yet.
    pub fn new(device: Device) -> Self {
        Self {
            device,
            order: None,
            fluid: Fluid::default(),
            dose: Dose::new(&device),
            flow: Flow::new(),
            requests: Requests::default(),
            program: Program::default(),
            records: Records::default(),
            terminals: Terminals::default(),
            delivered_zg: [0; DRUGS],
            findings: Findings::default(),
        }
    }

    /// This was truly put into the reservoir: nL, and ng/mL of each drug.
    pub fn filled(&mut self, volume_nl: u64, ng_per_ml: [u64; DRUGS]) {
        let mixture = fluid::mixture_from_ng_per_ml(ng_per_ml);
        self.fluid.fill(Slug { volume_pl: volume_nl.saturating_mul(PL_PER_NL), mixture });
    }

    /// This was truly drawn off the reservoir, nL.
    pub fn drawn_off(&mut self, volume_nl: u64) {
        self.fluid.draw(volume_nl.saturating_mul(PL_PER_NL));
    }

    /// The path truly holds this, from the reservoir's outlet to the tip: (nL, ng/mL of each drug).
    pub fn path_holds(&mut self, from_outlet_to_tip: &[(u64, [u64; DRUGS])]) {
        let slugs: Vec<Slug> = from_outlet_to_tip
            .iter()
            .map(|&(nl, c)| Slug { volume_pl: nl.saturating_mul(PL_PER_NL), mixture: fluid::mixture_from_ng_per_ml(c) })
            .collect();
        self.fluid.path_holds(&slugs);
    }

    /// The order in force from now on, or the same order at a new step of its schedule. Judged for I6.
    pub fn order(&mut self, at: u64, order: Order) {
        order.judge(at, &self.device, self.fluid.reservoir_mixture(), &mut self.findings);
        self.flow.order(at, &order, &self.device, &mut self.findings);
        self.dose.order(at, &order, &self.device);
        self.order = Some(order);
    }

    /// A signed prime: until when, its volume in nL and its mass per drug in fg, apart from the ceilings.
    pub fn prime_allowed(&mut self, at: u64, until: u64, volume_nl: u64, mass_fg: [u64; DRUGS]) {
        self.dose.prime(until, mass_fg);
        self.flow.asked((u64::MAX, at), volume_nl, until, true);
    }

    /// A single or periodic bolus, or any other ordered volume above the basal: from now until, nL. `id` is the bench's.
    pub fn volume_ordered(&mut self, at: u64, until: u64, id: u64, volume_nl: u64) {
        self.flow.look(at, &self.device, &mut self.findings);
        self.flow.asked((u64::MAX - 1, id), volume_nl, until, true);
    }
}

/// Motion: I1, I3, I4, I7, I9.
impl Auditor {
    /// The pump commanded one stroke.
    pub fn stroke_commanded(&mut self, at: u64) {
        self.records.commanded += 1;
        self.terminals.commanded(at, &mut self.findings);
        self.flow.commanded(at, &self.device, &mut self.findings);
    }

    /// The rotor gave an edge, true or false.
    pub fn edge(&mut self, at: u64) {
        self.records.edge(at);
        self.flow.edge();
    }

    /// The rotor truly moved this volume in pL, upon a command or without one.
    pub fn moved(&mut self, at: u64, volume_pl: u64, commanded: bool) {
        let mass_zg = self.fluid.push(volume_pl);
        for (sum, mass) in self.delivered_zg.iter_mut().zip(mass_zg).filter(|(_, mass)| *mass > 0) {
            *sum += u128::from(mass);
        }
        self.dose.stroke(at, volume_pl, mass_zg, &mut self.findings);
        if commanded {
            self.records.moved(at);
            self.flow.stroke(at, &self.device, &mut self.findings);
        }
    }

    /// The drive's enable line changed.
    pub fn drive_enable(&mut self, at: u64, on: bool) {
        self.terminals.enable(at, on, &mut self.findings);
    }

    /// The level of the ladder that an alarm put the pump on, as told by the pump.
    pub fn level(&mut self, at: u64, level: Level) {
        self.flow.level(at, level, &self.device, &mut self.findings);
    }

    /// A reason for which therapy need not go on begins or ends. `Stopped` is judged at the enable line too.
    pub fn hold(&mut self, at: u64, hold: Hold, on: bool) {
        self.flow.hold(at, hold, on, &self.device, &mut self.findings);
        if hold == Hold::StrongField && on {
            self.records.field_came();
        }
        if hold == Hold::Stopped {
            self.terminals.stopped(at, on, &mut self.findings);
        }
    }

    /// Time passed and nothing else: shortfall and the enable line are judged up to now. The bench calls it at least hourly.
    pub fn look(&mut self, at: u64) {
        self.flow.look(at, &self.device, &mut self.findings);
        self.terminals.look(at, &mut self.findings);
    }
}

/// Requests and orders on the radio: I2, I3, I4, I6, I10.
impl Auditor {
    /// A patient asked for a bolus; asking again with the same id is one request.
    pub fn bolus_asked(&mut self, at: u64, id: RequestId) {
        self.flow.look(at, &self.device, &mut self.findings);
        let first = self.requests.asked(id);
        if let Some(rule) = self.order.as_ref().and_then(|o| o.bolus) {
            let until = at + rule.duration_ms + rule.duration_ms / 10 + BOLUS_LATE_MAX_MS;
            self.flow.asked(id, rule.volume_nl, until, first);
        }
    }

    /// An answer to a bolus request was heard.
    pub fn bolus_answered(&mut self, at: u64, id: RequestId, answer: Answer) {
        let rule = self.order.as_ref().and_then(|o| o.bolus);
        self.requests.answered(at, id, answer, rule, &mut self.findings);
        match answer {
            Answer::Refused { .. } => self.flow.refused(id),
            Answer::Granted { .. } => {}
        }
    }

    /// A bolus start was found in the journal under this record number.
    pub fn bolus_recorded(&mut self, at: u64, id: RequestId, record: u64, start_pump_ms: u64) {
        let rule = self.order.as_ref().and_then(|o| o.bolus);
        self.requests.recorded(at, id, record, start_pump_ms, rule, &mut self.findings);
    }

    /// The pump granted a bolus for the first time at this moment. A level that forbids boluses judges it.
    pub fn bolus_granted_now(&mut self, at: u64, id: RequestId) {
        if self.flow.level_now() >= Level::NoPatientBolus {
            self.findings.add(
                Invariant::I4,
                at,
                "a patient bolus was granted on a level of the ladder that permits none",
                &[("peer", i128::from(id.0)), ("id", i128::from(id.1)), ("level", self.flow.level_now() as i128)],
            );
        }
    }

    /// An order was proposed and the pump answered with this digest.
    pub fn order_proposed(&mut self, at: u64, digest: Digest) {
        self.program.proposed(at, digest);
    }

    /// The pump accepted a commit.
    pub fn order_committed(&mut self, at: u64, commit: Commit) {
        self.program.committed(at, commit, &mut self.findings);
    }

    /// An interrogation or the stored order showed that this order runs.
    pub fn order_running(&mut self, at: u64, digest: Digest) {
        self.program.running(at, digest, &mut self.findings);
    }

    /// A spoiled frame (replayed, reordered, altered, cut) was given to the pump; digests of all that a frame can change,
    /// before and after.
    pub fn frame_spoiled(&mut self, at: u64, before: Digest, after: Digest) {
        if before != after {
            self.findings.add(Invariant::I10, at, "a spoiled frame changed the pump", &[]);
        }
    }
}

/// Clock, alarms, restarts, counts: I5, I8, I11, I12.
impl Auditor {
    /// An oscillator begins or ceases to run wrong.
    pub fn oscillator_wrong(&mut self, at: u64, on: bool) {
        self.terminals.oscillator_wrong(at, on, &self.device);
        self.flow.oscillator_wrong(at, on, &self.device, &mut self.findings);
    }

    /// A reading of the pump's monotonic time, ms.
    pub fn tick(&mut self, at: u64, pump_ms: u64) {
        self.terminals.tick(at, pump_ms, &self.device, &mut self.findings);
    }

    /// The pump restarted.
    pub fn restarted(&mut self, at: u64) {
        self.records.restarted();
        self.terminals.restarted(at, &self.device);
        self.flow.restarted(&self.device);
        self.look(at);
    }

    /// An alarm's record is durable in the journal.
    pub fn alarm_logged(&mut self, alarm: u32) {
        self.records.alarm_logged(alarm);
    }

    /// An alarm's condition ended; the next time it needs a new record.
    pub fn alarm_ended(&mut self, alarm: u32) {
        self.records.alarm_ended(alarm);
    }

    /// An alarm sounded, or was told on the radio.
    pub fn alarm_heard(&mut self, at: u64, alarm: u32) {
        self.records.alarm_heard(at, alarm, &mut self.findings);
    }

    /// The pump's totals as read out, judged for I5.
    pub fn totals_read(&mut self, at: u64, told: PumpTotals) {
        self.records.balance(at, told, self.device.stroke_nl, &mut self.findings);
    }

    /// Strokes the pump counts as given (confirmed or not) since birth, judged for I12.
    pub fn strokes_counted(&mut self, at: u64, counted: u64) {
        self.records.counted(at, counted, &mut self.findings);
    }
}

/// What the judge knows.
impl Auditor {
    /// What it found.
    pub const fn findings(&self) -> &Findings {
        &self.findings
    }

    /// Its own ledger.
    pub const fn fluid(&self) -> &Fluid {
        &self.fluid
    }

    /// Mass of each drug that left the tip since birth, fg, rounded down.
    pub fn delivered_fg(&self) -> [u128; DRUGS] {
        self.delivered_zg.map(|zg| zg / ZG_PER_FG)
    }

    /// Commanded strokes that truly moved since birth.
    pub const fn strokes_moved(&self) -> u64 {
        self.records.moved
    }
}
