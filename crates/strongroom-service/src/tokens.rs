//! API tokens: the secret is handed over once, to the user whose it is, and never again.

use strongroom_crypto::random_bytes;
use strongroom_store::StoreError;
use strongroom_types::{ApiToken, ApiTokenSummary, Caller, NewApiToken, RuntimeRole, TokenId};

use crate::error::ServiceError;
use crate::vault::Vault;

/// A new token, with the secret that only this answer holds.
#[derive(Debug)]
pub struct IssuedToken {
    pub summary: ApiTokenSummary,
    pub token: ApiToken,
}

impl Vault {
    /// Makes a token for the caller.
    ///
    /// # Errors
    /// [`ServiceError::Conflict`] where he has too many.
    pub async fn create_token(&self, caller: &Caller, new: &NewApiToken) -> Result<IssuedToken, ServiceError> {
        let token = ApiToken::new(caller.user_id(), &random_bytes()?);
        let mut transaction = self.store.begin(caller, RuntimeRole::App).await?;
        let summary = match transaction.insert_token(TokenId::generate(), &token, new).await {
            Err(StoreError::Conflict) => {
                return Err(ServiceError::Conflict("you have 100 live tokens; revoke one first"));
            }
            inserted => inserted?,
        };
        transaction.commit().await?;
        Ok(IssuedToken { summary, token })
    }

    /// The caller's tokens, without their secrets.
    ///
    /// # Errors
    /// As the store's.
    pub async fn list_tokens(&self, caller: &Caller) -> Result<Vec<ApiTokenSummary>, ServiceError> {
        let mut transaction = self.store.begin(caller, RuntimeRole::App).await?;
        let tokens = transaction.tokens().await?;
        transaction.commit().await?;
        Ok(tokens)
    }

    /// Revokes one of the caller's tokens, at once.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`].
    pub async fn revoke_token(&self, caller: &Caller, id: TokenId) -> Result<(), ServiceError> {
        let mut transaction = self.store.begin(caller, RuntimeRole::App).await?;
        if !transaction.revoke_token(id).await? {
            return Err(ServiceError::NotFound);
        }
        Ok(transaction.commit().await?)
    }
}
