//! Passwords and sessions, past the server: the attacker of these tests holds the app role's login, and is at the place
//! where the server's secret is not. And what slows guessing down, in the database's own time.

use std::time::Duration;

use strongroom_store::{SignInOutcome, SignInStep, Store, StoreError};
use strongroom_testing::{Person, Sql, SqlState, TestDatabase, await_lock_waits};
use strongroom_types::{
    ApiToken, Email, NewSession, PasswordCost, PasswordParameters, RequestDetails, RequestId, RuntimeRole, TokenId,
};

const SECRET: [u8; 32] = [7; 32];
const PROOF: [u8; 32] = [1; 32];
const WRONG: [u8; 32] = [2; 32];
const SALT: [u8; 16] = [3; 16];
const COST: PasswordCost = PasswordCost { memory_kib: 64, iterations: 2, lanes: 1 };

/// A vault whose server has a secret, and Ada, who has a password.
struct Scene {
    database: TestDatabase,
    store: Store,
    ada: Person,
}

async fn scene() -> Scene {
    let database = TestDatabase::create().await;
    let store = database.store().await;
    assert!(store.establish_server_secret("sealed", &SECRET).await.unwrap());
    let ada = Person::create(&database, "ada").await;
    let statement = "INSERT INTO strongroom.passwords VALUES ($1, $2, 64, 2, 1, sha256($3))";
    let superuser = database.sql("postgres").await;
    superuser.execute(statement, &[&ada.id.0, &SALT.as_slice(), &PROOF.as_slice()]).await.unwrap();
    Scene { database, store, ada }
}

fn email(text: &str) -> Email {
    text.to_owned().try_into().unwrap()
}

fn from(address: &str) -> RequestDetails {
    RequestDetails { request_id: RequestId::generate(), address: Some(address.parse().unwrap()), user_agent: None }
}

fn session() -> NewSession {
    let halves = [TokenId::generate(), TokenId::generate()].map(|id| id.0.into_bytes());
    let random: [u8; 32] = halves.concat().try_into().unwrap();
    let (idle_timeout, lifetime) = (Duration::from_secs(3600), Duration::from_secs(12 * 3600));
    NewSession { id: TokenId::generate(), random: random.into(), idle_timeout, lifetime }
}

impl Scene {
    async fn attempt(&self, who: &str, proof: &[u8; 32], address: &str) -> SignInOutcome {
        self.store.sign_in(&SECRET, &email(who), proof, &session(), &from(address)).await.unwrap()
    }

    async fn step(&self, who: &str, address: &str) -> SignInStep {
        self.store.sign_in_parameters(&SECRET, &email(who), COST, &from(address)).await.unwrap()
    }

    /// A session of Ada's.
    async fn begun(&self) -> (TokenId, ApiToken) {
        let session = session();
        let outcome =
            self.store.sign_in(&SECRET, &email("ada@example.org"), &PROOF, &session, &from("192.0.2.1")).await;
        let SignInOutcome::SignedIn { user_id, .. } = outcome.unwrap() else { panic!("not signed in") };
        (session.id, session.token_of(user_id))
    }

    async fn as_superuser(&self, statement: &str) -> u64 {
        self.database.sql("postgres").await.execute(statement, &[]).await.unwrap()
    }

    async fn proves(&self, token: &ApiToken) -> bool {
        let caller = from("192.0.2.1").caller(token.clone());
        match self.store.begin(&caller, RuntimeRole::App).await {
            Ok(_) => true,
            Err(StoreError::Unauthenticated) => false,
            Err(error) => panic!("{error}"),
        }
    }

    async fn recorded(&self) -> Vec<(String, Option<String>, Option<String>)> {
        let statement = "SELECT action::text, reason, host(address) FROM strongroom.activity_logs
                         WHERE action <> 'TOKEN_CREATED' ORDER BY id";
        let rows = self.database.sql("postgres").await.query(statement, &[]).await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
    }
}

fn said(action: &str, reason: Option<&str>, address: &str) -> (String, Option<String>, Option<String>) {
    (action.into(), reason.map(Into::into), Some(address.into()))
}

async fn refused(sql: &Sql, statement: &str) -> SqlState {
    let error = sql.batch_execute(statement).await.expect_err(statement);
    error.code().unwrap().clone()
}

