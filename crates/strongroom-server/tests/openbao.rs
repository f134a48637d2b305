//! Keys in OpenBao, by the real one: values are sealed under it, wait for it while it is away, and are nowhere in the clear
//! meanwhile; a fallback is only where it is configured, is told, and is undone; vaults move to it and from it while they work.

use std::process::Command;
use std::time::Duration;

use crate::support::openbao;
use crate::support::openbao::OpenBao;
use crate::support::process::{Process, data_folder, serve};
use reqwest::{Method, Response};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use strongroom_testing::{Person, TestDatabase};
use tempfile::TempDir;

struct Setting {
    database: TestDatabase,
    folder: TempDir,
    ada: Person,
    bao: OpenBao,
    client: reqwest::Client,
}

impl Setting {
    async fn create(token_ttl: u32) -> Self {
        let (database, folder) = (TestDatabase::create().await, data_folder());
        let ada = Person::create(&database, "ada").await;
        Self { database, folder, ada, bao: OpenBao::start(token_ttl), client: reqwest::Client::new() }
    }

    fn database_settings(&self) -> Vec<String> {
        vec![
            format!("--database-url={}", self.database.url("strongroom_app")),
            format!("--system-database-url={}", self.database.url("strongroom_system")),
        ]
    }

    fn settings(&self, more: &[&str]) -> Vec<String> {
        let more = more.iter().map(|one| (*one).to_owned());
        self.database_settings().into_iter().chain(self.bao.settings()).chain(more).collect()
    }

    fn serve(&self, more: &[&str]) -> Process {
        let settings = self.settings(more);
        let settings: Vec<&str> = settings.iter().map(String::as_str).chain(["--reveals-per-minute=0"]).collect();
        Process::start(self.folder.path(), &settings)
    }

    /// `strongroom keys`; returns what it says, and whether it succeeds.
    fn keys(&self, act: &[&str], settings: &[String]) -> (bool, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_strongroom"));
        command.arg("keys").args(act).arg("--data-dir").arg(self.folder.path()).args(settings);
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned();
        (output.status.success(), said)
    }

    async fn send(&self, server: &Process, method: Method, path: &str, body: Value) -> Response {
        let request = self.client.request(method, format!("{}{path}", server.url));
        request.bearer_auth(self.ada.token.to_text().expose_secret()).json(&body).send().await.unwrap()
    }

    async fn create_credential(&self, server: &Process, name: &str) -> Response {
        let new = json!({ "name": name, "provider": "p", "type": "SECRET", "value": format!("value of {name}") });
        self.send(server, Method::POST, "/api/credentials", new).await
    }

    async fn keep(&self, server: &Process, name: &str) -> String {
        let answer = self.create_credential(server, name).await;
        assert_eq!(answer.status(), 201, "{}", answer.text().await.unwrap());
        answer.json::<Value>().await.unwrap()["id"].as_str().unwrap().into()
    }

    async fn reveal(&self, server: &Process, id: &str) -> Response {
        self.send(server, Method::GET, &format!("/api/credentials/{id}/value"), json!({})).await
    }

    async fn value(&self, server: &Process, id: &str) -> String {
        let answer = self.reveal(server, id).await;
        assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
        answer.json::<Value>().await.unwrap()["value"].as_str().unwrap().into()
    }

    async fn readiness(&self, server: &Process) -> Value {
        self.client.get(format!("{}/ready", server.url)).send().await.unwrap().json().await.unwrap()
    }

    /// Asks until the keys are in that state: a provider is asked once a second at most.
    async fn until_keys_are(&self, server: &Process, state: &str) {
        let there = async { while self.readiness(server).await["keys"] != state {} };
        tokio::time::timeout(Duration::from_secs(30), there).await.expect(state);
    }

