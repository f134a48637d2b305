//! /api/credentials and, as the admin path, /api/admin/secrets: the same acts on other rows.
//! A value is in one answer only, that of `reveal`.

use axum::Json;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use strongroom_types::{
    Credential, CredentialFilter, CredentialId, CredentialPatch, NewCredential, NewVersion, Page, ProblemCode,
};

use crate::extract::{self, As, Authenticated, Ids, Query};
use crate::problem::Refusal;

pub async fn create(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    As(role): As,
    extract::Json(new): extract::Json<NewCredential>,
) -> Result<(StatusCode, Json<Credential>), Refusal> {
    Ok((StatusCode::CREATED, Json(vault.create_credential(&caller, role, new).await?)))
}

pub async fn list(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    As(role): As,
    Query(filter): Query<CredentialFilter>,
) -> Result<Json<Page<Credential>>, Refusal> {
    Ok(Json(vault.list_credentials(&caller, role, &filter).await?))
}

pub async fn get(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    As(role): As,
    Ids(id): Ids<CredentialId>,
) -> Result<Json<Credential>, Refusal> {
    Ok(Json(vault.credential(&caller, role, id).await?))
}

pub async fn update(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    As(role): As,
    Ids(id): Ids<CredentialId>,
    extract::Json(patch): extract::Json<CredentialPatch>,
) -> Result<Json<Credential>, Refusal> {
    Ok(Json(vault.update_credential(&caller, role, id, patch).await?))
}

/// The one wire type with a plaintext in it.
#[derive(Serialize)]
struct Revealed<'a> {
    id: CredentialId,
    value: &'a str,
}

/// Not for HEAD, which the router sends here too: a reveal that shows nothing would still be one.
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

pub async fn rotate(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    As(role): As,
    Ids(id): Ids<CredentialId>,
    extract::Json(new): extract::Json<NewVersion>,
) -> Result<Json<Credential>, Refusal> {
    Ok(Json(vault.rotate_credential(&caller, role, id, new).await?))
}

pub async fn revoke(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    As(role): As,
    Ids(id): Ids<CredentialId>,
) -> Result<StatusCode, Refusal> {
    vault.revoke_credential(&caller, role, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn restore(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    As(role): As,
    Ids(id): Ids<CredentialId>,
) -> Result<Json<Credential>, Refusal> {
    Ok(Json(vault.restore_credential(&caller, role, id).await?))
}
