//! What the server does by itself, at its start and every hour: it has the database remove what the settings do not keep.
//! It never decides what goes, and a failure is not the end of it: the next hour is another try.

use std::sync::Arc;
use std::time::Duration;

use strongroom_service::Vault;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

const EVERY: Duration = Duration::from_secs(60 * 60);

/// Housekeeping under way.
pub struct Housekeeping {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Housekeeping {
    /// Begins when the record has been sealed for the first time: what is not sealed is not removed.
    pub fn start(vault: Arc<Vault>, sealed: oneshot::Receiver<()>) -> Self {
        let (stop, stopped) = oneshot::channel();
        Self { stop, task: tokio::spawn(keep_house(vault, sealed, stopped)) }
    }

    /// Ends it, after what it is at.
    pub async fn stop(self) {
        drop(self.stop);
        if let Err(panic) = self.task.await {
            tracing::error!(%panic, "housekeeping panicked");
        }
    }
}

async fn keep_house(vault: Arc<Vault>, sealed: oneshot::Receiver<()>, mut stopped: oneshot::Receiver<()>) {
    tokio::select! {
        _ = sealed => {}
        _ = &mut stopped => return,
    }
    let mut hours = interval(EVERY);
    hours.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = hours.tick() => tidy(&vault).await,
            _ = &mut stopped => return,
        }
    }
}

async fn tidy(vault: &Vault) {
    match vault.purge_record().await {
        Ok(0) => {}
        Ok(removed) => tracing::info!(removed, "removed what the record is not to keep any more"),
        Err(error) => tracing::error!(%error, "the record was not purged; the next try is in an hour"),
    }
    match vault.purge_credentials().await {
        Ok(0) => {}
        Ok(destroyed) => tracing::info!(destroyed, "destroyed values that are not to be kept any more"),
        Err(error) => tracing::error!(%error, "values were not purged; the next try is in an hour"),
    }
}
