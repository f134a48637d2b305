//! The whole API on one page. Everything under /api/admin works as the database role of the admin path.
//! There is no way to a route but through `endpoints`, which a test compares with its authorization cases.

mod activity;
mod credentials;
mod docs;
mod grants;
mod headers;
mod health;
mod identities;
mod invitations;
mod passwords;
mod record;
mod reveals;
mod service_accounts;
mod sessions;
mod settings;
mod sign_in;
mod tokens;
mod trust_rules;
mod users;
mod versions;
mod workspaces;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Request};
use axum::http::Method;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use strongroom_service::Vault;
use strongroom_types::ProblemCode;
use tower_http::timeout::RequestBodyDeadlineLayer;
use tracing::Instrument;
use utoipa_axum::router::UtoipaMethodRouter;
use utoipa_axum::routes;

use self::headers::with_security_headers;
use crate::client::identify;
use crate::cookie::SessionCookie;
use crate::limits::{Limits, limit};
use crate::listener::HttpSettings;
use crate::problem::{Refusal, render};
use crate::sign_in_cookie::SignInCookie;
use crate::telemetry::observe;

/// The largest value, with each byte of it escaped as `\u00XX`, the largest metadata and some room.
const BODY_LIMIT: usize = 512 * 1024;
/// How long any request may take; PostgreSQL gives up on a statement after as long.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

type State = Arc<Vault>;

/// One method of one path.
pub struct Endpoint {
    pub method: Method,
    pub path: &'static str,
    /// The handler, and what it says of itself for the description of the API.
    pub(crate) route: UtoipaMethodRouter<State>,
}

/// All there is.
pub fn endpoints() -> Vec<Endpoint> {
    vec![
        get("/api/openapi.json", routes!(docs::description)),
        get("/api/docs", routes!(docs::page)),
        get("/api/docs/{file}", routes!(docs::file)),
        get("/health", routes!(health::health)),
        get("/ready", routes!(health::ready)),
        post("/api/invitations/accept", routes!(invitations::accept)),
        post("/api/auth/sign-in", routes!(sign_in::sign_in)),
        post("/api/auth/sign-out", routes!(sign_in::sign_out)),
        get("/api/auth", routes!(identities::ways)),
        get("/api/auth/oidc/start", routes!(identities::start)),
        get("/api/auth/oidc/callback", routes!(identities::finish)),
        post("/api/auth/exchange", routes!(trust_rules::exchange)),
        get("/api/identities", routes!(identities::list)),
        post("/api/identities/link", routes!(identities::link)),
        delete("/api/identities/{id}", routes!(identities::unlink)),
        get("/api/me", routes!(users::me)),
        put("/api/me/password", routes!(passwords::change)),
        get("/api/sessions", routes!(sessions::list)),
        delete("/api/sessions", routes!(sessions::end_others)),
        delete("/api/sessions/{id}", routes!(sessions::end)),
        get("/api/tokens", routes!(tokens::list)),
        post("/api/tokens", routes!(tokens::create)),
        delete("/api/tokens/{id}", routes!(tokens::revoke)),
        get("/api/workspaces", routes!(workspaces::list)),
        post("/api/workspaces", routes!(workspaces::create)),
        get("/api/workspaces/{id}", routes!(workspaces::get)),
        patch("/api/workspaces/{id}", routes!(workspaces::rename)),
        delete("/api/workspaces/{id}", routes!(workspaces::delete)),
        get("/api/workspaces/{id}/members", routes!(workspaces::members)),
        put("/api/workspaces/{id}/members/{user_id}", routes!(workspaces::set_member)),
        delete("/api/workspaces/{id}/members/{user_id}", routes!(workspaces::remove_member)),
        get("/api/workspaces/{id}/service-accounts", routes!(service_accounts::list)),
        post("/api/workspaces/{id}/service-accounts", routes!(service_accounts::create)),
        delete("/api/workspaces/{id}/service-accounts/{account_id}", routes!(service_accounts::disable)),
        get("/api/workspaces/{id}/service-accounts/{account_id}/tokens", routes!(service_accounts::list_tokens)),
        post("/api/workspaces/{id}/service-accounts/{account_id}/tokens", routes!(service_accounts::create_token)),
        delete(
            "/api/workspaces/{id}/service-accounts/{account_id}/tokens/{token_id}",
            routes!(service_accounts::revoke_token),
        ),
        get("/api/workspaces/{id}/service-accounts/{account_id}/trust-rules", routes!(trust_rules::list)),
        post("/api/workspaces/{id}/service-accounts/{account_id}/trust-rules", routes!(trust_rules::create)),
        delete(
            "/api/workspaces/{id}/service-accounts/{account_id}/trust-rules/{rule_id}",
            routes!(trust_rules::remove),
        ),
        get("/api/credentials", routes!(credentials::list)),
        post("/api/credentials", routes!(credentials::create)),
        get("/api/credentials/audit", routes!(activity::list)),
        get("/api/credentials/resolve", routes!(credentials::resolve)),
        post("/api/credentials/values", routes!(reveals::reveal_all)),
        get("/api/credentials/audit/export", routes!(activity::export)),
        get("/api/credentials/{id}", routes!(credentials::get)),
        patch("/api/credentials/{id}", routes!(credentials::update)),
        delete("/api/credentials/{id}", routes!(credentials::revoke)),
        post("/api/credentials/{id}/restore", routes!(credentials::restore)),
        get("/api/credentials/{id}/value", routes!(reveals::reveal)),
        post("/api/credentials/{id}/rotate", routes!(versions::rotate)),
        get("/api/credentials/{id}/versions", routes!(versions::list)),
        post("/api/credentials/{id}/versions/{version}/restore", routes!(versions::restore)),
        get("/api/credentials/{id}/grants", routes!(grants::list)),
        post("/api/credentials/{id}/grants", routes!(grants::create)),
        put("/api/credentials/{id}/grants/{grant_id}", routes!(grants::update)),
        delete("/api/credentials/{id}/grants/{grant_id}", routes!(grants::revoke)),
        get("/api/admin/settings", routes!(settings::get)),
        put("/api/admin/settings", routes!(settings::put)),
        get("/api/admin/record", routes!(record::state)),
        post("/api/admin/invitations", routes!(invitations::create)),
        get("/api/admin/secrets", routes!(credentials::list)),
        post("/api/admin/secrets", routes!(credentials::create)),
        get("/api/admin/secrets/audit", routes!(activity::list)),
        get("/api/admin/secrets/audit/export", routes!(activity::export)),
        get("/api/admin/secrets/{id}", routes!(credentials::get)),
        patch("/api/admin/secrets/{id}", routes!(credentials::update)),
        delete("/api/admin/secrets/{id}", routes!(credentials::revoke)),
        post("/api/admin/secrets/{id}/restore", routes!(credentials::restore)),
        get("/api/admin/secrets/{id}/value", routes!(reveals::reveal)),
        post("/api/admin/secrets/{id}/rotate", routes!(versions::rotate)),
        get("/api/admin/secrets/{id}/versions", routes!(versions::list)),
        post("/api/admin/secrets/{id}/versions/{version}/restore", routes!(versions::restore)),
    ]
}

