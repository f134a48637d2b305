//! Signing in with a password: what to derive with, and what became of the proof. One round trip each, whoever asks.
//! Nothing here tells whether an address is anybody's.

use chrono::{DateTime, Utc};
use sqlx::{Row, query};
use strongroom_types::{Email, NewSession, PasswordCost, PasswordParameters, RequestDetails, RuntimeRole, UserId};

use crate::error::StoreError;
use crate::passwords::{columns, parameters, retry_after};
use crate::store::Store;

/// What to do with an attempt.
#[derive(Debug)]
pub enum SignInStep {
    /// Derive, with parameters that may be nobody's.
    Derive(PasswordParameters),
    /// Nothing: it would not be looked at.
    Throttled { retry_after_seconds: u32 },
}

/// What became of an attempt; what the record says of it is committed by now.
#[derive(Debug)]
pub enum SignInOutcome {
    SignedIn {
        user_id: UserId,
        expires_at: DateTime<Utc>,
    },
    /// The password, or the address.
    Refused,
    /// Not looked at: others failed here at the same time.
    Throttled {
        retry_after_seconds: u32,
    },
}

impl Store {
    /// What to derive the proof with. For an address without a password it costs `current`, as new ones do.
    ///
    /// # Errors
    /// [`StoreError::ServerNotProven`].
    pub async fn sign_in_parameters(
        &self,
        server_secret: &[u8],
        email: &Email,
        current: PasswordCost,
        request: &RequestDetails,
    ) -> Result<SignInStep, StoreError> {
        let [memory_kib, iterations, lanes] = columns(current);
        let rows = query("SELECT * FROM strongroom.sign_in_parameters($1, $2, $3, $4, $5, $6, $7::text::inet, $8)")
            .bind(server_secret)
            .bind(email.as_str())
            .bind(memory_kib)
            .bind(iterations)
            .bind(lanes)
            .bind(request.request_id.0)
            .bind(request.address.map(|address| address.to_string()))
            .bind(request.user_agent.as_ref().map(|agent| agent.as_str()))
            .fetch_all(self.pool(RuntimeRole::App))
            .await?;
        let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
        match retry_after(row.try_get("retry_after_seconds")?) {
            Some(retry_after_seconds) => Ok(SignInStep::Throttled { retry_after_seconds }),
            None => Ok(SignInStep::Derive(parameters(row)?)),
        }
    }

    /// Begins that session, of whoever's password was derived to that proof.
    ///
    /// # Errors
    /// [`StoreError::ServerNotProven`], and whatever keeps session and record from being committed; then there is none.
    pub async fn sign_in(
        &self,
        server_secret: &[u8],
        email: &Email,
        proof: &[u8; 32],
        session: &NewSession,
        request: &RequestDetails,
    ) -> Result<SignInOutcome, StoreError> {
        // fetch_all: it returns after the commit, and not at the first row.
        let rows = query(
            "SELECT * FROM strongroom.sign_in(
                 $1, $2, $3, $4, $5, make_interval(secs => $6), make_interval(secs => $7), $8, $9::text::inet, $10)",
        )
        .bind(server_secret)
        .bind(email.as_str())
        .bind(proof.as_slice())
        .bind(session.id.0)
        .bind(session.random.as_slice())
        .bind(session.idle_timeout.as_secs_f64())
        .bind(session.lifetime.as_secs_f64())
        .bind(request.request_id.0)
        .bind(request.address.map(|address| address.to_string()))
        .bind(request.user_agent.as_ref().map(|agent| agent.as_str()))
        .fetch_all(self.pool(RuntimeRole::App))
        .await?;
        let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
        match row.try_get::<&str, _>("outcome")? {
            "SIGNED_IN" => Ok(SignInOutcome::SignedIn {
                user_id: UserId(row.try_get("user_id")?),
                expires_at: row.try_get("expires_at")?,
            }),
            "WRONG_PASSWORD" => Ok(SignInOutcome::Refused),
            "THROTTLED" => {
                let seconds: i32 = row.try_get("retry_after_seconds")?;
                Ok(SignInOutcome::Throttled { retry_after_seconds: seconds.unsigned_abs() })
            }
            other => Err(sqlx::Error::Decode(format!("unknown outcome {other}").into()).into()),
        }
    }
}
