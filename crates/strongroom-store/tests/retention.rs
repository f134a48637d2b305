//! Values that are kept no longer: destroyed when the settings say so, never before, and by nobody's act.
//! What is still kept is never touched.

use strongroom_store::{RevealOutcome, Store};
use strongroom_testing::{Person, Sql, TestDatabase};
use strongroom_types::{CredentialId, IdReference, Purpose, Reference, RuntimeRole};

async fn outcome(store: &Store, person: &Person, id: CredentialId, version: Option<i32>) -> RevealOutcome {
    let reference = [Reference::Id(IdReference { id, version })];
    let role = RuntimeRole::App;
    store.reveal_credentials(&person.caller(), role, Purpose::Reveal, &reference, None).await.unwrap().remove(0)
}

async fn as_person(person: &Person, app: &Sql, statement: &str, id: CredentialId) {
    person.begin(app).await;
    assert_eq!(app.execute(statement, &[&id.0]).await.unwrap(), 1);
    app.batch_execute("COMMIT").await.unwrap();
}

const ROTATE: &str =
    "UPDATE strongroom.user_credentials SET encrypted_value = 'next', version = version + 1 WHERE id = $1";
const REVOKE: &str = "UPDATE strongroom.user_credentials SET is_active = false WHERE id = $1";
const RESTORE: &str = "UPDATE strongroom.user_credentials SET is_active = true WHERE id = $1";

/// Lets days go by for what has been superseded or revoked.
async fn age(database: &TestDatabase, days: i32) {
    let admin = database.sql("postgres").await;
    let statements = format!(
        "ALTER TABLE strongroom.user_credentials DISABLE TRIGGER USER;
         UPDATE strongroom.credential_versions SET superseded_at = superseded_at - interval '{days} days';
         UPDATE strongroom.user_credentials SET revoked_at = revoked_at - interval '{days} days';
         ALTER TABLE strongroom.user_credentials ENABLE TRIGGER USER"
    );
    admin.batch_execute(&statements).await.unwrap();
}

