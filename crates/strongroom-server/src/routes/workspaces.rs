//! /api/workspaces and their members.
//! A workspace of others is not there: 404, and not 403.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use strongroom_types::{
    DeleteWorkspace, Member, NewWorkspace, Page, PageRequest, RenameWorkspace, SetRole, UserId, Workspace, WorkspaceId,
};

use crate::extract::{self, Authenticated, Ids, Query};
use crate::problem::Refusal;

/// Make a workspace
///
/// You become its OWNER.
#[utoipa::path(
    post,
    path = "",
    operation_id = "create_workspace",
    tag = "Workspaces",
    request_body = NewWorkspace,
    responses((status = 201, description = "The workspace.", body = Workspace)),
)]
pub async fn create(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    extract::Json(new): extract::Json<NewWorkspace>,
) -> Result<(StatusCode, Json<Workspace>), Refusal> {
    Ok((StatusCode::CREATED, Json(vault.create_workspace(&caller, &new).await?)))
}

/// List the workspaces that you are a member of
#[utoipa::path(
    get,
    path = "",
    operation_id = "list_workspaces",
    tag = "Workspaces",
    params(PageRequest<WorkspaceId>),
    responses((status = 200, description = "A page of your workspaces.", body = Page<Workspace>)),
)]
pub async fn list(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    Query(page): Query<PageRequest<WorkspaceId>>,
) -> Result<Json<Page<Workspace>>, Refusal> {
    Ok(Json(vault.list_workspaces(&caller, &page).await?))
}

/// Look at a workspace
#[utoipa::path(
    get,
    path = "",
    operation_id = "workspace",
    tag = "Workspaces",
    params(WorkspaceId),
    responses((status = 200, description = "The workspace.", body = Workspace)),
)]
pub async fn get(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    Ids(id): Ids<WorkspaceId>,
) -> Result<Json<Workspace>, Refusal> {
    Ok(Json(vault.workspace(&caller, id).await?))
}

/// Rename a workspace
///
/// OWNERs and ADMINs do it.
#[utoipa::path(
    patch,
    path = "",
    operation_id = "rename_workspace",
    tag = "Workspaces",
    params(WorkspaceId),
    request_body = RenameWorkspace,
    responses(
        (status = 200, description = "The workspace.", body = Workspace),
        (status = 403, description = "Your role in the workspace does not allow it."),
    ),
)]
pub async fn rename(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    Ids(id): Ids<WorkspaceId>,
    extract::Json(rename): extract::Json<RenameWorkspace>,
) -> Result<Json<Workspace>, Refusal> {
    Ok(Json(vault.rename_workspace(&caller, id, &rename.name).await?))
}

/// Delete a workspace
///
/// OWNERs do it. Everything in it is destroyed at once and for good: its credentials with all their versions, its service
/// accounts with their tokens, its memberships and grants, and the tokens that were limited to it. What the record says of
/// it stays, for those who acted and for the auditor.
#[utoipa::path(
    delete,
    path = "",
    operation_id = "delete_workspace",
    tag = "Workspaces",
    params(WorkspaceId, DeleteWorkspace),
    responses(
        (status = 204, description = "It is gone."),
        (status = 403, description = "Your role in the workspace does not allow it."),
        (status = 409, description = "`confirm` is not its name. Nothing has been done; `detail` says what would go."),
    ),
)]
pub async fn delete(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    Ids(id): Ids<WorkspaceId>,
    Query(delete): Query<DeleteWorkspace>,
) -> Result<StatusCode, Refusal> {
    vault.delete_workspace(&caller, id, delete.confirm.as_ref()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List who is in a workspace
#[utoipa::path(
    get,
    path = "",
    operation_id = "list_members",
    tag = "Workspaces",
    params(WorkspaceId, PageRequest<UserId>),
    responses(
        (status = 200, description = "A page of its members.", body = Page<Member>),
        (status = 403, description = "Your token works with credentials and does nothing else."),
    ),
)]
pub async fn members(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    Ids(id): Ids<WorkspaceId>,
    Query(page): Query<PageRequest<UserId>>,
) -> Result<Json<Page<Member>>, Refusal> {
    Ok(Json(vault.list_members(&caller, id, &page).await?))
}

/// Add a member, or give one another role
///
/// OWNERs do it, and ADMINs for MEMBERs and GUESTs. Nobody changes his own role.
#[utoipa::path(
    put,
    path = "",
    operation_id = "set_member",
    tag = "Workspaces",
    params(WorkspaceId, ("user_id" = UserId, Path, description = "Whom it is about.")),
    request_body = SetRole,
    responses(
        (status = 204, description = "He has that role."),
        (status = 403, description = "Your role in the workspace does not allow it."),
        (status = 409, description = "It is your own membership."),
    ),
)]
pub async fn set_member(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    Ids((workspace, user)): Ids<(WorkspaceId, UserId)>,
    extract::Json(set): extract::Json<SetRole>,
) -> Result<StatusCode, Refusal> {
    vault.set_member(&caller, workspace, user, set.role).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take a member out of a workspace
///
/// OWNERs do it, and ADMINs for MEMBERs and GUESTs. Everybody may take himself out, but for the last OWNER.
#[utoipa::path(
    delete,
    path = "",
    operation_id = "remove_member",
    tag = "Workspaces",
    params(WorkspaceId, ("user_id" = UserId, Path, description = "Whom it is about.")),
    responses(
        (status = 204, description = "He is no member any more."),
        (status = 403, description = "Your role in the workspace does not allow it."),
        (status = 409, description = "You are its last OWNER."),
    ),
)]
pub async fn remove_member(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    Ids((workspace, user)): Ids<(WorkspaceId, UserId)>,
) -> Result<StatusCode, Refusal> {
    vault.remove_member(&caller, workspace, user).await?;
    Ok(StatusCode::NO_CONTENT)
}
