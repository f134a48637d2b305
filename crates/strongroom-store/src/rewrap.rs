//! Envelopes for whoever has the server's own secret: every version once, and their replacement by the same value under
//! another key. No value is opened here, and no row's owner is a caller.

use sqlx::postgres::PgRow;
use sqlx::{Row, query, query_scalar};
use strongroom_types::{Binding, CredentialId, RuntimeRole, UserId, WorkspaceId};

use crate::error::StoreError;
use crate::rows::parsed;
use crate::store::Store;

/// One version of a credential, and the key that it is under.
#[derive(Debug)]
pub struct KeyedVersion {
    pub binding: Binding,
    /// None: what is there is no envelope.
    pub key_id: Option<String>,
    /// Unless it is under a key whose envelopes were not asked for.
    pub envelope: Option<String>,
}

/// An envelope, and what is to take its place.
#[derive(Debug)]
pub struct Rewrapped {
    pub binding: Binding,
    pub former: String,
    pub renewed: String,
}

/// An envelope of the vault's own, of which there is one, and what is to take its place, under that key.
#[derive(Debug)]
pub struct RewrappedOwn {
    pub current_key: String,
    pub former: String,
    pub renewed: String,
}

/// As many as are read at once: 20 MB, were all of them as long as can be.
const BATCH: i32 = 200;

impl Store {
    /// Versions of all credentials, current and former and not purged, by id and number, after the one that is named; an
    /// empty list is the end. Envelopes come unless they are under one of those keys.
    ///
    /// # Errors
    /// [`StoreError::ServerNotProven`], and as any statement.
    pub async fn keyed_versions(
        &self,
        server_secret: &[u8],
        after: Option<&Binding>,
        except_under: &[&str],
    ) -> Result<Vec<KeyedVersion>, StoreError> {
        let rows = query("SELECT * FROM strongroom.sealed_envelopes($1, $2, $3, $4, $5)")
            .bind(server_secret)
            .bind(after.map(|binding| binding.credential_id.0))
            .bind(after.map(|binding| binding.version))
            .bind(except_under)
            .bind(BATCH)
            .fetch_all(self.pool(RuntimeRole::System))
            .await?;
        Ok(rows.iter().map(keyed_version).collect::<Result<_, _>>()?)
    }

    /// Replaces those that are still what they were; returns how many.
    ///
    /// # Errors
    /// [`StoreError::ServerNotProven`]; [`StoreError::Constraint`] where it is not the same value under that key.
    pub async fn rewrap(
        &self,
        server_secret: &[u8],
        current_key: &str,
        batch: &[Rewrapped],
    ) -> Result<i32, StoreError> {
        let replaced = query_scalar("SELECT strongroom.rewrap_envelopes($1, $2, $3, $4, $5, $6)")
            .bind(server_secret)
            .bind(current_key)
            .bind(batch.iter().map(|one| one.binding.credential_id.0).collect::<Vec<_>>())
            .bind(batch.iter().map(|one| one.binding.version).collect::<Vec<_>>())
            .bind(batch.iter().map(|one| one.former.as_str()).collect::<Vec<_>>())
            .bind(batch.iter().map(|one| one.renewed.as_str()).collect::<Vec<_>>());
        Ok(replaced.fetch_one(self.pool(RuntimeRole::System)).await?)
    }

    /// Replaces the envelope of the server's own secret, if it is still that. False: it is another one.
    ///
    /// # Errors
    /// As [`Self::rewrap`].
    pub async fn rewrap_server_secret(&self, server_secret: &[u8], own: &RewrappedOwn) -> Result<bool, StoreError> {
        self.rewrap_own("SELECT strongroom.rewrap_server_secret($1, $2, $3, $4)", server_secret, own).await
    }

    /// As [`Self::rewrap_server_secret`], for the key that signs the record.
    ///
    /// # Errors
    /// The same.
    pub async fn rewrap_record_key(&self, server_secret: &[u8], own: &RewrappedOwn) -> Result<bool, StoreError> {
        self.rewrap_own("SELECT strongroom.rewrap_record_key($1, $2, $3, $4)", server_secret, own).await
    }

    /// Keeps nothing under that key from now on, whoever seals; what was begun before is there when this returns.
    ///
    /// # Errors
    /// [`StoreError::ServerNotProven`]; [`StoreError::Unavailable`] where somebody writes for too long.
    pub async fn retire_key(&self, server_secret: &[u8], key_id: &str) -> Result<(), StoreError> {
        let retire = query("SELECT strongroom.retire_key($1, $2)").bind(server_secret).bind(key_id);
        retire.execute(self.pool(RuntimeRole::System)).await?;
        Ok(())
    }

    /// Undoes [`Self::retire_key`].
    ///
    /// # Errors
    /// [`StoreError::ServerNotProven`], and as any statement.
    pub async fn reinstate_key(&self, server_secret: &[u8], key_id: &str) -> Result<(), StoreError> {
        let reinstate = query("SELECT strongroom.reinstate_key($1, $2)").bind(server_secret).bind(key_id);
        reinstate.execute(self.pool(RuntimeRole::System)).await?;
        Ok(())
    }

    /// Leaves a record that a server seals under its key file, because the provider of the keys is away.
    ///
    /// # Errors
    /// [`StoreError::ServerNotProven`], and as any statement.
    pub async fn record_key_fallback(&self, server_secret: &[u8]) -> Result<(), StoreError> {
        let record = query("SELECT strongroom.record_key_fallback($1)").bind(server_secret);
        record.execute(self.pool(RuntimeRole::System)).await?;
        Ok(())
    }

    async fn rewrap_own(
        &self,
        statement: &'static str,
        server_secret: &[u8],
        own: &RewrappedOwn,
    ) -> Result<bool, StoreError> {
        let replaced =
            query_scalar(statement).bind(server_secret).bind(&own.current_key).bind(&own.former).bind(&own.renewed);
        Ok(replaced.fetch_one(self.pool(RuntimeRole::System)).await?)
    }
}

fn keyed_version(row: &PgRow) -> Result<KeyedVersion, sqlx::Error> {
    let binding = Binding {
        credential_id: CredentialId(row.try_get("credential_id")?),
        owner_id: UserId(row.try_get("user_id")?),
        workspace_id: row.try_get::<Option<_>, _>("workspace_id")?.map(WorkspaceId),
        scope: parsed(row, "scope")?,
        version: row.try_get("version")?,
    };
    Ok(KeyedVersion { binding, key_id: row.try_get("key_id")?, envelope: row.try_get("envelope")? })
}
