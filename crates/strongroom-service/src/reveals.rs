//! Values: opened after the record of it is committed, and never before.
//! Who may have one is decided by the statement that writes the record.

use futures_util::future::join_all;
use strongroom_store::{Denial, RevealOutcome, StoreError};
use strongroom_types::{Caller, CredentialId, Purpose, Reference, RuntimeRole, SecretValue};

use crate::error::ServiceError;
use crate::vault::Vault;

/// A value, and what it is of.
#[derive(Debug)]
pub struct RevealedValue {
    pub id: CredentialId,
    pub version: i32,
    pub value: SecretValue,
}

impl Vault {
    /// Opens values, as many as are referred to and in that order: each is an act of its own, with a record of its own.
    ///
    /// # Errors
    /// For all of them: the store's. For each: [`ServiceError::NotFound`], [`ServiceError::Ambiguous`],
    /// [`ServiceError::Forbidden`], [`ServiceError::Revoked`], [`ServiceError::Purged`], [`ServiceError::RateLimited`];
    /// the sealing's where the envelope does not open.
    pub async fn reveal_credentials(
        &self,
        caller: &Caller,
        role: RuntimeRole,
        purpose: Purpose,
        references: &[Reference],
    ) -> Result<Vec<Result<RevealedValue, ServiceError>>, ServiceError> {
        let limit = match purpose {
            Purpose::Reveal => self.limits.reveals_per_minute,
            Purpose::Use => self.limits.uses_per_minute,
            Purpose::Restore => None,
        };
        let outcomes = self.store.reveal_credentials(caller, role, purpose, references, limit).await;
        let outcomes = outcomes.inspect_err(|error| count(purpose, refused(error), references.len()))?;
        outcomes.iter().for_each(|outcome| count(purpose, word(outcome), 1));
        // At once: a key provider that is away costs all of them its one time limit, and not each.
        Ok(join_all(outcomes.into_iter().map(|outcome| self.opened(outcome))).await)
    }

    /// Opens one value.
    ///
    /// # Errors
    /// As [`Self::reveal_credentials`].
    pub async fn reveal_credential(
        &self,
        caller: &Caller,
        role: RuntimeRole,
        purpose: Purpose,
        reference: Reference,
    ) -> Result<RevealedValue, ServiceError> {
        self.reveal_credentials(caller, role, purpose, &[reference]).await?.pop().unwrap_or(Err(ServiceError::NotFound))
    }

    async fn opened(&self, outcome: RevealOutcome) -> Result<RevealedValue, ServiceError> {
        let (binding, envelope) = match outcome {
            RevealOutcome::Allowed { binding, envelope } => (binding, envelope),
            RevealOutcome::NotFound => return Err(ServiceError::NotFound),
            RevealOutcome::Ambiguous => return Err(ServiceError::Ambiguous),
            RevealOutcome::Revoked => return Err(ServiceError::Revoked),
            RevealOutcome::Purged => return Err(ServiceError::Purged),
            RevealOutcome::Forbidden(denial) => return Err(ServiceError::Forbidden(advice(denial))),
            RevealOutcome::RateLimited { retry_after_seconds } => {
                return Err(ServiceError::RateLimited { retry_after_seconds });
            }
        };
        let value = self.keys.open(&binding, &envelope).await?;
        Ok(RevealedValue { id: binding.credential_id, version: binding.version, value })
    }
}

/// For the metrics: how many attempts came to what.
fn count(purpose: Purpose, outcome: &'static str, attempts: usize) {
    let labels = [("purpose", purpose.to_string()), ("outcome", outcome.into())];
    metrics::counter!("strongroom_reveals_total", &labels).increment(attempts as u64);
}

fn word(outcome: &RevealOutcome) -> &'static str {
    match outcome {
        RevealOutcome::Allowed { .. } => "allowed",
        RevealOutcome::NotFound => "not_found",
        RevealOutcome::Ambiguous => "ambiguous",
        RevealOutcome::Revoked => "revoked",
        RevealOutcome::Purged => "purged",
        RevealOutcome::Forbidden(_) => "forbidden",
        RevealOutcome::RateLimited { .. } => "rate_limited",
    }
}

fn refused(error: &StoreError) -> &'static str {
    match error {
        StoreError::Unauthenticated => "unauthenticated",
        _ => "failed",
    }
}

fn advice(denial: Denial) -> &'static str {
    match denial {
        Denial::TokenScope => "your token is not for that; take one with this action",
        Denial::Permission => "this credential is not shared with you for that; ask whoever shares it",
        Denial::GraceOver => "the former value answers no more; take the current one",
    }
}
