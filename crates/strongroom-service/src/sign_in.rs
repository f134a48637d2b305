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

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "tests only")]
mod tests {
    use std::sync::atomic::Ordering;

    use strongroom_crypto::{KeyProtection, KeyProvider, KeyRing, derive_proof};
    use strongroom_store::Store;
    use strongroom_testing::{Person, TestDatabase, Wire};
    use strongroom_types::{PasswordCost, PasswordParameters, RequestId, SessionTransport};

    use super::*;
    use crate::sessions::SessionPolicy;
    use crate::vault::Limits;

    const FORMER_COST: PasswordCost = PasswordCost { memory_kib: 64, iterations: 3, lanes: 1 };

    struct Scene {
        database: TestDatabase,
        wire: Wire,
        vault: Vault,
    }

    async fn scene() -> Scene {
        let database = TestDatabase::create().await;
        let wire = Wire::listen(&database);
        let app = wire.url(&database, "strongroom_app");
        let store = Store::connect(&app, &database.url("strongroom_system"), 1).await.unwrap();
        let keys = tempfile::tempdir().unwrap();
        let keys = KeyProvider::local(KeyRing::create(&keys.path().join("keys.json"), &KeyProtection::Mode).unwrap());
        let limits = Limits { reveals_per_minute: None, uses_per_minute: None };
        let vault = Vault::open(store, keys, limits, SessionPolicy::default()).await.unwrap();
        Scene { database, wire, vault }
    }

    impl Scene {
        /// Somebody with a password that is kept at that cost.
        async fn person(&self, name: &str, password: &str, cost: PasswordCost) {
            let person = Person::create(&self.database, name).await;
            let parameters = PasswordParameters { salt: *b"0123456789abcdef", cost };
            let proof = derive_proof(&Password::new(password.into()).unwrap(), &parameters).unwrap();
            let superuser = self.database.sql("postgres").await;
            let insert = "INSERT INTO strongroom.passwords VALUES ($1, $2, $3, $4, $5, sha256($6))";
            let [memory, iterations, lanes] =
                [cost.memory_kib, cost.iterations, cost.lanes].map(|number| i32::try_from(number).unwrap());
            superuser
                .execute(
                    insert,
                    &[&person.id.0, &parameters.salt.as_slice(), &memory, &iterations, &lanes, &proof.as_slice()],
                )
                .await
                .unwrap();
        }

        /// What became of an attempt, and what it took: round trips and derivations.
        async fn attempt(&self, who: &str, password: &str) -> (Result<SignedIn, ServiceError>, usize, usize) {
            let request = RequestDetails { request_id: RequestId::generate(), address: None, user_agent: None };
            let sign_in = SignIn {
                email: format!("{who}@example.org").try_into().unwrap(),
                password: Password::new(password.into()).unwrap(),
                transport: SessionTransport::Bearer,
            };
            self.wire.take_round_trips();
            self.vault.derivations.begun.store(0, Ordering::SeqCst);
            let outcome = self.vault.sign_in(&request, &sign_in).await;
            (outcome, self.wire.take_round_trips(), self.vault.derivations.begun.load(Ordering::SeqCst))
        }
    }

    #[tokio::test]
    async fn an_attempt_at_nobody_is_as_much_work_as_one_at_somebody() {
        let scene = scene().await;
        scene.person("ada", "tell nobody this sentence", CURRENT_COST).await;
        Person::create(&scene.database, "bob").await;
        // The first one prepares the statements.
        scene.attempt("carl", "whatever it may be").await.0.unwrap_err();
        for who in ["ada", "bob", "nobody", "nobody-else"] {
            let (outcome, round_trips, derivations) = scene.attempt(who, "whatever it may be").await;
            assert!(matches!(outcome, Err(ServiceError::NotSignedIn)), "{who}: {outcome:?}");
            assert_eq!((round_trips, derivations), (2, 1), "{who}");
        }
        let (outcome, round_trips, derivations) = scene.attempt("ada", "tell nobody this sentence").await;
        assert_eq!((outcome.is_ok(), round_trips, derivations), (true, 2, 1));
    }

    #[tokio::test]
    async fn what_is_blocked_costs_no_derivation() {
        let scene = scene().await;
        scene.person("ada", "tell nobody this sentence", CURRENT_COST).await;
        for who in ["ada", "nobody"] {
            scene.attempt(who, "whatever it may be").await.0.unwrap_err();
        }
        let blocked = "UPDATE strongroom.sign_in_failures SET blocked_until = now() + interval '1 hour'";
        scene.database.sql("postgres").await.execute(blocked, &[]).await.unwrap();
        for who in ["ada", "nobody"] {
            let (outcome, round_trips, derivations) = scene.attempt(who, "tell nobody this sentence").await;
            assert!(matches!(outcome, Err(ServiceError::SignInThrottled { .. })), "{who}: {outcome:?}");
            assert_eq!((round_trips, derivations), (1, 0), "{who}");
        }
    }

    #[tokio::test]
    async fn a_password_under_former_parameters_is_kept_under_current_ones_once_it_has_been_right() {
        let scene = scene().await;
        scene.person("ada", "tell nobody this sentence", FORMER_COST).await;
        let kept = async || -> i32 {
            let superuser = scene.database.sql("postgres").await;
            superuser.query_one("SELECT memory_kib FROM strongroom.passwords", &[]).await.unwrap().get(0)
        };
        scene.attempt("ada", "whatever it may be").await.0.unwrap_err();
        assert_eq!(kept().await, 64, "a wrong one changes nothing");
        let first = scene.attempt("ada", "tell nobody this sentence").await.0.unwrap();
        assert_eq!(kept().await, 19 * 1024);
        let (again, _, derivations) = scene.attempt("ada", "tell nobody this sentence").await;
        assert_eq!(
            (again.unwrap().token.user_id(), derivations),
            (first.token.user_id(), 1),
            "it is the same password"
        );
        scene.attempt("ada", "whatever it may be").await.0.unwrap_err();
        let superuser = scene.database.sql("postgres").await;
        let changed = "SELECT FROM strongroom.activity_logs WHERE action = 'PASSWORD_CHANGED'";
        assert_eq!(superuser.execute(changed, &[]).await.unwrap(), 0);
    }
}
