//! What the clinic's stories have in common: a database of each engine.

#![allow(dead_code, reason = "each story file uses a part of it")]

pub mod postgres;

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

/// The same stories on both engines: `stories!(name_of_story, …)` in the file that holds them.
#[macro_export]
macro_rules! stories {
    ($($story:ident),* $(,)?) => {
        mod on_sqlite { $(#[tokio::test] async fn $story() { super::$story($crate::common::sqlite().await).await })* }
        mod on_postgres { $(#[tokio::test] async fn $story() { super::$story($crate::common::postgres().await).await })* }
    };
}
