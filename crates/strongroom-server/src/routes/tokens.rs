//! /api/tokens: one's own API tokens.
//! The token itself is in the answer that makes it, and nowhere after.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use strongroom_types::{ApiTokenSummary, NewApiToken, Page, PageRequest, TokenId};

use crate::extract::{self, Authenticated, Ids, Query};
use crate::problem::Refusal;

pub async fn create(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    extract::Json(new): extract::Json<NewApiToken>,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let issued = vault.create_token(&caller, &new).await?;
    let body = json!({ "token": issued.token.to_text().expose_secret(), "id": issued.summary.id,
                       "name": issued.summary.name, "expires_at": issued.summary.expires_at });
    Ok((StatusCode::CREATED, Json(body)))
}

pub async fn list(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    Query(page): Query<PageRequest<TokenId>>,
) -> Result<Json<Page<ApiTokenSummary>>, Refusal> {
    Ok(Json(vault.list_tokens(&caller, &page).await?))
}

pub async fn revoke(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    Ids(id): Ids<TokenId>,
) -> Result<StatusCode, Refusal> {
    vault.revoke_token(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
