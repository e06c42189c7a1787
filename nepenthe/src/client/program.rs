//! Orders, primes and single boluses: proposed, shown, signed, committed, read back.

use std::io::{BufRead, IsTerminal, Write};
use std::path::PathBuf;

use link::words::Clocks;
use link::{Clinician, Keys, Proposed, Settled, Visit};
use orders::{DeviceProfile, Duration, Volume};
use sim::files;
use telemetry::message::Ask;
use telemetry::message::ask;

use super::{Done, Ended, NotBegun, With, not_programmed, settle_earlier, told};

/// Who signs, and whether anybody is asked.
#[derive(clap::Args, Clone)]
pub struct Signing {
    /// The number of the clinician who signs; the key is in this device's folder
    #[arg(long)]
    sign: u32,
    /// The second clinician's key file, where the order asks for two
    #[arg(long)]
    second_key: Option<PathBuf>,
    /// Sign without asking at the terminal
    #[arg(long)]
    yes: bool,
}

/// What an order takes.
#[derive(clap::Args)]
pub struct Order {
    /// The order file
    order: PathBuf,
    /// The pump's device profile
    #[arg(long)]
    device: PathBuf,
    /// The clinic's code for why the fluid changes without a bridge
    #[arg(long)]
    without_bridge: Option<u8>,
    #[command(flatten)]
    signing: Signing,
    #[command(flatten)]
    with: With,
}

/// What a prime takes.
#[derive(clap::Args)]
pub struct Prime {
    /// The pump's device profile
    #[arg(long)]
    device: PathBuf,
    #[command(flatten)]
    signing: Signing,
    #[command(flatten)]
    with: With,
}

/// What a single bolus takes.
#[derive(clap::Args)]
pub struct Give {
    /// How much, such as "0.02 mL"
    volume: String,
    /// Over how long
    #[arg(long)]
    over: String,
    #[command(flatten)]
    signing: Signing,
    #[command(flatten)]
    with: With,
}

impl Signing {
    fn keys(&self, keys: &Keys) -> Result<Vec<Clinician>, NotBegun> {
        let mut all = vec![Clinician::read(&keys.clinician_path(self.sign))?];
        if let Some(second) = &self.second_key {
            all.push(Clinician::read(second)?);
        }
        Ok(all)
    }
}

/// Proposes an order and, once it is compared, signs and commits it.
pub fn order(order: &Order) -> Done {
    let profile = files::device::read(&order.device)?;
    let read = files::order::read(&order.order, &profile)?;
    let keys = order.with.keys()?;
    let signing = order.signing.keys(&keys)?;
    let author = read.prescription.author;
    if signing.iter().all(|one| one.author != author) {
        return Err(format!(
            "{}: author = {author}, and the key that signs is clinician {}'s: whose order it says it is must sign it",
            order.order.display(),
            order.signing.sign
        )
        .into());
    }
    for note in &read.notes {
        println!("note: {note}");
    }
    let mut visit = order.with.visit(&keys)?;
    if let Some(ended) = settle_earlier(&mut visit, Ask::Commit(no_commit()).code())? {
        return Ok(ended);
    }
    let clocks = Clocks::from(&visit.status()?);
    match visit.propose_order(read.prescription, &profile, order.without_bridge) {
        Ok(proposed) => sign(&mut visit, &proposed, &signing, &order.signing, clocks),
        Err(why) => not_programmed(why, clocks),
    }
}

/// Primes.
pub fn prime(prime: &Prime) -> Done {
    let profile: DeviceProfile = files::device::read(&prime.device)?;
    let keys = prime.with.keys()?;
    let signing = prime.signing.keys(&keys)?;
    let mut visit = prime.with.visit(&keys)?;
    if let Some(ended) = settle_earlier(&mut visit, Ask::Commit(no_commit()).code())? {
        return Ok(ended);
    }
    let clocks = Clocks::from(&visit.status()?);
    match visit.propose_prime(&profile) {
        Ok(proposed) => sign(&mut visit, &proposed, &signing, &prime.signing, clocks),
        Err(why) => not_programmed(why, clocks),
    }
}

