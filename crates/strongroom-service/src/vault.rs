//! The vault: the store, the keys, and the limits they are used under.
//! Holds no act of its own; each is in the file of its noun.

use std::path::PathBuf;

use strongroom_crypto::{KeyProtection, KeyProvider, RecordKey, ServerSecret, VerifierKey};
use strongroom_federation::Federation;
use strongroom_store::{RevealLimit, Store};
use strongroom_types::{Binding, SecretValue};

use crate::error::ServiceError;
use crate::keys::{KeyHealth, Keys};
use crate::passwords::Derivations;
use crate::record::record_key;
use crate::sessions::SessionPolicy;

/// Everything that acts need.
pub struct Vault {
    pub(crate) store: Store,
    pub(crate) keys: Keys,
    pub(crate) server_secret: ServerSecret,
    pub(crate) record_key: RecordKey,
    pub(crate) limits: Limits,
    pub(crate) sessions: SessionPolicy,
    pub(crate) derivations: Derivations,
    pub(crate) federation: Federation,
}

/// How many values a minute a user has, by purpose.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For a person's eyes.
    pub reveals_per_minute: RevealLimit,
    /// For programs.
    pub uses_per_minute: RevealLimit,
}

impl Vault {
    /// Joins a store that has been found fit with the keys of its values. The first server of a vault makes the
    /// server's secret; every later one opens it, and so proves that its keys are those of this database.
    ///
    /// # Errors
    /// [`ServiceError::Sealing`] where the keys are those of another vault.
    pub async fn open(
        store: Store,
        keys: KeyProvider,
        limits: Limits,
        sessions: SessionPolicy,
    ) -> Result<Self, ServiceError> {
        let server_secret = server_secret(&store, &keys).await?;
        let record_key = record_key(&store, &keys, &server_secret).await?;
        let (derivations, federation) = (Derivations::default(), Federation::default());
        Ok(Self { store, keys: Keys::new(keys), server_secret, record_key, limits, sessions, derivations, federation })
    }

    /// With other providers, whose word is taken; without, it is nobody's.
    pub fn federated(self, federation: Federation) -> Self {
        Self { federation, ..self }
    }

    /// With the keys of that file whenever it changes, and not only as it was.
    pub fn following(self, key_file: PathBuf, protection: KeyProtection) -> Self {
        let keys = self.keys.following(key_file, protection, self.store.clone());
        Self { keys, ..self }
    }

    /// What its checkpoints of the record are verified by.
    pub fn verifier_key(&self) -> &VerifierKey {
        self.record_key.verifier()
    }

    /// Whether requests can be served now, and values be had.
    ///
    /// # Errors
    /// [`ServiceError::Store`] where the database does not answer.
    pub async fn ready(&self) -> Result<KeyHealth, ServiceError> {
        self.store.ping().await?;
        Ok(self.keys.health().await)
    }

    /// Seals a value. That it is under the key file for want of the provider is in the record before it is kept.
    pub(crate) async fn seal(&self, binding: &Binding, value: &SecretValue) -> Result<String, ServiceError> {
        let envelope = self.keys.seal(binding, value).await?;
        if self.keys.falls_back(&envelope) {
            self.store.record_key_fallback(self.server_secret.expose()).await?;
            self.keys.fallback_recorded();
            tracing::error!("the key provider is away: values are sealed under the key file, as configured");
        }
        Ok(envelope)
    }
}

async fn server_secret(store: &Store, keys: &KeyProvider) -> Result<ServerSecret, ServiceError> {
    loop {
        if let Some(envelope) = store.server_secret_envelope().await? {
            return Ok(keys.open_server_secret(&envelope).await?);
        }
        let secret = ServerSecret::generate()?;
        if store.establish_server_secret(&keys.seal_server_secret(&secret).await?, secret.expose()).await? {
            return Ok(secret);
        }
    }
}
