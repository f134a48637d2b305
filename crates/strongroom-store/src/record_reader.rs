//! The record for whoever verifies it: all of it, in the order in which it was sealed, at one moment. As strongroom_auditor or a
//! superuser. It calls no function of the schema, which whoever owns the database could have changed.

use std::collections::HashMap;

use sqlx::postgres::PgRow;
use sqlx::{ConnectOptions, PgConnection, Row, query, query_scalar, raw_sql};
use strongroom_types::RecordRow;

use crate::error::SchemaError;
use crate::options;
use crate::record::{SealedBatch, TreeState, record_rows, tree_state};

/// As in `records_to_seal()` of migration 0062.
const ROW: &str = "ARRAY[l.id::text, (extract(epoch FROM l.occurred_at) * 1000000)::bigint::text, l.action::text, l.outcome::text,
    l.reason, l.actor_id::text, l.entity_type::text, l.entity_id::text, l.owner_id::text, l.workspace_id::text, l.scope::text,
    l.provider, l.name, l.version::text, l.grantee_id::text, l.request_id::text, l.token_id::text, l.address::text, l.user_agent]";

/// How many rows are read at once, beyond those of one batch.
const WINDOW: i64 = 20_000;

/// The record at one moment.
pub struct RecordReader {
    connection: PgConnection,
}

/// What no checkpoint covers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unsealed {
    /// Rows that wait for the next checkpoint.
    pub waiting: u64,
    /// Rows that should have been sealed long ago, and were not there then.
    pub late: u64,
    /// The first of those.
    pub first_late: Vec<i64>,
}

impl RecordReader {
    /// Connects, and holds on to this moment: whatever is sealed or purged meanwhile is not seen.
    ///
    /// # Errors
    /// [`SchemaError::Blind`] where policies hide rows from this login.
    pub async fn connect(url: &str) -> Result<Self, SchemaError> {
        let mut connection = options(url)?.options([("search_path", "pg_catalog")]).connect().await?;
        let sees_all = "SELECT rolname = 'strongroom_auditor' OR rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = session_user";
        if !query_scalar(sees_all).fetch_one(&mut connection).await? {
            return Err(SchemaError::Blind);
        }
        raw_sql("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").execute(&mut connection).await?;
        Ok(Self { connection })
    }

    /// The sealed key that signs; None where no server has made one.
    ///
    /// # Errors
    /// As any statement.
    pub async fn key_envelope(&mut self) -> Result<Option<String>, SchemaError> {
        Ok(query_scalar("SELECT envelope FROM strongroom.record_keys").fetch_optional(&mut self.connection).await?)
    }

    /// The last cut, by the size that the tree had there; None: nothing was cut off.
    ///
    /// # Errors
    /// As any statement.
    pub async fn last_cut(&mut self) -> Result<Option<(u64, TreeState)>, SchemaError> {
        let cut = query("SELECT size, frontier, note FROM strongroom.record_cuts ORDER BY size DESC LIMIT 1");
        let row = cut.fetch_optional(&mut self.connection).await?;
        Ok(row.map(|row| Ok::<_, sqlx::Error>((unsigned(&row, "size")?, tree_state(&row)?))).transpose()?)
    }

    /// The last checkpoint's note; None: there is none.
    ///
    /// # Errors
    /// As any statement.
    pub async fn last_note(&mut self) -> Result<Option<String>, SchemaError> {
        let last = "SELECT note FROM strongroom.record_checkpoints ORDER BY size DESC LIMIT 1";
        Ok(query_scalar(last).fetch_optional(&mut self.connection).await?)
    }

    /// The size of the last checkpoint, as the database says.
    ///
    /// # Errors
    /// As any statement.
    pub async fn last_size(&mut self) -> Result<u64, SchemaError> {
        let last = "SELECT coalesce(max(size), 0) AS size FROM strongroom.record_checkpoints";
        Ok(unsigned(&query(last).fetch_one(&mut self.connection).await?, "size")?)
    }

    /// The next batches after that size, in order; an empty list is the end.
    ///
    /// # Errors
    /// As any statement.
    pub async fn batches(&mut self, after: u64) -> Result<Vec<SealedBatch>, SchemaError> {
        // As many as fit the window; the next one alone where it does not, which is a finding.
        let rows = query(
            "SELECT size, record_ids, marks, frontier, note FROM strongroom.record_checkpoints
             WHERE size > $1 AND size <= greatest($1 + $2, (SELECT min(size) FROM strongroom.record_checkpoints WHERE size > $1))
             ORDER BY size",
        )
        .bind(after.cast_signed())
        .bind(WINDOW)
        .fetch_all(&mut self.connection)
        .await?;
        Ok(rows.iter().map(sealed_batch).collect::<Result<_, _>>()?)
    }

    /// The rows of these batches that there are, by their ids.
    ///
    /// # Errors
    /// As any statement.
    pub async fn rows(&mut self, batches: &[SealedBatch]) -> Result<HashMap<i64, RecordRow>, SchemaError> {
        let ids: Vec<i64> = batches.iter().flat_map(|batch| &batch.ids).copied().collect();
        let statement = format!("SELECT {ROW} FROM strongroom.activity_logs AS l WHERE l.id = ANY ($1)");
        let rows: Vec<Vec<Option<String>>> =
            query_scalar(sqlx::AssertSqlSafe(statement)).bind(ids).fetch_all(&mut self.connection).await?;
        Ok(record_rows(rows)?.into_iter().map(|row| (row.id(), row)).collect())
    }

    /// What no checkpoint covers. A row is late if sealing was past its place already, or if it says of itself that it is
    /// an hour older than the newest row of the last checkpoint, given in microseconds since 1970: no transaction of ours lasts
    /// that long.
    ///
    /// # Errors
    /// As any statement.
    pub async fn unsealed(&mut self, newest: Option<i64>) -> Result<Unsealed, SchemaError> {
        let row = query(
            "SELECT count(*) FILTER (WHERE NOT u.late) AS waiting, count(*) FILTER (WHERE u.late) AS late,
                    coalesce((array_agg(u.id ORDER BY u.id) FILTER (WHERE u.late))[1:20], '{}') AS first_late
             FROM (SELECT l.id, coalesce(extract(epoch FROM l.occurred_at) * 1000000 < $1 - 3600000000, false)
                          OR (s.system_identifier = c.system_identifier AND s.backlog_after IS NULL
                              AND (l.transaction_id, l.id) <= (s.transaction_id, s.record_id)) AS late
                   FROM strongroom.activity_logs AS l
                   LEFT JOIN (SELECT unnest(record_ids) AS id FROM strongroom.record_checkpoints) AS sealed ON sealed.id = l.id
                   CROSS JOIN strongroom.record_sealing AS s CROSS JOIN pg_control_system() AS c
                   WHERE sealed.id IS NULL) AS u",
        )
        .bind(newest)
        .fetch_one(&mut self.connection)
        .await?;
        Ok(Unsealed {
            waiting: unsigned(&row, "waiting")?,
            late: unsigned(&row, "late")?,
            first_late: row.try_get("first_late")?,
        })
    }
}

fn sealed_batch(row: &PgRow) -> Result<SealedBatch, sqlx::Error> {
    let (ids, marks) = (row.try_get("record_ids")?, row.try_get("marks")?);
    Ok(SealedBatch { size: unsigned(row, "size")?, ids, marks, tree: tree_state(row)? })
}

fn unsigned(row: &PgRow, column: &str) -> Result<u64, sqlx::Error> {
    let number: i64 = row.try_get(column)?;
    u64::try_from(number).map_err(|e| sqlx::Error::Decode(e.into()))
}
