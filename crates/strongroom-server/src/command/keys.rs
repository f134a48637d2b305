//! `strongroom keys`: the life of the key ring: a new key, everything brought under it, and the old one gone. None of it
//! stops a server. No value is ever shown, and no key is taken away that something needs.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use strongroom_crypto::{KeyId, KeyName, KeyProtection, KeyRing, Passphrase, RingChange, SealUnder};
use strongroom_service::{Coverage, Envelopes, Step, Walked};
use strongroom_store::{SealedColumn, Store};

use super::admin_database::AdminDatabase;
use super::{Failure, progress, say};
use crate::settings::{ConfigFile, DataFolder, KeyFile, KeySettings, RuntimeUrls};

/// So many versions between two lines that say how far it is.
const PROGRESS_EVERY: u64 = 10_000;

/// List, rotate, rewrap, retire and verify the keys that values are sealed under
#[derive(Args, Debug)]
pub struct Keys {
    #[command(subcommand)]
    act: Act,
}

#[derive(Subcommand, Debug)]
enum Act {
    /// Make a key file, for a vault whose keys are in OpenBao and that is to fall back to it or move to it; servers make that of
    /// a new vault themselves
    Create(FileSettings),
    /// Show the keys, and how many envelopes are under each
    List(RingSettings),
    /// Encrypt the key file under a passphrase or under another one, or have it in the clear again
    Protect(Protect),
    /// Add a new key and make it the current one; touches nothing that is sealed
    Rotate(Rotate),
    /// Bring every envelope under the current key, without opening a value; safe beside servers, and to run again
    Rewrap(RingSettings),
    /// Remove a key from the key file, if nothing needs it
    Retire(Retire),
    /// Keep no key any more for a column of an application's table that is gone
    Forget(Forget),
    /// Open every value in memory, and name those that do not open
    Verify(RingSettings),
}

/// Which ring, and whose envelopes.
#[derive(Args, Debug)]
pub(super) struct RingSettings {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    urls: RuntimeUrls,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    keys: KeySettings,
}

#[derive(Args, Debug)]
struct Rotate {
    /// Add the key and seal nothing under it yet: for servers with key files of their own, which all get it first
    #[arg(long, conflicts_with = "activate")]
    stage: bool,
    /// Make the staged key the current one
    #[arg(long)]
    activate: bool,
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    keys: KeySettings,
}

/// Which key file.
#[derive(Args, Debug)]
struct FileSettings {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    key_file: KeyFile,
}

#[derive(Args, Debug)]
struct Protect {
    /// File with the passphrase from now on, mode 0600 [default: that of --key-passphrase-file, for a key file in the clear]
    #[arg(long, value_name = "FILE")]
    new_passphrase_file: Option<PathBuf>,
    /// Keep it by its mode alone
    #[arg(long, conflicts_with = "new_passphrase_file")]
    clear: bool,
    #[command(flatten)]
    file: FileSettings,
}

#[derive(Args, Debug)]
struct Retire {
    /// Its name, as `strongroom keys list` shows it
    key: String,
    #[command(flatten)]
    ring: RingSettings,
}

#[derive(Args, Debug)]
struct Forget {
    /// Its name, as `strongroom keys list` shows it
    column: String,
    #[command(flatten)]
    ring: RingSettings,
}

impl Keys {
    /// # Errors
    /// Where the key file or the database cannot be used, a key is still needed, or a value does not open.
    pub async fn run(self) -> Result<(), Failure> {
        match self.act {
            Act::Create(file) => file.create(),
            Act::Protect(protect) => protect.run(),
            Act::List(ring) => ring.list().await,
            Act::Rotate(rotate) => rotate.run(),
            Act::Rewrap(ring) => ring.rewrap().await,
            Act::Retire(retire) => retire.run().await,
            Act::Forget(forget) => forget.run().await,
            Act::Verify(ring) => ring.verify().await,
        }
    }
}