async fn purged(database: &TestDatabase) -> Vec<(Option<i32>, bool)> {
    let rows = database
        .sql("postgres")
        .await
        .query(
            "SELECT version, actor_id IS NULL FROM strongroom.activity_logs WHERE action = 'CREDENTIAL_PURGED' ORDER BY id",
            &[],
        )
        .await
        .unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

#[tokio::test]
async fn a_former_version_is_destroyed_after_its_retention_and_the_current_one_is_not() {
    let database = TestDatabase::create().await;
    let (ada, app, store) =
        (Person::create(&database, "ada").await, database.sql("strongroom_app").await, database.store().await);
    let id = ada.keep(&app, "one").await;
    as_person(&ada, &app, ROTATE, id).await;
    age(&database, 364).await;
    assert_eq!(store.purge_credentials().await.unwrap(), 0);
    assert!(matches!(outcome(&store, &ada, id, Some(1)).await, RevealOutcome::Allowed { .. }));
    age(&database, 2).await;
    assert_eq!(store.purge_credentials().await.unwrap(), 1);
    assert!(matches!(outcome(&store, &ada, id, Some(1)).await, RevealOutcome::Purged));
    assert!(matches!(outcome(&store, &ada, id, None).await, RevealOutcome::Allowed { .. }));
    assert_eq!(purged(&database).await, [(Some(1), true)]);
    let left = "SELECT count(*) FROM strongroom.credential_versions WHERE encrypted_value IS NOT NULL";
    assert_eq!(database.sql("postgres").await.query_one(left, &[]).await.unwrap().get::<_, i64>(0), 0);
}

#[tokio::test]
async fn a_revoked_credential_is_destroyed_with_its_versions_and_does_not_come_back() {
    let database = TestDatabase::create().await;
    let (ada, app, store) =
        (Person::create(&database, "ada").await, database.sql("strongroom_app").await, database.store().await);
    let (gone, restored) = (ada.keep(&app, "gone").await, ada.keep(&app, "restored").await);
    for id in [gone, restored] {
        as_person(&ada, &app, REVOKE, id).await;
    }
    age(&database, 300).await;
    as_person(&ada, &app, RESTORE, restored).await;
    as_person(&ada, &app, REVOKE, restored).await;
    as_person(&ada, &app, RESTORE, gone).await;
    as_person(&ada, &app, ROTATE, gone).await;
    as_person(&ada, &app, REVOKE, gone).await;
    age(&database, 366).await;
    as_person(&ada, &app, RESTORE, restored).await;
    // The credential, and then its former version, whose own retention was over as well.
    let mut destroyed = 0;
    while let 1.. = {
        let more = store.purge_credentials().await.unwrap();
        destroyed += more;
        more
    } {}
    assert_eq!(destroyed, 2);
    assert!(matches!(outcome(&store, &ada, gone, None).await, RevealOutcome::Purged));
    assert!(matches!(outcome(&store, &ada, restored, None).await, RevealOutcome::Allowed { .. }));
    ada.begin(&app).await;
    let refused = app.execute(RESTORE, &[&gone.0]).await.unwrap_err();
    assert_eq!(refused.code().unwrap().code(), "23514");
}

#[tokio::test]
async fn a_value_in_its_grace_outlives_the_retention() {
    let database = TestDatabase::create().await;
    let (ada, app, store) =
        (Person::create(&database, "ada").await, database.sql("strongroom_app").await, database.store().await);
    let id = ada.keep(&app, "one").await;
    let rotate = "UPDATE strongroom.user_credentials
         SET encrypted_value = 'next', version = 2, former_answers_until = now() + interval '1 hour' WHERE id = $1";
    as_person(&ada, &app, rotate, id).await;
    age(&database, 1000).await;
    assert_eq!(store.purge_credentials().await.unwrap(), 0);
}

#[tokio::test]
async fn retention_is_nobodys_act_and_a_stolen_login_gains_nothing_by_it() {
    let database = TestDatabase::create().await;
    let ada = Person::create_admin(&database, "ada").await;
    let (app, system) = (database.sql("strongroom_app").await, database.sql("strongroom_system").await);
    let id = ada.keep(&app, "one").await;
    as_person(&ada, &app, ROTATE, id).await;
    let purge = "SELECT strongroom.purge_credentials()";
    assert!(app.query(purge, &[]).await.is_err());
    ada.begin(&system).await;
    assert!(system.query(purge, &[]).await.is_err());
    system.batch_execute("ROLLBACK").await.unwrap();
    // Without a caller it does what the settings say, which is nothing yet.
    assert_eq!(system.query_one(purge, &[]).await.unwrap().get::<_, i32>(0), 0);
    // And by itself the login reaches neither the envelope nor the date of its end.
    for column in ["encrypted_value = NULL", "purged_at = now()", "revoked_at = now() - interval '9 years'"] {
        ada.begin(&app).await;
        let statement = format!("UPDATE strongroom.user_credentials SET {column} WHERE id = $1");
        assert!(app.execute(&statement, &[&id.0]).await.is_err(), "{column}");
        app.batch_execute("ROLLBACK").await.unwrap();
    }
}

/// What opens rows to the retention must be closed as soon as anybody was proven, also when he has been forgotten since.
#[tokio::test]
async fn a_transaction_that_had_a_caller_is_not_taken_for_the_retention() {
    let database = TestDatabase::create().await;
    let eve = Person::create(&database, "eve").await;
    let system = database.sql("strongroom_system").await;
    let purge = "SELECT strongroom.purge_credentials()";
    for forget in ["SELECT set_config('strongroom.proven', '', true)", "ROLLBACK TO s", "DISCARD SEQUENCES"] {
        system.batch_execute("BEGIN; SAVEPOINT s").await.unwrap();
        system.execute("SELECT strongroom.prove_caller($1)", &[&eve.token.expose()]).await.unwrap();
        system.batch_execute(forget).await.unwrap();
        assert!(system.query(purge, &[]).await.is_err(), "{forget}");
        system.batch_execute("ROLLBACK").await.unwrap();
    }
}
