//! The record for whoever verifies it: all of it, in the order in which it was sealed, at one moment. As strongroom_auditor or a
//! superuser. It calls no function of the schema, which whoever owns the database could have changed.

use std::collections::VecDeque;

use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection, Row, query, query_scalar, raw_sql};
use strongroom_types::{RecordCut, RecordEnd, RecordPart, RecordRow, SealedBatch};

use crate::error::SchemaError;
use crate::options;
use crate::record::{record_rows, tree_state};

/// As in `records_to_seal()` of migration 0062; but for times that are none, at which that fails.
const ROW: &str = "ARRAY[l.id::text,
    CASE WHEN isfinite(l.occurred_at) THEN (extract(epoch FROM l.occurred_at) * 1000000)::bigint::text ELSE l.occurred_at::text END,
    l.action::text, l.outcome::text, l.reason, l.actor_id::text, l.entity_type::text, l.entity_id::text, l.owner_id::text,
    l.workspace_id::text, l.scope::text, l.provider, l.name, l.version::text, l.grantee_id::text, l.request_id::text, l.token_id::text,
    l.address::text, l.user_agent]";

/// How many rows are read at once, beyond those of one batch.
const WINDOW: i64 = 20_000;

/// Whether this login sees every row: no policy stands before it, or one that lets everything through and none that takes
/// from that.
const SEES_ALL: &str = "
    SELECT r.rolsuper OR r.rolbypassrls OR
        (SELECT coalesce(bool_or(p.permissive = 'PERMISSIVE' AND p.qual = 'true')
                         AND NOT bool_or(p.permissive = 'RESTRICTIVE'), false)
         FROM pg_policies AS p
         WHERE p.schemaname = 'strongroom' AND p.tablename = 'activity_logs' AND p.cmd IN ('ALL', 'SELECT')
           AND EXISTS (SELECT FROM unnest(p.roles) AS role
                       WHERE CASE role WHEN 'public' THEN true ELSE pg_has_role(r.oid, role, 'USAGE') END))
    FROM pg_roles AS r WHERE r.rolname = session_user";

/// Whether its rows are read as they are: from a table and no view, and into texts by PostgreSQL's own functions alone.
const PLAIN: &str = "
    SELECT EXISTS (SELECT FROM pg_class WHERE oid = to_regclass('strongroom.activity_logs') AND relkind = 'r')
       AND NOT EXISTS (
           SELECT FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
           WHERE a.attrelid = to_regclass('strongroom.activity_logs') AND NOT a.attisdropped
             AND (a.attgenerated <> '' OR (t.oid >= 16384 AND t.typtype <> 'e')
                  OR EXISTS (SELECT FROM pg_cast AS c WHERE c.castsource = t.oid AND c.oid >= 16384)))";

/// The record at one moment.
pub struct RecordReader {
    connection: PgConnection,
    /// Where the last cut was; None: that has not been asked yet.
    cut: Option<u64>,
    /// The end of the last batch that was read.
    size: u64,
    /// The time of the newest row of the last batch, in microseconds since 1970.
    newest: Option<i64>,
    /// Read, and not handed out yet.
    batches: VecDeque<SealedBatch>,
}

impl RecordReader {
    /// Connects, and holds on to this moment: whatever is sealed or purged meanwhile is not seen.
    ///
    /// # Errors
    /// [`SchemaError::Blind`] where policies hide rows from this login, [`SchemaError::Disguised`] where what it would read is
    /// not the table.
    pub async fn connect(url: &str) -> Result<Self, SchemaError> {
        let mut connection = options(url)?.options([("search_path", "pg_catalog")]).connect().await?;
        raw_sql("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").execute(&mut connection).await?;
        if !query_scalar(SEES_ALL).fetch_one(&mut connection).await? {
            return Err(SchemaError::Blind);
        }
        if !query_scalar(PLAIN).fetch_one(&mut connection).await? {
            return Err(SchemaError::Disguised);
        }
        Ok(Self { connection, cut: None, size: 0, newest: None, batches: VecDeque::new() })
    }

