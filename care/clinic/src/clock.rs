//! What time it is: the wall's, and the clinic's own.
//!
//! In production both are one. In the demo the clinic lives in a simulated world whose time may run faster: refills,
//! escalation and everything on the pages go by the clinic's clock; sign-ins, passwords and deliveries go by the wall.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A second, ms.
pub const SECOND: i64 = 1_000;
/// A minute, ms.
pub const MINUTE: i64 = 60 * SECOND;
/// An hour, ms.
pub const HOUR: i64 = 60 * MINUTE;
/// A day, ms.
pub const DAY: i64 = 24 * HOUR;

/// How long a person may leave a session with a pump or a proposal alone before the world goes on at its own pace.
const IDLE_LIMIT: Duration = Duration::from_secs(120);

/// The paces at which a simulated world may run.
pub const PACES: [i64; 3] = [1, 60, 3_600];

/// Milliseconds since 1970 on the wall's clock.
pub fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// The clinic's clock. Cheap to clone; all clones tell the same time.
#[derive(Clone)]
pub struct Clock {
    world: Option<Arc<World>>,
}

struct World {
    now_ms: AtomicI64,
    pace: AtomicI64,
    busy: Mutex<Vec<(String, Instant)>>,
}

/// How a simulated world's time goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pace {
    /// What people chose.
    pub chosen: i64,
    /// What it is now.
    pub now: i64,
    /// Why it is 1 though something else was chosen: who is at work.
    pub held_by: Option<String>,
}

impl Clock {
    /// The wall's time.
    pub const fn wall() -> Self {
        Self { world: None }
    }

    /// A world that begins at this time, at pace 1, and stands still until it is moved.
    pub fn world(begins_ms: i64) -> Self {
        let world = World { now_ms: AtomicI64::new(begins_ms), pace: AtomicI64::new(1), busy: Mutex::new(Vec::new()) };
        Self { world: Some(Arc::new(world)) }
    }

    /// Whether this is a simulated world's clock.
    pub const fn is_world(&self) -> bool {
        self.world.is_some()
    }

    /// ms since 1970 on the clinic's clock.
    pub fn now_ms(&self) -> i64 {
        self.world.as_ref().map_or_else(wall_ms, |world| world.now_ms.load(Ordering::Acquire))
    }

    /// Moves a simulated world on; never back. Does nothing to the wall.
    pub fn move_to(&self, now_ms: i64) {
        if let Some(world) = &self.world {
            world.now_ms.fetch_max(now_ms, Ordering::AcqRel);
        }
    }

    /// Chooses a pace; only those of [`PACES`] are taken.
    pub fn choose(&self, pace: i64) -> bool {
        match &self.world {
            Some(world) if PACES.contains(&pace) => {
                world.pace.store(pace, Ordering::Release);
                true
            }
            Some(_) | None => false,
        }
    }

    /// A person works with a pump or at a proposal: the world goes at 1 until that is let go or left alone.
    pub fn hold(&self, who: &str) {
        let Some(world) = &self.world else { return };
        let mut busy = world.busy.lock().unwrap_or_else(PoisonError::into_inner);
        busy.retain(|(other, _)| other != who);
        busy.push((who.to_owned(), Instant::now()));
    }

    /// That person is done.
    pub fn let_go(&self, who: &str) {
        let Some(world) = &self.world else { return };
        world.busy.lock().unwrap_or_else(PoisonError::into_inner).retain(|(other, _)| other != who);
    }

    /// How time goes now; `None` on the wall's clock.
    pub fn pace(&self) -> Option<Pace> {
        let world = self.world.as_ref()?;
        let mut busy = world.busy.lock().unwrap_or_else(PoisonError::into_inner);
        busy.retain(|(_, at)| at.elapsed() < IDLE_LIMIT);
        let chosen = world.pace.load(Ordering::Acquire);
        let held_by = busy.first().map(|(who, _)| who.clone());
        Some(Pace { chosen, now: if held_by.is_some() { 1 } else { chosen }, held_by })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_at_work_holds_the_world_at_its_own_pace_and_lets_it_go() {
        let clock = Clock::world(0);
        assert!(clock.choose(3_600));
        assert!(!clock.choose(7), "only the paces on the page");
        assert_eq!(clock.pace().unwrap().now, 3_600);
        clock.hold("a proposal for bed 4");
        assert_eq!(clock.pace().unwrap(), Pace { chosen: 3_600, now: 1, held_by: Some("a proposal for bed 4".into()) });
        clock.let_go("a proposal for bed 4");
        assert_eq!(clock.pace().unwrap().now, 3_600);
    }

    #[test]
    fn a_world_never_goes_back() {
        let clock = Clock::world(5_000);
        clock.move_to(9_000);
        clock.move_to(7_000);
        assert_eq!(clock.now_ms(), 9_000);
    }
}
