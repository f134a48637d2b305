//! What an owner of the database can do to the record, as its superuser, and how it is found; and that sealing covers each row
//! once, whoever else is at work.

use std::collections::BTreeMap;

use crate::support::Scene;
use strongroom_service::{Finding, ServiceError};
use strongroom_store::{RecordReader, SchemaError, StoreError};
use strongroom_testing::{Person, SqlState};
use strongroom_types::CredentialId;

/// A sealed record of three batches: ids, and the notes of their checkpoints.
async fn sealed() -> (Scene, Vec<i64>, Vec<String>) {
    let scene = Scene::new().await;
    let mut notes = Vec::new();
    for rows in [5, 1, 6] {
        scene.record(rows).await;
        notes.extend(scene.seal().await);
    }
    assert_eq!(notes.len(), 3);
    let ids = scene.ids().await;
    (scene, ids, notes)
}

#[tokio::test]
async fn a_record_that_nobody_touched_is_whole() {
    let (scene, _, notes) = sealed().await;
    scene.record(2).await;
    let verified = scene.verify_with(&notes).await;
    assert_eq!(verified.findings, []);
    assert_eq!((verified.rows, verified.waiting), (12, 2));
    assert!(scene.seal().await.len() == 1 && scene.seal().await.is_empty());
}

#[tokio::test]
async fn a_changed_row_is_found_and_named_whatever_column_it_is() {
    let (scene, ids, _) = sealed().await;
    for change in [
        "occurred_at = occurred_at + interval '1 microsecond'",
        "action = 'CREDENTIAL_ACCESSED'",
        "outcome = 'DENIED', reason = 'ROLE'",
        "actor_id = gen_random_uuid()",
        "entity_type = 'USER'",
        "entity_id = gen_random_uuid()",
        "owner_id = gen_random_uuid()",
        "workspace_id = gen_random_uuid()",
        "scope = 'USER'",
        "provider = ''",
        "name = NULL",
        "version = 1",
        "grantee_id = gen_random_uuid()",
        "request_id = gen_random_uuid()",
        "token_id = gen_random_uuid()",
        "address = '192.0.2.0/24'",
        "user_agent = 'curl'",
    ] {
        let keep = "CREATE TEMPORARY TABLE kept AS SELECT * FROM strongroom.activity_logs";
        let update = format!("{keep}; UPDATE strongroom.activity_logs SET {change} WHERE id = {}", ids[3]);
        scene.run(&update).await;
        assert_eq!(scene.findings().await, [Finding::RowChanged { id: ids[3], place: 3 }], "{change}");
        scene
            .run(
                "DELETE FROM strongroom.activity_logs;
                 INSERT INTO strongroom.activity_logs OVERRIDING SYSTEM VALUE SELECT * FROM kept; DROP TABLE kept",
            )
            .await;
    }
    assert_eq!(scene.findings().await, [], "as it was");
}

#[tokio::test]
async fn removed_rows_are_named_also_at_the_end() {
    let (scene, ids, _) = sealed().await;
    scene.run(&format!("DELETE FROM strongroom.activity_logs WHERE id IN ({}, {})", ids[5], ids[11])).await;
    let missing = |n: usize| Finding::RowMissing { id: ids[n], place: n as u64 };
    assert_eq!(scene.findings().await, [missing(5), missing(11)]);
}

#[tokio::test]
async fn rows_that_changed_places_are_named() {
    let (scene, ids, _) = sealed().await;
    // What they say, but for their ids.
    scene
        .run(&format!(
            "UPDATE strongroom.activity_logs AS l
             SET (occurred_at, actor_id, entity_id, name) = (SELECT o.occurred_at, o.actor_id, o.entity_id, o.name
                 FROM strongroom.activity_logs AS o WHERE o.id = CASE l.id WHEN {one} THEN {two} ELSE {one} END)
             WHERE l.id IN ({one}, {two})",
            one = ids[1],
            two = ids[7]
        ))
        .await;
    let changed = |n: usize| Finding::RowChanged { id: ids[n], place: n as u64 };
    assert_eq!(scene.findings().await, [changed(1), changed(7)]);
}

