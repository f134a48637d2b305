//! Promise 2: the caller cannot be forged. The attacker of these tests holds the app role's login, and more.
//! Each move is made in SQL, past the server.

use strongroom_testing::{Person, Sql, SqlState, TestDatabase, is_refused};

/// What current_user_id() says, as text.
async fn current_user(sql: &Sql) -> Option<String> {
    sql.query_one("SELECT strongroom.current_user_id()::text", &[]).await.unwrap().get(0)
}

async fn count(sql: &Sql, table: &str) -> i64 {
    sql.query_one(&format!("SELECT count(*) FROM strongroom.{table}"), &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_superuser_sees_the_rows_that_the_app_role_does_not() {
    // The canary of all tests here: there is something to see, and no policy hides it from a superuser.
    let database = TestDatabase::create().await;
    let ada = Person::create(&database, "ada").await;
    let app = database.sql("strongroom_app").await;
    ada.keep(&app, "one").await;
    assert_eq!(count(&database.sql("postgres").await, "user_credentials").await, 1);
    assert!(is_refused(&database.sql("strongroom_app").await, "user_credentials").await);
}

#[tokio::test]
async fn without_a_caller_no_role_sees_or_writes_anything() {
    let database = TestDatabase::create().await;
    let ada = Person::create_admin(&database, "ada").await;
    let app = database.sql("strongroom_app").await;
    ada.begin(&app).await;
    let workspace = ada.insert_workspace(&app, "team").await;
    let credential = ada.insert_credential(&app, "one").await;
    app.batch_execute("COMMIT").await.unwrap();

    for role in ["strongroom_app", "strongroom_system"] {
        let sql = database.sql(role).await;
        for table in ["users", "user_credentials", "credential_versions", "activity_logs"] {
            assert!(is_refused(&sql, table).await, "{role} sees {table}");
        }
        let forged =
            "INSERT INTO strongroom.user_credentials (id, user_id, name, provider, type, encrypted_value, masked_value)
             VALUES (gen_random_uuid(), $1, 'n', 'p', 'API_KEY', 'v', '****')";
        let refused = sql.execute(forged, &[&ada.id.0]).await.unwrap_err();
        assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{role}");
        let change = "UPDATE strongroom.user_credentials SET name = 'mine' WHERE id = $1";
        let refused = sql.execute(change, &[&credential.0]).await.unwrap_err();
        assert!(refused.as_db_error().unwrap().message().contains("call strongroom.prove_caller first"), "{role}");
    }
    for table in ["workspaces", "workspace_members"] {
        assert!(is_refused(&app, table).await, "{table}");
    }
    let seated = app
        .execute(
            "INSERT INTO strongroom.workspace_members (workspace_id, user_id, role) VALUES ($1, $2, 'OWNER')",
            &[&workspace.0, &ada.id.0],
        )
        .await;
    assert_eq!(seated.unwrap_err().code().unwrap().code(), "SR401");
}

#[tokio::test]
async fn settings_made_by_hand_gain_nothing() {
    let database = TestDatabase::create().await;
    let ada = Person::create(&database, "ada").await;
    let app = database.sql("strongroom_app").await;
    ada.keep(&app, "one").await;

    // On the connection where Ada was proven a moment ago, whose registers still hold her id …
    app.batch_execute("SET strongroom.proven = 'yes'; SET strongroom.caller = 'anything'").await.unwrap();
    assert_eq!(current_user(&app).await, None);
    assert!(is_refused(&app, "user_credentials").await);
    // … and on a fresh one, where there is nothing in them: an error, and no row.
    let fresh = database.sql("strongroom_app").await;
    fresh.batch_execute("SET strongroom.proven = 'yes'").await.unwrap();
    assert!(fresh.query("SELECT * FROM strongroom.user_credentials", &[]).await.is_err());
}

#[tokio::test]
async fn the_registers_are_closed_to_every_runtime_role() {
    let database = TestDatabase::create().await;
    for role in ["strongroom_app", "strongroom_system", "strongroom_auditor"] {
        let sql = database.sql(role).await;
        for register in ["caller_high", "caller_low", "caller_since", "token_high", "token_low"] {
            for statement in [
                format!("SELECT setval('strongroom.{register}', 1)"),
                format!("SELECT nextval('strongroom.{register}')"),
                format!("SELECT currval('strongroom.{register}')"),
                format!("SELECT last_value FROM strongroom.{register}"),
                format!("ALTER SEQUENCE strongroom.{register} RESTART"),
            ] {
                let refused = sql.execute(&statement, &[]).await.unwrap_err();
                assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{role}: {statement}");
            }
        }
    }
}

#[tokio::test]
async fn a_caller_lasts_for_his_transaction_and_no_longer() {
    let database = TestDatabase::create().await;
    let ada = Person::create(&database, "ada").await;
    let app = database.sql("strongroom_app").await;
    for ending in ["COMMIT", "ROLLBACK"] {
        ada.begin(&app).await;
        assert_eq!(current_user(&app).await, Some(ada.id.to_string()));
        app.batch_execute(ending).await.unwrap();
        assert_eq!(current_user(&app).await, None, "after {ending}");
    }
    // Outside a transaction block, the statement that proves is a transaction of its own.
    app.execute("SELECT strongroom.prove_caller($1)", &[&ada.token.expose()]).await.unwrap();
    assert_eq!(current_user(&app).await, None);
}

#[tokio::test]
async fn two_transactions_of_one_message_share_no_caller() {
    let database = TestDatabase::create().await;
    let (ada, eve) = (Person::create(&database, "ada").await, Person::create(&database, "eve").await);
    let app = database.sql("strongroom_app").await;
    ada.keep(&app, "hers").await;
    eve.keep(&app, "eves").await;
    let proves = |person: &Person| {
        let secret: String = person.token.expose().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("strongroom.prove_caller('\\x{secret}')")
    };
    // A function that proves another caller in the middle of a statement, whose policies have asked for the first one.
    app.batch_execute(&format!(
        "CREATE FUNCTION pg_temp.switch() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM {}; RETURN true; END $$",
        proves(&ada)
    ))
    .await
    .unwrap();
    let first = format!("BEGIN; SELECT {}; COMMIT; BEGIN; SET LOCAL strongroom.proven = 'yes'", proves(&eve));
    for id in ["", "SELECT pg_current_xact_id();"] {
        let asked =
            app.simple_query(&format!("{first}; {id} SELECT strongroom.current_user_id(); COMMIT")).await.unwrap();
        let said = asked.iter().filter_map(|message| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        assert_eq!(said.last().unwrap().get(0), None, "{id}");
        for statement in [
            "SELECT name FROM strongroom.user_credentials",
            "SELECT c.name, pg_temp.switch() FROM strongroom.user_credentials AS c",
            "DELETE FROM strongroom.credential_grants WHERE pg_temp.switch()",
        ] {
            let refused = app.batch_execute(&format!("{first}; {id} {statement}; COMMIT")).await.unwrap_err();
            assert_eq!(refused.code().unwrap().code(), "SR401", "{id} {statement}");
            app.batch_execute("ROLLBACK").await.unwrap();
        }
    }
    // Nor does one that is proven give way to another, in whatever transaction of the message.
    let second = format!("{first}; SELECT {}; SELECT pg_temp.switch(); COMMIT", proves(&eve));
    assert_eq!(app.batch_execute(&second).await.unwrap_err().code().unwrap().code(), "SR401");
}

#[tokio::test]
async fn a_caller_proven_in_a_savepoint_goes_with_it() {
    let database = TestDatabase::create().await;
    let ada = Person::create(&database, "ada").await;
    let app = database.sql("strongroom_app").await;
    app.batch_execute("BEGIN; SAVEPOINT before").await.unwrap();
    app.execute("SELECT strongroom.prove_caller($1)", &[&ada.token.expose()]).await.unwrap();
    app.batch_execute("ROLLBACK TO SAVEPOINT before").await.unwrap();
    assert_eq!(current_user(&app).await, None);
}

#[tokio::test]
async fn a_pooled_connection_keeps_nothing_of_its_last_caller() {
    let database = TestDatabase::create().await;
    let (ada, bob) = (Person::create(&database, "ada").await, Person::create(&database, "bob").await);
    let app = database.sql("strongroom_app").await;
    ada.keep(&app, "hers").await;

    bob.begin(&app).await;
    assert_eq!(current_user(&app).await, Some(bob.id.to_string()));
    assert_eq!(count(&app, "user_credentials").await, 0);
    app.batch_execute("COMMIT").await.unwrap();
    app.batch_execute("DISCARD ALL").await.unwrap();
    assert!(is_refused(&app, "user_credentials").await);
}

#[tokio::test]
async fn unknown_expired_and_revoked_tokens_prove_nobody_and_look_alike() {
    let database = TestDatabase::create().await;
    let (ada, bob) = (Person::create(&database, "ada").await, Person::create(&database, "bob").await);
    let postgres = database.sql("postgres").await;
    for change in [
        ("created_at = now() - interval '2 days', expires_at = now() - interval '1 second'", &ada),
        ("revoked_at = now()", &bob),
    ] {
        let statement = format!("UPDATE strongroom.api_tokens SET {} WHERE user_id = $1", change.0);
        postgres.batch_execute("SET session_replication_role = replica").await.unwrap();
        assert_eq!(postgres.execute(&statement, &[&change.1.id.0]).await.unwrap(), 1);
    }
    let app = database.sql("strongroom_app").await;
    let mut refusals = Vec::new();
    for secret in [Some(ada.token.expose()), Some(bob.token.expose()), Some(&[0; 48]), Some(b""), None] {
        let refused = app.execute("SELECT strongroom.prove_caller($1)", &[&secret]).await.unwrap_err();
        refusals.push(refused.as_db_error().unwrap().to_string());
    }
    assert_eq!(refusals[0], "ERROR: the caller is not proven");
    assert!(refusals.iter().all(|refusal| *refusal == refusals[0]), "{refusals:?}");
}

#[tokio::test]
async fn the_hash_of_a_token_is_no_token_and_cannot_be_read() {
    let database = TestDatabase::create().await;
    let ada = Person::create(&database, "ada").await;
    let postgres = database.sql("postgres").await;
    let hash: Vec<u8> = postgres.query_one("SELECT token_hash FROM strongroom.api_tokens", &[]).await.unwrap().get(0);
    let app = database.sql("strongroom_app").await;
    assert!(app.execute("SELECT strongroom.prove_caller($1)", &[&hash]).await.is_err());
    ada.begin(&app).await;
    let refused = app.query("SELECT token_hash FROM strongroom.api_tokens", &[]).await.unwrap_err();
    assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE));
}

#[tokio::test]
async fn a_caller_cannot_make_a_token_for_somebody_else() {
    let database = TestDatabase::create().await;
    let (ada, bob) = (Person::create(&database, "ada").await, Person::create(&database, "bob").await);
    let app = database.sql("strongroom_app").await;
    bob.begin(&app).await;
    let forged = app
        .execute(
            "INSERT INTO strongroom.api_tokens (id, user_id, name, token_hash, expires_at)
             VALUES (gen_random_uuid(), $1, 'mine', sha256('known'), now() + interval '1 day')",
            &[&ada.id.0],
        )
        .await;
    assert_eq!(forged.unwrap_err().code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE));
}

