//! Settings that several commands share: which database (the one that URLs name, or the embedded one of a data folder)
//! and which key file.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::embedded::Cluster;

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
}

impl KeyFile {
    /// The file that was named, or the default.
    pub fn path(&self, folder: &Path) -> PathBuf {
        self.key_file.clone().unwrap_or_else(|| folder.join("keys.json"))
    }
}

/// The logins of the two runtime roles; both, or neither for the embedded PostgreSQL.
#[derive(Args, Debug)]
pub struct RuntimeUrls {
    /// PostgreSQL as strongroom_app; without it, the embedded PostgreSQL is used
    #[arg(
        long,
        env = "STRONGROOM_DATABASE_URL",
        hide_env_values = true,
        value_name = "URL",
        requires = "system_database_url"
    )]
    database_url: Option<String>,
    /// PostgreSQL as strongroom_system, the role of the admin path
    #[arg(
        long,
        env = "STRONGROOM_SYSTEM_DATABASE_URL",
        hide_env_values = true,
        value_name = "URL",
        requires = "database_url"
    )]
    system_database_url: Option<String>,
}

impl RuntimeUrls {
    /// Both URLs, if they were given.
    pub fn given(&self) -> Option<(String, String)> {
        self.database_url.clone().zip(self.system_database_url.clone())
    }

    /// Both URLs of a data folder's embedded PostgreSQL.
    pub fn embedded(folder: &Path) -> (String, String) {
        (Cluster::url(folder, "strongroom_app"), Cluster::url(folder, "strongroom_system"))
    }
}

/// The login of whoever may change the schema.
#[derive(Args, Debug)]
pub struct AdminUrl {
    /// PostgreSQL as a role that may create roles, or a member of strongroom_owner; without it, the running embedded
    /// PostgreSQL of the data folder is used
    #[arg(long, env = "STRONGROOM_ADMIN_DATABASE_URL", hide_env_values = true, value_name = "URL")]
    admin_database_url: Option<String>,
    #[command(flatten)]
    data: DataFolder,
}

impl AdminUrl {
    /// The URL that was given, or that of the embedded PostgreSQL.
    pub fn url(&self) -> String {
        self.admin_database_url.clone().unwrap_or_else(|| Cluster::url(&self.data.path(), "postgres"))
    }
}