#[tokio::test]
async fn rows_inserted_into_the_past_are_found() {
    let (scene, ids, _) = sealed().await;
    let insert = |extra: &str, values: &str| {
        format!(
            "INSERT INTO strongroom.activity_logs (action, actor_id, entity_type, entity_id{extra})
             VALUES ('CREDENTIAL_CREATED', gen_random_uuid(), 'CREDENTIAL', gen_random_uuid(){values}) RETURNING id"
        )
    };
    // With the number of a transaction that ended long ago, and with one that never comes.
    let low = scene.postgres.query_one(&insert(", transaction_id", ", '3'"), &[]).await.unwrap();
    let high = insert(", transaction_id, occurred_at", ", '9999999999999', now() - interval '1 day'");
    let high = scene.postgres.query_one(&high, &[]).await.unwrap();
    let first = vec![low.get::<_, i64>(0), high.get(0)];
    assert!(scene.seal().await.is_empty());
    assert_eq!(scene.findings().await, [Finding::RowsInserted { count: 2, first }]);
    assert_eq!(ids.len() + 2, scene.ids().await.len());
}

#[tokio::test]
async fn another_order_in_a_checkpoint_is_found() {
    let (scene, ids, _) = sealed().await;
    scene
        .run("UPDATE strongroom.record_checkpoints SET marks = substring(marks, 9, 8) || substring(marks, 1, 8) || substring(marks, 17),
                  record_ids = record_ids[2:2] || record_ids[1:1] || record_ids[3:] WHERE size = 5")
        .await;
    assert_eq!(scene.findings().await, [Finding::OrderChanged { size: 5 }]);
    assert_eq!(ids.len(), 12);
}

#[tokio::test]
async fn a_truncated_record_and_a_database_that_was_rolled_back_are_found_by_a_checkpoint_from_elsewhere() {
    let (scene, ids, mut notes) = sealed().await;
    // To an earlier state that was whole, as a dump of that time would have it.
    scene
        .run(&format!(
            "DELETE FROM strongroom.record_checkpoints WHERE size > 5; DELETE FROM strongroom.activity_logs WHERE id > {}",
            ids[4]
        ))
        .await;
    assert_eq!(scene.findings().await, [], "by itself, it looks as it did then");
    let found = scene.verify_with(&notes[2..]).await.findings;
    assert_eq!(found, [Finding::RolledBack { size: 5, noted: 12 }]);
    // The server goes on, and past where it was.
    scene.record(20).await;
    notes.extend(scene.seal().await);
    let found = scene.verify_with(&notes[1..2]).await.findings;
    assert_eq!(found, [Finding::AnotherPast { noted: 6 }]);
    let all = scene.verify_with(&notes).await.findings;
    assert!(all.contains(&Finding::AnotherPast { noted: 12 }), "{all:?}");
}

#[tokio::test]
async fn a_removed_or_forged_checkpoint_is_found() {
    let (scene, _, _) = sealed().await;
    scene.run("CREATE TEMPORARY TABLE kept AS SELECT * FROM strongroom.record_checkpoints").await;
    scene.run("DELETE FROM strongroom.record_checkpoints WHERE size = 6").await;
    let found = scene.findings().await;
    assert!(found.contains(&Finding::CheckpointsMissing { from: 5, to: 6 }), "{found:?}");
    scene.run("INSERT INTO strongroom.record_checkpoints SELECT * FROM kept WHERE size = 6").await;
    for forged in [
        "note = replace(note, E'\\n6\\n', E'\\n7\\n')",
        "note = (SELECT note FROM kept WHERE size = 5)",
        "note = 'none'",
        "frontier = decode(repeat('00', 64), 'hex')",
    ] {
        scene.run(&format!("UPDATE strongroom.record_checkpoints SET {forged} WHERE size = 6")).await;
        let found = scene.findings().await;
        assert!(matches!(found[..], [Finding::CheckpointForged { size: 6, .. }]), "{forged}: {found:?}");
        scene
            .run("UPDATE strongroom.record_checkpoints AS c SET note = k.note, frontier = k.frontier FROM kept AS k WHERE k.size = c.size")
            .await;
    }
    assert_eq!(scene.findings().await, []);
}

#[tokio::test]
async fn the_server_does_not_sign_a_past_that_it_did_not_see() {
    let (scene, _, _) = sealed().await;
    scene
        .run("UPDATE strongroom.record_checkpoints SET frontier = decode(repeat('00', 64), 'hex') WHERE size = 12")
        .await;
    scene.record(1).await;
    assert!(matches!(scene.refusal_to_seal().await, ServiceError::RecordNotOurs));
    // Nor does another vault's checkpoint do.
    let (other, _, _) = sealed().await;
    let stolen = "SELECT note, frontier FROM strongroom.record_checkpoints WHERE size = 12";
    let stolen = other.postgres.query_one(stolen, &[]).await.unwrap();
    let put = "UPDATE strongroom.record_checkpoints SET note = $1, frontier = $2 WHERE size = 12";
    let (note, frontier): (String, Vec<u8>) = (stolen.get(0), stolen.get(1));
    scene.postgres.execute(put, &[&note, &frontier]).await.unwrap();
    assert!(matches!(scene.refusal_to_seal().await, ServiceError::RecordNotOurs));
}

/// How often each row is in a checkpoint.
async fn coverage(scene: &Scene) -> BTreeMap<i64, i64> {
    let times = "SELECT l.id, count(s.id) FROM strongroom.activity_logs AS l
                 LEFT JOIN (SELECT unnest(record_ids) AS id FROM strongroom.record_checkpoints) AS s ON s.id = l.id GROUP BY l.id";
    scene.postgres.query(times, &[]).await.unwrap().iter().map(|row| (row.get(0), row.get(1))).collect()
}

const INSERT: &str = "INSERT INTO strongroom.activity_logs (action, actor_id, entity_type, entity_id)
                      VALUES ('CREDENTIAL_CREATED', gen_random_uuid(), 'CREDENTIAL', gen_random_uuid())";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_row_is_sealed_once_while_many_write_and_two_servers_seal() {
    let scene = Scene::new().await;
    let other = scene.another_server().await;
    let mut writers = Vec::new();
    for _ in 0..8 {
        let sql = scene.database.sql("postgres").await;
        writers.push(tokio::spawn(async move {
            for n in 0..60 {
                // Some take their time, and some give it up.
                let end = if n % 7 == 0 { "ROLLBACK" } else { "COMMIT" };
                sql.batch_execute(&format!("BEGIN; {INSERT}; SAVEPOINT s; {INSERT}; {end}")).await.unwrap();
            }
        }));
    }
    while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
        let (one, two) = tokio::join!(scene.vault.seal_record(), other.seal_record());
        one.unwrap();
        two.unwrap();
    }
    for writer in writers {
        writer.await.unwrap();
    }
    scene.seal().await;
    let covered = coverage(&scene).await;
    assert_eq!(covered.len(), 8 * 51 * 2);
    assert!(covered.values().all(|times| *times == 1), "{covered:?}");
    assert_eq!(scene.findings().await, []);
}

