//! The record in the database. Reading is scoped by row-level security; writing is the triggers' and the reveal's,
//! but for the refusal that only the service knows of, and that the database words itself.

use sqlx::postgres::PgRow;
use sqlx::{Row, query};
use strongroom_types::{Activity, ActivityAction, ActivityFilter, RequestId, UserId, WorkspaceId};

use crate::error::StoreError;
use crate::rows::{containing, maybe_parsed, parsed};
use crate::store::Transaction;

impl Transaction {
    /// The rows of the record that the caller may see, newest first, one more than the page.
    ///
    /// # Errors
    /// As any statement.
    pub async fn activity(&mut self, filter: &ActivityFilter) -> Result<Vec<Activity>, StoreError> {
        let rows = query(
            "SELECT id, occurred_at, action::text AS action, outcome::text AS outcome, reason, actor_id,
                    entity_type::text AS entity_type, entity_id, workspace_id, scope::text AS scope, provider, name,
                    version, request_id
             FROM strongroom.activity_logs
             WHERE ($1::bigint IS NULL OR id < $1)
               AND ($2::text IS NULL OR name ILIKE $2)
               AND ($3::text IS NULL OR provider = $3)
               AND ($4::text IS NULL OR action = $4::strongroom.activity_action)
               AND ($5::timestamptz IS NULL OR occurred_at >= $5)
               AND ($6::timestamptz IS NULL OR occurred_at < $6)
             ORDER BY id DESC LIMIT $7",
        )
        .bind(filter.cursor)
        .bind(filter.name.as_ref().map(|n| containing(n.as_str())))
        .bind(filter.provider.as_ref().map(|p| p.as_str()))
        .bind(filter.action.map(|a| a.to_string()))
        .bind(filter.from)
        .bind(filter.to)
        .bind(filter.limit.with_lookahead())
        .fetch_all(self.connection())
        .await?;
        Ok(rows.iter().map(activity).collect::<Result<_, _>>()?)
    }

    /// Records that the caller's role in a workspace did not allow what he tried there.
    ///
    /// # Errors
    /// As any statement.
    pub async fn record_denial(&mut self, workspace: WorkspaceId, attempt: ActivityAction) -> Result<(), StoreError> {
        query("SELECT strongroom.record_denial($1, $2::strongroom.activity_action)")
            .bind(workspace.0)
            .bind(attempt.to_string())
            .execute(self.connection())
            .await?;
        Ok(())
    }
}

fn activity(row: &PgRow) -> Result<Activity, sqlx::Error> {
    Ok(Activity {
        id: row.try_get("id")?,
        occurred_at: row.try_get("occurred_at")?,
        action: parsed(row, "action")?,
        outcome: parsed(row, "outcome")?,
        reason: row.try_get("reason")?,
        actor_id: UserId(row.try_get("actor_id")?),
        entity_type: parsed(row, "entity_type")?,
        entity_id: row.try_get("entity_id")?,
        workspace_id: row.try_get::<Option<_>, _>("workspace_id")?.map(WorkspaceId),
        scope: maybe_parsed(row, "scope")?,
        provider: row.try_get("provider")?,
        name: row.try_get("name")?,
        version: row.try_get("version")?,
        request_id: row.try_get::<Option<_>, _>("request_id")?.map(RequestId),
    })
}