#[tokio::test]
async fn a_token_revoked_meanwhile_proves_nobody_in_an_older_snapshot() {
    let database = TestDatabase::create().await;
    let ada = Person::create(&database, "ada").await;
    let app = database.sql("strongroom_app").await;
    for level in ["REPEATABLE READ", "SERIALIZABLE"] {
        app.batch_execute(&format!("BEGIN ISOLATION LEVEL {level}; SELECT 1")).await.unwrap();
        let refused = app.execute("SELECT strongroom.prove_caller($1)", &[&ada.token.expose()]).await.unwrap_err();
        assert!(refused.as_db_error().unwrap().message().contains("read committed only"), "{level}");
        app.batch_execute("ROLLBACK").await.unwrap();
    }
    // Nor does a proof of one transaction serve in the next, of the same message and so of the same moment.
    let token: String = ada.token.expose().iter().map(|byte| format!("{byte:02x}")).collect();
    let both = format!(
        "BEGIN; SELECT strongroom.prove_caller('\\x{token}'); COMMIT;
         BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL strongroom.proven = 'yes'; SELECT count(*) FROM strongroom.users"
    );
    assert_eq!(app.simple_query(&both).await.unwrap_err().code().unwrap().code(), "SR401");
}

#[tokio::test]
async fn a_token_that_was_revoked_meanwhile_leaves_no_successor() {
    let database = TestDatabase::create().await;
    let ada = Person::create(&database, "ada").await;
    let app = database.sql("strongroom_app").await;
    ada.begin(&app).await;
    let revoke = "UPDATE strongroom.api_tokens SET revoked_at = now() WHERE user_id = $1";
    database.sql("postgres").await.execute(revoke, &[&ada.id.0]).await.unwrap();
    let insert = "INSERT INTO strongroom.api_tokens (id, user_id, name, token_hash, expires_at)
         VALUES (gen_random_uuid(), $1, 'successor', sha256('known'), now() + interval '300 days')";
    let refused = app.execute(insert, &[&ada.id.0]).await.unwrap_err();
    assert_eq!(refused.code().unwrap().code(), "SR401");
}

