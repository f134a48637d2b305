//! What one client may ask of a server: each bound, tried by one who goes beyond it, and by one who would have another
//! pay for it.

use std::time::Duration;

use crate::support::{Answer, Server};
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::json;
use strongroom_types::ApiToken;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longer than any bound that is tried here.
const PATIENCE: Duration = Duration::from_secs(60);

/// Flags that set one limit of requests, and lift the others.
fn only(limited: &str, count: u32) -> Vec<String> {
    let count_of = |kind| if kind == limited { count } else { 0 };
    ["address", "token", "user"].map(|kind| format!("--requests-per-minute-by-{kind}={}", count_of(kind))).to_vec()
}

async fn limited(kind: &str, count: u32, more: &[&str]) -> Server {
    let flags = only(kind, count);
    Server::start_with_http(&[&flags.iter().map(String::as_str).collect::<Vec<_>>()[..], more].concat()).await
}

fn assert_limited(answer: &Answer) {
    assert_eq!(answer.problem(), "rate-limited");
    let seconds: u32 = answer.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
}

/// GET /health of a client that says it asks for that address.
async fn health_for(server: &Server, forwarded_for: &str) -> u16 {
    let request = reqwest::Client::new().get(format!("{}/health", server.url));
    request.header("x-forwarded-for", forwarded_for).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn an_address_that_has_sent_too_much_waits_whoever_it_is() {
    let server = limited("address", 3, &[]).await;
    let ada = server.person("ada").await;
    for status in [200, 401, 404] {
        let path = if status == 200 {
            "/health"
        } else if status == 401 {
            "/api/me"
        } else {
            "/nothing"
        };
        assert_eq!(server.send(None, Method::GET, path, None).await.status, status);
    }
    assert_limited(&server.send(None, Method::GET, "/health", None).await);
    assert_limited(&server.get(&ada, "/api/me").await);
}

#[tokio::test]
async fn an_address_that_is_made_up_gets_no_share_of_its_own() {
    let server = limited("address", 3, &[]).await;
    for (client, status) in [("192.0.2.1", 200), ("192.0.2.2", 200), ("192.0.2.3", 200), ("192.0.2.4", 429)] {
        assert_eq!(health_for(&server, client).await, status);
    }
}

#[tokio::test]
async fn clients_of_a_trusted_proxy_have_each_their_own_share() {
    let server = limited("address", 1, &["--trusted-proxies=127.0.0.1"]).await;
    for (client, status) in [("192.0.2.1", 200), ("192.0.2.2", 200), ("192.0.2.1", 429), ("192.0.2.9, 192.0.2.2", 429)]
    {
        assert_eq!(health_for(&server, client).await, status, "{client}");
    }
}

#[tokio::test]
async fn a_token_that_has_been_used_too_much_waits_and_others_do_not() {
    let server = limited("token", 3, &[]).await;
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    let second = server.post(&ada, "/api/tokens", json!({ "name": "second" })).await.json();
    for _ in 0..2 {
        assert_eq!(server.get(&ada, "/api/me").await.status, 200);
    }
    assert_limited(&server.get(&ada, "/api/me").await);
    let with_second = server.send_as(second["token"].as_str(), Method::GET, "/api/me", None).await;
    assert_eq!(with_second.status, 200, "{}", with_second.text);
    assert_eq!(server.get(&bob, "/api/me").await.status, 200);
}

#[tokio::test]
async fn a_user_has_one_share_for_all_his_tokens() {
    let server = limited("user", 3, &[]).await;
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    // By its first answer, a token is proven.
    let second = server.post(&ada, "/api/tokens", json!({ "name": "second" })).await.json();
    let second = second["token"].as_str();
    assert_eq!(server.send_as(second, Method::GET, "/api/me", None).await.status, 200);
    for _ in 0..3 {
        assert_eq!(server.get(&ada, "/api/me").await.status, 200);
    }
    assert_limited(&server.get(&ada, "/api/me").await);
    assert_limited(&server.send_as(second, Method::GET, "/api/me", None).await);
    assert_eq!(server.get(&bob, "/api/me").await.status, 200);
}

#[tokio::test]
async fn nobody_uses_up_a_users_share_by_writing_his_name_into_a_token() {
    let server = limited("user", 2, &[]).await;
    let ada = server.person("ada").await;
    assert_eq!(server.get(&ada, "/api/me").await.status, 200);
    let forged = ApiToken::new(ada.id, &[7; 32]).to_text().expose_secret().to_owned();
    for path in ["/api/me", "/health", "/api/credentials/x", "/nothing", "/api/me"].repeat(3) {
        assert_ne!(server.send_as(Some(&forged), Method::GET, path, None).await.status, 429);
    }
    assert_eq!(server.get(&ada, "/api/me").await.status, 200);
    assert_eq!(server.get(&ada, "/api/me").await.status, 200);
    assert_limited(&server.get(&ada, "/api/me").await);
}

/// A connection on which that has been sent.
async fn connection(server: &Server, sent: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.url.strip_prefix("http://").unwrap()).await.unwrap();
    stream.write_all(sent.as_bytes()).await.unwrap();
    stream
}

