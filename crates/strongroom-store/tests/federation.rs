//! A stolen database login against identities and trust rules: without the server's secret it signs in as nobody, links
//! nothing, reads no sign-in that is on its way, and mints no token, with and without a live token of somebody's.

use strongroom_testing::{Person, Sql, TestDatabase, is_refused};
use strongroom_types::{RequestId, UserId, WorkspaceId};

const SECRET: &[u8] = b"the secret of the server, in its memory alone";

struct Scene {
    database: TestDatabase,
    app: Sql,
    ada: Person,
    eve: Person,
    workspace: WorkspaceId,
    account: UserId,
}

async fn scene() -> Scene {
    let database = TestDatabase::create().await;
    let app = database.sql("strongroom_app").await;
    app.execute("SELECT strongroom.establish_server_secret('sealed', sha256($1))", &[&SECRET]).await.unwrap();
    let (ada, eve) = (Person::create(&database, "ada").await, Person::create(&database, "eve").await);
    let postgres = database.sql("postgres").await;
    let identity =
        "INSERT INTO strongroom.identities (id, user_id, issuer, subject) VALUES ($1, $2, 'https://op', 'ada')";
    postgres.execute(identity, &[&RequestId::generate().0, &ada.id.0]).await.unwrap();
    ada.begin(&app).await;
    let workspace = ada.insert_workspace(&app, "team").await;
    let account = ada.insert_service_account(&app, workspace, "robot").await;
    app.execute(RULE, &[&RequestId::generate().0, &account.0]).await.unwrap();
    app.batch_execute("COMMIT").await.unwrap();
    Scene { database, app, ada, eve, workspace, account }
}

const RULE: &str = r#"INSERT INTO strongroom.trust_rules (id, service_account_id, issuer, audience, claims)
    VALUES ($1, $2, 'https://ci', 'vault', '{"sub": "repo:acme/*"}')"#;
const SIGN_IN: &str =
    "SELECT user_id FROM strongroom.sign_in_with_identity($1, 'https://op', 'ada', NULL, NULL, $2, $2, $2,
    sha256('x'), interval '1 hour', interval '1 day', NULL, NULL, NULL)";
const EXCHANGE: &str = r#"SELECT lifetime_seconds FROM strongroom.exchange_token($1, $2, 'https://ci', 'repo:acme/web', '{vault}',
    '{"sub": "repo:acme/web"}', $3, sha256('x'), NULL, NULL, NULL)"#;
const TAKE: &str = "SELECT nonce::text FROM strongroom.take_oidc_sign_in($1, 'state', 'browser')";

/// The code with which PostgreSQL refuses.
fn code<T: std::fmt::Debug>(answer: Result<T, tokio_postgres::Error>) -> String {
    answer.unwrap_err().code().unwrap().code().to_owned()
}

#[tokio::test]
async fn a_stolen_login_lets_nobody_in() {
    let scene = scene().await;
    let id = RequestId::generate().0;
    for secret in [&b"guessed"[..], &[], scene.eve.token.expose()] {
        assert_eq!(code(scene.app.query(SIGN_IN, &[&secret, &id]).await), "SR402");
        assert_eq!(code(scene.app.query(EXCHANGE, &[&secret, &scene.account.0, &id]).await), "SR402");
        assert_eq!(code(scene.app.query(TAKE, &[&secret]).await), "SR402");
        let begin = "SELECT strongroom.begin_oidc_sign_in($1, 'a', 'b', 'n', 'v', '/')";
        assert_eq!(code(scene.app.query(begin, &[&secret]).await), "SR402");
        let note = "SELECT strongroom.record_refused_exchange($1, $2, 'x', NULL, NULL, NULL, NULL)";
        assert_eq!(code(scene.app.query(note, &[&secret, &scene.account.0]).await), "SR402");
        scene.eve.begin(&scene.app).await;
        let link = "SELECT strongroom.link_identity($1, $2, $3, 'https://op', 'eve')";
        assert_eq!(code(scene.app.query(link, &[&secret, &scene.eve.id.0, &id]).await), "SR402");
        scene.app.batch_execute("ROLLBACK").await.unwrap();
    }
    let sessions = "SELECT FROM strongroom.api_tokens WHERE kind <> 'API_TOKEN'";
    assert!(scene.database.sql("postgres").await.query(sessions, &[]).await.unwrap().is_empty());
    // With the secret, which shows that the calls above were right but for it.
    assert_eq!(scene.app.query(SIGN_IN, &[&SECRET, &id]).await.unwrap()[0].get::<_, uuid::Uuid>(0), scene.ada.id.0);
    let token = RequestId::generate().0;
    assert_eq!(scene.app.query(EXCHANGE, &[&SECRET, &scene.account.0, &token]).await.unwrap()[0].get::<_, i32>(0), 900);
}

