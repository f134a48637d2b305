//! /api/admin/invitations and /api/invitations/accept: how people come in.
//! An invitation is in one answer, the token that it is traded for in another; whoever invites never sees the latter.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use secrecy::ExposeSecret;
use serde::Serialize;
use strongroom_types::{AcceptInvitation, Invitation, NewInvitation, UserId};
use utoipa::ToSchema;

use crate::extract::{self, Authenticated, Invited};
use crate::problem::Refusal;

/// An invitation, with its secret.
#[derive(Serialize, ToSchema)]
pub struct IssuedInvitation {
    #[schema(example = "sri_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", pattern = "^sri_[A-Za-z0-9_-]{43}$")]
    invitation: String,
    #[serde(flatten)]
    summary: Invitation,
}

/// Who somebody is now, and his first API token.
#[derive(Serialize, ToSchema)]
pub struct Welcome {
    #[schema(
        example = "srt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        pattern = "^srt_[A-Za-z0-9_-]{64}$"
    )]
    token: String,
    user_id: UserId,
}

/// Ask a person in
///
/// Hand the invitation to him; it is good for seven days and once. Whoever is to become an instance administrator
/// gets `is_admin`.
#[utoipa::path(
    post,
    path = "",
    operation_id = "create_invitation",
    tag = "Invitations",
    request_body = NewInvitation,
    responses((status = 201, description = "The invitation, which is shown this once.", body = IssuedInvitation)),
)]
pub async fn create(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    extract::Json(new): extract::Json<NewInvitation>,
) -> Result<(StatusCode, Json<IssuedInvitation>), Refusal> {
    let (summary, token) = vault.invite(&caller, &new).await?;
    let invitation = token.to_text().expose_secret().into();
    Ok((StatusCode::CREATED, Json(IssuedInvitation { invitation, summary })))
}

/// Accept an invitation
///
/// Send the invitation as the bearer token. It makes you a person of this vault, with an API token that nobody else
/// has seen.
#[utoipa::path(
    post,
    path = "",
    operation_id = "accept_invitation",
    tag = "Invitations",
    security(("invitation" = [])),
    request_body = AcceptInvitation,
    responses(
        (status = 201, description = "Your API token, which is shown this once.", body = Welcome),
        (status = 409, description = "That e-mail address has an account."),
    ),
)]
pub async fn accept(
    State(vault): State<super::State>,
    Invited(invitation): Invited,
    extract::Json(accept): extract::Json<AcceptInvitation>,
) -> Result<(StatusCode, Json<Welcome>), Refusal> {
    let token = vault.accept_invitation(&invitation, &accept).await?;
    let welcome = Welcome { token: token.to_text().expose_secret().into(), user_id: token.user_id() };
    Ok((StatusCode::CREATED, Json(welcome)))
}
