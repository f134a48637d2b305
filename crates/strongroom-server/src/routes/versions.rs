//! /api/credentials/{id}/rotate and …/versions: the next value, and what is known of the former ones.
//! Former values are revealed in values.rs.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use strongroom_types::{Credential, CredentialId, CredentialVersion, NewVersion, Page, PageRequest, VersionNumber};
use utoipa::IntoParams;

use super::credentials::{IdempotencyKeyHeader, IfMatchHeader, Tagged};
use crate::extract::{As, Authenticated, Ids, IfMatch, KeyedJson, Query};
use crate::problem::Refusal;

/// Rotate a credential
///
/// The next value takes the place of the former one, which is kept as an earlier version, and still answers for
/// `grace_seconds` to those that ask for it.
#[utoipa::path(
    post,
    path = "",
    operation_id = "rotate_credential",
    tag = "Credentials",
    params(CredentialId, IfMatchHeader, IdempotencyKeyHeader),
    request_body = NewVersion,
    responses(
        (status = 200, description = "The credential as it is now, masked.", body = Credential, headers(("ETag" = String))),
        (status = 403, description = "You may see the credential and not change it."),
        (status = 409, description = "The credential is revoked, or another rotation came in between."),
        (status = 412, description = "It has changed since."),
        (status = 422, description = "The idempotency key was used for another request."),
    ),
)]
pub async fn rotate(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    As(role): As,
    Ids(id): Ids<CredentialId>,
    IfMatch(revision): IfMatch,
    KeyedJson(new, request): KeyedJson<NewVersion>,
) -> Result<Tagged, Refusal> {
    Ok(vault.rotate_credential(&caller, role, id, revision, new, request.as_ref()).await?.into())
}

/// List the versions of a credential
///
/// Masked. The values of former versions are kept until the instance's retention is over.
#[utoipa::path(
    get,
    path = "",
    operation_id = "list_versions",
    tag = "Credentials",
    params(CredentialId, PageRequest<i32>),
    responses((status = 200, description = "A page of versions, masked.", body = Page<CredentialVersion>)),
)]
pub async fn list(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    As(role): As,
    Ids(id): Ids<CredentialId>,
    Query(page): Query<PageRequest<i32>>,
) -> Result<Json<Page<CredentialVersion>>, Refusal> {
    Ok(Json(vault.list_versions(&caller, role, id, &page).await?))
}

/// A version of a credential.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct VersionPath {
    #[param(inline)]
    id: CredentialId,
    #[param(inline, example = 1)]
    version: VersionNumber,
}

/// Restore an earlier version
///
/// Its value is sealed anew, as the next version. It is shown to nobody.
#[utoipa::path(
    post,
    path = "",
    operation_id = "restore_version",
    tag = "Credentials",
    params(VersionPath, IfMatchHeader),
    responses(
        (status = 200, description = "The credential as it is now, masked.", body = Credential, headers(("ETag" = String))),
        (status = 403, description = "You may see the credential and not change it."),
        (status = 409, description = "It is the current version, or the credential is revoked, or has changed meanwhile."),
        (status = 410, description = "The value has been destroyed."),
        (status = 412, description = "It has changed since."),
    ),
)]
pub async fn restore(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    As(role): As,
    Ids(path): Ids<VersionPath>,
    IfMatch(revision): IfMatch,
) -> Result<Tagged, Refusal> {
    Ok(vault.restore_version(&caller, role, path.id, path.version.get(), revision).await?.into())
}
