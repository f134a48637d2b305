//! How an owner of the database can try to have verification read another record than the one that others see, or count as sealed
//! what nobody sealed. Each move was one that looked whole at first, or has a neighbour that did.

use crate::support::Scene;
use strongroom_service::Finding;
use strongroom_store::{RecordReader, SchemaError};

/// A sealed record of two batches, of three rows and two; their ids.
async fn sealed() -> (Scene, Vec<i64>) {
    let scene = Scene::new().await;
    for rows in [3, 2] {
        scene.record(rows).await;
        scene.seal().await;
    }
    let ids = scene.ids().await;
    (scene, ids)
}

/// A copy of that row, with other words in it, that has that id.
async fn insert_like(scene: &Scene, row: i64, id: &str) {
    scene
        .run(&format!(
            "CREATE TEMPORARY TABLE forged ON COMMIT DROP AS SELECT * FROM strongroom.activity_logs WHERE id = {row};
             UPDATE forged SET id = {id}, name = 'forged';
             INSERT INTO strongroom.activity_logs OVERRIDING SYSTEM VALUE SELECT * FROM forged"
        ))
        .await;
}

async fn connect(scene: &Scene) -> Result<RecordReader, SchemaError> {
    RecordReader::connect(&scene.database.url("strongroom_auditor")).await
}

#[tokio::test]
async fn a_second_row_under_a_sealed_id_is_found() {
    let (scene, ids) = sealed().await;
    scene.run("ALTER TABLE strongroom.activity_logs DROP CONSTRAINT activity_logs_pkey CASCADE").await;
    insert_like(&scene, ids[1], &ids[1].to_string()).await;
    let found = scene.findings().await;
    assert!(found.contains(&Finding::RowsInserted { count: 1, first: vec![ids[1]] }), "{found:?}");
}

#[tokio::test]
async fn rows_that_a_checkpoint_of_the_owners_claims_below_the_cut_are_found() {
    let scene = Scene::new().await;
    scene
        .run(
            "INSERT INTO strongroom.activity_logs (action, actor_id, entity_type, entity_id, occurred_at)
             SELECT 'CREDENTIAL_CREATED', gen_random_uuid(), 'CREDENTIAL', gen_random_uuid(), now() - interval '40 days'
             FROM generate_series(1, 3)",
        )
        .await;
    scene.seal().await;
    scene.run("UPDATE strongroom.settings SET record_retention_days = 30").await;
    assert_eq!(scene.vault.purge_record().await.unwrap(), 3);
    scene.seal().await;
    assert_eq!(scene.findings().await, []);
    insert_like(&scene, scene.ids().await[0], "7777").await;
    scene
        .run(
            "UPDATE strongroom.activity_logs SET transaction_id = '3' WHERE id = 7777;
             INSERT INTO strongroom.record_checkpoints
             SELECT 1, '{7777}', 7777, 7777, '\\x0000000000000000', frontier, note, newest_at
             FROM strongroom.record_checkpoints ORDER BY size LIMIT 1",
        )
        .await;
    assert_eq!(scene.findings().await, [Finding::RowsInserted { count: 1, first: vec![7777] }]);
}

#[tokio::test]
async fn old_rows_are_found_whatever_the_database_says_of_how_far_sealing_is() {
    let (scene, ids) = sealed().await;
    insert_like(&scene, ids[1], "7777").await;
    scene.run("UPDATE strongroom.activity_logs SET occurred_at = now() - interval '1 day' WHERE id = 7777").await;
    for hint in [
        "UPDATE strongroom.record_sealing SET system_identifier = 1",
        "UPDATE strongroom.record_sealing SET backlog_after = 9999999",
        "DELETE FROM strongroom.record_sealing",
    ] {
        scene.run(hint).await;
        let found = scene.findings().await;
        assert_eq!(found, [Finding::RowsInserted { count: 1, first: vec![7777] }], "{hint}");
    }
}

#[tokio::test]
async fn rows_that_were_offered_to_the_sealer_again_are_found() {
    let (scene, _) = sealed().await;
    scene.run("UPDATE strongroom.record_sealing SET transaction_id = '0', record_id = 0, boundary = 0").await;
    assert!(!scene.seal().await.is_empty());
    // In another batch of the same window, and so each leaf by itself is what it should be.
    assert_eq!(scene.findings().await, [Finding::SealedTwice { count: 5 }]);
}

#[tokio::test]
async fn marks_that_were_changed_accuse_no_row() {
    let (scene, _) = sealed().await;
    let forge = "UPDATE strongroom.record_checkpoints SET marks = decode(repeat('00', 24), 'hex') WHERE size = 3";
    scene.run(forge).await;
    let found = scene.findings().await;
    assert!(matches!(found[..], [Finding::CheckpointForged { size: 3, .. }]), "{found:?}");
}

#[tokio::test]
async fn a_row_whose_time_is_none_is_named_and_is_not_the_end_of_the_verification() {
    let (scene, ids) = sealed().await;
    let forge = "UPDATE strongroom.activity_logs SET occurred_at = 'infinity' WHERE id =";
    scene.run(&format!("{forge} {}", ids[1])).await;
    assert_eq!(scene.findings().await, [Finding::RowChanged { id: ids[1], place: 1 }]);
}

#[tokio::test]
async fn a_policy_that_hides_rows_from_the_auditor_is_refused() {
    for hide in [
        "ALTER POLICY auditor_reads ON strongroom.activity_logs USING (name <> 'forged')",
        "CREATE POLICY hide ON strongroom.activity_logs AS RESTRICTIVE FOR SELECT TO strongroom_auditor USING (name <> 'forged')",
        "CREATE POLICY hide ON strongroom.activity_logs AS RESTRICTIVE USING (name <> 'forged')",
        "DROP POLICY auditor_reads ON strongroom.activity_logs",
    ] {
        let (scene, _) = sealed().await;
        scene.run(hide).await;
        assert!(matches!(connect(&scene).await, Err(SchemaError::Blind)), "{hide}");
    }
}

#[tokio::test]
async fn what_is_not_the_table_that_was_made_is_refused() {
    for disguise in [
        "ALTER TABLE strongroom.activity_logs RENAME TO others;
         CREATE VIEW strongroom.activity_logs AS SELECT * FROM strongroom.others WHERE name <> 'forged';
         GRANT SELECT ON strongroom.activity_logs TO strongroom_auditor;",
        "CREATE FUNCTION strongroom.lie(strongroom.activity_action) RETURNS text LANGUAGE sql RETURN 'CREDENTIAL_CREATED';
         CREATE CAST (strongroom.activity_action AS text) WITH FUNCTION strongroom.lie(strongroom.activity_action);",
        "ALTER TABLE strongroom.activity_logs ALTER COLUMN reason TYPE text;
         CREATE DOMAIN strongroom.said AS text; ALTER TABLE strongroom.activity_logs ALTER COLUMN reason TYPE strongroom.said",
    ] {
        let (scene, _) = sealed().await;
        scene.run(disguise).await;
        let refused = connect(&scene).await.err();
        assert!(matches!(refused, Some(SchemaError::Disguised | SchemaError::Blind)), "{disguise}: {refused:?}");
        let superuser = RecordReader::connect(&scene.database.url("postgres")).await.err();
        assert!(matches!(superuser, Some(SchemaError::Disguised)), "{disguise}: {superuser:?}");
    }
}