#[tokio::test]
async fn no_login_reads_salts_verifiers_or_counters_with_a_live_token_or_without() {
    let scene = scene().await;
    for role in ["strongroom_app", "strongroom_system", "strongroom_auditor"] {
        let sql = scene.database.sql(role).await;
        for proven in [false, true] {
            for statement in [
                "SELECT * FROM strongroom.passwords",
                "SELECT user_id FROM strongroom.passwords",
                "SELECT count(*) FROM strongroom.passwords",
                "UPDATE strongroom.passwords SET verifier = sha256('mine')",
                "INSERT INTO strongroom.passwords SELECT gen_random_uuid(), '', 8, 1, 1, ''",
                "DELETE FROM strongroom.passwords",
                "SELECT * FROM strongroom.sign_in_failures",
                "DELETE FROM strongroom.sign_in_failures",
            ] {
                sql.batch_execute("BEGIN").await.unwrap();
                if proven && role != "strongroom_auditor" {
                    sql.execute("SELECT strongroom.prove_caller($1)", &[&scene.ada.token.expose()]).await.unwrap();
                }
                assert_eq!(refused(&sql, statement).await, SqlState::INSUFFICIENT_PRIVILEGE, "{role}: {statement}");
                sql.batch_execute("ROLLBACK").await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn without_the_servers_secret_a_login_lets_nobody_in_and_learns_no_salt() {
    let scene = scene().await;
    let app = scene.database.sql("strongroom_app").await;
    // With the right password's proof, and a live token of Ada's: all that can be stolen but the secret.
    let parameters = "SELECT * FROM strongroom.sign_in_parameters(
        'guess', 'ada@example.org', 64, 2, 1, gen_random_uuid(), NULL, NULL)";
    let sign_in = "SELECT * FROM strongroom.sign_in(
        sha256('guess'), 'ada@example.org', decode(repeat('01', 32), 'hex'), gen_random_uuid(), sha256('x'), '1 hour', '1 hour',
        gen_random_uuid(), NULL, NULL)";
    let own = "SELECT * FROM strongroom.own_password_parameters('guess')";
    let set = "SELECT * FROM strongroom.set_own_password(
        NULL, decode(repeat('01', 32), 'hex'), sha256('s'), 64, 2, 1, sha256('mine'))";
    let strengthen = "SELECT strongroom.strengthen_own_password(
        'guess', decode(repeat('01', 32), 'hex'), sha256('s'), 8, 1, 1, sha256('mine'))";
    for statement in [parameters, sign_in, own, set, strengthen] {
        scene.ada.begin(&app).await;
        assert_eq!(refused(&app, statement).await.code(), "SR402", "{statement}");
        app.batch_execute("ROLLBACK").await.unwrap();
    }
    let accepted =
        scene.store.sign_in(&[0; 32], &email("ada@example.org"), &PROOF, &session(), &from("192.0.2.1")).await;
    assert!(matches!(accepted, Err(StoreError::ServerNotProven)), "{accepted:?}");
}

#[tokio::test]
async fn a_login_begins_no_session_and_prolongs_none() {
    let scene = scene().await;
    let (_, session) = scene.begun().await;
    let app = scene.database.sql("strongroom_app").await;
    let insert = |columns: &str, values: &str| {
        format!(
            "INSERT INTO strongroom.api_tokens (id, user_id, name, token_hash, expires_at, {columns})
             VALUES (gen_random_uuid(), '{}', 'n', sha256('x'), now() + interval '1 day', {values})",
            scene.ada.id
        )
    };
    let statements = [
        insert("kind", "'SESSION'"),
        insert("idle_timeout", "interval '1 year'"),
        insert("sign_in_method", "'OIDC'"),
        "UPDATE strongroom.api_tokens SET idle_timeout = NULL".into(),
        "UPDATE strongroom.api_tokens SET idle_timeout = interval '1 year'".into(),
        "UPDATE strongroom.api_tokens SET expires_at = now() + interval '1 year'".into(),
        "UPDATE strongroom.api_tokens SET kind = 'API_TOKEN'".into(),
        "UPDATE strongroom.api_tokens SET sign_in_method = 'OIDC'".into(),
        "UPDATE strongroom.token_uses SET last_used_at = now()".into(),
        "DELETE FROM strongroom.api_tokens".into(),
        format!(
            "SELECT strongroom.begin_session('{}', 'OIDC', gen_random_uuid(), sha256('x'), '1 h', '1 h')",
            scene.ada.id
        ),
        format!("SELECT strongroom.keep_password('{}', sha256('s'), 8, 1, 1, sha256('mine'))", scene.ada.id),
        "SELECT strongroom.count_failed_sign_in('{}')".into(),
        "SELECT strongroom.queue_sign_in('{}')".into(),
        "SELECT strongroom.sign_in_counters('s', 'ada@example.org', NULL)".into(),
        "SELECT strongroom.record_failed_sign_in(gen_random_uuid(), '', 'SIGN_IN_FAILED', 'x')".into(),
        "SELECT strongroom.password_is_needed()".into(),
    ];
    for statement in &statements {
        app.batch_execute("BEGIN").await.unwrap();
        app.execute("SELECT strongroom.prove_caller($1)", &[&session.expose()]).await.unwrap();
        assert_eq!(refused(&app, statement).await, SqlState::INSUFFICIENT_PRIVILEGE, "{statement}");
        app.batch_execute("ROLLBACK").await.unwrap();
    }
}

