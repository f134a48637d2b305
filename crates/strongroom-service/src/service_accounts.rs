//! Service accounts and their tokens: a workspace's OWNERs and ADMINs make and end them.
//! Nobody else sees them but as members.

use strongroom_crypto::random_bytes;
use strongroom_store::Transaction;
use strongroom_types::{
    ActivityAction, ApiToken, ApiTokenSummary, Caller, NewApiToken, NewServiceAccount, Page, PageRequest, RuntimeRole,
    ServiceAccount, TokenId, UserId, WorkspaceId,
};

use crate::authorization::Action;
use crate::error::ServiceError;
use crate::tokens::{IssuedToken, insert};
use crate::vault::Vault;
use crate::workspaces::require;

impl Vault {
    /// Makes a service account, as a MEMBER of that workspace.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] for a workspace that the caller is no member of; [`ServiceError::Forbidden`], recorded,
    /// by role.
    pub async fn create_service_account(
        &self,
        caller: &Caller,
        workspace: WorkspaceId,
        new: &NewServiceAccount,
    ) -> Result<ServiceAccount, ServiceError> {
        let id = UserId::generate();
        let mut transaction = self.administer(caller, workspace, Some(ActivityAction::ServiceAccountCreated)).await?;
        transaction.insert_service_account(workspace, id, new).await?;
        let account = transaction.service_account(workspace, id).await?.ok_or(ServiceError::NotFound)?;
        transaction.commit().await?;
        Ok(account)
    }

    /// A page of a workspace's service accounts, the disabled ones too.
    ///
    /// # Errors
    /// As [`Self::create_service_account`].
    pub async fn list_service_accounts(
        &self,
        caller: &Caller,
        workspace: WorkspaceId,
        page: &PageRequest<UserId>,
    ) -> Result<Page<ServiceAccount>, ServiceError> {
        let mut transaction = self.administer(caller, workspace, None).await?;
        let accounts = transaction.service_accounts(workspace, page).await?;
        transaction.commit().await?;
        Ok(Page::from_lookahead(accounts, page.limit, |account| account.id.to_string()))
    }

    /// Ends a service account, for good: its tokens, its membership, and what is granted to it.
    ///
    /// # Errors
    /// As [`Self::create_service_account`]; [`ServiceError::Forbidden`] for one that is ADMIN, but by an OWNER.
    pub async fn disable_service_account(
        &self,
        caller: &Caller,
        workspace: WorkspaceId,
        account: UserId,
    ) -> Result<(), ServiceError> {
        let mut transaction = self.administer(caller, workspace, Some(ActivityAction::ServiceAccountDisabled)).await?;
        if !transaction.disable_service_account(workspace, account).await? {
            return Err(ServiceError::NotFound);
        }
        Ok(transaction.commit().await?)
    }

    /// Makes a token for a service account.
    ///
    /// # Errors
    /// As [`Self::create_service_account`]; [`ServiceError::NotFound`] for a disabled account.
    pub async fn create_service_account_token(
        &self,
        caller: &Caller,
        workspace: WorkspaceId,
        account: UserId,
        new: &NewApiToken,
    ) -> Result<IssuedToken, ServiceError> {
        let (id, token) = (TokenId::generate(), ApiToken::new(account, &random_bytes()?));
        let mut transaction =
            self.administer_account(caller, workspace, account, Some(ActivityAction::TokenCreated)).await?;
        insert(&mut transaction, id, &token, new).await?;
        let summary = transaction.token(account, id).await?.ok_or(ServiceError::NotFound)?;
        transaction.commit().await?;
        Ok(IssuedToken { summary, token })
    }

    /// A page of a service account's tokens, without their secrets.
    ///
    /// # Errors
    /// As [`Self::create_service_account_token`].
    pub async fn list_service_account_tokens(
        &self,
        caller: &Caller,
        workspace: WorkspaceId,
        account: UserId,
        page: &PageRequest<TokenId>,
    ) -> Result<Page<ApiTokenSummary>, ServiceError> {
        let mut transaction = self.administer_account(caller, workspace, account, None).await?;
        let tokens = transaction.tokens(account, page).await?;
        transaction.commit().await?;
        Ok(Page::from_lookahead(tokens, page.limit, |token| token.id.to_string()))
    }

    /// Revokes one of them, at once.
    ///
    /// # Errors
    /// As [`Self::create_service_account_token`].
    pub async fn revoke_service_account_token(
        &self,
        caller: &Caller,
        workspace: WorkspaceId,
        account: UserId,
        id: TokenId,
    ) -> Result<(), ServiceError> {
        let mut transaction =
            self.administer_account(caller, workspace, account, Some(ActivityAction::TokenRevoked)).await?;
        if !transaction.revoke_token(account, id).await? {
            return Err(ServiceError::NotFound);
        }
        Ok(transaction.commit().await?)
    }

    /// A transaction of somebody who administers the service accounts of the workspace.
    async fn administer(
        &self,
        caller: &Caller,
        workspace: WorkspaceId,
        attempt: Option<ActivityAction>,
    ) -> Result<Transaction, ServiceError> {
        let transaction = self.store.begin_full(caller, RuntimeRole::App).await?;
        require(transaction, caller, workspace, Action::ManageServiceAccounts, attempt).await
    }

    /// The same, about an account of it that lives.
    pub(crate) async fn administer_account(
        &self,
        caller: &Caller,
        workspace: WorkspaceId,
        account: UserId,
        attempt: Option<ActivityAction>,
    ) -> Result<Transaction, ServiceError> {
        let mut transaction = self.administer(caller, workspace, attempt).await?;
        let account = transaction.service_account(workspace, account).await?;
        match account {
            Some(account) if account.disabled_at.is_none() => Ok(transaction),
            _ => Err(ServiceError::NotFound),
        }
    }
}
