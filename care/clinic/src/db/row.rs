//! Values that go into a question and rows that come out, the same for both engines.
//!
//! A value that may be missing keeps its type: PostgreSQL wants to know what kind of nothing it is given.

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Column, Postgres, Row as _, Sqlite, TypeInfo, ValueRef};

use super::DbError;

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A whole number, or the lack of one.
    Number(Option<i64>),
    /// A text, or the lack of one.
    Text(Option<String>),
    /// Bytes, or the lack of them.
    Bytes(Option<Vec<u8>>),
}

/// Values for a question, in the order of their numbers.
pub type Values = Vec<Value>;

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Value::Number(Some(number))
    }
}
impl From<Option<i64>> for Value {
    fn from(number: Option<i64>) -> Self {
        Value::Number(number)
    }
}
impl From<bool> for Value {
    fn from(is: bool) -> Self {
        Value::Number(Some(i64::from(is)))
    }
}
impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(Some(text.to_owned()))
    }
}
impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(Some(text))
    }
}
impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Value::Text(Some(text.clone()))
    }
}
impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        Value::Text(text)
    }
}
impl From<Option<&str>> for Value {
    fn from(text: Option<&str>) -> Self {
        Value::Text(text.map(str::to_owned))
    }
}
impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Value::Bytes(Some(bytes))
    }
}
impl From<Option<Vec<u8>>> for Value {
    fn from(bytes: Option<Vec<u8>>) -> Self {
        Value::Bytes(bytes)
    }
}
impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Value::Bytes(Some(bytes.to_vec()))
    }
}
impl<const N: usize> From<[u8; N]> for Value {
    fn from(bytes: [u8; N]) -> Self {
        Value::Bytes(Some(bytes.to_vec()))
    }
}

/// Values for a question: `values![name, 3, None::<i64>]`.
#[macro_export]
macro_rules! values {
    ($($value:expr),* $(,)?) => { vec![$($crate::db::Value::from($value)),*] };
}

/// One row of an answer.
#[derive(Debug, Clone)]
pub struct Row(Vec<Value>);

impl Row {
    fn at(&self, column: usize, wanted: &'static str) -> Result<&Value, DbError> {
        self.0.get(column).ok_or(DbError::Column { column, wanted })
    }

    /// A whole number.
    ///
    /// # Errors
    /// [`DbError::Column`] if the column is something else or nothing.
    pub fn number(&self, column: usize) -> Result<i64, DbError> {
        self.number_or_none(column)?.ok_or(DbError::Column { column, wanted: "a number" })
    }

    /// A whole number, or nothing.
    ///
    /// # Errors
    /// [`DbError::Column`] if the column is something else.
    pub fn number_or_none(&self, column: usize) -> Result<Option<i64>, DbError> {
        match self.at(column, "a number")? {
            Value::Number(number) => Ok(*number),
            Value::Text(None) | Value::Bytes(None) => Ok(None),
            Value::Text(_) | Value::Bytes(_) => Err(DbError::Column { column, wanted: "a number" }),
        }
    }

    /// Whether a number is not 0; nothing is no.
    ///
    /// # Errors
    /// [`DbError::Column`] if the column is no number.
    pub fn is(&self, column: usize) -> Result<bool, DbError> {
        Ok(self.number_or_none(column)?.unwrap_or(0) != 0)
    }

    /// A text.
    ///
    /// # Errors
    /// [`DbError::Column`] if the column is something else or nothing.
    pub fn text(&self, column: usize) -> Result<String, DbError> {
        self.text_or_none(column)?.ok_or(DbError::Column { column, wanted: "a text" })
    }

    /// A text, or nothing.
    ///
    /// # Errors
    /// [`DbError::Column`] if the column is something else.
    pub fn text_or_none(&self, column: usize) -> Result<Option<String>, DbError> {
        match self.at(column, "a text")? {
            Value::Text(text) => Ok(text.clone()),
            Value::Number(None) | Value::Bytes(None) => Ok(None),
            Value::Number(_) | Value::Bytes(_) => Err(DbError::Column { column, wanted: "a text" }),
        }
    }

    /// Bytes.
    ///
    /// # Errors
    /// [`DbError::Column`] if the column is something else or nothing.
    pub fn bytes(&self, column: usize) -> Result<Vec<u8>, DbError> {
        self.bytes_or_none(column)?.ok_or(DbError::Column { column, wanted: "bytes" })
    }

    /// Bytes, or nothing.
    ///
    /// # Errors
    /// [`DbError::Column`] if the column is something else.
    pub fn bytes_or_none(&self, column: usize) -> Result<Option<Vec<u8>>, DbError> {
        match self.at(column, "bytes")? {
            Value::Bytes(bytes) => Ok(bytes.clone()),
            Value::Number(None) | Value::Text(None) => Ok(None),
            Value::Number(_) | Value::Text(_) => Err(DbError::Column { column, wanted: "bytes" }),
        }
    }
}

type SqliteQuery = sqlx::query::Query<'static, Sqlite, SqliteArguments>;
type PgQuery = sqlx::query::Query<'static, Postgres, PgArguments>;

pub(super) fn bind_sqlite(query: SqliteQuery, values: Values) -> SqliteQuery {
    values.into_iter().fold(query, |query, value| match value {
        Value::Number(number) => query.bind(number),
        Value::Text(text) => query.bind(text),
        Value::Bytes(bytes) => query.bind(bytes),
    })
}

pub(super) fn bind_postgres(query: PgQuery, values: Values) -> PgQuery {
    values.into_iter().fold(query, |query, value| match value {
        Value::Number(number) => query.bind(number),
        Value::Text(text) => query.bind(text),
        Value::Bytes(bytes) => query.bind(bytes),
    })
}

pub(super) fn of_sqlite(row: &SqliteRow) -> Result<Row, DbError> {
    let mut all = Vec::with_capacity(row.columns().len());
    for column in row.columns() {
        let place = column.ordinal();
        let raw = row.try_get_raw(place)?;
        let kind = raw.type_info();
        all.push(match (raw.is_null(), kind.name()) {
            (true, _) => Value::Number(None),
            (false, "TEXT") => Value::Text(Some(row.try_get(place)?)),
            (false, "BLOB") => Value::Bytes(Some(row.try_get(place)?)),
            (false, _) => Value::Number(Some(row.try_get_unchecked(place)?)),
        });
    }
    Ok(Row(all))
}

pub(super) fn of_postgres(row: &PgRow) -> Result<Row, DbError> {
    let mut all = Vec::with_capacity(row.columns().len());
    for column in row.columns() {
        let place = column.ordinal();
        let value = match column.type_info().name() {
            "INT8" => Value::Number(row.try_get(place)?),
            "INT4" => Value::Number(row.try_get::<Option<i32>, _>(place)?.map(i64::from)),
            "BOOL" => Value::Number(row.try_get::<Option<bool>, _>(place)?.map(i64::from)),
            "VOID" => Value::Number(None),
            "BYTEA" => Value::Bytes(row.try_get(place)?),
            "TEXT" | "VARCHAR" | "NAME" | "UNKNOWN" => Value::Text(row.try_get(place)?),
            _ => return Err(DbError::Column { column: place, wanted: "a number, a text or bytes" }),
        };
        all.push(value);
    }
    Ok(Row(all))
}
