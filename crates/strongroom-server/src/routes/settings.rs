//! /api/admin/settings: how long things are kept.
//! For instance administrators alone.

use axum::Json;
use axum::extract::State;
use strongroom_types::Settings;

use crate::extract::{self, Authenticated};
use crate::problem::Refusal;

/// Look at the settings of the instance
#[utoipa::path(
    get,
    path = "",
    operation_id = "settings",
    tag = "Administration",
    responses((status = 200, description = "The settings.", body = Settings)),
)]
pub async fn get(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
) -> Result<Json<Settings>, Refusal> {
    Ok(Json(vault.settings(&caller).await?))
}

/// Change the settings of the instance
///
/// All of them are said. What is not kept any more is removed within the hour, for good. A promise to keep the record is
/// raised, and never lowered.
#[utoipa::path(
    put,
    path = "",
    operation_id = "set_settings",
    tag = "Administration",
    request_body = Settings,
    responses(
        (status = 200, description = "The settings.", body = Settings),
        (status = 409, description = "The promise would be lowered."),
    ),
)]
pub async fn put(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    extract::Json(settings): extract::Json<Settings>,
) -> Result<Json<Settings>, Refusal> {
    Ok(Json(vault.set_settings(&caller, &settings).await?))
}
