//! The server: HTTP on top of the service, and the commands that run it.
//! Routes parse and answer; the rules are the service's, isolation is the database's.

mod checkpoints;
mod client;
pub mod command;
mod cookie;
mod embedded;
mod export;
mod extract;
mod housekeeping;
mod limits;
mod listener;
mod openapi;
mod problem;
mod record_file;
mod routes;
mod sealing;
pub mod settings;
mod sign_in_cookie;
mod telemetry;
mod web;

pub use listener::{HttpSettings, Listener};
pub use openapi::openapi;
pub use routes::{Endpoint, endpoints, router};
pub use telemetry::{LogSettings, Telemetry};
