//! /api/admin/record: how far the record is sealed. Its rows are in activity.rs.
//! Never says that the record is sound: whoever is asked about it cannot vouch for himself.

use axum::Json;
use axum::extract::State;
use strongroom_types::RecordState;

use crate::extract::Authenticated;
use crate::problem::Refusal;

/// See how far the record is sealed
///
/// The last checkpoint, kept elsewhere, shows later whether the record was rewritten or rolled back:
/// `strongroom audit verify --checkpoint`.
#[utoipa::path(
    get,
    path = "",
    operation_id = "record_state",
    tag = "Record",
    responses((status = 200, description = "Its state.", body = RecordState)),
)]
pub async fn state(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
) -> Result<Json<RecordState>, Refusal> {
    Ok(Json(vault.record_state(&caller).await?))
}
