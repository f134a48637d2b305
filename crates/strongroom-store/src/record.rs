//! Sealing the record, and cutting off its beginning: one transaction each, in which the database hands out what is next, the
//! caller hashes and signs, and the database keeps what came of it. Nothing here hashes, and nothing signs.

use sqlx::{Postgres, Row, query, query_scalar};
use strongroom_types::{RecordRow, RecordState, RuntimeRole, TreeState};

use crate::error::StoreError;
use crate::store::{Store, Transaction};

/// A batch that is being sealed. While it lasts, no other server seals.
pub struct Sealing {
    transaction: sqlx::Transaction<'static, Postgres>,
    ids: Vec<i64>,
    /// In the order of their leaves.
    pub rows: Vec<RecordRow>,
    /// None: there is no tree yet.
    pub tree: Option<TreeState>,
}

/// A cut that is being made. While it lasts, no other server cuts, and the settings stay as they are.
pub struct Purge {
    transaction: sqlx::Transaction<'static, Postgres>,
    /// The tree at the cut.
    pub tree: TreeState,
}

impl Transaction {
    /// How far sealing is, for an administrator on the admin path.
    ///
    /// # Errors
    /// As any statement.
    pub async fn record_state(&mut self) -> Result<RecordState, StoreError> {
        let row = query("SELECT coalesce(size, 0) AS size, sealed_at, note, waiting FROM strongroom.record_state()")
            .fetch_one(self.connection())
            .await?;
        Ok(RecordState {
            size: row.try_get("size")?,
            waiting: row.try_get("waiting")?,
            sealed_at: row.try_get("sealed_at")?,
            checkpoint: row.try_get("note")?,
        })
    }
}

impl Store {
    /// The sealed key that signs; None where no server has made one.
    ///
    /// # Errors
    /// As any statement.
    pub async fn record_key_envelope(&self) -> Result<Option<String>, StoreError> {
        Ok(query_scalar("SELECT strongroom.record_key_envelope()").fetch_one(self.pool(RuntimeRole::App)).await?)
    }

    /// Keeps the key of the first server that comes. False: another one was first.
    ///
    /// # Errors
    /// [`StoreError::ServerNotProven`], and as any statement.
    pub async fn establish_record_key(&self, secret: &[u8], envelope: &str, key: &str) -> Result<bool, StoreError> {
        Ok(query_scalar("SELECT strongroom.establish_record_key($1, $2, $3)")
            .bind(secret)
            .bind(envelope)
            .bind(key)
            .fetch_one(self.pool(RuntimeRole::App))
            .await?)
    }

    /// Takes the rows that are to be sealed next. None: there are none, or another server is at it.
    ///
    /// # Errors
    /// [`StoreError::ServerNotProven`], and as any statement.
    pub async fn begin_sealing(&self, secret: &[u8]) -> Result<Option<Sealing>, StoreError> {
        let mut transaction = self.begin_unproven(RuntimeRole::System).await?;
        // After a restore, it looks for what is not sealed among all that there is.
        query("SELECT set_config('statement_timeout', '15min', true)").execute(&mut *transaction).await?;
        let ids: Option<Vec<i64>> =
            query_scalar("SELECT strongroom.begin_sealing($1)").bind(secret).fetch_one(&mut *transaction).await?;
        let Some(ids) = ids.filter(|ids| !ids.is_empty()) else {
            transaction.commit().await?;
            return Ok(None);
        };
        let tree = query("SELECT frontier, note FROM strongroom.record_tip($1)").bind(secret);
        let tree = tree.fetch_optional(&mut *transaction).await?.map(|row| tree_state(&row)).transpose()?;
        let rows: Vec<Vec<Option<String>>> = query_scalar("SELECT strongroom.records_to_seal($1, $2)")
            .bind(secret)
            .bind(&ids)
            .fetch_all(&mut *transaction)
            .await?;
        Ok(Some(Sealing { transaction, ids, rows: record_rows(rows)?, tree }))
    }

    /// Notes when credentials were last used, from records that have those ids.
    ///
    /// # Errors
    /// [`StoreError::ServerNotProven`], and as any statement.
    pub async fn note_uses(&self, secret: &[u8], record_ids: &[i64]) -> Result<(), StoreError> {
        query("SELECT strongroom.note_uses($1, $2)")
            .bind(secret)
            .bind(record_ids)
            .execute(self.pool(RuntimeRole::System))
            .await?;
        Ok(())
    }

    /// Takes the part of the record that the settings do not keep, some thousand rows. None: there is none, or another
    /// server is at it.
    ///
    /// # Errors
    /// [`StoreError::ServerNotProven`], and as any statement.
    pub async fn begin_purge(&self, secret: &[u8]) -> Result<Option<Purge>, StoreError> {
        let mut transaction = self.begin_unproven(RuntimeRole::System).await?;
        let tree = query("SELECT frontier, note FROM strongroom.begin_purge($1)").bind(secret);
        let tree = tree.fetch_optional(&mut *transaction).await?.map(|row| tree_state(&row)).transpose()?;
        Ok(tree.map(|tree| Purge { transaction, tree }))
    }
}

impl Sealing {
    /// Keeps what came of it; returns the ids of the rows.
    ///
    /// # Errors
    /// As any statement; then the rows are sealed another time.
    pub async fn seal(
        mut self,
        secret: &[u8],
        size: u64,
        marks: &[u8],
        tree: &TreeState,
    ) -> Result<Vec<i64>, StoreError> {
        query("SELECT strongroom.seal_records($1, $2, $3, $4, $5, $6)")
            .bind(secret)
            .bind(size.cast_signed())
            .bind(&self.ids)
            .bind(marks)
            .bind(&tree.frontier)
            .bind(&tree.note)
            .execute(&mut *self.transaction)
            .await?;
        self.transaction.commit().await?;
        Ok(self.ids)
    }
}

impl Purge {
    /// Cuts there, by that statement; returns how many rows went.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`] where rows are missing that nobody cut off; and as any statement.
    pub async fn cut(mut self, secret: &[u8], size: u64, note: &str) -> Result<u64, StoreError> {
        let removed: i32 = query_scalar("SELECT strongroom.purge_record($1, $2, $3)")
            .bind(secret)
            .bind(size.cast_signed())
            .bind(note)
            .fetch_one(&mut *self.transaction)
            .await?;
        self.transaction.commit().await?;
        Ok(removed.unsigned_abs().into())
    }
}

pub(crate) fn tree_state(row: &sqlx::postgres::PgRow) -> Result<TreeState, sqlx::Error> {
    Ok(TreeState { frontier: row.try_get("frontier")?, note: row.try_get("note")? })
}

pub(crate) fn record_rows(rows: Vec<Vec<Option<String>>>) -> Result<Vec<RecordRow>, sqlx::Error> {
    rows.into_iter()
        .map(|row| row.try_into().map_err(|e: strongroom_types::Invalid| sqlx::Error::Decode(e.into())))
        .collect()
}
