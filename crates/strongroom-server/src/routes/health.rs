//! Whether the process lives, and whether it can serve.
//! Both answer anybody, and so say nothing else.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use strongroom_service::KeyHealth;
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

/// How ready the server is.
#[derive(Serialize, ToSchema)]
pub struct Readiness {
    status: &'static str,
    /// `ready`; `fallback`: new values are sealed under the key file, because OpenBao is away; `unavailable`: values wait for it.
    keys: &'static str,
}

/// Ask whether requests can be served
///
/// It is ready while the database answers: without its keys, a vault still lists, and to take all servers away would help nobody.
#[utoipa::path(
    get,
    path = "",
    operation_id = "ready",
    tag = "Server",
    security(()),
    responses((status = 200, description = "They can.", body = Readiness,
               example = json!({ "status": "ready", "keys": "ready" }))),
)]
pub async fn ready(State(vault): State<super::State>) -> Result<Json<Readiness>, Refusal> {
    let keys = match vault.ready().await? {
        KeyHealth::Ready => "ready",
        KeyHealth::Fallback => "fallback",
        KeyHealth::Unavailable => "unavailable",
    };
    Ok(Json(Readiness { status: "ready", keys }))
}
