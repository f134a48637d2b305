//! `strongroom restore`: a backup back into an empty database and to where there is no key file, all of it or nothing.
//! It ends with the proof that every value opens. It never writes over a vault, nor over keys.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use strongroom_crypto::{KeyBackup, KeyProvider};
use strongroom_store::{Inventory, Schema};

use super::admin_database::AdminDatabase;
use super::passphrase::PassphraseFile;
use super::postgres_program::PostgresProgram;
use super::verification::Verification;
use super::{Failure, progress, say};
use crate::settings::{AdminUrl, ConfigFile, DataFolder, KeySettings};

/// An encrypted key file is hardly longer than the file.
const MAX_KEYS_BYTES: u64 = 2 * 1024 * 1024;

/// Restore a backup into a new data folder, or into an empty database of your own PostgreSQL
#[derive(Args, Debug)]
pub struct Restore {
    /// The database, as `strongroom backup` wrote it; whoever made that file can run anything here, so be sure of it
    #[arg(long, value_name = "FILE")]
    database_in: PathBuf,
    /// The keys, as `strongroom backup` wrote them; not where all keys are in OpenBao
    #[arg(long, value_name = "FILE")]
    keys_in: Option<PathBuf>,
    #[command(flatten)]
    passphrase: PassphraseFile,
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    database: AdminUrl,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    keys: KeySettings,
}

impl Restore {
    /// # Errors
    /// Where something is there already, the backup is damaged, or its two files do not belong together; then nothing
    /// is left of it. Where single values do not open, what can be restored is, and they are named.
    pub async fn run(self) -> Result<(), Failure> {
        let folder = self.data.path();
        let key_file = self.keys.path(&folder);
        if key_file.exists() {
            return Err(format!(
                "the key file {} is there already, and is not overwritten; restore into a new data folder, or name \
                 another --key-file",
                key_file.display()
            )
            .into());
        }
        let protection = self.keys.protection()?;
        File::open(&self.database_in).map_err(|e| format!("{}: {e}", self.database_in.display()))?;
        let keys = match &self.keys_in {
            Some(path) => Some(self.decrypted_keys(path).await?),
            None => None,
        };
        let ring = keys.as_ref().map(KeyBackup::ring).transpose()?;
        let provider = self.keys.provider_with(ring).map_err(|e| format!("{e}; name the key backup with --keys-in"))?;
        let verified = AdminDatabase::create(&self.database, &folder)
            .await?
            .with(async |url| {
                let verified = self.restore(url, &provider).await?;
                if let Some(keys) = &keys {
                    keys.restore(&key_file, &protection)?;
                }
                Ok(verified)
            })
            .await?;
        match keys {
            Some(_) => say(&format!("restored the database, and the key file {}", key_file.display())),
            None => say("restored the database"),
        }
        say(&verified.summary());
        if self.database.given()?.is_some() {
            say("on a new PostgreSQL, set the passwords of strongroom_app and strongroom_system before you serve");
        }
        match verified.failures() {
            none if none.is_empty() => Ok(()),
            some => Err(format!(
                "restored, but not every value opens; look for a key backup that is as new as the database:{some}"
            )
            .into()),
        }
    }

    /// Before anything is touched: most of what can be wrong with a backup is a passphrase.
    async fn decrypted_keys(&self, path: &Path) -> Result<KeyBackup, Failure> {
        let file = File::open(path).map_err(|e| format!("{}: {e}", path.display()))?;
        let mut encrypted = Vec::new();
        file.take(MAX_KEYS_BYTES).read_to_end(&mut encrypted).map_err(|e| format!("{}: {e}", path.display()))?;
        let passphrase = self.passphrase.recall()?;
        progress("decrypting the keys");
        Ok(tokio::task::spawn_blocking(move || KeyBackup::decrypt(&encrypted, &passphrase)).await??)
    }

    async fn restore(&self, url: &str, keys: &KeyProvider) -> Result<Verification, Failure> {
        Schema::create_database(url).await?;
        // Held to the end, with its lock: no server migrates this database meanwhile.
        let mut schema = Schema::connect(url).await?;
        load(&self.database_in, url, schema.prepare_restore().await?).await?;
        let verified = check(&mut schema, url, keys).await;
        if verified.is_err() {
            schema.discard_restore().await?;
        }
        schema.close().await?;
        verified
    }
}

/// In one transaction, so that a dump that ends too early leaves nothing.
async fn load(dump: &Path, url: &str, server_major: u32) -> Result<(), Failure> {
    progress("restoring the database");
    let mut program = PostgresProgram::find("pg_restore", server_major, url)?;
    program.command().args(["--single-transaction", "--exit-on-error"]).arg(dump);
    program.run().await.map_err(|error| {
        format!(
            "{error}\nThe file {} is damaged, or no backup; nothing was restored. Take another one.",
            dump.display()
        )
        .into()
    })
}

/// The schema is brought to this version and found as it must be; then the keys are tried.
async fn check(schema: &mut Schema, url: &str, keys: &KeyProvider) -> Result<Verification, Failure> {
    schema.migrate().await?;
    progress("trying the keys on every value");
    let verified = Verification::of(&mut Inventory::connect(url).await?, keys).await?;
    if verified.is_of_another_vault() {
        let summary = verified.summary();
        return Err(format!(
            "{summary}: these keys are of another vault, and nothing was restored; take the key backup that was made \
             with this database"
        )
        .into());
    }
    Ok(verified)
}
