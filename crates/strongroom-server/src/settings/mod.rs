//! Settings. Each is one field with `#[arg(long, env = "STRONGROOM_…")]` in the `Args` group of the part that it is
//! for; name, flag, variable, default, bounds and text are said there and nowhere else. Commands flatten the groups
//! that they use, [`Config`] all of them: from it come the keys of the file, the table of `strongroom config` and
//! docs/configuration.md. A secret has `hide_env_values`, and a `…_file` beside it, which secret.rs reads.

mod database;
mod federation;
mod folders;
mod keys;
mod layers;
mod secret;
mod table;

use std::path::PathBuf;

use clap::{Arg, Args, Command};

pub use database::{AdminUrl, ApplicationUrl, AuditorUrl, RuntimeUrls};
pub use federation::FederationSettings;
pub use folders::{DataFolder, KeyFile};
pub use keys::KeySettings;
pub use layers::{Origin, parse};
pub(crate) use secret::secret;
pub use table::documentation;
pub(crate) use table::effective;

use crate::command::Config;
use crate::telemetry::LogSettings;

/// The file that settings may come from.
#[derive(Args, Debug)]
pub struct ConfigFile {
    /// TOML file with settings; variables of the environment and flags go before it
    #[arg(long, env = "STRONGROOM_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Every setting there is.
fn all() -> Vec<Arg> {
    let command = Config::augment_args(LogSettings::augment_args(Command::new("strongroom")));
    command.get_arguments().filter(|arg| arg.get_id() != layers::FILE).cloned().collect()
}
