//! How long the record is kept, in SQL: a promise that nobody lowers, and a purge that removes what the settings let go and
//! nothing else, whoever calls it; and that what is left can still be verified.

use crate::support::Scene;
use strongroom_service::{Finding, ServiceError};
use strongroom_store::StoreError;
use strongroom_testing::{Person, Sql, SqlState};

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

/// All that is sealed and due.
async fn purge(scene: &Scene) -> u64 {
    scene.seal().await;
    scene.vault.purge_record().await.unwrap()
}

#[tokio::test]
async fn nothing_is_removed_that_the_settings_keep_and_what_is_left_still_verifies() {
    let scene = Scene::new().await;
    for batch in [[400, 40], [31, 30], [29, 1]] {
        insert_records(&scene.postgres, &batch).await;
        scene.seal().await;
    }
    assert_eq!(purge(&scene).await, 0, "for ever is the default");
    assert_eq!(ages(&scene.postgres).await.len(), 6);
    set(&scene.postgres, "record_retention_days = 30").await;
    assert_eq!(purge(&scene).await, 4);
    assert_eq!(ages(&scene.postgres).await, [29, 1]);
    assert_eq!(purge(&scene).await, 0);
    let verified = scene.verify_with(&[]).await;
    assert_eq!((verified.findings, verified.cut, verified.rows), (vec![], 4, 3));

    let says = "SELECT name, actor_id IS NULL AND scope = 'SYSTEM' FROM strongroom.activity_logs WHERE action = 'RECORD_PURGED'";
    let row = scene.postgres.query_one(says, &[]).await.unwrap();
    assert!(row.get::<_, String>(0).starts_with("4 from before 20") && row.get::<_, bool>(1));
}

#[tokio::test]
async fn what_is_not_sealed_is_not_removed() {
    let scene = Scene::new().await;
    insert_records(&scene.postgres, &[40]).await;
    set(&scene.postgres, "record_retention_days = 30").await;
    assert_eq!(scene.vault.purge_record().await.unwrap(), 0);
    assert_eq!(purge(&scene).await, 1);
}

#[tokio::test]
async fn a_record_that_was_cut_off_whole_goes_on_from_there() {
    let scene = Scene::new().await;
    insert_records(&scene.postgres, &[40, 40]).await;
    scene.seal().await;
    // As a superuser could have it: no RECORD_PURGED is left to go on from.
    set(&scene.postgres, "record_retention_days = 30").await;
    assert_eq!(scene.vault.purge_record().await.unwrap(), 2);
    // Of today: while another test's transaction holds it back, an older one than what is sealed would count as inserted late.
    insert_records(&scene.postgres, &[0]).await;
    assert_eq!(purge(&scene).await, 0);
    let verified = scene.verify_with(&[]).await;
    assert_eq!((verified.findings, verified.cut, verified.rows), (vec![], 2, 2));
}

#[tokio::test]
async fn a_cut_by_hand_is_found_and_so_is_a_checkpoint_from_before_it() {
    let scene = Scene::new().await;
    let mut notes = Vec::new();
    for age in [40, 39, 1] {
        insert_records(&scene.postgres, &[age]).await;
        notes.extend(scene.seal().await);
    }
    let remove = "DELETE FROM strongroom.activity_logs
                  WHERE id IN (SELECT unnest(record_ids) FROM strongroom.record_checkpoints WHERE size <= 2);
                  DELETE FROM strongroom.record_checkpoints WHERE size <= 2";
    scene
        .run(&format!(
            "CREATE TEMPORARY TABLE tree AS SELECT size, frontier, note FROM strongroom.record_checkpoints; {remove}"
        ))
        .await;
    assert_eq!(scene.findings().await, [Finding::CheckpointsMissing { from: 0, to: 2 }]);
    // A checkpoint of the server's own is no leave to cut.
    scene.run("INSERT INTO strongroom.record_cuts SELECT size, frontier, note FROM tree WHERE size = 2").await;
    assert_eq!(scene.findings().await, [Finding::CutForged { size: 2 }]);
    let found = scene.verify_with(&notes[..1]).await.findings;
    assert_eq!(found, [Finding::CutForged { size: 2 }, Finding::BeforeCut { noted: 1, cut: 2 }]);
}

