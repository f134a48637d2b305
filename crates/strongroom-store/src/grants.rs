//! Grants in the database. Who may grant what to whom is the policies' to say.
//! Nothing here decides it.

use sqlx::postgres::PgRow;
use sqlx::{Row, query, query_scalar};
use strongroom_types::{
    CredentialId, Grant, GrantId, NewGrant, PageRequest, Permission, SetGrant, UserId, WorkspaceId,
};

use crate::error::StoreError;
use crate::rows::all_parsed;
use crate::store::Transaction;

macro_rules! grants {
    () => {
        "SELECT g.id, g.credential_id, g.grantee_user_id, g.grantee_workspace_id, g.permissions::text[] AS permissions, \
                g.expires_at, g.created_by, g.created_at, coalesce(u.display_name, w.name) AS grantee_name \
         FROM strongroom.credential_grants AS g \
         LEFT JOIN strongroom.users AS u ON u.id = g.grantee_user_id \
         LEFT JOIN strongroom.workspaces AS w ON w.id = g.grantee_workspace_id "
    };
}

impl Transaction {
    /// Whether a credential is the caller's to share: his own, or of a workspace of which he is OWNER or ADMIN. None: he may
    /// not know of it.
    ///
    /// # Errors
    /// As any statement.
    pub async fn controls_credential(&mut self, id: CredentialId) -> Result<Option<bool>, StoreError> {
        let controls = query_scalar(
            "SELECT (scope = 'USER' AND user_id = (SELECT strongroom.current_user_id()))
                    OR coalesce(workspace_id = ANY ((SELECT strongroom.caller_workspaces('{OWNER,ADMIN}'))::uuid[]), false)
             FROM strongroom.user_credentials WHERE id = $1",
        )
        .bind(id.0)
        .fetch_optional(self.connection())
        .await?;
        Ok(controls)
    }

    /// The grants of a credential that the caller may see, newest first, one more than the page.
    ///
    /// # Errors
    /// As any statement.
    pub async fn grants(&mut self, id: CredentialId, page: &PageRequest<GrantId>) -> Result<Vec<Grant>, StoreError> {
        let rows = query(concat!(
            grants!(),
            "WHERE g.credential_id = $1 AND ($2::uuid IS NULL OR g.id < $2) ORDER BY g.id DESC LIMIT $3"
        ))
        .bind(id.0)
        .bind(page.cursor.map(|id| id.0))
        .bind(page.limit.with_lookahead())
        .fetch_all(self.connection())
        .await?;
        Ok(rows.iter().map(grant).collect::<Result<_, _>>()?)
    }

    /// One of them.
    ///
    /// # Errors
    /// As any statement.
    pub async fn grant(&mut self, credential: CredentialId, id: GrantId) -> Result<Option<Grant>, StoreError> {
        let row = query(concat!(grants!(), "WHERE g.credential_id = $1 AND g.id = $2"))
            .bind(credential.0)
            .bind(id.0)
            .fetch_optional(self.connection())
            .await?;
        Ok(row.as_ref().map(grant).transpose()?)
    }

    /// Adds a grant.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where the grantee has one; [`StoreError::Forbidden`] where the caller does not control the
    /// credential, or does not know the grantee; [`StoreError::Constraint`] where there is not one grantee.
    pub async fn insert_grant(
        &mut self,
        id: GrantId,
        credential: CredentialId,
        new: &NewGrant,
    ) -> Result<(), StoreError> {
        query(
            "INSERT INTO strongroom.credential_grants
                 (id, credential_id, grantee_user_id, grantee_workspace_id, permissions, expires_at)
             VALUES ($1, $2, $3, $4, $5::text[]::strongroom.grant_permission[], $6)",
        )
        .bind(id.0)
        .bind(credential.0)
        .bind(new.user_id.map(|id| id.0))
        .bind(new.workspace_id.map(|id| id.0))
        .bind(texts(new.permissions.as_slice()))
        .bind(new.expires_at)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Changes a grant. False: the caller does not control such a one.
    ///
    /// # Errors
    /// As any statement.
    pub async fn update_grant(
        &mut self,
        credential: CredentialId,
        id: GrantId,
        set: &SetGrant,
    ) -> Result<bool, StoreError> {
        let done = query(
            "UPDATE strongroom.credential_grants
             SET permissions = $3::text[]::strongroom.grant_permission[], expires_at = $4
             WHERE credential_id = $1 AND id = $2",
        )
        .bind(credential.0)
        .bind(id.0)
        .bind(texts(set.permissions.as_slice()))
        .bind(set.expires_at)
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Ends a grant. False: the caller does not control such a one.
    ///
    /// # Errors
    /// As any statement.
    pub async fn delete_grant(&mut self, credential: CredentialId, id: GrantId) -> Result<bool, StoreError> {
        let done = query("DELETE FROM strongroom.credential_grants WHERE credential_id = $1 AND id = $2")
            .bind(credential.0)
            .bind(id.0)
            .execute(self.connection())
            .await?;
        Ok(done.rows_affected() == 1)
    }
}

fn texts(permissions: &[Permission]) -> Vec<String> {
    permissions.iter().map(ToString::to_string).collect()
}

fn grant(row: &PgRow) -> Result<Grant, sqlx::Error> {
    Ok(Grant {
        id: GrantId(row.try_get("id")?),
        credential_id: CredentialId(row.try_get("credential_id")?),
        user_id: row.try_get::<Option<_>, _>("grantee_user_id")?.map(UserId),
        workspace_id: row.try_get::<Option<_>, _>("grantee_workspace_id")?.map(WorkspaceId),
        grantee_name: row.try_get("grantee_name")?,
        permissions: all_parsed(row, "permissions")?,
        expires_at: row.try_get("expires_at")?,
        created_by: row.try_get::<Option<_>, _>("created_by")?.map(UserId),
        created_at: row.try_get("created_at")?,
    })
}