impl FileSettings {
    fn path(&self) -> PathBuf {
        self.key_file.path(&self.data.path())
    }

    fn create(&self) -> Result<(), Failure> {
        let path = self.path();
        let ring = KeyRing::create(&path, &self.key_file.protection()?)?;
        say(&format!(
            "made the key file {} with the key {}; back it up, apart from the database",
            path.display(),
            ring.current()
        ));
        Ok(())
    }
}

impl Protect {
    fn run(&self) -> Result<(), Failure> {
        let given = self.file.key_file.protection()?;
        let (former, renewed) = match (&self.new_passphrase_file, self.clear) {
            (Some(path), _) => (given, KeyProtection::Passphrase(Passphrase::read(path)?)),
            (None, true) => (given, KeyProtection::Mode),
            (None, false) if matches!(given, KeyProtection::Passphrase(_)) => (KeyProtection::Mode, given),
            (None, false) => return Err("say where the passphrase is, with --key-passphrase-file".into()),
        };
        let path = self.file.path();
        for clear in KeyRing::protect(&path, &former, &renewed)? {
            say(&format!("the former key file {} is in the clear: shred it", clear.display()));
        }
        match renewed {
            KeyProtection::Passphrase(_) => say(&format!(
                "the key file {} is encrypted; start servers anew with key_passphrase_file (until then they have the keys that \
                 they had), and keep the passphrase: without it no value opens",
                path.display()
            )),
            KeyProtection::Mode => say(&format!(
                "the key file {} is in the clear; start servers anew without key_passphrase_file",
                path.display()
            )),
        }
        Ok(())
    }
}

impl Rotate {
    fn run(&self) -> Result<(), Failure> {
        if self.keys.seal_under() != SealUnder::Ring {
            return Err("values are sealed under OpenBao's keys; rotate those there: bao write -f transit/keys/CREDENTIALS/rotate \
                        (and FEDERATION), then run strongroom keys rewrap"
                .into());
        }
        let change = match (self.stage, self.activate) {
            (true, _) => RingChange::Stage,
            (_, true) => RingChange::Activate,
            _ => RingChange::Rotate,
        };
        let (ring, backup) = KeyRing::change(&self.keys.path(&self.data.path()), &self.keys.protection()?, &change)?;
        match ring.staged() {
            Some(staged) => say(&format!(
                "staged the key {staged}; have this key file on every server, then run strongroom keys rotate --activate"
            )),
            None => say(&format!("the current key is {}; strongroom keys rewrap brings all under it", ring.current())),
        }
        say(&format!("the former key file is {}; back up the new one, apart from the database", backup.display()));
        Ok(())
    }
}

impl Retire {
    async fn run(&self) -> Result<(), Failure> {
        let id: KeyId = self.key.parse()?;
        let path = self.ring.key_file();
        if id.as_str().starts_with("transit:") {
            return self.retire_there(&id).await;
        }
        let ring = self.ring.keys.ring(&self.ring.data.path())?.ok_or("there is no key file")?;
        if *ring.current() == id {
            return Err("that key is the current one; run strongroom keys rotate and keys rewrap first".into());
        }
        let protection = self.ring.keys.protection()?;
        let backup = self.ring.with_envelopes(async |envelopes| {
            require_unneeded(&envelopes.coverage().await?, &id)?;
            // Counted again when nothing more can come: a server with an older key file may have sealed under it in between.
            let retired = envelopes.retire(&id, async || {
                require_unneeded(&envelopes.coverage().await?, &id)?;
                require_settled(&envelopes.columns().await?)?;
                Ok(KeyRing::change(&path, &protection, &RingChange::Retire(id.clone()))?.1)
            });
            retired.await
        });
        say(&format!("retired the key {id}; the former key file is {}", backup.await?.display()));
        say(
            "backups of the database that were made before the last rewrap need that file, or a key backup of their time",
        );
        Ok(())
    }

