//! Reading: what the pump tells of itself, for the status that people and programs read.

use orders::alarm::Level;
use orders::{
    AlarmId, DeviceProfile, Drug, Duration, FlowRate, Instant, Ledger, Mass, Prescription, Reason, Volume, WallTime,
};

use crate::alarms::Alarms;
use crate::battery::Battery;
use crate::bolus::{Delivery, Source};
use crate::controller::{Bridging, HourTotal, Hours, Pump, Strokes};
use crate::drive;
use crate::guard::Cut;
use crate::journal::Journal;
use crate::reservoir::Remaining;
use crate::transitions::State;
use crate::windows::Window;

/// What is being given on top of the basal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Extra {
    /// A bolus or a prime.
    Bolus(Source),
    /// The old drug is being run out.
    Bridge,
}

/// State at a moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Status {
    /// The pump's time.
    pub now: Instant,
    /// What people's clocks show, while that is trusted.
    pub wall: Option<WallTime>,
    /// What the pump is doing.
    pub state: State,
    /// The rung that runs.
    pub level: Level,
    /// The running order's number; 0 for none.
    pub order: u64,
    /// The ledger's number.
    pub ledger: u32,
    /// The number of the last dose on top of the basal.
    pub last_dose: u64,
    /// The basal flow now.
    pub flow: FlowRate,
    /// What is being given on top of it: ordered and confirmed.
    pub extra: Option<(Extra, Volume, Volume)>,
    /// What is left in the reservoir.
    pub left: Remaining,
    /// How long until a refill is due, on the worst case.
    pub refill_in: Option<Duration>,
    /// Patient boluses begun in the past 24 h.
    pub boluses: u8,
    /// Before this a patient bolus will be refused; nothing where time alone changes nothing or none is needed.
    pub bolus_not_before: Option<Instant>,
    /// The step of the ramp, where one runs.
    pub ramp_step: Option<u8>,
}

impl Pump {
    /// Everything at this moment.
    pub fn status(&mut self, raw: u64) -> Status {
        let now = self.now(raw);
        let allotment = self.order.and_then(|order| order.patient_bolus).map_or(0, |bolus| bolus.allotment);
        let not_before = |check: Result<(), orders::Refusal>| check.err().and_then(|refusal| refusal.not_before);
        let guards = [
            not_before(self.boluses.check_hold(now)),
            not_before(self.boluses.check_lockout(now)),
            not_before(self.boluses.check_allotment(now, allotment)).filter(|_| allotment > 0),
        ];
        Status {
            now,
            wall: self.clocks.wall(now),
            state: self.state,
            level: self.level,
            order: self.order.map_or(0, |order| order.order_number),
            ledger: self.path.number(),
            last_dose: self.last_dose,
            flow: self.flow,
            extra: self.extra_now(),
            left: Remaining::of(&self.path),
            refill_in: self.outlook(now).and_then(|outlook| outlook.refill_by),
            boluses: self.boluses.recent(now),
            bolus_not_before: guards.into_iter().flatten().max(),
            ramp_step: self.order.and_then(|order| order.ramp).map(|_| self.program.ramp_step()),
        }
    }

    fn extra_now(&self) -> Option<(Extra, Volume, Volume)> {
        let stroke = self.path.device.stroke;
        let of =
            |delivery: Delivery| (Extra::Bolus(delivery.source), delivery.volume(stroke), delivery.delivered(stroke));
        let bridge = |bridging: Bridging| {
            let confirmed = self.strokes.confirmed.saturating_sub(bridging.confirmed_from);
            (Extra::Bridge, bridging.bridge.switch(), stroke.saturating_mul(u64::from(confirmed)))
        };
        self.extra.or(self.periodic).map(of).or_else(|| self.bridging.map(bridge))
    }

    /// What this pump's model can do.
    pub const fn device(&self) -> &DeviceProfile {
        &self.path.device
    }

    /// The prescription that runs.
    pub const fn order(&self) -> Option<&Prescription> {
        self.order.as_ref()
    }

    /// What lies where from reservoir to tip.
    pub const fn ledger(&self) -> &Ledger {
        self.path.ledger()
    }

    /// The catheter as declared.
    pub const fn catheter(&self) -> Volume {
        self.path.catheter()
    }

    /// What the pump is doing.
    pub const fn state(&self) -> State {
        self.state
    }

    /// The rung that runs.
    pub const fn level(&self) -> Level {
        self.level
    }

    /// The alarms.
    pub const fn alarms(&self) -> &Alarms {
        &self.alarms
    }

    /// The cell.
    pub const fn battery_state(&self) -> &Battery {
        &self.battery
    }

    /// What the drive is like.
    pub const fn drive_state(&self) -> drive::State {
        self.drive.state()
    }

    /// Why the guard cut the drive, if it did.
    pub const fn guard_cut(&self) -> Option<Cut> {
        self.guard.cut()
    }

    /// The ring's arithmetic, for reading the journal.
    pub const fn journal(&self) -> &Journal {
        &self.journal
    }

    /// A reader has all journal records up to this one.
    pub fn journal_read(&mut self, raw: u64, number: u32) {
        let now = self.now(raw);
        self.journal.read_up_to(number, now);
        if self.journal.loss().is_none() {
            self.over(now, AlarmId::JournalLoss);
        }
    }

    /// What the ceilings count of a drug in a window, unconfirmed strokes with it.
    pub fn charged(&self, drug: Drug, window: Window) -> Mass {
        self.ceilings.given(drug, window)
    }

    /// Strokes since birth.
    pub const fn strokes(&self) -> Strokes {
        self.strokes
    }

    /// The number of the last dose on top of the basal.
    pub const fn last_dose(&self) -> u64 {
        self.last_dose
    }

    /// What one hour gave, if it is still held. `hour` counts whole hours from birth.
    pub fn hour(&self, hour: u32) -> Option<HourTotal> {
        self.hours.of(hour)
    }

    /// The open hour's number.
    pub const fn hour_number(&self) -> u32 {
        self.hours.number
    }

    /// Whether the stored state was verified since the last restart.
    pub const fn is_verified(&self) -> bool {
        self.verified
    }

    /// What one stroke moves.
    pub const fn stroke_volume(&self) -> Volume {
        self.path.device.stroke
    }

    /// The words of the first reason for which nothing is given now, if nothing is.
    pub fn idle_reason(&self) -> Option<Reason> {
        match self.state {
            State::Running | State::Resting | State::Emergency => None,
            State::Fresh | State::Stopped => Some(Reason::Stopped),
            State::Empty => Some(Reason::ReservoirEmpty),
            State::Lost => Some(Reason::StateLost),
        }
    }
}

impl Hours {
    fn of(&self, hour: u32) -> Option<HourTotal> {
        let length = u32::try_from(self.ring.len()).unwrap_or(u32::MAX);
        let is_held = hour <= self.number && self.number.saturating_sub(hour) < length;
        let place = usize::try_from(hour.checked_rem(length)?).ok()?;
        self.ring.get(place).copied().filter(|_| is_held)
    }
}
