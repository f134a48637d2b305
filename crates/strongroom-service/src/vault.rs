//! The vault: the store, the keys, and the limits they are used under.
//! Holds no act of its own; each is in the file of its noun.

use strongroom_crypto::KeyProvider;
use strongroom_store::{RevealLimit, Store};

use crate::error::ServiceError;

/// Everything that acts need.
pub struct Vault {
    pub(crate) store: Store,
    pub(crate) keys: KeyProvider,
    pub(crate) reveal_limit: RevealLimit,
}

impl Vault {
    /// Joins a store that has been found fit with the keys of its values.
    pub fn new(store: Store, keys: KeyProvider, reveal_limit: RevealLimit) -> Self {
        Self { store, keys, reveal_limit }
    }

    /// Whether requests can be served now.
    ///
    /// # Errors
    /// [`ServiceError::Store`] where the database does not answer.
    pub async fn ready(&self) -> Result<(), ServiceError> {
        Ok(self.store.ping().await?)
    }
}
