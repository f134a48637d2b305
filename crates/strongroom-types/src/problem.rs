//! Problems: what a caller is told when something is refused (RFC 9457).
//! A problem says what to do about it and nothing of the inside; each code is listed in docs/problems.md.

use serde::{Deserialize, Serialize};
use strum::{Display, VariantArray};
use utoipa::ToSchema;
use utoipa::openapi::ObjectBuilder;

use crate::text::text;

/// The kind of a problem. Its text form is stable: programs branch on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Display, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum ProblemCode {
    InvalidRequest,
    Unauthenticated,
    Forbidden,
    CrossSiteRequest,
    NotFound,
    MethodNotAllowed,
    RequestTimeout,
    Conflict,
    ConfirmationRequired,
    CredentialRevoked,
    Ambiguous,
    CredentialPurged,
    PreconditionFailed,
    PayloadTooLarge,
    UnsupportedMediaType,
    Unprocessable,
    IdempotencyKeyReused,
    RateLimited,
    Internal,
    Unavailable,
    KeyUnavailable,
}

impl ProblemCode {
    /// The HTTP status that goes with the code.
    pub fn status(self) -> u16 {
        match self {
            Self::InvalidRequest => 400,
            Self::Unauthenticated => 401,
            Self::Forbidden | Self::CrossSiteRequest => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::RequestTimeout => 408,
            Self::Conflict | Self::ConfirmationRequired | Self::CredentialRevoked | Self::Ambiguous => 409,
            Self::CredentialPurged => 410,
            Self::PreconditionFailed => 412,
            Self::PayloadTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::Unprocessable => 422,
            Self::IdempotencyKeyReused => 422,
            Self::RateLimited => 429,
            Self::Internal => 500,
            Self::Unavailable | Self::KeyUnavailable => 503,
        }
    }

    /// How a problem of this code names its type.
    pub fn urn(self) -> String {
        format!("urn:strongroom:problem:{self}")
    }

    /// When it is answered, and what to do; the sentence of docs/problems.md.
    pub fn when(self) -> &'static str {
        match self {
            Self::InvalidRequest => "body or query is malformed or out of bounds; `detail` names the field",
            Self::Unauthenticated => {
                "the token is missing, malformed, unknown, expired or revoked, or the password is wrong, or the other \
                 provider's word lets nobody in; nobody says which"
            }
            Self::Forbidden => {
                "the thing is known to you, and your role or what is granted to you does not allow the act, or your token \
                 does not reach so far, or the current password is wrong; `detail` says which. The first attempt of a \
                 minute is recorded, where it is about a workspace or a value"
            }
            Self::CrossSiteRequest => {
                "the session's cookie came in a request that is not known to be from a page of this server"
            }
            Self::NotFound => {
                "there is no such thing, or it is not yours to see; nobody says which (a reveal on the \
                 admin path answers so to whoever is no administrator)"
            }
            Self::MethodNotAllowed => "see `Allow`",
            Self::RequestTimeout => {
                "the body did not arrive in time, and nothing happened; or there is no answer within 30 seconds, and \
                 what was asked may still happen: `detail` says which"
            }
            Self::Conflict => {
                "the name is taken, or the thing has changed meanwhile, or it has to stay as it is; `detail` says why"
            }
            Self::ConfirmationRequired => {
                "nothing has been done yet: `detail` says what would go, and what to send to confirm it"
            }
            Self::CredentialRevoked => "restore it first",
            Self::Ambiguous => "several credentials answer to that provider and name; give `workspace_id`, or an id",
            Self::CredentialPurged => {
                "the value was destroyed, after the retention of former versions or of revoked credentials"
            }
            Self::PreconditionFailed => "the thing has changed since you read the ETag that `If-Match` names",
            Self::PayloadTooLarge => "a body holds 512 KiB, a value 64 KiB",
            Self::UnsupportedMediaType => "send `application/json`; to `/api/auth/exchange`, a form",
            Self::Unprocessable => {
                "each field is well-formed, but they do not fit together, or one is beyond what can be kept"
            }
            Self::IdempotencyKeyReused => {
                "that `Idempotency-Key` was sent with another request within a day; take a new one"
            }
            Self::RateLimited => {
                "your address, your token or you have sent as many requests as a minute allows, or obtained as many \
                 values, or too many attempts to sign in have failed; wait as long as `Retry-After` says"
            }
            Self::Internal => "ours; quote the `request_id`",
            Self::Unavailable => {
                "the database or another provider does not answer, or too many people sign in at once; `Retry-After`"
            }
            Self::KeyUnavailable => {
                "the key of a value is not in the key file, or OpenBao, which has it, does not answer"
            }
        }
    }

    /// The same few words for every problem of this code.
    pub fn title(self) -> &'static str {
        match self {
            Self::InvalidRequest => "The request is not valid",
            Self::Unauthenticated => "Authentication is required",
            Self::Forbidden => "Not allowed",
            Self::CrossSiteRequest => "Sent from another site",
            Self::NotFound => "Not found",
            Self::MethodNotAllowed => "Method not allowed",
            Self::RequestTimeout => "The request took too long",
            Self::Conflict => "Conflict",
            Self::ConfirmationRequired => "Confirm it first",
            Self::CredentialRevoked => "The credential is revoked",
            Self::Ambiguous => "Ambiguous",
            Self::CredentialPurged => "The value is gone",
            Self::PreconditionFailed => "Precondition failed",
            Self::PayloadTooLarge => "The request is too large",
            Self::UnsupportedMediaType => "Unsupported media type",
            Self::Unprocessable => "The request does not make sense as a whole",
            Self::IdempotencyKeyReused => "The idempotency key was used for another request",
            Self::RateLimited => "Too many requests",
            Self::Internal => "Internal error",
            Self::Unavailable => "Temporarily unavailable",
            Self::KeyUnavailable => "The key of this value is not available",
        }
    }
}

/// The body of an answer that refuses (RFC 9457, section 3.1).
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// `urn:strongroom:problem:` and the code.
    #[serde(rename = "type")]
    #[schema(schema_with = urns)]
    pub kind: String,
    pub title: String,
    pub status: u16,
    pub detail: String,
    /// The id of the request, to be quoted to whoever reads the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub request_id: Option<String>,
}

/// The types of problems that there are.
fn urns() -> ObjectBuilder {
    text().enum_values(Some(ProblemCode::VARIANTS.iter().map(|code| code.urn())))
}

impl Problem {
    /// A problem of that code; `detail` is for the caller's eyes.
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self {
            kind: code.urn(),
            title: code.title().into(),
            status: code.status(),
            detail: detail.into(),
            request_id: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docs_problems_md_lists_every_code_with_its_status_and_meaning() {
        let page = include_str!("../../../docs/problems.md");
        for code in ProblemCode::VARIANTS {
            assert!(page.contains(&format!("| `{code}` | {} | {} |\n", code.status(), code.when())), "{code}");
        }
        assert_eq!(page.matches("\n| `").count(), ProblemCode::VARIANTS.len());
    }
}
