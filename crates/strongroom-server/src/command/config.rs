//! `strongroom config`: every setting as it would be used, and where it comes from.
//! It starts nothing and asks no database, and of a secret it shows that there is one, and no more.

use clap::Args;

use super::serve::ServeSettings;
use super::{Failure, say};
use crate::settings::{AdminUrl, ApplicationUrl, AuditorUrl, ConfigFile, Origin, effective};

/// Show every setting, its value and its source: default, file, environment or flag
#[derive(Args, Debug)]
pub struct Config {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    serve: ServeSettings,
    #[command(flatten)]
    admin: AdminUrl,
    #[command(flatten)]
    auditor: AuditorUrl,
    #[command(flatten)]
    application: ApplicationUrl,
}

impl Config {
    /// # Errors
    /// Where settings contradict each other, as `serve` would say.
    pub fn run(self, origin: &Origin) -> Result<(), Failure> {
        let folder = self.serve.data.path();
        let computed = [
            ("data_dir", folder.display().to_string()),
            ("key_file", self.serve.keys.path(&folder).display().to_string()),
        ];
        say(&effective(origin, &computed));
        self.serve.check()
    }
}
