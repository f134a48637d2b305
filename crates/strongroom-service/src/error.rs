//! Why an act was refused or failed. The server turns each into a problem; none carries a secret.
//! Details for the log only are inside the sealing's and the store's errors.

use strongroom_crypto::SealingError;
use strongroom_store::StoreError;
use strongroom_types::WorkspaceContents;

/// Every way in which an act does not happen.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// There is no such thing, or the caller may not know of it; he is not told which.
    #[error("not found")]
    NotFound,
    /// The caller knows of the thing, and his role does not allow the act. Recorded.
    #[error("not allowed: {0}")]
    Forbidden(&'static str),
    /// What was asked does not fit together.
    #[error("not valid: {0}")]
    Invalid(&'static str),
    /// It collides with what there is.
    #[error("conflict: {0}")]
    Conflict(&'static str),
    /// Much would be lost, and the caller has not confirmed that he means it.
    #[error("not confirmed")]
    Unconfirmed(WorkspaceContents),
    /// The credential is revoked. Recorded.
    #[error("the credential is revoked")]
    Revoked,
    /// The value has been destroyed. Recorded.
    #[error("the value has been destroyed")]
    Purged,
    /// Several credentials answer to a provider and name.
    #[error("several credentials answer to the name")]
    Ambiguous,
    /// It has another revision than the caller expects.
    #[error("it has changed since")]
    PreconditionFailed,
    /// The user has used up his reveals. The first such attempt of a minute is recorded.
    #[error("rate limited for {retry_after_seconds} s")]
    RateLimited { retry_after_seconds: u32 },
    /// E-mail address or password are wrong; nobody says which. Recorded, where the address is somebody's.
    #[error("not signed in")]
    NotSignedIn,
    /// Too many attempts to sign in have failed, of this account from this network, or of this network. Not looked at.
    #[error("attempts to sign in are blocked for {retry_after_seconds} s")]
    SignInThrottled { retry_after_seconds: u32 },
    /// As many as can be served at a time are being served.
    #[error("busy")]
    Busy,
    /// Another provider's word does not let him in. `reason` is for the log.
    #[error("not let in: {reason}")]
    NotLetIn { told: &'static str, reason: &'static str },
    /// Another provider does not answer, or not as it must.
    #[error("another provider is not available: {0}")]
    ProviderUnavailable(String),
    /// The last checkpoint of the record is not what a server of this vault has signed.
    #[error("the record's last checkpoint was tampered with; run strongroom audit verify")]
    RecordNotOurs,
    /// A value was not sealed or opened.
    #[error(transparent)]
    Sealing(#[from] SealingError),
    /// The database refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
