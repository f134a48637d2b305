//! The life of the key ring, with the real binary beside running servers: nobody is refused a value at any step, a rewrap
//! that is killed goes on where it was, and no key is taken away that something needs.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use crate::support::process::{Process, data_folder};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use strongroom_crypto::{KeyProtection, KeyProvider, KeyRing, RingChange};
use strongroom_service::{Envelopes, Limits, SessionPolicy, Vault};
use strongroom_testing::{Person, TestDatabase};
use strongroom_types::{Binding, CredentialId, CredentialScope, SecretValue};
use tempfile::TempDir;

/// A vault on a database of its own, with its key file.
struct Keyed {
    database: TestDatabase,
    folder: TempDir,
    ada: Person,
}

impl Keyed {
    async fn create() -> Self {
        let (database, folder) = (TestDatabase::create().await, data_folder());
        let ada = Person::create(&database, "ada").await;
        KeyRing::create(&folder.path().join("keys.json"), &KeyProtection::Mode).unwrap();
        let keyed = Self { database, folder, ada };
        let limits = Limits { reveals_per_minute: None, uses_per_minute: None };
        let provider = KeyProvider::local(keyed.ring());
        Vault::open(keyed.database.store().await, provider, limits, SessionPolicy::default()).await.unwrap();
        keyed
    }

    fn key_file(&self) -> PathBuf {
        self.folder.path().join("keys.json")
    }

    fn ring(&self) -> KeyRing {
        KeyRing::load(&self.key_file(), &KeyProtection::Mode).unwrap()
    }

    fn settings(&self) -> Vec<String> {
        let (app, system) = (self.database.url("strongroom_app"), self.database.url("strongroom_system"));
        let key_file = self.key_file().to_str().unwrap().to_owned();
        ["--database-url", &app, "--system-database-url", &system, "--key-file", &key_file].map(str::to_owned).into()
    }

    fn serve(&self) -> Process {
        let settings = self.settings();
        let arguments: Vec<&str> = settings.iter().map(String::as_str).chain(["--reveals-per-minute=0"]).collect();
        Process::start(self.folder.path(), &arguments)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_strongroom"));
        command.arg("keys").args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        match arguments[0] {
            "rotate" => command.arg("--key-file").arg(self.key_file()),
            _ => command.args(self.settings()),
        };
        command
    }