#[tokio::test]
async fn a_transaction_that_commits_late_is_covered_when_it_does() {
    let scene = Scene::new().await;
    scene.seal().await;
    let late = scene.database.sql("postgres").await;
    late.batch_execute(&format!("BEGIN; {INSERT}")).await.unwrap();
    scene.record(3).await;
    assert!(
        scene.vault.seal_record().await.unwrap().is_empty(),
        "nothing that began after it is sealed before it has ended"
    );
    late.batch_execute("COMMIT").await.unwrap();
    scene.seal().await;
    assert_eq!(coverage(&scene).await.into_values().collect::<Vec<_>>(), [1; 4]);
}

#[tokio::test]
async fn after_a_restore_into_another_cluster_each_row_is_sealed_once() {
    let (scene, ids, notes) = sealed().await;
    // Numbers of another cluster: some that come again here, some that never will, and rows that were not sealed there.
    scene.record(4).await;
    scene
        .run(&format!(
            "UPDATE strongroom.activity_logs SET transaction_id = CASE id % 3 WHEN 0 THEN '9999999999999'::xid8 WHEN 1 THEN '5'
                 ELSE (pg_current_xact_id()::text::bigint + 20)::text::xid8 END;
             UPDATE strongroom.record_sealing SET system_identifier = 1, transaction_id = '9999999999999', record_id = {}",
            ids[11]
        ))
        .await;
    for _ in 0..15 {
        scene.record(2).await;
        scene.seal().await;
    }
    scene.seal().await;
    let covered = coverage(&scene).await;
    assert_eq!(covered.len(), 12 + 4 + 30);
    assert!(covered.values().all(|times| *times == 1), "{covered:?}");
    assert_eq!(scene.verify_with(&notes).await.findings, []);
}

