//! What a request says, parsed at the edge: the caller, ids, bodies and queries. A refusal names the field and what
//! was expected, never what was sent, which may be a secret in the wrong place.

use std::error::Error;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, MatchedPath, Path, Request};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;
use strongroom_service::IdempotentRequest;
use strongroom_types::{
    ApiToken, Caller, IdempotencyKey, InvitationToken, ProblemCode, RequestDetails, RequestId, RuntimeRole, UserAgent,
};
use tower_http::timeout::TimeoutError;
use zeroize::Zeroizing;

pub use crate::client::ClientAddress;
use crate::cookie::SessionCookie;
use crate::limits::Attempt;
use crate::problem::Refusal;

/// Whoever sends a token, as a bearer or in the session's cookie. The database proves it, in the transaction of the act.
pub struct Authenticated(pub Caller);

impl<S: Sync> FromRequestParts<S> for Authenticated {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let cookie = parts.extensions.get::<SessionCookie>().and_then(|cookie| cookie.token(&parts.headers));
        let token = match cookie {
            // Two answers to who it is are none.
            Some(_) if parts.headers.contains_key(AUTHORIZATION) => return Err(Refusal::unauthenticated()),
            Some(token) => token?,
            None => bearer(&parts.headers)
                .and_then(|text| ApiToken::parse(text).ok())
                .ok_or_else(Refusal::unauthenticated)?,
        };
        if let Some(attempt) = parts.extensions.get::<Attempt>() {
            attempt.with(&token)?;
        }
        Ok(Self(details(parts).caller(token)))
    }
}

/// Whether the caller is in a browser: he sends the session's cookie, and no bearer token.
pub struct InBrowser(pub bool);

impl<S: Sync> FromRequestParts<S> for InBrowser {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let cookie = parts.extensions.get::<SessionCookie>();
        Ok(Self(cookie.is_some_and(|cookie| cookie.token(&parts.headers).is_some())))
    }
}

/// A request of somebody who has yet to prove himself.
pub struct Anonymous(pub RequestDetails);

impl<S: Sync> FromRequestParts<S> for Anonymous {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        Ok(Self(details(parts)))
    }
}

fn details(parts: &Parts) -> RequestDetails {
    RequestDetails {
        request_id: parts.extensions.get::<RequestId>().copied().unwrap_or_else(RequestId::generate),
        address: parts.extensions.get::<ClientAddress>().map(|client| client.0),
        user_agent: parts.extensions.get::<UserAgent>().cloned(),
    }
}

/// Whoever sends a one-time invitation.
pub struct Invited(pub InvitationToken);

impl<S: Sync> FromRequestParts<S> for Invited {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let token = bearer(&parts.headers).and_then(|text| InvitationToken::parse(text).ok());
        token.map(Self).ok_or_else(|| {
            Refusal::new(ProblemCode::Unauthenticated, "send the invitation as Authorization: Bearer sri_…")
        })
    }
}

/// The bearer token of a request that has exactly one (RFC 6750, section 2.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (only, None) = (values.next()?, values.next()) else { return None };
    let (scheme, token) = only.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

/// As which role a request works: everything under /api/admin as `strongroom_system`, all else as `strongroom_app`.
pub struct As(pub RuntimeRole);

impl<S: Sync> FromRequestParts<S> for As {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        // The route that matched, and not the URI, whose spelling is the client's.
        let path = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
        Ok(Self(if path.starts_with("/api/admin/") { RuntimeRole::System } else { RuntimeRole::App }))
    }
}

/// The ids in the path. One that is no id names nothing.
pub struct Ids<T>(pub T);

impl<T: DeserializeOwned + Send, S: Sync + Send> FromRequestParts<S> for Ids<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let path = Path::<T>::from_request_parts(parts, state).await;
        path.map(|Path(ids)| Self(ids)).map_err(|_| Refusal::not_found())
    }
}

/// A JSON body.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        parse(&json_bytes(request, state).await?).map(Self)
    }
}

async fn json_bytes<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Refusal> {
    if essence(&request) != "application/json" {
        return Err(Refusal::new(ProblemCode::UnsupportedMediaType, "send Content-Type: application/json"));
    }
    Bytes::from_request(request, state).await.map_err(incomplete)
}

/// A JSON body, and the `Idempotency-Key` that its sender gave, if any.
pub struct KeyedJson<T>(pub T, pub Option<IdempotentRequest>);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for KeyedJson<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let key =
            match one_header(request.headers(), "idempotency-key")? {
                Some(text) => Some(IdempotencyKey::try_from(text.to_owned()).map_err(|invalid| {
                    Refusal::new(ProblemCode::InvalidRequest, format!("Idempotency-Key: {invalid}"))
                })?),
                None => None,
            };
        let act = format!("{} {}\n", request.method(), request.uri().path());
        let bytes = json_bytes(request, state).await?;
        let content = || Zeroizing::new([act.as_bytes(), &bytes].concat());
        let keyed = key.map(|key| IdempotentRequest { key, content: content() });
        Ok(Self(parse(&bytes)?, keyed))
    }
}

