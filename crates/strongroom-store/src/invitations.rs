//! Invitations in the database. Accepting one is the only act that nobody has proven himself for; the invitation is
//! the proof, and a function that runs as the owner checks it.

use sqlx::{Row, query, query_scalar};
use strongroom_types::{
    AcceptInvitation, ApiToken, Invitation, InvitationId, InvitationToken, Lifetime, NewInvitation, RuntimeRole,
    TokenId, UserId,
};

use crate::error::StoreError;
use crate::passwords::KeptPassword;
use crate::store::{Store, Transaction};

impl Transaction {
    /// Adds an invitation in the caller's name, good for seven days.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`] where the caller is no administrator.
    pub async fn insert_invitation(
        &mut self,
        inviter: UserId,
        token: &InvitationToken,
        new: &NewInvitation,
    ) -> Result<Invitation, StoreError> {
        let row = query(
            "INSERT INTO strongroom.invitations (id, token_hash, email, is_admin, created_by, expires_at)
             VALUES ($1, sha256($2), $3, $4, $5, now() + interval '7 days')
             RETURNING id, email, is_admin, expires_at",
        )
        .bind(InvitationId::generate().0)
        .bind(token.expose())
        .bind(new.email.as_str())
        .bind(new.is_admin)
        .bind(inviter.0)
        .fetch_one(self.connection())
        .await?;
        Ok(Invitation {
            id: InvitationId(row.try_get("id")?),
            email: row.try_get("email")?,
            is_admin: row.try_get("is_admin")?,
            expires_at: row.try_get("expires_at")?,
        })
    }
}

impl Store {
    /// Makes a person of an invitation, with a first API token. The invitation is used up.
    ///
    /// # Errors
    /// [`StoreError::Unauthenticated`] for a secret that is not that of a live invitation;
    /// [`StoreError::Conflict`] where the address has an account; [`StoreError::Constraint`] where neither the
    /// invitation nor the person gives an address.
    pub async fn accept_invitation(
        &self,
        invitation: &InvitationToken,
        accept: &AcceptInvitation,
        token: &ApiToken,
    ) -> Result<(), StoreError> {
        query("SELECT strongroom.accept_invitation($1, $2, $3, $4, $5, sha256($6), make_interval(days => $7))")
            .bind(invitation.expose())
            .bind(token.user_id().0)
            .bind(accept.email.as_ref().map(|e| e.as_str()))
            .bind(accept.display_name.as_str())
            .bind(TokenId::generate().0)
            .bind(token.expose())
            .bind(Lifetime::default().days())
            .fetch_all(self.pool(RuntimeRole::App))
            .await?;
        Ok(())
    }

    /// The address that a live invitation names; None: whoever accepts it names his own.
    ///
    /// # Errors
    /// [`StoreError::Unauthenticated`] for a secret that is not that of a live invitation.
    pub async fn invited_email(&self, invitation: &InvitationToken) -> Result<Option<String>, StoreError> {
        let email = query_scalar("SELECT strongroom.invited_email($1)").bind(invitation.expose());
        Ok(email.fetch_one(self.pool(RuntimeRole::App)).await?)
    }

    /// The same as [`Store::accept_invitation`], with a password besides, or not at all.
    ///
    /// # Errors
    /// Those of [`Store::accept_invitation`].
    pub async fn accept_invitation_with_password(
        &self,
        server_secret: &[u8],
        invitation: &InvitationToken,
        accept: &AcceptInvitation,
        token: &ApiToken,
        password: &KeptPassword<'_>,
    ) -> Result<(), StoreError> {
        // The password first: its parameters are bound in one piece.
        let accept_with_password = "SELECT strongroom.accept_invitation_with_password(
            $1, $7, $8, $9, $10, $11, sha256($12), make_interval(days => $13), $2, $3, $4, $5, $6)";
        password
            .bind(query(accept_with_password).bind(server_secret))
            .bind(invitation.expose())
            .bind(token.user_id().0)
            .bind(accept.email.as_ref().map(|e| e.as_str()))
            .bind(accept.display_name.as_str())
            .bind(TokenId::generate().0)
            .bind(token.expose())
            .bind(Lifetime::default().days())
            .fetch_all(self.pool(RuntimeRole::App))
            .await?;
        Ok(())
    }
}
