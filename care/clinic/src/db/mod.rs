//! The clinic's database: one text of SQL, two engines.
//!
//! Answers for connections, parameters, rows and transactions on SQLite (embedded, the default) and on PostgreSQL. The SQL
//! stands in the module that uses it and is written so that both engines take it; where they part, [`Engine`] says which
//! one is at hand. Parameters are `$1`, `$2`, …; both engines read them so.
//!
//! On SQLite there is one writer and a pool of readers. A transaction that writes takes the write lock when it begins:
//! one that read first and wrote later could be turned away at any time.

mod row;
mod schema;
mod tx;

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Executor};

pub use row::{Row, Value, Values};
pub use tx::Tx;

/// How long a writer waits for the one before it.
const BUSY_WAIT: Duration = Duration::from_secs(20);
/// Readers at once, and connections to a PostgreSQL.
const CONNECTIONS: u32 = 8;

/// Which database stands behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// Embedded, one file.
    Sqlite,
    /// A server.
    Postgres,
}

/// What the database answered, where it was not rows.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The driver's or the engine's own complaint.
    #[error("the database refused: {0}")]
    Refused(#[from] sqlx::Error),
    /// A row was not as the question said it would be.
    #[error("the database answered column {column} with something else than {wanted}")]
    Column {
        /// Counted from 0.
        column: usize,
        /// What was expected.
        wanted: &'static str,
    },
    /// A row that must be there is not.
    #[error("the database has no row where there must be one")]
    NoRow,
    /// The schema is of a newer program.
    #[error("the database has schema {found}, this program knows {known}: run the newer program")]
    Newer {
        /// In the database.
        found: i64,
        /// The newest known here.
        known: i64,
    },
    /// A folder or file could not be made.
    #[error("{path}: {why}")]
    File {
        /// Where.
        path: String,
        /// What the system said.
        why: std::io::Error,
    },
}

impl DbError {
    /// Whether a guard or a uniqueness of the schema turned the row away.
    pub fn is_conflict(&self) -> bool {
        match self {
            DbError::Refused(sqlx::Error::Database(told)) => told.is_unique_violation(),
            _ => false,
        }
    }
}

#[derive(Clone)]
enum Pools {
    Sqlite { write: SqlitePool, read: SqlitePool },
    Postgres(PgPool),
}

/// The open database. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    pools: Pools,
}

impl Db {
    /// Opens (and makes, if need be) the embedded database in a file.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn open_file(path: &Path) -> Result<Self, DbError> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|why| DbError::File { path: folder.display().to_string(), why })?;
        }
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_WAIT)
            .pragma("recursive_triggers", "on");
        let write = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
        let read = SqlitePoolOptions::new().max_connections(CONNECTIONS).connect_with(options.read_only(true)).await?;
        Self { pools: Pools::Sqlite { write, read } }.with_schema().await
    }

    /// Connects to a PostgreSQL by its URL.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn connect(url: &str) -> Result<Self, DbError> {
        let options = PgConnectOptions::from_str(url)?.application_name("nepenthe-clinic");
        let pool =
            PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(BUSY_WAIT).connect_with(options).await?;
        Self { pools: Pools::Postgres(pool) }.with_schema().await
    }

    /// Opens by what a configuration says: a PostgreSQL URL, or the file in the data folder.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn open(url: Option<&str>, file: &Path) -> Result<Self, DbError> {
        match url {
            Some(url) => Self::connect(url).await,
            None => Self::open_file(file).await,
        }
    }

    async fn with_schema(self) -> Result<Self, DbError> {
        schema::bring_up(&self).await?;
        Ok(self)
    }

    /// Which engine.
    pub fn engine(&self) -> Engine {
        match self.pools {
            Pools::Sqlite { .. } => Engine::Sqlite,
            Pools::Postgres(_) => Engine::Postgres,
        }
    }

    /// All rows of a question.
    ///
    /// # Errors
    /// [`DbError::Refused`].
    pub async fn all(&self, sql: impl Into<String>, values: Values) -> Result<Vec<Row>, DbError> {
        let sql = AssertSqlSafe(sql.into());
        match &self.pools {
            Pools::Sqlite { read, .. } => {
                let rows = row::bind_sqlite(sqlx::query(sql), values).fetch_all(read).await?;
                rows.iter().map(row::of_sqlite).collect()
            }
            Pools::Postgres(pool) => {
                let rows = row::bind_postgres(sqlx::query(sql), values).fetch_all(pool).await?;
                rows.iter().map(row::of_postgres).collect()
            }
        }
    }

    /// The first row of a question, if there is one.
    ///
    /// # Errors
    /// [`DbError::Refused`].
    pub async fn first(&self, sql: impl Into<String>, values: Values) -> Result<Option<Row>, DbError> {
        Ok(self.all(sql, values).await?.into_iter().next())
    }

    /// The one number that a question has as its answer; 0 where it is nothing.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn number(&self, sql: impl Into<String>, values: Values) -> Result<i64, DbError> {
        match self.first(sql, values).await? {
            Some(row) => Ok(row.number_or_none(0)?.unwrap_or(0)),
            None => Ok(0),
        }
    }

    /// Begins a transaction that writes.
    ///
    /// # Errors
    /// [`DbError::Refused`].
    pub async fn begin(&self) -> Result<Tx, DbError> {
        Ok(match &self.pools {
            Pools::Sqlite { write, .. } => Tx::sqlite(write.begin_with("BEGIN IMMEDIATE").await?),
            Pools::Postgres(pool) => Tx::postgres(pool.begin().await?),
        })
    }

    /// Runs a text of several statements, outside a transaction.
    ///
    /// # Errors
    /// [`DbError::Refused`].
    pub async fn script(&self, sql: &'static str) -> Result<(), DbError> {
        match &self.pools {
            Pools::Sqlite { write, .. } => write.execute(sql).await.map(drop)?,
            Pools::Postgres(pool) => pool.execute(sql).await.map(drop)?,
        }
        Ok(())
    }

    /// Writes a whole, consistent copy of the embedded database into a file that must not be there yet, while the
    /// service goes on. On PostgreSQL its own tools do that.
    ///
    /// # Errors
    /// [`DbError::Refused`].
    pub async fn copy_to(&self, path: &Path) -> Result<(), DbError> {
        match &self.pools {
            Pools::Sqlite { read, .. } => {
                sqlx::query("VACUUM INTO $1").bind(path.display().to_string()).execute(read).await?;
                Ok(())
            }
            Pools::Postgres(_) => Err(DbError::Refused(sqlx::Error::Configuration(
                "a PostgreSQL is copied with pg_dump, or continuously with its write-ahead log".into(),
            ))),
        }
    }

    /// Lets every connection go.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { write, read } => {
                read.close().await;
                write.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}
