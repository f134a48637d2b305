//! Reading the record, each as much of it as is his.
//! Never writes it: that is the database's.

use strongroom_types::{Activity, ActivityFilter, Caller, Page, RuntimeRole};

use crate::error::ServiceError;
use crate::vault::Vault;

impl Vault {
    /// A page of what the caller may see of the record: what he did, what was done with his own credentials, and what
    /// happened in the workspaces of which he is OWNER or ADMIN.
    ///
    /// # Errors
    /// As the store's.
    pub async fn list_activity(
        &self,
        caller: &Caller,
        role: RuntimeRole,
        filter: &ActivityFilter,
    ) -> Result<Page<Activity>, ServiceError> {
        let mut transaction = self.store.begin(caller, role).await?;
        let rows = transaction.activity(filter).await?;
        transaction.commit().await?;
        Ok(Page::from_lookahead(rows, filter.limit, |activity| activity.id.to_string()))
    }
}
