//! Requests that are not to happen twice, in the database: by the key that a client gave, and a fingerprint.
//! Never the request itself.

use sqlx::query_scalar;
use strongroom_types::{CredentialId, IdempotencyKey};
use uuid::Uuid;

use crate::error::StoreError;
use crate::store::Transaction;

/// A request that a client gave a key.
#[derive(Debug)]
pub struct KeyedRequest {
    /// The client's.
    pub key: IdempotencyKey,
    /// A keyed hash of what was asked.
    pub fingerprint: [u8; 32],
}

impl Transaction {
    /// The credential of the caller's earlier request with that key.
    ///
    /// # Errors
    /// [`StoreError::KeyReused`] where that was another request.
    pub async fn earlier_request(&mut self, request: &KeyedRequest) -> Result<Option<CredentialId>, StoreError> {
        let id: Option<Uuid> = query_scalar("SELECT strongroom.earlier_request($1, $2)")
            .bind(request.key.as_str())
            .bind(&request.fingerprint[..])
            .fetch_one(self.connection())
            .await?;
        Ok(id.map(CredentialId))
    }

    /// Keeps the key for this request, which is about that credential. Otherwise the credential of the earlier one; waits
    /// for one that is under way.
    ///
    /// # Errors
    /// [`StoreError::KeyReused`] where that was another request.
    pub async fn claim_request(
        &mut self,
        request: &KeyedRequest,
        credential: CredentialId,
    ) -> Result<Option<CredentialId>, StoreError> {
        let id: Option<Uuid> = query_scalar("SELECT strongroom.claim_request($1, $2, $3)")
            .bind(request.key.as_str())
            .bind(&request.fingerprint[..])
            .bind(credential.0)
            .fetch_one(self.connection())
            .await?;
        Ok(id.map(CredentialId))
    }
}
