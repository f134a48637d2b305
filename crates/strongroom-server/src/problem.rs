//! Problems on the wire (RFC 9457): every refusal of every route takes its form here.
//! The caller is told what to do; what went wrong inside goes to the log, with the request's id in both.

use axum::extract::Request;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use strongroom_crypto::SealingError;
use strongroom_service::ServiceError;
use strongroom_store::StoreError;
use strongroom_types::{Problem, ProblemCode, RequestId, WorkspaceContents};

/// When to come again while the key provider is away.
const KEYS_RETRY_SECONDS: u32 = 5;

/// A refusal on its way out.
#[derive(Debug)]
pub struct Refusal {
    code: ProblemCode,
    detail: String,
    retry_after_seconds: Option<u32>,
}

impl Refusal {
    /// Of that code; `detail` is for the caller's eyes.
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), retry_after_seconds: None }
    }

    /// Whoever he is, he did not prove it; the same words for every reason.
    pub fn unauthenticated() -> Self {
        Self::new(
            ProblemCode::Unauthenticated,
            "sign in, or send a valid token as Authorization: Bearer …; this one is missing, malformed, expired or revoked",
        )
    }

    /// The same words for what is not there and what may not be known of.
    pub fn not_found() -> Self {
        Self::new(ProblemCode::NotFound, "there is no such thing here, or it is not yours to see")
    }

    /// A browser was made to send it by a page of somebody else's, or does not say that it was not.
    pub fn cross_site() -> Self {
        Self::new(
            ProblemCode::CrossSiteRequest,
            "a session's cookie counts in requests from pages of this server only, as Sec-Fetch-Site or Origin says; \
             programs send a token as Authorization: Bearer …",
        )
    }

    /// He has used up his share, and gets a new one after that many seconds.
    pub fn rate_limited(retry_after_seconds: u32, detail: impl Into<String>) -> Self {
        Self { retry_after_seconds: Some(retry_after_seconds), ..Self::new(ProblemCode::RateLimited, detail) }
    }

    /// The kind of problem.
    pub fn code(&self) -> ProblemCode {
        self.code
    }

    /// What the caller is told, where it is told inside of another answer.
    pub fn into_problem(self) -> Problem {
        Problem::new(self.code, self.detail)
    }

    /// A defect of ours: the log has the details, the caller the id of the request.
    pub fn internal(error: &dyn std::error::Error) -> Self {
        tracing::error!(error = %error, "an act failed");
        Self::new(
            ProblemCode::Internal,
            "something went wrong on our side; the log has the details under this request_id",
        )
    }
}

impl IntoResponse for Refusal {
    /// The body is written by [`render`], which knows the request's id.
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        if let Some(seconds) = self.retry_after_seconds {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        if self.code == ProblemCode::Unauthenticated {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(Problem::new(self.code, self.detail));
        response
    }
}

impl From<ServiceError> for Refusal {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::NotFound => Self::not_found(),
            ServiceError::Forbidden(detail) => Self::new(ProblemCode::Forbidden, detail),
            ServiceError::Invalid(detail) => Self::new(ProblemCode::Unprocessable, detail),
            ServiceError::Conflict(detail) => Self::new(ProblemCode::Conflict, detail),
            ServiceError::Unconfirmed(contents) => {
                Self::new(ProblemCode::ConfirmationRequired, what_would_go(contents))
            }
            ServiceError::Revoked => {
                Self::new(ProblemCode::CredentialRevoked, "restore the credential first, if it is to be used again")
            }
            ServiceError::Purged => Self::new(
                ProblemCode::CredentialPurged,
                "the value has been destroyed; restore another version, or keep a new credential",
            ),
            ServiceError::Ambiguous => Self::new(
                ProblemCode::Ambiguous,
                "several credentials answer to that provider and name; give workspace_id, or take an id",
            ),
            ServiceError::PreconditionFailed => {
                Self::new(ProblemCode::PreconditionFailed, "it has changed since; look at it and try again")
            }
            ServiceError::RateLimited { retry_after_seconds } => Self::rate_limited(
                retry_after_seconds,
                "you have obtained as many values as a minute allows; wait a moment",
            ),
            ServiceError::NotSignedIn => {
                Self::new(ProblemCode::Unauthenticated, "e-mail address or password are not right")
            }
            ServiceError::SignInThrottled { retry_after_seconds } => Self::rate_limited(
                retry_after_seconds,
                "too many attempts from your network have failed; wait as long as Retry-After says",
            ),
            ServiceError::Busy => Self {
                retry_after_seconds: Some(5),
                ..Self::new(ProblemCode::Unavailable, "too many people sign in at this moment; try again in a moment")
            },
            ServiceError::NotLetIn { told, reason } => {
                tracing::info!(reason, "somebody was not let in");
                Self::new(ProblemCode::Unauthenticated, told)
            }
            ServiceError::ProviderUnavailable(reason) => {
                tracing::error!(reason, "another provider is not available");
                Self {
                    retry_after_seconds: Some(10),
                    ..Self::new(
                        ProblemCode::Unavailable,
                        "the identity provider does not answer; try again in a moment",
                    )
                }
            }
            error @ ServiceError::RecordNotOurs => Self::internal(&error),
            ServiceError::Sealing(error) => error.into(),
            ServiceError::Store(error) => error.into(),
        }
    }
}

