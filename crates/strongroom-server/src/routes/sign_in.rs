//! /api/auth: signing in with a password, and out.
//! The token of a session is in a cookie or in one answer, never in both.

use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::{Extension, Json};
use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;
use serde::Serialize;
use strongroom_types::{SessionTransport, SignIn, TokenId, UserId};
use utoipa::ToSchema;

use crate::cookie::SessionCookie;
use crate::extract::{self, Anonymous, Authenticated};
use crate::problem::Refusal;

/// A new session.
#[derive(Serialize, ToSchema)]
pub struct BegunSession {
    session_id: TokenId,
    user_id: UserId,
    /// When it ends at the latest; one that rests ends before.
    expires_at: DateTime<Utc>,
    /// With the transport `BEARER` only.
    #[schema(
        example = "srs_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        pattern = "^srs_[A-Za-z0-9_-]{64}$"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

/// Sign in
///
/// With e-mail address and password. The session is new each time. A browser gets it as a cookie, which no script can
/// read; a program asks for the transport `BEARER` and gets a token.
///
/// Whatever was wrong, the answer is the same. After five failures of an account from one network, or a hundred from a
/// network, attempts from there wait, longer each time, up to a quarter of an hour.
#[utoipa::path(
    post,
    path = "",
    operation_id = "sign_in",
    tag = "Sessions",
    security(()),
    request_body = SignIn,
    responses(
        (status = 200, description = "You are in.", body = BegunSession),
        (status = 401, description = "E-mail address or password are not right; nobody says which."),
        (status = 403, description = "A cookie was asked for by a page of another site."),
        (status = 429, description = "Too many attempts have failed here."),
    ),
)]
pub async fn sign_in(
    State(vault): State<super::State>,
    Extension(cookie): Extension<SessionCookie>,
    Anonymous(request): Anonymous,
    headers: HeaderMap,
    extract::Json(sign_in): extract::Json<SignIn>,
) -> Result<Response, Refusal> {
    let by_cookie = sign_in.transport == SessionTransport::Cookie;
    if by_cookie {
        // Or a page of somebody else's could sign its reader in as its author, who would read what is kept next.
        cookie.require_our_page(&headers)?;
    }
    let signed_in = vault.sign_in(&request, &sign_in).await?;
    let (token, expires_at) = (signed_in.token, signed_in.expires_at);
    let begun = BegunSession {
        session_id: signed_in.session_id,
        user_id: token.user_id(),
        expires_at,
        token: (!by_cookie).then(|| token.to_session_text().expose_secret().into()),
    };
    let set_cookie = by_cookie.then(|| (SET_COOKIE, cookie.set(&token, expires_at)));
    Ok((AppendHeaders(set_cookie), Json(begun)).into_response())
}

/// Sign out
///
/// Ends the session that asks, at once. Asked with an API token, it ends that.
#[utoipa::path(
    post,
    path = "",
    operation_id = "sign_out",
    tag = "Sessions",
    responses((status = 204, description = "Ended; a browser is told to forget the cookie.")),
)]
pub async fn sign_out(
    State(vault): State<super::State>,
    Extension(cookie): Extension<SessionCookie>,
    Authenticated(caller): Authenticated,
) -> Result<Response, Refusal> {
    vault.sign_out(&caller).await?;
    Ok((StatusCode::NO_CONTENT, AppendHeaders([(SET_COOKIE, cookie.clear())])).into_response())
}
