//! The restore drill, with the real binary: fill a vault, back it up, lose everything, bring it back, and find every
//! value of every version; and what is refused, with a sentence that says what to do.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use crate::support::process::{Process, data_folder};
use nix::sys::signal::Signal;
use reqwest::Method;
use serde_json::{Value, json};
use strongroom_crypto::{KeyProtection, KeyProvider, KeyRing};
use strongroom_service::{Limits, SessionPolicy, Vault};
use strongroom_store::{Inventory, Schema};
use strongroom_testing::{Person, TestDatabase};
use strongroom_types::RuntimeRole;
use tempfile::TempDir;

const PASSPHRASE: &str = "correct horse battery staple";

const NO_LIMITS: Limits = Limits { reveals_per_minute: None, uses_per_minute: None };

/// Somebody's view of a running server.
struct Session<'a> {
    process: &'a Process,
    token: String,
}

impl Session<'_> {
    async fn send(&self, method: Method, path: &str, body: Value) -> Value {
        let request = reqwest::Client::new().request(method, format!("{}{path}", self.process.url));
        let answer = request.bearer_auth(&self.token).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
        let text = answer.text().await.unwrap();
        serde_json::from_str(&text).unwrap_or_default()
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        self.send(Method::POST, path, body).await
    }

    async fn get(&self, path: &str) -> Value {
        self.send(Method::GET, path, json!({})).await
    }

    /// Keeps a credential, with each value after the first put in place by a rotation; returns its id.
    async fn keep(&self, root: &str, workspace: Option<&str>, values: &[&str]) -> String {
        let name = values[0];
        let new = json!({ "name": name, "provider": "p", "type": "SECRET", "value": name, "workspace_id": workspace });
        let id = self.post(root, new).await["id"].as_str().unwrap().to_owned();
        for value in &values[1..] {
            self.post(&format!("{root}/{id}/rotate"), json!({ "value": value })).await;
        }
        id
    }
}

/// A vault with credentials of every scope, rotated and revoked ones: the admin's token, and what is in it by id and
/// version.
struct Filled {
    token: String,
    values: BTreeMap<(String, i32), String>,
    /// Where to reveal those that are active.
    active: Vec<(String, String)>,
}

async fn fill(process: &Process) -> Filled {
    let setup = Session { process, token: process.setup_token.clone().expect("a first start shows the token") };
    let admin = json!({ "display_name": "Ada", "email": "ada@example.org" });
    let token = setup.post("/api/invitations/accept", admin).await["token"].as_str().unwrap().to_owned();
    let ada = Session { process, token: token.clone() };
    let invited = ada.post("/api/admin/invitations", json!({ "email": "bob@example.org" })).await;
    let bob = Session { process, token: invited["invitation"].as_str().unwrap().into() };
    let bob = bob.post("/api/invitations/accept", json!({ "display_name": "Bob" })).await;
    let bob = Session { process, token: bob["token"].as_str().unwrap().into() };
    let workspace = ada.post("/api/workspaces", json!({ "name": "Team" })).await["id"].as_str().unwrap().to_owned();

    let (own, admins) = ("/api/credentials", "/api/admin/secrets");
    let long = "ü".repeat(20_000);
    let mut filled = Filled { token, values: BTreeMap::new(), active: Vec::new() };
    for (who, root, workspace, values, revoked) in [
        (&ada, own, None, &["ada 1", "ada 2", "ada 3"][..], false),
        (&ada, own, Some(workspace.as_str()), &["team 1", "team 2"], false),
        (&ada, own, Some(workspace.as_str()), &["revoked 1", "revoked 2"], true),
        (&ada, admins, None, &["system 1", "system 2"], false),
        (&bob, own, None, &["bob 1", &long], false),
    ] {
        let id = who.keep(root, workspace, values).await;
        if revoked {
            who.send(Method::DELETE, &format!("{root}/{id}"), json!({})).await;
        } else if who.token == ada.token {
            filled.active.push((format!("{root}/{id}/value"), values.last().unwrap().to_string()));
        }
        for (version, value) in (1..).zip(values) {
            filled.values.insert((id.clone(), version), value.to_string());
        }
    }
    filled
}

/// A folder for the files of a backup, with a passphrase file in it.
struct Safe(TempDir);