#[tokio::test]
async fn more_than_a_batch_is_sealed_in_several() {
    let scene = Scene::new().await;
    scene.record(25_000).await;
    let mut notes = scene.seal().await;
    notes.extend(scene.seal().await);
    assert_eq!(notes.len(), 3);
    assert_eq!(scene.verify_with(&notes).await.rows, 25_000);
}

#[tokio::test]
async fn no_runtime_role_changes_the_record_or_its_seals() {
    let (scene, _, _) = sealed().await;
    for role in ["strongroom_app", "strongroom_system", "strongroom_auditor"] {
        let sql = scene.database.sql(role).await;
        for (table, column) in [
            ("activity_logs", "transaction_id"),
            ("record_checkpoints", "note"),
            ("record_cuts", "note"),
            ("record_keys", "verifier_key"),
            ("record_sealing", "boundary"),
        ] {
            for attack in [
                format!("DELETE FROM strongroom.{table}"),
                format!("TRUNCATE strongroom.{table}"),
                format!("INSERT INTO strongroom.{table} DEFAULT VALUES"),
                format!("UPDATE strongroom.{table} SET {column} = DEFAULT"),
                format!("ALTER TABLE strongroom.{table} DISABLE ROW LEVEL SECURITY"),
            ] {
                let refused = sql.batch_execute(&attack).await.unwrap_err();
                assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{role}: {attack}");
            }
        }
    }
}

#[tokio::test]
async fn when_a_credential_was_last_used_is_noted_from_the_record_and_changes_nothing_else() {
    let scene = Scene::new().await;
    let app = scene.database.sql("strongroom_app").await;
    let ada = Person::create(&scene.database, "ada").await;
    let (used, busy) = (ada.keep(&app, "used").await, ada.keep(&app, "busy").await);
    // Somebody is changing one of them: it is not waited for.
    let mut elsewhere = scene.database.sql("postgres").await;
    let lock = elsewhere.transaction().await.unwrap();
    lock.execute("SELECT FROM strongroom.user_credentials WHERE id = $1 FOR UPDATE", &[&busy.0]).await.unwrap();
    let record = async |action: &str, outcome: &str, id: CredentialId, age: &str| {
        let reason = if outcome == "DENIED" { "'REVOKED'" } else { "NULL" };
        scene
            .run(&format!(
                "INSERT INTO strongroom.activity_logs (action, outcome, reason, actor_id, entity_type, entity_id, occurred_at)
                 VALUES ('{action}', '{outcome}', {reason}, gen_random_uuid(), 'CREDENTIAL', '{}', '2031-01-01 12:00Z'::timestamptz - interval '{age}')",
                id.0
            ))
            .await;
    };
    let seen = async |id: CredentialId| -> (Option<String>, i32) {
        let statement = "SELECT to_char(last_used_at AT TIME ZONE 'UTC', 'HH24:MI'), revision FROM strongroom.user_credentials WHERE id = $1";
        let row = scene.postgres.query_one(statement, &[&id.0]).await.unwrap();
        (row.get(0), row.get(1))
    };
    for (action, outcome, age) in [
        ("CREDENTIAL_ACCESSED", "ALLOWED", "3 hours"),
        ("CREDENTIAL_USED", "ALLOWED", "2 hours"),
        ("CREDENTIAL_ACCESSED", "DENIED", "1 hour"),
        ("CREDENTIAL_VERSION_RESTORED", "ALLOWED", "1 hour"),
    ] {
        record(action, outcome, used, age).await;
    }
    record("CREDENTIAL_ACCESSED", "ALLOWED", busy, "1 hour").await;
    scene.seal().await;
    assert_eq!(seen(used).await, (Some("10:00".into()), 1), "the last use, and no refusal or restoration");
    assert_eq!(seen(busy).await, (None, 1));
    lock.commit().await.unwrap();
    // To five minutes, and never back.
    for (age, noted) in [("118 minutes", "10:00"), ("110 minutes", "10:10"), ("5 hours", "10:10")] {
        record("CREDENTIAL_ACCESSED", "ALLOWED", used, age).await;
        scene.seal().await;
        assert_eq!(seen(used).await, (Some(noted.into()), 1));
    }
}

