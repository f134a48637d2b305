//! Sessions: how long they last, and what their owner does with them.
//! Never begins one but for a person whom the database has made sure of.

use std::time::Duration;

use strongroom_crypto::{SealingError, random_bytes};
use strongroom_types::{Caller, NewSession, Page, PageRequest, RuntimeRole, Session, TokenId};

use crate::error::ServiceError;
use crate::vault::Vault;

/// When sessions end by themselves.
#[derive(Clone, Copy, Debug)]
pub struct SessionPolicy {
    /// A session that rests for so long has ended; one hour unless told. To the minute.
    pub idle_timeout: Duration,
    /// A session ends after so long, at work or not; twelve hours unless told.
    pub lifetime: Duration,
}

impl Default for SessionPolicy {
    fn default() -> Self {
        Self { idle_timeout: Duration::from_secs(3600), lifetime: Duration::from_secs(12 * 3600) }
    }
}

impl SessionPolicy {
    /// A session that nobody has had before: whoever planted an earlier one in a browser gains nothing by it.
    pub(crate) fn new_session(self) -> Result<NewSession, SealingError> {
        let (id, random) = (TokenId::generate(), random_bytes()?.into());
        Ok(NewSession { id, random, idle_timeout: self.idle_timeout, lifetime: self.lifetime })
    }
}

impl Vault {
    /// A page of the caller's live sessions.
    ///
    /// # Errors
    /// As the store's.
    pub async fn list_sessions(
        &self,
        caller: &Caller,
        page: &PageRequest<TokenId>,
    ) -> Result<Page<Session>, ServiceError> {
        let mut transaction = self.store.begin_full(caller, RuntimeRole::App).await?;
        let sessions = transaction.sessions(page).await?;
        transaction.commit().await?;
        Ok(Page::from_lookahead(sessions, page.limit, |session| session.id.to_string()))
    }

    /// Ends one of the caller's sessions, at once.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`].
    pub async fn end_session(&self, caller: &Caller, id: TokenId) -> Result<(), ServiceError> {
        let mut transaction = self.store.begin_full(caller, RuntimeRole::App).await?;
        if !transaction.end_session(id).await? {
            return Err(ServiceError::NotFound);
        }
        Ok(transaction.commit().await?)
    }

    /// Ends every session of the caller's but the one that asks.
    ///
    /// # Errors
    /// As the store's.
    pub async fn end_other_sessions(&self, caller: &Caller) -> Result<(), ServiceError> {
        let mut transaction = self.store.begin_full(caller, RuntimeRole::App).await?;
        transaction.end_other_sessions().await?;
        Ok(transaction.commit().await?)
    }

    /// Ends the session that asks.
    ///
    /// # Errors
    /// As the store's.
    pub async fn sign_out(&self, caller: &Caller) -> Result<(), ServiceError> {
        let mut transaction = self.store.begin(caller, RuntimeRole::App).await?;
        transaction.end_current_token().await?;
        Ok(transaction.commit().await?)
    }
}
