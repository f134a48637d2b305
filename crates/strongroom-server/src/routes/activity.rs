//! /api/credentials/audit and /api/admin/secrets/audit: reading the record.
//! There is no route that writes it.

use axum::Json;
use axum::extract::State;
use strongroom_types::{Activity, ActivityFilter, Page};

use crate::extract::{As, Authenticated, Query};
use crate::problem::Refusal;

pub async fn list(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    As(role): As,
    Query(filter): Query<ActivityFilter>,
) -> Result<Json<Page<Activity>>, Refusal> {
    Ok(Json(vault.list_activity(&caller, role, &filter).await?))
}