#[tokio::test]
async fn identities_and_sign_ins_cannot_be_written_or_read_past_the_functions() {
    let scene = scene().await;
    for table in ["identities", "trust_rules"] {
        assert!(is_refused(&scene.app, table).await, "{table}");
    }
    scene.eve.begin(&scene.app).await;
    let rows = |table: &str| format!("SELECT FROM strongroom.{table}");
    assert!(scene.app.query(&rows("identities"), &[]).await.unwrap().is_empty(), "Ada's");
    assert!(scene.app.query(&rows("trust_rules"), &[]).await.unwrap().is_empty(), "of Ada's workspace");
    scene.app.batch_execute("ROLLBACK").await.unwrap();
    let forbidden = [
        "INSERT INTO strongroom.identities (id, user_id, issuer, subject) VALUES (gen_random_uuid(), '00000000-0000-0000-0000-000000000000', 'https://op', 'eve')",
        "UPDATE strongroom.identities SET subject = 'eve'",
        "SELECT FROM strongroom.pending_sign_ins",
        "INSERT INTO strongroom.pending_sign_ins (state_hash) VALUES ('x')",
        "UPDATE strongroom.trust_rules SET audience = 'mine'",
        "SELECT strongroom.begin_session('00000000-0000-0000-0000-000000000000', 'OIDC', gen_random_uuid(), sha256('x'), '1 h', '1 d')",
    ];
    for statement in forbidden {
        for role in ["strongroom_app", "strongroom_system"] {
            let sql = scene.database.sql(role).await;
            scene.eve.begin(&sql).await;
            assert_eq!(code(sql.batch_execute(statement).await), "42501", "{role}: {statement}");
        }
    }
    scene.eve.begin(&scene.app).await;
    assert_eq!(code(scene.app.execute(RULE, &[&RequestId::generate().0, &scene.account.0]).await), "42501");
}

#[tokio::test]
async fn a_link_needs_a_session_of_the_same_person_also_in_sql() {
    let scene = scene().await;
    let link = "SELECT strongroom.link_identity($1, $2, $3, 'https://op', 'eve')";
    let id = RequestId::generate().0;
    scene.eve.begin(&scene.app).await;
    assert_eq!(code(scene.app.query(link, &[&SECRET, &scene.eve.id.0, &id]).await), "42501", "an API token");
    scene.app.batch_execute("ROLLBACK").await.unwrap();
    scene.app.query(SIGN_IN, &[&SECRET, &id]).await.unwrap();
    let prove = "SELECT strongroom.prove_caller(uuid_send($1) || sha256('x'))";
    for (started_by, allowed) in [(scene.eve.id, false), (scene.ada.id, true)] {
        scene.app.batch_execute("BEGIN").await.unwrap();
        scene.app.query(prove, &[&scene.ada.id.0]).await.unwrap();
        let linked = scene.app.query(link, &[&SECRET, &started_by.0, &RequestId::generate().0]).await;
        assert_eq!(linked.is_ok(), allowed);
        scene.app.batch_execute("ROLLBACK").await.unwrap();
    }
}

#[tokio::test]
async fn a_sign_in_is_taken_once_by_its_browser_in_time() {
    let scene = scene().await;
    let begin = "SELECT strongroom.begin_oidc_sign_in($1, 'state', 'browser', 'n', 'v', '/')";
    let take = async |browser: &str| {
        let statement = format!("SELECT nonce::text FROM strongroom.take_oidc_sign_in($1, 'state', '{browser}')");
        scene.app.query(&statement, &[&SECRET]).await.unwrap().len()
    };
    scene.app.query(begin, &[&SECRET]).await.unwrap();
    assert_eq!((take("another").await, take("browser").await, take("browser").await), (0, 1, 0));
    scene.app.query(begin, &[&SECRET]).await.unwrap();
    let age = "UPDATE strongroom.pending_sign_ins SET expires_at = now() - interval '1 second'";
    scene.database.sql("postgres").await.execute(age, &[]).await.unwrap();
    assert_eq!(take("browser").await, 0, "after ten minutes");
}

#[tokio::test]
async fn a_rule_reaches_no_further_than_its_workspace_and_an_hour() {
    let scene = scene().await;
    let postgres = scene.database.sql("postgres").await;
    // As if a constraint had been forgotten.
    postgres
        .batch_execute(
            "ALTER TABLE strongroom.trust_rules DROP CONSTRAINT trust_rules_lifetime_seconds_check;
             UPDATE strongroom.trust_rules SET lifetime_seconds = 1000000",
        )
        .await
        .unwrap();
    let token = RequestId::generate().0;
    scene.app.query(EXCHANGE, &[&SECRET, &scene.account.0, &token]).await.unwrap();
    let row = postgres
        .query_one(
            "SELECT expires_at <= now() + interval '1 hour', workspace_id, kind::text FROM strongroom.api_tokens WHERE id = $1",
            &[&token],
        )
        .await
        .unwrap();
    assert!(row.get::<_, bool>(0));
    assert_eq!((row.get::<_, uuid::Uuid>(1), row.get::<_, &str>(2)), (scene.workspace.0, "EXCHANGED"));
}

#[tokio::test]
async fn an_exchange_for_a_person_or_a_disabled_account_makes_nothing() {
    let scene = scene().await;
    let (postgres, token) = (scene.database.sql("postgres").await, RequestId::generate().0);
    assert!(scene.app.query(EXCHANGE, &[&SECRET, &scene.ada.id.0, &token]).await.unwrap().is_empty());
    scene.ada.begin(&scene.app).await;
    let disable = "UPDATE strongroom.users SET disabled_at = now() WHERE id = $1";
    assert_eq!(scene.app.execute(disable, &[&scene.account.0]).await.unwrap(), 1);
    scene.app.batch_execute("COMMIT").await.unwrap();
    assert!(scene.app.query(EXCHANGE, &[&SECRET, &scene.account.0, &token]).await.unwrap().is_empty());
    let made = "SELECT FROM strongroom.api_tokens WHERE id = $1";
    assert!(postgres.query(made, &[&token]).await.unwrap().is_empty());
}
