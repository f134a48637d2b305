//! /api/workspaces/{id}/service-accounts/{account_id}/trust-rules, and /api/auth/exchange, which they decide (RFC 8693).
//! The token of a service account is in the answer to the workload, and nowhere else.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use strongroom_types::{
    NewTrustRule, Page, PageRequest, RequestedTokenType, TokenExchange, TrustRule, TrustRuleId, UserId, WorkspaceId,
};
use utoipa::{IntoParams, ToSchema};

use super::service_accounts::AccountPath;
use crate::extract::{self, Anonymous, Authenticated, Form, Ids, Query};
use crate::problem::Refusal;

/// What a workload gets (RFC 8693, section 2.2.1).
#[derive(Serialize, ToSchema)]
pub struct Exchanged {
    #[schema(
        example = "srs_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        pattern = "^srs_[A-Za-z0-9_-]{64}$"
    )]
    access_token: String,
    issued_token_type: RequestedTokenType,
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// In seconds.
    #[schema(example = 900)]
    expires_in: i32,
    /// What the token lets its holder do, with spaces between.
    #[schema(example = "LIST USE")]
    scope: String,
}

/// Let workloads in as a service account
///
/// Whoever brings a token of that issuer, for that audience alone and with those claims, gets a short-lived token of the
/// service account at `/api/auth/exchange`. Its workspace's OWNERs and ADMINs say so; the operator names the issuers that
/// there are (`exchange_issuers`).
#[utoipa::path(
    post,
    path = "",
    operation_id = "create_trust_rule",
    tag = "Service accounts",
    params(AccountPath),
    request_body = NewTrustRule,
    responses(
        (status = 201, description = "The rule.", body = TrustRule),
        (status = 403, description = "You are neither OWNER nor ADMIN of the workspace."),
    ),
)]
pub async fn create(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    Ids(path): Ids<AccountPath>,
    extract::Json(new): extract::Json<NewTrustRule>,
) -> Result<(StatusCode, Json<TrustRule>), Refusal> {
    Ok((StatusCode::CREATED, Json(vault.create_trust_rule(&caller, path.id, path.account_id, &new).await?)))
}

/// List whom a service account trusts
#[utoipa::path(
    get,
    path = "",
    operation_id = "list_trust_rules",
    tag = "Service accounts",
    params(AccountPath, PageRequest<TrustRuleId>),
    responses(
        (status = 200, description = "A page of its rules.", body = Page<TrustRule>),
        (status = 403, description = "You are neither OWNER nor ADMIN of the workspace."),
    ),
)]
pub async fn list(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    Ids(path): Ids<AccountPath>,
    Query(page): Query<PageRequest<TrustRuleId>>,
) -> Result<Json<Page<TrustRule>>, Refusal> {
    Ok(Json(vault.list_trust_rules(&caller, path.id, path.account_id, &page).await?))
}

/// A rule of a service account.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct RulePath {
    #[param(inline)]
    id: WorkspaceId,
    #[param(inline)]
    account_id: UserId,
    #[param(inline)]
    rule_id: TrustRuleId,
}

/// Trust no more
///
/// Tokens that workloads have got by the rule live on, for an hour at most.
#[utoipa::path(
    delete,
    path = "",
    operation_id = "remove_trust_rule",
    tag = "Service accounts",
    params(RulePath),
    responses(
        (status = 204, description = "Removed."),
        (status = 403, description = "You are neither OWNER nor ADMIN of the workspace."),
    ),
)]
pub async fn remove(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    Ids(path): Ids<RulePath>,
) -> Result<StatusCode, Refusal> {
    vault.remove_trust_rule(&caller, path.id, path.account_id, path.rule_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Exchange a workload's token
///
/// For programs that have an OpenID token of their own, as in Kubernetes or a CI (RFC 8693). `audience` is the service
/// account. Refusals are problems, as everywhere here.
#[utoipa::path(
    post,
    path = "",
    operation_id = "exchange_token",
    tag = "Signing in",
    security(()),
    request_body(content = TokenExchange, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "A token of the service account, which is shown this once.", body = Exchanged),
        (status = 401, description = "No rule of such a service account trusts this token; nobody says why."),
    ),
)]
pub async fn exchange(
    State(vault): State<super::State>,
    Anonymous(details): Anonymous,
    Form(request): Form<TokenExchange>,
) -> Result<Json<Exchanged>, Refusal> {
    let exchanged = vault.exchange_token(&request, &details).await?;
    let actions = exchanged.reach.actions.iter().map(ToString::to_string).collect::<Vec<_>>();
    Ok(Json(Exchanged {
        access_token: exchanged.token.to_session_text().expose_secret().into(),
        issued_token_type: RequestedTokenType::AccessToken,
        token_type: "Bearer",
        expires_in: exchanged.reach.lifetime_seconds,
        scope: actions.join(" "),
    }))
}
