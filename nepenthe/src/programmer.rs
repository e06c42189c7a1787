//! `nepenthe programmer`: the clinician's programmer, served to a browser on this machine.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use link::visit::Patience;
use programmer::{Programmer, serve};

/// What the command takes.
#[derive(clap::Args)]
pub struct Args {
    /// Where the browser finds it; loopback only
    #[arg(long, default_value = "127.0.0.1:7710")]
    listen: SocketAddr,
    /// The folder in which its keys and files lie, sealed
    #[arg(long)]
    data: PathBuf,
}

/// Serves until it is killed.
///
/// # Errors
/// The words for what is wrong.
pub fn run(args: &Args) -> Result<(), String> {
    if !args.listen.ip().is_loopback() {
        return Err(format!("--listen {}: the programmer is served to this machine alone", args.listen));
    }
    let clock = || {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    };
    let programmer = Programmer::open(&args.data, Arc::new(clock), Patience::default())?;
    let mut out = std::io::stdout().lock();
    // Whoever reads may stop reading.
    let _ = writeln!(out, "programmer on http://{}/; kept in {}", args.listen, args.data.display())
        .and_then(|()| out.flush());
    drop(out);
    let runtime = tokio::runtime::Runtime::new().map_err(|why| why.to_string())?;
    runtime.block_on(serve(args.listen, programmer)).map_err(|why| format!("{}: {why}", args.listen))
}
