//! Start and stop.
//!
//! A stop is asked for by SIGTERM or Ctrl-C: no new request is taken, those under way are answered, the clinic's own work
//! ends its turn, the database is closed. What was answered is on disk before, whatever happens.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::{App, web, work};

/// How long requests under way may take when the service stops; open feeds do not hold it longer.
const GRACE: Duration = Duration::from_secs(5);

/// A service that listens and is to be run.
pub struct Service {
    listener: TcpListener,
    app: App,
    stop: watch::Sender<bool>,
}

/// Stops a service from elsewhere.
#[derive(Clone)]
pub struct Stop(watch::Sender<bool>);

impl Stop {
    /// Stops it.
    pub fn now(&self) {
        // It may have stopped already.
        let _ = self.0.send(true);
    }

    /// Hears when it stops.
    pub fn hear(&self) -> watch::Receiver<bool> {
        self.0.subscribe()
    }
}

impl Service {
    /// Listens where the configuration says.
    ///
    /// # Errors
    /// What the system said, with the address.
    pub async fn listen(app: App) -> Result<Self, String> {
        let address = app.config.listen;
        let listener = TcpListener::bind(address)
            .await
            .map_err(|why| format!("{address}: {why}; choose another with --listen"))?;
        Ok(Self { listener, app, stop: watch::channel(false).0 })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// What the system said.
    pub fn address(&self) -> Result<SocketAddr, String> {
        self.listener.local_addr().map_err(|why| why.to_string())
    }

    /// The way to stop it.
    pub fn stopper(&self) -> Stop {
        Stop(self.stop.clone())
    }

    /// Runs until it is stopped.
    ///
    /// # Errors
    /// What the system said.
    pub async fn run(self) -> Result<(), String> {
        let stop = self.stop.clone();
        let signals = tokio::spawn(async move {
            let mut heard = stop.subscribe();
            tokio::select! {
                () = signal() => { let _ = stop.send(true); }
                _ = heard.changed() => {}
            }
        });
        let own = tokio::spawn(work::go_on(self.app.clone(), self.stop.subscribe()));
        let router = web::router(self.app.clone()).into_make_service_with_connect_info::<SocketAddr>();
        let mut stopped = self.stop.subscribe();
        let mut late = self.stop.subscribe();
        let serving = axum::serve(self.listener, router).with_graceful_shutdown(async move {
            let _ = stopped.changed().await;
        });
        let ended = tokio::select! {
            ended = serving.into_future() => ended.map_err(|why| why.to_string()),
            () = async { let _ = late.changed().await; tokio::time::sleep(GRACE).await } => Ok(()),
        };
        let _ = self.stop.send(true);
        // Both end by themselves now.
        let _ = tokio::join!(signals, own);
        self.app.db.close().await;
        ended
    }
}

async fn signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        if let Ok(mut term) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            tokio::select! { _ = interrupt => {}, _ = term.recv() => {} }
            return;
        }
    }
    let _ = interrupt.await;
}

/// Logs as one JSON object a line on standard error; how much by `RUST_LOG`, from warnings on if it says nothing.
pub fn log() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into());
    // A second call keeps the first.
    let _ = tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}