#[tokio::test]
async fn a_session_proves_its_person_until_it_rests_too_long_or_is_too_old() {
    let scene = scene().await;
    let (id, session) = scene.begun().await;
    assert_eq!(session.user_id(), scene.ada.id);
    assert!(scene.proves(&session).await);
    scene
        .as_superuser(&format!(
            "UPDATE strongroom.token_uses SET last_used_at = now() - interval '59 minutes' WHERE token_id = '{id}'"
        ))
        .await;
    assert!(scene.proves(&session).await, "which is a use");
    scene
        .as_superuser(&format!(
            "UPDATE strongroom.token_uses SET last_used_at = now() - interval '61 minutes' WHERE token_id = '{id}'"
        ))
        .await;
    assert!(!scene.proves(&session).await, "rested too long");

    let (id, session) = scene.begun().await;
    let aged = "created_at = now() - interval '13 hours', expires_at = now() - interval '1 second'";
    scene.as_superuser(&format!("UPDATE strongroom.api_tokens SET {aged} WHERE id = '{id}'")).await;
    assert!(!scene.proves(&session).await, "too old, though at work");
    let left = format!("SELECT FROM strongroom.api_tokens WHERE id = '{id}'");
    assert_eq!(scene.as_superuser(&left).await, 1);
    scene.begun().await;
    assert_eq!(scene.as_superuser(&left).await, 0, "the next sign-in clears away what is over");
    assert_eq!(
        scene.as_superuser("SELECT FROM strongroom.api_tokens WHERE kind = 'API_TOKEN'").await,
        1,
        "and no API token"
    );
}

#[tokio::test]
async fn a_session_without_an_idle_timeout_cannot_exist() {
    let scene = scene().await;
    let superuser = scene.database.sql("postgres").await;
    for (idle, random) in
        [("NULL", "sha256('x')"), ("'1 hour'", "'short'"), ("'1 hour'", "NULL"), ("'-1 hour'", "sha256('x')")]
    {
        let begin = format!(
            "SELECT strongroom.begin_session('{}', 'PASSWORD', gen_random_uuid(), {random}, {idle}, '12 hours')",
            scene.ada.id
        );
        assert_eq!(refused(&superuser, &begin).await, SqlState::CHECK_VIOLATION, "{begin}");
    }
}

#[tokio::test]
async fn an_unknown_address_has_a_salt_that_stays_and_parameters_as_new_ones_have() {
    let scene = scene().await;
    let salt = async |who: &str| match scene.step(who, "192.0.2.1").await {
        SignInStep::Derive(PasswordParameters { salt, cost }) => {
            assert_eq!(cost, COST);
            salt
        }
        SignInStep::Throttled { .. } => panic!("throttled"),
    };
    assert_eq!(salt("ada@example.org").await, SALT);
    assert_eq!(salt("ADA@example.ORG").await, SALT);
    let nobodys = salt("nobody@example.org").await;
    assert_eq!(nobodys, salt("Nobody@example.org").await);
    assert_ne!(nobodys, salt("nobody-else@example.org").await);
    Person::create(&scene.database, "bob").await;
    assert_eq!(salt("bob@example.org").await, salt("bob@example.org").await, "a person without a password");
}

