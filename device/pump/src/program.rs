//! The basal program: which flow the running order gives now, and what it remembers to answer that.
//!
//! It puts together mode, day schedule, ramp and periodic boluses. The order itself is not kept here but passed in. What
//! has accrued at the flow is `basal`'s account; whether any of it may be given is `ceilings`'; stops, fall-back and
//! bridges, which set the program aside, are `controller`'s.
//!
//! A ramp scales the flow, rounded down, and never periodic boluses; the minimum rate is not scaled.

use orders::prescription::Mode;
use orders::{Duration, FlowRate, Instant, Prescription, Volume, WallTime};

use crate::calendar::{Heaviest, Setting, flow_at, highest_volume, lowest_mean, next_half_hour};
use crate::periodic::PeriodicState;
use crate::ramp::RampState;

/// The format's number in the stored state.
const FORMAT: u8 = 2;

/// What the basal program remembers beside the order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Program {
    ramp: RampState,
    periodic: PeriodicState,
    setting: Option<Setting>,
}

impl Program {
    /// Bytes of the stored state. The record it lies in has the check sum.
    pub const BYTES: usize = 51;

    /// An order begins: its ramp before the first step, its first periodic bolus ahead, and no nearer to the last one of the
    /// order before than its own interval. A clock setting that still has its effect keeps it, for the same night may stand
    /// in both orders.
    pub fn start(&mut self, now: Instant, order: &Prescription) {
        self.ramp = RampState::start(now);
        self.periodic.start(now, order);
    }

    /// Takes ramp steps that are due, leaves out periodic boluses that were not given in their time, and ends the rule
    /// of a clock setting that has done its work.
    pub fn advance(&mut self, now: Instant, order: &Prescription) {
        self.ramp.advance(now, order);
        self.periodic.advance(now, order);
        if self.setting.is_some_and(|setting| setting.is_over(now)) {
            self.setting = None;
        }
    }

    /// The flow that the order gives now.
    //= requirements/delivery.md#ordered-rate
    //# The pump MUST deliver at each time the basal rate that the order's mode, day schedule, weekday set and ramp give for that time.
    pub fn flow(&self, now: Instant, order: &Prescription, wall: Option<WallTime>, minimum_rate: FlowRate) -> FlowRate {
        let share = self.ramp.share(order);
        match &order.mode {
            Mode::MinimumRate => minimum_rate,
            Mode::Continuous(flow) => flow.share_floor(share),
            Mode::PeriodicBolus(periodic) => periodic.background.share_floor(share),
            Mode::Schedule(schedule) => match (wall, &self.setting) {
                (None, _) => lowest_mean(schedule),
                (Some(wall), None) => flow_at(schedule, wall),
                (Some(wall), Some(setting)) => setting.flow(now, schedule, wall),
            }
            .share_floor(share),
        }
    }

    /// The next time at which the flow may change by itself: a half hour of the schedule, the end of the rule of a
    /// clock setting, or a ramp step that waits for nobody. `None` if it never does.
    pub fn next_change(&self, now: Instant, order: &Prescription, wall: Option<WallTime>) -> Option<Instant> {
        let step = self.ramp.next_due(order).filter(|due| *due > now);
        let is_scheduled = matches!(order.mode, Mode::Schedule(_));
        let wall = wall.filter(|_| is_scheduled);
        let half_hour = wall.map(|wall| next_half_hour(now, wall));
        let rule = wall.and(self.setting).and_then(|setting| setting.next_change(now));
        [step, half_hour, rule].into_iter().flatten().min()
    }

    /// The wall clock is set from `old`, if that was trusted, to `new`.
    pub fn clock_set(&mut self, now: Instant, old: Option<WallTime>, new: WallTime) {
        if old != Some(new) {
            self.setting = Some(Setting::after(self.setting, now, old));
        }
    }

    /// Whether a clock setting still makes the lower of two flows run.
    pub const fn is_clock_rule_running(&self) -> bool {
        self.setting.is_some()
    }

    /// A contact with the patient is recorded.
    pub fn contact(&mut self, now: Instant) {
        self.ramp.contact(now);
    }

    /// Whether an upward step is due and held for want of a contact.
    pub fn ramp_waits(&self, now: Instant, order: &Prescription) -> bool {
        self.ramp.waits(now, order)
    }

    /// Ramp steps taken since the order began.
    pub const fn ramp_step(&self) -> u8 {
        self.ramp.step
    }