#[tokio::test]
async fn a_token_whose_claimed_user_is_not_its_users_proves_nobody() {
    let database = TestDatabase::create().await;
    let (ada, eve) = (Person::create(&database, "ada").await, Person::create(&database, "eve").await);
    // Eve makes a token of her own, as she may, whose text begins with Ada's id.
    let forged = [ada.id.0.as_bytes(), &[7_u8; 32][..]].concat();
    let app = database.sql("strongroom_app").await;
    eve.begin(&app).await;
    let insert = "INSERT INTO strongroom.api_tokens (id, user_id, name, token_hash, expires_at)
         VALUES (gen_random_uuid(), $1, 'mine', sha256($2), now() + interval '1 day')";
    app.execute(insert, &[&eve.id.0, &forged]).await.unwrap();
    app.batch_execute("COMMIT").await.unwrap();
    assert!(app.execute("SELECT strongroom.prove_caller($1)", &[&forged]).await.is_err());
}

#[tokio::test]
async fn a_login_that_loosens_its_own_defaults_does_not_loosen_a_callers_transaction() {
    let database = TestDatabase::create().await;
    let ada = Person::create(&database, "ada").await;
    let app = database.sql("strongroom_app").await;
    app.batch_execute("SET synchronous_commit = local; SET lock_timeout = '1h'").await.unwrap();
    ada.begin(&app).await;
    let settings = "SELECT current_setting('synchronous_commit'), current_setting('lock_timeout')";
    let row = app.query_one(settings, &[]).await.unwrap();
    assert_eq!((row.get::<_, String>(0), row.get::<_, String>(1)), ("on".into(), "5s".into()));
}

