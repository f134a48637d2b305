//! Coming in, tokens, and members, over HTTP.
//! Each refused case beside the one that works.

use crate::support::Server;
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::json;
use strongroom_testing::Person;

#[tokio::test]
async fn an_invitation_makes_one_person_once() {
    let server = Server::start().await;
    let admin = Person::create_admin(&server.database, "admin").await;
    let invited = server.post(&admin, "/api/admin/invitations", json!({ "email": "bob@example.org" })).await.json();
    let secret = invited["invitation"].as_str().unwrap();
    let accept = async |secret: &str, body: &str| {
        server.send_as(Some(secret), Method::POST, "/api/invitations/accept", Some(body.into())).await
    };
    let body = r#"{ "display_name": "Bob", "email": "admin-of-all@example.org" }"#;
    let token = accept(secret, body).await.json()["token"].as_str().unwrap().to_owned();
    let me = server.send_as(Some(&token), Method::GET, "/api/me", None).await.json();
    assert_eq!((&me["email"], &me["is_admin"]), (&json!("bob@example.org"), &json!(false)), "the invitation decides");
    assert_eq!(accept(secret, body).await.problem(), "unauthenticated", "used up");
    let unknown = format!("sri_{}", "A".repeat(43));
    assert_eq!(accept(&unknown, body).await.problem(), "unauthenticated");
    assert_eq!(accept("srt_nonsense", body).await.problem(), "unauthenticated");
    let again = server.post(&admin, "/api/admin/invitations", json!({ "email": "BOB@example.org" })).await.json();
    assert_eq!(accept(again["invitation"].as_str().unwrap(), body).await.problem(), "conflict");
    let bob = server.person("carl").await;
    let refused =
        server.post(&bob, "/api/admin/invitations", json!({ "email": "eve@example.org", "is_admin": true })).await;
    assert_eq!(refused.problem(), "forbidden");
}

#[tokio::test]
async fn tokens_are_shown_once_and_end_at_once_when_revoked() {
    let server = Server::start().await;
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    let made = server.post(&ada, "/api/tokens", json!({ "name": "laptop", "expires_in_days": 7 })).await.json();
    let (id, token) = (made["id"].as_str().unwrap(), made["token"].as_str().unwrap());
    assert_eq!(server.send_as(Some(token), Method::GET, "/api/me", None).await.status, 200);
    assert!(!server.get(&ada, "/api/tokens").await.text.contains(token));
    assert_eq!(server.delete(&bob, &format!("/api/tokens/{id}")).await.problem(), "not-found");
    assert_eq!(server.delete(&ada, &format!("/api/tokens/{id}")).await.status, 204);
    assert_eq!(server.send_as(Some(token), Method::GET, "/api/me", None).await.problem(), "unauthenticated");
}

#[tokio::test]
async fn a_token_with_another_users_id_in_it_is_nobodys() {
    let server = Server::start().await;
    let (ada, eve) = (server.person("ada").await, server.person("eve").await);
    let id = server.keep(&ada, "hers", "for ada alone").await;
    let secret: [u8; 32] = eve.token.expose()[16..].try_into().unwrap();
    let forged = strongroom_types::ApiToken::new(ada.id, &secret).to_text();
    let path = format!("/api/credentials/{id}/value");
    let answer = server.send_as(Some(forged.expose_secret()), Method::GET, &path, None).await;
    assert_eq!(answer.problem(), "unauthenticated");
}

#[tokio::test]
async fn malformed_credentials_of_a_request_are_refused_alike() {
    let server = Server::start().await;
    let http = reqwest::Client::new();
    let path = format!("{}/api/me", server.url);
    for header in
        ["", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "Bearer srt_x", "srt_x", "Bearer  srt_x", "Bearer \u{e9}"]
    {
        let value = reqwest::header::HeaderValue::from_bytes(header.as_bytes()).unwrap();
        let answer = http.get(&path).header("authorization", value).send().await.unwrap();
        assert_eq!(answer.status(), 401, "{header:?}");
        assert_eq!(answer.headers()["www-authenticate"], "Bearer");
    }
    let ada = server.person("ada").await;
    let bearer = format!("Bearer {}", ada.token.to_text().expose_secret());
    let twice = http.get(&path).header("authorization", &bearer).header("authorization", &bearer).send().await.unwrap();
    assert_eq!(twice.status(), 401, "two answers to who it is are none");
    assert_eq!(http.get(&path).header("authorization", &bearer).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn owners_and_admins_manage_members_as_their_role_allows() {
    let server = Server::start().await;
    let (ada, bob, carl) = (server.person("ada").await, server.person("bob").await, server.person("carl").await);
    let workspace = server.workspace(&ada, "team").await;
    let member = |person: &Person| format!("/api/workspaces/{workspace}/members/{}", person.id);
    let set = async |by: &Person, whom: &Person, role: &str| {
        server.send(Some(by), Method::PUT, &member(whom), Some(json!({ "role": role }))).await
    };
    assert_eq!(set(&bob, &carl, "GUEST").await.problem(), "not-found", "a stranger does not learn of the workspace");
    assert_eq!(set(&ada, &bob, "ADMIN").await.status, 204);
    assert_eq!(set(&bob, &carl, "ADMIN").await.problem(), "forbidden");
    assert_eq!(set(&bob, &carl, "MEMBER").await.status, 204);
    assert_eq!(set(&bob, &ada, "GUEST").await.problem(), "forbidden");
    assert_eq!(set(&carl, &bob, "GUEST").await.problem(), "forbidden");
    assert_eq!(set(&ada, &ada, "GUEST").await.problem(), "conflict", "the owner who acts stays one");
    assert_eq!(server.delete(&ada, &member(&ada)).await.problem(), "conflict", "the last owner stays");
    assert_eq!(server.delete(&bob, &member(&ada)).await.problem(), "forbidden");
    assert_eq!(server.delete(&bob, &member(&carl)).await.status, 204);
    assert_eq!(server.delete(&bob, &member(&carl)).await.problem(), "not-found");
    let nobody = format!("/api/workspaces/{workspace}/members/{}", strongroom_types::RequestId::generate());
    let answer = server.send(Some(&ada), Method::PUT, &nobody, Some(json!({ "role": "GUEST" }))).await;
    assert_eq!(answer.problem(), "not-found");
    assert_eq!(server.get(&carl, &format!("/api/workspaces/{workspace}/members")).await.problem(), "not-found");
    let members = server.get(&bob, &format!("/api/workspaces/{workspace}/members")).await.json();
    assert_eq!(members["items"].as_array().unwrap().len(), 2);
}
