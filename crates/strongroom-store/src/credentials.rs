//! Credentials in the database. Row-level security decides which rows there are; nothing here filters by owner. What is
//! done most is one call each, which proves its caller itself. Envelopes go in and never come out: that is reveals.rs.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{Row, query, query_scalar};
use strongroom_types::{
    Binding, Caller, Credential, CredentialFilter, CredentialId, CredentialPatch, Grace, NameReference, NewCredential,
    RuntimeRole, Tags, UserId, WorkspaceId,
};
use uuid::Uuid;

use crate::act_batch::Act;
use crate::error::StoreError;
use crate::idempotency::{Kept, KeyedRequest};
use crate::rows::{all_parsed, containing, parsed};
use crate::store::{Store, Transaction, call};

macro_rules! columns {
    () => {
        "id, user_id, workspace_id, name, provider, type::text AS kind, scope::text AS scope, masked_value, version, \
         revision, description, tags, metadata, is_active, expires_at, last_used_at, rotated_at, former_answers_until, \
         revoked_at, purged_at, created_at, updated_at, \
         CASE WHEN scope = 'SYSTEM' OR (scope = 'USER' AND user_id = (SELECT strongroom.current_user_id())) \
                   OR workspace_id = ANY ((SELECT strongroom.caller_workspaces('{OWNER,ADMIN}'))::uuid[]) \
              THEN '{USE,REVEAL,MANAGE}' ELSE strongroom.granted_permissions(id)::text[] END AS permissions"
    };
}

/// A sealed value on its way in.
#[derive(Debug)]
pub struct SealedVersion {
    /// For `encrypted_value`.
    pub envelope: String,
    /// What may be shown of the value.
    pub masked_value: String,
}

/// What a rotation asks of the credential, and says of it besides the value.
#[derive(Debug)]
pub struct NextTerms {
    /// The one that it must have; None: any.
    pub revision: Option<i32>,
    /// None: it stays as it is.
    pub expires_at: Option<DateTime<Utc>>,
    /// For how long the former version answers.
    pub grace: Option<Grace>,
}