    /// When the next periodic bolus is due; in the past, if it is due and still in its time. `None` if the order has
    /// none.
    pub fn periodic_due(&self, order: &Prescription) -> Option<Instant> {
        self.periodic.due(order)
    }

    /// A periodic bolus starts now.
    pub fn periodic_started(&mut self, now: Instant, order: &Prescription) {
        self.periodic.started(now, order);
    }

    /// The most that basal and periodic boluses may give from `from` to `to`, rounded up. It knows nothing of the wall
    /// clock, so that no setting makes it untrue: for a schedule, the most of any such span of the week.
    pub fn upper_volume(&self, from: Instant, to: Instant, order: &Prescription, minimum_rate: FlowRate) -> Volume {
        self.upper_volume_by(None, from, to, order, minimum_rate)
    }

    /// The same or somewhat more, at a fraction of the work: from the sums of the order's schedule, if it has one.
    pub fn upper_volume_by(
        &self,
        heaviest: Option<&Heaviest>,
        from: Instant,
        to: Instant,
        order: &Prescription,
        minimum_rate: FlowRate,
    ) -> Volume {
        let span = to.since(from);
        let share = self.ramp.highest_share(to, order);
        let basal = match &order.mode {
            Mode::MinimumRate => minimum_rate.volume_ceil(span),
            Mode::Continuous(flow) => flow.share_floor(share).volume_ceil(span),
            Mode::PeriodicBolus(periodic) => periodic.background.share_floor(share).volume_ceil(span),
            Mode::Schedule(schedule) => heaviest
                .and_then(|heaviest| heaviest.volume(share, span))
                .unwrap_or_else(|| highest_volume(schedule, share, span)),
        };
        basal.saturating_add(self.periodic.upper_volume(from, to, order))
    }

    /// The state as it is stored.
    pub fn encode(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0u8; Self::BYTES];
        let instant = |at: Option<Instant>| at.map(|at| at.get().to_le_bytes());
        let fields = [
            Some(self.ramp.since.get().to_le_bytes()),
            instant(self.ramp.contact),
            instant(self.periodic.next),
            instant(self.setting.map(|setting| setting.since)),
            self.setting.and_then(|setting| setting.old).map(i64::to_le_bytes),
            instant(self.periodic.last),
        ];
        let mut present = 0u8;
        let (head, body) = bytes.split_at_mut(3);
        for (bit, (place, field)) in body.chunks_exact_mut(8).zip(fields).enumerate() {
            if let Some(field) = field {
                present |= 1u8.checked_shl(u32::try_from(bit).unwrap_or(8)).unwrap_or(0);
                place.copy_from_slice(&field);
            }
        }
        head.copy_from_slice(&[FORMAT, present, self.ramp.step]);
        bytes
    }

    /// The state that was stored; `None` if it is of another format.
    pub fn decode(bytes: &[u8; Self::BYTES]) -> Option<Self> {
        let [FORMAT, present, step] = *bytes.first_chunk::<3>()? else { return None };
        let mut fields = [None; 6];
        for (bit, (place, field)) in bytes.get(3..)?.chunks_exact(8).zip(&mut fields).enumerate() {
            let mask = 1u8.checked_shl(u32::try_from(bit).ok()?)?;
            let raw = <[u8; 8]>::try_from(place).ok()?;
            *field = if present & mask == 0 { None } else { Some(raw) };
        }
        let [since, contact, next, set, old, last] = fields;
        let instant = |raw: [u8; 8]| Instant::new(u64::from_le_bytes(raw));
        Some(Self {
            ramp: RampState { step, since: instant(since?), contact: contact.map(instant) },
            periodic: PeriodicState { next: next.map(instant), last: last.map(instant) },
            setting: set.map(|set| Setting { since: instant(set), old: old.map(i64::from_le_bytes) }),
        })
    }
}

/// The most that basal and periodic boluses give in any 24 h at the end of the order's ramp or its beginning, whichever
/// is higher; rounded up.
pub fn daily_upper(order: &Prescription, minimum_rate: FlowRate) -> Volume {
    let day = Duration::from_days(1);
    let share = order.ramp.map_or(orders::Permille::new(1000), |ramp| ramp.highest());
    let basal = match &order.mode {
        Mode::MinimumRate => minimum_rate.volume_ceil(day),
        Mode::Continuous(flow) => flow.share_floor(share).volume_ceil(day),
        Mode::PeriodicBolus(periodic) => periodic.background.share_floor(share).volume_ceil(day),
        Mode::Schedule(schedule) => highest_volume(schedule, share, day),
    };
    basal.saturating_add(PeriodicState::daily_upper(order))
}
