//! Where the real server's checkpoints go beside the database: stdout and a webhook, which may be away, or slow, or send elsewhere.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::Arc;

use crate::support::issuer::Issuer;
use crate::support::process::{Process, data_folder, serve};
use axum::Router;
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use strongroom_testing::{Sql, TestDatabase};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc};

const RECORD: &str = "INSERT INTO strongroom.activity_logs (action, actor_id, entity_type, entity_id)
                      VALUES ('CREDENTIAL_CREATED', gen_random_uuid(), 'CREDENTIAL', gen_random_uuid())";

/// A webhook that keeps what it is sent, and answers when it is let.
struct Webhook {
    address: SocketAddr,
    received: mpsc::UnboundedReceiver<(HeaderMap, String)>,
    answers: Arc<Semaphore>,
}

#[derive(Clone)]
struct Inbox {
    received: mpsc::UnboundedSender<(HeaderMap, String)>,
    answers: Arc<Semaphore>,
}

impl Webhook {
    /// On that address, with so many answers to give.
    async fn start(address: SocketAddr, answers: usize) -> Self {
        let (sender, received) = mpsc::unbounded_channel();
        let answers = Arc::new(Semaphore::new(answers));
        let inbox = Inbox { received: sender, answers: answers.clone() };
        let router = Router::new().route("/checkpoints", post(take)).with_state(inbox);
        let tcp = TcpListener::bind(address).await.unwrap();
        let address = tcp.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(tcp, router).await });
        Self { address, received, answers }
    }

    /// Where one will be later.
    async fn address_of_nobody() -> SocketAddr {
        TcpListener::bind(local()).await.unwrap().local_addr().unwrap()
    }

    async fn next(&mut self) -> (HeaderMap, String) {
        self.received.recv().await.unwrap()
    }

    /// Receives until it is that one.
    async fn until(&mut self, note: &str) {
        while self.next().await.1 != note {}
    }
}

async fn take(State(inbox): State<Inbox>, headers: HeaderMap, body: String) -> StatusCode {
    inbox.received.send((headers, body)).unwrap();
    inbox.answers.acquire().await.unwrap().forget();
    StatusCode::NO_CONTENT
}

fn local() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

/// A running server on a database of its own.
struct Server {
    process: Process,
    postgres: Sql,
    _folder: TempDir,
    _database: TestDatabase,
}

impl Server {
    async fn start(webhook: SocketAddr) -> Self {
        let (database, folder) = (TestDatabase::create().await, data_folder());
        std::fs::write(folder.path().join("token"), "s3cret-token\n").unwrap();
        let (app, system) = (database.url("strongroom_app"), database.url("strongroom_system"));
        let (url, token) = (format!("http://{webhook}/checkpoints"), folder.path().join("token").display().to_string());
        let process = Process::start(
            folder.path(),
            &[
                &["--database-url", &app, "--system-database-url", &system, "--metrics-listen", "127.0.0.1:0"][..],
                &["--checkpoint-webhook", &url, "--checkpoint-webhook-token-file", &token],
            ]
            .concat(),
        );
        Self { process, postgres: database.sql("postgres").await, _folder: folder, _database: database }
    }

    /// The note of a checkpoint over one record more.
    async fn seal_one(&self) -> String {
        seal_one(&self.postgres).await
    }

    async fn failures(&self) -> f64 {
        let metrics = reqwest::get(self.process.metrics.as_ref().unwrap()).await.unwrap().text().await.unwrap();
        let series = "strongroom_checkpoint_failures_total{place=\"webhook\"} ";
        metrics.lines().find_map(|line| line.strip_prefix(series)).unwrap().parse().unwrap()
    }

    /// Waits until a try has failed, which the metric says.
    async fn until_failed(&self) {
        while self.failures().await < 1.0 {
            tokio::task::yield_now().await;
        }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(&self.process.log).unwrap()
    }
}

