//! `strongroom audit` from outside: a server seals by itself, keeps its checkpoints in a file, and an auditor with the verifier key
//! finds what was done to the record, in the database and in an exported file.

use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::support::process::{Process, data_folder};
use data_encoding::BASE64;
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use strongroom_crypto::leaf_hash;
use strongroom_testing::TestDatabase;
use strongroom_types::RecordRow;
use tempfile::TempDir;

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

/// A record of two batches and more, exported; and what it is verified by.
struct Exported {
    folder: TempDir,
    /// Its lines.
    parts: Vec<Value>,
    key: String,
    /// A file with its last checkpoint.
    checkpoint: String,
    database: TestDatabase,
}

impl Exported {
    async fn new() -> Self {
        let (database, folder) = (TestDatabase::create().await, data_folder());
        serve(&database, folder.path()).await;
        database.sql("postgres").await.batch_execute(RECORD).await.unwrap();
        let (app, system, auditor) =
            (database.url("strongroom_app"), database.url("strongroom_system"), database.url("strongroom_auditor"));
        let path = |name: &str| folder.path().join(name).display().to_string();
        let (keys, checkpoint, out) = (path("keys.json"), path("checkpoint"), path("record.jsonl"));
        let source = ["--auditor-database-url", &auditor, "--key-file", &keys];
        let seal = ["seal", "--database-url", &app, "--system-database-url", &system, "--key-file", &keys];
        while !audit(&[&["verify"], &source[..]].concat()).0.contains("ok: 200 rows") {
            audit(&seal);
        }
        std::fs::write(&checkpoint, audit(&["checkpoint", "--auditor-database-url", &auditor]).0).unwrap();
        let key = audit(&[&["key"], &source[..]].concat()).0.trim().to_owned();
        let (said, exported) = audit(&["export", "--auditor-database-url", &auditor, "--out", &out]);
        assert!(exported, "{said}");
        let text = std::fs::read_to_string(&out).unwrap();
        let parts = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        Self { folder, parts, key, checkpoint, database }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// What is said of that text, by itself and with the checkpoint.
    fn verify(&self, text: &str) -> [(String, bool); 2] {
        let file = self.path("forged.jsonl");
        std::fs::write(&file, text).unwrap();
        let verify = ["verify", "--export", &file, "--key", &self.key];
        [audit(&verify), audit(&[&verify[..], &["--checkpoint", &self.checkpoint]].concat())]
    }

    /// The text, after that was done to its parts.
    fn forged(&self, forge: impl Fn(&mut Vec<Value>)) -> String {
        let mut parts = self.parts.clone();
        forge(&mut parts);
        parts.iter().map(|part| format!("{part}\n")).collect()
    }
}

/// The bytes of a text in base64, changed.
fn change(value: &mut Value, change: impl Fn(&mut Vec<u8>)) {
    let mut bytes = BASE64.decode(value.as_str().unwrap().as_bytes()).unwrap();
    change(&mut bytes);
    *value = BASE64.encode(&bytes).into();
}

#[tokio::test]
async fn an_exported_file_is_verified_without_a_database_and_tells_what_was_done_to_it() {
    let exported = Exported::new().await;
    for (said, whole) in exported.verify(&exported.forged(|_| {})) {
        assert!(whole && said.contains("ok: 200 rows are what was sealed"), "{said}");
    }
    type Forge = fn(&mut Vec<Value>);
    let forgeries: [(&str, Forge); 13] = [
        ("(leaf 3) is not what was sealed", |parts| parts[0]["batch"]["rows"][3][12] = "x".into()),
        ("others than were sealed", |parts| {
            // With its mark, which anybody can make.
            let batch = &mut parts[0]["batch"];
            batch["rows"][3][12] = "x".into();
            let row: RecordRow = serde_json::from_value(batch["rows"][3].clone()).unwrap();
            let place = batch["ids"].as_array().unwrap().iter().position(|id| *id == row.id()).unwrap();
            change(&mut batch["marks"], |marks| {
                marks[8 * place..8 * place + 8].copy_from_slice(&leaf_hash(&row.bytes())[..8]);
            });
        }),
        ("(leaf 5) was removed", |parts| {
            let batch = &mut parts[0]["batch"];
            let id = batch["ids"][5].to_string();
            batch["rows"].as_array_mut().unwrap().retain(|row| row[0] != id.as_str());
        }),
        ("are missing", |parts| {
            let batch = &mut parts[0]["batch"];
            let id = batch["ids"].as_array_mut().unwrap().remove(5).to_string();
            batch["rows"].as_array_mut().unwrap().retain(|row| row[0] != id.as_str());
            change(&mut batch["marks"], |marks| drop(marks.drain(40..48)));
        }),
        ("1 rows were inserted", |parts| {
            let rows = parts[0]["batch"]["rows"].as_array_mut().unwrap();
            let mut row = rows[0].clone();
            row[0] = "7777".into();
            rows.push(row);
        }),
        ("1 rows were inserted", |parts| {
            let rows = parts[0]["batch"]["rows"].as_array_mut().unwrap();
            let again = rows[0].clone();
            rows.push(again);
        }),
        ("in another order", |parts| {
            let batch = &mut parts[0]["batch"];
            batch["ids"].as_array_mut().unwrap().swap(1, 2);
            change(&mut batch["marks"], |marks| marks[8..24].rotate_left(8));
        }),
        ("is not what was sealed", |parts| {
            let rows = parts[0]["batch"]["rows"].as_array_mut().unwrap();
            let (one, two) = (rows[1][0].clone(), rows[2][0].clone());
            (rows[1][0], rows[2][0]) = (two, one);
        }),
        ("are missing", |parts| drop(parts.remove(0))),
        ("are missing", |parts| parts.swap(0, 1)),
        ("is not the server's", |parts| {
            let note = parts[0]["batch"]["tree"]["note"].as_str().unwrap();
            let line = note.lines().nth(2).unwrap();
            parts[0]["batch"]["tree"]["note"] = note.replace(line, &BASE64.encode(&[7; 32])).into();
        }),
        ("cut off without the server's signature", |parts| {
            let batch = &parts[0]["batch"];
            parts[0] = json!({ "cut": { "size": batch["size"], "tree": batch["tree"] } });
        }),
        ("rows were inserted where", |parts| parts.last_mut().unwrap()["end"]["late"] = 3.into()),
    ];
    for (n, (words, forge)) in forgeries.into_iter().enumerate() {
        for (said, whole) in exported.verify(&exported.forged(forge)) {
            assert!(!whole && said.contains(words), "{n}: {said}");
        }
    }
}

#[tokio::test]
async fn an_exported_file_that_was_cut_short_is_noticed() {
    let exported = Exported::new().await;
    let text = exported.forged(|_| {});
    for (short, words) in [
        (exported.forged(|parts| drop(parts.pop())), "it was cut short"),
        (text[..text.len() / 2].to_owned(), "no part of an exported record"),
        (String::new(), "it was cut short"),
        (format!("{text}{text}"), "there is more after the end"),
    ] {
        for (said, whole) in exported.verify(&short) {
            assert!(!whole && said.contains(words), "{said}");
        }
    }
    // And given a new end, it looks as the record did once: only the checkpoint tells.
    let [(said, looks_whole), (found, whole)] = exported.verify(&exported.forged(|parts| {
        let end = parts.len() - 2;
        let gone = parts.remove(end)["batch"]["rows"].as_array().unwrap().len() as u64;
        let sealed = &mut parts[end]["end"]["sealed"];
        *sealed = (sealed.as_u64().unwrap() - gone).into();
    }));
    assert!(looks_whole, "{said}");
    assert!(!whole && found.contains("it was truncated, or the database rolled back"), "{found}");

    let endless = exported.path("endless.jsonl");
    File::create(&endless).unwrap().set_len(65 * 1024 * 1024).unwrap();
    let (said, whole) = audit(&["verify", "--export", &endless, "--key", &exported.key]);
    assert!(!whole && said.contains("line 1: it is too long"), "{said}");
}

#[tokio::test]
async fn an_export_is_for_its_owner_alone_is_written_over_nothing_and_is_the_same_on_stdout() {
    let exported = Exported::new().await;
    let (out, auditor) = (exported.path("record.jsonl"), exported.database.url("strongroom_auditor"));
    assert_eq!(std::fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);
    let before = std::fs::read_to_string(&out).unwrap();
    let (said, done) = audit(&["export", "--auditor-database-url", &auditor, "--out", &out]);
    assert!(!done && said.contains("is not overwritten"), "{said}");
    assert_eq!(audit(&["export", "--auditor-database-url", &auditor]), (before, true));
    let (said, done) = audit(&["verify", "--export", &out]);
    assert!(!done && said.contains("--key <KEY>"), "the key of whoever made the file would prove nothing: {said}");
    let other = strongroom_crypto::RecordKey::generate().unwrap().verifier().to_string();
    let (said, done) = audit(&["verify", "--export", &out, "--key", &other]);
    assert!(!done && said.contains("is not the server's"), "{said}");
}

#[tokio::test]
async fn parts_of_checkpoints_that_a_crash_left_in_their_file_are_passed_over() {
    let exported = Exported::new().await;
    let note = std::fs::read_to_string(&exported.checkpoint).unwrap();
    let text = exported.forged(|_| {});
    std::fs::write(&exported.checkpoint, format!("{}\n{note}{}", &note[..40], &note[..60])).unwrap();
    let [_, (said, whole)] = exported.verify(&text);
    assert!(whole && said.contains("ok: and what it was at the checkpoints"), "{said}");
    std::fs::write(&exported.checkpoint, &note[..60]).unwrap();
    let [_, (said, whole)] = exported.verify(&text);
    assert!(!whole && said.contains("there is no checkpoint in it"), "{said}");
}
