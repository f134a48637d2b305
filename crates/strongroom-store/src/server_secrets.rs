//! The server's own secret in the database: its envelope, which any server of the vault opens, and its hash.
//! Never the secret itself, but as a parameter of the functions that check it.

use sqlx::query_scalar;
use strongroom_types::RuntimeRole;

use crate::error::StoreError;
use crate::store::Store;

impl Store {
    /// The sealed secret; None where no server has been here yet.
    ///
    /// # Errors
    /// As any statement.
    pub async fn server_secret_envelope(&self) -> Result<Option<String>, StoreError> {
        Ok(query_scalar("SELECT strongroom.server_secret_envelope()").fetch_one(self.pool(RuntimeRole::App)).await?)
    }

    /// Keeps the secret of the first server that comes. False: another one was first.
    ///
    /// # Errors
    /// As any statement.
    pub async fn establish_server_secret(&self, envelope: &str, secret: &[u8]) -> Result<bool, StoreError> {
        let rows: Vec<bool> = query_scalar("SELECT strongroom.establish_server_secret($1, sha256($2))")
            .bind(envelope)
            .bind(secret)
            .fetch_all(self.pool(RuntimeRole::App))
            .await?;
        Ok(rows == [true])
    }
}
