//! Signing in by password over HTTP, and the sessions that it makes: as their owner, as an attacker from elsewhere, and
//! as one who wants to know who has an account.

use crate::support::{Answer, Server};
use reqwest::Method;
use serde_json::{Value, json};

const PASSWORD: &str = "tell nobody this sentence";
const ADA: &str = "ada@example.org";
/// The address that a client has, as our proxy says.
const BEHIND_PROXY: &[&str] = &[
    "--trusted-proxies=127.0.0.1",
    "--requests-per-minute-by-address=0",
    "--requests-per-minute-by-token=0",
    "--requests-per-minute-by-user=0",
];

async fn me(server: &Server, token: &str) -> Answer {
    server.send_as(Some(token), Method::GET, "/api/me", None).await
}

async fn sessions(server: &Server, token: &str) -> Vec<Value> {
    server.send_as(Some(token), Method::GET, "/api/sessions", None).await.json()["items"].as_array().unwrap().clone()
}

/// An attempt of a client at that address.
async fn attempt_from(server: &Server, address: &str, email: &str, password: &str) -> Answer {
    let body = json!({ "email": email, "password": password, "transport": "BEARER" }).to_string();
    server.send_with(&[("x-forwarded-for", address)], Method::POST, "/api/auth/sign-in", Some(body)).await
}

/// All of an answer, but for what differs from each answer to the next.
fn likeness(answer: &Answer) -> (u16, Vec<(String, String)>, String) {
    let mut headers = answer.headers.clone();
    assert!(headers.remove("x-request-id").is_some());
    headers.remove("date");
    let headers = headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    let mut body = answer.json();
    body.as_object_mut().unwrap().remove("request_id");
    (answer.status, headers, body.to_string())
}

#[tokio::test]
async fn a_session_works_as_its_person_until_he_signs_out() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    server.set_password(&ada, PASSWORD).await;
    let answer = server.sign_in("ADA@example.org", PASSWORD).await;
    assert_eq!(answer.header("set-cookie"), "", "in the answer, or in a cookie");
    let begun = answer.json();
    let token = begun["token"].as_str().unwrap();
    assert!(token.starts_with("srs_") && token.len() == 68);
    assert_eq!(begun["user_id"], ada.id.to_string());
    assert_eq!(me(&server, token).await.json()["email"], ADA);
    let listed = server.send_as(Some(token), Method::GET, "/api/tokens", None).await;
    assert_eq!(listed.json()["items"].as_array().unwrap().len(), 1, "a session is no API token");
    let path = format!("/api/tokens/{}", begun["session_id"].as_str().unwrap());
    assert_eq!(server.send_as(Some(token), Method::DELETE, &path, None).await.problem(), "not-found");

    let other = server.session(ADA, PASSWORD).await;
    assert_ne!(other, token, "a new one each time");
    let out = server.send_as(Some(token), Method::POST, "/api/auth/sign-out", None).await;
    assert_eq!(out.status, 204);
    assert_eq!(me(&server, token).await.problem(), "unauthenticated");
    assert_eq!(me(&server, &other).await.status, 200);
    assert_eq!(server.send_as(None, Method::POST, "/api/auth/sign-out", None).await.problem(), "unauthenticated");
}

#[tokio::test]
async fn sessions_are_their_owners_to_see_and_to_end() {
    let server = Server::start().await;
    let (ada, eve) = (server.person("ada").await, server.person("eve").await);
    server.set_password(&ada, PASSWORD).await;
    let first = server.session(ADA, PASSWORD).await;
    let second = server.session(ADA, PASSWORD).await;
    let third = server.session(ADA, PASSWORD).await;
    me(&server, &first).await;
    let listed = sessions(&server, &third).await;
    let current: Vec<_> = listed.iter().map(|session| session["current"].as_bool().unwrap()).collect();
    assert_eq!(current, [true, false, false], "newest first");
    assert_eq!((&listed[0]["method"], &listed[0]["address"]), (&json!("PASSWORD"), &json!("127.0.0.1")));
    assert!(listed[2]["last_used_at"].is_string() && listed[1]["last_used_at"].is_null());

    let path = format!("/api/sessions/{}", listed[2]["id"].as_str().unwrap());
    assert_eq!(server.delete(&eve, &path).await.problem(), "not-found");
    assert_eq!(sessions(&server, &third).await.len(), 3);
    assert_eq!(server.send_as(Some(&third), Method::DELETE, &path, None).await.status, 204);
    assert_eq!(me(&server, &first).await.problem(), "unauthenticated");

    let token = server.post(&ada, "/api/tokens", json!({ "name": "t" })).await.json();
    let path = format!("/api/sessions/{}", token["id"].as_str().unwrap());
    assert_eq!(server.send_as(Some(&third), Method::DELETE, &path, None).await.problem(), "not-found", "no session");

    assert_eq!(server.send_as(Some(&third), Method::DELETE, "/api/sessions", None).await.status, 204);
    assert_eq!(me(&server, &second).await.problem(), "unauthenticated");
    assert_eq!(me(&server, &third).await.status, 200);
    assert_eq!(server.get(&ada, "/api/me").await.status, 200, "API tokens live on");
    assert_eq!(sessions(&server, &third).await.len(), 1);
}

