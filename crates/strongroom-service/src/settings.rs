//! Settings of the instance, and the removal of what they do not keep any more.
//! Never decides what goes: it asks the database to do what the settings say.

use strongroom_types::{Caller, Days, RuntimeRole, Settings};

use crate::error::ServiceError;
use crate::vault::Vault;

impl Vault {
    /// The settings.
    ///
    /// # Errors
    /// The store's `Forbidden` where the caller is no administrator.
    pub async fn settings(&self, caller: &Caller) -> Result<Settings, ServiceError> {
        let mut transaction = self.store.begin_full(caller, RuntimeRole::System).await?;
        let settings = transaction.settings().await?;
        transaction.commit().await?;
        Ok(settings)
    }

    /// Puts others in their place.
    ///
    /// # Errors
    /// The store's `Forbidden` where the caller is no administrator; [`ServiceError::Invalid`] where the record would
    /// be kept for less than promised; [`ServiceError::Conflict`] where the promise would be lowered.
    pub async fn set_settings(&self, caller: &Caller, settings: &Settings) -> Result<Settings, ServiceError> {
        let promise = settings.record_retention_promise_days;
        if promise > Days::MAX {
            return Err(ServiceError::Invalid("record_retention_promise_days: must be 0 to 36500"));
        }
        if settings.record_retention_days.is_some_and(|days| days.get() < promise) {
            return Err(ServiceError::Invalid("record_retention_days: must not be below what is promised"));
        }
        let mut transaction = self.store.begin_full(caller, RuntimeRole::System).await?;
        if transaction.settings().await?.record_retention_promise_days > promise {
            return Err(ServiceError::Conflict(
                "record_retention_promise_days: a promise can be raised, and not taken back",
            ));
        }
        transaction.set_settings(settings).await?;
        transaction.commit().await?;
        Ok(*settings)
    }

    /// Destroys the values that the settings do not keep: former versions, and revoked credentials. For the server itself:
    /// there is no caller.
    ///
    /// # Errors
    /// As the store's; what was destroyed before stays so.
    pub async fn purge_credentials(&self) -> Result<u64, ServiceError> {
        let mut all = 0;
        loop {
            match self.store.purge_credentials().await? {
                0 => return Ok(all),
                destroyed => all += u64::from(destroyed.unsigned_abs()),
            }
        }
    }
}
