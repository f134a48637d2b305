//! Versions: the next value of a credential, the list of former ones, and their return.
//! A former value that comes back is sealed anew, as the next version; nothing is ever put back in place.

use strongroom_store::{Kept, KeyedRequest, NextTerms, SealedVersion, StoreError};
use strongroom_types::{
    Caller, Credential, CredentialId, CredentialVersion, IdReference, NewVersion, Page, PageRequest, Purpose,
    Reference, RuntimeRole,
};

use crate::credentials::unchanged;
use crate::error::ServiceError;
use crate::idempotency::IdempotentRequest;
use crate::vault::Vault;

impl Vault {
    /// Puts the next value in place; the former version is kept, and answers for as long as its grace says. Two calls: a value
    /// is sealed for its version, and that has to be known first.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`], [`ServiceError::Revoked`], [`ServiceError::Forbidden`],
    /// [`ServiceError::PreconditionFailed`]; [`ServiceError::Conflict`] where another rotation came in between; the
    /// store's `KeyReused`.
    pub async fn rotate_credential(
        &self,
        caller: &Caller,
        role: RuntimeRole,
        id: CredentialId,
        revision: Option<i32>,
        new: NewVersion,
        request: Option<&IdempotentRequest>,
    ) -> Result<Kept, ServiceError> {
        let keyed = request.map(|request| self.keyed(request));
        let found = self.store.find_credential(caller, role, id, keyed.as_ref()).await?;
        let found = found.ok_or(ServiceError::NotFound)?;
        if found.repeated {
            return Ok(found);
        }
        let current = found.credential;
        if revision.is_some_and(|revision| revision != current.revision) {
            return Err(ServiceError::PreconditionFailed);
        }
        self.put_next(caller, role, &current, revision, new, keyed.as_ref()).await
    }

    /// A page of the versions of a credential, masked.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`].
    pub async fn list_versions(
        &self,
        caller: &Caller,
        role: RuntimeRole,
        id: CredentialId,
        page: &PageRequest<i32>,
    ) -> Result<Page<CredentialVersion>, ServiceError> {
        let mut transaction = self.store.begin(caller, role).await?;
        transaction.credential(id).await?.ok_or(ServiceError::NotFound)?;
        let versions = transaction.versions(id, page).await?;
        transaction.commit().await?;
        Ok(Page::from_lookahead(versions, page.limit, |version| version.version.to_string()))
    }

    /// Makes an earlier value the next version. Recorded as such; the value is opened here and shown to nobody.
    ///
    /// # Errors
    /// As [`Self::rotate_credential`], and [`ServiceError::Purged`].
    pub async fn restore_version(
        &self,
        caller: &Caller,
        role: RuntimeRole,
        id: CredentialId,
        version: i32,
        revision: Option<i32>,
    ) -> Result<Credential, ServiceError> {
        let current = self.credential(caller, role, id).await?;
        if revision.is_some_and(|revision| revision != current.revision) {
            return Err(ServiceError::PreconditionFailed);
        }
        if version == current.version {
            return Err(ServiceError::Conflict("this is the current version"));
        }
        let reference = Reference::Id(IdReference { id, version: Some(version) });
        let earlier = self.reveal_credential(caller, role, Purpose::Restore, reference).await?;
        let new = NewVersion { value: earlier.value, expires_at: None, grace_seconds: None };
        Ok(self.put_next(caller, role, &current, revision, new, None).await?.credential)
    }

    async fn put_next(
        &self,
        caller: &Caller,
        role: RuntimeRole,
        current: &Credential,
        revision: Option<i32>,
        new: NewVersion,
        keyed: Option<&KeyedRequest>,
    ) -> Result<Kept, ServiceError> {
        if !current.is_active {
            return Err(ServiceError::Revoked);
        }
        let binding = current.binding(current.version.saturating_add(1));
        let envelope = self.seal(&binding, &new.value).await?;
        let sealed = SealedVersion { envelope, masked_value: new.masked_value(current.kind) };
        let terms = NextTerms { revision, expires_at: new.expires_at, grace: new.grace_seconds };
        match self.store.rotate_credential(caller, role, &binding, &sealed, &terms, keyed).await {
            Err(StoreError::Unchanged) => Err(self.rotation_refused(caller, role, current, revision).await),
            rotated => Ok(rotated?),
        }
    }

    /// Why the next value could not be put in place of the one that the caller saw.
    async fn rotation_refused(
        &self,
        caller: &Caller,
        role: RuntimeRole,
        seen: &Credential,
        revision: Option<i32>,
    ) -> ServiceError {
        let asked = async { unchanged(&mut self.store.begin(caller, role).await?, seen.id, Some(seen.revision)).await };
        match asked.await {
            Ok(ServiceError::PreconditionFailed) if revision.is_none() => {
                ServiceError::Conflict("the credential has changed meanwhile; look at it and try again")
            }
            Ok(refused) | Err(refused) => refused,
        }
    }
}
