//! How long the record is kept, in SQL: a promise that nobody lowers, and a purge that removes what the settings let go and
//! nothing else, whoever calls it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests only")]

use strongroom_testing::{Person, Sql, SqlState, TestDatabase};

/// Records of so many days ago, one each, in that order.
async fn insert_records(postgres: &Sql, days_ago: &[i32]) {
    let statement =
        "INSERT INTO strongroom.activity_logs (occurred_at, action, actor_id, entity_type, entity_id, version)
         SELECT now() - make_interval(days => age), 'CREDENTIAL_CREATED', gen_random_uuid(), 'CREDENTIAL', gen_random_uuid(), age
         FROM unnest($1::integer[]) WITH ORDINALITY AS ages (age, n) ORDER BY n";
    postgres.execute(statement, &[&days_ago]).await.unwrap();
}

/// The ages in days of the records that are left.
async fn ages(postgres: &Sql) -> Vec<i32> {
    let left = "SELECT version FROM strongroom.activity_logs WHERE version IS NOT NULL ORDER BY id";
    postgres.query(left, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

async fn set(postgres: &Sql, settings: &str) {
    postgres.batch_execute(&format!("UPDATE strongroom.settings SET {settings}")).await.unwrap();
}

async fn purge(sql: &Sql) -> i32 {
    sql.query_one("SELECT strongroom.purge_record()", &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn nothing_is_removed_that_the_settings_keep() {
    let database = TestDatabase::create().await;
    let (postgres, system) = (database.sql("postgres").await, database.sql("strongroom_system").await);
    insert_records(&postgres, &[400, 40, 31, 30, 29, 1]).await;
    assert_eq!(purge(&system).await, 0, "for ever is the default");
    assert_eq!(ages(&postgres).await.len(), 6);
    set(&postgres, "record_retention_days = 30").await;
    assert_eq!(purge(&system).await, 4);
    assert_eq!(ages(&postgres).await, [29, 1]);
    assert_eq!(purge(&system).await, 0);

    let says = "SELECT name, actor_id IS NULL AND scope = 'SYSTEM' FROM strongroom.activity_logs WHERE action = 'RECORD_PURGED'";
    let row = postgres.query_one(says, &[]).await.unwrap();
    assert!(row.get::<_, String>(0).starts_with("4 from before 20") && row.get::<_, bool>(1));
}

#[tokio::test]
async fn a_stolen_system_login_that_calls_it_gains_nothing() {
    let database = TestDatabase::create().await;
    let postgres = database.sql("postgres").await;
    insert_records(&postgres, &[10, 2, 1]).await;
    set(&postgres, "record_retention_days = 5").await;
    let system = database.sql("strongroom_system").await;
    // What a session can say about time and place changes nothing.
    system.batch_execute("SET TimeZone = 'Pacific/Kiritimati'; SET DateStyle = 'SQL, DMY'; BEGIN").await.unwrap();
    assert_eq!(purge(&system).await, 1);
    assert_eq!(purge(&system).await, 0);
    system.batch_execute("COMMIT").await.unwrap();
    assert_eq!(ages(&postgres).await, [2, 1]);
    for statement in [
        "SELECT strongroom.record_cutoff()",
        "DELETE FROM strongroom.activity_logs",
        "DELETE FROM strongroom.settings",
        "TRUNCATE strongroom.settings",
        "INSERT INTO strongroom.settings DEFAULT VALUES",
    ] {
        let refused = system.batch_execute(statement).await.unwrap_err();
        assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{statement}");
    }
    let unproven = system.batch_execute("UPDATE strongroom.settings SET record_retention_days = 1").await.unwrap_err();
    assert_eq!(unproven.code().unwrap().code(), "SR401");
    for role in ["strongroom_app", "strongroom_auditor"] {
        let refused = database.sql(role).await.batch_execute("SELECT strongroom.purge_record()").await.unwrap_err();
        assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{role}");
    }
}

#[tokio::test]
async fn the_owners_functions_themselves_cannot_remove_a_record_that_is_to_be_kept() {
    let database = TestDatabase::create().await;
    let postgres = database.sql("postgres").await;
    insert_records(&postgres, &[10, 2]).await;
    set(&postgres, "record_retention_days = 5").await;
    // As the owner, whom FORCE binds: the worst that a mistake in a function could do.
    postgres
        .batch_execute("SET ROLE strongroom_owner; DELETE FROM strongroom.activity_logs; RESET ROLE")
        .await
        .unwrap();
    assert_eq!(ages(&postgres).await, [2]);
}

#[tokio::test]
async fn only_the_beginning_is_removed() {
    let database = TestDatabase::create().await;
    let (postgres, system) = (database.sql("postgres").await, database.sql("strongroom_system").await);
    // A clock that was set back: what is old stands behind what is young.
    insert_records(&postgres, &[20, 1, 20]).await;
    set(&postgres, "record_retention_days = 5").await;
    assert_eq!(purge(&system).await, 1);
    assert_eq!(purge(&system).await, 0);
    assert_eq!(ages(&postgres).await, [1, 20]);
}

#[tokio::test]
async fn a_purge_is_done_by_thousands_and_by_one_server_at_a_time() {
    let database = TestDatabase::create().await;
    let (postgres, system) = (database.sql("postgres").await, database.sql("strongroom_system").await);
    insert_records(&postgres, &vec![20; 12_000]).await;
    set(&postgres, "record_retention_days = 5").await;
    system.batch_execute("BEGIN").await.unwrap();
    assert_eq!(purge(&system).await, 10_000);
    let other = database.sql("strongroom_system").await;
    assert_eq!(purge(&other).await, 0, "the other one is at it, and is not waited for");
    system.batch_execute("COMMIT").await.unwrap();
    assert_eq!(database.store().await.purge_record().await.unwrap(), 2_000);
}

#[tokio::test]
async fn a_promise_is_lowered_by_nobody_and_nothing_goes_below_it() {
    let database = TestDatabase::create().await;
    let admin = Person::create_admin(&database, "admin").await;
    let (postgres, system) = (database.sql("postgres").await, database.sql("strongroom_system").await);
    admin.begin(&system).await;
    let promise = "UPDATE strongroom.settings SET record_retention_promise_days = 30, record_retention_days = 60";
    assert_eq!(system.execute(promise, &[]).await.unwrap(), 1);
    system.batch_execute("COMMIT").await.unwrap();
    for refused in [
        "UPDATE strongroom.settings SET record_retention_promise_days = 29",
        "UPDATE strongroom.settings SET record_retention_days = 29",
        "UPDATE strongroom.settings SET record_retention_days = 1, record_retention_promise_days = 1",
        "UPDATE strongroom.settings SET record_retention_promise_days = NULL",
        "UPDATE strongroom.settings SET version_retention_days = 0",
        "DELETE FROM strongroom.settings",
        "TRUNCATE strongroom.settings",
    ] {
        // By the superuser, by the owner and by an administrator with a live token.
        assert!(postgres.batch_execute(refused).await.is_err(), "{refused}");
        let as_owner = format!("SET LOCAL ROLE strongroom_owner; {refused}");
        let before = postgres.query_one("SELECT settings::text FROM strongroom.settings", &[]).await.unwrap();
        _ = postgres.batch_execute(&as_owner).await;
        let after = postgres.query_one("SELECT settings::text FROM strongroom.settings", &[]).await.unwrap();
        assert_eq!(before.get::<_, String>(0), after.get::<_, String>(0), "{refused}");
        admin.begin(&system).await;
        assert!(system.batch_execute(refused).await.is_err(), "{refused}");
        system.batch_execute("ROLLBACK").await.unwrap();
    }
    admin.begin(&system).await;
    let raise = "UPDATE strongroom.settings SET record_retention_promise_days = 60, record_retention_days = NULL";
    assert_eq!(system.execute(raise, &[]).await.unwrap(), 1);
    let said = "SELECT name FROM strongroom.activity_logs WHERE action = 'SETTINGS_CHANGED' ORDER BY id DESC LIMIT 1";
    let said: String = system.query_one(said, &[]).await.unwrap().get(0);
    assert_eq!(said, "record_retention_days: 60 -> for ever, record_retention_promise_days: 30 -> 60");
}

#[tokio::test]
async fn settings_are_for_administrators_and_their_proof_cannot_be_taken_back_meanwhile() {
    let database = TestDatabase::create().await;
    let (ada, admin) = (Person::create(&database, "ada").await, Person::create_admin(&database, "admin").await);
    let system = database.sql("strongroom_system").await;
    ada.begin(&system).await;
    assert!(system.query("SELECT FROM strongroom.settings", &[]).await.unwrap().is_empty());
    assert_eq!(system.execute("UPDATE strongroom.settings SET record_retention_days = 1", &[]).await.unwrap(), 0);
    system.batch_execute("ROLLBACK").await.unwrap();
    admin.begin(&system).await;
    let unproven = "UPDATE strongroom.settings SET record_retention_days = 1
                    WHERE set_config('strongroom.proven', '', true) IS NOT NULL";
    assert!(!matches!(system.execute(unproven, &[]).await, Ok(1)), "a change without a record");
}
