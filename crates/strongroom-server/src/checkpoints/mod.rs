//! Where checkpoints of the record go so that the database's owner cannot take them back: a file, stdout, a webhook. Each place
//! follows at its own speed and takes the latest, which says all that those before it say. Sealing never waits for one.

mod file;
mod webhook;

use std::io::{Write, stdout};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use clap::Args;
use metrics::counter;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use url::Url;

pub use file::read;

use crate::command::Failure;
use crate::settings::secret;
use file::CheckpointFile;
use webhook::Webhook;

/// Between two tries, after the first failure and at most.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// What each place has at the end: for what it is at, and for the last checkpoint.
const FINISH_TIMEOUT: Duration = Duration::from_secs(10);

/// Where checkpoints go.
#[derive(Args, Debug)]
pub struct CheckpointSettings {
    /// File that signed checkpoints of the record are added to, on another machine's disk for best: whoever owns the
    /// database can then not take back what was recorded
    #[arg(long, env = "STRONGROOM_CHECKPOINT_FILE", value_name = "FILE")]
    checkpoint_file: Option<PathBuf>,
    /// Print signed checkpoints of the record, for whatever keeps the output of this server
    #[arg(long, env = "STRONGROOM_CHECKPOINT_STDOUT")]
    checkpoint_stdout: bool,
    /// Address that signed checkpoints of the record are posted to: https://…, or http://… on this machine
    #[arg(long, env = "STRONGROOM_CHECKPOINT_WEBHOOK", value_name = "URL", value_parser = webhook::address)]
    checkpoint_webhook: Option<Url>,
    /// Bearer token for it
    #[arg(long, env = "STRONGROOM_CHECKPOINT_WEBHOOK_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    checkpoint_webhook_token: Option<String>,
    /// File that holds checkpoint_webhook_token instead
    #[arg(long, env = "STRONGROOM_CHECKPOINT_WEBHOOK_TOKEN_FILE", value_name = "FILE")]
    checkpoint_webhook_token_file: Option<PathBuf>,
}

/// The places, and what they are told: the latest note.
pub struct Checkpoints {
    notes: watch::Sender<String>,
    places: JoinSet<()>,
}

enum Place {
    File(CheckpointFile),
    Stdout,
    Webhook(Webhook),
}

impl CheckpointSettings {
    /// Whether these settings fit together.
    ///
    /// # Errors
    /// Where a token has no address, or its file does not hold it.
    pub fn check(&self) -> Result<(), Failure> {
        self.webhook().map(drop)
    }

    fn webhook(&self) -> Result<Option<Webhook>, Failure> {
        let (token, file) = (self.checkpoint_webhook_token.as_deref(), self.checkpoint_webhook_token_file.as_deref());
        match (&self.checkpoint_webhook, secret("checkpoint_webhook_token", token, file)?) {
            (Some(url), token) => Ok(Some(Webhook::new(url.clone(), token.map(Into::into))?)),
            (None, None) => Ok(None),
            (None, Some(_)) => Err("checkpoint_webhook_token is without effect: give checkpoint_webhook".into()),
        }
    }
}

impl Checkpoints {
    /// Ready for the first one.
    ///
    /// # Errors
    /// As [`CheckpointSettings::check`], and where the file cannot be written to.
    pub async fn start(settings: &CheckpointSettings) -> Result<Self, Failure> {
        let mut all = Vec::new();
        if let Some(path) = &settings.checkpoint_file {
            all.push(Place::File(CheckpointFile::open(path).await?));
        }
        if settings.checkpoint_stdout {
            all.push(Place::Stdout);
        }
        all.extend(settings.webhook()?.map(Place::Webhook));
        let (notes, mut places) = (watch::Sender::default(), JoinSet::new());
        for place in all {
            places.spawn(follow(place, notes.subscribe()));
        }
        Ok(Self { notes, places })
    }

    /// Keeps it for every place, in the place of one that has not gone there yet.
    pub fn send(&self, note: String) {
        self.notes.send_replace(note);
    }

    /// Ends when each place has the last one, or has been tried.
    pub async fn finish(self) {
        let Self { notes, mut places } = self;
        drop(notes);
        let all = async { while places.join_next().await.is_some() {} };
        if timeout(FINISH_TIMEOUT, all).await.is_err() {
            tracing::error!("stopped before the last checkpoint was everywhere");
        }
    }
}

/// Until there are no more notes and the last one has been tried.
async fn follow(mut place: Place, mut notes: watch::Receiver<String>) {
    let mut pause = PAUSES.0;
    while notes.changed().await.is_ok() {
        // Asked before: what is taken then is the last one.
        let last_try = notes.has_changed().is_err();
        let note = notes.borrow_and_update().clone();
        let Err(error) = place.take(&note).await else {
            pause = PAUSES.0;
            continue;
        };
        counter!("strongroom_checkpoint_failures_total", "place" => place.name()).increment(1);
        tracing::error!(%error, place = place.name(), "a checkpoint is not where it is to be kept");
        if last_try {
            return;
        }
        // It is still to be taken, or the one that came meanwhile.
        notes.mark_changed();
        tokio::select! {
            () = sleep(pause) => {}
            () = ended(notes.clone()) => {}
        }
        pause = PAUSES.1.min(pause * 2);
    }
}

/// When nothing is sent any more.
async fn ended(mut notes: watch::Receiver<String>) {
    while notes.changed().await.is_ok() {}
}

impl Place {
    /// For labels; metrics.rs has them all.
    fn name(&self) -> &'static str {
        match self {
            Self::File(_) => "file",
            Self::Stdout => "stdout",
            Self::Webhook(_) => "webhook",
        }
    }

    async fn take(&mut self, note: &str) -> Result<(), Failure> {
        match self {
            Self::File(file) => file.append(note).await,
            Self::Stdout => print(note).await,
            Self::Webhook(webhook) => webhook.post(note).await,
        }
    }
}

async fn print(note: &str) -> Result<(), Failure> {
    let (done, printed) = oneshot::channel();
    let note = note.to_owned();
    // On a thread that nobody waits for at the end: whoever does not read what is printed would keep the server from it.
    thread::Builder::new().spawn(move || {
        let mut stdout = stdout().lock();
        let written = stdout.write_all(note.as_bytes()).and_then(|()| stdout.flush());
        // Nobody waits any more where the server ends.
        _ = done.send(written);
    })?;
    Ok(printed.await??)
}
