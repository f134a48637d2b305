//! Requests that are not to happen twice (draft-ietf-httpapi-idempotency-key-header): a repetition changes nothing and gets
//! the credential that the first one was about, as it is now. Never keeps the request, only a keyed hash of it.

use strongroom_store::{KeyedRequest, Transaction};
use strongroom_types::{Credential, CredentialId, IdempotencyKey};
use zeroize::Zeroizing;

use crate::error::ServiceError;
use crate::vault::Vault;

/// A request that its sender gave a key.
pub struct IdempotentRequest {
    /// The sender's.
    pub key: IdempotencyKey,
    /// What tells it from another one: method, path and body.
    pub content: Zeroizing<Vec<u8>>,
}

/// A credential, and whether this was a repetition that changed nothing.
#[derive(Debug)]
pub struct Kept {
    /// As it is now.
    pub credential: Credential,
    /// Whether an earlier request had done it.
    pub repeated: bool,
}

impl Kept {
    pub(crate) fn now(credential: Credential) -> Self {
        Self { credential, repeated: false }
    }
}

impl Vault {
    pub(crate) fn keyed(&self, request: &IdempotentRequest) -> KeyedRequest {
        let fingerprint = self.server_secret.fingerprint("idempotency", &request.content);
        KeyedRequest { key: request.key.clone(), fingerprint }
    }
}

/// What an earlier request of that key was about; None: there was none, or no key.
pub(crate) async fn earlier(
    transaction: &mut Transaction,
    request: Option<&KeyedRequest>,
) -> Result<Option<Kept>, ServiceError> {
    let Some(request) = request else { return Ok(None) };
    match transaction.earlier_request(request).await? {
        Some(id) => repeated(transaction, id).await.map(Some),
        None => Ok(None),
    }
}

/// Keeps the key for this act, unless an earlier or a simultaneous request has it.
pub(crate) async fn claim(
    transaction: &mut Transaction,
    request: Option<&KeyedRequest>,
    credential: CredentialId,
) -> Result<Option<Kept>, ServiceError> {
    let Some(request) = request else { return Ok(None) };
    match transaction.claim_request(request, credential).await? {
        Some(id) => repeated(transaction, id).await.map(Some),
        None => Ok(None),
    }
}

async fn repeated(transaction: &mut Transaction, id: CredentialId) -> Result<Kept, ServiceError> {
    let credential = transaction.credential(id).await?.ok_or(ServiceError::NotFound)?;
    Ok(Kept { credential, repeated: true })
}
