//! /api/credentials/audit and /api/admin/secrets/audit: reading the record.
//! There is no route that writes it.

use axum::Json;
use axum::extract::State;
use strongroom_types::{Activity, ActivityFilter, Page};

use crate::extract::{As, Authenticated, Query};
use crate::problem::Refusal;

/// Read the record
///
/// What you did, what was done with your own credentials, and what happened in the workspaces of which you are OWNER
/// or ADMIN; on the admin path, what happened to the secrets of the instance.
#[utoipa::path(
    get,
    path = "",
    operation_id = "list_activity",
    tag = "Record",
    params(ActivityFilter),
    responses((status = 200, description = "A page of the record.", body = Page<Activity>)),
)]
pub async fn list(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    As(role): As,
    Query(filter): Query<ActivityFilter>,
) -> Result<Json<Page<Activity>>, Refusal> {
    Ok(Json(vault.list_activity(&caller, role, &filter).await?))
}
