//! Invitations in the database. Accepting one is the only act that nobody has proven himself for; the invitation is
//! the proof, and a function that runs as the owner checks it.

use sqlx::{Row, query};
use strongroom_types::{
    AcceptInvitation, ApiToken, Invitation, InvitationId, InvitationToken, Lifetime, NewInvitation, TokenId, UserId,
};

use crate::error::StoreError;
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
            .fetch_all(self.pool(strongroom_types::RuntimeRole::App))
            .await?;
        Ok(())
    }
}
