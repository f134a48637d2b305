//! The commands that run a server. Each is one file, and flattens the groups of settings that it uses.
//! They print for a person; the log is apart, on stderr.

mod config;
mod doctor;
mod migrate;
mod serve;
mod setup_token;

pub use config::Config;
pub use doctor::Doctor;
pub use migrate::Migrate;
pub use serve::Serve;
pub use setup_token::SetupToken;

/// What a command ends with when it fails; the text is for the operator.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Prints for the person at the terminal. The log goes elsewhere (stderr).
#[allow(clippy::print_stdout, reason = "the one place that prints")]
fn say(text: &str) {
    println!("{text}");
}
