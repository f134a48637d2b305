//! Trust rules, and the exchange of a workload's own token for one of a service account (RFC 8693). Those who administer a
//! workspace say whom its accounts trust, among the issuers that the operator allows.

use strongroom_crypto::random_bytes;
use strongroom_federation::FederationError;
use strongroom_store::Exchanged;
use strongroom_types::{
    ActivityAction, ApiToken, Caller, NewTrustRule, Page, PageRequest, RequestDetails, TokenExchange, TrustRule,
    TrustRuleId, UserId, WorkspaceId,
};

use crate::error::ServiceError;
use crate::vault::Vault;

/// The same words for every workload that is not let in: nobody learns which accounts there are, or whom they trust.
const NOT_EXCHANGED: &str =
    "no rule of such a service account trusts this token; ask an administrator of its workspace";

/// A token that a workload got for its own.
#[derive(Debug)]
pub struct ExchangedToken {
    /// The secret.
    pub token: ApiToken,
    /// How far it reaches.
    pub reach: Exchanged,
}

impl Vault {
    /// Lets workloads in as a service account of that workspace.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] for a workspace or an account that is not there; [`ServiceError::Forbidden`] by role;
    /// [`ServiceError::Invalid`] for an issuer that the operator does not allow, or claims that any workload of it may have.
    pub async fn create_trust_rule(
        &self,
        caller: &Caller,
        workspace: WorkspaceId,
        account: UserId,
        new: &NewTrustRule,
    ) -> Result<TrustRule, ServiceError> {
        let mut transaction =
            self.administer_account(caller, workspace, account, Some(ActivityAction::TrustRuleCreated)).await?;
        if !self.federation.workloads.contains(new.issuer.as_str()) {
            return Err(ServiceError::Invalid(
                "issuer: the operator does not allow it; exchange_issuers names those that are",
            ));
        }
        if !new.claims.tell_workloads_apart() {
            return Err(ServiceError::Invalid(
                "claims: must have sub, or another claim that tells one workload from another; repo:* is everybody's, repo:acme/* is not",
            ));
        }
        let rule = transaction.insert_trust_rule(account, new).await?;
        transaction.commit().await?;
        Ok(rule)
    }

    /// A page of an account's rules.
    ///
    /// # Errors
    /// As [`Self::create_trust_rule`].
    pub async fn list_trust_rules(
        &self,
        caller: &Caller,
        workspace: WorkspaceId,
        account: UserId,
        page: &PageRequest<TrustRuleId>,
    ) -> Result<Page<TrustRule>, ServiceError> {
        let mut transaction = self.administer_account(caller, workspace, account, None).await?;
        let rules = transaction.trust_rules(account, page).await?;
        transaction.commit().await?;
        Ok(Page::from_lookahead(rules, page.limit, |rule| rule.id.to_string()))
    }

    /// Removes a rule. Tokens that were made by it live on, for an hour at most.
    ///
    /// # Errors
    /// As [`Self::create_trust_rule`].
    pub async fn remove_trust_rule(
        &self,
        caller: &Caller,
        workspace: WorkspaceId,
        account: UserId,
        id: TrustRuleId,
    ) -> Result<(), ServiceError> {
        let mut transaction =
            self.administer_account(caller, workspace, account, Some(ActivityAction::TrustRuleRemoved)).await?;
        if !transaction.delete_trust_rule(account, id).await? {
            return Err(ServiceError::NotFound);
        }
        Ok(transaction.commit().await?)
    }

    /// Gives a workload a token of the service account that trusts it.
    ///
    /// # Errors
    /// [`ServiceError::NotLetIn`], recorded where there is such an account; [`ServiceError::ProviderUnavailable`].
    pub async fn exchange_token(
        &self,
        request: &TokenExchange,
        details: &RequestDetails,
    ) -> Result<ExchangedToken, ServiceError> {
        let (account, secret) = (request.audience, self.server_secret.expose());
        let identity = match self.federation.workloads.verify(&request.subject_token).await {
            Ok(identity) => identity,
            Err(FederationError::Unavailable(reason)) => return Err(ServiceError::ProviderUnavailable(reason)),
            Err(FederationError::Refused(reason)) => {
                self.store.record_refused_exchange(secret, account, details).await?;
                return Err(refused(reason));
            }
        };
        let token = ApiToken::new(account, &random_bytes()?);
        let reach = self.store.exchange_token(secret, &identity, &token, details).await?;
        let reach = reach.ok_or_else(|| refused("no rule of the account fits, or there is no such account"))?;
        Ok(ExchangedToken { token, reach })
    }
}

fn refused(reason: &'static str) -> ServiceError {
    ServiceError::NotLetIn { told: NOT_EXCHANGED, reason }
}
