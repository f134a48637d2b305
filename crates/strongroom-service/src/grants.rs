//! Grants: who can see this, and who may do what with it. Whoever controls a credential shares it; the policies know who.
//! Never hands a grant on.

use strongroom_store::StoreError;
use strongroom_types::{Caller, CredentialId, Grant, GrantId, NewGrant, Page, PageRequest, RuntimeRole, SetGrant};

use crate::error::ServiceError;
use crate::vault::Vault;

const NOT_YOURS: &str = "only the owner of a credential, or an OWNER or ADMIN of its workspace, shares it";

impl Vault {
    /// Shares a credential with a person, a service account or a workspace that the caller knows of.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] for a credential or a grantee that is not there; [`ServiceError::Forbidden`] where the
    /// caller does not control it; [`ServiceError::Conflict`] where it is shared with him already;
    /// [`ServiceError::Invalid`] where there is not one grantee.
    pub async fn create_grant(
        &self,
        caller: &Caller,
        credential: CredentialId,
        new: &NewGrant,
    ) -> Result<Grant, ServiceError> {
        if new.user_id.is_some() == new.workspace_id.is_some() {
            return Err(ServiceError::Invalid("give user_id or workspace_id, one of them"));
        }
        if new.user_id == Some(caller.user_id()) {
            return Err(ServiceError::Invalid("share it with somebody else"));
        }
        let id = GrantId::generate();
        let mut transaction = self.store.begin_full(caller, RuntimeRole::App).await?;
        let controls = transaction.controls_credential(credential).await?.ok_or(ServiceError::NotFound)?;
        if !controls {
            return Err(ServiceError::Forbidden(NOT_YOURS));
        }
        match transaction.insert_grant(id, credential, new).await {
            Err(StoreError::Conflict) => {
                return Err(ServiceError::Conflict("it is shared with them already; change that grant"));
            }
            // A grantee whom the caller does not know of.
            Err(StoreError::Forbidden) => return Err(ServiceError::NotFound),
            inserted => inserted?,
        }
        let grant = transaction.grant(credential, id).await?.ok_or(ServiceError::NotFound)?;
        transaction.commit().await?;
        Ok(grant)
    }

    /// A page of the grants of a credential: all of them for whoever controls it, his own for a grantee.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`].
    pub async fn list_grants(
        &self,
        caller: &Caller,
        credential: CredentialId,
        page: &PageRequest<GrantId>,
    ) -> Result<Page<Grant>, ServiceError> {
        let mut transaction = self.store.begin_full(caller, RuntimeRole::App).await?;
        transaction.controls_credential(credential).await?.ok_or(ServiceError::NotFound)?;
        let grants = transaction.grants(credential, page).await?;
        transaction.commit().await?;
        Ok(Page::from_lookahead(grants, page.limit, |grant| grant.id.to_string()))
    }

    /// Changes what is granted, and until when.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`]; [`ServiceError::Forbidden`] for a grant that the caller holds and does not control.
    pub async fn update_grant(
        &self,
        caller: &Caller,
        credential: CredentialId,
        id: GrantId,
        set: &SetGrant,
    ) -> Result<Grant, ServiceError> {
        let mut transaction = self.store.begin_full(caller, RuntimeRole::App).await?;
        let grant = transaction.grant(credential, id).await?;
        if !transaction.update_grant(credential, id, set).await? {
            return Err(not_controlled(grant.as_ref()));
        }
        let grant = transaction.grant(credential, id).await?.ok_or(ServiceError::NotFound)?;
        transaction.commit().await?;
        Ok(grant)
    }

    /// Ends a grant, at once.
    ///
    /// # Errors
    /// As [`Self::update_grant`].
    pub async fn revoke_grant(
        &self,
        caller: &Caller,
        credential: CredentialId,
        id: GrantId,
    ) -> Result<(), ServiceError> {
        let mut transaction = self.store.begin_full(caller, RuntimeRole::App).await?;
        let grant = transaction.grant(credential, id).await?;
        if !transaction.delete_grant(credential, id).await? {
            return Err(not_controlled(grant.as_ref()));
        }
        Ok(transaction.commit().await?)
    }
}

fn not_controlled(seen: Option<&Grant>) -> ServiceError {
    seen.map_or(ServiceError::NotFound, |_| ServiceError::Forbidden(NOT_YOURS))
}
