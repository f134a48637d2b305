//! The keys as acts use them: each seal and each open is a span, and is measured; and a key file that changes is followed.
//! Neither span nor metric ever holds a value, an id or a key. How sealing is done is crypto's; nothing here knows.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use strongroom_crypto::{KeyProtection, KeyProvider, KeyRing, SealUnder, SealingError};
use strongroom_store::Store;
use strongroom_types::{Binding, SecretValue};
use tokio::sync::Mutex;
use tracing::{Instrument, info_span};

use crate::error::ServiceError;

/// So long a seal may be under a key that is not the current one any more; and so long a file is left alone that was
/// refused.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The keys of a vault.
pub(crate) struct Keys {
    provider: RwLock<Arc<KeyProvider>>,
    file: Option<KeyFile>,
    /// Whether the record says that this server seals under the key file, for want of the provider.
    fallback_recorded: AtomicBool,
    health: Mutex<Health>,
}

/// What became of the last look at the provider that seals.
#[derive(Default)]
struct Health {
    looked: Option<Instant>,
    well: bool,
}

/// Whether values can be sealed and opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyHealth {
    Ready,
    /// The provider that seals is away; new values are sealed under the key file, and what it has sealed does not open.
    Fallback,
    /// The provider that seals is away, and values wait for it.
    Unavailable,
}

/// A key file that may change while its keys are used.
struct KeyFile {
    path: PathBuf,
    protection: KeyProtection,
    store: Store,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// The file whose keys are in use.
    taken: Option<Stamp>,
    /// The one that was refused last.
    refused: Option<Stamp>,
    /// When it was last looked at.
    looked: Option<Instant>,
}

/// What tells a file from the one that took its place.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    length: u64,
    changed: (i64, i64),
}

impl Keys {
    pub(crate) fn new(provider: KeyProvider) -> Self {
        Self {
            provider: RwLock::new(Arc::new(provider)),
            file: None,
            fallback_recorded: AtomicBool::new(false),
            health: Mutex::default(),
        }
    }

    /// From now on with the keys that this file has, whenever it changes. Before a seal it is looked at once a second; before
    /// a value is given up whose key is not known, always: another server may have sealed it under a newer one, and that is
    /// in the file by then.
    pub(crate) fn following(self, path: PathBuf, protection: KeyProtection, store: Store) -> Self {
        Self { file: Some(KeyFile { path, protection, store, seen: Mutex::default() }), ..self }
    }

    /// As [`KeyProvider::seal`].
    pub(crate) async fn seal(&self, binding: &Binding, value: &SecretValue) -> Result<String, SealingError> {
        self.look(false).await;
        let provider = self.provider();
        measured("seal", provider.seal(binding, value).instrument(info_span!("seal"))).await
    }

    /// Whether the record has yet to say that this envelope, just sealed, is under the key file for want of the provider.
    /// Each time that begins, and not for each value.
    pub(crate) fn falls_back(&self, envelope: &str) -> bool {
        let fell_back = self.provider().fell_back(envelope);
        if fell_back {
            metrics::counter!("strongroom_key_fallbacks_total").increment(1);
        } else {
            self.fallback_recorded.store(false, Ordering::Relaxed);
        }
        fell_back && !self.fallback_recorded.load(Ordering::Relaxed)
    }

    /// The record says so now.
    pub(crate) fn fallback_recorded(&self) {
        self.fallback_recorded.store(true, Ordering::Relaxed);
    }

    /// Whether values can be sealed and opened. A provider across a network is asked once a second at most, however many ask.
    #[allow(clippy::disallowed_methods, reason = "bounds how often a provider is asked")]
    pub(crate) async fn health(&self) -> KeyHealth {
        let provider = self.provider();
        let mut health = self.health.lock().await;
        if health.looked.is_none_or(|looked| looked.elapsed() >= LOOK_EVERY) {
            let well =
                provider.health().await.inspect_err(|error| tracing::warn!(%error, "the keys are not available"));
            *health = Health { looked: Some(Instant::now()), well: well.is_ok() };
        }
        match (health.well, provider.seals_under()) {
            (true, _) => KeyHealth::Ready,
            (false, SealUnder::TransitOrRing) => KeyHealth::Fallback,
            (false, SealUnder::Ring | SealUnder::Transit) => KeyHealth::Unavailable,
        }
    }