#[tokio::test]
async fn a_record_that_was_tampered_with_is_not_purged() {
    let scene = Scene::new().await;
    insert_records(&scene.postgres, &[40, 39]).await;
    scene.seal().await;
    set(&scene.postgres, "record_retention_days = 30").await;
    scene.run("DELETE FROM strongroom.activity_logs WHERE version = 40").await;
    assert!(matches!(scene.vault.purge_record().await, Err(ServiceError::Store(StoreError::Forbidden))));
    assert_eq!(ages(&scene.postgres).await, [39], "what is left of it is evidence");
}

#[tokio::test]
async fn a_stolen_system_login_cannot_cut() {
    let scene = Scene::new().await;
    let system = scene.database.sql("strongroom_system").await;
    for statement in [
        "SELECT strongroom.record_cutoff()",
        "DELETE FROM strongroom.activity_logs",
        "DELETE FROM strongroom.record_checkpoints",
        "DELETE FROM strongroom.settings",
        "TRUNCATE strongroom.settings",
        "INSERT INTO strongroom.settings DEFAULT VALUES",
    ] {
        let refused = system.batch_execute(statement).await.unwrap_err();
        assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{statement}");
    }
    let unproven = system.batch_execute("UPDATE strongroom.settings SET record_retention_days = 1").await.unwrap_err();
    assert_eq!(unproven.code().unwrap().code(), "SR401");
}

#[tokio::test]
async fn the_owners_functions_themselves_cannot_remove_a_record_that_is_to_be_kept() {
    let scene = Scene::new().await;
    insert_records(&scene.postgres, &[10, 2]).await;
    scene.seal().await;
    set(&scene.postgres, "record_retention_days = 5").await;
    // As the owner, whom FORCE binds: the worst that a mistake in a function could do.
    scene
        .run("SET ROLE strongroom_owner; DELETE FROM strongroom.activity_logs; DELETE FROM strongroom.record_checkpoints; RESET ROLE")
        .await;
    assert_eq!(ages(&scene.postgres).await, [2]);
    let found = scene.findings().await;
    assert!(matches!(found[..], [Finding::RowMissing { place: 0, .. }]), "no checkpoint went: {found:?}");
}

#[tokio::test]
async fn only_the_beginning_is_removed() {
    let scene = Scene::new().await;
    // A clock that was set back: what is old stands behind what is young.
    for age in [20, 1, 20] {
        insert_records(&scene.postgres, &[age]).await;
        scene.seal().await;
    }
    set(&scene.postgres, "record_retention_days = 5").await;
    assert_eq!(purge(&scene).await, 1);
    assert_eq!(purge(&scene).await, 0);
    assert_eq!(ages(&scene.postgres).await, [1, 20]);
}

#[tokio::test]
async fn a_purge_is_done_by_thousands_and_by_one_server_at_a_time() {
    let scene = Scene::new().await;
    insert_records(&scene.postgres, &vec![20; 12_000]).await;
    scene.seal().await;
    set(&scene.postgres, "record_retention_days = 5").await;
    let other = scene.database.sql("postgres").await;
    other.batch_execute("BEGIN; SELECT FROM strongroom.settings FOR UPDATE").await.unwrap();
    assert_eq!(scene.vault.purge_record().await.unwrap(), 0, "the other one is at it, and is not waited for");
    other.batch_execute("COMMIT").await.unwrap();
    assert_eq!(purge(&scene).await, 12_000);
    let cuts = "SELECT size FROM strongroom.record_cuts ORDER BY size";
    let cuts: Vec<i64> = scene.postgres.query(cuts, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!(cuts, [10_000, 12_000]);
}

#[tokio::test]
async fn a_promise_is_lowered_by_nobody_and_nothing_goes_below_it() {
    let scene = Scene::new().await;
    let database = &scene.database;
    let admin = Person::create_admin(database, "admin").await;
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
    let scene = Scene::new().await;
    let database = &scene.database;
    let (ada, admin) = (Person::create(database, "ada").await, Person::create_admin(database, "admin").await);
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
