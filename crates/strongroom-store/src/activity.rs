//! The record in the database. Reading is scoped by row-level security; writing is the triggers' and the reveal's,
//! but for the refusal that only the service knows of, and that the database words itself.

use sqlx::postgres::PgRow;
use sqlx::{Postgres, QueryBuilder, Row, query};
use strongroom_types::{Activity, ActivityAction, ActivityFilter, RequestId, TokenId, UserId, WorkspaceId};

use crate::error::StoreError;
use crate::rows::{containing, maybe_parsed, parsed};
use crate::store::Transaction;

const SELECT: &str =
    "SELECT l.id, l.occurred_at, l.action::text AS action, l.outcome::text AS outcome, l.reason, l.actor_id,
            u.display_name AS actor_name, l.entity_type::text AS entity_type, l.entity_id, l.workspace_id,
            l.scope::text AS scope, l.provider, l.name, l.version, l.grantee_id, l.request_id, l.token_id,
            host(l.address) AS address, l.user_agent
     FROM strongroom.activity_logs AS l LEFT JOIN strongroom.users AS u ON u.id = l.actor_id WHERE l.id IN (";

/// The ways in which a row can be the reader's, each with an index in the order of a list, and what is around it. The
/// policies say the same, joined by OR, for which PostgreSQL has no such index and would walk through everybody's rows.
/// They hold for what comes of these: a way that is missing here hides rows, and none can show any.
const WAYS: [(&str, &str, &str); 4] = [
    ("(", "l.actor_id = (SELECT strongroom.current_user_id())", ")"),
    (
        " UNION (",
        "session_user = 'strongroom_app' AND l.owner_id = (SELECT strongroom.current_user_id()) AND l.scope = 'USER'",
        ")",
    ),
    (
        " UNION (SELECT of_one.id FROM unnest(strongroom.caller_workspaces('{OWNER,ADMIN}')) AS w (id) CROSS JOIN LATERAL (",
        "session_user = 'strongroom_app' AND l.workspace_id = w.id",
        ") AS of_one)",
    ),
    (" UNION (", "session_user = 'strongroom_system' AND (l.scope = 'SYSTEM' OR l.entity_type = 'INVITATION')", ")"),
];

impl Transaction {
    /// The rows of the record that the caller may see, newest first, from before that id.
    ///
    /// # Errors
    /// As any statement.
    pub async fn activity(
        &mut self,
        filter: &ActivityFilter,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<Activity>, StoreError> {
        // Else it takes all rows of a way and sorts them, for it cannot know how many this reader has (bench/record).
        query("SELECT set_config('enable_bitmapscan', 'off', true)").execute(self.connection()).await?;
        let mut statement = QueryBuilder::new(SELECT);
        statement.push("SELECT way.id FROM (");
        for (before_it, way, after_it) in WAYS {
            statement.push(before_it).push("SELECT l.id FROM strongroom.activity_logs AS l WHERE ").push(way);
            push_conditions(&mut statement, filter, before);
            statement.push(" ORDER BY l.id DESC LIMIT ").push_bind(limit).push(after_it);
        }
        statement.push(") AS way (id) ORDER BY way.id DESC LIMIT ").push_bind(limit).push(") ORDER BY l.id DESC");
        // Planned for the values that it has, and not once for all: whether an index serves depends on them.
        let rows = statement.build().persistent(false).fetch_all(self.connection()).await?;
        Ok(rows.iter().map(activity).collect::<Result<_, _>>()?)
    }

    /// Records that the caller has read the record in this transaction: [`ActivityAction::RecordRead`], of which the
    /// first of a minute is kept, or [`ActivityAction::RecordExported`].
    ///
    /// # Errors
    /// [`StoreError::Forbidden`] for any other action.
    pub async fn record_reading(&mut self, reading: ActivityAction, filter: &ActivityFilter) -> Result<(), StoreError> {
        query("SELECT strongroom.record_reading($1::strongroom.activity_action, $2, $3)")
            .bind(reading.to_string())
            .bind(filter.in_words())
            .bind(filter.workspace_id.map(|id| id.0))
            .execute(self.connection())
            .await?;
        Ok(())
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

/// Only the conditions that there are, so that each can use its index.
fn push_conditions(statement: &mut QueryBuilder<Postgres>, filter: &ActivityFilter, before: Option<i64>) {
    if let Some(id) = before {
        statement.push(" AND l.id < ").push_bind(id);
    }
    if let Some(name) = &filter.name {
        statement.push(" AND l.name ILIKE ").push_bind(containing(name.as_str()));
    }
    if let Some(provider) = &filter.provider {
        statement.push(" AND l.provider = ").push_bind(provider.as_str().to_owned());
    }
    if let Some(id) = filter.credential_id {
        statement.push(" AND l.entity_type = 'CREDENTIAL' AND l.entity_id = ").push_bind(id.0);
    }
    if let Some(id) = filter.actor_id {
        statement.push(" AND l.actor_id = ").push_bind(id.0);
    }
    if let Some(id) = filter.workspace_id {
        statement.push(" AND l.workspace_id = ").push_bind(id.0);
    }
    if let Some(action) = filter.action {
        statement.push(" AND l.action = ").push_bind(action.to_string()).push("::strongroom.activity_action");
    }
    if let Some(outcome) = filter.outcome {
        statement.push(" AND l.outcome = ").push_bind(outcome.to_string()).push("::strongroom.activity_outcome");
    }
    if let Some(kind) = filter.entity_type {
        statement.push(" AND l.entity_type = ").push_bind(kind.to_string()).push("::strongroom.entity_type");
    }
    if let Some(time) = filter.from {
        statement.push(" AND l.occurred_at >= ").push_bind(time);
    }
    if let Some(time) = filter.to {
        statement.push(" AND l.occurred_at < ").push_bind(time);
    }
}

fn activity(row: &PgRow) -> Result<Activity, sqlx::Error> {
    Ok(Activity {
        id: row.try_get("id")?,
        occurred_at: row.try_get("occurred_at")?,
        action: parsed(row, "action")?,
        outcome: parsed(row, "outcome")?,
        reason: row.try_get("reason")?,
        actor_id: row.try_get::<Option<_>, _>("actor_id")?.map(UserId),
        actor_name: row.try_get("actor_name")?,
        entity_type: parsed(row, "entity_type")?,
        entity_id: row.try_get("entity_id")?,
        workspace_id: row.try_get::<Option<_>, _>("workspace_id")?.map(WorkspaceId),
        scope: maybe_parsed(row, "scope")?,
        provider: row.try_get("provider")?,
        name: row.try_get("name")?,
        version: row.try_get("version")?,
        grantee_id: row.try_get("grantee_id")?,
        request_id: row.try_get::<Option<_>, _>("request_id")?.map(RequestId),
        token_id: row.try_get::<Option<_>, _>("token_id")?.map(TokenId),
        address: maybe_parsed(row, "address")?,
        user_agent: row.try_get("user_agent")?,
    })
}
