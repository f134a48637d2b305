//! Values leave the database here: one statement that proves the caller, finds the rows under his policies, writes a record
//! each and commits. Nothing of its answer may be used before the commit is confirmed. Single ones may share it with others
//! (`reveal_batch.rs`).

use std::num::NonZeroU32;

use sqlx::postgres::PgRow;
use sqlx::{Row, query};
use strongroom_types::{Binding, Caller, CredentialId, Purpose, Reference, RuntimeRole, UserId, WorkspaceId};
use tracing::{Instrument, info_span};
use uuid::Uuid;

use crate::error::StoreError;
use crate::reveal_batch::SingleReveal;
use crate::rows::parsed;
use crate::store::Store;

/// How many values a minute a user has for a purpose; None: as many as he likes.
pub type RevealLimit = Option<NonZeroU32>;

/// What became of an attempt; what the record says of it is committed by now.
#[derive(Debug)]
pub enum RevealOutcome {
    /// The envelope, and what it is bound to.
    Allowed { binding: Binding, envelope: String },
    /// There is no such credential, or no such version, or the caller may not know of it.
    NotFound,
    /// Several credentials answer to that provider and name, and none is more specific.
    Ambiguous,
    /// The credential is revoked.
    Revoked,
    /// The value has been destroyed.
    Purged,
    /// The caller knows of the credential, and may not have that value for that purpose.
    Forbidden(Denial),
    /// The user has used up his minute. The first such attempt of a minute is recorded.
    RateLimited { retry_after_seconds: u32 },
}

/// Why a value is not for the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// His token is not for it.
    TokenScope,
    /// It is not granted to him.
    Permission,
    /// The former version answers no more.
    GraceOver,
}

impl Store {
    /// Asks for the envelopes of up to a hundred credentials; as many outcomes, in their order.
    ///
    /// # Errors
    /// [`StoreError::Unauthenticated`], and whatever keeps the record from being committed; then there is no envelope.
    pub async fn reveal_credentials(
        &self,
        caller: &Caller,
        role: RuntimeRole,
        purpose: Purpose,
        references: &[Reference],
        limit: RevealLimit,
    ) -> Result<Vec<RevealOutcome>, StoreError> {
        // The admin path is rare, and many of one caller's are together already.
        if let ([reference], RuntimeRole::App) = (references, role) {
            let single = SingleReveal { caller: caller.clone(), purpose, reference: reference.clone(), limit };
            if let Some(outcome) = self.ask_in_company(&self.reveals, single).await? {
                return Ok(vec![outcome]);
            }
        }
        self.reveal_alone(caller, role, purpose, references, limit).await
    }

    async fn reveal_alone(
        &self,
        caller: &Caller,
        role: RuntimeRole,
        purpose: Purpose,
        references: &[Reference],
        limit: RevealLimit,
    ) -> Result<Vec<RevealOutcome>, StoreError> {
        let asked = Asked::of(references);
        // fetch_all and not fetch_one: it returns when the server is ready for the next statement, and so after the
        // commit; fetch_one returns at the first row, while the commit may yet fail.
        let rows = query(
            "SELECT * FROM strongroom.reveal_credentials($1, $2, $3::text::inet, $4, $5, $6, $7, $8, $9, $10, $11)
             ORDER BY position",
        )
        .bind(caller.token.expose())
        .bind(caller.request_id.0)
        .bind(caller.address.map(|address| address.to_string()))
        .bind(caller.user_agent.as_ref().map(|agent| agent.as_str()))
        .bind(purpose.to_string())
        .bind(limit.map(most))
        .bind(asked.ids)
        .bind(asked.providers)
        .bind(asked.names)
        .bind(asked.workspaces)
        .bind(asked.versions)
        .fetch_all(&mut *self.acquire(role).await?)
        .instrument(info_span!("reveal"))
        .await?;
        Ok(rows.iter().map(outcome).collect::<Result<_, _>>()?)
    }
}

pub(crate) fn most(limit: NonZeroU32) -> i32 {
    i32::try_from(limit.get()).unwrap_or(i32::MAX)
}

/// References as the columns that the statements take.
#[derive(Default)]
pub(crate) struct Asked<'a> {
    pub(crate) ids: Vec<Option<Uuid>>,
    pub(crate) providers: Vec<Option<&'a str>>,
    pub(crate) names: Vec<Option<&'a str>>,
    pub(crate) workspaces: Vec<Option<Uuid>>,
    pub(crate) versions: Vec<Option<i32>>,
}

impl<'a> Asked<'a> {
    pub(crate) fn of(references: impl IntoIterator<Item = &'a Reference>) -> Self {
        let mut asked = Self::default();
        for reference in references {
            let (by_id, by_name) = match reference {
                Reference::Id(by_id) => (Some(by_id), None),
                Reference::Name(by_name) => (None, Some(by_name)),
            };
            asked.ids.push(by_id.map(|r| r.id.0));
            asked.versions.push(by_id.and_then(|r| r.version));
            asked.providers.push(by_name.map(|r| r.provider.as_str()));
            asked.names.push(by_name.map(|r| r.name.as_str()));
            asked.workspaces.push(by_name.and_then(|r| r.workspace_id).map(|id| id.0));
        }
        asked
    }
}

pub(crate) fn outcome(row: &PgRow) -> Result<RevealOutcome, sqlx::Error> {
    let unknown = |what: &str| sqlx::Error::Decode(format!("unknown outcome {what}").into());
    Ok(match row.try_get::<&str, _>("outcome")? {
        "ALLOWED" => RevealOutcome::Allowed { binding: binding(row)?, envelope: row.try_get("encrypted_value")? },
        "NOT_FOUND" => RevealOutcome::NotFound,
        "AMBIGUOUS" => RevealOutcome::Ambiguous,
        "REVOKED" => RevealOutcome::Revoked,
        "PURGED" => RevealOutcome::Purged,
        "FORBIDDEN" => RevealOutcome::Forbidden(match row.try_get::<&str, _>("reason")? {
            "TOKEN_SCOPE" => Denial::TokenScope,
            "PERMISSION" => Denial::Permission,
            "GRACE_OVER" => Denial::GraceOver,
            other => return Err(unknown(other)),
        }),
        "RATE_LIMITED" => {
            let seconds: i32 = row.try_get("retry_after_seconds")?;
            RevealOutcome::RateLimited { retry_after_seconds: seconds.unsigned_abs() }
        }
        other => return Err(unknown(other)),
    })
}

fn binding(row: &PgRow) -> Result<Binding, sqlx::Error> {
    Ok(Binding {
        credential_id: CredentialId(row.try_get("id")?),
        owner_id: UserId(row.try_get("user_id")?),
        workspace_id: row.try_get::<Option<_>, _>("workspace_id")?.map(WorkspaceId),
        scope: parsed(row, "scope")?,
        version: row.try_get("version")?,
    })
}