async fn seal_one(postgres: &Sql) -> String {
    postgres.batch_execute(RECORD).await.unwrap();
    let last = "SELECT (SELECT note FROM strongroom.record_checkpoints WHERE size = (SELECT count(*) FROM strongroom.activity_logs))";
    loop {
        if let Some(note) = postgres.query_one(last, &[]).await.unwrap().get(0) {
            return note;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_webhook_has_each_checkpoint_with_the_token_that_the_file_holds() {
    let mut webhook = Webhook::start(local(), Semaphore::MAX_PERMITS).await;
    let server = Server::start(webhook.address).await;
    let note = server.seal_one().await;
    let (headers, body) = webhook.next().await;
    assert_eq!(body, note);
    assert_eq!(headers[AUTHORIZATION], "Bearer s3cret-token");
    assert_eq!(headers[CONTENT_TYPE], "text/plain; charset=utf-8");
    assert!(server.failures().await == 0.0 && !server.log().contains("s3cret-token"));
}

#[tokio::test]
async fn a_webhook_that_was_away_gets_the_latest_checkpoint_when_it_is_there() {
    let address = Webhook::address_of_nobody().await;
    let server = Server::start(address).await;
    server.seal_one().await;
    server.until_failed().await;
    let note = server.seal_one().await;
    let mut webhook = Webhook::start(address, Semaphore::MAX_PERMITS).await;
    webhook.until(&note).await;
    assert!(server.log().contains("a checkpoint is not where it is to be kept"));
    assert!(!server.log().contains("/checkpoints"), "an address may have a secret in it");
}

#[tokio::test]
async fn a_webhook_that_does_not_answer_delays_no_sealing_and_gets_the_latest_checkpoint_next() {
    let mut webhook = Webhook::start(local(), 0).await;
    let server = Server::start(webhook.address).await;
    let first = server.seal_one().await;
    webhook.until(&first).await;
    // It has one, and keeps us waiting; meanwhile there are more.
    let (_, latest) = (server.seal_one().await, server.seal_one().await);
    webhook.answers.add_permits(Semaphore::MAX_PERMITS / 2);
    webhook.until(&latest).await;
}

#[tokio::test]
async fn the_last_checkpoint_is_sent_before_the_end_also_where_the_one_before_it_hangs() {
    let mut webhook = Webhook::start(local(), 0).await;
    let server = Server::start(webhook.address).await;
    let first = server.seal_one().await;
    webhook.until(&first).await;
    let last = server.seal_one().await;
    server.process.signal(Signal::SIGTERM);
    webhook.until(&last).await;
    webhook.answers.add_permits(10);
    assert!(server.process.end(Signal::SIGTERM).success());
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_is_not_followed() {
    let (sender, mut strayed) = mpsc::unbounded_channel();
    let elsewhere = move |headers: HeaderMap| {
        let sender = sender.clone();
        async move { sender.send(headers).unwrap() }
    };
    let redirect =
        async || -> Response { (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, "/elsewhere")]).into_response() };
    let router = Router::new().route("/checkpoints", post(redirect)).route("/elsewhere", post(elsewhere));
    let tcp = TcpListener::bind(local()).await.unwrap();
    let server = Server::start(tcp.local_addr().unwrap()).await;
    tokio::spawn(async move { axum::serve(tcp, router).await });
    server.seal_one().await;
    server.until_failed().await;
    assert!(strayed.try_recv().is_err());
}

/// A server whose output the test reads itself; stopped whatever comes of it.
struct Stopped(Child);

impl Stopped {
    fn stop(&mut self) -> ExitStatus {
        _ = kill(Pid::from_raw(self.0.id().try_into().unwrap()), Signal::SIGTERM);
        self.0.wait().unwrap()
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        if self.0.try_wait().unwrap().is_none() {
            self.stop();
        }
    }
}

#[tokio::test]
async fn checkpoints_are_printed_where_that_is_wanted() {
    let (database, folder) = (TestDatabase::create().await, data_folder());
    let (app, system) = (database.url("strongroom_app"), database.url("strongroom_system"));
    let arguments = ["--database-url", &app, "--system-database-url", &system, "--checkpoint-stdout"];
    let child = serve(folder.path(), &arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut child = Stopped(child);
    let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.starts_with("Ready")));
    let note = seal_one(&database.sql("postgres").await).await;
    let printed: Vec<String> = lines.by_ref().take(note.lines().count()).collect();
    assert_eq!(printed, note.lines().collect::<Vec<_>>());
    // Whoever read it is gone, and the server is not.
    drop(lines);
    seal_one(&database.sql("postgres").await).await;
    assert!(child.stop().success());
}

#[tokio::test]
async fn what_goes_to_this_machine_in_the_clear_goes_by_no_proxy() {
    let (database, folder) = (TestDatabase::create().await, data_folder());
    let (mut webhook, issuer) = (Webhook::start(local(), 1).await, Issuer::start().await);
    let proxy = TcpListener::bind(local()).await.unwrap();
    let arguments = [
        format!("--database-url={}", database.url("strongroom_app")),
        format!("--system-database-url={}", database.url("strongroom_system")),
        format!("--checkpoint-webhook=http://{}/checkpoints", webhook.address),
        format!("--oidc-issuer={}", issuer.url),
        "--oidc-client-id=strongroom".into(),
        "--oidc-redirect-url=http://127.0.0.1/api/auth/oidc/callback".into(),
    ];
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let named = format!("http://{}", proxy.local_addr().unwrap());
    let variables = [("HTTP_PROXY", &*named), ("http_proxy", &*named)];
    let server = Process::start_with(folder.path(), &arguments, &variables);
    let asked = async {
        let note = seal_one(&database.sql("postgres").await).await;
        webhook.until(&note).await;
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let departure = client.get(format!("{}/api/auth/oidc/start", server.url)).send().await.unwrap();
        assert_eq!(departure.status(), 303);
    };
    tokio::select! {
        () = asked => {}
        _ = proxy.accept() => panic!("the proxy was asked"),
    }
    assert!(server.end(Signal::SIGTERM).success());
}

#[test]
fn an_address_in_the_clear_on_another_machine_or_a_token_without_an_address_is_refused() {
    for arguments in [
        ["--checkpoint-webhook", "http://example.com/checkpoints"],
        ["--checkpoint-webhook", "https://user:password@example.com/"],
        ["--checkpoint-webhook-token", "token"],
    ] {
        let output = serve(data_folder().path(), &arguments).output().unwrap();
        assert!(!output.status.success(), "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("checkpoint"), "{output:?}");
    }
}