#[tokio::test]
async fn an_attacker_waits_longer_each_time_and_his_victim_does_not() {
    let scene = scene().await;
    for _ in 0..5 {
        assert!(matches!(scene.attempt("ada@example.org", &WRONG, "198.51.100.6").await, SignInOutcome::Refused));
    }
    let superuser = scene.database.sql("postgres").await;
    let mut waits = Vec::new();
    for _ in 0..12 {
        // However slow this machine is, he is still blocked when he tries.
        let wait = "UPDATE strongroom.sign_in_failures SET blocked_until = blocked_until + interval '1 hour'
                    WHERE blocked_until IS NOT NULL
                    RETURNING round(extract(epoch FROM blocked_until - failed_at))::integer - 3600";
        let wait: i32 = superuser.query_one(wait, &[]).await.unwrap().get(0);
        assert!(matches!(scene.step("Ada@example.org", "198.51.100.6").await, SignInStep::Throttled { .. }));
        // Also with the right password: what is not looked at tells nothing.
        let outcome = scene.attempt("ada@example.org", &PROOF, "198.51.100.6").await;
        assert!(matches!(outcome, SignInOutcome::Throttled { retry_after_seconds: 1.. }), "{outcome:?}");
        waits.push(wait);
        // He waits it out, and fails again.
        let over = "UPDATE strongroom.sign_in_failures SET blocked_until = NULL, failed_at = failed_at - make_interval(secs => $1)
                    WHERE blocked_until IS NOT NULL";
        superuser.execute(over, &[&f64::from(wait)]).await.unwrap();
        assert!(matches!(scene.attempt("ada@example.org", &WRONG, "198.51.100.6").await, SignInOutcome::Refused));
    }
    assert_eq!(waits[..8], [2, 4, 8, 16, 32, 64, 128, 256]);
    assert_eq!(waits[10..], [900, 900], "a quarter of an hour and no more");

    let outcome = scene.attempt("ada@example.org", &PROOF, "192.0.2.1").await;
    assert!(matches!(outcome, SignInOutcome::SignedIn { .. }), "Ada, from elsewhere: {outcome:?}");
    assert!(
        matches!(scene.step("ada@example.org", "198.51.100.6").await, SignInStep::Throttled { .. }),
        "he still waits"
    );
    let outcome = scene.attempt("bob@example.org", &WRONG, "198.51.100.6").await;
    assert!(matches!(outcome, SignInOutcome::Refused), "another account from there is looked at");
}

#[tokio::test]
async fn a_network_that_tries_many_accounts_waits_for_all_of_them() {
    let scene = scene().await;
    for n in 0..100 {
        let outcome = scene.attempt(&format!("user{n}@example.org"), &WRONG, &format!("2001:db8:1:2::{n}")).await;
        assert!(matches!(outcome, SignInOutcome::Refused), "{n}: {outcome:?}");
    }
    assert!(matches!(scene.step("ada@example.org", "2001:db8:1:2:ffff::1").await, SignInStep::Throttled { .. }));
    assert!(matches!(
        scene.attempt("ada@example.org", &PROOF, "2001:db8:1:2::7").await,
        SignInOutcome::Throttled { .. }
    ));
    assert!(matches!(
        scene.attempt("ada@example.org", &PROOF, "2001:db8:1:3::7").await,
        SignInOutcome::SignedIn { .. }
    ));
    // It has a hundred again after a hundred minutes.
    scene
        .as_superuser(
            "UPDATE strongroom.sign_in_failures SET blocked_until = NULL, failed_at = failed_at - interval '101 minutes'",
        )
        .await;
    for n in 0..99 {
        let outcome = scene.attempt(&format!("other{n}@example.org"), &WRONG, "2001:db8:1:2::9").await;
        assert!(matches!(outcome, SignInOutcome::Refused), "{n}: {outcome:?}");
    }
}

#[tokio::test]
async fn success_clears_the_accounts_failures_and_not_the_networks() {
    let scene = scene().await;
    let failures = "SELECT FROM strongroom.sign_in_failures WHERE failures > 0";
    for _ in 0..2 {
        for _ in 0..4 {
            assert!(matches!(scene.attempt("ada@example.org", &WRONG, "192.0.2.1").await, SignInOutcome::Refused));
        }
        assert_eq!(scene.as_superuser(failures).await, 2);
        assert!(matches!(scene.attempt("ada@example.org", &PROOF, "192.0.2.1").await, SignInOutcome::SignedIn { .. }));
        assert_eq!(scene.as_superuser(failures).await, 1);
    }
    let of_the_network = "SELECT FROM strongroom.sign_in_failures WHERE round(failures) = 8";
    assert_eq!(scene.as_superuser(of_the_network).await, 1, "one who has an account there resets nothing");
}