    /// A version of a key that OpenBao holds: whether nothing here needs it, nor one before it, for they go together. They go by
    /// OpenBao's own means.
    async fn retire_there(&self, id: &KeyId) -> Result<(), Failure> {
        let needed = self.ring.with_envelopes(async |envelopes| {
            let until = id.up_to_transit_version().ok_or("there is no such key of Transit")?;
            if envelopes.current_keys().await?.iter().any(|current| until.contains(current)) {
                return Err(
                    "that key is the current one; rotate it in OpenBao and run strongroom keys rewrap first".into()
                );
            }
            let coverage = envelopes.coverage().await?;
            until.iter().try_for_each(|id| require_unneeded(&coverage, id))?;
            require_settled(&envelopes.columns().await?)?;
            Ok(until.len() + 1)
        });
        let version = needed.await?;
        say(&format!("nothing needs {id}; set min_decryption_version={version} on the key in OpenBao to take it away"));
        Ok(())
    }
}

fn require_unneeded(coverage: &Coverage, id: &KeyId) -> Result<(), Failure> {
    match (coverage.under(id), coverage.unreadable) {
        (0, 0) => Ok(()),
        (0, unreadable) => Err(format!(
            "{unreadable} envelopes cannot be read, and may need the key; strongroom keys verify names them"
        )
        .into()),
        (needed, _) => {
            Err(format!("{needed} envelopes are under the key {id}; run strongroom keys rewrap first").into())
        }
    }
}

/// Fields are elsewhere, and not counted here: all of them must have been brought under the current key.
fn require_settled(columns: &[(SealedColumn, bool)]) -> Result<(), Failure> {
    match columns.iter().find(|(_, settled)| !settled) {
        None => Ok(()),
        Some((column, _)) => Err(format!(
            "fields of {} may be under the key; bring them under the current one with strongroom seal-column, or, where the \
             table is gone, run strongroom keys forget",
            column.name
        )
        .into()),
    }
}

impl Forget {
    async fn run(&self) -> Result<(), Failure> {
        let known =
            self.ring.with_envelopes(async |envelopes| Ok(envelopes.forget_column(&self.column).await?)).await?;
        if !known {
            return Err("there is no such column; strongroom keys list shows all".into());
        }
        say(&format!("what is sealed in {} is nobody's concern here any more", self.column));
        Ok(())
    }
}

impl RingSettings {
    fn key_file(&self) -> PathBuf {
        self.keys.path(&self.data.path())
    }

    async fn list(&self) -> Result<(), Failure> {
        if self.urls.given()?.is_none() && !AdminDatabase::is_in(&self.data.path()) {
            return self.tell(None).await;
        }
        let counted =
            self.with_envelopes(async |envelopes| Ok((envelopes.coverage().await?, envelopes.columns().await?)));
        let (coverage, columns) = counted.await?;
        self.tell(Some(&coverage)).await?;
        for (SealedColumn { name, row_column, key_name, key_id }, settled) in columns {
            let under = match (key_id, settled) {
                (Some(key_id), true) => format!("under {key_id}"),
                (Some(key_id), false) => format!("under {key_id}, which is former, or newer keys"),
                (None, _) => "under keys that are not known: a run did not end".into(),
            };
            say(&format!("column {name} (by {row_column}, as {key_name}): {under}"));
        }
        Ok(())
    }

    async fn rewrap(&self) -> Result<(), Failure> {
        let (walked, coverage) = self
            .with_envelopes(async |envelopes| {
                let walked = envelopes.rewrap(watch("rewrapped")).await?;
                Ok((walked, envelopes.coverage().await?))
            })
            .await?;
        say(&format!("rewrapped {} of {} versions", walked.done, walked.seen));
        self.tell(Some(&coverage)).await?;
        failed(walked, "could not be rewrapped, and are as they were")
    }

