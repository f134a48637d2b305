//! Credentials: sealed before the database sees them, opened after the record of it is committed.
//! Never the other way round.

use strongroom_store::{RevealOutcome, SealedVersion, StoreError};
use strongroom_types::{
    ActivityAction, Binding, Caller, Credential, CredentialFilter, CredentialId, CredentialPatch, CredentialScope,
    NewCredential, NewVersion, Page, RuntimeRole, SecretValue,
};

use crate::authorization::Action;
use crate::error::ServiceError;
use crate::vault::Vault;
use crate::workspaces::require;

impl Vault {
    /// Keeps a new credential: the caller's own, a workspace's, or (as [`RuntimeRole::System`]) the instance's.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] for a workspace that the caller is no member of, [`ServiceError::Forbidden`] for one
    /// where he is neither OWNER nor ADMIN, [`ServiceError::Conflict`] for a name that is taken.
    pub async fn create_credential(
        &self,
        caller: &Caller,
        role: RuntimeRole,
        new: NewCredential,
    ) -> Result<Credential, ServiceError> {
        let binding = Binding {
            credential_id: CredentialId::generate(),
            owner_id: caller.user_id(),
            workspace_id: new.workspace_id,
            scope: scope_of(role, &new)?,
            version: 1,
        };
        let envelope = self.keys.seal(&binding, &new.value).await?;
        let sealed = SealedVersion { envelope, masked_value: new.masked_value() };
        let mut transaction = self.store.begin(caller, role).await?;
        if let Some(workspace) = binding.workspace_id {
            let (action, attempt) = (Action::CreateWorkspaceCredential, ActivityAction::CredentialCreated);
            transaction = require(transaction, caller, workspace, action, attempt).await?;
        }
        let credential = transaction.insert_credential(&binding, new, &sealed).await.map_err(name_taken)?;
        transaction.commit().await?;
        Ok(credential)
    }

    /// A page of what the caller may know of, masked.
    ///
    /// # Errors
    /// As the store's.
    pub async fn list_credentials(
        &self,
        caller: &Caller,
        role: RuntimeRole,
        filter: &CredentialFilter,
    ) -> Result<Page<Credential>, ServiceError> {
        let mut transaction = self.store.begin(caller, role).await?;
        let rows = transaction.credentials(filter).await?;
        transaction.commit().await?;
        Ok(Page::from_lookahead(rows, filter.limit, |credential| credential.id.to_string()))
    }

    /// One credential, masked.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`].
    pub async fn credential(
        &self,
        caller: &Caller,
        role: RuntimeRole,
        id: CredentialId,
    ) -> Result<Credential, ServiceError> {
        let mut transaction = self.store.begin(caller, role).await?;
        let credential = transaction.credential(id).await?.ok_or(ServiceError::NotFound)?;
        transaction.commit().await?;
        Ok(credential)
    }

    /// Changes name, description, expiry or metadata; never the value.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`]; [`ServiceError::Conflict`] for a name that is taken.
    pub async fn update_credential(
        &self,
        caller: &Caller,
        role: RuntimeRole,
        id: CredentialId,
        patch: CredentialPatch,
    ) -> Result<Credential, ServiceError> {
        let mut transaction = self.store.begin(caller, role).await?;
        let updated =
            transaction.update_credential(id, patch).await.map_err(name_taken)?.ok_or(ServiceError::NotFound)?;
        transaction.commit().await?;
        Ok(updated)
    }

    /// Opens the value. The record of it is committed before there is any plaintext.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`], [`ServiceError::Revoked`], [`ServiceError::RateLimited`]; the store's where the
    /// record could not be written, and the sealing's where the envelope does not open.
    pub async fn reveal_credential(
        &self,
        caller: &Caller,
        role: RuntimeRole,
        id: CredentialId,
    ) -> Result<SecretValue, ServiceError> {
        match self.store.reveal_credential(caller, role, id, self.reveal_limit).await? {
            None => Err(ServiceError::NotFound),
            Some(RevealOutcome::Revoked) => Err(ServiceError::Revoked),
            Some(RevealOutcome::RateLimited { retry_after_seconds }) => {
                Err(ServiceError::RateLimited { retry_after_seconds })
            }
            Some(RevealOutcome::Allowed { binding, envelope }) => Ok(self.keys.open(&binding, &envelope).await?),
        }
    }

    /// Puts the next value in place; the former version is kept.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`], [`ServiceError::Revoked`]; [`ServiceError::Conflict`] where another rotation came
    /// in between.
    pub async fn rotate_credential(
        &self,
        caller: &Caller,
        role: RuntimeRole,
        id: CredentialId,
        new: NewVersion,
    ) -> Result<Credential, ServiceError> {
        let current = self.credential(caller, role, id).await?;
        if !current.is_active {
            return Err(ServiceError::Revoked);
        }
        let binding = current.binding(current.version.saturating_add(1));
        let envelope = self.keys.seal(&binding, &new.value).await?;
        let sealed = SealedVersion { envelope, masked_value: new.masked_value(current.kind) };
        let mut transaction = self.store.begin(caller, role).await?;
        let rotated = transaction
            .rotate_credential(&binding, &sealed, new.expires_at)
            .await?
            .ok_or(ServiceError::Conflict("the credential has changed meanwhile; look at it and try again"))?;
        transaction.commit().await?;
        Ok(rotated)
    }

    /// Revokes a credential: its value is not revealed any more, and it can be restored.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`].
    pub async fn revoke_credential(
        &self,
        caller: &Caller,
        role: RuntimeRole,
        id: CredentialId,
    ) -> Result<(), ServiceError> {
        self.set_active(caller, role, id, false).await.map(|_| ())
    }

    /// Restores a revoked credential.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`]; [`ServiceError::Conflict`] where its name has been given to another since.
    pub async fn restore_credential(
        &self,
        caller: &Caller,
        role: RuntimeRole,
        id: CredentialId,
    ) -> Result<Credential, ServiceError> {
        self.set_active(caller, role, id, true).await
    }

    async fn set_active(
        &self,
        caller: &Caller,
        role: RuntimeRole,
        id: CredentialId,
        active: bool,
    ) -> Result<Credential, ServiceError> {
        let mut transaction = self.store.begin(caller, role).await?;
        let changed =
            transaction.set_credential_active(id, active).await.map_err(name_taken)?.ok_or(ServiceError::NotFound)?;
        transaction.commit().await?;
        Ok(changed)
    }
}

/// Says what a unique key of credentials that is taken means.
fn name_taken(error: StoreError) -> ServiceError {
    match error {
        StoreError::Conflict => ServiceError::Conflict(
            "there is an active credential of that provider and name; choose another name, or rotate it",
        ),
        other => other.into(),
    }
}

/// Which scope a new credential has, by the path it came on and the workspace it names.
fn scope_of(role: RuntimeRole, new: &NewCredential) -> Result<CredentialScope, ServiceError> {
    let scope = match (role, new.workspace_id) {
        (RuntimeRole::System, None) => CredentialScope::System,
        (RuntimeRole::System, Some(_)) => return Err(ServiceError::Invalid("a SYSTEM secret has no workspace")),
        (RuntimeRole::App, None) => CredentialScope::User,
        (RuntimeRole::App, Some(_)) => CredentialScope::Workspace,
    };
    match new.scope {
        Some(said) if said != scope => Err(ServiceError::Invalid(
            "the scope does not fit: USER credentials have no workspace_id, WORKSPACE credentials have one, and \
             SYSTEM secrets are made under /api/admin/secrets",
        )),
        _ => Ok(scope),
    }
}
