//! Canaries through the whole API of the real binary, at its most talkative: afterwards none of them is in its log,
//! in an answer that was not to hold it, in PostgreSQL's log, or in a full dump of the database.

use std::process::Command;

use crate::support::collector::Collector;
use crate::support::process::{Process, data_folder};
use nix::sys::signal::Signal;
use reqwest::Method;
use reqwest::header::{HeaderName, HeaderValue};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use strongroom_testing::{Person, TestDatabase};

const CANARIES: [&str; 4] =
    ["canary-first-value-Qx7", "canary-second-value-Qx8", "canary-in-a-wrong-place-Qx9", "canary-system-QxA"];

struct Session {
    url: String,
    token: String,
    /// Every answer that is not a reveal.
    heard: String,
}

impl Session {
    async fn send(&mut self, method: Method, path: &str, body: Option<Value>) -> Value {
        let mut request =
            reqwest::Client::new().request(method, format!("{}{path}", self.url)).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        self.heard += &format!("{:?}", answer.headers());
        let text = answer.text().await.unwrap();
        if path.ends_with("/value") {
            assert!(text.contains("canary") || text.contains("problem"), "{text}");
        } else {
            self.heard += &text;
        }
        serde_json::from_str(&text).unwrap_or_default()
    }
}

#[tokio::test]
async fn no_secret_is_in_any_log_refusal_or_dump() {
    let database = TestDatabase::create().await;
    let admin = Person::create_admin(&database, "admin").await;
    let folder = data_folder();
    let (app, system) = (database.url("strongroom_app"), database.url("strongroom_system"));
    // Keys are made for a new vault only; this one has people.
    strongroom_crypto::KeyRing::create(&folder.path().join("keys.json"), &strongroom_crypto::KeyProtection::Mode)
        .unwrap();
    let process = Process::start(folder.path(), &["--database-url", &app, "--system-database-url", &system]);
    let token = admin.token.to_text().expose_secret().to_owned();
    let mut session = Session { url: process.url.clone(), token: token.clone(), heard: String::new() };

    for (root, value) in [("/api/credentials", CANARIES[0]), ("/api/admin/secrets", CANARIES[3])] {
        let new = json!({ "name": "n", "provider": "p", "type": "SECRET", "value": value });
        let kept = session.send(Method::POST, root, Some(new.clone())).await;
        let path = format!("{root}/{}", kept["id"].as_str().unwrap());
        session.send(Method::POST, root, Some(new)).await; // A conflict.
        session.send(Method::GET, &format!("{path}/value"), None).await;
        session.send(Method::POST, &format!("{path}/rotate"), Some(json!({ "value": CANARIES[1] }))).await;
        session.send(Method::GET, &format!("{path}/value"), None).await;
        for misplaced in [
            json!({ "name": [CANARIES[2]] }),
            json!({ CANARIES[2]: 1 }),
            json!({ "name": "n", "provider": "p", "type": CANARIES[2], "value": CANARIES[2] }),
            json!({ "name": "n", "provider": "p", "type": "SECRET", "value": format!("{}\0", CANARIES[2]) }),
        ] {
            session.send(Method::POST, root, Some(misplaced.clone())).await;
            session.send(Method::PATCH, &path, Some(misplaced.clone())).await;
            session.send(Method::POST, &format!("{path}/rotate"), Some(misplaced)).await;
        }
        session.send(Method::GET, &format!("{root}?limit={}", CANARIES[2]), None).await;
        session.send(Method::GET, &format!("{root}/{}", CANARIES[2]), None).await;
        session.send(Method::GET, &format!("{root}/audit"), None).await;
        session.send(Method::DELETE, &path, None).await;
        session.send(Method::GET, &format!("{path}/value"), None).await;
    }
    // An act that fails inside: what goes to the log then?
    let postgres = database.sql("postgres").await;
    postgres.batch_execute("ALTER TABLE strongroom.user_credentials DROP COLUMN rotated_at").await.unwrap();
    let fails = json!({ "name": "fails inside", "provider": "p", "type": "SECRET", "value": CANARIES[0] });
    assert_eq!(session.send(Method::POST, "/api/credentials", Some(fails)).await["status"], 500);

    let log = std::fs::read_to_string(&process.log).unwrap();
    let postgres_log = std::fs::read_to_string(format!("{}/log", database.socket_folder())).unwrap();
    let dump = dump(&database);
    assert!(log.contains("/api/credentials/{id}/value") && dump.contains("strongroom:v1:"), "the search has material");
    let keys = std::fs::read_to_string(folder.path().join("keys.json")).unwrap();
    let keys: Value = serde_json::from_str(&keys).unwrap();
    let key = keys["keys"][0]["key"].as_str().unwrap();
    let mut secrets: Vec<&str> = CANARIES.to_vec();
    secrets.extend([&token[4..], key]);
    for secret in secrets {
        for (place, text) in
            [("our log", &log), ("an answer", &session.heard), ("PostgreSQL's log", &postgres_log), ("the dump", &dump)]
        {
            assert!(!text.contains(secret), "{secret} is in {place}");
        }
    }
}