    async fn verify(&self) -> Result<(), Failure> {
        let walked = self.with_envelopes(async |envelopes| Ok(envelopes.verify(watch("opened")).await?));
        let walked = walked.await?;
        say(&format!("{} of {} versions of credentials open", walked.done, walked.seen));
        failed(walked, "do not open; look for a key file that has their keys")
    }

    /// A line for each key, those that only envelopes name included.
    async fn tell(&self, coverage: Option<&Coverage>) -> Result<(), Failure> {
        let folder = self.data.path();
        let (ring, provider) = (self.keys.ring(&folder)?, self.keys.provider(&folder)?);
        let currents = [provider.current(KeyName::Credentials).await?, provider.current(KeyName::Federation).await?];
        for (id, created_at) in ring.iter().flat_map(KeyRing::keys) {
            let role = match ring.as_ref().and_then(KeyRing::staged) {
                _ if currents.contains(id) => "current",
                Some(staged) if staged == id => "staged",
                _ if self.keys.seal_under() == SealUnder::TransitOrRing => "for the fallback, or former",
                _ => "former",
            };
            let made =
                created_at.map_or("made before that was noted".into(), |time| format!("made {}", time.to_rfc3339()));
            let count = coverage.map_or("not counted: no database".into(), |coverage| envelopes(coverage.under(id)));
            say(&format!("{id}: {role}, {made}, {count}"));
        }
        let Some(coverage) = coverage else { return Ok(()) };
        let elsewhere = |id: &str| ring.iter().flat_map(KeyRing::keys).all(|(known, _)| known.as_str() != id);
        for (id, count) in coverage.by_key.iter().filter(|(id, _)| elsewhere(id)) {
            let place = match id.starts_with("transit:") {
                true if currents.iter().any(|current| current.as_str() == id) => "in OpenBao, current",
                true => "in OpenBao, former",
                false => "not in the key file",
            };
            say(&format!("{id}: {place}, {}", envelopes(*count)));
        }
        if coverage.unreadable > 0 {
            say(&format!("no key that can be read: {}", envelopes(coverage.unreadable)));
        }
        Ok(())
    }

    /// Does that with the envelopes of the vault; the embedded PostgreSQL is started for it, unless a server runs it.
    pub(super) async fn with_envelopes<T>(
        &self,
        act: impl AsyncFnOnce(&Envelopes) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let folder = self.data.path();
        let keys = self.keys.provider(&folder)?;
        let (database, (app, system)) = match self.urls.given()? {
            Some(urls) => (AdminDatabase::running(urls.0.clone()), urls),
            None => (AdminDatabase::embedded(&folder).await?, RuntimeUrls::embedded(&folder)),
        };
        database
            .with(async |_| {
                let store = Store::connect(&app, &system, 2).await?;
                let done = match Envelopes::open(store.clone(), keys).await {
                    Ok(Some(envelopes)) => act(&envelopes).await,
                    Ok(None) => Err("no server has used this database yet, and nothing is sealed in it".into()),
                    Err(error) => Err(format!("these are not the keys of this database: {error}").into()),
                };
                store.close().await;
                done
            })
            .await
    }
}

fn envelopes(count: u64) -> String {
    format!("{count} envelopes")
}

fn failed(walked: Walked, how: &str) -> Result<(), Failure> {
    if walked.failed == 0 { Ok(()) } else { Err(format!("{} versions {how}", walked.failed).into()) }
}

/// Tells the person at the terminal what comes of it on the way.
fn watch(done: &'static str) -> impl FnMut(Step<'_>) {
    let mut next = PROGRESS_EVERY;
    move |step| match step {
        Step::Walked(so_far) if so_far.seen >= next => {
            next = so_far.seen + PROGRESS_EVERY;
            progress(&format!("{} versions seen, {} {done}", so_far.seen, so_far.done));
        }
        Step::Walked(_) => {}
        Step::Failed(binding, why) => {
            say(&format!("credential {}, version {}: {why}", binding.credential_id, binding.version));
        }
    }
}