#[tokio::test]
async fn shadowing_our_names_on_the_search_path_gains_nothing() {
    let database = TestDatabase::create().await;
    let ada = Person::create(&database, "ada").await;
    let app = database.sql("strongroom_app").await;
    app.batch_execute(
        "CREATE TEMP TABLE api_tokens (user_id uuid, token_hash bytea, revoked_at timestamptz, expires_at timestamptz);
         CREATE FUNCTION pg_temp.sha256(bytea) RETURNS bytea LANGUAGE sql AS 'SELECT $1';
         CREATE FUNCTION pg_temp.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT ''-infinity''::timestamptz';
         SET search_path = pg_temp, strongroom, public, pg_catalog",
    )
    .await
    .unwrap();
    app.execute("INSERT INTO pg_temp.api_tokens VALUES ($1, 'x', NULL, 'infinity')", &[&ada.id.0]).await.unwrap();
    assert!(app.execute("SELECT strongroom.prove_caller('x')", &[]).await.is_err());
}

#[tokio::test]
async fn a_transaction_has_one_caller_whatever_it_rolls_back_or_forgets() {
    let database = TestDatabase::create().await;
    let (ada, eve) = (Person::create(&database, "ada").await, Person::create(&database, "eve").await);
    let app = database.sql("strongroom_app").await;
    let prove = "SELECT strongroom.prove_caller($1)";
    for forget in ["SELECT 1", "ROLLBACK TO s", "SELECT set_config('strongroom.proven', '', true)"] {
        app.batch_execute("BEGIN; SAVEPOINT s").await.unwrap();
        app.execute(prove, &[&ada.token.expose()]).await.unwrap();
        app.batch_execute(forget).await.unwrap();
        app.batch_execute("SAVEPOINT t").await.unwrap();
        let refused = app.execute(prove, &[&eve.token.expose()]).await.unwrap_err();
        assert_eq!(refused.code().unwrap().code(), "SR401", "{forget}");
        app.batch_execute("ROLLBACK TO t").await.unwrap();
        app.execute(prove, &[&ada.token.expose()]).await.unwrap();
        app.batch_execute("ROLLBACK").await.unwrap();
    }
    eve.begin(&app).await;
}

