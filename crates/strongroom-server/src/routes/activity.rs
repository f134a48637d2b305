//! /api/credentials/audit and /api/admin/secrets/audit: reading the record, by the page or all of it.
//! There is no route that writes it.

use axum::Json;
use axum::extract::State;
use axum::http::{Method, Version};
use axum::response::Response;
use strongroom_types::{Activity, ActivityPageRequest, ExportRequest, Page, ProblemCode};

use crate::export;
use crate::extract::{As, Authenticated, Query};
use crate::problem::Refusal;

/// Read the record
///
/// What you did, what was done with your own credentials, and what happened in the workspaces of which you are OWNER
/// or ADMIN; on the admin path, what happened to the secrets of the instance. That you read it is recorded, too, once a
/// minute for the same filter.
#[utoipa::path(
    get,
    path = "",
    operation_id = "list_activity",
    tag = "Record",
    params(ActivityPageRequest),
    responses(
        (status = 200, description = "A page of the record.", body = Page<Activity>),
        (status = 403, description = "Your token works with credentials and does nothing else."),
    ),
)]
pub async fn list(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    As(role): As,
    Query(request): Query<ActivityPageRequest>,
) -> Result<Json<Page<Activity>>, Refusal> {
    Ok(Json(vault.list_activity(&caller, role, &request).await?))
}

/// Export the record
///
/// All that the list shows, newest first, as CSV or as JSON Lines. It is recorded. An export that cannot be brought to its
/// end is cut off, in the sense of HTTP: clients report it as an incomplete answer.
#[utoipa::path(
    get,
    path = "",
    operation_id = "export_activity",
    tag = "Record",
    params(ExportRequest),
    responses(
        (status = 200, description = "The record.", content(
        (String = "text/csv", example = "id,occurred_at,action\r\n4711,2026-11-23T09:30:00.000000Z,CREDENTIAL_ACCESSED\r\n"),
        (String = "application/jsonl", example = "{\"id\":4711,\"action\":\"CREDENTIAL_ACCESSED\"}\n"),
    )),
        (status = 403, description = "Your token works with credentials and does nothing else."),
    ),
)]
pub async fn export(
    method: Method,
    version: Version,
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    As(role): As,
    Query(request): Query<ExportRequest>,
) -> Result<Response, Refusal> {
    // The router sends HEAD here too: an export that shows nothing would still be recorded as one.
    if method != Method::GET {
        return Err(Refusal::new(ProblemCode::MethodNotAllowed, "the record is exported by GET"));
    }
    // Before, the end of the connection is the end of the answer: nobody would notice what is missing.
    if version < Version::HTTP_11 {
        let detail = "an export needs HTTP/1.1 or newer; tell a proxy in front to speak it to this server";
        return Err(Refusal::new(ProblemCode::InvalidRequest, detail));
    }
    export::answer(vault.export_activity(caller, role, request.filter()), request.format).await
}
