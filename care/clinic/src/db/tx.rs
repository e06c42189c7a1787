//! A transaction that writes. What is not committed did not happen.
//!
//! An act of a person is committed together with its line in the audit ([`crate::audit::commit`]); what machines do by
//! themselves is committed with [`Tx::commit_by_machine`].

use sqlx::{AssertSqlSafe, Postgres, Sqlite, Transaction};

use super::DbError;
use super::row::{self, Row, Values};

enum Open {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// An open transaction; dropped without a commit it is undone.
pub struct Tx {
    open: Open,
}

impl Tx {
    pub(super) fn sqlite(open: Transaction<'static, Sqlite>) -> Self {
        Self { open: Open::Sqlite(open) }
    }

    pub(super) fn postgres(open: Transaction<'static, Postgres>) -> Self {
        Self { open: Open::Postgres(open) }
    }

    /// Runs a statement and returns how many rows it changed.
    ///
    /// # Errors
    /// [`DbError::Refused`].
    pub async fn run(&mut self, sql: impl Into<String>, values: Values) -> Result<u64, DbError> {
        let sql = AssertSqlSafe(sql.into());
        Ok(match &mut self.open {
            Open::Sqlite(open) => {
                row::bind_sqlite(sqlx::query(sql), values).execute(&mut **open).await?.rows_affected()
            }
            Open::Postgres(open) => {
                row::bind_postgres(sqlx::query(sql), values).execute(&mut **open).await?.rows_affected()
            }
        })
    }

    /// All rows of a question, or of a statement that returns some.
    ///
    /// # Errors
    /// [`DbError::Refused`].
    pub async fn all(&mut self, sql: impl Into<String>, values: Values) -> Result<Vec<Row>, DbError> {
        let sql = AssertSqlSafe(sql.into());
        match &mut self.open {
            Open::Sqlite(open) => {
                let rows = row::bind_sqlite(sqlx::query(sql), values).fetch_all(&mut **open).await?;
                rows.iter().map(row::of_sqlite).collect()
            }
            Open::Postgres(open) => {
                let rows = row::bind_postgres(sqlx::query(sql), values).fetch_all(&mut **open).await?;
                rows.iter().map(row::of_postgres).collect()
            }
        }
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    /// [`DbError::Refused`].
    pub async fn first(&mut self, sql: impl Into<String>, values: Values) -> Result<Option<Row>, DbError> {
        Ok(self.all(sql, values).await?.into_iter().next())
    }

    /// Commits what no person did.
    ///
    /// # Errors
    /// [`DbError::Refused`]; then nothing happened.
    pub async fn commit_by_machine(self) -> Result<(), DbError> {
        match self.open {
            Open::Sqlite(open) => open.commit().await?,
            Open::Postgres(open) => open.commit().await?,
        }
        Ok(())
    }
}
