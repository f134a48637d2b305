//! API tokens in the database. A secret is bound, and hashed in the statement; no hash is ever returned.
//! Revoking is the only change there is.

use sqlx::postgres::PgRow;
use sqlx::{Row, query};
use strongroom_types::{ApiToken, ApiTokenSummary, NewApiToken, PageRequest, TokenId};

use crate::error::StoreError;
use crate::store::Transaction;

impl Transaction {
    /// Adds a token of the caller's.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`] where the token claims another user.
    pub async fn insert_token(
        &mut self,
        id: TokenId,
        token: &ApiToken,
        new: &NewApiToken,
    ) -> Result<ApiTokenSummary, StoreError> {
        let row = query(
            "INSERT INTO strongroom.api_tokens (id, user_id, name, token_hash, expires_at)
             VALUES ($1, $2, $3, sha256($4), now() + make_interval(days => $5))
             RETURNING id, name, created_at, expires_at, revoked_at",
        )
        .bind(id.0)
        .bind(token.user_id().0)
        .bind(new.name.as_str())
        .bind(token.expose())
        .bind(new.expires_in_days.days())
        .fetch_one(self.connection())
        .await?;
        Ok(summary(&row)?)
    }

    /// The caller's tokens, newest first, one more than the page.
    ///
    /// # Errors
    /// As any statement.
    pub async fn tokens(&mut self, page: &PageRequest<TokenId>) -> Result<Vec<ApiTokenSummary>, StoreError> {
        let rows = query(
            "SELECT id, name, created_at, expires_at, revoked_at FROM strongroom.api_tokens
             WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2",
        )
        .bind(page.cursor.map(|id| id.0))
        .bind(page.limit.with_lookahead())
        .fetch_all(self.connection())
        .await?;
        Ok(rows.iter().map(summary).collect::<Result<_, _>>()?)
    }

    /// Revokes a token of the caller's, at once and for good. False: he has none of that id.
    ///
    /// # Errors
    /// As any statement.
    pub async fn revoke_token(&mut self, id: TokenId) -> Result<bool, StoreError> {
        let done = query("UPDATE strongroom.api_tokens SET revoked_at = now() WHERE id = $1")
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
        created_at: row.try_get("created_at")?,
        expires_at: row.try_get("expires_at")?,
        revoked_at: row.try_get("revoked_at")?,
    })
}
