//! Invitations. An administrator asks a person in and never holds that person's token: were he able to make one for
//! somebody who is in already, he could read what is personal.

use strongroom_crypto::random_bytes;
use strongroom_store::StoreError;
use strongroom_types::{
    AcceptInvitation, ApiToken, Caller, Invitation, InvitationToken, NewInvitation, RuntimeRole, UserId,
};

use crate::error::ServiceError;
use crate::vault::Vault;

impl Vault {
    /// Makes an invitation for that address, good for seven days and once.
    ///
    /// # Errors
    /// The store's `Forbidden` where the caller is no administrator.
    pub async fn invite(
        &self,
        caller: &Caller,
        new: &NewInvitation,
    ) -> Result<(Invitation, InvitationToken), ServiceError> {
        let token = InvitationToken::new(&random_bytes()?);
        let mut transaction = self.store.begin(caller, RuntimeRole::System).await?;
        let invitation = transaction.insert_invitation(caller.user_id(), &token, new).await?;
        transaction.commit().await?;
        Ok((invitation, token))
    }

    /// Makes a person of an invitation and hands him his first API token.
    ///
    /// # Errors
    /// The store's `Unauthenticated` for an invitation that is unknown, used or expired; [`ServiceError::Conflict`]
    /// for an address that has an account; [`ServiceError::Invalid`] where an address is needed.
    pub async fn accept_invitation(
        &self,
        invitation: &InvitationToken,
        accept: &AcceptInvitation,
    ) -> Result<ApiToken, ServiceError> {
        let token = ApiToken::new(UserId::generate(), &random_bytes()?);
        match self.store.accept_invitation(invitation, accept, &token).await {
            Err(StoreError::Conflict) => Err(ServiceError::Conflict("that e-mail address has an account")),
            Err(StoreError::Constraint) => Err(ServiceError::Invalid("this invitation needs an email")),
            accepted => Ok(accepted.map(|()| token)?),
        }
    }
}