#[tokio::test]
async fn a_limited_token_is_not_widened_by_another_token_in_the_same_statement() {
    let database = TestDatabase::create().await;
    let (ada, eve) = (Person::create(&database, "ada").await, Person::create(&database, "eve").await);
    let app = database.sql("strongroom_app").await;
    eve.begin(&app).await;
    let insert = "INSERT INTO strongroom.api_tokens (id, user_id, name, token_hash, expires_at)
         SELECT gen_random_uuid(), CASE i WHEN 1 THEN $1::uuid ELSE $2::uuid END,
                'n' || CASE i WHEN 2 THEN left(strongroom.prove_caller($3)::text, 1) ELSE 'x' END,
                sha256(i::text::bytea), now() + interval '1 day' FROM generate_series(1, 2) AS i";
    let refused = app.execute(insert, &[&eve.id.0, &ada.id.0, &ada.token.expose()]).await.unwrap_err();
    assert_eq!(refused.code().unwrap().code(), "SR401");
}

/// What holds the registers is forgotten at a word, within a statement too; the transaction is not to forget with it.
#[tokio::test]
async fn a_limited_token_is_not_widened_by_discarding_what_the_registers_hold() {
    let database = TestDatabase::create().await;
    let (ada, eve) = (Person::create(&database, "ada").await, Person::create(&database, "eve").await);
    let app = database.sql("strongroom_app").await;
    let secret = |person: &Person| {
        let bytes = person.token.expose().iter().map(|byte| format!("{byte:02x}"));
        format!("'\\x{}'", bytes.collect::<String>())
    };
    let swap = format!(
        "CREATE FUNCTION pg_temp.swap(i integer) RETURNS uuid LANGUAGE plpgsql AS $$
         BEGIN
             IF i = 2 THEN
                 DISCARD SEQUENCES;
                 PERFORM strongroom.prove_caller({});
             END IF;
             RETURN CASE i WHEN 1 THEN '{}' ELSE '{}' END;
         END $$",
        secret(&ada),
        eve.id,
        ada.id
    );
    app.batch_execute(&swap).await.unwrap();
    let insert = "INSERT INTO strongroom.api_tokens (id, user_id, name, token_hash, expires_at)
         SELECT gen_random_uuid(), pg_temp.swap(i), 'forged', sha256(i::text::bytea), now() + interval '1 day'
         FROM generate_series(1, 2) AS i";
    eve.begin(&app).await;
    app.execute(insert, &[]).await.unwrap_err();
    app.batch_execute("ROLLBACK").await.unwrap();

    // A cursor keeps what was found out for whoever opened it.
    let prove = |person: &Person| format!("SELECT strongroom.prove_caller({})", secret(person));
    eve.begin(&app).await;
    let open = "DECLARE c CURSOR FOR SELECT name FROM strongroom.api_tokens; FETCH 1 FROM c; DISCARD SEQUENCES";
    app.batch_execute(open).await.unwrap();
    app.batch_execute(&prove(&ada)).await.unwrap_err();
    app.batch_execute("ROLLBACK").await.unwrap();
    // It is the transaction that has an end, not the connection.
    app.batch_execute("DISCARD SEQUENCES").await.unwrap();
    ada.begin(&app).await;
    assert_eq!(current_user(&app).await, Some(ada.id.to_string()));
}
