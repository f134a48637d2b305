//! /api/me/password: one's own password. There is no route to anybody else's.
//! No answer tells anything of it.

use axum::extract::State;
use axum::http::StatusCode;
use strongroom_types::ChangePassword;

use crate::extract::{self, Authenticated};
use crate::problem::Refusal;

/// Set your password
///
/// Whoever has one gives it, unless he signed in by OIDC within the last five minutes. All your other sessions end;
/// your API tokens do not: revoke those that you do not trust.
#[utoipa::path(
    put,
    path = "",
    operation_id = "change_password",
    tag = "People",
    request_body = ChangePassword,
    responses(
        (status = 204, description = "Set."),
        (status = 403, description = "The current password is not right, or your token changes none."),
        (status = 429, description = "The current password was wrong too often."),
    ),
)]
pub async fn change(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    extract::Json(change): extract::Json<ChangePassword>,
) -> Result<StatusCode, Refusal> {
    vault.change_password(&caller, &change).await?;
    Ok(StatusCode::NO_CONTENT)
}
