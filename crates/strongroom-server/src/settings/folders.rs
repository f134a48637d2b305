//! Where Strongroom keeps what it keeps on this machine: the data folder and the key file.
//! It names paths and never makes one: whoever uses a folder makes it, and looks first whose it is.

use std::path::{Path, PathBuf};

use clap::Args;
use strongroom_crypto::{KeyProtection, Passphrase};

use crate::command::Failure;

/// Where Strongroom keeps what it keeps.
#[derive(Args, Debug)]
pub struct DataFolder {
    /// Folder of the embedded PostgreSQL and of the key file [default: /var/lib/strongroom as root, else
    /// ~/.local/share/strongroom]
    #[arg(long, env = "STRONGROOM_DATA_DIR", value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
}

impl DataFolder {
    /// The folder that was named, or the default.
    pub fn path(&self) -> PathBuf {
        self.data_dir.clone().unwrap_or_else(|| match dirs::data_dir() {
            Some(folder) if !nix::unistd::geteuid().is_root() => folder.join("strongroom"),
            _ => "/var/lib/strongroom".into(),
        })
    }
}

/// Where the key-encryption keys are.
#[derive(Args, Debug)]
pub struct KeyFile {
    /// Key file, made when a new vault is first served [default: keys.json in the data folder]
    #[arg(long, env = "STRONGROOM_KEY_FILE", value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// File with the passphrase that the key file is encrypted under, mode 0600; without it, the key file is in the clear, for its
    /// owner alone
    #[arg(long, env = "STRONGROOM_KEY_PASSPHRASE_FILE", value_name = "FILE")]
    key_passphrase_file: Option<PathBuf>,
}

impl KeyFile {
    /// The file that was named, or the default.
    pub fn path(&self, folder: &Path) -> PathBuf {
        self.key_file.clone().unwrap_or_else(|| folder.join("keys.json"))
    }

    /// What keeps it.
    ///
    /// # Errors
    /// Where the file with its passphrase does not hold one.
    pub fn protection(&self) -> Result<KeyProtection, Failure> {
        Ok(match &self.key_passphrase_file {
            Some(path) => KeyProtection::Passphrase(Passphrase::read(path)?),
            None => KeyProtection::Mode,
        })
    }
}
