//! What answers say to browsers and caches, of every kind of answer, as reviewed.
//! Refusals are among them, and what no route answers: a browser shows those as well.

use crate::support::{Server, credential};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn every_answer_has_the_security_headers_as_reviewed() {
    let server = Server::start_with_http(&["--requests-per-minute-by-address=7"]).await;
    let ada = server.person("ada").await;
    let answers = [
        server.send(None, Method::GET, "/health", None).await,
        server.post(&ada, "/api/credentials", credential("n", "v")).await,
        server.get(&ada, "/api/credentials").await,
        server.send(None, Method::GET, "/api/me", None).await,
        server.get(&ada, "/nothing").await,
        server.send(None, Method::PUT, "/health", None).await,
        server.post(&ada, "/api/credentials", json!({})).await,
        server.get(&ada, "/health").await,
    ];
    let mut all = String::new();
    for answer in &answers {
        // Of each answer its own.
        let varies = ["x-request-id", "date", "content-length"];
        let headers = answer.headers.iter().filter(|(name, _)| !varies.contains(&name.as_str()));
        let mut lines: Vec<_> = headers.map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap())).collect();
        lines.sort();
        all += &format!("{}\n{}\n", answer.status, lines.concat());
        assert!(!answer.header("x-request-id").is_empty());
    }
    insta::assert_snapshot!(all);
}
