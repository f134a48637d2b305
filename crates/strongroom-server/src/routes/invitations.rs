//! /api/admin/invitations and /api/invitations/accept: how people come in.
//! An invitation is in one answer, the token that it is traded for in another; whoever invites never sees the latter.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use strongroom_types::{AcceptInvitation, NewInvitation};

use crate::extract::{self, Authenticated, Invited};
use crate::problem::Refusal;

pub async fn create(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    extract::Json(new): extract::Json<NewInvitation>,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let (invitation, token) = vault.invite(&caller, &new).await?;
    let body = json!({ "invitation": token.to_text().expose_secret(), "id": invitation.id, "email": invitation.email,
                       "is_admin": invitation.is_admin, "expires_at": invitation.expires_at });
    Ok((StatusCode::CREATED, Json(body)))
}

pub async fn accept(
    State(vault): State<super::State>,
    Invited(invitation): Invited,
    extract::Json(accept): extract::Json<AcceptInvitation>,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let token = vault.accept_invitation(&invitation, &accept).await?;
    Ok((StatusCode::CREATED, Json(json!({ "token": token.to_text().expose_secret(), "user_id": token.user_id() }))))
}
