//! API tokens: the secret is handed over once, to the user whose it is, and never again.
//! Nobody makes a token for somebody else.

use strongroom_crypto::random_bytes;
use strongroom_store::Transaction;
use strongroom_types::{ApiToken, ApiTokenSummary, Caller, NewApiToken, Page, PageRequest, RuntimeRole, TokenId};

use crate::error::ServiceError;
use crate::vault::Vault;

/// A new token, with the secret that only this answer holds.
#[derive(Debug)]
pub struct IssuedToken {
    /// What lists will show of it.
    pub summary: ApiTokenSummary,
    /// The secret.
    pub token: ApiToken,
}

impl Vault {
    /// Makes a token for the caller.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] for a workspace that he is no member of.
    pub async fn create_token(&self, caller: &Caller, new: &NewApiToken) -> Result<IssuedToken, ServiceError> {
        let (id, token) = (TokenId::generate(), ApiToken::new(caller.user_id(), &random_bytes()?));
        let mut transaction = self.store.begin_full(caller, RuntimeRole::App).await?;
        insert(&mut transaction, id, &token, new).await?;
        let summary = transaction.token(caller.user_id(), id).await?.ok_or(ServiceError::NotFound)?;
        transaction.commit().await?;
        Ok(IssuedToken { summary, token })
    }

    /// A page of the caller's tokens, without their secrets.
    ///
    /// # Errors
    /// As the store's.
    pub async fn list_tokens(
        &self,
        caller: &Caller,
        page: &PageRequest<TokenId>,
    ) -> Result<Page<ApiTokenSummary>, ServiceError> {
        let mut transaction = self.store.begin_full(caller, RuntimeRole::App).await?;
        let tokens = transaction.tokens(caller.user_id(), page).await?;
        transaction.commit().await?;
        Ok(Page::from_lookahead(tokens, page.limit, |token| token.id.to_string()))
    }

    /// Revokes one of the caller's tokens, at once.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`].
    pub async fn revoke_token(&self, caller: &Caller, id: TokenId) -> Result<(), ServiceError> {
        let mut transaction = self.store.begin_full(caller, RuntimeRole::App).await?;
        if !transaction.revoke_token(caller.user_id(), id).await? {
            return Err(ServiceError::NotFound);
        }
        Ok(transaction.commit().await?)
    }
}

/// Adds a token. One for a workspace needs a workspace that the caller knows of: what else there is, the foreign key
/// would tell him.
pub(crate) async fn insert(
    transaction: &mut Transaction,
    id: TokenId,
    token: &ApiToken,
    new: &NewApiToken,
) -> Result<(), ServiceError> {
    if let Some(workspace) = new.workspace_id {
        transaction.workspace(workspace).await?.ok_or(ServiceError::NotFound)?;
    }
    Ok(transaction.insert_token(id, token, new).await?)
}