#[tokio::test]
async fn a_hundred_attempts_at_once_are_one_guess_where_one_is_left() {
    let scene = scene().await;
    scene.attempt("ada@example.org", &WRONG, "198.51.100.6").await;
    scene.as_superuser("UPDATE strongroom.sign_in_failures SET failures = 13").await;
    let mut attempts = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let store = scene.store.clone();
        attempts.spawn(async move {
            store.sign_in(&SECRET, &email("ada@example.org"), &WRONG, &session(), &from("198.51.100.6")).await.unwrap()
        });
    }
    let outcomes = attempts.join_all().await;
    let looked_at = outcomes.iter().filter(|outcome| matches!(outcome, SignInOutcome::Refused)).count();
    assert_eq!(looked_at, 1);
}

#[tokio::test]
async fn failures_that_are_forgiven_are_cleared_away() {
    let scene = scene().await;
    for n in 0..50 {
        scene.attempt(&format!("user{n}@example.org"), &WRONG, "198.51.100.6").await;
    }
    assert_eq!(scene.as_superuser("SELECT FROM strongroom.sign_in_failures").await, 51);
    scene.as_superuser("UPDATE strongroom.sign_in_failures SET failed_at = now() - interval '7 hours'").await;
    scene.attempt("ada@example.org", &WRONG, "192.0.2.1").await;
    assert_eq!(scene.as_superuser("SELECT FROM strongroom.sign_in_failures").await, 2);
}

#[tokio::test]
async fn the_record_tells_of_the_first_failure_of_a_minute_and_address_and_of_nobody_unknown() {
    let scene = scene().await;
    for _ in 0..6 {
        scene.attempt("ada@example.org", &WRONG, "198.51.100.6").await;
        scene.attempt("nobody@example.org", &WRONG, "198.51.100.6").await;
    }
    scene.attempt("ada@example.org", &WRONG, "198.51.100.7").await;
    scene
        .as_superuser("UPDATE strongroom.sign_in_failures SET recorded_at = recorded_at - interval '61 seconds', blocked_until = blocked_until + interval '1 hour'")
        .await;
    assert!(matches!(scene.step("ada@example.org", "198.51.100.6").await, SignInStep::Throttled { .. }));
    assert!(matches!(scene.step("ada@example.org", "198.51.100.6").await, SignInStep::Throttled { .. }));
    scene.attempt("ada@example.org", &PROOF, "192.0.2.1").await;
    let expected = [
        said("SIGN_IN_FAILED", Some("PASSWORD"), "198.51.100.6"),
        said("SIGN_IN_FAILED", Some("PASSWORD"), "198.51.100.7"),
        said("SIGN_IN_FAILED", Some("THROTTLED"), "198.51.100.6"),
        said("SIGNED_IN", None, "192.0.2.1"),
    ];
    assert_eq!(scene.recorded().await, expected);
    let hers = format!(
        "SELECT FROM strongroom.activity_logs WHERE actor_id = '{0}' AND owner_id = '{0}' AND action <> 'TOKEN_CREATED'",
        scene.ada.id
    );
    assert_eq!(scene.as_superuser(&hers).await, 4);
}

#[tokio::test]
async fn an_attempt_at_nobody_is_written_to_the_disk_as_one_at_somebody_is() {
    let scene = scene().await;
    let app = scene.database.sql("strongroom_app").await;
    let statement = "SELECT outcome, pg_current_xact_id_if_assigned() IS NOT NULL,
                            (SELECT relpersistence::text FROM pg_class WHERE oid = 'strongroom.sign_in_failures'::regclass)
                     FROM strongroom.sign_in($1, $2, $3, gen_random_uuid(), sha256('x'), '1 hour', '1 hour', NULL, NULL, NULL)";
    for who in ["ada@example.org", "nobody@example.org"] {
        for _ in 0..2 {
            let row = app.query_one(statement, &[&SECRET.as_slice(), &who, &WRONG.as_slice()]).await.unwrap();
            let told: (String, bool, String) = (row.get(0), row.get(1), row.get(2));
            assert_eq!(told, ("WRONG_PASSWORD".into(), true, "p".into()), "{who}");
        }
    }
}

