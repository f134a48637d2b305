//! Why a provider's word was not taken: it proves nobody, or the provider does not give it.
//! The reasons are for the log, and repeat nothing of a token. Whoever brought it is told none of them.

use openidconnect::{ClaimsVerificationError, SignatureVerificationError};

/// Every way in which another provider lets nobody in.
#[derive(Debug, thiserror::Error)]
pub enum FederationError {
    /// What was brought proves nobody.
    #[error("refused: {0}")]
    Refused(&'static str),
    /// The provider does not answer, or not as its specification says.
    #[error("the provider is not available: {0}")]
    Unavailable(String),
}

impl From<ClaimsVerificationError> for FederationError {
    fn from(error: ClaimsVerificationError) -> Self {
        use SignatureVerificationError::{DisallowedAlg, NoMatchingKey, NoSignature};
        Self::Refused(match error {
            ClaimsVerificationError::Expired(_) => "it is expired, or not yet valid",
            ClaimsVerificationError::InvalidAudience(_) => "it is for somebody else",
            ClaimsVerificationError::InvalidIssuer(_) => "it is another issuer's",
            ClaimsVerificationError::InvalidNonce(_) => "it answers another request",
            ClaimsVerificationError::InvalidSubject(_) => "it is about somebody else",
            ClaimsVerificationError::SignatureVerification(NoMatchingKey) => "its key is unknown",
            ClaimsVerificationError::SignatureVerification(NoSignature | DisallowedAlg(_)) => {
                "its algorithm is not allowed"
            }
            ClaimsVerificationError::SignatureVerification(_) => "its signature is wrong",
            _ => "it is no such token",
        })
    }
}
