//! What PostgreSQL tells beside its rows: plans, measurements, errors of keys. Without a caller, none of it depends on
//! what a table holds.

use strongroom_testing::{Person, SimpleQueryMessage, Sql, SqlState, TestDatabase};

#[tokio::test]
async fn without_a_caller_nothing_is_planned_and_so_no_measurement_tells_what_a_table_holds() {
    // PostgreSQL asks an index with a leakproof condition before it applies a policy, and EXPLAIN ANALYZE tells whether
    // there was a row. These conditions hold; others would not. All are refused alike, and before there is a plan.
    let database = TestDatabase::create().await;
    let ada = Person::create_admin(&database, "ada").await;
    let app = database.sql("strongroom_app").await;
    ada.begin(&app).await;
    let workspace = ada.insert_workspace(&app, "team").await;
    let credential = ada.insert_credential(&app, "one").await;
    app.batch_execute("COMMIT").await.unwrap();
    let hers = |column: &str| format!("WHERE {column} = '{}'", ada.id);
    for (role, statement) in [
        ("strongroom_app", "SELECT 1 FROM strongroom.users WHERE email = 'ada@example.org'".to_owned()),
        ("strongroom_app", format!("SELECT 1 FROM strongroom.user_credentials WHERE id = '{credential}'")),
        ("strongroom_app", format!("SELECT 1 FROM strongroom.user_credentials {} AND name > 'o'", hers("user_id"))),
        ("strongroom_app", format!("SELECT 1 FROM strongroom.api_tokens {}", hers("user_id"))),
        ("strongroom_app", format!("SELECT 1 FROM strongroom.workspaces WHERE id = '{workspace}'")),
        ("strongroom_app", format!("SELECT 1 FROM strongroom.workspace_members {}", hers("user_id"))),
        (
            "strongroom_app",
            format!("SELECT 1 FROM strongroom.credential_versions WHERE credential_id = '{credential}'"),
        ),
        ("strongroom_app", format!("SELECT 1 FROM strongroom.activity_logs {}", hers("actor_id"))),
        ("strongroom_app", format!("UPDATE strongroom.user_credentials SET name = 'x' WHERE id = '{credential}'")),
        ("strongroom_app", format!("UPDATE strongroom.api_tokens SET revoked_at = now() {}", hers("user_id"))),
        ("strongroom_app", format!("DELETE FROM strongroom.workspace_members {}", hers("user_id"))),
        ("strongroom_app", "COPY (SELECT 1 FROM strongroom.users) TO STDOUT".to_owned()),
        ("strongroom_system", "SELECT 1 FROM strongroom.users WHERE email = 'ada@example.org'".to_owned()),
        ("strongroom_system", "SELECT 1 FROM strongroom.invitations WHERE email = 'ada@example.org'".to_owned()),
        ("strongroom_system", "SELECT 1 FROM strongroom.user_credentials WHERE masked_value = '****'".to_owned()),
        ("strongroom_system", "SELECT 1 FROM strongroom.credential_versions WHERE version = 1".to_owned()),
        ("strongroom_system", hers("actor_id").replace("WHERE", "SELECT 1 FROM strongroom.activity_logs WHERE")),
    ] {
        let sql = database.sql(role).await;
        let explained = format!("EXPLAIN (ANALYZE) {statement}");
        for statement in [&statement, &explained] {
            let Err(refused) = sql.simple_query(statement).await else { panic!("{role}: {statement} was planned") };
            let code = refused.code().unwrap().code();
            assert!(
                code == "SR401" || statement.starts_with("EXPLAIN (ANALYZE) COPY"),
                "{role}: {statement}: {refused:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_plan_that_outlives_its_caller_shows_no_row() {
    let database = TestDatabase::create().await;
    let ada = Person::create(&database, "ada").await;
    let app = database.sql("strongroom_app").await;
    ada.begin(&app).await;
    ada.insert_credential(&app, "one").await;
    // Without parameters, a plan is kept from the first time on.
    app.batch_execute("PREPARE kept AS SELECT name FROM strongroom.user_credentials").await.unwrap();
    assert_eq!(rows(&app, "EXECUTE kept").await, 1);
    app.batch_execute("COMMIT").await.unwrap();
    assert_eq!(rows(&app, "EXECUTE kept").await, 0);
}

async fn rows(sql: &Sql, statement: &str) -> usize {
    let messages = sql.simple_query(statement).await.unwrap();
    messages.iter().filter(|message| matches!(message, SimpleQueryMessage::Row(_))).count()
}

#[tokio::test]
async fn an_envelope_is_in_reach_of_no_query() {
    let database = TestDatabase::create().await;
    let ada = Person::create_admin(&database, "ada").await;
    for role in ["strongroom_app", "strongroom_system"] {
        let sql = database.sql(role).await;
        for statement in [
            "SELECT encrypted_value FROM strongroom.user_credentials",
            "SELECT 1 FROM strongroom.user_credentials WHERE encrypted_value > 'a'",
            "UPDATE strongroom.user_credentials SET name = encrypted_value",
            "SELECT encrypted_value FROM strongroom.credential_versions",
            "SELECT * FROM strongroom.user_credentials",
        ] {
            ada.begin(&sql).await;
            let refused = sql.execute(statement, &[]).await.unwrap_err();
            assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{role}: {statement}");
            sql.batch_execute("ROLLBACK").await.unwrap();
        }
    }
}