    fn keys(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Credentials of Ada's, sealed under the current key, in order of their ids.
    async fn fill(&self, count: usize) -> Vec<CredentialId> {
        let (provider, app) = (KeyProvider::local(self.ring()), self.database.sql("strongroom_app").await);
        let insert =
            "INSERT INTO strongroom.user_credentials (id, user_id, name, provider, type, encrypted_value, masked_value)
                      VALUES ($1, $2, $3, 'p', 'SECRET', $4, '****')";
        let mut ids: Vec<CredentialId> = (0..count).map(|_| CredentialId::generate()).collect();
        ids.sort_by_key(|id| id.0);
        self.ada.begin(&app).await;
        for id in &ids {
            let binding = Binding {
                credential_id: *id,
                owner_id: self.ada.id,
                workspace_id: None,
                scope: CredentialScope::User,
                version: 1,
            };
            let value = SecretValue::new(format!("value of {id}")).unwrap();
            let envelope = provider.seal(&binding, &value).await.unwrap();
            app.execute(insert, &[&id.0, &self.ada.id.0, &id.to_string(), &envelope]).await.unwrap();
        }
        app.batch_execute("COMMIT").await.unwrap();
        ids
    }

    async fn under(&self, key: &strongroom_crypto::KeyId) -> u64 {
        let provider = KeyProvider::local(self.ring());
        let envelopes = Envelopes::open(self.database.store().await, provider).await.unwrap().unwrap();
        envelopes.coverage().await.unwrap().under(key)
    }

    async fn send(&self, server: &Process, method: Method, path: &str, body: Value) -> Value {
        let request = reqwest::Client::new().request(method, format!("{}{path}", server.url));
        let answer = request.bearer_auth(self.ada.token.to_text().expose_secret()).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
        answer.json().await.unwrap()
    }

    async fn keep(&self, server: &Process, name: &str) -> String {
        let new = json!({ "name": name, "provider": "p", "type": "SECRET", "value": name });
        self.send(server, Method::POST, "/api/credentials", new).await["id"].as_str().unwrap().into()
    }

    async fn reveal(&self, server: &Process, id: &str) -> String {
        let path = format!("/api/credentials/{id}/value");
        self.send(server, Method::GET, &path, json!({})).await["value"].as_str().unwrap().into()
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

fn succeeds(output: &Output) -> String {
    assert!(output.status.success(), "{}", said(output));
    said(output)
}

fn refuses(output: &Output, words: &str) {
    assert!(output.status.code() == Some(1) && said(output).contains(words), "{}", said(output));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_rotated_rewrapped_and_retired_beside_servers_that_answer_all_the_time() {
    let keyed = Keyed::create().await;
    let (one, two) = (keyed.serve(), keyed.serve());
    let before = keyed.keep(&one, "before").await;
    let old = keyed.ring().current().clone();
    succeeds(&keyed.keys(&["rotate"]));
    let new = keyed.ring().current().clone();
    assert_ne!(old, new);

    // The one learns of it when it seals; the other when it meets what the one has sealed.
    let mut ids = Vec::new();
    while keyed.under(&new).await == 0 {
        let name = format!("after {}", ids.len());
        ids.push((keyed.keep(&one, &name).await, name));
    }
    for (id, name) in &ids {
        assert_eq!(keyed.reveal(&two, id).await, *name);
    }
    let path = format!("/api/credentials/{before}");
    let known = keyed.send(&one, Method::GET, &path, json!({})).await;
    refuses(&keyed.keys(&["retire", old.as_str()]), "run strongroom keys rewrap first");

    let told = succeeds(&keyed.keys(&["rewrap"]));
    assert!(told.contains(&format!("{old}: former, made ")) && told.contains(", 0 envelopes"), "{told}");
    assert_eq!(keyed.send(&one, Method::GET, &path, json!({})).await, known, "a rewrap leaves no trace");
    succeeds(&keyed.keys(&["retire", old.as_str()]));
    let told = succeeds(&keyed.keys(&["list"]));
    let all = ids.len() + 3;
    assert!(!told.contains(old.as_str()) && told.contains(&format!("{new}: current")), "{told}");
    assert!(told.contains(&format!(", {all} envelopes")), "{told}");
    for server in [&one, &two, &keyed.serve()] {
        assert_eq!(keyed.reveal(server, &before).await, "before");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rewrap_that_is_killed_goes_on_where_it_was() {
    let keyed = Keyed::create().await;
    let ids = keyed.fill(500).await;
    let old = keyed.ring().current().clone();
    succeeds(&keyed.keys(&["rotate"]));
    // It cannot come to its end, because somebody is at work on a row of its second batch.
    let busy = keyed.database.sql("postgres").await;
    busy.batch_execute("BEGIN").await.unwrap();
    let lock = "SELECT 1 FROM strongroom.user_credentials WHERE id = $1 FOR UPDATE";
    busy.execute(lock, &[&ids[300].0]).await.unwrap();
    let mut killed = keyed.command(&["rewrap"]).spawn().unwrap();
    while keyed.under(&old).await > 300 {
        assert!(killed.try_wait().unwrap().is_none(), "it ended too early");
    }
    kill(Pid::from_raw(killed.id().try_into().unwrap()), Signal::SIGKILL).unwrap();
    killed.wait().unwrap();
    busy.batch_execute("ROLLBACK").await.unwrap();
    // PostgreSQL may end the statement that nobody waits for any more: a batch is whole, or as it was.
    assert!([100, 300].contains(&keyed.under(&old).await));

    let (first, second) = (keyed.command(&["rewrap"]).spawn().unwrap(), keyed.command(&["rewrap"]).spawn().unwrap());
    for run in [first, second] {
        succeeds(&run.wait_with_output().unwrap());
    }
    assert_eq!(keyed.under(&old).await, 0);
    assert!(succeeds(&keyed.keys(&["verify"])).contains("500 of 500 versions of credentials open"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_open_is_named_and_keeps_its_key_from_being_retired() {
    let keyed = Keyed::create().await;
    let ids = keyed.fill(3).await;
    let old = keyed.ring().current().clone();
    succeeds(&keyed.keys(&["rotate"]));
    // One in another's place, and one that is no envelope.
    let swap = "UPDATE strongroom.user_credentials SET encrypted_value = coalesce(
                    (SELECT encrypted_value FROM strongroom.user_credentials WHERE id = $2), 'gone') WHERE id = $1";
    let admin = keyed.database.sql("postgres").await;
    admin.batch_execute("ALTER TABLE strongroom.user_credentials DISABLE TRIGGER USER").await.unwrap();
    admin.execute(swap, &[&ids[0].0, &ids[1].0]).await.unwrap();
    admin.execute(swap, &[&ids[2].0, &CredentialId::generate().0]).await.unwrap();
    admin.batch_execute("ALTER TABLE strongroom.user_credentials ENABLE TRIGGER USER").await.unwrap();

    let output = keyed.keys(&["verify"]);
    refuses(&output, &format!("credential {}, version 1: the envelope does not open here", ids[0]));
    refuses(&output, &format!("credential {}, version 1: the envelope is malformed", ids[2]));
    assert!(said(&output).contains("1 of 3 versions") && !said(&output).contains("value of"), "{}", said(&output));
    refuses(&keyed.keys(&["rewrap"]), "2 versions could not be rewrapped, and are as they were");
    refuses(&keyed.keys(&["retire", old.as_str()]), "1 envelopes are under the key");
    refuses(&keyed.keys(&["retire", keyed.ring().current().as_str()]), "that key is the current one");
    assert_eq!(keyed.ring().keys().count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_staged_key_seals_nothing_until_it_is_activated() {
    let keyed = Keyed::create().await;
    let server = keyed.serve();
    let old = keyed.ring().current().clone();
    let told = succeeds(&keyed.keys(&["rotate", "--stage"]));
    assert!(told.contains("keys rotate --activate") && *keyed.ring().current() == old, "{told}");
    assert!(succeeds(&keyed.keys(&["list"])).contains(": staged, made "));
    keyed.keep(&server, "one").await;
    assert_eq!(keyed.under(&old).await, 3);
    succeeds(&keyed.keys(&["rotate", "--activate"]));
    assert_ne!(*keyed.ring().current(), old);
    refuses(&keyed.keys(&["rotate", "--activate"]), "no key is staged");
}

/// A server with a key file of its own that nobody renewed: what it sealed would open for nobody once it began anew.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_kept_under_a_retired_key_whoever_seals() {
    let keyed = Keyed::create().await;
    let old_file = keyed.folder.path().join("old.json");
    fs::copy(keyed.key_file(), &old_file).unwrap();
    let settings = keyed.settings().join("\n").replace("keys.json", "old.json");
    let stale = Process::start(keyed.folder.path(), &settings.lines().collect::<Vec<_>>());
    let old = keyed.ring().current().clone();
    let id = keyed.keep(&stale, "one").await;
    refuses(&keyed.keys(&["retire", old.as_str()]), "that key is the current one");
    assert_eq!(keyed.keep(&stale, "two").await.len(), id.len(), "a refusal leaves no trace");
    succeeds(&keyed.keys(&["rotate"]));
    succeeds(&keyed.keys(&["rewrap"]));
    succeeds(&keyed.keys(&["retire", old.as_str()]));

    let new = json!({ "name": "three", "provider": "p", "type": "SECRET", "value": "three" });
    let request = reqwest::Client::new().post(format!("{}/api/credentials", stale.url));
    let answer = request.bearer_auth(keyed.ada.token.to_text().expose_secret()).json(&new).send().await.unwrap();
    assert_eq!(answer.status(), 503);
    assert!(answer.text().await.unwrap().contains("key-unavailable"));
    assert_eq!(keyed.under(&old).await, 0);
    let (current, former) = (keyed.ring().current().clone(), KeyRing::load(&old_file, &KeyProtection::Mode).unwrap());
    assert!(*former.current() == old && current != old);
    keyed.keep(&keyed.serve(), "three").await;
    for role in ["strongroom_app", "strongroom_system"] {
        let sql = keyed.database.sql(role).await;
        for attempt in [
            "DELETE FROM strongroom.retired_keys",
            "SELECT strongroom.retire_key('\\x00', 'k')",
            "SELECT strongroom.reinstate_key('\\x00', 'k')",
        ] {
            let code = sql.batch_execute(attempt).await.unwrap_err().code().unwrap().code().to_owned();
            assert!(["42501", "SR402"].contains(&code.as_str()), "{role}: {attempt}: {code}");
        }
    }
}

/// Whoever comes by the key file alone has no key; and no server takes a file in the clear for the one under a passphrase.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_file_under_a_passphrase_serves_and_rotates_like_any_other() {
    let keyed = Keyed::create().await;
    let before = keyed.keep(&keyed.serve(), "before").await;
    let passphrase = keyed.folder.path().join("passphrase");
    fs::write(&passphrase, "correct horse battery staple\n").unwrap();
    fs::set_permissions(&passphrase, Permissions::from_mode(0o600)).unwrap();
    let strongroom = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_strongroom"));
        command.arg("keys").args(arguments).arg("--key-file").arg(keyed.key_file());
        command.arg("--key-passphrase-file").arg(&passphrase).output().unwrap()
    };
    let clear = fs::read_to_string(keyed.key_file()).unwrap();
    refuses(&strongroom(&["rotate"]), "it is not encrypted");
    assert!(succeeds(&strongroom(&["protect"])).contains("in the clear: shred it"));
    assert!(!fs::read_to_string(keyed.key_file()).unwrap().contains("local-"));
    refuses(&keyed.keys(&["list"]), "encrypted under a passphrase");

    let settings = keyed.settings();
    let secret = format!("--key-passphrase-file={}", passphrase.display());
    let arguments: Vec<&str> = settings.iter().map(String::as_str).chain(["--reveals-per-minute=0", &secret]).collect();
    let server = Process::start(keyed.folder.path(), &arguments);
    assert_eq!(keyed.reveal(&server, &before).await, "before");
    succeeds(&strongroom(&["rotate"]));
    // It follows the file, as it does one in the clear: only then is that put in its place refused.
    let mut kept = 0;
    while !fs::read_to_string(&server.log).unwrap().contains("took the keys of the key file") {
        kept += 1;
        keyed.keep(&server, &format!("{kept}")).await;
    }
    fs::write(keyed.key_file(), clear).unwrap();
    while !fs::read_to_string(&server.log).unwrap().contains("the key file has changed, and is not used") {
        kept += 1;
        keyed.keep(&server, &format!("{kept}")).await;
    }
    assert_eq!(keyed.reveal(&server, &before).await, "before");
}

/// Nothing is sealed under keys that the vault does not know, whoever put their file in place.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_does_not_take_the_keys_of_another_vault() {
    let keyed = Keyed::create().await;
    let server = keyed.serve();
    let old = keyed.ring().current().clone();
    let own = fs::read(keyed.key_file()).unwrap();
    fs::remove_file(keyed.key_file()).unwrap();
    let before = keyed.keep(&server, "without a file").await;
    KeyRing::create(&keyed.key_file(), &KeyProtection::Mode).unwrap();
    // It says so when it has looked, which it does once a second.
    let mut kept = Vec::new();
    while !fs::read_to_string(&server.log).unwrap().contains("the key file has changed, and is not used") {
        kept.push(keyed.keep(&server, &format!("{}", kept.len())).await);
    }
    assert_eq!(keyed.reveal(&server, &before).await, "without a file");
    refuses(&keyed.keys(&["rewrap"]), "these are not the keys of this database");
    fs::write(keyed.key_file(), own).unwrap();
    fs::set_permissions(keyed.key_file(), Permissions::from_mode(0o600)).unwrap();
    assert_eq!(keyed.under(&old).await, kept.len() as u64 + 3);
    // And takes its own again, when they are back.
    let new =
        KeyRing::change(&keyed.key_file(), &KeyProtection::Mode, &RingChange::Rotate).unwrap().0.current().clone();
    while keyed.under(&new).await == 0 {
        kept.push(keyed.keep(&server, &format!("{}", kept.len())).await);
    }
}
