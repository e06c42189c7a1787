//! `nepenthe pump`: a virtual pump as a process of its own.

use std::io::Write;
use std::path::PathBuf;

use nepenthe::virtual_pump::{Host, Options, Speed};
use orders::Instant;

/// What the command takes.
#[derive(clap::Args)]
pub struct Args {
    /// The device profile of a new pump
    #[arg(long)]
    device: Option<PathBuf>,
    /// Where its telemetry listens; port 0 for any free one
    #[arg(long, default_value = "127.0.0.1:7701")]
    listen: String,
    /// Where hands, mishaps and time come in; this machine alone
    #[arg(long)]
    control: Option<String>,
    /// How many times as fast as the wall clock its time goes; 0 stands still
    #[arg(long)]
    speed: Option<u32>,
    /// The folder in which it is kept; killed at any moment, it comes back from there
    #[arg(long)]
    state: Option<PathBuf>,
    /// The number of a new pump
    #[arg(long)]
    serial: Option<u64>,
    /// How long the catheter of a new pump is, cm
    #[arg(long, default_value_t = 80)]
    catheter_cm: u64,
}

/// Runs it until it is killed.
///
/// # Errors
/// The words for what is wrong.
pub fn run(args: &Args) -> Result<(), String> {
    let options = Options {
        folder: args.state.clone(),
        device: args.device.clone(),
        catheter_cm: args.catheter_cm,
        serial: args.serial,
        listen: args.listen.clone(),
        control: args.control.clone(),
        speed: args.speed,
    };
    let host = Host::start(&options, &Speed::default(), Box::new(tell)).map_err(|why| why.to_string())?;
    let mut lines = vec![format!("pump {} ({}) listens on {}", host.card.serial.0, host.model, host.telemetry)];
    if let Some(control) = host.control {
        lines.push(format!("control on {control}"));
    }
    lines.push(format!("card {}", host.card));
    lines.push(match (&args.state, host.was_kept) {
        (None, _) => "the pump is kept: nowhere, it is gone with this process".into(),
        (Some(folder), false) => format!("the pump is kept: new in {}", folder.display()),
        (Some(folder), true) => format!("the pump is kept: found in {}", folder.display()),
    });
    say(&lines.join("\n"));
    host.wait().map_err(|why| format!("the pump cannot go on: {why}"))
}

fn tell(at: u64, words: &str) {
    say(&format!("{}  {words}", Instant::new(at)));
}

/// A line as soon as it is known; whoever reads may stop reading.
fn say(words: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{words}").and_then(|()| out.flush());
}
