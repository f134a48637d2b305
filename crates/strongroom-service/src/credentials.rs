//! Credentials: sealed before the database sees them, and changed as far as it lets the caller.
//! Values come out in reveals.rs, and former ones in versions.rs.

use strongroom_store::{Kept, SealedVersion, StoreError, Transaction};
use strongroom_types::{
    ActivityAction, Binding, Caller, Credential, CredentialFilter, CredentialId, CredentialPatch, CredentialScope,
    NameReference, NewCredential, Page, RuntimeRole, WorkspaceId,
};

use crate::authorization::Action;
use crate::error::ServiceError;
use crate::idempotency::IdempotentRequest;
use crate::vault::Vault;
use crate::workspaces::require;

impl Vault {
    /// Keeps a new credential: the caller's own, a workspace's, or (as [`RuntimeRole::System`]) the instance's.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] for a workspace that the caller is no member of, [`ServiceError::Forbidden`] for one
    /// where he is neither OWNER nor ADMIN, [`ServiceError::Conflict`] for a name that is taken; the store's `KeyReused`.
    pub async fn create_credential(
        &self,
        caller: &Caller,
        role: RuntimeRole,
        new: NewCredential,
        request: Option<&IdempotentRequest>,
    ) -> Result<Kept, ServiceError> {
        let binding = Binding {
            credential_id: CredentialId::generate(),
            owner_id: caller.user_id(),
            workspace_id: new.workspace_id,
            scope: scope_of(role, &new)?,
            version: 1,
        };
        let keyed = request.map(|request| self.keyed(request));
        let envelope = self.seal(&binding, &new.value).await?;
        let sealed = SealedVersion { envelope, masked_value: new.masked_value() };
        match self.store.create_credential(caller, role, &binding, new, &sealed, keyed.as_ref()).await {
            Err(StoreError::Forbidden) => Err(self.creation_refused(caller, role, binding.workspace_id).await),
            created => created.map_err(name_taken)?.ok_or(ServiceError::NotFound),
        }
    }

    /// Why the database let nobody add a credential there; recorded, where it is for the caller's role in a workspace.
    async fn creation_refused(
        &self,
        caller: &Caller,
        role: RuntimeRole,
        workspace: Option<WorkspaceId>,
    ) -> ServiceError {
        let Some(workspace) = workspace else { return StoreError::Forbidden.into() };
        let (action, attempt) = (Action::CreateWorkspaceCredential, ActivityAction::CredentialCreated);
        let asked = async {
            let transaction = self.store.begin(caller, role).await?;
            require(transaction, caller, workspace, action, Some(attempt)).await
        };
        asked.await.err().unwrap_or(StoreError::Forbidden.into())
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
        let rows = self.store.list_credentials(caller, role, filter).await?;
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
        let found = self.store.find_credential(caller, role, id, None).await?;
        Ok(found.ok_or(ServiceError::NotFound)?.credential)
    }

    /// The caller's most specific active credential of that provider and name, masked.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`]; [`ServiceError::Ambiguous`].
    pub async fn resolve_credential(
        &self,
        caller: &Caller,
        role: RuntimeRole,
        wanted: &NameReference,
    ) -> Result<Credential, ServiceError> {
        let mut transaction = self.store.begin(caller, role).await?;
        let credential = match transaction.resolve_credential(wanted).await {
            Err(StoreError::Ambiguous) => return Err(ServiceError::Ambiguous),
            found => found?.ok_or(ServiceError::NotFound)?,
        };
        transaction.commit().await?;
        Ok(credential)
    }

    /// Changes name, description, expiry, tags or metadata; never the value.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`]; [`ServiceError::Forbidden`] where the caller may not change it;
    /// [`ServiceError::PreconditionFailed`] where it has another revision; [`ServiceError::Conflict`] for a name that is
    /// taken.
    pub async fn update_credential(
        &self,
        caller: &Caller,
        role: RuntimeRole,
        id: CredentialId,
        revision: Option<i32>,
        patch: CredentialPatch,
    ) -> Result<Credential, ServiceError> {
        let mut transaction = self.store.begin(caller, role).await?;
        let updated = transaction.update_credential(id, revision, patch).await.map_err(name_refused)?;
        let Some(updated) = updated else {
            return Err(unchanged(&mut transaction, id, revision).await?);
        };
        transaction.commit().await?;
        Ok(updated)
    }

    /// Revokes a credential: its value is not revealed any more, and it can be restored.
    ///
    /// # Errors
    /// As [`Self::update_credential`].
    pub async fn revoke_credential(
        &self,
        caller: &Caller,
        role: RuntimeRole,
        id: CredentialId,
        revision: Option<i32>,
    ) -> Result<(), ServiceError> {
        self.set_active(caller, role, id, revision, false).await.map(|_| ())
    }

    /// Restores a revoked credential.
    ///
    /// # Errors
    /// As [`Self::update_credential`], and [`ServiceError::Purged`] where there is no value any more.
    pub async fn restore_credential(
        &self,
        caller: &Caller,
        role: RuntimeRole,
        id: CredentialId,
        revision: Option<i32>,
    ) -> Result<Credential, ServiceError> {
        self.set_active(caller, role, id, revision, true).await
    }

    async fn set_active(
        &self,
        caller: &Caller,
        role: RuntimeRole,
        id: CredentialId,
        revision: Option<i32>,
        active: bool,
    ) -> Result<Credential, ServiceError> {
        let mut transaction = self.store.begin(caller, role).await?;
        let changed = match transaction.set_credential_active(id, revision, active).await {
            Err(StoreError::Constraint) => return Err(ServiceError::Purged),
            changed => changed.map_err(name_refused)?,
        };
        let Some(changed) = changed else {
            return Err(unchanged(&mut transaction, id, revision).await?);
        };
        transaction.commit().await?;
        Ok(changed)
    }
}

/// Why a change found no row that it could change.
pub(crate) async fn unchanged(
    transaction: &mut Transaction,
    id: CredentialId,
    revision: Option<i32>,
) -> Result<ServiceError, ServiceError> {
    let found = transaction.credential(id).await?;
    Ok(match found {
        None => ServiceError::NotFound,
        Some(found) if revision.is_some_and(|revision| revision != found.revision) => ServiceError::PreconditionFailed,
        Some(_) => {
            ServiceError::Forbidden("you may see this credential and not change it; ask whoever shares it with you")
        }
    })
}

/// Says why a credential cannot have its name.
fn name_refused(error: StoreError) -> ServiceError {
    match error {
        StoreError::Forbidden => {
            ServiceError::Forbidden("only whoever shares it gives it another name, or restores it")
        }
        other => name_taken(other),
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
