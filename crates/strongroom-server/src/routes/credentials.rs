//! /api/credentials and, as the admin path, /api/admin/secrets: the same acts on other rows.
//! A value is in one answer only, that of `reveal`.

use axum::Json;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use strongroom_types::{
    Credential, CredentialFilter, CredentialId, CredentialPatch, NewCredential, NewVersion, Page, ProblemCode,
    SecretValue,
};
use utoipa::ToSchema;

use crate::extract::{self, As, Authenticated, Ids, Query};
use crate::problem::Refusal;

/// Keep a credential
///
/// The value is sealed before the database sees it. With a `workspace_id` the credential is the workspace's, for its
/// OWNERs and ADMINs, else your own.
#[utoipa::path(
    post,
    path = "",
    operation_id = "create_credential",
    tag = "Credentials",
    request_body = NewCredential,
    responses(
        (status = 201, description = "The credential, masked.", body = Credential),
        (status = 403, description = "You are neither OWNER nor ADMIN of the workspace."),
        (status = 404, description = "You are no member of such a workspace."),
        (status = 409, description = "There is an active credential of that provider and name."),
    ),
)]
pub async fn create(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    As(role): As,
    extract::Json(new): extract::Json<NewCredential>,
) -> Result<(StatusCode, Json<Credential>), Refusal> {
    Ok((StatusCode::CREATED, Json(vault.create_credential(&caller, role, new).await?)))
}

/// List credentials
///
/// Masked: the value is shown by a reveal only.
#[utoipa::path(
    get,
    path = "",
    operation_id = "list_credentials",
    tag = "Credentials",
    params(CredentialFilter),
    responses((status = 200, description = "A page of credentials, masked.", body = Page<Credential>)),
)]
pub async fn list(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    As(role): As,
    Query(filter): Query<CredentialFilter>,
) -> Result<Json<Page<Credential>>, Refusal> {
    Ok(Json(vault.list_credentials(&caller, role, &filter).await?))
}

/// Look at a credential
///
/// Masked: the value is shown by a reveal only.
#[utoipa::path(
    get,
    path = "",
    operation_id = "credential",
    tag = "Credentials",
    params(CredentialId),
    responses((status = 200, description = "The credential, masked.", body = Credential)),
)]
pub async fn get(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    As(role): As,
    Ids(id): Ids<CredentialId>,
) -> Result<Json<Credential>, Refusal> {
    Ok(Json(vault.credential(&caller, role, id).await?))
}

/// Change what is known of a credential
///
/// What is absent stays, what is `null` is cleared. The value is changed by a rotation only.
#[utoipa::path(
    patch,
    path = "",
    operation_id = "update_credential",
    tag = "Credentials",
    params(CredentialId),
    request_body = CredentialPatch,
    responses(
        (status = 200, description = "The credential as it is now, masked.", body = Credential),
        (status = 409, description = "There is an active credential of that provider and name."),
    ),
)]
pub async fn update(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    As(role): As,
    Ids(id): Ids<CredentialId>,
    extract::Json(patch): extract::Json<CredentialPatch>,
) -> Result<Json<Credential>, Refusal> {
    Ok(Json(vault.update_credential(&caller, role, id, patch).await?))
}

/// A value, in plain text.
// The one wire type that holds one.
#[derive(Serialize, ToSchema)]
pub struct Revealed<'a> {
    id: CredentialId,
    #[schema(value_type = SecretValue)]
    value: &'a str,
}

/// Reveal a value
///
/// The record of it is committed before the value is opened. You have ten reveals a minute, unless the instance says
/// otherwise.
#[utoipa::path(
    get,
    path = "",
    operation_id = "reveal_credential",
    tag = "Credentials",
    params(CredentialId),
    responses(
        (status = 200, description = "The value, in plain text.", body = Revealed),
        (status = 409, description = "The credential is revoked: restore it first."),
        (status = 429, description = "You have revealed as many values as a minute allows."),
    ),
)]
// Not for HEAD, which the router sends here too: a reveal that shows nothing would still be one.
pub async fn reveal(
    method: Method,
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    As(role): As,
    Ids(id): Ids<CredentialId>,
) -> Result<Response, Refusal> {
    if method != Method::GET {
        return Err(Refusal::new(ProblemCode::MethodNotAllowed, "a value is revealed by GET"));
    }
    let value = vault.reveal_credential(&caller, role, id).await?;
    Ok(Json(Revealed { id, value: value.expose() }).into_response())
}

/// Rotate a credential
///
/// The next value takes the place of the former one, which is kept as an earlier version.
#[utoipa::path(
    post,
    path = "",
    operation_id = "rotate_credential",
    tag = "Credentials",
    params(CredentialId),
    request_body = NewVersion,
    responses(
        (status = 200, description = "The credential as it is now, masked.", body = Credential),
        (status = 409, description = "The credential is revoked, or another rotation came in between."),
    ),
)]
pub async fn rotate(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    As(role): As,
    Ids(id): Ids<CredentialId>,
    extract::Json(new): extract::Json<NewVersion>,
) -> Result<Json<Credential>, Refusal> {
    Ok(Json(vault.rotate_credential(&caller, role, id, new).await?))
}

/// Revoke a credential
///
/// Its value is not revealed any more. It can be restored.
#[utoipa::path(
    delete,
    path = "",
    operation_id = "revoke_credential",
    tag = "Credentials",
    params(CredentialId),
    responses((status = 204, description = "Revoked.")),
)]
pub async fn revoke(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    As(role): As,
    Ids(id): Ids<CredentialId>,
) -> Result<StatusCode, Refusal> {
    vault.revoke_credential(&caller, role, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Restore a revoked credential
#[utoipa::path(
    post,
    path = "",
    operation_id = "restore_credential",
    tag = "Credentials",
    params(CredentialId),
    responses(
        (status = 200, description = "The credential as it is now, masked.", body = Credential),
        (status = 409, description = "Its name has been given to another since."),
    ),
)]
pub async fn restore(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    As(role): As,
    Ids(id): Ids<CredentialId>,
) -> Result<Json<Credential>, Refusal> {
    Ok(Json(vault.restore_credential(&caller, role, id).await?))
}
