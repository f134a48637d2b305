//! The record and the versions in SQL: what the database writes by itself, and that nobody can take it back.
//! Raw SQL with a proven caller is the strongest client there is.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests only")]

use strongroom_testing::{Person, SqlState, TestDatabase};

#[tokio::test]
async fn every_change_of_a_credential_is_recorded_by_the_database_itself() {
    let database = TestDatabase::create().await;
    let ada = Person::create(&database, "ada").await;
    let app = database.sql("strongroom_app").await;
    ada.begin(&app).await;
    let id = ada.insert_credential(&app, "one").await;
    for change in ["name = 'two'", "encrypted_value = 'again', version = 2", "is_active = false", "is_active = true"] {
        let statement = format!("UPDATE strongroom.user_credentials SET {change} WHERE id = $1");
        app.execute(&statement, &[&id.0]).await.unwrap();
    }
    let rows = app
        .query("SELECT action::text FROM strongroom.activity_logs WHERE entity_id = $1 ORDER BY id", &[&id.0])
        .await
        .unwrap();
    let actions: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let expected =
        ["CREDENTIAL_CREATED", "CREDENTIAL_UPDATED", "CREDENTIAL_ROTATED", "CREDENTIAL_REVOKED", "CREDENTIAL_RESTORED"];
    assert_eq!(actions, expected);
}

#[tokio::test]
async fn no_runtime_role_writes_to_the_record_by_itself() {
    let database = TestDatabase::create().await;
    let ada = Person::create_admin(&database, "ada").await;
    for role in ["strongroom_app", "strongroom_system", "strongroom_auditor"] {
        let sql = database.sql(role).await;
        for statement in [
            "UPDATE strongroom.activity_logs SET outcome = 'ALLOWED'",
            "DELETE FROM strongroom.activity_logs",
            "TRUNCATE strongroom.activity_logs",
            "ALTER TABLE strongroom.activity_logs DISABLE ROW LEVEL SECURITY",
            "INSERT INTO strongroom.activity_logs (action, actor_id, entity_type, entity_id)
             VALUES ('CREDENTIAL_ACCESSED', gen_random_uuid(), 'CREDENTIAL', gen_random_uuid())",
        ] {
            sql.batch_execute("BEGIN").await.unwrap();
            if role != "strongroom_auditor" {
                sql.execute("SELECT strongroom.prove_caller($1)", &[&ada.token.expose()]).await.unwrap();
            }
            let refused = sql.batch_execute(statement).await.unwrap_err();
            assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{role}: {statement}");
            sql.batch_execute("ROLLBACK").await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_record_bears_the_time_of_the_act_however_long_its_transaction_was_open() {
    let database = TestDatabase::create().await;
    let ada = Person::create(&database, "ada").await;
    let app = database.sql("strongroom_app").await;
    ada.begin(&app).await;
    let id = ada.insert_credential(&app, "one").await;
    let statement = "SELECT occurred_at > now() FROM strongroom.activity_logs WHERE entity_id = $1";
    assert!(app.query_one(statement, &[&id.0]).await.unwrap().get::<_, bool>(0));
}

#[tokio::test]
async fn a_denial_is_recorded_in_the_callers_name_and_in_his_own_workspaces_only() {
    let database = TestDatabase::create().await;
    let (ada, bob) = (Person::create(&database, "ada").await, Person::create(&database, "bob").await);
    let app = database.sql("strongroom_app").await;
    ada.begin(&app).await;
    let workspace = ada.insert_workspace(&app, "hers").await;
    app.batch_execute("COMMIT").await.unwrap();
    let deny = "SELECT strongroom.record_denial($1, 'MEMBER_ADDED')";
    app.execute(deny, &[&workspace.0]).await.unwrap();
    bob.begin(&app).await;
    app.execute(deny, &[&workspace.0]).await.unwrap();
    app.batch_execute("COMMIT").await.unwrap();
    ada.begin(&app).await;
    // Twice: hammering does not fill the log.
    app.execute(deny, &[&workspace.0]).await.unwrap();
    app.execute(deny, &[&workspace.0]).await.unwrap();
    let statement = "SELECT actor_id::text FROM strongroom.activity_logs WHERE outcome = 'DENIED'";
    let rows = app.query(statement, &[]).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.get(0)).collect::<Vec<String>>(), [ada.id.to_string()]);
}

#[tokio::test]
async fn the_auditor_reads_the_log_and_nothing_else() {
    let database = TestDatabase::create().await;
    let ada = Person::create(&database, "ada").await;
    let auditor = database.sql("strongroom_auditor").await;
    let count: i64 = auditor.query_one("SELECT count(*) FROM strongroom.activity_logs", &[]).await.unwrap().get(0);
    assert!(count > 0);
    for table in ["users", "user_credentials", "credential_versions", "api_tokens", "workspaces", "invitations"] {
        let refused = auditor.query(&format!("SELECT * FROM strongroom.{table}"), &[]).await.unwrap_err();
        assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{table}");
    }
    assert!(auditor.query("SELECT strongroom.prove_caller($1)", &[&ada.token.expose()]).await.is_err());
}

#[tokio::test]
async fn a_value_is_never_overwritten_for_good() {
    let database = TestDatabase::create().await;
    let ada = Person::create(&database, "ada").await;
    let app = database.sql("strongroom_app").await;
    ada.begin(&app).await;
    let id = ada.insert_credential(&app, "one").await;
    for refused in [
        "encrypted_value = 'lost'",
        "encrypted_value = 'lost', version = 3",
        "masked_value = 'lost'",
        "version = 2, encrypted_value = 'lost', is_active = false",
    ] {
        app.batch_execute("SAVEPOINT s").await.unwrap();
        let statement = format!("UPDATE strongroom.user_credentials SET {refused} WHERE id = $1");
        let error = app.execute(&statement, &[&id.0]).await.unwrap_err();
        assert_eq!(error.code(), Some(&SqlState::CHECK_VIOLATION), "{refused}");
        app.batch_execute("ROLLBACK TO SAVEPOINT s").await.unwrap();
    }
    let rotate = "UPDATE strongroom.user_credentials SET encrypted_value = 'next', version = 2 WHERE id = $1";
    app.execute(rotate, &[&id.0]).await.unwrap();
    app.batch_execute("COMMIT").await.unwrap();
    let postgres = database.sql("postgres").await;
    let kept: String = postgres
        .query_one("SELECT encrypted_value FROM strongroom.credential_versions WHERE version = 1", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(kept, "sealed");
    ada.begin(&app).await;
    for statement in [
        "UPDATE strongroom.credential_versions SET encrypted_value = 'x'",
        "DELETE FROM strongroom.credential_versions",
    ] {
        app.batch_execute("SAVEPOINT s").await.unwrap();
        assert!(app.batch_execute(statement).await.is_err());
        app.batch_execute("ROLLBACK TO SAVEPOINT s").await.unwrap();
    }
    app.batch_execute("COMMIT").await.unwrap();

    let bob = Person::create(&database, "bob").await;
    bob.begin(&app).await;
    assert!(app.query("SELECT version FROM strongroom.credential_versions", &[]).await.unwrap().is_empty());
}
