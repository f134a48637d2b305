//! Whether the process lives, and whether it can serve.
//! Both answer anybody, and so say nothing else.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::problem::Refusal;

pub async fn health() -> Json<Value> {
    Json(json!({ "status": "alive" }))
}

pub async fn ready(State(vault): State<super::State>) -> Result<Json<Value>, Refusal> {
    vault.ready().await?;
    Ok(Json(json!({ "status": "ready" })))
}
