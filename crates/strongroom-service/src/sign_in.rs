//! Signing in with a password. Whatever was wrong, and whether the address is anybody's or not: the same answer, after the
//! same two round trips and the one derivation between them.

use chrono::{DateTime, Utc};
use strongroom_crypto::{CURRENT_COST, Proof};
use strongroom_store::{KeptPassword, SignInOutcome, SignInStep};
use strongroom_types::{ApiToken, Caller, Password, RequestDetails, RuntimeRole, SignIn, TokenId};

use crate::error::ServiceError;
use crate::vault::Vault;

/// A new session, with the token that only this answer holds.
#[derive(Debug)]
pub struct SignedIn {
    pub session_id: TokenId,
    pub token: ApiToken,
    /// When it ends at the latest.
    pub expires_at: DateTime<Utc>,
}

impl Vault {
    /// Begins a session of whoever has that address and that password.
    ///
    /// # Errors
    /// [`ServiceError::NotSignedIn`]; [`ServiceError::SignInThrottled`] after failures, which is told before anything is
    /// derived; [`ServiceError::Busy`] where too many derivations wait.
    pub async fn sign_in(&self, request: &RequestDetails, sign_in: &SignIn) -> Result<SignedIn, ServiceError> {
        let server_secret = self.server_secret.expose();
        let step = self.store.sign_in_parameters(server_secret, &sign_in.email, CURRENT_COST, request).await?;
        let parameters = match step {
            SignInStep::Derive(parameters) => parameters,
            SignInStep::Throttled { retry_after_seconds } => {
                return Err(ServiceError::SignInThrottled { retry_after_seconds });
            }
        };
        let proof = self.derivations.derive(&sign_in.password, parameters).await?;
        let session = self.sessions.new_session()?;
        let outcome = self.store.sign_in(server_secret, &sign_in.email, &proof, &session, request).await?;
        let (user_id, expires_at) = match outcome {
            SignInOutcome::SignedIn { user_id, expires_at } => (user_id, expires_at),
            SignInOutcome::Refused => return Err(ServiceError::NotSignedIn),
            SignInOutcome::Throttled { retry_after_seconds } => {
                return Err(ServiceError::SignInThrottled { retry_after_seconds });
            }
        };
        let token = session.token_of(user_id);
        if parameters.cost != CURRENT_COST {
            let caller = request.clone().caller(token.clone());
            // He is in, whatever comes of it; the next time is another chance.
            if let Err(error) = self.strengthen(&caller, &sign_in.password, &proof).await {
                tracing::warn!(%error, "a password is still kept under former parameters");
            }
        }
        Ok(SignedIn { session_id: session.id, token, expires_at })
    }

    /// Keeps a password that has just been proven under the current cost.
    async fn strengthen(&self, caller: &Caller, password: &Password, proof: &Proof) -> Result<(), ServiceError> {
        let (parameters, new) = self.keep(password).await?;
        let mut transaction = self.store.begin(caller, RuntimeRole::App).await?;
        let kept = KeptPassword { parameters, proof: &new };
        transaction.strengthen_own_password(self.server_secret.expose(), proof, &kept).await?;
        Ok(transaction.commit().await?)
    }
}
