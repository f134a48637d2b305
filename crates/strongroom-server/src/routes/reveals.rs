//! /api/credentials/{id}/value and /api/credentials/values: the only answers with values in them.
//! What is not permitted, limited or there is refused before there is a value.

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use strongroom_service::{RevealedValue, ServiceError};
use strongroom_types::{
    CredentialId, IdReference, Problem, ProblemCode, Purpose, Reference, SecretValue, ValueQuery, ValuesRequest,
    VersionNumber,
};
use utoipa::ToSchema;

use crate::extract::{self, As, Authenticated, Ids, InBrowser, Query};
use crate::problem::Refusal;

/// A value, in plain text.
// With `Answered`, the wire types that hold one.
#[derive(Serialize, ToSchema)]
pub struct Revealed<'a> {
    id: CredentialId,
    #[schema(example = 1)]
    version: i32,
    #[schema(value_type = SecretValue)]
    value: &'a str,
}

impl<'a> Revealed<'a> {
    fn of(revealed: &'a RevealedValue) -> Self {
        Self { id: revealed.id, version: revealed.version, value: revealed.value.expose() }
    }
}

/// Obtain a value
///
/// The record of it is committed before the value is opened. To `REVEAL` is for a person's eyes: ten a minute, unless the
/// instance says otherwise. To `USE` is for programs, which have more, and not for a browser's session. A former `version`
/// answers in its grace; after that, to those that manage the credential.
#[utoipa::path(
    get,
    path = "",
    operation_id = "reveal_credential",
    tag = "Credentials",
    params(CredentialId, ValueQuery),
    responses(
        (status = 200, description = "The value, in plain text.", body = Revealed),
        (status = 403, description = "It is not shared with you for that, your token is not for that, or the grace is over."),
        (status = 409, description = "The credential is revoked: restore it first."),
        (status = 410, description = "The value has been destroyed."),
        (status = 429, description = "You have obtained as many values as a minute allows."),
    ),
)]
// Not for HEAD, which the router sends here too: a reveal that shows nothing would still be one.
pub async fn reveal(
    method: Method,
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    As(role): As,
    Ids(id): Ids<CredentialId>,
    Query(query): Query<ValueQuery>,
    InBrowser(in_browser): InBrowser,
) -> Result<Response, Refusal> {
    if method != Method::GET {
        return Err(Refusal::new(ProblemCode::MethodNotAllowed, "a value is revealed by GET"));
    }
    refuse_use_in_browser(query.purpose, in_browser)?;
    let reference = Reference::Id(IdReference { id, version: query.version.map(VersionNumber::get) });
    let revealed = vault.reveal_credential(&caller, role, query.purpose, reference).await?;
    Ok(Json(Revealed::of(&revealed)).into_response())
}

/// What came of one of the references: a value, or why there is none.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum Answered<'a> {
    Revealed(Revealed<'a>),
    Refused { problem: Problem },
}

/// What came of each, in the order in which they were asked for.
#[derive(Serialize, ToSchema)]
pub struct Answers<'a> {
    items: Vec<Answered<'a>>,
}

/// Obtain values
///
/// Up to a hundred at once, by id or by provider and name; each has a record of its own and counts by itself. One that is
/// refused does not keep the others back: look at each.
#[utoipa::path(
    post,
    path = "",
    operation_id = "reveal_credentials",
    tag = "Credentials",
    request_body = ValuesRequest,
    responses((status = 200, description = "A value or a problem for each.", body = Answers)),
)]
pub async fn reveal_all(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    As(role): As,
    InBrowser(in_browser): InBrowser,
    extract::Json(request): extract::Json<ValuesRequest>,
) -> Result<Response, Refusal> {
    refuse_use_in_browser(request.purpose, in_browser)?;
    let references = request.credentials.as_slice();
    let outcomes = vault.reveal_credentials(&caller, role, request.purpose, references).await?;
    let outcomes: Vec<Result<RevealedValue, Problem>> = outcomes.into_iter().map(|o| o.map_err(problem)).collect();
    Ok(Json(Answers { items: outcomes.iter().map(answered).collect() }).into_response())
}

/// A script that got into a page would otherwise have the larger limit, and its record would tell of a program.
fn refuse_use_in_browser(purpose: Purpose, in_browser: bool) -> Result<(), Refusal> {
    if purpose == Purpose::Use && in_browser {
        let detail = "a browser's session reveals values; programs take an API token to use them";
        return Err(Refusal::new(ProblemCode::Forbidden, detail));
    }
    Ok(())
}

fn answered(outcome: &Result<RevealedValue, Problem>) -> Answered<'_> {
    match outcome {
        Ok(revealed) => Answered::Revealed(Revealed::of(revealed)),
        Err(problem) => Answered::Refused { problem: problem.clone() },
    }
}

fn problem(error: ServiceError) -> Problem {
    Refusal::from(error).into_problem()
}