    /// The sealed key that signs; None where no server has made one.
    ///
    /// # Errors
    /// As any statement.
    pub async fn key_envelope(&mut self) -> Result<Option<String>, SchemaError> {
        Ok(query_scalar("SELECT envelope FROM strongroom.record_keys").fetch_optional(&mut self.connection).await?)
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

    /// The next part; the end is the last.
    ///
    /// # Errors
    /// As any statement.
    pub async fn next(&mut self) -> Result<RecordPart, SchemaError> {
        if self.cut.is_none() {
            let cut = self.last_cut().await?;
            self.size = cut.as_ref().map_or(0, |cut| cut.size);
            self.cut = Some(self.size);
            if let Some(cut) = cut {
                return Ok(RecordPart::Cut(cut));
            }
        }
        if self.batches.is_empty() {
            self.read_on().await?;
        }
        match self.batches.pop_front() {
            Some(batch) => Ok(RecordPart::Batch(batch)),
            None => Ok(RecordPart::End(self.end().await?)),
        }
    }

    async fn last_cut(&mut self) -> Result<Option<RecordCut>, SchemaError> {
        let cut = query("SELECT size, frontier, note FROM strongroom.record_cuts ORDER BY size DESC LIMIT 1");
        let row = cut.fetch_optional(&mut self.connection).await?;
        Ok(row
            .map(|row| Ok::<_, sqlx::Error>(RecordCut { size: unsigned(&row, "size")?, tree: tree_state(&row)? }))
            .transpose()?)
    }

    /// The next batches, as many as fit the window; one alone where it does not, which is a finding.
    async fn read_on(&mut self) -> Result<(), SchemaError> {
        let rows = query(
            "SELECT size, record_ids, marks, frontier, note FROM strongroom.record_checkpoints
             WHERE size > $1 AND size <= greatest($1 + $2, (SELECT min(size) FROM strongroom.record_checkpoints WHERE size > $1))
             ORDER BY size",
        )
        .bind(self.size.cast_signed())
        .bind(WINDOW)
        .fetch_all(&mut self.connection)
        .await?;
        let mut batches = rows.iter().map(sealed_batch).collect::<Result<Vec<_>, _>>()?;
        let mut places = Vec::new();
        for (n, batch) in batches.iter().enumerate() {
            places.extend(batch.ids.iter().map(|id| (*id, n)));
        }
        places.sort_unstable();
        places.dedup();
        for row in self.rows(&places).await? {
            // One place each, as the server seals; what else there is, the verification has to see as it is.
            let first = places.partition_point(|(id, _)| *id < row.id());
            for (_, n) in places[first..].iter().take_while(|(id, _)| *id == row.id()) {
                batches[*n].rows.push(row.clone());
            }
        }
        if let Some(last) = batches.last() {
            self.size = last.size;
            self.newest = last.rows.iter().filter_map(RecordRow::occurred_at).max().or(self.newest);
        }
        self.batches.extend(batches);
        Ok(())
    }

    async fn rows(&mut self, places: &[(i64, usize)]) -> Result<Vec<RecordRow>, SchemaError> {
        let ids: Vec<i64> = places.iter().map(|(id, _)| *id).collect();
        let statement = format!("SELECT {ROW} FROM strongroom.activity_logs AS l WHERE l.id = ANY ($1)");
        let rows = query_scalar(AssertSqlSafe(statement)).bind(ids).fetch_all(&mut self.connection).await?;
        Ok(record_rows(rows)?)
    }

    /// What no checkpoint after the cut covers. A row is late if sealing was past its place already, or if it says of itself that
    /// it is an hour older than the newest row of the last checkpoint: no transaction of ours lasts that long.
    async fn end(&mut self) -> Result<RecordEnd, SchemaError> {
        let row = query(
            "SELECT (SELECT count(*) FROM strongroom.activity_logs) - count(*) AS sealed,
                    count(*) FILTER (WHERE NOT u.late) AS waiting, count(*) FILTER (WHERE u.late) AS late,
                    coalesce((array_agg(u.id ORDER BY u.id) FILTER (WHERE u.late))[1:20], '{}') AS first_late
             FROM (SELECT l.id, coalesce(extract(epoch FROM l.occurred_at) * 1000000 < $1 - 3600000000, false)
                          OR coalesce(s.system_identifier = c.system_identifier AND s.backlog_after IS NULL
                                      AND (l.transaction_id, l.id) <= (s.transaction_id, s.record_id), false) AS late
                   FROM strongroom.activity_logs AS l CROSS JOIN pg_control_system() AS c
                   -- Its owner may have taken the row away, or added others.
                   LEFT JOIN (SELECT * FROM strongroom.record_sealing LIMIT 1) AS s ON true
                   WHERE NOT EXISTS (SELECT FROM (SELECT unnest(record_ids) AS id FROM strongroom.record_checkpoints
                                                  WHERE size > $2) AS sealed WHERE sealed.id = l.id)) AS u",
        )
        .bind(self.newest)
        .bind(self.cut.unwrap_or(0).cast_signed())
        .fetch_one(&mut self.connection)
        .await?;
        Ok(RecordEnd {
            sealed: unsigned(&row, "sealed")?,
            waiting: unsigned(&row, "waiting")?,
            late: unsigned(&row, "late")?,
            first_late: row.try_get("first_late")?,
        })
    }
}

fn sealed_batch(row: &PgRow) -> Result<SealedBatch, sqlx::Error> {
    let (ids, marks) = (row.try_get("record_ids")?, row.try_get("marks")?);
    Ok(SealedBatch { size: unsigned(row, "size")?, ids, marks, tree: tree_state(row)?, rows: Vec::new() })
}

fn unsigned(row: &PgRow, column: &str) -> Result<u64, sqlx::Error> {
    let number: i64 = row.try_get(column)?;
    u64::try_from(number).map_err(|e| sqlx::Error::Decode(e.into()))
}