impl Store {
    /// The credentials that the caller may know of, newest first, one more than the page.
    ///
    /// # Errors
    /// As any call.
    pub async fn list_credentials(
        &self,
        caller: &Caller,
        role: RuntimeRole,
        filter: &CredentialFilter,
    ) -> Result<Vec<Credential>, StoreError> {
        let list = call(
            "SELECT * FROM strongroom.list_credentials($1, $2, $3::text::inet, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
                                                       $14, $15)",
            caller,
        )
        .bind(filter.cursor.map(|id| id.0))
        .bind(filter.provider.as_ref().map(|p| p.as_str()))
        .bind(filter.kind.map(|k| k.to_string()))
        .bind(filter.scope.map(|s| s.to_string()))
        .bind(filter.workspace_id.map(|id| id.0))
        .bind(filter.active)
        .bind(filter.text.as_ref().map(|t| containing(t.as_str())))
        .bind(filter.tag.as_ref().map(|t| t.as_str()))
        .bind(filter.expires_before)
        .bind(filter.unused_since)
        .bind(filter.limit.with_lookahead());
        Ok(self.rows_of(role, list).await?.iter().map(credential).collect::<Result<_, _>>()?)
    }

    /// The credential, or the one that the caller's earlier request with that key was about. None: he may not know of it.
    ///
    /// # Errors
    /// [`StoreError::KeyReused`] where that was another request; as any call.
    pub async fn find_credential(
        &self,
        caller: &Caller,
        role: RuntimeRole,
        id: CredentialId,
        request: Option<&KeyedRequest>,
    ) -> Result<Option<Kept>, StoreError> {
        if role == RuntimeRole::App
            && let Some(kept) = self.ask_in_company(&self.looks, Act::look(caller, id, request)).await?
        {
            return Ok(Some(kept));
        }
        let find = call(
            "SELECT (credential).*, repeated FROM strongroom.find_credential($1, $2, $3::text::inet, $4, $5, $6, $7)",
            caller,
        )
        .bind(request.map(|r| r.key.as_str()))
        .bind(request.map(|r| &r.fingerprint[..]))
        .bind(id.0);
        Ok(self.rows_of(role, find).await?.first().map(kept).transpose()?)
    }

    /// Adds a credential under the id, owner, workspace and scope that its envelope is bound to. Repeated: an earlier
    /// request with that key did, or one that was under way. None: it did, and the caller may not know of it any more.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where its owner has an active one of that workspace, provider and name;
    /// [`StoreError::Forbidden`] where the caller may not add one there; [`StoreError::KeyReused`]; as any call. Then
    /// nothing was kept, the key neither.
    pub async fn create_credential(
        &self,
        caller: &Caller,
        role: RuntimeRole,
        binding: &Binding,
        new: NewCredential,
        sealed: &SealedVersion,
        request: Option<&KeyedRequest>,
    ) -> Result<Option<Kept>, StoreError> {
        if role == RuntimeRole::App {
            let act = Act::create(caller, binding, &new, sealed, request);
            if let Some(kept) = self.ask_in_company(&self.changes, act).await? {
                return Ok(Some(kept));
            }
        }
        let create = call(
            "SELECT (credential).*, repeated FROM strongroom.create_credential(
                 $1, $2, $3::text::inet, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)",
            caller,
        )
        .bind(request.map(|r| r.key.as_str()))
        .bind(request.map(|r| &r.fingerprint[..]))
        .bind(binding.credential_id.0)
        .bind(binding.owner_id.0)
        .bind(binding.workspace_id.map(|id| id.0))
        .bind(binding.scope.to_string())
        .bind(new.name.as_str())
        .bind(new.provider.as_str())
        .bind(new.kind.to_string())
        .bind(&sealed.envelope)
        .bind(&sealed.masked_value)
        .bind(new.description.as_ref().map(|d| d.as_str()))
        .bind(new.expires_at)
        .bind(new.metadata.into_json())
        .bind(texts(&new.tags));
        Ok(self.rows_of(role, create).await?.first().map(kept).transpose()?)
    }

    /// Puts the next version in place; the database keeps the former one. Repeated: an earlier request with that key did.
    ///
    /// # Errors
    /// [`StoreError::Unchanged`] where the caller may not change such a one, or it is not active, or has another revision,
    /// or has moved on from `binding.version - 1`; [`StoreError::KeyReused`]; as any call. Then nothing was kept, the key
    /// neither.
    pub async fn rotate_credential(
        &self,
        caller: &Caller,
        role: RuntimeRole,
        binding: &Binding,
        sealed: &SealedVersion,
        terms: &NextTerms,
        request: Option<&KeyedRequest>,
    ) -> Result<Kept, StoreError> {
        if role == RuntimeRole::App {
            let act = Act::rotate(caller, binding, sealed, terms, request);
            if let Some(kept) = self.ask_in_company(&self.changes, act).await? {
                return Ok(kept);
            }
        }
        let rotate = call(
            "SELECT (credential).*, repeated FROM strongroom.rotate_credential(
                 $1, $2, $3::text::inet, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
            caller,
        )
        .bind(request.map(|r| r.key.as_str()))
        .bind(request.map(|r| &r.fingerprint[..]))
        .bind(binding.credential_id.0)
        .bind(terms.revision)
        .bind(binding.version)
        .bind(&sealed.envelope)
        .bind(&sealed.masked_value)
        .bind(terms.expires_at)
        .bind(terms.grace.map(Grace::seconds));
        let rows = self.rows_of(role, rotate).await?;
        Ok(kept(rows.first().ok_or(sqlx::Error::RowNotFound)?)?)
    }
}

impl Transaction {
    /// The credential, if the caller may know of it.
    ///
    /// # Errors
    /// As any statement.
    pub async fn credential(&mut self, id: CredentialId) -> Result<Option<Credential>, StoreError> {
        let row =
            query("SELECT * FROM strongroom.credential_by_id($1)").bind(id.0).fetch_optional(self.connection()).await?;
        Ok(row.as_ref().map(credential).transpose()?)
    }

