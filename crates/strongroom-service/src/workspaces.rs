//! Workspaces and their members, and the one place where a member's role is asked for.
//! What a role allows is not decided here, but in authorization.rs.

use strongroom_store::{StoreError, Transaction};
use strongroom_types::{
    ActivityAction, Caller, Member, Name, NewWorkspace, Page, PageRequest, RuntimeRole, UserId, Workspace, WorkspaceId,
    WorkspaceRole,
};

use crate::authorization::{Action, Standing, allows};
use crate::error::ServiceError;
use crate::vault::Vault;

impl Vault {
    /// Makes a workspace; the caller is its OWNER.
    ///
    /// # Errors
    /// As the store's.
    pub async fn create_workspace(&self, caller: &Caller, new: &NewWorkspace) -> Result<Workspace, ServiceError> {
        let id = WorkspaceId::generate();
        let mut transaction = self.store.begin_full(caller, RuntimeRole::App).await?;
        transaction.insert_workspace(id, caller.user_id(), new).await?;
        let workspace = transaction.workspace(id).await?.ok_or(ServiceError::NotFound)?;
        transaction.commit().await?;
        Ok(workspace)
    }

    /// A page of the workspaces that the caller is a member of.
    ///
    /// # Errors
    /// As the store's.
    pub async fn list_workspaces(
        &self,
        caller: &Caller,
        page: &PageRequest<WorkspaceId>,
    ) -> Result<Page<Workspace>, ServiceError> {
        let mut transaction = self.store.begin(caller, RuntimeRole::App).await?;
        let workspaces = transaction.workspaces(page).await?;
        transaction.commit().await?;
        Ok(Page::from_lookahead(workspaces, page.limit, |workspace| workspace.id.to_string()))
    }

    /// One of them.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`].
    pub async fn workspace(&self, caller: &Caller, id: WorkspaceId) -> Result<Workspace, ServiceError> {
        let mut transaction = self.store.begin(caller, RuntimeRole::App).await?;
        let workspace = transaction.workspace(id).await?.ok_or(ServiceError::NotFound)?;
        transaction.commit().await?;
        Ok(workspace)
    }

    /// Gives a workspace another name.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`]; [`ServiceError::Forbidden`], recorded, by role.
    pub async fn rename_workspace(
        &self,
        caller: &Caller,
        id: WorkspaceId,
        name: &Name,
    ) -> Result<Workspace, ServiceError> {
        let transaction = self.store.begin_full(caller, RuntimeRole::App).await?;
        let (action, attempt) = (Action::RenameWorkspace, ActivityAction::WorkspaceRenamed);
        let mut transaction = require(transaction, caller, id, action, Some(attempt)).await?;
        if !transaction.rename_workspace(id, name).await? {
            return Err(ServiceError::NotFound);
        }
        let workspace = transaction.workspace(id).await?.ok_or(ServiceError::NotFound)?;
        transaction.commit().await?;
        Ok(workspace)
    }

    /// Destroys a workspace with everything in it: credentials with all their versions, service accounts with their
    /// tokens, memberships, and tokens that reach nothing else. There is no way back. What the record says of it stays.
    ///
    /// # Errors
    /// [`ServiceError::Unconfirmed`] unless `confirmation` is its name; [`ServiceError::NotFound`];
    /// [`ServiceError::Forbidden`], recorded, for whoever is no OWNER.
    pub async fn delete_workspace(
        &self,
        caller: &Caller,
        id: WorkspaceId,
        confirmation: Option<&Name>,
    ) -> Result<(), ServiceError> {
        let transaction = self.store.begin_full(caller, RuntimeRole::App).await?;
        let (action, attempt) = (Action::DeleteWorkspace, ActivityAction::WorkspaceDeleted);
        let mut transaction = require(transaction, caller, id, action, Some(attempt)).await?;
        let workspace = transaction.workspace(id).await?.ok_or(ServiceError::NotFound)?;
        if confirmation.map(Name::as_str) != Some(&workspace.name) {
            return Err(ServiceError::Unconfirmed(transaction.workspace_contents(id).await?));
        }
        if !transaction.delete_workspace(id).await? {
            return Err(ServiceError::NotFound);
        }
        Ok(transaction.commit().await?)
    }

