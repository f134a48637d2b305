//! People, as they see themselves.
//! Others are seen as members of a workspace only.

use strongroom_types::{Caller, RuntimeRole, User};

use crate::error::ServiceError;
use crate::vault::Vault;

impl Vault {
    /// The caller himself.
    ///
    /// # Errors
    /// As the store's.
    pub async fn current_user(&self, caller: &Caller) -> Result<User, ServiceError> {
        let mut transaction = self.store.begin(caller, RuntimeRole::App).await?;
        let user = transaction.current_user().await?;
        transaction.commit().await?;
        Ok(user)
    }
}
