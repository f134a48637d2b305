//! What tests stand on: a database of their own on a real PostgreSQL, people with tokens, and raw SQL as any role.
//! Never a dependency of the product. It speaks SQL with another client than the product does, as an attacker would.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods, reason = "tests only")]

mod database;
mod person;
mod wire;

pub use database::{Sql, TestDatabase, await_lock_waits, is_refused, rows_looked_at};
pub use person::Person;
pub use tokio_postgres::SimpleQueryMessage;
pub use tokio_postgres::error::SqlState;
pub use wire::Wire;
