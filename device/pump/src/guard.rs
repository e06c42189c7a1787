//! The guard: a second, simple watcher with its own count, its own clock and one act, which is to cut the drive.
//!
//! It answers for one sentence: if the controller is wrong in every way, what can still flow is a number that a
//! clinician signed. It is told of commands, rotor edges and the strong field by whoever reads the pins, counts whole
//! strokes, and holds the enable line. Why a stroke was commanded, what drug it held and whether the patient needs it
//! it does not know.
//!
//! It stands alone: it imports nothing but its own records, holds plain integers and its own check sum, and takes its time
//! from the second oscillator, so that no mistake of controller, ceilings or quantity arithmetic can be its mistake too.
//! Only a second oscillator that stands still altogether measures nothing: windows that never close would then cut a drive
//! that gives no more than it should, and a cut is a stop. The guard sees that for itself and goes on by the first.
//!
//! Terms. *Order part*: the few numbers of the order that the guard keeps in its own stored record. *Running volume*:
//! what moved in the open hour and the 24 hours before it; a part hour counts whole, so the span is 24 h to 25 h and
//! whoever makes the order part allows for the 25th hour. *Speed*: what moved in the open minute and the 15 before it.
//! *Cut*: the enable line is false, and stays false through restarts until a clinician re-enables it at the patient.
//!
//! ```text
//!                  excess, over-speed, edges nobody commanded
//!   Enabled ───────────────────────────────────────────────▶ Cut(cause)
//!      ▲                                                        │
//!      └── re_enable: clinician, presence, cause tested false ──┘      no order part: not enabled, nothing to latch
//! ```

mod record;
mod verdict;

pub use verdict::{Cut, NotArmed, Restart, StillCut};

use record::{clip, opened, put, put_words, seal, word};

/// Closed hours that count beside the open one.
const HOURS: usize = 24;
/// Closed minutes that count beside the open one.
const MINUTES: usize = 15;
const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 86_400_000;
/// How long an armed prime may be used. A prime takes minutes; what is armed longer was forgotten.
const PRIME_LAPSE_MS: u64 = 7_200_000;
/// An edge this long after a command is not that command's edge: all restarts of one stroke take some seconds.
const COMMAND_LAPSE_MS: u64 = 60_000;
/// After the field has gone the rotor may settle by an edge or two; edges persist if they come later than this.
const SETTLE_MS: u64 = 60_000;
/// Edges without a command, outside the field and within 15 minutes, that are one knock and not a drive that runs.
const STRAY_MAX: u32 = 2;
/// A stray edge older than this no longer belongs to the same event.
const STRAY_SPAN_MS: u64 = 900_000;
/// How often the guard wants its state stored while time passes: the most of a window's time that a restart repeats.
const STORE_EVERY_MS: u64 = 900_000;
/// The second oscillator stands still if it has not counted at all while the first counted so much. The first alone is
/// believed for no longer than this at a time: a leap of it closes no windows.
const STILL_MS: u64 = 600_000;

/// The guard's share of an order, in its own record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OrderPart {
    /// The commit that this part belongs to; the same number stands in prescription, fall-back and ledger.
    pub commit: u32,
    /// One stroke, in nL.
    pub stroke_nl: u32,
    /// Most that may move in any 25 hours, primes apart, in nL.
    pub running_nl: u32,
    /// Most that may move in any 16 minutes, primes apart, in nL.
    pub speed_nl: u32,
    /// Most that one prime may move, in nL; nothing if no prime may be armed.
    pub prime_nl: u32,
}

impl OrderPart {
    /// Bytes of the stored part.
    pub const BYTES: usize = 24;

