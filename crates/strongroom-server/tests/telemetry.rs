//! Metrics, traces and the JSON log of the real binary, as a Prometheus, a collector and a log reader get them.
//! What must not be in them is looked for in leaks.rs.

use crate::support::collector::{Collector, attribute};
use crate::support::process::{Process, data_folder};
use nix::sys::signal::Signal;
use opentelemetry_proto::tonic::trace::v1::Span;
use reqwest::{Method, RequestBuilder};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use strongroom_testing::{Person, TestDatabase};
use tempfile::TempDir;

/// A running server on a database of its own, with an administrator.
struct Server {
    process: Process,
    token: String,
    _database: TestDatabase,
    _folder: TempDir,
}

impl Server {
    async fn start(arguments: &[&str]) -> Self {
        let database = TestDatabase::create().await;
        let admin = Person::create_admin(&database, "admin").await;
        let folder = data_folder();
        strongroom_crypto::KeyRing::create(&folder.path().join("keys.json"), &strongroom_crypto::KeyProtection::Mode)
            .unwrap();
        let (app, system) = (database.url("strongroom_app"), database.url("strongroom_system"));
        let mut all = vec!["--database-url", &app, "--system-database-url", &system, "--reveals-per-minute", "1"];
        all.extend(arguments);
        let process = Process::start(folder.path(), &all);
        let token = admin.token.to_text().expose_secret().to_owned();
        Self { process, token, _database: database, _folder: folder }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        reqwest::Client::new().request(method, format!("{}{path}", self.process.url)).bearer_auth(&self.token)
    }

    async fn get(&self, path: &str) -> u16 {
        self.request(Method::GET, path).send().await.unwrap().status().as_u16()
    }

    async fn keep(&self) -> String {
        let new = json!({ "name": "n", "provider": "p", "type": "SECRET", "value": "v" });
        let kept = self.request(Method::POST, "/api/credentials").json(&new).send().await.unwrap();
        kept.json::<Value>().await.unwrap()["id"].as_str().unwrap().into()
    }

    async fn metrics(&self) -> String {
        reqwest::get(self.process.metrics.as_ref().unwrap()).await.unwrap().text().await.unwrap()
    }
}

/// The figure of a series, by the beginning of its line.
fn figure(metrics: &str, series: &str) -> f64 {
    let line = metrics.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {series} in\n{metrics}")).parse().unwrap()
}

