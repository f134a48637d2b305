//! Every envelope of a vault, for whoever holds its keys: under which key each is, whether it opens, and its data key
//! wrapped anew. Nobody's act: there is no caller, and no plaintext leaves this file.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use strongroom_crypto::{KeyId, KeyName, KeyProvider, SealingError, ServerSecret};
use strongroom_store::{KeyedVersion, Rewrapped, RewrappedOwn, Store};
use strongroom_types::Binding;
use strum::IntoEnumIterator;

use crate::error::ServiceError;

/// So many of a batch are with the key provider at once, which may be across a network.
pub(crate) const AT_ONCE: usize = 16;

/// The envelopes of a vault.
pub struct Envelopes {
    pub(crate) store: Store,
    pub(crate) keys: KeyProvider,
    pub(crate) secret: ServerSecret,
}

/// How many envelopes there are under each key; the vault's own two (its secret, and the key that signs the record) are
/// among them.
#[derive(Debug, Default)]
pub struct Coverage {
    pub by_key: BTreeMap<String, u64>,
    /// What is no envelope of a format that this version reads.
    pub unreadable: u64,
}

/// How far a walk through all of them is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Walked {
    pub seen: u64,
    /// Opened, or wrapped anew.
    pub done: u64,
    pub failed: u64,
}

/// What whoever waits is told on the way.
#[derive(Debug)]
pub enum Step<'a> {
    /// So far it is.
    Walked(Walked),
    /// That version failed, for that reason.
    Failed(&'a Binding, &'a SealingError),
}

impl Envelopes {
    /// None: no server has used this database yet, and nothing is sealed in it.
    ///
    /// # Errors
    /// [`ServiceError::Sealing`] where the keys are those of another vault.
    pub async fn open(store: Store, keys: KeyProvider) -> Result<Option<Self>, ServiceError> {
        let Some(envelope) = store.server_secret_envelope().await? else { return Ok(None) };
        let secret = keys.open_server_secret(&envelope).await?;
        Ok(Some(Self { store, keys, secret }))
    }