#[tokio::test]
async fn a_password_change_ends_a_session_that_is_being_begun_with_the_former_one() {
    let scene = scene().await;
    // A sign-in with the former password, not yet committed …
    let app = scene.database.sql("strongroom_app").await;
    let sign_in = "SELECT outcome FROM strongroom.sign_in(
        $1, 'ada@example.org', $2, gen_random_uuid(), sha256('x'), '1 hour', '12 hours', NULL, '192.0.2.9', NULL)";
    app.batch_execute("BEGIN").await.unwrap();
    let outcome: String = app.query_one(sign_in, &[&SECRET.as_slice(), &PROOF.as_slice()]).await.unwrap().get(0);
    assert_eq!(outcome, "SIGNED_IN");
    // … for which the change waits, and which it then sees.
    let changing = scene.database.sql("strongroom_app").await;
    scene.ada.begin(&changing).await;
    let set = "SELECT outcome FROM strongroom.set_own_password($1, $2, $3, 64, 2, 1, $4)";
    let (secret, proof, salt, new) = (SECRET.as_slice(), PROOF.as_slice(), SALT.as_slice(), WRONG.as_slice());
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 4] = [&secret, &proof, &salt, &new];
    let change = async {
        let outcome: String = changing.query_one(set, &parameters).await.unwrap().get(0);
        changing.batch_execute("COMMIT").await.unwrap();
        outcome
    };
    let commit = async {
        await_lock_waits(&scene.database.sql("postgres").await, 1).await;
        app.batch_execute("COMMIT").await.unwrap();
    };
    let (outcome, ()) = tokio::join!(change, commit);
    assert_eq!(outcome, "CHANGED");
    let live = "SELECT FROM strongroom.api_tokens WHERE kind = 'SESSION' AND revoked_at IS NULL";
    assert_eq!(scene.as_superuser(live).await, 0);
    assert!(scene.proves(&scene.ada.token).await, "API tokens live on");
}

#[tokio::test]
async fn a_session_that_oidc_began_a_moment_ago_needs_no_former_password() {
    let scene = scene().await;
    let session = session();
    let begin = "SELECT strongroom.begin_session($1, 'OIDC', $2, $3, '1 hour', '12 hours')";
    let superuser = scene.database.sql("postgres").await;
    superuser.execute(begin, &[&scene.ada.id.0, &session.id.0, &session.random.as_slice()]).await.unwrap();
    let needed = async |token: &ApiToken| {
        let mut transaction =
            scene.store.begin(&from("192.0.2.1").caller(token.clone()), RuntimeRole::App).await.unwrap();
        transaction.own_password(&SECRET).await.unwrap().needed
    };
    let token = session.token_of(scene.ada.id);
    assert!(!needed(&token).await);
    assert!(needed(&scene.ada.token).await, "an API token never does");
    assert!(needed(&scene.begun().await.1).await, "nor a session by password");
    superuser.execute("UPDATE strongroom.api_tokens SET created_at = now() - interval '5 minutes'", &[]).await.unwrap();
    assert!(needed(&token).await, "five minutes later");
}

#[tokio::test]
async fn a_token_with_a_scope_changes_no_password() {
    let scene = scene().await;
    let token = ApiToken::new(scene.ada.id, &[9; 32]);
    let insert = "INSERT INTO strongroom.api_tokens (id, user_id, name, token_hash, expires_at, actions)
                  VALUES (gen_random_uuid(), $1, 'n', sha256($2), now() + interval '1 day', '{LIST,USE,REVEAL}')";
    scene.database.sql("postgres").await.execute(insert, &[&scene.ada.id.0, &token.expose()]).await.unwrap();
    let caller = from("192.0.2.1").caller(token);
    let mut transaction = scene.store.begin(&caller, RuntimeRole::App).await.unwrap();
    assert!(matches!(transaction.own_password(&SECRET).await, Err(StoreError::Forbidden)));
    let mut transaction = scene.store.begin(&caller, RuntimeRole::App).await.unwrap();
    let new =
        strongroom_store::KeptPassword { parameters: PasswordParameters { salt: SALT, cost: COST }, proof: &WRONG };
    let set = transaction.set_own_password(&SECRET, Some(&PROOF), &new).await;
    assert!(matches!(set, Err(StoreError::Forbidden)), "{set:?}");
    // Nor does whoever proved nobody.
    let app = scene.database.sql("strongroom_app").await;
    let statement = "SELECT * FROM strongroom.own_password_parameters($1)";
    let refused = app.query(statement, &[&SECRET.as_slice()]).await.unwrap_err();
    assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE));
}