#[tokio::test]
async fn metrics_count_requests_reveals_sealing_and_connections() {
    let server = Server::start(&["--metrics-listen", "127.0.0.1:0"]).await;
    let id = server.keep().await;
    let value = format!("/api/credentials/{id}/value");
    assert_eq!([server.get(&value).await, server.get(&value).await], [200, 429]);
    assert_eq!(server.get("/api/credentials/01890a5d-ac96-774b-bcce-b302099a8057/value").await, 404);
    let metrics = server.metrics().await;
    let requests = r#"strongroom_http_request_duration_seconds_count{method="GET",route="/api/credentials/{id}/value""#;
    assert_eq!(figure(&metrics, &format!("{requests},status=\"2xx\"}}")), 1.0);
    assert_eq!(figure(&metrics, &format!("{requests},status=\"4xx\"}}")), 2.0);
    for (outcome, count) in [("allowed", 1.0), ("rate_limited", 1.0), ("not_found", 1.0)] {
        assert_eq!(
            figure(&metrics, &format!("strongroom_reveals_total{{purpose=\"REVEAL\",outcome=\"{outcome}\"}}")),
            count
        );
    }
    for operation in ["seal", "open"] {
        let series = format!("strongroom_envelope_duration_seconds_count{{operation=\"{operation}\"}}");
        assert_eq!(figure(&metrics, &series), 1.0);
    }
    assert_eq!(figure(&metrics, "strongroom_http_requests_in_flight"), 0.0);
    assert_eq!(figure(&metrics, r#"strongroom_database_connections_allowed{role="strongroom_app"}"#), 16.0);
    assert!(figure(&metrics, r#"strongroom_database_connections{role="strongroom_app",state="idle"}"#) >= 1.0);
    assert!(figure(&metrics, r#"strongroom_database_acquire_duration_seconds_count{role="strongroom_app"}"#) >= 4.0);
    assert_eq!(figure(&metrics, &format!("strongroom_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"))), 1.0);
    assert_eq!(server.get("/metrics").await, 404, "not on the address of the API");
}

#[tokio::test]
async fn every_metric_is_in_the_manual_and_the_other_way_round() {
    let server = Server::start(&["--metrics-listen", "127.0.0.1:0"]).await;
    let id = server.keep().await;
    server.get(&format!("/api/credentials/{id}")).await;
    server.get(&format!("/api/credentials/{id}/value")).await;
    let metrics = server.metrics().await;
    let sorted = |mut all: Vec<String>| {
        all.sort_unstable();
        all
    };
    let named =
        |line: &str, before: &str, after: char| Some(line.strip_prefix(before)?.split(after).next()?.to_owned());
    let served = metrics.lines().filter_map(|line| named(line, "# TYPE strongroom_", ' ')).collect();
    let manual = include_str!("../../../docs/operations.md");
    let documented = manual.lines().filter_map(|line| named(line, "| `strongroom_", '`')).collect();
    assert_eq!(sorted(served), sorted(documented));
}

#[tokio::test]
async fn what_clients_write_makes_no_new_series() {
    let server = Server::start(&["--metrics-listen", "127.0.0.1:0"]).await;
    let series = async || server.metrics().await.lines().filter(|line| !line.starts_with('#')).count();
    for path in ["/nowhere", "/api/credentials/x"] {
        server.request(Method::from_bytes(b"BREW").unwrap(), path).send().await.unwrap();
    }
    let before = series().await;
    for number in 0..20 {
        let method = Method::from_bytes(format!("BREW{number}").as_bytes()).unwrap();
        server.request(method, &format!("/nowhere/{number}?q={number}")).send().await.unwrap();
        server
            .request(Method::from_bytes(b"BREW").unwrap(), &format!("/api/credentials/{number}"))
            .send()
            .await
            .unwrap();
    }
    assert_eq!(series().await, before);
    assert!(server.metrics().await.contains(r#"method="_OTHER",route="-",status="4xx""#));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_goes_on_from_the_callers_and_reaches_the_collector_before_the_end() {
    let collector = Collector::start().await;
    let server = Server::start(&["--otlp-endpoint", &collector.url]).await;
    let id = server.keep().await;
    let (trace, parent) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
    let request = server.request(Method::GET, &format!("/api/credentials/{id}/value"));
    let request = request.header("traceparent", format!("00-{trace}-{parent}-01")).header("tracestate", "mine=canary");
    let answer = request.send().await.unwrap();
    let request_id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
    let forged = server.request(Method::GET, "/api/me").header("traceparent", "00-no-trace-01");
    forged.send().await.unwrap();
    assert!(server.process.end(Signal::SIGTERM).success());

    let spans = collector.spans();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let continued: Vec<&Span> = spans.iter().filter(|span| hex(&span.trace_id) == trace).collect();
    let named = |name: &str| *continued.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("no {name}"));
    let request = named("GET /api/credentials/{id}/value");
    assert_eq!(hex(&request.parent_span_id), parent);
    assert_eq!(request.kind, 2, "a server's");
    assert_eq!(attribute(request, "request_id"), Some(request_id));
    assert_eq!(attribute(request, "http.route").as_deref(), Some("/api/credentials/{id}/value"));
    assert_eq!(attribute(request, "http.response.status_code").as_deref(), Some("200"));
    let act = named("act");
    assert_eq!(act.parent_span_id, request.span_id);
    for part in ["acquire", "reveal", "open"] {
        assert_eq!(named(part).parent_span_id, act.span_id, "{part}");
    }
    let me = spans.iter().find(|span| span.name == "GET /api/me").unwrap();
    assert!(me.parent_span_id.is_empty() && hex(&me.trace_id) != trace, "what is no traceparent begins anew");
    let transaction = spans.iter().find(|span| span.name == "transaction" && span.trace_id == me.trace_id).unwrap();
    assert!(spans.iter().any(|span| span.name == "commit" && span.trace_id == me.trace_id));
    assert_eq!(attribute(transaction, "role").as_deref(), Some("strongroom_app"));
    assert!(!collector.text().contains("canary"));
}

#[tokio::test]
async fn a_collector_that_is_away_holds_nobody_up() {
    let server = Server::start(&["--otlp-endpoint", "http://127.0.0.1:1"]).await;
    assert_eq!(server.get("/api/me").await, 200);
    assert!(server.process.end(Signal::SIGTERM).success());
}

#[tokio::test]
async fn the_json_log_has_an_object_a_line_with_request_route_status_and_duration() {
    let server = Server::start(&["--log-format", "json"]).await;
    let answer = server.request(Method::GET, "/api/me").send().await.unwrap();
    let request_id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
    let log = server.process.log.clone();
    assert!(server.process.end(Signal::SIGTERM).success());
    let text = std::fs::read_to_string(log).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for line in &lines {
        for field in ["timestamp", "level", "target"] {
            assert!(line[field].is_string(), "{field}: {line}");
        }
    }
    let answered = lines.iter().find(|line| line["message"] == "answered" && line["request_id"] == request_id);
    let answered = answered.unwrap_or_else(|| panic!("{text}"));
    assert_eq!(
        [&answered["method"], &answered["route"], &answered["status"]],
        [&json!("GET"), &json!("/api/me"), &json!(200)]
    );
    assert!(answered["duration_ms"].as_f64().unwrap() > 0.0);
}
