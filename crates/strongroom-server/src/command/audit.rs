//! `strongroom audit`: whether the record is what was sealed, by the database itself or an exported file, and by checkpoints that
//! were kept apart from both. Verifying changes nothing, and asks neither a server nor a function of the database; what does ask
//! a server is the client's.

use std::io::stdout;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use strongroom_cli::{AuditCommand, NewFile};
use strongroom_crypto::VerifierKey;
use strongroom_service::{Limits, RecordVerification, SessionPolicy, Vault, VerifiedRecord};
use strongroom_store::{RecordReader, SchemaError, Store, StoreError};

use super::{Failure, say};
use crate::checkpoints;
use crate::record_file::{self, RecordFile};
use crate::settings::{AuditorUrl, ConfigFile, DataFolder, KeySettings, RuntimeUrls};

/// Read and verify the record, and keep what it is verified by
#[derive(Args, Debug)]
#[command(after_help = WHERE)]
pub struct Audit {
    #[command(subcommand)]
    act: Act,
}

const WHERE: &str = "\
By the server, as whoever has a token: tail, download
On the database, for whoever runs it: verify, export, checkpoint, key, seal";

#[derive(Subcommand, Debug)]
enum Act {
    Verify(Verify),
    Export(Export),
    Checkpoint(Checkpoint),
    Key(Key),
    Seal(Seal),
    /// By the server, and not the database.
    #[command(flatten)]
    Client(AuditCommand),
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
    /// Exported file to verify, in the place of a database
    #[arg(long, value_name = "FILE", requires = "key")]
    export: Option<PathBuf>,
    #[command(flatten)]
    source: Source,
}

/// Write the whole sealed record to a file that is verified without the database (strongroom audit verify --export)
#[derive(Args, Debug)]
struct Export {
    /// File to make (JSON Lines); without it, the record is printed
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
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
            Act::Export(export) => export.run().await,
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
            Act::Client(command) => Ok(command.run().await?),
        }
    }
}

impl Verify {
    async fn run(self) -> Result<(), Failure> {
        let verified = match (&self.export, &self.key) {
            (Some(path), Some(key)) => self.file(path, key).await?,
            _ => self.database().await?,
        };
        tell(&verified, self.checkpoint.as_deref())
    }

    async fn database(&self) -> Result<VerifiedRecord, Failure> {
        let mut reader = self.source.reader().await?;
        let key = match &self.key {
            Some(key) => key.clone(),
            None => self.source.verifier_key(&mut reader).await?,
        };
        let bar = rows_bar(&mut reader).await?;
        let verification = self.verification(key)?;
        let verified = verification.run(async || reader.next().await, |leaves| bar.set_position(leaves)).await?;
        bar.finish_and_clear();
        Ok(verified)
    }

    async fn file(&self, path: &Path, key: &VerifierKey) -> Result<VerifiedRecord, Failure> {
        let mut file = RecordFile::open(path)?;
        let bar = bar(file.length(), "{wide_bar} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left")?;
        let next = async || {
            bar.set_position(file.position());
            file.next()
        };
        let verified = self.verification(key.clone())?.run(next, |_| {}).await?;
        bar.finish_and_clear();
        Ok(verified)
    }

    fn verification(&self, key: VerifierKey) -> Result<RecordVerification, Failure> {
        let notes = match &self.checkpoint {
            Some(path) => checkpoints::read(path, &key)?,
            None => Vec::new(),
        };
        Ok(RecordVerification::new(key, notes))
    }
}

impl Export {
    async fn run(self) -> Result<(), Failure> {
        let file = self.out.as_deref().map(NewFile::create).transpose()?;
        let mut reader = self.source.reader().await?;
        let bar = rows_bar(&mut reader).await?;
        let progress = |leaves| bar.set_position(leaves);
        match &file {
            Some(file) => record_file::write(&mut reader, file.as_file(), progress).await?,
            None => record_file::write(&mut reader, stdout(), progress).await?,
        }
        bar.finish_and_clear();
        if let (Some(file), Some(path)) = (file, &self.out) {
            file.finish()?;
            say(&format!("wrote {}", path.display()));
        }
        Ok(())
    }
}

async fn rows_bar(reader: &mut RecordReader) -> Result<ProgressBar, Failure> {
    bar(reader.last_size().await?, "{wide_bar} {human_pos} of {human_len} rows, {per_sec}, {eta} left")
}

fn bar(length: u64, template: &str) -> Result<ProgressBar, Failure> {
    Ok(ProgressBar::new(length).with_style(ProgressStyle::with_template(template)?))
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
        RecordReader::connect(&self.database.url(&self.data.path())?).await.map_err(|error| match error {
            SchemaError::Store(StoreError::Unavailable(_)) => {
                format!("{error}. This command works on the database; `strongroom audit download` asks the server")
                    .into()
            }
            other => other.into(),
        })
    }

    /// Out of the envelope, which nobody makes without the key file. What the database has in the clear proves nothing
    /// against its owner.
    async fn verifier_key(&self, reader: &mut RecordReader) -> Result<VerifierKey, Failure> {
        let envelope = reader.key_envelope().await?.ok_or("no server has sealed this record yet")?;
        let keys = self.keys.provider(&self.data.path())?;
        Ok(keys.open_record_key(&envelope).await?.verifier().clone())
    }
}
