//! The settings of the instance in the database, and the removal of what they do not keep.
//! What may be removed is the database's to say: nothing here names a time.

use sqlx::postgres::PgRow;
use sqlx::{Row, query, query_scalar};
use strongroom_types::{Days, RuntimeRole, Settings};

use crate::error::StoreError;
use crate::store::{Store, Transaction};

impl Transaction {
    /// The settings, for an administrator on the admin path.
    ///
    /// # Errors
    /// As any statement.
    pub async fn settings(&mut self) -> Result<Settings, StoreError> {
        let row = query(
            "SELECT record_retention_days, record_retention_promise_days, version_retention_days, revoked_retention_days
             FROM strongroom.settings",
        )
        .fetch_one(self.connection())
        .await?;
        Ok(settings(&row)?)
    }

    /// Changes them.
    ///
    /// # Errors
    /// [`StoreError::Constraint`] where the promise is lowered, or not kept.
    pub async fn set_settings(&mut self, settings: &Settings) -> Result<(), StoreError> {
        let days = |days: Days| i32::from(days.get());
        query(
            "UPDATE strongroom.settings SET record_retention_days = $1, record_retention_promise_days = $2,
                 version_retention_days = $3, revoked_retention_days = $4",
        )
        .bind(settings.record_retention_days.map(days))
        .bind(i32::from(settings.record_retention_promise_days))
        .bind(days(settings.version_retention_days))
        .bind(days(settings.revoked_retention_days))
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

impl Store {
    /// Destroys some hundreds of values that the settings do not keep; returns how many. 0: there are no more.
    ///
    /// # Errors
    /// As any statement.
    pub async fn purge_credentials(&self) -> Result<i32, StoreError> {
        Ok(query_scalar("SELECT strongroom.purge_credentials()").fetch_one(self.pool(RuntimeRole::System)).await?)
    }
}

fn settings(row: &PgRow) -> Result<Settings, sqlx::Error> {
    let days = |column: &str| -> Result<Days, sqlx::Error> { decoded(row.try_get(column)?) };
    let record_retention_days = row.try_get::<Option<i32>, _>("record_retention_days")?.map(decoded).transpose()?;
    Ok(Settings {
        record_retention_days,
        record_retention_promise_days: decoded(row.try_get("record_retention_promise_days")?)?,
        version_retention_days: days("version_retention_days")?,
        revoked_retention_days: days("revoked_retention_days")?,
    })
}

fn decoded<T: TryFrom<u16>>(days: i32) -> Result<T, sqlx::Error>
where
    T::Error: std::error::Error + Send + Sync + 'static,
{
    let days = u16::try_from(days).map_err(|e| sqlx::Error::Decode(e.into()))?;
    T::try_from(days).map_err(|e| sqlx::Error::Decode(e.into()))
}
