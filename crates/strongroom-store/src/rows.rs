//! How a column becomes a domain type. The vocabulary crate knows no sqlx, so that enums travel as text.
//! Nothing here knows a table.

use std::str::FromStr;

use sqlx::Row;
use sqlx::postgres::PgRow;

/// Reads a text column that holds one of our enums.
pub(crate) fn parsed<T>(row: &PgRow, column: &str) -> Result<T, sqlx::Error>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let decode = |source| sqlx::Error::ColumnDecode { index: column.into(), source };
    row.try_get::<String, _>(column)?.parse().map_err(|e: T::Err| decode(Box::new(e)))
}

/// Reads a text column that may be NULL and otherwise holds one of our enums.
pub(crate) fn maybe_parsed<T>(row: &PgRow, column: &str) -> Result<Option<T>, sqlx::Error>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    match row.try_get::<Option<String>, _>(column)? {
        Some(_) => parsed(row, column).map(Some),
        None => Ok(None),
    }
}

/// Reads an array of texts that hold one of our enums each.
pub(crate) fn all_parsed<T>(row: &PgRow, column: &str) -> Result<Vec<T>, sqlx::Error>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let decode = |e: T::Err| sqlx::Error::ColumnDecode { index: column.into(), source: Box::new(e) };
    let texts: Vec<String> = row.try_get(column)?;
    texts.iter().map(|text| text.parse().map_err(decode)).collect()
}

/// A part of a text, for ILIKE: the caller's own wildcards mean themselves.
pub(crate) fn containing(text: &str) -> String {
    format!("%{}%", text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
}
