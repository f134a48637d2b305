//! Invitations. An administrator asks a person in and never holds that person's token: were he able to make one for
//! somebody who is in already, he could read what is personal.

use strongroom_crypto::random_bytes;
use strongroom_store::{KeptPassword, StoreError};
use strongroom_types::{
    AcceptInvitation, ApiToken, Caller, Invitation, InvitationToken, NewInvitation, NewPassword, RuntimeRole, UserId,
};

use crate::error::ServiceError;
use crate::passwords::check;
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
        let mut transaction = self.store.begin_full(caller, RuntimeRole::System).await?;
        let invitation = transaction.insert_invitation(caller.user_id(), &token, new).await?;
        transaction.commit().await?;
        Ok((invitation, token))
    }

    /// Makes a person of an invitation and hands him his first API token.
    ///
    /// # Errors
    /// The store's `Unauthenticated` for an invitation that is unknown, used or expired; [`ServiceError::Conflict`]
    /// for an address that has an account; [`ServiceError::Invalid`] where an address is needed, or
    /// is the password.
    pub async fn accept_invitation(
        &self,
        invitation: &InvitationToken,
        accept: &AcceptInvitation,
    ) -> Result<ApiToken, ServiceError> {
        let token = ApiToken::new(UserId::generate(), &random_bytes()?);
        let accepted = match &accept.password {
            None => self.store.accept_invitation(invitation, accept, &token).await.map_err(ServiceError::from),
            Some(password) => self.accept_with_password(invitation, accept, &token, password).await,
        };
        match accepted {
            Err(ServiceError::Store(StoreError::Conflict)) => {
                Err(ServiceError::Conflict("that e-mail address has an account"))
            }
            Err(ServiceError::Store(StoreError::Constraint)) => {
                Err(ServiceError::Invalid("this invitation needs an email"))
            }
            accepted => accepted.map(|()| token),
        }
    }

    /// The invitation is looked at before anything is derived: whoever has none makes no work.
    async fn accept_with_password(
        &self,
        invitation: &InvitationToken,
        accept: &AcceptInvitation,
        token: &ApiToken,
        password: &NewPassword,
    ) -> Result<(), ServiceError> {
        let invited = self.store.invited_email(invitation).await?;
        let email = invited.as_deref().or(accept.email.as_ref().map(|email| email.as_str()));
        check(password, email.unwrap_or_default())?;
        let (parameters, proof) = self.keep(password.as_password()).await?;
        let (server_secret, kept) = (self.server_secret.expose(), KeptPassword { parameters, proof: &proof });
        Ok(self.store.accept_invitation_with_password(server_secret, invitation, accept, token, &kept).await?)
    }
}
