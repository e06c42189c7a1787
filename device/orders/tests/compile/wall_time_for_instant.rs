//! A time that people set is no moment of the clock that is never set: no lockout is timed by it.

use orders::{Duration, Instant, WallTime};

fn main() {
    let started: WallTime = WallTime::new(0);
    let _: Duration = Instant::new(1).since(started);
}
