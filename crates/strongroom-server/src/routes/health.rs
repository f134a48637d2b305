//! Whether the process lives, and whether it can serve.
//! Both answer anybody, and so say nothing else.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::Refusal;

/// How the server is.
#[derive(Serialize, ToSchema)]
pub struct Health {
    status: &'static str,
}

/// Ask whether the process lives
#[utoipa::path(
    get,
    path = "",
    operation_id = "health",
    tag = "Server",
    security(()),
    responses((status = 200, description = "It does.", body = Health, example = json!({ "status": "alive" }))),
)]
pub async fn health() -> Json<Health> {
    Json(Health { status: "alive" })
}

/// Ask whether requests can be served
#[utoipa::path(
    get,
    path = "",
    operation_id = "ready",
    tag = "Server",
    security(()),
    responses((status = 200, description = "They can.", body = Health, example = json!({ "status": "ready" }))),
)]
pub async fn ready(State(vault): State<super::State>) -> Result<Json<Health>, Refusal> {
    vault.ready().await?;
    Ok(Json(Health { status: "ready" }))
}
