//! `nepenthe handset`: the patient's controller as a local app.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use handset::{App, Options, web};
use link::Patience;

/// What the command takes.
#[derive(clap::Args)]
pub struct Args {
    /// Where the pump is reached; where it was paired if left out
    #[arg(long)]
    pump: Option<String>,
    /// Where the app listens; port 0 for any free one
    #[arg(long, default_value = "127.0.0.1:7711")]
    listen: String,
    /// The folder with its keys and its memory
    #[arg(long, default_value = "nepenthe-handset")]
    data: PathBuf,
    /// Where documents for the clinic are handed in; they are kept until then
    #[arg(long)]
    clinic: Option<String>,
    /// Seconds between two readings of the pump
    #[arg(long, default_value_t = 30)]
    every: u64,
    /// How long to wait for one answer, ms
    #[arg(long, default_value_t = 2_000)]
    wait_ms: u64,
}

/// Runs it until it is killed.
///
/// # Errors
/// The words for what is wrong.
pub fn run(args: &Args) -> Result<(), String> {
    let options = Options {
        pump: args.pump.clone(),
        data: args.data.clone(),
        clinic: args.clinic.clone(),
        patience: Patience { answer: Duration::from_millis(args.wait_ms), tries: 3 },
        every_ms: args.every.max(1).saturating_mul(1_000),
    };
    let app = App::start(options).map_err(|why| why.to_string())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|why| why.to_string())?;
    let ready = |at| {
        let mut out = std::io::stdout().lock();
        // Whoever reads may stop reading.
        let _ = writeln!(out, "handset on http://{at}").and_then(|()| out.flush());
    };
    runtime.block_on(web::serve(app, &args.listen, ready)).map_err(|why| format!("{}: {why}", args.listen))
}
