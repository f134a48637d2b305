//! Passwords in the database, by the functions that keep them out of everybody's reach. What comes back is what to derive
//! with, never what a proof is compared with.

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{Postgres, Row, query};
use strongroom_types::{PasswordCost, PasswordParameters};

use crate::error::StoreError;
use crate::store::Transaction;

/// A password to be kept: what it was derived with, and to. The database keeps the hash of the proof.
pub struct KeptPassword<'a> {
    pub parameters: PasswordParameters,
    pub proof: &'a [u8; 32],
}

/// What the caller needs to change his password.
pub struct OwnPassword {
    /// What the one that he has is derived with; None: he has none.
    pub parameters: Option<PasswordParameters>,
    /// Whether he has to give it.
    pub needed: bool,
    /// He has guessed too often; an attempt is not looked at before.
    pub retry_after_seconds: Option<u32>,
}

/// What became of a change; what the record says of it is written by the same transaction.
#[derive(Debug, PartialEq, Eq)]
pub enum PasswordOutcome {
    /// Every other session has ended.
    Changed,
    /// The proof of the current password was wrong, or missing.
    WrongPassword,
    /// Not looked at.
    Throttled { retry_after_seconds: u32 },
}

impl Transaction {
    /// What the caller needs to change his password.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`] where the caller's token is not a full one.
    pub async fn own_password(&mut self, server_secret: &[u8]) -> Result<OwnPassword, StoreError> {
        let row = query("SELECT * FROM strongroom.own_password_parameters($1)")
            .bind(server_secret)
            .fetch_one(self.connection())
            .await?;
        let parameters = match row.try_get::<Option<&[u8]>, _>("salt")? {
            Some(_) => Some(parameters(&row)?),
            None => None,
        };
        Ok(OwnPassword {
            parameters,
            needed: row.try_get("needed")?,
            retry_after_seconds: retry_after(row.try_get("retry_after_seconds")?),
        })
    }

    /// Sets the caller's password, and ends every session of his but the one that asks.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`] where the caller's token is not a full one.
    pub async fn set_own_password(
        &mut self,
        server_secret: &[u8],
        current: Option<&[u8; 32]>,
        new: &KeptPassword<'_>,
    ) -> Result<PasswordOutcome, StoreError> {
        let statement = query("SELECT * FROM strongroom.set_own_password($1, $2, $3, $4, $5, $6, $7)")
            .bind(server_secret)
            .bind(current.map(<[u8; 32]>::as_slice));
        let row = new.bind(statement).fetch_one(self.connection()).await?;
        match row.try_get::<&str, _>("outcome")? {
            "CHANGED" => Ok(PasswordOutcome::Changed),
            "WRONG_PASSWORD" => Ok(PasswordOutcome::WrongPassword),
            "THROTTLED" => {
                let seconds: i32 = row.try_get("retry_after_seconds")?;
                Ok(PasswordOutcome::Throttled { retry_after_seconds: seconds.unsigned_abs() })
            }
            other => Err(sqlx::Error::Decode(format!("unknown outcome {other}").into()).into()),
        }
    }

    /// Keeps the caller's password, proven by `current`, under other parameters. Nothing is recorded: it is the same one.
    ///
    /// # Errors
    /// As any statement.
    pub async fn strengthen_own_password(
        &mut self,
        server_secret: &[u8],
        current: &[u8; 32],
        new: &KeptPassword<'_>,
    ) -> Result<(), StoreError> {
        let statement = query("SELECT strongroom.strengthen_own_password($1, $2, $3, $4, $5, $6, $7)")
            .bind(server_secret)
            .bind(current.as_slice());
        new.bind(statement).execute(self.connection()).await?;
        Ok(())
    }
}

impl KeptPassword<'_> {
    /// As the functions take it: salt, memory, iterations, lanes, proof.
    pub(crate) fn bind<'q>(&self, statement: Query<'q, Postgres, PgArguments>) -> Query<'q, Postgres, PgArguments> {
        let [memory_kib, iterations, lanes] = columns(self.parameters.cost);
        statement
            .bind(self.parameters.salt.to_vec())
            .bind(memory_kib)
            .bind(iterations)
            .bind(lanes)
            .bind(self.proof.to_vec())
    }
}

/// Memory, iterations, lanes, as the database counts them; what is beyond its bounds is refused there.
pub(crate) fn columns(cost: PasswordCost) -> [i32; 3] {
    [cost.memory_kib, cost.iterations, cost.lanes].map(|number| i32::try_from(number).unwrap_or(i32::MAX))
}

pub(crate) fn parameters(row: &PgRow) -> Result<PasswordParameters, sqlx::Error> {
    let number = |column| row.try_get::<i32, _>(column).map(i32::unsigned_abs);
    let salt = row.try_get::<&[u8], _>("salt")?;
    Ok(PasswordParameters {
        salt: salt.try_into().map_err(|e| sqlx::Error::ColumnDecode { index: "salt".into(), source: Box::new(e) })?,
        cost: PasswordCost {
            memory_kib: number("memory_kib")?,
            iterations: number("iterations")?,
            lanes: number("lanes")?,
        },
    })
}

pub(crate) fn retry_after(seconds: Option<i32>) -> Option<u32> {
    seconds.map(i32::unsigned_abs).filter(|seconds| *seconds > 0)
}
