//! What the clinic's stories have in common: a database of each engine.

#![allow(dead_code, reason = "each story file uses a part of it")]

pub mod house;
pub mod postgres;
pub mod pump;

use clinic::db::Db;
use postgres::Postgres;

/// A clinic's database for one test, gone afterwards.
pub struct Store {
    /// Open.
    pub db: Db,
    /// Its PostgreSQL, where it is one.
    pub postgres: Option<Postgres>,
    /// Its folder.
    pub folder: std::path::PathBuf,
}

impl Drop for Store {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn folder() -> std::path::PathBuf {
    std::env::temp_dir().join(format!("nepenthe-test-{}", clinic::secret::id()))
}

/// The embedded database.
pub async fn sqlite() -> Store {
    let folder = folder();
    let db = Db::open_file(&folder.join("clinic.sqlite")).await.unwrap();
    Store { db, postgres: None, folder }
}

/// A real PostgreSQL.
pub async fn postgres() -> Store {
    let name = format!("test_{}", clinic::audit::hex(&clinic::secret::fresh::<8>()));
    let server = tokio::task::spawn_blocking(move || Postgres::fresh(&name)).await.unwrap();
    let db = Db::connect(&server.url).await.unwrap();
    let folder = folder();
    std::fs::create_dir_all(&folder).unwrap();
    Store { db, postgres: Some(server), folder }
}

/// Tells a story on the embedded database, and then the same one on PostgreSQL.
pub fn on_both(story: impl AsyncFn(Store)) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        story(sqlite().await).await;
        // Only now: what fails above failed on the embedded database.
        eprintln!("told on the embedded database; now on PostgreSQL");
        story(postgres().await).await;
    });
}
