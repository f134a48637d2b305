//! Sealing the record, every second and once more at the end: what was written until then is covered by a signed checkpoint.
//! No request waits for it, and a failure is not the end of it.

use std::sync::Arc;
use std::time::Duration;

use strongroom_service::Vault;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use crate::checkpoints::Checkpoints;

const EVERY: Duration = Duration::from_secs(1);
/// After a failure, which the next second would have again.
const AFTER_FAILURE: Duration = Duration::from_secs(60);

/// Sealing under way.
pub struct Sealing {
    stop: oneshot::Sender<()>,
    task: JoinHandle<Checkpoints>,
}

impl Sealing {
    /// Begins at once, and says to those places what is signed. The receiver learns when the first round is over.
    pub fn start(vault: Arc<Vault>, checkpoints: Checkpoints) -> (Self, oneshot::Receiver<()>) {
        let ((stop, stopped), (caught_up, first)) = (oneshot::channel(), oneshot::channel());
        (Self { stop, task: tokio::spawn(keep_sealing(vault, checkpoints, stopped, caught_up)) }, first)
    }

    /// Ends it, after it has sealed what there is. When nothing writes any more. The places may not have all yet.
    pub async fn stop(self) -> Option<Checkpoints> {
        drop(self.stop);
        self.task.await.inspect_err(|panic| tracing::error!(%panic, "sealing panicked")).ok()
    }
}

async fn keep_sealing(
    vault: Arc<Vault>,
    checkpoints: Checkpoints,
    mut stopped: oneshot::Receiver<()>,
    caught_up: oneshot::Sender<()>,
) -> Checkpoints {
    let mut caught_up = Some(caught_up);
    let mut seconds = interval(EVERY);
    seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let last = tokio::select! {
            _ = seconds.tick() => false,
            _ = &mut stopped => true,
        };
        if !seal(&vault, &checkpoints).await {
            seconds.reset_after(AFTER_FAILURE);
        }
        drop(caught_up.take());
        if last {
            return checkpoints;
        }
    }
}

/// False: it failed.
async fn seal(vault: &Vault, checkpoints: &Checkpoints) -> bool {
    match vault.seal_record().await {
        Ok(mut notes) => {
            if let Some(note) = notes.pop() {
                checkpoints.send(note);
            }
            true
        }
        Err(error) => {
            tracing::error!(%error, "the record was not sealed; the next try is in a minute");
            false
        }
    }
}
