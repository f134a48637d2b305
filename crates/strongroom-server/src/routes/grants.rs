//! /api/credentials/{id}/grants: who can see this, and who may do what with it.
//! SYSTEM secrets are not shared: there is no such route for them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use strongroom_types::{CredentialId, Grant, GrantId, NewGrant, Page, PageRequest, SetGrant};
use utoipa::IntoParams;

use crate::extract::{self, Authenticated, Ids, Query};
use crate::problem::Refusal;

/// Share a credential
///
/// With a person or a service account that you share a workspace with, or with a workspace of yours (its OWNERs, ADMINs and
/// MEMBERs). Only the owner of a credential shares it, or an OWNER or ADMIN of its workspace. Whoever leaves a workspace
/// loses what was shared with him of it.
#[utoipa::path(
    post,
    path = "",
    operation_id = "create_grant",
    tag = "Grants",
    params(CredentialId),
    request_body = NewGrant,
    responses(
        (status = 201, description = "The grant.", body = Grant),
        (status = 403, description = "The credential is shared with you; it is not yours to share."),
        (status = 409, description = "It is shared with them already."),
    ),
)]
pub async fn create(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    Ids(id): Ids<CredentialId>,
    extract::Json(new): extract::Json<NewGrant>,
) -> Result<(StatusCode, Json<Grant>), Refusal> {
    Ok((StatusCode::CREATED, Json(vault.create_grant(&caller, id, &new).await?)))
}

/// List the grants of a credential
///
/// All of them for whoever may share it; a grantee sees his own. Besides the grantees, a USER credential is its owner's
/// alone, and a WORKSPACE one is its OWNERs' and ADMINs'.
#[utoipa::path(
    get,
    path = "",
    operation_id = "list_grants",
    tag = "Grants",
    params(CredentialId, PageRequest<GrantId>),
    responses(
        (status = 200, description = "A page of grants.", body = Page<Grant>),
        (status = 403, description = "Your token works with credentials and does nothing else."),
    ),
)]
pub async fn list(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    Ids(id): Ids<CredentialId>,
    Query(page): Query<PageRequest<GrantId>>,
) -> Result<Json<Page<Grant>>, Refusal> {
    Ok(Json(vault.list_grants(&caller, id, &page).await?))
}

/// A grant of a credential.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct GrantPath {
    #[param(inline)]
    id: CredentialId,
    #[param(inline)]
    grant_id: GrantId,
}

/// Change a grant
#[utoipa::path(
    put,
    path = "",
    operation_id = "update_grant",
    tag = "Grants",
    params(GrantPath),
    request_body = SetGrant,
    responses(
        (status = 200, description = "The grant as it is now.", body = Grant),
        (status = 403, description = "The credential is shared with you; it is not yours to share."),
    ),
)]
pub async fn update(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    Ids(path): Ids<GrantPath>,
    extract::Json(set): extract::Json<SetGrant>,
) -> Result<Json<Grant>, Refusal> {
    Ok(Json(vault.update_grant(&caller, path.id, path.grant_id, &set).await?))
}

/// Revoke a grant
#[utoipa::path(
    delete,
    path = "",
    operation_id = "revoke_grant",
    tag = "Grants",
    params(GrantPath),
    responses(
        (status = 204, description = "Revoked, at once."),
        (status = 403, description = "The credential is shared with you; it is not yours to share."),
    ),
)]
pub async fn revoke(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    Ids(path): Ids<GrantPath>,
) -> Result<StatusCode, Refusal> {
    vault.revoke_grant(&caller, path.id, path.grant_id).await?;
    Ok(StatusCode::NO_CONTENT)
}
