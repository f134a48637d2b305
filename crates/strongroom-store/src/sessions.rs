//! Sessions in the database, as their owner sees them.
//! Never begins one: the functions that sign a person in do, once they have made sure of him.

use sqlx::postgres::PgRow;
use sqlx::{Row, query};
use strongroom_types::{PageRequest, Session, TokenId};

use crate::error::StoreError;
use crate::rows::{maybe_parsed, parsed};
use crate::store::Transaction;

impl Transaction {
    /// The caller's live sessions, newest first, one more than the page.
    ///
    /// # Errors
    /// As any statement.
    pub async fn sessions(&mut self, page: &PageRequest<TokenId>) -> Result<Vec<Session>, StoreError> {
        let rows = query(
            "SELECT t.id, t.sign_in_method::text AS method, t.created_at, u.last_used_at, t.expires_at,
                    host(t.address) AS address, t.user_agent, t.id = strongroom.current_token_id() AS current
             FROM strongroom.api_tokens AS t JOIN strongroom.token_uses AS u ON u.token_id = t.id
             WHERE t.kind = 'SESSION' AND t.user_id = (SELECT strongroom.current_user_id())
               AND t.revoked_at IS NULL AND t.expires_at > clock_timestamp()
               AND coalesce(u.last_used_at, t.created_at) + t.idle_timeout > clock_timestamp()
               AND ($1::uuid IS NULL OR t.id < $1)
             ORDER BY t.id DESC LIMIT $2",
        )
        .bind(page.cursor.map(|id| id.0))
        .bind(page.limit.with_lookahead())
        .fetch_all(self.connection())
        .await?;
        Ok(rows.iter().map(session).collect::<Result<_, _>>()?)
    }

    /// Ends a session of the caller's, at once and for good. False: he has none of that id.
    ///
    /// # Errors
    /// As any statement.
    pub async fn end_session(&mut self, id: TokenId) -> Result<bool, StoreError> {
        let done = query(
            "UPDATE strongroom.api_tokens SET revoked_at = now()
             WHERE id = $1 AND kind = 'SESSION' AND user_id = (SELECT strongroom.current_user_id())",
        )
        .bind(id.0)
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Ends every session of the caller's but the one that asks.
    ///
    /// # Errors
    /// As any statement.
    pub async fn end_other_sessions(&mut self) -> Result<(), StoreError> {
        query(
            "UPDATE strongroom.api_tokens SET revoked_at = now()
             WHERE kind = 'SESSION' AND user_id = (SELECT strongroom.current_user_id()) AND revoked_at IS NULL
               AND id <> (SELECT strongroom.current_token_id())",
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Ends the token that the caller proved himself with, whatever its kind.
    ///
    /// # Errors
    /// As any statement.
    pub async fn end_current_token(&mut self) -> Result<(), StoreError> {
        query("SELECT strongroom.end_current_token()").execute(self.connection()).await?;
        Ok(())
    }
}

fn session(row: &PgRow) -> Result<Session, sqlx::Error> {
    Ok(Session {
        id: TokenId(row.try_get("id")?),
        method: parsed(row, "method")?,
        created_at: row.try_get("created_at")?,
        last_used_at: row.try_get("last_used_at")?,
        expires_at: row.try_get("expires_at")?,
        address: maybe_parsed(row, "address")?,
        user_agent: row.try_get("user_agent")?,
        current: row.try_get("current")?,
    })
}
