//! What the clinic does by itself, a little at every turn: alarms climb, silence is noticed, messages go out.

use std::time::Duration;

use tokio::sync::watch;

use crate::{App, alarms, deliver, refills};

/// The time between two turns. Escalation in a fast world is as exact as this, times the pace.
const TURN: Duration = Duration::from_millis(500);

/// Turns until the service stops.
pub async fn go_on(app: App, mut stop: watch::Receiver<bool>) {
    let mut turn = 0u64;
    while !*stop.borrow() {
        turn += 1;
        once(&app, turn).await;
        tokio::select! {
            _ = tokio::time::sleep(TURN) => {}
            _ = stop.changed() => {}
        }
    }
}

/// One turn. A failure is logged and met again at the next one.
pub async fn once(app: &App, turn: u64) {
    let done = [
        ("alarms climb", alarms::ladder::turn(app).await.map(drop)),
        ("silence is noticed", alarms::ladder::listen_for_silence(app).await),
        ("cover is held against bookings", if turn % 8 == 1 { refills::hold_cover(app).await } else { Ok(()) }),
        ("messages go out", deliver::turn(app).await),
    ];
    for (what, done) in done {
        if let Err(why) = done {
            app.metrics.failed_turns.inc();
            tracing::error!(what, why = %why, "a turn of the clinic's own work failed");
        }
    }
}
