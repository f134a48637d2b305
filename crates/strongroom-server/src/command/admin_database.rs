//! The database of a command that an administrator runs: the one that its URL names, or the embedded one of the data
//! folder. That is started for the time of the command, unless a server runs it already.

use std::path::Path;

use tokio::signal::unix::{SignalKind, signal};

use super::{Failure, progress};
use crate::embedded::{Cluster, EmbeddedError, Supervisor};
use crate::settings::AdminUrl;

/// A database that runs.
pub struct AdminDatabase {
    url: String,
    started: Option<Supervisor>,
}

impl AdminDatabase {
    /// One that is there.
    ///
    /// # Errors
    /// Where the data folder has no database, or it does not start.
    pub async fn open(database: &AdminUrl, folder: &Path) -> Result<Self, Failure> {
        if database.given()?.is_none() && !folder.join("postgres/PG_VERSION").exists() {
            let folder = folder.display();
            return Err(format!(
                "the data folder {folder} has no database; name the right one with --data-dir, or a PostgreSQL of \
                 your own with --admin-database-url"
            )
            .into());
        }
        match Self::create(database, folder).await {
            Err(error) if matches!(error.downcast_ref(), Some(EmbeddedError::InUse(_))) => {
                Ok(Self { url: database.url(folder)?, started: None })
            }
            other => other,
        }
    }

    /// One that is there, or a new embedded one. Nobody else uses that.
    ///
    /// # Errors
    /// [`EmbeddedError::InUse`], and where it does not start.
    pub async fn create(database: &AdminUrl, folder: &Path) -> Result<Self, Failure> {
        let url = database.url(folder)?;
        if database.given()?.is_some() {
            return Ok(Self { url, started: None });
        }
        let cluster = Cluster::open(folder).await?;
        progress(&format!("starting the embedded PostgreSQL in {}", folder.display()));
        Ok(Self { url, started: Some(Supervisor::start(cluster).await?) })
    }

    /// Does that with the URL of its administrator, and stops what was started for it, whatever came of it, and also
    /// when a signal asks for it.
    ///
    /// # Errors
    /// Those of the act; or that it was stopped.
    pub async fn with<T>(self, act: impl AsyncFnOnce(&str) -> Result<T, Failure>) -> Result<T, Failure> {
        let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        let done = tokio::select! {
            done = act(&self.url) => done,
            _ = interrupt.recv() => Err("stopped".into()),
            _ = terminate.recv() => Err("stopped".into()),
        };
        if let Some(supervisor) = self.started {
            supervisor.stop().await;
        }
        done
    }
}
