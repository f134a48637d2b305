//! Which columns of applications' tables are sealed under the keys of this vault, for whoever has the server's own secret.
//! The columns themselves are application_column.rs's, and mostly in other databases.

use sqlx::{Row, query, query_scalar};
use strongroom_types::RuntimeRole;

use crate::error::StoreError;
use crate::store::Store;

/// A column whose fields are sealed.
#[derive(Clone, Debug)]
pub struct SealedColumn {
    /// As [`crate::ApplicationColumn::name`].
    pub name: String,
    /// The column that tells rows apart.
    pub row_column: String,
    /// The named key that its fields are under.
    pub key_name: String,
    /// The key that all fields were under when the last run ended. None: it has not.
    pub key_id: Option<String>,
}

impl Store {
    /// All of them, by name.
    ///
    /// # Errors
    /// [`StoreError::ServerNotProven`], and as any statement.
    pub async fn sealed_columns(&self, server_secret: &[u8]) -> Result<Vec<SealedColumn>, StoreError> {
        let columns = query("SELECT * FROM strongroom.sealed_columns($1)").bind(server_secret);
        let rows = columns.fetch_all(self.pool(RuntimeRole::System)).await?;
        let column = |row: &sqlx::postgres::PgRow| {
            Ok::<_, sqlx::Error>(SealedColumn {
                name: row.try_get("name")?,
                row_column: row.try_get("row_column")?,
                key_name: row.try_get("key_name")?,
                key_id: row.try_get("key_id")?,
            })
        };
        Ok(rows.iter().map(column).collect::<Result<_, _>>()?)
    }

    /// Leaves a record that fields of that column are to be sealed or opened. From then on, any key may be needed.
    ///
    /// # Errors
    /// [`StoreError::ServerNotProven`]; [`StoreError::Constraint`] where it was sealed for other rows or under another named
    /// key.
    pub async fn begin_column_run(
        &self,
        server_secret: &[u8],
        column: &SealedColumn,
        opens: bool,
    ) -> Result<(), StoreError> {
        query("SELECT strongroom.begin_column_run($1, $2, $3, $4, $5)")
            .bind(server_secret)
            .bind(&column.name)
            .bind(&column.row_column)
            .bind(&column.key_name)
            .bind(opens)
            .execute(self.pool(RuntimeRole::System))
            .await?;
        Ok(())
    }

    /// Says that all its fields are under that key.
    ///
    /// # Errors
    /// [`StoreError::ServerNotProven`], and as any statement.
    pub async fn end_column_run(&self, server_secret: &[u8], name: &str, key_id: &str) -> Result<(), StoreError> {
        let end = query("SELECT strongroom.end_column_run($1, $2, $3)").bind(server_secret).bind(name).bind(key_id);
        end.execute(self.pool(RuntimeRole::System)).await?;
        Ok(())
    }

    /// Knows no more of that column. False: there is none of that name.
    ///
    /// # Errors
    /// [`StoreError::ServerNotProven`], and as any statement.
    pub async fn forget_column(&self, server_secret: &[u8], name: &str) -> Result<bool, StoreError> {
        let forget = query_scalar("SELECT strongroom.forget_column($1, $2)").bind(server_secret).bind(name);
        Ok(forget.fetch_one(self.pool(RuntimeRole::System)).await?)
    }
}
