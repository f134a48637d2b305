//! /api/auth and /api/identities: signing in with an OpenID provider, and the identities that do it. The browser carries
//! the answer, so that these routes take navigations from elsewhere; what they take is bound to the browser by a cookie.

use axum::extract::State;
use axum::http::header::{ACCEPT, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use strongroom_service::{Arrival, Begun, Departure, Stranded};
use strongroom_types::{Identity, IdentityId, Page, PageRequest, ProblemCode, ReturnTo};
use utoipa::{IntoParams, ToSchema};

use crate::cookie::SessionCookie;
use crate::extract::{self, Anonymous, Authenticated, Ids, Query};
use crate::problem::Refusal;
use crate::sign_in_cookie::SignInCookie;

/// How people can sign in.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "password": true, "oidc": { "name": "Acme single sign-on" } }))]
pub struct SignInWays {
    /// By e-mail address and password.
    password: bool,
    /// With an OpenID provider; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    oidc: Option<OidcWay>,
}

/// An OpenID provider.
#[derive(Serialize, ToSchema)]
pub struct OidcWay {
    /// What people call it.
    name: String,
}

/// Where to send the browser.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "url": "https://accounts.example.com/authorize?response_type=code&client_id=strongroom" }))]
pub struct LinkStart {
    url: String,
}

/// What a provider sends a browser back with (RFC 6749, section 4.1.2; RFC 9207). Providers add more, which is ignored.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ProviderAnswer {
    #[param(max_length = 100)]
    state: String,
    #[param(max_length = 4096)]
    code: Option<String>,
    /// The issuer of the answer.
    #[param(max_length = 255)]
    iss: Option<String>,
}

/// How can people sign in?
#[utoipa::path(
    get,
    path = "",
    operation_id = "sign_in_ways",
    tag = "Signing in",
    security(()),
    responses((status = 200, description = "The ways that there are.", body = SignInWays)),
)]
pub async fn ways(State(vault): State<super::State>) -> Json<SignInWays> {
    let oidc = vault.sign_in_provider().map(|name| OidcWay { name: name.into() });
    Json(SignInWays { password: true, oidc })
}

/// Begin to sign in with the OpenID provider
///
/// For browsers: leads to the provider, and from there back, within ten minutes.
#[utoipa::path(
    get,
    path = "",
    operation_id = "start_oidc_sign_in",
    tag = "Signing in",
    security(()),
    params(ReturnTo),
    responses(
        (status = 303, description = "To the provider."),
        (status = 404, description = "There is no provider to sign in with."),
    ),
)]
pub async fn start(
    State(vault): State<super::State>,
    Extension(cookie): Extension<SignInCookie>,
    Query(to): Query<ReturnTo>,
) -> Result<Response, Refusal> {
    let departure = vault.start_sign_in(to.return_to).await?;
    Ok((StatusCode::SEE_OTHER, [(LOCATION, departure.url.clone())], binding(cookie, &departure)).into_response())
}

/// Come back from the OpenID provider
///
/// For browsers: begins a session, or links an identity to the one that there is, and leads on to the user interface. Whoever asks for
/// HTML is led there also where nothing came of it, with the code of the problem in the address.
#[utoipa::path(
    get,
    path = "",
    operation_id = "finish_oidc_sign_in",
    tag = "Signing in",
    security(()),
    params(ProviderAnswer),
    responses(
        (status = 303, description = "To the user interface, with a session; or, to who asks for HTML, with what went wrong."),
        (status = 401, description = "The sign-in did not succeed; nobody says why."),
        (status = 403, description = "An identity was to be linked, and the session that began it is gone."),
        (status = 404, description = "There is no provider to sign in with."),
        (status = 409, description = "An identity was to be linked that is another person's."),
    ),
)]
pub async fn finish(
    State(vault): State<super::State>,
    Extension(cookie): Extension<SignInCookie>,
    Extension(session_cookie): Extension<SessionCookie>,
    Anonymous(details): Anonymous,
    headers: HeaderMap,
    Query(answer): Query<ProviderAnswer>,
) -> Result<Response, Refusal> {
    let too_long = |text: &Option<String>, bytes| text.as_ref().is_some_and(|text| text.len() > bytes);
    if answer.state.len() > 100 || too_long(&answer.code, 4096) || too_long(&answer.iss, 255) {
        return Err(Refusal::new(ProblemCode::InvalidRequest, "the query: state, code or iss is too long"));
    }
    let browser = cookie.secret(&headers).unwrap_or_default();
    let arrival = Arrival {
        state: &answer.state,
        browser: &browser,
        code: answer.code,
        issuer: answer.iss.as_deref(),
        session: session_cookie.token_of_return(&headers),
    };
    let returned = match vault.finish_sign_in(arrival, details).await {
        Ok(returned) => returned,
        Err(stranded) if asks_for_page(&headers) => return Ok(told_on_page(stranded)),
        Err(stranded) => return Err(stranded.error.into()),
    };
    let session = returned.session.map(|begun| session_cookie.set(&begun.token, begun.expires_at));
    let set = session.into_iter().chain([cookie.clear()]).map(|cookie| (SET_COOKIE, cookie));
    Ok((StatusCode::SEE_OTHER, [(LOCATION, returned.return_to.as_str())], AppendHeaders(set)).into_response())
}

