//! The world of the demo: its time, moved on at the pace that people choose, and everybody who lives in it.
//!
//! One thread moves the clinic's clock from tick to tick. In each tick every bedside lives up to it, on as many threads as
//! there are processors; what the devices sent reaches the clinic before its clock moves. A world that cannot keep up runs
//! slower than chosen and skips nothing.

use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use clinic::App;
use clinic::serve::Stop;

use super::bedside::Bedside;

/// A tick of the wall clock.
const TICK: Duration = Duration::from_millis(250);
/// However long a tick took, the world is owed no more than this of it.
const OWED_MOST: Duration = Duration::from_secs(1);

/// Lets the world go on until the service stops.
///
/// # Errors
/// In words, when a pump's thread has ended.
pub fn go_on(
    app: &App,
    mut beds: Vec<Bedside>,
    stopped: &Receiver<()>,
    runtime: &tokio::runtime::Handle,
    stop: &Stop,
) -> Result<(), String> {
    let mut last = Instant::now();
    let mut shown = app.clock.pace();
    while stopped
        .recv_timeout(TICK.saturating_sub(last.elapsed()))
        .is_err_and(|why| why == std::sync::mpsc::RecvTimeoutError::Timeout)
    {
        let owed = last.elapsed().min(OWED_MOST);
        last = Instant::now();
        let held = beds.iter().any(Bedside::is_held);
        if held {
            app.clock.hold("somebody holds a programmer at a pump");
        } else {
            app.clock.let_go("somebody holds a programmer at a pump");
        }
        let pace = app.clock.pace();
        let now_pace = pace.as_ref().map_or(1, |pace| pace.now);
        let target = app.clock.now_ms() + i64::try_from(owed.as_millis()).unwrap_or(0) * now_pace;
        if let Err(why) = live(app, &mut beds, target, false, runtime) {
            stop.now();
            return Err(why);
        }
        app.clock.move_to(target);
        if pace != shown {
            app.live.changed("pace");
            shown = pace;
        }
    }
    beds.into_iter().for_each(Bedside::stop);
    Ok(())
}

/// Everybody lives up to a moment, and the clinic takes what was sent.
///
/// # Errors
/// In words.
pub fn live(
    app: &App,
    beds: &mut [Bedside],
    until_ms: i64,
    is_past: bool,
    runtime: &tokio::runtime::Handle,
) -> Result<(), String> {
    let offset_min = i16::try_from((app.local(until_ms).0 - until_ms) / 60_000).unwrap_or(0);
    let many = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let share = beds.len().div_ceil(many).max(1);
    std::thread::scope(|scope| {
        let all: Vec<_> = beds
            .chunks_mut(share)
            .map(|some| {
                scope.spawn(move || -> Result<(), String> {
                    for bed in some {
                        for document in bed.live_until(until_ms, is_past, offset_min)? {
                            if let Err(why) = runtime.block_on(clinic::told::take(app, &document)) {
                                // The device keeps it in truth; here the next one brings the same and more.
                                eprintln!("the clinic did not take a document: {}", why.words().1);
                            }
                        }
                    }
                    Ok(())
                })
            })
            .collect();
        all.into_iter().try_for_each(|one| one.join().unwrap_or_else(|_| Err("a bedside ended by a bug".into())))
    })
}
