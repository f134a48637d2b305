//! The tests of the server, in one program: each file has the promises of what it is named after, and support/ what they share.
//! They ask over HTTP or run the binary; the database is PostgreSQL, and OpenBao is OpenBao.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests only")]

mod audit;
mod authorization;
mod backup;
mod checkpoints;
mod cli;
mod columns;
mod commands;
mod conditions;
mod configuration;
mod cookie;
mod credentials;
mod doctor;
mod embedded;
mod exchange;
mod headers;
mod housekeeping;
mod identity;
mod import;
mod input;
mod keys;
mod leaks;
mod limits;
mod login;
mod oidc;
mod openapi;
mod openbao;
mod password;
mod programs;
mod record;
mod service_accounts;
mod shutdown;
mod sign_in;
mod support;
mod telemetry;
mod terminal;
mod tls;
mod values;
mod workspaces;
