//! Which database: the one that URLs name, or the embedded one of a data folder. URLs hold passwords, so that each may
//! be kept in a file of its own; messages name the setting and never show its value.

use std::path::{Path, PathBuf};

use clap::Args;

use super::secret::secret;
use crate::command::Failure;
use crate::embedded::Cluster;

/// The logins of the two runtime roles; both, or neither for the embedded PostgreSQL.
#[derive(Args, Debug)]
pub struct RuntimeUrls {
    /// PostgreSQL as strongroom_app; without it, the embedded PostgreSQL is used
    #[arg(long, env = "STRONGROOM_DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database_url: Option<String>,
    /// File that holds database_url instead
    #[arg(long, env = "STRONGROOM_DATABASE_URL_FILE", value_name = "FILE")]
    database_url_file: Option<PathBuf>,
    /// PostgreSQL as strongroom_system, the role of the admin path
    #[arg(long, env = "STRONGROOM_SYSTEM_DATABASE_URL", hide_env_values = true, value_name = "URL")]
    system_database_url: Option<String>,
    /// File that holds system_database_url instead
    #[arg(long, env = "STRONGROOM_SYSTEM_DATABASE_URL_FILE", value_name = "FILE")]
    system_database_url_file: Option<PathBuf>,
}

impl RuntimeUrls {
    /// Both URLs, if they were given.
    ///
    /// # Errors
    /// Where only one of them was, one was given twice, or a file does not hold it.
    pub fn given(&self) -> Result<Option<(String, String)>, Failure> {
        let app = secret("database_url", self.database_url.as_deref(), self.database_url_file.as_deref())?;
        let system = secret(
            "system_database_url",
            self.system_database_url.as_deref(),
            self.system_database_url_file.as_deref(),
        )?;
        match (app, system) {
            (Some(app), Some(system)) => Ok(Some((app, system))),
            (None, None) => Ok(None),
            _ => Err("give database_url and system_database_url, or none of them for the embedded PostgreSQL".into()),
        }
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
    /// File that holds admin_database_url instead
    #[arg(long, env = "STRONGROOM_ADMIN_DATABASE_URL_FILE", value_name = "FILE")]
    admin_database_url_file: Option<PathBuf>,
}

impl AdminUrl {
    /// The URL that was given, or that of the folder's embedded PostgreSQL.
    ///
    /// # Errors
    /// As [`Self::given`].
    pub fn url(&self, folder: &Path) -> Result<String, Failure> {
        Ok(self.given()?.unwrap_or_else(|| Cluster::url(folder, "postgres")))
    }

    /// The URL, if one was given.
    ///
    /// # Errors
    /// Where it was given twice, or its file does not hold it.
    pub fn given(&self) -> Result<Option<String>, Failure> {
        let file = self.admin_database_url_file.as_deref();
        secret("admin_database_url", self.admin_database_url.as_deref(), file)
    }
}

/// The login that seals a column of an application's table.
#[derive(Args, Debug)]
pub struct ApplicationUrl {
    /// PostgreSQL of an application, as a login that may read and change the column that is to be sealed
    #[arg(long, env = "STRONGROOM_APPLICATION_DATABASE_URL", hide_env_values = true, value_name = "URL")]
    application_database_url: Option<String>,
    /// File that holds application_database_url instead
    #[arg(long, env = "STRONGROOM_APPLICATION_DATABASE_URL_FILE", value_name = "FILE")]
    application_database_url_file: Option<PathBuf>,
}

impl ApplicationUrl {
    /// The URL.
    ///
    /// # Errors
    /// Where none was given, it was given twice, or its file does not hold it.
    pub fn url(&self) -> Result<String, Failure> {
        let file = self.application_database_url_file.as_deref();
        let given = secret("application_database_url", self.application_database_url.as_deref(), file)?;
        given.ok_or_else(|| "say where the application's table is, with application_database_url".into())
    }
}

/// The login of whoever verifies the record.
#[derive(Args, Debug)]
pub struct AuditorUrl {
    /// PostgreSQL as strongroom_auditor, which reads all of the record and nothing else; without it, the running embedded
    /// PostgreSQL of the data folder is used
    #[arg(long, env = "STRONGROOM_AUDITOR_DATABASE_URL", hide_env_values = true, value_name = "URL")]
    auditor_database_url: Option<String>,
    /// File that holds auditor_database_url instead
    #[arg(long, env = "STRONGROOM_AUDITOR_DATABASE_URL_FILE", value_name = "FILE")]
    auditor_database_url_file: Option<PathBuf>,
}

impl AuditorUrl {
    /// The URL that was given, or that of the folder's embedded PostgreSQL.
    ///
    /// # Errors
    /// Where it was given twice, or its file does not hold it.
    pub fn url(&self, folder: &Path) -> Result<String, Failure> {
        let file = self.auditor_database_url_file.as_deref();
        let given = secret("auditor_database_url", self.auditor_database_url.as_deref(), file)?;
        Ok(given.unwrap_or_else(|| Cluster::url(folder, "strongroom_auditor")))
    }
}