#[tokio::test]
async fn without_the_servers_secret_a_stolen_login_seals_nothing_and_cuts_nothing() {
    let (scene, _, _) = sealed().await;
    scene.record(1).await;
    let (app, system) = (scene.database.sql("strongroom_app").await, scene.database.sql("strongroom_system").await);
    for guess in ["NULL", "'\\x00'", "decode(repeat('00', 32), 'hex')"] {
        for function in [
            format!("begin_sealing({guess})"),
            format!("records_to_seal({guess}, '{{1}}')"),
            format!("record_tip({guess})"),
            format!("seal_records({guess}, 13, '{{1}}', '\\x0000000000000000', '\\x00', 'note')"),
            format!("note_uses({guess}, '{{1}}')"),
            format!("begin_purge({guess})"),
            format!("purge_record({guess}, 5, 'note')"),
        ] {
            let call = format!("SELECT * FROM strongroom.{function}");
            assert_eq!(system.batch_execute(&call).await.unwrap_err().code().unwrap().code(), "SR402", "{call}");
            let refused = app.batch_execute(&call).await.unwrap_err();
            assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{call}");
        }
        let replace = format!("SELECT strongroom.establish_record_key({guess}, 'e', 'k')");
        assert_eq!(app.batch_execute(&replace).await.unwrap_err().code().unwrap().code(), "SR402");
    }
    let wrong = scene.database.store().await.begin_sealing(&[0; 32]).await;
    assert!(matches!(wrong, Err(StoreError::ServerNotProven)));
    assert_eq!(scene.findings().await, []);
}

#[tokio::test]
async fn a_login_that_policies_bind_does_not_take_what_they_hide_for_removed() {
    let (scene, _, _) = sealed().await;
    for role in ["strongroom_app", "strongroom_system"] {
        let refused = RecordReader::connect(&scene.database.url(role)).await;
        assert!(matches!(refused, Err(SchemaError::Blind)), "{role}");
    }
    assert!(RecordReader::connect(&scene.database.url("postgres")).await.is_ok());
}

#[tokio::test]
async fn an_administrator_sees_how_far_the_record_is_sealed_and_nobody_else_does() {
    let scene = Scene::new().await;
    let (ada, admin) =
        (Person::create(&scene.database, "ada").await, Person::create_admin(&scene.database, "root").await);
    // A transaction that holds the horizon back, before which nothing is sealed but by its id.
    let mut elsewhere = scene.database.sql("postgres").await;
    let older = elsewhere.transaction().await.unwrap();
    older.execute("SELECT pg_current_xact_id()", &[]).await.unwrap();
    scene.record(1).await;
    scene.seal().await;
    older.commit().await.unwrap();
    let before = scene.vault.record_state(&admin.caller()).await.unwrap();
    assert_eq!(before.waiting, 0, "what is sealed does not wait");
    scene.record(3).await;
    let waiting = scene.vault.record_state(&admin.caller()).await.unwrap();
    assert_eq!((waiting.size, waiting.waiting), (before.size, 3));
    let notes = scene.seal().await;
    let after = scene.vault.record_state(&admin.caller()).await.unwrap();
    assert_eq!((after.size, after.waiting), (before.size + 3, 0));
    assert_eq!(after.checkpoint.as_ref(), notes.last());
    assert!(after.sealed_at > before.sealed_at);
    let refused = scene.vault.record_state(&ada.caller()).await;
    assert!(matches!(refused, Err(ServiceError::Store(StoreError::Forbidden))), "{refused:?}");
    let (app, system) = (scene.database.sql("strongroom_app").await, scene.database.sql("strongroom_system").await);
    for (sql, who) in [(&app, &admin), (&system, &ada)] {
        who.begin(sql).await;
        let refused = sql.batch_execute("SELECT * FROM strongroom.record_state()").await.unwrap_err();
        assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE));
        sql.batch_execute("ROLLBACK").await.unwrap();
    }
    let unproven = system.batch_execute("SELECT * FROM strongroom.record_state()").await.unwrap_err();
    assert_eq!(unproven.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE));
}