    /// The part as it is stored, check sum last.
    pub fn encode(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0u8; Self::BYTES];
        let words = [self.commit, self.stroke_nl, self.running_nl, self.speed_nl, self.prime_nl];
        put_words(&mut bytes, &words);
        seal(&mut bytes);
        bytes
    }

    /// The part that was stored; `None` if it is damaged or no drive could keep it.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let body = opened(bytes, Self::BYTES)?;
        let part = Self {
            commit: word(body, 0)?,
            stroke_nl: word(body, 4)?,
            running_nl: word(body, 8)?,
            speed_nl: word(body, 12)?,
            prime_nl: word(body, 16)?,
        };
        if part.stroke_nl == 0 { None } else { Some(part) }
    }

    /// A volume in whole strokes, rounded down: the guard never allows a part of a stroke more.
    fn strokes(&self, volume_nl: u32) -> u32 {
        volume_nl.checked_div(self.stroke_nl).unwrap_or(0)
    }
}

/// The second watcher.
#[derive(Clone, Debug)]
pub struct Guard {
    part: Option<OrderPart>,
    cut: Option<Cut>,
    /// Latest reading of the second oscillator.
    at_ms: u64,
    /// Latest reading of the first, and what it has counted since the second one last moved.
    first_ms: u64,
    still_ms: u64,
    /// Time since the open minute and the open hour began.
    minute_ms: u64,
    hour_ms: u64,
    /// Strokes of the open minute, then of the closed ones, newest first; their sum with the open one.
    minutes: [u32; MINUTES],
    minute: u32,
    speed: u32,
    hours: [u32; HOURS],
    hour: u32,
    running: u32,
    /// Commands whose edge is awaited, and the age of the last.
    awaited: u32,
    command_ms: u64,
    field: bool,
    /// Time since the field went; saturates.
    field_gone_ms: u64,
    stray: u32,
    stray_ms: u64,
    /// Strokes left to the armed prime, and time since it was armed; `DAY_MS` at most, which is "long ago".
    prime_left: u32,
    prime_ms: u64,
    store_ms: u64,
    store_due: bool,
}

impl Guard {
    /// Bytes of the stored state.
    pub const STATE_BYTES: usize = 88;

    /// The guard of a pump at its birth: no order part, so the drive is not enabled.
    pub const fn new(second_ms: u64) -> Self {
        Self {
            part: None,
            cut: None,
            at_ms: second_ms,
            // None yet: nothing lies before the first reading.
            first_ms: u64::MAX,
            still_ms: 0,
            minute_ms: 0,
            hour_ms: 0,
            minutes: [0; MINUTES],
            minute: 0,
            speed: 0,
            hours: [0; HOURS],
            hour: 0,
            running: 0,
            awaited: 0,
            command_ms: COMMAND_LAPSE_MS,
            field: false,
            field_gone_ms: DAY_MS,
            stray: 0,
            stray_ms: STRAY_SPAN_MS,
            prime_left: 0,
            prime_ms: DAY_MS,
            store_ms: 0,
            store_due: true,
        }
    }

    /// Whether the drive may have power.
    pub const fn enabled(&self) -> bool {
        self.cut.is_none() && self.part.is_some()
    }

    /// Why the drive is cut, if it is.
    pub const fn cut(&self) -> Option<Cut> {
        self.cut
    }

    /// The order part that is kept.
    pub const fn part(&self) -> Option<OrderPart> {
        self.part
    }

    /// Strokes charged in the open hour and the 24 before it, primes apart.
    pub const fn running_strokes(&self) -> u32 {
        self.running
    }

    /// Takes the part of a committed order. What moved stays counted, and a cut stays cut.
    pub fn set_part(&mut self, part: OrderPart) {
        self.part = if part.stroke_nl == 0 { None } else { Some(part) };
        self.judge();
    }

    /// Takes the order away: the drive is not enabled.
    pub fn clear_part(&mut self) {
        self.part = None;
    }

