//! /api/tokens: one's own API tokens.
//! The token itself is in the answer that makes it, and nowhere after.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;
use serde::Serialize;
use strongroom_types::{ApiTokenSummary, NewApiToken, Page, PageRequest, TokenId};
use utoipa::ToSchema;

use crate::extract::{self, Authenticated, Ids, Query};
use crate::problem::Refusal;

/// A new API token, with its secret.
#[derive(Serialize, ToSchema)]
pub struct IssuedToken {
    #[schema(
        example = "srt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        pattern = "^srt_[A-Za-z0-9_-]{64}$"
    )]
    token: String,
    id: TokenId,
    #[schema(example = "Laptop of Ada")]
    name: String,
    expires_at: DateTime<Utc>,
}

impl From<strongroom_service::IssuedToken> for IssuedToken {
    fn from(issued: strongroom_service::IssuedToken) -> Self {
        let ApiTokenSummary { id, name, expires_at, .. } = issued.summary;
        Self { token: issued.token.to_text().expose_secret().into(), id, name, expires_at }
    }
}

/// Make an API token
///
/// For yourself: nobody makes a token for somebody else.
#[utoipa::path(
    post,
    path = "",
    operation_id = "create_token",
    tag = "Tokens",
    request_body = NewApiToken,
    responses(
        (status = 201, description = "The token, which is shown this once.", body = IssuedToken),
        (status = 404, description = "You are no member of such a workspace."),
    ),
)]
pub async fn create(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    extract::Json(new): extract::Json<NewApiToken>,
) -> Result<(StatusCode, Json<IssuedToken>), Refusal> {
    Ok((StatusCode::CREATED, Json(vault.create_token(&caller, &new).await?.into())))
}

/// List your API tokens
#[utoipa::path(
    get,
    path = "",
    operation_id = "list_tokens",
    tag = "Tokens",
    params(PageRequest<TokenId>),
    responses(
        (status = 200, description = "A page of your tokens, without their secrets.", body = Page<ApiTokenSummary>),
        (status = 403, description = "Your token works with credentials and does nothing else."),
    ),
)]
pub async fn list(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    Query(page): Query<PageRequest<TokenId>>,
) -> Result<Json<Page<ApiTokenSummary>>, Refusal> {
    Ok(Json(vault.list_tokens(&caller, &page).await?))
}

/// Revoke one of your API tokens
///
/// At once.
#[utoipa::path(
    delete,
    path = "",
    operation_id = "revoke_token",
    tag = "Tokens",
    params(TokenId),
    responses((status = 204, description = "Revoked.")),
)]
pub async fn revoke(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    Ids(id): Ids<TokenId>,
) -> Result<StatusCode, Refusal> {
    vault.revoke_token(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
