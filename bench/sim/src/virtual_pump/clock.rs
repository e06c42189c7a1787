//! Wall time and speed to the pump's true time.
//!
//! Answers for a time that never goes back. A contact's time-outs are the pump's own: at 3,600 times its speed a session
//! would end within a blink of a person's eye. So while someone holds a programmer at the skin, and for two seconds of the
//! wall clock after every frame, time goes at most as fast as the wall clock; then it goes on at its speed.

use serde::{Deserialize, Serialize};

/// The fastest that time can go: a day in 0.9 s.
pub const SPEED_MAX: u32 = 100_000;

/// After a frame time goes at most at 1 for so long, ms of the wall clock.
pub const HOLD_MS: u64 = 2_000;

/// A point where both times are known, and how the true one goes from there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// Wall time, ms.
    pub wall: u64,
    /// True time, ms.
    pub now: u64,
    /// The speed asked for.
    pub speed: u32,
    /// Whether it is held to 1 by a frame or by presence.
    pub is_held: bool,
}

impl Anchor {
    fn pace(&self) -> u64 {
        u64::from(if self.is_held { self.speed.min(1) } else { self.speed })
    }
}

/// The clock.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    anchor: Anchor,
    /// Until when a frame holds it, wall time.
    held_until: u64,
    /// Whether presence holds it.
    presence: bool,
}

impl Clock {
    /// At true time 0.
    pub fn new(wall: u64, speed: u32) -> Self {
        Self {
            anchor: Anchor { wall, now: 0, speed: speed.min(SPEED_MAX), is_held: false },
            held_until: 0,
            presence: false,
        }
    }

    /// As it was kept, and the wall clock has gone on since. `reached` is the last true time that anything is known of.
    pub fn found(kept: Anchor, wall: u64, presence: bool, reached: u64) -> Self {
        let held_until = if kept.is_held && !presence { kept.wall.saturating_add(HOLD_MS) } else { 0 };
        let mut clock = Self { anchor: kept, held_until, presence };
        clock.pass(wall);
        clock.move_to(wall);
        clock.anchor.now = clock.anchor.now.max(reached);
        clock
    }

    /// True time at this wall time. A wall clock that goes back holds it still.
    pub fn now(&self, wall: u64) -> u64 {
        let passed = wall.saturating_sub(self.anchor.wall);
        self.anchor.now.saturating_add(passed.saturating_mul(self.anchor.pace()))
    }

    /// Brings the anchor to a wall time; whether the pace changed on the way.
    pub fn pass(&mut self, wall: u64) -> bool {
        if self.anchor.is_held && !self.presence && wall >= self.held_until {
            self.move_to(self.held_until.max(self.anchor.wall));
            self.anchor.is_held = false;
            self.move_to(wall);
            return true;
        }
        false
    }

    /// When the pace changes by itself, wall time.
    pub fn hold_ends(&self) -> Option<u64> {
        (self.anchor.is_held && !self.presence).then_some(self.held_until)
    }

    /// A frame came; whether the pace changed.
    pub fn frame(&mut self, wall: u64) -> bool {
        self.held_until = wall.saturating_add(HOLD_MS);
        self.hold(wall)
    }

    /// Presence came or went; whether the pace changed.
    pub fn presence(&mut self, wall: u64, is_here: bool) -> bool {
        self.presence = is_here;
        self.held_until = self.held_until.max(wall);
        if is_here { self.hold(wall) } else { self.pass(wall) }
    }

    fn hold(&mut self, wall: u64) -> bool {
        let changes = !self.anchor.is_held;
        self.move_to(wall);
        self.anchor.is_held = true;
        changes
    }

    /// From this wall time on it goes at another speed.
    pub fn set_speed(&mut self, wall: u64, speed: u32) {
        self.move_to(wall);
        self.anchor.speed = speed.min(SPEED_MAX);
    }

    /// True time was moved on by hand to `now`.
    pub fn moved_on(&mut self, wall: u64, now: u64) {
        self.move_to(wall);
        self.anchor.now = self.anchor.now.max(now);
    }

    fn move_to(&mut self, wall: u64) {
        self.anchor.now = self.now(wall);
        self.anchor.wall = self.anchor.wall.max(wall);
    }

    /// Wall time at which true time is `then`, rounded up; `None` while it stands still.
    pub fn wall_at(&self, then: u64) -> Option<u64> {
        let left = then.saturating_sub(self.anchor.now);
        match self.anchor.pace() {
            0 => None,
            pace => Some(self.anchor.wall.saturating_add(left.div_ceil(pace))),
        }
    }

    /// The speed asked for.
    pub const fn speed(&self) -> u32 {
        self.anchor.speed
    }

    /// The pace in force.
    pub fn pace(&self) -> u64 {
        self.anchor.pace()
    }

    /// To be kept.
    pub const fn anchor(&self) -> Anchor {
        self.anchor
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_in_a_second_and_a_contact_in_its_own_time() {
        let mut clock = Clock::new(10_000, 3_600);
        assert_eq!(clock.now(11_000), 3_600_000);
        assert!(clock.frame(11_000));
        assert_eq!(clock.now(12_000), 3_601_000, "a second of the contact is a second");
        assert!(!clock.frame(12_000), "held already");
        assert!(!clock.pass(13_999));
        assert!(clock.pass(14_500), "two seconds after the last frame");
        assert_eq!(clock.now(14_500), 3_603_000 + 500 * 3_600);
    }

    #[test]
    fn presence_holds_it_until_it_goes() {
        let mut clock = Clock::new(0, 60);
        assert!(clock.presence(1_000, true));
        assert!(!clock.pass(900_000));
        assert_eq!(clock.now(901_000), 60_000 + 900_000);
        assert!(clock.presence(901_000, false));
        assert_eq!(clock.now(902_000), 960_000 + 60_000);
    }

    #[test]
    fn while_the_process_was_dead_time_went_on_at_its_speed() {
        let kept = Clock::new(0, 60).anchor();
        assert_eq!(Clock::found(kept, 60_000, false, 7).now(60_000), 3_600_000);
        let mut held = Clock::new(0, 3_600);
        held.frame(0);
        let found = Clock::found(held.anchor(), 10_000, false, 0);
        assert_eq!(found.now(10_000), 2_000 + 8_000 * 3_600, "what held it has ended meanwhile");
        assert_eq!(Clock::found(kept, 0, false, 777).now(0), 777, "never before what is known to have happened");
    }

    #[test]
    fn a_wall_clock_that_was_set_back_holds_it_still_and_speed_0_always() {
        let clock = Clock::new(50_000, 1);
        assert_eq!(clock.now(10_000), 0);
        let clock = Clock::new(0, 0);
        assert_eq!(clock.now(u64::MAX), 0);
        assert_eq!(clock.wall_at(1), None);
        assert_eq!(Clock::new(0, 60).wall_at(61), Some(2));
    }
}
