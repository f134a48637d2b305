//! The tests of the service, in one program, against PostgreSQL: what the rules allow, what is recorded, and round trips.
//! What needs HTTP is tested with the server, what is SQL's with the store.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests only")]

mod authorization;
mod record;
mod record_deceptions;
mod record_retention;
mod round_trips;
mod support;
