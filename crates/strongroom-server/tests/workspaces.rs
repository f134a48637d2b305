//! The life of a workspace over HTTP: its name, its end, and who may leave.
//! Each refused case beside the one that works.

use crate::support::{Server, credential};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn a_workspace_is_deleted_when_its_name_confirms_it_and_not_before() {
    let server = Server::start().await;
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    let workspace = server.workspace(&ada, "The Team").await;
    server.seat(&ada, &workspace, &bob, "ADMIN").await;
    let mut ids = Vec::new();
    for name in ["one", "two"] {
        let mut body = credential(name, "v");
        body["workspace_id"] = workspace.clone().into();
        ids.push(server.post(&ada, "/api/credentials", body).await.id());
    }
    server.delete(&ada, &format!("/api/credentials/{}", ids[0])).await;

    let path = format!("/api/workspaces/{workspace}");
    assert_eq!(server.delete(&bob, &format!("{path}?confirm=The%20Team")).await.problem(), "forbidden");
    for confirm in ["", "?confirm=the%20team", "?confirm=The%20Team%20"] {
        let refused = server.delete(&ada, &format!("{path}{confirm}")).await;
        assert_eq!((refused.status, refused.problem().as_str()), (409, "confirmation-required"));
        let detail = refused.json()["detail"].as_str().unwrap().to_owned();
        let expected = "2 credentials (1 active) and 0 service accounts with their tokens, and end 2 memberships";
        assert!(detail.contains(expected) && !detail.contains("Team"), "{detail}");
    }
    assert_eq!(server.delete(&ada, &format!("{path}?confirm=The%20Team")).await.status, 204);
    assert_eq!(server.get(&ada, &path).await.problem(), "not-found");
    assert_eq!(server.delete(&ada, &format!("{path}?confirm=The%20Team")).await.problem(), "not-found");
    assert_eq!(server.get(&ada, &format!("/api/credentials/{}", ids[1])).await.problem(), "not-found");

    let rows = server.get(&ada, &format!("/api/credentials/audit?workspace_id={workspace}&limit=3")).await.json();
    let actions: Vec<_> = rows["items"].as_array().unwrap().iter().map(|row| row["action"].clone()).collect();
    assert_eq!(actions, ["WORKSPACE_DELETED", "CREDENTIAL_PURGED", "CREDENTIAL_PURGED"]);
    let denied = server.get(&bob, "/api/credentials/audit?outcome=DENIED").await.json();
    assert_eq!(denied["items"][0]["action"], "WORKSPACE_DELETED", "who tried has it in his own record");
}

#[tokio::test]
async fn owners_and_admins_rename_a_workspace() {
    let server = Server::start().await;
    let (ada, bob, eve) = (server.person("ada").await, server.person("bob").await, server.person("eve").await);
    let workspace = server.workspace(&ada, "team").await;
    server.seat(&ada, &workspace, &bob, "MEMBER").await;
    let path = format!("/api/workspaces/{workspace}");
    let rename =
        async |who, name: &str| server.send(Some(who), Method::PATCH, &path, Some(json!({ "name": name }))).await;
    assert_eq!(rename(&eve, "hers").await.problem(), "not-found");
    assert_eq!(rename(&bob, "his").await.problem(), "forbidden");
    assert_eq!(rename(&ada, "").await.problem(), "invalid-request");
    let renamed = rename(&ada, "crew").await;
    assert_eq!((renamed.status, &renamed.json()["name"]), (200, &json!("crew")));
    assert_eq!(server.get(&bob, &path).await.json()["name"], "crew");
}

#[tokio::test]
async fn an_owner_leaves_when_another_stays() {
    let server = Server::start().await;
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    let workspace = server.workspace(&ada, "team").await;
    let leave = async |who: &strongroom_testing::Person| {
        server.delete(who, &format!("/api/workspaces/{workspace}/members/{}", who.id)).await
    };
    server.seat(&ada, &workspace, &bob, "ADMIN").await;
    let refused = leave(&ada).await;
    assert_eq!(refused.problem(), "conflict");
    assert!(refused.text.contains("last owner"));
    server.seat(&ada, &workspace, &bob, "OWNER").await;
    assert_eq!(leave(&ada).await.status, 204);
    assert_eq!(leave(&ada).await.problem(), "not-found");
    assert_eq!(leave(&bob).await.problem(), "conflict");
}
