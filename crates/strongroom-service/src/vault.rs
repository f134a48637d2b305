//! The vault: the store, the keys, and the limits they are used under.
//! Holds no act of its own; each is in the file of its noun.

use strongroom_crypto::{KeyProvider, ServerSecret};
use strongroom_store::{RevealLimit, Store};

use crate::error::ServiceError;

/// Everything that acts need.
pub struct Vault {
    pub(crate) store: Store,
    pub(crate) keys: KeyProvider,
    #[expect(dead_code, reason = "its first use comes with signing in")]
    pub(crate) server_secret: ServerSecret,
    pub(crate) reveal_limit: RevealLimit,
}

impl Vault {
    /// Joins a store that has been found fit with the keys of its values. The first server of a vault makes the
    /// server's secret; every later one opens it, and so proves that its keys are those of this database.
    ///
    /// # Errors
    /// [`ServiceError::Sealing`] where the keys are those of another vault.
    pub async fn open(store: Store, keys: KeyProvider, reveal_limit: RevealLimit) -> Result<Self, ServiceError> {
        let server_secret = server_secret(&store, &keys).await?;
        Ok(Self { store, keys, server_secret, reveal_limit })
    }

    /// Whether requests can be served now.
    ///
    /// # Errors
    /// [`ServiceError::Store`] where the database does not answer.
    pub async fn ready(&self) -> Result<(), ServiceError> {
        Ok(self.store.ping().await?)
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
