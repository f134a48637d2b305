//! /api/me: whose token it is.
//! There is no route to anybody else.

use axum::Json;
use axum::extract::State;
use strongroom_types::User;

use crate::extract::Authenticated;
use crate::problem::Refusal;

/// See whose token it is
#[utoipa::path(
    get,
    path = "",
    operation_id = "me",
    tag = "People",
    responses((status = 200, description = "You.", body = User)),
)]
pub async fn me(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
) -> Result<Json<User>, Refusal> {
    Ok(Json(vault.current_user(&caller).await?))
}
