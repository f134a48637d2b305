//! Passwords: how many are derived at a time, and how their owners set them.
//! Nobody sets another's: an administrator who could would sign in as him, and read what is personal.

use std::sync::Arc;
use std::time::Duration;

use strongroom_crypto::{Proof, SealingError, derive_proof, new_parameters};
use strongroom_store::{KeptPassword, PasswordOutcome};
use strongroom_types::{Caller, ChangePassword, NewPassword, Password, PasswordParameters, RuntimeRole};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::error::ServiceError;
use crate::vault::Vault;

/// Derivations at a time; at the current cost they hold 76 MiB together.
const AT_A_TIME: usize = 4;
/// How long one waits for its turn.
const TURN_TIMEOUT: Duration = Duration::from_secs(5);

/// The turns of derivations: each holds a core and much memory.
pub(crate) struct Derivations {
    turns: Arc<Semaphore>,
    #[cfg(test)]
    pub(crate) begun: std::sync::atomic::AtomicUsize,
}

impl Default for Derivations {
    fn default() -> Self {
        Self {
            turns: Arc::new(Semaphore::new(AT_A_TIME)),
            #[cfg(test)]
            begun: Default::default(),
        }
    }
}

impl Derivations {
    /// Derives what a password proves.
    ///
    /// # Errors
    /// [`ServiceError::Busy`] where its turn does not come in time.
    pub(crate) async fn derive(
        &self,
        password: &Password,
        parameters: PasswordParameters,
    ) -> Result<Proof, ServiceError> {
        let turn = timeout(TURN_TIMEOUT, self.turns.clone().acquire_owned()).await;
        let Ok(Ok(turn)) = turn else { return Err(ServiceError::Busy) };
        #[cfg(test)]
        self.begun.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let password = password.clone();
        let derived = tokio::task::spawn_blocking(move || {
            // Held until it is done, whoever has stopped waiting for it.
            let _turn = turn;
            derive_proof(&password, &parameters)
        });
        Ok(derived.await.map_err(|_| SealingError::Cipher)??)
    }
}

impl Vault {
    /// Sets the caller's password. Ends every session of his but the one that asks; API tokens live on.
    ///
    /// Whoever has a password has to give it, unless he signed in by OIDC a moment ago: a stolen session or token is not
    /// to become a password.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] for a new password that is the caller's address, or without the current one where it is
    /// needed; [`ServiceError::Forbidden`] where that is wrong; [`ServiceError::SignInThrottled`] where it was wrong too
    /// often.
    pub async fn change_password(&self, caller: &Caller, change: &ChangePassword) -> Result<(), ServiceError> {
        let current = self.prove_password(caller, change).await?;
        let (parameters, proof) = self.keep(change.new_password.as_password()).await?;
        let new = KeptPassword { parameters, proof: &proof };
        let mut transaction = self.store.begin_full(caller, RuntimeRole::App).await?;
        let outcome = transaction.set_own_password(self.server_secret.expose(), current.as_deref(), &new).await?;
        // What was refused is counted, and recorded.
        transaction.commit().await?;
        match outcome {
            PasswordOutcome::Changed => Ok(()),
            PasswordOutcome::WrongPassword => Err(ServiceError::Forbidden("the current password is not right")),
            PasswordOutcome::Throttled { retry_after_seconds } => {
                Err(ServiceError::SignInThrottled { retry_after_seconds })
            }
        }
    }

    /// What proves the caller's current password, where he needs one. No transaction is open while it is derived.
    async fn prove_password(&self, caller: &Caller, change: &ChangePassword) -> Result<Option<Proof>, ServiceError> {
        let mut transaction = self.store.begin_full(caller, RuntimeRole::App).await?;
        let own = transaction.own_password(self.server_secret.expose()).await?;
        let user = transaction.current_user().await?;
        transaction.commit().await?;
        let email = user.email.ok_or(ServiceError::Forbidden("a service account has no password"))?;
        check(&change.new_password, &email)?;
        if !own.needed {
            return Ok(None);
        }
        let parameters = own.parameters.ok_or(ServiceError::Forbidden(
            "a first password is chosen within an hour of accepting the invitation, or five minutes of signing in with the identity provider",
        ))?;
        if let Some(retry_after_seconds) = own.retry_after_seconds {
            return Err(ServiceError::SignInThrottled { retry_after_seconds });
        }
        let Some(current) = &change.current_password else {
            return Err(ServiceError::Invalid("you have a password: give it as current_password"));
        };
        self.derivations.derive(current, parameters).await.map(Some)
    }

    /// What is kept of a new password.
    pub(crate) async fn keep(&self, new: &Password) -> Result<(PasswordParameters, Proof), ServiceError> {
        let parameters = new_parameters()?;
        let proof = self.derivations.derive(new, parameters).await?;
        Ok((parameters, proof))
    }
}

/// Whether it may be the password of whoever has that address.
///
/// # Errors
/// [`ServiceError::Invalid`] where it is the address, or one of the commonest.
pub(crate) fn check(new: &NewPassword, email: &str) -> Result<(), ServiceError> {
    if new.is(email) {
        return Err(ServiceError::Invalid("a password must not be your e-mail address"));
    }
    if new.is_common() {
        return Err(ServiceError::Invalid("the password is one of the commonest; choose another"));
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "tests only")]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_derivation_waits_for_its_turn_and_not_for_ever() {
        let derivations = Derivations::default();
        let password = Password::new("tell nobody this sentence".into()).unwrap();
        let parameters = new_parameters().unwrap();
        let turns = derivations.turns.acquire_many(u32::try_from(AT_A_TIME).unwrap()).await.unwrap();
        let refused = derivations.derive(&password, parameters).await;
        assert!(matches!(refused, Err(ServiceError::Busy)));
        drop(turns);
        derivations.derive(&password, parameters).await.unwrap();
        assert_eq!(derivations.turns.available_permits(), AT_A_TIME, "and gives it back");
    }
}