    /// A page of who is in a workspace.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`].
    pub async fn list_members(
        &self,
        caller: &Caller,
        workspace: WorkspaceId,
        page: &PageRequest<UserId>,
    ) -> Result<Page<Member>, ServiceError> {
        let mut transaction = self.store.begin_full(caller, RuntimeRole::App).await?;
        transaction.workspace(workspace).await?.ok_or(ServiceError::NotFound)?;
        let members = transaction.members(workspace, page).await?;
        transaction.commit().await?;
        Ok(Page::from_lookahead(members, page.limit, |member| member.user_id.to_string()))
    }

    /// Adds a person to a workspace, or gives a member another role.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] for a workspace or a person that is not there; [`ServiceError::Forbidden`], recorded,
    /// by role; [`ServiceError::Conflict`] for the caller's own membership.
    pub async fn set_member(
        &self,
        caller: &Caller,
        workspace: WorkspaceId,
        user: UserId,
        role: WorkspaceRole,
    ) -> Result<(), ServiceError> {
        let mut transaction = self.store.begin_full(caller, RuntimeRole::App).await?;
        let before = transaction.member_role(workspace, user).await?;
        let action = managing([before, Some(role)]);
        let attempt = if before.is_none() { ActivityAction::MemberAdded } else { ActivityAction::MemberChanged };
        let mut transaction = require(transaction, caller, workspace, action, Some(attempt)).await?;
        refuse_self(caller, user)?;
        match transaction.set_member(workspace, user, role).await {
            Err(StoreError::MissingReference) => return Err(ServiceError::NotFound),
            Err(StoreError::Constraint) => {
                return Err(ServiceError::Invalid("role: a service account is MEMBER or ADMIN"));
            }
            set => set?,
        }
        Ok(transaction.commit().await?)
    }

    /// Takes a member out of a workspace; what he could see through it, he sees no more. Everybody may take himself out,
    /// but for the last OWNER.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] for a workspace or a member that is not there; [`ServiceError::Forbidden`], recorded,
    /// by role; [`ServiceError::Conflict`] for the last OWNER.
    pub async fn remove_member(
        &self,
        caller: &Caller,
        workspace: WorkspaceId,
        user: UserId,
    ) -> Result<(), ServiceError> {
        let mut transaction = self.store.begin_full(caller, RuntimeRole::App).await?;
        let before = transaction.member_role(workspace, user).await?;
        let action = if caller.user_id() == user { Action::LeaveWorkspace } else { managing([before, None]) };
        let mut transaction =
            require(transaction, caller, workspace, action, Some(ActivityAction::MemberRemoved)).await?;
        match transaction.remove_member(workspace, user).await {
            Ok(true) => Ok(transaction.commit().await?),
            Ok(false) => Err(ServiceError::NotFound),
            Err(StoreError::Constraint) => Err(ServiceError::Conflict(
                "you are its last owner: make somebody else OWNER first, or delete the workspace",
            )),
            Err(error) => Err(error.into()),
        }
    }
}

/// Lets a transaction go on where the caller's role in the workspace allows the action; records what he attempted where
/// it does not. To have looked is no attempt.
pub(crate) async fn require(
    mut transaction: Transaction,
    caller: &Caller,
    workspace: WorkspaceId,
    action: Action,
    attempt: Option<ActivityAction>,
) -> Result<Transaction, ServiceError> {
    let role = transaction.member_role(workspace, caller.user_id()).await?.ok_or(ServiceError::NotFound)?;
    if allows(Standing::Member(role), action) {
        return Ok(transaction);
    }
    if let Some(attempt) = attempt {
        transaction.record_denial(workspace, attempt).await?;
        transaction.commit().await?;
    }
    Err(ServiceError::Forbidden("your role in this workspace does not allow it; ask one of its owners"))
}

/// Which action it is to touch these roles.
fn managing(roles: [Option<WorkspaceRole>; 2]) -> Action {
    use WorkspaceRole::{Admin, Owner};
    if roles.iter().any(|role| matches!(role, Some(Owner | Admin))) {
        Action::ManageAdmins
    } else {
        Action::ManageMembers
    }
}

/// Nobody changes his own role.
fn refuse_self(caller: &Caller, user: UserId) -> Result<(), ServiceError> {
    if caller.user_id() == user {
        return Err(ServiceError::Conflict("you cannot change your own role; ask another owner"));
    }
    Ok(())
}
