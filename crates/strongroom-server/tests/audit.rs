//! `strongroom audit` from outside: a server seals by itself, keeps its checkpoints in a file, and an auditor with the verifier key
//! finds what was done to the record.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests only")]

#[path = "support/process.rs"]
mod process;

use std::path::Path;
use std::process::Command;

use nix::sys::signal::Signal;
use process::{Process, data_folder};
use strongroom_testing::TestDatabase;

/// What it says, and whether it is content.
fn audit(arguments: &[&str]) -> (String, bool) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_strongroom"));
    let output = command.arg("audit").args(arguments).env_clear().output().unwrap();
    let text = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned();
    (text, output.status.success())
}

const RECORD: &str = "INSERT INTO strongroom.activity_logs (action, actor_id, entity_type, entity_id)
    SELECT 'CREDENTIAL_CREATED', gen_random_uuid(), 'CREDENTIAL', gen_random_uuid() FROM generate_series(1, 100)";

/// A server that wrote, sealed and ended; the path of its checkpoints.
async fn serve(database: &TestDatabase, folder: &Path) -> String {
    let checkpoints = folder.join("checkpoints").display().to_string();
    let (app, system) = (database.url("strongroom_app"), database.url("strongroom_system"));
    let arguments = ["--database-url", &app, "--system-database-url", &system, "--checkpoint-file", &checkpoints];
    let process = Process::start(folder, &arguments);
    let postgres = database.sql("postgres").await;
    postgres.batch_execute(RECORD).await.unwrap();
    // Other tests' transactions, which are of the same cluster, hold back what is final.
    let sealed = "SELECT (SELECT count(*) FROM strongroom.activity_logs) = (SELECT max(size) FROM strongroom.record_checkpoints)";
    while postgres.query_one(sealed, &[]).await.unwrap().get::<_, Option<bool>>(0) != Some(true) {
        tokio::task::yield_now().await;
    }
    assert!(process.end(Signal::SIGTERM).success());
    checkpoints
}

#[tokio::test]
async fn a_server_seals_by_itself_and_an_auditor_finds_what_was_done_to_the_record() {
    let (database, folder) = (TestDatabase::create().await, data_folder());
    let checkpoints = serve(&database, folder.path()).await;
    let (url, key_file) = (database.url("strongroom_auditor"), folder.path().join("keys.json").display().to_string());
    let (key, found) = audit(&["key", "--auditor-database-url", &url, "--key-file", &key_file]);
    assert!(found && key.starts_with("strongroom/"), "{key}");
    // An auditor has the verifier key, and no other.
    let verify = ["verify", "--auditor-database-url", &url, "--key", key.trim(), "--checkpoint", &checkpoints];
    let (said, whole) = audit(&verify);
    assert!(whole && said.contains("ok: 100 rows are what was sealed"), "{said}");
    let (note, found) = audit(&["checkpoint", "--auditor-database-url", &url]);
    assert!(found && std::fs::read_to_string(&checkpoints).unwrap().ends_with(&note), "{note}");

    let postgres = database.sql("postgres").await;
    let row = postgres.query_one("SELECT min(id) + 41 FROM strongroom.activity_logs", &[]).await.unwrap();
    let id: i64 = row.get(0);
    postgres.batch_execute(&format!("UPDATE strongroom.activity_logs SET name = 'x' WHERE id = {id}")).await.unwrap();
    let (said, whole) = audit(&verify);
    assert!(!whole && said.contains(&format!("row {id} (leaf 41) is not what was sealed")), "{said}");
    postgres
        .batch_execute("DELETE FROM strongroom.record_checkpoints; DELETE FROM strongroom.activity_logs")
        .await
        .unwrap();
    let (said, whole) = audit(&verify);
    assert!(!whole && said.contains("it was truncated, or the database rolled back"), "{said}");
    let (_, looks_whole) = audit(&verify[..5]);
    assert!(looks_whole, "which only the checkpoint can tell");
}

#[tokio::test]
async fn an_operator_seals_without_a_server_and_with_its_keys_alone() {
    let (database, folder) = (TestDatabase::create().await, data_folder());
    serve(&database, folder.path()).await;
    database.sql("postgres").await.batch_execute(RECORD).await.unwrap();
    let (app, system, auditor) =
        (database.url("strongroom_app"), database.url("strongroom_system"), database.url("strongroom_auditor"));
    let key_file = folder.path().join("keys.json").display().to_string();
    let seal = ["seal", "--database-url", &app, "--system-database-url", &system, "--key-file"];
    let verify = ["verify", "--auditor-database-url", &auditor, "--key-file", &key_file];
    while !audit(&verify).0.contains("ok: 200 rows are what was sealed") {
        let (said, sealed) = audit(&[&seal[..], &[&key_file]].concat());
        assert!(sealed, "{said}");
    }
    let other = folder.path().join("other.json");
    strongroom_crypto::KeyRing::create(&other, &strongroom_crypto::KeyProtection::Mode).unwrap();
    let (said, sealed) = audit(&[&seal[..], &[other.to_str().unwrap()]].concat());
    assert!(!sealed, "{said}");
    let config = folder.path().join("strongroom.toml");
    std::fs::write(&config, format!("auditor_database_url = {auditor:?}\nkey_file = {key_file:?}\n")).unwrap();
    let (said, whole) = audit(&["verify", "--config", config.to_str().unwrap()]);
    assert!(whole && said.contains("ok: 200"), "{said}");
}
