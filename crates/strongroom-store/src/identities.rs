//! Identities in the database, and the sign-ins that are on their way to a provider. Whoever signs somebody in says the
//! server's secret first; it is bound, as are all others, and hashed in the statement.

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::PgRow;
use sqlx::{Row, query};
use strongroom_types::{
    FederatedIdentity, Identity, IdentityId, NewSession, PageRequest, PendingSignIn, RequestDetails, RuntimeRole,
    UserId,
};

use crate::error::StoreError;
use crate::store::{Store, Transaction};

const BEGIN: &str = "SELECT strongroom.begin_oidc_sign_in($1, $2, $3, $4, $5, $6)";

/// What a browser must bring back: the one in the address, the other in a cookie.
pub struct SignInProof<'a> {
    pub state: &'a str,
    pub browser: &'a SecretString,
}

impl Store {
    /// Keeps a sign-in for the return of the browser.
    ///
    /// # Errors
    /// [`StoreError::ServerNotProven`].
    pub async fn begin_sign_in(
        &self,
        server_secret: &[u8],
        proof: &SignInProof<'_>,
        pending: &PendingSignIn,
    ) -> Result<(), StoreError> {
        bound_begin(server_secret, proof, pending).fetch_all(self.pool(RuntimeRole::App)).await?;
        Ok(())
    }

    /// Takes a sign-in, once. None: there is no such one, or it is another browser's.
    ///
    /// # Errors
    /// [`StoreError::ServerNotProven`].
    pub async fn take_sign_in(
        &self,
        server_secret: &[u8],
        proof: &SignInProof<'_>,
    ) -> Result<Option<PendingSignIn>, StoreError> {
        let rows = query("SELECT * FROM strongroom.take_oidc_sign_in($1, $2, $3)")
            .bind(server_secret)
            .bind(proof.state.as_bytes())
            .bind(proof.browser.expose_secret().as_bytes())
            .fetch_all(self.pool(RuntimeRole::App))
            .await?;
        Ok(rows.first().map(pending).transpose()?)
    }

    /// Begins a session of the person whose identity it is, or who has been invited under its address, and says when it
    /// ends at the latest. None: nobody.
    ///
    /// # Errors
    /// [`StoreError::ServerNotProven`]; [`StoreError::Conflict`] where somebody came in by that address meanwhile.
    pub async fn sign_in_with_identity(
        &self,
        server_secret: &[u8],
        identity: &FederatedIdentity,
        session: &NewSession,
        details: &RequestDetails,
    ) -> Result<Option<(UserId, DateTime<Utc>)>, StoreError> {
        let rows = query(
            "SELECT * FROM strongroom.sign_in_with_identity($1, $2, $3, $4, $5, $6, $7, $8, $9, make_interval(secs => $10),
                                                            make_interval(secs => $11), $12, $13::text::inet, $14)",
        )
        .bind(server_secret)
        .bind(&identity.issuer)
        .bind(&identity.subject)
        .bind(identity.verified_email.as_ref().map(|email| email.as_str()))
        .bind(identity.name.as_ref().map(|name| name.as_str()))
        .bind(UserId::generate().0)
        .bind(IdentityId::generate().0)
        .bind(session.id.0)
        .bind(&session.random[..])
        .bind(session.idle_timeout.as_secs_f64())
        .bind(session.lifetime.as_secs_f64())
        .bind(details.request_id.0)
        .bind(details.address.map(|address| address.to_string()))
        .bind(details.user_agent.as_ref().map(|agent| agent.as_str()))
        .fetch_all(self.pool(RuntimeRole::App))
        .await?;
        let begun = |row: &PgRow| Ok::<_, sqlx::Error>((UserId(row.try_get("user_id")?), row.try_get("expires_at")?));
        Ok(rows.first().map(begun).transpose()?)
    }
}

impl Transaction {
    /// Keeps a sign-in that is to link an identity to the caller.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`] where the caller has no session; [`StoreError::ServerNotProven`].
    pub async fn begin_link(
        &mut self,
        server_secret: &[u8],
        proof: &SignInProof<'_>,
        pending: &PendingSignIn,
    ) -> Result<(), StoreError> {
        bound_begin(server_secret, proof, pending).execute(self.connection()).await?;
        Ok(())
    }

    /// Links an identity to the caller, who must have begun it.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`] where he has not, or has no session; [`StoreError::Conflict`] where the identity is
    /// another person's; [`StoreError::ServerNotProven`].
    pub async fn link_identity(
        &mut self,
        server_secret: &[u8],
        started_by: UserId,
        identity: &FederatedIdentity,
    ) -> Result<(), StoreError> {
        query("SELECT strongroom.link_identity($1, $2, $3, $4, $5)")
            .bind(server_secret)
            .bind(started_by.0)
            .bind(IdentityId::generate().0)
            .bind(&identity.issuer)
            .bind(&identity.subject)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// The caller's identities, newest first, one more than the page.
    ///
    /// # Errors
    /// As any statement.
    pub async fn identities(&mut self, page: &PageRequest<IdentityId>) -> Result<Vec<Identity>, StoreError> {
        let rows = query(
            "SELECT id, issuer, subject, created_at FROM strongroom.identities
             WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2",
        )
        .bind(page.cursor.map(|id| id.0))
        .bind(page.limit.with_lookahead())
        .fetch_all(self.connection())
        .await?;
        Ok(rows.iter().map(identity).collect::<Result<_, _>>()?)
    }

    /// Takes an identity away from the caller. False: he has none of that id.
    ///
    /// # Errors
    /// As any statement.
    pub async fn unlink_identity(&mut self, id: IdentityId) -> Result<bool, StoreError> {
        let done =
            query("DELETE FROM strongroom.identities WHERE id = $1").bind(id.0).execute(self.connection()).await?;
        Ok(done.rows_affected() == 1)
    }
}

fn bound_begin<'q>(
    server_secret: &'q [u8],
    proof: &'q SignInProof<'q>,
    pending: &'q PendingSignIn,
) -> sqlx::query::Query<'q, sqlx::Postgres, sqlx::postgres::PgArguments> {
    query(BEGIN)
        .bind(server_secret)
        .bind(proof.state.as_bytes())
        .bind(proof.browser.expose_secret().as_bytes())
        .bind(&pending.nonce)
        .bind(pending.pkce_verifier.expose_secret())
        .bind(pending.return_to.as_str())
}

fn pending(row: &PgRow) -> Result<PendingSignIn, sqlx::Error> {
    let return_to = row.try_get::<String, _>("return_to")?.try_into();
    Ok(PendingSignIn {
        nonce: row.try_get("nonce")?,
        pkce_verifier: row.try_get::<String, _>("pkce_verifier")?.into(),
        return_to: return_to.map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
        started_by: row.try_get::<Option<_>, _>("user_id")?.map(UserId),
    })
}

fn identity(row: &PgRow) -> Result<Identity, sqlx::Error> {
    Ok(Identity {
        id: IdentityId(row.try_get("id")?),
        issuer: row.try_get("issuer")?,
        subject: row.try_get("subject")?,
        created_at: row.try_get("created_at")?,
    })
}