    /// As [`KeyProvider::open`].
    pub(crate) async fn open(&self, binding: &Binding, envelope: &str) -> Result<SecretValue, SealingError> {
        measured("open", self.open_followed(binding, envelope).instrument(info_span!("open"))).await
    }

    async fn open_followed(&self, binding: &Binding, envelope: &str) -> Result<SecretValue, SealingError> {
        let tried = self.provider();
        let opened = tried.open(binding, envelope).await;
        if !matches!(opened, Err(SealingError::UnknownKey(_))) {
            return opened;
        }
        self.look(true).await;
        let provider = self.provider();
        if Arc::ptr_eq(&tried, &provider) { opened } else { provider.open(binding, envelope).await }
    }

    fn provider(&self) -> Arc<KeyProvider> {
        self.provider.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes the keys of a file that has changed, if they are those of this vault.
    #[allow(clippy::disallowed_methods, reason = "bounds how often a file is looked at")]
    async fn look(&self, urgent: bool) {
        let Some(file) = &self.file else { return };
        // Whoever seals does not wait for whoever looks already: the key that he has is still good.
        let seen = if urgent { Some(file.seen.lock().await) } else { file.seen.try_lock().ok() };
        let Some(mut seen) = seen else { return };
        let rested = seen.looked.is_none_or(|looked| looked.elapsed() >= LOOK_EVERY);
        if !urgent && !rested {
            return;
        }
        if rested {
            seen.looked = Some(Instant::now());
        }
        let Ok(stamp) = std::fs::metadata(&file.path).map(|metadata| Stamp::of(&metadata)) else { return };
        // What was refused is not read again at once, however many ask for keys that nobody has.
        if seen.taken == Some(stamp) || (!rested && seen.refused == Some(stamp)) {
            return;
        }
        match file.keys(&self.provider()).await {
            Ok(provider) => {
                tracing::info!("took the keys of the key file");
                *self.provider.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(provider);
                seen.taken = Some(stamp);
            }
            Err(error) => {
                tracing::error!(%error, "the key file has changed, and is not used; the former keys are");
                seen.refused = Some(stamp);
            }
        }
    }
}

impl KeyFile {
    /// The keys that are in it; refused where they are another vault's, under which nothing must be sealed.
    async fn keys(&self, former: &KeyProvider) -> Result<KeyProvider, ServiceError> {
        let keys = former.with_ring(self.ring().await?);
        if let Some(envelope) = self.store.server_secret_envelope().await? {
            keys.open_server_secret(&envelope).await?;
        }
        Ok(keys)
    }

    /// A passphrase takes a core for some tenths of a second, which no request is to wait for that needs none of it.
    async fn ring(&self) -> Result<KeyRing, ServiceError> {
        let (path, protection) = (self.path.clone(), self.protection.clone());
        let loaded = tokio::task::spawn_blocking(move || KeyRing::load(&path, &protection)).await;
        Ok(loaded.unwrap_or(Err(SealingError::Cipher))?)
    }
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self { inode: metadata.ino(), length: metadata.len(), changed: (metadata.mtime(), metadata.mtime_nsec()) }
    }
}

#[allow(clippy::disallowed_methods, reason = "measures for the metrics")]
async fn measured<T>(
    operation: &'static str,
    act: impl Future<Output = Result<T, SealingError>>,
) -> Result<T, SealingError> {
    let started = Instant::now();
    let outcome = act.await;
    metrics::histogram!("strongroom_envelope_duration_seconds", "operation" => operation).record(started.elapsed());
    if outcome.is_err() {
        metrics::counter!("strongroom_envelope_failures_total", "operation" => operation).increment(1);
    }
    outcome
}
