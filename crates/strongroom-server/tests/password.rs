//! Setting one's own password: what has to be proven for it, what it ends, and that nobody sets another's.
//! The attacker has a live token or session of the owner's, and must not make of it what outlives its revocation.

use crate::support::{Answer, Server};
use reqwest::Method;
use serde_json::{Value, json};
use strongroom_testing::Person;

const FIRST: &str = "tell nobody this sentence";
const NEXT: &str = "nor tell them this one, please";
const ADA: &str = "ada@example.org";

async fn change(server: &Server, token: &str, body: Value) -> Answer {
    server.send_as(Some(token), Method::PUT, "/api/me/password", Some(body.to_string())).await
}

async fn with_password() -> (Server, Person) {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    server.set_password(&ada, FIRST).await;
    (server, ada)
}

#[tokio::test]
async fn a_change_needs_the_current_password_and_ends_all_other_sessions() {
    let (server, ada) = with_password().await;
    let (one, other) = (server.session(ADA, FIRST).await, server.session(ADA, FIRST).await);
    let without = change(&server, &one, json!({ "new_password": NEXT })).await;
    assert_eq!(without.problem(), "unprocessable");
    assert!(without.text.contains("current_password"));
    let wrong = change(&server, &one, json!({ "new_password": NEXT, "current_password": NEXT })).await;
    assert_eq!(wrong.problem(), "forbidden");
    assert_eq!(server.sign_in(ADA, NEXT).await.problem(), "unauthenticated");

    let changed = change(&server, &one, json!({ "new_password": NEXT, "current_password": FIRST })).await;
    assert_eq!(changed.status, 204, "{}", changed.text);
    let me = async |token: &str| server.send_as(Some(token), Method::GET, "/api/me", None).await.status;
    assert_eq!((me(&one).await, me(&other).await), (200, 401));
    assert_eq!(server.get(&ada, "/api/me").await.status, 200, "API tokens live on");
    assert_eq!(server.sign_in(ADA, FIRST).await.problem(), "unauthenticated");
    server.session(ADA, NEXT).await;
}

#[tokio::test]
async fn a_stolen_api_token_does_not_become_a_password() {
    let (server, ada) = with_password().await;
    let stolen = secrecy::ExposeSecret::expose_secret(&ada.token.to_text()).to_owned();
    assert_eq!(change(&server, &stolen, json!({ "new_password": NEXT })).await.problem(), "unprocessable");
    // And is no better place to guess at than the door.
    for n in 0..5 {
        let guess = json!({ "new_password": NEXT, "current_password": format!("guess {n}") });
        assert_eq!(change(&server, &stolen, guess).await.problem(), "forbidden");
    }
    let superuser = server.database.sql("postgres").await;
    let longer = "UPDATE strongroom.sign_in_failures SET blocked_until = blocked_until + interval '1 hour'";
    superuser.execute(longer, &[]).await.unwrap();
    let right = json!({ "new_password": NEXT, "current_password": FIRST });
    assert_eq!(change(&server, &stolen, right).await.problem(), "rate-limited");
    assert_eq!(server.sign_in(ADA, FIRST).await.problem(), "rate-limited", "they are counted together");
    let denied = "SELECT FROM strongroom.activity_logs WHERE action = 'PASSWORD_CHANGED' AND reason = 'PASSWORD' AND actor_id = $1";
    assert_eq!(superuser.execute(denied, &[&ada.id.0]).await.unwrap(), 1, "the first of a minute");
}

#[tokio::test]
async fn a_stolen_api_token_does_not_become_the_first_password_of_somebody_who_has_none() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let superuser = server.database.sql("postgres").await;
    let earlier = "UPDATE strongroom.users SET created_at = created_at - interval '61 minutes' WHERE id = $1";
    superuser.execute(earlier, &[&ada.id.0]).await.unwrap();
    let stolen = secrecy::ExposeSecret::expose_secret(&ada.token.to_text()).to_owned();
    let refused = change(&server, &stolen, json!({ "new_password": FIRST })).await;
    assert_eq!(refused.problem(), "forbidden");
    assert!(refused.text.contains("identity provider"), "{}", refused.text);
    assert_eq!(server.sign_in(ADA, FIRST).await.problem(), "unauthenticated");
}

#[tokio::test]
async fn what_is_too_short_too_common_or_the_address_is_no_password() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    for wrong in ["short", "elevenchars", "Password1234", "ADA@example.org", &"x".repeat(1025)] {
        let body = json!({ "new_password": wrong });
        let answer = server.send(Some(&ada), Method::PUT, "/api/me/password", Some(body)).await;
        assert!(["invalid-request", "unprocessable"].contains(&answer.problem().as_str()), "{wrong}");
        assert!(!answer.text.contains(wrong), "{}", answer.text);
    }
    server.set_password(&ada, "        twelve").await;
    server.session(ADA, "        twelve").await;
}

#[tokio::test]
async fn a_person_comes_in_with_a_password_if_he_likes() {
    let server = Server::start().await;
    let admin = Person::create_admin(&server.database, "admin").await;
    let invited = server.post(&admin, "/api/admin/invitations", json!({ "email": ADA })).await.json();
    let secret = invited["invitation"].as_str().unwrap();
    let accept = async |secret: &str, password: &str| {
        let body = json!({ "display_name": "Ada", "password": password });
        server.send_as(Some(secret), Method::POST, "/api/invitations/accept", Some(body.to_string())).await
    };
    assert_eq!(accept(secret, "too short").await.problem(), "invalid-request");
    assert_eq!(accept(secret, ADA).await.problem(), "unprocessable", "her address, which the invitation names");
    assert_eq!(accept(&format!("sri_{}", "A".repeat(43)), FIRST).await.problem(), "unauthenticated");
    assert_eq!(accept(secret, FIRST).await.status, 201);
    assert_eq!(accept(secret, FIRST).await.problem(), "unauthenticated", "used up");
    server.session(ADA, FIRST).await;
    let again = server.post(&admin, "/api/admin/invitations", json!({ "email": ADA })).await.json();
    assert_eq!(accept(again["invitation"].as_str().unwrap(), NEXT).await.problem(), "conflict");
    assert_eq!(server.sign_in(ADA, NEXT).await.problem(), "unauthenticated");
}

#[tokio::test]
async fn a_token_with_a_scope_sets_no_password() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let scoped = server.post(&ada, "/api/tokens", json!({ "name": "t", "actions": ["LIST", "USE"] })).await.json();
    let answer = change(&server, scoped["token"].as_str().unwrap(), json!({ "new_password": NEXT })).await;
    assert_eq!(answer.problem(), "forbidden");
    assert_eq!(server.sign_in(ADA, NEXT).await.problem(), "unauthenticated");
}
