//! /api/workspaces/{id}/service-accounts and their tokens: for a workspace's OWNERs and ADMINs.
//! A token is in the answer that makes it, and nowhere after.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use strongroom_types::{
    ApiTokenSummary, NewApiToken, NewServiceAccount, Page, PageRequest, ServiceAccount, TokenId, UserId, WorkspaceId,
};
use utoipa::IntoParams;

use super::tokens::IssuedToken;
use crate::extract::{self, Authenticated, Ids, Query};
use crate::problem::Refusal;

/// Make a service account
///
/// It is a MEMBER of the workspace: it sees what is shared with it. Give it the role ADMIN, like any member, for all of the
/// workspace's credentials.
#[utoipa::path(
    post,
    path = "",
    operation_id = "create_service_account",
    tag = "Service accounts",
    params(WorkspaceId),
    request_body = NewServiceAccount,
    responses(
        (status = 201, description = "The service account.", body = ServiceAccount),
        (status = 403, description = "You are neither OWNER nor ADMIN of the workspace."),
    ),
)]
pub async fn create(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    Ids(workspace): Ids<WorkspaceId>,
    extract::Json(new): extract::Json<NewServiceAccount>,
) -> Result<(StatusCode, Json<ServiceAccount>), Refusal> {
    Ok((StatusCode::CREATED, Json(vault.create_service_account(&caller, workspace, &new).await?)))
}

/// List the service accounts of a workspace
#[utoipa::path(
    get,
    path = "",
    operation_id = "list_service_accounts",
    tag = "Service accounts",
    params(WorkspaceId, PageRequest<UserId>),
    responses(
        (status = 200, description = "A page of service accounts, the disabled ones too.", body = Page<ServiceAccount>),
        (status = 403, description = "You are neither OWNER nor ADMIN of the workspace."),
    ),
)]
pub async fn list(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    Ids(workspace): Ids<WorkspaceId>,
    Query(page): Query<PageRequest<UserId>>,
) -> Result<Json<Page<ServiceAccount>>, Refusal> {
    Ok(Json(vault.list_service_accounts(&caller, workspace, &page).await?))
}

/// A service account of a workspace.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct AccountPath {
    #[param(inline)]
    pub(super) id: WorkspaceId,
    #[param(inline)]
    pub(super) account_id: UserId,
}

/// Disable a service account
///
/// For good: its tokens, its membership and what is shared with it end at once. What it did stays in the record.
#[utoipa::path(
    delete,
    path = "",
    operation_id = "disable_service_account",
    tag = "Service accounts",
    params(AccountPath),
    responses(
        (status = 204, description = "Disabled."),
        (status = 403, description = "You are neither OWNER nor ADMIN of the workspace, or it is ADMIN and you are not OWNER."),
    ),
)]
pub async fn disable(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    Ids(path): Ids<AccountPath>,
) -> Result<StatusCode, Refusal> {
    vault.disable_service_account(&caller, path.id, path.account_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Make a token for a service account
#[utoipa::path(
    post,
    path = "",
    operation_id = "create_service_account_token",
    tag = "Service accounts",
    params(AccountPath),
    request_body = NewApiToken,
    responses(
        (status = 201, description = "The token, which is shown this once.", body = IssuedToken),
        (status = 403, description = "You are neither OWNER nor ADMIN of the workspace."),
    ),
)]
pub async fn create_token(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    Ids(path): Ids<AccountPath>,
    extract::Json(new): extract::Json<NewApiToken>,
) -> Result<(StatusCode, Json<IssuedToken>), Refusal> {
    let issued = vault.create_service_account_token(&caller, path.id, path.account_id, &new).await?;
    Ok((StatusCode::CREATED, Json(issued.into())))
}

/// List the tokens of a service account
#[utoipa::path(
    get,
    path = "",
    operation_id = "list_service_account_tokens",
    tag = "Service accounts",
    params(AccountPath, PageRequest<TokenId>),
    responses(
        (status = 200, description = "A page of tokens, without their secrets.", body = Page<ApiTokenSummary>),
        (status = 403, description = "You are neither OWNER nor ADMIN of the workspace."),
    ),
)]
pub async fn list_tokens(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    Ids(path): Ids<AccountPath>,
    Query(page): Query<PageRequest<TokenId>>,
) -> Result<Json<Page<ApiTokenSummary>>, Refusal> {
    Ok(Json(vault.list_service_account_tokens(&caller, path.id, path.account_id, &page).await?))
}

/// A token of a service account.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct AccountTokenPath {
    #[param(inline)]
    id: WorkspaceId,
    #[param(inline)]
    account_id: UserId,
    #[param(inline)]
    token_id: TokenId,
}

/// Revoke a token of a service account
#[utoipa::path(
    delete,
    path = "",
    operation_id = "revoke_service_account_token",
    tag = "Service accounts",
    params(AccountTokenPath),
    responses(
        (status = 204, description = "Revoked, at once and for good."),
        (status = 403, description = "You are neither OWNER nor ADMIN of the workspace."),
    ),
)]
pub async fn revoke_token(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    Ids(path): Ids<AccountTokenPath>,
) -> Result<StatusCode, Refusal> {
    vault.revoke_service_account_token(&caller, path.id, path.account_id, path.token_id).await?;
    Ok(StatusCode::NO_CONTENT)
}
