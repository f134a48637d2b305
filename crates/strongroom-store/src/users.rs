//! People in the database, as the caller may see them.
//! Never makes one: accept_invitation() does.

use sqlx::{Row, query};
use strongroom_types::{User, UserId};

use crate::error::StoreError;
use crate::store::Transaction;

impl Transaction {
    /// The caller himself.
    ///
    /// # Errors
    /// As any statement.
    pub async fn current_user(&mut self) -> Result<User, StoreError> {
        let row = query(
            "SELECT id, email, display_name, strongroom.caller_is_admin() AS is_admin, created_at FROM strongroom.users
             WHERE id = (SELECT strongroom.current_user_id())",
        )
        .fetch_one(self.connection())
        .await?;
        Ok(User {
            id: UserId(row.try_get("id")?),
            email: row.try_get("email")?,
            display_name: row.try_get("display_name")?,
            is_admin: row.try_get("is_admin")?,
            created_at: row.try_get("created_at")?,
        })
    }
}