impl Safe {
    fn new() -> Self {
        let safe = Self(data_folder());
        safe.passphrase("passphrase", PASSPHRASE);
        safe
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn passphrase(&self, name: &str, text: &str) -> PathBuf {
        fs::write(self.path(name), format!("{text}\n")).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o600)).unwrap();
        self.path(name)
    }

    fn back_up(&self, place: &[&str]) -> Output {
        self.run("backup", ["--database-out", "--keys-out"], ["database", "keys", "passphrase"], place)
    }

    fn restore(&self, files: [&str; 3], place: &[&str]) -> Output {
        self.run("restore", ["--database-in", "--keys-in"], files, place)
    }

    fn run(&self, command: &str, options: [&str; 2], files: [&str; 3], place: &[&str]) -> Output {
        let [database, keys, passphrase] = files.map(|file| self.path(file));
        let mut strongroom = Command::new(env!("CARGO_BIN_EXE_strongroom"));
        strongroom.arg(command).arg(options[0]).arg(database).arg(options[1]).arg(keys);
        strongroom.arg("--passphrase-file").arg(passphrase).args(place).output().unwrap()
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

fn succeeds(output: &Output) -> String {
    assert!(output.status.success(), "{}", said(output));
    said(output)
}

/// That it failed, and with these words.
fn refuses(output: &Output, words: &str) {
    assert!(!output.status.success() && said(output).contains(words), "{words}:\n{}", said(output));
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn admin_url(folder: &Path) -> String {
    let run = folder.join("run").display().to_string().replace('/', "%2F");
    format!("postgres://postgres@localhost/strongroom?sslmode=disable&host={run}")
}

/// Every value of every version that a database has, opened with the keys of that file.
async fn opened(admin_url: &str, key_file: &Path) -> BTreeMap<(String, i32), String> {
    let keys = KeyProvider::local(KeyRing::load(key_file, &KeyProtection::Mode).unwrap());
    let mut inventory = Inventory::connect(admin_url).await.unwrap();
    let (mut values, mut last) = (BTreeMap::new(), None);
    loop {
        let batch = inventory.sealed_values(last.as_ref()).await.unwrap();
        let Some(end) = batch.last() else { return values };
        last = Some(end.binding);
        for sealed in batch {
            let value = keys.open(&sealed.binding, &sealed.envelope).await.unwrap();
            values.insert((sealed.binding.credential_id.to_string(), sealed.binding.version), value.expose().into());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_that_is_lost_comes_back_with_every_value_of_every_version() {
    let (safe, lost, found) = (Safe::new(), data_folder(), data_folder());
    let process = Process::start(lost.path(), &[]);
    let filled = fill(&process).await;
    let output = safe.back_up(&["--data-dir", text(lost.path())]);
    assert!(succeeds(&output).contains("11 of 11 versions of credentials open"), "{}", said(&output));
    process.end(Signal::SIGTERM);
    let key_text = fs::read(lost.path().join("keys.json")).unwrap();
    lost.close().unwrap();

    for file in ["database", "keys"] {
        assert_eq!(fs::metadata(safe.path(file)).unwrap().mode() & 0o777, 0o600, "{file}");
    }
    for (file, kept) in [("database", "ada 1"), ("keys", "\"keys\"")] {
        let bytes = fs::read(safe.path(file)).unwrap();
        assert!(!bytes.windows(kept.len()).any(|part| part == kept.as_bytes()), "{file} holds {kept}");
    }

    let output = safe.restore(["database", "keys", "passphrase"], &["--data-dir", text(found.path())]);
    assert!(succeeds(&output).contains("11 of 11 versions of credentials open"), "{}", said(&output));
    assert_eq!(fs::read(found.path().join("keys.json")).unwrap(), key_text);
    let process = Process::start(found.path(), &[]);
    assert_eq!(opened(&admin_url(found.path()), &found.path().join("keys.json")).await, filled.values);
    let ada = Session { process: &process, token: filled.token };
    for (path, value) in &filled.active {
        assert_eq!(ada.get(path).await["value"], *value);
    }
    let doctor =
        Command::new(env!("CARGO_BIN_EXE_strongroom")).args(["doctor", "--data-dir"]).arg(found.path()).output();
    succeeds(&doctor.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_embedded_database_that_does_not_run_is_started_for_its_backup_and_stopped_again() {
    let (safe, folder) = (Safe::new(), data_folder());
    let process = Process::start(folder.path(), &[]);
    fill(&process).await;
    process.end(Signal::SIGTERM);
    let said = succeeds(&safe.back_up(&["--data-dir", text(folder.path())]));
    assert!(said.contains("starting the embedded PostgreSQL"), "{said}");
    assert!(!folder.path().join("postgres/postmaster.pid").exists(), "it is stopped");
    refuses(&safe.back_up(&["--data-dir", text(folder.path())]), "is there already, and is not overwritten");
    let empty = data_folder();
    KeyRing::create(&empty.path().join("keys.json"), &KeyProtection::Mode).unwrap();
    let fresh = Safe::new();
    refuses(&fresh.back_up(&["--data-dir", text(empty.path())]), "has no database; name the right one with --data-dir");
    assert_eq!(fs::read_dir(fresh.0.path()).unwrap().count(), 1, "nothing is left but the passphrase");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_or_mismatched_backup_is_refused_and_nothing_is_left_of_it() {
    let (safe, folder, found) = (Safe::new(), data_folder(), data_folder());
    let process = Process::start(folder.path(), &[]);
    fill(&process).await;
    succeeds(&safe.back_up(&["--data-dir", text(folder.path())]));
    let place = ["--data-dir", text(found.path())];

    safe.passphrase("wrong", "correct horse battery stapler");
    refuses(&safe.restore(["database", "keys", "wrong"], &place), "not the one that this key backup was made with");
    assert!(!found.path().join("postgres").exists(), "refused before anything was made");

    let dump = fs::read(safe.path("database")).unwrap();
    fs::write(safe.path("truncated"), &dump[..dump.len() * 3 / 4]).unwrap();
    fs::write(safe.path("no dump"), "-- SQL").unwrap();
    for damaged in ["truncated", "no dump"] {
        let output = safe.restore([damaged, "keys", "passphrase"], &place);
        refuses(&output, "is damaged, or no backup; nothing was restored");
    }

    // The key backup of another vault, under the same passphrase.
    let other = Safe::new();
    KeyRing::create(&other.path("keys.json"), &KeyProtection::Mode).unwrap();
    let backup = strongroom_crypto::KeyBackup::of(&other.path("keys.json"), &KeyProtection::Mode).unwrap();
    let passphrase = strongroom_crypto::Passphrase::read(&safe.path("passphrase")).unwrap();
    fs::write(safe.path("swapped"), backup.encrypt(&passphrase).unwrap()).unwrap();
    let output = safe.restore(["database", "swapped", "passphrase"], &place);
    refuses(&output, "0 of 11 versions of credentials open: these keys are of another vault");
    fs::write(safe.path("cut"), &fs::read(safe.path("keys")).unwrap()[..200]).unwrap();
    refuses(&safe.restore(["database", "cut", "passphrase"], &place), "the key backup is damaged");
    fs::set_permissions(safe.path("passphrase"), fs::Permissions::from_mode(0o644)).unwrap();
    refuses(&safe.restore(["database", "keys", "passphrase"], &place), "run chmod 600 on it");
    fs::set_permissions(safe.path("passphrase"), fs::Permissions::from_mode(0o600)).unwrap();

    assert!(!found.path().join("keys.json").exists());
    // None of them has left anything in the way of the right one.
    succeeds(&safe.restore(["database", "keys", "passphrase"], &place));
    refuses(&safe.restore(["database", "keys", "passphrase"], &place), "is there already, and is not overwritten");
    fs::rename(found.path().join("keys.json"), found.path().join("moved.json")).unwrap();
    let output = safe.restore(["database", "keys", "passphrase"], &place);
    refuses(&output, "has a strongroom in it already; restore into an empty database");
    let output = safe.restore(
        ["database", "keys", "passphrase"],
        &["--data-dir", text(folder.path()), "--key-file", text(&safe.path("new.json"))],
    );
    refuses(&output, "another strongroom uses the data folder");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgresql_of_ones_own_is_backed_up_and_restored_by_a_login_that_sees_all() {
    let (from, into, safe) = (TestDatabase::create().await, TestDatabase::create_empty().await, Safe::new());
    let admin = Person::create_admin(&from, "admin").await;
    let key_file = safe.path("keys.json");
    let keys = KeyProvider::local(KeyRing::create(&key_file, &KeyProtection::Mode).unwrap());
    let vault = Vault::open(from.store().await, keys, NO_LIMITS, SessionPolicy::default()).await.unwrap();
    for name in ["mine", "purged"] {
        let new = serde_json::from_value(json!({ "name": name, "provider": "p", "type": "SECRET", "value": name }));
        vault.create_credential(&admin.caller(), RuntimeRole::App, new.unwrap(), None).await.unwrap();
    }
    // A value that was destroyed is nothing that could fail to open.
    let purge = "UPDATE strongroom.user_credentials SET is_active = false, encrypted_value = NULL, purged_at = now()
                 WHERE name = 'purged'";
    from.sql("postgres").await.batch_execute(purge).await.unwrap();

    // Neither a superuser nor the owner; its name is its own, for roles are of the whole cluster.
    let (postgres, login) = (from.sql("postgres").await, format!("{}_admin", from.name()));
    postgres
        .batch_execute(&format!(
            "CREATE ROLE {login} LOGIN CREATEROLE BYPASSRLS; GRANT strongroom_owner TO {login};
             ALTER DATABASE {} OWNER TO {login}",
            into.name()
        ))
        .await
        .unwrap();
    for bound in ["strongroom_app", "strongroom_system", "strongroom_auditor"] {
        let place = ["--admin-database-url", &from.url(bound), "--key-file", text(&key_file)];
        refuses(&safe.back_up(&place), "row-level security binds this login");
    }
    let output = safe.back_up(&["--admin-database-url", &from.url(&login), "--key-file", text(&key_file)]);
    assert!(succeeds(&output).contains("1 of 1 versions"), "{}", said(&output));

    let files = ["database", "keys", "passphrase"];
    let restored = safe.path("restored.json");
    let place = |url: String| ["--admin-database-url".into(), url, "--key-file".into(), text(&restored).to_owned()];
    let restore = |url: String| safe.restore(files, &place(url).each_ref().map(String::as_str));
    refuses(&restore(into.url("strongroom_app")), "row-level security binds this login");
    refuses(&restore(from.url(&login)), "has a strongroom in it already");
    succeeds(&restore(into.url(&login)));
    assert_eq!(opened(&into.url("postgres"), &restored).await.into_values().collect::<Vec<_>>(), ["mine"]);
    // What comes later finds the defaults of the first migration.
    let mut schema = Schema::connect(&into.url("postgres")).await.unwrap();
    assert_eq!(schema.migrate().await.unwrap(), Vec::<String>::new());
    let sql = into.sql("postgres").await;
    sql.batch_execute(
        "SET ROLE strongroom_owner; CREATE FUNCTION strongroom.later() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    )
    .await
    .unwrap();
    let open = "SELECT has_function_privilege('strongroom_app', 'strongroom.later()', 'EXECUTE')";
    assert!(!sql.query_one(open, &[]).await.unwrap().get::<_, bool>(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_during_writes_is_one_moment_of_the_vault() {
    let (safe, folder, found) = (Arc::new(Safe::new()), data_folder(), data_folder());
    let process = Process::start(folder.path(), &[]);
    let token = fill(&process).await.token;
    let ada = Session { process: &process, token };
    let busy = ada.keep("/api/credentials", None, &["busy"]).await;
    let writes = async {
        for round in 0.. {
            let values = [format!("round {round}"), format!("round {round} again")];
            ada.keep("/api/credentials", None, &values.each_ref().map(String::as_str)).await;
            ada.post(&format!("/api/credentials/{busy}/rotate"), json!({ "value": values[0] })).await;
        }
    };
    let (taker, place) = (safe.clone(), text(folder.path()).to_owned());
    let backup = tokio::task::spawn_blocking(move || taker.back_up(&["--data-dir", &place]));
    tokio::select! {
        () = writes => unreachable!(),
        output = backup => { succeeds(&output.unwrap()); }
    }
    succeeds(&safe.restore(["database", "keys", "passphrase"], &["--data-dir", text(found.path())]));
    let restored = Process::start(found.path(), &[]);
    let values = opened(&admin_url(found.path()), &found.path().join("keys.json")).await;
    let versions = values.keys().filter(|(id, _)| *id == busy).count();
    let ada = Session { process: &restored, token: ada.token.clone() };
    let kept = ada.get(&format!("/api/credentials/{busy}")).await;
    assert!(versions > 1, "there were writes");
    assert_eq!(kept["version"], versions, "each version is there");
    let record = ada.get("/api/credentials/audit?action=CREDENTIAL_ROTATED&name=busy&limit=100").await;
    let rotations = record["items"].as_array().unwrap().iter().filter(|line| line["entity_id"] == *busy).count();
    assert_eq!(rotations + 1, versions.min(101), "and each has its record");
}
