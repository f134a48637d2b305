//! Service accounts over HTTP: made, shown beside people, given tokens, and ended.
//! What they may do in SQL is in the store's tests.

use crate::support::Server;
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn a_service_account_is_made_shown_among_members_given_a_token_and_ended() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let workspace = server.workspace(&ada, "team").await;
    let path = format!("/api/workspaces/{workspace}/service-accounts");
    let account = server.post(&ada, &path, json!({ "name": "deployer", "description": "of releases" })).await.json();
    assert_eq!((&account["role"], &account["disabled_at"]), (&json!("MEMBER"), &json!(null)));
    let members = server.get(&ada, &format!("/api/workspaces/{workspace}/members")).await.json();
    let program =
        members["items"].as_array().unwrap().iter().find(|member| member["user_id"] == account["id"]).unwrap();
    assert_eq!((&program["email"], &program["display_name"]), (&json!(null), &json!("deployer")));
    let of_account = format!("{path}/{}", account["id"].as_str().unwrap());
    let token = server.post(&ada, &format!("{of_account}/tokens"), json!({ "name": "ci" })).await.json();
    let token = token["token"].as_str().unwrap();
    let me = server.send_as(Some(token), Method::GET, "/api/me", None).await;
    assert_eq!((me.status, me.json()["email"].clone()), (200, json!(null)));
    assert_eq!(server.delete(&ada, &of_account).await.status, 204);
    assert_eq!(server.send_as(Some(token), Method::GET, "/api/me", None).await.problem(), "unauthenticated");
    assert_eq!(server.delete(&ada, &of_account).await.problem(), "not-found", "it has ended");
    assert!(server.get(&ada, &path).await.json()["items"][0]["disabled_at"].is_string());
}