/// All that the server says before it closes the connection.
async fn said(mut stream: TcpStream) -> String {
    let mut said = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut said)).await.expect("the connection stays open");
    // A reset: closed with something of ours unread.
    let _ = read;
    String::from_utf8(said).unwrap()
}

#[tokio::test]
async fn a_client_that_is_slow_with_its_header_is_left() {
    let server = Server::start_with_http(&["--read-timeout-seconds=1"]).await;
    for sent in ["", "GET /health HTTP/1.1\r\nHost: x\r\n"] {
        let said = said(connection(&server, sent).await).await;
        assert!(!said.contains("200 OK"), "{said}");
    }
    let idle = said(connection(&server, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n").await).await;
    assert!(idle.contains("200 OK"), "answered, and closed when nothing followed: {idle}");
}

#[tokio::test]
async fn a_client_that_is_slow_with_its_body_is_told_so_and_left() {
    let server = Server::start_with_http(&["--read-timeout-seconds=1"]).await;
    let token = server.person("ada").await.token.to_text();
    let header = format!(
        "POST /api/credentials HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Content-Length: 100\r\n\r\n{{",
        token.expose_secret()
    );
    let said = said(connection(&server, &header).await).await;
    assert!(said.starts_with("HTTP/1.1 408") && said.contains("problem:request-timeout"), "{said}");
}

#[tokio::test]
async fn a_client_that_does_not_read_its_answers_is_left() {
    let server = Server::start_with_http(
        &[&only("", 0).iter().map(String::as_str).collect::<Vec<_>>()[..], &["--read-timeout-seconds=1"]].concat(),
    )
    .await;
    let mut stream = connection(&server, "").await;
    let asking = async { while stream.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n").await.is_ok() {} };
    timeout(PATIENCE, asking).await.expect("the connection stays open");
}

#[tokio::test]
async fn a_header_that_is_too_large_is_refused() {
    let server = Server::start().await;
    let long = format!("GET /health HTTP/1.1\r\nHost: x\r\nX-Long: {}\r\n\r\n", "x".repeat(20 * 1024));
    let many = format!("GET /health HTTP/1.1\r\nHost: x\r\n{}\r\n", "X-Many: x\r\n".repeat(150));
    let path = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(20 * 1024));
    for request in [long, many, path] {
        let said = said(connection(&server, &request).await).await;
        assert!(said.starts_with("HTTP/1.1 431"), "{said}");
    }
}

#[tokio::test]
async fn more_connections_than_the_bound_are_closed_and_there_is_room_again_when_others_end() {
    let server = Server::start_with_http(&["--max-connections=2"]).await;
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = connection(&server, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n").await;
        assert!(stream.read(&mut [0; 1024]).await.unwrap() > 0, "it is served");
        held.push(stream);
    }
    let request = "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    assert_eq!(said(connection(&server, request).await).await, "");
    held.clear();
    let served = async { while !said(connection(&server, request).await).await.contains("200 OK") {} };
    timeout(PATIENCE, served).await.expect("a connection that has ended keeps its place");
}