/// Where a token says nothing of who asks.
const PUBLIC: [&str; 4] =
    ["/api/invitations/accept", "/api/auth/sign-in", "/api/auth/exchange", "/api/auth/oidc/callback"];

/// In no word of ours, in whatever case and coding.
const MARKER: &str = "mrk7q2x";

/// Every place in which a client can write something, for one request. Somebody is a token, and has no cookie beside it:
/// such a request is refused before it is read.
fn marked(
    http: &reqwest::Client,
    url: &str,
    method: &Method,
    path: &str,
    bearer: Option<&str>,
    id: &str,
) -> reqwest::RequestBuilder {
    let parts = path.split('/').map(|part| if part.starts_with('{') { id } else { part });
    let path = parts.collect::<Vec<_>>().join("/");
    let query = format!("{MARKER}={MARKER}&limit={MARKER}&cursor={MARKER}&name={MARKER}&provider={MARKER}");
    let mut request = http.request(method.clone(), format!("{url}{path}?{query}"));
    request = match bearer {
        Some(bearer) => request.header("authorization", format!("Bearer {bearer}")),
        None => request.header("cookie", format!("strongroom_session={MARKER}; vendor={MARKER}")),
    };
    for name in [
        "user-agent",
        "referer",
        "origin",
        "accept",
        "x-forwarded-for",
        "forwarded",
        "if-match",
        "idempotency-key",
        "traceparent",
        "tracestate",
        "baggage",
        "x-request-id",
        MARKER,
    ] {
        let value = format!("strongroom_session={MARKER}; vendor={MARKER}");
        request =
            request.header(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(&value).unwrap());
    }
    let text = json!({ "name": MARKER, "value": MARKER, "password": MARKER, "email": format!("{MARKER}@example.org"),
                       "display_name": MARKER, "token": MARKER, "provider": MARKER, "type": "SECRET", MARKER: MARKER });
    request.json(&text)
}

