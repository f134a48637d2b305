//! The end in order, with the real binary: nothing that was answered is lost, nothing that was begun is half done, and
//! nothing that is idle is waited for.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::support::process::{Process, data_folder};
use nix::sys::signal::Signal;
use reqwest::Client;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use strongroom_testing::{Person, TestDatabase, await_lock_waits};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Less than the server waits for what does not end, and less than it lets a client be silent.
const SOON: Duration = Duration::from_secs(10);

/// A server with somebody in it.
struct Setting {
    folder: tempfile::TempDir,
    database: TestDatabase,
    ada: Person,
}

impl Setting {
    async fn new() -> Self {
        let database = TestDatabase::create().await;
        let ada = Person::create(&database, "ada").await;
        let folder = data_folder();
        strongroom_crypto::KeyRing::create(&folder.path().join("keys.json"), &strongroom_crypto::KeyProtection::Mode)
            .unwrap();
        Self { folder, database, ada }
    }

    fn start(&self) -> Process {
        let (app, system) = (self.database.url("strongroom_app"), self.database.url("strongroom_system"));
        let unlimited = ["--requests-per-minute-by-token=0", "--requests-per-minute-by-address=0"];
        let unlimited = [unlimited, ["--requests-per-minute-by-user=0", "--reveals-per-minute=0"]].concat();
        let database = ["--database-url", &app, "--system-database-url", &system];
        Process::start(self.folder.path(), &[&database[..], &unlimited].concat())
    }

    fn creator(&self, url: &str) -> Creator {
        let token = self.ada.token.to_text().expose_secret().to_owned();
        Creator { client: Client::new(), url: format!("{url}/api/credentials"), token }
    }

    async fn names(&self) -> BTreeSet<String> {
        let rows = self.database.sql("postgres").await.query("SELECT name FROM strongroom.user_credentials", &[]).await;
        rows.unwrap().iter().map(|row| row.get(0)).collect()
    }
}

/// A client that keeps its connection.
#[derive(Clone)]
struct Creator {
    client: Client,
    url: String,
    token: String,
}

impl Creator {
    async fn create(&self, name: &str) -> Result<reqwest::Response, reqwest::Error> {
        let body = json!({ "name": name, "provider": "p", "type": "SECRET", "value": name });
        self.client.post(&self.url).bearer_auth(&self.token).json(&body).send().await
    }

    async fn value(&self, id: &str) -> Value {
        let answer = self.client.get(format!("{}/{id}/value", self.url)).bearer_auth(&self.token).send().await.unwrap();
        answer.json::<Value>().await.unwrap()["value"].clone()
    }
}

/// Waits for the end in order, without holding up the test's other tasks.
async fn ended(process: Process) {
    let status = tokio::task::spawn_blocking(|| process.end(Signal::SIGTERM));
    assert!(tokio::time::timeout(SOON, status).await.expect("it does not end").unwrap().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_load_each_create_was_answered_and_is_there_or_was_never_begun() {
    let setting = Setting::new().await;
    let process = setting.start();
    let answered = Arc::new(Semaphore::new(0));
    let mut clients = JoinSet::new();
    for client in 0..16 {
        let (creator, answered) = (setting.creator(&process.url), answered.clone());
        clients.spawn(async move {
            let mut kept = Vec::new();
            for number in 0.. {
                let name = format!("{client}-{number}");
                let Ok(answer) = creator.create(&name).await else { break };
                assert_eq!(answer.status(), 201);
                let id = answer.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned();
                kept.push((name, id));
                answered.add_permits(1);
            }
            kept
        });
    }
    // In the midst of it.
    let _ = answered.acquire_many(200).await.unwrap();
    ended(process).await;
    let kept = clients.join_all().await.concat();

    let names = kept.iter().map(|(name, _)| name.clone()).collect::<BTreeSet<_>>();
    assert!(names.len() >= 200);
    assert_eq!(setting.names().await, names, "one without an answer is there, or one with an answer is not");
    let again = setting.start();
    let creator = setting.creator(&again.url);
    for (name, id) in kept.iter().rev().take(32) {
        assert_eq!(creator.value(id).await, name.as_str());
    }
}

#[tokio::test]
async fn a_request_under_way_is_answered_after_the_signal_and_new_ones_are_not_taken() {
    let setting = Setting::new().await;
    let process = setting.start();
    let creator = setting.creator(&process.url);
    let locker = setting.database.sql("postgres").await;
    locker.batch_execute("BEGIN; LOCK TABLE strongroom.user_credentials IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let under_way = tokio::spawn({
        let creator = creator.clone();
        async move { creator.create("slow").await }
    });
    let watcher = setting.database.sql("postgres").await;
    await_lock_waits(&watcher, 1).await;

    process.signal(Signal::SIGTERM);
    let address = process.url.strip_prefix("http://").unwrap().to_owned();
    let refused = async { while tokio::net::TcpStream::connect(&address).await.is_ok() {} };
    tokio::time::timeout(SOON, refused).await.expect("it still takes connections");
    locker.batch_execute("COMMIT").await.unwrap();
    assert_eq!(under_way.await.unwrap().unwrap().status(), 201);
    ended(process).await;
    assert_eq!(setting.names().await, BTreeSet::from(["slow".into()]));
}

#[tokio::test]
async fn an_idle_connection_does_not_hold_up_the_end() {
    let setting = Setting::new().await;
    let process = setting.start();
    let creator = setting.creator(&process.url);
    assert_eq!(creator.create("n").await.unwrap().status(), 201);
    let silent = tokio::net::TcpStream::connect(process.url.strip_prefix("http://").unwrap()).await.unwrap();
    ended(process).await;
    drop((creator, silent));
}