    /// Counts them, in constant memory.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn coverage(&self) -> Result<Coverage, ServiceError> {
        let mut coverage = Coverage::default();
        let beside_the_tables = [self.store.server_secret_envelope().await?, self.store.record_key_envelope().await?];
        for envelope in beside_the_tables.into_iter().flatten() {
            coverage.count(KeyId::of_envelope(&envelope).ok().map(|id| id.to_string()));
        }
        let mut last = None;
        loop {
            // Those of keys that have been met are counted without being sent.
            let met: Vec<String> = coverage.by_key.keys().cloned().collect();
            let met: Vec<&str> = met.iter().map(String::as_str).collect();
            let Some(batch) = self.batch(&mut last, &met).await? else { break };
            batch.into_iter().for_each(|version| coverage.count(version.key_id));
        }
        Ok(coverage)
    }

    /// Keeps nothing under that key any more, if `act` succeeds; else all is as it was.
    ///
    /// # Errors
    /// Those of `act`, and where the database cannot be written.
    pub async fn retire<T, E: From<ServiceError>>(
        &self,
        key: &KeyId,
        act: impl AsyncFnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let secret = self.secret.expose();
        self.store.retire_key(secret, key.as_str()).await.map_err(ServiceError::from)?;
        let done = act().await;
        if done.is_err() {
            self.store.reinstate_key(secret, key.as_str()).await.map_err(ServiceError::from)?;
        }
        done
    }

    /// The keys that values of each kind are sealed under now.
    ///
    /// # Errors
    /// Where the provider of the keys cannot be asked.
    pub async fn current_keys(&self) -> Result<Vec<KeyId>, ServiceError> {
        let mut keys = Vec::new();
        for name in KeyName::iter() {
            keys.push(self.keys.current(name).await?);
        }
        Ok(keys)
    }

    /// Wraps the data keys anew that are under another key than the current one, batch by batch. It can be ended at any
    /// moment and begun again, and there can be several at once: what somebody else has replaced is left to him.
    ///
    /// # Errors
    /// Where the database cannot be read or written. An envelope that does not let itself be rewrapped is told, and stays.
    pub async fn rewrap(&self, mut tell: impl FnMut(Step<'_>)) -> Result<Walked, ServiceError> {
        let current = self.keys.current(KeyName::Credentials).await?;
        let (mut walked, mut last) = (Walked::default(), None);
        self.rewrap_own().await?;
        while let Some(batch) = self.batch(&mut last, &[current.as_str()]).await? {
            walked.seen += batch.len() as u64;
            let sealed = batch.into_iter().filter_map(|version| Some((version.binding, version.envelope?)));
            let mut renewals = stream::iter(sealed)
                .map(async |(binding, former)| {
                    let renewed = self.keys.rewrap(&binding, &former, &current).await;
                    (binding, former, renewed)
                })
                .buffered(AT_ONCE);
            let mut rewrapped = Vec::new();
            while let Some((binding, former, renewed)) = renewals.next().await {
                match renewed {
                    Ok(Some(renewed)) => rewrapped.push(Rewrapped { binding, former, renewed }),
                    Ok(None) => {}
                    Err(why) => {
                        walked.failed += 1;
                        tell(Step::Failed(&binding, &why));
                    }
                }
            }
            if !rewrapped.is_empty() {
                let replaced = self.store.rewrap(self.secret.expose(), current.as_str(), &rewrapped).await?;
                walked.done += u64::from(replaced.unsigned_abs());
            }
            tell(Step::Walked(walked));
        }
        Ok(walked)
    }

    /// Opens every one. What comes of it is dropped at once.
    ///
    /// # Errors
    /// Where the database cannot be read, or the key that signs the record does not open. Any other envelope that does not open is told.
    pub async fn verify(&self, mut tell: impl FnMut(Step<'_>)) -> Result<Walked, ServiceError> {
        let (mut walked, mut last) = (Walked::default(), None);
        // The server's secret has been opened already: that is how one comes here.
        if let Some(envelope) = self.store.record_key_envelope().await? {
            self.keys.open_record_key(&envelope).await?;
        }
        while let Some(batch) = self.batch(&mut last, &[]).await? {
            walked.seen += batch.len() as u64;
            let mut opened = stream::iter(batch)
                .map(async |KeyedVersion { binding, envelope, .. }| {
                    (binding, self.keys.open(&binding, &envelope.unwrap_or_default()).await)
                })
                .buffered(AT_ONCE);
            while let Some((binding, opened)) = opened.next().await {
                match opened {
                    Ok(_) => walked.done += 1,
                    Err(why) => {
                        walked.failed += 1;
                        tell(Step::Failed(&binding, &why));
                    }
                }
            }
            tell(Step::Walked(walked));
        }
        Ok(walked)
    }

    /// The vault's own envelopes: the server's secret, and the key that signs the record.
    async fn rewrap_own(&self) -> Result<(), ServiceError> {
        let current = &self.keys.current(KeyName::Federation).await?;
        let own = |former, renewed| RewrappedOwn { current_key: current.to_string(), former, renewed };
        if let Some(former) = self.store.server_secret_envelope().await?
            && let Some(renewed) = self.keys.rewrap_server_secret(&former, current).await?
        {
            self.store.rewrap_server_secret(self.secret.expose(), &own(former, renewed)).await?;
        }
        if let Some(former) = self.store.record_key_envelope().await?
            && let Some(renewed) = self.keys.rewrap_record_key(&former, current).await?
        {
            self.store.rewrap_record_key(self.secret.expose(), &own(former, renewed)).await?;
        }
        Ok(())
    }

    /// The next ones after the last; None at the end.
    async fn batch(
        &self,
        last: &mut Option<Binding>,
        except_under: &[&str],
    ) -> Result<Option<Vec<KeyedVersion>>, ServiceError> {
        let batch = self.store.keyed_versions(self.secret.expose(), last.as_ref(), except_under).await?;
        let Some(end) = batch.last() else { return Ok(None) };
        *last = Some(end.binding);
        Ok(Some(batch))
    }
}

impl Coverage {
    /// How many need that key.
    pub fn under(&self, key: &KeyId) -> u64 {
        self.by_key.get(key.as_str()).copied().unwrap_or_default()
    }

    fn count(&mut self, key_id: Option<String>) {
        match key_id {
            Some(key_id) => *self.by_key.entry(key_id).or_default() += 1,
            None => self.unreadable += 1,
        }
    }
}
