//! Problems: what a caller is told when something is refused (RFC 9457).
//! A problem says what to do about it and nothing of the inside; each code is listed in docs/problems.md.

use serde::{Deserialize, Serialize};
use strum::{Display, VariantArray};

/// The kind of a problem. Its text form is stable: programs branch on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Display, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum ProblemCode {
    InvalidRequest,
    Unauthenticated,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    RequestTimeout,
    Conflict,
    CredentialRevoked,
    PayloadTooLarge,
    UnsupportedMediaType,
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
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::RequestTimeout => 408,
            Self::Conflict | Self::CredentialRevoked => 409,
            Self::PayloadTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::RateLimited => 429,
            Self::Internal => 500,
            Self::Unavailable | Self::KeyUnavailable => 503,
        }
    }

    /// The same few words for every problem of this code.
    pub fn title(self) -> &'static str {
        match self {
            Self::InvalidRequest => "The request is not valid",
            Self::Unauthenticated => "Authentication is required",
            Self::Forbidden => "Not allowed",
            Self::NotFound => "Not found",
            Self::MethodNotAllowed => "Method not allowed",
            Self::RequestTimeout => "The request took too long",
            Self::Conflict => "Conflict",
            Self::CredentialRevoked => "The credential is revoked",
            Self::PayloadTooLarge => "The request is too large",
            Self::UnsupportedMediaType => "Unsupported media type",
            Self::RateLimited => "Too many requests",
            Self::Internal => "Internal error",
            Self::Unavailable => "Temporarily unavailable",
            Self::KeyUnavailable => "The key of this value is not available",
        }
    }
}

/// The body of an answer that refuses (RFC 9457, section 3.1).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Problem {
    /// `urn:strongroom:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    pub detail: String,
    /// The id of the request, to be quoted to whoever reads the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl Problem {
    /// A problem of that code; `detail` is for the caller's eyes.
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:strongroom:problem:{code}"),
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
    fn docs_problems_md_lists_every_code_with_its_status() {
        let page = include_str!("../../../docs/problems.md");
        for code in ProblemCode::VARIANTS {
            assert!(page.contains(&format!("| `{code}` | {} |", code.status())), "{code}");
        }
        assert_eq!(page.matches("\n| `").count(), ProblemCode::VARIANTS.len());
    }
}
