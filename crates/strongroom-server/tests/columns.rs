//! `strongroom seal-column` with the real binary, on a table of an application that writes meanwhile: every field is sealed for its
//! row, nothing that was written is lost, a run that is killed goes on where it was, and no key goes that a field needs.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use crate::support::process::data_folder;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use strongroom_crypto::{Field, FieldValue, KeyName, KeyProtection, KeyProvider, KeyRing, RingChange, is_sealed};
use strongroom_service::{Limits, SessionPolicy, Vault};
use strongroom_testing::{Sql, TestDatabase};
use strongroom_types::SecretValue;
use tempfile::TempDir;

/// An application's table beside a vault, and a login that owns it and nothing else.
struct Application {
    database: TestDatabase,
    folder: TempDir,
    login: String,
    sql: Sql,
}

impl Application {
    async fn with_accounts(count: i32) -> Self {
        let (database, folder) = (TestDatabase::create().await, data_folder());
        let ring = KeyRing::create(&folder.path().join("keys.json"), &KeyProtection::Mode).unwrap();
        let limits = Limits { reveals_per_minute: None, uses_per_minute: None };
        Vault::open(database.store().await, KeyProvider::local(ring), limits, SessionPolicy::default()).await.unwrap();
        let login = format!("app_{}", strongroom_types::RequestId::generate().0.simple());
        let postgres = database.sql("postgres").await;
        let table = format!(
            r#"CREATE ROLE {login} LOGIN; CREATE SCHEMA app AUTHORIZATION {login}; SET ROLE {login};
               CREATE TABLE app."Accounts" (id bigint PRIMARY KEY, "accessToken" text, other text);
               INSERT INTO app."Accounts" SELECT n, 'token of ' || n, 'left alone' FROM generate_series(1, {count}) AS n;
               INSERT INTO app."Accounts" VALUES (-1, NULL, NULL), (-2, '', NULL)"#
        );
        postgres.batch_execute(&table).await.unwrap();
        Self { sql: database.sql(&login).await, database, folder, login }
    }

    fn key_file(&self) -> PathBuf {
        self.folder.path().join("keys.json")
    }

    fn keys(&self) -> KeyProvider {
        KeyProvider::local(KeyRing::load(&self.key_file(), &KeyProtection::Mode).unwrap())
    }

    fn rotate(&self) -> String {
        let (ring, _) = KeyRing::change(&self.key_file(), &KeyProtection::Mode, &RingChange::Rotate).unwrap();
        ring.current().to_string()
    }

    fn command(&self, command: &[&str]) -> Command {
        let (app, system) = (self.database.url("strongroom_app"), self.database.url("strongroom_system"));
        let mut strongroom = Command::new(env!("CARGO_BIN_EXE_strongroom"));
        strongroom.args(command).args(["--database-url", &app, "--system-database-url", &system]);
        strongroom.arg("--key-file").arg(self.key_file()).stdout(Stdio::piped()).stderr(Stdio::piped());
        strongroom
    }

    fn seal_command(&self, more: &[&str]) -> Command {
        let mut command = self.command(&["seal-column", "--table", "app.Accounts", "--column", "accessToken"]);
        command.args(["--application-database-url", &self.database.url(&self.login)]).args(more);
        if !more.contains(&"--key") {
            command.args(["--key", "ACCOUNT_TOKENS"]);
        }
        command
    }

    fn seal(&self, more: &[&str]) -> Output {
        self.seal_command(more).output().unwrap()
    }

    fn field(row: &str) -> Field {
        Field::new(KeyName::AccountTokens, "app.Accounts", "accessToken", row).unwrap()
    }