    /// The key that each credential's envelope names, by name.
    async fn keys_of_values(&self) -> Vec<(String, String)> {
        let sql = self.database.sql("postgres").await;
        let select =
            "SELECT name, strongroom.envelope_key(encrypted_value) FROM strongroom.user_credentials ORDER BY name";
        sql.query(select, &[]).await.unwrap().iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    async fn count(&self, select: &str) -> i64 {
        self.database.sql("postgres").await.query_one(select, &[]).await.unwrap().get(0)
    }
}

async fn is_keys_unavailable(answer: Response) {
    assert_eq!(answer.status(), 503);
    assert!(answer.headers().contains_key("retry-after"));
    let problem = answer.text().await.unwrap();
    assert!(
        problem.contains("key-unavailable") && !problem.contains("OpenBao:") && !problem.contains("value of"),
        "{problem}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn values_are_sealed_under_openbao_and_no_key_is_on_this_machine() {
    let setting = Setting::create(600).await;
    let server = setting.serve(&[]);
    let id = setting.keep(&server, "one").await;
    assert_eq!(setting.value(&server, &id).await, "value of one");
    assert_eq!(setting.keys_of_values().await, [("one".into(), "transit:CREDENTIALS:v1".into())]);
    assert!(!setting.folder.path().join("keys.json").exists());
    assert_eq!(setting.readiness(&server).await, json!({ "status": "ready", "keys": "ready" }));

    // The envelope of one row does not open in another: OpenBao is told what the data key is bound to.
    let other = setting.keep(&server, "other").await;
    let sql = setting.database.sql("postgres").await;
    let swap = "SET session_replication_role = replica;
                UPDATE strongroom.user_credentials SET encrypted_value =
                    (SELECT encrypted_value FROM strongroom.user_credentials WHERE name = 'one') WHERE name = 'other'";
    sql.batch_execute(swap).await.unwrap();
    assert_eq!(setting.reveal(&server, &other).await.status(), 500);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_openbao_is_away_values_wait_and_nothing_is_lost_or_kept_in_the_clear() {
    let mut setting = Setting::create(600).await;
    let server = setting.serve(&[]);
    let id = setting.keep(&server, "before").await;
    for stopped in [true, false] {
        if stopped {
            setting.bao.stop()
        } else {
            setting.bao.seal()
        }
        is_keys_unavailable(setting.create_credential(&server, "meanwhile").await).await;
        is_keys_unavailable(setting.reveal(&server, &id).await).await;
        setting.until_keys_are(&server, "unavailable").await;
        assert_eq!(setting.send(&server, Method::GET, "/api/credentials", json!({})).await.status(), 200);
        if stopped {
            setting.bao.restart();
        } else {
            setting.bao.unseal();
            setting.bao.until_active();
        }
        setting.until_keys_are(&server, "ready").await;
        assert_eq!(setting.value(&server, &id).await, "value of before");
    }
    assert_eq!(setting.count("SELECT count(*) FROM strongroom.user_credentials").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seal_in_the_middle_of_traffic_loses_nothing_that_was_answered() {
    let setting = Setting::create(600).await;
    let server = setting.serve(&[]);
    let traffic = async {
        let mut kept = Vec::new();
        for n in 0..60 {
            let answer = setting.create_credential(&server, &format!("n{n}")).await;
            match answer.status().as_u16() {
                201 => kept.push((n, answer.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned())),
                503 => is_keys_unavailable(answer).await,
                other => panic!("{other}"),
            }
        }
        kept
    };
    let outage = async {
        let wait = async { while setting.count("SELECT count(*) FROM strongroom.user_credentials").await < 10 {} };
        wait.await;
        tokio::task::block_in_place(|| {
            setting.bao.seal();
            setting.bao.unseal();
            setting.bao.until_active();
        });
    };
    let (kept, ()) = tokio::join!(traffic, outage);
    assert!(kept.len() >= 10);
    for (n, id) in &kept {
        assert_eq!(setting.value(&server, id).await, format!("value of n{n}"));
    }
    let rows = setting.count("SELECT count(*) FROM strongroom.user_credentials").await;
    assert_eq!(usize::try_from(rows).unwrap(), kept.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fallback_is_configured_told_recorded_and_undone() {
    let mut setting = Setting::create(600).await;
    let (made, said) = setting.keys(&["create"], &[]);
    assert!(made, "{said}");
    let (made, said) = setting.keys(&["create"], &[]);
    assert!(!made && said.contains("exists"), "{said}");
    let server = setting.serve(&["--key-fallback", "--metrics-listen=127.0.0.1:0"]);
    let before = setting.keep(&server, "before").await;
    setting.bao.stop();
    let meanwhile = setting.keep(&server, "meanwhile").await;
    setting.keep(&server, "meanwhile too").await;
    setting.until_keys_are(&server, "fallback").await;
    assert_eq!(setting.value(&server, &meanwhile).await, "value of meanwhile");
    is_keys_unavailable(setting.reveal(&server, &before).await).await;
    let metrics = reqwest::get(server.metrics.as_ref().unwrap()).await.unwrap().text().await.unwrap();
    assert!(metrics.contains("strongroom_key_fallbacks_total 2"), "{metrics}");
    let recorded = "SELECT count(*) FROM strongroom.activity_logs WHERE action = 'KEYS_FELL_BACK'";
    assert_eq!(setting.count(recorded).await, 1);
    let local = |key: &str| key.starts_with("local-");
    assert_eq!(setting.keys_of_values().await.iter().filter(|(_, key)| local(key)).count(), 2);

    setting.bao.restart();
    setting.until_keys_are(&server, "ready").await;
    let (rewrapped, said) = setting.keys(&["rewrap"], &setting.settings(&["--key-fallback"]));
    assert!(rewrapped && said.contains("rewrapped 2 of"), "{said}");
    assert!(setting.keys_of_values().await.iter().all(|(_, key)| key == "transit:CREDENTIALS:v1"));
    for (id, name) in [(&before, "before"), (&meanwhile, "meanwhile")] {
        assert_eq!(setting.value(&server, id).await, format!("value of {name}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_moves_to_openbao_and_back_while_it_works() {
    let setting = Setting::create(600).await;
    let both: Vec<String> = setting.settings(&[]).into_iter().filter(|s| !s.contains("key-provider")).collect();
    let both: Vec<&str> = both.iter().map(String::as_str).chain(["--reveals-per-minute=0"]).collect();
    assert!(setting.keys(&["create"], &[]).0);
    let on_file = Process::start(setting.folder.path(), &both);
    let id = setting.keep(&on_file, "one").await;
    // A server of each kind at a time; both know both.
    let on_openbao = setting.serve(&[]);
    assert_eq!(setting.value(&on_openbao, &id).await, "value of one");
    let (rewrapped, said) = setting.keys(&["rewrap"], &setting.settings(&[]));
    assert!(rewrapped && said.contains("transit:FEDERATION:v1: in OpenBao, current, 2 envelopes"), "{said}");
    for server in [&on_file, &on_openbao] {
        assert_eq!(setting.value(server, &id).await, "value of one");
    }
    let back: Vec<String> = setting.settings(&[]).into_iter().filter(|s| !s.contains("key-provider")).collect();
    let (rewrapped, said) = setting.keys(&["rewrap"], &back);
    assert!(rewrapped && !said.contains("transit:"), "{said}");
    let alone = setting.database_settings();
    let (verified, said) = setting.keys(&["verify"], &alone);
    assert!(verified && said.contains("1 of 1 versions"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_rotated_there_is_followed_and_its_old_version_can_go() {
    let setting = Setting::create(600).await;
    let server = setting.serve(&[]);
    let id = setting.keep(&server, "old").await;
    setting.bao.admin(&["write", "-f", "transit/keys/CREDENTIALS/rotate"]);
    setting.keep(&server, "new").await;
    let keys = |old: &str| [("new".into(), "transit:CREDENTIALS:v2".into()), ("old".into(), old.to_owned())];
    assert_eq!(setting.keys_of_values().await, keys("transit:CREDENTIALS:v1"));
    let (retired, said) = setting.keys(&["retire", "transit:CREDENTIALS:v1"], &setting.settings(&[]));
    assert!(!retired && said.contains("1 envelopes are under the key"), "{said}");
    let (rewrapped, said) = setting.keys(&["rewrap"], &setting.settings(&[]));
    assert!(rewrapped, "{said}");
    assert_eq!(setting.keys_of_values().await, keys("transit:CREDENTIALS:v2"));
    let (retired, said) = setting.keys(&["retire", "transit:CREDENTIALS:v1"], &setting.settings(&[]));
    assert!(retired && said.contains("min_decryption_version"), "{said}");
    setting.bao.admin(&["write", "transit/keys/CREDENTIALS/config", "min_decryption_version=2"]);
    assert_eq!(setting.value(&server, &id).await, "value of old");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_renewed_while_it_lives_and_made_anew_when_it_was_revoked() {
    let setting = Setting::create(2).await;
    let server = setting.serve(&[]);
    let id = setting.keep(&server, "one").await;
    // Half as long again as a token lives.
    let mut ticks = tokio::time::interval(Duration::from_millis(200));
    for _ in 0..16 {
        ticks.tick().await;
        assert_eq!(setting.value(&server, &id).await, "value of one");
    }
    let accessors = setting.bao.admin(&["list", "-format=json", "auth/token/accessors"]);
    assert_eq!(serde_json::from_str::<Vec<String>>(&accessors).unwrap().len(), 1, "renewed, and not one for each life");
    setting.bao.admin(&["token", "revoke", "-mode=path", "auth/approle"]);
    assert_eq!(setting.value(&server, &id).await, "value of one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_may_not_use_openbao_does_not_start_and_shows_no_secret() {
    let setting = Setting::create(600).await;
    let secret_id_file = setting.folder.path().join("wrong");
    openbao::write_private(&secret_id_file, "6d7b9b1e-wrong-secret-id");
    let settings = setting.settings(&[&format!("--openbao-secret-id-file={}", secret_id_file.display())]);
    let settings: Vec<&str> = settings.iter().map(String::as_str).filter(|s| !s.ends_with("/secret-id")).collect();
    let output = serve(setting.folder.path(), &settings).output().unwrap();
    let said = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned();
    assert!(!output.status.success() && said.contains("OpenBao: 400 invalid"), "{said}");
    assert!(!said.contains("6d7b9b1e"), "{said}");
}

/// Why a rewrap unwraps and wraps: docs/openbao.md. When this fails, Transit's own has learned to bind.
#[tokio::test(flavor = "multi_thread")]
async fn transits_own_rewrap_refuses_what_is_bound_to_its_row() {
    let bao = OpenBao::start(600);
    let wrapped = bao.admin(&[
        "write",
        "-field=ciphertext",
        "transit/encrypt/CREDENTIALS",
        "plaintext=AAAA",
        "associated_data=AAAA",
    ]);
    bao.admin(&["write", "-f", "transit/keys/CREDENTIALS/rotate"]);
    let ciphertext = format!("ciphertext={wrapped}");
    let rewrapped = bao.try_admin(&["write", "transit/rewrap/CREDENTIALS", &ciphertext, "associated_data=AAAA"]);
    assert!(rewrapped.unwrap_err().contains("message authentication failed"));
    let opened =
        bao.admin(&["write", "-field=plaintext", "transit/decrypt/CREDENTIALS", &ciphertext, "associated_data=AAAA"]);
    assert_eq!(opened, "AAAA");
}

/// Fields of an application's table are under named keys of their own.
#[tokio::test(flavor = "multi_thread")]
async fn a_column_is_sealed_under_its_named_key_and_its_old_version_is_kept_until_it_is_rewrapped() {
    let setting = Setting::create(600).await;
    let server = setting.serve(&[]);
    setting.keep(&server, "one").await;
    let sql = setting.database.sql("postgres").await;
    let table = "CREATE TABLE public.models (id text PRIMARY KEY, api_key text);
                 INSERT INTO public.models SELECT n, 'key ' || n FROM generate_series(1, 300) AS n";
    sql.batch_execute(table).await.unwrap();
    let seal = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_strongroom"));
        command.args(["seal-column", "--table=models", "--column=api_key", "--key=LLM_CONFIG"]).args(more);
        command.arg(format!("--application-database-url={}", setting.database.url("postgres")));
        let output = command.args(setting.settings(&[])).output().unwrap();
        let said = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned();
        assert!(output.status.success(), "{said}");
        said
    };
    seal(&[]);
    setting.bao.admin(&["write", "-f", "transit/keys/LLM_CONFIG/rotate"]);
    let (retired, said) = setting.keys(&["retire", "transit:LLM_CONFIG:v1"], &setting.settings(&[]));
    assert!(!retired && said.contains("public.models.api_key may be under the key"), "{said}");
    let said = seal(&[]);
    assert!(said.contains("transit:LLM_CONFIG:v2: 300 fields"), "{said}");
    let (retired, said) = setting.keys(&["retire", "transit:LLM_CONFIG:v1"], &setting.settings(&[]));
    assert!(retired, "{said}");
    assert!(seal(&["--open"]).contains("opened 300"));
}
