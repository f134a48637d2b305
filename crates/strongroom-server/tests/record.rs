//! The record over HTTP: who, what, on which credential, from where; its filters; that reading it is recorded; its export.
//! Each refused case beside the one that works.

use crate::support::{Server, credential};
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use strongroom_testing::Person;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const AUDIT: &str = "/api/credentials/audit";

/// A field of each row that a filter leaves.
async fn listed(server: &Server, who: &Person, query: &str, field: &str) -> Vec<Value> {
    let answer = server.get(who, &format!("{AUDIT}?{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["items"].as_array().unwrap().iter().map(|row| row[field].clone()).collect()
}

#[tokio::test]
async fn a_row_says_who_did_what_and_from_where() {
    let server = Server::start().await;
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    let workspace = server.workspace(&ada, "team").await;
    server.seat(&ada, &workspace, &bob, "ADMIN").await;
    let body =
        json!({ "name": "deploy", "provider": "github", "type": "API_KEY", "value": "v", "workspace_id": workspace });
    let made = reqwest::Client::builder()
        .user_agent("tests/1")
        .build()
        .unwrap()
        .post(format!("{}/api/credentials", server.url))
        .bearer_auth(bob.token.to_text().expose_secret())
        .json(&body)
        .send()
        .await
        .unwrap();
    let request_id = made.headers()["x-request-id"].to_str().unwrap().to_owned();
    let rows = server.get(&ada, &format!("{AUDIT}?action=CREDENTIAL_CREATED")).await.json();
    let row = &rows["items"][0];
    let said = json!({ "actor_id": bob.id, "actor_name": "bob", "address": "127.0.0.1", "user_agent": "tests/1",
                       "request_id": request_id, "name": "deploy", "workspace_id": workspace });
    for (field, value) in said.as_object().unwrap() {
        assert_eq!(&row[field], value, "{field}");
    }
    let tokens = server.get(&bob, "/api/tokens").await.json();
    assert_eq!(row["token_id"], tokens["items"][0]["id"], "the token that bob used");

    server.delete(&bob, &format!("/api/workspaces/{workspace}/members/{}", bob.id)).await;
    let names = listed(&server, &ada, "action=CREDENTIAL_CREATED", "actor_name").await;
    assert_eq!(names, [Value::Null], "a stranger's name is not hers to see");
}

#[tokio::test]
async fn every_filter_finds_what_it_names_and_nothing_else() {
    let server = Server::start().await;
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    let workspace = server.workspace(&ada, "team").await;
    server.seat(&ada, &workspace, &bob, "ADMIN").await;
    let (one, _) = (server.keep(&ada, "one", "v").await, server.keep(&ada, "two", "v").await);
    let mut shared = credential("shared", "v");
    shared["workspace_id"] = workspace.clone().into();
    shared["provider"] = "aws".into();
    server.post(&bob, "/api/credentials", shared).await;
    server.delete(&bob, &format!("/api/workspaces/{workspace}/members/{}", ada.id)).await;

    let names = async |query: &str| listed(&server, &ada, query, "name").await;
    assert_eq!(names(&format!("credential_id={one}")).await, ["one"]);
    assert_eq!(names("provider=aws").await, ["shared"]);
    assert_eq!(names(&format!("actor_id={}&outcome=ALLOWED", bob.id)).await, ["shared"]);
    assert_eq!(listed(&server, &ada, "outcome=DENIED", "reason").await, ["ROLE"]);
    assert_eq!(names(&format!("workspace_id={workspace}&entity_type=CREDENTIAL")).await, ["shared"]);
    assert_eq!(names("name=TW").await, ["two"]);
    assert_eq!(names("action=CREDENTIAL_CREATED&to=2020-01-01T00:00:00Z").await, [""; 0]);
    assert_eq!(names("action=CREDENTIAL_CREATED&from=2020-01-01T00:00:00Z").await, ["shared", "two", "one"]);
    for wrong in ["outcome=MAYBE", "credential_id=1", "actor_id=", "entity_type=KEY", "format=csv", "limit=0"] {
        assert_eq!(server.get(&ada, &format!("{AUDIT}?{wrong}")).await.problem(), "invalid-request", "{wrong}");
    }
}

#[tokio::test]
async fn a_look_at_the_record_is_recorded_and_the_next_page_is_the_same_look() {
    let server = Server::start().await;
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    let workspace = server.workspace(&ada, "team").await;
    server.seat(&ada, &workspace, &bob, "ADMIN").await;
    let page = server.get(&ada, &format!("{AUDIT}?limit=1&workspace_id={workspace}")).await.json();
    assert_eq!(page["items"][0]["action"], "MEMBER_ADDED", "the look itself is not in what it sees");
    let next = format!("{AUDIT}?limit=1&workspace_id={workspace}&cursor={}", page["next_cursor"].as_str().unwrap());
    assert_eq!(server.get(&ada, &next).await.status, 200);
    server.get(&ada, &format!("{AUDIT}?limit=2&workspace_id={workspace}")).await;
    let words = listed(&server, &bob, "action=RECORD_READ", "name").await;
    assert_eq!(words, [format!("workspace_id={workspace}")], "whoever could read the same sees it, once");
    let denied = server.send(None, Method::GET, AUDIT, None).await;
    assert_eq!(denied.problem(), "unauthenticated");
}

#[tokio::test]
async fn an_export_holds_what_the_list_shows_and_is_recorded() {
    let server = Server::start().await;
    let (ada, eve) = (server.person("ada").await, server.person("eve").await);
    for name in ["=HYPERLINK(\"http://evil\")", "a, \"b\""] {
        server.keep(&ada, name, "v").await;
    }
    server.keep(&eve, "hers", "v").await;
    let export = async |query: &str| server.get(&ada, &format!("{AUDIT}/export?{query}")).await;
    let csv = export("format=csv&action=CREDENTIAL_CREATED").await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(csv.header("content-disposition"), r#"attachment; filename="record.csv""#);
    let lines: Vec<_> = csv.text.split("\r\n").collect();
    assert_eq!(lines.len(), 4, "{}", csv.text);
    assert!(lines[0].starts_with("id,occurred_at,action,outcome,reason,actor_id,actor_name,"));
    assert!(
        lines[1].contains(r#","a, ""b""","#) && lines[2].contains(r#","'=HYPERLINK(""http://evil"")","#),
        "{lines:?}"
    );

    let jsonl = export("format=jsonl&action=CREDENTIAL_CREATED").await;
    assert_eq!(jsonl.header("content-type"), "application/jsonl");
    let rows: Vec<Value> = jsonl.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let list = server.get(&ada, &format!("{AUDIT}?action=CREDENTIAL_CREATED")).await.json();
    assert_eq!(Value::from(rows), list["items"]);

    let said = listed(&server, &ada, "action=RECORD_EXPORTED", "name").await;
    assert_eq!(said, ["action=CREDENTIAL_CREATED"; 2]);
    for wrong in ["", "format=xlsx", "format=csv&limit=5", "format=csv&cursor=7"] {
        assert_eq!(export(wrong).await.problem(), "invalid-request", "{wrong}");
    }
    let head = server.send(Some(&ada), Method::HEAD, &format!("{AUDIT}/export?format=csv"), None).await;
    assert_eq!(head.status, 405);
    assert_eq!(server.send(None, Method::GET, &format!("{AUDIT}/export?format=csv"), None).await.status, 401);
}

/// Many records of hers, older than what she does in the test.
async fn fill_record(server: &Server, who: &Person, rows: i32) {
    let statement = "INSERT INTO strongroom.activity_logs (action, actor_id, entity_type, entity_id, name)
                     SELECT 'CREDENTIAL_CREATED', $1, 'CREDENTIAL', gen_random_uuid(), 'n' || n FROM generate_series(1, $2) AS n";
    server.database.sql("postgres").await.execute(statement, &[&who.id.0, &rows]).await.unwrap();
}

#[tokio::test]
async fn an_export_of_many_pages_has_each_row_once() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    fill_record(&server, &ada, 3000).await;
    for (format, headings) in [("csv", 1), ("jsonl", 0)] {
        let answer = server.get(&ada, &format!("{AUDIT}/export?format={format}&action=CREDENTIAL_CREATED")).await;
        assert_eq!(answer.text.lines().count(), 3000 + headings, "{format}");
    }
    let jsonl = server.get(&ada, &format!("{AUDIT}/export?format=jsonl&name=n7")).await.text;
    let ids: Vec<i64> =
        jsonl.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_i64().unwrap()).collect();
    assert!(ids.len() == 1 + 10 + 100 && ids.is_sorted_by(|one, next| one > next));
}

/// What a client that speaks as little HTTP as can be gets of an export, when its token is revoked on the way.
async fn cut_export(server: &Server, who: &Person, format: &str) -> String {
    let mut stream = TcpStream::connect(server.url.strip_prefix("http://").unwrap()).await.unwrap();
    let token = who.token.to_text();
    let request = format!(
        "GET {AUDIT}/export?format={format} HTTP/1.1\r\nhost: test\r\nauthorization: Bearer {}\r\n\r\n",
        token.expose_secret()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = vec![0; 1000];
    stream.read_exact(&mut answer).await.unwrap();
    let end = "UPDATE strongroom.api_tokens SET revoked_at = now() WHERE user_id = $1";
    server.database.sql("postgres").await.execute(end, &[&who.id.0]).await.unwrap();
    // Cut off, the connection may end in a reset.
    _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn an_export_ends_with_its_token_and_does_not_look_whole() {
    let server = Server::start().await;
    for format in ["csv", "jsonl"] {
        let ada = server.person(format).await;
        // More than sockets hold: the server has to wait for the reader.
        fill_record(&server, &ada, 60_000).await;
        let answer = cut_export(&server, &ada, format).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("transfer-encoding: chunked"), "{format}");
        assert!(!answer.ends_with("\r\n0\r\n\r\n"), "{format}: the last chunk says that it is whole");
        assert!(!answer.contains("problem"), "{format}");
    }
}

#[tokio::test]
async fn an_export_over_http_1_0_whose_cut_nobody_would_notice_is_refused() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let mut stream = TcpStream::connect(server.url.strip_prefix("http://").unwrap()).await.unwrap();
    let token = ada.token.to_text();
    let request =
        format!("GET {AUDIT}/export?format=csv HTTP/1.0\r\nauthorization: Bearer {}\r\n\r\n", token.expose_secret());
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.0 400") && answer.contains("HTTP/1.1"), "{answer}");
}

#[tokio::test]
async fn settings_are_changed_by_administrators_and_a_promise_is_not_taken_back() {
    let server = Server::start().await;
    let (ada, admin) = (server.person("ada").await, Person::create_admin(&server.database, "admin").await);
    let path = "/api/admin/settings";
    let before = server.get(&admin, path).await.json();
    let default = json!({ "record_retention_days": null, "record_retention_promise_days": 0,
                          "version_retention_days": 365, "revoked_retention_days": 365 });
    assert_eq!(before, default);
    let put = async |who: &Person, field: &str, value: Value| {
        let mut settings = server.get(&admin, path).await.json();
        settings[field] = value;
        server.send(Some(who), Method::PUT, path, Some(settings)).await
    };
    assert_eq!(server.get(&ada, path).await.problem(), "forbidden");
    assert_eq!(put(&ada, "record_retention_days", json!(1)).await.problem(), "forbidden");
    assert_eq!(put(&admin, "record_retention_promise_days", json!(30)).await.status, 200);
    assert_eq!(put(&admin, "record_retention_days", json!(29)).await.problem(), "unprocessable");
    assert_eq!(put(&admin, "record_retention_days", json!(30)).await.json()["record_retention_days"], 30);
    assert_eq!(put(&admin, "record_retention_promise_days", json!(0)).await.problem(), "conflict");
    for (field, value) in [
        ("record_retention_days", json!(0)),
        ("record_retention_promise_days", json!(36501)),
        ("version_retention_days", json!(0)),
        ("revoked_retention_days", Value::Null),
        ("revoked_retention_days", json!(36501)),
        ("unknown", json!(1)),
    ] {
        assert_eq!(put(&admin, field, value).await.problem(), "invalid-request", "{field}");
    }
    let mut incomplete = server.get(&admin, path).await.json();
    incomplete.as_object_mut().unwrap().remove("record_retention_days");
    let forgotten = server.send(Some(&admin), Method::PUT, path, Some(incomplete)).await;
    assert_eq!(forgotten.problem(), "invalid-request", "what is left out does not mean for ever");
    let rows = server.get(&admin, "/api/admin/secrets/audit?action=SETTINGS_CHANGED").await.json();
    let said: Vec<_> = rows["items"].as_array().unwrap().iter().map(|row| row["name"].clone()).collect();
    assert_eq!(said, ["record_retention_days: for ever -> 30", "record_retention_promise_days: 0 -> 30"]);
}