    /// The caller's most specific credential of that provider and name. None: there is none.
    ///
    /// # Errors
    /// [`StoreError::Ambiguous`] where several are equally specific.
    pub async fn resolve_credential(&mut self, wanted: &NameReference) -> Result<Option<Credential>, StoreError> {
        let ids: Vec<Uuid> = query_scalar("SELECT strongroom.resolve_credential($1, $2, $3)")
            .bind(wanted.provider.as_str())
            .bind(wanted.name.as_str())
            .bind(wanted.workspace_id.map(|id| id.0))
            .fetch_one(self.connection())
            .await?;
        match ids.as_slice() {
            [] => Ok(None),
            [id] => self.credential(CredentialId(*id)).await,
            _ => Err(StoreError::Ambiguous),
        }
    }

    /// Changes what is known of a credential. None: the caller may not change such a one, or it has another revision.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where the new name is taken.
    pub async fn update_credential(
        &mut self,
        id: CredentialId,
        revision: Option<i32>,
        patch: CredentialPatch,
    ) -> Result<Option<Credential>, StoreError> {
        let row = query(concat!(
            "UPDATE strongroom.user_credentials
             SET name = coalesce($3, name),
                 description = CASE WHEN $4 THEN $5 ELSE description END,
                 expires_at = CASE WHEN $6 THEN $7 ELSE expires_at END,
                 metadata = coalesce($8, metadata),
                 tags = coalesce($9, tags)
             WHERE id = $1 AND ($2::integer IS NULL OR revision = $2)
             RETURNING ",
            columns!()
        ))
        .bind(id.0)
        .bind(revision)
        .bind(patch.name.as_ref().map(|n| n.as_str()))
        .bind(patch.description.is_some())
        .bind(patch.description.as_ref().and_then(|d| d.as_ref()).map(|d| d.as_str()))
        .bind(patch.expires_at.is_some())
        .bind(patch.expires_at.flatten())
        .bind(patch.metadata.map(|m| m.into_json()))
        .bind(patch.tags.as_ref().map(texts))
        .fetch_optional(self.connection())
        .await?;
        Ok(row.as_ref().map(credential).transpose()?)
    }

    /// Revokes a credential, or restores it; the value stays sealed where it is. None: the caller may not change such a
    /// one, or it has another revision.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where its name has been given to another since; [`StoreError::Constraint`] where the value
    /// that would be restored has been destroyed.
    pub async fn set_credential_active(
        &mut self,
        id: CredentialId,
        revision: Option<i32>,
        active: bool,
    ) -> Result<Option<Credential>, StoreError> {
        let row = query(concat!(
            "UPDATE strongroom.user_credentials SET is_active = $3
             WHERE id = $1 AND ($2::integer IS NULL OR revision = $2) RETURNING ",
            columns!()
        ))
        .bind(id.0)
        .bind(revision)
        .bind(active)
        .fetch_optional(self.connection())
        .await?;
        Ok(row.as_ref().map(credential).transpose()?)
    }
}

pub(crate) fn texts(tags: &Tags) -> Vec<String> {
    tags.as_slice().iter().map(|tag| tag.as_str().to_owned()).collect()
}

fn kept(row: &PgRow) -> Result<Kept, sqlx::Error> {
    Ok(Kept { credential: credential(row)?, repeated: row.try_get("repeated")? })
}

pub(crate) fn credential(row: &PgRow) -> Result<Credential, sqlx::Error> {
    let Json(metadata): Json<serde_json::Map<String, Value>> = row.try_get("metadata")?;
    Ok(Credential {
        id: CredentialId(row.try_get("id")?),
        user_id: UserId(row.try_get("user_id")?),
        workspace_id: row.try_get::<Option<_>, _>("workspace_id")?.map(WorkspaceId),
        name: row.try_get("name")?,
        provider: row.try_get("provider")?,
        kind: parsed(row, "kind")?,
        scope: parsed(row, "scope")?,
        masked_value: row.try_get("masked_value")?,
        version: row.try_get("version")?,
        revision: row.try_get("revision")?,
        permissions: all_parsed(row, "permissions")?,
        description: row.try_get("description")?,
        tags: row.try_get("tags")?,
        metadata,
        is_active: row.try_get("is_active")?,
        expires_at: row.try_get("expires_at")?,
        last_used_at: row.try_get("last_used_at")?,
        rotated_at: row.try_get("rotated_at")?,
        former_answers_until: row.try_get("former_answers_until")?,
        revoked_at: row.try_get("revoked_at")?,
        purged_at: row.try_get("purged_at")?,
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
    })
}
