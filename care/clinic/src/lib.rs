//! The clinic: people, devices, refills, alarms, outcomes and the audit of all of it.
//!
//! Answers for: the record that a clinic keeps, and who may see and do what. Leaves every change of what a pump gives to
//! the programmer at the patient's skin: no key that a pump accepts for more than its journal is ever in this room.
//!
//! - [`db`]: one text of SQL on two engines; [`audit`]: what people did, in a chain
//! - [`auth`]: who somebody is and what somebody may do; [`web`]: requests, the table of routes, the frame of pages
//! - [`told`]: what pumps tell, taken once and kept; [`journal`]: their records opened
//! - [`board`], [`alarms`], [`refills`], [`record`], [`devices`], [`proposals`], [`registry`], [`staff`]: the pages
//! - [`work`]: what the clinic does by itself; [`deliver`]: mail and web hooks
//! - [`ops`]: health, metrics, interface description; [`serve`]: start and stop; [`backup`]: copies and their way back
#![forbid(unsafe_code)]

pub mod alarms;
pub mod audit;
pub mod auth;
pub mod backup;
pub mod board;
pub mod clock;
pub mod config;
pub mod db;
pub mod deliver;
pub mod devices;
pub mod journal;
pub mod live;
pub mod ops;
pub mod proposals;
pub mod record;
pub mod refills;
pub mod registry;
pub mod secret;
pub mod serve;
pub mod staff;
pub mod told;
pub mod web;
pub mod work;

use std::sync::Arc;

use clock::Clock;
use config::Config;
use db::{Db, DbError};
use live::Live;
use pages::{Catalogue, Language, Local, Words};

/// Somebody a demo visitor may sign in as.
#[derive(Debug, Clone)]
pub struct DemoSignIn {
    /// The sign-in name.
    pub sign_in: String,
    /// The password: of a demo, so no secret.
    pub password: String,
    /// What they can do, in words.
    pub role: String,
}

/// The running clinic.
pub struct Clinic {
    /// Its database.
    pub db: Db,
    /// Its clock.
    pub clock: Clock,
    /// Its set-up.
    pub config: Config,
    /// The zone of its days.
    pub zone: jiff::tz::TimeZone,
    /// What open pages are told.
    pub live: Live,
    /// What is counted.
    pub metrics: ops::Metrics,
    /// Who may sign in to a demo; empty in production.
    pub demo: Vec<DemoSignIn>,
    words: Catalogue,
}

/// The running clinic, shared.
pub type App = Arc<Clinic>;

impl Clinic {
    /// Puts a clinic together. Nothing runs yet.
    ///
    /// # Errors
    /// In words, if the messages of the pages do not read.
    pub fn new(db: Db, clock: Clock, config: Config, demo: Vec<DemoSignIn>) -> Result<App, String> {
        let words = Catalogue::new(&[], &[]).map_err(|why| why.to_string())?;
        let zone = config.zone();
        let (live, metrics) = (Live::new(), ops::Metrics::new());
        Ok(Arc::new(Self { db, clock, config, zone, live, metrics, demo, words }))
    }

    /// What pages say.
    pub fn words(&self) -> &Words {
        self.words.of(Language::English)
    }

    /// ms since 1970 UTC as a moment in the clinic's zone.
    pub fn local(&self, at_ms: i64) -> Local {
        let at = jiff::Timestamp::from_millisecond(at_ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        Local(at_ms + i64::from(self.zone.to_offset(at).seconds()) * clock::SECOND)
    }

    /// The day of a moment in the clinic's zone.
    pub fn day(&self, at_ms: i64) -> jiff::civil::Date {
        let at = jiff::Timestamp::from_millisecond(at_ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        at.to_zoned_datetime(self.zone.clone()).date()
    }

    /// Commits a person's act with its line in the audit and tells open pages.
    ///
    /// # Errors
    /// [`DbError`]; then nothing happened.
    pub async fn done(&self, tx: db::Tx, act: audit::Act<'_>, changed: &str) -> Result<(), DbError> {
        audit::commit(tx, &self.clock, act).await?;
        self.live.changed(changed);
        Ok(())
    }
}