    /// Time passed, and both oscillators were read: the first only to see whether the second counts at all.
    pub fn clocks(&mut self, second_ms: u64, first_ms: u64) {
        let beside = first_ms.saturating_sub(self.first_ms);
        self.first_ms = first_ms;
        if second_ms != self.at_ms {
            self.still_ms = 0;
            return self.tick(second_ms);
        }
        //= requirements/guard.md#own-clock
        //# While the second oscillator stands still, the guard MUST count time by the first, so that a dead clock leads to the fall-back and not to a cut.
        if self.still_ms >= STILL_MS {
            self.pass(if beside < STILL_MS { beside } else { STILL_MS });
        }
        self.still_ms = self.still_ms.saturating_add(beside);
    }

    /// Time passed. Work is bounded by the number of buckets.
    pub fn tick(&mut self, second_ms: u64) {
        //= requirements/guard.md#own-clock
        //# The guard MUST take its time from the second oscillator alone, as long as that one counts at all.
        let elapsed = second_ms.saturating_sub(self.at_ms);
        self.at_ms = second_ms;
        self.pass(elapsed);
    }

    /// The driver commanded a stroke, or restarted one.
    pub fn command(&mut self, second_ms: u64) {
        self.tick(second_ms);
        self.awaited = self.awaited.saturating_add(1);
        self.command_ms = 0;
    }

    /// The rotor passed an edge: one whole stroke has moved.
    pub fn edge(&mut self, second_ms: u64) {
        self.tick(second_ms);
        //= requirements/guard.md#every-edge
        //# The guard MUST charge every rotor edge the driver tells, commanded or not.
        self.charge(1);
        if self.awaited > 0 {
            self.awaited = self.awaited.saturating_sub(1);
        } else {
            self.stray_edge();
        }
        self.judge();
    }

    /// The strong field came or went.
    pub fn field(&mut self, second_ms: u64, strong: bool) {
        self.tick(second_ms);
        if self.field && !strong {
            self.field_gone_ms = 0;
            self.stray = 0;
        }
        self.field = strong;
    }

    /// Arms the one-shot volume of a prime.
    ///
    /// # Errors
    /// [`NotArmed`]; nothing changed.
    pub fn arm_prime(&mut self, second_ms: u64, volume_nl: u32) -> Result<(), NotArmed> {
        self.tick(second_ms);
        let part = match (self.cut, self.part) {
            (None, Some(part)) => part,
            (Some(_), _) | (None, None) => return Err(NotArmed::Disabled),
        };
        //= requirements/guard.md#prime-armed-once
        //# A prime volume MUST be armed at most once in 24 h, used once, and lapse two hours after it was armed.
        if self.prime_ms < DAY_MS {
            return Err(NotArmed::ArmedToday);
        }
        if volume_nl == 0 || volume_nl > part.prime_nl {
            return Err(NotArmed::TooMuch);
        }
        self.prime_left = part.strokes(volume_nl);
        self.prime_ms = 0;
        self.store_due = true;
        Ok(())
    }

    /// The prime has ended or was given up; what is left of it is gone.
    pub fn disarm_prime(&mut self) {
        self.prime_left = 0;
        self.store_due = true;
    }

    /// Strokes left to the armed prime.
    pub const fn prime_left(&self) -> u32 {
        self.prime_left
    }

    /// Lets the drive have power again.
    ///
    /// # Errors
    /// [`StillCut`]; nothing changed.
    pub fn re_enable(&mut self, second_ms: u64, clinician: bool, presence: bool) -> Result<(), StillCut> {
        self.tick(second_ms);
        if !clinician || !presence {
            return Err(StillCut::NotAllowed);
        }
        if self.excess().is_some() {
            return Err(StillCut::CauseStands);
        }
        self.cut = None;
        self.stray = 0;
        self.awaited = 0;
        self.store_due = true;
        Ok(())
    }

    /// Whether the state should be stored now: after a cut, a prime armed or used, a closed hour, a quarter of an hour.
    pub const fn store_due(&self) -> bool {
        self.store_due
    }

