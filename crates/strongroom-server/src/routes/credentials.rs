//! /api/credentials and, as the admin path, /api/admin/secrets: the same acts on other rows.
//! No answer here has a value in it: those are in values.rs.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::ETAG;
use axum::response::{AppendHeaders, IntoResponse, Response};
use strongroom_service::Kept;
use strongroom_types::{
    Credential, CredentialFilter, CredentialId, CredentialPatch, NameReference, NewCredential, Page,
};
use utoipa::IntoParams;

use crate::extract::{self, As, Authenticated, Ids, IfMatch, KeyedJson, Query};
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
    params(IdempotencyKeyHeader),
    request_body = NewCredential,
    responses(
        (status = 201, description = "The credential, masked.", body = Credential, headers(("ETag" = String))),
        (status = 403, description = "You are neither OWNER nor ADMIN of the workspace."),
        (status = 404, description = "You are no member of such a workspace."),
        (status = 409, description = "There is an active credential of that provider and name."),
        (status = 422, description = "The idempotency key was used for another request."),
    ),
)]
pub async fn create(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    As(role): As,
    KeyedJson(new, request): KeyedJson<NewCredential>,
) -> Result<(StatusCode, Tagged), Refusal> {
    Ok((StatusCode::CREATED, vault.create_credential(&caller, role, new, request.as_ref()).await?.into()))
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
    responses((status = 200, description = "The credential, masked.", body = Credential, headers(("ETag" = String)))),
)]
pub async fn get(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    As(role): As,
    Ids(id): Ids<CredentialId>,
) -> Result<Tagged, Refusal> {
    Ok(vault.credential(&caller, role, id).await?.into())
}

/// Change what is known of a credential
///
/// What is absent stays, what is `null` is cleared. The value is changed by a rotation only.
#[utoipa::path(
    patch,
    path = "",
    operation_id = "update_credential",
    tag = "Credentials",
    params(CredentialId, IfMatchHeader),
    request_body = CredentialPatch,
    responses(
        (status = 200, description = "The credential as it is now, masked.", body = Credential, headers(("ETag" = String))),
        (status = 403, description = "You may see the credential and not change it."),
        (status = 409, description = "There is an active credential of that provider and name."),
        (status = 412, description = "It has changed since."),
    ),
)]
pub async fn update(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    As(role): As,
    Ids(id): Ids<CredentialId>,
    IfMatch(revision): IfMatch,
    extract::Json(patch): extract::Json<CredentialPatch>,
) -> Result<Tagged, Refusal> {
    Ok(vault.update_credential(&caller, role, id, revision, patch).await?.into())
}

/// Resolve a name
///
/// Your own active credential of that provider and name; else that of a workspace of which you are OWNER or ADMIN; else one
/// that is shared with you. Masked.
#[utoipa::path(
    get,
    path = "",
    operation_id = "resolve_credential",
    tag = "Credentials",
    params(NameReference),
    responses(
        (status = 200, description = "The most specific credential, masked.", body = Credential, headers(("ETag" = String))),
        (status = 404, description = "There is none of that provider and name."),
        (status = 409, description = "Several are equally specific: give `workspace_id`, or take an id."),
    ),
)]
pub async fn resolve(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    As(role): As,
    Query(wanted): Query<NameReference>,
) -> Result<Tagged, Refusal> {
    Ok(vault.resolve_credential(&caller, role, &wanted).await?.into())
}

/// Revoke a credential
///
/// Its value is not revealed any more. It can be restored, for as long as the instance keeps revoked values.
#[utoipa::path(
    delete,
    path = "",
    operation_id = "revoke_credential",
    tag = "Credentials",
    params(CredentialId, IfMatchHeader),
    responses(
        (status = 204, description = "Revoked."),
        (status = 403, description = "You may see the credential and not change it."),
        (status = 412, description = "It has changed since."),
    ),
)]
pub async fn revoke(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    As(role): As,
    Ids(id): Ids<CredentialId>,
    IfMatch(revision): IfMatch,
) -> Result<StatusCode, Refusal> {
    vault.revoke_credential(&caller, role, id, revision).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Restore a revoked credential
#[utoipa::path(
    post,
    path = "",
    operation_id = "restore_credential",
    tag = "Credentials",
    params(CredentialId, IfMatchHeader),
    responses(
        (status = 200, description = "The credential as it is now, masked.", body = Credential, headers(("ETag" = String))),
        (status = 403, description = "You may see the credential and not change it."),
        (status = 409, description = "Its name has been given to another since."),
        (status = 410, description = "The value has been destroyed."),
        (status = 412, description = "It has changed since."),
    ),
)]
pub async fn restore(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    As(role): As,
    Ids(id): Ids<CredentialId>,
    IfMatch(revision): IfMatch,
) -> Result<Tagged, Refusal> {
    Ok(vault.restore_credential(&caller, role, id, revision).await?.into())
}

/// A credential with its ETag (RFC 9110, section 8.8.3), and whether an earlier request with the same key had made it.
pub struct Tagged(Kept);

impl From<Kept> for Tagged {
    fn from(kept: Kept) -> Self {
        Self(kept)
    }
}

impl From<Credential> for Tagged {
    fn from(credential: Credential) -> Self {
        Self(Kept { credential, repeated: false })
    }
}

impl IntoResponse for Tagged {
    fn into_response(self) -> Response {
        let Self(Kept { credential, repeated }) = self;
        let etag = [(ETAG, format!("\"{}\"", credential.revision))];
        let repetition = repeated.then_some([("idempotency-replayed", "true")]);
        (etag, repetition.map(AppendHeaders), Json(credential)).into_response()
    }
}

/// The revision that a change expects.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes what extract::IfMatch reads")]
pub struct IfMatchHeader {
    /// The ETag of an answer, or `*`; where the credential has changed since, nothing is done.
    #[param(rename = "If-Match", example = r#""3""#, nullable = false)]
    if_match: Option<String>,
}

/// What a client calls a request that must not happen twice.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes what extract::KeyedJson reads")]
pub struct IdempotencyKeyHeader {
    /// A text of your choice, for this request alone. A repetition within a day changes nothing, and gets the credential as
    /// it is then, with `Idempotency-Replayed: true`.
    #[param(
        rename = "Idempotency-Key",
        min_length = 1,
        max_length = 254,
        pattern = "^[!-~]([ -~]*[!-~])?$",
        nullable = false
    )]
    idempotency_key: Option<String>,
}
