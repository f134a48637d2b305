//! Reading the record, each as much of it as is his, and recording that it was read.
//! Never writes anything else into it: that is the database's.

use strongroom_store::Store;
use strongroom_types::{Activity, ActivityAction, ActivityFilter, ActivityPageRequest, Caller, Page, RuntimeRole};

use crate::error::ServiceError;
use crate::vault::Vault;

/// How many rows of an export are in memory at once.
const EXPORT_PAGE: u16 = 1000;

impl Vault {
    /// A page of what the caller may see of the record: what he did, what was done with his own credentials, and what
    /// happened in the workspaces of which he is OWNER or ADMIN. That he read it is recorded with the first page.
    ///
    /// # Errors
    /// As the store's.
    pub async fn list_activity(
        &self,
        caller: &Caller,
        role: RuntimeRole,
        request: &ActivityPageRequest,
    ) -> Result<Page<Activity>, ServiceError> {
        let filter = request.filter();
        let mut transaction = self.store.begin_full(caller, role).await?;
        let rows = transaction.activity(&filter, request.cursor, request.limit.with_lookahead()).await?;
        if request.cursor.is_none() {
            transaction.record_reading(ActivityAction::RecordRead, &filter).await?;
        }
        transaction.commit().await?;
        Ok(Page::from_lookahead(rows, request.limit, |activity| activity.id.to_string()))
    }

    /// All of it, a page at a time. Nothing is read before the first page is asked for.
    pub fn export_activity(&self, caller: Caller, role: RuntimeRole, filter: ActivityFilter) -> ActivityExport {
        ActivityExport { store: self.store.clone(), caller, role, filter, before: None, ended: false }
    }
}

/// An export of the record under way. Each page is a transaction of its own, in which the caller is proven anew: his
/// token may have ended meanwhile, and a long transaction would keep PostgreSQL from cleaning up.
pub struct ActivityExport {
    store: Store,
    caller: Caller,
    role: RuntimeRole,
    filter: ActivityFilter,
    before: Option<i64>,
    ended: bool,
}

impl ActivityExport {
    /// The next page, newest rows first; None: that was all. The export is recorded with the first page.
    ///
    /// # Errors
    /// As the store's; then what was handed out so far is not the whole.
    pub async fn next_page(&mut self) -> Result<Option<Vec<Activity>>, ServiceError> {
        if self.ended {
            return Ok(None);
        }
        let mut transaction = self.store.begin_full(&self.caller, self.role).await?;
        let rows = transaction.activity(&self.filter, self.before, EXPORT_PAGE.into()).await?;
        if self.before.is_none() {
            transaction.record_reading(ActivityAction::RecordExported, &self.filter).await?;
        }
        transaction.commit().await?;
        self.before = rows.last().map(|activity| activity.id);
        self.ended = rows.len() < usize::from(EXPORT_PAGE);
        Ok((!rows.is_empty()).then_some(rows))
    }
}