/// Whether a browser shows a person what we answer.
fn asks_for_page(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}

/// Instead of a problem in JSON, to the page where it can be begun again, which has words for it and goes on to where he wanted. The
/// address keeps nothing of the provider's.
fn told_on_page(Stranded { error, begun }: Stranded) -> Response {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("problem", &Refusal::from(error).code().to_string());
    let page = match begun {
        Some(Begun { is_link: true, .. }) => "/settings",
        Some(Begun { return_to, .. }) => {
            query.append_pair("next", return_to.as_str());
            "/sign-in"
        }
        None => "/sign-in",
    };
    (StatusCode::SEE_OTHER, [(LOCATION, format!("{page}?{}", query.finish()))]).into_response()
}

/// Begin to link an identity
///
/// From a session: send the browser to the address in the answer, within ten minutes. It comes back to `return_to`.
#[utoipa::path(
    post,
    path = "",
    operation_id = "start_identity_link",
    tag = "Signing in",
    request_body = ReturnTo,
    responses(
        (status = 200, description = "Where to send the browser.", body = LinkStart),
        (status = 403, description = "You have no session, but a token."),
        (status = 404, description = "There is no provider to sign in with."),
    ),
)]
pub async fn link(
    State(vault): State<super::State>,
    Extension(cookie): Extension<SignInCookie>,
    Authenticated(caller): Authenticated,
    extract::Json(to): extract::Json<ReturnTo>,
) -> Result<Response, Refusal> {
    let departure = vault.start_link(&caller, to.return_to).await?;
    let cookie = binding(cookie, &departure);
    Ok((cookie, Json(LinkStart { url: departure.url })).into_response())
}

/// List the identities that you sign in with
#[utoipa::path(
    get,
    path = "",
    operation_id = "list_identities",
    tag = "Signing in",
    params(PageRequest<IdentityId>),
    responses(
        (status = 200, description = "A page of your identities.", body = Page<Identity>),
        (status = 403, description = "Your token works with credentials and does nothing else."),
    ),
)]
pub async fn list(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    Query(page): Query<PageRequest<IdentityId>>,
) -> Result<Json<Page<Identity>>, Refusal> {
    Ok(Json(vault.list_identities(&caller, &page).await?))
}

/// Take away an identity
///
/// It signs you in no more. Sessions that it began live on: end them, if they are to end.
#[utoipa::path(
    delete,
    path = "",
    operation_id = "unlink_identity",
    tag = "Signing in",
    params(IdentityId),
    responses((status = 204, description = "Taken away.")),
)]
pub async fn unlink(
    State(vault): State<super::State>,
    Authenticated(caller): Authenticated,
    Ids(id): Ids<IdentityId>,
) -> Result<StatusCode, Refusal> {
    vault.unlink_identity(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn binding(cookie: SignInCookie, departure: &Departure) -> AppendHeaders<[(HeaderName, HeaderValue); 1]> {
    AppendHeaders([(SET_COOKIE, cookie.set(&departure.browser))])
}
