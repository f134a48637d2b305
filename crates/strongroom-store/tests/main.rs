//! The tests of the schema and the store, in one program: the attacker's moves in SQL, as the runtime roles, against PostgreSQL.
//! Each starts from a database of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests only")]

mod acts_together;
mod caller;
mod calls;
mod federation;
mod grants;
mod isolation;
mod members;
mod oracles;
mod plans;
mod pooler;
mod posture;
mod record;
mod retention;
mod reveal;
mod reveals_together;
mod rewrap;
mod sign_in;
mod token_scopes;
mod workspaces;
