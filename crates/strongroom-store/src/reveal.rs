//! A reveal: one statement that proves the caller, reads the row under his policies, writes the record and commits.
//! Nothing of its answer may be used before the commit is confirmed.

use std::num::NonZeroU32;

use sqlx::postgres::PgRow;
use sqlx::{Row, query};
use strongroom_types::{Binding, Caller, CredentialId, RuntimeRole, UserId, WorkspaceId};

use crate::error::StoreError;
use crate::rows::parsed;
use crate::store::Store;

/// How many reveals a minute a user has; None: as many as he likes.
pub type RevealLimit = Option<NonZeroU32>;

/// What became of an attempt; what the record says of it is committed by now.
#[derive(Debug)]
pub enum RevealOutcome {
    /// The envelope, and what it is bound to.
    Allowed { binding: Binding, envelope: String },
    /// The credential is revoked.
    Revoked,
    /// The user has used up his minute. The first such attempt of a minute is recorded.
    RateLimited { retry_after_seconds: u32 },
}

impl Store {
    /// Asks for the envelope of a credential's current version. None: the caller may not know of the credential.
    ///
    /// # Errors
    /// [`StoreError::Unauthenticated`], and whatever keeps the record from being committed; then there is no envelope.
    pub async fn reveal_credential(
        &self,
        caller: &Caller,
        role: RuntimeRole,
        id: CredentialId,
        limit: RevealLimit,
    ) -> Result<Option<RevealOutcome>, StoreError> {
        // fetch_all and not fetch_one: it returns when the server is ready for the next statement, and so after the
        // commit; fetch_one returns at the first row, while the commit may yet fail.
        let rows = query("SELECT * FROM strongroom.reveal_credential($1, $2, $3, $4)")
            .bind(caller.token.expose())
            .bind(id.0)
            .bind(limit.map(|l| i32::try_from(l.get()).unwrap_or(i32::MAX)))
            .bind(caller.request_id.0)
            .fetch_all(self.pool(role))
            .await?;
        Ok(rows.first().map(|row| outcome(row, id)).transpose()?)
    }
}

fn outcome(row: &PgRow, id: CredentialId) -> Result<RevealOutcome, sqlx::Error> {
    match row.try_get::<&str, _>("outcome")? {
        "ALLOWED" => {
            let binding = Binding {
                credential_id: id,
                owner_id: UserId(row.try_get("user_id")?),
                workspace_id: row.try_get::<Option<_>, _>("workspace_id")?.map(WorkspaceId),
                scope: parsed(row, "scope")?,
                version: row.try_get("version")?,
            };
            Ok(RevealOutcome::Allowed { binding, envelope: row.try_get("encrypted_value")? })
        }
        "REVOKED" => Ok(RevealOutcome::Revoked),
        "RATE_LIMITED" => {
            let seconds: i32 = row.try_get("retry_after_seconds")?;
            Ok(RevealOutcome::RateLimited { retry_after_seconds: seconds.unsigned_abs() })
        }
        other => Err(sqlx::Error::Decode(format!("unknown outcome {other}").into())),
    }
}
