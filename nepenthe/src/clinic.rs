//! `nepenthe serve` and what a clinic needs beside it: set-up, the first administrator, the audit's chain, copies.

use std::net::SocketAddr;
use std::path::PathBuf;

use clinic::auth::{Role, password};
use clinic::clock::{Clock, wall_ms};
use clinic::config::Config;
use clinic::db::Db;
use clinic::serve::Service;
use clinic::staff::{self, NewAccount};
use clinic::{Clinic, audit, backup};

/// Where and how.
#[derive(clap::Args, Clone, Default)]
pub struct Where {
    /// The data folder; `nepenthe-data` in the current one if left out
    #[arg(long)]
    data: Option<PathBuf>,
    /// Where the clinic listens, such as 127.0.0.1:7205
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// Opens no browser
    #[arg(long)]
    no_browser: bool,
}

/// The commands of a clinic.
#[derive(clap::Subcommand)]
pub enum What {
    /// Runs the clinic for production: no demo, no simulated world
    Serve {
        #[command(flatten)]
        at: Where,
    },
    /// Prints the set-up that is in force, secrets masked
    Config {
        #[command(flatten)]
        at: Where,
    },
    /// Makes the first administrator; the password is read from standard input
    Administrator {
        /// The sign-in name
        sign_in: String,
        /// The person's name
        #[arg(long)]
        name: String,
        #[command(flatten)]
        at: Where,
    },
    /// Walks the audit's chain; ends with 1 if it is broken
    Audit {
        #[command(flatten)]
        at: Where,
    },
    /// Makes a copy of the embedded database, also while the service runs, and looks through it
    Backup {
        /// The folder of copies; `backups` in the data folder if left out
        folder: Option<PathBuf>,
        #[command(flatten)]
        at: Where,
    },
    /// Brings a copy back into a data folder that has no database
    Restore {
        /// The copy
        copy: PathBuf,
        #[command(flatten)]
        at: Where,
    },
}

impl Where {
    /// The set-up, the command line over everything.
    ///
    /// # Errors
    /// In words.
    pub fn config(&self) -> Result<Config, String> {
        let mut config = Config::read(self.data.as_deref(), std::env::vars())?;
        config.listen = self.listen.unwrap_or(config.listen);
        Ok(config)
    }

    /// The demo.
    ///
    /// # Errors
    /// In words.
    pub fn demo(&self) -> Result<(), String> {
        let config = self.config()?;
        nepenthe::demo::run(nepenthe::demo::Asked { config, opens_browser: !self.no_browser })
    }
}

/// Does it; whether all agreed.
///
/// # Errors
/// In words.
pub fn run(what: &What) -> Result<bool, String> {
    let (What::Serve { at }
    | What::Config { at }
    | What::Administrator { at, .. }
    | What::Audit { at }
    | What::Backup { at, .. }
    | What::Restore { at, .. }) = what;
    let config = at.config()?;
    if let What::Config { .. } = what {
        print!("{}", config.show());
        return Ok(true);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|why| why.to_string())?;
    runtime.block_on(work(what, config))
}

async fn work(what: &What, config: Config) -> Result<bool, String> {
    if let What::Restore { copy, .. } = what {
        let verdict = backup::bring_back(copy, &config.database_file()).await?;
        println!(
            "brought back to {}: {} lines of audit agree, head {}",
            config.database_file().display(),
            verdict.lines,
            verdict.head
        );
        return Ok(true);
    }
    let url = config.database.as_ref().map(|url| url.0.clone());
    let db = Db::open(url.as_deref(), &config.database_file()).await.map_err(|why| why.to_string())?;
    match what {
        What::Serve { .. } => {
            clinic::serve::log();
            clinic::journal::set_reader(nepenthe::journal::read);
            if !staff::has_administrator(&db).await.map_err(|why| why.to_string())? {
                return Err("nobody can administer this clinic yet: nepenthe administrator NAME --name \"…\" makes the first account".into());
            }
            let service = Service::listen(Clinic::new(db, Clock::wall(), config, Vec::new())?).await?;
            println!("the clinic listens on http://{}/", service.address()?);
            service.run().await.map(|()| true)
        }
        What::Administrator { sign_in, name, .. } => {
            let mut text = String::new();
            std::io::stdin().read_line(&mut text).map_err(|why| why.to_string())?;
            let kept = password::keep(text.trim_end_matches(['\r', '\n'])).await?;
            let said = |why: clinic::db::DbError| why.to_string();
            let mut tx = db.begin().await.map_err(said)?;
            let account = NewAccount {
                sign_in,
                name,
                role: Role::Administrator,
                email: "",
                password: Some(kept),
                single_sign_on: None,
                on_call: None,
            };
            let id = staff::make(&mut tx, wall_ms(), &account).await.map_err(said)?;
            let act = audit::Act {
                staff_id: "-",
                what: "account made",
                subject: &id,
                detail: format!("{sign_in}, administrator, at the console"),
            };
            audit::commit(tx, &Clock::wall(), act).await.map_err(said)?;
            println!("{sign_in} may administer this clinic");
            Ok(true)
        }
        What::Audit { .. } => {
            let verdict = audit::verify(&db).await.map_err(|why| why.to_string())?;
            match verdict.wrong {
                None => println!("{} lines agree; head {}", verdict.lines, verdict.head),
                Some(ref wrong) => println!("the chain is broken: {wrong}; {} lines before it agree", verdict.lines),
            }
            Ok(verdict.wrong.is_none())
        }
        What::Backup { folder, .. } => {
            let folder = folder.clone().unwrap_or_else(|| config.data.join("backups"));
            let (path, verdict) = backup::make(&db, &folder).await?;
            println!("{}: {} lines of audit agree, head {}", path.display(), verdict.lines, verdict.head);
            Ok(true)
        }
        What::Config { .. } | What::Restore { .. } => Ok(true),
    }
}