/// Gives one bolus.
pub fn give(give: &Give) -> Done {
    let volume =
        Volume::parse(&give.volume).map_err(|why| format!("{:?}: {why} (for example \"0.02 mL\")", give.volume))?;
    let over =
        Duration::parse(&give.over).map_err(|why| format!("--over {:?}: {why} (for example \"10 min\")", give.over))?;
    let keys = give.with.keys()?;
    let signing = give.signing.keys(&keys)?;
    let mut visit = give.with.visit(&keys)?;
    if let Some(ended) = settle_earlier(&mut visit, Ask::Commit(no_commit()).code())? {
        return Ok(ended);
    }
    let clocks = Clocks::from(&visit.status()?);
    match visit.propose_bolus(volume, over) {
        Ok(proposed) => sign(&mut visit, &proposed, &signing, &give.signing, clocks),
        Err(why) => not_programmed(why, clocks),
    }
}

/// Only to know the code of a commit: nobody sends it.
fn no_commit() -> ask::Commit {
    let nobody = ask::SignedBy { key: telemetry::sign::KeyId([0; 8]), signature: [0; 64] };
    ask::Commit { digest: telemetry::sign::Digest([0; 32]), first: nobody, second: None }
}

fn sign(visit: &mut Visit<'_>, proposed: &Proposed, signing: &[Clinician], asked: &Signing, clocks: Clocks) -> Done {
    show(visit, proposed, clocks);
    if !asked.yes && !is_signed_by_hand(visit.serial().0) {
        println!("not signed; nothing changed");
        return Ok(Ended::Refused);
    }
    let all: Vec<&Clinician> = signing.iter().collect();
    match visit.commit(proposed, &all) {
        Ok(settled) => {
            let ended = told(&settled, Some(clocks));
            if let (Settled::Accepted(_), link::Change::Order { order, .. }) = (&settled, &proposed.change) {
                println!("order {} runs; read back, it is the one that was signed", order.order_number);
            }
            Ok(ended)
        }
        Err(why) => not_programmed(why, clocks),
    }
}

/// What the pump understood, old beside new.
fn show(visit: &Visit<'_>, proposed: &Proposed, clocks: Clocks) {
    let told = &proposed.told;
    let number = match &proposed.change {
        link::Change::Order { order, .. } => format!("order {}", order.order_number),
        link::Change::Single { volume, over } => format!("one bolus of {volume} over {over}"),
        link::Change::Prime(prime) => format!("a prime of {}", prime.volume),
    };
    println!("pump {} understood {number} in place of order {}", visit.serial().0, told.running);
    for total in &told.totals {
        let before = match (total.basal_before, total.all_before) {
            (Some(basal), Some(all)) => format!("{basal} by basal alone, {all} with every bolus"),
            _ => "not in the running order".into(),
        };
        println!("  {:<12} now {before}", total.drug.name());
        println!("  {:<12} new {} by basal alone, {} with every bolus", "", total.basal, total.all);
    }
    if let Some(bridge) = &told.bridge {
        println!("  bridge: {} at {}, until the old fluid is out", bridge.volume, bridge.flow);
    }
    println!("  the pump takes a commit until {}", clocks.show(told.expires));
}

/// Whether a person at the terminal types the pump's number.
fn is_signed_by_hand(serial: u64) -> bool {
    let input = std::io::stdin();
    if !input.is_terminal() {
        eprintln!("no terminal to ask at; --yes signs without asking");
        return false;
    }
    print!("to sign, type the pump's number ({serial}): ");
    let mut line = String::new();
    std::io::stdout().flush().is_ok() && input.lock().read_line(&mut line).is_ok() && line.trim() == serial.to_string()
}