    async fn texts(&self) -> Vec<(String, String)> {
        let select = r#"SELECT id::text, "accessToken" FROM app."Accounts" WHERE id > 0 ORDER BY id"#;
        self.sql.query(select, &[]).await.unwrap().iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    async fn count(&self, condition: &str) -> i64 {
        let select = format!(r#"SELECT count(*) FROM app."Accounts" WHERE {condition}"#);
        self.sql.query_one(&select, &[]).await.unwrap().get(0)
    }

    async fn recorded(&self) -> Vec<String> {
        let select = "SELECT action::text || ' ' || split_part(name, '/', 2) FROM strongroom.activity_logs
                      WHERE action::text LIKE 'COLUMN_%' ORDER BY id";
        let postgres = self.database.sql("postgres").await;
        postgres.query(select, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    }
}

const SEALED: &str = r#""accessToken" LIKE 'strongroom:v1:%'"#;

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

fn succeeds(output: &Output) -> String {
    assert!(output.status.success() && !said(output).contains("token of"), "{}", said(output));
    said(output)
}

fn refuses(output: &Output, words: &str) {
    assert!(output.status.code() == Some(1) && said(output).contains(words), "{}", said(output));
    assert!(!said(output).contains("token of"), "{}", said(output));
}

#[tokio::test]
async fn a_column_is_sealed_once_for_its_rows_and_opened_again() {
    let application = Application::with_accounts(450).await;
    let told = succeeds(&application.seal(&["--dry-run"]));
    assert!(told.contains("450 fields, 450 in the clear") && told.contains("would seal 450"), "{told}");
    assert_eq!(application.count(SEALED).await, 0);
    assert!(application.recorded().await.is_empty());

    assert!(succeeds(&application.seal(&[])).contains("sealed or rewrapped 450"));
    let sealed = application.texts().await;
    let keys = application.keys();
    for (row, text) in &sealed {
        assert_eq!(keys.open_field(&Application::field(row), text).await.unwrap().expose(), format!("token of {row}"));
    }
    assert!(keys.open_field(&Application::field("1"), &sealed[1].1).await.is_err(), "of another row");
    assert_eq!(application.count("other = 'left alone'").await, 450);
    assert_eq!(application.count(r#""accessToken" IS NULL OR "accessToken" = ''"#).await, 2);

    assert!(succeeds(&application.seal(&[])).contains("sealed or rewrapped 0"));
    assert_eq!(application.texts().await, sealed, "what is sealed is left as it is");
    assert!(succeeds(&application.seal(&["--open", "--dry-run"])).contains("would open 450"));
    assert!(succeeds(&application.seal(&["--open"])).contains("opened 450"));
    let opened = application.texts().await;
    assert!(opened.iter().all(|(row, text)| *text == format!("token of {row}")));
    let column = "app.Accounts.accessToken";
    let records = ["COLUMN_SEALED", "COLUMN_SEALED", "COLUMN_OPENED", "COLUMN_FORGOTTEN"]
        .map(|action| format!("{action} {column}"));
    assert_eq!(application.recorded().await, records);
    assert!(!succeeds(&application.command(&["keys", "list"]).output().unwrap()).contains("column "));
}

#[tokio::test]
async fn a_key_is_not_retired_before_every_column_is_under_the_current_one() {
    let application = Application::with_accounts(3).await;
    succeeds(&application.seal(&[]));
    let former = KeyRing::load(&application.key_file(), &KeyProtection::Mode).unwrap().current().to_string();
    let current = application.rotate();
    succeeds(&application.command(&["keys", "rewrap"]).output().unwrap());
    let retire = || application.command(&["keys", "retire", &former]).output().unwrap();
    refuses(&retire(), "app.Accounts.accessToken may be under the key");
    let listed = succeeds(&application.command(&["keys", "list"]).output().unwrap());
    assert!(listed.contains("app.Accounts.accessToken (by id, as ACCOUNT_TOKENS): under local-"), "{listed}");
    assert!(listed.contains("which is former"), "{listed}");

    let before = application.texts().await;
    let told = succeeds(&application.seal(&[]));
    assert!(told.contains("sealed or rewrapped 3") && told.contains(&format!("{current}: 3 fields")), "{told}");
    let tail = |texts: &[(String, String)]| {
        texts.iter().map(|(_, text)| text[text.len() - 20..].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(tail(&before), tail(&application.texts().await), "a rewrap opens nothing");
    succeeds(&retire());
    assert!(succeeds(&application.seal(&["--open"])).contains("opened 3"));
}

#[tokio::test]
async fn a_column_whose_table_is_gone_is_forgotten_on_request() {
    let application = Application::with_accounts(1).await;
    succeeds(&application.seal(&[]));
    let former = KeyRing::load(&application.key_file(), &KeyProtection::Mode).unwrap().current().to_string();
    application.rotate();
    succeeds(&application.command(&["keys", "rewrap"]).output().unwrap());
    application.sql.batch_execute(r#"DROP TABLE app."Accounts""#).await.unwrap();
    let listed = succeeds(&application.command(&["keys", "list"]).output().unwrap());
    let name = listed.lines().find_map(|line| line.strip_prefix("column ")?.split_once(" (")).unwrap().0;
    refuses(&application.command(&["keys", "forget", "other"]).output().unwrap(), "no such column");
    succeeds(&application.command(&["keys", "forget", name]).output().unwrap());
    succeeds(&application.command(&["keys", "retire", &former]).output().unwrap());
    assert_eq!(application.recorded().await.last().unwrap(), "COLUMN_FORGOTTEN app.Accounts.accessToken");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_killed_goes_on_where_it_was() {
    let application = Application::with_accounts(500).await;
    // It cannot come to its end, because the application is at work on a row of its second batch.
    let busy = application.database.sql(&application.login).await;
    busy.batch_execute(r#"BEGIN; SELECT FROM app."Accounts" WHERE id = 300 FOR UPDATE"#).await.unwrap();
    let mut killed = application.seal_command(&[]).spawn().unwrap();
    while application.count(SEALED).await < 200 {
        assert!(killed.try_wait().unwrap().is_none(), "it ended too early");
    }
    kill(Pid::from_raw(killed.id().try_into().unwrap()), Signal::SIGKILL).unwrap();
    killed.wait().unwrap();
    let listed = succeeds(&application.command(&["keys", "list"]).output().unwrap());
    assert!(listed.contains("a run did not end"), "{listed}");
    busy.batch_execute("ROLLBACK").await.unwrap();
    succeeds(&application.seal(&[]));
    assert_eq!(application.count(SEALED).await, 500);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_application_writes_meanwhile_is_kept_and_sealed() {
    let application = Application::with_accounts(1000).await;
    let writer = application.database.sql(&application.login).await;
    let mut run = application.seal_command(&[]).spawn().unwrap();
    let mut written = 0;
    while run.try_wait().unwrap().is_none() {
        written += 1;
        let (old, new) = (written * 7 % 1000 + 1, 1000 + written);
        let write = format!(
            r#"UPDATE app."Accounts" SET "accessToken" = 'rewritten' WHERE id = {old};
               INSERT INTO app."Accounts" VALUES ({new}, 'token of {new}', 'left alone')"#
        );
        writer.batch_execute(&write).await.unwrap();
        // A bound: else a slow run is written to for as long as it takes.
        if written == 50 {
            run.wait().unwrap();
        }
    }
    let output = run.wait_with_output().unwrap();
    let sealed = succeeds(&application.seal(&[]));
    assert!(sealed.contains("0 in the clear") || sealed.contains("sealed or rewrapped"), "{sealed} {}", said(&output));
    let keys = application.keys();
    let texts = application.texts().await;
    assert_eq!(texts.len(), 1000 + written);
    for (row, text) in texts {
        let value = keys.open_field(&Application::field(&row), &text).await.unwrap();
        let rewritten = (1..=written).any(|n| row == (n * 7 % 1000 + 1).to_string());
        let expected = if rewritten { "rewritten".to_owned() } else { format!("token of {row}") };
        assert_eq!(value.expose(), expected, "row {row}");
    }
}

#[tokio::test]
async fn what_cannot_be_sealed_or_opened_is_named_and_stays() {
    let application = Application::with_accounts(3).await;
    let long = format!(
        r#"UPDATE app."Accounts" SET "accessToken" = repeat('x', {}) WHERE id = 2"#,
        SecretValue::MAX_BYTES + 1
    );
    application.sql.batch_execute(&long).await.unwrap();
    refuses(&application.seal(&[]), "row 2: must be 1 byte to 64 KiB");
    assert_eq!(application.count(SEALED).await, 2);
    let swap = r#"UPDATE app."Accounts" SET "accessToken" = (SELECT "accessToken" FROM app."Accounts" WHERE id = 1) WHERE id IN (2, 3)"#;
    application.sql.batch_execute(swap).await.unwrap();
    refuses(&application.seal(&["--dry-run"]), "row 3: the envelope does not open here");
    refuses(&application.seal(&["--open"]), "2 fields could not be sealed or opened");
    assert_eq!(application.count(SEALED).await, 2, "and what does not open is not lost");
}

#[tokio::test]
async fn a_column_that_is_not_fit_is_refused_before_anything_is_touched() {
    let application = Application::with_accounts(1).await;
    let ddl = r#"CREATE TABLE app.limited (id int PRIMARY KEY, "accessToken" varchar(50));
                 CREATE TABLE app.keyless (id int, "accessToken" text);
                 CREATE TABLE app.bound (id int PRIMARY KEY, "accessToken" text);
                 ALTER TABLE app.bound ENABLE ROW LEVEL SECURITY; ALTER TABLE app.bound FORCE ROW LEVEL SECURITY;
                 CREATE TABLE app.padded (id char(3) PRIMARY KEY, "accessToken" text);
                 CREATE TABLE app."a.b" (id int PRIMARY KEY, "accessToken" text);
                 CREATE VIEW app.view AS SELECT * FROM app."Accounts""#;
    application.sql.batch_execute(ddl).await.unwrap();
    for (table, words) in [
        ("app.limited", "its type has a limit"),
        ("app.keyless", "NOT NULL and have a unique index"),
        ("app.bound", "row-level security hides rows"),
        ("app.padded", "whole number, a uuid or a text"),
        ("app.a.b", "a dot is in its name"),
        ("app.view", "not in a table"),
        ("app.accounts", "there is no such table"),
        ("app.Accounts; DROP TABLE app.Accounts", "there is no such table"),
        ("strongroom.users", "there is no such table"),
    ] {
        let mut command = application.command(&["seal-column", "--table", table, "--column", "accessToken"]);
        command.args([
            "--key",
            "LLM_CONFIG",
            "--application-database-url",
            &application.database.url(&application.login),
        ]);
        refuses(&command.output().unwrap(), words);
    }
    let lock =
        "SELECT pg_advisory_lock(hashtextextended('strongroom ' || current_database() || '@' || system_identifier
                       || '/app.Accounts.accessToken', 0)) FROM pg_control_system()";
    let other_run = application.database.sql(&application.login).await;
    other_run.batch_execute(lock).await.unwrap();
    refuses(&application.seal(&[]), "another run is at work on it");
    succeeds(&application.seal(&["--dry-run"]));
    other_run.batch_execute("SELECT pg_advisory_unlock_all()").await.unwrap();
    succeeds(&application.seal(&[]));
    refuses(&application.seal(&["--key", "LLM_CONFIG"]), "under another named key");
    refuses(&application.seal(&["--row-column", "other"]), "NOT NULL and have a unique index");
    let wrong = application.seal(&["--key", "OTHER"]);
    assert!(wrong.status.code() == Some(2) && said(&wrong).contains("ACCOUNT_TOKENS"), "{}", said(&wrong));
    KeyRing::create(&application.folder.path().join("other.json"), &KeyProtection::Mode).unwrap();
    std::fs::rename(application.folder.path().join("other.json"), application.key_file()).unwrap();
    refuses(&application.seal(&[]), "these are not the keys of this database");
}

#[tokio::test]
async fn an_application_reads_rows_that_are_not_sealed_yet_and_says_so() {
    let application = Application::with_accounts(1).await;
    let (keys, field) = (application.keys(), Application::field("1"));
    let read = keys.read_field(&field, "token of 1").await.unwrap();
    assert!(matches!(read, FieldValue::Clear(value) if value.expose() == "token of 1"));
    let sealed = keys.seal_field(&field, &SecretValue::new("token of 1".into()).unwrap()).await.unwrap();
    assert!(is_sealed(&sealed));
    assert!(
        matches!(keys.read_field(&field, &sealed).await.unwrap(), FieldValue::Sealed(value) if value.expose() == "token of 1")
    );
    assert!(keys.read_field(&Application::field("2"), &sealed).await.is_err());
    assert!(keys.read_field(&field, "strongroom:v2:AAAA").await.is_err(), "what says that it is sealed is not a value");
    assert!(keys.open_field(&field, "token of 1").await.is_err());
}

/// The table of columns is nobody's but of whoever shows the server's secret.
#[tokio::test]
async fn a_stolen_login_neither_sees_nor_changes_which_columns_are_sealed() {
    let application = Application::with_accounts(1).await;
    succeeds(&application.seal(&[]));
    for role in ["strongroom_app", "strongroom_system", "strongroom_auditor"] {
        let sql = application.database.sql(role).await;
        for attempt in [
            "SELECT * FROM strongroom.sealed_columns",
            "DELETE FROM strongroom.sealed_columns",
            "SELECT * FROM strongroom.sealed_columns('\\x00')",
            "SELECT strongroom.begin_column_run('\\x00', 'n', 'id', 'LLM_CONFIG', false)",
            "SELECT strongroom.end_column_run('\\x00', 'n', 'k')",
            "SELECT strongroom.forget_column('\\x00', 'n')",
            "SELECT strongroom.record_column('COLUMN_OPENED', 'n')",
        ] {
            let error = sql.batch_execute(attempt).await.unwrap_err();
            let code = error.code().unwrap().code().to_owned();
            assert!(["42501", "SR402"].contains(&code.as_str()), "{role}: {attempt}: {code}");
        }
    }
}