    fn charge(&mut self, strokes: u32) {
        let primed = if strokes < self.prime_left { strokes } else { self.prime_left };
        if primed > 0 {
            self.prime_left = self.prime_left.saturating_sub(primed);
            self.store_due = self.store_due || self.prime_left == 0;
        }
        let rest = strokes.saturating_sub(primed);
        self.minute = self.minute.saturating_add(rest);
        self.speed = self.speed.saturating_add(rest);
        self.hour = self.hour.saturating_add(rest);
        self.running = self.running.saturating_add(rest);
    }

    /// An edge that no command explains. In the field the magnet turns the rotor, and for a moment after it the rotor
    /// settles; that is charged and no more. Outside it, one knock is forgiven and a drive that goes on is cut.
    fn stray_edge(&mut self) {
        if self.field || self.field_gone_ms < SETTLE_MS {
            return;
        }
        if self.stray_ms >= STRAY_SPAN_MS {
            self.stray = 0;
        }
        if self.stray == 0 {
            self.stray_ms = 0;
        }
        self.stray = self.stray.saturating_add(1);
        //= requirements/guard.md#every-edge
        //# Edges without a command MUST cut the drive's enable only if they persist after the strong field has gone.
        if self.stray > STRAY_MAX {
            self.latch(Cut::Uncommanded);
        }
    }

    /// Cuts if any window holds more than the order part allows.
    fn judge(&mut self) {
        if let Some(cause) = self.excess() {
            self.latch(cause);
        }
    }

    fn excess(&self) -> Option<Cut> {
        let part = self.part?;
        //= requirements/guard.md#running-volume
        //# The guard MUST cut the drive's enable when the volume it has counted exceeds the running volume ceiling of its stored order part.
        if self.running > part.strokes(part.running_nl) {
            return Some(Cut::RunningVolume);
        }
        //= requirements/guard.md#over-speed
        //# The guard MUST cut the drive's enable when more volume than its over-speed limit has moved within 15 minutes.
        if self.speed > part.strokes(part.speed_nl) {
            return Some(Cut::OverSpeed);
        }
        None
    }

    /// The first cause stays: it is what the clinician has to know.
    fn latch(&mut self, cause: Cut) {
        if self.cut.is_none() {
            self.cut = Some(cause);
            self.store_due = true;
        }
    }

    fn pass(&mut self, elapsed: u64) {
        self.command_ms = self.command_ms.saturating_add(elapsed);
        if self.command_ms >= COMMAND_LAPSE_MS {
            self.awaited = 0;
        }
        if !self.field {
            self.field_gone_ms = self.field_gone_ms.saturating_add(elapsed);
        }
        self.stray_ms = self.stray_ms.saturating_add(elapsed);
        self.prime_ms = self.prime_ms.saturating_add(elapsed);
        if self.prime_left > 0 && self.prime_ms >= PRIME_LAPSE_MS {
            self.disarm_prime();
        }
        self.store_ms = self.store_ms.saturating_add(elapsed);
        if self.store_ms >= STORE_EVERY_MS {
            self.store_due = true;
        }
        self.minute_ms = self.minute_ms.saturating_add(elapsed);
        if self.minute_ms >= MINUTE_MS {
            let closed = self.minute_ms / MINUTE_MS;
            self.minute_ms %= MINUTE_MS;
            let gone = close(&mut self.minutes, &mut self.minute, closed);
            self.speed = self.speed.saturating_sub(gone);
        }
        self.hour_ms = self.hour_ms.saturating_add(elapsed);
        if self.hour_ms >= HOUR_MS {
            let closed = self.hour_ms / HOUR_MS;
            self.hour_ms %= HOUR_MS;
            let gone = close(&mut self.hours, &mut self.hour, closed);
            self.running = self.running.saturating_sub(gone);
            self.store_due = true;
        }
    }