#[tokio::test]
async fn a_session_that_rested_or_is_old_is_over_and_not_listed() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    server.set_password(&ada, PASSWORD).await;
    let superuser = server.database.sql("postgres").await;
    for over in [
        "UPDATE strongroom.token_uses SET last_used_at = now() - interval '61 minutes'
         WHERE token_id IN (SELECT id FROM strongroom.api_tokens WHERE kind = 'SESSION')",
        "UPDATE strongroom.api_tokens SET created_at = now() - interval '12 hours', expires_at = now() WHERE kind = 'SESSION'",
    ] {
        let token = server.session(ADA, PASSWORD).await;
        assert_eq!(me(&server, &token).await.status, 200);
        superuser.execute(over, &[]).await.unwrap();
        assert_eq!(me(&server, &token).await.problem(), "unauthenticated");
        let api_token = secrecy::ExposeSecret::expose_secret(&ada.token.to_text()).to_owned();
        assert_eq!(sessions(&server, &api_token).await, [] as [Value; 0]);
    }
}

#[tokio::test]
async fn no_answer_tells_whether_an_address_is_anybodys() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    server.set_password(&ada, PASSWORD).await;
    server.person("without-a-password").await;
    let who = [ADA, "without-a-password@example.org", "nobody@example.org"];
    for _ in 0..5 {
        let mut answers = Vec::new();
        for email in who {
            answers.push(server.sign_in(email, "wrong, and long enough").await);
        }
        assert_eq!(answers[0].problem(), "unauthenticated");
        for other in &answers[1..] {
            assert_eq!(likeness(other), likeness(&answers[0]));
        }
    }
    // So that the wait is the same number of seconds, however slow this machine is.
    let superuser = server.database.sql("postgres").await;
    let blocked =
        "UPDATE strongroom.sign_in_failures SET blocked_until = date_trunc('hour', now()) + interval '2 hours'
                   WHERE blocked_until IS NOT NULL";
    assert_eq!(superuser.execute(blocked, &[]).await.unwrap(), 3);
    let mut answers = Vec::new();
    for email in who {
        let mut answer = server.sign_in(email, PASSWORD).await;
        assert!(answer.header("retry-after").parse::<u32>().unwrap() > 3600);
        answer.headers.remove("retry-after");
        answers.push(answer);
    }
    assert_eq!(answers[0].problem(), "rate-limited");
    for other in &answers[1..] {
        assert_eq!(likeness(other), likeness(&answers[0]));
    }
}

#[tokio::test]
async fn whoever_guesses_elsewhere_is_slowed_down_and_locks_nobody_out() {
    let server = Server::start_with_http(BEHIND_PROXY).await;
    let ada = server.person("ada").await;
    server.set_password(&ada, PASSWORD).await;
    for n in 0..5 {
        assert_eq!(attempt_from(&server, "198.51.100.6", ADA, &format!("guess number {n}")).await.status, 401);
    }
    let superuser = server.database.sql("postgres").await;
    let longer = "UPDATE strongroom.sign_in_failures SET blocked_until = blocked_until + interval '1 minute'";
    superuser.execute(longer, &[]).await.unwrap();
    let refused = attempt_from(&server, "198.51.100.6", ADA, PASSWORD).await;
    assert_eq!(refused.problem(), "rate-limited", "even with the right one");
    assert!((1..=62).contains(&refused.header("retry-after").parse::<u32>().unwrap()));
    assert_eq!(attempt_from(&server, "192.0.2.1", ADA, PASSWORD).await.status, 200, "Ada, from where she is");
    assert_eq!(attempt_from(&server, "198.51.100.6", ADA, PASSWORD).await.problem(), "rate-limited");
}

#[tokio::test]
async fn the_record_tells_a_person_who_tried_to_be_him_and_from_where() {
    let server = Server::start_with_http(BEHIND_PROXY).await;
    let ada = server.person("ada").await;
    server.set_password(&ada, PASSWORD).await;
    attempt_from(&server, "198.51.100.6", ADA, "wrong, and long enough").await;
    attempt_from(&server, "192.0.2.1", ADA, PASSWORD).await;
    let record = server.get(&ada, "/api/credentials/audit").await.json();
    let told: Vec<_> = record["items"].as_array().unwrap()[..3]
        .iter()
        .map(|row| [&row["action"], &row["outcome"], &row["reason"], &row["entity_type"]])
        .collect();
    assert_eq!(
        told,
        [
            [&json!("SIGNED_IN"), &json!("ALLOWED"), &Value::Null, &json!("SESSION")],
            [&json!("SIGN_IN_FAILED"), &json!("DENIED"), &json!("PASSWORD"), &json!("USER")],
            [&json!("PASSWORD_CHANGED"), &json!("ALLOWED"), &Value::Null, &json!("USER")],
        ]
    );
}

#[tokio::test]
async fn what_is_no_attempt_is_refused_without_repeating_it() {
    let server = Server::start().await;
    for (body, place) in [
        (json!({ "email": ADA }), "missing field"),
        (json!({ "email": ADA, "password": "" }), "password"),
        (json!({ "email": ADA, "password": "x".repeat(1025) }), "password"),
        (json!({ "email": "no address but hunter2", "password": "hunter2" }), "email"),
        (json!({ "email": ADA, "password": "hunter2", "transport": "hunter2" }), "transport"),
        (json!({ "email": ADA, "password": ["hunter2"] }), "password"),
        (json!({ "email": ADA, "password": "hunter2", "hunter2": 1 }), "expected one of"),
    ] {
        let answer = server.send(None, Method::POST, "/api/auth/sign-in", Some(body)).await;
        assert_eq!(answer.problem(), "invalid-request", "{place}");
        assert!(answer.text.contains(place) && !answer.text.contains("hunter2"), "{}", answer.text);
    }
}
