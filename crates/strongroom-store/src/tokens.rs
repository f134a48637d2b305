//! API tokens in the database, of people and of service accounts. Their hashes go in and never come out.
//! Whose tokens a caller may make and see is the policies' to say.

use sqlx::postgres::PgRow;
use sqlx::{Row, query};
use strongroom_types::{ApiToken, ApiTokenSummary, NewApiToken, PageRequest, TokenId, UserId, WorkspaceId};

use crate::error::StoreError;
use crate::rows::all_parsed;
use crate::store::Transaction;

macro_rules! tokens {
    () => {
        "SELECT t.id, t.name, t.workspace_id, t.provider, t.actions::text[] AS actions, t.created_by, t.created_at, \
                l.last_used_at, t.expires_at, t.revoked_at \
         FROM strongroom.api_tokens AS t LEFT JOIN strongroom.token_uses AS l ON l.token_id = t.id "
    };
}

impl Transaction {
    /// Adds a token of the user that it names: the caller, or a service account that he administers.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`] where the token claims anybody else.
    pub async fn insert_token(&mut self, id: TokenId, token: &ApiToken, new: &NewApiToken) -> Result<(), StoreError> {
        let actions: Vec<_> = new.actions.as_slice().iter().map(ToString::to_string).collect();
        query(
            "INSERT INTO strongroom.api_tokens
                 (id, user_id, name, token_hash, expires_at, workspace_id, provider, actions)
             VALUES ($1, $2, $3, sha256($4), now() + make_interval(days => $5), $6, $7,
                     $8::text[]::strongroom.token_action[])",
        )
        .bind(id.0)
        .bind(token.user_id().0)
        .bind(new.name.as_str())
        .bind(token.expose())
        .bind(new.expires_in_days.days())
        .bind(new.workspace_id.map(|id| id.0))
        .bind(new.provider.as_ref().map(|p| p.as_str()))
        .bind(actions)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// One token of that user's.
    ///
    /// # Errors
    /// As any statement.
    pub async fn token(&mut self, user: UserId, id: TokenId) -> Result<Option<ApiTokenSummary>, StoreError> {
        let row = query(concat!(tokens!(), "WHERE t.user_id = $1 AND t.id = $2 AND t.kind = 'API_TOKEN'"))
            .bind(user.0)
            .bind(id.0)
            .fetch_optional(self.connection())
            .await?;
        Ok(row.as_ref().map(summary).transpose()?)
    }

    /// That user's tokens, newest first, one more than the page.
    ///
    /// # Errors
    /// As any statement.
    pub async fn tokens(
        &mut self,
        user: UserId,
        page: &PageRequest<TokenId>,
    ) -> Result<Vec<ApiTokenSummary>, StoreError> {
        let rows = query(concat!(
            tokens!(),
            "WHERE t.user_id = $1 AND t.kind = 'API_TOKEN' AND ($2::uuid IS NULL OR t.id < $2) ORDER BY t.id DESC LIMIT $3"
        ))
        .bind(user.0)
        .bind(page.cursor.map(|id| id.0))
        .bind(page.limit.with_lookahead())
        .fetch_all(self.connection())
        .await?;
        Ok(rows.iter().map(summary).collect::<Result<_, _>>()?)
    }

    /// Revokes a token of that user's, at once and for good. False: he has none of that id.
    ///
    /// # Errors
    /// As any statement.
    pub async fn revoke_token(&mut self, user: UserId, id: TokenId) -> Result<bool, StoreError> {
        let done = query(
            "UPDATE strongroom.api_tokens SET revoked_at = now() WHERE user_id = $1 AND id = $2 AND kind = 'API_TOKEN'",
        )
        .bind(user.0)
        .bind(id.0)
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }
}

fn summary(row: &PgRow) -> Result<ApiTokenSummary, sqlx::Error> {
    Ok(ApiTokenSummary {
        id: TokenId(row.try_get("id")?),
        name: row.try_get("name")?,
        workspace_id: row.try_get::<Option<_>, _>("workspace_id")?.map(WorkspaceId),
        provider: row.try_get("provider")?,
        actions: all_parsed(row, "actions")?,
        created_by: row.try_get::<Option<_>, _>("created_by")?.map(UserId),
        created_at: row.try_get("created_at")?,
        last_used_at: row.try_get("last_used_at")?,
        expires_at: row.try_get("expires_at")?,
        revoked_at: row.try_get("revoked_at")?,
    })
}