/// The API over that vault.
pub fn router(vault: Arc<Vault>, http: &HttpSettings) -> Router {
    let limits = Arc::new(Limits::new(http.rates));
    let router = endpoints()
        .into_iter()
        .fold(Router::new(), |router, endpoint| router.route(endpoint.path, endpoint.route.2))
        .fallback_service(crate::web::fallback())
        .method_not_allowed_fallback(async || {
            Refusal::new(ProblemCode::MethodNotAllowed, "this path knows other methods; see Allow")
        })
        .with_state(vault)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(RequestBodyDeadlineLayer::new(http.read_timeout()))
        .layer(Extension(SessionCookie::of(http)))
        .layer(Extension(SignInCookie::of(http)))
        .layer(from_fn(run_to_the_end))
        .layer(from_fn_with_state(limits, limit))
        .layer(from_fn(render))
        .layer(from_fn(observe))
        .layer(from_fn_with_state(http.proxies.clone(), identify));
    with_security_headers(router, http.speaks_tls())
}

/// An act that has begun is not given up: a client that goes away, or whose time is over, leaves it to end in its own
/// task, committed or refused, and never halfway.
async fn run_to_the_end(request: Request, next: Next) -> Response {
    let act = tokio::spawn(next.run(request).instrument(tracing::info_span!("act")));
    match tokio::time::timeout(REQUEST_TIMEOUT, act).await {
        Ok(Ok(response)) => response,
        Ok(Err(panic)) => {
            tracing::error!(%panic, "an act panicked");
            Refusal::new(ProblemCode::Internal, "something went wrong on our side").into_response()
        }
        Err(_) => {
            let detail = "no answer within 30 seconds; what was asked may still happen, so look before you repeat it";
            Refusal::new(ProblemCode::RequestTimeout, detail).into_response()
        }
    }
}

fn get(path: &'static str, route: UtoipaMethodRouter<State>) -> Endpoint {
    Endpoint { method: Method::GET, path, route }
}

fn post(path: &'static str, route: UtoipaMethodRouter<State>) -> Endpoint {
    Endpoint { method: Method::POST, path, route }
}

fn put(path: &'static str, route: UtoipaMethodRouter<State>) -> Endpoint {
    Endpoint { method: Method::PUT, path, route }
}

fn patch(path: &'static str, route: UtoipaMethodRouter<State>) -> Endpoint {
    Endpoint { method: Method::PATCH, path, route }
}

fn delete(path: &'static str, route: UtoipaMethodRouter<State>) -> Endpoint {
    Endpoint { method: Method::DELETE, path, route }
}
