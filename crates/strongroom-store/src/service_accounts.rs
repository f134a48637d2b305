//! Service accounts in the database: rows of `users` that belong to a workspace.
//! Who may make and end them is the policies' to say.

use sqlx::postgres::PgRow;
use sqlx::{Row, query};
use strongroom_types::{NewServiceAccount, PageRequest, ServiceAccount, UserId, WorkspaceId};

use crate::error::StoreError;
use crate::rows::maybe_parsed;
use crate::store::Transaction;

macro_rules! service_accounts {
    () => {
        "SELECT u.id, u.workspace_id, u.display_name, u.description, m.role::text AS role, u.created_by, u.created_at, \
                u.disabled_at \
         FROM strongroom.users AS u \
         LEFT JOIN strongroom.workspace_members AS m ON m.workspace_id = u.workspace_id AND m.user_id = u.id "
    };
}

impl Transaction {
    /// Adds a service account; a trigger seats it as MEMBER.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`] where the caller is neither OWNER nor ADMIN there.
    pub async fn insert_service_account(
        &mut self,
        workspace: WorkspaceId,
        id: UserId,
        new: &NewServiceAccount,
    ) -> Result<(), StoreError> {
        query("INSERT INTO strongroom.users (id, workspace_id, display_name, description) VALUES ($1, $2, $3, $4)")
            .bind(id.0)
            .bind(workspace.0)
            .bind(new.name.as_str())
            .bind(new.description.as_ref().map(|d| d.as_str()))
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// The service accounts of a workspace that the caller administers, newest first, one more than the page.
    ///
    /// # Errors
    /// As any statement.
    pub async fn service_accounts(
        &mut self,
        workspace: WorkspaceId,
        page: &PageRequest<UserId>,
    ) -> Result<Vec<ServiceAccount>, StoreError> {
        let rows = query(concat!(
            service_accounts!(),
            "WHERE u.workspace_id = $1 AND ($2::uuid IS NULL OR u.id < $2) ORDER BY u.id DESC LIMIT $3"
        ))
        .bind(workspace.0)
        .bind(page.cursor.map(|id| id.0))
        .bind(page.limit.with_lookahead())
        .fetch_all(self.connection())
        .await?;
        Ok(rows.iter().map(service_account).collect::<Result<_, _>>()?)
    }

    /// One of them.
    ///
    /// # Errors
    /// As any statement.
    pub async fn service_account(
        &mut self,
        workspace: WorkspaceId,
        id: UserId,
    ) -> Result<Option<ServiceAccount>, StoreError> {
        let row = query(concat!(service_accounts!(), "WHERE u.workspace_id = $1 AND u.id = $2"))
            .bind(workspace.0)
            .bind(id.0)
            .fetch_optional(self.connection())
            .await?;
        Ok(row.as_ref().map(service_account).transpose()?)
    }

    /// Ends a service account, its tokens and its membership, for good. False: there is no live one.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`] where it is ADMIN and the caller is not OWNER.
    pub async fn disable_service_account(&mut self, workspace: WorkspaceId, id: UserId) -> Result<bool, StoreError> {
        let done = query(
            "UPDATE strongroom.users SET disabled_at = now()
             WHERE workspace_id = $1 AND id = $2 AND disabled_at IS NULL",
        )
        .bind(workspace.0)
        .bind(id.0)
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }
}

fn service_account(row: &PgRow) -> Result<ServiceAccount, sqlx::Error> {
    Ok(ServiceAccount {
        id: UserId(row.try_get("id")?),
        workspace_id: WorkspaceId(row.try_get("workspace_id")?),
        name: row.try_get("display_name")?,
        description: row.try_get("description")?,
        role: maybe_parsed(row, "role")?,
        created_by: row.try_get::<Option<_>, _>("created_by")?.map(UserId),
        created_at: row.try_get("created_at")?,
        disabled_at: row.try_get("disabled_at")?,
    })
}
