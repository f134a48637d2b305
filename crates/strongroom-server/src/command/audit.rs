//! `strongroom audit`: whether the record is what was sealed, by the database itself and by checkpoints that were kept apart
//! from it. Verifying changes nothing, and asks neither a server nor a function of the database.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use strongroom_crypto::VerifierKey;
use strongroom_service::{Limits, RecordVerification, SessionPolicy, Vault, VerifiedRecord};
use strongroom_store::{RecordReader, Store};

use super::{Failure, say};
use crate::checkpoint_file;
use crate::settings::{AuditorUrl, ConfigFile, DataFolder, KeySettings, RuntimeUrls};

/// Verify the record, and keep what it is verified by
#[derive(Args, Debug)]
pub struct Audit {
    #[command(subcommand)]
    act: Act,
}

#[derive(Subcommand, Debug)]
enum Act {
    Verify(Verify),
    Checkpoint(Checkpoint),
    Key(Key),
    Seal(Seal),
}

/// Find rows of the record that were changed, removed, inserted or put in another order
#[derive(Args, Debug)]
struct Verify {
    /// File with checkpoints that were kept apart from the database: also find a record that was truncated or rolled back
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Verifier key, as `strongroom audit key` shows it; without it, the key file is needed
    #[arg(long, value_name = "KEY")]
    key: Option<VerifierKey>,
    #[command(flatten)]
    source: Source,
}

/// Print the last checkpoint, to be kept where the database's owner cannot reach it
#[derive(Args, Debug)]
struct Checkpoint {
    #[command(flatten)]
    source: Source,
}

/// Print the verifier key, which is no secret; whoever verifies keeps it apart from the database
#[derive(Args, Debug)]
struct Key {
    #[command(flatten)]
    source: Source,
}

/// Seal what is not sealed yet, and print the checkpoint; a running server does so every second
#[derive(Args, Debug)]
struct Seal {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    urls: RuntimeUrls,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    keys: KeySettings,
}

/// Where the record is, and the key.
#[derive(Args, Debug)]
struct Source {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    database: AuditorUrl,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    keys: KeySettings,
}

impl Audit {
    /// # Errors
    /// Where the record is not what was sealed; where there is none, or no key.
    pub async fn run(self) -> Result<(), Failure> {
        match self.act {
            Act::Verify(verify) => verify.run().await,
            Act::Checkpoint(checkpoint) => {
                let last = checkpoint.source.reader().await?.last_note().await?;
                say(last.ok_or("nothing has been sealed yet")?.trim_end());
                Ok(())
            }
            Act::Key(key) => {
                say(&key.source.verifier_key(&mut key.source.reader().await?).await?.to_string());
                Ok(())
            }
            Act::Seal(seal) => seal.run().await,
        }
    }
}

impl Verify {
    async fn run(self) -> Result<(), Failure> {
        let mut reader = self.source.reader().await?;
        let key = match self.key {
            Some(key) => key,
            None => self.source.verifier_key(&mut reader).await?,
        };
        let notes = match &self.checkpoint {
            Some(path) => checkpoint_file::read(path, &key)?,
            None => Vec::new(),
        };
        let bar = ProgressBar::new(reader.last_size().await?).with_style(ProgressStyle::with_template(
            "{wide_bar} {human_pos} of {human_len} rows, {per_sec}, {eta} left",
        )?);
        let verification = RecordVerification::new(key, Box::new(notes.into_iter()));
        let verified = verification.run(&mut reader, |leaves| bar.set_position(leaves)).await?;
        bar.finish_and_clear();
        tell(&verified, self.checkpoint.as_deref())
    }
}

fn tell(verified: &VerifiedRecord, checkpoints: Option<&Path>) -> Result<(), Failure> {
    let VerifiedRecord { rows, cut, waiting, findings, more_findings } = verified;
    for finding in findings {
        say(&format!("error: {finding}"));
    }
    if *more_findings > 0 {
        say(&format!("error: and {more_findings} more"));
    }
    if *cut > 0 {
        say(&format!("{cut} rows were removed after their retention, with the server's signature"));
    }
    if *waiting > 0 {
        say(&format!("{waiting} rows wait for the next checkpoint, and prove nothing yet"));
    }
    if !verified.is_whole() {
        return Err("the record is not what was sealed; see above".into());
    }
    say(&format!("ok: {rows} rows are what was sealed"));
    match checkpoints {
        Some(path) => say(&format!("ok: and what it was at the checkpoints of {}", path.display())),
        None => say(
            "warning: whether later rows are missing altogether, only a checkpoint from elsewhere tells (--checkpoint)",
        ),
    }
    Ok(())
}

impl Seal {
    async fn run(self) -> Result<(), Failure> {
        let folder = self.data.path();
        let (app, system) = self.urls.given()?.unwrap_or_else(|| RuntimeUrls::embedded(&folder));
        let keys = self.keys.provider(&folder)?;
        let store = Store::connect(&app, &system, 1).await?;
        let no_limits = Limits { reveals_per_minute: None, uses_per_minute: None };
        let vault = Vault::open(store.clone(), keys, no_limits, SessionPolicy::default()).await?;
        let notes = vault.seal_record().await?;
        store.close().await;
        match notes.last() {
            Some(note) => say(note.trim_end()),
            None => say("There is nothing to seal, or a server is at it"),
        }
        Ok(())
    }
}

impl Source {
    async fn reader(&self) -> Result<RecordReader, Failure> {
        Ok(RecordReader::connect(&self.database.url(&self.data.path())?).await?)
    }

    /// Out of the envelope, which nobody makes without the key file. What the database has in the clear proves nothing
    /// against its owner.
    async fn verifier_key(&self, reader: &mut RecordReader) -> Result<VerifierKey, Failure> {
        let envelope = reader.key_envelope().await?.ok_or("no server has sealed this record yet")?;
        let keys = self.keys.provider(&self.data.path())?;
        Ok(keys.open_record_key(&envelope).await?.verifier().clone())
    }
}
