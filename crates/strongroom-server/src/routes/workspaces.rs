//! /api/workspaces and their members.
//! A workspace of others is not there: 404, and not 403.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use strongroom_types::{Member, NewWorkspace, Page, PageRequest, SetRole, UserId, Workspace, WorkspaceId};

use crate::extract::{self, Authenticated, Ids, Query};
use crate::problem::Refusal;

pub async fn create(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    extract::Json(new): extract::Json<NewWorkspace>,
) -> Result<(StatusCode, Json<Workspace>), Refusal> {
    Ok((StatusCode::CREATED, Json(vault.create_workspace(&caller, &new).await?)))
}

pub async fn list(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    Query(page): Query<PageRequest<WorkspaceId>>,
) -> Result<Json<Page<Workspace>>, Refusal> {
    Ok(Json(vault.list_workspaces(&caller, &page).await?))
}

pub async fn get(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    Ids(id): Ids<WorkspaceId>,
) -> Result<Json<Workspace>, Refusal> {
    Ok(Json(vault.workspace(&caller, id).await?))
}

pub async fn members(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    Ids(id): Ids<WorkspaceId>,
    Query(page): Query<PageRequest<UserId>>,
) -> Result<Json<Page<Member>>, Refusal> {
    Ok(Json(vault.list_members(&caller, id, &page).await?))
}

pub async fn set_member(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    Ids((workspace, user)): Ids<(WorkspaceId, UserId)>,
    extract::Json(set): extract::Json<SetRole>,
) -> Result<StatusCode, Refusal> {
    vault.set_member(&caller, workspace, user, set.role).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn remove_member(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    Ids((workspace, user)): Ids<(WorkspaceId, UserId)>,
) -> Result<StatusCode, Refusal> {
    vault.remove_member(&caller, workspace, user).await?;
    Ok(StatusCode::NO_CONTENT)
}