/// Every route there is, with secrets wherever a client can put them; as nobody, as somebody, and with paths that name
/// nothing. A route that is added tomorrow is in it.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_client_sends_to_any_route_is_in_logs_traces_or_metrics() {
    for format in ["text", "json"] {
        let (database, collector, folder) = (TestDatabase::create().await, Collector::start().await, data_folder());
        let admin = Person::create_admin(&database, "admin").await;
        strongroom_crypto::KeyRing::create(&folder.path().join("keys.json"), &strongroom_crypto::KeyProtection::Mode)
            .unwrap();
        let (app, system) = (database.url("strongroom_app"), database.url("strongroom_system"));
        let process = Process::start(
            folder.path(),
            &[
                "--database-url",
                &app,
                "--system-database-url",
                &system,
                "--log-format",
                format,
                "--metrics-listen",
                "127.0.0.1:0",
                "--otlp-endpoint",
                &collector.url,
                "--requests-per-minute-by-address=0",
                "--requests-per-minute-by-token=0",
                "--requests-per-minute-by-user=0",
            ],
        );
        let token = admin.token.to_text().expose_secret().to_owned();
        let mut session = Session { url: process.url.clone(), token: token.clone(), heard: String::new() };
        let new = json!({ "name": MARKER, "provider": MARKER, "type": "SECRET", "value": MARKER,
                          "description": MARKER, "metadata": { MARKER: MARKER } });
        let id = session.send(Method::POST, "/api/credentials", Some(new)).await["id"].as_str().unwrap().to_owned();
        let made =
            session.send(Method::POST, "/api/tokens", Some(json!({ "name": MARKER, "expires_in_days": 1 }))).await;
        let spare = made["token"].as_str().unwrap().to_owned();
        let invited = json!({ "email": format!("{MARKER}@example.org") });
        let invited = session.send(Method::POST, "/api/admin/invitations", Some(invited)).await;
        let invitation = invited["invitation"].as_str().unwrap().to_owned();
        let http = reqwest::Client::new();
        // The extension method is a word of the client's as well.
        let unknown = Method::from_bytes(MARKER.to_uppercase().as_bytes()).unwrap();
        let wrong = format!("srt_{MARKER}");
        for endpoint in strongroom_server::endpoints() {
            // Signing out ends the token that asks.
            let known = if endpoint.path == "/api/auth/sign-out" { &spare } else { &token };
            for bearer in [None, Some(&wrong), Some(known), Some(&invitation)] {
                for id in [id.as_str(), MARKER] {
                    for method in [&endpoint.method, &unknown] {
                        let bearer = bearer.map(String::as_str);
                        let request = marked(&http, &process.url, method, endpoint.path, bearer, id);
                        let answer = request.send().await.unwrap();
                        let reached = bearer == Some(token.as_str()) && method == endpoint.method;
                        assert!(!reached || answer.status() != 429, "{}: the limits are before it", endpoint.path);
                        if reached && !PUBLIC.contains(&endpoint.path) {
                            assert_ne!(answer.status(), 401, "{}: nothing has read the request", endpoint.path);
                        }
                    }
                }
            }
        }
        let nowhere = marked(&http, &process.url, &Method::GET, &format!("/{MARKER}"), Some(&token), MARKER);
        nowhere.send().await.unwrap();
        let metrics = reqwest::get(process.metrics.as_ref().unwrap()).await.unwrap().text().await.unwrap();
        let log = process.log.clone();
        process.end(Signal::SIGTERM);
        let (log, traces) = (std::fs::read_to_string(log).unwrap(), collector.text());
        let postgres_log = std::fs::read_to_string(format!("{}/log", database.socket_folder())).unwrap();
        let route = "/api/credentials/{id}/value";
        assert!([&log, &metrics, &traces].iter().all(|text| text.contains(route)), "the search has material");
        let mut secrets = vec![MARKER.to_owned(), token[4..].into(), invitation[4..].into()];
        secrets.push(spare[4..].into());
        for (place, text) in
            [("the log", &log), ("the metrics", &metrics), ("the traces", &traces), ("PostgreSQL's log", &postgres_log)]
        {
            let text = text.to_lowercase();
            for secret in &secrets {
                let secret = secret.to_lowercase();
                let found = text.find(&secret).map(|at| &text[at.saturating_sub(200)..at]);
                assert_eq!(found, None, "{secret} is in {place} ({format})");
            }
        }
    }
}

fn dump(database: &TestDatabase) -> String {
    #[allow(clippy::disallowed_methods, reason = "set by scripts/with-postgres")]
    let bin = std::env::var("STRONGROOM_TEST_PGBIN").unwrap();
    let output = Command::new(format!("{bin}/pg_dump")).arg(database.url("postgres")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
