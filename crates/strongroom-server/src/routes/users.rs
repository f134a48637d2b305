//! /api/me: whose token it is.
//! There is no route to anybody else.

use axum::Json;
use axum::extract::State;
use strongroom_types::User;

use crate::extract::Authenticated;
use crate::problem::Refusal;

pub async fn me(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
) -> Result<Json<User>, Refusal> {
    Ok(Json(vault.current_user(&caller).await?))
}
