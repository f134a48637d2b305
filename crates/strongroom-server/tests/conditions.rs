//! Requests that must not happen twice (`Idempotency-Key`), and changes that must not undo another's (`If-Match`).
//! Both hold when many come at once.

use std::collections::HashSet;
use std::sync::Arc;

use crate::support::{Answer, Server, credential};
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use strongroom_testing::Person;

/// A request with one more header.
async fn with(
    server: &Server,
    who: &Person,
    header: (&str, &str),
    method: Method,
    path: &str,
    body: Option<Value>,
) -> Answer {
    let bearer = format!("Bearer {}", who.token.to_text().expose_secret());
    let headers = [("authorization", bearer.as_str()), header];
    server.send_with(&headers, method, path, body.map(|body| body.to_string())).await
}

async fn keyed(server: &Server, who: &Person, key: &str, path: &str, body: Value) -> Answer {
    with(server, who, ("idempotency-key", key), Method::POST, path, Some(body)).await
}

async fn count(server: &Server, table: &str) -> i64 {
    let postgres = server.database.sql("postgres").await;
    postgres.query_one(&format!("SELECT count(*) FROM strongroom.{table}"), &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_creation_that_is_repeated_with_its_key_happens_once() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let new = || credential("deploy", "v");
    let first = keyed(&server, &ada, "k1", "/api/credentials", new()).await;
    assert_eq!((first.status, first.header("idempotency-replayed")), (201, ""));
    let again = keyed(&server, &ada, "k1", "/api/credentials", new()).await;
    assert_eq!((again.status, again.header("idempotency-replayed")), (201, "true"));
    assert_eq!((again.id(), count(&server, "user_credentials").await), (first.id(), 1));
    // As it is now.
    server.delete(&ada, &format!("/api/credentials/{}", first.id())).await;
    assert_eq!(keyed(&server, &ada, "k1", "/api/credentials", new()).await.json()["is_active"], false);
    let created = server.get(&ada, "/api/credentials/audit?action=CREDENTIAL_CREATED").await.json();
    assert_eq!(created["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_key_is_for_one_request_and_for_its_sender_alone() {
    let server = Server::start().await;
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    let first = keyed(&server, &ada, "k1", "/api/credentials", credential("deploy", "v")).await.id();
    for (path, body) in [
        ("/api/credentials", credential("deploy", "another value")),
        ("/api/credentials", credential("another", "v")),
        (format!("/api/credentials/{first}/rotate").as_str(), json!({ "value": "v" })),
    ] {
        let reused = keyed(&server, &ada, "k1", path, body).await;
        assert_eq!((reused.status, reused.problem().as_str()), (422, "idempotency-key-reused"), "{path}");
    }
    let bobs = keyed(&server, &bob, "k1", "/api/credentials", credential("deploy", "v")).await;
    assert_eq!((bobs.status, bobs.header("idempotency-replayed")), (201, ""));
    assert_ne!(bobs.id(), first);
    for malformed in ["", " ", &"x".repeat(255), "\u{e9}"] {
        let refused = keyed(&server, &ada, malformed, "/api/credentials", credential("n", "v")).await;
        assert_eq!(refused.problem(), "invalid-request", "{malformed:?}");
    }
    // The day is over.
    let yesterday = "UPDATE strongroom.idempotency_keys SET created_at = now() - interval '25 hours'";
    server.database.sql("postgres").await.batch_execute(yesterday).await.unwrap();
    assert_eq!(keyed(&server, &ada, "k1", "/api/credentials", credential("later", "v")).await.status, 201);
    assert_eq!(
        count(&server, "idempotency_keys").await,
        2,
        "hers of yesterday is forgotten, his is not hers to forget"
    );
}

#[tokio::test]
async fn of_many_at_once_with_the_same_key_one_happens_and_all_are_told_of_it() {
    let server = Arc::new(Server::start().await);
    let ada = Arc::new(server.person("ada").await);
    let at_once = async |path: String, body: Value| -> Vec<Answer> {
        let requests: Vec<_> = (0..12)
            .map(|_| {
                let (server, ada, path, body) = (server.clone(), ada.clone(), path.clone(), body.clone());
                tokio::spawn(
                    async move { keyed(&server, &ada, &format!("of {path}").replace(' ', "-"), &path, body).await },
                )
            })
            .collect();
        let mut answers = Vec::new();
        for request in requests {
            answers.push(request.await.unwrap());
        }
        answers
    };
    let made = at_once("/api/credentials".into(), credential("deploy", "v")).await;
    assert!(made.iter().all(|answer| answer.status == 201), "{:?}", made.iter().map(|a| &a.text).collect::<Vec<_>>());
    let ids: HashSet<_> = made.iter().map(Answer::id).collect();
    assert_eq!((ids.len(), count(&server, "user_credentials").await), (1, 1));
    assert_eq!(made.iter().filter(|answer| answer.header("idempotency-replayed").is_empty()).count(), 1);

    let path = format!("/api/credentials/{}/rotate", made[0].id());
    let rotated = at_once(path, json!({ "value": "next" })).await;
    assert!(
        rotated.iter().all(|answer| answer.status == 200),
        "{:?}",
        rotated.iter().map(|a| &a.text).collect::<Vec<_>>()
    );
    assert!(rotated.iter().all(|answer| answer.json()["version"] == 2));
    assert_eq!(count(&server, "credential_versions").await, 1);
}

#[tokio::test]
async fn a_request_that_failed_leaves_its_key_free() {
    let server = Server::start().await;
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    let taken = server.keep(&ada, "deploy", "v").await;
    let new = || credential("deploy", "another");
    assert_eq!(keyed(&server, &ada, "k1", "/api/credentials", new()).await.problem(), "conflict");
    server.delete(&ada, &format!("/api/credentials/{taken}")).await;
    let made = keyed(&server, &ada, "k1", "/api/credentials", new()).await;
    assert_eq!((made.status, made.header("idempotency-replayed")), (201, ""));

    // Refused by role, which leaves a record, and so a commit.
    let workspace = server.workspace(&ada, "team").await;
    server.seat(&ada, &workspace, &bob, "MEMBER").await;
    let mut new = credential("deploy", "v");
    new["workspace_id"] = workspace.clone().into();
    assert_eq!(keyed(&server, &bob, "k1", "/api/credentials", new.clone()).await.problem(), "forbidden");
    server.seat(&ada, &workspace, &bob, "ADMIN").await;
    let made = keyed(&server, &bob, "k1", "/api/credentials", new).await;
    assert_eq!((made.status, made.header("idempotency-replayed")), (201, ""));

    // Refused by a revocation, at a rotation.
    let path = format!("/api/credentials/{}", made.id());
    server.delete(&bob, &path).await;
    let body = || json!({ "value": "next" });
    assert_eq!(keyed(&server, &bob, "k2", &format!("{path}/rotate"), body()).await.problem(), "credential-revoked");
    server.post(&bob, &format!("{path}/restore"), json!({})).await;
    let rotated = keyed(&server, &bob, "k2", &format!("{path}/rotate"), body()).await;
    assert_eq!((rotated.status, rotated.header("idempotency-replayed")), (200, ""));
    let repeated = keyed(&server, &bob, "k2", &format!("{path}/rotate"), body()).await;
    assert_eq!((repeated.json()["version"].as_i64(), repeated.header("idempotency-replayed")), (Some(2), "true"));
}

#[tokio::test]
async fn a_repetition_shows_nothing_to_whoever_may_not_see_it_any_more() {
    let server = Server::start().await;
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    let workspace = server.workspace(&ada, "team").await;
    server.seat(&ada, &workspace, &bob, "ADMIN").await;
    let mut new = credential("deploy", "v");
    new["workspace_id"] = workspace.clone().into();
    let made = keyed(&server, &bob, "k1", "/api/credentials", new.clone()).await;
    assert_eq!(made.status, 201);
    server.delete(&ada, &format!("/api/workspaces/{workspace}/members/{}", bob.id)).await;
    assert_eq!(keyed(&server, &bob, "k1", "/api/credentials", new).await.problem(), "not-found");
}

#[tokio::test]
async fn a_key_keeps_no_value_and_no_hash_that_a_value_could_be_tried_against() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let body = credential("deploy", "short");
    keyed(&server, &ada, "k1", "/api/credentials", body.clone()).await;
    let postgres = server.database.sql("postgres").await;
    let plain = format!("POST /api/credentials\n{body}");
    let tried = "SELECT count(*) FROM strongroom.idempotency_keys WHERE fingerprint = sha256(convert_to($1, 'UTF8'))";
    assert_eq!(postgres.query_one(tried, &[&plain]).await.unwrap().get::<_, i64>(0), 0);
    assert_eq!(count(&server, "idempotency_keys").await, 1);
    for role in ["strongroom_app", "strongroom_system"] {
        let sql = server.database.sql(role).await;
        assert!(sql.query("SELECT key FROM strongroom.idempotency_keys", &[]).await.is_err(), "{role}");
    }
}

#[tokio::test]
async fn a_change_of_what_has_changed_meanwhile_is_not_made() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let created = server.post(&ada, "/api/credentials", credential("deploy", "v")).await;
    let path = format!("/api/credentials/{}", created.id());
    assert_eq!(created.header("etag"), "\"1\"");
    assert_eq!(server.get(&ada, &path).await.header("etag"), "\"1\"");
    let patch = || Some(json!({ "description": "d" }));
    let patched = with(&server, &ada, ("if-match", "\"1\""), Method::PATCH, &path, patch()).await;
    assert_eq!((patched.status, patched.header("etag")), (200, "\"2\""));
    let rotate = format!("{path}/rotate");
    let restore = format!("{path}/restore");
    let restore_version = format!("{path}/versions/1/restore");
    for (method, path, body) in [
        (Method::PATCH, &path, patch()),
        (Method::DELETE, &path, None),
        (Method::POST, &rotate, Some(json!({ "value": "next" }))),
        (Method::POST, &restore, None),
        (Method::POST, &restore_version, None),
    ] {
        for stale in ["\"1\"", "\"3\"", "W/\"2\"", "\"+2\"", "\"02\"", "\"\"", "\"abc\"", "\"99999999999\""] {
            let refused = with(&server, &ada, ("if-match", stale), method.clone(), path, body.clone()).await;
            assert_eq!((refused.status, refused.problem().as_str()), (412, "precondition-failed"), "{method} {stale}");
        }
        for malformed in ["2", "\"2", "\"2\", \"3\"", "W/2", ""] {
            let refused = with(&server, &ada, ("if-match", malformed), method.clone(), path, body.clone()).await;
            assert_eq!(refused.problem(), "precondition-failed", "{method} {malformed}");
        }
    }
    assert_eq!(server.get(&ada, &path).await.header("etag"), "\"2\"", "nothing happened");
    // A reveal is no change.
    server.get(&ada, &format!("{path}/value")).await;
    let any = with(&server, &ada, ("if-match", "*"), Method::POST, &rotate, Some(json!({ "value": "next" }))).await;
    assert_eq!((any.status, any.header("etag")), (200, "\"3\""));
    let exact = with(&server, &ada, ("if-match", "\"3\""), Method::POST, &rotate, Some(json!({ "value": "x" }))).await;
    assert_eq!((exact.status, exact.header("etag")), (200, "\"4\""));
    let earlier = with(&server, &ada, ("if-match", "\"4\""), Method::POST, &restore_version, None).await;
    assert_eq!((earlier.status, earlier.header("etag")), (200, "\"5\""));
    assert_eq!(with(&server, &ada, ("if-match", "\"5\""), Method::DELETE, &path, None).await.status, 204);
    let restored = with(&server, &ada, ("if-match", "\"6\""), Method::POST, &restore, None).await;
    assert_eq!((restored.status, restored.header("etag")), (200, "\"7\""));
}

#[tokio::test]
async fn of_many_changes_of_the_same_revision_at_once_one_is_made() {
    let server = Arc::new(Server::start().await);
    let ada = Arc::new(server.person("ada").await);
    let id = server.keep(&ada, "deploy", "v").await;
    let requests: Vec<_> = (0..12)
        .map(|n| {
            let (server, ada, path) = (server.clone(), ada.clone(), format!("/api/credentials/{id}"));
            tokio::spawn(async move {
                let (method, path, body) = match n % 2 {
                    0 => (Method::PATCH, path, json!({ "description": n.to_string() })),
                    _ => (Method::POST, format!("{path}/rotate"), json!({ "value": n.to_string() })),
                };
                with(&server, &ada, ("if-match", "\"1\""), method, &path, Some(body)).await.status
            })
        })
        .collect();
    let mut statuses = Vec::new();
    for request in requests {
        statuses.push(request.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!((statuses[0], &statuses[1..]), (200, &[412; 11][..]));
}
