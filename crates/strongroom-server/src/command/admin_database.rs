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
        match database.given()? {
            Some(url) => Ok(Self::running(url)),
            None => Self::embedded(folder).await,
        }
    }

    /// One that somebody else runs.
    pub fn running(url: String) -> Self {
        Self { url, started: None }
    }

    /// The one of the data folder.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn embedded(folder: &Path) -> Result<Self, Failure> {
        if !Self::is_in(folder) {
            let folder = folder.display();
            return Err(format!(
                "the data folder {folder} has no database; name the right one with --data-dir, or give the URL of a \
                 PostgreSQL of your own"
            )
            .into());
        }
        match Self::start(folder).await {
            Err(error) if matches!(error.downcast_ref(), Some(EmbeddedError::InUse(_))) => {
                Ok(Self::running(Cluster::url(folder, "postgres")))
            }
            other => other,
        }
    }

    /// Whether the data folder has one.
    pub fn is_in(folder: &Path) -> bool {
        folder.join("postgres/PG_VERSION").exists()
    }

    /// One that is there, or a new embedded one. Nobody else uses that.
    ///
    /// # Errors
    /// [`EmbeddedError::InUse`], and where it does not start.
    pub async fn create(database: &AdminUrl, folder: &Path) -> Result<Self, Failure> {
        match database.given()? {
            Some(url) => Ok(Self::running(url)),
            None => Self::start(folder).await,
        }
    }

    async fn start(folder: &Path) -> Result<Self, Failure> {
        let cluster = Cluster::open(folder).await?;
        progress(&format!("starting the embedded PostgreSQL in {}", folder.display()));
        Ok(Self { url: Cluster::url(folder, "postgres"), started: Some(Supervisor::start(cluster).await?) })
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
