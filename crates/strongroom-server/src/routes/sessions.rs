//! /api/sessions: one's own live sessions.
//! What ends one needs a full token, and no session shows the secret of another.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use strongroom_types::{Page, PageRequest, Session, TokenId};

use crate::extract::{Authenticated, Ids, Query};
use crate::problem::Refusal;

/// List your sessions
#[utoipa::path(
    get,
    path = "",
    operation_id = "list_sessions",
    tag = "Sessions",
    params(PageRequest<TokenId>),
    responses(
        (status = 200, description = "A page of your live sessions.", body = Page<Session>),
        (status = 403, description = "Your token works with credentials and does nothing else."),
    ),
)]
pub async fn list(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    Query(page): Query<PageRequest<TokenId>>,
) -> Result<Json<Page<Session>>, Refusal> {
    Ok(Json(vault.list_sessions(&caller, &page).await?))
}

/// End one of your sessions
///
/// At once.
#[utoipa::path(
    delete,
    path = "",
    operation_id = "end_session",
    tag = "Sessions",
    params(TokenId),
    responses((status = 204, description = "Ended.")),
)]
pub async fn end(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    Ids(id): Ids<TokenId>,
) -> Result<StatusCode, Refusal> {
    vault.end_session(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End all your other sessions
///
/// All but the one that asks, at once. API tokens live on.
#[utoipa::path(
    delete,
    path = "",
    operation_id = "end_other_sessions",
    tag = "Sessions",
    responses((status = 204, description = "Ended.")),
)]
pub async fn end_others(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
) -> Result<StatusCode, Refusal> {
    vault.end_other_sessions(&caller).await?;
    Ok(StatusCode::NO_CONTENT)
}
