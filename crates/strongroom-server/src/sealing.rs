//! Sealing the record, every second and once more at the end: what was written until then is covered by a signed checkpoint.
//! No request waits for it, and a failure is not the end of it.

use std::sync::Arc;
use std::time::Duration;

use strongroom_service::Vault;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use crate::checkpoint_file::CheckpointFile;

const EVERY: Duration = Duration::from_secs(1);
/// After a failure, which the next second would have again.
const AFTER_FAILURE: Duration = Duration::from_secs(60);

/// Sealing under way.
pub struct Sealing {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Sealing {
    /// Begins at once; with a file, what is signed goes there, too. The receiver learns when the first round is over.
    pub fn start(vault: Arc<Vault>, file: Option<CheckpointFile>) -> (Self, oneshot::Receiver<()>) {
        let ((stop, stopped), (caught_up, first)) = (oneshot::channel(), oneshot::channel());
        (Self { stop, task: tokio::spawn(keep_sealing(vault, file, stopped, caught_up)) }, first)
    }

    /// Ends it, after it has sealed what there is. When nothing writes any more.
    pub async fn stop(self) {
        drop(self.stop);
        if let Err(panic) = self.task.await {
            tracing::error!(%panic, "sealing panicked");
        }
    }
}

async fn keep_sealing(
    vault: Arc<Vault>,
    mut file: Option<CheckpointFile>,
    mut stopped: oneshot::Receiver<()>,
    caught_up: oneshot::Sender<()>,
) {
    let mut caught_up = Some(caught_up);
    let mut seconds = interval(EVERY);
    seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let last = tokio::select! {
            _ = seconds.tick() => false,
            _ = &mut stopped => true,
        };
        if !seal(&vault, file.as_mut()).await {
            seconds.reset_after(AFTER_FAILURE);
        }
        drop(caught_up.take());
        if last {
            return;
        }
    }
}

/// False: it failed.
async fn seal(vault: &Vault, file: Option<&mut CheckpointFile>) -> bool {
    match vault.seal_record().await {
        Ok(notes) => {
            // The last one says all that those before it say.
            if let (Some(note), Some(file)) = (notes.last(), file) {
                file.append(note).await;
            }
            true
        }
        Err(error) => {
            tracing::error!(%error, "the record was not sealed; the next try is in a minute");
            false
        }
    }
}
