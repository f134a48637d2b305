//! Requests that are not to happen twice (draft-ietf-httpapi-idempotency-key-header): a repetition changes nothing and gets
//! the credential that the first one was about, as it is now. Never keeps the request, only a keyed hash of it.

use strongroom_store::KeyedRequest;
use strongroom_types::IdempotencyKey;
use zeroize::Zeroizing;

use crate::vault::Vault;

/// A request that its sender gave a key.
pub struct IdempotentRequest {
    /// The sender's.
    pub key: IdempotencyKey,
    /// What tells it from another one: method, path and body.
    pub content: Zeroizing<Vec<u8>>,
}

impl Vault {
    pub(crate) fn keyed(&self, request: &IdempotentRequest) -> KeyedRequest {
        let fingerprint = self.server_secret.fingerprint("idempotency", &request.content);
        KeyedRequest { key: request.key.clone(), fingerprint }
    }
}