    /// The state as it is stored, check sum last, with the strokes that the dose record counts at this moment. The speed
    /// minutes are not in it: across a restart the running volume is the bound.
    pub fn encode(&mut self, record_strokes: u32) -> [u8; Self::STATE_BYTES] {
        let mut bytes = [0u8; Self::STATE_BYTES];
        let prime_minutes = clip(self.prime_ms.div_ceil(MINUTE_MS));
        let (at_high, at_low) = (clip(self.at_ms >> 32), clip(self.at_ms & 0xffff_ffff));
        let cause = match self.cut {
            None => 0,
            Some(cause) => cause.code(),
        };
        let words = [
            at_high,
            at_low,
            record_strokes,
            clip(self.hour_ms),
            self.hour,
            self.prime_left,
            prime_minutes,
            u32::from(cause),
        ];
        put_words(&mut bytes, &words);
        let mut at = 32usize;
        for strokes in self.hours {
            let short = u16::try_from(strokes).unwrap_or(u16::MAX);
            put(&mut bytes, at, &short.to_le_bytes());
            at = at.saturating_add(2);
        }
        seal(&mut bytes);
        self.store_ms = 0;
        self.store_due = false;
        bytes
    }

    /// The guard after a restart, with its order part from its own record.
    ///
    /// A state that cannot be read is a guard that does not know what moved: it is cut, and a clinician decides.
    pub fn restore(state: &[u8], part: Option<OrderPart>, restart: Restart) -> Self {
        let (mut guard, stored_strokes) = match Self::decode(state) {
            Some(stored) => stored,
            None => (Self { cut: Some(Cut::StateLost), prime_ms: 0, ..Self::new(restart.second_ms) }, u32::MAX),
        };
        guard.part = part;
        if restart.counter_kept {
            guard.tick(restart.second_ms);
        } else {
            guard.at_ms = restart.second_ms;
        }
        if let Some(strokes) = restart.strokes {
            guard.charge(strokes.saturating_sub(stored_strokes));
        }
        guard.judge();
        guard.store_due = true;
        guard
    }

    fn decode(state: &[u8]) -> Option<(Self, u32)> {
        let body = opened(state, Self::STATE_BYTES)?;
        let at_ms = (u64::from(word(body, 0)?) << 32) | u64::from(word(body, 4)?);
        let mut guard = Self::new(at_ms);
        let stored_strokes = word(body, 8)?;
        guard.hour_ms = u64::from(word(body, 12)?);
        guard.hour = word(body, 16)?;
        guard.prime_left = word(body, 20)?;
        // Rounded up when stored: take one minute off, so that a restart never shortens the day of a prime.
        guard.prime_ms = u64::from(word(body, 24)?).saturating_sub(1).saturating_mul(MINUTE_MS);
        guard.cut = match word(body, 28)? {
            0 => None,
            code => Some(u8::try_from(code).ok().and_then(Cut::from_code)?),
        };
        guard.running = guard.hour;
        let mut at = 32usize;
        for strokes in &mut guard.hours {
            let bytes = body.get(at..at.checked_add(2)?)?;
            *strokes = u32::from(u16::from_le_bytes(bytes.try_into().ok()?));
            guard.running = guard.running.saturating_add(*strokes);
            at = at.checked_add(2)?;
        }
        Some((guard, stored_strokes))
    }
}

/// Closes the open bucket and so many empty ones after it; what fell out of the window.
fn close<const N: usize>(closed: &mut [u32; N], open: &mut u32, times: u64) -> u32 {
    let mut gone = 0u32;
    let mut left = times;
    while left > 0 {
        let newest = *open;
        *open = 0;
        let mut carried = newest;
        for bucket in closed.iter_mut() {
            core::mem::swap(bucket, &mut carried);
        }
        gone = gone.saturating_add(carried);
        left = left.saturating_sub(1);
        // After N closings every bucket is empty, and closing more changes nothing.
        if closed.iter().all(|bucket| *bucket == 0) {
            break;
        }
    }
    gone
}
