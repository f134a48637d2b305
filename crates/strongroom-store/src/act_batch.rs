//! Looks at credentials, creations and rotations that go together (batcher.rs, docs/adr/0011-acts-together.md): what the
//! statement asks, and which row is whose. What cannot be done there is left to the calls in credentials.rs, which say why.

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{PgConnection, Row, query};
use strongroom_types::{Binding, Caller, CredentialId, Grace, NewCredential};
use tracing::{Instrument, info_span};
use uuid::Uuid;

use crate::batcher::{Batched, Callers};
use crate::credentials::{NextTerms, SealedVersion, credential, texts};
use crate::idempotency::{Kept, KeyedRequest};

/// What one caller asks of one credential.
pub(crate) struct Act {
    caller: Caller,
    id: CredentialId,
    /// For the database: a `credential_act`.
    what: Value,
    expires_at: Option<DateTime<Utc>>,
}

impl Act {
    pub(crate) fn look(caller: &Caller, id: CredentialId, request: Option<&KeyedRequest>) -> Self {
        let what = json!({ "kind": "LOOK", "id": id.0, "key": key(request) });
        Self { caller: caller.clone(), id, what, expires_at: None }
    }

    /// Under the caller's id, as what his envelope is bound to has it.
    pub(crate) fn create(
        caller: &Caller,
        binding: &Binding,
        new: &NewCredential,
        sealed: &SealedVersion,
        request: Option<&KeyedRequest>,
    ) -> Self {
        let what = json!({
            "kind": "CREATE",
            "id": binding.credential_id.0,
            "key": key(request),
            "fingerprint": fingerprint(request),
            "workspace_id": binding.workspace_id.map(|id| id.0),
            "name": new.name.as_str(),
            "provider": new.provider.as_str(),
            "type": new.kind.to_string(),
            "encrypted_value": sealed.envelope,
            "masked_value": sealed.masked_value,
            "description": new.description.as_ref().map(|d| d.as_str()),
            "metadata": new.metadata.clone().into_json(),
            "tags": texts(&new.tags),
        });
        Self { caller: caller.clone(), id: binding.credential_id, what, expires_at: new.expires_at }
    }

    pub(crate) fn rotate(
        caller: &Caller,
        binding: &Binding,
        sealed: &SealedVersion,
        terms: &NextTerms,
        request: Option<&KeyedRequest>,
    ) -> Self {
        let what = json!({
            "kind": "ROTATE",
            "id": binding.credential_id.0,
            "key": key(request),
            "fingerprint": fingerprint(request),
            "revision": terms.revision,
            "version": binding.version,
            "encrypted_value": sealed.envelope,
            "masked_value": sealed.masked_value,
            "grace": terms.grace.map(Grace::seconds),
        });
        Self { caller: caller.clone(), id: binding.credential_id, what, expires_at: terms.expires_at }
    }
}

impl Batched for Act {
    type Outcome = Kept;

    fn caller(&self) -> &Caller {
        &self.caller
    }

    async fn ask(connection: &mut PgConnection, batch: &[Self]) -> Result<Vec<PgRow>, sqlx::Error> {
        let callers = Callers::of(batch);
        // fetch_all, as in reveals.rs: it returns after the commit.
        query(
            "SELECT position, outcome, (credential).*
             FROM strongroom.act_together($1, $2, $3::text[]::inet[], $4, $5, $6) ORDER BY position",
        )
        .bind(callers.secrets)
        .bind(callers.requests)
        .bind(callers.addresses)
        .bind(callers.agents)
        .bind(Json(batch.iter().map(|act| &act.what).collect::<Vec<_>>()))
        .bind(batch.iter().map(|act| act.expires_at).collect::<Vec<_>>())
        .fetch_all(connection)
        .instrument(info_span!("act", together = batch.len()))
        .await
    }

    fn is_answered_by(&self, row: &PgRow) -> bool {
        row.try_get::<Option<Uuid>, _>("id").is_ok_and(|found| found.is_none_or(|found| found == self.id.0))
    }

    fn outcome(row: &PgRow) -> Result<Kept, sqlx::Error> {
        Ok(Kept { credential: credential(row)?, repeated: false })
    }
}

fn key(request: Option<&KeyedRequest>) -> Option<&str> {
    request.map(|request| request.key.as_str())
}

/// As PostgreSQL reads bytes.
fn fingerprint(request: Option<&KeyedRequest>) -> Option<String> {
    request.map(|request| format!("\\x{}", HEXLOWER.encode(&request.fingerprint)))
}
