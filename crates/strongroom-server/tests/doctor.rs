//! `strongroom doctor` on databases, keys and disks that are well, and on each that is not; and `strongroom health`.
//! The real binary is run as an operator runs it: what counts is its exit code, and that it says what to do.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::support::process::{Process, data_folder};
use nix::sys::signal::Signal;
use strongroom_crypto::{KeyProtection, KeyRing};
use strongroom_service::{Limits, SessionPolicy, Vault};
use strongroom_testing::TestDatabase;

const NO_LIMITS: Limits = Limits { reveals_per_minute: None, uses_per_minute: None };

/// Whether it found no error, and what it said.
fn doctor(arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_strongroom"));
    let output = command.arg("doctor").args(arguments).output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

/// What it says of a database and a key file of the test's own.
fn of(database: &TestDatabase, key_file: &Path, more: &[&str]) -> (bool, String) {
    let (app, system) = (database.url("strongroom_app"), database.url("strongroom_system"));
    let mut arguments = vec!["--database-url", &app, "--system-database-url", &system];
    arguments.extend(["--key-file", key_file.to_str().unwrap()]);
    arguments.extend(more);
    doctor(&arguments)
}

#[test]
fn an_embedded_vault_is_found_well() {
    let folder = data_folder();
    let process = Process::start(folder.path(), &[]);
    let (well, said) = doctor(&["--data-dir", folder.path().to_str().unwrap()]);
    assert!(well, "{said}");
    for line in [
        "ok: no secret would cross a network",
        "ok: logins, row-level security",
        "keeps what it commits",
        "ok: PostgreSQL's log holds no parameters of statements",
        "s apart",
        "ok: the keys can be used; new values are sealed under local-",
        "ok: the keys are those of this database",
        "are free for the data folder",
    ] {
        assert!(said.contains(line), "{line}:\n{said}");
    }
    assert!(!said.contains("warning") && !said.contains("error"), "{said}");
    process.end(Signal::SIGTERM);
}

#[tokio::test]
async fn what_is_wrong_is_named_with_what_to_do_and_fails_the_command() {
    let (database, folder) = (TestDatabase::create().await, data_folder());
    let key_file = folder.path().join("keys.json");
    KeyRing::create(&key_file, &KeyProtection::Mode).unwrap();
    let (well, said) = of(&database, &key_file, &[]);
    // The server of the tests throws its data away.
    assert!(
        !well && said.contains("error: PostgreSQL can lose what was committed") && said.contains("fsync = off"),
        "{said}"
    );

    let log_all = format!("ALTER DATABASE {} SET log_statement = 'all'", database.name());
    database.sql("postgres").await.batch_execute(&log_all).await.unwrap();
    let (_, said) = of(&database, &key_file, &["--listen", "0.0.0.0:8750"]);
    assert!(
        said.contains("warning: PostgreSQL's log can hold tokens and envelopes: log_parameter_max_length = -1"),
        "{said}"
    );
    assert!(said.contains("error: listening on 0.0.0.0:8750 without TLS"), "{said}");

    std::fs::set_permissions(&key_file, Permissions::from_mode(0o644)).unwrap();
    let (_, said) = of(&database, &key_file, &[]);
    assert!(said.contains("error: the key file") && said.contains("run chmod 600 on it"), "{said}");
}

#[tokio::test]
async fn the_keys_of_another_vault_are_found_before_anybody_needs_a_value() {
    let (database, folder) = (TestDatabase::create().await, data_folder());
    let key_file = folder.path().join("keys.json");
    let ring = KeyRing::create(&key_file, &KeyProtection::Mode).unwrap();
    let keys = strongroom_crypto::KeyProvider::local(ring);
    Vault::open(database.store().await, keys, NO_LIMITS, SessionPolicy::default()).await.unwrap();
    assert!(of(&database, &key_file, &[]).1.contains("ok: the keys are those of this database"));
    let other = folder.path().join("other.json");
    KeyRing::create(&other, &KeyProtection::Mode).unwrap();
    let (well, said) = of(&database, &other, &[]);
    assert!(!well && said.contains("error: these are not the keys of this database"), "{said}");
}

#[tokio::test]
async fn migrations_that_are_pending_are_named() {
    let (database, folder) = (TestDatabase::create_empty().await, data_folder());
    let key_file = folder.path().join("keys.json");
    KeyRing::create(&key_file, &KeyProtection::Mode).unwrap();
    let (well, said) = of(&database, &key_file, &["--admin-database-url", &database.url("postgres")]);
    assert!(!well && said.contains("migrations are pending, run strongroom migrate: 0001 caller, 0002"), "{said}");
}

#[test]
fn health_says_by_its_exit_code_whether_a_server_is_ready() {
    let folder = data_folder();
    let process = Process::start(folder.path(), &[]);
    let health = |url: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_strongroom")).args(["health", "--url", url]).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    assert_eq!(health(&process.url), (true, "ready\n".into()));
    let (well, said) = health(&format!("{}/api/me?", process.url));
    assert!(!well, "{said}");
    process.end(Signal::SIGTERM);
    let (well, said) = health("http://127.0.0.1:1");
    assert!(!well && said.contains("no answer from the server: connection refused"), "{said}");
}