impl From<SealingError> for Refusal {
    fn from(error: SealingError) -> Self {
        match &error {
            SealingError::UnknownKey(_) | SealingError::KeyFile { .. } => {
                tracing::error!(error = %error, "a key is missing");
                Self::new(ProblemCode::KeyUnavailable, "ask the operator to bring back the key that sealed this value")
            }
            SealingError::Unavailable(_) | SealingError::OpenBao(_) => {
                tracing::error!(error = %error, "the key provider is not available");
                let detail = "the keys of this vault are not available now, and nothing was done; try again";
                Self { retry_after_seconds: Some(KEYS_RETRY_SECONDS), ..Self::new(ProblemCode::KeyUnavailable, detail) }
            }
            SealingError::Malformed(_) | SealingError::DoesNotOpen | SealingError::Cipher => Self::internal(&error),
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unauthenticated => Self::unauthenticated(),
            StoreError::Forbidden => Self::new(ProblemCode::Forbidden, "your role does not allow it"),
            StoreError::LimitedToken => Self::new(
                ProblemCode::Forbidden,
                "your token works with credentials and does nothing else; take a person's, without limits",
            ),
            StoreError::Conflict => Self::new(ProblemCode::Conflict, "it is there already"),
            StoreError::Ambiguous => ServiceError::Ambiguous.into(),
            StoreError::Unchanged => ServiceError::PreconditionFailed.into(),
            StoreError::KeyReused => Self::new(
                ProblemCode::IdempotencyKeyReused,
                "that Idempotency-Key was sent with another request; take a new one for a new request",
            ),
            StoreError::Unavailable(error) => {
                tracing::error!(error = %error, "the database is not available");
                Self {
                    retry_after_seconds: Some(5),
                    ..Self::new(ProblemCode::Unavailable, "the database does not answer; try again in a moment")
                }
            }
            StoreError::RetiredKey => {
                tracing::error!(error = %error, "a value was not kept");
                let detail = "this server has an old key, and nothing was done; ask the operator to renew its key file";
                Self { retry_after_seconds: Some(KEYS_RETRY_SECONDS), ..Self::new(ProblemCode::KeyUnavailable, detail) }
            }
            StoreError::Constraint => {
                Self::new(ProblemCode::Unprocessable, "a value is beyond what can be kept, such as a year or a number")
            }
            StoreError::ServerNotProven | StoreError::MissingReference | StoreError::Database(_) => {
                Self::internal(&error)
            }
        }
    }
}

fn what_would_go(contents: WorkspaceContents) -> String {
    let WorkspaceContents { credentials, active_credentials, service_accounts, members } = contents;
    let (credentials, memberships) = (counted(credentials, "credential"), counted(members, "membership"));
    let whose = if service_accounts == 1 { "its" } else { "their" };
    let service_accounts = counted(service_accounts, "service account");
    format!(
        "this would destroy, for good, {credentials} ({active_credentials} active) and {service_accounts} with {whose} \
         tokens, and end {memberships}; to confirm it, pass the workspace's exact name as `confirm`"
    )
}

fn counted(count: i64, thing: &str) -> String {
    if count == 1 { format!("1 {thing}") } else { format!("{count} {thing}s") }
}

/// Writes the body of a refusal, with the id of its request.
pub async fn render(request: Request, next: Next) -> Response {
    let request_id = request.extensions().get::<RequestId>().copied();
    let mut response = next.run(request).await;
    if let Some(mut problem) = response.extensions_mut().remove::<Problem>() {
        problem.request_id = request_id.map(|id| id.to_string());
        let json = serde_json::to_vec(&problem).unwrap_or_default();
        *response.body_mut() = json.into();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response.headers_mut().remove(axum::http::header::CONTENT_LENGTH);
    }
    response
}