/// The revision that a change expects: the one ETag of `If-Match` (RFC 9110, section 13.1.1), or any. What is no ETag
/// of ours matches nothing.
pub struct IfMatch(pub Option<i32>);

impl IfMatch {
    /// Revisions begin at 1.
    const NO_REVISION: i32 = 0;
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        Ok(Self(match one_header(&parts.headers, "if-match")? {
            None | Some("*") => None,
            Some(etag) => {
                let revision = etag.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
                let revision = revision.and_then(|digits| digits.parse().ok());
                // As we write it: `"+3"` and `"03"` are other tags than `"3"`.
                let ours = revision.filter(|revision: &i32| etag == format!("\"{revision}\""));
                Some(ours.unwrap_or(Self::NO_REVISION))
            }
        }))
    }
}

/// The text of a header that is there once at most.
fn one_header<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Refusal> {
    let mut values = headers.get_all(name).iter();
    let Some(only) = values.next() else { return Ok(None) };
    match (only.to_str(), values.next()) {
        (Ok(text), None) => Ok(Some(text)),
        _ => Err(Refusal::new(ProblemCode::InvalidRequest, format!("{name}: send it once, in ASCII"))),
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let body = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| invalid("the body", error.path(), error.inner()))?;
    json.end().map_err(|_| Refusal::new(ProblemCode::InvalidRequest, "the body goes on after its JSON value"))?;
    Ok(body)
}

/// A form (`application/x-www-form-urlencoded`), where a specification wants one. What a form does not know is ignored.
pub struct Form<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Form<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        if essence(&request) != "application/x-www-form-urlencoded" {
            let detail = "send Content-Type: application/x-www-form-urlencoded";
            return Err(Refusal::new(ProblemCode::UnsupportedMediaType, detail));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(incomplete)?;
        let deserializer = serde_urlencoded::Deserializer::new(form_urlencoded::parse(&bytes));
        serde_path_to_error::deserialize(deserializer)
            .map(Self)
            .map_err(|error| invalid("the body", error.path(), error.inner()))
    }
}

/// The media type of a body, without parameters.
fn essence(request: &Request) -> String {
    let media_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn incomplete(rejection: BytesRejection) -> Refusal {
    let mut causes = std::iter::successors(Some(&rejection as &(dyn Error + 'static)), |&error| error.source());
    let late = causes.any(|error| error.is::<TimeoutError>());
    match rejection.into_response().status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Refusal::new(ProblemCode::PayloadTooLarge, "a body may hold up to 512 KiB, and a value 64 KiB")
        }
        _ if late => Refusal::new(ProblemCode::RequestTimeout, "the body did not arrive in time"),
        _ => Refusal::new(ProblemCode::InvalidRequest, "the body did not arrive whole"),
    }
}

/// A query string.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let query = parts.uri.query().unwrap_or_default();
        // The form decoder below would put U+FFFD in place of what is no UTF-8.
        if percent_decode_str(query).decode_utf8().is_err() {
            return Err(Refusal::new(ProblemCode::InvalidRequest, "the query is not UTF-8"));
        }
        let pairs = form_urlencoded::parse(query.as_bytes());
        let deserializer = serde_urlencoded::Deserializer::new(pairs);
        serde_path_to_error::deserialize(deserializer)
            .map(Self)
            .map_err(|error| invalid("the query", error.path(), error.inner()))
    }
}

/// Says where it is wrong and what was expected. Serde's own sentence may quote what was sent
/// (`invalid type: string "hunter2", expected …`), so that only its end is passed on.
fn invalid(whole: &str, path: &serde_path_to_error::Path, error: &dyn std::fmt::Display) -> Refusal {
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(text, _)| text);
    let expected = match message.rsplit_once(", expected ") {
        Some((_, expected)) => format!("expected {expected}"),
        None if message.contains(['`', '"']) && !message.starts_with("missing field") => "not valid".into(),
        None => message.into(),
    };
    // The first step names a field of ours; those after it may be keys that were sent.
    let place = match path.iter().next() {
        Some(Segment::Map { key }) if !message.starts_with("unknown field") => format!("{whole}, at {key}"),
        _ => whole.into(),
    };
    Refusal::new(ProblemCode::InvalidRequest, format!("{place}: {expected}"))
}
