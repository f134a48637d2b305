//! The commands that run a server. Each is one file, and flattens the groups of settings that it uses.
//! They print for a person; the log is apart, on stderr.

mod admin_database;
mod audit;
mod backup;
mod config;
mod doctor;
mod keys;
mod migrate;
mod passphrase;
mod postgres_program;
mod restore;
mod seal_column;
mod serve;
mod setup_token;
mod verification;

pub use audit::Audit;
pub use backup::Backup;
pub use config::Config;
pub use doctor::Doctor;
pub use keys::Keys;
pub use migrate::Migrate;
pub use restore::Restore;
pub use seal_column::SealColumn;
pub use serve::Serve;
pub use setup_token::SetupToken;

/// What a command ends with when it fails; the text is for the operator.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Prints for the person at the terminal. The log goes elsewhere (stderr).
#[allow(clippy::print_stdout, reason = "the one place that prints")]
fn say(text: &str) {
    println!("{text}");
}

/// Says how far a long command is, apart from what it prints.
#[allow(clippy::print_stderr, reason = "progress is for the person at the terminal, and stdout may be a file")]
fn progress(text: &str) {
    eprintln!("{text}");
}
