//! Wrong input: each is refused with a clear 4xx, and none of it comes back.
//! Secrets that are sent to the wrong place are wrong input too.

use crate::support::{Server, credential};
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

/// A body for POST /api/credentials with one field changed.
fn with(field: &str, value: Value) -> Value {
    let mut body = credential("n", "v");
    body[field] = value;
    body
}

#[tokio::test]
async fn bodies_out_of_bounds_are_refused_and_say_where() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    for (body, place) in [
        (with("name", json!("")), "name"),
        (with("name", json!("x".repeat(256))), "name"),
        (with("name", json!("a\u{0}b")), "name"),
        (with("provider", json!("x".repeat(101))), "provider"),
        (with("type", json!("KEY")), "type"),
        (with("value", json!("")), "value"),
        (with("value", json!("x".repeat(64 * 1024 + 1))), "value"),
        (with("value", json!("a\u{0}b")), "value"),
        (with("value", json!(7)), "value"),
        (with("description", json!("x".repeat(2001))), "description"),
        (with("metadata", json!([])), "metadata"),
        (with("metadata", json!({ "a": "x".repeat(8192) })), "metadata"),
        (with("metadata", json!({ "a": "\u{0}" })), "metadata"),
        (with("expires_at", json!("tomorrow")), "expires_at"),
        (with("workspace_id", json!("team")), "workspace_id"),
        (with("unknown", json!(1)), "expected one of"),
        (json!({ "name": "n" }), "missing field"),
        (json!([]), "the body"),
    ] {
        let answer = server.post(&ada, "/api/credentials", body).await;
        assert_eq!((answer.status, answer.problem().as_str()), (400, "invalid-request"), "{place}");
        assert!(answer.text.contains(place), "{place}: {}", answer.text);
    }
    for scope in ["SYSTEM", "WORKSPACE"] {
        let answer = server.post(&ada, "/api/credentials", with("scope", json!(scope))).await;
        assert_eq!((answer.status, answer.problem().as_str()), (422, "unprocessable"), "{scope} without a workspace");
        assert!(answer.text.contains("scope"), "{}", answer.text);
    }
    let biggest = with("value", json!("\u{1}".repeat(64 * 1024)));
    assert_eq!(server.post(&ada, "/api/credentials", biggest).await.status, 201, "escaped, it is six times as long");
}

#[tokio::test]
async fn the_numbers_of_metadata_come_back_as_they_were_sent() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let metadata = json!({ "numbers": [f64::MAX, f64::MIN_POSITIVE, 0.1, -1.1678525029209277e-152, u64::MAX] });
    let kept = server.post(&ada, "/api/credentials", with("metadata", metadata.clone())).await;
    assert_eq!(kept.status, 201, "{}", kept.text);
    let read = server.get(&ada, &format!("/api/credentials/{}", kept.id())).await;
    assert_eq!(read.json()["metadata"], metadata);
}

#[tokio::test]
async fn a_refusal_never_repeats_what_was_sent() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let token = ada.token.to_text().expose_secret().to_owned();
    for body in [
        r#"{"name":{"hunter2":1},"provider":"p","type":"API_KEY","value":"v"}"#,
        r#"{"name":"n","provider":"p","type":"hunter2","value":"v"}"#,
        r#"{"name":"n","provider":"p","type":"API_KEY","value":["hunter2"]}"#,
        r#"{"name":"n","provider":"p","type":"API_KEY","value":"v","expires_at":"hunter2"}"#,
        r#"{"name":"n","provider":"p","type":"API_KEY","value":"v","hunter2":1}"#,
        r#""hunter2""#,
        r#"{"value":"hunter2"#,
        r#"{"name":"n","provider":"p","type":"API_KEY","value":"hunter2","value":"hunter2"}"#,
        r#"{"name":"n","provider":"p","type":"API_KEY","value":"hunter2\u0000"}"#,
    ] {
        let answer = server.send_as(Some(&token), Method::POST, "/api/credentials", Some(body.into())).await;
        assert_eq!(answer.status, 400, "{body}");
        assert!(!answer.text.contains("hunter2"), "{body}: {}", answer.text);
    }
    for query in ["limit=hunter2", "active=hunter2", "cursor=hunter2", "type=hunter2", "hunter2=1"] {
        let answer = server.get(&ada, &format!("/api/credentials?{query}")).await;
        assert_eq!(answer.status, 400, "{query}");
        assert!(!answer.text.contains("hunter2"), "{query}: {}", answer.text);
    }
}

#[tokio::test]
async fn bytes_that_are_no_json_no_utf8_or_too_many_are_refused() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let post = |content_type: &'static str, body: Vec<u8>| {
        reqwest::Client::new()
            .post(format!("{}/api/credentials", server.url))
            .bearer_auth(ada.token.to_text().expose_secret())
            .header("content-type", content_type)
            .body(body)
            .send()
    };
    let status = async |content_type, body| post(content_type, body).await.unwrap().status().as_u16();
    assert_eq!(status("text/plain", b"{}".to_vec()).await, 415);
    assert_eq!(status("application/json", vec![b'x'; 600 * 1024]).await, 413);
    assert_eq!(status("application/json", b"{} {}".to_vec()).await, 400);
    assert_eq!(status("application/json", vec![b'['; 1000]).await, 400);
    let mut body = credential("n", "v").to_string().into_bytes();
    let at = body.windows(3).position(|window| window == b"\"v\"").unwrap() + 1;
    body[at] = 0xff;
    assert_eq!(status("application/json", body).await, 400);
}

#[tokio::test]
async fn queries_and_paths_out_of_bounds_are_refused() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    for query in [
        "limit=0",
        "limit=101",
        "limit=-1",
        "text=",
        "text=%00",
        "text=%ff",
        "limit=1&limit=2",
        "unknown=1",
        "cursor=1",
    ] {
        assert_eq!(
            server.get(&ada, &format!("/api/credentials?{query}")).await.problem(),
            "invalid-request",
            "{query}"
        );
    }
    for query in ["from=yesterday", "action=LOOKED", "cursor=x", "provider="] {
        let answer = server.get(&ada, &format!("/api/credentials/audit?{query}")).await;
        assert_eq!(answer.problem(), "invalid-request", "{query}");
    }
    for path in ["/api/credentials/1", "/api/credentials/%00", "/api/nothing", "/", "/api/credentials/"] {
        assert_eq!(server.get(&ada, path).await.problem(), "not-found", "{path}");
    }
    let wrong = server.send(Some(&ada), Method::PUT, "/api/credentials", None).await;
    assert_eq!((wrong.problem().as_str(), wrong.header("allow")), ("method-not-allowed", "GET,HEAD,POST"));
}
