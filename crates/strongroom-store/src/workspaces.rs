//! Workspaces and their members in the database.
//! Who may change whom is the policies' to say; nothing here asks for a role in order to decide.

use sqlx::postgres::PgRow;
use sqlx::{Row, query};
use strongroom_types::{
    Member, Name, NewWorkspace, PageRequest, UserId, Workspace, WorkspaceContents, WorkspaceId, WorkspaceRole,
};

use crate::error::StoreError;
use crate::rows::parsed;
use crate::store::Transaction;

macro_rules! workspaces {
    () => {
        "SELECT w.id, w.name, m.role::text AS role, w.created_at
         FROM strongroom.workspaces AS w
         JOIN strongroom.workspace_members AS m
           ON m.workspace_id = w.id AND m.user_id = (SELECT strongroom.current_user_id())"
    };
}

impl Transaction {
    /// Adds a workspace; a trigger seats the caller as its OWNER.
    ///
    /// # Errors
    /// As any statement.
    pub async fn insert_workspace(
        &mut self,
        id: WorkspaceId,
        owner: UserId,
        new: &NewWorkspace,
    ) -> Result<(), StoreError> {
        query("INSERT INTO strongroom.workspaces (id, name, created_by) VALUES ($1, $2, $3)")
            .bind(id.0)
            .bind(new.name.as_str())
            .bind(owner.0)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Gives a workspace another name. False: row-level security left the row as it was, or there was none.
    ///
    /// # Errors
    /// As any statement.
    pub async fn rename_workspace(&mut self, id: WorkspaceId, name: &Name) -> Result<bool, StoreError> {
        let done = query("UPDATE strongroom.workspaces SET name = $2 WHERE id = $1")
            .bind(id.0)
            .bind(name.as_str())
            .execute(self.connection())
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Destroys a workspace and everything in it. False: row-level security left it where it was, or there was none.
    ///
    /// # Errors
    /// As any statement.
    pub async fn delete_workspace(&mut self, id: WorkspaceId) -> Result<bool, StoreError> {
        let done =
            query("DELETE FROM strongroom.workspaces WHERE id = $1").bind(id.0).execute(self.connection()).await?;
        Ok(done.rows_affected() == 1)
    }

    /// What is in a workspace, as far as the caller sees it; an OWNER sees all.
    ///
    /// # Errors
    /// As any statement.
    pub async fn workspace_contents(&mut self, id: WorkspaceId) -> Result<WorkspaceContents, StoreError> {
        let row = query(
            "SELECT count(*) AS credentials, count(*) FILTER (WHERE is_active) AS active_credentials,
                    (SELECT count(*) FROM strongroom.users WHERE workspace_id = $1) AS service_accounts,
                    (SELECT count(*) FROM strongroom.workspace_members AS m JOIN strongroom.users AS u ON u.id = m.user_id
                     WHERE m.workspace_id = $1 AND u.workspace_id IS NULL) AS members
             FROM strongroom.user_credentials WHERE workspace_id = $1",
        )
        .bind(id.0)
        .fetch_one(self.connection())
        .await?;
        Ok(WorkspaceContents {
            credentials: row.try_get("credentials")?,
            active_credentials: row.try_get("active_credentials")?,
            service_accounts: row.try_get("service_accounts")?,
            members: row.try_get("members")?,
        })
    }

    /// A workspace of the caller's.
    ///
    /// # Errors
    /// As any statement.
    pub async fn workspace(&mut self, id: WorkspaceId) -> Result<Option<Workspace>, StoreError> {
        let row =
            query(concat!(workspaces!(), " WHERE w.id = $1")).bind(id.0).fetch_optional(self.connection()).await?;
        Ok(row.as_ref().map(workspace).transpose()?)
    }

    /// The caller's workspaces, newest first, one more than the page.
    ///
    /// # Errors
    /// As any statement.
    pub async fn workspaces(&mut self, page: &PageRequest<WorkspaceId>) -> Result<Vec<Workspace>, StoreError> {
        let rows = query(concat!(workspaces!(), " WHERE $1::uuid IS NULL OR w.id < $1 ORDER BY w.id DESC LIMIT $2"))
            .bind(page.cursor.map(|id| id.0))
            .bind(page.limit.with_lookahead())
            .fetch_all(self.connection())
            .await?;
        Ok(rows.iter().map(workspace).collect::<Result<_, _>>()?)
    }

    /// The members of a workspace of the caller's, newest account first, one more than the page.
    ///
    /// # Errors
    /// As any statement.
    pub async fn members(
        &mut self,
        workspace: WorkspaceId,
        page: &PageRequest<UserId>,
    ) -> Result<Vec<Member>, StoreError> {
        let rows = query(
            "SELECT m.user_id, u.email, u.display_name, m.role::text AS role, m.created_at
             FROM strongroom.workspace_members AS m JOIN strongroom.users AS u ON u.id = m.user_id
             WHERE m.workspace_id = $1 AND ($2::uuid IS NULL OR m.user_id < $2) ORDER BY m.user_id DESC LIMIT $3",
        )
        .bind(workspace.0)
        .bind(page.cursor.map(|id| id.0))
        .bind(page.limit.with_lookahead())
        .fetch_all(self.connection())
        .await?;
        Ok(rows.iter().map(member).collect::<Result<_, _>>()?)
    }

    /// The role of a member, if there is one.
    ///
    /// # Errors
    /// As any statement.
    pub async fn member_role(
        &mut self,
        workspace: WorkspaceId,
        user: UserId,
    ) -> Result<Option<WorkspaceRole>, StoreError> {
        let row = query(
            "SELECT role::text AS role FROM strongroom.workspace_members WHERE workspace_id = $1 AND user_id = $2",
        )
        .bind(workspace.0)
        .bind(user.0)
        .fetch_optional(self.connection())
        .await?;
        Ok(row.as_ref().map(|row| parsed(row, "role")).transpose()?)
    }

    /// Adds a member, or gives him another role.
    ///
    /// # Errors
    /// [`StoreError::MissingReference`] where there is no such person; [`StoreError::Forbidden`].
    pub async fn set_member(
        &mut self,
        workspace: WorkspaceId,
        user: UserId,
        role: WorkspaceRole,
    ) -> Result<(), StoreError> {
        query(
            "INSERT INTO strongroom.workspace_members AS m (workspace_id, user_id, role)
             VALUES ($1, $2, $3::strongroom.workspace_role)
             ON CONFLICT (workspace_id, user_id) DO UPDATE SET role = excluded.role",
        )
        .bind(workspace.0)
        .bind(user.0)
        .bind(role.to_string())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Removes a member. False: row-level security left the row where it was, or there was none.
    ///
    /// # Errors
    /// [`StoreError::Constraint`] where the last OWNER leaves.
    pub async fn remove_member(&mut self, workspace: WorkspaceId, user: UserId) -> Result<bool, StoreError> {
        let done = query("DELETE FROM strongroom.workspace_members WHERE workspace_id = $1 AND user_id = $2")
            .bind(workspace.0)
            .bind(user.0)
            .execute(self.connection())
            .await?;
        Ok(done.rows_affected() == 1)
    }
}

fn workspace(row: &PgRow) -> Result<Workspace, sqlx::Error> {
    Ok(Workspace {
        id: WorkspaceId(row.try_get("id")?),
        name: row.try_get("name")?,
        role: parsed(row, "role")?,
        created_at: row.try_get("created_at")?,
    })
}

fn member(row: &PgRow) -> Result<Member, sqlx::Error> {
    Ok(Member {
        user_id: UserId(row.try_get("user_id")?),
        email: row.try_get("email")?,
        display_name: row.try_get("display_name")?,
        role: parsed(row, "role")?,
        created_at: row.try_get("created_at")?,
    })
}
