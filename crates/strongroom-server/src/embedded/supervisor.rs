//! Keeps the embedded PostgreSQL running while the server does, and stops it in order afterwards.
//! Never gives up on it while it is wanted.

use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::Child;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::cluster::Cluster;
use super::error::EmbeddedError;

const RESTART_PAUSE: Duration = Duration::from_secs(1);
const STOP_TIMEOUT: Duration = Duration::from_secs(60);

/// A running cluster.
#[derive(Debug)]
pub struct Supervisor {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Supervisor {
    /// Starts the cluster and watches over it.
    ///
    /// # Errors
    /// Those of the first start; later ones are logged and tried again.
    pub async fn start(cluster: Cluster) -> Result<Self, EmbeddedError> {
        let child = cluster.start().await?;
        let (stop, stopped) = oneshot::channel();
        Ok(Self { stop, task: tokio::spawn(watch(cluster, child, stopped)) })
    }

    /// Stops the cluster: connections are ended, what is committed is on disk.
    pub async fn stop(self) {
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}

async fn watch(cluster: Cluster, mut child: Child, mut stopped: oneshot::Receiver<()>) {
    loop {
        tokio::select! {
            // Also when the supervisor is dropped without a word.
            _ = &mut stopped => return shut_down(child).await,
            status = child.wait() => tracing::error!(?status, "PostgreSQL ended by itself; starting it again"),
        }
        child = loop {
            tokio::select! {
                _ = &mut stopped => return,
                () = sleep(RESTART_PAUSE) => {}
            }
            match cluster.start().await {
                Ok(child) => break child,
                Err(error) => tracing::error!(%error, "PostgreSQL does not start"),
            }
        };
    }
}

/// SIGINT is PostgreSQL's fast shutdown; SIGQUIT its immediate one, from which it recovers at the next start.
async fn shut_down(mut child: Child) {
    for signal in [Signal::SIGINT, Signal::SIGQUIT] {
        if let Some(pid) = child.id().and_then(|id| i32::try_from(id).ok()) {
            let _ = kill(Pid::from_raw(pid), signal);
        }
        if timeout(STOP_TIMEOUT, child.wait()).await.is_ok() {
            return;
        }
    }
}
