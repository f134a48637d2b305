//! Versions of a credential in the database, masked. Their envelopes leave by reveal.rs, like all others.
//! Nothing here makes one: a trigger does, when the next one arrives.

use sqlx::postgres::PgRow;
use sqlx::{Row, query};
use strongroom_types::{CredentialId, CredentialVersion, PageRequest};

use crate::error::StoreError;
use crate::store::Transaction;

impl Transaction {
    /// The versions of a credential that the caller may know of, newest first, one more than the page.
    ///
    /// # Errors
    /// As any statement.
    pub async fn versions(
        &mut self,
        id: CredentialId,
        page: &PageRequest<i32>,
    ) -> Result<Vec<CredentialVersion>, StoreError> {
        let rows = query(
            "SELECT * FROM (
                 SELECT version, masked_value, true AS is_current, NULL::timestamptz AS superseded_at,
                        NULL::timestamptz AS answers_until, purged_at
                 FROM strongroom.user_credentials WHERE id = $1
                 UNION ALL
                 SELECT version, masked_value, false, superseded_at, answers_until, purged_at
                 FROM strongroom.credential_versions WHERE credential_id = $1) AS versions
             WHERE $2::integer IS NULL OR version < $2 ORDER BY version DESC LIMIT $3",
        )
        .bind(id.0)
        .bind(page.cursor)
        .bind(page.limit.with_lookahead())
        .fetch_all(self.connection())
        .await?;
        Ok(rows.iter().map(version).collect::<Result<_, _>>()?)
    }
}

fn version(row: &PgRow) -> Result<CredentialVersion, sqlx::Error> {
    Ok(CredentialVersion {
        version: row.try_get("version")?,
        masked_value: row.try_get("masked_value")?,
        is_current: row.try_get("is_current")?,
        superseded_at: row.try_get("superseded_at")?,
        answers_until: row.try_get("answers_until")?,
        purged_at: row.try_get("purged_at")?,
    })
}
