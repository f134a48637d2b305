//! `strongroom backup`: the database by PostgreSQL's own pg_dump, and apart from it the key file, encrypted under a
//! passphrase. Both files are whole or not there, for their owner alone, and never written over what is there.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use strongroom_cli::NewFile;
use strongroom_crypto::{KeyBackup, Passphrase};
use strongroom_store::Inventory;
use tokio::time::{MissedTickBehavior, interval};

use super::admin_database::AdminDatabase;
use super::passphrase::PassphraseFile;
use super::postgres_program::PostgresProgram;
use super::verification::Verification;
use super::{Failure, progress, say};
use crate::settings::{AdminUrl, ConfigFile, DataFolder, KeySettings};

/// Back up the database and, apart and encrypted, the key file; a server may run meanwhile
#[derive(Args, Debug)]
pub struct Backup {
    /// File to make, with the database in it (pg_dump, custom format)
    #[arg(long, value_name = "FILE")]
    database_out: PathBuf,
    /// File to make, with the key file in it, encrypted (age); keep it elsewhere than the database. Not where there is no key
    /// file, because all keys are in OpenBao: that is then backed up by its own means
    #[arg(long, value_name = "FILE")]
    keys_out: Option<PathBuf>,
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

impl Backup {
    /// # Errors
    /// Where there is nothing to back up, a file is there already, a program fails, or the keys do not open the values.
    pub async fn run(self) -> Result<(), Failure> {
        for path in [Some(&self.database_out), self.keys_out.as_ref()].into_iter().flatten() {
            NewFile::refuse_to_overwrite(path)?;
        }
        let folder = self.data.path();
        let key_file = self.keys.path(&folder);
        let keys_out = match (&self.keys_out, self.keys.ring(&folder)?) {
            (Some(path), Some(_)) => Some((path, self.passphrase.choose()?)),
            (None, None) => None,
            (Some(_), None) => return Err("there is no key file to back up; leave --keys-out out".into()),
            (None, Some(_)) => return Err("say where the key file is backed up to, with --keys-out".into()),
        };
        let (dump, verified) = AdminDatabase::open(&self.database, &folder)
            .await?
            .with(async |url| {
                let mut inventory = Inventory::connect(url).await?;
                let dump = self.dump(url, inventory.server_major().await?).await?;
                progress("trying the keys on every value");
                Ok((dump, Verification::of(&mut inventory, &self.keys.provider(&folder)?).await?))
            })
            .await?;
        // Read after the dump: a key is in the file before there is an envelope that names it.
        match keys_out {
            Some((path, passphrase)) => {
                let keys = encrypted(KeyBackup::of(&key_file, &self.keys.protection()?)?, passphrase).await?;
                let keys_file = NewFile::create(path)?;
                keys_file.as_file().write_all(&keys)?;
                dump.finish()?;
                keys_file.finish()?;
                say(&format!("wrote {} and {}", self.database_out.display(), path.display()));
                say(&format!("{}; keep the two files and the passphrase apart from each other", verified.summary()));
            }
            None => {
                dump.finish()?;
                say(&format!(
                    "wrote {}; its keys are in OpenBao, and not in a backup of ours",
                    self.database_out.display()
                ));
                say(&verified.summary());
            }
        }
        if verified.failed > 0 || verified.is_of_another_vault() {
            return Err(format!(
                "not everything opens with these keys; are they the right ones?{}",
                verified.failures()
            )
            .into());
        }
        Ok(())
    }

    /// One snapshot of the whole database, whoever writes meanwhile.
    async fn dump(&self, url: &str, server_major: u32) -> Result<NewFile, Failure> {
        let file = NewFile::create(&self.database_out)?;
        let mut program = PostgresProgram::find("pg_dump", server_major, url)?;
        program.command().args(["--format=custom", "--lock-wait-timeout=60s"]).stdout(file.as_file().try_clone()?);
        progress("dumping the database");
        let mut ticks = interval(Duration::from_secs(5));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        ticks.tick().await;
        let running = program.run();
        tokio::pin!(running);
        loop {
            tokio::select! {
                done = &mut running => break done?,
                _ = ticks.tick() => progress(&format!("{} MB so far", file.as_file().metadata()?.len() / 1_000_000)),
            }
        }
        Ok(file)
    }
}

async fn encrypted(keys: KeyBackup, passphrase: Passphrase) -> Result<Vec<u8>, Failure> {
    progress("encrypting the key file");
    Ok(tokio::task::spawn_blocking(move || keys.encrypt(&passphrase)).await??)
}
